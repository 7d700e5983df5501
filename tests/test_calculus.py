"""Derivatives and difference quotients of a law, against mpmath and formulas taken by hand."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twobox.calculus import derivative, mean_slope

# The complex step has no subtraction: only the few operations of the law round.
ROUNDING = 1e-14


@given(x=st.floats(1e-30, 1e30), power=st.integers(1, 5))
def test_derivative_of_a_power_in_any_unit(x, power):
    assert derivative(lambda T: T**power, x) == pytest.approx(power * x ** (power - 1), rel=ROUNDING)


@given(x=st.floats(0.1, 10), y=st.floats(0.1, 10))
def test_partial_derivatives_of_a_product(x, y):
    def law(a, b):
        return np.exp(-a) * b**2

    assert derivative(law, x, y, slot=0) == pytest.approx(-np.exp(-x) * y**2, rel=ROUNDING)
    assert derivative(law, x, y, slot=1) == pytest.approx(2 * np.exp(-x) * y, rel=ROUNDING)


def test_derivative_is_vectorised():
    x, y = np.linspace(1, 2, 3)[:, None], np.linspace(3, 4, 5)
    np.testing.assert_allclose(derivative(lambda a, b: a**2 * b, x, y), 2 * x * y, rtol=ROUNDING)


def test_derivative_of_a_constant_vanishes():
    np.testing.assert_array_equal(derivative(lambda a: 3.0, np.ones(4)), np.zeros(4))


@pytest.mark.parametrize(
    "law", [lambda a: abs(a) ** 3, lambda a: np.real(a) ** 2, lambda a: np.where(np.real(a) > 0, np.real(a), 0)]
)
def test_a_law_that_is_not_analytic_is_refused(law):
    with pytest.raises(ValueError, match="law must be written with analytic arithmetic"):
        derivative(law, np.array([1.3, 2.0]))


@given(middle=st.floats(0.01, 100), log_distance=st.floats(-18, -0.5), power=st.integers(1, 6))
def test_mean_slope_is_exact_through_equal_arguments(middle, log_distance, power):
    """(a^n - b^n)/(a - b) is the sum of a^k b^(n-1-k): no subtraction, hence a reference to rounding."""
    half = middle * 10**log_distance
    a, b = middle + half, middle - half
    reference = sum(a**k * b ** (power - 1 - k) for k in range(power))
    # Just beyond the hundredth of the reach where the quotient takes over, it loses two digits.
    assert mean_slope(lambda x, y: x**power - y**power, a, b, reach=b) == pytest.approx(reference, rel=1e-13)


@pytest.mark.parametrize("ratio", [1 - 1e-9, 0.999, 0.991, 0.989, 0.9, 0.5])
def test_mean_slope_of_a_steep_law(ratio):
    """exp(-20/T): its slope changes by a fifth within the distance where quadrature and quotient meet."""
    with mpmath.workdps(40):
        a, b = mpmath.mpf(1.0), mpmath.mpf(ratio)
        reference = (mpmath.exp(-20 / a) - mpmath.exp(-20 / b)) / (a - b)
    found = mean_slope(lambda x, y: np.exp(-20 / x) - np.exp(-20 / y), 1.0, ratio, reach=ratio)
    assert float(found) == pytest.approx(float(reference), rel=1e-12)
