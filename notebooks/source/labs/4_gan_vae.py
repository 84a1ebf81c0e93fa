# %% [markdown]
# # Lab 4 · Do GANs and VAEs make better pictures than a classic model?
#
# **The claim.** Generative AI is built on models such as GANs and VAEs.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Generative AI (GenAI): Creating New Content".*
#
# This lab needs [lesson 4](../4_generative_model.ipynb): Gaussian mixture, judge, Fréchet distance. It runs on its own: it trains everything anew, the diffusion model with the lesson's code from `course_utils.models.diffusion`, for fewer steps.

# %% [markdown]
# **Why this matters.** Before diffusion there were two families of picture generators, and the article names them. That they are in use is not in doubt. Whether you need one is a fair question: a [Gaussian mixture](../glossary.md#gaussian-mixture) is trained in a second. So what is tested here is whether these two draw better digits than the classic model.

# %%
from functools import partial

import numpy as np
import pandas as pd
import torch
from IPython.display import display
from sklearn import mixture, model_selection
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_utils.claims import ledger, resampling
from course_utils.data.chosen import chosen_pictures
from course_utils.exercises.lab_4_gan_vae import exercises
from course_utils.models import diffusion, judges, training
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# The settings, all in one place; each comes back where it is used.

# %%
run = start("4_gan_vae")
plots.use_style()
settings = run.settings(
    side=8,  # pixels that pictures of your own get
    trainings=3,  # of each kind, from different first weights
    vae_steps=2_500,
    gan_steps=2_000,
    diffusion_steps=600,  # one training, for comparison
    judge_steps=400,
    sampling_steps=20,  # of the diffusion model
)

# %% [markdown]
# Data as in the lesson: a part to learn from, a part for the [judge](../glossary.md#judge), a part that is [held out](../glossary.md#held-out).

# %%
pictures = chosen_pictures(run, settings.side)
pixels, labels = pictures.pixels, pictures.labels  # (n, C, H, W) from 0 to 1, and (n,)
n_classes, greys = len(pictures.classes), 16 if pictures.source.name == "digits" else 255
shape, n_pixels = pixels.shape[1:], pixels[0].size
split = partial(model_selection.train_test_split, random_state=run.seed + 1)
rest, held_out = split(np.arange(len(labels)), test_size=0.3, stratify=labels)
train, spare = split(rest, test_size=2 / 7, stratify=labels[rest])
asked = labels[held_out]  # every model is asked for pictures of these classes
clean, classes = (torch.from_numpy(each[train]).to(run.device) for each in (pixels, labels))

# %% [markdown]
# ## From 16 random numbers to a picture
#
# Both families turn a short row of random numbers (and the class) into a picture in *one* go, with a network. Ours are small and plain:


# %%
def mlp(n_in, n_out):
    """A plain network with two hidden layers."""
    return nn.Sequential(nn.Linear(n_in, 256), nn.LeakyReLU(0.2), nn.Linear(256, 256),
                         nn.LeakyReLU(0.2), nn.Linear(256, n_out))


def with_class(x, labels):
    """Rows of numbers, and for each its class as numbers, one of them 1: (B, n + n_classes)."""
    return torch.cat([x.flatten(1), nn.functional.one_hot(labels, n_classes).float()], dim=1)


class Decoder(nn.Module):
    """16 random numbers and a class to a picture from 0 to 1."""

    def __init__(self):
        super().__init__()
        self.network = mlp(16 + n_classes, n_pixels)

    def forward(self, random, labels):
        return torch.sigmoid(self.network(with_class(random, labels))).unflatten(1, shape)

# %% [markdown]
# A **[VAE](../glossary.md#vae)** (*variational autoencoder*, Kingma and Welling 2013) has a second network, the *encoder*. It presses a picture into a small cloud of 16 numbers, given by means *m* and spreads *s*; the decoder unfolds a point of the cloud again. Two losses: the picture must come back, and *each* cloud must lie near to plain noise (mean 0, spread 1), so that noise can be unfolded later. How unlike noise a cloud is, for each of the 16 numbers: ½ (*m*² + *s*² − ln *s*² − 1).
#
# **Exercise 4_gan_vae.1 How unlike noise?** Write `unlike_noise(mean, log_var)` for tensors (B, 16): the sum of that over the 16 numbers, (B,). A network gives `log_var`, which is ln *s*², because that may be any number.

