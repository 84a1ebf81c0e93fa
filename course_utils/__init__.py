"""Shared package of the course *Put to the Test*.

Each module can be read on its own; a lesson says what a helper does before it calls it.
Importing the package is cheap: torch and the plotting library load only when a module needs them.
"""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

try:
    __version__ = version("course_utils")
except PackageNotFoundError:  # a plain checkout that was never installed
    __version__ = "0+uninstalled"

_PACKAGE = Path(__file__).resolve().parent
ROOT = _PACKAGE / "_files" if (_PACKAGE / "_files").is_dir() else _PACKAGE.parent
"""Notebooks, lock and data sheets lie below it: the checkout, or a folder of the installed package, into
which nothing should be written."""


def resource(*parts: str) -> Path:
    """A file or folder of the course beside its code: ``resource("datasets", "registry.toml")``.

    It is found in a checkout and in an installed package (``pip install .``, a wheel) alike.
    """
    return ROOT.joinpath(*parts)


class CourseError(Exception):
    """Something the reader can put right; the message says what was expected, what came, what to do."""
