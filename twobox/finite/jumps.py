r"""Jump processes: whole quanta that hop along a chain of boxes between two baths.

A law is a rate for a quantum (or a lump of several) to go across a bond, up(x_i, x_j) from left to right and down(x_i,
x_j) from right to left. It is written in densities, x = n/N with N the size of a box, so that a bath is a box of fixed
density and the white-noise model of eqs. (2) and (3) follows from the same two functions:

.. math::
    A = \sum_k k\,(\mathrm{up}_k - \mathrm{down}_k), \qquad B = \sum_k k^2\,(\mathrm{up}_k + \mathrm{down}_k).

Here are the process, the laws that have names, its stationary distribution and the full statistics of its current
without approximation, and simulations that are exact in law. A simulation is cut into shares, a fixed number for the
given arguments, each with its own seed: the same seed gives the same numbers, in whatever order and on however many
workers the shares are run.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu
from scipy.special import gammaln

from twobox import _checks
from twobox.chain import Chain
from twobox.finite import ensembles
from twobox.model.contacts import Contact
from twobox.model.substances import DENSITY, IntensiveVariable, Substance
from twobox.model.system import System

# States that a master equation may have unless the caller says otherwise: seconds, and a gigabyte for the longest chains.
_LIMIT = 50_000
# Entries of a simulation's tables.
_TABLE = 2**25
# Fraction of the jumps that a cut-off may forbid, and the far smaller probability above a cut-off that is chosen here.
_NEGLECTED = 1e-9
_TAIL = 1e-14
# Below this, relative to the largest rate of a law, a rate is what rounding left of zero.
_ROUNDING = 1e-14
# Fraction of the jumps that a cut-off may forbid in a simulation.
_FORBIDDEN = 1e-6
# Trajectories in one share: its arrays stay in the cache of one core.
_SHARE = 4096


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
        n = _checks.whole("n", n, at_least=1)
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
    def _moves(self) -> tuple["_Move", ...]:
        """Every way to move, with its rate for each pair of contents; checked."""
        return tuple(move for bond in range(self.n + 1) for move in _moves_across(self, bond))

    def _densities(self, site: int) -> np.ndarray:
        """Densities that a site can have, the baths being sites 0 and n + 1."""
        if site in (0, self.n + 1):
            return np.array([self.left if site == 0 else self.right])
        return np.arange(self.highest[site - 1] + 1) / self.sizes[site - 1]

    def to_system(self) -> System:
        """Return the white-noise model of the same law: mean current A and noise strength B of each bond, at leading order.

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

    def generator(self, *, limit: int = _LIMIT) -> sparse.csc_array:
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
        return _Hops.of(self, limit).tilted(0.0)


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
class _Move:
    """A lump across a bond, positive to the right: its rate for each pair of contents, and the rate that a cut-off forbids."""

    bond: int
    lump: int
    rate: np.ndarray
    forbidden: np.ndarray


