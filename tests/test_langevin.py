"""Langevin trajectories of eqs. (2), (3): against exact moments, with bounds in standard errors and fixed seeds."""

import os
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import expm
from scipy.sparse.linalg import spsolve

from tests.systems import LAWS, metal
from twobox import Chain, Contact, Substance, System, constant_heat_capacity, exact, exclusion, ideal_gas, kmp
from twobox.finite.langevin import MOST_STEPS, langevin, trajectories
from twobox.model.system import bond_vectors

# Ten or so independent numbers a test: beyond four standard errors once in a thousand tests. Seeds are fixed, so never by chance.
SIGMAS = 4.0


def assert_within_errors(found, expected, error, sigmas=SIGMAS):
    np.testing.assert_array_less(np.abs(found - expected), sigmas * error)


@pytest.mark.parametrize(
    ("system", "left", "right"),
    [
        (ideal_gas(heat_capacity=50.0), 2.0, 1.0),
        (ideal_gas(heat_capacity=[60.0, 90.0], rate=[1.0, 3.0, 0.5]), 1.0, 3.0),
        (kmp(heat_capacity=100.0), 3.0, 2.0),
        (exclusion(sites=60.0), 0.9, 0.3),
        (exclusion(sites=60.0, n=3), 0.8, 0.4),
        (ideal_gas(heat_capacity=80.0, n=1), 2.0, 1.0),
    ],
    ids=["ideal gas", "unlike boxes and bonds", "kmp", "exclusion", "three boxes", "one box"],
)
def test_trajectories_have_the_exact_moments_at_any_step(system, left, right):
    """With a step as long as the fastest relaxation time: linear A and quadratic B carry no time-step error."""
    chain = Chain(system, left=left, right=right)
    energies, C = exact.closed_moments(chain)
    run = langevin(chain, duration=30, time_step=1.0, trajectories=1500, seed=11)
    assert run.clipped == 0
    assert_within_errors(run.energies, energies, run.energies_error)
    assert_within_errors(run.covariance, C, run.covariance_error)
    assert_within_errors(run.time_step_error, 0, run.time_step_error_error)
    # The errors are small enough to see the finite size and the sign of C12.
    assert np.all(run.covariance_error < 0.02 * np.abs(C).max())


def test_integrator_makes_no_correlation_at_equilibrium_where_euler_makes_one():
    """Plain Euler-Maruyama has C12 = -dt C11/2 at equal baths (dt in N/γ); the same step here has none."""
    m, dt, steps, count = 200.0, 0.1, 300, 20000
    chain = Chain(ideal_gas(heat_capacity=m, rate=m), left=1.0, right=1.0)  # N/γ = 1
    run = langevin(chain, duration=50, time_step=3 * dt, trajectories=1500, seed=5)
    bias = -dt * m / 2
    assert_within_errors(run.covariance[0, 1], 0, run.covariance_error[0, 1])
    assert run.covariance_error[0, 1] < abs(bias) / 10

    # Euler's own stationary covariance, mode by mode: C = c/(1 - λ dt/2) with λ = 1 and 3.
    euler = m / 2 * (1 / (1 - dt / 2) - 1 / (1 - 3 * dt / 2))
    assert euler == pytest.approx(bias, rel=2.5 * dt)
    rng = np.random.default_rng(8)
    x = np.full((count, 2), m)
    for _ in range(steps):
        B = 2 * np.stack([x[:, 0], x[:, 0] * x[:, 1] / m, x[:, 1]], axis=1)
        A = np.stack([m - x[:, 0], x[:, 0] - x[:, 1], x[:, 1] - m], axis=1)
        J = A * dt + np.sqrt(np.maximum(B, 0) * dt) * rng.standard_normal((count, 3))
        x = x + J[:, :2] - J[:, 1:]
    error = m / np.sqrt(count)
    measured = np.cov(x.T)[0, 1]
    # B is not constant: that changes Euler's covariance by a relative 1/m.
    assert abs(measured - euler) < SIGMAS * error
    assert measured < -SIGMAS * error


