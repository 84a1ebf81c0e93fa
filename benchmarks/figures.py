"""The typed figures of `make benchmarks`, and the file that keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_utils import CourseError
from course_utils.files import write_text

FORMAT, VERSION = "put-to-the-test-benchmarks", 1


@dataclass(frozen=True)
class Options:
    """What a part is asked for.

    Attributes
    ----------
    tiny : bool
        A budget of seconds: the same code, figures without meaning.
    text : Path, optional
        Text for the language model, UTF-8; its last tenth is held out. Without one, lesson 3's own.
    seconds : float
        That the language model may take.
    lessons_from : Path, optional
        Folder of an earlier `course run` to read the lessons' costs from. Without one, lesson after lesson is
        executed.
    """

    tiny: bool = False
    text: Path | None = None
    seconds: float = 120.0
    lessons_from: Path | None = None


@dataclass(frozen=True)
class LessonCost:
    """One lesson, executed once.

    Attributes
    ----------
    lesson : str
    cpu_s : float
        CPU seconds of the kernel until it saved its results, all its threads.
    peak_memory_mb : float
        Largest resident memory of the kernel, 10**6 bytes.
    sections : dict of str to float
        Seconds by the clock, by second-level heading.
    finished : str
        Day of the run.
    """

    lesson: str
    cpu_s: float
    peak_memory_mb: float
    sections: dict[str, float]
    finished: str


@dataclass(frozen=True)
class StartTime:
    """A fresh Python that does one thing: seconds by the clock of each start, and whether torch is loaded."""

    what: str
    seconds: list[float]
    loads_torch: bool


@dataclass(frozen=True)
class LoopTime:
    """Milliseconds a step, by repeat: lesson 2's written-out loop, `training.fit`, and with checkpoints."""

    model: str
    parameters: int
    steps: int
    bare_ms: list[float]
    fit_ms: list[float]
    fit_saving_ms: list[float]


@dataclass(frozen=True)
class LanguageScore:
    """A language model on characters; `xz_bits_per_byte` is what xz needs that has read the same text."""

    text: str
    bits_per_byte: float
    xz_bits_per_byte: float
    seconds: float
    steps: int
    characters_a_second: float
    parameters: int
    peak_memory_mb: float


@dataclass(frozen=True)
class Trained:
    """One training.

    Attributes
    ----------
    model : str
    seed : int
    steps : int
        Of the whole training; 0 where there are none.
    looks : list of [step, cpu_s, quality]
        Quality in % at some steps, and the CPU seconds of training until then, without those of looking.
    """

    model: str
    seed: int
    steps: int
    looks: list[list[float]]


@dataclass(frozen=True)
class Generated:
    """Pictures that a generator made, or real ones for scale.

    Attributes
    ----------
    model : str
        'ours', 'theirs' or 'real'.
    agreement : float
        Share in % in which the judge sees what was asked for.
    distance : float
        Kernel distance to held-out pictures, in thousandths.
    steps, cpu_s, parameters
        Of the training; 0 for real pictures.
    sampling_ms : float
        CPU milliseconds for one picture.
    """

    model: str
    agreement: float
    distance: float
    steps: int = 0
    cpu_s: float = 0.0
    parameters: int = 0
    sampling_ms: float = 0.0


Figure = LessonCost | StartTime | LoopTime | LanguageScore | Trained | Generated
KINDS: dict[str, type[Figure]] = {
    "lessons": LessonCost,
    "import": StartTime,
    "fit": LoopTime,
    "language": LanguageScore,
    "quality": Trained,
    "generating": Generated,
}
"""What each part gives, in the order in which they are measured."""


@dataclass(frozen=True)
class Measurement:
    """The figures of one part and the conditions that they were measured under.

    Attributes
    ----------
    date : str
        As 2026-01-31, UTC.
    load_at_start : float
        Processes that wanted a core in the minute before the command began.
    minutes : float
        That the part took.
    machine : dict of str to str
    figures : list of Figure
    """

    date: str
    load_at_start: float
    minutes: float
    machine: dict[str, str]
    figures: list[Figure]


def save(path: Path, measured: dict[str, Measurement]) -> None:
    """Write all figures, all of them or nothing."""
    parts = {name: asdict(measured[name]) for name in KINDS if name in measured}
    record = {"format": FORMAT, "version": VERSION, "parts": parts}
    write_text(path, json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def load(path: Path) -> dict[str, Measurement]:
    """What was measured so far; nothing when there is no file.

    Raises
    ------
    CourseError
        The file is damaged or of another version.
    """
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if (record["format"], record["version"]) != (FORMAT, VERSION):
            raise ValueError(f"expected {FORMAT} {VERSION}")
        return {name: _measurement(name, part) for name, part in record["parts"].items()}
    except (ValueError, TypeError, KeyError) as error:
        raise CourseError(
            f"'{path.name}' is damaged or of another version ({error!r}): delete it and measure again"
        ) from error


def _measurement(name: str, part: dict[str, Any]) -> Measurement:
    kind = KINDS[name]
    return Measurement(**{**part, "figures": [kind(**figure) for figure in part["figures"]]})
