# %% [markdown]
# # Lesson 1 · Is a classic model cheaper than a network, and as good?
#
# **Why this matters.** A clinic has a few hundred patients in a table and one old computer. It must choose: a small classic model, or a neural network? Here you do not look the answer up: what counts as evidence is fixed first, then you run the experiment.
#
# You need Python, and no machine learning. It takes about two and a half hours, with two places to stop. Run the cells from top to bottom with Shift + Enter.
#
# *The claim that you will test is from "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Comparing Speed and Efficiency" and "Key Differences / Computing Power".*

# %% [markdown]
# ## What you will learn
#
# When you have finished, you can say
#
# 1. what a **[baseline](glossary.md#baseline)** is, and why no score means anything without one;
# 2. what **[overfitting](glossary.md#overfitting)** is, and how to see it;
# 3. what a **[leak](glossary.md#leak)** is, and how to find one;
# 4. what a **[fold](glossary.md#fold)** is, and why one test is not enough;
# 5. what an **[interval](glossary.md#interval)** is, and how to compute it without fooling yourself;
# 6. what a **[verdict](glossary.md#verdict)** is, and why "we cannot tell" is one of them.
#
# Run this: it loads the tools. You need not read it; each tool is introduced where it matters.

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from scipy import stats
from sklearn import dummy, ensemble, linear_model, metrics, model_selection, neighbors, tree
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from course_utils.claims import intervals, ledger
from course_utils.claims.estimates import number
from course_utils.data import tables as data
from course_utils.exercises.lesson_1 import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# `start` reads under which conditions this lesson runs (its [profile](glossary.md#profile)), and [seeds](glossary.md#seed) everything that is random: with the same versions of the libraries you get the same numbers again, apart from times. `use_one_core` gives every model the same single processor core, so that nobody wins by using more.

# %%
run = start("1_classic_ml")
costs.use_one_core()
plots.use_style()

# %% [markdown]
# ## Data
#
# A fine needle took cells from a lump in the breasts of 569 patients (Wisconsin, published in 1993). A computer measured the cell nuclei: 30 numbers a patient. The question: is the lump malignant (cancer, class 0) or benign (class 1)? (More in `datasets/breast_cancer.md`.)
#
# Before we look at anybody, we put patients aside. Models learn from the **training** part. The **[validation](glossary.md#validation)** part is for looking and choosing. The **test** part stays locked until everything is chosen: an examination whose questions were known is none. `stratify` keeps the share of malignant lumps the same everywhere.

# %%
table = data.load_breast_cancer()
split = {"test_size": 0.2, "random_state": run.seed}
rest, X_test, y_rest, y_test = model_selection.train_test_split(
    table.X, table.y, stratify=table.y, **split
)
X_train, X_val, y_train, y_val = model_selection.train_test_split(
    rest, y_rest, stratify=y_rest, **split
)
X_train.iloc[:3, :5].assign(diagnosis=np.array(table.classes)[y_train[:3]])

# %% [markdown]
# A row is a patient, a column a measurement. *Worst concave points* counts the dents in the outline of a nucleus, averaged over the three nuclei that have the most. (`plots.show` shows a figure; its words and numbers unfold below.)

# %%
column = "worst concave points"
groups = {name: X_train.loc[y_train == label, column]
          for label, name in ((1, "benign"), (0, "malignant"))}
fig, ax = plots.histograms(groups, bins=np.linspace(0, 0.3, 31))
ax.set(xlabel=f"{column} (number of dents, rescaled by the source)", ylabel="patients")
counts = pd.DataFrame(groups).describe().round(3)
plots.show(fig, "Two histograms: benign lumps lie mostly below 0.14, malignant ones above.", counts)

# %% [markdown]
# The two groups overlap: wherever you cut, you make mistakes.
#
# ## Baseline: the score of knowing nothing
#
# *[Accuracy](glossary.md#accuracy)* is the share of patients that a model gets right. A model that says "benign" to everybody has learned nothing, and is right for every benign patient. Its accuracy is the **baseline**: the least that any model must beat.
#
# **1.1 Write the baseline.** Write `baseline_accuracy(y_train, y_new)`: it finds the most frequent class of the training part (`np.bincount` counts each class), gives it to everybody in the new part, and returns the accuracy there, in %. `exercises.hint("1.1")` in a new cell gives you a nudge.