def test_nonlinear_boxes_approach_the_lyapunov_equation():
    """Radiation between metals: C/N of the trajectories tends to that of eq. (7), within step and size corrections."""
    size = 2000.0
    chain = Chain(System(Contact(LAWS["radiation"]), metal(size)), left=1.5, right=1.0)
    steady = chain.steady_state()
    run = langevin(chain, duration=30, time_step=0.1, trajectories=1500, seed=3)
    step = np.abs(run.time_step_error) + 2 * run.time_step_error_error
    # The corrections of relative order 1/N are far below the errors at this size.
    assert_within_errors(run.covariance, steady.covariance, run.covariance_error + step / SIGMAS)
    assert_within_errors(run.energies, steady.energies, run.energies_error + 1.0)


def test_time_step_error_is_reported_where_there_is_one():
    """Small nonlinear boxes and a long step: the reported error shrinks with the step, and extrapolation agrees."""
    chain = Chain(System(Contact(LAWS["radiation"]), metal(30.0)), left=1.0, right=1.0)
    long, short = (langevin(chain, duration=60, time_step=s, trajectories=2000, seed=4) for s in (0.6, 0.15))
    assert abs(long.time_step_error[0, 0]) > 4 * long.time_step_error_error[0, 0]
    assert abs(short.time_step_error[0, 0]) < 0.5 * abs(long.time_step_error[0, 0])


def test_error_bars_are_honest():
    """Over 40 seeds the deviations from the exact moments, in standard errors, have mean square one."""
    chain = Chain(ideal_gas(heat_capacity=100.0), left=2.0, right=1.0)
    energies, C = exact.closed_moments(chain)
    scores = []
    for seed in range(40):
        run = langevin(chain, duration=5, time_step=1.0, trajectories=100, seed=seed)
        scores.append(
            [
                (run.energies[0] - energies[0]) / run.energies_error[0],
                (run.covariance[0, 0] - C[0, 0]) / run.covariance_error[0, 0],
                (run.covariance[0, 1] - C[0, 1]) / run.covariance_error[0, 1],
            ]
        )
    # Chi-squared with 40 degrees of freedom over 40: standard deviation √(2/40) = 0.22.
    mean_square = np.mean(np.square(scores), axis=0)
    assert np.all((mean_square > 1 - 0.8) & (mean_square < 1 + 0.9))
    assert np.all(np.abs(np.mean(scores, axis=0)) < SIGMAS / np.sqrt(40))


def test_stratonovich_reading_shifts_the_mean_by_order_one():
    """A quarter of v·∇B joins each mean current: for the ideal gas T_0/2, (E_1 - E_2)/(2m) and -T_3/2 (rate m).

    The mean equations stay linear; solved here by hand they give E_1 + E_2 = (m + 1/2)(T_0 + T_3).
    """
    m, left, right = 40.0, 2.0, 1.0
    total = (m + 0.5) * (left + right)
    difference = (m + 0.5) * (left - right) / (1 + 2 * (1 + 1 / (2 * m)))
    expected = np.array([total + difference, total - difference]) / 2
    chain = Chain(ideal_gas(heat_capacity=m, rate=m), left=left, right=right)
    run = langevin(chain, duration=30, time_step=0.3, trajectories=3000, seed=7, reading=0.5)
    assert_within_errors(run.energies, expected, run.energies_error)
    ito = langevin(chain, duration=30, time_step=0.3, trajectories=3000, seed=7)
    assert_within_errors(ito.energies, chain.steady_state().energies, ito.energies_error)
    # The two readings are far apart on the scale of the errors, and close on the scale of the energies.
    assert np.all(run.energies - ito.energies > 10 * run.energies_error)
    assert np.all(run.energies - ito.energies < 2 / m * ito.energies)


def test_same_seed_same_numbers():
    chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=1.0)
    one, again, other = (langevin(chain, duration=2, time_step=0.5, trajectories=20, seed=s) for s in (1, 1, 2))
    for name in ("energies", "covariance", "covariance_error", "time_step_error"):
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
        assert np.all(getattr(one, name) != getattr(other, name))


