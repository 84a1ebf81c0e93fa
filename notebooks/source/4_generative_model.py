# %% [markdown]
# # Lesson 4 · Generative model
#
# **Are generated pictures real and new?**

# %% [markdown]
# You type "a cat on a skateboard", and a picture appears that nobody has painted. Or has somebody? Artists say that such programs copy; makers say that every picture is new. Here you write the loop that turns noise into a picture, and then ask what decides its worth: **do its pictures look real, and are they new?**

# %% [markdown] slide="A picture that nobody has painted. Or has somebody?"
# You type “a cat on a skateboard”, and a picture appears. Artists say that such programs copy; makers say that every picture is new.
#
# - Do its pictures look **real**?
# - Are they **new**?
#
# **Write down:** how would you find out whether a picture is a copy?

# %% [markdown]
# When you have finished, you can
#
# 1. say how a **[diffusion model](glossary.md#diffusion-model)** turns noise into a picture, and write its loss and its loop;
# 2. measure whether pictures **look real**, one by one and as a group, and say who may be the [judge](glossary.md#judge);
# 3. measure whether they are **new**, with a test that has caught a [thief](glossary.md#thief);
# 4. say **when such a model copies**.
#
# You need lesson 2's ideas: [convolution](glossary.md#convolution), [batch](glossary.md#batch), [loss](glossary.md#loss), training loop. Take two and a half hours, in four sittings.

# %%
import copy
from functools import partial

import numpy as np
import pandas as pd
import torch
from diffusers import DDIMScheduler
from IPython.display import display
from scipy import ndimage, stats

from course_utils.claims import ledger, resampling
from course_utils.data.chosen import chosen_pictures
from course_utils.exercises.lesson_4 import exercises
from course_utils.models import diffusion, generators, judges
from course_utils.report import results
from course_utils.run import choose_precision, start
from course_utils.show import diffusion_figures, plots, text_view

run = start("4_generative_model")
plots.use_style()

# %% [markdown]
# ## Data
#
# 4,000 digits of lesson 2, 28 × 28 pixels, in three parts, each class in each. The *[generator](glossary.md#generator)*, the model that makes pictures, learns from `train`. The `held_out` part shows what real digits look like that it has not seen. (All settings were tried on other digits.)

# %%
settings = run.settings(
    side=28,  # pixels that pictures of your own get
    steps=800,  # of the training that you watch
    long_steps=6_000,  # of those that came with the course, or of yours on other pictures
    made=700,  # pictures of each generator that is judged
    few=(2, 10, 50),  # training pictures of each class in "when does it copy?"
    sampling_steps=25,  # from noise to picture
    guidance=1.2,  # in the experiment
    judge_steps=300,
)
pictures = chosen_pictures(run, settings.side, "mnist", shuffled=False)
pixels, labels = pictures.pixels, pictures.labels  # (n, C, H, W) from 0 to 1, and (n,)
n_classes = len(pictures.classes)
train, held_out, spare = generators.divide(labels)  # row numbers
exercises.given("4.3", device=run.device)
exercises.given("4.4", device=run.device)
exercises.given("4.5", asked=labels[held_out], pixels=pixels[train], labels=labels[train])
print(f"train {len(train)}, held out {len(held_out)}, spare {len(spare)} pictures")

# %% [markdown]
# ## A quiz
#
# A generator like yours to come, only trained for longer, came with the course. Twelve of these 24 digits are its work. Which?

# %% [markdown] slide="A quiz: twelve of these 24 are generated. Which?"

# %% slide="+"
def generator(rows, seed):
    """The generator that came with the course; on pictures of your own, one that is trained now."""
    if pictures.source.name == "mnist" and run.profile == "laptop":
        return generators.load(f"{len(rows)}-{seed}", pixels[rows]).to(run.device)
    model = diffusion.UNet(pixels.shape[1:], n_classes, seed)
    diffusion.train(model, pixels[rows], labels[rows], steps=settings.long_steps, seed=seed,
                    device=run.device, label=f"{len(rows)} pictures, {seed}")
    return model


long_trained = [generator(train, seed) for seed in generators.SEEDS]
rng = np.random.default_rng(run.seed)
quiz, is_made = pixels[rng.choice(held_out, 24)], rng.permutation(np.repeat([True, False], 12))
wanted = rng.integers(n_classes, size=12)
quiz[is_made] = diffusion.sample(long_trained[0], wanted, run.seed, guidance=settings.guidance)
plots.show(plots.gallery(quiz, [str(n) for n in range(1, 25)], columns=8),
           "24 numbered digits, half of them real and half of them generated.")

# %% [markdown]
# Write down the numbers of the twelve that you take for generated. Your eyes are a measuring instrument; how good is it?

# %%
my_guess = []  # such as [1, 4, 5]
right = np.isin(np.arange(1, 25), my_guess) == is_made
ends = 100 * np.round(stats.binomtest(int(right.sum()), 24).proportion_ci(), 2)
if my_guess:
    print(f"right: {100 * right.mean():.0f} %, interval {ends} %; guessing gives 50 %")
