"""Noise of the current and of the energy transferred (book's chapter on the current)."""

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.systems import LAWS, densities, metal, rates, scaled, systems, temperatures
from twobox import Chain, Contact, System, bond_vectors, constant_heat_capacity, exclusion, ideal_gas, kmp
from twobox.questions import current, time

# Baths less far apart than elsewhere: a T⁴ law between 0.05 and 20 spreads the rates over more decades than the general
# solvers used here for comparison can bear.
warm = st.floats(0.5, 3)
few = settings(max_examples=20)


@st.composite
def steady_states(draw, n=None):
    return Chain(draw(systems(n)), left=draw(warm), right=draw(warm)).steady_state()


def equal_boxes(left, right):
    """Two equal boxes of ideal gas in units N/γ, and the noise a, b, c of the bonds."""
    steady = Chain(ideal_gas(), left=left, right=right).steady_state()
    return steady, steady.noise_strengths


def reaction(steady):
    """K, shape (n + 1, n): the current of bond b per energy of box i, so that R = Vᵀ K."""
    n = steady.energies.shape[-1]
    K = np.zeros((n + 1, n))
    K[range(1, n + 1), range(n)] = steady.rates_from_left[1:]
    K[range(n), range(n)] = -steady.rates_from_right[:-1]
    return K


def stiffness(steady):
    return steady.relaxation_times[0] / steady.relaxation_times[-1]


# What a kick on a bond comes to in the end.


@few
@given(steady=steady_states())
def test_weights_are_what_passes_every_bond_in_the_end(steady):
    """1 - K R⁻¹ Vᵀ has w in every row: a kick of the noise and the relaxation of what it has done to the boxes."""
    n = steady.energies.size
    passed = np.eye(n + 1) - reaction(steady) @ np.linalg.solve(steady.relaxation_matrix, bond_vectors(n).T)
    w = current.bond_weights(steady)
    assert np.all(w > 0)
    np.testing.assert_allclose(w.sum(), 1, rtol=1e-15)
    np.testing.assert_allclose(passed, np.tile(w, (n + 1, 1)), rtol=0, atol=1e-13 * stiffness(steady))


@given(g=st.lists(rates, min_size=4, max_size=4))
def test_weights_of_two_boxes(g):
    """(γ₂γ₄, γ₁γ₄, γ₁γ₃)/det R, with four independent rates from unlike slopes on the two sides of a contact."""
    g1, g2, g3, g4 = g
    # A = g T_i - g' T_j for the middle bond, made zero between equals by a law that bends.
    middle = Contact(lambda a, b: (a - b) * (g2 * b + g3 * a))
    system = System([scaled(LAWS["fourier"], g1), middle, scaled(LAWS["fourier"], g4)], constant_heat_capacity())
    steady = Chain(system, left=2.0, right=1.0).steady_state()
    (_, g2, g4), (g1, g3, _) = steady.rates_from_left, steady.rates_from_right
    det = g1 * g3 + g1 * g4 + g2 * g4
    np.testing.assert_allclose(current.bond_weights(steady), np.array([g2 * g4, g1 * g4, g1 * g3]) / det, rtol=1e-13)


@given(k=st.lists(rates, min_size=2, max_size=7), T=temperatures)
def test_weights_in_equilibrium_are_shares_of_the_resistance(k, T):
    steady = Chain(ideal_gas(rate=k, n=len(k) - 1), left=T, right=T).steady_state()
    np.testing.assert_allclose(current.bond_weights(steady), (1 / np.array(k)) / np.sum(1 / np.array(k)), rtol=1e-12)


def test_weights_of_long_and_stiff_chains():
    """A hundred bonds, conductances over 20 decades in a disorder: products of rates that underflow."""
    k = 10.0 ** np.random.default_rng(5).uniform(-4, 4, 61)
    steady = Chain(ideal_gas(rate=list(k), n=60), left=2.0, right=1.0).steady_state()
    np.testing.assert_allclose(current.bond_weights(steady), (1 / k) / np.sum(1 / k), rtol=1e-12)


