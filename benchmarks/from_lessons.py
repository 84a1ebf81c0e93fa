"""Takes functions and settings out of a lesson's source: a benchmark measures the lesson's own code."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from course_utils import ROOT, CourseError
from course_utils import run as runtime

SOURCES = ROOT / "notebooks" / "source"


def definitions(lesson: str, names: list[str], **given: Any) -> SimpleNamespace:
    """What a lesson's source defines under these names, in the laptop profile on the CPU.

    Runs the lesson's imports and the statements that define the names, in the lesson's order, and nothing
    else of it.

    Parameters
    ----------
    lesson : str
        Name of the notebook.
    names : list of str
        Of functions, classes and variables, those included that others of them need.
    **given
        Variables that the lesson would have computed by then.

    Raises
    ------
    CourseError
        The lesson does not define one of the names.
    """
    path = SOURCES / f"{lesson}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wanted = [node for node in tree.body if _is_import(node) or _defined(node) & set(names)]
    if missing := set(names) - set().union(*map(_defined, wanted)):
        raise CourseError(
            f"{path.name} no longer defines {', '.join(sorted(missing))}, which benchmarks/ measures: "
            "put the new names there"
        )
    run = runtime.Run(lesson, "laptop", "cpu", 0, Path("nowhere"))  # nothing is written
    namespace = {"run": run, **given}
    exec(compile(ast.Module(wanted, []), path, "exec"), namespace)
    return SimpleNamespace(**{key: value for key, value in namespace.items() if not key.startswith("__")})


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _defined(node: ast.stmt) -> set[str]:
    """Names of the function, class or plain variables that a statement defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}
