"""Two boxes in closed form, from the four rates of appendix B and the noise of the three bonds.

γ₁ = -∂A₀₁/∂E₁, γ₂ = ∂A₁₂/∂E₁, γ₃ = -∂A₁₂/∂E₂, γ₄ = ∂A₂₃/∂E₂, in 1/time, so that R = [[-γ₁-γ₂, γ₃], [γ₂, -γ₃-γ₄]].
Where nothing else is said, arguments are floats, arrays or sympy symbols.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twobox import _checks
from twobox.model.system import bond_vectors

_RATES = {f"g{i}": _checks.NOT_NEGATIVE for i in (1, 2, 3, 4)}
_NOISES = {name: _checks.NOT_NEGATIVE for name in ("B01", "B12", "B23")}


def determinant(g1: Any, g2: Any, g3: Any, g4: Any) -> Any:
    """Return det R = γ₁γ₃ + γ₁γ₄ + γ₂γ₄; 1/time²."""
    return g1 * g3 + g1 * g4 + g2 * g4


@_checks.formula(**_RATES)
def shared_fractions(g1: Any, g2: Any, g3: Any, g4: Any) -> tuple[Any, Any]:
    """Return p = γ₂/(γ₁ + γ₂) and q = γ₃/(γ₃ + γ₄), in (0, 1); floats, arrays or sympy symbols."""
    return g2 / (g1 + g2), g3 / (g3 + g4)


@_checks.formula(**_RATES)
def relaxation_time(g1: Any, g2: Any, g3: Any, g4: Any) -> Any:
    """Return τ, the slowest relaxation time of R = [[-γ₁-γ₂, γ₃], [γ₂, -γ₃-γ₄]] (paper's App. B); 1/rate.

    Examples
    --------
    >>> float(relaxation_time(1.0, 1.0, 1.0, 1.0))    # eigenvalues -1 and -3
    1.0
    """
    a, d = g1 + g2, g3 + g4
    # The fast rate over det R: no digits cancel when the slow rate is small.
    return (a + d + np.sqrt((a - d) ** 2 + 4 * g2 * g3)) / (2 * determinant(g1, g2, g3, g4))


def eigenvalues(g1: Any, g2: Any, g3: Any, g4: Any) -> NDArray[np.float64]:
    """Return the two eigenvalues of R, slowest first, shape (..., 2), of floats or arrays; 1/time."""
    fast = -(g1 + g2 + g3 + g4 + np.sqrt((g1 + g2 - g3 - g4) ** 2 + 4 * g2 * g3)) / 2
    # det/λ_fast keeps the digits that a difference would lose when the baths are weakly attached.
    slow = np.where(fast < 0, determinant(g1, g2, g3, g4) / np.where(fast < 0, fast, 1.0), 0.0)
    return np.stack([slow, fast], axis=-1)


@_checks.formula(**_RATES, **_NOISES)
def correlation(g1: Any, g2: Any, g3: Any, g4: Any, B01: Any, B12: Any, B23: Any) -> Any:
    """Return C12, energy², of any two boxes from the rates γ₁…γ₄ and noise strengths (paper's App. B, sign of Tr R mended).

    Examples
    --------
    With four equal rates it is eq. (9), 2B01 - 4B12 + 2B23 over 24:

    >>> correlation(1, 1, 1, 1, 24, 0, 0)
    2.0
    """
    det = determinant(g1, g2, g3, g4)
    numerator = B01 * g2 * (g3 + g4) + B23 * g3 * (g1 + g2) - B12 * (det + g1 * g4)
    return numerator / (2 * (g1 + g2 + g3 + g4) * det)


def covariance(g1: Any, g2: Any, g3: Any, g4: Any, B01: Any, B12: Any, B23: Any) -> NDArray[np.float64]:
    """Return C, shape (..., 2, 2), of arrays of rates and noise strengths; energy².

    The sum over the bonds of B times `unit_shares`, with what belongs together taken together: C₁₂ is `correlation`.
    """
    det, trace = determinant(g1, g2, g3, g4), g1 + g2 + g3 + g4
    with np.errstate(divide="ignore", over="ignore"):
        scale = 1 / (2 * trace * det)
    C = np.empty((2, 2, *np.shape(det)))
    # Adjoint of R times each bond vector: (-(γ₃ + γ₄), -γ₂), (γ₄, -γ₁), (γ₃, γ₁ + γ₂).
    C[0, 0] = (B01 * (det + (g3 + g4) ** 2) + B12 * (det + g4**2) + B23 * g3**2) * scale
    C[1, 1] = (B01 * g2**2 + B12 * (det + g1**2) + B23 * (det + (g1 + g2) ** 2)) * scale
    C[0, 1] = (B01 * (g2 * (g3 + g4)) + B23 * (g3 * (g1 + g2)) - B12 * (det + g1 * g4)) * scale
    C[1, 0] = C[0, 1]
    return np.moveaxis(C, (0, 1), (-2, -1))


def unit_shares(g1: Any, g2: Any, g3: Any, g4: Any) -> NDArray[np.float64]:
    """Return the covariance that unit noise on one bond alone makes, shape (..., 3, 2, 2), of arrays of rates.

    Bond b makes (det v vᵀ + (adj R v)(adj R v)ᵀ)/(2 |Tr R| det R) with v its bond vector (see `solve_lyapunov`), written
    without a subtraction that loses digits.
    """
    det = determinant(g1, g2, g3, g4)
    kicks = bond_vectors(2)
    adjoints = [(-(g3 + g4), -g2), (g4, -g1), (g3, g1 + g2)]
    shares = np.empty((*np.shape(det), 3, 2, 2))
    for bond, (kick, adjoint) in enumerate(zip(kicks, adjoints)):
        for i in range(2):
            for j in range(2):
                shares[..., bond, i, j] = det * (kick[i] * kick[j]) + adjoint[i] * adjoint[j]
    return shares / (2 * (g1 + g2 + g3 + g4) * det)[..., None, None, None]
