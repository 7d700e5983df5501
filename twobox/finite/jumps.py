r"""Jump processes: which quanta hop across which bond, and how often?

Whole quanta hop along a chain of boxes between two baths. A law is a rate for a quantum (or a lump of several) to go
across a bond, up(x_i, x_j) from left to right and down(x_i, x_j) from right to left. It is written in densities,
x = n/N with N the size of a box, so that a bath is a box of fixed density and the white-noise model of eqs. (2) and (3)
follows from the same two functions:

.. math::
    A = \sum_k k\,(\mathrm{up}_k - \mathrm{down}_k), \qquad B = \sum_k k^2\,(\mathrm{up}_k + \mathrm{down}_k).

Here is what one writes down: the process, and the laws that have names. What follows from it without approximation is
in `twobox.finite.master_equation`, and simulations that are exact in law are in `twobox.finite.hopping`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.special import gammaln

from twobox import _checks
from twobox.chain import Chain
from twobox.model.contacts import Contact
from twobox.model.substances import DENSITY, IntensiveVariable, Substance
from twobox.model.system import System

# States that a process may have unless the caller says otherwise: for a master equation seconds, and a gigabyte for the
# longest chains.
MOST_STATES = 50_000
# Probability above a cut-off that is chosen here, far smaller than what a solver lets a cut-off forbid.
_TAIL = 1e-14
# Below this, relative to the largest rate of a law, a rate is what rounding left of zero.
_ROUNDING = 1e-14


@dataclass(frozen=True)
class Jump:
    """A way in which a lump of quanta crosses a bond.

    Parameters
    ----------
    up, down : callable
        Rates up(x_i, x_j) from left to right and down(x_i, x_j) from right to left, 1/time, as functions of the
        densities of the left and the right side. Called with arrays; a rate that takes more than a box holds must be
        zero.
    lump : int
        Number of quanta that go together.

    Examples
    --------
    A hop that needs a particle on one side and a hole on the other:

    >>> hop = Jump(up=lambda x_i, x_j: x_i * (1 - x_j), down=lambda x_i, x_j: x_j * (1 - x_i))
    >>> hop.up(0.5, 0.5)
    0.25
    """

    up: Callable
    down: Callable
    lump: int = 1

    def __post_init__(self) -> None:
        for name in ("up", "down"):
            law = getattr(self, name)
            if not callable(law):
                raise ValueError(f"{name} must be a function of the two densities, got {law!r}")
        object.__setattr__(self, "lump", _checks.whole("lump", self.lump, at_least=1))


@dataclass(frozen=True, init=False)
class JumpProcess:
    r"""Boxes of whole quanta in a row between two baths, and how the quanta jump.

    Parameters
    ----------
    jumps : Jump, or sequence with an item for each of the n + 1 bonds
        An item is a `Jump` or a sequence of them, for instance one for each size of lump.
    sizes : float or sequence of n floats
        N of each box: its density is x = n/N. With size 1 a law is written in the numbers themselves.
    left, right : float
        Densities of the baths, what a law receives in place of a box's x.
    highest : int or sequence of n ints, optional
        The most that a box can hold; its size if left out. Where the law would go on beyond it, this is a cut-off, and
        results say how much they neglect.
    n : int
        Number of boxes.
    variable : IntensiveVariable, optional
        What equalises between the boxes, for the white-noise model; left out, the `DENSITY` of places that are empty or
        taken.
    name : str
        What messages call the law.

    Raises
    ------
    ValueError
        If the numbers do not fit n, or a size or a density is out of range.

    Examples
    --------
    A law of one's own: hops that a crowd at the target hinders, two boxes of ten places.

    >>> def up(x_i, x_j):
    ...     return x_i * (1 - x_j) ** 2
    >>> def down(x_i, x_j):
    ...     return x_j * (1 - x_i) ** 2
    >>> process = JumpProcess(Jump(up, down), sizes=10, left=0.8, right=0.1)
    >>> process.states
    121
    >>> from twobox.finite.master_equation import stationary
    >>> bool(stationary(process).covariance[0, 1] < 0)
    True
    """

    bonds: tuple[tuple[Jump, ...], ...]
    sizes: tuple[float, ...]
    highest: tuple[int, ...]
    left: float
    right: float
    variable: IntensiveVariable | None
    name: str

    def __init__(
        self,
        jumps: Jump | Sequence,
        *,
        sizes: float | Sequence[float],
        left: float,
        right: float,
        highest: int | Sequence[int] | None = None,
        n: int = 2,
        variable: IntensiveVariable | None = None,
        name: str = "law",
    ) -> None:
        n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
        sizes = tuple(_checks.positive("sizes", size) for size in _checks.one_each("sizes", sizes, n, "boxes"))
        tops = _checks.one_each("highest", sizes if highest is None else highest, n, "boxes")
        if not (variable is None or isinstance(variable, IntensiveVariable)):
            raise ValueError(f"variable must be an IntensiveVariable, got {variable!r}")
        ends = {}
        for side, value in (("left", left), ("right", right)):
            ends[side] = float(_checks.real(side, value, shape=()))
            if variable is not None:
                variable.check(side, value)
        bonds = tuple(_jumps_of(item) for item in _checks.one_each("jumps", jumps, n + 1, "bonds"))
        whole = tuple(_checks.whole("highest", top, at_least=1) for top in tops)
        fields = {"bonds": bonds, "sizes": sizes, "highest": whole, **ends, "variable": variable, "name": str(name)}
        for field, content in fields.items():
            object.__setattr__(self, field, content)

    @property
    def n(self) -> int:
        """Number of boxes."""
        return len(self.sizes)

    @property
    def states(self) -> int:
        """Number of states of the chain, the product of what each box can hold plus one."""
        return math.prod(top + 1 for top in self.highest)

    @cached_property
    def moves(self) -> tuple["Move", ...]:
        """Every way to move, with its rate for each pair of contents.

        Raises
        ------
        ValueError
            If a rate is negative, not a number, or takes more than there is.
        """
        return tuple(move for bond in range(self.n + 1) for move in _moves_across(self, bond))

    @property
    def straight_profile(self) -> np.ndarray:
        """Whole numbers n_i close to those of a straight line between the densities of the baths, shape (n,)."""
        profile = np.linspace(self.left, self.right, self.n + 2)[1:-1]
        return np.clip(np.rint(profile * np.array(self.sizes)), 0, self.highest).astype(np.int64)

    def closest_to_straight(self, contents: Sequence[np.ndarray]) -> int:
        """Return which of several states is closest to the straight profile; `contents` has shape (n, states)."""
        departure = (np.array(contents, float) - self.straight_profile[:, None]) / np.array(self.sizes)[:, None]
        return int(np.argmin(np.sum(departure**2, axis=0)))

    def _densities(self, site: int) -> np.ndarray:
        """Densities that a site can have, the baths being sites 0 and n + 1."""
        if site in (0, self.n + 1):
            return np.array([self.left if site == 0 else self.right])
        return np.arange(self.highest[site - 1] + 1) / self.sizes[site - 1]

    def to_system(self) -> System:
        """Return the white-noise model of the same law, A and B of each bond, at leading order.

        Returns
        -------
        System
            With contacts in densities and boxes that hold n = N x.

        Raises
        ------
        ValueError
            If a lump of several quanta can be as large as a box.

        Examples
        --------
        >>> process = partial_exclusion(sites=10, left=0.9, right=0.2)
        >>> contact = process.to_system().contacts[1]
        >>> float(round(contact.mean_current(0.5, 0.25), 12)), float(round(contact.noise_strength(0.5, 0.25), 12))
        (0.25, 0.5)
        """
        largest = max(jump.lump for jumps in self.bonds for jump in jumps)
        if largest > 1 and largest >= min(self.highest):
            raise ValueError(
                f"{self.name}: lump must be small beside what a box holds for a white-noise model, "
                f"got {largest} quanta where {min(self.highest)} is the highest"
            )
        variable = DENSITY if self.variable is None else self.variable
        contacts = [Contact(partial(_mean_current, jumps), partial(_noise, jumps), variable) for jumps in self.bonds]
        boxes = [
            Substance(
                energy=partial(_times, size),
                temperature=partial(_divided_by, size),
                variable=variable,
                highest_energy=size * variable.highest,
            )
            for size in self.sizes
        ]
        return System(contacts, boxes)

    def to_chain(self) -> Chain:
        """Return the white-noise model between the same baths."""
        return Chain(self.to_system(), left=self.left, right=self.right)

    def transitions(self, *, limit: int = MOST_STATES) -> "Transitions":
        """Return all transitions between the states of the boxes.

        Parameters
        ----------
        limit : int
            States that there may be.

        Raises
        ------
        ValueError
            If there are more states than `limit`, or a rate is negative, not a number, or takes more than there is.

        Examples
        --------
        One box of one place can fill and empty, each from the left and from the right:

        >>> hops = partial_exclusion(sites=1, left=0.9, right=0.2, n=1).transitions()
        >>> hops.source.tolist(), hops.target.tolist(), hops.lump.tolist()
        ([0, 1, 1, 0], [1, 0, 0, 1], [1, -1, 1, -1])
        """
        limit = _checks.whole("limit", limit, at_least=1)
        if self.states > limit:
            raise ValueError(f"limit must be at least the number of states, {self.states}, got {limit}")
        shape = tuple(top + 1 for top in self.highest)
        state = np.arange(self.states)
        held = [0 * state, *np.indices(shape).reshape(len(shape), -1), 0 * state]
        stride = [0, *(int(np.prod(shape[i + 1 :])) for i in range(len(shape))), 0]
        parts, forbidden = [], np.zeros(state.size)
        for move in self.moves:
            pair = held[move.bond], held[move.bond + 1]
            rate, forbidden = move.rate[pair], forbidden + move.forbidden[pair]
            goes = np.flatnonzero(rate)
            shift = move.lump * (stride[move.bond + 1] - stride[move.bond])
            parts.append((goes, goes + shift, rate[goes], np.full(goes.size, move.lump)))
        source, target, rate, lump = (np.concatenate(part) for part in zip(*parts))
        return Transitions(shape, source, target, rate, lump, forbidden)

    def generator(self, *, limit: int = MOST_STATES) -> sparse.csc_array:
        """Return G of the master equation dP/dt = G P, shape (states, states), in the order of ``P.reshape(-1)``.

        Parameters
        ----------
        limit : int
            States that it may have.

        Raises
        ------
        ValueError
            If there are more states than `limit`, or a rate is negative, not a number, or takes more than there is.

        Examples
        --------
        What leaves one state arrives at others:

        >>> G = partial_exclusion(sites=3, left=0.9, right=0.2).generator()
        >>> bool(np.allclose(G.sum(axis=0), 0))
        True
        """
        return self.transitions(limit=limit).generator()


def _jumps_of(item: Any) -> tuple[Jump, ...]:
    jumps = tuple(item) if isinstance(item, (list, tuple)) else (item,)
    for jump in jumps:
        if not isinstance(jump, Jump):
            raise ValueError(f"jumps must be a Jump, or for each bond a Jump or a sequence of them, got {jump!r}")
    if not jumps:
        raise ValueError("jumps must have at least one Jump for each bond, got none")
    return jumps


def _mean_current(jumps: tuple[Jump, ...], x_i: Any, x_j: Any) -> Any:
    return sum(jump.lump * (jump.up(x_i, x_j) - jump.down(x_i, x_j)) for jump in jumps)


def _noise(jumps: tuple[Jump, ...], x_i: Any, x_j: Any) -> Any:
    return sum(jump.lump**2 * (jump.up(x_i, x_j) + jump.down(x_i, x_j)) for jump in jumps)


def _times(size: float, density: Any) -> Any:
    return size * density


def _divided_by(size: float, number: Any) -> Any:
    return number / size


@dataclass(frozen=True)
class Move:
    """A lump that crosses a bond in one direction.

    Attributes
    ----------
    bond : int
        Which of the n + 1 bonds, counted from 0 at the left bath.
    lump : int
        Number of quanta, positive to the right.
    rate : ndarray, shape (contents of the left side, contents of the right side)
        Its rate, 1/time, a bath having one entry.
    forbidden : ndarray, of the same shape
        The rate that a cut-off forbids; `rate` is zero there.
    """

    bond: int
    lump: int
    rate: np.ndarray
    forbidden: np.ndarray


def _moves_across(process: JumpProcess, bond: int) -> Iterator[Move]:
    sides = process._densities(bond), process._densities(bond + 1)
    held = tuple(np.arange(len(side)) for side in sides)
    is_bath = bond == 0, bond == process.n
    for jump in process.bonds[bond]:
        for direction, law in (("up", jump.up), ("down", jump.down)):
            rate = _checked_rate(process.name, f"{direction} of bond {bond}", law, sides)
            source, target = (0, 1) if direction == "up" else (1, 0)
            if not is_bath[source]:
                empty = np.moveaxis(rate, source, 0)[: jump.lump]
                if np.any(empty > _ROUNDING * rate.max()):
                    raise ValueError(
                        f"{process.name}: {direction} of bond {bond} must be 0 where the box holds less than the lump "
                        f"of {jump.lump}, got {empty.max():.6g}"
                    )
                empty[...] = 0
            room = np.ones(rate.shape, bool)
            if not is_bath[target]:
                np.moveaxis(room, target, 0)[held[target] + jump.lump >= len(held[target])] = False
            lump = jump.lump if direction == "up" else -jump.lump
            beyond = ~room & (rate > _ROUNDING * rate.max())
            yield Move(bond, lump, np.where(room, rate, 0.0), np.where(beyond, rate, 0.0))


def _checked_rate(name: str, what: str, law: Callable, sides: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the rates for all pairs of densities, refused by the name of the law and the bond."""
    shape = len(sides[0]), len(sides[1])
    x_i, x_j = (np.ascontiguousarray(x) for x in np.meshgrid(*sides, indexing="ij"))
    with np.errstate(all="ignore"):
        try:
            rate = np.broadcast_to(np.asarray(law(x_i, x_j), dtype=float), shape).copy()
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: {what} must return a rate for arrays of shape {shape}, got {error}") from error
    # What rounding leaves of a difference of two equal numbers is no rate.
    rate[(rate < 0) & (rate >= -_ROUNDING * np.abs(rate).max())] = 0
    bad = ~(np.isfinite(rate) & (rate >= 0))
    if bad.any():
        where = tuple(float(x[bad][0]) for x in (x_i, x_j))
        raise ValueError(f"{name}: {what} must be finite and >= 0, got {rate[bad][0]:.6g} at densities {where}")
    return rate


