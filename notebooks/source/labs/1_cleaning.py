# %% [markdown]
# # Lab 1 · Does data have to be cleaned and normalised first?
#
# **The claim.** Before a classic model can learn from data, the data has to be cleaned and normalised.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): pipelines, AUC, days that are held out, intervals. It runs on its own. Allow 40 minutes.
#
# **Why this matters.** Ask for advice on any table, and you hear: "clean it, then scale your columns". Both cost work, and both can go wrong. What does each of them buy, and whom?

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import compose, ensemble, impute, linear_model, neighbors, neural_network, tree
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tqdm import tqdm

from course_utils.claims import ledger, ranking
from course_utils.data import tables
from course_utils.exercises.lab_1_cleaning import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# As in the lesson: `start` [seeds](../glossary.md#seed) all chance, everything computes on one processor core, and the sizes stand in one cell.

# %%
run = start("1_cleaning")
costs.use_one_core()
plots.use_style()
warnings.simplefilter("ignore", ConvergenceWarning)  # 30 rounds are a setting, not a mistake
settings = run.settings(
    learn_from=5_000,  # flights
    draws=20,  # of these flights
    test_days=140,
    per_day=60,  # flights tested on each of them
)

# %% [markdown]
# ## The first cleaning is looking
#
# New York's airports report their weather every hour; a table with 26,000 rows holds the reports of 2023. To join it to the flights by month, day and hour takes one line, and no error comes. Before you do that, draw it once: how warm is it in July, hour by hour?

# %%
weather = tables.load_weather()  # as it was published
july = weather[weather["month"] == 7]
published = july.groupby("hour")["temp"].mean()
fig, ax = plt.subplots()
ax.plot(published, **plots.line_style(0))
ax.set(xlabel="hour, as published", ylabel="mean temperature in July (°F)")
by_hour = published.round(1).to_frame()
plots.show(fig, "Mean temperature by hour: coldest at 9, warmest at 19.", by_hour)

# %% [markdown]
# <details><summary>Coldest at 9 in the morning. Do you believe it?</summary>
#
# No: a summer's day is coldest just before sunrise, and in New York's July the sun rises at about half past five. These hours are not New York's. They are UTC, the time of Greenwich, and in summer New York is four hours behind it. No column's name says so. The time stamp says "+00:00", but so does that of the flights, and theirs *is* New York's time.
#
# </details>
#
# **Exercise 1_cleaning.1 Mend the clock.** Write `new_york(hour)` for July: it gets an hour in UTC, from 0 to 23 (or a column of them), and gives the hour in New York, also from 0 to 23.

# %% exercise="1_cleaning.1"
new_york = ...
### BEGIN SOLUTION
def new_york(hour):
    return (hour - 4) % 24
### END SOLUTION

# %% check="1_cleaning.1"
exercises.check("1_cleaning.1", new_york)

# %% [markdown]
# In winter it is five hours. pandas knows when the clocks change, and this is how the course's loader of the flights does it, too. (By hand, for July, it should be the same.)

# %%
utc = pd.to_datetime(july[["year", "month", "day", "hour"]]).dt.tz_localize("UTC")
hour = utc.dt.tz_convert("America/New_York").dt.hour
assert (hour == (july["hour"] - 4) % 24).all()
mended = july.groupby(hour)["temp"].mean()
fig, ax = plt.subplots()
ax.plot(published, **plots.line_style(0), label="as published (UTC)")
ax.plot(mended, **plots.line_style(1), label="New York's time")
ax.axvline(5.6, color=plots.GREY, linestyle=":", label="sunrise in New York")
ax.set(xlabel="hour", ylabel="mean temperature in July (°F)")
ax.legend()
plots.show(fig, "Coldest at 9 before, at 5 after.", mended.round(1).to_frame())

# %% [markdown]
# Joined naively, every flight would have had the weather of four or five hours before. No error would have told you, and no scaler. The rest of this lab is about what a program *can* do.

# %% [markdown]
# ## Units
#
# The flights, with the weather of the hour before departure. Whole days are held out, because flights of one day are late together; every third day is left out altogether, for pilots.
#
# Miles, years, millibars, miles an hour, inches. **[k-nearest neighbours](../glossary.md#k-nearest-neighbours)** looks for the most similar flights. How similar two are, it reads from their distance: all squared differences, added up. On average over all pairs, a column's share of it is its share of the variance. Here are two flights, and the shares:

