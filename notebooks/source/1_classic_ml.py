# %% [markdown]
# # Lesson 1 · Classic machine learning
#
# **The claim.** Classic models are quicker and cheaper to train than deep ones, and on tables of numbers they give nothing up for it.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Comparing Speed and Efficiency" and "Key Differences / Computing Power". The article speaks of cost; that nothing is given up for it is our condition, because a cheap model that is wrong helps nobody.*

# %% [markdown]
# **Why this matters.** A bank decides in a blink whether a payment is fraud. A clinic has a few hundred patients and one old computer. Both must choose: a small classic model, or a neural network? In this lesson you do not look the answer up. What would count as evidence is fixed first; then you run the experiment and read off what it says.

# %% [markdown]
# ## What you will learn
#
# When you have finished, you can say
#
# 1. what a **[baseline](glossary.md#baseline)** is, and why no score means anything without one;
# 2. what a **[fold](glossary.md#fold)** is, and why one test is not enough;
# 3. what an **[interval](glossary.md#interval)** is, and how to compute it without fooling yourself;
# 4. what a **[leak](glossary.md#leak)** is, and how to find one;
# 5. what a **[verdict](glossary.md#verdict)** is, and why "we cannot tell" is one of them;
# 6. when you may believe a model's [coefficients](glossary.md#coefficient), and when not.
#
# You need Python, and no machine learning. Run the cells from top to bottom with Shift + Enter.
#
# First the tools. From libraries: **numpy** and **pandas** hold numbers and tables, **scikit-learn** has the classic models, **matplotlib** draws. `course_utils` is this course's own package; its helpers are introduced where they matter, and you can open every one of them.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import dummy, ensemble, linear_model, metrics, model_selection, neighbors, svm, tree
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from course_utils import run as runtime
from course_utils.claims import cards, intervals, ledger, resampling
from course_utils.data import tables as data
from course_utils.exercises.lesson_1 import exercises
from course_utils.models import tabular
from course_utils.report import results
from course_utils.show import plots

# %% [markdown]
# `runtime.start` reads under which conditions this lesson runs, and [seeds](glossary.md#seed) everything that is random: the same seed gives you the same numbers again, apart from times. `use_one_core` gives every model the same single processor core, so that nobody wins by using more of them.

# %%
run = runtime.start("1_classic_ml", expected={
    "cpu (2 cores)": "2 to 6 min, 0.6 GB", "cuda": "not measured yet",
})
runtime.use_one_core()
plots.use_style()

# %% [markdown]
# ## The claim, as it will be judged
#
# The course keeps a **[ledger](glossary.md#ledger)** of claims. What is measured, and what the claim needs, were written there before this experiment was run for the first time. At the end of the lesson you will understand each of these tests. (A is the article.)
#
# Why −1 point, and why 5 times? Both are judgements: one more mistake in a hundred is what we would accept for a cheaper model, and five times is a difference that you would notice. You may disagree. What nobody may do is choose a [margin](glossary.md#margin) after looking at the result.

# %%
claim = ledger.get("ml-lightweight")
claim

# %% [markdown]
# ## Predict
#
# Classic models and a small neural network (an *[MLP](glossary.md#mlp)*) will learn from two tables: one of patients, one of wines. Write down what you expect, before you know: only someone who predicted can be surprised. Replace our guesses with yours.
#
# - On the patients: by how many [percentage points](glossary.md#percentage-point) is the best classic model better than the network? Negative when it is worse.
# - On the patients: how many times the processor time of the classic model does the network take to train?
# - The verdict: `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "accuracy gap, breast cancer (points)": 0.0,
    "cost ratio, breast cancer (times)": 10,
    "verdict": "supported",
}

# %% [markdown]
# ## Settings
#
# All sizes in one place. You need not understand them yet; each comes back where it is used. `run.pick` takes the value for your [profile](glossary.md#profile): *smoke* only checks that the code runs, *laptop* is what you use, *full* adds a larger table from the internet.

# %%
settings = {
    "folds": 5,  # parts that a table is cut into
    "repeats": run.pick(smoke=1, laptop=3, full=3),  # times that it is cut anew
    "inner_folds": run.pick(smoke=2, laptop=3, full=3),  # parts for making choices
    "trees": run.pick(smoke=10, laptop=100, full=100),  # in a forest, and in a boosted model
    "hidden": (16, 64),  # neurons a layer that the network may choose
    "weight_decay": (0.01, 1.0),  # how strongly it may hold large weights back
    "epochs": run.pick(smoke=3, laptop=200, full=200),  # its most passes over the data
    "clock_s": run.pick(smoke=0.02, laptop=0.1, full=0.1),  # CPU seconds that a timing fills
    "curve_repeats": run.pick(smoke=1, laptop=10, full=10),
    "resamples": run.pick(smoke=20, laptop=500, full=1000),
}

# %% [markdown]
# ## Data
#
# Two tables of real measurements come with scikit-learn.
#
# - **Breast cancer** (Wisconsin, 1990s): a fine needle took cells from a lump in the breasts of 569 patients. A computer measured the cell nuclei in a picture of them: 30 numbers a patient. The question: is the lump malignant (cancer) or benign?
# - **Wine** (Italy): 178 wines made from three kinds of grape, 13 chemical measurements each. The question: which grape?
#
# Each loader checks that you have exactly the data that we had. Where the data come from, and what they must not be used for, stands in `datasets/breast_cancer.md` and `datasets/wine.md`. In the first table, class 0 is malignant and class 1 is benign.

# %%
cancer = data.load_breast_cancer()
tables = {"breast cancer": cancer, "wine": data.load_wine()}
if run.profile == "full":
    tables["forest cover"] = data.load_forest_cover(n_rows=5_000, seed=run.seed)

# %% [markdown]
# A row is a patient, a column is a measurement. Here are three patients and five of the 30 columns. Lengths are in the units of the picture, not in millimetres.

# %%
diagnosis = np.array(cancer.classes)[cancer.y]
cancer.X.iloc[[0, 19, 100], :5].assign(diagnosis=diagnosis[[0, 19, 100]])

# %% [markdown]
# What a column is worth, you see best in a picture. *Worst concave points* counts the dents in the outline of a cell nucleus, averaged over the three nuclei that have the most. (`plots.show` shows a figure; what it shows in words, and the numbers behind it, unfold below.)

