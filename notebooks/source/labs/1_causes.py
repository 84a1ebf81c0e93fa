# %% [markdown]
# # Lab 1 · Does a table show what causes what?
#
# **The claim.** Trees and linear models show what causes what.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Interpretability and Transparency".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): flights, linear models, intervals, verdicts.
#
# "Airline A is late more often, so book B." Tables show what goes together, and somebody acts on it. When may you?

# %%
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from course_utils.claims import ledger, resampling
from course_utils.claims.estimates import Estimate
from course_utils.data import tables
from course_utils.exercises.lab_1_causes import exercises
from course_utils.models import costs, like_with_like
from course_utils.report import results
from course_utils.run import start
from course_utils.show import comparison_figures, plots, text_view

# %% [markdown]
# ## Two airlines
#
# All flights of 2023 from New York's three airports that arrived. `late` is 1 for more than 15 minutes late. (Cancelled flights drop out, though cancelling, too, is something that an airline does.)

# %%
run = start("1_causes")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    draws=1000,  # how often the year is drawn anew
)
flights = tables.load_flights()
flights = flights[flights.late.notna()]
print(f"{len(flights):,} flights, {100 * flights.late.mean():.1f} % of them late")

# %% [markdown]
# Lateness comes in weeks, as weather does; we number them. Then two airlines:

