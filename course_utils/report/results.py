"""The typed results file that a lesson writes, and how to read it back.

On one machine with one lock, two runs write the same bytes, apart from what a clock measured. All of
that stands under the one key ``times``, with the answers to the predictions, of which some are times, so
that everything else can be compared.
"""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils import ROOT, CourseError, __version__
from course_utils.claims import cards
from course_utils.claims.estimates import TOO_SMALL, WORDS, Estimate, Verdict, number
from course_utils.files import sha256, write_text
from course_utils.run import Run, peak_memory_mb

if TYPE_CHECKING:
    import pandas as pd

    from course_utils.exercises import Workbook

FORMAT, VERSION = "put-to-the-test-results", 2
KEYS = ("format", "version", "lesson", "run", "verdicts", "costs", "predictions", "exercises", "environment")
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers", "diffusers")


@dataclass(frozen=True)
class Cost:
    """What one model costs to train once and to use, means over folds or seeds.

    Attributes
    ----------
    model, data : str
        Which model on which data set.
    parameters : int
        Numbers that training sets.
    train_operations, predict_operations : float
        Floating-point operations for one training and for one prediction.
    train_cpu_s, predict_cpu_ms : float
        CPU seconds for one training, CPU milliseconds for one prediction; from a clock.
    """

    model: str
    data: str
    parameters: int
    train_operations: float
    predict_operations: float
    train_cpu_s: float
    predict_cpu_ms: float


TIMED_COSTS = ("train_cpu_s", "predict_cpu_ms")
COST_FIELDS = ("parameters", "train_operations", "predict_operations", *TIMED_COSTS)


def costs(table: pd.DataFrame) -> list[Cost]:
    """One Cost for each row of a table whose index is (data set, model) and columns are as in Cost."""
    fields = table[list(COST_FIELDS)].astype({"parameters": int})
    return [Cost(model, data, **row) for (data, model), row in fields.to_dict("index").items()]


def cost_table(table: pd.DataFrame, use: str = "answer") -> pd.DataFrame:
    """The same table as a person reads it: numbers in three digits, one unit in each column.

    Parameters
    ----------
    table : DataFrame
        Its columns are as in Cost.
    use : str
        What one prediction is called: an ``'answer'``, a ``'token'``, a ``'picture'``.
    """
    import pandas as pd

    columns = {"parameters": table["parameters"]}
    uses = {"training": ("train_operations", "train_cpu_s", "CPU s")}
    uses[f"one {use}"] = ("predict_operations", "predict_cpu_ms", "CPU ms")
    for what, (operations, seconds, unit) in uses.items():
        scale, word = next((each for each in WORDS if table[operations].min() >= each[0] / 10), (1, ""))
        columns[f"{what} ({f'{word} operations'.lstrip()})"] = table[operations] / scale
        columns[f"{what} ({unit})"] = table[seconds]
    return pd.DataFrame(columns).map(number)


Answer = Estimate | str
"""What answers a prediction: a measured effect, or a verdict's word."""


def beside(predicted: Mapping[str, Any], answers: Mapping[str, Answer]) -> pd.DataFrame:
    """What was predicted beside what was measured and how the guess fared, one row a question."""
    import pandas as pd

    rows = {question: fared(guess, answers.get(question, "")) for question, guess in predicted.items()}
    return pd.DataFrame(rows, ["predicted", "measured", "the guess was"]).T


def fared(guess: Any, answer: Answer) -> tuple[str, str, str]:
    """A guess, what answers it, and how it fared: ``''`` where nothing can be said."""
    guess = _plain(guess)
    if isinstance(answer, str):
        if answer in ("", TOO_SMALL):
            return str(guess), answer, ""
        told = "✔ right" if guess == answer else "✘ wrong"
        return str(guess), f"{cards.SYMBOLS[answer]} {answer}", told
    if not isinstance(guess, (int, float)) or isinstance(guess, bool):
        return str(guess), answer.text(), ""
    told = "✔ in the interval"
    if not answer.low <= guess <= answer.high:
        told = "↓ too low" if guess < answer.low else "↑ too high"
    return f"{guess:g}".replace("-", "−"), answer.text(), told


