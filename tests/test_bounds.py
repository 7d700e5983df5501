"""Bounds on C₁₂: the paper's, the sharp ones and their proof, and the systems that come close."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from twobox import Chain, Contact, System, blackbody, bounds, constant_heat_capacity, fermi, ideal_gas
from twobox.model.substances import DENSITY, Substance
from twobox.steady import two_box
from twobox.steady.lyapunov import solve_lyapunov

wide = st.floats(-6, 6).map(lambda exponent: 10.0**exponent)
four = st.tuples(wide, wide, wide, wide)
three = st.tuples(wide, wide, wide)


def symbols(names):
    return sp.symbols(names, positive=True)


# The proof, step by step (appendix B and ours).


def test_correlation_in_the_shared_fractions():
    a, d, p, q, B01, B12, B23 = symbols("a d p q B01 B12 B23")
    C12 = two_box.correlation((1 - p) * a, p * a, q * d, (1 - q) * d, B01, B12, B23)
    short = (p * B01 + q * B23 - (2 - p - q) * B12) / (2 * (a + d) * (1 - p * q))
    assert sp.simplify(C12 - short) == 0


def test_printed_correlation_has_the_wrong_sign():
    g1, g2, g3, g4, B01, B12, B23 = symbols("g1:5 B01 B12 B23")
    R = sp.Matrix([[-g1 - g2, g3], [g2, -g3 - g4]])
    printed = B23 * (g1 + g2) * g3 + B01 * g2 * (g3 + g4) - B12 * (g2 * g4 + g1 * g3 + 2 * g1 * g4)
    printed /= 2 * R.trace() * R.det()
    x, y, z = sp.symbols("x y z")
    C, Q = sp.Matrix([[x, y], [y, z]]), sp.Matrix([[B01 + B12, -B12], [-B12, B12 + B23]])
    solution = sp.solve(list(R * C + C * R.T + Q), [x, y, z])
    assert sp.simplify(solution[y] + printed) == 0


def test_slow_rate_is_at_most_half_the_trace_times_one_minus_root_pq():
    # (a - d)² + 4pq ad = (a + d)² pq + (a - d)² (1 - pq): the root in λ_slow = [(a + d) - √…]/2 is at least √(pq)(a +
    # d).
    a, d, p, q = symbols("a d p q")
    under_the_root = (a - d) ** 2 + 4 * p * q * a * d
    assert sp.expand(under_the_root - (a + d) ** 2 * p * q - (a - d) ** 2 * (1 - p * q)) == 0
    R = sp.Matrix([[-a, q * d], [p * a, -d]])
    assert sp.expand(R.trace() ** 2 - 4 * R.det() - under_the_root) == 0


def test_universal_constants_follow():
    # 1 + √(pq) - (p + q) = (1 - p) + √q(√p - √q) > 0 for p ≥ q, with p = s², q = t².
    s, t = symbols("s t")
    assert sp.expand(1 + s * t - s**2 - t**2 - ((1 - s**2) + t * (s - t))) == 0


@given(four)
def test_relaxation_time_is_the_slowest(rates):
    g1, g2, g3, g4 = rates
    R = np.array([[-g1 - g2, g3], [g2, -g3 - g4]])
    # The eigenvalues of numpy lose digits where the slow rate is small beside the fast one.
    slow, fast = sorted(-np.linalg.eigvals(R).real)
    assert 1 / two_box.relaxation_time(*rates) == pytest.approx(slow, abs=1e-13 * fast)


@given(four, three)
def test_ratio_is_what_lyapunov_says(rates, steps):
    g1, g2, g3, g4 = rates
    R = np.array([[-g1 - g2, g3], [g2, -g3 - g4]])
    B = 2 / np.array(steps)
    Q = np.array([[B[0] + B[1], -B[1]], [-B[1], B[1] + B[2]]])
    C = solve_lyapunov(R, Q)
    # ⟨J⟩ = 1. Rounding of C is on the scale of the diagonal.
    unit = two_box.relaxation_time(*rates) / min(steps)
    assert bounds.ratio_of(*rates, *steps) == pytest.approx(C[0, 1] / unit, abs=1e-9 * C.max() / unit)


@given(four, three)
def test_nothing_crosses_the_sharp_bound(rates, steps):
    lower, upper = bounds.sharp_limits(*rates)
    ratio = bounds.ratio_of(*rates, *steps)
    # Rounding: a few parts in 10¹⁶ of numbers of order one. The constants themselves are never reached but by rounding.
    assert -1 <= lower <= ratio + 1e-14 and ratio - 1e-14 <= upper <= 0.5


def test_random_search_finds_no_violation():
    ratio, lower, upper = bounds.random_search(1_000_000, seed=20130815)
    # Rounding: a few parts in 10¹⁶ of numbers of order one.
    assert np.all(ratio > lower - 1e-14) and np.all(ratio < upper + 1e-14)
    # And it comes near both ends, so that a smaller constant would have been caught.
    assert ratio.min() < -0.99 and ratio.max() > 0.49


def test_random_search_is_reproducible():
    np.testing.assert_array_equal(bounds.random_search(5, seed=3), bounds.random_search(5, seed=3))


@given(st.floats(1e-6, 1.0))
def test_extreme_families(e):
    # Absolute: at e = 1 both are zero.
    assert bounds.ratio_of(*bounds.positive_extreme(e)) == pytest.approx((1 - e**2) / (2 + e), abs=1e-14)
    assert bounds.ratio_of(*bounds.negative_extreme(e)) == pytest.approx(-(1 - e**2) / (1 + 2 * e), abs=1e-14)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_limits_are_approached_for_every_p_and_q(p, q):
    rates = 1 - p, p, q, 1 - q
    lower, upper = bounds.sharp_limits(*rates)
    small = 1e-9
    # Dropping the noise of the other sign leaves a part of order `small`.
    assert bounds.ratio_of(*rates, small, 1.0, small) == pytest.approx(upper, abs=1e-8)
    assert bounds.ratio_of(*rates, 1.0, small, 1.0) == pytest.approx(lower, abs=1e-8)


def test_equal_rates_give_a_third():
    assert bounds.sharp_limits(2.0, 2.0, 2.0, 2.0) == pytest.approx((-1 / 3, 1 / 3))


# Systems.


@given(st.tuples(*[st.floats(0.05, 20)] * 5), st.sampled_from([1.0, 2.5, 4.0]), st.floats(1e-3, 0.99))
def test_bounds_hold_for_systems_with_the_noise_of_eq_4(numbers, power, cold):
    contacts = [Contact(lambda a, b, k=k: k * (a**power - b**power)) for k in numbers[:3]]
    boxes = [Substance(energy=lambda T, c=c: c * (T + T**3)) for c in numbers[3:]]
    for baths in ((1.0, cold), (cold, 1.0)):
        steady = Chain(System(contacts, boxes), left=baths[0], right=baths[1]).steady_state()
        lower, upper = bounds.sharp_bounds(steady)
        C12 = steady.covariance[0, 1]
        assert lower < C12 < upper
        assert abs(C12) <= bounds.paper_bound(steady)
        assert -bounds.paper_bound(steady) / 18 <= lower and upper <= bounds.paper_bound(steady) / 36
        assert abs(C12) <= bounds.equilibrium_bound(steady) * (1 + 1e-9) + 1e-12 * steady.covariance.max()


@given(st.floats(1e-3, 0.99))
def test_ideal_gas_stays_below_an_eighteenth(cold):
    steady = Chain(ideal_gas(heat_capacity=3.0, rate=0.2), left=1.0, right=cold).steady_state()
    closed = (1 - cold) ** 2 / (9 * (2 + cold))
    # The steps of β are differences: they keep 1e-16/1e-2 of their digits, C₁₂ the square.
    assert bounds.ratio(steady) == pytest.approx(closed, rel=1e-9)
    assert closed < 1 / 18


def test_quantum_systems_stay_far_below():
    cold = np.linspace(1e-4, 0.999, 2000)
    for boxes, top in ((fermi.system(), 0.01413), (blackbody.system(), 0.01477)):
        ratio = bounds.ratio(Chain(boxes, left=1.0, right=cold).steady_state())
        assert ratio.argmax() == 0 and np.all(ratio > 0)
        assert ratio.max() == pytest.approx(top, abs=1e-5)


@pytest.mark.parametrize("epsilon", [0.2, 0.01, 1e-3, 1e-4])
def test_plateau_approaches_minus_one(epsilon):
    steady = bounds.plateau_chain(epsilon).steady_state()
    np.testing.assert_allclose(steady.two_box_rates, [1, epsilon, epsilon, 1], rtol=1e-6)
    # Δβ = (1 - ε, 2ε, 1 - ε)/2 by construction.
    expected = bounds.ratio_of(1.0, epsilon, epsilon, 1.0, 1 - epsilon, 2 * epsilon, 1 - epsilon)
    assert bounds.ratio(steady) == pytest.approx(expected, rel=1e-6)
    assert -1 < bounds.ratio(steady) < -1 + 2 * epsilon


@pytest.mark.parametrize("epsilon", [0.2, 0.01, 1e-3, 1e-4])
def test_gap_approaches_one_half(epsilon):
    steady = bounds.gap_chain(epsilon).steady_state()
    np.testing.assert_allclose(steady.two_box_rates, [epsilon, 1, 1, epsilon], rtol=1e-6)
    expected = bounds.ratio_of(epsilon, 1.0, 1.0, epsilon, epsilon, 1 - epsilon, epsilon)
    assert bounds.ratio(steady) == pytest.approx(expected, rel=1e-6)
    assert 0.5 - epsilon < bounds.ratio(steady) < 0.5


@pytest.mark.parametrize("make", [bounds.plateau_chain, bounds.gap_chain])
def test_stepped_boxes_are_stable_and_obey_eq_4(make):
    chain = make(0.05)
    T = np.linspace(float(chain.right), float(chain.left), 3001)
    assert np.all(np.diff(chain.system.boxes[0].energy(T)) > 0)
    for contact in chain.system.contacts:
        hot, cold = T[1:], T[:-1]
        relation = 2 * contact.mean_current(hot, cold) / (1 / cold - 1 / hot)
        # The quotient of differences rounds at 1e-16/1e-4 of E over its own slope.
        np.testing.assert_allclose(contact.noise_strength(hot, cold), relation, rtol=1e-7)
        assert np.all(contact.noise_strength(T, T) > 0)


def test_paper_bound_does_not_vanish_at_equilibrium():
    differences = 10.0 ** -np.arange(1, 6)
    steady = Chain(ideal_gas(), left=1.0 + differences, right=1.0).steady_state()
    at_rest = Chain(ideal_gas(), left=1.0, right=1.0).steady_state()
    # Ideal gas: ⟨J⟩M → B/2 = k T², τ = C_v/k.
    assert bounds.paper_bound(at_rest) == pytest.approx(18.0)
    assert np.all(np.abs(bounds.paper_bound(steady) / 18 - 1) < 2 * differences)
    # While the correlation does, as (T₀ - T₃)², and so does the other bound.
    assert steady.covariance[:, 0, 1] == pytest.approx(differences**2 / 27, rel=1e-4)
    assert np.all(steady.covariance[:, 0, 1] <= bounds.equilibrium_bound(steady))
    assert bounds.equilibrium_bound(steady)[-1] < 1e-5


@given(three)
def test_equal_rates_bound_by_the_spread_of_the_noise(noise):
    # |C₁₂| = |B01 - 2B12 + B23| τ/12 ≤ (τ/6)(max B - min B).
    C12 = two_box.correlation(1.0, 1.0, 1.0, 1.0, *noise)
    tau = two_box.relaxation_time(1.0, 1.0, 1.0, 1.0)
    assert abs(C12) <= tau / 6 * np.ptp(noise) + 1e-15 * max(noise)


@given(four, three)
def test_equilibrium_bound_needs_no_eq_4(rates, noise):
    p, q = two_box.shared_fractions(*rates)
    imbalance = abs(p * noise[0] - (1 - p) * noise[1]) + abs(q * noise[2] - (1 - q) * noise[1])
    bound = two_box.relaxation_time(*rates) * imbalance / (4 * (1 + np.sqrt(p * q)))
    C12 = two_box.correlation(*rates, *noise)
    rounding = 1e-14 * max(noise) * two_box.relaxation_time(*rates)
    assert abs(C12) <= bound + rounding


def test_equilibrium_bound_of_equal_rates_is_at_most_the_spread():
    steady = Chain(blackbody.system(), left=1.0, right=np.linspace(0.01, 1, 30)).steady_state()
    spread = np.ptp(steady.noise_strengths, axis=-1)
    assert np.all(bounds.equilibrium_bound(steady) <= steady.relaxation_time / 6 * spread + 1e-12)


def test_densities_have_their_own_beta():
    from twobox import exclusion

    steady = Chain(exclusion(), left=0.55, right=0.45).steady_state()
    lower, upper = bounds.sharp_bounds(steady)
    assert lower < steady.covariance[0, 1] < 0 < upper
    steps = np.diff(DENSITY.conjugate(steady.profile))
    assert bounds.unit(steady) == pytest.approx(steady.current * steady.relaxation_time / steps.min())


# One box.


@given(wide, wide, st.floats(0.05, 0.95), st.sampled_from([1.0, 4.0]))
def test_one_box_relation(k01, k12, cold, power):
    contacts = [Contact(lambda a, b, k=k: k * (a**power - b**power)) for k in (k01, k12)]
    steady = Chain(System(contacts, constant_heat_capacity(2.0), n=1), left=1.0, right=cold).steady_state()
    beta1, beta0, beta2 = 1 / steady.profile
    variance = bounds.one_box_variance(steady.current, steady.relaxation_time, beta0=beta0, beta1=beta1, beta2=beta2)
    # With k's twelve decades apart the box is within 1e-12 of one bath: β₀ - β₁ loses that many digits.
    if max(k01, k12) < 1e6 * min(k01, k12):
        assert variance == pytest.approx(steady.covariance[0, 0], rel=1e-6)


def test_one_box_relation_follows_from_eq_4():
    J, tau, b0, b1, b2 = symbols("J tau beta0 beta1 beta2")
    noise = 2 * J / (b0 - b1) + 2 * J / (b2 - b0)
    assert sp.simplify(noise * tau / 2 - bounds.one_box_variance(J, tau, beta0=b0, beta1=b1, beta2=b2)) == 0


# Refusals.


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: bounds.sharp_limits(1.0, 0.0, 1.0, 1.0), "g2"),
        (lambda: bounds.ratio_of(1.0, 1.0, 1.0, 1.0, 1.0, -1.0, 1.0), "d12"),
        (lambda: bounds.positive_extreme(0.0), "epsilon"),
        (lambda: bounds.plateau_chain(0.5), "epsilon"),
        (lambda: bounds.gap_chain(1e-9), "epsilon"),
        (lambda: bounds.random_search(0, seed=1), "draws"),
        (lambda: bounds.random_search(1, seed=1, decades=-1.0), "decades"),
        (lambda: bounds.paper_bound(Chain(ideal_gas(n=3), left=2.0, right=1.0).steady_state()), "2 boxes"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ValueError, match=name):
        call()


# Bond by bond, without eq. (4).


@given(four, three)
def test_bond_bounds_hold_for_any_noise(gammas, noises):
    C12 = two_box.correlation(*gammas, *noises)
    lower, upper = bounds.sharp_limits(*gammas)
    half = two_box.relaxation_time(*gammas) / 2
    assert lower * half * noises[1] <= C12 <= upper * half * max(noises[0], noises[2])
    assert -half * noises[1] < C12 < half * max(noises[0], noises[2]) / 2


def test_bond_bounds_are_reached_with_the_other_noises_small():
    # a = d, so that the slow rate is S(1 - √(pq))/2.
    p, q, small = 0.7, 0.2, 1e-9
    gammas = (1 - p, p, q, 1 - q)
    lower, upper = bounds.sharp_limits(*gammas)
    half = two_box.relaxation_time(*gammas) / 2
    assert np.isclose(two_box.correlation(*gammas, 1.0, small, 1.0), upper * half, rtol=1e-8)
    assert np.isclose(two_box.correlation(*gammas, small, 1.0, small), lower * half, rtol=1e-8)


def test_bond_bounds_give_back_the_sharp_ones_where_eq_4_holds():
    steady = Chain(ideal_gas(rate=[1.0, 5.0, 2.0]), left=9.0, right=1.0).steady_state()
    (low, high), (sharp_low, sharp_high) = bounds.bond_bounds(steady), bounds.sharp_bounds(steady)
    assert sharp_low <= low < steady.covariance[0, 1] < high <= sharp_high


@pytest.mark.parametrize(("make", "at_1e_4", "at_3e_10"), [(blackbody.system, 0.68, 18.6), (fermi.system, 0.75, 20.6)])
def test_a_pinhole_breaks_what_rests_on_eq_4_and_not_the_bonds(make, at_1e_4, at_3e_10):
    key = "kappa" if make is fermi.system else "conductance"
    found = []
    for hole in (1e-4, 3e-10):
        steady = Chain(make(noise="exact", **{key: [hole, 1.0, 1.0]}), left=1.0, right=1e-9).steady_state()
        found.append(float(bounds.ratio(steady)))
        low, high = bounds.bond_bounds(steady)
        assert low < steady.covariance[0, 1] < high
    assert found[0] > 0.5 and found[1] > bounds.PAPER_CONSTANT
    assert np.allclose(found, [at_1e_4, at_3e_10], rtol=0.01)
    # It grows as the fourth root: quanta of the size of T0 against M ~ T1.
    assert np.isclose(np.log(found[1] / found[0]) / np.log(3e-6), -0.25, atol=0.02)


@given(st.integers(2, 7), st.data())
def test_symmetric_chains_obey_half_tau_max_B(n, data):
    # Equal boxes, any strengths, any noise: |C_ij| ≤ ½ τ max B (ours, proved for a symmetric R).
    k = [10 ** data.draw(st.floats(-3, 3)) for _ in range(n + 1)]
    B = [10 ** data.draw(st.floats(-3, 3)) for _ in range(n + 1)]
    contacts = [
        Contact(lambda a, b, k=k: k * (a - b), noise_strength=lambda a, b, B=B: B + 0 * a * b) for k, B in zip(k, B)
    ]
    steady = Chain(System(contacts, [constant_heat_capacity()] * n), left=2.0, right=1.0).steady_state()
    away = steady.covariance[~np.eye(n, dtype=bool)]
    assert np.abs(away).max() <= steady.relaxation_time / 2 * max(B) * (1 + 1e-9)
