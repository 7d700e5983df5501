"""What a reader touches. Each widget is one Python file (traits, still picture) and one of JavaScript (drawing)."""

from twobox.widgets.kick_and_relax import KickAndRelax
from twobox.widgets.noise_contest import NoiseContest
from twobox.widgets.rod import Rod

__all__ = ["KickAndRelax", "NoiseContest", "Rod"]
