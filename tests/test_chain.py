"""Baths, boxes and contacts: symmetries and scalings of the whole model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.systems import LAWS, rates, rounding, scaled, systems, temperatures
from twobox import Chain, Contact, System, constant_heat_capacity, ideal_gas


@given(system=systems(), left=temperatures, right=temperatures)
def test_current_is_conserved(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    # A current is a difference of terms of the size of slope times temperature, which round; B/T is 2T times the slope.
    largest = max(float(c.noise_strength(T, T)) / T for c in system.contacts for T in (left, right))
    np.testing.assert_allclose(steady.currents, steady.current, rtol=1e-11, atol=1e-14 * largest)


@given(system=systems(), left=temperatures, right=temperatures)
def test_energy_flows_from_hot_to_cold_through_a_monotone_profile(system, left, right):
    steady = Chain(system, left=left, right=right).steady_state()
    drops = -np.diff(steady.profile) * np.sign(left - right)
    assert np.all(drops >= -1e-14 * max(left, right))
    if abs(left - right) > 1e-3 * right:
        assert steady.current * (left - right) > 0


@given(system=systems(), T=temperatures)
def test_equal_baths_make_a_uniform_chain_without_current(system, T):
    steady = Chain(system, left=T, right=T).steady_state()
    np.testing.assert_allclose(steady.profile, T, rtol=1e-14)
    assert steady.current == pytest.approx(
        0, abs=1e-12 * max(float(c.noise_strength(T, T)) / T for c in system.contacts)
    )


@given(system=systems(), left=temperatures, right=temperatures)
def test_swapping_baths_mirrors_the_covariance(system, left, right):
    mirror = System([_turned(c) for c in system.contacts[::-1]], system.boxes[::-1])
    one = Chain(system, left=left, right=right).steady_state()
    other = Chain(mirror, left=right, right=left).steady_state()
    np.testing.assert_allclose(other.covariance, one.covariance[::-1, ::-1], rtol=0, atol=rounding(one))
    np.testing.assert_allclose(other.profile, one.profile[::-1], rtol=1e-12)


def _turned(contact):
    return Contact(
        lambda a, b: -contact.mean_current(b, a), lambda a, b: contact.noise_strength(b, a), variable=contact.variable
    )


@given(left=temperatures, right=temperatures, size=rates, conductance=rates, unit=st.sampled_from([1e-21, 1e-3, 1e9]))
def test_units_scale(left, right, size, conductance, unit):
    """Temperatures in other units: C goes as their square, currents as the first power, times not at all."""
    system = ideal_gas(heat_capacity=size, rate=conductance)
    one = Chain(system, left=left, right=right).steady_state()
    other = Chain(system, left=unit * left, right=unit * right).steady_state()
    np.testing.assert_allclose(
        other.covariance / unit**2, one.covariance, rtol=1e-11, atol=1e-14 * one.covariance.max()
    )
    np.testing.assert_allclose(
        other.current / unit, one.current, rtol=1e-11, atol=1e-14 * conductance * max(left, right)
    )
    np.testing.assert_allclose(other.relaxation_times, one.relaxation_times, rtol=1e-13)


@given(system=systems(n=2), left=temperatures, right=temperatures, faster=rates)
def test_a_faster_clock_changes_no_covariance(system, left, right, faster):
    """A and B both k times as large: the same steady state, reached k times sooner (paper's eq. 7)."""
    quick = System([_times(c, faster) for c in system.contacts], system.boxes)
    one = Chain(system, left=left, right=right).steady_state()
    other = Chain(quick, left=left, right=right).steady_state()
    np.testing.assert_allclose(other.covariance, one.covariance, rtol=0, atol=rounding(one))
    np.testing.assert_allclose(other.relaxation_time * faster, one.relaxation_time, rtol=1e-10)


def _times(contact, k):
    return Contact(lambda a, b: k * contact.mean_current(a, b), lambda a, b: k * contact.noise_strength(a, b))


@given(left=temperatures, right=temperatures, law=st.sampled_from(["fourier", "radiation", "mixed"]))
def test_bath_arrays_are_many_chains_at_once(left, right, law):
    system = System(scaled(LAWS[law], 1.0), constant_heat_capacity(2.0), n=3)
    lefts, rights = np.array([[left], [2 * left]]), np.array([right, 1.5 * right, 3 * right])
    many = Chain(system, left=lefts, right=rights).steady_state()
    assert many.covariance.shape == (2, 3, 3, 3) and many.current.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            one = Chain(system, left=lefts[i, 0], right=rights[j]).steady_state()
            np.testing.assert_allclose(many.covariance[i, j], one.covariance, rtol=1e-11, atol=1e-13 * left**2)
            np.testing.assert_allclose(many.relaxation_times[i, j], one.relaxation_times, rtol=1e-11)


def test_no_pairs_of_baths_give_no_results():
    assert Chain(ideal_gas(), left=np.array([]), right=1.0).steady_state().covariance.shape == (0, 2, 2)


def test_profile_is_the_inverse_of_the_energies():
    chain = Chain(ideal_gas(heat_capacity=[2.0, 3.0]), left=4.0, right=1.0)
    steady = chain.steady_state()
    np.testing.assert_allclose(chain.profile_at(steady.energies), steady.profile, rtol=1e-15)


def test_two_boxes_by_default_and_as_many_as_the_sequences_say():
    assert len(System(Contact(LAWS["fourier"]), constant_heat_capacity()).boxes) == 2
    assert len(System([Contact(LAWS["fourier"])] * 4, constant_heat_capacity()).boxes) == 3
    assert len(System(Contact(LAWS["fourier"]), [constant_heat_capacity()] * 5).contacts) == 6
