# %% [markdown]
# # Lab 1 · How many avocados will be sold next week?
#
# **The claim.** Machine learning shines at forecasting, such as how much of something will be needed.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Applications in Real-World Scenarios", "Machine Learning" and "Retail".*
#
# It needs [lesson 1](../1_classic_ml.ipynb). [Lab 1_forecast](1_forecast.ipynb) tries the claim on one long series, births; here are few weeks of many markets.
#
# **Why this matters.** Order too few avocados, and buyers go elsewhere; too many, and they rot.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from course_utils.claims import dependent, ledger
from course_utils.data import tables
from course_utils.exercises.lab_1_markets import exercises
from course_utils.models import costs, forecasts
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("1_markets")
costs.use_one_core()
plots.use_style()
settings = run.settings(weeks=80)  # that are tested

# %% [markdown]
# ## Look first
#
# How many avocados (not organic) were sold in each of 169 weeks, in 54 places of the USA? Nine are sums: eight regions and their total (its sum is checked). 45 local markets are left.

# %%
avocados = tables.load_avocados().query("type == 'conventional'").set_index(["date", "region"])
sold = avocados["total_volume"].unstack()  # (week, place)
regions = [*tables.AVOCADO_REGIONS]
assert np.allclose(sold[regions].sum(axis=1), sold["TotalUS"])  # eight regions make the total
sold = sold.drop(columns=[*regions, "TotalUS"])
prices = avocados["average_price"].unstack()[sold.columns]
print("median:", sold.median()[["NewYork", "Boise"]].round(-3).astype(int).to_dict())

# %% [markdown]
# Each grey line is a market, held against its own median: 1.5 means half as many again as in its middle week. The blue line is the median of all. Which weeks stand out? In how many of the 45 markets?

# %%
share = sold / sold.median()
fig, ax = plt.subplots(figsize=(9, 4))
ax.plot(share, color=plots.GREY, alpha=0.25, linewidth=0.7)
ax.plot(share.median(axis=1), color=plots.COLOURS[0], linewidth=2, label="median of 45 markets")
ax.set(xlabel="week", ylabel="sold / its own median", ylim=(0, None))
fig.legend(loc="outside lower center")
plots.show(fig, "Avocados sold, week by week, in 45 markets: they rise and fall together.",
           share.median(axis=1).nlargest(6).round(2).to_frame("median of 45 markets"))

# %% [markdown]
# <details><summary>One answer</summary>
#
# Each year's highest peak is the week of the Super Bowl, early in February: the country eats guacamole before the television. In these four weeks 43 to 45 of the 45 markets sold more than the week before. (Another peak, in early May: Cinco de Mayo, the 5th.)
#
# </details>
#
# ## As last week
#
# We forecast *logarithms*, so that large and small markets count alike: 0.1 more is about 10 % more, in Boise as in New York.
#
# The simplest rule: next week is *as last week*. Our measure is the mean absolute error: how far off a forecast is, on average.

# %% [markdown]
# **Exercise 1_markets.1 As last week.** Write a `def naive_error(logs)`: for each market (a column; a row is a week) the mean absolute error of "as last week". `logs.shift(1)` puts beside each week the one before; `.mean()` leaves out what is missing.

# %% exercise="1_markets.1"
naive_error = ...
### BEGIN SOLUTION
def naive_error(logs):
    return (logs - logs.shift(1)).abs().mean()
### END SOLUTION

# %% check="1_markets.1"
exercises.check("1_markets.1", naive_error)

# %% [markdown]
# So far off is it in the easiest and the hardest markets. (An error of e on the logarithm is a factor of exp(e): `np.expm1(e)` is what it adds to 1.)

# %%
logs = np.log(sold)
last = logs.shift(1)
changes = logs - last
off = (100 * np.expm1(changes.abs().mean())).sort_values()
off.iloc[[0, 1, -2, -1]].round().astype(int).to_frame("as last week: off (%)")

# %% [markdown]
# ## One model for all markets
#
# [Gradient boosting](../glossary.md#gradient-boosting) learns the *change* since last week, from all markets at once. `forecasts.market_columns` makes its columns, a row for each week and market: weeks and means before (as logarithms, less last week: `lag 2` is two weeks before), last week's price, the week of the year. All of it is known when you order.

# %%
X = forecasts.market_columns(logs, prices)
target = changes.stack(future_stack=True)
X.loc["2018-01-07"].head(3).round(2)

# %% [markdown]
# ## The claim, as it will be judged
#
# Five rivals: last week, 52 weeks before, the mean of the last four weeks, **smoothing** (each week the forecast moves by a share towards what came), and **ridge**, linear regression that keeps its weights small, on our model's columns.
#
# The last 80 weeks are tested in ten blocks of 8. Before each block everything learns anew, from the past alone. Its rival is the *best of all five until then*. The margin, 10 %, is ours.
#
# The card says "best simple forecast". Ridge is simple, but machine learning, too: that may harden the test.

# %%
claim = ledger.get("ml-forecast-local")
claim

