"""The master equation of a jump process: what are its stationary state and the statistics of its current, exactly?

A law that is written in `twobox.finite.jumps` is solved here without approximation, as long as its states can be
listed: the stationary distribution of the boxes, and the cumulants of what passes and their generating function.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import splu

from twobox import _checks
from twobox.finite.jumps import MOST_STATES, JumpProcess, Transitions

# Fraction of the jumps that a cut-off may forbid.
_NEGLECTED = 1e-9


@dataclass(frozen=True, eq=False)
class Distribution:
    """A probability for each state of the boxes, and its moments.

    Parameters
    ----------
    probability : array_like, shape (N_1 + 1, …, N_n + 1)
        P[n_1, …, n_n], adding up to one.
    neglected : float
        Probability that a jump is one that a cut-off forbids; 0 where nothing is cut off.

    Raises
    ------
    ValueError
        If a probability is negative or they do not add up to one.

    Examples
    --------
    Two coins that always show the same side:

    >>> coins = Distribution([[0.5, 0.0], [0.0, 0.5]])
    >>> coins.mean.tolist(), coins.covariance.tolist()
    ([0.5, 0.5], [[0.25, 0.25], [0.25, 0.25]])
    """

    probability: np.ndarray
    neglected: float = 0.0

    def __post_init__(self) -> None:
        P = _checks.real("probability", self.probability, at_least=-1e-14).copy()
        if P.ndim == 0 or not np.isclose(P.sum(), 1, rtol=1e-10):
            raise ValueError(f"probability must add up to 1 over the boxes' states, got {P.sum():.12g}")
        P.setflags(write=False)
        object.__setattr__(self, "probability", P)
        object.__setattr__(self, "neglected", float(_checks.real("neglected", self.neglected, at_least=0, shape=())))

    @cached_property
    def mean(self) -> np.ndarray:
        """⟨n_i⟩, shape (n,)."""
        P = self.probability
        ends = [P.sum(axis=tuple(j for j in range(P.ndim) if j != i)) for i in range(P.ndim)]
        return _checks.frozen([np.arange(len(one)) @ one for one in ends])

    @cached_property
    def covariance(self) -> np.ndarray:
        """C_ij = ⟨δn_i δn_j⟩, shape (n, n)."""
        P, departure = self._departures
        return _checks.frozen(np.einsum("is,js,s->ij", departure, departure, P, optimize=True))

    @cached_property
    def third_cumulants(self) -> np.ndarray:
        """⟨δn_i δn_j δn_k⟩, shape (n, n, n)."""
        P, departure = self._departures
        return _checks.frozen(np.einsum("is,js,ks,s->ijk", departure, departure, departure, P, optimize=True))

    @property
    def _departures(self) -> tuple[np.ndarray, np.ndarray]:
        held = np.indices(self.probability.shape).reshape(self.probability.ndim, -1)
        return self.probability.reshape(-1), held - self.mean[:, None]


def _tilted(hops: Transitions, field: float) -> sparse.csc_array:
    """The generator with the counting field spread evenly over all bonds."""
    weighted = hops.rate * np.exp(field * hops.lump / (len(hops.shape) + 1))
    return hops.matrix(weighted) - sparse.diags_array(hops.out, format="csc")


def _counted(hops: Transitions, power: int) -> sparse.csc_array:
    """The derivative of that order of the tilted generator at zero field."""
    return hops.matrix(hops.rate * (hops.lump / (len(hops.shape) + 1)) ** power)


def _factorised(matrix: sparse.csc_array) -> Any:
    """Sparse LU of a matrix whose columns are dominated by their diagonal: no pivoting is needed, and no digit lost."""
    options = {"SymmetricMode": True}
    return splu(sparse.csc_matrix(matrix), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)


class _Stationary:
    """The stationary distribution on the recurrent states, and solutions of G x = y for y that add up to nothing.

    The probability of one state, the closest to the straight profile, is fixed to one; its row and column go.
    """

    def __init__(self, process: JumpProcess, limit: int, tolerance: float) -> None:
        process = _checks.instance("process", process, JumpProcess)
        tolerance = float(_checks.real("tolerance", tolerance, at_least=0, shape=()))
        self.hops = process.transitions(limit=limit)
        self.states = self.hops.recurrent(process.name)
        generator = self.restricted(self.hops.generator())
        central = process.closest_to_straight(np.unravel_index(self.states, self.hops.shape))
        keep = np.arange(self.states.size) != central
        self._keep = keep
        self._lu = _factorised(generator[keep][:, keep])
        arrive = generator[:, np.flatnonzero(~keep)].toarray()[keep, 0]
        self.probability = np.ones(self.states.size)
        self.probability[keep] = self._lu.solve(-arrive)
        self.probability /= self.probability.sum()
        self.refuse_cut_off(process.name, self.probability, tolerance)
        residual = np.abs(generator @ self.probability)
        if not np.all(residual <= 1e-10 * np.max(self.hops.out[self.states] * self.probability)):
            raise ValueError(
                f"{process.name}: rates differ too widely for a stationary state, residual {residual.max():g}"
            )

    def restricted(self, matrix: sparse.csc_array) -> sparse.csc_array:
        if self.states.size == self.hops.states:
            return matrix
        return matrix[self.states][:, self.states]

    def neglected(self, probability: np.ndarray) -> float:
        """Fraction of the jumps that the cut-off forbids."""
        forbidden, out = (float(rate[self.states] @ probability) for rate in (self.hops.forbidden, self.hops.out))
        return forbidden / (forbidden + out)

    def refuse_cut_off(self, name: str, probability: np.ndarray, tolerance: float) -> None:
        neglected = self.neglected(probability)
        if neglected > tolerance:
            raise ValueError(
                f"{name}: highest must be larger, got a cut-off that forbids a fraction {neglected:.3g} of the jumps "
                f"(tolerance {tolerance:g})"
            )

    def solve(self, right_side: np.ndarray) -> np.ndarray:
        """Return x with G x = `right_side` that adds up to nothing."""
        x = np.zeros(self.states.size)
        x[self._keep] = self._lu.solve(right_side[self._keep])
        return x - x.sum() * self.probability


def stationary(process: JumpProcess, *, limit: int = MOST_STATES, tolerance: float = _NEGLECTED) -> Distribution:
    """Return the stationary distribution, from the master equation by sparse elimination.

    Parameters
    ----------
    process : JumpProcess
    limit : int
        States that it may have (`JumpProcess.states`). Two boxes of 300 places are 90,601 states and take about a
        second; time and memory grow faster for long chains.
    tolerance : float
        Largest allowed probability that a jump is one that a cut-off forbids.

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If there are more states than `limit`, the cut-off neglects more than `tolerance`, nothing moves, or there are
        several stationary states.

    Examples
    --------
    >>> from twobox.finite.jumps import partial_exclusion
    >>> found = stationary(partial_exclusion(sites=1, left=1.0, right=0.0))
    >>> bool(np.allclose(found.probability, [[1 / 6, 1 / 6], [1 / 2, 1 / 6]]))
    True
    """
    solved = _Stationary(process, limit, tolerance)
    P = np.zeros(solved.hops.states)
    P[solved.states] = solved.probability
    return Distribution(P.reshape(solved.hops.shape), solved.neglected(solved.probability))


def current_cumulants(
    process: JumpProcess, *, orders: int = 4, limit: int = MOST_STATES, tolerance: float = _NEGLECTED
) -> np.ndarray:
    r"""Return the cumulants of the quanta Q that pass in a long time, each divided by the time.

    Mean current, noise S, third cumulant and so on: the derivatives at s = 0 of `cumulant_generating_function`, from
    perturbation theory of the tilted generator,

    .. math:: \lambda_m = \sum_{j=1}^m \binom mj \mathbf 1^T G_j r_{m-j}, \qquad
        G_0 r_m = \sum_{j=1}^m \binom mj (\lambda_j - G_j)\,r_{m-j},

    with r_0 the stationary distribution and the other r_m adding up to nothing: one factorisation, no differences.

    Parameters
    ----------
    process : JumpProcess
    orders : int
        How many cumulants.
    limit, tolerance
        As for `stationary`.

    Returns
    -------
    ndarray, shape (orders,)
        The same whatever bond Q is counted on.

    Raises
    ------
    ValueError
        As for `stationary`.

    Examples
    --------
    At a full and an empty bath two boxes of one place have a Fano factor of 4/9:

    >>> from twobox.finite.jumps import partial_exclusion
    >>> J, S = current_cumulants(partial_exclusion(sites=1, left=1.0, right=0.0), orders=2)
    >>> bool(np.isclose(J, 1 / 3)), bool(np.isclose(S / J, 4 / 9))
    (True, True)
    """
    orders = _checks.whole("orders", orders, at_least=1)
    solved = _Stationary(process, limit, tolerance)
    counted = [solved.restricted(_counted(solved.hops, power)) for power in range(1, orders + 1)]
    vectors, found = [solved.probability], []
    for m in range(1, orders + 1):
        binomial = [math.comb(m, j) for j in range(m + 1)]
        pushed = sum(binomial[j] * (counted[j - 1] @ vectors[m - j]) for j in range(1, m + 1))
        found.append(pushed.sum())
        if m < orders:
            kept = sum(binomial[j] * found[j - 1] * vectors[m - j] for j in range(1, m + 1))
            vectors.append(solved.solve(kept - pushed))
    return _checks.frozen(found)


def cumulant_generating_function(
    process: JumpProcess, s: ArrayLike, *, limit: int = MOST_STATES, tolerance: float = _NEGLECTED
) -> np.ndarray:
    r"""Return :math:`\lambda(s) = \lim \ln\langle e^{sQ}\rangle/t`, Q the quanta that have passed from left to right.

    It is the largest eigenvalue of the tilted generator. The field is spread evenly over the bonds, s/(n + 1) on each,
    which keeps the eigenvectors flat; on one bond alone they would range over :math:`e^{sN}`.

    Parameters
    ----------
    process : JumpProcess
    s : array_like
        Counting field.
    limit, tolerance
        As for `stationary`, and there for the chain conditioned on the current that s selects.

    Returns
    -------
    ndarray, shape of `s`

    Raises
    ------
    ValueError
        As for `stationary`, or if s is so large that no eigenvalue can be told from rounding.

    Notes
    -----
    Inverse iteration for both eigenvectors, from above. Outside the diagonal G has no negative entry: the eigenvectors
    of its largest eigenvalue, and no others, are positive, and for a positive r the largest of (G r)_i/r_i is not below
    that eigenvalue. With a shift above it the iteration keeps both vectors positive. The eigenvalue is the quotient
    (l G r)/(l r); its error is the mean of G r - λ r weighted with l, whose size is brought below 10⁻¹² of the rates.

    Examples
    --------
    One box of any size, full and empty baths:

    >>> from twobox.finite.jumps import partial_exclusion
    >>> found = cumulant_generating_function(partial_exclusion(sites=7, left=1.0, right=0.0, n=1), [-1.0, 0.5])
    >>> bool(np.allclose(found, np.sqrt(np.exp([-1.0, 0.5])) - 1, atol=1e-12))
    True
    """
    fields = _checks.real("s", s)
    solved = _Stationary(process, limit, tolerance)
    values = np.empty(fields.size)
    for k, field in enumerate(fields.reshape(-1)):
        matrix = solved.restricted(_tilted(solved.hops, float(field)))
        values[k], both = _largest_eigenvalue(matrix, solved.probability)
        solved.refuse_cut_off(process.name, both, tolerance)
    return values.reshape(fields.shape)


def _largest_eigenvalue(matrix: sparse.csc_array, right: np.ndarray) -> tuple[float, np.ndarray]:
    """Return it, and the product of its two eigenvectors, adding up to one; start from a guess of the right one."""
    rates = np.abs(matrix.data).max()
    one = sparse.eye_array(matrix.shape[0], format="csc")
    left, margin = np.ones(matrix.shape[0]), 1.0
    for _ in range(100):
        pushed = matrix @ right
        weight = left @ right
        value = float(left @ pushed / weight)
        departure = np.abs(pushed - value * right)
        if left @ departure <= 1e-12 * rates * weight:
            return value, left * right / weight
        above = np.max(pushed[right > 0] / right[right > 0])
        # Close above the quotient is quicker than the bound, and as safe as long as the vectors stay positive.
        shift = min(above, value + margin * departure.sum())
        lu = _factorised((shift + 1e-13 * rates) * one - matrix)
        closer = right, left
        for _ in range(3):
            closer = lu.solve(closer[0]), lu.solve(closer[1], trans="T")
            closer = closer[0] / closer[0].sum(), closer[1] / closer[1].sum()
        if all(np.all(vector >= 0) for vector in closer):
            (right, left), margin = closer, max(margin / 2, 1.0)
        else:
            margin *= 4
    raise ValueError(f"s must leave an eigenvalue that can be told from rounding, got {value:.6g} in doubt")
