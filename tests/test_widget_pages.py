"""What the extension ``book_widgets`` makes of widgets in a page, on a small book of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.normalise import METADATA

ROOT = Path(__file__).parents[1]
CONF = f"""
import sys
sys.path[:0] = [{str(ROOT / "book" / "_ext")!r}, {str(ROOT)!r}]
extensions = ["myst_nb", "book_widgets"]
nb_execution_mode = "force"
nb_ipywidgets_js = {{}}
nb_execution_raise_on_error = True
exclude_patterns = ["out"]
"""


def build(folder, *cells):
    """Build a book of one page with these cells, strictly; return the exit code, what was said, and the page."""
    (folder / "conf.py").write_text(CONF)
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    title = nbformat.v4.new_markdown_cell("# A page")
    nbformat.write(nbformat.v4.new_notebook(cells=[title, *code], metadata=METADATA), folder / "index.ipynb")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", folder, folder / "out"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    page = folder / "out" / "index.html"
    return done.returncode, done.stderr, page.read_text(encoding="utf-8") if page.exists() else ""


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("import ipywidgets\nipywidgets.IntSlider()", "IntSlider is dead"),
        (
            "import ipywidgets\nipywidgets.interact(lambda x: x, x=(0, 3));",
            r"interact \(VBox of IntSlider, Output\) is dead",
        ),
    ],
    ids=["IntSlider", "interact"],
)
def test_a_widget_that_needs_a_kernel_fails_the_strict_build_by_name(cell, named, tmp_path):
    failed, said, _ = build(tmp_path, cell)
    assert failed
    assert re.search(r"index\.(ipynb|md|rst).*" + named, said)


def test_widgets_of_a_page_have_places_stills_and_a_lean_state(tmp_path):
    rod = "from twobox.widgets import NoiseContest, Rod\nRod(kick=0.3)"
    failed, said, page = build(tmp_path, rod, "Rod(kick=0.6)", "NoiseContest()")
    assert not failed and "WARNING:" not in said
    assert re.findall(r'class="tb-place" id="([\w-]+)" data-widget="(\w+)"', page) == [
        ("Rod", "Rod"),
        ("Rod-2", "Rod"),
        ("NoiseContest", "NoiseContest"),
    ]
    assert page.count('<img class="tb-still"') == 3
    states = json.loads(re.search(r'widget-state\+json">(.*?)</script>', page, re.DOTALL)[1])["state"]
    assert sorted(one["state"].get("kick", 0) for one in states.values()) == [0, 0.3, 0.6]
    assert not any(name.startswith("_") for one in states.values() for name in one["state"])
    # The scripts are files of the site, each once.
    assert sorted(re.findall(r"_static/widgets/(\w+\.js)", page)) == ["NoiseContest.js", "Rod.js", "host.js"]
    for name in ("NoiseContest.js", "Rod.js", "host.js", "style.css"):
        assert (tmp_path / "out" / "_static" / "widgets" / name).exists()


def test_a_page_without_widgets_has_none_of_it(tmp_path):
    failed, _, page = build(tmp_path, "1 + 1")
    assert not failed and "widgets/" not in page
