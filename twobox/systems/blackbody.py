r"""Cavities that exchange photons through a hole: coupled black bodies (paper's appendix A).

Radiation is a linear A model: energy and current both go as T⁴. The noise is the integral of the Fermi gases again,
`twobox.systems.bosons.exact_noise_integral`, because their particle-hole pairs and these photons are bosons with one spectrum.
Units: k_B = ħ = c = 1, except in `stefan_constant` and `two_cavities`, which take and give SI.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants
from scipy.special import gamma, zeta

from twobox import _checks
from twobox.chain import Chain
from twobox.model.contacts import Contact
from twobox.model.substances import Substance
from twobox.model.system import System
from twobox.systems.bosons import exact_law, noise_exact, noise_paper, paper_law, radiative_contact

# The radiation constants.


@_checks.formula()
def stefan_constant(area: float = 1.0, *, k_B: float = 1.0, c: float = 1.0, hbar: float = 1.0) -> float:
    r"""Return σ of a wall of given area (paper, after A.5).

    .. math:: \sigma = \frac{\pi^2 k_B^4\, L^2}{60\, c^2 \hbar^3}

    Parameters
    ----------
    area : float
        L², the area of the contact surface; 1 for σ per area.
    k_B, c, hbar : float
        Constants of nature in the units wanted; 1 in the paper's.

    Returns
    -------
    float
        Power per temperature to the fourth.

    Examples
    --------
    >>> si = stefan_constant(k_B=constants.k, c=constants.c, hbar=constants.hbar)
    >>> bool(np.isclose(si, constants.Stefan_Boltzmann, rtol=1e-9))
    True
    """
    k_B, c, hbar = _checks.positive("k_B", k_B), _checks.positive("c", c), _checks.positive("hbar", hbar)
    return np.pi**2 / 60 * _checks.positive("area", area) * k_B**4 / (c**2 * hbar**3)


@_checks.formula()
def radiation_constant(*, k_B: float = 1.0, c: float = 1.0, hbar: float = 1.0) -> float:
    r"""Return a of the energy density :math:`u = a T^4` of thermal light.

    .. math:: a = \frac{\pi^2 k_B^4}{15\, c^3 \hbar^3} = \frac{4\sigma}{c L^2}

    Examples
    --------
    The flux through a hole is u c/4, averaged over angles:

    >>> bool(np.isclose(radiation_constant() / 4, stefan_constant()))
    True
    """
    return 4 * stefan_constant(k_B=k_B, c=c, hbar=hbar) / c


# The noise. Each law is B(conductance, T_a, T_b) with conductance = |λ|²σ; `noise_exact` and eq. (13) come from
# `bosons`.


@_checks.formula(
    conductance=_checks.NOT_NEGATIVE, T_a=_checks.NOT_NEGATIVE, T_b=_checks.NOT_NEGATIVE, weight=_checks.NOT_NEGATIVE
)
def noise_printed(conductance: Any, T_a: Any, T_b: Any, *, weight: Any = 45 / np.pi**4) -> Any:
    r"""Return the noise strength of eq. (A.6) as it is printed.

    .. math:: B = 8\,|\lambda|^2\sigma \big[(T_aT_b)^{5/2} + w\,(T_a^{5/2} - T_b^{5/2})^2\big], \qquad
              w = \frac{45}{\pi^4}

    Parameters
    ----------
    conductance : float
        |λ|²σ.
    T_a, T_b : array_like
        Temperatures; floats, arrays or sympy symbols.
    weight : float
        w; see `noise_restored`.

    Returns
    -------
    array_like
        B, energy² per time. Exact between equals, up to 3.56 % too small against a cold side.
    """
    return _printed(conductance, T_a, T_b, weight)


def _printed(conductance: Any, T_a: Any, T_b: Any, weight: Any) -> Any:
    mean, difference = (T_a * T_b) ** (5 / 2), T_a ** (5 / 2) - T_b ** (5 / 2)
    return 8 * conductance * (mean + weight * difference**2)


@_checks.formula(conductance=_checks.NOT_NEGATIVE, T_a=_checks.NOT_NEGATIVE, T_b=_checks.NOT_NEGATIVE)
def noise_restored(conductance: Any, T_a: Any, T_b: Any) -> Any:
    r"""Return eq. (A.6) with w = 45 ζ(5)/π⁴, which is exact in both limits (ours).

    Examples
    --------
    >>> bool(np.isclose(noise_restored(1.0, 2.0, 0.0), noise_exact(1.0, 2.0, 0.0), rtol=1e-12))
    True
    """
    return noise_printed(conductance, T_a, T_b, weight=45 * zeta(5) / np.pi**4)


def noise_scattering(
    conductance: ArrayLike, T_a: ArrayLike, T_b: ArrayLike, *, transmission: ArrayLike = 1.0
) -> NDArray[np.float64]:
    r"""Return the noise of photons that cross with a given probability, beyond the golden rule (ours).

    .. math:: B = \frac{15}{\pi^4}\,|\lambda|^2\sigma \int_0^\infty k^4
              \big[n_a + n_b + 2 n_an_b + \mathcal{T}\,(n_a - n_b)^2\big]\,dk, \qquad \mathcal{T} = |\lambda|^2

    The golden rule is the limit of small transmission. At transmission 1 the integral is elementary,
    :math:`B = 4\sigma(T_a^5 + T_b^5)`: eq. (13) of the paper, there an approximation, is the noise of an open hole.

    Parameters
    ----------
    conductance : float
        |λ|²σ: the factor of the mean current.
    T_a, T_b : array_like
        Temperatures, not negative.
    transmission : float
        Between 0 and 1, the same for every photon.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> bool(np.isclose(noise_scattering(1.0, 2.0, 1.0), 4 * (2.0**5 + 1.0**5)))
    True
    """
    share = _checks.real("transmission", transmission, at_least=0, at_most=1)
    return (1 - share) * noise_exact(conductance, T_a, T_b) + share * noise_paper(conductance, T_a, T_b)


# The contact, the cavity and the system.


def contact(conductance: ArrayLike = 1.0, *, noise: str = "exact") -> Contact:
    """Return the contact of two cavities: A = |λ|²σ (T_a⁴ - T_b⁴) (paper's A.5), B as chosen.

    Parameters
    ----------
    conductance : float
        |λ|²σ, positive.
    noise : {"exact", "printed", "restored", "open", "fluctuation-dissipation"}
        B by the golden rule, from eq. (A.6) as printed, from (A.6) with ζ(5) restored, of an open hole (|λ| = 1, full
        scattering), or from A by eq. (4), which gives C₁₂ the wrong sign for T₃/T₀ < 0.1477.

    Returns
    -------
    Contact

    Raises
    ------
    ValueError
        If the conductance is not positive or `noise` is not one of these.

    Examples
    --------
    >>> bool(np.isclose(contact(2.0).noise_strength(1.0, 1.0), 8 * 2.0, rtol=1e-12))
    True
    """
    kappa = _checks.real("conductance", conductance, above=0)
    return radiative_contact(kappa, noise, _LAWS)


def _printed_law(T_i: Any, T_j: Any, kappa: Any) -> Any:
    return _printed(kappa, T_i, T_j, 45 / np.pi**4)


def _restored_law(T_i: Any, T_j: Any, kappa: Any) -> Any:
    return _printed(kappa, T_i, T_j, 45 * zeta(5) / np.pi**4)


_LAWS = {"exact": exact_law, "printed": _printed_law, "restored": _restored_law, "open": paper_law}


def substance(capacity: ArrayLike = 1.0) -> Substance:
    """Return a cavity full of thermal light, E = a V T⁴.

    Parameters
    ----------
    capacity : float or array
        a V, with a from `radiation_constant` and V the volume.

    Examples
    --------
    >>> float(substance(3.0).energy(2.0))
    48.0
    """
    capacity = _checks.real("capacity", capacity, above=0)
    return Substance(
        _stefan_boltzmann,
        _stefan_boltzmann_temperature,
        heat_capacity=_radiation_capacity,
        parameters={"capacity": capacity},
        trusted=True,
    )


def _stefan_boltzmann(T: Any, capacity: Any) -> Any:
    return capacity * T**4


def _radiation_capacity(T: Any, capacity: Any) -> Any:
    return 4 * capacity * T**3


def _stefan_boltzmann_temperature(energy: Any, capacity: Any) -> Any:
    return (energy / capacity) ** 0.25


def system(*, capacity: ArrayLike = 1.0, conductance: ArrayLike = 1.0, noise: str = "exact", n: int = 2) -> System:
    """Return n cavities in a row between two black baths (paper's appendix A).

    Parameters
    ----------
    capacity : float, or array of shape (..., n)
        a V of each cavity. Leading axes are many systems, as those of the baths are.
    conductance : float, or array of shape (..., n + 1)
        |λ|²σ of each hole.
    noise : str
        See `contact`.
    n : int
        Number of cavities.

    Returns
    -------
    System

    Raises
    ------
    ValueError
        If a parameter is not positive, or their number does not fit n.

    Examples
    --------
    The rates do not depend on the temperatures: a linear A model.

    >>> from twobox import Chain
    >>> R = [Chain(system(), left=T, right=1.0).steady_state().relaxation_matrix for T in (1.0, 9.0)]
    >>> bool(np.allclose(*R) and np.allclose(R[0], [[-2, 1], [1, -2]]))
    True
    """
    n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
    capacities = _checks.along("capacity", capacity, n, "boxes", above=0)
    conductances = _checks.along("conductance", conductance, n + 1, "bonds", above=0)
    return System([contact(value, noise=noise) for value in conductances], [substance(value) for value in capacities])


@_checks.formula(
    **{name: _checks.NOT_NEGATIVE for name in ("B01", "B12", "B23")},
    capacity=_checks.POSITIVE,
    conductance=_checks.POSITIVE,
)
def correlation(B01: Any, B12: Any, B23: Any, *, capacity: Any, conductance: Any) -> Any:
    """Return C₁₂ = a V (B01 - 2B12 + B23)/(12 |λ|²σ), eq. (9) with γ/N = |λ|²σ/(a V); energy²."""
    return capacity * (B01 - 2 * B12 + B23) / (12 * conductance)


# Which coupling is a black body's (the step before A.4)?


@_checks.formula()
def delta_jacobian(k_z: ArrayLike, k_parallel: ArrayLike) -> NDArray[np.float64]:
    r"""Return the factor of δ(k_z - k′_z) in δ(k - k′) at equal k_parallel, which is k/k_z (c = 1).

    The paper prints its inverse. It follows from :math:`dk'/dk'_z = k_z/k` at k′_z = k_z, as
    :math:`\delta(f(x)) = \delta(x - x_0)/|f'(x_0)|`.

    Examples
    --------
    Grazing photons are many to one energy:

    >>> float(delta_jacobian(3.0, 4.0))
    1.6666666666666667
    """
    k_z = _checks.real("k_z", k_z, above=0)
    return np.hypot(k_z, _checks.real("k_parallel", k_parallel)) / k_z


def angular_integral(angle_power: float, *, grazing: ArrayLike = 0.0) -> NDArray[np.float64]:
    r"""Return :math:`\int_{g}^{1} \mu^{p}\,\frac{d\mu}{\mu}`, μ = k_z/k, for a coupling with :math:`|M|^2 \propto \mu^p`.

    The 1/μ is `delta_jacobian`. p = 0 is (A.3) as printed: the integral is ln(1/g) and diverges. p = 2 gives Lambert's
    cosine, and 1/2, as a black body must.

    Parameters
    ----------
    angle_power : float
        p, not negative.
    grazing : array_like
        g, from 0 to 1: photons that leave at a smaller μ are not counted.

    Returns
    -------
    ndarray
        Infinite for p = 0, g = 0.

    Examples
    --------
    >>> float(angular_integral(2)), float(angular_integral(0))
    (0.5, inf)
    """
    power = _checks.real("angle_power", angle_power, at_least=0, shape=())
    grazing = _checks.real("grazing", grazing, at_least=0, at_most=1)
    with np.errstate(divide="ignore"):
        return -np.log(grazing) if power == 0 else (1 - grazing**power) / power


def point_coupling_factor(coupling: ArrayLike) -> NDArray[np.float64]:
    r"""Return F, by which the coupling (A.2) read as a contact of two waves passes more or less than Lambert's law (ours).

    .. math:: A = |\lambda|^2\sigma\,(T_a^4 - T_b^4)\,F, \qquad F = \ln\frac{1 + c}{c} + \frac{c}{1 + c} - 1,
              \qquad c = \frac{|\lambda|^2}{4}

    Without a factor μ in its amplitude the golden rule gives the transmission |λ|²/μ², above 1 at grazing angles, where the rule
    does not hold. Summed to all orders it is :math:`\mathcal{T}(\mu) = (|\lambda|^2/\mu^2)/(1 + |\lambda|^2/4\mu^2)^2 \le 1`: the current is
    finite, and a T⁴ law.

    Parameters
    ----------
    coupling : array_like
        λ, from 1e-100 to 1e100; dimensionless.

    Raises
    ------
    ValueError
        If the coupling is outside of its range.

    Examples
    --------
    >>> 2.0 < float(point_coupling_factor(0.2)) < 4.0
    True
    """
    x = 4 / _checks.real("coupling", coupling, at_least=1e-100, at_most=1e100) ** 2  # 1/c
    # For strong coupling the difference of nearly equal numbers is its series.
    series = x**2 * (1 / 2 - x * (2 / 3 - x * (3 / 4 - x * 4 / 5)))
    return np.where(x < 1e-3, series, np.log1p(x) - x / (1 + x))


def golden_rule_current(
    T_a: ArrayLike,
    T_b: ArrayLike,
    *,
    k_power: float = 0,
    angle_power: float = 2,
    grazing: ArrayLike = 0.0,
    area: float = 1.0,
) -> NDArray[np.float64]:
    r"""Return the mean current of a coupling with :math:`|M|^2 \propto k^q \mu^p`, Jacobian done correctly.

    .. math:: A = \frac{L^2}{4\pi^2} \left[2\int_{g}^1 \mu^{p-1}\,d\mu\right] \int_0^\infty k^{3+q}\,(n_a - n_b)\,dk

    It is the current of a wall whose transmission is :math:`\mathcal{T}(k, \mu) \propto k^q \mu^{p-2}`.

    ============  =============  ==========================================================================
    q             p              coupling
    ============  =============  ==========================================================================
    0             2              black body, transmission 1: A = σ (T_a⁴ - T_b⁴), eq. (A.5)
    0             0              (A.2)-(A.3) as printed: infinite, unless grazing photons are cut off
    2             2              (A.7) read literally, one ∂_z: ∫ k⁵ n, so A ∝ T_a⁶ - T_b⁶
    ============  =============  ==========================================================================

    Parameters
    ----------
    T_a, T_b : array_like
        Temperatures, not negative.
    k_power, angle_power : float
        q and p, not negative.
    grazing : float
        g; see `angular_integral`.
    area : float
        L².

    Returns
    -------
    ndarray

    Examples
    --------
    >>> bool(np.isclose(golden_rule_current(2.0, 1.0), stefan_constant() * (2.0**4 - 1.0**4)))
    True
    """
    T_a, T_b = _checks.pair(T_a, T_b, ("T_a", "T_b"))
    power = 4 + _checks.real("k_power", k_power, at_least=0, shape=())
    with np.errstate(over="ignore", invalid="ignore"):
        photons = gamma(power) * zeta(power) * (T_a**power - T_b**power)
    if not np.isfinite(photons).all():
        raise ValueError(f"T_a, T_b and k_power must give a finite current, got k_power={k_power!r}")
    return _checks.positive("area", area) / (2 * np.pi**2) * angular_integral(angle_power, grazing=grazing) * photons


# The lattice form of the coupling, (A.8): two chains joined end to end.


def lattice_hamiltonian(
    sites: int, *, coupling: float, phase: float = 0.0, hopping: float = 1.0
) -> NDArray[np.complex128]:
    r"""Return the one-photon Hamiltonian of two chains joined end to end (paper's A.8), shape (2 sites, 2 sites).

    .. math:: H = -t\sum_{s=a,b}\sum_{j=1}^{n-1} \left(s_j^\dagger s_{j+1} + \text{h.c.}\right)
              + \lambda\left(e^{i\varphi} a_1^\dagger b_1 + \text{h.c.}\right)

    Parameters
    ----------
    sites : int
        n, sites of each chain. Site 1 of both is at the wall; the field is held at 0 one step beyond, so that
        (b_d - b_0)/d = b_d/d and (A.8) is the lattice derivative in (A.7).
    coupling : float
        λ, real.
    phase : float
        φ; 0 is (A.2) on the lattice, -π/2 is (A.8), whose 1/i is exp(-iπ/2).
    hopping : float
        t.

    Returns
    -------
    ndarray of complex
        In the order a_1 … a_n, b_1 … b_n.

    Examples
    --------
    The spectrum does not know the phase:

    >>> plain, turned = (lattice_hamiltonian(6, coupling=0.3, phase=p) for p in (0.0, -np.pi / 2))
    >>> bool(np.allclose(np.linalg.eigvalsh(plain), np.linalg.eigvalsh(turned)))
    True
    """
    n = _checks.whole("sites", sites, at_least=2, at_most=10**4)
    coupling, phase, hopping = (
        float(_checks.real(name, value, shape=()))
        for name, value in (("coupling", coupling), ("phase", phase), ("hopping", hopping))
    )
    chain = -hopping * (np.eye(n, k=1) + np.eye(n, k=-1))
    H = np.kron(np.eye(2), chain).astype(complex)
    H[0, n] = coupling * np.exp(1j * phase)
    H[n, 0] = np.conj(H[0, n])
    return H


def gauge_transformation(sites: int, phase: float) -> NDArray[np.complex128]:
    """Return U = diag(1, …, 1, exp iφ, …, exp iφ): b → b exp iφ (paper, after A.8), shape (2 sites, 2 sites).

    Examples
    --------
    It turns the coupling and nothing else:

    >>> U = gauge_transformation(4, -np.pi / 2)
    >>> plain, turned = (lattice_hamiltonian(4, coupling=0.3, phase=p) for p in (0.0, -np.pi / 2))
    >>> bool(np.allclose(U.conj().T @ plain @ U, turned))
    True
    """
    n = _checks.whole("sites", sites, at_least=1, at_most=10**4)
    return np.diag(np.repeat([1.0, np.exp(1j * float(_checks.real("phase", phase, shape=())))], n))


def lattice_matrix_elements(hamiltonian: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return ⟨a, k|H|b, k′⟩ between the modes of the two uncoupled chains, shape (sites, sites).

    Their squares times 2π and the density of final states are the golden-rule rates; a phase drops out of them.

    Examples
    --------
    Both modes vanish at the wall, so the square goes as sin²k sin²k′:

    >>> M = lattice_matrix_elements(lattice_hamiltonian(5, coupling=0.3, phase=1.0))
    >>> k = np.pi * np.arange(1, 6) / 6
    >>> bool(np.allclose(abs(M), 0.3 * 2 / 6 * np.outer(np.sin(k), np.sin(k))))
    True
    """
    n = len(hamiltonian) // 2
    _, modes_a = np.linalg.eigh(hamiltonian[:n, :n])
    _, modes_b = np.linalg.eigh(hamiltonian[n:, n:])
    return modes_a.conj().T @ hamiltonian[:n, n:] @ modes_b


@_checks.formula()
def lattice_transmission(
    wave_number: ArrayLike, *, coupling: complex, hopping: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Return the transmission of the joint of two long chains, (golden rule, exact).

    .. math:: \mathcal{T}_{golden} = 4 r^2 \sin^2 k, \qquad
              \mathcal{T} = \frac{4 r^2\sin^2 k}{|1 - r^2 e^{2ik}|^2}, \qquad r = |\lambda|/t

    Only |λ| enters: no phase of the coupling can be seen. Both go as k² for long waves. So the lattice coupling
    (A.8) is equivalent to (A.2) on the lattice, but neither has the constant transmission of a black body.

    Examples
    --------
    At r = 1 there is no joint and everything passes:

    >>> bool(np.allclose(lattice_transmission(np.array([0.1, 1.0, 3.0]), coupling=1.0)[1], 1.0))
    True
    """
    k = _checks.real("wave_number", wave_number, above=0, below=np.pi)
    r = _checks.magnitude("coupling", coupling) / _checks.positive("hopping", hopping)
    golden = 4 * r**2 * np.sin(k) ** 2
    return golden, golden / np.abs(1 - r**2 * np.exp(2j * k)) ** 2


# A worked example in SI units.


@dataclass(frozen=True, eq=False)
class Cavities:
    """Two real cavities between two black baths, in SI units; made by `two_cavities`.

    Attributes
    ----------
    temperatures : ndarray, shape (..., 4)
        T₀…T₃, K.
    energies : ndarray, shape (..., 2)
        Light in each cavity, J.
    power : ndarray
        ⟨J⟩, W.
    relaxation_time : ndarray
        τ, s.
    noise_strengths : ndarray, shape (..., 3)
        B of each hole, J²/s.
    covariance : ndarray, shape (..., 2, 2)
        C, J².
    correlation : ndarray, shape (..., 2, 2)
        Correlation coefficients.
    """

    temperatures: np.ndarray
    energies: np.ndarray
    power: np.ndarray
    relaxation_time: np.ndarray
    noise_strengths: np.ndarray
    covariance: np.ndarray
    correlation: np.ndarray


def two_cavities(
    *,
    hole_area: ArrayLike,
    volume: ArrayLike,
    left: ArrayLike = 300.0,
    right: ArrayLike = 4.0,
    noise: str = "open",
) -> Cavities:
    """Return the steady state of two real cavities joined by holes, in SI units (`Cavities`).

    Parameters
    ----------
    hole_area : float or sequence of 3 floats
        Area of each hole, m². It should be small beside the walls, so that each cavity thermalises, and wide beside the
        wavelength, which peaks at (2.9 mm K)/T, so that light passes as rays.
    volume : float or sequence of 2 floats
        Volume of each cavity, m³.
    left, right : array_like
        Bath temperatures, K.
    noise : str
        See `contact`; a hole is open (|λ| = 1), hence the default.

    Returns
    -------
    Cavities

    Raises
    ------
    ValueError
        If an area, volume or temperature is not positive.

    Notes
    -----
    The chain is solved with energies in units of k_B, which are kelvins: conductance σ·area/k_B, capacity 4σV/(c k_B).

    Examples
    --------
    The relaxation time is 4V/(c·area), whatever the temperatures:

    >>> found = two_cavities(hole_area=1e-6, volume=1e-6)
    >>> bool(np.isclose(found.relaxation_time, 4 * 1e-6 / (constants.c * 1e-6)))
    True
    """
    sigma = stefan_constant(k_B=constants.k, c=constants.c, hbar=constants.hbar) / constants.k
    areas = [
        float(_checks.real("hole_area", area, above=0, shape=()))
        for area in _checks.along("hole_area", hole_area, 3, "bonds")
    ]
    volumes = [
        float(_checks.real("volume", value, above=0, shape=())) for value in _checks.along("volume", volume, 2, "boxes")
    ]
    capacities = [4 * sigma / constants.c * value for value in volumes]
    boxes = system(capacity=capacities, conductance=[sigma * area for area in areas], noise=noise)
    steady = Chain(boxes, left=left, right=right).steady_state()
    return Cavities(
        temperatures=steady.profile,
        energies=constants.k * steady.energies,
        power=constants.k * steady.current,
        relaxation_time=steady.relaxation_time,
        noise_strengths=constants.k**2 * steady.noise_strengths,
        covariance=constants.k**2 * steady.covariance,
        correlation=steady.correlation,
    )
