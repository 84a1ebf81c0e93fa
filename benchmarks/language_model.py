"""How far lesson 3's recipe comes in a given time: ``python benchmarks/language_model.py TEXT``.

Trains lesson 3's transformer on the characters of a text file for so many CPU seconds, all cores together,
and prints its loss on the last tenth of the text, the split of nanoGPT
(https://github.com/karpathy/nanoGPT), whose figures for Tiny Shakespeare are in benchmarks/README.md. The
seconds begin when the libraries are loaded and include everything but the final measurement. What other
processes took from the cores meanwhile is printed, too: they make even CPU seconds dearer.

With ``--held-out FILE`` it learns from all of the text and is measured on that file. To try another setting,
add ``--tune``: then neither is looked at, and a piece of the training part is held out in its place.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import nn

from course_utils import run
from course_utils.models import callbacks, costs, language, muon, training
from course_utils.models.transformer import Size, Transformer

HELD_OUT_CHARACTERS = 50_000
"""Of the training part, with --tune."""
QUIET = 0.05
"""Share of the cores that others may take from a machine that is called quiet."""


def parse() -> argparse.Namespace:
    """The options; their defaults are what came furthest in 354 CPU seconds (benchmarks/README.md)."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path, help="a text file, UTF-8")
    parser.add_argument("--held-out", type=Path, help="a text file to measure on, in place of the last tenth")
    parser.add_argument("--cpu-seconds", type=float, default=354.0, help="budget, all cores together (354)")
    parser.add_argument("--seconds", type=float, help="budget by the clock, in place of CPU seconds")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--context", type=int, default=256, help="characters that the model sees")
    parser.add_argument("--batch-size", type=int, default=8, help="windows in a step")
    parser.add_argument("--muon-rate", type=float, default=0.02)
    parser.add_argument("--adamw-rate", type=float, default=0.02)
    parser.add_argument("--weight-decay", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tune", action="store_true", help="leave the held-out text alone")
    return parser.parse_args()


class Meter:
    """CPU seconds of this process and seconds by the clock since it was made."""

    def __init__(self) -> None:
        self.began = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        every = psutil.cpu_times()
        busy = every.user + every.system + getattr(every, "nice", 0.0) + getattr(every, "steal", 0.0)
        return time.process_time(), time.perf_counter(), busy

    def read(self) -> tuple[float, float, float]:
        """CPU seconds, seconds by the clock, and the share of all cores that others had."""
        own, clock, busy = (now - then for now, then in zip(self._now(), self.began, strict=True))
        others = (busy - own) / (clock * psutil.cpu_count())
        return own, clock, min(max(others, 0.0), 1.0)


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


def train(model: Transformer, text: torch.Tensor, options: argparse.Namespace, meter: Meter) -> list[float]:
    """The loss of every step, until the budget is used up; the rates are `training.fit`'s."""
    recipe = {name: getattr(options, name) for name in ("muon_rate", "adamw_rate", "weight_decay")}
    precision = run.choose_precision(options.device)
    optimizers = muon.muon_adamw(model, **recipe, precision=precision)
    offsets = torch.arange(options.context + 1, device=text.device)
    losses: list[float] = []
    for starts in training.batches(len(text) - options.context, options.batch_size, options.seed):
        cpu_s, clock_s, _ = meter.read()
        used = clock_s / options.seconds if options.seconds else cpu_s / options.cpu_seconds
        if used >= 1 and losses:
            break
        callbacks.set_rates(optimizers, training.rate_factor(1000 * min(used, 1), 1000))
        rows = text[starts.to(text.device)[:, None] + offsets]  # (B, T + 1)
        with torch.autocast(options.device, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = language.next_token_loss(model, rows)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
    return losses


def loss(model: nn.Module, text: torch.Tensor, context: int, step: int) -> float:
    """Mean cross-entropy of all characters but the first, in nats, as `language.token_bits` reads them."""
    (bits,) = language.token_bits(model, [text.cpu().numpy()], context, step)
    return float(np.mean(bits)) * math.log(2)


def main() -> None:
    """Train, measure, print one line of JSON."""
    options = parse()
    torch.set_num_threads(options.threads)
    meter = Meter()
    learned_text, held_out_text, measured_on = read(options)
    (learned, held_out), n_characters = numbers(learned_text, held_out_text)
    model = Transformer(Size(n_characters, options.width, options.depth), options.seed).to(options.device)
    losses = train(model, learned.to(options.device), options, meter)
    cpu_s, clock_s, others = meter.read()
    model.eval()
    one_after_the_other = loss(model, held_out, options.context, options.context)
    half_or_more = loss(model, held_out, options.context, options.context // 2)
    bytes_a_character = len(held_out_text.encode()) / len(held_out_text)
    found = {
        "loss, window after window (nats per character)": round(one_after_the_other, 4),
        "loss, each sees half a window or more": round(half_or_more, 4),
        "bits per byte": round(half_or_more / math.log(2) / bytes_a_character, 4),
        "on": measured_on,
        "CPU seconds": round(cpu_s, 1),
        "seconds": round(clock_s, 1),
        "others had (% of all cores)": round(100 * others, 1),
        "machine": "quiet" if others <= QUIET else "NOT quiet: measure again when nothing else runs",
        "steps": len(losses),
        "loss in training, last hundredth": round(float(np.mean(losses[-max(len(losses) // 100, 1) :])), 4),
        "characters a second": round(len(losses) * options.batch_size * options.context / clock_s),
        "characters a CPU second": round(len(losses) * options.batch_size * options.context / cpu_s),
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "peak memory (MB)": round(costs.peak_memory_mb()),
        "precision": run.choose_precision(options.device),
        "threads": options.threads,
    }
    left_out = ("text", "held_out", "tune", "threads", "cpu_seconds", "seconds")
    print(json.dumps(found | {name: value for name, value in vars(options).items() if name not in left_out}))


if __name__ == "__main__":
    main()
