"""The twelve models whose costs lab 0_cost compares, small and alike in how they are trained.

All learn from equally many rows, and all networks go over these equally often: steps double or halve with a
training set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn import ensemble, linear_model, svm
from torch import nn

from course_utils.data import docstrings, pictures
from course_utils.models import bill, diffusion, language, networks, vae
from course_utils.models.convolutional import CNN
from course_utils.models.costs import Cost
from course_utils.models.transformer import Size, Transformer, as_llama

BATCH, PIECE, N_TOKENS, PAGES = 64, 64, 1024, 400
"""Rows in one step, tokens in one piece of text, tokens that there are, and pages that are read for them."""
USED, ASKED, WRITTEN = 20, 1000, 12
"""Pictures that are made to time one, pictures that classifiers are asked about, tokens that are written."""


Priced = tuple[list[Cost], dict[str, Any]]
"""What each model costs, and the trained models by name."""


@dataclass(frozen=True)
class Data:
    """What the models learn from, in the order of a seed.

    Attributes
    ----------
    pixels, labels : ndarray, (n, 1, 28, 28) from 0 to 1, and (n,)
        MNIST digits.
    general, task : Tensor, (m, `PIECE` + 1) int64
        Pieces of the documentation of numpy, scipy and pandas, and of scikit-learn's.
    """

    pixels: np.ndarray
    labels: np.ndarray
    general: torch.Tensor
    task: torch.Tensor


def load(seed: int) -> Data:
    """Digits and pieces of text."""
    digits = pictures.load_mnist()
    digits = digits.rows(np.random.default_rng(seed).permutation(len(digits.labels)))
    texts = [[page.text for page in part.train[:PAGES]] for part in docstrings.load()]
    tokenizer = language.train_tokenizer(texts[0], N_TOKENS)
    pieces = [language.windows(language.encode(tokenizer, text), PIECE) for text in texts]
    return Data(digits.pixels, digits.labels, *pieces)


def train(data: Data, n_rows: int, passes: int, seed: int) -> tuple[dict[str, list[Cost]], dict[str, Any]]:
    """Train all on the first `n_rows`, fine-tuning on a fifth as many: costs by technology, and models.

    Classifiers are asked about the last `ASKED` digits.
    """
    images, labels = data.pixels[:n_rows], data.labels[:n_rows]
    sort = partial(sorters, images=images, labels=labels, asked=data.pixels[-ASKED:])
    priced = {
        "classic": sort("classic", classic(seed)),
        "deep": sort("deep", deep(n_rows, passes, seed)),
        "LLM": writers(data.general[:n_rows], data.task[: n_rows // 5], passes, seed),
        "generative": makers(images, labels, passes, seed),
    }
    models = {name: model for _, trained in priced.values() for name, model in trained.items()}
    return {technology: found for technology, (found, _) in priced.items()}, models


def rows_for(technology: str, images: np.ndarray) -> np.ndarray:
    """Pictures as a technology's models take them: classic ones as flat rows of numbers."""
    return images.reshape(len(images), -1) if technology == "classic" else images


