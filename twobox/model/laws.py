"""How a law is held and called: a function of one or two sides, with its parameters, evaluated on arrays.

A law is called with floating-point arrays that it must not change, and must work element by element. Its parameters may be
arrays whose axes are those of the baths, so that a million sets of parameters are one call.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks


@dataclass(frozen=True, eq=False)
class Law:
    """A function with its parameters: ``law(*sides)`` is ``function(*sides, **parameters)``. It pickles if the function does."""

    function: Callable[..., Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *sides: Any) -> Any:
        return self.function(*sides, **self.parameters)

    def with_parameters(self, parameters: Mapping[str, Any]) -> "Law":
        """Return the same function with other parameters."""
        return Law(self.function, parameters)


def identity(law: Any) -> Any:
    """Return what two laws share if they are the very same function; what merely compares equal is not the same."""
    if isinstance(law, Law):
        return id(law) if law.parameters else identity(law.function)
    if hasattr(law, "__self__") and hasattr(law, "__func__"):
        return id(law.__self__), id(law.__func__)
    return law.identity if hasattr(type(law), "identity") else id(law)


class Parameters(dict):
    """Parameters of a law, by name: read-only arrays, also after pickling."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({name: _checks.frozen(value) for name, value in values.items()})

    def _refuse(self, *_: Any, **__: Any) -> Any:
        """Refuse to change a parameter, with a TypeError."""
        raise TypeError("parameters cannot be changed: make another Contact or Substance")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameters, (dict(self),)


def as_law(name: str, function: Callable[..., Any], parameters: Mapping[str, Any]) -> Law:
    """Return `function` as a Law, or raise ValueError naming `name`."""
    if not callable(function):
        raise ValueError(f"{name} must be a function, got {function!r}")
    if isinstance(function, Law) and not (parameters or function.parameters):
        return function
    # A law that has parameters of its own keeps them: it is a function like any other.
    return Law(function, parameters)


def checked_parameters(parameters: Mapping[str, Any] | None) -> Parameters:
    """Return read-only float arrays by name, or raise ValueError naming the parameter."""
    if parameters is None:
        return Parameters({})
    if not isinstance(parameters, Mapping):
        raise ValueError(f"parameters must be a mapping of names to numbers or arrays, got {parameters!r}")
    return Parameters({name: _checks.real(name, value) for name, value in parameters.items()})


def parameter_shape(parts: Iterable[Any]) -> tuple[int, ...]:
    """Return the shape that the parameters of all `parts` (contacts, substances) have together."""
    shapes = [value.shape for part in parts for value in part.parameters.values()]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"parameters must have shapes that broadcast, got {sorted(set(shapes))}") from None


def evaluate(law: Callable[..., Any], name: str, *sides: ArrayLike) -> NDArray[np.float64]:
    """Return the values of `law` at arrays of one shape, as floats of that shape.

    Raises
    ------
    ValueError
        Naming the law, if it fails on arrays, or returns something that is not one number for each element.
    """
    sides = [_read_only(side) for side in sides]
    try:
        with np.errstate(all="ignore"):
            values = law(*sides)
    except Exception as error:
        raise ValueError(
            f"{name} must take arrays and work element by element (numpy functions; no math, no if): "
            f"{type(error).__name__}: {error}"
        ) from error
    array = np.asarray(values)
    if np.ma.isMaskedArray(values):
        raise ValueError(f"{name} must return plain numbers, not a masked array")
    if isinstance(values, (list, tuple)) or array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must return an array of real numbers, got {type(values).__name__} of {array.dtype}")
    if array.ndim and array.shape != sides[0].shape:
        raise ValueError(f"{name} must return one number for each element, shape {sides[0].shape}, got {array.shape}")
    if not array.ndim and sides[0].size > 1 and not _same_at_one(law, sides, array):
        raise ValueError(f"{name} must return one number for each element, shape {sides[0].shape}, got one for all")
    return np.broadcast_to(array.astype(float, copy=False), sides[0].shape)


def _same_at_one(law: Callable[..., Any], sides: Sequence[NDArray[np.float64]], value: NDArray[Any]) -> bool:
    """Whether a law that gave one number for all elements gives it for the last alone, too: a constant, not a sum."""
    one = np.asarray(law(*(_read_only(side[(-1,) * side.ndim]) for side in sides)))
    return one.shape == () and np.array_equal(one, value, equal_nan=True)


def _read_only(side: ArrayLike) -> NDArray[Any]:
    view = np.asarray(side).view()
    view.flags.writeable = False
    return view


