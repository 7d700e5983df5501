"""Jump processes: the laws that have names, each against what is known of it, and how a law of one's own is refused."""

import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from tests.systems import BAD_NUMBERS, crowded, falling, occupied, refuses, rising, saturating, straight
from tests.test_exact import occupation, stationary_moments
from twobox import Chain, exact, exclusion
from twobox.finite.jumps import (
    Jump,
    JumpProcess,
    inclusion,
    independent_walkers,
    misanthrope,
    partial_exclusion,
    shared_quanta,
    zero_range,
)
from twobox.finite.master_equation import stationary

contacts = st.lists(st.floats(0.2, 5.0), min_size=3, max_size=3)


def test_inclusion_process():
    m, left, right = 2.0, 0.6, 0.1
    process = inclusion(shape=m, left=left, right=right)
    found = stationary(process)
    assert found.covariance[0, 1] == pytest.approx(
        exact.inclusion_correlation(shape=m, left=left, right=right), rel=1e-10
    )
    assert found.neglected < 1e-12
    mean, C = stationary_moments(
        lambda a, b, a_bath, b_bath: occupation(a, a_bath, m) * (1 + occupation(b, b_bath, m)), 2, 30, left, right
    )
    np.testing.assert_allclose(found.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(found.covariance, C, rtol=1e-5)


@settings(max_examples=15)
@given(
    u=st.sampled_from([occupied, crowded, straight, np.sqrt]),
    k=contacts,
    left=st.floats(0.05, 0.6),
    n=st.integers(1, 2),
)
def test_zero_range_boxes_are_strangers(u, k, left, n):
    """A product of one-box distributions with the harmonic activities, for any u, contacts and drive."""
    right, k = 0.3, k[: n + 1]
    found = stationary(zero_range(u, rate=k, left=left, right=right, n=n))
    resistance = np.cumsum(1 / np.array(k))
    z = u(left) + (u(right) - u(left)) * resistance[:-1] / resistance[-1]
    expected = np.ones(())
    for activity, top in zip(z, found.probability.shape):
        weight = np.cumprod(np.r_[1.0, activity / u(np.arange(1.0, top))])
        expected = np.multiply.outer(expected, weight / weight.sum())
    np.testing.assert_allclose(found.probability, expected, rtol=1e-8, atol=1e-12)


def test_walkers_are_poisson():
    process = independent_walkers(sizes=[2.0, 3.0], left=1.5, right=0.5, rate=[1.0, 2.0, 3.0])
    found = stationary(process)
    np.testing.assert_allclose(found.covariance, np.diag(found.mean), atol=1e-10)
    cumulants = np.zeros((2, 2, 2))
    cumulants[[0, 1], [0, 1], [0, 1]] = found.mean
    np.testing.assert_allclose(found.third_cumulants, cumulants, atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "left", "right"), [(1.0, 0.6, 0.1), (0.5, 0.8, 0.3), (3.0, 0.1, 0.5), (9.0, 0.3, 0.1)]
)
def test_shared_quanta_have_the_correlation_of_shared_energy(shape, left, right):
    """The continuous model's C12, densities for temperatures: powers become factorial powers. Negative for m > 7.5."""
    m = shape
    found = stationary(shared_quanta(shape=m, left=left, right=right))
    closed = -(m**2) * (left - right) ** 2 * (m**2 - 7 * m - 4) / (18 * (13 * m**2 + 11 * m + 2))
    assert found.covariance[0, 1] == pytest.approx(closed, rel=1e-7)
    np.testing.assert_allclose(found.mean, m * np.array([2 * left + right, left + 2 * right]) / 3, rtol=1e-9)


@pytest.mark.parametrize("make", [inclusion, shared_quanta])
def test_equal_baths_make_negative_binomial_boxes(make):
    """Eq. (1) at any size: two rules of exchange, one equilibrium."""
    m, x = 1.5, 0.4
    found = stationary(make(shape=m, left=x, right=x)).probability
    n = np.arange(len(found))
    one = np.exp(gammaln(n + m) - gammaln(n + 1) - gammaln(m)) * (x / (1 + x)) ** n / (1 + x) ** m
    np.testing.assert_allclose(found, np.outer(one, one), atol=1e-12)