@dataclass(frozen=True, eq=False)
class Transitions:
    """All transitions between the states of the boxes; a state is its place in the flattened order of their contents.

    Attributes
    ----------
    shape : tuple of n ints
        How many contents each box can have.
    source, target : ndarray of ints, shape (transitions,)
        The states that each transition joins.
    rate : ndarray, shape (transitions,)
        Its rate, 1/time.
    lump : ndarray of ints, shape (transitions,)
        Quanta that cross a bond in it, positive to the right.
    forbidden : ndarray, shape (states,)
        Total rate of the jumps from each state that a cut-off forbids.
    """

    shape: tuple[int, ...]
    source: np.ndarray
    target: np.ndarray
    rate: np.ndarray
    lump: np.ndarray
    forbidden: np.ndarray

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.forbidden)

    @property
    def out(self) -> np.ndarray:
        """Total rate at which each state is left, shape (states,)."""
        return np.bincount(self.source, self.rate, self.states)

    def matrix(self, values: np.ndarray) -> sparse.csc_array:
        """Return the matrix M with a value of each transition in the row of its target and the column of its source."""
        return sparse.csc_array((values, (self.target, self.source)), shape=(self.states, self.states))

    def generator(self) -> sparse.csc_array:
        """Return G of the master equation dP/dt = G P."""
        return self.matrix(self.rate) - sparse.diags_array(self.out, format="csc")

    def recurrent(self, name: str) -> np.ndarray:
        """Return the states that are visited for ever, in rising order.

        Parameters
        ----------
        name : str
            What messages call the law.

        Raises
        ------
        ValueError
            If they do not hang together, or nothing moves for ever.
        """
        count, label = connected_components(self.matrix(self.rate), connection="strong")
        closed = np.ones(count, bool)
        closed[label[self.source[label[self.source] != label[self.target]]]] = False
        if closed.sum() > 1:
            raise ValueError(f"{name}: the chain must not be reducible, got {closed.sum()} stationary states")
        states = np.flatnonzero(closed[label])
        if states.size == 1:
            held = tuple(int(i) for i in np.unravel_index(states[0], self.shape))
            raise ValueError(f"{name}: something must move for ever, got a chain that stops at {held}")
        return states


