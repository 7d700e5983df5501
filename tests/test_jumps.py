"""Jump processes: stationary states, statistics of the current and simulations, each against laws found by another route."""

import itertools
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.optimize import brentq
from scipy.special import gammaln

from tests.systems import densities
from tests.test_exact import occupation, stationary_moments
from twobox import Chain, bond_vectors, exact, exclusion
from twobox.finite import jumps
from twobox.finite.jumps import (
    Distribution,
    Jump,
    JumpProcess,
    cumulant_generating_function,
    current_cumulants,
    inclusion,
    independent_walkers,
    jump_chain,
    misanthrope,
    partial_exclusion,
    record,
    ring_bonds,
    shared_quanta,
    stationary,
    zero_range,
)

# As in test_simulate: a few numbers a test and fixed seeds, so never by chance.
SIGMAS = 4.5
fields = st.floats(-2.0, 2.0)
contacts = st.lists(st.floats(0.2, 5.0), min_size=3, max_size=3)


def omega(s, left, right):
    """The one combination of baths and counting field that the current of exclusion depends on."""
    return left * (1 - right) * np.expm1(s) + right * (1 - left) * np.expm1(-s)


def occupied(x):
    return np.minimum(x, 1.0)


def crowded(x):
    return np.sqrt(x) + x**2


def falling(x):
    return np.exp(-x)


def rising(x):
    return 1 + x / 2


def saturating(x):
    return 1 + x / (1 + x)


def straight(x):
    return x


def assert_within_errors(found, expected, error):
    np.testing.assert_array_less(np.abs(found - expected), SIGMAS * error + 1e-300)


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


def test_inclusion_process():
    m, left, right = 2.0, 0.6, 0.1
    process = inclusion(shape=m, left=left, right=right)
    found = stationary(process)
    assert found.covariance[0, 1] == pytest.approx(
        exact.inclusion_correlation(shape=m, left=left, right=right), rel=1e-10
    )
    assert found.neglected < 1e-12
    mean, C = stationary_moments(
        lambda a, b, a_bath, b_bath: occupation(a, a_bath, m) * (1 + occupation(b, b_bath, m)), 2, 30, left, right
    )
    np.testing.assert_allclose(found.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(found.covariance, C, rtol=1e-5)


@settings(max_examples=15)
@given(
    u=st.sampled_from([occupied, crowded, straight, np.sqrt]),
    k=contacts,
    left=st.floats(0.05, 0.6),
    n=st.integers(1, 2),
)
def test_zero_range_boxes_are_strangers(u, k, left, n):
    """A product of one-box distributions with the harmonic activities, for any u, contacts and drive."""
    right, k = 0.3, k[: n + 1]
    found = stationary(zero_range(u, rate=k, left=left, right=right, n=n))
    resistance = np.cumsum(1 / np.array(k))
    z = u(left) + (u(right) - u(left)) * resistance[:-1] / resistance[-1]
    expected = np.ones(())
    for activity, top in zip(z, found.probability.shape):
        weight = np.cumprod(np.r_[1.0, activity / u(np.arange(1.0, top))])
        expected = np.multiply.outer(expected, weight / weight.sum())
    np.testing.assert_allclose(found.probability, expected, rtol=1e-8, atol=1e-12)


def test_walkers_are_poisson():
    process = independent_walkers(sizes=[2.0, 3.0], left=1.5, right=0.5, rate=[1.0, 2.0, 3.0])
    found = stationary(process)
    np.testing.assert_allclose(found.covariance, np.diag(found.mean), atol=1e-10)
    cumulants = np.zeros((2, 2, 2))
    cumulants[[0, 1], [0, 1], [0, 1]] = found.mean
    np.testing.assert_allclose(found.third_cumulants, cumulants, atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "left", "right"), [(1.0, 0.6, 0.1), (0.5, 0.8, 0.3), (3.0, 0.1, 0.5), (9.0, 0.3, 0.1)]
)
def test_shared_quanta_have_the_correlation_of_shared_energy(shape, left, right):
    """The continuous model's C12 with densities for temperatures: powers become factorial powers. Negative for m > 7.5."""
    m = shape
    found = stationary(shared_quanta(shape=m, left=left, right=right))
    closed = -(m**2) * (left - right) ** 2 * (m**2 - 7 * m - 4) / (18 * (13 * m**2 + 11 * m + 2))
    assert found.covariance[0, 1] == pytest.approx(closed, rel=1e-7)
    np.testing.assert_allclose(found.mean, m * np.array([2 * left + right, left + 2 * right]) / 3, rtol=1e-9)


