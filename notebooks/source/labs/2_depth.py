# %% [markdown]
# # Lab 2 · Do more layers help?
#
# **The claim.** Many hidden layers let a network find fine and tangled patterns.
#
# *Source: "Deep Learning vs. Machine Learning: What's the Difference?" (a university's IT blog), section "Deep Neural Networks (DNNs)".*
#
# This lab goes on from [lesson 2](../2_deep_cnn.ipynb): you need its [convolution](../glossary.md#convolution), its training loop and its [folds](../glossary.md#fold). It runs on its own: it trains new, smaller networks, on few of the lesson's digits. Allow 40 minutes.
#
# **Why this matters.** "Our model has 200 [layers](../glossary.md#layer)" sounds impressive. What does a further layer buy, when the network may not grow?

# %%
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import display
from torch import nn
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import canvases
from course_utils.data import pictures as images
from course_utils.exercises.lab_2_depth import exercises
from course_utils.models import convolutional, costs, networks
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# Everything is [seeded](../glossary.md#seed), and all sizes stand in one cell. `use_one_core` keeps the arithmetic on one core, so that nothing hangs on how many yours has.

# %%
run = start("2_depth")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    blocks=(1, 3, 7),  # blocks of two convolutions, one network each
    parameters=9_500,  # at most, in each network: half of the lesson's CNN
    train_pictures=115,  # of about 1,150 that there are
    steps=200,  # how often the weights are changed
    folds=5,
)

# %% [markdown]
# ## Data
#
# The lesson's digits as they were published: 8 × 8 pixels, the digit in the middle. (The lesson's canvas of 16 × 16 has four times the pixels, and each convolution takes four times the work. Where a digit stands is not today's question.) And few of them. Our first version of this test trained on all pictures, and it was no good: the shallowest network was right in 98 of 100, so there was hardly anything to gain. A test may be mended, but in the open: [margin](../glossary.md#margin) and metric stayed, and the [ledger](../glossary.md#ledger)'s file says what changed.

# %%
pictures = images.load_digits()
pixels, labels, n_classes = pictures.pixels, pictures.labels, len(pictures.classes)
folds = canvases.folds(labels, settings.folds, run.seed)  # (train, validation, test) of each
seeds = [int(seed) for seed in np.random.SeedSequence(run.seed).generate_state(settings.folds)]
train, _, test = folds[0]
baseline = 100 * np.mean(labels[test] == np.bincount(labels[train]).argmax())
print(f"{len(test)} test pictures a fold; the most frequent class: {baseline:.1f} % right")
first = [rows[: settings.train_pictures] for rows, _, _ in folds]  # what each fold learns from
shared = np.mean([len(np.intersect1d(*pair)) for pair in combinations(first, 2)])
print(f"two folds share {shared:.0f} of the {len(first[0])} pictures that they learn from (mean)")

# %% [markdown]
# ## One thing that depth is for: to see more
#
# One number of the first feature map comes from 3 × 3 pixels. One number of the second comes from 3 × 3 numbers of the first. How many pixels has it seen? That is its **receptive field**. (A sketch on squared paper helps.)
#
# **Exercise 2_depth.1** Write `sees(n)`: how many pixels wide is the receptive field after `n` convolutions of 3 × 3 in a row (no [pooling](../glossary.md#pooling), no steps of two)? (`exercises.hint("2_depth.1")` in a new cell gives a nudge.)

# %% exercise="2_depth.1"
sees = ...
### BEGIN SOLUTION
def sees(n):
    return 1 + 2 * n
### END SOLUTION

# %% check="2_depth.1"
exercises.check("2_depth.1", sees)

# %% [markdown]
# <details><summary>The pictures are 8 pixels wide. How many convolutions until one number has seen the whole width?</summary>
#
# Four, in the middle: three see 7 pixels, four see 9. A number at the edge looks out of the picture on one side, and needs seven. So of the networks below only the one with 3 convolutions sees less, number for number; with 7 and 15 every number sees the whole width. As a whole, each network has all of the picture: it averages whole maps at its end.
#
# </details>

# %% [markdown]
# ## The shortcut
#
# Plain deep networks are harder to train; why is debated. Yet a further block need not do harm: it could simply copy its input. A **[residual block](../glossary.md#residual-block)** has a shortcut for that (He and others 2016). Its two convolutions, called `body`, do not make the new maps. They make what is *added* to the old ones. Only then comes the [ReLU](../glossary.md#relu), which sets negative numbers to zero. So where `body` gives zero, the block lets its input through: a ReLU made it, so it has no negative numbers.
#
# **Exercise 2_depth.2** Write `residual(x, body)`, what a residual block does. `x` holds feature maps (B, C, H, W), and `body(x)` gives maps of the same shape. Use `torch.relu`.

# %% exercise="2_depth.2"
residual = ...
### BEGIN SOLUTION
def residual(x, body):
    return torch.relu(x + body(x))
### END SOLUTION

# %% check="2_depth.2"
exercises.check("2_depth.2", residual)

