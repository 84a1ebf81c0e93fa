# %% [markdown]
# # Lab 2 · Can we see why a network decides as it does?
#
# **The claim.** What happens inside a deep network is hard to explain.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Deep Learning: The Next Level of AI" and "Interpretability and Transparency".*
#
# This lab goes on from [lesson 2](../2_deep_cnn.ipynb): you need its [CNN](../glossary.md#cnn), its training loop and its moved digits. It runs on its own: it trains the lesson's network anew, with fewer steps. Allow 45 minutes.
#
# **Why this matters.** A network says that a spot on the skin is harmless, and paints the pixels that it "looked at". The picture convinces the doctor. Should it?

# %%
import numpy as np
import pandas as pd
import torch
from scipy import stats
from torch import nn
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import canvases
from course_utils.data import pictures as images
from course_utils.exercises.lab_2_black_box import exercises
from course_utils.models import convolutional, costs, networks
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# Everything is [seeded](../glossary.md#seed), and all sizes stand in one cell.

# %%
run = start("2_black_box")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    canvas=16,  # pixels; a digit has 8
    steps=200,  # how often the weights are changed; the test below asks no more of the network
    explained=100,  # pictures that each network has to explain
    folds=5,  # one network each
)

# %% [markdown]
# ## A network to look into
#
# The lesson's digits on its large canvas, and its CNN, trained once in each [fold](../glossary.md#fold).


# %%
def batch_loss(model, images, labels):
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


def make_cnn(seed):
    """The lesson's network, untrained."""
    return convolutional.make_cnn(1, len(pictures.classes), seed).to(run.device)


pictures = images.load_digits()
pixels, labels = pictures.pixels, pictures.labels
folds = canvases.folds(labels, settings.folds, run.seed)  # (train, validation, test) of each
seeds = [int(seed) for seed in np.random.SeedSequence(run.seed).generate_state(settings.folds)]
seen = [canvases.place(pixels, settings.canvas, seed) for seed in seeds]  # (n, 1, 16, 16) each

# %% [markdown]
# Half a minute:

# %%
cnns, scores = [], []
for i in tqdm(range(settings.folds), desc="training", unit="fold"):
    train, _, test = folds[i]
    cnn = networks.NetworkClassifier(make_cnn(seeds[i]), batch_loss, settings.steps,
                                     weight_decay=0.1, seed=seeds[i], device=run.device)
    cnns.append(cnn.fit(seen[i][train], labels[train]))
    scores.append(100 * cnn.score(seen[i][test], labels[test]))
baseline = 100 * np.bincount(labels).max() / len(labels)
print(f"{np.mean(scores):.1f} % of the test pictures right (most frequent class: {baseline:.1f} %)")

# %% [markdown]
# ## Marks: which pixels count?
#
# Many methods paint a picture of what a network "looked at". Ours mark every *ink* pixel, that is every one that is not black. A mark says how much this pixel counts for the answer's probability. We take the probability's logarithm, because near 1 a probability hardly moves.


# %%
def log_probability(model, canvases, answer):
    """Log probability of one class for each picture, an array (B,)."""
    with torch.no_grad():
        scores = model(torch.as_tensor(canvases, device=run.device))  # (B, n_classes)
        return nn.functional.log_softmax(scores, dim=1)[:, answer].cpu().numpy()


def ink_of(canvas):
    """Rows and columns of pixels that are not black, (n_ink, 2)."""
    return np.argwhere(canvas.max(axis=0) > 0)

# %% [markdown]
# **[Occlusion](../glossary.md#occlusion)** is the plainest method. Cover one ink pixel with black and ask the network again. How far does the log probability fall? That is the pixel's mark. Uncover it, and go on to the next.
#
# **Exercise 2_black_box.1** Write `occlusion(ask, canvas, ink)`. `canvas` is an array (1, 16, 16). `ink` holds a row and a column for each ink pixel. `ask(canvas)` gives the log probability of one canvas. Return an array with one mark for each ink pixel: positive where covering *hurts* the answer. Leave `canvas` as it was.

# %% exercise="2_black_box.1"
occlusion = ...
### BEGIN SOLUTION
def occlusion(ask, canvas, ink):
    marks = []
    for row, column in ink:
        covered = canvas.copy()
        covered[:, row, column] = 0
        marks.append(ask(canvas) - ask(covered))
    return np.array(marks)