# %% exercise="1.1"
baseline_accuracy = ...
### BEGIN SOLUTION
def baseline_accuracy(y_train, y_new):
    most_frequent = np.bincount(y_train).argmax()
    return 100 * np.mean(y_new == most_frequent)
### END SOLUTION

# %% check="1.1"
exercises.check("1.1", baseline_accuracy)

# %% [markdown]
# ## A model by hand
#
# The smallest model asks one question: *is this column above that value?* It is called a **stump**. Training means to try the value halfway between each two neighbouring patients, and to keep the one with the fewest mistakes.


# %%
def best_cut(values, malignant):
    """The cut that makes the fewest mistakes when everything above it is called malignant."""
    ordered = np.unique(values)
    cuts = (ordered[:-1] + ordered[1:]) / 2  # halfway between neighbours
    mistakes = [np.sum((values > cut) != malignant) for cut in cuts]
    return cuts[np.argmin(mistakes)], min(mistakes)


dents = X_train[[column]].to_numpy()  # (n_train, 1)
cut, mistakes = best_cut(dents[:, 0], malignant=y_train == 0)
print(f"cut at {cut:.4f}: {mistakes} mistakes among {len(y_train)} training patients")

# %% [markdown]
# ## Learned, or learned by heart?
#
# scikit-learn's [decision tree](glossary.md#decision-tree) asks more questions, one after the other, and uses all 30 columns. The deeper it may grow, the fewer training patients it gets wrong, until none is left. And patients it has never seen? What does the distance between the two lines tell you, and the zigzag of the lower one?

# %%
scores = {}
parts = {"training": (X_train, y_train), "validation": (X_val, y_val)}
for depth in range(1, 11):
    model = tree.DecisionTreeClassifier(max_depth=depth, random_state=run.seed)
    model.fit(X_train, y_train)
    scores[depth] = {name: 100 * model.score(*part) for name, part in parts.items()}
scores = pd.DataFrame(scores).T
ax = scores.plot(style=["o-", "s--"], color=plots.COLOURS[:2])
ax.axhline(100 * np.mean(y_val), color=plots.GREY, linestyle=":", label="baseline, validation")
ax.set(xlabel="depth of the tree (questions in a row)", ylabel="accuracy (%)")
ax.legend()
plots.show(ax.figure, "Accuracy of trees on training and validation patients, by depth.",
           scores.round(1))
one, perfect = 100 / len(y_val), scores.index[scores["training"] == 100].min()
text_view.folded("Compare your answer", f"""Left: too few questions (underfitting). Right: it
cut until its groups were pure, and so learned its patients by heart (overfitting): from depth
{perfect} on, every training patient is right. The distance shows that, and holds chance, too: one
of {len(y_val)} validation patients is {one:.1f} points, so do not read the zigzag.""")

# %% [markdown]
# ## A model that uses every column
#
# **[Logistic regression](glossary.md#logistic-regression)** gives each column a [weight](glossary.md#weight), adds everything up, and squeezes the sum into a probability between 0 and 1. The weights are what it learns. Columns come in very different units, so each is first brought to mean 0 and spread 1 (**[scaling](glossary.md#scaling)**).
#
# A *[pipeline](glossary.md#pipeline)* glues the two steps together into one model. (`DummyClassifier` is the library's baseline.)

# %%
logistic = make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=1000))
for name, model in {"baseline": dummy.DummyClassifier(), "logistic regression": logistic}.items():
    model.fit(X_train, y_train)
    print(f"{name}: {100 * model.score(X_val, y_val):.1f} % of {len(y_val)} patients right")

# %% [markdown]
# ## Two kinds of mistakes
#
# A probability is not yet a decision. Somebody must say from which probability on we raise the alarm. A low **[threshold](glossary.md#threshold)** alarms healthy people; a high one misses cancer. The table of truth and call is the **[confusion matrix](glossary.md#confusion-matrix)**. To see the choice, take a weaker model, logistic regression on the dents alone, at three thresholds. Orange boxes are mistakes.

