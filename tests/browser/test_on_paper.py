"""Printed pages: nothing folded, cut or blank, on A4 with narrow margins."""

import io
import re

import pytest
from pypdf import PdfReader

from tests.browser.conftest import ROOT, kinds, pages

CHAPTERS = [page for page in pages() if (ROOT / f"{page}.ipynb").exists()]
MARGIN = "1cm"
# What A4 leaves between the margins, in CSS pixels.
WIDTH = int((21.0 - 2) / 2.54 * 96)
squeeze = re.compile(r"\s+|\u00ad").sub


@pytest.mark.parametrize("page", CHAPTERS)
def test_all_code_results_and_numbers_are_on_paper(page, site, browser):
    """Printed at once, as the reader does who opens a page only to print it."""
    context = browser.new_context(color_scheme="dark")
    current = context.new_page()
    current.goto(f"{site}/{page}.html")
    pdf = current.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), MARGIN))
    sheets = [sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages]
    assert [number for number, text in enumerate(sheets, 1) if len(text.split()) < 3] == []
    printed = squeeze("", "".join(sheets))
    lines = current.evaluate(
        "[...document.querySelectorAll('.bd-article pre')].flatMap((e) => e.textContent.split('\\n'))"
    )
    assert len(lines) > 50
    # Signs of mathematics in code have no text of their own in every font.
    lost = [line for line in lines if line.isascii() and squeeze("", line) not in printed]
    assert lost == []
    numbers = current.evaluate(
        "[...document.querySelectorAll('.bd-article .eqno')].map((e) => e.textContent.match(/\\([\\w.]+\\)/)?.[0])"
    )
    assert [number for number in numbers if number and number not in printed] == []
    context.close()


@pytest.mark.parametrize("page", kinds())
def test_nothing_is_wider_than_the_sheet(page, site, visit):
    current = visit(f"{site}/{page}.html").page
    current.set_viewport_size({"width": WIDTH, "height": 1000})
    current.emulate_media(media="print")
    current.evaluate("dispatchEvent(new Event('beforeprint'))")
    outside = current.evaluate(
        f"""[...document.querySelectorAll('.bd-article :is(p, li, pre, table, td, img, svg, .eqno, .katex-html, summary)')]
        .filter(e => e.getClientRects().length && !e.closest('.tb-widget, .visually-hidden'))
        .filter(e => e.getBoundingClientRect().right > {WIDTH} + 1 || e.getBoundingClientRect().left < -1)
        .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert outside == []


@pytest.mark.parametrize("page", kinds())
def test_tables_keep_their_headings_and_code_may_go_on_on_the_next_sheet(page, site, visit):
    current = visit(f"{site}/{page}.html").page
    current.set_viewport_size({"width": WIDTH, "height": 1000})
    current.emulate_media(media="print")
    heads = "[...document.querySelectorAll('.bd-article table:not(dl table) > thead')].map((e) => getComputedStyle(e).display)"
    assert set(current.evaluate(heads)) <= {"table-header-group"}
    # What holds code must not jump to the next sheet as a whole and leave its frame behind.
    whole = current.evaluate(
        """[...document.querySelectorAll('.bd-article pre')].flatMap((e) => { const all = [];
          for (; !e.matches('.bd-article'); e = e.parentElement) { const style = getComputedStyle(e);
            if (style.breakInside !== 'auto' || /auto|scroll/.test(style.overflow) || style.display === 'flex') all.push(e.className) }
          return all })"""
    )
    assert whole == []


def test_printing_changes_no_formula(site, visit):
    """While a page is laid out for paper its classes stay: one engine prints a blank page else."""
    current = visit(f"{site}/book/paper/linear_a.html").page
    current.evaluate(
        """() => { window.changed = 0;
        new MutationObserver((all) => (window.changed += all.filter((m) => m.target.closest('.math')).length))
          .observe(document.body, { attributes: true, subtree: true }) }"""
    )
    current.emulate_media(media="print")
    current.set_viewport_size({"width": WIDTH, "height": 1000})
    current.evaluate("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('resize'))")
    current.wait_for_timeout(200)
    assert current.evaluate("changed") == 0