def test_bath_temperatures_in_other_units_scale_the_trajectories():
    """The same noise drives the same motion, whatever the unit of energy."""
    one, other = (
        langevin(
            Chain(ideal_gas(heat_capacity=50.0), left=2 * u, right=u),
            duration=2,
            time_step=0.5,
            trajectories=20,
            seed=1,
        )
        for u in (1.0, 2.0**-60)
    )
    np.testing.assert_allclose(other.covariance * 2.0**120, one.covariance, rtol=1e-9)


@pytest.mark.parametrize("contact", [Contact(LAWS["fourier"]), Contact(lambda a, b: a - b, lambda a, b: 2 * a * b)])
def test_boxes_too_small_for_white_noise_are_reported_and_stay_finite(contact):
    chain = Chain(System(contact, constant_heat_capacity(1.0)), left=1.0, right=0.5)
    with pytest.warns(RuntimeWarning, match="energies left their domain"):
        run = langevin(chain, duration=5, time_step=0.5, trajectories=200, seed=1)
    assert run.clipped > 1e-4
    assert np.all(np.isfinite(run.covariance)) and np.all(np.isfinite(run.time_step_error))


def test_substance_without_a_closed_inverse():
    """The numerical inverse of E(T) moves the trajectories as the closed one does."""
    numerical = Substance(energy=lambda T: 500 * T**2)
    runs = [
        langevin(
            Chain(System(Contact(LAWS["radiation"]), box), left=1.5, right=1.0),
            duration=1,
            time_step=0.5,
            trajectories=10,
            seed=2,
        )
        for box in (numerical, metal(500.0))
    ]
    np.testing.assert_allclose(runs[0].covariance, runs[1].covariance, rtol=1e-9)


def test_noise_that_turns_negative_on_the_way_is_refused():
    # Positive at the mean, negative a few standard deviations away from it.
    contact = Contact(mean_current=lambda a, b: a - b, noise_strength=lambda a, b: 2 * a * b - 1.9)
    chain = Chain(System(contact, constant_heat_capacity(5.0)), left=1.0, right=1.0)
    with pytest.raises(ValueError, match="noise_strength must be >= 0 at all energies"):
        langevin(chain, duration=20, time_step=0.5, trajectories=50, seed=1)


def test_a_law_that_is_singular_at_the_edge_is_named():
    contact = Contact(mean_current=lambda a, b: 1 / b - 1 / a, noise_strength=lambda a, b: 2 + 0 * a * b)
    chain = Chain(System(contact, constant_heat_capacity(1.0)), left=1.0, right=1.0)
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="must be finite at all energies"):
        langevin(chain, duration=20, time_step=0.5, trajectories=50, seed=1)


def test_the_zero_of_energy_does_not_matter():
    # A constant added to E(T) moves the means and nothing else, in either reading of the noise.
    options = dict(duration=5, time_step=0.5, trajectories=20, seed=3, reading=0.5)
    contact = ideal_gas(heat_capacity=50.0).contacts[0]
    plain = Substance(energy=lambda T: 50 * T, temperature=lambda E: E / 50, lowest_energy=0.0)
    moved = Substance(energy=lambda T: 50 * T - 500, temperature=lambda E: (E + 500) / 50, lowest_energy=-500.0)
    one, other = (langevin(Chain(System(contact, box), left=2.0, right=1.0), **options) for box in (plain, moved))
    assert np.allclose(one.covariance, other.covariance, rtol=1e-6)
    assert np.allclose(one.energies, other.energies + 500)


# The reading of the noise.


