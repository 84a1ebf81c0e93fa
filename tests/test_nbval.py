"""How pytest executes notebooks: what differs is seen, and a dead kernel is seen at once."""

import subprocess
import sys

import nbformat
import pytest

from course_utils import ROOT


@pytest.fixture
def nbval(tmp_path, notebook):
    """Runs pytest on a notebook with these code cells; its exit code and output."""

    def run(*sources, tags=(), stored=""):
        made = notebook(*sources)
        for count, cell in enumerate(made.cells):
            if cell.cell_type == "code":
                cell.execution_count = count
        cell.metadata.tags = list(tags)
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=stored)] if stored else []
        nbformat.write(made, tmp_path / "made.ipynb")
        options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-q"]
        done = subprocess.run(
            [*command, "-p", "conftest", *options, tmp_path / "made.ipynb"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return run


def test_a_dead_kernel_is_noticed_long_before_the_timeout(nbval):
    code, output = nbval("import os; os._exit(1)")
    assert code == 1 and "the kernel died" in output and "timeout" not in output.lower()


def test_a_cell_that_raises_fails(nbval):
    code, output = nbval("1 / 0")
    assert code == 1 and "ZeroDivisionError" in output


def test_a_tagged_cell_must_print_what_is_stored(nbval):
    tagged = {"tags": ["nbval-check-output"], "stored": "supported\n"}
    assert nbval("print('supported')", **tagged)[0] == 0
    assert nbval("print('not supported')", **tagged)[0] == 1


def test_an_untagged_cell_may_print_something_else(nbval):
    assert nbval("print('7.31 s')", stored="7.12 s\n")[0] == 0
