"""Contact laws: what flows between two neighbours, on average and in fluctuation.

A contact is the paper's eq. (3), J = A + √B η: a mean current A and a noise strength B, both functions of the
intensive variables of the two sides. Energy flows from the first argument to the second where A > 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twobox.calculus import mean_slope
from twobox.model.substances import TEMPERATURE, IntensiveVariable


@dataclass(frozen=True)
class Contact:
    """A contact between two neighbours (paper's eq. 3).

    Parameters
    ----------
    mean_current : callable
        A(T_i, T_j), energy per time, positive from i to j; zero at T_i = T_j, rising with T_i and falling with T_j.
        Written with plain arithmetic, so that it takes floats, arrays and sympy symbols.
    noise_strength : callable, optional
        B(T_i, T_j) ≥ 0, energy² per time: ⟨∫∫ δJ δJ⟩ = B t. If left out it follows from the fluctuation-dissipation
        relation (paper's eq. 4).
    variable : IntensiveVariable
        `TEMPERATURE` (default) or `DENSITY`.

    Examples
    --------
    Radiation, with the noise from eq. (4):

    >>> contact = Contact(mean_current=lambda T_i, T_j: T_i**4 - T_j**4)
    >>> float(contact.noise_strength(1.0, 1.0))
    8.0
    """

    mean_current: Callable
    noise_strength: Callable | None = None
    variable: IntensiveVariable = TEMPERATURE

    def __post_init__(self):
        for name in ("mean_current", "noise_strength"):
            law = getattr(self, name)
            if not (callable(law) or (law is None and name == "noise_strength")):
                raise ValueError(f"{name} must be a function of the two sides, got {law!r}")
        if self.noise_strength is None:
            law = fluctuation_dissipation(self.mean_current, variable=self.variable)
            object.__setattr__(self, "noise_strength", law)


def fluctuation_dissipation(mean_current, *, variable=TEMPERATURE):
    r"""Return the noise strength B that eq. (4) of the paper assigns to a mean current.

    .. math:: B(T_i, T_j) = \frac{2 A(T_i, T_j)}{\beta_j - \beta_i}, \qquad B(T, T) = 2T^2\,\partial_{T_i} A

    At equal temperatures it is a limit 0/0; here it is taken as a quotient of two mean slopes, accurate to rounding on both
    sides of the limit and at it. Where one side is at an end of its range (T = 0; density 0 or 1), β diverges and B = 0.

    Parameters
    ----------
    mean_current : callable
        A(T_i, T_j), plain arithmetic, zero at T_i = T_j.
    variable : IntensiveVariable
        Says what β is: 1/T for a temperature, ln((1 - ρ)/ρ) for a density.

    Returns
    -------
    callable
        B(T_i, T_j) for floats or arrays; with sympy symbols and temperatures, the plain quotient.

    Examples
    --------
    >>> B = fluctuation_dissipation(lambda T_i, T_j: T_i - T_j)
    >>> np.allclose(B(2.0, 3.0), 2 * 2.0 * 3.0), np.allclose(B(2.0, 2.0), 2 * 2.0**2)
    (True, True)
    """

    def conjugate_difference(a, b):
        return variable.conjugate(b) - variable.conjugate(a)

    def noise_strength(a, b):
        if hasattr(a, "free_symbols") or hasattr(b, "free_symbols"):
            return 2 * mean_current(a, b) / conjugate_difference(a, b)
        reach = variable.reach(np.asarray(a, float), np.asarray(b, float))
        current = mean_slope(mean_current, a, b, reach=reach)
        with np.errstate(divide="ignore", invalid="ignore"):
            strength = 2 * current / mean_slope(conjugate_difference, a, b, reach=reach)
        return np.where(reach == 0, 0.0, strength)

    return noise_strength