### END SOLUTION

# %% check="2_black_box.1"
exercises.check("2_black_box.1", occlusion)

# %% [markdown]
# The lab goes on with a version that asks about all covered canvases at once, which is quicker. The second method is **gradient × input**: the slope of the log probability for each pixel (the `backward` of the training loop, but for pixels instead of [weights](../glossary.md#weight)), times the pixel. To a first approximation that is by how much the log probability would fall if this pixel were black: the same question, in a single pass.


# %%
def by_occlusion(model, canvas, answer):
    """How far the answer's log probability falls with each ink pixel covered, (n_ink,)."""
    ink = ink_of(canvas)
    covered = np.repeat(canvas[None], len(ink) + 1, axis=0)  # the last one stays as it is
    covered[np.arange(len(ink)), :, ink[:, 0], ink[:, 1]] = 0
    values = log_probability(model, covered, answer)
    return values[-1] - values[:-1]


def by_gradient(model, canvas, answer):
    """Slope of the answer's log probability times the pixel, for each ink pixel, (n_ink,)."""
    image = torch.as_tensor(canvas[None], device=run.device).requires_grad_()
    value = nn.functional.log_softmax(model(image), dim=1)[0, answer]
    (slope,) = torch.autograd.grad(value, image)  # (1, C, H, W)
    return (slope * image)[0].sum(dim=0).detach().cpu().numpy()[tuple(ink_of(canvas).T)]

# %% [markdown]
# Six digits, and below each what the two methods mark: orange speaks for the network's answer, blue against it. The last row is a trap: marks of a network with *random* weights, which has learned nothing.


# %%
def as_picture(method, model, canvas, answer):
    """Marks of ink pixels on an empty canvas, (H, W)."""
    marks = np.zeros(canvas.shape[1:])
    marks[tuple(ink_of(canvas).T)] = method(model, canvas, answer)
    return marks


six, random_cnn = seen[0][folds[0][2][:6]], make_cnn(seeds[0] + 1).eval()
said = cnns[0].predict(six)
rows = {"occlusion": (by_occlusion, cnns[0].model), "gradient": (by_gradient, cnns[0].model),
        "random weights": (by_gradient, random_cnn)}
grid = [as_picture(*row, c, k) for row in rows.values() for c, k in zip(six, said, strict=True)]
titles = [f"said {pictures.classes[k]}" for k in said] + [name for name in rows for _ in said]
plots.show(plots.gallery([*six, *grid], titles, columns=6, signed=[False] * 6 + [True] * 18),
           "Six digits, their occlusion and gradient marks, and marks of a random network.")

# %% [markdown]
# Pretty. But do they explain anything? Each must pass two checks, picture by picture.
#
# **Deletion.** Blank the most marked fifth of the ink. The answer's probability must fall further than for a random fifth, in each of 19 random draws.
#
# **Random weights.** Marks that look the same for a network that has learned nothing cannot be about what was learned (Adebayo and others 2018). We compare the order of the marks, from the weakest to the strongest: a *rank [correlation](../glossary.md#correlation)* of 1 means the same order, −1 the reverse, 0 no relation. It must stay between −0.5 and 0.5.


