# %% [markdown]
# # Lab 1 · Can a model tell what tomorrow needs?
#
# **The claim.** Machine learning shines at forecasting, such as how much of something will be needed.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Applications in Real-World Scenarios", "Machine Learning" and "Retail".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): [baselines](../glossary.md#baseline), [leaks](../glossary.md#leak), [gradient boosting](../glossary.md#gradient-boosting), intervals, verdicts. It runs on its own.
#
# **Why this matters.** A clinic plans its midwives four weeks ahead; a shop orders avocados for next week. Both have the past in a table. Is a learning model worth more than "as last year"?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from course_utils.claims import dependent, ledger
from course_utils.data import tables
from course_utils.exercises.lab_1_forecast import exercises
from course_utils.models import costs, forecasts
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("1_forecast")
costs.use_one_core()
plots.use_style()
settings = run.settings(years=5, weeks=80)  # that are tested
births = tables.load_births().set_index("date")["births"].astype(float)  # one number a day
days = births.index

# %% [markdown]
# ## Look first
#
# How many children are born in the USA on a day? The table has the 3,652 days of 1994 to 2003. The mean of each day of the year:

# %%
weekend = days.day_of_week >= 5  # Saturday and Sunday
fig, ax = plt.subplots(figsize=(9, 4))
for i, (name, some) in enumerate({"Monday to Friday": ~weekend, "weekend": weekend}.items()):
    line = births[some].groupby(days[some].day_of_year).mean()
    ax.plot(line, plots.MARKERS[i], color=plots.COLOURS[i], markersize=3, label=name)
for day, name in {2: "New Year", 185: "4 July", 330: "Thanksgiving", 359: "Christmas"}.items():
    ax.axvline(day, color=plots.GREY, linestyle=":", zorder=0)
    ax.text(day - 2, 4600, name, rotation=90, ha="right", color=plots.GREY)
ax.set(xlabel="day of the year", ylabel="births a day (mean of ten years)", ylim=(4500, None))
fig.legend(loc="outside lower center", ncols=2)
plots.show(fig, "Births by day of the year: fewer at weekends, and on holidays as few as then.")

# %% [markdown]
# Babies know no calendar. Why are there fewer on 4 July, at Christmas and at weekends?
#
# <details><summary>One answer</summary>
#
# Many births are planned: caesareans and induced births are put on working days. So the calendar is in the data, and a model can learn it. (Thanksgiving is another date each year, so it is blurred.) And some parents seem to choose: look at the lonely dots near days 45, 91 and 304, which are Valentine's day, April Fools' day and Halloween.
#
# </details>

# %% [markdown]
# ## A forecast that needs no model
#
# The **horizon** is how many days ahead you forecast. On the day when you do, you know the births up to that day and not one later. The simplest rule: *as on the same weekday, the last time that is known*.
#
# `births.shift(7)` moves the numbers down by seven days: beside each day then stands what was seven days before. That is called a **lag** of 7 days.

# %% [markdown]
# **Exercise 1_forecast.1 The naive forecast.** Write `naive(births, horizon)`: for each day the number of the same weekday, as short ago as possible and at least `horizon` days. (10 days ahead, that is 14 days ago.)

