"""Language models: text to tokens and back, its training, and how well it predicts held-out text."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from course_utils import CourseError, resource, variables
from course_utils.files import atomic_path, write_text
from course_utils.models import muon, training
from course_utils.models.transformer import Transformer, as_llama, from_llama
from course_utils.run import choose_precision

BEGIN = "<|begin|>"
"""The token that stands before each document; a model sees it when nothing has been said yet."""
MODEL_FILES = ("config.json", "tokenizer.json", "model.safetensors")
SHIPPED = resource("datasets", "pretrained")
"""Folder of the model that `pretraining` made."""
TOKENS_AT_ONCE = 2**11
"""Tokens that are predicted at once, so that memory does not grow with the data."""


def train_tokenizer(texts: Iterable[str], n_tokens: int) -> PreTrainedTokenizerFast:
    """Byte-pair encoding on bytes (Sennrich et al. 2016; Radford et al. 2019), learned from these texts.

    `n_tokens` is the size of the vocabulary: the begin token, the 256 bytes, and a token for each merged
    pair. With 257 nothing is merged, and every byte is a token; a CourseError is raised below that.
    """
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    if n_tokens < len(alphabet) + 1:
        raise CourseError(f"a byte-level vocabulary needs {len(alphabet) + 1} tokens or more, got {n_tokens}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=n_tokens, special_tokens=[BEGIN], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=BEGIN)


def word_tokenizer(texts: Iterable[str], n_tokens: int) -> PreTrainedTokenizerFast:
    """The most frequent words of these texts are tokens, each with the space before it; others become bytes.

    `n_tokens` is as in `train_tokenizer`.
    """
    smallest = train_tokenizer([], len(pre_tokenizers.ByteLevel.alphabet()) + 1)
    cutter = smallest.backend_tokenizer.pre_tokenizer
    words = Counter(word for text in texts for word, _ in cutter.pre_tokenize_str(text) if len(word) > 1)
    vocabulary = smallest.get_vocab()
    for word, _ in words.most_common(n_tokens - len(vocabulary)):
        vocabulary[word] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer, tokenizer.decoder = cutter, decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=BEGIN)


def encode(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[np.ndarray]:
    """Token numbers of each text, (n + 1,) int64: the begin token, then the text's."""
    begin = tokenizer.bos_token_id
    encodings = tokenizer.backend_tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return [np.array([begin, *encoding.ids], dtype=np.int64) for encoding in encodings]


def windows(documents: Sequence[np.ndarray], context: int) -> torch.Tensor:
    """All documents in a row, cut into rows to learn from: (n_windows, context + 1) int64.

    A row's last token is the first of the next, so each token but the very first is predicted once. What
    is left at the end is dropped; a CourseError is raised when there is not enough text for one row.
    """
    stream = torch.from_numpy(np.concatenate(documents))
    if len(stream) < context + 1:
        raise CourseError(f"one window needs {context + 1} tokens, got {len(stream)}: bring more text")
    return stream.unfold(0, context + 1, context)


