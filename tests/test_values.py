"""What was checked stays as it is: copies, read-only arrays, results that pickle; and numbers that mean something else are refused."""

import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from twobox import (
    Chain,
    Contact,
    IntensiveVariable,
    SteadyState,
    Substance,
    System,
    blackbody,
    bounds,
    constant_heat_capacity,
    exclusion,
    fermi,
    fluctuation_dissipation,
    ideal_gas,
    kmp,
)


def cubic(T_i, T_j):
    return T_i**3 - T_j**3


def square(T):
    return T**2


SYSTEMS = {
    "gas": ideal_gas(rate=[1.0, 2.0, 3.0]),
    "lumps": kmp(),
    "exclusion": exclusion(),
    "fermi": fermi.system(),
    "fermi by eq. (4)": fermi.system(noise="fluctuation-dissipation"),
    "light": blackbody.system(noise="printed"),
    "own": System(Contact(cubic), Substance(square), n=3),
    "own with noise": System(Contact(cubic, fluctuation_dissipation(cubic)), constant_heat_capacity(2.0)),
}


def covariance_of(chain):
    return chain.steady_state().covariance


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_systems_chains_and_states_pickle(system):
    chain = Chain(system, left=0.9, right=0.3)
    steady = chain.steady_state()
    again = pickle.loads(pickle.dumps(chain))
    np.testing.assert_array_equal(again.steady_state().covariance, steady.covariance)
    kept = pickle.loads(pickle.dumps(steady))
    np.testing.assert_array_equal(kept.covariance, steady.covariance)
    assert kept.variable == system.variable
    # Parts that went through a pickle fit those that did not.
    mixed = System(list(pickle.loads(pickle.dumps(system.contacts))), system.boxes)
    np.testing.assert_array_equal(Chain(mixed, left=0.9, right=0.3).steady_state().covariance, steady.covariance)


def test_chains_go_to_other_processes():
    chains = [Chain(SYSTEMS["own"], left=left, right=0.5) for left in (1.0, 2.0)]
    with ProcessPoolExecutor(1) as pool:
        for chain, found in zip(chains, pool.map(covariance_of, chains)):
            np.testing.assert_array_equal(found, covariance_of(chain))


def test_a_chain_does_not_follow_later_changes_of_the_baths():
    left = np.array([1.0, 2.0, 3.0])
    rate = np.array([1.0, 2.0, 3.0])
    chain = Chain(ideal_gas(rate=rate), left=left, right=1.0)
    before = chain.steady_state().covariance
    left[:], rate[:] = 9.0, 9.0
    np.testing.assert_array_equal(chain.left, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(chain.steady_state().covariance, before)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("left", [2.0, np.array([2.0, 3.0])], ids=["one", "many"])
def test_results_are_read_only(n, left):
    chain = Chain(ideal_gas(n=n), left=left, right=1.0)
    steady = chain.steady_state()
    names = [name for name in dir(SteadyState) if not name.startswith("_")] + list(vars(steady))
    held = {name: getattr(steady, name) for name in names if name != "two_box_rates"}
    arrays = {name: value for name, value in held.items() if isinstance(value, np.ndarray)}
    assert len(arrays) >= 14
    for name, value in arrays.items():
        if name not in ("bond_shares", "correlation"):  # made anew each time
            assert not value.flags.writeable, name
    with pytest.raises(ValueError, match="read-only"):
        steady.covariance[...] /= 2
    for value in (chain.left, chain.right, *ideal_gas().contacts[0].parameters.values()):
        assert not value.flags.writeable
    with pytest.raises(AttributeError):
        chain.left = 3.0
    with pytest.raises(AttributeError):
        steady.profile = 3.0


# Numbers that mean something else.


class Measured:
    """A number with a unit, as many libraries have it."""

    units = "kelvin"

    def __float__(self):
        return 2.0


def _odd_numbers():
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    pint, units = pytest.importorskip("pint"), pytest.importorskip("astropy.units")
    return {
        "pint": pint.UnitRegistry().Quantity([2.0, 3.0], "kelvin"),
        "pint scalar": pint.UnitRegistry().Quantity(2.0, "kelvin"),
        "astropy": [2.0, 3.0] * units.K,
        "list of quantities": [2.0 * units.K],
        "own unit": Measured(),
        "list of own": [Measured()],
        "masked": np.ma.array([2.0, 3.0], mask=[False, True]),
        "strings": pandas.Series(["2.0", "3.0"]),
        "strings in xarray": xarray.DataArray(np.array(["2.0", "3.0"])),
        "objects": np.array(["2.0", 3.0], dtype=object),
        "truth": True,
        "truths": [True, False],
        "dates": pandas.Series(pandas.to_datetime(["2020-01-01"])),
        "complex": 1 + 0j,
    }


ODD = (
    "pint, pint scalar, astropy, list of quantities, own unit, list of own, masked, strings, strings in xarray, objects, truth, "
    "truths, dates, complex"
).split(", ")


@pytest.mark.parametrize("name", ODD)
def test_numbers_that_mean_something_else_are_refused(name):
    value = _odd_numbers()[name]
    with pytest.raises(ValueError, match="left must be"):
        Chain(ideal_gas(), left=value, right=1.0)
    with pytest.raises(ValueError, match="rate must be"):
        ideal_gas(rate=value)


def test_labelled_numbers_go_in_as_numbers():
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    expected = Chain(ideal_gas(), left=[2.0, 3.0], right=1.0).steady_state().covariance
    for left in (
        pandas.Series([2.0, 3.0], index=["a", "b"]),
        pandas.Series([2, 3], dtype=object),
        xarray.DataArray([2.0, 3.0], dims="bath"),
        (2, 3),
    ):
        found = Chain(ideal_gas(), left=left, right=1.0).steady_state().covariance
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, expected)


