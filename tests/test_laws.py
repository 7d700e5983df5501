"""Any law: known slopes, complex steps, numerical slopes of stated error; what is not elementwise or not smooth is refused."""

import math
import pickle
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import interpolate, special

from twobox import (
    DENSITY,
    Chain,
    Contact,
    IntensiveVariable,
    SteadyState,
    Substance,
    System,
    blackbody,
    constant_heat_capacity,
    exclusion,
    fermi,
    fluctuation_dissipation,
    ideal_gas,
    kmp,
)
from twobox.calculus import derivative

KNOTS = np.linspace(0.5, 3.0, 26)
SPLINE = interpolate.CubicSpline(KNOTS, KNOTS**3)
PIECES = interpolate.make_interp_spline(KNOTS, KNOTS**3, k=1)
SMOOTH = interpolate.PchipInterpolator(KNOTS, KNOTS**3)
BOX = constant_heat_capacity()


def cube(T):
    return T**3


def between(f):
    return lambda a, b: f(a) - f(b)


def solved(contact, box=BOX, left=2.0, right=1.0, n=2):
    return Chain(System(contact, box, n=n), left=left, right=right).steady_state()


CUBIC = solved(Contact(between(cube)))


@pytest.mark.parametrize(
    "law",
    [
        between(lambda T: abs(T) ** 3),
        between(lambda T: np.real(T) ** 3),
        between(SPLINE),
        between(lambda T: SPLINE(np.real(T))),
        between(lambda T: np.where(np.real(T) > 1.4, np.abs(T) ** 3, T**3)),
        between(lambda T: np.hypot(np.real(T) ** 3, 0.0)),
    ],
    ids=["abs", "real", "spline", "spline of the real part", "abs in a part", "hypot"],
)
def test_a_law_that_is_not_analytic_has_numerical_slopes_of_stated_error(law):
    steady = solved(Contact(law))
    # A cubic spline through a cubic is that cubic.
    assert 0 < steady.slope_error < 1e-9
    np.testing.assert_allclose(steady.covariance, CUBIC.covariance, rtol=1e-9)
    assert "slopes to" in repr(steady) and "slopes to" not in repr(CUBIC)


def test_an_analytic_law_has_exact_slopes():
    assert CUBIC.slope_error == 0
    np.testing.assert_allclose(CUBIC.slopes_left, 3 * CUBIC.profile[:-1] ** 2, rtol=1e-15)
    np.testing.assert_allclose(CUBIC.slopes_right, 3 * CUBIC.profile[1:] ** 2, rtol=1e-15)


@pytest.mark.parametrize(
    ("law", "reference"),
    [
        (special.expit, lambda T: 1 / (1 + np.exp(-T))),
        (special.erf, special.erf),
        (lambda T: special.gammaln(T + 1) + T, lambda T: special.loggamma(T + 1) + T),
        (lambda T: np.hypot(T, 1.0), lambda T: (T**2 + 1) ** 0.5),
        (np.vectorize(lambda T: math.exp(-1 / T)), lambda T: np.exp(-1 / T)),
    ],
    ids=["expit", "erf", "gammaln", "hypot", "math.exp vectorised"],
)
def test_functions_of_libraries_are_laws(law, reference):
    noise = (lambda a, b: a * b,)
    np.testing.assert_allclose(
        solved(Contact(between(law), *noise)).covariance,
        solved(Contact(between(reference), *noise)).covariance,
        rtol=1e-8,
    )


def test_known_slopes_are_used_and_checked():
    known = solved(Contact(between(SPLINE), slopes=lambda a, b: (SPLINE(a, 1), -SPLINE(b, 1))))
    assert known.slope_error == 0
    np.testing.assert_allclose(known.covariance, CUBIC.covariance, rtol=1e-12)
    for wrong in (lambda a, b: (2 * a**2, -3 * b**2), lambda a, b: (3 * a**2, 3 * b**2)):
        with pytest.raises(ValueError, match="slopes of mean_current of bond 0 must be its derivatives"):
            solved(Contact(between(cube), slopes=wrong))
    with pytest.raises(ValueError, match="slopes of mean_current of bond 0 must be a pair"):
        solved(Contact(between(cube), slopes=lambda a, b: 3 * a**2))


