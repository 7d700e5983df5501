"""How a fluctuation dies: modes of R, the response to a kick on one bond, and the share of each bond in C.

The argument of the paper's section 4 in numbers: a current fluctuation on bond b kicks the energies by its bond vector v_b,
the kick relaxes as u(t) = exp(R t) v_b, and noise of strength B_b makes C = Σ_b B_b ∫ u uᵀ dt.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh_tridiagonal

from twobox import _checks
from twobox.model.system import bond_vectors
from twobox.steady.lyapunov import refuse_unstable, solve_lyapunov

# How well modes and responses are known, or they are refused.
_PROMISED = 1e-9


@dataclass(frozen=True, eq=False)
class Modes:
    """Modes of a relaxation matrix, slowest first.

    Attributes
    ----------
    rates : ndarray, shape (n,)
        Decay rates -λ > 0.
    vectors : ndarray, shape (n, n)
        Column k is the direction of mode k: the component of box n is positive, the largest one ±1.
    duals : ndarray, shape (n, n)
        Row k picks the amplitude of mode k out of an energy vector: duals @ vectors = 1.
    """

    rates: NDArray
    vectors: NDArray
    duals: NDArray


def modes(relaxation_matrix: ArrayLike) -> Modes:
    """Return the `Modes` of R, the fluctuations that decay as one exponential (paper's section 4, after eq. 9).

    Parameters
    ----------
    relaxation_matrix : array_like, shape (n, n)
        R of a chain, 1/time: neighbours drive each other, others do not. Its n modes are real and independent.

    Returns
    -------
    Modes

    Raises
    ------
    ValueError
        If R is not square, not that of a chain, or unstable, or its rates are so unlike that the modes are not known to 1e-9.

    Examples
    --------
    The linear A model in units N/γ: (1, 1) at rate 1 and (-1, 1) at rate 3.

    >>> found = modes([[-2.0, 1.0], [1.0, -2.0]])
    >>> np.round(found.rates, 12), np.round(found.vectors, 12)
    (array([1., 3.]), array([[ 1., -1.],
           [ 1.,  1.]]))
    """
    R = _square(relaxation_matrix)
    up, down = np.diagonal(R, 1), np.diagonal(R, -1)
    if np.any(np.triu(R, 2)) or np.any(np.tril(R, -2)) or not np.all(up * down > 0):
        raise ValueError(
            "relaxation_matrix must be that of a chain (R_ij R_ji > 0 between neighbours, 0 between others), "
            f"got {R.tolist()}"
        )
    # Scaled by these lengths R is symmetric: its eigenvalues are real, however close to each other.
    lengths = np.exp(np.cumsum(np.concatenate([[0.0], (np.log(np.abs(down)) - np.log(np.abs(up))) / 2])))
    eigenvalues, axes = eigh_tridiagonal(np.diagonal(R), np.sign(up) * np.sqrt(np.abs(up)) * np.sqrt(np.abs(down)))
    refuse_unstable(eigenvalues[-1])
    unlike = max(lengths.max() / lengths.min(), eigenvalues[0] / eigenvalues[-1])
    if not np.finfo(float).eps * unlike <= _PROMISED:
        raise ValueError(
            f"relaxation_matrix must have rates of one kind for its modes to be known to {_PROMISED:g}, got rates or lengths of "
            f"modes that differ by a factor of {unlike:.1g}"
        )
    axes = axes[:, ::-1]
    vectors = lengths[:, None] * axes
    sizes = np.abs(vectors).max(axis=0) * np.where(vectors[-1] < 0, -1, 1)
    return Modes(rates=-eigenvalues[::-1], vectors=vectors / sizes, duals=sizes[:, None] * axes.T / lengths)


def _square(relaxation_matrix: ArrayLike) -> NDArray:
    R = _checks.real("relaxation_matrix", relaxation_matrix)
    if R.ndim != 2 or R.shape[0] != R.shape[1]:
        raise ValueError(f"relaxation_matrix must be one square matrix, got shape {R.shape}")
    return R


def response(relaxation_matrix: ArrayLike, kick: ArrayLike, times: ArrayLike) -> NDArray:
    """Return δE(t) = exp(R t) kick, shape (len(times), n).

    Parameters
    ----------
    relaxation_matrix : array_like, shape (n, n)
        R, 1/time.
    kick : array_like, shape (n,)
        δE just after the kick, for instance a row of `bond_vectors`.
    times : array_like, shape (m,)
        Times since the kick, not negative.

    Raises
    ------
    ValueError
        If the kick is not n long or a time is negative, if R is no stable chain, or if its rates are so unlike that the response is
        not known to 1e-9.

    Examples
    --------
    A kick on the middle bond stays antisymmetric (units N/γ):

    >>> bool(np.allclose(response([[-2, 1], [1, -2]], [-1, 1], [1.0]), np.exp(-3) * np.array([-1, 1])))
    True
    """
    R = _square(relaxation_matrix)
    kick = _checks.real("kick", kick, shape=R.shape[:1])
    times = np.atleast_1d(_checks.real("times", times, at_least=0))
    if times.ndim != 1:
        raise ValueError(f"times must be one number or a row of them, got shape {times.shape}")
    try:
        found = modes(R)
    except ValueError:
        up, down = np.diagonal(R, 1), np.diagonal(R, -1)
        if (
            not times.size
            or np.any(np.triu(R, 2))
            or np.any(np.tril(R, -2))
            or not (np.all(up > 0) and np.all(down > 0))
        ):
            raise
        lengths = np.exp(np.cumsum(np.concatenate([[0.0], (np.log(down) - np.log(up)) / 2])))
        off = np.sqrt(up) * np.sqrt(down)
        symmetric = np.diag(np.diagonal(R)) + np.diag(off, 1) + np.diag(off, -1)
        return np.array([lengths * (_without_subtraction(symmetric, time) @ (kick / lengths)) for time in times])
    amplitudes = found.duals @ kick
    return np.exp(-np.multiply.outer(times, found.rates)) * amplitudes @ found.vectors.T


def _without_subtraction(R: NDArray, time: float) -> NDArray:
    """Return exp(R t) where nothing off the diagonal is negative: e^(-at) e^((R + a)t) by a series of positive terms, squared.

    Each element is then right to as many digits as the largest.
    """
    rate = np.abs(np.diagonal(R)).max()
    doublings = max(0, int(np.ceil(np.log2(max(np.abs(R).max() * time, 1e-300)))) + 1)
    if not 2.0**doublings * len(R) * np.finfo(float).eps <= _PROMISED:
        raise ValueError(
            f"times must be shorter for a relaxation_matrix with rates so unlike, for the response to be known to {_PROMISED:g}, "
            f"got {time:g}"
        )
    step = (R + rate * np.eye(len(R))) * (time / 2.0**doublings)
    term = total = np.eye(len(R))
    for k in range(1, 26):
        term = term @ step / k
        total = total + term
    total = total * np.exp(-rate * time / 2.0**doublings)
    for _ in range(doublings):
        total = total @ total
    return total


def accumulated_share(relaxation_matrix: ArrayLike, kick: ArrayLike, time: float) -> NDArray:
    """Return ∫₀ᵗ u uᵀ ds with u(s) = exp(R s) kick: the share that unit noise has made after `time`, shape (n, n).

    As `time` grows it tends to the whole share, which `shares` gives.

    Parameters
    ----------
    relaxation_matrix : array_like, shape (n, n)
        R, 1/time.
    kick : array_like, shape (n,)
        δE just after the kick, for instance a row of `bond_vectors`.
    time : float
        Time since the kick, not negative.

    Raises
    ------
    ValueError
        If R has no `modes`, the kick is not n long, or the time is negative.

    Examples
    --------
    A kick on the middle bond makes -(1 - exp(-6 t))/6 of C₁₂ (units N/γ):

    >>> share = accumulated_share([[-2.0, 1.0], [1.0, -2.0]], [-1.0, 1.0], 0.3)
    >>> bool(np.isclose(share[0, 1], -(1 - np.exp(-6 * 0.3)) / 6))
    True
    """
    time = _checks.real("time", time, at_least=0, shape=())
    rest = response(relaxation_matrix, kick, time)[0]
    kick = np.asarray(kick)
    whole = solve_lyapunov(relaxation_matrix, np.outer(kick, kick))
    return whole - solve_lyapunov(relaxation_matrix, np.outer(rest, rest))


def shares(relaxation_matrix: ArrayLike) -> NDArray:
    r"""Return the covariance that unit noise makes on each bond, :math:`\int_0^\infty u u^T dt`, shape (n + 1, n, n).

    C is their sum, each times the noise strength B of its bond (paper's eq. 9 for two equal boxes).

    Parameters
    ----------
    relaxation_matrix : array_like, shape (n, n)
        R, 1/time.

    Raises
    ------
    ValueError
        If R is not square or unstable.

    Examples
    --------
    The weights of the paper's eq. (9), in units N/(24 γ):

    >>> np.round(24 * shares([[-2.0, 1.0], [1.0, -2.0]])[:, 0, 1], 12)
    array([ 2., -4.,  2.])
    """
    R = _square(relaxation_matrix)
    return np.stack([solve_lyapunov(R, np.outer(kick, kick)) for kick in bond_vectors(R.shape[-1])])
