"""A student's own copies of the notebooks, in ``work/``: making them, and bringing new editions into them.

A copy names its edition in its metadata. The edition is kept below ``work/.editions/`` before the copy is
written, so that a power cut at any moment leaves a whole notebook and the edition that it names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat
from tabulate import tabulate

from course_utils import CourseError, files, run
from course_utils.authoring import editions, merge, runner

LINK = re.compile(r"\]\(([\w./-]+\.(?:ipynb|md))[)#]")
SETTINGS = Path(".jupyterlab", "overrides.json")
COLUMNS = ("", "texts renewed", "new", "moved", "gone", "answers kept", "more of yours kept", "both changed")
BOTH = "{}: both changed '{:.50}'; yours stays, the course's stands behind it and does not run"
REPLACED = "{}: '{:.50}' has to be the course's; what you wrote there stands behind it and does not run"
NEXT = (
    "A notebook that is open in JupyterLab: choose File > Reload Notebook from Disk, and do not save the old "
    "one over it.\nOutputs of changed cells are gone: run all cells again."
)


def folder() -> Path:
    """Where the student's copies lie, laid out like ``notebooks/``."""
    return run.own_folder() / "work"


def start(names: Sequence[str], source: Path | None = None) -> str:
    """Copy lessons and labs, and all that they link to, into ``work/``; what was done and what comes next.

    Nothing that is there is overwritten.

    Parameters
    ----------
    names : sequence of str
        Full names of lessons and labs.
    source : Path, optional
        A notebook that the student has worked on elsewhere, to become the copy; `names` has one name then.

    Raises
    ------
    CourseError
        Somebody has written into the course's own notebook; `source` is no notebook, or would overwrite a
        copy; the folder cannot be written.
    """
    asked = [runner.path_of(name) for name in names]
    if source is not None and (len(asked) != 1 or _copy_of(asked[0]).exists()):
        raise CourseError(
            f"--from goes with one lesson or lab that is not in '{_shown(folder())}' yet: give its name "
            "alone, and rename a copy that is there; nothing was changed"
        )
    told = []
    for path in asked:
        there = _copy_of(path).exists()
        if not there:
            _begin(path, source)
        told.append(_shown(_copy_of(path)) + (" is there already, and stays as it is" if there else ""))
    if source is not None and source.resolve() == asked[0].resolve():
        told.append(
            f"It has all that you wrote. 'git checkout {_shown(asked[0])}' gives the course its own back."
        )
    return "\n".join([*told, *_bring_linked(asked), "", *_how_to_open(_copy_of(asked[0]))])


def update(names: Sequence[str], dry_run: bool = False) -> tuple[str, list[str]]:
    """Bring the course's present edition into the student's copies.

    Parameters
    ----------
    names : sequence of str
        Full names of lessons and labs; nothing means all that are in ``work/``.
    dry_run : bool
        Only say what would change.

    Returns
    -------
    told, problems : str, list of str
        What changed, as a table; a sentence for each notebook that had to be left as it was.
    """
    paths = [runner.path_of(name) for name in names or (*runner.names(), *runner.labs())]
    paths = [path for path in paths if names or _copy_of(path).exists()]
    if not paths:
        raise CourseError(f"there is nothing in '{_shown(folder())}' yet: begin with 'course start 1'")
    rows, notes, backups, problems = [], [], [], []
    for path in paths:
        try:
            changes, backup = _update(path, dry_run)
        except CourseError as error:
            problems.append(str(error))
            continue
        if changes is not None:
            rows.append(_row(path.stem, changes))
            notes += [BOTH.format(path.stem, line) for line in changes.clashes]
            notes += [REPLACED.format(path.stem, line) for line in changes.replaced]
        backups += [] if backup is None else [_shown(backup)]
    if not rows:
        return "" if problems else "All of it is the course's present edition already.", problems
    many = f" and {len(backups) - 1} more beside the others" if len(backups) > 1 else ""
    notes += [f"As it was before: {backups[0]}{many}"] if backups else []
    notes += ["Nothing was written."] if dry_run else [*_bring_linked(paths), NEXT]
    return "\n".join([tabulate(rows, headers=COLUMNS), "", *notes]), problems


def _row(name: str, changes: merge.Changes) -> tuple[object, ...]:
    counts = (changes.renewed, changes.new, changes.moved, changes.gone)
    return name, *counts, ", ".join(changes.answers), changes.own, len(changes.clashes)


# --- one notebook ---


def _begin(path: Path, source: Path | None) -> None:
    """Make the copy of one notebook of the course."""
    if source is None:
        edition = _pristine(path)
        editions.keep(merge.pristine(edition), _kept_at(path, edition))
    else:
        mine = editions.read(source)
        if edition := editions.known(mine, _kept_at(path, mine), path):
            editions.keep(edition, _kept_at(path, mine))
    _write_bytes(_copy_of(path), (source or path).read_bytes())


