"""What Python computes for the page: quantities of a system between any two baths, right to nine digits of the largest value.

The page adds up the terms and knows no physics (`quantities` in ``common.js``).
"""

import numpy as np
from numpy.polynomial import chebyshev

# Black bodies need the most: the singularity of (2 + r⁴)^¼ lies nearest to the real axis.
_DEGREE = 40


def polynomial(quantities, low, high):
    """Return quantities that are of second degree in each bath as c, with quantity k = Σ c[k][i][j] leftⁱ rightʲ.

    `quantities(left, right)` takes arrays and returns shape (pairs, count).
    """
    nodes = np.linspace(low, high, 3)
    left, right = (grid.ravel() for grid in np.meshgrid(nodes, nodes, indexing="ij"))
    monomials = np.polynomial.polynomial.polyvander2d(left, right, [2, 2])
    coefficients = np.linalg.solve(monomials, quantities(left, right)).T
    return {"polynomial": (np.round(coefficients, 12) + 0.0).reshape(-1, 3, 3).tolist()}


def by_ratio(quantities, lowest, powers=(0,) * 8, mirror=range(8)):
    """Return quantities as Chebyshev series in ln(colder/hotter bath), from ln(lowest) to 0, for a hotter bath at 1.

    `quantities(left, right)` takes left = 1 and an array, and returns shape (ratios, count). Quantity k scales with the hotter bath
    to the power `powers[k]`; for a colder left bath it is quantity `mirror[k]` of the mirrored chain.
    """
    series = _series(lambda ratio: quantities(1.0, ratio), lowest, _DEGREE)
    return {"series": series, "lowest": lowest, "powers": list(powers), "mirror": list(mirror)}


def by_decades(quantities, lowest, steep):
    """Return quantities over many powers of ten of a number, from `lowest` to 1, as Chebyshev series in its logarithm.

    `quantities(number)` takes an array and returns shape (numbers, count). Quantity k vanishes as the number to the power `steep[k]`,
    and what is left is right to nine digits of its own largest value.
    """
    series = _series(lambda number: quantities(number) / number[:, None] ** np.array(steep), lowest, 60)
    return {"series": series, "lowest": lowest, "steep": list(steep)}


def _series(quantities, lowest, degree):
    series = chebyshev.chebinterpolate(lambda x: quantities(lowest ** ((1 - x) / 2)), degree).T
    short = []
    for terms in series:
        decimals = 11 - int(np.ceil(np.log10(np.abs(terms).max())))
        short.append(np.trim_zeros(np.round(terms, decimals) + 0.0, "b").tolist())
    return short
