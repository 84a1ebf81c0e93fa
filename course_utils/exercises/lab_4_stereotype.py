"""The exercises of lab 4_stereotype: what guidance may do to a skew, and a judge that errs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.exercises import Exercise, Mistake, always, workbook
from course_utils.exercises.lesson_4 import same_percent

Function = Callable[..., Any]


def by_rule(share: float, w: float) -> float:
    """Share in % that the rule of thumb expects: the odds to the power of w. The first exercise's answer."""
    odds = (share / (100 - share)) ** w
    return 100 * odds / (odds + 1)


def corrected(called: float, right: float, wrong: float) -> float:
    """Share in % behind a judge's calls: the second exercise's answer.

    Rogan, W., & Gladen, B. (1978). Estimating prevalence from the results of a screening test. American
    Journal of Epidemiology, 107, 71-76.
    """
    return 100 * (called - wrong) / (right - wrong)


def same_shares(*given: tuple[float, ...]) -> Callable[..., bool]:
    """Whether two functions give the same percentages for all of these arguments."""

    def same(answer: Function, other: Function, **context: Any) -> bool:
        return all(same_percent(answer(*each), other(*each)) for each in given)

    return same


exercises = workbook(
    Exercise(
        "4_stereotype.1",
        "The rule of thumb",
        solution=always(by_rule),
        mistakes=(
            Mistake(
                always(lambda share, w: by_rule(share, w) / 100),
                "That is the share between 0 and 1. The question asks for %.",
            ),
            Mistake(
                always(lambda share, w: (share / (100 - share)) ** w),
                "Those are the odds. Odds of 4 : 1 are 4 in 5: odds / (odds + 1).",
            ),
            Mistake(
                always(lambda share, w: 100 * (share / 100) ** w),
                "You took the power of the share. Take that of the odds, share / (100 − share).",
            ),
            Mistake(
                always(lambda share, w: 100 * w * share / (w * share + 100 - share)),
                "You multiplied the odds by w. The rule multiplies them by 4 again and again: odds ** w.",
            ),
            Mistake(
                always(lambda share, w: by_rule(share, 1)),
                "That is the share in training, as w = 1 gives it. Let w do something.",
            ),
            Mistake(
                always(lambda share, w: 100 - by_rule(share, w)),
                "That is the share of the rare digit.",
            ),
            Mistake(
                always(lambda share, w: 100 * 4**w / (4**w + 1)),
                "For 80 % that is right. Other shares have other odds than 4.",
            ),
        ),
        hints=(
            "From the share to the odds, then to the power of w, then back to a share.",
            "odds = (share / (100 - share)) ** w: for 80 % and w = 2 that is 16.",
            "return 100 * odds / (odds + 1).",
        ),
        same=same_shares((80, 1), (80, 2), (60, 3), (95, 1.5)),
        expects="a function of (share, w) that returns a number in %",
    ),
    Exercise(
        "4_stereotype.2",
        "Correct the judge",
        solution=always(corrected),
        mistakes=(
            Mistake(
                always(lambda called, right, wrong: corrected(called, right, wrong) / 100),
                "That is the share between 0 and 1. The question asks for %.",
            ),
            Mistake(
                always(lambda called, right, wrong: called - wrong),
                "The rare ones that are called frequent are taken off; that the judge misses some frequent "
                "ones as well is not made good yet.",
            ),
            Mistake(
                always(lambda called, right, wrong: 100 * called / right),
                "The frequent ones that the judge misses are made good; the rare ones that it calls frequent "
                "are still among them.",
            ),
            Mistake(
                always(lambda called, right, wrong: (right * called + wrong * (100 - called)) / 100),
                "That is the way there: what a judge calls when `called` is the truth. Go back.",
            ),
            Mistake(
                always(lambda called, right, wrong: called),
                "That is what the judge says. Correct it by how often it errs.",
            ),
        ),
        hints=(
            "With the true share p (from 0 to 1): called = right · p + wrong · (1 − p). Solve for p.",
            "called − wrong = p · (right − wrong).",
            "return 100 * (called - wrong) / (right - wrong).",
        ),
        same=same_shares((79.6, 98, 6), (50, 90, 20), (98, 98, 6)),
        expects="a function of (called, right, wrong) that returns a number in %",
    ),
)
