"""The rod: a kick of the current, how it spreads, and the sign of its share in a correlation (figure 2)."""

import numpy as np
import pytest
import scipy.integrate
from hypothesis import assume, given
from hypothesis import strategies as st

from twobox import Chain, exclusion, ideal_gas
from twobox.model.system import bond_vectors
from twobox.questions.continuum import correlation_share, kick_amplitudes, long_range_correlation, relaxed_kick
from twobox.questions.relaxation import response, shares

places = st.floats(0.03, 0.97)


def images(y, x, t):
    """∂_x of the heat kernel with absorbing ends, as a sum over mirror images instead of modes."""
    m = np.arange(-30, 31)

    def slope(distance):
        return distance / (2 * t) * np.exp(-(distance**2) / (4 * t)) / np.sqrt(4 * np.pi * t)

    return np.sum(slope(y - x + 2 * m)) + np.sum(slope(y + x + 2 * m))


@given(y=places, x=places, log_t=st.floats(-4, 0.5))
def test_relaxed_kick_is_a_dipole_and_its_images(y, x, log_t):
    t = 10**log_t
    # Both sums alternate: rounding is that of their largest term, about 1/t.
    assert relaxed_kick(y, place=x, time=t) == pytest.approx(images(y, x, t), abs=1e-7 / t)


@given(x=places, log_t=st.floats(-4, 0))
def test_a_kick_moves_energy_and_makes_none(x, log_t):
    """What is in the rod, plus what has left through its two ends, is zero; the ends are held."""
    t = 10**log_t
    assert relaxed_kick([0.0, 1.0], place=x, time=t) == pytest.approx([0, 0], abs=1e-9 / t)
    y = np.linspace(0, 1, 2001)
    inside = scipy.integrate.simpson(relaxed_kick(y, place=x, time=t), y)
    k = np.pi * np.arange(1, 401)
    left_behind = np.sum(2 * np.cos(k * x) * (1 - np.cos(k)) * np.exp(-(k**2) * t))
    assert inside == pytest.approx(left_behind, abs=1e-7 / t)


def test_relaxed_kick_obeys_the_diffusion_equation():
    y, x, t, h = np.linspace(0.1, 0.9, 9), 0.3, 0.02, 1e-3
    in_time = (relaxed_kick(y, place=x, time=t + 1e-5) - relaxed_kick(y, place=x, time=t - 1e-5)) / 2e-5
    here = relaxed_kick(y, place=x, time=t)
    in_space = (relaxed_kick(y + h, place=x, time=t) - 2 * here + relaxed_kick(y - h, place=x, time=t)) / h**2
    # Second-order differences of a bump of width √t.
    np.testing.assert_allclose(in_time, in_space, atol=1e-3 * np.abs(in_space).max())


def test_a_wide_kick_is_a_kick_that_has_spread():
    """A Gaussian of variance w² is a point kick at the time w²/2 earlier (w far from the ends does not matter)."""
    y = np.linspace(0, 1, 11)
    np.testing.assert_allclose(
        relaxed_kick(y, place=0.4, time=0.01, width=0.05),
        relaxed_kick(y, place=0.4, time=0.01 + 0.05**2 / 2),
        atol=1e-11,
    )
    assert kick_amplitudes([0.1, 0.2], modes=7).shape == (2, 7)


def kernel_by_quadrature(x, y1, y2):
    """K = ∫ ∂_xG(y1) ∂_xG(y2) dt, over logarithmic time; images early, the mode series late."""

    def both(log_t):
        t = np.exp(log_t)
        if t < 0.05:
            return images(y1, x, t) * images(y2, x, t) * t
        k = np.pi * np.arange(1, 40)
        G1, G2 = (np.sum(2 * k * np.cos(k * x) * np.sin(k * y) * np.exp(-(k**2) * t)) for y in (y1, y2))
        return G1 * G2 * t

    return scipy.integrate.quad(both, np.log(1e-7), np.log(5.0), limit=400, epsabs=1e-10, epsrel=1e-10)[0]


@pytest.mark.parametrize(
    ("x", "y1", "y2"),
    [
        (0.5, 0.35, 0.65),
        (0.05, 0.35, 0.65),
        (0.95, 0.35, 0.65),
        (0.2, 0.2, 0.7),
        (0.33, 0.3, 0.36),
        (0.9, 0.1, 0.15),
        (0.0, 0.4, 0.5),
    ],
)
def test_kernel_is_the_time_integral_of_two_responses(x, y1, y2):
    assert correlation_share(x, y1, y2) == pytest.approx(kernel_by_quadrature(x, y1, y2), rel=1e-7)


