r"""Langevin trajectories of eqs. (2) and (3), with honest error bars.

Each step treats the linearised flow exactly,

.. math::
    E' = E^* + e^{R\,dt}(E - E^*) + \varphi(R\,dt)\,dt\,r(E)
         + \sum_b \sqrt{B_b(E)} \int_0^{dt} e^{R(dt-s)} v_b\,dW_b,

with r the part of the drift that is not linear and φ(x) = (eˣ - 1)/x. Where A is linear and B at most quadratic, mean and
covariance of the steps obey the same closed equations as those of the process, so that they carry no time-step error at
all.

Equation (3) does not say where √B is taken while the noise acts. The `reading` α says it: at E + α dE, that is α = 0
for Itô, ½ for Stratonovich and 1 for anti-Itô (Hänggi and Klimontovich). In Itô's words the current of bond b is then

.. math:: J_b = A_b + \tfrac{\alpha}{2}\,v_b\cdot\nabla B_b + \sqrt{B_b}\,\eta_b ,

which moves mean energies by order one and the covariance by a relative 1/N. With the noise of eq. (4), C₁₂ = 0 at equal
baths then holds to leading order in N only. A law A whose L = A/(β_j - β_i) is not a product of one function of each
side has, in general, a false correlation of order N⁰ there unless α = 1: for two boxes of any constant heat capacity
and equal contacts A = T_i⁴ - T_j⁴ it tends to (1 - α)(5/12)T² as they grow. A test of eq. (1) on nonlinear laws by
simulation is a test to leading order.
"""

import warnings
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import expm

from twobox import _checks
from twobox.chain import Chain
from twobox.finite import ensembles
from twobox.model.system import bond_vectors
from twobox.steady.mean import mean_currents

