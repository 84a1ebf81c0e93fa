# %% [markdown]
# # Lab 1 · Can a model warn of something rare, on the spot?
#
# **The claim.** Classic models are light enough to decide on the spot, as fraud detection must.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Comparing Speed and Efficiency".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb) and runs on its own. Allow 40 minutes.
#
# **Why this matters.** It is four o'clock. Your plane leaves at six, and the last bus is about to go. Will the flight be cancelled? Fraud is like that: rare, and the answer is needed now. Banks do not publish their data; airports do.

# %%
import numpy as np
import pandas as pd
from sklearn import compose, ensemble, impute, linear_model, metrics, model_selection
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from course_utils.claims import dependent, ledger
from course_utils.data import tables
from course_utils.exercises.lab_1_rare import exercises
from course_utils.models import costs, single_calls
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, rare_figures, text_view

# %% [markdown]
# ## A year of flights
#
# As in the lesson, everything is [seeded](../glossary.md#seed) and computes on one core. The table has all flights that were to leave New York in 2023, with the weather two hours before. How often is the [baseline](../glossary.md#baseline) right that always says "it will fly"?

# %%
run = start("1_rare")
costs.use_one_core()
plots.use_style()
settings = run.settings(every=1, folds=5, decisions=5000, resamples=2000)
flights = tables.load_flights(weather_hours_before=2)[:: settings.every]
print(f"{len(flights):,} flights, {100 * flights['cancelled'].mean():.1f} % of them cancelled")

# %% [markdown]
# In 97.5 % of the flights, and it never warns anybody. So [accuracy](../glossary.md#accuracy) is no use here. Look at the year: a row a month, a box a day.

# %%
daily = flights.groupby("date")["cancelled"].agg(["mean", "sum"])
fig = rare_figures.calendar(100 * daily["mean"], "flights cancelled (%)")
worst = daily.sort_values("sum", ascending=False)
plots.show(fig, "The share of flights cancelled on each day of 2023.", worst.head(20).round(2))
half = 1 + np.argmax(worst["sum"].cumsum() >= worst["sum"].sum() / 2)
text_view.folded("How many days hold half of all cancellations?", f"{half} of {len(worst)}.")

# %% [markdown]
# Mind: cancellations come by the *day*.
#
# ## How good is a warning?
#
# A model gives each flight a probability `p`. You warn from the highest `p` down. The further down, the more of the cancelled flights you find (**recall** rises) and the more alarms are false (**precision** falls).
#
# By hand: six flights from the highest `p` down, 1 is cancelled: 1, 0, 1, 0, 0, 1. Two thirds of the three cancelled ones are found after three alarms, of which two are right: precision ⅔.
#
# **Exercise 1_rare.1** Write `precision_at(cancelled, p, recall)`: the precision as soon as at least the share `recall` of the cancelled flights is found. `cancelled` (0 or 1) and `p` are arrays, in no order. `np.argsort(-p)` gives the order, `np.cumsum` adds up on the way, `np.argmax(condition)` is the first place where a condition holds.

# %% exercise="1_rare.1"
precision_at = ...
### BEGIN SOLUTION
def precision_at(cancelled, p, recall):
    found = np.cumsum(cancelled[np.argsort(-p)])
    alarms = 1 + np.argmax(found >= recall * found[-1])
    return found[alarms - 1] / alarms
### END SOLUTION

# %% [markdown]
# Check it:

# %% check="1_rare.1"
exercises.check("1_rare.1", precision_at)

# %% [markdown]
# ## What is known two hours before?
#
# The weather of that moment, the airline, the airports. Not the arrival. And the plane, with its tail number? It is assigned long before, so that seems fair.
#
# Every fifth day of the year is set **aside**, to look at, try and choose. The others wait.

# %% given="1_rare.2"
CATEGORIES = ["carrier", "origin", "dest", "weekday"]
NUMBERS = ["month", "hour", "distance", *tables.WEATHER]
flights = flights.astype(dict.fromkeys(CATEGORIES, "category"))
is_aside = flights["date"].dt.day_of_year % 5 == 0
aside, tested = (flights[rows].reset_index(drop=True) for rows in (is_aside, ~is_aside))
columns = ["tailnum", "seats", "wind_gust"]
exercises.given("1_rare.2", flights=aside[["cancelled", *columns]])
print(aside["date"].nunique(), "days aside,", tested["date"].nunique(), "for the experiment")

