"""What the report says in words: the first article's comparison, and what each prediction was about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell of the first article's comparison.

    Attributes
    ----------
    says : str
        What the article says, in our words.
    measured : tuple of str
        Sentences with figures of `report.html` in braces, for the models of this technology.
    claims : tuple of str
        Ids of the claims that belong here.
    """

    says: str
    measured: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


_POWER = (
    "One training: {train_operations}.",
    "A model keeps {parameters}.",
    "Peak memory of the lesson: {memory}.",
)
_TRAINING = ("One training: {train_cpu_s}.",)
_USE = ("One prediction: {predict_cpu_ms}, {predict_operations}.",)

CELLS: dict[str, dict[str, Cell]] = {
    "What it is for": {
        "classic": Cell("It finds patterns and predicts.", ("Models: {models}.",), ("ml-lightweight",)),
        "deep": Cell(
            "It works on tangled data with networks of many layers.", ("Models: {models}.",), ("dl-features",)
        ),
        "LLM": Cell("It is made for tasks with human language.", ("Models: {models}.",), ("llm-finetune",)),
        "generative": Cell(
            "It makes new things: pictures, text and more.",
            ("Models: {models}.",),
            ("gen-new-and-real", "gen-gan-vae"),
        ),
    },
    "Data": {
        "classic": Cell(
            "It uses tables with labels, and other data too.",
            ("Trained on: {data}.",),
            ("ml-more-labels", "ml-normalise"),
        ),
        "deep": Cell(
            "It is at its best with a great deal of data.", ("Trained on: {data}.",), ("dl-needs-data",)
        ),
        "LLM": Cell("It needs very much text.", ("Trained on: {data}.",), ("llm-scales", "llm-tokenisation")),
        "generative": Cell(
            "It uses data of many kinds, often pictures and video.",
            ("Trained on: {data}.",),
            ("gen-augment", "gen-synthetic-privacy"),
        ),
    },
    "Computing power": {
        "classic": Cell("Modest hardware will do.", _POWER, ("ml-lightweight", "cmp-compute")),
        "deep": Cell("It needs powerful machines.", _POWER, ("cmp-compute",)),
        "LLM": Cell("It needs enormous resources.", _POWER, ("cmp-compute",)),
        "generative": Cell("It needs enormous resources.", _POWER, ("gen-power", "cmp-compute")),
    },
    "Speed of training": {
        "classic": Cell("It trains faster than deep learning.", _TRAINING, ("ml-lightweight",)),
        "deep": Cell("Training can take hours or days.", _TRAINING, ("dl-slow-train-fast-use",)),
        "LLM": Cell("Training takes long, because there is so much data.", _TRAINING),
        "generative": Cell("The article does not say.", _TRAINING),
    },
    "Speed of use": {
        "classic": Cell("It is quick enough to decide on the spot.", _USE),
        "deep": Cell("Once trained, it is quick.", _USE, ("dl-slow-train-fast-use",)),
        "LLM": Cell(
            "Once trained, it answers without a wait.",
            (*_USE, "One prediction is one token."),
            ("llm-real-time",),
        ),
        "generative": Cell(
            "Good pictures and videos need hardware such as graphics cards.",
            (*_USE, "One prediction is one picture."),
            ("gen-power",),
        ),
    },
    "Can it be understood?": {
        "classic": Cell("It is easy to read and shows what causes what.", (), ("ml-interpretable",)),
        "deep": Cell("It is a black box.", (), ("dl-black-box",)),
        "LLM": Cell("It stands between classic and deep: its training is complex, its output readable."),
        "generative": Cell("Why it made one thing and not another is hard to say."),
    },
}
"""Rows and columns of the first article's comparison ("Key Differences", "How AI Systems Handle Data",
"Comparing Speed and Efficiency", "Interpretability and Transparency")."""

DATA_TESTS = {
    "1_classic_ml": (
        "Classic models: accuracy gained with more labelled patients (points)",
        (
            ("ml-more-labels", "slope", "per doubling"),
            ("ml-more-labels", "last_doubling", "by the last doubling"),
        ),
    ),
    "2_deep_cnn": (
        "Deep networks: accuracy of the CNN minus a classic model's (points)",
        (
            ("dl-needs-data", "few_images", "few pictures, classic on"),
            ("dl-needs-data", "all_images", "all pictures, classic on"),
        ),
    ),
    "3_small_llm": (
        "Language models: bits saved by a doubling (%)",
        (("llm-scales", "tokens", "of the text"), ("llm-scales", "parameters", "of the model")),
    ),
    "4_generative_model": (
        "Generative models: near-copies of the training pictures (%)",
        (
            ("gen-new-and-real", "control_copies", "20 training pictures"),
            ("gen-new-and-real", "near_copies", "all training pictures"),
        ),
    ),
}
"""Of each lesson, what the figure of data against quality draws: its title; claim, test and label."""

PREDICTIONS = {
    "1_classic_ml": {
        "gap": ("accuracy, best classic model minus network", "points", "ml-lightweight", "accuracy"),
        "ratio": ("training cost, network over classic model", "×", "ml-lightweight", "cpu_seconds"),
        "verdict": ("verdict on ml-lightweight", "", "ml-lightweight", ""),
    },
    "2_deep_cnn": {
        "best classic": (
            "accuracy of the best classic model (measured: CNN minus classic on raw pixels)",
            *("%", "dl-features", "cnn_against_raw"),
        ),
        "best MLP": (
            "accuracy of the best MLP (measured: MLP minus classic on raw pixels)",
            *("%", "dl-features-mlp", "mlp_against_raw"),
        ),
        "CNN": (
            "accuracy of the CNN (measured: CNN minus classic on hand-made features)",
            *("%", "dl-features", "cnn_against_handmade"),
        ),
        "verdict": ("verdict on dl-features", "", "dl-features", ""),
        "verdict MLP": ("verdict on dl-features-mlp", "", "dl-features-mlp", ""),
    },
    "3_small_llm": {
        "against from scratch": (
            "bits saved by fine-tuning, against a model from scratch",
            *("%", "llm-finetune", "against_scratch"),
        ),
        "against pre-trained only": (
            "bits saved by fine-tuning, against the pre-trained model",
            *("%", "llm-finetune", "against_pretrained"),
        ),
        "verdict": ("verdict on llm-finetune", "", "llm-finetune", ""),
    },
    "4_generative_model": {
        "recognised": (
            "digits recognised (measured: generated minus real)",
            *("%", "gen-new-and-real", "class_agreement"),
        ),
        "near-copies": ("near-copies", "%", "gen-new-and-real", "near_copies"),
        "verdict": ("verdict on gen-new-and-real", "", "gen-new-and-real", ""),
    },
}
"""Of each lesson's saved predictions: what it is about, its unit, the claim and the test that answer it."""
