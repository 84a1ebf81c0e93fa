# %% [markdown]
# # Lab 2 · Do more layers help?
#
# **The claim.** Many hidden layers let a network find fine and tangled patterns.
#
# *Source: "Deep Learning vs. Machine Learning: What's the Difference?" (a university's IT blog), section "Deep Neural Networks (DNNs)".*
#
# This lab goes on from [lesson 2](../2_deep_cnn.ipynb): you need its [convolution](../glossary.md#convolution), its training loop and its [folds](../glossary.md#fold). It runs on its own: it trains new, smaller networks, on few of the lesson's digits. Allow 40 minutes.
#
# **Why this matters.** "Our model has 200 [layers](../glossary.md#layer)" sounds impressive. Layers cost time, and time costs money. What does a further layer buy?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm.auto import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import canvases
from course_utils.data import pictures as images
from course_utils.exercises.lab_2_depth import exercises
from course_utils.models import convolutional, costs, networks
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# Everything is [seeded](../glossary.md#seed), and all sizes stand in one cell.

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
# The lesson's digits as they were published: 8 × 8 pixels, in the middle. And few of them. Our first version of this test trained on all pictures, and it was no good: the shallowest network was right in 98 of 100, so there was nothing to gain. A test may be mended, but in the open: [margin](../glossary.md#margin) and metric stayed, and the [ledger](../glossary.md#ledger) says what changed.

# %%
pictures = images.load_digits()
pixels, labels, n_classes = pictures.pixels, pictures.labels, len(pictures.classes)
folds = canvases.folds(labels, settings.folds, run.seed)  # (train, validation, test) of each
seeds = [int(seed) for seed in np.random.SeedSequence(run.seed).generate_state(settings.folds)]
train, _, test = folds[0]
baseline = 100 * np.mean(labels[test] == np.bincount(labels[train]).argmax())
print(f"{len(test)} test pictures a fold; the most frequent class: {baseline:.1f} % right")

# %% [markdown]
# ## What depth is for: to see more
#
# One number of the first feature map comes from 3 × 3 pixels. One number of the second comes from 3 × 3 numbers of the first. How many pixels has it seen? That is its **receptive field**. Draw it on squared paper first: mark one square of the second map, the nine of the first, then all pixels below those.
#
# **Exercise 2_depth.1** Write `sees(n)`: how many pixels wide is the receptive field after `n` convolutions of 3 × 3 in a row (no [pooling](../glossary.md#pooling), no steps of two)?

# %% exercise="2_depth.1"
sees = ...
### BEGIN SOLUTION
def sees(n):
    return 1 + 2 * n
### END SOLUTION

# %% check="2_depth.1"
exercises.check("2_depth.1", sees)

# %% [markdown]
# <details><summary>How many convolutions until one number has seen the whole width of 8 pixels?</summary>
#
# Four: they see 9 pixels; three see 7. So on pictures as small as these, three layers already see nearly all. Whatever further layers bring here, it is not a wider view. On a photo of 1,000 pixels that is another matter.
#
# </details>

# %% [markdown]
# ## The shortcut
#
# A slope travels from the [loss](../glossary.md#loss) back to the first [weights](../glossary.md#weight), through every layer, and each can weaken or distort it. A **[residual block](../glossary.md#residual-block)** has a shortcut (He and others 2016). Its two convolutions, called `body`, do not make the new maps. They make what is *added* to the old ones. Only then comes the [ReLU](../glossary.md#relu), which sets negative numbers to zero. So a block that learns nothing lets its input through.
#
# **Exercise 2_depth.2** Write what a residual block does. `x` holds feature maps (B, C, H, W), and `body(x)` gives maps of the same shape. Use `torch.relu`.

# %% exercise="2_depth.2"
residual = ...
### BEGIN SOLUTION
def residual(x, body):
    return torch.relu(x + body(x))
### END SOLUTION

# %% check="2_depth.2"
exercises.check("2_depth.2", residual)

# %% [markdown]
# ## Equal size, other depth
#
# A deeper network with layers as wide has more weights. If it wins, was it depth or size? So all get the same budget of [parameters](../glossary.md#parameter): depth is paid for with width. `convolutional.make_cnn` is the lesson's network, here in one group, without pooling; `widest` finds the largest width within the budget.


# %%
def make_deep(n_blocks, shortcut, seed):
    """An untrained network of one convolution and so many blocks of two."""
    def make(channels):
        return convolutional.make_cnn(1, n_classes, seed, channels, (n_blocks,), shortcut)
    return convolutional.widest(make, settings.parameters)

# %% [markdown]
# Depth, width and size:

# %%
rows = {}
for n_blocks in settings.blocks:
    network = make_deep(n_blocks, True, seed=0)
    rows[2 * n_blocks + 1] = [network[0].out_channels, convolutional.count_parameters(network)]
sizes = pd.DataFrame(rows, ["maps a layer", "parameters"]).T.rename_axis("convolutions in a row")
sizes

# %% [markdown]
# ## The claim, as it will be judged
#
# The deepest network must beat the shallowest one by more than a [point](../glossary.md#percentage-point), with shortcuts *and* without ("plain").