# The laws that have names. Of each bond: a quantum leaves a box at a rate u(x_from) v(x_to).


@dataclass(frozen=True)
class _Product:
    """The rate k u(x_from) v(x_to), to the right or backward; unlike a closure it pickles and compares."""

    u: Callable
    v: Callable
    rate: float
    backward: bool = False

    def __call__(self, x_i: Any, x_j: Any) -> Any:
        if self.backward:
            x_i, x_j = x_j, x_i
        return self.rate * self.u(x_i) * self.v(x_j)


def _density(x: Any) -> Any:
    return x


def _vacancy(x: Any) -> Any:
    return 1 - x


def _attraction(x: Any) -> Any:
    return 1 + x


def _one(x: Any) -> Any:
    return 1 + 0 * x


@dataclass(frozen=True)
class _Conjugate:
    """β = ln(v/u), which is equal in boxes that exchange nothing in the mean."""

    u: Callable
    v: Callable

    def __call__(self, x: Any) -> Any:
        return np.log(self.v(x) / self.u(x))


def _unbounded(u: Callable, v: Callable) -> IntensiveVariable:
    return IntensiveVariable("density", _Conjugate(u, v), 0.0, np.inf, closed=True)


def _products(u: Callable, v: Callable, rate: Any, n: int) -> list[Jump]:
    rates = [_checks.positive("rate", k) for k in _checks.one_each("rate", rate, n + 1, "bonds")]
    return [Jump(_Product(u, v, k), _Product(u, v, k, backward=True)) for k in rates]