# %% [markdown]
# ## Nearly equal size, other depth
#
# A deeper network with layers as wide has more weights. If it wins, was it depth or size? So all get the same budget of [parameters](../glossary.md#parameter): depth is paid for with width. `convolutional.make_cnn` is the lesson's network, here without pooling between its blocks. It normalises after each convolution and averages each map at the end. Each of its blocks calls the function that we pass on: `plain`, or `shortcut`, the same as yours above. `widest` finds the largest width within the budget.


# %%
def plain(x, body):
    return torch.relu(body(x))


def shortcut(x, body):
    return torch.relu(x + body(x))


kinds = {"plain": plain, "residual": shortcut}


def make_deep(n_blocks, connect, seed):
    """An untrained network of one convolution and so many blocks of two."""
    def make(channels):
        return convolutional.make_cnn(1, n_classes, seed, channels, (n_blocks,), connect)
    return convolutional.widest(make, settings.parameters)

# %% [markdown]
# Depth, width and size. One convolution, then two in each block: `2 * n_blocks + 1` in a row. (It looks like exercise 1, but there pixels were counted.)

# %%
rows = {}
for n_blocks in settings.blocks:
    network = make_deep(n_blocks, plain, seed=0)  # the shortcut has no parameters
    rows[2 * n_blocks + 1] = [network[0].out_channels, convolutional.count_parameters(network)]
sizes = pd.DataFrame(rows, ["maps a layer", "parameters"]).T.rename_axis("convolutions in a row")
apart = 100 * (1 - sizes["parameters"].min() / sizes["parameters"].max())
print(f"the smallest network has {apart:.0f} % fewer parameters than the largest")
sizes

# %% [markdown]
# ## The claim, as it will be judged
#
# The deepest network must beat the shallowest one by more than a [point](../glossary.md#percentage-point), with shortcuts *and* without ("plain"). The sizes differ by what was printed above, at most.