# Steps × trajectories that one call may ask for: some hours on one processor.
MOST_STEPS = 2**34
# The most trajectories in a share: what a step costs beside its arithmetic is then small.
_SHARE = 2000
# Relaxation times of warm-up, before anything is measured.
_WARM_UP = 10
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True, eq=False)
class _Frozen:
    """A result: arrays that cannot be written to, here and after pickling."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, eq=False)
class Ensemble(_Frozen):
    """Moments measured over many independent trajectories.

    Attributes
    ----------
    energies, energies_error : ndarray, shape (n,)
        Mean energies and their standard errors.
    covariance, covariance_error : ndarray, shape (n, n)
        Covariance and its standard errors, taken over independent trajectories and hence free of autocorrelation.
    time_step_error, time_step_error_error : ndarray, shape (n, n)
        Covariance at twice the given step minus that at the step, both driven by the same noise, and its standard
        error.
    clipped : float
        Fraction of steps in which an energy had left its domain; noise and nonlinear drift were then taken at the edge
        of the domain, while the energy itself went on along the linear flow back into it.
    """

    energies: np.ndarray
    energies_error: np.ndarray
    covariance: np.ndarray
    covariance_error: np.ndarray
    time_step_error: np.ndarray
    time_step_error_error: np.ndarray
    clipped: float


@dataclass(frozen=True, eq=False)
class Trajectories(_Frozen):
    """Independent trajectories at given times.

    Attributes
    ----------
    times : ndarray, shape (m,)
        As asked for, in the chain's unit of time.
    energies : ndarray, shape (m, trajectories, n)
        Energy of each box.
    transferred : ndarray, shape (m, trajectories, n + 1)
        What has passed each bond from left to right since time 0, ∫ J_b dt. With `bond_vectors`, ``transferred @
        vectors`` is the change of the energies since time 0.
    clipped : float
        Fraction of steps in which an energy had left its domain, as in `Ensemble`.
    """

    times: np.ndarray
    energies: np.ndarray
    transferred: np.ndarray
    clipped: float


def langevin(
    chain: Chain,
    *,
    duration: float,
    time_step: float,
    trajectories: int,
    seed: int,
    start: ArrayLike | None = None,
    reading: float = 0.0,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> Ensemble:
    """Simulate a chain and return the `Ensemble` of its steady state.

    Parameters
    ----------
    chain : Chain
        With scalar baths.
    duration : float
        Measured time of each trajectory, in units of the slowest relaxation time τ; at least 10 τ of warm-up come
        before it.
    time_step : float
        Step in units of the fastest relaxation time.
    trajectories : int
        Number of independent trajectories, at least 2.
    seed : int
        Not negative; the same seed gives the same bytes whatever the number of workers, and the same numbers up to
        rounding on any processor.
    start : array_like, shape (n,) or (trajectories, n), optional
        Energies before the warm-up, which is the longer the farther they are, by τ for each factor e of their distance
        in standard deviations. Left out: drawn from the normal distribution of the `SteadyState`.
    reading : float
        α, from 0 to 1: √B in eq. (3) is taken at E + α dE. 0 Itô, ½ Stratonovich, 1 anti-Itô. The paper does not say;
        at leading order in the size it does not matter.
    executor : concurrent.futures.Executor, optional
        Where the shares of the work are computed (see `twobox.finite.ensembles.run`); left out: in the calling process.
        A share has up to 2000 trajectories: many workers are kept busy by many trajectories, not by a long duration.
    progress : bool or None
        A bar that counts the shares (see `twobox.finite.ensembles.run`).

    Returns
    -------
    Ensemble

    Raises
    ------
    ValueError
        If an argument is out of range, the baths are arrays, or steps × trajectories come to more than `MOST_STEPS` =
        2³⁴, or the memory to more than 4 GB.

    Warns
    -----
    RuntimeWarning
        If energies left their domain in more than one step in ten thousand: the boxes are too small for eq. (3).

    Notes
    -----
    The stepping error is none for linear A with B at most quadratic, and first order in the step otherwise; either way
    it is measured and returned, as the change of the covariance when the step is doubled under the same noise.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=1.0)
    >>> run = langevin(chain, duration=20, time_step=0.5, trajectories=500, seed=1)
    >>> bool(abs(run.energies[0] - 250 / 3) < 5 * run.energies_error[0])
    True
    """
    duration = _checks.positive("duration", duration)
    time_step = float(_checks.real("time_step", time_step, above=0, at_most=1e6, shape=()))
    trajectories = ensembles.integer("trajectories", trajectories, at_least=2)
    model = _Model(chain, _reading(reading))
    start = _start(start, model, trajectories)
    slowest, fastest = model.times
    dt = time_step * fastest
    with np.errstate(divide="ignore", over="ignore"):
        per_time = np.divide(slowest, 2 * dt)  # double steps in a slowest relaxation time
        steps = max(2, _ceil(duration * per_time))
    warm_up = _ceil(_warm_up(start, model) * per_time)
    _refuse_work(2.0 * (warm_up + steps), trajectories, "duration, time_step and trajectories")
    n = len(model.centre)
    gigabytes = 4 * 8e-9 * trajectories * n * (n + 1)
    if gigabytes > 4:
        raise ValueError(f"trajectories must fit into 4 GB of memory, got {trajectories}: {gigabytes:.3g} GB")

    plan = _SteadyPlan(model, _Step(model, dt), _Step(model, 2 * dt), int(warm_up), int(steps))
    work = _share_out(trajectories, seed, start)
    fine, coarse, outside = zip(*ensembles.run(plan, work, executor=executor, progress=progress))
    clipped = float(sum(outside) / (2 * steps * trajectories))
    _warn_if_clipped(clipped)
    mean, mean_error, covariance, covariance_error, each = _Sums.joined(fine).moments()
    bias = _Sums.joined(coarse).moments()[-1] - each
    return Ensemble(mean, mean_error, covariance, covariance_error, bias.mean(axis=0), _standard_error(bias), clipped)


def trajectories(
    chain: Chain,
    *,
    times: ArrayLike,
    time_step: float,
    trajectories: int,
    seed: int,
    start: ArrayLike | None = None,
    reading: float = 0.0,
    memory: float = 1.0,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> Trajectories:
    r"""Simulate a chain and return its `Trajectories`: energies, and what has passed each bond, at given times.

    Parameters
    ----------
    chain : Chain
        With scalar baths.
    times : array_like, shape (m,)
        When to look, in the chain's unit of time (that of 1/rate): increasing, not negative.
    time_step : float
        The longest step, in units of the fastest relaxation time; equal steps lead from each of the `times` to the
        next.
    trajectories : int
        Number of independent trajectories, at least 1.
    seed : int
        Not negative; the same seed gives the same bytes whatever the number of workers.
    start : array_like, shape (n,) or (trajectories, n), optional
        Energies at time 0. Left out: the steady state, by a warm-up of 10 relaxation times before time 0.
    reading : float
        α, from 0 to 1, as in `langevin`.
    memory : float
        What the results may take, in GB (10⁹ bytes): 8 m × trajectories × (2n + 1) bytes, and as much again while they
        are joined.
    executor, progress
        As in `langevin`.

    Returns
    -------
    Trajectories

    Raises
    ------
    ValueError
        If an argument is out of range, the baths are arrays, the results would take more than `memory`, or steps ×
        trajectories come to more than `MOST_STEPS`.

    Warns
    -----
    RuntimeWarning
        If energies left their domain in more than one step in ten thousand.

    Notes
    -----
    What passes a bond in a step is the integral of its current along the same linearised flow, with the same noise,

    .. math::
        Q_b = \int_0^{dt} \bigl[J^* + G_b\,(E - E^*) + r_b\bigr] ds + \sqrt{B_b}\,\Delta W_b ,

    so that energy is conserved to rounding, and with linear A and at most quadratic B mean and covariance of Q have no
    time-step error in the steady state.

    Examples
    --------
    Heat a cold gas between two hot baths; it relaxes as the mean equations say:

    >>> from twobox import Chain, bond_vectors, ideal_gas
    >>> chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=2.0)
    >>> runs = trajectories(chain, times=[0, 50, 500], time_step=0.5, trajectories=400, seed=1, start=[50, 50])
    >>> runs.energies.shape, runs.transferred.shape
    ((3, 400, 2), (3, 400, 3))
    >>> bool(np.isclose(runs.energies[1].mean(), 100 - 50 * np.exp(-1), rtol=0.03))
    True
    >>> np.allclose(runs.transferred @ bond_vectors(2), runs.energies - 50)
    True
    """
    looks = _times(times)
    time_step = float(_checks.real("time_step", time_step, above=0, at_most=1e6, shape=()))
    trajectories = ensembles.integer("trajectories", trajectories, at_least=1)
    memory = _checks.positive("memory", memory)
    model = _Model(chain, _reading(reading))
    start = _start(start, model, trajectories)
    longest = time_step * model.times[1]
    n = len(model.centre)
    gigabytes = 8e-9 * len(looks) * trajectories * (2 * n + 1)
    if gigabytes > memory:
        raise ValueError(
            f"times and trajectories ask for {gigabytes:.3g} GB of results, memory allows {memory:g} GB: "
            "raise memory, or ask for less"
        )
    spans = np.diff(looks, prepend=0.0)
    with np.errstate(all="ignore"):
        counts = np.where(spans > 0, np.maximum(_ceil(spans / longest), 1), 0)
        warm_up = 0.0 if start is not None else _ceil(np.divide(_WARM_UP * model.times[0], longest))
    _refuse_work(warm_up + counts.sum(), trajectories, "times, time_step and trajectories")

    # Equal spans up to rounding share one step.
    lengths = [float(f"{span / count:.12g}") if count else 0.0 for span, count in zip(spans, counts)]
    steps = {length: _Step(model, length) for length in {*lengths, longest} if length}
    plan = _TimesPlan(model, steps, list(zip(lengths, counts.astype(int).tolist())), longest, int(warm_up))
    work = _share_out(trajectories, seed, start)
    parts = ensembles.run(plan, work, executor=executor, progress=progress)
    energies, transferred = (np.concatenate([part[i] for part in parts], axis=1) for i in (0, 1))
    clipped = float(sum(part[2] for part in parts) / max(1.0, (warm_up + counts.sum()) * trajectories))
    _warn_if_clipped(clipped)
    return Trajectories(looks, energies, transferred, clipped)


def _reading(reading):
    if isinstance(reading, (str, bool)):
        raise ValueError(f"reading must be a number from 0 (Itô) to 1 (anti-Itô), ½ for Stratonovich, got {reading!r}")
    return float(_checks.real("reading", reading, at_least=0, at_most=1, shape=()))


def _times(times):
    times = _checks.real("times", times, at_least=0).copy()
    if times.ndim != 1 or len(times) == 0:
        raise ValueError(f"times must have shape (m,) with m >= 1, got {times.shape}")
    if np.any(np.diff(times) <= 0):
        first = np.argmax(np.diff(times) <= 0)
        raise ValueError(f"times must increase, got {times[first]:g} before {times[first + 1]:g}")
    return times


def _start(start, model, trajectories):
    """Return start energies of shape (n, trajectories), or None."""
    if start is None:
        return None
    start = _checks.real("start", start)
    n = len(model.centre)
    if start.shape not in ((n,), (trajectories, n)):
        raise ValueError(f"start must have shape ({n},) or ({trajectories}, {n}), got {start.shape}")
    for box, (lowest, highest) in enumerate(zip(model.lowest[:, 0], model.highest[:, 0])):
        held = start[..., box]
        if np.any((held < lowest) | (held > highest)):
            outside = held[(held < lowest) | (held > highest)].flat[0]
            raise ValueError(f"start must lie from {lowest:g} to {highest:g} in box {box + 1}, got {outside:g}")
    return np.broadcast_to(start, (trajectories, n)).T


def _warm_up(start, model):
    """Return relaxation times of warm-up, after which the start is forgotten."""
    if start is None:
        return _WARM_UP
    away = np.abs(start - model.centre).max(axis=1)
    spread = np.sqrt(np.diagonal(model.covariance))
    return _WARM_UP + np.log1p(np.max(away[spread > 0] / spread[spread > 0], initial=0.0))


def _ceil(count):
    """Round up to whole steps, as floats: they may be absurdly many. A hair above a whole number counts as that."""
    return np.ceil(count * (1 - 1e-9))


def _refuse_work(steps, trajectories, names):
    if not steps * trajectories <= MOST_STEPS:
        raise ValueError(
            f"{names} must ask for at most {MOST_STEPS} steps in all, got {steps:.3g} × {trajectories}: "
            "for more, add up runs with other seeds"
        )


def _warn_if_clipped(clipped):
    if clipped > 1e-4:
        warnings.warn(
            f"energies left their domain in {clipped:.1e} of the steps: "
            "the boxes are too small for white noise (eq. 3)",
            RuntimeWarning,
            stacklevel=3,
        )


def _share_out(trajectories, seed, start):
    """Return shares (SeedSequence, count, start energies or None)."""
    work, first = [], 0
    for sequence, count in ensembles.shares(trajectories, seed=seed, size=_SHARE):
        work.append((sequence, count, None if start is None else np.array(start[:, first : first + count])))
        first += count
    return work


def _standard_error(each):
    return each.std(axis=0, ddof=1) / np.sqrt(len(each))


class _Sums:
    """Sums over time of E and E Eᵀ about an `origin`, one for each trajectory; boxes come first, trajectories last."""

    def __init__(self, origin, count):
        n = len(origin)
        self.origin, self.count = origin, 0
        self.first, self.second = np.zeros((n, count)), np.zeros((n, n, count))

    def add(self, energies):
        moved = energies - self.origin
        self.count += 1
        self.first += moved
        for box, one in enumerate(moved):  # the upper triangle
            self.second[box, box:] += one * moved[box:]

    @classmethod
    def joined(cls, parts):
        """The sums of several shares, trajectories side by side in the order of the shares."""
        whole = cls(parts[0].origin, 0)
        whole.count = parts[0].count
        whole.first = np.concatenate([part.first for part in parts], axis=-1)
        whole.second = np.concatenate([part.second for part in parts], axis=-1)
        return whole

    def moments(self):
        """Return mean and covariance, each with its error, and the covariance of each trajectory about the common mean."""
        first = np.ascontiguousarray(self.first.T) / self.count
        upper = np.ascontiguousarray(np.moveaxis(self.second, -1, 0)) / self.count
        second = np.triu(upper) + np.swapaxes(np.triu(upper, 1), 1, 2)
        mean = first.mean(axis=0)
        cross = first[:, :, None] * mean
        each = second - cross - np.swapaxes(cross, 1, 2) + mean[:, None] * mean
        # The common mean was fitted to the same data: its variance is missing from the average.
        correction = first - mean
        correction = np.einsum("ki,kj->ij", correction, correction) / len(first) / (len(first) - 1)
        covariance = each.mean(axis=0) + correction
        return self.origin[:, 0] + mean, _standard_error(first), covariance, _standard_error(each), each


class _Model:
    """What steps of any length need to know of the chain. Energies have shape (n, trajectories)."""

    def __init__(self, chain, reading):
        if chain.left.ndim:
            raise ValueError(f"left and right must be single numbers for a simulation, got shape {chain.left.shape}")
        steady = chain.steady_state()
        n = len(steady.energies)
        self.chain, self.reading = chain, reading
        self.vectors = bond_vectors(n)
        self.lowest = np.array([[box.lowest_energy] for box in chain.system.boxes])
        self.highest = np.array([[box.highest_energy] for box in chain.system.boxes])
        self.covariance = steady.covariance
        self.times = float(steady.relaxation_times[0]), float(steady.relaxation_times[-1])
        self.width = 1e-3 * np.sqrt(np.diagonal(steady.covariance).min())
        # The flow is linearised about `centre`: the current of bond b is `current` + slopes[b] · (E - centre) + a rest.
        self.centre = steady.energies[:, None]
        self.slopes = np.zeros((n + 1, n))
        self.slopes[range(1, n + 1), range(n)] = steady.rates_from_left[1:]
        self.slopes[range(n), range(n)] = -steady.rates_from_right[:n]
        if reading and self.width > 0:
            self._linearise_the_reading()
        self.relaxation_matrix = self.vectors.T @ self.slopes
        self.current = float(np.mean(self.currents(self.inside(self.centre))))

    def _linearise_the_reading(self):
        """Move centre and slopes to those of the drift with the reading's part in it, exact where that is linear."""
        centre = self.centre
        room = np.minimum(centre - self.lowest, self.highest - centre)
        move = np.diag(np.minimum(0.25 * room[:, 0], 0.5 * np.sqrt(np.diagonal(self.covariance))))
        if not np.all(np.diagonal(move) > self.width):
            return
        up, down = self._shift(centre + move), self._shift(centre - move)
        slopes = self.slopes + (up - down) / (2 * np.diagonal(move))
        drift = self.vectors.T @ slopes
        # Any centre and slopes serve; these do as long as they pull back.
        if np.max(np.linalg.eigvals(drift).real) < -0.1 / self.times[0]:
            self.centre = centre - np.linalg.solve(drift, self.vectors.T @ self._shift(centre))
            self.slopes = slopes

    def inside(self, energies):
        return np.clip(energies, self.lowest, self.highest)

    def _profile(self, energies):
        """Temperatures at energies in the domain; a transposed view, so that each site's are contiguous."""
        return np.ascontiguousarray(self.chain.profile_at(energies.T).T).T

    def _noise(self, left, right):
        """B on each bond, shape (n + 1, trajectories), between the `left` and `right` sides of profiles."""
        values = [c.noise_strength(left[:, b], right[:, b + 1]) for b, c in enumerate(self.chain.system.contacts)]
        values = self._finite("noise_strength", np.stack(np.broadcast_arrays(*values)))
        if np.any(values < -1e-12 * np.abs(values).max()):
            raise ValueError(
                f"noise_strength must be >= 0 at all energies that a trajectory reaches, got {values.min():.6g}"
            )
        return np.maximum(values, 0)

    @staticmethod
    def _finite(name, values):
        if not np.all(np.isfinite(values)):
            raise ValueError(
                f"{name} must be finite at all energies that a trajectory reaches: "
                "a law is singular at the edge of its domain, or the boxes are too small for white noise (eq. 3)"
            )
        return values

    def currents(self, energies, profile=None):
        """Drift of the current on each bond, shape (n + 1, trajectories)."""
        profile = self._profile(energies) if profile is None else profile
        currents = self._finite("mean_current", mean_currents(self.chain.system.grouped_contacts, profile)).T
        return currents + self._shift(energies) if self.reading else currents

    def currents_and_noise(self, energies):
        """Drift of the current and B on each bond, each of shape (n + 1, trajectories)."""
        profile = self._profile(energies)
        return self.currents(energies, profile), self._noise(profile, profile)

    def _shift(self, energies):
        """(α/2) v_b·∇B_b, what the reading adds to the current of bond b; `width` away from an edge of the domain."""
        width = self.width
        if width == 0:
            return np.zeros((len(self.vectors), energies.shape[1]))
        middle = np.clip(energies, self.lowest + width, self.highest - width)
        up, down = self._profile(middle + width), self._profile(middle - width)
        # Along v_b energy leaves the left side of the bond and enters its right side.
        return self.reading / (4 * width) * (self._noise(down, up) - self._noise(up, down))

    def normal(self, rng, count, start):
        """Energies to begin with, shape (n, count): `start`, or normal ones of the steady state."""
        if start is not None:
            return start
        root = _root(self.covariance)
        return self.inside(self.centre + np.einsum("ij,jk->ik", root, rng.standard_normal((len(root), count))))


