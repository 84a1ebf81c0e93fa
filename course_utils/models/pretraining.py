"""The long training of lesson 3's model: ``make pretrain``, or ``python -m course_utils.models.pretraining``.

It runs on one process or on many, on CPUs or GPUs, without a change (Gugger et al., accelerate)::

    torchrun --nproc_per_node 2 -m course_utils.models.pretraining --out FOLDER
    accelerate launch -m course_utils.models.pretraining --out FOLDER

A training that was stopped goes on when the same command is given again. The model card is
``datasets/pretrained.md``.
"""

from __future__ import annotations

import argparse
import json
import lzma
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast

from course_utils import CourseError
from course_utils.data import docstrings
from course_utils.data.documents import Document
from course_utils.files import sha256, write_text
from course_utils.models import checkpoints, language, muon
from course_utils.models.ngrams import KneserNey
from course_utils.models.training import batches
from course_utils.models.transformer import Size, Transformer
from course_utils.run import choose_precision

SAVE_EVERY = 100
"""Steps between two checkpoints."""
RATES = (0.0, 1.0), (0.16, 1.0), (0.53124, 0.558), (0.53125, 0.35), (1.0, 0.0)
"""Share of the steps, and share of the highest rates there; straight lines in between. The drop came when a
trial showed that the rates were too high: 120 steps of falling rates brought more than the 2,000 before."""


@dataclass(frozen=True)
class Recipe:
    """What a training is: `batch_size` windows of `context` tokens a step, in all processes together."""

    n_tokens: int = 4096
    width: int = 192
    depth: int = 4
    context: int = 256
    batch_size: int = 16
    steps: int = 6400
    muon_rate: float = 0.02
    adamw_rate: float = 0.02
    weight_decay: float = 0.1
    seed: int = 0
    validate_every: int = 500

    def rate_factor(self, step: int) -> float:
        """Share of the highest rates: up over 100 steps, then as `RATES` has it."""
        return min((step + 1) / 100, float(np.interp(step / self.steps, *zip(*RATES, strict=True))))


@dataclass(frozen=True)
class Texts:
    """What the model reads and is measured on.

    Attributes
    ----------
    train : list of Document
    validation, test : dict of documents by the name of the text
    """

    train: Sequence[Document]
    validation: dict[str, Sequence[Document]]
    test: dict[str, Sequence[Document]]


def corpus() -> Texts:
    """The general text of lesson 3 and the eleven other packages; the task's is not read."""
    general, wide = docstrings.load()[0], docstrings.load_wide()
    return Texts(
        (*general.train, *wide.train),
        {"general": general.validation[:80], "wide": wide.validation[:80]},
        {"general": general.test, "wide": wide.test},
    )


def bits_per_byte(
    model: nn.Module, tokenizer: PreTrainedTokenizerFast, documents: Sequence[Document], context: int
) -> float:
    """Bits that a model needs for a byte of documents, with half of `context` or more before each token."""
    texts = [document.text for document in documents]
    bits = language.token_bits(model, language.encode(tokenizer, texts), context)
    return sum(each.sum() for each in bits) / sum(len(text.encode()) for text in texts)


def train(
    recipe: Recipe,
    texts: Texts,
    tokenizer: PreTrainedTokenizerFast,
    folder: Path,
    *,
    processes: int = 1,
    cpu: bool = False,
    precision: str = "",
) -> tuple[Transformer, dict[str, Any]]:
    """Train from nothing, or go on from the checkpoint in `folder`.

    Parameters
    ----------
    processes : int
        How many are expected: a launcher that silently starts fewer would train something else.
    cpu : bool
        Leave GPUs alone.
    precision : str
        'float32' or 'bfloat16'; by default as the device likes it.

    Returns
    -------
    model : Transformer
    history : dict
        'losses' of every step in nats a token, and 'curve': rows with the step, bits per byte of each
        validation text, and the CPU seconds so far of all processes.

    Raises
    ------
    CourseError
        Another number of processes runs, they cannot share a batch evenly, or the checkpoint is another
        training's.
    """
    precision = precision or choose_precision("cpu" if cpu or not torch.cuda.is_available() else "cuda")
    accelerator = Accelerator(mixed_precision={"bfloat16": "bf16", "float32": "no"}[precision], cpu=cpu)
    if accelerator.num_processes != processes:
        raise CourseError(
            f"{processes} process(es) expected, {accelerator.num_processes} run: start them with torchrun or "
            "accelerate launch, and say how many with --processes"
        )
    if recipe.batch_size % processes:
        raise CourseError(f"{processes} processes cannot share {recipe.batch_size} windows evenly")
    model = Transformer(Size(recipe.n_tokens, recipe.width, recipe.depth), recipe.seed)
    model.to(accelerator.device)
    optimizers = muon.muon_adamw(
        model, recipe.muon_rate, recipe.adamw_rate, recipe.weight_decay, precision=precision
    )
    windows = language.windows(
        language.encode(tokenizer, [document.text for document in texts.train]), recipe.context
    ).to(accelerator.device)
    history: dict[str, Any] = {"losses": [], "curve": [], "CPU s": 0.0}
    settings = asdict(recipe) | {"precision": precision, "windows": len(windows)}
    del settings["steps"]  # it may be changed as long as the rates are level
    path = folder / "checkpoint.safetensors"
    if path.is_file():
        state, _ = checkpoints.load(path, model, optimizers, settings)
        history = state["history"]
        if recipe.rate_factor(state["step"]) < 1 and state["steps"] != recipe.steps:
            raise CourseError(f"'{path.name}' belongs to a training of {state['steps']} steps")
    first, began = len(history["losses"]), time.process_time() - history["CPU s"]
    parallel = accelerator.prepare(model)
    order = islice(batches(len(windows), recipe.batch_size, recipe.seed), first, recipe.steps)
    bar = tqdm(order, initial=first, total=recipe.steps, disable=not accelerator.is_main_process)
    for step, rows in enumerate(bar, start=first):
        if step % recipe.validate_every == 0:
            _look(model, tokenizer, texts, recipe, history, time.process_time() - began)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group.setdefault("initial_lr", group["lr"])
                group["lr"] = group["initial_lr"] * recipe.rate_factor(step)
            optimizer.zero_grad()
        with accelerator.split_between_processes(rows) as mine:  # an equal share for each
            loss = language.next_token_loss(parallel, windows[mine])
        accelerator.backward(loss)  # the processes' gradients are averaged here
        for optimizer in optimizers:
            optimizer.step()
        history["losses"].append(accelerator.reduce(loss.detach(), "mean").item())
        history["CPU s"] = time.process_time() - began
        if accelerator.is_main_process and ((step + 1) % SAVE_EVERY == 0 or step + 1 == recipe.steps):
            checkpoints.save(
                path, model, optimizers,
                {"step": step + 1, "steps": recipe.steps, "settings": settings, "history": history},
            )  # fmt: skip
    if len(history["curve"]) == 0 or history["curve"][-1]["step"] < recipe.steps:
        _look(model, tokenizer, texts, recipe, history, time.process_time() - began)
    return model.eval(), history


