"""A small class, graded by nbgrader itself: who gets which points."""

import csv
import os
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_utils import ROOT, CourseError, cli
from course_utils.authoring import build, grading
from course_utils.authoring.build import STUB

TINY = """
from course_utils.exercises import Exercise, Mistake, always, same_results, same_set, workbook


def root(x):
    return x**0.5


exercises = workbook(
    Exercise("9.1", "Mean", lambda p: p.mean(), (Mistake(lambda p: p.sum(), "Divide."),), ("Mean.",)),
    Exercise("9.2", "Who", always({"kNN", "SVM"}), (), ("Two.",), same_set),
    Exercise("9.3", "Root", lambda: root, (), ("0.5",), same_results((4.0,), (9.0,))),
    Exercise("9.4", "Sum", lambda p: p.sum(), (Mistake(lambda p: p.mean(), "Not shared out."),), ("Add.",)),
    Exercise("9.5", "Largest", lambda p: p.max(), (), ("Max.",)),
    Exercise("9.6", "Half", always(0.5), (), ("One of two.",)),
)
"""
HEAD = """# %% [markdown]
# # Tiny
#
# A [mean](glossary.md#mean), more in [a lab](labs/1_fair.ipynb) and [a card](../datasets/wine.md#size).

# %%
import numpy as np

import course_utils.exercises
from course_utils.exercises import checker

course_utils.exercises.__path__.append("{folder}")
vars(checker)["LIMIT_S"] = 2
from course_utils.exercises.tiny import exercises

# %% given="9.1"
p = np.array([1.0, 2.0, 6.0])
for exercise in ("9.1", "9.4", "9.5"):
    exercises.given(exercise, p=p)
"""
SOLUTIONS = {
    "9.1": "answer_9_1 = p.mean()",
    "9.2": 'answer_9_2 = {"kNN", "SVM"}',
    "9.3": "def answer_9_3(x):\n    return x**0.5",
    "9.4": "answer_9_4 = p.sum()",
    "9.5": "answer_9_5 = p.max()",
    "9.6": "answer_9_6 = 1 / 2",
}
EXERCISE = """
# %% exercise="{id}"
answer_{name} = ...
### BEGIN SOLUTION
{solution}
### END SOLUTION

# %% check="{id}"
exercises.check("{id}", answer_{name})
"""
IDS = list(SOLUTIONS)
CHECKS = [f"check_{number.replace('.', '_')}" for number in IDS]

WARNS = "import sys\ndef answer_9_3(x):\n    print('1 of 1', file=sys.stderr)\n    return x**0.5"
FAKE = "class Fake:\n    def check(self, *a, **k): pass\nexercises = Fake()"
REPLACED = "import course_utils.exercises.tiny as t\nt.exercises = Fake()"
STRICT = "answer_9_1 = 9\nexercises.check.__self__.strict = False"
SAME = """answer_9_2 = 9
second = list(exercises.check.__self__.exercises.values())[1]
second.__dict__["same"] = lambda *a, **k: 1"""
JUDGE = "answer_9_3 = 9\nfrom course_utils.exercises import Exercise\nExercise.same = lambda *a, **k: 1"
BY_THE_WAY = "import os\nos.environ.pop('NBGRADER_EXECUTION'); os.environ['COURSE_CHECKS'] = ''"
STUBBORN = """import time
answer_9_5 = p.max()
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass"""

RIGHT = {**SOLUTIONS, "9.2": "answer_9_2 = ['svm', 'kNN']", "9.3": "answer_9_3 = lambda x: np.sqrt(x)"}
CLASS = {  # what differs from the right answers (None: as released), and the points
    "right": ({}, [1, 1, 1, 1, 1, 1]),
    "half": ({"9.1": "answer_9_1 = 9", "9.4": "answer_9_4 = 3", "9.5": None}, [0, 1, 1, 0, 0, 1]),
    "wrong": ({number: f"answer_{number.replace('.', '_')} = 99" for number in IDS}, [0] * 6),
    "untouched": (dict.fromkeys(IDS), [0] * 6),
    "error": ({"9.1": SOLUTIONS["9.1"] + "\n1 / 0"}, [1, 1, 1, 1, 1, 1]),
    "syntax": ({"9.2": "answer_9_2 = {'kNN',"}, [1, 0, 1, 1, 1, 1]),
    "deleted": ({}, [0] * 6),  # all checks are gone
    "part": ({"9.2": "answer_9_2 = {'SVM'}", "9.3": "answer_9_3 = lambda x: 2.0"}, [1, 0.5, 0.5, 1, 1, 1]),
    "mistake": ({"9.1": "answer_9_1 = p.sum()"}, [0, 1, 1, 1, 1, 1]),
    "progress": ({"9.3": WARNS}, [1, 1, 1, 1, 1, 1]),
    "endless": ({"9.3": "def answer_9_3(x):\n    while True: pass"}, [1, 1, 0, 1, 1, 1]),
    "hangs": ({"9.4": "answer_9_4 = p.sum()\nwhile True: pass"}, [1, 1, 1, 1, 1, 1]),
    "stubborn": ({"9.5": STUBBORN}, [1, 1, 1, 1, 0, 0]),
    "spoils": (
        {"9.1": "p[:] = 0\nanswer_9_1 = 0", "9.4": "answer_9_4 = 9", "9.5": "answer_9_5 = 6"},
        [0, 1, 1, 1, 1, 1],
    ),
    "lambda": (
        {
            "9.1": "exercises.check = lambda *a, **k: None",
            "9.2": FAKE,
            "9.3": REPLACED,
            "9.4": "answer_9_4 = 3",
            "9.5": "answer_9_5 = 2",
            "9.6": None,
        },
        [0] * 6,
    ),
    "solution": (
        {
            "9.1": BY_THE_WAY,
            "9.2": "exercises.statuses['9.2'] = 'correct'",
            "9.3": "exercises.exercises['9.3']",
        },
        [0, 0, 0, 1, 1, 1],
    ),
    "behind": ({"9.1": STRICT, "9.2": SAME, "9.3": JUDGE}, [0, 0, 0, 1, 1, 1]),
    "edited": ({"9.1": "answer_9_1 = 5", "9.4": "answer_9_4 = 9"}, [0, 1, 1, 1, 1, 1]),  # given data changed
}

