"""Shares of work: the same bytes however many workers there are, and nothing lost with a worker that dies."""

import os
import pickle
import sys
import warnings
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

from twobox import Chain, ideal_gas
from twobox.finite import ensembles
from twobox.finite.langevin import langevin
from twobox.finite.langevin import trajectories as langevin_trajectories

WORK = ensembles.shares(40, seed=3, size=4)


def walk(share):
    sequence, count = share
    return np.random.default_rng(sequence).standard_normal((count, 50)).cumsum(axis=1)


def refuse(share):
    raise ValueError(f"share of {share[1]} trajectories refused")


def fail_like_a_lost_connection(share):
    raise ConnectionResetError("the function's own")


def die_once(marker, share):
    """Walk, but take the worker along the first time that the share of six comes up."""
    if share[1] == 6 and not marker.exists():
        marker.touch()
        os._exit(1)
    return walk(share)


def pool(workers):
    # A fresh interpreter each, as on another machine: a fork would inherit what the parent has computed.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


@pytest.fixture(scope="module")
def dask():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor()


def assert_same_bytes(found, expected):
    assert [part.tobytes() for part in found] == [part.tobytes() for part in expected]


def test_shares_depend_on_their_arguments_alone():
    for count, size in ((1, 500), (500, 500), (501, 500), (1999, 500), (7, 3)):
        cut = ensembles.shares(count, seed=8, size=size)
        counts = [part for _, part in cut]
        assert sum(counts) == count and max(counts) <= size and max(counts) - min(counts) <= 1
        assert len(cut) == -(-count // size)
        again = ensembles.shares(count, seed=8, size=size)
        assert_same_bytes([walk(share) for share in again], [walk(share) for share in cut])


def test_shares_have_streams_of_their_own():
    walks = [walk(share) for share in WORK]
    assert len({part.tobytes() for part in walks}) == len(WORK)
    assert not np.array_equal(walk(ensembles.shares(4, seed=4)[0]), walk(ensembles.shares(4, seed=3)[0]))


def test_any_number_of_workers_gives_the_same_bytes():
    here = ensembles.run(walk, WORK)
    for workers in (1, 2):
        with pool(workers) as executor:
            assert_same_bytes(ensembles.run(walk, WORK, executor=executor), here)
    with ThreadPoolExecutor(3) as executor:
        assert_same_bytes(ensembles.run(walk, WORK, executor=executor), here)


def test_a_dask_cluster_gives_the_same_bytes(dask):
    assert_same_bytes(ensembles.run(walk, WORK, executor=dask), ensembles.run(walk, WORK))


def test_results_come_in_the_order_of_the_shares():
    # An executor that finishes the last share first.
    class Backwards:
        def __init__(self):
            self.calls = []

        def submit(self, function, *arguments):
            self.calls.append((Future(), function, arguments))
            if len(self.calls) == 5:
                for future, call, given in reversed(self.calls):
                    future.set_result(call(*given))
            return self.calls[-1][0]

    assert ensembles.run(lambda x: x**2, range(5), executor=Backwards()) == [0, 1, 4, 9, 16]


def test_a_worker_that_dies_loses_nothing(tmp_path):
    work = ensembles.shares(23, seed=3, size=6)
    with pool(2) as executor, pytest.warns(RuntimeWarning, match="executor broke down .* calling process"):
        found = ensembles.run(partial(die_once, tmp_path / "died"), work, executor=executor)
    assert (tmp_path / "died").exists()
    assert_same_bytes(found, [walk(share) for share in work])


def test_a_dask_worker_that_dies_is_replaced(dask, tmp_path):
    work = ensembles.shares(23, seed=3, size=6)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = ensembles.run(partial(die_once, tmp_path / "died"), work, executor=dask)
    assert (tmp_path / "died").exists()
    assert_same_bytes(found, [walk(share) for share in work])


class Losing:
    """An executor whose futures fail as those of a lost worker do, for the first `losses` shares that it is given."""

    def __init__(self, losses, error):
        self.losses, self.error, self.given = losses, error, 0

    def submit(self, function, *arguments):
        self.given += 1
        future = Future()
        if self.given > self.losses:
            future.set_result(function(*arguments))
        elif self.error is None:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self.error)
        return future


KilledWorker = type("KilledWorker", (Exception,), {})


