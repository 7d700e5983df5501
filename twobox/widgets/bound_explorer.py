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
from twobox.widgets._tables import by_decades, by_ratio

LOWEST_RATIO = 0.02
SMALLEST_HOLE = 1e-10
# T₃/T₀ of the pinholes: so cold that a colder bath changes no digit that is shown.
_COLD = 1e-9
RATES = (0.01, 100.0)
_SYSTEMS = {
    "ideal gas": ideal_gas(),
    "gas, unequal contacts": ideal_gas(rate=[5.0, 1.0, 0.2]),
    "Fermi gas": fermi.system(),
    "black bodies": blackbody.system(),
}
# Two boxes whose contact to the hot bath is `hole` times as wide as the other two, and how γ₁…γ₄ vanish with it (B and ⟨J⟩M: below).
_PINHOLES = {
    "pinhole, light": (lambda hole: blackbody.system(conductance=_weights(hole)), (1, 0, 0, 0)),
    "pinhole, Fermi gas": (lambda hole: fermi.system(kappa=_weights(hole)), (1.5, 0.5, 0.5, 0.5)),
}


def _weights(hole):
    hole = np.asarray(hole, dtype=float)
    return np.stack([hole, np.ones_like(hole), np.ones_like(hole)], axis=-1)


def _table(system):
    """γ₁…γ₄, B01, B12, B23 and ⟨J⟩M for any ratio of the baths."""

    def quantities(left, right):
        steady = Chain(system, left=left, right=right).steady_state()
        half = bounds.unit(steady) / steady.relaxation_time
        return np.column_stack([*steady.two_box_rates, steady.noise_strengths, half])

    return by_ratio(quantities, LOWEST_RATIO)


def _pinhole_table(make, rates):
    """γ₁…γ₄, B01, B12, B23 and ⟨J⟩/|Δβ| of each bond, whose greatest is ⟨J⟩M (and has a kink), for any hole."""

    def quantities(hole):
        steady = Chain(make(hole), left=1.0, right=_COLD).steady_state()
        halves = np.abs(steady.current[:, None] / np.diff(1 / steady.profile, axis=-1))
        return np.column_stack([*steady.two_box_rates, steady.noise_strengths, halves])

    # Current and noise of the hole go with its width, temperatures of the boxes with its fourth root, their noise with T⁵.
    return by_decades(quantities, SMALLEST_HOLE, (*rates, 1, 1.25, 1.25, 1.25, 1.25, 1))


