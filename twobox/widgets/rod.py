"""Widget: a kick somewhere along a rod, and the sign of what it gives to the correlation of two places."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox.figures import COLOURS, WIDTH, box_style
from twobox.questions.continuum import kick_amplitudes, relaxed_kick
from twobox.widgets._base import BookWidget, checked, front_end

KICK_WIDTH = 0.02
# Enough that the last mode of a kick of this width is below 1e-8 of the first.
_MODES = 100
_WAVENUMBERS = np.pi * np.arange(1, _MODES + 1)


class Rod(BookWidget):
    """Drag the place of a current kick along a rod between two baths (the paper's figure 2, computed).

    Attributes
    ----------
    kick, y1, y2 : float
        Places of the kick and of the two observers, from 0.04 to 0.96 of the rod's length.
    time : float
        Time since the kick in units L²/D, from 0.0003 to 0.3.
    """

    _esm = front_end("rod")
    kick = traitlets.Float(0.5).tag(sync=True)
    y1 = traitlets.Float(0.35).tag(sync=True)
    y2 = traitlets.Float(0.65).tag(sync=True)
    time = traitlets.Float(0.01).tag(sync=True)
    wavenumbers = traitlets.List(_WAVENUMBERS.tolist(), read_only=True).tag(sync=True)
    # Amplitude of mode k after a unit kick at x is factor_k cos(wavenumber_k x).
    factors = traitlets.List(
        kick_amplitudes(0.0, modes=_MODES, width=KICK_WIDTH).tolist(),
        read_only=True,
    ).tag(sync=True)

    _check_place = checked("kick", "y1", "y2", at_least=0.04, at_most=0.96, shape=())
    _check_time = checked("time", at_least=0.0003, at_most=0.3, shape=())

    def density(self, positions):
        """Return the energy density at `positions` at the time shown."""
        return relaxed_kick(positions, place=self.kick, time=self.time, width=KICK_WIDTH, modes=_MODES)

    def share(self, kick=None):
        """Return what unit noise at `kick` (default: the trait) gives to ⟨δE(y₁)δE(y₂)⟩, for a kick of finite width."""
        amplitudes = kick_amplitudes(self.kick if kick is None else kick, modes=_MODES, width=KICK_WIDTH)
        k = _WAVENUMBERS
        both = np.sin(k * self.y1)[:, None] * np.sin(k * self.y2) / (k[:, None] ** 2 + k**2)
        return np.einsum("...k,kl,...l->...", amplitudes, both, amplitudes)

    def describe(self):
        share = self.share()
        first, second = self.density([self.y1, self.y2])
        return (
            f"a kick at x = {self.kick:.2f}; after {self.time:.2g} L²/D the observers at {self.y1:.2f} and {self.y2:.2f} "
            f"see {first:+.2f} and {second:+.2f}; "
            f"the kick's share of their correlation is {'positive' if share > 0 else 'negative'} ({share:+.2f})"
        )

    def draw_still(self):
        figure, (rod, shares) = plt.subplots(2, 1, figsize=(WIDTH, 4.4), sharex=True)
        places = np.linspace(0, 1, 401)
        rod.fill_between(places, self.density(places), color=COLOURS["neutral"], alpha=0.4, linewidth=0)
        rod.set_ylabel("energy density")
        values = self.share(places)
        shares.plot(places, values, color=COLOURS["neutral"])
        for sign, name in ((1, "positive"), (-1, "negative")):
            shares.fill_between(
                places, np.maximum(sign * values, 0) * sign, color=COLOURS[name], alpha=0.4, linewidth=0
            )
        for axes in (rod, shares):
            axes.axhline(0, color=COLOURS["neutral"], linewidth=0.8)
            for box, y in ((1, self.y1), (2, self.y2)):
                axes.axvline(y, **box_style(box))
            axes.axvline(self.kick, color=COLOURS["bond 0"], linewidth=1)
        shares.set(xlabel="place along the rod, $x/L$", ylabel="share of the correlation")
        return figure
