# %% [markdown]
# # Lesson 2 · Deep CNN
#
# **Who finds the features in a picture, a person or the network?**
#
# "Deep networks find useful features by themselves, so making them by hand matters less." So says "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing". In this lesson you put that to the test.
#
# Your phone finds a face wherever it is in the photo. For decades engineers wrote rules for that: find the eyes, cut out the face, bring it to the same size. Then, so the story goes, deep learning made all this work unnecessary. Did it?
#
# Allow two and a half hours, in three sittings. You need Python and lesson 1.

# %% [markdown]
# ## What you will learn
#
# When you have finished, you can say
#
# 1. what a **[feature](glossary.md#feature)** is, and how to tell who made it;
# 2. what a **[convolution](glossary.md#convolution)** is, and how to compute one by hand;
# 3. how a network is **trained**, step by step, in a loop that you have written yourself;
# 4. what a network may know **before** it has seen a single picture, and by which other ways that knowledge can enter;
# 5. how to do all this with **pictures of your own**.

# %%
from itertools import chain, pairwise

import numpy as np
import pandas as pd
import torch
from IPython.display import display
from matplotlib import pyplot as plt
from skimage.feature import hog
from sklearn import ensemble, model_selection, svm
from torch import nn
from tqdm import tqdm

from course_utils.claims import ledger, resampling
from course_utils.data import canvases, chosen
from course_utils.data.canvases import place
from course_utils.exercises.lesson_2 import exercises
from course_utils.models import costs, networks, training
from course_utils.report import results
from course_utils.run import start
from course_utils.show import network_figures, plots

# %% [markdown]
# As in lesson 1, `start` [seeds](glossary.md#seed) all chance and says what to expect. The sizes stand here once; each comes back where it is used.

# %%
run = start("2_deep_cnn")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    side=16,  # pixels that pictures of your own get
    folds=5,  # each with its own places and initial weights
    steps=250,  # how often a network's weights are changed
    batch_size=64,  # pictures looked at in one step
    learning_rate=0.01,  # how far a step moves the weights, at most
    weight_decay=0.1,  # how strongly large weights are held back
    trees=100,  # in the random forest
    places=8,  # of each picture, in the last experiment
)

# %% [markdown]
# ## Data: digits, and the work that is hidden in them
#
# 1,797 handwritten digits of 13 people, which come with scikit-learn (`datasets/digits.md` says more). A picture is an array: channels × height × width, 0 is black, 1 is white. Grey pictures have one channel. With `COURSE_IMAGES=folder` the lesson runs on *your own* pictures, one folder a class.

# %%
found = chosen.chosen_pictures(run, settings.side)
pixels, labels = found.pixels, found.labels  # (n, C, H, W) and (n,)
n_channels, side, n_classes = pixels.shape[1], pixels.shape[2], len(found.classes)

# %% [markdown]
# No scanner makes pictures like these (first row below). Programs cut the digits out, brought them to one size, put them in the middle, and counted the black points in each small square: that is where the 8 × 8 numbers come from. This is **feature extraction**: work of people, before any model has seen a pixel. A feature is any number computed from the raw data that makes the task easier.
#
# We cannot undo all of that work. But one piece we can: `place` puts every digit at a random place of a canvas twice as wide (second row). You read them as easily as before. Do the models?

# %%
large = 2 * side
shown = [np.flatnonzero(labels == k)[0] for k in range(min(n_classes, 10))]  # one of each class
rows = [*pixels[shown], *place(pixels[shown], large, run.seed)]
plots.show(plots.gallery(rows, columns=len(shown)),
           "One picture of each class as published, and at random places of a larger canvas.")

# %% [markdown]
# As in lesson 1, each picture is in the test part of exactly one [fold](glossary.md#fold). Of the others a fifth is the **[validation](glossary.md#validation)** part: choices are made there, never on the test part. `canvases.folds` gives row numbers, with each class in every part. Each fold has a seed of its own, for its places and its networks.

# %%
folds = canvases.folds(labels, settings.folds, run.seed, found.is_test)
seeds = [int(seed) for seed in np.random.SeedSequence(run.seed).generate_state(settings.folds)]
train, validation, test = folds[0]
print(f"fold 0: {len(train)} pictures to train, {len(validation)} to choose, {len(test)} to test")

