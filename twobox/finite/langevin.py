r"""Langevin trajectories of eqs. (2) and (3), with honest error bars.

The equations are read in the Itô sense. Each step treats the linearised flow exactly,

.. math:: E' = E^* + e^{R\,dt}(E - E^*) + \varphi(R\,dt)\,dt\,r(E) + \sum_b \sqrt{B_b(E)} \int_0^{dt} e^{R(dt-s)} v_b\,dW_b,

with r the part of the drift that is not linear. Where A is linear and B at most quadratic, mean and covariance of the steps
obey the same closed equations as those of the process, so that they carry no time-step error at all.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from twobox import _checks
from twobox.model.system import bond_vectors
from twobox.steady.lyapunov import solve_lyapunov
from twobox.steady.mean import mean_currents


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Moments measured over many independent trajectories.

    Attributes
    ----------
    energies, energies_error : ndarray, shape (n,)
        Mean energies and their standard errors.
    covariance, covariance_error : ndarray, shape (n, n)
        Covariance and its standard errors, taken over independent trajectories and hence free of autocorrelation.
    time_step_error, time_step_error_error : ndarray, shape (n, n)
        Covariance at twice the given step minus that at the step, both driven by the same noise, and its standard error.
    clipped : float
        Fraction of steps in which an energy had left its domain; noise and nonlinear drift were then taken at the edge of the
        domain, while the energy itself went on along the linear flow back into it.
    """

    energies: np.ndarray
    energies_error: np.ndarray
    covariance: np.ndarray
    covariance_error: np.ndarray
    time_step_error: np.ndarray
    time_step_error_error: np.ndarray
    clipped: float


def langevin(chain, *, duration, time_step, trajectories, seed, convention="ito"):
    """Simulate a chain and return the `Ensemble` of its steady state.

    Parameters
    ----------
    chain : Chain
        With scalar baths.
    duration : float
        Measured time of each trajectory, in units of the slowest relaxation time τ; 10 τ of warm-up come before it.
    time_step : float
        Step in units of the fastest relaxation time.
    trajectories : int
        Number of independent trajectories, at least 2.
    seed : int
        Seed of `numpy.random.default_rng`, not negative; the same seed gives the same numbers.
    convention : {"ito", "stratonovich"}
        How √B η in eq. (3) is read. The paper does not say; at leading order in the size it does not matter.

    Returns
    -------
    Ensemble

    Raises
    ------
    ValueError
        If an argument is out of range or the baths are arrays.

    Warns
    -----
    RuntimeWarning
        If energies left their domain in more than one step in ten thousand: the boxes are too small for eq. (3).

    Notes
    -----
    The stepping error is none for linear A with B at most quadratic, and first order in the step otherwise; either way it is
    measured and returned, as the change of the covariance when the step is doubled under the same noise.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> chain = Chain(ideal_gas(heat_capacity=50.0), left=2.0, right=1.0)
    >>> run = langevin(chain, duration=20, time_step=0.5, trajectories=500, seed=1)
    >>> bool(abs(run.energies[0] - 250 / 3) < 5 * run.energies_error[0])
    True
    """
    duration = float(_checks.real("duration", duration, above=0, shape=()))
    time_step = float(_checks.real("time_step", time_step, above=0, shape=()))
    trajectories = _checks.whole("trajectories", trajectories, at_least=2)
    seed = _checks.whole("seed", seed, at_least=0)
    if convention not in ("ito", "stratonovich"):
        raise ValueError(f"convention must be 'ito' or 'stratonovich', got {convention!r}")
    if chain.left.ndim:
        raise ValueError(f"left and right must be single numbers for a simulation, got shape {chain.left.shape}")
    stepper = _Stepper(chain, convention)
    times = stepper.steady.relaxation_times
    dt = time_step * times[-1]
    steps = max(2, int(np.ceil(duration * times[0] / (2 * dt))))
    warm_up = int(np.ceil(10 * times[0] / (2 * dt)))

    rng = np.random.default_rng(seed)
    single, double = _Step(stepper, dt), _Step(stepper, 2 * dt)
    start = rng.multivariate_normal(stepper.steady.energies, stepper.steady.covariance, size=trajectories)
    fine = coarse = np.clip(start, stepper.lowest, stepper.highest)
    fine_sums, coarse_sums = _Sums(start.shape), _Sums(start.shape)
    clipped = 0.0
    for step in range(warm_up + steps):
        # Two kicks of the step make exactly one kick of the double step: the two runs share their noise.
        first, second = single.kicks(rng, trajectories), single.kicks(rng, trajectories)
        both = np.einsum("ij,bkj->bki", single.flow, first) + second
        middle, out_first = single.advance(fine, first)
        fine, out_second = single.advance(middle, second)
        coarse, _ = double.advance(coarse, both)
        if step >= warm_up:
            fine_sums.add(middle)
            fine_sums.add(fine)
            coarse_sums.add(coarse)
            clipped += (out_first + out_second) / (2 * steps)
    if clipped > 1e-4:
        warnings.warn(
            f"energies left their domain in {clipped:.1e} of the steps: the boxes are too small for white noise (eq. 3)",
            RuntimeWarning,
            stacklevel=2,
        )
    mean, mean_error, covariance, covariance_error, each = fine_sums.moments()
    bias = coarse_sums.moments()[-1] - each
    return Ensemble(
        mean, mean_error, covariance, covariance_error, bias.mean(axis=0), _standard_error(bias), float(clipped)
    )


