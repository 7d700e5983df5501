"""To find one's way in a real browser: previews, search, questions that answer back."""

import re

import pytest

from tests.browser.conftest import SITE

CHAPTER = "book/paper/linear_a"


def at(page, way, site):
    return (
        f"{site}/{page}"
        if way == "http"
        else (SITE / page.split("?")[0]).as_uri() + "?".join(["", *page.split("?")[1:]])
    )


@pytest.fixture
def chapter(visit, site):
    return visit(f"{site}/{CHAPTER}.html").page


def test_a_preview_comes_on_hover_and_goes(chapter):
    link = chapter.locator("a:has(> .paper)").first
    link.hover()
    box = chapter.locator("#preview")
    box.wait_for(state="visible")
    assert "The paper" in box.inner_text()
    # It stays under the pointer: what it says can be read and selected.
    box.hover()
    chapter.wait_for_timeout(500)
    assert box.is_visible()
    chapter.mouse.move(2, 2)
    box.wait_for(state="hidden")


@pytest.mark.parametrize("kind", [".paper", ".term", ".symbol"])
def test_a_preview_comes_on_focus_and_goes_on_escape(chapter, kind):
    link = chapter.locator(f"a:has(> {kind})").first
    link.focus()
    box = chapter.locator("#preview")
    box.wait_for(state="visible")
    assert link.get_attribute("aria-describedby") == "preview"
    assert box.get_attribute("role") == "tooltip"
    assert box.text_content().strip()
    chapter.keyboard.press("Escape")
    assert not box.is_visible() and link.get_attribute("aria-describedby") is None


def test_formulas_in_a_preview_are_typeset(chapter):
    chapter.locator("a:has(> .paper)").first.focus()
    chapter.wait_for_selector("#preview .math .katex")
    assert "\\" not in chapter.locator("#preview").inner_text()


@pytest.mark.parametrize("way", ["http", "disk"])
def test_a_first_tap_shows_and_a_second_one_goes(visit, site, way):
    page = visit(
        at(f"{CHAPTER}.html", way, site), viewport={"width": 390, "height": 740}, has_touch=True, is_mobile=True
    ).page
    link = page.locator('a[href*="model.html"]:has(> .paper)').first
    link.tap()
    page.locator("#preview").wait_for(state="visible")
    assert page.url.endswith(f"{CHAPTER}.html")
    box = page.locator("#preview").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    link.tap()
    page.wait_for_url("**/model.html#equation-eq-model-fdr")


def search(page, base, words):
    page.goto(f"{base}?q={words}")
    page.wait_for_function("document.querySelector('.search-summary')?.textContent.includes('found')")
    return page.locator("#search-results li")


QUERIES = [
    ("0.1477", "book/paper/fermi_gas", "0.1477"),
    ("partial exclusion", "book/paper/linear_a", "partial exclusion"),
    ("eq. (4)", "book/paper/model", "(4)"),
    ("eq 4", "book/paper/model", "(4)"),
    ("1/27", "book/paper/linear_a", "1/27"),
    ("fluctuation-dissipation", "book/paper/model", "fluctuation"),
    ("second difference", "book/paper/linear_a", "second difference"),
]


@pytest.mark.parametrize("way", ["http", "disk"])
@pytest.mark.parametrize(("words", "page", "said"), QUERIES)
def test_search_finds_with_excerpts_that_lead_to_passages(visit, site, way, words, page, said):
    current = visit(at("search.html", way, site))
    results = search(current.page, at("search.html", way, site), words)
    links = [link.get_attribute("href") for link in results.locator(".context a").all()]
    assert any(re.search(rf"{page}\.html\?highlight=.*#\w", link) for link in links)
    texts = [line.text_content() for line in results.locator(".context").all()]
    assert any(said.lower() in text.lower() for text in texts)
    assert not any(re.search(r"\\[a-z]{2}", text) for text in texts)
    assert current.problems == []


def test_a_page_with_the_whole_phrase_comes_first(visit, site):
    results = search(visit(f"{site}/search.html").page, f"{site}/search.html", "partial exclusion")
    assert "partial exclusion" in results.first.text_content().lower()


def test_python_and_the_browser_split_alike(visit, site):
    from tests.test_finding import SPLIT

    page = visit(f"{site}/search.html").page
    for text, words in SPLIT:
        assert page.evaluate("text => splitQuery(text)", text) == words


