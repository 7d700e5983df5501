"""The Lyapunov equation (7) of the paper."""

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from twobox import _checks

# Matrices that are worked on at a time: their numbers fit the cache of a processor.
_BLOCK = 8192


def solve_lyapunov(relaxation_matrix, diffusion_matrix):
    r"""Solve :math:`R C + C R^T = -Q` for the covariance C (paper's eq. 7).

    Parameters
    ----------
    relaxation_matrix : array_like, shape (..., n, n)
        R, all eigenvalues with negative real part; 1/time.
    diffusion_matrix : array_like, shape (..., n, n)
        Q, symmetric and positive semidefinite; energy² per time.

    Returns
    -------
    ndarray, shape (..., n, n)
        C, energy². For n = 2 from a closed form that is positive semidefinite by construction and takes arrays of
        matrices at once, otherwise from `scipy.linalg.solve_continuous_lyapunov`.

    Raises
    ------
    ValueError
        If the shapes do not fit, Q is not symmetric and positive semidefinite, or R is unstable.

    Notes
    -----
    For a 2 × 2 matrix, Cayley and Hamilton give

    .. math:: C = \frac{\det(R)\, Q + \operatorname{adj}(R)\, Q \operatorname{adj}(R)^T}{2\, |\operatorname{Tr} R| \det R}.

    The general solver loses as many digits as the fastest rate has powers of ten over the slowest.

    Examples
    --------
    >>> R = np.array([[-2.0, 1.0], [1.0, -2.0]])
    >>> Q = np.array([[5.0, -2.0], [-2.0, 3.0]])
    >>> C = solve_lyapunov(R, Q)
    >>> bool(np.allclose(R @ C + C @ R.T, -Q))
    True
    """
    R = _checks.real("relaxation_matrix", relaxation_matrix)
    Q = _checks.real("diffusion_matrix", diffusion_matrix)
    if R.ndim < 2 or R.shape[-1] != R.shape[-2] or R.shape[-2:] != Q.shape[-2:]:
        raise ValueError(
            f"relaxation_matrix and diffusion_matrix must be square and of one size, got {R.shape} and {Q.shape}"
        )
    try:
        R, Q = np.broadcast_arrays(R, Q)
    except ValueError:
        raise ValueError(
            f"relaxation_matrix and diffusion_matrix must have shapes that broadcast, got {R.shape} and {Q.shape}"
        ) from None
    if R.shape[-1] == 2:
        return _solve_lyapunov_two(R, Q)
    _refuse_no_diffusion(Q)
    refuse_unstable(slowest_eigenvalue(R))
    pairs = zip(R.reshape(-1, *R.shape[-2:]), Q.reshape(-1, *Q.shape[-2:]))
    C = np.array([solve_continuous_lyapunov(r, -q) for r, q in pairs]).reshape(Q.shape)
    return (C + np.swapaxes(C, -1, -2)) / 2


def refuse_unstable(slowest):
    """Raise ValueError unless every `slowest`, the largest real part of the eigenvalues of R, is negative."""
    if not np.all(slowest < 0):
        raise ValueError(
            "relaxation_matrix must be stable (every eigenvalue with negative real part, by more than rounding), "
            f"got an eigenvalue with real part {np.max(slowest):.6g}"
        )


def slowest_eigenvalue(R):
    """Return the largest real part of the eigenvalues of R, shape (...); 0 if that is what rounding leaves of it."""
    slowest = np.linalg.eigvals(R).real.max(axis=-1)
    rounding = 4 * R.shape[-1] * np.finfo(float).eps * np.abs(R).max(axis=(-1, -2))
    return np.where(np.abs(slowest) > rounding, slowest, 0.0)


def _refuse_no_diffusion(Q):
    """Raise ValueError unless every Q is symmetric and positive semidefinite, to rounding."""
    skew = Q - np.swapaxes(Q, -1, -2)
    if np.any(np.abs(skew) > 1e-10 * np.abs(Q).max(axis=(-1, -2), keepdims=True)):
        raise ValueError(f"diffusion_matrix must be symmetric, got elements that differ by {np.abs(skew).max():.6g}")
    spectrum = np.linalg.eigvalsh(Q)
    if np.any(spectrum[..., 0] < -1e-10 * np.abs(spectrum[..., -1])):
        raise ValueError(
            f"diffusion_matrix must be positive semidefinite (eigenvalues >= 0), got one of {spectrum.min():.6g}"
        )


def _solve_lyapunov_two(R, Q):
    """Solve block by block: what a block needs stays in the processor's cache, and that is where the time goes."""
    C = np.empty(R.shape)
    R, Q, rows = R.reshape(-1, 4), Q.reshape(-1, 4), C.reshape(-1, 4)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        _solve_block(np.ascontiguousarray(R[block].T), np.ascontiguousarray(Q[block].T), rows[block].T)
    return C


def _solve_block(R, Q, C):
    """Write the solution for R and Q into C; all of shape (4, pairs), one row an element of the matrices."""
    a, b, c, d = R
    q11, q12, q21, q22 = Q
    trace, determinant = a + d, a * d - b * c
    # Enough for all pairs at once, and quick; what does not pass is looked at pair by pair.
    rounding = 2 * np.finfo(float).eps * max(R.max(), -R.min()) ** 2
    if not (trace.max() < 0 and determinant.min() > rounding):
        _refuse_unstable_two(R)
    if not (np.array_equal(q12, q21) and q11.min() > 0 and (q11 * q22 - q12 * q12).min() > 0):
        _refuse_no_diffusion(Q.T.reshape(-1, 2, 2))
    scale = -0.5 / (trace * determinant)
    C[0] = (determinant * q11 + d * (d * q11 - b * q12) - b * (d * q12 - b * q22)) * scale
    C[1] = (determinant * q12 - c * (d * q11 - b * q12) + a * (d * q12 - b * q22)) * scale
    C[2] = C[1]
    C[3] = (determinant * q22 + a * (a * q22 - c * q12) - c * (a * q12 - c * q11)) * scale


def _refuse_unstable_two(R):
    a, b, c, d = R
    trace, determinant = a + d, a * d - b * c
    rounding = np.finfo(float).eps * (np.abs(a * d) + np.abs(b * c))
    if not (np.all(trace < 0) and np.all(determinant > rounding)):
        refuse_unstable(slowest_eigenvalue(R.T.reshape(-1, 2, 2)))
        raise ValueError(f"relaxation_matrix must be stable, got determinant {determinant.min():.6g}, zero to rounding")