text_view.folded("Which are generated?", ", ".join(map(str, 1 + np.flatnonzero(is_made))))

# %% [markdown]
# <details><summary>Why is your interval so wide?</summary>24 answers are few: even 16 right would be hard to tell from guessing.</details>
#
# ## Baseline: a classic model
#
# A classic *[density model](glossary.md#density-model)* takes each training picture of a class as a point, lays bell-shaped clouds over the points, and draws new points from the clouds: a **[Gaussian mixture](glossary.md#gaussian-mixture)**. It is the [baseline](glossary.md#baseline) that a network has to beat. Ours is a good one: two clouds a class, the settings under which unseen digits were likeliest. As its strokes come out grey, it gets more contrast (second row).

# %% [markdown] slide="The baseline: a classic model draws"
# A Gaussian mixture lays clouds over the training pictures and draws from them (below: more contrast). **What does it know, and what not?**

# %% slide="+"
asked = np.arange(settings.made) % n_classes  # the classes that every generator is asked for
grey = generators.draw_mixtures(pixels[train], labels[train], asked, seed=1)
drawn = ((grey - 0.3) / 0.4).clip(0, 1)  # white strokes, black ground
plots.show(plots.gallery([*grey[:10], *drawn[:10]]),
           "Ten digits that a Gaussian mixture has drawn, and below the same with more contrast.")

# %% [markdown]
# It knows how pixels go together, but not what a stroke is.
#
# ## From picture to noise
#
# The idea of a diffusion model (Ho and others 2020): destroying a picture is easy, add noise until nothing is left. Teach a network to *undo a little* of that, begin with pure noise, and let it undo again and again.
#
# Brightness runs from −1 (black) to 1 (white). With a share *a* between 1 and 0:
#
# > noisy = √*a* · clean + √(1 − *a*) · noise
#
# *noise* is a random number for each pixel, around 0, with standard deviation 1. (The squares of the two weights add up to 1.) There are 1,000 levels of noise, *t* = 0 to 999, and each has its share *a*; ours falls along a cosine (Nichol and Dhariwal 2021). The dots are the levels that we shall visit on the way back from 999. Until where can you read the digit?

# %% [markdown] slide="Destroying a picture is easy"
# noisy = √*a* · clean + √(1 − *a*) · noise. **Until which *a* can you read the digit?** A network learns to undo a little of it.

# %% slide="+" shows="1"
def add_noise(clean, noise, a):
    """Clean pictures and noise, mixed: `a` is 1 for the picture alone, 0 for noise alone."""
    return a**0.5 * clean + (1 - a) ** 0.5 * noise


clean = torch.from_numpy(2 * pixels[train] - 1).to(run.device)  # (n, C, H, W), from −1 to 1
classes = torch.from_numpy(labels[train]).to(run.device)
torch.manual_seed(run.seed)
noise, strip = torch.randn_like(clean[0]), [1, 0.9, 0.7, 0.5, 0.3, 0.1, 0.03, 0]
noisy = [((add_noise(clean[0], noise, share) + 1) / 2).clip(0, 1).cpu().numpy() for share in strip]
plots.show(plots.gallery(noisy, [f"a = {share:g}" for share in strip]),
           "One digit with more and more noise, from the clean picture to noise alone.")
