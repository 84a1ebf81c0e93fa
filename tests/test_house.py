"""How the package is built: arrows in one direction, no circle, a map on which every module stands."""

import ast
import graphlib

import pytest

from course_utils import ROOT

PACKAGE = ROOT / "course_utils"
LAYERS = ["cli", "authoring", "report", "exercises", "models", "show", "data", "claims", ""]
"""From the top down; '' holds the modules that everything may use: run, variables, files, __init__."""
BASE = ("run", "variables", "files", "")


def modules():
    """Every module's path by its dotted name inside the package; '' is the package itself."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


MODULES = dict(modules())


def imported(path):
    """Names of the package's modules that a module imports, anywhere in it but for type hints."""
    tree = ast.parse(path.read_text("utf-8"))
    hints = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in hints:
            assert node.level == 0, f"{path.name} imports by a relative name: write the whole one"
            package, _, inner = node.module.partition(".")
            if package == "course_utils":
                for alias in node.names:
                    name = f"{inner}.{alias.name}".strip(".")
                    yield name if name in MODULES else inner
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "course_utils":
                    yield alias.name.partition(".")[2]


def layer(name):
    first = name.split(".")[0]
    return LAYERS.index("" if first in BASE else first)


@pytest.mark.parametrize("name", MODULES)
def test_arrows_lead_down(name):
    upwards = [other for other in imported(MODULES[name]) if layer(other) < layer(name)]
    assert upwards == []


def test_there_is_no_circle():
    graph = {name: set(imported(path)) - {name} for name, path in MODULES.items()}
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


def test_an_upward_arrow_and_a_circle_would_be_seen(tmp_path):
    (tmp_path / "up.py").write_text("def f():\n    from course_utils.report import page\n")
    assert list(imported(tmp_path / "up.py")) == ["report.page"]
    with pytest.raises(graphlib.CycleError):
        list(graphlib.TopologicalSorter({"a": {"b"}, "b": {"a"}}).static_order())


def test_every_module_stands_on_the_map_and_says_what_it_holds():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for name, path in MODULES.items():
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        assert docstring, name
        module = name.split(".")[-1]
        if path.name != "__init__.py" and not module.startswith(("lesson_", "lab_")):  # these share a row
            assert f"`{module}`" in text, f"{name} is not on the map in CONTRIBUTING.md"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_can_be_read_at_one_sitting(name):
    lines = MODULES[name].read_text("utf-8").count("\n")
    limit = 350 if name.startswith("exercises.") else 300  # a file of exercises is read one by one
    assert lines <= limit, f"{name} has {lines} lines: part it, or shorten it"
