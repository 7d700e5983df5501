"""Numbers in prose, captions and alternative texts come from a cell, from a computation here, or are given by somebody.

Every number with a decimal point in a page's text must be what a number rounds to that the page's cells print or contain, or that
`COMPUTED` has for the page, or be in `GIVEN`, with the reason.
"""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import zeta

from twobox import Chain, blackbody, bounds, exclusion, fermi, ideal_gas

BOOK = Path(__file__).parents[1] / "book"
PAGES = sorted(
    p
    for p in BOOK.rglob("*")
    if p.suffix in (".ipynb", ".md") and ".ipynb_checkpoints" not in p.parts and "api" not in p.parts
)
NUMBER = re.compile(r"(?<![\w.\\^{/])[+−-]?\d+\.\d+(?![\w.])")
PRINTED = re.compile(r"\d[\d,]*\.?\d*(?:[eE][+-]?\d+)?")
CODE = re.compile(r"```.*?```|`[^`\n]*`|<https?:[^>]*>|\]\([^)]*\)", re.DOTALL)


def strongest(system, *baths):
    return abs(float(Chain(system, left=baths[0], right=baths[1]).steady_state().correlation[0, 1]))


def near(law, corrected):
    """The coefficient of (T/T_F)² in the relative error of `law` between near equals."""
    return float((corrected(1.0, 0.01, 0.00999) / law(1.0, 0.01, 0.00999) - 1) / 1e-4)


def excess(r):
    """By how much the paper's eq. (13) is too large."""
    return fermi.noise_paper(1.0, 1.0, r) / fermi.noise_exact(1.0, 1.0, r) - 1


def computed():
    paper = blackbody.noise_printed(1.0, 1.0, 0.0) / blackbody.noise_exact(1.0, 1.0, 0.0) - 1
    r = np.linspace(0, 1, 2001)
    ratio = excess(r)
    restored = blackbody.noise_restored(1.0, 1.0, r) / blackbody.noise_exact(1.0, 1.0, r) - 1
    cold = [
        Chain(fermi.system(noise=n), left=1.0, right=1e-6).steady_state().covariance[0, 1] for n in ("paper", "exact")
    ]
    oscillators = np.roots([1, -7, -4]).max()  # where C₁₂ of pooled boxes changes sign
    return {
        "reference/concordance": [
            strongest(ideal_gas(), 1.0, 1e-9),
            strongest(exclusion(), 1.0, 0.0),
            strongest(fermi.system(), 1.0, 1e-6),
            strongest(blackbody.system(), 1.0, 1e-6),
            strongest(blackbody.system(noise="open"), 1.0, 1e-6),
            strongest(ideal_gas(), 400.0, 300.0),
            100 * ratio.max(),
            brentq(lambda x: float(excess(x)) - 0.015, 0.1, 0.99),
            100 * (cold[0] / cold[1] - 1),
            100 * paper,
            100 * np.abs(restored).max(),
            100 * (1 - 1 / (1 + ratio.max())),
            47 * np.pi**2 / 84,
            near(fermi.mean_current, fermi.mean_current_corrected),
            fermi.sign_change_ratio(),
            oscillators,
        ],
        "appendices/blackbody": [zeta(5)],
        "reference/notation": [zeta(5)],
        "paper/linear_a": [(1 / 2 - 1 / 42) / 4],
        "paper/fermi_gas": [
            (5 * np.pi**2 / 21 - 15 / 8) / 2,
            strongest(fermi.system(noise="paper"), 1.0, 0.01),
            5 * np.pi**2 / 108,
        ],
        "paper/bound": [float(bounds.ratio(Chain(ideal_gas(), left=1.0, right=0.005).steady_state()))],
    }


COMPUTED = cache(computed)
#: What the text takes from the paper or from a law, or asks the reader to reach.
GIVEN = {
    "reference/concordance": {"1.5": "the accuracy that the paper claims for its eq. (13)"},
    "reference/instructors": {"4.0": "of the licence, CC BY 4.0", "2.2": "of the guidelines, WCAG 2.2"},
    "intro": {"0.05": "the coefficient that an exercise asks for"},
}


def name_of(path):
    return path.relative_to(BOOK).with_suffix("").as_posix()


def read(path):
    """Return the texts of a page and the numbers that its cells contain or print."""
    if path.suffix == ".md":
        return [CODE.sub(" ", path.read_text(encoding="utf-8"))], []
    texts, numbers = [], []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source, labels = "".join(cell["source"]), cell["metadata"].get("mystnb", {})
        if "figure" in labels:
            texts += [labels["figure"]["caption"], labels["image"]["alt"]]
        if cell["cell_type"] == "markdown":
            texts.append(CODE.sub(" ", re.sub(r"```\{.*\n|```", "", source)))
            continue
        shown = [source]
        for output in cell["outputs"]:
            shown.append("".join(output.get("text") or output.get("data", {}).get("text/plain", "")))
        numbers += [float(x.replace(",", "")) for text in shown for x in PRINTED.findall(text)]
    return texts, numbers


def strangers(texts, numbers, given=()):
    """Return the numbers in `texts` that none of `numbers`, nor a hundredth or a hundred of it, rounds to."""
    found = []
    for text in texts:
        for number in NUMBER.findall(text):
            value, digits = abs(float(number.replace("−", "-"))), len(number.split(".")[1])
            near = (
                abs(round(abs(x) * unit, digits) - value) < 0.51 * 10**-digits
                for x in numbers
                for unit in (1, 100, 0.01)
            )
            if number.lstrip("+−-") not in given and not any(near):
                found.append(number)
    return found


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_numbers_in_the_text_are_computed(path):
    texts, numbers = read(path)
    known = [float(x) for x in COMPUTED().get(name_of(path), [])]
    assert strangers(texts, numbers + known, GIVEN.get(name_of(path), {})) == []


def test_a_number_that_nothing_computes_is_found():
    assert strangers(["about 0.137 of it, at −2.5"], [0.13712, 4.0]) == ["−2.5"]
    assert strangers(["3.7 %"], [0.0368]) == [] and strangers(["3.7 %"], [0.0362]) == ["3.7"]
