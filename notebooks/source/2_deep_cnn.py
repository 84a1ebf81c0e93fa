# %% [markdown]
# # Lesson 2 · Deep CNN
#
# **Who finds the features in a picture, a person or the network?**
#
# **Why this matters.** Your phone finds a face wherever it is in the photo. For decades engineers wrote rules for that: find the eyes, measure the edges. Then, so the story goes, deep learning made this work matter less. Did it? You will write such a network, train it, and let it compete with the engineers' way.
#
# You need lesson 1. It takes two and a half hours, in three sittings.
#
# *The claim is from "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing".*

# %% [markdown] slide="Your phone finds a face anywhere in the photo"
# For decades, engineers wrote rules for that: find the eyes, measure the edges. Then, so the story goes, deep learning made this work matter less.
#
# **Write down:** what must a program know about pictures before it has seen one?

# %% [markdown]
# ## What you will learn
#
# 1. what a **[feature](glossary.md#feature)** is, and how to tell who made it;
# 2. what a **[convolution](glossary.md#convolution)** is;
# 3. how to write a **[CNN](glossary.md#cnn)** in torch;
# 4. how a network is **trained**, by a loop that you have written;
# 5. by which three doors **knowledge** can enter a model;
# 6. how to do all this with **pictures of your own**.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from skimage.feature import hog
from sklearn import decomposition, model_selection, pipeline, svm
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm

from course_utils.claims import ledger, resampling
from course_utils.data import canvases, chosen
from course_utils.exercises.lesson_2 import exercises
from course_utils.models import convolutional, costs, networks, window_hog
from course_utils.report import results
from course_utils.run import start
from course_utils.show import convolution_figures as drawings
from course_utils.show import descent_figures, network_figures, place_figures, plots

run = start("2_deep_cnn")
costs.use_one_core()
plots.use_style()

# %% [markdown]
# ## Pictures, and the work that is hidden in them
#
# 4,000 handwritten digits from MNIST. A picture is an array: channels × height × width, 0 is black, 1 is white. Grey pictures have one channel, coloured ones three.
#
# No scanner makes pictures like those in the first row. Programs cut the digits out, brought them to one size and put their middle into the middle. That is **feature extraction**: work of people, before a model has seen a pixel. A feature is any number computed from the raw data that makes the task easier.
#
# We undo a piece of it: `place` puts each digit at a random place of an empty canvas of 40 × 40 (second row). You read them easily. Do the models?

# %% [markdown] slide="Who moved the digit into the middle?"
# First row: MNIST as published. Second row: the same digits at random places. **Feature extraction** is the work of people that the first row hides.

# %% slide="+" shows="2"
settings = run.settings(
    pictures=4000,  # at most
    canvas=40,  # its height and width in pixels
    folds=4,
    steps=400,  # of each network in the experiment
    places=20,  # of each training picture, where examples are to tell
)
found = chosen.chosen_pictures(run, side=28, default="mnist")
pixels, labels = found.pixels[: settings.pictures], found.labels[: settings.pictures]
n_channels, side, n_classes = pixels.shape[1], pixels.shape[2], len(found.classes)
seeds = [int(seed) for seed in np.random.SeedSequence(run.seed).generate_state(settings.folds)]
canvas = settings.canvas
placed = canvases.place(pixels, canvas, seeds[0])  # (n, C, 40, 40)
shown = [np.flatnonzero(labels == k)[0] for k in range(min(n_classes, 10))]  # one of each class
plots.show(plots.gallery([*pixels[shown], *placed[shown]], columns=len(shown)),
           "One picture of each class as published, and at random places of a larger canvas.")

# %% [markdown]
# The first model is a **[support vector machine](glossary.md#support-vector-machine)** (SVM). It compares a new picture with training pictures, pixel by pixel, and lets those vote that lie near the border between two classes. Beside it the [baseline](glossary.md#baseline) that always says the same digit. Both are scored on the [validation](glossary.md#validation) part.

# %% [markdown] slide="The digits are the same"
# A support vector machine compares pictures pixel by pixel. **How many of 100 moved digits will it get right? Write a number down.**

# %% slide="later"
folds = canvases.folds(labels, settings.folds, run.seed, found.is_test)
train, validation, test = folds[0]
print(f"{len(train)} pictures to train, {len(validation)} to choose, {len(test)} to test")


def flat(images):
    return images.reshape(len(images), -1)  # (n, C, H, W) to (n, C * H * W)


baseline = 100 * np.mean(labels[validation] == np.bincount(labels[train]).argmax())
print(f"always the same: {baseline:.0f} % right")
for name, images in {"as published": pixels, "on the canvas": placed}.items():
    model = svm.SVC(C=10).fit(flat(images[train]), labels[train])
    score = 100 * model.score(flat(images[validation]), labels[validation])
    print(f"SVM, {name}: {score:.0f} % right")

# %% [markdown]
# <details><summary>The digits are the same. Why does the SVM fall so far?</summary>
#
# A 3 at another place shares hardly any pixel with the 3s that the SVM has seen; it may share more with a 5 that stands there. That a moved 3 is still a 3, nobody told it.
#
# </details>

