r"""The limit of many boxes: a rod of length 1 between two baths (paper's figure 2).

The energy density obeys :math:`\partial_t E = \partial_y^2 E` with both ends held (unit: length²/D). A current fluctuation at
x moves energy across x and leaves :math:`-\partial_y\delta(y - x)`, which relaxes to
:math:`\partial_x G(y, x, t)`, with G the heat kernel with absorbing ends.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks

_MODES = 400
# Where a series may stop: exp(-36) is a float's rounding, exp(-16) is a ten-millionth, enough for a relaxing kick.
_ROUNDING, _ENOUGH = 36.0, 16.0


@_checks.formula()
def kick_amplitudes(places: ArrayLike, *, modes: int, width: float = 0.0) -> NDArray:
    """Return the amplitudes on sin(kπy), k = 1…modes, of a unit current kick at each place, shape (..., modes).

    Parameters
    ----------
    places : array_like, shape (...)
        Where energy is moved to the right, in [0, 1].
    modes : int
        How many amplitudes.
    width : float
        Standard deviation of a Gaussian over which the kick is spread; 0 is a point.

    Examples
    --------
    A kick in the middle has no part that is even about it:

    >>> np.abs(kick_amplitudes(0.5, modes=4)) > 1e-12
    array([False,  True, False,  True])
    """
    places = _checks.real("places", places, at_least=0, at_most=1)
    width = _checks.real("width", width, at_least=0, shape=())
    k = np.pi * np.arange(1, _checks.whole("modes", modes, at_least=1, at_most=_checks.MOST) + 1)
    return 2 * k * np.cos(places[..., None] * k) * np.exp(-((k * width) ** 2) / 2)


def relaxed_kick(
    positions: ArrayLike, *, place: float, time: float, width: float = 0.0, modes: int = _MODES
) -> NDArray:
    """Return the energy density a `time` after a unit current kick at `place`, shape of positions (paper's figure 2a, b).

    Parameters
    ----------
    positions : array_like
        Where to take it, in [0, 1].
    place : float
        Where the kick is, in [0, 1].
    time : float
        Time since the kick, length²/D; positive.
    width : float
        Standard deviation over which the kick was spread.
    modes : int
        How many sine modes are summed.

    Raises
    ------
    ValueError
        If an argument is out of range, or `modes` are too few for so early a time.

    Examples
    --------
    A kick in the middle stays odd about it; what was moved to the right is positive:

    >>> left, right = relaxed_kick(np.array([0.4, 0.6]), place=0.5, time=0.01)
    >>> bool(np.isclose(left, -right)), bool(right > 0)
    (True, True)
    """
    positions = _checks.real("positions", positions, at_least=0, at_most=1)
    place = _checks.real("place", place, at_least=0, at_most=1, shape=())
    time = _checks.real("time", time, above=0, shape=())
    amplitudes = kick_amplitudes(place, modes=modes, width=width)
    k = np.pi * np.arange(1, modes + 1)
    earliest = _ENOUGH / k[-1] ** 2 - np.square(width) / 2
    if time < earliest:
        raise ValueError(f"time must be >= {earliest:.3g} for {modes} modes of a kick of width {width:g}, got {time:g}")
    return np.sin(positions[..., None] * k) @ (amplitudes * np.exp(-(k**2) * time))


def correlation_share(place: ArrayLike, y1: ArrayLike, y2: ArrayLike) -> NDArray:
    r"""Return K(x; y₁, y₂), what unit current noise at x gives to ⟨δE(y₁)δE(y₂)⟩ (the paper's figure 2, in numbers).

    .. math:: K = \int_0^\infty \partial_xG(y_1, x, t)\,\partial_xG(y_2, x, t)\,dt

    It is the mixed derivative of the electrostatic potential in a grounded square: one fast series, summed in the direction in
    which the observer is farther from the kick.

    Parameters
    ----------
    place : array_like
        x, where the noise is, in [0, 1]; not within 0.001 of both observers at once, where K diverges.
    y1, y2 : array_like
        The two observers, in (0, 1); they broadcast with `place`.

    Returns
    -------
    ndarray
        K has two roots: it is positive near the ends of the rod, negative between the roots, and its integral over x is zero
        for y₁ ≠ y₂. The roots lie between observers that stand on opposite sides of the middle of the rod; where both stand
        on one side, a root can lie just beyond the inner observer (by less than 0.005).

    Raises
    ------
    ValueError
        If a place is out of range, or at both observers at once.

    Examples
    --------
    >>> correlation_share([0.05, 0.5, 0.95], 0.35, 0.65) > 0
    array([ True, False,  True])
    """
    x = _checks.real("place", place, at_least=0, at_most=1)
    y1 = _checks.real("y1", y1, above=0, below=1)
    y2 = _checks.real("y2", y2, above=0, below=1)
    try:
        x, y1, y2 = np.broadcast_arrays(x, y1, y2)
    except ValueError:
        raise ValueError(
            f"place, y1 and y2 must have shapes that broadcast, got {x.shape}, {y1.shape} and {y2.shape}"
        ) from None
    swap = np.abs(y1 - x) > np.abs(y2 - x)
    near, far = np.where(swap, y2, y1), np.where(swap, y1, y2)
    distance = np.abs(far - x)
    if np.any(distance < 1e-3):
        both = x[distance < 1e-3].flat[0]
        raise ValueError(f"place must not be within 0.001 of both observers at once, where K diverges, got {both:g}")
    k = np.pi * np.arange(1, np.ceil(_ROUNDING / (np.pi * np.min(distance, initial=1.0))) + 5)
    # Derivative along the far direction of sinh(k·)sinh(k(1 - ·))/sinh(k), written with decaying exponentials.
    x, near, far = x[..., None], near[..., None], far[..., None]
    below, above = np.minimum(far, x), np.maximum(far, x)
    scale = np.exp(-k * (above - below)) / (1 - np.exp(-2 * k))
    inner, outer = 1 - np.exp(-2 * k * below), 1 - np.exp(-2 * k * (1 - above))
    d_inner, d_outer = 1 + np.exp(-2 * k * below), 1 + np.exp(-2 * k * (1 - above))
    slope = np.where(x < far, d_inner * outer, -inner * d_outer) * scale / 2
    return np.sum(2 * k * np.cos(k * x) * np.sin(k * near) * slope, axis=-1)


@_checks.formula()
def long_range_correlation(y1: ArrayLike, y2: ArrayLike, *, left: ArrayLike, right: ArrayLike, sign: int) -> NDArray:
    r"""Return the long-range part ±Δ²·min(y)(1 - max(y)) of the covariance density in the limit of many boxes.

    Parameters
    ----------
    y1, y2 : array_like
        Two places on the rod, in [0, 1].
    left, right : array_like
        Temperatures or densities of the baths; Δ is their difference.
    sign : {1, -1}
        +1 for the ideal gas (heat capacity 1 per length), -1 for exclusion (one place per lattice length): the classical
        results cited in the paper's section 4.

    Examples
    --------
    >>> float(long_range_correlation(0.25, 0.75, left=1.0, right=0.0, sign=-1))
    -0.0625
    """
    if sign not in (1, -1):
        raise ValueError(f"sign must be 1 (ideal gas) or -1 (exclusion), got {sign!r}")
    y1 = _checks.real("y1", y1, at_least=0, at_most=1)
    y2 = _checks.real("y2", y2, at_least=0, at_most=1)
    difference = _checks.real("left", left) - _checks.real("right", right)
    return sign * difference**2 * np.minimum(y1, y2) * (1 - np.maximum(y1, y2))
