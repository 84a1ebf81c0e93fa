# %% [markdown]
# # Lab 1 · Do more labelled examples make a model better?
#
# **The claim.** A model gets better when it is given more labelled examples.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "What Is Machine Learning?".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): pipelines, AUC, days that are held out, intervals. It runs on its own. Allow 45 minutes.
#
# **Why this matters.** A *label* is the right answer that somebody attached to a case, and somebody pays for it. You have 10,000 flights of which you know whether they came late. A data dealer offers 10,000 more. Should you pay?

# %%
from itertools import pairwise

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tqdm import tqdm

from course_utils.claims import ledger, ranking
from course_utils.data import tables
from course_utils.exercises.lab_1_labels import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import curve_figures, plots, text_view

# %% [markdown]
# As in the lesson: `start` [seeds](../glossary.md#seed) all chance, every model computes on one core, and the sizes stand in one cell.

# %%
run = start("1_labels")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    most=20_000,  # flights to learn from, at most
    doublings=7,  # on the way there
    draws=20,  # of the flights to learn from
    test_days=80,
    per_day=200,  # flights tested on each of them
    same_size=4_000,  # flights from few days or from many
)
sizes = [settings.most // 2**k for k in range(settings.doublings, -1, -1)]

# %% [markdown]
# ## Flights to learn from, days to test on
#
# The question: will a flight arrive more than 15 minutes late? The answer, yes or no, is its [label](../glossary.md#label). Whole days are held out, because flights of one day share their delays. (Every third day of 2023 is left out altogether, for pilots.)
#
# The measure is [AUC](../glossary.md#auc): of one late and one punctual flight, how often does the late one get the higher probability? Guessing has 50 %. The [baseline](../glossary.md#baseline) is a rule that needs hardly any labels: delays pile up, so the later in the day, the likelier.

# %%
CATEGORIES = ["carrier", "origin", "dest", "weekday"]
COLUMNS = ["month", "hour", "distance", "seats", "plane_year", *tables.WEATHER, *CATEGORIES]
flights = tables.load_flights().dropna(subset=["late"])  # those that arrived
flights[CATEGORIES] = flights[CATEGORIES].astype("category")
days = np.delete(flights["date"].unique(), np.s_[::3])
days = np.random.default_rng(run.seed).permutation(days)
test_days, learn_days = days[: settings.test_days], days[settings.test_days :]
learn = flights[flights["date"].isin(learn_days)]
test = flights[flights["date"].isin(test_days)].groupby("date")
test = test.sample(settings.per_day, random_state=run.seed)
baseline = 100 * roc_auc_score(test["late"], test["hour"])
print(f"to learn from: {len(learn):,} flights of {len(learn_days)} days")
print(f"to test on: {len(test):,} of {len(test_days)} days, {100 * test['late'].mean():.0f} % late")
print(f"AUC of the hour of departure alone: {baseline:.1f} %")

# %% [markdown]
# ## Two models
#
# [Logistic regression](../glossary.md#logistic-regression) in the lesson's [pipeline](../glossary.md#pipeline), and [gradient boosting](../glossary.md#gradient-boosting), which takes categories and gaps as they are. Their settings were the best of a few tried on the days that are left out, for 20,000 flights, and stay the same at every size. A leaf of boosting's trees holds 60 flights or more (`min_samples_leaf`): of 156 flights it can ask next to nothing. Other settings could do better there than you will see.


# %%
def new_models():
    """Fresh, untrained models by name."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), CATEGORIES), remainder=numbers
    )
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=60, early_stopping=False,
        categorical_features="from_dtype", random_state=run.seed,
    )
    logistic = make_pipeline(columns, LogisticRegression(C=0.01, max_iter=1000))
    return {"logistic regression": logistic, "gradient boosting": boosting}


names = list(new_models())


# %% [markdown]
# ## More, not others
#
# To see what *more* flights bring, keep those that you had. If the 20,000 were drawn anew, part of the difference would be luck: other flights. So each smaller selection should lie within the larger one.

# %% [markdown]
# **Exercise 1_labels.1 Nested draws.** Write `nested(n_rows, sizes, rng)`. It returns a list with an array of row numbers (0 to `n_rows` − 1) for each size, drawn at random with `rng`, none of them twice, and each smaller selection lies within the next larger one. `sizes` rise. `rng` is one of NumPy's generators: `rng.choice` and `rng.permutation` are among its methods.

# %% exercise="1_labels.1"
nested = ...
### BEGIN SOLUTION
def nested(n_rows, sizes, rng):
    shuffled = rng.permutation(n_rows)
    return [shuffled[:size] for size in sizes]
### END SOLUTION

# %% check="1_labels.1"
exercises.check("1_labels.1", nested)

# %% [markdown]
# ## The claim, as it will be judged
#
# The claim does not say how many are enough. So the [ledger](../glossary.md#ledger) asks about the doubling that the dealer offers, from 10,000 flights to 20,000, the *last* one here. Each of the two models must gain more than half a point of AUC, with the whole [interval](../glossary.md#interval) above that [margin](../glossary.md#margin). Half a point is our own choice: the claim names no amount.

# %%
claim = ledger.get("ml-more-labels")
claim

# %% [markdown]
# Predict: how many [points](../glossary.md#percentage-point) does the last doubling bring each model? And the [verdict](../glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "last doubling, logistic regression (points)": 1.0,
    "last doubling, gradient boosting (points)": 1.0,
    "verdict": "supported",
}

# %% [markdown]
# ## How large must the experiment be?
#
# A pilot on the days that were left out (40 to test on, 10 draws) gave intervals of ± 0.2 points for logistic regression and ± 0.4 for gradient boosting. Half the variance came from the draws, half from the days. Twice as many of both make it ± 0.15 and ± 0.3. That decides, unless a gain lies closer than that to half a point.

# %% [markdown]
# ## Experiment
#
# AUC counts pairs of a late and a punctual flight that the model ranks rightly. `ranking.wins` keeps these counts for every two test days (a day and itself, too). So days can be drawn anew without asking the model again.


# %%
def won_by(model, rows):
    """Pairs won on the test days after learning from these rows of `learn`: (day, day)."""
    some = learn.iloc[rows]
    model.fit(some[COLUMNS], some["late"])
    late = model.predict_proba(test[COLUMNS])[:, 1]
    return ranking.wins(late, test["late"], test["date"])

# %% [markdown]
# Twenty draws, eight sizes, two models. Each draw shuffles once, and each size takes the first rows, as in your `nested`. A minute:

# %%
rngs = np.random.default_rng(run.seed).spawn(settings.draws)
shuffles = [rng.permutation(len(learn)) for rng in rngs]
won = {(name, n): [] for name in names for n in sizes}
for rows in tqdm(shuffles, unit="draw"):
    for name, n in won:
        won[name, n].append(won_by(new_models()[name], rows[:n]))

# %% [markdown]
# `ranking.auc` makes AUC of the counts. For its interval, both the twenty draws and the test days are drawn anew ([bootstrap](../glossary.md#bootstrap)). Each step to the right is a doubling; dotted is the baseline. Such a picture is called a **learning curve**.

# %%
of = ranking.pairs(test["late"], test["date"])  # how many pairs there are: (day, day)
points = {name: {n: ranking.auc(won[name, n], of) for n in sizes} for name in names}
fig = curve_figures.panels(points, dotted=baseline)
fig.supylabel("AUC (%)")
fig.supxlabel("flights to learn from")
numbers = {f"{name}, {n}": points[name][n] for name in names for n in sizes}
plots.show(fig, "AUC against the number of flights to learn from, with bands.", numbers)

# %% [markdown]
# ## Verdict
#
# The bands are wide because some days are harder than others, for both models and at every size. Much of that cancels in a *difference* on the same days, which the verdict takes: each model's gain by the last doubling. Below it is what you predicted. (`n` counts the days.)

# %%
before, after = sizes[-2:]
last = {name: ranking.auc(won[name, after], of, minus=won[name, before]) for name in names}
verdict = claim.judge({"last_doubling": last}, run.profile)
answers = {f"last doubling, {name} (points)": last[name] for name in names}
answers["verdict"] = verdict.word
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# ## What the word leaves out
#
# Here is what *each* doubling brought, with the margin (dashed) and 0 (dotted). Did more labels help, or not?

# %%
gains = {name: {n: ranking.auc(won[name, n], of, minus=won[name, fewer])
                for fewer, n in pairwise(sizes)} for name in names}
fig = curve_figures.panels(gains, dotted=0, dashed=0.5)
fig.supylabel("AUC gained (points)")
fig.supxlabel("flights after the doubling")
numbers = {f"{name}, to {n}": gains[name][n] for name in names for n in sizes[1:]}
plots.show(fig, "AUC gained by each doubling, with bands, against half a point.", numbers)
text_view.folded(
    "Compare your answer",
    "; ".join(f"{name}: {sum(e.effect for e in gains[name].values()):.1f} points from {sizes[0]:,} "
              f"flights to {after:,}, the last doubling {last[name].effect:.2f}" for name in names)
    + ". The word is about the last doubling alone. So 'not supported' would not mean 'no better', "
    "but that for at least one model this doubling brings less than half a point.",
)

# %% [markdown]
# <details><summary>Why might two models need different numbers of flights?</summary>
#
# Logistic regression learns one weight a column, here about 150 (each airline and airport is a column). Once they are known well, more flights only polish them. Boosting can ask ever finer questions ("Newark, after 8 in the evening, and rain?"), as long as there are enough flights to answer them.
#
# </details>
#
# ## What would the next doubling bring?
#
# The dealer has 20,000 more. Before you buy, you can only *extrapolate*. Two rules of thumb: the next doubling brings as much as the last. Or: with each doubling the gain shrinks by the same factor (a [power law](../glossary.md#power-law)). If AUC went 60, 64, 66, gains halve: next comes 1 point.
#
# **Exercise 1_labels.2 The next doubling.** Write `next_gain(a, b, c)`: three AUC values, each after twice as many labels as the one before and higher than it. It returns the gain of the next doubling by the second rule.

# %% exercise="1_labels.2"
next_gain = ...
### BEGIN SOLUTION
def next_gain(a, b, c):
    factor = (c - b) / (b - a)
    return (c - b) * factor
### END SOLUTION

# %% check="1_labels.2"
exercises.check("1_labels.2", next_gain)

# %% [markdown]
# Here we can look: we take 40,000.

# %%
double = 2 * settings.most
for name in names:
    won[name, double] = [won_by(new_models()[name], rows[:double]) for rows in tqdm(shuffles)]

# %% [markdown]
# What the two rules said of the next doubling, in points of AUC, and what came. Suppose that a label costs 10 cents and a point is worth $1,000 to you. Would you have bought for your boosting?

# %%
rules, came = {}, {}
for name in names:
    then, now = gains[name][before].effect, gains[name][after].effect
    rules |= {f"{name}, as the last": round(now, 2), f"{name}, shrinking": round(now**2 / then, 2)}
    more = ranking.auc(won[name, double], of, minus=won[name, after])
    came |= {f"{name}, {rule}": more for rule in ("as the last", "shrinking")}
display(results.beside(rules, came))
price = settings.most / 10
text_view.folded(
    "Compare your answer",
    f"{'Yes' if 1000 * more.low > price else 'No'}: ${price:,.0f} buys {1000 * more.effect:,.0f} "
    f"dollars' worth [{1000 * more.low:,.0f}, {1000 * more.high:,.0f}]. The cautious buy where all "
    "lies above the price.\n\nThe rules only guess, from gains with intervals of their own. "
    f"And luck at {settings.most:,} that raises the guess lowers what comes. Where the last gain "
    "happened to exceed the one before, the 'shrinking' rule grows.",
)

# %% [markdown]
# ## More of what?
#
# So far all flights came from the same 163 days: the last doubling brought more flights, no new days. And flights of one day share weather and jams. Now we keep the *number* of flights and take them from few days or from many, in ten draws.

# %%
same = {}  # by (model, days): pairs won
for rng in np.random.default_rng(run.seed + 1).spawn(max(2, settings.draws // 2)):
    order = rng.permutation(learn_days)
    for n_days in (5, 20, 80, len(order)):
        rows = np.flatnonzero(learn["date"].isin(order[:n_days]))
        rows = rng.choice(rows, settings.same_size, replace=False)
        for name, model in new_models().items():
            same.setdefault((name, n_days), []).append(won_by(model, rows))

# %% [markdown]
# Again as a difference: what the flights of more days bring over those of 5. Which 10,000 would you buy, then?

# %%
days_help = {name: {n: ranking.auc(same[name, n], of, minus=same[name, 5])
                    for n in (20, 80, len(order))} for name in names}
fig = curve_figures.panels(days_help, dotted=0)
fig.supylabel("AUC gained against 5 days (points)")
fig.supxlabel(f"days that {settings.same_size:,} flights come from")
numbers = {f"{name}, {n} days": e for name in names for n, e in days_help[name].items()}
plots.show(fig, "AUC gained by the same number of flights from more days.", numbers)
text_view.folded(
    "Compare your answer",
    f"From {len(order)} days instead of 5, the same number of labels brings "
    + "; ".join(f"{name} {e.effect:.1f} [{e.low:.1f}, {e.high:.1f}] points"
                for name, by_days in days_help.items() for e in [by_days[len(order)]])
    + ". Buy those of many days; whoever sells by the piece will not say: ask.",
)

# %% [markdown]
# ## What this adds to lesson 1
#
# - "More is better" leaves out: more of what, for which model, and from how many on? Each doubling costs as much as everything before.
# - A learning curve on what you have is the cheapest advice. An extrapolation is a guess.
# - This holds for two models with fixed settings, on flights of 163 days from New York in 2023. Lab [2_data](2_data.ipynb) asks the same of a network.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