def moments_of_the_gas(m, T0, T3, reading):
    """Mean and covariance of the gas of shape m (A01 = m T0 - x1, B12 = 2 x1 x2/m, …) from the moment equations themselves."""
    # Itô's words: (α/2) v·∇B adds α T0, α (x1 - x2)/m and -α T3 to the three currents.
    k = 1 + reading / m
    R = np.array([[-1 - k, k], [k, -1 - k]])
    mean = np.linalg.solve(R, -(m + reading) * np.array([T0, T3]))
    a, c = 2 * T0 * mean[0], 2 * T3 * mean[1]

    def residual(C11, C12, C22):
        C = np.array([[C11, C12], [C12, C22]])
        b = 2 * (mean[0] * mean[1] + C12) / m
        flow = R @ C + C @ R.T + np.array([[a + b, -b], [-b, b + c]])
        return flow[[0, 0, 1], [0, 1, 1]]

    nought = residual(0, 0, 0)
    matrix = np.stack([residual(*unit) - nought for unit in np.eye(3)], axis=1)
    C11, C12, C22 = np.linalg.solve(matrix, -nought)
    return mean, np.array([[C11, C12], [C12, C22]])


def gas_formulas(m, T0, T3, reading):
    """⟨x1⟩ = (m + α)((2m + α)T0 + (m + α)T3)/(3m + 2α), C12 = m(m + α)²(2m + α)(T0 - T3)²/(2(3m + 2α)²(3m + 2α + 1))."""
    total = 3 * m + 2 * reading
    mean = (m + reading) * ((2 * m + reading) * T0 + (m + reading) * T3) / total
    C12 = m * (m + reading) ** 2 * (2 * m + reading) * (T0 - T3) ** 2 / (2 * total**2 * (total + 1))
    return mean, C12


@pytest.mark.parametrize("reading", [0.0, 0.3, 0.5, 1.0])
def test_every_reading_of_the_gas_has_its_exact_moments_at_any_step(reading):
    m, T0, T3 = 20.0, 2.0, 0.5
    energies, C = moments_of_the_gas(m, T0, T3, reading)
    mean, C12 = gas_formulas(m, T0, T3, reading)
    assert energies[0] == pytest.approx(mean, rel=1e-12) and C[0, 1] == pytest.approx(C12, rel=1e-12)
    chain = Chain(ideal_gas(heat_capacity=m, rate=m), left=T0, right=T3)
    run = langevin(chain, duration=60, time_step=1.0, trajectories=2000, seed=21, reading=reading)
    assert run.clipped < 1e-5
    assert_within_errors(run.energies, energies, run.energies_error)
    assert_within_errors(run.covariance, C, run.covariance_error)
    assert_within_errors(run.time_step_error, 0, run.time_step_error_error)
    # The other readings are far away on the scale of the errors: α/2 of a relative 1/m, and α in the mean.
    other = moments_of_the_gas(m, T0, T3, 0.15 if reading == 0 else 0.0)[0]
    assert np.all(np.abs(run.energies - other) > 5 * run.energies_error)


def test_readings_of_one_noise_differ_by_what_the_formula_says():
    """Same seed, same noise: what is common to two readings drops out, and the difference of their C12 is seen."""
    m, T0, T3 = 6.0, 2.0, 0.5
    chain = Chain(ideal_gas(heat_capacity=m, rate=m), left=T0, right=T3)
    options = dict(duration=40, time_step=0.2, trajectories=600)
    found = []
    for seed in range(6):
        ito, anti = (langevin(chain, seed=seed, reading=reading, **options) for reading in (0.0, 1.0))
        found.append(anti.covariance[0, 1] - ito.covariance[0, 1])
    expected = gas_formulas(m, T0, T3, 1.0)[1] - gas_formulas(m, T0, T3, 0.0)[1]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    # Six seeds: a t distribution with five degrees of freedom.
    assert abs(np.mean(found) - expected) < 1.5 * SIGMAS * error
    assert np.mean(found) > 5 * error


def radiation_noise(a, b):
    """B of eq. (4) for A = a⁴ - b⁴."""
    return 2 * a * b * (a + b) * (a**2 + b**2)


