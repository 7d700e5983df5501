"""The linear A model (paper's section 4): currents linear in the temperatures or densities, whatever the noise.

Three named systems, and the closed forms of the paper as one-line functions.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks
from twobox.model.contacts import Contact
from twobox.model.substances import DENSITY, TEMPERATURE, IntensiveVariable, Substance, constant_heat_capacity, lattice
from twobox.model.system import System


def ideal_gas(*, heat_capacity: ArrayLike = 1.0, rate: ArrayLike = 1.0, n: int = 2) -> System:
    r"""Return boxes of ideal gas that exchange energy by Fourier's law, with the noise of eq. (4).

    .. math:: A_{ij} = k\,(T_i - T_j), \qquad B_{ij} = 2 k\, T_i T_j, \qquad E = C_v T

    Parameters
    ----------
    heat_capacity : float, or array of shape (..., n)
        C_v of a whole box, k_B = 1. Leading axes are many systems, as those of the baths are.
    rate : float, or array of shape (..., n + 1)
        Conductance k of each bond, 1/time. The γ of eq. (8) is k N/C_v.
    n : int
        Number of boxes.

    Returns
    -------
    System

    Raises
    ------
    ValueError
        If a rate or heat capacity is not positive, or their number does not fit n.

    Notes
    -----
    With k = m it is also the Brownian energy process of shape m = C_v and unit rate, A₁₂ = E₁ - E₂ and B₁₂ = 2 E₁E₂/m
    (Giardinà, Kurchan and Redig, J. Math. Phys. 48, 033301, 2007).

    Examples
    --------
    >>> from twobox import Chain
    >>> steady = Chain(ideal_gas(heat_capacity=54.0), left=2.0, right=1.0).steady_state()
    >>> bool(abs(steady.covariance[0, 1] - ideal_gas_correlation(heat_capacity=54.0, left=2.0, right=1.0)) < 1e-12)
    True
    """
    return _linear(rate, heat_capacity, "heat_capacity", constant_heat_capacity, n, _gas_noise)


def _difference(x_i: Any, x_j: Any, k: Any) -> Any:
    return k * (x_i - x_j)


def _difference_slopes(x_i: Any, x_j: Any, k: Any) -> tuple[Any, Any]:
    return k, -k


def _gas_noise(T_i: Any, T_j: Any, k: Any) -> Any:
    return 2 * k * T_i * T_j


def kmp(*, heat_capacity: ArrayLike = 1.0, rate: ArrayLike = 1.0, n: int = 2) -> System:
    r"""Return boxes that share energy in lumps, as in the model of Kipnis, Marchioro and Presutti.

    At rate 2k one oscillator (two quadratic degrees of freedom) on each side of a bond pools its energy and splits it at random. Where the rest
    of each box keeps its two energies exponentially distributed,

    .. math:: A_{ij} = k\,(T_i - T_j), \qquad B_{ij} = \tfrac{2k}{3}\,(2T_i^2 - T_iT_j + 2T_j^2), \qquad E = C_v T .

    Eq. (4) holds at T_i = T_j and fails away from it: B is larger by (4k/3)(T_i - T_j)². With equal rates that is the same on
    every bond, so that C₁₂ is the ideal gas's.

    Parameters
    ----------
    heat_capacity : float, or array of shape (..., n)
        C_v of a whole box, k_B = 1. Leading axes are many systems, as those of the baths are.
    rate : float, or array of shape (..., n + 1)
        Conductance k of each bond, 1/time.
    n : int
        Number of boxes.

    Returns
    -------
    System

    Raises
    ------
    ValueError
        If a rate or heat capacity is not positive, or their number does not fit n.

    Notes
    -----
    The lump is δ = x_i - U (x_i + x_j) with U uniform on (0, 1): ⟨δ⟩ = (T_i - T_j)/2 and ⟨δ²⟩ = (2T_i² - T_iT_j + 2T_j²)/3
    (Kipnis, Marchioro and Presutti, J. Stat. Phys. 27, 65, 1982).

    Examples
    --------
    >>> from twobox import Chain
    >>> lumps, gas = (Chain(system, left=2.0, right=1.0).steady_state().covariance for system in (kmp(), ideal_gas()))
    >>> bool(abs(lumps[0, 1] - gas[0, 1]) < 1e-15), bool(lumps[0, 0] > gas[0, 0])
    (True, True)
    """
    return _linear(rate, heat_capacity, "heat_capacity", constant_heat_capacity, n, _kmp_noise)


def _kmp_noise(T_i: Any, T_j: Any, k: Any) -> Any:
    return 2 * k * (2 * T_i**2 - T_i * T_j + 2 * T_j**2) / 3


def exclusion(*, sites: ArrayLike = 1.0, rate: ArrayLike = 1.0, n: int = 2) -> System:
    r"""Return boxes of the symmetric exclusion process (SSEP), with the noise of its hops.

    .. math::
        A_{ij} = \gamma\,(\rho_i - \rho_j), \qquad
        B_{ij} = \gamma\,[\rho_i(1 - \rho_j) + \rho_j(1 - \rho_i)], \qquad n = N\rho

    Parameters
    ----------
    sites : float, or array of shape (..., n)
        N, the places in a whole box.
    rate : float, or array of shape (..., n + 1)
        γ of each bond, 1/time.
    n : int
        Number of boxes.

    Returns
    -------
    System

    Raises
    ------
    ValueError
        If a rate or number of places is not positive, or their number does not fit n.

    Notes
    -----
    This B is not that of eq. (4): hops both ways in detailed balance have A = B tanh(Δβ/2), so that eq. (4) makes B too small
    away from equal densities, most of all near the baths, and C₁₂ too negative.

    Examples
    --------
    >>> from twobox import Chain
    >>> steady = Chain(exclusion(sites=27.0), left=1.0, right=0.0).steady_state()
    >>> bool(abs(steady.covariance[0, 1] + 1.0) < 1e-12)
    True
    """
    return _linear(rate, sites, "sites", lattice, n, _exclusion_noise, DENSITY)


def _exclusion_noise(p_i: Any, p_j: Any, k: Any) -> Any:
    return k * (p_i * (1 - p_j) + p_j * (1 - p_i))


def _linear(
    rate: ArrayLike,
    size: ArrayLike,
    size_name: str,
    substance: Callable[[NDArray[np.float64]], Substance],
    n: int,
    noise: Callable[..., Any],
    variable: IntensiveVariable = TEMPERATURE,
) -> System:
    n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
    sizes = _checks.along(size_name, size, n, "boxes", above=0)
    rates = _checks.along("rate", rate, n + 1, "bonds", above=0)
    contacts = [
        Contact(_difference, noise, variable, _difference_slopes, parameters={"k": value}, trusted=True)
        for value in rates
    ]
    return System(contacts, [substance(value) for value in sizes])


# The closed forms. Each is the line of the paper it names; arguments may be floats, arrays or sympy symbols.


@_checks.formula(
    B01=_checks.NOT_NEGATIVE,
    B12=_checks.NOT_NEGATIVE,
    B23=_checks.NOT_NEGATIVE,
    N=_checks.POSITIVE,
    gamma=_checks.POSITIVE,
)
def covariance(B01: Any, B12: Any, B23: Any, *, N: Any = 1, gamma: Any = 1) -> tuple[Any, Any, Any]:
    """Return (C11, C12, C22), energy², of two equal boxes of size N from the three noise strengths (paper's eq. 9).

    Examples
    --------
    >>> covariance(24, 24, 24)
    (12.0, 0.0, 12.0)
    """
    unit = N / (24 * gamma)
    return (
        unit * (7 * B01 + 4 * B12 + B23),
        unit * (2 * B01 - 4 * B12 + 2 * B23),
        unit * (B01 + 4 * B12 + 7 * B23),
    )


@_checks.formula(heat_capacity=_checks.POSITIVE, left=_checks.NOT_NEGATIVE, right=_checks.NOT_NEGATIVE)
def ideal_gas_correlation(*, heat_capacity: Any, left: Any, right: Any) -> Any:
    """Return C12 = C_v (T_0 - T_3)²/27 (paper, section 4, after eq. 9), energy²."""
    return heat_capacity * (left - right) ** 2 / 27


@_checks.formula(sites=_checks.POSITIVE, left=_checks.DENSITY, right=_checks.DENSITY)
def exclusion_correlation(*, sites: Any, left: Any, right: Any) -> Any:
    """Return C12 = -N (ρ_0 - ρ_3)²/27 (paper's eq. 10), particles²."""
    return -sites * (left - right) ** 2 / 27


@_checks.formula(
    k01=_checks.POSITIVE,
    k12=_checks.POSITIVE,
    k23=_checks.POSITIVE,
    left=_checks.NOT_NEGATIVE,
    right=_checks.NOT_NEGATIVE,
)
def ideal_gas_correlation_unequal(
    k01: Any, k12: Any, k23: Any, *, left: Any, right: Any, heat_capacities: Any = (1, 1)
) -> Any:
    """Return C12 of two ideal-gas boxes with unequal conductances and heat capacities (not in the paper), energy².

    It is never negative: unlike boxes and bonds do not turn the sign. Minus the same, with densities for temperatures and
    places for heat capacities, is the exclusion process.

    Examples
    --------
    With everything equal it is the paper's (T_0 - T_3)²/27:

    >>> ideal_gas_correlation_unequal(1, 1, 1, left=28, right=1)
    27.0
    """
    sizes = _checks.one_each("heat_capacities", heat_capacities, 2, "boxes")
    for value in sizes:
        if not hasattr(value, "free_symbols"):
            _checks.real("heat_capacities", value, above=0)
    c1, c2 = (
        value if np.isscalar(value) or hasattr(value, "free_symbols") else np.asarray(value, float) for value in sizes
    )
    pairs = k01 * k12 + k01 * k23 + k12 * k23
    top = c1 * c2 * k01**2 * k12 * k23**2 * (k01 + k12) * (k12 + k23) * (left - right) ** 2
    return top / ((c1 * (k12 + k23) + c2 * (k01 + k12)) * pairs**3)


@_checks.formula(
    k01=_checks.POSITIVE,
    k12=_checks.POSITIVE,
    k23=_checks.POSITIVE,
    sigma=_checks.ANY,
    left=_checks.NOT_NEGATIVE,
    right=_checks.NOT_NEGATIVE,
    size1=_checks.POSITIVE,
    size2=_checks.POSITIVE,
)
def statistics_correlation(
    k01: Any, k12: Any, k23: Any, *, sigma: Any, left: Any, right: Any, size1: Any = 1, size2: Any = 1
) -> Any:
    r"""Return C12 of two boxes with the noise of bosons, of independent particles or of exclusion, any contacts (ours).

    .. math:: C_{12} = \frac{\sigma J^2}{k_{12}\,S\,(1 - pq)}, \qquad A = k(x_i - x_j), \quad B = k\,[c(x_i + x_j) + 2\sigma x_ix_j]

    with J the current, S = |Tr R| and 1 - pq = det R/ad; the linear part of the noise drops out, whatever c.

    Parameters
    ----------
    k01, k12, k23 : array_like
        Conductances of the bonds; 1/time. Floats, arrays or sympy symbols, as all of them.
    sigma : array_like
        +1 for bosons (inclusion) and the ideal gas, 0 for independent particles, -1 for exclusion.
    left, right : array_like
        x of the baths: temperature, density or occupation.
    size1, size2 : array_like
        dE/dx of the boxes: heat capacities, places or modes.

    Returns
    -------
    C12, in the square of the unit of E.

    Examples
    --------
    >>> statistics_correlation(1, 1, 1, sigma=-1, left=27, right=0)
    -27.0
    """
    current = (left - right) * k01 * k12 * k23 / (k01 * k12 + k01 * k23 + k12 * k23)
    loss1, loss2 = (k01 + k12) / size1, (k12 + k23) / size2
    bound = k12**2 / ((k01 + k12) * (k12 + k23))  # pq
    return sigma * current**2 / (k12 * (loss1 + loss2) * (1 - bound))
