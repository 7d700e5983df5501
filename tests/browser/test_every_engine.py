"""What matters in every engine: all pages whole, light and dark, wide and on a phone; widgets, folds and figures that answer."""

import json
import os
import shutil
from contextlib import contextmanager

import pytest

from tests.browser.conftest import ROOT, SITE, pages, serve
from tests.browser.engines import NEEDS, is_here, start

# Notes what goes wrong from the first moment on: errors, warnings, and what could not be loaded.
WATCH = """<script>window.problems = [];
addEventListener("error", (e) => problems.push(e.message ?? `not loaded: ${e.target.src ?? e.target.href}`), true);
addEventListener("unhandledrejection", (e) => problems.push(String(e.reason)));
for (const kind of ["error", "warn"]) console[kind] = (...words) => problems.push(words.join(" "));
</script>"""
# Widgets and mathematics are there, or never will be.
READY = """new Promise((done) => {
  const end = performance.now() + 15000;
  const whole = () => document.readyState === "complete"
    && document.querySelectorAll(".tb-widget").length === document.querySelectorAll("script[type$='widget-view+json']").length
    && [...document.querySelectorAll(".bd-article .math")].every((m) => m.querySelector(".katex math"));
  const look = () => (whole() || performance.now() > end ? done(whole()) : setTimeout(look, 50));
  look();
})"""
FACTS = """({
  problems: window.problems,
  elsewhere: performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !/^(file:|data:|blob:|http:.{2}127\\.0\\.0\\.1[:/])/.test(n)),
  brokenImages: [...document.images].filter((i) => !i.complete || !i.naturalWidth).map((i) => i.src),
  brokenMathematics: document.querySelectorAll(".katex-error").length,
  figures: [...document.querySelectorAll(".tb-figure[role=img]")].map((f) => f.ariaLabel),
  idsOfSeveral: [...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, place, all) => all.indexOf(id) !== place),
  emptyFigures: [...document.querySelectorAll(".tb-figure > svg")]
    .filter((f) => !f.closest("details:not([open])") && !(f.getBoundingClientRect().width > 150 && f.getBBox().height > 50)).length,
})"""
WHOLE = {
    "problems": [],
    "elsewhere": [],
    "brokenImages": [],
    "brokenMathematics": 0,
    "idsOfSeveral": [],
    "emptyFigures": 0,
}
CHAPTERS = [page for page in pages() if (ROOT / f"{page}.ipynb").exists()]

every_engine = pytest.mark.parametrize("engine", NEEDS, indirect=True)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Return a copy of the built book whose pages note what goes wrong, and its address over http."""
    copy = tmp_path_factory.mktemp("watched") / "html"
    shutil.copytree(SITE, copy, ignore=shutil.ignore_patterns("_sources", "reports"))
    for page in pages():
        path = copy / f"{page}.html"
        path.write_text(path.read_text(encoding="utf-8").replace("<head>", f"<head>{WATCH}", 1), encoding="utf-8")
    with serve(copy) as address:
        yield copy, address


@contextmanager
def running(name, **options):
    if not is_here(name):
        missing = f"{name} is not on this machine; it needs {NEEDS[name]}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with start(name, **options) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine(request):
    """Return the engine of the name in `request.param`, with one window."""
    with running(request.param) as engine:
        yield engine


def arrive(engine, address):
    engine.open(address)
    assert engine.ask(READY), f"widgets or mathematics are missing on {address}"


def named_figures(page):
    """Return the alt texts of the figures that the cells of a chapter draw."""
    if page not in CHAPTERS:
        return []
    cells = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    return [alt for cell in cells if (alt := cell["metadata"].get("mystnb", {}).get("image", {}).get("alt"))]


WORDS = "document.querySelector('.tb-words').textContent"


def answers(engine, before):
    """Say whether the words of the first widget become others than `before` within three seconds."""
    return engine.ask(
        f"""new Promise((done) => {{
          const end = performance.now() + 3000;
          const look = () => {WORDS} !== {json.dumps(before)} ? done(true) : performance.now() > end ? done(false) : setTimeout(look, 50);
          look(); }})"""
    )


@every_engine
@pytest.mark.parametrize("way", ["http", "disk"])
def test_every_page_is_whole(engine, way, watched):
    copy, address = watched
    engine.resize(1280, 900)
    for page in pages():
        arrive(engine, f"{address if way == 'http' else copy.as_uri()}/{page}.html")
        assert (page, engine.ask(FACTS)) == (page, WHOLE | {"figures": named_figures(page)})


@every_engine
def test_no_page_scrolls_sideways_on_a_phone(engine, watched):
    engine.resize(390, 800)
    try:
        for page in pages():
            arrive(engine, f"{watched[1]}/{page}.html")
            assert (page, engine.ask("innerWidth")) == (page, 390)
            assert (page, engine.ask("document.documentElement.scrollWidth <= innerWidth")) == (page, True)
    finally:
        engine.resize(1280, 900)


@every_engine
def test_a_widget_answers_to_key_and_pointer(engine, watched):
    for page in CHAPTERS:
        arrive(engine, f"{watched[1]}/{page}.html")
        for control, act in (("input[type=range]", "key"), (".tb-widget label:has(input:not(:checked))", "pointer")):
            if not engine.ask(f"document.querySelector('.tb-widget') && document.querySelector({control!r}) && true"):
                continue
            before = engine.ask(WORDS)
            if act == "key":
                at_end = engine.ask(
                    "((s) => s.value === s.max)(document.querySelector('.tb-widget input[type=range]'))"
                )
                engine.press(".tb-widget input[type=range]", "ArrowLeft" if at_end else "ArrowRight")
            else:
                engine.click(control)
            assert answers(engine, before), f"{page}: {control}"


@every_engine
def test_a_solution_opens_under_the_pointer(engine, watched):
    arrive(engine, f"{watched[1]}/book/paper/model.html")
    seen = "document.querySelector('details.fold-solution > .fold-body').checkVisibility()"
    assert not engine.ask(seen)
    engine.click("details.fold-solution > summary")
    assert engine.ask(seen)


@pytest.mark.parametrize("name", NEEDS)
def test_dark_is_dark(name, watched):
    with running(name, dark=True) as engine:
        for page in CHAPTERS:
            arrive(engine, f"{watched[1]}/{page}.html")
            assert engine.ask("document.documentElement.dataset.theme") == "dark"
            # The ground is dark, the text on it is light, and a figure's ink is the text's.
            colours = engine.ask(
                """[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector(".bd-article p")).color,
                ...[...document.querySelectorAll(".tb-figure > svg")].map((f) => getComputedStyle(f).fill)]"""
            )
            ground, text, *ink = [
                [int(n) for n in colour.split("(")[1].rstrip(")").split(",")[:3]] for colour in colours
            ]
            assert max(ground) < 50 and min(text) > 180 and all(one == text for one in ink)
