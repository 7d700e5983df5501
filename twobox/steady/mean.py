"""The mean equations (5) of the paper: the profile on which every bond carries the same mean current."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks
from twobox.calculus import NUMERICAL_ERROR
from twobox.model.contacts import Contact
from twobox.model.laws import Grouped, evaluate

# Below this, the relative residual of a solved mean equation counts as rounding.
_RESIDUAL = 1e-12
# Places between the baths at which a mean current is looked at for a slope the wrong way.
_POINTS = 33
# Rows that are looked at together: their grids fit the cache of a processor.
_FEW = 64


def grouped(contacts: Grouped | Sequence[Contact]) -> Grouped:
    """Return `contacts` as a `Grouped` row."""
    return contacts if isinstance(contacts, Grouped) else Grouped(tuple(contacts))


def _sides(contacts, profile):
    """Left and right side of each bond, with the axes of the parameters."""
    profile = np.asarray(profile, dtype=float)
    shapes = [value.shape[:-1] for _, part in contacts.groups for value in part.parameters.values()]
    shape = np.broadcast_shapes(profile.shape[:-1], *shapes)
    if shape != profile.shape[:-1]:
        profile = np.broadcast_to(profile, (*shape, profile.shape[-1]))
    return profile[..., :-1], profile[..., 1:]


def mean_currents(contacts: Grouped | Sequence[Contact], profile: ArrayLike) -> NDArray[np.float64]:
    """Return A on each bond, shape (..., n + 1), for a `profile` of baths and boxes, shape (..., n + 2).

    Parameters
    ----------
    contacts : sequence of Contact, or Grouped
    profile : array_like, shape (..., n + 2)

    Raises
    ------
    ValueError
        If a law does not return one number for each element.
    """
    contacts = grouped(contacts)

    def values(contact, name, a, b):
        return evaluate(contact.mean_current, name, a, b)

    return contacts.collect("mean_current of bond {}", values, *_sides(contacts, profile))


def noise_strengths(contacts: Grouped | Sequence[Contact], profile: ArrayLike) -> NDArray[np.float64]:
    """Return B on each bond, shape (..., n + 1), for a `profile` of shape (..., n + 2).

    Raises
    ------
    ValueError
        If one is negative or not finite.
    """
    contacts = grouped(contacts)

    def values(contact, name, a, b):
        return evaluate(contact.noise_strength, name, a, b)

    strengths = contacts.collect("noise_strength of bond {}", values, *_sides(contacts, profile))
    if not (np.isfinite(strengths).all() and strengths.min(initial=0.0) >= 0):
        bond = np.argwhere(~(np.isfinite(strengths) & (strengths >= 0)))[0, -1]
        _checks.real(f"noise_strength of bond {bond}", strengths[..., bond], at_least=0)
    return strengths


def bond_slopes(
    contacts: Grouped | Sequence[Contact], profile: ArrayLike, *, checked: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (∂A/∂T_i, -∂A/∂T_j) of each bond, two arrays of shape (..., n + 1); see `bond_slopes_and_error`."""
    return bond_slopes_and_error(contacts, profile, checked=checked)[:2]