def test_a_table_of_straight_pieces_has_the_slopes_of_its_pieces():
    """Between its knots it is as good a law as any; the numerical slope is that of the piece."""
    steady = solved(Contact(between(PIECES)))
    T1 = steady.profile[1]
    piece = np.searchsorted(KNOTS, T1) - 1
    slope = np.diff(KNOTS**3)[piece] / np.diff(KNOTS)[piece]
    assert steady.slopes_left[1] == pytest.approx(slope, rel=1e-8)


def test_a_kink_at_the_steady_state_is_refused_by_law_and_place():
    # One box between 2 and 1 sits where f is half way: at the kink, where the slope jumps from 5 to 1.25.
    def kinked(T):
        return np.interp(np.real(T), [1.0, 1.2, 2.0], [1.0, 2.0, 3.0])

    contact = Contact(between(kinked), lambda a, b: a * b)
    with pytest.raises(
        ValueError, match=r"mean_current of bond 1 is not analytic, and its slope at 1\.2 .* give slopes="
    ):
        solved(contact, n=1)
    left_slopes = Contact(
        between(kinked),
        lambda a, b: a * b,
        slopes=lambda a, b: (np.where(a > 1.2, 1.25, 5), -np.where(b > 1.2, 1.25, 5)),
    )
    assert solved(left_slopes, n=1).profile[1] == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (lambda a, b: math.exp(-1 / a) - math.exp(-1 / b), "numpy functions; no math, no if"),
        (lambda a, b: (a - b) if a > b else 2 * (a - b), "no if"),
        (lambda a, b: np.subtract(a, b, out=a), "read-only"),
        (lambda a, b: [a - b], "must return an array of real numbers, got list"),
        (lambda a, b: "a - b", "must return an array of real numbers, got str"),
        (lambda a, b: None, "must return an array of real numbers, got NoneType"),
        (lambda a, b: (a - b).sum() + a.sum(), "must return one number for each element"),
        (lambda a, b: np.ones(7), "must return one number for each element"),
        (lambda a, b: np.nan * (a - b), "must be zero between equals, got nan"),
        (lambda a, b: 1, "must be zero between equals, got 1"),
    ],
)
def test_what_is_no_law_of_arrays_is_named(law, words):
    with pytest.raises(ValueError, match="mean_current of bond 0") as caught:
        solved(Contact(law, lambda a, b: a * b))
    assert words in str(caught.value)


def test_the_bond_and_the_box_that_fail_are_named():
    good, bad = Contact(between(cube)), Contact(between(cube), lambda a, b: b - 1.2)
    with pytest.raises(ValueError, match="noise_strength of bond 2"):
        Chain(System([good, good, bad], BOX), left=2.0, right=1.0).steady_state()
    with pytest.raises(ValueError, match="energy of box 2 must increase"):
        Chain(System(good, [BOX, Substance(lambda T: -T)]), left=2.0, right=1.0).steady_state()
    with pytest.raises(ValueError, match="energy of box 2 must return an array of real numbers"):
        Chain(System(good, [BOX, Substance(lambda T: [T])]), left=2.0, right=1.0).steady_state()


def test_a_law_does_not_see_or_change_the_profile():
    seen = []

    def law(a, b):
        seen.append((a.flags.writeable, b.flags.writeable))
        return a - b

    solved(Contact(law, lambda a, b: a * b))
    # Complex steps and difference quotients are copies; the arrays of the profile itself are read-only.
    assert not all(one or two for one, two in seen)


