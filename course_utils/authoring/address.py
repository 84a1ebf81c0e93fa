"""Where the course is published, and what follows from it: each notebook's first cell, links to open it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from urllib.parse import quote

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_utils import ROOT, files
from course_utils.authoring import editions

PYPROJECT = ROOT / "pyproject.toml"
SETUP = "setup"
"""The tag of the first cell."""
SOURCE = """\
# On Colab and Kaggle this cell installs the course; anywhere else it does nothing.
import importlib.util
import os

elsewhere = {{"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"}} & set(os.environ)
if elsewhere and importlib.util.find_spec("course_utils") is None:
    course = "git+{address}"
    get_ipython().run_line_magic("pip", f"install --quiet {{course}}")"""


def repository() -> str:
    """The address that pyproject.toml gives."""
    return tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["urls"]["Repository"]


def setup_cell() -> NotebookNode:
    """The first code cell of a student's edition: JupyterLab folds it, and a class never gets it."""
    metadata = {"jupyter": {"source_hidden": True}, "tags": [SETUP]}
    return new_code_cell(SOURCE.format(address=repository()), id="setup", metadata=metadata)


def without_setup(notebook: NotebookNode) -> list[NotebookNode]:
    """A notebook's cells but for its first one of code."""
    return [cell for cell in notebook.cells if SETUP not in cell.metadata.get("tags", ())]


def with_setup(notebook: NotebookNode) -> NotebookNode:
    """The notebook with today's first cell behind its title, executed ones as if it had run, too."""
    title, *cells = without_setup(notebook)
    notebook.cells = [title, setup_cell(), *cells]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if any(cell.execution_count for cell in code):
        for number, cell in enumerate(code, 1):
            cell.execution_count = number
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = number
    return notebook


def links(path: str) -> str:
    """Markdown that opens a notebook of the repository on Colab, Kaggle and Binder."""
    address = repository()
    place = quote(address.removeprefix("https://github.com/"))
    targets = {
        "Colab": f"https://colab.research.google.com/github/{place}/blob/main/{path}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?src={address}/blob/main/{path}",
        "Binder": f"https://mybinder.org/v2/gh/{place}/main?urlpath=lab/tree/{path}",
    }
    return " · ".join(f"[{name}]({target})" for name, target in targets.items())


def renew(path: Path) -> None:
    """Bring today's first cell into a stored notebook."""
    before = path.read_text(encoding="utf-8")
    notebook = with_setup(nbformat.reads(before, as_version=4))
    notebook.metadata["course"] = {"built": editions.digest(notebook)}
    after = nbformat.writes(notebook) + "\n"
    if after != before:
        files.write_text(path, after)