def lattice_correlation(capacity, reading, spacing):
    """C12 of the T⁴ law at equal baths T = 1, from the stationary state of the Fokker-Planck equation on a lattice of energies.

    Jumps of ± the spacing along v_b at rates B/(2h²) ± drift/(2h) have the drift and the noise of the process at every point.
    """
    size = int((capacity + 9 * np.sqrt(capacity)) / spacing)
    i, j = (grid.ravel() for grid in np.meshgrid(range(1, size), range(1, size), indexing="ij"))
    x = np.stack([i, j]) * spacing
    rows, columns, rates = [], [], []

    def sides(bond, x):
        T = [np.ones(x.shape[1]), x[0] / capacity, x[1] / capacity, np.ones(x.shape[1])]
        return T[bond], T[bond + 1]

    for bond, vector in enumerate(bond_vectors(2).astype(int)):
        width = 1e-4 * capacity * vector[:, None]
        gradient = (
            (radiation_noise(*sides(bond, x + width)) - radiation_noise(*sides(bond, x - width))) / 2e-4 / capacity
        )
        a, b = sides(bond, x)
        B, drift = radiation_noise(a, b), a**4 - b**4 + reading / 2 * gradient
        for sign in (1, -1):
            rate = np.maximum(B / (2 * spacing**2) + sign * drift / (2 * spacing), 0)
            to_i, to_j = i + sign * vector[0], j + sign * vector[1]
            inside = (to_i > 0) & (to_j > 0) & (to_i < size) & (to_j < size)
            here = np.flatnonzero(inside)
            there = ((to_i - 1) * (size - 1) + to_j - 1)[inside]
            rows += [there, here]
            columns += [here, here]
            rates += [rate[inside], -rate[inside]]
    entries = np.concatenate(rates), (np.concatenate(rows), np.concatenate(columns))
    generator = sparse.coo_matrix(entries, shape=(i.size, i.size)).tocsc()
    fixed = np.argmin((x[0] - capacity) ** 2 + (x[1] - capacity) ** 2)
    rest = np.arange(i.size) != fixed
    P = np.ones(i.size)
    P[rest] = spsolve(generator[rest][:, rest], -generator[rest][:, [fixed]].toarray().ravel())
    P /= P.sum()
    return x[0] * x[1] @ P - (x[0] @ P) * (x[1] @ P)


def false_correlation(capacity, reading):
    """The same for zero spacing: the lattice is wrong by the square of it."""
    coarse, fine = (lattice_correlation(capacity, reading, spacing) for spacing in (1.0, 0.5))
    return fine + (fine - coarse) / 3


def test_equal_baths_correlate_a_nonlinear_law_unless_the_reading_is_anti_ito():
    """The T⁴ law with the noise (4): C12 → (1 - α)(5/12)T² at equal baths, whatever the heat capacity."""
    for reading in (0.0, 0.5, 1.0):
        small, large = (false_correlation(capacity, reading) for capacity in (20.0, 40.0))
        # Corrections fall as 1/capacity; what is left after one extrapolation is of their square, (5/40)² or so.
        assert 2 * large - small == pytest.approx((1 - reading) * 5 / 12, abs=0.02)
    assert abs(large) < 1e-4 and abs(small) < 1e-4  # anti-Itô: none at any size


def test_trajectories_have_the_false_correlation_at_equal_baths():
    """Itô minus anti-Itô under one noise, at no step: as the lattice has it for the same boxes."""
    capacity = 40.0
    chain = Chain(
        System(Contact(LAWS["radiation"], radiation_noise), constant_heat_capacity(capacity)), left=1.0, right=1.0
    )
    found = []
    for seed in range(4):
        options = dict(duration=12, time_step=0.05, trajectories=500, seed=seed)
        ito, anti = (langevin(chain, reading=reading, **options) for reading in (0.0, 1.0))
        # The step's error is of first order and known: extrapolate.
        found.append(ito.covariance[0, 1] - anti.covariance[0, 1])
        found[-1] -= ito.time_step_error[0, 1] - anti.time_step_error[0, 1]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    # Beside the statistics, what extrapolation leaves: the square of the step's error, (0.1/0.36)² of it.
    assert abs(np.mean(found) - false_correlation(capacity, 0.0)) < 1.5 * SIGMAS * error + 0.03
    assert np.mean(found) > 10 * error


