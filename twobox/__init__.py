"""Two boxes between two baths: steady states, correlations and their bounds for energy flow through boxes in a row.

Units: k_B = 1. See `Chain` for the model, `SteadyState` for what it computes, `twobox.linear_a` for named systems.
"""

from twobox.chain import Chain, System
from twobox.contacts import Contact, fluctuation_dissipation
from twobox.linear_a import exclusion, ideal_gas, kmp
from twobox.steady import SteadyState, solve_lyapunov
from twobox.substances import DENSITY, TEMPERATURE, Substance, constant_heat_capacity, lattice

__all__ = [
    "DENSITY",
    "TEMPERATURE",
    "Chain",
    "Contact",
    "SteadyState",
    "Substance",
    "System",
    "constant_heat_capacity",
    "exclusion",
    "fluctuation_dissipation",
    "ideal_gas",
    "kmp",
    "lattice",
    "solve_lyapunov",
]