PLATFORMS = (  # how each names what a student has handed in, by turns
    "{student}_{number}_assignsubmission_file/9_tiny.ipynb",
    "{student}_{number}_assignsubmission_file_9_tiny.ipynb",
    "{student}_LATE_{number}_77{number}_9_tiny-1.ipynb",
    "9_tiny_{student}_attempt_2026-01-30-15-00-00_9_tiny.ipynb",
    "88{number}-12 - {student} - Jan 30, 2026 1015 AM/9_tiny (1).ipynb",
    "{student}/9_tiny.ipynb",
)


def nbgrader(folder, *command):
    """As somebody calls it who has not activated the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):  # nothing into a home
        environment[name] = str(folder / name.lower())
    environment |= {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def handed_in(released, student):
    """The released notebook with a student's answers."""
    notebook = nbformat.from_dict(released)
    answers = iter({**RIGHT, **CLASS[student][0]}.values())
    for cell in list(notebook.cells):
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("exercise") and (answer := next(answers)) is not None:
            cell.source = answer if student == "syntax" else f"{cell.source}\n{answer}"
        if student == "deleted" and name in CHECKS:
            notebook.cells.remove(cell)
        if student == "edited" and name == "given_9_1":
            cell.source = cell.source.replace("6.0", "12.0")
        if student == "edited" and name == "check_9_1":
            cell.source = "print('correct')"
    return notebook


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lesson")
    (folder / "tiny.py").write_text(TINY, encoding="utf-8")
    parts = [HEAD.format(folder=folder)]
    parts += [EXERCISE.format(id=each, name=each.replace(".", "_"), solution=SOLUTIONS[each]) for each in IDS]
    (folder / "9_tiny.py").write_text("".join(parts), encoding="utf-8")
    return folder / "9_tiny.py"


@pytest.fixture(scope="module")
def course(tmp_path_factory, source):
    """A class's folder in which nbgrader has released an assignment; a cell may take 5 seconds."""
    folder = tmp_path_factory.mktemp("class")
    grading.write(folder, [source])
    config = folder / "nbgrader_config.py"
    text = config.read_text("utf-8").replace('PROFILE = "smoke"', 'PROFILE = "laptop"')
    text = text.replace("LIMITS_S = {", 'LIMITS_S = {"9_tiny": 5,')
    config.write_text(text, encoding="utf-8")
    nbgrader(folder, "generate_assignment", "9_tiny")
    return folder


@pytest.fixture(scope="module")
def released(course):
    return nbformat.read(course / "release" / "9_tiny" / "9_tiny.ipynb", as_version=4)


def test_what_is_released_has_its_data_and_checks_and_no_solution(course, released):
    text = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in released.cells}
    assert text["exercise_9_1"] == f"answer_9_1 = ...\n{STUB}"
    assert "np.array([1.0, 2.0, 6.0])" in text["given_9_1"]
    assert text["check_9_1"] == (
        'from course_utils.exercises.tiny import exercises\nexercises.check("9.1", answer_9_1)'
    )
    assert (course / "release" / "9_tiny" / "glossary.md").exists()


def test_links_hold_where_each_notebook_has_a_folder_of_its_own(released):
    assert released.cells[0].source.splitlines()[-1] == (
        "A [mean](glossary.md#mean), more in [a lab](../1_fair/1_fair.ipynb) and a card."
    )