def partial_exclusion(
    *,
    sites: int | Sequence[int] = 1,
    rate: float | Sequence[float] = 1.0,
    left: float,
    right: float,
    n: int = 2,
) -> JumpProcess:
    """Return particles that hop to empty places, N of them in a box, at a rate k x_from (1 - x_to); x = n/N.

    Parameters
    ----------
    sites : int or sequence of n ints
        N of each box; N = 1 is the symmetric exclusion process itself.
    rate : float or sequence of n + 1 floats
        k of each bond, 1/time.
    left, right : float
        Densities of the baths, in [0, 1].
    n : int
        Number of boxes.

    Raises
    ------
    ValueError
        If an argument is out of range or does not fit n.

    Examples
    --------
    >>> from twobox.finite.exact import partial_exclusion_correlation
    >>> from twobox.finite.master_equation import stationary
    >>> C = stationary(partial_exclusion(sites=10, left=0.9, right=0.2)).covariance
    >>> bool(np.isclose(C[0, 1], partial_exclusion_correlation(sites=10, left=0.9, right=0.2), rtol=1e-12))
    True
    """
    n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
    whole = [_checks.whole("sites", size, at_least=1) for size in _checks.one_each("sites", sites, n, "boxes")]
    for side, value in (("left", left), ("right", right)):
        _checks.real(side, value, at_least=0, at_most=1, shape=())
    jumps = _products(_density, _vacancy, rate, n)
    return JumpProcess(jumps, sizes=whole, left=left, right=right, n=n, name="partial exclusion")


