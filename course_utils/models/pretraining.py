"""The long training of lesson 3's model: ``make pretrain``, or ``python -m course_utils.models.pretraining``.

It runs on one process or on many, on CPUs or GPUs, without a change (Gugger et al., accelerate)::

    torchrun --nproc_per_node 2 -m course_utils.models.pretraining --processes 2
    accelerate launch --multi_gpu --num_processes 2 -m course_utils.models.pretraining --processes 2

A training that was stopped goes on when the same command is given again. The model card is
``datasets/pretrained.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast

from course_utils import CourseError
from course_utils.data import docstrings
from course_utils.files import sha256, write_text
from course_utils.models import checkpoints, language, muon
from course_utils.models.callbacks import set_rates
from course_utils.models.held_out import SLICE, Texts, bits_per_byte, rivals, samples
from course_utils.models.training import batches
from course_utils.models.transformer import Size, Transformer, from_llama
from course_utils.run import choose_device, choose_precision

CHECKPOINT = "checkpoint.safetensors"
SAVE_EVERY = 100
"""Steps between two checkpoints."""
History = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """What a training is: `batch_size` windows of `context` tokens a step, in all processes together."""

    n_tokens: int = 4096
    width: int = 192
    depth: int = 4
    context: int = 256
    batch_size: int = 8
    steps: int = 6000
    muon_rate: float = 0.005
    adamw_rate: float = 0.005
    weight_decay: float = 0.1
    seed: int = 0
    validate_every: int = 500

    def rate_factor(self, step: int) -> float:
        """Share of the highest rates: up over 100 steps, level up to a fifth of all, then down to 0."""
        return min(1.0, (step + 1) / 100, (self.steps - step) / (0.8 * self.steps))


def corpus() -> Texts:
    """The general text of lesson 3 and the eleven other packages; the task's is not read."""
    general, wide = docstrings.load()[0], docstrings.load_wide()
    return Texts(
        (*general.train, *wide.train),
        {"general": general.validation[:80], "wide": wide.validation[:80]},
        {"general": general.test, "wide": wide.test},
    )


def train(
    recipe: Recipe,
    texts: Texts,
    tokenizer: PreTrainedTokenizerFast,
    folder: Path,
    *,
    processes: int = 1,
    cpu: bool = False,
    precision: str = "",
) -> tuple[Transformer, History]:
    """Train from nothing, or go on from the checkpoint in `folder`.

    Parameters
    ----------
    folder : Path
        All processes must see the same one.
    processes : int
        How many are expected: a launcher that silently starts fewer would train something else.
    cpu : bool
        Leave GPUs alone.
    precision : str
        'float32' or 'bfloat16'; by default as the device likes it.

    Returns
    -------
    model : Transformer
        In evaluation mode.
    history : dict
        'losses' of every step in nats a token, and 'curve': rows with the step, bits per byte of each
        validation text, and the CPU seconds so far, 'CPU s', of all processes. 'made' says with what.

    Raises
    ------
    CourseError
        Another number of processes runs, or they cannot share a batch evenly; the text is too short; the
        checkpoint is another training's.
    """
    accelerator, precision = _accelerator(processes, cpu, precision)
    model = Transformer(Size(recipe.n_tokens, recipe.width, recipe.depth), recipe.seed)
    model.to(accelerator.device)
    optimizers = muon.muon_adamw(
        model, recipe.muon_rate, recipe.adamw_rate, recipe.weight_decay, precision=precision
    )
    windows = language.windows(
        language.encode(tokenizer, [document.text for document in texts.train]), recipe.context
    ).to(accelerator.device)
    _require_shares(recipe.batch_size, len(windows), processes)
    settings = asdict(recipe) | {"precision": precision, "windows": len(windows)}
    del settings["steps"]  # it may be changed until the rates would have been others
    history = _kept(folder / CHECKPOINT, model, optimizers, settings, recipe)
    history["made"] = {"processes": processes, "device": accelerator.device.type}
    history["made"] |= {"precision": precision, "windows": len(windows)}
    first, before, began = len(history["losses"]), history["CPU s"], time.process_time()
    if accelerator.gather(torch.tensor([first], device=accelerator.device)).unique().numel() > 1:
        raise CourseError(f"the processes begin at different steps: '{folder}' is not the same for all")

    def count_time() -> None:
        spent = torch.tensor(time.process_time() - began, device=accelerator.device)
        history["CPU s"] = before + accelerator.reduce(spent).item()

    def look() -> None:
        """Add a row to the curve."""
        count_time()
        row = {"step": len(history["losses"])}
        for name, documents in texts.validation.items():
            row[name] = round(bits_per_byte(model, tokenizer, documents, recipe.context), 4)
        history["curve"].append(row | {"CPU s": round(history["CPU s"])})
        accelerator.print(history["curve"][-1], flush=True)

    parallel = accelerator.prepare(model)
    order = islice(batches(len(windows), recipe.batch_size, recipe.seed), first, recipe.steps)
    bar = tqdm(order, initial=first, total=recipe.steps, disable=not accelerator.is_main_process)
    for step, rows in enumerate(bar, start=first):
        if step % recipe.validate_every == 0:
            look()
        set_rates(optimizers, recipe.rate_factor(step))
        with accelerator.split_between_processes(rows) as mine:  # an equal share for each
            loss = language.next_token_loss(parallel, windows[mine])
        for optimizer in optimizers:
            optimizer.zero_grad()
        accelerator.backward(loss)  # the processes' gradients are averaged here
        for optimizer in optimizers:
            optimizer.step()
        history["losses"].append(accelerator.reduce(loss.detach(), "mean").item())
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == recipe.steps:
            count_time()
            state = {"step": step + 1, "steps": recipe.steps, "settings": settings, "history": history}
            if accelerator.is_main_process:
                checkpoints.save(folder / CHECKPOINT, model, optimizers, state)
    if not history["curve"] or history["curve"][-1]["step"] < recipe.steps:
        look()
    return accelerator.unwrap_model(parallel, keep_fp32_wrapper=False).eval(), history


