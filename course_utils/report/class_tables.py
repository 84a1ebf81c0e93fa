"""What a class predicted and how its exercises stand, counted over the students."""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from course_utils import resource
from course_utils.claims.estimates import INCONCLUSIVE, NOT_SUPPORTED, SUPPORTED, TOO_SMALL, Estimate
from course_utils.exercises import CORRECT, NOT_ATTEMPTED, NOT_YET
from course_utils.report import results
from course_utils.report.classroom import SMOKE, Classroom
from course_utils.report.record import Answer, Record
from course_utils.run import notebooks

STATUSES = (CORRECT, NOT_YET, NOT_ATTEMPTED)

OTHER_WORDS = "another word"
"""What a guess in words of the student's own is counted as; the words themselves are shown to nobody."""

FEW = 3
"""Fewer guesses than this are no surprise of a class."""

NO_TYPICAL, NOT_KEPT = "none of the typical mistakes", "not recorded (a file of the older format 3)"


@dataclass(frozen=True)
class Prediction:
    """What a class predicted for one question.

    Attributes
    ----------
    question : str
        As the notebook asks it.
    guesses : dict
        Each student's guess, where it is a number (for a question that is answered by one) or a word.
    silent : int
        How many gave no such guess.
    answers : list of Estimate or str
        What was measured, by each student.
    ways : dict of str
        How each student's guess fared beside what that student measured: '✔ in the interval', '✘ wrong' …
    own : float, str or None
        The guess that the notebook itself has.
    """

    question: str
    guesses: dict[str, float | str]
    silent: int
    answers: list[Answer]
    ways: dict[str, str]
    own: float | str | None

    @property
    def of_numbers(self) -> bool:
        """Whether a number is asked for."""
        return any(isinstance(answer, Estimate) for answer in self.answers)

    @property
    def fared(self) -> Counter[str]:
        """How many guesses fared in which way."""
        return Counter(self.ways.values())

    @property
    def surprise(self) -> float:
        """The share of the students' own guesses that were wrong in the way in which most were wrong."""
        own = [way for student, way in self.ways.items() if self.guesses[student] != self.own]
        wrong = Counter(way for way in own if not way.startswith("✔"))
        return max(wrong.values(), default=0) / max(len(own), FEW)

    @property
    def kept(self) -> int:
        """How many are the notebook's own guess."""
        return sum(guess == self.own for guess in self.guesses.values())


def predictions(room: Classroom, name: str) -> list[Prediction]:
    """What the class predicted in one notebook, and what it measured."""
    records = {student: hand_in.record for student, hand_in in room.judged.get(name, {}).items()}
    own = own_guesses(name)
    questions = dict.fromkeys(
        q for record in records.values() for q in [*record.answers, *record.predictions]
    )
    asked = [
        q for q in questions if any(r.answers.get(q, "") not in ("", TOO_SMALL) for r in records.values())
    ]
    return [_prediction(question, records, own.get(question)) for question in asked]


def _prediction(question: str, records: Mapping[str, Record], own: Any) -> Prediction:
    answers = [answer for record in records.values() if (answer := record.answers.get(question))]
    number = isinstance(answers[0], Estimate)
    guesses: dict[str, float | str] = {}
    ways: dict[str, str] = {}
    for student, record in records.items():
        guess = record.predictions.get(question, results.NO_GUESS)
        if guess in (None, results.NO_GUESS):
            continue
        if number and (isinstance(guess, bool) or not isinstance(guess, (int, float))):
            continue
        guesses[student] = guess if number else _word(guess)
        if way := results.fared(guess, record.answers.get(question, ""))[2]:
            ways[student] = way
    return Prediction(question, guesses, len(records) - len(guesses), answers, ways, own)


def _word(guess: Any) -> str:
    word = str(guess).strip().casefold()
    return word if word in (SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE) else OTHER_WORDS


def own_guesses(name: str) -> dict[str, Any]:
    """The guesses that a notebook itself has, by question; none for a question that it leaves open."""
    path = resource("notebooks", "labs" if notebooks()[name].lab else ".", f"{name}.ipynb")
    if not path.exists():
        return {}
    found: dict[str, Any] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and "predicted" in source:
            with contextlib.suppress(SyntaxError, ValueError):  # the reader's own notebook may hold anything
                for given in _dicts(source):
                    found |= given
    return {question: guess for question, guess in found.items() if guess is not ...}


def _dicts(source: str) -> Iterator[dict[str, Any]]:
    """The dicts of plain values that code assigns to `predicted`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Assign, ast.AugAssign)) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if [ast.unparse(target) for target in targets] == ["predicted"]:
                yield ast.literal_eval(node.value)


@dataclass(frozen=True)
class Standing:
    """How one exercise stands in a class.

    Attributes
    ----------
    id, title : str
        The exercise's; no title for one that the course has no more.
    statuses : Counter
        How many are 'correct', 'not yet', 'not attempted'.
    mistakes : dict of list of str
        Who of the 'not yet' met which hint, most frequent first.
    """

    id: str
    title: str
    statuses: Counter[str]
    mistakes: dict[str, list[str]]


def exercises(room: Classroom, name: str) -> list[Standing]:
    """How the exercises of one notebook stand; those of smoke runs count, too."""
    hand_ins = {**room.hand_ins[SMOKE].get(name, {}), **room.judged.get(name, {})}
    records = {student: hand_ins[student].record for student in room.students if student in hand_ins}
    titles = titles_of(name) if records else {}
    ids = dict.fromkeys([*titles, *(each for record in records.values() for each in record.exercises)])
    return [_standing(each, titles.get(each, ""), records) for each in ids]


def _standing(exercise: str, title: str, records: Mapping[str, Record]) -> Standing:
    statuses: Counter[str] = Counter()
    met: dict[str, list[str]] = {}
    for student, record in records.items():
        statuses[status := record.exercises.get(exercise, NOT_ATTEMPTED)] += 1
        if status == NOT_YET:
            met.setdefault(record.mistakes.get(exercise, NOT_KEPT) or NO_TYPICAL, []).append(student)
    order = sorted(met, key=lambda hint: (hint in (NO_TYPICAL, NOT_KEPT), -len(met[hint])))
    return Standing(exercise, title, statuses, {hint: met[hint] for hint in order})


def titles_of(name: str) -> Mapping[str, str]:
    """A few words on each exercise of a notebook."""
    module = f"lab_{name}" if notebooks()[name].lab else f"lesson_{name[0]}"
    return importlib.import_module(f"course_utils.exercises.{module}").exercises.titles
