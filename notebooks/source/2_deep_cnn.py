# %% [markdown]
# # Lesson 2 · Deep CNN
#
# **The claim.** Deep networks find useful features by themselves, so making them by hand matters less.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing".*
#
# **Why this matters.** Your phone finds a face wherever it is in the photo. For decades engineers wrote rules for that: find the eyes, cut out the face, bring it to the same size. Then, so the story goes, deep learning came and made all this work unnecessary. In lesson 1 people had chosen and measured every column. In this lesson we hand over raw pixels and ask: **who finds the features, a person or the network?**

# %% [markdown]
# ## What you will learn
#
# When you have finished, you can say
#
# 1. what a **feature** is, and how to tell who made it;
# 2. what a **convolution** is, and compute one by hand;
# 3. how a network is **trained**, step by step, in a loop that you have read line by line;
# 4. what a network may know **before** it has seen a single picture;
# 5. when more **data** and more **depth** help, and when a small classic model is enough;
# 6. how to check a picture that claims to show **where the network looked**.
#
# You need Python and lesson 1's ideas: baseline, fold, interval, verdict. **torch** is the library for neural networks; **scikit-image** has image features that people designed.

# %%
import shutil
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from scipy import stats
from skimage.feature import hog
from sklearn import base, ensemble, linear_model, model_selection, svm
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from tqdm.auto import tqdm

from course_utils import cards, claims, images, plots, results, runtime, statistics, tabular, training
from course_utils.exercises.lesson_2 import exercises

# %%
run = runtime.start(
    "2_deep_cnn", expected={"cpu (2 cores)": "4 min, 0.9 GB", "cuda": "not measured yet"}
)
runtime.use_one_core()  # as in lesson 1: nobody wins by using more cores
plots.use_style()

# %% [markdown]
# ## The claim, as it will be judged
#
# Two tests. The network on raw pixels must clearly beat every classic model on raw pixels; and it must come out level with the best features made by hand. The second row is a test of *equivalence*: the interval must lie **within** ± 2 points.

# %%
claim = claims.get("dl-features")
claim

# %% [markdown]
# The article says "deep networks", not which kind. So two deep networks stand trial. A **CNN** (*convolutional* neural network) is made for pictures. A deep **MLP** is the plain network of lesson 1 with more layers. The MLP gets the same tests with the same margins.

# %%
mlp_claim = claims.get("dl-features-mlp")
mlp_claim

# %% [markdown]
# ## Predict
#
# The pictures are handwritten digits, 0 to 9. First as they were published: each digit in the middle of its picture. Then each digit is moved to a random place on a larger, empty canvas. Nothing else changes; you would read them as easily as before. Write down what you expect on the **large canvas**:
#
# - accuracy (%) of the best classic model on raw pixels, of the deep MLP, and of the CNN;
# - both verdicts: `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted_accuracy = {"best classic": 90, "MLP": 95, "CNN": 95}  # %
predicted_verdict = "supported"
predicted_mlp_verdict = "supported"

# %% [markdown]
# ## Settings
#
# All sizes in one place; each comes back where it is used. Networks train for a fixed number of *steps*, not of seconds, so that you get the same numbers twice.

# %%
settings = {
    "pictures": run.pick(smoke=240, laptop=None, full=None),  # how many to use; None: all
    "full_train": 5_000,  # pictures drawn from a downloaded set, to learn from
    "full_test": 1_000,  # and to test on
    "folds": run.pick(smoke=2, laptop=5, full=5),  # each with its own places and first weights
    "trees": run.pick(smoke=10, laptop=100, full=300),  # in the random forest
    "channels": run.pick(smoke=8, laptop=16, full=48),  # feature maps a layer of the CNN
    "cnn_steps": run.pick(smoke=4, laptop=400, full=3_000),
    "mlp_steps": run.pick(smoke=4, laptop=800, full=3_000),
    "batch_size": 64,  # pictures a step
    "learning_rate": 0.01,
    "weight_decay": 0.01,  # how strongly large weights are held back
    "curve_shares": (1 / 32, 1 / 10, 1 / 3, 1),  # of the training pictures
    "depth_pairs": (1, 3, 7),  # pairs of convolutions in "does depth help?"
    "depth_folds": run.pick(smoke=2, laptop=3, full=5),
    "explained": run.pick(smoke=3, laptop=60, full=100),  # pictures a network has to explain
}

# %% [markdown]
# ## Data
#
# The UCI digits come with scikit-learn: 1,797 real scans from 13 people. Where they come from, and what they must not be used for, stands in `datasets/digits.md`. (With `COURSE_IMAGES=folder` the whole lesson runs on *your own* pictures instead, one folder a class; the README says how.)
#
# Every picture is an array of numbers: channels × height × width. Grey pictures have one channel, colour pictures three. 0 is black, 1 is white.

# %%
wanted = images.wanted(run.profile)
pictures = images.load(wanted, settings["full_train"], settings["full_test"], seed=run.seed)
print(pictures.report or f"{pictures.source.title}: {len(pictures.labels)} pictures")
shuffled = np.random.default_rng(run.seed).permutation(len(pictures.labels))
chosen_rows = shuffled[: settings["pictures"]]
pixels, labels = pictures.pixels[chosen_rows], pictures.labels[chosen_rows]
n_pictures, n_channels, side = pixels.shape[:3]
n_classes = len(pictures.classes)
print(f"{n_pictures} pictures of {n_channels} × {side} × {side} pixels in {n_classes} classes")

# %%
examples = [np.flatnonzero(labels == k)[0] for k in range(n_classes)][:10]  # one of each class
names = [pictures.classes[labels[i]] for i in examples]
plots.show(plots.gallery(pixels[examples], names), "One picture of each class, as published.")

# %% [markdown]
# Look how well-behaved they are: every digit fills its picture and stands in the middle. No scanner does that. People cut the digits out, brought them to one size and centred them. That is **feature extraction**: work done by people, before any model has seen a pixel. A **feature** is any number computed from the raw data that makes the task easier.
#
# Now we take this work away: every digit goes to a random place on an empty canvas.


# %%
def place(pixels, size, seed):
    """Each picture at a random place of an empty canvas: (n, C, h, w) to (n, C, size, size)."""
    rng = np.random.default_rng(seed)
    n, channels, height, width = pixels.shape
    canvas = np.zeros((n, channels, size, size), dtype=np.float32)
    tops = rng.integers(0, size - height + 1, n)
    lefts = rng.integers(0, size - width + 1, n)
    for i, (top, left) in enumerate(zip(tops, lefts, strict=True)):
        canvas[i, :, top : top + height, left : left + width] = pixels[i]
    return canvas

# %% [markdown]
# Three sizes: as published (nothing can move), one and a half times as wide, and twice as wide. The pixels of the digit itself are untouched. You can still read each of them. Remember that when the models cannot.