@given(y1=places, y2=places)
def test_shares_of_the_whole_rod_cancel(y1, y2):
    """∫K dx = 0: uniform noise makes no correlation."""
    assume(abs(y1 - y2) > 0.05)
    low, high = min(y1, y2), max(y1, y2)
    # K is smooth but varies over the distance to the nearer observer.
    x = np.concatenate([_gauss(0, low), _gauss(low, high), _gauss(high, 1)], axis=1)
    K = correlation_share(x[0], y1, y2)
    assert np.sum(K * x[1]) == pytest.approx(0, abs=1e-9 * np.sum(np.abs(K) * x[1]))


def _gauss(start, end):
    nodes, weights = np.polynomial.legendre.leggauss(60)
    return start + (nodes + 1) / 2 * (end - start), weights / 2 * (end - start)


@given(y1=places, y2=places)
def test_share_is_positive_near_the_ends_and_negative_between_two_roots(y1, y2):
    assume(abs(y1 - y2) > 0.02)
    low, high = min(y1, y2), max(y1, y2)
    x = np.unique(np.concatenate([np.linspace(0, low, 100), np.linspace(low, high, 200), np.linspace(high, 1, 100)]))
    K = correlation_share(x, y1, y2)
    assert K[0] > 0 and K[-1] > 0 and correlation_share((low + high) / 2, y1, y2) < 0
    assert np.sum(np.diff(np.sign(K)) != 0) == 2
    # A root strays a little way beyond the inner observer, if both stand on one side of the middle.
    stray = 0.0 if low < 0.5 < high else 0.005
    assert np.all(K[(x <= low - stray) | (x >= high + stray)] > 0)


@given(x=places, y1=places, y2=places)
def test_kernel_is_symmetric_in_its_observers_and_under_reflection(x, y1, y2):
    assume(max(abs(y1 - x), abs(y2 - x)) > 0.05)
    K = correlation_share(x, y1, y2)
    scale = 1e-11 / max(abs(y1 - x), abs(y2 - x)) ** 3
    assert correlation_share(x, y2, y1) == pytest.approx(float(K), abs=scale)
    assert correlation_share(1 - x, 1 - y1, 1 - y2) == pytest.approx(float(K), abs=scale)


def test_the_rod_is_the_limit_of_many_boxes():
    """Response and shares of n boxes tend to those of the rod, with an error of order 1/n²."""
    errors = []
    for n in (39, 79):
        h = 1 / (n + 1)
        R = Chain(ideal_gas(rate=1.0, heat_capacity=1.0, n=n), left=1.0, right=1.0).steady_state().relaxation_matrix
        # Energy density is energy/h, time unit h²; bond b sits at (b + 1/2) h.
        bond, i, j = round(0.2 / h), round(0.4 / h) - 1, round(0.6 / h) - 1
        x, y1, y2 = (bond + 0.5) * h, (i + 1) * h, (j + 1) * h
        K = shares(R)[bond, i, j] / h**2
        u = response(R, bond_vectors(n)[bond], 0.01 / h**2)[0] / h**2
        errors.append(
            [
                abs(K / correlation_share(x, y1, y2) - 1),
                abs(u[i] / relaxed_kick(y1, place=x, time=0.01) - 1),
            ]
        )
    assert np.all(np.array(errors[1]) < 2e-3)
    # A quarter, but for the places, which fall between the boxes a little differently.
    assert np.all(np.array(errors[1]) < 0.5 * np.array(errors[0]))


@pytest.mark.parametrize(("make", "size", "sign"), [(ideal_gas, "heat_capacity", 1), (exclusion, "sites", -1)])
def test_long_range_correlation_is_that_of_a_long_chain(make, size, sign):
    """C_ij per length² off the diagonal, with each box holding 1/(n + 1) of the rod, is the continuum's, box for box."""
    n = 9
    C = Chain(make(**{size: 1 / (n + 1)}, n=n), left=0.9, right=0.2).steady_state().covariance
    y = np.arange(1, n + 1) / (n + 1)
    rod = long_range_correlation(y[:, None], y, left=0.9, right=0.2, sign=sign)
    off = ~np.eye(n, dtype=bool)
    np.testing.assert_allclose(C[off] * (n + 1) ** 2, rod[off], rtol=1e-10)
