r"""What a steady state does in time: memory, who leads, spectra, response, entropy production, and the way there.

Fluctuations obey :math:`d\,\delta E/dt = R\,\delta E + \Sigma\,\eta`. All follows from two functions of R and the
noise:

==============================  =========================================================================
a kick of energy, in time       :math:`e^{Rt}` (`propagator`)
a kick on a bond, in frequency  :math:`u_b(\omega) = (i\omega - R)^{-1} v_b` (`frequency_response`)
memory                          :math:`C(t) = e^{Rt} C`, :math:`C(-t) = C(t)^T` (`two_time_covariance`)
spectra                         :math:`S(\omega) = \sum_b B_b u_b u_b^\dagger` (`spectrum`)
who leads                       :math:`\mathcal{A} = RC - CR^T` (`antisymmetric_part`)
==============================  =========================================================================

Times and frequencies come first among the leading axes: for `times` of shape (m,) and baths of shape (...), a matrix
has the shape (m, ..., n, n). Frequencies are angular, in 1/time. Both exponentials and resolvents are made without
subtracting terms of one size, so that the rates of a chain may differ by any number of decades.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from twobox import _checks
from twobox.calculus import derivative
from twobox.chain import Chain
from twobox.model.system import bond_vectors
from twobox.steady.mean import bond_slopes
from twobox.steady.state import SteadyState

# Gauss-Legendre nodes on (0, 1) for the first, short interval of an accumulation.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
# Terms of the exponential series of an argument below 1/2: the next one is 1e-29.
_TERMS = 22
# Relative tolerance of the integrator, and absolute in units of the largest energy (variance).
_RELATIVE, _ABSOLUTE = 1e-10, 1e-13


# Memory.


def propagator(steady: SteadyState, times: ArrayLike) -> NDArray[np.float64]:
    r"""Return :math:`e^{Rt}`: element (i, j) is what box i holds at t of a unit of energy put into box j at 0.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    times : array_like
        Times since the kick, not negative; a number or any shape.

    Returns
    -------
    ndarray, shape (*times.shape, ..., n, n)
        Dimensionless, not negative.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a time is negative or not finite.

    Notes
    -----
    The energy walks from site to site and is absorbed in the baths. The exponential of that walk is summed and squared
    as a matrix of probabilities, all terms positive, with its columns brought back to one at each squaring: every
    element keeps its digits, to about 1e-13 of itself until it has decayed by many powers of e, however stiff the
    chain.

    Examples
    --------
    The linear A model in units N/γ, with modes at rates 1 and 3:

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(np.isclose(propagator(steady, 0.5)[0, 1], (np.exp(-0.5) - np.exp(-1.5)) / 2))
    True
    """
    refuse_no_steady_state(steady)
    since = _checks.real("times", times, at_least=0)
    return walk(steady.rates_from_left, steady.rates_from_right, since)[..., 1:-1, 1:-1]


def two_time_covariance(steady: SteadyState, times: ArrayLike) -> NDArray[np.float64]:
    r"""Return :math:`C_{ij}(t) = \langle\delta E_i(t)\,\delta E_j(0)\rangle`, that is
    :math:`e^{Rt} C` for t ≥ 0 and :math:`C(-t) = C(t)^T`.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    times : array_like
        Lags of either sign; a number or any shape.

    Returns
    -------
    ndarray, shape (*times.shape, ..., n, n)
        Energy².

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a lag is not finite.

    Examples
    --------
    At equal baths the boxes are uncorrelated at one time, and yet box 2 knows what box 1 did ½ ln 3 before:

    >>> from twobox import Chain, ideal_gas
    >>> equal = Chain(ideal_gas(), left=1.0, right=1.0).steady_state()
    >>> C = two_time_covariance(equal, [0.0, np.log(3) / 2])
    >>> np.round(C[:, 1, 0] * 3 * np.sqrt(3), 12) + 0.0
    array([0., 1.])
    """
    refuse_no_steady_state(steady)
    lags = _checks.real("times", times)
    C = propagator(steady, np.abs(lags)) @ steady.covariance
    return np.where(_in_front(lags, C.ndim - lags.ndim) < 0, np.swapaxes(C, -1, -2), C)


# Spectra.


def frequency_response(steady: SteadyState, frequencies: ArrayLike) -> NDArray[np.complex128]:
    r"""Return the answer of the boxes, at frequency ω, to a kick on each bond.

    .. math:: u_b(\omega) = (i\omega - R)^{-1} v_b = \int_0^\infty e^{-i\omega t}\, e^{Rt} v_b\, dt

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    frequencies : array_like
        Angular frequencies ω of either sign, 1/time; a number or any shape.

    Returns
    -------
    ndarray, shape (*frequencies.shape, ..., n + 1, n)
        Time. Axis -2 is the bond that is kicked, axis -1 the box.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a frequency is not finite.

    Examples
    --------
    It solves (iω - R) u = v:

    >>> from twobox import Chain, bond_vectors, ideal_gas
    >>> steady = Chain(ideal_gas(n=3), left=2.0, right=1.0).steady_state()
    >>> u = frequency_response(steady, 0.7)
    >>> bool(np.allclose(0.7j * u - u @ steady.relaxation_matrix.T, bond_vectors(3)))
    True
    """
    refuse_no_steady_state(steady)
    losses = Losses.of(steady, _checks.real("frequencies", frequencies))
    return losses.kicks()


@dataclass(frozen=True, eq=False)
class Losses:
    """The rates at which each box loses energy for good, to the left and to the right, at frequencies ω.

    Gaussian elimination of (iω - R) from either end, box by box, kept in terms of what leaks: sums of terms with
    positive real part and imaginary parts of one sign, so that nothing cancels.

    Attributes
    ----------
    storage : ndarray
        iω, shape (*frequencies.shape, 1, …).
    to_left, to_right : list of ndarray
        Of boxes 1…n (items 0 and n + 1 are the baths, not used): λ_j is r x of item j - 1, and μ_j is l of item j times y of item j + 1.
    not_to_right, not_to_left : list of ndarray
        Of sites 0…n + 1: x_j, of the energy arriving in box j from the right the share that does not come back, and
        y_j.
    from_left, from_right : ndarray, shape (..., n + 1)
        l_b and r_b, the rates of the bonds.
    """

    storage: NDArray[np.complex128]
    to_left: list[NDArray[np.complex128]]
    to_right: list[NDArray[np.complex128]]
    not_to_right: list[NDArray[np.complex128]]
    not_to_left: list[NDArray[np.complex128]]
    from_left: NDArray[np.float64]
    from_right: NDArray[np.float64]

    @classmethod
    def of(cls, steady: SteadyState, frequencies: NDArray[np.float64]) -> "Losses":
        """Return them for checked `frequencies`."""
        left, right = steady.rates_from_left, steady.rates_from_right
        n = left.shape[-1] - 1
        storage = 1j * _in_front(frequencies, left.ndim - 1)
        one = np.ones(np.broadcast_shapes(storage.shape, left.shape[:-1]), complex)
        x, y = [one] * (n + 2), [one] * (n + 2)
        to_left, to_right = [0 * one] * (n + 2), [0 * one] * (n + 2)
        for j in range(1, n + 1):
            to_left[j] = right[..., j - 1] * x[j - 1]
            x[j] = (storage + to_left[j]) / (storage + to_left[j] + left[..., j])
        for j in range(n, 0, -1):
            to_right[j] = left[..., j] * y[j + 1]
            y[j] = (storage + to_right[j]) / (storage + to_right[j] + right[..., j - 1])
        return cls(storage, to_left, to_right, x, y, left, right)

    def kicks(self) -> NDArray[np.complex128]:
        """Return u_b(ω), shape (*frequencies.shape, ..., n + 1, n)."""
        iw, lam, mu = self.storage, self.to_left, self.to_right
        left, right = self.from_left, self.from_right
        n = len(lam) - 2
        u = np.empty((*lam[0].shape, n + 1, n), complex)
        for b in range(n + 1):
            # Box b + 1 has gained a unit, box b lost one: most of it goes back over the bond if that is fast.
            if b < n:
                u[..., b, b] = self.not_to_right[b] / (iw + lam[b + 1] + mu[b + 1])
            if b > 0:
                u[..., b, b - 1] = -self.not_to_left[b + 1] / (iw + lam[b] + mu[b])
            for j in range(b + 2, n + 1):
                u[..., b, j - 1] = u[..., b, j - 2] * left[..., j - 1] / (iw + right[..., j - 1] + mu[j])
            for j in range(b - 1, 0, -1):
                u[..., b, j - 1] = u[..., b, j] * right[..., j] / (iw + lam[j] + left[..., j])
        return u


def spectrum(steady: SteadyState, frequencies: ArrayLike) -> NDArray[np.complex128]:
    r"""Return the spectra and cross-spectra of the energies, :math:`S(\omega) = \int C(t)\, e^{-i\omega t}\, dt`.

    .. math:: S(\omega) = (i\omega - R)^{-1}\, Q\, (-i\omega - R^T)^{-1}, \qquad C = \int S\, \frac{d\omega}{2\pi}

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    frequencies : array_like
        Angular frequencies ω of either sign, 1/time; a number or any shape.

    Returns
    -------
    ndarray, shape (*frequencies.shape, ..., n, n)
        Energy² × time, complex and Hermitian.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a frequency is not finite.

    Examples
    --------
    Equal baths: slow parts of the energies move together, parts faster than √3 γ/N against each other.

    >>> from twobox import Chain, ideal_gas
    >>> equal = Chain(ideal_gas(), left=1.0, right=1.0).steady_state()
    >>> S = spectrum(equal, [0.0, np.sqrt(3), 10.0])[:, 0, 1].real
    >>> bool(S[0] > 0), bool(abs(S[1]) < 1e-15), bool(S[2] < 0)
    (True, True, True)
    """
    u = frequency_response(steady, frequencies)
    return hermitian(np.einsum("...b,...bi,...bj->...ij", steady.noise_strengths, u, u.conj()))


def coherence(steady: SteadyState, frequencies: ArrayLike) -> NDArray[np.float64]:
    r"""Return :math:`|S_{ij}|^2/(S_{ii} S_{jj})`, the squared correlation coefficient at one frequency, from 0 to 1.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    frequencies : array_like
        Angular frequencies ω of either sign, 1/time; a number or any shape.

    Returns
    -------
    ndarray, shape (*frequencies.shape, ..., n, n)

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, a frequency is not finite, or a box does not fluctuate.

    Examples
    --------
    Equal baths: [(3 - ω²)/(2(3 + ω²))]² (units N/γ), a quarter at rest although C₁₂ = 0.

    >>> from twobox import Chain, ideal_gas
    >>> equal = Chain(ideal_gas(), left=1.0, right=1.0).steady_state()
    >>> bool(np.isclose(coherence(equal, 0.0)[0, 1], 0.25))
    True
    """
    S = spectrum(steady, frequencies)
    own = np.sqrt(np.diagonal(S, axis1=-2, axis2=-1).real)
    if not np.all(own > 0):
        raise ValueError("steady must fluctuate in every box: noise_strengths > 0, got a box without a spectrum")
    scaled = np.abs(S / own[..., :, None] / own[..., None, :])
    return np.minimum(scaled**2, 1.0)


def phase(steady: SteadyState, frequencies: ArrayLike) -> NDArray[np.float64]:
    r"""Return the phase of :math:`S_{ij}(\omega)` in (-π, π]: positive at ω > 0 where box i leads box j.

    Divided by ω it is the time by which box i is ahead.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    frequencies : array_like
        Angular frequencies ω of either sign, 1/time; a number or any shape.

    Returns
    -------
    ndarray, shape (*frequencies.shape, ..., n, n)
        Radians; 0 where S_ij = 0.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a frequency is not finite.

    Examples
    --------
    Ideal gas, the left bath hotter: the left box leads.

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(phase(steady, 0.1)[0, 1] > 0)
    True
    """
    return np.angle(spectrum(steady, frequencies))


# Who leads, and what it costs.


def antisymmetric_part(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return :math:`\mathcal{A} = RC - CR^T`, the slope of C(t) - C(-t) at t = 0.

    It is zero in equilibrium. Element (i, j) < 0: box i leads box j. For two boxes

    .. math::
        \mathcal{A}_{12}\, |\operatorname{Tr} R| = \gamma_3 B_{23} - \gamma_2 B_{01} + (\gamma_1 - \gamma_4) B_{12}

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (..., n, n)
        Energy² per time.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`.

    Notes
    -----
    A difference of two terms that are equal in equilibrium: rounding leaves about 1e-16 of the fastest rate times the
    variances, plus what the covariance itself has lost.

    Examples
    --------
    Ideal gas, equal contacts: -J (T₀ + T₃) (ours).

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(np.isclose(antisymmetric_part(steady)[0, 1], -steady.current * (2.0 + 1.0)))
    True
    """
    refuse_no_steady_state(steady)
    if steady.energies.shape[-1] == 2:
        left, right, B = steady.rates_from_left, steady.rates_from_right, steady.noise_strengths
        g1, g2, g3, g4 = right[..., 0], left[..., 1], right[..., 1], left[..., 2]
        lead = (g3 * B[..., 2] - g2 * B[..., 0] + (g1 - g4) * B[..., 1]) / (g1 + g2 + g3 + g4)
        return lead[..., None, None] * np.array([[0.0, 1.0], [-1.0, 0.0]])
    flow = steady.relaxation_matrix @ steady.covariance
    return flow - np.swapaxes(flow, -1, -2)


