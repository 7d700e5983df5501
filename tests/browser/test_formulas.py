"""Formulas in a real browser: none is cut, none scrolls, no comma begins a line, and each is drawn with the fonts of the book."""

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from tests.browser.conftest import SITE, kinds, pages

# Of a sheet of A4 with margins of 1 cm; browsers lay a page out for paper as for a screen of this width.
PAPER = 718
# What is folded, or told only after a guess, must fit as well.
ANSWERS = ".selftest-feedback, .selftest-paper, .selftest-value"
OPEN = """() => {
  for (const folded of document.querySelectorAll('.bd-article details')) folded.open = true;
  const style = document.createElement('style');
  style.textContent = 'ANSWERS { display: block !important }';
  document.head.append(style);
}""".replace("ANSWERS", ANSWERS)
# What sticks out of its block, by how much; where a number lies on its formula; what scrolls.
LAID_OUT = """() => {
  const seen = (element, pieces) => [...element.querySelectorAll(pieces)].flatMap((piece) => [...piece.getClientRects()]).filter((r) => r.width);
  const bad = [];
  let count = 0;
  for (const math of document.querySelectorAll('.bd-article .math')) {
    const block = math.parentElement.closest('p, li, td, th, dd, dt, div, section, summary, h1, h2, h3, figcaption');
    const [room, style] = [block.getBoundingClientRect(), getComputedStyle(block)];
    const [start, end] = [room.left + parseFloat(style.paddingLeft), room.right - parseFloat(style.paddingRight)];
    const [formula, number] = [seen(math, '.katex-base'), seen(math, '.eqno')];
    // On paper an answer is left out.
    if (!formula.length && math.closest('ANSWERS')) continue;
    if (!formula.length) { bad.push(['unseen', math.dataset.tex]); continue; }
    count += 1;
    const out = Math.max(...[...formula, ...number].map((r) => Math.max(r.right - end, start - r.left)));
    if (out > 1) bad.push([`sticks out by ${Math.round(out)} px`, math.dataset.tex]);
    for (const a of formula) for (const b of number)
      if (a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1) bad.push(['number on the formula', math.dataset.tex]);
    for (const box of [math, ...math.querySelectorAll('.katex-display, .katex, .katex-html')])
      if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX)) bad.push(['scrolls', math.dataset.tex]);
  }
  return [count, bad];
}""".replace("ANSWERS", ANSWERS)
# Text that touches a formula and is not beside it.
TORN = """() => {
  const range = document.createRange();
  const place = (text, at) => { range.setStart(text, at); range.setEnd(text, at + 1); return range.getClientRects()[0] };
  const torn = [];
  let count = 0;
  const skipped = (n) => n.parentElement.closest('.katex-mathml, pre, script, style, template, .headerlink') !== null;
  for (const block of document.querySelectorAll('.bd-article :is(p, li, dd, dt, td, figcaption)')) {
    const leaves = [];
    const walk = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = walk.currentNode;
      if (node.length && !skipped(node) && node.parentElement.closest('p, li, dd, dt, td, figcaption, div.math') === block) leaves.push(node);
    }
    const inside = (node) => node.parentElement.closest('.katex-html');
    const bases = (node, last) => [...node.parentElement.closest('span.math').querySelectorAll('.katex-base')].at(last ? -1 : 0).getBoundingClientRect();
    for (const [a, b] of leaves.slice(1).map((leaf, i) => [leaves[i], leaf])) {
      if (inside(a) && !inside(b) && /^\\S/.test(b.data)) {
        count += 1;
        const [formula, text] = [bases(a, true), place(b, 0)];
        if (text && Math.abs(text.left - formula.right) > 3) torn.push([inside(a).closest('.math').dataset.tex, b.data.slice(0, 10)]);
      }
      if (!inside(a) && inside(b) && /[^\\s\\w]$/.test(a.data)) {
        count += 1;
        const [formula, text] = [bases(b, false), place(a, a.length - 1)];
        if (text && Math.abs(formula.left - text.right) > 3) torn.push([a.data.slice(-10), inside(b).closest('.math').dataset.tex]);
      }
    }
  }
  return [count, torn];
}"""
CHAPTERS = [page for page in pages() if "/paper/" in page]


