"""The rule that turns a measured effect and its interval into a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course_utils import CourseError
from course_utils.claims import cards

if TYPE_CHECKING:
    from course_utils.claims.ledger import Claim

SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE = "supported", "not supported", "inconclusive"
TOO_SMALL = "too small to judge"
"""What the smoke profile says in place of a verdict."""

HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"

WORDS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
WIDE = 20
"""Multiples whose interval's ends are further apart than this do not share their decimals."""


@dataclass(frozen=True)
class Estimate:
    """A measured effect with its 95 % interval.

    Attributes
    ----------
    effect : float
        The measured value, in the unit of the test that judges it.
    low, high : float
        Ends of the 95 % interval, same unit.
    n : int
        Number of folds, seeds, resamples or items behind it.

    Raises
    ------
    CourseError
        A value is not finite, or the interval is upside down.
    """

    effect: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (self.effect, self.low, self.high)):
            raise CourseError(
                f"an estimate needs finite numbers, got {self.effect} [{self.low}, {self.high}]: "
                "look for an empty fold or a division by zero in the measurement"
            )
        if self.low > self.high:
            raise CourseError(f"interval [{self.low}, {self.high}] is upside down: give the lower end first")

    def widened(self, n_rows: int, logarithmic: bool = False) -> tuple[float, float]:
        """The ends at the level 1 - 0.05 / n_rows in place of 0.95, by Student's t with n - 1 degrees.

        `logarithmic` stretches the logarithms of a positive ratio. For a bootstrap it is an approximation.
        """
        if n_rows == 1:
            return self.low, self.high
        from scipy import stats  # takes half a second, which a list of claims need not wait for

        wide, usual = stats.t.isf([0.025 / n_rows, 0.025], max(self.n - 1, 1))
        ends = np.array([self.low, self.effect, self.high])
        logarithmic = logarithmic and self.low > 0
        low, effect, high = np.log(ends) if logarithmic else ends
        ends = np.array([effect - (effect - low) * wide / usual, effect + (high - effect) * wide / usual])
        low, high = np.exp(ends) if logarithmic else ends
        return float(low), float(high)

    def text(self, unit: str = "") -> str:
        """``'+0.42 [-0.31, 1.15] points, n = 25'``"""
        sign = "+" if unit == "points" else ""
        places = _decimals(self)
        numbers = f"{self.effect:{sign}.{places}f} [{self.low:.{places}f}, {self.high:.{places}f}]"
        return f"{numbers.replace('-', '−')} {unit}".rstrip() + f", n = {self.n}"


def _decimals(estimate: Estimate) -> int:
    """Decimals that show a difference without pretending to more precision than there is."""
    largest = max(abs(estimate.effect), abs(estimate.low), abs(estimate.high))
    return 0 if largest >= 100 else 1 if largest >= 20 else 2


@dataclass(frozen=True)
class Test:
    """One quantity that a claim stands or falls with.

    Attributes
    ----------
    direction : str
        'above' (whole interval above the margin), 'below' (whole interval below it) or
        'within' (whole interval between minus and plus the margin).
    margin : float
        In the metric's unit.
    per : str
        When set, the test must hold for every one of these ('table', 'model').
    timed : bool
        The figure comes from a clock, so its digits differ from run to run.
    fails_at : float, optional
        What the whole interval must miss for the test to fail, where that is not the margin itself.
    interval : str
        What the interval is.
    control : bool
        It asks whether the experiment could have seen anything: without it, nothing is said of the claim.
    """

    __test__ = False  # pytest: this is not a test case

    id: str
    metric: str
    unit: str
    direction: str
    margin: float
    per: str = ""
    timed: bool = False
    fails_at: float | None = None
    interval: str = "95 % interval"
    control: bool = False

    def judge(self, estimate: Estimate, n_rows: int = 1) -> str:
        """'holds', 'fails' or 'undecided' for an estimate with its 95 % interval.

        'fails' takes the whole interval on the wrong side, at the level 1 - 0.05 / n_rows: one of many rows
        fails easily by chance (Bonferroni).
        """
        low, high = estimate.low, estimate.high
        low_end, high_end = estimate.widened(n_rows, logarithmic=self.unit == "×")
        fails_at = self.margin if self.fails_at is None else self.fails_at
        if self.direction == "above":
            return HOLDS if low > self.margin else FAILS if high_end < fails_at else UNDECIDED
        if self.direction == "below":
            return HOLDS if high < self.margin else FAILS if low_end > fails_at else UNDECIDED
        if -self.margin < low and high < self.margin:
            return HOLDS
        return FAILS if low_end > fails_at or high_end < -fails_at else UNDECIDED

    @property
    def rule(self) -> str:
        """What the interval must do, in words: ``'all of it above −1 points'``."""
        sign = "± " if self.direction == "within" else ""
        margin, fails_at = (f"{at:g}".replace("-", "−") for at in (self.margin, self.fails_at or 0))
        unit = "point" if self.unit == "points" and self.margin == 1 else self.unit
        needed = f"all of it {self.direction} {sign}{margin} {unit}".rstrip()
        if self.fails_at is None:
            return needed
        other = {"above": "below", "below": "above", "within": "outside"}[self.direction]
        return f"{needed}; it fails if all is {other} {sign}{fails_at} {unit}".rstrip()


@dataclass(frozen=True)
class Outcome:
    """One test's estimate in one group ('' when the test has no groups) and how it came out."""

    test: Test
    group: str
    estimate: Estimate
    word: str


@dataclass(frozen=True)
class Verdict:
    """What the measurements say about a claim; displays itself as a card in a notebook."""

    claim: Claim
    word: str
    outcomes: tuple[Outcome, ...]

    def __str__(self) -> str:
        return cards.verdict_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return cards.verdict_html(self)


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
