"""One look for every picture and table of the book: colours, line styles, sizes, and the few drawings that chapters share.

A colour belongs to a thing, everywhere: plots, widgets, diagrams. All of them keep a contrast of 3 : 1 or more on white and on
black, and box 1 and box 2 also differ by line style, for readers who do not tell colours apart.

What is black here is ink: in the page of the book it takes the colour of the text, light or dark.
"""

import io
import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from html import escape
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch
from matplotlib.rcsetup import cycler
from matplotlib.transforms import Bbox
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
# Text has the size of the page's; on a phone a picture is shown at three quarters of its width, and its text must survive that.
# Two panels fill the page, and stand one below the other on a phone.
WIDTH, HEIGHT, PAGE = 4.8, 3.3, 6.6

_RULES: dict[Any, Any] = {
    "figure.figsize": (WIDTH, HEIGHT),
    "figure.dpi": 140,
    "savefig.dpi": 140,
    "figure.constrained_layout.use": True,
    "font.size": 12.5,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    # Lines that only carry numbers are fainter than what they measure.
    "axes.edgecolor": (0, 0, 0, 0.6),
    "xtick.color": (0, 0, 0, 0.6),
    "ytick.color": (0, 0, 0, 0.6),
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "axes.labelsize": 12.5,
    "axes.prop_cycle": cycler(color=[COLOURS[k] for k in ("box 1", "box 2", "bond 0", "bond 1", "bond 2")]),
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "lines.markersize": 5,
    "mathtext.fontset": "dejavusans",
    # Text as shapes, the same on every machine; ids that do not change from run to run.
    "svg.fonttype": "path",
    "svg.hashsalt": "twobox",
}
# A line of more points than this, or a map of many cells, is smaller as a picture in the picture.
_MANY = 3000


def style() -> AbstractContextManager:
    """Return a context in which figures have the house style, whatever the machine's own matplotlibrc says."""
    return mpl.style.context(["default", _RULES])


def use_style() -> None:
    """Set the house style for all figures drawn from here on.

    In a Jupyter kernel they are shown below their cell, whatever backend ``MPLBACKEND`` names; in a build of the book (which sets
    ``TWOBOX_FIGURES=svg``) also as SVG.
    """
    mpl.style.use(["default", _RULES])
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):
        return
    shell.run_line_magic("matplotlib", "inline")
    if os.environ.get("TWOBOX_FIGURES") == "svg":
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, as_svg)


def as_svg(figure: Figure) -> str:
    """Return `figure` as SVG: ink in the colour of the text around it, no ground, and each panel an ``<svg>`` of its own.

    A page can put the panels side by side where there is room, and one below the other where there is not.
    """
    figure.canvas.draw()  # places everything: from here on nothing moves
    figure.set_layout_engine("none")
    for artist in figure.findobj():
        points = np.size(artist.get_xydata()) // 2 if isinstance(artist, Line2D) else 0
        if points > _MANY or isinstance(artist, QuadMesh):
            artist.set_rasterized(True)
    whole = figure.get_tightbbox().padded(0.02)
    parts, places = [], []
    for members in _panels_of(figure):
        for axes in figure.axes:
            axes.set_visible(axes in members)
        tight = figure.get_tightbbox().padded(0.02)
        box = Bbox.from_extents(tight.x0, whole.y0, tight.x1, whole.y1)
        parts.append(_panel_svg(figure, box))
        places.append(box.x0 - whole.x0)
    for axes in figure.axes:
        axes.set_visible(True)
    size = f'viewBox="0 0 {72 * whole.width:.1f} {72 * whole.height:.1f}"'
    placed = (part.replace("<svg ", f'<svg x="{72 * x:.1f}" ', 1) for part, x in zip(parts, places))
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', *placed, "</svg>"])


def _panels_of(figure: Figure) -> list[list[Axes]]:
    """Return the axes of each panel from left to right; a colour bar belongs to the panel on its left."""
    found: list[list[Axes]] = []
    for axes in sorted(figure.axes, key=lambda axes: axes.get_position().x0):
        if axes.get_subplotspec() or not found:
            found.append([])
        found[-1].append(axes)
    return found


def _panel_svg(figure: Figure, box: Bbox) -> str:
    """Return what is visible of `figure` inside `box` (inches) as an ``<svg>`` element without what a page does not need."""
    out = io.StringIO()
    figure.savefig(out, format="svg", dpi=150, bbox_inches=box, transparent=True, metadata={"Date": None})
    svg = re.sub(
        r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>",
        "",
        out.getvalue(),
        flags=re.S,
    )
    svg = svg.replace("#000000", "currentColor")
    # The style sheet that was dropped would hold for the whole page.
    svg = svg.replace("<svg ", '<svg fill="currentColor" stroke-linejoin="round" stroke-linecap="butt" ', 1)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"| version="[^"]*"', "", svg).replace("xlink:href", "href")
    svg = re.sub(r'(?<=\bd=")[^"]*', lambda curve: re.sub(r"-?\d+\.\d+", _shorter, curve[0]), svg)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _shorter(number: re.Match) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def box_style(box: int) -> dict[str, Any]:
    """Return colour and line style of box 1 or 2 as keywords for `Axes.plot`."""
    return {"color": COLOURS[f"box {box}"], "linestyle": LINES[f"box {box}"]}


def panels(columns: int, *, height: float = HEIGHT, share_y: bool = False) -> tuple[Figure, Any]:
    """Return a figure and `columns` axes side by side in the width of the page; on a phone they stand one below the other."""
    figure, both = plt.subplots(1, columns, figsize=(WIDTH if columns == 1 else PAGE, height), sharey=share_y)
    for axes in np.atleast_1d(both):
        axes.tick_params(labelleft=True)  # each panel can be read alone
    return figure, both


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
        ("left bath", 0.0, "hot\nbath\n$T_0$"),
        ("box 1", 2.4, "box 1\n$E_1$\n$T_1$"),
        ("box 2", 4.8, "box 2\n$E_2$\n$T_2$"),
        ("right bath", 7.2, "cold\nbath\n$T_3$"),
    ]
    for name, x, label in parts:
        shape = FancyBboxPatch(
            (x, 0), 1.4, 1.6, boxstyle="round,pad=0.06", linewidth=2.2, edgecolor=COLOURS[name], facecolor="none"
        )
        axes.add_patch(shape)
        axes.text(x + 0.7, 0.8, label, ha="center", va="center")
    for bond, x in enumerate((1.5, 3.9, 6.3)):
        arrow = FancyArrowPatch(
            (x, 0.8),
            (x + 0.8, 0.8),
            arrowstyle="-|>",
            mutation_scale=14,
            linewidth=2.4,
            color=COLOURS[f"bond {bond}"],
        )
        axes.add_patch(arrow)
        axes.text(x + 0.4, 1.0, f"$J_{{{bond}{bond + 1}}}$", ha="center", va="bottom")
    axes.set(xlim=(-0.2, 8.8), ylim=(-0.2, 1.8), aspect="equal")
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
