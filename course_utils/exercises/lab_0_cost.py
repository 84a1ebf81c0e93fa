"""The exercises of lab 0_cost, what models cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook

Costs = Sequence[float]
Shares = Callable[[Costs, Costs], float]


def in_order(lower: Costs, upper: Costs) -> float:
    """Share in % of all pairs in which the second number is the larger."""
    return 100 * fmean([low < high for low in lower for high in upper])


def one_by_one(lower: Costs, upper: Costs) -> float:
    """The same for the first of each, the second of each and so on."""
    return 100 * fmean([low < high for low, high in zip(lower, upper, strict=False)])


exercises = workbook(
    Exercise(
        "0_cost.1",
        "Pairs in order",
        solution=always(in_order),
        mistakes=(
            Mistake(
                always(lambda lower, upper: in_order(lower, upper) / 100),
                "That is a share from 0 to 1: times 100 it is in %.",
            ),
            Mistake(
                always(lambda lower, upper: in_order(lower, upper) * len(lower) * len(upper) / 100),
                "That counts the pairs. Divide by how many there are, and times 100.",
            ),
            Mistake(
                always(one_by_one),
                "That pairs the first with the first, the second with the second. Each meets each.",
            ),
            Mistake(
                always(lambda lower, upper: in_order(upper, lower)),
                "The other way round: the number from upper should be the larger one.",
            ),
        ),
        hints=(
            "Each number of lower meets each number of upper: a loop in a loop.",
            "[low < high for low in lower for high in upper] has True for each pair in order.",
            "100 * sum(pairs) / len(pairs), for True counts as 1.",
        ),
        same=same_results(([1, 5], [3, 9]), ([2.5, 0.1, 7], [1, 8]), ([4], [3, 5, 9, 1])),
        expects="a function of two lists of numbers that returns a number",
    ),
    Exercise(
        "0_cost.2",
        "When use has cost as much",
        solution=lambda train_cpu_s, predict_cpu_ms: 1000 * train_cpu_s / predict_cpu_ms,
        mistakes=(
            Mistake(
                lambda train_cpu_s, predict_cpu_ms: train_cpu_s / predict_cpu_ms,
                "Seconds were divided by milliseconds: bring both to the same unit first.",
            ),
            Mistake(
                lambda train_cpu_s, predict_cpu_ms: train_cpu_s * predict_cpu_ms,
                "More seconds of training take more pictures, but a slower use takes fewer: divide.",
            ),
        ),
        hints=(
            "How many uses fit into the time of one training?",
            "A second has 1,000 milliseconds.",
            "1000 * train_cpu_s / predict_cpu_ms",
        ),
        expects="a number of pictures",
    ),
)
