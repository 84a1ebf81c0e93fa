# %% [markdown]
# # Lab 1 · Does data have to be normalised first?
#
# **The claim.** Before a classic model can learn from data, the data has to be cleaned and normalised.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): pipelines, folds, intervals, verdicts. It runs on its own: it loads the patients of lesson 1 and trains its models anew.

# %% [markdown]
# **Why this matters.** Ask for advice on any table, and you hear "scale your columns first". Followed blindly, it costs time and can let a [leak](../glossary.md#leak) in. Not followed where it counts, it costs [accuracy](../glossary.md#accuracy). So where does it count? We test the *normalising* (the course says *[scaling](../glossary.md#scaling)*). The *cleaning* is not tested here: this table is clean.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import linear_model, model_selection, neighbors, svm, tree
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.claims import intervals, ledger
from course_utils.data import tables
from course_utils.exercises.lab_1_cleaning import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# As in the lesson: `start` reads the conditions and [seeds](../glossary.md#seed) all chance, and everything computes on one processor core.

# %%
run = start("1_cleaning")
costs.use_one_core()
plots.use_style()

# %% [markdown]
# ## Columns in different units
#
# 569 patients, 30 measurements of their cell nuclei. Here are three of them, from the patients that we do not hide. Look at the sizes of the numbers.

# %%
table = tables.load_breast_cancer()
X, y = table.X.to_numpy(), table.y
train_table, test_table, y_train, y_test = model_selection.train_test_split(
    table.X, y, test_size=0.2, stratify=y, random_state=run.seed
)
X_train, X_test = train_table.to_numpy(), test_table.to_numpy()  # (n_train, 30), (n_test, 30)
exercises.given("1_cleaning.1", X_train=X_train, X_test=X_test)  # what the check computes with
train_table[["mean smoothness", "mean texture", "worst area"]].head(3)

# %% [markdown]
# Does that disturb a model? **[k-nearest neighbours](../glossary.md#k-nearest-neighbours)** looks up the five most similar patients and lets them vote. How similar two patients are, it reads from their *distance*: the square root of all squared differences, added up. Which columns make up the distance between the first two patients?

# %%
squared = (train_table.iloc[0] - train_table.iloc[1]) ** 2  # (column,)
shares = (100 * squared / squared.sum()).sort_values(ascending=False)
shares.head(4).round(2).rename("share of the squared distance (%)").to_frame()

# %% [markdown]
# <details><summary>How many of the 30 columns does the model really look at?</summary>
#
# Add up the shares from the top: one or two columns make up nearly everything. Not because they say most about cancer: an area is simply the largest number here. In other units, other columns would decide.
#
# </details>

# %% [markdown]
# ## Scaling by hand
#
# Scaling brings each column to mean 0 and spread 1: subtract its mean, divide by its spread (the standard deviation, `X.std(axis=0)`). Mean and spread are learned, like everything else, from the training rows alone.
#
# **Exercise 1_cleaning.1 A scaler of your own.** Write `scaled(train, test)`, which gives both tables scaled, in numpy alone, without a leak.

# %% exercise="1_cleaning.1"
scaled = ...
### BEGIN SOLUTION
def scaled(train, test):
    mean, spread = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / spread, (test - mean) / spread
### END SOLUTION

# %% check="1_cleaning.1"
exercises.check("1_cleaning.1", scaled)

# %% [markdown]
# ## Four kinds of models
#
# You know three of them. The fourth, a **[support vector machine](../glossary.md#support-vector-machine)** (SVM), draws a smooth border between the classes; how near two patients are, it too reads from distances.

# %%
models = {
    "logistic regression": linear_model.LogisticRegression(max_iter=5000),
    "SVM": svm.SVC(),
    "k-nearest neighbours": neighbors.KNeighborsClassifier(),
    "decision tree": tree.DecisionTreeClassifier(random_state=run.seed),
}

# %% [markdown]
# **Exercise 1_cleaning.2 Who cares about units?** Which of these give other predictions when one column is measured in millimetres instead of metres and nothing is scaled? Answer with a set of names from: `"decision tree"`, `"random forest"`, `"k-nearest neighbours"`, `"SVM"`. Think of what each model *does* with a column.

# %% exercise="1_cleaning.2"
care = ...
### BEGIN SOLUTION
care = {"k-nearest neighbours", "SVM"}
### END SOLUTION

# %% check="1_cleaning.2"
exercises.check("1_cleaning.2", care)

# %% [markdown]
# ## The claim, as it will be judged
#
# If data *has to* be normalised, each kind of model must gain from it, and we ask for at least half a point. That is generous to the claim: "cannot learn without" would mean to fall down to the [baseline](../glossary.md#baseline).

