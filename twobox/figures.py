"""One look for every picture and table of the book: colours, line styles, sizes, and the few drawings that chapters share.

A colour belongs to a thing, everywhere: plots, widgets, diagrams. All of them keep a contrast of 3 : 1 or more on white and on
black, and box 1 and box 2 also differ by line style, for readers who do not tell colours apart.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch
from matplotlib.rcsetup import cycler
from numpy.typing import NDArray

#: The colour of each thing.
COLOURS = {
    "left bath": "#d1495b",
    "right bath": "#3079b5",
    "box 1": "#bf6900",
    "box 2": "#1f8a8a",
    "bond 0": "#c2528b",
    "bond 1": "#55882f",
    "bond 2": "#7f6bc4",
    "positive": "#bf6900",
    "negative": "#3079b5",
    "neutral": "#7a7a7a",
}
#: The line style of each box.
LINES: dict[str, Any] = {"box 1": "-", "box 2": (0, (5, 2))}
# Sized for a phone, where a picture is shown at half its width: the text must survive that.
WIDTH, HEIGHT = 5.4, 3.6

_RULES: dict[Any, Any] = {
    "figure.figsize": (WIDTH, HEIGHT),
    "figure.dpi": 140,
    "savefig.dpi": 140,
    "figure.constrained_layout.use": True,
    "font.size": 12.5,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": 12.5,
    "axes.prop_cycle": cycler(color=[COLOURS[k] for k in ("box 1", "box 2", "bond 0", "bond 1", "bond 2")]),
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "lines.markersize": 5,
    "mathtext.fontset": "cm",
}


def use_style() -> None:
    """Set the house style for all figures drawn from here on."""
    mpl.rcParams.update(_RULES)


def box_style(box: int) -> dict[str, Any]:
    """Return colour and line style of box 1 or 2 as keywords for `Axes.plot`."""
    return {"color": COLOURS[f"box {box}"], "linestyle": LINES[f"box {box}"]}


def panels(columns: int, *, height: float = HEIGHT, share_y: bool = False) -> tuple[Figure, Any]:
    """Return a figure and `columns` axes side by side in the width of the page."""
    return plt.subplots(1, columns, figsize=(WIDTH * (1.0 if columns == 1 else 1.25), height), sharey=share_y)


def covariance_ellipse(
    axes: Axes,
    covariance: NDArray,
    *,
    mean: tuple[float, float] = (0, 0),
    deviations: float = 1.0,
    **style: Any,
) -> Ellipse:
    """Draw the ellipse of `deviations` standard deviations of a 2 × 2 covariance."""
    values, vectors = np.linalg.eigh(covariance)
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
    width, height = 2 * deviations * np.sqrt(values[1]), 2 * deviations * np.sqrt(values[0])
    patch = Ellipse(mean, width, height, angle=angle, fill=False, **{"linewidth": 2, **style})
    axes.add_patch(patch)
    return patch


def zero_lines(axes: Axes) -> None:
    """Draw thin lines through zero."""
    axes.axhline(0, color=COLOURS["neutral"], linewidth=0.8)
    axes.axvline(0, color=COLOURS["neutral"], linewidth=0.8)


def chain_diagram() -> Figure:
    """Draw bath, box 1, box 2, bath and the three currents: the paper's figure 1, redrawn. Return the figure."""
    figure, axes = plt.subplots(figsize=(WIDTH, 1.7))
    parts = [
        ("left bath", 0.0, "hot bath\n$T_0$"),
        ("box 1", 2.4, "box 1\n$E_1,\\ T_1$"),
        ("box 2", 4.8, "box 2\n$E_2,\\ T_2$"),
        ("right bath", 7.2, "cold bath\n$T_3$"),
    ]
    for name, x, label in parts:
        shape = FancyBboxPatch(
            (x, 0), 1.4, 1.3, boxstyle="round,pad=0.06", linewidth=2.2, edgecolor=COLOURS[name], facecolor="none"
        )
        axes.add_patch(shape)
        axes.text(x + 0.7, 0.65, label, ha="center", va="center")
    for bond, x in enumerate((1.5, 3.9, 6.3)):
        arrow = FancyArrowPatch(
            (x, 0.65),
            (x + 0.8, 0.65),
            arrowstyle="-|>",
            mutation_scale=14,
            linewidth=2.4,
            color=COLOURS[f"bond {bond}"],
        )
        axes.add_patch(arrow)
        axes.text(x + 0.4, 0.85, f"$J_{{{bond}{bond + 1}}}$", ha="center", va="bottom")
    axes.set(xlim=(-0.2, 8.8), ylim=(-0.2, 1.6), aspect="equal")
    axes.axis("off")
    return figure


class Table:
    """Rows of results: a table in a page or in JupyterLab, aligned text in a terminal.

    Parameters
    ----------
    rows : iterable of tuples
        One value a column. A value is a number, a pair (number, standard error), a text, or None for an empty place.
    columns : mapping of str to str
        Head of each column (quantity and unit) and the format of its numbers, as in ``f"{number:.3f}"``. Texts, in a column with the format
        ``""``, stand on the left; numbers on the right, so that their decimals meet. The first column names the row.

    Raises
    ------
    ValueError
        If a row has another number of values than there are columns.

    Examples
    --------
    >>> Table([("gas", (15.13, 1.03)), ("hops", (-2.5, 0.4))], {"system": "", "C₁₂": "+.1f"})
    system         C₁₂
    gas     +15.1 ± 1.0
    hops     -2.5 ± 0.4
    """

    def __init__(self, rows: Iterable[tuple], columns: Mapping[str, str]) -> None:
        self.heads = list(columns)
        formats = list(columns.values())
        self.left = [spec == "" for spec in formats]
        self.rows = []
        for row in rows:
            if len(row) != len(formats):
                raise ValueError(f"rows must have {len(formats)} values, one a column, got {row!r}")
            self.rows.append([_said(value, spec) for value, spec in zip(row, formats)])

    def __repr__(self) -> str:
        lines = [self.heads, *self.rows]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.heads))]
        aligned = (
            [text.ljust(width) if left else text.rjust(width) for text, width, left in zip(line, widths, self.left)]
            for line in lines
        )
        return "\n".join("  ".join(line).rstrip() for line in aligned)

    def _repr_html_(self) -> str:
        """Return the table for a page; a minus is a minus there, which screen readers do not skip as they skip a hyphen."""
        side = [' style="text-align: left"' if left else "" for left in self.left]
        heads = "".join(f'<th scope="col"{side[k]}>{escape(head)}</th>' for k, head in enumerate(self.heads))
        lines = []
        for row in self.rows:
            first, *others = (escape(text) if self.left[k] else _minus(text) for k, text in enumerate(row))
            cells = "".join(f"<td{side[k]}>{text}</td>" for k, text in enumerate(others, start=1))
            lines.append(f'<tr><th scope="row"{side[0]}>{first}</th>{cells}</tr>')
        return "\n".join(
            ['<table class="tb-table">', f"<thead><tr>{heads}</tr></thead>", "<tbody>", *lines, "</tbody>", "</table>"]
        )


def _said(value: Any, spec: str) -> str:
    """Return `value` in words or digits; of a pair, the second is the standard error of the first."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return f"{value[0]:{spec}} ± {value[1]:{spec.lstrip('+')}}"
    return f"{value:{spec}}"


def _minus(text: str) -> str:
    return escape(text).replace("-", "−")
