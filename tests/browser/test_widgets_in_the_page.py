"""The widgets in the built page: every control works, and what a widget shows is what `twobox` computes."""

import itertools
import json
import re
from urllib.parse import urlencode

import numpy as np
import pytest
import traitlets

import twobox.widgets
from tests.browser.conftest import ROOT, SITE, Visit, pages
from twobox.widgets import BoundExplorer, KickAndRelax, NoiseContest, Rod, TemperatureExplorer


def homes():
    """Return the page where each widget of the package first lives, and its place among the widgets of that page."""
    found = {}
    for page in pages():
        if not (notebook := ROOT / f"{page}.ipynb").exists():
            continue
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        for place, name in enumerate(re.findall(rf"\b({'|'.join(twobox.widgets.__all__)})\(", code)):
            found.setdefault(name, (page, place))
    return {getattr(twobox.widgets, name): found[name] for name in twobox.widgets.__all__}


HOMES = homes()


@pytest.fixture
def widget(site, visit, request):
    """Return the widget of the class in `request.param`, on its page."""
    home, place = HOMES[request.param]
    return visit(f"{site}/{home}.html").page.locator(".tb-widget").nth(place)


every_widget = pytest.mark.parametrize("widget", HOMES, indirect=True, ids=lambda kind: kind.__name__)


def settle(widget):
    widget.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shown(widget):
    """Return the pictures and the words of a widget."""
    settle(widget)
    return widget.locator(".tb-panels").inner_html(), widget.locator(".tb-words").inner_text()


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[+−-]?\d+\.\d+", text)]


def put(widget, **traits):
    """Set traits as the page's own code does; temperatures, densities and ratios are themselves."""
    widget.evaluate(
        "(w, traits) => Object.entries(traits).forEach(([k, v]) => w.parentElement.model.set(k, v))", traits
    )
    settle(widget)


@every_widget
def test_every_control_changes_picture_and_words(widget):
    for details in widget.locator("details").all():
        details.evaluate("d => { d.open = true }")

    def answered(control, act):
        before = shown(widget)
        act(control)
        after = shown(widget)
        name = control.get_attribute("aria-label") or control.evaluate("c => c.parentElement.innerText")
        assert after[0] != before[0], f"the picture did not answer: {name}"
        assert after[1] != before[1], f"the words did not answer: {name}"

    def move_far(slider):
        slider.evaluate(
            "c => { const [low, high] = [Number(c.min), Number(c.max)];"
            " c.value = low + (Number(c.value) > (low + high) / 2 ? 0.1 : 0.9) * (high - low);"
            " c.dispatchEvent(new Event('input')) }"
        )

    def take_all(choice):
        for place in range(choice.get_by_role("radio").count()):
            if not (radio := choice.get_by_role("radio").nth(place)).is_checked():
                answered(radio, lambda one: one.check())
            yield

    # The first choice decides which other controls there are; the widget may have none.
    for _ in take_all(widget.locator("fieldset").first) if widget.locator("fieldset").count() else [None]:
        for other in widget.locator("fieldset").all()[1:]:
            list(take_all(other))
        sliders = widget.locator("input[type=range]")
        assert sliders.count() >= 1
        for number in range(sliders.count()):
            answered(sliders.nth(number), move_far)


@every_widget
def test_every_slider_works_by_keyboard(widget):
    for slider in widget.locator("input[type=range]:visible").all():
        slider.focus()
        before = slider.input_value(), slider.get_attribute("aria-valuetext")
        slider.press("ArrowRight" if float(before[0]) < float(slider.get_attribute("max")) else "ArrowLeft")
        settle(widget)
        assert (slider.input_value(), slider.get_attribute("aria-valuetext")) != before
        assert slider.get_attribute("aria-label")


@every_widget
def test_words_are_announced_and_pictures_have_names(widget):
    assert widget.locator("[role=status][aria-live=polite]").count() == 1
    for picture in widget.locator("svg").all():
        assert picture.get_attribute("role") == "img" and picture.get_attribute("aria-label")


@pytest.mark.parametrize("widget", [KickAndRelax], indirect=True)
@pytest.mark.parametrize(
    "traits",
    [
        {"bond": 0, "time": 0.5, "rates": [1.0, 1.0, 1.0]},
        {"bond": 1, "time": 1.25, "rates": [1.0, 1.0, 1.0]},
        {"bond": 2, "time": 0.3, "rates": [0.2, 3.5, 1.7]},
        {"bond": 0, "time": 4.0, "rates": [4.0, 0.1, 0.6]},
    ],
)
def test_kick_and_relax_shows_what_twobox_computes(widget, traits):
    put(widget, **traits)
    python = KickAndRelax(**traits)
    first, second = python.energies([python.time])[0]
    expected = [traits["time"], first, second, python.share(), python.share(1e4), 24 * python.share(1e4)]
    assert numbers(shown(widget)[1]) == pytest.approx(expected, abs=6e-3)
    assert numbers(shown(widget)[1])[1:5] == pytest.approx(expected[1:5], abs=6e-4)


