# %% [markdown]
# # Lesson 1 · Will my flight be late?
#
# **Why this matters.** You fly from New York and change planes where you land, with fifteen minutes to spare. Can a program say before you leave whether that will work? Airlines, banks and shops ask tables such questions all day. Some say that a small *classic* model will do; others, that it takes a neural network. You will try both, starting with a rule of your own, and let a year of real flights decide.
#
# You need Python and a little pandas. It takes two and a half hours, with three places to stop. Run the cells in order (Shift + Enter).
#
# *The claims are from "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024).*

# %% [markdown] slide="Fifteen minutes to change planes"
# You fly from New York and change planes where you land. Can a program say **before you leave** whether that will work?
#
# - Every domestic flight that left New York in 2023, with its plane and the weather an hour before
# - **Late**: arrived more than 15 minutes after schedule
#
# **Write down:** how many flights of 100 are late?

# %% [markdown]
# ## What you will learn
#
# 1. what a **[baseline](glossary.md#baseline)** is;
# 2. what a **[leak](glossary.md#leak)** is, and how to find three kinds of it;
# 3. what **[overfitting](glossary.md#overfitting)** is, and how to see it;
# 4. what a **[pipeline](glossary.md#pipeline)** does;
# 5. what **[precision](glossary.md#precision)** and **[recall](glossary.md#recall)** are;
# 6. what a **[fold](glossary.md#fold)** and an **[interval](glossary.md#interval)** are;
# 7. what a **[verdict](glossary.md#verdict)** is.
#
# This loads the tools; you need not read it. `start` says under which conditions the lesson runs (its [profile](glossary.md#profile)) and [seeds](glossary.md#seed) all chance: one computer gives the same numbers again, apart from times. `use_one_core` gives every model one processor core.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats
from sklearn import compose, dummy, ensemble, impute, linear_model, metrics, model_selection
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, plot_tree
from tqdm import tqdm

from course_utils.claims import intervals, ledger, ranking
from course_utils.data import tables as data
from course_utils.exercises.lesson_1 import exercises
from course_utils.models import choosing, costs
from course_utils.models.tabular import TabularClassifier, TabularRegressor
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("1_classic_ml")
costs.use_one_core()
plots.use_style()

# %% [markdown]
# ## The table
#
# Every domestic flight that was to leave New York in 2023, with its plane and the weather an hour before. **Late** means: arrived more than 15 minutes after schedule. Cancelled flights never arrive, and are left out. (`datasets/flights.md` explains each column.)
#
# We draw 25,000 flights and put 5,000 aside. From the **training** flights models learn. The **[validation](glossary.md#validation)** flights show how good they are on flights that they have never met.

# %%
flights = data.load_flights()
print(f"{100 * flights['cancelled'].mean():.1f} % of {len(flights):,} flights were cancelled")
drawn = flights.dropna(subset="late").sample(25_000, random_state=run.seed)
train, validation = model_selection.train_test_split(drawn, test_size=0.2, random_state=run.seed)
train[["date", "hour", "carrier", "dest", "wind_speed", "dep_delay", "arr_delay", "late"]].head(4)

# %% [markdown]
# A row is a flight; `hour` is that of the scheduled departure, delays are in minutes. When do late flights leave? (A figure's numbers unfold below.)

# %% [markdown] slide="When do late flights leave?"
# **Draw the curve on paper**, from morning to midnight. Then compare.

# %% slide="later"
by_hour = train.groupby("hour")["late"].agg(["mean", "sem"]) * 100
fig, ax = plt.subplots()
ax.errorbar(by_hour.index, by_hour["mean"], 2 * by_hour["sem"], marker="o", capsize=3)
ax.axhline(100 * train["late"].mean(), color=plots.GREY, linestyle=":")
ax.set(xlabel="hour of departure", ylabel="late flights (%); dotted: all", xticks=range(5, 24, 2))
plots.show(fig, "Share of late flights by hour, with 95 % intervals.", by_hour.round(1))

# %% [markdown]
# ## A game of two flights
#
# One of these two was late, the other was not. Which one would you bet on?

# %% [markdown] slide="One of these two was late. Which one?"

# %% slide="+" shows="1"
pair = train.groupby("late").sample(1, random_state=run.seed)  # one of each
pair = pair.sample(2, random_state=run.seed).set_axis(["flight A", "flight B"])
display(pair[["month", "hour", "weekday", "carrier", "origin", "dest", "precip", "visib"]].T)
text_view.folded("Which one was late?", pair["late"].idxmax())

# %% [markdown] slide="later"
# A model plays this game with every pair, and bets on the flight with the higher **score**. The share of pairs that it wins is its **AUC**. A coin wins 50 %.

# %% [markdown]
# A model plays the same game. It gives each flight a **score**, higher the likelier it thinks the flight late, and bets on the higher one. The share of all pairs that it wins is called **[AUC](glossary.md#auc)**. Whoever tosses a coin wins 50 %: that is the **baseline**, the score of knowing nothing.

# %% [markdown]
# **1.1 Write the referee.** `pairs_won(late_scores, punctual_scores)` gets two arrays. It lets each late flight meet each punctual one, and returns in how many % of the pairs the late one is higher. Equal scores count half: `pairs_won([3, 2], [2])` is 75. `exercises.hint("1.1")` in a new cell gives a nudge.

