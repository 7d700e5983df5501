"""The widgets as Python objects: traits, refusals, the numbers they show, the still picture."""

import base64

import numpy as np
import pytest
import traitlets

from twobox import Chain, ideal_gas
from twobox.continuum import correlation_share
from twobox.widgets import KickAndRelax, NoiseContest, Rod

EVERY = [KickAndRelax, NoiseContest, Rod]


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
