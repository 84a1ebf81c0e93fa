"""The lessons as files: they match their sources, and both editions run."""

import json
import re
import statistics
from functools import partial

import jupytext
import nbformat
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from course_utils import CourseError, exercises
from course_utils.authoring import build as authoring
from course_utils.authoring import execute
from course_utils.authoring.build import STUB, build, main, solved_edition, sources, student_edition, tidy
from course_utils.claims import ledger
from course_utils.report import results

LESSONS = [source.stem for source in sources()]
every_lesson = pytest.mark.parametrize("lesson", LESSONS)


def stored(lesson):
    return nbformat.read(execute.NOTEBOOKS / f"{lesson}.ipynb", as_version=4)


def source_of(lesson):
    return authoring.SOURCES / f"{lesson}.py"


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run_smoke(notebook, out, **settings):
    """Execute in the smoke profile; the typed results of it."""
    environment = {"COURSE_PROFILE": "smoke", "COURSE_RESULTS": str(out), **settings}
    failure = execute.execute(notebook, execute.NOTEBOOKS, environment, timeout_s=300)
    assert failure is None
    (path,) = out.glob("*.json")
    return results.load(path)


def text_of(notebook):
    """Everything that the code cells printed."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def test_every_source_has_its_notebook():
    assert execute.names() == LESSONS != []


@every_lesson
def test_the_stored_notebook_is_built_from_its_source(lesson):
    built, found = student_edition(source_of(lesson)), stored(lesson)
    for ours, theirs in zip(built.cells, found.cells, strict=True):
        assert (ours.id, ours.cell_type, ours.source) == (theirs.id, theirs.cell_type, theirs.source), (
            "run 'make notebooks'"
        )
        assert ours.metadata == theirs.metadata


@every_lesson
def test_the_stored_notebook_was_executed_in_order_and_without_an_error(lesson):
    cells = code_cells(stored(lesson))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 5
    assert all(len(picture.metadata["image/png"]["alt"]) > 30 for picture in pictures)


@every_lesson
def test_the_stored_notebook_tells_nothing_about_who_ran_it(lesson):
    text = re.sub(r'"image/png": "[^"]*"', "", (execute.NOTEBOOKS / f"{lesson}.ipynb").read_text("utf-8"))
    assert not re.search(r"/(?:home|root|Users|tmp|var|work)/|[A-Z]:\\\\", text)
    assert not re.search(r"\b20\d\d-\d\d-\d\d|\b\d\d:\d\d:\d\d\b", text)
    assert "widget-state" not in text and "widget-view" not in text


@every_lesson
def test_cells_are_short_and_explained(lesson):
    notebook = stored(lesson)
    lines = [
        len([line for line in cell.source.splitlines() if line.strip()]) for cell in code_cells(notebook)
    ]
    assert statistics.median(lines) <= 6 and max(lines) <= 25
    code = [line for cell in code_cells(notebook) for line in cell.source.splitlines()]
    assert [line for line in code if len(line) > 100] == []  # JupyterLab would cut them off
    assert len(notebook.cells) - len(lines) >= len(lines)


SECTIONS = ("What you will learn", "The claim, as it will be judged", "Predict", "Settings", "Data")
SECTIONS += ("Verdict", "More claims", "Exercises", "Recap")


@every_lesson
def test_the_lessons_have_one_order(lesson):
    texts = [cell.source for cell in stored(lesson).cells if cell.cell_type == "markdown"]
    headings = [line[3:] for text in texts for line in text.splitlines() if line.startswith("## ")]
    assert [heading for heading in headings if heading in SECTIONS] == list(SECTIONS)
    claim, why = texts[:2]
    assert claim.startswith(f"# Lesson {lesson[0]} · ") and "**The claim.**" in claim and "*Source: " in claim
    assert why.startswith("**Why this matters.**")
    assert texts[-1].startswith("**The end of the course.**" if lesson == LESSONS[-1] else "**Next.**")


@every_lesson
def test_the_lesson_tests_what_the_ledger_says_it_tests(lesson):
    number = int(lesson.split("_")[0])
    tested = {
        claim.id
        for claim in ledger.load_ledger().values()
        if claim.lesson == number and claim.status == "tested"
    }
    source = source_of(lesson).read_text("utf-8")
    assert set(re.findall(r'claims\.get\("([\w-]+)"\)', source)) == tested


@every_lesson
def test_the_solved_edition_passes_every_check(lesson, tmp_path):
    notebook = solved_edition(source_of(lesson))
    record = run_smoke(notebook, tmp_path, COURSE_CHECKS="strict")
    assert len(record["exercises"]) >= 5
    assert set(record["exercises"].values()) == {exercises.CORRECT}


@every_lesson
def test_the_student_edition_runs_through_and_twice_to_the_same_numbers(lesson, tmp_path):
    notebook, again = student_edition(source_of(lesson)), student_edition(source_of(lesson))
    record = run_smoke(notebook, tmp_path / "first")
    assert set(record["exercises"].values()) == {exercises.NOT_ATTEMPTED}
    assert {verdict["verdict"] for verdict in record["verdicts"]} == {ledger.TOO_SMALL}
    assert not any(word in text_of(notebook) for word in ("supported", "inconclusive"))
    assert results.comparable(record) == results.comparable(run_smoke(again, tmp_path / "second"))


@every_lesson
def test_a_lesson_that_was_interrupted_goes_on_to_the_same_numbers(lesson, tmp_path):
    undisturbed = run_smoke(student_edition(source_of(lesson)), tmp_path / "undisturbed")
    half = student_edition(source_of(lesson))
    half.cells = half.cells[: len(half.cells) // 2]
    settings = {"COURSE_PROFILE": "smoke", "COURSE_RESULTS": str(tmp_path / "interrupted")}
    assert execute.execute(half, execute.NOTEBOOKS, settings, timeout_s=300) is None
    record = run_smoke(student_edition(source_of(lesson)), tmp_path / "interrupted")
    assert results.comparable(record) == results.comparable(undisturbed)


@pytest.mark.parametrize("lesson", [lesson for lesson in LESSONS if lesson[0] in "24"])
def test_a_lesson_runs_on_the_readers_own_pictures(lesson, tmp_path):
    """Two classes in colour, cut from scikit-learn's two photographs."""
    rng = np.random.default_rng(0)
    for name in ("china.jpg", "flower.jpg"):
        folder = tmp_path / "mine" / name.removesuffix(".jpg")
        folder.mkdir(parents=True)
        photograph = load_sample_image(name)
        for number, (y, x) in enumerate(rng.integers(0, 350, size=(120, 2))):
            Image.fromarray(photograph[y : y + 48, x : x + 64]).save(folder / f"{number}.png")
    own = {"COURSE_IMAGES": str(tmp_path / "mine")}
    record = run_smoke(student_edition(source_of(lesson)), tmp_path / "out", **own)
    assert len({outcome["claim"] for outcome in results.verdict_outcomes(record)}) == 6


