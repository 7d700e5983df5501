r"""Fluctuations of what has passed: the noise of the current, and of the energy transferred in a time.

The current of bond b is :math:`J_b = \langle J\rangle + l_b\,\delta E_b - r_b\,\delta E_{b+1} + \sqrt{B_b}\,\eta_b`,
with l_b and r_b its rates from the left and from the right (`SteadyState.rates_from_left`, `rates_from_right`), zero
from a bath. The energy Q_b that has passed through it obeys

.. math::
    \frac{dQ_b}{dt} = l_b (Q_{b-1} - Q_b) - r_b (Q_b - Q_{b+1}) + (\text{energies at the start}) + \sqrt{B_b}\,\eta_b ,

so that a kick spreads over the bonds as a walk with rates l_b to the left and r_b to the right spreads over sites: it
ends in the stationary distribution w of that walk on every bond alike. In a long time all bonds pass the same.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks
from twobox.chain import Chain
from twobox.model.contacts import fluctuation_dissipation
from twobox.questions.time import Losses, accumulated_walk, hermitian, refuse_no_steady_state, walk
from twobox.steady.state import SteadyState


def bond_weights(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return w_b: of a unit that noise carries over bond b, the part that in the end has passed through every bond.

    .. math:: w_b \propto \prod_{c<b} r_c \prod_{c>b} l_c, \qquad \sum_b w_b = 1

    For two boxes :math:`w = (\gamma_2\gamma_4, \gamma_1\gamma_4, \gamma_1\gamma_3)/\det R` (ours). In equilibrium w is
    the share of each bond in the resistance of the chain.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (..., n + 1)
        Positive, dimensionless.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(rate=[1.0, 2.0, 1.0]), left=2.0, right=1.0).steady_state()
    >>> bond_weights(steady)
    array([0.4, 0.2, 0.4])
    """
    refuse_no_steady_state(steady)
    down, up = steady.rates_from_right[..., :-1], steady.rates_from_left[..., 1:]
    faster = np.maximum(down, up)
    with np.errstate(divide="ignore"):
        behind, ahead = np.log(down / faster), np.log(up / faster)
    nothing = np.zeros((*down.shape[:-1], 1))
    # Logarithms of factors up to one: long chains do not underflow.
    powers = np.concatenate([nothing, np.cumsum(behind, axis=-1)], axis=-1)
    powers = powers + np.concatenate([np.cumsum(ahead[..., ::-1], axis=-1)[..., ::-1], nothing], axis=-1)
    weights = np.exp(powers - powers.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def zero_frequency_noise(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return the noise of the current at zero frequency, which is the same through all bonds (ours).

    .. math:: S = \lim_{t\to\infty} \operatorname{Var}(Q)/t = \sum_b w_b^2 B_b

    For equal contacts it is also told by snapshots of the boxes: S = (γ/N) 2 Tr C/(n(n + 1)).

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (...)
        Energy² per time.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`.

    Examples
    --------
    Ideal gas, two boxes: 2(8T₀² + 11T₀T₃ + 8T₃²)/81 (ours).

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(np.isclose(zero_frequency_noise(steady), 2 * (8 * 4 + 11 * 2 + 8) / 81))
    True
    """
    return np.sum(bond_weights(steady) ** 2 * steady.noise_strengths, axis=-1)


def ammeter_response(steady: SteadyState, frequencies: ArrayLike) -> NDArray[np.complex128]:
    r"""Return M(ω), :math:`\delta J(\omega) = M\sqrt{B}\,\eta(\omega)`: the current of bond b per noise on bond d.

    It goes from w on every row at ω = 0 to the unit matrix at high frequency.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    frequencies : array_like
        Angular frequencies ω of either sign, 1/time; a number or any shape.

    Returns
    -------
    ndarray, shape (*frequencies.shape, ..., n + 1, n + 1)
        Dimensionless, complex.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a frequency is not finite.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(rate=[1.0, 2.0, 1.0]), left=2.0, right=1.0).steady_state()
    >>> bool(np.allclose(ammeter_response(steady, 0.0), bond_weights(steady)))
    True
    """
    refuse_no_steady_state(steady)
    losses = Losses.of(steady, _checks.real("frequencies", frequencies))
    return _ammeters(losses, losses.kicks())


def _ammeters(losses, kicks):
    n = kicks.shape[-1]
    M = np.empty((*kicks.shape[:-2], n + 1, n + 1), complex)
    for b in range(n + 1):
        # What passes bond b is what the box beyond it loses on that side.
        if b < n:
            M[..., b, b + 1 :] = -losses.to_left[b + 1][..., None] * kicks[..., b + 1 :, b]
            M[..., b, b] = (losses.storage + losses.to_right[b + 1]) * kicks[..., b, b]
        else:
            M[..., b, b] = -(losses.storage + losses.to_left[b]) * kicks[..., b, b - 1]
        if b > 0:
            M[..., b, :b] = losses.to_right[b][..., None] * kicks[..., :b, b - 1]
    return M


def current_spectrum(steady: SteadyState, frequencies: ArrayLike) -> NDArray[np.complex128]:
    r"""Return the noise of the currents of all bonds and their cross-spectra.

    .. math::
        S_{bc}(\omega) = \int \langle\delta J_b(t)\,\delta J_c(0)\rangle\, e^{-i\omega t}\, dt
        = (M B M^\dagger)_{bc}

    Every element is `zero_frequency_noise` at ω = 0; at high frequency each bond shows its own B alone.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    frequencies : array_like
        Angular frequencies ω of either sign, 1/time; a number or any shape.

    Returns
    -------
    ndarray, shape (*frequencies.shape, ..., n + 1, n + 1)
        Energy² per time, complex and Hermitian.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a frequency is not finite.

    Examples
    --------
    The middle bond of two equal boxes sees the fast mode only: one Lorentzian, of width 3γ/N.

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> a, b, c = steady.noise_strengths
    >>> bool(np.isclose(current_spectrum(steady, 2.0)[1, 1], (a + b * (1 + 2.0**2) + c) / (9 + 2.0**2)))
    True
    """
    M = ammeter_response(steady, frequencies)
    return hermitian(np.einsum("...d,...bd,...cd->...bc", steady.noise_strengths, M, M.conj()))


def energy_current_spectrum(steady: SteadyState, frequencies: ArrayLike) -> NDArray[np.complex128]:
    r"""Return the cross-spectra of energies and currents,
    :math:`S_{ib}(\omega) = \int \langle\delta E_i(t)\,\delta J_b(0)\rangle\, e^{-i\omega t}\, dt`.

    At ω = 0 it is the same for all bonds: divided by `zero_frequency_noise`, it is how far the energy of box i is
    off its mean, over a long time in which the current is high by one unit.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    frequencies : array_like
        Angular frequencies ω of either sign, 1/time; a number or any shape.

    Returns
    -------
    ndarray, shape (*frequencies.shape, ..., n, n + 1)
        Energy², complex. Axis -2 is the box, axis -1 the bond.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a frequency is not finite.

    Examples
    --------
    Two equal boxes: (2B₀₁ - B₁₂ - B₂₃, B₀₁ + B₁₂ - 2B₂₃)/9, in units N/γ (ours).

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> a, b, c = steady.noise_strengths
    >>> bool(np.allclose(energy_current_spectrum(steady, 0.0)[:, 0], [(2 * a - b - c) / 9, (a + b - 2 * c) / 9]))
    True
    """
    refuse_no_steady_state(steady)
    losses = Losses.of(steady, _checks.real("frequencies", frequencies))
    kicks = losses.kicks()
    return np.einsum("...d,...di,...bd->...ib", steady.noise_strengths, kicks, _ammeters(losses, kicks).conj())


def transfer_covariance(steady: SteadyState, times: ArrayLike) -> NDArray[np.float64]:
    r"""Return the covariance of the energies Q_b that pass through the bonds in a time t of the steady state.

    .. math:: \operatorname{Cov}(Q) = \int_0^t P(s)\, B\, P(s)^T ds + F\, C\, F^T

    P is the spreading of a kick over the bonds, and F(t) how a unit that is in a box at the start has gone through
    them.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    times : array_like
        Durations, not negative; a number or any shape.

    Returns
    -------
    ndarray, shape (*times.shape, ..., n + 1, n + 1)
        Energy². The diagonal is the variance of the transfer through each bond: B_b t at first, S t in the end.

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a time is negative or not finite.

    Notes
    -----
    The integral is doubled from a short time on, I(2t) = I(t) + P I(t) Pᵀ, a sum of positive terms.

    Examples
    --------
    The middle bond of two equal boxes, in units N/γ (ours):

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> (a, b, c), t = steady.noise_strengths, 0.4
    >>> late = (a + c - 8 * b) / 9 * (t - (1 - np.exp(-3 * t)) / 3)
    >>> bool(np.isclose(transfer_covariance(steady, t)[1, 1], b * t + late))
    True
    """
    refuse_no_steady_state(steady)
    since = _checks.real("times", times, at_least=0)
    # The walk over the bonds: from bond b to the right with the rate from its right side, and the other way round.
    up, down = steady.rates_from_right[..., :-1], steady.rates_from_left[..., 1:]
    noise = steady.noise_strengths[..., :, None]
    made = accumulated_walk(
        up,
        down,
        since,
        once=lambda Z: np.swapaxes(Z, -1, -2) @ (noise * Z),
        doubled=lambda made, Z: made + np.swapaxes(Z, -1, -2) @ made @ Z,
    )
    passed = _passed(np.swapaxes(walk(up, down, since), -1, -2))
    total = made + passed @ steady.covariance @ np.swapaxes(passed, -1, -2)
    return (total + np.swapaxes(total, -1, -2)) / 2


def _passed(P):
    """Return F, shape (..., n + 1, n): what a unit in box i at the start has carried through bond b.

    A bond before the box sees -Σ P_bc over the bonds c after the box, a bond after it +Σ over those before.
    """
    n = P.shape[-1] - 1
    before = np.cumsum(P, axis=-1)[..., :-1]
    after = np.cumsum(P[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    left_of_box = np.arange(n + 1)[:, None] < np.arange(1, n + 1)
    return np.where(left_of_box, -after, before)


def transfer_variance(steady: SteadyState, times: ArrayLike) -> NDArray[np.float64]:
    """Return the variance of the energy that passes each bond in a time t, the diagonal of `transfer_covariance`.

    Parameters
    ----------
    steady : SteadyState
        Of n boxes, with bath values of shape (...).
    times : array_like
        Durations, not negative; a number or any shape.

    Returns
    -------
    ndarray, shape (*times.shape, ..., n + 1)
        Energy².

    Raises
    ------
    ValueError
        If `steady` is no `SteadyState`, or a time is negative or not finite.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(np.allclose(transfer_variance(steady, 1e6) / 1e6, zero_frequency_noise(steady), rtol=1e-5))
    True
    """
    return np.diagonal(transfer_covariance(steady, times), axis1=-2, axis2=-1)


def uncertainty_product(chain: Chain) -> NDArray[np.float64]:
    r"""Return :math:`\mathcal{Q} = S\,(\beta_{n+1} - \beta_0)/2\langle J\rangle`.

    It is the relative variance of the transfer times half the entropy produced.

    The thermodynamic uncertainty relation says 𝒬 ≥ 1. With the noise of eq. (4) that is the inequality of Cauchy and
    Schwarz, :math:`\mathcal{Q} = \sum_b (w_b^2/\Delta\beta_b) \sum_b \Delta\beta_b \ge (\sum_b w_b)^2`; it holds the
    more if B is larger.

    Parameters
    ----------
    chain : Chain
        Of n boxes, with bath values of shape (...).

    Returns
    -------
    ndarray, shape (...)
        Dimensionless. At equal baths the limit, 1 if eq. (4) holds between equals; infinite if just one bath is full or
        empty.

    Raises
    ------
    ValueError
        If `chain` is no `Chain`, or if both baths are full or both are empty: then 𝒬 is 0/0.

    Notes
    -----
    On each bond Δβ_b/⟨J⟩ is two over the noise that eq. (4) would give it (`fluctuation_dissipation`), which keeps its
    digits where both vanish.

    Examples
    --------
    Ideal gas, two boxes: 1 + (8/27)(T₀ - T₃)²/(T₀T₃) (ours).

    >>> from twobox import Chain, ideal_gas
    >>> np.round(uncertainty_product(Chain(ideal_gas(), left=[1.0, 2.0], right=1.0)), 8)
    array([1.        , 1.14814815])
    """
    if not isinstance(chain, Chain):
        raise ValueError(f"chain must be a Chain, got {chain!r}")
    variable, left, right = chain.system.variable, chain.left, chain.right
    if np.any((left == right) & ((left == variable.lowest) | (left == variable.highest))):
        raise ValueError(f"left and right must not both be at one end of the range of {variable.name}")
    steady = chain.steady_state()
    profile = steady.profile
    by_dissipation = [
        fluctuation_dissipation(contact.mean_current, variable=variable, slopes=contact.known_slopes)(
            profile[..., b], profile[..., b + 1]
        )
        for b, contact in enumerate(chain.system.contacts)
    ]
    with np.errstate(divide="ignore"):
        resistance = np.sum(1 / np.stack(np.broadcast_arrays(*by_dissipation), axis=-1), axis=-1)
    return zero_frequency_noise(steady) * resistance
