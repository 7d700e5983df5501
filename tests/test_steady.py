"""Mean equations (5), linearisation (6) and the Lyapunov equation (7)."""

import itertools

import mpmath
import numpy as np
import pytest
import scipy.linalg
import sympy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.systems import LAWS, metal, rounding, scaled, systems, temperatures
from twobox import Chain, Contact, System, constant_heat_capacity, exclusion, ideal_gas, solve_lyapunov
from twobox.model.system import bond_vectors
from twobox.steady.mean import bond_slopes, mean_currents, solve_mean_equations

RATIOS = np.array([1.0, 1 + 1e-12, 1 + 1e-6, 1.01, 2.0, 10.0, 1e3, 1e6])


@pytest.mark.parametrize("n", [1, 2, 6])
@pytest.mark.parametrize("name", LAWS)
def test_mean_equations_from_equal_baths_to_a_ratio_of_a_million(name, n):
    """All ratios in one call, both ways round and in three units of temperature."""
    # Below T = 0.01 the activated law underflows.
    cold = np.array([0.01, 0.1, 1.0] if name == "activated" else [1e-6, 1e-3, 1.0])[:, None]
    left, right = np.concatenate([cold * RATIOS, cold + 0 * RATIOS]), np.concatenate([cold + 0 * RATIOS, cold * RATIOS])
    contacts = [Contact(LAWS[name])] * (n + 1)
    profile = solve_mean_equations(contacts, left, right)
    currents = mean_currents(contacts, profile)
    from_left, from_right = bond_slopes(contacts, profile)
    # A current is a difference of two terms: 1e-14 of them is their rounding.
    lost = 1e-14 * np.abs(from_left * profile[..., :-1] + from_right * profile[..., 1:]).max(axis=-1)
    assert np.all(np.ptp(currents, axis=-1) <= 1e-12 * np.abs(currents).max(axis=-1) + lost)
    low, high = np.minimum(left, right)[..., None], np.maximum(left, right)[..., None]
    assert np.all((profile >= low) & (profile <= high))


@pytest.mark.parametrize("exponent", [0.5, 1, 2, 4, 10])
def test_profile_of_a_potential_law_is_linear_in_the_potential(exponent):
    """A = T_i^p - T_j^p: T^p falls linearly from bath to bath (paper: T_1 and T_2 of the Fermi gas)."""
    right = 1 / RATIOS
    profile = solve_mean_equations([Contact(lambda a, b: a**exponent - b**exponent)] * 3, np.ones_like(right), right)
    for box in (1, 2):
        expected = (((3 - box) + box * right**exponent) / 3) ** (1 / exponent)
        np.testing.assert_allclose(profile[:, box], expected, rtol=1e-14)


@pytest.mark.parametrize(
    "names", [*itertools.permutations(["fourier", "radiation", "inverse"]), ("mixed", "activated", "root")]
)
@pytest.mark.parametrize("right", [1e-6, 1e-3, 0.9, 30.0, 1e6])
def test_unlike_contacts_against_mpmath(names, right):
    """Bonds so unlike that some hold no measurable drop: temperatures and current against 80 digits, by nested bisection."""
    contacts = [Contact(LAWS[name]) for name in names]
    steady = Chain(System(contacts, constant_heat_capacity()), left=1.0, right=right).steady_state()
    with mpmath.workdps(80):
        laws = [_in_mpmath(name) for name in names]
        exact = _bisect(laws, mpmath.mpf(1), mpmath.mpf(right))
        current = laws[0](mpmath.mpf(1), exact[0])
    # The profile is resolved to rounding; the current loses what its best bond loses.
    np.testing.assert_allclose(steady.profile[1:3], np.array(exact, dtype=float), rtol=1e-13)
    from_left, from_right = bond_slopes(contacts, steady.profile)
    best = np.min(np.abs(from_left * steady.profile[:-1]) + np.abs(from_right * steady.profile[1:]))
    assert abs(steady.current - float(current)) <= 1e-12 * abs(float(current)) + 1e-14 * best


