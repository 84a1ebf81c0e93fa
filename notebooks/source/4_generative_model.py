# %% [markdown]
# # Lesson 4 · Generative model
#
# **The claim.** A generative model that is trained on images makes new ones. They copy none of the training images and still look real.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Generative AI (GenAI): Creating New Content".*

# %% [markdown]
# **Why this matters.** You type "a cat on a skateboard" and a picture appears that nobody has painted. Or has somebody? Artists say that such programs copy their work; makers say that every picture is new. And a hospital would like to share invented patients instead of real ones, which is safe only if no invented patient *is* a real one. In this lesson you train a model that makes pictures out of noise, on your own machine, and ask the two questions that decide what it is worth: **do its pictures look real, and are they new?**

# %% [markdown]
# ## What you will learn
#
# When you have finished, you can say
#
# 1. how a **[diffusion model](glossary.md#diffusion-model)** makes a picture out of noise, and how to compute one step by hand;
# 2. how to measure whether generated pictures **look real**, and who may be the [judge](glossary.md#judge);
# 3. how to measure whether they are **new**, and why such a test needs a [thief](glossary.md#thief) that it must catch;
# 4. what **[guidance](glossary.md#guidance)** gives, and what it takes away;
# 5. how [GANs](glossary.md#gan), [VAEs](glossary.md#vae) and a **classic model** compare with diffusion;
# 6. why **useful** and **private** are two different questions.
#
# You need Python and lesson 2's ideas: [convolution](glossary.md#convolution), [batch](glossary.md#batch), [loss](glossary.md#loss), training loop. **diffusers** is the library for diffusion models.

# %%
import shutil
from functools import partial
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from scipy import stats
from skimage.transform import resize
from sklearn import linear_model, mixture, model_selection, svm
from sklearn.metrics import pairwise_distances, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from course_utils import run as runtime
from course_utils.claims import cards, intervals, ledger, resampling
from course_utils.claims.estimates import Estimate
from course_utils.data.chosen import chosen_pictures
from course_utils.data.pictures import load_faces
from course_utils.exercises.lesson_4 import exercises
from course_utils.models import networks
from course_utils.report import results
from course_utils.show import plots

# %% [markdown]
# The next cell says what to expect, as in every lesson. (Training may use all of your processor's cores here.)

# %%
run = runtime.start("4_generative_model", expected={
    "cpu (2 cores)": "4 to 8 min, 0.8 GB", "cuda": "not measured yet",
})
plots.use_style()

# %% [markdown]
# ## The claim, as it will be judged
#
# Four tests, and all must hold. (A is the article named above.) The first two ask whether the pictures look *real*, the third whether they are *new*. The fourth is about the test itself: a model that was trained on only 20 pictures should learn them by heart. If our check does not catch *that* one copying, it is blind.
#
# (In the card, the *[classifier](glossary.md#classifier)* is the judge, and the *[Fréchet distance](glossary.md#fréchet-distance)* says how far two groups of pictures are apart. The *first percentile* is the distance that only one real picture in a hundred falls below. A *positive control* is a case that a test must catch. All of it comes back below.)

# %%
claim = ledger.get("gen-new-and-real")
claim

# %% [markdown]
# ## Predict
#
# The model sees about 900 handwritten digits. Then it is asked for new ones: "a 7, please". Write down what you expect, in place of our guesses:
#
# - how many percent of its digits does a judge recognise as what was asked for? (The judge is another network, which has learned from real digits. Of real ones that it has not seen, it recognises nearly all.)
# - how many percent are each a [near-copy](glossary.md#near-copy) of a training picture? (So we call a picture that is nearer to a training picture than 99 in 100 new real digits are. Of new real digits, then, 1 % are.)
# - and the [verdict](glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "recognised as what was asked for (%)": 90,
    "near-copies (%)": 5,
    "verdict": "supported",
}

# %% [markdown]
# ## Settings
#
# All sizes in one place; each comes back where it is used. (Before the first run, rates, sizes and the strength of guidance were tried on another split of the pictures, so some of today's [held-out](glossary.md#held-out) ones were seen then.)

# %%
settings = {
    "pictures": run.pick(smoke=400, laptop=6_000, full=10_000),  # how many to use, at most
    "side": run.pick(smoke=8, laptop=8, full=32),  # pixels that your own pictures get
    "channels": run.pick(smoke=(8,), laptop=(24,), full=(64, 128)),  # feature maps, level by level
    "steps": run.pick(smoke=4, laptop=800, full=20_000),  # how often the weights are changed
    "batch_size": 32,  # pictures looked at in one step
    "learning_rate": 0.005,  # how far a step moves the weights, at most
    "average": 0.99,  # of the weights over the steps; see below
    "no_class": 0.1,  # share of pictures whose class the network is not told
    "noise_levels": 1_000,
    "sampling_steps": run.pick(smoke=3, laptop=16, full=50),  # from noise to picture
    "guidance": 1.1,  # how strongly to follow the class; 1: not strengthened
    "trainings": 2, "samplings": run.pick(smoke=2, laptop=3, full=3),  # of the model that is judged
    "judge_steps": run.pick(smoke=8, laptop=400, full=2_000),
    "curve": (2, 8, 30),  # training pictures of each class in "when does it copy?"
    "vae_steps": run.pick(smoke=4, laptop=7_000, full=140_000),
    "gan_steps": run.pick(smoke=4, laptop=5_000, full=100_000),
    "skew_steps": run.pick(smoke=4, laptop=400, full=5_000),
    "face_side": run.pick(smoke=8, laptop=12, full=24),
    "face_steps": run.pick(smoke=4, laptop=200, full=20_000),
    "tables": run.pick(smoke=2, laptop=10, full=20),  # splits of the table of patients
    "draws": run.pick(smoke=20, laptop=100, full=200),  # for intervals
    "timed_s": run.pick(smoke=0.01, laptop=1, full=1),  # CPU seconds that a timing fills, at least
}

# %% [markdown]
# ## Data
#
# The UCI digits of lesson 2: 1,797 real scans of 8 × 8 pixels. (With `COURSE_IMAGES=folder` the lesson runs on *your own* pictures; the README says how.)

# %%
pictures = chosen_pictures(run, settings["side"], settings["pictures"])
pixels, labels = pictures.pixels, pictures.labels  # (n, C, H, W) and (n,)
n_channels, side, n_classes = pixels.shape[1], pixels.shape[2], len(pictures.classes)
grey_levels = 16 if pictures.source.name == "digits" else 255

# %% [markdown]
# Three parts, and no picture is in two of them. The *[generator](glossary.md#generator)* learns from one half. The *judge*, a network that will say what a picture shows (it has nothing to do with `claim.judge`, which holds measurements against the [ledger](glossary.md#ledger)), learns from a part that the generator has never seen. And the *held-out* part, what the lessons before called the test part, is the measure of everything: what real pictures look like that nobody has seen.


# %%
def split(rows, share):
    """Two parts of these rows, each class in both; `share` is that of the second."""
    cut = {"test_size": share, "stratify": labels[rows], "random_state": run.seed + 1}
    return model_selection.train_test_split(rows, **cut)


rest, held_out = split(np.arange(len(labels)), 0.3)
train, judge_rows = split(rest, 2 / 7)
print(f"generator {len(train)}, judge {len(judge_rows)}, held out {len(held_out)} pictures")

# %% [markdown]
# One of each class:

# %%
examples = [train[labels[train] == k][0] for k in range(n_classes)][:10]
names = [pictures.classes[labels[i]] for i in examples]
plots.show(plots.gallery(pixels[examples], names), "One real training picture of each class.")

# %% [markdown]
# ## Baseline: a classic model
#
# Nobody needs a network to make new numbers. A classic *[density model](glossary.md#density-model)* takes each training picture of a class as a point (with 64 coordinates here, one a pixel), lays a few bell-shaped clouds over the points, and draws new points from the clouds: a **[Gaussian mixture](glossary.md#gaussian-mixture)**. It is this lesson's [baseline](glossary.md#baseline). Like lesson 3's [n-gram](glossary.md#n-gram) model it is not one that knows nothing, but the simple one that a network has to beat. It gets its numbers below, when there is a judge.


# %%
def fit_mixtures(rows, n_clouds=3):
    """One Gaussian mixture for each class."""
    flat = pixels[rows].reshape(len(rows), -1).astype(float)  # 32 bits are too rough for the clouds
    make = partial(mixture.GaussianMixture, n_clouds, reg_covar=0.005, random_state=run.seed)
    return [make().fit(flat[labels[rows] == k]) for k in range(n_classes)]


def in_grey_levels(brightness, levels=grey_levels):
    """Brightness from 0 to 1, in as many levels of grey as the real pictures have."""
    return np.round(np.clip(brightness, 0, 1) * levels) / levels


def sample_mixtures(mixtures, asked, seed):
    """Pictures for these classes, (n, C, H, W) from 0 to 1."""
    out = np.zeros((len(asked), *pixels.shape[1:]), dtype=np.float32)
    for k in np.unique(asked):
        places = np.flatnonzero(asked == k)
        mixtures[k].set_params(random_state=seed + k)
        drawn, _ = mixtures[k].sample(len(places))  # cloud by cloud, so they are shuffled
        shuffled = drawn[np.random.default_rng(seed).permutation(len(drawn))]
        out[places] = shuffled.reshape(-1, *pixels.shape[1:])
    return in_grey_levels(out)

# %% [markdown]
# Real digits above, those of the mixture below. Would you call them digits?

