"""The exercises of lab 1_cleaning, a clock and gaps."""

from __future__ import annotations

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook


def _for_all(p_whole: np.ndarray, whole: np.ndarray, rate: float) -> np.ndarray:
    p = np.full(len(whole), float(rate))
    p[whole] = p_whole
    return p


def _at_the_end(p_whole: np.ndarray, whole: np.ndarray, rate: float) -> np.ndarray:
    return np.concatenate([p_whole, np.full((~whole).sum(), float(rate))])


def _never_late(p_whole: np.ndarray, whole: np.ndarray, rate: float) -> np.ndarray:
    return _for_all(p_whole, whole, 0.0)


def _a_mean(p_whole: np.ndarray, whole: np.ndarray, rate: float) -> np.ndarray:
    return _for_all(p_whole, whole, np.mean(p_whole))


WHOLE = np.array([True, False, True, True, False])

exercises = workbook(
    Exercise(
        "1_cleaning.1",
        "Mend the clock",
        solution=always(lambda hour: (hour - 4) % 24),
        mistakes=(
            Mistake(
                always(lambda hour: hour - 4),
                "At 1 o'clock UTC yours says -3. Begin the day anew: the rest of a division by 24, % 24.",
            ),
            Mistake(
                always(lambda hour: (hour + 4) % 24),
                "That turns the clock the wrong way. When it is 9 in UTC, New York has 5.",
            ),
            Mistake(
                always(lambda hour: (hour - 5) % 24), "That is New York's winter. In July it is four hours."
            ),
            Mistake(
                always(lambda hour: abs(hour - 4)),
                "At 1 o'clock UTC it is 21 o'clock of the day before, not 3: % 24 gives that.",
            ),
        ),
        hints=(
            "New York is behind: subtract.",
            "Below 0 the day before has begun. (-3) % 24 is 21.",
            "(hour - 4) % 24",
        ),
        same=same_results((9,), (23,), (1,), (np.arange(24),)),
        expects="a function of an hour, or of a column of hours",
    ),
    Exercise(
        "1_cleaning.2",
        "Nobody is left out",
        solution=always(_for_all),
        mistakes=(
            Mistake(
                always(_at_the_end),
                "The right numbers, but the flights with a gap stand at the end. Keep the flights' order.",
            ),
            Mistake(
                always(_never_late),
                "Those with a gap get 0: 'surely punctual'. Who knows nothing says the rate.",
            ),
            Mistake(
                always(_a_mean),
                "That is the mean of the other flights' answers. Give those with a gap `rate`.",
            ),
            Mistake(
                always(lambda p_whole, whole, rate: p_whole),
                "That answers for the whole rows only. There should be one number for each flight.",
            ),
        ),
        hints=(
            "Begin with an array that has `rate` for everybody: np.full(len(whole), rate).",
            "`whole` is an array of True and False: p[whole] are the places of the whole rows.",
            "p[whole] = p_whole puts the model's answers there, in order.",
        ),
        same=same_results(
            (np.array([0.1, 0.4, 0.3]), WHOLE, 0.2),
            (np.array([0.9, 0.5]), np.array([False, True, True]), 0.3),
        ),
        expects="a function of (p_whole, whole, rate) that gives one probability a flight",
    ),
)