# %%
sizes = (side, side * 3 // 2, side * 2)
rows = [canvas for size in sizes for canvas in place(pixels[examples[:8]], size, seed=run.seed)]
titles = [f"{size} × {size}" for size in sizes for _ in examples[:8]]
plots.show(plots.gallery(rows, titles, columns=len(examples[:8])),
           "The same digits on canvases of three sizes, at random places on the two larger ones.")

# %% [markdown]
# ### Folds
#
# As in lesson 1, each fold is the test once while the others train. Of the training rows a fifth is set aside as a **validation** part: every choice (which model, which setting) is made there, so the test part is touched only once. Each fold also gets its own random places and its own random first weights: five folds are five seeds, and the interval over them contains all three kinds of chance.


# %%
def make_folds():
    """(train, validation, test) rows; a source with its own test part keeps it in every fold."""
    cutter = model_selection.StratifiedKFold(settings["folds"], shuffle=True, random_state=run.seed)
    folds = []
    for i, (rest, test) in enumerate(cutter.split(pixels, labels)):
        if pictures.is_test is not None:
            is_test = pictures.is_test[chosen_rows]
            rest, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
        split = {"test_size": 0.2, "stratify": labels[rest], "random_state": run.seed + i}
        folds.append((*model_selection.train_test_split(rest, **split), test))
    return folds


folds = make_folds()
n_train, n_validation, n_test = (len(rows) for rows in folds[0])
print(f"a fold trains on {n_train}, chooses on {n_validation} and tests on {n_test} pictures")

# %% [markdown]
# The corrected interval of lesson 1 needs the share of tested rows among those trained and tested on. The **baseline** says the most frequent class to every picture.

# %%
test_share = n_test / (n_train + n_test)


def interval(values):
    """Mean over folds with its corrected 95 % interval (lesson 1)."""
    return statistics.corrected_resampled_t(values, test_share)


train, validation, test = folds[0]
most_frequent = np.bincount(labels[train]).argmax()
baseline = 100 * np.mean(labels[test] == most_frequent)
print(f"baseline: {baseline:.1f} % right")

# %% [markdown]
# ## Features made by hand
#
# What would a person do about digits that move? Two ideas, each a few lines.
#
# **Re-centring.** Find the box around the ink, cut it out, put it in the middle. One line of human knowledge: *where a digit stands does not matter*.


# %%
def recentre(canvas):
    """The box around everything that is not black, moved to the middle: (C, H, W) to (C, side, side)."""
    ink = canvas.max(axis=0) > 0  # (H, W)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    out = np.zeros((len(canvas), side, side), dtype=canvas.dtype)
    if len(rows) == 0:
        return out  # an empty picture has no box
    box = canvas[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    top, left = (side - box.shape[1]) // 2, (side - box.shape[2]) // 2
    out[:, top : top + box.shape[1], left : left + box.shape[2]] = box
    return out

# %% [markdown]
# **HOG** (*histogram of oriented gradients*, Dalal and Triggs 2005) was for years what computers saw pedestrians with. Cut the picture into small cells; in each cell count how much edge there is in each of eight directions. It describes strokes instead of pixels. The library computes it.


# %%
def hog_features(canvas):
    """Edge directions in cells of a quarter of a picture's width: (C, H, W) to (n_features,)."""
    cell = max(side // 4, 2)
    layout = {"pixels_per_cell": (cell, cell), "cells_per_block": (1, 1)}
    return hog(canvas, orientations=8, channel_axis=0, **layout)


canvas = place(pixels[examples[:1]], sizes[-1], seed=run.seed)[0]
_, picture = hog(canvas, orientations=8, pixels_per_cell=(2, 2), cells_per_block=(1, 1),
                 channel_axis=0, visualize=True)
shown = [canvas, recentre(canvas), picture[None] / picture.max()]
plots.show(plots.gallery(shown, ["canvas", "re-centred", "HOG"]),
           "A digit on its canvas, the same re-centred, and the directions of its edges.")

# %% [markdown]
# ## Convolution, by hand
#
# Now the network's side. A **convolution** slides a small window of weights, the *kernel*, over the picture. At each place it multiplies the weights with the pixels below, and adds up. That is all.


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
# This kernel answers "does it get brighter from left to right?": it finds the left (orange) and right (blue) edges of strokes. The result is called a **feature map**.

# %%
left_to_right = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype=np.float32)
digit = canvas.mean(axis=0)  # (H, W), grey
edges = convolve(digit, left_to_right)
fig, axes = plt.subplots(1, 3, figsize=(8, 2.8))
axes[0].imshow(digit, cmap="gray")
for ax, picture, title in zip(axes[1:], (left_to_right, edges), ("kernel", "feature map"), strict=True):
    limit = np.abs(picture).max()
    ax.imshow(picture, cmap="PuOr_r", vmin=-limit, vmax=limit)
    ax.set_title(title)
axes[0].set_title("picture")
for ax in axes:
    ax.axis("off")
plots.show(fig, "A digit, a three by three kernel, and the feature map with its left and right edges.")

# %% [markdown]
# The library has the same thing, `nn.Conv2d`. Before we trust either, we check that they agree. (torch wants batches: picture × channel × height × width.)

# %%
layer = nn.Conv2d(in_channels=1, out_channels=1, kernel_size=3, bias=False)
layer.weight.data[0, 0] = torch.from_numpy(left_to_right)  # (out, in, k, k)
by_library = layer(torch.from_numpy(digit)[None, None])[0, 0].detach().numpy()
print(f"largest difference: {np.abs(by_library - edges).max():.1e}")
assert np.allclose(by_library, edges, atol=1e-5)

# %% [markdown]
# Two things about this layer are remarkable. It has **nine weights**, however large the picture is. And when the digit moves, its feature map moves along and does not change otherwise. We check this, too: one pixel down, one to the right.

# %%
padded = np.pad(digit, 2)
moved = np.roll(padded, (1, 1), axis=(0, 1))
before, after = convolve(padded, left_to_right), convolve(moved, left_to_right)
assert np.allclose(np.roll(before, (1, 1), axis=(0, 1)), after)
print("the feature map moved along, and nothing else changed")

# %% [markdown]
# A network that is built from such layers does not have to *learn* that a stroke is a stroke wherever it stands. Somebody built it in. Keep that in mind for the end of the lesson.
#
# ## The two networks
#
# ### The CNN
#
# Layers of convolutions follow each other: the first sees strokes of 3 × 3 pixels, the next sees combinations of those, and so on. After each, a *batch norm* brings the numbers to a common scale, so that a deep stack can be trained, and a *ReLU* sets negative numbers to zero. One trick more: a **residual** block adds its input to its output, so a block that has learned nothing yet does no harm (He and others 2016).


# %%
class Block(nn.Module):
    """Two convolutions; with `residual` the input is added to their output."""

    def __init__(self, channels, residual=True):
        super().__init__()
        self.residual = residual
        self.body = nn.Sequential(
            *convolution(channels, channels), nn.ReLU(), *convolution(channels, channels)
        )

    def forward(self, x):  # (B, C, H, W)
        y = self.body(x)  # (B, C, H, W)
        return torch.relu(x + y if self.residual else y)  # (B, C, H, W)


def convolution(n_in, n_out):
    """A 3 × 3 convolution that keeps height and width, and its batch norm."""
    return nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out)

# %% [markdown]
# The whole network: one convolution, four blocks (each group of blocks after the first on half the height and width), then the mean of each feature map over *all places*, and a linear layer that turns these means into one score a class. `torch.manual_seed` fixes the random first weights.


# %%
def make_cnn(seed, channels=settings["channels"], groups=(1, 2, 1), residual=True):
    """An untrained CNN: (B, C, H, W) pixels to (B, n_classes) scores."""
    torch.manual_seed(seed)
    layers = [*convolution(n_channels, channels), nn.ReLU()]
    for i, n_blocks in enumerate(groups):
        if i > 0:
            layers.append(nn.MaxPool2d(2))  # (B, channels, H, W) to (B, channels, H / 2, W / 2)
        layers += [Block(channels, residual) for _ in range(n_blocks)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, n_classes)]
    return nn.Sequential(*layers, *head).to(run.device, memory_format=torch.channels_last)

# %% [markdown]
# How deep is it, and how many numbers does it learn? (`channels_last` above only says how the numbers lie in memory; it is quicker.)


# %%
def count_parameters(model):
    """Numbers that training sets."""
    return sum(parameter.numel() for parameter in model.parameters())


