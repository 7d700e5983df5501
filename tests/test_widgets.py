"""The widgets as Python objects: traits, refusals, the numbers they show, the still picture."""

import base64
import json
import re

import numpy as np
import pytest
import traitlets

import twobox.widgets
from twobox import Chain, blackbody, bounds, fermi, ideal_gas
from twobox.questions.continuum import correlation_share
from twobox.systems.linear_a import exclusion
from twobox.widgets import BoundExplorer, KickAndRelax, NoiseContest, Rod, TemperatureExplorer, _file

EVERY = [getattr(twobox.widgets, name) for name in twobox.widgets.__all__]


@pytest.mark.parametrize("kind", EVERY)
def test_a_widget_has_a_still_picture_and_words(kind):
    data, _ = kind()._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"].startswith(kind.__name__)
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view["still"] == data["image/png"] and view["description"] in data["text/plain"]


@pytest.mark.parametrize(
    ("kind", "bad", "named"),
    [
        (KickAndRelax, {"time": -1.0}, "time"),
        (KickAndRelax, {"time": np.nan}, "time"),
        (KickAndRelax, {"bond": 3}, "bond"),
        (KickAndRelax, {"rates": [1.0, 1.0]}, "rates"),
        (KickAndRelax, {"rates": [1.0, 0.0, 1.0]}, "rates"),
        (NoiseContest, {"noise": [1.0, -1.0, 1.0]}, "noise"),
        (NoiseContest, {"system": "soup"}, "soup"),
        (NoiseContest, {"noise": [1.0, 1.0]}, "noise"),
        (NoiseContest, {"noise": [1.0, "1", 1.0]}, "noise"),
        (NoiseContest, {"system": "ideal gas", "left": -1.0}, "left .temperature"),
        (NoiseContest, {"system": "ideal gas", "right": 0.0}, "right .temperature"),
        (NoiseContest, {"system": "ideal gas", "right": np.nan}, "right .temperature"),
        (NoiseContest, {"system": "exclusion", "left": 2.0, "right": 0.5}, "left .density"),
        (NoiseContest, {"system": "exclusion", "right": -0.1}, "right .density"),
        (NoiseContest, {"left": 2.0}, "left is a bath of ideal gas, exclusion"),
        (NoiseContest, {"system": "exclusion", "noise": [1.0, 2.0, 1.0]}, "noise is set when system is 'by hand'"),
        (NoiseContest, {"samples": [[0.0, 0.0]]}, "samples"),
        (Rod, {"kick": 1.5}, "kick"),
        (Rod, {"y1": np.inf}, "y1"),
        (Rod, {"time": 1.0}, "time"),
        (Rod, {"time": -2.0}, "time"),
        (BoundExplorer, {"rates": [1.0, 1.0, 1.0, -1.0]}, "rates"),
        (BoundExplorer, {"noise": [0.0, 0.5, 0.5]}, "noise"),
        (BoundExplorer, {"noise": [0.0, 0.0, 0.0]}, "noise"),
        (BoundExplorer, {"system": "soup"}, "soup"),
        (BoundExplorer, {"system": "Fermi gas", "ratio": 1.5}, "ratio"),
        (BoundExplorer, {"system": "Fermi gas", "rates": [1.0, 1.0, 1.0, 2.0]}, "rates is set when"),
        (BoundExplorer, {"ratio": 0.5}, "ratio"),
        (BoundExplorer, {"hole": 0.5}, "hole is a contact of pinhole, light, pinhole, Fermi gas"),
        (BoundExplorer, {"system": "pinhole, light", "hole": 1e-11}, "hole"),
        (BoundExplorer, {"system": "pinhole, light", "ratio": 0.5}, "ratio"),
        (TemperatureExplorer, {"left": -1.0}, "left .temperature"),
        (TemperatureExplorer, {"left": 2.5}, "left .temperature"),
        (TemperatureExplorer, {"system": "exclusion", "right": 1.5}, "right .density"),
        (
            TemperatureExplorer,
            {"system": "ideal gas", "noise": "from eq. (4)"},
            "noise of ideal gas must be one of exact",
        ),
        (TemperatureExplorer, {"noise": "loud"}, "loud"),
    ],
)
def test_a_widget_refuses_bad_values_by_name(kind, bad, named):
    with pytest.raises(traitlets.TraitError, match=named):
        kind(**bad)


