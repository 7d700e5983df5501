"""Every public function, called with odd arguments: a finite result, or a ValueError. Nothing else, and nothing in silence."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import twobox
from twobox import Chain, ideal_gas

CHAIN = Chain(ideal_gas(heat_capacity=20.0), left=2.0, right=1.0)
STEADY = CHAIN.steady_state()
R = [[-2.0, 1.0], [1.0, -2.0]]
BATHS = {"left": 0.8, "right": 0.2}
ODD = [
    np.nan, np.inf, -np.inf, -1.0, 0.0, 1e300, -1e300, 1e-320, 10**400, "x", "2.0", b"2", None, True, 1j, object(), [], {}, set(),
    [np.nan], [[1.0], [2.0, 3.0]], [1.0, 2.0, 3.0, 4.0, 5.0], np.zeros((0,)), np.ones((2, 3, 4)), lambda x: x, int,
]  # fmt: skip

# Good arguments of each public function of numbers and arrays; what is left out here is exempt, with its reason.
GOOD = {
    "steady.lyapunov.solve_lyapunov": dict(relaxation_matrix=R, diffusion_matrix=[[1.0, 0.0], [0.0, 1.0]]),
    "steady.two_box.shared_fractions": dict(g1=1.0, g2=2.0, g3=3.0, g4=4.0),
    "steady.two_box.relaxation_time": dict(g1=1.0, g2=2.0, g3=3.0, g4=4.0),
    "steady.two_box.correlation": dict(g1=1.0, g2=2.0, g3=3.0, g4=4.0, B01=1.0, B12=1.0, B23=1.0),
    "model.system.bond_vectors": dict(n=2),
    "model.substances.constant_heat_capacity": dict(heat_capacity=2.0),
    "model.substances.lattice": dict(sites=2.0),
    "model.contacts.fluctuation_dissipation": dict(mean_current=lambda a, b: a - b),
    "model.contacts.noise_from_odd_cumulants": dict(delta_beta=0.1, kappa1=1.0, kappa3=1.0, kappa5=1.0),
    "systems.linear_a.ideal_gas": dict(heat_capacity=1.0, rate=1.0, n=2),
    "systems.linear_a.kmp": dict(heat_capacity=1.0, rate=1.0, n=2),
    "systems.linear_a.exclusion": dict(sites=1.0, rate=1.0, n=2),
    "systems.linear_a.covariance": dict(B01=1.0, B12=1.0, B23=1.0, N=2.0, gamma=1.0),
    "systems.linear_a.ideal_gas_correlation": dict(heat_capacity=1.0, left=2.0, right=1.0),
    "systems.linear_a.exclusion_correlation": dict(sites=3.0, **BATHS),
    "systems.linear_a.ideal_gas_correlation_unequal": dict(
        k01=1.0, k12=1.0, k23=1.0, left=2.0, right=1.0, heat_capacities=(1.0, 2.0)
    ),
    "systems.linear_a.statistics_correlation": dict(
        k01=1.0, k12=1.0, k23=1.0, sigma=1.0, left=2.0, right=1.0, size1=1.0, size2=2.0
    ),
    "systems.bosons.exact_noise_integral": dict(T_c=2.0, T_d=1.0),
    "systems.bosons.moment": dict(m=2, T_c=2.0, T_d=1.0, kappa=1.0),
    "systems.bosons.mean_current": dict(kappa=1.0, T_c=2.0, T_d=1.0),
    "systems.bosons.noise_exact": dict(kappa=1.0, T_c=2.0, T_d=1.0),
    "systems.bosons.noise_paper": dict(kappa=1.0, T_c=2.0, T_d=1.0),
    "systems.fermi.conductance": dict(coupling=1.0, dos_c=1.0, dos_d=1.0, hbar=1.0),
    "systems.fermi.contact": dict(kappa=1.0, noise="exact"),
    "systems.fermi.substance": dict(particles=1.0, fermi_temperature=1.0),
    "systems.fermi.system": dict(particles=1.0, fermi_temperature=1.0, kappa=1.0, noise="exact", n=2),
    "systems.fermi.mean_temperatures": dict(T0=2.0, T3=1.0),
    "systems.fermi.correlation": dict(
        B01=1.0, B12=1.0, B23=1.0, particles=1.0, fermi_temperature=1.0, kappa=1.0, T1=1.0, T2=1.0
    ),
    "systems.fermi.chemical_potential": dict(temperature=0.1),
    "systems.fermi.ideal_energy": dict(temperature=0.1),
    "systems.fermi.mean_current_corrected": dict(kappa=1.0, T_c=0.02, T_d=0.01, fermi_temperature=1.0),
    "systems.blackbody.stefan_constant": dict(area=1.0, k_B=1.0, c=1.0, hbar=1.0),
    "systems.blackbody.radiation_constant": dict(k_B=1.0, c=1.0, hbar=1.0),
    "systems.blackbody.noise_printed": dict(conductance=1.0, T_a=2.0, T_b=1.0, weight=0.5),
    "systems.blackbody.noise_restored": dict(conductance=1.0, T_a=2.0, T_b=1.0),
    "systems.blackbody.noise_scattering": dict(conductance=1.0, T_a=2.0, T_b=1.0, transmission=0.5),
    "systems.blackbody.contact": dict(conductance=1.0, noise="exact"),
    "systems.blackbody.substance": dict(capacity=1.0),
    "systems.blackbody.system": dict(capacity=1.0, conductance=1.0, noise="exact", n=2),
    "systems.blackbody.correlation": dict(B01=1.0, B12=1.0, B23=1.0, capacity=1.0, conductance=1.0),
    "systems.blackbody.delta_jacobian": dict(k_z=1.0, k_parallel=1.0),
    "systems.blackbody.point_coupling_factor": dict(coupling=0.3),
    "systems.blackbody.golden_rule_current": dict(
        T_a=2.0, T_b=1.0, k_power=0.0, angle_power=2.0, grazing=0.1, area=1.0
    ),
    "systems.blackbody.lattice_hamiltonian": dict(sites=3, coupling=0.3, phase=0.1, hopping=1.0),
    "systems.blackbody.gauge_transformation": dict(sites=3, phase=0.1),
    "systems.blackbody.lattice_transmission": dict(wave_number=1.0, coupling=0.3, hopping=1.0),
    "systems.blackbody.two_cavities": dict(hole_area=1e-6, volume=1e-6, left=300.0, right=4.0, noise="open"),
    "questions.bounds.sharp_limits": dict(g1=1.0, g2=1.0, g3=1.0, g4=1.0),
    "questions.bounds.ratio_of": dict(g1=1.0, g2=1.0, g3=1.0, g4=1.0, d01=1.0, d12=1.0, d23=1.0),
    "questions.bounds.positive_extreme": dict(epsilon=0.1),
    "questions.bounds.negative_extreme": dict(epsilon=0.1),
    "questions.bounds.random_search": dict(draws=3, seed=1, decades=3.0),
    "questions.bounds.unit": dict(steady=STEADY),
    "questions.bounds.paper_bound": dict(steady=STEADY),
    "questions.bounds.sharp_bounds": dict(steady=STEADY),
    "questions.bounds.ratio": dict(steady=STEADY),
    "questions.bounds.equilibrium_bound": dict(steady=STEADY),
    "questions.bounds.bond_bounds": dict(steady=STEADY),
    "questions.signs.local_variances": dict(steady=STEADY),
    "questions.signs.sources": dict(steady=STEADY),
    "questions.signs.pair_times": dict(steady=STEADY),
    "questions.signs.predicted_sign": dict(steady=STEADY),
    "questions.signs.bunching": dict(contact=CHAIN.system.contacts[0], x_i=2.0, x_j=1.0),
    "questions.bounds.one_box_variance": dict(current=1.0, relaxation_time=1.0, beta0=1.0, beta1=0.5, beta2=2.0),
    "questions.bounds.plateau_chain": dict(epsilon=0.01),
    "questions.bounds.gap_chain": dict(epsilon=0.01),
    "questions.continuum.kick_amplitudes": dict(places=0.5, modes=3, width=0.1),
    "questions.continuum.relaxed_kick": dict(positions=0.3, place=0.5, time=0.1, width=0.0, modes=400),
    "questions.continuum.correlation_share": dict(place=0.5, y1=0.3, y2=0.7),
    "questions.continuum.long_range_correlation": dict(y1=0.2, y2=0.4, left=1.0, right=0.0, sign=1),
    "questions.relaxation.modes": dict(relaxation_matrix=R),
    "questions.relaxation.response": dict(relaxation_matrix=R, kick=[1.0, 0.0], times=[0.0, 1.0]),
    "questions.relaxation.accumulated_share": dict(relaxation_matrix=R, kick=[1.0, 0.0], time=1.0),
    "questions.relaxation.shares": dict(relaxation_matrix=R),
    **{
        f"questions.time.{name}": dict(steady=STEADY, times=[0.0, 1.0])
        for name in ("propagator", "two_time_covariance", "field_response", "response_violation")
    },
    **{
        f"questions.time.{name}": dict(steady=STEADY, frequencies=[0.0, 1.0])
        for name in ("frequency_response", "spectrum", "coherence", "phase")
    },
    **{
        f"questions.time.{name}": dict(steady=STEADY)
        for name in (
            "antisymmetric_part", "circulation", "linear_entropy_production", "white_noise_entropy_production",
            "entropy_production", "static_field_response",
        )
    },
    "questions.time.bath_response": dict(chain=CHAIN, times=[0.0, 1.0]),
    "questions.time.static_bath_response": dict(chain=CHAIN),
    "questions.time.local_equilibrium": dict(chain=CHAIN, energies=[30.0, 30.0]),
    **{f"questions.current.{name}": dict(steady=STEADY) for name in ("bond_weights", "zero_frequency_noise")},
    **{
        f"questions.current.{name}": dict(steady=STEADY, frequencies=[0.0, 1.0])
        for name in ("ammeter_response", "current_spectrum", "energy_current_spectrum")
    },
    **{f"questions.current.{name}": dict(steady=STEADY, times=[0.0, 1.0]) for name in ("transfer_covariance", "transfer_variance")},
    "questions.current.uncertainty_product": dict(chain=CHAIN),
    "finite.exact.closed_moments": dict(chain=CHAIN),
    "finite.exact.brownian_energy_correlation": dict(shape=2.0, left=2.0, right=1.0),
    "finite.exact.inclusion_correlation": dict(shape=2.0, left=2.0, right=1.0),
    "finite.exact.partial_exclusion_correlation": dict(sites=3, **BATHS),
    "finite.exact.partial_exclusion_chain_correlation": dict(i=1, j=2, n=2, sites=3, **BATHS),
    "finite.exact.exclusion_distribution": dict(sites=3, **BATHS),
    "finite.jumps.partial_exclusion": dict(sites=3, rate=1.0, n=2, **BATHS),
    "finite.jumps.inclusion": dict(shape=2.0, rate=1.0, n=2, **BATHS),
    "finite.jumps.independent_walkers": dict(sizes=2.0, rate=1.0, n=2, **BATHS),
    "finite.jumps.shared_quanta": dict(shape=2.0, rate=1.0, n=2, **BATHS),
    "finite.ensembles.shares": dict(trajectories=10, seed=1, size=3),
}  # fmt: skip

EXEMPT = {
    "calculus": "what laws are differentiated with: called by the package",
    "model.laws": "how laws are held: called by the package",
    "steady.mean": "called by the package with what Chain has checked",
    "chain": "classes, tested in test_bad_input and test_laws",
    "finite.langevin.langevin": "runs, tested in test_bad_input and test_langevin",
    "finite.langevin.trajectories": "runs, tested in test_langevin",
    "finite.ensembles.run": "tested in test_ensembles",
    "finite.ensembles.integer": "a check itself",
    "finite.master_equation": "takes a process, tested in test_master_equation",
    "finite.hopping": "takes a process and runs, tested in test_hopping",
    "finite.jumps.zero_range": "takes laws, tested in test_jumps",
    "finite.jumps.misanthrope": "takes laws, tested in test_jumps",
    "questions.time.transient": "integrates, tested in test_time",
    "questions.time.walk": "called by the package",
    "questions.time.accumulated_walk": "called by the package",
    "questions.time.hermitian": "called by the package",
    "questions.time.refuse_no_steady_state": "a check itself",
    "steady.lyapunov.refuse_unstable": "a check itself",
    "steady.lyapunov.slowest_eigenvalue": "called by the package",
    "steady.lyapunov.local_and_imbalance": "called by the package with the rates of a SteadyState",
    "steady.lyapunov.pair_times": "called by the package with the rates of a SteadyState",
    "steady.lyapunov.pivots": "called by the package with the rates of a SteadyState",
    "steady.lyapunov.chain_covariance": "called by the package with the rates of a SteadyState",
    "steady.lyapunov.chain_relaxation_times": "called by the package with the rates of a SteadyState",
    "steady.two_box.determinant": "called by the package",
    "steady.two_box.eigenvalues": "called by the package with the rates of a SteadyState",
    "steady.two_box.covariance": "called by the package with the rates of a SteadyState",
    "steady.two_box.unit_shares": "called by the package with the rates of a SteadyState",
    "model.substances.refuse_unstable_box": "a check itself",
    "model.substances.inverse": "a law",
    "model.substances.logit_of_holes": "a law",
    "systems.bosons.current_law": "a law",
    "systems.bosons.current_slopes": "a law",
    "systems.bosons.exact_law": "a law",
    "systems.bosons.paper_law": "a law",
    "systems.bosons.radiative_contact": "called by fermi and blackbody",
    "systems.blackbody.angular_integral": "infinite by design, tested in test_blackbody",
    "systems.blackbody.lattice_matrix_elements": "takes what lattice_hamiltonian gives",
    "systems.fermi.golden_rule": "a double quadrature for each pair, tested in test_fermi",
    "systems.fermi.sign_change_ratio": "takes nothing",
}


def public_functions():
    for info in pkgutil.walk_packages(twobox.__path__, "twobox."):
        room = info.name.removeprefix("twobox.")
        if info.ispkg or room.startswith(("widgets", "figures", "_")):
            continue
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", "") == info.name
            if not name.startswith("_") and own and inspect.isfunction(thing):
                yield f"{room}.{name}", thing


FUNCTIONS = dict(public_functions())


def test_every_public_function_is_in_the_list_or_exempt():
    for name in FUNCTIONS:
        known = name in GOOD or any(name == exempt or name.startswith(f"{exempt}.") for exempt in EXEMPT)
        assert known, f"give {name} a row in GOOD, or a reason in EXEMPT"
    assert not set(GOOD) - set(FUNCTIONS)


def finite(result):
    if isinstance(result, (tuple, list)):
        return all(finite(part) for part in result)
    try:
        return bool(np.isfinite(np.asarray(result)).all())
    except TypeError:
        return True  # a system, a contact, a chain


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", GOOD)
def test_odd_arguments_are_refused_by_a_value_error(name):
    function, good = FUNCTIONS[name], GOOD[name]
    assert finite(function(**good)), "the good arguments"
    wrong = []
    for argument in good:
        for odd in ODD:
            try:
                result = function(**(good | {argument: odd}))
            except ValueError as refusal:
                assert str(refusal), (argument, odd)
            except Exception as error:  # whatever it is, it is the wrong one
                wrong.append(f"{argument}={odd!r}: {type(error).__name__}: {error}")
            else:
                if not finite(result):
                    wrong.append(f"{argument}={odd!r} gives {result!r}")
    assert not wrong, "\n".join(wrong)