def _pristine(path: Path) -> nbformat.NotebookNode:
    """The course's own notebook."""
    if editions.holds_work(path):
        raise CourseError(
            f"somebody has written into '{_shown(path)}', which is the course's. To take that along: "
            f"'course start {path.stem} --from {_shown(path)}'. After that, or to drop it: "
            f"'git checkout {_shown(path)}' (with nbgitpuller: delete that file, and open the link again)"
        )
    return editions.read(path)


def _update(path: Path, dry_run: bool) -> tuple[merge.Changes | None, Path | None]:
    """What the new edition changes in a copy, and the copy as it was; None where there is no such thing."""
    target = _copy_of(path)
    if not target.exists():
        raise CourseError(f"there is no '{_shown(target)}': 'course start {path.stem}' makes it")
    mine = editions.read(target)
    before = target.read_bytes()
    new = editions.present(path) or _pristine(path)
    if editions.named(mine) == editions.named(new):
        return None, None
    base = editions.known(mine, _kept_at(path, mine), path) or merge.reconstructed(mine, new)
    merged, changes = merge.merge(base, mine, new)
    if dry_run:
        return changes, None
    editions.keep(merge.pristine(new), _kept_at(path, new))
    backup = _back_up(target, before)
    if target.read_bytes() != before:
        raise CourseError(f"'{_shown(target)}' was saved in this moment, and left so: update it again")
    files.write_text(target, nbformat.writes(merged) + "\n")
    return changes, backup


def _back_up(path: Path, content: bytes) -> Path:
    """A copy under the next number; one with the same content serves, of an update that was cut off."""
    number = 1
    while True:
        backup = path.with_name(f"{path.stem}.before-update-{number}{path.suffix}")
        if not backup.exists():
            _write_bytes(backup, content)
        if backup.read_bytes() == content:
            return backup
        number += 1


def _write_bytes(path: Path, content: bytes) -> None:
    with files.atomic_path(path) as temporary:
        temporary.write_bytes(content)


# --- the folder ---


def _copy_of(path: Path) -> Path:
    return folder() / path.relative_to(runner.NOTEBOOKS)


def _kept_at(path: Path, notebook: nbformat.NotebookNode | None = None) -> Path:
    """Where the edition of a notebook is kept, or the present one of a page that is no notebook."""
    edition = "pages" if notebook is None else (editions.named(notebook) or "unknown")[:16]
    return folder() / ".editions" / edition / path.relative_to(runner.NOTEBOOKS)


def _bring_linked(paths: Iterable[Path]) -> list[str]:
    """Copy what these notebooks link to, from one to the next, so that no link is dead; what to tell."""
    told, found, begun = [], list(paths), 0
    for path in found:  # it grows
        for link in LINK.findall(path.read_text(encoding="utf-8")) if path.suffix == ".ipynb" else ():
            linked = Path(os.path.normpath(path.parent / link))
            if linked not in found and linked.is_relative_to(runner.NOTEBOOKS) and linked.is_file():
                found.append(linked)
    found += [runner.NOTEBOOKS / SETTINGS] if (runner.NOTEBOOKS / SETTINGS).is_file() else []
    for path in found:
        if path.suffix != ".ipynb":
            _renew(path)
        elif not _copy_of(path).exists():
            try:
                _begin(path, None)
                begun += 1
            except CourseError as error:
                told.append(f"Not copied: {error}")
    return told + [f"and {begun} notebooks that it links to"] * bool(begun)


def _renew(path: Path) -> None:
    """Copy a page or settings of the course's in the present edition; one that was changed is backed up."""
    target, kept, content = _copy_of(path), _kept_at(path), path.read_bytes()
    theirs = target.read_bytes() if target.exists() else content
    if theirs != content and not (kept.exists() and kept.read_bytes() == theirs):
        _back_up(target, theirs)
    for place in (kept, target):
        if not place.exists() or place.read_bytes() != content:
            _write_bytes(place, content)


def _shown(path: Path) -> str:
    """A path as one types it from here."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _how_to_open(notebook: Path) -> list[str]:
    if os.environ.get(
        "JUPYTERHUB_USER"
    ):  # JupyterLab is where this is read, and another would not be reached
        return [f"To open it: in JupyterLab, File > Open from Path, and there {_below_home(notebook)}"]
    return ["To open it:", f"  {_command(notebook)}"]


def _below_home(path: Path) -> str:
    return str(path.relative_to(Path.home()) if path.is_relative_to(Path.home()) else path)


def _command(notebook: Path) -> str:
    """What opens a copy in JupyterLab, with a lab's links to pages that lie above it."""
    options = [f"--LabApp.app_settings_dir={_shown(folder() / SETTINGS.parent)}"]
    if notebook.parent != folder():
        options.append(f"--ServerApp.root_dir={_shown(folder())}")
    parts = ["jupyter", "lab", *options, _shown(notebook)]
    return " ".join(f'"{part}"' if " " in part else part for part in parts)