# %%
mixtures = fit_mixtures(train)
rows = [*pixels[examples], *sample_mixtures(mixtures, labels[examples], seed=1)]
titles = ["real"] * len(examples) + ["mixture"] * len(examples)
plots.show(plots.gallery(rows, titles, columns=len(examples)),
           "Ten real digits, and ten that a Gaussian mixture has drawn.")

# %% [markdown]
# ## From picture to noise
#
# Now the network. The idea of a diffusion model (Ho and others 2020): destroying a picture is easy, add noise until nothing is left. Teach a network to *undo a little* of that. Then begin with pure noise and let it undo, again and again.
#
# First the destroying. Brightness runs from −1 (black) to 1 (white). With a share *a* between 1 and 0:
#
# > noisy = √*a* · clean + √(1 − *a*) · noise
#
# *noise* is a random number for each pixel, around 0, with standard deviation 1. With *a* = 1 the picture is untouched, with *a* = 0 all is noise. With the roots the spread of the sum stays between that of the picture and that of the noise.


# %%
def add_noise(clean, noise, a):
    """Clean pictures and noise, mixed: `a` is 1 for the picture alone, 0 for noise alone."""
    return np.sqrt(a) * clean + np.sqrt(1 - a) * noise


clean = 2 * pixels[examples[0]] - 1  # (C, H, W), from −1 to 1
noise = np.random.default_rng(run.seed).normal(size=clean.shape).astype(np.float32)

# %% [markdown]
# One digit with more and more noise. Until where can you read it?

# %%
shares = [1, 0.9, 0.7, 0.5, 0.3, 0.1, 0.03, 0]
strip = [np.clip((add_noise(clean, noise, a) + 1) / 2, 0, 1) for a in shares]
plots.show(plots.gallery(strip, [f"a = {a:g}" for a in shares]),
           "One digit with more and more noise, from the clean picture to noise alone.")

# %% [markdown]
# The library calls this a *[scheduler](glossary.md#scheduler)*. It knows 1,000 levels of noise, *t* = 0 to 999, and the share *a* of each. (`squaredcos_cap_v2` is a schedule by Nichol and Dhariwal 2021, `prediction_type="sample"` says what our network will guess: the clean picture.)

# %%
from diffusers import DDIMScheduler, DDPMScheduler

schedule = {"num_train_timesteps": settings["noise_levels"], "beta_schedule": "squaredcos_cap_v2",
            "prediction_type": "sample"}
scheduler = DDPMScheduler(**schedule)
a = scheduler.alphas_cumprod.numpy()  # (levels,)

# %% [markdown]
# Do our `add_noise` and the library's agree? We compare at a middle level.

# %%
t = settings["noise_levels"] // 2
tensors = torch.from_numpy(clean), torch.from_numpy(noise)
by_library = scheduler.add_noise(*tensors, torch.tensor(t)).numpy()
by_hand = add_noise(clean, noise, a[t])
print(f"level {t}: a = {a[t]:.3f}, largest difference {np.abs(by_library - by_hand).max():.1e}")
assert np.allclose(by_library, by_hand, atol=1e-5)

# %% [markdown]
# ## From noise to picture, one step by hand
#
# Suppose that a network looks at a noisy picture and guesses the clean one. Its guess will be poor, a blur of all digits that it could be. But it helps: whoever knows the noisy and the clean picture also knows the noise (solve the formula above for it). So mix the two again, with a *little less* noise than before:


# %%
def denoise_step(noisy, guess, a_now, a_next):
    """One step towards the picture (Song and others 2021, DDIM): the same noise, but less of it."""
    noise = (noisy - np.sqrt(a_now) * guess) / np.sqrt(1 - a_now)
    return np.sqrt(a_next) * guess + np.sqrt(1 - a_next) * noise

# %% [markdown]
# To check it, pure noise stands for the noisy picture, and the mean of all training digits for the guess. We compare with the library's step between the last two of the levels that sampling will visit. (`clip_sample=False`: the guess is taken as it is.)

# %%
ddim = DDIMScheduler(**schedule, clip_sample=False)
ddim.set_timesteps(settings["sampling_steps"])
now, following = ddim.timesteps[-2].item(), ddim.timesteps[-1].item()
guess = (2 * pixels[train] - 1).mean(axis=0)
by_hand = denoise_step(noise, guess, a[now], a[following])
by_library = ddim.step(torch.from_numpy(guess), now, torch.from_numpy(noise)).prev_sample.numpy()
difference = np.abs(by_library - by_hand).max()
print(f"from level {now} to {following}: largest difference {difference:.1e}")
assert np.allclose(by_library, by_hand, atol=1e-5)

# %% [markdown]
# ## The network
#
# The network that guesses is a **[U-Net](glossary.md#u-net)** (Ronneberger and others 2015): convolutions as in lesson 2, but what comes out is a picture of the same size as what went in. (Large pictures are made smaller on the way in and larger again on the way out, hence the U; for 8 × 8 pixels one level is enough.) It gets three things: the noisy picture, the level *t*, and the class that the picture is meant to show. One class more stands for "not told".

# %%
from diffusers import UNet2DModel

NOT_TOLD = n_classes


def make_unet(seed):
    """An untrained U-Net: noisy pictures (B, C, H, W), levels and classes (B,) to clean guesses."""
    torch.manual_seed(seed)
    channels = settings["channels"]
    return UNet2DModel(
        sample_size=side, in_channels=n_channels, out_channels=n_channels,
        block_out_channels=channels, layers_per_block=1, norm_num_groups=8,
        down_block_types=("DownBlock2D",) * len(channels),
        up_block_types=("UpBlock2D",) * len(channels),
        num_class_embeds=n_classes + 1, add_attention=False,
    ).to(run.device)


print(f"{sum(p.numel() for p in make_unet(0).parameters()):,} parameters")

# %% [markdown]
# What is it taught? Draw a level of noise for each picture, add the noise, let the network guess, and compare with the truth. The loss is the mean squared error. For one picture in ten the class is withheld, so that the network also learns to do without; that will be needed soon.


# %%
def batch_loss(model, clean, labels):
    """Mean squared error of the guessed clean pictures, at random levels of noise."""
    t = torch.randint(0, settings["noise_levels"], labels.shape, device=labels.device)  # (B,)
    withheld = torch.rand(labels.shape, device=labels.device) < settings["no_class"]
    labels = torch.where(withheld, NOT_TOLD, labels)
    noisy = scheduler.add_noise(clean, torch.randn_like(clean), t)  # (B, C, H, W)
    guess = model(noisy, t, class_labels=labels).sample
    return nn.functional.mse_loss(guess, clean)

# %% [markdown]
# ## Sampling
#
# Begin with noise, and let the network undo a little, again and again (16 times in the laptop [profile](glossary.md#profile)). The library's step differs from ours in two things: it replaces a part of the old noise by *fresh* noise (`eta=1`), which covers up small mistakes of the steps before, and it keeps the guess between −1 and 1.
#
# **Guidance** (Ho and Salimans 2022): ask the network twice, with the class (*c*) and without (*u*), and go further in the direction in which the class pulls: *u* + *w* · (*c* − *u*). With *w* = 1 nothing is strengthened. Exercise 4.5 does it by hand.


# %%
@torch.no_grad()
def guess_clean(model, noisy, t, labels, w):
    """The guessed clean pictures, with guidance w, (B, C, H, W)."""
    with_class = model(noisy, t, class_labels=labels).sample
    if w == 1:
        return with_class
    without = model(noisy, t, class_labels=torch.full_like(labels, NOT_TOLD)).sample
    return without + w * (with_class - without)


def to_pixels(x, levels=grey_levels):
    """A tensor from −1 to 1 to brightness from 0 to 1, in so many levels of grey."""
    return in_grey_levels((x.cpu().numpy() + 1) / 2, levels)

# %% [markdown]
# The loop, in full. Noise comes from a generator of its own (on the processor, so that a graphics card begins with the same noise).


# %%
def sample_path(model, asked, seed, w=settings["guidance"]):
    """Pictures for these classes: the guess and the noisy pictures after each step of sampling."""
    sampler, generator = DDIMScheduler(**schedule), torch.Generator().manual_seed(seed)
    sampler.set_timesteps(settings["sampling_steps"])
    classes = torch.as_tensor(asked, device=run.device)
    shape = (len(asked), model.config.in_channels, *[model.config.sample_size] * 2)
    x = torch.randn(shape, generator=generator).to(run.device)
    for t in sampler.timesteps:
        guess = guess_clean(model, x, t.to(run.device), classes, w)
        fresh = torch.randn(x.shape, generator=generator).to(run.device)
        x = sampler.step(guess, t, x, eta=1.0, variance_noise=fresh).prev_sample
        yield guess, x


def sample(model, asked, seed, w=settings["guidance"], levels=grey_levels):
    """Finished pictures for these classes, (n, C, H, W) from 0 to 1."""
    *_, (_, x) = sample_path(model, asked, seed, w)
    return to_pixels(x, levels)

# %% [markdown]
# ## Training
#
# `training.fit` is lesson 2's loop with progress bar and [checkpoints](glossary.md#checkpoint): if the notebook's kernel dies, that costs you some seconds. With `average` it keeps a moving *average* of the [weights](glossary.md#weight) over the last steps (an *[EMA](glossary.md#ema)*), which makes better pictures than the weights of any single step.

# %%
from course_utils.models import training

checkpoints = run.out / "checkpoints" / run.lesson