def inclusion(
    *,
    shape: float | Sequence[float] = 1.0,
    rate: float | Sequence[float] = 1.0,
    left: float,
    right: float,
    n: int = 2,
    highest: int | Sequence[int] | None = None,
) -> JumpProcess:
    """Return particles that invite each other, hopping at a rate k x_from (1 + x_to); x = n/m, m the shape of a box.

    Parameters
    ----------
    shape : float or sequence of n floats
        m of each box.
    rate : float or sequence of n + 1 floats
        k of each bond, 1/time.
    left, right : float
        Densities of the baths, at least 0.
    n : int
        Number of boxes.
    highest : int or sequence of n ints, optional
        Cut-off of each box; chosen from the denser bath if left out.

    Raises
    ------
    ValueError
        If an argument is out of range or does not fit n.

    Examples
    --------
    >>> from twobox.finite.exact import inclusion_correlation
    >>> from twobox.finite.master_equation import stationary
    >>> C = stationary(inclusion(shape=2.0, left=0.6, right=0.1)).covariance
    >>> bool(np.isclose(C[0, 1], inclusion_correlation(shape=2.0, left=0.6, right=0.1)))
    True
    """
    return _misanthrope("inclusion", "shape", _density, _attraction, shape, rate, left, right, n, highest)


def independent_walkers(
    *,
    sizes: float | Sequence[float] = 1.0,
    rate: float | Sequence[float] = 1.0,
    left: float,
    right: float,
    n: int = 2,
    highest: int | Sequence[int] | None = None,
) -> JumpProcess:
    """Return particles that take no notice of each other, hopping at a rate k x_from; x = n/N with N the size of a box.

    Parameters
    ----------
    sizes, rate, left, right, n, highest
        As for `inclusion`, with N in place of m.

    Raises
    ------
    ValueError
        If an argument is out of range or does not fit n.

    Examples
    --------
    Two independent Poisson numbers:

    >>> from twobox.finite.master_equation import stationary
    >>> found = stationary(independent_walkers(left=3.0, right=0.5))
    >>> bool(np.allclose(found.covariance, np.diag(found.mean)))
    True
    """
    return _misanthrope("independent walkers", "sizes", _density, _one, sizes, rate, left, right, n, highest)