# Parameters as arrays.


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        (ideal_gas, {"rate": (4, 5, 3), "heat_capacity": (5, 2)}),
        (kmp, {"rate": (5, 1), "heat_capacity": (4, 1, 2)}),
        (exclusion, {"rate": (4, 5, 3), "sites": (1, 2)}),
        (fermi.system, {"kappa": (5, 3), "particles": (4, 5, 2), "fermi_temperature": (2,)}),
        (blackbody.system, {"conductance": (4, 1, 3), "capacity": (5, 2)}),
    ],
)
def test_parameters_may_be_arrays_like_the_baths(make, parameters):
    draw = np.random.default_rng(3)
    values = {name: draw.uniform(0.5, 2.0, shape) for name, shape in parameters.items()}
    left, right = draw.uniform(0.1, 0.9, 5), 0.4
    many = Chain(make(**values), left=left, right=right).steady_state()
    assert many.covariance.shape == (4, 5, 2, 2) and many.current.shape == (4, 5)
    for i in range(4):
        for j in range(5):
            one = {
                name: np.broadcast_to(value, (4, 5, value.shape[-1]))[i, j] if value.ndim > 1 else value
                for name, value in values.items()
            }
            one = {name: value[0] if len(value) == 1 else value for name, value in one.items()}
            single = Chain(make(**one), left=left[j], right=right).steady_state()
            np.testing.assert_allclose(many.covariance[i, j], single.covariance, rtol=1e-12)
            np.testing.assert_allclose(many.profile[i, j], single.profile, rtol=1e-14)


def test_many_longer_chains_are_one_call():
    draw = np.random.default_rng(4)
    rates = 10 ** draw.uniform(-1, 1, (50, 8))
    many = Chain(ideal_gas(rate=rates, n=7), left=2.0, right=1.0).steady_state()
    for row in range(0, 50, 7):
        one = Chain(ideal_gas(rate=rates[row], n=7), left=2.0, right=1.0).steady_state()
        np.testing.assert_allclose(many.correlation[row], one.correlation, atol=1e-12)
        np.testing.assert_allclose(many.relaxation_times[row], one.relaxation_times, rtol=1e-11)
        np.testing.assert_allclose(many.bond_shares[row].sum(axis=0), one.covariance, rtol=1e-10)


