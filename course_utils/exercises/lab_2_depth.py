"""The exercises of lab 2_depth, training deep networks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course_utils.exercises import Exercise, Mistake, always, workbook
from course_utils.exercises.exercise import same_number

Body = Callable[[torch.Tensor], torch.Tensor]
BatchLoss = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]
Slope = Callable[[nn.Module, torch.Tensor, torch.Tensor], Any]


def shortcut(x: torch.Tensor, body: Body) -> torch.Tensor:
    """What a body makes of its input, added to the input: the first exercise's answer.

    The lab goes on with it, so that the answer stands nowhere in the notebook.

    Parameters
    ----------
    x : Tensor, shape (B, C, H, W)
        Feature maps.
    body : callable
        Gives maps of the same shape.

    References
    ----------
    He, K., Zhang, X., Ren, S., & Sun, J. (2016). Deep residual learning for image recognition. CVPR.
    """
    return torch.relu(x + body(x))


def first_slope(stack: nn.Module, images: torch.Tensor, labels: torch.Tensor, batch_loss: BatchLoss) -> float:
    """Norm of the loss's gradient at the weights of a stack's first layer: the second exercise's answer."""
    stack.zero_grad()
    batch_loss(stack, images, labels).backward()
    return stack.first.weight.grad.norm().item()


def _body(x: torch.Tensor) -> torch.Tensor:
    """Stands for the two convolutions of a block; has positive and negative numbers."""
    return 1 - 2 * x


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


def same_slope(
    answer: Slope, other: Slope, stack: nn.Module, batch: tuple[torch.Tensor, torch.Tensor], **context: Any
) -> bool:
    """Whether two functions give the same number for a stack and a batch; small ones count too."""
    sizes = [each(copy.deepcopy(stack), *batch) for each in (answer, other)]
    return same_number(*sizes, abs_tol=0)


def _measure(after: Callable[[nn.Module], torch.Tensor]) -> Callable[..., Slope]:
    """A way to read something from a stack after the gradients were found."""

    def answer(batch_loss: BatchLoss, **data: Any) -> Slope:
        def first(stack: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            batch_loss(stack, images, labels).backward()
            return after(stack).detach()

        return first

    return answer


exercises = workbook(
    Exercise(
        "2_depth.1",
        "One plus sign",
        solution=always(shortcut),
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
    Exercise(
        "2_depth.2",
        "What reaches the first layer",
        solution=_measure(lambda stack: stack.first.weight.grad.norm()),
        mistakes=(
            Mistake(
                _measure(lambda stack: stack.scores.weight.grad.norm()),
                "That is the gradient of the last layer, `stack.scores`. The first one is `stack.first`.",
            ),
            Mistake(
                _measure(lambda stack: stack.first.weight.norm()),
                "That is the size of the weights. Their gradient stands in `.grad`.",
            ),
            Mistake(
                _measure(lambda stack: stack.first.weight.grad.sum()),
                "Positive and negative gradients cancel in a sum. Use `.norm()`.",
            ),
            Mistake(
                _measure(lambda stack: stack.first.bias.grad.norm()),
                "That is the gradient of the bias. Take that of the weights, `stack.first.weight`.",
            ),
        ),
        hints=(
            "Three things: the loss, its gradients, and the norm of one of them.",
            "`batch_loss(stack, images, labels).backward()` puts a gradient beside each weight, in `.grad`.",
            "Return stack.first.weight.grad.norm().",
        ),
        same=same_slope,
        expects="a function of (stack, images, labels) that returns a number",
    ),
)
