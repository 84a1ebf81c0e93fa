"""The long training on a tiny text, for tests that start it in processes of their own."""

import sys

import torch
from texts import documents

from course_utils.models import pretraining
from course_utils.models.held_out import Texts

TINY = {"n_tokens": 300, "width": 32, "depth": 1, "context": 16, "batch_size": 4, "steps": 24}
TINY |= {"validate_every": 10, "muon_rate": 0.02, "adamw_rate": 0.02}


def texts():
    """50 kB of made-up text."""
    return Texts(
        documents(100),
        {"general": documents(2, 200), "wide": documents(2, 300)},
        {"general": documents(12, 400), "wide": documents(12, 500)},
    )


def options(**changes):
    """The tiny training's options of the command."""
    return [f"--{name.replace('_', '-')}={value}" for name, value in (TINY | changes).items()]


if __name__ == "__main__":
    torch.set_num_threads(1)
    pretraining.corpus, pretraining.SAVE_EVERY = texts, 4
    pretraining.choose_precision = lambda device: "float32"
    pretraining.main(sys.argv[1:])