def test_a_constant_is_a_law_of_noise():
    np.testing.assert_allclose(solved(Contact(between(cube), lambda a, b: 1)).noise_strengths, 1.0)


# Several steady states.


def hump(a, b):
    """It carries less where the difference is large: several steady states."""
    return (a - b) / (0.05 + (a - b) ** 2)


def test_a_law_with_several_steady_states_says_so():
    with pytest.raises(ValueError, match=r"mean_current of bond 0 .* several steady states.*SteadyState\.at"):
        solved(Contact(hump, lambda a, b: a * b))
    # Many pairs of baths: found for those that reach so far apart, and no others.
    left = np.concatenate([np.full(200, 1.1), [2.0]])
    with pytest.raises(ValueError, match="somewhere between 1 and 2"):
        solved(Contact(hump, lambda a, b: a * b), left=left)
    assert solved(Contact(hump, lambda a, b: a * b), left=left[:-1]).covariance.shape == (200, 2, 2)


def test_a_state_of_ones_own_choice_is_linearised():
    """Near equal steps every bond of the hump law is on its rising branch, and the state is steady."""
    system = System(Contact(hump, lambda a, b: a * b), BOX, n=5)
    profile = np.linspace(2.0, 1.0, 7)
    steady = SteadyState.at(system, profile)
    np.testing.assert_allclose(steady.currents, steady.current)
    assert np.linalg.eigvalsh(steady.covariance).min() > 0
    with pytest.raises(ValueError, match="profile must be steady"):
        SteadyState.at(system, [2.0, 1.85, 1.66, 1.5, 1.33, 1.17, 1.0])


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ([2.0, 1.5, 1.0], r"profile must have shape \(\.\.\., 4\)"),
        ([2.0, np.nan, 1.5, 1.0], "profile must be finite"),
        ([2.0, -1.0, 1.5, 1.0], "profile must be finite and > 0"),
        (2.0, "profile must have shape"),
        (["a"] * 4, "profile must be a real number"),
    ],
)
def test_a_profile_of_ones_own_is_checked(profile, words):
    with pytest.raises(ValueError, match=words):
        SteadyState.at(ideal_gas(), profile)


# Equations of state.


@pytest.mark.parametrize(
    "energy", [lambda T: abs(T) ** 2, interpolate.CubicSpline(KNOTS, KNOTS**2)], ids=["abs", "spline"]
)
def test_a_box_whose_energy_is_not_analytic_has_a_numerical_heat_capacity(energy):
    exact = solved(Contact(between(cube)), Substance(lambda T: T**2))
    steady = solved(Contact(between(cube)), Substance(energy))
    assert 0 < steady.slope_error < 1e-9
    np.testing.assert_allclose(steady.covariance, exact.covariance, rtol=1e-9)


def test_a_known_heat_capacity_is_used_and_checked():
    table = interpolate.CubicSpline(KNOTS, KNOTS**2)
    box = Substance(table, heat_capacity=table.derivative())
    assert box.heat_capacity(1.5) == pytest.approx(3.0, rel=1e-12)
    assert solved(Contact(between(cube)), box).slope_error == 0
    with pytest.raises(ValueError, match="heat_capacity must be the derivative of energy of box 1"):
        solved(Contact(between(cube)), Substance(lambda T: T**2, heat_capacity=lambda T: T))


@given(T_i=st.floats(0.6, 2.9), ratio=st.floats(1 - 1e-9, 1.0))
def test_noise_of_eq_4_of_a_table_through_equal_temperatures(T_i, ratio):
    """2A/Δβ with A = T_i³ - T_j³ is 2 T_i T_j (T_i² + T_iT_j + T_j²): no limit, no digits lost."""
    T_j = T_i * ratio
    expected = 2 * T_i * T_j * (T_i**2 + T_i * T_j + T_j**2)
    for B in (
        fluctuation_dissipation(between(SPLINE)),
        fluctuation_dissipation(between(SPLINE), slopes=lambda a, b: (SPLINE(a, 1), -SPLINE(b, 1))),
    ):
        assert float(B(T_i, T_j)) == pytest.approx(expected, rel=1e-9)


