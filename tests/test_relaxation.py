"""Modes, kicks and the share of each bond in C (paper's section 4, figure 2)."""

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from tests.systems import rates, rounding, systems, temperatures
from twobox import Chain, ideal_gas
from twobox.model.system import bond_vectors
from twobox.questions.relaxation import accumulated_share, modes, response, shares

EQUAL = np.array([[-2.0, 1.0], [1.0, -2.0]])


def relaxation_matrix(conductances):
    n = len(conductances) - 1
    return Chain(ideal_gas(rate=conductances, n=n), left=1.0, right=1.0).steady_state().relaxation_matrix


chains = st.integers(1, 5).flatmap(lambda n: st.lists(rates, min_size=n + 1, max_size=n + 1)).map(relaxation_matrix)


def test_modes_of_linear_a_are_even_and_odd():
    """(1, 1) decays at γ/N and (-1, 1) at 3γ/N."""
    found = modes(EQUAL)
    np.testing.assert_allclose(found.rates, [1, 3], rtol=1e-14)
    np.testing.assert_allclose(found.vectors, [[1, -1], [1, 1]], rtol=1e-14)


@given(R=chains)
def test_modes_diagonalise_the_relaxation_matrix(R):
    found = modes(R)
    scale = np.abs(R).max()
    assert np.all(np.diff(found.rates) >= 0) and np.all(found.rates > 0)
    np.testing.assert_allclose(R @ found.vectors, -found.vectors * found.rates, rtol=0, atol=1e-13 * scale)
    np.testing.assert_allclose(found.duals @ found.vectors, np.eye(len(R)), atol=1e-12)
    assert np.all(found.vectors[-1] >= 0)
    np.testing.assert_allclose(np.abs(found.vectors).max(axis=0), 1, rtol=1e-15)


def test_modes_that_are_nearly_alike_stay_real():
    """Two like halves joined by a very weak bond: pairs of modes that a general eigenvalue solver turns complex."""
    R = relaxation_matrix([1.0, 1000.0, 1e-9, 3000.0, 0.7])
    found = modes(R)
    np.testing.assert_allclose(R @ found.vectors, -found.vectors * found.rates, rtol=0, atol=1e-13 * np.abs(R).max())
    np.testing.assert_allclose(found.duals @ found.vectors, np.eye(4), atol=1e-12)


