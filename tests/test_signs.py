"""Where correlations are made: the identity behind the sign theorems, the theorems, and the laws that fall outside of them."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from twobox import Chain, Contact, System, blackbody, constant_heat_capacity, exclusion, fermi, ideal_gas, kmp, signs
from twobox.steady import two_box
from twobox.systems import linear_a

from .systems import metal, rates, systems, temperatures


@given(systems(), temperatures, temperatures)
def test_sources_and_pair_times_make_the_covariance(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    n = steady.energies.shape[-1]
    made = np.diag(signs.local_variances(steady))
    if n > 1:
        times = signs.pair_times(steady)
        assert (times >= 0).all() and np.allclose(times, np.swapaxes(times, -1, -2), rtol=1e-12)
        made = made + np.einsum("b,bij->ij", signs.sources(steady), times)
    spread = np.sqrt(np.diagonal(steady.covariance))
    # The slopes of these laws are taken numerically, to 1e-9 or so, and both sides take the same.
    assert np.allclose(made / np.outer(spread, spread), steady.correlation, atol=1e-9)


def test_the_identity_holds_for_symbols():
    # C = diag(c) + X: what is left of the Lyapunov equation has a source on the inner bonds alone.
    n = 4
    u, w, B = sp.symbols(f"u0:{n}"), sp.symbols(f"w0:{n}"), sp.symbols(f"B0:{n + 1}")
    R = sp.zeros(n)
    for i in range(n):
        R[i, i] = -(u[i] + w[i])
        if i + 1 < n:
            R[i + 1, i], R[i, i + 1] = u[i], w[i + 1]
    Q = sp.diag(*(B[i] + B[i + 1] for i in range(n)))
    for i in range(n - 1):
        Q[i, i + 1] = Q[i + 1, i] = -B[i + 1]
    c = sp.diag(*((B[i] + B[i + 1]) / (2 * (u[i] + w[i])) for i in range(n)))
    left = (R * c + c * R.T + Q).applyfunc(sp.simplify)
    p = [u[i] / (u[i] + w[i]) for i in range(n)]
    for i in range(n):
        for j in range(i, n):
            expected = 0
            if j == i + 1:
                expected = (p[i] * B[i] - (1 - p[i]) * B[i + 1] + (1 - p[j]) * B[j + 1] - p[j] * B[j]) / 2
            assert sp.simplify(left[i, j] - expected) == 0


@given(systems(laws=("fourier", "radiation")), temperatures)
def test_equal_baths_have_no_source(system, bath):
    # B01/B12 = γ1/γ2 with the noise of eq. (4).
    steady = Chain(system, left=bath, right=bath).steady_state()
    scale = np.max(steady.noise_strengths)
    assert np.abs(signs.sources(steady)).max(initial=0.0) < 1e-9 * scale


@given(st.lists(st.floats(0, 10), min_size=3, max_size=8), st.data())
def test_convex_noise_along_equal_contacts_correlates_any_boxes(noises, data):
    # A = T_i - T_j on all bonds, boxes as unlike as one likes, noise strengths given bond by bond.
    n = len(noises) - 1
    sign = data.draw(st.sampled_from((1, -1)))
    along = sign * np.cumsum(np.cumsum(noises))
    along = along - along.min() + 1.0
    contacts = [Contact(lambda a, b: a - b, noise_strength=lambda a, b, B=B: B + 0 * a * b) for B in along]
    boxes = [constant_heat_capacity(data.draw(rates)) for _ in range(n)]
    steady = Chain(System(contacts, boxes), left=2.0, right=1.0).steady_state()
    away = steady.correlation[~np.eye(n, dtype=bool)]
    assert (sign * away > -1e-12).all()


# Two laws that are convex in each argument and bunch, one that is concave and antibunches, one on the border.
PROVED = {
    "gas": (lambda x, y: 2 * x * y, 1),
    "bosons": (lambda x, y: x + y + 2 * x * y, 1),
    "independent": (lambda x, y: x + y, 0),
    "exclusion": (lambda x, y: x + y - 2 * x * y, -1),
}


@pytest.mark.parametrize("name", PROVED)
@given(st.integers(2, 6), st.data())
def test_any_contacts_and_any_boxes_have_the_sign_of_the_statistics(name, n, data):
    law, sign = PROVED[name]
    contacts = [
        Contact(lambda x, y, k=k: k * (x - y), noise_strength=lambda x, y, k=k: k * law(x, y))
        for k in data.draw(st.lists(rates, min_size=n + 1, max_size=n + 1))
    ]
    boxes = [data.draw(st.sampled_from((constant_heat_capacity, metal)))(data.draw(rates)) for _ in range(n)]
    steady = Chain(System(contacts, boxes), left=0.9, right=0.1).steady_state()
    away = steady.correlation[~np.eye(n, dtype=bool)]
    assert (sign * away > -1e-12).all() if sign else np.abs(away).max() < 1e-12
    assert float(signs.predicted_sign(steady)) == sign or not sign


QUARTIC = [(fermi.system, "exact"), (fermi.system, "paper"), (blackbody.system, "exact"), (blackbody.system, "open")]


@pytest.mark.parametrize(("make", "noise"), QUARTIC)
@given(st.integers(2, 5), st.floats(0.01, 0.9), st.data())
def test_quartic_laws_correlate_with_any_contacts_and_boxes(make, noise, n, right, data):
    kappa = data.draw(st.lists(st.floats(0.01, 100), min_size=n + 1, max_size=n + 1))
    strengths = {"kappa": kappa} if make is fermi.system else {"conductance": kappa}
    steady = Chain(make(noise=noise, n=n, **strengths), left=1.0, right=right).steady_state()
    assert (steady.correlation[~np.eye(n, dtype=bool)] > -1e-12).all()
    assert float(signs.predicted_sign(steady)) in (1.0, 0.0)


def test_convexity_of_the_quartic_noise_has_no_negative_coefficient():
    # z⁵ coth z as a function of z⁴: its second derivative is a positive factor times this function.
    z = sp.symbols("z", positive=True)
    f = z**5 * sp.coth(z)
    second = sp.diff(sp.diff(f, z) / (4 * z**3), z) / (4 * z**3)
    top = 5 * sp.sinh(z) ** 2 * sp.cosh(z) - 7 * z * sp.sinh(z) + 2 * z**2 * sp.cosh(z)
    ratio = sp.simplify((second * 16 * z**3 * sp.sinh(z) ** 3 / top).rewrite(sp.exp))
    assert ratio.free_symbols == set() and ratio > 0
    k = sp.symbols("k", integer=True, nonnegative=True)
    coefficient = sp.Rational(5, 4) * (9**k - 1) + 8 * k**2 - 18 * k
    series = sp.series(top, z, 0, 14).removeO()
    for order in range(1, 7):
        assert sp.simplify(series.coeff(z, 2 * order) - coefficient.subs(k, order) / sp.factorial(2 * order)) == 0
        assert coefficient.subs(k, order) >= 0
    # From there on the exponential wins: the forward difference is positive and grows.
    step = sp.expand(coefficient.subs(k, k + 1) - coefficient)
    assert sp.simplify(step - (10 * 9**k + 16 * k - 10)) == 0


def test_bunching_of_quanta_is_a_square():
    for make, sign in ((blackbody.contact, 1), (exclusion, -1)):
        contact = make() if sign > 0 else make().contacts[0]
        for a, b in ((0.9, 0.1), (0.5, 0.4)):
            assert sign * signs.bunching(contact, a, b) > 0

    def occupation(w, T):
        return 1 / np.expm1(w / T)

    square = quad(lambda w: w**4 * (occupation(w, 1.0) - occupation(w, 0.4)) ** 2, 0, 60)[0]
    assert np.isclose(signs.bunching(blackbody.contact(), 1.0, 0.4), 15 / np.pi**4 * square, rtol=1e-9)
    assert np.isclose(signs.bunching(ideal_gas().contacts[0], 0.9, 0.1), 0.8**2)
    assert signs.bunching(kmp().contacts[0], 0.9, 0.1) < 0


def test_lumps_break_the_second_condition_and_turn():
    strong = Chain(kmp(rate=[10.0, 1.0, 10.0]), left=2.0, right=1.0).steady_state()
    equal = Chain(kmp(), left=2.0, right=1.0).steady_state()
    assert strong.covariance[0, 1] < 0 < equal.covariance[0, 1]
    assert float(signs.predicted_sign(strong)) == -1 and float(signs.predicted_sign(equal)) == 1


def test_one_formula_for_three_statistics():
    k01, k12, k23, x0, x3, c1, c2, sigma, linear = sp.symbols("k01 k12 k23 x0 x3 c1 c2 sigma c", positive=True)
    J = (x0 - x3) * k01 * k12 * k23 / (k01 * k12 + k01 * k23 + k12 * k23)
    x = [x0, x0 - J / k01, x3 + J / k23, x3]
    B = [k * (linear * (a + b) + 2 * sigma * a * b) for k, a, b in zip((k01, k12, k23), x, x[1:])]
    general = two_box.correlation(k01 / c1, k12 / c1, k12 / c2, k23 / c2, *B)
    closed = linear_a.statistics_correlation(k01, k12, k23, sigma=sigma, left=x0, right=x3, size1=c1, size2=c2)
    assert sp.simplify(general - closed) == 0
    gas = linear_a.ideal_gas_correlation_unequal(k01, k12, k23, left=x0, right=x3, heat_capacities=(c1, c2))
    assert sp.simplify(closed.subs(sigma, 1) - gas) == 0


def test_small_bias_with_any_contacts():
    # {…} of the theorem: g''/8 (δ01 + 2δ12 + δ23) + h (δ01 - 2δ12 + δ23), for T⁴ laws with eq. (4) and the exact noise.
    kappa = np.array([0.3, 1.0, 0.5])
    step, x = 1e-4, 1.0
    for noise, h in (
        ("exact", (5 * np.pi**2 / 21 - 15 / 8) / 2),
        ("paper", 5 / 16),
        ("fluctuation-dissipation", -15 / 16),
    ):
        steady = Chain(fermi.system(kappa=kappa, noise=noise), left=1 + step, right=1 - step).steady_state()
        d01, d12, d23 = float(steady.current) / kappa
        bracket = 5 / 16 * (d01 + 2 * d12 + d23) + h * (d01 - 2 * d12 + d23)
        assert np.isclose(float(signs.sources(steady)[0]), float(steady.current) * bracket / 2 * x, rtol=1e-3)


@pytest.mark.parametrize("ends", [0.3, 0.45, 0.55, 2.0])
def test_eq_4_has_the_wrong_sign_at_small_bias_where_the_ends_are_bad(ends):
    # 1/κ01 + 1/κ23 > 4/κ12.
    kappa = [ends * 0.9, 1.0, ends * 1.1]
    steady = Chain(fermi.system(kappa=kappa, noise="fluctuation-dissipation"), left=1.0, right=0.999).steady_state()
    assert (steady.covariance[0, 1] < 0) == (1 / kappa[0] + 1 / kappa[2] > 4 / kappa[1])


def test_pairs_of_a_long_chain_are_refused():
    with pytest.raises(ValueError, match="steady must be of 2 to 128 boxes, got 129"):
        signs.pair_times(Chain(ideal_gas(n=129), left=2.0, right=1.0).steady_state())
    with pytest.raises(ValueError, match="two or more boxes"):
        signs.predicted_sign(Chain(ideal_gas(n=1), left=2.0, right=1.0).steady_state())


def test_mixed_sources_predict_nothing():
    noises = (1.0, 2.0, 1.0, 2.0)
    contacts = [Contact(lambda a, b: a - b, noise_strength=lambda a, b, B=B: B + 0 * a * b) for B in noises]
    steady = Chain(System(contacts, [constant_heat_capacity()] * 3), left=2.0, right=1.0).steady_state()
    assert np.isnan(signs.predicted_sign(steady))


def test_electrons_that_tunnel_turn_at_the_solved_ratio():
    # A ∝ T_i² - T_j², c = 7π²/60 - 1/4: contacts (K, 1, K) turn the sign near equilibrium at K = (7π² - 15)/(7π² - 60).
    turn = (7 * np.pi**2 - 15) / (7 * np.pi**2 - 60)

    def noise(a, b):
        def integrand(e):
            n_a, n_b = 1 / (np.exp(e / a) + 1), 1 / (np.exp(e / b) + 1)
            return e**2 * (n_a * (1 - n_b) + n_b * (1 - n_a))

        return 6 / np.pi**2 * 2 * quad(integrand, 0, 60 * max(a, b), epsabs=0, epsrel=1e-12)[0]

    def source(K, bias=0.01):
        J = (1 - (1 - bias) ** 2) * K / (2 + K)
        x = [1.0, 1.0 - J / K, (1 - bias) ** 2 + J / K, (1 - bias) ** 2]
        B = [k * noise(a**0.5, b**0.5) for k, a, b in zip((K, 1.0, K), x, x[1:])]
        return B[0] + B[2] - 2 * K * B[1]  # p = q = 1/(K + 1)

    assert np.isclose(brentq(source, 3, 10), turn, rtol=2e-3)
