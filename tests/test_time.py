"""Memory, spectra, response and transients (book's chapter on time)."""

import dataclasses

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.systems import LAWS, densities, metal, scaled, systems, temperatures
from twobox import Chain, Contact, System, bond_vectors, constant_heat_capacity, exclusion, ideal_gas
from twobox.questions import time

# Baths less far apart than elsewhere: a T⁴ law between 0.05 and 20 spreads the rates over more decades than the
# Lyapunov solver and the quadratures used here for comparison can bear.
warm = st.floats(0.5, 3)
TIMES = np.array([0.0, 0.01, 0.3, 1.0, 4.0])


@st.composite
def steady_states(draw, n=None, baths=warm):
    return Chain(draw(systems(n)), left=draw(baths), right=draw(baths)).steady_state()


def linear(kind, left, right):
    """Two equal boxes in units N/γ, and the noise a, b, c of the bonds."""
    steady = Chain({"gas": ideal_gas, "exclusion": exclusion}[kind](), left=left, right=right).steady_state()
    return steady, steady.noise_strengths


def stiffness(steady):
    return steady.relaxation_times[0] / steady.relaxation_times[-1]


def exact_rates(steady):
    """R in as many digits as mpmath is set to, from the rates."""
    left, right = steady.rates_from_left, steady.rates_from_right
    n = left.size - 1
    R = mpmath.zeros(n)
    for i in range(n):
        R[i, i] = -(mpmath.mpf(right[i]) + mpmath.mpf(left[i + 1]))
        if i > 0:
            R[i, i - 1], R[i - 1, i] = mpmath.mpf(left[i]), mpmath.mpf(right[i])
    return R


STIFF = [
    ((1e-2, 1e5, 1.0, 1e-1), (1.0, 1e-4, 1e3), (1e-9, 1e-2, 3.0, 1e4)),
    ((1.0, 1e7, 1e-7, 1e7, 1.0), (1.0, 1.0, 1.0, 1.0), (1e-6, 0.5, 1e5)),
    ((1e3, 1e-5, 1e5), (1e-3, 1e3), (1e-5, 1.0, 1e6)),
]


@pytest.fixture(params=STIFF, ids=["three", "four", "two"])
def stiff(request):
    rate, capacities, times = request.param
    chain = Chain(ideal_gas(rate=rate, heat_capacity=capacities, n=len(capacities)), left=2.0, right=1.0)
    return chain.steady_state(), times


# Memory.


@settings(max_examples=20)
@given(steady=steady_states(), times=st.lists(st.floats(0, 5), min_size=1, max_size=3))
def test_propagator_is_the_matrix_exponential(steady, times):
    R = steady.relaxation_matrix
    expected = scipy.linalg.expm(R * np.array(times)[:, None, None])
    # expm's own rounding grows with the rate times the time.
    bound = 1e-14 * (10 + np.abs(R).max() * max(times))
    np.testing.assert_allclose(time.propagator(steady, times), expected, rtol=0, atol=bound)


def test_propagator_keeps_the_digits_of_every_element_of_stiff_chains(stiff):
    """Against 80 digits; rates over up to 14 decades cost scipy's expm and the eigenvectors seven digits."""
    steady, times = stiff
    n = steady.energies.size
    with mpmath.workdps(80):
        for t in times:
            exact = mpmath.expm(exact_rates(steady) * mpmath.mpf(t))
            expected = np.array([[float(exact[i, j]) for j in range(n)] for i in range(n)])
            seen = expected > 1e-200
            # A relative error of 1e-16 in a rate is one of 1e-16 ln(1/e^(Rt)) in what is left.
            np.testing.assert_allclose(time.propagator(steady, t)[seen], expected[seen], rtol=1e-12)


@settings(max_examples=20)
@given(steady=steady_states(), s=st.floats(0, 3), t=st.floats(0, 3))
def test_propagators_compose(steady, s, t):
    first, second, both = time.propagator(steady, [s, t, s + t])
    np.testing.assert_allclose(second @ first, both, rtol=1e-10, atol=1e-14)


@settings(max_examples=20)
@given(steady=steady_states(), t=st.floats(0, 10))
def test_a_kick_of_energy_stays_positive_and_leaves_only_to_the_baths(steady, t):
    early, late = time.propagator(steady, [t, 2 * t + 0.1])
    assert np.all(early >= 0) and np.all(early.sum(axis=0) <= 1 + 1e-15)
    assert np.all(late.sum(axis=0) <= early.sum(axis=0) + 1e-14)


@settings(max_examples=20)
@given(steady=steady_states(baths=temperatures))
def test_covariance_at_lag_zero_is_the_covariance(steady):
    np.testing.assert_array_equal(time.two_time_covariance(steady, 0.0), steady.covariance)


@settings(max_examples=20)
@given(steady=steady_states(), t=st.floats(0.001, 5))
def test_negative_lags_are_the_transpose(steady, t):
    before, after = time.two_time_covariance(steady, [-t, t])
    np.testing.assert_array_equal(before, after.T)