def _look(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerFast,
    texts: Texts,
    recipe: Recipe,
    history: dict[str, Any],
    cpu_s: float,
) -> None:
    """Add a row to the curve."""
    levels = {
        name: round(bits_per_byte(model, tokenizer, documents, recipe.context), 4)
        for name, documents in texts.validation.items()
    }
    history["curve"].append({"step": len(history["losses"]), **levels, "CPU s": round(cpu_s)})
    print(history["curve"][-1], flush=True)


def rivals(texts: Texts, tokenizer: PreTrainedTokenizerFast, order: int = 4) -> dict[str, dict[str, float]]:
    """Bits per byte of an n-gram model and of xz on the test texts; both have read what the model reads."""
    train = [document.text for document in texts.train]
    counted = KneserNey(order, len(tokenizer)).fit(language.encode(tokenizer, train))
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 2**26}]
    read = "\n\n".join(train).encode()

    def packed(data: bytes) -> int:
        return len(lzma.compress(data, lzma.FORMAT_RAW, filters=filters))

    alone, found = packed(read), {f"{order}-gram": {}, "xz": {}}
    for name, documents in texts.test.items():
        pages = [document.text for document in documents]
        size = sum(len(page.encode()) for page in pages)
        bits = sum(counted.bits(page)[1:].sum() for page in language.encode(tokenizer, pages))
        extra = packed(read + "\n\n".join(pages).encode()) - alone
        found[f"{order}-gram"][name], found["xz"][name] = bits / size, 8 * extra / size
    return found


def main() -> None:
    """Train, measure, and write the four files that the course ships."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/pretrained"), help="folder for all files")
    parser.add_argument("--processes", type=int, default=1, help="how many processes a launcher starts")
    parser.add_argument("--cpu", action="store_true", help="leave GPUs alone")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = vars(parser.parse_args())
    folder, processes, cpu = options.pop("out"), options.pop("processes"), options.pop("cpu")
    recipe, texts = Recipe(**options), corpus()
    tokenizer = language.train_tokenizer([each.text for each in texts.train], recipe.n_tokens)
    model, history = train(recipe, texts, tokenizer, folder, processes=processes, cpu=cpu)
    if Accelerator(cpu=cpu).is_main_process:
        write(model, tokenizer, texts, recipe, history, folder)


def write(
    model: Transformer,
    tokenizer: PreTrainedTokenizerFast,
    texts: Texts,
    recipe: Recipe,
    history: dict[str, Any],
    folder: Path,
) -> None:
    """Weights in bfloat16, config and tokenizer as transformers reads them, and ``training.json``."""
    language.save(model, tokenizer, folder)
    shipped, _ = language.load_pretrained(str(folder))
    found = {
        "recipe": asdict(recipe),
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "train bytes": sum(len(document.text.encode()) for document in texts.train),
        "bits per byte": {
            name: round(bits_per_byte(shipped, tokenizer, documents, recipe.context), 4)
            for name, documents in texts.test.items()
        },
        "rivals": {
            rival: {name: round(level, 4) for name, level in levels.items()}
            for rival, levels in rivals(texts, tokenizer).items()
        },
        "sha256": sha256(folder / "model.safetensors"),
        "curve": history["curve"],
        "losses": [round(float(np.mean(part)), 4) for part in np.array_split(history["losses"], 100)],
    }
    write_text(folder / "training.json", json.dumps(found, indent=1) + "\n")
    print(json.dumps({key: found[key] for key in ("parameters", "bits per byte", "rivals", "sha256")}))


if __name__ == "__main__":
    main()
