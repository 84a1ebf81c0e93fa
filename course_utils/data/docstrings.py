"""The text corpus of lesson 3: docstrings of four packages that are installed anyway.

numpy, scipy and pandas are the general text, scikit-learn is the task. Nothing is downloaded. The corpus is
made once and kept below `registry.cache_folder`, with its checksum and the packages' versions.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from course_utils import ROOT, CourseError
from course_utils.data import docstring_files, text_parts
from course_utils.data.documents import Document, Texts
from course_utils.data.registry import Source, cache_folder, registry, require_content
from course_utils.files import atomic_path

LOCK = ROOT / "requirements.lock"
GENERAL = {"numpy": "numpy", "scipy": "scipy", "pandas": "pandas"}
TASK = {"sklearn": "scikit-learn"}
"""Packages by the name to import them by, with the name to install them by."""
GENERAL_SHARES, TASK_SHARES = (0.03, 0.03), (0.10, 0.15)
"""Shares of the characters that go into the validation and the test part."""
RECIPE = 1
"""Number of the way to make the corpus; one more with every change, so that no older one is used."""
CACHE_FILE = "docstrings.jsonl.gz"


def load() -> tuple[Texts, Texts]:
    """Docstrings of numpy, scipy and pandas (general), and of scikit-learn (task).

    Docstrings of at least 200 characters, without near-duplicates, divided by source file, so that no
    run of 13 words is in a training part and in a validation or test part. The first call takes about
    15 seconds, later ones less than one.

    Returns
    -------
    general, task : Texts

    Raises
    ------
    CourseError
        A package is not installed, or the packages are those of requirements.lock but the corpus is not
        the one this course was written for.
    """
    source, versions = registry()["docstrings"], installed_versions()
    locked = versions == locked_versions()
    kept, remark = _from_cache(source, versions)
    if kept and locked and content_digest(*kept) != source.sha256:
        kept, remark = None, "the kept corpus was another one: made anew"
    general, task = kept or build(source)
    if not kept:
        if locked:
            require_content(source, content_digest(general, task))
        remark += _to_cache(general, task, versions)
    if not locked:
        shown = ", ".join(f"{name} {number}" for name, number in versions.items())
        remark += f"\nread from {shown}: not those of requirements.lock, so numbers differ from printed ones"
    reports = (f"{texts.report}\n{remark.strip()}".strip() for texts in (general, task))
    return replace(general, report=next(reports)), replace(task, report=next(reports))


def build(source: Source) -> tuple[Texts, Texts]:
    """Read the packages and make the parts, taking no notice of what is kept."""
    documents, broken = docstring_files.read([*GENERAL, *TASK])
    remark = f"{len(broken)} file(s) that this Python cannot read: {', '.join(broken[:3])}" if broken else ""

    def of(packages: Mapping[str, str]) -> list[Document]:
        return [document for document in documents if document.file.split("/")[0] in packages]

    general = text_parts.make(of(GENERAL), source, remark, shares=GENERAL_SHARES)
    return general, text_parts.make(of(TASK), source, remark, general, shares=TASK_SHARES)


def installed_versions() -> dict[str, str]:
    """Version of each package, by the name to install it by.

    Raises
    ------
    CourseError
        One is not installed.
    """
    try:
        return {name: version(name) for name in (GENERAL | TASK).values()}
    except PackageNotFoundError as error:
        raise CourseError(f"'{error.name}' is not installed: pip install -r requirements.lock") from error


def locked_versions() -> dict[str, str]:
    """Versions of the same packages in requirements.lock; without the file, none."""
    text = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    found = {name: re.search(rf"^{name}==(\S+)", text, re.MULTILINE) for name in (GENERAL | TASK).values()}
    return {name: match[1] for name, match in found.items() if match}


def _parts(*collections: Texts) -> list[tuple[Document, ...]]:
    """General train, validation, test, task train, validation, test."""
    return [part for texts in collections for part in (texts.train, texts.validation, texts.test)]


def _content(*collections: Texts) -> bytes:
    """All documents as lines of JSON, with an empty line between two parts."""
    return b"\n\n".join(text_parts.as_lines(part) for part in _parts(*collections))


def content_digest(*collections: Texts) -> str:
    """SHA-256 of all documents of these texts, as the registry has it for those that `load` gives."""
    return hashlib.sha256(_content(*collections)).hexdigest()


def _cache_path() -> Path:
    return cache_folder() / CACHE_FILE


def _from_cache(source: Source, versions: Mapping[str, str]) -> tuple[tuple[Texts, Texts] | None, str]:
    """The corpus if a good one is kept, and what to say if it is not."""
    try:
        head, _, content = gzip.decompress(_cache_path().read_bytes()).partition(b"\n")
        about = json.loads(head)
        if (about["recipe"], about["versions"]) != (RECIPE, dict(versions)):
            return None, "the kept corpus was of other versions: made anew"
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise ValueError("its checksum differs")
        parts = [
            tuple(Document(*json.loads(line)) for line in part.split(b"\n") if line)
            for part in content.split(b"\n\n")
        ]
        reports = about["reports"]
        return (Texts(*parts[:3], source, reports[0]), Texts(*parts[3:], source, reports[1])), ""
    except (FileNotFoundError, NotADirectoryError):
        return None, ""
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError) as error:
        return None, f"the kept corpus was damaged ({error}): made anew"


def _to_cache(general: Texts, task: Texts, versions: Mapping[str, str]) -> str:
    """Keep the corpus for the next time; gives what to say when that is not possible."""
    about = {"recipe": RECIPE, "versions": dict(versions), "sha256": content_digest(general, task)}
    about["reports"] = [general.report, task.report]
    content = json.dumps(about).encode() + b"\n" + _content(general, task)
    try:
        with atomic_path(_cache_path()) as temporary:
            temporary.write_bytes(gzip.compress(content, 6, mtime=0))
    except CourseError as error:
        return f"\nthe corpus could not be kept, so the next time takes as long: {error}"
    return ""