# %%
CATEGORIES = ["carrier", "origin", "dest", "weekday"]
NUMBERS = ["month", "hour", "distance", "seats", "plane_year", *tables.WEATHER]
flights = tables.load_flights().dropna(subset=["late"])  # those that arrived
flights[CATEGORIES] = flights[CATEGORIES].astype("category")
days = np.delete(flights["date"].unique(), np.s_[::3])
days = np.random.default_rng(run.seed).permutation(days)
test = flights[flights["date"].isin(days[: settings.test_days])].groupby("date")
test = test.sample(settings.per_day, random_state=run.seed)
learn = flights[flights["date"].isin(days[settings.test_days :])]
shares = 100 * learn[NUMBERS].var() / learn[NUMBERS].var().sum()
two = learn[NUMBERS].head(2).T.set_axis(["a flight", "another"], axis=1)
two.assign(**{"share of the squared distance (%)": shares}).round(2)

# %% [markdown]
# <details><summary>How many of the 13 columns does it really look at?</summary>
#
# Two: how far a flight goes, and a little how many seats it has. Not because they say most about lateness: miles are the largest numbers here. With the distance in thousands of miles, other columns would decide.
#
# </details>
#
# **[Scaling](../glossary.md#scaling)** gives every column the mean 0 and the spread 1 (a *z-score*): minus its mean, divided by its standard deviation, both from the training rows. Then each has the same share.

# %% [markdown]
# ## Gaps
#
# The second cleaning. In how many flights is something missing?

# %%
gaps = 100 * flights[NUMBERS].isna().mean()
gaps["any of them"] = 100 * flights[NUMBERS].isna().any(axis=1).mean()
gaps[gaps > 1].round(1).rename("missing (%)").to_frame()

# %% [markdown]
# <details><summary>Wind and gusts are missing together. A coincidence?</summary>
#
# Divide one by the other: 1.15078 in every row. That turns knots into miles per hour. So these gusts are no measurement; somebody converted the wind once more. Looking finds this, too.
#
# </details>
#
# The quick way: leave these rows out. The careful way: fill in the column's median, and add a column that says "it was missing". To learn, you may leave rows out. But a passenger whose plane's year is unknown asks all the same. With the quick way you have no model for her; all you know is the share of late flights.
#
# **Exercise 1_cleaning.2 Nobody is left out.** Write `for_all(p_whole, whole, rate)`. `whole` is an array of `True` (a flight without a gap) and `False`; `p_whole` has the model's probabilities for the flights without a gap, in their order. Return one probability for *every* flight, in order: `rate` where there is a gap.

# %% exercise="1_cleaning.2"
for_all = ...
### BEGIN SOLUTION
def for_all(p_whole, whole, rate):
    p = np.full(len(whole), rate)
    p[whole] = p_whole
    return p
### END SOLUTION

# %% check="1_cleaning.2"
exercises.check("1_cleaning.2", for_all)

# %% [markdown]
# ## The claims, as they will be judged
#
# One claim for each word, each with a verdict of its own. Three kinds of models are judged: k-nearest neighbours; a linear model that walks down a slope in small steps ([gradient descent](https://scikit-learn.org/stable/modules/sgd.html)); a small neural network ([MLP](../glossary.md#mlp)), which does the same. Each must gain a whole [point](../glossary.md#percentage-point) of [AUC](../glossary.md#auc).

# %%
normalised, cleaned = ledger.get("ml-normalise"), ledger.get("ml-clean")
display(normalised, cleaned)

# %% [markdown]
# Predict some gains, in points, and both [verdicts](../glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "scaling, k-nearest neighbours (points)": 1.0,
    "scaling, neural network (points)": 1.0,
    "filling gaps, linear model (points)": 1.0,
    "normalised": "supported",
    "cleaned": "supported",
}

# %% [markdown]
# ## The contestants
#
# Raw and scaled columns suit different settings. A step that is right for z-scores is a leap for miles. So on the pilot's days each model was tried with six settings *each way*, and each way got one that did best there, or nearly. Two controls: a [decision tree](../glossary.md#decision-tree) only asks "above or below?"; [gradient boosting](../glossary.md#gradient-boosting) takes gaps as they are.


# %%
def new_models(scaled, seed):
    """Fresh pipelines by name; scaled or not, with the setting that suits them."""
    numbers = make_pipeline(impute.SimpleImputer(strategy="median", add_indicator=True),
                            StandardScaler() if scaled else "passthrough")
    columns = compose.make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), CATEGORIES), (numbers, NUMBERS),
        sparse_threshold=0)
    models = {
        "k-nearest neighbours": neighbors.KNeighborsClassifier(300 if scaled else 30),
        "linear model": linear_model.SGDClassifier(
            loss="log_loss", learning_rate="constant", eta0=1e-3 if scaled else 1e-6,
            average=True, max_iter=20, tol=None, random_state=seed),
        "neural network": neural_network.MLPClassifier(
            (32,), learning_rate_init=3e-4 if scaled else 1e-2, max_iter=30, random_state=seed),
        "decision tree": tree.DecisionTreeClassifier(min_samples_leaf=50, random_state=seed),
    }
    boosting = ensemble.HistGradientBoostingClassifier(
        max_leaf_nodes=8, learning_rate=0.05, categorical_features="from_dtype", random_state=seed)
    return {name: make_pipeline(columns, m) for name, m in models.items()} | {
        "gradient boosting": boosting}


