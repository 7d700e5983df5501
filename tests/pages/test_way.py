"""To find one's way through the built book: the paper's numbers, terms, symbols, the glossary, the index, the menu, the search."""

import gzip
import json
import re

import nbformat
import paper
import pytest
import terms
from bs4 import BeautifulSoup

from tests.browser.conftest import ROOT, SITE, pages

CHAPTERS = [page for page in pages() if (ROOT / f"{page}.ipynb").exists()]
NO_PROSE = [
    "a",
    "h1",
    "h2",
    "h3",
    "h4",
    "code",
    "pre",
    "script",
    "summary",
    "label",
    "template",
    "noscript",
    "img",
    "svg",
]


def read(page):
    return BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


def article(page):
    return read(page).find("article")


def markdown():
    for page in CHAPTERS:
        for cell in nbformat.read(ROOT / f"{page}.ipynb", as_version=4).cells:
            if cell.cell_type == "markdown":
                yield cell.source


@pytest.mark.parametrize("page", pages())
def test_every_number_of_the_paper_is_a_link(page):
    body = article(page)
    for part in body.find_all(NO_PROSE) + body.select(".math, .admonition-title, .cell_output, .rubric"):
        part.decompose()
    left = [match for text in body.find_all(string=True) for match in paper.NUMBER.finditer(text)]
    # A chapter that speaks of itself.
    assert [match[0] for match in left if paper.CHAPTERS.get(match["sect"] or match["app"]) != page] == []


def test_the_paper_has_fifteen_equations_and_eight_in_an_appendix():
    known = {*paper.EQUATIONS, *paper.IN_THE_TEXT}
    assert known == {*map(str, range(1, 16)), *(f"A.{k}" for k in range(1, 9))}


def test_an_equation_that_bears_the_papers_number_is_where_that_number_leads():
    text = "\n".join(markdown())
    shown = re.findall(
        r"paper['’]s eq\.?~? ?\(?((?:A\.)?\d+)\)?(?:(?!\$\$).)*?\$\$ \((eq-[a-z0-9-]+)\)", text, re.DOTALL
    )
    assert len(shown) >= 18
    assert {number: paper.EQUATIONS[number] for number, _ in shown} == dict(shown)


def test_numbers_lead_to_their_places():
    found = dict.fromkeys(["eq. (4)", "(A.7)", "eq. (15)", "section 6"])
    for page in pages():
        for link in article(page).select("a:has(> .paper)"):
            text, target = link.get_text(), link["href"].rsplit("/", 1)[-1]
            found[text] = found.get(text) or target
    assert found["eq. (4)"].endswith("#equation-eq-model-fdr")
    assert found["(A.7)"].endswith("#paper-a-7")
    assert found["eq. (15)"].endswith("#thm-bound-paper")
    assert found["section 6"] == "bound.html"


@pytest.mark.parametrize("page", CHAPTERS)
def test_our_own_numbers_have_a_dot(page):
    """A number of the paper has none, or an A before it: nobody can take one for the other."""
    body = article(page)
    # Beside some stands the paper's, or that alone where we do not refer to it.
    places = [place.get_text() for place in body.select(".eqno")]
    numbers = [re.findall(r"\(\d\.\d+\)", text) for text in places]
    assert any(numbers) and all(len(own) == 1 or "paper" in text for own, text in zip(numbers, places))
    links = [link.get_text() for link in body.select('a[href*="#equation-"]') if not link.select(".paper, .headerlink")]
    assert all(re.fullmatch(r"\(\d\.\d+\)|#", text) for text in links)


def previews(body):
    """Return what each template holds, by the link that it is for."""
    return {
        part["data-for"]: BeautifulSoup(part.decode_contents(), "html.parser")
        for part in body.select("template.preview")
    }