# %%
claim = ledger.get("dl-depth")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses: how many points [accuracy](../glossary.md#accuracy) does the deepest gain over the shallowest, plain and residual? (With a minus, if it loses.) And the [verdict](../glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "gain of depth, plain (points)": 2,
    "gain of depth, residual (points)": 3,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# One network: it learns from the first pictures of its fold's training part and is tested on the whole test part. We keep the loss of each step, too. (Batches of 64 pictures, and the lesson's [learning rate](../glossary.md#learning-rate) and weight decay: each step also pulls every weight a little towards zero.)


# %%
def batch_loss(model, images, labels):
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


def learn(n_blocks, connect, i):
    """Losses, and accuracy in % on the pictures learned from and on the test part, in fold i."""
    network, test = make_deep(n_blocks, connect, seeds[i]), folds[i][2]
    model = networks.NetworkClassifier(
        network, batch_loss, settings.steps, weight_decay=0.1, seed=seeds[i], device=run.device
    ).fit(pixels[first[i]], labels[first[i]])
    right = [100 * model.score(pixels[rows], labels[rows]) for rows in (first[i], test)]
    return model.history_.losses, right

# %% [markdown]
# Three depths, plain and residual, in each fold. Less than a minute.

# %%
losses, scores = {}, {}  # by (kind, convolutions): (folds, steps) and (folds, 2)
for n_blocks in tqdm(settings.blocks, desc="depth", unit="depth"):
    for kind, connect in kinds.items():
        found = [learn(n_blocks, connect, i) for i in range(settings.folds)]
        losses[kind, 2 * n_blocks + 1] = np.array([each for each, _ in found])
        scores[kind, 2 * n_blocks + 1] = np.array([each for _, each in found])

# %% [markdown]
# Accuracy on the test part, with the [intervals](../glossary.md#interval) of lesson 1. Here they should be too wide rather than too narrow.
#
# <details><summary>Why too wide?</summary>
#
# Their formula allows for training parts that overlap, as those of a cross-validation do. The few pictures that ours learn from are drawn anew in each fold, and overlap as little as was printed at the top.
#
# </details>


# %%
def interval(values):
    """Mean over folds with its corrected 95 % interval (lesson 1)."""
    return intervals.corrected_resampled_t(values, len(test) / (len(test) + len(train)))


def told(estimate):
    """What an interval says about 0."""
    if estimate.low <= 0 <= estimate.high:
        return "not clearly better or worse"
    near = min(abs(estimate.low), abs(estimate.high)) < 0.1 * (estimate.high - estimate.low)
    return ("only just " if near else "") + ("better" if estimate.low > 0 else "worse")


depths = list(sizes.index)
deepest = depths[-1]
points = {kind: {n: interval(scores[kind, n][:, 1]) for n in depths} for kind in kinds}
fig, ax = plots.curves(points, baseline)
ax.set(xlabel="convolutions in a row", ylabel="accuracy (%)", ylim=(0, 100))
numbers = {f"{kind}, {n}": points[kind][n] for kind in points for n in depths}
plots.show(fig, "Accuracy against depth, with and without residual connections.", numbers)

# %% [markdown]
# ## Verdict
#
# First by the ledger, then beside your prediction.

# %%
gains = {kind: interval(scores[kind, deepest][:, 1] - scores[kind, depths[0]][:, 1])
         for kind in kinds}
verdict = claim.judge({"gain": gains}, run.profile)
answers = {f"gain of depth, {kind} (points)": gains[kind] for kind in kinds}
answers["verdict"] = verdict.word
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# ## Why?
#
# Is it the learning that fails, or what was learned? Below is the training loss of the shallowest and the deepest networks, plain and residual (mean over the folds, and over ten steps at a time). **Which curve ends highest? Does that network fail to learn, or to understand? Write one sentence, then look.**

# %%
fig, ax = plt.subplots()
block = min(10, settings.steps)
curves = {f"{kind}, {n} convolutions": losses[kind, n].mean(axis=0).reshape(-1, block).mean(axis=1)
          for kind in kinds for n in (depths[0], deepest)}
steps = block * np.arange(1, settings.steps // block + 1)
for k, (name, curve) in enumerate(curves.items()):
    ax.plot(steps, curve, label=name, markevery=4, **plots.line_style(k))
ax.set(xlabel="step", ylabel="training loss (nats per picture)", yscale="log")
ax.legend()
plots.show(fig, "Training loss of shallow and deep networks, plain and residual.",
           pd.DataFrame(curves, steps).round(4))

# %% [markdown]
# And the accuracy on the pictures that each network learned from, beside that on the test part. What is missing on the left was not even learned: the network had not finished, or is too small. What is lost from left to right was learned, but did not carry over to new pictures ([overfitting](../glossary.md#overfitting)).

# %%
rows = {(kind, n): scores[kind, n].mean(axis=0).round(1) for kind in kinds for n in depths}
learned = pd.DataFrame(rows, ["learned from (%)", "test (%)"]).T.rename_axis(["", "convolutions"])
learned["lost (points)"] = (learned["learned from (%)"] - learned["test (%)"]).round(1)
learned

# %% [markdown]
# What does the shortcut alone change? Same layers, as many parameters, same folds, so we take the difference fold by fold. (The ledger has no margin for it: it is shown, not judged.)

# %%
alone = interval(scores["residual", deepest][:, 1] - scores["plain", deepest][:, 1])
known, _, lost = learned.loc[("plain", deepest)]
known_residual, _, lost_residual = learned.loc[("residual", deepest)]
finished = known == 100
why = "had learned all its pictures" if finished else f"had not finished ({known:.1f} %)"
if not finished and known_residual > known:
    doubt = (f"'Too small' is unlikely: the residual one has as many weights, and reaches "
             f"{known_residual:.1f} %. More steps would test 'not finished'. ")
else:
    doubt = "" if finished else "Or it is too small; more steps would help to tell. "
last = {kind: losses[kind, deepest][:, -block:].mean(axis=1) for kind in kinds}  # (folds,)
lower = (last["residual"] < last["plain"]).sum()
text_view.folded(
    "The answer, with this run's numbers",
    f"On new pictures the deepest plain network loses {lost:.1f} points (the residual one "
    f"{lost_residual:.1f}) of what it knew. It {why}. {doubt}\n\nThe shortcut ends training lower "
    f"in {lower} of {settings.folds} folds ({last['residual'].mean():.3f} on the mean, plain "
    f"{last['plain'].mean():.3f}). On new pictures the shortcut is {told(alone)}: "
    f"{alone.text('points')}. Depth with the shortcut is {told(gains['residual'])}.",
)

# %% [markdown]
# ## What this lab adds to lesson 2

# %%
maps = sizes["maps a layer"]
print(f"{depths[0]} convolutions: {maps[depths[0]]} maps a layer; {deepest}: {maps[deepest]} maps.")
print(f"Verdict on this trade, within {settings.parameters:,} parameters: {verdict.word}")
print(f"The deepest plain network had {'' if finished else 'not '}finished learning.")
print(*(f"Gain of depth, {kind}: {gains[kind].text('points')}" for kind in kinds), sep="\n")
print(f"Residual minus plain, {deepest} convolutions: {alone.text('points')}")

# %% [markdown]
# - Depth and width changed together: the verdict is on this trade, not on depth alone. It holds for small [networks](../glossary.md#cnn) on about a hundred small pictures, with one learning rate and as many steps for all.
# - Depth widens what one number has seen. On pictures of 8 pixels that ends after seven layers: beyond them **a wider view cannot help here**, and other uses of depth were hardly tested. Deep networks became famous with millions of pictures of things that are harder to tell apart.
# - Plain against residual is the cleaner comparison: same layers, same number of weights, and the one difference is `x + body(x)`.
# - Whoever says "deeper is better" has to say: compared with what, and what was given up for it.
#
# Back to [lesson 2](../2_deep_cnn.ipynb).

# %% [markdown]
# Your verdict and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
