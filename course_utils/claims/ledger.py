"""The ledger of claims.

What counts as evidence is fixed in ``claims.toml`` before an experiment runs. Code that judges
receives only what was measured: metric, direction and margin come from the ledger alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_utils import CourseError
from course_utils.claims import cards
from course_utils.claims.estimates import (
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    NOT_SUPPORTED,
    SUPPORTED,
    TOO_SMALL,
    Estimate,
    Outcome,
    Test,
    Verdict,
)

LEDGER_PATH = Path(__file__).with_name("claims.toml")

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
    notebook: str = ""

    @property
    def cited(self) -> str:
        """``'A: Comparing Speed and Efficiency'``, or that neither document makes it."""
        where = "; ".join(f"{document}: {section}" for document, section in self.sources)
        return where or "neither article; the course's own question"

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
            'supported' when every test holds in every group, 'not supported' when one fails and all
            controls hold, 'inconclusive' otherwise. With more rows one is likelier to fail by chance, so
            each must fail in an interval that is wider by Bonferroni's correction; that all hold needs none.

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
        rows = [(test, *row) for test in self.tests for row in _groups(self, test, measured[test.id])]
        outcomes = tuple(
            Outcome(test, group, estimate, test.judge(estimate, n_rows=len(rows)))
            for test, group, estimate in rows
        )
        words = {outcome.word for outcome in outcomes}
        blind = any(outcome.test.control and outcome.word != HOLDS for outcome in outcomes)
        word = NOT_SUPPORTED if FAILS in words else SUPPORTED if words == {HOLDS} else INCONCLUSIVE
        word = INCONCLUSIVE if blind else word
        return Verdict(self, TOO_SMALL if profile == "smoke" else word, outcomes)

    def __str__(self) -> str:
        return cards.claim_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return cards.claim_html(self)


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


def documents(path: Path = LEDGER_PATH) -> dict[str, dict[str, str]]:
    """Title, publisher and date of each document that claims are from, by its letter."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["documents"]


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
