"""The widgets in the built page: every control works, and what a widget shows is what `twobox` computes."""

import json
import re

import numpy as np
import pytest

import twobox.widgets
from tests.browser.conftest import ROOT, pages
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


@pytest.mark.parametrize("widget", [Rod], indirect=True)
def test_the_kick_can_be_dragged(widget):
    picture = widget.locator("svg").first
    picture.scroll_into_view_if_needed()
    before = shown(widget)[1]
    box = picture.bounding_box()
    mouse = widget.page.mouse
    mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 60)
    mouse.down()
    mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 60, steps=4)
    mouse.up()
    assert shown(widget)[1] != before
    assert numbers(shown(widget)[1])[0] < 0.3


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
