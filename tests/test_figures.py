"""The look of the figures: colours that all can tell from the ground, SVG in the colours of the page, no setting of the machine."""

import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from tests.normalise import METADATA
from twobox.figures import COLOURS, as_svg, box_style, chain_diagram, panels, style, use_style

ROOT = Path(__file__).parents[1]
# White paper, the dark page, and the tinted boxes of both.
GROUNDS = ["#ffffff", "#f3f4f5", "#121212", "#14181e"]


def luminance(colour):
    """Return the relative luminance of WCAG 2."""
    parts = np.array(mpl.colors.to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # the known lightest grey for text


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", COLOURS)
def test_every_colour_stands_out_from_every_ground(name, ground):
    assert contrast(COLOURS[name], ground) >= 3


@pytest.fixture
def drawn():
    """Set the style, and close what a test draws."""
    with style():
        yield
    plt.close("all")


def all_kinds():
    """Return a figure with every kind of thing that chapters draw."""
    figure, (left, right) = panels(2, share_y=True)
    left.plot([0, 1], [0, 1], label="black", color="black")
    left.plot(np.linspace(0, 1, 20_000), np.random.default_rng(1).random(20_000), **box_style(1))
    left.fill_between([0, 1], [0, 1], alpha=0.4)
    left.errorbar([0.5], [0.5], [0.1], fmt="o", label="points")
    left.set(xlabel="time, $t/\\tau$")
    left.legend()
    mesh = right.pcolormesh(np.arange(900.0).reshape(30, 30), cmap="cividis")
    figure.colorbar(mesh, label="bar")
    right.hist([1, 2, 2], bins=3)
    return figure


def elements(svg, tag=None):
    return [e for e in ElementTree.fromstring(svg).iter() if tag is None or e.tag.endswith("}" + tag)]


def test_ink_is_the_colour_of_the_text_and_there_is_no_ground(drawn):
    svg = as_svg(all_kinds())
    assert "currentColor" in svg
    assert not re.search("#0{6}|#f{6}|black|white", svg)
    # A style sheet would hold for the whole page.
    assert elements(svg, "style") == elements(svg, "script") == []


def test_what_is_dense_is_a_picture_in_the_picture(drawn):
    svg = as_svg(all_kinds())
    assert len(elements(svg, "image")) >= 2
    assert max(len(e.get("d", "")) for e in elements(svg, "path")) < 10_000
    assert len(svg) < 250_000


def test_each_panel_is_whole_by_itself(drawn):
    figure = all_kinds()
    svg = as_svg(figure)
    first, second = list(ElementTree.fromstring(svg))
    for panel in (first, second):
        x, y, width, height = map(float, panel.get("viewBox").split())
        assert x == y == 0 and 180 < width < 300 and 180 < height < 300
    ids = [{e.get("id") for e in panel.iter()} for panel in (first, second)]
    # The numbers of a shared axis stand beside both, and a colour bar beside its map.
    glyphs = [sum(e.tag.endswith("}use") for e in panel.iter()) for panel in (first, second)]
    assert min(glyphs) > 20 and all(ids)
    assert float(second.get("x")) > float(first.get("x")) + 150
    assert first.get("height") == second.get("height")
    assert all(axes.get_visible() for axes in figure.axes)


@pytest.mark.parametrize("draw", [all_kinds, chain_diagram, lambda: line_of(300)])
def test_it_is_lighter_than_the_picture_that_it_replaces(draw, drawn):
    figure = draw()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", bbox_inches="tight")
    assert len(gzip.compress(as_svg(figure).encode())) < 0.6 * len(picture.getvalue())


def line_of(points):
    figure, axes = plt.subplots()
    axes.plot(np.linspace(0, 6, points), np.sin(np.linspace(0, 6, points)), label="a wave")
    axes.set(xlabel="time, $t$", ylabel="height")
    axes.legend()
    return figure


def test_a_figure_without_panels_is_one(drawn):
    assert len(list(ElementTree.fromstring(as_svg(chain_diagram())))) == 1


def test_the_same_drawing_gives_the_same_bytes(drawn):
    assert as_svg(all_kinds()) == as_svg(all_kinds())


def test_style_is_that_of_the_house_whatever_was_set():
    with mpl.rc_context({"axes.grid": True, "figure.facecolor": "red", "text.color": "white"}):
        use_style()
        assert not mpl.rcParams["axes.grid"]
        assert (mpl.rcParams["figure.facecolor"], mpl.rcParams["text.color"]) == ("white", "black")


def notebook_with_a_figure():
    cell = nbformat.v4.new_code_cell(
        textwrap.dedent(
            """\
            import matplotlib.pyplot as plt
            from twobox.figures import use_style
            use_style()
            plt.plot([0, 1])
            plt.show()"""
        ),
        execution_count=1,
        id="one",
    )
    size = "<Figure size {:.0f}x{:.0f} with 1 Axes>".format(*(140 * s for s in _size()))
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/plain": size})]
    return nbformat.v4.new_notebook(cells=[cell], metadata=METADATA)


@pytest.mark.parametrize(("asked", "kinds"), [("", {"image/png"}), ("svg", {"image/png", "image/svg+xml"})])
def test_a_kernel_shows_figures_whatever_backend_the_machine_names(asked, kinds, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("TWOBOX_FIGURES", asked)
    notebook = notebook_with_a_figure()
    NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == kinds | {"text/plain"}


def _size():
    with style():
        return mpl.rcParams["figure.figsize"]


def test_a_notebook_passes_on_a_machine_with_settings_of_its_own(tmp_path):
    """A backend and a matplotlibrc of its own, and so slow that matplotlib always says that it makes the font cache."""
    (tmp_path / "sitecustomize.py").write_text(
        "import threading\n\nTimer = threading.Timer\nthreading.Timer = lambda delay, *rest: Timer(0, *rest)\n"
    )
    (tmp_path / "matplotlibrc").write_text("axes.facecolor: black\nbackend: pdf\nfont.size: 30\n")
    shutil.copy(ROOT / "book" / "conftest.py", tmp_path)
    nbformat.write(notebook_with_a_figure(), tmp_path / "figure.ipynb")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(tmp_path / "config"),
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
    }

    def run(*arguments, **more):
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment | more, capture_output=True, text=True)

    elsewhere = {"MPLCONFIGDIR": str(tmp_path / "elsewhere")}
    assert "building the font cache" in run("-c", "import matplotlib.font_manager", **elsewhere).stderr
    done = run("-m", "pytest", "--nbval", "-p", "no:cacheprovider", "figure.ipynb")
    assert done.returncode == 0, done.stdout