# Variables of one's own.


def fugacity_price(z):
    return -np.log(z)


def test_variables_compare_by_value_and_a_new_one_can_be_made():
    activity = IntensiveVariable("activity", fugacity_price, 0.0, np.inf, closed=True)
    assert activity == IntensiveVariable("activity", fugacity_price, 0.0, np.inf, closed=True) != DENSITY
    assert pickle.loads(pickle.dumps(DENSITY)) == DENSITY
    contact = Contact(lambda a, b: a - b, lambda a, b: a + b, variable=activity)
    box = Substance(lambda z: 5 * z, variable=activity)
    steady = Chain(System(contact, box), left=2.0, right=0.0).steady_state()
    # Independent walkers: Poisson boxes, no correlation.
    np.testing.assert_allclose(steady.covariance, np.diag(steady.energies), atol=1e-14)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: IntensiveVariable(3, np.log, 0, 1, closed=True), "name must be a string"),
        (lambda: IntensiveVariable("x", 2.0, 0, 1, closed=True), "conjugate must be a function"),
        (lambda: IntensiveVariable("x", np.log, 1, 0, closed=True), "lowest must be smaller than highest"),
        (
            lambda: Contact(lambda a, b: a - b, variable="temperature"),
            "variable must be a IntensiveVariable, TEMPERATURE",
        ),
        (lambda: Contact(3.0), "mean_current must be a function"),
        (lambda: Contact(lambda a, b: a - b, noise_strength=[1.0]), "noise_strength must be a function or None"),
        (lambda: Contact(lambda a, b: a - b, slopes=1.0), "slopes must be a function"),
        (lambda: Contact(lambda a, b: a - b, parameters=[1.0]), "parameters must be a mapping"),
        (lambda: Contact(lambda a, b, k: k * (a - b), parameters={"k": np.nan}), "k must be finite"),
        (lambda: Substance(3.0), "energy must be a function of the temperature"),
        (lambda: Substance(lambda T: T, temperature=2.0), "temperature must be a function or None"),
        (lambda: Substance(lambda T: T, heat_capacity=2.0), "heat_capacity must be a function or None"),
        (lambda: Substance(lambda T: T, variable="density"), "variable must be"),
        (lambda: Substance(lambda T: T, lowest_energy=np.nan), "lowest_energy must be finite"),
        (
            lambda: Chain(ideal_gas, left=2.0, right=1.0),
            r"system must be a System, got <function.*did you mean ideal_gas\(\)",
        ),
        (lambda: Chain(None, left=2.0, right=1.0), "system must be a System, got None"),
        (lambda: System(Contact(lambda a, b: a - b), 3.0), "boxes must be a Substance"),
        (lambda: System(ideal_gas(), constant_heat_capacity()), "contacts must be a Contact"),
        (lambda: fermi.system(noise=["exact"]), "noise must be one of 'exact'"),
        (lambda: fluctuation_dissipation(2.0), "mean_current must be a function"),
    ],
)
def test_what_was_meant_is_said(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_contact_is_made_from_the_law_of_another():
    gas = ideal_gas(rate=[1.0, 2.0, 3.0])
    again = [Contact(contact.mean_current, contact.noise_strength) for contact in gas.contacts]
    by_eq_4 = [Contact(contact.mean_current) for contact in gas.contacts]
    expected = Chain(gas, left=2.0, right=1.0).steady_state().covariance
    for contacts in (again, by_eq_4):
        found = Chain(System(contacts, gas.boxes), left=2.0, right=1.0).steady_state().covariance
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_reprs_can_be_read():
    assert repr(Chain(ideal_gas(), left=2.0, right=1.0)) == "Chain(2 boxes, left=2, right=1)"
    assert repr(Chain(ideal_gas(n=1), left=[2.0, 3.0], right=1.0)) == "Chain(1 box, 2 pairs of baths)"
    steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    assert repr(steady) == "SteadyState(2 boxes, temperature 2 → 1.6667 → 1.3333 → 1, current 0.33333, C₁₂ = 0.037037)"
    words = repr(ideal_gas())
    assert words.startswith("System(2 boxes: Substance(") and "3 contacts: Contact(" in words and "k=1.0" in words


# What the named systems promise.


@pytest.mark.parametrize(
    ("make", "lowest", "highest"),
    [
        (ideal_gas, 0.01, 50.0),
        (kmp, 0.01, 50.0),
        (exclusion, 0.0, 1.0),
        (fermi.system, 0.01, 50.0),
        (lambda: fermi.system(noise="fluctuation-dissipation"), 0.01, 50.0),
        (blackbody.system, 0.01, 50.0),
    ],
)
def test_trusted_laws_are_what_they_promise(make, lowest, highest):
    """Their slopes and heat capacities are not checked at run time: here they are, against the one definition of each law."""
    system = make()
    contact, box = system.contacts[0], system.boxes[0]
    assert contact.trusted and box.trusted
    values = np.linspace(lowest, highest, 41)
    a, b = (grid.ravel() for grid in np.meshgrid(values, values))
    rising, falling, errors = contact.partial_slopes(a, b)
    assert errors is None and rising.min() >= 0 and falling.min() >= 0
    np.testing.assert_allclose(rising, derivative(contact.mean_current, a, b, slot=0), rtol=1e-13)
    np.testing.assert_allclose(-falling, derivative(contact.mean_current, a, b, slot=1), rtol=1e-13)
    inner = values[1:-1]
    capacity = box.known_heat_capacity(inner)
    np.testing.assert_allclose(capacity, derivative(box.energy, inner), rtol=1e-12)
    assert capacity.min() > 0
    np.testing.assert_allclose(contact.mean_current(values, values), 0.0)


# What a hostile reading found.


def minus(x):
    return -x


def test_a_variable_without_ends_is_checked_like_any_other():
    potential = IntensiveVariable("potential", minus, -np.inf, np.inf, closed=False)
    box = Substance(lambda m: 10 * m, variable=potential, lowest_energy=-np.inf)
    law = Contact(lambda a, b: a * np.abs(a) - b * np.abs(b), lambda a, b: 1.0 + 0 * a, variable=potential)
    steady = solved(law, box)
    exact = solved(Contact(lambda a, b: a**2 - b**2, lambda a, b: 1.0 + 0 * a, variable=potential), box)
    assert 0 < steady.slope_error < 1e-9
    np.testing.assert_allclose(steady.covariance, exact.covariance, rtol=1e-9, atol=1e-12)
    steep = fluctuation_dissipation(lambda a, b: np.tanh(20 * (a - 1.5)) - np.tanh(20 * (b - 1.5)), variable=potential)
    assert float(steep(3.0, 1.4)) == pytest.approx(2 * (np.tanh(30) - np.tanh(-2)) / 1.6, rel=1e-12)


@pytest.mark.parametrize("width", [1e-2, 1e-3, 3e-4, 1e-4])
def test_noise_of_eq_4_of_a_step_between_near_equals(width):
    """A step that is narrower than the nodes of the quadrature: then the plain quotient is the better one."""
    for tanh in (np.tanh, lambda x: np.real(np.tanh(np.real(x)))):
        B = fluctuation_dissipation(lambda a, b, t=tanh: t((a - 1.5) / width) - t((b - 1.5) / width) + a - b)
        a, b = 1.506, 1.4985
        A = np.tanh((a - 1.5) / width) - np.tanh((b - 1.5) / width) + a - b
        assert float(B(a, b)) == pytest.approx(2 * A / (1 / b - 1 / a), rel=1e-9)


class Twice:
    """A law that calls another, and has an attribute of a name that the package uses."""

    def __init__(self, function):
        self.function = function

    def __call__(self, a, b, **parameters):
        return 2 * self.function(a, b, **parameters)


def test_any_callable_is_a_law_of_its_own():
    doubled = solved(Contact(Twice(lambda a, b, k: k * (a - b)), parameters={"k": 1.0}))
    plain = solved(Contact(lambda a, b, k: 2 * k * (a - b), parameters={"k": 1.0}))
    np.testing.assert_allclose(doubled.covariance, plain.covariance, rtol=1e-12)


@dataclass
class Strength:
    """Compares equal whatever its strength, and cannot be hashed."""

    name: str
    k: float = field(compare=False)

    def __call__(self, a, b):
        return self.k * (a - b)


def test_laws_that_compare_equal_are_not_merged():
    contacts = [Contact(Strength("x", k)) for k in (1.0, 5.0, 2.0)]
    steady = Chain(System(contacts, BOX), left=2.0, right=1.0).steady_state()
    assert steady.current == pytest.approx(1 / (1 + 1 / 5 + 1 / 2))
    methods = [Contact(Strength("x", k).__call__) for k in (1.0, 5.0, 2.0)]
    assert Chain(System(methods, BOX), left=2.0, right=1.0).steady_state().current == pytest.approx(steady.current)


def test_whatever_a_law_says_to_complex_numbers_it_is_differentiated():
    def real_only(T):
        assert np.isrealobj(T)
        return T**3

    np.testing.assert_allclose(solved(Contact(between(real_only))).covariance, CUBIC.covariance, rtol=1e-9)


def test_a_law_without_a_value_beyond_the_baths_is_named():
    def narrow(T):
        if np.any(np.real(T) > 2.0) or np.any(np.real(T) < 1.0):
            raise RuntimeError("beyond the table")
        return T**3

    with pytest.raises(ValueError, match=r"slopes of mean_current of bond 0 could not be taken.*both sides"):
        solved(Contact(between(narrow), lambda a, b: a * b))


def test_known_slopes_of_an_analytic_law_are_held_to_a_millionth():
    with pytest.raises(ValueError, match="slopes of mean_current of bond 0 must be its derivatives"):
        solved(Contact(lambda a, b: a - b, slopes=lambda a, b: (1.0009 + 0 * a, -1.0009 + 0 * a)))


def test_a_known_heat_capacity_of_an_analytic_energy_is_held_to_a_millionth():
    box = Substance(lambda T: T**2, heat_capacity=lambda T: 2.0009 * T)
    with pytest.raises(ValueError, match="heat_capacity must be the derivative of energy of box 1"):
        solved(Contact(between(cube)), box)


def test_a_dip_is_seen_in_any_row_of_many_with_parameters_of_their_own():
    """Wide enough for a grid of 33 places, not for a coarser one."""

    def dipped(a, b, k):
        def f(x):
            return x - k * np.tanh((x - 1.52) / 0.03)

        return f(a) - f(b)

    strengths = np.zeros(500)
    strengths[333] = 0.06
    contact = Contact(dipped, lambda a, b, k: a * b, parameters={"k": strengths})
    with pytest.raises(ValueError, match="goes the wrong way somewhere between 1 and 2"):
        solved(contact)


def test_masked_values_of_a_law_are_refused():
    with pytest.raises(ValueError, match="mean_current of bond 0 must return plain numbers, not a masked array"):
        solved(Contact(lambda a, b: np.ma.masked_greater(a - b, 0.9), lambda a, b: a * b))


def test_the_row_that_is_not_steady_is_shown():
    steady = np.array([2.0, 5 / 3, 4 / 3, 1.0])
    with pytest.raises(ValueError, match=r"profile must be steady .* got currents \[0\.5"):
        SteadyState.at(ideal_gas(), [steady, [2.0, 1.5, 1.2, 1.0]])
