# %% [markdown]
# # Lab 1 · Does a linear model show what causes what?
#
# **The claim.** Trees and linear models are easy to read. They show what causes what.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Interpretability and Transparency".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): logistic regression, intervals, verdicts. It runs on its own: it loads the patients of lesson 1 and trains its models anew.

# %% [markdown]
# **Why this matters.** "People who drink red wine live longer." "Patients with large nuclei have cancer." Somebody read such a sentence from a model, and somebody else will act on it. In this lab you read a model too: first you ask whether another clinic would have read the same, then whether any clinic may read a *cause*.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import linear_model, model_selection, tree
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.claims import ledger, resampling
from course_utils.data import tables
from course_utils.exercises.lab_1_causes import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# As in the lesson: `start` reads the conditions and [seeds](../glossary.md#seed) all chance, and everything computes on one processor core.

# %%
run = start("1_causes")
costs.use_one_core()
plots.use_style()
settings = run.settings(resamples=500)

# %% [markdown]
# ## Read a model
#
# A linear model has one [weight](../glossary.md#weight) a column, also called [coefficient](../glossary.md#coefficient). [Logistic regression](../glossary.md#logistic-regression) on the table of 569 patients: a negative weight lowers the probability of "benign". The columns are scaled, so that weights can be compared.

# %%
table = tables.load_breast_cancer()
X, y = table.X.to_numpy(), table.y  # (569, 30), (569,); class 1 is benign


def new_model():
    """A fresh, untrained model."""
    return make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=20_000))


weights = new_model().fit(X, y)[-1].coef_[0]  # (30,)
print(f"{table.X.columns[7]}: weight {weights[7]:+.2f}")

# %% [markdown]
# Would another clinic find these weights? We cannot ask one, but we can draw 569 of *our* patients with replacement, so that some come twice and some not at all, and train again. Done again and again, that is the **[bootstrap](../glossary.md#bootstrap)**.

# %%
rng = np.random.default_rng(run.seed)
draws = rng.integers(len(y), size=(settings.resamples, len(y)))  # (resample, patient)
exercises.given("1_causes.1", X=X, y=y, draws=draws[:1])  # what the check computes with
print(f"the first draw has {len(np.unique(draws[0]))} of the {len(y)} patients")

# %% [markdown]
# **Exercise 1_causes.1 The heart of the bootstrap.** Write `weights_of(rows)`: train a new model on these patients (some rows come twice) and give its weights, one a column. `new_model()` is a [pipeline](../glossary.md#pipeline); its last step, `[-1]`, has the weights in `coef_[0]`.

# %% exercise="1_causes.1"
weights_of = ...
### BEGIN SOLUTION
def weights_of(rows):
    return new_model().fit(X[rows], y[rows])[-1].coef_[0]
### END SOLUTION

# %% check="1_causes.1"
exercises.check("1_causes.1", weights_of, new_model=new_model)

# %% [markdown]
# Here are all resamples, in a few seconds. Each line of the picture is one column of the table: its weight, and the middle 95 % of its weights over the resamples. Orange, dotted lines cross zero: their sign depends on who happened to walk into the clinic.

# %%
resampled = np.array([new_model().fit(X[rows], y[rows])[-1].coef_[0] for rows in draws])
low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
spread = pd.DataFrame({"effect": weights, "low": low, "high": high}, table.X.columns)
spread = spread.sort_values("effect")
fig, ax = plt.subplots(figsize=(7.5, 7))
plots.spreads(ax, spread)
ax.set_xlabel("← speaks for malignant        weight        speaks for benign →")
plots.show(fig, "Thirty weights with bootstrap intervals; some cross zero.", spread.round(2))

# %% [markdown]
# Many columns say the same thing: radius, perimeter and area of a nucleus are nearly one number in three units. The *[correlation](../glossary.md#correlation)* of two columns says how much they rise and fall together: 1 is exactly together, 0 not at all. We call two columns **twins** when it is at least 0.9.

# %%
correlation = np.corrcoef(X.T)
pairs = list(zip(*np.triu_indices(len(correlation), k=1), strict=True))
twins = [(i, j) for i, j in pairs if abs(correlation[i, j]) >= 0.9]
for i, j in twins[:3]:
    print(f"{correlation[i, j]:.3f}  {table.X.columns[i]} and {table.X.columns[j]}")
print(f"{len(twins)} pairs of twins among {len(pairs)} pairs")

# %% [markdown]
# ## The claim, as it will be judged
#
# No experiment on this table can find a cause, because nothing was *done* to anybody. So what the [ledger](../glossary.md#ledger) tests is less: is the **reading stable**? Does a weight keep its sign when the patients are drawn again, and do twins point the same way?
#
# Mind the gap between that and the claim. Stable signs are not *enough* for a cause; you will see a rock-steady weight without any effect. They are not even *needed*: a column whose true effect is close to zero flips freely, and twins may rightly differ in sign, because each weight means "given the other". So the word below is about reading, whichever it is, and not about causes. (The claim speaks of trees, too. They are not judged here; you will look at one.)

# %%
claim = ledger.get("ml-interpretable")
claim

# %% [markdown]
# Predict: what share of the weights keeps its sign, in %? And the [verdict](../glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "weights that keep their sign (%)": 95,
    "verdict": "supported",
}