# %%
by_dents = make_pipeline(StandardScaler(), linear_model.LogisticRegression())
by_dents.fit(dents, y_train)
p_malignant = by_dents.predict_proba(X_val[[column]].to_numpy())[:, 0]  # (n_val,)
is_malignant = y_val == 0  # (n_val,)


def draw_confusion(ax, threshold):
    """Rows are the truth, columns the call."""
    calls = p_malignant >= threshold
    counts = metrics.confusion_matrix(is_malignant, calls, labels=[True, False])
    plots.confusion(ax, counts, ["malignant", "benign"], ["alarm", "no alarm"])
    ax.set_title(f"alarm from {threshold:.2f}")
    return counts.ravel()


fig, axes = plt.subplots(1, 3, figsize=(10, 3.4))
boxes = ["cancer found", "cancer missed", "false alarm", "rightly left alone"]
counts = {t: draw_confusion(ax, t) for ax, t in zip(axes, (0.05, 0.5, 0.95), strict=True)}
plots.show(fig, "Confusion matrices at three thresholds.", pd.DataFrame(counts, boxes).T)

# %% [markdown]
# With your own hand: the cell shows a slider. Which threshold would you want as a patient? And as the one who pays for the follow-up examinations?


# %%
def confusion_figure(threshold):
    """The confusion matrix at one threshold."""
    fig, ax = plt.subplots(figsize=(3.6, 3.4))
    draw_confusion(ax, threshold)
    return fig


steps = [round(step, 2) for step in np.arange(0.05, 1, 0.05)]
plots.slider(confusion_figure, steps, "alarm from probability", start=0.5)

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# Without a price for each mistake, there is no right threshold. A missed cancer may cost a life, a false alarm costs an examination and a bad week. Whoever decides, decides on validation patients, and leaves the test locked.
#
# </details>

# %% [markdown]
# Accuracy hides this choice, and more. Of 1,000 payments, 2 are fraud: "no fraud" is right in 99.8 %, and useless. So look at the rare class, too: the share of the malignant that raise the alarm is called **recall**.
#
# **1.2 Write recall.** `recall(is_malignant, p_malignant, threshold)`: of those who *are* malignant, how many raise the alarm (probability at the threshold or above), in %?

# %% exercise="1.2"
recall = ...
### BEGIN SOLUTION
def recall(is_malignant, p_malignant, threshold):
    return 100 * np.mean(p_malignant[is_malignant] >= threshold)
### END SOLUTION

# %% check="1.2"
exercises.check("1.2", recall)

# %% [markdown]
# **A good place to stop.** Next: can you trust such a score?
#
# ## One test is not enough
#
# All scores so far come from one random split. Our model is chosen, logistic regression on all columns, so we open the test part, once. Then we cut the same table at random 20 more times, and train the same kind of model anew each time.
#
# (From here on all 569 patients take part, also those we looked at: the experiment makes its own choices, on training rows alone.)

# %%
print(f"our test part: {100 * logistic.score(X_test, y_test):.1f} % right")
X, y = table.X.to_numpy(), table.y
draws = []
for seed in range(1, 21):  # 0 is the cut that we have already
    cut_rows = {"test_size": 0.2, "stratify": y, "random_state": seed}
    X_a, X_b, y_a, y_b = model_selection.train_test_split(X, y, **cut_rows)
    draws.append(100 * logistic.fit(X_a, y_a).score(X_b, y_b))
step = 100 / len(y_b)  # one patient
bins = np.arange(min(draws) - step / 2, max(draws) + step, step)
fig, ax = plots.histograms({"20 cuts": draws}, bins)
ax.set(xlabel=f"accuracy (%) on the {len(y_b)} patients that were tested", ylabel="cuts")
spread = pd.DataFrame({"accuracy (%)": draws}).describe().round(2)
plots.show(fig, "Histogram of the accuracies that 20 random cuts gave the same model.", spread)
print(f"20 other cuts: from {min(draws):.1f} to {max(draws):.1f} %")

# %% [markdown]
# Only who trained and who was asked changed. So we cut the table into five parts, the **folds**. Each fold is the test once, while the other four train. Then we shuffle and cut again. That is *repeated [cross-validation](glossary.md#cross-validation)*. Every model gets exactly the same folds, so that we can compare them in **pairs**, fold by fold.

