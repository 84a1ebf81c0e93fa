"""The texts of lesson 3: docstrings of packages that are installed anyway.

numpy, scipy and pandas are the general text, scikit-learn is the task; a long training reads more packages
(`load_wide`). The docstrings come from the installed source files (`docstring_files`); nothing is downloaded.
Each corpus is made once and kept in `registry.cache_folder`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import astuple, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from course_utils import CourseError, resource
from course_utils.data import docstring_files
from course_utils.data.documents import Document, Texts, as_lines, divide
from course_utils.data.registry import Source, cache_folder, registry, require_content
from course_utils.files import atomic_path

LOCK = resource("requirements.lock")
GENERAL = {"numpy": "numpy", "scipy": "scipy", "pandas": "pandas"}
TASK = {"sklearn": "scikit-learn"}
WIDE = {
    "matplotlib": "matplotlib",
    "networkx": "networkx",
    "polars": "polars",
    "skimage": "scikit-image",
    "sqlalchemy": "SQLAlchemy",
    "statsmodels": "statsmodels",
    "sympy": "sympy",
    "torch": "torch",
    "transformers": "transformers",
    "diffusers": "diffusers",
    "huggingface_hub": "huggingface_hub",
}
"""Packages by the name to import them by, with the name to install them by."""
GENERAL_SHARES, TASK_SHARES, WIDE_SHARES = (0.03, 0.03), (0.10, 0.15), (0.01, 0.01)
"""Shares of the characters that go into the validation and the test part."""
RECIPE = 2
"""Number of the way to make the corpus; one more with every change, so that no older one is used."""


def load() -> tuple[Texts, Texts]:
    """Docstrings of numpy, scipy and pandas (general), and of scikit-learn (task).

    Docstrings of at least 200 characters, without near-duplicates, divided by source file, so that no
    run of 13 words is in a training part and in a validation or test part. The first call takes about
    ten seconds, later ones less than one.

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
    locked, remark = versions == locked_versions(), ""
    path = _place("docstrings", source, versions)
    corpus = _kept(path, source, 2)
    if corpus is None or (locked and content_digest(*corpus) != source.sha256):
        corpus = build(source)
        if locked:
            require_content(source, content_digest(*corpus))
        remark = _keep(path, corpus)
    if not locked:
        shown = ", ".join(f"{name} {number}" for name, number in versions.items())
        remark += f"\nread from {shown}: not those of requirements.lock, so numbers differ from printed ones"
    general, task = (replace(texts, report=f"{texts.report}{remark}".strip()) for texts in corpus)
    return general, task


def load_wide() -> Texts:
    """Docstrings of eleven more packages, `WIDE`, for the long training: 22 MB to learn from.

    Like those of `load`, and apart from them: documents that are near-duplicates of general ones, or of
    held-out ones of the task, are left out, and no run of 13 words of a held-out document there is in a
    training document here. The first call takes about a minute, later ones a second.

    Raises
    ------
    CourseError
        A package is not installed.
    """
    source, versions = registry()["docstrings_wide"], installed_versions(GENERAL | TASK | WIDE)
    path = _place("docstrings-wide", source, versions)
    corpus, remark = _kept(path, source, 1), ""
    if corpus is None:
        corpus = (build_wide(source),)
        remark = _keep(path, corpus)
    (wide,) = corpus
    if content_digest(wide) != source.sha256:
        remark += "\nnot the text that the shipped weights were trained on: other versions of the packages"
    return replace(wide, report=f"{wide.report}{remark}".strip())


def keep(name: str) -> Path:
    """Make 'docstrings' or 'docstrings_wide' and keep it, for people who may only read that folder; its file.

    Raises
    ------
    CourseError
        A package is not installed, or the folder cannot be written.
    """
    packages = GENERAL | TASK
    if name == "docstrings":
        load()
    else:
        load_wide()
        packages |= WIDE
    path = _place(name.replace("_", "-"), registry()[name], installed_versions(packages))
    if not path.is_file():
        raise CourseError(f"'{path}' could not be written: set COURSE_DATA to a folder that you may write to")
    return path


