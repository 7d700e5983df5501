"""Equations of state."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twobox import DENSITY, Substance, constant_heat_capacity, lattice

LAWS = {
    "linear": lambda T: 3 * T,
    "metal": lambda T: T**2,
    "radiation": lambda T: T**4,
    "oscillator": lambda T: 1 / (np.exp(1 / T) - 1),
}


@pytest.mark.parametrize("name", LAWS)
@given(log_T=st.floats(-1.5, 6))
def test_temperature_is_the_inverse_of_energy(name, log_T):
    substance, T = Substance(energy=LAWS[name]), 10**log_T
    energy = LAWS[name](T)
    found = substance.temperature_at(energy)
    # The energy is known to rounding, for the oscillator with a digit or two less (it has e^(1/T) - 1 in it).
    spread = 1e-13 * energy * (1 + T) / substance.heat_capacity(T)
    assert abs(found - T) <= 1e-13 * T + spread


@pytest.mark.parametrize("unit", [1e-21, 1.0, 1e21])
def test_inverse_works_in_any_unit(unit):
    metal = Substance(energy=lambda T: T**2 / unit)
    energies = unit * np.array([1e-4, 0.25, 1.0, 9.0])
    np.testing.assert_allclose(metal.temperature_at(energies), np.sqrt(energies * unit), rtol=1e-14)


def test_a_box_at_the_end_of_its_range():
    np.testing.assert_array_equal(Substance(energy=lambda T: T**2).temperature_at([0.0, 4.0]), [0.0, 2.0])
    curved = Substance(energy=lambda p: p + p**2, variable=DENSITY, highest_energy=2.0)
    np.testing.assert_allclose(curved.temperature_at([0.0, 0.75, 2.0]), [0.0, 0.5, 1.0], rtol=1e-15)


@given(T=st.floats(0.05, 100))
def test_heat_capacity_is_the_slope_of_energy(T):
    # Einstein's formula for one oscillator.
    einstein = (1 / T) ** 2 * np.exp(1 / T) / (np.exp(1 / T) - 1) ** 2
    # e^(1/T) - 1 loses a factor T of digits when hot.
    assert Substance(energy=LAWS["oscillator"]).heat_capacity(T) == pytest.approx(einstein, rel=1e-13 * (1 + T))


@given(size=st.floats(1e-3, 1e6), value=st.floats(0.01, 0.99))
def test_energy_is_extensive(size, value):
    for make in (constant_heat_capacity, lattice):
        assert make(size).energy(value) == pytest.approx(size * make(1.0).energy(value), rel=1e-15)
        assert make(size).temperature_at(make(size).energy(value)) == pytest.approx(value, rel=1e-15)
        assert make(size).heat_capacity(value) == pytest.approx(size, rel=1e-14)
