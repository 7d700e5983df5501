"""Chains of any length, however unlike their rates: against 50-digit arithmetic, against each other's routes, and against laws."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twobox import Chain, Contact, Substance, System, exclusion, ideal_gas, linear_a, solve_lyapunov
from twobox.steady import lyapunov


def reference(strengths, capacities, power, exponent, left, right):
    """Correlation coefficients, in 50 digits, of a chain with A = k (T_i^p - T_j^p), the noise of eq. (4), and E = c T^q."""
    with mpmath.workdps(50):
        k, c = [mpmath.mpf(x) for x in strengths], [mpmath.mpf(x) for x in capacities]
        p, q, n = mpmath.mpf(power), mpmath.mpf(exponent), len(capacities)
        x0, x3 = mpmath.mpf(left) ** p, mpmath.mpf(right) ** p
        resistance = [1 / value for value in k]
        passed, x = mpmath.mpf(0), [x0]
        for value in resistance:
            passed += value
            x.append(x0 + (x3 - x0) * passed / sum(resistance))
        T = [value ** (1 / p) for value in x]

        def noise(b):
            if T[b] == T[b + 1]:
                return 2 * k[b] * p * T[b] ** (p + 1)
            return 2 * k[b] * (x[b] - x[b + 1]) / (1 / T[b + 1] - 1 / T[b])

        B = [noise(b) for b in range(n + 1)]
        slope = [p * value ** ((p - 1) / p) for value in x]
        capacity = [c[i] * q * T[i + 1] ** (q - 1) for i in range(n)]
        R, Q = mpmath.zeros(n), mpmath.zeros(n)
        for i in range(n):
            rate = slope[i + 1] / capacity[i]
            R[i, i], Q[i, i] = -(k[i] + k[i + 1]) * rate, B[i] + B[i + 1]
            if i > 0:
                R[i - 1, i] = k[i] * rate
            if i + 1 < n:
                R[i + 1, i] = k[i + 1] * rate
                Q[i, i + 1] = Q[i + 1, i] = -B[i + 1]
        place = {pair: number for number, pair in enumerate((i, j) for i in range(n) for j in range(i, n))}
        A, rhs = mpmath.zeros(len(place)), mpmath.zeros(len(place), 1)
        for (i, j), row in place.items():
            rhs[row] = -Q[i, j]
            for m in range(max(0, i - 1), min(n, i + 2)):
                A[row, place[min(m, j), max(m, j)]] += R[i, m]
            for m in range(max(0, j - 1), min(n, j + 2)):
                A[row, place[min(i, m), max(i, m)]] += R[j, m]
        C = mpmath.lu_solve(A, rhs)
        deviation = [mpmath.sqrt(C[place[i, i]]) for i in range(n)]
        return np.array(
            [[float(C[place[min(i, j), max(i, j)]] / deviation[i] / deviation[j]) for j in range(n)] for i in range(n)]
        )


def power_law(T_i, T_j, k, p):
    return np.sign(p) * k * (T_i**p - T_j**p)


def power_energy(T, c, q):
    return c * T**q


def power_chain(strengths, capacities, power, exponent, left, right):
    contacts = [Contact(power_law, parameters={"k": k, "p": power}) for k in strengths]
    boxes = [Substance(power_energy, parameters={"c": c, "q": exponent}) for c in capacities]
    return Chain(System(contacts, boxes), left=left, right=right)


@settings(max_examples=120)
@given(
    data=st.data(),
    n=st.integers(2, 5),
    power=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    exponent=st.sampled_from([1.0, 2.0, 4.0]),
    decades=st.sampled_from([1, 4, 12]),
)
def test_no_silent_wrong_number(data, n, power, exponent, decades):
    """Rates and heat capacities over twelve decades, baths over six: right to 1e-9, or refused."""
    logarithm = st.floats(-decades / 2, decades / 2)
    strengths = [10 ** data.draw(logarithm) for _ in range(n + 1)]
    capacities = [10 ** data.draw(logarithm) for _ in range(n)]
    left, right = (10 ** data.draw(st.floats(-3, 3)) for _ in range(2))
    steady = power_chain(strengths, capacities, power, exponent, left, right).steady_state()
    expected = reference(strengths, capacities, power, exponent, left, right)
    np.testing.assert_allclose(steady.correlation, expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(steady.covariance, np.swapaxes(steady.covariance, 0, 1))
    assert np.linalg.eigvalsh(steady.correlation).min() >= -1e-13


def test_cases_that_once_came_back_wrong():
    weak = Chain(ideal_gas(rate=[1e-12, 1, 1, 1e-12], n=3), left=1.0, right=1.0).steady_state()
    np.testing.assert_allclose(weak.covariance, np.eye(3), atol=1e-15)
    driven = Chain(ideal_gas(rate=[1e-8, 1, 1, 1e-8], n=3), left=2.0, right=1.0).steady_state()
    assert driven.covariance[0, 2] == pytest.approx(1e-8 / 12, rel=1e-6)
    unlike = ideal_gas(heat_capacity=[1, 1e-6, 1e3], rate=[1, 1e-3, 1e3, 1e3], n=3)
    steady = Chain(unlike, left=1.0, right=1e-6).steady_state()
    np.testing.assert_allclose(
        steady.correlation, reference([1, 1e-3, 1e3, 1e3], [1, 1e-6, 1e3], 1, 1, 1.0, 1e-6), atol=1e-12
    )


@pytest.mark.parametrize("n", [3, 10, 60])
@pytest.mark.parametrize("seed", range(4))
def test_equal_baths_have_no_correlation_however_unlike_the_rates(n, seed):
    draw = np.random.default_rng(seed)
    rate, capacity = 10 ** draw.uniform(-6, 6, n + 1), 10 ** draw.uniform(-6, 6, n)
    steady = Chain(ideal_gas(rate=rate, heat_capacity=capacity, n=n), left=3.0, right=3.0).steady_state()
    np.testing.assert_allclose(steady.correlation, np.eye(n), atol=1e-11)
    np.testing.assert_allclose(np.diagonal(steady.covariance), 9 * capacity, rtol=1e-11)


@pytest.mark.parametrize("n", [3, 12, 60])
@pytest.mark.parametrize("seed", range(3))
def test_gas_and_exclusion_are_mirror_images_in_the_sign_of_the_nonlocal_part(n, seed):
    """The source of C is ±J²/k on each bond, so that the off-diagonals are opposite (with boxes and contacts as they come)."""
    draw = np.random.default_rng(seed)
    rate, size = 10 ** draw.uniform(-6, 6, n + 1), 10 ** draw.uniform(-6, 6, n)
    gas = Chain(ideal_gas(rate=rate, heat_capacity=size, n=n), left=0.9, right=0.2).steady_state()
    lattice = Chain(exclusion(rate=rate, sites=size, n=n), left=0.9, right=0.2).steady_state()
    off = ~np.eye(n, dtype=bool)
    scale = np.sqrt(np.outer(size, size))
    np.testing.assert_allclose((gas.covariance / scale)[off], -(lattice.covariance / scale)[off], atol=1e-10)
    assert (gas.covariance / scale)[off].min() > -1e-10


@given(data=st.data(), n=st.integers(3, 12), decades=st.floats(0, 6))
def test_three_routes_agree(data, n, decades):
    draw = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    u, w, B = 10 ** draw.uniform(-decades / 2, decades / 2, (3, n + 1))
    u, w = u[None, :n], w[None, :n]
    loss = u + w
    local = (B[:-1] + B[1:]) / (2 * loss)
    imbalance = u / loss * B[:-1] - w / loss * B[1:]
    source = (imbalance[:, :-1] - imbalance[:, 1:]) / 2
    lengths = lyapunov._lengths(w, u)
    by_pairs = lyapunov._by_pairs(u, w, source)[0]
    by_modes, error = lyapunov._by_modes(w, u, local, source, lengths)
    variances = np.diagonal(by_pairs) + local[0]
    scale = np.sqrt(np.outer(variances, variances))
    # The estimate of the quick route is one: it is not exceeded.
    assert np.abs((by_modes[0] - by_pairs) / scale).max() <= 2 * error[0] + 1e-15
    try:
        graded = lyapunov._by_graded_modes(w[0], u[0], local[0], imbalance[0], lengths[0])
    except ValueError:
        return
    np.testing.assert_allclose(graded / scale, by_pairs / scale, atol=lyapunov.PROMISED_ERROR)


@given(n=st.integers(1, 9), left=st.floats(0.1, 10), right=st.floats(0.1, 10))
def test_long_range_correlation_of_equal_boxes(n, left, right):
    C = Chain(ideal_gas(n=n), left=left, right=right).steady_state().covariance
    i, j = np.triu_indices(n, 1)
    expected = (left - right) ** 2 * (i + 1) * (n - j) / (n + 1) ** 3
    np.testing.assert_allclose(C[i, j], expected, rtol=1e-9, atol=1e-14 * C.max())


def test_a_thousand_boxes_have_the_closed_form():
    n = 1000
    C = Chain(ideal_gas(n=n), left=2.0, right=1.0).steady_state().covariance
    i, j = np.triu_indices(n, 1)
    np.testing.assert_allclose(C[i, j], (i + 1) * (n - j) / (n + 1.0) ** 3, rtol=2e-9)


def test_a_long_chain_whose_rates_are_unlike_is_right_or_refused():
    n, draw = 150, np.random.default_rng(5)
    rate = 10 ** draw.uniform(-4, 4, n + 1)
    gas, lattice = (
        Chain(make(rate=rate, n=n), left=0.9, right=0.2).steady_state().covariance for make in (ideal_gas, exclusion)
    )
    off = ~np.eye(n, dtype=bool)
    np.testing.assert_allclose(gas[off], -lattice[off], atol=1e-9)
    cascade = 10 ** np.where(np.arange(n + 1) % 2, -9.0, 9.0)
    try:
        steady = Chain(ideal_gas(rate=cascade, heat_capacity=10 ** draw.uniform(-6, 6, n), n=n), left=1.0, right=1.0)
        np.testing.assert_allclose(steady.steady_state().correlation, np.eye(n), atol=1e-9)
    except ValueError as refusal:
        assert "too unlike" in str(refusal)


def test_weakly_attached_chains_are_stable_at_any_weakness():
    for weak in (1e-100, 1e-30, 1e-16):
        steady = Chain(ideal_gas(rate=[weak, 1, 1, weak], n=3), left=2.0, right=2.0).steady_state()
        np.testing.assert_allclose(steady.correlation, np.eye(3), atol=1e-12)
        # One slow mode: all three boxes empty through two weak contacts.
        assert steady.relaxation_time == pytest.approx(3 / (2 * weak), rel=1e-10)


@given(data=st.data(), n=st.integers(3, 8), decades=st.sampled_from([2, 12]))
def test_relaxation_times_to_a_relative_accuracy(data, n, decades):
    logarithm = st.floats(-decades / 2, decades / 2)
    rate = [10 ** data.draw(logarithm) for _ in range(n + 1)]
    size = [10 ** data.draw(logarithm) for _ in range(n)]
    found = Chain(ideal_gas(rate=rate, heat_capacity=size, n=n), left=1.0, right=1.0).steady_state().relaxation_times
    with mpmath.workdps(60):
        T = mpmath.zeros(n)
        k, c = [mpmath.mpf(x) for x in rate], [mpmath.mpf(x) for x in size]
        for i in range(n):
            T[i, i] = (k[i] + k[i + 1]) / c[i]
            if i + 1 < n:
                T[i, i + 1] = T[i + 1, i] = -k[i + 1] / mpmath.sqrt(c[i] * c[i + 1])
        expected = sorted((float(1 / value) for value in mpmath.eigsy(T, eigvals_only=True)), reverse=True)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_matrix_is_right_or_refused():
    """R alone does not know weak baths: its diagonal has rounded them off. The rates do."""
    for weak in (1e-3, 1e-8, 1e-12, 1e-15):
        steady = Chain(ideal_gas(rate=[weak, 1, 1, weak], n=3), left=2.0, right=1.0).steady_state()
        try:
            C = solve_lyapunov(steady.relaxation_matrix, steady.diffusion_matrix)
        except ValueError as refusal:
            assert "too unlike" in str(refusal) or "stable" in str(refusal)
            assert weak < 1e-6
        else:
            np.testing.assert_allclose(C, steady.covariance, atol=1e-8)


def test_a_chain_of_thousands_is_quick_enough_to_be_used():
    """No clock: the mean equations take as many calls of a law for a long chain as for a short one."""
    calls = []

    def counted(T_i, T_j, k):
        calls.append(np.shape(T_i))
        return k * (T_i**2 - T_j**2)

    for n in (3, 300):
        calls.clear()
        contacts = [Contact(counted, parameters={"k": 1.0 + i % 3}) for i in range(n + 1)]
        Chain(
            System(contacts, Substance(power_energy, parameters={"c": 1.0, "q": 1.0})), left=2.0, right=1.0
        ).steady_state()
        assert len(calls) < 80, (n, len(calls))


def test_equation_9_is_the_chain_of_two():
    B = (3.0, 1.0, 2.0)
    C11, C12, C22 = linear_a.covariance(*B)
    ones = np.ones((1, 2))
    found = lyapunov.chain_covariance(ones, ones, np.array([B]))[0]
    np.testing.assert_allclose(found, [[C11, C12], [C12, C22]], rtol=1e-14)
