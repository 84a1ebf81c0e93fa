"""Teaching notes, and the instructor's edition that is made with them."""

import re

import nbformat
import pytest

from course_utils import CourseError
from course_utils.authoring import build, instructor, runner, teaching
from course_utils.run import notebooks

SOURCES = {source.stem: source for source in build.sources()}
LESSONS = [name for name, entry in notebooks().items() if not entry.lab]
every_notebook = pytest.mark.parametrize("name", SOURCES)
ROOM = {"stumbles": ((4, 8), (2, 4)), "questions": ((4, 6), (2, 3))}
"""How many of each notes have: of a lesson, of a lab."""


@every_notebook
def test_every_lesson_and_lab_has_notes_that_fit_it(name):
    notes = teaching.read(name, build.solved_edition(SOURCES[name]))
    assert notes is not None, f"there is no {teaching.path_of(name)}"
    assert notes.minutes <= (180 if name in LESSONS else 60)
    for part, (of_lesson, of_lab) in ROOM.items():
        low, high = of_lesson if name in LESSONS else of_lab
        assert low <= len(getattr(notes, part)) <= high, part


def test_there_are_no_notes_of_anything_else():
    found = {path.stem for path in (runner.NOTEBOOKS / "teaching").glob("*.toml")}
    assert found <= set(SOURCES)


@pytest.mark.parametrize("module", "1234")
def test_every_module_has_a_plan_of_one_page(module):
    text = teaching.plan_of(module).read_text("utf-8")
    assert text.startswith(f"# Module {module} · ")
    assert len(text.split()) <= 450
    for name in re.findall(r"\b[0-4]_[a-z_]+\b", text):
        assert name in SOURCES, name


# --- reading ---

GOOD = """
minutes = 12

[[sections]]
heading = ""
minutes = 2

[[sections]]
heading = "Data"
minutes = 10

[[stumbles]]
where = "Data"
what = "They read a row for a column."
help = "Show one row."

[[questions]]
ask = "Is it large?"
listen = "Compared with what."
"""


@pytest.fixture
def notebook():
    text = "# Small\n\n```\n## code\n```\n\nText.\n\n## Data\n\nMore."
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])


@pytest.fixture
def read(tmp_path, monkeypatch, notebook):
    """Reads notes with this text."""
    monkeypatch.setattr(runner, "NOTEBOOKS", tmp_path)
    (tmp_path / "teaching").mkdir()

    def read(text):
        teaching.path_of("9_small").write_text(text, encoding="utf-8")
        return teaching.read("9_small", notebook)

    return read


def test_notes_are_read(read):
    notes = read(GOOD)
    assert notes.sections == (teaching.Section("", 2), teaching.Section("Data", 10))
    assert notes.stumbles[0].help == "Show one row." and notes.questions[0].ask == "Is it large?"


def test_a_notebook_without_notes_has_none(tmp_path, monkeypatch, notebook):
    monkeypatch.setattr(runner, "NOTEBOOKS", tmp_path)
    assert teaching.read("9_small", notebook) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes = 12", "minutes = ", "expected notes in TOML"),
        ("minutes = 12", "", "the file: expected the keys minutes, sections, stumbles, questions"),
        ("minutes = 12", "minutes = 13", "minutes: expected 12, the sum of the sections, got 13"),
        ("minutes = 12", "minutes = '12'", "the file: minutes: expected a whole number, 1 or more, got '12'"),
        ("minutes = 2\n", "minutes = 0\n", "sections, number 1: minutes: expected a whole number"),
        ("minutes = 2\n", "minutes = true\n", "sections, number 1: minutes: expected a whole number"),
        ('heading = "Data"', 'heading = "data"', "sections, number 2: heading: expected 'Data', got 'data'"),
        ('heading = "Data"', "heading = 3", "sections, number 2: heading: expected a text, got 3"),
        ('heading = "Data"', 'head = "Data"', "sections, number 2: expected the keys heading, minutes"),
        ("[[stumbles]]", '[[sections]]\nheading = "More"\nminutes = 1\n[[stumbles]]', "expected 2"),
        ('where = "Data"', 'where = "Date"', "where: expected a heading of the notebook, got 'Date'"),
        ('listen = "Compared with what."', 'listen = ""', "questions, number 1: listen: expected a text"),
    ],
)
def test_notes_that_do_not_fit_are_refused(read, old, new, said):
    with pytest.raises(CourseError, match=r"9_small\.toml: ") as error:
        read(GOOD.replace(old, new, 1))
    assert said in str(error.value)


def test_a_section_that_is_missing_is_named(read):
    text = GOOD.replace('[[sections]]\nheading = "Data"\nminutes = 10\n', "").replace(
        'where = "Data"', 'where = ""'
    )
    with pytest.raises(CourseError, match="number 2: heading: expected 'Data', got nothing"):
        read(text)


def test_minutes_stand_below_headings_and_not_in_code():
    text = "# Title\n\nText.\n\n## Data\n```\n## Data\n```\nEnd."
    assert instructor.with_minutes(text, {"": 2, "Data": 10}) == (
        "# Title\n\n*2 min*\n\nText.\n\n## Data\n\n*10 min*\n```\n## Data\n```\nEnd."
    )
    assert instructor.with_minutes(text, {}) == text


