"""Refusal of bad input: each check names the argument, the value it had and what is allowed."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")


def real(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    shape: tuple[int, ...] | None = None,
) -> NDArray[np.float64]:
    """Return `value` as an array of finite floats inside the given limits.

    Lists, NumPy arrays, and what turns into them (pandas, xarray) go in. What would lose its meaning on the way is refused:
    quantities with a unit, masked arrays, strings, booleans, complex numbers.

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
    array = _floats(name, value, wanted)
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


def _floats(name: str, value: Any, wanted: str) -> NDArray[np.float64]:
    if hasattr(value, "unit") or hasattr(value, "units"):
        raise ValueError(f"{name} must be plain numbers ({wanted}), without a unit, got {value!r}")
    if np.ma.isMaskedArray(value):
        raise ValueError(
            f"{name} must be plain numbers ({wanted}), not a masked array: fill or leave out what is masked"
        )
    try:
        raw = np.asarray(value)
        if raw.dtype.kind not in "iufO":
            raise TypeError
        if raw.dtype.kind == "O":
            for item in raw.flat:
                if isinstance(item, (str, bytes, bool, complex)) or hasattr(item, "unit") or hasattr(item, "units"):
                    raise TypeError
        return np.asarray(raw, dtype=float)
    except (TypeError, ValueError, OverflowError, AttributeError):
        raise ValueError(f"{name} must be a real number ({wanted}), got {short(value)}") from None


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"


def magnitude(name: str, value: Any) -> NDArray[np.float64]:
    """Return |value| of a real or complex number or array of them, or raise ValueError."""
    array = np.asarray(value) if not isinstance(value, (list, tuple, dict, set)) else np.asarray(None)
    if array.dtype.kind not in "iufc":
        raise ValueError(f"{name} must be a real or complex number, got {short(value)}")
    return real(f"abs({name})", np.abs(array))


# Boxes, or modes, that may be asked for: beyond, an array of them would not fit any memory.
MOST = 10**6


def whole(name: str, value: Any, *, at_least: int, at_most: int | None = None) -> int:
    """Return `value` as an int not smaller than `at_least`, or raise ValueError."""
    number = real(name, value, at_least=at_least, at_most=at_most, shape=())
    if number != np.floor(number):
        raise ValueError(f"{name} must be a whole number >= {at_least}, got {value!r}")
    return int(value)


def one_each(name: str, value: Any, count: int, what: str) -> list[Any]:
    """Return `value` as a list of `count` items: one for all, or a sequence with one for each `what`."""
    several = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    items = list(value) if several else [value] * count
    if len(items) != count:
        raise ValueError(f"{name} must be one value or one for each of the {count} {what}, got {len(items)}")
    return items


def along(name: str, value: Any, count: int, what: str, **limits: Any) -> list[NDArray[np.float64]]:
    """Return `value` as a list of `count` arrays: one number for all `what`, or an array whose last axis has one for each.

    Axes before the last are those of many sets of parameters; a last axis of length 1 is one for all.
    """
    array = real(name, value, **limits)
    if array.ndim and array.shape[-1] != count and (array.ndim == 1 or array.shape[-1] != 1):
        raise ValueError(
            f"{name} must be one value or one for each of the {count} {what}, got {array.shape[-1]}; "
            "many systems go on axes before that one"
        )
    if array.ndim == 0 or array.shape[-1] != count:
        return [frozen(array if array.ndim == 0 else array[..., 0])] * count
    return [frozen(array[..., i]) for i in range(count)]


def positive(name: str, value: Any) -> float:
    """Return `value` as one float > 0, or raise ValueError."""
    return float(real(name, value, above=0, shape=()))


def pair(
    first: Any, second: Any, names: tuple[str, str] = ("T_c", "T_d")
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two arrays >= 0, broadcast against each other, or raise ValueError."""
    first, second = (real(name, value, at_least=0) for name, value in zip(names, (first, second)))
    try:
        first, second = np.broadcast_arrays(first, second)
    except ValueError:
        raise ValueError(
            f"{' and '.join(names)} must have shapes that broadcast, got {first.shape} and {second.shape}"
        ) from None
    return first, second


def frozen(array: ArrayLike) -> NDArray[np.float64]:
    """Return a copy of `array` that cannot be written to."""
    copy = np.array(array, dtype=float)
    copy.flags.writeable = False
    return copy


def instance(name: str, value: Any, kind: type[T], hint: str = "") -> T:
    """Return `value` if it is a `kind`, or raise ValueError that says what was meant."""
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be a {kind.__name__}{hint}, got {short(value)}")
    return value


# Limits of the arguments of closed forms.
ANY: dict[str, float] = {}
POSITIVE: dict[str, float] = {"above": 0}
NOT_NEGATIVE: dict[str, float] = {"at_least": 0}
DENSITY: dict[str, float] = {"at_least": 0, "at_most": 1}


def formula(**limits: Mapping[str, Any]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator for a closed form that takes numbers, arrays or sympy symbols.

    Arguments that are numbers are held against their `limits` (keywords of `real`), symbols are let through; a result that is not
    finite, or that cannot be had, is a ValueError that names the arguments.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind(*args, **kwargs)
            symbolic = False
            for name, value in given.arguments.items():
                if hasattr(value, "free_symbols"):
                    symbolic |= bool(value.free_symbols)
                elif name in limits:
                    number = real(name, value, **limits[name])
                    if not np.isscalar(value):
                        given.arguments[name] = number if number.ndim else number[()]
            try:
                with np.errstate(all="ignore"):
                    result = function(*given.args, **given.kwargs)
            except (OverflowError, ZeroDivisionError) as error:
                raise _not_finite(function, given, str(error)) from None
            except ValueError as error:
                if "be broadcast" in str(error):
                    raise _not_finite(function, given, "their shapes do not broadcast") from None
                raise
            if not symbolic and not _all_finite(result):
                raise _not_finite(function, given, "the result is not a finite number")
            return result

        return checked

    return decorate


def _all_finite(result: Any) -> bool:
    if isinstance(result, tuple):
        return all(_all_finite(part) for part in result)
    try:
        return bool(np.isfinite(np.asarray(result, dtype=float)).all())
    except (TypeError, ValueError, OverflowError):
        return False


def _not_finite(function: Callable[..., Any], given: inspect.BoundArguments, why: str) -> ValueError:
    arguments = ", ".join(f"{name}={short(value)}" for name, value in given.arguments.items())
    return ValueError(f"{function.__name__} has no value for {arguments}: {why}")