# Zero frequency.


@few
@given(steady=steady_states())
def test_zero_frequency_noise_is_the_same_through_all_bonds(steady):
    S = current.current_spectrum(steady, 0.0)
    np.testing.assert_allclose(S, current.zero_frequency_noise(steady), rtol=1e-12)


@given(left=temperatures, right=temperatures)
def test_zero_frequency_noise_of_the_ideal_gas(left, right):
    steady, (a, b, c) = equal_boxes(left, right)
    S = current.zero_frequency_noise(steady)
    np.testing.assert_allclose(S, (a + b + c) / 9, rtol=1e-13)
    np.testing.assert_allclose(S, 2 * (8 * left**2 + 11 * left * right + 8 * right**2) / 81, rtol=1e-12)


@given(left=densities, right=densities)
def test_zero_frequency_noise_of_exclusion(left, right):
    """[27(ρ₀ + ρ₃) - 2(8ρ₀² + 11ρ₀ρ₃ + 8ρ₃²)]/81 per time 1/γ, for large N."""
    steady = Chain(exclusion(), left=left, right=right).steady_state()
    expected = (27 * (left + right) - 2 * (8 * left**2 + 11 * left * right + 8 * right**2)) / 81
    np.testing.assert_allclose(current.zero_frequency_noise(steady), expected, rtol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_fano_factor_falls_to_a_third_as_boxes_are_added(n):
    """Exclusion between a full and an empty bath: S/J = 1/3 + 2/(3(n + 1)²)."""
    steady = Chain(exclusion(n=n), left=1.0, right=0.0).steady_state()
    fano = current.zero_frequency_noise(steady) / steady.current
    np.testing.assert_allclose(fano, 1 / 3 + 2 / (3 * (n + 1) ** 2), rtol=1e-12)


@pytest.mark.parametrize("make", [ideal_gas, kmp])
@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_snapshots_of_the_boxes_tell_the_noise_of_the_ammeter(make, n):
    """S = (γ/N) 2 Tr C/(n(n + 1)) for equal contacts, here γ/N = 3/0.5."""
    steady = Chain(make(rate=3.0, heat_capacity=0.5, n=n), left=2.0, right=0.7).steady_state()
    told = 6.0 * 2 * np.trace(steady.covariance) / (n * (n + 1))
    np.testing.assert_allclose(current.zero_frequency_noise(steady), told, rtol=1e-12)


# Three ammeters in series.


@few
@given(steady=steady_states(), w=st.floats(-30, 30))
def test_ammeters_see_the_noise_and_the_boxes_answer(steady, w):
    """M = 1 + K (iω - R)⁻¹ Vᵀ."""
    n = steady.energies.size
    answer = np.linalg.solve(1j * w * np.eye(n) - steady.relaxation_matrix, bond_vectors(n).T)
    expected = np.eye(n + 1) + reaction(steady) @ answer
    M = current.ammeter_response(steady, w)
    np.testing.assert_allclose(M, expected, rtol=0, atol=1e-13 * stiffness(steady))
    # What enters a box is stored in it or leaves.
    u = time.frequency_response(steady, w)
    np.testing.assert_allclose(1j * w * u, (bond_vectors(n).T @ M).T, rtol=0, atol=1e-12 * np.abs(M).max())
    S = current.current_spectrum(steady, w)
    np.testing.assert_array_equal(S, S.conj().T)
    np.testing.assert_allclose(S, (M * steady.noise_strengths) @ M.conj().T, rtol=0, atol=1e-13 * np.abs(S).max())


@given(left=temperatures, right=temperatures, w=st.floats(-10, 10))
def test_noise_of_three_ammeters(left, right, w):
    steady, (a, b, c) = equal_boxes(left, right)
    P = (1 + w**2) * (9 + w**2)
    S = current.current_spectrum(steady, w)
    np.testing.assert_allclose(S[0, 0], (a * (1 + 7 * w**2 + w**4) + b * (1 + w**2) + c) / P, rtol=1e-12)
    np.testing.assert_allclose(S[1, 1], (a + b * (1 + w**2) + c) / (9 + w**2), rtol=1e-12)
    np.testing.assert_allclose(S[2, 2], (c * (1 + 7 * w**2 + w**4) + b * (1 + w**2) + a) / P, rtol=1e-12)
    across = (a * (1 - w**2 + 3j * w) + b * (1 + w**2) + c * (1 - w**2 - 3j * w)) / P
    np.testing.assert_allclose(S[0, 2], across, rtol=0, atol=1e-13 * (a + b + c))


@given(left=warm, right=warm)
def test_outer_ammeters_turn_against_each_other(left, right):
    """Re S₀₁,₂₃ changes sign at ω² = (a + b + c)/(a + c - b)."""
    steady, (a, b, c) = equal_boxes(left, right)
    turn = np.sqrt((a + b + c) / (a + c - b))
    below, at, above = current.current_spectrum(steady, [0.99 * turn, turn, 1.01 * turn])[:, 0, 2].real
    assert below > 0 > above
    np.testing.assert_allclose(at, 0, atol=1e-14 * (a + b + c))


@few
@given(steady=steady_states())
def test_at_high_frequency_each_bond_shows_its_own_noise(steady):
    fastest = np.abs(steady.relaxation_matrix).max()
    S = current.current_spectrum(steady, 1e8 * fastest)
    B = steady.noise_strengths
    np.testing.assert_allclose(S, np.diag(B), rtol=0, atol=1e-7 * B.max())


def test_ammeters_keep_their_digits_in_stiff_chains():
    """Every element against 60 digits, with conductances over twelve decades."""
    steady = Chain(ideal_gas(rate=[1e-3, 1e6, 1e-6, 1e3], n=3), left=2.0, right=1.0).steady_state()
    left, right = steady.rates_from_left, steady.rates_from_right
    frequencies = np.array([0.0, 1e-6, 1e-3, 1.0, 1e6])
    with mpmath.workdps(60):
        # M = iω (iω + G)⁻¹, G the generator of the walk over the bonds; ω = 0 by a frequency far below all rates.
        for w, M in zip(frequencies, current.ammeter_response(steady, frequencies)):
            iw = mpmath.mpc(0, w or mpmath.mpf(10) ** -30)
            walk = iw * mpmath.eye(4)
            for b in range(4):
                walk[b, b] += mpmath.mpf(left[b]) + mpmath.mpf(right[b])
                if b > 0:
                    walk[b, b - 1] -= mpmath.mpf(left[b])
                if b < 3:
                    walk[b, b + 1] -= mpmath.mpf(right[b])
            exact = iw * walk**-1
            expected = np.array([[complex(exact[b, d]) for d in range(4)] for b in range(4)])
            assert np.all(np.abs(M - expected) <= 1e-14 * np.abs(expected))


# Energies while the current is high.


@given(left=temperatures, right=temperatures)
def test_boxes_while_the_current_is_high(left, right):
    """(2a - b - c, a + b - 2c)/9, the same for the current of every bond."""
    steady, (a, b, c) = equal_boxes(left, right)
    S = current.energy_current_spectrum(steady, 0.0)
    expected = np.array([2 * a - b - c, a + b - 2 * c]) / 9
    np.testing.assert_allclose(S, np.tile(expected[:, None], 3), rtol=0, atol=1e-14 * (a + b + c))


def test_high_current_finds_hot_boxes_of_gas_and_depleted_exclusion():
    """Gas, left bath hotter: both boxes hotter. Exclusion between full and empty: box 1 emptier, box 2 fuller."""
    gas = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    assert np.all(current.energy_current_spectrum(gas, 0.0).real > 0)
    hops = Chain(exclusion(), left=1.0, right=0.0).steady_state()
    assert np.all(current.energy_current_spectrum(hops, 0.0).real * [[-1], [1]] > 0)


@few
@given(steady=steady_states(), w=st.floats(-10, 10))
def test_energies_and_currents_are_made_by_one_noise(steady, w):
    """u B M†; and what box i gains is the difference of two currents: iω S_EE = Vᵀ S_JE."""
    n = steady.energies.size
    S = current.energy_current_spectrum(steady, w)
    u, M = time.frequency_response(steady, w), current.ammeter_response(steady, w)
    expected = np.einsum("b,bi,cb->ic", steady.noise_strengths, u, M.conj())
    # In equilibrium the bonds cancel each other: rounding is that of each by itself.
    scale = np.einsum("b,bi,cb->ic", steady.noise_strengths, np.abs(u), np.abs(M)).max()
    np.testing.assert_allclose(S, expected, rtol=0, atol=1e-13 * scale)
    gained = bond_vectors(n).T @ S.conj().T
    stored = 1j * w * time.spectrum(steady, w)
    np.testing.assert_allclose(gained, stored, rtol=0, atol=1e-12 * (scale + np.abs(stored).max()))


# What passes in a time.


@given(left=temperatures, right=temperatures, t=st.floats(0, 5))
def test_variance_of_the_transfer_between_equal_boxes(left, right, t):
    steady, (a, b, c) = equal_boxes(left, right)
    slow, fast = t + np.expm1(-t), t + np.expm1(-3 * t) / 3
    variance = current.transfer_variance(steady, t)
    # The closed form is a difference of terms of this size.
    bound = 1e-13 * (a + b + c) * (1 + t)
    np.testing.assert_allclose(variance[1], b * t + (a + c - 8 * b) / 9 * fast, rtol=0, atol=bound)
    first = a * t + (c - 5 * a) / 8 * slow + (8 * b - 19 * a - c) / 72 * fast
    np.testing.assert_allclose(variance[0], first, rtol=0, atol=bound)
    last = c * t + (a - 5 * c) / 8 * slow + (8 * b - 19 * c - a) / 72 * fast
    np.testing.assert_allclose(variance[2], last, rtol=0, atol=bound)


def by_matrix_exponential(steady, t):
    """Covariance of (E, Q) as one linear process: Van Loan's exponential of a block matrix."""
    n = steady.energies.size
    size = 2 * n + 1
    A, noise = np.zeros((size, size)), np.vstack([bond_vectors(n).T, np.eye(n + 1)])
    A[:n, :n], A[n:, :n] = steady.relaxation_matrix, reaction(steady)
    block = np.zeros((2 * size, 2 * size))
    block[:size, :size], block[size:, size:] = -A, A.T
    block[:size, size:] = (noise * steady.noise_strengths) @ noise.T
    whole = scipy.linalg.expm(block * t)
    U = whole[size:, size:].T
    start = np.zeros((size, size))
    start[:n, :n] = steady.covariance
    return (U @ start @ U.T + U @ whole[:size, size:])[n:, n:]


@few
@given(steady=steady_states(), t=st.floats(0.01, 2))
def test_transfer_is_part_of_one_linear_process(steady, t):
    # Van Loan's block holds e^(+|R|t): short times only.
    t = min(t, 3 / np.abs(steady.relaxation_matrix).max())
    found = current.transfer_covariance(steady, t)
    np.testing.assert_allclose(found, by_matrix_exponential(steady, t), rtol=0, atol=1e-10 * np.abs(found).max())


@pytest.mark.parametrize("t", [0.3, 3.0])
def test_transfer_is_the_spectrum_seen_through_a_window(t):
    """Var(Q_b) = B_b t + ∫ (S_bb - B_b) (sin(ωt/2)/(ω/2))² dω/2π, by quadrature."""
    system = System([scaled(LAWS["radiation"], 1 + b) for b in range(4)], [metal(1.0)] * 3)
    steady = Chain(system, left=1.5, right=0.5).steady_state()
    B = steady.noise_strengths

    # The trapezium rule errs by e^(-2π rate/step); above the cut, (rate/cut)³ B is left out.
    w, step = np.linspace(0, 2e3, 40001, retstep=True)
    excess = np.diagonal(current.current_spectrum(steady, w), axis1=-2, axis2=-1).real - B
    seen = excess * ((t * np.sinc(w * t / (2 * np.pi))) ** 2 / np.pi)[:, None]
    late = step * (seen.sum(axis=0) - seen[0] / 2)
    np.testing.assert_allclose(current.transfer_variance(steady, t), B * t + late, rtol=0, atol=1e-6 * B.max())


@few
@given(steady=steady_states(), t=st.floats(0, 5))
def test_what_boxes_have_gained_is_what_has_passed(steady, t):
    """Cov(Vᵀ Q) = 2C - C(t) - C(t)ᵀ: energy is conserved, fluctuation by fluctuation."""
    V = bond_vectors(steady.energies.size)
    gained = V.T @ current.transfer_covariance(steady, t) @ V
    C = time.two_time_covariance(steady, t)
    bound = 1e-12 * stiffness(steady) * (np.abs(steady.covariance).max() + current.zero_frequency_noise(steady) * t)
    np.testing.assert_allclose(gained, 2 * steady.covariance - C - C.T, rtol=0, atol=bound)


@few
@given(steady=steady_states())
def test_transfer_starts_with_the_noise_of_the_bond_and_ends_with_that_of_the_chain(steady):
    B, S = steady.noise_strengths, current.zero_frequency_noise(steady)
    short, long = 1e-9 * steady.relaxation_times[-1], 1e9 * steady.relaxation_times[0]
    np.testing.assert_allclose(
        current.transfer_covariance(steady, short) / short, np.diag(B), rtol=0, atol=1e-7 * B.max()
    )
    # What the boxes can hold back is below C, against S t.
    held = np.abs(steady.covariance).max() / long
    np.testing.assert_allclose(current.transfer_covariance(steady, long) / long, S, rtol=1e-7, atol=10 * held)
    np.testing.assert_array_equal(current.transfer_covariance(steady, 0.0), 0)


# The uncertainty relation.


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("left", [1.0, 1.0 + 1e-9, 1.3, 40.0])
def test_uncertainty_product_of_the_ideal_gas(n, left):
    """1 + (1/3)(1 - 1/(n + 1)²)(T₀ - T₃)²/(T₀T₃): at equal baths the bound itself."""
    found = current.uncertainty_product(Chain(ideal_gas(rate=2.0, heat_capacity=3.0, n=n), left=left, right=1.0))
    np.testing.assert_allclose(found, 1 + (1 - 1 / (n + 1) ** 2) * (left - 1.0) ** 2 / (3 * left), rtol=1e-12)


@few
@given(system=systems(), left=warm, right=warm)
def test_uncertainty_relation_holds(system, left, right):
    """𝒬 = S Δβ/2J ≥ 1, for every law with the noise of eq. (4)."""
    chain = Chain(system, left=left, right=right)
    steady, product = chain.steady_state(), current.uncertainty_product(chain)
    assert product >= 1 - 1e-13
    spent = time.entropy_production(steady) * current.zero_frequency_noise(steady)
    # J and Δβ lose the digits by which the baths are close.
    np.testing.assert_allclose(
        2 * steady.current**2 * product, spent, rtol=1e-6, atol=1e-12 * abs(steady.current) + 1e-20
    )


@few
@given(system=systems(), T=warm)
def test_uncertainty_relation_is_an_equality_in_equilibrium(system, T):
    np.testing.assert_allclose(current.uncertainty_product(Chain(system, left=T, right=T)), 1, rtol=1e-12)


@given(rho=st.floats(0.1, 0.9))
def test_uncertainty_product_near_equilibrium(rho):
    """1 + Δβ²[(2/27)(d ln L/dβ)² + K₂/9] for exclusion: d ln L/dβ = 2ρ - 1, K₂ = 1/12."""
    shift = 1e-3
    beta = np.log((1 - rho) / rho) + np.array([-0.5, 0.5]) * shift
    left, right = 1 / (1 + np.exp(beta))
    excess = current.uncertainty_product(Chain(exclusion(), left=left, right=right)) - 1
    expected = shift**2 * (2 / 27 * (2 * rho - 1) ** 2 + 1 / 108)
    # The next order is Δβ² of this; 1e-16 of 𝒬 against 1e-8.
    np.testing.assert_allclose(excess, expected, rtol=1e-5)


def test_noisier_contacts_do_not_make_the_current_more_precise():
    """Lumps have a larger B than eq. (4) gives to the same current."""
    gas, lumps = (Chain(make(), left=3.0, right=1.0) for make in (ideal_gas, kmp))
    assert current.uncertainty_product(lumps) > current.uncertainty_product(gas) > 1


def test_uncertainty_product_of_full_and_empty_baths():
    chain = Chain(exclusion(), left=[1.0, 0.5, 1.0], right=[0.0, 0.0, 0.5])
    np.testing.assert_array_equal(current.uncertainty_product(chain), np.inf)
    for end in (0.0, 1.0):
        with pytest.raises(ValueError, match="left and right must not both be at one end of the range of density"):
            current.uncertainty_product(Chain(exclusion(), left=[0.5, end], right=[0.2, end]))


# Arrays, and refusals.

OF_TIME = [current.transfer_covariance, current.transfer_variance]
OF_FREQUENCY = [current.ammeter_response, current.current_spectrum, current.energy_current_spectrum]
STATIC = [current.bond_weights, current.zero_frequency_noise]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_arrays_are_the_single_results(n):
    """Times or frequencies first, then baths; a number adds no axis."""
    many = Chain(ideal_gas(n=n), left=[[1.0, 2.0, 1.5]], right=1.0)
    one = Chain(ideal_gas(n=n), left=2.0, right=1.0)
    for function in OF_TIME + OF_FREQUENCY:
        found, single = function(many.steady_state(), [0.2, 1.0]), function(one.steady_state(), 1.0)
        assert found.shape == (2, 1, 3, *single.shape)
        np.testing.assert_allclose(found[1, 0, 1], single, rtol=1e-12, atol=1e-14)
    for function in STATIC:
        np.testing.assert_allclose(function(many.steady_state())[0, 1], function(one.steady_state()), rtol=1e-12)
    np.testing.assert_allclose(current.uncertainty_product(many)[0, 1], current.uncertainty_product(one), rtol=1e-12)


@pytest.mark.parametrize("function", OF_TIME + OF_FREQUENCY + STATIC)
def test_what_is_no_steady_state_is_refused(function):
    with pytest.raises(ValueError, match="steady must be a SteadyState"):
        function(Chain(ideal_gas(), left=2.0, right=1.0), *([] if function in STATIC else [1.0]))
    with pytest.raises(ValueError, match="chain must be a Chain"):
        current.uncertainty_product("chain")


@pytest.mark.parametrize("function", OF_TIME + OF_FREQUENCY)
@pytest.mark.parametrize("bad", [np.nan, np.inf, "soon", 1j, [1.0, np.nan]])
def test_times_and_frequencies_that_are_no_numbers_are_refused(function, bad):
    name = "times" if function in OF_TIME else "frequencies"
    with pytest.raises(ValueError, match=name):
        function(Chain(ideal_gas(), left=2.0, right=1.0).steady_state(), bad)


@pytest.mark.parametrize("function", OF_TIME)
def test_negative_times_are_refused(function):
    with pytest.raises(ValueError, match="times must be finite and >= 0"):
        function(Chain(ideal_gas(), left=2.0, right=1.0).steady_state(), -1.0)