@pytest.mark.parametrize("make", [inclusion, shared_quanta])
def test_equal_baths_make_negative_binomial_boxes(make):
    """Eq. (1) at any size: two rules of exchange, one equilibrium."""
    m, x = 1.5, 0.4
    found = stationary(make(shape=m, left=x, right=x)).probability
    n = np.arange(len(found))
    one = np.exp(gammaln(n + m) - gammaln(n + 1) - gammaln(m)) * (x / (1 + x)) ** n / (1 + x) ** m
    np.testing.assert_allclose(found, np.outer(one, one), atol=1e-12)


@given(
    x=st.floats(0.1, 0.8), u=st.sampled_from([occupied, crowded, straight]), v=st.sampled_from([falling, saturating])
)
@settings(max_examples=10)
def test_equal_baths_make_independent_boxes_for_any_misanthrope(x, u, v):
    P = stationary(misanthrope(u, v, left=x, right=x)).probability
    np.testing.assert_allclose(P, np.outer(P.sum(axis=1), P.sum(axis=0)), atol=1e-12)


def test_what_the_target_holds_decides_the_sign():
    """v falling: C12 < 0, in the target process and with u = x; v rising log-convexly: C12 > 0."""
    assert stationary(misanthrope(occupied, falling, left=0.9, right=0.2)).covariance[0, 1] < -1e-3
    assert stationary(misanthrope(straight, falling, left=1.5, right=0.5)).covariance[0, 1] < -1e-3
    assert stationary(misanthrope(straight, rising, left=1.5, right=0.5)).covariance[0, 1] > 1e-3


def test_saturating_attraction_turns_the_sign_with_density():
    """(ln v)'' as a function of ln(u/v) changes its sign at 1/√2, although v rises throughout."""
    C12 = [
        stationary(misanthrope(straight, saturating, sizes=20.0, left=x + 0.1, right=x - 0.1)).covariance[0, 1]
        for x in (0.4, 1.2)
    ]
    assert C12[0] > 0 > C12[1]


@given(left=densities, right=densities, sites=st.integers(1, 6))
def test_which_box_leads(left, right, sites):
    """The slope of C12(t) - C21(t) at t = 0 is -J(1 - ρ0 - ρ3) for exclusion, exactly: above half filling holes lead."""
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


@pytest.mark.parametrize(
    ("make", "left", "right"),
    [
        (partial(partial_exclusion, rate=[1.0, 2.0, 0.5]), 0.9, 0.2),
        (lambda sites, **baths: independent_walkers(sizes=sites, **baths), 0.5, 0.2),
        (lambda sites, **baths: inclusion(shape=sites, **baths), 0.3, 0.1),
        (lambda sites, **baths: misanthrope(straight, falling, sizes=sites, **baths), 0.5, 0.2),
    ],
    ids=["exclusion", "walkers", "inclusion", "misanthrope"],
)
def test_white_noise_is_the_limit_of_large_boxes(make, left, right):
    """C/N of the jumps tends to that of eqs. (2) and (3) with the same law, as 1/N and then 1/N²."""
    sizes = (12, 24, 48)
    C = [stationary(make(sites=N, left=left, right=right)).covariance / N for N in sizes]
    once = [2 * C[1] - C[0], 2 * C[2] - C[1]]
    limit = (4 * once[1] - once[0]) / 3
    expected = make(sites=1, left=left, right=right).to_chain().steady_state().covariance
    # The term of order 1/N³ is left.
    np.testing.assert_allclose(limit, expected, atol=5e-5 * expected[0, 0])


def test_white_noise_of_exclusion_is_the_named_system():
    steady = partial_exclusion(sites=[10, 20], rate=[1.0, 2.0, 3.0], left=0.9, right=0.2).to_chain().steady_state()
    named = Chain(exclusion(sites=[10, 20], rate=[1.0, 2.0, 3.0]), left=0.9, right=0.2).steady_state()
    np.testing.assert_allclose(steady.covariance, named.covariance, rtol=1e-13)


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
        beta = (process.variable or jumps.DENSITY).conjugate
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


# Simulations.


