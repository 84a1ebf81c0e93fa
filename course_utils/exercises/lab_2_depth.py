"""The exercises of lab 2_depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from course_utils.exercises import Exercise, Mistake, always, workbook

Body = Callable[[torch.Tensor], torch.Tensor]


def _body(x: torch.Tensor) -> torch.Tensor:
    """Stands for the two convolutions of a block; has positive and negative numbers."""
    return 1 - 2 * x


def same_widths(answer: Callable[[int], float], other: Callable[[int], float], **context: Any) -> bool:
    """Whether two functions give the same width after one to six convolutions."""
    return all(float(answer(n)) == other(n) for n in range(1, 7))


def same_block(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two blocks make the same maps of some numbers.

    Raises
    ------
    TypeError
        The answer does not give a tensor.
    """
    x = torch.linspace(-2, 2, 24).reshape(2, 3, 2, 2)  # (B, C, H, W)
    given = answer(x.clone(), _body)
    if not isinstance(given, torch.Tensor):
        raise TypeError(f"it should return a tensor, and returns a {type(given).__name__}")
    expected = other(x, _body)
    return given.shape == expected.shape and torch.allclose(given.float(), expected)


def _residual(x: torch.Tensor, body: Body) -> torch.Tensor:
    return torch.relu(x + body(x))


exercises = workbook(
    Exercise(
        "2_depth.1",
        "How wide a view",
        solution=always(lambda n: 1 + 2 * n),
        mistakes=(
            Mistake(
                always(lambda n: 3 * n),
                "For two convolutions you have 6. Neighbouring windows overlap: the second layer adds only "
                "one pixel on either side.",
            ),
            Mistake(
                always(lambda n: 3**n),
                "For two convolutions you have 9: that would be windows that do not overlap. They do.",
            ),
            Mistake(
                always(lambda n: 2 * n),
                "For one convolution you have 2, and it sees 3. Where does the count begin?",
            ),
            Mistake(
                always(lambda n: (1 + 2 * n) ** 2),
                "That is the number of pixels in the square. The question asks how wide it is.",
            ),
        ),
        hints=(
            "One convolution sees 3 pixels. Go one layer further: which pixels are new?",
            "One on the left and one on the right. So each layer adds 2.",
            "def sees(n): return 1 + 2 * n",
        ),
        same=same_widths,
        expects="a function of n that returns a number of pixels",
    ),
    Exercise(
        "2_depth.2",
        "The shortcut",
        solution=always(_residual),
        mistakes=(
            Mistake(
                always(lambda x, body: torch.relu(body(x))),
                "That is a plain block: the input itself is lost on the way.",
            ),
            Mistake(
                always(lambda x, body: x + torch.relu(body(x))),
                "The ReLU comes last, after the sum. Here a block could add to its input, never take away.",
            ),
            Mistake(
                always(lambda x, body: x + body(x)),
                "The sum is right. The ReLU is missing.",
            ),
            Mistake(
                always(lambda x, body: torch.relu(x) + body(x)),
                "The ReLU comes after the sum, not before it.",
            ),
        ),
        hints=(
            "What body makes is added to what came in.",
            "First the sum of x and body(x), then torch.relu of it.",
            "def residual(x, body): return torch.relu(x + body(x))",
        ),
        same=same_block,
        expects="a function of (x, body) that returns a tensor",
    ),
)