# %% [markdown]
# **Exercise 1_rare.2 Is an empty cell a hint?** Write `cancelled_where_missing(flights, column)`: of the flights where this column is missing, how many were cancelled, in %? Then try it in a new cell, on `aside` with each of `columns`. Which would you not give to a model?

# %% exercise="1_rare.2"
cancelled_where_missing = ...
### BEGIN SOLUTION
def cancelled_where_missing(flights, column):
    return 100 * flights["cancelled"][flights[column].isna()].mean()
### END SOLUTION

# %% [markdown]
# Check it, then compare below:

# %% check="1_rare.2"
exercises.check("1_rare.2", cancelled_where_missing)

# %% [markdown]
# <details><summary>Which would you not give to a model?</summary>
#
# Cancelled, where missing on the days aside: tail number 100 %, seats 21 %, wind gust 3 %. A flight that never left may have no plane in the table: the number is missing *because* the flight was cancelled, so an empty cell gives the answer away. Seats and age of the plane are looked up by it and go, too. A wind gauge fails without asking who flies.
#
# </details>
#
# ## Two models, two ways to hide
#
# Logistic regression in lesson 1's pipeline; and gradient boosting, which takes categories and empty cells as they are.


# %%
def logistic(numbers):
    """Lesson 1's pipeline on the categories and these numbers, untrained."""
    scaled = make_pipeline(impute.SimpleImputer(strategy="median"), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore")
    prepare = compose.make_column_transformer((one_hot, CATEGORIES), (scaled, numbers))
    return make_pipeline(prepare, linear_model.LogisticRegression(max_iter=500))


boosting = ensemble.HistGradientBoostingClassifier(
    categorical_features="from_dtype", early_stopping=False, random_state=run.seed)
models = {"logistic regression": logistic(NUMBERS), "gradient boosting": boosting}

# %% [markdown]
# On the days aside, five [folds](../glossary.md#fold) each hide a fifth: once of the *rows*, at random, once of the *days*, whole. `GroupKFold` keeps together what has the same group: here each row has its own, or the day is the group. All else is the same.

# %%
X, y, day = aside[CATEGORIES + NUMBERS], aside["cancelled"].to_numpy(), aside["date"]
hide = {"rows": np.arange(len(y)), "whole days": day}  # what stays together
cutter = model_selection.GroupKFold(settings.folds, shuffle=True, random_state=run.seed)
p = {how: {name: model_selection.cross_val_predict(
    model, X, y, groups=groups, cv=cutter, method="predict_proba")[:, 1]
    for name, model in models.items()} for how, groups in hide.items()}

# %% [markdown]
# Each curve walks down a list of alarms, as you did. **Average precision** is its mean height; with alarms at random that is the share of cancelled flights. Its [interval](../glossary.md#interval) comes from a [bootstrap](../glossary.md#bootstrap) that draws *days*, each with all its flights, because they share their fate. Which side do you believe? Which model does each side tell you to take?

# %%
fig, axes = plots.plt.subplots(1, 2, figsize=(9.5, 4))
for ax, how in zip(axes, hide, strict=True):
    rare_figures.precision_recall(ax, y, p[how])
    ax.set_title(f"hidden: {how}")
plots.show(fig, "Precision against recall: left with rows hidden, right with whole days.")
fewer = {"seed": run.seed, "n_resamples": settings.resamples // 10}  # it is slow
pd.DataFrame({f"hidden: {how}": {name: dependent.bootstrap_statistic(
    metrics.average_precision_score, day, y, p[how][name], **fewer).text()
    for name in models} for how in hide}).rename_axis("average precision")

# %% [markdown]
# Where does it come from? No column names the day. But take the cancelled flights that are hidden: for how many do the training rows have another cancelled one of the same airport, day and hour, a *twin*?

# %%
moment = aside.groupby(["origin", "date", "hour"], observed=True).ngroup().to_numpy()
twins = {}
for how, groups in hide.items():
    train, test = next(cutter.split(X, y, groups=groups))
    twins[how] = 100 * np.isin(moment[test][y[test]], moment[train][y[train]]).mean()
best = {how: max(models, key=lambda name, ps=ps: metrics.average_precision_score(y, ps[name]))
        for how, ps in p.items()}
text_view.folded(
    "How many have a twin, and what about the two questions before?",
    "Twins: " + ", ".join(f"{share:.0f} % ({how} hidden)" for how, share in twins.items()) + ".\n\n"
    "Twins have the same weather to the last digit. Month, hour and eight weather readings are a "
    "fingerprint of the day, so a model can look it up. When you want to fly, today's answers "
    "are not in the table, so believe the whole days. The best model is "
    + ", ".join(f"{name} ({how} hidden)" for how, name in best.items())
    + ". What is best at looking up gains most from such a leak: it can name the wrong winner.",
)

# %% [markdown]
# ## The claim, as it will be judged
#
# **Light enough**: of 5,000 single decisions, the slowest in a hundred takes less than 10 ms. **Useful** is the course's own condition: where 80 % of the cancelled flights are found, precision is three times that of alarms at random. Call that the *lift*. Logistic regression is judged: on the days aside no other was clearly better.


# %%
def lift(cancelled, p):
    """Precision at 80 % recall, over the share of cancelled flights."""
    alarm = p >= np.quantile(p[cancelled], 0.2, method="lower")  # a fifth of them stay below
    return cancelled[alarm].mean() / cancelled.mean()


draws = {"seed": run.seed, "n_resamples": settings.resamples}
pilot = dependent.bootstrap_statistic(
    lift, day, y, p["whole days"]["logistic regression"], **draws)
room = (pilot.high / pilot.low) ** 0.25  # four times the days: half the width, as a ratio
print(f"days aside: lift {pilot.text('×')}\nfour times the days decide when the lift comes out "
      f"above {3 * room:.1f} or below {3 / room:.1f}")
claim = ledger.get("ml-fast-decisions")
claim

# %% [markdown]
# That was the pilot: it says what the other days can decide. Predict their lift, the slowest decision in a hundred, and the word:

# %%
predicted = {
    "lift at 80 % recall (×)": 4.0,
    "slowest decision in a hundred (CPU ms)": 1.0,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# Whole days, of those that were not looked at.

# %%
y, day = tested["cancelled"].to_numpy(), tested["date"]
folds = list(cutter.split(tested, y, groups=day))


def learn(model, X):
    """A trained model for each fold, and the lift on the days hidden from it."""
    fitted, p = [clone(model).fit(X.iloc[train], y[train]) for train, _ in folds], np.zeros(len(y))
    for trained, (_, test) in zip(fitted, folds, strict=True):
        p[test] = trained.predict_proba(X.iloc[test])[:, 1]
    return fitted, p, dependent.bootstrap_statistic(lift, day, y, p, **draws)


X = tested[CATEGORIES + NUMBERS]
fitted, p, useful = learn(logistic(NUMBERS), X)
lifts = {"logistic regression": useful, "gradient boosting": learn(boosting, X)[-1]}

# %% [markdown]
# Now the clock. Each decision gets a table of one flight. We count the processor's own time ([CPU](../glossary.md#cpu-seconds) milliseconds), which other programs hardly change. Beside it a small [MLP](../glossary.md#mlp) in the same pipeline, and logistic regression alone, on rows that somebody has prepared.

# %%
drawn = np.random.default_rng(run.seed).integers(len(X), size=settings.decisions + 50)
single = [X.iloc[[row]] for row in drawn]  # the first 50 only warm up
mlp = make_pipeline(clone(fitted[0][0]), MLPClassifier((32,), early_stopping=True))
mlp.fit(X[:2000], y[:2000])  # only its speed counts here
ready = [fitted[0][0].transform(row) for row in single[:500]]
ms = {name: single_calls.call_ms(model.predict_proba, rows)[50:] for name, model, rows in (
    ("logistic regression", fitted[0], single), ("MLP", mlp, single[:500]),
    ("logistic regression alone", fitted[0][1], ready))}
pd.DataFrame({name: np.quantile(times, [0.5, 0.99]) for name, times in ms.items()},
             ["median (CPU ms)", "slowest in a hundred (CPU ms)"]).T.round(2)

# %% [markdown]
# The last line against the first says how much of a decision goes into preparing the row.
#
# ## Verdict
#
# For the interval of the lift, days are drawn. For that of the time, blocks of 100 decisions: a busy moment slows its neighbours, too.

# %%
times = ms["logistic regression"]
fast = dependent.bootstrap_statistic(
    lambda some: np.quantile(some, 0.99), np.arange(len(times)) // 100, times, **draws)
verdict = claim.judge({"useful": useful, "fast": fast}, run.profile)
answers = dict(zip(predicted, [useful, fast, verdict.word], strict=True))
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# ## What an alarm costs
#
# The lift was read off at 80 % recall in hindsight. Who has to decide needs a [threshold](../glossary.md#threshold) *before*. We take the one that finds 80 % on the days aside, and use it on each fold's hidden days. Say that an alarm costs 20 dollars (that bus), a cancellation without one 300 (a night in a hotel). Prices are dollars a flight.


# %%
def price(cancelled, alarm):
    """Dollars a flight, on average."""
    return (20 * alarm + 300 * (cancelled & ~alarm)).mean()


rows = {}
for number, (model, (_, test)) in enumerate(zip(fitted, folds, strict=True), start=1):
    p_aside = model.predict_proba(aside[CATEGORIES + NUMBERS])[aside["cancelled"], 1]
    truth, alarm = y[test], p[test] >= np.quantile(p_aside, 0.2)
    rows[f"fold {number}"] = {
        "recall (%)": 100 * alarm[truth].mean(), "precision (%)": 100 * truth[alarm].mean(),
        "$ these alarms": price(truth, alarm), "$ if p > 7 %": price(truth, p[test] > 20 / 300),
        "$ never": price(truth, truth & False), "$ always": price(truth, truth | True)}
pd.DataFrame(rows).T.round(1)

# %% [markdown]
# <details><summary>80 % was aimed at. Why is it missed? And where does 7 % come from?</summary>
#
# The threshold comes from a few stormy days, and each fold has others. An alarm pays when its 20 dollars are less than what it saves on average, 300 × `p`: from `p` = 20/300, or 7 %. Where `p` can be believed, the prices alone give the threshold.
#
# </details>
#
# ## What the last hours know
#
# One thing is known at four o'clock that no column says: how many of this airport's flights were cancelled three to five hours before yours. `cancelled_lately` gives that share; average precision is printed without it and with it. (We take it as known once the hour is over; when it was announced, the table does not say.)

# %%
X_more = X.assign(lately=tables.cancelled_lately(tested))
_, p_more, lifts["logistic, with the last hours"] = learn(logistic([*NUMBERS, "lately"]), X_more)
fig, ax = plots.plt.subplots(figsize=(8, 2.6), subplot_kw={"xlabel": "lift at 80 % recall (×)"})
plots.forest(ax, lifts, margin=claim.test("useful").margin)
plots.show(fig, "Lift of three models on hidden days, with intervals and the margin of 3.", lifts)
print("average precision:", *(f"{metrics.average_precision_score(y, q):.2f}" for q in (p, p_more)))

# %% [markdown]
# <details><summary>Why is the claim not judged with that column?</summary>
#
# The test was fixed without it. A better idea that comes later is for next year's flights. But banks do the same: they ask what this card did in the last hour.
#
# </details>
#
# ## What this lab adds to lesson 1
#
# - For something rare, ask for precision at a recall, beside what alarms at random get right.
# - The leak that nobody sees is no column. It is the day that hidden rows share with training rows.
# - An empty cell can give the answer away.
# - Fast and useful are two questions. A clock answers one in seconds. The other takes days, and a year has few bad ones.
# - It holds for one year of flights from New York, not for fraud.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
