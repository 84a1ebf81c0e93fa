"""Optimisers for language models: Muon for the matrices inside, AdamW for all the rest."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from course_utils import CourseError
from course_utils.run import PRECISIONS, one_of

COEFFICIENTS = 3.4445, -4.7750, 2.0315
"""Of the polynomial in Newton and Schulz's iteration, as tuned by Jordan et al. (2024)."""
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Changes a matrix by about as much in each direction.

    The gradient of a matrix mostly points in a few strong directions, and other optimisers' steps follow
    these. Muon averages the gradients (momentum), then makes all directions of the average about equally
    strong, so that rare ones are learned too: of U S Vᵀ it keeps U Vᵀ, see `orthogonalize`.

    It does what ``torch.optim.Muon`` does with ``adjust_lr_fn="match_rms_adamw"``, but takes matrices of one
    shape together, and computes in bfloat16, as torch's does, only where it is told to: that takes a quarter
    of the time on a processor that has such arithmetic, and 20 times as long on one that has not.

    Parameters
    ----------
    params : iterable of tensors or of groups
        Matrices, each (n_rows, n_columns).
    lr : float
        Learning rate. A step changes the weights by about 0.2 times this, like one of AdamW's, so rates
        that suit AdamW suit Muon (Liu et al. 2025).
    weight_decay : float
        Times `lr`, the share of each weight that a step takes away.
    momentum : float
        Share of the earlier average in the new one; Nesterov's kind.
    precision : str
        'float32' or 'bfloat16', of the products in `orthogonalize`.

    Raises
    ------
    CourseError
        A tensor is no matrix, or the precision is another.

    References
    ----------
    Jordan et al. (2024), Muon: An optimizer for hidden layers in neural networks,
    https://kellerjordan.github.io/posts/muon/. Liu et al. (2025), Muon is scalable for LLM training,
    arXiv:2502.16982.
    """

    def __init__(
        self,
        params: Iterable[torch.Tensor] | Iterable[dict[str, Any]],
        lr: float,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        precision: str = "float32",
    ) -> None:
        self.dtype = getattr(torch, one_of("precision", precision, PRECISIONS))
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        for shape in [tuple(tensor.shape) for group in self.param_groups for tensor in group["params"]]:
            if len(shape) != 2:
                raise CourseError(f"Muon needs matrices, got weights of shape {shape}: give them to AdamW")

    @torch.no_grad()
    def step(self) -> None:
        """Change the weights once."""
        for group in self.param_groups:
            same_shape = defaultdict(list)
            for weights in group["params"]:
                if weights.grad is not None:
                    same_shape[weights.shape].append(weights)
            for shape, matrices in same_shape.items():
                averages = torch.stack([self._average(weights, group["momentum"]) for weights in matrices])
                size = 0.2 * math.sqrt(max(shape))  # makes the mean change that of AdamW (Liu et al.)
                for weights, step in zip(matrices, orthogonalize(averages.to(self.dtype)), strict=True):
                    weights.mul_(1 - group["lr"] * group["weight_decay"])
                    weights.add_(step, alpha=-group["lr"] * size)

    def _average(self, weights: torch.Tensor, momentum: float) -> torch.Tensor:
        """Average of the gradients so far, in which this one counts once more (Nesterov)."""
        memory = self.state[weights]
        if not memory:
            memory["momentum_buffer"] = torch.zeros_like(weights)
        average = memory["momentum_buffer"].lerp_(weights.grad, 1 - momentum)
        return weights.grad.lerp(average, momentum)


def orthogonalize(matrices: torch.Tensor) -> torch.Tensor:
    """About U Vᵀ of each matrix with the singular value decomposition U S Vᵀ, by matrix products alone.

    Newton and Schulz's iteration: each round applies a polynomial to all singular values. Five rounds
    bring those from 0.01 to 1 times the matrix's norm to between 0.6 and 1.3 (Jordan et al. 2024).

    Parameters
    ----------
    matrices : tensor, (n, n_rows, n_columns)

    Returns
    -------
    tensor, (n, n_rows, n_columns)
    """
    if matrices.shape[-2] > matrices.shape[-1]:  # the products below are smaller for wide matrices
        return orthogonalize(matrices.mT).mT
    a, b, c = COEFFICIENTS
    x = matrices / matrices.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)  # singular values up to 1
    for _ in range(ITERATIONS):
        gram = x @ x.mT  # (n, n_rows, n_rows)
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)  # b gram + c gram²
        x = torch.baddbmm(x, polynomial, x, beta=a)  # a x + polynomial x
    return x


def muon_adamw(
    model: nn.Module,
    muon_rate: float,
    adamw_rate: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.95),
    precision: str = "float32",
) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the hidden layers, AdamW for every other weight.

    AdamW gets the embeddings and the output layer, for which Muon is not meant (Jordan et al. 2024), and
    the norms and biases, which are no matrices. The output layer is the last part of the model that has
    weights, where that is an ``nn.Linear``; it may share its weights with the embeddings, and a model that
    reads its output off the embeddings has none.

    Parameters
    ----------
    muon_rate, adamw_rate : float
        Highest learning rate of either.
    weight_decay : float
        Of the matrices, those in AdamW included; norms and biases have none.
    betas : tuple of float
        Of AdamW.
    precision : str
        Of Muon.

    Raises
    ------
    CourseError
        The model has no hidden matrix.
    """
    outer = {module.weight for module in model.modules() if isinstance(module, nn.Embedding)}
    *_, last = None, *(part for part in model.modules() if [*part.parameters(recurse=False)])
    if isinstance(last, nn.Linear):
        outer.add(last.weight)
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    hidden = [weights for weights in trained if weights.ndim == 2 and weights not in outer]
    others = [weights for weights in trained if weights.ndim != 2 or weights in outer]
    if not hidden:
        raise CourseError("the model has no matrix between its embeddings and its output: use AdamW alone")
    matrices = {"params": [weights for weights in others if weights.ndim > 1], "weight_decay": weight_decay}
    vectors = {"params": [weights for weights in others if weights.ndim <= 1], "weight_decay": 0.0}
    return [
        Muon(hidden, lr=muon_rate, weight_decay=weight_decay, precision=precision),
        torch.optim.AdamW([matrices, vectors], lr=adamw_rate, betas=betas),
    ]