# %%
settings = run.settings(folds=5, repeats=2, inner_folds=3, trees=100, epochs=(30, 100),
                        hidden=((16, 16), (64, 64)), penalty=(0.01, 1.0), clock_s=0.1)


def make_folds(y):
    """Pairs (rows to train on, rows to test on), the same every time for the same seed."""
    cutter = model_selection.RepeatedStratifiedKFold(
        n_splits=settings.folds, n_repeats=settings.repeats, random_state=run.seed
    )
    return list(cutter.split(np.zeros(len(y)), y))


folds = make_folds(y)
print(f"{len(folds)} folds; the first trains on {len(folds[0][0])}, tests on {len(folds[0][1])}")

# %% [markdown]
# (The settings of the whole experiment stand there, too.) The first round of folds and the first 60 patients: each column of the picture is a patient, who is in the test exactly once.

# %%
tested = pd.DataFrame([np.isin(range(60), test) for _, test in folds[: settings.folds]])
fig, ax = plt.subplots(figsize=(9, 1.9))
ax.imshow(tested, cmap=plots.two_colours(), aspect="auto")
ax.set(xlabel="patient", ylabel="fold", title="Orange: test. Blue: training.")
plots.show(fig, "Grid of five folds by sixty patients: each patient is tested in exactly one fold.",
           tested.sum(axis=1).to_frame("tested among the first 60"))

# %% [markdown]
# **1.3 Write the loop.** The heart of every comparison: `fold_accuracies(model, X, y, folds)` trains the model on each fold's training rows and scores it on the test rows. It returns an array with one accuracy a fold, in %.

# %% exercise="1.3"
fold_accuracies = ...
### BEGIN SOLUTION
def fold_accuracies(model, X, y, folds):
    scores = [model.fit(X[train], y[train]).score(X[test], y[test]) for train, test in folds]
    return 100 * np.array(scores)
### END SOLUTION

# %% check="1.3"
exercises.check("1.3", fold_accuracies)

# %% [markdown]
# scikit-learn has your loop, too: `cross_val_score(model, X, y, cv=folds)` gives the same numbers (as shares). With `cv=5` it cuts five folds.

# %% [markdown]
# ## Leaks
#
# Whatever hidden rows tell the training is a **leak**; after it, no score can be trusted.
#
# **1.4 Find the leak.** This function is to say how good [k-nearest neighbours](glossary.md#k-nearest-neighbours) (a patient gets the class that most of the five most similar training patients have) is on new patients:
#
# ```python
# def accuracy(X, y):
#     X = StandardScaler().fit_transform(X)
#     model = neighbors.KNeighborsClassifier()
#     return 100 * model_selection.cross_val_score(model, X, y, cv=5).mean()
# ```
#
# The test folds tell the training something. Find out what, and write `honest_accuracy(X, y)` without the leak; change nothing else. (Here the number hardly moves, which is why leaks live long. The check uses a copy in which a broken instrument makes it visible.)

# %% exercise="1.4"
honest_accuracy = ...
### BEGIN SOLUTION
def honest_accuracy(X, y):
    model = make_pipeline(StandardScaler(), neighbors.KNeighborsClassifier())
    return 100 * model_selection.cross_val_score(model, X, y, cv=5).mean()
### END SOLUTION

# %% check="1.4"
exercises.check("1.4", honest_accuracy)

# %% [markdown]
# ## From scores to an interval
#
# A colleague compared two models, A and B, on ten folds. Ten differences (A minus B), one mean. How far off may the mean be? The **95 % interval** says it: if we drew new patients and repeated everything, an interval made in this way would contain the true difference about 95 times in 100. Its ends are mean ± half-width, and
#
# > half-width = *t* × *s* × √(1/*n*)
#
# with *n* differences, their spread *s* (`std(ddof=1)`), and *t*, which makes it 95 % (2.26 for ten). In code, 0.975 leaves 2.5 % beyond each end, and `n - 1` counts the differences less one, spent on their mean.

# %%
differences = np.array([1.2, 0.4, -0.6, 2.1, 0.9, 1.6, -0.2, 0.7, 1.1, 0.8])  # made up, points
n = len(differences)
t_value = stats.t.ppf(0.975, n - 1)
half_width = t_value * differences.std(ddof=1) * np.sqrt(1 / n)
print(f"t = {t_value:.3f}; {differences.mean():.2f} ± {half_width:.2f} points")

