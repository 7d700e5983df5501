"""Derivatives and difference quotients of a law, taken from its one definition.

A law that is written with analytic arithmetic (``+ - * / **``, NumPy's ``exp``, ``log``, ``tanh`` …) gives its own
derivative when it is evaluated at a complex argument, f'(x) = Im f(x + ih)/h, with no subtraction and hence no loss of digits
[Squire and Trapp, SIAM Review 40, 110 (1998)]. Where it is not analytic the complex step is wrong without a sign of it, so it is
compared with a fourth-order difference quotient, which must agree to one part in ten million.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Complex step relative to the argument: its error is the square of this, and it works in any unit.
_STEP = 1e-20
# How closely complex step and difference quotient must agree, and the widths of the quotient, relative to the argument.
_AGREEMENT = 1e-7
_WIDTHS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
# A numerical derivative that does not know its relative error to be smaller than this is refused.
NUMERICAL_ERROR = 1e-6
# Gauss-Legendre nodes on (0, 1) for the mean slope between two close arguments.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


def derivative(law: Callable[..., Any], *arguments: ArrayLike, slot: int = 0) -> NDArray[np.float64]:
    r"""Return the partial derivative :math:`\partial f/\partial x_{slot}` of `law` by a complex step.

    Parameters
    ----------
    law : callable
        Function of real arguments written with analytic arithmetic.
    *arguments : array_like
        Where to take it; they broadcast.
    slot : int
        Which argument is varied.

    Returns
    -------
    ndarray
        The derivative, in units of the law over those of the argument.

    Raises
    ------
    ValueError
        If `law` is not analytic there (``abs``, ``max``, ``.real``): its complex step then differs from a difference quotient.

    Examples
    --------
    >>> np.allclose(derivative(lambda x, y: x**3 * y, 2.0, 5.0), 3 * 2.0**2 * 5.0)
    True
    """
    arguments = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in arguments))
    slope = complex_step(law, *arguments, slot=slot)
    directions = [_size(a) if i == slot else np.zeros(a.shape) for i, a in enumerate(arguments)]
    wrong = ~agrees(law, arguments, directions, [slope if i == slot else 0.0 for i in range(len(arguments))])
    if wrong.any():
        raise ValueError(
            "law must be written with analytic arithmetic (no abs, max, .real): "
            f"its complex-step derivative {slope[wrong][0]:.6g} differs from its difference quotient"
        )
    return slope


def complex_step(law: Callable[..., Any], *arguments: Any, slot: int = 0) -> NDArray[np.float64]:
    """Return the partial derivative of `law` by a complex step, unchecked; arguments of one shape."""
    stepped = list(arguments)
    width = _STEP * _size(arguments[slot])
    stepped[slot] = arguments[slot] + 1j * width
    with warnings.catch_warnings():
        # A law that drops the imaginary part warns of it; that its slope is then wrong is what `agrees` finds.
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        slope = np.imag(law(*stepped)) / width
    return np.broadcast_to(slope, np.shape(width))


def _size(x: Any) -> NDArray[np.float64]:
    return np.where(x == 0, 1.0, np.abs(x))


def agrees(
    law: Callable[..., Any], arguments: Sequence[Any], directions: Sequence[Any], slopes: Sequence[Any]
) -> NDArray[np.bool_]:
    r"""Return whether partial derivatives of `law` agree with a difference quotient along a direction, element by element.

    The quotient :math:`[8(f_1 - f_{-1}) - (f_2 - f_{-2})]/12h` along x + h·direction is of fourth order; one of several widths
    has to agree to 1e-7 of the sum of the terms, beyond what rounding leaves of it.

    Parameters
    ----------
    law : callable
    arguments, directions : sequence of ndarray
        Of one shape.
    slopes : sequence of array_like
        The partial derivatives that are put to the test.
    """
    parts = [np.abs(s * d) for s, d in zip(slopes, directions)]
    expected = sum(s * d for s, d in zip(slopes, directions))
    tolerance, terms = _AGREEMENT * sum(parts), sum(np.abs(s * a) for s, a in zip(slopes, arguments))
    shape = np.shape(expected)
    wrong = np.isfinite(expected)
    for width in _WIDTHS:
        if not wrong.any():
            break
        with np.errstate(all="ignore"):
            values = [
                np.broadcast_to(np.real(law(*(a + k * width * d for a, d in zip(arguments, directions)))), shape)
                for k in (1, -1, 2, -2)
            ]
            quotient = (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * width)
            rounding = 16 * np.finfo(float).eps * (np.maximum.reduce(np.abs(values)) + terms) / width
            # Where the law has no value nearby, a smaller width may still find one; nothing to compare with is no agreement.
            wrong = wrong & ~(np.abs(quotient - expected) <= tolerance + rounding)
    return ~wrong


def between_one_sided(
    law: Callable[..., Any], arguments: Sequence[Any], directions: Sequence[Any], slopes: Sequence[Any]
) -> NDArray[np.bool_]:
    """Return whether partial derivatives lie between the one-sided difference quotients of `law`, to a thousandth.

    A coarse test for derivatives that a user gives: a table has kinks, where left and right slope differ.
    """
    expected = sum(s * d for s, d in zip(slopes, directions))
    parts = sum(np.abs(s * d) for s, d in zip(slopes, directions))
    with np.errstate(all="ignore"):
        middle, up, down = (
            np.real(law(*(a + k * 1e-6 * d for a, d in zip(arguments, directions)))) for k in (0, 1, -1)
        )
        sides = np.broadcast_arrays((up - middle) / 1e-6, (middle - down) / 1e-6)
        slack = 1e-3 * parts + 1e-9 * np.abs(middle)
        # At an end of the range one side may have no value.
        low, high = np.fmin(*sides) - slack, np.fmax(*sides) + slack
        return ~((expected < low) | (expected > high))


def numerical_derivative(
    law: Callable[..., Any], *arguments: ArrayLike, slot: int = 0, scale: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a partial derivative of a law that need not be analytic, and its error, by SciPy's adaptive differences.

    Parameters
    ----------
    law : callable
    *arguments : ndarray
        Of one shape. `law` is called with some of their elements at a time.
    slot : int
    scale : ndarray, optional
        The distance over which the law may be evaluated on both sides; |x| by default. Where it is 0 the step goes upwards.

    Returns
    -------
    slope, error : ndarray
        The error is SciPy's estimate; where none was found, infinite.
    """
    from scipy.differentiate import derivative as adaptive  # SciPy >= 1.15; asked for only where the complex step fails

    x = np.asarray(arguments[slot], dtype=float)
    scale = _size(x) if scale is None else np.broadcast_to(scale, x.shape)

    def along(value: Any, *others: Any) -> Any:
        return law(*others[:slot], value, *others[slot:])

    others = tuple(np.asarray(a, float) for i, a in enumerate(arguments) if i != slot)
    with np.errstate(all="ignore"):
        found = adaptive(
            along,
            x,
            args=others,
            initial_step=np.where(scale > 0, 0.05 * scale, 0.01),
            step_direction=np.where(scale > 0, 0, 1),
            tolerances={"atol": 0.0, "rtol": 1e-13},
            maxiter=16,
        )
        # At a kink the symmetric differences settle on the mean of two slopes: left and right must be the same.
        here, step = law(*arguments), np.where(scale > 0, 1e-6 * scale, 0.0)
        right, left = (along(x + s * step, *others) for s in (1, -1))
        bend = np.abs(right - 2 * here + left)
        smooth = bend <= 1e-4 * np.abs(right - left) + 64 * np.finfo(float).eps * np.abs(here)
    # The estimate stops at rounding, and is none where successive steps do not come closer.
    known = np.isfinite(found.df) & np.isfinite(found.error) & smooth
    return found.df, np.where(known, np.maximum(found.error, 1e-13 * np.abs(found.df)), np.inf)


