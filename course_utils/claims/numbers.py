"""Numbers as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from course_utils.claims.estimates import Outcome

WORDS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
WIDE = 20
"""Multiples whose interval's ends are further apart than this do not share their decimals."""


def number(value: float, digits: int | None = None) -> str:
    """A number in a few digits: ``'0.00214'``, ``'1,174'``, ``'2.94 trillion'``, ``'1.50 × 10⁻⁷'``.

    Rounded to so many digits; without, whole numbers below a million keep all of theirs, others have three.
    """
    if digits is None and abs(value) < 1e6 and float(value).is_integer():
        return f"{value:,.0f}"
    digits = digits or 3
    rounded = float(f"{value:.{digits - 1}e}")
    if abs(rounded) >= 1e15 or 0 < abs(rounded) < 1e-4:
        mantissa, exponent = f"{rounded:.{digits - 1}e}".split("e")
        return f"{mantissa} × {power(int(exponent))}"
    scale, word = next((each for each in WORDS if abs(rounded) >= each[0]), (1, ""))
    rounded /= scale
    before = math.floor(math.log10(abs(rounded))) + 1 if rounded else 1
    return f"{rounded:,.{max(digits - before, 0)}f} {word}".rstrip()


def power(exponent: int) -> str:
    """A power of ten: ``'10⁻⁷'``."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def span(values: Sequence[float], unit: str) -> str:
    """The smallest and the largest of these, in two digits: ``'0.030 to 6.5 s'``."""
    low, high = number(min(values), 2), number(max(values), 2)
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def effect(outcome: Outcome) -> str:
    """An outcome's estimate as text: ``'+0.42 [−0.31, 1.15] points, n = 25'``.

    A multiple whose interval spans orders of magnitude gets two digits at each end: with the same decimals
    everywhere, its lower end would be told as 0.
    """
    estimate, unit = outcome.estimate, outcome.test.unit
    if unit == "×" and estimate.low > 0 and estimate.high / estimate.low > WIDE:
        value, low, high = (number(v, 2) for v in (estimate.effect, estimate.low, estimate.high))
        return f"{value} [{low}, {high}] ×, n = {estimate.n}"
    return estimate.text(unit)