# %% [markdown]
# The interval lies above 0, so A is better? There is a trap. This formula takes the folds for independent, but they share most of their training patients. Its intervals are too narrow, and verdicts from them too bold. A rule of thumb roughly repairs it (Nadeau and Bengio 2003; Bouckaert and Frank 2004): the root becomes √(1/*n* + rows tested / rows trained). The new term stands for what the folds share, and stays however often you cut.
#
# **1.5 An honest interval.** Write `corrected_interval(differences, test_share)`, which returns the two ends, `(low, high)`. `test_share` is the share of rows that each fold tests on: 0.1 for ten folds.

# %% exercise="1.5"
corrected_interval = ...
### BEGIN SOLUTION
def corrected_interval(differences, test_share):
    n = len(differences)
    root = np.sqrt(1 / n + test_share / (1 - test_share))
    half_width = stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) * root
    return differences.mean() - half_width, differences.mean() + half_width
### END SOLUTION

# %% check="1.5"
exercises.check("1.5", corrected_interval)

# %% [markdown]
# Both formulas on the ten differences (the course's helpers compute what you wrote). What should the colleague say?

# %%
both = {"folds taken for independent": intervals.t_interval(differences),
        "corrected": intervals.corrected_resampled_t(differences, test_share=0.1)}
fig, ax = plt.subplots(figsize=(7.5, 1.8))
plots.forest(ax, both, margin=0)
ax.set(xlabel="accuracy, A minus B (percentage points)")
plots.show(fig, "The corrected interval is wider and contains 0; the other one does not.", both)

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# "We cannot tell." Who is better? The line for that is 0, and the corrected interval contains it. The naive formula would have announced a winner.
#
# </details>
#
# **A good place to stop.** Next comes the claim.

# %% [markdown]
# ## The claim, as it will be judged
#
# "Classic models are quicker and cheaper to train than deep ones", says the article (A in the card). It speaks of cost only. The card's second sentence, "they give nothing up", is **ours**, though the card names the article below it: a cheap model that is wrong helps nobody.
#
# The course keeps a **[ledger](glossary.md#ledger)** of claims. What a claim needs was written there before this experiment was run for the first time. The *[MLP](glossary.md#mlp)* is a small neural network.

# %%
claim = ledger.get("ml-lightweight")
claim

# %% [markdown]
# Cost is counted twice: in **[CPU seconds](glossary.md#cpu-seconds)**, the time that the processor really worked, and in **[operations](glossary.md#operations)**, about how many additions, multiplications and comparisons a training takes.
#
# −1 [percentage point](glossary.md#percentage-point) and 5 times are judgements; you may disagree. Nobody may choose a [margin](glossary.md#margin) after looking at the result. The colleague asked who is better, so the line was at 0; we ask whether at most one point is lost, so it is at −1, and an interval may contain 0 and still hold. A test *holds* when the **whole** interval lies on the needed side, *fails* when all of it lies on the other side, and is *undecided* otherwise. The claim is **supported** when all tests hold, **not supported** when one fails, else **inconclusive**.
#
# **1.6 You are the judge.** A claim has one test: the whole interval above −1 point. Measured: +0.3 points, 95 % interval from −0.6 to +1.2. What is the word for the *claim*: `"supported"`, `"not supported"` or `"inconclusive"`?

# %% exercise="1.6"
answer_1_6 = ...
### BEGIN SOLUTION
answer_1_6 = "supported"
### END SOLUTION

# %% check="1.6"
exercises.check("1.6", answer_1_6)

# %% [markdown]
# ## Predict
#
# Two tables: our patients, and 178 Italian wines made from three kinds of grape, with 13 chemical measurements. Run the cell: it prints how wide the interval of a gap may be, if the gap varies as much as the one model's score did in the 20 cuts. Can a test hold that needs *all* of such an interval above −1? Then replace the dots with your guesses and run the cell again; only someone who predicted can be surprised.