def zero_range(
    u: Callable,
    *,
    sizes: float | Sequence[float] = 1.0,
    rate: float | Sequence[float] = 1.0,
    left: float,
    right: float,
    n: int = 2,
    highest: int | Sequence[int] | None = None,
) -> JumpProcess:
    """Return the zero-range process: a quantum leaves a box at a rate k u(x_from), whatever the target holds.

    Parameters
    ----------
    u : callable
        Of the density x = n/N, with u(0) = 0; of the number itself where the size is 1. A bath of activity z is one of
        a density at which u is z.
    sizes, rate, left, right, n, highest
        As for `inclusion`, with N in place of m.

    Raises
    ------
    ValueError
        If an argument is out of range or does not fit n, or a box would fill up without end.

    Examples
    --------
    Boxes that let out one quantum at a time stay strangers to each other, however hard they are driven:

    >>> from twobox.finite.master_equation import stationary
    >>> def one_at_a_time(x):
    ...     return np.minimum(x, 1)
    >>> C = stationary(zero_range(one_at_a_time, left=0.6, right=0.1)).covariance
    >>> bool(abs(C[0, 1]) < 1e-10 * C[0, 0])
    True
    """
    return _misanthrope("zero range", "sizes", u, _one, sizes, rate, left, right, n, highest)