# %%
column = "worst concave points"
groups = {name: cancer.X.loc[diagnosis == name, column] for name in ("benign", "malignant")}
fig, ax = plots.histograms(groups, bins=np.linspace(0, 0.3, 31))
ax.set(xlabel=f"{column} (number of dents, rescaled by the source)", ylabel="patients")
counts = pd.DataFrame(groups).describe().round(3)
plots.show(fig, "Two histograms: benign lumps lie mostly below 0.14, malignant ones above.", counts)

# %% [markdown]
# The two groups overlap: wherever you cut, you make mistakes. A model's task is to do better by using more columns.

# %% [markdown]
# ## Baseline: the score of knowing nothing
#
# *[Accuracy](glossary.md#accuracy)* is the share of patients that a model gets right. A model that says "benign" to everybody has learned nothing, and is right for every benign patient. Its accuracy is the **baseline**: the least that any model must beat. scikit-learn calls it a *dummy*.
#
# We hide a fifth of the patients from all models, the **test** part, and ask about them only. An examination whose questions were known is none. Whatever the test part tells the training, be it a single mean, is called a **leak**, and the score is no longer to be trusted. `stratify` keeps the share of malignant lumps the same in both parts.

# %%
X, y = cancer.X.to_numpy(), cancer.y
X_train, X_test, y_train, y_test = model_selection.train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=run.seed
)
baseline = dummy.DummyClassifier(strategy="most_frequent").fit(X_train, y_train)
print(f"baseline: {100 * baseline.score(X_test, y_test):.1f} % of {len(y_test)} patients right")

# %% [markdown]
# Set every accuracy that you meet beside this number.

# %% [markdown]
# ## A model by hand
#
# The smallest model asks one question: *is this column above that value?* It is called a **decision stump**. Training means to try every value between two neighbouring patients and to keep the one with the fewest mistakes. You can check each line.


# %%
def best_cut(values, malignant):
    """The cut that makes the fewest mistakes when everything above it is called malignant."""
    ordered = np.unique(values)
    cuts = (ordered[:-1] + ordered[1:]) / 2  # halfway between neighbours
    mistakes = [np.sum((values > cut) != malignant) for cut in cuts]
    return cuts[np.argmin(mistakes)], min(mistakes)


dents_train = X_train[:, [list(cancer.X.columns).index(column)]]  # (n_train, 1)
cut, mistakes = best_cut(dents_train[:, 0], malignant=y_train == 0)
print(f"cut at {cut:.4f}: {mistakes} mistakes among {len(y_train)} training patients")

# %% [markdown]
# The library has the same thing: a [decision tree](glossary.md#decision-tree) with one level. Before we trust either, we check that they agree.

# %%
stump = tree.DecisionTreeClassifier(max_depth=1).fit(dents_train, y_train)
library_mistakes = np.sum(stump.predict(dents_train) != y_train)
print(f"library: cut at {stump.tree_.threshold[0]:.4f}, {library_mistakes} mistakes")
assert abs(library_mistakes - mistakes) <= 0.01 * len(y_train)

# %% [markdown]
# The two may differ by a patient or two, because the library looks for the *purest* groups (the Gini index), not for the fewest mistakes. That is worth knowing: even "the same" model has a definition.

# %% [markdown]
# ## A model that uses every column
#
# **[Logistic regression](glossary.md#logistic-regression)** gives each column a [weight](glossary.md#weight), adds everything up, and squeezes the sum into a probability between 0 and 1. The weights are what it learns. Columns come in very different units, so each is first brought to mean 0 and spread 1 (**[scaling](glossary.md#scaling)**). A *[pipeline](glossary.md#pipeline)* glues the two steps together, and sees to it that mean and spread come from the training rows alone; computed from all rows, they would be a leak.

# %%
logistic = make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=1000))
logistic.fit(X_train, y_train)
print(f"logistic regression: {100 * logistic.score(X_test, y_test):.1f} % right")
print(f"baseline:            {100 * baseline.score(X_test, y_test):.1f} % right")

# %% [markdown]
# No magic inside: the probability of one patient, by hand, and the library's.

# %%
scaler, weights = logistic[0], logistic[1]
scaled = (X_test[0] - scaler.mean_) / scaler.scale_
by_hand = 1 / (1 + np.exp(-(scaled @ weights.coef_[0] + weights.intercept_[0])))
by_library = logistic.predict_proba(X_test[:1])[0, 1]
print(f"probability of 'benign' by hand {by_hand:.6f}, by the library {by_library:.6f}")
assert np.isclose(by_hand, by_library)

# %% [markdown]
# ## Two kinds of mistakes
#
# A probability is not yet a decision. Somebody must say from which probability on we raise the alarm. A low **[threshold](glossary.md#threshold)** alarms healthy people; a high one misses cancer. The table of who was what and who was called what is the **[confusion matrix](glossary.md#confusion-matrix)**.

# %%
p_malignant = logistic.predict_proba(X_test)[:, 0]  # (n_test,)
is_malignant = y_test == 0  # (n_test,)


def confusion(threshold):
    """2 × 2 counts: rows are the truth (malignant, benign), columns the call (alarm, no alarm)."""
    return metrics.confusion_matrix(is_malignant, p_malignant >= threshold, labels=[True, False])

# %% [markdown]
# Three thresholds side by side. Orange boxes are mistakes. Which of the two grows when we want to be surer before we raise the alarm?

# %%
thresholds = [0.05, 0.5, 0.95]
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4))
for ax, threshold in zip(axes, thresholds, strict=True):
    plots.confusion(ax, confusion(threshold), ["malignant", "benign"], ["alarm", "no alarm"])
    ax.set_title(f"alarm from {threshold:.2f}")
boxes = ["cancer found", "cancer missed", "false alarm", "rightly left alone"]
counts = pd.DataFrame([confusion(t).ravel() for t in thresholds], thresholds, boxes)
plots.show(fig, "Confusion matrices at three thresholds, with the counts below.", counts)

# %% [markdown]
# Now with your own hand. When you run this cell, a slider appears (a printed page cannot show it; the strip above is the same thing standing still). Which threshold would you want as a patient? And as the one who pays for the follow-up examinations?


# %%
def confusion_figure(threshold):
    """The confusion matrix at one threshold."""
    fig, ax = plt.subplots(figsize=(3.6, 3.4))
    plots.confusion(ax, confusion(threshold), ["malignant", "benign"], ["alarm", "no alarm"])
    return fig


