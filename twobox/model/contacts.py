"""Contact laws: what flows between two neighbours, on average and in fluctuation.

A contact is the paper's eq. (3), J = A + √B η: a mean current A and a noise strength B, both functions of the
intensive variables of the two sides. Energy flows from the first argument to the second where A > 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twobox import _checks
from twobox.calculus import (
    agrees,
    between_one_sided,
    complex_step,
    mean_slope,
    numerical_derivative,
)
from twobox.model.laws import Law, as_law, checked_parameters, evaluate, identity
from twobox.model.substances import TEMPERATURE, IntensiveVariable


@dataclass(frozen=True, eq=False, init=False)
class Contact:
    """A contact between two neighbours (paper's eq. 3).

    Parameters
    ----------
    mean_current : callable
        A(T_i, T_j), energy per time, positive from i to j; zero at T_i = T_j, rising with T_i and falling with T_j. It is called
        with arrays, which it must not change, and works element by element.
    noise_strength : callable, optional
        B(T_i, T_j) ≥ 0, energy² per time: ⟨∫∫ δJ δJ⟩ = B t. If left out it follows from the fluctuation-dissipation
        relation (paper's eq. 4).
    variable : IntensiveVariable
        `TEMPERATURE` (default) or `DENSITY`, or one of your own.
    slopes : callable, optional
        (∂A/∂T_i, ∂A/∂T_j) as a function of T_i and T_j, where you know them. If left out they come from `mean_current` by a
        complex step where it is analytic, and by adaptive differences of stated error where it is not (tables, ``abs``). Known
        slopes are held against the law: to a millionth where it is analytic, to a thousandth where it is not.
    parameters : mapping, optional
        Keyword arguments of all these functions, numbers or arrays; the axes of arrays are those of the baths.
    trusted : bool
        The mean current is known to be analytic, and monotone between any two baths: neither is checked at run time.

    Raises
    ------
    ValueError
        If a law is not a function, or a parameter is not a number or array of numbers.

    Examples
    --------
    Radiation, with the noise from eq. (4):

    >>> contact = Contact(mean_current=lambda T_i, T_j: T_i**4 - T_j**4)
    >>> float(contact.noise_strength(1.0, 1.0))
    8.0

    Three strengths at once:

    >>> contact = Contact(lambda T_i, T_j, k: k * (T_i - T_j), parameters={"k": [1.0, 2.0, 3.0]})
    >>> contact.mean_current(2.0, 1.0).tolist()
    [1.0, 2.0, 3.0]
    """

    mean_current: Law
    noise_strength: Law
    variable: IntensiveVariable
    slopes: Callable[..., Any] | None
    parameters: Mapping[str, Any]
    trusted: bool

    def __init__(
        self,
        mean_current: Callable[..., Any],
        noise_strength: Callable[..., Any] | None = None,
        variable: IntensiveVariable = TEMPERATURE,
        slopes: Callable[..., Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        trusted: bool = False,
    ) -> None:
        _checks.instance("variable", variable, IntensiveVariable, ", TEMPERATURE or DENSITY")
        bound = checked_parameters(parameters)
        if not callable(mean_current):
            raise ValueError(f"mean_current must be a function of the two sides, got {mean_current!r}")
        if noise_strength is not None and not callable(noise_strength):
            raise ValueError(f"noise_strength must be a function or None, got {noise_strength!r}")
        if slopes is not None and not callable(slopes):
            raise ValueError(f"slopes must be a function of the two sides or None, got {slopes!r}")
        if noise_strength is None:
            noise_strength = FluctuationDissipation(mean_current, variable, slopes)
        values = {
            "mean_current": as_law("mean_current", mean_current, bound),
            "noise_strength": as_law("noise_strength", noise_strength, bound),
            "variable": variable,
            "slopes": slopes,
            "parameters": bound,
            "trusted": trusted,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        parts = [f"mean_current={_name(self.mean_current)}", f"noise_strength={_name(self.noise_strength)}"]
        parts += [f"{name}={_checks.short(np.round(value, 6).tolist())}" for name, value in self.parameters.items()]
        return f"Contact({', '.join(parts)}, variable={self.variable.name})"

    @property
    def key(self) -> tuple[Any, ...]:
        """What two contacts share that differ in their parameters only."""
        laws = (identity(law) for law in (self.mean_current.function, self.noise_strength.function, self.slopes))
        return (*laws, self.variable, self.trusted, tuple(sorted(self.parameters)))

    @property
    def known_slopes(self) -> Law | None:
        """The slopes that were given, with the parameters bound; None if none were."""
        return None if self.slopes is None else Law(self.slopes, self.parameters)

    def with_parameters(self, parameters: Mapping[str, Any]) -> "Contact":
        """Return the same laws with other parameters."""
        made = object.__new__(Contact)
        for name in ("variable", "slopes", "trusted"):
            object.__setattr__(made, name, getattr(self, name))
        object.__setattr__(made, "parameters", parameters)
        for name in ("mean_current", "noise_strength"):
            object.__setattr__(made, name, getattr(self, name).with_parameters(parameters))
        return made

    def with_quick_slopes(self, T_i: NDArray[np.float64], T_j: NDArray[np.float64]) -> "Contact":
        """Return the contact for Newton's method: its own slopes where they are right at these arrays, else differences."""
        if self.trusted or self.slopes is not None:
            return self
        law, reach = self.mean_current, np.abs(self.variable.reach(T_i, T_j))
        size = np.where(reach > 0, reach, 1.0)
        try:
            with np.errstate(all="ignore"):
                steps = [complex_step(law, T_i, T_j, slot=slot) for slot in (0, 1)]
                if agrees(law, (T_i, T_j), (size, -0.618 * size), steps).all():
                    return self
        except Exception:  # whatever a law says to complex numbers
            pass
        quick = self.with_parameters(self.parameters)
        object.__setattr__(quick, "slopes", _Differences(law.function))
        return quick

    def partial_slopes(
        self, T_i: NDArray[np.float64], T_j: NDArray[np.float64], *, name: str = "mean_current", checked: bool = True
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]] | None]:
        """Return (∂A/∂T_i, -∂A/∂T_j) and the relative errors of their derivation, at arrays of one shape.

        Parameters
        ----------
        T_i, T_j : ndarray
            Of one shape.
        name : str
            How an error message names the law.
        checked : bool
            Whether to verify known slopes and complex steps by difference quotients, and to mend what fails.

        Returns
        -------
        rising, falling : ndarray
        errors : None, or pair of ndarray
            None for known slopes and complex steps; otherwise the relative error of each numerical derivative, infinite where
            there is none.

        Raises
        ------
        ValueError
            If known slopes are not those of the law.
        """
        law = self.mean_current
        rising: Any
        falling: Any
        if not self.trusted:
            reach = np.abs(self.variable.reach(T_i, T_j))
            size, zero = np.where(reach > 0, reach, 1.0), np.zeros(T_i.shape)
        if self.slopes is not None:
            try:
                found = self.slopes(T_i, T_j, **self.parameters)
            except Exception as error:
                raise _no_slopes(name, error) from error
            if not isinstance(found, (tuple, list)) or len(found) != 2:
                raise ValueError(f"slopes of {name} must be a pair (∂A/∂T_i, ∂A/∂T_j), got {_checks.short(found)}")
            rising, falling = (np.broadcast_to(np.asarray(slope, float), T_i.shape) for slope in found)
            if checked and not self.trusted:
                for direction in ((size, zero), (zero, size)):
                    right = between_one_sided(law, (T_i, T_j), direction, (rising, falling))
                    _refuse_wrong_slopes(name, right, T_i, T_j)
                _refuse_wrong_slopes(name, self._near_analytic(T_i, T_j, size, rising, falling), T_i, T_j)
            return rising, -falling, None
        try:
            with np.errstate(all="ignore"):
                rising, falling = (complex_step(law, T_i, T_j, slot=slot) for slot in (0, 1))
        except Exception:  # whatever a law says to complex numbers
            rising = falling = None
        if self.trusted or (rising is not None and not checked):
            return rising, -falling, None
        try:
            if rising is not None and agrees(law, (T_i, T_j), (size, -0.618 * size), (rising, falling)).all():
                return rising, -falling, None
            return self._numerical_slopes(T_i, T_j, reach, name)
        except Exception as error:
            raise _no_slopes(name, error) from error

    def _near_analytic(self, T_i: Any, T_j: Any, size: Any, rising: Any, falling: Any) -> Any:
        """Whether known slopes are those of a complex step, where that is right; a table is held to a thousandth only."""
        law = self.mean_current
        try:
            with np.errstate(all="ignore"):
                exact = [complex_step(law, T_i, T_j, slot=slot) for slot in (0, 1)]
                analytic = agrees(law, (T_i, T_j), (size, -0.618 * size), exact)
        except Exception:  # whatever a law says to complex numbers
            return np.ones(T_i.shape, bool)
        scale = 1e-6 * (np.abs(exact[0]) + np.abs(exact[1]))
        near = (np.abs(exact[0] - rising) <= scale) & (np.abs(exact[1] - falling) <= scale)
        return near | ~analytic

    def _numerical_slopes(
        self, T_i: NDArray[np.float64], T_j: NDArray[np.float64], reach: NDArray[np.float64], name: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]]]:
        evaluate(self.mean_current, name, T_i, T_j)
        names, arrays = list(self.parameters), [np.broadcast_to(v, T_i.shape) for v in self.parameters.values()]

        def law(a: Any, b: Any, *values: Any) -> Any:
            return self.mean_current.function(a, b, **dict(zip(names, values)))

        (rising, error_i), (falling, error_j) = (
            numerical_derivative(law, T_i, T_j, *arrays, slot=slot, scale=reach) for slot in (0, 1)
        )
        # A slope may be zero: its error counts beside the other one's.
        size = np.fmax(np.abs(rising), np.abs(falling))
        size = np.where(size > 0, size, 1.0)
        return rising, -falling, (error_i / size, error_j / size)