# %% [markdown]
# ## Features made by hand
#
# In 2005 Dalal and Triggs wanted to find people in photos. Their feature, **[HOG](glossary.md#hog)**, cuts a window into cells, and measures how strong the edges of each direction are in each. A classifier (an SVM again) learns from windows with a person in the middle, and from windows without one. Then the window *slides* over a new photo, and the place where the classifier is surest wins.

# %% [markdown] slide="Features made by hand (2005)" ask=5
# Edge directions in a window (**HOG**), and the window slides over the canvas. **What did people put into this model?**

# %% slide="+" shows="1"
three = pixels[shown[:4][-1]]
_, stars = hog(three, 8, (7, 7), (2, 2), visualize=True, channel_axis=0)
model = window_hog.WindowHog(side).fit(placed[train], labels[train])
scores = model.scores(placed[validation[:1]])[0]  # (classes, down, right)
surest = scores.max(axis=(1, 2)).argmax()
fig = plots.gallery([three, np.sqrt(stars / stars.max()), placed[validation[0]], scores[surest]], [
    "a window", "its HOG", "a canvas", f"score of {found.classes[surest]} by place"],
    signed=[False, False, False, True], width=2.3)
plots.show(fig, "A window and its HOG; a canvas, and the score at each place of the window.")
print(f"sliding HOG → SVM: {100 * model.score(placed[validation], labels[validation]):.0f} % right")

# %% [markdown]
# <details><summary>What did people put into this model?</summary>
#
# That edges matter, and their directions; cells, so that a small shift does not; the window and its size. And that a thing is the same thing wherever the window finds it. (And where the training digits stand: data sets of photos come with boxes that people have drawn; `WindowHog` takes the box of the ink. New canvases come without one, and the CNN will not be told either.)
#
# </details>

# %% [markdown]
# ## Convolution
#
# A **convolution** slides too. A small window of weights, the *kernel*, moves over the picture. At each place multiply the weights with the pixels below, and add up.
#
# | picture | | | | kernel | | | result | |
# |---|---|---|---|---|---|---|---|---|
# | 1 | 0 | 2 | | 1 | 2 | | −1 | ? |
# | 3 | 2 | 1 | | 0 | −1 | | ? | ? |
# | 5 | 1 | 0 | | | | | | |
#
# Upper left: 1·1 + 0·2 + 3·0 + 2·(−1) = −1. Do the other three on paper.
#
# <details><summary>Compare</summary>
#
# 3 (upper right), 6 (lower left), 4 (lower right).
#
# </details>
#
# **2.1 Slide a window.** Write `convolve(picture, kernel)` in plain numpy. The picture is H × W, the kernel k × k, and what comes out (H − k + 1) × (W − k + 1). Two loops are fine. `exercises.hint("2.1")` in a new cell gives a nudge.

# %% exercise="2.1"
convolve = ...
### BEGIN SOLUTION
def convolve(picture, kernel):
    k = len(kernel)
    height, width = picture.shape[0] - k + 1, picture.shape[1] - k + 1
    out = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            window = picture[row : row + k, column : column + k]
            out[row, column] = np.sum(window * kernel)
    return out
### END SOLUTION

# %% check="2.1"
exercises.check("2.1", convolve)

# %% [markdown]
# What can a kernel find? The one below asks "does it get brighter from left to right?". torch's `nn.Conv2d` slides it. (torch wants picture × channel × height × width; `[None, None]` adds two axes.) What comes out is a **[feature map](glossary.md#feature-map)**: orange is positive, the left edge of a stroke; blue is negative, a right edge.

# %% [markdown] slide="Convolution: one small window, everywhere"
# The kernel asks at every place: does it get brighter from left to right? Nine weights, however large the picture.

# %% slide="+"
grey = placed[shown[0]].mean(axis=0)  # (40, 40)
kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype=np.float32)
layer = nn.Conv2d(in_channels=1, out_channels=1, kernel_size=3, bias=False)
layer.weight.data[0, 0] = torch.from_numpy(kernel)  # (out, in, k, k)
edges = layer(torch.from_numpy(grey)[None, None])[0, 0].detach().numpy()  # (38, 38)
if exercises.statuses["2.1"] == "correct":
    assert np.allclose(convolve(grey, kernel), edges, atol=1e-5)
fig = plots.gallery([grey, kernel, edges], ["picture", "kernel", "feature map"],
                    signed=[False, True, True], width=1.8)
plots.show(fig, "A digit, a three by three kernel, and the feature map with left and right edges.")

# %% [markdown]
# <details><summary>Which kernel asks "does it get brighter from top to bottom?"</summary>
#
# The same, lying: a row of −1, a row of 0, a row of 1.
#
# </details>
#
# The kernel has **nine [weights](glossary.md#weight)**, however large the picture is. And when the digit moves, its map moves along. So take two more steps: a *[ReLU](glossary.md#relu)* sets negative numbers to zero; then keep only the **largest number of the map**: *is* there such an edge, anywhere?
#
# **[Stride](glossary.md#stride)** is the step of the window: with stride 2 it skips every second place; the map is about half as wide. *Padding* adds a border of zeros, so that at stride 1 the map keeps its size.