@given(left=temperatures, right=temperatures, t=st.floats(0, 5))
def test_sum_and_difference_of_equal_boxes_forget_at_their_own_rates(left, right, t):
    """s = E₁ + E₂ decays at 1, d = E₁ - E₂ at 3: ⟨ss⟩ = (a + c)/2, ⟨dd⟩ = (a + 4b + c)/6, ⟨sd⟩ = (a - c)/4."""
    steady, (a, b, c) = linear("gas", left, right)
    turn = np.array([[1, 1], [1, -1]])
    found = turn @ time.two_time_covariance(steady, t) @ turn.T
    slow, fast = np.exp(-t), np.exp(-3 * t)
    expected = [[(a + c) / 2 * slow, (a - c) / 4 * slow], [(a - c) / 4 * fast, (a + 4 * b + c) / 6 * fast]]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13 * steady.covariance.max())


@given(T=temperatures, t=st.floats(0, 5))
def test_uncorrelated_at_one_time_is_not_independent_in_time(T, t):
    """Equilibrium: C₁₂(t) = χ(e^-t - e^-3t)/2, largest χ/(3√3) at ½ ln 3."""
    steady, _ = linear("gas", T, T)
    C = time.two_time_covariance(steady, [t, np.log(3) / 2])[:, 0, 1]
    # χ = T² for unit heat capacity; C₁₂(0) is a difference of terms of that size.
    np.testing.assert_allclose(
        C, [T**2 * (np.exp(-t) - np.exp(-3 * t)) / 2, T**2 / (3 * np.sqrt(3))], atol=1e-14 * T**2
    )


@settings(max_examples=20)
@given(steady=steady_states(n=2), t=st.floats(0, 4))
def test_lead_of_one_box_over_the_other(steady, t):
    """C₁₂(t) - C₂₁(t) = 𝒜₁₂ (e^(-λ_s t) - e^(-λ_f t))/(λ_f - λ_s), for any two boxes."""
    slow, fast = 1 / steady.relaxation_times
    C = time.two_time_covariance(steady, t)
    lead = time.antisymmetric_part(steady)[0, 1] * (np.exp(-slow * t) - np.exp(-fast * t)) / (fast - slow)
    np.testing.assert_allclose(C[0, 1] - C[1, 0], lead, rtol=0, atol=1e-12 * steady.covariance.max())


@given(left=temperatures, right=temperatures)
def test_hot_side_leads_in_the_ideal_gas(left, right):
    steady, _ = linear("gas", left, right)
    lead = time.antisymmetric_part(steady)[0, 1]
    np.testing.assert_allclose(lead, -steady.current * (left + right), rtol=1e-12, atol=1e-14 * max(left, right) ** 2)


@given(left=densities, right=densities)
def test_downstream_box_leads_in_exclusion_above_half_filling(left, right):
    """𝒜₁₂ = -J (1 - ρ₀ - ρ₃): holes carry the news once more than half of the places are taken."""
    steady, _ = linear("exclusion", left, right)
    lead = time.antisymmetric_part(steady)[0, 1]
    np.testing.assert_allclose(lead, -steady.current * (1 - left - right), rtol=0, atol=1e-15)


@given(power=st.floats(0.5, 4), T=warm, capacity=st.floats(1, 100))
def test_slope_of_the_conductance_decides_who_leads_near_equilibrium(power, T, capacity):
    """𝒜₁₂ = J d ln L/dβ with A = L(β_i, β_j)(β_j - β_i): here L ∝ T^(p + 1), whatever the heat capacity."""
    system = System(Contact(lambda a, b: a**power - b**power), metal(capacity))
    steady = Chain(system, left=T * 1.0001, right=T / 1.0001).steady_state()
    # The next order is (ΔT/T)² and the current has lost four digits.
    lead = time.antisymmetric_part(steady)[0, 1]
    np.testing.assert_allclose(lead, -steady.current * (power + 1) * T, rtol=1e-6)


@given(left=temperatures, right=temperatures)
def test_slow_mode_of_the_gas_is_the_hotter_one(left, right):
    """T_s² = (T₀² + T₀T₃ + T₃²)/3, T_d² = (7T₀² + 13T₀T₃ + 7T₃²)/27, C₁₂ = C_v(T_s² - T_d²)/2."""
    steady, _ = linear("gas", left, right)
    slow, fast = (v @ steady.covariance @ v / 2 for v in np.array([[1, 1], [1, -1]]))
    np.testing.assert_allclose(slow, (left**2 + left * right + right**2) / 3, rtol=1e-12)
    np.testing.assert_allclose(fast, (7 * left**2 + 13 * left * right + 7 * right**2) / 27, rtol=1e-12)
    for v, squared in zip(np.array([[1, 1], [1, -1]]), (slow, fast)):
        # The violation couples slow and fast mode only: within each, the theorem holds with the mode's temperature.
        np.testing.assert_allclose(v @ time.static_field_response(steady) @ v / 2, squared, rtol=1e-12)


@settings(max_examples=20)
@given(steady=steady_states())
def test_antisymmetric_part_is_the_slope_of_the_two_time_covariance(steady):
    """C(h) - C(-h) = 2h/2 · 𝒜 for short h, and RC - CRᵀ as it stands."""
    flow = steady.relaxation_matrix @ steady.covariance
    scale = np.abs(flow).max()
    np.testing.assert_allclose(
        time.antisymmetric_part(steady), flow - flow.T, rtol=0, atol=1e-13 * stiffness(steady) * scale
    )
    h = 1e-6 / np.abs(steady.relaxation_matrix).max()
    later, earlier = time.two_time_covariance(steady, [h, -h])
    # The next term is h² R² C, a relative 1e-6; rounding over h leaves 1e-10.
    np.testing.assert_allclose((later - earlier) / h, time.antisymmetric_part(steady), rtol=0, atol=3e-6 * scale)


