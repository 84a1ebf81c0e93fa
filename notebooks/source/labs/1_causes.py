# %% [markdown]
# # Lab 1 · Does a linear model show what causes what?
#
# **The claim.** Trees and linear models are easy to read. They show what causes what.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Interpretability and Transparency".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): logistic regression, intervals, verdicts. It runs on its own.
#
# **Why this matters.** "People who drink red wine live longer." "Patients with large nuclei have cancer." Somebody read such a sentence from a model, and somebody else will act on it. Here you read a model too: would another clinic read the same, and is it a *cause*?

# %%
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import linear_model
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.claims import ledger, resampling
from course_utils.data import tables
from course_utils.exercises.lab_1_causes import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots

run = start("1_causes")
costs.use_one_core()
plots.use_style()
settings = run.settings(resamples=500)

# %% [markdown]
# ## Read a model
#
# A linear model has one [weight](../glossary.md#weight) a column, also called [coefficient](../glossary.md#coefficient). Here is [logistic regression](../glossary.md#logistic-regression) on our 569 patients. Its columns are scaled, so a weight answers: when this column rises by one standard deviation *and the 29 others stay as they are*, by how much do the log-odds of "benign" change? Negative: towards malignant.

# %%
table = tables.load_breast_cancer()
X, y = table.X.to_numpy(), table.y  # (569, 30), (569,); class 1 is benign
scaled = StandardScaler().fit_transform(X)
weights = linear_model.LogisticRegression(max_iter=20_000).fit(scaled, y).coef_[0]  # (30,)
print(f"{table.X.columns[7]}: weight {weights[7]:+.2f}")

# %% [markdown]
# Would another clinic find these weights? We cannot ask one. But we can draw 569 of *our* patients with replacement (some come twice, some not at all), train again, and repeat: that is the **[bootstrap](../glossary.md#bootstrap)**. It imitates new patients of the same clinic; another clinic may differ further.


# %%
def new_model(C=1):
    """A fresh, untrained model; C comes later."""
    logistic = linear_model.LogisticRegression(C=C, max_iter=20_000)
    return make_pipeline(StandardScaler(), logistic)


rng = np.random.default_rng(run.seed)
draws = rng.integers(len(y), size=(settings.resamples, len(y)))  # (resample, patient)
exercises.given("1_causes.1", X=X, y=y, draws=draws[:1], new_model=new_model)  # for the check
print(f"the first draw has {len(np.unique(draws[0]))} of the {len(y)} patients")

# %% [markdown]
# **Exercise 1_causes.1 The heart of the bootstrap.** Write `weights_of(rows)`: train a new model on these patients and give its weights, one a column. `new_model()` is a [pipeline](../glossary.md#pipeline); its last step, `[-1]`, is the logistic regression. Another clinic would scale its own patients.

# %% exercise="1_causes.1"
weights_of = ...


### BEGIN SOLUTION
def weights_of(rows):
    return new_model().fit(X[rows], y[rows])[-1].coef_[0]


### END SOLUTION

# %% check="1_causes.1"
exercises.check("1_causes.1", weights_of)

# %% [markdown]
# Now all resamples, by the same computation as the exercise's (with `C`, for later). Each line of the picture is one column: its weight, and the middle 95 % of its weights over the resamples. Orange, dotted lines cross zero.


# %%
def redrawn(C=1):
    """Weights from each draw of patients, (resample, column)."""
    return np.array([new_model(C).fit(X[rows], y[rows])[-1].coef_[0] for rows in draws])


resampled = redrawn()
low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
spread = pd.DataFrame({"effect": weights, "low": low, "high": high}, table.X.columns)
fig, ax = plt.subplots(figsize=(7.5, 7))
plots.spreads(ax, spread.sort_values("effect"))
ax.set_xlabel("← speaks for malignant        weight        speaks for benign →")
alt = "Thirty weights with bootstrap intervals; some cross zero."
plots.show(fig, alt, spread.sort_values("effect").round(2))

# %% [markdown]
# A line crosses zero as soon as 3 resamples in 100 have the other sign. So many lines can cross while most signs hold.
#
# Many columns say nearly the same: for a round nucleus, perimeter and area follow from the radius. The *[correlation](../glossary.md#correlation)* of two columns is 1 on a rising straight line, −1 on a falling one, and near 0 where no sloping line fits. We call two columns **twins** when it is at least 0.9 or at most −0.9.

# %%
correlation = np.corrcoef(X.T)
pairs = list(combinations(range(30), 2))
twins = [(i, j) for i, j in pairs if abs(correlation[i, j]) >= 0.9]
for i, j in twins[:3]:
    print(f"{correlation[i, j]:.3f}  {table.X.columns[i]} and {table.X.columns[j]}")
print(f"{len(twins)} pairs of twins among {len(pairs)} pairs")

# %% [markdown]
# ## The claim, as it will be judged
#
# Without outside knowledge, this table cannot show a cause: nothing was *done* to anybody. So the [ledger](../glossary.md#ledger) tests less: is the **reading stable**? Does a weight keep its sign when the patients are drawn again, and do twins point the same way?
#
# That is not the claim. Stable does not mean causal; unstable does not mean no cause. (Trees are not judged here.)

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
# Each resample gives one number a test: the share of its signs that match *ours*, and the share of the pairs of twins that agree. The [interval](../glossary.md#interval) holds the middle 95 % of these numbers: a spread over resamples (*n* of them), not an error of their mean.


