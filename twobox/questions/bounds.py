r"""Bounds on the correlation of two boxes (paper's section 6 and appendix B), and how far they are from sharp.

Where eq. (4) holds, :math:`B_{ij} = 2\langle J\rangle/|\beta_i - \beta_j| \le 2\langle J\rangle M` with
:math:`M = \max_i 1/|\beta_i - \beta_{i+1}|`, and the correlation is measured in ⟨J⟩τM, an energy squared:

==========================================  ===============================================
paper's eq. (15)                            :math:`|C_{12}| \le 18\,\langle J\rangle\tau M`
ours, for given p and q (`sharp_limits`)    :math:`-\frac{2-p-q}{2(1+\sqrt{pq})} < \frac{C_{12}}{\langle J\rangle\tau M}
                                            < \frac{p+q}{2(1+\sqrt{pq})}`
ours, for all                               :math:`-1 < C_{12}/\langle J\rangle\tau M < 1/2`
==========================================  ===============================================

Without eq. (4) the noise of each bond stands in its place, see `bond_bounds`. Here p = γ₂/(γ₁ + γ₂) and q = γ₃/(γ₃ + γ₄): of the rate at which box 1 loses energy, the share that goes to box 2, and
the other way round. None of the constants of the second and third line can be improved.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks
from twobox.calculus import derivative
from twobox.chain import Chain
from twobox.model.contacts import Contact
from twobox.model.substances import Substance
from twobox.model.system import System
from twobox.steady import two_box
from twobox.steady.state import SteadyState

#: The constant of eq. (15).
PAPER_CONSTANT = 18.0
#: The best constants for C₁₂ of either sign (ours).
SHARP_CONSTANTS = (-1.0, 0.5)


# In terms of the rates of appendix B.


def sharp_limits(g1: ArrayLike, g2: ArrayLike, g3: ArrayLike, g4: ArrayLike) -> tuple[NDArray, NDArray]:
    r"""Return the least and greatest C₁₂/(⟨J⟩τM) that the rates allow (ours), neither of them reached.

    .. math:: -\frac{2 - p - q}{2(1 + \sqrt{pq})} < \frac{C_{12}}{\langle J\rangle\tau M}
              < \frac{p + q}{2(1 + \sqrt{pq})}

    Parameters
    ----------
    g1, g2, g3, g4 : array_like
        γ₁…γ₄ of appendix B, positive, of one unit; they broadcast.

    Returns
    -------
    lower, upper : ndarray
        Dimensionless; lower in (-1, 0), upper in (0, 1/2).

    Notes
    -----
    For given p and q they are approached with γ₁ + γ₂ = γ₃ + γ₄ and the noise of the bonds of the other sign made
    small.

    Examples
    --------
    Equal rates, the linear A model:

    >>> [round(float(limit), 12) for limit in sharp_limits(1.0, 1.0, 1.0, 1.0)]
    [-0.333333333333, 0.333333333333]
    """
    g1, g2, g3, g4 = _rates(g1, g2, g3, g4)
    p, q = two_box.shared_fractions(g1, g2, g3, g4)
    room = 2 * (1 + np.sqrt(p * q))
    # 1 - p and 1 - q without a subtraction.
    return -(g1 / (g1 + g2) + g4 / (g3 + g4)) / room, (p + q) / room


def ratio_of(
    g1: ArrayLike,
    g2: ArrayLike,
    g3: ArrayLike,
    g4: ArrayLike,
    d01: ArrayLike,
    d12: ArrayLike,
    d23: ArrayLike,
) -> NDArray:
    """Return C₁₂/(⟨J⟩τM) from the rates and the three steps of β, with the noise of eq. (4); dimensionless.

    Parameters
    ----------
    g1, g2, g3, g4 : array_like
        γ₁…γ₄, positive, of one unit.
    d01, d12, d23 : array_like
        β₁ - β₀, β₂ - β₁, β₃ - β₂ along the current: positive, of one unit.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> bool(np.isclose(ratio_of(*positive_extreme(0.1)), (1 - 0.1**2) / (2 + 0.1)))
    True
    """
    rates = _rates(g1, g2, g3, g4)
    steps = [_checks.real(name, d, above=0) for name, d in (("d01", d01), ("d12", d12), ("d23", d23))]
    smallest = np.minimum(np.minimum(steps[0], steps[1]), steps[2])
    # B in units of 2 ⟨J⟩ M, hence the factor 2.
    return 2 * two_box.correlation(*rates, *(smallest / d for d in steps)) / two_box.relaxation_time(*rates)


def _rates(g1: ArrayLike, g2: ArrayLike, g3: ArrayLike, g4: ArrayLike) -> list[NDArray]:
    rates = [_checks.real(f"g{i}", g, above=0) for i, g in enumerate((g1, g2, g3, g4), start=1)]
    try:
        np.broadcast_shapes(*(g.shape for g in rates))
    except ValueError:
        raise ValueError(f"g1 to g4 must have shapes that broadcast, got {[g.shape for g in rates]}") from None
    return rates


def positive_extreme(epsilon: ArrayLike) -> tuple[NDArray | float, ...]:
    """Return (γ₁…γ₄, Δβ01…Δβ23) = (ε, 1, 1, ε, ε, 1, ε): the ratio is (1 - ε²)/(2 + ε), to 1/2 as ε → 0."""
    e = _checks.real("epsilon", epsilon, above=0, at_most=1)
    return e, 1.0, 1.0, e, e, 1.0, e


def negative_extreme(epsilon: ArrayLike) -> tuple[NDArray | float, ...]:
    """Return (γ₁…γ₄, Δβ01…Δβ23) = (1, ε, ε, 1, 1, ε, 1): the ratio is -(1 - ε²)/(1 + 2ε), to -1 as ε → 0."""
    e = _checks.real("epsilon", epsilon, above=0, at_most=1)
    return 1.0, e, e, 1.0, 1.0, e, 1.0


def random_search(draws: int, *, seed: int, decades: float = 12.0) -> tuple[NDArray, NDArray, NDArray]:
    """Draw rates and steps of β at random and return how close C₁₂ comes to the sharp limits.

    Parameters
    ----------
    draws : int
        How many.
    seed : int
        Of `numpy.random.default_rng`.
    decades : float
        The seven numbers are log-uniform over this many powers of ten.

    Returns
    -------
    ratio, lower, upper : ndarray, shape (draws,)
        C₁₂/(⟨J⟩τM) of each draw and its two `sharp_limits`.

    Examples
    --------
    >>> ratio, lower, upper = random_search(1000, seed=1)
    >>> bool(np.all(lower <= ratio) and np.all(ratio <= upper))
    True
    """
    draws = _checks.whole("draws", draws, at_least=1, at_most=10**9)
    half = float(_checks.real("decades", decades, above=0, at_most=60, shape=())) / 2
    seed = _checks.whole("seed", seed, at_least=0)
    numbers = 10 ** np.random.default_rng(seed).uniform(-half, half, size=(7, draws))
    return ratio_of(*numbers), *sharp_limits(*numbers[:4])


# Of a steady state.


def unit(steady: SteadyState) -> NDArray:
    r"""Return ⟨J⟩τM, the energy squared in which the bounds measure C₁₂ (paper's section 6), shape (...).

    .. math:: \langle J\rangle\,\tau\,M, \qquad M = \max_{i=0,1,2} \frac{1}{|\beta_i - \beta_{i+1}|}

    Parameters
    ----------
    steady : SteadyState
        Of two boxes.

    Returns
    -------
    ndarray
        Positive whichever way the current runs. At equilibrium, 0 × ∞, the limit τ max B/2: it does **not** vanish
        there.

    Examples
    --------
    >>> from twobox import ideal_gas
    >>> near, at = (Chain(ideal_gas(), left=T, right=1.0).steady_state() for T in (1.0 + 1e-6, 1.0))
    >>> bool(np.isclose(unit(near), unit(at), rtol=1e-5)), bool(unit(at) > 0)
    (True, True)
    """
    _checks.instance("steady", steady, SteadyState, ", as Chain.steady_state gives it")
    relaxation = two_box.relaxation_time(*steady.two_box_rates)
    left, right = steady.profile[..., :-1], steady.profile[..., 1:]
    reach, variable = steady.variable.reach(left, right), steady.variable
    inside = (variable.lowest + variable.highest) / 2 if np.isfinite(variable.lowest + variable.highest) else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        beta = steady.variable.conjugate(steady.profile)
        noise = np.abs(steady.current[..., None] / np.diff(beta, axis=-1))
        # Between near equals, where the difference has no digits left, ⟨J⟩/Δβ is slope over slope: half the noise of eq. (4).
        middle = (left + right) / 2
        slope = (steady.slopes_left + steady.slopes_right) / 2
        limit = slope / np.abs(derivative(steady.variable.conjugate, np.where(reach > 0, middle, inside)))
    # Two sides at one end of the range exchange nothing: there is no current and no noise.
    noise = np.where((reach == 0) & (left == right), 0.0, noise)
    close = np.abs(left - right) < 1e-6 * reach
    return np.where(close, limit, noise).max(axis=-1) * relaxation


def paper_bound(steady: SteadyState) -> NDArray:
    """Return 18 ⟨J⟩τM, the bound on |C₁₂| (paper's eq. 15), energy²; see `unit` for the parameters.

    Examples
    --------
    >>> from twobox import ideal_gas
    >>> steady = Chain(ideal_gas(), left=2.0, right=1.0).steady_state()
    >>> bool(abs(steady.covariance[0, 1]) <= paper_bound(steady))
    True
    """
    _checks.instance("steady", steady, SteadyState, ", as Chain.steady_state gives it")
    return PAPER_CONSTANT * unit(steady)


def sharp_bounds(steady: SteadyState) -> tuple[NDArray, NDArray]:
    """Return (lower, upper) bounds on C₁₂ (ours): `sharp_limits` times `unit`, energy².

    Examples
    --------
    >>> from twobox import ideal_gas
    >>> steady = Chain(ideal_gas(rate=[1.0, 5.0, 2.0]), left=9.0, right=1.0).steady_state()
    >>> lower, upper = sharp_bounds(steady)
    >>> bool(lower < steady.covariance[0, 1] < upper < paper_bound(steady))
    True
    """
    _checks.instance("steady", steady, SteadyState, ", as Chain.steady_state gives it")
    scale = unit(steady)
    lower, upper = sharp_limits(*steady.two_box_rates)
    return lower * scale, upper * scale


def ratio(steady: SteadyState) -> NDArray:
    """Return C₁₂/(⟨J⟩τM); in (-1, 1/2) where eq. (4) holds, dimensionless; see `unit` for the parameters."""
    _checks.instance("steady", steady, SteadyState, ", as Chain.steady_state gives it")
    return steady.covariance[..., 0, 1] / unit(steady)


def equilibrium_bound(steady: SteadyState) -> NDArray:
    r"""Return a bound on |C₁₂| that vanishes at equilibrium and does not need eq. (4) (ours), energy².

    .. math:: |C_{12}| \le \frac{\tau}{4(1 + \sqrt{pq})}
              \Big[\,|p B_{01} - (1-p) B_{12}| + |q B_{23} - (1-q) B_{12}|\,\Big]

    Each bracket is what unbalances a box: at equilibrium γ₁/γ₂ = B01/B12 and it is zero. For equal rates (p = q = 1/2)
    the right side is at most (τ/6)(max B - min B).

    Parameters
    ----------
    steady : SteadyState
        Of two boxes.

    Returns
    -------
    ndarray, shape (...)

    Examples
    --------
    >>> from twobox import ideal_gas
    >>> T = np.array([1.0, 2.0])
    >>> steady = Chain(ideal_gas(rate=[1.0, 5.0, 2.0]), left=T, right=1.0).steady_state()
    >>> at_equilibrium, driven = equilibrium_bound(steady)
    >>> bool(at_equilibrium < 1e-14), bool(0 < steady.covariance[1, 0, 1] < driven)
    (True, True)
    """
    _checks.instance("steady", steady, SteadyState, ", as Chain.steady_state gives it")
    p, q = two_box.shared_fractions(*steady.two_box_rates)
    B01, B12, B23 = np.moveaxis(steady.noise_strengths, -1, 0)
    imbalance = np.abs(p * B01 - (1 - p) * B12) + np.abs(q * B23 - (1 - q) * B12)
    return steady.relaxation_time * imbalance / (4 * (1 + np.sqrt(p * q)))


def bond_bounds(steady: SteadyState) -> tuple[NDArray, NDArray]:
    r"""Return bounds on C₁₂ from the noise of the bonds, whatever law it follows (ours), energy².

    .. math:: -\frac{2 - p - q}{4(1 + \sqrt{pq})}\,\tau B_{12} < C_{12} <
              \frac{p + q}{4(1 + \sqrt{pq})}\,\tau \max(B_{01}, B_{23})

    Hence :math:`-\tfrac12\tau B_{12} < C_{12} < \tfrac14\tau\max(B_{01}, B_{23})` for all rates. With eq. (4) the noises are at most
    2⟨J⟩M, and `sharp_bounds` follow.

    Parameters
    ----------
    steady : SteadyState
        Of two boxes.

    Returns
    -------
    lower, upper : ndarray, shape (...)

    Examples
    --------
    The exclusion process does not obey eq. (4), and a weak middle link breaks the bound that rests on it; not this one:

    >>> from twobox import exclusion
    >>> steady = Chain(exclusion(rate=[1.0, 0.02, 1.0]), left=0.9999, right=0.0001).steady_state()
    >>> C12 = steady.covariance[0, 1]
    >>> bool(C12 < sharp_bounds(steady)[0]), bool(bond_bounds(steady)[0] < C12 < bond_bounds(steady)[1])
    (True, True)
    """
    _checks.instance("steady", steady, SteadyState, ", as Chain.steady_state gives it")
    lower, upper = sharp_limits(*steady.two_box_rates)
    B01, B12, B23 = np.moveaxis(steady.noise_strengths, -1, 0)
    half = steady.relaxation_time / 2
    return lower * half * B12, upper * half * np.maximum(B01, B23)


# One box.


@_checks.formula(
    current=_checks.ANY, relaxation_time=_checks.POSITIVE, beta0=_checks.ANY, beta1=_checks.ANY, beta2=_checks.ANY
)
def one_box_variance(current: Any, relaxation_time: Any, *, beta0: Any, beta1: Any, beta2: Any) -> Any:
    r"""Return the variance of one box between two baths (paper's section 6, from its reference 13); energy².

    .. math:: \langle\delta E^2\rangle = \langle J\rangle\,\tau\,
              \frac{\beta_2 - \beta_1}{(\beta_0 - \beta_1)(\beta_2 - \beta_0)}

    Parameters
    ----------
    current : array_like
        ⟨J⟩ from bath 1 to bath 2.
    relaxation_time : array_like
        τ of the box.
    beta0, beta1, beta2 : array_like
        Inverse temperatures: **0 is the box**, 1 and 2 are the baths. Floats, arrays or sympy symbols.

    Notes
    -----
    One rate, so C = (B₁₀ + B₀₂)τ/2, and eq. (4) gives B₁₀ = 2⟨J⟩/(β₀ - β₁), B₀₂ = 2⟨J⟩/(β₂ - β₀).

    Examples
    --------
    >>> from twobox import ideal_gas
    >>> steady = Chain(ideal_gas(n=1), left=2.0, right=1.0).steady_state()
    >>> beta1, beta0, beta2 = 1 / steady.profile
    >>> variance = one_box_variance(steady.current, steady.relaxation_time, beta0=beta0, beta1=beta1, beta2=beta2)
    >>> bool(np.isclose(variance, steady.covariance[0, 0]))
    True
    """
    return current * relaxation_time * (beta2 - beta1) / ((beta0 - beta1) * (beta2 - beta0))


# Stable boxes that come as close to the sharp constants as one likes.


def plateau_chain(epsilon: float) -> Chain:
    """Return two boxes at a first-order plateau, joined by a weak link: C₁₂/(⟨J⟩τM) → -1 as ε → 0 (ours).

    Both boxes and baths have one E(T), with a latent heat of 1 that is taken up in a narrow range at T = 1. Currents
    are linear in the energies, with rates (1, ε, 1). Box 1 sits just above the range, box 2 just below: much energy
    between them and hardly any difference of temperature, so the noise in the middle, from eq. (4), is the greatest.

    Parameters
    ----------
    epsilon : float
        From 1e-4 to 0.2.

    Returns
    -------
    Chain

    Examples
    --------
    >>> float(ratio(plateau_chain(0.001).steady_state())) < -0.99
    True
    """
    e = float(_checks.real("epsilon", epsilon, at_least=1e-4, at_most=0.2, shape=()))
    reach = 0.5
    inner = e * reach
    slope = e / (reach - inner - 2 * e * inner)
    return _stepped_chain([1.0, e, 1.0], slope, 1.0, [1.0], inner / _STEEP, reach)


def gap_chain(epsilon: float) -> Chain:
    """Return two boxes on both sides of a gap in the heat capacity, strongly joined: C₁₂/(⟨J⟩τM) → 1/2 as ε → 0 (ours).

    Both boxes and baths have one E(T), which takes up an energy of 1 in each of two narrow ranges and hardly any in
    between. Currents are linear in the energies, with rates (ε, 1, ε). Each bath sits at one side of a range and its
    box at the other: much energy and hardly any difference of temperature between them, so the noise at both baths is
    the greatest.

    Parameters
    ----------
    epsilon : float
        From 1e-4 to 0.2.

    Returns
    -------
    Chain

    Examples
    --------
    >>> float(ratio(gap_chain(0.001).steady_state())) > 0.49
    True
    """
    e = float(_checks.real("epsilon", epsilon, at_least=1e-4, at_most=0.2, shape=()))
    middle = 0.25
    half = e * middle
    slope = e / (2 * (middle - half - e * half))
    return _stepped_chain([e, 1.0, e], slope, 1.0, [1 - middle, 1 + middle], half / _STEEP, middle + half)


# Half-width of what a box and its neighbour leave free around a step, in widths of the step: 1 - tanh(20) is rounding.
_STEEP = 20.0


def _stepped_chain(
    rates: Sequence[float], slope: float, height: float, places: Sequence[float], width: float, reach: float
) -> Chain:
    """Currents linear in E(T) = Σ (height/2) tanh((place - β)/width) - slope β, and the noise of eq. (4)."""

    def energy(T: Any) -> Any:
        return sum(height / 2 * np.tanh((place - 1 / T) / width) for place in places) - slope / T

    def energy_per_beta(T_i: Any, T_j: Any) -> Any:
        # (E_i - E_j)/(β_j - β_i), with tanh a - tanh b = tanh(a - b)(1 - tanh a tanh b), which is smooth at T_i = T_j.
        difference = (1 / np.asarray(T_j) - 1 / np.asarray(T_i)) / width
        with np.errstate(invalid="ignore"):
            slant = np.where(difference == 0, 1.0, np.tanh(difference) / difference)
        overlap = sum(1 - np.tanh((b - 1 / T_i) / width) * np.tanh((b - 1 / T_j) / width) for b in places)
        return slope + height / (2 * width) * slant * overlap

    contacts = [
        Contact(
            mean_current=lambda T_i, T_j, k=k: k * (energy(T_i) - energy(T_j)),
            noise_strength=lambda T_i, T_j, k=k: 2 * k * energy_per_beta(T_i, T_j),
        )
        for k in rates
    ]
    box = Substance(energy=energy, lowest_energy=-np.inf)
    return Chain(System(contacts, [box, box]), left=1 / (1 - reach), right=1 / (1 + reach))