def next_scores(model: nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    """Scores of the next token at each place, (B, T) to (B, T, n_tokens), by our models and transformers'."""
    if isinstance(model, PreTrainedModel):
        return model(input_ids=tokens, use_cache=False).logits
    return model(tokens)


def next_token_loss(model: nn.Module, rows: torch.Tensor) -> torch.Tensor:
    """Mean surprise of all tokens but the first of each row, in nats: rows (B, T + 1), gives ()."""
    scores = next_scores(model, rows[:, :-1])  # (B, T, n_tokens)
    return nn.functional.cross_entropy(scores.flatten(0, 1), rows[:, 1:].flatten())


def recipe(share: float = 1.0, device: str = "cpu") -> training.Optimizers:
    """Makes lesson 3's optimizers, with this share of their highest rates, as quick as the device can."""
    return partial(
        muon.muon_adamw,
        muon_rate=0.02 * share,
        adamw_rate=0.02 * share,
        weight_decay=0.1,
        precision=choose_precision(device),
    )


def learn(
    model: nn.Module,
    documents: Sequence[np.ndarray],
    *,
    steps: int,
    seed: int,
    context: int,
    share: float = 1.0,
    batch_size: int = 8,
    device: str = "cpu",
    label: str = "",
) -> training.History:
    """Let a model read documents, as lesson 3 does: it learns in place to predict each next token.

    `documents` are as `encode` gives them; each of the `steps` reads `batch_size` windows of `context`
    tokens and one; `seed` is that of their order, and `share` as in `recipe`: 1 for an untrained model,
    less to fine-tune.
    """
    return training.fit(
        model,
        next_token_loss,
        (windows(documents, context),),
        steps=steps,
        batch_size=batch_size,
        seed=seed,
        optimizers=recipe(share, device),
        device=device,
        precision=choose_precision(device),
        label=label,
    )


@torch.no_grad()
def token_bits(
    model: nn.Module, documents: Sequence[np.ndarray], context: int, step: int | None = None
) -> list[np.ndarray]:
    """Bits that a model needs for each token of each document: -log2 of the probability it gave it.

    Parameters
    ----------
    model : Module
        From token numbers (B, T) to scores (B, T, n_tokens), or one of transformers; in the mode it is in.
    documents : sequence of ndarray, each (n + 1,) int64
        The first token is given, the other n are predicted.
    context : int
        Most tokens before a token that the model sees.
    step : int, optional
        A document that is longer than `context` is read in windows that move on by so many tokens. With 1
        every token sees all that it may, which takes long; by default it is half of `context`, and every
        token sees at least the other half (or all there is).

    Returns
    -------
    list of ndarray, each (n,) float64

    Raises
    ------
    CourseError
        `context` is below 1, or `step` not between 1 and `context`.
    """
    step = max(context // 2, 1) if step is None else step
    if not 1 <= step <= context:
        raise CourseError(f"expected 1 <= step <= context, got step {step} and context {context}")
    bits = [np.zeros(len(document) - 1) for document in documents]
    of_length = defaultdict(list)  # windows of one length are predicted together
    for number, document in enumerate(documents):
        for start, first, end in _windows_over(len(document), context, step):
            of_length[end - start].append((number, start, first, end))
    for length, places in of_length.items():
        rows = max(1, TOKENS_AT_ONCE // length)
        for at in range(0, len(places), rows):
            part = places[at : at + rows]
            tokens = np.stack([documents[number][start:end] for number, start, _, end in part])
            for (number, start, first, end), row in zip(part, _bits(model, tokens), strict=True):
                bits[number][first - 1 : end - 1] = row[first - 1 - start :]
    return bits


def page_bits(model: nn.Module, documents: Sequence[np.ndarray], context: int) -> np.ndarray:
    """Bits that a model needs for each document as a whole, (n_documents,): sums of `token_bits`."""
    return np.array([bits.sum() for bits in token_bits(model, documents, context)])


def _windows_over(n_tokens: int, context: int, step: int) -> Iterator[tuple[int, int, int]]:
    """(start, first, end) of each window: it holds tokens start to end - 1, and those from first count."""
    first, end = 1, min(n_tokens, context + 1)
    while first < n_tokens:
        yield max(0, end - 1 - context), first, end
        first, end = end, min(n_tokens, end + step)


def _bits(model: nn.Module, tokens: np.ndarray) -> np.ndarray:
    """Bits of all tokens but the first of each row, (B, T + 1) to (B, T)."""
    rows = torch.from_numpy(tokens).to(next(model.parameters()).device)
    scores = next_scores(model, rows[:, :-1]).float()  # (B, T, n_tokens)
    nats = nn.functional.cross_entropy(scores.transpose(1, 2), rows[:, 1:], reduction="none")
    return nats.double().cpu().numpy() / math.log(2)


def wanted() -> str:
    """The absolute path of the folder with the model that lesson 3 goes on from.

    It is that of ``COURSE_MODEL``, else `SHIPPED`. A CourseError is raised when there is no such folder, or
    it lacks a file.
    """
    named = variables.read("COURSE_MODEL") or str(SHIPPED)
    folder = Path(named)
    expected = f"expected a folder with {', '.join(MODEL_FILES)}, as 'make pretrain' makes it"
    if not folder.is_dir():
        raise CourseError(
            f"COURSE_MODEL is '{named}', and there is no such folder where this runs: {expected}; give "
            "its whole path"
        )
    if missing := [name for name in MODEL_FILES if not (folder / name).is_file()]:
        raise CourseError(f"COURSE_MODEL is '{named}', which lacks {', '.join(missing)}: {expected}")
    return str(folder.resolve())


def save(model: Transformer, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write `MODEL_FILES` as transformers reads them; the weights in bfloat16, half as large.

    Raises
    ------
    CourseError
        A file cannot be written.
    """
    weights = {f"model.{name}": each.detach().cpu().bfloat16() for name, each in model.state_dict().items()}
    with atomic_path(folder / "model.safetensors") as temporary:
        save_file(weights, temporary, metadata={"format": "pt"})
    write_text(folder / "config.json", as_llama(model).config.to_json_string())
    write_text(folder / "tokenizer.json", tokenizer.backend_tokenizer.to_str(pretty=True) + "\n")


def load_pretrained(folder: str | Path) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """A Llama that somebody has trained, and its tokenizer, from a folder that ``save_pretrained`` wrote.

    Only a config, a tokenizer and weights as safetensors are read: no pickle, no code that comes with a
    model.

    Raises
    ------
    CourseError
        A file is missing or damaged, or it is no Llama.
    """
    folder = Path(folder)
    try:
        return _load(*(folder / name for name in MODEL_FILES))
    except Exception as error:  # whatever comes of a strange file; tokenizers raises plain Exception
        reason = " ".join(str(error).split())
        raise CourseError(
            f"cannot load the model '{folder.name}' ({reason}): expected {', '.join(MODEL_FILES)} of a "
            "Llama, as save_pretrained writes them"
        ) from error


def shipped() -> tuple[Transformer, PreTrainedTokenizerFast]:
    """The model that the course has trained for half an hour, in our own code, and its tokenizer.

    With ``COURSE_MODEL`` it is the model in that folder instead, if our code can run it.

    Raises
    ------
    CourseError
        As `load_pretrained` and `transformer.from_llama`.
    """
    llama, tokenizer = load_pretrained(wanted())
    return from_llama(llama), tokenizer


def training_record() -> dict[str, Any]:
    """What was recorded of the shipped model's training: ``training.json``, see its model card."""
    return json.loads((SHIPPED / "training.json").read_text(encoding="utf-8"))


def _load(config: Path, tokenizer: Path, weights: Path) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    settings = json.loads(config.read_text(encoding="utf-8"))
    if settings.get("model_type") != "llama":
        raise ValueError(f"{config.name} says model_type {settings.get('model_type')!r}")
    model = LlamaForCausalLM(LlamaConfig(**settings))
    missing, unexpected = model.load_state_dict(load_file(weights), strict=False)
    if wrong := {*missing, *unexpected} - ({"lm_head.weight"} if model.config.tie_word_embeddings else set()):
        raise ValueError(f"{weights.name} has not the weights of {config.name}: {min(wrong)}")
    raw = Tokenizer.from_file(str(tokenizer))
    begin = raw.id_to_token(model.config.bos_token_id)
    return model.eval(), PreTrainedTokenizerFast(tokenizer_object=raw, bos_token=begin, eos_token=begin)
