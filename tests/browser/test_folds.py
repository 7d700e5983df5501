"""What folds, under a finger, by keyboard, without scripts, from a link, found by a search, and on paper."""

import pytest

from tests.browser.conftest import pages

CHAPTER = "book/paper/model"
KINDS = ["fold-solution", "fold-more", "fold-code"]


@pytest.fixture
def bare(browser, site):
    """Return a chapter on a phone where no script runs."""
    context = browser.new_context(java_script_enabled=False, has_touch=True, viewport={"width": 390, "height": 740})
    page = context.new_page()
    page.goto(f"{site}/{CHAPTER}.html")
    yield page
    context.close()


def is_open(fold):
    return fold.get_attribute("open") is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [0.03, 0.5, 0.97])
def test_a_tap_anywhere_on_the_title_opens_it_without_scripts(kind, place, bare):
    fold = bare.locator(f"details.{kind}").first
    title = fold.locator("> summary")
    box = title.bounding_box()
    assert box["height"] >= 44 and not is_open(fold)
    title.tap(position={"x": box["width"] * place, "y": box["height"] / 2})
    assert is_open(fold) and fold.locator("> .fold-body").is_visible()
    title.tap()
    assert not is_open(fold)


@pytest.mark.parametrize("kind", KINDS)
def test_the_keyboard_opens_it_and_its_state_is_told(kind, bare):
    fold = bare.locator(f"details.{kind}").first
    title = fold.locator("> summary")
    session = bare.context.new_cdp_session(bare)

    def told():
        session.send("Accessibility.enable")
        root = session.send("DOM.getDocument")["root"]["nodeId"]
        selector = f"details.{kind} > summary"
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        found = session.send("Accessibility.getPartialAXTree", {"nodeId": node, "fetchRelatives": False})["nodes"][0]
        return {one["name"]: one["value"]["value"] for one in found["properties"]}["expanded"], found["name"]["value"]

    title.focus()
    expanded, name = told()
    assert not expanded and name.strip()
    bare.keyboard.press("Enter")
    assert is_open(fold) and told()[0]
    bare.keyboard.press("Space")
    assert not is_open(fold)


def test_focus_is_seen(visit, site):
    page = visit(f"{site}/{CHAPTER}.html").page
    title = page.locator("details.fold > summary").first
    title.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    ring = title.evaluate("e => [e.matches(':focus-visible'), getComputedStyle(e).outlineStyle]")
    assert ring == [True, "solid"]


def test_a_link_to_a_folded_place_opens_it(visit, site):
    page = visit(f"{site}/{CHAPTER}.html").page
    name = page.locator(".fold-solution").nth(1).get_attribute("id")
    # From another page, from this page, and once more after the reader has shut it.
    there = visit(f"{site}/{CHAPTER}.html#{name}").page
    fold = there.locator(".fold-solution").nth(1)
    assert is_open(fold)
    there.evaluate(
        "history.replaceState(null, '', location.pathname); document.querySelector('.fold-solution[open]').open = false"
    )
    there.evaluate(
        "name => { const a = document.createElement('a'); a.href = '#' + name; a.id = 'way'; a.textContent = 'go';"
        "document.querySelector('article h1').append(a); }",
        name,
    )
    for _ in range(2):
        there.locator("#way").click()
        there.wait_for_function("document.querySelectorAll('.fold-solution')[1].open")
        there.evaluate("document.querySelectorAll('.fold-solution')[1].open = false")


def test_find_in_page_opens_it(browser, site):
    """A text fragment takes the same way through the page as the browser's own search."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/{CHAPTER}.html")
    words = " ".join(page.locator(".fold-more .fold-body p").first.text_content().split()[:4])
    page.close()
    page = context.new_page()
    page.goto(f"{site}/{CHAPTER}.html#:~:text={words.replace(' ', '%20')}")
    page.wait_for_function("document.querySelector('.fold-more').open", timeout=5000)
    context.close()


def test_on_paper_all_is_open_without_scripts(bare):
    bare.emulate_media(media="print")
    for body in bare.locator(".fold-body").all():
        assert body.bounding_box()["height"] > 10


def test_a_page_is_printed_with_and_without_solutions(visit, site):
    page = visit(f"{site}/{CHAPTER}.html").page
    page.evaluate("window.print = () => { window.printed = document.documentElement.className; }")
    menu = page.locator(".dropdown-download-buttons")
    menu.locator("> button").click()
    menu.get_by_role("button", name="without solutions").click()
    assert "without-solutions" in page.evaluate("printed")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".fold-solution:visible").count() == 0 and page.locator(".fold-more:visible").count() > 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    # As it was: nothing left open, and the next printing has all.
    assert page.locator("details.fold[open]").count() == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".fold-solution:visible").count() > 3


def test_only_pages_with_solutions_offer_to_leave_them_out(site, visit):
    for name in pages():
        page = visit(f"{site}/{name}.html").page
        offered = page.locator(".btn-print-without-solutions-button").count()
        assert offered == (page.locator(".fold-solution").count() > 0), name
