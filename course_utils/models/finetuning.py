"""Lesson 3's experiment as a whole: ``make finetune``, or ``python -m course_utils.models.finetuning``.

All of its trainings take more than an hour of a processor, so the course ships what they measured, `RECORD`.
The lesson repeats one of them and compares.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from course_utils import resource
from course_utils.data import docstrings
from course_utils.files import atomic_path
from course_utils.models import language, training
from course_utils.models.transformer import Transformer
from course_utils.run import choose_device, choose_precision

RECORD = resource("datasets", "finetuned.csv")
"""Bits of every test page: columns arm, budget, seed, page, bits; and `steps`, of that training."""
BUDGETS = {"30 pages": 30, "300 pages": 300, "all pages": 100_000}
SEEDS = range(5)
CONTEXT, BATCH_SIZE, PATIENCE = 256, 8, 2
SETTINGS = {
    "fine-tuned": {"share": 0.25, "passes": 4},
    "from scratch": {"share": 1.0, "passes": 8},
}
"""Share of `language.recipe`'s rates, and most passes over the pages, while the rates fall to 0."""


@dataclass(frozen=True)
class Draw:
    """Pages of the task as token numbers: four fifths to learn from, a fifth to stop by."""

    train: list[np.ndarray]
    validation: list[np.ndarray]


def draw(pages: Sequence[np.ndarray], budget: int, seed: int) -> Draw:
    """At most so many of the pages, drawn at random."""
    chosen = [pages[i] for i in np.random.default_rng(seed).permutation(len(pages))[:budget]]
    fifth = max(1, len(chosen) // 5)
    return Draw(chosen[fifth:], chosen[:fifth])


def page_bits(model: nn.Module, pages: Sequence[np.ndarray]) -> np.ndarray:
    """Bits that a model needs for each page, (n_pages,)."""
    return np.array([bits.sum() for bits in language.token_bits(model, pages, CONTEXT)])


def adapt(
    model: nn.Module,
    pages: Draw,
    *,
    share: float,
    passes: int,
    seed: int,
    device: str = "cpu",
    label: str = "",
) -> training.History:
    """Let a model learn pages until those of the validation part get no better; the best weights stay.

    Parameters
    ----------
    share : float
        Of the rates of `language.recipe`.
    passes : int
        Over the pages, at most; after each the validation pages are looked at.
    seed : int
        Of the order of the windows.
    """
    windows = language.windows(pages.train, CONTEXT)
    a_pass = -(-len(windows) // BATCH_SIZE)  # steps, rounded up

    def validate(model: nn.Module) -> dict[str, float]:
        bits = language.token_bits(model, pages.validation, CONTEXT, CONTEXT)
        return {"bits a token": float(np.concatenate(bits).mean())}

    return training.fit(
        model,
        language.next_token_loss,
        (windows,),
        steps=passes * a_pass,
        batch_size=BATCH_SIZE,
        seed=seed,
        optimizers=language.recipe(share),
        device=device,
        precision=choose_precision(device),
        validate=validate,
        validate_every=a_pass,
        patience=PATIENCE,
        label=label,
    )


ARMS = ("from scratch", "fine-tuned", "more general text")


@dataclass(frozen=True)
class Experiment:
    """What all trainings share: the model before, and the texts as `language.encode` gives them.

    `pages` are the task's training pages, `test` its test pages, `general` what the model was pre-trained on.
    """

    pretrained: Transformer
    pages: list[np.ndarray]
    test: list[np.ndarray]
    general: list[np.ndarray]
    device: str = "cpu"

    def train(self, arm: str, budget: str, seed: int, steps: int = 0) -> tuple[Transformer, int]:
        """A model that has learned, and the steps that it took; `steps` is for more general text alone."""
        size = self.pretrained.size
        model = Transformer(size, seed) if arm == "from scratch" else copy.deepcopy(self.pretrained)
        model.to(self.device)
        if arm == "more general text":
            language.learn(
                model, self.general, steps=steps, seed=seed, context=CONTEXT, batch_size=BATCH_SIZE,
                share=SETTINGS["fine-tuned"]["share"], device=self.device,
            )  # fmt: skip
            return model, steps
        part = draw(self.pages, BUDGETS[budget], seed)
        label = f"{arm}, {budget}, seed {seed}"
        history = adapt(model, part, **SETTINGS[arm], seed=seed, device=self.device, label=label)
        return model, history.best_step

    def measured(self, arm: str, budget: str, seed: int, folder: Path) -> pd.DataFrame:
        """Rows of `RECORD` for one training; read from the folder where it was done before."""
        path = folder / f"{arm}, {budget}, {seed}.csv".replace(" ", "_")
        if not path.is_file():
            steps = 0
            if arm == "more general text":
                steps = int(self.measured("fine-tuned", budget, seed, folder)["steps"][0])
            model, steps = self.train(arm, budget, seed, steps)
            bits = page_bits(model, self.test)
            row = {"arm": arm, "budget": budget, "seed": seed, "steps": steps}
            table = pd.DataFrame(row | {"page": range(len(bits)), "bits": bits.round(1)})
            with atomic_path(path) as temporary:
                table.to_csv(temporary, index=False)
        return pd.read_csv(path)


def main() -> None:
    """Do every training that the folder lacks, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/finetuned"), help="folder for all files")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    pretrained, tokenizer = language.shipped()
    general, task = docstrings.load()
    texts = (task.train, task.test, general.train)
    pages, test, read = (language.encode(tokenizer, [each.text for each in part]) for part in texts)
    experiment = Experiment(pretrained, pages, test, read, choose_device(options.device))
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = product(SEEDS, BUDGETS, options.arms)
    tables = [experiment.measured(arm, budget, seed, options.out) for seed, budget, arm in wanted]
    with atomic_path(options.out / RECORD.name) as temporary:
        pd.concat(tables).to_csv(temporary, index=False)


if __name__ == "__main__":
    main()
