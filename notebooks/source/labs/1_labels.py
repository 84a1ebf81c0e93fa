# %% [markdown]
# # Lab 1 · Do more labelled examples make a model better?
#
# **The claim.** A model gets better when it is given more labelled examples.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "What Is Machine Learning?".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): pipelines, AUC, days that are held out, intervals. It runs on its own. Allow 40 minutes.
#
# **Why this matters.** A *label* is the right answer that somebody attached to a case, and somebody pays for it. You have 10,000 flights of which you know whether they came late. A data dealer offers 10,000 more. Should you pay?

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import curve_fit
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tqdm import tqdm

from course_utils.claims import ledger, ranking, resampling
from course_utils.data import tables
from course_utils.exercises.lab_1_labels import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# As in the lesson: `start` [seeds](../glossary.md#seed) all chance, everything computes on one processor core, and the sizes stand in one cell.

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
# The question: will a flight arrive more than 15 minutes late? The answer, yes or no, is its [label](../glossary.md#label). Whole days are held out, because flights of one day are late together. (Every third day of 2023 is left out altogether: you will see what those were for.)
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
# [Logistic regression](../glossary.md#logistic-regression) in the lesson's [pipeline](../glossary.md#pipeline), and [gradient boosting](../glossary.md#gradient-boosting), which takes categories and gaps as they are. Their settings were the best of a few tried on those days that are left out. They stay the same at every size.


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
# **Exercise 1_labels.1 Nested draws.** Write `nested(n_rows, sizes, rng)`. It returns a list with an array of row numbers (0 to `n_rows` − 1) for each size, drawn at random with `rng`, none of them twice, and each smaller selection lies within the next larger one. `sizes` rise. `rng.permutation(n)` shuffles the numbers 0 to n − 1.

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
# Taken at its word, the claim knows no end. So the [ledger](../glossary.md#ledger) asks about the *last* doubling that we can afford, from 10,000 flights to 20,000. Each of the two models must gain half a point of AUC or more, with the whole [interval](../glossary.md#interval) above that [margin](../glossary.md#margin).

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
# A pilot on the days that were left out (40 to test on, 10 draws) gave intervals of ± 0.2 points for logistic regression and ± 0.4 for gradient boosting. In about equal parts that came from the draws and from the days. Twice as many of both make it ± 0.15 and ± 0.3: enough, unless a gain lies within that of half a point.

# %% [markdown]
# ## Experiment
#
# `ranking.wins` counts what AUC is made of: for each two test days, how many pairs of a late flight of one and a punctual flight of the other the model ranks rightly. With these counts the days can be drawn anew without asking the model again.


# %%
def won_by(model, rows):
    """Pairs won on the test days after learning from these rows of `learn`: (day, day)."""
    some = learn.iloc[rows]
    model.fit(some[COLUMNS], some["late"])
    late = model.predict_proba(test[COLUMNS])[:, 1]
    return ranking.wins(late, test["late"], test["date"])

# %% [markdown]
# Twenty draws, eight sizes, two models; about a minute:

# %%
rngs = np.random.default_rng(run.seed).spawn(settings.draws)
shuffles = [rng.permutation(len(learn)) for rng in rngs]
won = {(name, n): [] for name in names for n in sizes}
for rows in tqdm(shuffles, unit="draw"):
    for name, n in won:
        won[name, n].append(won_by(new_models()[name], rows[:n]))

# %% [markdown]
# `ranking.auc` makes AUC of the counts. Its interval draws both anew, the twenty draws and the days ([bootstrap](../glossary.md#bootstrap)). Each step to the right is a doubling. The bands are wide because some days are harder than others, for both models and at every size. That cancels out as soon as you take a *difference* on the same days, as the verdict does.

# %%
of = ranking.pairs(test["late"], test["date"])  # how many pairs there are: (day, day)
points = {name: {n: ranking.auc(won[name, n], of) for n in sizes} for name in names}
fig, ax = plots.curves(points, baseline, log_x=True)
ax.set(xlabel="flights to learn from", ylabel="AUC (%)")
numbers = {f"{name}, {n}": points[name][n] for name in names for n in sizes}
plots.show(fig, "AUC against the number of flights to learn from, with bands.", numbers)

# %% [markdown]
# ## Verdict
#
# Each model's gain by the last doubling, and below it what you predicted. (`n` counts the days.)

