"""Bad input is refused by name: the message has the argument, what it was and what is allowed."""

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.systems import refuses
from twobox import (
    Chain,
    Contact,
    Substance,
    System,
    _checks,
    blackbody,
    bounds,
    constant_heat_capacity,
    exact,
    exclusion,
    fermi,
    ideal_gas,
    kmp,
    lattice,
    solve_lyapunov,
)
from twobox.finite.langevin import langevin
from twobox.model.system import bond_vectors
from twobox.questions.continuum import correlation_share, kick_amplitudes, long_range_correlation, relaxed_kick
from twobox.questions.relaxation import accumulated_share, modes, response, shares

STABLE = [[-2.0, 1.0], [1.0, -2.0]]
Q = np.eye(2)
GAS = Chain(ideal_gas(heat_capacity=100.0), left=2.0, right=1.0)
BOX = constant_heat_capacity()


def fourier(a, b):
    return a - b


def steady(contact, box=BOX, left=2.0, right=1.0, n=2):
    return Chain(System(contact, box, n=n), left=left, right=right).steady_state()


def run(**changes):
    settings = {"duration": 1, "time_step": 0.5, "trajectories": 4, "seed": 1}
    return langevin(GAS, **(settings | changes))


NOT_POSITIVE = [0.0, -1.0, np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("value", NOT_POSITIVE)
@pytest.mark.parametrize("name", ["left", "right"])
def test_a_temperature_is_positive_and_finite(name, value):
    baths = {"left": 1.0, "right": 1.0} | {name: value}
    refuses(lambda: Chain(ideal_gas(), **baths), f"{name} must be finite and > 0", f"got {value}")
    refuses(
        lambda: Chain(ideal_gas(), **(baths | {name: [1.0, value]})), f"{name} must be finite and > 0", f"got {value}"
    )


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, np.inf])
@pytest.mark.parametrize("name", ["left", "right"])
def test_a_density_is_between_zero_and_one(name, value):
    baths = {"left": 0.5, "right": 0.5} | {name: value}
    refuses(lambda: Chain(exclusion(), **baths), f"{name} must be finite and >= 0 and <= 1", f"got {value}")
    refuses(
        lambda: exact.exclusion_distribution(sites=3, **baths),
        f"{name} must be finite and >= 0 and <= 1",
        f"got {value}",
    )


def test_densities_zero_and_one_are_allowed():
    assert Chain(exclusion(), left=1.0, right=0.0).steady_state().covariance[0, 1] < 0


@pytest.mark.parametrize("value", ["hot", "2.0", 1j, [1.0, "x"], [[1.0], [1.0, 2.0]], None, object(), 10**400])
def test_a_number_is_a_real_number(value):
    refuses(lambda: Chain(ideal_gas(), left=value, right=1.0), "left must be")


@pytest.mark.parametrize("value", NOT_POSITIVE)
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (ideal_gas, "rate"),
        (ideal_gas, "heat_capacity"),
        (kmp, "rate"),
        (kmp, "heat_capacity"),
        (exclusion, "rate"),
        (exclusion, "sites"),
    ],
)
def test_rates_and_sizes_are_positive(make, name, value):
    refuses(lambda: make(**{name: value}), f"{name} must be finite and > 0", f"got {value}")
    many = [1.0] * (3 if name == "rate" else 2)
    many[-1] = value
    refuses(lambda: make(**{name: many}), f"{name} must be finite and > 0", f"got {value}")


@pytest.mark.parametrize("value", NOT_POSITIVE)
def test_a_substance_has_a_positive_size(value):
    refuses(lambda: constant_heat_capacity(value), "heat_capacity must be finite and > 0", f"got {value}")
    refuses(lambda: lattice(value), "sites must be finite and > 0", f"got {value}")


@pytest.mark.parametrize("value", [0, -1, 1.5, np.nan, np.inf, "two", None, True, [2], 2j])
def test_a_number_of_boxes_is_a_whole_number(value):
    for call in (
        lambda: ideal_gas(n=value),
        lambda: bond_vectors(value),
        lambda: exact.exclusion_distribution(sites=value, left=0.5, right=0.5),
    ):
        refuses(call, "must", "got")


def test_whole_numbers_in_any_dress():
    for value in (3, 3.0, np.int64(3), np.float32(3), np.array(3)):
        assert _checks.whole("n", value, at_least=1) == 3