# %% [markdown]
# ## Verdict
#
# One number a resample for each test. The [interval](../glossary.md#interval) is the middle 95 % of the resamples (*n* counts them): not an error of a mean, but roughly where the answer of another clinic with 569 patients might lie.

# %%
kept = 100 * (np.sign(resampled) == np.sign(weights)).mean(axis=1)  # (resample,) in %
same = [resampled[:, i] * resampled[:, j] * correlation[i, j] > 0 for i, j in twins]
estimates = {
    "sign_stability": resampling.percentile_interval(kept),
    "twin_agreement": resampling.percentile_interval(100 * np.mean(same, axis=0)),
}
verdict = claim.judge(estimates, run.profile)
verdict

# %% [markdown]
# Beside what you predicted:

# %%
answers = {
    "weights that keep their sign (%)": estimates["sign_stability"],
    "verdict": verdict.word,
}
results.beside(predicted, answers)

# %% [markdown]
# And a tree? It is even easier to read: a list of questions. Which column does it ask about *first*, when other patients come along? And does that column matter more than the others?

# %%
stump = tree.DecisionTreeClassifier(max_depth=1)
asked = [stump.fit(X[rows], y[rows]).tree_.feature[0] for rows in draws]
first = pd.Series(table.X.columns[asked]).value_counts(normalize=True)
(100 * first).round(1).rename("asked first (% of resamples)").to_frame()

# %%
least = correlation[np.ix_(np.unique(asked), np.unique(asked))].min()
text_view.folded(
    "Compare your answer",
    f"{len(first)} columns take turns; the most frequent, {first.index[0]}, comes first in "
    f"{100 * first.iloc[0]:.0f} % of the resamples. They say nearly the same (no two of them have "
    f"a correlation below {least:.2f}): each would do, and a few patients decide which one is "
    'asked. So what you would read, "this column matters most", is largely chance.',
)

# %% [markdown]
# ## From reading to causes
#
# To see the difference between a weight and a cause, we need a world whose causes we know. So we make one: 400 children between 6 and 12. With age their feet grow, and with age they read faster. Shoes do not read.

# %%
age = rng.uniform(6, 12, 400)  # years
shoe = 28 + 1.5 * (age - 6) + rng.normal(0, 0.8, 400)  # size; grows with age
words = 20 + 15 * (age - 6) + rng.normal(0, 12, 400)  # read in a minute; comes from age alone
exercises.given("1_causes.2", shoe=shoe, age=age, words=words)
linear = linear_model.LinearRegression().fit(shoe[:, None], words)
steady = [np.polyfit(shoe[rows], words[rows], 1)[0] for rows in rng.integers(400, size=(200, 400))]
print(f"one size more: {linear.coef_[0]:+.1f} words a minute")
print(f"over 200 resamples: {min(steady):+.1f} to {max(steady):+.1f}")

# %% [markdown]
# The weight is large and never changes its sign. What happens to the reading when you give every child shoes that are two sizes larger?
#
# <details><summary>Compare your answer</summary>
#
# Nothing. Look at the line that makes `words`: shoes do not stand in it. The model *predicts* well, because shoes tell the age; it says nothing about *doing*. Age is a **common cause** of both, a *confounder*.
#
# </details>

# %% [markdown]
# **Exercise 1_causes.2 Tell it the age.** Train a `linear_model.LinearRegression()` to predict `words` from *both* columns, shoe size and age. What is the weight of the shoe size now, in words a minute? (`np.column_stack` makes a table from columns.)

# %% exercise="1_causes.2"
shoe_weight = ...
### BEGIN SOLUTION
both = linear_model.LinearRegression().fit(np.column_stack([shoe, age]), words)
shoe_weight = both.coef_[0]
### END SOLUTION

# %% check="1_causes.2"
exercises.check("1_causes.2", shoe_weight)

# %% [markdown]
# <details><summary>Is the remedy, then, to put every column into the model?</summary>
#
# No. It works here because we knew the common cause and had measured it. In a real table the one that counts may be missing, and no weight tells you so. And some columns must stay *out*: given a consequence of what you predict, the model reads the arrow backwards.
#
# </details>

# %% [markdown]
# In our table of patients the arrow does run backwards: the disease enlarges the nuclei, and the model guesses the cause from its effect. So let us do what only a computer can. We train on four fifths of the patients, then write nuclei that are 30 % smaller into the files of the malignant rest, and ask the model again.

# %%
train, test = model_selection.train_test_split(
    np.arange(len(y)), test_size=0.2, stratify=y, random_state=run.seed
)
model, malignant = new_model().fit(X[train], y[train]), X[test[y[test] == 0]]
kinds = table.X.columns.str.split().str[-1]
edited = malignant * np.where(kinds.isin(["radius", "perimeter"]), 0.7, 1)
edited *= np.where(kinds == "area", 0.7**2, 1)
before, after = ((model.predict(rows) == 0).sum() for rows in (malignant, edited))
print(f"alarms among {len(edited)} malignant lumps: {before} before, {after} after")

# %% [markdown]
# Every alarm that went silent is a change in a file. No patient got better.

# %% [markdown]
# ## What this adds to lesson 1
#
# - A linear model is easy to **read**. What you read is how the model computes, and not how the world works.
# - How steady a reading is can be tested: that is what the verdict above is about. Steady is not causal, and causal need not be steady.
# - To speak of causes you need an *intervention*: something that was done to some and not to others, best by the toss of a coin. There is none in this table.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
