"""Writing files so that a half-written one never has its final name."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_utils import CourseError

STALE_S = 3_600
"""Nobody writes any more to a temporary file that was not touched for so long: its writer was killed."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder, renamed to `path` when the block ends without an error.

    Raises
    ------
    CourseError
        The folder cannot be made or written to.
    """
    temporary = None
    try:
        temporary = _temporary_file(path)
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes private files
        os.replace(temporary, path)
    except OSError as error:
        raise _not_writable(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Make the folder if need be and see that files can be written there; leaves none behind.

    Raises
    ------
    CourseError
        They cannot.
    """
    try:
        _temporary_file(folder / "probe").unlink()
    except OSError as error:
        raise _not_writable(folder, error) from error


def _temporary_file(path: Path) -> Path:
    """A new empty file beside `path`, whose folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with contextlib.suppress(OSError):  # another process may be at the same
            if time.time() - old.stat().st_mtime > STALE_S:
                old.unlink()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    return Path(name)


def _not_writable(path: Path, error: OSError) -> CourseError:
    return CourseError(
        f"cannot write '{path}' ({error.strerror or error}): choose a folder that you may write to"
    )


def _umask() -> int:
    """The process's mask; reading it means setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, all of it or nothing."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def checksum(path: Path, algorithm: str) -> str:
    """Hexadecimal 'sha256' or 'md5' of a file's bytes."""
    with path.open("rb") as file:
        # without the flag, systems that allow only modern cryptography refuse MD5
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    return checksum(path, "sha256")


def shown(name: str) -> str:
    """A name that any screen can print: line breaks and broken letters become question marks."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)
