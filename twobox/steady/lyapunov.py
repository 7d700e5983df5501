r"""The Lyapunov equation (7) of the paper, for two boxes, for a chain of any length, and for any matrix.

**Two boxes** have a closed form, see `solve_lyapunov`.

**A chain** is solved from its rates, not from R: box i loses energy to the left at rate w_i and to the right at rate u_i. Write
C = diag(c) + X, with :math:`c_i = (B_{i-1} + B_i)/2(u_i + w_i)` what box i would have if each kick just decayed. Then X solves
the same equation with a source on the inner bonds alone,

.. math:: s_i = \tfrac12\,(D_i - D_{i+1}), \qquad D_i = \frac{u_i B_{i-1} - w_i B_i}{u_i + w_i},

which says by how much the noise of a bond is out of balance. It is zero in equilibrium. Three routes lead from s to X (ours):

- *modes*: R is similar to a symmetric tridiagonal matrix, whose eigenvectors diagonalise the equation. Quick, vectorised, and
  accurate where the rates are of one kind; its error is estimated for each chain, and where it is not small the next is taken;
- *pairs*: X_ij is the mean time that a pair of walkers, born on bond b at rate s_b, spends on boxes i and j before one of them
  falls into a bath. Their hopping rates are u and w, and eliminating one state after the other takes no subtraction
  (the state reduction of Grassmann, Taksar and Heyman): accurate to rounding however unlike the rates are. Up to 128 boxes;
- *graded modes*, for longer chains: the singular values of a bidiagonal factor of R, which need the rates and no difference of
  them. Slow, and refused where its own estimate of the error is too large.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh_tridiagonal, lapack, solve_continuous_lyapunov, svd

from twobox import _checks

# Matrices that are worked on at a time: their numbers fit the cache of a processor.
_BLOCK = 8192
# What a correlation coefficient may be wrong by: in the quick route before the next is taken, and at all.
_QUICK_ERROR, PROMISED_ERROR = 1e-10, 1e-9
# A variance smaller than this, relative to the largest, counts as zero where the matrix is not that of a chain.
_SMALLEST_VARIANCE = 1e-12
# The longest chain whose pairs are eliminated one by one: 128 boxes take a second.
_LONGEST_PAIRS = 128
# Numbers in a block of chains, for the routes over modes and pairs.
_NUMBERS = 2**20
_EPS = np.finfo(float).eps
# Divide and conquer, where this SciPy has it, is several times quicker.
_DRIVER = "stevd" if hasattr(lapack, "dstevd") else "auto"


def solve_lyapunov(relaxation_matrix: ArrayLike, diffusion_matrix: ArrayLike) -> NDArray[np.float64]:
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
        C, energy², symmetric. For n = 2 from a closed form that is positive semidefinite by construction and takes arrays of
        matrices at once, otherwise from `scipy.linalg.solve_continuous_lyapunov`, refined once.

    Raises
    ------
    ValueError
        If the shapes do not fit, Q is not symmetric and positive semidefinite, or R is unstable; for n > 2 also if correlation
        coefficients are not known to 1e-9, because the rates in R are too unlike (variances below 1e-12 of the largest count as that).

    Notes
    -----
    For a 2 × 2 matrix, Cayley and Hamilton give

    .. math:: C = \frac{\det(R)\, Q + \operatorname{adj}(R)\, Q \operatorname{adj}(R)^T}{2\, |\operatorname{Tr} R| \det R}.

    The general solver loses as many digits as the fastest rate has powers of ten over the slowest. `SteadyState` of a chain
    does not use it: it knows the rates.

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
    if R.ndim < 2 or Q.ndim < 2 or R.shape[-1] != R.shape[-2] or R.shape[-2:] != Q.shape[-2:] or not R.shape[-1]:
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
    return np.array([_solve_lyapunov_any(r, q) for r, q in pairs]).reshape(Q.shape)


def _solve_lyapunov_any(R, Q):
    """SciPy's solution and one step of refinement, whose size says how good the first was; refused if it was not."""
    # Rows and columns scaled to unit variances: what counts is the error of correlation coefficients.
    C = _symmetric(solve_continuous_lyapunov(R, -Q))
    variances = np.abs(np.diagonal(C))
    size = np.sqrt(np.maximum(variances, _SMALLEST_VARIANCE * variances.max(initial=0.0)))
    size[size == 0] = 1.0
    R, Q, C = R * size / size[:, None], Q / np.outer(size, size), C / np.outer(size, size)
    long = np.longdouble
    residual = R.astype(long) @ C.astype(long)
    residual = (residual + residual.T + Q).astype(float)
    change = _symmetric(solve_continuous_lyapunov(R, -residual))
    better = C + change
    # The refined solution is wrong by about the square of what the first was, and by what the rounding of R itself makes of C.
    rounding = _EPS * np.abs(R).max() / np.abs(np.linalg.eigvals(R).real).min()
    error = np.abs(change).max() ** 2 + rounding * np.abs(change).max() + np.abs(change).max() * 1e-3
    negative = np.linalg.eigvalsh(better)[0] < -PROMISED_ERROR * len(R)
    if not error <= PROMISED_ERROR or negative or not np.isfinite(better).all():
        raise ValueError(
            "relaxation_matrix has rates that are too unlike for this solver: correlation coefficients would be wrong by about "
            f"{max(error, np.abs(change).max()):.1g}. SteadyState solves a chain from its rates, without this loss"
        )
    return better * np.outer(size, size)