def _moves_across(process: JumpProcess, bond: int) -> Iterator[_Move]:
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
            yield _Move(bond, lump, np.where(room, rate, 0.0), np.where(beyond, rate, 0.0))


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
    >>> C = stationary(partial_exclusion(sites=10, left=0.9, right=0.2)).covariance
    >>> bool(np.isclose(C[0, 1], partial_exclusion_correlation(sites=10, left=0.9, right=0.2), rtol=1e-12))
    True
    """
    n = _checks.whole("n", n, at_least=1)
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
    """Return particles that invite each other, hopping at a rate k x_from (1 + x_to); x = n/m with m the shape of a box.

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
    n = _checks.whole("n", n, at_least=1)
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
    >>> found = stationary(shared_quanta(left=0.5, right=0.2))
    >>> bool(np.allclose(found.mean, [0.4, 0.3])), bool(found.covariance[0, 1] > 0)
    (True, True)
    """
    n = _checks.whole("n", n, at_least=1)
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


# The master equation.


@dataclass(frozen=True, eq=False)
class _Hops:
    """All transitions between states: an entry of the generator each, with the lump that crosses, counted to the right."""

    shape: tuple[int, ...]
    source: np.ndarray
    target: np.ndarray
    rate: np.ndarray
    lump: np.ndarray
    forbidden: np.ndarray

    @classmethod
    def of(cls, process: JumpProcess, limit: int) -> "_Hops":
        limit = _checks.whole("limit", limit, at_least=1)
        if process.states > limit:
            raise ValueError(f"limit must be at least the number of states, {process.states}, got {limit}")
        shape = tuple(top + 1 for top in process.highest)
        state = np.arange(process.states)
        held = [0 * state, *np.indices(shape).reshape(len(shape), -1), 0 * state]
        stride = [0, *(int(np.prod(shape[i + 1 :])) for i in range(len(shape))), 0]
        parts, forbidden = [], np.zeros(state.size)
        for move in process._moves:
            pair = held[move.bond], held[move.bond + 1]
            rate, forbidden = move.rate[pair], forbidden + move.forbidden[pair]
            goes = np.flatnonzero(rate)
            shift = move.lump * (stride[move.bond + 1] - stride[move.bond])
            parts.append((goes, goes + shift, rate[goes], np.full(goes.size, move.lump)))
        source, target, rate, lump = (np.concatenate(part) for part in zip(*parts))
        return cls(shape, source, target, rate, lump, forbidden)

    @property
    def states(self) -> int:
        return len(self.forbidden)

    @property
    def out(self) -> np.ndarray:
        """Total rate at which each state is left."""
        return np.bincount(self.source, self.rate, self.states)

    def tilted(self, field: float) -> sparse.csc_array:
        """The generator with the counting field spread evenly over all bonds."""
        weighted = self.rate * np.exp(field * self.lump / (len(self.shape) + 1))
        return self._matrix(weighted) - sparse.diags_array(self.out, format="csc")

    def counted(self, power: int) -> sparse.csc_array:
        """The derivative of that order of the tilted generator at zero field."""
        return self._matrix(self.rate * (self.lump / (len(self.shape) + 1)) ** power)

    def _matrix(self, values: np.ndarray) -> sparse.csc_array:
        return sparse.csc_array((values, (self.target, self.source)), shape=(self.states, self.states))

    def recurrent(self, name: str) -> np.ndarray:
        """The states that are visited for ever, in rising order; refused unless they hang together."""
        count, label = connected_components(self._matrix(self.rate), connection="strong")
        closed = np.ones(count, bool)
        closed[label[self.source[label[self.source] != label[self.target]]]] = False
        if closed.sum() > 1:
            raise ValueError(f"{name}: the chain must not be reducible, got {closed.sum()} stationary states")
        states = np.flatnonzero(closed[label])
        if states.size == 1:
            held = tuple(int(i) for i in np.unravel_index(states[0], self.shape))
            raise ValueError(f"{name}: something must move for ever, got a chain that stops at {held}")
        return states


@dataclass(frozen=True, eq=False)
class Distribution:
    """A probability for each state of the boxes, and its moments.

    Parameters
    ----------
    probability : array_like, shape (N_1 + 1, …, N_n + 1)
        P[n_1, …, n_n], adding up to one.
    neglected : float
        Probability that a jump is one that a cut-off forbids; 0 where nothing is cut off.

    Raises
    ------
    ValueError
        If a probability is negative or they do not add up to one.

    Examples
    --------
    Two coins that always show the same side:

    >>> coins = Distribution([[0.5, 0.0], [0.0, 0.5]])
    >>> coins.mean.tolist(), coins.covariance.tolist()
    ([0.5, 0.5], [[0.25, 0.25], [0.25, 0.25]])
    """

    probability: np.ndarray
    neglected: float = 0.0

    def __post_init__(self) -> None:
        P = _checks.real("probability", self.probability, at_least=-1e-14).copy()
        if P.ndim == 0 or not np.isclose(P.sum(), 1, rtol=1e-10):
            raise ValueError(f"probability must add up to 1 over the boxes' states, got {P.sum():.12g}")
        P.setflags(write=False)
        object.__setattr__(self, "probability", P)
        object.__setattr__(self, "neglected", float(_checks.real("neglected", self.neglected, at_least=0, shape=())))

    @cached_property
    def mean(self) -> np.ndarray:
        """⟨n_i⟩, shape (n,)."""
        P = self.probability
        ends = [P.sum(axis=tuple(j for j in range(P.ndim) if j != i)) for i in range(P.ndim)]
        return _frozen([np.arange(len(one)) @ one for one in ends])

    @cached_property
    def covariance(self) -> np.ndarray:
        """C_ij = ⟨δn_i δn_j⟩, shape (n, n)."""
        P, departure = self._departures
        return _frozen(np.einsum("is,js,s->ij", departure, departure, P, optimize=True))

    @cached_property
    def third_cumulants(self) -> np.ndarray:
        """⟨δn_i δn_j δn_k⟩, shape (n, n, n)."""
        P, departure = self._departures
        return _frozen(np.einsum("is,js,ks,s->ijk", departure, departure, departure, P, optimize=True))

    @property
    def _departures(self) -> tuple[np.ndarray, np.ndarray]:
        held = np.indices(self.probability.shape).reshape(self.probability.ndim, -1)
        return self.probability.reshape(-1), held - self.mean[:, None]


def _frozen(values: ArrayLike) -> np.ndarray:
    array = np.array(values)
    array.setflags(write=False)
    return array


def _factorised(matrix: sparse.csc_array) -> Any:
    """Sparse LU of a matrix whose columns are dominated by their diagonal: no pivoting is needed, and no digit lost."""
    options = {"SymmetricMode": True}
    return splu(sparse.csc_matrix(matrix), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)


class _Stationary:
    """The stationary distribution on the recurrent states, and solutions of G x = y for y that add up to nothing.

    The probability of one state, the closest to the straight profile, is fixed to one; its row and column go.
    """

    def __init__(self, process: JumpProcess, limit: int, tolerance: float) -> None:
        tolerance = float(_checks.real("tolerance", tolerance, at_least=0, shape=()))
        self.hops = _Hops.of(process, limit)
        self.states = self.hops.recurrent(process.name)
        generator = self.restricted(self.hops.tilted(0.0))
        central = _closest_to_straight(process, np.unravel_index(self.states, self.hops.shape))
        keep = np.arange(self.states.size) != central
        self._keep = keep
        self._lu = _factorised(generator[keep][:, keep])
        arrive = generator[:, np.flatnonzero(~keep)].toarray()[keep, 0]
        self.probability = np.ones(self.states.size)
        self.probability[keep] = self._lu.solve(-arrive)
        self.probability /= self.probability.sum()
        self.refuse_cut_off(process.name, self.probability, tolerance)
        residual = np.abs(generator @ self.probability)
        if not np.all(residual <= 1e-10 * np.max(self.hops.out[self.states] * self.probability)):
            raise ValueError(
                f"{process.name}: rates differ too widely for a stationary state, residual {residual.max():g}"
            )

    def restricted(self, matrix: sparse.csc_array) -> sparse.csc_array:
        if self.states.size == self.hops.states:
            return matrix
        return matrix[self.states][:, self.states]

    def neglected(self, probability: np.ndarray) -> float:
        """Fraction of the jumps that the cut-off forbids."""
        forbidden, out = (float(rate[self.states] @ probability) for rate in (self.hops.forbidden, self.hops.out))
        return forbidden / (forbidden + out)

    def refuse_cut_off(self, name: str, probability: np.ndarray, tolerance: float) -> None:
        neglected = self.neglected(probability)
        if neglected > tolerance:
            raise ValueError(
                f"{name}: highest must be larger, got a cut-off that forbids a fraction {neglected:.3g} of the jumps "
                f"(tolerance {tolerance:g})"
            )

    def solve(self, right_side: np.ndarray) -> np.ndarray:
        """Return x with G x = `right_side` that adds up to nothing."""
        x = np.zeros(self.states.size)
        x[self._keep] = self._lu.solve(right_side[self._keep])
        return x - x.sum() * self.probability


def stationary(process: JumpProcess, *, limit: int = _LIMIT, tolerance: float = _NEGLECTED) -> Distribution:
    """Return the stationary distribution, from the master equation by sparse elimination.

    Parameters
    ----------
    process : JumpProcess
    limit : int
        States that it may have (`JumpProcess.states`). Two boxes of 300 places are 90,601 states and take about a
        second; time and memory grow faster for long chains.
    tolerance : float
        Largest allowed probability that a jump is one that a cut-off forbids.

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If there are more states than `limit`, the cut-off neglects more than `tolerance`, nothing moves, or there are
        several stationary states.

    Examples
    --------
    >>> found = stationary(partial_exclusion(sites=1, left=1.0, right=0.0))
    >>> bool(np.allclose(found.probability, [[1 / 6, 1 / 6], [1 / 2, 1 / 6]]))
    True
    """
    solved = _Stationary(_a_process(process), limit, tolerance)
    P = np.zeros(solved.hops.states)
    P[solved.states] = solved.probability
    return Distribution(P.reshape(solved.hops.shape), solved.neglected(solved.probability))


def _a_process(process: Any) -> JumpProcess:
    if not isinstance(process, JumpProcess):
        raise ValueError(f"process must be a JumpProcess, got {process!r}")
    return process


def current_cumulants(
    process: JumpProcess, *, orders: int = 4, limit: int = _LIMIT, tolerance: float = _NEGLECTED
) -> np.ndarray:
    r"""Return the cumulants of the quanta Q that pass in a long time, each divided by the time.

    Mean current, noise S, third cumulant and so on: the derivatives at s = 0 of `cumulant_generating_function`, from
    perturbation theory of the tilted generator,

    .. math:: \lambda_m = \sum_{j=1}^m \binom mj \mathbf 1^T G_j r_{m-j}, \qquad
        G_0 r_m = \sum_{j=1}^m \binom mj (\lambda_j - G_j)\,r_{m-j},

    with r_0 the stationary distribution and the other r_m adding up to nothing: one factorisation, no differences.

    Parameters
    ----------
    process : JumpProcess
    orders : int
        How many cumulants.
    limit, tolerance
        As for `stationary`.

    Returns
    -------
    ndarray, shape (orders,)
        The same whatever bond Q is counted on.

    Raises
    ------
    ValueError
        As for `stationary`.

    Examples
    --------
    At a full and an empty bath two boxes of one place have a Fano factor of 4/9:

    >>> J, S = current_cumulants(partial_exclusion(sites=1, left=1.0, right=0.0), orders=2)
    >>> bool(np.isclose(J, 1 / 3)), bool(np.isclose(S / J, 4 / 9))
    (True, True)
    """
    orders = _checks.whole("orders", orders, at_least=1)
    solved = _Stationary(_a_process(process), limit, tolerance)
    counted = [solved.restricted(solved.hops.counted(power)) for power in range(1, orders + 1)]
    vectors, found = [solved.probability], []
    for m in range(1, orders + 1):
        binomial = [math.comb(m, j) for j in range(m + 1)]
        pushed = sum(binomial[j] * (counted[j - 1] @ vectors[m - j]) for j in range(1, m + 1))
        found.append(pushed.sum())
        if m < orders:
            kept = sum(binomial[j] * found[j - 1] * vectors[m - j] for j in range(1, m + 1))
            vectors.append(solved.solve(kept - pushed))
    return _frozen(found)


def cumulant_generating_function(
    process: JumpProcess, s: ArrayLike, *, limit: int = _LIMIT, tolerance: float = _NEGLECTED
) -> np.ndarray:
    r"""Return :math:`\lambda(s) = \lim \ln\langle e^{sQ}\rangle/t`, Q being the quanta that have passed from left to right.

    It is the largest eigenvalue of the tilted generator. The field is spread evenly over the bonds, s/(n + 1) on each,
    which keeps the eigenvectors flat; on one bond alone they would range over :math:`e^{sN}`.

    Parameters
    ----------
    process : JumpProcess
    s : array_like
        Counting field.
    limit, tolerance
        As for `stationary`, and there for the chain conditioned on the current that s selects.

    Returns
    -------
    ndarray, shape of `s`

    Raises
    ------
    ValueError
        As for `stationary`, or if s is so large that no eigenvalue can be told from rounding.

    Notes
    -----
    Inverse iteration for both eigenvectors, from above: those of the largest eigenvalue, and no others, are positive,
    and the largest of (G r)_i/r_i is not below it [Noda, Numer. Math. 17, 382 (1971)]. The eigenvalue is the quotient
    (l G r)/(l r); its error is the mean of G r - λ r weighted with l, whose size is brought below 10⁻¹² of the rates.

    Examples
    --------
    One box of any size, full and empty baths:

    >>> found = cumulant_generating_function(partial_exclusion(sites=7, left=1.0, right=0.0, n=1), [-1.0, 0.5])
    >>> bool(np.allclose(found, np.sqrt(np.exp([-1.0, 0.5])) - 1, atol=1e-12))
    True
    """
    fields = _checks.real("s", s)
    solved = _Stationary(_a_process(process), limit, tolerance)
    values = np.empty(fields.size)
    for k, field in enumerate(fields.reshape(-1)):
        matrix = solved.restricted(solved.hops.tilted(float(field)))
        values[k], both = _largest_eigenvalue(matrix, solved.probability)
        solved.refuse_cut_off(process.name, both, tolerance)
    return values.reshape(fields.shape)


def _largest_eigenvalue(matrix: sparse.csc_array, right: np.ndarray) -> tuple[float, np.ndarray]:
    """Return it, and the product of its two eigenvectors, adding up to one; start from a guess of the right one."""
    rates = np.abs(matrix.data).max()
    one = sparse.eye_array(matrix.shape[0], format="csc")
    left, margin = np.ones(matrix.shape[0]), 1.0
    for _ in range(100):
        pushed = matrix @ right
        weight = left @ right
        value = float(left @ pushed / weight)
        departure = np.abs(pushed - value * right)
        if left @ departure <= 1e-12 * rates * weight:
            return value, left * right / weight
        above = np.max(pushed[right > 0] / right[right > 0])
        # Close above the quotient is quicker than the bound, and as safe as long as the vectors stay positive.
        shift = min(above, value + margin * departure.sum())
        lu = _factorised((shift + 1e-13 * rates) * one - matrix)
        closer = right, left
        for _ in range(3):
            closer = lu.solve(closer[0]), lu.solve(closer[1], trans="T")
            closer = closer[0] / closer[0].sum(), closer[1] / closer[1].sum()
        if all(np.all(vector >= 0) for vector in closer):
            (right, left), margin = closer, max(margin / 2, 1.0)
        else:
            margin *= 4
    raise ValueError(f"s must leave an eigenvalue that can be told from rounding, got {value:.6g} in doubt")


# Simulation, exact in law.


@dataclass(frozen=True, eq=False)
class Averages:
    """Stationary averages measured over independent trajectories.

    Attributes
    ----------
    mean, mean_error : ndarray, shape (n,)
        Mean numbers and their standard errors, taken over independent trajectories and hence free of autocorrelation.
    covariance, covariance_error : ndarray, shape (n, n)
        Covariance and its standard errors.
    currents, currents_error : ndarray, shape (n + 1,)
        Mean current of each bond, quanta per time from left to right, as an average of the rates.
    """

    mean: np.ndarray
    mean_error: np.ndarray
    covariance: np.ndarray
    covariance_error: np.ndarray
    currents: np.ndarray
    currents_error: np.ndarray


@dataclass(frozen=True, eq=False)
class Record:
    """What many independent trajectories held, and what had passed, at given times.

    Attributes
    ----------
    times : ndarray, shape (times,)
    contents : ndarray, shape (times, trajectories, n)
        Quanta in each box.
    transferred : ndarray, shape (times, trajectories, n + 1)
        Net quanta through each bond from left to right since time 0.
    """

    times: np.ndarray
    contents: np.ndarray
    transferred: np.ndarray

    def two_time_covariance(self) -> tuple[np.ndarray, np.ndarray]:
        """Return C_ij(t) = ⟨δn_i(t) δn_j(t₀)⟩, t₀ the first of the times, and its standard errors, shape (times, n, n)."""
        first = self.contents[0] - self.contents[0].mean(axis=0)
        parts = []
        for contents in self.contents:
            products = (contents - contents.mean(axis=0))[:, :, None] * first[:, None, :]
            parts.append((products.sum(axis=0) / (len(products) - 1), _standard_error(products)))
        values, errors = (np.array(part) for part in zip(*parts))
        return values, errors

    def transfer_mean(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ⟨Q_b(t)⟩ and its standard errors, shape (times, n + 1)."""
        return self.transferred.mean(axis=1), _standard_error(self.transferred, axis=1)

    def transfer_variance(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the variance of Q_b(t) and its standard errors, shape (times, n + 1)."""
        squares = (self.transferred - self.transferred.mean(axis=1, keepdims=True)) ** 2
        return squares.sum(axis=1) / (squares.shape[1] - 1), _standard_error(squares, axis=1)


def _standard_error(values: np.ndarray, axis: int = 0) -> np.ndarray:
    return values.std(axis=axis, ddof=1) / np.sqrt(values.shape[axis])


def jump_chain(
    process: JumpProcess,
    *,
    jumps: int,
    trajectories: int,
    seed: int,
    warm_up: float | None = None,
    limit: int = _LIMIT,
    executor: Executor | None = None,
    progress: bool | None = False,
) -> Averages:
    """Simulate the chain of jumps without its clock: the quickest way to stationary averages where the states are few.

    A state is left after a random time of mean 1/r, r its total rate. The averages take each visit with the weight 1/r,
    the mean in place of the random number, which makes them more precise [Fox and Glynn, SIAM J. Appl. Math. 50, 1457
    (1990)]. Where to go is one look-up in an alias table; one random number of 32 bits decides it, which resolves
    probabilities of 2⁻³².

    Parameters
    ----------
    process : JumpProcess
    jumps : int
        Jumps of each trajectory that are measured; rounded up so that a chain which alternates is seen in all its
        phases.
    trajectories : int
        Number of independent trajectories, at least 2.
    seed : int
        Not negative; the same seed gives the same numbers, whatever the executor.
    warm_up : float, optional
        Time for which each trajectory runs before it is measured; ten relaxation times of the white-noise model if left
        out.
    limit : int
        States that the process may have.
    executor : concurrent.futures.Executor, optional
        Where the shares of the work run; here and now if left out.
    progress : bool
        True: a bar that counts the shares; None: a bar where the work takes long; False: none (see `ensembles.run`).

    Returns
    -------
    Averages

    Raises
    ------
    ValueError
        If an argument is out of range, there are more states than `limit`, nothing moves or the chain is reducible, or
        the trajectories run into a cut-off.

    Examples
    --------
    >>> process = partial_exclusion(sites=20, left=0.9, right=0.2)
    >>> run = jump_chain(process, jumps=2000, trajectories=500, seed=1)
    >>> bool(abs(run.mean[0] - 20 * (2 * 0.9 + 0.2) / 3) < 5 * run.mean_error[0])
    True
    """
    jumps = _checks.whole("jumps", jumps, at_least=1)
    shares = _shares(trajectories, seed)
    hops = _Hops.of(_a_process(process), limit)
    states = hops.recurrent(process.name)
    plan = _Plan.of(process, warm_up, hops.out.max(), jumps)
    start = states[_closest_to_straight(process, np.unravel_index(states, hops.shape))]
    work = partial(_jump_share, _JumpTables.of(process, hops), plan, int(start))
    sums = np.concatenate(ensembles.run(work, shares, executor=executor, progress=progress))
    return _averages(process, sums)


def ring_bonds(
    process: JumpProcess,
    *,
    duration: float,
    trajectories: int,
    seed: int,
    warm_up: float | None = None,
    executor: Executor | None = None,
    progress: bool | None = False,
) -> Averages:
    """Simulate a chain of any length by ringing its bonds, one at a time and all alike, and letting the law answer.

    Bells ring at a constant total rate Λ; a bond that rings moves a lump with its rate over that of its bell, and most
    often for small rates nothing. Averages over rings are averages over time.

    Parameters
    ----------
    process : JumpProcess
    duration : float
        Measured time of each trajectory: the rings of that time, in the mean.
    trajectories, seed, warm_up, executor, progress
        As for `jump_chain`.

    Returns
    -------
    Averages

    Raises
    ------
    ValueError
        If an argument is out of range, or the trajectories run into a cut-off.

    Notes
    -----
    A bond and what it does come from one random number of 32 bits, which resolves probabilities of (n + 1) 2⁻³².

    Examples
    --------
    >>> process = partial_exclusion(sites=5, left=0.9, right=0.2, n=4)
    >>> run = ring_bonds(process, duration=100, trajectories=500, seed=1)
    >>> bool(np.all(abs(run.currents - 0.7 / 5) < 5 * run.currents_error))
    True
    """
    duration = _checks.positive("duration", duration)
    shares = _shares(trajectories, seed)
    bells = _Bells.of(_a_process(process))
    plan = _Plan.of(process, warm_up, bells.rate, math.ceil(duration * bells.rate))
    work = partial(_ring_share, bells, plan, _straight(process))
    sums = np.concatenate(ensembles.run(work, shares, executor=executor, progress=progress))
    return _averages(process, sums)


def record(
    process: JumpProcess,
    *,
    times: ArrayLike,
    trajectories: int,
    seed: int,
    warm_up: float | None = None,
    start: ArrayLike | None = None,
    executor: Executor | None = None,
    progress: bool | None = False,
) -> Record:
    """Follow trajectories in real time, and return what they hold and what has passed at each of the `times`.

    The bonds are rung as in `ring_bonds`, between two times as often as a Poisson number drawn for each trajectory
    says.

    Parameters
    ----------
    process : JumpProcess
    times : array_like, shape (times,)
        Rising, the first at least 0.
    trajectories, seed, executor, progress
        As for `jump_chain`.
    warm_up : float, optional
        Time before time 0; ten relaxation times of the white-noise model if neither it nor `start` is given.
    start : array_like, shape (n,), optional
        What the boxes hold before the warm-up, which is then 0 unless given; left out, close to the straight profile.

    Returns
    -------
    Record

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    Empty boxes fill up; what has come in from the left and not gone on is what they hold:

    >>> process = partial_exclusion(sites=5, left=0.9, right=0.2)
    >>> seen = record(process, times=[1.0, 20.0], trajectories=100, seed=1, start=[0, 0])
    >>> net = seen.transferred[..., :-1] - seen.transferred[..., 1:]
    >>> bool(np.all(net == seen.contents))
    True
    """
    moments = _checks.real("times", times, at_least=0)
    if moments.ndim != 1 or moments.size == 0 or np.any(np.diff(moments) <= 0):
        raise ValueError(f"times must be a rising list of numbers, got {moments.tolist()}")
    shares = _shares(trajectories, seed)
    bells = _Bells.of(_a_process(process))
    if start is None:
        first = _straight(process)
        warm_up = _warm_up(process, warm_up)
    else:
        first = _checked_start(process, start)
        warm_up = 0.0 if warm_up is None else _warm_up(process, warm_up)
    work = partial(_record_share, bells, math.ceil(warm_up * bells.rate), moments, first)
    parts = ensembles.run(work, shares, executor=executor, progress=progress)
    contents, transferred = (np.concatenate(part, axis=1) for part in zip(*parts))
    return Record(_frozen(moments), _frozen(contents), _frozen(transferred))


def _shares(trajectories: int, seed: int) -> list[tuple[int, np.random.SeedSequence]]:
    """Sizes and seeds of the shares: by the arguments alone."""
    trajectories = _checks.whole("trajectories", trajectories, at_least=2)
    seeds = np.random.SeedSequence(_checks.whole("seed", seed, at_least=0)).spawn(-(-trajectories // _SHARE))
    return [(len(part), child) for part, child in zip(np.array_split(np.arange(trajectories), len(seeds)), seeds)]


def _warm_up(process: JumpProcess, warm_up: float | None) -> float:
    if warm_up is not None:
        return float(_checks.real("warm_up", warm_up, at_least=0, shape=()))
    try:
        return 10 * float(process.to_chain().steady_state().relaxation_time)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"warm_up must be given for {process.name}, whose relaxation time is not known: {error}"
        ) from None


def _straight(process: JumpProcess) -> np.ndarray:
    """Contents close to the straight profile."""
    profile = np.linspace(process.left, process.right, process.n + 2)[1:-1]
    return np.clip(np.rint(profile * np.array(process.sizes)), 0, process.highest).astype(np.int64)


def _closest_to_straight(process: JumpProcess, contents: Sequence[np.ndarray]) -> int:
    departure = (np.array(contents, float) - _straight(process)[:, None]) / np.array(process.sizes)[:, None]
    return int(np.argmin(np.sum(departure**2, axis=0)))


def _checked_start(process: JumpProcess, start: ArrayLike) -> np.ndarray:
    values = _checks.real("start", start, at_least=0, shape=(process.n,))
    if np.any(values != np.floor(values)) or np.any(values > process.highest):
        raise ValueError(f"start must be whole numbers up to {list(process.highest)}, got {values.tolist()}")
    return values.astype(np.int64)


@dataclass(frozen=True)
class _Plan:
    """Steps before measuring, steps between two samples, and how many samples.

    Hops alternate: each changes n_1 + 2 n_2 + … by ±1 modulo n + 1, so that the chain of jumps can have a period that
    divides 2 or n + 1. The stride has no factor in common with these, and the samples take every phase equally often.
    """

    warm_up: int
    stride: int
    samples: int

    @classmethod
    def of(cls, process: JumpProcess, warm_up: float | None, rate: float, steps: int) -> "_Plan":
        before = math.ceil(_warm_up(process, warm_up) * rate)
        phases = 2 * (process.n + 1)
        stride = max(1, min(max(before // 150, process.n + 1), steps // phases))
        while math.gcd(stride, phases) > 1:
            stride += 1
        return cls(before, stride, phases * -(-steps // (stride * phases)))


def _alias(probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Walker's alias table of each row: the share of a slot that is its own, and the slot that has the rest."""
    rows, slots = np.arange(len(probability)), probability.shape[1]
    mass = probability * slots
    own, other = np.ones_like(mass), np.tile(np.arange(slots), (len(mass), 1))
    waiting = np.ones(mass.shape, bool)
    for _ in range(slots - 1):
        small = np.argmin(np.where(waiting, mass, np.inf), axis=1)
        large = np.argmax(np.where(waiting, mass, -np.inf), axis=1)
        own[rows, small] = np.clip(mass[rows, small], 0, 1)
        other[rows, small] = large
        mass[rows, large] -= 1 - own[rows, small]
        waiting[rows, small] = False
    return own, other


@dataclass(frozen=True, eq=False)
class _AliasTable:
    """Outcomes of many cases: entry (case << bits | slot) of `threshold`, and of `outcome` with one bit more."""

    bits: int
    threshold: np.ndarray
    outcome: np.ndarray

    @classmethod
    def of(cls, probability: np.ndarray, outcome: np.ndarray) -> "_AliasTable":
        own, other = _alias(probability)
        bits = int(own.shape[1]).bit_length() - 1
        threshold = np.rint(own * 2.0 ** (32 - bits)).astype(np.uint32)
        both = np.stack([outcome, np.take_along_axis(outcome, other, axis=1)], axis=-1)
        return cls(bits, threshold.reshape(-1), both.reshape(-1))


def _slots(count: int, cases: int) -> int:
    """The power of two that holds `count` outcomes, refused where the table would be too large."""
    slots = 1 << max(1, (count - 1).bit_length())
    if slots * cases > _TABLE:
        raise ValueError(
            f"highest must be smaller for a simulation, got tables of {slots * cases} entries (at most {_TABLE})"
        )
    return slots


@dataclass(frozen=True, eq=False)
class _JumpTables:
    """Where each state goes, and what a visit adds to each sum."""

    moves: _AliasTable
    visit: np.ndarray

    @classmethod
    def of(cls, process: JumpProcess, hops: _Hops) -> "_JumpTables":
        order = np.argsort(hops.source, kind="stable")
        source = hops.source[order]
        slot = np.arange(source.size) - np.searchsorted(source, source)
        slots = _slots(int(slot.max()) + 1, hops.states)
        probability, target = np.zeros((hops.states, slots)), np.zeros((hops.states, slots), np.int64)
        probability[source, slot] = hops.rate[order] / hops.out[source]
        target[source, slot] = hops.target[order] * slots
        departure = np.indices(hops.shape).reshape(process.n, -1) - _straight(process)[:, None]
        currents = _currents_of_states(process)
        columns = np.vstack([_columns(departure), currents, hops.forbidden, hops.out])
        return cls(_AliasTable.of(probability, target), np.ascontiguousarray((columns / hops.out).T))


def _columns(departure: np.ndarray) -> np.ndarray:
    """1, δ_i and δ_i δ_j for i ≤ j: the rows whose sums give mean and covariance."""
    i, j = np.triu_indices(len(departure))
    return np.concatenate([np.ones((1, departure.shape[1])), departure, departure[i] * departure[j]])


def _currents_of_states(process: JumpProcess) -> np.ndarray:
    """Net rate through each bond in each state, shape (n + 1, states)."""
    shape = tuple(top + 1 for top in process.highest)
    held = [0, *np.indices(shape).reshape(len(shape), -1), 0]
    currents = np.zeros((process.n + 1, process.states))
    for move in process._moves:
        currents[move.bond] += move.lump * move.rate[held[move.bond], held[move.bond + 1]]
    return currents


def _jump_share(tables: _JumpTables, plan: _Plan, start: int, share: tuple[int, np.random.SeedSequence]) -> np.ndarray:
    """Return the sums of each trajectory of one share, shape (trajectories, columns)."""
    count, seed = share
    rng, bits = np.random.default_rng(seed), tables.moves.bits
    state = np.full(count, start << bits, np.int64)
    sums = np.zeros((count, tables.visit.shape[1]))
    state = _jump(tables.moves, state, plan.warm_up, rng)
    for _ in range(plan.samples):
        state = _jump(tables.moves, state, plan.stride, rng)
        sums += tables.visit.take(state >> bits, axis=0)
    return sums


def _numbers(rng: np.random.Generator, steps: int, count: int) -> Iterator[np.ndarray]:
    """Whole numbers below 2³² for each step, drawn several steps at a time."""
    for done in range(0, steps, 8):
        yield from rng.integers(0, 2**32, (min(8, steps - done), count), dtype=np.uint32)


def _jump(moves: _AliasTable, state: np.ndarray, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Return the states some jumps later; a state is its number, shifted to make room for the slot."""
    bits = moves.bits
    slot, threshold = np.empty(state.size, np.uint32), np.empty(state.size, np.uint32)
    entry, other = np.empty(state.size, np.int64), np.empty(state.size, bool)
    state = state.copy()
    # Everything is written in place: of a step's time, new arrays would take as much as the numbers themselves. Clipping
    # never happens; it is the mode in which `take` writes without a copy.
    for number in _numbers(rng, steps, state.size):
        np.bitwise_and(number, (1 << bits) - 1, out=slot)
        np.add(state, slot, out=entry)
        np.right_shift(number, bits, out=number)
        moves.threshold.take(entry, out=threshold, mode="clip")
        np.greater_equal(number, threshold, out=other)
        np.add(entry, entry, out=entry)
        np.add(entry, other, out=entry)
        moves.outcome.take(entry, out=state, mode="clip")
    return state


@dataclass(frozen=True, eq=False)
class _Bells:
    """What a bond does when it rings, for each pair of contents; a bath counts as holding nothing.

    A case is (bond · width + left) · width + right.
    """

    n: int
    width: int
    rate: float
    moves: _AliasTable
    local: np.ndarray

    @classmethod
    def of(cls, process: JumpProcess) -> "_Bells":
        n, width = process.n, max(process.highest) + 1
        cases = (n + 1) * width**2
        most = max(2 * len(jumps) for jumps in process.bonds) + 1
        slots = _slots(most, cases)
        rates, lumps = np.zeros((slots, n + 1, width, width)), np.zeros((slots, n + 1), np.int64)
        forbidden, filled = np.zeros((n + 1, width, width)), [0] * (n + 1)
        for move in process._moves:
            filled[move.bond] += 1
            place = move.bond, slice(move.rate.shape[0]), slice(move.rate.shape[1])
            rates[(filled[move.bond], *place)] = move.rate
            lumps[filled[move.bond], move.bond] = move.lump
            forbidden[place] += move.forbidden
        out = rates.sum(axis=0)
        bell = out.max()
        if bell == 0:
            raise ValueError(f"{process.name}: something must move for ever, got rates that are all zero")
        rates[0] = bell - out
        currents = np.einsum("sb,sbij->bij", lumps, rates)
        local = np.stack([currents, forbidden, out]).reshape(3, -1)
        probability = np.maximum(rates.reshape(slots, -1).T / bell, 0)
        outcome = np.repeat(lumps.T.astype(np.int16), width**2, axis=0)
        return cls(n, width, float((n + 1) * bell), _AliasTable.of(probability, outcome), local)


def _ring(
    bells: _Bells, held: np.ndarray, rings: int, rng: np.random.Generator, wanted: np.ndarray | None = None
) -> np.ndarray:
    """Ring bonds, in place; return what the left bath gave. `held` has shape (n + 2, trajectories), the baths' rows zero.

    Where `wanted` is given, a trajectory takes only that many of the `rings`.
    """
    count, bits = held.shape[1], bells.moves.bits
    lane, flat, given = np.arange(count), held.reshape(-1), np.zeros(count, np.int64)
    scaled, entry, left, right, n_i, n_j = np.empty((6, count), np.int64)
    threshold = np.empty(count, np.uint32)
    for ring, number in enumerate(_numbers(rng, rings, count)):
        # The whole part of a uniform number times n + 1 is the bond, the fraction says what it does; its top bits the slot.
        np.multiply(number, bells.n + 1, out=scaled, dtype=np.int64)
        np.right_shift(scaled, 32, out=entry)
        np.multiply(entry, count, out=left)
        np.add(left, lane, out=left)
        np.add(left, count, out=right)
        flat.take(left, out=n_i, mode="clip")
        flat.take(right, out=n_j, mode="clip")
        for digit in (n_i, n_j):
            np.multiply(entry, bells.width, out=entry)
            np.add(entry, digit, out=entry)
        scaled &= 2**32 - 1
        np.left_shift(entry, bits, out=entry)
        entry += scaled >> (32 - bits)
        scaled &= (1 << (32 - bits)) - 1
        bells.moves.threshold.take(entry, out=threshold, mode="clip")
        np.left_shift(entry, 1, out=entry)
        entry += scaled >= threshold
        lump = bells.moves.outcome.take(entry)
        if wanted is not None:
            lump *= ring < wanted
        flat[left] = n_i - lump
        flat[right] = n_j + lump
        given -= held[0]
        held[0] = held[-1] = 0
    return given


def _filled(start: np.ndarray, count: int) -> np.ndarray:
    held = np.zeros((len(start) + 2, count), np.int64)
    held[1:-1] = start[:, None]
    return held


def _ring_share(bells: _Bells, plan: _Plan, start: np.ndarray, share: tuple[int, np.random.SeedSequence]) -> np.ndarray:
    """Return the sums of each trajectory of one share, shape (trajectories, columns)."""
    count, seed = share
    rng, held = np.random.default_rng(seed), _filled(start, count)
    _ring(bells, held, plan.warm_up, rng)
    bond = np.arange(bells.n + 1)[:, None]
    sums = np.zeros((bells.n * (bells.n + 1) // 2 + 2 * bells.n + 4, count))
    for _ in range(plan.samples):
        _ring(bells, held, plan.stride, rng)
        case = (bond * bells.width + held[:-1]) * bells.width + held[1:]
        currents, forbidden, out = bells.local[:, case]
        rows = _columns(held[1:-1] - start[:, None])
        sums += np.concatenate([rows, currents, forbidden.sum(axis=0)[None], out.sum(axis=0)[None]])
    return sums.T


def _record_share(
    bells: _Bells, warm_up: int, times: np.ndarray, start: np.ndarray, share: tuple[int, np.random.SeedSequence]
) -> tuple[np.ndarray, np.ndarray]:
    """Return contents (times, trajectories, n) and transfers (times, trajectories, n + 1) of one share."""
    count, seed = share
    rng, held = np.random.default_rng(seed), _filled(start, count)
    _ring(bells, held, warm_up, rng)
    first, given = held[1:-1].copy(), np.zeros(count, np.int64)
    contents = np.empty((len(times), count, bells.n), np.int64)
    transferred = np.empty((len(times), count, bells.n + 1), np.int64)
    for k, interval in enumerate(np.diff(times, prepend=0.0)):
        wanted = rng.poisson(interval * bells.rate, count)
        given += _ring(bells, held, int(wanted.max()), rng, wanted)
        contents[k] = held[1:-1].T
        # What went into bond b and has not stayed in the boxes before it has gone through.
        transferred[k, :, 0] = given
        transferred[k, :, 1:] = given[:, None] - np.cumsum(held[1:-1] - first, axis=0).T
    return contents, transferred


def _averages(process: JumpProcess, sums: np.ndarray) -> Averages:
    """Averages with the weight of the visits, and their errors over trajectories."""
    n, count = process.n, len(sums)
    sums = sums / sums[:, 0].mean()
    forbidden, out = sums[:, -2].sum(), sums[:, -1].sum()
    if forbidden > _FORBIDDEN * out:
        raise ValueError(
            f"{process.name}: highest must be larger, got a cut-off that forbids a fraction {forbidden / out:.3g} "
            "of the jumps"
        )
    weight, first, rest = np.split(sums[:, :-2], [1, n + 1], axis=1)
    second, currents = np.split(rest, [n * (n + 1) // 2], axis=1)
    mean, current = first.mean(axis=0), currents.mean(axis=0)
    departure = first - weight * mean
    i, j = np.triu_indices(n)
    each = second - mean[i] * first[:, j] - mean[j] * first[:, i] + mean[i] * mean[j] * weight
    average = each.mean(axis=0)
    # The mean was fitted to the same data: its variance is missing from the average.
    correction = departure.T @ departure / count / (count - 1)
    values = {
        "mean": _straight(process) + mean,
        "mean_error": _standard_error(departure),
        "covariance": _symmetric(average, n) + correction,
        "covariance_error": _symmetric(_standard_error(each - weight * average), n),
        "currents": current,
        "currents_error": _standard_error(currents - weight * current),
    }
    return Averages(**{name: _frozen(value) for name, value in values.items()})


def _symmetric(upper: np.ndarray, n: int) -> np.ndarray:
    full = np.empty((n, n))
    i, j = np.triu_indices(n)
    full[i, j] = full[j, i] = upper
    return full