def adamw(model, rate, betas=(0.9, 0.999)):
    """Lesson 2's optimizer; `fused` computes all weights at once, which is quicker."""
    return [torch.optim.AdamW(model.parameters(), lr=rate, betas=betas, fused=True)]


def train_unet(rows, seed, name, steps=settings["steps"], classes=labels, validate=None):
    """A U-Net trained on these pictures, and its history."""
    model = make_unet(seed)
    clean = torch.from_numpy(2 * pixels[rows] - 1), torch.from_numpy(classes[rows])
    history = training.fit(
        model, batch_loss, clean, steps=steps, batch_size=settings["batch_size"],
        optimizers=partial(adamw, rate=settings["learning_rate"]), average=settings["average"],
        seed=seed, device=run.device, checkpoint=checkpoints / f"{name}.safetensors", label=name,
        validate=validate, validate_every=max(settings["steps"] // 5, 1))
    return model, history

# %% [markdown]
# Five times during the training we ask for the same pictures, from the same noise. About half a minute.

# %%
stages = []


def look(model):
    """Keep some pictures of the model, and measure its loss on the judge's pictures."""
    stages.append(sample(model, labels[examples], seed=1))
    clean = torch.from_numpy(2 * pixels[judge_rows] - 1).to(run.device)
    return {"loss": batch_loss(model, clean, torch.from_numpy(labels[judge_rows]).to(run.device))}


sequence = np.random.SeedSequence(run.seed)
seeds = [int(seed) for seed in sequence.generate_state(settings["trainings"])]
first, history = train_unet(train, seeds[0], "first training", validate=look)

# %% [markdown]
# Row by row, later and later in the training. (After an interruption only those since then: pictures are not in a checkpoint.)

# %%
stages = stages or [sample(first, labels[examples], seed=1)]  # interrupted at the very end
looks = history.validations[-len(stages):]  # the stages may lack the first
rows = [picture for stage in stages for picture in stage]
titles = [f"step {int(validation['step'])}" for validation in looks for _ in examples]
plots.show(plots.gallery(rows, titles, columns=len(examples)),
           "The same ten pictures, asked for at several moments of training.")

# %% [markdown]
# And one picture after the other on its way out of the noise. Upper rows: what the network guesses the clean picture to be. Lower rows: the noisy picture itself. The class is given. When is it decided *which* 0, 1 or 2 it becomes?

# %%
three = labels[examples[:3]]
path = [(to_pixels(guess), to_pixels(x)) for guess, x in sample_path(first, three, seed=2)]
shown = np.linspace(0, len(path) - 1, 8).astype(int)
rows = [path[step][kind][k] for k in range(len(three)) for kind in (0, 1) for step in shown]
plots.show(plots.gallery(rows, [f"step {step + 1}" for step in shown], columns=len(shown)),
           "Three digits on their way out of the noise: guess and noisy picture at eight steps.")

# %% [markdown]
# The same with your own hand: this cell shows a slider when you run it.


# %%
def step_figure(step):
    """Guess and noisy picture after this step, for three digits."""
    guess, noisy = path[step - 1]
    titles = ["guess"] * len(three) + ["noisy"] * len(three)
    return plots.gallery([*guess, *noisy], titles, columns=len(three), width=1.6)


plots.slider(step_figure, range(1, len(path) + 1), "step of sampling", start=len(path) // 2)

# %% [markdown]
# What does guidance do? Eight pictures of one class, from the same noise, with three strengths.

# %%
strengths, one_class = (1, 2, 4), np.full(8, labels[examples[-1]])
rows = [picture for w in strengths for picture in sample(first, one_class, seed=4, w=w)]
titles = [f"w = {w}" for w in strengths for _ in one_class]
plots.show(plots.gallery(rows, titles, columns=len(one_class)),
           "Eight pictures of one class with guidance 1, 2 and 4, from the same noise.")


# %% [markdown]
# And as a slider, with more strengths:

# %%
def guidance_figure(w):
    """Eight pictures of one class with this guidance."""
    return plots.gallery(sample(first, one_class, seed=4, w=w), columns=8)


plots.slider(guidance_figure, [1, 1.5, 2, 3, 4, 6], "guidance w", start=1)

# %% [markdown]
# Do they become easier to recognise? Do they become more alike? Keep both questions in mind: a picture that everybody recognises and a group of pictures that is as varied as reality are two things.
#
# The trained model goes into a folder of two files, weights and settings. Weights are stored as *[safetensors](glossary.md#safetensors)*, a format that holds numbers only and can run no code. Does what comes back make the same pictures?

# %%
folder = run.out / "digits_unet"
first.save_pretrained(folder)
again = UNet2DModel.from_pretrained(folder, use_safetensors=True).to(run.device)
theirs, ours = (sample(model, labels[examples], seed=1) for model in (again, first))
same = np.array_equal(theirs, ours)
print(*sorted(path.name for path in folder.iterdir()), "| the same pictures:", same)
assert same

# %% [markdown]
# ## Experiment
#
# Three questions: do its pictures look real, are they new, and does our test catch a thief?

# %% [markdown]
# ### Do they look real?
#
# Below each other: real digits, those of the mixture, and those of the network. Without the titles, could you tell which is which?

# %%
fresh = [held_out[labels[held_out] == k][0] for k in range(n_classes)][:10]  # not shown before
made = {"real": pixels[fresh], "mixture": sample_mixtures(mixtures, labels[fresh], seed=7),
        "diffusion": sample(first, labels[fresh], seed=7)}
rows = [picture for pictures_made in made.values() for picture in pictures_made]
titles = [name for name in made for _ in fresh]
plots.show(plots.gallery(rows, titles, columns=len(fresh)),
           "Ten real digits, ten of the Gaussian mixture, ten of the diffusion model.")

# %% [markdown]
# Eyes are easily pleased. We need a judge, and a number.
#
# **The judge** is a [CNN](glossary.md#cnn) like that of lesson 2. It learns from *real* pictures only, and from ones that the generator has never seen. (Each is moved by up to one pixel in training, so that it does not learn places by heart.)


# %%
def make_judge(seed, width=32):
    """An untrained CNN: (B, C, H, W) pictures to `width` numbers, and to (B, n_classes) scores."""
    torch.manual_seed(seed)
    layers, n_in = [], n_channels
    for block in range(4):
        convolution = nn.Conv2d(n_in, width, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if block == 1 else []
        n_in = width
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, n_classes)]
    return nn.Sequential(*layers, *head)


def judge_loss(model, images, labels):
    """Cross-entropy; in training the batch is moved by up to one pixel."""
    if model.training:
        images = torch.roll(images, torch.randint(-1, 2, (2,)).tolist(), dims=(2, 3))
    return nn.functional.cross_entropy(model(images), labels)

# %% [markdown]
# How well does it know real digits that it has not seen? (*Guessing* says the most frequent class to every picture.)

# %%
judge = networks.NetworkClassifier(
    make_judge(run.seed), judge_loss, settings["judge_steps"], weight_decay=0.1, seed=run.seed,
    device=run.device, checkpoint=checkpoints / "judge.safetensors")
judge.fit(pixels[judge_rows], labels[judge_rows])
real_right = judge.predict(pixels[held_out]) == labels[held_out]  # (n_held_out,)
guessing = 100 * np.bincount(labels[held_out]).max() / len(held_out)
print(f"held-out real pictures: {100 * real_right.mean():.1f} % right, guessing {guessing:.1f} %")

# %% [markdown]
# Now the contest. Each model is asked for exactly as many pictures of each class as the held-out part has. The diffusion model is trained twice and sampled three times each, because both go by chance. Here is the second training.

# %%
second, _ = train_unet(train, seeds[1], "second training")
asked = labels[held_out]

# %% [markdown]
# `runs` will hold one array of pictures for each training and sampling.

# %%
def sample_runs(models, samplings=settings["samplings"]):
    """Pictures for the asked classes, one array for each model and sampling."""
    return [sample(model, asked, seed=100 * i + j)
            for i, model in enumerate(models) for j in range(samplings)]


def recognised(pictures):
    """100 for each picture that the judge recognises as what was asked for, else 0, (n,)."""
    return 100.0 * (judge.predict(pictures) == asked)


runs = {"diffusion": sample_runs([first, second]),
        "mixture": [sample_mixtures(mixtures, asked, seed=1000 * (j + 1))
                    for j in range(settings["samplings"])]}
rows = {name: np.mean([recognised(g) for g in groups]) for name, groups in runs.items()}
rows["real, held out"] = 100 * real_right.mean()
pd.Series(rows, name="recognised as what was asked for (%)").round(1).to_frame()

# %% [markdown]
# **Is that enough?** No. A model that draws *one* perfect 7 again and again would get 100 %. Real sevens differ. So the second measure compares the *whole group* of generated pictures with the whole group of held-out ones.
#
# The **Fréchet distance** (Heusel and others 2017, there FID) looks at a picture through the judge's eyes: the 32 numbers before its last [layer](glossary.md#layer). It treats each group as a cloud and compares the means and the spreads of the clouds. In one dimension it is (*m*₁ − *m*₂)² + (*s*₁ − *s*₂)², as in exercise 4.4; in more, matrices of covariances (the spread of each number, and how strongly each two go together) take the place of the spreads *s*.


# %%
@torch.no_grad()
def features(pictures):
    """The judge's numbers before its last layer, (n, 32)."""
    return judge.model[:-1](torch.from_numpy(pictures).to(run.device)).cpu().numpy()


def frechet(ours, theirs):
    """Fréchet distance of two groups of features, (n, 32) each."""
    difference = ours.mean(axis=0) - theirs.mean(axis=0)
    cov_ours, cov_theirs = np.cov(ours.T), np.cov(theirs.T)
    roots = np.sqrt(np.linalg.eigvals(cov_ours @ cov_theirs).real.clip(0))  # of the matrix product
    return difference @ difference + np.trace(cov_ours) + np.trace(cov_theirs) - 2 * roots.sum()


judge.model.eval()
rng = np.random.default_rng(0)
x, y = rng.normal(0, 1, 100_000), rng.normal(3, 2, 100_000)
stacked = [np.stack([each, np.zeros(100_000)], axis=1) for each in (x, y)]  # the second is empty
by_formula = (0 - 3) ** 2 + (1 - 2) ** 2
print(f"one dimension: by the formula {by_formula}, by our function {frechet(*stacked):.2f}")

# %% [markdown]
# Distances have no unit that one could feel. So we divide by what *real* pictures get: as many training pictures against the held-out ones. 1 is as good as real; also a thief who hands out the training pictures gets 1. (With few pictures a distance comes out larger, so all groups have the same size.)

# %%
held_out_features = features(pixels[held_out])
same_size = np.random.default_rng(run.seed).permutation(train)[: len(held_out)]
real_features = features(pixels[same_size])
real_distance = frechet(real_features, held_out_features)


def against_real(generated, held_out, real):
    """Fréchet distance to the held-out pictures over that of real ones."""
    return frechet(generated, held_out) / frechet(real, held_out)


def mean_distance(groups):
    """Mean Fréchet distance of groups of pictures to the held-out ones, over that of real ones."""
    return np.mean([frechet(features(g), held_out_features) for g in groups]) / real_distance


rows = {name: mean_distance(groups) for name, groups in runs.items()} | {"real": 1.0}
pd.Series(rows, name="Fréchet distance (× real)").round(2).to_frame()

# %% [markdown]
# ### Are they new?
#
# A picture is a copy when it is (nearly) the same as a training picture. So we look for the *nearest* training picture: the one with the smallest distance (square the difference of each pixel, add up, take the root). Upper row: generated. Lower row: the nearest training picture, and how far away it is.


# %%
def nearest(pictures, others):
    """Distance of each picture to the nearest of the others (n,), and which one that is (n,)."""
    ours, theirs = (each.reshape(len(each), -1) for each in (pictures, others))
    distances = pairwise_distances(ours, theirs)
    return distances.min(axis=1), distances.argmin(axis=1)


def beside_nearest(generated, rows):
    """Generated pictures above their nearest training pictures."""
    distances, which = nearest(generated, pixels[rows])
    titles = [""] * len(generated) + [f"{d:.2f}" for d in distances]
    return plots.gallery([*generated, *pixels[rows][which]], titles, columns=len(generated))


some = [np.flatnonzero(asked == k)[0] for k in range(n_classes)][:10]
plots.show(beside_nearest(runs["diffusion"][0][some], train),
           "Ten generated digits, and below each the nearest training picture with its distance.")

# %% [markdown]
# Is 1.0 near or far? Ask real pictures: how far is a *held-out* digit from the nearest training picture? Two people write alike, so some real digits are very near to another. Nobody copied there. We call a generated picture a **near-copy** when it is nearer than all but one in a hundred real held-out pictures. Of *real* pictures, then, 1 % are "near-copies" by definition.


# %%
def copy_threshold(rows):
    """First percentile of the distances of held-out pictures to the nearest of these."""
    return np.quantile(nearest(pixels[held_out], pixels[rows])[0], 0.01)


def near_copies(generated, rows):
    """100 for each near-copy of one of these training pictures, 0 for each other, (n,)."""
    return 100.0 * (nearest(generated, pixels[rows])[0] < copy_threshold(rows))


for name, distances in {"held out": nearest(pixels[held_out], pixels[train])[0],
                        "diffusion": nearest(runs["diffusion"][0], pixels[train])[0]}.items():
    print(f"{name:<10} median distance {np.median(distances):.2f}, smallest {distances.min():.2f}")
print(f"near-copy: below {copy_threshold(train):.2f}")

# %% [markdown]
# The distances of both groups; dashed: the limit of a near-copy.

# %%
groups = {"diffusion": np.concatenate([nearest(g, pixels[train])[0] for g in runs["diffusion"]]),
          "real, held out": nearest(pixels[held_out], pixels[train])[0]}
fig, ax = plt.subplots(figsize=(7.5, 3.2))
bins = np.linspace(0, max(d.max() for d in groups.values()), 40)
for i, (name, distances) in enumerate(groups.items()):
    ax.hist(distances, bins, density=True, histtype="step", linewidth=2, label=name,
            color=plots.COLOURS[i], linestyle=plots.LINES[i])
ax.axvline(copy_threshold(train), color=plots.GREY, linestyle="--")
ax.set(xlabel="distance to the nearest training picture", ylabel="density")
ax.legend()
table = pd.DataFrame({name: pd.Series(d).describe() for name, d in groups.items()}).round(2)
plots.show(fig, "Distances to the nearest training picture, of generated and real digits.", table)

# %% [markdown]
# ### A thief to catch
#
# A test that has never caught anybody proves nothing. So we train the *same* model, with as many steps, on two pictures of each class. It has nothing to learn from but these. About half a minute.


# %%
def few_of(per_class):
    """So many training pictures of each class."""
    return np.concatenate([train[labels[train] == k][:per_class] for k in range(n_classes)])


few_rows = {per_class * n_classes: few_of(per_class) for per_class in settings["curve"]}
small, *_, large = few_rows
thief, _ = train_unet(few_rows[small], seeds[0], f"{small} pictures")
stolen = {small: sample_runs([thief], samplings=2)}

# %% [markdown]
# Its pictures above, the nearest of its training pictures below. The limit of a near-copy is another one here. It asks how near held-out digits come to *these* few pictures, and only one in a hundred comes nearer than the limit. Among few pictures the nearest is farther away, so the limit is higher.

# %%
plots.show(beside_nearest(stolen[small][0][some], few_rows[small]),
           "Ten digits of the model trained on few pictures, and their nearest training pictures.")
for rows in (train, few_rows[small]):
    print(f"near-copy of one of {len(rows)} pictures: below {copy_threshold(rows):.2f}")

# %% [markdown]
# ## Verdict
#
# Before the verdict, [intervals](glossary.md#interval). For what is counted picture by picture (recognised or not, near-copy or not) we draw anew on two levels, as in lesson 2: the samplings of both trainings, and in each of them the pictures. (They come from two trainings only, so the interval says little about a third.)
#
# The Fréchet distance belongs to a whole group and is no mean over pictures. Drawing with replacement would put the same picture into the group twice, and that makes the distance larger. So we draw *half* of each group, without replacement, a hundred times: the distances of halves vary about as much, in proportion, as those of whole groups from one experiment to the next (Politis and Romano 1994).

# %%
by_picture = partial(resampling.two_level_bootstrap, seed=run.seed)
by_half = partial(resampling.half_sampling, seed=run.seed, n_resamples=settings["draws"])


def frechet_runs(groups):
    """What `against_real` needs, for each group of pictures."""
    return [(features(g), held_out_features, real_features) for g in groups]


def agreement(groups):
    """100, 0 or −100: generated picture recognised minus the held-out one of the same class."""
    return [recognised(g) - 100.0 * real_right for g in groups]

# %% [markdown]
# Each of the four in turn:

# %%
estimates = {
    "class_agreement": by_picture(agreement(runs["diffusion"])),
    "frechet": by_half(against_real, frechet_runs(runs["diffusion"])),
    "near_copies": by_picture([near_copies(g, train) for g in runs["diffusion"]]),
    "control_copies": by_picture([near_copies(g, few_rows[small]) for g in stolen[small]]),
}
verdict = claim.judge(estimates, run.profile)
verdict

# %% [markdown]
# Beside what you predicted (*n* counts the pictures of all samplings):

# %%
answers = {
    "recognised as what was asked for (%)": by_picture([recognised(g) for g in runs["diffusion"]]),
    "near-copies (%)": estimates["near_copies"],
    "verdict": verdict.word,
}
results.beside(predicted, answers)

# %% [markdown]
# ### Why this verdict?
#
# Back to the card: which rows hold, and which keep the claim from *supported*? Where a [margin](glossary.md#margin) lies inside an interval, more trainings and more pictures might decide; where it lies outside, only a better model would help.
#
# **When does it copy?** The most important picture of this lesson. The same model, the same number of steps; only the number of training pictures differs, and with it how often each is seen. Two more trainings, a minute.

# %%
few_models = {small: thief}
for n in [n for n in few_rows if n != small]:
    few_models[n], _ = train_unet(few_rows[n], seeds[0], f"{n} pictures")
    stolen[n] = sample_runs([few_models[n]], samplings=2)

# %% [markdown]
# For each size the share of near-copies (its own training pictures, its own limit), and the Fréchet distance to the held-out pictures.

# %%
made_from = {n: (stolen[n], few_rows[n]) for n in few_rows}
made_from[len(train)] = runs["diffusion"], train
copying, distance = {}, {}
for n, (groups, rows) in made_from.items():
    copying[n] = by_picture([near_copies(g, rows) for g in groups])
    distance[n] = by_half(against_real, frechet_runs(groups))

# %% [markdown]
# Dashed: the margins of the claim.

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

# %% [markdown]
# Read the left panel from left to right: from where on does the model no longer learn by heart? With the same number of steps, few pictures are seen very often and many only now and then; then it is easier to learn what digits have in common. Then compare the two panels. Where it copies, do its copies look real *as a group*? Whoever asks only "does each picture look real?" might be content with the thief.
#
# **Real or recognisable?** What does guidance change: how well single pictures are recognised, or how real the group is? The first training at three strengths:

# %%
rows, of_first = {}, {1: None, settings["guidance"]: runs["diffusion"][0], 3: None}
for w, generated in of_first.items():
    generated = sample(first, asked, seed=0, w=w) if generated is None else generated
    rows[f"w = {w:g}"] = {"recognised (%)": recognised(generated).mean(),
                          "Fréchet distance (× real)": mean_distance([generated]),
                          "near-copies (%)": near_copies(generated, train).mean()}
pd.DataFrame(rows).T.round(2)

# %% [markdown]
# Go down row by row. Does a little guidance help one column, or both? And much of it? When every 7 becomes *the* 7, each is easy to read and the group is no longer like the real one. A demonstration that shows you twelve hand-picked pictures shows you the first column only.

# %% [markdown]
# ### Faces
#
# The article speaks of images in general, and the most famous generated images are faces. scikit-image brings 100 small crops of real faces (`datasets/faces.md` says whose, and what they must not be used for). Is that enough to learn faces from? We train on 70 of them and hold out 30.

# %%
face_side = settings["face_side"]
crops = load_faces()
faces = crops.pixels[crops.labels == crops.classes.index("face")]
small_size = (1, face_side, face_side)
faces = np.array([resize(face, small_size, anti_aliasing=True) for face in faces], dtype=np.float32)
shown, hidden = faces[:70], faces[70:]

# %% [markdown]
# The faces have no classes, so the network is never told one.

# %%
torch.manual_seed(seeds[0])
one_channel = {"sample_size": face_side, "in_channels": 1, "out_channels": 1}
face_unet = UNet2DModel.from_config({**make_unet(seeds[0]).config, **one_channel})
no_class = torch.full((len(shown),), NOT_TOLD)
face_history = training.fit(
    face_unet.to(run.device), batch_loss, (torch.from_numpy(2 * shown - 1), no_class),
    steps=settings["face_steps"], batch_size=settings["batch_size"], average=settings["average"],
    optimizers=partial(adamw, rate=settings["learning_rate"]), seed=run.seed, device=run.device,
    checkpoint=checkpoints / "faces.safetensors", label="faces")

# %% [markdown]
# Above: made by the model. Below: the nearest of the 70 faces that it was trained on.

# %%
made = sample(face_unet, np.full(100, NOT_TOLD), seed=run.seed, w=1, levels=255)
to_shown, which = nearest(made, shown)
titles = [""] * 10 + [f"{distance:.2f}" for distance in to_shown[:10]]
plots.show(plots.gallery([*made[:10], *shown[which[:10]]], titles),
           "Ten generated faces, and below each the nearest training face with its distance.")

# %% [markdown]
# As numbers. (No verdict: thirty held-out faces are too few to say what one in a hundred is.)

# %%
medians = {"generated": np.median(to_shown), "real, held out": np.median(nearest(hidden, shown)[0])}
pd.Series(medians, name="median distance to the nearest training face").round(2).to_frame()

# %% [markdown]
# Two things bring generated faces nearer to the training faces than other real faces are. One is copying. The other is *blur*: a mean of many faces is near to all of them, and new to nobody. Look at the rows above: which of the two is it here? A face has far more to it than a digit, and 70 are few to learn from. Would more steps help, or would the model learn these 70 by heart? (Set `face_steps` to 2,000 and see.) (With `COURSE_PROFILE=full` the lesson takes thousands of pictures of clothes in place of the digits.)

# %% [markdown]
# ## More claims
#
# Five more claims of the article, shorter.

# %% [markdown]
# ### Are GANs and VAEs what generative AI is made of?

# %%
gan_vae = ledger.get("gen-gan-vae")
gan_vae

# %% [markdown]
# The article names the two families that came before diffusion. Both are small plain networks here, and both turn a short row of random numbers (and the class) into a picture in *one* go.


# %%
N_RANDOM = 16


def mlp(n_in, n_out):
    """A plain network with two hidden layers."""
    first, second = nn.Linear(n_in, 256), nn.Linear(256, 256)
    last = nn.Linear(256, n_out)
    return nn.Sequential(first, nn.LeakyReLU(0.2), second, nn.LeakyReLU(0.2), last)


def with_class(x, labels):
    """Rows of numbers, and for each its class as ten numbers, one of them 1: (B, n + n_classes)."""
    return torch.cat([x.flatten(1), nn.functional.one_hot(labels, n_classes).float()], dim=1)

# %% [markdown]
# A **VAE** (*variational autoencoder*, Kingma and Welling 2013) learns to press a picture into a cloud of 16 numbers and to unfold it again. Two losses: the picture must come back, and all clouds together must lie like noise, so that noise can be unfolded later.


# %%
class VAE(nn.Module):
    """Encoder: picture to the mean and spread of 16 numbers. Decoder: 16 numbers to a picture."""

    def __init__(self):
        super().__init__()
        self.encoder = mlp(n_channels * side**2 + n_classes, 2 * N_RANDOM)
        self.decoder = mlp(N_RANDOM + n_classes, n_channels * side**2)

    def forward(self, random, labels):
        flat = torch.sigmoid(self.decoder(with_class(random, labels)))  # (B, pixels), from 0 to 1
        return flat.unflatten(1, (n_channels, side, side))


def vae_loss(model, images, labels):
    """How badly the picture comes back, and how unlike noise its cloud is (both in nats)."""
    mean, log_var = model.encoder(with_class(images, labels)).chunk(2, dim=1)  # (B, 16) each
    random = mean + (log_var / 2).exp() * torch.randn_like(mean)
    back = nn.functional.binary_cross_entropy(model(random, labels), images, reduction="sum")
    unlike = 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum()
    return (back + unlike) / len(images)

# %% [markdown]
# A **GAN** (*generative adversarial network*, Goodfellow and others 2014) is two networks in a contest. The *generator* makes pictures from noise. The *[critic](glossary.md#critic)* gives a high score to what it takes for real. The critic learns to tell them apart, the generator learns to fool it.


# %%
class GAN(nn.Module):
    """Generator: 16 numbers to a picture. Critic: picture to one score."""

    def __init__(self):
        super().__init__()
        self.generator = mlp(N_RANDOM + n_classes, n_channels * side**2)
        self.critic = mlp(n_channels * side**2 + n_classes, 1)

    def forward(self, random, labels):
        flat = torch.sigmoid(self.generator(with_class(random, labels)))
        return flat.unflatten(1, (n_channels, side, side))

# %% [markdown]
# Both losses in one sum. The critic must not learn from the generator's wish to fool it, nor the generator from the critic's wish to unmask it. So in the critic's loss the fake picture is *detached* (no slope runs back into the generator), and in the generator's loss the critic's weights are.


# %%
def gan_loss(model, images, labels):
    """The critic's loss and the generator's (nats)."""
    cross_entropy = nn.functional.binary_cross_entropy_with_logits
    fake = model(torch.randn(len(images), N_RANDOM, device=images.device), labels)
    real_score = model.critic(with_class(images, labels))
    fake_score = model.critic(with_class(fake.detach(), labels))
    frozen = {name: weights.detach() for name, weights in model.critic.named_parameters()}
    fooled = torch.func.functional_call(model.critic, frozen, (with_class(fake, labels),))
    return (cross_entropy(real_score, torch.ones_like(real_score))
            + cross_entropy(fake_score, torch.zeros_like(fake_score))
            + cross_entropy(fooled, torch.ones_like(fooled)))

# %% [markdown]
# Each gets about as much time as one training of the diffusion model (the table below shows how much), and there are two trainings of each, too. About a minute for each kind. (Their steps are much quicker, so there are more of them.) First the VAE,

# %%
def train_plain(make, loss, steps, rate, betas):
    """A VAE or GAN for each seed, trained on the same pictures, and the histories."""
    clean = torch.from_numpy(pixels[train]), torch.from_numpy(labels[train])
    models, histories = [], []
    for i, seed in enumerate(seeds):
        torch.manual_seed(seed)
        models.append(make())
        name = f"{make.__name__}, training {i + 1}"
        histories.append(training.fit(
            models[-1], loss, clean, steps=steps, optimizers=partial(adamw, rate=rate, betas=betas),
            average=settings["average"], seed=seed, device=run.device, checkpoint_every=1_000,
            checkpoint=checkpoints / f"{name}.safetensors", label=name))
    return models, histories


vaes, vae_histories = train_plain(
    VAE, vae_loss, settings["vae_steps"], rate=0.002, betas=(0.9, 0.999))

# %% [markdown]
# then the GAN.

# %%
gans, gan_histories = train_plain(
    GAN, gan_loss, settings["gan_steps"], rate=0.001, betas=(0.5, 0.99))


@torch.no_grad()
def sample_plain(model, asked, seed):
    """Pictures of a VAE or GAN for these classes, (n, C, H, W) from 0 to 1."""
    random = torch.randn((len(asked), N_RANDOM), generator=torch.Generator().manual_seed(seed))
    made = model(random.to(run.device), torch.as_tensor(asked, device=run.device))
    return to_pixels(2 * made - 1)


for name, models in {"VAE": vaes, "GAN": gans}.items():
    runs[name] = [sample_plain(model, asked, seed=100 * i + j)
                  for i, model in enumerate(models) for j in range(settings["samplings"])]

# %% [markdown]
# All four, and real ones below:

# %%
rows = {name: groups[0][some] for name, groups in runs.items()} | {"real": pixels[held_out][some]}
titles = [name for name in rows for _ in some]
plots.show(plots.gallery([p for row in rows.values() for p in row], titles, columns=len(some)),
           "Ten digits each of diffusion model, Gaussian mixture, VAE and GAN, and ten real ones.")

# %% [markdown]
# The same measures for all. *Train on synthetic*: a classic classifier (an SVM) learns from generated pictures alone and is tested on the held-out real ones. Time is CPU time.

# %%
def flat(pictures):
    """One row of numbers for each picture, (n, C * H * W)."""
    return pictures.reshape(len(pictures), -1)


def make_svm():
    """A classic classifier for flat pictures."""
    return svm.SVC(C=10)


def right_after(pictures, truths):
    """100 where a classifier that learned from these is right about a held-out picture, else 0."""
    classifier = make_svm().fit(flat(pictures), truths)
    return 100.0 * (classifier.predict(flat(pixels[held_out])) == labels[held_out])


makers = {"diffusion": partial(sample, first), "mixture": partial(sample_mixtures, mixtures),
          "VAE": partial(sample_plain, vaes[0]), "GAN": partial(sample_plain, gans[0])}
with runtime.CostMeter() as mixture_cost:
    fit_mixtures(train)
train_cpu_s = {"diffusion": history.cpu_s, "mixture": mixture_cost.cpu_s,
               "VAE": vae_histories[0].cpu_s, "GAN": gan_histories[0].cpu_s}
image_ms = {}
for name, make in makers.items():
    seconds = runtime.cpu_seconds(partial(make, asked, seed=0), at_least_s=settings["timed_s"])
    image_ms[name] = 1000 * seconds / len(asked)

# %% [markdown]
# The table, with intervals in brackets. Last row: real pictures, held-out ones; for *train on synthetic*, as many real training pictures.

# %%
distances = {name: by_half(against_real, frechet_runs(groups)) for name, groups in runs.items()}
rows = {}
for name, groups in runs.items():
    rows[name] = {
        "recognised (%)": by_picture([recognised(g) for g in groups]).text(),
        "Fréchet (× real)": distances[name].text(),
        "near-copies (%)": by_picture([near_copies(g, train) for g in groups]).text(),
        "train on synthetic (% right)": by_picture([right_after(g, asked) for g in groups]).text(),
        "training (CPU s)": f"{train_cpu_s[name]:.1f}",
        "one picture (CPU ms)": f"{image_ms[name]:.3f}"}
real_after = right_after(pixels[same_size], labels[same_size])
rows["real"] = {
    "recognised (%)": f"{100 * real_right.mean():.1f}", "Fréchet (× real)": "1",
    "near-copies (%)": f"{near_copies(pixels[held_out], train).mean():.2f}",
    "train on synthetic (% right)": f"{real_after.mean():.1f}"}
pd.DataFrame(rows).T.fillna("–").map(lambda cell: cell.split(", n =")[0])

# %% [markdown]
# Where do they stand? To the right: recognised. Down: as varied as real.

# %%
fig, ax = plt.subplots(figsize=(6.5, 4))
shares = {name: np.mean([recognised(g) for g in groups]) for name, groups in runs.items()}
effects = {name: estimate.effect for name, estimate in distances.items()}
plots.points(ax, pd.Series(shares), pd.Series(effects))
ax.plot(100 * real_right.mean(), 1, "*", color="black", markersize=14, label="real")
ax.set(xlabel="recognised as what was asked for (%)", ylabel="Fréchet distance (× real)")
ax.set_yscale("log")
ax.set_yticks([1, 2, 5, 10, 20], [1, 2, 5, 10, 20])
ax.minorticks_off()
ax.legend()
plots.show(fig, "Four generators: share recognised and Fréchet distance, beside real.", distances)

# %% [markdown]
# For the verdict each of the two is held against the mixture, in the same halves:

# %%
def against_mixture(generated, held_out, mixture):
    """Fréchet distance to the held-out pictures over that of the mixture's."""
    return frechet(generated, held_out) / frechet(mixture, held_out)


rivals = {name: by_half(against_mixture, [(features(g), held_out_features, features(m))
                                          for g, m in zip(runs[name], cycle(runs["mixture"]))])
          for name in ("GAN", "VAE")}
gan_vae_verdict = gan_vae.judge({"against_mixture": rivals}, run.profile)
gan_vae_verdict

# %% [markdown]
# How much does a training depend on its first weights? The two of each, side by side:

# %%
rows = {name: [mean_distance(half) for half in np.array_split(groups, settings["trainings"])]
        for name, groups in runs.items() if name != "mixture"}
table = pd.DataFrame(rows, ["training 1", "training 2"]).round(2)
table.rename_axis("Fréchet distance (× real)")

# %% [markdown]
# Read the verdict with care: two small plain networks, each trained twice and briefly, 64 pixels. The interval knows nothing of a third training, and nothing of longer ones. On large photographs a mixture would hardly have a chance. And look at the whole table before you choose: is the generator with the smallest Fréchet distance also the one whose pictures teach a classifier best? (A share recognised *above* that of real pictures is no praise: such pictures are more typical than reality.)

# %% [markdown]
# ### Does synthetic data keep people's privacy?

# %%
privacy = ledger.get("gen-synthetic-privacy")
privacy

# %% [markdown]
# **Useful?** For the digits the table above has one half of the answer; the other is what as many real ones teach. For a table we take lesson 1's patients, and a classic generator: a **[Gaussian copula](glossary.md#gaussian-copula)**. It keeps the distribution of every column and, for each two columns, how strongly they go together, and draws new patients from that, the ill and the healthy separately. Half of the patients are *members*: the generator learns from them. The other half are never shown to it.


# %%
from course_utils.data import tables

table = tables.load_breast_cancer()
X, y = np.asarray(table.X, dtype=float), np.asarray(table.y)


def copula_patients(members, n, rng):
    """n invented patients that follow the columns of these and how they go together."""
    ranks = stats.rankdata(members, axis=0) / (len(members) + 1)  # (n_members, n_columns), 0 to 1
    correlation = np.corrcoef(stats.norm.ppf(ranks), rowvar=False)
    drawn = stats.norm.cdf(rng.multivariate_normal(np.zeros(members.shape[1]), correlation, n))
    columns = zip(members.T, drawn.T, strict=True)
    return np.stack([np.quantile(column, p) for column, p in columns], axis=1)

# %% [markdown]
# A classifier learns from the members, and another from as many invented patients. Both are tested on the other half. We do this for ten ways to halve the table.


# %%
def table_experiment(seed):
    """Points gained (n_others,) by learning from invented patients; how near all are to them."""
    cut = {"test_size": 0.5, "stratify": y, "random_state": seed}
    members, others = model_selection.train_test_split(np.arange(len(y)), **cut)
    rng = np.random.default_rng(seed)
    counts = np.bincount(y[members])
    invented = [copula_patients(X[members][y[members] == k], counts[k], rng) for k in (0, 1)]
    invented, said = np.concatenate(invented), np.repeat([0, 1], counts)
    model = make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=500))
    by_invented = model.fit(invented, said).predict(X[others]) == y[others]
    by_real = model.fit(X[members], y[members]).predict(X[others]) == y[others]
    scale = StandardScaler().fit(invented)
    away = [-pairwise_distances(scale.transform(X[rows]), scale.transform(invented)).min(axis=1)
            for rows in (members, others)]
    return 100.0 * by_invented - 100.0 * by_real, away