# %%
before, after = sizes[-2:]
last = {name: ranking.auc(won[name, after], of, minus=won[name, before]) for name in names}
verdict = claim.judge({"last_doubling": last}, run.profile)
answers = {f"last doubling, {name} (points)": last[name] for name in names}
answers["verdict"] = verdict.word
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# <details><summary>Why should two models need different numbers of flights?</summary>
#
# Logistic regression learns one weight a column, here about 160 (each airline and airport is a column). Once they are known well, more flights only polish them. Boosting can ask ever finer questions ("Newark, after 8 in the evening, and rain?"), as long as there are enough flights to answer them.
#
# </details>
#
# ## What would the next doubling bring?
#
# The dealer has 20,000 more. Nobody has seen 40,000 yet, so you must *extrapolate*. Two rules of thumb: the next doubling brings as much as the last. Or: gains shrink, each by the same factor (a [power law](../glossary.md#power-law)). If AUC went 60, 64, 66, gains halve: next comes 1 point.
#
# **Exercise 1_labels.2 The next doubling.** Write `next_gain(a, b, c)`: three AUC values, each after twice as many labels as the one before. It returns the gain of the next doubling by the second rule.

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
# Three points are shaky. We fit the same rule to the last five (`curve_fit` finds the three numbers with which it comes nearest), for each draw by itself: twenty people, each with 20,000 flights of their own, say what they expect.


# %%
def by_rule(k, top, gap, factor):
    """AUC after k doublings, when each gain is `factor` times the one before."""
    return top - gap * factor**k


def expected(aucs):
    """What the rule expects of the next doubling, in points, after these AUC values."""
    k, bounds = np.arange(len(aucs)), ([50, 0, 0.1], [100, 50, 0.99])
    _, gap, factor = curve_fit(by_rule, k, aucs, p0=[80, 10, 0.8], bounds=bounds)[0]
    return gap * factor ** (len(aucs) - 1) * (1 - factor)


# %% [markdown]
# Then we do what they could not: we take 40,000.

# %%
double, dots = 2 * settings.most, {}
for name in names:
    for_more = [won_by(new_models()[name], rows[:double]) for rows in tqdm(shuffles, unit="draw")]
    won[name, double] = for_more
    aucs = [100 * np.sum(won[name, n], axis=(1, 2)) / of.sum() for n in [*sizes[-5:], double]]
    aucs = np.array(aucs)  # (size, draw)
    dots[f"{name}: as the last"] = aucs[-2] - aucs[-3]
    dots[f"{name}: shrinking"] = [expected(draw) for draw in aucs[:-1].T]
    dots[f"{name}: measured"] = aucs[-1] - aucs[-2]

# %% [markdown]
# Each grey dot is one of the twenty, the bar the middle 95 % of them, all on the same test days. Suppose that a label costs 10 cents: would you buy, and would you trust the twenty?

# %%
told = {label: resampling.percentile_interval(values) for label, values in dots.items()}
fig, ax = plt.subplots(figsize=(7.5, 4.5))
plots.forest(ax, told, dots=dots)
ax.set_xlabel(f"AUC gained from {settings.most:,} to {double:,} flights (points)")
plots.show(fig, "What twenty people expect of the next doubling by two rules, and what came.", told)
text_view.folded(
    "Compare your answer",
    f"{settings.most:,} labels cost ${settings.most / 10:,.0f}, as much as all before together. "
    + "; ".join(f"{label}: {e.low:.1f} to {e.high:.1f} points" for label, e in told.items())
    + ".\n\nYou are one of the twenty, and do not know which: believe the whole bar, not the dot "
    "in it. If the low end is worth the price, buy; if not, buy a small part first and measure.",
)

# %% [markdown]
# ## More of what?
#
# Flights of one day share weather and jams. So now we keep the *number* of flights and take them from few days or from many.

# %%
same = {}  # by (model, days): pairs won
for rng in np.random.default_rng(run.seed + 1).spawn(max(2, settings.draws // 4)):
    order = rng.permutation(learn_days)
    for n_days in (5, 10, 20, 40, 80, len(order)):
        rows = np.flatnonzero(learn["date"].isin(order[:n_days]))
        rows = rng.choice(rows, settings.same_size, replace=False)
        for name, model in new_models().items():
            same.setdefault((name, n_days), []).append(won_by(model, rows))

# %% [markdown]
# Which 10,000 would you buy, then?

# %%
by_days = {name: {n: ranking.auc(each, of) for (who, n), each in same.items() if who == name}
           for name in names}
fig, ax = plots.curves(by_days, baseline, log_x=True)
ax.set(xlabel=f"days that {settings.same_size:,} flights come from", ylabel="AUC (%)")
numbers = {f"{name}, {n} days": each for name in names for n, each in by_days[name].items()}
plots.show(fig, "AUC against the number of days that the flights come from.", numbers)
text_view.folded(
    "Compare your answer",
    "; ".join(f"{name}: {e[5].effect:.1f} % from 5 days, {e[len(order)].effect:.1f} % from "
              f"{len(order)}" for name, e in by_days.items())
    + f", with {settings.same_size:,} labels each time. Whoever sells labels by the piece will "
    "not tell you: ask what they have in common.",
)

# %% [markdown]
# ## What this adds to lesson 1
#
# - "More is better" leaves out: more of what, for which model, and from how many on? Each doubling costs as much as everything before.
# - A learning curve on what you have is the cheapest advice. An extrapolation is a guess with a spread.
# - It holds for two models with fixed settings, on flights from New York in 2023. Lab [2_data](2_data.ipynb) asks the same of a network.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