def test_counts_fit_the_chain():
    refuses(lambda: ideal_gas(rate=[1.0, 1.0]), "rate must be one value or one for each of the 3 bonds, got 2")
    refuses(
        lambda: ideal_gas(heat_capacity=[1.0] * 3),
        "heat_capacity must be one value or one for each of the 2 boxes, got 3",
    )
    refuses(lambda: exclusion(sites=[]), "sites must be one value or one for each of the 2 boxes, got 0")
    refuses(lambda: ideal_gas(rate=[1.0, [2.0, 3.0], 1.0]), "rate must be a real number")
    refuses(
        lambda: System([Contact(fourier)] * 2, [BOX] * 2),
        "contacts must be one value or one for each of the 3 bonds, got 2",
    )
    refuses(
        lambda: System(Contact(fourier), [BOX] * 2, n=3),
        "boxes must be one value or one for each of the 3 boxes, got 2",
    )


def test_contacts_and_boxes_speak_of_one_variable():
    refuses(
        lambda: System(Contact(fourier), lattice()),
        "contacts and boxes must speak of one variable, got density and temperature",
    )


def test_shapes_that_do_not_fit_are_named():
    refuses(
        lambda: Chain(ideal_gas(), left=[1.0, 2.0], right=[1.0, 2.0, 3.0]),
        "left and right must have shapes that broadcast",
        "(2,)",
        "(3,)",
    )
    refuses(lambda: solve_lyapunov(STABLE, np.eye(3)), "relaxation_matrix and diffusion_matrix", "(2, 2)", "(3, 3)")
    refuses(lambda: solve_lyapunov([-1.0], [1.0]), "relaxation_matrix", "(1,)")
    refuses(
        lambda: solve_lyapunov([STABLE] * 2, [Q] * 3),
        "relaxation_matrix and diffusion_matrix",
        "(2, 2, 2)",
        "(3, 2, 2)",
    )
    refuses(lambda: solve_lyapunov(-np.eye(3) * np.ones((2, 1, 1)), np.eye(3) * np.ones((5, 1, 1))), "broadcast")
    refuses(lambda: GAS.profile_at(np.ones(3)), "energies must have shape (..., 2), got (3,)")
    refuses(lambda: response(STABLE, [1.0, 0.0, 0.0], 1.0), "kick must have shape (2,), got (3,)")
    refuses(lambda: accumulated_share(STABLE, [1.0], 1.0), "kick must have shape (2,), got (1,)")
    refuses(lambda: accumulated_share(STABLE, [1.0, 0.0], [1.0, 2.0]), "time must have shape (), got (2,)")
    refuses(lambda: correlation_share([0.1, 0.2], [0.4, 0.5, 0.6], 0.9), "place, y1 and y2", "(2,)", "(3,)")
    for value in (1.0, np.ones(2), np.ones((2, 3))):
        refuses(lambda value=value: modes(value), "relaxation_matrix must be one square matrix")
        refuses(lambda value=value: shares(value), "relaxation_matrix must be one square matrix")


@pytest.mark.parametrize(
    "R",
    [
        np.diag([1.0, -1.0]),
        np.zeros((2, 2)),
        [[-1.0, 1.0], [1.0, -1.0]],
        [[-0.3, 0.1], [0.3, -0.1]],
        [[0.0, 1.0], [-1.0, 0.0]],
        np.diag([-1.0, -1.0, 0.0]),
        np.diag([-1.0, -1.0, 1e-3]),
        -np.eye(3) + 1 / 3,
    ],
)
def test_an_unstable_relaxation_matrix_is_refused(R):
    refuses(lambda: solve_lyapunov(R, np.eye(len(R))), "relaxation_matrix must be stable", "got")


def test_the_worst_of_many_matrices_decides():
    refuses(lambda: solve_lyapunov([STABLE, np.diag([-1.0, 0.5])], Q), "relaxation_matrix must be stable", "0.5")


def test_modes_are_refused_where_there_are_none():
    oscillating, one_way, far = [[-1.0, 2.0], [-2.0, -1.0]], [[-1.0, 0.0], [1.0, -1.0]], 0.1 - np.eye(3)
    for R in (oscillating, one_way, far):
        refuses(lambda R=R: modes(R), "relaxation_matrix must be that of a chain", "got [[-")
    refuses(
        lambda: modes([[-1.0, 2.0], [2.0, -1.0]]),
        "relaxation_matrix must be stable",
        "got an eigenvalue with real part 1",
    )


def test_a_diffusion_matrix_is_a_covariance_per_time():
    refuses(lambda: solve_lyapunov(STABLE, [[1.0, 0.5], [0.0, 1.0]]), "diffusion_matrix must be symmetric", "0.5")
    for bad in (-np.eye(2), [[1.0, 2.0], [2.0, 1.0]]):
        refuses(
            lambda bad=bad: solve_lyapunov(STABLE, bad),
            "diffusion_matrix must be positive semidefinite",
            "got one of -1",
        )
    for value in (np.nan, np.inf):
        refuses(
            lambda value=value: solve_lyapunov(STABLE, np.full((2, 2), value)), "diffusion_matrix must be finite", "got"
        )
        refuses(
            lambda value=value: solve_lyapunov(np.full((2, 2), value), Q), "relaxation_matrix must be finite", "got"
        )


