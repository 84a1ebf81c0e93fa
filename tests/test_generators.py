"""The generators that the course ships are those of their record, and can be made again."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors import safe_open

from course_utils import CourseError, resource
from course_utils.data import pictures, registry
from course_utils.files import sha256
from course_utils.models import diffusion, generators

FOLDER = generators.FOLDER
FILES = {"2000-1", "2000-2", "2000-3", "20-1", "100-1", "500-1"}


@pytest.fixture(scope="module")
def record():
    return json.loads((FOLDER / "record.json").read_text(encoding="utf-8"))["generators"]


@pytest.fixture(scope="module")
def mnist():
    return pictures.load_mnist()


def test_the_three_parts_share_no_picture_and_have_each_class(mnist):
    parts = generators.divide(mnist.labels)
    assert [len(part) for part in parts] == [2000, 1000, 1000]
    assert sorted(np.concatenate(parts)) == list(range(4000))
    for part in parts:
        assert len(set(np.bincount(mnist.labels[part]))) == 1


def test_fewer_pictures_are_the_first_of_each_class():
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    assert generators.first_of_each(labels, np.array([7, 6, 5, 4, 3]), 2).tolist() == [6, 4, 7, 5]


def test_its_files_are_few_small_and_those_that_were_recorded(record):
    assert set(record) == FILES
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.safetensors" for name in FILES} | {
        "record.json"
    }
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 8e6
    assert registry.registry()["generators"].sha256 == sha256(FOLDER / "record.json")
    for name, entry in record.items():
        assert sha256(FOLDER / f"{name}.safetensors") == entry["sha256"]
        assert f"{entry['n']}-{entry['seed']}" == name and entry["steps"] == generators.STEPS
        with safe_open(FOLDER / f"{name}.safetensors", "pt") as file:
            assert file.get_tensor("network.conv_in.weight").dtype == torch.float16


def test_the_card_has_the_figures_of_the_record(record):
    card = resource("datasets", "generators.md").read_text(encoding="utf-8")
    for name, entry in record.items():
        last = entry["curve"][-1]
        figures = f"{last['train']:.4f} | {last['spare']:.4f} | {entry['CPU s']:,}"
        assert f"| `{name}` | {entry['n']:,} | {figures} |" in card
        assert f"`{name}.safetensors`: SHA-256 `{entry['sha256']}`" in card


@pytest.mark.parametrize("name", sorted(FILES))
def test_it_has_the_loss_that_was_recorded(record, mnist, name):
    rows, _ = generators.plan(mnist.labels)[name]
    model = generators.load(name, mnist.pixels[rows])
    spare = generators.divide(mnist.labels)[2]
    found = generators.fixed_loss(model, mnist.pixels[spare], mnist.labels[spare])
    assert found == pytest.approx(record[name]["curve"][-1]["spare"], rel=0.02)


def test_other_training_pictures_an_unknown_name_and_damage_are_refused(mnist, tmp_path):
    train, held_out, _ = generators.divide(mnist.labels)
    with pytest.raises(CourseError, match="has learned from other pictures than these 1000"):
        generators.load("2000-1", mnist.pixels[held_out])
    with pytest.raises(CourseError, match="no generator '7-1' comes with the course: choose 2000-1"):
        generators.load("7-1", mnist.pixels[train])
    folder = shutil.copytree(FOLDER, tmp_path / "generators")
    path = folder / "2000-1.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CourseError, match=r"'2000-1\.safetensors' is missing or damaged"):
        generators.load("2000-1", mnist.pixels[train], folder)


def test_the_order_of_pictures_does_not_matter(mnist):
    some = mnist.pixels[:5]
    assert generators.digest(some) == generators.digest(some[::-1])
    assert generators.digest(some) != generators.digest(mnist.pixels[:4])


def test_the_command_makes_one_of_them(mnist, tmp_path, monkeypatch):
    """On a tiny scale: weights, record and a model that loads."""
    tiny = diffusion.UNet
    monkeypatch.setattr(generators.diffusion, "UNet", lambda *a, **k: tiny(*a, **k, channels=(8, 8)))
    generators.main(["20-1", "--steps", "3", "--out", str(tmp_path)])
    (name, entry), *others = json.loads((tmp_path / "record.json").read_text())["generators"].items()
    assert (name, entry["n"], entry["steps"], others) == ("20-1", 20, 3, [])
    assert [row["step"] for row in entry["curve"]] == [1, 2, 3]
    rows, _ = generators.plan(mnist.labels)["20-1"]
    model = generators.load("20-1", mnist.pixels[rows], tmp_path)
    assert diffusion.sample(model, [3, 4], seed=0, steps=2).shape == (2, 1, 28, 28)


def test_an_unknown_name_is_refused_before_anything_is_trained():
    with pytest.raises(SystemExit, match="unknown generator 21-1: choose 2000-1"):
        generators.main(["21-1"])
