"""Equations of state: what a box holds at a given temperature (or density), and back.

An *intensive variable* is what equalises between two boxes in contact: the temperature where energy is exchanged, the
density where particles are. A *substance* says how much of the conserved quantity a box holds at a value of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks
from twobox.calculus import NUMERICAL_ERROR, agrees, between_one_sided, complex_step, numerical_derivative
from twobox.model.laws import Law, as_law, checked_parameters, evaluate, identity


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

    Notes
    -----
    Two variables are the same if all their parts are equal; `conjugate` must then be one function, defined in a module.

    Examples
    --------
    >>> TEMPERATURE.check("left", -1.0)
    Traceback (most recent call last):
        ...
    ValueError: left must be finite and > 0, got -1.0
    """

    name: str
    conjugate: Callable[..., Any]
    lowest: float
    highest: float
    closed: bool

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise ValueError(f"name must be a string, got {self.name!r}")
        if not callable(self.conjugate):
            raise ValueError(f"conjugate must be a function of the variable, got {self.conjugate!r}")
        if not float(self.lowest) < float(self.highest):
            raise ValueError(f"lowest must be smaller than highest, got {self.lowest!r} and {self.highest!r}")

    def check(self, name: str, value: ArrayLike) -> NDArray[np.float64]:
        """Return `value` as floats in the range; raise ValueError naming `name` otherwise."""
        top = None if np.isinf(self.highest) else self.highest
        if self.closed:
            return _checks.real(name, value, at_least=self.lowest, at_most=top)
        return _checks.real(name, value, above=self.lowest, below=top)

    def reach(self, a: ArrayLike, b: ArrayLike) -> Any:
        """Distance from the closer of `a` and `b` to the nearest end of the range; in a range without ends, their size."""
        if np.isinf(self.lowest) and np.isinf(self.highest):
            size = np.maximum(np.abs(a), np.abs(b))
            return np.where(size > 0, size, 1.0)
        return np.minimum(np.minimum(a, b) - self.lowest, self.highest - np.maximum(a, b))


def inverse(temperature: Any) -> Any:
    """Return β = 1/T."""
    return 1 / temperature


def logit_of_holes(density: Any) -> Any:
    """Return β = ln((1 - ρ)/ρ), what one more particle costs in entropy on a lattice of places that are empty or taken."""
    return np.log((1 - density) / density)


TEMPERATURE = IntensiveVariable("temperature", inverse, 0.0, np.inf, closed=False)
DENSITY = IntensiveVariable("density", logit_of_holes, 0.0, 1.0, closed=True)