#
# **Channels.** A *[layer](glossary.md#layer)* has several maps going in and several coming out. Each map that comes out has a kernel of its own, with one window for each map that goes in; everything is added up, and one more number, the *[bias](glossary.md#bias)*.
#
# *Max* **[pooling](glossary.md#pooling)** keeps of each 2 × 2 numbers the largest: the map shrinks, and a small move changes little.
#
# Stack such layers, and a number of a later one sees more of the picture: its **[receptive field](glossary.md#receptive-field)**. The third figure shows it for the network you will write.

# %% [markdown] slide="Slide the window"
# At each place: multiply, add up.
#
# **2.1** In pairs: write `convolve(picture, kernel)` with two loops.
#
# Lower half: with stride 2 the window skips every second place.

# %% slide="+" shows="1"
plots.show(*drawings.sliding(np.eye(7), kernel))
plots.show(*drawings.channels(n_in=2, n_out=2))
seen_by = {"convolution 1": (3, 2), "convolution 2": (3, 1), "pooling 2": (2, 2),
           "convolution 3": (3, 1), "pooling 3": (2, 2), "convolution 4": (3, 1)}  # window, stride
plots.show(*drawings.receptive_field(placed[shown[0]], seen_by))

# %% [markdown]
# ## A network of your own
#
# In torch a network is a class. `__init__` makes the layers, `forward` says what happens to a **[batch](glossary.md#batch)** of *B* pictures. This tiny one has a single convolution. (A *[batch norm](glossary.md#batch-norm)* brings each map to a common scale, which makes training quicker.) We move the digits by four pixels: do its scores change? The figure then shows the network of this lesson, which has four.


# %% [markdown] slide="A network of your own"
# **2.2** In pairs: write the class `Network`, four convolutions and the largest number of each map. Check each shape on the figure first.

