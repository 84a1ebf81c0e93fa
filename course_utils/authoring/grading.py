"""A class in nbgrader: its folder (`course class`), and what `nbgrader_config.py` there sets.

nbgrader (https://nbgrader.readthedocs.io) clears the solutions, collects, executes and counts; what is here
fits it to the course: longer limits, downloads of learning platforms, a kernel that hangs.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.plugins import FileNameCollectorPlugin
from nbgrader.preprocessors import Execute
from traitlets.config import Config

from course_utils import CourseError, resource
from course_utils.authoring import build, editions, runner
from course_utils.authoring.execute import looks_again
from course_utils.files import require_writable, write_text
from course_utils.report import results

SMOKE_LIMIT_S = 120
"""Seconds that a cell may take on a handful of steps."""

CONFIG = '''"""How nbgrader runs this course. Yours to edit: `course class` does not write it again."""

from course_utils.authoring import grading

PROFILE = "smoke"  # the same code on few data, seconds a student; "laptop": minutes a student
LIMITS_S = {limits}  # a cell in the laptop profile: twice what the whole notebook took on two cores

grading.configure(get_config(), __file__, PROFILE, LIMITS_S)  # noqa: F821 (nbgrader gives it)
'''

README = """# A class of Put to the Test

For each assignment, in this folder (`NAME` is a folder of `source/`, such as {name}):

```
nbgrader generate_assignment NAME        # release/NAME: hand out this folder
nbgrader zip_collect NAME --force        # from downloaded/NAME/archive/: your platform's zip file
nbgrader autograde NAME                  # submitted/ to autograded/, points into gradebook.db
nbgrader generate_feedback NAME          # feedback/STUDENT/NAME/NAME.html: what each student got, and why
nbgrader export                          # grades.csv
course report --class .                  # a page on the results files that were handed in with the notebooks
```

Downloads of Moodle, Canvas, Blackboard and Brightspace are recognised, and a folder a student. Each exercise
is one point; an answer that is right in part gets its share. Once more: `nbgrader autograde NAME --force`.