# %% [markdown]
# ## A baseline, and a surprise
#
# A classic model first. An **SVM** ([support vector machine](glossary.md#support-vector-machine)) compares a new picture with training pictures, pixel by pixel, and lets those vote that lie near the border between two classes. (`C` says how much it costs when a training picture lies on the wrong side.) And the [baseline](glossary.md#baseline), which says the most frequent class to every picture. On the validation part of one fold:

# %%
baseline = 100 * np.mean(labels[validation] == np.bincount(labels[train]).argmax())
print(f"most frequent class: {baseline:.0f} % right")
for size in (side, large):
    flat = place(pixels, size, seeds[0]).reshape(len(pixels), -1)  # (n, C * size * size)
    model = svm.SVC(C=10).fit(flat[train], labels[train])
    print(f"SVM, {size} × {size}: {100 * model.score(flat[validation], labels[validation]):.0f} %")

# %% [markdown]
# <details><summary>The digits are the same. Why does the SVM fall so far?</summary>
#
# It compares pixel by pixel. A 3 at another place shares hardly any pixel with the 3s that the SVM has seen; it may share more with a 5 that happens to stand there. That a moved 3 is still a 3, nobody told it.
#
# </details>
#
# ## Features made by hand
#
# What would a person do? **Re-centre**: find the box around the ink, and put it back into the middle. It says in a few lines what a person knows: *where a digit stands does not matter*. This undoes *exactly* what `place` did. No real problem is so kind: take it as the best that a person could hope for.
#
# The second feature was made for photos. **[HOG](glossary.md#hog)** (Dalal and Triggs 2005) found pedestrians for years: cut the canvas into cells, and measure in each how strong the edges of each direction are. It describes strokes instead of pixels, but still cell by cell. (Its inventors *slid* it over the photo, window by window. Remember that: a network is about to do the same.)


