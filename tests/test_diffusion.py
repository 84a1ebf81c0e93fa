"""The diffusion model of lesson 4's labs, against diffusers and against what can be worked out."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from torch import nn

from course_utils.models import diffusion


@pytest.fixture
def unet():
    return diffusion.UNet((1, 8, 8), n_classes=3, seed=1, channels=(8,)).eval()


def test_the_share_of_the_picture_is_a_squared_cosine():
    cosine = torch.cos((torch.arange(1_000) / 1_000 + 0.008) / 1.008 * torch.pi / 2) ** 2
    assert torch.allclose(diffusion.A[:-1], cosine[1:] / cosine[0], atol=1e-3)
    assert diffusion.A.shape == (diffusion.LEVELS,)
    assert bool((diffusion.A.diff() < 0).all())


def test_an_unet_follows_its_seed_and_takes_one_class_more(unet):
    again, other = (diffusion.UNet((1, 8, 8), 3, seed, (8,)) for seed in (1, 2))
    for ours, same, different in zip(unet.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(ours, same)
        assert not torch.equal(ours, different) or len(ours.unique()) == 1  # biases begin at 0
    not_told = unet(torch.zeros(2, 1, 8, 8), torch.tensor(5), torch.tensor([0, 3]))
    assert not_told.shape == (2, 1, 8, 8)
    with pytest.raises(IndexError):
        unet(torch.zeros(1, 1, 8, 8), torch.tensor(5), torch.tensor([4]))


def test_the_loss_adds_noise_as_diffusers_does(unet):
    clean, labels = torch.rand(40, 1, 8, 8) * 2 - 1, torch.arange(40) % 3
    torch.manual_seed(0)
    ours = diffusion.batch_loss(unet, clean, labels)
    torch.manual_seed(0)
    t = torch.randint(0, 1_000, (40,))
    scheduler = DDIMScheduler(1_000, beta_schedule="squaredcos_cap_v2")
    noisy = scheduler.add_noise(clean, torch.randn_like(clean), t)
    theirs = nn.functional.mse_loss(unet(noisy, t, labels), clean)
    assert torch.isclose(ours, theirs)


class Classes(nn.Module):
    """Guesses the number of the class, whatever it sees; remembers the classes that it was told."""

    def __init__(self, n_classes):
        super().__init__()
        self.n_classes, self.told = n_classes, []

    def forward(self, noisy, t, classes):
        self.told.append(classes)
        return classes.float().view(-1, 1, 1, 1).expand_as(noisy)


def test_a_patch_keeps_its_place():
    """What the network sees of a patch of four pixels is four numbers at one place."""
    model, seen = diffusion.UNet((1, 8, 8), 3, seed=1, channels=(8,)).eval(), []

    def echo(patches, t, class_labels):
        seen.append(patches)
        return type("Output", (), {"sample": patches})

    model.network.forward = echo
    noisy = torch.arange(64.0).view(1, 1, 8, 8)
    assert torch.equal(model(noisy, torch.tensor(5), torch.tensor([0])), noisy)
    assert seen[0].shape == (1, 4, 4, 4)
    assert seen[0][0, :, 1, 2].tolist() == [20, 21, 28, 29]


def test_parts_are_made_one_after_the_other(unet, monkeypatch):
    whole = diffusion.sample(unet, [0, 1, 2, 0, 1], seed=3, steps=2)
    monkeypatch.setattr(diffusion, "AT_ONCE", 2)
    assert np.abs(diffusion.sample(unet, [0, 1, 2, 0, 1], seed=3, steps=2) - whole).max() < 0.01


@pytest.mark.parametrize(("withheld", "low", "high"), [(0.0, 0, 0), (0.1, 60, 140), (1.0, 1000, 1000)])
def test_so_many_classes_are_withheld(withheld, low, high):
    model = Classes(3)
    torch.manual_seed(0)
    diffusion.batch_loss(model, torch.zeros(1_000, 1, 2, 2), torch.zeros(1_000, dtype=torch.int64), withheld)
    (told,) = model.told
    assert set(told.tolist()) <= {0, 3}
    assert low <= int((told == 3).sum()) <= high


@pytest.mark.parametrize(("guidance", "guess"), [(1, 1.0), (0, 3.0), (3, -3.0), (1.5, 0.0)])
def test_guidance_goes_from_the_guess_without_the_class_towards_that_with_it(guidance, guess):
    asked = torch.ones(2, dtype=torch.int64)  # guessed as 1, and as 3 when the class is not told
    found = diffusion.guess_clean(Classes(3), torch.zeros(2, 1, 4, 4), 500, asked, guidance)
    assert torch.allclose(found, torch.full((2, 1, 4, 4), guess))


@pytest.mark.parametrize("steps", [4, 20])
def test_sampling_takes_the_steps_of_diffusers(unet, steps):
    asked = [0, 2, 1, 2]
    ours = diffusion.sample(unet, asked, seed=5, steps=steps, greys=100_000)
    library = DDIMScheduler(
        1_000, beta_schedule="squaredcos_cap_v2", prediction_type="sample", timestep_spacing="trailing"
    )
    library.set_timesteps(steps)
    x = torch.randn((4, 1, 8, 8), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        for t in library.timesteps:
            guess = unet(x, t, torch.tensor(asked))
            x = library.step(guess, t, x, use_clipped_model_output=True).prev_sample
    theirs = ((x.numpy() + 1) / 2).clip(0, 1)
    theirs[theirs < 0.05] = 0  # nobody sees it
    assert np.abs(ours - theirs).max() < 1e-4
    assert ours.std() > 0.01


def test_sampling_follows_its_seed_and_gives_levels_of_grey(unet):
    first, again, other = (diffusion.sample(unet, [0, 1], seed, steps=4, greys=4) for seed in (0, 0, 1))
    assert first.shape == (2, 1, 8, 8)
    assert first.dtype == np.float32
    assert set(np.unique(first)) <= {0, 0.25, 0.5, 0.75, 1}
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_trained_model_draws_what_it_was_shown():
    """Two pictures, one of each class: after some steps each class gives its picture."""
    shown = np.zeros((2, 1, 8, 8), np.float32)
    shown[0, :, :, :4] = shown[1, :, :, 4:] = 1
    model = diffusion.UNet((1, 8, 8), 2, seed=0, channels=(8,), patch=1)
    history = diffusion.train(model, np.tile(shown, (8, 1, 1, 1)), np.tile([0, 1], 8), steps=150, seed=0)
    assert len(history.losses) == 150
    assert np.mean(history.losses[-20:]) < np.mean(history.losses[:20]) / 2
    made = diffusion.sample(model, [1, 0, 1], seed=3)
    assert np.abs(made - shown[[1, 0, 1]]).mean() < 0.1
