"""Trains the language models of four sizes that lab 3_scale reads: ``python benchmarks/scaling.py``.

Four sizes read the same text, and the largest reads less and less of it, each with three seeds. Text and
recipe are lesson 3's; the lab trains the smallest size again. Writes ``benchmarks/scaling.csv`` row by row
and skips the rows that are there already, so it may be stopped at any time. About a quarter of an hour on
two cores.
"""

from __future__ import annotations

import csv
from functools import partial
from itertools import product
from pathlib import Path

import torch
from torch import nn

from course_utils.data import docstrings
from course_utils.models import language, muon, training

TABLE = Path(__file__).with_name("scaling.csv")
COLUMNS = ("width", "depth", "parameters", "tokens", "seed", "bits_per_byte")
N_TOKENS, CONTEXT, BATCH_SIZE, STEPS = 2048, 128, 8, 560
RATES = {"muon_rate": 0.02, "adamw_rate": 0.02, "weight_decay": 0.1}
SIZES = ((32, 2), (64, 2), (96, 3), (128, 3))  # width, depth
LESS_TEXT = (8, 4, 2)  # the largest size also reads this fraction of the text
SEEDS = (0, 1, 2)


def batch_loss(model: nn.Module, windows: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of all tokens of a batch in nats: windows (B, T + 1)."""
    scores = model(input_ids=windows[:, :-1], use_cache=False).logits
    return nn.functional.cross_entropy(scores.flatten(0, 1), windows[:, 1:].flatten())


def trainings() -> list[tuple[int, int, int, int]]:
    """(width, depth, steps, seed) of each training, the quick ones first."""
    runs = [(*size, STEPS, seed) for size, seed in product(SIZES, SEEDS)]
    runs += [(*SIZES[-1], STEPS // less, seed) for less, seed in product(LESS_TEXT, SEEDS)]
    return sorted(runs, key=lambda run: (run[0] ** 2 * run[1] * run[2], run[3]))


def main() -> None:
    """Do the trainings that are not in the table yet."""
    general, _ = docstrings.load()
    texts, held_out = ([d.text for d in part] for part in (general.train, general.validation))
    tokenizer = language.train_tokenizer(texts, N_TOKENS)
    windows = language.windows(language.encode(tokenizer, texts), CONTEXT)
    documents = language.encode(tokenizer, held_out)
    n_bytes = sum(len(text.encode()) for text in held_out)
    recipe = partial(muon.muon_adamw, **RATES)
    if not TABLE.exists():
        TABLE.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    done = {tuple(row[:2] + row[3:5]) for row in csv.reader(TABLE.open(encoding="utf-8"))}
    for width, depth, steps, seed in trainings():
        tokens = steps * BATCH_SIZE * CONTEXT
        if (str(width), str(depth), str(tokens), str(seed)) in done:
            continue
        model = language.make_llama(N_TOKENS, width, depth, seed, CONTEXT)
        training.fit(
            model, batch_loss, (windows,), steps=steps, batch_size=BATCH_SIZE, seed=seed, optimizers=recipe,
            label=f"{width} × {depth}, {tokens} tokens, seed {seed}",
        )  # fmt: skip
        bits = sum(each.sum() for each in language.token_bits(model, documents, CONTEXT))
        parameters = sum(weights.numel() for weights in model.parameters())
        row = (width, depth, parameters, tokens, seed, round(bits / n_bytes, 5))
        with TABLE.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerow(row)


if __name__ == "__main__":
    main()
