"""How many particles hop in a second: the simulations here against the compiled direct method of GillesPy2.

Two boxes of the exclusion process, N = 100 places each, baths at densities 0.9 and 0.2, in the steady state. Measured
are

(a) ``twobox.finite.jumps.jump_chain``: stationary averages without a clock;
(b) ``twobox.finite.jumps.ring_bonds``: stationary averages for a chain of any length;
(c) ``gillespy2.SSACSolver``, compiled before the clock starts, asked for three points of time only, so that it does
    little but hop.

A hop is a particle that moves; a bell that rings and moves nothing is none. Where hops are not counted (b, c) they are
the time covered times the exact mean rate of hops. Warm-up counts on both sides. A repetition runs all three one after
the other. The time is that of the processor, with that of child processes, in which GillesPy2 runs its program;
everything runs on one core.

GillesPy2 is not among what this package needs. It has to be importable here, with a C++ compiler, make and SCons
(``pip install gillespy2 scons``); without it, (c) is left out and said so.

Run: ``python benchmarks/jumps.py``.
"""

import os

import numpy as np

from twobox.finite import jumps

try:
    import gillespy2
except ImportError:
    gillespy2 = None

SITES = 100
LEFT, RIGHT = 0.9, 0.2
REPETITIONS = 5
TRAJECTORIES = 8192
JUMPS = 5000
RING_TIME = 1000.0
COMPILED_TRAJECTORIES = 200
COMPILED_TIME = 20_000.0
WARM_UP = 1000.0
PROCESS = jumps.partial_exclusion(sites=SITES, left=LEFT, right=RIGHT)


def hop_rate():
    """Return the exact mean number of hops per time in the steady state."""
    generator = PROCESS.generator()
    return float(-generator.diagonal() @ jumps.stationary(PROCESS).probability.reshape(-1))


def processor_seconds(function):
    """Return what a call gives, and the processor time that it and its children take."""
    before = os.times()
    result = function()
    after = os.times()
    return result, sum(after[:4]) - sum(before[:4])


def chain_of_jumps(seed):
    """(a), and its number of hops: those of the warm-up are as many as the largest total rate of a state allows."""
    run = jumps.jump_chain(PROCESS, jumps=JUMPS, trajectories=TRAJECTORIES, seed=seed, warm_up=WARM_UP)
    largest = -PROCESS.generator().diagonal().min()
    return run, TRAJECTORIES * (JUMPS + WARM_UP * largest)


def rung_bonds(seed):
    """(b), and its number of hops."""
    run = jumps.ring_bonds(PROCESS, duration=RING_TIME, trajectories=TRAJECTORIES, seed=seed, warm_up=WARM_UP)
    return run, TRAJECTORIES * (RING_TIME + WARM_UP) * hop_rate()


def compiled_model():
    """Return the same process as a GillesPy2 model."""
    model = gillespy2.Model("two boxes")
    start = [round(SITES * (2 * LEFT + RIGHT) / 3), round(SITES * (LEFT + 2 * RIGHT) / 3)]
    first, second = (gillespy2.Species(f"n{i}", initial_value=n, mode="discrete") for i, n in enumerate(start, 1))
    model.add_species([first, second])
    hops = [
        ({}, {first: 1}, f"{LEFT} * (1 - n1 / {SITES}.0)"),
        ({first: 1}, {}, f"{1 - LEFT} * n1 / {SITES}.0"),
        ({first: 1}, {second: 1}, f"n1 / {SITES}.0 * (1 - n2 / {SITES}.0)"),
        ({second: 1}, {first: 1}, f"n2 / {SITES}.0 * (1 - n1 / {SITES}.0)"),
        ({}, {second: 1}, f"{RIGHT} * (1 - n2 / {SITES}.0)"),
        ({second: 1}, {}, f"{1 - RIGHT} * n2 / {SITES}.0"),
    ]
    for number, (gone, come, rate) in enumerate(hops):
        reaction = gillespy2.Reaction(name=f"hop{number}", reactants=gone, products=come, propensity_function=rate)
        model.add_reaction(reaction)
    model.timespan(gillespy2.TimeSpan(np.linspace(0, COMPILED_TIME, 3)))
    return model


def compiled_run(model, solver, seed):
    """(c), and its number of hops."""
    run = model.run(solver=solver, number_of_trajectories=COMPILED_TRAJECTORIES, seed=seed)
    return run, COMPILED_TRAJECTORIES * COMPILED_TIME * hop_rate()


def main():
    contestants = {"jump_chain": chain_of_jumps, "ring_bonds": rung_bonds}
    if gillespy2 is None:
        print("GillesPy2 cannot be imported: the comparison with it is left out.\n")
    else:
        model = compiled_model()
        solver = gillespy2.SSACSolver(model=model)
        contestants[f"GillesPy2 {gillespy2.__version__}"] = lambda seed: compiled_run(model, solver, seed)
    speed = {name: [] for name in contestants}
    print(f"Hops per second of processor time, two boxes of {SITES} places, {REPETITIONS} repetitions\n")
    for repetition in range(REPETITIONS):
        for name, call in contestants.items():
            (_, hops), seconds = processor_seconds(lambda call=call, seed=repetition + 1: call(seed))
            speed[name].append(hops / seconds)
    *_, reference = speed.values()
    for name, values in speed.items():
        line = f"{name:<18} {np.median(values) / 1e6:7.2f} million"
        if gillespy2 is not None:
            ratio = np.array(values) / reference
            line += f", ratio to GillesPy2 {np.median(ratio):5.1f} ({ratio.min():.1f} to {ratio.max():.1f})"
        print(line)
    check()


def check():
    """Say how well the simulations agree with the master equation."""
    exact = jumps.stationary(PROCESS).covariance[0, 1]
    print(f"\nC12 of the master equation {exact:.4f}")
    for name, call in (("jump_chain", chain_of_jumps), ("ring_bonds", rung_bonds)):
        run, _ = call(0)
        print(f"    {name} {run.covariance[0, 1]:.4f} ± {run.covariance_error[0, 1]:.4f}")


if __name__ == "__main__":
    main()
