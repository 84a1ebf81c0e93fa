"""What the report says in words about the first article's comparison."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell of the first article's comparison.

    Attributes
    ----------
    says : str
        What the article says, in our words.
    measured : tuple of (str, str)
        What was measured and the name of its figure in `report.figures`, for the models of this technology.
    claims : tuple of str
        Ids of the claims that belong here.
    """

    says: str
    measured: tuple[tuple[str, str], ...] = ()
    claims: tuple[str, ...] = ()


_MODELS = (("Models", "models"),)
_DATA = (("Trained on", "data"),)
_POWER = (
    ("One training", "train_operations"),
    ("A model keeps", "parameters"),
    ("Peak memory of the lesson", "memory"),
)
_TRAINING = (("One training", "train_cpu_s"), ("The whole lesson", "minutes"))
_ANSWER = (("One answer", "predict_cpu_ms"), ("It takes", "predict_operations"))
_TOKEN = (("One token", "predict_cpu_ms"), ("It takes", "predict_operations"))
_PICTURE = (("One picture", "predict_cpu_ms"), ("It takes", "predict_operations"))

CELLS: dict[str, dict[str, Cell]] = {
    "What it is for": {
        "classic": Cell("It finds patterns and predicts.", _MODELS, ("ml-lightweight",)),
        "deep": Cell(
            "It works on tangled data with networks of many layers.",
            _MODELS,
            ("dl-features", "dl-features-mlp", "dl-depth"),
        ),
        "LLM": Cell("It is made for tasks with human language.", _MODELS, ("llm-finetune", "llm-tasks")),
        "generative": Cell(
            "It makes new things: pictures, text and more.",
            _MODELS,
            ("gen-new-and-real", "gen-gan-vae"),
        ),
    },
    "Data": {
        "classic": Cell(
            "It uses tables with labels, and other data too.",
            _DATA,
            ("ml-more-labels", "ml-normalise"),
        ),
        "deep": Cell("It is at its best with a great deal of data.", _DATA, ("dl-needs-data",)),
        "LLM": Cell("It needs very much text.", _DATA, ("llm-scales", "llm-tokenisation")),
        "generative": Cell(
            "It uses data of many kinds, often pictures and video.",
            _DATA,
            ("gen-augment", "gen-synthetic-privacy"),
        ),
    },
    "Computing power": {
        "classic": Cell("A plain computer will do.", _POWER, ("ml-lightweight", "cmp-compute")),
        "deep": Cell("It needs powerful machines.", _POWER, ("cmp-compute",)),
        "LLM": Cell("It needs enormous resources.", _POWER, ("cmp-compute",)),
        "generative": Cell("It needs enormous resources.", _POWER, ("gen-power", "cmp-compute")),
    },
    "Speed of training": {
        "classic": Cell("It trains faster than deep learning.", _TRAINING, ("ml-lightweight",)),
        "deep": Cell("It can take hours or days.", _TRAINING, ("dl-slow-train-fast-use",)),
        "LLM": Cell("It takes long, because there is so much data.", _TRAINING),
        "generative": Cell("The article does not say.", _TRAINING),
    },
    "Speed of use": {
        "classic": Cell("It is quick enough to decide on the spot.", _ANSWER, ("ml-fast-decisions",)),
        "deep": Cell("Once trained, it is quick.", _ANSWER, ("dl-slow-train-fast-use",)),
        "LLM": Cell("Once trained, it answers without a wait.", _TOKEN, ("llm-real-time",)),
        "generative": Cell(
            "Good pictures and videos take special hardware, such as graphics cards.",
            _PICTURE,
            ("gen-power",),
        ),
    },
    "Can it be understood?": {
        "classic": Cell("It is easy to read and shows what causes what.", (), ("ml-interpretable",)),
        "deep": Cell("It is a black box.", (), ("dl-black-box",)),
        "LLM": Cell(
            "It stands between classic and deep: its training is complex, what it writes is readable.",
            (),
            ("cmp-transparency",),
        ),
        "generative": Cell("Why it made one thing and not another is hard to say.", (), ("gen-why",)),
    },
}
"""Rows and columns of the first article's comparison ("Key Differences", "How AI Systems Handle Data",
"Comparing Speed and Efficiency", "Interpretability and Transparency")."""

DATA_TESTS = {
    "1_classic_ml": (
        "Accuracy that more labelled rows give a classic model",
        (
            ("ml-more-labels", "slope", "each doubling"),
            ("ml-more-labels", "last_doubling", "the last doubling"),
        ),
    ),
    "2_deep_cnn": (
        "Accuracy of a deep network minus that of a classic model",
        (
            ("dl-needs-data", "few_images", "few pictures, classic model on"),
            ("dl-needs-data", "all_images", "all pictures, classic model on"),
        ),
    ),
    "3_small_llm": (
        "Bits that a language model saves by a doubling",
        (("llm-scales", "tokens", "of the text it reads"), ("llm-scales", "parameters", "of its size")),
    ),
    "4_generative_model": (
        "Near-copies of training pictures among those that a generator makes",
        (
            ("gen-new-and-real", "control_copies", "trained on 20 pictures"),
            ("gen-new-and-real", "near_copies", "trained on all pictures"),
        ),
    ),
}
"""Of each lesson, what the figure of data against quality draws: its title; claim, test and label."""
