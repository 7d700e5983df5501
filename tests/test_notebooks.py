"""Each chapter's notebook is stored as a test: run, without pictures, in normal form. Strict nbval compares the rest."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from tests.normalise import DROPPED, normal_form

NOTEBOOKS = sorted(
    p for p in (Path(__file__).parents[1] / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
)
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# A chapter of a course may ask less of itself: see CONTRIBUTING.md.
every_full_chapter = pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if p.parent.name != "course"], ids=lambda path: path.stem
)


def faults(notebook):
    """Return what keeps `notebook` from being a test that can fail."""
    found = []
    code = [c for c in notebook.cells if c.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        if cell.execution_count != number:
            found.append(
                f"code cell {number} was run as number {cell.execution_count}, not in order from a fresh kernel"
            )
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"code cell {number} has an error stored")
            if output.output_type == "stream" and output.name == "stderr":
                found.append(f"code cell {number} warns: {output.text[:200]}")
            found += [f"code cell {number} stores {kind}" for kind in output.get("data", {}) if kind in DROPPED]
    if not any(cell.outputs for cell in code):
        found.append("no cell has an output: strict nbval would compare nothing")
    if normal_form(notebook) != notebook:
        found.append("not in normal form: run `make normalise`")
    ids = [cell.id for cell in notebook.cells]
    if len(set(ids)) != len(ids):
        found.append("two cells share an id")
    return found


#: Columns of code, of what it prints (this fits a phone of 360 pixels, in a solution too) and of a table as text.
CODE, PRINTED, TABLE = 60, 40, 60


def unfit_for_a_phone(notebook):
    """Return what a reader with a small screen would stumble over: long lines, and code that draws or checks where code teaches."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or "remove-input" in cell.metadata.get("tags", []):
            continue
        found += [
            f"{cell.id}: more than {CODE} columns: {line}" for line in cell.source.splitlines() if len(line) > CODE
        ]
        for output in cell.outputs:
            data = output.get("data", {})
            text, columns = output.get("text") or data.get("text/plain", ""), TABLE if "text/html" in data else PRINTED
            found += [
                f"{cell.id}: prints more than {columns}: {line}" for line in text.splitlines() if len(line) > columns
            ]
        labels = cell.metadata.get("mystnb", {})
        show, hide = labels.get("code_prompt_show", ""), labels.get("code_prompt_hide", "")
        if "hide-input" in cell.metadata.get("tags", []):
            if not show.startswith("Show ") or hide != "Hide" + show.removeprefix("Show"):
                found.append(
                    f"{cell.id}: folded, and the label does not say what is shown and hidden: {show!r}, {hide!r}"
                )
            continue
        statements = ast.parse(cell.source).body
        names = {node.id for node in ast.walk(ast.Module(statements, [])) if isinstance(node, ast.Name)}
        if names & {"plt", "axes", "figure"}:
            found.append(f"{cell.id}: draws where it should teach: fold the drawing, in a cell of its own")
        asserts = [node for node in ast.walk(ast.Module(statements, [])) if isinstance(node, ast.Assert)]
        if len(asserts) > 4 or 2 * len(asserts) > len(statements):
            found.append(f"{cell.id}: has {len(asserts)} asserts: fold the checks, in a cell of their own")
    return found


def test_every_notebook_is_a_page_of_the_book():
    contents = (Path(__file__).parents[1] / "_toc.yml").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) >= 8
    for path in NOTEBOOKS:
        assert f"book/{path.parent.name}/{path.stem}".replace("book/book/", "book/") in contents


@every_notebook
def test_notebook_is_stored_as_a_test(path):
    assert faults(nbformat.read(path, as_version=4)) == []


@every_notebook
def test_code_and_results_fit_a_phone(path):
    assert unfit_for_a_phone(nbformat.read(path, as_version=4)) == []


@every_full_chapter
def test_chapter_states_its_physics_in_asserts(path):
    notebook = nbformat.read(path, as_version=4)
    assert sum(c.source.count("assert ") for c in notebook.cells if c.cell_type == "code") >= 3


@every_full_chapter
def test_chapter_has_exercises_with_solutions_and_one_open_question(path):
    text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
    asked = re.findall(r"```\{exercise\}[^\n]*\n:label: (\S+)", text)
    solved = re.findall(r"```\{solution(?:-start)?\} (\S+)\n:class: dropdown", text)
    assert len(asked) >= 4 and sorted(asked) == sorted(solved)
    assert text.count("Open-ended") >= 1


def _sample():
    cell = nbformat.v4.new_code_cell("print(1)", execution_count=1, id="one")
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="1\n")]
    return normal_form(nbformat.v4.new_notebook(cells=[cell]))


def test_a_stream_cut_in_pieces_is_joined():
    notebook = _sample()
    whole = notebook.cells[0].outputs[0]
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text=part) for part in ("1", "\n")]
    assert normal_form(notebook).cells[0].outputs == [whole]


def test_a_good_notebook_passes():
    assert faults(_sample()) == []


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda nb: nb.cells[0].update(execution_count=None), "was run as number None"),
        (lambda nb: nb.cells[0].update(outputs=[]), "compare nothing"),
        (lambda nb: nb.metadata.update(widgets={}), "normal form"),
        (lambda nb: nb.cells[0].metadata.update(scrolled=True), "normal form"),
        (
            lambda nb: nb.cells[0].outputs.append(nbformat.v4.new_output("display_data", {"image/png": "x"})),
            "stores image/png",
        ),
        (
            lambda nb: nb.cells[0].outputs.append(nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])),
            "error",
        ),
        (lambda nb: nb.cells[0].outputs.append(nbformat.v4.new_output("stream", name="stderr", text="hm")), "warns"),
    ],
)
def test_a_spoilt_notebook_is_refused(spoil, complaint):
    notebook = _sample()
    spoil(notebook)
    assert any(complaint in fault for fault in faults(notebook))


FOLDED = {
    "tags": ["hide-input"],
    "mystnb": {"code_prompt_show": "Show the check", "code_prompt_hide": "Hide the check"},
}


def test_short_lines_and_folded_drawings_fit_a_phone():
    notebook = _sample()
    notebook.cells[0].update(source="figure, axes = plt.subplots()", metadata=nbformat.from_dict(FOLDED))
    assert unfit_for_a_phone(notebook) == []


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda cell: cell.update(source="x = 1  # " + 60 * "x"), "more than 60 columns"),
        (lambda cell: cell.outputs[0].update(text=41 * "x"), "prints more than 40"),
        (lambda cell: cell.update(source="plt.show()"), "draws where it should teach"),
        (lambda cell: cell.update(source="f()\nassert x\nassert y"), "fold the checks"),
        (lambda cell: cell.update(source="assert x\nf()\n" * 5), "fold the checks"),
        (lambda cell: cell.metadata.update(tags=["hide-input"]), "the label does not say"),
        (
            lambda cell: cell.metadata.update(
                nbformat.from_dict({**FOLDED, "mystnb": {"code_prompt_show": "Show the check"}})
            ),
            "the label does not say",
        ),
    ],
)
def test_what_does_not_fit_a_phone_is_refused(spoil, complaint):
    notebook = _sample()
    spoil(notebook.cells[0])
    (fault,) = unfit_for_a_phone(notebook)
    assert complaint in fault
