"""Hopping: how does a jump process run in time, in simulations that are exact in law?

A law that is written in `twobox.finite.jumps` is simulated here. Time is not cut into steps: jumps come one by one,
with the probabilities of the process itself. `jump_chain` is the quickest where the states are few, `ring_bonds` takes
a chain of any length, and `record` follows trajectories in real time.

A simulation is cut into shares, a fixed number for the given arguments, each with its own seed: the same seed gives the
same numbers, in whatever order and on however many workers the shares are run.
"""

import math
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from twobox import _checks
from twobox.finite import ensembles
from twobox.finite.jumps import MOST_STATES, JumpProcess, Transitions

# Entries of a simulation's tables.
_TABLE = 2**25
# Fraction of the jumps that a cut-off may forbid.
_FORBIDDEN = 1e-6
# Trajectories in one share: its arrays stay in the cache of one core.
_SHARE = 4096


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
        """Return C_ij(t) = ⟨δn_i(t) δn_j(t₀)⟩ and its errors, shape (times, n, n); t₀ is the first of the times."""
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


def _frozen(values: ArrayLike) -> np.ndarray:
    """A copy that cannot be written to, whole numbers staying whole."""
    array = np.array(values)
    array.setflags(write=False)
    return array


def jump_chain(
    process: JumpProcess,
    *,
    jumps: int,
    trajectories: int,
    seed: int,
    warm_up: float | None = None,
    limit: int = MOST_STATES,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> Averages:
    """Simulate the chain of jumps without its clock: the quickest way to stationary averages where the states are few.

    A state is left after a random time of mean 1/r, r its total rate [Gillespie, J. Phys. Chem. 81, 2340 (1977)]. The
    averages take each visit with the weight 1/r, the mean in place of the random number, which makes them more precise
    [Fox and Glynn, SIAM J. Appl. Math. 50, 1457 (1990)]. Where to go is one look-up in an alias table; one random
    number of 32 bits decides it, which resolves probabilities of 2⁻³².

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
    progress : bool or None
        A bar that counts the shares: None, where the work takes long; True; False (see `ensembles.run`).

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
    >>> from twobox.finite.jumps import partial_exclusion
    >>> process = partial_exclusion(sites=20, left=0.9, right=0.2)
    >>> run = jump_chain(process, jumps=2000, trajectories=500, seed=1)
    >>> bool(abs(run.mean[0] - 20 * (2 * 0.9 + 0.2) / 3) < 5 * run.mean_error[0])
    True
    """
    jumps = _checks.whole("jumps", jumps, at_least=1)
    shares = _shares(trajectories, seed)
    hops = _checks.instance("process", process, JumpProcess).transitions(limit=limit)
    states = hops.recurrent(process.name)
    plan = _Plan.of(process, warm_up, hops.out.max(), jumps)
    start = states[process.closest_to_straight(np.unravel_index(states, hops.shape))]
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
    progress: bool | None = None,
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
    >>> from twobox.finite.jumps import partial_exclusion
    >>> process = partial_exclusion(sites=5, left=0.9, right=0.2, n=4)
    >>> run = ring_bonds(process, duration=100, trajectories=500, seed=1)
    >>> bool(np.all(abs(run.currents - 0.7 / 5) < 5 * run.currents_error))
    True
    """
    duration = _checks.positive("duration", duration)
    shares = _shares(trajectories, seed)
    bells = _Bells.of(_checks.instance("process", process, JumpProcess))
    plan = _Plan.of(process, warm_up, bells.rate, math.ceil(duration * bells.rate))
    work = partial(_ring_share, bells, plan, process.straight_profile)
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
    progress: bool | None = None,
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

    >>> from twobox.finite.jumps import partial_exclusion
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
    bells = _Bells.of(_checks.instance("process", process, JumpProcess))
    if start is None:
        first = process.straight_profile
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
    def of(cls, process: JumpProcess, hops: Transitions) -> "_JumpTables":
        order = np.argsort(hops.source, kind="stable")
        source = hops.source[order]
        slot = np.arange(source.size) - np.searchsorted(source, source)
        slots = _slots(int(slot.max()) + 1, hops.states)
        probability, target = np.zeros((hops.states, slots)), np.zeros((hops.states, slots), np.int64)
        probability[source, slot] = hops.rate[order] / hops.out[source]
        target[source, slot] = hops.target[order] * slots
        departure = np.indices(hops.shape).reshape(process.n, -1) - process.straight_profile[:, None]
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
    for move in process.moves:
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
    # Everything is written in place: of a step's time, new arrays would take as much as the numbers themselves.
    # Clipping never happens; it is the mode in which `take` writes without a copy.
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
        for move in process.moves:
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
    """Ring bonds, in place; return what the left bath gave.

    `held` has shape (n + 2, trajectories), the baths' rows zero. Where `wanted` is given, a trajectory takes
    only that many of the `rings`.
    """
    count, bits = held.shape[1], bells.moves.bits
    lane, flat, given = np.arange(count), held.reshape(-1), np.zeros(count, np.int64)
    scaled, entry, left, right, n_i, n_j = np.empty((6, count), np.int64)
    threshold = np.empty(count, np.uint32)
    for ring, number in enumerate(_numbers(rng, rings, count)):
        # The whole part of a uniform number times n + 1 is the bond, the fraction says what it does; its top bits are
        # the slot.
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
        "mean": process.straight_profile + mean,
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
