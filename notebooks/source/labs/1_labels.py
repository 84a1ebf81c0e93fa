# %% [markdown]
# # Lab 1 · Do more labelled examples make a model better?
#
# **The claim.** A model gets better when it is given more labelled examples.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "What Is Machine Learning?".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): folds, intervals, verdicts. It runs on its own: it loads the patients of lesson 1 and trains its models anew.

# %% [markdown]
# **Why this matters.** A *[label](../glossary.md#label)* is the right answer that somebody attached to a case. Labels cost money: behind each of those in our table stands a doctor. A clinic that has 225 labelled patients is offered 225 more. Should it pay?

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn import linear_model, model_selection
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.claims import intervals, ledger
from course_utils.data import tables
from course_utils.exercises.lab_1_labels import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# As in the lesson: `start` reads the conditions and [seeds](../glossary.md#seed) all chance, and everything computes on one processor core.

# %%
run = start("1_labels")
costs.use_one_core()
plots.use_style()

# %% [markdown]
# ## One model, a few patients
#
# The table: 569 patients, 30 measurements each; class 0 is malignant, class 1 benign. We hide a fifth and shuffle the rest, so that the first *n* of them are a random *n*. The [baseline](../glossary.md#baseline) says "benign" to everybody.

# %%
table = tables.load_breast_cancer()
X, y = table.X.to_numpy(), table.y
X_train, X_test, y_train, y_test = model_selection.train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=run.seed
)
parts = {"X_train": X_train, "y_train": y_train, "X_test": X_test, "y_test": y_test}
print(f"{len(y_train)} patients to learn from; baseline {100 * np.mean(y_test == 1):.1f} %")

# %% [markdown]
# The model is [logistic regression](../glossary.md#logistic-regression) behind a scaler, fresh for each use:


# %%
def new_model():
    """A fresh, untrained model."""
    return make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=1000))


exercises.given("1_labels.1", new_model=new_model, **parts)  # what the check computes with


# %% [markdown]
# **Exercise 1_labels.1 Learn from a few.** Write `accuracy_after(n)`: train a new model on the first `n` training patients alone, and give its [accuracy](../glossary.md#accuracy) on *all* test patients, in %.

# %% exercise="1_labels.1"
accuracy_after = ...
### BEGIN SOLUTION
def accuracy_after(n):
    model = new_model().fit(X_train[:n], y_train[:n])
    return 100 * model.score(X_test, y_test)
### END SOLUTION

# %% check="1_labels.1"
exercises.check("1_labels.1", accuracy_after)

# %% [markdown]
# ## The claim, as it will be judged
#
# Taken at its word, the claim knows no end. So the [ledger](../glossary.md#ledger) asks twice: does a *doubling* of the labels help on average? And does the *last* doubling still help? Each [margin](../glossary.md#margin) is 0: any gain will do, if it is certain.

# %%
claim = ledger.get("ml-more-labels")
claim

# %% [markdown]
# Predict: how many [percentage points](../glossary.md#percentage-point) does the last doubling bring, from 225 patients to 450? And the [verdict](../glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "gained by the last doubling (points)": 1.0,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# One split asks 114 patients; you know from the lesson that this is not enough. So we draw fifty curves: five [folds](../glossary.md#fold), cut ten times. Each curve learns from 14 patients, then from twice as many, up to 450 of the 455 in a training part, and is always tested on the same fold.