# %% [markdown] slide="Be the referee, then the model"
# In pairs, in the notebook:
#
# - **1.1** Write `pairs_won(late_scores, punctual_scores)`: in how many % of the pairs is the late flight higher? Equal scores count half.
# - **1.2** Write `my_rule(flights)`, which returns a number for each flight. Above 62 % of the pairs passes.
#
# Which rule in the room wins the most pairs?

# %% exercise="1.1"
pairs_won = ...
### BEGIN SOLUTION
def pairs_won(late_scores, punctual_scores):
    points = 0
    for one in late_scores:
        points += np.sum(one > punctual_scores) + 0.5 * np.sum(one == punctual_scores)
    return 100 * points / (len(late_scores) * len(punctual_scores))
### END SOLUTION

# %% check="1.1"
exercises.check("1.1", pairs_won)

# %% [markdown]
# The library's referee is `roc_auc_score`. Let the hour play: it bets on the flight that leaves later in the day.


# %%
def auc(flights, scores):
    return 100 * metrics.roc_auc_score(flights["late"], scores)


print(f"the hour wins {auc(validation, validation['hour']):.1f} % of the pairs")
NUMBERS = ["month", "hour", "distance", "seats", "plane_year", *data.WEATHER]
CATEGORIES = ["carrier", "origin", "dest", "weekday"]
exercises.given("1.2", flights=validation[NUMBERS + CATEGORIES], late=validation["late"])

# %% [markdown]
# **1.2 Your own rule.** You are the model. Write `my_rule(flights)`: it gets a table and returns one number a flight, higher for those that you would bet on. You have `month`, `hour`, `weekday`, `carrier`, `origin`, `dest`, `distance` and the weather: `temp` (°F), `wind_speed` (mph), `precip` (inches of rain in an hour), `visib` (miles that one sees, at most 10). Some cells are empty: `flights["visib"].fillna(10)` fills them. The validation flights judge: above 62 % passes. Begin with `return flights["hour"]`.

# %% exercise="1.2"
my_rule = ...
### BEGIN SOLUTION
def my_rule(flights):
    fog = 10 - flights["visib"].fillna(10)
    return flights["hour"] + fog + 5 * flights["month"].isin([6, 7])
### END SOLUTION

# %% check="1.2"
exercises.check("1.2", my_rule)

# %% [markdown]
# ## Too good to be true
#
# A rule of ours (a point an hour, one for each mile of fog, five in June and July), yours, and a colleague's, who takes a single column:

# %% [markdown] slide="Too good to be true" ask=1
# A colleague uses a single column. **Which one could that be, and what is wrong with it?**

# %% slide="later"
fog = 10 - validation["visib"].fillna(10)
by_hand = validation["hour"] + fog + 5 * validation["month"].isin([6, 7])
print(f"our rule wins {auc(validation, by_hand):.1f} % of the pairs")
if exercises.statuses["1.2"] == "correct":
    print(f"yours wins {auc(validation, my_rule(validation)):.1f} %")
print(f"the colleague's wins {auc(validation, validation['dep_delay']):.1f} %")

# %% [markdown]
# Machine learning has to beat yours. And the colleague? `dep_delay` says how late the flight *left*. We ask an hour before; nobody knows it then. What lets it in is a **leak**. Ask of every column *when it is known*.
#
# Which of these leak, too: `arr_time` (when it landed), `sched_arr_time` (when it should), `air_time`, `seats`?
#
# <details><summary>Compare your answer</summary>
#
# `arr_time` and `air_time`. The others are known.
#
# </details>
#
# ## A model by hand
#
# From here on models get only what is known then: numbers, and **categories**, whose values are names. The smallest model asks one question: *does it leave after this hour?* **Training** means to try every hour, and to keep the one that wins the most training pairs. A [decision tree](glossary.md#decision-tree) does much the same with every column of numbers, and then asks each answer a further question. The picture has two in a row (in a box: its share of the flights; shares punctual and late).

# %% [markdown] slide="A model by hand: questions in a row"
# Who chose these questions? The machine tried every cut, and kept the one that wins the most training pairs.

# %% slide="+" shows="2"
X_train, y_train = train[NUMBERS + CATEGORIES], train["late"]
X_validation, y_validation = validation[NUMBERS + CATEGORIES], validation["late"]
exercises.given("1.3", X=X_train.head(2_000), y=y_train.head(2_000), X_new=X_validation.head(200))
won = {cut: auc(train, train["hour"] > cut) for cut in range(5, 23)}
cut = max(won, key=won.get)
print(f"from {cut + 1} o'clock: {auc(validation, validation['hour'] > cut):.1f} % (validation)")
two = DecisionTreeClassifier(max_depth=2).fit(train[NUMBERS], train["late"])
fig, ax = plt.subplots(figsize=(9, 3.4))
plot_tree(two, feature_names=NUMBERS, label="root", proportion=True, impurity=False, ax=ax)
plots.show(fig, "A tree of two questions in a row, and the shares of flights that reach each box.")

# %% [markdown]
# ## Learned, or learned by heart?
#
# Nobody told the machine that hour. The deeper a tree may grow, the more it asks. What do the two lines below tell you? Which depth would you take?

# %% [markdown] slide="Learned, or learned by heart?"
# The deeper the tree, the more it asks. **Which depth would you take? Vote.**