def bond_slopes_and_error(
    contacts: Grouped | Sequence[Contact], profile: ArrayLike, *, checked: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return (∂A/∂T_i, -∂A/∂T_j) of each bond and the largest relative error of a derivative that is numerical.

    Raises
    ------
    ValueError
        If known slopes are not those of a law, or a law that is not analytic has no slope at a box that is known to a relative
        error of 1e-6. At a bath the slope does not matter.
    """
    contacts = grouped(contacts)
    left, right = _sides(contacts, profile)
    rising, falling, largest = np.empty(left.shape), np.empty(left.shape), 0.0
    for places, contact in contacts.groups:
        name = contacts.name("mean_current of bond {}", places)
        sides = left[..., places], right[..., places]
        up, down, errors = contact.partial_slopes(*sides, name=name, checked=checked)
        if errors is not None and checked:
            bonds = np.arange(contacts.count)[places]
            for side, error, bath in zip(sides, errors, (0, contacts.count - 1)):
                counted = np.where(bonds == bath, 0.0, error)
                _refuse_unknown_slope(bonds, side, counted)
                largest = max(largest, float(counted.max(initial=0.0)))
        if isinstance(places, slice):
            return up, down, largest
        rising[..., places], falling[..., places] = up, down
    return rising, falling, largest


def _refuse_unknown_slope(bonds, side, error):
    if np.all(error <= NUMERICAL_ERROR):
        return
    bad = np.unravel_index(np.argmax(error), error.shape)
    raise ValueError(
        f"mean_current of bond {bonds[bad[-1]]} is not analytic, and its slope at {side[bad]:.6g} is known numerically to "
        f"{error[bad]:.1g} only: give slopes=…, or a smooth law (for a table a cubic spline, not straight pieces)"
    )


def solve_mean_equations(
    contacts: Grouped | Sequence[Contact], left: ArrayLike, right: ArrayLike
) -> NDArray[np.float64]:
    """Solve eq. (5): the profile on which every bond carries the same mean current.

    Newton's method from a straight profile, for all bath pairs at once; the pairs on which it does not settle are
    solved by bracketing the current, which converges for every monotone contact.

    Parameters
    ----------
    contacts : sequence of Contact, or Grouped
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
        If a mean current is not zero between equals, or not monotone between the baths: there may then be several steady states.
    """
    contacts = grouped(contacts)
    left, right = np.asarray(left, float), np.asarray(right, float)
    shape = left.shape
    flat = contacts.flat(shape)
    return solve_rows(flat, left.reshape(-1), right.reshape(-1)).reshape(*shape, contacts.count + 1)


def solve_rows(contacts: Grouped, left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve eq. (5) for rows of baths, shape (rows,), with contacts that are `flat`; shape (rows, n + 2)."""
    contacts.refuse_hidden_arrays(
        "mean_current of bond {}",
        ["mean_current"],
        *(np.broadcast_to(bath[:, None], (len(bath), contacts.count)) for bath in (left, right)),
    )
    _refuse_current_between_equals(contacts, left, right)
    _refuse_not_monotone(contacts, left, right)
    weights = np.linspace(0, 1, contacts.count + 1)[:, None]
    # Transposed: the rows lie side by side in memory, which is what every step below runs along.
    profile = (left * (1 - weights) + right * weights).T
    contacts = contacts.for_newton(profile)
    with np.errstate(all="ignore"):
        profile = _newton(contacts, profile)
        stuck = ~_settled(contacts, profile)
    if stuck.any():
        rows = np.flatnonzero(stuck)
        some = contacts.take(rows)
        with np.errstate(all="ignore"):
            profile[rows] = _newton(some, _bracket_current(some, left[rows], right[rows]))
            failed = ~_settled(some, profile[rows])
        if failed.any():
            pair = left[rows][failed][0], right[rows][failed][0]
            raise ValueError(
                "mean_current must rise with its first argument and fall with its second: "
                f"no profile carries one current between left={pair[0]:g} and right={pair[1]:g}"
            )
    return profile


def _refuse_current_between_equals(contacts, left, right):
    for places, contact in contacts.groups:
        name = contacts.name("mean_current of bond {}", places)
        for bath in (left, right):
            sides = np.broadcast_to(bath[:, None], (len(bath), _width(contacts, places)))
            rest = evaluate(contact.mean_current, name, sides, sides)
            if np.all(rest == 0):
                continue
            slope = contact.partial_slopes(sides, sides, name=name, checked=False)[0]
            if not np.all(np.abs(rest) <= 1e-12 * np.abs(sides * slope)):
                raise ValueError(f"{name} must be zero between equals, got {np.max(np.abs(rest)):g}")


def _width(contacts, places):
    return contacts.count if isinstance(places, slice) else len(places)


def _refuse_not_monotone(contacts, left, right):
    """Look at each mean current on a grid between the baths: a slope the wrong way may make several steady states."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    if not len(low):
        return
    for places, contact in contacts.groups:
        if contact.trusted:
            continue
        rows = any(value.ndim > 1 for value in contact.parameters.values())
        if len(low) > _FEW and not rows:
            # One look at the whole range first; only what is found there is looked at row by row.
            whole = _falls(
                contact, low.min(keepdims=True), high.max(keepdims=True), 65, _different(contacts, places, contact)
            )
            if not whole.any():
                continue
        for start in range(0, len(low), _FEW):
            some = slice(start, start + _FEW)
            part = contact.with_parameters(
                {name: value if value.ndim == 1 else value[some] for name, value in contact.parameters.items()}
            )
            falls = _falls(part, low[some], high[some], _POINTS, _different(contacts, places, contact))
            if falls.any():
                row, place = np.argwhere(falls)[0]
                bond = place if isinstance(places, slice) else places[place]
                raise ValueError(
                    f"mean_current of bond {bond} must rise with its first argument and fall with its second, and goes the "
                    f"wrong way somewhere between {low[some][row]:g} and {high[some][row]:g}: there may be several steady "
                    "states. SteadyState.at(system, profile) linearises about one that you choose"
                )


def _different(contacts, places, contact):
    """How many of the places of a group differ: one, if no parameter is of a place."""
    alike = all(value.shape[-1] == 1 for value in contact.parameters.values())
    return 1 if alike else _width(contacts, places)


def _falls(contact, low, high, points, width):
    """Whether A falls with its first or rises with its second argument somewhere between low and high; shape (rows, width)."""
    steps = np.linspace(0, 1, points)
    spread = high > 10 * low
    with np.errstate(all="ignore"):
        even = low + np.multiply.outer(steps, high - low)
        apart = low * (high / low) ** steps[:, None]
    places = np.where(spread & (low > 0), apart, even)
    a = np.broadcast_to(places[:, None, :, None], (points, points, len(low), width))
    b = np.broadcast_to(places[None, :, :, None], (points, points, len(low), width))
    values = evaluate(contact.mean_current, "mean_current", a, b)
    slack = 64 * np.finfo(float).eps * np.nanmax(np.abs(values), axis=(0, 1), initial=0.0)
    with np.errstate(invalid="ignore"):
        up, down = np.diff(values, axis=0) < -slack, np.diff(values, axis=1) > slack
    return up.any(axis=(0, 1)) | down.any(axis=(0, 1))


def _newton(contacts, profile):
    low = np.minimum(profile[:, :1], profile[:, -1:])
    high = np.maximum(profile[:, :1], profile[:, -1:])
    inner = profile[:, 1:-1]
    for _ in range(30):
        step = _newton_step(mean_currents(contacts, profile), *bond_slopes(contacts, profile, checked=False))
        moved = np.clip(inner + step, low, high)
        change = np.abs(moved - inner)
        settled = np.all(change <= 4e-16 * np.abs(moved))
        lost = ~np.isfinite(moved)
        if lost.any():
            moved[lost] = inner[lost]
        inner[...] = moved
        if settled:
            break
    return profile


def _newton_step(currents, from_left, from_right):
    """Return the temperature steps that level the `currents`, given the slopes of each bond; all of shape (pairs, n + 1).

    Gaussian elimination of the tridiagonal Newton equations, box by box from the left. What box i loses to the left bath through
    all boxes before it, `leak`, is kept as such: written so, no two large terms are subtracted, however unlike the bonds.
    """
    count = currents.shape[1] - 1
    step = np.empty((count, len(currents))).T
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
    best, rounding = best_known(currents, bond_slopes(contacts, profile, checked=False), profile)
    return np.all(np.abs(currents - best[:, None]) <= _RESIDUAL * np.abs(best)[:, None] + 50 * rounding, axis=1)


def best_known(
    currents: NDArray[np.float64], slopes: Sequence[NDArray[np.float64]], profile: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the current of the bond that loses fewest digits in its difference of two terms, and the rounding of each."""
    from_left, from_right = slopes
    rounding = np.finfo(float).eps * (np.abs(from_left * profile[..., :-1]) + np.abs(from_right * profile[..., 1:]))
    best = np.argmin(rounding, axis=-1)[..., None]
    return np.take_along_axis(currents, best, axis=-1)[..., 0], rounding


def _bracket_current(contacts, left, right):
    """Find the one current that, carried through bond after bond from the left bath, arrives at the right bath.

    The root finder passes on only the rows it still works on, by their numbers.
    """
    from scipy.optimize import elementwise  # asked for only where Newton's method is stuck

    single = [contacts.only(place) for place in range(contacts.count)]

    def current(bond, rows, here, there):
        return evaluate(single[bond].take(rows).groups[0][1].mean_current, f"mean_current of bond {bond}", here, there)

    def through(bond, rows, here, there):
        return current(bond, rows, here[:, None], there[:, None])[:, 0]

    def march(wanted, rows):
        shape, rows = wanted.shape, np.broadcast_to(rows, wanted.shape).reshape(-1).astype(int)
        wanted = wanted.reshape(-1)
        end = right[rows]
        sites = [left[rows]]
        for bond in range(contacts.count - 1):
            here = sites[-1]
            sign = np.sign(end - here)

            def missing(there, here, wanted, rows, bond=bond):
                there, here, wanted, rows = np.broadcast_arrays(there, here, wanted, rows)
                found = through(bond, rows.reshape(-1).astype(int), here.reshape(-1), there.reshape(-1))
                return found.reshape(there.shape) - wanted

            found = elementwise.find_root(missing, (here, end), args=(here, wanted, rows))
            # A current too large for this bond even with the far bath behind it: go all the way.
            short = sign * (through(bond, rows, here, end) - wanted) > 0
            sites.append(np.where(short, end, np.where(np.isfinite(found.x), found.x, here)))
        return shape, rows, sites

    def arrival(wanted, rows):
        shape, rows, sites = march(np.asarray(wanted, float), rows)
        found = through(contacts.count - 1, rows, sites[-1], right[rows])
        return found.reshape(shape) - wanted

    every = np.arange(len(left))
    largest = through(0, every, left, right)
    found = elementwise.find_root(arrival, (0.0 * largest, largest), args=(every,))
    _, _, sites = march(found.x, every)
    return np.stack([*sites, right]).T
