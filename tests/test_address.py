"""The first cell of each notebook, and the links that open it elsewhere."""

import nbformat
import pytest
from nbformat.v4 import new_output

from course_utils import CourseError
from course_utils.authoring import address, readme, runner


class Shell:
    """Stands in for IPython; keeps the magics that are called."""

    def __init__(self):
        self.called = []

    def run_line_magic(self, *words):
        self.called.append(words)


def executed(monkeypatch, installed):
    shell = Shell()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if installed else None)
    exec(address.setup_cell().source, {"get_ipython": lambda: shell})
    return shell.called


@pytest.mark.parametrize("variable", ["COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"])
def test_on_colab_and_kaggle_it_installs_the_course_once(monkeypatch, variable):
    monkeypatch.setenv(variable, "something")
    asked = executed(monkeypatch, installed=False)
    assert asked == [("pip", f"install --quiet git+{address.repository()}")]
    assert executed(monkeypatch, installed=True) == []


@pytest.mark.parametrize("installed", [True, False])
def test_anywhere_else_it_does_nothing(monkeypatch, installed, capsys):
    for variable in ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(variable, raising=False)
    assert executed(monkeypatch, installed) == [] and capsys.readouterr().out == ""


def test_the_links_open_the_notebook(monkeypatch):
    monkeypatch.setattr(address, "repository", lambda: "https://github.com/us/course")
    assert address.links("notebooks/1.ipynb") == (
        "[Colab](https://colab.research.google.com/github/us/course/blob/main/notebooks/1.ipynb) · "
        "[Kaggle](https://kaggle.com/kernels/welcome?src=https://github.com/us/course/blob/main/notebooks/1.ipynb)"
        " · [Binder](https://mybinder.org/v2/gh/us/course/main?urlpath=lab/tree/notebooks/1.ipynb)"
    )


@pytest.fixture
def published(shelf, monkeypatch, tmp_path):
    """A lesson and a README of a course that has moved."""
    folder = shelf(lesson_1_one=["1", "2"])
    path = folder / "1_one.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells[1:], 1):
        cell.execution_count = number
        cell.outputs = [new_output("execute_result", {"text/plain": "x"}, execution_count=number)]
    nbformat.write(notebook, path)
    monkeypatch.setattr(readme, "README", tmp_path / "README.md")
    monkeypatch.setattr(readme, "refreshed", lambda text, course: f"{text} refreshed")
    (tmp_path / "README.md").write_text("before", encoding="utf-8")
    monkeypatch.setattr(address, "repository", lambda: "https://github.com/us/moved")
    return path


def test_a_new_address_comes_into_what_is_stored(published):
    for _ in range(2):  # twice is as good as once
        assert readme.main(["--address"]) == 0
        notebook = nbformat.read(published, as_version=4)
        assert [cell.id == "setup" for cell in notebook.cells] == [False, True, False, False]
        assert "git+https://github.com/us/moved" in notebook.cells[1].source
        code = notebook.cells[1:]
        assert [cell.execution_count for cell in code] == [1, 2, 3]
        assert [cell.outputs[0].execution_count for cell in code[1:]] == [2, 3]
    assert readme.README.read_text("utf-8") == "before refreshed refreshed"


def test_a_notebook_that_somebody_has_written_into_is_left_alone(published):
    readme.main(["--address"])
    notebook = nbformat.read(published, as_version=4)
    notebook.cells[2].source = "mine"
    nbformat.write(notebook, published)
    before = published.read_text("utf-8")
    with pytest.raises(CourseError, match=r"written into 1_one\.ipynb"):
        readme.main(["--address"])
    assert published.read_text("utf-8") == before and runner.names() == ["1_one"]