def misanthrope(
    u: Callable,
    v: Callable,
    *,
    sizes: float | Sequence[float] = 1.0,
    rate: float | Sequence[float] = 1.0,
    left: float,
    right: float,
    n: int = 2,
    highest: int | Sequence[int] | None = None,
) -> JumpProcess:
    """Return quanta that hop at a rate k u(x_from) v(x_to): between equal baths, of independent boxes whatever u and v.

    Parameters
    ----------
    u, v : callable
        Of the density x = n/N; u(0) = 0.
    sizes, rate, left, right, n, highest
        As for `inclusion`, with N in place of m.

    Raises
    ------
    ValueError
        If an argument is out of range or does not fit n, or a box would fill up without end.

    Examples
    --------
    The target process, where only the target's number counts. A falling v makes the boxes rise at each other's expense:

    >>> from twobox.finite.master_equation import stationary
    >>> def occupied(x):
    ...     return np.minimum(x, 1)
    >>> def repelled(x):
    ...     return 1 / (1 + x)
    >>> bool(stationary(misanthrope(occupied, repelled, left=3.0, right=1.0)).covariance[0, 1] < 0)
    True
    """
    return _misanthrope("misanthrope", "sizes", u, v, sizes, rate, left, right, n, highest)


def _misanthrope(
    name: str,
    size_name: str,
    u: Any,
    v: Any,
    size: Any,
    rate: Any,
    left: Any,
    right: Any,
    n: int,
    highest: Any,
) -> JumpProcess:
    for letter, law in (("u", u), ("v", v)):
        if not callable(law):
            raise ValueError(f"{letter} must be a function of the density, got {law!r}")
    n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
    sizes = [_checks.positive(size_name, value) for value in _checks.one_each(size_name, size, n, "boxes")]
    ends = [float(_checks.real(side, x, at_least=0, shape=())) for side, x in (("left", left), ("right", right))]
    jumps = _products(u, v, rate, n)
    if highest is None:
        highest = [_cut_off(name, u, v, N, max(ends)) for N in sizes]
    return JumpProcess(
        jumps,
        sizes=sizes,
        left=ends[0],
        right=ends[1],
        highest=highest,
        n=n,
        variable=_unbounded(u, v),
        name=name,
    )


def _cut_off(name: str, u: Callable, v: Callable, size: float, density: float) -> int:
    """The number that a box between two baths of `density` exceeds with a negligible probability.

    Its distribution is reversible: P(n) u(n) v(bath) = P(n - 1) u(bath) v(n - 1).
    """
    count = 16
    while count <= 4096:
        x = np.arange(count + 1) / size
        with np.errstate(all="ignore"):
            out = _each(f"{name}: u", u, x[1:]) * _each(f"{name}: v", v, density)
            ratio = _each(f"{name}: u", u, density) * _each(f"{name}: v", v, x[:-1]) / out
            weight = np.cumprod(np.r_[1.0, ratio])
        if not np.all(np.isfinite(weight)):
            break
        # What is still to come, were it to fall no slower than it does here.
        rest = ratio[-1] / (1 - ratio[-1]) if ratio[-1] < 1 else np.inf
        above = np.cumsum(weight[::-1])[::-1] - weight + (weight[-1] * rest if weight[-1] > 0 else 0.0)
        if weight[-1] == 0 or above[-1] < _TAIL * weight.sum():
            return max(1, int(np.argmax(above < _TAIL * weight.sum())))
        count *= 2
    raise ValueError(f"{name}: highest must be given, since the boxes fill up without end next to density {density:g}")


def _each(what: str, law: Callable, x: Any) -> np.ndarray:
    """Values of u or v at each density; refused by name where the law does not take arrays or gives no number."""
    try:
        values = np.broadcast_to(np.asarray(law(np.asarray(x, float)), float), np.shape(x))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} must return a number for each of an array of densities, got {error}") from error
    if np.any(np.isnan(values)):
        raise ValueError(f"{what} must be a number at all densities, got nan at {np.asarray(x)[np.isnan(values)][0]:g}")
    return values


