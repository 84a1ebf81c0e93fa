"""The README shows what the recorded reference run measured."""

import shutil

import nbformat
import pytest

from course_utils import CourseError
from course_utils.authoring import readme, runner
from course_utils.report import folder


@pytest.fixture(scope="module")
def reference():
    return folder.read(readme.REFERENCE)


def test_the_reference_is_one_whole_run(reference):
    assert list(reference.records) == runner.names()
    assert {record["run"]["profile"] for record in reference.records.values()} == {"laptop"}
    assert [verdict.claim.id for verdict in reference.verdicts[""]] == ["cmp-compute"]


def test_the_readmes_tables_are_the_reference_runs(reference):
    text = readme.README.read_text("utf-8")
    assert readme.refreshed(text, reference) == text, "run 'make course' and 'make readme'"
    for verdict in reference.all_verdicts():
        assert f"(`{verdict.claim.id}`) | " in text


def test_the_stored_notebooks_print_the_reference_runs_verdicts(reference):
    for lesson, verdicts in reference.verdicts.items():
        if lesson:
            notebook = nbformat.read(runner.NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
            (cell,) = [c for c in notebook.cells if "nbval-check-output" in c.metadata.get("tags", [])]
            printed = [line.split(maxsplit=2)[1:] for line in cell.outputs[0].text.splitlines()]
            assert printed == [[verdict.claim.id, verdict.word] for verdict in verdicts]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A README and a docs folder to be refreshed."""
    monkeypatch.setattr(readme, "README", tmp_path / "README.md")
    monkeypatch.setattr(readme, "REFERENCE", tmp_path / "docs" / "reference")
    monkeypatch.setattr(readme, "FIGURE", tmp_path / "docs" / "comparison.png")
    marks = "".join(
        f"<!-- {name}: written by 'make readme' -->\nold\n<!-- end of {name} -->\n"
        for name in ("lessons", "verdicts", "models")
    )
    (tmp_path / "README.md").write_text(f"before\n{marks}after\n", encoding="utf-8")
    return tmp_path


def test_one_command_refreshes_tables_figure_and_reference(project, tmp_path, whole_run):
    results = whole_run(tmp_path / "laptop", lift=2)
    assert readme.main([str(results)]) == 0
    text = (project / "README.md").read_text("utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| ✔ supported | 1 |" in text and "(`cmp-compute`) | " in text and "| all |" in text
    assert "**1** logistic regression (digits) · **2**" in text
    assert (project / "docs" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    for path in results.glob("*.json"):
        assert (project / "docs" / "reference" / path.name).read_bytes() == path.read_bytes()
    assert readme.main([str(results)]) == 0
    assert (project / "README.md").read_text("utf-8") == text


def test_half_a_run_is_refused_and_nothing_is_changed(project, tmp_path, whole_run):
    results = whole_run(tmp_path / "laptop")
    (results / "2_deep_cnn.json").unlink()
    before = (project / "README.md").read_text("utf-8")
    with pytest.raises(CourseError, match="one whole run: Lesson 2_deep_cnn has no results yet"):
        readme.main([str(results)])
    assert (project / "README.md").read_text("utf-8") == before and not (project / "docs").exists()


def test_a_readme_without_its_marks_is_refused(project, tmp_path, whole_run):
    shutil.copy(__file__, project / "README.md")
    with pytest.raises(CourseError, match="0 times, expected once"):
        readme.main([str(whole_run(tmp_path / "laptop"))])
