"""Widget: two baths and a system between them: the profile, the noise of the bonds, how it bends, and the correlation."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox import blackbody, fermi
from twobox.chain import Chain
from twobox.figures import COLOURS, WIDTH
from twobox.systems.linear_a import exclusion, ideal_gas
from twobox.widgets._base import BookWidget, front_end

# Temperatures in equal ratios: a table needs one row for each ratio of the baths, all else is a power of the hotter one.
TEMPERATURES = 2.0 * 40.0 ** (-np.arange(40, -1, -1) / 40)
DENSITIES = np.round(np.arange(0.0, 1.01, 0.05), 10)

# For each system its noises, and the powers of temperature that B and C scale with.
_SYSTEMS = {
    "ideal gas": ({"exact": ideal_gas()}, 2, 2),
    "Fermi gas": (
        {
            "exact": fermi.system(),
            "the paper's (13)": fermi.system(noise="paper"),
            "from eq. (4)": fermi.system(noise="fluctuation-dissipation"),
        },
        5,
        3,
    ),
    "black bodies": (
        {
            "exact": blackbody.system(),
            "the paper's (A.6)": blackbody.system(noise="printed"),
            "from eq. (4)": blackbody.system(noise="fluctuation-dissipation"),
        },
        5,
        5,
    ),
}


def _rows(system, left, right):
    """For each pair of baths: T₁, T₂, B01, B12, B23, C11, C12, C22."""
    steady = Chain(system, left=left, right=right).steady_state()
    C = steady.covariance
    parts = [steady.profile[..., 1:3], steady.noise_strengths, C[..., 0, :], C[..., 1, 1:]]
    return np.concatenate(parts, axis=-1)


def _short(numbers):
    """Seven digits are more than a picture shows."""
    return [[float(f"{number:.7g}") for number in row] for row in numbers]


def _tables():
    tables = {}
    for name, (noises, noise_power, covariance_power) in _SYSTEMS.items():
        ratios = 40.0 ** (-np.arange(len(TEMPERATURES)) / 40)
        tables[name] = {
            "symbol": "T",
            "values": _short([TEMPERATURES])[0],
            "powers": [1, 1, *[noise_power] * 3, *[covariance_power] * 3],
            "noises": {label: _short(_rows(system, 1.0, ratios)) for label, system in noises.items()},
        }
    # The corners (0, 0) and (1, 1) have no noise at all, and no correlation.
    left, right = np.meshgrid(DENSITIES, DENSITIES, indexing="ij")
    rows = _rows(exclusion(), left.ravel(), right.ravel())
    tables["exclusion"] = {
        "symbol": "ρ",
        "values": DENSITIES.tolist(),
        "powers": None,
        "noises": {"exact": _short(rows)},
    }
    return tables


class TemperatureExplorer(BookWidget):
    """Choose a system, its noise and its baths, and see why the correlation has the sign it has.

    Attributes
    ----------
    system : {"ideal gas", "exclusion", "Fermi gas", "black bodies"}
    noise : {"exact", "the paper's (13)", "the paper's (A.6)", "from eq. (4)"}
        What a system does not have counts as "exact".
    left, right : int
        Places of the bath values in `TEMPERATURES` or `DENSITIES`.
    """

    _esm = front_end("temperature_explorer")
    system = traitlets.Enum(["ideal gas", "exclusion", "Fermi gas", "black bodies"], "Fermi gas").tag(sync=True)
    noise = traitlets.Enum(["exact", "the paper's (13)", "the paper's (A.6)", "from eq. (4)"], "exact").tag(sync=True)
    left = traitlets.Int(len(TEMPERATURES) - 1, min=0, max=len(TEMPERATURES) - 1).tag(sync=True)
    right = traitlets.Int(0, min=0, max=len(TEMPERATURES) - 1).tag(sync=True)
    tables = traitlets.Dict(_tables(), read_only=True).tag(sync=True)
    sign_change = traitlets.Float(fermi.sign_change_ratio(), read_only=True).tag(sync=True)

    def _noise(self):
        return self.noise if self.noise in self.tables[self.system]["noises"] else "exact"

    @property
    def baths(self):
        """The bath values that are shown, (left, right)."""
        values = self.tables[self.system]["values"]
        return tuple(values[min(side, len(values) - 1)] for side in (self.left, self.right))

    def steady_state(self):
        """Return the `SteadyState` that is shown."""
        left, right = self.baths
        system = exclusion() if self.system == "exclusion" else _SYSTEMS[self.system][0][self._noise()]
        return Chain(system, left=left, right=right).steady_state()

    def describe(self):
        left, right = self.baths
        steady = self.steady_state()
        B = steady.noise_strengths
        C = steady.covariance
        bend = B[0] - 2 * B[1] + B[2]
        words = "convex" if bend > 1e-9 * B.max() else "concave" if bend < -1e-9 * B.max() else "straight"
        coefficient = C[0, 1] / np.sqrt(C[0, 0] * C[1, 1]) if C[0, 0] * C[1, 1] > 0 else 0.0
        return (
            f"{self.system}, noise {self._noise()}, baths {left:.3g} and {right:.3g}: the noise {B[0]:.4g}, {B[1]:.4g}, "
            f"{B[2]:.4g} is {words} along the chain; correlation coefficient {coefficient:+.4f}"
        )

    def draw_still(self):
        figure, (profile, noise) = plt.subplots(1, 2, figsize=(1.25 * WIDTH, 3.0))
        steady = self.steady_state()
        profile.plot(range(4), steady.profile, "o-", color=COLOURS["neutral"])
        profile.set_xticks(range(4), ["left\nbath", "box 1", "box 2", "right\nbath"])
        profile.set_ylabel("density" if self.system == "exclusion" else "temperature")
        noise.bar(range(3), steady.noise_strengths, color=[COLOURS[f"bond {b}"] for b in range(3)])
        noise.plot([0, 2], steady.noise_strengths[[0, 2]], ":", color=COLOURS["neutral"])
        noise.set_xticks(range(3), ["$B_{01}$", "$B_{12}$", "$B_{23}$"])
        noise.set_ylabel("noise strength")
        return figure
