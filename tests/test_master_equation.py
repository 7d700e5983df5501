"""The master equation: stationary states and statistics of the current, each against laws found by another route."""

import itertools
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from tests.systems import BAD_NUMBERS, crowded, densities, falling, refuses, straight
from twobox import DENSITY, bond_vectors, exact
from twobox.finite.jumps import (
    Jump,
    JumpProcess,
    inclusion,
    misanthrope,
    partial_exclusion,
    shared_quanta,
    zero_range,
)
from twobox.finite.master_equation import (
    Distribution,
    cumulant_generating_function,
    current_cumulants,
    stationary,
)

fields = st.floats(-2.0, 2.0)
contacts = st.lists(st.floats(0.2, 5.0), min_size=3, max_size=3)


def omega(s, left, right):
    """The one combination of baths and counting field that the current of exclusion depends on."""
    return left * (1 - right) * np.expm1(s) + right * (1 - left) * np.expm1(-s)


# The stationary state.


@given(left=densities, right=densities, sites=st.tuples(st.integers(1, 7), st.integers(1, 7)))
def test_unlike_boxes_of_exclusion(left, right, sites):
    first, second = sites
    found = stationary(partial_exclusion(sites=sites, left=left, right=right))
    closed = -2 * first * second * (left - right) ** 2 / (9 * (3 * (first + second) - 2))
    assert found.covariance[0, 1] == pytest.approx(closed, abs=1e-13 * first * second)
    assert found.mean == pytest.approx(np.array(sites) * [(2 * left + right) / 3, (left + 2 * right) / 3], rel=1e-12)
    assert found.neglected == 0


@given(left=densities, right=densities, k=contacts, N=st.integers(1, 7))
def test_unlike_contacts_of_exclusion(left, right, k, N):
    k0, k1, k2 = k
    D, S = k0 * k1 + k0 * k2 + k1 * k2, k0 + 2 * k1 + k2
    top = N**2 * k0**2 * k1 * k2**2 * (k0 + k1) * (k1 + k2) * (left - right) ** 2
    found = stationary(partial_exclusion(sites=N, rate=k, left=left, right=right)).covariance
    assert found[0, 1] == pytest.approx(-top / (D**2 * (N * S * D - k1 * (D + k0 * k2))), abs=1e-12 * N)


def test_large_boxes_of_exclusion_to_the_last_digits():
    found = stationary(partial_exclusion(sites=100, left=1.0, right=0.0)).covariance[0, 1]
    assert found == pytest.approx(exact.partial_exclusion_correlation(sites=100, left=1.0, right=0.0), rel=1e-12)


@pytest.mark.parametrize(("n", "sites"), [(1, 5), (2, 4), (3, 3), (4, 1), (8, 1)])
def test_exclusion_chain(n, sites):
    left, right = 0.9, 0.25
    found = stationary(partial_exclusion(sites=sites, n=n, left=left, right=right))
    for i, j in itertools.combinations(range(1, n + 1), 2):
        closed = exact.partial_exclusion_chain_correlation(i, j, n=n, sites=sites, left=left, right=right)
        assert found.covariance[i - 1, j - 1] == pytest.approx(closed, rel=1e-11)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_law_of_ones_own_against_a_master_equation_from_scratch(n):
    """Hops that a crowd hinders more than exclusion does, with a favoured direction."""

    def up(x_i, x_j):
        return 1.5 * x_i * (1 - x_j) ** 2

    def down(x_i, x_j):
        return x_j * (1 - x_i) ** 2

    size, left, right = 4, 0.8, 0.3
    found = stationary(JumpProcess(Jump(up, down), sizes=size, n=n, left=left, right=right))
    mean, C = _asymmetric_moments(n, size, left, right)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, C, rtol=1e-9, atol=1e-12)


def _asymmetric_moments(n, size, left, right):
    """Dense and state by state."""
    states = list(itertools.product(range(size + 1), repeat=n))
    G = np.zeros((len(states), len(states)))
    for state in states:
        x = [left, *(k / size for k in state), right]
        for b, (step, rate) in itertools.product(
            range(n + 1), ((1, lambda a, c: 1.5 * a * (1 - c) ** 2), (-1, lambda a, c: c * (1 - a) ** 2))
        ):
            goal = tuple(np.array(state) + step * bond_vectors(n)[b].astype(int))
            if goal in states:
                G[states.index(goal), states.index(state)] += rate(x[b], x[b + 1])
                G[states.index(state), states.index(state)] -= rate(x[b], x[b + 1])
    P = np.linalg.lstsq(np.vstack([G, np.ones(len(states))]), np.r_[np.zeros(len(states)), 1.0], rcond=None)[0]
    values = np.array(states) - P @ np.array(states)
    return P @ np.array(states), values.T @ np.diag(P) @ values


