# %% [markdown]
# # Lab 2 · Does deep learning need a great deal of data?
#
# **The claim.** Deep learning is at its best only when it has a great deal of data.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Key Differences / Data Requirements".*
#
# This lab goes on from [lesson 2](../2_deep_cnn.ipynb): you need its [CNN](../glossary.md#cnn), its moved digits and its [folds](../glossary.md#fold). It runs on its own: it trains new networks, on a smaller canvas. Allow 40 minutes.
#
# **Why this matters.** Somebody has to [label](../glossary.md#label) every picture by hand, and pays for it by the picture. You have 40 labelled pictures. Is a network out of the question?

# %%
import numpy as np
import pandas as pd
from sklearn import svm
from torch import nn
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import canvases
from course_utils.data import pictures as images
from course_utils.exercises.lab_2_data import exercises
from course_utils.models import convolutional, costs, networks
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# Everything is [seeded](../glossary.md#seed), and all sizes stand in one cell.

# %%
run = start("2_data")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    canvas=12,  # pixels; a digit has 8, the lesson's large canvas 16
    few=4,  # pictures of each class to learn from
    more=20,  # and a little later; the third size is all that there are
    steps=300,  # how often the network's weights are changed, with few pictures and with all
    folds=5,
)

# %% [markdown]
# ## Data
#
# The lesson's digits, each at a random place of a canvas of 12 × 12 pixels. That lies between the published pictures, where nobody needs a network, and the lesson's large canvas, where classic models on raw pixels are lost. Each fold has its own places. (The [baseline](../glossary.md#baseline) says the most frequent class to every picture.)

# %%
pictures = images.load_digits()
pixels, labels, n_classes = pictures.pixels, pictures.labels, len(pictures.classes)
folds = canvases.folds(labels, settings.folds, run.seed)  # (train, validation, test) of each
seeds = [int(seed) for seed in np.random.SeedSequence(run.seed).generate_state(settings.folds)]
seen = [canvases.place(pixels, settings.canvas, seed) for seed in seeds]  # (n, 1, 12, 12) each
plots.show(plots.gallery(seen[0][:10], columns=10), "Ten digits, each at a random place.")
train, _, test = folds[0]
baseline = 100 * np.mean(labels[test] == np.bincount(labels[train]).argmax())
print(f"{len(train)} pictures to learn from, {len(test)} to test on; baseline {baseline:.1f} %")

# %% [markdown]
# ## A few, but of each class
#
# Whoever draws 40 of 1,150 pictures blindly may get two fives and nine sevens. With so few, that alone moves the [accuracy](../glossary.md#accuracy). So we draw the same number of *each* class.
#
# **Exercise 2_data.1** Write `draw(labels, n_each, rng)`. It returns an array of row numbers: of each class in `labels` (an array of whole numbers) `n_each` rows, drawn at random with `rng`, none of them twice. `np.unique`, `np.flatnonzero` and `rng.choice(rows, n, replace=False)` help.

# %% exercise="2_data.1"
draw = ...
### BEGIN SOLUTION
def draw(labels, n_each, rng):
    drawn = [rng.choice(np.flatnonzero(labels == k), n_each, replace=False)
             for k in np.unique(labels)]
    return np.concatenate(drawn)
### END SOLUTION

# %% check="2_data.1"
exercises.check("2_data.1", draw)

# %% [markdown]
# scikit-learn has it too, for shares of a class instead of numbers: `train_test_split(…, stratify=labels)`. The lab goes on with that.

# %%
from sklearn.model_selection import train_test_split


def learn_from(n_each, i):
    """Rows of fold i's training part: so many of each class, or all where there are not so many."""
    train, n = folds[i][0], n_each * n_classes
    if n >= len(train) - n_classes:
        return train
    return train_test_split(train, train_size=n, stratify=labels[train], random_state=seeds[i])[0]


per_class = [settings.few, settings.more, len(pixels)]  # the last one: all
sizes = [len(learn_from(n_each, 0)) for n_each in per_class]
print("pictures to learn from:", *sizes)

# %% [markdown]
# ## Three contestants
#
# - The **CNN** on raw pixels: lesson 2's network, always with the same number of steps.
# - An **SVM** ([support vector machine](../glossary.md#support-vector-machine)) on raw pixels, here with the same `C` as in the lesson.
# - The same SVM on a [feature](../glossary.md#feature) made by hand: each digit moved back into the middle. Mind that this undoes *exactly* what was done to these pictures. No real problem is so kind; it is the best that a person could hope for.


# %%
def batch_loss(model, images, labels):
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


def contestants(i):
    """Untrained models of fold i, and what each sees of all canvases, by name."""
    flat = seen[i].reshape(len(pixels), -1)  # (n, 144)
    centred = [canvases.recentre(canvas, pixels.shape[2]).ravel() for canvas in seen[i]]
    cnn = networks.NetworkClassifier(
        convolutional.make_cnn(1, n_classes, seeds[i]), batch_loss, settings.steps,
        weight_decay=0.1, seed=seeds[i], device=run.device,
    )
    return {"CNN, raw pixels": (cnn, seen[i]), "SVM, raw pixels": (svm.SVC(C=10), flat),
            "SVM, re-centred": (svm.SVC(C=10), np.array(centred))}

# %% [markdown]
# ## The claim, as it will be judged
#
# Taken at its word: with few pictures the CNN is *behind* the classic model, and with all of them it is level or ahead. Both must hold against both SVMs.

# %%
claim = ledger.get("dl-needs-data")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses. How many points is the CNN ahead (or, with a minus, behind) when it learns from 40 pictures? And the word?

