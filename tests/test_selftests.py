"""Questions that answer back: one right answer, numbers from `twobox`, and in every other form still a question with its answer."""

import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import selftest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).parents[1]

NOTEBOOKS = sorted(p for p in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
TWOBOX = set(selftest.names()) - {"np", "twobox", "__builtins__"}


def questions(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            for kind, body in re.findall(
                r"^:::\{(choice|number|guess)\}\n(.*?)^:::$", cell.source, re.DOTALL | re.MULTILINE
            ):
                yield kind, dict(re.findall(r"^:(\w+): (.*)$", body, re.MULTILINE)), body


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_chapter_has_four_questions_of_both_kinds(path):
    kinds = [kind for kind, _, _ in questions(path) if kind != "guess"]
    assert len(kinds) >= 4
    assert set(kinds) == {"choice", "number"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_choice_has_one_right_answer_among_three_with_reasons(path):
    for kind, options, body in questions(path):
        if kind == "choice":
            answers = re.findall(r"^\d\. \S.*\n\n   \S", body, re.MULTILINE)
            assert len(answers) >= 3
            assert 1 <= int(options["right"]) <= len(answers)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_right_answers_do_not_all_stand_at_one_place(path):
    places = {options["right"] for kind, options, _ in questions(path) if kind == "choice"}
    assert len(places) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_number_is_computed_by_the_package(path):
    for kind, options, _ in questions(path):
        if kind == "number":
            used = set(re.findall(r"[A-Za-z_]\w*", options["answer"] + options.get("given", "")))
            assert used & TWOBOX, options["answer"]
            assert re.search(r"[A-Za-z]", options["answer"])
            assert np.isfinite(selftest.numbers([options["answer"]], options.get("given", ""))).all()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_guess_is_answered_on_its_page(path):
    text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
    asked = [options["label"] for kind, options, _ in questions(path) if kind == "guess"]
    assert sorted(asked) == sorted(re.findall(r"^:::\{guessed\} (\S+)", text, re.MULTILINE))


CHOICE = """
:::{choice}
:right: 2

Which sign?

1. Plus.

   No, because $a$.

2. Minus.

   Yes, because **b**.
:::
"""
NUMBER = """
:::{number}
:given: c = linear_a.covariance
:answer: c(3.0, 2.0, 2.0)[1]
:form: .4f

How large?

- `c(3.0, 2.0, 2.0)[1] * 12`: Without the factor.

A twelfth.
:::
"""
GUESS = """
:::{guess}
:label: guess-it
:right: 1

What now?

1. This.
2. That.
:::

:::{guessed} guess-it
This it was.
:::
"""


def built(tmp_path, text, builder="html"):
    """Build one page with `text` and return what is written and what is warned."""
    source = tmp_path / "source"
    source.mkdir(exist_ok=True)
    (source / "conf.py").write_text(
        "extensions = ['myst_parser', 'selftest']\nmyst_enable_extensions = ['colon_fence', 'dollarmath']\n"
    )
    (source / "index.md").write_text("# Page\n" + text, encoding="utf-8")
    out, warned = tmp_path / builder, io.StringIO()
    with patch_docutils(source), docutils_namespace():
        Sphinx(source, source, out, tmp_path / "trees", builder, status=None, warning=warned, freshenv=True).build()
    name = {"html": "index.html", "text": "index.txt", "latex": next((p.name for p in out.glob("*.tex")), "")}[builder]
    return (out / name).read_text(encoding="utf-8"), warned.getvalue()


def test_in_html_a_choice_is_a_group_of_named_buttons(tmp_path):
    page, warned = built(tmp_path, CHOICE + CHOICE)
    assert warned == ""
    groups = re.findall(r'type="radio" name="([^"]+)" id="([^"]+)"( data-right)?><label for="([^"]+)"', page)
    assert len(groups) == 4 and len({at for _, at, _, _ in groups}) == 4 and len({name for name, *_ in groups}) == 2
    assert [bool(right) for *_, right, _ in groups] == [False, True, False, True]
    assert all(at == label for _, at, _, label in groups)
    assert page.count('role="radiogroup" aria-labelledby=') == 2


def test_in_html_a_number_carries_what_the_package_computes(tmp_path):
    page, warned = built(tmp_path, NUMBER)
    assert warned == ""
    wrong, right = map(float, re.findall(r'data-value="([^"]+)"', page))
    assert np.isclose(right, (3 - 2 * 2 + 2) / 12) and np.isclose(wrong, 12 * right)
    assert "<strong>0.0833</strong>" in page
    assert "<p>Without the factor.</p>" in page


@pytest.mark.parametrize("builder", ["text", "latex"])
def test_elsewhere_the_question_comes_first_and_the_answer_last(tmp_path, builder):
    page, warned = built(tmp_path, CHOICE + NUMBER + GUESS, builder)
    assert warned == ""
    places = [
        page.index(said)
        for said in ("Which sign?", "Plus.", "Minus.", "Answer: 2", "How large?", "Answer: 0.0833", "What now?")
    ]
    assert places == sorted(places)
    assert "This it was." in page


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(":right: 2", ":right: 3"),
        lambda text: text.replace(":right: 2\n", ""),
        lambda text: text.replace("   No, because $a$.\n", ""),
        lambda text: text.replace("linear_a", "nowhere"),
        lambda text: text.replace("* 12", "* 1.01"),
        lambda text: text.replace("A twelfth.\n", ""),
        lambda text: text.replace("- `c(3.0, 2.0, 2.0)[1] * 12`", "- twelve"),
        lambda text: text.replace("[1]\n", "[1] / 0\n"),
    ],
)
def test_a_spoilt_question_breaks_the_build(tmp_path, spoil):
    whole = CHOICE + NUMBER
    assert spoil(whole) != whole
    assert "ERROR" in built(tmp_path, spoil(whole))[1]