@given(left=densities, right=densities, sites=st.integers(1, 6))
def test_which_box_leads(left, right, sites):
    """The slope of C12(t) - C21(t) at t = 0 is -J(1 - ρ0 - ρ3) for exclusion, exactly: above half full holes lead."""
    process = partial_exclusion(sites=sites, left=left, right=right)
    found, G = stationary(process), process.generator()
    n = np.indices(found.probability.shape).reshape(2, -1)
    drift = np.stack([one @ G for one in n.astype(float)])
    slope = drift @ (found.probability.reshape(-1)[:, None] * (n.T - found.mean))
    J = (left - right) / 3
    assert slope[0, 1] - slope[1, 0] == pytest.approx(-J * (1 - left - right), abs=1e-12)


@given(left=densities, right=densities)
def test_particles_and_holes(left, right):
    """Empty for taken and left for right: the same boxes, mirrored."""
    P = stationary(partial_exclusion(sites=[3, 5], rate=[1.0, 2.0, 0.7], left=left, right=right)).probability
    holes = stationary(
        partial_exclusion(sites=[3, 5], rate=[1.0, 2.0, 0.7], left=1 - left, right=1 - right)
    ).probability
    np.testing.assert_allclose(P, holes[::-1, ::-1], atol=1e-13)
    mirrored = stationary(partial_exclusion(sites=[5, 3], rate=[0.7, 2.0, 1.0], left=right, right=left)).probability
    np.testing.assert_allclose(P, mirrored.T, atol=1e-13)


def test_lumps_of_two_come_in_and_singles_go_out():
    """Linear rates: mean 2a, variance 3a; what passes is that of pairs arriving at random, λ(s) = a(e^{2s} - 1)."""
    a = 0.8

    def never(x_i, x_j):
        return 0 * x_i

    def arrive(x_i, x_j):
        return a + 0 * x_j

    process = JumpProcess(
        [Jump(arrive, never, lump=2), Jump(lambda x_i, x_j: x_i, never)], sizes=1, highest=40, left=1, right=0, n=1
    )
    found = stationary(process)
    assert [found.mean[0], found.covariance[0, 0]] == pytest.approx([2 * a, 3 * a], rel=1e-10)
    np.testing.assert_allclose(current_cumulants(process), a * 2.0 ** np.arange(1, 5), rtol=1e-9)
    np.testing.assert_allclose(cumulant_generating_function(process, [-1.0, 0.4]), a * np.expm1([-2.0, 0.8]), rtol=1e-9)


# The current.


@given(left=densities, right=densities, s=fields, sites=st.integers(1, 8))
def test_one_box_does_not_know_its_size(left, right, s, sites):
    found = cumulant_generating_function(partial_exclusion(sites=sites, n=1, left=left, right=right), s)
    assert found == pytest.approx(np.sqrt(1 + omega(s, left, right)) - 1, abs=1e-11 * np.exp(abs(s)))


@given(left=densities, right=densities, s=fields)
def test_two_boxes_of_one_place(left, right, s):
    found = cumulant_generating_function(partial_exclusion(left=left, right=right), s)
    w = omega(s, left, right)
    assert found * (found + 2) * (found + 3) == pytest.approx(2 * w, abs=1e-10 * np.exp(abs(s)))


@pytest.mark.parametrize("N", [1, 2, 5, 30])
def test_current_of_exclusion_to_second_order(N):
    """λ = ω/3 - ω²(8N - 3)/(27(3N - 1)) + O(ω³): its curvature in ω, by a fourth-order difference around zero."""
    w, process = 0.02 * np.array([-2.0, -1.0, 1.0, 2.0]), partial_exclusion(sites=N, left=1.0, right=0.0)
    values = cumulant_generating_function(process, np.log1p(w))
    slope = np.array([1, -8, 8, -1]) @ values / (12 * 0.02)
    curvature = np.array([-1, 16, 16, -1]) @ values / (12 * 0.02**2)
    assert slope == pytest.approx(1 / 3, abs=1e-6)
    assert curvature / 2 == pytest.approx(-(8 * N - 3) / (27 * (3 * N - 1)), abs=1e-5)