a = diffusion.A.to(run.device)  # (1000,): the share of the picture at each level
levels = [999 - i * (1_000 // settings.sampling_steps) for i in range(settings.sampling_steps)]
plots.show(*diffusion_figures.noise_and_share(a.cpu().numpy(), levels))

# %% [markdown]
# <details><summary>Until where?</summary>Most people to about <i>a</i> = 0.3. There the noise weighs more than the picture, and yet the strokes hang together.</details>
#
# **4.1 Which noise was it?** Now backwards. A pixel of the clean picture is 0.5, *a* is 0.64, and the noisy pixel is −0.2. How large was the noise?
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
# ## One step back
#
# Suppose that a network sees a noisy picture and guesses the clean one. Its guess is a blur of all that it could be. But whoever has the noisy picture and a guess of the clean one can work out the noise, as you have just done. Then mix the *same* guess and the *same* noise again, with a little less noise. That is one step towards the picture (Song and others 2021, DDIM).
#
# For your pixel, with the guess 0.3 (not quite the truth): the noise would be (−0.2 − 0.8 · 0.3) / 0.6 = −0.73. At the next share, *a* = 0.81, the pixel is 0.9 · 0.3 + 0.436 · (−0.73) = −0.05. It was −0.2.

# %% [markdown]
# **4.2 Write the step.** `denoise_step(noisy, guess, a_now, a_next)` gives the picture at the next level, for numbers and tensors alike.

# %% [markdown] slide="One step back"
# The network guesses the clean picture. Whoever has the noisy picture and a guess can work out the noise. Then mix the *same* guess and the *same* noise again, with a little less noise.
#
# - **4.1** A pixel: clean 0.5, *a* = 0.64, noisy −0.2. How large was the noise?
# - **4.2** In pairs: write `denoise_step(noisy, guess, a_now, a_next)`

# %% exercise="4.2"
denoise_step = ...
### BEGIN SOLUTION
def denoise_step(noisy, guess, a_now, a_next):
    noise = (noisy - a_now**0.5 * guess) / (1 - a_now) ** 0.5
    return a_next**0.5 * guess + (1 - a_next) ** 0.5 * noise
### END SOLUTION

# %% check="4.2"
exercises.check("4.2", denoise_step)

# %% [markdown]
# ## The network that guesses
#
# It is a **[U-Net](glossary.md#u-net)** (Ronneberger and others 2015): convolutions as in lesson 2, but a picture comes out. On the way down it sees more and more of the picture at once; the *skip connections* carry over what gets lost there, exactly where the strokes are. To save time, four neighbouring pixels become one place with four numbers (a *patch*). The noise level and the class are turned into numbers, too, and added in every block. (Many programs let it guess the *noise*. By the formula, either gives the other.)

# %% [markdown] slide="The network that guesses"
# **4.3** writes its loss. Why does it take *skip connections* to put strokes exactly where they were?

# %% slide="+" shows="2"
model = diffusion.UNet(pixels.shape[1:], n_classes, seed=run.seed).to(run.device)
print(f"{sum(weights.numel() for weights in model.parameters()):,} weights")
plots.show(*diffusion_figures.unet(model.shape, model.channels, model.patch))

# %% [markdown]
# What is it taught? Take clean pictures, draw for each a level and noise, and compare the guess with the truth.
#
# **4.3 Write the loss.** `loss_at(model, clean, classes, t, noise)`: the mean squared error of the guesses. `clean` and `noise` are (B, C, H, W), the levels `t` and the `classes` (B,). `model(noisy, t, classes)` gives the guesses. `a` and `add_noise` from above will help; `a[t]` has the shape (B,), and `.view(-1, 1, 1, 1)` lets it multiply pictures.

# %% exercise="4.3"
loss_at = ...
### BEGIN SOLUTION
def loss_at(model, clean, classes, t, noise):
    noisy = add_noise(clean, noise, a[t].view(-1, 1, 1, 1))
    return ((model(noisy, t, classes) - clean) ** 2).mean()
### END SOLUTION

# %% check="4.3"
exercises.check("4.3", loss_at)

# %% [markdown]
# Lesson 2's training loop does the rest, with your loss (ours, until yours is right). The rate falls to 0, and copies of the model are kept for later. In one picture of ten the class is replaced by "not told". About a minute.

# %%
loss_of = loss_at if exercises.statuses["4.3"] == "correct" else diffusion.loss_at
fast = choose_precision(run.device) == "bfloat16"  # numbers of 16 bits where the hardware can
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
rate = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, settings.steps)
kept, losses, moments = {}, [], [0, 10, 40, settings.steps // 4, settings.steps]
for i in range(settings.steps + 1):
    if i in moments:
        kept[i] = copy.deepcopy(model).eval()
    rows, t = torch.randint(len(clean), (64,)), torch.randint(1_000, (64,), device=run.device)
    told = torch.where(torch.rand(64).to(run.device) < 0.1, n_classes, classes[rows])
    with torch.autocast(run.device, torch.bfloat16, enabled=fast):
        loss = loss_of(model, clean[rows], told, t, torch.randn_like(clean[rows]))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rate.step()
    losses.append(loss.item())
plots.show(*diffusion_figures.falling(losses))

# %% [markdown]
# ## From noise to picture
#
# **4.4 Write the loop.** `make_pictures(guess, noise, levels)` begins with `noise` and goes through the `levels` from the first to the last; `guess(x, t)` gives the network's guess for pictures `x` at level `t`. In each step the guess and your `denoise_step` lead to the share of the *next* level; after the last level the share is 1. It returns the pictures. Six lines are enough; two of them: `shares = [*a[levels], 1.0]` and `for i, t in enumerate(levels):`. (4.2 still open? Take `diffusion.denoise_step`.)

# %% exercise="4.4"
make_pictures = ...
### BEGIN SOLUTION
def make_pictures(guess, noise, levels):
    shares, x = [*a[levels], 1.0], noise
    for i, t in enumerate(levels):
        x = denoise_step(x, guess(x, t), shares[i], shares[i + 1])
    return x
### END SOLUTION

# %% check="4.4"
exercises.check("4.4", make_pictures)

# %% [markdown]
# Your loop at work (ours, until yours is right), after 0, 10, 40 … steps of training. All rows begin with the same noise. Some of the last row are runes? That is the short training, not your loop.

# %% [markdown] slide="From noise to picture"
# Your loop of **4.4**, after more and more training; all rows begin with the same noise.

# %% slide="+"
loop = make_pictures if exercises.statuses["4.4"] == "correct" else diffusion.make_pictures
step = denoise_step if exercises.statuses["4.2"] == "correct" else diffusion.denoise_step


@torch.no_grad()
def dream(model, wanted, seed, guidance=1.0, levels=levels):
    """Pictures for the wanted classes, (n, C, H, W) from 0 to 1, by your loop."""
    noise = torch.randn((len(wanted), *model.shape), generator=torch.Generator().manual_seed(seed))
    wanted = torch.as_tensor(wanted, device=run.device)

    def guess(x, t):
        return diffusion.guess_clean(model, x, t, wanted, guidance).clamp(-1, 1)

    return diffusion.to_brightness(loop(guess, noise.to(run.device), levels))


ten = np.arange(10) % n_classes
rows = {f"after {steps:,} steps": dream(each, ten, seed=3) for steps, each in kept.items()}
plots.show(plots.gallery(np.concatenate(list(rows.values())), columns=10, rows=list(rows)),
           "Digits made from the same noise, a row for each amount of training.")

# %% [markdown]
# What does the network see on its way? Below are its *guesses* for the first three of the last row, at eight of the 25 levels. And programs that make pictures use a library's *[scheduler](glossary.md#scheduler)*. Does it take the same steps as you? It goes along, and must agree at each.

# %% [markdown] slide="What does the network see on its way?"
# **Why is the first guess a blur?** (From left to right: less and less noise.)

# %% slide="+" shows="2"
library = DDIMScheduler(1_000, beta_schedule="squaredcos_cap_v2", prediction_type="sample",
                        clip_sample=False, timestep_spacing="trailing")
library.set_timesteps(settings.sampling_steps)
assert library.timesteps.tolist() == levels
seen, told = [], torch.as_tensor(ten[:3], device=run.device)
start_noise = torch.randn((3, *model.shape), generator=torch.Generator().manual_seed(3))
x = theirs = start_noise.to(run.device)
for t, a_now, a_next in zip(levels, a[levels], [*a[levels[1:]], 1.0], strict=True):
    seen.append(diffusion.guess_clean(kept[settings.steps], x, t, told).clamp(-1, 1))
    theirs = library.step(seen[-1], t, theirs).prev_sample
    x = step(x, seen[-1], a_now, a_next)
    assert torch.allclose(x, theirs, atol=1e-3)
print(f"agreed in {len(seen)} of {len(levels)} steps")
some = np.linspace(0, len(levels) - 1, 8).round().astype(int)
guesses = [(seen[i][n].cpu().numpy() + 1) / 2 for n in range(3) for i in some]
plots.show(plots.gallery(guesses, [f"t = {levels[i]}" for i in some] + [""] * 16, columns=8),
           "Guesses of three digits from step to step: a blur at first, sharper at every level.")

# %% [markdown]
# <details><summary>Why is the first guess a blur?</summary>At level 999 there is only noise. The best guess is then the mean of all pictures of the class; only as the noise gets less can it know better.</details>
#
# **A good place to stop.** You have written a diffusion model: its loss, its step, its loop.

# %% [markdown]
# ## More training, and two knobs
#
# The one of the quiz took more than seven times as many steps as yours, and keeps a moving *average* of its weights (an *[EMA](glossary.md#ema)*), which is steadier. Upper half: yours. Lower half: the longer one.

# %%
forty = np.arange(40) % n_classes
sheets = [dream(each, forty, seed=5) for each in (kept[settings.steps], long_trained[0])]
plots.show(plots.gallery(np.concatenate(sheets), columns=20, width=0.5),
           "Two sheets of 40 digits: after a minute of training, and after the longer training.")

# %% [markdown]
# **[Guidance](glossary.md#guidance)** (Ho and Salimans 2022). The network has learned to guess with the class and without ("not told"). Take without + *g* · (with − without). With *g* = 1 nothing changes; more overshoots, away from "not told". What does that do? And what do fewer steps do? Move the sliders.

# %%
def sheet(guidance=1.0, steps=25):
    made = dream(long_trained[0], forty, 6, guidance, diffusion.sampling_levels(steps))
    return plots.gallery(made, columns=20, width=0.5)


plots.slider(sheet, [0, 0.5, 1, 1.5, 2, 4, 8], "guidance", start=4)
plots.slider(lambda steps: sheet(steps=steps), [1, 2, 3, 5, 10, 25, 50], "sampling steps", start=2)

# %% [markdown]
# <details><summary>Compare</summary>With guidance 0 the class is ignored: any digit may come. More guidance makes digits bolder, easier to read, and more alike. One step gives the blur of the first guess; five are often enough to read it. Picture programs use strong guidance: few failures, less variety.</details>
#
# ## Do they look real?
#
# Eyes are easily pleased. We need a judge: a [CNN](glossary.md#cnn) as in lesson 2 that says which digit it sees. Who may teach it? Not the generator's pictures (it would judge itself), and not its training pictures (a copy would please it). So it learns from the real digits in `spare`.

# %%
judge = judges.make_judge(pixels.shape[1], n_classes, settings.judge_steps, run.seed, run.device)
judge.fit(pixels[spare], labels[spare])
yours = dream(kept[settings.steps], asked, seed=11)
groups = {"real, held out": (pixels[held_out], labels[held_out]), "mixture": (drawn, asked),
          "your model": (yours, asked)}
table = {name: 100 * np.mean(judge.predict(made) == wanted)
         for name, (made, wanted) in groups.items()}
pd.Series(table, name="recognised as what was asked for (%)").round(1).to_frame()

# %% [markdown]
# Does the mixture's share surprise you? The judge asks which digit it is, not whether it is well drawn.
#
# **4.5 Cheat the judge.** Is a high share enough? Make an array `cheat`: one picture for each entry of `labels[held_out]`, in the same order, that the judge will recognise nearly always, and that as a whole is worth nothing, because all pictures of a class are the *same*. Take them from the training part (`train` holds row numbers of `pixels` and `labels`).

# %% [markdown] slide="Who may be the judge?" ask=1
# A network that reads digits says whether a made picture is what was asked for. Who may teach it?
#
# - the generator's own pictures?
# - the generator's training pictures?
# - other real pictures?
#
# **4.5** In pairs: make pictures that satisfy this judge and are worth nothing.

# %% exercise="4.5"
cheat = ...
### BEGIN SOLUTION
cheat = np.stack([pixels[train[labels[train] == k][0]] for k in labels[held_out]])
### END SOLUTION

# %% check="4.5"
exercises.check("4.5", cheat)

# %% [markdown]
# So we also compare the *whole group* with the [held-out](glossary.md#held-out) digits, through the judge's eyes: the 64 numbers before its last [layer](glossary.md#layer). A *kernel* says how alike two pictures are there. If made pictures are as like real ones, and as like each other, as real ones are, then
#
# > mean likeness of two made + mean likeness of two real − 2 · mean likeness of a made and a real
#
# is about 0 (by chance even below): the **[kernel distance](glossary.md#kernel-distance)** (KID, Bińkowski and others 2018). It is larger when pictures are odd, and when they are too alike. No picture is compared with itself, so on average it does not depend on their number.

# %% [markdown] slide="The whole group, too, must look real"
# **Kernel distance** to real digits: 0 is as like them as real ones are. **Which row is a cheat, and is it caught?**

# %% slide="+"
def kid(ours, theirs):
    """Kernel distance of two groups, (n, 64) and (m, 64) numbers of the judge."""
    def likeness(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3  # (n, m)

    def among(x):
        return (likeness(x, x).sum() - np.trace(likeness(x, x))) / (len(x) * (len(x) - 1))

    return among(ours) + among(theirs) - 2 * likeness(ours, theirs).mean()


held = judges.features(judge, pixels[held_out])
groups = {"real, train": pixels[train], "your model": yours, "mixture": drawn,
          "one picture of each": pixels[[train[labels[train] == k][0] for k in asked]]}
seen_by = {name: judges.features(judge, made) for name, made in groups.items()}
two = seen_by["mixture"], held
assert np.isclose(kid(*two), judges.kernel_distance(*two), atol=1e-3)
table = {name: judges.distance_below([each], held, held, share=0)
         for name, each in seen_by.items()}
plots.show(*diffusion_figures.distances(table, "kernel distance to held-out digits (thousandths)"))

# %% [markdown]
# The last row is a cheat. It is caught if it stands far from 0.
#
# <details><summary>Who would get 0 without any talent?</summary>Whoever hands out the training pictures. Real and varied they are; new they are not. Hence a third measure.</details>
#
# **A good place to stop.** You have two measures of "real", and you know who fools each of them.

# %% [markdown]
# ## Are they new?
#
# A picture is a copy when it is *nearly* the same as a training picture. Pixel by pixel is not enough: a copy that is dimmed, or moved by a pixel, is a copy. So: the distance is 1 − cosine (both pictures scaled to length 1, multiplied pixel by pixel, added up: brightness does not count), the smallest while one of the two is moved by up to a pixel. And how near is too near? Where digits crowd, as the 1s do, everybody has a near neighbour. So we divide by the mean distance to the 50 nearest training pictures: the **relative distance**, 0 for a copy.
#
# The limit comes from real people: a picture nearer than 99 of 100 *held-out* digits is a **[near-copy](glossary.md#near-copy)**. So are 1 % of real digits. Does it catch altered copies?

# %% [markdown] slide="New, compared with what?" ask=4
# A picture is a **near-copy** when it is nearer to a *training* picture than 99 of 100 real, unseen digits are.
#
# - A colleague compares with *held-out* pictures instead, and finds no copies. What is wrong?
# - A **thief**, the same model trained on two pictures of each class, must be caught. Why?
#
# **4.6** In pairs: write `share_of_copies`.

# %%
def altered(rows):
    """Training pictures as somebody would disguise them."""
    known = pixels[rows]
    noise = np.random.default_rng(run.seed).normal(0, 0.1, known.shape).astype(np.float32)
    moved = np.pad(known, ((0, 0), (0, 0), (0, 0), (1, 0)))[..., :-1]
    return {"dimmed": 0.8 * known, "noise": (known + noise).clip(0, 1), "moved": moved}


def relative_distance(made, rows=train):
    """Of each picture to the training pictures of these rows, (n,)."""
    return judges.relative_distance(made, pixels[rows], pixels[train])[0]


real = relative_distance(pixels[held_out])
limit = np.quantile(real, 0.01)
disguised = {kind: relative_distance(made) for kind, made in altered(train[:500]).items()}
tilted = ndimage.rotate(pixels[train[:500]], 15, (3, 2), reshape=False).clip(0, 1)
turned = relative_distance(tilted)
rows = {kind: np.mean(near < limit) for kind, near in (disguised | {"turned": turned}).items()}
(100 * pd.Series(rows, name="caught (%)")).round(1).to_frame()

# %% [markdown]
# The first three it was built to catch; a copy that is *turned* by 15 degrees it was not. No such test sees every disguise.
#
# **4.6 New, compared with what?** A colleague reports: "hardly any of my pictures is near to a *held-out* picture, so they are new!" What is wrong? Write `share_of_copies(made, seen, unseen, distance)`: the share of near-copies among `made`, in percent. The model was trained on `seen`; `unseen` are held-out pictures. `distance(x, y)` gives the distances of all pairs, (len(x), len(y)); divide by nothing here.

# %% exercise="4.6"
share_of_copies = ...
### BEGIN SOLUTION
def share_of_copies(made, seen, unseen, distance):
    limit = np.quantile(distance(unseen, seen).min(axis=1), 0.01)
    return 100 * np.mean(distance(made, seen).min(axis=1) < limit)
### END SOLUTION

# %% check="4.6"
exercises.check("4.6", share_of_copies)

# %% [markdown]
# <details><summary>What was wrong?</summary>The model never saw the held-out pictures, so it could not copy them. Its own training pictures it could.</details>
#
# A test that has never caught anybody proves nothing. So the claim needs a **thief**: the *same* model with as many steps, trained on only two pictures of each class. If our test, with the same limit, does not catch *that* one copying, it is blind.
#
# ## The claim, as it will be judged
#
# The [ledger](glossary.md#ledger) says what was fixed before the first run. All tests must hold. (A is the article "Machine Learning, Deep Learning, LLMs and GenAI Compared", TechnoLynx 2024.) Why −3, a quarter, 3 and 30? They are judgements; nobody may choose a [margin](glossary.md#margin) after the result.
#
# **Predict**, in place of our guesses, what the three longer-trained generators will show: how many points more (or fewer, −) does the judge recognise than of real digits? How many percent are near-copies? How many of the thief's? And the [verdict](glossary.md#verdict)?

# %% [markdown] slide="The claim, and what it needs"
# **Predict, then vote:** supported, not supported or inconclusive?

# %% slide="+"
claim = ledger.get("gen-new-and-real")
predicted = {
    "recognised, made minus real (points)": -2,
    "near-copies (%)": 2,
    "near-copies of the thief (%)": 60,
    "verdict": "supported",
}
claim

# %% [markdown]
# ## Experiment
#
# 700 pictures of each of the three; then 200 of the thief and of two generators between, which have learned from 10 and 50 digits a class. All took 6,000 steps. Guidance is 1.2: on other digits, with less of it fewer were recognised than of real ones. (Made pixels that are too dark to be seen become black.) A minute.

# %%
few = [generators.first_of_each(labels, train, per_class) for per_class in settings.few]
draw = partial(diffusion.sample, steps=settings.sampling_steps, guidance=settings.guidance)
made = [draw(each, asked, seed=100 + i) for i, each in enumerate(long_trained)]
fewer = {len(rows): draw(generator(rows, generators.SEEDS[0]), asked[:200], seed=200)
         for rows in few}
near = [relative_distance(group) for group in made]
stolen = {len(rows): relative_distance(fewer[len(rows)], rows) for rows in few}
thief = min(stolen)

# %% [markdown]
# ## Verdict
#
# The [intervals](glossary.md#interval) draw anew trainings (the thief has one), made pictures and held-out ones (and with these the limit). The *spike*: 5 % of the made pictures are replaced by disguised training pictures; does the test see so few?

# %% [markdown] slide="Verdict"

# %% slide="+" shows="1"
real_right = 100.0 * (judge.predict(pixels[held_out]) == labels[held_out])
agreement = [100.0 * (judge.predict(group) == asked) for group in made]
spike = np.concatenate(list(disguised.values()))
n_spikes = len(asked) // 20
spiked = [np.append(group[n_spikes:], np.random.default_rng(i).choice(spike, n_spikes))
          for i, group in enumerate(near)]
features = [judges.features(judge, group) for group in made]
estimates = {
    "class_agreement": judges.against_real(judges.mean_difference, agreement, real_right, run.seed),
    "kernel_distance": judges.distance_below(features, seen_by["mixture"], held, seed=run.seed),
    "near_copies": judges.share_of_copies(near, real, run.seed),
    "control_copies": judges.share_of_copies([stolen[thief]], real, run.seed),
    "altered_copies": {kind: judges.share_of_copies([each], real, run.seed)
                       for kind, each in disguised.items()},
    "spiked": judges.share_of_copies(spiked, real, run.seed)}
verdict = claim.judge(estimates, run.profile)
answers = dict(zip(predicted, [estimates["class_agreement"], estimates["near_copies"],
                               estimates["control_copies"], verdict.word], strict=True))
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# "None" is more than we tested: we tested for fewer than 3 in 100, and would miss turned copies. And the word holds for *this* kind of model: 640,000 weights, 2,000 digits of 28 × 28 pixels, 6,000 steps. Three trainings say little about a fourth.
#
# Two more instruments, not judged. Is a made picture nearer to the 2,000 training digits than to the 2,000 others? By chance half are. More is a trace of learning, not yet copies; the mixture has one, too. And a *detective*, a network like the judge, learns to tell made from real pictures. Does it do better than your eyes?

# %% [markdown] slide="What does the word mean, and what not?" ask=6

# %%
others = np.concatenate([held_out, spare])
nearer = [100.0 * (judges.cosine_distances(group, pixels[train]).min(axis=1)
                   < judges.cosine_distances(group, pixels[others]).min(axis=1))
          for group in (*made, drawn)]
detective = judges.make_judge(pixels.shape[1], 2, settings.judge_steps, run.seed, run.device)
half = len(spare) // 2
known = np.concatenate([made[0][:half], made[1][:half], pixels[spare]])
detective.fit(known, np.repeat([1, 0], [len(known) - len(spare), len(spare)]))
found = [100.0 * (detective.predict(made[2]) == 1),
         100.0 * (detective.predict(pixels[held_out]) == 0)]
rows = {"nearer to training digits: made": resampling.two_level_bootstrap(nearer[:3], run.seed),
        "nearer to training digits: mixture": resampling.bootstrap(nearer[3], seed=run.seed),
        "the detective: made pictures recognised": resampling.bootstrap(found[0], seed=run.seed),
        "the detective: real pictures recognised": resampling.bootstrap(found[1], seed=run.seed)}
pd.Series({name: each.text("%") for name, each in rows.items()}, name="found").to_frame()

# %% [markdown]
# <details><summary>What does it mean if the detective is often right, while the judge is satisfied?</summary>"Looks real" depends on who looks. The judge looks for digits; the detective for traces of the generator, such as a texture that no pen leaves. Whoever looks for forged pictures builds a detective.</details>
#
# ## Why? When does it copy?
#
# The same network, the same number of steps; only the number of training pictures differs, and with it how often each is seen. From how many pictures on does it make something of its own?

# %% [markdown] slide="When does it copy?" ask=5
# Only the number of training pictures differs. **When does it begin to make something of its own, and why?**

# %% tags=["readme-picture"] slide="+"
groups = {len(rows): (rows, fewer[len(rows)], [stolen[len(rows)]]) for rows in few}
groups[len(train)] = train, made[0], near
points = [diffusion_figures.Copying(n, judges.share_of_copies(each, real, run.seed),
                                    *judges.with_nearest(group, pixels[rows], pixels[train]))
          for n, (rows, group, each) in groups.items()]
plots.show(*diffusion_figures.copying(points, claim.test("near_copies").margin))

# %% [markdown]
# <details><summary>Why does it stop copying?</summary>With few pictures the shortest way to a small loss is to know them by heart. With many, each is seen less often, and what they have in common is probably cheaper to learn. So it depends on how many pictures there were, or how often each was seen: we changed both at once.</details>
#
# The ten made pictures with the *smallest* relative distance, each above its nearest training digit. Where would you say "copy"?

# %% [markdown] slide="The ten nearest, each above its training digit" ask=3
# **Where would you say “copy”?** What would a test like this one overlook?

# %% slide="+" shows="1"
everything, all_near = np.concatenate(made), np.concatenate(near)
nearest = np.argsort(all_near)[:10]
_, which = judges.relative_distance(everything[nearest], pixels[train], pixels[train])
titles = [f"{each:.2f}" for each in all_near[nearest]] + [""] * 10
plots.show(plots.gallery([*everything[nearest], *pixels[train][which]], titles),
           "The ten made digits nearest to a training digit, above that digit.")
print(f"near-copies: {(all_near < limit).sum()} of {len(all_near):,}, below {limit:.2f}; "
      f"the median of real digits is {np.median(real):.2f}")

# %% [markdown]
# **A good place to stop.** You have a verdict, and you know what it hangs on.

# %% [markdown]
# ## What it is in the world
#
# Most programs that paint from text run this loop. Three things are added: a *text encoder* in place of the class; a [VAE](glossary.md#vae) (a network that presses a picture into a small one and unfolds it, [a lab](labs/4_gan_vae.ipynb)), so that the loop runs on small "latent" pictures (Rombach and others 2022); and size. The network of the first Stable Diffusion had 860 million weights, 1,300 times ours, and learned from hundreds of millions of pictures.

# %% [markdown] slide="What it is in the world" ask=2
# The same loop, with a text encoder, small “latent” pictures, and size. **Does *it* copy? What would you need in order to measure that?**

# %% slide="+"
plots.show(*diffusion_figures.text_to_image())

# %% [markdown]
# Does *it* copy? Asked 500 times for each of the 350,000 pictures that stood most often in its training data, it gave back about a hundred of them (Carlini and others 2023). For **artists** a copy is only half of the question; a style is no copy, and courts are deciding what training may use. **Hospitals** would like to share made patients in place of real ones: [is that private?](labs/4_privacy.ipynb)
#
# ## Your turn
#
# Make your own thief, in plain diffusers code. Put about ten drawings or photographs (PNG or JPEG) into a folder `my_pictures` beside this notebook. (Without it, ten digits.) Then change things: 40 pictures? A quarter of the steps? Where does copying begin? Half a minute.

# %%
from pathlib import Path

from diffusers import UNet2DModel
from PIL import Image
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

files = sorted(Path("my_pictures").glob("*.[pj][np]*g"))
mine = [np.asarray(Image.open(file).convert("L").resize((28, 28))) / 255 for file in files]
mine = torch.tensor(np.array(mine or pixels[train[:10], 0]), dtype=torch.float32)[:, None]
x = pixel_unshuffle(2 * mine - 1, 2)  # patches (n, 4, 14, 14), from −1 to 1
torch.manual_seed(run.seed)
network = UNet2DModel(sample_size=14, in_channels=4, out_channels=4, layers_per_block=1,
                      block_out_channels=(32, 64), norm_num_groups=8, add_attention=False,
                      down_block_types=["DownBlock2D"] * 2, up_block_types=["UpBlock2D"] * 2)
optimizer = torch.optim.AdamW(network.parameters(), lr=0.003)
rate = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, settings.steps)

# %%
for _ in range(settings.steps):
    t, noise = torch.randint(1_000, (len(x),)), torch.randn_like(x)
    loss = ((network(library.add_noise(x, noise, t), t).sample - x) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rate.step()
new = torch.randn((10, *x.shape[1:]))
with torch.no_grad():
    for t in library.timesteps:
        new = library.step(network.eval()(new, t).sample.clamp(-1, 1), t, new).prev_sample
both = [diffusion.to_brightness(pixel_shuffle(each, 2)) for each in (new, x)]
_, which = judges.relative_distance(*both, both[1])
plots.show(plots.gallery([*both[0], *both[1][which]]),
           "Ten made pictures, and below each the nearest of your own.")

# %% [markdown]
# The whole lesson runs on your pictures, too: one folder for each class, `COURSE_IMAGES=folder course run 4`; it then trains all six generators anew, which takes an hour.

# %% [markdown] slide="Where to go on"
# **Your turn:** make your own thief from about ten drawings. Where does copying begin?
#
# **Labs**, 45 minutes each, by their question:
#
# - Do GANs and VAEs make better pictures than a classic model?
# - Does synthetic data keep people's privacy?
# - Does augmentation help?
# - Does generated content make a stereotype stronger?
# - Why did it make this picture?

# %% [markdown]
# ## Recap
#
# 1. A **diffusion model** learns to guess the clean picture behind noise. Its loop mixes guess and noise again and again, with less noise each time.
# 2. **Real** has two sides: a judge that has learned from other, real pictures recognises each; and the group is like real ones (kernel distance). A detective may still see the difference.
# 3. **New** is measured against the *training* pictures, with held-out ones as the ruler, by a test that has caught a thief.
# 4. It **copies** when it sees few pictures often.

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)

# %% [markdown]
# **Labs**, 45 minutes each:
#
# - [Do GANs and VAEs make better pictures than a classic model?](labs/4_gan_vae.ipynb)
# - [Does synthetic data keep people's privacy?](labs/4_privacy.ipynb)
# - [Does augmentation help?](labs/4_augment.ipynb)
# - [Does generated content make a stereotype stronger?](labs/4_stereotype.ipynb)
# - [Why did it make this picture?](labs/4_why.ipynb)
#
# **The end of the course.** Four claims, one way to ask: fix in advance what would count as evidence, measure beside a baseline, give an interval. `course report` sets everything that you measured side by side.