# %%
def recentre(canvas):
    """The box around all ink, moved to the middle: (C, H, W) to (C, side, side)."""
    ink = canvas.max(axis=0) > 0  # (H, W)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    out = np.zeros((len(canvas), side, side), dtype=canvas.dtype)
    if len(rows) == 0:
        return out  # an empty picture has no box
    box = canvas[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    top, left = (side - box.shape[1]) // 2, (side - box.shape[2]) // 2
    out[:, top : top + box.shape[1], left : left + box.shape[2]] = box
    return out


def hog_of(canvas):
    """Edge directions in each cell of a canvas (C, H, W), as one row of numbers."""
    cell = max(side // 4, 2)  # a quarter of the published width
    return hog(canvas, 8, (cell, cell), cells_per_block=(2, 2), channel_axis=0)

# %% [markdown]
# **A good place to stop.** You have seen what a feature is, and that a classic model on raw pixels is lost without one. Next comes the network's side.

# %% [markdown]
# ## Convolution, by hand
#
# A **convolution** slides a small window of weights, the *kernel*, over the picture. At each place it multiplies the weights with the pixels below, and adds up. That is all. (Mathematicians turn the kernel round first; deep learning does not.)


# %%
def convolve(picture, kernel):
    """Slide a (k, k) kernel over an (H, W) picture: (H - k + 1, W - k + 1)."""
    k = len(kernel)
    height, width = picture.shape[0] - k + 1, picture.shape[1] - k + 1
    out = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            window = picture[row : row + k, column : column + k]
            out[row, column] = np.sum(window * kernel)
    return out

# %% [markdown]
# **Exercise 2.1 By hand.** Slide the kernel over the picture, with pencil and paper. Which number stands in the *lower left* of what comes out?
#
# | picture | | | | kernel | |
# |---|---|---|---|---|---|
# | 1 | 0 | 2 | | 1 | 2 |
# | 3 | 2 | 1 | | 0 | −1 |
# | 5 | 1 | 0 | | | |

# %% exercise="2.1"
answer_2_1 = ...
### BEGIN SOLUTION
answer_2_1 = 3 * 1 + 2 * 2 + 5 * 0 + 1 * (-1)
### END SOLUTION

# %% check="2.1"
exercises.check("2.1", answer_2_1)

# %% [markdown]
# What can a kernel find? This one asks "does it get brighter from left to right?". What comes out is called a **[feature map](glossary.md#feature-map)**: orange is positive (the left edge of a stroke), blue negative (a right edge). torch's `nn.Conv2d` must give the same; before we trust either, we check. (torch wants picture × channel × height × width, so `[None, None]` adds two axes.)

# %%
canvas = place(pixels[shown[:1]], large, seeds[0])[0]
left_to_right = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype=np.float32)
grey = canvas.mean(axis=0)  # (H, W)
edges = convolve(grey, left_to_right)
layer = nn.Conv2d(in_channels=1, out_channels=1, kernel_size=3, bias=False)
layer.weight.data[0, 0] = torch.from_numpy(left_to_right)  # (out, in, k, k)
by_torch = layer(torch.from_numpy(grey)[None, None])[0, 0].detach().numpy()
assert np.allclose(by_torch, edges, atol=1e-5)
fig = plots.gallery([grey, left_to_right, edges], ["picture", "kernel", "feature map"],
                    signed=[False, True, True], width=1.8)
plots.show(fig, "A digit, a three by three kernel, and the feature map with left and right edges.")

# %% [markdown]
# <details><summary>Which kernel asks "does it get brighter from top to bottom?"</summary>
#
# The same one, lying: a row of −1, a row of 0, a row of 1. Its weights add up to 0, so on an even area it says nothing.
#
# </details>
#
# Two things are remarkable. The kernel has **nine [weights](glossary.md#weight)**, however large the picture is. And when the digit moves, its map moves along. So take two more steps: a *[ReLU](glossary.md#relu)* sets negative numbers to zero, and then comes the **mean of the map over all places**. It says *how much* of this edge there is, not *where*. We move the digit by three pixels (with room on all sides):

# %%
padded = np.pad(grey, 4)
moved = np.roll(padded, (3, 3), axis=(0, 1))
one, other = (np.maximum(convolve(p, left_to_right), 0).mean() for p in (padded, moved))
print(f"mean of the map: {one:.6f}, after the move: {other:.6f}")
assert np.isclose(one, other)

# %% [markdown]
# The place is gone, without any training.
#
# A real *[layer](glossary.md#layer)* has several maps going in and several coming out. Each map that comes out has a kernel of its own, with one window for each map that goes in; everything is added up, and one more number, the *[bias](glossary.md#bias)*. So `nn.Conv2d(8, 16, 3)` has 16 × (8 × 9 + 1) weights.
#
# **Exercise 2.2 Your network.** Build one with `nn.Sequential(...)`, in this order: a convolution of 3 × 3 from 1 channel to 8 maps, a ReLU, `nn.MaxPool2d(2)` (of each 2 × 2 numbers the largest stays: *[pooling](glossary.md#pooling)*), a convolution of 3 × 3 from 8 to 16 maps, a ReLU, the mean over all places (`nn.AdaptiveAvgPool2d(1)`), `nn.Flatten()`, and `nn.Linear` from the 16 means to 10 scores, one a class.

# %% exercise="2.2"
my_network = ...
### BEGIN SOLUTION
my_network = nn.Sequential(
    nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    nn.Linear(16, 10),
)
### END SOLUTION

# %% check="2.2"
exercises.check("2.2", my_network)

# %% [markdown]
# ## The lesson's CNN
#
# A **[CNN](glossary.md#cnn)** (*convolutional* neural network) stacks such layers. The first sees 3 × 3 pixels, the next 3 × 3 numbers of the first, so 5 × 5 pixels, and so on: its *receptive field* grows. Ours is deeper than yours, and deep stacks need two helps. A *[batch norm](glossary.md#batch-norm)* brings every map to a common scale (it brings a bias of its own). And in a *[residual block](glossary.md#residual-block)* two convolutions only make what is *added* to their input: `x + y` (He and others 2016). `padding=1` adds a border of zeros, so that maps keep their size.


# %%
def convolution(n_in, n_out):
    """A 3 × 3 convolution that keeps height and width, and its batch norm."""
    return nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out)


class Block(nn.Module):
    """Two convolutions; their output is added to the input."""

    def __init__(self, channels):
        super().__init__()
        first, second = convolution(channels, channels), convolution(channels, channels)
        self.body = nn.Sequential(*first, nn.ReLU(), *second)

    def forward(self, x):  # (B, C, H, W)
        y = self.body(x)  # (B, C, H, W)
        return torch.relu(x + y)  # (B, C, H, W)

# %% [markdown]
# The whole: one convolution, then four blocks with pooling in between, the mean, and the scores. The seed fixes the initial random weights.


