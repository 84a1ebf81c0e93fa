"""Trains the language models that lab 3_scale reads: ``python benchmarks/scaling.py``.

Four sizes read as much text each; the largest also reads twice as much, a half and a quarter of it, and a
small one a half, a quarter and an eighth; all with three seeds. Code and recipe are lesson 3's, the text is
its general one, and the lab repeats one of the trainings. Writes ``benchmarks/scaling.csv`` row by row, one
seed after the other, and skips the rows that are there already, so it may be stopped at any time. About
ten minutes on one core with bfloat16 arithmetic.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from course_utils.data import docstrings
from course_utils.data.documents import Document
from course_utils.models import language
from course_utils.models.transformer import Size, Transformer

TABLE = Path(__file__).with_name("scaling.csv")
COLUMNS = ("width", "depth", "parameters", "steps", "seed", "cpu_s")
"""Behind them stands a column for each held-out file: the bits that the model needs for its pages."""
N_TOKENS, CONTEXT, BATCH_SIZE, STEPS = 2048, 128, 8, 576
SIZES = ((32, 2), (64, 2), (96, 3), (128, 3))  # width, depth
OTHER_STEPS = {(64, 2): (72, 144, 288), (128, 3): (144, 288, 1152)}
SEEDS = (0, 1, 2)

Run = tuple[int, int, int, int]
"""Width, depth, steps and seed of a training."""


def trainings() -> list[Run]:
    """All of them: seed by seed, the quick ones first."""
    runs = [(*size, STEPS, seed) for size, seed in product(SIZES, SEEDS)]
    runs += [(*size, n, seed) for size, steps in OTHER_STEPS.items() for n, seed in product(steps, SEEDS)]
    return sorted(runs, key=lambda run: (run[3], run[0] ** 2 * run[1] * run[2]))


def missing() -> Iterator[Run]:
    """Those that are not in the table, each when the one before is done."""
    for run in trainings():
        done = pd.read_csv(TABLE)[["width", "depth", "steps", "seed"]].to_numpy().tolist()
        if list(run) not in done:
            yield run


def bits_by_file(model: Transformer, tokenizer, pages: Sequence[Document]) -> dict[str, float]:
    """Bits that a model needs for all pages of each file."""
    bits = language.page_bits(model, language.encode(tokenizer, [page.text for page in pages]), CONTEXT)
    files = pd.Series(bits).groupby([page.file for page in pages])
    return files.sum().round(1).to_dict()


def main() -> None:
    """Do the trainings that are not in the table yet."""
    general = docstrings.load()[0]
    texts, pages = [page.text for page in general.train], general.validation
    tokenizer = language.train_tokenizer(texts, N_TOKENS)
    documents = language.encode(tokenizer, texts)
    if not TABLE.exists():
        files = sorted({page.file for page in pages})
        TABLE.write_text(",".join((*COLUMNS, *files)) + "\n", encoding="utf-8")
    for width, depth, steps, seed in missing():
        model = Transformer(Size(N_TOKENS, width, depth), seed)
        how = {"steps": steps, "seed": seed, "context": CONTEXT, "batch_size": BATCH_SIZE}
        label = f"{width} × {depth}, {steps} steps, seed {seed}"
        history = language.learn(model, documents, **how, label=label)
        parameters = sum(weights.numel() for weights in model.parameters())
        row = (width, depth, parameters, steps, seed, round(history.cpu_s, 1))
        with TABLE.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow((*row, *bits_by_file(model, tokenizer, pages).values()))


if __name__ == "__main__":
    main()
