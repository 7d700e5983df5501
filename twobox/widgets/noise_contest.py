"""Widget: noise at the baths against noise on the middle bond; who wins decides the sign of C₁₂."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox.chain import Chain
from twobox.figures import COLOURS, WIDTH, covariance_ellipse, zero_lines
from twobox.systems.linear_a import exclusion, ideal_gas
from twobox.widgets._base import BookWidget, checked, front_end

# Bath values that the sliders can reach, for each named system; the page holds the noise of every pair.
TEMPERATURES = np.round(np.arange(0.2, 4.01, 0.2), 10)
DENSITIES = np.round(np.arange(0.0, 1.01, 0.05), 10)
_SAMPLES = 260


def _table(system, values):
    """Noise strengths for all pairs of bath values, shape (len(values), len(values), 3)."""
    left, right = np.meshgrid(values, values, indexing="ij")
    return np.round(Chain(system, left=left, right=right).steady_state().noise_strengths, 10)


def _systems():
    gas, lattice = ideal_gas(), exclusion()
    return {
        "ideal gas": {"values": TEMPERATURES.tolist(), "noise": _table(gas, TEMPERATURES).tolist(), "symbol": "T"},
        "exclusion": {"values": DENSITIES.tolist(), "noise": _table(lattice, DENSITIES).tolist(), "symbol": "ρ"},
    }


class NoiseContest(BookWidget):
    """Set the noise of the three bonds, by hand or from a named system and its baths, and see the correlation.

    Attributes
    ----------
    system : {"by hand", "ideal gas", "exclusion"}
        Where the noise strengths come from.
    left, right : int
        Places of the bath values in `TEMPERATURES` or `DENSITIES` (unused by hand).
    noise : list of three floats
        Noise strengths B01, B12, B23 when set by hand, from 0 to 10.
    """

    _esm = front_end("noise_contest")
    system = traitlets.Enum(["by hand", "ideal gas", "exclusion"], "by hand").tag(sync=True)
    left = traitlets.Int(14, min=0).tag(sync=True)
    right = traitlets.Int(4, min=0).tag(sync=True)
    noise = traitlets.List(traitlets.Float(), [4.0, 4.0, 4.0], minlen=3, maxlen=3).tag(sync=True)
    systems = traitlets.Dict(_systems(), read_only=True).tag(sync=True)
    unit_shares = traitlets.List(
        Chain(ideal_gas(), left=1.0, right=1.0).steady_state().unit_shares.tolist(), read_only=True
    ).tag(sync=True)
    samples = traitlets.List(
        np.round(np.random.default_rng(27).standard_normal((_SAMPLES, 2)), 4).tolist(), read_only=True
    ).tag(sync=True)

    _check_noise = checked("noise", at_least=0, at_most=10, shape=(3,))

    @traitlets.validate("left", "right")
    def _check_place(self, proposal):
        longest = max(len(entry["values"]) for entry in self.systems.values())
        if proposal.value >= longest:
            raise traitlets.TraitError(f"{proposal.trait.name} must be a place below {longest}, got {proposal.value}")
        return proposal.value

    @property
    def noise_strengths(self):
        """The three noise strengths shown now."""
        if self.system == "by hand":
            return np.array(self.noise)
        entry = self.systems[self.system]
        last = len(entry["values"]) - 1
        return np.array(entry["noise"][min(self.left, last)][min(self.right, last)])

    @property
    def covariance(self):
        """C in units N/γ, shape (2, 2)."""
        return np.einsum("b,bij->ij", self.noise_strengths, np.array(self.unit_shares))

    def describe(self):
        shares = self.noise_strengths * np.array(self.unit_shares)[:, 0, 1]
        total = shares.sum()
        winner = "nobody wins" if abs(total) < 5e-5 else "the baths win" if total > 0 else "the middle bond wins"
        return (
            f"noise on the bath bonds gives {shares[0]:+.3f} and {shares[2]:+.3f}, on the middle bond {shares[1]:+.3f}; "
            f"C12 = {total:+.4f}: {winner}"
        )

    def draw_still(self):
        figure, (plane, bars) = plt.subplots(1, 2, figsize=(1.25 * WIDTH, 3.2))
        covariance = self.covariance
        points = np.array(self.samples) @ np.linalg.cholesky(covariance + 1e-12 * np.eye(2)).T
        plane.plot(*points.T, ".", color=COLOURS["neutral"], markersize=3)
        covariance_ellipse(plane, covariance, deviations=2, color=COLOURS["box 1"])
        zero_lines(plane)
        plane.set(xlabel="$\\delta E_1$", ylabel="$\\delta E_2$", aspect="equal")
        shares = self.noise_strengths * np.array(self.unit_shares)[:, 0, 1]
        names = ["$B_{01}$", "$B_{12}$", "$B_{23}$", "$C_{12}$"]
        colours = [COLOURS[f"bond {b}"] for b in range(3)] + [COLOURS["neutral"]]
        bars.bar(names, [*shares, shares.sum()], color=colours)
        bars.axhline(0, color=COLOURS["neutral"], linewidth=0.8)
        bars.set_ylabel("share of $C_{12}$")
        return figure