@every_lesson
def test_no_solution_is_left_in_the_student_edition(lesson):
    solved, student = solved_edition(source_of(lesson)), stored(lesson)
    regions = [cell for cell in solved.cells if "BEGIN SOLUTION" in cell.source]
    stubs = [cell for cell in student.cells if STUB in cell.source]
    assert len(regions) == len(stubs) >= 5
    text = json.dumps(student)
    for cell in regions:
        solution = cell.source.split("### BEGIN SOLUTION\n")[1].split("\n### END SOLUTION")[0]
        assert json.dumps(solution)[1:-1] not in text


@every_lesson
def test_exercises_carry_nbgraders_metadata(lesson):
    cells = [
        cell.metadata.nbgrader
        for cell in solved_edition(source_of(lesson)).cells
        if "nbgrader" in cell.metadata
    ]
    assert all(cell.schema_version == 3 and not cell.task for cell in cells)
    assert [cell.solution for cell in cells] == [True, False] * (len(cells) // 2)
    assert [cell.get("points") for cell in cells if cell.grade] == [1] * (len(cells) // 2)
    assert len({cell.grade_id for cell in cells}) == len(cells)


@pytest.fixture
def source(tmp_path):
    """Writes a small lesson source."""

    def write(text):
        path = tmp_path / "9_small.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


SMALL = """# %% [markdown]
# # Small

# %% exercise="9.1"
answer = ...
### BEGIN SOLUTION
answer = 42
### END SOLUTION

# %% check="9.1"
print(answer)
"""


def build_alone(source):
    return execute.side_by_side({"9": partial(build, source, {})}, jobs=1)["9"]


def test_building_executes_the_student_edition(source, tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "NOTEBOOKS", tmp_path)
    notebook = nbformat.read(build_alone(source(SMALL)), as_version=4)
    assert [cell.source for cell in notebook.cells] == ["# Small", f"answer = ...\n{STUB}", "print(answer)"]
    assert notebook.cells[2].outputs[0].text == "Ellipsis\n"


def test_a_build_begins_without_the_checkpoints_of_an_earlier_one(source, tmp_path, monkeypatch):
    """A training that goes on from its end shows nothing of what it looked like on the way."""
    monkeypatch.setattr(execute, "NOTEBOOKS", tmp_path)
    monkeypatch.setenv("COURSE_RESULTS", str(tmp_path / "results"))
    old, other = (tmp_path / "results" / "checkpoints" / name for name in ("9_small", "8_other"))
    old.mkdir(parents=True)
    other.mkdir()
    build_alone(source(SMALL))
    assert not old.exists() and other.exists()


def test_a_source_that_fails_leaves_the_old_notebook(source, tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "NOTEBOOKS", tmp_path)
    old = build_alone(source(SMALL)).read_bytes()
    with pytest.raises(CourseError, match="code cell 2: ZeroDivisionError: division by zero"):
        build_alone(source(SMALL.replace("print(answer)", "1 / 0")))
    assert (tmp_path / "9_small.ipynb").read_bytes() == old


def test_the_command_builds_the_lessons_asked_for(source, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(execute, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(authoring, "SOURCES", tmp_path)
    source(SMALL)
    assert main(["1"]) == 0 and capsys.readouterr().out == ""
    assert main(["9"]) == 0 and capsys.readouterr().out == "built 9_small.ipynb\n"


def test_an_exercise_without_a_check_is_refused(source):
    with pytest.raises(CourseError, match="each exercise cell needs its check cell"):
        solved_edition(source(SMALL.replace('check="9.1"', "")))


def test_tidy_keeps_what_a_page_can_show():
    notebook = nbformat.v4.new_notebook(metadata={"widgets": {"state": {}}})
    cell = nbformat.v4.new_code_cell("bar()", metadata={"execution": {"iopub.status.busy": "2026"}})
    view = nbformat.v4.new_output("display_data", data={authoring.WIDGET_VIEW: {}, "text/plain": "Bar()"})
    progress = nbformat.v4.new_output("stream", name="stderr", text="0 of 2\r1 of 2\r2 of 2\n")
    cell.outputs = [view, progress]
    notebook.cells = [nbformat.v4.new_markdown_cell("text"), cell]
    tidy(notebook)
    assert [output.text for output in cell.outputs] == ["2 of 2\n"]
    assert cell.metadata == {} and notebook.metadata == {}


def test_sources_are_plain_percent_scripts():
    for source in sources():
        assert jupytext.read(source, fmt="py:percent").cells[0].cell_type == "markdown"


@every_lesson
def test_the_readmes_picture_is_the_stored_notebooks(lesson):
    picture = (execute.NOTEBOOKS.parent / "docs" / f"{lesson}.png").read_bytes()
    assert picture == authoring.picture(stored(lesson))