# %% slide="+"
scores = {}
for depth in [1, 2, 3, 4, 6, 8, 10, 12, 15, 20, 30]:
    model = DecisionTreeClassifier(max_depth=depth, random_state=run.seed)
    model.fit(train[NUMBERS], train["late"])
    scores[depth] = {name: auc(part, model.predict_proba(part[NUMBERS])[:, 1])
                     for name, part in (("training", train), ("validation", validation))}
scores = pd.DataFrame(scores).T
ax = scores.plot(style=["o-", "s--"], color=plots.COLOURS[:2])
ax.axhline(50, color=plots.GREY, linestyle=":", label="a coin")
ax.set(xlabel="depth of the tree (questions in a row)", ylabel="pairs won (%)")
ax.legend()
plots.show(ax.figure, "Pairs won on training and validation flights, by depth of the tree.",
           scores.round(1))
best = scores["validation"].idxmax()

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# Left: too few questions (*underfitting*). Right: learned by heart (*overfitting*). Take the peak of the lower line.
#
# </details>
#
# **A good place to stop.** Next: a real pipeline, and two kinds of mistakes.
#
# ## A messy table
#
# Our tree saw numbers only. Airline, airports and weekday are text, and some cells are empty: one in twenty lacks the wind. (A tree sends gaps to one side.) Everything must become a number:
#
# - Empty cells of a column get its mean over the training flights ([imputation](glossary.md#imputation)).
# - Degrees, miles and inches are brought to mean 0 and spread 1 (**[scaling](glossary.md#scaling)**): else a column's unit would decide how much it may count.
# - Each value of a category becomes a column of its own, 1 where it applies and 0 elsewhere ([one-hot encoding](glossary.md#one-hot-encoding)). So `weekday` becomes seven columns, and a Monday has its 1 in one of them.
#
# Means and spreads are learned, too: taken from all flights, they would tell the training about hidden ones. That is the second kind of **leak**, and why these steps belong *into* the model. A **pipeline** glues them together; one `fit` trains them all.

# %% [markdown]
# **1.3 Write the pipeline.** `in_pipeline(model)` returns a pipeline of the three steps and `model`. You have:
#
# - `make_pipeline(step, step, …)`: one step after the other;
# - `impute.SimpleImputer()` and `StandardScaler()` for the `NUMBERS`;
# - `OneHotEncoder(handle_unknown="ignore")` for the `CATEGORIES` (a new airport gets zeros);
# - `compose.make_column_transformer((one, NUMBERS), (other, CATEGORIES))`: `one` for these columns, `other` for those.

# %% [markdown] slide="Everything must become a number"
# - Empty cells get the column's mean (**imputation**)
# - Numbers are brought to mean 0 and spread 1 (**scaling**)
# - Each airline becomes a column of its own (**one-hot encoding**)
#
# Means and spreads are learned from the training flights alone. Why?
#
# **1.3** In pairs: write `in_pipeline(model)`, which does all three and then trains the model.

