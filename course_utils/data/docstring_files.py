"""Docstrings of installed packages, read from their source files; no package is imported.

The same versions of the packages give the same documents on every system and every Python: line ends are
made equal, files are read in the order of their names, the course cleans the indentation itself (Python's
own cleaning changed with 3.13), and files that only some systems or Pythons have are left out.
"""

from __future__ import annotations

import ast
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from course_utils import CourseError
from course_utils.data.documents import MIN_CHARACTERS, Document

LEFT_OUT = (
    # tests and their helpers
    "*/tests",
    "*/conftest.py",
    "pandas/_testing",
    "sklearn/utils/_test_common",
    # written by a program when the package was built
    "*/version.py",
    "*/_version*.py",
    "*/__config__.py",
    "*/_distributor_init.py",
    # tools to build packages; numpy.distutils is there on Python 3.11 only
    "numpy/distutils",
    "numpy/f2py",
    "numpy/_pyinstaller",
    "numpy/random/_examples",
    "sklearn/_build_utils",
    # code by others that a package carries along
    "*/externals",
    "numpy/_utils",
    "scipy/_lib",
    "scipy/fft/_pocketfft",
    "scipy/io/_fast_matrix_market",
    "scipy/optimize/_highspy",
    "scipy/stats/_unuran",
    "pandas/io/clipboard",
    "pandas/util/version",
    # the same in the packages that only the long training reads
    "*/_vendor",
    "matplotlib/testing",
    "skimage/_shared/testing.py",
    "skimage/_vendored",
    "sqlalchemy/testing",
    "sympy/parsing/autolev",
    "sympy/parsing/latex/_antlr",
    "sympy/testing",
    "torch/_numpy",
    "torch/_vendor",
    "torch/fx/experimental/unification",
    "torch/testing",
    "torch/utils/_sympy",
    "torch/utils/hipify",
    "transformers/testing_utils.py",
    "diffusers/utils/testing_utils.py",
)
"""Files and folders that are not read, from the package's own folder on; ``*/`` stands for anywhere."""

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Node = ast.Module | Definition


def read(packages: Sequence[str]) -> tuple[list[Document], list[str]]:
    """Every docstring of at least 200 characters, in the order of packages, file names and lines.

    Parameters
    ----------
    packages : sequence of str
        Names to import them by; they are not imported.

    Returns
    -------
    documents : list of Document
    broken : list of str
        Files that are no Python that this interpreter understands.

    Raises
    ------
    CourseError
        A package is not installed, or a file cannot be read.
    """
    places = [(package_folder(package), package) for package in packages]
    files = [(folder.parent, name) for folder, package in places for name in source_files(folder)]
    documents: list[Document] = []
    broken = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on other people's code
        for root, name in tqdm(files, desc="reading docstrings", unit="file", leave=False):
            try:
                documents += in_source(read_source(root / name), name)
            except (SyntaxError, ValueError):  # includes wrong encodings
                broken.append(name)
    return documents, broken


def package_folder(package: str) -> Path:
    """Where an installed package lies.

    Raises
    ------
    CourseError
        It is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise CourseError(f"the package '{package}' is not installed: pip install -r requirements.lock")
    return Path(next(iter(spec.submodule_search_locations)))


def source_files(folder: Path) -> list[str]:
    """Names of a package's source files as ``numpy/linalg/_linalg.py``, sorted, without those left out."""
    names = (path.relative_to(folder.parent).as_posix() for path in folder.rglob("*.py"))
    return sorted(name for name in names if not _is_left_out(name))


def _is_left_out(name: str) -> bool:
    path = PurePosixPath(name)
    return any(place.match(pattern) for place in (path, *path.parents) for pattern in LEFT_OUT)


def read_source(path: Path) -> str:
    """A source file in the encoding that it names, lines ending with a line feed."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except OSError as error:
        raise CourseError(
            f"cannot read '{path}' ({error.strerror}): see to it that you may open it"
        ) from error


def in_source(source: str, file: str) -> list[Document]:
    """The docstrings of a module, its classes and its functions, as `Document`.

    Raises
    ------
    SyntaxError, ValueError
        It is no Python that this interpreter understands.
    """
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    lines = source.split("\n")
    documents = []
    for node, name in _described(ast.parse(source), module):
        text = clean(ast.get_docstring(node, clean=False) or "")
        if len(text) >= MIN_CHARACTERS:
            documents.append(Document(text, file, name, _code(node, lines)))
    return documents


def _described(node: ast.AST, name: str) -> Iterator[tuple[Node, str]]:
    """What can have a docstring, with its full name, in the order of the source."""
    if isinstance(node, Node):
        yield node, name
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):  # nothing else can hold a definition
        for child in getattr(node, field, ()):
            named = isinstance(child, Definition)
            if named or hasattr(child, "body") or hasattr(child, "cases"):
                yield from _described(child, f"{name}.{child.name}" if named else name)


def clean(docstring: str) -> str:
    """A docstring without the indentation of the code, spaces at line ends, and empty lines around it.

    Like `inspect.cleandoc`, but the same on every Python.
    """
    first, *rest = docstring.replace("\r\n", "\n").replace("\r", "\n").expandtabs().split("\n")
    indents = [len(line) - len(line.lstrip(" ")) for line in rest if line.strip()]
    margin = min(indents, default=0)
    lines = [first.strip(), *(line[margin:].rstrip() for line in rest)]
    return "\n".join(lines).strip("\n")


def _code(node: Node, lines: Sequence[str]) -> str:
    """Source of a function from its ``def`` on, without its docstring; '' for modules and classes."""
    if isinstance(node, (ast.Module, ast.ClassDef)):
        return ""
    docstring = node.body[0]
    before = lines[node.lineno - 1 : docstring.lineno]
    after = lines[docstring.end_lineno - 1 : node.end_lineno]
    # columns count bytes
    before[-1] = before[-1].encode()[: docstring.col_offset].decode()
    after[0] = after[0].encode()[docstring.end_col_offset :].decode().lstrip("; ")
    kept = [line.rstrip() for line in (*before[:-1], *filter(str.strip, (before[-1], after[0])), *after[1:])]
    margin = " " * (len(kept[0]) - len(kept[0].lstrip()))
    return "\n".join(line.removeprefix(margin) for line in kept).strip("\n")
