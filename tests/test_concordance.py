"""The concordance points only at things that exist: functions, tests, labels; and has a row for each equation of the paper."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "book" / "reference" / "concordance.md").read_text(encoding="utf-8")
TABLE = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in TEXT.splitlines() if line.startswith("| ")]
ROWS = [row for row in TABLE if row[0] not in ("paper", "beyond")]
PAPER = ROWS[: TABLE.index(next(row for row in TABLE if row[0] == "beyond")) - 1]
BEYOND = ROWS[len(PAPER) :]
EQUATIONS = [*range(1, 16), *(f"A.{k}" for k in range(1, 9))]


def _tests():
    names = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return names


def _labels():
    book = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "book").rglob("*.ipynb"))
    equations = set(re.findall(r"\$\$ \((eq-[a-z0-9-]+)\)", book))
    directives = set(re.findall(r":label: ([a-z0-9-]+)", book))
    figures = set(re.findall(r'"name": "(fig-[a-z0-9-]+)"', book))
    return equations | directives | figures


def test_every_row_is_complete():
    assert len(PAPER) >= 35 and len(BEYOND) >= 15
    for row in ROWS:
        assert len(row) == 5 and all(row), row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_function_exists(row):
    name = re.match(r"\{py:(?:class|func)\}`(twobox\.[\w.]+)`", row[4])[1]
    module, _, function = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_test_exists(row):
    assert re.search(r"`(test_\w+)`$", row[4])[1] in _tests()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_section_exists(row):
    kind, target = re.fullmatch(r"\{(eq|numref|prf:ref|doc)\}`([^`]+)`", row[3]).groups()
    if kind == "doc":
        assert (ROOT / "book" / "reference" / f"{target}.ipynb").exists()
    else:
        assert target in _labels()


@pytest.mark.parametrize("row", PAPER, ids=lambda row: row[0])
def test_verdict_is_one_of_three_and_a_correction_says_what_is_right(row):
    verdict, rest = re.fullmatch(r"\*\*(holds with .*?|holds|corrected)\*\*(.*)", row[2]).groups()
    if verdict != "holds":
        assert len(rest) > 5 or "assumption" in verdict


@pytest.mark.parametrize("number", EQUATIONS, ids=str)
def test_every_equation_of_the_paper_has_a_row(number):
    if number == "A.2":
        assert "(A.1)–(A.3)" in TEXT
    else:
        assert any(f"({number})" in row[0] for row in ROWS)


@pytest.mark.parametrize("row", BEYOND, ids=lambda row: row[0])
def test_what_is_beyond_the_paper_says_whose_it_is(row):
    assert re.fullmatch(r"\*\*ours\*\*|\*\*known\*\*, \{cite\}`[^`]+`", row[2])