def circulation(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return the mean area per time that the energies sweep in each plane,
    :math:`\tfrac12\langle E_i\dot E_j - E_j\dot E_i\rangle = -\tfrac12 \mathcal{A}_{ij}`.

    Counter-clockwise is positive, with E_i to the right and E_j upwards: then box i leads. The products are read in
    the Stratonovich sense. It is half the mean angular momentum.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (..., n, n)
        Energy² per time, antisymmetric.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=[2.0, 1.0], right=1.0).steady_state()
    >>> bool(circulation(steady)[0, 0, 1] > 0), bool(circulation(steady)[1, 0, 1] == 0)
    (True, True)
    """
    return -antisymmetric_part(steady) / 2


def linear_entropy_production(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return the entropy production that a movie of the energies alone shows, without the currents.

    .. math:: \sigma = \tfrac12 \operatorname{Tr}[C^{-1} \mathcal{A}^T Q^{-1} \mathcal{A}]
              = \frac{\mathcal{A}_{12}^2\, |\operatorname{Tr} R|}{B_{01}B_{12} + B_{12}B_{23} + B_{23}B_{01}}
              \qquad\text{(two boxes)}

    It is that of the linear Gaussian process δE, of order one where the true one is of the order of the size of a box:
    energy that is carried all the way through leaves no mark on the energies.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (...)
        1/time, not negative.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or Q is not positive definite: more than one bond is without noise.

    Notes
    -----
    The probability current of δE is ½ 𝒜 C⁻¹ δE times the density; σ is the mean of its square over the diffusion ½ Q.
    Near equilibrium the ideal gas shows 4/(9 C_v) of its entropy production (two boxes, equal contacts): as all here, to
    leading order in the size of the boxes, which C_v of a few units is not.

    Examples
    --------
    Ideal gas: 3 (T₀² - T₃²)²/((2T₀ + T₃)²(T₀ + 2T₃)²), in units γ/N (ours).

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(np.isclose(linear_entropy_production(steady), 3 * (2**2 - 1) ** 2 / (5**2 * 4**2)))
    True
    """
    lead = antisymmetric_part(steady)
    B, n = steady.noise_strengths, steady.energies.shape[-1]
    quiet = np.count_nonzero(B == 0, axis=-1)
    if np.any(quiet > 1):
        raise ValueError(
            "diffusion_matrix must be positive definite: noise_strengths > 0 on all bonds but one, "
            f"got {B[quiet > 1][0].tolist()}"
        )
    if n == 2:
        a, b, c = B[..., 0], B[..., 1], B[..., 2]
        loss = np.sum(steady.rates_from_left + steady.rates_from_right, axis=-1)
        return lead[..., 0, 1] ** 2 * loss / (a * b + b * c + c * a)
    try:
        whitened = np.linalg.solve(_root(steady.diffusion_matrix), lead)
        whitened = np.linalg.solve(_root(steady.covariance), np.swapaxes(whitened, -1, -2))
    except np.linalg.LinAlgError:
        raise ValueError(
            "covariance and diffusion_matrix must be positive definite by more than rounding, "
            f"got noise_strengths from {B.min():.6g} to {B.max():.6g}"
        ) from None
    return np.sum(whitened**2, axis=(-1, -2)) / 2