# %%
def make_cnn(seed, channels=16):
    """An untrained CNN: (B, C, H, W) pixels to (B, n_classes) scores."""
    torch.manual_seed(seed)
    layers = [*convolution(n_channels, channels), nn.ReLU(), Block(channels), nn.MaxPool2d(2)]
    layers += [Block(channels), Block(channels), nn.MaxPool2d(2), Block(channels)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, n_classes)]
    return nn.Sequential(*layers, *head).to(memory_format=torch.channels_last)


cnn = make_cnn(seeds[0]).to(run.device)
plots.show(*network_figures.layers(cnn, (n_channels, large, large)))

# %% [markdown]
# ## How a network learns
#
# It sees a few pictures (a **[batch](glossary.md#batch)**) and gives each class a score. *[Softmax](glossary.md#softmax)* turns scores into probabilities: each score *s* becomes *eˢ*, then all are divided by their sum. One number, the **[loss](glossary.md#loss)**, says how wrong that was. Here it is the *[cross-entropy](glossary.md#cross-entropy)*: minus the natural logarithm of the probability of the right class, averaged over the batch. (Its unit is the *[nat](glossary.md#nat)*.) Whoever gives ten classes the same probability has a loss of ln 10 = 2.3.
#
# The loss depends on every weight. Below we turn a single one, in the first layer, and leave the others. The **slope** says where to go: downhill. torch works on *[tensors](glossary.md#tensor)*, arrays that can live on a graphics card, and `backward` finds the slopes of *all* weights at once: from the loss back through the layers, each step by the chain rule.


# %%
def batch_loss(model, images, labels):
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


tensors = torch.from_numpy(place(pixels, large, seeds[0])).to(run.device)
all_labels = torch.from_numpy(labels).to(run.device)
weight, batch = cnn[0].weight, train[:64]
batch_loss(cnn, tensors[batch], all_labels[batch]).backward()
steepest = np.unravel_index(weight.grad.abs().argmax().item(), weight.shape)
here, slope = weight[steepest].item(), weight.grad[steepest].item()
values, curve = np.linspace(here - 1, here + 1, 41), []
for value in [*values, here]:  # the last one puts it back
    weight.data[steepest] = value
    curve.append(batch_loss(cnn, tensors[batch], all_labels[batch]).item())
exercises.given("2.3", batch_loss=batch_loss)  # what the check computes with
plots.show(*network_figures.slope(values, curve[:-1], here, curve[-1], slope))

# %% [markdown]
# **Exercise 2.3 Gradient descent.** Write `descend(model, images, labels, steps, rate)`. In each of `steps` steps:
#
# 1. forget the old slopes: `model.zero_grad()`;
# 2. compute `batch_loss(model, images, labels)`, on all pictures at once;
# 3. find the slopes: call the loss's `.backward()`;
# 4. move every weight against its slope. Inside `with torch.no_grad():`, loop over `model.parameters()`: each `w` loses `rate` times `w.grad`. Use `w -= …`, which changes it in place.
#
# Nothing from `torch.optim`; the function returns nothing.

# %% exercise="2.3"
descend = ...
### BEGIN SOLUTION
def descend(model, images, labels, steps, rate):
    for _ in range(steps):
        model.zero_grad()
        batch_loss(model, images, labels).backward()
        with torch.no_grad():
            for w in model.parameters():
                w -= rate * w.grad
### END SOLUTION

# %% check="2.3"
exercises.check("2.3", descend)

# %% [markdown]
# The loop below does the same, with three refinements. It takes **batches** of 64 pictures; one pass over all of them is an *[epoch](glossary.md#epoch)*. Its *[optimizer](glossary.md#optimizer)*, AdamW, divides each step by the usual size of that weight's slope, so that all weights move about equally far. And the *[learning rate](glossary.md#learning-rate)* rises over the first tenth of the steps, then falls to 0.