# %%
def tested(weights, resampled):
    """Both tests of the ledger, in %, with the middle 95 % of the resamples."""
    kept = (np.sign(resampled) == np.sign(weights)).mean(axis=1)  # (resample,)
    same = [resampled[:, i] * resampled[:, j] * correlation[i, j] > 0 for i, j in twins]
    return {
        "sign_stability": resampling.percentile_interval(100 * kept),
        "twin_agreement": resampling.percentile_interval(100 * np.mean(same, axis=0)),
    }


estimates = tested(weights, resampled)
verdict = claim.judge(estimates, run.profile)
print("Judged is whether the reading is stable. Cause cannot be tested with this table.")
verdict

# %%
answers = {
    "weights that keep their sign (%)": estimates["sign_stability"],
    "verdict": verdict.word,
}
if verdict.word == "inconclusive":
    print("Undecided: resamples fall on both sides of what is needed.")
    print("More of them will not settle it; more patients might.")
results.beside(predicted, answers)

# %% [markdown]
# **What the model was told.** scikit-learn adds a [penalty](../glossary.md#penalty) on large weights unless you say otherwise (`C=1`). It makes twins *share* a weight, so they tend to agree. A larger `C` is a weaker penalty. Same patients, same draws:

# %%
weak = tested(new_model(C=100).fit(X, y)[-1].coef_[0], redrawn(C=100))
beside = {"C=1": estimates, "C=100": weak}
pd.DataFrame(
    {
        label: {test: each.text("%") for test, each in pair.items()}
        | {"verdict": claim.judge(pair, run.profile).word}
        for label, pair in beside.items()
    }
)

# %% [markdown]
# Read the numbers, not the word alone: with the weaker penalty far fewer signs hold, and many twins point opposite ways. Much of the calm in the picture was the penalty's, and `C=1` is merely the library's default.
#
# And what may you read from a weight that *is* steady, at `C=1`? Take this one:

# %%
name = "compactness error"
alone = np.corrcoef(table.X[name], y)[0, 1]
print(
    f"weight {spread.effect[name]:+.2f}, from {spread.low[name]:+.2f} to {spread.high[name]:+.2f}"
)
print(f"correlation with benign, alone: {alone:+.2f}")

# %% [markdown]
# Does a high value speak for benign or for malignant?
#
# <details><summary>Compare your answer</summary>
#
# Both. Among all patients, high values go with malignant (the correlation is negative). With the 29 other columns equal, the model says, they speak for benign (the weight is positive). Neither says what would happen if you *changed* the value.
#
# </details>

# %% [markdown]
# ## From reading to causes
#
# So let us make a world whose causes we know: 400 children between 6 and 12.


# %%
def world(sizes_more=0):
    """Age (years), shoe size, and words read in a minute, of 400 children."""
    chance = np.random.default_rng(run.seed)
    age = chance.uniform(6, 12, 400)
    shoe = 28 + 1.5 * (age - 6) + chance.normal(0, 0.8, 400) + sizes_more
    words = 20 + 15 * (age - 6) + chance.normal(0, 12, 400)
    return age, shoe, words


age, shoe, words = world()
exercises.given("1_causes.2", shoe=shoe, age=age, words=words)
linear = linear_model.LinearRegression().fit(shoe[:, None], words)
print(f"one size more: {linear.coef_[0]:+.1f} words a minute")

# %% [markdown]
# Now *intervene*: the same children, each in shoes two sizes larger. The code above computes `words` from the age alone; the model knows only the shoes.

# %%
_, larger, words_after = world(sizes_more=2)
predicted_words = [linear.predict(each[:, None]).mean() for each in (shoe, larger)]
read_words = [words.mean(), words_after.mean()]
when = ["as they are", "two sizes larger"]
pd.DataFrame({"the model predicts": predicted_words, "the children read": read_words}, when).round()

# %% [markdown]
# ```
# shoe size  ←  age  →  words
# ```
#
# There is no arrow from shoes to words. The model *predicts* well, because shoes tell the age. Age is a **common cause** of both, a *confounder*.

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
# The same computation, and the one from before, with bootstrap intervals:


# %%
def slope(*columns):
    """Weight of the first column, with the middle 95 % of 200 resamples."""
    X, chance = np.column_stack(columns), np.random.default_rng(run.seed)
    children = chance.integers(400, size=(200, 400))
    fits = [linear_model.LinearRegression().fit(X[rows], words[rows]) for rows in children]
    return resampling.percentile_interval([fit.coef_[0] for fit in fits])


if exercises.statuses["1_causes.2"] == "correct":
    print(f"your number:     {float(np.squeeze(shoe_weight)):+.2f} words a size")
print("shoe size alone:", slope(shoe).text("words a size"))
print("age held equal: ", slope(shoe, age).text("words a size"))

# %% [markdown]
# Zero lies inside the second interval: among children of *one age*, the data are compatible with no effect of the shoe size, and with up to about 1.4 words a size either way. You found this without an intervention, but you needed to know the picture above.
#
# <details><summary>Is the remedy, then, to put every column into the model?</summary>
#
# No. It works here because we knew the common cause and had measured it. In a real table it may be missing, and no weight tells you so. And some columns must stay *out*. For a causal reading, whatever is a consequence of the outcome; for a prediction, whatever is known only afterwards, such as "had an operation".
#
# </details>

# %% [markdown]
# ## What this adds to lesson 1
#
# - A linear model is easy to **read**. What you read is how the model computes, and not how the world works. In our table the arrow even runs backwards: the disease enlarges the nuclei, and the model guesses the cause from its effect.
# - How steady a reading is can be tested: that is the verdict. Its numbers depend on the patients, and on a penalty that is easily overlooked.
# - To speak of causes you need an *intervention* (something done to some and not to others, best by the toss of a coin: only a simulation shows the same children both ways), or assumptions that the table cannot check.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