# %%
claim = ledger.get("ml-normalise")
claim

# %% [markdown]
# Predict the gain of k-nearest neighbours and of the tree, in [percentage points](../glossary.md#percentage-point), and the [verdict](../glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "gained by scaling, k-nearest neighbours (points)": 1.0,
    "gained by scaling, decision tree (points)": 0.0,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# The same [folds](../glossary.md#fold) for everybody, cut several times over.

# %%
settings = run.settings(folds=5, repeats=3)
cutter = model_selection.RepeatedStratifiedKFold(
    n_splits=settings.folds, n_repeats=settings.repeats, random_state=run.seed
)
folds = list(cutter.split(X, y))
exercises.given("1_cleaning.3", X=X, y=y, folds=folds)
print(f"{len(folds)} folds")

# %% [markdown]
# **Exercise 1_cleaning.3 Write the experiment.** Write `gain(model)`: what scaling gains, in points, fold by fold: accuracy with a scaler in front minus accuracy without, an array with one number a fold. `model_selection.cross_val_score(model, X, y, cv=folds)` gives the accuracies (between 0 and 1) of a model on our folds.

# %% exercise="1_cleaning.3"
gain = ...
### BEGIN SOLUTION
def gain(model):
    with_scaler = make_pipeline(StandardScaler(), model)
    after = model_selection.cross_val_score(with_scaler, X, y, cv=folds)
    return 100 * (after - model_selection.cross_val_score(model, X, y, cv=folds))
### END SOLUTION

# %% check="1_cleaning.3"
exercises.check("1_cleaning.3", gain)

# %% [markdown]
# Now for all four. This cell works without your function; it keeps both accuracies, because you will want to see them.

# %%
raw, after = {}, {}  # by model: accuracy in % in each fold
for name, model in models.items():
    with_scaler = make_pipeline(StandardScaler(), model)
    raw[name] = 100 * model_selection.cross_val_score(model, X, y, cv=folds)
    after[name] = 100 * model_selection.cross_val_score(with_scaler, X, y, cv=folds)
means = pd.DataFrame({"raw": raw, "scaled": after}).map(np.mean)
means.assign(baseline=100 * y.mean()).round(1)

# %% [markdown]
# Mean accuracy in %. Does any model fail to learn from raw columns?

# %%
text_view.folded(
    "Compare your answer",
    f"No. The worst raw score is {means['raw'].min():.1f} %, and the baseline is "
    f"{100 * y.mean():.1f} %. \"Cannot learn before\" is refuted whatever the next picture shows. "
    "What is left to ask is whether scaling helps each of them.",
)

# %% [markdown]
# The gains with their corrected 95 % [intervals](../glossary.md#interval), against the [margin](../glossary.md#margin) of half a point. (For a model that asks the same questions with and without scaling, all differences are 0, and so is its interval.)

# %%
gains = {name: intervals.corrected_resampled_t(after[name] - raw[name], 1 / settings.folds)
         for name in models}
fig, ax = plt.subplots(figsize=(7.5, 2.8))
plots.forest(ax, gains, margin=claim.tests[0].margin)
ax.set(xlabel="accuracy gained by scaling (percentage points)")
plots.show(fig, "What scaling gains for four models, with intervals, against half a point.", gains)

# %% [markdown]
# ## Verdict

# %%
verdict = claim.judge({"gain": gains}, run.profile)
verdict

# %% [markdown]
# Beside what you predicted:

# %%
answers = {f"gained by scaling, {name} (points)": gains[name]
           for name in ("k-nearest neighbours", "decision tree")}
answers["verdict"] = verdict.word
results.beside(predicted, answers)

# %% [markdown]
# <details><summary>Could you have known the verdict without a computer?</summary>
#
# Yes, and be suspicious of such tests. A tree asks "is it above this value?", and that question has the same answer in any unit: its gain is 0. A claim about *all* models falls with one counterexample, so with a tree among the four it had to fall. What the experiment adds are the other rows: *whom* scaling helps, and by how much.
#
# </details>

# %% [markdown]
# ## What this adds to lesson 1
#
# - The advice is right for some models and idle for others. Whoever measures *distances* adds up columns in different units, and the largest numbers win; trees do not care.
# - In a [pipeline](../glossary.md#pipeline), scaling costs one word and cannot leak. So do it when in doubt; but as a habit with a reason, and not as a law.
# - It holds for one table of 569 patients and for each model's standard settings. Columns with a few huge outliers, or text and gaps in a table, are other questions.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
