# %% [markdown]
# # Lab 1 · Does a table show what causes what?
#
# **The claim.** Trees and linear models are easy to read. They show what causes what.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Interpretability and Transparency".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): flights, logistic regression, trees, intervals, verdicts.
#
# **Why this matters.** "Airline A is late more often, so book B." "Patients on the new drug live longer, so take it." Tables show what goes together, and somebody acts on it. When may you?

# %%
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from course_utils.claims import intervals, ledger, resampling
from course_utils.claims.estimates import Estimate
from course_utils.data import tables
from course_utils.exercises.lab_1_causes import exercises
from course_utils.models import costs, like_with_like, readings
from course_utils.report import results
from course_utils.run import start
from course_utils.show import comparison_figures, plots, text_view

# %% [markdown]
# ## Two airlines
#
# All flights of 2023 from New York's three airports that arrived. `late` is 1 for more than 15 minutes late.

# %%
run = start("1_causes")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    draws=1000,  # how often the year is drawn anew
    pairs=15,  # pairs of samples
    days=12,  # days of flights in a sample
    houses=710,  # houses in a sample
)
flights = tables.load_flights()
flights = flights[flights.late.notna()]
print(f"{len(flights):,} flights, {100 * flights.late.mean():.1f} % of them late (the baseline)")

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
# Now look. Left, both shares, with 95 % [intervals](../glossary.md#interval): whole weeks are drawn anew, as flights of one stormy week are late together. Right, why: each airline's airports as boxes, as *wide* as their part of its flights, as *high* as their share of late ones. Dashed is the airline's average.


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
# The airport goes with both, the airline and the lateness, so these two go together ([correlation](../glossary.md#correlation)). Such a common cause is a **[confounder](../glossary.md#confounder)**. An order that turns when the groups are taken apart is called **Simpson's paradox**.
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
# **Exercise 1_causes.2 Like with like.** Write `within(n_a, late_a, n_b, late_b)`: arrays with a number for each cell go in; the weighted mean of (share of late flights of a − that of b) comes out. Cells in which one airline has no flight do not count.

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
# With so many pairs, some look clear by chance. So all intervals are made wider together, until in 95 of 100 such experiments **none** is wrong. "Clear" means: this wide interval does not reach 0.

# %%
claim = ledger.get("ml-cause")
claim

# %% [markdown]
# The first row counts: one clearly reversed pair refutes. The second can only withhold "supported", so its interval begins at 0.
#
# **Is the year long enough?** We tried the rule on *invented* lateness in the real timetable. Only airlines differ: 8 of 12 times "supported". Airports differ most: 11 of 12 times "not supported". Either word can come.
#
# **Your prediction**, in place of our guesses:

# %%
predicted = {"clear pairs that turn (%)": 20, "verdict": "supported"}

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
text_view.folded(
    "What became of United and Southwest?",
    f"Raw {named[0][ours].text('points')}, like with like {named[1][ours].text('points')}. Not "
    f"clear by the raw shares, a pair can be clear the other way round: {hidden} pairs are. By the "
    "rule they count on neither side: nobody could read an order from their raw shares.",
)

# %% [markdown]
# ## Verdict
#
# Second test: each draw gives a share of clear pairs that turn; 97.5 % of the draws stay below its upper end.

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
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# **The control.** Shuffle `late` inside each cell: now no airline is better there, and no difference within cells should be clear (but by chance in one run of twenty). And the raw ones?

# %%
mixed = like_with_like.shuffled(flights, EQUAL, "late", np.random.default_rng(run.seed))
again = compared(like_with_like.count(mixed, "carrier", EQUAL, "late", "week", least_weeks=26))
clear_now = [sum(not each.low <= 0 <= each.high for each in part) for part in again[:2]]
print(f"clear after shuffling: {clear_now[1]} like with like, {clear_now[0]} raw, of {len(pairs)}")
text_view.folded(
    "No airline is better in any cell. Where do the clear raw differences come from?",
    "From where and when each airline flies, and from cells that only one airline flies: what is "
    "special about those, the place or the airline, nothing in this table can tell.",
)

# %% [markdown]
# **Is an order that stays a cause?** Not yet. Cells hold four things equal; gates and who has to connect still differ. Only an *intervention*, airlines drawn by lot, would hold everything equal.
#
# <details><summary>Then make the cells finer: which of weekday, rain, departure delay and the plane's seats would you add, for the whole effect of choosing an airline?</summary>
#
# Weekday and rain: no airline makes them. Not the departure delay: it lies *between* airline and late arrival, so held equal it hides most of what the airline does. Not the seats: the airline chose the plane.
#
# </details>