@pytest.mark.parametrize("widget", [NoiseContest], indirect=True)
@pytest.mark.parametrize(
    "traits",
    [
        {"system": "by hand", "noise": [1.0, 2.5, 7.0]},
        {"system": "by hand", "noise": [4.0, 4.0, 4.0]},
        {"system": "ideal gas", "left": 2.0, "right": 1.0},
        {"system": "ideal gas", "left": 0.2, "right": 4.0},
        {"system": "ideal gas", "left": 3.4567, "right": 1.0001},
        {"system": "exclusion", "left": 0.8, "right": 0.2},
        {"system": "exclusion", "left": 1.0, "right": 0.0},
        {"system": "exclusion", "left": 0.37, "right": 0.37},
        {"system": "exclusion", "left": 0.37, "right": 0.371},
    ],
)
def test_noise_contest_shows_what_twobox_computes(widget, traits):
    put(widget, **traits)
    python = NoiseContest(**traits)
    shares = python.noise_strengths * np.array(python.unit_shares)[:, 0, 1]
    C = python.covariance
    words = shown(widget)[1]
    expected = [shares[0], shares[2], shares[1], C[0, 1], C[0, 1] / (C[0, 0] * C[1, 1]) ** 0.5]
    assert numbers(words) == pytest.approx(expected, abs=6e-4)
    winner = (
        "uncorrelated" if abs(C[0, 1]) < 1e-9 else "rise and fall together" if C[0, 1] > 0 else "one box tends to rise"
    )
    assert winner in words


@pytest.mark.parametrize("widget", [Rod], indirect=True)
@pytest.mark.parametrize("kick", [0.06, 0.3, 0.5, 0.72, 0.96])
def test_rod_shows_what_twobox_computes(widget, kick):
    put(widget, kick=kick, y1=0.3, y2=0.8, time=0.01)
    python = Rod(kick=kick, y1=0.3, y2=0.8, time=0.01)
    share = python.share()
    words = shown(widget)[1]
    assert numbers(words) == pytest.approx([kick, 0.01, *python.density([0.3, 0.8]), share], rel=0.06, abs=6e-3)
    assert ("positive" in words) == (share > 0)


@pytest.mark.parametrize("widget", [TemperatureExplorer], indirect=True)
@pytest.mark.parametrize(
    "traits",
    [
        {"system": "ideal gas", "noise": "exact", "left": 2.0, "right": 0.126},
        {"system": "Fermi gas", "noise": "exact", "left": 1.0, "right": 0.3},
        {"system": "Fermi gas", "noise": "exact", "left": 0.0661, "right": 1.6},
        {"system": "Fermi gas", "noise": "from eq. (4)", "left": 2.0, "right": 0.05},
        {"system": "black bodies", "noise": "the paper's (A.6)", "left": 0.317, "right": 0.29},
        {"system": "exclusion", "noise": "exact", "left": 0.9, "right": 0.25},
        {"system": "exclusion", "noise": "exact", "left": 0.51, "right": 0.51},
    ],
)
def test_temperature_explorer_shows_what_twobox_computes(widget, traits):
    put(widget, **traits)
    steady = TemperatureExplorer(**traits).steady_state()
    B, C = steady.noise_strengths, steady.covariance
    words = shown(widget)[1]
    spread = np.sqrt(C[0, 0] * C[1, 1])
    expected = [*steady.profile[1:3], 2 * B[1] / (B[0] + B[2]) if B.any() else 1.0, C[0, 1] / spread if spread else 0.0]
    assert numbers(words)[:4] == pytest.approx(expected, abs=6e-5)
    found = float(re.search(r"C₁₂ = ([−\d.e-]*\d)", words)[1].replace("−", "-"))
    assert found == pytest.approx(C[0, 1], rel=6e-4, abs=1e-9 * spread)
    sign = (
        "uncorrelated"
        if abs(expected[3]) < 1e-6
        else "rise and fall together"
        if C[0, 1] > 0
        else "one box tends to rise"
    )
    assert sign in words
    assert ("This sign is wrong" in words) == (traits["noise"] == "from eq. (4)")


@pytest.mark.parametrize("widget", [BoundExplorer], indirect=True)
@pytest.mark.parametrize(
    "traits",
    [
        {"system": "by hand", "rates": [1.0, 1.0, 1.0, 1.0], "noise": [1.0, 0.5, 0.2]},
        {"system": "by hand", "rates": [0.02, 30.0, 0.5, 4.0], "noise": [0.1, 1.0, 0.3]},
        {"system": "ideal gas", "ratio": 0.23},
        {"system": "gas, unequal contacts", "ratio": 0.02},
        {"system": "Fermi gas", "ratio": 0.0456},
        {"system": "black bodies", "ratio": 0.9},
    ],
)
def test_bound_explorer_shows_what_twobox_computes(widget, traits):
    put(widget, **traits)
    C12, unit, (lower, upper) = BoundExplorer(**traits).shown()
    words = shown(widget)[1]
    assert float(re.search(r"C₁₂ = ([−\d.e-]+)", words)[1].replace("−", "-")) == pytest.approx(C12, rel=6e-4)
    assert numbers(words.split(" is ", 1)[1])[:3] == pytest.approx([C12 / unit, lower, upper], abs=6e-5)
    used = float(re.search(r"That is ([\d.]+) % of what these rates", words)[1])
    assert used == pytest.approx(100 * C12 / unit / (upper if C12 > 0 else lower), rel=0.03)


