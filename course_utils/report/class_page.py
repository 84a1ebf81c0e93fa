"""The class view: one page, and a short summary, of what a class handed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from course_utils import files
from course_utils.claims.cards import SYMBOLS
from course_utils.claims.estimates import effect
from course_utils.exercises import CORRECT, NOT_ATTEMPTED, NOT_YET
from course_utils.report import class_tables, folder, page
from course_utils.report.class_drawings import Histogram, bar_svg, histogram_svg, strip_svg
from course_utils.report.class_tables import NO_TYPICAL, NOT_KEPT, Prediction, Standing
from course_utils.report.classroom import DAMAGED, JUDGED, MISSING, OTHER_LEDGER, SMOKE, Classroom, counted
from course_utils.report.differences import WORDS, Row, Tally, tallies
from course_utils.report.drawings import Axis

STATES = (JUDGED, SMOKE, OTHER_LEDGER, DAMAGED, MISSING)
KINDS = dict(zip((*WORDS, CORRECT, NOT_YET, NOT_ATTEMPTED), ("first", "second", "third") * 2, strict=True))
"""The shades of a bar's parts."""


class View:
    """All that the page and the summary tell of a class.

    Attributes
    ----------
    room : Classroom
        What was handed in.
    tallies : list of Tally
        Verdicts, claim by claim.
    predictions, exercises : dict
        By notebook.
    """

    def __init__(self, room: Classroom) -> None:
        self.room = room
        self.tallies = tallies(room)
        self.predictions = {name: class_tables.predictions(room, name) for name in room.names}
        self.exercises = {name: class_tables.exercises(room, name) for name in room.names}

    @property
    def differing(self) -> list[Tally]:
        """The claims on which the class's verdicts differ."""
        return [tally for tally in self.tallies if tally.differ]

    def to_talk_about(self) -> list[str]:
        """What is worth a word in the next class: verdicts that differ, an exercise, a prediction."""
        said = []
        if self.tallies:
            ids = ", ".join(tally.claim.id for tally in self.differing)
            told = (
                f"differ on {len(self.differing)} of {len(self.tallies)} claims"
                if ids
                else "agree on every claim"
            )
            said.append(f"Verdicts {told}{f': {ids}' if ids else ''}.")
        standings = [each for of in self.exercises.values() for each in of if each.statuses[NOT_YET]]
        if standings:
            said.append(_worst(max(standings, key=lambda each: each.statuses[NOT_YET])))
        asked = [(name, each) for name, of in self.predictions.items() for each in of if each.surprise]
        if asked:
            name, most = max(asked, key=lambda pair: pair[1].surprise)
            said.append(f"The greatest surprise: “{most.question}” in {name}. {fared(most)}")
        return said

    def handed_in(self) -> list[tuple[str, list[int], list[str]]]:
        """Of each notebook how many are judged, smoke …, and who did not hand it in."""
        return [
            (name, [len(self.room.of(state, name)) for state in STATES], self.room.of(MISSING, name))
            for name in self.room.names
        ]

    def conditions(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """Each condition's values, with the number of judged results that have it."""
        records = [each.record for of in self.room.judged.values() for each in of.values()]
        counted: dict[str, Counter[str]] = {}
        for record in records:
            for condition, value in folder.conditions(record).items():
                counted.setdefault(condition, Counter())[value or "none"] += 1
        return [(condition, _frequent(values)) for condition, values in counted.items()]

    def students(self) -> list[tuple[str, int, int, int, str]]:
        """Each student: notebooks judged, exercises right, exercises there were, what is missing."""
        rows = []
        for student in self.room.students:
            states = {name: self.room.states[name][student] for name in self.room.names}
            given = [
                of[name][student] for of in self.room.hand_ins.values() for name in of if student in of[name]
            ]
            statuses = Counter(status for each in given for status in each.record.exercises.values())
            lacking = [
                f"{name} ({state})" if state != MISSING else name
                for name, state in states.items()
                if state != JUDGED
            ]
            n_judged = sum(state == JUDGED for state in states.values())
            rows.append((student, n_judged, statuses[CORRECT], statuses.total(), ", ".join(lacking)))
        return rows


def _frequent(values: Counter[str]) -> list[tuple[str, int]]:
    """The values from the most frequent on; of more than six, the sixth and all behind it together."""
    n = 6 if len(values) == 6 else 5
    first, rest = values.most_common(n), values.most_common()[n:]
    return [*first, (f"{len(rest)} more", sum(n for _, n in rest))] if rest else first


def _worst(standing: Standing) -> str:
    """An exercise that many have not right yet, and what most of them answered."""
    n, total = standing.statuses[NOT_YET], standing.statuses.total()
    told = f"The exercise that most have not right yet: {standing.id} {standing.title}".rstrip()
    typical = [(hint, who) for hint, who in standing.mistakes.items() if hint not in (NO_TYPICAL, NOT_KEPT)]
    often = f" Most often ({len(typical[0][1])}): “{typical[0][0]}”" if typical else ""
    return f"{told} ({n} of {total}).{often}"


def fared(prediction: Prediction) -> str:
    """How a class's guesses fared, in a sentence: ``'11 of 28 were right: …'``."""
    n = prediction.fared.total()
    ways = {"✔ in the interval": "in their own interval", "↓ too low": "too low", "↑ too high": "too high"}
    ways |= {"✔ right": "right", "✘ wrong": "wrong"}
    told = [f"{prediction.fared[word]} {way}" for word, way in ways.items() if prediction.fared[word]]
    parts = [f"Of {n} {'guess' if n == 1 else 'guesses'} {', '.join(told)}."] if n else ["Nobody guessed."]
    if prediction.kept:
        parts.append(f"{prediction.kept} left the notebook's own guess ({prediction.own}).")
    if prediction.silent and n:
        parts.append(f"{prediction.silent} gave none.")
    return " ".join(parts)


def printed(view: View) -> str:
    """The summary that the command prints."""
    rows = [
        (
            tally.claim.id,
            len(tally.verdicts),
            *(tally.words[word] for word in WORDS),
            "≠ differ" if tally.differ else "",
        )
        for tally in view.tallies
    ]
    headers = ("claim", "students", *(f"{SYMBOLS[word]} {word}" for word in WORDS), "")
    parts = [f"{counted(len(view.room.students), 'student')}, {counted(len(view.room.names), 'notebook')}"]
    if rows:
        parts.append(tabulate(rows, headers=headers))
    parts += [f"{tally.claim.id}: {' '.join(tally.reasons)}" for tally in view.tallies if tally.reasons]
    parts.append("\n".join(view.to_talk_about()))
    missing = [f"{name} {counts[-1]}" for name, counts, _ in view.handed_in() if counts[-1]]
    parts.append(f"Not handed in: {', '.join(missing)}." if missing else "")
    return "\n\n".join(part for part in [*parts, *view.room.notices] if part)


def write(view: View, path: Path) -> Path:
    """Write the class view as one HTML file, all of it or nothing.

    Raises
    ------
    CourseError
        The file cannot be written.
    """
    files.write_text(path, html(view))
    return path


def html(view: View) -> str:
    """The page."""
    data: dict[str, Any] = {
        "view": view,
        "room": view.room,
        "n_students": len(view.room.students),
        "asked_in": [name for name, of in view.predictions.items() if of],
        "standing_in": [name for name, of in view.exercises.items() if of],
        "words": WORDS,
        "statuses": class_tables.STATUSES,
        "states": STATES,
        "word_bar": lambda counts: _bar(counts, WORDS),
        "status_bar": lambda counts: _bar(counts, class_tables.STATUSES),
        "part_bar": lambda count, total: bar_svg([("first", count)], total),
        "strip": _strip,
        "Histogram": Histogram,
        "histogram": histogram_svg,
        "fared": fared,
        "guessed": _guessed,
        "rows_of": _rows_of,
        "kinds": KINDS,
    }
    return page.render("class.html.jinja", data)


def _bar(counts: Counter[str], order: Sequence[str]):
    return bar_svg([(KINDS[word], counts[word]) for word in order], counts.total())


def _strip(row: Row):
    return strip_svg(row.outcomes, Axis(row.outcomes.values()), row.label)


def _guessed(prediction: Prediction) -> list[tuple[str, int, int]]:
    """Each word: how many guessed it, and for how many it came out."""
    guessed, found = Counter(prediction.guesses.values()), Counter(prediction.answers)
    words = [*WORDS, *([class_tables.OTHER_WORDS] if class_tables.OTHER_WORDS in guessed else [])]
    return [(word, guessed[word], found[word]) for word in words]


def _rows_of(tally: Tally, room: Classroom) -> dict[str, Any]:
    """Each student's verdict, outcomes in the tests that differ, and conditions that differ."""
    records = {student: room.judged[tally.notebook][student].record for student in tally.verdicts}
    differing = list(folder.differing(records))
    rows = [
        (
            student,
            verdict.word,
            [
                f"{SYMBOLS[row.outcomes[student].word]} {effect(row.outcomes[student])}"
                if student in row.outcomes
                else ""
                for row in tally.rows
            ],
            [folder.conditions(records[student])[condition] or "none" for condition in differing],
        )
        for student, verdict in tally.verdicts.items()
    ]
    return {"rows": rows, "conditions": differing}
