# %% [markdown]
# # Lesson 4 · Generative model
#
# **The claim.** A generative model that is trained on images makes new ones. They copy none of the training images and still look real.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Generative AI (GenAI): Creating New Content".*

# %% [markdown]
# **Why this matters.** You type "a cat on a skateboard" and a picture appears that nobody has painted. Or has somebody? Artists say that such programs copy their work; makers say that every picture is new. Here you build a model that makes pictures out of noise, and ask the two questions that decide what it is worth: **do its pictures look real, and are they new?**

# %% [markdown]
# ## What you will learn
#
# When you have finished, you can
#
# 1. say how a **[diffusion model](glossary.md#diffusion-model)** makes a picture out of noise, and write the loop that does it;
# 2. measure whether generated pictures **look real**, one by one and as a group, and say who may be the [judge](glossary.md#judge);
# 3. measure whether they are **new**, and say why such a test needs a [thief](glossary.md#thief) that it must catch;
# 4. say **when such a model copies**.
#
# You need Python and lesson 2's ideas: [convolution](glossary.md#convolution), [batch](glossary.md#batch), [loss](glossary.md#loss), training loop. Good places to stop are marked. **diffusers** is the library for diffusion models.

# %%
import copy
import shutil
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import display
from sklearn import mixture, model_selection, svm
from sklearn.metrics import pairwise_distances
from torch import nn

from course_utils.claims import ledger, resampling
from course_utils.data.chosen import chosen_pictures
from course_utils.exercises.lesson_4 import exercises
from course_utils.models import diffusion, judges, networks
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# `start` says what to expect, and [seeds](glossary.md#seed) everything that is random. The settings are all sizes of the lesson; each comes back where it is used. (They were tried on other splits first, so some of today's [held-out](glossary.md#held-out) pictures were seen then.)

# %%
run = start("4_generative_model")
plots.use_style()
settings = run.settings(
    side=8,  # pixels that pictures of your own get
    channels=(16, 32),  # feature maps of the network, level by level
    first_steps=400,  # of the first, short training
    steps=1_600,  # of each training that is judged: how often the weights are changed
    trainings=3,
    sampling_steps=20,  # from noise to picture
    judge_steps=400,
    few=(2, 8, 30),  # training pictures of each class in "when does it copy?"
)

# %% [markdown]
# ## Data
#
# The UCI digits of lesson 2: 1,797 real scans of 8 × 8 pixels. Three parts, each class in each, and no picture in two of them. The *[generator](glossary.md#generator)*, the model that makes pictures, learns from `train`. The `held_out` part is what lessons 1 to 3 called the test part: what real pictures look like that nobody has seen. What `spare` is for, you will find out yourself.

# %%
pictures = chosen_pictures(run, settings.side)
pixels, labels = pictures.pixels, pictures.labels  # (n, C, H, W) from 0 to 1, and (n,)
n_classes, greys = len(pictures.classes), 16 if pictures.source.name == "digits" else 255
split = partial(model_selection.train_test_split, random_state=run.seed + 1)
rest, held_out = split(np.arange(len(labels)), test_size=0.3, stratify=labels)
train, spare = split(rest, test_size=2 / 7, stratify=labels[rest])
asked = labels[held_out]  # every model will be asked for pictures of these classes
exercises.given("4.4", asked=asked, pixels=pixels[train], labels=labels[train])
print(f"train {len(train)}, spare {len(spare)}, held out {len(held_out)} pictures")

# %% [markdown]
# ## Baseline: a classic model
#
# A classic *[density model](glossary.md#density-model)* takes each training picture of a class as a point (with 64 coordinates, one a pixel), lays a few bell-shaped clouds over the points, and draws new points from the clouds: a **[Gaussian mixture](glossary.md#gaussian-mixture)**. It is the [baseline](glossary.md#baseline): not a model that knows nothing, but the simple one that a network has to beat.
#
# Below are ten digits of each kind. Which row is real, and which has the mixture drawn?


