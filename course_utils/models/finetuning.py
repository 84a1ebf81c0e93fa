"""Lesson 3's experiment as a whole: ``make finetune``, or ``python -m course_utils.models.finetuning``.

All of its trainings take well over an hour of a processor, so the course ships what was measured,
`RECORD`. The lesson repeats one of them and compares.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from course_utils import resource
from course_utils.data import docstrings
from course_utils.files import atomic_path
from course_utils.models import language, training
from course_utils.models.ngrams import KneserNey
from course_utils.models.transformer import Transformer
from course_utils.run import choose_device, choose_precision

RECORD = resource("datasets", "finetuned.csv")
"""Bits of every test page: columns arm, budget, seed, steps, page, bits."""
BUDGETS = {"30 pages": 30, "300 pages": 300, "all pages": 100_000}
SEEDS = range(5)
CONTEXT, BATCH_SIZE, PATIENCE = 256, 8, 1
SETTINGS = {
    "fine-tuned": {"share": 0.1, "passes": 3},
    "from scratch": {"share": 0.25, "passes": 16},
}
"""Share of `language.recipe`'s rates, and most passes over the pages, while the rates fall to 0."""
JUDGED = ("pre-trained only", "fine-tuned", "more general text", "from scratch")
COUNTED = "4-gram, both texts"
"""A rival that is only shown: an n-gram model that has counted the general text and the task's pages."""
ARMS = (*JUDGED, COUNTED)


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


def fine_tune(model: nn.Module, batches: Iterable[torch.Tensor], rate: float) -> nn.Module:
    """Exercise 3.6: a step of AdamW at this rate for each batch of windows, (B, T + 1) int64; the model."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for batch in batches:
        loss = language.next_token_loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def page_bits(model: nn.Module, pages: Sequence[np.ndarray]) -> np.ndarray:
    """Bits that a model needs for each page, (n_pages,)."""
    return language.page_bits(model, pages, CONTEXT)


def look(model: nn.Module, parts: Mapping[str, Sequence[np.ndarray]]) -> dict[str, float]:
    """Mean bits that a model needs for a token of each of these parts, which are lists of pages."""
    return {
        name: float(np.concatenate(language.token_bits(model, pages, CONTEXT, CONTEXT)).mean())
        for name, pages in parts.items()
    }


def adapt(
    model: nn.Module,
    windows: torch.Tensor,
    parts: Mapping[str, Sequence[np.ndarray]],
    *,
    share: float,
    passes: int,
    seed: int,
    device: str = "cpu",
) -> training.History:
    """Let a model learn until the pages of the first part get no better; the best weights stay.

    Parameters
    ----------
    windows : tensor, (n, T + 1) int64
        To learn from.
    parts : mapping of names to lists of pages
        Looked at after each pass; the first decides when to stop.
    share : float
        Of the rates of `language.recipe`.
    passes : int
        Over the windows, at most.
    seed : int
        Of the order of the windows.
    """
    a_pass = -(-len(windows) // BATCH_SIZE)  # steps, rounded up
    return training.fit(
        model,
        language.next_token_loss,
        (windows,),
        steps=passes * a_pass,
        batch_size=BATCH_SIZE,
        seed=seed,
        optimizers=language.recipe(share, device),
        device=device,
        precision=choose_precision(device),
        validate=lambda model: look(model, parts),
        validate_every=a_pass,
        patience=PATIENCE,
    )


@dataclass(frozen=True)
class Experiment:
    """What all trainings share.

    Attributes
    ----------
    pretrained : Transformer
        The model before. It stays as it is.
    pages, test, general : lists of ndarray
        The task's training and test pages, and what the model has read before, as `language.encode` gives
        them.
    device : str
    """

    pretrained: Transformer
    pages: list[np.ndarray]
    test: list[np.ndarray]
    general: list[np.ndarray]
    device: str = "cpu"

    def train(self, arm: str, limit: int, seed: int, steps: int = 0) -> tuple[Transformer, int]:
        """A model that has learned from so many pages, and its steps; `steps` is for more general text."""
        if arm == "pre-trained only":
            return self.pretrained, 0
        scratch = arm == "from scratch"
        model = Transformer(self.pretrained.size, seed) if scratch else copy.deepcopy(self.pretrained)
        model.to(self.device)
        if arm == "more general text":
            language.learn(
                model, self.general, steps=steps, seed=seed, context=CONTEXT, batch_size=BATCH_SIZE,
                share=SETTINGS["fine-tuned"]["share"], device=self.device,
            )  # fmt: skip
            return model, steps
        part = draw(self.pages, limit, seed)
        windows, parts = language.windows(part.train, CONTEXT), {"validation": part.validation}
        history = adapt(model, windows, parts, **SETTINGS[arm], seed=seed, device=self.device)
        return model, history.best_step

    def counted_bits(self, limit: int, seed: int) -> np.ndarray:
        """Bits that the n-gram model needs for each test page, (n_pages,)."""
        part = draw(self.pages, limit, seed)
        model = KneserNey(4, self.pretrained.size.n_tokens)
        model.fit([*self.general, *part.train, *part.validation])
        return model.page_bits(self.test)

    def run(
        self,
        budgets: Mapping[str, int],
        seeds: Iterable[int],
        arms: Sequence[str] = ARMS,
        folder: Path | None = None,
    ) -> pd.DataFrame:
        """Train every arm with every budget (numbers of pages, by name) and seed: rows as in `RECORD`.

        With a folder, each training is kept there when it is done, and not done again.
        """
        wanted = list(product(seeds, budgets, arms))
        tables = {}
        for seed, budget, arm in tqdm(wanted, unit="training"):
            path = folder and folder / f"{arm}, {budget}, {seed}.csv".replace(" ", "_")
            if path and path.is_file():
                tables[seed, budget, arm] = pd.read_csv(path)
                continue
            tuned = tables.get((seed, budget, "fine-tuned"))
            steps = 0 if tuned is None else int(tuned["steps"].iloc[0])
            if arm == COUNTED:
                bits, steps = self.counted_bits(budgets[budget], seed), 0
            else:
                model, steps = self.train(arm, budgets[budget], seed, steps)
                bits = page_bits(model, self.test)
            row = {"arm": arm, "budget": budget, "seed": seed, "steps": steps}
            tables[seed, budget, arm] = pd.DataFrame(row | {"page": range(len(bits)), "bits": bits.round(1)})
            if path:
                with atomic_path(path) as temporary:
                    tables[seed, budget, arm].to_csv(temporary, index=False)
        return pd.concat(tables.values(), ignore_index=True)


def record() -> pd.DataFrame:
    """The recorded experiment: a row for each training and test page, as `RECORD` says."""
    return pd.read_csv(RECORD)


def main() -> None:
    """Do every training that the folder lacks, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/finetuned"), help="folder for all files")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    pretrained, tokenizer = language.shipped()
    device = choose_device(options.device)
    general, task = docstrings.load()
    texts = (task.train, task.test, (*general.train, *docstrings.load_wide().train))
    encoded = [language.encode(tokenizer, [each.text for each in part]) for part in texts]
    experiment = Experiment(pretrained.to(device), *encoded, device)
    table = experiment.run(BUDGETS, options.seeds, options.arms, options.out)
    with atomic_path(options.out / RECORD.name) as temporary:
        table.to_csv(temporary, index=False)


if __name__ == "__main__":
    main()