def mean_slope(
    law: Callable[..., Any],
    a: ArrayLike,
    b: ArrayLike,
    *arrays: ArrayLike,
    reach: ArrayLike,
    slopes: Callable[..., Any] | None = None,
) -> NDArray[np.float64]:
    r"""Return :math:`f(a, b)/(a - b)` for a law that vanishes at a = b, smooth through that point.

    Far apart, it is the quotient itself. Closer than a hundredth of `reach`, where the quotient would lose digits, it is
    the mean of the slope between the two,
    :math:`\tfrac12\int_0^1 (\partial_a - \partial_b) f(m + sh, m - sh)\,ds` with m the midpoint and h = (a - b)/2,
    by Gauss-Legendre quadrature. Both are accurate to rounding where they meet.

    Parameters
    ----------
    law : callable
        ``f(a, b, *arrays)``, zero at a = b.
    a, b : array_like
        Arguments; they broadcast.
    *arrays : array_like
        What else the law takes, element by element.
    reach : array_like
        Distance over which the law is smooth (to the nearest end of its domain).
    slopes : callable, optional
        (∂f/∂a, ∂f/∂b) as a function of the same; by a complex step if left out, and then f must be analytic.

    Returns
    -------
    ndarray
        In units of the law over those of its arguments.

    Examples
    --------
    >>> np.allclose(mean_slope(lambda a, b: a**2 - b**2, 1.0, [1.0, 1.001, 3.0], reach=1.0), [2.0, 2.001, 4.0])
    True
    """
    a, b, reach, *arrays = np.broadcast_arrays(*(np.asarray(x, float) for x in (a, b, reach, *arrays)))
    close = np.abs(a - b) < 1e-2 * reach
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.array(np.broadcast_to(law(a, b, *arrays) / (a - b), a.shape), dtype=float)
    if close.any():
        middle, half = (a[close] + b[close]) / 2, (a[close] - b[close]) / 2
        rest = [x[close] for x in arrays]
        up, down = middle + np.multiply.outer(_NODES, half), middle - np.multiply.outer(_NODES, half)
        if slopes is None:
            rising, falling = (complex_step(law, up, down, *rest, slot=slot) for slot in (0, 1))
        else:
            rising, falling = slopes(up, down, *rest)
        mean = np.broadcast_to((np.asarray(rising) - np.asarray(falling)) / 2, up.shape)
        smooth = np.tensordot(_WEIGHTS, mean, axes=1)
        # A law that is steep between the two defeats the quadrature: there the quotient, known to its rounding, is better.
        terms = np.abs(mean).max(axis=0) * 2 * np.maximum(np.abs(up[0]), np.abs(down[0]))
        with np.errstate(divide="ignore", invalid="ignore"):
            rounding = 64 * np.finfo(float).eps * terms / np.abs(2 * half)
            steep = np.abs(smooth - quotient[close]) > 1e-10 * np.abs(smooth) + rounding
        quotient[close] = np.where(steep & np.isfinite(quotient[close]), quotient[close], smooth)
    return quotient
