"""The linear A model: eqs. (8)-(10), their generalisations and the sign of the correlation."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from tests.systems import densities, rates, temperatures
from twobox import (
    DENSITY,
    Chain,
    Contact,
    System,
    constant_heat_capacity,
    exclusion,
    ideal_gas,
    kmp,
    lattice,
    linear_a,
    two_box,
)
from twobox.questions.relaxation import shares
from twobox.steady.lyapunov import solve_lyapunov

# Shares of the size of C11 nearly cancel in C12: this is their rounding.
ROUNDING = 1e-13
three_rates = st.lists(rates, min_size=3, max_size=3)


def covariance(system, left, right):
    return Chain(system, left=left, right=right).steady_state().covariance


def test_profile_of_linear_a_is_a_straight_line():
    """Eqs. (5), (8): ε_1 = (2ε_0 + ε_3)/3, ε_2 = (ε_0 + 2ε_3)/3."""
    steady = Chain(ideal_gas(), left=4.0, right=1.0).steady_state()
    np.testing.assert_allclose(steady.profile, [4, 3, 2, 1], rtol=1e-15)


@given(k=rates, c=rates, left=temperatures, right=temperatures)
def test_relaxation_matrix_of_linear_a(k, c, left, right):
    """R = (γ/N) [[-2, 1], [1, -2]], with γ/N = k/C_v."""
    R = Chain(ideal_gas(heat_capacity=c, rate=k), left=left, right=right).steady_state().relaxation_matrix
    np.testing.assert_allclose(R, k / c * np.array([[-2, 1], [1, -2]]), rtol=1e-14)


@given(B=st.lists(st.floats(0, 10), min_size=3, max_size=3), N=rates, gamma=rates)
def test_equation_9_solves_the_lyapunov_equation(B, N, gamma):
    B01, B12, B23 = B
    C11, C12, C22 = linear_a.covariance(B01, B12, B23, N=N, gamma=gamma)
    R = gamma / N * np.array([[-2.0, 1.0], [1.0, -2.0]])
    C = np.array([[C11, C12], [C12, C22]])
    Q = np.array([[B01 + B12, -B12], [-B12, B12 + B23]])
    np.testing.assert_allclose(R @ C + C @ R.T, -Q, atol=1e-13)
    np.testing.assert_allclose(solve_lyapunov(R, Q), C, rtol=1e-12, atol=1e-13 * N / gamma)


def test_equation_9_takes_symbols():
    B01, B12, B23, N, gamma = sympy.symbols("B01 B12 B23 N gamma", positive=True)
    C11, C12, C22 = linear_a.covariance(B01, B12, B23, N=N, gamma=gamma)
    R = gamma / N * sympy.Matrix([[-2, 1], [1, -2]])
    C = sympy.Matrix([[C11, C12], [C12, C22]])
    Q = sympy.Matrix([[B01 + B12, -B12], [-B12, B12 + B23]])
    assert (R * C + C * R.T + Q).applyfunc(sympy.simplify) == sympy.zeros(2, 2)


@given(left=temperatures, right=temperatures, c=rates, k=rates)
def test_ideal_gas_correlation_is_positive(left, right, c, k):
    """C12 = C_v (T_0 - T_3)²/27, whatever the rate."""
    C = covariance(ideal_gas(heat_capacity=c, rate=k), left, right)
    expected = linear_a.ideal_gas_correlation(heat_capacity=c, left=left, right=right)
    assert C[0, 1] == pytest.approx(expected, abs=ROUNDING * C.max())
    assert expected == pytest.approx(c * (left - right) ** 2 / 27, rel=1e-15)


@given(left=densities, right=densities, N=rates, k=rates)
def test_exclusion_correlation_is_negative(left, right, N, k):
    """Eq. (10): C12 = -N (ρ_0 - ρ_3)²/27."""
    C = covariance(exclusion(sites=N, rate=k), left, right)
    expected = linear_a.exclusion_correlation(sites=N, left=left, right=right)
    assert C[0, 1] == pytest.approx(expected, abs=ROUNDING * N)
    assert expected <= 0


@given(left=densities, right=densities, k=three_rates)
def test_holes_are_correlated_like_particles(left, right, k):
    """Exclusion looks the same when particles and holes change places."""
    particles, holes = covariance(exclusion(rate=k), left, right), covariance(exclusion(rate=k), 1 - left, 1 - right)
    np.testing.assert_allclose(particles, holes, atol=1e-13)


@given(left=temperatures, right=temperatures, k=three_rates, c=st.lists(rates, min_size=2, max_size=2))
def test_unequal_boxes_and_bonds_of_ideal_gas(left, right, k, c):
    C = covariance(ideal_gas(heat_capacity=c, rate=k), left, right)
    expected = linear_a.ideal_gas_correlation_unequal(*k, left=left, right=right, heat_capacities=c)
    assert expected >= 0
    # Bonds hundreds of times apart add to the rounding of the temperatures.
    assert C[0, 1] == pytest.approx(expected, abs=1e-12 * C.max())


@given(left=densities, right=densities, k=three_rates, N=st.lists(rates, min_size=2, max_size=2))
def test_unequal_boxes_and_bonds_of_exclusion(left, right, k, N):
    C = covariance(exclusion(sites=N, rate=k), left, right)
    expected = -linear_a.ideal_gas_correlation_unequal(*k, left=left, right=right, heat_capacities=N)
    assert C[0, 1] == pytest.approx(expected, abs=1e-12 * max(N))


def test_unequal_closed_form_follows_from_the_general_one():
    """By sympy, from App. B's C12 and the temperatures of eq. (5), for any conductances and heat capacities."""
    k01, k12, k23, c1, c2, T0, T3 = sympy.symbols("k01 k12 k23 c1 c2 T0 T3", positive=True)
    J = (T0 - T3) / (1 / k01 + 1 / k12 + 1 / k23)
    T1, T2 = T0 - J / k01, T3 + J / k23
    rates = k01 / c1, k12 / c1, k12 / c2, k23 / c2
    general = two_box.correlation(*rates, 2 * k01 * T0 * T1, 2 * k12 * T1 * T2, 2 * k23 * T2 * T3)
    closed = linear_a.ideal_gas_correlation_unequal(k01, k12, k23, left=T0, right=T3, heat_capacities=(c1, c2))
    assert sympy.simplify(general - closed) == 0