@settings(max_examples=20)
@given(system=systems(), T=warm)
def test_equilibrium_looks_the_same_backwards(system, T):
    steady = Chain(system, left=T, right=T).steady_state()
    scale = np.abs(steady.relaxation_matrix).max() * steady.covariance.max()
    for asymmetry in (time.antisymmetric_part(steady), time.circulation(steady), time.response_violation(steady, 0.2)):
        np.testing.assert_allclose(asymmetry, 0, atol=1e-13 * stiffness(steady) * scale)
    assert time.entropy_production(steady) == 0
    # Of the second order in what rounding leaves of the current.
    assert abs(time.white_noise_entropy_production(steady)) < 1e-20 * np.abs(steady.relaxation_matrix).max()


@given(left=warm, right=warm)
def test_circulation_is_the_area_swept_at_all_frequencies(left, right):
    """½⟨E₁Ė₂ - E₂Ė₁⟩ = ∫ ω Im S₁₂ dω/2π, by quadrature."""
    steady, _ = linear("gas", left, right)
    area, _ = scipy.integrate.quad(lambda w: w * time.spectrum(steady, w)[0, 1].imag / np.pi, 0, np.inf, epsabs=1e-11)
    np.testing.assert_allclose(time.circulation(steady)[0, 1], area, rtol=1e-8, atol=1e-10)


# Entropy production.


