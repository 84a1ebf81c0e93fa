"""The conditions of `course run`: from the options of the command, and back to them."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from course_utils import run, variables
from course_utils.data import chosen


def of(options: argparse.Namespace) -> tuple[dict[str, str], Path]:
    """The variables for the kernels, from options or this process's own variables; folder of results.

    Raises
    ------
    CourseError
        One of them has a value that is not valid.
    """

    def setting(name: str, default: str | None = None) -> str | None:
        given = getattr(options, name)
        return given if given is not None else variables.read(f"COURSE_{name.upper()}") or default

    profile = run.one_of("profile", setting("profile", "laptop"), run.PROFILES)
    settings = {
        "COURSE_PROFILE": profile,
        "COURSE_DEVICE": run.choose_device(setting("device", "auto")),
        "COURSE_SEED": str(run.whole_number("seed", setting("seed", "0"))),
    }
    # a kernel has another current folder, so that paths must be whole ones
    if (own := setting("images")) is not None:
        settings["COURSE_IMAGES"] = chosen.resolve_pictures(own)
    if (own := setting("text")) is not None:
        settings["COURSE_TEXT"] = chosen.resolve_text(own)
    if variables.read("COURSE_MODEL") is not None:
        from course_utils.models import language

        settings["COURSE_MODEL"] = language.wanted()
    return settings, options.out or run.results_folder(profile)


def text(options: argparse.Namespace) -> str:
    """The options of `course run` as they were given, to go on with the same."""
    given = {
        name: getattr(options, name)
        for name in ("profile", "device", "seed", "images", "text", "jobs", "out")
        if getattr(options, name) is not None
    }
    return " ".join(f"--{name} {shlex.quote(str(value))}" for name, value in given.items())