def _no_slopes(name: str, error: Exception) -> ValueError:
    return ValueError(
        f"slopes of {name} could not be taken: a law needs a value on both sides of the temperatures where its slope is wanted, or "
        f"known slopes=…. {type(error).__name__}: {error}"
    )


@dataclass(frozen=True)
class _Differences:
    """Slopes of a law by differences: good enough to find a steady state, not to linearise about it."""

    law: Callable[..., Any]

    def __call__(self, a: Any, b: Any, **parameters: Any) -> list[Any]:
        def along(x: Any, y: Any) -> Any:
            return self.law(x, y, **parameters)

        return [_fourth_order(along, slot, a, b) for slot in (0, 1)]


def _refuse_wrong_slopes(
    name: str, right: NDArray[np.bool_], T_i: NDArray[np.float64], T_j: NDArray[np.float64]
) -> None:
    if not right.all():
        bad = np.unravel_index(np.argmin(right), right.shape)
        raise ValueError(f"slopes of {name} must be its derivatives, but are not at ({T_i[bad]:.6g}, {T_j[bad]:.6g})")


def _name(law: Callable[..., Any]) -> str:
    function = getattr(law, "function", law)
    return getattr(function, "__name__", None) or repr(function)


@dataclass(frozen=True)
class FluctuationDissipation:
    """The law B that eq. (4) assigns to a mean current; see `fluctuation_dissipation`."""

    mean_current: Callable[..., Any]
    variable: IntensiveVariable = TEMPERATURE
    slopes: Callable[..., Any] | None = None

    def __repr__(self) -> str:
        return "fluctuation_dissipation"

    @property
    def identity(self) -> tuple[Any, ...]:
        """What two of them share that follow from one mean current."""
        return "eq. (4)", identity(self.mean_current), self.variable, identity(self.slopes)

    def __call__(self, a: Any, b: Any, **parameters: Any) -> Any:
        names = list(parameters)

        def current(x: Any, y: Any, *values: Any) -> Any:
            return self.mean_current(x, y, **dict(zip(names, values)))

        if hasattr(a, "free_symbols") or hasattr(b, "free_symbols"):
            return 2 * current(a, b, *parameters.values()) / self._conjugate_difference(a, b)
        a, b, *values = np.broadcast_arrays(*(np.asarray(x, float) for x in (a, b, *parameters.values())))
        reach = self.variable.reach(a, b)

        def slopes(x: Any, y: Any, *values: Any) -> Any:
            if self.slopes is not None:
                return self.slopes(x, y, **dict(zip(names, values)))
            return _analytic_or_not(current, x, y, *values)

        slope = mean_slope(current, a, b, *values, reach=reach, slopes=slopes)
        with np.errstate(divide="ignore", invalid="ignore"):
            strength = 2 * slope / mean_slope(self._conjugate_difference, a, b, reach=reach)
        return np.where(reach == 0, 0.0, strength)

    def _conjugate_difference(self, a: Any, b: Any) -> Any:
        return self.variable.conjugate(b) - self.variable.conjugate(a)