# %% [markdown]
# Trials on the weeks before make us expect ± 5 to 11 %: enough if it saves much, or nothing. **Your prediction**, in place of ours: what share of the best rival's error does gradient boosting save? And the [verdict](../glossary.md#verdict)?

# %%
predicted = {"saved (%)": 20, "verdict": "supported"}

# %% [markdown]
# ## Experiment
#
# Skim this code: it trains on the weeks before `start` and notes how far off each forecast is in the eight weeks from then on.


# %%
week = np.repeat(np.arange(len(logs)), logs.shape[1])  # of each row of X, 0 to 168


def block_of_errors(start):
    """Absolute error of each forecast in the eight weeks from `start` on, mean over markets."""
    train, test = (week >= 13) & (week < start), (week >= start) & (week < start + 8)
    model = HistGradientBoostingRegressor(loss="absolute_error", random_state=run.seed)
    smooth = forecasts.smoothing(logs, np.arange(len(logs)) < start) - last
    told = {"boosting": model.fit(X[train], target[train]).predict(X[test]),
            "ridge": forecasts.ridge(X, target, train, test), "last week": 0.0,
            "smoothing": smooth.stack(future_stack=True)[test],
            "52 weeks before": X.loc[test, "lag 52"], "mean of 4": X.loc[test, "mean 4"]}
    off = pd.DataFrame(told, X.index[test]).sub(target[test], axis=0).abs()
    return off.groupby("date").mean()


starts = range(len(logs) - settings.weeks - 16, len(logs), 8)
errors = pd.concat([block_of_errors(start) for start in starts])

# %% [markdown]
# Two blocks before the test choose the first rival; they count in no verdict. `forecasts.best_until` names the rival that was best in the blocks before; *to beat* is the error of the chosen ones, not always the best afterwards.

# %%
block = np.arange(len(errors)) // 8
rivals, tested = errors.drop(columns="boosting"), block >= 2
best = forecasts.best_until(rivals, block)[tested]
theirs = [rivals.at[day, name] for day, name in best.items()]
table = errors[tested].assign(**{"to beat": theirs})
print("rivals chosen, one after the other:", ", ".join(best.unique()))
off = pd.DataFrame({"error (logarithm)": table.mean().round(3)})
off.assign(**{"about (%)": (100 * np.expm1(off)).round(1)})

# %% [markdown]
# The interval is a [bootstrap](../glossary.md#bootstrap): *n* stretches of eight weeks are drawn, repeats allowed, again and again. All markets of a week stay together: they share holidays and harvests. Few stretches make the interval somewhat too narrow.

# %%
saved = dependent.percent_saved_in_blocks(table["boosting"], theirs, 8, run.seed)
verdict = claim.judge({"saved": saved}, run.profile)
print("the whole interval lies above 0:", "yes" if saved.low > 0 else "no")
verdict

# %% [markdown]
# Beside your predictions:

# %%
answers = {"saved (%)": saved, "verdict": verdict.word}
results.beside(predicted, answers)

# %% [markdown]
# ## How many markets are there?
#
# 80 weeks of 45 markets are 3,600 forecasts. Are they 3,600 pieces of news? The figure said no: markets move together.
#
# Let the changes of *n* markets, each in its own standard deviations, correlate at *r*, the mean over all pairs. Then their mean varies as much as that of *n* / (1 + (*n* − 1) *r*) independent markets. With *r* = 0 that is *n*; with *r* = 1 it is one.

# %% [markdown]
# **Exercise 1_markets.2 Markets that count.** Write a `def as_good_as(changes)` that computes this number from a table with a column for each market. `changes.corr()` is the table of correlations of each two columns. Guess before you run it: how many are our 45?

# %% exercise="1_markets.2"
as_good_as = ...
### BEGIN SOLUTION
def as_good_as(changes):
    n = changes.shape[1]
    r = (changes.corr().to_numpy().sum() - n) / (n * (n - 1))
    return n / (1 + (n - 1) * r)
### END SOLUTION

# %% check="1_markets.2"
exercises.check("1_markets.2", as_good_as)

# %% [markdown]
# Now ours, and what it would take to know more:

# %%
n, half = len(sold.columns), (saved.high - saved.low) / 2
r = changes.corr().to_numpy()[np.triu_indices(n, k=1)].mean()
text_view.folded(
    "Our 45",
    f"Two markets' changes correlate at {r:.2f}, on average: {n} are as good as "
    f"{n / (1 + (n - 1) * r):.1f} independent ones. If errors correlate alike, more markets hardly "
    "help; more weeks do. "
    f"{saved.n} stretches of eight weeks give ± {half:.0f} %. That shrinks with the root of the "
    f"number of weeks: ± 3 % takes about {settings.weeks * (half / 3) ** 2 / 52:.0f} years.",
)

# %% [markdown]
# ## What this lab adds to lesson 1
#
# - Thousands of rows can be few pieces of news. Count what varies on its own.
# - In a bootstrap, what varies together is drawn together: all markets of a week, weeks in stretches.
# - Logarithms let large and small count alike.
# - The verdict is about 45 markets and one week ahead. One shop's sales may vary far more.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
