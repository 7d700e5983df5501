"""Widget: two baths and a system between them: the profile, the noise of the bonds, how it bends, and the correlation."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox import blackbody, fermi
from twobox.chain import Chain
from twobox.figures import COLOURS, WIDTH
from twobox.systems.linear_a import exclusion, ideal_gas
from twobox.widgets._base import front_end
from twobox.widgets._baths import DENSITIES, TwoBaths, temperatures
from twobox.widgets._tables import by_ratio, polynomial

_TEMPERATURES = temperatures(0.05, 2.0, step=0.05, ratios=True, usual=(2.0, 0.2))

# For each system its baths, its noises, and the powers of temperature that B and C scale with (None: of second degree in the baths).
_SYSTEMS = {
    "ideal gas": (_TEMPERATURES, {"exact": ideal_gas()}, None),
    "exclusion": (DENSITIES, {"exact": exclusion()}, None),
    "Fermi gas": (
        _TEMPERATURES,
        {
            "exact": fermi.system(),
            "the paper's (13)": fermi.system(noise="paper"),
            "from eq. (4)": fermi.system(noise="fluctuation-dissipation"),
        },
        (5, 3),
    ),
    "black bodies": (
        _TEMPERATURES,
        {
            "exact": blackbody.system(),
            "the paper's (A.6)": blackbody.system(noise="printed"),
            "from eq. (4)": blackbody.system(noise="fluctuation-dissipation"),
        },
        (5, 5),
    ),
}
# T₁, T₂, B01, B12, B23, C11, C12, C22 of the mirrored chain.
_MIRROR = (1, 0, 4, 3, 2, 7, 6, 5)


def _table(system, baths, powers):
    """T₁, T₂, B01, B12, B23, C11, C12, C22 between any two baths."""

    def quantities(left, right):
        steady = Chain(system, left=left, right=right).steady_state()
        C = steady.covariance
        parts = [steady.profile[..., 1:3], steady.noise_strengths, C[..., 0, :], C[..., 1, 1:]]
        return np.concatenate(parts, axis=-1)

    if powers is None:
        return polynomial(quantities, baths["low"], baths["high"])
    B, C = powers
    return by_ratio(quantities, baths["low"] / baths["high"], (1, 1, B, B, B, C, C, C), _MIRROR)


def _tables():
    return {
        name: {label: _table(system, baths, powers) for label, system in noises.items()}
        for name, (baths, noises, powers) in _SYSTEMS.items()
    }


class TemperatureExplorer(TwoBaths):
    """Choose a system, its noise and its baths, and see why the correlation has the sign it has.

    Attributes
    ----------
    system : {"ideal gas", "exclusion", "Fermi gas", "black bodies"}
    noise : {"exact", "the paper's (13)", "the paper's (A.6)", "from eq. (4)"}
        The paper's (13) is of the Fermi gas, its (A.6) of black bodies, eq. (4) serves both; all else is refused.
    left, right : float
        Temperatures of the baths, from 0.05 to 2 (usual: 2 and 0.2), or for exclusion their densities, from 0 to 1 (usual: 0.8 and
        0.2).

    Examples
    --------
    >>> explorer = TemperatureExplorer(system="Fermi gas", left=1.0, right=0.3)
    >>> explorer.steady_state().profile.round(3).tolist()
    [1.0, 0.905, 0.763, 0.3]
    >>> explorer.system = "exclusion"  # a temperature is not carried over as a density
    >>> explorer.left, explorer.right
    (0.8, 0.2)
    """

    _esm = front_end("temperature_explorer")
    system = traitlets.Enum([*_SYSTEMS], "Fermi gas").tag(sync=True)
    noise = traitlets.Enum(["exact", "the paper's (13)", "the paper's (A.6)", "from eq. (4)"], "exact").tag(sync=True)
    baths = traitlets.Dict({name: baths for name, (baths, _, _) in _SYSTEMS.items()}, read_only=True).tag(sync=True)
    tables = traitlets.Dict(_tables(), read_only=True).tag(sync=True)
    sign_change = traitlets.Float(fermi.sign_change_ratio(), read_only=True).tag(sync=True)

    @traitlets.validate("noise")
    def _check_noise(self, proposal):
        has = _SYSTEMS[self.system][1]
        if proposal.value not in has:
            raise traitlets.TraitError(
                f"noise of {self.system} must be one of {', '.join(has)}, got {proposal.value!r}"
            )
        return proposal.value

    @traitlets.observe("system")
    def _noise_of_the_new_system(self, change):
        if self.noise not in _SYSTEMS[change.new][1]:
            self.noise = "exact"

    def steady_state(self):
        """Return the `SteadyState` that is shown."""
        return Chain(_SYSTEMS[self.system][1][self.noise], left=self.left, right=self.right).steady_state()

    def describe(self):
        steady = self.steady_state()
        B = steady.noise_strengths
        C = steady.covariance
        bend = B[0] - 2 * B[1] + B[2]
        words = "convex" if bend > 1e-9 * B.max() else "concave" if bend < -1e-9 * B.max() else "straight"
        coefficient = C[0, 1] / np.sqrt(C[0, 0] * C[1, 1]) if C[0, 0] * C[1, 1] > 0 else 0.0
        return (
            f"{self.system}, noise {self.noise}, baths {self.between()}: the noise {B[0]:.4g}, {B[1]:.4g}, "
            f"{B[2]:.4g} is {words} along the chain; correlation coefficient {coefficient:+.4f}"
        )

    def draw_still(self):
        figure, (profile, noise) = plt.subplots(1, 2, figsize=(1.25 * WIDTH, 3.0))
        steady = self.steady_state()
        profile.plot(range(4), steady.profile, "o-", color=COLOURS["neutral"])
        profile.set_xticks(range(4), ["left\nbath", "box 1", "box 2", "right\nbath"])
        profile.set_ylabel(self.baths[self.system]["quantity"])
        noise.bar(range(3), steady.noise_strengths, color=[COLOURS[f"bond {b}"] for b in range(3)])
        noise.plot([0, 2], steady.noise_strengths[[0, 2]], ":", color=COLOURS["neutral"])
        noise.set_xticks(range(3), ["$B_{01}$", "$B_{12}$", "$B_{23}$"])
        noise.set_ylabel("noise strength")
        return figure
