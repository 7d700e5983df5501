"""What a reader touches. Each widget is one Python file (traits, still picture) and one of JavaScript (drawing)."""

from twobox.widgets.bound_explorer import BoundExplorer
from twobox.widgets.kick_and_relax import KickAndRelax
from twobox.widgets.noise_contest import NoiseContest
from twobox.widgets.rod import Rod
from twobox.widgets.temperature_explorer import TemperatureExplorer

__all__ = ["BoundExplorer", "KickAndRelax", "NoiseContest", "Rod", "TemperatureExplorer"]