@pytest.mark.parametrize("widget", [BoundExplorer], indirect=True)
def test_equal_baths_use_nothing_of_the_bound(widget):
    put(widget, system="Fermi gas", ratio=1.0)
    words = shown(widget)[1]
    assert words.startswith("C₁₂ = 0 is 0.0000 of") and "Nothing of what is allowed is used" in words


@pytest.mark.parametrize("widget", [NoiseContest, TemperatureExplorer], indirect=True)
def test_a_reader_who_changes_the_system_gets_baths_of_its_own(widget):
    def baths():
        settle(widget)
        sliders = [widget.get_by_role("slider", name=re.compile(f"^{side} bath")) for side in ("left", "right")]
        return [float(slider.get_attribute("aria-valuetext")) for slider in sliders]

    def take(system):
        widget.get_by_role("radio", name=system).check()
        settle(widget)

    take("ideal gas")
    put(widget, left=0.9, right=0.7)
    assert baths() == [0.9, 0.7]
    take("exclusion")
    assert baths() == [0.8, 0.2]
    put(widget, left=0.35, right=0.95)
    if widget.get_by_role("radio", name="my own choice").count():
        take("my own choice")
        take("exclusion")
    assert baths() == [0.35, 0.95]
    take("ideal gas")
    low, high = (
        widget.evaluate(f"w => w.parentElement.model.get('baths')['ideal gas'].{end}") for end in ("low", "high")
    )
    assert baths() != [0.35, 0.95] and all(low <= bath <= high for bath in baths())


@pytest.mark.parametrize("widget", [TemperatureExplorer], indirect=True)
def test_a_value_between_the_places_of_a_slider_is_shown_as_it_is(widget):
    put(widget, system="Fermi gas", left=1.0, right=0.1234)
    slider = widget.get_by_role("slider", name="right bath")
    assert slider.get_attribute("aria-valuetext") == "0.1234"
    put(widget, right=0.9999)
    assert slider.get_attribute("aria-valuetext") == "0.9999"
    put(widget, system="exclusion", left=0.5, right=0.00002)
    assert slider.get_attribute("aria-valuetext") == "0.00002"


def test_widgets_that_meet_on_a_page_keep_their_choices_apart(site, visit):
    # Two kinds of widget, each with its own copy of the shared script, and one of them twice.
    page = visit(f"{site}/book/intro.html").page
    kinds = [TemperatureExplorer, KickAndRelax, TemperatureExplorer, BoundExplorer]
    states = [
        {key: value for key, value in kind().get_state().items() if key not in ("layout", "tooltip")} for kind in kinds
    ]
    page.evaluate(
        """async states => {
          for (const state of states) {
            const el = document.querySelector('.bd-article').appendChild(document.createElement('div'));
            const model = { get: k => state[k], set: (k, v) => { state[k] = v }, on() {}, off() {}, save_changes() {} };
            const source = new Blob([state._esm], { type: 'text/javascript' });
            (await import(URL.createObjectURL(source))).default.render({ model, el });
          }
        }""",
        json.loads(json.dumps(states, default=str)),
    )
    assert page.locator(".tb-widget").count() == 5
    names = page.evaluate(
        "[...document.querySelectorAll('.tb-widget fieldset')].map(f => f.querySelector('input').name)"
    )
    assert len(set(names)) == len(names) >= 7
    for group in page.locator(".tb-widget fieldset").all():
        assert group.locator("input:checked").count() == 1


@pytest.mark.parametrize("widget", [NoiseContest, TemperatureExplorer], indirect=True)
def test_no_noise_is_said_and_makes_no_number(widget):
    put(widget, system="exclusion", left=0, right=0)
    pictures, words = shown(widget)
    assert words.startswith("No noise at all") and "NaN" not in pictures


def values(widget):
    """Return what the controls of a widget show, as its link would say it."""
    settle(widget)
    return widget.evaluate("w => w.parentElement.widget.values()")


def mark(picture, place):
    """Return the point of a picture of the rod that stands for a place between 0 and 1, half way up."""
    box = picture.bounding_box()
    # The axes of the rod's pictures: from the tick "0.0" to the tick "1.0".
    ends = [picture.locator(".tb-tick[text-anchor=middle]", has_text=end).bounding_box() for end in ("0.0", "1.0")]
    first, last = (end["x"] + end["width"] / 2 for end in ends)
    return first + place * (last - first), box["y"] + box["height"] / 2


def move_mouse(page, start, by, button="left"):
    page.mouse.move(*start)
    page.mouse.down(button=button)
    page.mouse.move(start[0] + by, start[1], steps=5)
    page.mouse.up(button=button)


@pytest.mark.parametrize("widget", [Rod], indirect=True)
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("trait", ["kick", "y1", "y2"])
def test_the_kick_and_the_observers_can_be_dragged(widget, trait, number):
    picture = widget.locator("svg").nth(number)
    picture.scroll_into_view_if_needed()
    before = values(widget)
    move_mouse(widget.page, mark(picture, before[trait]), -40)
    after = values(widget)
    assert after[trait] < before[trait] - 0.05
    assert {name for name in before if before[name] != after[name]} == {trait}