# %% slide="+" shows="2"
class Tiny(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.conv = nn.Conv2d(n_channels, 16, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.head = nn.Linear(16, n_classes)  # a weight for each map and class, and biases

    def forward(self, x):  # (B, 1, 40, 40)
        x = torch.relu(self.norm(self.conv(x)))  # (B, 16, 20, 20)
        x = x.amax(dim=(2, 3))  # (B, 16): the largest number of each map
        return self.head(x)  # (B, n_classes): a score for each class


moved = np.roll(placed[shown], (0, 4), axis=(2, 3))  # four pixels to the right
scores = Tiny(n_classes).eval()(torch.from_numpy(np.stack([placed[shown], moved])[:, 0]))
print(f"largest change of a score: {(scores[0] - scores[1]).abs().max().item():.4f}")
plots.show(*network_figures.layers(convolutional.CNN(n_classes, n_channels), placed.shape[1:]))

# %% [markdown]
# The convolution moves its map along; the largest number forgets where. (Exactly so for even moves only: the stride is 2.)
#
# **2.2 Your network.** Write the class `Network`, made with `n_classes` as `Tiny` is. Four convolutions, 3 × 3, `padding=1`: from 1 channel to 16 maps (with stride 2), 16 to 32, 32 to 64, 64 to 64. Behind each a batch norm and a ReLU. Behind the second and the third also `nn.functional.max_pool2d(x, 2)`. Then the largest number of each map, and `nn.Linear` to the scores.

# %% exercise="2.2"
Network = ...
### BEGIN SOLUTION
class Network(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv4 = nn.Conv2d(64, 64, 3, padding=1)
        self.norm1, self.norm2 = nn.BatchNorm2d(16), nn.BatchNorm2d(32)
        self.norm3, self.norm4 = nn.BatchNorm2d(64), nn.BatchNorm2d(64)
        self.head = nn.Linear(64, n_classes)

    def forward(self, x):
        x = torch.relu(self.norm1(self.conv1(x)))
        x = nn.functional.max_pool2d(torch.relu(self.norm2(self.conv2(x))), 2)
        x = nn.functional.max_pool2d(torch.relu(self.norm3(self.conv3(x))), 2)
        x = torch.relu(self.norm4(self.conv4(x)))
        return self.head(x.amax(dim=(2, 3)))
### END SOLUTION

# %% check="2.2"
exercises.check("2.2", Network)

# %% [markdown]
# How many weights (*[parameters](glossary.md#parameter)*) would the second convolution have with windows of 5 × 5?
#
# <details><summary>Compare</summary>
#
# 32 maps × (16 windows × 25 + 1 bias) = 12,832.
#
# </details>

# %% [markdown]
# **A good place to stop.** You have a network. It knows nothing yet.

# %% [markdown]
# ## How a network learns
#
# **How wrong is it?** For a picture the network gives each class a score. *[Softmax](glossary.md#softmax)* turns scores *s* into probabilities: each becomes *eˢ*, then all are divided by their sum. The **[loss](glossary.md#loss)** is minus the natural logarithm of the probability of the right class: 0 if the network was sure and right, the larger the less it believed in the right class. Its name is *[cross-entropy](glossary.md#cross-entropy)*, and its unit *[nat](glossary.md#nat)*.
#
# **2.3 Cross-entropy by hand.** Write `cross_entropy(scores, right)`: an array with a score for each class, and the number of the right class. Scores 2, 0, −1 and right class 0: probability 0.84, loss 0.17.

# %% exercise="2.3"
cross_entropy = ...
### BEGIN SOLUTION
def cross_entropy(scores, right):
    probabilities = np.exp(scores) / np.exp(scores).sum()
    return -np.log(probabilities[right])
### END SOLUTION

# %% check="2.3"
exercises.check("2.3", cross_entropy)

# %% [markdown]
# From here on the lesson uses your network, if it passed; if not, ours. torch has the cross-entropy too, as the mean over a batch. (torch's arrays are called *[tensors](glossary.md#tensor)*. A **DataLoader** hands out the training pictures in random order, 64 at a time; one pass over all is an **[epoch](glossary.md#epoch)**.) Whoever gives each of ten classes the same probability has a loss of ln 10 = 2.3. An untrained network?

# %%
def make_cnn(seed, make=None):
    torch.manual_seed(seed)  # fixes the first, random weights
    if make is not None:
        return make(n_classes).to(run.device)
    yours = exercises.statuses["2.2"] == "correct" and n_channels == 1
    network = Network(n_classes) if yours else convolutional.CNN(n_classes, n_channels)
    return network.to(run.device, memory_format=torch.channels_last)


def batch_loss(model, images, labels):
    return nn.functional.cross_entropy(model(images), labels)


X, y = torch.from_numpy(placed).to(run.device), torch.from_numpy(labels).to(run.device)
few = train[:64]
print(f"untrained: {batch_loss(make_cnn(seeds[0]).eval(), X[few], y[few]).item():.2f} nats")


def loader_of(rows, seed):
    order = torch.Generator().manual_seed(seed)
    return DataLoader(TensorDataset(X[rows], y[rows]), 64, shuffle=True, generator=order)


exercises.given("2.4", batch_loss=batch_loss)  # what the check of 2.4 computes with

# %% [markdown]
# **Which way is down?** The loss depends on every weight. Think of one alone: its **slope** says whether the loss grows or falls when the weight grows. *[Gradient descent](glossary.md#gradient-descent)* moves the weight against the slope, by the slope times a **[learning rate](glossary.md#learning-rate)**. Below, with three rates.
#
# A network has many weights. `backward` finds the slopes of all of them: from the loss back through the layers, each step by the chain rule. Here it does so for our one weight.

# %% [markdown] slide="Which way is down?"
# The slope says where the loss grows; the weight moves the other way, by the slope times the learning rate. **Which of the three rates would you take?**

# %% slide="+" shows="2"
def toy_loss(w):
    return 0.5 * (w - 3) ** 2 + 1


w = torch.tensor(0.0, requires_grad=True)
toy_loss(w).backward()
print(f"slope at w = 0: {w.grad.item():.1f}")  # by hand: w - 3
plots.show(*descent_figures.descent_paths(toy_loss, start=0.0, rates=(0.05, 0.6, 2.1), steps=6))

# %% [markdown]
# Too small, and it hardly gets anywhere. Too large, and each step lands further up. (Dashed: the first slope.)
#
# **2.4 The training loop.** Write `one_epoch(model, loader, rate)`. For each `images, labels` in `loader`:
#
# 1. forget the old slopes: `model.zero_grad()`;
# 2. compute `batch_loss(model, images, labels)`;
# 3. find the slopes: call the loss's `.backward()`;
# 4. move every weight against its slope. Inside `with torch.no_grad():`, loop over `model.parameters()`: each `w` loses `rate` times `w.grad`. Use `w -= …`, which changes it in place.
#

# %% [markdown] slide="The loop that trains every network"
# For each batch of pictures:
#
# 1. forget the old slopes
# 2. compute the loss
# 3. find the slopes, by `backward`
# 4. move every weight a little against its slope
#
# **2.4** In pairs: write `one_epoch(model, loader, rate)`. What happens if you leave out line 1?

# %% exercise="2.4"
one_epoch = ...
### BEGIN SOLUTION
def one_epoch(model, loader, rate):
    for images, labels in loader:
        model.zero_grad()
        batch_loss(model, images, labels).backward()
        with torch.no_grad():
            for w in model.parameters():
                w -= rate * w.grad
### END SOLUTION

# %% check="2.4"
exercises.check("2.4", one_epoch)

# %% [markdown]
# torch has these steps, too: `optimizer.zero_grad()` forgets, `optimizer.step()` moves. With the [optimizer](glossary.md#optimizer) `SGD` (*stochastic gradient descent*) it is exactly your loop. With a better one it becomes quicker: **AdamW** averages recent slopes, divides them by their usual size, so that all weights move about equally far, and shrinks the weights a little (*weight decay*). And a *schedule* changes the rate: it rises, then falls almost to 0.


# %%
def train_network(model, loader, epochs, optimizer, schedule=None, look=lambda: None):
    for _ in range(epochs):
        look()
        for images, labels in loader:
            model.train()  # batch norm uses the batch's own scale
            loss = batch_loss(model, images, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if schedule:
                schedule.step()
    look()


if exercises.statuses["2.4"] == "correct":
    yours, torchs = make_cnn(0), make_cnn(0)
    one_epoch(yours, loader_of(few, 0), 0.1)
    train_network(torchs, loader_of(few, 0), 1, torch.optim.SGD(torchs.parameters(), lr=0.1))
    for ours, theirs in zip(yours.parameters(), torchs.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)

# %% [markdown]
# Now watch. A low loss on the *training* pictures proves nothing, a network can learn them by heart. So we look at both parts, before the first step and after each epoch. Three trainings: plain SGD; AdamW with its schedule; and AdamW again, but on 100 pictures only.


# %%
@torch.no_grad()  # no slopes are needed
def look_at(model, rows):
    model.eval()  # batch norm uses the average scale that it has seen
    right = model(X[rows]).argmax(dim=1) == y[rows]
    return batch_loss(model, X[rows], y[rows]).item(), 100 * right.float().mean().item()


def watched(rows, epochs, make_optimizer, make=None, seed=seeds[0]):
    model, loader, seen = make_cnn(seed, make), loader_of(rows, seed), []
    optimizer, schedule = make_optimizer(model, epochs * len(loader))
    train_network(model, loader, epochs, optimizer, schedule, lambda: seen.append(
        [look_at(model, rows)[0], *look_at(model, validation)]))
    return pd.DataFrame(seen, columns=["training", "validation", "accuracy"])

# %% [markdown] slide="Watch both curves"
# The same network three times. **What happened in the third training?** (Dotted: all classes the same.)

# %% slide="+"
def sgd(model, steps):
    return torch.optim.SGD(model.parameters(), lr=0.05), None


def adamw(model, steps):
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps)


curves = {"SGD": watched(train, 4, sgd), "AdamW": watched(train, 4, adamw),
          "AdamW, 100 pictures": watched(train[:100], 40, adamw)}
fig, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True)
for ax, (name, seen) in zip(axes, curves.items(), strict=True):
    seen[["training", "validation"]].plot(ax=ax, style=["-", "--"], color=plots.COLOURS[:2])
    ax.axhline(np.log(n_classes), color=plots.GREY, linestyle=":")
    ax.set(title=name, xlabel="epoch", ylabel="loss (nats per picture)")
plots.show(fig, "Training and validation loss of three trainings, from before the first step; "
           "dotted: all classes the same.", pd.concat(curves, axis=1).round(2))

# %% [markdown]
# <details><summary>The third training: what happened?</summary>
#
# **[Overfitting](glossary.md#overfitting)**, as in lesson 1's tree. The training loss goes to 0: the network knows its 100 pictures by heart. The validation loss stays far above. More pictures narrow the gap. (The bad start: the rate is still small, and batch norm's averages need some batches.)
#
# </details>

# %% [markdown]
# **2.5 Change one thing.** What does a part do? Take it away and measure. Write `variant(n_classes)`: it returns an untrained network that differs from ours in *one* thing. Guess what will happen. `convolutional.CNN(n_classes, width=8)` has half as many maps; in `network = convolutional.CNN(n_classes)`, the line `network.norm1 = nn.Identity()` takes a batch norm away.

# %% exercise="2.5"
variant = ...
### BEGIN SOLUTION
def variant(n_classes):
    return convolutional.CNN(n_classes, width=8)  # half as many maps in each layer
### END SOLUTION

# %% check="2.5"
exercises.check("2.5", variant)

# %% [markdown]
# Both for two epochs, with three seeds each. A difference below twice the `std` may be chance.

# %%
tried = {"the lesson's": None}  # make_cnn's own
if exercises.statuses["2.5"] == "correct" and n_channels == 1:
    tried["your variant"] = variant
found_by = {name: [watched(train, 2, adamw, make, seed)["accuracy"].iloc[-1]
                   for seed in range(3)] for name, make in tried.items()}
pd.DataFrame(found_by).agg(["mean", "std"]).round(1)  # validation accuracy (%)

# %% [markdown]
# **A good place to stop.** You have written a network and the loop that trains it.

# %% [markdown]
# ## The trial
#
# "Deep networks find useful features by themselves." Which networks? Two stand trial on raw pixels of the canvas: your CNN, and an **[MLP](glossary.md#mlp)**, as in lesson 1: two layers of 256 [neurons](glossary.md#neuron), each of which sees every pixel. Each must be clearly better than a classic model on raw pixels, and at most 1 [point](glossary.md#percentage-point) behind the sliding HOG.
#
# And a question that the article does not ask. That a digit may stand anywhere, one can also tell by **examples**: put each training picture at 20 places. This is called **[augmentation](glossary.md#augmentation)**. Does it then still take a deep network? We compare errors, as a ratio: the CNN should make less than half.

# %% [markdown] slide="The claim, and what it needs"

# %% slide="+" shows="1"
claims = ledger.get("dl-features"), ledger.get("dl-features-mlp"), ledger.get("dl-features-only")
display(*claims)

# %% [markdown] slide="Three doors for knowledge" ask=6
# That a digit may stand anywhere is knowledge. It can enter
#
# - as a **feature**: a sliding window, or moving the ink into the middle
# - as an **architecture**: convolution, and the largest number of each map
# - as **examples**: each training picture at 20 places
#
# **Predict, then vote:** who finds the digit without any of them? Is the claim supported, not supported or inconclusive, for a CNN, and for a plain deep network (MLP)?

# %% [markdown]
# A colleague puts *all* pictures at 20 places, and then splits them into training and test part. What is wrong?
#
# <details><summary>Compare</summary>
#
# A **[leak](glossary.md#leak)**, lesson 1's third kind: the same digit is in both parts, at two places. Split first, then put only the training pictures at many places.
#
# </details>
#
# **Your prediction**, in place of our guesses: accuracy (%) of three, and the verdicts (`"supported"`, `"not supported"` or `"inconclusive"`).

# %%
predicted = {"PCA → SVM, accuracy (%)": 75, "MLP, accuracy (%)": 85,
             "PCA → SVM with many places, accuracy (%)": 90, "verdict, CNN": "supported",
             "verdict, MLP": "supported", "verdict, only a deep network": "supported"}

# %% [markdown]
# ## Experiment
#
# A contestant is called an *[arm](glossary.md#arm)*. An arm is a model, and what it sees of a canvas. New here:
#
# - **PCA** ([principal components](glossary.md#principal-component)) sums up all pixels in the 60 directions in which the training pictures differ most. Nobody tells it what to look for, so it counts as raw.
# - **Re-centred**: `recentre` finds the box around the ink and moves it into the middle. It undoes what `place` did: shown, not judged.
# - `NetworkClassifier` is the loop of above, AdamW and schedule, as a scikit-learn model. With many places, at 64 a step, it misses some; the SVM sees all.
#
# (Settings were chosen on 1,000 pictures that the lesson does not use. An SVM without PCA, a nearest neighbour and a random forest were worse there.)


# %%
def network(model, seed):
    return networks.NetworkClassifier(model, batch_loss, settings.steps, weight_decay=0.1,
                                      seed=seed, device=run.device)


def pca_svm():
    return pipeline.make_pipeline(decomposition.PCA(60, copy=False, random_state=run.seed),
                                   svm.SVC(C=10, tol=0.1, cache_size=500))


def make_arms(seed):
    return {
        "PCA → SVM": (pca_svm(), flat),
        "MLP": (network(networks.mlp(n_channels * canvas**2, n_classes, seed), seed), np.asarray),
        "CNN": (network(make_cnn(seed), seed), np.asarray),
        "sliding HOG → SVM": (window_hog.WindowHog(side), np.asarray),
        "re-centred → PCA → SVM": (pca_svm(), lambda x: flat(canvases.recentred(x, side))),
        "PCA → SVM, many places": (pca_svm(), flat),
        "CNN, many places": (network(make_cnn(seed), seed), np.asarray),
    }

# %% [markdown]
# As in lesson 1, each picture is in the test part of one [fold](glossary.md#fold). A fold has its own places and first weights. `run_arms` trains some arms on each fold, and notes what they get right. (Arms that have learned from many places are asked at five.) First those on raw pixels:


# %%
right, models = [{} for _ in folds], {}  # by arm, of each fold; the models of the first fold


def run_arms(*names, chosen=range(settings.folds)):
    for i in tqdm(chosen, unit="fold"):
        train, _, test = folds[i]
        for arm in names:
            copies = settings.places if arm.endswith("many places") else 1
            model, sees = make_arms(seeds[i])[arm]
            many = np.tile(pixels[train], (copies, 1, 1, 1))  # each as often as it gets a place
            many = canvases.place(many, canvas, seeds[i] + 99)
            model.fit(sees(many), np.tile(labels[train], copies))
            looks = [canvases.place(pixels, canvas, seeds[i] + k)[test]
                     for k in range(min(copies, 5))]
            right[i][arm] = np.mean([model.predict(sees(x)) == labels[test] for x in looks], axis=0)
            models.setdefault(arm, model)


run_arms("PCA → SVM", "MLP", "CNN")

# %% [markdown]
# Then those with features, and those with many places:

# %%
run_arms("sliding HOG → SVM", "re-centred → PCA → SVM", "CNN, many places")

# %%
run_arms("PCA → SVM, many places", chosen=range(settings.folds // 2))

# %%
run_arms("PCA → SVM, many places", chosen=range(settings.folds // 2, settings.folds))

# %% [markdown]
# All arms, by what tells them that a digit may stand anywhere. (The [intervals](glossary.md#interval) draw anew what came by chance, on two levels: folds with replacement, and in each of them its pictures. The middle 95 % of 2,000 such draws are a *two-level [bootstrap](glossary.md#bootstrap)*; with four folds it is somewhat too narrow.)

# %% [markdown] slide="What was measured" ask=3
# Before the colon stands what tells a model that the place does not matter. **Which doors are as good as each other?**

# %% tags=["readme-picture"] slide="+"
def measured(arm, rival=None):
    values = [100 * (r[arm] - (r[rival] if rival else 0)) for r in right]
    return resampling.two_level_bootstrap(values, seed=run.seed)


DOORS = {"nothing": ("PCA → SVM", "MLP"),
         "a feature": ("sliding HOG → SVM", "re-centred → PCA → SVM"),
         "its architecture": ("CNN",), "examples": ("PCA → SVM, many places",),
         "both": ("CNN, many places",)}
arms = {f"{door}: {arm}": measured(arm) for door, members in DOORS.items() for arm in members}
fig, ax = plt.subplots(figsize=(7.5, 3.6))
plots.forest(ax, arms)
ax.set(xlabel=f"accuracy on the canvas (%); always the same class: {baseline:.0f} %")
plots.show(fig, "Accuracy of seven arms on digits at random places, with 95 % intervals.", arms)

# %% [markdown]
# ## Verdict
#
# All arms saw the same test pictures, so we compare picture by picture: +100 where only the network is right, −100 where only its rival is, 0 otherwise.

# %% [markdown] slide="Verdict"

# %% slide="+" shows="1"
verdicts = []
for each, name, arm in ((claims[0], "cnn", "CNN"), (claims[1], "mlp", "MLP")):
    estimates = {f"{name}_against_raw": measured(arm, "PCA → SVM"),
                 f"{name}_against_handmade": measured(arm, "sliding HOG → SVM")}
    verdicts.append(each.judge(estimates, run.profile))
ours, theirs = ([1 - r[f"{arm}, many places"] for r in right] for arm in ("CNN", "PCA → SVM"))
ratio = resampling.two_level_bootstrap(ours, run.seed, over=theirs)
verdicts.append(claims[2].judge({"errors": ratio}, run.profile))
judged = ("PCA → SVM", "MLP", "PCA → SVM, many places")
answers = dict(zip(predicted, [*map(measured, judged), *(v.word for v in verdicts)], strict=True))
display(*verdicts, results.beside(predicted, answers))

# %% [markdown]
# ## Why?
#
# **Move a digit.** A test digit that PCA → SVM got wrong, at every place of the canvas, and what three models call it: blue is right, orange is wrong, with the answer in the cell. Below, move it yourself.

# %% [markdown] slide="Move one digit over the whole canvas"
# Blue: right. Orange: wrong, with the answer.
#
# **Who had been told that the place does not matter, and by which door?**

# %% slide="+" shows="1"
one = folds[0][2][right[0]["PCA → SVM"] == 0][0]  # the first test picture that it got wrong
few, many = models["PCA → SVM"], models["PCA → SVM, many places"]
asked = {"PCA → SVM": lambda images: (few.predict(flat(images)), None),
         "PCA → SVM, many places": lambda images: (many.predict(flat(images)), None),
         "CNN": lambda images: (models["CNN"].predict(images),
                                models["CNN"].predict_proba(images).max(axis=1))}
plots.show(*place_figures.answers_by_place(pixels[one], labels[one], canvas, asked))
place_figures.move_digit(pixels[one], labels[one], canvas, asked)

# %% [markdown]
# **What the CNN knew before.** Whoever invented it knew that *where a thing stands does not change what it is*, and built it in: windows that are the same everywhere, and the largest number of a map, wherever it stands. It is the knowledge of `recentre` and of the sliding window, in another form.
#
# **That is the lesson's point.** That a digit may stand anywhere is knowledge, and somebody has to bring it: as a feature, as an architecture, or as examples. The CNN "found its features by itself" only after a person had built that knowledge in. The MLP, deep as well, had nobody. These are the **three doors for knowledge**. (If *supported*, the third verdict says that a CNN adds something to examples; not whether depth does it or convolution.)
#
# Put the pixels of *every* picture, training and test, into one and the same random order, and train anew. Which arms do clearly worse than before: the SVM, the MLP, the CNN?
#
# <details><summary>Compare</summary>
#
# Of these, only the CNN. It uses which pixels are neighbours (so do HOG and re-centring). A sum over all pixels, in an SVM or an MLP, is the same in any order.
#
# </details>
#
# What does the CNN find, then? First its kernels, and one digit's maps in three layers. Then pictures that it got wrong. Would you have known?

# %% [markdown] slide="What does the word mean, and what not?" ask=4
# **Shuffle** the pixels of *every* picture, training and test, in one and the same order, and train anew. Which models do clearly worse than before: SVM, MLP, CNN?

# %% [markdown] slide="+" ask=1

# %% [markdown] slide="+" ask=2

# %%
plots.show(*network_figures.filters_and_maps(models["CNN"].model, placed[one]))
missed = folds[0][2][right[0]["CNN"] == 0][:10]
said = models["CNN"].predict(placed[missed])
titles = [f"{found.classes[labels[i]]}, said {found.classes[k]}"
          for i, k in zip(missed, said, strict=True)]
plots.show(plots.gallery(placed[missed], titles, 5), "Test pictures that the CNN got wrong.")

# %% [markdown]
# ## Your turn
#
# Pictures of your own, in plain torch and PIL. Make a folder with one folder a class in it, 20 pictures or more in each, and put its path below. Cups and glasses? Your own sevens and ones? PNG or JPEG (made small and grey). (Until then the cell writes some of the lesson's pictures to a folder.)

# %%
from pathlib import Path

from PIL import Image

my_folder = None  # yours: Path("my_pictures")
if my_folder is None:
    my_folder = Path(run.out) / "example_pictures"
    for row in np.concatenate([np.flatnonzero(labels == k)[:40] for k in range(min(n_classes, 3))]):
        (my_folder / str(labels[row])).mkdir(parents=True, exist_ok=True)
        grey = np.uint8(255 * pixels[row].mean(axis=0))
        Image.fromarray(grey).save(my_folder / str(labels[row]) / f"{row}.png")

kinds = (".png", ".jpg", ".jpeg")
files = [path for path in sorted(my_folder.glob("*/*")) if path.suffix.lower() in kinds]
names = sorted({path.parent.name for path in files})
images = [np.asarray(Image.open(path).convert("L").resize((40, 40))) / 255 for path in files]
inputs = torch.tensor(np.array(images), dtype=torch.float32)[:, None]  # (n, 1, 40, 40)
truth = torch.tensor([names.index(path.parent.name) for path in files])

# %% [markdown]
# A quarter is kept for the test. With few pictures one run says little: change `random_state`, and see how far the score moves.

# %%
fit_rows, test_rows = model_selection.train_test_split(range(len(truth)), stratify=truth,
                                                        random_state=0)
mine = nn.Sequential(
    nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
    nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, len(names)),
)
loader = DataLoader(TensorDataset(inputs[fit_rows], truth[fit_rows]), batch_size=16, shuffle=True)
optimizer = torch.optim.AdamW(mine.parameters(), lr=0.01)
for epoch in range(20):
    for some, their_truth in loader:
        loss = nn.functional.cross_entropy(mine(some), their_truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
torch.save(mine.state_dict(), run.out / "my_network.pt")  # a trained network is its weights
mine.load_state_dict(torch.load(run.out / "my_network.pt"))  # later, into a network built like it
share = (mine(inputs[test_rows]).argmax(dim=1) == truth[test_rows]).float().mean().item()
most = truth[test_rows].bincount().max().item() / len(test_rows)
print(f"{100 * share:.0f} % of {len(test_rows)} right (most frequent class: {100 * most:.0f} %)")

# %% [markdown] slide="Where to go on"
# **Your turn:** twenty pictures of each of two things, in thirty lines of torch.
#
# **Labs**, 45 minutes each, by their question:
#
# - Does deep learning need a great deal of data?
# - Can a network be too deep to train?
# - Can we see why a network decides as it does?
# - Can a network learn from pictures without labels?
# - Can a network colour a black-and-white photo?
# - Does a network serve badly those of whom it has seen little?

# %% [markdown]
# `course run 2 --images folder` runs the whole lesson on your pictures.
#
# ## Recap
#
# 1. A **feature** is a number computed from the raw data that makes the task easier. To tell who made it, undo it and see whose accuracy falls.
# 2. A **convolution** slides one small window of weights over the picture. When the picture moves, its map moves along.
# 3. A **CNN** is a class: layers in `__init__`, what happens to a batch in `forward`.
# 4. A network is **trained** by a loop: forget the slopes, compute the loss, find each weight's slope, move all weights a little. Watch the validation loss.
# 5. **Knowledge** enters as a feature, as an architecture or as data.
# 6. **Your own pictures** take a folder, PIL and thirty lines of torch.

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)

# %% [markdown]
# **Labs**, each one more question:
#
# - [Does deep learning need a great deal of data?](labs/2_data.ipynb)
# - [Can a network be too deep to train?](labs/2_depth.ipynb)
# - [Can we see why a network decides as it does?](labs/2_black_box.ipynb)
# - [Can a network learn from pictures without labels?](labs/2_unlabelled.ipynb)
# - [Can a network colour a black-and-white photo?](labs/2_colour.ipynb)
# - [Does a network serve badly those of whom it has seen little?](labs/2_bias.ipynb)
#
# **Next.** A convolution carries knowledge about pictures. What would carry knowledge about *language*? [Lesson 3](3_small_llm.ipynb) builds a small [language model](glossary.md#language-model) from nothing, and asks what [fine-tuning](glossary.md#fine-tuning) is worth.
