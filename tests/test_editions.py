"""Chapters without solutions for students, and copies of chapters to work on: what is left out, and what is left alone."""

import re
import subprocess

import nbformat
import pytest

from tests.test_notebooks import NOTEBOOKS
from tools.settings import SETTINGS, main
from tools.sources import ROOT, blocks, pages, without_solutions
from tools.work_copy import START, Book, copy, for_lab

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def texts(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def between(start, end, notebook):
    """Return the code that stands between two texts of `notebook`."""
    found, inside = [], False
    for cell in notebook.cells:
        if cell.cell_type == "code" and inside:
            found.append(cell.source)
        elif cell.cell_type == "markdown":
            inside = (inside or start in cell.source) and end not in cell.source.rpartition(start)[2]
    return found


@every_notebook
def test_a_student_gets_all_exercises_and_no_solution(path):
    whole = nbformat.read(path, as_version=4)
    student = without_solutions(whole)
    nbformat.validate(student)
    assert "solution" not in re.findall(r"\{(\w+?)(?:-start|-end)?\}", texts(student))
    assert re.findall(r"\{exercise\}.*\n:label: (\S+)", texts(student)) == re.findall(
        r"\{exercise\}.*\n:label: (\S+)", texts(whole)
    )
    solved = between("{solution-start}", "{solution-end}", whole)
    assert solved and not set(solved) & {cell.source for cell in student.cells}
    # Nothing else is lost.
    left = [cell.source for cell in student.cells if cell.cell_type == "code"]
    assert left == [cell.source for cell in whole.cells if cell.cell_type == "code" and cell.source not in solved]
    numbers = [cell.execution_count for cell in student.cells if cell.cell_type == "code"]
    assert numbers == list(range(1, len(numbers) + 1))


def test_solutions_are_found_in_every_way_of_writing():
    def written(*cells):
        made = [
            nbformat.v4.new_markdown_cell(c) if isinstance(c, str) else nbformat.v4.new_code_cell(c[0]) for c in cells
        ]
        return [c.source for c in without_solutions(nbformat.v4.new_notebook(cells=made)).cells]

    assert written("a\n\n```{solution} x\n:class: dropdown\nsecret\n```\n\nb") == ["a\n\nb"]
    assert written("a\n::::{solution} x\n:::{note}\nsecret\n:::\nsecret\n::::\nb") == ["a\nb"]
    gate = ["a\n```{solution-start} x\n```\nsecret", ["secret"], "secret\n```{solution-end}\n```\nb", ["c"]]
    assert written(*gate) == ["a", "b", "c"]
    assert written("```{solution-start} x\n```", ["secret"], "```{solution-end}\n```") == []
    assert written("````{exercise} x\n```{hint}\nkeep\n```\n````") == ["````{exercise} x\n```{hint}\nkeep\n```\n````"]


def test_a_block_ends_where_its_own_fence_does():
    names = [name for name, *_ in blocks("a\n````{one}\n```{two}\n```\n````\nb\n:::{three}\n:::")]
    assert names == [None, "one", None, "three"]


@every_notebook
def test_the_lab_shows_solutions_closed_and_knows_all_roles(path):
    shown = for_lab(nbformat.read(path, as_version=4), Book(), path)
    nbformat.validate(shown)
    text = texts(shown)
    assert "{solution-start}" not in text and "{py:" not in text and "{cite" not in text
    assert text.count("{solution}") == len(re.findall(r"\{solution\} \S+\n:class: dropdown", text)) > 0
    for cell in shown.cells:
        if "hide-input" in cell.metadata.get("tags", []):
            assert cell.metadata["jupyter"]["source_hidden"]


@every_notebook
def test_links_of_a_copy_arrive(path, tmp_path):
    copy(Book(), tmp_path)
    here = tmp_path / path.relative_to(ROOT / "book")
    links = re.findall(r"\]\(([^)\s#:]+)[^)]*\)", texts(nbformat.read(here, as_version=4)))
    assert links and [link for link in links if not (here.parent / link).is_file()] == []
    start = nbformat.read(tmp_path / START, as_version=4)
    for link in re.findall(r"\]\(([^)]+)\)", texts(start)):
        assert (tmp_path / link).is_file()
    assert f"]({path.relative_to(ROOT / 'book').as_posix()})" in texts(start)


def test_what_a_reader_has_changed_is_never_written_again(tmp_path):
    book = Book()
    written, left = copy(book, tmp_path)
    assert (written, left) == (len(pages()), 0)
    changed = [tmp_path / "intro.ipynb", tmp_path / START, tmp_path / "reference" / "glossary.md"]
    for path in changed:
        path.write_text("mine")
    (tmp_path / "paper" / "model.ipynb").unlink()
    assert copy(book, tmp_path) == (1, len(pages()) - 1)
    assert [path.read_text() for path in changed] == ["mine"] * 3
    assert (tmp_path / "paper" / "model.ipynb").exists()


def test_git_does_not_see_the_copies():
    listed = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "work/" in listed and "_build/" in listed
    if (ROOT / ".git").exists():
        asked = ["git", "check-ignore", "work/intro.ipynb", "_build/student/html/index.html"]
        assert subprocess.run(asked, cwd=ROOT, capture_output=True, text=True).stdout.split() == asked[2:]


def test_settings_are_written_where_kernels_and_the_lab_look_for_them(tmp_path):
    from IPython.core.application import ENV_CONFIG_DIRS
    from jupyterlab.commands import get_app_dir

    main(tmp_path)
    kernel, lab = (tmp_path / path for path in SETTINGS)
    assert kernel.exists() and lab.exists()
    assert str(kernel.parent.relative_to(tmp_path)) in ENV_CONFIG_DIRS[0].replace("\\", "/")
    assert str(lab.parent.parent.relative_to(tmp_path)) in get_app_dir().replace("\\", "/")