@pytest.mark.parametrize("widget", [Rod], indirect=True)
def test_only_a_deliberate_drag_moves_the_kick(widget):
    picture, page = widget.locator("svg").first, widget.page
    picture.scroll_into_view_if_needed()
    before = values(widget)
    kick = mark(picture, before["kick"])
    for button in ("right", "middle"):
        move_mouse(page, kick, -40, button)
        assert values(widget) == before, button
    # Beside a mark; a click; a selection of text that ends in the picture.
    move_mouse(page, mark(picture, 0.85), -40)
    page.mouse.click(*kick)
    page.keyboard.press("Escape")
    caption = widget.locator("figcaption").first.bounding_box()
    page.mouse.move(caption["x"] + 5, caption["y"] + 5)
    page.mouse.down()
    page.mouse.move(*kick, steps=8)
    page.mouse.move(kick[0] - 60, kick[1], steps=8)
    page.mouse.up()
    assert values(widget) == before
    # A drag over the names of the marks selects none of them.
    move_mouse(page, kick, -90)
    assert values(widget) != before
    page.evaluate("getSelection().removeAllRanges()")
    move_mouse(page, mark(picture, values(widget)["kick"]), 90)
    assert page.evaluate("getSelection().toString()") == ""


# On a phone, with real touches.

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def phone(site, visit, request):
    """Return the widget of the class and theme in `request.param`, on a phone."""
    kind, scheme = request.param
    home, place = HOMES[kind]
    page = visit(f"{site}/{home}.html", **PHONE, color_scheme=scheme).page
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    return page.locator(".tb-widget").nth(place)


every_phone = pytest.mark.parametrize(
    "phone",
    [(kind, scheme) for kind in HOMES for scheme in ("light", "dark")],
    indirect=True,
    ids=lambda of: f"{of[0].__name__}-{of[1]}",
)