steps = [round(step, 2) for step in np.arange(0.05, 1, 0.05)]
plots.slider(confusion_figure, steps, "alarm from probability", start=0.5)

# %% [markdown]
# ## Experiment
#
# ### One test is not enough
#
# The scores above come from one random split. Another split asks other patients and gives other scores. So we cut the table into five parts, the **folds**. Each fold is the test once, while the other four train. Then we shuffle and cut again, three times over. That is *repeated [cross-validation](glossary.md#cross-validation)*.
#
# Every model gets exactly the same folds, so that we can compare them fold by fold, in **pairs**.


# %%
def make_folds(y, repeats=settings["repeats"]):
    """Pairs (rows to train on, rows to test on), the same every time for the same seed."""
    cutter = model_selection.RepeatedStratifiedKFold(
        n_splits=settings["folds"], n_repeats=repeats, random_state=run.seed
    )
    return list(cutter.split(np.zeros(len(y)), y))


test_share = 1 / settings["folds"]

# %% [markdown]
# Here are the first five folds of the first 60 patients. Each column of the picture is a patient; each patient is in the test exactly once.

# %%
membership = np.zeros((5, 60), dtype=int)  # (fold, patient)
for i, (_, test) in enumerate(make_folds(y)[:5]):
    membership[i, test[test < 60]] = 1
fig, ax = plt.subplots(figsize=(9, 1.9))
ax.imshow(membership, cmap=plots.two_colours(), aspect="auto")
ax.set(xlabel="patient", ylabel="fold", title="Orange: test. Blue: training.")
ax.set_yticks(range(5), range(1, 6))
plots.show(fig, "Grid of five folds by sixty patients: each patient is tested in exactly one fold.",
           pd.DataFrame({"tested among the first 60": membership.sum(axis=1)}, range(1, 6)))

# %% [markdown]
# ### From scores to an interval
#
# Fifteen folds give fifteen differences between two models. Their mean is our best guess, and the **95 % interval** says how far off it may be: if we drew new patients and repeated everything, an interval made this way would contain the mean difference over *all* such patients about 95 times in 100. Its ends are the mean ± a half-width:
#
# > half-width = *t* × *s* × √(1/*n*)
#
# Here *n* is the number of differences, *s* their spread (the standard deviation, divided by *n* − 1: `std(ddof=1)`), and *t* a number from a table, a little above 2, that makes it 95 %.
#
# There is a trap. This formula takes the folds for independent, but they share most of their training patients. Its intervals are too narrow, and verdicts from them too bold. Nadeau and Bengio (2003) found a rule of thumb that roughly repairs it: the root becomes √(1/*n* + rows tested / rows trained). By hand, then with the course's helper; and two short names for the rest of the lesson, for the interval of a mean and of a ratio (averaged on a logarithmic scale, so that 10 times as much and a tenth as much cancel out):

# %%
example = np.array([0.9, -0.9, 1.8, 0.0, 0.9, -1.8, 0.9, 0.0, 1.8, 0.9])  # made up, in points
n, tested_per_trained = len(example), test_share / (1 - test_share)
t_value = 2.262  # for n = 10, from a table
half_width = t_value * example.std(ddof=1) * np.sqrt(1 / n + tested_per_trained)
estimate = intervals.corrected_resampled_t(example, test_share)
print(f"by hand: {example.mean():.2f} ± {half_width:.2f} points")
print(f"helper:  {estimate.text('points')}")
assert np.isclose(estimate.high, example.mean() + half_width, rtol=1e-3)


def interval(values):
    """Mean over our folds with its corrected 95 % interval."""
    return intervals.corrected_resampled_t(values, test_share)


def ratio_interval(numerators, denominators):
    """Geometric mean of paired ratios with its corrected 95 % interval."""
    return intervals.paired_ratio(numerators, denominators, test_share)


# %% [markdown]
# ### The four models
#
# Three classic models, simplest first, with the library's standard settings:
#
# - **logistic regression**, which you know;
# - a **[random forest](glossary.md#random-forest)**: many decision trees, each grown on a random part of the rows and columns; they vote;
# - **[gradient boosting](glossary.md#gradient-boosting)**: many small trees, each grown to mend the mistakes of those before it.


# %%
def classic_models(seed):
    """Fresh, untrained classic models by name, the simplest first."""
    trees = settings["trees"]
    linear = linear_model.LogisticRegression(max_iter=1000)
    return {
        "logistic regression": make_pipeline(StandardScaler(), linear),
        "random forest": ensemble.RandomForestClassifier(trees, random_state=seed),
        "gradient boosting": ensemble.GradientBoostingClassifier(
            n_estimators=trees, random_state=seed
        ),
    }

# %% [markdown]
# And the challenger: a neural network. A *[neuron](glossary.md#neuron)* adds up its weighted inputs and passes the sum on if it is positive; a [layer](glossary.md#layer) is many of them side by side. Ours has two such layers (a *multi-layer perceptron*, **MLP**). `tabular.TabularMLP` is about 100 lines of torch with the same `fit` and `predict` as the others. How its training loop works is lesson 2's subject.
#
# A network has more knobs than a forest, so it gets a fair chance to turn them: neurons a layer (16 or 64) times how strongly large weights are held back (0.01 or 1). Of these four combinations it may choose the best in every fold.

# %% [markdown]
# ### Choosing without peeking
#
# "The best classic model" and "the best setting" are choices, and a choice that looks at the test is a leak. So each training part is cut once more into *inner* folds: `cross_val_score` trains a candidate on all of them but one and scores it on that one, each in turn. A tie goes to the first, simplest candidate. In the end every model is tested, for the pictures; only the winner enters the verdict.


# %%
def inner_folds(y, seed):
    """Folds inside a training part, for making choices."""
    n_splits = settings["inner_folds"]
    cutter = model_selection.StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    return list(cutter.split(np.zeros(len(y)), y))


def choose_classic(X, y, seed):
    """Name of the classic model with the best mean accuracy on the inner folds."""
    folds, accuracy = inner_folds(y, seed), {}
    for name, model in classic_models(seed).items():
        accuracy[name] = model_selection.cross_val_score(model, X, y, cv=folds).mean()
    return max(accuracy, key=accuracy.get)

# %% [markdown]
# The network needs one thing more: how long to train. With every pass over the data (an **[epoch](glossary.md#epoch)**) it fits the training rows better, but from some point on it only learns them by heart (**[overfitting](glossary.md#overfitting)**). **[Early stopping](glossary.md#early-stopping)** watches rows that it does not train on, and stops when they get worse. Here the inner folds do the watching. Afterwards the network trains on *all* training rows, for the number of epochs that was best on average.


