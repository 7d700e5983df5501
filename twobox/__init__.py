"""Two boxes between two baths: steady states, correlations and their bounds for energy flow through boxes in a row.

Units: k_B = 1. See `Chain` for the model, `SteadyState` for what it computes, `twobox.linear_a` for named systems. The
rooms can be reached from here, ``from twobox import fermi``; a room is loaded when it is asked for.
"""

from importlib import import_module
from importlib.metadata import version
from typing import Any

from twobox.chain import Chain
from twobox.model.contacts import Contact, fluctuation_dissipation
from twobox.model.substances import DENSITY, TEMPERATURE, IntensiveVariable, Substance, constant_heat_capacity, lattice
from twobox.model.system import System, bond_vectors
from twobox.steady.lyapunov import solve_lyapunov
from twobox.steady.state import SteadyState
from twobox.systems.linear_a import exclusion, ideal_gas, kmp

__version__ = version("twobox")

_ROOMS = {
    "systems": ("linear_a", "bosons", "fermi", "blackbody"),
    "questions": ("relaxation", "signs", "bounds", "time", "current", "continuum"),
    "finite": ("langevin", "jumps", "master_equation", "hopping", "exact", "ensembles"),
    "steady": ("two_box",),
}
_GROUP = {room: group for group, rooms in _ROOMS.items() for room in rooms}

__all__ = [
    "DENSITY",
    "TEMPERATURE",
    "Chain",
    "Contact",
    "IntensiveVariable",
    "SteadyState",
    "Substance",
    "System",
    "bond_vectors",
    "constant_heat_capacity",
    "exclusion",
    "fluctuation_dissipation",
    "ideal_gas",
    "kmp",
    "lattice",
    "solve_lyapunov",
]


def __getattr__(name: str) -> Any:
    if name in _GROUP:
        return import_module(f"twobox.{_GROUP[name]}.{name}")
    raise AttributeError(f"module 'twobox' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_GROUP, "__version__"])