def touch(page, start, by, steps=12):
    """Put a finger down at `start`, move it by (x, y) and lift it."""
    session = page.context.new_cdp_session(page)

    def send(kind, points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(16)

    send("touchStart", [{"x": start[0], "y": start[1]}])
    for step in range(1, steps + 1):
        send("touchMove", [{"x": start[0] + by[0] * step / steps, "y": start[1] + by[1] * step / steps}])
    send("touchEnd", [])
    session.detach()
    page.wait_for_timeout(150)


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def bring(locator, block="center"):
    locator.evaluate("(e, block) => e.scrollIntoView({ block, behavior: 'instant' })", block)
    locator.page.wait_for_timeout(100)


@every_phone
def test_a_swipe_that_starts_on_a_control_or_a_picture_scrolls_the_page(phone):
    page = phone.page
    before = values(phone)
    for start in [*phone.locator("input[type=range]:visible").all(), *phone.locator("svg").all()]:
        for up in (-220, 220):
            bring(start)
            was = page.evaluate("scrollY")
            point = (
                mark(start, before["kick"])
                if "kick" in before and start.evaluate("e => e.localName") == "svg"
                else middle(start)
            )
            touch(page, point, (12, up))
            assert abs(page.evaluate("scrollY") - was) > 80
            assert values(phone) == before


@every_phone
def test_a_finger_moves_every_slider_sideways_and_by_a_tap(phone):
    for slider in phone.locator("input[type=range]:visible").all():
        bring(slider)
        box = slider.bounding_box()
        low, high, at = (float(slider.evaluate(f"e => Number(e.{name})")) for name in ("min", "max", "value"))
        part = (at - low) / (high - low)
        back = part > 0.5
        start = box["x"] + 8 + part * (box["width"] - 16), box["y"] + box["height"] / 2
        touch(phone.page, start, (-50 if back else 50, 4))
        settle(phone)
        moved = float(slider.input_value())
        assert (moved < at) if back else (moved > at)
        touch(phone.page, (box["x"] + (0.2 if moved > (low + high) / 2 else 0.8) * box["width"], start[1]), (0, 0), 1)
        settle(phone)
        assert abs(float(slider.input_value()) - moved) > 0.1 * (high - low)


@pytest.mark.parametrize("phone", [(Rod, "light"), (Rod, "dark")], indirect=True, ids=["light", "dark"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_finger_drags_kick_and_observers_and_nothing_beside_them(phone, number):
    picture = phone.locator("svg").nth(number)
    bring(picture)
    for trait in ("kick", "y1", "y2"):
        before = values(phone)
        touch(phone.page, mark(picture, before[trait]), (-45, 6))
        after = values(phone)
        assert after[trait] < before[trait] - 0.05
        assert {name for name in before if before[name] != after[name]} == {trait}
    put(phone, kick=0.5, y1=0.35, y2=0.65)
    before = values(phone)
    touch(phone.page, mark(picture, 0.85), (-60, 0))
    assert values(phone) == before


@every_phone
def test_the_control_in_use_and_each_picture_are_in_sight_together(phone):
    page = phone.page
    header = page.locator(".bd-header-article").bounding_box()["height"]
    controls = phone.locator(".tb-controls")
    for picture in phone.locator(".tb-panel").all():
        picture.evaluate("(e, header) => scrollTo(0, e.getBoundingClientRect().top + scrollY - header - 4)", header)
        page.wait_for_timeout(100)
        place, bar = picture.bounding_box(), controls.bounding_box()
        assert place["y"] >= header and bar["y"] + bar["height"] <= 844 + 1
        assert place["y"] + place["height"] <= bar["y"] + 1
        for control in controls.locator("input:visible, button:visible").all():
            spot = control.bounding_box()
            assert bar["y"] <= spot["y"] and spot["y"] + spot["height"] <= 845


@every_phone
def test_pictures_are_stacked_without_gaps_under_names_that_say_what_they_are(phone):
    places = [one.bounding_box() for one in phone.locator(".tb-panel").all()]
    room = phone.locator(".tb-panels").bounding_box()
    for before, after in itertools.pairwise(places):
        assert 0 <= after["y"] - before["y"] - before["height"] < 16
    for place, picture in zip(places, phone.locator(".tb-panel svg").all()):
        assert place["width"] == pytest.approx(room["width"], abs=1)
        assert picture.bounding_box()["width"] == pytest.approx(room["width"], abs=2)
    names = phone.locator("figcaption").all_inner_texts()
    assert len(set(names)) == len(names)
    assert not re.search(r"(left|right|upper|lower) (panel|picture|plot)", " ".join(names) + phone.inner_text())


TARGETS = ".tb-choice label, .tb-button, .tb-more > summary, .tb-track"


@every_widget
def test_what_a_mouse_takes_in_hand_is_24_pixels(widget):
    for target in widget.locator(TARGETS).all():
        if target.is_visible():
            box = target.bounding_box()
            assert min(box["width"], box["height"]) >= 24


@every_phone
def test_what_a_finger_takes_in_hand_is_44_pixels(phone):
    for target in phone.locator(TARGETS).all():
        if target.is_visible():
            box = target.bounding_box()
            assert min(box["width"], box["height"]) >= 43.5, target.inner_text()


@every_widget
def test_the_room_that_is_kept_for_a_widget_is_what_it_takes(widget, site, visit, request):
    home, place = HOMES[request.node.callspec.params["widget"]]
    for options in ({}, PHONE):
        page = visit(f"{site}/{home}.html", **options).page
        kept, taken = (
            page.locator(".tb-place")
            .nth(place)
            .evaluate(
                """e => { const taken = e.getBoundingClientRect().height;
            e.classList.remove('tb-alive');
            return [parseFloat(getComputedStyle(e).minHeight), taken] }"""
            )
        )
        # The header of a chapter is of another size where fonts are: within a tenth.
        assert kept == pytest.approx(taken, rel=0.1)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_first_page_stays_where_it_is_while_it_loads(width, site, browser):
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    page.add_init_script(
        """window.shift = 0; window.moved = [];
        new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) {
          shift += e.value; for (const s of e.sources ?? []) moved.push(e.value.toFixed(3) + ' ' + (s.node?.className ?? s.node?.nodeName)) } })
        .observe({ type: 'layout-shift', buffered: true })"""
    )
    # A line that is slow enough for the page to be painted before its scripts have come.
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    line = {"offline": False, "latency": 60, "downloadThroughput": 300_000, "uploadThroughput": 100_000}
    session.send("Network.emulateNetworkConditions", line)
    page.goto(f"{site}/book/intro.html")
    page.wait_for_selector(".tb-alive .tb-panel svg *")
    page.wait_for_timeout(1500)
    assert page.evaluate("shift") <= 0.1, page.evaluate("moved")
    context.close()


# The tools below the pictures.


def tool(widget, name):
    return widget.locator(".tb-tools").get_by_role("button", name=name)


def change_everything(widget):
    """Move each slider and take the last of each choice."""
    for choice in widget.locator("fieldset").all():
        choice.get_by_role("radio").last.check()
        settle(widget)
    for slider in widget.locator("input[type=range]").all():
        slider.evaluate("c => { c.value = Number(c.min) + 0.3 * (c.max - c.min); c.dispatchEvent(new Event('input')) }")
    settle(widget)


@every_widget
def test_reset_brings_back_the_start(widget):
    start, seen = values(widget), shown(widget)
    change_everything(widget)
    assert values(widget) != start
    tool(widget, "Reset").click()
    assert values(widget) == start and shown(widget) == seen


@every_widget
def test_a_link_carries_the_state_of_a_widget(widget, visit):
    widget.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    change_everything(widget)
    tool(widget, "Copy link").click()
    widget.page.wait_for_function("w => !w.querySelector('.tb-note').hidden", arg=widget.element_handle())
    link = widget.page.evaluate("navigator.clipboard.readText()")
    name = widget.evaluate("w => w.closest('.tb-place').id")
    for trait in values(widget):
        assert f"{name}.{trait}=" in link
    page = visit(link).page
    other = page.locator(f"#{name} .tb-widget")
    assert values(other) == values(widget) and shown(other)[1] == shown(widget)[1]
    page.wait_for_timeout(300)
    assert 0 <= page.locator(f"#{name}").bounding_box()["y"] < 200
    assert not other.locator(".tb-note").is_visible()


def test_without_a_clipboard_the_link_is_in_the_address(site, visit):
    page = visit(f"{site}/book/intro.html").page
    widget = page.locator(".tb-widget").first
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    put(widget, left=1.5)
    tool(widget, "Copy link").click()
    page.wait_for_function("location.hash")
    assert "NoiseContest.left=1.5" in page.url and page.url in widget.locator(".tb-note").inner_text().replace("’", "'")


def test_each_widget_of_a_page_has_its_own_part_of_a_link(site, visit):
    page = visit(
        f"{site}/book/paper/linear_a.html#KickAndRelax.bond=2&KickAndRelax.rates=1,2,3&Rod.kick=0.2&Rod.y2=0.9"
    ).page
    kick, rod = (values(page.locator(f"#{name} .tb-widget")) for name in ("KickAndRelax", "Rod"))
    assert (kick["bond"], kick["rates"], rod["kick"], rod["y2"]) == (2, [1, 2, 3], 0.2, 0.9)
    # Another link, while the page is open.
    page.evaluate("location.hash = '#Rod.kick=0.7'")
    page.wait_for_timeout(200)
    assert values(page.locator("#Rod .tb-widget")) == {**rod, "kick": 0.7}


REFUSED = [
    (NoiseContest, {"system": "ideal gas", "left": 9.0}, "left bath T₀ must be a number from 0.2 to 4"),
    (NoiseContest, {"system": "exclusion", "left": 2.0}, "left bath ρ₀ must be a number from 0 to 1"),
    (NoiseContest, {"system": "soup"}, "Noise from must be one of by hand, ideal gas, exclusion"),
    (NoiseContest, {"system": "ideal gas", "noise": (1.0, 2.0, 3.0)}, "no control of “noise”"),
    (NoiseContest, {"system": "by hand", "noise": (1.0, 2.0)}, "noise must be 3 numbers"),
    (KickAndRelax, {"bond": 3}, "Kick the bond must be one of 0, 1, 2"),
    (KickAndRelax, {"time": -1.0}, "time since the kick must be a number from 0 to 4"),
    (KickAndRelax, {"rates": (1.0, 9.0, 1.0)}, "must be a number from 0.1 to 4"),
    (Rod, {"kick": float("nan")}, "place of the kick must be a number from 0.04 to 0.96"),
    (Rod, {"wavenumbers": 3.0}, "no control of “wavenumbers”"),
    (TemperatureExplorer, {"system": "ideal gas", "noise": "from eq. (4)"}, "no control of “noise”"),
    (TemperatureExplorer, {"system": "Fermi gas", "noise": "loud"}, "Noise must be one of exact"),
    (BoundExplorer, {"rates": (1.0, 1.0, 1.0, -1.0)}, "rate γ₄ must be a number from 0.01 to 100"),
    (BoundExplorer, {"system": "Fermi gas", "ratio": 1.5}, "T₃/T₀ must be a number from 0.02 to 1"),
    (BoundExplorer, {"system": "Fermi gas", "hole": 0.5}, "no control of “hole”"),
]


@pytest.mark.parametrize(("kind", "bad", "words"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_a_link_is_refused_in_words_where_python_refuses(kind, bad, words, site, visit):
    with pytest.raises(traitlets.TraitError):
        kind(**bad)
    home, place = HOMES[kind]
    said = {k: ",".join(map(str, v)) if isinstance(v, tuple) else v for k, v in bad.items()}
    page = visit(f"{site}/{home}.html#{urlencode({f'{kind.__name__}.{k}': v for k, v in said.items()})}").page
    widget = page.locator(".tb-widget").nth(place)
    assert words in widget.locator(".tb-note").inner_text()
    # What was refused is not shown; the rest of the link may be.
    now = values(widget)
    assert any(now.get(trait) != (list(v) if isinstance(v, tuple) else v) for trait, v in bad.items())
    kind(**{trait: tuple(v) if isinstance(v, list) else v for trait, v in now.items()})


@pytest.mark.parametrize("api", [True, False], ids=["full screen", "full window"])
@every_widget
def test_a_widget_fits_a_projector_wholly(widget, api):
    page = widget.page
    page.set_viewport_size({"width": 1280, "height": 720})
    if not api:
        page.evaluate("delete Element.prototype.requestFullscreen")
    small = [one.bounding_box()["height"] for one in widget.locator("svg").all()]
    for system in (
        [None, *widget.locator("fieldset").first.get_by_role("radio").all()]
        if widget.locator("fieldset").count()
        else [None]
    ):
        if system is not None:
            system.check()
        tool(widget, "Full screen").click()
        page.wait_for_timeout(350)
        assert page.evaluate("Boolean(document.fullscreenElement)") == api
        high = page.evaluate("innerHeight")
        outside = widget.evaluate(
            """(w, high) => [...w.querySelectorAll('svg, svg text, input, button, .tb-words, figcaption, label')].filter(e => {
            const r = e.getBoundingClientRect();
            return r.width && (r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > high + 1) }).map(e => e.outerHTML.slice(0, 90))""",
            high,
        )
        assert outside == []
        assert widget.evaluate("w => w.scrollHeight <= w.clientHeight + 1")
        if system is None:
            assert sum(one.bounding_box()["height"] for one in widget.locator("svg").all()) >= 0.8 * sum(small)
        tool(widget, "Leave full screen").click()
        page.wait_for_timeout(250)
        assert not widget.evaluate("w => w.classList.contains('tb-full')")
    # Escape leads out as well.
    tool(widget, "Full screen").click()
    page.wait_for_timeout(250)
    page.keyboard.press("Escape")
    page.wait_for_timeout(250)
    assert not widget.evaluate("w => w.classList.contains('tb-full')")
    assert [one.bounding_box()["height"] for one in widget.locator("svg").all()] == small or widget.locator(
        "fieldset"
    ).count()


@every_widget
def test_a_saved_file_works_alone_and_is_what_python_writes(widget, request, tmp_path, browser):
    kind = request.node.callspec.params["widget"]
    change_everything(widget)
    with widget.page.expect_download() as download:
        tool(widget, "Save as a file").click()
    download.value.save_as(tmp_path / "page.html")
    assert download.value.suggested_filename == f"{kind.__name__}.html"
    now = {trait: tuple(v) if isinstance(v, list) else v for trait, v in values(widget).items()}
    kind(**now).save(tmp_path / "python.html")
    files = [(tmp_path / name).read_text(encoding="utf-8") for name in ("page.html", "python.html")]
    scripts = [re.findall(r"<script>.*?</script>|<style>.*?</style>", text, re.DOTALL) for text in files]
    assert scripts[0] == scripts[1] and len(scripts[0]) == 2
    assert all(len(text) < 110_000 for text in files)
    context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True)
    for name in ("page.html", "python.html"):
        current = Visit(context.new_page())
        requests = []
        current.page.on("request", lambda one, seen=requests: seen.append(one.url))
        address = (tmp_path / name).as_uri()
        current.open(address)
        alone = current.page.locator(".tb-widget")
        assert values(alone) == values(widget) and shown(alone)[1] == shown(widget)[1]
        assert current.problems == [] and [one for one in requests if not one.startswith("data:")] == [address]
        assert tool(alone, "Reset").is_visible() and tool(alone, "Save as a file").count() == 0
        slider = alone.locator("input[type=range]:visible").first
        before = shown(alone)
        slider.focus()
        slider.press("ArrowRight" if float(slider.input_value()) < float(slider.get_attribute("max")) else "ArrowLeft")
        assert shown(alone) != before
    context.close()


def test_a_page_from_disk_saves_and_links_too(visit):
    page = visit((SITE / "book" / "intro.html").as_uri() + "#NoiseContest.left=3").page
    widget = page.locator(".tb-widget").first
    assert values(widget)["left"] == 3
    with page.expect_download() as download:
        tool(widget, "Save as a file").click()
    assert '"left":3' in download.value.path().read_text(encoding="utf-8")


# Where a page is strict, or looked at in another way.


def strict(browser, site, policy):
    """Return a page whose host sends a content policy with each file."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()

    def answer(route):
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})

    page.route("**/*", answer)
    page.goto(f"{site}/book/intro.html")
    page.wait_for_timeout(2500)
    return page


def test_a_strict_content_policy_lets_the_widgets_live(site, browser):
    page = strict(browser, site, "script-src 'self'; style-src 'self'")
    widget = page.locator(".tb-widget").first
    assert page.locator(".tb-still").count() == 0
    before = shown(widget)
    widget.locator("input[type=range]").first.press("ArrowLeft")
    assert shown(widget) != before
    assert widget.evaluate("w => getComputedStyle(w.querySelector('.tb-controls')).display") == "flex"
    page.context.close()


def test_where_no_script_runs_the_picture_and_its_words_stand(site, browser):
    page = strict(browser, site, "script-src 'none'; img-src 'self' data:")
    still = page.locator(".tb-place .tb-still").first
    assert still.is_visible() and still.evaluate("i => i.naturalWidth") > 200
    words = page.locator(".tb-place figcaption").first.inner_text()
    assert "C12" in words and "browser" not in words
    page.context.close()


def test_a_widget_that_fails_leaves_the_picture_and_its_words(site, browser):
    page = browser.new_context().new_page()
    page.route("**/widgets/NoiseContest.js*", lambda route: route.fulfill(
        body="window.twobox ??= { kinds: {} }; twobox.kinds.NoiseContest = () => { throw new Error('no') }; twobox.begin?.();",
        content_type="text/javascript",
    ))  # fmt: skip
    page.goto(f"{site}/book/intro.html")
    page.wait_for_timeout(1500)
    assert page.locator(".tb-widget").count() == 0
    assert page.locator(".tb-place .tb-still").first.is_visible()
    assert "C12" in page.locator(".tb-place figcaption").first.inner_text()
    page.context.close()


def test_without_scripts_there_are_no_buttons(site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/book/intro.html")
    assert page.locator(".tb-place .tb-still").first.is_visible()
    assert page.locator(".tb-place button, .tb-place input").count() == 0
    assert (
        page.locator(".tb-place").first.evaluate(
            "e => e.clientHeight - e.firstElementChild.nextElementSibling.clientHeight"
        )
        < 40
    )
    context.close()


@every_widget
def test_text_twice_as_large_is_not_cut(widget):
    widget.page.set_viewport_size({"width": 390, "height": 844})
    widget.page.evaluate("document.documentElement.style.fontSize = '200%'")
    widget.page.wait_for_timeout(300)
    outside = widget.evaluate(
        """w => [...w.querySelectorAll('*')].filter(e => {
        const r = e.getBoundingClientRect(); return r.width && !e.closest('svg') && (r.right > 391 || r.left < -1) }).map(e => e.outerHTML.slice(0, 90))"""
    )
    assert outside == []
    cut = widget.evaluate(
        "w => [...w.querySelectorAll('.tb-choice span, .tb-button, figcaption')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0
    # Controls that would take the screen do not stick to it.
    bar = widget.locator(".tb-controls")
    assert bar.bounding_box()["height"] < 0.6 * 844 or bar.evaluate("b => getComputedStyle(b).position") == "static"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_what_is_taken_has_colours_of_its_own(scheme, site, visit):
    page = visit(f"{site}/book/intro.html", forced_colors="active", color_scheme=scheme).page
    grounds = page.locator(".tb-choice span").evaluate_all(
        "all => all.map(e => [e.previousElementSibling.checked, getComputedStyle(e).backgroundColor])"
    )
    taken, others = ({ground for checked, ground in grounds if checked is which} for which in (True, False))
    assert len(taken) == 1 and not taken & others


@every_widget
def test_on_a_page_that_runs_from_right_to_left_a_widget_does_not(widget):
    widget.page.evaluate("document.documentElement.dir = 'rtl'")
    settle(widget)
    slider = widget.locator("input[type=range]:visible").first
    box = slider.bounding_box()
    low, high = (float(slider.get_attribute(end)) for end in ("min", "max"))
    widget.page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    settle(widget)
    assert float(slider.input_value()) > low + 0.8 * (high - low)
    slider.press("Home")
    settle(widget)
    before = float(slider.input_value())
    slider.press("ArrowRight")
    assert float(slider.input_value()) > before
    caption, picture = widget.locator("figcaption").first.bounding_box(), widget.locator("svg").first.bounding_box()
    assert caption["x"] == pytest.approx(picture["x"], abs=2)


@pytest.mark.parametrize("widget", [NoiseContest], indirect=True)
@pytest.mark.parametrize(("system", "line"), [("ideal gas", "rising"), ("exclusion", "falling")])
def test_the_tilt_is_seen_and_said(widget, system, line):
    if system != values(widget)["system"]:
        widget.get_by_role("radio", name=system).check()
        put(widget, left=1.0, right=0.0)
    words = shown(widget)[1]
    assert f"longer than the dashed circle along the {line} line" in words
    # How far the ellipse leaves the circle along its long axis, in pixels.
    reach = widget.locator(".tb-panel svg").first.evaluate(
        """s => { const far = (d, sign) => Math.max(...d.match(/[-\\d.]+ [-\\d.]+/g).map(p => p.split(' ').map(Number)).map(([x, y]) => (x - sign * y) * Math.SQRT1_2))
        - Math.min(...d.match(/[-\\d.]+ [-\\d.]+/g).map(p => p.split(' ').map(Number)).map(([x, y]) => (x - sign * y) * Math.SQRT1_2));
        const circle = s.querySelector('path.tb-compare').getAttribute('d'), tilted = s.querySelector('path[stroke-width="3"]').getAttribute('d');
        return [far(tilted, 1) - far(circle, 1), far(tilted, -1) - far(circle, -1)] }"""
    )
    along, across = reach if line == "rising" else reach[::-1]
    assert along > 6 and across < -6


@pytest.mark.parametrize("widget", [BoundExplorer], indirect=True)
@pytest.mark.parametrize("system", ["pinhole, light", "pinhole, Fermi gas"])
@pytest.mark.parametrize("hole", [3e-10, 1e-7, 1e-4, 0.5])
def test_a_pinhole_is_what_twobox_computes_and_says_why(widget, system, hole):
    put(widget, system=system, hole=hole)
    C12, unit, (lower, upper) = BoundExplorer(system=system, hole=hole).shown()
    words = shown(widget)[1]
    found = float(re.search(r"C₁₂ = ([−\d.e-]+)", words)[1].replace("−", "-"))
    assert found == pytest.approx(C12, rel=6e-4)
    assert numbers(words.split(" is ", 1)[1])[:3] == pytest.approx([C12 / unit, lower, upper], abs=6e-5)
    ratio = C12 / unit
    assert ("even the paper's 18" in words) == (ratio > 18)
    assert ("not yet the paper's 18" in words) == (0.5 < ratio < 18)
    assert "times as noisy as eq. (4) allows" in words
    # The marker stands where its number is, on both axes.
    for picture in widget.locator(".tb-panel svg").all():
        at, ticks = picture.evaluate(
            """s => [Number(s.querySelector('path[stroke-width="2.5"]').getAttribute('d').match(/M([\\d.]+)/)[1]),
            [...s.querySelectorAll('.tb-tick[text-anchor=middle]')].map(t => [Number(t.textContent.replace('−', '-')), Number(t.getAttribute('x'))])]"""
        )
        (a, x), (b, y) = ticks[0], ticks[-1]
        assert a + (b - a) * (at - x) / (y - x) == pytest.approx(ratio, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize("widget", [KickAndRelax], indirect=True)
def test_play_moves_time_only_while_on_screen(widget):
    put(widget, time=0)
    button = widget.get_by_role("button", name="Play")
    button.scroll_into_view_if_needed()
    button.click()
    widget.page.wait_for_function("w => w.parentElement.model.get('time') > 0.05", arg=widget.element_handle())
    widget.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    widget.page.wait_for_timeout(300)
    time = widget.evaluate("w => w.parentElement.model.get('time')")
    widget.page.wait_for_timeout(300)
    assert widget.evaluate("w => w.parentElement.model.get('time')") == time


def test_reduced_motion_steps_instead_of_moving(site, visit):
    page = visit(f"{site}/book/paper/linear_a.html", reduced_motion="reduce").page
    widget = page.locator(".tb-widget").first
    put(widget, time=0)
    assert widget.get_by_role("button", name="Play").count() == 0
    widget.get_by_role("button", name="Step").click()
    page.wait_for_function("w => w.parentElement.model.get('time') == 0.25", arg=widget.element_handle())