def test_laws_of_ones_own_take_parameters():
    strengths = np.array([0.5, 1.0, 4.0])
    contact = Contact(lambda a, b, k: k * (a**3 - b**3), parameters={"k": strengths})
    box = Substance(lambda T, c: c * T**2, parameters={"c": [[1.0], [2.0]]})
    steady = Chain(System([contact, Contact(cubic), contact], box), left=2.0, right=1.0).steady_state()
    assert steady.covariance.shape == (2, 3, 2, 2)
    for j, k in enumerate(strengths):
        single = Contact(lambda a, b, k=k: k * (a**3 - b**3))
        one = System([single, Contact(cubic), single], Substance(lambda T: 2 * T**2))
        expected = Chain(one, left=2.0, right=1.0).steady_state().covariance
        np.testing.assert_allclose(steady.covariance[1, j], expected, rtol=1e-12)


def test_parameters_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"left and right must have shapes that broadcast.*parameters of"):
        Chain(ideal_gas(rate=np.ones((4, 3))), left=[1.0, 2.0], right=1.0)
    with pytest.raises(ValueError, match="parameters must have shapes that broadcast"):
        Chain(ideal_gas(rate=np.ones((4, 3)), heat_capacity=np.ones((3, 2))), left=1.0, right=1.0)
    with pytest.raises(ValueError, match="rate must be one value or one for each of the 3 bonds, got 4"):
        ideal_gas(rate=np.ones((3, 4)))
    with pytest.raises(ValueError, match="mean_current of bond 0 must return one number for each element"):
        # An array hidden in the law: it belongs into the parameters.
        hidden = np.ones(3)
        Chain(
            System(Contact(lambda a, b: hidden * (a - b)), constant_heat_capacity()), left=2.0, right=1.0
        ).steady_state()


@pytest.mark.parametrize("gap", [1e-16, 3e-15, 1e-13, 1e-11, 1e-9, 1e-7, 1e-5])
@pytest.mark.parametrize("make", [ideal_gas, fermi.system, blackbody.system])
def test_the_unit_of_the_bound_is_smooth_through_equilibrium(make, gap):
    """M⟨J⟩ is half the noise of eq. (4) on the noisiest bond: there is nothing to divide by zero."""
    at, near = (Chain(make(), left=left, right=1.0).steady_state() for left in (1.0, 1.0 + gap))
    assert float(bounds.unit(near)) == pytest.approx(float(bounds.unit(at)), rel=10 * gap + 1e-9)
    assert float(bounds.unit(at)) == pytest.approx(float(at.noise_strengths.max() / 2 * at.relaxation_time), rel=1e-12)


def test_what_came_out_of_a_pickle_is_read_only_too():
    chain = pickle.loads(pickle.dumps(Chain(ideal_gas(), left=2.0, right=1.0)))
    steady = pickle.loads(pickle.dumps(chain.steady_state()))
    for value in (chain.left, steady.profile, steady.slopes_left, *chain.system.contacts[0].parameters.values()):
        assert not value.flags.writeable


def test_parameters_cannot_be_changed():
    contact = ideal_gas().contacts[0]
    for change in (lambda: contact.parameters.update(k=7.0), lambda: contact.parameters.__setitem__("k", 7.0)):
        with pytest.raises(TypeError, match="parameters cannot be changed"):
            change()


def test_two_full_baths_have_no_unit_of_the_bound():
    steady = Chain(exclusion(), left=[0.5, 0.3], right=[0.5, 0.9]).steady_state()
    assert np.isfinite(bounds.unit(steady)).all()
    for bath in (0.0, 1.0):
        assert float(bounds.unit(Chain(exclusion(), left=bath, right=bath).steady_state())) == 0.0


def minus_cube(m):
    return -(m**3)


def test_the_unit_of_the_bound_of_a_variable_that_may_be_negative():
    variable = IntensiveVariable("potential", minus_cube, -10.0, 10.0, closed=False)
    box = Substance(lambda m: 10 * m, variable=variable, lowest_energy=-100.0, highest_energy=100.0)
    system = System(Contact(lambda a, b: a - b, variable=variable), box)
    at, near = (Chain(system, left=-2.0, right=right).steady_state() for right in (-2.0, -2.0001))
    assert float(bounds.unit(at)) == pytest.approx(float(at.relaxation_time * at.noise_strengths.max() / 2))
    assert float(bounds.unit(near)) == pytest.approx(float(bounds.unit(at)), rel=1e-3)