def _root(matrix):
    """Return L with L Lᵀ = matrix: Cholesky's, after the diagonal has been scaled to one."""
    spread = np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1))
    return spread[..., :, None] * np.linalg.cholesky(matrix / spread[..., :, None] / spread[..., None, :])


def white_noise_entropy_production(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return :math:`\sum_b 2A_b^2/B_b`, the entropy production of white noise with the current of each bond resolved.

    Where eq. (4) holds it is the true one. It is less for hops in detailed balance, Σ 2A_b tanh(Δβ_b/2).

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (...)
        1/time, not negative; infinite if a bond carries a current without noise, zero without current.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(np.isclose(white_noise_entropy_production(steady), entropy_production(steady)))
    True
    """
    refuse_no_steady_state(steady)
    still = steady.current == 0
    with np.errstate(divide="ignore"):
        resistance = np.sum(2 / np.where(still[..., None], 1.0, steady.noise_strengths), axis=-1)
    return steady.current**2 * resistance


def entropy_production(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return the entropy that the baths gain per time, :math:`\langle J\rangle(\beta_{n+1} - \beta_0)`.

    β is the conjugate of the variable: 1/T, or ln((1 - ρ)/ρ).

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (...)
        1/time (k_B = 1); infinite if just one bath is full or empty, zero without current.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(np.isclose(entropy_production(steady), steady.current * (1 / 1.0 - 1 / 2.0)))
    True
    """
    refuse_no_steady_state(steady)
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = (steady.variable.conjugate(steady.profile[..., side]) for side in (0, -1))
        produced = steady.current * (right - left)
    return np.where(steady.profile[..., 0] == steady.profile[..., -1], 0.0, produced)


# Response.


def field_response(steady: SteadyState, times: ArrayLike) -> NDArray[np.float64]:
    r"""Return :math:`\chi(t) = e^{Rt} Q/2`: how box i answers, at t, a short field on box j at 0.

    A field h on box j lifts its conjugate variable, β_j → β_j + h: every hop into the box becomes exp(h/2) times as likely,
    every hop out exp(-h/2) times, and the drift moves by Q h/2. In equilibrium χ = -dC/dt (fluctuation-dissipation theorem).

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    times : array_like
        Times since the field, not negative; a number or any shape.

    Returns
    -------
    ndarray, shape (*times.shape, ..., n, n)
        Energy² per time.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a time is negative or not finite.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> equal = Chain(ideal_gas(), left=1.0, right=1.0).steady_state()
    >>> slope = equal.relaxation_matrix @ two_time_covariance(equal, 0.3)
    >>> bool(np.allclose(field_response(equal, 0.3), -slope))
    True
    """
    return propagator(steady, times) @ steady.diffusion_matrix / 2


def static_field_response(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return :math:`\int_0^\infty \chi\, dt = -R^{-1} Q/2`, the answer to a field that stays.

    In equilibrium it is C; otherwise it differs from C by -½ R⁻¹ 𝒜.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (..., n, n)
        Energy².

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> moved = -np.linalg.solve(steady.relaxation_matrix, antisymmetric_part(steady)) / 2
    >>> bool(np.allclose(static_field_response(steady) - steady.covariance, moved))
    True
    """
    u = frequency_response(steady, 0.0).real
    vectors = bond_vectors(u.shape[-1])
    return np.einsum("...b,...bi,bj->...ij", steady.noise_strengths, u, vectors) / 2


def response_violation(steady: SteadyState, times: ArrayLike) -> NDArray[np.float64]:
    r"""Return :math:`\chi + dC/dt = e^{Rt} \mathcal{A}/2`, by which the fluctuation-dissipation theorem fails.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    times : array_like
        Times since the field, not negative; a number or any shape.

    Returns
    -------
    ndarray, shape (*times.shape, ..., n, n)
        Energy² per time.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a time is negative or not finite.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> slope = steady.relaxation_matrix @ two_time_covariance(steady, 0.3)
    >>> bool(np.allclose(response_violation(steady, 0.3), field_response(steady, 0.3) + slope))
    True
    """
    return propagator(steady, times) @ antisymmetric_part(steady) / 2


def bath_response(chain: Chain, times: ArrayLike) -> NDArray[np.float64]:
    r"""Return how the energies follow a small step of a bath, :math:`\partial E(t)/\partial T_{bath}`.

    .. math:: \frac{\partial E(t)}{\partial T_0} = \frac{\partial A_{01}}{\partial T_0} \int_0^t e^{Rs}\, ds\; v_0

    and likewise for the right bath.

    Parameters
    ----------
    chain : Chain
        Of n boxes, with bath values of shape (...), in its steady state until the step.
    times : array_like
        Times since the step, not negative; a number or any shape.

    Returns
    -------
    ndarray, shape (*times.shape, ..., 2, n)
        Energy per unit of the variable. Axis -2: left bath, right bath.

    Raises
    ------
    ValueError
        If `chain` is no `Chain`, or a time is negative or not finite.

    Examples
    --------
    Two boxes with equal contacts follow the near bath by two thirds, the far one by a third:

    >>> from twobox import Chain, ideal_gas
    >>> np.round(bath_response(Chain(ideal_gas(), left=2.0, right=1.0), 50.0), 8)
    array([[0.66666667, 0.33333333],
           [0.33333333, 0.66666667]])
    """
    steady, drives = _bath_drives(chain)
    since = _checks.real("times", times, at_least=0)
    held = accumulated_walk(
        steady.rates_from_left,
        steady.rates_from_right,
        since,
        once=lambda Z: Z,
        doubled=lambda held, Z: held + Z @ held,
    )
    return drives[..., None] * np.swapaxes(held[..., 1:-1, 1:-1][..., [0, -1]], -1, -2)


def static_bath_response(chain: Chain) -> NDArray[np.float64]:
    r"""Return :math:`\partial E^*/\partial T_{bath}`: how the mean energies of the steady state move with each bath.

    Parameters
    ----------
    chain : Chain
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (..., 2, n)
        Energy per unit of the variable. Axis -2: left bath, right bath.

    Raises
    ------
    ValueError
        If `chain` is no `Chain`.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> bool(np.allclose(static_bath_response(Chain(ideal_gas(n=3), left=2.0, right=1.0))[0], [0.75, 0.5, 0.25]))
    True
    """
    steady, drives = _bath_drives(chain)
    u = frequency_response(steady, 0.0).real
    return drives[..., None] * np.stack([u[..., 0, :], -u[..., -1, :]], axis=-2)


def _bath_drives(chain):
    """Return the steady state and ∂A₀/∂T₀, -∂A_n/∂T_{n+1}, shape (..., 2)."""
    _refuse_no_chain(chain)
    steady = chain.steady_state()
    return steady, np.stack([steady.slopes_left[..., 0], steady.slopes_right[..., -1]], axis=-1)


# The way there.


@dataclass(frozen=True, eq=False)
class Transient:
    """Means and small fluctuations on the way, at m times; made by `transient`.

    Attributes
    ----------
    times : ndarray, shape (m,)
    energies : ndarray, shape (m, n)
        Mean energy of each box.
    covariance : ndarray, shape (m, n, n)
        C(t), energy².
    currents : ndarray, shape (m, n + 1)
        A of each bond, energy per time: on the way they differ.
    """

    times: NDArray[np.float64]
    energies: NDArray[np.float64]
    covariance: NDArray[np.float64]
    currents: NDArray[np.float64]

    def __post_init__(self) -> None:
        for field in fields(self):
            array = np.array(getattr(self, field.name), float)
            array.flags.writeable = False
            object.__setattr__(self, field.name, array)


def local_equilibrium(chain: Chain, energies: ArrayLike) -> NDArray[np.float64]:
    r"""Return the covariance of boxes each in equilibrium by itself: :math:`-dE/d\beta` on the diagonal.

    Parameters
    ----------
    chain : Chain
        Of n boxes.
    energies : array_like, shape (..., n)
        Mean energy of each box.

    Returns
    -------
    ndarray, shape (..., n, n)
        Energy². C_v T² for a temperature, N ρ(1 - ρ) on a lattice.

    Raises
    ------
    ValueError
        If `chain` is no `Chain`, or a box cannot hold its energy.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> local_equilibrium(Chain(ideal_gas(heat_capacity=3.0), left=1.0, right=1.0), [6.0, 3.0])
    array([[12.,  0.],
           [ 0.,  3.]])
    """
    _refuse_no_chain(chain)
    boxes, variable = chain.system.boxes, chain.system.variable
    held = _checks.real("energies", energies)
    if held.shape[-1:] != (len(boxes),):
        raise ValueError(f"energies must have shape (..., {len(boxes)}), got {held.shape}")
    variances = []
    for i, box in enumerate(boxes):
        T = np.asarray(box.temperature_at(held[..., i]))
        # At an end of its range β runs away and nothing fluctuates.
        inside = (T > variable.lowest) & (T < variable.highest)
        T = np.where(inside, T, variable.lowest + min(1.0, variable.highest - variable.lowest) / 2)
        variances.append(np.where(inside, -box.heat_capacity(T) / derivative(variable.conjugate, T), 0.0))
    return np.stack(np.broadcast_arrays(*variances), axis=-1)[..., :, None] * np.eye(len(boxes))


def transient(
    chain: Chain,
    times: ArrayLike,
    *,
    energies: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    left: float | Callable[[float], float] | None = None,
    right: float | Callable[[float], float] | None = None,
) -> Transient:
    r"""Follow mean energies and covariance from a given start, under baths that are constant, switched or driven.

    .. math:: \frac{dE_i}{dt} = A_{i-1,i} - A_{i,i+1}, \qquad \frac{dC}{dt} = R(t)\,C + C\,R(t)^T + Q(t)

    with R and Q taken along the mean path: the means are nonlinear, the fluctuations linear about them, both to leading
    order in the size of the boxes.

    Parameters
    ----------
    chain : Chain
        Of n boxes, with one value for each bath.
    times : array_like, shape (m,)
        Increasing; the start is at the first.
    energies : array_like, shape (n,), optional
        Mean energies at the start. If left out, those of the steady state of `chain`.
    covariance : array_like, shape (n, n), optional
        Covariance at the start, symmetric and positive semidefinite. If left out, that of the steady state of `chain`,
        or `local_equilibrium` if `energies` are given.
    left, right : float or callable, optional
        Bath values from the first time on: a number, or a function of the time. If left out, those of `chain`.

    Returns
    -------
    Transient

    Raises
    ------
    ValueError
        If an argument is not as said, a bath leaves the range of the variable, or a box cannot hold its energy.
    RuntimeError
        If the integrator gives up.

    Notes
    -----
    SciPy's LSODA, which changes between Adams' and backward-differentiation formulas as the equations turn stiff, with
    its own Jacobian; relative tolerance 1e-10, absolute 1e-13 of the largest energy (variance) at the start or in the
    steady state. With a bath that is a function it starts anew at each of `times`: put a jump of the function on one of
    them, and enough times that a short pulse is not stepped over.

    Examples
    --------
    Baths switched on at t = 0, boxes of ideal gas cold or warm at the start: the correlation does not know (ours).

    >>> from twobox import Chain, ideal_gas
    >>> chain = Chain(ideal_gas(), left=2.0, right=1.0)
    >>> cold, warm = (transient(chain, [0.0, 0.5], energies=[T, T]).covariance[1, 0, 1] for T in (0.1, 1.5))
    >>> bool(np.isclose(cold, warm))
    True
    """
    _refuse_no_chain(chain)
    if chain.left.shape != ():
        raise ValueError(f"chain must have one value for each bath, got left and right of shape {chain.left.shape}")
    moments = _checks.real("times", times)
    if moments.ndim != 1 or moments.size == 0 or np.any(np.diff(moments) <= 0):
        raise ValueError(f"times must be a row of increasing numbers, got {moments.tolist()}")
    steady = chain.steady_state()
    path = _Path(chain, steady, left, right)
    E, C, tolerance = _start(chain, steady, energies, covariance)
    n = E.size
    states = [np.concatenate([E, C[path.upper]])[None]]
    stops = moments if path.driven else np.unique(moments[[0, -1]])
    for start, end in pairwise(stops):
        inside = moments[(moments > start) & (moments <= end)]
        found = solve_ivp(
            path.change, (start, end), states[-1][-1], method="LSODA", t_eval=inside, jac=path.jacobian,
            rtol=_RELATIVE, atol=tolerance,
        )  # fmt: skip
        if not found.success:
            raise RuntimeError(f"the integrator gave up between t={start:g} and t={end:g}: {found.message}")
        states.append(found.y.T)
    passed = np.concatenate(states)
    return Transient(
        times=moments,
        energies=passed[:, :n],
        covariance=np.stack([path.unpacked(state)[1] for state in passed]),
        currents=np.stack([path.currents(path.profile(t, state[:n])) for t, state in zip(moments, passed)]),
    )


def _start(chain, steady, energies, covariance):
    """Return the checked E, shape (n,), and C, shape (n, n), at the start, and the absolute tolerance of the state."""
    n = len(chain.system.boxes)
    E = steady.energies if energies is None else _checks.real("energies", energies, shape=(n,))
    variable = chain.system.variable
    variable.check(f"{variable.name} at energies", chain.profile_at(E))
    if covariance is not None:
        C = _checks.real("covariance", covariance, shape=(n, n))
        largest = np.abs(C).max()
        if np.any(np.abs(C - C.T) > 1e-10 * largest) or np.linalg.eigvalsh(C)[0] < -1e-10 * largest:
            raise ValueError(f"covariance must be symmetric and positive semidefinite, got {C.tolist()}")
    elif energies is None:
        C = steady.covariance
    else:
        C = local_equilibrium(chain, E)
    # What rounding of a fast bond leaves in the covariance goes with the largest variance, not with each.
    size = max(np.abs(E).max(), steady.energies.max()) or 1.0
    variance = max(C.max(), steady.covariance.max()) or 1.0
    return E, C, _ABSOLUTE * np.repeat([size, variance], [n, n * (n + 1) // 2])


class _Path:
    """The equations of motion of (E, upper half of C), as SciPy's integrators take them."""

    def __init__(self, chain, steady, left, right):
        self.system = chain.system
        n = len(self.system.boxes)
        self.upper = np.triu_indices(n)
        self.vectors = bond_vectors(n)
        self.ends = [(box.lowest_energy, box.highest_energy) for box in self.system.boxes]
        self.driven = callable(left) or callable(right)
        self.baths = [self._bath("left", left, chain.left), self._bath("right", right, chain.right)]
        self.analytic = True
        self.analytic = self._is_analytic(steady)

    def _bath(self, name, given, own):
        check = self.system.variable.check
        if callable(given):
            return lambda t: _one(f"{name}(t)", check(f"{name}(t)", given(t)))
        value = float(own) if given is None else _one(name, check(name, given))
        return lambda t: value

    def profile(self, t, E):
        """Bath, boxes, bath; an energy that rounding has taken over the end of its range is taken as the end."""
        boxes = [box.temperature_at(np.clip(e, *end)) for box, e, end in zip(self.system.boxes, E, self.ends)]
        return np.array([self.baths[0](t), *boxes, self.baths[1](t)], float)

    def currents(self, profile):
        """A of each bond."""
        return np.array([c.mean_current(*profile[b : b + 2]) for b, c in enumerate(self.system.contacts)], float)

    def relaxation_matrix(self, profile):
        """R about a profile."""
        from_left, from_right, capacities = self._slopes(profile)
        n = len(capacities)
        reaction = np.zeros((n + 1, n))
        reaction[range(1, n + 1), range(n)] = from_left[1:] / capacities
        reaction[range(n), range(n)] = -from_right[:-1] / capacities
        return self.vectors.T @ reaction

    def _slopes(self, profile):
        """∂A/∂T_i and -∂A/∂T_j of the bonds, dE/dT of the boxes."""
        contacts, boxes, inner = self.system.contacts, self.system.boxes, profile[1:-1]
        if not self.analytic:
            capacities = [box.heat_capacity(T) for box, T in zip(boxes, inner)]
            return *bond_slopes(contacts, profile), np.array(capacities, float)
        from_left, from_right = (
            np.array([sign * _slope(c.mean_current, profile[b : b + 2], slot) for b, c in enumerate(contacts)])
            for slot, sign in ((0, 1), (1, -1))
        )
        return from_left, from_right, np.array([_slope(box.energy, (T,), 0) for box, T in zip(boxes, inner)])

    def _is_analytic(self, steady):
        """Whether plain complex steps give the R of the steady state: then the checks of each slope can be left out."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                found = self.relaxation_matrix(steady.profile)
        except (TypeError, ValueError, NotImplementedError):
            return False
        return np.allclose(found, steady.relaxation_matrix, rtol=1e-6, atol=0)

    def unpacked(self, state):
        """E and C."""
        n = len(self.ends)
        C = np.empty((n, n))
        C[self.upper] = state[n:]
        C.T[self.upper] = state[n:]
        return state[:n], C

    def change(self, t, state):
        """d/dt of the state; a trial step at the end of a range may divide by zero, and is refused below."""
        with np.errstate(all="ignore"):
            return self._change(t, state)

    def _change(self, t, state):
        E, C = self.unpacked(state)
        profile = self.profile(t, E)
        strengths = [c.noise_strength(*profile[b : b + 2]) for b, c in enumerate(self.system.contacts)]
        strengths = _checks.real("noise_strength", np.array(strengths, float), at_least=0)
        flow = self.relaxation_matrix(profile) @ C
        growth = flow + flow.T + (self.vectors.T * strengths) @ self.vectors
        return np.concatenate([self.vectors.T @ self.currents(profile), growth[self.upper]])

    def jacobian(self, t, state):
        """R for E, and C → R C + C Rᵀ; the reaction of C to E is left out, which the integrator's Newton steps bear."""
        n = len(self.ends)
        with np.errstate(all="ignore"):
            R = self.relaxation_matrix(self.profile(t, state[:n]))
        matrix = np.zeros((state.size, state.size))
        matrix[:n, :n] = R
        for k in range(n, state.size):
            flow = R @ self.unpacked(np.eye(state.size)[k])[1]
            matrix[n:, k] = (flow + flow.T)[self.upper]
        return matrix


def _slope(law, arguments, slot):
    """`twobox.calculus.derivative` at a point, without its look at finite differences."""
    width = 1e-20 * (abs(arguments[slot]) or 1.0)
    stepped = list(arguments)
    stepped[slot] = stepped[slot] + 1j * width
    return np.imag(law(*stepped)) / width


def _one(name, value):
    if np.shape(value) != ():
        raise ValueError(f"{name} must be one number, got shape {np.shape(value)}")
    return float(value)


# The walk of a unit from site to site, without subtraction.


def walk(up: NDArray[np.float64], down: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities Z, shape (*times.shape, ..., m, m), to be on site i at t after a start on site j.

    Parameters
    ----------
    up, down : ndarray, shape (..., m - 1)
        Rates of the steps k → k + 1 and k + 1 → k, not negative.
    times : ndarray
        Checked, not negative.

    Notes
    -----
    The columns of Z add up to one. The energy of a chain walks over bath, boxes, bath with `rates_from_left` and
    `rates_from_right`.
    """
    short, doublings = _short_times(up, down, times)
    Z = _short_walk(up, down, short, np.ones(1))[0]
    for _ in range(doublings):
        Z = _doubled(Z)
    return Z


def accumulated_walk(
    up: NDArray[np.float64], down: NDArray[np.float64], times: NDArray[np.float64], *, once: Callable, doubled: Callable
) -> NDArray[np.float64]:
    """Return ∫₀ᵗ once(Z(s)) ds, given doubled(integral, Z), the integral up to 2t from that up to t and Z(t).

    Parameters as for `walk`. All terms being positive, nothing is lost however long the time.
    """
    short, doublings = _short_times(up, down, times)
    nodes = _short_walk(up, down, short, np.concatenate([[1.0], _NODES]))
    Z = nodes[0]
    integral = short[..., None, None] * np.tensordot(_WEIGHTS, once(nodes[1:]), axes=1)
    for _ in range(doublings):
        integral, Z = doubled(integral, Z), _doubled(Z)
    return integral


def _short_times(up, down, times):
    """Return t/2^k, shape (*times.shape, ...), with k so large that no site is left more than half a time, and k."""
    fastest = np.max(up, axis=-1) + np.max(down, axis=-1)
    times = np.broadcast_to(_in_front(times, fastest.ndim), (*times.shape, *fastest.shape))
    with np.errstate(divide="ignore"):
        steps = np.max(np.log2(times) + np.log2(fastest), initial=-np.inf)
    doublings = max(0, int(np.ceil(steps)) + 1) if np.isfinite(steps) else 0
    return np.ldexp(times, -doublings), doublings


def _short_walk(up, down, times, fractions):
    """Return Z at each of `fractions` of the short `times`, shape (len(fractions), *times.shape, m, m).

    Uniformised: a Poisson process at the fastest rate of all; at each of its events, one step or none.
    """
    sites = up.shape[-1] + 1
    fastest = np.max(up, axis=-1) + np.max(down, axis=-1)
    k = np.arange(sites - 1)
    step = np.zeros((*up.shape[:-1], sites, sites))
    step[..., k + 1, k] = up / fastest[..., None]
    step[..., k, k + 1] = down / fastest[..., None]
    step[..., range(sites), range(sites)] = 1 - step.sum(axis=-2)
    events = np.multiply.outer(fractions, times * fastest)[..., None, None]
    weight = np.exp(-events)
    total, power = weight * np.eye(sites), np.eye(sites)
    for term in range(1, _TERMS):
        weight = weight * events / term
        power = step @ power
        total = total + weight * power
    return total / total.sum(axis=-2, keepdims=True)


def _doubled(Z):
    squared = Z @ Z
    # Without this, an error in the total probability would double at each step.
    return squared / squared.sum(axis=-2, keepdims=True)


def _in_front(values, axes):
    """Return `values` with so many `axes` of length one behind, to stand before the baths."""
    return values.reshape(values.shape + (1,) * axes)


def hermitian(matrix: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the Hermitian part of a stack of matrices."""
    return (matrix + np.swapaxes(matrix, -1, -2).conj()) / 2


def refuse_no_steady_state(steady: object) -> None:
    """Raise ValueError unless `steady` is a `SteadyState`."""
    if not isinstance(steady, SteadyState):
        raise ValueError(f"steady must be a SteadyState, as Chain.steady_state gives it, got {steady!r}")


def _refuse_no_chain(chain):
    if not isinstance(chain, Chain):
        raise ValueError(f"chain must be a Chain, got {chain!r}")
