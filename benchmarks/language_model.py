"""How far lesson 3's recipe comes in a given time: ``python benchmarks/language_model.py TEXT``.

Trains a small Llama on the characters of a text file for so many seconds by the clock, and prints its loss
on the last tenth of the text, the split of nanoGPT (https://github.com/karpathy/nanoGPT), whose figures for
Tiny Shakespeare are in benchmarks/README.md. The seconds begin when the libraries are loaded and include
everything but the final measurement.

With ``--held-out FILE`` it learns from all of the text and is measured on that file. To try another setting,
add ``--tune``: then neither is looked at, and a piece of the training part is held out in its place.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from course_utils import run
from course_utils.models import costs, language, muon, training

WARM_UP_STEPS, TIMED_STEPS = 3, 10
HELD_OUT_CHARACTERS = 50_000
"""Of the training part, with --tune."""


def parse() -> argparse.Namespace:
    """The options; their defaults are what has worked best."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path, help="a text file, UTF-8")
    parser.add_argument("--held-out", type=Path, help="a text file to measure on, in place of the last tenth")
    parser.add_argument("--seconds", type=float, default=177.0, help="wall-clock budget")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--context", type=int, default=64, help="characters that the model sees")
    parser.add_argument("--batch-size", type=int, default=32, help="windows in a step")
    parser.add_argument("--muon-rate", type=float, default=0.02)
    parser.add_argument("--adamw-rate", type=float, default=0.02)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--rope-base", type=float, default=10_000.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tune", action="store_true", help="leave the held-out text alone")
    return parser.parse_args()


def read(options: argparse.Namespace) -> tuple[str, str, str]:
    """The text to learn from, the text to measure on, and what that is."""
    text = options.text.read_text(encoding="utf-8")
    if options.held_out:
        train, held_out, what = text, options.held_out.read_text(encoding="utf-8"), "the held-out file"
    else:
        cut = len(text) * 9 // 10
        train, held_out, what = text[:cut], text[cut:], "the last tenth"
    if options.tune:
        train, held_out = train[:-HELD_OUT_CHARACTERS], train[-HELD_OUT_CHARACTERS:]
        what = "a piece of the training part"
    return train, held_out, what


def numbers(*texts: str) -> tuple[list[torch.Tensor], int]:
    """Number of each character of each text, (n,) int64, and how many different ones there are in all."""
    different = sorted(set().union(*texts))
    number_of = {character: number for number, character in enumerate(different)}
    return [torch.tensor([number_of[character] for character in text]) for text in texts], len(different)


def make_batch_loss(text: torch.Tensor, context: int) -> training.BatchLoss:
    """Mean cross-entropy, in nats per character, of windows that begin at given places (B,)."""
    offsets = torch.arange(context + 1, device=text.device)

    def batch_loss(model: nn.Module, starts: torch.Tensor) -> torch.Tensor:
        windows = text[starts[:, None] + offsets]  # (B, T + 1)
        scores = model(input_ids=windows[:, :-1], use_cache=False).logits
        return nn.functional.cross_entropy(scores.flatten(0, 1), windows[:, 1:].flatten())

    return batch_loss


def loss(model: nn.Module, text: torch.Tensor, context: int, step: int) -> float:
    """Mean cross-entropy of all characters but the first, in nats, as `language.token_bits` reads them."""
    (bits,) = language.token_bits(model, [text.cpu().numpy()], context, step)
    return float(np.mean(bits)) * math.log(2)


def main() -> None:
    """Train, measure, print one line of JSON."""
    options = parse()
    torch.set_num_threads(options.threads)
    began = time.perf_counter()
    learned_text, held_out_text, measured_on = read(options)
    (train, held_out), n_characters = numbers(learned_text, held_out_text)
    train = train.to(options.device)
    starts = torch.arange(len(train) - options.context)

    def make() -> nn.Module:
        model = language.make_llama(n_characters, options.width, options.depth, options.seed, options.context)
        model.config.rope_parameters["rope_theta"] = options.rope_base
        return language.make_llama_like(model.config, options.seed)

    recipe = partial(
        muon.muon_adamw, muon_rate=options.muon_rate, adamw_rate=options.adamw_rate,
        weight_decay=options.weight_decay,
    )  # fmt: skip
    precision = run.choose_precision(options.device)
    fit = partial(
        training.fit, batch_loss=make_batch_loss(train, options.context), data=(starts,), optimizers=recipe,
        batch_size=options.batch_size, seed=options.seed, device=options.device, precision=precision,
    )  # fmt: skip
    fit(make(), steps=WARM_UP_STEPS)
    step_s = fit(make(), steps=TIMED_STEPS).wall_s / TIMED_STEPS
    steps = max(int((options.seconds - (time.perf_counter() - began)) / step_s), 1)  # on a slow machine
    model = make()
    history = fit(model, steps=steps, label="training")
    seconds = time.perf_counter() - began
    n_read = steps * options.batch_size * options.context
    one_after_the_other = loss(model, held_out, options.context, options.context)
    half_or_more = loss(model, held_out, options.context, options.context // 2)
    bytes_a_character = len(held_out_text.encode()) / len(held_out_text)
    found = {
        "loss, window after window (nats per character)": one_after_the_other,
        "loss, each sees half a window or more": half_or_more,
        "bits per byte": round(half_or_more / math.log(2) / bytes_a_character, 4),
        "on": measured_on,
        "seconds": round(seconds, 1),
        "steps": steps,
        "characters a second": round(n_read / history.wall_s),
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "peak memory (MB)": round(costs.peak_memory_mb()),
        "precision": precision,
        "threads": options.threads,
    }
    settings = {
        key: value
        for key, value in vars(options).items()
        if key not in ("text", "held_out", "tune", "threads")
    }
    print(json.dumps(found | settings))


if __name__ == "__main__":
    main()
