"""Boxes in a row and the contacts between them.

    bath 0 --bond 0-- box 1 --bond 1-- box 2 --bond 2-- bath 3        (two boxes; paper's figure 1)

Bond b joins site b to site b + 1; site 0 is the left bath, site n + 1 the right bath.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twobox import _checks
from twobox.model.contacts import Contact
from twobox.model.laws import Grouped, parameter_shape
from twobox.model.substances import IntensiveVariable, Substance


@dataclass(frozen=True, init=False, eq=False)
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

    def __init__(
        self, contacts: Contact | Sequence[Contact], boxes: Substance | Sequence[Substance], n: int | None = None
    ) -> None:
        if n is None and isinstance(boxes, (list, tuple)):
            n = len(boxes)
        elif n is None:
            n = len(contacts) - 1 if isinstance(contacts, (list, tuple)) else 2
        n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
        object.__setattr__(self, "boxes", tuple(_checks.one_each("boxes", boxes, n, "boxes")))
        object.__setattr__(self, "contacts", tuple(_checks.one_each("contacts", contacts, n + 1, "bonds")))
        for name, kind, parts in (("boxes", Substance, self.boxes), ("contacts", Contact, self.contacts)):
            for part in parts:
                if not isinstance(part, kind):
                    hint = f"; did you mean {part.__name__}(…)?" if callable(part) and hasattr(part, "__name__") else ""
                    raise ValueError(f"{name} must be a {kind.__name__} or a sequence of them, got {part!r}{hint}")
        variables = {part.variable for part in self.boxes + self.contacts}
        if len(variables) > 1:
            names = " and ".join(sorted(variable.name for variable in variables))
            raise ValueError(f"contacts and boxes must speak of one variable, got {names}")

    def __repr__(self) -> str:
        return f"System({_row(self.boxes, 'box', 'boxes')}, {_row(self.contacts, 'contact', 'contacts')})"

    @property
    def variable(self) -> IntensiveVariable:
        """The intensive variable of the boxes and contacts."""
        return self.boxes[0].variable

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of the sets of parameters: () for one system."""
        return parameter_shape(self.boxes + self.contacts)

    @cached_property
    def grouped_contacts(self) -> Grouped:
        """The contacts, those of one law evaluated together."""
        return Grouped(self.contacts)

    @cached_property
    def grouped_boxes(self) -> Grouped:
        """The boxes, those of one law evaluated together."""
        return Grouped(self.boxes, first=1)


def _row(parts: Sequence[object], one: str, many: str) -> str:
    """Say in words what stands in a row: how many, and each kind once."""
    kinds = list(dict.fromkeys(repr(part) for part in parts))
    return f"{len(parts)} {one if len(parts) == 1 else many}: {', '.join(kinds[:4])}{', …' if len(kinds) > 4 else ''}"


def bond_vectors(n: int) -> NDArray[np.float64]:
    """Return v_b, shape (n + 1, n): what one unit of energy through bond b does to the boxes.

    For two boxes (1, 0), (-1, 1), (0, -1): in from the left bath, from box 1 to box 2, out to the right bath.

    Examples
    --------
    >>> bond_vectors(2)
    array([[ 1.,  0.],
           [-1.,  1.],
           [ 0., -1.]])
    """
    n = _checks.whole("n", n, at_least=1, at_most=_checks.MOST)
    vectors = np.zeros((n + 1, n))
    vectors[range(n), range(n)] = 1
    vectors[range(1, n + 1), range(n)] = -1
    return vectors
