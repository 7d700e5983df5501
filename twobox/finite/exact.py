"""Small systems without approximation: closed moment equations, closed forms and the boxed exclusion process.

The steady state of `twobox.steady.state` is the limit of large boxes. Where A is linear and B quadratic in the energies, the first
two moments of eqs. (2) and (3) obey closed equations at any size, and these check both that limit and a simulation.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twobox import _checks
from twobox.chain import Chain
from twobox.finite.jumps import partial_exclusion
from twobox.finite.master_equation import stationary
from twobox.model.system import bond_vectors
from twobox.steady.mean import mean_currents, noise_strengths


def closed_moments(chain: Chain) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean energies and covariance of a chain with linear A and quadratic B, exact at any size.

    Parameters
    ----------
    chain : Chain
        With scalar baths; A linear and B at most quadratic in the box energies (Itô reading of eq. 3).

    Returns
    -------
    energies : ndarray, shape (n,)
        Mean energies; with A linear, those of the steady state.
    covariance : ndarray, shape (n, n)
        C, energy²; it tends to that of the steady state as the boxes grow.

    Raises
    ------
    ValueError
        If the baths are arrays, A is not linear or B not quadratic (the moments do not close), or a box sits at an end of its
        range.

    Notes
    -----
    With B quadratic, ⟨B(E)⟩ = B(⟨E⟩) + ½ Σ ∂²B C, so the Lyapunov equation (7) with ⟨Q⟩ for Q is linear in C.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> m = 5.0
    >>> _, C = closed_moments(Chain(ideal_gas(heat_capacity=m), left=2.0, right=1.0))
    >>> bool(np.isclose(C[0, 1], m**2 / (9 * (3 * m + 1))))
    True
    """
    _checks.instance("chain", chain, Chain)
    if chain.left.ndim:
        raise ValueError(f"left and right must be single numbers for closed moments, got shape {chain.left.shape}")
    steady = chain.steady_state()
    R, mean = steady.relaxation_matrix, steady.energies
    n = len(mean)
    vectors = bond_vectors(n)

    def law(energies: NDArray[np.float64]) -> NDArray[np.float64]:
        profile = chain.profile_at(energies)
        return np.stack(
            [
                mean_currents(chain.system.grouped_contacts, profile),
                noise_strengths(chain.system.grouped_contacts, profile),
            ]
        )

    # Second differences of a quadratic are exact; the step is a fraction of the energies that stays in their domain.
    boxes = chain.system.boxes
    room = np.minimum(mean - [box.lowest_energy for box in boxes], [box.highest_energy for box in boxes] - mean)
    if not np.all(room > 0):
        raise ValueError(f"left and right must leave the boxes inside their range, got mean energies {mean.tolist()}")
    step = np.diag(0.25 * room)
    curvature = np.empty((2, n + 1, n, n))
    for i in range(n):
        for j in range(n):
            corners = sum(s * t * law(mean + s * step[i] + t * step[j]) for s in (1, -1) for t in (1, -1))
            curvature[:, :, i, j] = corners / (4 * step[i, i] * step[j, j])
    slope = np.stack([(law(mean + s) - law(mean - s)) / (2 * s.sum()) for s in step], axis=2)
    # Unlike fractions for unlike boxes: a departure must not hide where neighbours stay equal.
    away = step.sum(axis=0) * np.linspace(0.4, 0.8, n)
    linear = law(mean) + slope @ away
    quadratic = linear + np.einsum("lbij,i,j->lb", curvature, away, away) / 2
    found = law(mean + away)
    size = np.abs(slope).max(axis=1) @ mean
    if not np.all(np.abs(linear - found)[0] <= 1e-8 * size[0]):
        raise ValueError(
            "mean_current must be linear in the energies for the moments to close, got a departure of "
            f"{np.abs(linear - found)[0].max():.6g}"
        )
    if not np.all(np.abs(quadratic - found)[1] <= 1e-8 * np.maximum(size[1], np.abs(found[1]).max())):
        raise ValueError(
            "noise_strength must be at most quadratic in the energies for the moments to close, got a departure of "
            f"{np.abs(quadratic - found)[1].max():.6g}"
        )

    one = np.eye(n)
    flow = np.kron(R, one) + np.kron(one, R)
    feedback = np.einsum("bkl,bi,bj->ijkl", curvature[1], vectors, vectors).reshape(n * n, n * n) / 2
    return mean, np.linalg.solve(flow + feedback, -steady.diffusion_matrix.reshape(-1)).reshape(n, n)


# Exact covariances (not in the paper); their limit of large boxes is section 4's ±(T_0 - T_3)²/27. Floats, arrays or symbols.