# %%
settings = run.settings(folds=5, repeats=10, doublings=5, most=450)
sizes = [settings.most // 2**k for k in range(settings.doublings, -1, -1)]
print("patients to learn from:", *sizes)

# %% [markdown]
# Each smaller selection lies inside the larger one, and `stratify` keeps the share of malignant lumps in it.


# %%
def curve(train, test, seed):
    """Accuracy in % on one test fold, after learning from more and more patients: (size,)."""
    scores, some = [], train
    for size in reversed(sizes):
        split = {"train_size": size, "stratify": y[some], "random_state": seed}
        some, _ = model_selection.train_test_split(some, **split)
        scores.append(100 * new_model().fit(X[some], y[some]).score(X[test], y[test]))
    return scores[::-1]

# %% [markdown]
# All fifty, in a few seconds:

# %%
cutter = model_selection.RepeatedStratifiedKFold(
    n_splits=settings.folds, n_repeats=settings.repeats, random_state=run.seed
)
folds = enumerate(cutter.split(X, y))
curves = np.array([curve(train, test, seed) for seed, (train, test) in folds])  # (fold, size)

# %% [markdown]
# Every size gets its mean and its corrected 95 % [interval](../glossary.md#interval), the band.


# %%
def interval(values):
    """Mean over the folds with its corrected 95 % interval."""
    return intervals.corrected_resampled_t(values, 1 / settings.folds)


points = {size: interval(scores) for size, scores in zip(sizes, curves.T, strict=True)}
fig, ax = plt.subplots()
plots.curve(ax, points, label="logistic regression")
ax.axhline(100 * np.mean(y), color=plots.GREY, linestyle=":", label="baseline")
ax.set_xscale("log", base=2)
ax.set_xticks(sizes, sizes)
ax.set(xlabel="labelled patients to learn from", ylabel="accuracy (%)")
ax.legend()
plots.show(fig, "Accuracy against the number of labelled patients, with a 95 % band.", points)

# %% [markdown]
# Each step to the right is a doubling. Where does the curve rise most? And what do the last 225 patients buy?

# %%
first, last = (curves[:, k + 1] - curves[:, k] for k in (0, -2))
text_view.folded(
    "Compare your answer",
    f"From {sizes[0]} patients to {sizes[1]}, accuracy changes by {first.mean():+.1f} points for "
    f"{sizes[1] - sizes[0]} labels; from {sizes[-2]} to {sizes[-1]}, by {last.mean():+.1f} points "
    f"for {sizes[-1] - sizes[-2]} labels.",
)

# %% [markdown]
# The mean curve, as numbers:

# %%
mean_accuracy = curves.mean(axis=0)  # (size,) in %
exercises.given("1_labels.2", sizes=sizes, mean_accuracy=mean_accuracy)
print(dict(zip(sizes, mean_accuracy.round(1).tolist(), strict=True)))

# %% [markdown]
# **Exercise 1_labels.2 Points a doubling.** Lay a straight line through `mean_accuracy` over the number of *doublings*, and give its slope: points a doubling. The number of doublings up to a size is its log₂; `np.polyfit(x, y, deg=1)` gives slope and offset of a line.

# %% exercise="1_labels.2"
slope = ...
### BEGIN SOLUTION
slope = np.polyfit(np.log2(sizes), mean_accuracy, deg=1)[0]
### END SOLUTION

# %% check="1_labels.2"
exercises.check("1_labels.2", slope)

# %% [markdown]
# ## Verdict
#
# One slope for each of the fifty curves gives the first test (their mean is your slope); the difference between the last two sizes gives the second.

# %%
estimates = {
    "slope": interval(np.polyfit(np.log2(sizes), curves.T, deg=1)[0]),
    "last_doubling": interval(curves[:, -1] - curves[:, -2]),
}
verdict = claim.judge(estimates, run.profile)
verdict

# %% [markdown]
# Beside what you predicted:

# %%
answers = {
    "gained by the last doubling (points)": estimates["last_doubling"],
    "verdict": verdict.word,
}
results.beside(predicted, answers)

# %% [markdown]
# Should the clinic pay for the second 225 labels?

# %%
gain = estimates["last_doubling"]
text_view.folded(
    "One answer",
    f"Measured: {gain.text('points')}. That is all that this table knows: both ends of the "
    f"interval can be believed. Whoever must decide sets the price of {sizes[-1] - sizes[-2]} "
    f"labels against the best case, {gain.high:.1f} mistakes fewer in a hundred patients. And the "
    "slope does not help them: it is an average over doublings, and the early ones are cheap.",
)

# %% [markdown]
# <details><summary>Does the correction fit such small selections?</summary>
#
# The correction's term, rows tested over rows trained, stands for what the folds have in common: 0.25 for five folds. Fourteen patients drawn from 455 have *less* in common from fold to fold than the whole training parts have. So at the small sizes, and for the slope, the interval is rather too wide than too narrow.
#
# </details>

# %% [markdown]
# ## What this adds to lesson 1
#
# - "More is better" is two statements: that labels help, and that they *go on* helping. Each has a test of its own. That it never stops, no single doubling could show.
# - The price of the next point doubles with every doubling. A learning curve on what you have is the cheapest way to see whether to buy more.
# - It holds for logistic regression on one table of 569 patients. A model with more [parameters](../glossary.md#parameter) may have use for more labels; lab `2_data` asks that.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