# %% [markdown]
# **Private?** Now play the attacker. You hold somebody's record and want to know: was this person in the training data? (Whoever was in a hospital's data was in that hospital.) This is called *[membership inference](glossary.md#membership-inference)*. The simplest attack looks only at what was generated: if there is something very near to the record, the person was probably a member (Chen and others 2020). An attack gives each record a score; its success is the share of pairs, one member and one other, in which the member has the higher score (the *[AUC](glossary.md#auc)*). 50 % is guessing.


# %%
def auc(members, others):
    """Share of pairs in % in which the member has the higher score."""
    truth = np.repeat([1, 0], [len(members), len(others)])
    return 100 * roc_auc_score(truth, np.concatenate([members, others]))

# %% [markdown]
# And the simplest attack, for pictures:

# %%
def distance_attack(generated, members, others):
    """Scores of members and others: the nearer to a generated picture, the higher."""
    return tuple(-nearest(pixels[rows], generated)[0] for rows in (members, others))

# %% [markdown]
# Another attacker has the model itself: they add noise to the record, let the network guess the clean picture, and look how good the guess is. A record that was learned by heart should be guessed better. (Each picture at eight levels of noise, the same for all; the network is told the class.)


# %%
@torch.no_grad()
def loss_attack(model, members, others):
    """Scores of members and others: minus the mean squared error of the model's guesses."""
    scores, generator = [], torch.Generator().manual_seed(run.seed)
    noises = torch.randn((8, *pixels.shape[1:]), generator=generator).to(run.device)
    for rows in (members, others):
        clean = torch.from_numpy(2 * pixels[rows] - 1).to(run.device)
        classes = torch.from_numpy(labels[rows]).to(run.device)
        errors = torch.zeros(len(rows), device=run.device)
        for share, noise in zip(np.linspace(0.1, 0.8, 8), noises, strict=True):
            t = torch.tensor(int(share * settings["noise_levels"]), device=run.device)
            noisy = scheduler.add_noise(clean, noise.expand_as(clean), t.repeat(len(rows)))
            guess = guess_clean(model, noisy, t, classes, w=1)
            errors += ((guess - clean) ** 2).mean(dim=(1, 2, 3))
        scores.append(-errors.cpu().numpy())
    return tuple(scores)

