"""Bath, boxes, bath: the model of the paper's section 2, for any number of boxes in a row.

    bath 0 --bond 0-- box 1 --bond 1-- box 2 --bond 2-- bath 3        (two boxes; paper's figure 1)

Bond b joins site b to site b + 1; site 0 is the left bath, site n + 1 the right bath.
"""

from dataclasses import dataclass

import numpy as np

from twobox import _checks
from twobox.contacts import Contact
from twobox.steady import SteadyState, solve_mean_equations
from twobox.substances import Substance


@dataclass(frozen=True, init=False)
class System:
    """The boxes and the contacts between them, without the baths.

    Parameters
    ----------
    contacts : Contact or sequence of Contact
        One for all bonds, or one for each of the n + 1 bonds from left to right.
    boxes : Substance or sequence of Substance
        One for all boxes, or one for each of the n boxes from left to right.
    n : int, optional
        The number of boxes; 2 if neither argument is a sequence.

    Raises
    ------
    ValueError
        If the numbers do not fit, or contacts and boxes speak of different variables.

    Examples
    --------
    Three unlike boxes in a row, with one contact law for all four bonds:

    >>> from twobox import Contact, System, constant_heat_capacity
    >>> radiation = Contact(mean_current=lambda T_i, T_j: T_i**4 - T_j**4)
    >>> system = System(radiation, [constant_heat_capacity(c) for c in (1.0, 2.0, 1.0)])
    >>> len(system.boxes), len(system.contacts)
    (3, 4)
    """

    contacts: tuple[Contact, ...]
    boxes: tuple[Substance, ...]

    def __init__(self, contacts, boxes, n=None):
        if n is None and isinstance(boxes, (list, tuple)):
            n = len(boxes)
        elif n is None:
            n = len(contacts) - 1 if isinstance(contacts, (list, tuple)) else 2
        n = _checks.whole("n", n, at_least=1)
        object.__setattr__(self, "boxes", tuple(_checks.one_each("boxes", boxes, n, "boxes")))
        object.__setattr__(self, "contacts", tuple(_checks.one_each("contacts", contacts, n + 1, "bonds")))
        for name, kind, parts in (("boxes", Substance, self.boxes), ("contacts", Contact, self.contacts)):
            for part in parts:
                if not isinstance(part, kind):
                    raise ValueError(f"{name} must be a {kind.__name__} or a sequence of them, got {part!r}")
        variables = {part.variable for part in self.boxes + self.contacts}
        if len(variables) > 1:
            names = " and ".join(sorted(variable.name for variable in variables))
            raise ValueError(f"contacts and boxes must speak of one variable, got {names}")

    @property
    def variable(self):
        """The intensive variable of the boxes and contacts."""
        return self.boxes[0].variable


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
