"""How claims and verdicts show themselves: as plain text, and as a card in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Protocol


class Test(Protocol):
    """What is shown of a test."""

    metric: str
    unit: str
    per: str
    rule: str
    interval: str


class Claim(Protocol):
    """What is shown of a claim."""

    id: str
    text: str
    cited: str
    tests: Sequence[Test]


class Outcome(Protocol):
    """What is shown of a test's outcome; its estimate shows itself as `text`."""

    test: Test
    group: str
    estimate: Any
    word: str


class Verdict(Protocol):
    """What is shown of a verdict."""

    claim: Claim
    word: str
    outcomes: Sequence[Outcome]


SYMBOLS = {
    **{"supported": "✔", "not supported": "✘", "inconclusive": "?", "too small to judge": "…"},
    **{"holds": "✔", "fails": "✘", "undecided": "?"},
}
"""A sign for each word, so that no verdict is told by its colour alone."""

LEGEND = (
    "<p style='font-size:.9em'>A test <b>holds</b> when the whole interval is on the needed side, "
    "<b>fails</b> when all of it is on the other side, and is <b>undecided</b> otherwise. "
    "(Of several rows, one fails only if a wider interval does, too: one of many may miss by chance.) "
    "The claim is supported when all hold, not supported when one fails, otherwise inconclusive.</p>"
)


CONTROLS = "<p style='font-size:.9em'>Where a control does not hold, the claim is inconclusive.</p>"


def verdict_text(verdict: Verdict) -> str:
    """The verdict on the first line, then one line an outcome."""
    lines = [f"{SYMBOLS[verdict.word]} {verdict.claim.id}: {verdict.word}"]
    for outcome in verdict.outcomes:
        measured = f"{_quantity(outcome)}: {outcome.estimate.text(outcome.test.unit)}"
        needed = f"needed: {outcome.test.rule} · {outcome.word}"
        lines.append(f"  {SYMBOLS[outcome.word]} {measured} · {needed}")
    return "\n".join(lines)


def verdict_html(verdict: Verdict) -> str:
    """The verdict as a card with a table of its outcomes."""
    rows = "".join(
        f"<tr>{_td(f'{SYMBOLS[o.word]} {o.word}', wrap=False)}{_td(_quantity(o))}"
        f"{_td(o.estimate.text(o.test.unit), wrap=False)}{_td(o.test.rule)}</tr>"
        for o in verdict.outcomes
    )
    intervals = " or ".join(dict.fromkeys(outcome.test.interval for outcome in verdict.outcomes))
    controls = CONTROLS if any(outcome.test.control for outcome in verdict.outcomes) else ""
    head = _th("test", "quantity", f"measured [{intervals}]", "needed")
    return (
        "<div style='border-left:6px solid currentColor;padding:.5em 1em;margin:.5em 0'>"
        f"<p style='font-size:1.3em;margin:.2em 0'><b>{SYMBOLS[verdict.word]} "
        f"{verdict.word.capitalize()}</b></p><p>{escape(verdict.claim.text)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{LEGEND}{controls}</div>"
    )


def claim_text(claim: Claim) -> str:
    """The claim, its source and what it needs."""
    lines = [f"{claim.id}: {claim.text}", f"  source: {claim.cited}"]
    lines += [f"  needed: {_for_each(test)}: {test.interval} {test.rule}" for test in claim.tests]
    return "\n".join(lines)


def claim_html(claim: Claim) -> str:
    """The claim with a table of what it needs."""
    rows = "".join(
        f"<tr>{_td(_for_each(test))}{_td(f'{test.interval}: {test.rule}')}</tr>" for test in claim.tests
    )
    return (
        f"<p><b>{escape(claim.text)}</b><br>Source: {escape(claim.cited)}</p><table><thead><tr>"
        f"{_th('what is measured', 'what the claim needs')}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _quantity(outcome: Outcome) -> str:
    return outcome.test.metric + (f" ({outcome.group})" if outcome.group else "")


def _for_each(test: Test) -> str:
    return test.metric + (f", for each {test.per}" if test.per else "")


def _td(text: str, wrap: bool = True) -> str:
    nowrap = "" if wrap else ";white-space:nowrap"
    return f"<td style='text-align:left{nowrap}'>{escape(text)}</td>"


def _th(*titles: str) -> str:
    return "".join(f"<th style='text-align:left'>{escape(title)}</th>" for title in titles)