# %% [markdown]
# Both attacks on both trainings of the diffusion model, and the first on the invented patients. The attacker gets as many generated pictures as there are held-out ones.

# %%
trained = {0: first, 1: second}
firsts = runs["diffusion"][:: settings["samplings"]]  # the first sampling of each training
synthetic = dict(zip(trained, firsts, strict=True))
patients = [table_experiment(seed) for seed in range(settings["tables"])]
attacks = {
    "digits, from the pictures": [distance_attack(g, train, held_out) for g in synthetic.values()],
    "digits, with the model": [loss_attack(model, train, held_out) for model in trained.values()],
    "patients, from the table": [away for _, away in patients],
}
private = {name: by_half(auc, scores) for name, scores in attacks.items()}
gained = {"digits": by_picture([right_after(g, asked) - real_after for g in synthetic.values()]),
          "patients": by_picture([points for points, _ in patients])}
privacy_verdict = privacy.judge({"useful": gained, "private": private}, run.profile)
privacy_verdict

# %% [markdown]
# Which half of the claim decided the word, useful or private? (The ledger had named the diffusion model for the digits. Look at *train on synthetic* in the table of generators: would another one have been more useful? And an AUC is no mean over pictures either, hence halves again.)
#
# Does this attack find anybody at all? Again, a thief to catch: the models that were trained on fewer pictures.