@pytest.mark.parametrize("way", ["http", "disk"])
def test_a_word_in_a_folded_solution_is_unfolded_and_in_sight(visit, site, way):
    # A phrase that stands in the solution of an exercise and nowhere else on its page.
    page = visit(at("search.html", way, site)).page
    results = search(page, at("search.html", way, site), "arithmetic progression")
    results.locator('.context a[href*="intro.html"]').first.click()
    page.wait_for_selector("span.highlighted")
    mark = page.locator("details.fold-solution span.highlighted").first
    mark.wait_for(state="visible")
    page.wait_for_function(
        """() => [...document.querySelectorAll('details span.highlighted')]
        .some(m => m.offsetParent && m.getBoundingClientRect().top > 0 && m.getBoundingClientRect().bottom < innerHeight)"""
    )


def choices(page):
    return page.locator(".selftest-choice")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_choice_answers_with_and_without_scripts(browser, site, scripts):
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{site}/book/intro.html")
    asked = choices(page).first
    assert asked.locator(".selftest-feedback").first.is_hidden()
    for option in asked.locator(".selftest-option").all():
        option.locator("label").click()
        right = option.locator("input").get_attribute("data-right") is not None
        seen = [feedback for feedback in asked.locator(".selftest-feedback").all() if feedback.is_visible()]
        assert len(seen) == 1
        assert seen[0].inner_text().startswith("Right." if right else "Not quite.")
    context.close()


def test_a_choice_is_made_with_the_keyboard_and_spoken(chapter):
    asked = choices(chapter).first
    asked.locator("input").first.focus()
    chapter.keyboard.press("Space")
    chapter.keyboard.press("ArrowDown")
    assert asked.locator("input").nth(1).is_checked()
    said = asked.locator('[role="status"]')
    assert said.text_content() == asked.locator(".selftest-feedback").nth(1).text_content()


def test_a_number_is_checked(visit, site):
    page = visit(f"{site}/book/intro.html").page
    asked = page.locator(".selftest-number").first
    right = float(asked.locator(".selftest-answer").get_attribute("data-value"))
    wrong = float(asked.locator(".selftest-value").first.get_attribute("data-value"))
    field, said = asked.locator("input"), asked.locator('[role="status"]')
    for typed, answer in (
        (f"{right:.4g}", "Right."),
        (f"{right:.4g}".replace(".", ","), "Right."),
        (f"{2 * right:.6g}/2", "Right."),
        (f"{right * 1.015:.6g}", "Right."),
        (f"{right * 1.03:.6g}", "Not that."),
        (f"{wrong:.6g}", "Not quite."),
        (f"−{right:.4g}", "The size is right, the sign is not."),
        ("three", "Type a number"),
        ("", "Type a number"),
    ):
        field.fill(typed)
        field.press("Enter")
        assert said.inner_text().startswith(answer), typed
    asked.locator("button").click()
    assert said.inner_text().startswith("Type a number")


def test_without_scripts_a_number_has_its_answer_folded(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/book/intro.html")
    asked = page.locator(".selftest-number").first
    assert asked.locator(".selftest-try").is_hidden()
    asked.locator("summary").click()
    assert asked.locator(".selftest-answer strong").first.is_visible()
    context.close()


def test_on_paper_the_right_answer_stands_below_and_no_field(chapter):
    chapter.emulate_media(media="print")
    for asked in choices(chapter).all():
        assert asked.locator(".selftest-paper").is_visible()
        assert not any(feedback.is_visible() for feedback in asked.locator(".selftest-feedback").all())
    for asked in chapter.locator(".selftest-number").all():
        assert asked.locator(".selftest-try").is_hidden()


@pytest.mark.parametrize("way", ["http", "disk"])
def test_a_guess_is_kept_and_answered(visit, site, way):
    address = at("book/intro.html", way, site)
    page = visit(address).page
    said = page.locator(".guessed-said")
    assert said.is_hidden()
    page.locator(".selftest-guess label").nth(1).click()
    assert "You guessed: “It holds less" in said.inner_text() and "not so" in said.inner_text()
    page.goto(address)
    page.wait_for_selector(".guessed-said:not([hidden])")
    assert page.locator(".selftest-guess input").nth(1).is_checked()
    page.locator(".selftest-guess label").nth(3).click()
    assert "So it is." in said.inner_text()
    page.locator(".guessed a").click()
    assert page.url.endswith("#guess-intro")


def test_a_guess_works_where_a_page_may_not_remember(browser, site):
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})")
    page = context.new_page()
    page.goto(f"{site}/book/intro.html")
    page.locator(".selftest-guess label").first.click()
    assert "You guessed" in page.locator(".guessed-said").inner_text()
    context.close()


def test_without_scripts_the_answer_to_a_guess_is_there(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/book/intro.html")
    assert page.locator(".guessed-said").is_hidden()
    assert "It depends on what flows" in page.locator(".guessed").inner_text()
    context.close()
