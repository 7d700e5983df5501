"""How long the covariance of a long chain takes, beside SciPy's solver of the Lyapunov equation, and how both grow.

A chain of n boxes of ideal gas with conductances and heat capacities that are random over two decades, between baths at 2 and 1. Timed are

(a) from contacts to C: ``Chain(...).steady_state().covariance``, the construction of the system included;
(b) ``scipy.linalg.solve_continuous_lyapunov(R, -Q)`` alone, R and Q given.

SciPy's time is measured up to n = 1,000; beyond, the cube of the growth of n is taken.
Then arrays of parameters: a million sets of three rates for two boxes, and ten thousand chains of twenty boxes with rates of
their own, in one call and in a loop over single calls (a sample, scaled).

Run: ``make bench``, or ``python benchmarks/long_chains.py``.
"""

import time

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from twobox import Chain, Contact, System, constant_heat_capacity, ideal_gas

SIZES = (50, 200, 1000, 2000)
LONGEST_FOR_SCIPY = 1000
LOOP = 300


def seconds(function, repetitions):
    """Return the least of a few times."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def chain(n):
    """A gas of n boxes with random conductances and heat capacities."""
    draw = np.random.default_rng(n)
    rate, capacity = 10 ** draw.uniform(-1, 1, n + 1), 10 ** draw.uniform(-1, 1, n)
    return Chain(ideal_gas(rate=rate, heat_capacity=capacity, n=n), left=2.0, right=1.0)


def long_chains():
    print("From contacts to C, conductances and heat capacities random over two decades")
    print(f"{'n':>6} {'twobox (s)':>11} {'SciPy (s)':>11} {'ratio':>7}   growth of both per doubling of n")
    before = None
    for n in SIZES:
        ours = seconds(lambda n=n: chain(n).steady_state().covariance, 3 if n <= 1000 else 1)
        steady = chain(n).steady_state()
        R, Q = np.array(steady.relaxation_matrix), np.array(steady.diffusion_matrix)
        if n <= LONGEST_FOR_SCIPY:
            scipy, measured = seconds(lambda R=R, Q=Q: solve_continuous_lyapunov(R, -Q), 1), ""
        else:
            scipy, measured = before[2] * (n / before[0]) ** 3, " (SciPy scaled)"
        growth = ""
        if before:
            doublings = np.log2(n / before[0])
            growth = f"   {(ours / before[1]) ** (1 / doublings):.1f}, {(scipy / before[2]) ** (1 / doublings):.1f}"
        print(f"{n:>6} {ours:>11.4f} {scipy:>11.3f} {scipy / ours:>7.0f}{growth}{measured}")
        before = n, ours, scipy


def parameters():
    draw = np.random.default_rng(0)
    print("\nArrays of parameters, one call against a loop over single calls (scaled)")
    for count, n in ((10**6, 2), (10**4, 20)):
        rates = draw.uniform(1, 5, (count, n + 1))

        def call(rates, n=n):
            return Chain(ideal_gas(rate=rates, n=n), left=2.0, right=1.0).steady_state().covariance

        call(rates)
        together = seconds(lambda rates=rates, call=call: call(rates), 3)
        alone = seconds(lambda rates=rates, call=call: [call(one) for one in rates[:LOOP]], 1) * count / LOOP
        print(f"    {count:,} chains of {n}: {together:.2f} s, loop {alone:.0f} s, ratio {alone / together:,.0f}")


def one_chain():
    contact = Contact(lambda T_i, T_j: T_i**4 - T_j**4)
    for name, system in (("named", ideal_gas()), ("own law", System(contact, constant_heat_capacity()))):
        one = Chain(system, left=2.0, right=1.0)
        one.steady_state()
        each = seconds(lambda one=one: [one.steady_state().covariance for _ in range(100)], 5) / 100
        print(f"    one chain of two boxes, {name}: {1e3 * each:.2f} ms")


if __name__ == "__main__":
    long_chains()
    parameters()
    one_chain()
