"""Small systems without approximation: closed moment equations and the master equation.

The steady state of `twobox.steady` is the limit of large boxes. Where A is linear and B quadratic in the energies, the first
two moments of eqs. (2) and (3) obey closed equations at any size, and these check both that limit and a simulation.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from twobox import _checks
from twobox.steady import bond_vectors, noise_strengths


def closed_moments(chain):
    """Return mean energies and covariance of a chain with linear A and quadratic B, exact at any size.

    Parameters
    ----------
    chain : Chain
        With scalar baths; A linear and B at most quadratic in the box energies (Itô reading of eq. 3).

    Returns
    -------
    energies : ndarray, shape (n,)
    covariance : ndarray, shape (n, n)

    Raises
    ------
    ValueError
        If B is not quadratic: the moments do not close.

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
    steady = chain.steady_state()
    R, mean = steady.relaxation_matrix, steady.energies
    n = len(mean)
    vectors = bond_vectors(n)

    def noise(energies):
        return noise_strengths(chain.system.contacts, chain.profile_at(energies))

    # Second differences of a quadratic are exact; the step is a fraction of the energies that stays in their domain.
    step = np.diag(0.25 * np.minimum(mean, [box.highest_energy - e for box, e in zip(chain.system.boxes, mean)]))
    hessian = np.empty((n + 1, n, n))
    for i in range(n):
        for j in range(n):
            corners = [noise(mean + s * step[i] + t * step[j]) * s * t for s in (1, -1) for t in (1, -1)]
            hessian[:, i, j] = sum(corners) / (4 * step[i, i] * step[j, j])
    check = mean + step.sum(axis=0) / 2
    shift = check - mean
    gradient = np.stack([(noise(mean + s) - noise(mean - s)) / (2 * s.sum()) for s in step], axis=1)
    guess = noise(mean) + gradient @ shift + np.einsum("bij,i,j->b", hessian, shift, shift) / 2
    if not np.allclose(guess, noise(check), rtol=1e-8, atol=1e-12):
        raise ValueError("noise_strength must be at most quadratic in the energies for the moments to close")

    diffusion = np.einsum("b,bi,bj->ij", noise(mean), vectors, vectors)
    one = np.eye(n)
    flow = np.kron(R, one) + np.kron(one, R)
    feedback = np.einsum("bkl,bi,bj->ijkl", hessian, vectors, vectors).reshape(n * n, n * n) / 2
    return mean, np.linalg.solve(flow + feedback, -diffusion.reshape(-1)).reshape(n, n)


def brownian_energy_correlation(*, shape, left, right):
    """Return the exact C12 = m²(T_0 - T_3)²/(9(3m + 1)) of the Brownian energy process (ideal gas, C_v = m)."""
    return shape**2 * (left - right) ** 2 / (9 * (3 * shape + 1))


def exclusion_correlation(*, sites, left, right):
    """Return the exact C12 = -N²(ρ_0 - ρ_3)²/(9(3N - 1)) of two boxes of N places each."""
    return -(sites**2) * (left - right) ** 2 / (9 * (3 * sites - 1))


def exclusion_distribution(*, sites, left, right):
    """Return the stationary P(n1, n2) of the boxed exclusion process from its master equation.

    A particle hops from i to j at rate (n_i/N)(1 - n_j/N), a bath counting as a box of fixed density.

    Parameters
    ----------
    sites : int
        N, places in each box; (N + 1)² states.
    left, right : float
        Densities of the baths, in [0, 1] and not both 0 or both 1.

    Returns
    -------
    ndarray, shape (N + 1, N + 1)

    Examples
    --------
    >>> P = exclusion_distribution(sites=3, left=0.9, right=0.2)
    >>> n = np.arange(4)
    >>> C12 = n @ P @ n - (P.sum(1) @ n) * (P.sum(0) @ n)
    >>> bool(np.isclose(C12, exclusion_correlation(sites=3, left=0.9, right=0.2)))
    True
    """
    N = _checks.whole("sites", sites, at_least=1)
    left = float(_checks.real("left", left, at_least=0, at_most=1, shape=()))
    right = float(_checks.real("right", right, at_least=0, at_most=1, shape=()))
    if left == right and left in (0.0, 1.0):
        raise ValueError(f"left and right must not both be {left:g}: nothing would move")
    n1, n2 = (grid.reshape(-1) for grid in np.meshgrid(np.arange(N + 1), np.arange(N + 1), indexing="ij"))
    p1, p2 = n1 / N, n2 / N
    hops = [
        (1, 0, left * (1 - p1)),
        (-1, 0, p1 * (1 - left)),
        (-1, 1, p1 * (1 - p2)),
        (1, -1, p2 * (1 - p1)),
        (0, 1, right * (1 - p2)),
        (0, -1, p2 * (1 - right)),
    ]
    state = np.arange((N + 1) ** 2)
    generator = sparse.lil_matrix((state.size, state.size))
    rows, columns, rates = [], [], []
    for step1, step2, rate in hops:
        goes = rate > 0
        rows += [state[goes] + step1 * (N + 1) + step2, state[goes]]
        columns += [state[goes], state[goes]]
        rates += [rate[goes], -rate[goes]]
    generator = sparse.coo_matrix((np.concatenate(rates), (np.concatenate(rows), np.concatenate(columns)))).tolil()
    # One equation is redundant: put normalisation in its place.
    generator[0, :] = 1.0
    target = np.zeros(state.size)
    target[0] = 1.0
    return spsolve(generator.tocsc(), target).reshape(N + 1, N + 1)
