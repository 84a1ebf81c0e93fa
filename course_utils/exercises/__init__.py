"""Exercises that answer: correct, not yet (with the hint that fits this mistake), not attempted.

One module a lesson or lab holds its questions; `checker` judges the answers.
"""

from course_utils.exercises.checker import CORRECT, NOT_ATTEMPTED, NOT_YET, Workbook, workbook
from course_utils.exercises.exercise import (
    Exercise,
    Mistake,
    always,
    close,
    plain,
    same_choice,
    same_number,
    same_results,
    same_set,
    same_whole_number,
)

__all__ = [
    "CORRECT",
    "NOT_ATTEMPTED",
    "NOT_YET",
    "Exercise",
    "Mistake",
    "Workbook",
    "always",
    "close",
    "plain",
    "same_choice",
    "same_number",
    "same_results",
    "same_set",
    "same_whole_number",
    "workbook",
]
