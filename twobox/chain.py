"""Bath, boxes, bath: the model of the paper's section 2, for any number of boxes in a row."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twobox import _checks
from twobox.model.system import System
from twobox.steady.state import SteadyState


class Chain:
    r"""A system between two baths: the paper's eqs. (2) and (3).

    .. math::
        \frac{dE_i}{dt} = J_{i-1,i} - J_{i,i+1}, \qquad
        J_{ij} = A_{ij} + \sqrt{B_{ij}}\,\eta_{ij}

    with independent white noises, read in the Itô sense.

    Parameters
    ----------
    system : System
        Boxes and contacts.
    left, right : array_like
        Temperatures (densities) of the two baths, T_0 and T_3 for two boxes. Arrays broadcast against each other and against
        the parameters of the system: every result then carries their shape in front. They are copied. pandas and xarray
        objects go in as their numbers; results are NumPy arrays, because the axes of boxes and bonds have no labels there.

    Attributes
    ----------
    left, right : ndarray
        The baths, of one shape, read-only.

    Raises
    ------
    ValueError
        If `system` is no System, a bath value is outside the range of the variable, or the shapes do not broadcast.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(heat_capacity=1.0, rate=1.0), left=2.0, right=1.0).steady_state()
    >>> bool(np.isclose(steady.covariance[0, 1], (2.0 - 1.0) ** 2 / 27))
    True
    """

    def __init__(self, system: System, *, left: ArrayLike, right: ArrayLike) -> None:
        if callable(system) and not isinstance(system, System):
            name = getattr(system, "__name__", "it")
            raise ValueError(f"system must be a System, got {system!r}; did you mean {name}()?")
        self._system: System = _checks.instance("system", system, System)
        low = system.variable.check("left", left)
        high = system.variable.check("right", right)
        try:
            shape = np.broadcast_shapes(low.shape, high.shape, system.shape)
        except ValueError:
            parameters = f", parameters of {system.shape}" if system.shape else ""
            raise ValueError(
                f"left and right must have shapes that broadcast, got {low.shape} and {high.shape}{parameters}"
            ) from None
        self._left, self._right = (_checks.frozen(np.broadcast_to(bath, shape)) for bath in (low, high))

    @property
    def system(self) -> System:
        """Boxes and contacts."""
        return self._system

    @property
    def left(self) -> NDArray[np.float64]:
        """The left bath, read-only."""
        return self._left

    @property
    def right(self) -> NDArray[np.float64]:
        """The right bath, read-only."""
        return self._right

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for bath in (self._left, self._right):
            bath.flags.writeable = False

    def __repr__(self) -> str:
        n, shape = len(self.system.boxes), self.left.shape
        baths = (
            f"{' × '.join(map(str, shape))} pairs of baths" if shape else f"left={self.left:g}, right={self.right:g}"
        )
        return f"Chain({n} box{'es' if n > 1 else ''}, {baths})"

    def steady_state(self) -> SteadyState:
        """Solve the mean equations (5), linearise (6) and return the `SteadyState`, which solves (7).

        Raises
        ------
        ValueError
            If a mean current does not vanish between equals, or is not monotone between the baths, so that there may be several
            steady states (it is looked at on a grid of 33 × 33 places, so that a dip narrower than that can hide); if a noise strength is negative, a law has no derivative that is known well enough, or the relaxation
            matrix is unstable.
        """
        return SteadyState.between(self.system, self.left, self.right)

    def profile_at(self, energies: ArrayLike) -> NDArray[np.float64]:
        """Return the intensive variables of baths and boxes, shape (..., n + 2), at box `energies`, shape (..., n).

        Raises
        ------
        ValueError
            If the last axis of `energies` is not n long, or a box cannot hold its energy.
        """
        energies = _checks.real("energies", energies)
        if energies.shape[-1:] != (len(self.system.boxes),):
            raise ValueError(f"energies must have shape (..., {len(self.system.boxes)}), got {energies.shape}")
        inner = [box.temperature_at(energies[..., i]) for i, box in enumerate(self.system.boxes)]
        return np.stack(np.broadcast_arrays(self.left, *inner, self.right), axis=-1)
