"""The typed results file that a notebook writes, and how to read it back.

One file a lesson or lab. On one machine with one lock two runs give the same file, apart from what a clock or
the machine's memory has measured; `comparable` leaves that out.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import reprlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError, __version__, resource
from course_utils.claims import cards
from course_utils.claims.estimates import TOO_SMALL, Verdict
from course_utils.exercises import plain
from course_utils.files import write_text
from course_utils.models.costs import TIMED_COSTS, Cost, peak_memory_mb
from course_utils.report.record import Answer, Conditions, Environment, Judged, Measured, Record, Times, parse
from course_utils.run import Run

if TYPE_CHECKING:
    import pandas as pd

    from course_utils.exercises import Workbook

FORMAT, VERSION = "put-to-the-test-results", 4
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers", "diffusers")


def save(
    run: Run,
    verdicts: Iterable[Verdict],
    costs: Iterable[Cost] = (),
    predictions: Mapping[str, Any] | None = None,
    answers: Mapping[str, Answer] | None = None,
    exercises: Mapping[str, str] | None = None,
    mistakes: Mapping[str, str] | None = None,
) -> Path:
    """Write ``<run.out>/<notebook>.json``, all of it or nothing. The parameters are as in `Record`.

    Raises
    ------
    CourseError
        The folder cannot be written to.
    """
    record = Record(
        notebook=run.lesson,
        run=Conditions(run.profile, run.device, run.seed),
        verdicts=[_judged(verdict) for verdict in verdicts],
        costs=list(costs),
        predictions={q: _plain(guess) for q, guess in _guesses(predictions, answers or {}).items()},
        answers=dict(answers or {}),
        exercises=dict(exercises or {}),
        mistakes=dict(mistakes or {}),
        environment=environment(),
        times=_times(run),
    )
    content = {"format": FORMAT, "version": VERSION, **asdict(record)}
    path = run.out / f"{run.lesson}.json"
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return path


def finish(
    run: Run,
    verdicts: Iterable[Verdict],
    exercises: Workbook,
    predicted: Mapping[str, Any] | None = None,
    answers: Mapping[str, Answer] | None = None,
    costs: Iterable[Cost] = (),
) -> None:
    """What every notebook ends with: print the verdicts and how the exercises stand, and `save` it all."""
    verdicts = list(verdicts)
    for verdict in verdicts:
        print(f"{cards.SYMBOLS[verdict.word]} {verdict.claim.id}: {verdict.word}")
    exercises.summary()
    path = save(run, verdicts, costs, predicted, answers, exercises.statuses, exercises.mistakes)
    print(f"saved {path.name}")


def _judged(verdict: Verdict) -> Judged:
    outcomes = [
        Measured(o.test.id, o.group, **asdict(o.estimate), outcome=o.word, timed=o.test.timed)
        for o in verdict.outcomes
    ]
    return Judged(verdict.claim.id, verdict.word, outcomes)


NO_GUESS = "…"
"""What stands in place of a prediction that was left as three dots."""


def _guesses(predicted: Any, questions: Iterable[str]) -> Mapping[str, Any]:
    """A guess for each question; `...` for each where all of `predicted` was left as three dots.

    Raises
    ------
    CourseError
        `predicted` is something else than a dict.
    """
    if predicted is None or predicted is ...:
        return {} if predicted is None else dict.fromkeys(questions, ...)
    if not isinstance(predicted, Mapping):
        raise CourseError(
            f"predicted must be a dict with a guess for each question, got {reprlib.repr(predicted)}: put "
            "your guesses into the cell that asks for them, and run it again"
        )
    return predicted


def _plain(value: Any) -> str | float | None:
    """A prediction as JSON can hold it; whatever is neither a number nor a word becomes text."""
    value = plain(value)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if value is ...:
        return NO_GUESS
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _times(run: Run) -> Times:
    finished = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    wall_s, cpu_s = time.perf_counter() - run.started, time.process_time()
    return Times(finished, round(wall_s, 1), round(cpu_s, 1), round(peak_memory_mb()))


def environment() -> Environment:
    """This machine's."""
    packages = {name: version(name) for name in PACKAGES}
    machine = platform.python_version(), platform.system(), platform.machine()
    return Environment(__version__, *machine, lock_hash(resource("requirements.lock")), packages)


def lock_hash(lock: Path) -> str:
    """SHA-256 of the lock, the same whatever line ends git gave it; ``""`` where there is none."""
    text = lock.read_bytes().replace(b"\r\n", b"\n") if lock.exists() else b""
    return hashlib.sha256(text).hexdigest() if text else ""


def load(path: Path) -> Record:
    """Read and check one results file.

    Raises
    ------
    CourseError
        Missing, cut short, not a results file, of another version, or with a wrong value in it; says how to
        get a good one.
    """
    remedy = f"run 'course run {path.stem}' to write it anew"
    try:
        return from_text(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(f"there is no results file '{path}': {remedy}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"'{path}' is cut short or damaged ({error}): {remedy}") from error
    except CourseError as error:
        raise CourseError(f"'{path}' {error}: {remedy}") from error


def from_text(text: str) -> Record:
    """A record from the text of a results file; one of version 3 lacks `mistakes`.

    Raises
    ------
    CourseError
        It is none, or damaged; names no file: ``'is cut short or damaged (…)'``.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # no JSON
        raise CourseError(f"is cut short or damaged ({error})") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise CourseError("is not a results file of this course")
    if (found := content.pop("version", None)) not in (3, VERSION):
        raise CourseError(f"has version {found}, this course reads versions 3 and {VERSION}")
    if found == 3:
        content.setdefault("mistakes", {})
    try:
        return parse(content)
    except CourseError as error:
        raise CourseError(f"is damaged ({error})") from error


def comparable(record: Record) -> bytes:
    """The part of a record that must be the same, byte for byte, in every run on one machine."""
    content = asdict(record)
    del content["times"], content["answers"]  # some answers are times
    for verdict in content["verdicts"]:
        verdict["outcomes"] = [outcome for outcome in verdict["outcomes"] if not outcome["timed"]]
    for cost in content["costs"]:
        for name in TIMED_COSTS:
            del cost[name]
    return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()


def beside(predicted: Mapping[str, Any], answers: Mapping[str, Answer]) -> pd.DataFrame:
    """What was predicted beside what was measured and how the guess fared, one row a question."""
    import pandas as pd

    guesses = _guesses(predicted, answers)
    rows = {question: fared(guess, answers.get(question, "")) for question, guess in guesses.items()}
    return pd.DataFrame(rows, ["predicted", "measured", "the guess was"]).T


def fared(guess: Any, answer: Answer) -> tuple[str, str, str]:
    """A guess, what answers it, and how it fared: ``''`` where nothing can be said."""
    guess = _plain(guess)
    if isinstance(answer, str):
        if answer in ("", TOO_SMALL):
            return str(guess), answer, ""
        if guess == NO_GUESS:
            return NO_GUESS, f"{cards.SYMBOLS[answer]} {answer}", ""
        right = str(guess).strip().casefold() == answer
        return str(guess), f"{cards.SYMBOLS[answer]} {answer}", "✔ right" if right else "✘ wrong"
    if not isinstance(guess, (int, float)) or isinstance(guess, bool):
        return str(guess), answer.text(), ""
    told = "✔ in the interval"
    if not answer.low <= guess <= answer.high:
        told = "↓ too low" if guess < answer.low else "↑ too high"
    return f"{guess:g}".replace("-", "−"), answer.text(), told