@given(left=temperatures, right=temperatures)
def test_energies_alone_show_little_of_the_entropy_production(left, right):
    """Gas: 3(T₀² - T₃²)²/((2T₀ + T₃)²(T₀ + 2T₃)²) ≤ ¾; equal contacts (a - c)²/(4(ab + bc + ca))."""
    steady, (a, b, c) = linear("gas", left, right)
    seen = time.linear_entropy_production(steady)
    of_gas = 3 * (left**2 - right**2) ** 2 / ((2 * left + right) ** 2 * (left + 2 * right) ** 2)
    # (T₀² - T₃²)² loses digits as the baths come close.
    np.testing.assert_allclose(seen, of_gas, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(seen, (a - c) ** 2 / (4 * (a * b + b * c + c * a)), rtol=1e-9, atol=1e-14)
    assert seen <= 0.75 + 1e-14


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_linear_entropy_production_is_the_distance_from_the_film_run_backwards(n):
    """Relative entropy per time of the Gaussian process and its reverse, ½∫ Tr[S (Sᵀ)⁻¹ - 1] dω/2π."""
    system = System([scaled(LAWS["radiation"], 1 + b) for b in range(n + 1)], [constant_heat_capacity(2.0)] * n)
    steady = Chain(system, left=1.5, right=0.5).steady_state()

    def integrand(w):
        S = time.spectrum(steady, w)
        return (np.trace(S @ np.linalg.inv(S.T)).real - n) / 2

    distance, _ = scipy.integrate.quad(integrand, 0, np.inf, limit=200)
    np.testing.assert_allclose(time.linear_entropy_production(steady), distance / np.pi, rtol=1e-6, atol=1e-9)


@settings(max_examples=20)
@given(steady=steady_states())
def test_white_noise_of_eq_4_has_the_true_entropy_production(steady):
    # J and Δβ are differences: their rounding is relative to T over ΔT.
    true = time.entropy_production(steady)
    np.testing.assert_allclose(time.white_noise_entropy_production(steady), true, rtol=1e-6, atol=1e-12)


@given(T=temperatures, capacity=st.floats(1, 1000))
def test_share_of_the_entropy_production_that_the_energies_show_near_equilibrium(T, capacity):
    """(d ln L/dβ)²/(9⟨δE²⟩) with L = T², ⟨δE²⟩ = C_v T²: 4/(9 C_v), below one for all but the tiniest box."""
    steady = Chain(ideal_gas(heat_capacity=capacity, rate=capacity), left=T * 1.001, right=T).steady_state()
    share = time.linear_entropy_production(steady) / time.entropy_production(steady)
    # The next order is (ΔT/T)², and the quotients lose three digits each.
    np.testing.assert_allclose(share, 4 / (9 * capacity), rtol=1e-5)


@given(left=densities, right=densities)
def test_white_noise_misses_entropy_of_hops(left, right):
    """Exclusion: J Σ 2 tanh(Δβ_b/2) < J Δβ."""
    steady, _ = linear("exclusion", left, right)
    beta = np.log((1 - steady.profile) / steady.profile)
    white = steady.current * np.sum(2 * np.tanh(np.diff(beta) / 2))
    np.testing.assert_allclose(time.white_noise_entropy_production(steady), white, rtol=1e-9, atol=1e-13)
    assert time.white_noise_entropy_production(steady) <= time.entropy_production(steady) + 1e-13


def test_entropy_production_at_full_and_empty_baths():
    chain = Chain(exclusion(), left=[1.0, 1.0, 0.0], right=[0.0, 1.0, 0.0])
    steady = chain.steady_state()
    np.testing.assert_array_equal(time.entropy_production(steady), [np.inf, 0, 0])
    white = time.white_noise_entropy_production(steady)
    np.testing.assert_allclose(white, [steady.current[0] ** 2 * np.sum(2 / steady.noise_strengths[0]), 0, 0])


def test_linear_entropy_production_needs_noise_in_the_plane():
    quiet = Contact(lambda a, b: a - b, lambda a, b: 0.0 * a)
    loud = Contact(lambda a, b: a - b)
    one, two = ([quiet] * k + [loud] * (3 - k) for k in (1, 2))
    steady = Chain(System(one, constant_heat_capacity()), left=2.0, right=1.0).steady_state()
    assert time.linear_entropy_production(steady) > 0
    steady = Chain(System(two, constant_heat_capacity()), left=2.0, right=1.0).steady_state()
    with pytest.raises(ValueError, match="diffusion_matrix must be positive definite"):
        time.linear_entropy_production(steady)


# Spectra.


@settings(max_examples=20)
@given(steady=steady_states(), w=st.floats(-30, 30))
def test_spectrum_is_the_resolvent_on_both_sides_of_the_noise(steady, w):
    n = steady.energies.size
    resolvent = np.linalg.inv(1j * w * np.eye(n) - steady.relaxation_matrix)
    expected = resolvent @ steady.diffusion_matrix @ resolvent.conj().T
    S = time.spectrum(steady, w)
    np.testing.assert_allclose(S, expected, rtol=0, atol=1e-13 * stiffness(steady) * np.abs(expected).max())
    np.testing.assert_array_equal(S, S.conj().T)
    assert np.all(np.linalg.eigvalsh(S) >= -1e-14 * np.abs(S).max())


@given(left=temperatures, right=temperatures, w=st.floats(-10, 10))
def test_spectra_of_two_equal_boxes(left, right, w):
    steady, (a, b, c) = linear("gas", left, right)
    P = (1 + w**2) * (9 + w**2)
    S = time.spectrum(steady, w)
    np.testing.assert_allclose(S[0, 0], (a * (4 + w**2) + b * (1 + w**2) + c) / P, rtol=1e-13)
    np.testing.assert_allclose(S[1, 1], (c * (4 + w**2) + b * (1 + w**2) + a) / P, rtol=1e-13)
    across = (2 * (a + c) - b * (1 + w**2) + 1j * w * (a - c)) / P
    np.testing.assert_allclose(S[0, 1], across, rtol=0, atol=1e-13 * (a + b + c))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_spectrum_integrates_to_the_covariance(n):
    system = System([scaled(LAWS["radiation"], 1 + b) for b in range(n + 1)], [metal(1.0 + i) for i in range(n)])
    steady = Chain(system, left=1.5, right=0.5).steady_state()
    whole, _ = scipy.integrate.quad_vec(lambda w: time.spectrum(steady, w).real / np.pi, 0, np.inf, epsrel=1e-10)
    np.testing.assert_allclose(whole, steady.covariance, rtol=0, atol=1e-8 * steady.covariance.max())


@settings(max_examples=20)
@given(steady=steady_states(n=2), w=st.floats(0.01, 10))
def test_imaginary_part_of_the_cross_spectrum_is_the_lead(steady, w):
    """Im S₁₂ = -𝒜₁₂ |Tr R| ω/|det(iω - R)|² for any two boxes; det S = det Q/|det(iω - R)|²."""
    R = steady.relaxation_matrix
    scale = abs(np.linalg.det(1j * w * np.eye(2) - R)) ** 2
    S = time.spectrum(steady, w)
    lead = time.antisymmetric_part(steady)[0, 1]
    np.testing.assert_allclose(S[0, 1].imag, lead * np.trace(R) * w / scale, rtol=0, atol=1e-12 * np.abs(S).max())
    whole = np.linalg.det(steady.diffusion_matrix) / scale
    np.testing.assert_allclose(np.linalg.det(S).real, whole, rtol=0, atol=1e-12 * np.abs(S).max() ** 2)


def test_frequency_response_keeps_its_digits_in_stiff_chains(stiff):
    """Of every element, at all frequencies; a general solver loses those of a kick on a fast bond."""
    steady, times = stiff
    n = steady.energies.size
    frequencies = np.concatenate([[0.0], 1 / np.array(times)])
    found = time.frequency_response(steady, frequencies)
    with mpmath.workdps(60):
        for w, u in zip(frequencies, found):
            matrix = mpmath.mpc(0, w) * mpmath.eye(n) - exact_rates(steady)
            for v, row in zip(bond_vectors(n), u):
                exact = mpmath.lu_solve(matrix, mpmath.matrix(v.tolist()))
                expected = np.array([complex(x) for x in exact])
                assert np.all(np.abs(row - expected) <= 1e-14 * np.abs(expected))


@given(T=temperatures, w=st.floats(-20, 20))
def test_coherence_in_equilibrium(T, w):
    """[(3 - ω²)/(2(3 + ω²))]²: a quarter at both ends, nothing at √3, although C₁₂ = 0; the phase is 0 or π."""
    steady, _ = linear("gas", T, T)
    shared = time.coherence(steady, w)
    np.testing.assert_allclose(shared[0, 1], ((3 - w**2) / (2 * (3 + w**2))) ** 2, rtol=0, atol=1e-14)
    np.testing.assert_allclose(np.diagonal(shared), 1, rtol=1e-14)
    if abs(w**2 - 3) > 1e-6:
        np.testing.assert_allclose(abs(time.phase(steady, w)[0, 1]), 0 if w**2 < 3 else np.pi, atol=1e-6)


@given(left=warm, right=warm)
def test_phase_turns_from_the_delay_to_opposition(left, right):
    """Slow: ahead by (a - c)/(2(a + c) - b). Through ±π/2 at ω₀² = 2(a + c)/b - 1."""
    steady, (a, b, c) = linear("gas", left, right)
    w = 1e-5
    np.testing.assert_allclose(time.phase(steady, w)[0, 1] / w, (a - c) / (2 * (a + c) - b), rtol=1e-8, atol=1e-9)
    if abs(left - right) > 1e-3:
        turned = time.phase(steady, np.sqrt(2 * (a + c) / b - 1))[0, 1]
        np.testing.assert_allclose(turned, np.sign(left - right) * np.pi / 2, rtol=1e-8)


def test_coherence_needs_fluctuations():
    quiet = Contact(lambda a, b: a - b, lambda a, b: 0.0 * a)
    steady = Chain(System(quiet, constant_heat_capacity()), left=2.0, right=1.0).steady_state()
    with pytest.raises(ValueError, match="noise_strengths > 0"):
        time.coherence(steady, 1.0)


# Response.


@settings(max_examples=20)
@given(steady=steady_states(), t=st.floats(0, 3))
def test_field_response_and_violation_add_up(steady, t):
    """χ + dC/dt = e^(Rt) 𝒜/2."""
    slope = steady.relaxation_matrix @ time.two_time_covariance(steady, t)
    found = time.field_response(steady, t) + slope
    scale = np.abs(steady.relaxation_matrix).max() * steady.covariance.max()
    np.testing.assert_allclose(
        time.response_violation(steady, t), found, rtol=0, atol=1e-13 * stiffness(steady) * scale
    )


@given(left=temperatures, right=temperatures, t=st.floats(0, 4))
def test_violation_couples_the_two_modes(left, right, t):
    """Equal contacts: (𝒜₁₂/4)(-m, +p, -p, +m), p, m = e^-t ± e^-3t; nothing within a mode."""
    steady, _ = linear("gas", left, right)
    lead = time.antisymmetric_part(steady)[0, 1]
    p, m = np.exp(-t) + np.exp(-3 * t), np.exp(-t) - np.exp(-3 * t)
    found = time.response_violation(steady, t)
    np.testing.assert_allclose(
        found, lead / 4 * np.array([[-m, p], [-p, m]]), rtol=0, atol=1e-14 * steady.covariance.max()
    )
    turn = np.array([[1, 1], [1, -1]])
    np.testing.assert_allclose(np.diagonal(turn @ found @ turn.T), 0, atol=1e-14 * steady.covariance.max())


@given(rho=densities)
def test_no_violation_at_half_filling_although_a_current_flows(rho):
    steady, _ = linear("exclusion", rho, 1 - rho)
    np.testing.assert_allclose(time.response_violation(steady, TIMES), 0, atol=1e-15)


@given(left=densities, right=densities)
def test_field_tilts_the_hops(left, right):
    """Every hop into box j times e^(h/2), out of it times e^(-h/2): the drift moves by Q h/2."""
    steady, _ = linear("exclusion", left, right)
    p, h = steady.profile, 1e-4

    def drift(fields):
        lift = np.diff(np.concatenate([[0.0], fields, [0.0]])) / 2
        hops = p[:-1] * (1 - p[1:]) * np.exp(lift) - p[1:] * (1 - p[:-1]) * np.exp(-lift)
        return bond_vectors(2).T @ hops

    moved = np.stack([(drift(h * e) - drift(-h * e)) / (2 * h) for e in np.eye(2)], axis=-1)
    # Central difference: h²/24 of the value, and rounding over h.
    np.testing.assert_allclose(time.field_response(steady, 0.0), moved, rtol=0, atol=1e-8)


@settings(max_examples=20)
@given(steady=steady_states())
def test_static_response_is_the_answer_to_a_field_that_stays(steady):
    static = time.static_field_response(steady)
    expected = -np.linalg.solve(steady.relaxation_matrix, steady.diffusion_matrix) / 2
    bound = 1e-13 * stiffness(steady) * np.abs(steady.covariance).max()
    np.testing.assert_allclose(static, expected, rtol=0, atol=bound)
    moved = -np.linalg.solve(steady.relaxation_matrix, time.antisymmetric_part(steady)) / 2
    np.testing.assert_allclose(static - steady.covariance, moved, rtol=0, atol=10 * bound * stiffness(steady))


@given(left=temperatures, right=temperatures)
def test_static_response_of_equal_boxes(left, right):
    """It exceeds C by (𝒜₁₂/6)[[-1, 2], [-2, 1]]."""
    steady, _ = linear("gas", left, right)
    lead = time.antisymmetric_part(steady)[0, 1]
    excess = time.static_field_response(steady) - steady.covariance
    np.testing.assert_allclose(
        excess, lead / 6 * np.array([[-1, 2], [-2, 1]]), rtol=0, atol=1e-13 * steady.covariance.max()
    )


@settings(max_examples=20)
@given(system=systems(), left=warm, right=warm)
def test_static_bath_response_is_the_slope_of_the_steady_energies(system, left, right):
    h = 1e-4
    found = time.static_bath_response(Chain(system, left=left, right=right))
    for side, (dl, dr) in enumerate([(h, 0), (0, h)]):
        up, down = (
            Chain(system, left=left + sign * dl, right=right + sign * dr).steady_state().energies for sign in (1, -1)
        )
        slope = (up - down) / (2 * h)
        # Central difference: h² of the third derivative, for baths of 0.5 and more.
        np.testing.assert_allclose(found[side], slope, rtol=1e-5, atol=1e-5 * np.abs(slope).max())


@settings(max_examples=20)
@given(system=systems(), left=warm, right=warm, t=st.floats(0, 3))
def test_bath_response_is_the_propagator_summed_up(system, left, right, t):
    """∂E(t)/∂T₀ = ∫ e^(Rs) ds v₀ ∂A₀₁/∂T₀: its share of the static one is 1 - e^(Rt)."""
    chain = Chain(system, left=left, right=right)
    steady, static = chain.steady_state(), time.static_bath_response(chain)
    expected = static - static @ time.propagator(steady, t).T
    scale = np.abs(static).max()
    np.testing.assert_allclose(time.bath_response(chain, t), expected, rtol=0, atol=1e-12 * scale)


@given(left=densities, right=densities)
def test_heating_both_baths_is_another_response(left, right):
    """var(E₁ + E₂) + dE_tot/dβ = ∓Δ²/3 if β of both baths is changed: - gas (per C_v), + exclusion (per N)."""
    susceptibility = {ideal_gas: lambda T: T**2, exclusion: lambda rho: rho * (1 - rho)}
    for make, sign in ((ideal_gas, -1), (exclusion, 1)):
        chain = Chain(make(), left=left, right=right)
        answer = -susceptibility[make](np.array([left, right])) @ time.static_bath_response(chain).sum(axis=-1)
        variance = chain.steady_state().covariance.sum()
        np.testing.assert_allclose(variance + answer, sign * (left - right) ** 2 / 3, rtol=0, atol=1e-14)


# The way there.


def switching_on(t):
    return (8 - 27 * np.exp(-2 * t) + 16 * np.exp(-3 * t) + (3 + 12 * t) * np.exp(-6 * t)) / 216


@pytest.mark.parametrize("start", [0.2, 1.25, 6.0])
def test_correlation_after_switching_on_forgets_the_starting_temperature(start):
    t = np.linspace(0, 4, 9)
    found = time.transient(Chain(ideal_gas(), left=2.0, right=0.5), t, energies=[start, start])
    # The integrator keeps 1e-10 of the largest variance in each step.
    np.testing.assert_allclose(
        found.covariance[:, 0, 1], 1.5**2 * switching_on(t), rtol=0, atol=1e-9 * max(start, 2) ** 2
    )


@pytest.mark.parametrize("start", [0.0, 0.3, 1.0])
def test_correlation_after_switching_on_in_exclusion(start):
    t = np.linspace(0, 4, 9)
    found = time.transient(Chain(exclusion(sites=10.0, rate=10.0), left=0.9, right=0.1), t, energies=[10 * start] * 2)
    np.testing.assert_allclose(found.covariance[:, 0, 1], -10 * 0.8**2 * switching_on(t), rtol=0, atol=1e-8)


def test_correlation_starts_as_the_cube_of_the_time():
    t = 1e-2
    found = time.transient(Chain(ideal_gas(), left=2.0, right=1.0), [0.0, t], energies=[1.0, 1.0])
    # f = t³/3 - 3t⁴/2 + …: the second term is 4.5 t of the first.
    np.testing.assert_allclose(found.covariance[1, 0, 1], t**3 / 3, rtol=5 * t)


def test_steady_state_stays():
    chain = Chain(System(scaled(LAWS["radiation"], 1.0), metal(1.0), n=3), left=2.0, right=1.0)
    steady, found = chain.steady_state(), time.transient(chain, [0.0, 1.0, 100.0])
    np.testing.assert_allclose(found.energies, [steady.energies] * 3, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, [steady.covariance] * 3, rtol=0, atol=1e-9 * steady.covariance.max())
    np.testing.assert_allclose(found.currents, [steady.currents] * 3, rtol=1e-9)


def test_every_start_ends_in_the_steady_state():
    chain = Chain(System(scaled(LAWS["radiation"], 1.0), metal(1.0), n=3), left=2.0, right=1.0)
    steady = chain.steady_state()
    start = np.diag([1.0, 2.0, 0.0])
    found = time.transient(chain, [0.0, 40 * steady.relaxation_time], energies=[9.0, 0.1, 1.0], covariance=start)
    np.testing.assert_array_equal(found.covariance[0], start)
    np.testing.assert_allclose(found.energies[-1], steady.energies, rtol=1e-9)
    np.testing.assert_allclose(found.covariance[-1], steady.covariance, rtol=0, atol=1e-9 * steady.covariance.max())


@given(kick=st.lists(st.floats(-1, 1), min_size=3, max_size=3))
@settings(max_examples=5)
def test_small_deviations_follow_the_propagator(kick):
    """And the covariance e^(Rt) δC e^(Rᵀt), whatever its size."""
    chain = Chain(System(scaled(LAWS["radiation"], 1.0), metal(1.0), n=3), left=1.2, right=1.0)
    steady, kick, times = chain.steady_state(), 1e-6 * np.array(kick), np.array([0.0, 0.2, 1.0])
    path = time.transient(chain, times, energies=steady.energies + kick, covariance=2 * steady.covariance)
    U = time.propagator(steady, times)
    # The mean equations are nonlinear: the next order is 1e-6 of the kick, and 1e-6 of C through R and Q.
    np.testing.assert_allclose(path.energies - steady.energies, U @ kick, rtol=0, atol=1e-10)
    spread = steady.covariance + U @ steady.covariance @ np.swapaxes(U, -1, -2)
    np.testing.assert_allclose(path.covariance, spread, rtol=0, atol=1e-4 * steady.covariance.max())


def test_small_step_of_a_bath_is_followed_as_the_bath_response_says():
    system, h = System(scaled(LAWS["radiation"], 1.0), metal(1.0), n=2), 1e-4
    chain = Chain(system, left=1.5, right=1.0)
    up, down = (time.transient(chain, TIMES, left=1.5 + s * h).energies for s in (1, -1))
    np.testing.assert_allclose((up - down) / (2 * h), time.bath_response(chain, TIMES)[:, 0], rtol=0, atol=1e-5)


def test_driven_bath_moves_the_gas_at_its_frequency():
    """Mean energies obey a linear law: after the transients, Re (iω - R)⁻¹ v₀ e^(iωt) of the drive."""
    chain, w = Chain(ideal_gas(), left=2.0, right=1.0), 1.3
    late = np.array([0.0, 28.0, 29.0, 30.0])
    found = time.transient(chain, late, left=lambda t: 2.0 + 0.5 * np.cos(w * t))
    swing = 0.5 * np.exp(1j * w * late[1:, None]) * time.frequency_response(chain.steady_state(), w)[0]
    # e^-28 is left of the transients.
    np.testing.assert_allclose(found.energies[1:], chain.steady_state().energies + swing.real, rtol=0, atol=1e-8)


def test_covariance_under_a_drive_is_the_noise_made_so_far_and_not_yet_forgotten():
    """C(t) = e^(Rt) C₀ e^(Rᵀt) + ∫ e^(R(t-s)) Q(s) e^(Rᵀ(t-s)) ds, by quadrature on the mean path."""
    chain = Chain(ideal_gas(n=3), left=1.0, right=1.0)
    steady, end = chain.steady_state(), 2.0
    nodes, weights = np.polynomial.legendre.leggauss(24)
    s, weights = end * (nodes + 1) / 2, end * weights / 2
    drive = lambda t: 1.0 + t**2  # noqa: E731
    path = time.transient(chain, np.concatenate([[0.0], s, [end]]), left=drive)
    whole = steady.covariance
    U = time.propagator(steady, end)
    whole = U @ whole @ U.T
    for moment, weight, E in zip(s, weights, path.energies[1:-1]):
        profile = np.concatenate([[drive(moment)], E, [1.0]])
        Q = np.einsum("b,bi,bj->ij", 2 * profile[:-1] * profile[1:], bond_vectors(3), bond_vectors(3))
        U = time.propagator(steady, end - moment)
        whole = whole + weight * U @ Q @ U.T
    np.testing.assert_allclose(path.covariance[-1], whole, rtol=0, atol=1e-8)


def test_switch_on_one_of_the_times_is_two_transients():
    chain = Chain(System(scaled(LAWS["radiation"], 1.0), metal(1.0), n=2), left=1.0, right=1.0)
    once = time.transient(chain, [0.0, 1.0, 1.5], left=lambda t: 2.0 if t >= 1 else 1.0)
    after = time.transient(chain, [0.0, 0.5], left=2.0)
    np.testing.assert_allclose(once.energies[-1], after.energies[-1], rtol=1e-8)
    np.testing.assert_allclose(once.covariance[-1], after.covariance[-1], rtol=0, atol=1e-7)


def test_slopes_that_are_checked_lead_the_same_way(monkeypatch):
    """Where plain complex steps do not give R, the slopes come from the chain's own derivatives."""
    chain = Chain(System(scaled(LAWS["mixed"], 1.0), metal(1.0), n=2), left=1.5, right=1.0)
    quick = time.transient(chain, [0.0, 0.3], energies=[0.5, 2.0])
    monkeypatch.setattr(time._Path, "_is_analytic", lambda path, steady: False)
    checked = time.transient(chain, [0.0, 0.3], energies=[0.5, 2.0])
    np.testing.assert_allclose(checked.energies, quick.energies, rtol=1e-12)
    np.testing.assert_allclose(checked.covariance, quick.covariance, rtol=1e-11)


def test_energy_is_conserved_on_the_way():
    """What the boxes have gained is what the currents have brought: ∫ (A₀₁ - A₂₃) dt, by Gauss-Legendre quadrature."""
    chain = Chain(System(scaled(LAWS["radiation"], 1.0), metal(1.0), n=2), left=1.5, right=1.0)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    times = np.concatenate([[0.0], (nodes + 1) / 2, [1.0]])
    path = time.transient(chain, times, energies=[0.5, 2.0])
    gained = weights / 2 @ (path.currents[1:-1, 0] - path.currents[1:-1, -1])
    np.testing.assert_allclose(path.energies[-1].sum() - path.energies[0].sum(), gained, rtol=0, atol=1e-8)


@given(T=st.lists(temperatures, min_size=2, max_size=2))
def test_local_equilibrium_is_the_covariance_at_equal_baths(T):
    for value in T:
        chain = Chain(System(scaled(LAWS["radiation"], 1.0), metal(2.0)), left=value, right=value)
        steady = chain.steady_state()
        found = time.local_equilibrium(chain, steady.energies)
        np.testing.assert_allclose(found, steady.covariance, rtol=1e-11, atol=1e-11 * found.max())


def test_local_equilibrium_of_full_and_empty_boxes_is_still():
    chain = Chain(exclusion(sites=4.0), left=1.0, right=0.0)
    found = time.local_equilibrium(chain, [[4.0, 0.0], [1.0, 2.0]])
    np.testing.assert_allclose(found, [np.zeros((2, 2)), np.diag([0.75, 1.0])], rtol=1e-14)


# Arrays, and refusals.

FUNCTIONS = [time.propagator, time.two_time_covariance, time.field_response, time.response_violation]
SPECTRA = [time.frequency_response, time.spectrum, time.coherence, time.phase]
STATIC = [
    time.antisymmetric_part,
    time.circulation,
    time.linear_entropy_production,
    time.white_noise_entropy_production,
    time.entropy_production,
    time.static_field_response,
]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_arrays_are_the_single_results(n):
    """Times first, then baths; a number adds no axis."""
    left, times = np.array([[1.0, 2.0, 1.5]]), np.array([0.2, 1.0])
    chain = Chain(ideal_gas(n=n), left=left, right=1.0)
    steady = chain.steady_state()
    one = Chain(ideal_gas(n=n), left=2.0, right=1.0)
    for function in FUNCTIONS + SPECTRA:
        rows = n + 1 if function is time.frequency_response else n
        found = function(steady, times)
        assert found.shape == (2, 1, 3, rows, n)
        single = function(one.steady_state(), times[1])
        assert single.shape == (rows, n)
        np.testing.assert_allclose(found[1, 0, 1], single, rtol=1e-12, atol=1e-14)
    for function in STATIC:
        np.testing.assert_allclose(function(steady)[0, 1], function(one.steady_state()), rtol=1e-9, atol=1e-14)
    assert time.bath_response(chain, times).shape == (2, 1, 3, 2, n)
    np.testing.assert_allclose(time.bath_response(chain, times)[1, 0, 1], time.bath_response(one, 1.0), rtol=1e-12)
    assert time.static_bath_response(chain).shape == (1, 3, 2, n)


@pytest.mark.parametrize("function", FUNCTIONS + SPECTRA + STATIC)
def test_what_is_no_steady_state_is_refused(function):
    with pytest.raises(ValueError, match="steady must be a SteadyState"):
        function(np.eye(2), *([] if function in STATIC else [1.0]))


@pytest.mark.parametrize("function", FUNCTIONS + SPECTRA)
@pytest.mark.parametrize("bad", [np.nan, np.inf, "soon", 1j, [1.0, np.nan]])
def test_times_and_frequencies_that_are_no_numbers_are_refused(function, bad):
    name = "frequencies" if function in SPECTRA else "times"
    with pytest.raises(ValueError, match=name):
        function(Chain(ideal_gas(), left=2.0, right=1.0).steady_state(), bad)


@pytest.mark.parametrize("function", [time.propagator, time.field_response, time.response_violation])
def test_negative_times_are_refused(function):
    with pytest.raises(ValueError, match="times must be finite and >= 0"):
        function(Chain(ideal_gas(), left=2.0, right=1.0).steady_state(), -1.0)


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"times": [0.0, 0.0]}, "times must be a row of increasing numbers"),
        ({"times": []}, "times must be a row of increasing numbers"),
        ({"times": 1.0}, "times must be a row of increasing numbers"),
        ({"times": [0.0, np.nan]}, "times must be finite"),
        ({"energies": [1.0]}, "energies must have shape"),
        ({"energies": [1.0, -1.0]}, "energy must be finite and >= 0"),
        ({"energies": [1.0, 0.0]}, "temperature at energies must be finite and > 0"),
        ({"energies": [1.0, np.nan]}, "energies must be finite"),
        ({"covariance": np.eye(3)}, "covariance must have shape"),
        ({"covariance": [[1.0, 2.0], [2.0, 1.0]]}, "covariance must be symmetric and positive semidefinite"),
        ({"covariance": [[1.0, 0.5], [0.0, 1.0]]}, "covariance must be symmetric and positive semidefinite"),
        ({"left": -1.0}, "left must be finite and > 0"),
        ({"left": [1.0, 2.0]}, "left must be one number"),
        ({"right": lambda t: 1.0 - t}, r"right\(t\) must be finite and > 0"),
        ({"right": lambda t: [1.0, 2.0]}, r"right\(t\) must be one number"),
        ({"right": "warm"}, "right must be a real number"),
    ],
)
def test_transient_refuses_by_name(arguments, named):
    chain = Chain(ideal_gas(), left=2.0, right=1.0)
    with pytest.raises(ValueError, match=named):
        time.transient(chain, **{"times": [0.0, 1.0, 2.0], **arguments})


def test_what_is_no_chain_is_refused():
    for function in (time.transient, time.bath_response, time.local_equilibrium):
        with pytest.raises(ValueError, match="chain must be a Chain"):
            function("chain", [0.0, 1.0])
    with pytest.raises(ValueError, match="chain must be a Chain"):
        time.static_bath_response(None)
    with pytest.raises(ValueError, match="chain must have one value for each bath"):
        time.transient(Chain(ideal_gas(), left=[1.0, 2.0], right=1.0), [0.0, 1.0])


def test_transient_cannot_be_changed():
    found = time.transient(Chain(ideal_gas(), left=2.0, right=1.0), [0.0, 1.0])
    with pytest.raises(ValueError, match="read-only"):
        found.energies[0, 0] = 7.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.times = None
