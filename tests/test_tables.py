"""A table of results says the same in a page and in a terminal, and refuses rows that do not fit."""

from xml.etree import ElementTree

import pytest

from twobox.figures import Table

ROWS = [("gas", (15.126, 1.034), 1), ("hops", (-2.5, 0.42), -20), ("walkers", None, 300)]
TABLE = Table(ROWS, {"system": "", "C₁₂ & its error": "+.1f", "n": "d"})


def read(table):
    """Return the cells of the HTML of `table`, row by row, as a strict parser sees them."""
    root = ElementTree.fromstring(table._repr_html_())
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


def test_page_and_terminal_say_the_same():
    heads, *rows = read(TABLE)
    assert heads == TABLE.heads
    assert [[text.replace("−", "-") for text in row] for row in rows] == TABLE.rows
    for line, row in zip(repr(TABLE).splitlines(), [heads, *TABLE.rows]):
        assert line.split() == " ".join(row).split()


def test_numbers_meet_at_their_right_end_and_texts_at_their_left():
    lines = repr(Table(ROWS[:2], {"": "", "C": ".1f", "n": "d"})).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [line.index(name) for line, name in zip(lines[1:], ("gas", "hops"))] == [0, 0]
    assert lines[1].index("±") == lines[2].index("±")


def test_a_pair_is_a_number_and_its_error():
    assert TABLE.rows[0][1] == "+15.1 ± 1.0"


def test_nothing_is_an_empty_place():
    assert TABLE.rows[2][1] == ""


def test_heads_and_names_of_rows_are_known_to_a_screen_reader():
    root = ElementTree.fromstring(TABLE._repr_html_())
    assert [head.get("scope") for head in root.iter("th")] == ["col"] * 3 + ["row"] * 3
    assert "−2.5 ± 0.4" in TABLE._repr_html_() and "-2.5" not in TABLE._repr_html_()


@pytest.mark.parametrize("row", [("gas",), ("gas", 1.0, 2, 3)])
def test_a_row_of_another_length_is_refused(row):
    with pytest.raises(ValueError, match="must have 3 values"):
        Table([row], {"system": "", "C": ".1f", "n": "d"})