# %%
exposed = {n: by_half(auc, [loss_attack(few_models[n], few_rows[n], held_out)]) for n in few_rows}
exposed[len(train)] = private["digits, with the model"]
fig, ax = plt.subplots(figsize=(7, 3.6))
plots.curve(ax, exposed, "attack with the model")
ax.axhline(50, color=plots.GREY, linestyle=":", label="guessing")
ax.axhline(privacy.test("private").margin, color=plots.GREY, linestyle="--", label="margin")
ax.set(xscale="log", xlabel="training pictures", ylabel="pairs told apart (%)")
ax.set_xticks(list(exposed), list(exposed))
ax.minorticks_off()
ax.legend()
plots.show(fig, "Success of the attack with the model, by number of training pictures.", exposed)

# %% [markdown]
# So "synthetic" is no guarantee. How private a generator is depends on how many people it has learned from, how often it saw each, who has the model, and on the attack. And the AUC is a mean: a single person can be exposed while it stands near 50 %. As for the attack, this one is simple, and better ones exist (Carlini and others 2023). *[Differential privacy](glossary.md#differential-privacy)* (limit what one record can change in the training, and add noise) gives a guarantee that can be proved, and it usually costs quality.

# %% [markdown]
# ### Does augmentation help?

# %%
augment = ledger.get("gen-augment")
augment