def test_a_contact_makes_no_negative_noise():
    refuses(
        lambda: steady(Contact(fourier, lambda a, b: b - a)),
        "noise_strength of bond 0 must be finite and >= 0",
        "got -0.33",
    )
    refuses(
        lambda: steady(Contact(fourier, lambda a, b: np.nan * a)),
        "noise_strength of bond 0 must be finite and >= 0",
        "got nan",
    )
    refuses(
        lambda: steady(Contact(fourier, lambda a, b: 1j * a)),
        "noise_strength of bond 0 must return an array of real numbers",
    )


def test_no_current_flows_between_equals():
    refuses(
        lambda: steady(Contact(lambda a, b: a - b + 0.1)), "mean_current of bond 0 must be zero between equals, got 0.1"
    )
    refuses(
        lambda: steady([Contact(fourier), Contact(fourier), Contact(lambda a, b: 2 * a - b, fourier)]),
        "mean_current of bond 2 must be zero between equals, got 2",
    )


def test_a_current_runs_downhill():
    uphill = Contact(lambda a, b: b - a, lambda a, b: a * b)
    # It carries less the larger the difference, where the difference is large.
    saturating = Contact(lambda a, b: (a - b) / (1e-4 + (a - b) ** 2), lambda a, b: a * b)
    for n in (1, 2, 3):
        for contact in (uphill, saturating):
            refuses(lambda n=n, c=contact: steady(c, n=n), "mean_current of bond 0 must rise", "the wrong way")


def test_contacts_that_let_nothing_relax_are_refused():
    cubic = Contact(lambda a, b: (a - b) ** 3, lambda a, b: a * b)
    for n in (2, 3):
        refuses(lambda n=n: steady(cubic, left=1.0, right=1.0, n=n), "must")


def test_energy_rises_with_temperature():
    falling = Substance(energy=lambda T: 1 / T, temperature=lambda E: 1 / E)
    refuses(
        lambda: steady(Contact(fourier), falling),
        "energy of box 1 must increase with temperature",
        "heat capacity > 0, got -",
    )


def test_a_box_cannot_hold_what_it_cannot():
    refuses(lambda: lattice(10).temperature_at(11.0), "energy must be finite and >= 0 and <= 10", "got 11.0")
    refuses(lambda: constant_heat_capacity().temperature_at(-1.0), "energy must be finite and >= 0", "got -1.0")
    full = Substance(energy=lambda T: T / (1 + T))
    refuses(lambda: full.temperature_at([0.5, 1.5]), "energy must be one that the substance can hold, got 1.5")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"duration": 0}, ["duration must be finite and > 0", "got 0.0"]),
        ({"duration": np.inf}, ["duration must be finite", "got inf"]),
        ({"time_step": -0.1}, ["time_step must be finite and > 0", "got -0.1"]),
        ({"time_step": [0.1, 0.2]}, ["time_step must have shape ()"]),
        ({"trajectories": 1}, ["trajectories must be finite and >= 2", "got 1"]),
        ({"trajectories": 2.5}, ["trajectories must be a whole number >= 2", "got 2.5"]),
        ({"trajectories": "many"}, ["trajectories must be a real number", "'many'"]),
        ({"seed": -1}, ["seed must be finite and >= 0", "got -1"]),
        ({"seed": None}, ["seed must be", "got nan"]),
        ({"reading": "ito"}, ["reading must be a number from 0 (Itô) to 1 (anti-Itô)", "'ito'"]),
    ],
)
def test_a_simulation_names_what_it_cannot_do(changes, words):
    refuses(lambda: run(**changes), *words)


def test_a_simulation_and_closed_moments_take_one_pair_of_baths():
    many = Chain(ideal_gas(), left=[1.0, 2.0], right=1.0)
    refuses(
        lambda: langevin(many, duration=1, time_step=0.5, trajectories=4, seed=1),
        "left and right must be single numbers",
        "(2,)",
    )
    refuses(lambda: exact.closed_moments(many), "left and right must be single numbers", "(2,)")


