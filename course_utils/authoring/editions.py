"""Editions of a notebook: reading one, knowing it by a digest of its text, keeping it for the next merge."""

from __future__ import annotations

import re
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.validator import normalize

from course_utils import ROOT, CourseError, files
from course_utils.authoring import merge

LINK = re.compile(r"\[([^]]*)\]\(([^)#:\s]+)((?:#[^)]*)?)\)")
"""A link to a file of the course: its words, the file, the place in it."""
MERGE_MARK = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)


def read(path: Path) -> NotebookNode:
    """A notebook whose cells all have an id.

    Raises
    ------
    CourseError
        It cannot be read, is damaged or no notebook, or has the marks of a merge.
    """
    try:
        text = path.read_text(encoding="utf-8")
        with warnings.catch_warnings(action="ignore"):  # ids that are missing or doubled are mended
            notebook = normalize(nbformat.reads(text, as_version=4), version_minor=5)[1]
        notebook.nbformat_minor = 5
        nbformat.validate(notebook, relax_add_props=True)
        if not notebook.cells:
            raise ValueError("it has no cells")
    except OSError as error:
        raise CourseError(f"cannot read '{path}': {error.strerror}") from error
    except (ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        reason = str(error).partition("\n")[0][:80]
        raise CourseError(
            f"'{path}' is damaged, or no notebook ({reason}); it was left as it is. Take a backup from "
            "beside it, or rename it, begin anew with 'course start', and copy your answers over"
        ) from error
    for number, cell in enumerate(notebook.cells, 1):
        if MERGE_MARK.search(cell.source):
            raise CourseError(
                f"'{path}', cell {number}, has the marks of a merge (<<<<<<<); it was left as it is. Choose "
                "one of the two texts, remove the marks and save"
            )
    return notebook


def relink(notebook: NotebookNode, place: Callable[[Path], str | None]) -> None:
    """Let a notebook's links to files of the course lead to where `place` says; None leaves the words."""

    def link(found: re.Match[str]) -> str:
        target = place(Path(found[2]))
        return f"[{found[1]}]({target}{found[3]})" if target else found[1]

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(link, cell.source)


def digest(notebook: NotebookNode) -> str:
    """Of everything that a person can type into a notebook."""
    return merge.digest("\0".join(cell.source for cell in notebook.cells))


def named(notebook: NotebookNode) -> str | None:
    """The digest of the edition that a notebook came from, as its metadata say; None where they do not."""
    built = notebook.metadata.get("course", {}).get("built")
    return built if re.fullmatch("[0-9a-f]{64}", str(built)) else None


def holds_work(path: Path) -> bool:
    """Whether somebody has written into a stored notebook since it was built; running it is no writing."""
    if not path.exists():
        return False
    try:
        notebook = read(path)
    except CourseError:  # cut short, or with the marks of a merge: whoever wrote into it may want it back
        return True
    return named(notebook) not in (None, digest(notebook))


def present(path: Path) -> NotebookNode | None:
    """The course's own notebook, as nobody but the course has written it; None where it is not to be had.

    Where somebody has written into it, or nbgitpuller has merged what they wrote, the last commit has it.
    """
    if path.exists() and not holds_work(path):
        return read(path)
    for place in ("HEAD", "@{upstream}"):
        if (edition := _at(place, path)) and named(edition) == digest(edition):
            return edition
    return None


def known(mine: NotebookNode, kept_at: Path, stored: Path) -> NotebookNode | None:
    """The edition that a student's notebook came from, as `merge.pristine` gives it; None where it is lost.

    Parameters
    ----------
    mine : NotebookNode
        The student's.
    kept_at : Path
        Where its edition is kept, if it is.
    stored : Path
        The course's own notebook: it may be of that edition, now or in the history of the checkout.
    """
    if kept_at.exists():
        return read(kept_at)
    for edition in (present(stored), *_in_history(stored, named(mine))):
        if edition and named(edition) == named(mine) == digest(edition):
            return merge.pristine(edition)
    return None


def keep(edition: NotebookNode, kept_at: Path) -> None:
    """Keep of an edition what the next merge needs of it: `merge.pristine`."""
    files.write_text(kept_at, nbformat.writes(edition) + "\n")


def _in_history(path: Path, edition: str | None) -> Iterator[NotebookNode]:
    """A notebook as it was in the commits that brought an edition or replaced it, in a git checkout."""
    if edition is None or not path.is_relative_to(ROOT):
        return
    name = path.relative_to(ROOT).as_posix()
    for commit in _git("log", "--format=%H", f"-S{edition}", "--", name).split():
        if found := _at(commit, path):
            yield found


def _at(commit: str, path: Path) -> NotebookNode | None:
    """A notebook as it was in a commit; None where it was not there, or was damaged."""
    if not path.is_relative_to(ROOT):
        return None
    try:
        shown = _git("show", f"{commit}:./{path.relative_to(ROOT).as_posix()}")
        return nbformat.reads(shown, as_version=4)
    except ValueError:
        return None


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git or no checkout."""
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False).stdout
    except FileNotFoundError:
        return ""