@given(left=densities, right=densities, N=st.integers(1, 12))
def test_noise_of_the_current_of_exclusion(left, right, N):
    J, S = current_cumulants(partial_exclusion(sites=N, left=left, right=right), orders=2)
    total, D = left + right, left - right
    closed = (27 * total - 2 * (8 * left**2 + 11 * left * right + 8 * right**2)) / 81 + 2 * D**2 / (81 * (3 * N - 1))
    assert [J, S] == pytest.approx([D / 3, closed], abs=1e-13)


@pytest.mark.parametrize(("n", "sites"), [(1, 4), (2, 5), (3, 2), (5, 1)])
def test_snapshots_of_the_boxes_know_the_noise_of_the_current(n, sites):
    """S = 2 Tr C/(N n(n + 1)), exactly."""
    process = partial_exclusion(sites=sites, n=n, left=0.95, right=0.3)
    S = current_cumulants(process, orders=2)[1]
    assert S == pytest.approx(2 * np.trace(stationary(process).covariance) / (sites * n * (n + 1)), rel=1e-12)


def test_third_and_fourth_cumulant_of_two_boxes_of_one_place():
    """From the series of λ in λ(λ + 2)(λ + 3) = 2ω at a full and an empty bath, ω = e^s - 1."""
    import sympy

    s = sympy.Symbol("s")
    w = sum(s**k / sympy.factorial(k) for k in range(1, 5))
    series = sympy.Integer(0)
    for _ in range(4):
        series = sympy.series(sympy.expand((2 * w - series**3 - 5 * series**2) / 6), s, 0, 5).removeO()
    expected = [float(series.coeff(s, k) * sympy.factorial(k)) for k in range(1, 5)]
    np.testing.assert_allclose(current_cumulants(partial_exclusion(left=1.0, right=0.0)), expected, rtol=1e-12)


def test_third_cumulant_for_large_boxes():
    """Δ/3 - (16/27) Δσ + (224/729) Δ³, σ = ρ0 + ρ3 - 2ρ0ρ3, for N → ∞; the correction is of order 1/N."""
    left, right = 0.8, 0.1
    D, sigma = left - right, left + right - 2 * left * right
    limit = D / 3 - 16 / 27 * D * sigma + 224 / 729 * D**3
    third = [current_cumulants(partial_exclusion(sites=N, left=left, right=right), orders=3)[2] for N in (20, 40)]
    assert 2 * third[1] - third[0] == pytest.approx(limit, abs=2e-5)
    assert abs(third[1] - limit) < 0.6 * abs(third[0] - limit)


@given(s=fields, k=contacts, u=st.sampled_from([straight, crowded]))
@settings(max_examples=10)
def test_current_of_zero_range_is_the_difference_of_two_poissons(s, k, u):
    left, right, s = 0.5, 0.2, 0.5 * s
    process = zero_range(u, rate=k, left=left, right=right)
    resistance = sum(1 / rate for rate in k)
    exact_form = (u(left) * np.expm1(s) + u(right) * np.expm1(-s)) / resistance
    assert cumulant_generating_function(process, s, tolerance=1e-6) == pytest.approx(exact_form, abs=1e-7)
    signs = np.array([-1, 1, -1, 1])
    np.testing.assert_allclose(current_cumulants(process), (u(left) + signs * u(right)) / resistance, rtol=1e-6)


@given(s=st.floats(-1.5, 0.5), k=contacts)
@settings(max_examples=10)
def test_exchange_symmetry(s, k):
    """λ(s) = λ(-s - (β3 - β0)) at any size, for laws that are reversible between equal baths."""
    for process in (
        partial_exclusion(sites=[2, 3], rate=k, left=0.7, right=0.4),
        inclusion(shape=1.0, rate=k, left=0.3, right=0.2),
        misanthrope(straight, falling, rate=k, left=0.5, right=0.3),
    ):
        beta = (process.variable or DENSITY).conjugate
        other = -s - (beta(process.right) - beta(process.left))
        pair = cumulant_generating_function(process, [s, other], tolerance=1e-6)
        assert pair[0] == pytest.approx(pair[1], abs=1e-7 * max(k))


@pytest.mark.parametrize("make", [shared_quanta, inclusion])
def test_cumulants_are_the_derivatives_of_the_generating_function(make):
    process, h = make(left=0.3, right=0.1), 0.05
    values = cumulant_generating_function(process, h * np.arange(-3, 4), tolerance=1e-7)
    # Seven points fix six derivatives but for terms of order h⁴ and more.
    powers = np.vander(h * np.arange(-3, 4), 7, increasing=True)
    derivatives = np.linalg.solve(powers, values)[1:5] * [1, 2, 6, 24]
    for found, expected, tolerance in zip(current_cumulants(process), derivatives, (1e-6, 1e-5, 1e-3, 1e-2)):
        assert found == pytest.approx(expected, rel=tolerance)
    assert values[3] == pytest.approx(0, abs=1e-13)