# %% [markdown]
# You have only a few labelled pictures. Classic **[augmentation](glossary.md#augmentation)**: move each by one pixel in eight directions; a digit stays what it is. Generated: let the diffusion model that was trained on *these same few* make 300 more.


# %%
def moved(pictures):
    """Each picture moved by one pixel in eight directions, (8 n, C, H, W)."""
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    return np.concatenate([np.roll(pictures, step, axis=(2, 3)) for step in steps])


def augmentation_gain(n):
    """Points gained for each held-out picture, by kind of augmentation."""
    few, truths = pixels[few_rows[n]], labels[few_rows[n]]
    before = right_after(few, truths)
    by_moving = right_after(np.concatenate([few, moved(few)]), np.tile(truths, 9)) - before
    more = np.resize(truths, 300)  # the classes of the few, again and again
    made = [sample(few_models[n], more, seed=j) for j in range(settings["samplings"])]
    by_making = [right_after(np.concatenate([few, g]), np.append(truths, more)) - before
                 for g in made]
    return {"moved by a pixel": by_moving, "generated": by_making}

# %% [markdown]
# The verdict is about the middle of the three small sizes; the smallest stands beside it. (One draw of the few pictures, so the interval is about the held-out pictures and the samplings, and not about other few pictures.)

# %%
gains, sizes_augmented = {}, list(few_rows)[:2]
for n in sizes_augmented:
    by_moving, by_making = augmentation_gain(n).values()
    gains[n] = {"moved by a pixel": resampling.bootstrap(by_moving, seed=run.seed),
                "generated": by_picture(by_making)}
middle = sizes_augmented[-1]
augment_verdict = augment.judge({"gain": gains[middle]}, run.profile)
augment_verdict

# %% [markdown]
# What a classifier knows from the few pictures alone, and what either kind adds:

# %%
rows = {}
for n in sizes_augmented:
    alone = right_after(pixels[few_rows[n]], labels[few_rows[n]]).mean()
    added = {kind: estimate.text("points") for kind, estimate in gains[n].items()}
    rows[f"{n} pictures"] = {"alone (% right)": f"{alone:.1f}"} | added
pd.DataFrame(rows).T

# %% [markdown]
# Whoever moves a digit by a pixel brings in something that the few pictures do not contain: that places do not matter. A generator that was trained on the same few has seen no other digit; what it adds can come only from these and from how the network is built. Does the table show that this is enough?

# %% [markdown]
# ### Does generated content make stereotypes stronger?

# %%
stereotype = ledger.get("gen-stereotype")
stereotype

# %% [markdown]
# Ask a picture generator for "a boss", and it may show you mostly men, as its training pictures did. Does it show *more* men than they did? We rebuild this with a skew that we know. Two invented professions, A and B. Of A's pictures four in five are one digit, of B's four in five the other. The network is told the profession only.

# %%
pair = (3, 8) if n_classes > 8 else (0, 1)
ones, others = (train[labels[train] == digit] for digit in pair)
n_common = min(len(ones), len(others)) * 4 // 5
n_rare = n_common // 4
of_a = [*ones[:n_common], *others[:n_rare]]
of_b = [*others[n_rare : n_rare + n_common], *ones[n_common : n_common + n_rare]]
skewed = np.array(of_a + of_b)
professions = np.zeros(len(labels), dtype=np.int64)
professions[of_b] = 1
frequent = {"A": pair[0], "B": pair[1]}
shown_share = 100 * n_common / (n_common + n_rare)
print(f"{len(skewed)} pictures; {shown_share:.1f} % of A's show the digit {pair[0]}, "
      f"{shown_share:.1f} % of B's the digit {pair[1]}")

# %% [markdown]
# Then we ask for many pictures of each profession, without guidance and with guidance 3 (large picture generators are used with strong guidance), and the judge says which of the two digits each shows.

# %%
skew_unet, _ = train_unet(
    skewed, seeds[0], "skewed", steps=settings["skew_steps"], classes=professions)


def share_frequent(profession, w):
    """100 for each generated picture with the profession's frequent digit, else 0, (n,)."""
    asked_for = np.full(300, "AB".index(profession))
    scores = judge.predict_proba(sample(skew_unet, asked_for, seed=run.seed, w=w))[:, list(pair)]
    return 100.0 * (np.array(pair)[scores.argmax(axis=1)] == frequent[profession])


found = {w: {profession: resampling.bootstrap(share_frequent(profession, w), seed=run.seed)
             for profession in "AB"} for w in (1, 3)}
rows = {"in training": dict.fromkeys("AB", f"{shown_share:.1f} %")}
rows |= {f"guidance {w}": {profession: estimate.text("%") for profession, estimate in each.items()}
         for w, each in found.items()}
pd.DataFrame(rows).rename_axis("pictures with the frequent digit")

# %% [markdown]
# The difference to what was in training, with guidance 3. (Where all 300 pictures show the frequent digit, drawing them anew changes nothing, and the interval has no width. That is a weakness of the [bootstrap](glossary.md#bootstrap), and no certainty.)

# %%
stronger = {}
for profession, each in found[3].items():
    added = [value - shown_share for value in (each.effect, each.low, each.high)]
    stronger[profession] = Estimate(*added, each.n)
stereotype_verdict = stereotype.judge({"stronger": stronger}, run.profile)
stereotype_verdict

# %% [markdown]
# Why can guidance do that? It goes in the direction that makes the *[prompt](glossary.md#prompt)* easier to recognise. A rare picture of A looks like a frequent one of B, so it is pushed away. The dial that makes pictures fit their prompt is the dial that makes them more typical than the truth. Whoever turns it up for the one gets the other too. (One training, two digits: the interval is about the pictures only.)

# %% [markdown]
# ### Does generation need far more computing power?

# %%
power = ledger.get("gen-power")
power

# %% [markdown]
# One generated picture against one classified picture: [operations](glossary.md#operations) (multiplications and additions, as in the other lessons) and CPU time, each many at once. An SVM stands for lesson 1's classic models, the judge for lesson 2's networks.

# %%
one = torch.zeros(1, n_channels, side, side, device=run.device)
a_class = torch.zeros(1, dtype=torch.int64, device=run.device)
w = settings["guidance"]
unet_operations = runtime.count_operations(lambda: guess_clean(first, one, 0, a_class, w))
judge_operations = judge.size(pixels[:2]).predict_operations
picture_operations = unet_operations * settings["sampling_steps"]
by_svm = make_svm().fit(flat(pixels[train]), labels[train])
classify = {"SVM": partial(by_svm.predict, flat(pixels[held_out])),
            "judge (CNN)": partial(judge.predict, pixels[held_out])}
