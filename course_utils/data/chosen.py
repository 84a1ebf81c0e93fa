"""What a reader chose: pictures and text by name, or their own.

``COURSE_IMAGES`` and ``COURSE_TEXT`` (``course run --images``, ``--text``) name a data set that the course
knows, or a file or folder of the reader's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from course_utils import CourseError, variables
from course_utils.data import (
    docstrings,
    own_pictures,
    own_text,
    photos,
    picture_folder,
    pictures,
    tables,
    text_file,
)
from course_utils.data.documents import Document, Texts, divide
from course_utils.data.overlap import near_duplicates
from course_utils.data.photos import Photos
from course_utils.data.pictures import Images
from course_utils.data.registry import cache_folder, fetch, registry
from course_utils.data.tables import Table
from course_utils.files import shown
from course_utils.run import Run

PICTURES = ("mnist", "digits", "fashion_mnist", "cifar10")
AT_MOST = {"smoke": own_pictures.AT_MOST, "laptop": own_pictures.AT_MOST, "full": 6_000}
"""Pictures that are drawn of more, by the profile. Of 1,000 in colour, lesson 2 takes about two minutes; what
its SVMs cost grows with the square of the number."""
TEXTS = ("docstrings", "tiny_shakespeare", "sms_spam")
SMS_FILE, SMS_LABELS = "SMSSpamCollection", ("ham", "spam")
Embedded = pd.DataFrame | Table | Images | Photos | tuple[Texts, ...]
"""What a loader of data gives."""
EMBEDDED: dict[str, Callable[[], Embedded]] = {
    "breast_cancer": tables.load_breast_cancer,
    "wine": tables.load_wine,
    "flights": tables.load_flights,
    "houses": tables.load_houses,
    "births": tables.load_births,
    "avocados": tables.load_avocados,
    "arrests": tables.load_arrests,
    "songs": tables.load_songs,
    "lifts": tables.load_lifts,
    "mnist": pictures.load_mnist,
    "digits": pictures.load_digits,
    "faces": pictures.load_faces,
    "photos": photos.load,
    "docstrings": docstrings.load,
}
"""Loaders of the data that come with the installed packages."""


def chosen_pictures(run: Run, side: int, default: str = "digits", shuffled: bool = True) -> Images:
    """The pictures for a notebook; prints what they are.

    They are those of ``COURSE_IMAGES``; without it `default` or, in the profile full, Fashion-MNIST. What
    comes with a package comes whole; of more pictures than `AT_MOST` so many are drawn, each class in its
    share.

    Parameters
    ----------
    run : Run
        Its seed decides on the order, and on the draw.
    side : int
        Height and width that the reader's own pictures get, in pixels.
    default : str
        One of `PICTURES`.
    shuffled : bool
        In random order; otherwise as the loader gives them, which does not depend on the run's seed.

    Raises
    ------
    CourseError
        Neither a name nor a folder, or the loader refuses.
    """
    wanted = variables.read("COURSE_IMAGES") or ("fashion_mnist" if run.profile == "full" else default)
    loaded = load_pictures(resolve_pictures(wanted), side, AT_MOST[run.profile], run.seed)
    print(loaded.report or f"{loaded.source.name}: {len(loaded.labels):,} pictures")
    if not shuffled:
        return loaded
    return loaded.rows(np.random.default_rng(run.seed).permutation(len(loaded.labels)))


def resolve_pictures(wanted: str) -> str:
    """The name itself, or the absolute path of a folder, which a kernel that runs elsewhere finds too.

    Raises
    ------
    CourseError
        It is neither, or the folder has not the layout that `own_pictures` reads.
    """
    if wanted in PICTURES:
        return wanted
    if not os.path.isdir(wanted):
        what = shown(Path(wanted).name if Path(wanted).is_absolute() else wanted)
        raise CourseError(f"unknown images '{what}': choose {', '.join(PICTURES)}, or a folder of pictures")
    picture_folder.find(Path(wanted))
    return str(Path(wanted).resolve())


def load_pictures(wanted: str, side: int, at_most: int, seed: int = 0) -> Images:
    """What `resolve_pictures` gave, loaded; of a downloaded set five in six are from its training part."""
    if wanted in EMBEDDED:
        return EMBEDDED[wanted]()
    if wanted in PICTURES:
        load = {"fashion_mnist": pictures.load_fashion_mnist, "cifar10": pictures.load_cifar10}[wanted]
        return load(at_most - at_most // 6, at_most // 6, seed)
    return own_pictures.read(Path(wanted), side, at_most, seed)


def chosen_text(general: Texts) -> Texts:
    """The text that a language model is adapted to, after it has learned from `general`.

    It is that of ``COURSE_TEXT``; without it the docstrings of scikit-learn. Documents that are
    near-duplicates of general ones are left out. No run of 13 words of a validation or test document, general
    or here, occurs in a training document, general or here.

    Parameters
    ----------
    general : Texts
        What the model learns from first, as `docstrings.load` gives it.

    Raises
    ------
    CourseError
        Neither a name nor a path, or the loader refuses.
    """
    wanted = variables.read("COURSE_TEXT") or "docstrings"
    if wanted == "docstrings":
        return docstrings.load()[1]
    if wanted in TEXTS:
        return {"tiny_shakespeare": load_tiny_shakespeare, "sms_spam": load_sms_spam}[wanted](general)
    _require_path(wanted)
    return own_text.load(Path(wanted), general)


def resolve_text(wanted: str) -> str:
    """The name itself, or an absolute path, which a kernel that runs elsewhere finds too.

    Raises
    ------
    CourseError
        It is neither, or there are no files that `own_text` could read, or too little in them.
    """
    if wanted in TEXTS:
        return wanted
    _require_path(wanted)
    own_text.read(Path(wanted))
    return str(Path(wanted).resolve())


def _require_path(wanted: str) -> None:
    if not os.path.exists(wanted):
        what = shown(Path(wanted).name if Path(wanted).is_absolute() else wanted)
        raise CourseError(f"unknown text '{what}': choose {', '.join(TEXTS)}, or a file or folder of text")


def load_tiny_shakespeare(general: Texts) -> Texts:
    """Tiny Shakespeare (downloaded): 40,000 lines of his plays, in documents of 1,000 to 2,000 characters.

    The parts are three stretches: the first eight tenths, a tenth and a tenth.

    Raises
    ------
    CourseError
        The file cannot be downloaded.
    """
    (path,) = fetch("tiny_shakespeare")
    documents = text_file.documents(text_file.read(path, path.name), path.name)
    return divide(documents, registry()["tiny_shakespeare"], "", general, key=None)


def load_sms_spam(general: Texts) -> Texts:
    """SMS spam (downloaded): 5,574 text messages; a document is a message, without its label.

    The SHA-256 of a message decides on its part: eight tenths, a tenth and a tenth.

    Raises
    ------
    CourseError
        The file cannot be downloaded, or a line is no message with a label.
    """
    documents = [Document(message, SMS_FILE) for _, message in _messages()]
    source = registry()["sms_spam"]
    return divide(documents, source, "", general, key=lambda each: each.text, min_characters=1)


def labelled_messages(run: Run) -> pd.DataFrame | None:
    """The SMS spam collection with its labels; None, with a line on how to get it, where it is not wanted.

    It is read where somebody has downloaded it (``course data sms_spam``), asks for it
    (``COURSE_TEXT=sms_spam``), or runs the profile full. Messages that have more than half of their runs of 8
    words in messages before them are left out.

    Returns
    -------
    DataFrame or None
        Columns `text` and `label` ('ham' or 'spam').

    Raises
    ------
    CourseError
        The file cannot be downloaded, or a line is no message with a label.
    """
    wanted = run.profile == "full" or variables.read("COURSE_TEXT") == "sms_spam"
    if not (wanted or (cache_folder() / SMS_FILE).is_file()):
        print("the messages are not on this machine: 'course data sms_spam' downloads them (0.5 MB)")
        return None
    table = pd.DataFrame(_messages(), columns=["label", "text"])
    return table[~np.array(near_duplicates(table["text"]))].reset_index(drop=True)


def _messages() -> list[tuple[str, str]]:
    """Label and text of every message, in the file's order."""
    (path,) = fetch("sms_spam")
    lines = [line.partition("\t") for line in text_file.read(path, path.name).split("\n") if line]
    if wrong := [label for label, _, message in lines if label not in SMS_LABELS or not message.strip()]:
        raise CourseError(
            f"'{path.name}' has a line that begins with '{wrong[0][:20]}' and is no message with the label "
            "ham or spam: delete the file and run 'course data sms_spam'"
        )
    return [(label, message.strip()) for label, _, message in lines]