def _root(covariance):
    """Return L with L Lᵀ = `covariance`, shape (n, n), by elimination; the covariance may be singular.

    Eigenvectors would have a free sign and no order, and rounding would choose both: another processor, other
    trajectories. Rows are eliminated from large to small, so that none is divided by what rounding has left; the first
    of those that are about as large, so that rounding does not choose either.
    """
    root, left = np.zeros_like(covariance), covariance
    smallest = 1e-12 * np.max(np.diagonal(covariance), initial=0.0)
    for column in range(len(covariance)):
        remains = np.diagonal(left)
        pivot = np.argmax(remains > 0.3 * remains.max())
        if not remains[pivot] > smallest:
            break
        root[:, column] = left[:, pivot] / np.sqrt(remains[pivot])
        left = left - np.outer(root[:, column], root[:, column])
    return root


class _Step:
    """One step of a given length."""

    def __init__(self, model, dt):
        R, vectors = model.relaxation_matrix, model.vectors
        n, one = len(R), np.eye(len(R))
        self.dt = dt
        self.flow = expm(R * dt)
        phi = np.linalg.solve(R, self.flow - one)
        self.from_rest = phi @ vectors.T
        # What the flow carries through each bond: from the start, from the rest of the currents, from the noise.
        back = model.slopes @ np.linalg.inv(R)
        self.passed = model.slopes @ phi
        self.passed_from_rest = back @ (phi - dt * one) @ vectors.T + dt * np.eye(n + 1)
        self.passed_from_kick = back
        self.passed_from_white = np.eye(n + 1) - back @ vectors.T
        # Kick and white noise of each bond, ∫ (exp(R(dt - s)) v_b, 1) dW_b, and the kick alone.
        joint = np.zeros((n + 1, n + 1))
        joint[:n, :n] = R
        covariance = _noise_covariance(joint, np.hstack([vectors, np.ones((n + 1, 1))]), dt)
        self.roots = np.stack([_root(of_bond[:n, :n]) for of_bond in covariance])
        self.joint_roots = np.stack([_root(of_bond) for of_bond in covariance])

    def kicks(self, rng, count):
        """Return ∫ exp(R(dt - s)) v_b dW_b for each bond, shape (n + 1, n, count)."""
        return np.einsum("bij,bjk->bik", self.roots, rng.standard_normal((*self.roots.shape[:2], count)))

    def kicks_and_white(self, rng, count):
        """Return the kicks and ∫ dW_b, shapes (n + 1, n, count) and (n + 1, count)."""
        normal = rng.standard_normal((*self.joint_roots.shape[:2], count))
        both = np.einsum("bij,bjk->bik", self.joint_roots, normal)
        return both[:, :-1], both[:, -1]

    def advance(self, model, energies, kicks, white=None):
        """Return the energies one step later, what passed the bonds if `white` is given, how many were out of domain."""
        inside = model.inside(energies)
        outside = np.count_nonzero(np.any(inside != energies, axis=0))
        currents, noise = model.currents_and_noise(inside)
        noise = np.sqrt(noise)
        rest = currents - model.current - _times_matrix(model.slopes, inside - model.centre)
        away = energies - model.centre
        kick = np.einsum("bk,bik->ik", noise, kicks)
        moved = model.centre + _times_matrix(self.flow, away) + _times_matrix(self.from_rest, rest) + kick
        if white is None:
            return moved, None, outside
        passed = (
            model.current * self.dt
            + _times_matrix(self.passed, away)
            + _times_matrix(self.passed_from_rest, rest)
            + _times_matrix(self.passed_from_kick, kick)
            + _times_matrix(self.passed_from_white, noise * white)
        )
        return moved, passed, outside