cnn = make_cnn(seed=run.seed)
weight_layers = [m for m in cnn.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
print(f"CNN: {len(weight_layers)} weight layers, {count_parameters(cnn)} parameters")

# %% [markdown]
# ### The deep MLP
#
# The plain network: every neuron sees every pixel, and nobody tells it which pixels are neighbours. To be fair it gets batch norms too, about as many parameters as the CNN, twice as many steps, and it may choose between 3 and 10 layers on the validation part.


# %%
def make_mlp(seed, n_inputs, hidden, n_layers):
    """An untrained MLP: (B, C, H, W) pixels to (B, n_classes) scores."""
    torch.manual_seed(seed)
    sizes = [n_inputs] + [hidden] * (n_layers - 1)
    layers = [nn.Flatten()]  # (B, C, H, W) to (B, C * H * W)
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out, bias=False), nn.BatchNorm1d(n_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(hidden, n_classes)).to(run.device)


def widest_mlp(seed, n_inputs, n_layers):
    """The MLP with as many neurons a layer as the CNN's number of parameters allows."""
    hidden = 1
    while count_parameters(make_mlp(seed, n_inputs, hidden + 1, n_layers)) <= count_parameters(cnn):
        hidden += 1
    return make_mlp(seed, n_inputs, hidden, n_layers)

# %% [markdown]
# ## The training loop
#
# How does a network learn? It sees a few pictures (a **batch**), gives each class a score, and is told by one number, the **loss**, how wrong it was. *Cross-entropy* is that number: minus the logarithm of the probability that it gave to the right class, averaged over the batch. For a network that guesses among ten classes it is about ln 10 = 2.3.


# %%
def batch_loss(model, images, labels):
    """Mean cross-entropy of a batch, in nats a picture."""
    scores = model(images)  # (B, n_classes)
    return nn.functional.cross_entropy(scores, labels)

# %% [markdown]
# The loss depends on every weight. `backward` computes its slope for each of them: in which direction would this weight have to move to lower the loss? The *optimiser* (AdamW) then moves all of them a little. Draw the next batch, and again. That is the whole secret, and here it is in full.


# %%
def train_loop(model, images, labels, steps, seed):
    """Train for a fixed number of steps; the loss at each step."""
    # 1. The optimiser knows all weights, and how strongly to hold large ones back.
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=settings["weight_decay"])
    # 2. Batches: all pictures in a random order, cut into pieces; then a new order.
    batches = training.batches(len(images), settings["batch_size"], seed)
    losses = []
    model.train()  # batch norm uses the batch's own scale
    for step in range(steps):
        # 3. How far to move: more and more for a tenth of the steps, then less and less.
        warm_up, cool_down = min(1, 10 * (step + 1) / steps), 1 - step / steps
        optimizer.param_groups[0]["lr"] = settings["learning_rate"] * warm_up * cool_down
        # 4. Look at a batch; find each weight's slope; move all weights.
        rows = next(batches)
        loss = batch_loss(model, images[rows], labels[rows])
        optimizer.zero_grad()  # forget the slopes of the step before
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()  # batch norm uses the scale of all batches, remembered
    return losses

# %% [markdown]
# torch works on *tensors*: arrays that can live on a graphics card (`run.device`). We train on the first fold of the large canvas.

# %%
all_labels = torch.from_numpy(labels).to(run.device)


def to_tensor(canvases):
    """Canvases as a tensor on our device, (n, C, H, W)."""
    return torch.from_numpy(canvases).to(run.device, memory_format=torch.channels_last)


train, validation, test = folds[0]
canvases = to_tensor(place(pixels, sizes[-1], seed=run.seed))
short = settings["cnn_steps"] // 4
losses = train_loop(cnn, canvases[train], all_labels[train], short, seed=run.seed)

# %%
fig, ax = plt.subplots(figsize=(7.5, 3))
ax.plot(losses, color=plots.COLOURS[0], label="CNN")
ax.axhline(np.log(n_classes), color=plots.GREY, linestyle="--", label="guessing: ln(classes)")
ax.set(xlabel="step", ylabel="training loss (nats a picture)", ylim=(0, None))
ax.legend()
every_tenth = pd.DataFrame({"loss": losses}).iloc[::10].round(3)
plots.show(fig, "The training loss falls from about that of guessing towards zero.", every_tenth)

# %% [markdown]
# A low loss on the *training* pictures proves nothing; a network can learn them by heart. What counts are pictures that it has not seen. Here we may look at the validation part, not yet at the test.


# %%
@torch.no_grad()  # no slopes needed
def predict(model, images):
    """The class with the highest score for each picture, (n,)."""
    model.eval()
    return torch.cat([model(batch).argmax(dim=1) for batch in images.split(500)]).cpu().numpy()


right = predict(cnn, canvases[validation]) == labels[validation]
print(f"after {short} steps: {100 * right.mean():.1f} % of {n_validation} validation pictures right")

# %% [markdown]
# ### The loop's twin
#
# A loop that is used again and again wants more: a progress bar, a stop when it stops learning, and a **checkpoint**, so that a crash costs minutes and not the night. `training.fit` is our loop with these things around it. Is it really the same? Train a second network from the same seeds with it, and compare all weights, bit for bit.

# %%
def validate(model):
    """What the progress bar shows beside the training loss."""
    loss = batch_loss(model, canvases[validation], all_labels[validation])
    right = predict(model, canvases[validation]) == labels[validation]
    return {"loss": loss, "accuracy": right.mean()}


knobs = {key: settings[key] for key in ("batch_size", "learning_rate", "weight_decay")}
twin = make_cnn(seed=run.seed)
data = (canvases[train], all_labels[train])
training.fit(twin, batch_loss, data, steps=short, seed=run.seed, device=run.device,
             validate=validate, validate_every=25, label="twin", **knobs)
same = [torch.equal(a, b) for a, b in zip(cnn.state_dict().values(), twin.state_dict().values(), strict=True)]
print(f"{sum(same)} of {len(same)} tensors are equal bit for bit")
assert all(same) or run.device != "cpu"  # a graphics card may add in another order

# %% [markdown]
# From here on we use the twin. (Its checkpoints lie beside the results and are removed when the lesson is done.)
#
# ## Experiment
#
# ### Everybody gets a fair chance
#
# A contestant, an *arm* of the experiment, is a kind of input and a list of candidates. The candidate with the best accuracy on the validation part goes to the test. For an SVM (a model that compares a picture with the training pictures that are hardest to tell apart) the candidates differ in `C`, how much a wrong training picture may cost.


# %%
def classic_candidates(seed):
    """Untrained classic models by the arm's name."""
    linear = linear_model.LogisticRegression(max_iter=300)
    return {
        "logistic regression": [make_pipeline(StandardScaler(), linear)],
        "SVM": [svm.SVC(C=C) for C in (1, 10, 100)],
        "random forest": [ensemble.RandomForestClassifier(settings["trees"], random_state=seed)],
    }


def choose(candidates, features, train, validation):
    """The candidate that is best on the validation part, its accuracy there, CPU seconds to train it."""
    tried = []
    for candidate in candidates:
        with runtime.CostMeter() as cost:
            model = base.clone(candidate).fit(features[train], labels[train])
        tried.append((model.score(features[validation], labels[validation]), model, cost.cpu_s))
    accuracy, model, cpu_s = max(tried, key=lambda attempt: attempt[0])  # a tie goes to the first
    return model, accuracy, cpu_s

# %% [markdown]
# The same for networks, trained by `fit`:

# %%
checkpoints = run.out / "checkpoints" / run.lesson


def choose_network(candidates, canvases, train, validation, steps, seed, name):
    """As `choose`, for networks; every training has its own checkpoint."""
    tried, data = [], (canvases[train], all_labels[train])
    for i, model in enumerate(candidates):
        history = training.fit(model, batch_loss, data, steps=steps, seed=seed, device=run.device,
                               checkpoint=checkpoints / f"{name}_{i}.safetensors", **knobs)
        accuracy = np.mean(predict(model, canvases[validation]) == labels[validation])
        tried.append((accuracy, model, history.cpu_s))
    accuracy, model, cpu_s = max(tried, key=lambda attempt: attempt[0])
    return model, accuracy, cpu_s

