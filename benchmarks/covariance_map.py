"""How long the covariance over a million bath pairs takes, as one array call and as a loop over SciPy's solver.

Two boxes of ideal gas with three unequal rates; every pair of baths has its own R and Q. Measured are

(a) the Lyapunov equation alone: ``twobox.solve_lyapunov(R, Q)``, checks of the arguments included, against a loop over
    ``scipy.linalg.solve_continuous_lyapunov`` on the same R and Q;
(b) the whole route from bath temperatures to C: ``Chain(...).steady_state().covariance`` for all pairs at once, against
    the same steady states followed by the loop, and against a loop written by hand for this one system.

A repetition times both sides one after the other. The array calls do all pairs. The loops do a sample, and their time
is scaled to all pairs; once, at the end, the loop of (a) does all pairs, to show that the scaling is right and that
both sides find the same C.

Run: ``make bench``, or ``python benchmarks/covariance_map.py``.
"""

import time

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from twobox import Chain, ideal_gas, solve_lyapunov

PAIRS = 10**6
SAMPLE = 20_000
REPETITIONS = 7
RATES = 1.0, 2.0, 0.5
SYSTEM = ideal_gas(rate=RATES)


def bath_pairs():
    """Return the two bath temperatures of each pair, from 1 to 5."""
    return np.random.default_rng(0).uniform(1, 5, (2, PAIRS))


def loop(R, minus_Q):
    """Solve the equations one at a time. -Q is given, so that the loop does nothing but solve."""
    C = np.empty(R.shape)
    for i, (one_R, one_Q) in enumerate(zip(R, minus_Q)):
        C[i] = solve_continuous_lyapunov(one_R, one_Q)
    return C


def map_of(left, right):
    """All pairs of baths in one array call."""
    return Chain(SYSTEM, left=left, right=right).steady_state().covariance


def map_by_loop(left, right):
    """Steady states in one array call, then SciPy pair by pair."""
    steady = Chain(SYSTEM, left=left, right=right).steady_state()
    return loop(steady.relaxation_matrix, -steady.diffusion_matrix)


def map_by_hand(left, right):
    """What one would write for this system alone: linear mean equations and a fixed R, then SciPy pair by pair."""
    k0, k1, k2 = RATES
    R = np.array([[-k0 - k1, k1], [k1, -k1 - k2]])
    to_boxes = -np.linalg.inv(R) @ np.diag([k0, k2])
    C = np.empty((len(left), 2, 2))
    for i, (T0, T3) in enumerate(zip(left, right)):
        T1, T2 = to_boxes @ (T0, T3)
        B0, B1, B2 = 2 * k0 * T0 * T1, 2 * k1 * T1 * T2, 2 * k2 * T2 * T3
        C[i] = solve_continuous_lyapunov(R, np.array([[-B0 - B1, B1], [B1, -B1 - B2]]))
    return C


def seconds(function, *arguments):
    """Return how long one call takes."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def compare(title, array_call, loop_call, arguments, loop_arguments):
    """Time both sides in turn and print the medians and the ratio, taken repetition by repetition."""
    sample = [argument[:SAMPLE] for argument in loop_arguments]
    array_call(*arguments)
    times = []
    for _ in range(REPETITIONS):
        scaled = seconds(loop_call, *sample) * PAIRS / SAMPLE
        times.append((scaled, seconds(array_call, *arguments)))
    slow, quick = np.transpose(times)
    ratio = slow / quick
    print(title)
    print(f"    one array call {np.median(quick):.4f} s, loop {np.median(slow):.2f} s (scaled from {SAMPLE:,} pairs)")
    print(f"    ratio {np.median(ratio):,.0f}, in {REPETITIONS} repetitions {ratio.min():,.0f} to {ratio.max():,.0f}\n")


def largest_difference(C, other):
    """Return the largest difference of an element, relative to the largest element of its own matrix."""
    size = np.abs(other).max(axis=(-1, -2), keepdims=True)
    return np.max(np.abs(C - other) / size)


def main():
    baths = left, right = bath_pairs()
    steady = Chain(SYSTEM, left=left, right=right).steady_state()
    R, Q = steady.relaxation_matrix, steady.diffusion_matrix
    minus_Q = -Q

    print(f"Covariance of two boxes of ideal gas for {PAIRS:,} pairs of baths\n")
    compare("(a) Lyapunov equation alone, R and Q given", solve_lyapunov, loop, (R, Q), (R, minus_Q))
    compare(
        "(b) From baths to C; the loop has its steady states from one array call", map_of, map_by_loop, baths, baths
    )
    compare("(b) From baths to C; the loop is written by hand for this system", map_of, map_by_hand, baths, baths)

    start = time.perf_counter()
    by_loop = loop(R, minus_Q)
    print(f"The loop of (a) over all {PAIRS:,} pairs, once, not scaled: {time.perf_counter() - start:.2f} s")
    print("Largest difference from what it finds, relative to the largest element of each C, over all pairs:")
    print(f"    solve_lyapunov {largest_difference(solve_lyapunov(R, Q), by_loop):.1e}")
    print(f"    Chain(...).steady_state().covariance {largest_difference(steady.covariance, by_loop):.1e}")
    by_hand = map_by_hand(left[:SAMPLE], right[:SAMPLE])
    print(f"    the loop by hand ({SAMPLE:,} pairs) {largest_difference(by_hand, by_loop[:SAMPLE]):.1e}")


if __name__ == "__main__":
    main()