@pytest.mark.parametrize(
    ("process", "duration", "options"),
    [
        (partial_exclusion(sites=20, left=0.9, right=0.2), 150, {}),
        (partial_exclusion(sites=6, left=1.0, right=0.0, n=1), 150, {}),
        (partial_exclusion(sites=[4, 6], rate=[0.5, 2.0, 1.0], left=0.1, right=0.8), 100, {}),
        (partial_exclusion(sites=2, left=0.9, right=0.2, n=4), 150, {}),
        (inclusion(shape=2.0, left=0.2, right=0.1), 30, {"warm_up": 10.0}),
        (zero_range(occupied, left=0.5, right=0.1), 100, {"warm_up": 40.0}),
        (shared_quanta(left=0.5, right=0.1), 20, {"warm_up": 10.0}),
    ],
    ids=["exclusion", "one box", "unlike boxes and bonds", "four boxes", "inclusion", "zero range", "lumps"],
)
def test_simulations_have_the_exact_moments(process, duration, options):
    expected, J = stationary(process), current_cumulants(process, orders=1)[0]
    for run in (
        jump_chain(process, jumps=600, trajectories=800, seed=5, **options),
        ring_bonds(process, duration=duration, trajectories=500, seed=6, **options),
    ):
        assert_within_errors(run.mean, expected.mean, run.mean_error)
        assert_within_errors(run.covariance, expected.covariance, run.covariance_error)
        assert_within_errors(run.currents, J, run.currents_error)
        assert np.all(run.covariance_error < 0.1 * np.abs(expected.covariance).max())


def test_a_chain_of_one_box_that_alternates_is_seen_in_both_phases():
    """One box gains or loses a particle at every jump: the chain of jumps has period two."""
    process = partial_exclusion(sites=1, left=0.7, right=0.1, n=1)
    for jumps_asked in (1, 4, 7):
        run = jump_chain(process, jumps=jumps_asked, trajectories=2000, seed=2)
        assert_within_errors(run.mean, 0.4, run.mean_error + 1e-12)


def test_hops_in_one_direction_only_have_period_three():
    def up(x_i, x_j):
        return x_i * (1 - x_j)

    def never(x_i, x_j):
        return 0 * x_i * x_j

    process = JumpProcess(Jump(up, never), sizes=1, left=0.8, right=0.3)
    expected = stationary(process)
    run = jump_chain(process, jumps=10, trajectories=4000, seed=3, warm_up=30.0)
    assert_within_errors(run.mean, expected.mean, run.mean_error)
    assert_within_errors(run.covariance, expected.covariance, run.covariance_error)


def test_ten_boxes_have_the_long_range_correlation():
    n, sites, left, right = 10, 1, 1.0, 0.0
    run = ring_bonds(
        partial_exclusion(sites=sites, n=n, left=left, right=right), duration=300, trajectories=400, seed=4
    )
    i, j = np.triu_indices(n, 1)
    closed = exact.partial_exclusion_chain_correlation(i + 1, j + 1, n=n, sites=sites, left=left, right=right)
    assert_within_errors(run.covariance[i, j], closed, run.covariance_error[i, j])
    # Seen, and not only compatible: their sum over all pairs is many standard errors of a single one away from zero.
    assert run.covariance[i, j].sum() < -10 * run.covariance_error[i, j].mean()


def test_error_bars_are_honest():
    """Over 40 seeds the deviations from the exact moments, in standard errors, have mean square one and mean zero."""
    process = partial_exclusion(sites=8, left=0.9, right=0.2)
    expected, scores = stationary(process), []
    for seed in range(40):
        for run in (
            jump_chain(process, jumps=60, trajectories=150, seed=seed),
            ring_bonds(process, duration=40, trajectories=150, seed=seed),
        ):
            scores.append(
                [
                    (run.mean[0] - expected.mean[0]) / run.mean_error[0],
                    (run.covariance[0, 0] - expected.covariance[0, 0]) / run.covariance_error[0, 0],
                    (run.covariance[0, 1] - expected.covariance[0, 1]) / run.covariance_error[0, 1],
                    (run.currents[1] - 0.7 / 3) / run.currents_error[1],
                ]
            )
    # Chi-squared with 80 degrees of freedom over 80: standard deviation √(2/80) = 0.16.
    mean_square = np.mean(np.square(scores), axis=0)
    assert np.all((mean_square > 1 - 0.6) & (mean_square < 1 + 0.65))
    assert np.all(np.abs(np.mean(scores, axis=0)) < SIGMAS / np.sqrt(80))


