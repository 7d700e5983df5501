"""The built book has its pages, and they carry what the chapters promise. The build itself runs with warnings as errors."""

import itertools
import re

import pytest

from tests.browser.conftest import SITE, pages


@pytest.mark.parametrize("page", pages())
def test_page_exists_and_is_not_a_stub(page):
    text = (SITE / f"{page}.html").read_text(encoding="utf-8")
    assert "<h1>" in text
    assert len(re.sub("<[^>]+>", "", text).split()) > 100


@pytest.mark.parametrize("page", pages())
def test_no_markup_is_left_in_the_text(page):
    """A directive that the parser did not take stays in the text."""
    text = (SITE / f"{page}.html").read_text(encoding="utf-8")
    assert re.findall(r"(?:```|:::)\{[a-z:]+\}|\{(?:eq|ref|prf:ref|cite|numref)\}`", text) == []


def test_front_page_leads_into_the_book():
    assert "book/intro.html" in (SITE / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", pages())
def test_every_link_inside_the_book_arrives(page):
    here = SITE / f"{page}.html"
    text = here.read_text(encoding="utf-8")
    dead = []
    for link in re.findall(r'href="([^"]+)"', text):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (here.parent / target.split("?")[0]).resolve() if target else here
        if not file.exists() or (
            anchor and file.suffix == ".html" and f'id="{anchor}"' not in file.read_text(encoding="utf-8")
        ):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", pages())
def test_nothing_on_a_page_comes_from_another_host(page):
    text = (SITE / f"{page}.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|srcset)="https?://[^"]+"|<link[^>]+rel="stylesheet"[^>]+https?://[^>]+>', text) == []


def test_chapters_are_paged_in_the_order_of_the_contents():
    names = [page for page in pages() if "/paper/" in page]
    for before, after in itertools.pairwise(names):
        text = (SITE / f"{before}.html").read_text(encoding="utf-8")
        assert f'class="right-next"\n       href="{after.rsplit("/", 1)[1]}.html"' in text


def test_index_and_search_know_the_functions_of_the_package():
    index, search = ((SITE / name).read_text(encoding="utf-8") for name in ("genindex.html", "searchindex.js"))
    assert 'href="book/reference/api/questions.html#twobox.questions.bounds.sharp_limits"' in index
    assert "sharp_limits" in search


def test_names_in_docstrings_are_links_and_arguments_are_not():
    text = (SITE / "book/reference/api/questions.html").read_text(encoding="utf-8")
    assert re.search(r'<a class="reference internal" href="model.html#twobox.chain.Chain"', text)
    assert re.search(r'<a class="reference internal" href="#twobox.questions.relaxation.Modes"', text)
    assert not re.search(r'href="[^"]*">\s*<code[^>]*><span class="pre">time</span>', text)
