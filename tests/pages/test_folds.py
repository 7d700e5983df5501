"""Everything that folds is one control, written when the book is built: `<details>` with a `<summary>` that holds no link."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.browser.conftest import ROOT, SITE, pages

CHAPTERS = [page for page in pages() if (ROOT / f"{page}.ipynb").exists()]
# A chapter of a course may ask less of itself: see CONTRIBUTING.md.
FULL = [page for page in CHAPTERS if "/course/" not in page]


def article(page):
    return BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser").find("article")


def sources(page, kind):
    return [cell for cell in nbformat.read(ROOT / f"{page}.ipynb", as_version=4).cells if cell.cell_type == kind]


@pytest.mark.parametrize("page", pages())
def test_nothing_folds_in_another_way(page):
    body = article(page)
    for found in body.find_all("details"):
        assert "fold" in found["class"] and found.find(True, recursive=False).name == "summary"
    assert body.select(".toggle, .admonition.dropdown, .sd-dropdown, details.hide") == []


@pytest.mark.parametrize("page", pages())
def test_a_tap_on_a_title_can_only_open_it(page):
    titles = article(page).select("summary")
    assert [title for title in titles if title.find(["a", "button", "input"])] == []
    assert [title for title in titles if not title.get_text(strip=True)] == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_solution_folds_and_leads_back_to_its_exercise(page):
    text = "\n".join(cell.source for cell in sources(page, "markdown"))
    asked = re.findall(r"\{solution(?:-start)?\} (\S+)", text)
    solutions = article(page).select("details.fold-solution")
    assert len(solutions) == len(asked) and not any(solution.has_attr("open") for solution in solutions)
    assert [solution.select_one(".fold-back a")["href"] for solution in solutions] == [f"#{label}" for label in asked]


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_hidden_cell_folds_under_its_own_label(page):
    hidden = [
        cell for cell in sources(page, "code") if {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", []))
    ]
    folds = article(page).select("details.fold-code")
    for fold, cell in zip(folds, hidden, strict=True):
        labels = cell.metadata.get("mystnb", {})
        assert fold.select_one("summary .fold-when-shut").get_text() == labels.get("code_prompt_show", "Show the code")
        assert fold.select_one("summary .fold-when-open").get_text() == labels.get("code_prompt_hide", "Hide the code")


@pytest.mark.parametrize("page", pages())
def test_identifiers_are_given_once(page):
    names = [part["id"] for part in article(page).find_all(id=True)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def exercises():
    """Yield all exercises and what stands below each, up to the next."""
    for page in FULL:
        for exercise in article(page).select("div.exercise"):
            below = []
            for sibling in exercise.find_next_siblings():
                if "exercise" in sibling.get("class", []):
                    break
                below.append(sibling)
            yield exercise, below


def test_every_exercise_says_how_hard_it_is():
    bare = [exercise["id"] for exercise, _ in exercises() if not exercise.select_one(".admonition-title .difficulty")]
    assert bare == []


def test_every_exercise_has_a_folded_hint_before_its_solution():
    kinds = {
        exercise["id"]: [fold["class"][1] for fold in below if fold.name == "details"]
        for exercise, below in exercises()
    }
    assert len(kinds) > 30
    assert {name: folds for name, folds in kinds.items() if folds[:2] != ["fold-hint", "fold-solution"]} == {}


@pytest.mark.parametrize("page", FULL)
def test_every_chapter_says_its_reading_time_and_what_may_be_skipped(page):
    box = article(page).select_one(".reading-time")
    assert re.fullmatch(r"Reading time: about \d+ minutes", box.select_one(".admonition-title").get_text(strip=True))
    assert re.search("skip|read|first", box.select("p")[1].get_text())