# %%
def train_loop(model, images, labels, steps, seed, look=lambda: None):
    """Train for a fixed number of steps; the loss at each step."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=settings.weight_decay)
    batches = training.batches(len(images), settings.batch_size, seed)  # row numbers, without end
    losses = []
    for step in range(steps):
        look()
        model.train()  # batch norm uses the batch's own scale
        warm_up, cool_down = min(1, 10 * (step + 1) / steps), 1 - step / steps
        optimizer.param_groups[0]["lr"] = settings.learning_rate * warm_up * cool_down
        rows = next(batches)
        loss = batch_loss(model, images[rows], labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()  # batch norm uses the average scale that it has seen
    return losses

# %% [markdown]
# A low loss on the *training* pictures proves nothing; a network can learn them by heart (*[overfitting](glossary.md#overfitting)*). So `look` measures the loss on the validation part before every step. We train for 100 steps.

# %%
cnn, seen = make_cnn(seeds[0]).to(run.device), []


@torch.no_grad()  # no slopes are needed
def look():
    cnn.eval()
    seen.append(batch_loss(cnn, tensors[validation], all_labels[validation]).item())


short = min(settings.steps, 100)
losses = train_loop(cnn, tensors[train], all_labels[train], short, seeds[0], look)
fig, ax = plt.subplots(figsize=(7.5, 3))
ax.plot(losses, label="training (one batch)", color=plots.COLOURS[0])
ax.plot(seen, "--", label="validation", color=plots.COLOURS[1])
ax.axhline(np.log(n_classes), color=plots.GREY, linestyle=":", label="all classes the same")
ax.set(xlabel="step", ylabel="loss (nats per picture)", ylim=(0, 5))
ax.legend()
plots.show(fig, "Training and validation loss of the CNN, beside that of not choosing a class.",
           pd.DataFrame({"training": losses, "validation": seen}).iloc[::10].round(3))

# %% [markdown]
# <details><summary>Why does the training loss begin <em>above</em> ln 10?</summary>
#
# An untrained network is not undecided. It gives some class a high probability at random, is mostly wrong, and pays for it.
#
# </details>
#
# <details><summary>How many epochs are 100 steps?</summary>
#
# 100 steps of 64 pictures are 6,400 looks. Divide by the number of training pictures that fold 0 printed above.
#
# </details>

# %% [markdown]
# **A good place to stop.** You have built a network, and written the loop that trains it. What is left is the experiment.

# %% [markdown]
# ## The claim, as it will be judged
#
# The article says "deep networks", not which kind. So two kinds stand trial. Beside the CNN an **[MLP](glossary.md#mlp)**, the plain network of lesson 1: every [neuron](glossary.md#neuron) of its first layer sees every pixel, and nobody tells it which are neighbours. It has two chances: deep (10 layers) or wide (3 layers), both with more [parameters](glossary.md#parameter) than the CNN.
#
# Both on raw pixels of the large canvas, both by the same tests: clearly better than every classic model on raw pixels, and at most 2 [points](glossary.md#percentage-point) behind the best features made by hand. (That second test once asked for *level within 2 points*, which would have counted against a network that is better. It was mended in the open; the [ledger](glossary.md#ledger) says when and why.)

# %%
claim, mlp_claim = ledger.get("dl-features"), ledger.get("dl-features-mlp")
display(claim, mlp_claim)

# %% [markdown]
# **Your prediction**, in place of our guesses: [accuracy](glossary.md#accuracy) (%) on the large canvas of the best classic model on raw pixels, the best MLP, and the CNN. And both verdicts: `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {"best classic, accuracy (%)": 90, "best MLP, accuracy (%)": 95,
             "CNN, accuracy (%)": 95, "verdict, CNN": "supported", "verdict, MLP": "supported"}

# %% [markdown]
# ## Experiment
#
# A contestant is called an *[arm](glossary.md#arm)*. Arms form groups; the member that is best on the validation part will be judged. `networks.NetworkClassifier` gives a network the `fit` and `predict` of scikit-learn; inside works `training.fit`, the loop's tested twin, which can also save *[checkpoints](glossary.md#checkpoint)*. (We tried a few values of `C`, rate and decay on fold 0's validation part. Those pictures are test pictures of other folds, so a little has leaked; and the MLPs inherit what suited the CNN.)


# %%
def make_mlp(seed, size, n_layers, width):
    """An untrained MLP: (B, C, size, size) pixels to (B, n_classes) scores."""
    torch.manual_seed(seed)
    sizes = [n_channels * size**2] + [width] * (n_layers - 1)
    hidden = [[nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()] for a, b in pairwise(sizes)]
    return nn.Sequential(nn.Flatten(), *chain(*hidden), nn.Linear(width, n_classes))

# %% [markdown]
# What each arm is, and what it sees of a canvas:


# %%
GROUPS = {"best classic": ["SVM", "random forest"], "best MLP": ["MLP, deep", "MLP, wide"],
          "best hand-made": ["re-centred → SVM", "HOG → SVM"]}


def make_arms(size, seed):
    """For each arm its untrained model, and what turns a canvas into its input."""
    knobs = ("steps", "batch_size", "learning_rate", "weight_decay")
    how = {knob: getattr(settings, knob) for knob in knobs} | {"seed": seed, "device": run.device}
    nets = {"MLP, deep": make_mlp(seed, size, 10, 64), "MLP, wide": make_mlp(seed, size, 3, 256),
            "CNN": make_cnn(seed)}
    forest = ensemble.RandomForestClassifier(settings.trees, random_state=seed)
    return {
        "SVM": (svm.SVC(C=10), np.ravel), "random forest": (forest, np.ravel),
        "re-centred → SVM": (svm.SVC(C=10), lambda canvas: recentre(canvas).ravel()),
        "HOG → SVM": (svm.SVC(C=10), hog_of),
    } | {arm: (networks.NetworkClassifier(net, batch_loss, **how), np.asarray)
         for arm, net in nets.items()}

# %% [markdown]
# One fold on one canvas: train all, score them on the validation part, and note which test pictures each gets right. First the published size, then the large canvas. About a minute.


# %%
def run_fold(size, i):
    """Which arm and group is right on each test picture of fold i; and the models by arm."""
    train, validation, test = folds[i]
    placed, models, scores, right = place(pixels, size, seeds[i]), {}, {}, {}
    for arm, (model, sees) in make_arms(size, seeds[i]).items():
        inputs = np.array([sees(canvas) for canvas in placed])
        models[arm] = model.fit(inputs[train], labels[train])
        scores[arm] = model.score(inputs[validation], labels[validation])
        right[arm] = model.predict(inputs[test]) == labels[test]
    for group, members in GROUPS.items():
        right[group] = right[max(members, key=scores.get)]
    return pd.DataFrame(right, index=test), models


done = {}  # by canvas and fold
for size in (side, large):
    for i in tqdm(range(settings.folds), desc=f"{size} × {size}", unit="fold"):
        done[size, i] = run_fold(size, i)

# %% [markdown]
# All arms on both canvases. (The [intervals](glossary.md#interval) draw anew what came by chance, on two levels: folds with replacement, and in each of them its pictures. The middle 95 % of 2,000 such draws are a *two-level [bootstrap](glossary.md#bootstrap)*. With five folds it is somewhat too narrow, whatever the number of pictures.) Whose accuracy depended on the work that people had done? And which of the two hand-made features says that the *place* does not matter?

# %% tags=["readme-picture"]
def measured(size, arm, rival=None):
    """Accuracy in %, or how many points it is above a rival's, on the same pictures."""
    right = [done[size, i][0].astype(float) for i in range(settings.folds)]
    values = [100 * (r[arm] - (r[rival] if rival else 0)) for r in right]
    return resampling.two_level_bootstrap(values, seed=run.seed)


fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True)
numbers = {}
for ax, size in zip(axes, (side, large), strict=True):
    arms = {arm: measured(size, arm) for arm in done[size, 0][1]}
    plots.forest(ax, arms)
    ax.axvline(baseline, color=plots.GREY, linestyle=":")
    ax.set(title=f"canvas {size} × {size}", xlabel="accuracy (%)", xlim=(0, 102))
    numbers |= {f"{size} × {size}, {arm}": estimate for arm, estimate in arms.items()}
plots.show(fig, "Accuracy of seven arms on two canvases; dotted: the baseline.", numbers)

# %% [markdown]
# <details><summary>Both answers</summary>
#
# The SVM's, the forest's and the MLPs': each had its own weight or rule for each place. Re-centring says that the place does not matter. HOG does not: it describes cell by cell, and a moved digit has its edges in other cells.
#
# </details>
#
# ## Verdict
#
# All arms saw the same test pictures, so we compare picture by picture: +100 where only the network is right, −100 where only its rival is, 0 otherwise.

# %%
verdicts = []
for each, name, arm in ((claim, "cnn", "CNN"), (mlp_claim, "mlp", "best MLP")):
    estimates = {f"{name}_against_raw": measured(large, arm, "best classic"),
                 f"{name}_against_handmade": measured(large, arm, "best hand-made")}
    verdicts.append(each.judge(estimates, run.profile))