@dataclass(frozen=True, eq=False, init=False)
class Substance:
    """What a box holds as a function of its intensive variable.

    Parameters
    ----------
    energy : callable
        E(T), increasing. For particles: the number held at a given density. It is called with arrays, which it must not
        change, and works element by element.
    temperature : callable, optional
        The inverse T(E), if it is known in closed form; otherwise it is found numerically.
    variable : IntensiveVariable
        `TEMPERATURE` (default) or `DENSITY`, or one of your own.
    lowest_energy, highest_energy : float or array
        The range of E: what the box holds at the two ends of the range of its variable.
    heat_capacity : callable, optional
        dE/dT, where you know it. If left out it comes from `energy` by a complex step where that is analytic, and by adaptive
        differences of stated error where it is not. A known one is held against the energy: to a millionth where that is
        analytic, to a thousandth where it is not.
    parameters : mapping, optional
        Keyword arguments of all these functions, numbers or arrays; the axes of arrays are those of the baths.
    trusted : bool
        The heat capacity that is given, or else that the energy is analytic, is known to be right and not checked at run time.

    Raises
    ------
    ValueError
        If a law is not a function, or a parameter is not a number or array of numbers.

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

    energy: Law
    temperature: Law | None
    variable: IntensiveVariable
    lowest_energy: Any
    highest_energy: Any
    known_heat_capacity: Law | None
    parameters: Mapping[str, Any]
    trusted: bool

    def __init__(
        self,
        energy: Callable[..., Any],
        temperature: Callable[..., Any] | None = None,
        variable: IntensiveVariable = TEMPERATURE,
        lowest_energy: Any = 0.0,
        highest_energy: Any = np.inf,
        heat_capacity: Callable[..., Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        trusted: bool = False,
    ) -> None:
        _checks.instance("variable", variable, IntensiveVariable, ", TEMPERATURE or DENSITY")
        bound = checked_parameters(parameters)
        for name, law in (("temperature", temperature), ("heat_capacity", heat_capacity)):
            if law is not None and not callable(law):
                raise ValueError(f"{name} must be a function or None, got {law!r}")
        if not callable(energy):
            raise ValueError(f"energy must be a function of the {variable.name}, got {energy!r}")
        for name, value, infinite in (
            ("lowest_energy", lowest_energy, -np.inf),
            ("highest_energy", highest_energy, np.inf),
        ):
            if not (np.ndim(value) == 0 and value == infinite):
                _checks.real(name, value)
        values = {
            "energy": as_law("energy", energy, bound),
            "temperature": None if temperature is None else as_law("temperature", temperature, bound),
            "variable": variable,
            "lowest_energy": lowest_energy,
            "highest_energy": highest_energy,
            "known_heat_capacity": None if heat_capacity is None else as_law("heat_capacity", heat_capacity, bound),
            "parameters": bound,
            "trusted": bool(trusted),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        name = getattr(self.energy.function, "__name__", repr(self.energy.function))
        parts = [f"{key}={_checks.short(np.round(value, 6).tolist())}" for key, value in self.parameters.items()]
        return f"Substance({', '.join([f'energy={name}', *parts])}, variable={self.variable.name})"

    @property
    def key(self) -> tuple[Any, ...]:
        """What two substances share that differ in their parameters only."""
        known = None if self.known_heat_capacity is None else self.known_heat_capacity.function
        laws = identity(self.energy.function), identity(known)
        return (*laws, self.variable, self.trusted, tuple(sorted(self.parameters)))

    def with_parameters(self, parameters: Mapping[str, Any]) -> "Substance":
        """Return the same laws with other parameters, for energy and heat capacity."""
        made = object.__new__(Substance)
        for name in ("variable", "lowest_energy", "highest_energy", "trusted"):
            object.__setattr__(made, name, getattr(self, name))
        object.__setattr__(made, "parameters", parameters)
        for name in ("energy", "temperature", "known_heat_capacity"):
            law = getattr(self, name)
            object.__setattr__(made, name, None if law is None else law.with_parameters(parameters))
        return made

    def heat_capacity(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Return dE/dT (for particles dn/dρ) at `temperature`, same shape.

        Raises
        ------
        ValueError
            If it is not positive: the box would be thermally unstable. If `energy` is not analytic and no derivative of it is
            known to a relative error of 1e-6, or if a given heat capacity is not its derivative.
        """
        temperature = _checks.real(self.variable.name, temperature)
        shape = np.broadcast_shapes(temperature.shape, *(value.shape for value in self.parameters.values()))
        capacity = self.heat_capacity_and_error(np.broadcast_to(temperature, shape))[0]
        refuse_unstable_box("energy", self.variable, capacity)
        return capacity

    def heat_capacity_and_error(
        self, temperature: NDArray[np.float64], *, name: str = "energy"
    ) -> tuple[NDArray[np.float64], float]:
        """Return dE/dT at an array, and the relative error of its derivation: 0 unless it is numerical."""
        T = temperature
        reach = np.abs(self.variable.reach(T, T))
        direction = np.where(reach > 0, np.where(np.isfinite(reach), reach, 1.0), 1.0)
        capacity, error = None, 0.0
        if self.known_heat_capacity is not None:
            capacity = evaluate(self.known_heat_capacity, f"heat_capacity of {name}", T)
            if self.trusted:
                return capacity, error
            right = between_one_sided(self.energy, (T,), (direction,), (capacity,))
            right &= self._near_analytic(T, direction, capacity)
            if not right.all():
                raise ValueError(
                    f"heat_capacity must be the derivative of {name}, but is not at {T[~right].flat[0]:.6g}"
                )
        else:
            try:
                with np.errstate(all="ignore"):
                    capacity = complex_step(self.energy, T)
                if not self.trusted and not agrees(self.energy, (T,), (direction,), (capacity,)).all():
                    capacity = None
            except Exception:  # whatever a law says to complex numbers
                pass
            if capacity is None:
                capacity, error = self._numerical_heat_capacity(T, reach, name)
        return capacity, error

    def _near_analytic(
        self, T: NDArray[np.float64], direction: NDArray[np.float64], capacity: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Whether a known heat capacity is that of a complex step, where that is right."""
        try:
            with np.errstate(all="ignore"):
                exact = complex_step(self.energy, T)
                analytic = agrees(self.energy, (T,), (direction,), (exact,))
        except Exception:  # whatever a law says to complex numbers
            return np.ones(T.shape, bool)
        return (np.abs(exact - capacity) <= 1e-6 * np.abs(exact)) | ~analytic

    def _numerical_heat_capacity(
        self, T: NDArray[np.float64], reach: NDArray[np.float64], name: str
    ) -> tuple[NDArray[np.float64], float]:
        evaluate(self.energy, name, T)
        names, arrays = list(self.parameters), [np.broadcast_to(v, T.shape) for v in self.parameters.values()]

        def law(x: Any, *values: Any) -> Any:
            return self.energy.function(x, **dict(zip(names, values)))

        capacity, error = numerical_derivative(law, T, *arrays, scale=reach)
        error = error / np.where(capacity == 0, 1.0, np.abs(capacity))
        if not np.all(error <= NUMERICAL_ERROR):
            bad = np.unravel_index(np.argmax(np.where(error >= 0, error, np.inf)), error.shape)
            raise ValueError(
                f"{name} is not analytic, and its slope at {T[bad]:.6g} is known numerically to {error[bad]:.1g} only: give "
                "heat_capacity=…, or a smooth law (for a table a cubic spline, not straight pieces)"
            )
        return capacity, float(np.max(error, initial=0.0))

    def temperature_at(self, energy: ArrayLike) -> NDArray[np.float64]:
        """Return the temperature (density) at which the box holds `energy`, shape of `energy`.

        Raises
        ------
        ValueError
            If `energy` is outside the range of energies, or no temperature in the range gives it.
        """
        energy = _checks.real("energy", energy)
        low, high = np.asarray(self.lowest_energy, float), np.asarray(self.highest_energy, float)
        outside = (energy < low) | (energy > high)
        if outside.any():
            top = f" and <= {high.min():g}" if np.isfinite(high).any() else ""
            worst = float(np.broadcast_to(energy, outside.shape)[outside].flat[0])
            raise ValueError(f"energy must be finite and >= {low.max():g}{top}, got {worst!r}")
        if self.temperature is not None:
            return self.temperature(energy)
        return self._solve_for_temperature(energy, low, high)

    def _solve_for_temperature(
        self, energy: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        from scipy.optimize import elementwise  # asked for only where no inverse is known

        lowest, highest = self.variable.lowest, self.variable.highest
        start = (0.25, 0.75) if np.isfinite(highest) else (0.5, 2.0)
        names = list(self.parameters)
        energy, *values = np.broadcast_arrays(energy, *self.parameters.values())

        def excess(T: Any, E: Any, *values: Any) -> Any:
            return self.energy.function(T, **dict(zip(names, values))) - E

        with np.errstate(all="ignore"):  # the search may pass where the law overflows
            bracket = elementwise.bracket_root(excess, *start, xmin=lowest, xmax=highest, args=(energy, *values))
            found = elementwise.find_root(excess, bracket.bracket, args=(energy, *values))
        # A box at an end of its range of energies is at an end of its range of temperatures, which no bracket encloses.
        at_end = (energy == low) | (energy == high)
        solved = found.success | at_end
        if not np.all(solved):
            worst = energy[~np.asarray(solved)].flat[0]
            raise ValueError(f"energy must be one that the substance can hold, got {worst:g}")
        return np.where(at_end, np.where(energy == low, lowest, highest), found.x)


def refuse_unstable_box(name: str, variable: IntensiveVariable, capacity: NDArray[np.float64]) -> None:
    """Raise ValueError unless every heat capacity is positive."""
    if not np.all(capacity > 0):
        worst = capacity[~(capacity > 0)].flat[0]
        raise ValueError(f"{name} must increase with {variable.name}: heat capacity > 0, got {worst}")


def _proportional(T: Any, capacity: Any) -> Any:
    return capacity * T


def _constant(T: Any, capacity: Any) -> Any:
    return np.broadcast_to(capacity, np.shape(T))


def _inverse_proportional(energy: Any, capacity: Any) -> Any:
    return energy / capacity


def constant_heat_capacity(heat_capacity: ArrayLike = 1.0) -> Substance:
    """Return the substance with E = C_v T (the classical ideal gas; paper, section 4).

    Parameters
    ----------
    heat_capacity : float or array
        C_v of the whole box (extensive), k_B = 1. Positive.

    Examples
    --------
    >>> float(constant_heat_capacity(3.0).energy(2.0))
    6.0
    """
    capacity = _checks.real("heat_capacity", heat_capacity, above=0)
    return Substance(
        _proportional, _inverse_proportional, heat_capacity=_constant, parameters={"capacity": capacity}, trusted=True
    )


def lattice(sites: ArrayLike = 1.0) -> Substance:
    """Return the substance of a box of `sites` places, each empty or taken: n = N ρ (paper, section 4).

    Parameters
    ----------
    sites : float or array
        N, the number of places in the whole box. Positive.

    Examples
    --------
    >>> float(lattice(100).energy(0.25))
    25.0
    """
    sites = _checks.real("sites", sites, above=0)
    return Substance(
        _proportional,
        _inverse_proportional,
        variable=DENSITY,
        highest_energy=sites if sites.ndim else float(sites),
        heat_capacity=_constant,
        trusted=True,
        parameters={"capacity": sites},
    )