def passes_over(n_rows: int, passes: int) -> dict[str, int]:
    """Steps and rows in each that so many passes over so many rows take."""
    size = min(BATCH, n_rows)
    return {"steps": max(1, passes * n_rows // size), "batch_size": size}


def class_loss(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


def classic(seed: int) -> dict[str, Any]:
    """Four untrained models of scikit-learn; boosting stops after 20 rounds of a tree for each class."""
    boosting = {"max_iter": 20, "early_stopping": False, "random_state": seed}
    return {
        "logistic regression": linear_model.LogisticRegression(max_iter=1000),
        "SVM": svm.SVC(C=10),
        "random forest": ensemble.RandomForestClassifier(random_state=seed),
        "boosted trees": ensemble.HistGradientBoostingClassifier(**boosting),
    }


def deep(n_rows: int, passes: int, seed: int) -> dict[str, networks.NetworkClassifier]:
    """Three untrained networks for pictures of 28 × 28 pixels: MLP, lesson 2's CNN, one twice as wide."""
    torch.manual_seed(seed)
    nets = {"MLP": networks.mlp(28 * 28, 10, seed), "CNN": CNN(10), "wide CNN": CNN(10, width=32)}
    how = {"weight_decay": 0.1, "seed": seed, **passes_over(n_rows, passes)}
    return {name: networks.NetworkClassifier(net, class_loss, **how) for name, net in nets.items()}


def sorters(
    technology: str, models: Mapping[str, Any], images: np.ndarray, labels: np.ndarray, asked: np.ndarray
) -> Priced:
    """Models with scikit-learn's interface: trained on images and labels, then asked about others."""
    rows, asked = rows_for(technology, images), rows_for(technology, asked)
    found = [
        bill.measure_classifier(name, technology, "digits", model, rows, labels, asked)
        for name, model in models.items()
    ]
    return found, dict(models)


def writers(general: torch.Tensor, task: torch.Tensor, passes: int, seed: int) -> Priced:
    """A small Llama, trained on pieces of general text (n, `PIECE` + 1), then on pieces of the task's.

    Its use is to write `WRITTEN` tokens.
    """
    llama = as_llama(Transformer(Size(N_TOKENS, 64, depth=2), seed))
    found = [
        bill.measure_network(
            f"Llama, {stage}",
            "LLM",
            "docstrings",
            llama,
            language.next_token_loss,
            (pieces,),
            use=partial(write, llama, general[0]),
            n_uses=WRITTEN,
            use_once=partial(llama, input_ids=general[:1, :1]),
            learning_rate=rate,
            seed=seed,
            **passes_over(len(pieces), passes),
        )
        for stage, pieces, rate in (("pre-trained", general, 0.003), ("fine-tuned", task, 0.001))
    ]
    return found, {"Llama": llama}


def write(llama: nn.Module, piece: torch.Tensor, n_tokens: int = WRITTEN) -> torch.Tensor:
    """The tokens (n_tokens,) with which a Llama goes on after the first half of a piece (`PIECE` + 1,)."""
    half = PIECE // 2
    how = {"max_new_tokens": n_tokens, "min_new_tokens": n_tokens, "do_sample": False}
    return llama.generate(piece[None, :half], **how)[0, half:]


def makers(images: np.ndarray, labels: np.ndarray, passes: int, seed: int) -> Priced:
    """A VAE, and lesson 4's diffusion model in two sizes, trained on pictures (n, 1, 28, 28) from 0 to 1."""
    measure = partial(
        bill.measure_network,
        technology="generative",
        data="digits",
        n_uses=USED,
        learning_rate=0.003,
        seed=seed,
        **passes_over(len(images), passes),
    )
    torch.manual_seed(seed)
    flat, sample = torch.from_numpy(images.reshape(len(images), -1)), partial(vae.sample, seed=seed)
    net = vae.VAE(flat.shape[1])
    found = [
        measure(
            "VAE", network=net, batch_loss=vae.batch_loss, rows=(flat,),
            use=partial(sample, net, USED), use_once=partial(sample, net, 1),
        )
    ]  # fmt: skip
    rows = torch.from_numpy(2 * images - 1), torch.from_numpy(labels)
    unets = {
        name: diffusion.UNet(images.shape[1:], 10, seed, channels)
        for name, channels in (("small diffusion", (16, 32)), ("diffusion", (32, 64)))
    }
    for name, unet in unets.items():
        draw = partial(diffusion.sample, unet, seed=seed)
        found.append(
            measure(
                name, network=unet, batch_loss=diffusion.batch_loss, rows=rows,
                use=partial(draw, np.arange(USED) % 10), use_once=partial(draw, np.zeros(1, dtype=np.int64)),
            )
        )  # fmt: skip
    return found, {"VAE": net, **unets}