def _symmetric(C):
    return (C + np.swapaxes(C, -1, -2)) / 2


def refuse_unstable(slowest: NDArray[np.float64]) -> None:
    """Raise ValueError unless every `slowest`, the largest real part of the eigenvalues of R, is negative."""
    if not np.all(slowest < 0):
        raise ValueError(
            "relaxation_matrix must be stable (every eigenvalue with negative real part, by more than rounding), "
            f"got an eigenvalue with real part {np.max(slowest):.6g}"
        )


def slowest_eigenvalue(R: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest real part of the eigenvalues of R, shape (...); 0 if that is what rounding leaves of it."""
    slowest = np.linalg.eigvals(R).real.max(axis=-1)
    rounding = 4 * R.shape[-1] * _EPS * np.abs(R).max(axis=(-1, -2))
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
    rounding = 2 * _EPS * max(R.max(), -R.min()) ** 2
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
    rounding = _EPS * (np.abs(a * d) + np.abs(b * c))
    if not (np.all(trace < 0) and np.all(determinant > rounding)):
        refuse_unstable(slowest_eigenvalue(R.T.reshape(-1, 2, 2)))
        raise ValueError(f"relaxation_matrix must be stable, got determinant {determinant.min():.6g}, zero to rounding")


# A chain, from its rates.


def pivots(to_left: NDArray[np.float64], to_right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pivots of the factorisation of -R, shape (..., n), 1/time: R is stable where all of them are positive.

    Pivot i is the rate at which box i loses energy to the right, or for good to the left bath through the boxes before it. No two
    terms are subtracted.
    """
    u, w = np.moveaxis(to_right, -1, 0), np.moveaxis(to_left, -1, 0)
    found, leak = np.empty(u.shape), w[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        for i in range(len(u)):
            found[i] = u[i] + leak
            if i + 1 < len(u):
                leak = np.where(found[i] > 0, w[i + 1] * (leak / found[i]), 0.0)
    return np.moveaxis(found, 0, -1)


def chain_covariance(
    to_left: NDArray[np.float64], to_right: NDArray[np.float64], noise_strengths: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return C, shape (..., n, n), of a chain from its rates and the noise of its bonds.

    Parameters
    ----------
    to_left, to_right : ndarray, shape (..., n)
        w and u, the rates at which each box loses energy to the left and to the right; 1/time, not negative, R stable.
    noise_strengths : ndarray, shape (..., n + 1)
        B of each bond; energy² per time.

    Raises
    ------
    ValueError
        If correlation coefficients are not known to 1e-9: a chain of more than 128 boxes whose rates are too unlike.
    """
    shape, n = noise_strengths.shape[:-1], to_left.shape[-1]
    w, u = (np.broadcast_to(rates, (*shape, n)).reshape(-1, n) for rates in (to_left, to_right))
    B = noise_strengths.reshape(-1, n + 1)
    C = np.empty((len(B), n, n))
    block = max(1, _NUMBERS // n**2)
    for start in range(0, len(B), block):
        rows = slice(start, start + block)
        _solve_chains(w[rows], u[rows], B[rows], C[rows])
    return C.reshape(*shape, n, n)


def local_and_imbalance(
    to_left: NDArray[np.float64], to_right: NDArray[np.float64], noise_strengths: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return c and D, shape (..., n): what each box would have if each kick just decayed, and by how much its two kicks differ."""
    before, after = noise_strengths[..., :-1], noise_strengths[..., 1:]
    loss = to_right + to_left
    return (before + after) / (2 * loss), to_right / loss * before - to_left / loss * after


def _solve_chains(w, u, B, C):
    """Write the covariances of some chains into C."""
    n, loss = w.shape[1], u + w
    local, imbalance = local_and_imbalance(w, u, B)
    source = (imbalance[:, :-1] - imbalance[:, 1:]) / 2
    if n == 1:
        C[:, 0, 0] = local[:, 0]
        return
    wide = np.ones(len(w), bool)
    lengths = _lengths(w, u)
    likely = (np.ptp(np.log(np.maximum(loss, 1e-300)), axis=1) < 20) & np.isfinite(lengths).all(axis=1)
    if likely.any():
        rows = np.flatnonzero(likely) if not likely.all() else slice(None)
        X, error = _by_modes(w[rows], u[rows], local[rows], source[rows], lengths[rows])
        # A long chain has no better route that is quick, and the estimate is a hundred times too high.
        C[rows], wide[rows] = X, error > (_QUICK_ERROR if n <= _LONGEST_PAIRS else PROMISED_ERROR)
    if wide.any():
        if n <= _LONGEST_PAIRS:
            C[wide] = _by_pairs(u[wide], w[wide], source[wide])
        else:
            for row in np.flatnonzero(wide):
                C[row] = _by_graded_modes(w[row], u[row], local[row], imbalance[row], lengths[row])
    diagonal = np.arange(n)
    C[:, diagonal, diagonal] += local


def _lengths(w, u):
    """Return √π, shape (chains, n), with π_i u_i = π_{i+1} w_{i+1}: scaled by these lengths R is symmetric.

    The geometric mean is 1; nan where a rate between two boxes is zero, so that R is not similar to a symmetric matrix.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = (np.log(u[:, :-1]) - np.log(w[:, 1:])) / 2
        logarithm = np.concatenate([np.zeros((len(w), 1)), np.cumsum(steps, axis=1)], axis=1)
        logarithm -= logarithm.mean(axis=1, keepdims=True)
        lengths = np.exp(logarithm)
    lengths[~(np.abs(logarithm) < 150).all(axis=1)] = np.nan
    return lengths


def _eigen(w, u):
    """Rates λ (ascending) and orthonormal modes of the symmetric form of -R; shapes (chains, n) and (chains, n, n)."""
    n, off = w.shape[1], -np.sqrt(u[:, :-1] * w[:, 1:])
    if len(w) == 1:
        rates, axes = eigh_tridiagonal((u + w)[0], off[0], lapack_driver=_DRIVER)
        return rates[None], axes[None]
    T = np.zeros((len(w), n, n))
    box = np.arange(n)
    T[:, box, box], T[:, box[1:], box[:-1]] = u + w, off
    return np.linalg.eigh(T)


def _by_modes(w, u, local, source, lengths):
    """Return X of chains, and an estimate of the error of their correlation coefficients.

    One side of the equation is transformed to modes; on the other, each mode k leaves a tridiagonal system λ_k + T.
    """
    rates, axes = _eigen(w, u)
    scaled = source / (lengths[:, :-1] * lengths[:, 1:])
    driven = np.empty(axes.shape)
    driven[:, 0] = 0
    np.multiply(scaled[:, :, None], axes[:, :-1], out=driven[:, 1:])
    driven[:, :-1] += scaled[:, :, None] * axes[:, 1:]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        X = _solve_shifted(u + w, -np.sqrt(u[:, :-1] * w[:, 1:]), rates, driven) @ np.swapaxes(axes, 1, 2)
        spread = rates[:, -1] / rates[:, 0]
        smallest = (local / lengths**2 + np.diagonal(X, axis1=1, axis2=2)).min(axis=1)
        largest = np.maximum(X.max(axis=(1, 2)), -X.min(axis=(1, 2)))
        error = _EPS * (spread * largest + np.abs(scaled).max(axis=1) / rates[:, 0]) / smallest
    X = _symmetric(X)
    X *= lengths[:, :, None] * lengths[:, None, :]
    return X, np.where((rates[:, 0] > 0) & (smallest > 0) & np.isfinite(error), error, np.inf)


def _solve_shifted(diagonal, off, shifts, rhs):
    """Solve (shift_k + T) y_k = rhs_k for all columns k by elimination, T symmetric tridiagonal; `rhs` is overwritten."""
    n = diagonal.shape[1]
    pivot = np.empty(rhs.shape)
    pivot[:, 0] = shifts + diagonal[:, :1]
    for i in range(1, n):
        factor = off[:, i - 1, None] / pivot[:, i - 1]
        np.subtract(shifts + diagonal[:, i, None], factor * off[:, i - 1, None], out=pivot[:, i])
        rhs[:, i] -= factor * rhs[:, i - 1]
    rhs[:, -1] /= pivot[:, -1]
    for i in reversed(range(n - 1)):
        rhs[:, i] -= off[:, i, None] * rhs[:, i + 1]
        rhs[:, i] /= pivot[:, i]
    return rhs


def _by_graded_modes(w, u, local, imbalance, lengths):
    """Return X of one long chain whose rates are unlike, from the singular values of a bidiagonal factor of -R.

    The factor, -R = K Kᵀ in symmetric form with K_ib = ±√rate, needs no subtraction, and its right singular vectors are the
    differences of the modes across the bonds, which the source needs.
    """
    if not np.isfinite(lengths).all():
        raise ValueError(
            "rates between neighbours must all be positive, and not run away along the chain, for so many boxes"
        )
    n = len(w)
    factor = np.zeros((n, n + 1))
    factor[np.arange(n), np.arange(n)] = np.sqrt(w)
    factor[np.arange(n), np.arange(1, n + 1)] = -np.sqrt(u)
    axes, values, bonds = svd(factor, full_matrices=False, lapack_driver="gesvd")
    modes = axes / lengths[:, None]
    conductance = np.concatenate([[w[0] * lengths[0] ** 2], u * lengths**2])
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(conductance[:, None] > 0, bonds.T * values / np.sqrt(conductance)[:, None], 0.0)
    # At a bath that is not attached there is no flow, and the mode goes on as it is.
    steps[0] = np.where(conductance[0] > 0, steps[0], modes[0])
    steps[-1] = np.where(conductance[-1] > 0, steps[-1], -modes[-1])
    # By parts, the source Σ s_b (ψ_b φ_{b+1} + ψ_{b+1} φ_b) is ½ Σ D_i ψ_i (φ_{i+1} - φ_{i-1}), and the same with φ and ψ swapped.
    across = modes.T @ (imbalance[:, None] * (steps[:-1] + steps[1:]))
    X = (across + across.T) / 2 / (values[:, None] ** 2 + values**2)
    X = axes @ X @ axes.T
    smallest = (local / lengths**2 + np.diagonal(X)).min()
    error = 16 * _EPS * np.abs(X).max() / smallest
    if not 0 <= error <= PROMISED_ERROR:
        raise ValueError(
            f"rates are too unlike for a chain of {n} boxes: correlation coefficients would be wrong by {error:.1g}; "
            f"up to {_LONGEST_PAIRS} boxes there is no such limit"
        )
    return _symmetric(X * np.outer(lengths, lengths))


def _by_pairs(u, w, source):
    """Return X of chains, shape (chains, n, n), by eliminating the states of a pair of walkers row by row.

    Row i holds the pairs (i, j) with j = i … n. A walker on box k goes to the right at rate u_k, to the left at rate w_k; of a pair
    on one box the first goes to the left or the second to the right.
    """
    chains, n = u.shape
    times, returns, deaths = [None] * n, None, None
    for i in reversed(range(n)):
        size = n - i
        step, place = np.zeros((chains, size, size)), np.arange(size)
        step[:, place[:-1], place[1:]] = u[:, i : n - 1]
        step[:, place[1:], place[:-1]] = w[:, i + 1 :]
        end = np.zeros((chains, size))
        end[:, -1] = u[:, -1]
        if i + 1 < n:
            # The first walker goes on to row i + 1, and comes back somewhere or dies there.
            step[:, 1:, 1:] += u[:, i, None, None] * returns
            end[:, 1:] += u[:, i, None] * deaths
        times[i] = _mean_times(step, end + w[:, i, None])
        returns = times[i] * w[:, i, None, None]
        deaths = (times[i] @ end[:, :, None])[..., 0]
    X, entering, inflow = np.zeros((chains, n, n)), [None] * n, None
    for i in reversed(range(n)):
        entering[i] = np.zeros((chains, n - i))
        if i + 1 < n:
            entering[i][:, 1] = source[:, i]
            entering[i][:, 1:] += inflow
        inflow = (entering[i][:, None] @ times[i])[:, 0] * w[:, i, None]
    for i in range(n):
        arriving = entering[i] if i == 0 else entering[i] + u[:, i - 1, None] * X[:, i - 1, i:]
        X[:, i, i:] = (arriving[:, None] @ times[i])[:, 0]
    upper = np.triu(X, 1)
    return np.triu(X) + np.swapaxes(upper, 1, 2)


def _mean_times(step, leave):
    """Return the mean time in state j of a walker that starts in i: (diag(sum of steps + leave) - step)⁻¹, without a subtraction.

    Parameters
    ----------
    step : ndarray, shape (chains, m, m)
        Rates from i to j; the diagonal does not matter. Overwritten.
    leave : ndarray, shape (chains, m)
        Rates of leaving for good.
    """
    size = step.shape[-1]
    out = np.empty(leave.shape)
    for k in reversed(range(size)):
        out[:, k] = step[:, k, :k].sum(axis=1) + leave[:, k]
        if k:
            through = step[:, :k, k] / out[:, k, None]
            step[:, :k, :k] += through[:, :, None] * step[:, k, None, :k]
            leave[:, :k] += through * leave[:, k, None]
    times = np.empty(step.shape)
    for k in range(size):
        onward = step[:, k, :k] / out[:, k, None]
        back = step[:, :k, k] / out[:, k, None]
        inner = times[:, :k, :k]
        times[:, k, :k] = (onward[:, None] @ inner)[:, 0]
        times[:, :k, k] = (inner @ back[:, :, None])[..., 0]
        times[:, k, k] = 1 / out[:, k] + (onward * times[:, :k, k]).sum(axis=1)
    return times


def pair_times(to_left: NDArray[np.float64], to_right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean time that a pair born on each inner bond spends on each two boxes, shape (..., n - 1, n, n); 2 ≤ n ≤ 128."""
    shape, n = to_left.shape[:-1], to_left.shape[-1]
    u, w = (np.repeat(rates.reshape(-1, n), n - 1, axis=0) for rates in (to_right, to_left))
    one = np.tile(np.eye(n - 1), (len(u) // (n - 1), 1))
    return _by_pairs(u, w, one).reshape(*shape, n - 1, n, n)


def chain_relaxation_times(to_left: NDArray[np.float64], to_right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the relaxation times of a chain from its rates, slowest first, shape (..., n)."""
    shape, n = to_left.shape[:-1], to_left.shape[-1]
    w, u = to_left.reshape(-1, n), to_right.reshape(-1, n)
    rates = np.empty(w.shape)
    block = max(1, _NUMBERS // n**2)
    for start in range(0, len(w), block):
        rows = slice(start, start + block)
        rates[rows] = _relaxation_rates(w[rows], u[rows])
    return (1 / rates).reshape(*shape, n)


def _relaxation_rates(w, u):
    n, off = w.shape[1], np.sqrt(u[:, :-1] * w[:, 1:])
    if len(w) == 1:
        rates = eigh_tridiagonal((u + w)[0], off[0], eigvals_only=True)[None]
    else:
        T = np.zeros((len(w), n, n))
        box = np.arange(n)
        T[:, box, box], T[:, box[1:], box[:-1]] = u + w, off
        rates = np.linalg.eigvalsh(T)
    with np.errstate(divide="ignore", invalid="ignore"):
        poor = ~(rates[:, 0] > 1e-5 * rates[:, -1])
    for row in np.flatnonzero(poor):
        rates[row] = _graded_rates(w[row], u[row])
    return rates


def _graded_rates(w, u):
    """Rates to high relative accuracy: squared singular values of a bidiagonal factor, by bisection of its tridiagonal form."""
    n, found = len(w), pivots(w, u)
    entries = np.empty(2 * n - 1)
    entries[::2] = np.sqrt(found)
    entries[1::2] = np.sqrt(u[:-1]) * np.sqrt(w[1:] / found[:-1])
    scale = entries.max()
    # Zero diagonal: bisection finds every eigenvalue, ± singular value, to a relative accuracy.
    values = eigh_tridiagonal(
        np.zeros(2 * n),
        entries / scale,
        eigvals_only=True,
        select="i",
        select_range=(n, 2 * n - 1),
        lapack_driver="stebz",
        tol=1e-300,
    )
    if not values.min() > 1e-140:
        raise ValueError(
            f"rates must not spread over more than 280 decades, got a slowest rate of {(values.min() * scale) ** 2:.1g}"
        )
    return (values * scale) ** 2
