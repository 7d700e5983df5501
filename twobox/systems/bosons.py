r"""What fermions and photons share: bosons of energy ω that carry a T⁴ current, and one integral for its noise.

Particle-hole pairs of a Fermi gas with a flat density of states are bosons,
:math:`\int n(\varepsilon)\,[1 - n(\varepsilon + \omega)]\,d\varepsilon = \omega\,[1 + n(\omega)]` (on the left Fermi,
on the right Bose functions), and photons are. Both cross a contact with one spectrum, so that every moment of the
current (paper's eq. 11, and before A.6) is one integral over ω.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gamma, zeta

from twobox import _checks
from twobox.model.contacts import Contact

_HIGHEST_MOMENT = 8
# 48 Chebyshev terms leave 1e-13 for every moment allowed; what is below rounding is cut off.
_DEGREE, _ROUNDING = 48, 1e-15
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)


# The one integral.


@lru_cache
def _smooth_part(m: int) -> NDArray[np.float64]:
    r"""Chebyshev coefficients on r in [0, 1] of :math:`\int_0^\infty z^{m+1} n(z)\, rz\coth(rz/2)\, dz`, n Bose."""
    top = 60.0 + 8 * m
    z, weights = (_NODES + 1) * top / 2, _WEIGHTS * top / 2
    weights = weights * z ** (m + 1) / np.expm1(z)

    def integral(x: Any) -> Any:
        y = np.multiply.outer((x + 1) / 2, z)
        return (y / np.tanh(y / 2)) @ weights

    coefficients: Any = np.polynomial.chebyshev.chebinterpolate(integral, _DEGREE)
    return np.polynomial.chebyshev.chebtrim(coefficients, _ROUNDING * coefficients[0])


def _even_integral(m: int, T_c: NDArray[np.float64], T_d: NDArray[np.float64]) -> NDArray[np.float64]:
    high, low = np.maximum(T_c, T_d), np.minimum(T_c, T_d)
    ratio = np.divide(low, high, out=np.zeros_like(high), where=high > 0)
    smooth = np.polynomial.chebyshev.chebval(2 * ratio - 1, _smooth_part(m))
    return high ** (m + 3) * (gamma(m + 3) * zeta(m + 3) + ratio ** (m + 2) * smooth)


@_checks.formula()
def exact_noise_integral(T_c: ArrayLike, T_d: ArrayLike) -> NDArray[np.float64]:
    r"""Return the integral that is the noise of fermions and photons alike (paper's eq. 11 with m = 2, and before A.6).

    .. math:: G(T_c, T_d) = \int_0^\infty \omega^4\,[\,n_c + n_d + 2 n_c n_d\,]\,d\omega,
              \qquad n_s = \frac{1}{e^{\omega/T_s} - 1}

    Parameters
    ----------
    T_c, T_d : array_like
        Temperatures of the two sides, not negative; they broadcast. Zero is the limit.

    Returns
    -------
    ndarray
        G, in units of temperature to the fifth, to a relative accuracy of 1e-12.

    Raises
    ------
    ValueError
        If a temperature is negative or not finite.

    Notes
    -----
    With r = T_low/T_high and z = ω/T_low the integral is

    .. math:: G = T_{high}^5 \left[ 24\,\zeta(5) + r^4 s(r) \right], \qquad
              s(r) = \int_0^\infty \frac{z^3}{e^z - 1}\; rz \coth\frac{rz}{2}\; dz .

    Both parts are positive, so no digits cancel. At r → 0 the expansion of s in r² diverges, yet s is smooth: about
    thirty terms of a Chebyshev series, made once by quadrature, give it to rounding on the whole of [0, 1].

    Examples
    --------
    The two limits in closed form, 8π⁴T⁵/15 between equals and 24 ζ(5) T⁵ against a cold side:

    >>> bool(np.isclose(exact_noise_integral(2.0, 2.0), 8 * np.pi**4 * 2.0**5 / 15, rtol=1e-12))
    True
    >>> bool(np.isclose(exact_noise_integral(2.0, 0.0), 24 * zeta(5) * 2.0**5, rtol=1e-12))
    True
    """
    T_c, T_d = _checks.pair(T_c, T_d)
    return _even_integral(2, T_c, T_d)


@_checks.formula()
def moment(m: int, T_c: ArrayLike, T_d: ArrayLike, *, kappa: float = 1.0) -> NDArray[np.float64]:
    r"""Return the m-th cumulant rate f^(m) of the energy that crosses the contact, for T ≪ T_F (paper's eq. 11).

    .. math:: f^{(m)} = \frac{15\kappa}{\pi^4} \int_0^\infty \omega^{m+2}\,
              [\,n_c(1 + n_d) + (-1)^m\, n_d(1 + n_c)\,]\,d\omega

    f^(1) is the mean current A, f^(2) the noise strength B, f^(0) the rate of exchanges. For odd m the products cancel
    and
    :math:`f^{(m)} = (15\kappa/\pi^4)\,\Gamma(m+3)\,\zeta(m+3)\,(T_c^{m+3} - T_d^{m+3})`; the third cumulant rate is
    :math:`(15/\pi^4)(8\pi^6/63)\,\kappa\,(T_c^6 - T_d^6)`.

    Parameters
    ----------
    m : int
        0 to 8.
    T_c, T_d : array_like
        Temperatures of the two sides, not negative; they broadcast. Positive is from c to d.
    kappa : float
        κ of eq. (12), see `conductance`; |λ|²σ for photons.

    Returns
    -------
    ndarray
        Energy to the power m per time.

    Raises
    ------
    ValueError
        If m is not among 0…8, or a temperature or κ is out of range.

    Examples
    --------
    The first moment is eq. (12):

    >>> bool(np.isclose(moment(1, 2.0, 1.0, kappa=3.0), 3.0 * (2.0**4 - 1.0**4)))
    True
    """
    m = _checks.whole("m", m, at_least=0)
    if m > _HIGHEST_MOMENT:
        raise ValueError(f"m must be a whole number from 0 to {_HIGHEST_MOMENT}, got {m}")
    T_c, T_d = _checks.pair(T_c, T_d)
    unit = 15 / np.pi**4 * _checks.positive("kappa", kappa)
    if m % 2:
        return unit * gamma(m + 3) * zeta(m + 3) * (T_c ** (m + 3) - T_d ** (m + 3))
    return unit * _even_integral(m, T_c, T_d)


# The contact.


_LIMITS = {"kappa": _checks.NOT_NEGATIVE, "T_c": _checks.NOT_NEGATIVE, "T_d": _checks.NOT_NEGATIVE}


@_checks.formula(**_LIMITS)
def mean_current(kappa: Any, T_c: Any, T_d: Any) -> Any:
    """Return A = κ (T_c⁴ - T_d⁴) (paper's eq. 12); floats, arrays or sympy symbols."""
    return current_law(T_c, T_d, kappa)


def current_law(T_i: Any, T_j: Any, kappa: Any) -> Any:
    """A as the law of a `Contact`, its parameter last and unchecked."""
    return kappa * (T_i**4 - T_j**4)


@_checks.formula(**_LIMITS)
def noise_exact(kappa: Any, T_c: Any, T_d: Any) -> NDArray[np.float64]:
    r"""Return :math:`B = (15/\pi^4)\,\kappa\,G(T_c, T_d)`, eq. (11) for m = 2 without approximation; energy² per time.

    Notes
    -----
    Along equal steps of T⁴ it is strictly convex, so that B01 - 2B12 + B23 > 0, and with it C₁₂, for every T₀ ≠ T₃ (ours).
    With y = T_low⁴ and x = T_high⁴ the partial fractions of coth turn `exact_noise_integral` into

    .. math:: G = 24\,\zeta(5)\, x^{5/4} + \int_0^\infty \frac{z^3\,dz}{e^z - 1} \Big[ 2 x^{1/4}y + 4 \sum_{m \ge 1}
              \frac{x^{1/4} y^{3/2}}{y^{1/2} + (2\pi m/z)^2 x^{1/2}} \Big]

    and each term is convex where x and y grow by the same amount.

    Examples
    --------
    Between equals it is 8 κ T⁵, as eq. (4) demands:

    >>> bool(np.isclose(noise_exact(1.0, 3.0, 3.0), 8 * 3.0**5, rtol=1e-12))
    True
    """
    return exact_law(T_c, T_d, kappa)


def current_slopes(T_i: Any, T_j: Any, kappa: Any) -> tuple[Any, Any]:
    """∂A/∂T_i and ∂A/∂T_j of `current_law`."""
    return 4 * kappa * T_i**3, -4 * kappa * T_j**3


def exact_law(T_i: Any, T_j: Any, kappa: Any) -> NDArray[np.float64]:
    """B by the golden rule as the law of a `Contact`, unchecked."""
    return 15 / np.pi**4 * kappa * _even_integral(2, np.asarray(T_i, float), np.asarray(T_j, float))


@_checks.formula(**_LIMITS)
def noise_paper(kappa: Any, T_c: Any, T_d: Any) -> Any:
    r"""Return B = 4κ (T_c⁵ + T_d⁵) (paper's eq. 13); floats, arrays or sympy symbols.

    Notes
    -----
    It is never too small:
    :math:`4\kappa(T_c^5 + T_d^5) - B = (15\kappa/\pi^4) \int_0^\infty \omega^4 (n_c - n_d)^2 d\omega`. The excess grows
    from 0 between equals to π⁴/(90 ζ(5)) - 1 = 4.38 % against a cold side.
    """
    return paper_law(T_c, T_d, kappa)


def paper_law(T_i: Any, T_j: Any, kappa: Any) -> Any:
    """B of eq. (13), and of an open hole, as the law of a `Contact`, unchecked."""
    return 4 * kappa * (T_i**5 + T_j**5)


def radiative_contact(kappa: ArrayLike, noise: str, laws: Mapping[str, Callable[..., Any]]) -> Contact:
    """Return the contact with A = κ (T_i⁴ - T_j⁴) and B from `laws` by name, B(T_i, T_j, kappa), or from eq. (4)."""
    parameters = {"kappa": _checks.real("kappa", kappa, above=0)}
    if noise == "fluctuation-dissipation":
        return Contact(current_law, slopes=current_slopes, parameters=parameters, trusted=True)
    if not isinstance(noise, str) or noise not in laws:
        names = ", ".join(repr(name) for name in (*laws, "fluctuation-dissipation"))
        raise ValueError(f"noise must be one of {names}, got {noise!r}")
    return Contact(current_law, laws[noise], slopes=current_slopes, parameters=parameters, trusted=True)