def save(
    run: Run,
    verdicts: Iterable[Verdict],
    costs: Iterable[Cost] = (),
    predictions: Mapping[str, Any] | None = None,
    answers: Mapping[str, Answer] | None = None,
    exercises: Mapping[str, str] | None = None,
) -> Path:
    """Write ``<run.out>/<lesson>.json``, all of it or nothing.

    Parameters
    ----------
    run : Run
        The conditions, from `runtime.start`.
    verdicts : iterable of Verdict
        In the order of the lesson.
    costs : iterable of Cost
        One for each model and data set.
    predictions : mapping
        What the student expected before the experiment, by question.
    answers : mapping
        What was measured, by the same questions.
    exercises : mapping
        'correct', 'not yet' or 'not attempted' by exercise.

    Raises
    ------
    CourseError
        The folder cannot be written to.
    """
    verdicts, costs = list(verdicts), list(costs)
    record = {
        "format": FORMAT,
        "version": VERSION,
        "lesson": run.lesson,
        "run": {"profile": run.profile, "device": run.device, "seed": run.seed},
        "verdicts": [_verdict(verdict, timed=False) for verdict in verdicts],
        "costs": [{k: v for k, v in asdict(cost).items() if k not in TIMED_COSTS} for cost in costs],
        "predictions": {question: _plain(value) for question, value in (predictions or {}).items()},
        "exercises": dict(exercises or {}),
        "environment": environment(),
        "times": _times(run, verdicts, costs, answers or {}),
    }
    path = run.out / f"{run.lesson}.json"
    write_text(path, json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
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
    print(f"saved {save(run, verdicts, costs, predicted, answers, exercises.statuses).name}")


def _times(
    run: Run, verdicts: list[Verdict], costs: list[Cost], answers: Mapping[str, Answer]
) -> dict[str, Any]:
    """Everything that a clock or the machine's memory has measured, or may have."""
    return {
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "wall_s": round(time.perf_counter() - run.started, 1),
        "cpu_s": round(time.process_time(), 1),
        "peak_memory_mb": round(peak_memory_mb()),
        "verdicts": [_verdict(verdict, timed=True) for verdict in verdicts],
        "costs": [{key: asdict(cost)[key] for key in TIMED_COSTS} for cost in costs],
        "answers": {
            question: answer if isinstance(answer, str) else asdict(answer)
            for question, answer in answers.items()
        },
    }


def _plain(value: Any) -> str | float | None:
    """A prediction as JSON can hold it; whatever is neither a number nor a word becomes text."""
    if hasattr(value, "item"):
        value = value.item()  # a number of numpy's
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _verdict(verdict: Verdict, timed: bool) -> dict[str, Any]:
    """A verdict's outcomes; those from a clock and the others go to different places."""
    outcomes = [
        {"test": o.test.id, "group": o.group, **asdict(o.estimate), "outcome": o.word}
        for o in verdict.outcomes
        if o.test.timed == timed
    ]
    return {"claim": verdict.claim.id, "verdict": verdict.word, "outcomes": outcomes}


def environment() -> dict[str, Any]:
    """Versions and kind of machine; no name of a person, host or folder."""
    lock = ROOT / "requirements.lock"
    return {
        "course_utils": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "lock": sha256(lock) if lock.exists() else "",
        "packages": {name: version(name) for name in PACKAGES},
    }


def load(path: Path) -> dict[str, Any]:
    """Read and check one results file.

    Raises
    ------
    CourseError
        Missing, cut short, not a results file, or of another version; says how to get a good one.
    """
    remedy = f"run 'course run {path.stem}' to write it anew"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(f"there is no results file '{path}': {remedy}") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CourseError(f"'{path}' is cut short or damaged ({error}): {remedy}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CourseError(f"'{path}' is not a results file of this course: {remedy}")
    if record.get("version") != VERSION:
        raise CourseError(
            f"'{path}' has version {record.get('version')}, this course reads version {VERSION}: {remedy}"
        )
    if missing := [key for key in (*KEYS, "times") if key not in record]:
        raise CourseError(f"'{path}' lacks {', '.join(missing)}: {remedy}")
    return record


def comparable(record: Mapping[str, Any]) -> bytes:
    """The part of a record that must be the same, byte for byte, in every run on one machine."""
    return json.dumps({key: record[key] for key in KEYS}, sort_keys=True, ensure_ascii=False).encode()


def answers(record: Mapping[str, Any]) -> dict[str, Answer]:
    """What was measured, by the questions of the predictions."""
    saved = record["times"]["answers"]
    return {
        question: Estimate(**each) if isinstance(each, dict) else each for question, each in saved.items()
    }


def verdict_outcomes(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One flat row an outcome, timed or not, in the order of the lesson's verdicts."""
    rows = []
    for plain, timed in zip(record["verdicts"], record["times"]["verdicts"], strict=True):
        for outcome in (*plain["outcomes"], *timed["outcomes"]):
            rows.append({"claim": plain["claim"], "verdict": plain["verdict"], **outcome})
    return rows