@_checks.formula(shape=_checks.POSITIVE, left=_checks.NOT_NEGATIVE, right=_checks.NOT_NEGATIVE)
def brownian_energy_correlation(*, shape: Any, left: Any, right: Any) -> Any:
    """Return the exact C12 = m²(T_0 - T_3)²/(9(3m + 1)) of the Brownian energy process (ideal gas, C_v = m)."""
    return shape**2 * (left - right) ** 2 / (9 * (3 * shape + 1))


@_checks.formula(shape=_checks.POSITIVE, left=_checks.NOT_NEGATIVE, right=_checks.NOT_NEGATIVE)
def inclusion_correlation(*, shape: Any, left: Any, right: Any) -> Any:
    """Return the exact C12 = m²(ρ_0 - ρ_3)²/(9(3m + 1)) of the inclusion process.

    A particle hops from i to j at rate (n_i/m)(1 + n_j/m); a bath counts as a box of fixed density ρ = n/m, which may exceed 1.
    """
    return shape**2 * (left - right) ** 2 / (9 * (3 * shape + 1))


@_checks.formula(sites={"at_least": 1}, left=_checks.DENSITY, right=_checks.DENSITY)
def partial_exclusion_correlation(*, sites: Any, left: Any, right: Any) -> Any:
    """Return the exact C12 = -N²(ρ_0 - ρ_3)²/(9(3N - 1)) of two boxes of N places each."""
    return -(sites**2) * (left - right) ** 2 / (9 * (3 * sites - 1))


@_checks.formula(
    i={"at_least": 1},
    j={"at_least": 1},
    n={"at_least": 1},
    sites={"at_least": 1},
    left=_checks.DENSITY,
    right=_checks.DENSITY,
)
def partial_exclusion_chain_correlation(i: Any, j: Any, *, n: Any, sites: Any, left: Any, right: Any) -> Any:
    """Return the exact C_ij of n boxes of N places each, i < j counted from 1.

    C_ij = -N²(ρ_0 - ρ_(n+1))² i(n + 1 - j)/((n + 1)²(N(n + 1) - 1)); N = 1 is the symmetric exclusion process itself.

    Examples
    --------
    For two boxes it is `partial_exclusion_correlation`:

    >>> two = partial_exclusion_chain_correlation(1, 2, n=2, sites=3, left=0.9, right=0.2)
    >>> bool(np.isclose(two, partial_exclusion_correlation(sites=3, left=0.9, right=0.2)))
    True
    """
    for name, *numbers in (("i", i, 1, n), ("j", j, i, n)):
        if not any(hasattr(number, "free_symbols") for number in numbers):
            value, low, high = (number.reshape(-1) for number in np.broadcast_arrays(*numbers))
            for k in np.flatnonzero((value < low) | (value > high))[:1]:
                _checks.real(name, value[k], at_least=low[k], at_most=high[k])
    shape = i * (n + 1 - j) / ((n + 1) ** 2 * (sites * (n + 1) - 1))
    return -(sites**2) * (left - right) ** 2 * shape


def exclusion_distribution(*, sites: int, left: float, right: float) -> NDArray[np.float64]:
    """Return the stationary P(n1, n2) of the boxed exclusion process from its master equation.

    A particle hops from i to j at rate (n_i/N)(1 - n_j/N), a bath counting as a box of fixed density: the
    `twobox.finite.master_equation.stationary` state of two equal boxes of `twobox.finite.jumps.partial_exclusion`.

    Parameters
    ----------
    sites : int
        N, places in each box; (N + 1)² states.
    left, right : float
        Densities of the baths, in [0, 1] and not both 0 or both 1.

    Returns
    -------
    ndarray, shape (N + 1, N + 1)
        P[n1, n2].

    Raises
    ------
    ValueError
        If `sites` is not a positive whole number, or a density is outside [0, 1], or both are 0 or both 1.

    Examples
    --------
    >>> P = exclusion_distribution(sites=3, left=0.9, right=0.2)
    >>> n = np.arange(4)
    >>> C12 = n @ P @ n - (P.sum(1) @ n) * (P.sum(0) @ n)
    >>> bool(np.isclose(C12, partial_exclusion_correlation(sites=3, left=0.9, right=0.2)))
    True
    """
    N = _checks.whole("sites", sites, at_least=1, at_most=10**4)
    process = partial_exclusion(sites=N, left=left, right=right)
    if process.left == process.right and process.left in (0.0, 1.0):
        raise ValueError(f"left and right must not both be {process.left:g}: nothing would move")
    return stationary(process, limit=process.states).probability.copy()
