# %% [markdown]
# # Lab 2 · Can a network be too deep to train?
#
# **The claim.** Many hidden layers let a network find fine and tangled patterns.
#
# *Source: "Deep Learning vs. Machine Learning: What's the Difference?" (a university's IT blog), section "Deep Neural Networks (DNNs)".*
#
# This lab needs [lesson 2](../2_deep_cnn.ipynb): convolutions, its training loop, folds. Allow 45 minutes. (Cells that measure or draw can be skimmed.)
#
# **Why this matters.** In 2014 the best networks in the great contest in naming photos had about 20 [layers](../glossary.md#layer). A year later the winner had 152. In between, people had found that stacking more layers made networks *worse*, even on the pictures that they learned from. Then somebody added one plus sign.

# %%
from functools import partial

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss
from torch import nn
from tqdm import tqdm

from course_utils.claims import intervals, ledger, resampling
from course_utils.data import canvases
from course_utils.data import pictures as images
from course_utils.exercises.lab_2_depth import exercises, first_slope, shortcut
from course_utils.models import costs, networks
from course_utils.report import results
from course_utils.run import start
from course_utils.show import curve_figures, network_figures, plots

# %% [markdown]
# ## Data
#
# MNIST digits, in the middle of the picture. The mean of each 2 × 2 pixels makes 14 × 14 of 28 × 28, so that a laptop can train many. Five [folds](../glossary.md#fold), each with first weights of its own.

# %%
run = start("2_depth")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    depths=(2, 8, 20),  # convolutions in the blocks
    rates=(0.003, 0.01, 0.03),  # learning rates to choose from
    steps=150,
    folds=5,
)
pictures = images.load_mnist()
pixels, labels = pictures.pixels.reshape(-1, 1, 14, 2, 14, 2).mean(axis=(3, 5)), pictures.labels
folds = canvases.folds(labels, settings.folds, run.seed)  # (train, validation, test) of each
seeds = np.random.SeedSequence(run.seed).generate_state(settings.folds).tolist()
baseline = 100 * np.mean(labels[folds[0][2]] == 0)
print("pictures to train, choose and test on, in each fold:", *map(len, folds[0]))
print(f"baseline, always saying 0: {baseline:.0f} % right")

# %% [markdown]
# ## A stack as deep as you like
#
# The first convolution steps by two: 14 × 14 pixels become 8 maps of 7 × 7. Then come **blocks**. Each has a `body`: two convolutions that keep the shape. How a block joins its body with its input is left open: a function `connect` says it. At the end *all* numbers go into the ten scores, so even the shallowest stack sees the whole picture. (`norm` is for the end of the lab: `nn.Identity` does nothing.)


# %%
def make_body(width, norm):
    """Two convolutions that keep the shape, with a ReLU between them."""
    one, two = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
    return nn.Sequential(one, norm(width), nn.ReLU(), two, norm(width))