# %%
def passes_deletion(model, canvas, answer, marks, rng):
    """Whether the most marked fifth of the ink matters more than 19 random fifths."""
    ink, n_deleted = ink_of(canvas), max(len(marks) // 5, 1)
    deleted = [np.argsort(marks)[-n_deleted:]]
    deleted += [rng.choice(len(ink), n_deleted, replace=False) for _ in range(19)]
    blanked = np.repeat(canvas[None], len(deleted), axis=0)
    for copy, which in zip(blanked, deleted, strict=True):
        rows, columns = ink[which].T
        copy[:, rows, columns] = 0
    values = log_probability(model, blanked, answer)
    return bool(values[0] < values[1:].min())


def passes_random(marks, random_marks):
    """Whether the marks differ from those of a network that has learned nothing."""
    return bool(abs(stats.spearmanr(marks, random_marks).statistic) < 0.5)

# %% [markdown]
# <details><summary>A method marks pixels by throwing dice. About how many of 100 pictures pass the deletion check by luck alone?</summary>
#
# Five. Twenty fifths are compared, the marked one and 19 others, and each is equally likely to be the one that hurts most: 1 in 20.
#
# </details>

# %% [markdown]
# **Exercise 2_black_box.2** As a [baseline](../glossary.md#baseline) we take the simplest mark of all: the *brightness* of the pixel. It asks no network. Which checks can it pass? Answer with a set of names from `"deletion"` and `"random weights"`.

# %% exercise="2_black_box.2"
answer_2_black_box_2 = ...
### BEGIN SOLUTION
answer_2_black_box_2 = {"deletion"}
### END SOLUTION

# %% check="2_black_box.2"
exercises.check("2_black_box.2", answer_2_black_box_2)

# %% [markdown]
# ## The claim, as it will be judged
#
# Explaining is hard if *each* method explains clearly fewer than half of the pictures. Nothing in nature says half; some limit had to be fixed before the result was known.

# %%
claim = ledger.get("dl-black-box")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses: the share of pictures that pass both checks, and the word.

# %%
predicted = {
    "occlusion explains (%)": 60,
    "gradient × input explains (%)": 60,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# Both checks, for the first test pictures of each fold. About a minute.


# %%
def brightness(model, canvas, answer):
    """The baseline: how bright each ink pixel is, (n_ink,)."""
    return canvas.mean(axis=0)[tuple(ink_of(canvas).T)]


METHODS = {"occlusion": by_occlusion, "gradient × input": by_gradient, "brightness": brightness}


def explained(name, i):
    """Share of pictures of fold i, in %, that pass each check and both."""
    model, blank = cnns[i].model, make_cnn(seeds[i] + 1).eval()
    shown, rng = seen[i][folds[i][2][: settings.explained]], np.random.default_rng(seeds[i])
    passed = []
    for canvas, answer in zip(shown, cnns[i].predict(shown), strict=True):
        marks, random_marks = (METHODS[name](m, canvas, answer) for m in (model, blank))
        deletion = passes_deletion(model, canvas, answer, marks, rng)
        changed = passes_random(marks, random_marks)
        passed.append([deletion, changed, deletion and changed])
    return 100 * np.mean(passed, axis=0)

# %% [markdown]
# How many pass?

# %%
shares = {name: np.array([explained(name, i) for i in range(settings.folds)])  # (folds, 3)
          for name in tqdm(METHODS, desc="explaining", unit="method")}
table = pd.DataFrame({name: each.mean(axis=0) for name, each in shares.items()},
                     ["deletion", "random weights", "both"]).T
table.round(1).rename_axis("pictures that pass (%)")

# %% [markdown]
# ## Verdict
#
# Only pictures that pass both count as explained. Every fold has its own network and its own test pictures; the [interval](../glossary.md#interval) is lesson 1's.

# %%
share = settings.explained / (settings.explained + len(folds[0][0]))
both = {name: intervals.corrected_resampled_t(shares[name][:, 2], share)
        for name in ("occlusion", "gradient × input")}
verdict = claim.judge({"explained": both}, run.profile)
verdict

# %% [markdown]
# "Not supported" would mean that one method explains clearly *more* than half of the pictures. Beside your prediction:

# %%
answers = {f"{name} explains (%)": estimate for name, estimate in both.items()}
answers["verdict"] = verdict.word
results.beside(predicted, answers)

# %% [markdown]
# Which of the two checks decides?

# %%
text_view.folded("The answer, with this run's numbers", " ".join(
    f"{name.capitalize()}: {row['random weights']:.0f} % pass the check with random weights, "
    f"{row['deletion']:.0f} % deletion." for name, row in table.iloc[:2].iterrows())
    + f" Nearly everything hangs on deletion. Brightness passes it in {table.iloc[2, 0]:.0f} % and "
    "dice in about 5 %; only what lies above these two was learned from the network.")

# %% [markdown]
# ## What this lab adds to lesson 2
#
# - Marks that please the eye can come from a network that has learned nothing. So a picture of "where the network looked" has to pass **checks**, beside a baseline.
# - Marks that pass show *where*: pixels without which the network would be less sure. They do not say *why* these pixels mean a 3 to it.
# - The checks have faults of their own. Deletion makes pictures such as the network has never seen, and it judges groups of pixels by marks that were made one by one.
# - It holds for two simple methods and one network of 19,000 weights on small digits.
#
# Back to [lesson 2](../2_deep_cnn.ipynb).

# %% [markdown]
# Your verdict and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