class BoundExplorer(BookWidget):
    """Set four rates and three noise strengths, or choose a system and its baths, and see how far the bounds are.

    Attributes
    ----------
    system : {"by hand", "ideal gas", "gas, unequal contacts", "Fermi gas", "black bodies", "pinhole, light", "pinhole, Fermi gas"}
    rates : tuple of four floats
        γ₁…γ₄ when set by hand, from 0.01 to 100.
    noise : tuple of three floats
        B01, B12, B23 when set by hand, from 0.01 to 1; by eq. (4) the greatest is 2⟨J⟩M.
    ratio : float
        T₃/T₀ for a named system, with T₀ = 1, from 0.02 to 1.
    hole : float
        For a pinhole (T₃/T₀ = 1e-9): the contact to the hot bath as a part of the other two, from 1e-10 to 1.

    Each is refused where it has no meaning: `rates` and `noise` when a system is named, `ratio` and `hole` when theirs is not.

    Examples
    --------
    Light behind a pinhole breaks even the paper's bound, because its noise does not obey eq. (4):

    >>> C12, unit, _ = BoundExplorer(system="pinhole, light", hole=3e-10).shown()
    >>> bool(C12 > 18 * unit)
    True
    """

    _esm = front_end("bound_explorer")
    system = traitlets.Enum(["by hand", *_SYSTEMS, *_PINHOLES], "by hand").tag(sync=True)
    rates = Numbers(1.0, 1.0, 1.0, 1.0).tag(sync=True)
    noise = Numbers(1.0, 0.5, 0.5).tag(sync=True)
    ratio = traitlets.Float(0.2).tag(sync=True)
    hole = traitlets.Float(1e-4).tag(sync=True)
    tables = traitlets.Dict(
        {
            **{name: _table(one) for name, one in _SYSTEMS.items()},
            **{name: _pinhole_table(*one) for name, one in _PINHOLES.items()},
        },
        read_only=True,
    ).tag(sync=True)
    limits = traitlets.List([*bounds.SHARP_CONSTANTS, bounds.PAPER_CONSTANT], read_only=True).tag(sync=True)

    _check_rates = by_hand("rates", at_least=RATES[0], at_most=RATES[1], shape=(4,))
    # The sliders begin at 0.01: without any noise there is nothing to bound.
    _check_noise = by_hand("noise", at_least=0.01, at_most=1, shape=(3,))

    @traitlets.validate("ratio")
    def _check_ratio(self, proposal):
        if self.system not in _SYSTEMS:
            raise traitlets.TraitError(f"ratio is T₃/T₀ of {', '.join(_SYSTEMS)}, but system is {self.system!r}")
        return in_range("ratio", proposal.value, at_least=LOWEST_RATIO, at_most=1, shape=())

    @traitlets.validate("hole")
    def _check_hole(self, proposal):
        if self.system not in _PINHOLES:
            raise traitlets.TraitError(f"hole is a contact of {', '.join(_PINHOLES)}, but system is {self.system!r}")
        return in_range("hole", proposal.value, at_least=SMALLEST_HOLE, at_most=1, shape=())

    def steady_state(self):
        """Return the `SteadyState` that is shown, when a system is named.

        Raises
        ------
        ValueError
            When rates and noise are set by hand.
        """
        if self.system == "by hand":
            raise ValueError("rates and noise are set by hand: no system has this steady state")
        if self.system in _PINHOLES:
            return Chain(_PINHOLES[self.system][0](self.hole), left=1.0, right=_COLD).steady_state()
        return Chain(_SYSTEMS[self.system], left=1.0, right=self.ratio).steady_state()

    def shown(self):
        """Return what is shown: C₁₂, the unit ⟨J⟩τM, and the sharp limits (lower, upper) for these rates."""
        if self.system == "by hand":
            rates, noise = self.rates, self.noise
            unit = two_box.relaxation_time(*rates) * max(noise) / 2
        else:
            steady = self.steady_state()
            rates, noise, unit = steady.two_box_rates, steady.noise_strengths, bounds.unit(steady)
        return two_box.correlation(*rates, *noise), unit, bounds.sharp_limits(*rates)

    def _in_units(self):
        """C₁₂/⟨J⟩τM; zero at equal baths, where C₁₂ vanishes faster than its unit."""
        C12, unit, _ = self.shown()
        return C12 / unit if unit > 0 else 0.0

    def describe(self):
        C12, _, (lower, upper) = self.shown()
        least, greatest, paper = self.limits
        ratio = self._in_units()
        verdict = (
            ""
            if lower < ratio < upper or self.system == "by hand"
            else ". The noise is not that of eq. (4), and it breaks them"
        )
        return (
            f"C12 = {C12:.5g} is {ratio:+.4f} of ⟨J⟩τM; by eq. (4) it lies between {lower:+.4f} and {upper:+.4f} for these rates, "
            f"between {least:g} and {greatest:g} for any rates, and by the paper between {-paper:g} and {paper:g}{verdict}"
        )

    def draw_still(self):
        figure, axes = plt.subplots(figsize=(WIDTH, 1.8))
        C12, _, (lower, upper) = self.shown()
        axes.axvspan(*bounds.SHARP_CONSTANTS, color=COLOURS["neutral"], alpha=0.25)
        axes.axvspan(lower, upper, color=COLOURS["bond 1"], alpha=0.4)
        axes.axvline(self._in_units(), color=COLOURS["positive" if C12 > 0 else "negative"], linewidth=3)
        axes.set(
            xlim=(min(-1.2, 1.1 * self._in_units()), max(0.7, 1.1 * self._in_units())),
            yticks=[],
            xlabel="$C_{12}/\\langle J\\rangle\\tau M$",
        )
        return figure
