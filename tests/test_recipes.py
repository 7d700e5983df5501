"""The recipes run as they stand on their page: in order, each with the names of those before it."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "book" / "reference" / "api" / "recipes.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_there_are_recipes():
    assert len(BLOCKS) >= 2


def test_recipes_fit_a_page():
    """Sixty columns, as all code that teaches."""
    assert [line for block in BLOCKS for line in block.splitlines() if len(line) > 60] == []


# From the top of the page each time: so any block can be tested alone, in any process.
@pytest.mark.parametrize("count", range(1, len(BLOCKS) + 1))
def test_recipes_run_in_order(count, capsys):
    names = {"__name__": "recipes"}
    for code in BLOCKS[:count]:
        exec(code, names)