# %%
predicted = {
    "40 pictures, CNN minus SVM on raw pixels (points)": -10,
    "40 pictures, CNN minus SVM on re-centred (points)": -10,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# One point of the curves: all learn from the same few pictures and are tested on the same test part.


# %%
def accuracies(n_each, i):
    """Accuracy in % of each contestant in fold i."""
    rows, test = learn_from(n_each, i), folds[i][2]
    return {name: 100 * model.fit(inputs[rows], labels[rows]).score(inputs[test], labels[test])
            for name, (model, inputs) in contestants(i).items()}


def all_folds(n_each):
    """Accuracy in % by fold (row) and contestant (column)."""
    bar = tqdm(range(settings.folds), desc=f"{n_each} a class at most", unit="fold")
    return pd.DataFrame([accuracies(n_each, i) for i in bar])

# %% [markdown]
# A few pictures, and more. Less than a minute.

# %%
curve = {sizes[0]: all_folds(per_class[0]), sizes[1]: all_folds(per_class[1])}

# %% [markdown]
# And with all that there are:

# %%
curve[sizes[2]] = all_folds(per_class[2])

# %% [markdown]
# The learning curves, with the [intervals](../glossary.md#interval) of lesson 1 as bands. (With few pictures they are a rough guide: their formula was made for whole training parts.)


# %%
def interval(values):
    """Mean over folds with its corrected 95 % interval (lesson 1)."""
    return intervals.corrected_resampled_t(values, len(test) / (len(test) + len(train)))


points = {name: {n: interval(curve[n][name]) for n in sizes} for name in curve[sizes[0]]}
fig, ax = plots.curves(points, baseline, log_x=True)
ax.set(xlabel="labelled pictures to learn from", ylabel="accuracy (%)", ylim=(0, 100))
numbers = {f"{name}, {n}": points[name][n] for name in points for n in sizes}
plots.show(fig, "Accuracy against the number of training pictures, for three models.", numbers)

# %% [markdown]
# <details><summary>A network of 19,000 weights and 40 pictures: how can it do better than the SVM on the same pixels?</summary>
#
# Its windows are the same everywhere, and at the end it takes a mean over all places. What it learns from a digit at one place, it can use at every other. The SVM compares pixel by pixel: a digit at a new place looks new to it.
#
# </details>

# %% [markdown]
# ## Verdict
#
# The difference fold by fold, at the left end and at the right end:

# %%
gaps = {rival: {n: interval(curve[n]["CNN, raw pixels"] - curve[n][f"SVM, {rival}"])
                for n in (sizes[0], sizes[-1])} for rival in ("raw pixels", "re-centred")}
verdict = claim.judge({
    "few_images": {rival: gap[sizes[0]] for rival, gap in gaps.items()},
    "all_images": {rival: gap[sizes[-1]] for rival, gap in gaps.items()},
}, run.profile)
verdict

# %% [markdown]
# Beside your prediction:

# %%
answers = {f"40 pictures, CNN minus SVM on {rival} (points)": gap[sizes[0]]
           for rival, gap in gaps.items()}
answers["verdict"] = verdict.word
results.beside(predicted, answers)

# %% [markdown]
# ## What is a feature worth, in pictures?
#
# A learning curve can be read from the side: how many pictures does a model need for a given accuracy? Between two measured sizes we draw a straight line on the *logarithmic* axis, as the figure does: halfway between 40 and 160 lies 80, not 100.
#
# A colleague has measured this curve:

# %% given="2_data.2"
measured_sizes = np.array([40, 160, 640])  # pictures
measured_accuracy = np.array([60.0, 90.0, 96.0])  # %
exercises.given("2_data.2", sizes=measured_sizes, accuracy=measured_accuracy)

# %% [markdown]
# **Exercise 2_data.2** How many pictures does her model need for 80 %? (`np.log`, `np.exp` and `np.interp(x, known_x, known_y)` help.)

# %% exercise="2_data.2"
answer_2_data_2 = ...
### BEGIN SOLUTION
answer_2_data_2 = np.exp(np.interp(80, measured_accuracy, np.log(measured_sizes)))
### END SOLUTION

# %% check="2_data.2"
exercises.check("2_data.2", answer_2_data_2)

# %% [markdown]
# And here: how many pictures do the two that see raw pixels need, to be as good as the SVM with re-centred digits was with the fewest?

# %%
goal = points["SVM, re-centred"][sizes[0]].effect
needs = {}
for name in ("CNN, raw pixels", "SVM, raw pixels"):
    means = [points[name][n].effect for n in sizes]
    n = np.exp(np.interp(goal, means, np.log(sizes)))
    needs[name] = f"about {n:.0f}" if goal <= means[-1] else f"more than {sizes[-1]}"
text_view.folded(
    f"As good as {goal:.0f} %: how many pictures does each need?",
    "; ".join(f"{name}: {n}" for name, n in needs.items())
    + f". The SVM that was given the feature needed {sizes[0]}. That is what the feature is worth.",
)

# %% [markdown]
# ## What this lab adds to lesson 2
#
# - "Needs a great deal of data" leaves out: *compared with what?* Look at the two rows for the fewest pictures in the verdict. Against raw pixels the CNN brings knowledge that its rival lacks: where a thing stands does not matter. Against a person's feature it has to earn with pictures what the person knew.
# - So knowledge and data stand in for each other. Who has few pictures should ask first what a person knows.
# - All this holds for a network of 19,000 weights on up to 1,150 small pictures. "All" here is few elsewhere.
#
# Back to [lesson 2](../2_deep_cnn.ipynb).

# %% [markdown]
# Your verdict and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