# Any processor, any start, any amount of work.

SAME_ON_ANY_PROCESSOR = """
import numpy as np
from twobox import Chain, Contact, System, constant_heat_capacity, ideal_gas
from twobox.finite.langevin import langevin, trajectories

unlike = System(Contact(lambda a, b: a**4 - b**4), [constant_heat_capacity(c) for c in (50.0, 80.0, 30.0)])
for chain, reading in (
    (Chain(ideal_gas(heat_capacity=400), left=1.0, right=1.0), 0.0),
    (Chain(unlike, left=1.5, right=1.0), 0.5),
    (Chain(ideal_gas(heat_capacity=50, n=9), left=1.5, right=1.0), 1.0),
):
    run = langevin(chain, duration=1, time_step=0.6, trajectories=40, seed=40, reading=reading)
    paths = trajectories(chain, times=[1, 2.5, 30], time_step=0.5, trajectories=20, seed=3, reading=reading)
    for numbers in (run.energies, run.covariance, run.time_step_error, paths.energies, paths.transferred):
        print(*(f"{number:.17g}" for number in numbers.ravel()))
"""


def test_the_seed_gives_the_same_numbers_on_any_processor():
    """Another kernel of the linear algebra rounds otherwise, and no more than that."""
    outputs = []
    for kernel in ({}, {"OPENBLAS_CORETYPE": "Nehalem"}):
        command = [sys.executable, "-c", SAME_ON_ANY_PROCESSOR]
        done = subprocess.run(command, env=os.environ | kernel, capture_output=True, text=True, check=True)
        outputs.append([np.array(line.split(), float) for line in done.stdout.splitlines()])
    for one, other in zip(*outputs):
        # The reading's gradient is a difference quotient, which multiplies rounding by ten thousand or so.
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9 * np.abs(one).max())


@pytest.mark.parametrize("start", ["cold and hot", "one for each trajectory"])
def test_the_steady_state_forgets_the_start(start):
    chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=1.0)
    count = 400
    rng = np.random.default_rng(1)
    start = [0.0, 5000.0] if start == "cold and hot" else rng.uniform(0, 300, (count, 2))
    energies, C = exact.closed_moments(chain)
    run = langevin(chain, duration=20, time_step=1.0, trajectories=count, seed=9, start=start)
    assert_within_errors(run.energies, energies, run.energies_error)
    assert_within_errors(run.covariance, C, run.covariance_error)


