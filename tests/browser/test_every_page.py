"""What must hold on each page of the built book, over http and opened from disk, with no network."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import ROOT, SITE, pages

ADDRESSES = [(page, way) for page in pages() for way in ("http", "disk")]


def address(page, way, site):
    return f"{site}/{page}.html" if way == "http" else (SITE / f"{page}.html").as_uri()


@pytest.mark.parametrize(("page", "way"), ADDRESSES)
def test_page_is_whole_without_a_network(page, way, site, visit):
    current = visit(address(page, way, site))
    assert current.problems == []
    broken = current.page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)")
    assert broken == []


@pytest.mark.parametrize("page", pages())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(page, scheme, site, visit):
    current = visit(address(page, "http", site), color_scheme=scheme).page
    assert current.evaluate("document.documentElement.dataset.theme") == scheme
    # Colours that are still fading in have no contrast yet.
    current.evaluate("Promise.all(document.getAnimations().map(a => a.finished))")
    current.wait_for_timeout(300)
    # The one serious rule that axe leaves out unless it is asked for.
    rules = {"rules": {"label-content-name-mismatch": {"enabled": True}}}
    found = Axe().run(current, options=rules).response["violations"]
    serious = [
        (rule["id"], node["target"], node["html"][:120])
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"][:3]
    ]
    assert serious == []


@pytest.mark.parametrize("page", pages())
def test_no_sideways_scroll_on_a_phone(page, site, visit):
    current = visit(address(page, "http", site), viewport={"width": 360, "height": 740}).page
    assert current.evaluate("document.documentElement.scrollWidth") <= 360
    # A page that hides what sticks out would pass the line above: nothing of the text may reach past the edge.
    outside = current.evaluate(
        """[...document.querySelectorAll('.bd-article p, .bd-article li, .bd-article img, .tb-widget *')]
        .filter(e => e.getBoundingClientRect().right > 361 && !e.closest('table, pre, .tb-panels'))
        .map(e => e.outerHTML.slice(0, 100))"""
    )
    assert outside == []


@pytest.mark.parametrize("page", [page for page in pages() if (ROOT / f"{page}.ipynb").exists()])
def test_no_result_is_cut_on_a_phone(page, site, visit):
    current = visit(address(page, "http", site)).page
    # What is folded away is measured open.
    current.evaluate(
        """() => { for (const folded of document.querySelectorAll('.bd-article details')) folded.open = true;
        for (const folded of document.querySelectorAll('.toggle-hidden')) folded.classList.remove('toggle-hidden') }"""
    )
    for width in (390, 360):
        current.set_viewport_size({"width": width, "height": 740})
        results = current.evaluate(
            """[...document.querySelectorAll('.cell_output pre, .cell_output .tb-table')].map(e => {
              const room = e.closest('.cell_output').getBoundingClientRect(), place = e.getBoundingClientRect();
              const cut = Math.max(e.scrollWidth - e.clientWidth, place.right - room.right);
              return [place.width, cut, e.textContent.slice(0, 80)] })"""
        )
        assert len(results) > 5 and all(shown > 0 for shown, *_ in results)
        assert [(cut, text) for _, cut, text in results if cut > 1] == []


def test_on_paper_text_is_black_and_nothing_is_folded(site, visit):
    page = visit(f"{site}/book/paper/linear_a.html", color_scheme="dark").page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    ink = page.locator(".bd-article h2, .bd-article p").evaluate_all(
        "all => [...new Set(all.map(e => getComputedStyle(e).color + ' on ' + getComputedStyle(e).backgroundColor))]"
    )
    assert ink == ["rgb(0, 0, 0) on rgba(0, 0, 0, 0)"]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    # A part of a formula that had a ground of its own would hide the next part.
    grounds = "all => [...new Set(all.map(e => getComputedStyle(e).backgroundColor))]"
    assert page.locator(".katex *").evaluate_all(grounds) == ["rgba(0, 0, 0, 0)"]
    assert page.locator(".bd-article details:not([open])").count() == 0
    assert not page.locator(".tb-controls").first.is_visible()


def test_without_scripts_a_widget_is_a_picture_with_words(site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/book/intro.html")
    still = page.locator("img.tb-still").first
    assert "C12" in still.get_attribute("alt")
    assert still.bounding_box()["width"] > 200
    context.close()