# --- the instructor's edition ---


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of the whole instructor's edition."""
    folder = tmp_path_factory.mktemp("instructor")
    assert [path.stem for path in instructor.write(folder, list(SOURCES))] == list(SOURCES)
    return folder


@every_notebook
def test_the_edition_has_every_solution_and_the_stored_outputs(written, name):
    edition = nbformat.read(written / f"{name}.ipynb", as_version=4)
    nbformat.validate(edition)
    text = "\n".join(cell.source for cell in edition.cells)
    solved = build.solved_edition(SOURCES[name], guarded=False)
    for cell in solved.cells:
        if cell.cell_type == "code":
            assert cell.source in text
    assert build.STUB not in text
    stored = nbformat.read(runner.path_of(name), as_version=4).cells
    own = {cell.id: cell for cell in edition.cells}
    for cell in stored:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata and "setup" not in cell.id:
            assert own[cell.id].outputs == cell.outputs
    figures = [
        o for cell in edition.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})
    ]
    assert all(figure.metadata["image/png"]["alt"] for figure in figures) and figures
    assert "not attempted" not in "".join(
        output.get("text", "")
        for cell in edition.cells
        if cell.cell_type == "code" and "exercises.check(" in cell.source
        for output in cell.outputs
    )


@every_notebook
def test_each_exercise_comes_with_its_mistakes_and_hints(written, name):
    edition = nbformat.read(written / f"{name}.ipynb", as_version=4)
    exercises = instructor.exercises_of(edition)
    told = {cell.id: cell.source for cell in edition.cells if cell.id.startswith("exercise-")}
    assert len(told) == len(exercises) >= 2
    for (number, exercise), text in zip(exercises.items(), told.values(), strict=True):
        assert f"{number} {exercise.title}" in text
        assert all(mistake.hint in text for mistake in exercise.mistakes)
        assert all(hint in text for hint in exercise.hints)


@every_notebook
def test_the_edition_begins_with_its_notes_and_every_heading_has_its_minutes(written, name):
    edition = nbformat.read(written / f"{name}.ipynb", as_version=4)
    notes = teaching.read(name, build.solved_edition(SOURCES[name]))
    assert edition.cells[0].source.startswith(f"# For the instructor · {name}")
    if notes is None:
        assert instructor.NO_NOTES in edition.cells[0].source
        return
    text = "\n".join(cell.source for cell in edition.cells[1:])
    for section in notes.sections[1:]:
        assert f"## {section.heading}\n\n*{section.minutes} min*" in text
    assert all(each.what in edition.cells[0].source for each in notes.stumbles)
    assert all(each.listen in edition.cells[0].source for each in notes.questions)


@every_notebook
def test_links_lead_to_files_beside_it(written, name):
    edition = nbformat.read(written / f"{name}.ipynb", as_version=4)
    for cell in edition.cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)#:\s]+)(?=[)#])", cell.source):
                assert (written / target).is_file(), target


def test_there_is_an_index_and_a_plan_a_module(written):
    index = (written / "index.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)]+)\)", index)
    assert len(links) == 4 + len(SOURCES) and all((written / link).is_file() for link in links)


def test_without_notes_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(teaching, "path_of", lambda name: tmp_path / "none.toml")
    monkeypatch.setattr(teaching, "plan_of", lambda module: tmp_path / "none.md")
    (path,) = instructor.write(tmp_path / "out", ["1_rare"])
    edition = nbformat.read(path, as_version=4)
    assert "There are no teaching notes" in edition.cells[0].source
    assert not re.search(r"^\*\d+ min\*$", "\n".join(cell.source for cell in edition.cells), re.MULTILINE)
    assert "no notes" in (tmp_path / "out" / "index.md").read_text("utf-8")
    assert "no plan" in (tmp_path / "out" / "module_1.md").read_text("utf-8")
    assert "labs/" not in edition.cells[-1].source  # links to what is not there are plain words


@pytest.mark.parametrize("changed", ["1_rare.ipynb", "index.md", "module_1.md"])
def test_what_somebody_has_written_is_not_overwritten(tmp_path, changed):
    instructor.write(tmp_path, ["1_rare"])
    instructor.write(tmp_path, ["1_rare"])  # nobody has
    path = tmp_path / changed
    before = re.sub("nstructor|Module", "mine", path.read_text("utf-8"))
    path.write_text(before, encoding="utf-8")
    with pytest.raises(CourseError, match=f"{changed}: changed since it was written"):
        instructor.write(tmp_path, ["1_rare"])
    assert path.read_text("utf-8") == before


def test_the_command_writes_what_is_asked_for(tmp_path, capsys):
    assert instructor.main([str(tmp_path), "1_rare", "2_depth"]) == 0
    assert {path.name for path in tmp_path.glob("*.ipynb")} == {"1_rare.ipynb", "2_depth.ipynb"}
    assert "2 notebooks" in capsys.readouterr().out
    assert instructor.main([str(tmp_path), "2_data"]) == 0  # later one more
    index = (tmp_path / "index.md").read_text("utf-8")
    assert all(f"({name}.ipynb)" in index for name in ("1_rare", "2_depth", "2_data"))
    with pytest.raises(CourseError, match="expected a folder"):
        instructor.main([])