# %%
root = np.sqrt(1 / len(folds) + 1 / (settings.folds - 1))
expected = stats.t.ppf(0.975, len(folds) - 1) * np.std(draws, ddof=1) * root
print(f"on {len(y)} patients expect about ± {expected:.1f} points")
text_view.folded("Can the test hold?", f"""Only with a measured gap above about {expected - 1:+.1f}
points. Where both models are equally good, expect a gap near 0: undecided.""")
predicted = {
    "accuracy gap, breast cancer (points)": ...,  # best classic minus network
    "cost ratio, breast cancer (times)": ...,  # the network's CPU seconds over the classic's
    "verdict": ...,  # "supported", "not supported" or "inconclusive"
}

# %% [markdown]
# ## Experiment
#
# Three classic models, at one setting each: **logistic regression**; a **[random forest](glossary.md#random-forest)**, many decision trees, each grown on a random part of the data, that vote; **[gradient boosting](glossary.md#gradient-boosting)**, many small trees, each grown to mend the mistakes of those before it.
#
# The challenger: a network of [neurons](glossary.md#neuron). Each adds up its weighted inputs and passes the sum on if it is positive. Ours has two [layers](glossary.md#layer) of them, which is hardly *deep*: the verdict is about networks of this size. It may choose 16 or 64 neurons a layer, a small or a large [penalty](glossary.md#penalty), and one of two limits on its passes over the data (**[epochs](glossary.md#epoch)**).
#
# "The best" is a choice, and a choice that looks at the test is a leak. So each training part is cut once more, into *inner* folds:
#
# | | training 1 | training 2 | training 3 | test |
# |---|---|---|---|---|
# | inner fold 1 | score | train | train | locked |
# | inner fold 2 | train | score | train | locked |
# | inner fold 3 | train | train | score | locked |
# | the winner | train | train | train | **score, once** |
#
# The next three cells are machinery; you may skip their code:
#
# 1. `GridSearchCV` trains each candidate on the inner folds and keeps the one with the best mean accuracy: once among the 3 classic models, once among the network's 2 × 2 × 2 = 8 settings.
# 2. The two winners are trained on the whole training part and scored on the test. That training is counted, in CPU seconds and in operations.

# %%
warnings.filterwarnings("ignore", category=ConvergenceWarning)  # the limit is meant


def searches(seed):
    """One search among the three classic models, and one among the settings of the network."""
    inner = model_selection.StratifiedKFold(settings.inner_folds, shuffle=True, random_state=seed)
    trees = {"n_estimators": settings.trees, "random_state": seed}
    classic = [linear_model.LogisticRegression(max_iter=1000),
               ensemble.RandomForestClassifier(**trees),
               ensemble.GradientBoostingClassifier(**trees)]
    network = MLPClassifier(batch_size=64, learning_rate_init=0.005, random_state=seed)
    knobs = {"model__max_iter": settings.epochs, "model__hidden_layer_sizes": settings.hidden,
             "model__alpha": settings.penalty}
    steps = Pipeline([("scale", StandardScaler()), ("model", network)])
    return {"classic": model_selection.GridSearchCV(steps, {"model": classic}, cv=inner),
            "MLP": model_selection.GridSearchCV(steps, knobs, cv=inner)}


def in_words(best):
    """The chosen candidate."""
    if "model" in best:
        return type(best["model"]).__name__
    words = "{model__hidden_layer_sizes}, penalty {model__alpha}, at most {model__max_iter} epochs"
    return words.format(**best)

# %% [markdown]
# One fold. (`cpu_seconds` repeats a quick training until the clock has something to measure.)


# %%
def training_seconds(model, X, y):
    """CPU seconds of one training."""
    return costs.cpu_seconds(lambda: model.fit(X, y), settings.clock_s)


def run_fold(X, y, train, test, seed):
    """Everything measured in one fold."""
    row = {"baseline": 100 * np.mean(y[test] == np.bincount(y[train]).argmax())}
    for who, search in searches(seed).items():
        winner = search.fit(X[train], y[train]).best_estimator_
        row[f"{who} chosen"] = in_words(search.best_params_)
        row[f"{who} accuracy"] = 100 * winner.score(X[test], y[test])
        row[f"{who} operations"] = costs.size(winner, X[train]).train_operations
        row[f"{who} CPU s"] = training_seconds(winner, X[train], y[train])
    return row


