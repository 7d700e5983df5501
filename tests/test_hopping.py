"""Simulations of jump processes: exact in law, within error bars that are honest, and the same for the same seed."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from scipy.linalg import expm

from tests.systems import BAD_NUMBERS, SIGMAS, assert_within_errors, falling, occupied, refuses, straight
from twobox import exact
from twobox.finite import hopping
from twobox.finite.hopping import jump_chain, record, ring_bonds
from twobox.finite.jumps import (
    Jump,
    JumpProcess,
    inclusion,
    misanthrope,
    partial_exclusion,
    shared_quanta,
    zero_range,
)
from twobox.finite.master_equation import Distribution, current_cumulants, stationary


@pytest.mark.parametrize(
    ("process", "duration", "options"),
    [
        (partial_exclusion(sites=20, left=0.9, right=0.2), 150, {}),
        (partial_exclusion(sites=6, left=1.0, right=0.0, n=1), 150, {}),
        (partial_exclusion(sites=[4, 6], rate=[0.5, 2.0, 1.0], left=0.1, right=0.8), 100, {}),
        (partial_exclusion(sites=2, left=0.9, right=0.2, n=4), 150, {}),
        (inclusion(shape=2.0, left=0.2, right=0.1), 30, {"warm_up": 10.0}),
        (zero_range(occupied, left=0.5, right=0.1), 100, {"warm_up": 40.0}),
        (shared_quanta(left=0.5, right=0.1), 20, {"warm_up": 10.0}),
    ],
    ids=["exclusion", "one box", "unlike boxes and bonds", "four boxes", "inclusion", "zero range", "lumps"],
)
def test_simulations_have_the_exact_moments(process, duration, options):
    expected, J = stationary(process), current_cumulants(process, orders=1)[0]
    for run in (
        jump_chain(process, jumps=600, trajectories=800, seed=5, **options),
        ring_bonds(process, duration=duration, trajectories=500, seed=6, **options),
    ):
        assert_within_errors(run.mean, expected.mean, run.mean_error)
        assert_within_errors(run.covariance, expected.covariance, run.covariance_error)
        assert_within_errors(run.currents, J, run.currents_error)
        assert np.all(run.covariance_error < 0.1 * np.abs(expected.covariance).max())


def test_a_chain_of_one_box_that_alternates_is_seen_in_both_phases():
    """One box gains or loses a particle at every jump: the chain of jumps has period two."""
    process = partial_exclusion(sites=1, left=0.7, right=0.1, n=1)
    for jumps_asked in (1, 4, 7):
        run = jump_chain(process, jumps=jumps_asked, trajectories=2000, seed=2)
        assert_within_errors(run.mean, 0.4, run.mean_error + 1e-12)


def test_hops_in_one_direction_only_have_period_three():
    def up(x_i, x_j):
        return x_i * (1 - x_j)

    def never(x_i, x_j):
        return 0 * x_i * x_j

    process = JumpProcess(Jump(up, never), sizes=1, left=0.8, right=0.3)
    expected = stationary(process)
    run = jump_chain(process, jumps=10, trajectories=4000, seed=3, warm_up=30.0)
    assert_within_errors(run.mean, expected.mean, run.mean_error)
    assert_within_errors(run.covariance, expected.covariance, run.covariance_error)


def test_ten_boxes_have_the_long_range_correlation():
    n, sites, left, right = 10, 1, 1.0, 0.0
    run = ring_bonds(
        partial_exclusion(sites=sites, n=n, left=left, right=right), duration=300, trajectories=400, seed=4
    )
    i, j = np.triu_indices(n, 1)
    closed = exact.partial_exclusion_chain_correlation(i + 1, j + 1, n=n, sites=sites, left=left, right=right)
    assert_within_errors(run.covariance[i, j], closed, run.covariance_error[i, j])
    # Seen, and not only compatible: their sum over all pairs is many standard errors of a single one away from zero.
    assert run.covariance[i, j].sum() < -10 * run.covariance_error[i, j].mean()


def test_error_bars_are_honest():
    """Over 40 seeds the deviations from the exact moments, in standard errors, have mean square one and mean zero."""
    process = partial_exclusion(sites=8, left=0.9, right=0.2)
    expected, scores = stationary(process), []
    for seed in range(40):
        for run in (
            jump_chain(process, jumps=60, trajectories=150, seed=seed),
            ring_bonds(process, duration=40, trajectories=150, seed=seed),
        ):
            scores.append(
                [
                    (run.mean[0] - expected.mean[0]) / run.mean_error[0],
                    (run.covariance[0, 0] - expected.covariance[0, 0]) / run.covariance_error[0, 0],
                    (run.covariance[0, 1] - expected.covariance[0, 1]) / run.covariance_error[0, 1],
                    (run.currents[1] - 0.7 / 3) / run.currents_error[1],
                ]
            )
    # Chi-squared with 80 degrees of freedom over 80: standard deviation √(2/80) = 0.16.
    mean_square = np.mean(np.square(scores), axis=0)
    assert np.all((mean_square > 1 - 0.6) & (mean_square < 1 + 0.65))
    assert np.all(np.abs(np.mean(scores, axis=0)) < SIGMAS / np.sqrt(80))


def test_two_times_decay_with_the_modes():
    """C(t) = e^{Rt} C at any size for exclusion: R = (γ/N)[[-2, 1], [1, -2]]."""
    N, times = 6, np.array([0.0, 1.0, 3.0, 8.0])
    process = partial_exclusion(sites=N, left=0.9, right=0.2)
    seen = record(process, times=times, trajectories=6000, seed=8)
    C, error = seen.two_time_covariance()
    R = np.array([[-2.0, 1.0], [1.0, -2.0]]) / N
    expected = [expm(R * t) @ stationary(process).covariance for t in times]
    assert_within_errors(C, np.array(expected), error)


def test_transfers_have_the_exact_variance():
    """Middle contact: b t + ((a + c - 8b)/9)(t - (1 - e^{-3t})/3), time in N/γ; a, b, c the mean noise of the bonds."""
    N, left, right = 4, 0.9, 0.3
    process = partial_exclusion(sites=N, left=left, right=right)
    t = np.array([0.25, 1.0, 4.0])
    seen = record(process, times=t * N, trajectories=6000, seed=9)
    x, C12 = [left, *(stationary(process).mean / N), right], stationary(process).covariance[0, 1]
    a, b, c = (x[i] * (1 - x[i + 1]) + x[i + 1] * (1 - x[i]) for i in range(3))
    b -= 2 * C12 / N**2
    expected = N * (b * t + (a + c - 8 * b) / 9 * (t - (1 - np.exp(-3 * t)) / 3))
    variance, error = seen.transfer_variance()
    assert_within_errors(variance[:, 1], expected, error[:, 1])
    mean, mean_error = seen.transfer_mean()
    assert_within_errors(mean, ((left - right) / 3 * t * N)[:, None], mean_error)


def test_nothing_is_lost_on_the_way():
    process = shared_quanta(left=0.5, right=0.1, n=3)
    seen = record(process, times=[0.0, 0.5, 5.0], trajectories=50, seed=1, start=[2, 0, 1])
    gained = seen.transferred[..., :-1] - seen.transferred[..., 1:]
    np.testing.assert_array_equal(seen.contents, gained + np.array([2, 0, 1]))
    np.testing.assert_array_equal(seen.contents[0], np.broadcast_to([2, 0, 1], (50, 3)))


def test_filling_up_makes_correlation_as_the_cube_of_time():
    """From empty boxes C12(t) = -N Δ² f(t) for N → ∞, one f for all equal starts; here against e^{Gt} at finite N."""
    N = 3
    process = partial_exclusion(sites=N, left=1.0, right=0.0)
    t = 2.0
    P = expm(process.generator().toarray() * t)[:, 0].reshape(N + 1, N + 1)
    seen = record(process, times=[t], trajectories=8000, seed=3, start=[0, 0])
    expected = Distribution(P)
    assert_within_errors(seen.contents[0].mean(axis=0), expected.mean, np.sqrt(np.diag(expected.covariance) / 8000))
    C, error = seen.two_time_covariance()
    assert_within_errors(C[0], expected.covariance, error[0])


@pytest.mark.parametrize(
    "call",
    [
        partial(jump_chain, jumps=30, warm_up=5.0),
        partial(ring_bonds, duration=5.0, warm_up=5.0),
        partial(record, times=[1.0, 2.0], warm_up=5.0),
    ],
    ids=["jump chain", "ring", "record"],
)
def test_same_seed_same_bytes_on_any_number_of_workers(call, monkeypatch):
    monkeypatch.setattr(hopping, "_SHARE", 40)
    process = partial_exclusion(sites=4, left=0.9, right=0.2)
    one, again, other = (call(process, trajectories=100, seed=seed) for seed in (1, 1, 2))
    with ThreadPoolExecutor(3) as pool:
        spread = call(process, trajectories=100, seed=1, executor=pool)
    for name, value in vars(one).items():
        assert value.tobytes() == getattr(again, name).tobytes() == getattr(spread, name).tobytes()
        assert not value.flags.writeable
    last = list(vars(one))[-1]
    assert np.any(getattr(one, last) != getattr(other, last))


def test_alias_tables_keep_the_probabilities():
    rng = np.random.default_rng(1)
    probability = rng.dirichlet(np.full(8, 0.3), size=200)
    probability[:, 5] = 0
    probability /= probability.sum(axis=1, keepdims=True)
    own, other = hopping._alias(probability)
    total = own / 8
    np.add.at(total, (np.arange(200)[:, None], other), (1 - own) / 8)
    np.testing.assert_allclose(total, probability, atol=1e-15)
    assert np.all(total[:, 5] == 0)


def test_everything_pickles():
    for process in (
        partial_exclusion(sites=3, left=0.9, right=0.2),
        zero_range(occupied, left=0.3, right=0.2),
        misanthrope(straight, falling, left=0.3, right=0.2),
        shared_quanta(left=0.2, right=0.1),
    ):
        pickle.loads(pickle.dumps(hopping._Bells.of(process)))
    run = jump_chain(partial_exclusion(left=0.9, right=0.2), jumps=5, trajectories=5, seed=1)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(run)).covariance, run.covariance)


# Refusals.

GOOD = {"left": 0.9, "right": 0.2}
EXCLUSION = partial_exclusion(sites=2, **GOOD)


@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_bad_numbers_are_named(bad):
    if bad is not None:
        refuses(lambda: ring_bonds(EXCLUSION, duration=1, trajectories=4, seed=1, warm_up=bad), "warm_up")
        refuses(lambda: record(EXCLUSION, times=[1.0], trajectories=4, seed=1, start=[bad, 0]), "start")
    refuses(lambda: jump_chain(EXCLUSION, jumps=bad, trajectories=4, seed=1), "jumps")
    refuses(lambda: jump_chain(EXCLUSION, jumps=4, trajectories=bad, seed=1), "trajectories")
    refuses(lambda: jump_chain(EXCLUSION, jumps=4, trajectories=4, seed=bad), "seed")
    refuses(lambda: ring_bonds(EXCLUSION, duration=bad, trajectories=4, seed=1), "duration")
    refuses(lambda: record(EXCLUSION, times=[bad], trajectories=4, seed=1), "times")


def test_wrong_kinds_and_shapes_are_named():
    for call in (
        partial(jump_chain, jumps=4, trajectories=4, seed=1),
        partial(ring_bonds, duration=1.0, trajectories=4, seed=1),
        partial(record, times=[1.0], trajectories=4, seed=1),
    ):
        refuses(lambda call=call: call("exclusion"), "process must be a JumpProcess")
    refuses(lambda: record(EXCLUSION, times=[2.0, 1.0], trajectories=4, seed=1), "times must be a rising list")
    refuses(lambda: record(EXCLUSION, times=1.0, trajectories=4, seed=1), "times must be a rising list")
    refuses(lambda: record(EXCLUSION, times=[1.0], trajectories=4, seed=1, start=[3, 0]), "start", "[2, 2]")
    refuses(lambda: record(EXCLUSION, times=[1.0], trajectories=4, seed=1, start=[0]), "start", "shape")


def test_chains_without_one_stationary_state_are_refused():
    refuses(
        lambda: jump_chain(partial_exclusion(left=0.0, right=0.0), jumps=9, trajectories=9, seed=1, warm_up=1.0), "move"
    )


def test_too_low_a_cut_off_is_refused():
    low = inclusion(shape=2.0, left=0.6, right=0.1, highest=5)
    refuses(lambda: ring_bonds(low, duration=20.0, trajectories=100, seed=1), "highest must be larger")
    refuses(lambda: jump_chain(low, jumps=200, trajectories=100, seed=1), "highest must be larger")


def test_a_time_of_relaxation_that_is_not_known_must_be_given():
    refuses(
        lambda: ring_bonds(shared_quanta(left=0.3, right=0.1), duration=1, trajectories=4, seed=1),
        "warm_up must be given",
    )