def _in_mpmath(name):
    own = {
        "activated": lambda a, b: mpmath.exp(-1 / a) - mpmath.exp(-1 / b),
        "root": lambda a, b: mpmath.sqrt(a) - mpmath.sqrt(b),
    }
    return own.get(name, LAWS[name])


def _bisect(laws, left, right):
    """T_1 from bisection; for each T_1, T_2 from bisection of A_12 = A_01."""

    def halve(rises, low, high):
        for _ in range(230):
            middle = (low + high) / 2
            low, high = (low, middle) if rises(middle) else (middle, high)
        return (low + high) / 2

    low, high = min(left, right), max(left, right)

    def second(first):
        return halve(lambda T2: laws[0](left, first) - laws[1](first, T2) > 0, low, high)

    def first_too_high(first):
        # With T_1 too high, less flows in than box 1 passes on to a box 2 that still feeds the right bath.
        return laws[0](left, first) - laws[2](second(first), right) < 0

    first = halve(first_too_high, low, high)
    return [first, second(first)]


@given(system=systems(), left=temperatures, right=temperatures)
def test_lyapunov_residual_vanishes(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    R, C, Q = steady.relaxation_matrix, steady.covariance, steady.diffusion_matrix
    scale = np.abs(R).max() * np.abs(C).max()
    np.testing.assert_allclose(R @ C + C @ R.T, -Q, rtol=0, atol=1e-12 * scale)


@given(system=systems(), left=temperatures, right=temperatures)
def test_covariance_is_symmetric_and_positive_semidefinite(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    np.testing.assert_array_equal(steady.covariance, steady.covariance.T)
    assert np.linalg.eigvalsh(steady.covariance).min() >= -rounding(steady)


@given(system=systems(), left=temperatures, right=temperatures)
def test_bond_shares_add_up(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    np.testing.assert_allclose(steady.bond_shares.sum(axis=-3), steady.covariance, rtol=0, atol=rounding(steady))
    for share in steady.bond_shares:
        assert np.linalg.eigvalsh(share).min() >= -rounding(steady)


@given(system=systems(), left=temperatures, right=temperatures)
def test_sigma_sigma_transposed_is_q(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    n = len(system.boxes)
    assert steady.noise_matrix.shape == (n, n + 1)
    Q = steady.diffusion_matrix
    np.testing.assert_allclose(steady.noise_matrix @ steady.noise_matrix.T, Q, rtol=0, atol=1e-14 * np.abs(Q).max())


def test_sigma_and_q_of_two_boxes_are_those_of_the_paper():
    steady = Chain(ideal_gas(), left=3.0, right=1.0).steady_state()
    B01, B12, B23 = steady.noise_strengths
    r01, r12, r23 = np.sqrt(steady.noise_strengths)
    np.testing.assert_allclose(steady.noise_matrix, [[r01, -r12, 0], [0, r12, -r23]], rtol=1e-15)
    np.testing.assert_allclose(steady.diffusion_matrix, [[B01 + B12, -B12], [-B12, B12 + B23]], rtol=1e-15)


@given(system=systems(), left=temperatures, right=temperatures)
def test_relaxation_matrix_is_the_slope_of_the_drift(system, left, right):
    """R_ij = ∂X_i/∂E_j (eq. 6), against finite differences of the currents as functions of the energies."""
    chain = Chain(system, left=left, right=right)
    steady = chain.steady_state()
    vectors = bond_vectors(len(system.boxes))

    def drift(energies):
        return mean_currents(system.contacts, chain.profile_at(energies)) @ vectors

    numerical = np.empty_like(steady.relaxation_matrix)
    for j, energy in enumerate(steady.energies):
        step = np.zeros_like(steady.energies)
        step[j] = 1e-5 * energy
        numerical[:, j] = (drift(steady.energies + step) - drift(steady.energies - step)) / (2 * step[j])
    # A central difference of width 1e-5 is good to its square times the third derivative, and to rounding over 1e-5.
    scale = np.abs(steady.relaxation_matrix).max(axis=1, keepdims=True)
    spread = np.max(steady.energies) / steady.energies
    np.testing.assert_array_less(
        np.abs(numerical - steady.relaxation_matrix),
        (1e-7 * scale + 1e-9 * np.abs(steady.relaxation_matrix).max()) * spread,
    )


@given(system=systems(), T=temperatures)
def test_equal_baths_have_no_correlation(system, T):
    """Eq. (1): whatever the boxes and bonds, with eq. (4) C is diagonal and C_ii = T² dE_i/dT."""
    steady = Chain(system, left=T, right=T).steady_state()
    canonical = np.diag([T**2 * box.heat_capacity(T) for box in system.boxes])
    np.testing.assert_allclose(steady.covariance, canonical, rtol=0, atol=rounding(steady))


@given(left=temperatures, right=temperatures, size=st.floats(1, 1e6))
def test_covariance_is_extensive_and_fluctuations_scale_as_the_root_of_size(left, right, size):
    """Section 3: E ~ N, C ~ N, R ~ 1/N at fixed temperatures and contacts."""
    contacts = [scaled(LAWS["mixed"], k) for k in (1.0, 0.3, 2.0)]
    one, big = (
        Chain(System(contacts, [metal(s), constant_heat_capacity(2 * s)]), left=left, right=right).steady_state()
        for s in (1.0, size)
    )
    np.testing.assert_allclose(big.energies, size * one.energies, rtol=1e-13)
    np.testing.assert_allclose(big.relaxation_matrix * size, one.relaxation_matrix, rtol=1e-12)
    np.testing.assert_allclose(
        big.covariance, size * one.covariance, rtol=1e-10, atol=1e-13 * size * one.covariance.max()
    )
    relative = np.sqrt(np.diagonal(big.covariance)) / big.energies
    np.testing.assert_allclose(relative * size**0.5, np.sqrt(np.diagonal(one.covariance)) / one.energies, rtol=1e-12)


@given(system=systems(n=2), left=temperatures, right=temperatures)
def test_two_box_closed_forms_equal_the_general_solver(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    R, Q = steady.relaxation_matrix, steady.diffusion_matrix
    general = scipy.linalg.solve_continuous_lyapunov(R, -Q)
    stiffness = steady.relaxation_times[0] / steady.relaxation_times[-1]
    np.testing.assert_allclose(steady.covariance, general, rtol=0, atol=rounding(steady))
    np.testing.assert_allclose(solve_lyapunov(R, Q), general, rtol=0, atol=rounding(steady))
    np.testing.assert_allclose(
        steady.relaxation_times, np.sort(-1 / np.linalg.eigvals(R).real)[::-1], rtol=1e-13 * stiffness
    )


@given(
    block=arrays(float, (3, 3), elements=st.floats(-1, 1)),
    noise=arrays(float, (3, 3), elements=st.floats(-1, 1)),
    size=st.integers(2, 3),
)
def test_any_stable_matrix_solves_the_lyapunov_equation(block, noise, size):
    """Not only chains: rotation included. R is made stable by moving its spectrum left."""
    block, noise = block[:size, :size], noise[:size, :size]
    R = block - (np.linalg.eigvals(block).real.max() + 0.5) * np.eye(size)
    Q = noise @ noise.T
    C = solve_lyapunov(R, Q)
    np.testing.assert_allclose(R @ C + C @ R.T, -Q, rtol=0, atol=1e-12 * (1 + np.abs(C).max()))
    assert np.linalg.eigvalsh(C).min() >= -1e-12 * (1 + np.abs(C).max())


def test_lyapunov_equation_takes_stacks_of_matrices():
    rng = np.random.default_rng(3)
    for n in (2, 4):
        R = rng.normal(size=(5, 1, n, n)) - 5 * np.eye(n)
        half = rng.normal(size=(6, n, n))
        C = solve_lyapunov(R, half @ np.swapaxes(half, -1, -2))
        assert C.shape == (5, 6, n, n)
        residual = R @ C + C @ np.swapaxes(R, -1, -2) + half @ np.swapaxes(half, -1, -2)
        np.testing.assert_allclose(residual, 0, atol=1e-12)


def test_two_box_formula_is_an_identity():
    """Cayley and Hamilton's C = (det R Q + adj R Q adj Rᵀ)/(2 |Tr R| det R), by sympy for symbols."""
    a, b, c, d, q11, q12, q22 = sympy.symbols("a b c d q11 q12 q22")
    R, Q = sympy.Matrix([[a, b], [c, d]]), sympy.Matrix([[q11, q12], [q12, q22]])
    C = (R.det() * Q + R.adjugate() * Q * R.adjugate().T) / (-2 * R.trace() * R.det())
    assert sympy.simplify(R * C + C * R.T + Q) == sympy.zeros(2, 2)


@given(weak=st.floats(1e-14, 1e-6))
def test_weakly_attached_boxes_keep_their_slow_rate(weak):
    """Baths attached by a tiny ε: the sum of the boxes relaxes at ε to first order, where a subtraction would lose it."""
    steady = Chain(ideal_gas(rate=[weak, 1.0, weak]), left=2.0, right=1.0).steady_state()
    assert steady.relaxation_time * weak == pytest.approx(1, rel=1e-15 + weak)


@given(gap=st.floats(1e-3, 3e-3), law=st.sampled_from(sorted(LAWS.keys() - {"rectifying"})))
def test_correlation_of_like_contacts_is_of_second_order(gap, law):
    """Where all contacts follow one law, C12 = O(ΔT²): doubling a small ΔT multiplies it by four."""
    system = System(Contact(LAWS[law]), constant_heat_capacity())
    C11, C12 = (
        Chain(system, left=1 + np.array([gap, 2 * gap]), right=1 - np.array([gap, 2 * gap]))
        .steady_state()
        .covariance[:, 0, j]
        for j in (0, 1)
    )
    # C is even in ΔT, so the next order is the fourth (with a large factor for a steep law).
    assert C12[1] == pytest.approx(4 * C12[0], abs=2e3 * gap**4 * C11[0])
    assert abs(C12[1]) < 30 * gap**2 * C11[0]


@pytest.mark.parametrize("sign", [1, -1])
def test_correlation_of_unlike_contacts_is_of_first_order(sign):
    """Contacts of different laws: C12 changes sign with the gradient, and halves with it."""
    system = System(
        [scaled(LAWS["radiation"], 1.0), scaled(LAWS["fourier"], 1.0), scaled(LAWS["inverse"], 1.0)], metal(1.0)
    )
    C = [Chain(system, left=1 + sign * s, right=1 - sign * s).steady_state().covariance[0, 1] for s in (1e-4, 2e-4)]
    assert C[0] != 0
    assert C[1] / C[0] == pytest.approx(2, rel=2e-3)


def test_correlation_coefficient_is_that_of_a_covariance():
    steady = Chain(ideal_gas(), left=[5.0, 1.0], right=1.0).steady_state()
    C, r = steady.covariance, steady.correlation
    np.testing.assert_allclose(np.diagonal(r, axis1=-2, axis2=-1), 1, rtol=1e-15)
    np.testing.assert_allclose(r[:, 0, 1], C[:, 0, 1] / np.sqrt(C[:, 0, 0] * C[:, 1, 1]), rtol=1e-15)


def test_bond_vectors_sum_to_what_the_baths_lose():
    for n in (1, 2, 7):
        total = bond_vectors(n).sum(axis=1)
        np.testing.assert_array_equal(total, [1] + [0] * (n - 1) + [-1])


def test_the_correlation_coefficient_is_of_order_one_but_small():
    # In powers of the size it is of order one; its largest values belong to baths as far apart as can be.
    cold = 1e-6
    gas = [Chain(ideal_gas(heat_capacity=c), left=1.0, right=cold).steady_state().correlation[0, 1] for c in (1.0, 1e4)]
    hops = Chain(exclusion(sites=50.0), left=1.0, right=0.0).steady_state().correlation[0, 1]
    # Eq. (9) with B = 2 T_i T_j on T = (1, 2/3, 1/3, 0), that is (4/3, 4/9, 0): C = (100, 8, 28)/216.
    assert gas == pytest.approx([8 / np.sqrt(100 * 28)] * 2, rel=1e-4)
    # Exclusion: B = (1/3, 5/9, 1/3), C11 = C22 = (8/3 + 20/9)/24 and C12 = -1/27.
    assert hops == pytest.approx(-(1 / 27) / ((8 / 3 + 20 / 9) / 24))