def _place(name: str, source: Source, versions: Mapping[str, str]) -> Path:
    """Where a corpus is kept: a file of its own for each recipe, known content and set of versions."""
    key = json.dumps([RECIPE, versions, source.sha256]).encode()
    return cache_folder() / f"{name}-{hashlib.sha256(key).hexdigest()[:12]}.json.gz"


def _kept(path: Path, source: Source, n_texts: int) -> tuple[Texts, ...] | None:
    """The corpus in the cache, or None when there is none that can be read."""
    try:
        made = json.loads(gzip.decompress(path.read_bytes()))
        if len(made) != n_texts:
            return None
        return tuple(
            Texts(*(tuple(Document(*each) for each in part) for part in parts), source, report)
            for *parts, report in made
        )
    except (OSError, EOFError, zlib.error, ValueError, TypeError):
        return None


def _keep(path: Path, corpus: tuple[Texts, ...]) -> str:
    """Put the corpus into the cache; gives what to say when that is not possible."""
    made = [
        (*([astuple(each) for each in part] for part in parts_of(texts)), texts.report) for texts in corpus
    ]
    try:
        with atomic_path(path) as temporary:
            temporary.write_bytes(gzip.compress(json.dumps(made).encode(), 6, mtime=0))
    except CourseError as error:
        if not path.is_file():  # else another process was quicker
            return f"\nthe corpus could not be kept, so the next time takes as long: {error}"
    return ""


def parts_of(*collections: Texts) -> list[tuple[Document, ...]]:
    """Train, validation and test documents of each."""
    return [part for texts in collections for part in (texts.train, texts.validation, texts.test)]


def content_digest(*collections: Texts) -> str:
    """SHA-256 of all documents of these texts, as the registry has it for those that `load` gives.

    It is over the documents as lines of JSON, with an empty line between two parts.
    """
    return hashlib.sha256(b"\n\n".join(as_lines(part) for part in parts_of(*collections))).hexdigest()


def build(source: Source) -> tuple[Texts, Texts]:
    """Read the packages and make the parts, taking no notice of what is kept."""
    documents, remark = _read(GENERAL | TASK)

    def of(packages: Mapping[str, str]) -> list[Document]:
        return [document for document in documents if document.file.split("/")[0] in packages]

    general = divide(of(GENERAL), source, remark, shares=GENERAL_SHARES)
    return general, divide(of(TASK), source, remark, general, shares=TASK_SHARES)


def build_wide(source: Source) -> Texts:
    """The same for the wide text, which stays apart from the held-out parts of `load`."""
    general, task = load()
    documents, remark = _read(WIDE)
    apart = replace(general, validation=general.validation + task.validation, test=general.test + task.test)
    return divide(documents, source, remark, apart, shares=WIDE_SHARES)


def _read(packages: Mapping[str, str]) -> tuple[list[Document], str]:
    """The documents of packages, and what to report about files that could not be read."""
    documents, broken = docstring_files.read([*packages])
    remark = f"{len(broken)} file(s) that this Python cannot read: {', '.join(broken[:3])}" if broken else ""
    return documents, remark


def installed_versions(packages: Mapping[str, str] | None = None) -> dict[str, str]:
    """Version of each package, by the name to install it by.

    Raises
    ------
    CourseError
        One is not installed.
    """
    try:
        return {name: version(name) for name in (packages or GENERAL | TASK).values()}
    except PackageNotFoundError as error:
        raise CourseError(f"'{error.name}' is not installed: pip install -r requirements.lock") from error


def locked_versions() -> dict[str, str]:
    """Versions of the same packages in requirements.lock; without the file, none."""
    text = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    found = {name: re.search(rf"^{name}==(\S+)", text, re.MULTILINE) for name in (GENERAL | TASK).values()}
    return {name: match[1] for name, match in found.items() if match}