# %%
def try_network(X, y, seed, **setting):
    """Mean accuracy of one setting on the inner folds, and the epochs that were best on average."""
    accuracies, epochs = [], []
    for fit, watch in inner_folds(y, seed):
        mlp = tabular.TabularMLP(**setting, epochs=settings["epochs"], device=run.device, seed=seed)
        mlp.fit(X[fit], y[fit], X_val=X[watch], y_val=y[watch])
        accuracies.append(mlp.score(X[watch], y[watch]))
        epochs.append(mlp.epochs_)
    return np.mean(accuracies), round(np.mean(epochs))


# %% [markdown]
# Try all four combinations, keep the best, and hand back a network that is ready to be trained.

# %%
def choose_network(X, y, seed):
    """An untrained network with the best setting and number of epochs."""
    best_accuracy, best = -1.0, None
    knobs = {knob: settings[knob] for knob in ("hidden", "weight_decay")}
    for setting in model_selection.ParameterGrid(knobs):
        accuracy, epochs = try_network(X, y, seed, **setting)
        if accuracy > best_accuracy:
            best_accuracy, best = accuracy, {**setting, "epochs": epochs}
    return tabular.TabularMLP(**best, device=run.device, seed=seed)

# %% [markdown]
# ### What is measured
#
# For every model in every fold: the accuracy on the test part, and the cost of one training. Cost is counted twice.
#
# - **[CPU seconds](glossary.md#cpu-seconds)**: the time that the processor really worked (`runtime.cpu_seconds` repeats quick calls until the clock has something to measure).
# - **[Operations](glossary.md#operations)**: about how many additions, multiplications and comparisons the training takes, estimated by rules that you find in `tabular.size`. No clock, no clock noise.
#
# The ledger counts one training, not the search for settings before it (twelve trainings for the network, nine for the classic models). We write the search down all the same; it will be interesting.


# %%
def measure(model, X, y, train, test):
    """Train and test one model: accuracy in %, cost of a training and of a prediction."""
    train_cpu_s = runtime.cpu_seconds(lambda: model.fit(X[train], y[train]), settings["clock_s"])
    predict_cpu_s = runtime.cpu_seconds(lambda: model.predict(X[test]), settings["clock_s"])
    accuracy = 100 * model.score(X[test], y[test])
    costs = {"train_cpu_s": train_cpu_s, "predict_cpu_ms": 1000 * predict_cpu_s / len(test)}
    return {"accuracy": accuracy, **costs, **vars(tabular.size(model, len(train)))}

# %% [markdown]
# Put together, one fold of the experiment: make the choices, then measure everybody on the same rows.

# %%
def run_fold(X, y, train, test, seed):
    """Everybody's measurements in one fold, and the name of the chosen classic model."""
    with runtime.CostMeter() as classic_search:
        chosen = choose_classic(X[train], y[train], seed)
    with runtime.CostMeter() as network_search:
        network = choose_network(X[train], y[train], seed)
    models = classic_models(seed) | {"MLP": network}
    rows = {name: measure(model, X, y, train, test) for name, model in models.items()}
    rows["best classic"] = rows[chosen] | {"search_cpu_s": classic_search.cpu_s}
    rows["MLP"]["search_cpu_s"] = network_search.cpu_s
    rows["baseline"] = {"accuracy": 100 * np.mean(y[test] == np.bincount(y[train]).argmax())}
    return rows, chosen

# %% [markdown]
# And all folds of one table:

# %%
def run_table(name):
    """All folds of a table: one row a fold, columns by (what was measured, model)."""
    X, y = tables[name].X.to_numpy(), tables[name].y
    folds, choices = {}, []
    for i, (train, test) in enumerate(tqdm(make_folds(y), desc=name, unit="fold")):
        rows, chosen = run_fold(X, y, train, test, seed=run.seed + i)
        folds[i] = pd.DataFrame(rows).stack()
        choices.append(chosen)
    return pd.DataFrame(folds).T, choices


# %% [markdown]
# ### Run it
#
# One to five minutes for the first table, depending on your machine; the bar counts folds, and `CostMeter` is a stopwatch.

# %%
measured, chosen = {}, {}
with runtime.CostMeter() as cost:
    measured["breast cancer"], chosen["breast cancer"] = run_table("breast cancer")
print(f"took {cost.wall_s:.0f} s")

# %% [markdown]
# And the second table, so that the verdict does not rest on one. (In the full profile a third one follows, with 5,000 rows.) Then we count which classic model was chosen in how many folds.

# %%
for name in tables:
    if name not in measured:
        measured[name], chosen[name] = run_table(name)
counts = {name: pd.Series(names).value_counts() for name, names in chosen.items()}
pd.DataFrame(counts).fillna(0).astype(int)

# %% [markdown]
# ### Look at the accuracies
#
# Mean accuracy of each model with its interval. How far is everybody above the baseline, and how far from each other? Is *best classic* worse than a model it could have chosen? Then choosing on few rows may have had its price. (An interval may pass 100 %: its formula does not know that accuracy ends there.)

# %%
names = ["logistic regression", "random forest", "gradient boosting", "best classic", "MLP"]
fig, axes = plt.subplots(1, len(measured), figsize=(10, 3.2), sharex=True, sharey=True)
accuracies = {}
for ax, (table, frame) in zip(axes, measured.items(), strict=True):
    estimates = {name: interval(frame["accuracy"][name]) for name in names}
    plots.forest(ax, estimates)
    baseline_accuracy = frame["accuracy"]["baseline"].mean()
    ax.set(title=f"{table} (baseline {baseline_accuracy:.0f} %)", xlabel="accuracy (%)")
    accuracies |= {f"{table}, {name}": estimate for name, estimate in estimates.items()}
plots.show(fig, "Mean accuracy of five models with intervals, a panel for each table.", accuracies)

# %% [markdown]
# Do not compare two models by whether these intervals overlap: both are tested on the same folds, and an easy fold is easy for both. The verdict compares them pair by pair.

# %% [markdown]
# ### Look at the costs
#
# One point for each model: accuracy against operations (above) and against CPU seconds (below), as means over the folds. The scale is logarithmic: each step to the right is *ten times* the work. Is *every* classic model cheaper than the network? And do the two ways of counting agree?

