"""Widget: a kick on one bond relaxes, and the area under δE₁δE₂ becomes that bond's share of C₁₂."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox.chain import Chain
from twobox.figures import COLOURS, WIDTH, box_style
from twobox.model.system import bond_vectors
from twobox.questions.relaxation import accumulated_share, response
from twobox.systems.linear_a import ideal_gas
from twobox.widgets._base import BookWidget, Numbers, checked, front_end

LONGEST = 4.0
BONDS = ("left bath – box 1", "box 1 – box 2", "box 2 – right bath")


class KickAndRelax(BookWidget):
    """Choose a bond, kick it with one unit of energy and watch the two boxes relax.

    Attributes
    ----------
    bond : int
        The bond that is kicked: 0, 1 or 2.
    time : float
        Time since the kick in units N/γ, from 0 to 4.
    rates : tuple of three floats
        Rate of each bond in units γ/N, from 0.1 to 4.
    """

    _esm = front_end("kick_and_relax")
    bond = traitlets.Int(1, min=0, max=2).tag(sync=True)
    time = traitlets.Float(0.0).tag(sync=True)
    rates = Numbers(1.0, 1.0, 1.0).tag(sync=True)
    longest = traitlets.Float(LONGEST, read_only=True).tag(sync=True)
    bond_vectors = traitlets.List(bond_vectors(2).tolist(), read_only=True).tag(sync=True)
    bond_names = traitlets.List(list(BONDS), read_only=True).tag(sync=True)

    _check_time = checked("time", at_least=0, at_most=LONGEST, shape=())
    _check_rates = checked("rates", at_least=0.1, at_most=4, shape=(3,))

    @property
    def system(self):
        """The system that is shown: two boxes of heat capacity 1 with these rates."""
        return ideal_gas(rate=self.rates)

    @property
    def relaxation_matrix(self):
        """R in units γ/N."""
        return Chain(self.system, left=1.0, right=1.0).steady_state().relaxation_matrix

    def energies(self, times):
        """Return δE at `times`, shape (len(times), 2), for a kick of one unit."""
        return response(self.relaxation_matrix, bond_vectors(2)[self.bond], times)

    def share(self, time=None):
        """Return the area under δE₁δE₂ up to `time` (default: the trait), in units N/γ."""
        time = self.time if time is None else time
        return accumulated_share(self.relaxation_matrix, bond_vectors(2)[self.bond], time)[0, 1]

    def describe(self):
        first, second = self.energies([self.time])[0]
        return (
            f"a kick on the bond {BONDS[self.bond]}; after t = {self.time:.2f} N/γ the boxes hold {first:+.3f} and "
            f"{second:+.3f}; the area under their product is {self.share():+.4f} and ends at {self.share(1e3):+.4f}"
        )

    def draw_still(self):
        figure, axes = plt.subplots(1, 3, figsize=(1.35 * WIDTH, 2.9), sharey=True)
        times = np.linspace(0, self.longest, 200)
        for bond, (panel, kick) in enumerate(zip(axes, bond_vectors(2))):
            energies = response(self.relaxation_matrix, kick, times)
            panel.fill_between(times, energies.prod(axis=1), color=COLOURS[f"bond {bond}"], alpha=0.4, linewidth=0)
            for box in (1, 2):
                panel.plot(times, energies[:, box - 1], label=f"box {box}", **box_style(box))
            panel.axhline(0, color=COLOURS["neutral"], linewidth=0.8)
            panel.set_xlabel("time $t$ ($N/\\gamma$)")
            panel.text(0.97, 0.97, BONDS[bond], transform=panel.transAxes, ha="right", va="top", fontsize=9)
        axes[0].set_ylabel("energy after the kick, $\\delta E$")
        axes[0].legend(loc="lower right")
        return figure
