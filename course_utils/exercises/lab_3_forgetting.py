"""The exercises of lab 3_forgetting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_choice, workbook

Turned = Callable[[float, float, float], tuple[float, float, float]]
Mix = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def same_interval(answer: Turned, other: Turned) -> bool:
    """Whether two functions turn three savings into the same losses.

    Raises
    ------
    ValueError
        The answer does not give three numbers.
    """
    for saved in ((-3.0, -5.0, -2.0), (4.0, 1.0, 6.0), (0.5, -1.0, 2.5)):
        ours = np.asarray(answer(*saved), dtype=float)
        if ours.shape != (3,):
            raise ValueError(f"return three numbers: effect, low, high; yours has the shape {ours.shape}")
        if not np.allclose(ours, other(*saved)):
            return False
    return True


def same_mix(answer: Mix, other: Mix) -> bool:
    """Whether two functions put the same windows together, in any order.

    Raises
    ------
    ValueError
        The answer has no rows of five tokens.
    """
    task, general = np.arange(60).reshape(12, 5), 1000 + np.arange(300).reshape(60, 5)
    for share in (0.5, 0.25, 0.8):
        ours = np.asarray(answer(task.copy(), general.copy(), share))
        theirs = other(task, general, share)
        if ours.ndim != 2 or ours.shape[1] != task.shape[1]:
            raise ValueError(f"the windows have 5 tokens each, so expected (n, 5), yours gave {ours.shape}")
        if sorted(map(tuple, ours.tolist())) != sorted(map(tuple, theirs.tolist())):
            return False
    return True


def _mix(how_many: Callable[[int, float], float], all_general: bool = False) -> Mix:
    """The task's windows and `how_many` general ones, from the number of the task's and the share."""

    def mixed(task: np.ndarray, general: np.ndarray, share: float) -> np.ndarray:
        chosen = general if all_general else general[: round(how_many(len(task), share))]
        return np.concatenate([task, chosen])

    return mixed


def _replaced(task: np.ndarray, general: np.ndarray, share: float) -> np.ndarray:
    """General windows in place of some of the task's."""
    n = round(share * len(task))
    return np.concatenate([task[: len(task) - n], general[:n]])


exercises = workbook(
    Exercise(
        "3_forgetting.1",
        "From saved to lost",
        solution=lambda: lambda effect, low, high: (-effect, -high, -low),
        mistakes=(
            Mistake(
                lambda: lambda effect, low, high: (-effect, -low, -high),
                "The signs are right, but now the lower end lies above the upper one: they change places.",
            ),
            Mistake(
                lambda: lambda effect, low, high: (effect, low, high),
                "Nothing has changed. Somebody who saves −3 % loses 3 %.",
            ),
            Mistake(
                lambda: lambda effect, low, high: (-effect, low, high),
                "The interval stayed behind: −1 to 6 saved is −6 to 1 lost.",
            ),
            Mistake(
                lambda: lambda effect, low, high: (abs(effect), abs(low), abs(high)),
                "A loss can be negative, too: whoever saves 4 % loses −4 %. Change the sign, do not drop it.",
            ),
        ),
        hints=(
            "Saved −3 % with the interval −5 to −2. How much is lost at least, and at most?",
            "3 %, from 2 to 5: the largest loss belongs to the smallest saving.",
            "return -effect, -high, -low",
        ),
        same=same_interval,
        expects="a function of (effect, low, high) that gives three numbers",
    ),
    Exercise(
        "3_forgetting.2",
        "You are the judge",
        solution=always("inconclusive"),
        mistakes=(
            Mistake(
                always("supported"),
                "With the short budget the whole interval lies below the margin. With the long one its "
                "upper end is 5.6, above it. The claim needs both.",
            ),
            Mistake(
                always("not supported"),
                "For that the whole interval of a test would have to lie above 5. With the long budget 5 "
                "lies inside.",
            ),
        ),
        hints=(
            "Draw both intervals on a line, and the margin 5. On which side of 5 does each end lie?",
            "The short budget holds. The long one?",
        ),
        same=same_choice,
        expects="one of the three words",
    ),
    Exercise(
        "3_forgetting.3",
        "A mixture to rehearse with",
        solution=lambda: _mix(lambda n, share: n * share / (1 - share)),
        mistakes=(
            Mistake(
                lambda: _mix(lambda n, share: n * share),
                "With 12 windows of the task and share 0.5 you added 6 general ones: a third of all, not "
                "half. The share counts all windows, the general ones too.",
            ),
            Mistake(
                lambda: _replaced,
                "You put general windows in place of the task's. Keep all of the task's, and add.",
            ),
            Mistake(
                lambda: _mix(lambda n, share: n, all_general=True),
                "You added all general windows. How many make up the share?",
            ),
            Mistake(
                lambda: _mix(lambda n, share: n * (1 - share) / share),
                "The wrong way round: with share 0.8, four in five should be general.",
            ),
        ),
        hints=(
            "12 windows of the task should be half of all. How many general ones come to them? And when they "
            "should be a fifth of all?",
            "12, and 48. If m general windows come to n of the task's, then m / (n + m) = share.",
            "m = round(share / (1 - share) * len(task)); then np.concatenate([task, general[:m]]).",
        ),
        same=same_mix,
        expects="a function of (task, general, share) that gives windows (n, T + 1)",
    ),
)
