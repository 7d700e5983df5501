"""What widgets share that show a named system between two baths."""

import numpy as np
import traitlets

from twobox.widgets._base import BookWidget, in_range


def temperatures(low, high, *, step, usual, ratios=False):
    """Describe baths by their temperatures: the range, the step of a slider (of log₁₀, if `ratios`), the usual pair (left, right)."""
    quantity = {"quantity": "temperature", "symbol": "T"}
    return {**quantity, "low": low, "high": high, "step": step, "ratios": ratios, "usual": list(usual)}


# The same of baths of particles that exclude each other.
DENSITIES = {**temperatures(0.0, 1.0, step=0.05, usual=(0.8, 0.2)), "quantity": "density", "symbol": "ρ"}


class TwoBaths(BookWidget):
    """A widget with baths `left` and `right`: temperatures or densities, whichever its `system` has.

    A subclass declares ``system`` and the read-only ``baths``: for each named system, `DENSITIES` or what `temperatures` returns
    (the same for all systems with temperatures).
    """

    # NaN equals nothing: whatever the constructor is given is a change, and is validated.
    left = traitlets.Float(np.nan).tag(sync=True)
    right = traitlets.Float(np.nan).tag(sync=True)

    def __init__(self, **values):
        self._meant = {}
        super().__init__(**values)

    def _entry(self):
        return self.baths.get(self.system, next(iter(self.baths.values())))

    def between(self):
        """Return the baths in words."""
        return f"{self._entry()['symbol']} = {self.left:g} and {self.right:g}"

    @traitlets.default("left")
    def _usual_left(self):
        return self._entry()["usual"][0]

    @traitlets.default("right")
    def _usual_right(self):
        return self._entry()["usual"][1]

    @traitlets.validate("left", "right")
    def _check_bath(self, proposal):
        name = proposal.trait.name
        if self.system not in self.baths:
            raise traitlets.TraitError(f"{name} is a bath of {', '.join(self.baths)}, but system is {self.system!r}")
        entry = self.baths[self.system]
        named = f"{name} ({entry['quantity']} of a bath, system {self.system!r})"
        value = in_range(named, proposal.value, at_least=entry["low"], at_most=entry["high"], shape=())
        self._meant[name] = entry["quantity"]
        return value

    @traitlets.observe("system")
    def _no_temperature_becomes_a_density(self, change):
        if change.new not in self.baths:
            return
        entry = self.baths[change.new]
        for name, usual in zip(("left", "right"), entry["usual"]):
            if self._meant.get(name) != entry["quantity"]:
                setattr(self, name, usual)
                self._meant[name] = entry["quantity"]
