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

ROOT = Path(__file__).resolve().parent.parent
"""Folder of the checkout: the lessons, the lock and the data sheets lie below it."""


class CourseError(Exception):
    """Something the reader can put right; the message says what was expected, what came, what to do."""
