"""The model that the course ships is the one that its card and its record describe."""

import json
from dataclasses import asdict

import pytest
import torch
from safetensors.torch import load_file

from course_utils import resource
from course_utils.data import docstrings, registry
from course_utils.files import sha256
from course_utils.models import held_out, language
from course_utils.models.pretraining import Recipe

FOLDER = resource("datasets", "pretrained")


@pytest.fixture(scope="module")
def record():
    return json.loads((FOLDER / "training.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def card():
    return resource("datasets", "pretrained.md").read_text(encoding="utf-8")


@pytest.fixture
def model():
    return language.shipped()


def test_its_files_are_few_small_and_those_that_were_written(record):
    files = sorted(FOLDER.iterdir())
    assert {path.name for path in files} == {*language.MODEL_FILES, "training.json"}
    assert sum(path.stat().st_size for path in files) <= 12e6
    assert record["sha256"] == {name: sha256(FOLDER / name) for name in language.MODEL_FILES}
    assert registry.registry()["pretrained"].sha256 == record["sha256"]["model.safetensors"]


def test_it_loads_and_has_the_size_that_was_recorded(record, model):
    transformer, tokenizer = model
    recipe = record["recipe"]
    assert sum(weights.numel() for weights in transformer.parameters()) == record["parameters"]
    assert asdict(transformer.size) == {name: recipe[name] for name in ("n_tokens", "width", "depth")}
    assert len(tokenizer) == recipe["n_tokens"]
    stored = load_file(FOLDER / "model.safetensors")
    assert {weights.dtype for weights in stored.values()} == {torch.bfloat16}


def test_the_same_command_would_make_it_again(record):
    assert record["recipe"] == asdict(Recipe())
    assert record["made"]["processes"] == 1
    assert [row["step"] for row in record["curve"]] == [
        *range(0, Recipe().steps, Recipe().validate_every),
        Recipe().steps,
    ]


@pytest.mark.skipif(
    docstrings.installed_versions() != docstrings.locked_versions(), reason="needs the locked packages"
)
def test_it_scores_what_was_recorded(record, model):
    documents = docstrings.load()[0].test[:: held_out.SLICE]
    level = held_out.bits_per_byte(*model, documents, record["recipe"]["context"])
    assert level == pytest.approx(record["slice"]["general"], abs=1e-3)


def test_it_is_clearly_better_than_counting_and_than_xz(record):
    measured = record["bits per byte"] | {
        f"{name}, validation": record["curve"][-1][name] for name in ("general", "wide")
    }
    for levels in record["rivals"].values():
        assert set(levels) == set(measured)
        assert all(measured[name] < 0.97 * level for name, level in levels.items())


def test_the_card_has_the_figures_of_the_record(record, card):
    for row in record["curve"]:
        assert f"| {row['step']:,} | {row['general']:.3f} | {row['wide']:.3f} | {row['CPU s']:,} |" in card
    levels = {"this model": record["bits per byte"]} | record["rivals"]
    for name, level in levels.items():
        assert f"| {name} | {level['general']:.3f} | {level['wide']:.3f} |" in card
    for name, digest in record["sha256"].items():
        assert f"`{name}`: SHA-256 `{digest}`" in card
    assert f"{record['parameters']:,} weights" in card and f"{record['train bytes']:,} bytes" in card
    assert f"{record['made']['windows']:,} windows" in card


def test_the_card_has_what_the_model_wrote(record, card):
    for text in record["samples"].values():
        assert text.strip() in card.replace("\n    ", "\n")


def test_the_card_names_the_text_by_its_checksums(card):
    for name in ("docstrings", "docstrings_wide"):
        assert registry.registry()[name].sha256 in card