judged = ("best classic", "best MLP", "CNN")
answers = {f"{arm}, accuracy (%)": measured(large, arm) for arm in judged}
answers |= {f"verdict, {arm}": v.word for arm, v in zip(("CNN", "MLP"), verdicts, strict=True)}
display(*verdicts, results.beside(predicted, answers))

# %% [markdown]
# ## Why?
#
# **Move a digit.** We slide test pictures of fold 0 along the diagonal of the canvas, and ask the SVM and the CNN at each place.

# %%
models, test = done[large, 0][1], folds[0][2]
steps = np.linspace(0, large - side, 7).astype(int)  # pixels from the upper left corner
strip, titles = [], []
three = [test[labels[test] == k][0] for k in np.unique(labels)[:3]]
for picture in pixels[three]:
    for step in steps:
        rest = large - side - step
        strip.append(np.pad(picture, ((0, 0), (step, rest), (step, rest))))
        flat, whole = strip[-1].reshape(1, -1), strip[-1][None]
        said = models["SVM"].predict(flat)[0], models["CNN"].predict(whole)[0]
        titles.append("SVM: {}\nCNN: {}".format(*(found.classes[k] for k in said)))
truths = [found.classes[k] for k in labels[three]]
exercises.given("2.4", pixels=pixels, labels=labels, place=place, size=large)
plots.show(plots.gallery(strip, titles, columns=len(steps)),
           "Pictures along the diagonal, and what two models call them.",
           pd.DataFrame(np.reshape(titles, (len(three), -1)), truths, steps))

# %% [markdown]
# **What the CNN knew before.** Whoever invented it knew that *where a thing stands does not change what it is*, and built it in: windows that are the same everywhere, and a mean over all places. It is the knowledge of `recentre`, in another form. (Not perfectly: near a border a canvas cuts something off, and pooling looks at fixed pairs of places, so a move by one pixel changes a little. Training does the rest.)
#
# The SVM had nobody to tell it. Could *examples* tell it?
#
# **Exercise 2.4 More from less.** Making new training pictures from old ones is called **[augmentation](glossary.md#augmentation)**. A colleague wants four pictures of every digit, each at another place:
#
# ```python
# many = np.concatenate([place(pixels, large, seed) for seed in range(4)])
# many_labels = np.tile(labels, 4)
# # ... then splits `many` into training and test, and reports a wonderful accuracy
# ```
#
# Find the [leak](glossary.md#leak). Then write `honest_sets(pixels, labels, train, test)`, where `train` and `test` are row numbers. It returns `train_pixels, train_labels, test_pixels, test_labels`: the training pictures at four places (all with seed 0, then all with seed 1, 2 and 3) with their [labels](glossary.md#label), and the test pictures once (seed 100) with theirs, all on canvases of the size `large`.

# %% exercise="2.4"
honest_sets = ...
### BEGIN SOLUTION
def honest_sets(pixels, labels, train, test):
    many = np.concatenate([place(pixels[train], large, seed) for seed in range(4)])
    return many, np.tile(labels[train], 4), place(pixels[test], large, 100), labels[test]
### END SOLUTION

# %% check="2.4"
exercises.check("2.4", honest_sets)

# %% [markdown]
# Now the SVM learns from every training picture at several places, in each fold. The same knowledge, by three ways:

# %%
right = []
for (train, _, test), seed in zip(tqdm(folds, desc="many places", unit="fold"), seeds, strict=True):
    many = np.concatenate([place(pixels[train], large, seed=k) for k in range(settings.places)])
    model = svm.SVC(C=10).fit(many.reshape(len(many), -1), np.tile(labels[train], settings.places))
    asked = place(pixels, large, seed)[test].reshape(len(test), -1)  # as in the experiment
    right.append(100.0 * (model.predict(asked) == labels[test]))
ways = {"nothing: SVM, raw pixels": measured(large, "SVM"),
        "a feature: re-centred → SVM": measured(large, "re-centred → SVM"),
        "an architecture: CNN, raw pixels": measured(large, "CNN"),
        f"examples: SVM, {settings.places} places": resampling.two_level_bootstrap(right, run.seed)}
pd.Series({way: estimate.text("%") for way, estimate in ways.items()}, name="accuracy").to_frame()