# %% [markdown]
# One fold on one canvas: all arms, from raw pixels and from hand-made features.

# %%
RAW = ["logistic regression", "SVM", "random forest"]
HAND_MADE = ["re-centred → SVM", "HOG → SVM"]
NETWORKS = ["MLP", "CNN"]


def train_arms(size, i):
    """The chosen model, its validation accuracy and its CPU seconds for each arm; and its inputs."""
    train, validation, _ = folds[i]
    seed = run.seed + i
    canvases = place(pixels, size, seed)
    raw, tensors = canvases.reshape(n_pictures, -1), to_tensor(canvases)
    centred = np.array([recentre(canvas).ravel() for canvas in canvases])
    inputs = dict.fromkeys(RAW, raw) | dict.fromkeys(NETWORKS, tensors)
    inputs |= {HAND_MADE[0]: centred, HAND_MADE[1]: np.array([*map(hog_features, canvases)])}
    candidates = classic_candidates(seed)
    arms = {name: choose(candidates.get(name, candidates["SVM"]), inputs[name], train, validation)
            for name in RAW + HAND_MADE}
    mlps = [widest_mlp(seed, raw.shape[1], n_layers) for n_layers in (3, 10)]
    for name, networks in (("MLP", mlps), ("CNN", [make_cnn(seed)])):
        steps = settings[f"{name.lower()}_steps"]
        arms[name] = choose_network(
            networks, tensors, train, validation, steps, seed, f"{name}_{size}_{i}"
        )
    return arms, inputs

# %% [markdown]
# Then the test, once: which arm gets which picture right? "Best classic" and "best hand-made" are the arms that were best on the *validation* part.

# %%
def test_arms(arms, inputs, test):
    """True where an arm is right: one row a test picture, one column an arm."""
    right = pd.DataFrame(index=test)
    for name, (model, _, _) in arms.items():
        use = predict(model, inputs[name][test]) if name in NETWORKS else model.predict(inputs[name][test])
        right[name] = use == labels[test]
    groups = {"best classic": RAW, "best hand-made": HAND_MADE}
    chosen = {group: max(names, key=lambda name: arms[name][1]) for group, names in groups.items()}
    for group, name in chosen.items():
        right[group] = right[name]
    return right, chosen


def run_canvas(size):
    """All folds on one canvas: who was right, who was chosen, and the arms with their models."""
    outcome = {"right": {}, "chosen": {}, "arms": {}}
    for i in tqdm(range(len(folds)), desc=f"{size} × {size}", unit="fold"):
        arms, inputs = train_arms(size, i)
        outcome["right"][i], outcome["chosen"][i] = test_arms(arms, inputs, folds[i][2])
        outcome["arms"][i] = arms
    return outcome

# %% [markdown]
# ### First: with the work of people still in the pictures

# %%
outcomes = {side: run_canvas(side)}


def accuracies(size):
    """Accuracy in % by fold (rows) and arm (columns)."""
    return 100 * pd.concat(outcomes[size]["right"]).groupby(level=0).mean()


(accuracies(side).mean().round(1).rename("accuracy (%)").to_frame().T)

# %% [markdown]
# Whatever you feed with these pictures is good. With the features already made, a small classic model is hard to beat, and nobody needs a network.
#
# ### Then: without it
#
# The same digits, the same models, the same folds. Only the places are random. This takes about two minutes.

# %%
outcomes[sizes[1]] = run_canvas(sizes[1])

# %%
outcomes[sizes[2]] = run_canvas(sizes[2])

# %% [markdown]
# All arms on all three canvases. Read it from left to right: whose accuracy depends on the work that people had done?

# %% tags=["readme-picture"]
arms = RAW + NETWORKS + HAND_MADE
fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.4), sharey=True)
estimates = {}
for ax, size in zip(axes, sizes, strict=True):
    of_size = {arm: interval(accuracies(size)[arm]) for arm in arms}
    plots.forest(ax, of_size)
    ax.axvline(baseline, color=plots.GREY, linestyle=":")
    ax.set(title=f"canvas {size} × {size}", xlabel="accuracy (%)", xlim=(0, 102))
    estimates |= {f"{size} × {size}, {arm}": estimate for arm, estimate in of_size.items()}
plots.show(fig, "Accuracy of seven arms on three canvases with intervals; dotted: baseline.", estimates)

# %% [markdown]
# ## Verdict
#
# On the large canvas, fold by fold on the same test pictures: the network minus the best classic model on raw pixels, and minus the best hand-made features.


# %%
def against_people(network, size=sizes[-1]):
    """The claim's two estimates for one network."""
    table = accuracies(size)
    return [interval(table[network] - table[rival]) for rival in ("best classic", "best hand-made")]


names = ("cnn_against_raw", "cnn_against_handmade")
verdict = claim.judge(dict(zip(names, against_people("CNN"), strict=True)), run.profile)
verdict

# %%
names = ("mlp_against_raw", "mlp_against_handmade")
mlp_verdict = mlp_claim.judge(dict(zip(names, against_people("MLP"), strict=True)), run.profile)
mlp_verdict

# %% [markdown]
# Beside what you predicted:

# %%
means = accuracies(sizes[-1]).mean()
predicted = [*predicted_accuracy.values(), predicted_verdict, predicted_mlp_verdict]
found = [*(f"{means[arm]:.1f}" for arm in predicted_accuracy), verdict.word, mlp_verdict.word]
titles = [*(f"{arm} (%)" for arm in predicted_accuracy), "verdict, CNN", "verdict, MLP"]
pd.DataFrame({"predicted": predicted, "measured": found}, titles)

# %% [markdown]
# ### Why this verdict?
#
# **Picture by picture.** Both models saw the same test pictures. How often was only one of them right?

# %%
right = pd.concat(outcomes[sizes[-1]]["right"])
words = {True: "right", False: "wrong"}
pd.crosstab(right["CNN"].map(words), right["best classic"].map(words), dropna=False)

# %% [markdown]
# **Move a digit.** We take one test picture of the first fold and slide it along the diagonal of the canvas. What do the SVM and the CNN say at each place? First as a strip, then with a slider (which appears when you run the cell).

# %%
arms, (_, _, test) = outcomes[sizes[-1]]["arms"][0], folds[0]
svm_model, cnn_model, mlp_model = (arms[name][0] for name in ("SVM", "CNN", "MLP"))
n_places = sizes[-1] - side + 1  # in each direction


def at(picture, row, column):
    """The picture with its upper left corner at this place: (C, size, size)."""
    canvas = np.zeros((n_channels, sizes[-1], sizes[-1]), dtype=np.float32)
    canvas[:, row : row + side, column : column + side] = picture
    return canvas


def answers(canvases):
    """What SVM and CNN say, as names of classes."""
    said = svm_model.predict(canvases.reshape(len(canvases), -1)), predict(cnn_model, to_tensor(canvases))
    return [[pictures.classes[k] for k in each] for each in said]

# %%
steps = np.linspace(0, n_places - 1, 9).astype(int)
strip = np.array([at(pixels[test[0]], step, step) for step in steps])
said = list(zip(*answers(strip), strict=True))
titles = [f"SVM: {a}\nCNN: {b}" for a, b in said]
table = pd.DataFrame(said, steps, ["SVM says", "CNN says"])
plots.show(plots.gallery(strip, titles), "One digit at nine places, and what two models say.", table)

# %%
def moved_figure(step):
    """The digit at one place of the diagonal, and what both models say."""
    canvas = at(pixels[test[0]], step, step)
    (by_svm,), (by_cnn,) = answers(canvas[None])
    fig, ax = plt.subplots(figsize=(3.2, 3.4))
    ax.imshow(canvas[0], cmap="gray")
    ax.set(title=f"SVM: {by_svm}   CNN: {by_cnn}", xticks=[], yticks=[])
    return fig


