r"""The limit of many boxes: a rod of length 1 between two baths (paper's figure 2).

The energy density obeys :math:`\partial_t E = \partial_y^2 E` with both ends held (unit: length²/D). A current fluctuation at
x moves energy across x and leaves :math:`-\partial_y\delta(y - x)`, which relaxes to
:math:`\partial_x G(y, x, t)`, with G the heat kernel with absorbing ends.
"""

import numpy as np

from twobox import _checks

_MODES = 400


def kick_amplitudes(places, *, modes, width=0.0):
    """Return the amplitudes on sin(kπy), k = 1…modes, of a unit current kick at each place, shape (..., modes).

    `width` is the standard deviation of a Gaussian over which the kick is spread; 0 is a point.
    """
    places = _checks.real("places", places, at_least=0, at_most=1)
    width = _checks.real("width", width, at_least=0, shape=())
    k = np.pi * np.arange(1, modes + 1)
    return 2 * k * np.cos(places[..., None] * k) * np.exp(-((k * width) ** 2) / 2)


def relaxed_kick(positions, *, place, time, width=0.0, modes=_MODES):
    """Return the energy density at `positions` a `time` after a unit current kick at `place`, shape of positions.

    Examples
    --------
    A kick in the middle stays odd about it; what was moved to the right is positive:

    >>> left, right = relaxed_kick(np.array([0.4, 0.6]), place=0.5, time=0.01)
    >>> bool(np.isclose(left, -right)), bool(right > 0)
    (True, True)
    """
    positions = _checks.real("positions", positions, at_least=0, at_most=1)
    time = _checks.real("time", time, above=0, shape=())
    k = np.pi * np.arange(1, modes + 1)
    amplitudes = kick_amplitudes(place, modes=modes, width=width) * np.exp(-(k**2) * time)
    return np.sin(positions[..., None] * k) @ amplitudes


def correlation_share(place, y1, y2):
    r"""Return K(x; y₁, y₂), what unit current noise at x gives to ⟨δE(y₁)δE(y₂)⟩.

    .. math:: K = \int_0^\infty \partial_xG(y_1, x, t)\,\partial_xG(y_2, x, t)\,dt

    It is the mixed derivative of the electrostatic potential in a grounded square: one fast series, summed in the direction in
    which the observer is farther from the kick.

    Parameters
    ----------
    place : array_like
        x, where the noise is; not at both observers at once.
    y1, y2 : array_like
        The two observers, in (0, 1); they broadcast with `place`.

    Returns
    -------
    ndarray
        Positive near the ends of the rod, negative between the observers; its integral over x is zero for y₁ ≠ y₂.
    """
    x = _checks.real("place", place, at_least=0, at_most=1)
    y1 = _checks.real("y1", y1, above=0, below=1)
    y2 = _checks.real("y2", y2, above=0, below=1)
    x, y1, y2 = np.broadcast_arrays(x, y1, y2)
    swap = np.abs(y1 - x) > np.abs(y2 - x)
    near, far = np.where(swap, y2, y1), np.where(swap, y1, y2)
    if np.any(np.abs(far - x) < 1e-3):
        raise ValueError("place must not be at both observers at once: the share diverges there")
    k = np.pi * np.arange(1, 2 * _MODES * 10 + 1)[: _series_length(np.abs(far - x))]
    # Derivative along the far direction of sinh(k·)sinh(k(1 - ·))/sinh(k), written with decaying exponentials.
    x, near, far = x[..., None], near[..., None], far[..., None]
    below, above = np.minimum(far, x), np.maximum(far, x)
    scale = np.exp(-k * (above - below)) / (1 - np.exp(-2 * k))
    inner, outer = (1 - np.exp(-2 * k * below)), (1 - np.exp(-2 * k * (1 - above)))
    d_inner, d_outer = (1 + np.exp(-2 * k * below)), (1 + np.exp(-2 * k * (1 - above)))
    slope = np.where(x < far, d_inner * outer, -inner * d_outer) * scale / 2
    return np.sum(2 * k * np.cos(k * x) * np.sin(k * near) * slope, axis=-1)


def _series_length(distance):
    return int(np.ceil(40 / (np.pi * max(float(np.min(distance)), 1e-3)))) + 4


def long_range_correlation(y1, y2, *, left, right, sign):
    r"""Return the long-range part ±Δ²·min(y)(1 - max(y)) of the covariance density in the limit of many boxes.

    `sign` is +1 for the ideal gas (heat capacity per length 1) and -1 for exclusion (one place per lattice length), the
    classical results cited in the paper's section 4.
    """
    if sign not in (1, -1):
        raise ValueError(f"sign must be 1 (ideal gas) or -1 (exclusion), got {sign!r}")
    return sign * (left - right) ** 2 * np.minimum(y1, y2) * (1 - np.maximum(y1, y2))