# %%
costs = pd.concat({table: frame.mean().unstack(0) for table, frame in measured.items()})
costs = costs.drop(index=["best classic", "baseline"], level=1).drop(columns="search_cpu_s")
fig, axes = plt.subplots(2, len(measured), figsize=(10, 6.5), sharex="row", sharey="col")
for column_axes, table in zip(axes.T, measured, strict=True):
    for ax, cost in zip(column_axes, ("train_operations", "train_cpu_s"), strict=True):
        plots.points(ax, costs.loc[table, cost], costs.loc[table, "accuracy"])
        ax.set(xscale="log", ylabel="accuracy (%)", title=table)
    column_axes[0].set_xlabel("operations for one training")
    column_axes[1].set_xlabel("CPU seconds for one training")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plots.show(fig, "Accuracy against two costs of one training, for four models.", costs.round(4))

# %% [markdown]
# A bank pays for the training once, and for every payment again for a *prediction*. How large are the models, and what does one prediction cost beside one training (when a whole test part is asked at once)?

# %%
results.cost_table(costs, use="prediction")

# %% [markdown]
# (*[Parameters](glossary.md#parameter)* are the numbers that training sets; for trees these are their questions and leaves. All numbers are means over the folds, and the network was not of the same size in each.) Does the model with the fewest operations also answer soonest? If not: in so short a time most of the work is the call itself (checking the table, going from tree to tree), which operations do not count. That is why cost is counted twice.

# %% [markdown]
# ## Verdict
#
# Now we hand the measurements to the ledger: for each table the difference in accuracy (classic minus network, in percentage points) and the ratio of costs (network over classic).


# %%
def against_network(frame):
    """The claim's three estimates from one table's measurements."""
    gap = frame["accuracy"]["best classic"] - frame["accuracy"]["MLP"]
    seconds, operations = frame["train_cpu_s"], frame["train_operations"]
    return {
        "accuracy": interval(gap),
        "cpu_seconds": ratio_interval(seconds["MLP"], seconds["best classic"]),
        "operations": ratio_interval(operations["MLP"], operations["best classic"]),
    }

# %% [markdown]
# `judge` gets what was measured and nothing else. What the claim needs, it reads from the ledger: *supported* takes every row to hold, *not supported* takes one row to fail, everything else is *inconclusive*.

# %%
estimates = pd.DataFrame({table: against_network(frame) for table, frame in measured.items()})
verdict = claim.judge(estimates.T.to_dict(), run.profile)
verdict

# %% [markdown]
# Beside what you predicted (the gap is best classic minus network, the ratio network over best classic). *In the interval* means that the measurement does not contradict your guess; a wide interval lets many guesses pass. *n* is the number of folds.

# %%
gap, cost_ratio = estimates.loc[["accuracy", "cpu_seconds"], "breast cancer"]
answers = {
    "accuracy gap, breast cancer (points)": gap,
    "cost ratio, breast cancer (times)": cost_ratio,
    "verdict": verdict.word,
}
results.beside(predicted, answers)

# %% [markdown]
# ### Why this verdict?
#
# The claim has two halves. On the left the difference in accuracy, on the right the ratio of costs. Each dot is a fold, bars are intervals, the dashed line is the margin. A test holds where the **whole** bar lies in the shaded part.

# %% tags=["readme-picture"]
gaps, ratios, gap_dots, ratio_dots = dict(estimates.loc["accuracy"]), {}, {}, {}
for table, frame in measured.items():
    gap_dots[table] = frame["accuracy"]["best classic"] - frame["accuracy"]["MLP"]
    for test, column_name in (("cpu_seconds", "train_cpu_s"), ("operations", "train_operations")):
        label = f"{table}, {'CPU seconds' if test == 'cpu_seconds' else test}"
        ratios[label] = estimates.loc[test, table]
        ratio_dots[label] = frame[column_name]["MLP"] / frame[column_name]["best classic"]
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
plots.forest(left, gaps, margin=claim.test("accuracy").margin, dots=gap_dots)
left.set(xlabel="accuracy, best classic minus MLP (points)", title="Gives nothing up?")
right.set_xscale("log")
plots.forest(right, ratios, margin=claim.test("operations").margin, dots=ratio_dots)
right.set(xlabel="training cost, MLP over best classic (times)", title="Cheaper to train?")
plots.show(fig, "Accuracy gaps against −1 point, cost ratios against 5, by table.", gaps | ratios)

# %% [markdown]
# **The left half** is a matter of size. A handful of patients decides which dot lands where, and the interval is as wide as the table is small: its width shrinks with the square root of the number of rows. So we can estimate how many rows it would take to narrow it to ± 1 point (which may still be too wide to decide).

# %%
for name, estimate in gaps.items():
    half_width, n_rows = (estimate.high - estimate.low) / 2, len(tables[name].y)
    for_one_point = round(n_rows * half_width**2, -2)
    print(f"{name}: {n_rows} rows give ± {half_width:.1f} points; ± 1: about {for_one_point:.0f}")

# %% [markdown]
# Keep this in mind whenever somebody shows you that model A beats model B by half a point on a few hundred rows. A table of this size cannot know.
#
# **The right half** hangs on what was chosen: which classic model, and which network (16 or 64 neurons, more or fewer epochs). Take the folds apart by the classic model. The last three columns say how many times its CPU seconds the network took:

# %%
by_choice = []
for table, frame in measured.items():
    for name, rows in frame.groupby(np.array(chosen[table])):
        times = rows["train_cpu_s"]["MLP"] / rows["train_cpu_s"]["best classic"]
        by_choice.append([table, name, len(rows), *times.quantile([0, 0.5, 1]).round(1)])
titles = ["table", "chosen", "folds", "least", "median", "most"]
pd.DataFrame(by_choice, columns=titles).set_index(["table", "chosen"])

# %% [markdown]
# Where two classic models are chosen, the ratios fall into heaps, and a mean between them describes neither: "classic models are cheap" depends on *which* classic model you mean.
#
# It also depends on what you count. Suppose that somebody has to search for the best model and the best settings, as we did in every fold. What is the ratio when the search is paid for, too?

# %%
for table, frame in measured.items():
    paid = frame["train_cpu_s"] + frame["search_cpu_s"]
    with_search = ratio_interval(paid["MLP"], paid["best classic"])
    print(f"{table}: {with_search.text('times')}")