plots.slider(moved_figure, range(n_places), "pixels moved along the diagonal", start=0)

# %% [markdown]
# One digit is an anecdote. So put 40 test digits at *every* place, and count at each place how many are recognised. The validation and test digits lay at random places, and so did those that the models learned from: each place has been seen, only not with every digit.

# %%
by_place = {"SVM": np.zeros((n_places, n_places)), "CNN": np.zeros((n_places, n_places))}
some = test[:40]
for row in range(n_places):
    for column in range(n_places):
        canvases = np.array([at(picture, row, column) for picture in pixels[some]])
        for name, said in zip(by_place, answers(canvases), strict=True):
            truth = [pictures.classes[k] for k in labels[some]]
            by_place[name][row, column] = 100 * np.mean(np.array(said) == truth)

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3.4))
for ax, (name, accuracy) in zip(axes, by_place.items(), strict=True):
    picture = ax.imshow(accuracy, vmin=0, vmax=100, cmap="cividis")
    ax.set(title=name, xlabel="pixels from the left", ylabel="pixels from the top")
    ax.grid(False)
fig.colorbar(picture, ax=axes, label="digits recognised (%)")
table = pd.DataFrame({name: accuracy.ravel() for name, accuracy in by_place.items()}).describe()
plots.show(fig, "Share of forty digits recognised at each place, for SVM and CNN.", table.round(1))

# %% [markdown]
# **What did the CNN know before it saw a picture?** Take networks that have learned *nothing*, and look at the numbers before their last layer. Move a digit by one pixel: how far do these numbers move, measured by how far they would move for a *different* digit at the same place? Near 0: the network hardly notices the move. Near 1: a digit that moved by one pixel looks like another digit.

# %%
old, other = (np.array([at(picture, 2, 2) for picture in pixels[test[k : k + 40]]]) for k in (0, 40))
new = np.array([at(picture, 3, 3) for picture in pixels[test[:40]]])


@torch.no_grad()
def sensitivity(describe):
    """Distance to the moved digits over the distance to other digits."""
    from_old, from_new, from_other = (describe(canvases) for canvases in (old, new, other))
    moved = np.linalg.norm(from_old - from_new, axis=1)
    changed = np.linalg.norm(from_old - from_other[: len(from_old)], axis=1)
    return moved.mean() / changed.mean()


def inner(model):
    """The numbers before a network's last layer, (n, n_numbers)."""
    return lambda canvases: model[:-1](to_tensor(canvases)).cpu().numpy()

# %%
untrained_mlp = widest_mlp(run.seed, old[0].size, 3).eval()
pd.Series({
    "raw pixels": sensitivity(lambda canvases: canvases.reshape(len(canvases), -1)),
    "untrained MLP": sensitivity(inner(untrained_mlp)),
    "untrained CNN": sensitivity(inner(make_cnn(run.seed).eval())),
    "trained MLP": sensitivity(inner(mlp_model)),
    "trained CNN": sensitivity(inner(cnn_model)),
}).round(2).rename("moved by one pixel / another digit").to_frame()

# %% [markdown]
# Compare the two untrained networks. Whoever invented the convolution knew that *where a thing stands does not change what it is*, and built it into the architecture. It is the same knowledge as in our `recentre`, in another place.
#
# **Could the MLP have learned it from examples instead?** Let us give it some: every training digit at 20 random places, so 20 times as many pictures. (One fold, so no interval; and moving the digits is again human knowledge.)

# %%
train, validation, test = folds[0]
more = np.concatenate([place(pixels[train], sizes[-1], seed=1000 + copy) for copy in range(20)])
rich_mlp = widest_mlp(run.seed, more[0].size, 3)
data = (to_tensor(more), all_labels[train].repeat(20))
training.fit(rich_mlp, batch_loss, data, steps=4 * settings["mlp_steps"], seed=run.seed,
             device=run.device, label="MLP, 20 places a digit", **knobs)
canvases = to_tensor(place(pixels, sizes[-1], seed=run.seed))
for name, model in (("MLP", mlp_model), ("MLP, 20 places", rich_mlp), ("CNN", cnn_model)):
    print(f"{name:<15} {100 * np.mean(predict(model, canvases[test]) == labels[test]):.1f} %")

# %% [markdown]
# ### Look inside
#
# The CNN's first kernels: nobody designed these; they were found by the loop. (With colour pictures you see their first channel.) And below, what some of them make of a digit: the first feature maps, and those of the last block, which are smaller and harder to name.

# %%
first, last = cnn_model[0], cnn_model[-4]  # first convolution, last block
kernels = first.weight.detach().cpu().numpy()[:16, 0]  # (16, 3, 3)
plots.show(plots.gallery(kernels, columns=8, signed=True), "Sixteen learned three by three kernels.")


# %%
@torch.no_grad()
def feature_maps(model, canvas):
    """The maps after the first ReLU and after the last block, 8 of each."""
    x = to_tensor(canvas[None])
    return [model[:depth](x)[0, :8].cpu().numpy() for depth in (3, len(model) - 3)]


canvas = at(pixels[test[0]], 4, 4)
early, late = ([each / max(each.max(), 1e-9) for each in maps] for maps in feature_maps(cnn_model, canvas))
titles = [f"early {k}" for k in range(1, 9)] + [f"late {k}" for k in range(1, 9)]
plots.show(plots.gallery([*early, *late], titles, columns=8),
           "Eight feature maps after the first convolution and eight after the last block.")

# %% [markdown]
# And where does it fail? The CNN's mistakes on the large canvas, from all folds. Would you have read them all?

# %%
mistakes = []
for i, (_, _, test) in enumerate(folds):
    canvases = place(pixels, sizes[-1], seed=run.seed + i)
    said = predict(outcomes[sizes[-1]]["arms"][i]["CNN"][0], to_tensor(canvases[test]))
    wrong = np.flatnonzero(said != labels[test])
    mistakes += [(canvases[test[k]], labels[test[k]], said[k]) for k in wrong]
shown = mistakes[:20]
titles = [f"{pictures.classes[truth]}, said {pictures.classes[said]}" for _, truth, said in shown]
print(f"{len(mistakes)} mistakes among {len(right)} test pictures; the first {len(shown)}:")
if shown:
    plots.show(plots.gallery([canvas for canvas, _, _ in shown], titles, columns=7),
               "Pictures that the CNN got wrong, with the truth and its answer.")

# %% [markdown]
# ## More claims
#
# Four more claims of the articles, shorter. To save time, two of them use the middle canvas.
#
# ### Does deep learning need a great deal of data?

# %%
needs_data = claims.get("dl-needs-data")
needs_data

# %% [markdown]
# Each fold trains again on few pictures, then on more. Two classic rivals, the ones that each fold has chosen with all its pictures: one on raw pixels, one on hand-made features. The CNN gets the same number of steps every time.

# %%
curve_sizes = sorted({max(2 * n_classes, round(share * n_train)) for share in settings["curve_shares"]})
middle = sizes[1]


def few_rows(rows, n, seed):
    """n of the rows, with the class shares of all."""
    split = {"train_size": n, "stratify": labels[rows], "random_state": seed}
    return model_selection.train_test_split(rows, **split)[0]


def curve_point(n, i):
    """Accuracy in % in one fold after learning from n pictures."""
    (train, _, test), seed = folds[i], run.seed + i
    rows, canvases = few_rows(train, n, seed), place(pixels, middle, seed)
    tensors, chosen, scores = to_tensor(canvases), outcomes[middle]["chosen"][i], {}
    cnn = make_cnn(seed)
    data = (tensors[rows], all_labels[rows])
    training.fit(cnn, batch_loss, data, steps=settings["cnn_steps"], seed=seed, device=run.device, **knobs)
    scores["CNN"] = np.mean(predict(cnn, tensors[test]) == labels[test])
    for group, features in (("best classic", canvases.reshape(n_pictures, -1)),
                            ("best hand-made", hand_made(chosen["best hand-made"], canvases))):
        model = base.clone(outcomes[middle]["arms"][i][chosen[group]][0])
        scores[group] = model.fit(features[rows], labels[rows]).score(features[test], labels[test])
    return {name: 100 * score for name, score in scores.items()}