def test_current_of_large_boxes_is_well_conditioned():
    """λ at N = 50 and 100 extrapolates to 3 sinh²(arsinh(√ω)/3), to more digits than a badly conditioned solve has."""
    s = 1.0
    small, large = (cumulant_generating_function(partial_exclusion(sites=N, left=0.9, right=0.2), s) for N in (50, 100))
    limit = 3 * np.sinh(np.arcsinh(np.sqrt(omega(s, 0.9, 0.2))) / 3) ** 2
    assert 2 * large - small == pytest.approx(limit, abs=1e-6)


@pytest.mark.parametrize("k", [[1.0, 1.0], [2.0, 0.5, 1.0], [0.3, 1.0, 1.0]])
def test_current_through_unequal_contacts_for_large_boxes(k):
    """λ = Σ k sinh² u with k sinh 2u the same on every contact and Σ u = arsinh √ω, for N → ∞ and ω > 0."""
    left, right, s = 0.9, 0.2, 0.7
    total = np.arcsinh(np.sqrt(omega(s, left, right)))
    shared = brentq(lambda c: np.sum(np.arcsinh(c / np.array(k))) / 2 - total, 0.0, 100.0, xtol=1e-14)
    limit = np.sum(np.array(k) * np.sinh(np.arcsinh(shared / np.array(k)) / 2) ** 2)
    sizes = [12, 24, 48]
    processes = [partial_exclusion(sites=N, rate=k, left=left, right=right, n=len(k) - 1) for N in sizes]
    values = [float(cumulant_generating_function(process, s)) for process in processes]
    once = [2 * values[1] - values[0], 2 * values[2] - values[1]]
    assert (4 * once[1] - once[0]) / 3 == pytest.approx(limit, abs=2e-8)
    if len(k) > 2:
        assert abs(values[2] - limit) > 1e-6


def test_everything_pickles():
    found = stationary(shared_quanta(left=0.2, right=0.1))
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.probability, found.probability)
    np.testing.assert_array_equal(again.covariance, found.covariance)


# Refusals.

GOOD = {"left": 0.9, "right": 0.2}
EXCLUSION = partial_exclusion(sites=2, **GOOD)


@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_bad_numbers_are_named(bad):
    refuses(lambda: stationary(EXCLUSION, limit=bad), "limit")
    refuses(lambda: stationary(EXCLUSION, tolerance=bad), "tolerance")
    refuses(lambda: current_cumulants(EXCLUSION, orders=bad), "orders")
    if bad != -1.0:
        refuses(lambda: cumulant_generating_function(EXCLUSION, bad), "s must")
    refuses(lambda: Distribution([bad, 1.0]), "probability")


def test_wrong_kinds_and_shapes_are_named():
    for call in (stationary, current_cumulants, partial(cumulant_generating_function, s=1.0)):
        refuses(lambda call=call: call("exclusion"), "process must be a JumpProcess")
    refuses(lambda: Distribution([0.4, 0.4]), "add up to 1")


def test_chains_without_one_stationary_state_are_refused():
    for density in (0.0, 1.0):
        refuses(
            lambda x=density: stationary(partial_exclusion(sites=3, left=x, right=x)), "something must move", "stops"
        )

    def pairs(x_i, x_j):
        return (x_i > 0) * (x_j < 1) * (3 * x_i >= 1.9)

    # Pairs only: whether a box holds an even or an odd number never changes.
    process = JumpProcess(Jump(pairs, lambda x_i, x_j: pairs(x_j, x_i), lump=2), sizes=3, left=0.7, right=0.7, n=1)
    refuses(lambda: stationary(process), "reducible", "2 stationary states")


def test_too_many_states_and_too_low_a_cut_off_are_refused():
    refuses(lambda: stationary(partial_exclusion(sites=300, **GOOD)), "limit", "90601")
    refuses(lambda: stationary(partial_exclusion(n=100, **GOOD)), "limit", str(2**100))
    low = inclusion(shape=2.0, left=0.6, right=0.1, highest=5)
    refuses(lambda: stationary(low), "highest must be larger", "fraction", "tolerance 1e-09")
    assert 1e-9 < stationary(low, tolerance=0.1).neglected < 0.1
    # A field that drives the boxes to the cut-off is refused where the stationary state is not.
    refuses(
        lambda: cumulant_generating_function(inclusion(left=0.3, right=0.1, highest=20), 1.3), "highest must be larger"
    )