def shared_quanta(
    *,
    shape: float = 1.0,
    rate: float = 1.0,
    left: float,
    right: float,
    n: int = 2,
    highest: int | None = None,
) -> JumpProcess:
    """Return boxes that share out their quanta, the model of Kipnis, Marchioro and Presutti in quanta.

    At rate k the two sides of a bond pool what they hold and divide it by a beta-binomial of shape m: every way to put
    the quanta into m places on either side has the same weight. A bath holds a fresh negative binomial number, of mean
    m x, each time.

    Parameters
    ----------
    shape : float
        m of every box, in units of which a density is counted.
    rate : float
        k of every bond, 1/time.
    left, right : float
        Densities of the baths, at least 0.
    n : int
        Number of boxes.
    highest : int, optional
        Cut-off of each box; chosen from the denser bath if left out.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    A lump can be as large as a box: the assumption of weak links fails at any size, and there is no white-noise model.

    Examples
    --------
    >>> from twobox.finite.master_equation import stationary
    >>> found = stationary(shared_quanta(left=0.5, right=0.2))
    >>> bool(np.allclose(found.mean, [0.4, 0.3])), bool(found.covariance[0, 1] > 0)
    (True, True)
    """
    n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
    m, k = _checks.positive("shape", shape), _checks.positive("rate", rate)
    ends = [float(_checks.real(side, x, at_least=0, shape=())) for side, x in (("left", left), ("right", right))]
    if highest is None:
        highest = _cut_off("shared quanta", _density, _attraction, m, max(ends))
    top = _checks.whole("highest", highest, at_least=1)
    bonds = []
    for bond in range(n + 1):
        share = partial(_Sharing, m, k, left_is_bath=bond == 0, right_is_bath=bond == n)
        bonds.append([Jump(share(lump), share(lump, backward=True), lump) for lump in range(1, top + 1)])
    return JumpProcess(
        bonds,
        sizes=m,
        left=ends[0],
        right=ends[1],
        highest=top,
        n=n,
        variable=_unbounded(_density, _attraction),
        name="shared quanta",
    )


@dataclass(frozen=True)
class _Sharing:
    """Rate at which a pooling moves a lump; a bath's number is averaged over."""

    shape: float
    rate: float
    lump: int
    left_is_bath: bool
    right_is_bath: bool
    backward: bool = False

    def __call__(self, x_i: np.ndarray, x_j: np.ndarray) -> np.ndarray:
        giver, taker, giver_is_bath, taker_is_bath = x_i, x_j, self.left_is_bath, self.right_is_bath
        if self.backward:
            giver, taker, giver_is_bath, taker_is_bath = x_j, x_i, self.right_is_bath, self.left_is_bath
        if not (giver_is_bath or taker_is_bath):
            return self._share(np.rint(self.shape * giver), np.rint(self.shape * taker))
        bath, box = (giver, taker) if giver_is_bath else (taker, giver)
        number, weight = _negative_binomial(self.shape, float(bath.flat[0]))
        inside = np.rint(self.shape * box)[..., None]
        pair = (number, inside) if giver_is_bath else (inside, number)
        return self._share(*pair) @ weight

    def _share(self, giver: np.ndarray, taker: np.ndarray) -> np.ndarray:
        m, pool = self.shape, giver + taker
        left = np.maximum(giver - self.lump, 0)
        ways = _log_ways(m, left) + _log_ways(m, pool - left) - _log_ways(2 * m, pool)
        return np.where(giver >= self.lump, self.rate * np.exp(ways), 0.0)


def _log_ways(m: float, number: np.ndarray) -> np.ndarray:
    """ln of Γ(n + m)/(n! Γ(m)), the ways to put n quanta into m places."""
    return gammaln(number + m) - gammaln(number + 1) - gammaln(m)


def _negative_binomial(m: float, density: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers that a bath of shape m can hold, and their probabilities."""
    if density == 0:
        return np.zeros(1), np.ones(1)
    odds = density / (1 + density)
    spread = np.sqrt(m * density * (1 + density))
    number = np.arange(int(m * density + 12 * spread + 45 / -np.log(odds)) + 1.0)
    return number, np.exp(_log_ways(m, number) + number * np.log(odds) - m * np.log1p(density))
