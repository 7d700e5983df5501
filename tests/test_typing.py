"""What is public says what it takes and gives: the API pages show it, and editors and type checkers go by it."""

import importlib
import inspect
import pkgutil
import typing
from functools import cached_property

import pytest

import twobox
from twobox import bosons

# The widgets are made of traits, which say what they take in their own way.
ROOMS = [
    found.name
    for found in pkgutil.walk_packages(twobox.__path__, "twobox.")
    if not found.ispkg and not found.name.startswith("twobox.widgets.")
]
# Methods with a name of Python's own that a user calls, knowing or not.
CALLED = ("__init__", "__call__", "__repr__", "__getattr__", "__dir__")


def _functions(holder, room):
    """Yield name and function of all that is public in a module or class."""
    for name, thing in vars(holder).items():
        if name.startswith("_") and name not in CALLED:
            continue
        if isinstance(thing, property):
            parts = [part for part in (thing.fget, thing.fset) if part is not None]
        elif isinstance(thing, cached_property):
            parts = [thing.func]
        elif isinstance(thing, (classmethod, staticmethod)):
            parts = [thing.__func__]
        else:
            parts = [thing] if callable(thing) and not inspect.isclass(thing) else []
        # What a dataclass writes itself has no place in a file.
        yield from ((name, part) for part in parts if _written(part, room))


def _written(function, room):
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code is not None and code.co_filename != "<string>" and function.__module__ == room


def _public(room):
    module = importlib.import_module(room)
    yield from _functions(module, room)
    for name, thing in vars(module).items():
        if inspect.isclass(thing) and thing.__module__ == room and not name.startswith("_"):
            for base in thing.__mro__:
                if base.__module__.startswith("twobox."):
                    yield from ((f"{name}.{method}", part) for method, part in _functions(base, base.__module__))


def _silent_about(function):
    signature = inspect.signature(function)
    missing = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty and parameter.name not in ("self", "cls")
    ]
    return missing + ["return"] * (signature.return_annotation is signature.empty)


@pytest.mark.parametrize("room", ["twobox", *ROOMS])
def test_every_public_function_says_what_it_takes_and_gives(room):
    assert {name: found for name, function in _public(room) if (found := _silent_about(function))} == {}


@pytest.mark.parametrize("room", ["twobox", *ROOMS])
def test_every_hint_means_something(room):
    for _, function in _public(room):
        typing.get_type_hints(function)  # a name in quotes that nothing in the room has is an error here


def test_the_walk_finds_functions_methods_and_properties():
    found = {(room, name) for room in ROOMS for name, _ in _public(room)}
    assert len(found) > 200
    assert found >= {
        ("twobox.systems.bosons", "moment"),
        ("twobox.steady.state", "SteadyState.at"),
        ("twobox.steady.state", "SteadyState.covariance"),
        ("twobox.chain", "Chain.left"),
        ("twobox.chain", "Chain.__init__"),
        ("twobox.model.contacts", "Contact.__init__"),
        ("twobox._checks", "formula"),
    }


def test_a_checked_closed_form_keeps_its_signature():
    parameters = inspect.signature(bosons.moment).parameters
    assert list(parameters) == ["m", "T_c", "T_d", "kappa"]
    assert parameters["m"].annotation is int
