"""What the search takes for a word, and formulas in plain signs."""

import finding
import pytest

SPLIT = [
    ("below a ratio of 0.1477.", ["below", "a", "ratio", "of", "0.1477"]),
    ("1/27 and 4.4 %", ["1/27", "and", "4.4"]),
    ("obeys eq. (4), and eqs. (5)–(7)", ["obeys", "(4)", "and", "(5)", "(7)"]),
    ("eq 4, Equation 4, eq. A.7, (A.7)", ["(4)", "(4)", "(A.7)", "(A.7)"]),
    ("by (2.7) and so on", ["by", "(2.7)", "and", "so", "on"]),
    ("fluctuation–dissipation, long-range", ["fluctuation", "dissipation", "long", "range"]),
    ("equal equations", ["equal", "equations"]),
]


@pytest.mark.parametrize(("text", "words"), SPLIT)
def test_words(text, words):
    assert finding.English({}).split(text) == words


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"C_{12} = \frac{C_v}{27}\,(T_0-T_3)^2", "C_12 = C_v/27 (T_0-T_3)^2"),
        (r"\tfrac12\operatorname{Tr}R", "1/2TrR"),
        (r"\langle J\rangle\tau", "⟨J⟩τ"),
        ("\\begin{aligned} a &= b\\\\ &= c \\end{aligned}", "a = b = c"),
    ],
)
def test_formulas_are_read_in_plain_signs(tex, plain):
    assert finding.plain_formula(tex).replace(" ", "") == plain.replace(" ", "")
