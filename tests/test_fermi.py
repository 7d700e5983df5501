"""Fermi gases: the one integral, the golden rule behind it, and what the paper says about them."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, zeta

from twobox import Chain, fermi

temperatures = st.floats(1e-3, 1e3)
ratios = st.floats(0.0, 1.0)


def bose(omega, T):
    # Beyond 700 the exponential overflows and the Bose function is zero anyway.
    return 1 / np.expm1(np.minimum(omega / T, 700))


def literal(m, T_c, T_d):
    """f^(m) for κ = 1 as it stands in eq. (11) after the reduction, by adaptive quadrature."""

    def integrand(w):
        n_c, n_d = bose(w, T_c), bose(w, T_d)
        return w ** (m + 2) * (n_c * (1 + n_d) + (-1) ** m * n_d * (1 + n_c))

    top = max(T_c, T_d)
    parts = [quad(integrand, a * top, b * top, epsabs=0, epsrel=1e-12, limit=200)[0] for a, b in ((0, 3), (3, 60))]
    return 15 / np.pi**4 * sum(parts)


# The reduction of four energies to one.


@pytest.mark.parametrize("omega", [-3.0, -0.2, 0.5, 4.0])
def test_particle_hole_pairs_act_as_bosons(omega):
    pairs = quad(lambda e: expit(-e) * expit(e + omega), -60, 60, epsabs=1e-13)[0]
    assert pairs == pytest.approx(omega * (1 + bose(omega, 1.0)), rel=1e-10)


@pytest.mark.parametrize("ratio", [0, 1e-9, 1e-3, 0.01, 0.1, 0.1477, 0.5, 0.692, 0.99, 1])
def test_exact_noise_integral_against_mpmath(ratio):
    with mpmath.workdps(30):
        r = mpmath.mpf(ratio)

        def integrand(w):
            n = 1 / mpmath.expm1(w)
            cold = 1 / mpmath.expm1(w / r) if 0 < r and w < 300 * r else mpmath.mpf(0)
            return w**4 * (n + cold + 2 * n * cold)

        # Breaks at both scales, r and 1.
        breaks = sorted({mpmath.mpf(0), *(s * b for s in (r, 1) for b in (1, 4, 12, 40, 120) if s)})
        reference = mpmath.quad(integrand, breaks)
    # What the docstring promises.
    assert float(fermi.exact_noise_integral(1.0, ratio) / reference - 1) == pytest.approx(0, abs=1e-12)


def test_exact_noise_integral_is_the_double_series():
    # Σ (j + 2k)^-5 for T_c = 1, T_d = 1/2, summed as Σ_s floor((s - 1)/2) s^-5 with an integral for the tail.
    s = np.arange(1, 200001)
    double = np.sum(((s - 1) // 2) / s.astype(float) ** 5)
    series = 24 * zeta(5) * (1 + 0.5**5) + 48 * double
    # The tail is below ∫ s^-4/2 = 2e-17 and rounding of the sum below 1e-14.
    assert fermi.exact_noise_integral(1.0, 0.5) == pytest.approx(series, rel=1e-12)


@given(temperatures, temperatures)
def test_exact_noise_is_symmetric_and_homogeneous(T_c, T_d):
    assert fermi.exact_noise_integral(T_c, T_d) == fermi.exact_noise_integral(T_d, T_c)
    # Twice the temperatures leaves every rounding as it was.
    assert fermi.exact_noise_integral(2 * T_c, 2 * T_d) == 32 * fermi.exact_noise_integral(T_c, T_d)


@given(ratios, ratios)
def test_exact_noise_rises_with_either_temperature(r1, r2):
    low, high = sorted((r1, r2))
    # Equal up to the rounding of the series.
    assert fermi.exact_noise_integral(1.0, low) <= fermi.exact_noise_integral(1.0, high) * (1 + 1e-13)


def test_noise_of_many_pairs_at_once():
    T = np.linspace(0.0, 1.0, 7)
    table = fermi.exact_noise_integral(T[:, None], T)
    assert table.shape == (7, 7)
    assert table[0, 0] == 0
    assert table[3, 5] == fermi.exact_noise_integral(T[3], T[5])


@pytest.mark.parametrize("m", range(9))
def test_moments_are_the_literal_integrals(m):
    for pair in ((1.0, 0.05), (1.0, 0.7), (0.4, 1.3)):
        assert fermi.moment(m, *pair) == pytest.approx(literal(m, *pair), rel=1e-9)


def test_first_three_cumulants():
    T_c, T_d, kappa = 1.3, 0.4, 2.5
    assert fermi.moment(1, T_c, T_d, kappa=kappa) == pytest.approx(fermi.mean_current(kappa, T_c, T_d), rel=1e-13)
    assert fermi.moment(2, T_c, T_d, kappa=kappa) == pytest.approx(fermi.noise_exact(kappa, T_c, T_d), rel=1e-13)
    third = 15 / np.pi**4 * 8 * np.pi**6 / 63 * kappa * (T_c**6 - T_d**6)
    assert fermi.moment(3, T_c, T_d, kappa=kappa) == pytest.approx(third, rel=1e-13)


def test_exchange_fluctuation_relation():
    # Rate of a transfer ω: ω² n_c(ω)[1 + n_d(ω)], both signs of ω. ⟨e^{-Δβ w}⟩ = 1 means Σ rate (e^{-Δβ ω} - 1) = 0.
    T_c, T_d = 1.0, 0.6
    step = 1 / T_d - 1 / T_c

    def change(w):
        return w**2 * bose(w, T_c) * (1 + bose(w, T_d)) * np.expm1(-step * w)

    forward, backward = quad(change, 0, 60)[0], quad(change, -60, 0)[0]
    # quad stops at 1.5e-8 of each part.
    assert forward + backward == pytest.approx(0, abs=1e-7 * abs(forward))


def test_cumulants_obey_the_expansion_behind_eq_4():
    # ⟨e^{-Δβ w}⟩ = 1: A = Δβ B/2 - Δβ² κ₃/6 + Δβ³ κ₄/24 - …; what is left out falls 2⁴ = 16-fold or more when Δβ is
    # halved.
    def rest(step, terms):
        T_c, T_d = 1 / (1 - step / 2), 1 / (1 + step / 2)
        series = [(-step) ** (m - 1) / sp.factorial(m) for m in range(1, terms + 1)]
        return abs(sum(float(c) * fermi.moment(m, T_c, T_d) for m, c in enumerate(series, start=1)))

    assert rest(0.1, 2) / rest(0.05, 2) == pytest.approx(8, rel=0.05)
    # κ₃ is itself of order Δβ, so that eq. (4) misses Δβ³; with κ₃ and κ₄ the next is Δβ⁵.
    assert rest(0.2, 4) / rest(0.1, 4) == pytest.approx(32, rel=0.1)


def test_conductance_is_the_golden_rule_prefactor():
    # 2π|λ|²ν_c²ν_d² ∫ω³ n dω = κ T⁴.
    coupling, dos_c, dos_d, T = 0.3 + 0.4j, 1.7, 0.6, 0.8
    integral = quad(lambda w: w**3 * bose(w, T), 0, 60 * T)[0]
    current = 2 * np.pi * abs(coupling) ** 2 * dos_c**2 * dos_d**2 * integral
    assert current == pytest.approx(fermi.conductance(coupling, dos_c, dos_d) * T**4, rel=1e-8)
    assert fermi.conductance(coupling, dos_c, dos_d, hbar=2.0) == fermi.conductance(coupling, dos_c, dos_d) / 2


# Eq. (13) against the exact noise.


def test_paper_noise_errs_by_up_to_4_4_percent():
    ratio = np.linspace(0, 1, 2001)
    excess = fermi.noise_paper(1.0, 1.0, ratio) / fermi.noise_exact(1.0, 1.0, ratio) - 1
    assert np.all(np.diff(excess) < 1e-12)
    assert excess[0] == pytest.approx(np.pi**4 / (90 * zeta(5)) - 1, rel=1e-10)
    assert excess[0] == pytest.approx(0.04378, abs=5e-6)
    assert excess[-1] == pytest.approx(0, abs=1e-12)


def test_paper_noise_is_within_1_5_percent_only_above_0_692():
    def miss(r):
        return float(fermi.noise_paper(1.0, 1.0, r) / fermi.noise_exact(1.0, 1.0, r)) - 1.015

    assert brentq(miss, 0.1, 0.99) == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize("ratio", [0.05, 0.4, 0.9])
def test_paper_noise_exceeds_the_exact_by_a_square(ratio):
    square = quad(lambda w: w**4 * (bose(w, 1.0) - bose(w, ratio)) ** 2, 0, 60, epsabs=1e-13, limit=200)[0]
    excess = fermi.noise_paper(1.0, 1.0, ratio) - fermi.noise_exact(1.0, 1.0, ratio)
    # quad's 1.5e-8, on a difference that loses two digits.
    assert excess == pytest.approx(15 / np.pi**4 * square, rel=1e-6)


def second_order(law):
    """c₂ in B(T(1 + d/2), T(1 - d/2)) = 8T⁵(1 + c₂d² + c₄d⁴…), by one Richardson step."""
    quotient = [(float(law(1 + d / 2, 1 - d / 2)) / 8 - 1) / d**2 for d in (0.04, 0.02)]
    return (4 * quotient[1] - quotient[0]) / 3


def test_noise_laws_agree_to_first_order_and_not_to_second():
    # After Richardson the error is of order d⁴ = 2e-6 at the smaller d; rounding 1e-13/d² is less.
    assert second_order(lambda a, b: fermi.noise_exact(1.0, a, b)) == pytest.approx(5 * np.pi**2 / 21, abs=1e-5)
    assert second_order(lambda a, b: fermi.noise_paper(1.0, a, b)) == pytest.approx(5 / 2, abs=1e-5)
    relation = fermi.contact(noise="fluctuation-dissipation").noise_strength
    assert second_order(relation) == pytest.approx(0, abs=1e-5)


def test_fluctuation_dissipation_noise_is_the_product_form():
    a, b = 1.3, 0.4
    product = 2 * a * b * (a + b) * (a**2 + b**2)
    assert fermi.contact(noise="fluctuation-dissipation").noise_strength(a, b) == pytest.approx(product, rel=1e-13)


# The sign of C₁₂: proof of convexity, term by term.


def test_exact_noise_is_a_sum_of_partial_fractions():
    # ∫z³n [2 + 4 Σ_m r²/(r² + (2πm/z)²)] dz = s(r); Σ_m checked against coth with the tail of the sum estimated.
    z, r, last = 3.0, 0.6, 4000
    m = np.arange(1, last + 1)
    series = 2 + 4 * np.sum(r**2 / (r**2 + (2 * np.pi * m / z) ** 2)) + 4 * (r * z / (2 * np.pi)) ** 2 / last
    # The tail estimate is good to 1/last².
    assert series == pytest.approx(r * z / np.tanh(r * z / 2), abs=1e-7)


def test_each_partial_fraction_is_convex_along_equal_steps():
    x, y, b, t, u, v = sp.symbols("x y b t u v", positive=True)
    quarter = sp.Rational(1, 4)
    # The term in ω-space is x^¼ y times r²/(r² + b²), r⁴ = y/x; t shifts both.
    term = x**quarter * y * sp.sqrt(y) / (sp.sqrt(y) + b**2 * sp.sqrt(x))
    bent = sp.diff(term.subs({x: x + t, y: y + t}, simultaneous=True), t, 2).subs(t, 0)
    form = sp.Rational(5, 16) * u**2 + (1 - u) * ((1 - v) * (3 - 2 * v) / 4 + u * v * (2 - v) / 2)
    # y = 1 is no loss (the term is homogeneous); b² is written through v = √y/(√y + b²√x), x through u = y/x = r⁴.
    r = sp.symbols("r", positive=True)
    put = {y: 1, x: r**-4, b: sp.sqrt((1 - v) / v) * r}
    left = sp.simplify((bent / term).subs(put))
    assert sp.simplify(left - form.subs(u, r**4)) == 0
    # For u, v in [0, 1] every factor of `form` is positive or zero.
    first = sp.diff(((x + t) ** quarter * (y + t)), t, 2).subs(t, 0)
    assert sp.simplify(first - x ** (-3 * quarter) * (sp.Rational(1, 2) - sp.Rational(3, 16) * y / x)) == 0


@given(st.floats(0, 1), st.floats(1e-3, 1))
def test_exact_noise_is_convex_along_equal_steps_of_T4(lowest, step):
    x = lowest + step * np.arange(3, -1, -1)
    B = fermi.noise_exact(1.0, x[:3] ** 0.25, x[1:] ** 0.25)
    assert B[0] - 2 * B[1] + B[2] > -1e-12 * B[0]
    # Strict where the second difference stands out of rounding.
    if step > 0.01:
        assert B[0] - 2 * B[1] + B[2] > 0


def test_exact_noise_is_jointly_convex_in_T4():
    # Numerical only: determinant of the Hessian at (1, u) by central differences with steps of a hundredth.
    for u in (1e-5, 1e-3, 0.1, 0.3, 0.7, 0.95):
        f = np.array(
            [
                [
                    float(fermi.noise_exact(1.0, (1 + 0.001 * i) ** 0.25, (u * (1 + 0.01 * j)) ** 0.25))
                    for j in (-1, 0, 1)
                ]
                for i in (-1, 0, 1)
            ]
        )
        xx, yy = f[2, 1] - 2 * f[1, 1] + f[0, 1], f[1, 2] - 2 * f[1, 1] + f[1, 0]
        xy = (f[2, 2] - f[2, 0] - f[0, 2] + f[0, 0]) / 4
        assert xx > 0
        assert xx * yy > xy**2


@given(st.floats(1e-3, 0.999))
def test_correlation_is_positive_with_exact_and_paper_noise(ratio):
    for noise in ("exact", "paper"):
        assert Chain(fermi.system(noise=noise), left=1.0, right=ratio).steady_state().covariance[0, 1] > 0


def test_fluctuation_dissipation_noise_turns_the_sign_at_0_1477():
    root = fermi.sign_change_ratio()
    assert root == pytest.approx(0.1477, abs=5e-5)
    baths = np.array([0.01, root * 0.99, root * 1.01, 0.9])
    steady = Chain(fermi.system(noise="fluctuation-dissipation"), left=1.0, right=baths).steady_state()
    assert list(np.sign(steady.covariance[:, 0, 1])) == [-1, -1, 1, 1]


def test_fluctuation_dissipation_noise_has_the_wrong_sign_with_a_strong_middle_contact():
    kappa = [0.1, 1.0, 0.1]
    exact, relation = (
        Chain(fermi.system(kappa=kappa, noise=noise), left=1.0, right=0.95).steady_state().covariance[0, 1]
        for noise in ("exact", "fluctuation-dissipation")
    )
    assert exact > 0 > relation


def test_paper_noise_makes_the_correlation_up_to_4_3_percent_too_large():
    baths = np.linspace(0.001, 0.99, 400)
    exact, paper = (
        Chain(fermi.system(noise=noise), left=1.0, right=baths).steady_state().covariance[:, 0, 1]
        for noise in ("exact", "paper")
    )
    excess = paper / exact - 1
    assert np.all(np.diff(excess) < 1e-9) and np.all(excess > 0)
    assert excess[0] == pytest.approx(0.0426, abs=5e-5)
    # Near equilibrium the two agree: the second difference is that of 8T⁵, and c₂ enters at the fourth order in T₀ -
    # T₃.
    assert excess[-1] < 1e-4


# The gas.


def test_closed_form_matches_the_general_solver():
    T0, T3 = np.meshgrid([0.5, 1.0, 2.0], [0.1, 0.9, 1.7])
    parameters = dict(particles=30.0, fermi_temperature=40.0, kappa=0.7)
    steady = Chain(fermi.system(**parameters), left=T0, right=T3).steady_state()
    T1, T2 = fermi.mean_temperatures(T0, T3)
    # Newton's method settles to a few roundings.
    np.testing.assert_allclose(steady.profile[..., 1:3], np.stack([T1, T2], axis=-1), rtol=1e-12)
    B = np.moveaxis(steady.noise_strengths, -1, 0)
    closed = fermi.correlation(*B, **parameters, T1=T1, T2=T2)
    # A second difference of B: rounding of B, 1e-12, on the scale of C itself.
    scale = np.sqrt(steady.covariance[..., 0, 0] * steady.covariance[..., 1, 1])
    np.testing.assert_array_less(np.abs(closed - steady.covariance[..., 0, 1]), 1e-11 * scale)


@given(st.lists(st.floats(0.1, 10), min_size=7, max_size=7), st.floats(0.05, 0.95))
def test_unequal_contacts_and_boxes(numbers, ratio):
    boxes = fermi.system(particles=numbers[:2], fermi_temperature=numbers[2:4], kappa=numbers[4:])
    steady = Chain(boxes, left=1.0, right=ratio).steady_state()
    # T⁴ falls in inverse proportion to κ.
    falls = -np.diff(steady.profile**4) * numbers[4:]
    np.testing.assert_allclose(falls, steady.current, rtol=1e-9)
    mirrored = fermi.system(particles=numbers[1::-1], fermi_temperature=numbers[3:1:-1], kappa=numbers[:3:-1])
    turned = Chain(mirrored, left=ratio, right=1.0).steady_state().covariance[::-1, ::-1]
    np.testing.assert_allclose(turned, steady.covariance, rtol=1e-8, atol=1e-10 * np.max(steady.covariance))


def test_equilibrium_is_canonical():
    gas = fermi.substance(20.0, 10.0)
    steady = Chain(fermi.system(particles=20.0, fermi_temperature=10.0, kappa=[1.0, 3.0, 0.5]), left=2.0, right=2.0)
    covariance = steady.steady_state().covariance
    np.testing.assert_allclose(covariance, 2.0**2 * gas.heat_capacity(2.0) * np.eye(2), atol=1e-10 * covariance[0, 0])


def test_chemical_potential_keeps_the_number():
    for t in (0.05, 0.3, 1.0, 20.0):
        eta = float(fermi.chemical_potential(t)) / t
        number = -(t**1.5) * float(mpmath.gamma(1.5) * mpmath.polylog(1.5, -mpmath.exp(eta)).real)
        energy = -1.5 * t**2.5 * float(mpmath.gamma(2.5) * mpmath.polylog(2.5, -mpmath.exp(eta)).real)
        assert number == pytest.approx(2 / 3, rel=1e-11)
        assert fermi.ideal_energy(t) == pytest.approx(energy, rel=1e-11)


def test_sommerfeld_expansion():
    t = np.array([0.02, 0.01])
    fourth = (fermi.ideal_energy(t) / 0.6 - 1 - 5 * np.pi**2 / 12 * t**2) / t**4
    # -π⁴/16, the next term of the textbook series; the one after is of relative order t².
    assert fourth == pytest.approx(-(np.pi**4) / 16, rel=0.02)
    fourth = (fermi.chemical_potential(t) - 1 + np.pi**2 / 12 * t**2) / t**4
    assert fourth == pytest.approx(-(np.pi**4) / 80, rel=0.05)


def test_ideal_energy_is_classical_when_hot():
    # The first virial correction is below t^(-3/2) = 1e-6.
    assert fermi.ideal_energy(1e4) == pytest.approx(1.5e4, rel=1e-6)


# Where T ≪ T_F ends.


def test_golden_rule_against_the_literal_sum():
    # Both signs of ω and both gases, each P as it stands in eq. (11), on plain midpoint grids in √ε.
    t_c, t_d = 0.25, 0.15
    y = (np.arange(4000) + 0.5) * np.sqrt(12) / 4000
    energy, weight = y**2, 2 * y * np.sqrt(12) / 4000

    def pairs(omega, t):
        mu = float(fermi.chemical_potential(t))
        final = energy + omega
        dos = np.sqrt(energy * np.clip(final, 0, None))
        return np.sum(weight * dos * expit((mu - energy) / t) * expit((final - mu) / t))

    omega = (np.arange(-400, 400) + 0.5) * 0.02
    spectrum = np.array([pairs(-w, t_c) * pairs(w, t_d) for w in omega])
    for m in (0, 1, 2):
        reference = 15 / np.pi**4 * np.sum(omega**m * spectrum) * 0.02
        # Midpoint rule: (0.02)² of the ω scale, and the square-root edge of the clipped band.
        assert fermi.golden_rule(m, t_c, t_d) == pytest.approx(reference, rel=2e-3)


@pytest.mark.parametrize(("cold", "coefficient"), [(1e-3, -47 * np.pi**2 / 84), (0.999, -37 * np.pi**2 / 42)])
def test_first_correction_in_T_over_T_F(cold, coefficient):
    t = 0.005
    found = (fermi.golden_rule(1, t, cold * t) / fermi.moment(1, t, cold * t) - 1) / t**2
    # Next order t² × O(10), and 0.999 is not 1.
    assert found == pytest.approx(coefficient, rel=2e-3)


@given(st.floats(0.005, 0.03), st.floats(0.05, 0.95))
def test_corrected_current(t, ratio):
    exact, corrected = fermi.golden_rule(1, t, ratio * t), fermi.mean_current_corrected(1.0, t, ratio * t)
    assert abs(corrected / exact - 1) < 100 * t**4


def test_golden_rule_depends_on_the_ratio_to_the_fermi_temperature():
    # f^(1) is κ × temperature⁴.
    scaled = fermi.golden_rule(1, 3 * 0.2, 3 * 0.1, fermi_temperature=3.0)
    assert scaled == pytest.approx(3**4 * fermi.golden_rule(1, 0.2, 0.1), rel=1e-12)
    unequal = fermi.golden_rule(1, 0.2, 0.1, fermi_temperature=[1.0, 2.0])
    assert unequal == pytest.approx(-fermi.golden_rule(1, 0.1, 0.2, fermi_temperature=[2.0, 1.0]), rel=1e-12)


def test_golden_rule_obeys_detailed_balance():
    assert fermi.golden_rule(1, 0.4, 0.4) == 0
    assert fermi.golden_rule(1, 0.4, 0.3) > 0
    # Near equilibrium eq. (4) holds without T ≪ T_F too; what it misses is of third order, here (0.01)².
    T_c, T_d = 0.4 * 1.005, 0.4 * 0.995
    relation = 2 * fermi.golden_rule(1, T_c, T_d) / (1 / T_d - 1 / T_c)
    assert fermi.golden_rule(2, T_c, T_d) == pytest.approx(relation, rel=1e-3)


# Refusals.


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: fermi.exact_noise_integral(-1.0, 1.0), "T_c"),
        (lambda: fermi.exact_noise_integral(1.0, np.nan), "T_d"),
        (lambda: fermi.moment(9, 1.0, 1.0), "m must"),
        (lambda: fermi.moment(-1, 1.0, 1.0), "m must"),
        (lambda: fermi.moment(1, 1.0, 1.0, kappa=0.0), "kappa"),
        (lambda: fermi.conductance(0.0, 1.0, 1.0), "coupling"),
        (lambda: fermi.conductance(1.0, -1.0, 1.0), "dos_c"),
        (lambda: fermi.contact(-1.0), "kappa"),
        (lambda: fermi.contact(noise="guess"), "noise.*'exact'.*'guess'"),
        (lambda: fermi.substance(particles=0.0), "particles"),
        (lambda: fermi.substance(fermi_temperature=np.inf), "fermi_temperature"),
        (lambda: fermi.system(kappa=[1.0, 2.0]), "kappa"),
        (lambda: fermi.chemical_potential(0.0), "temperature"),
        (lambda: fermi.golden_rule(1, 0.0, 1.0), "T_c"),
        (lambda: fermi.golden_rule(1, 1.0, 1.0, fermi_temperature=-1.0), "fermi_temperature"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ValueError, match=name):
        call()


@pytest.mark.parametrize("noise", ["exact", "paper"])
def test_correlation_grows_with_the_bias(noise):
    # The paper's last sentence of section 5: cooling the cold side or heating the hot one makes C12 larger.
    ratio = np.geomspace(1e-3, 0.999, 400)
    cooled = Chain(fermi.system(noise=noise), left=1.0, right=ratio).steady_state().covariance[:, 0, 1]
    heated = Chain(fermi.system(noise=noise), left=1 / ratio, right=1.0).steady_state().covariance[:, 0, 1]
    assert np.all(np.diff(cooled) < 0) and np.all(np.diff(heated) < 0)