def _times_matrix(matrix, energies):
    # Not by the matrix product of a library, whose rounding may depend on the number of threads.
    return np.einsum("ij,jk->ik", matrix, energies)


def _noise_covariance(R, vectors, dt):
    """Return ∫_0^dt exp(R s) v vᵀ exp(Rᵀ s) ds for each of the `vectors`: quadrature and doublings, no cancellation."""
    doublings = max(0, int(np.ceil(np.log2(np.abs(R).sum(axis=1).max() * dt))))
    short = dt / 2.0**doublings
    carried = np.einsum("qij,bj->qbi", expm(R * (short * (_NODES + 1) / 2)[:, None, None]), vectors)
    covariance = np.einsum("q,qbi,qbj->bij", short / 2 * _WEIGHTS, carried, carried)
    flow = expm(R * short)
    for _ in range(doublings):
        covariance = covariance + flow @ covariance @ flow.T
        flow = flow @ flow
    return covariance


@dataclass(frozen=True)
class _SteadyPlan:
    """Sums over a share of trajectories in the steady state, at the step and at twice the step."""

    model: _Model
    single: _Step
    double: _Step
    warm_up: int
    steps: int

    def __call__(self, share: tuple[np.random.SeedSequence, int, Any]) -> tuple[_Sums, _Sums, int]:
        sequence, count, start = share
        model, single, double = self.model, self.single, self.double
        rng = np.random.default_rng(sequence)
        fine = coarse = model.normal(rng, count, start)
        fine_sums, coarse_sums = _Sums(model.centre, count), _Sums(model.centre, count)
        clipped = 0
        for step in range(self.warm_up + self.steps):
            # Two kicks of the step make exactly one kick of the double step: the two runs share their noise.
            first, second = single.kicks(rng, count), single.kicks(rng, count)
            both = np.einsum("ij,bjk->bik", single.flow, first) + second
            middle, _, out_first = single.advance(model, fine, first)
            fine, _, out_second = single.advance(model, middle, second)
            coarse, _, _ = double.advance(model, coarse, both)
            if step >= self.warm_up:
                fine_sums.add(middle)
                fine_sums.add(fine)
                coarse_sums.add(coarse)
                clipped += out_first + out_second
        return fine_sums, coarse_sums, clipped


@dataclass(frozen=True)
class _TimesPlan:
    """A share of trajectories at given times; `stretches` are length and number of the steps up to each of them."""

    model: _Model
    steps: dict[float, _Step]
    stretches: list[tuple[float, int]]
    longest: float
    warm_up: int

    def __call__(self, share: tuple[np.random.SeedSequence, int, Any]) -> tuple[np.ndarray, np.ndarray, int]:
        sequence, count, start = share
        model, n = self.model, len(self.model.centre)
        rng = np.random.default_rng(sequence)
        energies, passed = model.normal(rng, count, start), np.zeros((n + 1, count))
        seen = np.empty((len(self.stretches), count, n))
        transferred = np.empty((len(self.stretches), count, n + 1))
        clipped = 0
        for _ in range(self.warm_up):
            step = self.steps[self.longest]
            energies, _, outside = step.advance(model, energies, step.kicks(rng, count))
            clipped += outside
        for index, (length, repeats) in enumerate(self.stretches):
            for _ in range(repeats):
                step = self.steps[length]
                energies, more, outside = step.advance(model, energies, *step.kicks_and_white(rng, count))
                passed += more
                clipped += outside
            seen[index], transferred[index] = energies.T, passed.T
        return seen, transferred, clipped