def test_two_times_decay_with_the_modes():
    """C(t) = e^{Rt} C at any size for exclusion: R = (γ/N)[[-2, 1], [1, -2]]."""
    N, times = 6, np.array([0.0, 1.0, 3.0, 8.0])
    process = partial_exclusion(sites=N, left=0.9, right=0.2)
    seen = record(process, times=times, trajectories=6000, seed=8)
    C, error = seen.two_time_covariance()
    R = np.array([[-2.0, 1.0], [1.0, -2.0]]) / N
    expected = [expm(R * t) @ stationary(process).covariance for t in times]
    assert_within_errors(C, np.array(expected), error)


def test_transfers_have_the_exact_variance():
    """Middle contact: b t + ((a + c - 8b)/9)(t - (1 - e^{-3t})/3), time in N/γ and a, b, c the mean noise of the bonds."""
    N, left, right = 4, 0.9, 0.3
    process = partial_exclusion(sites=N, left=left, right=right)
    t = np.array([0.25, 1.0, 4.0])
    seen = record(process, times=t * N, trajectories=6000, seed=9)
    x, C12 = [left, *(stationary(process).mean / N), right], stationary(process).covariance[0, 1]
    a, b, c = (x[i] * (1 - x[i + 1]) + x[i + 1] * (1 - x[i]) for i in range(3))
    b -= 2 * C12 / N**2
    expected = N * (b * t + (a + c - 8 * b) / 9 * (t - (1 - np.exp(-3 * t)) / 3))
    variance, error = seen.transfer_variance()
    assert_within_errors(variance[:, 1], expected, error[:, 1])
    mean, mean_error = seen.transfer_mean()
    assert_within_errors(mean, ((left - right) / 3 * t * N)[:, None], mean_error)


def test_nothing_is_lost_on_the_way():
    process = shared_quanta(left=0.5, right=0.1, n=3)
    seen = record(process, times=[0.0, 0.5, 5.0], trajectories=50, seed=1, start=[2, 0, 1])
    gained = seen.transferred[..., :-1] - seen.transferred[..., 1:]
    np.testing.assert_array_equal(seen.contents, gained + np.array([2, 0, 1]))
    np.testing.assert_array_equal(seen.contents[0], np.broadcast_to([2, 0, 1], (50, 3)))


def test_filling_up_makes_correlation_as_the_cube_of_time():
    """From empty boxes C12(t) = -N Δ² f(t) for N → ∞, the same f for any equal start; here against e^{Gt} at finite N."""
    N = 3
    process = partial_exclusion(sites=N, left=1.0, right=0.0)
    t = 2.0
    P = expm(process.generator().toarray() * t)[:, 0].reshape(N + 1, N + 1)
    seen = record(process, times=[t], trajectories=8000, seed=3, start=[0, 0])
    expected = Distribution(P)
    assert_within_errors(seen.contents[0].mean(axis=0), expected.mean, np.sqrt(np.diag(expected.covariance) / 8000))
    C, error = seen.two_time_covariance()
    assert_within_errors(C[0], expected.covariance, error[0])


@pytest.mark.parametrize(
    "call",
    [
        partial(jump_chain, jumps=30, warm_up=5.0),
        partial(ring_bonds, duration=5.0, warm_up=5.0),
        partial(record, times=[1.0, 2.0], warm_up=5.0),
    ],
    ids=["jump chain", "ring", "record"],
)
def test_same_seed_same_bytes_on_any_number_of_workers(call, monkeypatch):
    monkeypatch.setattr(jumps, "_SHARE", 40)
    process = partial_exclusion(sites=4, left=0.9, right=0.2)
    one, again, other = (call(process, trajectories=100, seed=seed) for seed in (1, 1, 2))
    with ThreadPoolExecutor(3) as pool:
        spread = call(process, trajectories=100, seed=1, executor=pool)
    for name, value in vars(one).items():
        assert value.tobytes() == getattr(again, name).tobytes() == getattr(spread, name).tobytes()
        assert not value.flags.writeable
    last = list(vars(one))[-1]
    assert np.any(getattr(one, last) != getattr(other, last))


