"""Derivatives and difference quotients of a law, taken from its one definition to machine precision.

A law is written once with plain arithmetic (``+ - * / **``). Evaluated at a complex argument it then gives
its own derivative, f'(x) = Im f(x + ih)/h, with no subtraction and hence no loss of digits
[Squire and Trapp, SIAM Review 40, 110 (1998)].
"""

import numpy as np

# Complex step relative to the argument: its error is the square of this, and it works in any unit.
_STEP = 1e-20
# Gauss-Legendre nodes on (0, 1) for the mean slope between two close arguments.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


def derivative(law, *arguments, slot=0):
    r"""Return the partial derivative :math:`\partial f/\partial x_{slot}` of `law` by a complex step.

    Parameters
    ----------
    law : callable
        Function of real arguments written with plain arithmetic.
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
        If `law` is not analytic there (``abs``, ``max``, ``where``): its complex step then differs from a plain
        finite difference.

    Examples
    --------
    >>> np.allclose(derivative(lambda x, y: x**3 * y, 2.0, 5.0), 3 * 2.0**2 * 5.0)
    True
    """
    arguments = [np.asarray(a, dtype=float) for a in arguments]
    stepped = list(arguments)
    width = _STEP * _size(arguments[slot])
    stepped[slot] = arguments[slot] + 1j * width
    slope = np.imag(law(*stepped)) / width
    slope = np.broadcast_to(slope, np.broadcast_shapes(slope.shape, *(a.shape for a in arguments)))
    _refuse_non_analytic(law, arguments, slot, slope)
    return slope


def _size(x):
    return np.where(x == 0, 1.0, np.abs(x))


def _refuse_non_analytic(law, arguments, slot, slope):
    """Compare the complex step with finite differences of several widths at a few points; one of them must agree."""
    if slope.size == 0:
        return
    picked = np.unique(np.linspace(0, slope.size - 1, 3).astype(int))
    few = [np.broadcast_to(a, slope.shape).reshape(-1)[picked] for a in arguments]
    here = slope.reshape(-1)[picked]
    wrong = np.isfinite(here)
    for width in np.multiply.outer(10.0 ** np.arange(-4, -11, -2), _size(few[slot])):
        up, down = list(few), list(few)
        up[slot], down[slot] = few[slot] + width, few[slot] - width
        with np.errstate(all="ignore"):
            top, bottom = np.real(law(*up)), np.real(law(*down))
            plain = (top - bottom) / (2 * width)
            rounding = 1e-14 * (np.abs(top) + np.abs(bottom)) / width
            wrong &= np.isfinite(plain) & (np.abs(plain - here) > 1e-2 * np.abs(plain + here) + rounding)
    if np.any(wrong):
        raise ValueError(
            "a law must be written with analytic arithmetic (no abs, max, where): "
            f"its complex-step derivative {here[wrong][0]:.6g} differs from the finite difference {plain[wrong][0]:.6g}"
        )


def mean_slope(law, a, b, *, reach):
    r"""Return :math:`f(a, b)/(a - b)` for a law that vanishes at a = b, smooth through that point.

    Far apart, it is the quotient itself. Closer than a hundredth of `reach`, where the quotient would lose digits, it is
    the mean of the slope between the two,
    :math:`\tfrac12\int_0^1 (\partial_a - \partial_b) f(m + sh, m - sh)\,ds` with m the midpoint and h = (a - b)/2,
    by Gauss-Legendre quadrature. Both are accurate to rounding where they meet.

    Parameters
    ----------
    law : callable
        f(a, b), plain arithmetic, zero at a = b.
    a, b : array_like
        Arguments; they broadcast.
    reach : array_like
        Distance over which the law is smooth (to the nearest end of its domain).

    Returns
    -------
    ndarray
        In units of the law over those of its arguments.

    Examples
    --------
    >>> np.allclose(mean_slope(lambda a, b: a**2 - b**2, 1.0, [1.0, 1.001, 3.0], reach=1.0), [2.0, 2.001, 4.0])
    True
    """
    a, b, reach = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float), np.asarray(reach, float))
    close = np.abs(a - b) < 1e-2 * reach
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.array(law(a, b) / (a - b), dtype=float)
    if close.any():
        middle, half = (a[close] + b[close]) / 2, (a[close] - b[close]) / 2
        up, down = middle + np.multiply.outer(_NODES, half), middle - np.multiply.outer(_NODES, half)
        width = _STEP * _size(middle)
        slope = (np.imag(law(up + 1j * width, down)) - np.imag(law(up, down + 1j * width))) / (2 * width)
        quotient[close] = np.tensordot(_WEIGHTS, np.broadcast_to(slope, up.shape), axes=1)
    return quotient
