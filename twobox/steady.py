"""The steady state: mean equations (5), linearisation (6), Lyapunov equation (7) of the paper."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_continuous_lyapunov
from scipy.optimize import elementwise

from twobox import _checks
from twobox.calculus import derivative
from twobox.substances import IntensiveVariable

# Below this, the relative residual of a solved mean equation counts as rounding.
_RESIDUAL = 1e-12
# Matrices that are worked on at a time: their numbers fit the cache of a processor.
_BLOCK = 8192


def mean_currents(contacts, profile):
    """Return A on each bond, shape (..., n + 1), for a `profile` of baths and boxes, shape (..., n + 2)."""
    values = [c.mean_current(profile[..., b], profile[..., b + 1]) for b, c in enumerate(contacts)]
    return np.stack(np.broadcast_arrays(*values), axis=-1).astype(float)


def noise_strengths(contacts, profile):
    """Return B on each bond, shape (..., n + 1), for a `profile` of shape (..., n + 2).

    Raises
    ------
    ValueError
        If one is negative or not finite.
    """
    values = [c.noise_strength(profile[..., b], profile[..., b + 1]) for b, c in enumerate(contacts)]
    return _checks.real("noise_strength", np.stack(np.broadcast_arrays(*values), axis=-1), at_least=0)


def bond_slopes(contacts, profile):
    """Return (∂A/∂T_i, -∂A/∂T_j) of each bond, two arrays of shape (..., n + 1)."""
    sides = []
    for slot, sign in ((0, 1), (1, -1)):
        slopes = [
            sign * derivative(c.mean_current, profile[..., b], profile[..., b + 1], slot=slot)
            for b, c in enumerate(contacts)
        ]
        sides.append(np.stack(np.broadcast_arrays(*slopes), axis=-1))
    return sides


def solve_mean_equations(contacts, left, right):
    """Solve eq. (5): the profile on which every bond carries the same mean current.

    Newton's method from a straight profile, for all bath pairs at once; the pairs on which it does not settle are
    solved by bracketing the current, which converges for every monotone contact.

    Parameters
    ----------
    contacts : sequence of Contact
        n + 1 contacts, each with a mean current that is monotone and zero between equals.
    left, right : ndarray
        Bath values of one shape (...).

    Returns
    -------
    ndarray, shape (..., n + 2)
        Bath, boxes, bath.

    Raises
    ------
    ValueError
        If no profile between the baths carries one current: a mean current is not monotone, or not zero between equals.
    """
    count = len(contacts) - 1
    left, right = np.asarray(left, float), np.asarray(right, float)
    shape, left, right = left.shape, left.reshape(-1), right.reshape(-1)
    for bond, contact in enumerate(contacts):
        for bath in (left, right):
            rest = contact.mean_current(bath, bath)
            if not np.all(np.abs(rest) <= 1e-12 * np.abs(bath * derivative(contact.mean_current, bath, bath))):
                largest = np.max(np.abs(rest))
                raise ValueError(f"mean_current of bond {bond} must be zero between equals, got {largest:g}")
    weights = np.linspace(0, 1, count + 2)
    profile = left[:, None] * (1 - weights) + right[:, None] * weights
    with np.errstate(all="ignore"):
        profile = _newton(contacts, profile)
        stuck = ~_settled(contacts, profile)
    if stuck.any():
        with np.errstate(all="ignore"):
            profile[stuck] = _newton(contacts, _bracket_current(contacts, left[stuck], right[stuck]))
            failed = ~_settled(contacts, profile)
        if failed.any():
            pair = left[failed][0], right[failed][0]
            raise ValueError(
                "mean_current must rise with its first argument and fall with its second: "
                f"no profile carries one current between left={pair[0]:g} and right={pair[1]:g}"
            )
    return profile.reshape(*shape, count + 2)


def _newton(contacts, profile):
    low = np.minimum(profile[:, :1], profile[:, -1:])
    high = np.maximum(profile[:, :1], profile[:, -1:])
    for _ in range(30):
        step = _newton_step(mean_currents(contacts, profile), *bond_slopes(contacts, profile))
        moved = np.clip(profile[:, 1:-1] + step, low, high)
        change = np.abs(moved - profile[:, 1:-1])
        profile[:, 1:-1] = np.where(np.isfinite(moved), moved, profile[:, 1:-1])
        if np.all(change <= 4e-16 * np.abs(moved)):
            break
    return profile


def _newton_step(currents, from_left, from_right):
    """Return the temperature steps that level the `currents`, given the slopes of each bond; all of shape (pairs, n + 1).

    Gaussian elimination of the tridiagonal Newton equations, box by box from the left. What box i loses to the left bath through
    all boxes before it, `leak`, is kept as such: written so, no two large terms are subtracted, however unlike the bonds.
    """
    count = currents.shape[1] - 1
    step = np.empty((len(currents), count))
    leak, passed = from_right[:, 0], 0.0
    pivots = np.empty_like(step)
    for i in range(count):
        pivots[:, i] = leak + from_left[:, i + 1]
        step[:, i] = currents[:, 0] - currents[:, i + 1] - passed
        passed = passed + leak / pivots[:, i] * step[:, i]
        if i < count - 1:
            leak = from_right[:, i + 1] * leak / pivots[:, i]
    for i in reversed(range(count)):
        if i < count - 1:
            step[:, i] += from_right[:, i + 1] * step[:, i + 1]
        step[:, i] /= pivots[:, i]
    return step


def _settled(contacts, profile):
    """Whether all bonds carry one current, to the rounding of the current itself."""
    currents = mean_currents(contacts, profile)
    best, rounding = _best_known(currents, bond_slopes(contacts, profile), profile)
    return np.all(np.abs(currents - best[:, None]) <= _RESIDUAL * np.abs(best)[:, None] + 50 * rounding, axis=1)


def _best_known(currents, slopes, profile):
    """Return the current of the bond that loses fewest digits in its difference of two terms, and the rounding of each."""
    from_left, from_right = slopes
    rounding = np.finfo(float).eps * (np.abs(from_left * profile[..., :-1]) + np.abs(from_right * profile[..., 1:]))
    best = np.argmin(rounding, axis=-1)[..., None]
    return np.take_along_axis(currents, best, axis=-1)[..., 0], rounding


def _bracket_current(contacts, left, right):
    """Find the one current that, carried through bond after bond from the left bath, arrives at the right bath.

    `start` and `end` are the two baths once more: the root finder passes on only the pairs it still works on.
    """

    def march(current, start, end):
        sites = [start]
        for contact in contacts[:-1]:
            here = sites[-1]
            sign = np.sign(end - start)
            found = elementwise.find_root(
                lambda x, here, current, c=contact: c.mean_current(here, x) - current, (here, end), args=(here, current)
            )
            # A current too large for this bond even with the far bath behind it: go all the way.
            short = sign * (contact.mean_current(here, end) - current) > 0
            sites.append(np.where(short, end, np.where(np.isfinite(found.x), found.x, here)))
        return sites

    def arrival(current, start, end):
        return contacts[-1].mean_current(march(current, start, end)[-1], end) - current

    largest = contacts[0].mean_current(left, right)
    found = elementwise.find_root(arrival, (0.0 * largest, largest), args=(left, right))
    sites = march(found.x, left, right)
    return np.stack([*sites, right], axis=1)


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
    refuse_unstable(_slowest(R))
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


def _slowest(R):
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
        refuse_unstable(_slowest(R.T.reshape(-1, 2, 2)))
        raise ValueError(f"relaxation_matrix must be stable, got determinant {determinant.min():.6g}, zero to rounding")


def bond_vectors(n):
    """Return v_b, shape (n + 1, n): what one unit of energy through bond b does to the boxes.

    For two boxes (1, 0), (-1, 1), (0, -1): in from the left bath, from box 1 to box 2, out to the right bath.

    Examples
    --------
    >>> bond_vectors(2)
    array([[ 1.,  0.],
           [-1.,  1.],
           [ 0., -1.]])
    """
    n = _checks.whole("n", n, at_least=1)
    vectors = np.zeros((n + 1, n))
    vectors[range(n), range(n)] = 1
    vectors[range(1, n + 1), range(n)] = -1
    return vectors


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
            current=_best_known(currents, (from_left, from_right), profile)[0],
            rates_from_left=rates_left,
            rates_from_right=rates_right,
        )
        refuse_unstable(steady._two_box_eigenvalues[..., 0] if n == 2 else _slowest(steady.relaxation_matrix))
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
            return _unit_shares_two(*self._two_box_rates)
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
            return -1 / self._two_box_eigenvalues
        return np.sort(-1 / np.linalg.eigvals(self.relaxation_matrix).real, axis=-1)[..., ::-1]

    @property
    def relaxation_time(self):
        """τ, the slowest relaxation time (paper's eq. 15), shape (...)."""
        return self.relaxation_times[..., 0]

    @property
    def _two_box_rates(self):
        left, right = self.rates_from_left, self.rates_from_right
        return right[..., 0], left[..., 1], right[..., 1], left[..., 2]

    @cached_property
    def _two_box_eigenvalues(self):
        """The two eigenvalues of R, slowest first, shape (..., 2)."""
        g1, g2, g3, g4 = self._two_box_rates
        fast = -(g1 + g2 + g3 + g4 + np.sqrt((g1 + g2 - g3 - g4) ** 2 + 4 * g2 * g3)) / 2
        # det/λ_fast keeps the digits that a difference would lose when the baths are weakly attached.
        slow = np.where(fast < 0, _determinant(g1, g2, g3, g4) / np.where(fast < 0, fast, 1.0), 0.0)
        return np.stack([slow, fast], axis=-1)


def _determinant(g1, g2, g3, g4):
    return g1 * g3 + g1 * g4 + g2 * g4


def _unit_shares_two(g1, g2, g3, g4):
    """Unit shares of the three bonds from the four rates of App. B, without a subtraction that loses digits.

    Bond b makes (det v vᵀ + (adj R v)(adj R v)ᵀ)/(2 |Tr R| det R) with v its bond vector; see `solve_lyapunov`.
    """
    determinant = _determinant(g1, g2, g3, g4)
    kicks = bond_vectors(2)
    adjoints = [(-(g3 + g4), -g2), (g4, -g1), (g3, g1 + g2)]
    shares = np.empty((*determinant.shape, 3, 2, 2))
    for bond, (kick, adjoint) in enumerate(zip(kicks, adjoints)):
        for i in range(2):
            for j in range(2):
                shares[..., bond, i, j] = determinant * (kick[i] * kick[j]) + adjoint[i] * adjoint[j]
    return shares / (2 * (g1 + g2 + g3 + g4) * determinant)[..., None, None, None]
