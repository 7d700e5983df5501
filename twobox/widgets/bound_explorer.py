"""Widget: four rates and three noises, the correlation that they make, and the bounds it cannot cross."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox import blackbody, bounds, fermi
from twobox.chain import Chain
from twobox.figures import COLOURS, WIDTH
from twobox.steady import two_box
from twobox.systems.linear_a import ideal_gas
from twobox.widgets._base import BookWidget, Numbers, by_hand, front_end, in_range
from twobox.widgets._tables import by_ratio

LOWEST_RATIO = 0.02
RATES = (0.01, 100.0)
_SYSTEMS = {
    "ideal gas": ideal_gas(),
    "gas, unequal contacts": ideal_gas(rate=[5.0, 1.0, 0.2]),
    "Fermi gas": fermi.system(),
    "black bodies": blackbody.system(),
}


def _table(system):
    """γ₁…γ₄, B01, B12, B23 and ⟨J⟩τM for any ratio of the baths."""

    def quantities(left, right):
        steady = Chain(system, left=left, right=right).steady_state()
        return np.column_stack([*steady.two_box_rates, steady.noise_strengths, bounds.unit(steady)])

    return by_ratio(quantities, LOWEST_RATIO)


class BoundExplorer(BookWidget):
    """Set four rates and three noise strengths, or choose a system and its baths, and see how far the bounds are.

    Attributes
    ----------
    system : {"by hand", "ideal gas", "gas, unequal contacts", "Fermi gas", "black bodies"}
    rates : tuple of four floats
        γ₁…γ₄ when set by hand, from 0.01 to 100.
    noise : tuple of three floats
        B01, B12, B23 when set by hand, from 0.01 to 1; by eq. (4) the greatest is 2⟨J⟩M.
    ratio : float
        T₃/T₀ for a named system, with T₀ = 1, from 0.02 to 1.

    `rates` and `noise` are refused when a system is named, `ratio` when it is not.
    """

    _esm = front_end("bound_explorer")
    system = traitlets.Enum(["by hand", *_SYSTEMS], "by hand").tag(sync=True)
    rates = Numbers(1.0, 1.0, 1.0, 1.0).tag(sync=True)
    noise = Numbers(1.0, 0.5, 0.5).tag(sync=True)
    ratio = traitlets.Float(0.2).tag(sync=True)
    tables = traitlets.Dict({name: _table(one) for name, one in _SYSTEMS.items()}, read_only=True).tag(sync=True)
    limits = traitlets.List([*bounds.SHARP_CONSTANTS, bounds.PAPER_CONSTANT], read_only=True).tag(sync=True)

    _check_rates = by_hand("rates", at_least=RATES[0], at_most=RATES[1], shape=(4,))
    # The sliders begin at 0.01: without any noise there is nothing to bound.
    _check_noise = by_hand("noise", at_least=0.01, at_most=1, shape=(3,))

    @traitlets.validate("ratio")
    def _check_ratio(self, proposal):
        if self.system == "by hand":
            raise traitlets.TraitError("ratio is T₃/T₀ of a named system, but system is 'by hand'")
        return in_range("ratio", proposal.value, at_least=LOWEST_RATIO, at_most=1, shape=())

    def shown(self):
        """Return what is shown: C₁₂, the unit ⟨J⟩τM, and the sharp limits (lower, upper) for these rates."""
        if self.system == "by hand":
            rates, noise = self.rates, self.noise
            unit = two_box.relaxation_time(*rates) * max(noise) / 2
        else:
            steady = Chain(_SYSTEMS[self.system], left=1.0, right=self.ratio).steady_state()
            rates, noise, unit = steady.two_box_rates, steady.noise_strengths, bounds.unit(steady)
        return two_box.correlation(*rates, *noise), unit, bounds.sharp_limits(*rates)

    def _in_units(self):
        """C₁₂/⟨J⟩τM; zero at equal baths, where C₁₂ vanishes faster than its unit."""
        C12, unit, _ = self.shown()
        return C12 / unit if unit > 0 else 0.0

    def describe(self):
        C12, _, (lower, upper) = self.shown()
        least, greatest, paper = self.limits
        return (
            f"C12 = {C12:.5g} is {self._in_units():+.4f} of ⟨J⟩τM; for these rates it must lie between {lower:+.4f} and {upper:+.4f}, "
            f"for any rates between {least:g} and {greatest:g}, and by the paper between {-paper:g} and {paper:g}"
        )

    def draw_still(self):
        figure, axes = plt.subplots(figsize=(WIDTH, 1.8))
        C12, _, (lower, upper) = self.shown()
        axes.axvspan(*bounds.SHARP_CONSTANTS, color=COLOURS["neutral"], alpha=0.25)
        axes.axvspan(lower, upper, color=COLOURS["bond 1"], alpha=0.4)
        axes.axvline(self._in_units(), color=COLOURS["positive" if C12 > 0 else "negative"], linewidth=3)
        axes.set(xlim=(-1.2, 0.7), yticks=[], xlabel="$C_{12}/\\langle J\\rangle\\tau M$")
        return figure
