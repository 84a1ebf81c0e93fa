"""A small class, graded by nbgrader itself: who gets which points."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_utils import ROOT
from course_utils.authoring.build import STUB, solved_edition

TINY = """
from course_utils.exercises import Exercise, Mistake, always, same_results, same_set, workbook


def root(x):
    return x**0.5


exercises = workbook(
    Exercise("9.1", "Mean", lambda p: p.mean(), (Mistake(lambda p: p.sum(), "Divide."),), ("Mean.",)),
    Exercise("9.2", "Who", always({"kNN", "SVM"}), (), ("Two.",), same_set),
    Exercise("9.3", "Root", lambda: root, (), ("0.5",), same_results((4.0,), (9.0,))),
)
"""
SOURCE = """# %% [markdown]
# # Tiny

# %%
import numpy as np

import course_utils.exercises
from course_utils.exercises import checker

course_utils.exercises.__path__.append("{folder}")
vars(checker)["LIMIT_S"] = 2
from course_utils.exercises.tiny import exercises

# %% given="9.1"
p = np.array([1.0, 2.0, 6.0])
exercises.given("9.1", p=p)

# %% exercise="9.1"
answer_9_1 = ...
### BEGIN SOLUTION
answer_9_1 = p.mean()
### END SOLUTION

# %% check="9.1"
exercises.check("9.1", answer_9_1)

# %% exercise="9.2"
answer_9_2 = ...
### BEGIN SOLUTION
answer_9_2 = {{"kNN", "SVM"}}
### END SOLUTION

# %% check="9.2"
exercises.check("9.2", answer_9_2)

# %% exercise="9.3"
answer_9_3 = ...
### BEGIN SOLUTION
def answer_9_3(x):
    return x**0.5
### END SOLUTION

# %% check="9.3"
exercises.check("9.3", answer_9_3)
"""

RIGHT = ["answer_9_1 = p.mean()", "answer_9_2 = ['svm', 'kNN']", "answer_9_3 = lambda x: np.sqrt(x)"]
WARNS = "import sys\ndef answer_9_3(x):\n    print('1 of 1', file=sys.stderr)\n    return x**0.5"
FAKE = "class Fake:\n    def check(self, *a, **k): pass\nexercises = Fake()"
REPLACED = "import course_utils.exercises.tiny as t\nt.exercises = Fake()"
STRICT = "answer_9_1 = 9\nexercises.check.__self__.strict = False"
SAME = """answer_9_2 = 9
second = list(exercises.check.__self__.exercises.values())[1]
second.__dict__["same"] = lambda *a, **k: 1"""
EXERCISE = "answer_9_3 = 9\nfrom course_utils.exercises import Exercise\nExercise.same = lambda *a, **k: 1"
BY_THE_WAY = "import os\nos.environ.pop('NBGRADER_EXECUTION'); os.environ['COURSE_CHECKS'] = ''"

CLASS = {  # the answers to 9.1, 9.2 and 9.3 (None: as released), and the points
    "right": (RIGHT, [1, 1, 1]),
    "progress": ([*RIGHT[:2], WARNS], [1, 1, 1]),
    "half": ([RIGHT[0], "answer_9_2 = {'SVM'}", "answer_9_3 = lambda x: 2.0"], [1, 0.5, 0.5]),
    "wrong": (["answer_9_1 = 9", "answer_9_2 = {'tree'}", "answer_9_3 = lambda x: x"], [0, 0, 0]),
    "untouched": ([None] * 3, [0, 0, 0]),
    "error": ([RIGHT[0] + "\n1 / 0", "answer_9_2 = {'kNN',", "answer_9_3 = root"], [1, 0, 0]),
    "endless": ([*RIGHT[:2], "def answer_9_3(x):\n    while True: pass"], [1, 1, 0]),
    "spoils": (["p[:] = 0\nanswer_9_1 = 0", *RIGHT[1:]], [0, 1, 1]),
    "sorts": (["answer_9_1 = p.mean()\np -= 9", *RIGHT[1:]], [1, 1, 1]),
    "lambda": (["exercises.check = lambda *a, **k: None", FAKE, REPLACED], [0, 0, 0]),
    "solution": (
        [BY_THE_WAY, "exercises.statuses['9.2'] = 'correct'", "exercises.exercises['9.3']"],
        [0] * 3,
    ),
    "behind": ([STRICT, SAME, EXERCISE], [0, 0, 0]),
    "deleted": (RIGHT, [0, 1, 1]),  # the check of 9.1 is gone
    "edited": (["answer_9_1 = 5", *RIGHT[1:]], [0, 1, 1]),  # the given data and the check were changed
}


def nbgrader(folder, *command):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):  # nothing into a home
        environment[name] = str(folder / name.lower())
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def handed_in(released, student):
    """The released notebook with a student's answers."""
    notebook = nbformat.from_dict(released)
    answers = iter(CLASS[student][0])
    for cell in list(notebook.cells):
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("exercise") and (answer := next(answers)) is not None:
            cell.source = answer if student == "error" else f"{cell.source}\n{answer}"
        if student == "deleted" and name == "check_9_1":
            notebook.cells.remove(cell)
        if student == "edited" and name == "given_9_1":
            cell.source = cell.source.replace("6.0", "12.0")
        if student == "edited" and name == "check_9_1":
            cell.source = "print('correct')"
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder in which nbgrader has released an assignment."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "tiny.py").write_text(TINY, encoding="utf-8")
    (folder / "9_tiny.py").write_text(SOURCE.format(folder=folder), encoding="utf-8")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    (folder / "source" / "ps1").mkdir(parents=True)
    nbformat.write(solved_edition(folder / "9_tiny.py"), folder / "source" / "ps1" / "tiny.ipynb")
    done = nbgrader(folder, "generate_assignment", "ps1", "--create")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def released(course):
    return nbformat.read(course / "release" / "ps1" / "tiny.ipynb", as_version=4)


def test_what_is_released_has_its_data_and_checks_and_no_solution(released):
    text = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in released.cells}
    assert text["exercise_9_1"] == f"answer_9_1 = ...\n{STUB}"
    assert "np.array([1.0, 2.0, 6.0])" in text["given_9_1"]
    assert text["check_9_1"] == (
        'from course_utils.exercises.tiny import exercises\nexercises.check("9.1", answer_9_1)'
    )


@pytest.fixture(scope="module")
def points(course, released):
    """What each student got for each exercise, in one call of nbgrader."""
    for student in CLASS:
        target = course / "submitted" / student / "ps1" / "tiny.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(handed_in(released, student), target)
    done = nbgrader(course, "autograde", "ps1", "--create")
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            student: {
                grade.name: grade.score
                for grade in gradebook.find_submission_notebook("tiny", "ps1", student).grades
            }
            for student in CLASS
        }


@pytest.mark.parametrize("student", CLASS)
def test_points(points, student):
    expected = dict(zip(("check_9_1", "check_9_2", "check_9_3"), CLASS[student][1], strict=True))
    assert points[student] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("student", "said"),
    [
        ("right", "Success! Your notebook passes all the tests."),
        ("untouched", "VALIDATION FAILED ON 3 CELL(S)!"),
        ("half", "VALIDATION FAILED ON 2 CELL(S)!"),
    ],
)
def test_validating_says_what_grading_would(course, released, tmp_path, student, said):
    """Its exit status is 0 either way."""
    nbformat.write(handed_in(released, student), tmp_path / "tiny.ipynb")
    assert said in nbgrader(course, "validate", str(tmp_path / "tiny.ipynb")).stdout
