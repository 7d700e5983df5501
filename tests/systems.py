"""Contact laws, substances, strategies and ways to compare that several test files share."""

import numpy as np
import pytest
from hypothesis import strategies as st

from twobox import Contact, Substance, System, constant_heat_capacity

# Monotone and zero between equals.
LAWS = {
    "fourier": lambda a, b: a - b,
    "radiation": lambda a, b: a**4 - b**4,
    "steep": lambda a, b: a**10 - b**10,
    "root": lambda a, b: a**0.5 - b**0.5,
    "inverse": lambda a, b: 1 / b - 1 / a,
    "activated": lambda a, b: np.exp(-1 / a) - np.exp(-1 / b),
    "saturating": lambda a, b: a / (1 + a) - b / (1 + b),
    "logarithmic": lambda a, b: np.log(a) - np.log(b),
    "mixed": lambda a, b: (a - b) * (1 + a + b),
    "rectifying": lambda a, b: (a - b) * (1 + 0.3 * np.tanh(a - b)),
}

rates = st.floats(0.05, 20)
temperatures = st.floats(0.05, 20)
densities = st.floats(0.02, 0.98)

# What no argument that is a positive number may be.
BAD_NUMBERS = [np.nan, np.inf, -1.0, "one", None]

# Standard errors that a simulation may be off: a few numbers a test and fixed seeds, so never by chance.
SIGMAS = 4.5


def scaled(law, k):
    """The law k times as strong."""
    return Contact(lambda a, b: k * law(a, b))


def metal(a):
    """E = a T²."""
    return Substance(energy=lambda T: a * T**2, temperature=lambda E: (E / a) ** 0.5)


@st.composite
def systems(draw, n=None, laws=("fourier", "radiation", "inverse", "mixed", "rectifying")):
    """Unlike contacts and unlike boxes, with the noise of eq. (4)."""
    n = draw(st.integers(1, 5)) if n is None else n
    contacts = [scaled(LAWS[draw(st.sampled_from(laws))], draw(rates)) for _ in range(n + 1)]
    boxes = [draw(st.sampled_from((constant_heat_capacity, metal)))(draw(rates)) for _ in range(n)]
    return System(contacts, boxes)


def rounding(steady):
    """What rounding leaves uncertain in C: it grows with the spread of the rates in the Lyapunov equation."""
    return 1e-13 * steady.relaxation_times[0] / steady.relaxation_times[-1] * np.abs(steady.covariance).max()


# The u and v of jump processes: functions of a density, in a module so that they pickle.


def occupied(x):
    return np.minimum(x, 1.0)


def crowded(x):
    return np.sqrt(x) + x**2


def straight(x):
    return x


def falling(x):
    return np.exp(-x)


def rising(x):
    return 1 + x / 2


def saturating(x):
    return 1 + x / (1 + x)


def assert_within_errors(found, expected, error):
    np.testing.assert_array_less(np.abs(found - expected), SIGMAS * error + 1e-300)


def refuses(call, *words):
    """The call raises a ValueError whose message has all the words."""
    with pytest.raises(ValueError) as caught:
        call()
    for word in words:
        assert word in str(caught.value), f"{word!r} not in {str(caught.value)!r}"
