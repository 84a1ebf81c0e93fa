"""The ledger of claims, and the rule that turns a measurement into a verdict.

What counts as evidence is fixed in ``claims.toml`` before an experiment runs. Code that judges
receives only what was measured: metric, direction and margin come from the ledger alone.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from course_utils import CourseError

LEDGER_PATH = Path(__file__).with_name("claims.toml")

SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE = "supported", "not supported", "inconclusive"
TOO_SMALL = "too small to judge"
"""What the smoke profile says in place of a verdict."""

HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"

SYMBOLS = {SUPPORTED: "✔", NOT_SUPPORTED: "✘", INCONCLUSIVE: "?", TOO_SMALL: "…"}
SYMBOLS |= {HOLDS: "✔", FAILS: "✘", UNDECIDED: "?"}


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
    """

    __test__ = False  # pytest: this is not a test case

    id: str
    metric: str
    unit: str
    direction: str
    margin: float
    per: str = ""
    timed: bool = False

    def judge(self, effect: float, interval: tuple[float, float]) -> str:
        """'holds', 'fails' or 'undecided' from a measured effect and its 95 % interval.

        'fails' takes as much evidence as 'holds': the whole interval on the wrong side.
        """
        low, high = interval
        Estimate(effect, low, high, n=1)  # refuses what is not a number
        if self.direction == "above":
            return HOLDS if low > self.margin else FAILS if high < self.margin else UNDECIDED
        if self.direction == "below":
            return HOLDS if high < self.margin else FAILS if low > self.margin else UNDECIDED
        if -self.margin < low and high < self.margin:
            return HOLDS
        return FAILS if low > self.margin or high < -self.margin else UNDECIDED

    @property
    def rule(self) -> str:
        """What the interval must do, in words: ``'all of it above −1 points'``."""
        sign = "± " if self.direction == "within" else ""
        margin = f"{self.margin:g}".replace("-", "−")
        return f"all of it {self.direction} {sign}{margin} {self.unit}".rstrip()


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
        lines = [f"{SYMBOLS[self.word]} {self.claim.id}: {self.word}"]
        for outcome in self.outcomes:
            lines.append(f"  {SYMBOLS[outcome.word]} {_outcome_text(outcome)}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr>{_td(f'{SYMBOLS[o.word]} {o.word}', wrap=False)}"
            f"{_td(o.test.metric + (f' ({o.group})' if o.group else ''))}"
            f"{_td(o.estimate.text(o.test.unit), wrap=False)}{_td(o.test.rule)}</tr>"
            for o in self.outcomes
        )
        return (
            "<div style='border-left:6px solid currentColor;padding:.5em 1em;margin:.5em 0'>"
            f"<p style='font-size:1.3em;margin:.2em 0'><b>{SYMBOLS[self.word]} "
            f"{self.word.capitalize()}</b></p><p>{escape(self.claim.text)}</p>"
            f"<table><thead><tr>{_th('test', 'quantity', 'measured [95 % interval]', 'needed')}</tr></thead>"
            f"<tbody>{rows}</tbody></table>{LEGEND}</div>"
        )


LEGEND = (
    "<p style='font-size:.9em'>A test <b>holds</b> when the whole interval is on the needed side, "
    "<b>fails</b> when all of it is on the other side, and is <b>undecided</b> when the margin lies inside. "
    "The claim is supported when all hold, not supported when one fails, otherwise inconclusive.</p>"
)


def _td(text: str, wrap: bool = True) -> str:
    nowrap = "" if wrap else ";white-space:nowrap"
    return f"<td style='text-align:left{nowrap}'>{escape(text)}</td>"


def _th(*titles: str) -> str:
    return "".join(f"<th style='text-align:left'>{escape(title)}</th>" for title in titles)


def _outcome_text(outcome: Outcome) -> str:
    group = f" ({outcome.group})" if outcome.group else ""
    return (
        f"{outcome.test.metric}{group}: {outcome.estimate.text(outcome.test.unit)}"
        f" · needed: {outcome.test.rule} · {outcome.word}"
    )


Measured = Mapping[str, Estimate | Mapping[str, Estimate]]