# %%
def sample_mixtures(asked, seed):
    """Pictures for these classes, (n, C, H, W) from 0 to 1, one mixture of three clouds a class."""
    made = np.zeros((len(asked), *pixels.shape[1:]), dtype=np.float32)
    for k in np.unique(asked):
        points = pixels[train[labels[train] == k]].astype(float)
        n_clouds = min(3, len(points) // 2)
        clouds = mixture.GaussianMixture(n_clouds, reg_covar=0.005, random_state=seed + k)
        drawn, _ = clouds.fit(points.reshape(len(points), -1)).sample((asked == k).sum())
        shuffled = np.random.default_rng(seed).permutation(drawn)  # they come cloud by cloud
        made[asked == k] = shuffled.reshape(-1, *pixels.shape[1:])
    return np.round(made.clip(0, 1) * greys) / greys  # as many levels of grey as the real ones have


examples = np.array([held_out[asked == k][0] for k in range(n_classes)][:10])
rows = [*sample_mixtures(labels[examples], seed=1), *pixels[examples]]
plots.show(plots.gallery(rows, columns=len(examples)),
           "Two rows of ten digits, one real and one drawn by a Gaussian mixture.")

# %% [markdown]
# <details><summary>Which row is real?</summary>The lower one. The strokes of the mixture are frayed: it knows how bright each pixel is and how pixels go together, but it lays whole clouds, not strokes.</details>

# %% [markdown]
# ## From picture to noise
#
# The idea of a diffusion model (Ho and others 2020): destroying a picture is easy, add noise until nothing is left. Teach a network to *undo a little* of that, begin with pure noise, and let it undo again and again.
#
# First the destroying. Brightness runs from −1 (black) to 1 (white). With a share *a* between 1 and 0:
#
# > noisy = √*a* · clean + √(1 − *a*) · noise
#
# *noise* is a random number for each pixel, around 0, with standard deviation 1. With *a* = 1 the picture is untouched, with *a* = 0 all is noise. Until where can you read the digit?


# %%
def add_noise(clean, noise, a):
    """Clean pictures and noise, mixed: `a` is 1 for the picture alone, 0 for noise alone."""
    return a**0.5 * clean + (1 - a) ** 0.5 * noise


clean = 2 * pixels[train[0]] - 1  # (C, H, W), from −1 to 1
noise = np.random.default_rng(run.seed).normal(size=clean.shape).astype(np.float32)
shares = [1, 0.9, 0.7, 0.5, 0.3, 0.1, 0.03, 0]
strip = [np.clip((add_noise(clean, noise, a) + 1) / 2, 0, 1) for a in shares]
plots.show(plots.gallery(strip, [f"a = {a:g}" for a in shares]),
           "One digit with more and more noise, from the clean picture to noise alone.")

# %% [markdown]
# <details><summary>Until where?</summary>Most people to about <i>a</i> = 0.3. There the noise has more weight than the picture, and yet the strokes hang together.</details>
#
# The library's *[scheduler](glossary.md#scheduler)* knows 1,000 levels of noise, *t* = 0 to 999, and the share *a* of each. Ours follows a cosine (Nichol and Dhariwal 2021): it spends few levels where hardly anything happens. The dots are the levels that sampling will visit, on its way back from 999.

# %%
from diffusers import DDIMScheduler

schedule = {"beta_schedule": "squaredcos_cap_v2", "prediction_type": "sample"}
a = DDIMScheduler(1_000, **schedule).alphas_cumprod  # (1000,): the share a of each level
levels = [999 - i * (1_000 // settings.sampling_steps) for i in range(settings.sampling_steps)]
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(a, color=plots.COLOURS[0])
ax.plot(levels, a[levels], "o", color=plots.COLOURS[1])
ax.set(xlabel="level of noise t", ylabel="share of the picture a")
plots.show(fig, "The share a of the clean picture falls from 1 at level 0 to 0 at level 999.",
           pd.DataFrame({"t": levels, "a": a[levels].numpy().round(4)}))

# %% [markdown]
# **Exercise 4.1 Which noise was it?** Now backwards. A pixel of the clean picture is 0.5, *a* is 0.64, and the noisy pixel is −0.2. How large was the noise?
#
# (Replace the `...`, run the cell, run the check. `exercises.hint("4.1")` in a new cell gives a nudge.)

# %% exercise="4.1"
answer_4_1 = ...
### BEGIN SOLUTION
answer_4_1 = (-0.2 - 0.64**0.5 * 0.5) / (1 - 0.64) ** 0.5
### END SOLUTION

# %% check="4.1"
exercises.check("4.1", answer_4_1)

# %% [markdown]
# ## From noise to picture: one step
#
# Suppose that a network looks at a noisy picture and guesses the clean one. Its guess will be a blur of all digits that it could be. But as you have just seen, whoever has the noisy picture and a guess of the clean one also has the noise. So mix the two again, with a *little less* noise than before. That is one step towards the picture (Song and others 2021, DDIM).
#
# Does the library take the same step? We compare with its step between the first two dots from the right, with a blurred guess: the mean of all training digits.


# %%
def denoise_step(noisy, guess, a_now, a_next):
    """The same guess and the same noise, mixed with less noise."""
    noise = (noisy - a_now**0.5 * guess) / (1 - a_now) ** 0.5
    return a_next**0.5 * guess + (1 - a_next) ** 0.5 * noise


library = DDIMScheduler(1_000, **schedule, clip_sample=False, timestep_spacing="trailing")
library.set_timesteps(settings.sampling_steps)
guess, noise = torch.from_numpy((2 * pixels[train] - 1).mean(axis=0)), torch.from_numpy(noise)
by_hand = denoise_step(noise, guess, a[levels[0]], a[levels[1]])
by_library = library.step(guess, levels[0], noise).prev_sample
print(f"largest difference {(by_hand - by_library).abs().max():.1e}")
assert torch.allclose(by_hand, by_library, atol=1e-4)

# %% [markdown]
# ## The network that guesses
#
# It is a **[U-Net](glossary.md#u-net)** (Ronneberger and others 2015): convolutions as in lesson 2, but what comes out is a picture of the same size as what went in. On the way in the picture gets smaller and has more [feature maps](glossary.md#feature-map), on the way out larger again. The *skip connections* carry over what the smaller picture cannot hold: exactly where the strokes are.
#
# ```
# noisy picture                        guess of the clean picture
#   1 × 8 × 8                                1 × 8 × 8
#       ↓                                        ↑
#   16 × 8 × 8  ─────── skip connection ──→  16 × 8 × 8
#       ↓  half the size           double the size  ↑
#   32 × 4 × 4  ─────── skip connection ──→  32 × 4 × 4
#       └───────────→  32 × 4 × 4  ───────────────┘
#
# level t and class → 64 numbers, which go into every block
# ```
#
# `diffusion.make_unet` builds it with diffusers. (Most programs let the network guess the *noise* in place of the clean picture. By the formula above, either gives the other.)
#
# What is it taught? For each picture draw a level, add the noise, let the network guess, and compare with the truth:


# %%
def batch_loss(model, clean, labels):
    """Mean squared error of the guessed clean pictures (B, C, H, W), at random levels of noise."""
    t = torch.randint(0, 1_000, labels.shape, device=labels.device)  # (B,)
    share = a.to(clean.device)[t].view(-1, 1, 1, 1)  # one a for each picture
    noisy = add_noise(clean, torch.randn_like(clean), share)
    return nn.functional.mse_loss(model(noisy, t, class_labels=labels).sample, clean)

# %% [markdown]
# The training is lesson 2's loop. Some copies of the model are kept on the way, to look at later. About ten seconds.

# %%
def learn(model, clean, classes, steps):
    """Lesson 2's loop: change the weights so many times."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.002)
    for _ in range(steps):
        rows = torch.randint(len(clean), (32,))
        loss = batch_loss(model, clean[rows], classes[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


model = diffusion.make_unet(pixels.shape[1:], n_classes, run.seed, settings.channels).to(run.device)
clean = torch.from_numpy(2 * pixels[train] - 1).to(run.device)  # (n, C, H, W), from −1 to 1
classes = torch.from_numpy(labels[train]).to(run.device)
kept = {0: copy.deepcopy(model).eval()}
for steps in (settings.first_steps // 10, settings.first_steps):
    learn(model, clean, classes, steps - max(kept))
    kept[steps] = copy.deepcopy(model).eval()

# %% [markdown]
# **Exercise 4.2 From noise to picture.** Now the heart of the lesson. Write `make_pictures(guess, noise, levels)`:
#
# - `guess(x, t)` gives the network's guess of the clean pictures, when `x` is noisy at level `t`;
# - `noise` is what you begin with, and `levels` are the levels to visit, from 999 down;
# - `a[t]` is the share of level `t`, and `denoise_step` takes one step. After the last level no noise may be left.
#
# About six lines.

# %% exercise="4.2"
make_pictures = ...
### BEGIN SOLUTION
def make_pictures(guess, noise, levels):
    x = noise
    shares = [*a[levels], 1.0]
    for i, t in enumerate(levels):
        x = denoise_step(x, guess(x, t), shares[i], shares[i + 1])
    return x
### END SOLUTION

# %% check="4.2"
exercises.check("4.2", make_pictures)

# %% [markdown]
# The lesson goes on with a loop of its own. It hands out each guess, keeps it between −1 and 1, and tells the network which classes are asked for. (After the last step no noise is left, so the last guess *is* the picture.)


# %%
@torch.no_grad()
def sample_path(model, asked, seed):
    """What the network guesses at each step of sampling; the last guess is the picture."""
    classes = torch.as_tensor(asked, device=run.device)
    shape = (len(asked), *pixels.shape[1:])
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(run.device)
    for t, a_next in zip(levels, [*a[levels[1:]], torch.tensor(1.0)], strict=True):
        level = torch.tensor(t, device=run.device)
        guess = model(x, level, class_labels=classes).sample.clamp(-1, 1)  # (n, C, H, W)
        x = denoise_step(x, guess, a[t], a_next)
        yield guess


def to_pixels(x):
    """Brightness from 0 to 1, in as many levels of grey as the real pictures have."""
    return np.round(((x.cpu().numpy() + 1) / 2).clip(0, 1) * greys) / greys

# %% [markdown]
# What the network guesses, step by step, and in each row a model that has been trained for longer. All begin with the same noise and are asked for the same class.

# %%
shown = np.unique(np.linspace(0, len(levels) - 1, 9).astype(int))
paths = [list(sample_path(trained, labels[examples[-1:]], seed=1)) for trained in kept.values()]
rows = [to_pixels(path[i])[0] for path in paths for i in shown]
titles = [f"step {i + 1}" if i else f"trained {step}" for step in kept for i in shown]
plots.show(plots.gallery(rows, titles, columns=len(shown)),
           "Guesses of one digit from step to step, with models after more and more training.")

# %% [markdown]
# What do you see in the first row, and why?
#
# <details><summary>Answer</summary>Untrained, the network guesses something near grey whatever it sees; the noise is taken away, and nothing comes in its place. With some training it guesses blots where ink often is; with more, a digit. Its first guess is a blur, a mean of all that it could be; later steps sharpen it.</details>
#
# **A good place to stop.** You have written a diffusion model: its noise, its loss, its training and its sampling.

# %% [markdown]
# ## The models that are judged
#
# `diffusion.train` is the same training with [checkpoints](glossary.md#checkpoint) and a progress bar, and it keeps a moving *average* of the weights over the last steps (an *[EMA](glossary.md#ema)*), which makes better pictures than the weights of any single step. `diffusion.sample` is the loop above. Before we rely on them: do they agree with what you have read?

# %%
sample = partial(diffusion.sample, steps=settings.sampling_steps, greys=greys)
*_, last = sample_path(model.eval(), asked[:20], seed=1)
assert np.array_equal(to_pixels(last), sample(model, asked[:20], seed=1))
ours, theirs = [loss(model, clean, classes) for loss in (batch_loss, diffusion.batch_loss)
                if torch.manual_seed(run.seed)]  # the same levels and noise for both
assert torch.isclose(ours, theirs)

# %% [markdown]
# The model will be trained three times, from different first weights, because a single training may be lucky. Here is the first. Five times on the way its loss is measured on `spare`, pictures that it does not learn from. About half a minute.


# %%
def validate(model):
    """The loss on the spare pictures."""
    clean = torch.from_numpy(2 * pixels[spare] - 1).to(run.device)
    return {"loss": batch_loss(model, clean, torch.from_numpy(labels[spare]).to(run.device))}


def train_unet(rows, seed, name, **more):
    """A U-Net trained on these pictures, and the history of its training."""
    model = diffusion.make_unet(pixels.shape[1:], n_classes, seed, settings.channels).to(run.device)
    checkpoint = run.out / "checkpoints" / run.lesson / f"{name}.safetensors"
    history = diffusion.train(
        model, pixels[rows], labels[rows], steps=settings.steps, seed=seed, device=run.device,
        checkpoint=checkpoint, label=name, **more)
    return model, history


seeds = [run.seed + i for i in range(1, settings.trainings + 1)]
every = max(settings.steps // 8, 1)
first, history = train_unet(train, seeds[0], "first", validate=validate, validate_every=every)

# %%
found = pd.DataFrame(history.validations).set_index("step")["loss"]
curves = pd.DataFrame({"training": pd.Series(history.losses).rolling(every).mean(), "spare": found})
ax = curves.interpolate(limit_area="inside").plot(
    color=plots.COLOURS[:2], style=["-", "--"], figsize=(6.5, 3.2), ylim=(0, None),
    xlabel="step", ylabel="loss (mean squared error)")
plots.show(ax.figure, "Loss on training and spare pictures.", found.round(4).to_frame())

# %% [markdown]
# Does it learn by heart? How would you see it?
#
# <details><summary>Answer</summary>Then the loss on its training pictures would go on falling while that on the spare ones rises again (lesson 2's <i>overfitting</i>). Here both fall together and flatten. That is a good sign and no proof: a loss is a mean, and a few pictures may be known by heart.</details>
#
# ## Do its pictures look real?
#
# Eyes are easily pleased. We need a judge and a number.
#
# **Exercise 4.3 An honest judge.** A colleague trains a [classifier](glossary.md#classifier), a support vector machine, on her generated digits, lets it judge the same digits, and reports "99 % recognised, they look real!": `svm.SVC().fit(fake, asked).score(fake, asked)`. Write `honest_score(fake, asked, real, truth)`, which says how many percent of `fake` an honest judge recognises as what was asked for. `real` are pictures that her generator has never seen, with their classes `truth`. All pictures are rows of numbers here.

# %% exercise="4.3"
honest_score = ...
### BEGIN SOLUTION
def honest_score(fake, asked, real, truth):
    return 100 * svm.SVC().fit(real, truth).score(fake, asked)
### END SOLUTION

# %% check="4.3"
exercises.check("4.3", honest_score)

# %% [markdown]
# So **the judge** learns from *real* pictures only, and from ones that the generator has never seen: that is what `spare` is for. Ours is a [CNN](glossary.md#cnn) like that of lesson 2. In training it sees each batch moved by up to one pixel, so that it does not learn places by heart. How well does it know real digits that it has not seen, and those of the mixture?


# %%
def judge_loss(model, images, labels):
    """Cross-entropy; in training the batch is moved by up to one pixel."""
    if model.training:
        down, right = torch.randint(0, 3, (2,)).tolist()
        padded, side = nn.functional.pad(images, (1, 1, 1, 1)), images.shape[-1]
        images = padded[..., down : down + side, right : right + side]
    return nn.functional.cross_entropy(model(images), labels)


torch.manual_seed(run.seed)
layers = []
for n_in in (pixels.shape[1], 32, 32, 32):
    layers += [nn.Conv2d(n_in, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU()]
layers.insert(6, nn.MaxPool2d(2))  # after two of the four
layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, n_classes)]
judge = networks.NetworkClassifier(nn.Sequential(*layers), judge_loss, settings.judge_steps,
                                   weight_decay=0.1, seed=run.seed, device=run.device)
judge.fit(pixels[spare], labels[spare])
drawn, real_right = sample_mixtures(asked, seed=7), judge.predict(pixels[held_out]) == asked
print(f"recognised: real {100 * real_right.mean():.1f} %, mixture "
      f"{100 * np.mean(judge.predict(drawn) == asked):.1f} %, "
      f"always the same answer {100 * np.bincount(asked).max() / len(asked):.1f} %")

# %% [markdown]
# **Exercise 4.4 Cheat the judge.** Is a high share enough? Make an array `cheat`: one picture for each entry of `asked`, in the same order, that the judge will recognise nearly always, and that as a whole is worth nothing, because all pictures of a class are the *same*. Take them from the training part (`train` holds row numbers of `pixels` and `labels`).

# %% exercise="4.4"
cheat = ...
### BEGIN SOLUTION
cheat = np.stack([pixels[train[labels[train] == k][0]] for k in asked])
### END SOLUTION

# %% check="4.4"
exercises.check("4.4", cheat)

# %% [markdown]
# So a second measure compares the *whole group* of generated pictures with the whole group of held-out ones. The **[Fréchet distance](glossary.md#fréchet-distance)** (Heusel and others 2017, there FID) looks through the judge's eyes, at the 32 numbers before its last [layer](glossary.md#layer). It treats each group as a cloud. For one number with means *m* and standard deviations *s* it is (*m*₁ − *m*₂)² + (*s*₁ − *s*₂)²; for 32, covariances take the place of the spreads. It mixes two things, the quality of the pictures and their variety.
#
# Such a distance has no unit that one could feel, so we divide it by what *real* pictures get: as many training pictures against the held-out ones. 1 is as good as real. (The ratio belongs to groups of this size: the distance of two real groups is chance alone and shrinks as they grow, that of a model does not.)


# %%
@torch.no_grad()
def features(made):
    """The judge's numbers before its last layer, (n, 32)."""
    return judge.model.eval()[:-1](torch.from_numpy(made).to(run.device)).cpu().numpy()


def frechet(ours, theirs):
    """Fréchet distance of two groups of features, (n, 32) each."""
    gap, covs = ours.mean(axis=0) - theirs.mean(axis=0), (np.cov(ours.T), np.cov(theirs.T))
    roots = np.sqrt(np.linalg.eigvals(covs[0] @ covs[1]).real.clip(0))
    return gap @ gap + np.trace(covs[0]) + np.trace(covs[1]) - 2 * roots.sum()


def times_real(ours, held, real):
    """Fréchet distance to the held-out pictures over that of real ones."""
    return frechet(ours, held) / frechet(real, held)


some_real = np.random.default_rng(run.seed).permutation(train)[: len(held_out)]
rulers = features(pixels[held_out]), features(pixels[some_real])
repeated = pixels[[train[labels[train] == k][0] for k in asked]]  # the cheat
groups = {"real": pixels[some_real], "mixture": drawn, "one picture of each": repeated}
rows = {name: times_real(features(group), *rulers) for name, group in groups.items()}
assert np.isclose(frechet(*rulers), judges.frechet(*rulers))  # the labs use that one
pd.Series(rows, name="Fréchet distance (× real)").round(2).to_frame()

# %% [markdown]
# <details><summary>Who would get 1 without any talent?</summary>Whoever hands out the training pictures. Real and varied they are; new they are not. Hence a third measure.</details>
#
# **A good place to stop.** You have two measures of "real", and you know who fools each of them.

# %% [markdown]
# ## Are they new?
#
# A picture is a copy when it is nearly the same as a training picture. How far apart are two pictures? Square the difference of each pixel, add up, take the root. And how near is *too* near? Ask real pictures: some people write alike, so some held-out digits are very near to a training digit, and nobody copied there. We call a picture a **[near-copy](glossary.md#near-copy)** when it is nearer to a training picture than all but one in a hundred held-out pictures are. Of real pictures, then, 1 % are "near-copies".
#
# **Exercise 4.5 New, compared with what?** Another colleague shows that his pictures are new: "hardly one is near to a *held-out* picture". What is wrong with that? Write `share_of_copies(made, seen, unseen)`, which gives the share of near-copies among `made` in percent. The model was trained on `seen`; `unseen` are held-out pictures. All are rows of numbers. (`pairwise_distances` and `np.quantile` will help.)

# %% exercise="4.5"
share_of_copies = ...
### BEGIN SOLUTION
def share_of_copies(made, seen, unseen):
    limit = np.quantile(pairwise_distances(unseen, seen).min(axis=1), 0.01)
    return 100 * np.mean(pairwise_distances(made, seen).min(axis=1) < limit)
### END SOLUTION

# %% check="4.5"
exercises.check("4.5", share_of_copies)

# %% [markdown]
# A model cannot copy what it never saw, so distances are measured to what it *saw*. The same in the lesson's words, tried on training pictures that were copied in four ways:


# %%
def nearest(made, rows):
    """Distance of each picture to the nearest training picture of `rows` (n,), and which (n,)."""
    flat = [each.reshape(len(each), -1) for each in (made, pixels[rows])]
    distances = pairwise_distances(*flat)
    return distances.min(axis=1), distances.argmin(axis=1)


def near_copies(made, rows):
    """100 for each near-copy of one of these training pictures, 0 for each other, (n,)."""
    return 100.0 * (nearest(made, rows)[0] < np.quantile(nearest(pixels[held_out], rows)[0], 0.01))


original = pixels[some_real]
noise = np.random.default_rng(run.seed).normal(0, 0.1, original.shape)
copied = {"exactly": original, "dimmed to 80 %": 0.8 * original, "with noise": original + noise,
          "moved by a pixel": np.pad(original, ((0, 0), (0, 0), (0, 0), (1, 0)))[..., :-1]}
rows = {name: near_copies(made, train).mean() for name, made in copied.items()}
pd.Series(rows, name="caught (%)").round(1).to_frame()

# %% [markdown]
# It catches plain copies. Whoever changes a copy a little may go free; that takes a cleverer distance. So "new", in this lesson, means: no plain copy.
#
# A test that has never caught anybody proves nothing. So the claim also needs a **thief**: the *same* model, trained on only two pictures of each class. It has nothing to learn from but these. If our test does not catch *that* one copying, it is blind.
#
# ## The claim, as it will be judged
#
# The course's [ledger](glossary.md#ledger) says what was fixed before the first run. All four tests must hold. (The *classifier* is the judge, the *positive control* the thief, the *first percentile* the one in a hundred. A is the article.) Why −3, 3, 3 and 30? They are judgements: three in a hundred we would overlook; an alarm that misses seven thieves in ten is none. Nobody may choose a [margin](glossary.md#margin) after the result.

# %%
claim = ledger.get("gen-new-and-real")
claim

# %% [markdown]
# **Predict.** The model is asked for as many pictures of each class as the held-out part has. Write down what you expect, in place of our guesses:
#
# - how many percent does the judge recognise as what was asked for?
# - how many percent are near-copies of a training picture? (Of real ones 1 % are.)
# - and the [verdict](glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "recognised as what was asked for (%)": 90,
    "near-copies (%)": 5,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# Two more trainings, from other first weights. A minute. Then each of the three makes a group of pictures.

# %%
models = [first]
for i, seed in enumerate(seeds[1:], start=2):
    models.append(train_unet(train, seed, f"training {i}")[0])
made = [sample(model, asked, seed) for model, seed in zip(models, seeds, strict=True)]

# %% [markdown]
# And the thief, with as many steps:

# %%
few = [np.concatenate([train[labels[train] == k][:per_class] for k in range(n_classes)])
       for per_class in settings.few]
few_rows = {len(rows): rows for rows in [*few, train]}
smallest = min(few_rows)
thief, _ = train_unet(few_rows[smallest], seeds[0], f"{smallest} pictures")
stolen = {smallest: [sample(thief, asked, seed) for seed in seeds[:2]]}

# %% [markdown]
# ## Verdict
#
# What is counted picture by picture gets an [interval](glossary.md#interval) as in lesson 2: trainings and pictures are both drawn anew. For the Fréchet distance, a group in which a picture stands twice is another kind of group; so *half* of each is drawn, a hundred times (Politis and Romano 1994).

# %%
by_picture = partial(resampling.two_level_bootstrap, seed=run.seed)
by_half = partial(resampling.half_sampling, times_real, seed=run.seed, n_resamples=100)
recognised = [100.0 * (judge.predict(group) == asked) for group in made]
estimates = {
    "class_agreement": by_picture([share - 100.0 * real_right for share in recognised]),
    "frechet": by_half([(features(group), *rulers) for group in made]),
    "near_copies": by_picture([near_copies(group, train) for group in made]),
    "control_copies": by_picture([near_copies(g, few_rows[smallest]) for g in stolen[smallest]])}
verdict = claim.judge(estimates, run.profile)
display(verdict)
answers = {"recognised as what was asked for (%)": by_picture(recognised),
           "near-copies (%)": estimates["near_copies"], "verdict": verdict.word}
text_view.folded("And the baseline?", (
    f"The mixture: {100 * np.mean(judge.predict(drawn) == asked):.1f} % recognised, Fréchet "
    f"distance {times_real(features(drawn), *rulers):.1f} × real, "
    f"{near_copies(drawn, train).mean():.1f} % "
    "near-copies. Of real pictures 1 % are near-copies, by definition."))
results.beside(predicted, answers)

# %% [markdown]
# Where a margin lies inside an interval, more trainings and pictures might decide; where it lies outside, only a better model would help. The verdict is about *this* model: 64 pixels, 160,000 weights, 900 digits, groups of 540. Three trainings say little about a fourth.
#
# ### Look for yourself
#
# First row: generated. Below each its nearest training picture, with the distance. Third row: made by the thief, and below each the nearest of the few that it was trained on. Where would you say "copy"?

# %%
shown = [np.flatnonzero(asked == k)[0] for k in range(n_classes)][:10]
rows, titles = [], []
for group, seen in ((made[0], train), (stolen[smallest][0], few_rows[smallest])):
    distances, which = nearest(group[shown], seen)
    rows += [*group[shown], *pixels[seen][which]]
    titles += [""] * len(shown) + [f"{distance:.2f}" for distance in distances]
plots.show(plots.gallery(rows, titles, columns=len(shown)),
           "Generated digits and the thief's, each above its nearest training picture.")
limits = [np.quantile(nearest(pixels[held_out], rows)[0], 0.01)
          for rows in (train, few_rows[smallest])]
strict = 100 * np.mean(nearest(stolen[smallest][0], few_rows[smallest])[0] < limits[0])
text_view.folded("How near is too near, in numbers?", (
    f"Nearer than {limits[0]:.2f} to one of {len(train)} pictures, or nearer than {limits[1]:.2f} "
    f"to one of the thief's {smallest}: among few pictures the nearest is farther away, so its "
    f"limit is higher. With the first limit, {strict:.0f} % of the thief's are near-copies."))

# %% [markdown]
# ## Why? When does it copy?
#
# The same model, the same number of steps; only the number of training pictures differs, and with it how often each is seen. Two more trainings, a minute.

# %%
for n in list(few_rows)[1:-1]:
    model, _ = train_unet(few_rows[n], seeds[0], f"{n} pictures")
    stolen[n] = [sample(model, asked, seed) for seed in seeds[:2]]
runs = stolen | {len(train): made}
copying = {n: by_picture([near_copies(g, few_rows[n]) for g in made]) for n, made in runs.items()}
distance = {n: by_half([(features(g), *rulers) for g in made]) for n, made in runs.items()}

# %% [markdown]
# Dashed: the margins of the claim. From how many pictures on does the model no longer learn by heart? And where it copies, do its copies look real *as a group*?

# %% tags=["readme-picture"]
fig, axes = plt.subplots(1, 2, figsize=(10.5, 3.8))
panels = {"near-copies (%)": (copying, "near_copies"),
          "Fréchet distance (× real)": (distance, "frechet")}
for ax, (label, (points, test_id)) in zip(axes, panels.items(), strict=True):
    plots.curve(ax, points, "diffusion model")
    ax.axhline(claim.test(test_id).margin, color=plots.GREY, linestyle="--", label="margin")
    ax.set(xscale="log", xlabel="training pictures", ylabel=label, ylim=(0, None))
    ax.set_xticks(list(points), list(points))
    ax.minorticks_off()
    ax.legend()
numbers = {f"{n} pictures, {label}": points[n]
           for label, (points, _) in panels.items() for n in points}
plots.show(fig, "Near-copies and Fréchet distance, by number of training pictures.", numbers)
text_view.folded("The two answers, in numbers", " ".join(
    f"{n} pictures: {copying[n].effect:.0f} % near-copies, Fréchet distance "
    f"{distance[n].effect:.1f} × real." for n in runs))

# %% [markdown]
# With the same number of steps, few pictures are seen very often and many only now and then; then it is easier to learn what digits have in common.
#
# **A good place to stop.** You have a verdict, and you know what it hangs on.
#
# ## Your turn
#
# Can you make the model learn *your* pictures by heart? Put about ten small drawings (PNG or JPEG) into a folder `my_pictures` beside this notebook and run the cell. (Without it, ten digits.) Then change things: take more steps, or twice as many pictures, and see from where on it makes something of its own.

# %%
from pathlib import Path

from PIL import Image

files = sorted(Path("my_pictures").glob("*.[pj][np]*g"))
mine = [np.asarray(Image.open(file).convert("L").resize((8, 8))) / 255 for file in files]
mine = torch.tensor(np.array(mine or pixels[train[:10], 0]), dtype=torch.float32)[:, None]
zeros = torch.zeros(len(mine), dtype=torch.int64)  # one class for all
model = diffusion.make_unet(tuple(mine.shape[1:]), 1, seed=0)
learn(model, 2 * mine - 1, zeros, settings.first_steps)
new = diffusion.sample(model.eval(), [0] * 10, seed=1, greys=255)
which = pairwise_distances(new.reshape(10, -1), mine.flatten(1)).argmin(axis=1)
plots.show(plots.gallery([*new, *mine[which].numpy()], columns=10),
           "Ten made pictures, and below each the nearest of your own.")

# %% [markdown]
# The whole lesson runs on your pictures, too: give it a folder with one folder for each class, as `COURSE_IMAGES=folder`; the README says how.

# %% [markdown]
# ## Recap
#
# 1. A **diffusion model** learns to guess the clean picture behind noise. Sampling begins with noise and mixes guess and noise again and again, with less noise each time.
# 2. **Real** has two sides: each picture is recognised by a judge that has learned from other, real pictures; and the group is like real ones (Fréchet distance: quality and variety in one number).
# 3. **New** is measured against the *training* pictures, with held-out real ones as the ruler, and by a test that has caught a thief. This one sees plain copies only.
# 4. It **copies** when it sees few pictures often.
#
# Your verdict and exercises go into a results file, from which the course makes its final comparison; the checkpoints have done their work:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
shutil.rmtree(run.out / "checkpoints" / run.lesson, ignore_errors=True)

# %% [markdown]
# ## Four labs go on from here
#
# - [Do GANs and VAEs make better pictures than a classic model?](labs/4_gan_vae.ipynb)
# - [Does synthetic data keep people's privacy?](labs/4_privacy.ipynb)
# - [Does augmentation help?](labs/4_augment.ipynb)
# - [Does generated content make a stereotype stronger?](labs/4_stereotype.ipynb)
#
# **The end of the course.** Four lessons, four claims, one way to ask: fix in advance what would count as evidence, measure beside a baseline, give an interval, and say what you found. `course report` sets everything that you measured side by side on one page, `results/report.html`.
