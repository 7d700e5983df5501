"""Widget: four rates and three noises, the correlation that they make, and the bounds it cannot cross."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox import blackbody, bounds, fermi
from twobox.chain import Chain
from twobox.figures import COLOURS, WIDTH
from twobox.steady import two_box
from twobox.systems.linear_a import ideal_gas
from twobox.widgets._base import BookWidget, checked, front_end

# Bath temperatures (T₀ = 1) that the slider of a named system reaches.
RATIOS = np.round(np.geomspace(0.02, 1.0, 41), 6)
RATES = (0.01, 100.0)


def _named():
    """For each system and each of `RATIOS`: γ₁…γ₄, B01, B12, B23 and ⟨J⟩τM."""
    systems = {
        "ideal gas": ideal_gas(),
        "gas, unequal contacts": ideal_gas(rate=[5.0, 1.0, 0.2]),
        "Fermi gas": fermi.system(),
        "black bodies": blackbody.system(),
    }
    tables = {}
    for name, system in systems.items():
        steady = Chain(system, left=1.0, right=RATIOS).steady_state()
        rows = np.column_stack([*steady.two_box_rates, steady.noise_strengths, bounds.unit(steady)])
        tables[name] = [[float(f"{number:.8g}") for number in row] for row in rows]
    return tables


_NAMED = _named()


class BoundExplorer(BookWidget):
    """Set four rates and three noise strengths, or choose a system and its baths, and see how far the bounds are.

    Attributes
    ----------
    system : str
        "by hand", or a named system.
    rates : list of four floats
        γ₁…γ₄ when set by hand, from 0.01 to 100.
    noise : list of three floats
        B01, B12, B23 when set by hand, from 0.01 to 1; by eq. (4) the greatest is 2⟨J⟩M.
    place : int
        Place of T₃/T₀ in `RATIOS` for a named system.
    """

    _esm = front_end("bound_explorer")
    system = traitlets.Enum(["by hand", *_NAMED], "by hand").tag(sync=True)
    rates = traitlets.List(traitlets.Float(), [1.0, 1.0, 1.0, 1.0], minlen=4, maxlen=4).tag(sync=True)
    noise = traitlets.List(traitlets.Float(), [1.0, 0.5, 0.5], minlen=3, maxlen=3).tag(sync=True)
    place = traitlets.Int(20, min=0, max=len(RATIOS) - 1).tag(sync=True)
    named = traitlets.Dict(_NAMED, read_only=True).tag(sync=True)
    ratios = traitlets.List(RATIOS.tolist(), read_only=True).tag(sync=True)
    limits = traitlets.List([*bounds.SHARP_CONSTANTS, bounds.PAPER_CONSTANT], read_only=True).tag(sync=True)

    _check_rates = checked("rates", at_least=RATES[0], at_most=RATES[1], shape=(4,))
    # The sliders begin at 0.01: without any noise there is nothing to bound.
    _check_noise = checked("noise", at_least=0.01, at_most=1, shape=(3,))

    def shown(self):
        """Return what is shown: C₁₂, the unit ⟨J⟩τM, and the sharp limits (lower, upper) for these rates."""
        if self.system == "by hand":
            rates, noise = self.rates, self.noise
            unit = two_box.relaxation_time(*rates) * max(noise) / 2
        else:
            row = self.named[self.system][self.place]
            rates, noise, unit = row[:4], row[4:7], row[7]
        return two_box.correlation(*rates, *noise), unit, bounds.sharp_limits(*rates)

    def describe(self):
        C12, unit, (lower, upper) = self.shown()
        least, greatest, paper = self.limits
        return (
            f"C12 = {C12:.5g} is {C12 / unit:+.4f} of ⟨J⟩τM; for these rates it must lie between {lower:+.4f} and {upper:+.4f}, "
            f"for any rates between {least:g} and {greatest:g}, and by the paper between {-paper:g} and {paper:g}"
        )

    def draw_still(self):
        figure, axes = plt.subplots(figsize=(WIDTH, 1.8))
        C12, unit, (lower, upper) = self.shown()
        axes.axvspan(*bounds.SHARP_CONSTANTS, color=COLOURS["neutral"], alpha=0.25)
        axes.axvspan(lower, upper, color=COLOURS["bond 1"], alpha=0.4)
        axes.axvline(C12 / unit, color=COLOURS["positive" if C12 > 0 else "negative"], linewidth=3)
        axes.set(xlim=(-1.2, 0.7), yticks=[], xlabel="$C_{12}/\\langle J\\rangle\\tau M$")
        return figure
