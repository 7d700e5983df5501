"""Coupled black bodies: the radiation law, its noise, which coupling makes it, and two real cavities."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants
from scipy.integrate import quad
from scipy.special import zeta

from twobox import Chain, bounds, fermi
from twobox import blackbody as bb

temperatures = st.floats(0.05, 20.0)


def bose(omega, T):
    return 1 / np.expm1(np.minimum(omega / T, 700))


# The radiation law.


def test_stefan_constant_in_si_units():
    si = bb.stefan_constant(2.0, k_B=constants.k, c=constants.c, hbar=constants.hbar)
    # scipy prints ten digits of it.
    assert si == pytest.approx(2.0 * constants.Stefan_Boltzmann, rel=1e-9)


def test_radiation_constant_is_the_energy_of_the_modes():
    # Two polarisations, ∫ k n d³k/(2π)³.
    energy = quad(lambda k: 2 * 4 * np.pi * k**2 * k * bose(k, 0.7) / (2 * np.pi) ** 3, 0, 60)[0]
    assert energy == pytest.approx(bb.radiation_constant() * 0.7**4, rel=1e-8)


@given(temperatures, temperatures)
def test_current_is_the_difference_of_two_emissions(T_a, T_b):
    # (A.4): the stimulated part n_a n_b cancels in (A.5).
    def net(k):
        n_a, n_b = bose(k, T_a), bose(k, T_b)
        return k**3 * (n_a * (1 + n_b) - n_b * (1 + n_a)) / (4 * np.pi**2)

    top = max(T_a, T_b)
    quadrature = quad(net, 0, 5 * top, epsabs=0, limit=200)[0] + quad(net, 5 * top, 60 * top, epsabs=0, limit=200)[0]
    emission = bb.stefan_constant() * top**4
    assert bb.contact(bb.stefan_constant()).mean_current(T_a, T_b) == pytest.approx(quadrature, abs=1e-7 * emission)


def test_golden_rule_noise_is_the_fermi_integral():
    T_a, T_b = 1.2, 0.5

    def spectrum(k):
        n_a, n_b = bose(k, T_a), bose(k, T_b)
        return k**4 * (n_a * (1 + n_b) + n_b * (1 + n_a)) / (4 * np.pi**2)

    noise = bb.contact(bb.stefan_constant()).noise_strength(T_a, T_b)
    assert noise == pytest.approx(quad(spectrum, 0, 70, limit=200)[0], rel=1e-8)
    assert noise == fermi.contact(bb.stefan_constant()).noise_strength(T_a, T_b)


def test_radiation_is_a_linear_a_model():
    boxes = bb.system(capacity=3.0, conductance=0.5)
    for right in (0.1, 5.0):
        steady = Chain(boxes, left=2.0, right=right).steady_state()
        # Rounding of the heat capacity and of the slope of A.
        np.testing.assert_allclose(steady.relaxation_matrix, 0.5 / 3.0 * np.array([[-2, 1], [1, -2]]), rtol=1e-12)


# The noise.


def test_printed_noise_is_up_to_3_56_percent_too_small():
    ratio = np.linspace(0, 1, 5001)
    error = bb.noise_printed(1.0, 1.0, ratio) / bb.noise_exact(1.0, 1.0, ratio) - 1
    assert error[0] == pytest.approx(1 / zeta(5) - 1, rel=1e-10)
    assert error.min() == error[0] == pytest.approx(-0.0356, abs=5e-5)
    assert np.all(error <= 1e-12)


def test_restored_noise_is_exact_at_both_ends_and_0_284_percent_off_between():
    ratio = np.linspace(0, 1, 5001)
    error = bb.noise_restored(1.0, 1.0, ratio) / bb.noise_exact(1.0, 1.0, ratio) - 1
    assert error[[0, -1]] == pytest.approx(0, abs=1e-12)
    assert error.min() > -1e-12
    assert error.max() == pytest.approx(0.00284, abs=5e-6)


def test_printed_noise_to_second_order():
    # c₂ = 25w/4 - 5/8 with w = 45/π⁴, against 5π²/21 = 2.35 exactly; the quotient misses it by order d² = 1e-6.
    d = 1e-3
    found = (bb.noise_printed(1.0, 1 + d / 2, 1 - d / 2) / 8 - 1) / d**2
    assert found == pytest.approx(1125 / (4 * np.pi**4) - 5 / 8, abs=1e-5)


@pytest.mark.parametrize("transmission", [0.0, 0.3, 1.0])
def test_scattering_noise_is_its_integral(transmission):
    T_a, T_b = 1.0, 0.4

    def spectrum(k):
        n_a, n_b = bose(k, T_a), bose(k, T_b)
        return k**4 * (n_a * (1 + n_b) + n_b * (1 + n_a) + transmission * (n_a - n_b) ** 2)

    reference = 15 / np.pi**4 * quad(spectrum, 0, 60, limit=200)[0]
    assert bb.noise_scattering(1.0, T_a, T_b, transmission=transmission) == pytest.approx(reference, rel=1e-8)


def test_golden_rule_misses_up_to_4_2_percent_of_the_noise_of_an_open_hole():
    ratio = np.linspace(0, 1, 1001)
    missing = 1 - bb.noise_exact(1.0, 1.0, ratio) / bb.noise_scattering(1.0, 1.0, ratio)
    assert missing.max() == missing[0] == pytest.approx(1 - 90 * zeta(5) / np.pi**4, rel=1e-10)
    assert missing[0] == pytest.approx(0.0419, abs=5e-5)


@given(temperatures, temperatures, st.sampled_from(["exact", "printed", "restored", "open", "fluctuation-dissipation"]))
def test_noise_laws_share_their_symmetry_and_units(T_a, T_b, noise):
    B = bb.contact(2.0, noise=noise).noise_strength
    assert B(T_a, T_b) == pytest.approx(float(B(T_b, T_a)), rel=1e-10)
    assert B(2 * T_a, 2 * T_b) == pytest.approx(32 * float(B(T_a, T_b)), rel=1e-10)
    assert B(T_a, T_a) == pytest.approx(8 * 2.0 * T_a**5, rel=1e-10)


# The correlation.


@given(st.floats(1e-3, 0.98), st.sampled_from(["exact", "printed", "restored", "open"]))
def test_correlation_is_positive_and_has_the_closed_form(ratio, noise):
    steady = Chain(bb.system(capacity=3.0, conductance=0.5, noise=noise), left=1.0, right=ratio).steady_state()
    closed = bb.correlation(*steady.noise_strengths, capacity=3.0, conductance=0.5)
    assert steady.covariance[0, 1] > 0
    # A second difference: rounding on the scale of C₁₁.
    assert closed == pytest.approx(steady.covariance[0, 1], abs=1e-11 * steady.covariance[0, 0])


def test_fluctuation_dissipation_noise_turns_the_sign_where_the_fermi_gas_does():
    root = fermi.sign_change_ratio()
    system = bb.system(noise="fluctuation-dissipation")
    below, above = Chain(system, left=1.0, right=root * np.array([0.999, 1.001])).steady_state().covariance[:, 0, 1]
    assert below < 0 < above


def test_correlations_of_many_cavities_are_positive_too():
    # B is convex along equal steps of T⁴ (see test_fermi), so the sign theorem applies to a chain of any length.
    covariance = Chain(bb.system(n=6), left=1.0, right=0.05).steady_state().covariance
    assert np.all(covariance[~np.eye(6, dtype=bool)] > 0)


# Which coupling is a black body's.


@pytest.mark.parametrize("k_parallel", [0.0, 0.5, 3.0])
def test_jacobian_of_the_delta_function(k_parallel):
    # δ smeared to a Gaussian of width w in k, integrated over k′_z; the printed inverse fails for k_parallel > 0.
    k_z, width = 1.3, 1e-3
    k = np.hypot(k_z, k_parallel)

    def smeared(k_other):
        return np.exp(-(((np.hypot(k_other, k_parallel) - k) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi))

    integral = quad(smeared, k_z - 0.05, k_z + 0.05, points=[k_z], limit=200)[0]
    # The Gaussian's width in k′_z, squared.
    assert bb.delta_jacobian(k_z, k_parallel) == pytest.approx(integral, rel=1e-4)


def test_printed_coupling_diverges_at_grazing_angles():
    cut = np.array([1e-2, 1e-4, 1e-8])
    assert np.diff(bb.angular_integral(0, grazing=cut)) == pytest.approx(np.log(10) * np.array([2, 4]))
    assert np.isinf(bb.golden_rule_current(1.0, 0.5, angle_power=0))
    assert bb.golden_rule_current(1.0, 0.5, angle_power=0, grazing=0.1) > bb.golden_rule_current(1.0, 0.5)


def test_angular_integral_against_quadrature():
    for power in (0, 1, 2, 3.5):
        reference = quad(lambda mu, p=power: mu ** (p - 1), 0.2, 1)[0]
        assert bb.angular_integral(power, grazing=0.2) == pytest.approx(reference, rel=1e-10)


def test_lambert_coupling_gives_the_black_body():
    assert bb.golden_rule_current(1.0, 0.5, area=3.0) == pytest.approx(bb.stefan_constant(3.0) * (1 - 0.5**4))


def test_literal_derivative_coupling_gives_another_power_of_temperature():
    # ∫ k⁵ n: the current between 2T and 0 is 2⁶ times that between T and 0, not 2⁴.
    literal = bb.golden_rule_current([1.0, 2.0], 0.0, k_power=2, angle_power=2)
    assert literal[1] / literal[0] == pytest.approx(2**6)
    reference = quad(lambda k: k**5 * bose(k, 1.0), 0, 60)[0] / (4 * np.pi**2)
    assert literal[0] == pytest.approx(reference, rel=1e-8)


# The lattice.


@given(st.floats(-7, 7), st.floats(0.01, 2.0))
def test_phase_of_the_coupling_is_a_gauge(phase, coupling):
    plain, turned = (bb.lattice_hamiltonian(8, coupling=coupling, phase=p) for p in (0.0, phase))
    U = bb.gauge_transformation(8, phase)
    # Rounding of matrices of size one.
    np.testing.assert_allclose(U.conj().T @ plain @ U, turned, atol=1e-14)
    np.testing.assert_allclose(np.linalg.eigvalsh(plain), np.linalg.eigvalsh(turned), atol=1e-13)
    elements = [np.abs(bb.lattice_matrix_elements(H)) for H in (plain, turned)]
    np.testing.assert_allclose(*elements, atol=1e-13)


def test_printed_difference_is_hermitian_and_a_quarter_turn():
    # (A.8) is (λ/i)(a†b - h.c.).
    H = bb.lattice_hamiltonian(3, coupling=0.7, phase=-np.pi / 2)
    np.testing.assert_allclose(H, H.conj().T)
    assert H[0, 3] == pytest.approx(0.7 / 1j)


def test_golden_rule_on_the_lattice():
    # Rate 2π|M|²ρ of a mode, over its attempts at the wall v/(2(n + 1)), is the transmission; the same for any phase.
    n, coupling, hopping = 40, 0.1, 1.3
    k = np.pi * np.arange(1, n + 1) / (n + 1)
    speed = 2 * hopping * np.sin(k)
    for phase in (0.0, -np.pi / 2):
        H = bb.lattice_hamiltonian(n, coupling=coupling, phase=phase, hopping=hopping)
        elements = np.diag(bb.lattice_matrix_elements(H))
        rate = 2 * np.pi * np.abs(elements) ** 2 * (n + 1) / (np.pi * speed)
        golden, exact = bb.lattice_transmission(k, coupling=coupling, hopping=hopping)
        np.testing.assert_allclose(rate * 2 * (n + 1) / speed, golden, rtol=1e-9)
        # The golden rule is right to relative order 2 (λ/t)².
        np.testing.assert_allclose(golden, exact, rtol=2.1 * (coupling / hopping) ** 2)


def test_exact_lattice_transmission_by_matching_waves():
    k, r = 0.7, 0.6
    # e^{ikj} + R e^{-ikj} on one side (sites j ≤ 0), S e^{ikj} on the other (j ≥ 1); the joint has hopping r in place
    # of 1. At site 0: the missing neighbour's wave = r times what is there; at site 1 likewise.
    A = np.array([[np.exp(-1j * k), -r * np.exp(1j * k)], [r, -1.0]])
    reflected, passed = np.linalg.solve(A, [-np.exp(1j * k), -r])
    assert abs(reflected) ** 2 + abs(passed) ** 2 == pytest.approx(1)
    assert bb.lattice_transmission(k, coupling=r)[1] == pytest.approx(abs(passed) ** 2)


def test_lattice_joint_is_dark_for_long_waves():
    golden, exact = bb.lattice_transmission(np.array([0.01, 0.02]), coupling=0.3)
    # sin²k against k²: relative k²/3.
    assert golden[1] / golden[0] == pytest.approx(4, rel=1e-3)
    assert exact[1] / exact[0] == pytest.approx(4, rel=1e-3)


# Two cavities of a cubic centimetre with holes of a square millimetre, at 300 K and 4 K.


def test_two_real_cavities():
    volume, area = 1e-6, 1e-6
    found = bb.two_cavities(hole_area=area, volume=volume)
    sigma = constants.Stefan_Boltzmann
    # scipy prints ten digits of σ.
    assert found.power == pytest.approx(sigma * area * (300.0**4 - 4.0**4) / 3, rel=1e-8)
    assert found.relaxation_time == pytest.approx(4 * volume / (constants.c * area), rel=1e-10)
    assert found.energies == pytest.approx(4 * sigma / constants.c * volume * found.temperatures[1:3] ** 4, rel=1e-8)
    # 0.15 mW, 13 ns; of 4 pJ of light √C₁₁ = 0.25 fJ fluctuates, and 3 % of that together.
    assert 1e-4 < found.power < 2e-4
    assert 1e-8 < found.relaxation_time < 2e-8
    assert 1e-16 < np.sqrt(found.covariance[0, 0]) < 1e-15
    assert 0.02 < found.correlation[0, 1] < 0.04


def test_cavities_at_equilibrium_fluctuate_canonically():
    found = bb.two_cavities(hole_area=[1e-6, 3e-6, 2e-6], volume=[1e-6, 5e-6], left=300.0, right=300.0)
    heat_capacity = 4 * found.energies / 300.0
    assert np.diag(found.covariance) == pytest.approx(constants.k * 300.0**2 * heat_capacity, rel=1e-10)
    assert found.covariance[0, 1] == pytest.approx(0, abs=1e-11 * found.covariance[0, 0])


def test_hole_area_sets_the_pace_and_not_the_correlation():
    small, large = (bb.two_cavities(hole_area=area, volume=1e-6) for area in (1e-6, 2e-6))
    assert large.power == pytest.approx(2 * small.power)
    assert large.relaxation_time == pytest.approx(small.relaxation_time / 2)
    np.testing.assert_allclose(large.covariance, small.covariance, rtol=1e-10)


def test_open_holes_keep_below_the_sharp_bound():
    steady = Chain(bb.system(noise="open"), left=1.0, right=np.linspace(0.001, 0.99, 50)).steady_state()
    assert np.all(bounds.ratio(steady) < 0.0155)


# Refusals.


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: bb.stefan_constant(0.0), "area"),
        (lambda: bb.contact(0.0), "conductance"),
        (lambda: bb.contact(noise="guess"), "noise.*'printed'.*'guess'"),
        (lambda: bb.substance(-1.0), "capacity"),
        (lambda: bb.system(conductance=[1.0, 2.0]), "conductance"),
        (lambda: bb.noise_scattering(1.0, 1.0, 1.0, transmission=1.1), "transmission"),
        (lambda: bb.noise_exact(1.0, -1.0, 1.0), "T_c"),
        (lambda: bb.delta_jacobian(0.0, 1.0), "k_z"),
        (lambda: bb.angular_integral(-1.0), "angle_power"),
        (lambda: bb.golden_rule_current(-1.0, 1.0), "T_a"),
        (lambda: bb.lattice_hamiltonian(1, coupling=1.0), "sites"),
        (lambda: bb.lattice_transmission(4.0, coupling=1.0), "wave_number"),
        (lambda: bb.two_cavities(hole_area=0.0, volume=1.0), "hole_area"),
        (lambda: bb.two_cavities(hole_area=1.0, volume=[1.0]), "volume"),
        (lambda: bb.two_cavities(hole_area=1.0, volume=1.0, left=-4.0), "left"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ValueError, match=name):
        call()


@pytest.mark.parametrize("coupling", [0.01, 0.3, 1.0, 2.0, 50.0, 300.0])
def test_point_coupling_passes_a_finite_current(coupling):
    # Twice the integral of μ 𝒯(μ)/|λ|² over the directions; the golden rule alone would diverge.
    c = mpmath.mpf(coupling) ** 2 / 4
    direct = 2 * mpmath.quad(
        lambda mu: mu * mu**-2 / (1 + c / mu**2) ** 2, [0, coupling / 2, 1] if coupling < 2 else [0, 1]
    )
    assert np.isclose(float(bb.point_coupling_factor(coupling)), float(direct), rtol=1e-10)


def test_point_coupling_is_unitary():
    # A single mode on each side joined by one amplitude: 𝒯 = |t|² = x/(1 + x/4)² with x the golden rule's transmission, never above
    # 1. From the T matrix of a point, V/(1 - gV) with g = -i/2 on each side (flux-normalised).
    x = np.geomspace(1e-6, 1e6, 200)
    V = np.sqrt(x) * np.array([[0, 1], [1, 0]])[:, :, None]
    for k, strength in enumerate(np.sqrt(x)):
        S = np.eye(2) - 1j * np.linalg.inv(np.eye(2) + 0.5j * V[..., k]) @ V[..., k]
        assert np.allclose(S @ S.conj().T, np.eye(2), atol=1e-9)
        assert np.isclose(abs(S[0, 1]) ** 2, strength**2 / (1 + strength**2 / 4) ** 2, rtol=1e-9)