# %% [markdown]
# ## And is it easy to read?
#
# Usually one reads a model of *all* columns. The least that "easy to read" can mean: somebody with other rows reads the same. So `disjoint` cuts out pairs of samples: twelve days of flights and twelve others, 710 of lesson 1's houses (what will they sell for?) and 710 others. To each sample, `read_all` fits a linear model and a [tree](../glossary.md#decision-tree) of three levels.
#
# - Coefficients of at least a tenth of the largest should keep their **sign**: 90 % of them.
# - Trees should ask for the same **columns**. *Jaccard index*: columns in both, over columns in either; corrected so that 100 % is the same, 0 random. Needed: 50 %.
#
# **Enough pairs?** We *invented* lateness and prices. If 82 % of the signs are truly kept, fifteen pairs say so in 75 of 100 tries; 60 or 95 %, always. Trees: 34 %, in 69; 20 or 69 %, in 93 or more. Larger samples leave fewer pairs. (Our first try, whose results we saw, halved each table twenty times. Such halves share rows: it could not decide.)

# %%
CATEGORIES = ["carrier", "origin", "dest", "weekday"]
NUMBERS = ["month", "hour", "distance", "seats", "plane_year", *tables.WEATHER]
NUMBERS.remove("wind_gust")  # wind_speed in another unit: a tree could ask for either
houses = tables.load_houses()
measured = houses.columns.drop(["id", "date", "price", "zipcode", "sqft_basement"]).tolist()
houses["log_price"] = np.log10(houses.price)
columns = {"flights": (CATEGORIES, NUMBERS, "late"), "houses": ([], measured, "log_price")}
samples = {
    "flights": readings.disjoint(flights, "date", settings.days, settings.pairs, run.seed),
    "houses": readings.disjoint(houses, "id", settings.houses, settings.pairs, run.seed),
}
read = {table: readings.read_all(samples[table], columns[table]) for table in samples}
n_rows = {t: np.mean([len(x) for pair in both for x in pair]) for t, both in samples.items()}
print({table: f"{n:,.0f} rows a sample" for table, n in n_rows.items()})

# %% [markdown]
# The first pair of each: one point is one large coefficient; in the shaded corners it changes its sign. Below, the columns that the trees ask for.

# %%
first = {table: each[0] for table, each in read.items()}
large = {t: each.coefficients[:, readings.large(each.coefficients[0])] for t, each in first.items()}
plots.show(comparison_figures.signs(large), "Large coefficients from two samples of each table.")
words = [[", ".join(sorted(sample)) for sample in each.asked] for each in first.values()]
pd.DataFrame(words, list(first), ["asked on one sample", "asked on the other"])

# %% [markdown]
# Two verdicts. No two samples share a day or a house: fifteen independent values, so lesson 1's plain t interval holds. The word holds for samples of this size.

# %%
signs, asked = {}, {}
n_columns = {table: len(each[0] + each[1]) for table, each in columns.items()}
for table, each in read.items():
    kept = [readings.signs_kept(pair.coefficients) for pair in each]
    shared = [readings.shared_columns(*pair.asked, n_columns[table]) for pair in each]
    signs[table], asked[table] = intervals.t_interval(kept), intervals.t_interval(shared)
linear_verdict = ledger.get("ml-interpretable").judge({"sign_kept": signs}, run.profile)
tree_verdict = ledger.get("ml-interpretable-tree").judge({"same_columns": asked}, run.profile)
n_flights, n_sales = n_rows.values()
print(f"For {n_flights:,.0f} flights of {settings.days} days, and for {n_sales:,.0f} sales:")
display(linear_verdict, tree_verdict)
often = readings.turns(read["flights"], least=settings.pairs * 4 // 3)
often = [f"{name} {turned} of {times}" for name, turned, times in often]
text_view.folded(
    "Which coefficients of the flights stay, and which turn?",
    f"Other sign (or none) on the other sample, of times large: {', '.join(often[:7])} … "
    f"{', '.join(often[-7:])}.\n\nThe dew point (dewp) follows from temp and humid: they share "
    f"one effect. {settings.days} days hold one or two Mondays: a storm may be read as Monday.",
)

# %% [markdown]
# ## What this lab adds to lesson 1
#
# - A linear model and a tree are easy to **print**. Whether two readers read the same is a question for data: columns that say nearly the same take each other's place.
# - A raw difference mixes what an airline does with where and when it flies. Like with like can turn the order.
# - What is held equal must be a common cause, never a consequence. Which is which stands in no table.
# - An order that stays is not yet a cause. That takes an intervention, or assumptions that you can name.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict, linear_verdict, tree_verdict], exercises, predicted, answers)
