"""How many particles hop in a second: the simulations here against the compiled direct method of GillesPy2.

Boxes of the exclusion process, N = 100 places each, baths at densities 0.9 and 0.2, in the steady state: two boxes, and a
chain of ten. Measured are

(a) ``twobox.finite.hopping.jump_chain``: stationary averages without a clock, for two boxes;
(b) ``twobox.finite.hopping.ring_bonds``: stationary averages for a chain of any length;
(c) ``gillespy2.SSACSolver``, compiled before the clock starts, asked for three points of time only, so that it does
    little but hop.

A hop is a particle that moves; a bell that rings and moves nothing is none. Where hops are not counted (b, c) they are
the time covered times the exact mean rate of hops. Warm-up counts on both sides. A repetition runs all of them one after
the other. The time is that of the processor, with that of child processes, in which GillesPy2 runs its program;
everything runs on one core.

GillesPy2 is not among what this package needs. It has to be importable here, with a C++ compiler, make and SCons
(``pip install gillespy2 scons``); without it, (c) is left out and said so.

Run: ``python benchmarks/jumps.py``.
"""

import os

import numpy as np

from twobox.finite import hopping, jumps, master_equation
from twobox.finite.exact import partial_exclusion_chain_correlation

try:
    import gillespy2
except ImportError:
    gillespy2 = None

SITES = 100
LEFT, RIGHT = 0.9, 0.2
REPETITIONS = 5
TRAJECTORIES = 8192
JUMPS = 5000
WARM_UP = 1000.0
# Time that each trajectory of (b) measures and that each of (c) covers, by the number of boxes.
RING_TIME = {2: 1000.0, 10: 300.0}
COMPILED_TRAJECTORIES = 200
COMPILED_TIME = {2: 20_000.0, 10: 3_000.0}


def process(n):
    """Return the chain of n boxes."""
    return jumps.partial_exclusion(sites=SITES, left=LEFT, right=RIGHT, n=n)


def hop_rate(n):
    """Return the exact mean number of hops per time: x_i (1 - x_j) + x_j (1 - x_i) of each bond, with its correlation."""
    x = np.linspace(LEFT, RIGHT, n + 2)
    pairs = x[:-1] * (1 - x[1:]) + x[1:] * (1 - x[:-1])
    i = np.arange(1, n)
    C = partial_exclusion_chain_correlation(i, i + 1, n=n, sites=SITES, left=LEFT, right=RIGHT)
    return float(pairs.sum() - 2 * np.sum(C) / SITES**2)


def processor_seconds(function):
    """Return what a call gives, and the processor time that it and its children take."""
    before = os.times()
    result = function()
    after = os.times()
    return result, sum(after[:4]) - sum(before[:4])


def chain_of_jumps(n, seed):
    """(a), and its number of hops: those of the warm-up are as many as the largest total rate of a state allows."""
    run = hopping.jump_chain(process(n), jumps=JUMPS, trajectories=TRAJECTORIES, seed=seed, warm_up=WARM_UP)
    largest = -process(n).generator().diagonal().min()
    return run, TRAJECTORIES * (JUMPS + WARM_UP * largest)


def rung_bonds(n, seed):
    """(b), and its number of hops."""
    run = hopping.ring_bonds(process(n), duration=RING_TIME[n], trajectories=TRAJECTORIES, seed=seed, warm_up=WARM_UP)
    return run, TRAJECTORIES * (RING_TIME[n] + WARM_UP) * hop_rate(n)


def compiled_model(n):
    """Return the same process as a GillesPy2 model."""
    model = gillespy2.Model(f"{n} boxes")
    start = np.rint(SITES * np.linspace(LEFT, RIGHT, n + 2)[1:-1]).astype(int)
    boxes = [gillespy2.Species(f"n{i}", initial_value=int(k), mode="discrete") for i, k in enumerate(start, 1)]
    model.add_species(boxes)
    x = [f"{LEFT}", *(f"(n{i} / {SITES}.0)" for i in range(1, n + 1)), f"{RIGHT}"]
    sites = [None, *boxes, None]
    for bond in range(n + 1):
        for source, target in ((bond, bond + 1), (bond + 1, bond)):
            reaction = gillespy2.Reaction(
                name=f"hop{source}to{target}",
                reactants={sites[source]: 1} if sites[source] else {},
                products={sites[target]: 1} if sites[target] else {},
                propensity_function=f"{x[source]} * (1 - {x[target]})",
            )
            model.add_reaction(reaction)
    model.timespan(gillespy2.TimeSpan(np.linspace(0, COMPILED_TIME[n], 3)))
    return model


def compiled_runner(n):
    """Compile (c); return what runs it and gives its number of hops."""
    model = compiled_model(n)
    solver = gillespy2.SSACSolver(model=model)

    def run(n, seed):
        result = model.run(solver=solver, number_of_trajectories=COMPILED_TRAJECTORIES, seed=seed)
        return result, COMPILED_TRAJECTORIES * COMPILED_TIME[n] * hop_rate(n)

    return run


def compare(n, contestants):
    """Run all in turn and print the medians, and the ratios taken repetition by repetition."""
    speed = {name: [] for name in contestants}
    for repetition in range(REPETITIONS):
        for name, call in contestants.items():
            (_, hops), seconds = processor_seconds(lambda call=call, seed=repetition + 1: call(n, seed))
            speed[name].append(hops / seconds)
    print(f"{n} boxes of {SITES} places, {REPETITIONS} repetitions: hops per second of processor time")
    *_, reference = speed.values()
    for name, values in speed.items():
        line = f"    {name:<16} {np.median(values) / 1e6:7.2f} million"
        if gillespy2 is not None:
            ratio = np.array(values) / reference
            line += f", ratio to GillesPy2 {np.median(ratio):5.1f} ({ratio.min():.1f} to {ratio.max():.1f})"
        print(line)


def check():
    """Say how well the simulations of two boxes agree with the master equation."""
    exact = master_equation.stationary(process(2)).covariance[0, 1]
    print(f"C12 of two boxes: {exact:.4f} by the master equation")
    for name, call in (("jump_chain", chain_of_jumps), ("ring_bonds", rung_bonds)):
        run, _ = call(2, 0)
        print(f"    {name} {run.covariance[0, 1]:.4f} ± {run.covariance_error[0, 1]:.4f}")


def main():
    if gillespy2 is None:
        print("GillesPy2 cannot be imported: the comparison with it is left out.")
    for n, contestants in (
        (2, {"jump_chain": chain_of_jumps, "ring_bonds": rung_bonds}),
        (10, {"ring_bonds": rung_bonds}),
    ):
        if gillespy2 is not None:
            contestants[f"GillesPy2 {gillespy2.__version__}"] = compiled_runner(n)
        compare(n, contestants)
    check()


if __name__ == "__main__":
    main()
