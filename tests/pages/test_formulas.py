"""Formulas are in the pages before any script runs: for the eye, for screen readers and for copying; and a wrong one fails the build."""

import re

import pytest
from bs4 import BeautifulSoup

from book._ext.formulas import typeset
from tests.browser.conftest import SITE, pages
from tests.small_book import build

PAGE = r"""# Formulas

Words ($a = b$), words—$c$; so **$d$**, or $\overline{e}$-like. So $f(x, y) = g(x + y) - h$.

$$
A = B + C, \qquad D = E .
\tag{paper's eq. 7}
$$ (eq-first)

See {eq}`eq-first`.

\begin{align}
p &= q\\
r &= s
\end{align}
"""
WRONG = r"""# Wrong

Right: $a$.

Wrong: $\nosuchthing$.

$$
\frac{a}{b
$$
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return a book with a page of good formulas and one of wrong ones."""
    return build(tmp_path_factory.mktemp("formulas"), {"good.md": PAGE, "wrong.md": WRONG})


@pytest.fixture(scope="module")
def good(small):
    """Return the article of the page of good formulas."""
    return small.page("good").find(class_="bd-article")


@pytest.fixture(scope="module", params=pages())
def article(request):
    """Return the article of a page, which takes seconds to read: once for all tests of it."""
    text = (SITE / f"{request.param}.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser").find(class_="bd-article")


def test_formulas_are_there_without_a_script(article):
    for formula in article.select(".math"):
        assert formula.select_one(".katex-html .katex-base"), formula
        # For screen readers: MathML, and nothing else of it.
        assert formula.select_one(".katex-mathml > math").get_text(strip=True)
        assert all(seen["aria-hidden"] == "true" for seen in formula.select(".katex-html"))
        assert formula["data-tex"]


def test_the_chapters_have_formulas():
    """Else the test above would say nothing."""
    chapters = [page for page in pages() if "/paper/" in page]
    counts = [(SITE / f"{page}.html").read_text(encoding="utf-8").count("<math ") for page in chapters]
    assert len(counts) == 5 and min(counts) > 100


def seen(formula):
    """Return the characters of `formula` that are drawn."""
    return re.sub(r"[\s\u200b]", "", "".join(part.get_text() for part in formula.select(".katex-html")))


def test_no_sign_is_lost_where_a_formula_may_break(article):
    """The extension takes apart what KaTeX made; all of it must be in the page, in its order."""
    formulas = article.select(".math")
    made = typeset([(formula["data-tex"], formula.name == "div") for formula in formulas])
    for formula, whole in zip(formulas, made, strict=True):
        assert seen(formula) == seen(BeautifulSoup(whole["html"], "html.parser"))


def test_no_tex_is_left_in_the_text(article):
    hidden = {"pre", "code", "script", "style"}
    text = "".join(part for part in article.find_all(string=True) if not hidden & {tag.name for tag in part.parents})
    assert re.findall(r"\\[A-Za-z]+|\\[()\[\]]|\$[^$\d]", text) == []


@pytest.mark.parametrize("page", pages())
def test_no_script_typesets(page):
    scripts = re.findall(r"<script[^>]*>", (SITE / f"{page}.html").read_text(encoding="utf-8"))
    assert len(scripts) > 3
    assert [script for script in scripts if re.search("mathjax|katex", script, re.IGNORECASE)] == []


def test_the_site_carries_no_typesetter():
    assert [path for path in SITE.rglob("*") if re.search("mathjax|katex.*[.]m?js", path.name, re.IGNORECASE)] == []


def test_fonts_stand_in_the_style_sheet():
    """From disk, some browsers load no fonts from other folders."""
    sheet = (SITE / "_static" / "katex.css").read_text(encoding="utf-8")
    sources = re.findall(r"url\(([^)]{,40})", sheet)
    assert len(sources) >= 4
    assert all(source.startswith("data:font/woff2;base64,") for source in sources)
    assert len(sheet) < 200_000


def test_a_wrong_formula_fails_the_build(small):
    assert not small.succeeded
    assert re.search(r"wrong\.md:5: WARNING: KaTeX parse error: Undefined control sequence: \\nosuchthing", small.said)
    assert re.search(r"wrong\.md:7: WARNING: KaTeX parse error: .*\\frac\{a\}\{b", small.said)
    assert "good.md" not in "".join(re.findall(".*WARNING.*", small.said))


def test_what_touches_a_formula_stays_with_it(good):
    held = [part.get_text() for part in good.select("p .held")]
    for before, after in (("(", ""), ("", "),"), ("—", ";"), ("", ","), ("", "-"), ("", ".")):
        assert any(text.startswith(before) and text.endswith(after) for text in held), (before, after)
    # The text as a whole is what was written.
    first = good.find("p")
    for unseen in first.select(".katex-mathml"):
        unseen.decompose()
    words = re.sub(r"[\s\u200b]+", "", first.get_text())
    assert words == "Words(a=b),words—c;sod,ore-like.Sof(x,y)=g(x+y)−h."


def test_a_formula_breaks_only_outside_of_round_brackets(good):
    long = next(formula for formula in good.select("span.math") if formula["data-tex"].startswith("f(x"))
    pieces = [piece for piece in long.select(".katex-base") if not piece.find_parent(class_="held")]
    assert [re.sub(r"[\s\u200b]", "", piece.get_text()) for piece in pieces] == ["f(x,y)="]


def test_the_papers_number_stands_beside_ours(good):
    display = good.find("div", class_="math")
    assert display.select_one(".eqno .tag").get_text() == "paper's eq. 7"
    assert display.select_one(".eqno").get_text().startswith("(1)")
    assert "paper" not in display.select_one("math").get_text()
    assert "paper" not in display["data-tex"]
    assert good.select_one("a.reference[href$=equation-eq-first]").get_text() == "(1)"


def test_each_statement_may_begin_a_line(good):
    statements = good.find("div", class_="math").select(".statement")
    assert [re.sub(r"[\s\u200b]", "", part.get_text()) for part in statements] == ["A=B+C,", "D=E."]


def test_blocks_of_amsmath_are_typeset_and_numbered_once(good):
    block = good.select("div.math")[-1]
    assert len(block.select("mtr")) == 2
    assert len(block.select(".eqno")) == 1