@given(
    x=st.floats(0.1, 0.8), u=st.sampled_from([occupied, crowded, straight]), v=st.sampled_from([falling, saturating])
)
@settings(max_examples=10)
def test_equal_baths_make_independent_boxes_for_any_misanthrope(x, u, v):
    P = stationary(misanthrope(u, v, left=x, right=x)).probability
    np.testing.assert_allclose(P, np.outer(P.sum(axis=1), P.sum(axis=0)), atol=1e-12)


def test_what_the_target_holds_decides_the_sign():
    """v falling: C12 < 0, in the target process and with u = x; v rising log-convexly: C12 > 0."""
    assert stationary(misanthrope(occupied, falling, left=0.9, right=0.2)).covariance[0, 1] < -1e-3
    assert stationary(misanthrope(straight, falling, left=1.5, right=0.5)).covariance[0, 1] < -1e-3
    assert stationary(misanthrope(straight, rising, left=1.5, right=0.5)).covariance[0, 1] > 1e-3


def test_saturating_attraction_turns_the_sign_with_density():
    """(ln v)'' as a function of ln(u/v) changes its sign at 1/√2, although v rises throughout."""
    C12 = [
        stationary(misanthrope(straight, saturating, sizes=20.0, left=x + 0.1, right=x - 0.1)).covariance[0, 1]
        for x in (0.4, 1.2)
    ]
    assert C12[0] > 0 > C12[1]


@pytest.mark.parametrize(
    ("make", "left", "right"),
    [
        (partial(partial_exclusion, rate=[1.0, 2.0, 0.5]), 0.9, 0.2),
        (lambda sites, **baths: independent_walkers(sizes=sites, **baths), 0.5, 0.2),
        (lambda sites, **baths: inclusion(shape=sites, **baths), 0.3, 0.1),
        (lambda sites, **baths: misanthrope(straight, falling, sizes=sites, **baths), 0.5, 0.2),
    ],
    ids=["exclusion", "walkers", "inclusion", "misanthrope"],
)
def test_white_noise_is_the_limit_of_large_boxes(make, left, right):
    """C/N of the jumps tends to that of eqs. (2) and (3) with the same law, as 1/N and then 1/N²."""
    sizes = (12, 24, 48)
    C = [stationary(make(sites=N, left=left, right=right)).covariance / N for N in sizes]
    once = [2 * C[1] - C[0], 2 * C[2] - C[1]]
    limit = (4 * once[1] - once[0]) / 3
    expected = make(sites=1, left=left, right=right).to_chain().steady_state().covariance
    # The term of order 1/N³ is left.
    np.testing.assert_allclose(limit, expected, atol=5e-5 * expected[0, 0])


def test_white_noise_of_exclusion_is_the_named_system():
    steady = partial_exclusion(sites=[10, 20], rate=[1.0, 2.0, 3.0], left=0.9, right=0.2).to_chain().steady_state()
    named = Chain(exclusion(sites=[10, 20], rate=[1.0, 2.0, 3.0]), left=0.9, right=0.2).steady_state()
    np.testing.assert_allclose(steady.covariance, named.covariance, rtol=1e-13)


PROCESSES = {
    "exclusion": partial_exclusion(sites=3, left=0.9, right=0.2),
    "inclusion": inclusion(left=0.3, right=0.2),
    "walkers": independent_walkers(left=0.3, right=0.2),
    "zero range": zero_range(occupied, left=0.3, right=0.2),
    "misanthrope": misanthrope(straight, falling, left=0.3, right=0.2),
    "shared quanta": shared_quanta(left=0.2, right=0.1),
}


@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
def test_everything_pickles(process):
    again = pickle.loads(pickle.dumps(process))
    assert again == process
    np.testing.assert_array_equal(stationary(again).probability, stationary(process).probability)


@pytest.mark.parametrize("name", ["exclusion", "inclusion", "walkers", "misanthrope"])
def test_the_white_noise_model_pickles(name):
    process = PROCESSES[name]
    system, steady = process.to_system(), process.to_chain().steady_state()
    again = pickle.loads(pickle.dumps(system))
    assert again.variable == system.variable
    np.testing.assert_array_equal(
        Chain(again, left=process.left, right=process.right).steady_state().covariance, steady.covariance
    )
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(steady)).covariance, steady.covariance)


# Refusals.

