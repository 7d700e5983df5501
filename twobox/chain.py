"""Bath, boxes, bath: the model of the paper's section 2, for any number of boxes in a row."""

import numpy as np

from twobox import _checks
from twobox.steady.mean import solve_mean_equations
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
        Temperatures (densities) of the two baths, T_0 and T_3 for two boxes. Arrays broadcast: every result then
        carries their shape in front.

    Raises
    ------
    ValueError
        If a bath value is outside the range of the variable, or the shapes do not broadcast.

    Examples
    --------
    >>> from twobox import Chain, ideal_gas
    >>> steady = Chain(ideal_gas(heat_capacity=1.0, rate=1.0), left=2.0, right=1.0).steady_state()
    >>> bool(np.isclose(steady.covariance[0, 1], (2.0 - 1.0) ** 2 / 27))
    True
    """

    def __init__(self, system, *, left, right):
        left = system.variable.check("left", left)
        right = system.variable.check("right", right)
        try:
            self.left, self.right = np.broadcast_arrays(left, right)
        except ValueError:
            raise ValueError(
                f"left and right must have shapes that broadcast, got {left.shape} and {right.shape}"
            ) from None
        self.system = system

    def __repr__(self):
        return f"Chain({len(self.system.boxes)} boxes, left={self.left!r}, right={self.right!r})"

    def steady_state(self):
        """Solve the mean equations (5), linearise (6) and return the `SteadyState`, which solves (7).

        Raises
        ------
        ValueError
            If a mean current is not monotone or does not vanish between equals, if a noise strength is negative, or
            if the relaxation matrix is unstable.
        """
        profile = solve_mean_equations(self.system.contacts, self.left, self.right)
        return SteadyState.at(self.system, profile)

    def profile_at(self, energies):
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
        ends = [np.broadcast_to(bath, inner[0].shape) for bath in (self.left, self.right)]
        return np.stack([ends[0], *inner, ends[1]], axis=-1)