@pytest.mark.parametrize("kind", EVERY)
def test_a_misspelt_keyword_is_refused_by_name(kind):
    with pytest.raises(TypeError, match=r"no 'bath_left'; it takes (\w+, )*\w+$"):
        kind(bath_left=2.0)


@pytest.mark.parametrize(
    ("kind", "trait"), [(KickAndRelax, "rates"), (BoundExplorer, "rates"), (NoiseContest, "noise")]
)
def test_several_numbers_cannot_be_changed_one_by_one(kind, trait):
    widget = kind()
    with pytest.raises(TypeError, match="item assignment"):
        getattr(widget, trait)[0] = -5.0


def test_several_numbers_come_as_any_sequence_and_go_as_an_array():
    widget = KickAndRelax(rates=np.array([1.0, 2.0, 3.0]))
    assert widget.rates == (1.0, 2.0, 3.0)
    widget.set_state({"rates": [2, 2.5, 0.5]})  # what a front end sends
    assert widget.rates == (2.0, 2.5, 0.5)
    with pytest.raises(traitlets.TraitError, match="rates"):
        widget.set_state({"rates": [2.0, 2.5, -0.5]})
    assert widget.rates == (2.0, 2.5, 0.5)


@pytest.mark.parametrize("kind", [NoiseContest, TemperatureExplorer])
def test_a_temperature_is_not_carried_over_as_a_density(kind):
    widget = kind(system="ideal gas", left=0.9, right=0.7)
    widget.system = "exclusion"
    assert (widget.left, widget.right) == (0.8, 0.2)
    widget.set_state({"system": "ideal gas", "left": 1.0, "right": 0.8})  # both at once are meant for the new system
    assert (widget.left, widget.right) == (1.0, 0.8)
    widget.set_state({"system": "exclusion"})
    assert (widget.left, widget.right) == (0.8, 0.2)
    with pytest.raises(traitlets.TraitError, match=r"left .density"):
        widget.left = 1.2
    with pytest.raises(traitlets.TraitError, match=r"left .density"):
        widget.set_state({"left": 1.2})
    assert widget.left == 0.8


def test_baths_stay_with_their_quantity():
    widget = TemperatureExplorer(system="Fermi gas", noise="the paper's (13)", left=1.0, right=0.3)
    widget.system = "black bodies"
    assert (widget.left, widget.right, widget.noise) == (1.0, 0.3, "exact")
    contest = NoiseContest(system="exclusion", left=0.6, right=0.5)
    contest.system = "by hand"
    contest.system = "exclusion"
    assert (contest.left, contest.right) == (0.6, 0.5)


@pytest.mark.parametrize(
    ("kind", "system", "usual"),
    [
        (NoiseContest, "ideal gas", (3.0, 1.0)),
        (NoiseContest, "exclusion", (0.8, 0.2)),
        (TemperatureExplorer, "black bodies", (2.0, 0.2)),
        (TemperatureExplorer, "exclusion", (0.8, 0.2)),
    ],
)
def test_a_system_has_usual_baths(kind, system, usual):
    widget = kind(system=system)
    assert (widget.left, widget.right) == usual
    assert [widget.get_state()[side] for side in ("left", "right")] == list(usual)
    assert kind(system=system, right=0.7).left == usual[0]


def test_the_area_of_a_kick_is_the_share_of_its_bond():
    shares = Chain(ideal_gas(rate=[0.5, 2.0, 1.5]), left=1.0, right=1.0).steady_state().unit_shares
    for bond in range(3):
        widget = KickAndRelax(bond=bond, rates=[0.5, 2.0, 1.5])
        assert widget.share(60.0) == pytest.approx(shares[bond, 0, 1], rel=1e-9)


def test_the_contest_gives_the_covariance_of_the_named_system():
    # Any value, not only those that the sliders stop at.
    for left, right in ((2.0, 1.0), (1.0, 2.0), (3.3333, 0.2)):
        widget = NoiseContest(system="ideal gas", left=left, right=right)
        assert widget.covariance[0, 1] == pytest.approx((left - right) ** 2 / 27)
        assert f"T = {left:g} and {right:g}" in repr(widget)
    for left, right in ((0.8, 0.2), (0.0, 1.0), (0.123, 0.77)):
        widget = NoiseContest(system="exclusion", left=left, right=right)
        assert widget.covariance[0, 1] == pytest.approx(-((left - right) ** 2) / 27)
        assert f"{widget.covariance[0, 1]:+.4f}" in widget.describe()