GOOD = {"left": 0.9, "right": 0.2}
EXCLUSION = partial_exclusion(sites=2, **GOOD)


@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_bad_numbers_are_named(bad):
    refuses(lambda: partial_exclusion(left=bad, right=0.2), "left")
    refuses(lambda: partial_exclusion(left=0.2, right=bad), "right")
    refuses(lambda: partial_exclusion(sites=bad, **GOOD), "sites")
    refuses(lambda: partial_exclusion(rate=bad, **GOOD), "rate")
    refuses(lambda: partial_exclusion(n=bad, **GOOD), "n must")
    refuses(lambda: inclusion(shape=bad, **GOOD), "shape")
    refuses(lambda: independent_walkers(sizes=bad, **GOOD), "sizes")
    refuses(lambda: shared_quanta(shape=bad, **GOOD), "shape")
    refuses(lambda: shared_quanta(left=bad, right=0.1), "left")
    if bad is not None:
        refuses(lambda: inclusion(highest=bad, **GOOD), "highest")


def test_wrong_kinds_and_shapes_are_named():
    refuses(lambda: Jump(1.0, straight), "up must be a function", "1.0")
    refuses(lambda: Jump(straight, None), "down must be a function")
    refuses(lambda: Jump(straight, straight, lump=0), "lump")
    refuses(lambda: zero_range(3.0, **GOOD), "u must be a function")
    refuses(lambda: misanthrope(straight, "v", **GOOD), "v must be a function")
    refuses(lambda: zero_range(lambda x: 1 if x > 0 else 0, **GOOD), "zero range: u must", "array of densities")
    refuses(lambda: misanthrope(straight, lambda x: np.nan * x, **GOOD), "misanthrope: v must", "nan")
    refuses(lambda: stationary(zero_range(lambda x: 1 + x, **GOOD)), "zero range: down of bond 0", "must be 0 where")
    refuses(lambda: JumpProcess(straight, sizes=2, **GOOD), "jumps must be a Jump")
    refuses(lambda: JumpProcess([EXCLUSION.bonds[0]] * 2, sizes=2, **GOOD), "jumps", "3 bonds", "got 2")
    refuses(lambda: JumpProcess([(), (), ()], sizes=2, **GOOD), "at least one Jump")
    refuses(lambda: JumpProcess(EXCLUSION.bonds[0][0], sizes=2.5, **GOOD), "highest", "whole")
    refuses(lambda: JumpProcess(EXCLUSION.bonds[0][0], sizes=2, variable="density", **GOOD), "variable")
    refuses(lambda: partial_exclusion(sites=[1, 2, 3], **GOOD), "sites", "2 boxes", "got 3")
    refuses(lambda: partial_exclusion(left=1.1, right=0.0), "left", "<= 1", "1.1")


def own(up, down=lambda x_i, x_j: x_j * (1 - x_i), **options):
    return stationary(JumpProcess(Jump(up, down), sizes=3, name="mine", **(GOOD | options)))


def test_a_bad_law_is_named_with_its_bond():
    refuses(lambda: own(lambda x_i, x_j: x_i - x_j), "mine", "up of bond 0", ">= 0", "densities")
    refuses(lambda: own(lambda x_i, x_j: x_i * np.sqrt(0.5 - x_j)), "mine", "up of bond 0", "nan")
    refuses(lambda: own(lambda x_i, x_j: np.ones(7)), "mine", "up of bond 0", "shape (1, 4)")
    refuses(lambda: own(lambda x_i, x_j: "fast"), "mine", "up of bond 0")
    refuses(lambda: own(lambda x_i, x_j: 1 - x_j + 0 * x_i), "mine", "up of bond 1", "holds less than the lump of 1")
    good = EXCLUSION.bonds[0][0]
    bad = Jump(lambda x_i, x_j: x_i, lambda x_i, x_j: -1.0)
    refuses(lambda: stationary(JumpProcess([good, good, bad], sizes=2, **GOOD)), "down of bond 2", "-1")


def test_a_box_without_end_needs_a_cut_off():
    refuses(lambda: zero_range(occupied, left=1.0, right=0.5), "highest must be given", "without end")


def test_lumps_as_large_as_a_box_have_no_white_noise():
    refuses(lambda: shared_quanta(left=0.3, right=0.1).to_system(), "shared quanta", "lump must be small")