pd.Series(run_fold(X, y, *folds[0], seed=run.seed), name="first fold").to_frame()

# %% [markdown]
# Now all folds of both tables: a few minutes on a slow machine. (The full profile adds a third table, of 5,000 rows.)

# %%
tables = {"breast cancer": table, "wine": data.load_wine()}
if run.profile == "full":
    tables["forest cover"] = data.load_forest_cover(n_rows=5_000, seed=run.seed)
measured = {}
for name, each in tables.items():
    features, classes = each.X.to_numpy(), each.y
    bar = tqdm(make_folds(classes), desc=name, unit="fold")
    rows = [run_fold(features, classes, *fold, run.seed + i) for i, fold in enumerate(bar)]
    measured[name] = pd.DataFrame(rows)
means = {name: rows.mean(numeric_only=True) for name, rows in measured.items()}
pd.DataFrame(means).loc[["baseline", "classic accuracy", "MLP accuracy"]].round(1)

# %% [markdown]
# ## Verdict
#
# Those were mean accuracies in %. The verdict compares pair by pair, because an easy fold is easy for both: for each table the difference in accuracy (classic minus network), and the ratio of costs (network over classic), averaged on a logarithmic scale so that 10 times as much and a tenth as much cancel out. `judge` reads what the claim needs from the ledger. Your prediction stands below; *in the interval* means that the measurement does not contradict it. What is settled and what is open is printed last.



# %%
def against_network(rows):
    """The claim's three estimates from one table's measurements."""
    gap, share = rows["classic accuracy"] - rows["MLP accuracy"], 1 / settings.folds
    ratios = {test: intervals.paired_ratio(rows[f"MLP {cost}"], rows[f"classic {cost}"], share)
              for test, cost in (("cpu_seconds", "CPU s"), ("operations", "operations"))}
    return {"accuracy": intervals.corrected_resampled_t(gap, share), **ratios}


estimates = pd.DataFrame({name: against_network(rows) for name, rows in measured.items()})
verdict = claim.judge(estimates.T.to_dict(), run.profile)
answers = {
    "accuracy gap, breast cancer (points)": estimates.loc["accuracy", "breast cancer"],
    "cost ratio, breast cancer (times)": estimates.loc["cpu_seconds", "breast cancer"],
    "verdict": verdict.word,
}
display(verdict, results.beside(predicted, answers))
for each in verdict.outcomes:
    state = "open" if each.word == "undecided" else f"settled, it {each.word}"
    print(f"{state}: {each.test.id.replace('_', ' ')}, {each.group}")

# %% [markdown]
# ## Why this verdict?
#
# Each dot is a fold, bars are intervals, the dashed line is the margin. A test holds where the **whole** bar lies in the shaded part.

# %% tags=["readme-picture"]
gaps, ratios, dots = dict(estimates.loc["accuracy"]), {}, {}
for name, rows in measured.items():
    dots[name] = rows["classic accuracy"] - rows["MLP accuracy"]
    for test, cost in (("cpu_seconds", "CPU s"), ("operations", "operations")):
        ratios[f"{name}, {cost}"] = estimates.loc[test, name]
        dots[f"{name}, {cost}"] = rows[f"MLP {cost}"] / rows[f"classic {cost}"]
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
plots.forest(left, gaps, margin=claim.test("accuracy").margin, dots=dots)
left.set(xlabel="accuracy, best classic minus MLP (points)", title="Gives nothing up?")
right.set_xscale("log")
plots.forest(right, ratios, margin=claim.test("operations").margin, dots=dots)
right.set(xlabel="training cost, MLP over best classic (times)", title="Cheaper to train?")
plots.show(fig, "Accuracy gaps against −1 point, cost ratios against 5, by table.", gaps | ratios)

# %% [markdown]
# In the right panel, dots lie in heaps where different models or network settings were chosen, and the mean between heaps describes none of them. Medians by the classic model that won part some of the heaps:

# %%
for name, rows in measured.items():
    for winner, won in rows.groupby("classic chosen"):
        times = {cost: number((won[f"MLP {cost}"] / won[f"classic {cost}"]).median(), 2)
                 for cost in ("operations", "CPU s")}
        print(f"{name}, {winner} won {len(won)} of {len(rows)} folds: the network took "
              f"{times['operations']} times the operations, {times['CPU s']} times the seconds")
