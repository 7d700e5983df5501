"""Widget: noise at the baths against noise on the middle bond; who wins decides the sign of C₁₂."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox.chain import Chain
from twobox.figures import COLOURS, WIDTH, covariance_ellipse, zero_lines
from twobox.systems.linear_a import exclusion, ideal_gas
from twobox.widgets._base import Numbers, by_hand, front_end
from twobox.widgets._baths import DENSITIES, TwoBaths, temperatures
from twobox.widgets._tables import polynomial

_SAMPLES = 260
_SYSTEMS = {"ideal gas": ideal_gas(), "exclusion": exclusion()}
_BATHS = {"ideal gas": temperatures(0.2, 4.0, step=0.1, usual=(3.0, 1.0)), "exclusion": DENSITIES}
_UNIT_SHARES = Chain(ideal_gas(), left=1.0, right=1.0).steady_state().unit_shares


def _table(name):
    """The noise strengths of a named system, of second degree in its baths."""

    def noise(left, right):
        return Chain(_SYSTEMS[name], left=left, right=right).steady_state().noise_strengths

    return polynomial(noise, _BATHS[name]["low"], _BATHS[name]["high"])


class NoiseContest(TwoBaths):
    """Set the noise of the three bonds, by hand or from a named system and its baths, and see the correlation.

    Attributes
    ----------
    system : {"by hand", "ideal gas", "exclusion"}
        Where the noise strengths come from.
    left, right : float
        Temperatures of the baths of the ideal gas, from 0.2 to 4 (usual: 3 and 1), or densities of the baths of the exclusion
        process, from 0 to 1 (usual: 0.8 and 0.2). Refused when the noise is set by hand.
    noise : tuple of three floats
        Noise strengths B01, B12, B23 when set by hand, from 0 to 10. Refused when a system is named: `noise_strengths` has its.

    Examples
    --------
    >>> contest = NoiseContest(system="exclusion", left=0.8, right=0.2)
    >>> bool(np.isclose(contest.covariance[0, 1], -((0.8 - 0.2) ** 2) / 27))
    True
    >>> NoiseContest(system="exclusion", left=2.0)
    Traceback (most recent call last):
    traitlets.traitlets.TraitError: left (density of a bath, system 'exclusion') must be finite and >= 0 and <= 1, got 2.0
    """

    _esm = front_end("noise_contest")
    system = traitlets.Enum(["by hand", *_SYSTEMS], "by hand").tag(sync=True)
    noise = Numbers(4.0, 4.0, 4.0).tag(sync=True)
    baths = traitlets.Dict(_BATHS, read_only=True).tag(sync=True)
    tables = traitlets.Dict({name: _table(name) for name in _SYSTEMS}, read_only=True).tag(sync=True)
    unit_shares = traitlets.List(_UNIT_SHARES.tolist(), read_only=True).tag(sync=True)
    samples = traitlets.List(
        np.round(np.random.default_rng(27).standard_normal((_SAMPLES, 2)), 4).tolist(), read_only=True
    ).tag(sync=True)

    _check_noise = by_hand("noise", at_least=0, at_most=10, shape=(3,))

    @property
    def noise_strengths(self):
        """The three noise strengths shown now, shape (3,)."""
        if self.system == "by hand":
            return np.array(self.noise)
        return Chain(_SYSTEMS[self.system], left=self.left, right=self.right).steady_state().noise_strengths

    @property
    def covariance(self):
        """C in units N/γ, shape (2, 2)."""
        return np.einsum("b,bij->ij", self.noise_strengths, _UNIT_SHARES)

    @property
    def coefficient(self):
        """The correlation coefficient; 0 without any noise."""
        (C11, C12), (_, C22) = self.covariance
        return float(C12 / np.sqrt(C11 * C22)) if C11 * C22 > 0 else 0.0

    def describe(self):
        shares = self.noise_strengths * _UNIT_SHARES[:, 0, 1]
        total = shares.sum()
        winner = "nobody wins" if abs(total) < 1e-9 else "the baths win" if total > 0 else "the middle bond wins"
        source = "" if self.system == "by hand" else f"{self.system} between {self.between()}: "
        return (
            f"{source}noise on the bath bonds gives {shares[0]:+.3f} and {shares[2]:+.3f}, on the middle bond {shares[1]:+.3f}; "
            f"C12 = {total:+.4f}, correlation coefficient {self.coefficient:+.3f}: {winner}"
        )

    def draw_still(self):
        figure, (plane, bars) = plt.subplots(1, 2, figsize=(1.25 * WIDTH, 3.2))
        # Each energy in its own standard deviation, as on the page: what is left to see is the correlation.
        correlation = np.array([[1.0, self.coefficient], [self.coefficient, 1.0]])
        points = np.array(self.samples) @ np.linalg.cholesky(correlation + 1e-12 * np.eye(2)).T
        plane.plot(*points.T, ".", color=COLOURS["neutral"], markersize=3)
        covariance_ellipse(plane, np.eye(2), deviations=2, color=COLOURS["neutral"], linestyle="--")
        colour = COLOURS["negative" if self.coefficient < 0 else "positive"]
        covariance_ellipse(plane, correlation, deviations=2, color=colour)
        zero_lines(plane)
        plane.set(xlabel="$\\delta E_1/\\sigma_1$", ylabel="$\\delta E_2/\\sigma_2$", aspect="equal")
        shares = self.noise_strengths * _UNIT_SHARES[:, 0, 1]
        names = ["$B_{01}$", "$B_{12}$", "$B_{23}$", "$C_{12}$"]
        colours = [COLOURS[f"bond {b}"] for b in range(3)] + [COLOURS["neutral"]]
        bars.bar(names, [*shares, shares.sum()], color=colours)
        bars.axhline(0, color=COLOURS["neutral"], linewidth=0.8)
        bars.set_ylabel("share of $C_{12}$")
        return figure
