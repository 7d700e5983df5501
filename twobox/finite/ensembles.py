"""Many independent trajectories in shares: one after another, or on as many machines as the caller has.

A share is a part of the work with random numbers of its own. How the work is cut depends on the work alone, never on
the number of workers, and results come back in the order of the shares: the same seed gives the same bytes on one
processor and on a hundred. The package starts no pool and no thread. It takes what the caller has started: any object
with the interface of `concurrent.futures.Executor`, such as a `ProcessPoolExecutor`, the executor of a Dask client, or
mpi4py's `MPIPoolExecutor`.
"""

import operator
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, as_completed
from contextlib import nullcontext
from typing import Any

import numpy as np

from twobox import _checks

# A share is tried on the executor this often before the loss of its worker counts as its own fault.
_ATTEMPTS = 3


def shares(trajectories: int, *, seed: int, size: int = 500) -> list[tuple[np.random.SeedSequence, int]]:
    """Cut a number of trajectories into shares, each with random numbers of its own.

    Parameters
    ----------
    trajectories : int
        How many in all, at least 1.
    seed : int
        Not negative; an integer, so that it can be printed and given again.
    size : int
        The most that one share may have, at least 1.

    Returns
    -------
    list of (SeedSequence, int)
        Children of ``numpy.random.SeedSequence(seed)`` and how many trajectories each is for: as few shares as `size`
        allows, as equal as can be. It is a function of the arguments alone.

    Raises
    ------
    ValueError
        If an argument is not a whole number in its range.

    Examples
    --------
    >>> [count for _, count in shares(1200, seed=1)]
    [400, 400, 400]
    """
    trajectories = integer("trajectories", trajectories, at_least=1)
    seed = integer("seed", seed, at_least=0)
    size = integer("size", size, at_least=1)
    number = -(-trajectories // size)
    each, over = divmod(trajectories, number)
    children = np.random.SeedSequence(seed).spawn(number)
    return [(child, each + (i < over)) for i, child in enumerate(children)]


def integer(name: str, value: Any, *, at_least: int) -> int:
    """Return `value` as an int not smaller than `at_least`; ValueError for anything else, also for True and for 2.0."""
    whole = _checks.whole(name, value, at_least=at_least)
    try:
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer >= {at_least}, write {whole}, got {value!r}") from None


def run(
    function: Callable[[Any], Any],
    shares: Iterable[Any],
    *,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> list[Any]:
    """Return ``[function(share) for share in shares]``, computed here or on an executor.

    Parameters
    ----------
    function : callable
        Of one share. For an executor of several processes it, the shares and what it returns must pickle.
    shares : iterable
        The parts of the work.
    executor : concurrent.futures.Executor, optional
        Where to compute; left out: in the calling process, one share after another. It is not shut down.
    progress : bool or None
        None: a bar that counts the shares, on the standard error stream, if the work takes longer than two seconds, the
        stream is a terminal and tqdm is there (so not in a notebook that is run as a test). True: a bar in any case. False:
        none.

    Returns
    -------
    list
        One result for each share, in the order of `shares`, whatever the order in which they were done.

    Raises
    ------
    ValueError
        If an argument is not what is described above.
    ImportError
        If ``progress=True`` and tqdm is not installed.
    Exception
        What `function` raises is passed on at once, with the traceback of the worker as a note, and the other shares
        are cancelled. If one share lost its worker three times over, the executor's own exception is passed on.

    Warns
    -----
    RuntimeWarning
        If the executor broke down or was shut down: the shares that it still owed were then computed in the calling
        process.

    Notes
    -----
    A worker that dies loses nothing but the share it was at, which is repeated: by another worker where the executor
    replaces dead ones (Dask), else in the calling process (a `ProcessPoolExecutor` is of no use after a death). Hence
    `function` should have no side effects.

    Examples
    --------
    >>> run(lambda share: share**2, range(4))
    [0, 1, 4, 9]

    A sum of normal numbers, the same however many workers compute it:

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from twobox.finite import ensembles
    >>> def total(share):
    ...     sequence, count = share
    ...     return np.random.default_rng(sequence).standard_normal(count).sum()
    >>> with ThreadPoolExecutor(2) as pool:
    ...     there = run(total, ensembles.shares(1200, seed=1), executor=pool)
    >>> here = run(total, ensembles.shares(1200, seed=1))
    >>> here == there
    True
    """
    if not callable(function):
        raise ValueError(f"function must be a function of one share, got {function!r}")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ValueError(f"executor must be a concurrent.futures.Executor (it has submit) or None, got {executor!r}")
    if progress not in (True, False, None):
        raise ValueError(f"progress must be True, False or None, got {progress!r}")
    try:
        shares = list(shares)
    except TypeError:
        raise ValueError(f"shares must be a sequence, got {shares!r}") from None
    with _bar(len(shares), progress) as bar:
        results: dict[int, Any] = {}
        if executor is not None:
            _run_on(executor, function, shares, results, bar)
        for index, share in enumerate(shares):
            if index not in results:
                results[index] = function(share)
                bar.update()
    return [results[index] for index in range(len(shares))]


def _run_on(
    executor: Executor, function: Callable[[Any], Any], shares: Sequence[Any], results: dict[int, Any], bar: Any
) -> None:
    """Fill `results`, by index of the share, with all that the executor can do."""
    owed = list(range(len(shares)))
    for _ in range(_ATTEMPTS):
        futures: dict[Future[Any], int] = {}
        broken: Exception | None = None
        lost: Exception | None = None
        try:
            for index in owed:
                futures[executor.submit(_attempt, function, shares[index])] = index
        except (RuntimeError, OSError) as error:  # broken or shut down; what function raises does not come this way
            broken = error
        try:
            for future in as_completed(futures):
                try:
                    succeeded, value = future.result()
                except Exception as error:
                    if not _worker_was_lost(error):
                        raise
                    lost = error
                    broken = error if isinstance(error, BrokenExecutor) else broken
                    continue
                if not succeeded:
                    raise value
                results[futures[future]] = value
                bar.update()
        finally:
            for future in futures:
                future.cancel()
        owed = [index for index in owed if index not in results]
        if not owed:
            return
        if broken:
            warnings.warn(
                f"executor broke down ({broken!r}): the {len(owed)} shares that it owed of {len(shares)} "
                "are computed in the calling process",
                RuntimeWarning,
                stacklevel=3,
            )
            return
    assert lost is not None  # shares are still owed: the executor broke down, or lost them
    raise lost


def _attempt(function: Callable[[Any], Any], share: Any) -> tuple[bool, Any]:
    """Return (True, result) or (False, exception): what the future itself raises is then never of `function`."""
    try:
        return True, function(share)
    except Exception as error:
        error.add_note("In the worker:\n" + traceback.format_exc())
        return False, error


def _worker_was_lost(error: Exception) -> bool:
    """Whether an exception of a future says that the worker or the way to it is gone."""
    # Dask has an exception of its own for this, named here so that it need not be imported.
    known = BrokenExecutor, CancelledError, OSError, EOFError
    return isinstance(error, known) or type(error).__name__ == "KilledWorker"


class _NoBar:
    def update(self) -> None:
        pass


def _bar(total: int, progress: bool | None) -> Any:
    if progress is False:
        return nullcontext(_NoBar())
    try:
        from tqdm import tqdm
    except ImportError:
        if progress is None:
            return nullcontext(_NoBar())
        raise ImportError("progress=True needs tqdm: pip install tqdm, or leave progress out") from None

    class Bar(tqdm):
        monitor_interval = 0  # tqdm would else start a thread

    if progress:
        return Bar(total=total, unit="share")
    return Bar(total=total, unit="share", delay=2, disable=None)  # None: not unless it is a terminal
