"""Pages are light, their text is there before any script, and every icon has its picture."""

import re

import pytest

from tests.browser.conftest import SITE, kinds, pages
from tests.browser.weight import first_view

# The picture of an icon differs from that of a sign that no font has, and is not blank.
ICONS = """
async () => {
  await document.fonts.ready;
  const canvas = new OffscreenCanvas(48, 48);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const draw = (sign, font) => {
    pen.clearRect(0, 0, 48, 48);
    pen.font = font;
    pen.fillText(sign, 8, 36);
    return pen.getImageData(0, 0, 48, 48).data.join();
  };
  const seen = {};
  for (const element of document.querySelectorAll("body *")) {
    for (const part of ["::before", "::after"]) {
      const style = getComputedStyle(element, part);
      const sign = style.content.slice(1, -1);
      if (!/^[\ue000-\uf8ff]$/.test(sign)) continue;
      const font = `${style.fontWeight} 32px ${style.fontFamily}`;
      const picture = draw(sign, font);
      const good = style.fontFamily.includes("Book") && picture !== draw("\ueeee", font) && picture !== draw(" ", font);
      seen[sign.codePointAt(0).toString(16)] = good;
    }
  }
  return seen;
}
"""


@pytest.mark.parametrize("page", pages())
def test_the_first_view_of_a_page_needs_less_than_a_megabyte(page, site, browser):
    files = first_view(browser, f"{site}/{page}.html")
    assert sum(files.values()) <= 1_000_000, files
    assert "/_static/styles/pydata-sphinx-theme.css" in files


@pytest.mark.parametrize("page", kinds())
@pytest.mark.parametrize("way", ["http", "disk"])
def test_every_icon_has_its_picture(page, way, site, visit):
    current = visit(f"{site}/{page}.html" if way == "http" else (SITE / f"{page}.html").as_uri()).page
    seen = current.evaluate(ICONS)
    assert len(seen) >= 5 and [code for code, good in seen.items() if not good] == []


def test_icons_that_a_script_adds_are_in_the_font(site, visit):
    """The theme draws a cross in its search field; all the signs of its admonitions are there for later pages."""
    css = (SITE / "_static" / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    assert ".fa-xmark:before" in css
    page = visit(f"{site}/book/intro.html").page
    page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<i class=fa-xmark></i>')")
    signs = set(re.findall("[\uf000-\uf8ff]", css)) | {"\uf00d"}
    for sign in signs:
        page.evaluate(
            "sign => { const i = document.createElement('i'); i.className = 'fa-solid'; i.dataset.sign = sign;"
            "document.head.insertAdjacentHTML('beforeend', `<style>[data-sign='${sign}']::before{content:'${sign}'}</style>`);"
            "document.querySelector('article').append(i); }",
            sign,
        )
    seen = page.evaluate(ICONS)
    brands = {"f09b", "f296"}  # GitHub and GitLab: of the other font
    assert len(seen) > 12 and {code for code, good in seen.items() if not good} <= brands


@pytest.mark.parametrize("page", ["book/paper/linear_a", "book/reference/api/questions"])
def test_text_is_there_before_any_script(page, site, browser):
    context = browser.new_context()
    current = context.new_page()
    held = []
    current.route(re.compile(r"\.js(\?|$)"), lambda route: held.append(route))
    current.goto(f"{site}/{page}.html", wait_until="commit")
    last = current.locator("article > section p").last
    last.wait_for(state="attached", timeout=5000)
    assert current.locator("article h1").is_visible() and held
    painted = "performance.getEntriesByName('first-contentful-paint').length > 0"
    current.wait_for_function(painted, timeout=5000)
    for route in held:
        route.abort()
    context.close()