@pytest.fixture(scope="module")
def graded(course, released):
    """The class, from a learning platform's zip file to grades.csv; what was printed while collecting."""
    archive = course / "downloaded" / "9_tiny" / "archive" / "all.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as file:
        for number, student in enumerate(CLASS):
            name = PLATFORMS[number % len(PLATFORMS)].format(student=student, number=1000 + number)
            file.writestr(name, nbformat.writes(handed_in(released, student)))
        file.writestr("right_1000_assignsubmission_file/9_tiny.json", "{}")
        file.writestr("right_1000_assignsubmission_file/9_tiny (1).ipynb", nbformat.writes(released))
        file.writestr("wrong/notes.ipynb", nbformat.writes(released))
        file.writestr("index.html", "")
        file.writestr("9_tiny_progress_attempt_2026-01-29-15-00-00_9_tiny.ipynb", nbformat.writes(released))
    collected = nbgrader(course, "zip_collect", "9_tiny").stderr
    nbgrader(course, "autograde", "9_tiny")
    nbgrader(course, "generate_feedback", "9_tiny")
    nbgrader(course, "export")
    return collected


def called(student):
    """A student's name in nbgrader: with the platform's number where it gives one."""
    number = list(CLASS).index(student)
    return student if number % len(PLATFORMS) > 2 else f"{student}_{1000 + number}"


@pytest.mark.parametrize("student", CLASS)
def test_points(course, graded, student):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        found = gradebook.find_submission_notebook("9_tiny", "9_tiny", called(student)).grades
        points = {grade.name: grade.score for grade in found}
    assert points == pytest.approx(dict(zip(CHECKS, CLASS[student][1], strict=True)))


def test_the_grades_as_a_table(course, graded):
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    expected = {called(student): sum(points) for student, (_, points) in CLASS.items()}
    assert {student: float(row["score"]) for student, row in rows.items()} == pytest.approx(expected)
    assert {row["max_score"] for row in rows.values()} == {"6.0"}


def test_feedback_says_what_was_wrong(course, graded):
    pages = {
        student: (course / "feedback" / called(student) / "9_tiny" / "9_tiny.html").read_text("utf-8")
        for student in ("mistake", "untouched", "stubborn", "right")
    }
    assert "Divide." in pages["mistake"] and "Divide." not in pages["right"]
    assert "not attempted" in pages["untouched"]
    assert "took longer than its limit and could not be interrupted" in pages["stubborn"]


def test_what_is_not_collected_is_said(graded, course):
    assert "left out, no '9_tiny.ipynb' of a student: all/wrong/notes.ipynb" in graded
    assert "two of right_1000" in graded and "delete the wrong one" in graded
    assert (course / "submitted" / "right_1000" / "9_tiny" / "9_tiny.json").exists()


@pytest.mark.parametrize(
    ("student", "said"),
    [("right", "Success! Your notebook passes all the tests."), ("half", "VALIDATION FAILED ON 3 CELL(S)!")],
)
def test_validating_says_what_grading_would(course, released, tmp_path, student, said):
    """Its exit status is 0 either way."""
    nbformat.write(handed_in(released, student), tmp_path / "tiny.ipynb")
    assert said in nbgrader(course, "validate", str(tmp_path / "tiny.ipynb")).stdout


def test_an_edition_that_somebody_changed_and_the_configuration_are_not_overwritten(tmp_path, source):
    (path,) = grading.write(tmp_path, [source])
    (tmp_path / "nbgrader_config.py").write_text("mine", encoding="utf-8")
    assert grading.write(tmp_path, [source]) == [path]  # a new edition of what nobody has touched
    assert (tmp_path / "nbgrader_config.py").read_text("utf-8") == "mine"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += " Mine."
    nbformat.write(notebook, path)
    with pytest.raises(CourseError, match=r"9_tiny\.ipynb: changed since it was written"):
        grading.write(tmp_path, [source])


def test_the_command_makes_a_class_of_every_lesson_and_lab(tmp_path, capsys):
    assert cli.main(["class", str(tmp_path / "class")]) == 0
    assert capsys.readouterr().out.startswith(f"{len(build.sources())} assignments in ")
    names = {path.name for path in (tmp_path / "class" / "source").iterdir()}
    assert names == {each.stem for each in build.sources()}
    config = (tmp_path / "class" / "nbgrader_config.py").read_text("utf-8")
    assert '"2_deep_cnn": 600' in config and '"1_causes": 120' in config
    for path in (tmp_path / "class" / "source").glob("*/*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        for target in re.findall(r"\]\(([^)#:\s]+)[)#]", texts):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
    assert cli.main(["class", str(tmp_path / "one"), "2_depth"]) == 0
    assert [path.name for path in (tmp_path / "one" / "source").iterdir()] == ["2_depth"]
    beside = {path.name for path in (tmp_path / "one" / "instructor").iterdir()}
    assert beside == {"2_depth.ipynb", "module_2.md", "index.md", "glossary.md"}