@given(system=systems(), left=temperatures, right=temperatures)
def test_relaxation_times_are_those_of_the_modes(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    stiffness = steady.relaxation_times[0] / steady.relaxation_times[-1]
    np.testing.assert_allclose(
        1 / modes(steady.relaxation_matrix).rates, steady.relaxation_times, rtol=1e-13 * stiffness
    )


@given(R=chains, kick=st.lists(st.floats(-1, 1), min_size=5, max_size=5), time=st.floats(0, 5))
def test_response_is_the_matrix_exponential(R, kick, time):
    kick = np.array(kick[: len(R)])
    expected = scipy.linalg.expm(R * time) @ kick
    # expm squares and scales: its own rounding grows with the rate times the time.
    np.testing.assert_allclose(response(R, kick, time)[0], expected, atol=1e-14 * (10 + np.abs(R).max() * time))


@given(t=st.floats(0, 10))
def test_kicks_of_the_paper(t):
    """A bath kick leaves ((1,1)e^-t - (-1,1)e^-3t)/2, a middle kick (-1,1)e^-3t, in units N/γ."""
    even, odd = np.array([1, 1]) * np.exp(-t), np.array([-1, 1]) * np.exp(-3 * t)
    np.testing.assert_allclose(response(EQUAL, [1, 0], t)[0], (even - odd) / 2, atol=1e-15)
    np.testing.assert_allclose(response(EQUAL, [-1, 1], t)[0], odd, atol=1e-15)


def test_bond_weights_of_linear_a():
    """+2/24, -4/24, +2/24 in C12 (eq. 9), and ±.75/24 in C13 of three boxes."""
    np.testing.assert_allclose(24 * shares(EQUAL)[:, 0, 1], [2, -4, 2], rtol=1e-14)
    three = shares(relaxation_matrix([1.0] * 4))
    np.testing.assert_allclose(24 * three[:, 0, 2], [0.75, -0.75, -0.75, 0.75], rtol=1e-13)


@given(R=chains)
def test_share_is_the_integral_of_the_relaxing_kick_squared(R):
    """∫ e^(Rt) v vᵀ e^(Rᵀt) dt by quadrature, over logarithmic time, of scipy's matrix exponential."""
    found = shares(R)
    fastest, slowest = modes(R).rates[-1], modes(R).rates[0]
    # The trapezium rule in ln t converges exponentially; cut off where e^(-2t) and t are rounding.
    log_t = np.linspace(np.log(1e-14 / fastest), np.log(20 / slowest), 400)
    propagators = scipy.linalg.expm(R * np.exp(log_t)[:, None, None])
    for bond, v in enumerate(bond_vectors(len(R))):
        u = propagators @ v
        quadrature = scipy.integrate.trapezoid(
            u[:, :, None] * u[:, None, :] * np.exp(log_t)[:, None, None], log_t, axis=0
        )
        np.testing.assert_allclose(found[bond], quadrature, rtol=0, atol=1e-8 * np.abs(quadrature).max())


@given(system=systems(), left=temperatures, right=temperatures)
def test_shares_weighted_by_the_noise_make_the_covariance(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    C = np.einsum("b,bij->ij", steady.noise_strengths, shares(steady.relaxation_matrix))
    np.testing.assert_allclose(C, steady.covariance, rtol=0, atol=rounding(steady))


@given(R=chains)
def test_equal_noise_on_bonds_like_their_rates_makes_no_correlation(R):
    """In equilibrium the bonds' shares cancel: B_b ∝ k_b gives a diagonal C."""
    n = len(R)
    strengths = [-R[0].sum() if n > 1 else -R[0, 0] / 2]
    strengths += [R[i, i + 1] for i in range(n - 1)]
    strengths.append(-R[-1].sum() if n > 1 else -R[0, 0] / 2)
    C = np.einsum("b,bij->ij", strengths, shares(R))
    np.testing.assert_allclose(C, np.eye(n) / 2, atol=1e-10)


@given(R=chains, bond=st.integers(0, 5), time=st.floats(0.01, 3))
def test_accumulated_share_grows_at_the_product_of_the_two_energies(R, bond, time):
    kick = bond_vectors(len(R))[bond % (len(R) + 1)]
    width = 1e-4 * time
    growth = (accumulated_share(R, kick, time + width) - accumulated_share(R, kick, time - width)) / (2 * width)
    u = response(R, kick, time)[0]
    whole = np.abs(accumulated_share(R, kick, 1e3)).max()
    # Central difference: width² times the third derivative (rates cubed), and rounding over the width.
    bound = 1e-6 * max(1.0, (2 * np.abs(R).max() * time) ** 3) * whole / time
    np.testing.assert_allclose(growth, np.outer(u, u), atol=bound)


@given(R=chains)
def test_accumulated_share_starts_at_nothing_and_ends_at_the_whole(R):
    for kick, whole in zip(bond_vectors(len(R)), shares(R), strict=True):
        scale = np.abs(whole).max()
        np.testing.assert_allclose(accumulated_share(R, kick, 0.0), 0, atol=1e-12 * scale)
        np.testing.assert_allclose(accumulated_share(R, kick, 30 / modes(R).rates[0]), whole, atol=1e-12 * scale)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_kick_spreads_as_a_sine_series(n):
    """Equal bonds: modes sin(kπi/(n+1)) at rates 4 sin²(kπ/(2(n+1)))."""
    k, i = np.arange(1, n + 1), np.arange(1, n + 1)
    found = modes(relaxation_matrix([1.0] * (n + 1)))
    np.testing.assert_allclose(found.rates, 4 * np.sin(k * np.pi / (2 * (n + 1))) ** 2, rtol=1e-12)
    sines = np.sin(np.pi * np.outer(i, k) / (n + 1))
    overlap = (
        np.abs(np.sum(sines * found.vectors, axis=0))
        / np.linalg.norm(sines, axis=0)
        / np.linalg.norm(found.vectors, axis=0)
    )
    np.testing.assert_allclose(overlap, 1, rtol=1e-12)