slowest = measured["breast cancer"][["classic CPU s", "MLP CPU s"]].max()
print("longest on breast cancer:", ", ".join(f"{who} {s:.3f}" for who, s in slowest.items()))

# %% [markdown]
# How can operations and seconds disagree so much? And how many rows would settle the accuracy?
#
# <details><summary>Operations and seconds</summary>
#
# A network's operations come bundled in matrix products, which a processor does quickly. And every training has a fixed cost on top, which a forest pays for each of its hundred trees. So "cheaper" depends on what you count. The ledger counts one training. The search before it, 8 settings against 3, is not counted; to change that after looking is to choose.
#
# </details>

# %%
needed = []
for name, gap in gaps.items():
    n_rows, half_width = len(tables[name].y), (gap.high - gap.low) / 2
    to_margin = abs(gap.effect - claim.test("accuracy").margin)
    enough = number(n_rows * (half_width / to_margin) ** 2, 2)
    needed.append(f"{name}: {n_rows} rows give {gap.effect:+.1f} ± {half_width:.1f} points. If the "
                  f"true gap were exactly that, {to_margin:.1f} from the margin, about {enough} "
                  "rows would give an even chance to settle it; more rows, a better one.")
text_view.folded("How many rows?", "\n\n".join(needed))

# %% [markdown]
# "Inconclusive" does not mean "no difference". It means: *this much data, measured this way, cannot tell*. And the clinic? On its table, the longest training took the CPU seconds printed above: at this size, cost need not decide.
#
# ## Your turn
#
# Another table, in plain scikit-learn: which reads digits better, logistic regression or nearest neighbours, and how sure are you? Cut folds, score both on the same folds, compute the corrected interval of the differences.

# %%
from sklearn.datasets import load_digits

X_new, y_new = load_digits(return_X_y=True)
print(f"{len(y_new)} pictures of {X_new.shape[1]} grey values, {len(np.unique(y_new))} digits")
# Your comparison here.

# %% [markdown]
# <details><summary>One way to do it</summary>
#
# ```python
# cut = model_selection.RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
# linear = make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=1000))
# a, b = (100 * model_selection.cross_val_score(each, X_new, y_new, cv=cut)
#         for each in (linear, neighbors.KNeighborsClassifier()))
# low, high = corrected_interval(a - b, 0.2)  # yours, from 1.5
# print(f"{low:.1f} to {high:.1f} points, logistic regression minus neighbours")
# ```
#
# </details>
#
# **At home: your own `.csv`** with a column of classes (few values, each at least five times): `mine = pd.read_csv("mine.csv").dropna()`, `y_new = mine.pop("class")`, `X_new = pd.get_dummies(mine)`. Drop columns that only number the rows; if one person fills several rows, cut by person (`GroupKFold`; strictly, the digits' writers, too).

# %% [markdown]
# ## Recap
#
# 1. A **baseline** is the score of knowing nothing. On a rare class, even accuracy above it hides what you care about.
# 2. **Overfitting** is learning by heart: the training score rises, the score on others does not.
# 3. A **leak** is anything that hidden rows tell the training, even a mean. Choices leak, too: hence the inner folds. To find one, ask of every number in the training which rows it came from.
# 4. A **fold** is a part of the table that is the test once. Many folds show how much a score depends on who trained and who was asked.
# 5. An **interval** says how far off a mean may be. Folds share training rows, so the ordinary formula is too sure of itself.
# 6. A **verdict** holds an interval against a margin that was fixed before. It has three values, and "inconclusive" is an honest one.

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)

# %% [markdown]
# **Labs.** Each takes half an hour and answers one more question with what you know now:
#
# - [Do more labelled examples make a model better?](labs/1_labels.ipynb)
# - [Does a table show what causes what?](labs/1_causes.ipynb)
# - [Does data have to be normalised first?](labs/1_cleaning.ipynb)
#
# **Next.** On these tables people had already done the hard part: they chose and measured the columns. What if nobody did? [Lesson 2](2_deep_cnn.ipynb) gives a model raw pictures and asks who finds the [features](glossary.md#feature), a person or the network.
