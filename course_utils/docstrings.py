"""The text corpus of lesson 3: docstrings of four packages that are installed anyway.

numpy, scipy and pandas are the general text, scikit-learn is the task. Nothing is downloaded. The corpus is
read once and kept below `registry.cache_folder`, with its checksum and the packages' versions.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from course_utils import ROOT, CourseError, docstring_files
from course_utils.files import atomic_path
from course_utils.overlap import SharedRuns, near_duplicates
from course_utils.passages import longest_shared_passage
from course_utils.registry import cache_folder, registry, require_content
from course_utils.text import Document, Texts, split, table_of_sizes, without_shared

LOCK = ROOT / "requirements.lock"
GENERAL = {"numpy": "numpy", "scipy": "scipy", "pandas": "pandas"}
TASK = {"sklearn": "scikit-learn"}
"""Packages by the name to import them by, with the name to install them by."""
SHARES = {"general": (0.03, 0.03), "task": (0.10, 0.15)}
"""Shares of the characters that go into the validation and the test part."""
PARTS = tuple(f"{side} {part}" for side in SHARES for part in ("train", "validation", "test"))
RECIPE = 1
"""Number of the way to make the corpus; one more with every change, so that no older cache is used."""
CACHE_FILE = "docstrings.jsonl.gz"


@dataclass(frozen=True)
class _Corpus:
    parts: dict[str, tuple[Document, ...]]
    """By the names of `PARTS`."""
    notes: str
    """What the report says about how it was made."""

    def lines(self) -> bytes:
        """The content: one line of JSON a document."""
        rows = ([part, *astuple(document)] for part in PARTS for document in self.parts[part])
        return "\n".join(json.dumps(row, separators=(",", ":")) for row in rows).encode("ascii")


def load() -> tuple[Texts, Texts]:
    """Docstrings of numpy, scipy and pandas (general), and of scikit-learn (task).

    Docstrings of at least 200 characters, without near-duplicates, divided by source file. What a
    validation or test document shares with any training document (13 words in a row) was cut out of it.
    The first call takes about 20 seconds, later ones less than one.

    Raises
    ------
    CourseError
        A package is not installed, or the packages are those of requirements.lock but the corpus is not
        the one this course was written for.
    """
    source = registry()["docstrings"]
    versions = installed_versions()
    corpus, digest, remark = _from_cache(versions)
    if corpus is None or (versions == locked_versions() and digest != source.sha256):
        corpus = build()
        digest = hashlib.sha256(corpus.lines()).hexdigest()
        if versions == locked_versions():
            require_content(source, digest)
        remark += _to_cache(corpus, versions)
    if versions != locked_versions():
        shown = ", ".join(f"{name} {number}" for name, number in versions.items())
        remark += (
            f"\nread from {shown}: requirements.lock has others, so numbers differ from the printed ones"
        )
    general, task = (
        Texts(
            *(corpus.parts[part] for part in PARTS[i : i + 3]),
            source,
            _report(corpus, PARTS[i : i + 3], remark),
        )
        for i in (0, 3)
    )
    return general, task


def build() -> _Corpus:
    """Read the packages and make the parts; takes no notice of the cache."""
    everything, broken = docstring_files.read([*GENERAL, *TASK])
    twins = near_duplicates([document.text for document in everything])
    kept = [document for document, twin in zip(everything, twins, strict=True) if not twin]
    parts = {}
    for side, packages in (("general", GENERAL), ("task", TASK)):
        mine = [document for document in kept if document.file.split("/")[0] in packages]
        parts |= zip(
            (part for part in PARTS if part.startswith(side)), split(mine, *SHARES[side]), strict=True
        )
    training = parts["general train"] + parts["task train"]
    known = SharedRuns(document.text for document in training)
    for part in PARTS:
        if not part.endswith("train"):
            parts[part] = without_shared(parts[part], known, docstring_files.MIN_CHARACTERS)
    passage = longest_shared_passage(
        [document.text for document in parts["task test"]], [document.text for document in training]
    )
    notes = (
        f"{len(everything):,} docstrings of {docstring_files.MIN_CHARACTERS} characters or more; "
        f"left out {sum(twins):,} near-duplicates (more than half of their runs of 8 words were there before)"
    )
    notes += (
        f" and {len(broken)} files that this Python cannot read: {', '.join(broken[:3])}" if broken else ""
    )
    notes += (
        "\ncut out of validation and test: paragraphs and entries that share 13 words in a row with training"
        f"\nlongest passage that the task's test part shares with a training part: {len(passage)} characters"
    )
    return _Corpus({part: tuple(documents) for part, documents in parts.items()}, notes)


def _report(corpus: _Corpus, parts: Sequence[str], remark: str) -> str:
    table = table_of_sizes({part: corpus.parts[part] for part in parts})
    return f"{table}\n{corpus.notes}{remark}"


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


def _cache_path() -> Path:
    return cache_folder() / CACHE_FILE


def _from_cache(versions: Mapping[str, str]) -> tuple[_Corpus | None, str, str]:
    """The corpus if a good one is kept, its SHA-256, and what to say if it is not."""
    path = _cache_path()
    if not path.exists():
        return None, "", ""
    try:
        head, _, content = gzip.decompress(path.read_bytes()).partition(b"\n")
        about = json.loads(head)
        digest = hashlib.sha256(content).hexdigest()
        if digest != about["sha256"]:
            raise ValueError("its checksum differs")
        if (about["recipe"], about["versions"]) != (RECIPE, dict(versions)):
            return None, "", "\nthe kept corpus was of other versions: made anew"
        parts: dict[str, list[Document]] = {part: [] for part in PARTS}
        for line in content.split(b"\n"):
            part, *fields = json.loads(line)
            parts[part].append(Document(*fields))
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError) as error:
        return None, "", f"\nthe kept corpus was damaged ({error}): made anew"
    return _Corpus({part: tuple(documents) for part, documents in parts.items()}, about["notes"]), digest, ""


def _to_cache(corpus: _Corpus, versions: Mapping[str, str]) -> str:
    """Keep the corpus for the next time; gives what to say when that is not possible."""
    content = corpus.lines()
    digest = hashlib.sha256(content).hexdigest()
    about = {"recipe": RECIPE, "versions": dict(versions), "sha256": digest, "notes": corpus.notes}
    try:
        with atomic_path(_cache_path()) as temporary:
            temporary.write_bytes(gzip.compress(json.dumps(about).encode() + b"\n" + content, 6, mtime=0))
    except CourseError as error:
        return f"\nthe corpus could not be kept, so the next time takes as long: {error}"
    return ""