generate, ask = partial(sample, first, asked[:100], seed=0), classify["judge (CNN)"]
times = []  # CPU seconds for a picture that is made, and for one that is classified
for _ in range(3):
    times.append((runtime.cpu_seconds(generate) / 100, runtime.cpu_seconds(ask) / len(held_out)))

# %% [markdown]
# The ratio of times was measured three times in turn; its interval is a t interval on their logarithms. Operations are counted and have no spread.

# %%
ratio = picture_operations / judge_operations
power_verdict = power.judge({"operations": Estimate(ratio, ratio, ratio, 1),
                             "time": intervals.paired_ratio(*zip(*times))}, run.profile)
power_verdict

# %% [markdown]
# CPU time for one picture. The first two say what a picture shows, the others make one:

# %%
answer_ms = {}
for name, ask in classify.items():
    seconds = runtime.cpu_seconds(ask, at_least_s=settings["timed_s"])
    answer_ms[name] = 1000 * seconds / len(held_out)
rows = {f"{name}, looks": ms for name, ms in answer_ms.items()}
rows |= {f"{name}, makes": ms for name, ms in image_ms.items()}
pd.Series(rows, name="CPU ms for one picture").round(4).to_frame()

# %% [markdown]
# A classifier looks once. A diffusion model looks once for every step of sampling, and twice when it is guided. And GAN and VAE? One look, and a fraction of the diffusion model's time. (Read the quickest roughly: they were timed for a second.) So the article's sentence is about *this* way to generate.

# %% [markdown]
# ## Exercises
#
# Replace the `...`, run the cell, run the check. It tells you whether the answer is right, and if not, which mistake it looks like. `exercises.hint("4.1")` in a new cell gives a nudge.

# %% [markdown]
# **4.1 Noise by hand.** A pixel of the clean picture is 0.5, the noise there is −1, and *a* = 0.64. What is the noisy pixel?

# %% exercise="4.1"
answer_4_1 = ...
### BEGIN SOLUTION
answer_4_1 = add_noise(0.5, -1, 0.64)
### END SOLUTION

# %% check="4.1"
exercises.check("4.1", answer_4_1)

# %% [markdown]
# **4.2 An honest judge.** A colleague trains a classifier on generated digits, lets it judge the same digits, and reports: "nearly all recognised, they look real!" Do it honestly for the GAN: how many percent of `fake` does a `make_svm()` recognise as what was asked for (`asked`), and which pictures must it have learned from? (`flat` makes rows of pictures.)

# %%
fake = runs["GAN"][0]
colleague = make_svm().fit(flat(fake), asked)
print(f"the colleague: {100 * colleague.score(flat(fake), asked):.1f} %")

# %% exercise="4.2"
answer_4_2 = ...
### BEGIN SOLUTION
honest = make_svm().fit(flat(pixels[judge_rows]), labels[judge_rows])
answer_4_2 = 100 * honest.score(flat(fake), asked)
### END SOLUTION

# %% check="4.2"
exercises.check("4.2", answer_4_2, judge_pixels=pixels[judge_rows], judge_labels=labels[judge_rows],
                generated=fake, asked=asked, make_classifier=make_svm)

# %% [markdown]
# **4.3 New, compared with what?** The same colleague shows that the thief's pictures are new: "hardly one is near to a *held-out* picture". What did they get wrong? Compute the share of near-copies among `loot`, in %, for the thief that learned from `few`. (Use `nearest` and `np.quantile`, not `near_copies`.)

# %%
loot, few = stolen[small][0], pixels[few_rows[small]]
unseen = pixels[held_out]

# %% exercise="4.3"
answer_4_3 = ...
### BEGIN SOLUTION
limit = np.quantile(nearest(unseen, few)[0], 0.01)
answer_4_3 = 100 * np.mean(nearest(loot, few)[0] < limit)
### END SOLUTION

# %% check="4.3"
exercises.check("4.3", answer_4_3, generated=loot, train_pixels=few, held_out=unseen)

# %% [markdown]
# **4.4 Fréchet by hand.** Two groups of numbers. Means 1 and 3, standard deviations 2 and 5. What is their Fréchet distance?

# %% exercise="4.4"
answer_4_4 = ...
### BEGIN SOLUTION
answer_4_4 = (1 - 3) ** 2 + (2 - 5) ** 2
### END SOLUTION

# %% check="4.4"
exercises.check("4.4", answer_4_4)

# %% [markdown]
# **4.5 Guidance by hand.** For one pixel the network guesses 0.2 without the class and 0.5 with it. What is the guess with guidance 3?

# %% exercise="4.5"
answer_4_5 = ...
### BEGIN SOLUTION
answer_4_5 = 0.2 + 3 * (0.5 - 0.2)
### END SOLUTION

# %% check="4.5"
exercises.check("4.5", answer_4_5)

# %% [markdown]
# **4.6 An attack by hand.** An attack gives three members the scores 0.9, 0.4 and 0.7, and two others 0.3 and 0.6. What is its AUC, in %?

# %% exercise="4.6"
answer_4_6 = ...
### BEGIN SOLUTION
answer_4_6 = auc([0.9, 0.4, 0.7], [0.3, 0.6])
### END SOLUTION

# %% check="4.6"
exercises.check("4.6", answer_4_6)

# %% [markdown]
# ## Recap
#
# 1. A **diffusion model** learns to guess the clean picture behind noise. Sampling begins with noise and mixes guess and noise again and again, with less noise each time.
# 2. **Real** has two sides: each picture is recognised by a judge that has learned from other, real pictures; and the group is as varied as reality (Fréchet distance).
# 3. **New** is measured against the *training* pictures, with held-out real ones as the ruler, and by a test that has caught a thief.
# 4. **Guidance** makes pictures easier to recognise and the group less varied, and it can sharpen a skew.
# 5. **GAN, VAE, mixture, diffusion**: same data, same measures. The classic model belongs in the table.
# 6. **Useful** asks what one can learn from synthetic data, **private** what it tells about those behind it.
#
# What was measured, in one table:

# %%
rows = {test.metric: estimates[test.id].text(test.unit) for test in claim.tests}
rows |= {f"Fréchet, {name} over mixture": estimate.text("×") for name, estimate in rivals.items()}
rows |= {f"learned from synthetic {name}": each.text("points") for name, each in gained.items()}
rows |= {f"attack on {name}": estimate.text("%") for name, estimate in private.items()}
rows |= {f"gain, {kind}, {middle} pictures": each.text("points")
         for kind, each in gains[middle].items()}
rows |= {f"skew added, {name}": estimate.text("points") for name, estimate in stronger.items()}
pd.Series(rows, name="measured [95 % interval]").to_frame()

# %% [markdown]
# What follows for the claim?

# %%
words = {outcome.test.id: outcome.word for outcome in verdict.outcomes}
parts = {"recognised": "class_agreement", "as varied as real": "frechet", "new": "near_copies",
         "thief caught": "control_copies"}
for name, test_id in parts.items():
    print(f"{name:<18} {words[test_id] if run.profile != 'smoke' else ledger.TOO_SMALL}")

# %% [markdown]
# Your verdicts:

# %% tags=["nbval-check-output"]
verdicts = [
    verdict, gan_vae_verdict, privacy_verdict, augment_verdict, stereotype_verdict, power_verdict,
]
for each in verdicts:
    print(f"{cards.SYMBOLS[each.word]} {each.claim.id:<22} {each.word}")

# %% [markdown]
# What training and use cost, for the comparison of all lessons. (Without the mixture, whose operations we have no rule to count; its times stand above.)

# %%
def training_operations(model, loss, rows):
    """Floating-point operations of training on so many pictures, repeats included."""
    two, truths = (torch.from_numpy(each[:2]).to(run.device) for each in (pixels, labels))
    two = 2 * two - 1 if loss is batch_loss else two
    return runtime.count_operations(lambda: loss(model, two, truths).backward()) / 2 * rows


trainings = {"diffusion": (first, batch_loss, settings["steps"] * settings["batch_size"]),
             "VAE": (vaes[0], vae_loss, settings["vae_steps"] * 64),
             "GAN": (gans[0], gan_loss, settings["gan_steps"] * 64)}
noise = torch.zeros(1, N_RANDOM, device=run.device)
made_by = {"diffusion": picture_operations,
           "VAE": runtime.count_operations(lambda: vaes[0](noise, a_class)),
           "GAN": runtime.count_operations(lambda: gans[0](noise, a_class))}
rows = {}
for name, (model, loss, n_rows) in trainings.items():
    rows[pictures.source.name, name] = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "train_operations": training_operations(model, loss, n_rows),
        "predict_operations": made_by[name],
        "train_cpu_s": train_cpu_s[name], "predict_cpu_ms": image_ms[name]}
costs = pd.DataFrame(rows).T
results.cost_table(costs, use="picture")

# %% [markdown]
# And your exercises. Everything goes into a typed results file, from which the course makes its final comparison; the checkpoints have done their work. (The model stays in the folder `digits_unet` beside it.)

# %%
exercises.summary()
path = results.save(run, verdicts, results.costs(costs), predicted, answers, exercises.statuses)
shutil.rmtree(checkpoints, ignore_errors=True)
print(f"saved {path.name}")

# %% [markdown]
# **The end of the course.** Four lessons, four claims, one way to ask: fix in advance what would count as evidence, measure beside a baseline, give an interval, and say what you found. `course report` sets everything that you measured side by side on one page, `results/report.html`: your verdicts, your predictions, and the article's comparison of the four technologies, measured again.