# %% exercise="1_forecast.1"
naive = ...
### BEGIN SOLUTION
def naive(births, horizon):
    weeks = -(-horizon // 7)  # rounded up
    return births.shift(7 * weeks)
### END SOLUTION

# %% check="1_forecast.1"
exercises.check("1_forecast.1", naive)

# %% [markdown]
# Our measure is the mean absolute error: how many births a forecast is off on a day, on average.
#
# A second rule looks back 364 days: 52 whole weeks, so the same weekday and nearly the same date. A third multiplies that by **growth**: the last 28 known days over the same days a year before.
#
# Here they are as columns, with more lags and the calendar, all known `horizon` days before. Below, the first days of July 2003:


# %%
def columns(horizon):
    """What is known so many days before each day, one row a day."""
    table = {f"lag {k}": births.shift(k) for k in range(horizon, horizon + 7)}
    table["last 28"] = births.shift(horizon).rolling(28).mean()
    table["364"], table["728"] = births.shift(364), births.shift(728)
    table["364 × growth"] = table["364"] * table["last 28"] / table["last 28"].shift(364)
    table |= {"weekday": days.day_of_week, "month": days.month, "day of month": days.day}
    return pd.DataFrame(table | {"day of year": days.day_of_year}, days)


tables_by_horizon = {7: columns(7), 28: columns(28)}
july = tables_by_horizon[28][(days.year == 2003) & (days.month == 7)]
july.head().set_index("day of month").round().T

# %% [markdown]
# ## Gradient boosting starts where the rule ends
#
# Look at 4 July in the table. 364 days before was 5 July 2002, an ordinary Friday: the rule knows nothing of the holiday.
#
# A tree can only repeat numbers that it has seen, so it knows no growth. We let it learn a *factor* on the third rule: 0.8 on 4 July, say. It minimises the absolute error, which is what we measure.


# %%
def boosted(X, target, rule, train, test):
    """Gradient boosting on the rows `train` (True or False each); its forecast for rows `test`."""
    model = HistGradientBoostingRegressor(loss="absolute_error", random_state=run.seed)
    usable = train & rule.notna()
    model.fit(X[usable], (target / rule)[usable])
    return rule[test] * model.predict(X[test])


# %% [markdown]
# ## The leak of this lab
#
# Which days may it learn from? Lesson 1 held out random rows, then random days. Here are both ways for the same days, half of 1998: the model first learns from *all other* days up to the end of 1998, then from *the years before* alone.

# %%
X = tables_by_horizon[28]
test = (days.year == 1998) & (np.random.default_rng(run.seed).random(len(days)) < 0.5)
off = []  # births a day
for train in ((days.year <= 1998) & ~test, days.year < 1998):
    told = boosted(X, births, X["364 × growth"], train, test)
    off.append((told - births[test]).abs().mean())
print(f"all other days: {off[0]:.0f} births off a day; the years before: {off[1]:.0f}")
text_view.folded(
    "Same days, same model. Which number would you get in real life, and why do they differ?",
    f"The second, {off[1]:.0f}: nobody can learn from next month. With random days held out the "
    "model learns from the day before and the day after, and neighbours in time resemble each "
    f"other. Here that changes the error by {off[0] - off[1]:+.0f} births a day (from half a year: "
    "a rough number). With forecasts, train on the past only.",
)

# %% [markdown]
# **Exercise 1_forecast.2 The past only.** You train once, for all of `year`. The first forecast, for 1 January, is made `horizon` days before. Write `past(days, year, horizon)`: True for each of the `days` that is known *then* (the day of the forecast included), else False. `pd.Timestamp(year, 1, 1)` is 1 January, `pd.Timedelta(days=3)` are three days.

# %% exercise="1_forecast.2"
past = ...
### BEGIN SOLUTION
def past(days, year, horizon):
    made = pd.Timestamp(year, 1, 1) - pd.Timedelta(days=horizon)
    return days <= made
### END SOLUTION

# %% check="1_forecast.2"
exercises.check("1_forecast.2", past)

# %% [markdown]
# ## The claim, as it will be judged
#
# Two more rivals. **ETS** (exponential smoothing) keeps a level and a weekly pattern and moves both a little towards each new day. **Ridge** is linear regression with a penalty, on the same columns as our model. Before each test year the *best of all five until then* is chosen, and that is the one to beat, by 10 %. The second card asks the same of the shop's avocados, with far fewer weeks; you meet them below.

# %%
claim, local_claim = ledger.get("ml-forecast"), ledger.get("ml-forecast-local")
display(claim, local_claim)

# %% [markdown]
# **Your prediction**, in place of ours: what share of the best rival's error does gradient boosting save, in %, 7 days and 28 days ahead? And the [verdict](../glossary.md#verdict)?

# %%
predicted = {"saved, 7 days ahead (%)": 20, "saved, 28 days ahead (%)": 20,
             "births: verdict": "supported", "avocados: verdict": "supported"}

# %% [markdown]
# ## Experiment
#
# `forecasts.ridge` and `forecasts.weekly_ets` give the two rivals, trained on the same days. Our settings, such as the factor, were chosen on 1997 and 1998; these years choose the first rival and are tested nowhere. From their spread: five years give about ± 4 %, which decides any saving that is not close to 10 %. (Somebody had looked before: against 364 days before, an untuned model saved about 28 % at 7 days.)


# %%
def year_of_errors(horizon, year):
    """Absolute error of each forecast on each day of a year, in births."""
    X, test = tables_by_horizon[horizon], days.year == year
    known = days <= pd.Timestamp(year, 1, 1) - pd.Timedelta(days=horizon)
    train = known & X["364 × growth"].notna()
    told = {"boosting": boosted(X, births, X["364 × growth"], train, test),
            "ridge": forecasts.ridge(X, births, train, test),
            "ETS": forecasts.weekly_ets(births, known, horizon // 7)[test],
            "same weekday": births.shift(horizon)[test],  # horizons of whole weeks
            **{name: X.loc[test, name] for name in ("364", "364 × growth")}}
    return pd.DataFrame(told, days[test]).sub(births[test], axis=0).abs()


years = range(2002 - settings.years, 2004)
errors = {h: pd.concat([year_of_errors(h, year) for year in years]) for h in (7, 28)}

# %% [markdown]
# `forecasts.best_until` names for each day the rival that was best in the years before. What follows is the mean absolute error of each, in births a day, first 7 and then 28 days ahead. Stretches of 28 days are drawn anew as wholes (*n* counts them): a strange week makes seven strange days, not seven pieces of news.


# %%
def saved_against_best(errors, period, first, block):
    """What the model saves from period `first` on; prints all errors and who the rivals were."""
    rivals, tested = errors.drop(columns="boosting"), period >= first
    best = forecasts.best_until(rivals, period)[tested]
    theirs = [rivals.at[day, name] for day, name in best.items()]
    print(errors[tested].mean().map("{:.3g}".format).to_string())
    print("to beat, one after the other:", ", ".join(best.unique()), "\n")
    return dependent.percent_saved_in_blocks(errors["boosting"][tested], theirs, block, run.seed)


saved = {f"{h} days": saved_against_best(table, table.index.year, years[2], block=28)
         for h, table in errors.items()}
verdict = claim.judge({"saved": saved}, run.profile)
sure = [name for name, each in saved.items() if each.low > 0]
print("whole interval above 0, so it saves something:", ", ".join(sure) or "at no horizon")
verdict

# %% [markdown]
# "Does it save anything?" and "does it save 10 %?" are two questions; the line above the card answers the first. Where the margin lies inside an interval, five years cannot tell more than 10 % from less. The margin is the course's: what a saving is worth, the clinic must say.
#
# See for yourself where it is won and lost: the end of 2003, each forecast made four weeks before.

# %%
X = tables_by_horizon[28]
so_far = days <= pd.Timestamp(2002, 12, 4)
model = boosted(X, births, X["364 × growth"], so_far, days.year == 2003)
fig, ax = plt.subplots(figsize=(9, 4))
lines = {"born": births, "364 × growth": X["364 × growth"], "boosting": model}
for i, (name, line) in enumerate(lines.items()):
    ax.plot(line.tail(42), label=name, **plots.line_style(i), markersize=4)
ax.set(xlabel="day", ylabel="births a day")
fig.legend(loc="outside lower center", ncols=3)
plots.show(fig, "Births at the end of 2003, and two forecasts made four weeks before.")

# %% [markdown]
# ## Few weeks, many markets
#
# Now the shop: avocados sold in each of 169 weeks, in 54 places. But nine of these are sums: eight regions, and the total, which is the sum of the regions (the code checks that). 45 local markets are left.

# %%
avocados = tables.load_avocados().query("type == 'conventional'").set_index(["date", "region"])
sold = avocados["total_volume"].unstack()  # (week, place)
sums = ["California", "GreatLakes", "Midsouth", "Northeast", "Plains", "SouthCentral",
        "Southeast", "West"]
assert np.allclose(sold[sums].sum(axis=1), sold["TotalUS"])  # eight regions make the total
logs = np.log(sold.drop(columns=[*sums, "TotalUS"]))

# %% [markdown]
# One model learns all markets, one week ahead. It knows the changes up to last week, means, last week's price and the week of the year, and it forecasts the *change* of the logarithm: 0.1 more is about 10 % more.

# %%
last = logs.shift(1)
known = {f"lag {k}": logs.shift(k) - last for k in (2, 3, 4, 52)} | {
    f"mean {n}": last.rolling(n).mean() - last for n in (4, 13)}
known["last price"] = avocados["average_price"].unstack()[logs.columns].shift(1)
X = pd.concat(known, axis=1).stack("region", future_stack=True)  # a row a week and market
X["week"] = X.index.get_level_values("date").isocalendar().week.to_numpy(float)

# %% [markdown]
# The last 80 weeks are tested in blocks of 8; before each block everything learns anew. Our columns were tried on the weeks before. There, four stretches of 8 weeks gave intervals of ± 8 to 18 %; ten will give about ± 5 to 11 %. That decides a large saving, or none.


# %%
change, no_rule = (logs - last).stack(future_stack=True), pd.Series(1.0, X.index)
week = np.repeat(np.arange(len(logs)), logs.shape[1])  # of each row, 0 to 168


def block_of_errors(start):
    """Absolute error of each forecast in the eight weeks from `start` on, mean over markets."""
    train, test = (week >= 13) & (week < start), (week >= start) & (week < start + 8)
    smooth = forecasts.smoothing(logs, np.arange(len(logs)) < start) - last
    told = {"boosting": boosted(X, change, no_rule, train, test),
            "ridge": forecasts.ridge(X, change, train, test), "last week": 0.0,
            "smoothing": smooth.stack(future_stack=True)[test],
            "52 weeks before": X.loc[test, "lag 52"], "mean of 4": X.loc[test, "mean 4"]}
    off = pd.DataFrame(told, X.index[test]).sub(change[test], axis=0).abs()
    return off.groupby("date").mean()


starts = range(len(logs) - settings.weeks - 16, len(logs), 8)
local = pd.concat([block_of_errors(start) for start in starts])

# %% [markdown]
# All markets of a week count as one: they share holidays and harvests.

# %%
block = np.arange(len(local)) // 8
saved_local = saved_against_best(local, block, first=2, block=8)
local_verdict = local_claim.judge({"saved": saved_local}, run.profile)
local_verdict

# %% [markdown]
# Beside your predictions, and a question: 80 weeks of 45 markets are 3,600 forecasts. Why is the interval still so wide?

# %%
answers = {f"saved, {h} days ahead (%)": saved[f"{h} days"] for h in (7, 28)}
answers |= {"births: verdict": verdict.word, "avocados: verdict": local_verdict.word}
display(results.beside(predicted, answers))
half = (saved_local.high - saved_local.low) / 2
pairs = (logs - last).corr().to_numpy()[np.triu_indices(logs.shape[1], k=1)]
text_view.folded(
    "One answer",
    f"The markets move together: from week to week, two of them change with a correlation of "
    f"{pairs.mean():.2f} on average. So weeks count, and neighbouring weeks resemble each other: "
    f"{saved_local.n} stretches of eight. The interval is ± {half:.0f} %. It shrinks with "
    f"the root of the number of weeks: for ± 3 % you would need {(half / 3) ** 2:.0f} times as "
    f"many, about {80 * (half / 3) ** 2 / 52:.0f} years.",
)

# %% [markdown]
# ## What this lab adds to lesson 1
#
# - Time has an order: train on the past, and only on what was known on the day of the forecast. A random split is a leak.
# - The baseline is not "the mean" but the best simple forecast, chosen before the test. Often it is hard to beat.
# - Thousands of rows can be few pieces of news. Count what varies on its own: here weeks, in lesson 1 days.
# - It holds for births in a whole country and avocados in 45 markets, ten and three years.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict, local_verdict], exercises, predicted, answers)
