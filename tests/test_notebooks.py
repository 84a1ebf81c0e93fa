"""Lessons and labs as files: they match their sources, and both editions run."""

import ast
import dataclasses
import json
import re
import statistics
from itertools import pairwise

import jupytext
import nbformat
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from course_utils import ROOT, CourseError, exercises, run
from course_utils.authoring import address, build, execute, runner
from course_utils.authoring.build import STUB, solved_edition, sources, student_edition, tidy
from course_utils.claims import ledger
from course_utils.report import results

SOURCES = {source.stem: source for source in sources()}
LESSONS = [name for name, source in SOURCES.items() if source.parent == build.SOURCES]
LABS = [name for name in SOURCES if name not in LESSONS]
every_lesson = pytest.mark.parametrize("name", LESSONS)
every_lab = pytest.mark.parametrize("name", LABS)
every_notebook = pytest.mark.parametrize("name", SOURCES)

LESSON = {"cells": 75, "words": 2800, "code lines": 330, "longest cell": 20, "settings": 10}
LAB = {"cells": 40, "words": 1200, "code lines": 160, "longest cell": 20, "settings": 10}
TOO_LARGE = {}
"""Notebooks that do not keep to a size until they are written anew: what they have instead."""


def stored(name):
    return nbformat.read(runner.path_of(name), as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def its_own(notebook):
    """The notebook without the first cell that every notebook has."""
    notebook.cells = [cell for cell in notebook.cells if cell.id != "setup"]
    return notebook


def texts(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def code_lines(cell):
    return len([line for line in cell.source.splitlines() if line.strip()])


def run_smoke(notebook, out, **settings):
    """Execute in the smoke profile; the typed results of it."""
    environment = {"COURSE_PROFILE": "smoke", "COURSE_RESULTS": str(out), **settings}
    labs = runner.NOTEBOOKS / "labs"  # deeper than a lesson's folder: what works there works everywhere
    failure = execute.execute(notebook, labs, environment, timeout_s=300)
    assert failure is None
    (path,) = out.glob("*.json")
    return results.load(path)


def numbers(record):
    """What must be the same in every run, whether the exercises are solved or not."""
    return results.comparable(dataclasses.replace(record, exercises={}))


def text_of(notebook):
    """Everything that the code cells printed."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def test_every_source_has_its_notebook_and_its_entry():
    assert runner.names() == LESSONS and runner.labs() == LABS and len(LESSONS) == 4
    assert {name: entry.lab for name, entry in run.notebooks().items()} == {
        name: name in LABS for name in SOURCES
    }


@every_notebook
def test_the_stored_notebook_is_built_from_its_source(name):
    built, found = student_edition(SOURCES[name]), stored(name)
    for ours, theirs in zip(built.cells, found.cells, strict=True):
        assert (ours.id, ours.cell_type, ours.source) == (theirs.id, theirs.cell_type, theirs.source), (
            "run 'make notebooks'"
        )
        assert ours.metadata == theirs.metadata


@every_notebook
def test_the_stored_notebook_was_executed_in_order_and_without_an_error(name):
    cells = code_cells(stored(name))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= (1 if name in LABS else 5)
    assert all(len(picture.metadata["image/png"]["alt"]) > 30 for picture in pictures)


@every_notebook
def test_the_stored_notebook_tells_nothing_about_who_ran_it(name):
    text = re.sub(r'"image/png": "[^"]*"', "", runner.path_of(name).read_text("utf-8"))
    assert not re.search(r"/(?:home|root|Users|tmp|var|work)/|[A-Z]:\\\\", text)
    # nor when: dates in the data are older
    assert not re.search(r"\b20(?:2[4-9]|[3-9]\d)-\d\d-\d\d|\b\d\d:\d\d:\d\d\b", text)
    assert "widget-state" not in text and "widget-view" not in text


def sizes(name):
    """How large a notebook is, by the names of LESSON and LAB."""
    notebook = its_own(student_edition(SOURCES[name]))
    lines = [code_lines(cell) for cell in code_cells(solved_edition(SOURCES[name]))]
    calls = [
        node
        for cell in code_cells(notebook)
        for node in ast.walk(ast.parse(re.sub(r"(?m)^[%!].*", "pass", cell.source)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "run.settings"
    ]
    return {
        "cells": len(notebook.cells),
        "words": sum(len(text.split()) for text in texts(notebook)),
        "code lines": sum(lines),
        "longest cell": max(lines),
        "settings": sum(len(call.keywords) for call in calls),
    }


@every_notebook
def test_a_notebook_keeps_to_its_sizes(name):
    limits = LAB if name in LABS else LESSON
    over = {what: size for what, size in sizes(name).items() if size > limits[what]}
    assert over == TOO_LARGE.get(name, {})


@every_notebook
def test_cells_are_short_and_explained(name):
    notebook = its_own(student_edition(SOURCES[name]))
    code = code_cells(notebook)
    assert statistics.median(map(code_lines, code)) <= 6
    wide = [line for cell in code for line in cell.source.splitlines() if len(line) > 100]
    assert wide == []  # JupyterLab would cut them off
    assert len(notebook.cells) - len(code) >= len(code)


@every_lesson
def test_a_lesson_tells_its_story_in_the_courses_order(name):
    notebook = student_edition(SOURCES[name])
    text = texts(notebook)
    assert text[0].startswith(f"# Lesson {name[0]} · ")
    headings = [line[3:] for each in text for line in each.splitlines() if line.startswith("## ")]
    order = [heading for heading in headings if heading in ("Verdict", "Your turn", "Recap")]
    assert order == ["Verdict", "Your turn", "Recap"]
    cells = ["".join(cell.source) for cell in notebook.cells]
    (card,) = [n for n, cell in enumerate(cells) if "claims.get(" in cell or "ledger.get(" in cell][:1]
    assert card > len(cells) / 4  # its words are known by then
    rests = [n for n, cell in enumerate(cells) if "**A good place to stop.**" in cell]
    assert 1 <= len(rests) <= 3
    for lab in LABS:
        if lab[0] == name[0]:
            assert f"[{run.notebooks()[lab].question}](labs/{lab}.ipynb)" in text[-1]


@every_lab
def test_a_lab_asks_its_question_and_names_what_it_needs(name):
    title = texts(student_edition(SOURCES[name]))[0].splitlines()[0]
    assert title == f"# Lab {name[0]} · {run.notebooks()[name].question}"
    if name[0] != "0":
        (lesson,) = [each for each in LESSONS if each[0] == name[0]]
        assert any(f"(../{lesson}.ipynb)" in text for text in texts(student_edition(SOURCES[name])))


@every_notebook
def test_an_exercise_stands_before_the_verdict_or_behind_its_idea_and_not_in_a_heap(name):
    """No chapter of exercises at the end: between two of them stands something new."""
    cells = student_edition(SOURCES[name]).cells
    at = [n for n, cell in enumerate(cells) if cell.metadata.get("nbgrader", {}).get("solution")]
    assert (5 <= len(at) <= 7) if name in LESSONS else (2 <= len(at) <= 3)
    assert all(after - before > 3 for before, after in pairwise(at))


@every_notebook
def test_a_notebook_tests_what_the_ledger_says_it_tests(name):
    tested = {
        claim.id
        for claim in ledger.load_ledger().values()
        if claim.notebook == name and claim.status == "tested"
    }
    source = SOURCES[name].read_text("utf-8")
    assert set(re.findall(r'(?:claims|ledger)\.get\("([\w-]+)"\)', source)) == tested != set()


def test_every_tested_claim_has_a_notebook():
    for claim in ledger.load_ledger().values():
        assert (claim.notebook in SOURCES) == (claim.status == "tested"), claim.id


def with_mistakes(notebook):
    """After each check a cell that sees whether a known mistake would pass with so few data."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.metadata.get("nbgrader", {}).get("grade"):
            helper = (
                f"import sys\nsys.path.append({str(ROOT / 'tests')!r})\nfrom exercise_cases import told_apart"
            )
            tried = cell.source.replace("exercises.check(", "told_apart(exercises, ")
            cells.append(nbformat.v4.new_code_cell(f"{helper}\n{tried}"))
    notebook.cells = cells
    return notebook


@every_notebook
def test_solved_it_passes_every_check_and_as_a_student_gets_it_it_runs_to_the_same_numbers(name, tmp_path):
    """The student edition of a lesson is stopped half-way and run again: it goes on to the same numbers."""
    solved = run_smoke(
        with_mistakes(solved_edition(SOURCES[name])), tmp_path / "solved", COURSE_CHECKS="strict"
    )
    assert len(solved.exercises) >= 2
    assert set(solved.exercises.values()) == {exercises.CORRECT}
    if name in LESSONS:
        half = student_edition(SOURCES[name])
        half.cells = half.cells[: len(half.cells) * 2 // 3]
        settings = {"COURSE_PROFILE": "smoke", "COURSE_RESULTS": str(tmp_path / "student")}
        assert execute.execute(half, runner.NOTEBOOKS, settings, timeout_s=300) is None
    notebook = student_edition(SOURCES[name])
    record = run_smoke(notebook, tmp_path / "student")
    assert numbers(record) == numbers(solved)
    assert set(record.exercises.values()) == {exercises.NOT_ATTEMPTED}
    assert {judged.verdict for judged in record.verdicts} == {ledger.TOO_SMALL}
    claims = [f"{judged.claim}:" for judged in record.verdicts]
    lines = [line.split(maxsplit=2)[1:] for line in text_of(notebook).splitlines()]
    printed = [line for line in lines if line and line[0] in claims]
    assert printed == [[claim, ledger.TOO_SMALL] for claim in claims]


@pytest.mark.parametrize("name", [name for name in LESSONS if name[0] in "24"])
def test_a_lesson_runs_on_the_readers_own_pictures(name, tmp_path):
    """Two classes in colour, cut from scikit-learn's two photographs."""
    rng = np.random.default_rng(0)
    for file, label in (("china.jpg", "cash_$"), ("flower.jpg", "coin_$ <b>")):  # $ and < mean something
        folder = tmp_path / "mine" / label
        folder.mkdir(parents=True)
        photograph = load_sample_image(file)
        for number, (y, x) in enumerate(rng.integers(0, 350, size=(120, 2))):
            Image.fromarray(photograph[y : y + 48, x : x + 64]).save(folder / f"{number}.png")
    own = {"COURSE_IMAGES": str(tmp_path / "mine")}
    record = run_smoke(student_edition(SOURCES[name]), tmp_path / "out", **own)
    assert record.verdicts


@every_notebook
def test_no_solution_is_left_in_the_student_edition(name):
    solved, student = solved_edition(SOURCES[name]), stored(name)
    regions = [cell for cell in solved.cells if "BEGIN SOLUTION" in cell.source]
    stubs = [cell for cell in student.cells if STUB in cell.source]
    assert len(regions) == len(stubs) >= 2
    text = json.dumps(student)
    for cell in regions:
        solution = cell.source.split("### BEGIN SOLUTION\n")[1].split("\n### END SOLUTION")[0]
        assert json.dumps(solution)[1:-1] not in text


@every_notebook
def test_exercises_carry_nbgraders_metadata(name):
    cells = [
        cell.metadata.nbgrader for cell in solved_edition(SOURCES[name]).cells if "nbgrader" in cell.metadata
    ]
    assert all(cell.schema_version == 3 and not cell.task for cell in cells)
    roles = [cell.grade_id.partition("_")[0] for cell in cells]
    assert [role for role in roles if role != "given"] == ["exercise", "check"] * roles.count("check")
    assert all(cell.solution == (role == "exercise") for role, cell in zip(roles, cells, strict=True))
    assert all(cell.get("points") == (1 if cell.grade else None) for cell in cells)
    assert all(cell.grade == (role == "check") for role, cell in zip(roles, cells, strict=True))
    assert len({cell.grade_id for cell in cells}) == len(cells)


@every_notebook
def test_in_a_class_each_check_takes_the_courses_own_exercises(name):
    """Whatever an answer cell has called `exercises`."""
    checks = [
        cell.source
        for cell in solved_edition(SOURCES[name]).cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    ]
    own = re.compile(r"from course_utils\.exercises\.\w+ import .*\bexercises\b")
    assert checks and all(own.match(check) for check in checks)


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


@pytest.fixture
def build_alone(tmp_path, monkeypatch):
    """Builds one source; where it is stored."""
    monkeypatch.setattr(runner, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    return lambda source: build.build([source], {}, jobs=1)[0]


def test_building_executes_the_student_edition(source, build_alone):
    notebook = nbformat.read(build_alone(source(SMALL)), as_version=4)
    texts = ["# Small", address.setup_cell().source, f"answer = ...\n{STUB}", "print(answer)"]
    assert [cell.source for cell in notebook.cells] == texts
    assert notebook.cells[3].outputs[0].text == "Ellipsis\n"


def written_into(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook.cells)
    nbformat.write(notebook, path)
    return path.read_bytes()


def answer(cells):
    cells[2].source = "answer = 41"


def note(cells):
    cells.insert(1, nbformat.v4.new_markdown_cell("Look again."))


def executed_again(cells):
    cells[3].execution_count, cells[3].outputs = 7, []


@pytest.mark.parametrize("change", [answer, note])
def test_building_does_not_overwrite_what_somebody_has_written(source, build_alone, monkeypatch, change):
    path = build_alone(source(SMALL))
    work = written_into(path, change)
    with pytest.raises(CourseError, match=r"9_small\.ipynb: somebody has written into it.*--force"):
        build_alone(source(SMALL))
    with pytest.raises(CourseError, match="--force"):
        build.main(["9"])
    assert path.read_bytes() == work
    assert build.main(["9", "--force"]) == 0
    assert path.read_bytes() != work


def test_a_notebook_that_cannot_be_read_is_not_overwritten_either(source, build_alone, tmp_path):
    (tmp_path / "9_small.ipynb").write_text("<<<<<<< mine\n{}", encoding="utf-8")
    with pytest.raises(CourseError, match="--force"):
        build_alone(source(SMALL))


def test_building_overwrites_what_was_only_run(source, build_alone):
    path = build_alone(source(SMALL))
    before = path.read_bytes()
    assert written_into(path, executed_again) != before
    assert build_alone(source(SMALL)).read_bytes() == before


@every_notebook
def test_given_data_stand_outside_the_cell_that_a_solution_replaces(name):
    """Clearing an exercise cell as nbgrader does costs nothing that the notebook needs."""
    cells = student_edition(SOURCES[name]).cells
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            for statement in ast.parse(cell.source).body:
                assert isinstance(statement, ast.Assign), cell.source
                assert ast.unparse(statement.value) == "...", cell.source


@every_notebook
def test_a_check_takes_the_answer_alone(name):
    """An answer cell could change other data; `given` copies them before."""
    checks = [
        node
        for cell in student_edition(SOURCES[name]).cells
        if cell.metadata.get("nbgrader", {}).get("grade")
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "exercises.check"
    ]
    assert checks
    for call in checks:
        assert len(call.args) == 2 and not call.keywords, ast.unparse(call)


def test_a_build_begins_without_the_checkpoints_of_an_earlier_one(source, build_alone, tmp_path, monkeypatch):
    """A training that goes on from its end shows nothing of what it looked like on the way."""
    monkeypatch.setenv("COURSE_RESULTS", str(tmp_path / "results"))
    old, other = (tmp_path / "results" / "checkpoints" / name for name in ("9_small", "8_other"))
    old.mkdir(parents=True)
    other.mkdir()
    build_alone(source(SMALL))
    assert not old.exists() and other.exists()


def test_a_source_that_fails_leaves_the_old_notebook(source, build_alone, tmp_path):
    old = build_alone(source(SMALL)).read_bytes()
    with pytest.raises(CourseError, match="code cell 3: ZeroDivisionError: division by zero"):
        build_alone(source(SMALL.replace("print(answer)", "1 / 0")))
    assert (tmp_path / "9_small.ipynb").read_bytes() == old


def test_the_command_builds_the_lessons_asked_for(source, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(runner, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    source(SMALL)
    assert build.main(["1"]) == 0 and capsys.readouterr().out == ""
    assert build.main(["9"]) == 0 and capsys.readouterr().out == "built 9_small.ipynb\n"


def test_an_exercise_without_a_check_is_refused(source):
    with pytest.raises(CourseError, match="each exercise cell needs its check cell"):
        solved_edition(source(SMALL.replace('check="9.1"', "")))


def test_tidy_keeps_what_a_page_can_show():
    notebook = nbformat.v4.new_notebook(metadata={"widgets": {"state": {}}})
    cell = nbformat.v4.new_code_cell("bar()", metadata={"execution": {"iopub.status.busy": "2026"}})
    view = nbformat.v4.new_output("display_data", data={build.WIDGET_VIEW: {}, "text/plain": "Bar()"})
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
def test_the_readmes_picture_is_the_stored_notebooks(name):
    picture = (ROOT / "docs" / f"{name}.png").read_bytes()
    assert picture == build.picture(stored(name))