def hand_made(arm, canvases):
    """The features of a hand-made arm, (n, n_features)."""
    describe = {HAND_MADE[0]: lambda canvas: recentre(canvas).ravel(), HAND_MADE[1]: hog_features}[arm]
    return np.array([describe(canvas) for canvas in canvases])

# %%
curve = {}
for n in tqdm(curve_sizes[:-1], desc="learning curve", unit="size"):
    curve[n] = pd.DataFrame([curve_point(n, i) for i in range(len(folds))])  # (fold, model)
curve[curve_sizes[-1]] = accuracies(middle)[["CNN", "best classic", "best hand-made"]]

# %%
titles = {"CNN": "CNN, raw pixels", "best classic": "best classic, raw pixels",
          "best hand-made": "best classic, hand-made features"}
points = {name: {n: interval(curve[n][name]) for n in curve_sizes} for name in titles}
fig, ax = plt.subplots()
for k, (name, title) in enumerate(titles.items()):
    plots.curve(ax, points[name], title, k)
ax.axhline(baseline, color=plots.GREY, linestyle=":", label="baseline")
ax.set_xscale("log")
ax.set_xticks(curve_sizes, curve_sizes)
ax.set(xlabel="labelled pictures to learn from", ylabel="accuracy (%)")
ax.legend(loc="lower right")
numbers = {f"{n} pictures, {titles[name]}": points[name][n] for name in titles for n in curve_sizes}
plots.show(fig, "Accuracy against the number of training pictures, for three models.", numbers)

# %%
gaps = {"raw pixels": [curve[n]["CNN"] - curve[n]["best classic"] for n in curve_sizes],
        "hand-made features": [curve[n]["CNN"] - curve[n]["best hand-made"] for n in curve_sizes]}
data_estimates = {
    "few_images": {rival: interval(gap[0]) for rival, gap in gaps.items()},
    "all_images": {rival: interval(gap[-1]) for rival, gap in gaps.items()},
}
data_verdict = needs_data.judge(data_estimates, run.profile)
data_verdict

# %% [markdown]
# Where do the curves cross? The CNN overtakes its rival where their difference turns from below 0 to above. Five folds give one answer; folds drawn anew (the bootstrap of lesson 1) give a range of them. Five are few for a bootstrap: take the range as a rough one.


# %%
def crossing(differences):
    """Number of pictures at which a row of differences rises through 0; nan when it never does."""
    for (n0, d0), (n1, d1) in pairwise(zip(curve_sizes, differences, strict=True)):
        if d0 < 0 <= d1:
            return n0 * (n1 / n0) ** (-d0 / (d1 - d0))  # a straight line on the logarithmic axis
    return np.nan


draws = np.random.default_rng(run.seed).integers(len(folds), size=(1000, len(folds)))
for rival, gap in gaps.items():
    by_fold = np.array(gap)  # (size, fold)
    crossings = np.array([crossing(by_fold[:, draw].mean(axis=1)) for draw in draws])
    never, found = np.isnan(crossings).mean(), crossings[~np.isnan(crossings)]
    low, high = np.quantile(found, [0.025, 0.975]) if len(found) else (np.nan, np.nan)
    print(f"{rival}: at {crossing(by_fold.mean(axis=1)):.0f} pictures, range {low:.0f} to {high:.0f}; "
          f"no crossing in {100 * never:.0f} % of the draws")

# %% [markdown]
# ("nan" means: the difference never rises through 0 in this range. Look at the figure to see who is ahead all the way.) "Deep learning needs much data" leaves out a question: *compared with what?* Against raw pixels the answer is one thing, against a person's knowledge about pictures another.
#
# ### Does depth help?

# %%
depth = claims.get("dl-depth")
depth

# %% [markdown]
# Three depths, each with and without residual connections. A deeper network gets narrower layers, so that all have nearly the same number of parameters, and nearly the same arithmetic. No pooling in between, so that depth is all that differs.


# %%
def make_deep(n_pairs, residual, seed):
    """A network of one convolution and n_pairs blocks of two, as wide as the budget allows."""
    budget, channels = count_parameters(make_cnn(seed)) // 2, 2
    while count_parameters(make_cnn(seed, channels + 1, (n_pairs,), residual)) <= budget:
        channels += 1
    return make_cnn(seed, channels, (n_pairs,), residual)


for n_pairs in settings["depth_pairs"]:
    network = make_deep(n_pairs, residual=True, seed=run.seed)
    print(f"{2 * n_pairs + 1} convolutions: {network[0].out_channels} maps a layer, "
          f"{count_parameters(network)} parameters")

# %%
def depth_point(n_pairs, residual, i):
    """Accuracy in % on the test part of one fold."""
    (train, _, test), seed = folds[i], run.seed + i
    tensors, network = to_tensor(place(pixels, middle, seed)), make_deep(n_pairs, residual, seed)
    data = (tensors[train], all_labels[train])
    training.fit(network, batch_loss, data, steps=settings["cnn_steps"] // 2, seed=seed,
                 device=run.device, **knobs)
    return 100 * np.mean(predict(network, tensors[test]) == labels[test])


kinds = {"plain": False, "residual": True}
by_depth = {kind: {} for kind in kinds}
for n_pairs in tqdm(settings["depth_pairs"], desc="depth", unit="depth"):
    for kind, residual in kinds.items():
        scores = [depth_point(n_pairs, residual, i) for i in range(settings["depth_folds"])]
        by_depth[kind][2 * n_pairs + 1] = np.array(scores)

# %%
fig, ax = plt.subplots()
numbers = {}
for k, (kind, scores) in enumerate(by_depth.items()):
    points = {n: interval(values) for n, values in scores.items()}
    plots.curve(ax, points, kind, k)
    numbers |= {f"{kind}, {n} convolutions": estimate for n, estimate in points.items()}
ax.axhline(baseline, color=plots.GREY, linestyle=":", label="baseline")
ax.set_xticks(list(by_depth["plain"]))
ax.set(xlabel="convolutions in a row, equal parameters", ylabel="accuracy (%)")
ax.legend()
plots.show(fig, "Accuracy against depth, with and without residual connections.", numbers)

# %%
shallow, deep = min(by_depth["plain"]), max(by_depth["plain"])
gains = {kind: interval(scores[deep] - scores[shallow]) for kind, scores in by_depth.items()}
depth_verdict = depth.judge({"gain": gains}, run.profile)
depth_verdict

# %% [markdown]
# Three folds give a wide interval: *t* is 4.3 for three values. And remember what is compared: depth at equal parameters and equal steps. With more steps or more pictures the answer may be another.
#
# ### Slow to train, quick to use?

# %%
slow_fast = claims.get("dl-slow-train-fast-use")
slow_fast

# %% [markdown]
# Training was timed in the experiment, on the large canvas, in CPU seconds. To *use* a model means to ask it about one picture that has just come in: 200 times, in milliseconds by the clock. People are kept waiting by the slow ones, so we look at the slowest in a hundred (the 99th percentile) beside the middle one. Logistic regression and the random forest are lesson 1's; all are measured in the same run.


# %%
def answer_times(name, model, canvas, calls=200):
    """Milliseconds from one picture to its answer, (calls,)."""
    question = to_tensor(canvas[None]) if name in NETWORKS else canvas.reshape(1, -1)
    use = (lambda: predict(model, question)) if name in NETWORKS else (lambda: model.predict(question))
    times = []
    for _ in range(calls):
        with runtime.CostMeter() as cost:
            use()
        times.append(1000 * cost.wall_s)
    return np.array(times)


