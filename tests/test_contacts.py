"""The fluctuation-dissipation relation, eq. (4)."""

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from twobox import DENSITY, Contact, blackbody, fermi, fluctuation_dissipation, ideal_gas, kmp
from twobox.model.contacts import noise_from_odd_cumulants
from twobox.systems.linear_a import exclusion

temperatures = st.floats(1e-3, 1e3)
LAWS = {
    "fourier": lambda a, b: a - b,
    "radiation": lambda a, b: a**4 - b**4,
    "metal": lambda a, b: a**2 - b**2,
    "inverse": lambda a, b: 1 / b - 1 / a,
    "product": lambda a, b: (a - b) * a * b,
}


@pytest.mark.parametrize("name", LAWS)
@given(T_i=temperatures, T_j=temperatures)
def test_two_A_is_the_difference_of_beta_times_B(name, T_i, T_j):
    B = fluctuation_dissipation(LAWS[name])(T_i, T_j)
    A = LAWS[name](T_i, T_j)
    # Both sides are differences: compare on the scale of what is subtracted.
    assert abs(2 * A - (1 / T_j - 1 / T_i) * B) <= 1e-12 * B * (1 / T_i + 1 / T_j)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("T", [1e-3, 1.0, 300.0])
def test_noise_is_accurate_to_1e_12_through_equal_temperatures(name, T):
    """Against 60 digits of mpmath, for distances from 0.5 down to rounding and both sides of the limit."""
    law, noise = LAWS[name], fluctuation_dissipation(LAWS[name])
    for distance in [0.0, *10.0 ** np.arange(-16, 0), 0.3, 0.0099, 0.0101, 0.01]:
        for sign in (1, -1):
            other = T * (1 + sign * distance)
            with mpmath.workdps(60):
                a, b = mpmath.mpf(T), mpmath.mpf(other)
                if a == b:
                    exact = 2 * a**2 * mpmath.diff(lambda x, a=a: law(x, a), a)
                else:
                    exact = 2 * law(a, b) / (1 / b - 1 / a)
                error = abs(float(noise(T, other)) / exact - 1)
            assert error < 1e-12, (distance, sign)


@given(T_i=temperatures, T_j=temperatures, name=st.sampled_from(sorted(LAWS)))
def test_noise_is_symmetric_and_positive(T_i, T_j, name):
    B = fluctuation_dissipation(LAWS[name])
    # The laws are antisymmetric; the quotient above loses at most two digits.
    assert B(T_i, T_j) > 0
    assert B(T_i, T_j) == pytest.approx(float(B(T_j, T_i)), rel=1e-12)


@given(T_i=temperatures, T_j=temperatures, k=st.floats(1e-3, 1e3))
def test_ideal_gas_noise_obeys_the_fluctuation_dissipation_relation_exactly(T_i, T_j, k):
    contact = ideal_gas(rate=k).contacts[0]
    assert contact.noise_strength(T_i, T_j) == pytest.approx(
        float(fluctuation_dissipation(contact.mean_current)(T_i, T_j)), rel=1e-12
    )


@given(T=temperatures, gap=st.floats(-0.9, 0.9))
def test_kmp_noise_exceeds_the_relation_by_the_squared_difference(T, gap):
    contact, other = kmp().contacts[0], T * (1 + gap)
    excess = contact.noise_strength(T, other) - 2 * T * other
    assert excess == pytest.approx(4 / 3 * (T - other) ** 2, abs=1e-14 * T**2)


@given(density=st.floats(0.01, 0.99), other=st.floats(0.01, 0.99))
def test_exclusion_noise_exceeds_that_of_eq_4(density, other):
    """Hops both ways with rates in detailed balance: A = B tanh(x), x = Δβ/2, where eq. (4) has A = B x."""
    contact = exclusion().contacts[0]
    A, B = contact.mean_current(density, other), contact.noise_strength(density, other)
    difference = DENSITY.conjugate(other) - DENSITY.conjugate(density)
    assert A == pytest.approx(B * np.tanh(difference / 2), abs=1e-14)
    from_relation = fluctuation_dissipation(contact.mean_current, variable=DENSITY)(density, other)
    assert from_relation <= B * (1 + 1e-12)


def test_no_noise_from_an_empty_side():
    """β diverges at the ends of the range, so that eq. (4) gives B = 0 there, the corner 0/0 included."""
    B = fluctuation_dissipation(lambda a, b: a - b, variable=DENSITY)
    np.testing.assert_array_equal(B(np.array([0.0, 0.0, 0.5, 1.0, 1.0]), np.array([0.0, 0.5, 1.0, 1.0, 0.0])), 0.0)
    cold = fluctuation_dissipation(lambda a, b: a - b)
    np.testing.assert_array_equal(cold(np.array([0.0, 0.0]), np.array([0.0, 1.0])), 0.0)