@pytest.mark.parametrize(("page", "width"), [*((page, 360) for page in pages()), *((page, 1280) for page in kinds())])
def test_formulas_stay_in_their_blocks(page, width, site, visit):
    current = visit(f"{site}/{page}.html", viewport={"width": width, "height": 800}).page
    current.evaluate(OPEN)
    count, bad = current.evaluate(LAID_OUT)
    assert bad == []
    assert count > 100 or page not in CHAPTERS


@pytest.mark.parametrize("page", pages())
def test_no_line_begins_or_ends_with_what_belongs_to_a_formula(page, site, visit):
    current = visit(f"{site}/{page}.html", viewport={"width": 360, "height": 800}).page
    current.evaluate(OPEN)
    count, torn = current.evaluate(TORN)
    assert torn == []
    assert count > 30 or page not in CHAPTERS


@pytest.mark.parametrize("page", kinds())
def test_formulas_stay_on_the_sheet(page, site, visit):
    current = visit(f"{site}/{page}.html", viewport={"width": PAPER, "height": 1000}).page
    current.emulate_media(media="print")
    current.evaluate(OPEN)
    assert current.evaluate(LAID_OUT)[1] == []


@pytest.mark.parametrize("width", [360, 1280])
def test_formulas_are_large_enough_to_read(width, site, visit):
    current = visit(f"{site}/book/paper/linear_a.html", viewport={"width": width, "height": 800}).page
    sizes = current.evaluate(
        "[...document.querySelectorAll('.bd-article .katex')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 13


def test_without_scripts_formulas_are_typeset(site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/book/paper/steady_state.html")
    # Only with the style sheet has the line of a fraction a width.
    assert page.locator(".bd-article div.math .frac-line").first.bounding_box()["width"] > 5
    context.close()


def _faces():
    """Return the characters of each face in the style sheet: (family, weight, style) -> set."""
    faces = {}
    for face in re.findall(r"@font-face\{([^}]*)\}", (SITE / "_static" / "katex.css").read_text(encoding="utf-8")):
        family, weight, style = (re.search(f"font-{what}:([^;]*)", face)[1] for what in ("family", "weight", "style"))
        font = TTFont(io.BytesIO(base64.b64decode(re.search("base64,([^)]*)", face)[1])))
        faces[family, weight, style] = {chr(code) for code in font.getBestCmap()}
    return faces


def test_each_character_of_a_formula_is_in_the_fonts(site, visit):
    faces, missing, used = _faces(), set(), set()
    for page in pages():
        current = visit(f"{site}/{page}.html").page
        drawn = current.evaluate(
            """() => { const drawn = {};
            const walk = document.createTreeWalker(document.querySelector('.bd-article'), NodeFilter.SHOW_TEXT);
            while (walk.nextNode()) {
              const place = walk.currentNode.parentElement;
              if (!place.closest('.katex-html')) continue;
              const style = getComputedStyle(place);
              const face = [style.fontFamily.split(',')[0], style.fontWeight, style.fontStyle].join('|');
              drawn[face] = (drawn[face] ?? '') + walk.currentNode.data;
            }
            return drawn }"""
        )
        for face, text in drawn.items():
            characters = set(text) - set("\u200b \n")
            used.update({tuple(face.split("|"))} if characters else ())
            missing |= {(face, character) for character in characters - faces.get(tuple(face.split("|")), set())}
    assert missing == set()
    # And no font is carried for nothing.
    assert set(faces) - used == set()


@pytest.mark.parametrize("way", ["http", "disk"])
def test_fonts_of_formulas_are_used(way, site, visit):
    address = f"{site}/book/intro.html" if way == "http" else (SITE / "book/intro.html").as_uri()
    current = visit(address).page
    loaded = current.evaluate(
        "document.fonts.ready.then(() => [...document.fonts].filter(f => f.status == 'loaded').map(f => f.family))"
    )
    assert {"KaTeX_Main", "KaTeX_Math"} <= set(loaded)


def test_a_copied_formula_is_what_was_typed(site, visit):
    current = visit(f"{site}/book/intro.html").page
    copied = current.evaluate(
        """() => {
          const formula = document.querySelector('.bd-article p span.math');
          const [range, data] = [document.createRange(), new DataTransfer()];
          range.selectNodeContents(formula.closest('p'));
          getSelection().removeAllRanges();
          getSelection().addRange(range);
          document.dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }));
          return [formula.dataset.tex, data.getData('text/plain')] }"""
    )
    tex, text = copied
    assert text.count(f"${tex}$") >= 1
    assert "\u200b" not in text
