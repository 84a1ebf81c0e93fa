"""The variables that say how the course runs."""

import re

import pytest

from course_utils import ROOT, CourseError, variables


def test_every_variable_that_the_code_reads_is_listed():
    used = set()
    for folder in ("course_utils", "notebooks/source"):
        for path in (ROOT / folder).rglob("*.py"):
            used |= set(re.findall(r"\bCOURSE_[A-Z_]+[A-Z]\b", path.read_text("utf-8")))
    assert used == set(variables.VARIABLES)


def test_only_one_module_reads_them():
    for path in (ROOT / "course_utils").rglob("*.py"):
        if path.name != "variables.py":
            assert not re.search(r"environ(?:\.get\(|\[)\s*\"COURSE_", path.read_text("utf-8")), path


@pytest.mark.parametrize(("value", "read"), [("", None), ("  ", None), ("7", "7"), (" 7 ", "7")])
def test_an_empty_variable_is_none(monkeypatch, value, read):
    monkeypatch.setenv("COURSE_SEED", value)
    assert variables.read("COURSE_SEED") == read


@pytest.mark.parametrize(
    ("value", "on"),
    [("1", True), ("yes", True), ("ON", True), ("no", False), ("0", False), ("False", False), ("", False)],
)
def test_no_means_no(monkeypatch, value, on):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    assert variables.switched_on("COURSE_OFFLINE") == on


def test_a_switch_that_says_neither_is_refused(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "maybe")
    with pytest.raises(CourseError, match="COURSE_OFFLINE is 'maybe': set it to yes or no"):
        variables.switched_on("COURSE_OFFLINE")


def test_strict_is_strict_and_nothing_else(monkeypatch):
    monkeypatch.setenv("COURSE_CHECKS", "Strict")
    with pytest.raises(CourseError, match="COURSE_CHECKS is 'Strict': set it to 'strict', or not at all"):
        variables.read("COURSE_CHECKS")


def test_a_name_that_is_none_of_them_is_told(monkeypatch):
    monkeypatch.setenv("COURSE_PROFIL", "smoke")
    monkeypatch.setenv("COURSE_QQQQ_9", "1")
    assert variables.unknown() == [
        "COURSE_PROFIL is no variable of this course: did you mean COURSE_PROFILE?",
        f"COURSE_QQQQ_9 is no variable of this course: there are {', '.join(variables.VARIABLES)}",
    ]


def test_one_table_lists_every_variable():
    teaching = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    for name, meaning in variables.VARIABLES.items():
        assert f"| `{name}` | {meaning} |" in teaching