rows = []
for i, arms in outcomes[sizes[-1]]["arms"].items():
    canvas = at(pixels[folds[i][2][0]], 0, 0)
    for name in RAW + NETWORKS:
        p50, p99 = np.percentile(answer_times(name, arms[name][0], canvas), [50, 99])
        rows.append({"fold": i, "model": name, "train (CPU s)": arms[name][2],
                     "answer, middle (ms)": p50, "answer, slowest in 100 (ms)": p99})
times = pd.DataFrame(rows).set_index(["model", "fold"])
times.groupby(level=0, sort=False).mean().round(2)

# %%
train_s, slowest_ms = (times[column].unstack(0) for column in ("train (CPU s)", "answer, slowest in 100 (ms)"))
chosen = [outcomes[sizes[-1]]["chosen"][i]["best classic"] for i in train_s.index]
classic_s = [train_s.loc[i, name] for i, name in zip(train_s.index, chosen, strict=True)]
slow_fast_estimates = {
    "slow_train": statistics.corrected_resampled_ratio(train_s["CNN"], classic_s, test_share),
    "fast_use": interval(slowest_ms["CNN"]),
}
slow_fast_verdict = slow_fast.judge(slow_fast_estimates, run.profile)
slow_fast_verdict

# %% [markdown]
# "Quick" was judged against your patience. Judged against the others it is another matter: in the table, which model answers fastest? And mind what counts as *training*: one training each, as in lesson 1, not the search for settings before it.
#
# ### Is it a black box?

# %%
black_box = claims.get("dl-black-box")
black_box

# %% [markdown]
# Many methods paint a picture of what a network "looked at". Two classics:
#
# - **Occlusion**: cover a 3 × 3 patch around each ink pixel with black. How much does the answer's (log) probability fall?
# - **Gradient**: the slope of that log probability for each pixel (`backward`, but for pixels instead of weights), times the pixel.


# %%
def log_probability(model, images, answer):
    """Log probability of one class for each picture, (B,)."""
    return nn.functional.log_softmax(model(images), dim=1)[:, answer]


def ink_of(canvas):
    """Rows and columns of the pixels that are not black, (n_ink, 2)."""
    return np.argwhere(canvas.max(axis=0) > 0)


