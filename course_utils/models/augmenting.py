"""Lab 4_augment's experiment: ``make augment``, or ``python -m course_utils.models.augmenting``.

Its eight trainings of a generator take several minutes of a processor, so the course ships what came out,
`RECORD`. The lab repeats one of them and compares.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import svm
from tqdm import tqdm

from course_utils import resource
from course_utils.data import pictures
from course_utils.files import atomic_path
from course_utils.models import diffusion
from course_utils.models.generators import first_of_each

RECORD = resource("datasets", "augmented.csv")
"""Columns draw, added, n, agreement (%) and said: the digits that the classifier reads on the test."""
PER_CLASS, COPIES, TEST = 10, 8, 2_000
DRAWS = range(8)
STEPS, CHANNELS, SAMPLING_STEPS = 600, (16, 32), 15
KINDS = ("made", "made, wrong ones left out")

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def parts(labels: np.ndarray, draw: int) -> Rows:
    """Row numbers: ten labelled pictures a class, eighty others a class, and 2,000 to test on.

    Each draw mixes all pictures anew, so the three differ from draw to draw.
    """
    mixed = np.random.default_rng(draw).permutation(len(labels))
    test, rest = mixed[:TEST], mixed[TEST:]
    few = first_of_each(labels, rest, PER_CLASS)
    others = rest[~np.isin(rest, few)]
    return few, first_of_each(labels, others, PER_CLASS * COPIES), test


def answers(learn_from: np.ndarray, truths: np.ndarray, test: np.ndarray) -> np.ndarray:
    """What a support vector machine says to pictures (m, C, H, W) after it learned from others, (m,)."""
    rows = [each.reshape(len(each), -1) for each in (learn_from, test)]
    return svm.SVC(C=10).fit(rows[0], truths).predict(rows[1])


def generate(
    few: np.ndarray, truths: np.ndarray, seed: int, steps: int = STEPS, device: str = "cpu"
) -> tuple[np.ndarray, np.ndarray]:
    """Eight times as many pictures, made by a model that has seen these alone, and their classes."""
    model = diffusion.UNet(few.shape[1:], truths.max() + 1, seed, CHANNELS)
    diffusion.train(model, few, truths, steps=steps, seed=seed, device=device, label=f"generator {seed}")
    asked = np.tile(truths, COPIES)
    return diffusion.sample(model, asked, seed, SAMPLING_STEPS), asked


def use(pixels: np.ndarray, labels: np.ndarray, draw: int, steps: int = STEPS) -> pd.DataFrame:
    """One draw with a generator: rows as in `RECORD`.

    A judge that knows eighty other pictures a class says which of the made ones show what was asked for.
    """
    few, others, test = parts(labels, draw)
    made, asked = generate(pixels[few], labels[few], draw, steps)
    good = answers(pixels[others], labels[others], made) == asked
    found = []
    for kind, rows in zip(KINDS, (np.full(len(asked), True), good), strict=True):
        both = np.concatenate([pixels[few], made[rows]]), np.append(labels[few], asked[rows])
        said = "".join(map(str, answers(*both, pixels[test])))
        found.append((draw, kind, int(rows.sum()), round(100 * float(good.mean()), 2), said))
    return pd.DataFrame(found, columns=["draw", "added", "n", "agreement", "said"])


def record() -> pd.DataFrame:
    """The recorded experiment, as `RECORD` says; `said` as arrays of whole numbers."""
    table = pd.read_csv(RECORD, dtype={"said": str})
    return table.assign(said=[np.array(list(said), dtype=int) for said in table["said"]])


def run(draws: Iterable[int], folder: Path, steps: int = STEPS) -> pd.DataFrame:
    """Every draw that the folder lacks, and all of them as one table."""
    images = pictures.load_mnist()
    tables = []
    for draw in tqdm(list(draws), unit="draw"):
        path = folder / f"{draw}.csv"
        if not path.is_file():
            table = use(images.pixels, images.labels, draw, steps)
            with atomic_path(path) as temporary:
                table.to_csv(temporary, index=False)
        tables.append(pd.read_csv(path, dtype={"said": str}))
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    """Do every training that the folder lacks, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/augmented"), help="folder for all files")
    parser.add_argument("--draws", nargs="+", type=int, default=list(DRAWS))
    parser.add_argument("--steps", type=int, default=STEPS, help="of each training")
    options = parser.parse_args()
    table = run(options.draws, options.out, options.steps)
    with atomic_path(options.out / RECORD.name) as temporary:
        table.to_csv(temporary, index=False)


if __name__ == "__main__":
    main()