def test_general_closed_form_solves_the_lyapunov_equation():
    """App. B's C12, with |Tr R|, by sympy for four independent rates."""
    g1, g2, g3, g4, B01, B12, B23 = sympy.symbols("g1:5 B01 B12 B23", positive=True)
    C11, C12, C22 = sympy.symbols("C11 C12 C22")
    R, C = sympy.Matrix([[-g1 - g2, g3], [g2, -g3 - g4]]), sympy.Matrix([[C11, C12], [C12, C22]])
    Q = sympy.Matrix([[B01 + B12, -B12], [-B12, B12 + B23]])
    solved = sympy.solve(list(R * C + C * R.T + Q), [C11, C12, C22], dict=True)[0]
    assert sympy.simplify(solved[C12] - two_box.correlation(g1, g2, g3, g4, B01, B12, B23)) == 0


@given(left=temperatures, right=temperatures, n=st.integers(1, 5), k=rates)
def test_kmp_has_the_correlations_of_the_ideal_gas_and_larger_variances(left, right, n, k):
    lumps, gas = covariance(kmp(rate=k, n=n), left, right), covariance(ideal_gas(rate=k, n=n), left, right)
    # The excess noise, (4k/3) times the squared step of temperature, is the same on every bond: half of it over k.
    step = (left - right) / (n + 1)
    np.testing.assert_allclose(lumps - gas, 2 / 3 * step**2 * np.eye(n), atol=1e-12 * gas.max())