def _accelerator(processes: int, cpu: bool, precision: str) -> tuple[Accelerator, str]:
    """What spreads the work over processes, once it is seen that all of them are there; the precision."""
    device = "cpu" if cpu else choose_device("auto")
    precision = precision or choose_precision(device)
    mixed = {"bfloat16": "bf16", "float32": "no"}[precision]
    accelerator = Accelerator(mixed_precision=mixed, cpu=device == "cpu")
    if accelerator.num_processes != processes:
        raise CourseError(
            f"{processes} process(es) expected, {accelerator.num_processes} run: start them with torchrun or "
            "accelerate launch, and say how many with --processes"
        )
    return accelerator, precision


def _require_shares(batch_size: int, n_windows: int, processes: int) -> None:
    """See that every batch is full, and can be shared evenly."""
    if batch_size % processes:
        raise CourseError(f"{processes} processes cannot share {batch_size} windows evenly")
    if n_windows < batch_size:
        raise CourseError(f"the text has {n_windows} windows, a batch needs {batch_size}: bring more text")


def _kept(
    path: Path,
    model: Transformer,
    optimizers: Sequence[torch.optim.Optimizer],
    settings: dict[str, Any],
    recipe: Recipe,
) -> History:
    """What was recorded so far, from the checkpoint if there is one; it brings model and optimizers along."""
    if not path.is_file():
        return {"losses": [], "curve": [], "CPU s": 0.0}
    state, _ = checkpoints.load(path, model, optimizers, settings)
    then = replace(recipe, steps=state["steps"])
    if any(then.rate_factor(step) != recipe.rate_factor(step) for step in range(state["step"])):
        raise CourseError(
            f"'{path.name}' belongs to a training of {then.steps} steps, which has taken {state['step']} at "
            f"other rates than one of {recipe.steps} steps would: give --steps {then.steps}"
        )
    return state["history"]


def write(
    model: Transformer,
    tokenizer: PreTrainedTokenizerFast,
    texts: Texts,
    recipe: Recipe,
    history: History,
    folder: Path,
) -> None:
    """Weights in bfloat16, config and tokenizer as transformers reads them, and ``training.json``."""
    language.save(model, tokenizer, folder)
    shipped = from_llama(language.load_pretrained(folder)[0])

    def levels(step: int) -> dict[str, float]:
        return {
            name: round(bits_per_byte(shipped, tokenizer, documents[::step], recipe.context), 4)
            for name, documents in texts.test.items()
        }

    found = {
        "recipe": asdict(recipe),
        "made": history["made"] | {name: version(name) for name in ("torch", "transformers", "accelerate")},
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "train bytes": sum(len(document.text.encode()) for document in texts.train),
        "bits per byte": levels(1),
        "slice": levels(SLICE),
        "rivals": {
            rival: {name: round(level, 4) for name, level in of_each.items()}
            for rival, of_each in rivals(texts, tokenizer).items()
        },
        "samples": samples(shipped, tokenizer),
        "sha256": {name: sha256(folder / name) for name in language.MODEL_FILES},
        "curve": history["curve"],
        "losses": [
            round(float(np.mean(part)), 4)
            for part in np.array_split(history["losses"], min(100, len(history["losses"])))
        ],
    }
    write_text(folder / "training.json", json.dumps(found, indent=1) + "\n")
    print(json.dumps({key: found[key] for key in ("parameters", "bits per byte", "rivals", "sha256")}))


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure, and write the four files that the course ships."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/pretrained"), help="folder for all files")
    parser.add_argument("--processes", type=int, default=1, help="how many processes a launcher starts")
    parser.add_argument("--cpu", action="store_true", help="leave GPUs alone")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = vars(parser.parse_args(arguments))
    folder, processes, cpu = options.pop("out"), options.pop("processes"), options.pop("cpu")
    recipe, texts = Recipe(**options), corpus()
    tokenizer = language.train_tokenizer([each.text for each in texts.train], recipe.n_tokens)
    model, history = train(recipe, texts, tokenizer, folder, processes=processes, cpu=cpu)
    if PartialState().is_main_process:
        write(model, tokenizer, texts, recipe, history, folder)
    PartialState().destroy_process_group()


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(str(error))