# %% exercise="4_gan_vae.1"
unlike_noise = ...
### BEGIN SOLUTION
def unlike_noise(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum(dim=1)
### END SOLUTION

# %% check="4_gan_vae.1"
exercises.check("4_gan_vae.1", unlike_noise)

# %% [markdown]
# Both losses of the VAE, in [nats](../glossary.md#nat):


# %%
def vae_loss(model, images, labels):
    """How badly the picture comes back, and how unlike noise its cloud is."""
    mean, log_var = model["encoder"](with_class(images, labels)).chunk(2, dim=1)  # (B, 16) each
    random = mean + (log_var / 2).exp() * torch.randn_like(mean)
    made = model["decoder"](random, labels)
    back = nn.functional.binary_cross_entropy(made, images, reduction="sum")
    unlike = 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum()
    return (back + unlike) / len(images)


def train_vae(seed):
    """A VAE's decoder, with the average of its weights over the last steps."""
    torch.manual_seed(seed)
    vae = nn.ModuleDict({"encoder": mlp(n_pixels + n_classes, 32), "decoder": Decoder()})
    training.fit(vae, vae_loss, (clean, classes), steps=settings.vae_steps, learning_rate=0.002,
                 average=0.99, seed=seed, device=run.device, label=f"VAE {seed}")
    return vae["decoder"]

# %% [markdown]
# Three trainings, with the average of the weights as in the lesson. Half a minute.

# %%
seeds = [run.seed + i for i in range(1, settings.trainings + 1)]
decoders = {"VAE": [train_vae(seed) for seed in seeds]}

# %% [markdown]
# A **[GAN](../glossary.md#gan)** (*generative adversarial network*, Goodfellow and others 2014) is two networks in a contest. The *generator* makes pictures from noise. The *[critic](../glossary.md#critic)* gives a high score to what it takes for real. The critic learns to tell them apart, the generator learns to fool it. `bce(score, 1)` is small where scores are high, `bce(score, 0)` where they are low.
#
# `bce` in code, and one step of one of the two; then it is your turn:

# %%
def bce(score, target):
    return nn.functional.binary_cross_entropy_with_logits(score, torch.full_like(score, target))


def move(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %% [markdown]
# **Exercise 4_gan_vae.2 Who wants what?** Write `losses(real_score, fake_score)`, with `bce`: it returns two numbers, the critic's loss and the generator's.

# %% exercise="4_gan_vae.2"
losses = ...
### BEGIN SOLUTION
def losses(real_score, fake_score):
    return bce(real_score, 1) + bce(fake_score, 0), bce(fake_score, 1)
### END SOLUTION

# %% check="4_gan_vae.2"
exercises.check("4_gan_vae.2", losses)

# %% [markdown]
# Two optimisers, and each network is moved in its turn. In the critic's turn the fake pictures are *detached*: no slope runs back into the generator. Half a minute.


# %%
def train_gan(seed):
    """A GAN's generator, with the average of its weights over the last steps."""
    torch.manual_seed(seed)
    generator, critic = Decoder().to(run.device), mlp(n_pixels + n_classes, 1).to(run.device)
    averaged = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(0.99))
    of_critic, of_generator = [torch.optim.Adam(each.parameters(), lr=0.001, betas=(0.5, 0.99))
                               for each in (critic, generator)]
    for _ in range(settings.gan_steps):
        rows = torch.randint(len(clean), (64,))
        fake = generator(torch.randn(64, 16, device=run.device), classes[rows])
        real_score = critic(with_class(clean[rows], classes[rows]))
        fake_score = critic(with_class(fake.detach(), classes[rows]))
        move(of_critic, bce(real_score, 1) + bce(fake_score, 0))
        move(of_generator, bce(critic(with_class(fake, classes[rows])), 1))
        averaged.update_parameters(generator)
    return averaged.module.eval()


decoders["GAN"] = [train_gan(seed) for seed in seeds]

# %% [markdown]
# **A good place to stop.** You have trained both families.
#
# Beside them the lesson's mixture and its diffusion model, trained once and briefly.

# %%
def sample_mixtures(asked, seed):
    """Pictures for these classes, (n, C, H, W) from 0 to 1, one mixture of three clouds a class."""
    made = np.zeros((len(asked), *shape), dtype=np.float32)
    for k in np.unique(asked):
        points = pixels[train[labels[train] == k]].astype(float).reshape(-1, n_pixels)
        n_clouds = min(3, len(points) // 2)
        clouds = mixture.GaussianMixture(n_clouds, reg_covar=0.005, random_state=seed + k)
        drawn, _ = clouds.fit(points).sample((asked == k).sum())  # cloud by cloud
        made[asked == k] = np.random.default_rng(seed).permutation(drawn).reshape(-1, *shape)
    return np.round(made.clip(0, 1) * greys) / greys


@torch.no_grad()
def decode(decoder, seed):
    """Pictures of a VAE or GAN for the asked classes, (n, C, H, W) from 0 to 1."""
    random = torch.randn((len(asked), 16), generator=torch.Generator().manual_seed(seed))
    made = decoder(random.to(run.device), torch.as_tensor(asked, device=run.device))
    return np.round(made.cpu().numpy() * greys) / greys

# %% [markdown]
# All are asked for the same classes, three times each:

# %%
unet = diffusion.make_unet(shape, n_classes, run.seed).to(run.device)
diffusion.train(unet, pixels[train], labels[train], steps=settings.diffusion_steps, seed=run.seed,
                device=run.device, label="diffusion")
made = {name: [decode(each, seed) for each, seed in zip(found, seeds, strict=True)]
        for name, found in decoders.items()}
made["mixture"] = [sample_mixtures(asked, seed) for seed in seeds]
made["diffusion"] = [diffusion.sample(unet, asked, seed, settings.sampling_steps, greys=greys)
                     for seed in seeds]

# %% [markdown]
# Which row is real? (The order is not that of the text.)

# %%
some = [np.flatnonzero(asked == k)[0] for k in range(n_classes)][:10]
order = ["mixture", "real", "GAN", "diffusion", "VAE"]
rows = [pixels[held_out][some] if name == "real" else made[name][0][some] for name in order]
plots.show(plots.gallery(np.concatenate(rows), columns=len(some)),
           "Five rows of ten digits: four generators and real ones.")
text_view.folded("Which row is which?", "From the top: " + ", ".join(order) + ".")

# %% [markdown]
# ## Judge and distance
#
# Both as in the lesson: a small [CNN](../glossary.md#cnn) that has learned from real pictures that no generator has seen; and the [Fréchet distance](../glossary.md#fréchet-distance) in its features, which mixes quality and variety. (`judges` holds the lesson's code for both.)

# %%
judge = judges.make_judge(shape[0], n_classes, settings.judge_steps, run.seed, run.device)
judge.fit(pixels[spare], labels[spare])
right = 100 * np.mean(judge.predict(pixels[held_out]) == asked)
print(f"right about {right:.1f} % of the real held-out pictures")

# %% [markdown]
# ## The claim, as it will be judged
#
# Both must come nearer to the held-out digits than the mixture does: a ratio below 1. Write down what you expect before you run on.

# %%
claim = ledger.get("gen-gan-vae")
predicted = {"GAN over mixture (×)": 0.5, "VAE over mixture (×)": 0.5, "verdict": "supported"}
claim

# %% [markdown]
# The [interval](../glossary.md#interval) as in the lesson: the trainings are drawn anew, and halves of each group.

# %%
def ratio(ours, held, mixed):
    """Fréchet distance to the held-out pictures over that of the mixture's."""
    return judges.frechet(ours, held) / judges.frechet(mixed, held)


held, some_real = (judges.features(judge, pixels[rows])
                   for rows in (held_out, train[: len(held_out)]))
seen = {name: [judges.features(judge, group) for group in groups] for name, groups in made.items()}
rivals = {name: resampling.half_sampling(
    ratio, [(each, held, mixed) for each, mixed in zip(seen[name], seen["mixture"], strict=True)],
    seed=run.seed, n_resamples=100) for name in ("GAN", "VAE")}
verdict = claim.judge({"against_mixture": rivals}, run.profile)
verdict

# %% [markdown]
# Beside what you predicted, and all four in numbers (of real pictures the judge recognises the share above, and their distance is 1):

# %%
answers = {f"{name} over mixture (×)": rivals[name] for name in ("GAN", "VAE")}
display(results.beside(predicted, answers | {"verdict": verdict.word}))
rows = {name: {"recognised (%)": np.mean([judge.predict(g) == asked for g in groups]) * 100,
               "Fréchet (× real)": np.mean([ratio(each, held, some_real) for each in seen[name]])}
        for name, groups in made.items()}
pd.DataFrame(rows).T.round(1)

# %% [markdown]
# Read the verdict with care: two small plain networks, each trained briefly, 64 pixels. On large photographs a mixture would hardly have a chance. And the row of the diffusion model does not compare *methods*: its network is made of convolutions, those of the other two are not, and it was trained for a part of the lesson's steps.
#
# A share recognised *above* that of real pictures is no praise: such pictures are more typical than reality. And the three differ in what they cost to use: GAN and VAE look once for a picture, the diffusion model once for every step of sampling.

# %% [markdown]
# ## What this adds to the lesson
#
# The lesson's measures do not care how a picture was made. So any generator can be held against any other, and against the classic model, which belongs in every such table.
#
# Back to [lesson 4](../4_generative_model.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers | {"verdict": verdict.word})