def test_everything_pickles():
    for process in (
        partial_exclusion(sites=3, left=0.9, right=0.2),
        inclusion(left=0.3, right=0.2),
        independent_walkers(left=0.3, right=0.2),
        zero_range(occupied, left=0.3, right=0.2),
        misanthrope(straight, falling, left=0.3, right=0.2),
        shared_quanta(left=0.2, right=0.1),
    ):
        again = pickle.loads(pickle.dumps(process))
        assert again == process
        for value in (stationary(process), jumps._Bells.of(process)):
            pickle.loads(pickle.dumps(value))
        np.testing.assert_array_equal(stationary(again).probability, stationary(process).probability)
    run = jump_chain(partial_exclusion(left=0.9, right=0.2), jumps=5, trajectories=5, seed=1)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(run)).covariance, run.covariance)


def test_alias_tables_keep_the_probabilities():
    rng = np.random.default_rng(1)
    probability = rng.dirichlet(np.full(8, 0.3), size=200)
    probability[:, 5] = 0
    probability /= probability.sum(axis=1, keepdims=True)
    own, other = jumps._alias(probability)
    total = own / 8
    np.add.at(total, (np.arange(200)[:, None], other), (1 - own) / 8)
    np.testing.assert_allclose(total, probability, atol=1e-15)
    assert np.all(total[:, 5] == 0)


# Refusals.

GOOD = {"left": 0.9, "right": 0.2}
EXCLUSION = partial_exclusion(sites=2, **GOOD)
BAD_NUMBERS = [np.nan, np.inf, -1.0, "one", None]


def refuses(call, *words):
    with pytest.raises(ValueError) as caught:
        call()
    for word in words:
        assert word in str(caught.value), f"{word!r} not in {str(caught.value)!r}"


@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_bad_numbers_are_named(bad):
    refuses(lambda: partial_exclusion(left=bad, right=0.2), "left")
    refuses(lambda: partial_exclusion(left=0.2, right=bad), "right")
    refuses(lambda: partial_exclusion(sites=bad, **GOOD), "sites")
    refuses(lambda: partial_exclusion(rate=bad, **GOOD), "rate")
    refuses(lambda: partial_exclusion(n=bad, **GOOD), "n must")
    refuses(lambda: inclusion(shape=bad, **GOOD), "shape")
    refuses(lambda: independent_walkers(sizes=bad, **GOOD), "sizes")
    refuses(lambda: shared_quanta(shape=bad, **GOOD), "shape")
    refuses(lambda: shared_quanta(left=bad, right=0.1), "left")
    refuses(lambda: stationary(EXCLUSION, limit=bad), "limit")
    refuses(lambda: stationary(EXCLUSION, tolerance=bad), "tolerance")
    refuses(lambda: current_cumulants(EXCLUSION, orders=bad), "orders")
    if bad != -1.0:
        refuses(lambda: cumulant_generating_function(EXCLUSION, bad), "s must")
    if bad is not None:
        refuses(lambda: inclusion(highest=bad, **GOOD), "highest")
        refuses(lambda: ring_bonds(EXCLUSION, duration=1, trajectories=4, seed=1, warm_up=bad), "warm_up")
        refuses(lambda: record(EXCLUSION, times=[1.0], trajectories=4, seed=1, start=[bad, 0]), "start")
    refuses(lambda: jump_chain(EXCLUSION, jumps=bad, trajectories=4, seed=1), "jumps")
    refuses(lambda: jump_chain(EXCLUSION, jumps=4, trajectories=bad, seed=1), "trajectories")
    refuses(lambda: jump_chain(EXCLUSION, jumps=4, trajectories=4, seed=bad), "seed")
    refuses(lambda: ring_bonds(EXCLUSION, duration=bad, trajectories=4, seed=1), "duration")
    refuses(lambda: record(EXCLUSION, times=[bad], trajectories=4, seed=1), "times")
    refuses(lambda: Distribution([bad, 1.0]), "probability")