def test_work_beyond_the_limit_is_refused_and_not_begun():
    chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=1.0)
    options = dict(duration=1, time_step=0.5, trajectories=4, seed=1)
    for change in ({"duration": 1e200}, {"duration": 1e308}, {"time_step": 5e-324}, {"trajectories": 10**12}):
        with pytest.raises(
            ValueError, match=rf"duration, time_step and trajectories must ask for at most {MOST_STEPS}"
        ):
            langevin(chain, **(options | change))
    with pytest.raises(ValueError, match="trajectories must fit into 4 GB of memory"):
        langevin(chain, **(options | {"trajectories": 10**8}))
    del options["duration"]
    for change in ({"times": [1e200]}, {"times": [1.0], "time_step": 5e-324}):
        with pytest.raises(ValueError, match=rf"times, time_step and trajectories must ask for at most {MOST_STEPS}"):
            trajectories(chain, **(options | change))
    with pytest.raises(ValueError, match="ask for 2 GB of results, memory allows 1 GB: raise memory"):
        trajectories(chain, **(options | {"times": [1.0, 2.0], "trajectories": 25 * 10**6}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reading": "ito"}, "reading must be a number from 0 (Itô) to 1 (anti-Itô), ½ for Stratonovich, got 'ito'"),
        ({"reading": True}, "reading must be a number from 0 (Itô) to 1"),
        ({"reading": -0.5}, "reading must be finite and >= 0 and <= 1, got -0.5"),
        ({"reading": np.nan}, "reading must be finite and >= 0 and <= 1, got nan"),
        ({"seed": True}, "got True"),
        ({"seed": 4.0}, "seed must be an integer >= 0, write 4, got 4.0"),
        ({"time_step": 1e300}, "time_step must be finite and > 0 and <= 1e+06, got 1e+300"),
        ({"start": [1.0, 2.0, 3.0]}, "start must have shape (2,) or (4, 2), got (3,)"),
        ({"start": [-1.0, 2.0]}, "start must lie from 0 to inf in box 1, got -1"),
        ({"start": [1.0, np.nan]}, "start must be finite, got nan"),
        ({"times": [2.0, 1.0]}, "times must increase, got 2 before 1"),
        ({"times": []}, "times must have shape (m,) with m >= 1, got (0,)"),
        ({"times": [-1.0, 1.0]}, "times must be finite and >= 0, got -1.0"),
        ({"memory": 0.0}, "memory must be finite and > 0, got 0.0"),
        ({"progress": "loud"}, "progress must be True, False or None"),
        ({"executor": 2}, "executor must be a concurrent.futures.Executor"),
    ],
)
def test_a_trajectory_names_what_it_cannot_do(change, words):
    chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=1.0)
    options = {"time_step": 0.5, "trajectories": 4, "seed": 1}
    calls = [lambda: trajectories(chain, **({"times": [1.0, 2.0]} | options | change))]
    if not {"times", "memory"} & set(change):
        calls.append(lambda: langevin(chain, **({"duration": 1.0} | options | change)))
    for call in calls:
        with pytest.raises(ValueError) as caught:
            call()
        assert words in str(caught.value)


def test_an_old_keyword_is_an_unexpected_one():
    with pytest.raises(TypeError, match="convention"):
        langevin(
            Chain(ideal_gas(), left=2.0, right=1.0), duration=1, time_step=1, trajectories=2, seed=1, convention="ito"
        )


def test_results_cannot_be_written_to_and_pickle():
    chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=1.0)
    options = dict(time_step=0.5, trajectories=4, seed=1)
    for run in (langevin(chain, duration=1, **options), trajectories(chain, times=[1.0], **options)):
        for one in (run, pickle.loads(pickle.dumps(run))):
            with pytest.raises(FrozenInstanceError):
                one.energies = 0
            for field in fields(one):
                value = getattr(one, field.name)
                if isinstance(value, np.ndarray):
                    np.testing.assert_array_equal(value, getattr(run, field.name))
                    with pytest.raises(ValueError, match="read-only"):
                        value[...] = 0


# Trajectories at given times. Time in N/γ: m = rate, so that R = [[-2, 1], [1, -2]].


def gas(m=30.0, left=2.0, right=0.5):
    return Chain(ideal_gas(heat_capacity=m, rate=m), left=left, right=right)


@pytest.mark.parametrize("reading", [0.0, 1.0])
def test_what_passes_the_bonds_is_what_the_boxes_gain(reading):
    """Conservation, eq. (2): exact in every step, for a nonlinear law and unlike boxes too, and where energies leave their domain."""
    unlike = System(Contact(LAWS["radiation"]), [metal(30.0), constant_heat_capacity(10.0), metal(3.0)])
    chain = Chain(unlike, left=1.5, right=0.7)
    start = chain.steady_state().energies * [0.5, 1.0, 1.2]
    with pytest.warns(RuntimeWarning, match="energies left their domain"):
        paths = trajectories(
            chain, times=[0.0, 0.01, 0.5, 3.0], time_step=0.3, trajectories=50, seed=2, start=start, reading=reading
        )
    assert np.all(paths.transferred[0] == 0) and np.all(paths.energies[0] == start)
    gained = paths.transferred @ bond_vectors(3)
    np.testing.assert_allclose(gained, paths.energies - start, atol=1e-11 * np.abs(start).max())