def test_moments_that_do_not_close_are_refused():
    refuses(
        lambda: exact.closed_moments(
            Chain(System(Contact(lambda a, b: a**4 - b**4, lambda a, b: a * b), BOX), left=2.0, right=1.0)
        ),
        "mean_current must be linear",
    )
    odd = [Contact(fourier), Contact(lambda a, b: a - b + (a - b) ** 3, lambda a, b: a * b), Contact(fourier)]
    refuses(lambda: exact.closed_moments(Chain(System(odd, BOX), left=1.0, right=1.0)), "mean_current must be linear")
    refuses(
        lambda: exact.closed_moments(
            Chain(System(Contact(fourier, lambda a, b: a**3 + b**3), BOX), left=2.0, right=1.0)
        ),
        "noise_strength must be at most quadratic",
    )
    refuses(
        lambda: exact.closed_moments(Chain(exclusion(), left=1.0, right=1.0)),
        "left and right must leave the boxes inside their range",
    )


def test_a_master_equation_where_nothing_moves_is_refused():
    for value in (0.0, 1.0):
        refuses(
            lambda value=value: exact.exclusion_distribution(sites=2, left=value, right=value),
            f"must not both be {value:g}",
        )


def test_places_are_on_the_rod():
    refuses(lambda: kick_amplitudes(1.5, modes=3), "places must be finite and >= 0 and <= 1", "got 1.5")
    refuses(lambda: kick_amplitudes(0.5, modes=0), "modes must be finite and >= 1", "got 0")
    refuses(lambda: kick_amplitudes(0.5, modes=3, width=-0.1), "width must be finite and >= 0", "got -0.1")
    refuses(lambda: relaxed_kick(-0.1, place=0.5, time=1.0), "positions must be finite and >= 0 and <= 1", "got -0.1")
    refuses(lambda: relaxed_kick(0.1, place=np.nan, time=1.0), "place must be finite and >= 0 and <= 1", "got nan")
    refuses(lambda: relaxed_kick(0.1, place=0.5, time=0.0), "time must be finite and > 0", "got 0.0")
    refuses(lambda: correlation_share(2.0, 0.3, 0.6), "place must be finite and >= 0 and <= 1", "got 2.0")
    refuses(lambda: correlation_share(0.5, 0.0, 0.6), "y1 must be finite and > 0 and < 1", "got 0.0")
    refuses(lambda: correlation_share(0.5, 0.3, 1.0), "y2 must be finite and > 0 and < 1", "got 1.0")
    refuses(
        lambda: long_range_correlation(1.2, 0.5, left=1, right=0, sign=1),
        "y1 must be finite and >= 0 and <= 1",
        "got 1.2",
    )
    refuses(
        lambda: long_range_correlation(0.2, 0.5, left=1, right=0, sign=2),
        "sign must be 1 (ideal gas) or -1 (exclusion), got 2",
    )


def test_accuracy_lost_is_said():
    refuses(lambda: relaxed_kick(0.5, place=0.5, time=1e-8), "time must be >=", "400 modes", "got 1e-08")
    refuses(
        lambda: correlation_share(0.5, 0.5, 0.5), "place must not be within 0.001 of both observers at once", "got 0.5"
    )
    refuses(lambda: response(STABLE, [1.0, 0.0], -1.0), "times must be finite and >= 0", "got -1.0")


@given(
    value=st.one_of(
        st.floats(), st.integers(), st.text(), st.none(), st.booleans(), st.complex_numbers(), st.lists(st.floats())
    )
)
def test_whole_refuses_or_returns_an_int_and_nothing_else(value):
    try:
        found = _checks.whole("n", value, at_least=1)
    except ValueError as error:
        assert re.match("n must ", str(error))
    else:
        assert isinstance(found, int) and found == value and found >= 1


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, twobox; print(*sorted({'matplotlib', 'sympy', 'ipywidgets', 'anywidget', 'IPython'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == ""


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: System(None, constant_heat_capacity()), "contacts must be a Contact"),
        (lambda: System(Contact(lambda a, b: a - b), 3.0), "boxes must be a Substance"),
        (lambda: Contact(3.0), "mean_current must be a function"),
        (lambda: Contact(lambda a, b: a - b, noise_strength=2.0), "noise_strength must be a function"),
        (lambda: blackbody.stefan_constant(c=0.0), "c must be"),
        (lambda: blackbody.lattice_transmission(1.0, coupling=np.nan), "coupling"),
        (lambda: fermi.mean_current_corrected(1.0, 0.1, 0.2, fermi_temperature=0.0), "fermi_temperature must be"),
        (lambda: fermi.exact_noise_integral([1.0, 2.0], [1.0, 2.0, 3.0]), "T_c and T_d must have shapes"),
        (lambda: bounds.sharp_limits([1.0, 2.0], [1.0, 2.0, 3.0], 1.0, 1.0), "g1 to g4 must have shapes"),
    ],
)
def test_parts_of_the_wrong_kind_are_named(make, named):
    with pytest.raises(ValueError, match=re.escape(named)):
        make()
