"""README, recorded reference run and stored notebooks tell the same of every lesson and lab."""

import shutil

import nbformat
import pytest

from course_utils import CourseError
from course_utils import run as runtime
from course_utils.authoring import readme, runner


@pytest.fixture(scope="module")
def reference():
    return readme.whole(readme.REFERENCE)


def test_the_reference_is_one_whole_run(reference):
    assert sorted(reference.records) == sorted(runner.names() + runner.names("labs"))
    assert {record.run.profile for record in reference.records.values()} == {"laptop"}
    assert len(reference.costs) > 5


def test_nothing_else_lies_beside_the_reference():
    assert {path.stem for path in readme.REFERENCE.iterdir()} == set(runtime.notebooks())


def test_the_readmes_tables_are_the_reference_runs(reference):
    text = readme.README.read_text("utf-8")
    assert readme.refreshed(text, reference) == text, "run 'make course', 'make labs' and 'make readme'"


def test_every_verdict_of_the_reference_stands_in_the_readme(reference):
    text = readme.README.read_text("utf-8")
    for verdict in reference.all_verdicts():
        assert f" {verdict.word} (`{verdict.claim.id}`)" in text


@pytest.mark.parametrize("name", runtime.notebooks())
def test_the_stored_notebook_prints_the_reference_runs_verdicts(reference, name):
    notebook = nbformat.read(runner.path_of(name), as_version=4)
    (cell,) = [c for c in notebook.cells if "nbval-check-output" in c.metadata.get("tags", [])]
    lines = cell.outputs[0].text.splitlines()
    for verdict, line in zip(reference.verdicts[name], lines, strict=False):
        assert line.split(maxsplit=1)[1] == f"{verdict.claim.id}: {verdict.word}"
    assert len(lines) > len(reference.verdicts[name]) > 0


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A README and a docs folder to be refreshed."""
    monkeypatch.setattr(readme, "README", tmp_path / "README.md")
    monkeypatch.setattr(readme, "REFERENCE", tmp_path / "docs" / "reference")
    monkeypatch.setattr(readme, "FIGURE", tmp_path / "docs" / "comparison.png")
    marks = "".join(
        f"<!-- {name}: written by 'make readme' -->\nold row\n<!-- end of {name} -->\n"
        for name in ("lessons", "labs", "models")
    )
    (tmp_path / "README.md").write_text(f"before\n{marks}after\n", encoding="utf-8")
    return tmp_path


def test_one_command_refreshes_tables_figure_and_reference(project, tmp_path, whole_run):
    results = whole_run(tmp_path / "laptop", lift=2)
    assert readme.main([str(results)]) == 0
    text = (project / "README.md").read_text("utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "old row" not in text
    for name, notebook in runtime.notebooks().items():
        place = "labs/" if notebook.lab else ""
        assert f"[{name[0]} · {notebook.question}](notebooks/{place}{name}.ipynb) | " in text
    assert "| ✔ supported (`dl-needs-data`) | 0.1 |" in text and "(`cmp-compute`) | 0.1 |" in text
    assert "(`ml-lightweight`) | ✔ supported (`ml-lightweight`)<br>✔ supported (`dl-risk`) | 0.1 | " in text
    assert "**1** logistic regression (digits) · **2**" in text
    assert (project / "docs" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    for path in results.glob("*.json"):
        assert (project / "docs" / "reference" / path.name).read_bytes() == path.read_bytes()
    assert readme.main([str(results)]) == 0
    assert (project / "README.md").read_text("utf-8") == text


@pytest.mark.parametrize("name", ["2_deep_cnn", "2_depth"])
def test_half_a_run_is_refused_and_nothing_is_changed(project, tmp_path, whole_run, name):
    results = whole_run(tmp_path / "laptop")
    (results / f"{name}.json").unlink()
    before = (project / "README.md").read_text("utf-8")
    with pytest.raises(CourseError, match=f"one whole run: {name}: course run 2"):
        readme.main([str(results)])
    assert (project / "README.md").read_text("utf-8") == before and not (project / "docs").exists()


def test_a_mixed_run_is_refused(project, tmp_path, whole_run):
    path = whole_run(tmp_path / "laptop") / "2_depth.json"
    path.write_text(path.read_text("utf-8").replace('"seed": 0', '"seed": 1'), encoding="utf-8")
    with pytest.raises(CourseError, match="Different settings of 'seed'"):
        readme.main([str(tmp_path / "laptop")])


def test_a_readme_without_its_marks_is_refused(project, tmp_path, whole_run):
    shutil.copy(__file__, project / "README.md")
    with pytest.raises(CourseError, match="0 times, expected once"):
        readme.main([str(whole_run(tmp_path / "laptop"))])