def test_wrong_kinds_and_shapes_are_named():
    refuses(lambda: Jump(1.0, straight), "up must be a function", "1.0")
    refuses(lambda: Jump(straight, None), "down must be a function")
    refuses(lambda: Jump(straight, straight, lump=0), "lump")
    refuses(lambda: zero_range(3.0, **GOOD), "u must be a function")
    refuses(lambda: misanthrope(straight, "v", **GOOD), "v must be a function")
    refuses(lambda: zero_range(lambda x: 1 if x > 0 else 0, **GOOD), "zero range: u must", "array of densities")
    refuses(lambda: misanthrope(straight, lambda x: np.nan * x, **GOOD), "misanthrope: v must", "nan")
    refuses(lambda: stationary(zero_range(lambda x: 1 + x, **GOOD)), "zero range: down of bond 0", "must be 0 where")
    refuses(lambda: JumpProcess(straight, sizes=2, **GOOD), "jumps must be a Jump")
    refuses(lambda: JumpProcess([EXCLUSION.bonds[0]] * 2, sizes=2, **GOOD), "jumps", "3 bonds", "got 2")
    refuses(lambda: JumpProcess([(), (), ()], sizes=2, **GOOD), "at least one Jump")
    refuses(lambda: JumpProcess(EXCLUSION.bonds[0][0], sizes=2.5, **GOOD), "highest", "whole")
    refuses(lambda: JumpProcess(EXCLUSION.bonds[0][0], sizes=2, variable="density", **GOOD), "variable")
    refuses(lambda: partial_exclusion(sites=[1, 2, 3], **GOOD), "sites", "2 boxes", "got 3")
    refuses(lambda: partial_exclusion(left=1.1, right=0.0), "left", "<= 1", "1.1")
    for call in (stationary, current_cumulants, partial(cumulant_generating_function, s=1.0)):
        refuses(lambda call=call: call("exclusion"), "process must be a JumpProcess")
    refuses(lambda: record(EXCLUSION, times=[2.0, 1.0], trajectories=4, seed=1), "times must be a rising list")
    refuses(lambda: record(EXCLUSION, times=1.0, trajectories=4, seed=1), "times must be a rising list")
    refuses(lambda: record(EXCLUSION, times=[1.0], trajectories=4, seed=1, start=[3, 0]), "start", "[2, 2]")
    refuses(lambda: record(EXCLUSION, times=[1.0], trajectories=4, seed=1, start=[0]), "start", "shape")
    refuses(lambda: Distribution([0.4, 0.4]), "add up to 1")


def own(up, down=lambda x_i, x_j: x_j * (1 - x_i), **options):
    return stationary(JumpProcess(Jump(up, down), sizes=3, name="mine", **(GOOD | options)))


def test_a_bad_law_is_named_with_its_bond():
    refuses(lambda: own(lambda x_i, x_j: x_i - x_j), "mine", "up of bond 0", ">= 0", "densities")
    refuses(lambda: own(lambda x_i, x_j: x_i * np.sqrt(0.5 - x_j)), "mine", "up of bond 0", "nan")
    refuses(lambda: own(lambda x_i, x_j: np.ones(7)), "mine", "up of bond 0", "shape (1, 4)")
    refuses(lambda: own(lambda x_i, x_j: "fast"), "mine", "up of bond 0")
    refuses(lambda: own(lambda x_i, x_j: 1 - x_j + 0 * x_i), "mine", "up of bond 1", "holds less than the lump of 1")
    good = EXCLUSION.bonds[0][0]
    bad = Jump(lambda x_i, x_j: x_i, lambda x_i, x_j: -1.0)
    refuses(lambda: stationary(JumpProcess([good, good, bad], sizes=2, **GOOD)), "down of bond 2", "-1")


def test_chains_without_one_stationary_state_are_refused():
    for density in (0.0, 1.0):
        refuses(
            lambda x=density: stationary(partial_exclusion(sites=3, left=x, right=x)), "something must move", "stops"
        )
    refuses(
        lambda: jump_chain(partial_exclusion(left=0.0, right=0.0), jumps=9, trajectories=9, seed=1, warm_up=1.0), "move"
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
    refuses(lambda: ring_bonds(low, duration=20.0, trajectories=100, seed=1), "highest must be larger")
    refuses(lambda: jump_chain(low, jumps=200, trajectories=100, seed=1), "highest must be larger")
    refuses(lambda: zero_range(occupied, left=1.0, right=0.5), "highest must be given", "without end")
    # A field that drives the boxes to the cut-off is refused where the stationary state is not.
    refuses(
        lambda: cumulant_generating_function(inclusion(left=0.3, right=0.1, highest=20), 1.3), "highest must be larger"
    )


def test_lumps_as_large_as_a_box_have_no_white_noise():
    refuses(lambda: shared_quanta(left=0.3, right=0.1).to_system(), "shared quanta", "lump must be small")
    refuses(
        lambda: ring_bonds(shared_quanta(left=0.3, right=0.1), duration=1, trajectories=4, seed=1),
        "warm_up must be given",
    )
