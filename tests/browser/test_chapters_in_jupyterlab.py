"""`make lab`: JupyterLab opens on a list of chapters, and a chapter there reads like its page."""

import pytest

from tests.browser.jupyterlab import running_lab
from tools.work_copy import ROOT, START, Book, copy

OPEN_ON = f"--LabApp.default_url=/lab/tree/{START}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    home = tmp_path_factory.mktemp("lab")
    (home / "work").mkdir()
    copy(Book(), home / "work")
    with running_lab(home, home / "work", OPEN_ON) as address:
        yield address


@pytest.fixture
def page(lab, browser):
    """Return JupyterLab as `make lab` opens it."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.add_locator_handler(page.locator(".jp-Dialog"), lambda: page.locator(".jp-Dialog .jp-mod-accept").click())
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook .jp-MarkdownCell a", timeout=60_000)
    yield page
    context.close()


def test_the_makefile_opens_on_the_list_of_chapters():
    assert OPEN_ON in (ROOT / "Makefile").read_text(encoding="utf-8")


SEEN = """
panel => ({
  exercises: [...panel.querySelectorAll('aside')].map(a => a.innerText).filter(t => /^Exercise [0-9]/.test(t)).length,
  closed: [...panel.querySelectorAll('details:not([open]) summary')].map(d => d.innerText),
  open: [...panel.querySelectorAll('details[open] summary')].map(d => d.innerText),
  raw: [...panel.querySelectorAll('.jp-MarkdownOutput')].map(e => e.innerText)
    .filter(t => /unknown (directive|role)|[{]solution|[{]exercise|[{]py:|:class:/i.test(t)).map(t => t.slice(0, 200)),
})
"""


def scrolled(page, chapter):
    """Scroll through a chapter, of which the lab draws only what is near, and return what was seen at its end."""
    scroller = chapter.locator(".jp-WindowedPanel-outer").first
    before = None
    while before != (before := scroller.evaluate("e => { e.scrollTop += 700; return e.scrollTop; }")):
        page.wait_for_timeout(250)
    page.wait_for_timeout(1000)
    return chapter.evaluate(SEEN)


def opened(page, name):
    """Follow the link `name` and return the chapter that opens."""
    page.get_by_role("link", name=name, exact=True).first.click()
    chapter = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").filter(has=page.locator("h1", has_text=name))
    chapter.locator("h1").first.wait_for(timeout=60_000)
    return chapter


def test_a_chapter_reads_like_its_page(page):
    seen = scrolled(page, opened(page, "The model"))
    assert seen["exercises"] >= 4 and seen["raw"] == []
    assert sum(title.startswith("Solution") for title in seen["closed"]) == seen["exercises"]
    assert [title for title in seen["open"] if "Solution" in title] == []


def test_links_lead_from_chapter_to_chapter(page):
    chapter = opened(page, "The steady state")
    chapter.get_by_role("link", name="the model").first.click()
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) h1", has_text="The model").first.wait_for(timeout=60_000)
