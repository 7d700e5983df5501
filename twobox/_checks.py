"""Refusal of bad input: each check names the argument, the value it had and what is allowed."""

import numpy as np


def real(name, value, *, above=None, at_least=None, below=None, at_most=None, shape=None):
    """Return `value` as an array of finite floats inside the given limits.

    Raises
    ------
    ValueError
        Naming `name`, the first value that is out of range, and the range.
    """
    limits = [
        f"{sign} {limit:g}"
        for sign, limit in ((">", above), (">=", at_least), ("<", below), ("<=", at_most))
        if limit is not None
    ]
    wanted = " and ".join(["finite", *limits])
    try:
        if np.asarray(value).dtype.kind not in "biufO":
            raise TypeError
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be a real number ({wanted}), got {value!r}") from None
    bad = ~np.isfinite(array)
    if above is not None:
        bad |= ~(array > above)
    if at_least is not None:
        bad |= ~(array >= at_least)
    if below is not None:
        bad |= ~(array < below)
    if at_most is not None:
        bad |= ~(array <= at_most)
    if bad.any():
        raise ValueError(f"{name} must be {wanted}, got {float(array[bad].flat[0])!r}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    return array


def whole(name, value, *, at_least):
    """Return `value` as an int not smaller than `at_least`, or raise ValueError."""
    number = real(name, value, at_least=at_least, shape=())
    if np.asarray(value).dtype.kind == "b" or number != np.floor(number):
        raise ValueError(f"{name} must be a whole number >= {at_least}, got {value!r}")
    return int(value)


def one_each(name, value, count, what):
    """Return `value` as a list of `count` items: one for all, or a sequence with one for each `what`."""
    several = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    items = list(value) if several else [value] * count
    if len(items) != count:
        raise ValueError(f"{name} must be one value or one for each of the {count} {what}, got {len(items)}")
    return items


def positive(name, value):
    """Return `value` as one float > 0, or raise ValueError."""
    return float(real(name, value, above=0, shape=()))


def pair(first, second, names=("T_c", "T_d")):
    """Return two arrays >= 0, broadcast against each other, or raise ValueError."""
    first, second = (real(name, value, at_least=0) for name, value in zip(names, (first, second)))
    try:
        return np.broadcast_arrays(first, second)
    except ValueError:
        raise ValueError(
            f"{' and '.join(names)} must have shapes that broadcast, got {first.shape} and {second.shape}"
        ) from None
