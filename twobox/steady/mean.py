"""The mean equations (5) of the paper: the profile on which every bond carries the same mean current."""

import numpy as np
from scipy.optimize import elementwise

from twobox import _checks
from twobox.calculus import derivative

# Below this, the relative residual of a solved mean equation counts as rounding.
_RESIDUAL = 1e-12


def mean_currents(contacts, profile):
    """Return A on each bond, shape (..., n + 1), for a `profile` of baths and boxes, shape (..., n + 2)."""
    values = [c.mean_current(profile[..., b], profile[..., b + 1]) for b, c in enumerate(contacts)]
    return np.stack(np.broadcast_arrays(*values), axis=-1).astype(float)


def noise_strengths(contacts, profile):
    """Return B on each bond, shape (..., n + 1), for a `profile` of shape (..., n + 2).

    Raises
    ------
    ValueError
        If one is negative or not finite.
    """
    values = [c.noise_strength(profile[..., b], profile[..., b + 1]) for b, c in enumerate(contacts)]
    return _checks.real("noise_strength", np.stack(np.broadcast_arrays(*values), axis=-1), at_least=0)


def bond_slopes(contacts, profile):
    """Return (∂A/∂T_i, -∂A/∂T_j) of each bond, two arrays of shape (..., n + 1)."""
    sides = []
    for slot, sign in ((0, 1), (1, -1)):
        slopes = [
            sign * derivative(c.mean_current, profile[..., b], profile[..., b + 1], slot=slot)
            for b, c in enumerate(contacts)
        ]
        sides.append(np.stack(np.broadcast_arrays(*slopes), axis=-1))
    return sides


def solve_mean_equations(contacts, left, right):
    """Solve eq. (5): the profile on which every bond carries the same mean current.

    Newton's method from a straight profile, for all bath pairs at once; the pairs on which it does not settle are
    solved by bracketing the current, which converges for every monotone contact.

    Parameters
    ----------
    contacts : sequence of Contact
        n + 1 contacts, each with a mean current that is monotone and zero between equals.
    left, right : ndarray
        Bath values of one shape (...).

    Returns
    -------
    ndarray, shape (..., n + 2)
        Bath, boxes, bath.

    Raises
    ------
    ValueError
        If no profile between the baths carries one current: a mean current is not monotone, or not zero between equals.
    """
    count = len(contacts) - 1
    left, right = np.asarray(left, float), np.asarray(right, float)
    shape, left, right = left.shape, left.reshape(-1), right.reshape(-1)
    for bond, contact in enumerate(contacts):
        for bath in (left, right):
            rest = contact.mean_current(bath, bath)
            if not np.all(np.abs(rest) <= 1e-12 * np.abs(bath * derivative(contact.mean_current, bath, bath))):
                largest = np.max(np.abs(rest))
                raise ValueError(f"mean_current of bond {bond} must be zero between equals, got {largest:g}")
    weights = np.linspace(0, 1, count + 2)
    profile = left[:, None] * (1 - weights) + right[:, None] * weights
    with np.errstate(all="ignore"):
        profile = _newton(contacts, profile)
        stuck = ~_settled(contacts, profile)
    if stuck.any():
        with np.errstate(all="ignore"):
            profile[stuck] = _newton(contacts, _bracket_current(contacts, left[stuck], right[stuck]))
            failed = ~_settled(contacts, profile)
        if failed.any():
            pair = left[failed][0], right[failed][0]
            raise ValueError(
                "mean_current must rise with its first argument and fall with its second: "
                f"no profile carries one current between left={pair[0]:g} and right={pair[1]:g}"
            )
    return profile.reshape(*shape, count + 2)


def _newton(contacts, profile):
    low = np.minimum(profile[:, :1], profile[:, -1:])
    high = np.maximum(profile[:, :1], profile[:, -1:])
    for _ in range(30):
        step = _newton_step(mean_currents(contacts, profile), *bond_slopes(contacts, profile))
        moved = np.clip(profile[:, 1:-1] + step, low, high)
        change = np.abs(moved - profile[:, 1:-1])
        profile[:, 1:-1] = np.where(np.isfinite(moved), moved, profile[:, 1:-1])
        if np.all(change <= 4e-16 * np.abs(moved)):
            break
    return profile


def _newton_step(currents, from_left, from_right):
    """Return the temperature steps that level the `currents`, given the slopes of each bond; all of shape (pairs, n + 1).

    Gaussian elimination of the tridiagonal Newton equations, box by box from the left. What box i loses to the left bath through
    all boxes before it, `leak`, is kept as such: written so, no two large terms are subtracted, however unlike the bonds.
    """
    count = currents.shape[1] - 1
    step = np.empty((len(currents), count))
    leak, passed = from_right[:, 0], 0.0
    pivots = np.empty_like(step)
    for i in range(count):
        pivots[:, i] = leak + from_left[:, i + 1]
        step[:, i] = currents[:, 0] - currents[:, i + 1] - passed
        passed = passed + leak / pivots[:, i] * step[:, i]
        if i < count - 1:
            leak = from_right[:, i + 1] * leak / pivots[:, i]
    for i in reversed(range(count)):
        if i < count - 1:
            step[:, i] += from_right[:, i + 1] * step[:, i + 1]
        step[:, i] /= pivots[:, i]
    return step


def _settled(contacts, profile):
    """Whether all bonds carry one current, to the rounding of the current itself."""
    currents = mean_currents(contacts, profile)
    best, rounding = best_known(currents, bond_slopes(contacts, profile), profile)
    return np.all(np.abs(currents - best[:, None]) <= _RESIDUAL * np.abs(best)[:, None] + 50 * rounding, axis=1)


def best_known(currents, slopes, profile):
    """Return the current of the bond that loses fewest digits in its difference of two terms, and the rounding of each."""
    from_left, from_right = slopes
    rounding = np.finfo(float).eps * (np.abs(from_left * profile[..., :-1]) + np.abs(from_right * profile[..., 1:]))
    best = np.argmin(rounding, axis=-1)[..., None]
    return np.take_along_axis(currents, best, axis=-1)[..., 0], rounding


def _bracket_current(contacts, left, right):
    """Find the one current that, carried through bond after bond from the left bath, arrives at the right bath.

    `start` and `end` are the two baths once more: the root finder passes on only the pairs it still works on.
    """

    def march(current, start, end):
        sites = [start]
        for contact in contacts[:-1]:
            here = sites[-1]
            sign = np.sign(end - start)
            found = elementwise.find_root(
                lambda x, here, current, c=contact: c.mean_current(here, x) - current, (here, end), args=(here, current)
            )
            # A current too large for this bond even with the far bath behind it: go all the way.
            short = sign * (contact.mean_current(here, end) - current) > 0
            sites.append(np.where(short, end, np.where(np.isfinite(found.x), found.x, here)))
        return sites

    def arrival(current, start, end):
        return contacts[-1].mean_current(march(current, start, end)[-1], end) - current

    largest = contacts[0].mean_current(left, right)
    found = elementwise.find_root(arrival, (0.0 * largest, largest), args=(left, right))
    sites = march(found.x, left, right)
    return np.stack([*sites, right], axis=1)
