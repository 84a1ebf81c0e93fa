"""The exercises of lab 0_cost, what models cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook

Count = Callable[[Sequence[int]], float]


def operations_of(layers: Sequence[int]) -> float:
    """A product and a sum for each weight."""
    return sum(2 * a * b for a, b in pairwise(layers))


exercises = workbook(
    Exercise(
        "0_cost.1",
        "Operations of an MLP",
        solution=always(operations_of),
        mistakes=(
            Mistake(
                always(lambda layers: operations_of(layers) / 2),
                "That counts the multiplications alone. Every product is added to a sum, too.",
            ),
            Mistake(
                always(lambda layers: 2 * sum(layers)),
                "That adds up the sizes. Between two layers each number meets each: a times b products.",
            ),
            Mistake(
                always(lambda layers: 2 * layers[0] * layers[-1]),
                "That is a network without hidden layers. Go from each layer to the next one.",
            ),
        ),
        hints=(
            "Between two layers of a and b numbers there are a · b weights.",
            "zip(layers[:-1], layers[1:]) gives the pairs of neighbouring sizes.",
            "Add up 2 * a * b over these pairs.",
        ),
        same=same_results(([64, 128, 128, 10],), ([64, 10],), ([3, 5, 7, 2, 4],)),
        expects="a function of the list of sizes that returns a number",
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
