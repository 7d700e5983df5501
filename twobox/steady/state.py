"""The steady state and its small fluctuations: linearisation (6) and covariance (7) of the paper."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks
from twobox.model.laws import Grouped, evaluate
from twobox.model.substances import IntensiveVariable, Substance, refuse_unstable_box
from twobox.model.system import System, bond_vectors
from twobox.steady import two_box
from twobox.steady.lyapunov import chain_covariance, chain_relaxation_times, pivots
from twobox.steady.mean import (
    best_known,
    bond_slopes_and_error,
    mean_currents,
    noise_strengths,
    solve_rows,
)

# Numbers in a block of chains: the arrays that its steps need fit the cache of a processor.
_NUMBERS = 2**14
# How far the currents of a profile that is given may differ, relative to their terms, to count as steady.
_STEADY = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SteadyState:
    r"""A steady state and its small fluctuations (paper's section 3).

    Fluctuations obey :math:`d\,\delta E/dt = R\,\delta E + \Sigma\,\eta` and their covariance
    :math:`R C + C R^T = -Q`, :math:`Q = \Sigma\Sigma^T`. Made by `Chain.steady_state`. With baths or parameters of shape
    (...), every attribute carries that shape in front. All arrays are read-only: what was checked stays as it is.

    Attributes
    ----------
    variable : IntensiveVariable
        What the profile is: temperature or density.
    profile : ndarray, shape (..., n + 2)
        Temperature (density) of bath, boxes, bath.
    energies : ndarray, shape (..., n)
        Mean energy of each box.
    heat_capacities : ndarray, shape (..., n)
        dE/dT of each box.
    noise_strengths : ndarray, shape (..., n + 1)
        B of each bond, energy² per time.
    currents : ndarray, shape (..., n + 1)
        A of each bond; in a steady state they are equal up to rounding.
    current : ndarray, shape (...)
        ⟨J⟩ from left to right: A of the bond on which rounding does least.
    slopes_left, slopes_right : ndarray, shape (..., n + 1)
        ∂A/∂T of the left side of each bond, and -∂A/∂T of its right side; energy per time and temperature.
    slope_error : float
        Largest relative error of a slope or heat capacity that had to be taken numerically, because a law is not analytic; 0
        otherwise. C is known no better than this.

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
    profile: Array
    energies: Array
    heat_capacities: Array
    noise_strengths: Array
    currents: Array
    current: Array
    slopes_left: Array
    slopes_right: Array
    slope_error: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    @classmethod
    def at(cls, system: System, profile: ArrayLike) -> "SteadyState":
        """Linearise `system` about a steady `profile`, shape (..., n + 2), of baths and boxes.

        Raises
        ------
        ValueError
            If the profile has another shape, leaves the range of the variable, or its bonds carry different currents. If a heat
            capacity is not positive, a mean current has a slope the wrong way, a noise strength is negative, or the relaxation
            matrix is unstable.
        """
        _checks.instance("system", system, System)
        profile = system.variable.check("profile", profile)
        sites = len(system.boxes) + 2
        if profile.ndim < 1 or profile.shape[-1] != sites:
            raise ValueError(f"profile must have shape (..., {sites}), baths and boxes, got {profile.shape}")
        shape = _common_shape("profile and the parameters", profile.shape[:-1], system.shape)
        rows = np.broadcast_to(profile, (*shape, sites)).reshape(-1, sites)
        contacts, boxes = system.grouped_contacts.flat(shape), system.grouped_boxes.flat(shape)
        parts = _linearised(contacts, boxes, np.asfortranarray(rows))
        best, rounding = best_known(parts["currents"], (parts["slopes_left"], parts["slopes_right"]), rows)
        terms = rounding / np.finfo(float).eps
        uneven = np.any(np.abs(parts["currents"] - best[:, None]) > _STEADY * terms, axis=1)
        if uneven.any():
            raise ValueError(
                f"profile must be steady (one current through all bonds), got currents {parts['currents'][uneven][0].tolist()}"
            )
        return cls._made(system.variable, shape, parts)

    @classmethod
    def between(cls, system: System, left: ArrayLike, right: ArrayLike) -> "SteadyState":
        """Solve the mean equations (5) of `system` between two baths and linearise; see `Chain.steady_state`."""
        left, right = np.asarray(left, float), np.asarray(right, float)
        shape = _common_shape("left, right and the parameters", left.shape, right.shape, system.shape)
        left, right = (np.broadcast_to(bath, shape).reshape(-1) for bath in (left, right))
        contacts, boxes = system.grouped_contacts.flat(shape), system.grouped_boxes.flat(shape)
        size = max(1, _NUMBERS // (contacts.count + 1))
        if len(left) <= size:
            parts = _linearised(contacts, boxes, solve_rows(contacts, left, right))
            return cls._made(system.variable, shape, parts)
        whole: dict[str, Any] = {}
        for start in range(0, len(left), size):
            rows = slice(start, start + size)
            some = contacts.take(rows)
            parts = _linearised(some, boxes.take(rows), solve_rows(some, left[rows], right[rows]))
            for name, value in parts.items():
                if name == "slope_error":
                    whole[name] = max(whole.get(name, 0.0), value)
                elif name not in whole:
                    # Columns side by side, as in the blocks.
                    whole[name] = np.empty((*value.shape[1:], len(left))).T
                if name != "slope_error":
                    whole[name][rows] = value
        return cls._made(system.variable, shape, whole)

    @classmethod
    def _made(cls, variable: IntensiveVariable, shape: tuple[int, ...], parts: Mapping[str, Any]) -> "SteadyState":
        def shaped(value: Any) -> Any:
            return value.reshape((*shape, *value.shape[1:])) if isinstance(value, np.ndarray) else value

        return cls(variable, **{name: shaped(value) for name, value in parts.items()})

    def __repr__(self) -> str:
        n, shape = self.energies.shape[-1], self.energies.shape[:-1]
        boxes = f"{n} box{'es' if n > 1 else ''}"
        if shape:
            return f"SteadyState({boxes}, {' × '.join(map(str, shape))} steady states by {self.variable.name})"
        values = " → ".join(f"{value:.5g}" for value in (self.profile if n <= 8 else self.profile[[0, 1, -2, -1]]))
        words = f"SteadyState({boxes}, {self.variable.name} {values}, current {float(self.current):.5g}"
        if n == 2:
            words += f", C₁₂ = {float(self.covariance[0, 1]):.5g}"
        return words + (f", slopes to {self.slope_error:.1g})" if self.slope_error else ")")

    @cached_property
    def rates_from_left(self) -> Array:
        """∂A/∂E of the left side of each bond, shape (..., n + 1), 1/time; zero where that side is a bath.

        For two boxes γ₂ = rates_from_left[1], γ₄ = rates_from_left[2] (App. B).
        """
        rates = np.zeros_like(self.slopes_left)
        rates[..., 1:] = self.slopes_left[..., 1:] / self.heat_capacities
        return _frozen(rates)

    @cached_property
    def rates_from_right(self) -> Array:
        """-∂A/∂E of the right side of each bond, shape (..., n + 1), 1/time; zero where that side is a bath.

        For two boxes γ₁ = rates_from_right[0], γ₃ = rates_from_right[1] (App. B).
        """
        rates = np.zeros_like(self.slopes_right)
        rates[..., :-1] = self.slopes_right[..., :-1] / self.heat_capacities
        return _frozen(rates)

    @cached_property
    def relaxation_matrix(self) -> Array:
        r"""R, shape (..., n, n), 1/time: :math:`R_{ij} = \partial(A_{i-1,i} - A_{i,i+1})/\partial E_j` (paper's eq. 6)."""
        n = self.energies.shape[-1]
        R = np.zeros((*self.energies.shape, n))
        box = range(n)
        R[..., box, box] = -(self.rates_from_right[..., :n] + self.rates_from_left[..., 1:])
        R[..., box[1:], box[:-1]] = self.rates_from_left[..., 1:n]
        R[..., box[:-1], box[1:]] = self.rates_from_right[..., 1:n]
        return _frozen(R)

    @cached_property
    def noise_matrix(self) -> Array:
        """Σ, shape (..., n, n + 1): column b is √B_b times the bond vector of bond b (2 × 3 for two boxes)."""
        vectors = bond_vectors(self.energies.shape[-1])
        return _frozen(vectors.T * np.sqrt(self.noise_strengths)[..., None, :])

    @cached_property
    def diffusion_matrix(self) -> Array:
        """Q = Σ Σᵀ, shape (..., n, n), energy² per time (paper's eq. 7)."""
        n, B = self.energies.shape[-1], self.noise_strengths
        Q, box = np.zeros((*self.energies.shape, n)), range(n)
        Q[..., box, box] = B[..., :-1] + B[..., 1:]
        Q[..., box[1:], box[:-1]] = Q[..., box[:-1], box[1:]] = -B[..., 1:-1]
        return _frozen(Q)

    @cached_property
    def unit_shares(self) -> Array:
        """Covariance that unit noise on one bond alone makes, shape (..., n + 1, n, n)."""
        n = self.energies.shape[-1]
        if n == 2:
            return _frozen(two_box.unit_shares(*self.two_box_rates))
        left, right = self.rates_from_right[..., None, :n], self.rates_from_left[..., None, 1:]
        noise = np.broadcast_to(np.eye(n + 1), (*self.energies.shape[:-1], n + 1, n + 1))
        return _frozen(chain_covariance(left, right, noise))

    @property
    def bond_shares(self) -> Array:
        """The part of C that the noise of each bond makes, shape (..., n + 1, n, n); they add up to C."""
        return self.noise_strengths[..., None, None] * self.unit_shares

    @cached_property
    def covariance(self) -> Array:
        """C, shape (..., n, n), energy²: the solution of R C + C Rᵀ = -Q (paper's eq. 7), symmetric.

        Correlation coefficients are right to 1e-9 and better, for rates that spread over twelve decades; see
        `twobox.steady.lyapunov` for how.

        Raises
        ------
        ValueError
            If that cannot be promised: in a chain of more than 128 boxes whose rates are too unlike.
        """
        n = self.energies.shape[-1]
        if n == 2:
            return _frozen(two_box.covariance(*self.two_box_rates, *np.moveaxis(self.noise_strengths, -1, 0)))
        return _frozen(
            chain_covariance(self.rates_from_right[..., :n], self.rates_from_left[..., 1:], self.noise_strengths)
        )

    @property
    def correlation(self) -> Array:
        """Correlation coefficients C_ij / √(C_ii C_jj), shape (..., n, n); nan where a box does not fluctuate."""
        spread = np.sqrt(np.diagonal(self.covariance, axis1=-2, axis2=-1))
        with np.errstate(invalid="ignore"):
            return self.covariance / spread[..., :, None] / spread[..., None, :]

    @cached_property
    def relaxation_times(self) -> Array:
        """Relaxation times -1/λ of the modes of R, slowest first, shape (..., n)."""
        n = self.energies.shape[-1]
        if n == 2:
            return _frozen(-1 / two_box.eigenvalues(*self.two_box_rates))
        return _frozen(chain_relaxation_times(self.rates_from_right[..., :n], self.rates_from_left[..., 1:]))

    @property
    def relaxation_time(self) -> Array:
        """τ, the slowest relaxation time (paper's eq. 15), shape (...)."""
        return self.relaxation_times[..., 0]

    @property
    def two_box_rates(self) -> tuple[Array, Array, Array, Array]:
        """γ₁…γ₄ of appendix B, each of shape (...), 1/time; ValueError for other than two boxes."""
        if self.energies.shape[-1] != 2:
            raise ValueError(f"steady must be of 2 boxes, got {self.energies.shape[-1]}")
        left, right = self.rates_from_left, self.rates_from_right
        return right[..., 0], left[..., 1], right[..., 1], left[..., 2]


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


def _common_shape(names: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"{names} must have shapes that broadcast, got {' and '.join(map(str, shapes))}") from None


def _linearised(contacts: Grouped, boxes: Grouped, profile: Array) -> dict[str, Any]:
    """Return what a `SteadyState` holds, for rows of profiles, shape (rows, n + 2), and laws that are flat."""
    inner, error = profile[:, 1:-1], 0.0
    boxes.refuse_hidden_arrays("energy of box {}", ["energy"], inner)
    contacts.refuse_hidden_arrays("noise_strength of bond {}", ["noise_strength"], profile[:, :-1], profile[:, 1:])

    def energy(box: Substance, name: str, T: Array) -> Array:
        return evaluate(box.energy, name, T)

    def capacity(box: Substance, name: str, T: Array) -> Array:
        nonlocal error
        found, estimate = box.heat_capacity_and_error(T, name=name)
        error = max(error, estimate)
        return found

    names = "energy of box {}"
    capacities = boxes.collect(names, capacity, inner)
    if not np.all(capacities > 0):
        for box in range(boxes.count):
            refuse_unstable_box(names.format(box + 1), boxes.groups[0][1].variable, capacities[:, box])
    slopes_left, slopes_right, slope_error = bond_slopes_and_error(contacts, profile)
    steepest = min(slopes_left.min(initial=0.0), slopes_right.min(initial=0.0))
    if not steepest >= 0:
        _refuse_wrong_way(slopes_left, slopes_right)
    to_right, to_left = slopes_left[:, 1:] / capacities, slopes_right[:, :-1] / capacities
    if not np.all(pivots(to_left, to_right) > 0):
        raise ValueError(
            "relaxation_matrix must be stable (every eigenvalue with negative real part), got a box that loses energy to no bath: "
            "a mean current has no slope there"
        )
    currents = mean_currents(contacts, profile)
    return {
        "profile": profile,
        "energies": boxes.collect(names, energy, inner),
        "heat_capacities": capacities,
        "noise_strengths": noise_strengths(contacts, profile),
        "currents": currents,
        "current": best_known(currents, (slopes_left, slopes_right), profile)[0],
        "slopes_left": slopes_left,
        "slopes_right": slopes_right,
        "slope_error": max(error, slope_error),
    }


def _refuse_wrong_way(slopes_left: Array, slopes_right: Array) -> None:
    for bond in range(slopes_left.shape[-1]):
        sides = np.concatenate([slopes_left[..., bond].ravel(), slopes_right[..., bond].ravel()])
        if not np.all(sides >= 0):
            worst = sides[~(sides >= 0)].min()
            raise ValueError(
                f"mean_current of bond {bond} must rise with its first argument and fall with its second, "
                f"got a slope of {worst:.6g} the wrong way"
            )