def green(n):
    """G_ij = min(i, j)(n + 1 - max(i, j))/(n + 1), the inverse of -tridiag(1, -2, 1)."""
    i = np.arange(1, n + 1)
    return np.minimum.outer(i, i) * (n + 1 - np.maximum.outer(i, i)) / (n + 1)


@given(left=densities, right=densities, n=st.integers(1, 7), N=rates)
def test_chain_of_exclusion(left, right, n, N):
    """C_ij/N = ρ_i(1 - ρ_i)δ_ij + (Δ/(n+1))² [δ_ij/2 - G_ij]."""
    density = np.linspace(left, right, n + 2)[1:-1]
    step = (left - right) / (n + 1)
    expected = N * (np.diag(density * (1 - density)) + step**2 * (np.eye(n) / 2 - green(n)))
    np.testing.assert_allclose(covariance(exclusion(sites=N, n=n), left, right), expected, atol=1e-13 * N)


@given(left=temperatures, right=temperatures, n=st.integers(1, 7), c=rates)
def test_chain_of_ideal_gas(left, right, n, c):
    """C_ij/C_v = T_i² δ_ij - (Δ/(n+1))² [δ_ij/2 - G_ij] … local equilibrium and the mirror image of exclusion."""
    T = np.linspace(left, right, n + 2)[1:-1]
    step = (left - right) / (n + 1)
    expected = c * (np.diag(T**2) + step**2 * (green(n) - np.eye(n) / 2))
    C = covariance(ideal_gas(heat_capacity=c, n=n), left, right)
    np.testing.assert_allclose(C, expected, atol=1e-13 * C.max())


@given(
    n=st.integers(2, 6),
    curvatures=st.lists(st.floats(0, 1), min_size=7, max_size=7),
    slope=st.floats(-1, 1),
    sign=st.sampled_from([1, -1]),
)
def test_convex_noise_makes_positive_correlations_and_concave_negative(n, curvatures, slope, sign):
    """The sign theorem: equal linear bonds, B with second differences of one sign along the chain."""
    strengths = 100 + slope * np.arange(n + 1) + sign * np.cumsum(np.cumsum(curvatures[: n + 1]))
    system = System(
        [Contact(lambda a, b: a - b, lambda a, b, B=B: B + 0 * a * b) for B in strengths], constant_heat_capacity(), n=n
    )
    C = covariance(system, 1.0, 1.0)
    off_diagonal = C[~np.eye(n, dtype=bool)]
    assert np.all(sign * off_diagonal >= -1e-12 * C.max())


@given(n=st.integers(2, 6), B=st.lists(st.floats(0, 1), min_size=7, max_size=7))
def test_correlations_solve_a_lattice_poisson_equation(n, B):
    """Off the diagonal C is what a charge of half the second difference of B, put on the diagonal, makes in a grounded square."""
    B = np.array(B[: n + 1])
    R = np.diag([-2.0] * n) + np.diag([1.0] * (n - 1), 1) + np.diag([1.0] * (n - 1), -1)
    C = np.einsum("b,bij->ij", B, shares(R))
    # With C = D + S, D = diag((B_left + B_right)/4) takes the noise up to a source for S on the diagonal and next to it.
    S = C - np.diag(B[:-1] + B[1:]) / 4
    source = R @ S + S @ R.T
    far = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) > 1
    np.testing.assert_allclose(source[far], 0, atol=1e-12)
    np.testing.assert_allclose(np.diagonal(source), 0, atol=1e-12)
    beside = (2 * B[1:-1] - B[:-2] - B[2:]) / 4
    np.testing.assert_allclose(np.diagonal(source, 1), beside, atol=1e-12)


def test_two_laws_one_definition():
    """The named systems are contacts and substances like any other."""
    own = System(
        Contact(lambda a, b: 2 * (a - b), lambda a, b: 2 * (a * (1 - b) + b * (1 - a)), variable=DENSITY), lattice(9.0)
    )
    np.testing.assert_allclose(
        covariance(own, 0.9, 0.2), covariance(exclusion(sites=9.0, rate=2.0), 0.9, 0.2), rtol=1e-15
    )