# %% given="1_causes.1"
week = np.minimum((flights.date.dt.day_of_year - 1) // 7, 51)  # 52 of them
flights = flights.assign(week=week, three_hours=flights.hour // 3)
NAMES = ["United Air Lines Inc.", "Southwest Airlines Co."]
two = flights.loc[flights.carrier.isin(NAMES), ["carrier", "origin", "week", "late"]]
print("late, in %:", (100 * two.groupby("carrier").late.mean()).round(1).to_dict())
exercises.given("1_causes.1", two=two)

# %% [markdown]
# You stand at LaGuardia (`"LGA"`). Both airlines fly from here. Whose ticket do you buy?
#
# **Exercise 1_causes.1 The same airport.** How many [points](../glossary.md#percentage-point) is United's share of late flights above Southwest's (a minus, if it is below), **from LaGuardia alone**? Use `two`.

# %% exercise="1_causes.1"
gap_at_lga = ...
### BEGIN SOLUTION
share_at_lga = 100 * two[two.origin == "LGA"].groupby("carrier").late.mean()
gap_at_lga = share_at_lga[NAMES[0]] - share_at_lga[NAMES[1]]
### END SOLUTION

# %% check="1_causes.1"
exercises.check("1_causes.1", gap_at_lga)

# %% [markdown]
# Now look. Left, both shares, with 95 % [intervals](../glossary.md#interval) from drawing whole weeks anew: flights of one stormy week are late together. Right, why: each airline's airports as boxes, as *wide* as their part of its flights, as *high* as their share of late ones. Dashed is the airline's average.


# %%
def late_share(rows):
    """Late flights in %, with an interval over weeks."""
    weekly = rows.groupby("week").late.agg(["sum", "size"]).to_numpy(float).T  # (2, week)
    return resampling.ratio_of_totals(100 * weekly[:1], weekly[1:], run.seed)


its = {name: two[two.carrier == name] for name in NAMES}
places = ["all airports", "LaGuardia alone"]
at_lga = {name: rows[rows.origin == "LGA"] for name, rows in its.items()}
shares = {name: [late_share(its[name]), late_share(at_lga[name])] for name in NAMES}
what, labels = ("carrier", "origin", "late"), {"LGA": "LaGuardia", "EWR": "Newark"}
fig = comparison_figures.taken_apart(two, what, shares, places, labels)
numbers = {f"{name}, {place}": shares[name][i] for name in NAMES for i, place in enumerate(places)}
plots.show(fig, "Left, the lines of two airlines cross; right, their airports as boxes.", numbers)

# %% [markdown]
# ```
# airline  ←  airport  →  late
# ```
#
# You know from where, where to and when before you choose an airline. So the airport comes first; it makes airline and lateness go together ([correlation](../glossary.md#correlation)). Such a common cause is a **[confounder](../glossary.md#confounder)**. An order that turns when the groups are taken apart is called **Simpson's paradox**. (Is the order clear enough not to be chance? We come back to this pair.)
#
# <details><summary>Does this show that United is better at Newark, too?</summary>
#
# No. Southwest does not fly from there. Where nobody can be compared, no table helps.
#
# </details>

# %% [markdown]
# ## Like with like
#
# So compare only flights of equal airport, destination, month and three hours of the day: a **cell**. In each cell take the difference of two airlines, then the mean over cells. One flight of *b* beside many of *a* says little; so a cell weighs `n_a · n_b / (n_a + n_b)`. Two cells as an example:
#
# | | flights of a | late | flights of b | late | a − b |
# |---|---|---|---|---|---|
# | cell 1 | 10 | 1 | 80 | 12 | 0.10 − 0.15 |
# | cell 2 | 90 | 27 | 20 | 8 | 0.30 − 0.40 |
# | raw | 100 | 28 | 100 | 20 | 0.28 − 0.20 |
#
# **Exercise 1_causes.2 Like with like.** Write `within(n_a, late_a, n_b, late_b)`: arrays with a number for each cell go in; the weighted mean of (share of late flights of a − that of b) comes out, as a share between −1 and 1. Cells in which one airline has no flight do not count.

# %% exercise="1_causes.2"
within = ...
### BEGIN SOLUTION
def within(n_a, late_a, n_b, late_b):
    weight = n_a * n_b / np.maximum(n_a + n_b, 1)  # 0 where one has no flight
    return np.average(late_a / np.maximum(n_a, 1) - late_b / np.maximum(n_b, 1), weights=weight)
### END SOLUTION

# %% check="1_causes.2"
exercises.check("1_causes.2", within)

# %% [markdown]
# This *is* a linear model: the [coefficient](../glossary.md#coefficient) of "is a", when each cell has a column of its own. For the example (`like_with_like.within` is the exercise's function; a row stands for a flight and says: is a, is in cell 1, is in cell 2):

# %%
n_a, late_a, n_b, late_b = np.array([[10, 90], [1, 27], [80, 20], [12, 8]])
late = [np.arange(n) < k for n, k in zip([*n_a, *n_b], [*late_a, *late_b], strict=True)]
rows = np.repeat([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]], [*n_a, *n_b], axis=0)
linear = LinearRegression(fit_intercept=False).fit(rows, np.concatenate(late))
assert np.isclose(linear.coef_[0], like_with_like.within(n_a, late_a, n_b, late_b))
print(f"raw +8.0 points, like with like {100 * linear.coef_[0]:+.1f} points")

# %% [markdown]
# ## All pairs
#
# Fourteen airlines make 91 pairs. `count` counts flights and late ones by week, airline and cell. Pairs that meet in cells in fewer than half of the weeks are left out: too little to compare.

# %%
EQUAL = ["origin", "dest", "month", "three_hours"]
counted = like_with_like.count(flights, "carrier", EQUAL, "late", "week", least_weeks=26)
pairs = [f"{counted.groups[a]} − {counted.groups[b]}" for a, b in counted.pairs]
print(f"{len(pairs)} pairs; {counted.never} more never meet, {counted.seldom} too seldom")

# %% [markdown]
# ## The claim, as it will be judged
#
# A raw difference is a linear model, too: one with a single column, "is a". If it showed causes, its order would stay among like flights. That can be tested.
#
# With so many pairs, some look clear by chance. So all intervals are made wider together, until in 95 of 100 such experiments **none** is wrong. "Clear" means: this wide interval does not reach 0.

# %%
claim = ledger.get("ml-cause")
claim

# %% [markdown]
# - **First row**: a count. One clearly reversed pair refutes. How sure we are is in the word "clearly", so its interval is a single number.
# - **Second row**: orders that turn, clearly or not. Some turn by chance, so this row shall never refute, only withhold "supported": its interval begins at 0.
#
# <details><summary>Is the year long enough to decide?</summary>
#
# We tried the rule on *invented* lateness in the real timetable. Only airlines differ: 8 of 12 times "supported". Airports differ most: 11 of 12 times "not supported".
#
# </details>
#
# **Your prediction**, in place of our guesses:

# %%
predicted = {"clear pairs that turn (%)": 5, "verdict": "supported"}

# %% [markdown]
# ## Experiment
#
# [Bootstrap](../glossary.md#bootstrap): draw 52 weeks with replacement, compare all pairs again, a thousand times. `simultaneous` makes the wide intervals.


# %%
def compared(counted):
    """Intervals of all raw and all like-with-like differences, and the latter's draws."""
    rng = np.random.default_rng(run.seed)
    weeks = rng.multinomial(52, np.full(52, 1 / 52), settings.draws)  # (draw, week)
    drawn = counted.differences(weeks)  # (draw, twice the pairs)
    found = resampling.simultaneous(counted.differences(np.ones((1, 52)))[0], drawn)
    found = [Estimate(each.effect, each.low, each.high, n=52) for each in found]  # of 52 weeks
    return found[: len(pairs)], found[len(pairs) :], drawn[:, len(pairs) :]


raw, alike, drawn = compared(counted)

# %% [markdown]
# One point is one pair, the airline with more late flights first. So all stand right of 0; below 0 the order turns among like flights.

# %%
named = dict(zip(pairs, raw, strict=True)), dict(zip(pairs, alike, strict=True))
ours = " − ".join(NAMES)
numbers = {"raw": [each.text() for each in raw], "like with like": [each.text() for each in alike]}
alt = "Each pair of airlines: raw difference across, difference among like flights up."
plots.show(comparison_figures.pairs(*named, named=[ours]), alt, pd.DataFrame(numbers, pairs))
hidden = sum(x.low <= 0 and y.high < 0 for x, y in zip(raw, alike, strict=True))
first, then = (each[ours].text("points") for each in named)
print(f"{ours}:\nraw {first}, like with like {then}")
print(f"Not clear raw, but clearly the other way round among like flights: {hidden} pairs.")
print("By the rule they count on neither side: their raw order may be chance.")

# %% [markdown]
# ## Verdict
#
# For the second row, each draw of weeks gives a share of clear pairs that turn. The upper end of its interval: 97.5 % of these shares are not higher.

# %%
clear = np.array([each.low > 0 for each in raw])
n, turns = int(clear.sum()), clear & [each.effect < 0 for each in alike]
reversed_ = float(np.sum(clear & [each.high < 0 for each in alike]))
upper = np.quantile(100 * (drawn[:, clear] < 0).mean(axis=1), 0.975)
turned = Estimate(100 * turns.sum() / n, 0.0, upper, n)
count = Estimate(reversed_, reversed_, reversed_, n)
verdict = claim.judge({"reversed": count, "turned": turned}, run.profile)
answers = {"clear pairs that turn (%)": turned, "verdict": verdict.word}
stay = np.sum(clear & [each.low > 0 for each in alike])
open_ = n - stay - int(reversed_)  # no longer clear
print(f"New York, 2023: {n} pairs are clear raw. Like with like, {stay} are clear in that order,")
print(f"{reversed_:.0f} clear the other way, {open_} not clear. In all, {turns.sum()} turn.")
few = "yes" if upper < 10 else "this year cannot say"
print(f"Clearly turned: {reversed_:.0f}. Do truly fewer than one in ten turn? {few.capitalize()}.")
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# **The control.** Shuffle `late` inside each cell and week: now no airline is better there, and hardly any difference within cells should be clear. And the raw ones?

# %%
mixed = like_with_like.shuffled(flights, [*EQUAL, "week"], "late", np.random.default_rng(run.seed))
again = compared(like_with_like.count(mixed, "carrier", EQUAL, "late", "week", least_weeks=26))
clear_now = [sum(not each.low <= 0 <= each.high for each in part) for part in again[:2]]
opposite = sum(x.low > 0 and y.high < 0 for x, y in zip(*again[:2], strict=True))
print(f"clear after shuffling: {clear_now[1]} like with like, {clear_now[0]} raw, of {len(pairs)}")
print(f"Like flights equal, yet {clear_now[0]} raw orders are clear. Clearly turned: {opposite}.")
if opposite == 0:
    print("So our rule could not refute here: it looks for turned orders, not for causes.")
text_view.folded(
    "No airline is better in any cell. Where do the clear raw differences come from?",
    "From where and when each airline flies, and from cells that only one airline flies: what is "
    "special about those, the place or the airline, nothing in this table can tell.",
)

# %% [markdown]
# **Is an order that stays a cause?** Not yet. Cells hold four things equal; gates and who has to connect still differ. An *intervention*, airlines drawn by lot, holds all else equal on average.
#
# <details><summary>Then make the cells finer: which of weekday, rain, departure delay and the plane's seats would you add, for the whole effect of choosing an airline?</summary>
#
# Weekday and rain: no airline makes them. Not the departure delay: it lies *between* airline and late arrival, so held equal it hides most of what the airline does. Not the seats: the plane comes with the airline that you choose.
#
# </details>

# %% [markdown]
# ## What this lab adds to lesson 1
#
# - A raw difference mixes what an airline does with where and when it flies. Like with like can turn the order.
# - Hold equal what was fixed before the choice, never its consequence. Which is which stands in no table.
# - An order that stays is not yet a cause. That takes an intervention, or assumptions that you can name.
#
# Causes aside: [would somebody else read the same from a model?](1_reading.ipynb) Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