def test_a_contact_without_noise_takes_it_from_eq_4():
    contact = Contact(mean_current=LAWS["radiation"])
    assert float(contact.noise_strength(2.0, 1.0)) == pytest.approx(2 * 15 / (1 - 0.5), rel=1e-14)


def test_the_same_law_takes_symbols():
    a, b = sympy.symbols("T_i T_j", positive=True)
    B = Contact(mean_current=LAWS["radiation"]).noise_strength(a, b)
    assert sympy.simplify(B - 2 * a * b * (a + b) * (a**2 + b**2)) == 0


# Higher cumulants.


def test_the_exchange_symmetry_ties_the_noise_to_the_odd_cumulants():
    # ln<exp(-sw)>/t is even about s = Δβ/2: an even polynomial in u = s - Δβ/2 stands for any such law.
    s, delta, g2, g4, g6, g0 = sympy.symbols("s Delta g2 g4 g6 g0")
    u = s - delta / 2
    cumulants = g0 + g2 * u**2 / 2 + g4 * u**4 / 24 + g6 * u**6 / 720
    kappa = [(-1) ** n * sympy.diff(cumulants, s, n).subs(s, 0) for n in range(6)]
    found = noise_from_odd_cumulants(delta, kappa[1], kappa[3], kappa[5])
    assert sympy.simplify(found - kappa[2]) == 0


@given(st.floats(0.01, 0.5), st.floats(0.2, 2.0))
def test_lumps_of_one_size_need_three_odd_cumulants(delta, size):
    a, b = 1.0, np.exp(-delta * size)
    found = noise_from_odd_cumulants(delta, *((a - b) * size**n for n in (1, 3, 5)))
    # The next term is that of x coth x: 2x⁶/945 at x = Δβ ε/2.
    assert abs(found / (size**2 * (a + b)) - 1) < 3 * (delta * size / 2) ** 6 / 945 + 1e-12


@pytest.mark.parametrize("room", [fermi, blackbody])
def test_the_second_order_of_the_exact_noise_follows_from_the_third_cumulant(room):
    # c = 5π²/21 in B = 8T⁵(1 + c d²): no integral needed. Light has the same cumulants.
    d = 1e-3
    hot, cold = 1 + d / 2, 1 - d / 2
    kappa3 = fermi.moment(3, hot, cold)
    B = noise_from_odd_cumulants(1 / cold - 1 / hot, hot**4 - cold**4, kappa3)
    assert np.isclose((B / 8 - 1) / d**2, 5 * np.pi**2 / 21, rtol=1e-4)
    assert np.isclose(B, float(room.contact().noise_strength(hot, cold)), rtol=1e-9)


def test_green_kubo():
    # A contact with a memory: two places in a row between reservoirs. The integral of its current's correlation in equilibrium is
    # twice the conductance, the slope of the mean current with Δβ.
    def generator(left, right):
        L, through = np.zeros((4, 4)), np.zeros((4, 4))  # state 2a + b, rates from column to row
        for a in (0, 1):
            for b in (0, 1):
                here = 2 * a + b
                L[2 * (1 - a) + b, here] += (left if a == 0 else 1 - left) * 1.3
                L[2 * a + (1 - b), here] += (right if b == 0 else 1 - right) * 0.4
                if a != b:
                    L[2 * b + a, here] += 0.7
                    through[2 * b + a, here] = 0.7 * (a - b)
        L -= np.diag(L.sum(axis=0))
        values, vectors = np.linalg.eig(L)
        P = np.real(vectors[:, np.argmax(values.real)])
        return L, through, P / P.sum()

    def mean(left, right):
        _, through, P = generator(left, right)
        return through.sum(axis=0) @ P

    rho, ones = 0.3, np.ones(4)
    L, through, P = generator(rho, rho)
    # White part: the rate of hops; the rest: what is left of a hop in the current later, ∫(exp(Lt) - P) dt = -L⁺.
    later = np.linalg.inv(L - np.outer(P, ones)) + np.outer(P, ones)
    integral = np.abs(through).sum(axis=0) @ P - 2 * through.sum(axis=0) @ later @ through @ P
    step = 1e-4
    conductance = (mean(rho + step, rho) - mean(rho - step, rho)) / (2 * step)  # per density
    beta = DENSITY.conjugate
    per_beta = conductance * 2 * step / (beta(rho - step) - beta(rho + step))
    assert np.isclose(integral, 2 * per_beta, rtol=1e-6)