# %% [markdown]
# The ledger counts one training, so the verdict stands as it is; changing what is counted after looking at the result would be choosing the result. But the next time you read "trains faster", ask: *which model, and counting what?*
#
# And when a word is "inconclusive", it does not mean "no difference", and it does not mean that the experiment failed. It means: *this much data, measured this way, cannot tell, and we say so*.

# %% [markdown]
# ## More claims
#
# Three more claims of the same article, shorter. Each has its own line in the ledger and its own verdict.

# %% [markdown]
# ### Does more labelled data make a model better?

# %%
more_labels = ledger.get("ml-more-labels")
more_labels

# %% [markdown]
# A [label](glossary.md#label) is expensive: behind each of them stands a doctor. So we train logistic regression on a few patients, then on twice as many, and so on, always with the same test fold. Taken at its word, the claim knows no end, so we ask twice: does a doubling help on average? And does the *last* doubling still help?

# %%
sizes = [450 // 2**k for k in range(5, -1, -1)]  # patients to learn from; a fold has 455


def curve(train, test, seed):
    """Accuracy in % on one test fold, after learning from more and more patients."""
    scores, some = [], train
    for size in reversed(sizes):  # each selection lies inside the one before it
        split = {"train_size": size, "stratify": y[some], "random_state": seed}
        some, _ = model_selection.train_test_split(some, **split)
        model = classic_models(seed)["logistic regression"].fit(X[some], y[some])
        scores.append(100 * model.score(X[test], y[test]))
    return scores[::-1]


# %% [markdown]
# One curve for each of fifty folds (five folds, cut ten times):

# %%
folds = make_folds(y, settings["curve_repeats"])
curves = np.array([curve(*fold, seed=i) for i, fold in enumerate(folds)])  # (fold, size)

# %% [markdown]
# Each size gets its mean and its interval. (At the small sizes the band is a rough guide: the correction was made for whole training parts.)

# %%
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
# The slope of each fold's curve over the *doublings* (log₂ of the size) gives the first test, the difference between the last two points the second.

# %%
slopes = np.polyfit(np.log2(sizes), curves.T, deg=1)[0]  # (fold,) points a doubling
labels_estimates = {
    "slope": interval(slopes),
    "last_doubling": interval(curves[:, -1] - curves[:, -2]),
}
labels_verdict = more_labels.judge(labels_estimates, run.profile)
labels_verdict

# %% [markdown]
# "More is better" is two statements: that data helps, and that it goes on helping. Read in the card what each test says. (That it *never* stops, no single doubling could show.)

# %% [markdown]
# ### Do linear models show what causes what?

# %%
interpretable = ledger.get("ml-interpretable")
interpretable

# %% [markdown]
# A linear model has one weight a column, so you can read it: a negative weight lowers the probability of "benign". If a weight tells us something about the *disease*, it should at least point the same way when other patients come along. We cannot get other patients, but we can draw 569 of ours with replacement, again and again. That is the **[bootstrap](glossary.md#bootstrap)**.


# %%
def weights_of(model, rows, columns):
    """Weights of a linear model that was trained on these patients, one a column."""
    return make_pipeline(StandardScaler(), model).fit(X[rows][:, columns], y[rows])[-1].coef_[0]


rng = np.random.default_rng(run.seed)
draws = rng.integers(len(y), size=(settings["resamples"], len(y)))  # (resample, patient)


def bootstrap(model, columns):
    """Weights with all patients, (column,), and with each resample, (resample, column)."""
    everybody = weights_of(model, np.arange(len(y)), columns)
    return everybody, np.array([weights_of(model, rows, columns) for rows in draws])


usual = linear_model.LogisticRegression(max_iter=20_000)
everything = list(range(X.shape[1]))
weights, resampled = bootstrap(usual, everything)

# %% [markdown]
# Each line is one column of the table: its weight, and the middle 95 % of its weights over the resamples. Orange, dotted lines cross zero: their sign depends on who happened to walk into the clinic.

# %%
low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
spread = pd.DataFrame({"effect": weights, "low": low, "high": high}, cancer.X.columns)
spread = spread.sort_values("effect")
fig, ax = plt.subplots(figsize=(7.5, 7))
plots.spreads(ax, spread)
ax.set_xlabel("← speaks for malignant        weight        speaks for benign →")
plots.show(fig, "Thirty weights with bootstrap intervals; some cross zero.", spread.round(2))

# %% [markdown]
# Many columns say the same thing. *Mean radius*, *mean perimeter* and *mean area* of a cell nucleus are nearly one number in three units. The *[correlation](glossary.md#correlation)* of two columns says how much they rise and fall together: 1 is exactly together, 0 not at all. We call columns **twins** when it is at least 0.9. Whoever reads a weight as the effect of its column expects twins to point the same way.

# %%
correlation = np.corrcoef(X.T)
pairs = list(zip(*np.triu_indices(len(correlation), k=1), strict=True))
twins = [(i, j) for i, j in pairs if abs(correlation[i, j]) >= 0.9]
for i, j in twins[:3]:
    print(f"{correlation[i, j]:.3f}  {cancer.X.columns[i]} and {cancer.X.columns[j]}")
print(f"{len(twins)} pairs of twins among {len(pairs)} pairs")

# %% [markdown]
# So we ask two things of each resample. What share of the weights has the sign that it has with all patients? And what share of the twins points the same way? The interval is the middle 95 % of the resamples (`percentile_interval`; *n* counts resamples here): not an error of a mean, but roughly the range in which the answer of another clinic with 569 patients might lie.


# %%
def signs_kept(weights, resampled):
    """Share of the weights that keep their sign, in %, (resample,); weights of 0 do not count."""
    used = weights != 0
    return 100 * (np.sign(resampled) == np.sign(weights))[:, used].mean(axis=1)


def twins_agree(resampled):
    """Share of the twins whose weights point the same way, in %, (resample,)."""
    same = [resampled[:, i] * resampled[:, j] * correlation[i, j] > 0 for i, j in twins]
    return 100 * np.mean(same, axis=0)


# %% [markdown]
# Both go to the ledger. Mind what this test can do: weights that keep their sign are needed to read causes from them, but never enough. "Supported" would mean "not refuted".

# %%
signs_estimates = {
    "sign_stability": resampling.percentile_interval(signs_kept(weights, resampled)),
    "twin_agreement": resampling.percentile_interval(twins_agree(resampled)),
}
interpretable_verdict = interpretable.judge(signs_estimates, run.profile)
interpretable_verdict

# %% [markdown]
# What does this stability depend on? Three variations, to find out:
#
# - **Almost no [penalty](glossary.md#penalty).** A *penalty* is a price that the model pays for large weights. scikit-learn's logistic regression has one unless you tell it not to (`C=1`; with `C=100` it is hardly felt).
# - **No twins.** Go through the columns and keep one only when it is no twin of a column that you already have.
# - **Few columns.** Another penalty (*L1*) sets most weights to exactly 0.

# %%
no_twins = []
for j in everything:
    if all(abs(correlation[j, k]) < 0.9 for k in no_twins):
        no_twins.append(j)
weak = linear_model.LogisticRegression(C=100, max_iter=20_000)
sparse = linear_model.LogisticRegression(C=0.1, l1_ratio=1, solver="liblinear")
variants = {
    "usual": (usual, everything),
    "almost no penalty": (weak, everything),
    "no twins": (usual, no_twins),
    "usual, same columns": (usual, everything, no_twins),
    "few columns": (sparse, everything),
}

# %% [markdown]
# Where do the signs go: kept, flipped to the other side, or to zero? To be fair to *no twins*, the table also shows what the usual model does with the very same columns.

# %%
def describe(model, columns, counted=None):
    """Where the signs of the counted columns go, how often twins agree, and the accuracy, in %."""
    weights, resampled = bootstrap(model, columns)
    scaled = make_pipeline(StandardScaler(), model)
    scores = model_selection.cross_val_score(scaled, X[:, columns], y, cv=make_folds(y))
    counted = np.flatnonzero(weights) if counted is None else counted
    same = np.sign(resampled) * np.sign(weights)  # 1 kept, -1 flipped, 0 became zero
    shares = [100 * np.mean(same[:, counted] == fate) for fate in (1, -1, 0)]
    all_used = len(columns) == np.count_nonzero(weights) == len(everything)
    agree = twins_agree(resampled).mean() if all_used else np.nan
    return [len(counted), *shares, agree, 100 * scores.mean()]


# %%
titles = ["columns", "kept (%)", "flipped (%)", "zero (%)", "twins agree (%)", "accuracy (%)"]
table = pd.DataFrame({name: describe(*v) for name, v in variants.items()}, titles).T.round(1)
table.astype({"columns": int}).replace(np.nan, "–")

# %% [markdown]
# Compare the first two rows: same patients, same columns, same kind of model. How much you can "read" about the disease hangs on a setting that has nothing to do with the disease. Then compare *no twins* with the usual model on the same columns: does throwing twins out, as is often advised, make the rest steadier here? And with *few columns*, where do the lost signs go?
#
# And trees? A tree is even easier to read: it is a list of questions. Which column does it ask about first, when other patients come along?

# %%
stump = tree.DecisionTreeClassifier(max_depth=1)
first = [stump.fit(X[rows], y[rows]).tree_.feature[0] for rows in draws]
shares = pd.Series(cancer.X.columns[first]).value_counts(normalize=True)
(100 * shares).round(1).rename("asked first (%)").to_frame()

# %% [markdown]
# And cause? Even a steady weight does not show one. In this table the arrow runs backwards: the disease enlarges the nuclei, and the model guesses the cause from its effect. So let us do what only a computer can: write nuclei that are 30 % smaller into the files of the malignant test patients, and ask the model again.

# %%
lengths = [j for j in everything if cancer.X.columns[j].split()[-1] in ("radius", "perimeter")]
areas = [j for j in everything if cancer.X.columns[j].split()[-1] == "area"]
edited = X_test[is_malignant].copy()  # (malignant test patients, columns)
edited[:, lengths] *= 0.7
edited[:, areas] *= 0.7**2
before, after = (logistic.predict(rows) == 0 for rows in (X_test[is_malignant], edited))
print(f"alarms among {len(edited)} malignant lumps: {before.sum()} before, {after.sum()} after")

# %% [markdown]
# Every alarm that went silent is a change in a file. No patient got better. To speak of causes you need an intervention, something that was *done* to some people and not to others; there is none in this table. A linear model is easy to **read**; what you read is how the model computes, and not how the world works.

# %% [markdown]
# ### Does data have to be normalised first?

# %%
normalise = ledger.get("ml-normalise")
normalise

# %% [markdown]
# In this table the *worst area* reaches 4,254, while the *mean smoothness* never exceeds 0.17. Does that disturb a model? We train four kinds, each with and without scaling, on the same folds. Two are new: **[k-nearest neighbours](glossary.md#k-nearest-neighbours)** looks up the five most similar patients, a **[support vector machine](glossary.md#support-vector-machine)** (SVM) draws a smooth border between the classes. If data *has to* be normalised, each of them must gain at least half a point.

# %%
candidates = {
    "logistic regression": linear_model.LogisticRegression(max_iter=5000),
    "SVM": svm.SVC(),
    "k-nearest neighbours": neighbors.KNeighborsClassifier(),
    "decision tree": tree.DecisionTreeClassifier(random_state=run.seed),
}


def gain(model):
    """Accuracy with scaling minus accuracy without, in points, fold by fold."""
    with_scaling = make_pipeline(StandardScaler(), model)
    scaled = model_selection.cross_val_score(with_scaling, X, y, cv=make_folds(y))
    return 100 * (scaled - model_selection.cross_val_score(model, X, y, cv=make_folds(y)))

# %% [markdown]
# Against the margin of half a point:

# %%
gains = {name: interval(gain(model)) for name, model in candidates.items()}
fig, ax = plt.subplots(figsize=(7.5, 2.8))
plots.forest(ax, gains, margin=normalise.tests[0].margin)
ax.set(xlabel="accuracy gained by scaling (percentage points)")
plots.show(fig, "What scaling gains for four models, with intervals, against half a point.", gains)

# %%
normalise_verdict = normalise.judge({"gain": gains}, run.profile)
normalise_verdict

# %% [markdown]
# A tree asks "is it above this value?", and that question has the same answer in any unit: you could have known its row without a computer. And a claim about *all* models falls with one counterexample. A method that measures *distances* adds up columns in different units, and the largest numbers win. So the advice is right for some models and idle for others. Which row could not be decided here? (We tested the normalising, not the cleaning; and to gain half a point is less than "cannot learn without".)

# %% [markdown]
# ## Exercises
#
# Each exercise has a cell for your answer and a cell that checks it. As long as the three dots stand there, the check says "not attempted". A wrong answer gets the hint that fits it; `exercises.hint("1.1")` in a new cell gives you a nudge.

# %% [markdown]
# **1.1 Baseline.** What is the baseline accuracy on the *wine* table, in %, when the same answer is given for all 178 wines?

# %% exercise="1.1"
wine_y = tables["wine"].y
answer_1_1 = ...
### BEGIN SOLUTION
answer_1_1 = 100 * np.bincount(wine_y).max() / len(wine_y)
### END SOLUTION

# %% check="1.1"
exercises.check("1.1", answer_1_1, y=tables["wine"].y)

# %% [markdown]
# **1.2 Mistakes that differ.** At the threshold 0.1, how many of the *malignant* test patients does logistic regression miss? Use `p_malignant` and `is_malignant` from above.

# %% exercise="1.2"
answer_1_2 = ...
### BEGIN SOLUTION
answer_1_2 = np.sum(is_malignant & (p_malignant < 0.1))
### END SOLUTION

# %% check="1.2"
exercises.check("1.2", answer_1_2, p_malignant=p_malignant, is_malignant=is_malignant)

# %% [markdown]
# **1.3 Find the leak.** This function is to say how good k-nearest neighbours is on new patients:
#
# ```python
# def accuracy(X, y):
#     X = StandardScaler().fit_transform(X)
#     model = neighbors.KNeighborsClassifier()
#     return 100 * model_selection.cross_val_score(model, X, y, cv=5).mean()
# ```
#
# But the test folds tell the training something. Find out what, and write `honest_accuracy(X, y)` without the leak. Change nothing else: the same model, still scaled, still `cv=5`. (On this table you would not even see the leak in the number, which is why leaks live long. The check tries your function on a copy in which a broken instrument makes it visible.)

# %% exercise="1.3"
honest_accuracy = ...
### BEGIN SOLUTION
def honest_accuracy(X, y):
    model = make_pipeline(StandardScaler(), neighbors.KNeighborsClassifier())
    return 100 * model_selection.cross_val_score(model, X, y, cv=5).mean()
### END SOLUTION

# %% check="1.3"
exercises.check("1.3", honest_accuracy, X=X, y=y)

# %% [markdown]
# **1.4 An honest interval.** A colleague compared two models on ten folds of a ten-fold cross-validation (each fold tests on 10 % of the rows). What is the *half-width* of the corrected 95 % interval, in points? For ten differences, *t* is 2.262.

# %% exercise="1.4"
differences = np.array([1.2, 0.4, -0.6, 2.1, 0.9, 1.6, -0.2, 0.7, 1.1, 0.8])  # points
answer_1_4 = ...
### BEGIN SOLUTION
answer_1_4 = 2.262 * differences.std(ddof=1) * np.sqrt(1 / 10 + 0.1 / 0.9)
### END SOLUTION

# %% check="1.4"
exercises.check("1.4", answer_1_4, differences=differences)

# %% [markdown]
# **1.5 You are the judge.** A claim needs the whole interval above −1 point. Measured: +0.3 points, 95 % interval from −0.6 to +1.2. What is the word: `"supported"`, `"not supported"` or `"inconclusive"`?

# %% exercise="1.5"
answer_1_5 = ...
### BEGIN SOLUTION
answer_1_5 = "supported"
### END SOLUTION

# %% check="1.5"
exercises.check("1.5", answer_1_5)

# %% [markdown]
# **1.6 Who cares about units?** Which of these models give other predictions when one column is measured in millimetres instead of metres and nothing is scaled? Answer with a set of names from: `"decision tree"`, `"random forest"`, `"k-nearest neighbours"`, `"SVM"`.

# %% exercise="1.6"
answer_1_6 = ...
### BEGIN SOLUTION
answer_1_6 = {"k-nearest neighbours", "SVM"}
### END SOLUTION

# %% check="1.6"
exercises.check("1.6", answer_1_6)

# %% [markdown]
# ## Recap
#
# 1. A **baseline** is the score of knowing nothing. Accuracy counts only above it.
# 2. A **fold** is a part of the table that is the test once. Many folds show how much a score depends on who was asked.
# 3. An **interval** says how far off a mean may be. Folds share training rows, so the ordinary formula is too sure of itself; the correction costs one term.
# 4. A **leak** is anything that the test part tells the training part, even a mean. Choices leak too: that is what the inner folds were for. To find one, ask of every number in the training which rows it was computed from.
# 5. A **verdict** holds an interval against a margin that was fixed before. It has three values, and "inconclusive" is an honest one.
# 6. A **coefficient** (a weight) tells how the model computes. Its sign may hang on who was sampled and on a penalty nobody chose on purpose; and it shows no cause unless something was *done* to make a difference.
#
# What was measured, in one table:

# %%
rows = {f"accuracy, best classic minus MLP, {table}": gap.text("points")
        for table, gap in gaps.items()}
rows |= {f"cost, MLP over best classic, {label}": each.text("×") for label, each in ratios.items()}
rows |= {f"more labels, {test.replace('_', ' ')}": each.text("points")
         for test, each in labels_estimates.items()}
rows |= {test.replace("_", " "): each.text("%") for test, each in signs_estimates.items()}
rows |= {f"gained by scaling, {name}": each.text("points") for name, each in gains.items()}
pd.Series(rows, name="measured [95 % interval]").to_frame()

# %% [markdown]
# What follows for the claim, test by test?

# %%
for outcome in verdict.outcomes:
    word = ledger.TOO_SMALL if run.profile == "smoke" else outcome.word
    print(f"{word:<10} {outcome.test.id.replace('_', ' ')}, {outcome.group}")

# %% [markdown]
# Your verdicts:

# %% tags=["nbval-check-output"]
verdicts = [verdict, labels_verdict, interpretable_verdict, normalise_verdict]
for each in verdicts:
    print(f"{cards.SYMBOLS[each.word]} {each.claim.id:<17} {each.word}")

# %% [markdown]
# And your exercises. Everything goes into a typed results file, from which the course makes its final comparison.

# %%
exercises.summary()
path = results.save(run, verdicts, results.costs(costs), predicted, answers, exercises.statuses)
print(f"saved {path.name}")

# %% [markdown]
# **Next.** On these tables people had already done the hard part: they chose and measured the columns. What if nobody did? Lesson 2 gives a model raw pictures and asks who finds the [features](glossary.md#feature), a person or the network.