# %% [markdown]
# ## Experiment
#
# A pilot (40 test days, 6 to 8 draws of flights to learn from) gave intervals of ± 2.5 points for the scaling of the first two models and ± 2 for the network's, ± 1.2 for the gaps. Most of it came from the days; with the network also from the draws. With 140 days and 20 draws they should be half as wide. For gaps that decides unless a gain lies within half a point of the margin.
#
# `ranking.wins` counts, for each two test days, how many pairs of a late and a punctual flight are ranked rightly: what AUC is made of.


# %%
def won_by(model, some, quick):
    """Pairs won on the test days, (day, day); the quick way leaves rows with gaps out."""
    some = some.dropna(subset=NUMBERS) if quick else some
    model.fit(some[CATEGORIES + NUMBERS], some["late"])
    p = model.predict_proba(test[CATEGORIES + NUMBERS])[:, 1]
    if quick:  # your for_all, written otherwise
        p = np.where(test[NUMBERS].isna().any(axis=1), some["late"].mean(), p)
    return ranking.wins(p, test["late"], test["date"])


def all_won(scaled, quick=False):
    """Pairs won in each draw, by model: (draw, day, day)."""
    won = {}
    for seed in tqdm(range(settings.draws), unit="draw"):
        some = learn.sample(settings.learn_from, random_state=seed)
        for name, model in new_models(scaled, seed).items():
            won.setdefault(name, []).append(won_by(model, some, quick))
    return won

# %% [markdown]
# Raw numbers, gaps filled. Half a minute each:

# %%
raw = all_won(scaled=False)

# %% [markdown]
# Scaled, gaps filled:

# %%
scaled = all_won(scaled=True)

# %% [markdown]
# And scaled again, the quick way:

# %%
quick = all_won(scaled=True, quick=True)

# %% [markdown]
# `ranking.auc` gives the difference of two AUCs. Its [interval](../glossary.md#interval) draws both the days and the twenty draws anew. The lowest row of each picture is the control; dashed is the [margin](../glossary.md#margin), dotted is 0.

# %%
of = ranking.pairs(test["late"], test["date"])
judged = ["k-nearest neighbours", "linear model", "neural network"]
scaling = {name: ranking.auc(scaled[name], of, minus=raw[name])
           for name in [*judged, "decision tree"]}
filling = {name: ranking.auc(scaled[name], of, minus=quick[name])
           for name in [*judged, "gradient boosting"]}
fig, axes = plt.subplots(2, figsize=(7.5, 5))
for ax, gains, what in zip(axes, (scaling, filling), ("scaling", "filling gaps"), strict=True):
    plots.forest(ax, gains, margin=1)
    ax.axvline(0, color=plots.GREY, linestyle=":")
    ax.set_xlabel(f"AUC gained by {what} (points)")
both = {f"{name} ({what})": gain for what, gains in (("scaling", scaling), ("gaps", filling))
        for name, gain in gains.items()}
plots.show(fig, "What scaling and filling gaps gain, with intervals, against one point.", both)

# %% [markdown]
# ## Verdicts
#
# Read them with three questions. Are these models *unable* to learn from raw numbers? Why does the tree not care? And does filling gaps help at all?

# %%
verdicts = [normalised.judge({"gain": {name: scaling[name] for name in judged}}, run.profile),
            cleaned.judge({"gain": {name: filling[name] for name in judged}}, run.profile)]
answers = {f"scaling, {name} (points)": scaling[name] for name in judged[::2]}
answers["filling gaps, linear model (points)"] = filling["linear model"]
answers |= {"normalised": verdicts[0].word, "cleaned": verdicts[1].word}
display(*verdicts, results.beside(predicted, answers))
before = [f"{name} {ranking.auc(raw[name], of).effect:.1f} %" for name in judged]
helped = sum(filling[name].low > 0 for name in judged)
text_view.folded(
    "Compare your answer",
    "AUC on raw numbers: " + ", ".join(before) + "; guessing has 50 %. So judge for yourself "
    'whether "has to" is the word.\n\nA tree asks "more than 500 miles?". In kilometres the '
    "question has another number and the same answer.\n\nFilling gaps helped for certain, however "
    f"little, {helped} of {len(judged)} models. Whether by a whole point, the verdict says.",
)

# %% [markdown]
# ## What this adds to lesson 1
#
# - Clean first with your eyes: a picture of each column against something that you know. No program would have found the clock.
# - Scaling: for models that measure distances or walk down a slope. In a [pipeline](../glossary.md#pipeline) it costs one word and cannot leak.
# - Leaving rows out to learn is one thing. Whoever leaves them out when *testing* reports a score for the easy cases.
# - It holds for flights from New York in 2023, 5,000 to learn from, and these settings.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)