@pytest.mark.parametrize("error", [None, EOFError(), ConnectionResetError(), KilledWorker()], ids=repr)
def test_a_share_that_is_lost_is_repeated_on_the_executor(error):
    executor = Losing(3, error)
    assert_same_bytes(ensembles.run(walk, WORK, executor=executor), ensembles.run(walk, WORK))
    assert executor.given == len(WORK) + 3


def test_a_share_that_is_always_lost_is_given_up():
    executor = Losing(10**6, EOFError("gone"))
    with pytest.raises(EOFError, match="gone"):
        ensembles.run(walk, WORK, executor=executor)


def test_an_executor_that_was_shut_down_is_reported():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.warns(RuntimeWarning, match="cannot schedule new futures after shutdown"):
        found = ensembles.run(walk, WORK, executor=executor)
    assert_same_bytes(found, ensembles.run(walk, WORK))


def test_what_the_function_raises_is_passed_on():
    for error, function in ((ValueError, refuse), (ConnectionResetError, fail_like_a_lost_connection)):
        with pytest.raises(error):
            ensembles.run(function, WORK)
        with pool(1) as executor, pytest.raises(error) as caught:
            ensembles.run(function, WORK, executor=executor)
        # The worker's traceback comes along.
        assert "In the worker" in caught.value.__notes__[0] and function.__name__ in caught.value.__notes__[0]


def test_what_does_not_pickle_is_said_at_once():
    with pool(1) as executor, pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        ensembles.run(lambda share: share, WORK, executor=executor)


def test_a_dask_cluster_passes_on_what_the_function_raises(dask):
    with pytest.raises(ConnectionResetError, match="the function's own"):
        ensembles.run(fail_like_a_lost_connection, WORK, executor=dask)


def test_trajectories_are_the_same_on_any_executor(dask):
    """The law of the whole: a simulation gives the same bytes here, on two processes and on a cluster."""
    chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=1.0)
    options = dict(time_step=0.5, trajectories=4100, seed=6, reading=0.5)  # three shares
    times = np.linspace(0, 2 * chain.steady_state().relaxation_time, 3)

    def both(executor):
        run = langevin(chain, duration=2, executor=executor, **options)
        paths = langevin_trajectories(chain, times=times, executor=executor, start=[50.0, 50.0], **options)
        return [getattr(result, field.name) for result in (run, paths) for field in fields(result)[:-1]]

    here = both(None)
    assert_same_bytes(both(dask), here)
    try:
        pickle.dumps(chain)
    except (pickle.PicklingError, AttributeError):
        return  # only Dask can send laws that have no name
    with pool(2) as processes:
        assert_same_bytes(both(processes), here)


def test_progress_is_silent_unless_asked_for(capsys):
    pytest.importorskip("tqdm")
    ensembles.run(walk, WORK)
    ensembles.run(walk, WORK, progress=None)  # not a terminal
    assert capsys.readouterr() == ("", "")
    ensembles.run(walk, WORK, progress=True)
    out, err = capsys.readouterr()
    assert out == "" and f"{len(WORK)}/{len(WORK)}" in err


def test_progress_without_tqdm_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ImportError, match="progress=True needs tqdm: pip install tqdm"):
        ensembles.run(walk, WORK, progress=True)
    assert len(ensembles.run(walk, WORK, progress=None)) == len(WORK)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ensembles.run(3, WORK), "function must be a function of one share, got 3"),
        (lambda: ensembles.run(walk, 3), "shares must be a sequence, got 3"),
        (lambda: ensembles.run(walk, WORK, executor=4), "executor must be a concurrent.futures.Executor"),
        (lambda: ensembles.run(walk, WORK, progress="loud"), "progress must be True, False or None, got 'loud'"),
        (lambda: ensembles.shares(0, seed=1), "trajectories must be finite and >= 1, got 0"),
        (lambda: ensembles.shares(4.0, seed=1), "trajectories must be an integer >= 1, write 4, got 4.0"),
        (lambda: ensembles.shares(4, seed=-1), "seed must be finite and >= 0, got -1"),
        (lambda: ensembles.shares(4, seed=True), "got True"),
        (lambda: ensembles.shares(4, seed=1.0), "seed must be an integer >= 0, write 1, got 1.0"),
        (lambda: ensembles.shares(4, seed=1, size=0), "size must be finite and >= 1, got 0"),
    ],
)
def test_bad_input_is_refused_by_name(call, words):
    with pytest.raises(ValueError) as caught:
        call()
    assert words in str(caught.value)
