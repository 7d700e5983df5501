"""The steady state and its small fluctuations: linearisation (6) and covariance (7) of the paper."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twobox.model.substances import IntensiveVariable
from twobox.model.system import bond_vectors
from twobox.steady import two_box
from twobox.steady.lyapunov import refuse_unstable, slowest_eigenvalue, solve_lyapunov
from twobox.steady.mean import best_known, bond_slopes, mean_currents, noise_strengths


@dataclass(frozen=True, eq=False)
class SteadyState:
    r"""A steady state and its small fluctuations (paper's section 3).

    Fluctuations obey :math:`d\,\delta E/dt = R\,\delta E + \Sigma\,\eta` and their covariance
    :math:`R C + C R^T = -Q`, :math:`Q = \Sigma\Sigma^T`. Made by `Chain.steady_state`. With bath arrays of shape (...),
    every attribute carries that shape in front.

    Attributes
    ----------
    variable : IntensiveVariable
        What the profile is: temperature or density.
    profile : ndarray, shape (..., n + 2)
        Temperature (density) of bath, boxes, bath.
    energies : ndarray, shape (..., n)
        Mean energy of each box.
    noise_strengths : ndarray, shape (..., n + 1)
        B of each bond, energy² per time.
    currents : ndarray, shape (..., n + 1)
        A of each bond; in a steady state they are equal up to rounding.
    current : ndarray, shape (...)
        ⟨J⟩ from left to right: A of the bond on which rounding does least.
    rates_from_left, rates_from_right : ndarray, shape (..., n + 1)
        For bond b, ∂A/∂E of its left side and -∂A/∂E of its right side; zero where that side is a bath. For two boxes
        γ₁ = rates_from_right[0], γ₂ = rates_from_left[1], γ₃ = rates_from_right[1], γ₄ = rates_from_left[2] (App. B).

    Examples
    --------
    Two thousand pairs of baths at once; the bonds' shares add up to C, and hot baths never make C₁₂ negative:

    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(), left=np.linspace(1, 5, 2000), right=2.0).steady_state()
    >>> steady.covariance.shape
    (2000, 2, 2)
    >>> np.allclose(steady.bond_shares.sum(axis=-3), steady.covariance), bool(np.all(steady.covariance[:, 0, 1] >= 0))
    (True, True)
    """

    variable: IntensiveVariable
    profile: np.ndarray
    energies: np.ndarray
    noise_strengths: np.ndarray
    currents: np.ndarray
    current: np.ndarray
    rates_from_left: np.ndarray
    rates_from_right: np.ndarray

    @classmethod
    def at(cls, system, profile):
        """Linearise `system` about a `profile`, shape (..., n + 2), of baths and boxes.

        Raises
        ------
        ValueError
            If a heat capacity is not positive, a mean current has a slope the wrong way, a noise strength is negative, or the
            relaxation matrix is unstable.
        """
        n = len(system.boxes)
        capacities = np.stack([box.heat_capacity(profile[..., i + 1]) for i, box in enumerate(system.boxes)], axis=-1)
        from_left, from_right = bond_slopes(system.contacts, profile)
        for bond in range(n + 1):
            steepest = min(np.min(side[..., bond], initial=0.0) for side in (from_left, from_right))
            if steepest < 0:
                raise ValueError(
                    f"mean_current of bond {bond} must rise with its first argument and fall with its second, "
                    f"got a slope of {steepest:.6g} the wrong way"
                )
        rates_left, rates_right = np.zeros_like(from_left), np.zeros_like(from_right)
        rates_left[..., 1:] = from_left[..., 1:] / capacities
        rates_right[..., :n] = from_right[..., :n] / capacities
        energies = [np.asarray(box.energy(profile[..., i + 1]), float) for i, box in enumerate(system.boxes)]
        currents = mean_currents(system.contacts, profile)
        steady = cls(
            variable=system.variable,
            profile=profile,
            energies=np.stack(np.broadcast_arrays(*energies), axis=-1),
            noise_strengths=noise_strengths(system.contacts, profile),
            currents=currents,
            current=best_known(currents, (from_left, from_right), profile)[0],
            rates_from_left=rates_left,
            rates_from_right=rates_right,
        )
        refuse_unstable(
            two_box.eigenvalues(*steady.two_box_rates)[..., 0]
            if n == 2
            else slowest_eigenvalue(steady.relaxation_matrix)
        )
        return steady

    @cached_property
    def relaxation_matrix(self):
        """R, shape (..., n, n), 1/time: R_ij = ∂(A_{i-1,i} - A_{i,i+1})/∂E_j (paper's eq. 6)."""
        n = self.energies.shape[-1]
        R = np.zeros((*self.energies.shape, n))
        box = range(n)
        R[..., box, box] = -(self.rates_from_right[..., :n] + self.rates_from_left[..., 1:])
        R[..., box[1:], box[:-1]] = self.rates_from_left[..., 1:n]
        R[..., box[:-1], box[1:]] = self.rates_from_right[..., 1:n]
        return R

    @cached_property
    def noise_matrix(self):
        """Σ, shape (..., n, n + 1): column b is √B_b times the bond vector of bond b (2 × 3 for two boxes)."""
        vectors = bond_vectors(self.energies.shape[-1])
        return vectors.T * np.sqrt(self.noise_strengths)[..., None, :]

    @cached_property
    def diffusion_matrix(self):
        """Q = Σ Σᵀ, shape (..., n, n), energy² per time (paper's eq. 7)."""
        vectors = bond_vectors(self.energies.shape[-1])
        return np.einsum("...b,bi,bj->...ij", self.noise_strengths, vectors, vectors)

    @cached_property
    def unit_shares(self):
        """Covariance that unit noise on one bond alone makes, shape (..., n + 1, n, n)."""
        n = self.energies.shape[-1]
        if n == 2:
            return two_box.unit_shares(*self.two_box_rates)
        vectors = bond_vectors(n)
        R = self.relaxation_matrix
        return np.stack([solve_lyapunov(R, np.broadcast_to(np.outer(v, v), R.shape)) for v in vectors], axis=-3)

    @property
    def bond_shares(self):
        """The part of C that the noise of each bond makes, shape (..., n + 1, n, n); they add up to C."""
        return self.noise_strengths[..., None, None] * self.unit_shares

    @cached_property
    def covariance(self):
        """C, shape (..., n, n), energy²: the solution of R C + C Rᵀ = -Q (paper's eq. 7)."""
        if self.energies.shape[-1] == 2:
            return np.einsum("...b,...bij->...ij", self.noise_strengths, self.unit_shares)
        return solve_lyapunov(self.relaxation_matrix, self.diffusion_matrix)

    @property
    def correlation(self):
        """Correlation coefficients C_ij / √(C_ii C_jj), shape (..., n, n); nan where a box does not fluctuate."""
        spread = np.sqrt(np.diagonal(self.covariance, axis1=-2, axis2=-1))
        return self.covariance / (spread[..., :, None] * spread[..., None, :])

    @cached_property
    def relaxation_times(self):
        """Relaxation times -1/λ of the modes of R, slowest first, shape (..., n)."""
        if self.energies.shape[-1] == 2:
            return -1 / two_box.eigenvalues(*self.two_box_rates)
        return np.sort(-1 / np.linalg.eigvals(self.relaxation_matrix).real, axis=-1)[..., ::-1]

    @property
    def relaxation_time(self):
        """τ, the slowest relaxation time (paper's eq. 15), shape (...)."""
        return self.relaxation_times[..., 0]

    @property
    def two_box_rates(self):
        """γ₁…γ₄ of appendix B, each of shape (...), 1/time; ValueError for other than two boxes."""
        if self.energies.shape[-1] != 2:
            raise ValueError(f"steady must be of 2 boxes, got {self.energies.shape[-1]}")
        left, right = self.rates_from_left, self.rates_from_right
        return right[..., 0], left[..., 1], right[..., 1], left[..., 2]
