"""Where a class's verdicts differ, and what goes with it: a margin near by, other conditions, another ledger.

Distances are in half-widths: so far would an interval have to move for another word. A half-width of a 95 %
interval is about two standard errors.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course_utils.claims import ledger
from course_utils.claims.estimates import (
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Outcome,
    Test,
    Verdict,
)
from course_utils.report import folder
from course_utils.report.classroom import OTHER_LEDGER, Classroom, HandIn

CLOSE = 0.5
"""An interval that is nearer to another word than this, in half-widths, could easily have said it with
another seed."""

CHANCE, FAR_FETCHED = 0.05, 0.2
"""So often would a condition set the students apart by chance (Fisher's exact test): above the first it is
said that it may have, above the second nothing is said."""

WORDS = (SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE)


@dataclass(frozen=True)
class Row:
    """One test of a claim, in one group: the outcome of each student."""

    label: str
    test: Test
    outcomes: dict[str, Outcome]


@dataclass(frozen=True)
class Tally:
    """What a class's verdicts on one claim are.

    Attributes
    ----------
    claim, notebook
        What was judged, and where.
    verdicts : dict
        Each student's.
    nearest : float
        The shortest way of any student's intervals to another word, in half-widths.
    reasons : list of str
        Where verdicts differ: what goes with it, in sentences.
    rows : list of Row
        Where verdicts differ: the tests and groups whose outcomes do.
    """

    claim: ledger.Claim
    notebook: str
    verdicts: dict[str, Verdict]
    nearest: float
    reasons: list[str]
    rows: list[Row]

    @property
    def words(self) -> Counter[str]:
        """How many students came to each word."""
        return Counter(verdict.word for verdict in self.verdicts.values())

    @property
    def differ(self) -> bool:
        """Whether not all came to the same word."""
        return len(self.words) > 1


def tallies(room: Classroom) -> list[Tally]:
    """Every claim that somebody in the class has judged, in the course's order."""
    found = []
    for name, hand_ins in room.judged.items():
        ids = dict.fromkeys(verdict.claim.id for each in hand_ins.values() for verdict in each.verdicts)
        for claim in map(ledger.get, ids):
            verdicts = {s: v for s, each in hand_ins.items() for v in each.verdicts if v.claim == claim}
            found.append(_tally(room, claim, name, dict(sorted(verdicts.items(), key=_place(room)))))
    order = folder.in_order()
    return sorted(found, key=lambda tally: (order.index(tally.notebook), not tally.claim.headline))


def _place(room: Classroom):
    return lambda item: room.students.index(item[0])


def _tally(room: Classroom, claim: ledger.Claim, name: str, verdicts: dict[str, Verdict]) -> Tally:
    nearest = min(
        away(verdict, word) for verdict in verdicts.values() for word in WORDS if word != verdict.word
    )
    tally = Tally(claim, name, verdicts, nearest, [], [])
    if tally.differ:
        tally.rows.extend(_rows(verdicts))
        (most, _), *others = tally.words.most_common()
        for word, _ in others:
            tally.reasons.extend(_reasons(room.judged[name], verdicts, word, most))
    said = Counter(
        judged.verdict
        for each in room.hand_ins[OTHER_LEDGER].get(name, {}).values()
        for judged in each.record.verdicts
        if judged.claim == claim.id
    )
    if said and tally.differ | bool(set(said) - set(tally.words)):
        told = ", ".join(f"{n} × {word}" for word, n in said.items())
        tally.reasons.append(f"Another ledger: files that were left out say {told}.")
    return tally


def _rows(verdicts: Mapping[str, Verdict]) -> list[Row]:
    """The tests and groups whose outcomes are not the same for all."""
    rows: dict[tuple[str, str], Row] = {}
    for student, verdict in verdicts.items():
        for outcome in verdict.outcomes:
            label = f"{outcome.test.metric} ({outcome.group})" if outcome.group else outcome.test.metric
            rows.setdefault((outcome.test.id, outcome.group), Row(label, outcome.test, {})).outcomes[
                student
            ] = outcome
    return [row for row in rows.values() if len({outcome.word for outcome in row.outcomes.values()}) > 1]


def _reasons(
    hand_ins: Mapping[str, HandIn], verdicts: Mapping[str, Verdict], word: str, most: str
) -> list[str]:
    """What goes with one word where most have another, in sentences; the margin first."""
    those = [student for student, verdict in verdicts.items() if verdict.word == word]
    rest = [student for student, verdict in verdicts.items() if verdict.word == most]
    found = {
        student: {**folder.conditions(hand_ins[student].record), "n": _sizes(verdicts[student])}
        for student in (*those, *rest)
    }
    told = []
    for condition in found[those[0]]:
        values = [[found[student][condition] or "none" for student in of] for of in (those, rest)]
        if sentence := _of_condition(condition, *values):
            told.append(sentence)
    if not told:
        told.append("Conditions: neither profile, device, seed, lock, Python, system nor n sets them apart.")
    return [_of_margin([away(verdicts[student], most) for student in those], word, most, len(rest)), *told]


def _sizes(verdict: Verdict) -> str:
    """How many folds, seeds or items were behind a verdict: others where settings or data were changed."""
    return ", ".join(map(str, sorted({outcome.estimate.n for outcome in verdict.outcomes})))


def _of_margin(distances: Sequence[float], word: str, most: str, n_rest: int) -> str:
    """Whether the intervals that gave the rarer word lie near where the usual one begins."""
    n, close = len(distances), sum(distance < CLOSE for distance in distances)
    begin = f"{n} × {word} where {n_rest} {'has' if n_rest == 1 else 'have'} {most}."
    which, its = ("the interval", "its half-width") if n == 1 else ("the intervals", "their half-widths")
    if not math.isfinite(min(distances)):
        return f"{begin} Not close to the margin: wherever {which} lay, none would say {most}."
    way = f"{_span(distances)} times {its}"
    if close == n:
        return f"{begin} Close to the margin: moved by {way}, {which} would say {most}, too."
    if close:
        return (
            f"{begin} In part close to the margin: {close} of these {n} would say {most} if the interval "
            f"moved by less than {CLOSE:g} times its half-width; all would if they moved by {way}."
        )
    return f"{begin} Not close to the margin: {which} would have to move by {way} to say {most}."


def _span(distances: Sequence[float]) -> str:
    """``'0.1 to 0.4'``"""
    low, high = f"{min(distances):.2g}", f"{max(distances):.2g}"
    return low if low == high else f"{low} or more" if high == "inf" else f"{low} to {high}"


def _of_condition(condition: str, those: Sequence[str], rest: Sequence[str]) -> str:
    """Whether those with the rarer word have another device, seed … than the rest; ``""`` if not."""
    (usual, _), *_ = Counter(rest).most_common(1)
    n_those, n_rest = (sum(value != usual for value in of) for of in (those, rest))
    if n_those / len(those) - n_rest / len(rest) < 0.5:
        return ""
    from scipy import stats  # half a second that a class that agrees need not wait for

    table = [[n_those, len(those) - n_those], [n_rest, len(rest) - n_rest]]
    chance = stats.fisher_exact(table, alternative="greater").pvalue
    if chance > FAR_FETCHED:
        return ""
    others = ", ".join(dict.fromkeys(value for value in those if value != usual))
    who = f"{n_those} of these {len(those)} ({others}" if len(those) > 1 else f"this one ({others}"
    also = f"{n_rest or 'none'} of the {len(rest)} others"
    told = f"Another {condition}: {who}; most have {usual}), and {also}."
    return told + (" With so few, it may be chance." if chance > CHANCE else "")


def away(verdict: Verdict, word: str) -> float:
    """How far the intervals would have to move, in half-widths, for the verdict to be this word."""
    n = len(verdict.outcomes)

    def to(outcome: Outcome, wanted: str) -> float:
        return 0.0 if outcome.word == wanted else shift(outcome, wanted, n)

    controls = [outcome for outcome in verdict.outcomes if outcome.test.control]
    if word == SUPPORTED:
        return max(to(outcome, HOLDS) for outcome in verdict.outcomes)
    if word == NOT_SUPPORTED:
        fails = min((to(o, FAILS) for o in verdict.outcomes if not o.test.control), default=math.inf)
        return max(fails, *(to(outcome, HOLDS) for outcome in controls), 0.0)
    if verdict.word == SUPPORTED:
        return min(to(outcome, UNDECIDED) for outcome in verdict.outcomes)
    failing = max((to(o, UNDECIDED) for o in verdict.outcomes if o.word == FAILS), default=0.0)
    return min([failing, *(to(outcome, UNDECIDED) for outcome in controls)])


def shift(outcome: Outcome, wanted: str, n_rows: int) -> float:
    """How far one interval would have to move, in half-widths, for its test to come out in this way.

    On a scale of logarithms for a positive ratio, as its interval is widened.
    """
    test, estimate = outcome.test, outcome.estimate
    logarithmic = test.unit == "×" and min(estimate.low, test.margin) > 0
    scale = math.log if logarithmic else float
    low, high = scale(estimate.low), scale(estimate.high)
    low_end, high_end = map(scale, estimate.widened(n_rows, logarithmic))
    margin, fails_at = scale(test.margin), scale(test.margin if test.fails_at is None else test.fails_at)
    if test.direction == "below":  # as 'above', seen in a mirror
        low, high, low_end, high_end, margin, fails_at = -high, -low, -high_end, -low_end, -margin, -fails_at
    if test.direction == "within":
        into = max(-margin - low, high - margin) if high - low < 2 * margin else math.inf
        out = min(fails_at - low_end, high_end + fails_at)
    else:
        into, out = margin - low, high_end - fails_at
    ways = {HOLDS: into, FAILS: out, UNDECIDED: -into if outcome.word == HOLDS else -out}
    half = (high - low) / 2
    return max(ways[wanted], 0.0) / half if half > 0 else math.inf
