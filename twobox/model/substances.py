"""Equations of state: what a box holds at a given temperature (or density), and back.

An *intensive variable* is what equalises between two boxes in contact: the temperature where energy is exchanged, the
density where particles are. A *substance* says how much of the conserved quantity a box holds at a value of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import elementwise

from twobox import _checks
from twobox.calculus import derivative


@dataclass(frozen=True)
class IntensiveVariable:
    """What equalises between two systems in contact.

    Parameters
    ----------
    name : str
        Its name in words.
    conjugate : callable
        The entropy derivative β = ∂S/∂E (∂S/∂n for particles) as a function of the variable; k_B = 1.
    lowest, highest : float
        The ends of its range.
    closed : bool
        Whether a bath may sit at an end of the range.

    Examples
    --------
    >>> TEMPERATURE.check("left", -1.0)
    Traceback (most recent call last):
        ...
    ValueError: left must be finite and > 0, got -1.0
    """

    name: str
    conjugate: Callable
    lowest: float
    highest: float
    closed: bool

    def check(self, name, value):
        """Return `value` as floats in the range; raise ValueError naming `name` otherwise."""
        top = None if np.isinf(self.highest) else self.highest
        if self.closed:
            return _checks.real(name, value, at_least=self.lowest, at_most=top)
        return _checks.real(name, value, above=self.lowest, below=top)

    def reach(self, a, b):
        """Distance from the closer of `a` and `b` to the nearest end of the range."""
        return np.minimum(np.minimum(a, b) - self.lowest, self.highest - np.maximum(a, b))


TEMPERATURE = IntensiveVariable("temperature", lambda T: 1 / T, 0.0, np.inf, closed=False)
DENSITY = IntensiveVariable("density", lambda density: np.log((1 - density) / density), 0.0, 1.0, closed=True)


@dataclass(frozen=True)
class Substance:
    """What a box holds as a function of its intensive variable.

    Parameters
    ----------
    energy : callable
        E(T), increasing, plain arithmetic. For particles: the number held at a given density.
    temperature : callable, optional
        The inverse T(E), if it is known in closed form; otherwise it is found numerically.
    variable : IntensiveVariable
        `TEMPERATURE` (default) or `DENSITY`.
    lowest_energy, highest_energy : float
        The range of E: what the box holds at the two ends of the range of its variable.

    Notes
    -----
    The microcanonical temperature of the paper's section 2 is 1/T = ∂S/∂E; E(T) is its inverse.

    Examples
    --------
    A cold electron gas, E = a T² with a = 3, and its heat capacity 2 a T:

    >>> metal = Substance(energy=lambda T: 3 * T**2)
    >>> np.allclose(metal.temperature_at(12.0), 2.0), np.allclose(metal.heat_capacity(2.0), 12.0)
    (True, True)
    """

    energy: Callable
    temperature: Callable | None = None
    variable: IntensiveVariable = TEMPERATURE
    lowest_energy: float = 0.0
    highest_energy: float = np.inf

    def heat_capacity(self, temperature):
        """Return dE/dT (for particles dn/dρ) at `temperature`, same shape, from the definition of `energy`.

        Raises
        ------
        ValueError
            If it is not positive: the box would be thermally unstable.
        """
        capacity = derivative(self.energy, temperature)
        if not np.all(capacity > 0):
            raise ValueError(f"energy must increase with {self.variable.name}: heat capacity > 0, got {capacity.min()}")
        return capacity

    def temperature_at(self, energy):
        """Return the temperature (density) at which the box holds `energy`, shape of `energy`.

        Raises
        ------
        ValueError
            If `energy` is outside the range of energies, or no temperature in the range gives it.
        """
        top = None if np.isinf(self.highest_energy) else self.highest_energy
        energy = _checks.real("energy", energy, at_least=self.lowest_energy, at_most=top)
        if self.temperature is not None:
            return self.temperature(energy)
        lowest, highest = self.variable.lowest, self.variable.highest
        start = (0.25, 0.75) if np.isfinite(highest) else (0.5, 2.0)
        with np.errstate(all="ignore"):  # the search may pass where the law overflows
            bracket = elementwise.bracket_root(
                lambda T, E: self.energy(T) - E, *start, xmin=lowest, xmax=highest, args=(energy,)
            )
            found = elementwise.find_root(lambda T, E: self.energy(T) - E, bracket.bracket, args=(energy,))
        # A box at an end of its range of energies is at an end of its range of temperatures, which no bracket encloses.
        at_end = (energy == self.lowest_energy) | (energy == self.highest_energy)
        solved = found.success | at_end
        if not np.all(solved):
            worst = energy[~np.asarray(solved)].flat[0]
            raise ValueError(f"energy must be one that the substance can hold, got {worst:g}")
        return np.where(at_end, np.where(energy == self.lowest_energy, lowest, highest), found.x)


def constant_heat_capacity(heat_capacity=1.0):
    """Return the substance with E = C_v T (the classical ideal gas; paper, section 4).

    Parameters
    ----------
    heat_capacity : float
        C_v of the whole box (extensive), k_B = 1. Positive.

    Examples
    --------
    >>> float(constant_heat_capacity(3.0).energy(2.0))
    6.0
    """
    capacity = float(_checks.real("heat_capacity", heat_capacity, above=0, shape=()))
    return Substance(energy=lambda T: capacity * T, temperature=lambda energy: energy / capacity)


def lattice(sites=1.0):
    """Return the substance of a box of `sites` places, each empty or taken: n = N ρ (paper, section 4).

    Parameters
    ----------
    sites : float
        N, the number of places in the whole box. Positive.

    Examples
    --------
    >>> float(lattice(100).energy(0.25))
    25.0
    """
    sites = float(_checks.real("sites", sites, above=0, shape=()))
    return Substance(
        energy=lambda density: sites * density,
        temperature=lambda number: number / sites,
        variable=DENSITY,
        highest_energy=sites,
    )
