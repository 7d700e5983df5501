"""Keyboard, zoom, large text, forced colours, text from right to left, the dark: what the guidelines ask beyond axe's rules."""

import pytest

from tests.browser.conftest import ROOT, kinds, pages

CHAPTERS = [page for page in pages() if (ROOT / f"{page}.ipynb").exists()]
# Of the focused element: a name, the width of its ring, whether it can be seen, and what cuts the ring off.
RING = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const shown = focused.matches(".tb-choice input") ? focused.nextElementSibling : focused;
  const [style, place] = [getComputedStyle(shown), shown.getBoundingClientRect()];
  const width = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  const grow = Math.max(0, width + parseFloat(style.outlineOffset)) - 1;
  let cut = null;
  for (let box = shown.parentElement; box && box !== document.body; box = box.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(box);
    const edge = box.getBoundingClientRect();
    if (overflowX !== "visible" && (place.left - grow < edge.left || place.right + grow > edge.right)) cut = box.className;
    if (overflowY !== "visible" && (place.top - grow < edge.top || place.bottom + grow > edge.bottom)) cut = box.className;
  }
  return [`${focused.tagName} ${focused.className}`, width, Number(style.opacity), cut];
}"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", ["book/intro", "book/paper/model", "book/reference/concordance"])
def test_the_focus_is_seen_wherever_the_tab_key_goes(page, width, site, visit):
    current = visit(f"{site}/{page}.html", viewport={"width": width, "height": 900}, reduced_motion="reduce").page
    unseen, reached = set(), 0
    for _ in range(400):
        current.keyboard.press("Tab")
        ring = current.evaluate(RING)
        if ring is None:
            break
        reached += 1
        name, thick, opacity, cut = ring
        if thick < 2 or opacity < 0.9 or cut is not None:
            unseen.add((name, thick, opacity, cut))
    assert reached > 30
    assert unseen == set()


def test_copying_leaves_the_focus_where_it_was(site, visit):
    current = visit(f"{site}/book/paper/model.html").page
    button = current.locator("button.copybtn").filter(visible=True).first
    button.focus()
    current.keyboard.press("Enter")
    current.wait_for_timeout(300)
    assert current.evaluate("document.activeElement.className").startswith("btn copybtn") or current.evaluate(
        "document.activeElement.matches('.copybtn')"
    )


@pytest.mark.parametrize("page", kinds())
def test_nothing_is_lost_at_a_zoom_of_400_percent(page, site, visit):
    current = visit(f"{site}/{page}.html", viewport={"width": 320, "height": 640}).page
    assert current.evaluate("document.documentElement.scrollWidth") <= 320
    outside = current.evaluate(
        """[...document.querySelectorAll('.bd-article :is(p, dd, li, h1, h2, .tb-figure > svg, dl.citation *)')]
        .filter((e) => e.getClientRects().length && e.getBoundingClientRect().right > 321)
        .filter((e) => !e.closest('.math, .katex, table, pre, .tb-widget')).map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert outside == []


@pytest.mark.parametrize("page", kinds())
@pytest.mark.parametrize(
    "change", ["html { font-size: 200% !important }", "html { direction: rtl }"], ids=["large", "rtl"]
)
def test_pages_stand_large_text_and_the_other_direction(page, change, site, visit):
    current = visit(f"{site}/{page}.html").page
    current.add_style_tag(content=change)
    if "rtl" in change:
        current.evaluate("document.documentElement.dir = 'rtl'")
        kept = "[...document.querySelectorAll('.bd-article :is(pre, .tb-figure, .tb-table, .math)')].map((e) => getComputedStyle(e).direction)"
        assert set(current.evaluate(kept)) <= {"ltr"}
    current.wait_for_timeout(100)
    assert current.evaluate("document.documentElement.scrollWidth") <= 1280
    outside = current.evaluate(
        """[...document.querySelectorAll('.bd-article :is(p, h1, h2, .tb-figure > svg)')].filter((e) => e.getClientRects().length)
        .filter((e) => !e.closest('.math, table, pre, .tb-widget'))
        .filter((e) => { const r = e.getBoundingClientRect(), a = e.closest('.bd-article').getBoundingClientRect();
          return r.right > a.right + 1 || r.left < a.left - 1 }).map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert outside == []


def test_figures_take_part_in_forced_colours(site, visit):
    for scheme in ("light", "dark"):
        current = visit(f"{site}/book/intro.html", forced_colors="active", color_scheme=scheme).page
        text, *ink = current.evaluate(
            """[getComputedStyle(document.querySelector(".bd-article p")).color,
            ...[...document.querySelectorAll(".tb-figure > svg")].map((e) => getComputedStyle(e).fill)]"""
        )
        assert len(ink) > 2 and set(ink) == {text}


def test_names_in_figures_are_shapes_that_no_text_spacing_moves(site, visit):
    for page in CHAPTERS:
        assert visit(f"{site}/{page}.html").page.locator(".tb-figure text").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_shadows_and_theorems_have_the_ground_of_the_page(scheme, width, site, visit):
    current = visit(
        f"{site}/book/paper/linear_a.html", color_scheme=scheme, viewport={"width": width, "height": 900}
    ).page
    assert current.evaluate("getComputedStyle(document.documentElement).colorScheme") == scheme
    page, theorem, code, cover = current.evaluate(
        """(() => { const ground = (e) => getComputedStyle(e).backgroundColor;
          const code = document.querySelector(".bd-article .cell_input pre");
          // What hides the shadow at the edge where nothing more is to be seen.
          const probe = code.appendChild(document.createElement("i"));
          probe.style.backgroundColor = "var(--ground)";
          return [ground(document.body), ground(document.querySelector(".proof")), ground(code), ground(probe)] })()"""
    )
    assert theorem == page and cover == code != page
