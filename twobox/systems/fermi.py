r"""Ideal Fermi gases that exchange energy through a point contact (paper's section 5).

The contact interaction scatters a pair of fermions, one in each box. Each box then absorbs or gives up an energy ω
through particle-hole pairs, which act as bosons where the density of states is flat:
:math:`\int n(\varepsilon)\,[1 - n(\varepsilon + \omega)]\,d\varepsilon = \omega\,[1 + n(\omega)]`, on the left Fermi,
on the right Bose functions. So every moment of the current, eq. (11), is one integral over ω: see `twobox.systems.bosons`,
which photons share.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, elementwise
from scipy.special import expit

from twobox import _checks
from twobox.model.contacts import Contact
from twobox.model.substances import Substance
from twobox.model.system import System
from twobox.systems.bosons import (
    exact_law,
    exact_noise_integral,
    mean_current,
    moment,
    noise_exact,
    noise_paper,
    paper_law,
    radiative_contact,
)

__all__ = [
    "chemical_potential",
    "conductance",
    "contact",
    "correlation",
    "exact_noise_integral",
    "golden_rule",
    "ideal_energy",
    "mean_current",
    "mean_current_corrected",
    "mean_temperatures",
    "moment",
    "noise_exact",
    "noise_paper",
    "sign_change_ratio",
    "substance",
    "system",
]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)
# Occupation functions are 0 or 1 to rounding this many temperatures from where they switch.
_TAIL = 40.0


# The contact, the gas and the system.


@_checks.formula()
def conductance(coupling: complex, dos_c: float, dos_d: float, *, hbar: float = 1.0) -> float:
    r"""Return κ of the contact (paper, after eq. 12).

    .. math:: \kappa = \frac{2\pi^5}{15\hbar}\,|\lambda|^2\,\nu_c^2\,\nu_d^2

    Parameters
    ----------
    coupling : float or complex
        λ, the strength of the density-density interaction, energy.
    dos_c, dos_d : float
        Densities of states at the Fermi energies, 1/energy.
    hbar : float
        ħ, 1 in the paper's units.

    Returns
    -------
    float
        κ, energy per time and temperature to the fourth (k_B = 1).

    Examples
    --------
    Twice the coupling, four times the current:

    >>> bool(np.isclose(conductance(0.2, 1.0, 1.0), 4 * conductance(0.1j, 1.0, 1.0)))
    True
    """
    strength = _checks.positive("abs(coupling)", _checks.magnitude("coupling", coupling))
    dos_c, dos_d = _checks.positive("dos_c", dos_c), _checks.positive("dos_d", dos_d)
    return 2 * np.pi**5 / 15 * strength**2 * dos_c**2 * dos_d**2 / _checks.positive("hbar", hbar)


def contact(kappa: ArrayLike = 1.0, *, noise: str = "exact") -> Contact:
    """Return the contact of two Fermi gases: A from eq. (12), B as chosen.

    Parameters
    ----------
    kappa : float or array
        κ, positive; see `conductance`.
    noise : {"exact", "paper", "fluctuation-dissipation"}
        B from the golden rule (11) without approximation, from eq. (13), or from A by eq. (4). The last is right only
        for T_c ≈ T_d and gives C₁₂ the wrong sign under strong driving; see `sign_change_ratio`.

    Returns
    -------
    Contact

    Raises
    ------
    ValueError
        If κ is not positive or `noise` is not one of the three.

    Examples
    --------
    >>> float(contact(2.0, noise="paper").noise_strength(1.0, 1.0))    # 8 κ T⁵
    16.0
    """
    return radiative_contact(kappa, noise, {"exact": exact_law, "paper": paper_law})


def substance(particles: ArrayLike = 1.0, fermi_temperature: ArrayLike = 1.0) -> Substance:
    r"""Return the degenerate Fermi gas as a box (paper, before eq. 14).

    .. math:: E = \tfrac35\, N T_F \left[1 + \frac{5\pi^2}{12}\Big(\frac{T}{T_F}\Big)^2\right], \qquad
              \frac{dE}{dT} = \frac{\pi^2 N T}{2 T_F}

    Parameters
    ----------
    particles : float
        N, fermions in the box.
    fermi_temperature : float
        T_F, the Fermi energy over k_B.

    Returns
    -------
    Substance
        Good for T ≪ T_F; `ideal_energy` is E at any T.

    Examples
    --------
    >>> gas = substance(particles=100.0, fermi_temperature=50.0)
    >>> bool(np.isclose(gas.heat_capacity(2.0), np.pi**2 * 100.0 * 2.0 / (2 * 50.0)))
    True
    """
    N = _checks.real("particles", particles, above=0)
    T_F = _checks.real("fermi_temperature", fermi_temperature, above=0)
    ground, curvature = np.broadcast_arrays(3 * N * T_F / 5, np.pi**2 * N / (4 * T_F))
    return Substance(
        _sommerfeld,
        _sommerfeld_temperature,
        lowest_energy=ground if ground.ndim else float(ground),
        heat_capacity=_sommerfeld_capacity,
        trusted=True,
        parameters={"ground": ground, "curvature": curvature},
    )


def _sommerfeld(T: Any, ground: Any, curvature: Any) -> Any:
    return ground + curvature * T**2


def _sommerfeld_temperature(energy: Any, ground: Any, curvature: Any) -> Any:
    return np.sqrt((energy - ground) / curvature)


def _sommerfeld_capacity(T: Any, ground: Any, curvature: Any) -> Any:
    # By hand: a difference of energies loses digits beside the energy of the ground state.
    return 2 * curvature * T


def system(
    *,
    particles: ArrayLike = 1.0,
    fermi_temperature: ArrayLike = 1.0,
    kappa: ArrayLike = 1.0,
    noise: str = "exact",
    n: int = 2,
) -> System:
    """Return n boxes of Fermi gas in a row between two baths of Fermi gas (paper's section 5).

    Parameters
    ----------
    particles, fermi_temperature : float, or array of shape (..., n)
        N and T_F, one for all boxes or one for each. Leading axes are many systems, as those of the baths are.
    kappa : float, or array of shape (..., n + 1)
        κ, one for all contacts or one for each.
    noise : {"exact", "paper", "fluctuation-dissipation"}
        See `contact`.
    n : int
        Number of boxes.

    Returns
    -------
    System

    Raises
    ------
    ValueError
        If a parameter is not positive, or their number does not fit n.

    Examples
    --------
    >>> from twobox import Chain
    >>> steady = Chain(system(), left=0.02, right=0.01).steady_state()
    >>> bool(np.allclose(steady.profile[1:3], mean_temperatures(0.02, 0.01)))
    True
    """
    n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
    numbers = _checks.along("particles", particles, n, "boxes", above=0)
    temperatures = _checks.along("fermi_temperature", fermi_temperature, n, "boxes", above=0)
    kappas = _checks.along("kappa", kappa, n + 1, "bonds", above=0)
    boxes = [substance(*pair) for pair in zip(numbers, temperatures)]
    return System([contact(value, noise=noise) for value in kappas], boxes)


# Closed forms; floats, arrays or sympy symbols.


@_checks.formula(T0=_checks.NOT_NEGATIVE, T3=_checks.NOT_NEGATIVE)
def mean_temperatures(T0: Any, T3: Any) -> tuple[Any, Any]:
    """Return T₁ = ((2T₀⁴ + T₃⁴)/3)^¼ and T₂ = ((T₀⁴ + 2T₃⁴)/3)^¼, for equal κ (paper, before eq. 14).

    Examples
    --------
    T⁴ falls in equal steps:

    >>> T1, T2 = mean_temperatures(2.0, 1.0)
    >>> bool(np.allclose(np.diff([2.0**4, T1**4, T2**4, 1.0]), -5.0))
    True
    """
    return ((2 * T0**4 + T3**4) / 3) ** (1 / 4), ((T0**4 + 2 * T3**4) / 3) ** (1 / 4)


@_checks.formula(
    **{name: _checks.NOT_NEGATIVE for name in ("B01", "B12", "B23")},
    **{name: _checks.POSITIVE for name in ("particles", "fermi_temperature", "kappa", "T1", "T2")},
)
def correlation(
    B01: Any, B12: Any, B23: Any, *, particles: Any, fermi_temperature: Any, kappa: Any, T1: Any, T2: Any
) -> Any:
    """Return C₁₂ = π² N (B01 - 2B12 + B23)/(48 κ T_F (T₁² + T₂²)), for equal κ and boxes (paper's eq. 14); energy²."""
    return np.pi**2 * particles * (B01 - 2 * B12 + B23) / (48 * kappa * fermi_temperature * (T1**2 + T2**2))


def sign_change_ratio() -> float:
    r"""Return the T₃/T₀ = 0.1477 below which B from eq. (4) makes C₁₂ negative (Fermi gas and black body alike).

    On a profile with equal steps of T⁴ the noise from (4) is :math:`B_{ij} \propto 1/(\beta_j - \beta_i)`; the ratio is
    the root of B01 - 2B12 + B23. The exact noise has no such root: there C₁₂ > 0 for every T₀ ≠ T₃.

    Examples
    --------
    >>> r = sign_change_ratio()
    >>> T = np.array([1.0, *mean_temperatures(1.0, r), r])
    >>> B = 1 / np.diff(1 / T)
    >>> bool(abs(B[0] - 2 * B[1] + B[2]) < 1e-12 * B[1])
    True
    """

    def convexity(ratio: float) -> float:
        B = 1 / np.diff(1 / np.array([1.0, *mean_temperatures(1.0, ratio), ratio]))
        return B[0] - 2 * B[1] + B[2]

    return float(brentq(convexity, 0.01, 0.5, xtol=1e-15))


# Without T ≪ T_F: full occupations, a square-root density of states, N fixed.


@_checks.formula()
def chemical_potential(temperature: ArrayLike) -> NDArray[np.float64]:
    r"""Return μ/T_F of an ideal Fermi gas with density of states ∝ √ε at fixed N.

    Solves :math:`\int_0^\infty \sqrt{\varepsilon}\,n(\varepsilon)\,d\varepsilon = \tfrac23` in units of T_F. At low
    temperature μ/T_F = 1 - (π²/12)(T/T_F)² + …

    Parameters
    ----------
    temperature : array_like
        T/T_F, positive.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> bool(np.isclose(chemical_potential(0.01), 1 - np.pi**2 / 12 * 0.01**2, atol=2 * 0.01**4))
    True
    """
    t = _checks.real("temperature", temperature, above=0)
    # Between the Boltzmann value, below it, and μ = T_F, above it.
    low, high = np.log(4 / (3 * np.sqrt(np.pi)) * t**-1.5) - 1e-9, 1 / t + 1e-9
    low = np.minimum(low, high - 1)
    found = elementwise.find_root(lambda eta, t: t**1.5 * _fermi_integral(1.5, eta) - 2 / 3, (low, high), args=(t,))
    return t * found.x


@_checks.formula()
def ideal_energy(temperature: ArrayLike) -> NDArray[np.float64]:
    r"""Return E/(N T_F) of an ideal Fermi gas in three dimensions: 3/5 at T = 0, 3T/(2T_F) for T ≫ T_F.

    Compare with the two terms in `substance`, whose relative error is of order (T/T_F)⁴.

    Parameters
    ----------
    temperature : array_like
        T/T_F, positive.

    Examples
    --------
    >>> bool(np.isclose(ideal_energy(0.02), substance().energy(0.02), rtol=1e-5))
    True
    """
    t = _checks.real("temperature", temperature, above=0)
    return 1.5 * t**2.5 * _fermi_integral(2.5, chemical_potential(t) / t)


def _fermi_integral(power: float, eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """∫ (x^power/power) (-dn/dx) dx = ∫ x^(power - 1) n dx, with x = y² over the window in which n switches."""
    low = np.sqrt(np.maximum(eta - _TAIL, 0))[..., None]
    high = np.sqrt(np.maximum(eta, 0) + _TAIL)[..., None]
    y = low + (high - low) * (_NODES + 1) / 2
    switch = expit(y**2 - eta[..., None]) * expit(eta[..., None] - y**2)
    return (2 / power * y ** (2 * power + 1) * switch * _WEIGHTS).sum(axis=-1) * (high - low)[..., 0] / 2


def golden_rule(
    m: int, T_c: ArrayLike, T_d: ArrayLike, *, fermi_temperature: ArrayLike = 1.0, kappa: float = 1.0
) -> NDArray[np.float64]:
    r"""Return f^(m) of eq. (11) with nothing neglected: full Fermi functions, density of states ∝ √ε, μ(T) at fixed N.

    .. math:: f^{(m)} = \frac{15\kappa}{\pi^4}\int_{-\infty}^{\infty} \omega^m P_c(-\omega)\,P_d(\omega)\,d\omega,
              \qquad P(\omega) = \int_0^\infty \frac{\sqrt{\varepsilon(\varepsilon + \omega)}}{T_F}\,
              n(\varepsilon)\,[1 - n(\varepsilon + \omega)]\,d\varepsilon

    and P(-ω) = exp(-ω/T) P(ω). Where T ≪ T_F, P(ω) → ω[1 + n(ω)] and this is `moment`.

    Parameters
    ----------
    m : int
        Not negative.
    T_c, T_d : array_like
        Temperatures, positive; they broadcast. Same unit as `fermi_temperature`.
    fermi_temperature : float or pair of floats
        T_F of both boxes, or of c and of d.
    kappa : float
        κ with the densities of states at the Fermi energies.

    Returns
    -------
    ndarray
        To about 1e-9 relative; a double quadrature for each pair, some milliseconds each.

    Examples
    --------
    At T = T_F/100 the flat density of states is right to a tenth of a percent:

    >>> bool(abs(golden_rule(1, 0.01, 0.005) / moment(1, 0.01, 0.005) - 1) < 1e-3)
    True
    """
    m = _checks.whole("m", m, at_least=0)
    T_c, T_d = _checks.real("T_c", T_c, above=0), _checks.real("T_d", T_d, above=0)
    fermi = [
        _checks.positive("fermi_temperature", T)
        for T in _checks.one_each("fermi_temperature", fermi_temperature, 2, "gases")
    ]
    unit = 15 / np.pi**4 * _checks.positive("kappa", kappa)
    return unit * np.vectorize(lambda c, d: _golden_rule_integral(m, c, d, *fermi), otypes=[float])(T_c, T_d)


def _golden_rule_integral(m: int, T_c: float, T_d: float, fermi_c: float, fermi_d: float) -> float:
    # ω = x² resolves the scale of the colder side near ω = 0.
    top = np.sqrt((60 + 8 * m) * max(T_c, T_d))
    x, weights = (_NODES + 1) * top / 2, _WEIGHTS * top / 2
    omega = x**2
    pairs = _pair_spectrum(omega, T_c, fermi_c) * _pair_spectrum(omega, T_d, fermi_d)
    balance = np.exp(-omega / T_c) + (-1) ** m * np.exp(-omega / T_d)
    return np.sum(weights * 2 * x * omega**m * balance * pairs)


def _pair_spectrum(omega: NDArray[np.float64], T: float, T_F: float) -> NDArray[np.float64]:
    """P(ω) of `golden_rule`, with ε = y² over the window in which n(ε)[1 - n(ε + ω)] is not zero to rounding."""
    mu: Any = T_F * chemical_potential(T / T_F)
    omega = omega[:, None]
    low = np.sqrt(np.maximum(mu - omega - _TAIL * T, 0))
    high = np.sqrt(max(mu, 0) + _TAIL * T)
    y = low + (high - low) * (_NODES + 1) / 2
    occupied, empty = expit((mu - y**2) / T), expit((y**2 + omega - mu) / T)
    return (2 * y**2 * np.sqrt(y**2 + omega) / T_F * occupied * empty) @ _WEIGHTS * (high - low)[:, 0] / 2


@_checks.formula(kappa=_checks.NOT_NEGATIVE, T_c=_checks.NOT_NEGATIVE, T_d=_checks.NOT_NEGATIVE)
def mean_current_corrected(kappa: Any, T_c: Any, T_d: Any, *, fermi_temperature: float = 1.0) -> Any:
    r"""Return A with its first correction in T/T_F, for gases of one T_F (ours; not in the paper).

    .. math:: A = \kappa\Big[(T_c^4 - T_d^4)\Big(1 - \frac{\pi^2}{12}\frac{T_c^2 + T_d^2}{T_F^2}\Big)
              - \frac{10\pi^2}{21}\frac{T_c^6 - T_d^6}{T_F^2}\Big]

    Relative to eq. (12) that is -(47π²/84)(T_c/T_F)² = -5.52 (T_c/T_F)² against a cold side and
    -(37π²/42)(T/T_F)² = -8.69 (T/T_F)² between near equals.

    Notes
    -----
    About μ, :math:`P(\omega) = \omega\,[1 + n(\omega)]\,[\mu - \omega^2/8 + \dots]` in units of T_F, and μ = 1 -
    π²T²/12. One integral over ω of each term, with :math:`\int_0^\infty \omega^5 n\,d\omega = 8\pi^6T^6/63`, gives the
    line above.

    Examples
    --------
    >>> exact, corrected = golden_rule(1, 0.03, 0.02), mean_current_corrected(1.0, 0.03, 0.02)
    >>> bool(abs(corrected / exact - 1) < 100 * 0.03**4)
    True
    """
    fermi_temperature = _checks.positive("fermi_temperature", fermi_temperature)
    c, d = T_c / fermi_temperature, T_d / fermi_temperature
    flat = mean_current(kappa, T_c, T_d) * (1 - np.pi**2 / 12 * (c**2 + d**2))
    return flat - 10 * np.pi**2 / 21 * kappa * fermi_temperature**4 * (c**6 - d**6)
