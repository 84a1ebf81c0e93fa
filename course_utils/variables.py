"""The variables that say how the course runs: the one place where they are listed, read and checked."""

from __future__ import annotations

import difflib
import os

from course_utils import CourseError

VARIABLES = {
    "COURSE_PROFILE": "smoke (seconds, no verdict), laptop (default) or full (downloads data)",
    "COURSE_DEVICE": "auto (default), cpu, cuda or mps",
    "COURSE_SEED": "whole number that all random choices follow from (default 0)",
    "COURSE_RESULTS": "folder for results (default: results/PROFILE)",
    "COURSE_IMAGES": "pictures of lessons 2 and 4: mnist, digits, fashion_mnist, cifar10 or your own folder",
    "COURSE_TEXT": "lesson 3's text: docstrings, tiny_shakespeare, sms_spam or your own file or folder",
    "COURSE_MODEL": "folder of a language model of your own, which lesson 3 starts from",
    "COURSE_DATA": "folder in which downloads are kept (default: the user's cache)",
    "COURSE_DATA_MIRROR": "server (http://…) or folder that downloads are taken from instead",
    "COURSE_OFFLINE": "yes: nothing is downloaded",
    "COURSE_CHECKS": "strict: an exercise that is not right stops the notebook, for grading",
}
YES, NO = ("1", "yes", "true", "on"), ("0", "no", "false", "off")


def read(name: str) -> str | None:
    """The value of a variable, None where it is not set or empty.

    Raises
    ------
    CourseError
        COURSE_CHECKS is anything but 'strict'.
    """
    if name not in VARIABLES:
        raise KeyError(name)
    value = os.environ.get(name, "").strip() or None
    if name == "COURSE_CHECKS" and value not in (None, "strict"):
        raise CourseError(f"COURSE_CHECKS is '{value}': set it to 'strict', or not at all")
    return value


def switched_on(name: str) -> bool:
    """Whether a variable that is a switch says yes.

    Raises
    ------
    CourseError
        It says neither yes nor no.
    """
    value = (read(name) or "no").casefold()
    if value not in (*YES, *NO):
        raise CourseError(f"{name} is '{value}': set it to yes or no")
    return value in YES


def unknown() -> list[str]:
    """A sentence for each variable whose name begins like the course's but is none of them."""
    told = []
    for name in sorted(set(os.environ) - set(VARIABLES)):
        if name.startswith("COURSE_"):
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(VARIABLES)}"
            told.append(f"{name} is no variable of this course: {meant}")
    return told