@torch.no_grad()
def occlusion(model, canvas, answer):
    """Fall of the answer's log probability when the patch around an ink pixel is covered, (n_ink,)."""
    ink = ink_of(canvas)
    covered = np.repeat(canvas[None], len(ink) + 1, axis=0)
    for k, (row, column) in enumerate(ink):
        covered[k, :, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = 0
    values = log_probability(model, to_tensor(covered), answer)
    return (values[-1] - values[:-1]).cpu().numpy()  # the last one is not covered


def gradient(model, canvas, answer):
    """Slope of the answer's log probability times the pixel, for each ink pixel, (n_ink,)."""
    image = to_tensor(canvas[None]).requires_grad_()
    (slope,) = torch.autograd.grad(log_probability(model, image, answer).sum(), image)
    marks = (slope * image).sum(dim=1)[0].detach().cpu().numpy()  # (H, W)
    return marks[tuple(ink_of(canvas).T)]


methods = {"occlusion": occlusion, "gradient": gradient}

# %% [markdown]
# Four digits, and below each what the two methods mark: orange speaks for the network's answer, blue against it. The fourth row is a trap: gradient marks of a network with *random* weights, which has learned nothing.

# %%
def as_picture(canvas, marks):
    """Marks of ink pixels on an empty canvas, (H, W)."""
    out = np.zeros(canvas.shape[1:])
    out[tuple(ink_of(canvas).T)] = marks
    return out


random_cnn = make_cnn(seed=run.seed + 100).eval()
canvases = place(pixels, sizes[-1], seed=run.seed)[folds[0][2][:4]]
said = predict(cnn_model, to_tensor(canvases))
grid = [[as_picture(c, method(network, c, k)) for c, k in zip(canvases, said, strict=True)]
        for method, network in ((occlusion, cnn_model), (gradient, cnn_model), (gradient, random_cnn))]
plots.show(plots.gallery([*canvases.mean(axis=1), *sum(grid, [])], columns=4, signed=True),
           "Four digits; their occlusion marks, gradient marks, and gradient marks of a random network.")

# %% [markdown]
# Nice pictures. Do they explain anything? Each must pass two checks, picture by picture:
#
# 1. **Deletion.** Blank the most marked fifth of the ink. The answer's probability must fall further than for a random fifth, in each of 19 draws. (By luck alone that happens once in 20 times.)
# 2. **Random weights.** Marks that look the same for a network that has learned nothing cannot be about what was learned (Adebayo and others 2018). Their rank correlation with those of a random network must stay below 0.5.


# %%
@torch.no_grad()
def passes_deletion(model, canvas, answer, marks, rng):
    """Whether the most marked fifth of the ink matters more than 19 random fifths."""
    ink = ink_of(canvas)
    n_deleted = max(len(ink) // 5, 1)
    deleted = [np.argsort(marks)[-n_deleted:]]
    deleted += [rng.choice(len(ink), n_deleted, replace=False) for _ in range(19)]
    blanked = np.repeat(canvas[None], len(deleted), axis=0)
    for copy, which in zip(blanked, deleted, strict=True):
        copy[:, *ink[which].T] = 0
    values = log_probability(model, to_tensor(blanked), answer)
    return bool(values[0] < values[1:].min())


def passes_random(marks, random_marks):
    """Whether the marks differ from those of a network that has learned nothing."""
    return abs(stats.spearmanr(marks, random_marks).statistic) < 0.5

# %%
def explained(i):
    """Share of pictures in %, in one fold, that pass each check and both: one row a method."""
    (_, _, test), rng = folds[i], np.random.default_rng(run.seed + i)
    model, blank = outcomes[sizes[-1]]["arms"][i]["CNN"][0], make_cnn(seed=run.seed + 100 + i).eval()
    canvases = place(pixels, sizes[-1], run.seed + i)[test[: settings["explained"]]]
    passed = {name: [] for name in methods}
    for canvas, answer in zip(canvases, predict(model, to_tensor(canvases)), strict=True):
        for name, method in methods.items():
            marks = method(model, canvas, answer)
            deletion = passes_deletion(model, canvas, answer, marks, rng)
            changed = passes_random(marks, method(blank, canvas, answer))
            passed[name].append([deletion, changed, deletion and changed])
    columns = ["deletion", "random weights", "both"]
    return pd.DataFrame({name: 100 * np.mean(p, axis=0) for name, p in passed.items()}, columns).T


shares = pd.concat({i: explained(i) for i in tqdm(range(len(folds)), desc="explaining", unit="fold")})
shares.groupby(level=1, sort=False).mean().round(1).rename_axis("pictures that pass (%)")

# %%
both = shares["both"].unstack()  # (fold, method)
box_verdict = black_box.judge({"explained": {name: interval(both[name]) for name in methods}}, run.profile)
box_verdict

# %% [markdown]
# Read the card with care. The claim is refuted when a method works, and a method that passes shows *where* the network looked: pixels without which it would be less sure. It does not say *why* these pixels mean a 3 to it. And a method that fails one of the two checks may still paint pictures that please the eye; that is exactly why there are checks.

# %% [markdown]
# ## Exercises
#
# Replace the `...`, run the cell, run the check. It tells you whether the answer is right, and if not, which mistake it looks like. `exercises.hint("2.1")` in a new cell gives a nudge.
#
# **2.1 How wide?** A picture is 30 pixels wide. The kernel is 5 wide, the picture gets 2 pixels of *padding* (empty pixels) on each side, and the window moves 2 pixels at a time (*stride* 2). How wide is the feature map?

# %% exercise="2.1"
answer_2_1 = ...
### BEGIN SOLUTION
answer_2_1 = (30 + 2 * 2 - 5) // 2 + 1
### END SOLUTION

# %% check="2.1"
exercises.check("2.1", answer_2_1)

# %% [markdown]
# **2.2 How many numbers?** `nn.Conv2d(16, 32, 3)` takes 16 feature maps and gives 32, with 3 × 3 kernels and a bias. How many parameters does it have?

# %% exercise="2.2"
answer_2_2 = ...
### BEGIN SOLUTION
answer_2_2 = 32 * (16 * 3 * 3 + 1)
### END SOLUTION

# %% check="2.2"
exercises.check("2.2", answer_2_2)

# %% [markdown]
# **2.3 More from less.** Making new training pictures from old ones is called **augmentation**. A colleague wants four pictures of every digit, each at another place:
#
# ```python
# many = np.concatenate([place(pixels, size, seed) for seed in range(4)])
# many_labels = np.tile(labels, 4)
# # ... then splits `many` into training and test, and reports a wonderful accuracy
# ```
#
# Find the leak. Then write `honest_sets(pixels, labels, train, test)`, where `train` and `test` are row numbers. It returns four arrays: the training pictures at four places (all with seed 0, then all with seed 1, 2 and 3) with their labels, and the test pictures once (seed 100) with theirs. Use `size = sizes[-1]`.

# %% exercise="2.3"
size = sizes[-1]
honest_sets = ...
### BEGIN SOLUTION
def honest_sets(pixels, labels, train, test):
    many = np.concatenate([place(pixels[train], size, seed) for seed in range(4)])
    return many, np.tile(labels[train], 4), place(pixels[test], size, 100), labels[test]
### END SOLUTION

# %% check="2.3"
exercises.check("2.3", honest_sets, pixels=pixels, labels=labels, place=place, size=size)

# %% [markdown]
# **2.4 Batch by batch.** A test set is too large for one go, so a network answers in batches of 100; the last one is smaller. Here are the MLP's answers on the test pictures of the first fold, those that it was surest of first. What is its accuracy, in %?

# %%
canvases = to_tensor(place(pixels, sizes[-1], seed=run.seed)[folds[0][2]])
with torch.no_grad():
    sureness, said = mlp_model(canvases).softmax(dim=1).max(dim=1)
order = sureness.argsort(descending=True).cpu()
answered, truth = said.cpu()[order].numpy(), labels[folds[0][2]][order.numpy()]
batches = [(answered[k : k + 100], truth[k : k + 100]) for k in range(0, len(truth), 100)]
print("pictures right in each batch:", [f"{np.sum(a == b)} of {len(b)}" for a, b in batches])

# %% exercise="2.4"
answer_2_4 = ...
### BEGIN SOLUTION
answer_2_4 = 100 * sum(np.sum(a == b) for a, b in batches) / sum(len(b) for _, b in batches)
### END SOLUTION

# %% check="2.4"
exercises.check("2.4", answer_2_4, batches=batches)

# %% [markdown]
# **2.5 You are the judge.** A claim of equivalence needs the interval within ± 2 points. Measured: +0.9 points, 95 % interval from −0.5 to +2.3. What is the word: `"supported"`, `"not supported"` or `"inconclusive"`?

# %% exercise="2.5"
answer_2_5 = ...
### BEGIN SOLUTION
answer_2_5 = "inconclusive"
### END SOLUTION

# %% check="2.5"
exercises.check("2.5", answer_2_5)

# %% [markdown]
# **2.6 Shuffled pixels.** Draw one random order of the pixels, and put the pixels of *every* picture, training and test, into this order. Then train anew. Which of these would do worse than before? Answer with a set of names from: `"logistic regression"`, `"SVM"`, `"MLP"`, `"CNN"`.

# %% exercise="2.6"
answer_2_6 = ...
### BEGIN SOLUTION
answer_2_6 = {"CNN"}
### END SOLUTION

# %% check="2.6"
exercises.check("2.6", answer_2_6)

# %% [markdown]
# ## Recap
#
# 1. A **feature** is a number computed from the raw data that makes the task easier. To tell who made it, undo it and see whose accuracy falls.
# 2. A **convolution** slides one small window of weights over the whole picture. Few weights, and when the picture moves, its feature map moves along.
# 3. A network is **trained** by a loop: draw a batch, compute the loss, find its slope for every weight, move all weights a little. Everything else is comfort.
# 4. **Before training** a network knows what its architecture knows. The convolution carries a piece of human knowledge: where a thing stands does not change what it is.
# 5. More **data** and more **depth** are measured, not assumed, and always against a rival: raw pixels or a person's features, a shallower network with as many parameters.
# 6. A picture of **where a network looked** has to pass checks before it explains anything: deletion, and random weights.
#
# Two deep networks stood trial for the same claim. What follows from both verdicts together?

# %%
for network in NETWORKS:
    raw, by_hand = (estimate.text("points") for estimate in against_people(network))
    print(f"{network}: {raw} against raw pixels; {by_hand} against hand-made features")
conclusions = {
    ("supported", "not supported"): "Depth alone did not find the features. An architecture that "
    "carries human knowledge about pictures did.",
    ("supported", "supported"): "Depth was enough here; the convolution was not needed.",
}
both_words = (verdict.word, mlp_verdict.word)
print(conclusions.get(both_words, f"CNN {both_words[0]}, MLP {both_words[1]}: no more follows than that."))

# %% [markdown]
# Your verdicts:

# %% tags=["nbval-check-output"]
verdicts = [
    verdict, mlp_verdict, data_verdict, depth_verdict, slow_fast_verdict, box_verdict,
]
for each in verdicts:
    print(f"{cards.SYMBOLS[each.word]} {each.claim.id:<22} {each.word}")

# %% [markdown]
# What training and use cost, for the comparison of all lessons: parameters, operations and CPU time on the large canvas.


# %%
def network_size(model):
    """Parameters, and operations for one training and one prediction."""
    batch, truth = canvases[:2], torch.zeros(2, dtype=torch.int64, device=run.device)
    learn = runtime.count_operations(lambda: batch_loss(model, batch, truth).backward()) / 2
    use = runtime.count_operations(lambda: model(batch)) / 2
    steps = settings["cnn_steps" if model is cnn_model else "mlp_steps"]
    n_shown = steps * min(settings["batch_size"], n_train)
    return tabular.Size(count_parameters(model), learn * n_shown, use)


rows, first_arms = {}, outcomes[sizes[-1]]["arms"][0]
for name in RAW + NETWORKS:
    model = first_arms[name][0]
    question = canvases if name in NETWORKS else canvases.cpu().numpy().reshape(len(canvases), -1)
    use = (lambda: predict(model, question)) if name in NETWORKS else (lambda: model.predict(question))
    size = network_size(model) if name in NETWORKS else tabular.size(model, n_train)
    rows[pictures.source.name, name] = vars(size) | {
        "train_cpu_s": times.loc[name, "train (CPU s)"].mean(),
        "predict_cpu_ms": 1000 * runtime.cpu_seconds(lambda: use()) / len(canvases),
    }
costs = pd.DataFrame(rows).T
costs.round(4)

# %% [markdown]
# And your exercises. Everything goes into a typed results file, from which the course makes its final comparison; the checkpoints have done their work.

# %%
exercises.summary()
predictions = {**predicted_accuracy, "verdict": predicted_verdict, "verdict MLP": predicted_mlp_verdict}
path = results.save(run, verdicts, results.costs(costs), predictions, exercises.statuses)
shutil.rmtree(checkpoints, ignore_errors=True)
print(f"saved {path.name}")

# %% [markdown]
# **Next.** A convolution carries knowledge about pictures. What would carry knowledge about *language*? Lesson 3 builds a small language model from nothing, and asks what fine-tuning is worth.
