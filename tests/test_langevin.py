"""Langevin trajectories of eqs. (2), (3): against exact moments, with bounds in standard errors and fixed seeds."""

import numpy as np
import pytest

from tests.systems import LAWS, metal
from twobox import Chain, Contact, Substance, System, constant_heat_capacity, exact, exclusion, ideal_gas, kmp
from twobox.finite.langevin import langevin

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