def _analytic_or_not(law: Callable[..., Any], x: Any, y: Any, *values: Any) -> list[Any]:
    """Return the partial derivatives by a complex step if it proves right at a few places, else by differences."""
    try:
        with np.errstate(all="ignore"):
            slopes = [complex_step(law, x, y, *values, slot=slot) for slot in (0, 1)]
        some = np.unique(np.linspace(0, x.size - 1, 16).astype(int))
        x_some, y_some, *rest = (np.broadcast_to(v, x.shape).reshape(-1)[some] for v in (x, y, *values))
        directions = [np.abs(x_some), -0.618 * np.abs(y_some), *(np.zeros(len(some)) for _ in rest)]
        tested = [*(slope.reshape(-1)[some] for slope in slopes), *(0.0 for _ in rest)]
        if agrees(law, [x_some, y_some, *rest], directions, tested).all():
            return slopes
    except Exception:  # whatever a law says to complex numbers
        pass
    return [_fourth_order(law, slot, x, y, *values) for slot in (0, 1)]


def _fourth_order(law: Callable[..., Any], slot: int, x: Any, y: Any, *values: Any) -> Any:
    """A difference quotient of fourth order; error about 1e-11 relative for a law that is smooth over a thousandth of x."""
    h = 1e-3 * np.where(x == 0, 1.0, np.abs(x))
    moved = [law(x + k * h, y, *values) if slot == 0 else law(x, y + k * h, *values) for k in (1, -1, 2, -2)]
    return (8 * (moved[0] - moved[1]) - (moved[2] - moved[3])) / (12 * h)


