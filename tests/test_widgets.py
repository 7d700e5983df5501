"""The widgets as Python objects: traits, refusals, the numbers they show, the still picture."""

import base64

import numpy as np
import pytest
import traitlets

from twobox import Chain, bounds, ideal_gas
from twobox.questions.continuum import correlation_share
from twobox.widgets import BoundExplorer, KickAndRelax, NoiseContest, Rod, TemperatureExplorer

EVERY = [BoundExplorer, KickAndRelax, NoiseContest, Rod, TemperatureExplorer]


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
        (NoiseContest, {"left": 99}, "left"),
        (Rod, {"kick": 1.5}, "kick"),
        (Rod, {"y1": np.inf}, "y1"),
        (Rod, {"time": 1.0}, "time"),
        (BoundExplorer, {"rates": [1.0, 1.0, 1.0, -1.0]}, "rates"),
        (BoundExplorer, {"noise": [0.0, 0.5, 0.5]}, "noise"),
        (BoundExplorer, {"noise": [0.0, 0.0, 0.0]}, "noise"),
        (BoundExplorer, {"system": "soup"}, "soup"),
        (TemperatureExplorer, {"left": -1}, "left"),
        (TemperatureExplorer, {"noise": "loud"}, "loud"),
    ],
)
def test_a_widget_refuses_bad_values_by_name(kind, bad, named):
    with pytest.raises(traitlets.TraitError, match=named):
        kind(**bad)


def test_the_area_of_a_kick_is_the_share_of_its_bond():
    shares = Chain(ideal_gas(rate=[0.5, 2.0, 1.5]), left=1.0, right=1.0).steady_state().unit_shares
    for bond in range(3):
        widget = KickAndRelax(bond=bond, rates=[0.5, 2.0, 1.5])
        assert widget.share(60.0) == pytest.approx(shares[bond, 0, 1], rel=1e-9)


def test_the_contest_gives_the_covariance_of_the_named_system():
    widget = NoiseContest(system="ideal gas", left=9, right=4)
    assert widget.covariance[0, 1] == pytest.approx((2.0 - 1.0) ** 2 / 27)
    widget = NoiseContest(system="exclusion", left=16, right=4)
    assert widget.covariance[0, 1] == pytest.approx(-((0.8 - 0.2) ** 2) / 27)


def test_the_share_on_the_rod_is_the_kernel_smeared_over_the_width_of_a_kick():
    # Away from the observers the kernel is smooth over the width 0.02 of a kick: the two differ by its curvature.
    widget = Rod(y1=0.2, y2=0.8)
    for kick in (0.5, 0.9):
        assert widget.share(kick) == pytest.approx(float(correlation_share(kick, 0.2, 0.8)), rel=0.05)
    assert Rod(kick=0.5).share() < 0 < Rod(kick=0.06, y1=0.3, y2=0.6).share()


def test_the_tables_of_the_temperature_explorer_are_the_solver():
    widget = TemperatureExplorer(system="black bodies", noise="from eq. (4)", left=33, right=12)
    left, right = widget.baths
    hot, ratio = left, right / left
    row = np.array(widget.tables["black bodies"]["noises"]["from eq. (4)"][33 - 12])
    powers = np.array(widget.tables["black bodies"]["powers"])
    steady = widget.steady_state()
    C = steady.covariance
    shown = row * hot**powers
    assert ratio == pytest.approx(40.0 ** (-21 / 40), rel=1e-6)
    assert shown == pytest.approx([*steady.profile[1:3], *steady.noise_strengths, C[0, 0], C[0, 1], C[1, 1]], rel=1e-5)


def test_the_bound_explorer_measures_in_the_unit_of_the_bound():
    # By hand the greatest noise is 2⟨J⟩M; a named system brings its own ⟨J⟩τM.
    by_hand = BoundExplorer(rates=[0.3, 2.0, 0.7, 1.1], noise=[0.2, 0.4, 1.0])
    C12, unit, _ = by_hand.shown()
    assert C12 / unit == pytest.approx(float(bounds.ratio_of(0.3, 2.0, 0.7, 1.1, 1 / 0.2, 1 / 0.4, 1.0)))
    named = BoundExplorer(system="ideal gas", place=30)
    C12, unit, _ = named.shown()
    r = named.ratios[30]
    assert C12 / unit == pytest.approx((1 - r) ** 2 / (9 * (2 + r)), rel=1e-6)
