"""Small editions of a lesson, made as the real ones are: ids follow from the text, the metadata name it."""

import hashlib
from collections import Counter

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.authoring import build, editions


def text(source):
    return new_markdown_cell(source)


def code(source, printed="stored"):
    """A code cell as it is stored: executed on the machine of whoever built the edition."""
    cell = new_code_cell(source, execution_count=7)
    cell.outputs = [new_output("stream", text=f"{printed}: {source}")]
    return cell


def exercise(number, name):
    return _graded(f"{name} = ...\n{build.STUB}", "exercise", number)


def check(number, name):
    return _graded(f'exercises.check("{number}", {name})', "check", number)


def given(number, source):
    return _graded(source, "given", number)


def _graded(source, role, number):
    cell = new_code_cell(source, execution_count=7)
    cell.metadata["nbgrader"] = {"grade_id": f"{role}_{number.replace('.', '_')}", **build.ROLES[role]}
    return cell


def edition(*cells):
    """A notebook of these cells, as `build` stores it."""
    seen = Counter()
    for cell in cells:
        built_from = cell.source.replace(build.STUB, "the solution")
        digest = hashlib.sha256(built_from.encode()).hexdigest()[:12]
        seen[digest] += 1
        cell["id"] = f"{digest}-{seen[digest]}"
    notebook = nbformat.from_dict(new_notebook(cells=list(cells)))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["course"] = {"built": editions.digest(notebook)}
    return notebook


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def at(notebook, start):
    """The only cell whose text begins so."""
    (cell,) = [cell for cell in notebook.cells if cell.source.startswith(start)]
    return cell