@dataclass(frozen=True)
class Claim:
    """One claim of the two documents, in the course's own words, with its fixed test."""

    id: str
    lesson: int
    headline: bool
    status: str
    text: str
    sources: tuple[tuple[str, str], ...]
    how: str
    tests: tuple[Test, ...] = ()
    needs: str = ""

    @property
    def cited(self) -> str:
        """``'A: Comparing Speed and Efficiency'``"""
        return "; ".join(f"{document}: {section}" for document, section in self.sources)

    def test(self, test_id: str) -> Test:
        """The test with this id.

        Raises
        ------
        CourseError
            The claim has none; the message lists those it has.
        """
        tests = {test.id: test for test in self.tests}
        if test_id not in tests:
            raise CourseError(f"claim '{self.id}' has no test '{test_id}': it has {', '.join(tests)}")
        return tests[test_id]

    def judge(self, measured: Measured, profile: str = "laptop") -> Verdict:
        """Hold the measurements against the ledger.

        Parameters
        ----------
        measured : mapping
            An estimate for each test of the claim, by the test's id; for a test with groups, a
            mapping from the group's name to its estimate.
        profile : str
            In the 'smoke' profile the word is 'too small to judge' whatever came out.

        Returns
        -------
        Verdict
            'supported' when every test holds in every group, 'not supported' when one fails,
            'inconclusive' otherwise.

        Raises
        ------
        CourseError
            The claim has no test, or the measured tests are not exactly the ledger's.
        """
        if not self.tests:
            raise CourseError(
                f"claim '{self.id}' has no test in the ledger (status: {self.status}): "
                f"write one into {LEDGER_PATH.name} before you run its experiment"
            )
        expected, came = {test.id for test in self.tests}, set(measured)
        if expected != came:
            raise CourseError(
                f"claim '{self.id}' is judged by {sorted(expected)}, got {sorted(came)}: "
                "measure exactly what the ledger fixes"
            )
        outcomes = tuple(
            Outcome(test, group, estimate, test.judge(estimate.effect, (estimate.low, estimate.high)))
            for test in self.tests
            for group, estimate in _groups(self, test, measured[test.id])
        )
        words = {outcome.word for outcome in outcomes}
        word = NOT_SUPPORTED if FAILS in words else SUPPORTED if words == {HOLDS} else INCONCLUSIVE
        return Verdict(self, TOO_SMALL if profile == "smoke" else word, outcomes)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr>{_td(test.metric + (f', for each {test.per}' if test.per else ''))}"
            f"{_td(f'95 % interval: {test.rule}')}</tr>"
            for test in self.tests
        )
        return (
            f"<p><b>{escape(self.text)}</b><br>Source: {escape(self.cited)}</p><table><thead><tr>"
            f"{_th('what is measured', 'what the claim needs')}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def __str__(self) -> str:
        lines = [f"{self.id}: {self.text}", f"  source: {self.cited}"]
        for test in self.tests:
            per = f", for each {test.per}" if test.per else ""
            lines.append(f"  needed: {test.metric}{per}: 95 % interval {test.rule}")
        return "\n".join(lines)

    __repr__ = __str__


def _groups(claim: Claim, test: Test, measured: Estimate | Mapping[str, Estimate]):
    """(group, estimate) pairs; a test without groups has the one group ''."""
    groups = measured if test.per else {"": measured}
    if (
        not isinstance(groups, Mapping)
        or not groups
        or not all(isinstance(e, Estimate) for e in groups.values())
    ):
        expected = f"a mapping from {test.per} to Estimate" if test.per else "one Estimate"
        raise CourseError(f"test '{test.id}' of claim '{claim.id}' expects {expected}, got {measured!r}")
    return list(groups.items())


@cache
def load_ledger(path: Path = LEDGER_PATH) -> dict[str, Claim]:
    """Every claim by its id, in the ledger's order.

    Raises
    ------
    CourseError
        The file is no TOML, an id stands twice, or a field has an unknown value.
    """
    try:
        ledger = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # no UTF-8, no TOML
        raise CourseError(f"cannot read the ledger {path.name}: {error}") from error
    claims: dict[str, Claim] = {}
    for entry in ledger.get("claims", []):
        claim = _claim(entry, ledger.get("documents", {}))
        if claim.id in claims:
            raise CourseError(f"claim '{claim.id}' stands twice in {path.name}: keep one")
        claims[claim.id] = claim
    return claims


def _claim(entry: dict, documents: dict) -> Claim:
    """One ledger entry, checked."""
    name = entry.get("id", "?")
    try:
        tests = tuple(Test(**test) for test in entry.get("tests", []))
        sources = tuple((source["document"], source["section"]) for source in entry["sources"])
        claim = Claim(**{**entry, "tests": tests, "sources": sources})
    except (TypeError, KeyError) as error:
        raise CourseError(f"claim '{name}' in the ledger has a wrong or missing field: {error}") from error
    _one_of(name, "status", claim.status, ("tested", "planned", "untestable"))
    for document, _ in sources:
        _one_of(name, "document", document, tuple(documents))
    for test in tests:
        _one_of(name, "direction", test.direction, ("above", "below", "within"))
    if claim.status == "tested" and not tests:
        raise CourseError(f"claim '{name}' is marked tested but has no test: write down its margin")
    return claim


def _one_of(claim_id: str, field: str, value: str, valid: tuple[str, ...]) -> None:
    if value not in valid:
        raise CourseError(f"claim '{claim_id}': {field} is '{value}', expected one of {', '.join(valid)}")


def get(claim_id: str) -> Claim:
    """The claim with this id.

    Raises
    ------
    CourseError
        There is none; the message lists the ids.
    """
    ledger = load_ledger()
    if claim_id not in ledger:
        raise CourseError(f"unknown claim '{claim_id}': the ledger has {', '.join(ledger)}")
    return ledger[claim_id]