class Grouped:
    """Laws of neighbours in a row, those with one function evaluated together.

    Parameters
    ----------
    parts : sequence
        Contacts or substances, each with a ``key`` (equal where the functions are the same) and ``parameters``.
    first : int
        How the first is counted in messages: bonds from 0, boxes from 1.

    Attributes
    ----------
    groups : list of (places, part)
        Where the laws of a group stand in the row, a slice or an index array, and one part for all of them: its parameters
        carry the places as last axis.
    """

    def __init__(self, parts: Sequence[Any], *, first: int = 0) -> None:
        self.first = first
        self.count = len(parts)
        members: dict[Any, list[int]] = {}
        for place, part in enumerate(parts):
            members.setdefault(part.key, []).append(place)
        self.groups = []
        for places in members.values():
            example = parts[places[0]]
            stacked = {}
            for name, value in example.parameters.items():
                values = [parts[place].parameters[name] for place in places]
                same = all(other is value for other in values)
                stacked[name] = value[..., None] if same else np.stack(np.broadcast_arrays(*values), axis=-1)
            where = slice(None) if len(places) == self.count else np.array(places)
            self.groups.append((where, example.with_parameters(stacked)))

    def flat(self, shape: tuple[int, ...]) -> "Grouped":
        """Return the same with the leading axes of all parameters, broadcast to `shape`, made one."""
        return self._mapped(
            lambda value: (
                value
                if value.ndim == 1
                else np.asfortranarray(np.broadcast_to(value, (*shape, value.shape[-1])).reshape(-1, value.shape[-1]))
            )
        )

    def take(self, rows: Any) -> "Grouped":
        """Return the same for some rows of what `flat` made."""
        return self._mapped(lambda value: value if value.ndim == 1 else value[rows])

    def for_newton(self, profile: NDArray[np.float64]) -> "Grouped":
        """Return contacts whose slopes are right enough for Newton's method, judged at a few rows of a `profile`."""
        rows = np.unique(np.linspace(0, len(profile) - 1, 8).astype(int)) if len(profile) else np.arange(0)
        some, made = profile[rows], object.__new__(Grouped)
        made.first = self.first
        made.count, made.groups = self.count, []
        for (places, part), (_, few) in zip(self.groups, self.take(rows).groups):
            quick = few.with_quick_slopes(some[:, :-1][:, places], some[:, 1:][:, places])
            made.groups.append((places, part if quick is few else quick.with_parameters(part.parameters)))
        return made

    def only(self, place: int) -> "Grouped":
        """Return the row of one place alone."""
        for places, part in self.groups:
            here: Any = place if isinstance(places, slice) else np.flatnonzero(places == place)
            if isinstance(places, slice) or len(here):
                column = here if isinstance(places, slice) else here[0]
                made = object.__new__(Grouped)
                made.count, made.first = 1, self.first + place
                single = {
                    name: value if value.shape[-1] == 1 else value[..., column : column + 1]
                    for name, value in part.parameters.items()
                }
                made.groups = [(slice(None), part.with_parameters(single))]
                return made
        raise IndexError(place)

    def _mapped(self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> "Grouped":
        made = object.__new__(Grouped)
        made.count, made.first = self.count, self.first
        made.groups = [
            (places, part.with_parameters({name: change(value) for name, value in part.parameters.items()}))
            for places, part in self.groups
        ]
        return made

    def name(self, what: str, places: Any) -> str:
        """Return `what` of the first of `places`, for an error message."""
        return what.format(self.first + (0 if isinstance(places, slice) else places[0]))

    def refuse_hidden_arrays(self, what: str, laws: Sequence[str], *columns: NDArray[np.float64]) -> None:
        """Raise ValueError if a law of one element returns more: an array is hidden in it that belongs into its parameters."""
        for places, part in self.groups:
            if getattr(part, "trusted", False) or not len(columns[0]):
                continue
            single = {name: value[:1] if value.ndim == 1 else value[:1, :1] for name, value in part.parameters.items()}
            one = part.with_parameters(single)
            for law in laws:
                evaluate(getattr(one, law), self.name(what, places), *(c[:1, places][:, :1] for c in columns))

    def collect(self, what: str, values_of: Callable[..., Any], *columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what ``values_of(part, *sides)`` gives for all places, shape of a column."""
        if len(self.groups) == 1:
            return values_of(self.groups[0][1], self.name(what, slice(None)), *columns)
        result = np.empty(columns[0].shape)
        for places, part in self.groups:
            result[..., places] = values_of(part, self.name(what, places), *(c[..., places] for c in columns))
        return result