def test_the_share_on_the_rod_is_the_kernel_smeared_over_the_width_of_a_kick():
    # Away from the observers the kernel is smooth over the width 0.02 of a kick: the two differ by its curvature.
    widget = Rod(y1=0.2, y2=0.8)
    for kick in (0.5, 0.9):
        assert widget.share(kick) == pytest.approx(float(correlation_share(kick, 0.2, 0.8)), rel=0.05)
    assert Rod(kick=0.5).share() < 0 < Rod(kick=0.06, y1=0.3, y2=0.6).share()


def sums(table, left, right):
    """What the page makes of a table (`quantities` in common.js), written with numpy."""
    if "polynomial" in table:
        return [np.polynomial.polynomial.polyval2d(left, right, np.array(c)) for c in table["polynomial"]]
    hot = max(left, right)
    x = 1 - 2 * np.log(min(left, right) / hot) / np.log(table["lowest"])
    if "steep" in table:
        return [right**p * np.polynomial.chebyshev.chebval(x, c) for p, c in zip(table["steep"], table["series"])]
    values = [hot**p * np.polynomial.chebyshev.chebval(x, c) for p, c in zip(table["powers"], table["series"])]
    return values if left >= right else [values[k] for k in table["mirror"]]


def pairs(low, high, count=40):
    """Baths anywhere in the range: at its ends, equal, and drawn at random."""
    drawn = np.random.default_rng(5).uniform(low, high, (count, 2)).tolist()
    return [(low, high), (high, low), (low, low), (high, high), (high, high * 0.9999), *drawn]


TABLES = [
    (system, noise)
    for system in ("ideal gas", "exclusion", "Fermi gas", "black bodies")
    for noise in TemperatureExplorer().tables[system]
]


@pytest.mark.parametrize(("system", "noise"), TABLES)
def test_the_tables_of_the_temperature_explorer_are_the_solver_at_any_baths(system, noise):
    widget = TemperatureExplorer(system=system, noise=noise)
    table = widget.tables[system][noise]
    for left, right in pairs(widget.baths[system]["low"], widget.baths[system]["high"]):
        widget.left, widget.right = left, right
        steady = widget.steady_state()
        (C11, C12), (_, C22) = steady.covariance
        exact = [*steady.profile[1:3], *steady.noise_strengths, C11, C12, C22]
        shown = sums(table, left, right)
        # The words print at most the digits that an error of 1e-9 of the spread leaves of C₁₂, and four decimals of the rest.
        spread = np.sqrt(C11 * C22)
        assert shown[6] == pytest.approx(C12, abs=5e-10 * spread + 1e-11)
        assert shown == pytest.approx(exact, rel=5e-10, abs=5e-10 * spread + 1e-11)


@pytest.mark.parametrize("system", ["ideal gas", "exclusion"])
def test_the_tables_of_the_contest_are_the_solver_at_any_baths(system):
    made = {"ideal gas": ideal_gas, "exclusion": exclusion}[system]()
    widget = NoiseContest()
    for left, right in pairs(widget.baths[system]["low"], widget.baths[system]["high"]):
        exact = Chain(made, left=left, right=right).steady_state().noise_strengths
        assert sums(widget.tables[system], left, right) == pytest.approx(exact, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("ideal gas", ideal_gas()),
        ("gas, unequal contacts", ideal_gas(rate=[5.0, 1.0, 0.2])),
        ("Fermi gas", fermi.system()),
        ("black bodies", blackbody.system()),
    ],
)
def test_the_tables_of_the_bound_explorer_are_the_solver_at_any_ratio(name, system):
    table = BoundExplorer().tables[name]
    for ratio in [0.02, 1.0, 0.9999, *np.random.default_rng(6).uniform(0.02, 1, 40)]:
        steady = Chain(system, left=1.0, right=ratio).steady_state()
        half = bounds.unit(steady) / steady.relaxation_time
        exact = [float(one) for one in (*steady.two_box_rates, *steady.noise_strengths, half)]
        assert sums(table, 1.0, ratio) == pytest.approx(exact, rel=5e-10, abs=5e-10 * max(exact))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("pinhole, light", lambda hole: blackbody.system(conductance=[hole, 1.0, 1.0])),
        ("pinhole, Fermi gas", lambda hole: fermi.system(kappa=[hole, 1.0, 1.0])),
    ],
)
def test_the_tables_of_a_pinhole_are_the_solver_at_any_hole(name, make):
    table = BoundExplorer().tables[name]
    for hole in [1e-10, 1.0, *10 ** np.random.default_rng(8).uniform(-10, 0, 30)]:
        steady = Chain(make(hole), left=1.0, right=1e-9).steady_state()
        rates_and_noise = [float(one) for one in (*steady.two_box_rates, *steady.noise_strengths)]
        shown = sums(table, 1.0, hole)
        # Each to its own size, over ten decades: four digits are printed.
        assert shown[:7] == pytest.approx(rates_and_noise, rel=1e-7)
        assert max(shown[7:]) * steady.relaxation_time == pytest.approx(float(bounds.unit(steady)), rel=1e-7)