class Stack(nn.Module):
    """One convolution, blocks with so many convolutions together, ten scores."""

    def __init__(self, depth, connect, norm=nn.Identity, width=8):
        super().__init__()
        self.first = nn.Conv2d(1, width, 3, stride=2, padding=1)
        self.bodies = nn.ModuleList(make_body(width, norm) for _ in range(depth // 2))
        self.connect = connect
        self.scores = nn.Linear(width * 7 * 7, 10)

    def maps(self, x):
        """(B, 1, 14, 14) to the maps behind the first convolution and behind each block."""
        found = [torch.relu(self.first(x))]  # (B, 8, 7, 7)
        for body in self.bodies:
            found.append(self.connect(found[-1], body))  # the same shape
        return found

    def forward(self, x):
        return self.scores(self.maps(x)[-1].flatten(1))  # (B, 10)


# %% [markdown]
# ## The telephone game
#
# Children whisper a message along a row; what arrives? We whisper four digits through an *untrained* stack of usual, `plain` blocks. Each row is a digit, each column a place: after so many convolutions of the blocks. We show the map that differs most between the four, each column on one scale (smallest number black, largest white). **What does the last column show? What could a network learn from it?**


# %%
def plain(x, body):
    """A usual block: what the body makes replaces its input."""
    return torch.relu(body(x))


torch.manual_seed(seeds[0])
four = pixels[[np.flatnonzero(labels == digit)[0] for digit in (0, 1, 4, 7)]]
with torch.no_grad():
    maps = Stack(20, plain).maps(torch.from_numpy(four))
fig, numbers = network_figures.whispers(four, {n: maps[n // 2].numpy() for n in (0, 2, 4, 8, 20)})
plots.show(fig, "Four digits, and one map of each after 0, 2, 4, 8 and 20 convolutions.", numbers)

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# The table under the figure says how much the maps still differ. torch's first weights are small: each convolution passes on only part of the differences, and a part of a part of a part is soon nothing. What is left is the same for all: it comes from biases and from the zeros around each map (padding). Where all digits look alike, a network can learn how frequent each class is, but not which one it sees.
#
# </details>
#
# ## The shortcut
#
# In a **[residual block](../glossary.md#residual-block)** (He and others 2016) the input also goes past the body, and what the body makes is *added* to it. Only then comes the [ReLU](../glossary.md#relu).
#
# **Exercise 2_depth.1 One plus sign.** Write `residual(x, body)`: what such a block makes of the maps `x`. `body(x)` has the same shape as `x`. (`exercises.hint("2_depth.1")` gives a nudge.)

# %% exercise="2_depth.1"
residual = ...


### BEGIN SOLUTION
def residual(x, body):
    return torch.relu(x + body(x))


### END SOLUTION

# %% check="2_depth.1"
exercises.check("2_depth.1", residual)

# %% [markdown]
# ## The claims, as they will be judged
#
# The article's claim is about *new* pictures. Two questions of our own come first: does a deep stack get through its *training* without shortcuts, and with them? We take the loss on all pictures learned from, after the last step. A high one is no [overfitting](../glossary.md#overfitting): it means "not even learned".
#
# Their [margin](../glossary.md#margin) is 0.1 [nats](../glossary.md#nat): the right digit gets a probability about a tenth smaller. All ten equally likely costs ln 10 = 2.30 nats.

# %%
claims = [ledger.get("dl-depth"), ledger.get("dl-depth-plain"), ledger.get("dl-depth-residual")]
display(*claims)

# %% [markdown]
# **Your prediction**, in place of our guesses: deepest minus shallowest, in training loss without shortcuts (a plus: the deepest is *worse*), and in new pictures that are right (a plus: better).

# %%
predicted = {
    "training loss, plain (nats)": 0.3,
    "right, shortcuts (points)": 2,
    "dl-depth": "supported",
}

# %% [markdown]
# ## Experiment
#
# "You chose a bad [learning rate](../glossary.md#learning-rate)" would be a fair objection. So every stack, in every fold, tries three and keeps the one that is right most often on the [validation](../glossary.md#validation) part. This trains one stack, with the lesson's loop and AdamW:


# %%
def batch_loss(model, images, labels):
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


def learn(make, i, rate):
    """Trains a new stack in fold i: what it has reached."""
    torch.manual_seed(seeds[i])
    how = {"weight_decay": 0.1, "seed": seeds[i], "device": run.device}
    model = networks.NetworkClassifier(make(), batch_loss, settings.steps, 64, rate, **how)
    train, validation, test = folds[i]
    model.fit(pixels[train], labels[train])
    return {
        "losses": model.history_.losses,  # of each step
        "training loss": log_loss(labels[train], model.predict_proba(pixels[train])),
        "validation": model.score(pixels[validation], labels[validation]),
        "right": 100.0 * (model.predict(pixels[test]) == labels[test]),  # of each test picture
    }


# %% [markdown]
# How large must this be? In a pilot (other pictures) plain stacks of 20 stayed 2 nats above shallow ones: five folds are plenty. With shortcuts, depth gained about 0 points. Five times 800 test pictures should give a bootstrap [interval](../glossary.md#interval) of ± 1 point: just enough to tell 0 from 2.


# %%
def tuned(make, name, n_folds=None):
    """What the stack with the best of its rates has reached: a row for each of the first folds."""
    rows = []
    for i in tqdm(range(settings.folds)[:n_folds], desc=name, unit="fold"):
        tries = [learn(make, i, rate) for rate in settings.rates]
        lowest = min(each["training loss"] for each in tries)
        rows.append(max(tries, key=lambda each: each["validation"]) | {"lowest loss": lowest})
    return pd.DataFrame(rows)


found = {("plain", n): tuned(partial(Stack, n, plain), f"plain, {n}") for n in settings.depths}

# %% [markdown]
# The same with shortcuts. (`shortcut` is our `residual`.)

# %%
for n in settings.depths:
    found["shortcuts", n] = tuned(partial(Stack, n, shortcut), f"shortcuts, {n}")

# %% [markdown]
# The training loss: mean over the five folds, their standard deviation as a band. Dotted: guessing. **Which stacks get through?** ("Right" is on new pictures, "lowest loss" the lowest training loss of any rate in any fold.)

# %%
fig, means = curve_figures.trainings(found, np.log(10))
plots.show(fig, "Training loss by step, plain on the left, with shortcuts on the right.", means)
curve_figures.reached(found)

# %% [markdown]
# ## Verdict
#
# First the training loss: lesson 1's corrected t intervals over folds.

# %%
low, high = settings.depths[0], settings.depths[-1]


def over_folds(differences):
    """Their mean, with its interval."""
    return intervals.corrected_resampled_t(differences, 1 / settings.folds)


loss = {kind: reached["training loss"] for kind, reached in found.items()}
stuck = over_folds(loss["plain", high] - loss["plain", low])
kept = over_folds(loss["shortcuts", high] - loss["shortcuts", low])
mended = over_folds(loss["plain", high] - loss["shortcuts", high])
pairs = (claims[1], {"stuck": stuck}), (claims[2], {"kept": kept, "mended": mended})
of_loss = [claim.judge(measured, run.profile) for claim, measured in pairs]
display(*of_loss)

# %% [markdown]
# Then the article's claim: folds and pictures drawn anew, as in lesson 2. From five folds this interval is somewhat too narrow. So we also print what the t interval would say. If the words differ, the verdict hangs by a thread.

# %%
gained = found["shortcuts", high]["right"] - found["shortcuts", low]["right"]  # a fold's pictures
gain = resampling.two_level_bootstrap(gained.tolist(), run.seed)
by_t = over_folds(gained.map(np.mean))
print("by t:", by_t.text("points"), "·", claims[0].judge({"gain": by_t}, run.profile).word)
verdicts = [claims[0].judge({"gain": gain}, run.profile), *of_loss]
answers = dict(zip(predicted, (stuck, gain, verdicts[0].word), strict=True))
display(verdicts[0], results.beside(predicted, answers))

# %% [markdown]
# ## Why?
#
# Training changes a weight by its slope, its *gradient*. That of the first layer must come back through the whole stack: the telephone game the other way.
#
# **Exercise 2_depth.2 What reaches the first layer?** Write `first(stack, images, labels)`: compute the loss of this batch with `batch_loss`, let torch find all gradients (as in the lesson's loop), and return the *norm* (`.norm()`) of the gradient of the first convolution's weights, `stack.first.weight`. (Each stack is new: no old gradients to empty.)

# %% given="2_depth.2"
torch.manual_seed(seeds[0])
stack, rows = Stack(8, plain), folds[0][0][:64]
batch = torch.from_numpy(pixels[rows]), torch.from_numpy(labels[rows])
exercises.given("2_depth.2", stack=stack, batch=batch, batch_loss=batch_loss)

# %% exercise="2_depth.2"
first = ...


### BEGIN SOLUTION
def first(stack, images, labels):
    batch_loss(stack, images, labels).backward()
    return stack.first.weight.grad.norm()


### END SOLUTION

# %% check="2_depth.2"
exercises.check("2_depth.2", first)

# %% [markdown]
# Now for untrained stacks of 2 to 32 convolutions, five of each. (`first_slope` is our `first`.)


# %%
def at_start(n, connect):
    """The first layer's gradient in five new stacks of n convolutions."""
    slopes = []
    for seed in seeds:
        torch.manual_seed(seed)
        slopes.append(first_slope(Stack(n, connect), *batch, batch_loss))
    return slopes


kinds = {"plain": plain, "shortcuts": shortcut}
slopes = {kind: {n: at_start(n, kinds[kind]) for n in range(2, 33, 6)} for kind in kinds}
fig, numbers = curve_figures.slopes(slopes)
plots.show(fig, "First layer's gradient against depth, untrained: means of five.", numbers)

# %% [markdown]
# <details><summary>AdamW divides each gradient by its usual size, so that small ones take large steps, too. Why does that not help a plain stack of 20?</summary>
#
# It adds 0.00000001 to what it divides by, so as not to divide by 0. Where the curve lies far below that, a step is next to nothing. In a pilot with a hundred million times less, the smallest of our rates took the loss to 1.6 in 200 steps: far behind, but no longer stuck.
#
# </details>

# %% [markdown]
# ## Is the shortcut the only cure?
#
# Two others act on the *size* of the numbers passed on. **He's first weights** (2015) are larger, by just so much that a layer with ReLU keeps the size of its input. The other is lesson 2's [batch norm](../glossary.md#batch-norm). Both without shortcuts, in three folds; shown, not judged. **Which train? Which are best on new pictures?**


# %%
def he(layer):
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


found["He's weights", high] = tuned(lambda: Stack(high, plain).apply(he), "He's", 3)
found["batch norm", high] = tuned(partial(Stack, high, plain, nn.BatchNorm2d), "norm", 3)
curve_figures.reached({key: found[key] for key in found if key[1] == high})

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# A loss far below 2.30 is no longer stuck. Compare it with that of the stack with shortcuts: does it train *as well*? And who has learned more of the training pictures need not be right on more new ones.
#
# </details>
#
# <details><summary>So why does everybody use shortcuts?</summary>
#
# The cures add up; networks today use them together. In He's paper of 2016 plain networks *with* batch norm trained worse at 56 layers than at 20, on photos. With shortcuts, 110 layers trained well.
#
# </details>

# %% [markdown]
# ## What this adds to lesson 2
#
# - Before you ask whether a network generalises, ask whether it trains: look at the *training* loss, and tune the rate.
# - A shortcut lets the picture forward, and the gradient back, past every body.
# - Whether a plain stack trains can hang on its first weights, on norms, even on the optimizer's small print.
# - All this is about narrow stacks, few steps and easy digits, where depth may have little left to gain. Harder pictures may differ.
#
# Back to [lesson 2](../2_deep_cnn.ipynb).

# %% [markdown]
# Your verdicts and exercises, kept for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)
