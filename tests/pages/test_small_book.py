"""What the extensions of the book do with pages that are made for the purpose: marks, hints, times, addresses, and errors."""

import time

import pytest

from tests.small_book import build, notebook

EXERCISES = """# Chapter

:::{admonition} Before you read
:class: reading-time

On a first reading you may skip the proof.
:::

%s

$$
a = b
$$

````{exercise} A title with $x$
:label: ex-one
:class: difficulty-2

Do it.

```{hint}
:class: dropdown

Begin with *energy*.
```
````

```{solution} ex-one
:class: dropdown

Done, see [the title](#chapter).
```

```{note}
:class: dropdown

Aside.
```
"""
ADDRESS = "https://github.com/somebody/boxes"
WORDS = 1500


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    chapter = notebook(EXERCISES % ("word " * WORDS), ("print(6 * 7)",), ("print(1)", "hide-input"))
    pages = {
        "book/start.md": "# Start\n\n```{chapter-table}\nbook/chapter: [the start](start)\n```\n",
        "book/chapter.ipynb": chapter,
    }
    built = build(tmp_path_factory.mktemp("good"), pages, ADDRESS)
    assert built.succeeded, built.said
    return built


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    spoilt = EXERCISES.replace("difficulty-2", "difficulty-4") % ""
    pages = {
        "book/start.md": "# Start\n\n```{chapter-table}\nbook/nowhere: nothing\n```\n\n"
        '```{raw} html\n<i class="fa-solid fa-nonesuch"></i>\n```\n',
        "book/chapter.ipynb": notebook(spoilt, ("answer = 42\nanswer / 0",)),
    }
    return build(tmp_path_factory.mktemp("bad"), pages)


def test_a_difficulty_is_shown_and_said(good):
    exercise = good.page("book/chapter").select_one("div.exercise")
    mark = exercise.select_one(".admonition-title .difficulty")
    assert mark.get_text() == "◆◆◇"
    assert mark["role"] == "img" and mark["aria-label"] == "difficulty 2 of 3"


def test_a_hint_folds_inside_its_exercise(good):
    hint = good.page("book/chapter").select_one("div.exercise details.fold-hint")
    assert hint.summary.get_text(strip=True) == "Hint" and "energy" in hint.select_one(".fold-body").get_text()


def test_every_box_can_fold(good):
    page = good.page("book/chapter")
    assert [box.summary.get_text(strip=True) for box in page.select("details.fold-more")] == ["Note"]
    solution = page.select_one("details.fold-solution")
    assert "A title with" in solution.summary.get_text() and solution.summary.find("a") is None
    assert solution.select_one(".fold-body a[href='#chapter']")


def test_the_reading_time_is_counted(good):
    box = good.page("book/chapter").select_one(".reading-time")
    # A word more than 1500 in the title and 9 in the box; a formula and one cell that is not hidden.
    assert box.select_one(".admonition-title").get_text() == "Reading time: about 10 minutes"
    assert "you may skip the proof" in box.get_text()


def test_the_table_tells_what_a_chapter_asks(good):
    cells = [cell.get_text().replace("\u00a0", " ") for cell in good.page("book/start").select(".chapter-table td")]
    title, minutes, words, exercises, builds_on = cells
    assert title == "Chapter" and minutes == "10 min" and exercises == "1 exercise, 1 ◆◆◇" and builds_on == "the start"
    assert WORDS < int(words.split()[0]) < WORDS + 20
    assert good.page("book/start").select_one(".chapter-table td a")["href"] == "chapter.html"


def test_from_one_address_come_all_links_to_the_repository(good):
    links = {link["href"] for link in good.page("book/chapter").find_all("a", href=True)}
    assert {
        ADDRESS,
        f"{ADDRESS}/blob/main/book/chapter.ipynb?plain=1",
        f"{ADDRESS}/edit/main/book/chapter.ipynb",
        "https://mybinder.org/v2/gh/somebody/boxes/main?urlpath=lab/tree/book/chapter.ipynb",
    } <= links
    assert any(link.startswith(f"{ADDRESS}/issues/new?") for link in links)


def test_the_footer_says_version_date_and_citation(good):
    footer = good.page("book/chapter").select_one(".extra_footer").get_text()
    assert "Version " in footer and "To cite: " in footer and "github.com/somebody/boxes" in footer
    assert str(time.gmtime().tm_year) in footer


def test_without_an_address_there_is_no_link_to_a_repository(bad):
    page = bad.page("book/start")
    text = str(page)
    assert "github.com" not in text and "mybinder" not in text
    assert page.select(".dropdown-source-buttons, .dropdown-launch-buttons, .btn-source-edit-button") == []
    assert "To cite: " in page.select_one(".extra_footer").get_text()


def test_the_pages_are_not_taken_for_those_of_jekyll(good):
    assert (good.site / ".nojekyll").exists()


def test_a_failed_cell_shows_its_error_in_the_terminal(bad):
    assert not bad.succeeded
    assert "ZeroDivisionError: division by zero" in bad.said and "answer / 0" in bad.said


@pytest.mark.parametrize(
    "complaint",
    [
        "an exercise has one difficulty from 1 to 3, not 4",
        "no icon is called fa-nonesuch",
        "what each chapter builds on: book/nowhere",
        "what each chapter builds on: book/chapter",
    ],
)
def test_a_slip_is_a_warning(complaint, bad):
    assert complaint in bad.said