@pytest.mark.parametrize("page", [page for page in pages() if page != "genindex"])
def test_what_can_be_looked_at_has_a_preview(page):
    body = article(page)
    shown = previews(body)
    for part in shown.values():
        assert part.get_text(strip=True)
        assert part.find(id=True) is None and part.find("a") is None
    for link in body.select(
        'a[href*="#equation-"], a[href*="#term-"], a[href*="#symbol-"], a[href*="#thm-"], a:has(> .paper)'
    ):
        if "#" in link["href"] and "headerlink" not in link.get("class", ()):
            assert link["href"] in shown, link


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_preview_of_an_equation_says_its_numbers(page):
    for link, part in previews(article(page)).items():
        if "#equation-" not in link:
            continue
        said = part.find(class_="preview-number").get_text()
        label = link.split("#equation-")[1]
        number = next((number for number, place in paper.EQUATIONS.items() if place == label), None)
        assert re.match(r"\(\d\.\d+\) in: \w", said)
        assert (
            said.endswith(f"The paper’s eq. ({number})") or said.endswith(f"The paper's eq. ({number})")
            if number
            else True
        )
        assert "paper's eq" not in part.find(class_="math").get_text()


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapters_link_terms_and_symbols_once(page):
    body = article(page)
    for kind, least in ((".term", 3), (".symbol", 1)):
        targets = [link["href"] for link in body.select(f"a:has(> {kind})")]
        assert len(targets) >= least
        assert len(targets) == len(set(targets)) or kind == ".symbol"


def test_the_glossary_leads_back_to_where_each_term_is_explained():
    glossary = article("book/reference/glossary")
    names = [term.find(string=True) for term in glossary.select("dl.glossary dt")]
    assert len(names) >= 30
    for term in glossary.select("dl.glossary dt"):
        links = term.find_next("dd").select(".explained a")
        assert len(links) == 1, term
        page, _, at = links[0]["href"].partition("#")
        there = (SITE / "book/reference" / page).resolve()
        assert there.relative_to(SITE).as_posix().removesuffix(".html") in CHAPTERS
        assert not at or BeautifulSoup(there.read_text(encoding="utf-8"), "html.parser").find(id=at)


def test_the_index_points_into_the_chapters():
    links = {
        (entry.get_text(), entry["href"].split("#")[0].removesuffix(".html"))
        for entry in read("genindex").select("table a")
    }
    into = {name for name, page in links if page in CHAPTERS}
    # What no chapter speaks of any more has no place in the list of concepts.
    assert set(terms.CONCEPTS) <= into
    assert "Convex noise correlates, concave noise anticorrelates" in into
    for name in ("Bond vector", "Lyapunov equation", "Second difference"):
        assert [page for found, page in links if found == name or found.startswith("[")]
    assert len(into) >= 55
    assert not (SITE / "prf-prf.html").exists()


@pytest.mark.parametrize("page", pages())
def test_the_menu_has_the_title_and_the_introduction(page):
    menu = read(page).select_one(".bd-sidebar-primary")
    assert menu.select_one(".navbar-brand").get_text(strip=True) == "Two boxes between two baths"
    assert menu.select_one(".bd-sidenav__home-link a").get_text(strip=True) == "Introduction"


def test_texts_of_the_search_have_no_tex_and_lead_to_places():
    script = (SITE / "_static" / "search-texts.js").read_text(encoding="utf-8")
    texts = json.loads(script.removeprefix("const SEARCH_TEXTS = ").rstrip(";\n"))
    assert set(texts) >= set(pages()) - {"genindex"}
    for page, passages in texts.items():
        ids = {part["id"] for part in read(page).find_all(id=True)}
        assert [at for at, _, _ in passages if at and at not in ids] == []
        if page in CHAPTERS:
            assert (
                re.findall(
                    r"\\(?:frac|langle|gamma|text|left|quad|begin|tfrac)\b", " ".join(text for *_, text in passages)
                )
                == []
            )


def test_the_search_loads_less_than_half_a_megabyte_compressed():
    files = [SITE / "searchindex.js", SITE / "_static" / "search-texts.js"]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 500_000