`source/` and `instructor/` (solutions, minutes, what to ask, plans) are for you alone.
"""


def write(folder: Path, sources: Sequence[Path]) -> list[Path]:
    """Make a folder in which nbgrader runs a class of these notebooks; the assignments in it.

    An assignment a notebook: its solved edition with nbgrader's marks, and the glossary beside it.
    `nbgrader_config.py` and what is handed in are never overwritten.

    Raises
    ------
    CourseError
        The folder cannot be written, or somebody has changed an assignment in it: nothing is written.
    """
    require_writable(folder)
    paths = {source: folder / "source" / source.stem / f"{source.stem}.ipynb" for source in sources}
    if changed := [str(path) for path in paths.values() if editions.holds_work(path)]:
        raise CourseError(
            f"{', '.join(changed)}: changed since it was written, and a new edition would overwrite that; "
            "move it elsewhere, or choose another folder"
        )
    for source, path in paths.items():
        write_text(path, nbformat.writes(class_edition(source)) + "\n")
        write_text(path.with_name("glossary.md"), resource("notebooks", "glossary.md").read_text("utf-8"))
    config = folder / "nbgrader_config.py"
    if not config.exists():
        write_text(config, CONFIG.format(limits=_as_code(limits_s())))
    write_text(folder / "README.md", README.format(name=sources[0].stem))
    return list(paths.values())


def class_edition(source: Path) -> NotebookNode:
    """The solved edition, with links that hold where each notebook has a folder of its own."""
    notebook = build.solved_edition(source)
    editions.relink(notebook, _place)
    notebook.metadata["course"] = {"built": editions.digest(notebook)}
    return notebook


def _place(target: Path) -> str | None:
    if target.suffix == ".ipynb":  # there, if that one is handed out, too
        return f"../{target.stem}/{target.name}"
    return target.name if target.name == "glossary.md" else None


def limits_s() -> dict[str, int]:
    """Seconds that a cell of each notebook may take in the laptop profile."""
    limits = {}
    for name in (*runner.names(), *runner.labs()):
        path = resource("docs", "reference", f"{name}.json")
        minutes = results.load(path).times.wall_s / 60 if path.exists() else 0
        limits[name] = max(SMOKE_LIMIT_S, 60 * round(2 * minutes))
    return limits


def _as_code(values: Mapping[str, int]) -> str:
    lines = "".join(f'    "{name}": {value},\n' for name, value in values.items())
    return f"{{\n{lines}}}"


def configure(config: Config, path: str, profile: str, limits: Mapping[str, int]) -> None:
    """What `nbgrader_config.py` in `path` sets.

    Of the limits the one of the assignment that the command names; in nbgrader's web pages the longest.
    """
    folder = Path(path).parent
    os.environ.setdefault("COURSE_PROFILE", profile)
    os.environ.setdefault("COURSE_RESULTS", str(folder / "results_of_grading"))
    # nbgrader looks for its tools on the PATH, where an environment that is not activated is missing
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    named = [limits[word] for word in re.split(r"[\s=]", " ".join(sys.argv)) if word in limits]
    of_laptop = max(named or limits.values(), default=build.TIMEOUT_S)
    config.ExecutePreprocessor.timeout = SMOKE_LIMIT_S if profile == "smoke" else of_laptop
    config.ClearSolutions.code_stub = {"python": build.STUB}
    config.ZipCollectApp.collector_plugin = Downloads
    config.Autograde.autograde_preprocessors = [
        "course_utils.authoring.grading.Patient",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]


class Patient(Execute):
    """nbgrader's execution; where a cell neither ends nor can be interrupted, the cells below fail at once.

    Otherwise the student's whole notebook would get no grade.
    """

    hangs = ""

    def start_new_kernel_client(self, **options: Any) -> Any:
        client = super().start_new_kernel_client(**options)
        client.shell_channel.get_msg = looks_again(client.shell_channel.get_msg)
        return client

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        if self.hangs and cell.cell_type == "code":
            cell.outputs = [_error(self.hangs)]
            return cell, resources
        try:
            return super().preprocess_cell(cell, resources, index)
        except CellTimeoutError:  # after the interruption, too
            self.hangs = f"cell {index + 1} took longer than its limit and could not be interrupted"
            cell.outputs.append(_error(self.hangs))
            return cell, resources


def _error(message: str) -> NotebookNode:
    return new_output("error", ename="NotRun", evalue=message, traceback=[f"NotRun: {message}"])


FILE = r"(?P<file>[^/]+)$"
DOWNLOADS = (
    re.compile(r"(?P<student>[^/]+_\d+)_assignsubmission_file_?/(?:[^/]+/)*" + FILE),  # Moodle, folders
    re.compile(r"(?P<student>[^/]+_\d+)_assignsubmission_file_" + FILE),  # Moodle, files
    re.compile(r"_(?P<student>[^/_]+)_attempt_(?P<timestamp>\d{4}(?:-\d\d){5})_" + FILE),  # Blackboard
    re.compile(r"\d+-\d+ ?- (?P<student>[^/]+?) ?- [^/]*\d{4} \d{3,4} [AP]M(?:/| - )" + FILE),  # Brightspace
    re.compile(r"(?P<student>[^/]+?_(?:LATE_)?\d+)_\d+_" + FILE),  # Canvas
    re.compile(r"(?P<student>[^/]+)/" + FILE),  # a folder a student, as ILIAS has it
)
"""How learning platforms name what students have handed in, from the part that names the student."""


class Downloads(FileNameCollectorPlugin):
    """What a learning platform's download holds: who has handed in which notebook, and results file.

    A browser's second copy (``1_classic_ml (1).ipynb``) and a platform's number (``1_classic_ml-1.ipynb``)
    are taken for the notebook where there is none of the right name. Of several attempts the newest counts
    where the platform says when; else the first in the order of names, and a warning names the other.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.taken: dict[tuple[str, str], str] = {}

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Student, file and, where there is one, time; None for a file that is not the assignment's."""
        path = Path(submitted_file)
        assignment = self.parent.coursedir.assignment_id
        if path.suffix not in (".ipynb", ".json") or "__MACOSX" in path.parts:
            return None
        inside = path.as_posix().rpartition("/extracted/")[2]
        found = next(filter(None, (pattern.search(inside) for pattern in DOWNLOADS)), None)
        if not found or not re.match(rf"{re.escape(assignment)}(?![a-z_])", found["file"]):
            self.log.warning(f"left out, no '{assignment}{path.suffix}' of a student: {inside}")
            return None
        student = re.sub(r"[^\w.-]+", "_", found["student"].replace("_LATE", "")).strip("_")
        timestamp = found.groupdict().get("timestamp")
        exact = path.with_name(f"{assignment}{path.suffix}")
        if path != exact and exact.exists():
            counts = exact.name
        else:
            counts = self.taken.setdefault((student, path.suffix), inside)
        if counts != inside and not timestamp:
            self.log.warning(f"two of {student}: {counts} counts, {inside} does not; delete the wrong one")
            return None
        return {
            "student_id": student,
            "file_id": exact.name,
            **({"timestamp": _time(timestamp)} if timestamp else {}),
        }


def _time(stamp: str) -> str:
    date, clock = stamp[:10], stamp[11:].replace("-", ":")
    return f"{date} {clock}"