def _standard_error(each):
    return each.std(axis=0, ddof=1) / np.sqrt(len(each))


class _Sums:
    """Sums over time of E and E Eᵀ, one for each trajectory."""

    def __init__(self, shape):
        self.count, self.first, self.second = 0, np.zeros(shape), np.zeros((*shape, shape[-1]))
        self.origin = None

    def add(self, energies):
        if self.origin is None:
            self.origin = energies.mean(axis=0)
        moved = energies - self.origin
        self.count += 1
        self.first += moved
        self.second += moved[:, :, None] * moved[:, None, :]

    def moments(self):
        """Return mean, its error, covariance, its error, and the covariance of each trajectory about the common mean."""
        first, second = self.first / self.count, self.second / self.count
        mean = first.mean(axis=0)
        cross = first[:, :, None] * mean
        each = second - cross - np.swapaxes(cross, 1, 2) + mean[:, None] * mean
        # The common mean was fitted to the same data: its variance is missing from the average.
        correction = first - mean
        correction = np.einsum("ki,kj->ij", correction, correction) / len(first) / (len(first) - 1)
        covariance = each.mean(axis=0) + correction
        return self.origin + mean, _standard_error(first), covariance, _standard_error(each), each


class _Stepper:
    """What a step needs to know of the chain, for any step length."""

    def __init__(self, chain, convention):
        self.chain, self.convention = chain, convention
        self.steady = chain.steady_state()
        self.vectors = bond_vectors(len(self.steady.energies))
        self.lowest = np.array([box.lowest_energy for box in chain.system.boxes])
        self.highest = np.array([box.highest_energy for box in chain.system.boxes])

    def noise(self, energies):
        """B on each bond, shape (trajectories, n + 1)."""
        profile = self.chain.profile_at(energies)
        values = [c.noise_strength(profile[:, b], profile[:, b + 1]) for b, c in enumerate(self.chain.system.contacts)]
        values = self._finite("noise_strength", np.stack(np.broadcast_arrays(*values), axis=-1))
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

    def currents(self, energies):
        """Drift of the current on each bond, shape (trajectories, n + 1)."""
        currents = mean_currents(self.chain.system.contacts, self.chain.profile_at(energies))
        self._finite("mean_current", currents)
        if self.convention == "stratonovich":
            currents = currents + self._stratonovich_shift(energies)
        return currents

    def _stratonovich_shift(self, energies):
        """A quarter of v_b·∇B_b, what the Stratonovich reading adds to the mean current of bond b."""
        width = 1e-4 * np.sqrt(np.diagonal(self.steady.covariance).min())
        shift = np.empty((len(energies), len(self.vectors)))
        for bond, vector in enumerate(self.vectors):
            up, down = (np.clip(energies + s * width * vector, self.lowest, self.highest) for s in (1, -1))
            moved = np.max(np.abs(up - down), axis=1)
            shift[:, bond] = (self.noise(up)[:, bond] - self.noise(down)[:, bond]) / moved / 4
        return shift


class _Step:
    """One step of a given length."""

    def __init__(self, stepper, dt):
        self.stepper = stepper
        R = stepper.steady.relaxation_matrix
        n = len(R)
        self.linear = R.T
        self.flow = expm(R * dt)
        self.phi = np.linalg.solve(R, self.flow - np.eye(n))
        roots = []
        for vector in stepper.vectors:
            infinite = solve_lyapunov(R, np.outer(vector, vector))
            values, axes = np.linalg.eigh(infinite - self.flow @ infinite @ self.flow.T)
            roots.append(axes * np.sqrt(np.maximum(values, 0)))
        self.roots = np.array(roots)

    def kicks(self, rng, trajectories):
        """Return ∫ exp(R(dt - s)) v_b dW_b for each bond, shape (n + 1, trajectories, n)."""
        normal = rng.standard_normal((len(self.roots), trajectories, self.roots.shape[1]))
        return np.einsum("bij,bkj->bki", self.roots, normal)

    def advance(self, energies, kicks):
        """Return the energies one step later, and the fraction of trajectories whose energies were out of their domain."""
        stepper = self.stepper
        inside = np.clip(energies, stepper.lowest, stepper.highest)
        clipped = np.mean(np.any(inside != energies, axis=1))
        noise = np.sqrt(stepper.noise(inside))
        from_mean = energies - stepper.steady.energies
        rest = stepper.currents(inside) @ stepper.vectors - (inside - stepper.steady.energies) @ self.linear
        moved = stepper.steady.energies + from_mean @ self.flow.T + rest @ self.phi.T
        return moved + np.einsum("kb,bki->ki", noise, kicks), clipped
