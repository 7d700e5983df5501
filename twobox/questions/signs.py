r"""Where correlations are made, and what decides their sign: the sources on the inner bonds (ours).

Write C = diag(c) + X with :math:`c_i = (B_{i-1} + B_i)/2(u_i + w_i)`, what box i would hold if each kick on it just decayed; u
and w are the rates at which a box loses energy to the right and to the left. Then

.. math:: R X + X R^T = -S, \qquad S_{i,i+1} = S_{i+1,i} = s_i, \quad S = 0 \text{ elsewhere},

.. math:: s_i = \tfrac12\big[p_i B_{i-1} - q_i B_i + q_{i+1} B_{i+1} - p_{i+1} B_i\big],
          \qquad p_i = \frac{u_i}{u_i + w_i}, \quad q_i = 1 - p_i.

X_ij is a sum over the inner bonds: s_b times the mean time that a pair of walkers, born on bond b, spends on boxes i and j before
one of them falls into a bath. These times are not negative, so **where all sources have one sign, all correlations have it**.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks
from twobox.model.contacts import Contact
from twobox.model.laws import evaluate
from twobox.steady import lyapunov
from twobox.steady.state import SteadyState

# A source smaller than this, relative to the terms that it is the difference of, is rounding.
_ROUNDING = 64 * np.finfo(float).eps
# The pairs of longer chains would fill the memory: n³ numbers.
_LONGEST = 128


def local_variances(steady: SteadyState) -> NDArray[np.float64]:
    """Return c, shape (..., n): the variance that each box would have if each kick on it just decayed; energy².

    Parameters
    ----------
    steady : SteadyState
        Of any chain.

    Examples
    --------
    At equal baths it is the variance:

    >>> from twobox import Chain, ideal_gas
    >>> local_variances(Chain(ideal_gas(heat_capacity=3.0), left=2.0, right=2.0).steady_state()).round(12).tolist()
    [12.0, 12.0]
    """
    return lyapunov.local_and_imbalance(*_rates(steady), steady.noise_strengths)[0]


def sources(steady: SteadyState) -> NDArray[np.float64]:
    r"""Return s, shape (..., n - 1): the rate at which each inner bond makes correlations; energy² per time.

    .. math:: s_i = \tfrac12\big[p_i B_{i-1} - q_i B_i + q_{i+1} B_{i+1} - p_{i+1} B_i\big]

    Parameters
    ----------
    steady : SteadyState
        Of any chain.

    Returns
    -------
    ndarray
        Source i stands for the bond between boxes i + 1 and i + 2, counted from 1. What rounding leaves of a source that
        vanishes is 0.

    Notes
    -----
    Between equal neighbours that conduct equally well (p = q = 1/2) it is a quarter of the second difference of the noise,
    :math:`(B_{i-1} - 2B_i + B_{i+1})/4`.

    Examples
    --------
    >>> from twobox import Chain, exclusion, ideal_gas
    >>> for system in (ideal_gas(n=4), exclusion(n=4)):
    ...     print(sources(Chain(system, left=0.9, right=0.4).steady_state()).round(6).tolist())
    [0.01, 0.01, 0.01]
    [-0.01, -0.01, -0.01]
    """
    to_left, to_right = _rates(steady)
    local, imbalance = lyapunov.local_and_imbalance(to_left, to_right, steady.noise_strengths)
    found = (imbalance[..., :-1] - imbalance[..., 1:]) / 2
    terms = local * (to_left + to_right)
    return np.where(np.abs(found) > _ROUNDING * (terms[..., :-1] + terms[..., 1:]), found, 0.0)


def pair_times(steady: SteadyState) -> NDArray[np.float64]:
    """Return the mean time that a pair born on each inner bond spends on each two boxes, shape (..., n - 1, n, n); time.

    Its sum over the bonds with weights `sources` is C - diag(c), see `local_variances`.

    Parameters
    ----------
    steady : SteadyState
        Of a chain of 2 to 128 boxes.

    Returns
    -------
    ndarray
        Not negative, symmetric in the boxes. A pair that meets on one box waits there for 1/(u + w) on average, as one walker would.

    Raises
    ------
    ValueError
        If the chain has one box or more than 128.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(n=3), left=2.0, right=1.0).steady_state()
    >>> made = np.einsum("b,bij->ij", sources(steady), pair_times(steady)) + np.diag(local_variances(steady))
    >>> bool(np.allclose(made, steady.covariance))
    True
    """
    to_left, to_right = _rates(steady)
    if not 2 <= (n := to_left.shape[-1]) <= _LONGEST:
        raise ValueError(f"steady must be of 2 to {_LONGEST} boxes, got {n}")
    return lyapunov.pair_times(to_left, to_right)


def predicted_sign(steady: SteadyState) -> NDArray[np.float64]:
    """Return the sign that the sources prove for all correlations, shape (...): 1, -1, 0, or nan where they differ in sign.

    Parameters
    ----------
    steady : SteadyState
        Of a chain of two or more boxes. For two boxes the sign is that of C₁₂, always.

    Returns
    -------
    ndarray
        1: no C_ij, i ≠ j, is negative; -1: none is positive; 0: all vanish; nan: the theorem says nothing.

    Examples
    --------
    >>> from twobox import Chain, exclusion, ideal_gas
    >>> [float(predicted_sign(Chain(s, left=0.9, right=0.1).steady_state())) for s in (ideal_gas(n=9), exclusion(n=9))]
    [1.0, -1.0]
    """
    found = sources(steady)
    if found.shape[-1] == 0:
        raise ValueError("steady must be of two or more boxes, got 1")
    plus, minus = (found > 0).any(axis=-1), (found < 0).any(axis=-1)
    return np.where(plus & minus, np.nan, plus * 1.0 - minus * 1.0)


def bunching(contact: Contact, x_i: ArrayLike, x_j: ArrayLike) -> NDArray[np.float64]:
    r"""Return ½[B(x_i, x_i) + B(x_j, x_j)] - B(x_i, x_j), shape of both sides; energy² per time.

    The second condition of the sign theorem for any contacts. For an exchange of quanta with occupations n it is
    :math:`\pm\int g\,(n_i - n_j)^2`: **bosons bunch, plus; fermions antibunch, minus**; independent particles, zero.

    Parameters
    ----------
    contact : Contact
        Whose noise is asked for.
    x_i, x_j : array_like
        Both sides, in the range of the contact's variable.

    Raises
    ------
    ValueError
        If a side is out of range, or the noise strength there is not finite.

    Examples
    --------
    >>> from twobox import exclusion, ideal_gas, kmp
    >>> [round(float(bunching(s.contacts[0], 0.9, 0.1)), 6) for s in (ideal_gas(), exclusion(), kmp())]
    [0.64, -0.64, -0.213333]
    """
    _checks.instance("contact", contact, Contact)
    x_i, x_j = contact.variable.check("x_i", x_i), contact.variable.check("x_j", x_j)
    try:
        x_i, x_j = np.broadcast_arrays(x_i, x_j)
    except ValueError:
        raise ValueError(f"x_i and x_j must have shapes that broadcast, got {x_i.shape} and {x_j.shape}") from None

    here, there, between = (
        evaluate(contact.noise_strength, "noise_strength", *sides) for sides in ((x_i, x_i), (x_j, x_j), (x_i, x_j))
    )
    found = (here + there) / 2 - between
    if not np.isfinite(found).all():
        raise ValueError("noise_strength must be finite at x_i and x_j, and is not")
    return found


def _rates(steady: SteadyState) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    _checks.instance("steady", steady, SteadyState, ", as Chain.steady_state gives it")
    return steady.rates_from_right[..., :-1], steady.rates_from_left[..., 1:]