def fluctuation_dissipation(
    mean_current: Callable[..., Any],
    *,
    variable: IntensiveVariable = TEMPERATURE,
    slopes: Callable[..., Any] | None = None,
) -> FluctuationDissipation:
    r"""Return the noise strength B that eq. (4) of the paper assigns to a mean current.

    .. math:: B(T_i, T_j) = \frac{2 A(T_i, T_j)}{\beta_j - \beta_i}, \qquad B(T, T) = 2T^2\,\partial_{T_i} A

    At equal temperatures it is a limit 0/0; here it is taken as a quotient of two mean slopes, accurate to rounding on both
    sides of the limit and at it. Where one side is at an end of its range (T = 0; density 0 or 1), β diverges and B = 0.

    Parameters
    ----------
    mean_current : callable
        A(T_i, T_j), zero at T_i = T_j.
    variable : IntensiveVariable
        Says what β is: 1/T for a temperature, ln((1 - ρ)/ρ) for a density.
    slopes : callable, optional
        (∂A/∂T_i, ∂A/∂T_j), if they are known; see `Contact`.

    Returns
    -------
    callable
        B(T_i, T_j) for floats or arrays; with sympy symbols and temperatures, the plain quotient. It pickles if `mean_current`
        does.

    Raises
    ------
    ValueError
        If `mean_current` is not a function.

    Examples
    --------
    >>> B = fluctuation_dissipation(lambda T_i, T_j: T_i - T_j)
    >>> np.allclose(B(2.0, 3.0), 2 * 2.0 * 3.0), np.allclose(B(2.0, 2.0), 2 * 2.0**2)
    (True, True)
    """
    if not callable(mean_current):
        raise ValueError(f"mean_current must be a function of the two sides, got {mean_current!r}")
    _checks.instance("variable", variable, IntensiveVariable, ", TEMPERATURE or DENSITY")
    return FluctuationDissipation(mean_current, variable, slopes)


@_checks.formula(delta_beta=_checks.ANY, kappa1=_checks.ANY, kappa3=_checks.ANY, kappa5=_checks.ANY)
def noise_from_odd_cumulants(delta_beta: Any, kappa1: Any, kappa3: Any, kappa5: Any = 0) -> Any:
    r"""Return the noise strength that the exchange symmetry assigns to the odd cumulants of the current (ours).

    .. math:: B = \frac{2\kappa_1}{\Delta\beta}\left[1 + \frac{\Delta\beta^2}{12}\frac{\kappa_3}{\kappa_1}
              - \frac{\Delta\beta^4}{720}\frac{\kappa_5}{\kappa_1} + \dots\right]

    The first term is eq. (4) of the paper; the coefficients are those of x coth x at x = Δβ/2. It is an asymptotic series in Δβ: the error is
    of the order of the first term left out.

    Parameters
    ----------
    delta_beta : array_like
        β_j - β_i, not zero; 1/energy. Floats, arrays or sympy symbols, as all of them.
    kappa1, kappa3, kappa5 : array_like
        Cumulants per time of the energy that crosses from i to j: κ₁ = A; energy, energy³ and energy⁵ per time.

    Returns
    -------
    B, energy² per time; up to terms of order Δβ⁵ κ₇ (with κ₅ = 0: Δβ³ κ₅).

    Raises
    ------
    ValueError
        If an argument is not a finite number, or Δβ is zero.

    Examples
    --------
    Hops of size 1 at the rates a and b = a exp(-Δβ) have odd cumulants a - b and the noise a + b:

    >>> a, b = 1.0, np.exp(-0.1)
    >>> bool(abs(noise_from_odd_cumulants(0.1, a - b, a - b, a - b) / (a + b) - 1) < 1e-10)
    True
    """
    return 2 * kappa1 / delta_beta + delta_beta * kappa3 / 6 - delta_beta**3 * kappa5 / 360