def test_mean_energies_relax_as_the_mean_equations_say():
    """⟨E(t)⟩ - E* = exp(R t)(E(0) - E*), exact for linear A at any step, and at times that are not equally spaced."""
    chain, start = gas(), np.array([10.0, 60.0])
    steady = chain.steady_state()
    times = np.array([0.0, 0.1, 0.15, 0.5, 1.0, 2.5])
    paths = trajectories(chain, times=times, time_step=1.0, trajectories=3000, seed=3, start=start)
    flow = np.stack([expm(steady.relaxation_matrix * t) for t in times])
    expected = steady.energies + flow @ (start - steady.energies)
    error = paths.energies.std(axis=1) / np.sqrt(3000)
    assert np.all(np.abs(paths.energies.mean(axis=1) - expected) <= SIGMAS * error)


def test_covariance_at_two_times_decays_with_the_relaxation_matrix():
    """⟨δE(t) δE(0)⟩ = exp(R t) C with the exact C of small boxes, from a start in the steady state itself."""
    chain = gas(m=12.0)
    energies, C = exact.closed_moments(chain)
    times = np.array([0.0, 0.2, 0.5, 1.0, 2.0])
    count = 40_000
    paths = trajectories(chain, times=times, time_step=0.5, trajectories=count, seed=5)
    away = paths.energies - energies
    products = np.einsum("tki,kj->tkij", away, away[0])
    error = products.std(axis=1) / np.sqrt(count)
    R = chain.steady_state().relaxation_matrix
    expected = np.stack([expm(R * t) @ C for t in times])
    assert_within_errors(products.mean(axis=1), expected, error)


def test_transferred_energy_has_the_mean_and_the_variance_of_the_theory():
    """Mean J t, and at all times the variances of the outer and the middle bond; they are exact at any size for given ⟨B⟩.

    With a, b, c the mean noise strengths and p = (c - 5a)/8, q = (8b - 19a - c)/8, f_k = t - (1 - exp(-k t))/k:
    bond 01: a t + p f_1 + (q/9) f_3; bond 12: b t + ((a + c - 8b)/9) f_3.
    """
    chain, m, count = gas(m=20.0), 20.0, 20_000
    (E1, E2), C = exact.closed_moments(chain)
    a, b, c = 2 * 2.0 * E1, 2 * (E1 * E2 + C[0, 1]) / m, 2 * 0.5 * E2
    t = np.array([0.05, 0.3, 1.0, 4.0])
    paths = trajectories(chain, times=t, time_step=1.0, trajectories=count, seed=8)
    mean, spread = paths.transferred.mean(axis=1), paths.transferred.std(axis=1)
    current = m * (2.0 - 0.5) / 3
    assert_within_errors(mean, (current * t)[:, None], spread / np.sqrt(count))
    f1, f3 = t - (1 - np.exp(-t)), t - (1 - np.exp(-3 * t)) / 3
    expected = [
        first * t + (last - 5 * first) / 8 * f1 + (8 * b - 19 * first - last) / 72 * f3
        for first, last in ((a, c), (c, a))
    ]
    expected.insert(1, b * t + (a + c - 8 * b) / 9 * f3)
    squares = (paths.transferred - (current * t)[:, None, None]) ** 2
    assert_within_errors(squares.mean(axis=1), np.stack(expected, axis=1), squares.std(axis=1) / np.sqrt(count))


def test_a_run_cut_at_more_times_is_a_run():
    """Looking more often changes the noise that is drawn, not the law: mean and variance at the last time agree."""
    chain = gas()
    often, once = (
        trajectories(chain, times=t, time_step=0.5, trajectories=4000, seed=s).transferred[-1]
        for s, t in ((1, np.linspace(0, 2, 21)), (2, [2.0]))
    )
    both = np.sqrt(often.var(axis=0) / 4000 + once.var(axis=0) / 4000)
    assert_within_errors(often.mean(axis=0), once.mean(axis=0), both)
    assert_within_errors(often.var(axis=0) / once.var(axis=0), 1, np.sqrt(4 / 4000))