def test_a_pinhole_breaks_the_papers_bound_where_the_theory_of_scaling_says():
    # Current and noise of the hole go with its width, M with its fourth root: C₁₂/⟨J⟩τM grows as hole^(-1/4).
    for system in ("pinhole, light", "pinhole, Fermi gas"):
        small, smaller = (BoundExplorer(system=system, hole=hole) for hole in (1e-8, 1e-10))
        ratios = [C12 / unit for C12, unit, _ in (one.shown() for one in (small, smaller))]
        assert np.log(ratios[1] / ratios[0]) / np.log(100) == pytest.approx(0.25, abs=0.01)
        assert ratios[1] > bounds.PAPER_CONSTANT and "breaks them" in smaller.describe()


def test_by_hand_there_is_no_steady_state():
    with pytest.raises(ValueError, match="set by hand"):
        BoundExplorer().steady_state()


def test_the_bound_explorer_measures_in_the_unit_of_the_bound():
    # By hand the greatest noise is 2⟨J⟩M; a named system brings its own ⟨J⟩τM.
    by_hand = BoundExplorer(rates=[0.3, 2.0, 0.7, 1.1], noise=[0.2, 0.4, 1.0])
    C12, unit, _ = by_hand.shown()
    assert C12 / unit == pytest.approx(float(bounds.ratio_of(0.3, 2.0, 0.7, 1.1, 1 / 0.2, 1 / 0.4, 1.0)))
    for r in (0.02, 0.3, 0.77777):
        C12, unit, _ = BoundExplorer(system="ideal gas", ratio=r).shown()
        assert C12 / unit == pytest.approx((1 - r) ** 2 / (9 * (2 + r)))
    assert "is +0.0000 of" in BoundExplorer(system="ideal gas", ratio=1.0).describe()


@pytest.mark.parametrize("kind", EVERY)
def test_one_file_has_its_title_its_words_its_picture_and_nothing_from_elsewhere(kind, tmp_path):
    path = tmp_path / "page.html"
    kind().save(path, title="Heat & <noise>", description="What to look at.")
    text = path.read_text(encoding="utf-8")
    assert "<title>Heat &amp; &lt;noise&gt;</title>" in text and "<p>What to look at.</p>" in text
    assert 'src="data:image/png;base64,' in text and kind.__name__ in text
    # The one address is the name of a standard, which nobody fetches.
    assert set(re.findall(r"https?://[^\s\"'<)]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.findall(r"<(?:script|img|link)[^>]+(?:src|href)=\"(?!data:)", text)
    assert "{{" not in text


def test_one_file_has_the_state_of_its_widget_and_a_name_of_its_own(tmp_path):
    Rod(kick=0.25, time=0.02).save(tmp_path / "rod.html")
    text = (tmp_path / "rod.html").read_text(encoding="utf-8")
    state = json.loads(re.search(r'widget-state\+json">(.*?)</script>', text)[1])["state"]["one"]["state"]
    assert (state["kick"], state["time"]) == (0.25, 0.02) and "_esm" not in state
    assert "<title>Rod</title>" in text
    with pytest.raises(ValueError, match=r"path must end with \.html, got 'rod'"):
        Rod().save("rod")


def test_a_module_that_exports_otherwise_is_refused():
    with pytest.raises(ValueError, match="must end with"):
        _file.as_function("export function render() {}")