# %% exercise="1.3"
in_pipeline = ...
### BEGIN SOLUTION
def in_pipeline(model):
    numbers = make_pipeline(impute.SimpleImputer(), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore")
    columns = compose.make_column_transformer((numbers, NUMBERS), (categories, CATEGORIES))
    return make_pipeline(columns, model)
### END SOLUTION

# %% check="1.3"
exercises.check("1.3", in_pipeline)

# %% [markdown]
# Ours, as scikit-learn draws it, ends with **[logistic regression](glossary.md#logistic-regression)**: it gives each column a [weight](glossary.md#weight), adds everything up, and squeezes the sum into a probability between 0 and 1. The weights are what it learns.


# %%
def linear(model, numbers=NUMBERS, categories=CATEGORIES):
    """A linear model behind the steps that make everything a number."""
    scaled = make_pipeline(impute.SimpleImputer(), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore")
    columns = compose.make_column_transformer((scaled, numbers), (one_hot, categories))
    return make_pipeline(columns, model)


logistic = linear(linear_model.LogisticRegression(C=0.1, max_iter=1000))
logistic

# %% [markdown]
# And a second model: **[gradient boosting](glossary.md#gradient-boosting)** grows up to a hundred small trees, one after the other, each to mend the mistakes of those before it. (A [random forest](glossary.md#random-forest) grows deep ones side by side, voting.) Trees only ask "above or below?", so they need no scaling, and a number for each airline or airport will do.


# %%
def boosted(model, numbers=NUMBERS, categories=CATEGORIES):
    """Boosted trees behind what they need."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = compose.make_column_transformer((codes, categories), ("passthrough", numbers))
    return make_pipeline(columns, model)


boosting = boosted(ensemble.HistGradientBoostingClassifier(random_state=run.seed))
won = {"a coin": 50, "a rule by hand": auc(validation, by_hand),
       f"a tree, {best} deep": scores["validation"].max()}
for name, model in {"logistic regression": logistic, "gradient boosting": boosting}.items():
    model.fit(X_train, y_train)
    won[name] = auc(validation, model.predict_proba(X_validation)[:, 1])
pd.Series(won, name="pairs won (%)").round(1).to_frame()

# %% [markdown]
# Is boosting better, or lucky? That comes after the next stop.
#
# ## Two kinds of mistakes
#
# A probability is not yet a decision: somebody must set the **[threshold](glossary.md#threshold)** from which we raise the alarm. The table of truth and call is the **[confusion matrix](glossary.md#confusion-matrix)**; orange boxes are mistakes. Two numbers tell what a threshold does. **Recall**: of the late flights, how many raise the alarm? **Precision**: of the alarms, how many are right?

# %% [markdown] slide="Two kinds of mistakes" ask=2
# **Recall**: of the late flights, how many raise the alarm?
#
# **Precision**: of the alarms, how many are right?
#
# Which threshold do you want if you must change planes? And a hotel that keeps rooms ready?

# %% slide="+"
p_late = boosting.predict_proba(X_validation)[:, 1]  # (5000,)
is_late = y_validation == 1  # (5000,)


def confusion_figure(threshold):
    """Rows are the truth, columns the call."""
    alarm = p_late >= threshold
    counts = metrics.confusion_matrix(is_late, alarm, labels=[True, False])
    fig, ax = plt.subplots(figsize=(5, 3.4))
    plots.confusion(ax, counts, ["late", "punctual"], ["alarm", "no alarm"])
    recall, precision = 100 * alarm[is_late].mean(), 100 * is_late[alarm].mean()
    ax.set_title(f"alarm from {threshold}: precision {precision:.0f} %, recall {recall:.0f} %")
    return fig


plots.show(confusion_figure(0.25), "Confusion matrix at the threshold 0.25.")
plots.slider(confusion_figure, list(np.arange(1, 16) / 20), "alarm from probability", start=0.25)

# %% [markdown]
# Below the picture is a slider. Which threshold would you want if you must change planes? And if you keep hotel rooms ready for those who miss theirs?
#
# <details><summary>Compare your answer</summary>
#
# No threshold is best until each mistake has a price. A missed connection costs you a night, a needless alarm a phone call: take a low one, for recall. Empty rooms cost the hotel: it takes a higher one, for precision.
#
# </details>
#
# *[Accuracy](glossary.md#accuracy)*, the share of right calls, hides the difference, and most of all for something rare. Look back at the share of cancelled flights: "it will fly", said to everybody, is right for all others, and its recall is 0 %.
#
# **A good place to stop.** Next: can you trust a score?
#
# ## One test is not enough
#
# All our scores come from one draw. So we cut the table into five parts, the **folds**: each is the test once, while the others train. That is *[cross-validation](glossary.md#cross-validation)*.
#
# How to cut? At random, or so that all flights of a *day* stay together?

# %%
X, y = drawn[NUMBERS + CATEGORIES], drawn["late"]
how = {"n_splits": 5, "shuffle": True, "random_state": run.seed}
random_folds = list(model_selection.KFold(**how).split(X))
day_folds = list(model_selection.GroupKFold(**how).split(X, groups=drawn["date"]))
print("rows to train on, to test on:", [len(rows) for rows in day_folds[0]])

# %% [markdown]
# **1.4 Write the loop.** `fold_aucs(model, X, y, folds)` trains the model on each fold's training rows, lets it score the test rows, and returns an array with one AUC a fold, in %. A fold is a pair of row numbers `(train, test)`; `X.iloc[train]` picks rows, `model.fit(X, y)` trains, and `model.predict_proba(X)[:, 1]` gives the scores.

# %% exercise="1.4"
fold_aucs = ...
### BEGIN SOLUTION
def fold_aucs(model, X, y, folds):
    scores = []
    for train, test in folds:
        model.fit(X.iloc[train], y.iloc[train])
        p = model.predict_proba(X.iloc[test])[:, 1]
        scores.append(100 * metrics.roc_auc_score(y.iloc[test], p))
    return np.array(scores)
### END SOLUTION

# %% check="1.4"
exercises.check("1.4", fold_aucs)

# %% [markdown]
# scikit-learn has your loop, too: `cross_val_score`. Both models, cut both ways:

# %% [markdown] slide="The same models, tested in two ways"
# **Why do the scores differ?** Talk to your neighbour; the next slide helps.

# %% slide="+"
measured, models = {}, {"logistic regression": logistic, "gradient boosting": boosting}
for name, model in models.items():
    for way, folds in {"random flights": random_folds, "whole days": day_folds}.items():
        shares = model_selection.cross_val_score(model, X, y, cv=folds, scoring="roc_auc")
        measured[f"{name}, {way}"] = 100 * shares
fig, ax = plt.subplots(figsize=(7.5, 2.8))
for row, aucs in enumerate(measured.values()):
    ax.plot(aucs, [row] * 5, "o", color=plots.COLOURS[row % 2], alpha=0.6)
    ax.plot(aucs.mean(), row, "|", color="black", markersize=20)
ax.set_yticks(range(4), list(measured))
ax.set_ylim(3.5, -0.5)
ax.set_xlabel("pairs won (%): a dot is a fold, a bar the mean")
plots.show(fig, "AUC in five folds, for random flights and for whole days.",
           pd.DataFrame(measured).round(1))

# %% [markdown]
# The same models, other scores. Why? Look at the year:

# %% [markdown] slide="What do flights of one day share?" ask=3
# A third kind of leak: it lies in what rows share, and no column shows it.

# %% slide="+"
year = flights.pivot_table(index="month", columns="day", values="late") * 100
fig, ax = plt.subplots(figsize=(9, 3.6))
picture = ax.imshow(year, cmap="magma_r", vmax=80, aspect="auto", extent=(0.5, 31.5, 12.5, 0.5))
ax.set(xlabel="day", ylabel="month", title="late flights (%) in 2023", yticks=year.index)
ax.grid(False)
fig.colorbar(picture)
plots.show(fig, "A calendar: on some days most flights are late, on others hardly any.",
           year.round(0))

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# Random folds put flights of the same storm into the training; month, hour and weather give the day away, most to the model that remembers most. Tomorrow is unseen: test on whole days, or, stricter, on later ones.
#
# </details>
#
# This is the third leak, and no column shows it: it lies in what rows *share*, a day, a patient, a house sold twice. Our own first split had it, too.

# %% [markdown]
# ## From scores to an interval
#
# Boosting minus logistic regression, on whole days: five differences, one mean. How far off may it be? If we drew new flights and repeated everything, a **95 % interval** would contain the true difference 95 times in 100. Its ends are mean ± half-width, and
#
# > half-width = *t* × *s* × √(1/*n*)
#
# with *n* differences, their spread *s*, and *t*, which makes it 95 %.


# %%
def usual_interval(differences):
    n = len(differences)
    half_width = stats.t.ppf(0.975, n - 1) * np.std(differences, ddof=1) * np.sqrt(1 / n)
    return np.mean(differences) - half_width, np.mean(differences) + half_width


gains = measured["gradient boosting, whole days"] - measured["logistic regression, whole days"]
print(f"mean {gains.mean():.2f} points, interval {np.round(usual_interval(gains), 2)}")

# %% [markdown]
# Is boosting better? Test the formula before you trust it. With so many flights, 40 colleagues can each compare logistic regression with a tree on 500 flights of their own, cut into five folds, four times over. The mean of all 40 is near enough to the truth. About 38 intervals should contain it.

# %%
few = ["month", "hour", "temp", "precip", "visib"]
pool = flights.dropna(subset=["late", *few]).sample(20_000, random_state=run.seed)
by_line = make_pipeline(StandardScaler(), linear_model.LogisticRegression())
pair = [by_line, DecisionTreeClassifier(max_depth=3, random_state=run.seed)]
cutter = model_selection.RepeatedKFold(n_splits=5, n_repeats=4, random_state=run.seed)
colleagues = []
for i in range(0, 20_000, 500):
    own = pool[i : i + 500]
    one, other = (model_selection.cross_val_score(model, own[few], own["late"], cv=cutter,
                                                  scoring="roc_auc") for model in pair)
    colleagues.append(100 * (one - other))
truth = np.mean(colleagues)
ends = [usual_interval(each) for each in colleagues]
print(sum(low < truth < high for low, high in ends), "of 40 intervals contain the truth")

# %% [markdown]
# The formula takes the folds for independent, but they share most of their training flights. Its intervals are too narrow. A rule of thumb repairs it (Nadeau and Bengio 2003; Bouckaert and Frank 2004): the root becomes √(1/*n* + rows tested / rows trained).

# %% [markdown]
# **1.5 An honest interval.** Write `corrected_interval(differences, test_share)`, which returns the two ends, `(low, high)`. `test_share` is the share of rows that a fold tests on: 0.2 for five folds. `usual_interval` is a good start.

# %% exercise="1.5"
corrected_interval = ...
### BEGIN SOLUTION
def corrected_interval(differences, test_share):
    n = len(differences)
    root = np.sqrt(1 / n + test_share / (1 - test_share))
    half_width = stats.t.ppf(0.975, n - 1) * np.std(differences, ddof=1) * root
    return np.mean(differences) - half_width, np.mean(differences) + half_width
### END SOLUTION

# %% check="1.5"
exercises.check("1.5", corrected_interval)

# %% [markdown]
# The same 40 colleagues, by both formulas (the course's helper computes what you wrote), and boosting again:

# %% [markdown] slide="An interval, tested before it is trusted" ask=4
# 40 colleagues measure the same thing. About 38 of their intervals should contain the truth (dashed). **1.5** repairs the formula.

# %% slide="+" shows="2"
honest = [intervals.corrected_resampled_t(each, test_share=0.2) for each in colleagues]
both = {"usual": ends, "corrected": [(each.low, each.high) for each in honest]}
fig, axes = plt.subplots(2, 1, figsize=(9, 4.6), sharex=True, sharey=True)
for ax, (name, pairs) in zip(axes, both.items(), strict=True):
    colours = [plots.GOOD if low < truth < high else plots.BAD for low, high in pairs]
    ax.vlines(range(40), *np.transpose(pairs), colours, linewidth=3)
    ax.axhline(truth, color=plots.GREY, linestyle="--")
    ax.set(ylabel="points", title=f"{name}: {colours.count(plots.GOOD)} of 40 contain the truth")
axes[1].set_xlabel("colleague; regression minus tree (orange: the interval misses the truth)")
gain = intervals.corrected_resampled_t(gains, 0.2)
print("boosting minus logistic regression:", gain.text("points"))
print("boosting is better" if gain.low > 0 else "five folds cannot tell")
plots.show(fig, "Forty intervals by each formula; those that miss the true difference are orange.")

# %% [markdown]
# ## A number instead of yes or no
#
# (An interval around 0 cannot tell who is better.) Pipelines, folds and intervals serve numbers, too: that is **[regression](glossary.md#regression)**. What will a house near Seattle sell for? The folds keep a house that was sold twice together; the baseline says the median price to everybody.

# %%
houses = data.load_houses()
AREAS = ["sqft_living", "sqft_lot", "sqft_above", "sqft_living15", "sqft_lot15"]
houses[AREAS] = np.log10(houses[AREAS])  # twice the area is the same step everywhere
ABOUT = houses.columns.drop(["id", "date", "price", "zipcode"]).to_list()
folds = list(model_selection.GroupKFold(5).split(houses, groups=houses["id"]))
models = {"the median": dummy.DummyRegressor(strategy="median"),
          "boosting": boosted(ensemble.HistGradientBoostingRegressor(), ABOUT, ["zipcode"])}
for name, model in models.items():
    errors = -model_selection.cross_val_score(model, houses[[*ABOUT, "zipcode"]], houses["price"],
                                              cv=folds, scoring="neg_mean_absolute_error")
    print(f"{name}: off by {errors.mean():,.0f} dollars")

# %% [markdown]
# **A good place to stop.**
#
# ## The claims, as they will be judged
#
# Classic models, says the article, need less computing power than deep ones and train faster. And deep learning, it says of finance, assesses risks more accurately. Our risks are lateness and a wrong price; one experiment can answer both.
#
# The course keeps a **[ledger](glossary.md#ledger)** of claims. What a claim needs was written there before the experiment ran. Its *[margins](glossary.md#margin)* (1 [percentage point](glossary.md#percentage-point), 2 %, 5 times) are judgements; but nobody may choose them after looking. A test *holds* when the **whole** interval lies on the needed side, *fails* when all of it (of several, a wider one) lies on the other, else it is *undecided*. The claim is **supported** when all its tests hold, **not supported** when one fails, else **inconclusive**.
#
# The *[MLP](glossary.md#mlp)* is a small neural network; cost is counted in **[CPU seconds](glossary.md#cpu-seconds)**, the time that the processor really worked. Read the two cards below the cell. Then **predict**: replace the dots and run it again.

# %% [markdown] slide="The claim, and what it needs"

# %% slide="+" shows="1"
claim, risk = ledger.get("ml-lightweight"), ledger.get("dl-risk")
display(claim, risk)
predicted = {
    "flights: AUC, MLP minus classic (points)": ...,
    "flights: cost, MLP over classic (times)": ...,
    "verdict, lightweight": ...,  # "supported", "not supported" or "inconclusive"
    "verdict, risk": ...,
}

# %% [markdown] slide="+"
# **Predict, then vote:** supported, not supported or inconclusive?

# %% [markdown]
# ## Experiment
#
# The challenger is made of [neurons](glossary.md#neuron): each adds up its weighted inputs, and passes the sum on if it is positive. After some hundred flights, each weight moves a little, to lessen the mistake. Ours has two [layers](glossary.md#layer) of them, hardly *deep*. For each airline or airport it learns a short list of numbers. It passes over the flights several times (**[epochs](glossary.md#epoch)**).
#
# Whoever tries more settings may find a better one, so each side has four, roughly from cheapest to dearest; the lists decide part of the cost. To choose by the test would be a leak (our tree's depth was chosen so); so the training days are cut once more. You need not read the code up to the verdict.
#
# | | ¾ of the training days | ¼ (validation) | test days |
# |---|---|---|---|
# | each try | train | score | locked |
# | the winner: the cheapest that is nearly as good as the best | train | train | **score, once** |

# %%
settings = run.settings(rows=20_000, day_folds=15, house_folds=5, house_repeats=2,
                        sizes=[1_000, 3_000, 10_000, 30_000, 100_000])
forest = {"early_stopping": False, "random_state": run.seed}
classic = [linear(linear_model.LogisticRegression(C=0.01, max_iter=1000))]
classic += [boosted(ensemble.HistGradientBoostingClassifier(max_leaf_nodes=leaves, **forest))
            for leaves in (4, 8, 31)]
network = [TabularClassifier(CATEGORIES, neurons, epochs, weight_decay=1, seed=run.seed)
           for neurons, epochs in ((64, 4), (128, 4), (128, 8), (256, 8))]
arrived = flights.dropna(subset="late")
race = {"X": arrived[NUMBERS + CATEGORIES], "y": arrived["late"].to_numpy(),
        "groups": arrived["date"].to_numpy(), "tries": {"classic": classic, "MLP": network},
        "error": lambda late, p: 100 - 100 * metrics.roc_auc_score(late, p), "near": 0.2}

# %% [markdown]
# One fold: draw 20,000 training flights, let both sides search (`choosing.cheapest_good` does what the table says, and counts the CPU seconds), and ask both winners about *all* flights of the test days.
#
# How many folds decide? In a pilot on other draws, folds varied by 0.9 points. Fifteen give an interval of ± 0.5 to 0.7, and test all 365 days: enough for a margin of 1. (`error`: 100 minus AUC; `try`: which was chosen, 1 to 4; `winner`, and `operations` in billions: its last training, not judged.)


# %%
def run_fold(race, train, test, seed):
    """What the verdict needs from one fold."""
    rows = np.random.default_rng(seed).permutation(train)[: settings.rows]
    X, y, groups = race["X"].iloc[rows], race["y"][rows], race["groups"][rows]
    found = {"answers": race["y"][test], "groups": race["groups"][test]}
    for side, tries in race["tries"].items():
        choice = choosing.cheapest_good(tries, X, y, groups, race["error"], race["near"], seed)
        said = choosing.say(choice.model, race["X"].iloc[test])
        error = race["error"](found["answers"], said)
        found |= {f"{side} try": choice.place, f"{side} error": error, f"{side} said": said,
                  f"{side} CPU s": choice.search_cpu_s, f"{side} CPU s, winner": choice.train_cpu_s,
                  f"{side} operations": costs.size(choice.model, X).train_operations / 1e9}
    return found


cutter = model_selection.GroupKFold(settings.day_folds, shuffle=True, random_state=run.seed)
folds = list(cutter.split(race["X"], groups=race["groups"]))
by_day = pd.DataFrame(run_fold(race, *fold, run.seed + i) for i, fold in enumerate(tqdm(folds)))
by_day.mean(numeric_only=True).round(2).to_frame("flights, mean of the folds")

# %% [markdown]
# The houses. The error is that of the price's logarithm, so that 10 % too much is the same mistake for a cottage and a villa.

# %%
classic = [linear(linear_model.Ridge(), ABOUT, ["zipcode"])]
for trees in (100, 200, 400):
    model = ensemble.HistGradientBoostingRegressor(max_leaf_nodes=15, max_iter=trees, **forest)
    classic.append(boosted(model, ABOUT, ["zipcode"]))
steps = {"learning_rate": 0.02, "batch_size": 512, "seed": run.seed}
network = [TabularRegressor(["zipcode"], neurons, epochs, **steps)
           for neurons, epochs in ((64, 15), (64, 30), (128, 15), (128, 30))]
homes = {"X": houses[[*ABOUT, "zipcode"]], "y": np.log10(houses["price"]).to_numpy(),
         "groups": houses["id"].to_numpy(), "tries": {"classic": classic, "MLP": network},
         "error": metrics.root_mean_squared_error, "near": 0.0007}  # 1 % of the usual error
folds = []
for seed in range(run.seed, run.seed + settings.house_repeats):
    cutter = model_selection.GroupKFold(settings.house_folds, shuffle=True, random_state=seed)
    folds += cutter.split(homes["X"], groups=homes["groups"])
by_house = pd.DataFrame(run_fold(homes, *fold, run.seed + i) for i, fold in enumerate(tqdm(folds)))
by_house.mean(numeric_only=True).round(4).to_frame("houses, mean of the folds")

# %% [markdown]
# ## Verdict
#
# In pairs. For flights the interval comes from drawing folds and whole days anew (a [bootstrap](glossary.md#bootstrap)); for houses and costs it is the corrected one. *In the interval*: the measurement does not contradict your prediction.

# %% [markdown] slide="Verdict"

# %% slide="+" shows="1"
gap = ranking.auc_gap_of_folds(by_day["answers"], by_day["MLP said"], by_day["classic said"],
                               by_day["groups"], seed=run.seed)
share = 1 / settings.house_folds
saved = intervals.paired_percent_saved(by_house["MLP error"], by_house["classic error"], share)
times = {"flights": intervals.paired_ratio(by_day["MLP CPU s"], by_day["classic CPU s"],
                                           1 / settings.day_folds),
         "houses": intervals.paired_ratio(by_house["MLP CPU s"], by_house["classic CPU s"], share)}
better = {"flights": gap, "houses": saved}
verdicts = [claim.judge({**better, "cpu_seconds": times}, run.profile),
            risk.judge(better, run.profile)]
found = (gap, times["flights"], *(each.word for each in verdicts))
answers = dict(zip(predicted, found, strict=True))
display(*verdicts, results.beside(predicted, answers))

# %% [markdown]
# ## A closer look
#
# Each dot is a fold, bars are intervals, dashed lines the margins of `ml-lightweight`: its bars must lie in the shaded part. It can fail although classic is cheaper: five times was needed.

# %% [markdown] slide="What was measured" ask=6
# A dot is a fold, a bar an interval, a dashed line a margin. The claim needs **every** bar in the shaded part. Which test decides?

# %% tags=["readme-picture"] slide="+"
fig, axes = plt.subplots(3, 1, figsize=(8, 6), height_ratios=[1, 1, 1.6])
dots = {"flights": by_day["classic error"] - by_day["MLP error"],
        "houses": 100 - 100 * by_house["MLP error"] / by_house["classic error"]}
plots.forest(axes[0], {"flights": gap}, 1, dots, direction="below")
plots.forest(axes[1], {"houses": saved}, 2, dots, direction="below")
ratios = {name: rows["MLP CPU s"] / rows["classic CPU s"]
          for name, rows in (("flights", by_day), ("houses", by_house))}
plots.forest(axes[2], times, 5, ratios)
axes[2].axvline(1, color=plots.GREY, linestyle=":")
axes[2].set_xlim(left=0.9)
axes[0].set_xlabel("AUC, MLP minus classic (points)")
axes[1].set_xlabel("error that the MLP saves (%)")
axes[2].set_xlabel("cost of the search, MLP over classic (times; 1 is equal)")
plots.show(fig, "AUC gap, error saved and cost ratio, with their margins.")

# %% [markdown]
# Optional: and with more rows? Slope 1 means that twice the rows cost twice as much. **[Operations](glossary.md#operations)** are about how many additions, multiplications and comparisons a training takes.

# %%
order = np.random.default_rng(run.seed).permutation(len(arrived))
racers = {"logistic regression": race["tries"]["classic"][0],
          "boosting": race["tries"]["classic"][2], "MLP": race["tries"]["MLP"][2]}
fig, axes = plt.subplots(1, 2, figsize=(11, 4))
for i, (name, model) in enumerate(racers.items()):
    bill = []
    for n_rows in settings.sizes:
        X, y = race["X"].iloc[order[:n_rows]], race["y"][order[:n_rows]]
        seconds = costs.cpu_seconds(lambda: model.fit(X, y))
        bill.append((seconds, costs.size(model, X).train_operations))
    for ax, cost, what in zip(axes, np.transpose(bill), ("CPU seconds", "operations"), strict=True):
        slope = intervals.power_law(settings.sizes[-3:], cost[-3:]).effect
        ax.loglog(settings.sizes, cost, **plots.line_style(i), label=f"{name}: {slope:.1f}")
        ax.set(xlabel="training flights", ylabel=f"{what}, one training")
        ax.legend(title="slope at the end")
plots.show(fig, "Seconds and operations of one training, by rows, for three models.")

# %% [markdown] slide="What does the word mean, and what not?" ask=5

# %% [markdown]
# Would you take the network? And why are seconds and operations so far apart?
#
# <details><summary>Compare your answer</summary>
#
# At a second or two, cost need not decide, and nothing speaks for the network while it is not clearly better. Its operations come in matrix products, which a processor does quickly; a tree's come one by one. A lower margin of cost, or deeper networks, could overturn a verdict.
#
# </details>
#
# ## Your turn
#
# A table of your own, in plain scikit-learn: `table = pd.read_csv("mine.csv")`. If you have none, take these penguins, with their gaps: which species is it? Compare two models and a baseline on the same folds: is the first better, the second, or can you not tell? There are three species, so count right answers: `cross_val_score` does by itself. First ask when each column is known, and which rows belong together (cut by those, with `GroupKFold`).

# %%
from sklego.datasets import load_penguins

table, target = load_penguins(as_frame=True), "species"
table.head(3)
# Your comparison here.

# %% [markdown] slide="Where to go on"
# **Your turn:** a table of your own, or the penguins. Two models, a baseline, the same folds: is one better, or can you not tell?
#
# **Labs**, 45 minutes each, by their question:
#
# - Do more labelled examples make a model better?
# - Does a table show what causes what?
# - Can a model warn of something rare, on the spot?
# - Do biased labels make a model unfair?
# - … and six more at the end of the notebook

# %% [markdown]
# <details><summary>One way to do it</summary>
#
# ```python
# table = table.dropna(subset=[target])
# X, y = table.drop(columns=target), table[target]
# numbers = list(X.select_dtypes("number"))
# categories = list(X.columns.drop(numbers))
# cutter = model_selection.RepeatedStratifiedKFold(n_splits=5, n_repeats=4, random_state=0)
# won = {}
# for name, model in {"baseline": dummy.DummyClassifier(),
#                     "A": linear_model.LogisticRegression(max_iter=1000),
#                     "B": DecisionTreeClassifier(random_state=0)}.items():
#     pipe = linear(model, numbers, categories)
#     won[name] = 100 * model_selection.cross_val_score(pipe, X, y, cv=cutter)
#     print(name, won[name].mean().round(1), "% right")
# low, high = corrected_interval(won["A"] - won["B"], 0.2)  # yours, of 1.5
# print("A is better" if low > 0 else "B is better" if high < 0 else "we cannot tell")
# ```
#
# No column names the nest, so random folds must do.
#
# </details>
#
# ## Recap
#
# 1. A **baseline** is the score of knowing nothing.
# 2. A **leak** tells the training what it will not know later: by a column, a statistic of hidden rows, or rows that were cut apart.
# 3. **Overfitting** is learning by heart: the training score rises, others fall.
# 4. A **pipeline** fills gaps, scales, turns names into numbers: learned from training rows.
# 5. **Recall**: late flights that raise the alarm. **Precision**: alarms that are right.
# 6. A **fold** is the part that is tested once; an **interval** says how far off a mean may be.
# 7. A **verdict** holds an interval against a margin.

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)

# %% [markdown]
# **Labs**, each one more question:
#
# - [Do more labelled examples make a model better?](labs/1_labels.ipynb)
# - [Does a table show what causes what?](labs/1_causes.ipynb)
# - [Would somebody else read the same from a model?](labs/1_reading.ipynb)
# - [Does data have to be cleaned and normalised first?](labs/1_cleaning.ipynb)
# - [Can a model warn of something rare, on the spot?](labs/1_rare.ipynb)
# - [Which library is this page from?](labs/1_words.ipynb)
# - [Can a model tell what tomorrow needs?](labs/1_forecast.ipynb)
# - [How many avocados will be sold next week?](labs/1_markets.ipynb)
# - [Do biased labels make a model unfair?](labs/1_fair.ipynb)
# - [Can a model sort songs that nobody has labelled?](labs/1_unsupervised.ipynb)
#
# **Next.** Here people had chosen and measured the columns. What if nobody did? [Lesson 2](2_deep_cnn.ipynb) gives a model raw pictures and asks who finds the [features](glossary.md#feature).