# %% [markdown]
# **That is the lesson's point.** That a digit may stand anywhere is knowledge, and somebody has to bring it: as a feature, as an architecture, or as examples at many places. The CNN "found its features by itself" only after a person had built that knowledge in. A way without it this lesson does not show. (The SVM with many places saw several times as many pictures; the pictures were free, for we knew how to make them.)
#
# **Exercise 2.5 Shuffled pixels.** Draw one random order of the pixels, and put the pixels of *every* picture, training and test, into this order. Then train anew. Which of these would do clearly worse than before? Answer with a set of names from `"SVM"`, `"random forest"`, `"MLP"`, `"CNN"`.

# %% exercise="2.5"
answer_2_5 = ...
### BEGIN SOLUTION
answer_2_5 = {"CNN"}
### END SOLUTION

# %% check="2.5"
exercises.check("2.5", answer_2_5)

# %% [markdown]
# ## Your turn
#
# The same with pictures of your own, in plain torch and PIL. Make a folder with one folder a class in it, 20 pictures or more in each, and put its path below. (Until then the cell writes some of the lesson's pictures to a folder.) Do two things that *you* can tell apart: cups and glasses, your two cats.

# %%
from pathlib import Path

from PIL import Image

my_folder = None  # yours: Path("my_pictures")
if my_folder is None:
    my_folder = Path(run.out) / "example_pictures"
    for row in np.concatenate([np.flatnonzero(labels == k)[:20] for k in range(min(n_classes, 3))]):
        (my_folder / str(labels[row])).mkdir(parents=True, exist_ok=True)
        picture = np.uint8(255 * pixels[row].mean(axis=0))  # grey
        Image.fromarray(picture).save(my_folder / str(labels[row]) / f"{row}.png")

files = [path for path in sorted(my_folder.glob("*/*")) if path.suffix.lower() in (".png", ".jpg")]
names = sorted({path.parent.name for path in files})
images = [np.asarray(Image.open(path).convert("L").resize((32, 32))) / 255 for path in files]
X = torch.tensor(np.array(images), dtype=torch.float32)[:, None]  # (n, 1, 32, 32)
y = torch.tensor([names.index(path.parent.name) for path in files])

# %% [markdown]
# A quarter is kept for the test. Then a small network, the loop, and the baseline beside the score. With few pictures one run says little: change `random_state`, and see how far the score moves.

# %%
fit_rows, test_rows = model_selection.train_test_split(range(len(y)), stratify=y, random_state=0)
mine = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1),
    nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, len(names)),
)
optimizer, rng = torch.optim.AdamW(mine.parameters(), lr=0.01), np.random.default_rng(0)
for _ in range(100):
    rows = rng.choice(fit_rows, 32)
    loss = nn.functional.cross_entropy(mine(X[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
share = (mine(X[test_rows]).argmax(dim=1) == y[test_rows]).float().mean().item()
most = y[test_rows].bincount().max().item() / len(test_rows)
print(f"{100 * share:.0f} % of {len(test_rows)} right (most frequent class: {100 * most:.0f} %)")
torch.save(mine.state_dict(), my_folder.parent / "my_network.pt")  # its weights, for later

# %% [markdown]
# ## Recap
#
# 1. A **feature** is a number computed from the raw data that makes the task easier. To tell who made it, undo it and see whose accuracy falls.
# 2. A **convolution** slides one small window of weights over the whole picture. Few weights, and when the picture moves, its map moves along.
# 3. A network is **trained** by a loop: forget the slopes, compute the loss, find each weight's slope, move all weights a little.
# 4. **Before training** a network knows what its architecture knows. The same knowledge can enter as a feature or as examples. From the same pictures, neither depth nor width alone found it.
# 5. **Your own pictures** take a folder, PIL, and thirty lines of torch.
#
# All this holds for small pictures and networks of some 10,000 to 100,000 weights.

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)

# %% [markdown]
# **Labs**, each a further question to this lesson:
#
# - [Does deep learning need a great deal of data?](labs/2_data.ipynb)
# - [Do more layers help?](labs/2_depth.ipynb)
# - [Can we see why a network decides as it does?](labs/2_black_box.ipynb)
#
# **Next.** A convolution carries knowledge about pictures. What would carry knowledge about *language*? Lesson 3 builds a small [language model](glossary.md#language-model) from nothing, and asks what [fine-tuning](glossary.md#fine-tuning) is worth.
