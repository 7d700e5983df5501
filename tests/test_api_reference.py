"""The API reference has every room of the package, and the links into it say where a thing is."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import twobox

ROOT = Path(__file__).parents[1]
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in (ROOT / "book/reference/api").glob("*.md")}
ROOMS = [
    found.name
    for found in pkgutil.walk_packages(twobox.__path__, "twobox.")
    if "._" not in found.name and not found.ispkg and not found.name.startswith("twobox.widgets.")
]
SHOWN = re.findall(r"^\.\. automodule:: (twobox[\w.]*)$", "\n".join(PAGES.values()), re.MULTILINE)


def test_every_room_is_in_the_reference():
    assert sorted(SHOWN) == sorted([*ROOMS, "twobox.widgets"])


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_offers_says_what_it_does(room):
    offered = vars(importlib.import_module(room)).items()
    silent = [
        name
        for name, thing in offered
        if not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == room
        and not inspect.getdoc(thing)
    ]
    assert silent == []


@pytest.mark.parametrize("page", [page for page in sorted(PAGES) if page not in ("index", "recipes")])
def test_each_room_begins_with_the_question_it_answers(page):
    parts = re.split(r"^## .*$", PAGES[page], flags=re.MULTILINE)[1:]
    assert len(parts) >= 2
    for part in parts:
        assert re.match(r"\n\n\*[^*]+\?\*\n", part), part[:80]