# %%
claim = ledger.get("dl-depth")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses: how many points [accuracy](../glossary.md#accuracy) does the deepest gain over the shallowest, plain and residual? And the word?

# %%
predicted = {
    "gain of depth, plain (points)": 1,
    "gain of depth, residual (points)": 3,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# One network: it learns from the first pictures of its fold's training part and is tested on the whole test part. We keep the loss of each step, too. (Batches of 64 pictures, and the lesson's [learning rate](../glossary.md#learning-rate).)


# %%
def batch_loss(model, images, labels):
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


def learn(n_blocks, shortcut, i):
    """Losses, and accuracy in % on the pictures learned from and on the test part, in fold i."""
    train, _, test = folds[i]
    rows, network = train[: settings.train_pictures], make_deep(n_blocks, shortcut, seeds[i])
    model = networks.NetworkClassifier(
        network, batch_loss, settings.steps, weight_decay=0.1, seed=seeds[i], device=run.device
    ).fit(pixels[rows], labels[rows])
    return model.history_.losses, [100 * model.score(pixels[p], labels[p]) for p in (rows, test)]

# %% [markdown]
# Three depths, plain and residual, in each fold. Less than a minute.

# %%
kinds = {"plain": False, "residual": True}
losses, scores = {}, {}  # by (kind, convolutions): (folds, steps) and (folds, 2)
for n_blocks in tqdm(settings.blocks, desc="depth", unit="depth"):
    for kind, shortcut in kinds.items():
        found = [learn(n_blocks, shortcut, i) for i in range(settings.folds)]
        losses[kind, 2 * n_blocks + 1] = np.array([each for each, _ in found])
        scores[kind, 2 * n_blocks + 1] = np.array([each for _, each in found])

# %% [markdown]
# Accuracy on the test part, with the [intervals](../glossary.md#interval) of lesson 1. (Their formula expects networks that learn from their whole training parts, which overlap. Ours learn from a tenth of them, so the intervals are rather too wide than too narrow.)


# %%
def interval(values):
    """Mean over folds with its corrected 95 % interval (lesson 1)."""
    return intervals.corrected_resampled_t(values, len(test) / (len(test) + len(train)))


depths = list(sizes.index)
points = {kind: {n: interval(scores[kind, n][:, 1]) for n in depths} for kind in kinds}
fig, ax = plots.curves(points, baseline)
ax.set(xlabel="convolutions in a row", ylabel="accuracy (%)", ylim=(0, 100))
numbers = {f"{kind}, {n}": points[kind][n] for kind in points for n in depths}
plots.show(fig, "Accuracy against depth, with and without residual connections.", numbers)

# %% [markdown]
# ## Verdict

# %%
gains = {kind: interval(scores[kind, depths[-1]][:, 1] - scores[kind, depths[0]][:, 1])
         for kind in kinds}
verdict = claim.judge({"gain": gains}, run.profile)
verdict

# %% [markdown]
# Beside your prediction:

# %%
answers = {f"gain of depth, {kind} (points)": gains[kind] for kind in kinds}
answers["verdict"] = verdict.word
results.beside(predicted, answers)

# %% [markdown]
# ## Why?
#
# Is it the learning that fails, or what was learned? The training loss of the shallowest and the deepest networks (mean over the folds, and over ten steps at a time):

# %%
fig, ax = plt.subplots()
block = min(10, settings.steps)
curves = {f"{kind}, {n} convolutions": losses[kind, n].mean(axis=0).reshape(-1, block).mean(axis=1)
          for kind in kinds for n in (depths[0], depths[-1])}
steps = block * np.arange(1, settings.steps // block + 1)
for k, (name, curve) in enumerate(curves.items()):
    ax.plot(steps, curve, label=name, markevery=4, **plots.line_style(k))
ax.set(xlabel="step", ylabel="training loss (nats per picture)", yscale="log")
ax.legend()
plots.show(fig, "Training loss of shallow and deep networks, plain and residual.",
           pd.DataFrame(curves, steps).round(4))

# %% [markdown]
# And the accuracy on the pictures that each network learned from, beside that on the test part. A network with (nearly) 100 % on the left has learned all that it was shown; what is missing on the right, it has not understood ([overfitting](../glossary.md#overfitting)). Less on the left means that it had not finished learning.

# %%
rows = {key: values.mean(axis=0) for key, values in scores.items()}
learned = pd.DataFrame(rows, ["learned from (%)", "test (%)"]).T.rename_axis(["", "convolutions"])
learned.round(1)

# %% [markdown]
# Which of the two holds for the deepest plain network, and what does the shortcut change?

# %%
said = {}
for kind in kinds:
    (on_learned, on_test), last = learned.loc[kind].loc[depths[-1]], losses[kind, depths[-1]][:, -1]
    said[kind] = (f"{depths[-1]} convolutions, {kind}: a last loss of {last.mean():.3f}, "
                  f"{on_learned:.1f} % of those learned from, {on_test:.1f} % of the test part.")
shallow = learned.loc["residual"].loc[depths[0]].iloc[1]
text_view.folded(
    "The answer, with this run's numbers",
    " ".join(said.values()) + " The shortcut is the only difference between the two: where its "
    "loss is lower, it made the learning easier. Where it still stays below the shallowest "
    f"network's {shallow:.1f} % of the test part, easier learning was not enough: narrow layers "
    "and few pictures remain.",
)

# %% [markdown]
# ## What this lab adds to lesson 2
#
# - Depth widens what a network sees. These small pictures are seen whole by three or four layers, so **this test cannot find what depth is famous for**. Its verdict holds for [networks](../glossary.md#cnn) of at most 9,500 parameters, paid for with width, on about a hundred small pictures, with one learning rate for all. Deep networks became famous with millions of pictures of things that are harder to tell apart.
# - Plain against residual is the cleaner comparison: same layers, same number of weights, and the one difference is `x + body(x)`.
# - Whoever says "deeper is better" has to say: at which cost, and compared with what.
#
# Back to [lesson 2](../2_deep_cnn.ipynb).

# %% [markdown]
# Your verdict and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
