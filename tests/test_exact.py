"""Finite sizes without approximation: closed moments, master equations, closed forms; each by another route."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.systems import densities, rates, refuses, temperatures
from twobox import Chain, Contact, Substance, System, exact, exclusion, ideal_gas, kmp
from twobox.model.substances import IntensiveVariable


def stationary_moments(jump_rate, n, top, left, right):
    """Mean and covariance of particles hopping along n boxes of 0…top particles, from their master equation.

    `jump_rate(a, b)` is the rate from a site at density (or occupation) a to its neighbour at b; written from scratch here.
    """
    states = list(itertools.product(range(top + 1), repeat=n))
    index = {state: k for k, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))
    for state in states:
        sites = [left, *state, right]
        for i, j in [(i, i + 1) for i in range(n + 1)] + [(i + 1, i) for i in range(n + 1)]:
            moved = list(sites)
            moved[i], moved[j] = moved[i] - 1, moved[j] + 1
            target = tuple(moved[1:-1])
            if target in index and target != state:
                rate = jump_rate(sites[i], sites[j], i in (0, n + 1), j in (0, n + 1))
                generator[index[target], index[state]] += rate
                generator[index[state], index[state]] -= rate
    system = np.vstack([generator, np.ones(len(states))])
    P = np.linalg.lstsq(system, np.r_[np.zeros(len(states)), 1.0], rcond=None)[0]
    values = np.array(states)
    mean = P @ values
    return mean, (values - mean).T @ np.diag(P) @ (values - mean)


def occupation(count, is_bath, size):
    return count if is_bath else count / size


@pytest.mark.parametrize(("n", "sites"), [(2, 1), (2, 4), (3, 1), (3, 2), (4, 1)])
def test_exclusion_chain_against_its_master_equation(n, sites):
    left, right = 0.9, 0.25

    def rate(a, b, a_bath, b_bath):
        return occupation(a, a_bath, sites) * (1 - occupation(b, b_bath, sites))

    mean, C = stationary_moments(rate, n, sites, left, right)
    np.testing.assert_allclose(mean, sites * np.linspace(left, right, n + 2)[1:-1], rtol=1e-10)
    for i, j in itertools.combinations(range(1, n + 1), 2):
        closed = exact.partial_exclusion_chain_correlation(i, j, n=n, sites=sites, left=left, right=right)
        assert C[i - 1, j - 1] == pytest.approx(closed, rel=1e-9)
    energies, moments = exact.closed_moments(Chain(exclusion(sites=sites, n=n), left=left, right=right))
    np.testing.assert_allclose(energies, mean, rtol=1e-10)
    np.testing.assert_allclose(moments, C, rtol=1e-9)


def test_inclusion_process_against_its_master_equation():
    """Truncated at 45 particles a box, where the densities 0.6 and 0.1 leave a probability of 1e-12."""
    m, left, right = 2.0, 0.6, 0.1

    def rate(a, b, a_bath, b_bath):
        return occupation(a, a_bath, m) * (1 + occupation(b, b_bath, m))

    mean, C = stationary_moments(rate, 2, 45, left, right)
    np.testing.assert_allclose(mean, m * np.linspace(left, right, 4)[1:-1], rtol=1e-8)
    assert C[0, 1] == pytest.approx(exact.inclusion_correlation(shape=m, left=left, right=right), rel=1e-7)


@given(m=rates, left=st.floats(0.05, 5), right=st.floats(0.05, 5))
def test_inclusion_process_from_its_contact(m, left, right):
    """A researcher's own variable: a density that may exceed one, with its hops' noise."""
    unbounded = IntensiveVariable("density", lambda p: np.log((1 + p) / p), 0.0, np.inf, closed=False)
    hops = Contact(lambda a, b: a - b, lambda a, b: a * (1 + b) + b * (1 + a), variable=unbounded)
    boxes = Substance(energy=lambda p: m * p, temperature=lambda number: number / m, variable=unbounded)
    _, C = exact.closed_moments(Chain(System(hops, boxes), left=left, right=right))
    closed = exact.inclusion_correlation(shape=m, left=left, right=right)
    # Second differences lose a few digits.
    assert C[0, 1] == pytest.approx(closed, rel=1e-9, abs=1e-11 * C.max())


@given(m=st.floats(0.5, 100), left=temperatures, right=temperatures)
def test_brownian_energy_process(m, left, right):
    energies, C = exact.closed_moments(Chain(ideal_gas(heat_capacity=m, rate=m), left=left, right=right))
    np.testing.assert_allclose(energies, m * np.linspace(left, right, 4)[1:-1], rtol=1e-13)
    closed = exact.brownian_energy_correlation(shape=m, left=left, right=right)
    assert C[0, 1] == pytest.approx(closed, rel=1e-9, abs=1e-11 * C.max())


@given(T=temperatures, m=st.floats(0.5, 100))
def test_at_equal_baths_the_energies_are_gamma_distributed(T, m):
    """Eq. (1) at finite size: no correlation, variance m T², so that C does not depend on the size of its neighbours."""
    _, C = exact.closed_moments(Chain(ideal_gas(heat_capacity=[m, 2 * m, 3 * m], n=3), left=T, right=T))
    np.testing.assert_allclose(C, np.diag([m, 2 * m, 3 * m]) * T**2, rtol=1e-9, atol=1e-10 * m * T**2)


@given(left=densities, right=densities, sites=st.integers(1, 6))
def test_exclusion_distribution_has_the_exact_moments(left, right, sites):
    P = exact.exclusion_distribution(sites=sites, left=left, right=right)
    n = np.arange(sites + 1)
    first, second = P.sum(axis=1) @ n, P.sum(axis=0) @ n
    assert P.min() >= -1e-15 and P.sum() == pytest.approx(1, rel=1e-13)
    assert [first, second] == pytest.approx([sites * (2 * left + right) / 3, sites * (left + 2 * right) / 3], rel=1e-11)
    closed = exact.partial_exclusion_correlation(sites=sites, left=left, right=right)
    assert n @ P @ n - first * second == pytest.approx(closed, abs=1e-12 * sites)


@given(density=densities, sites=st.integers(1, 6))
def test_equal_baths_fill_boxes_independently(density, sites):
    """Eq. (1): with equal baths, two independent binomials."""
    n = np.arange(sites + 1)
    ways = np.cumprod(np.r_[1.0, (sites - n[:-1]) / (n[:-1] + 1)])
    one = ways * density**n * (1 - density) ** (sites - n)
    P = exact.exclusion_distribution(sites=sites, left=density, right=density)
    np.testing.assert_allclose(P, np.outer(one, one), rtol=0, atol=1e-13)


@given(left=temperatures, right=temperatures, make=st.sampled_from([ideal_gas, kmp]))
def test_linear_noise_is_the_limit_of_large_boxes(left, right, make):
    """The exact C exceeds the linear one by a term of relative order 1/size: ten times the size, a tenth of the excess."""
    excess = []
    for size in (100.0, 1000.0):
        chain = Chain(make(heat_capacity=size), left=left, right=right)
        excess.append((exact.closed_moments(chain)[1] - chain.steady_state().covariance) / size)
    np.testing.assert_allclose(excess[1] * 10, excess[0], rtol=0.02, atol=1e-8 * max(left, right) ** 2)


@given(N=st.floats(50, 1e6))
def test_finite_size_correction_is_a_third_of_one_over_n(N):
    for make, sign in ((exact.partial_exclusion_correlation, 1), (exact.brownian_energy_correlation, -1)):
        key = "sites" if sign == 1 else "shape"
        C12 = make(**{key: N}, left=1.0, right=0.0)
        # The next term is 1/(9 N²).
        assert abs(C12) / (N / 27) - 1 == pytest.approx(sign / (3 * N), abs=0.2 / N**2 + 1e-15)


def test_one_site_a_box_is_the_symmetric_exclusion_process():
    """The long-range correlation of Spohn and Derrida: -Δ² i(n+1-j)/((n+1)² n)."""
    n, i, j = 9, 3, 7
    found = exact.partial_exclusion_chain_correlation(i, j, n=n, sites=1, left=1.0, right=0.0)
    assert found == pytest.approx(-i * (n + 1 - j) / ((n + 1) ** 2 * n), rel=1e-14)


def test_pairs_of_boxes_come_in_arrays():
    """Each pair as if it were alone; one that is no pair of boxes in order is named."""
    baths = {"n": 4, "sites": 3, "left": 0.9, "right": 0.2}
    i, j = np.triu_indices(4, 1)
    i, j = i + 1, j + 1
    single = [exact.partial_exclusion_chain_correlation(int(a), int(b), **baths) for a, b in zip(i, j)]
    np.testing.assert_allclose(exact.partial_exclusion_chain_correlation(i, j, **baths), single, rtol=1e-14)
    refuses(
        lambda: exact.partial_exclusion_chain_correlation(j, i, **baths), "j must be finite and >= 2 and <= 4, got 1"
    )
    refuses(lambda: exact.partial_exclusion_chain_correlation(i, j + 1, **baths), "j must be", "<= 4, got 5")
    refuses(lambda: exact.partial_exclusion_chain_correlation(i, j[:2], **baths), "shapes do not broadcast")
