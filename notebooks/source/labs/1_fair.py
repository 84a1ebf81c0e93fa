# %% [markdown]
# # Lab 1 · Do biased labels make a model unfair?
#
# **The claim.** A model trained on biased labels makes unfair predictions.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Ethical Challenges and Bias".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): logistic regression, folds, intervals, verdicts. Allow 45 minutes. (Cells that load or draw can be skimmed.)
#
# **Why this matters.** A bank, a school or a court lets a model learn from what people decided before. If they were harder on one group, the labels carry it, and a model may learn it. A first remedy: delete the column that names the group. Does it work?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import linear_model, model_selection
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import tables
from course_utils.exercises.lab_1_fair import exercises, flipped
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots

run = start("1_fair")
costs.use_one_core()
plots.use_style()
settings = run.settings(shares=[0, 0.1, 0.2, 0.3], folds=5, repeats=20)

# %% [markdown]
# ## Two tables
#
# **Arrests.** Each row is a person whom the police of Toronto arrested for a little marijuana between 1997 and 2002. The [label](../glossary.md#label) says whether the person was released with a summons: the favourable outcome. `colour` is what an officer wrote down, Black or White. The other columns: age, year, sex, job, citizenship, and in how many police files the name stood.
#
# Behind each row is a person, and this lab says nothing about anybody's guilt, the police or the law. **A recorded label is what somebody decided, not the truth.**

# %%
arrests = tables.load_arrests()
X = arrests[["age", "year", "checks"]].copy()
for column, value in {"sex": "Male", "employed": "Yes", "citizen": "Yes"}.items():
    X[column] = arrests[column] == value
black, released = arrests["colour"] == "Black", arrests["released"] == "Yes"
cases = {"arrests": (X.to_numpy(float), black.to_numpy(), released.to_numpy(float))}

# %% [markdown]
# **Lifts.** Each row is an athlete's last complete international powerlifting meet since 2000: age, bodyweight, and the best squat, bench press and deadlift in kg. The favourable label: among the first three of the class. Women and men compete apart. We chose this table before anybody had looked, because kilograms ought to tell a good deal about sex.
#
# From here on, "the group" is Black people in arrests and women in lifts.

# %%
columns = ["age", "bodyweight_kg", "best3squat_kg", "best3bench_kg", "best3deadlift_kg"]
lifts = tables.load_lifts().query("event == 'SBD' and date >= '2000'")
lifts = lifts[lifts[columns].gt(0).all(axis=1)].sort_values("date", kind="stable")
lifts = lifts.drop_duplicates("name", keep="last")
women, first_three = lifts["sex"] == "F", lifts["place"].isin(["1", "2", "3"])
cases["lifts"] = (lifts[columns].to_numpy(), women.to_numpy(), first_three.to_numpy(float))
for name, (X, group, good) in cases.items():
    for who, rows in {"group": group, "others": ~group}.items():
        print(f"{name}, {who}: {rows.sum():,} rows, {100 * good[rows].mean():.0f} % favourable")

# %% [markdown]
# Favourable labels are not equally frequent. Is that unfair? No table can tell: we do not know what the labels should have been. So we make labels wrong *ourselves*. We know exactly what we added.
#
# **Exercise 1_fair.1 Bias by hand.** Write `flip(good, group, share, rng)`. `good` is an array of the numbers 1 (favourable) and 0 (`good == 1` makes booleans of it), `group` is True for members. Give a *copy* of `good` in which this share of the *group's favourable* labels, drawn at random, is 0. (`np.flatnonzero` gives row numbers, `rng.choice(rows, n, replace=False)` draws n of them, `round` makes a whole number.)

# %% exercise="1_fair.1"
flip = ...


### BEGIN SOLUTION
def flip(good, group, share, rng):
    flipped = good.copy()
    rows = np.flatnonzero(group & (good == 1))
    flipped[rng.choice(rows, round(share * len(rows)), replace=False)] = 0
    return flipped


### END SOLUTION

# %% check="1_fair.1"
exercises.check("1_fair.1", flip)

# %% [markdown]
# ## What is "unfair"?
#
# There are many definitions, and they contradict each other. Ours: the **gap** is the mean predicted probability of the others minus that of the group. (Books call a gap of 0 *demographic parity*. A rival, *equal opportunity*, looks only at those who deserve a yes.) Unfair, here, is *only* what our turned labels add (in lifts the gap starts negative).
#
# The model is the lesson's [logistic regression](../glossary.md#logistic-regression).


# %%
def new_model():
    """A fresh, untrained model."""
    return make_pipeline(StandardScaler(), linear_model.LogisticRegression())


def gap(values, group):
    """Mean of the others minus mean of the group."""
    return values[~group].mean() - values[group].mean()


# %% [markdown]
# A try on arrests: train on recorded and on turned labels (30 %), and ask about other people. The model sees the group as one more column. (`flipped` is the lab's own `flip`.)

# %%
X, group, good = cases["arrests"]
train, test = model_selection.train_test_split(np.arange(len(good)), random_state=run.seed)
wrong = flipped(good[train], group[train], 0.3, np.random.default_rng(run.seed))
seen = np.column_stack([X, group])
for name, labels in {"as recorded": good[train], "30 % turned": wrong}.items():
    p = new_model().fit(seen[train], labels).predict_proba(seen[test])[:, 1]
    both = 100 * gap(labels, group[train]), 100 * gap(p, group[test])
    print(f"{name}: gap in labels {both[0]:.1f} points, in predictions {both[1]:.1f}")
exercises.given("1_fair.2", X=X, group=group, train=train, test=test, new_model=new_model)

# %% [markdown]
# ## The claims, as they will be judged
#
# Divide the growth of the predictions' gap by what the group's turned labels add: 1 means that the model passes on all of the bias, 0 none. The [ledger](../glossary.md#ledger) asks for more than 0.5 when the model sees the group's column. That *must* hold, for such a model nearly matches each group's mean label: a demonstration. (Control: in both groups the same share of *all people* loses a favourable label; then the gap should stay.)
#
# The open question, a claim of its own, is the remedy: without the column, less than half gets through.

# %%
claim, remedy = ledger.get("ml-label-bias"), ledger.get("ml-label-bias-dropped")
display(claim)
remedy

# %% [markdown]
# **Your prediction**, in place of our guesses: what part of the bias gets through *without* the column? And the remedy: `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "part that gets through without the column, arrests": 0.2,
    "part that gets through without the column, lifts": 0.2,
    "ml-label-bias-dropped": "supported",
}

# %% [markdown]
# ## Experiment
#
# Twenty times five [folds](../glossary.md#fold). Each turns four doses (0 to 0.3 of the group's favourable labels), in its training rows alone. Folds keep the shares of group and label, and every kind of model sees the same ones.
#
# In a pilot (lifts before 2000, used for nothing else) twenty folds gave 0.34 without the column, with an [interval](../glossary.md#interval) 0.05 wide: narrow enough for a [margin](../glossary.md#margin) of 0.5. For arrests, a first look had given 0.06 to 0.08.


# %%
def one_fold(name, kind, train, test, seed):
    """What each dose adds to the gap, (dose, 2): in the group's labels, in probabilities."""
    X, group, good = cases[name]
    rng, gaps = np.random.default_rng(seed), []
    seen = X if kind == "without" else np.column_stack([X, group])
    ratio = good[group].mean() / good[~group].mean()  # both lose the same share of rows
    for share in settings.shares:
        labels = flipped(good[train], group[train], share, rng)
        in_labels = gap(labels, group[train])
        if kind == "control":
            labels = flipped(labels, ~group[train], share * ratio, rng)
        p = new_model().fit(seen[train], labels).predict_proba(seen[test])[:, 1]
        gaps.append([in_labels, gap(p, group[test])])
    return np.array(gaps) - gaps[0]  # minus dose 0


# %% [markdown]
# (Athletes of one class share three medals, so their rows belong together. With whole meets as folds, a trial gave the same part within 0.01.)


# %%
def all_folds(name, kind):
    """What each dose adds to the gap: (fold, dose, 2)."""
    X, group, good = cases[name]
    cutter = model_selection.RepeatedStratifiedKFold(
        n_splits=settings.folds, n_repeats=settings.repeats, random_state=run.seed
    )
    bar = enumerate(tqdm(list(cutter.split(X, 2 * group + good)), desc=f"{name}, {kind}"))
    return np.array([one_fold(name, kind, *fold, [run.seed, i]) for i, fold in bar])


kinds = ("with", "without", "control")
grown = {(name, kind): all_folds(name, kind) for name in cases for kind in kinds}

# %% [markdown]
# The further right, the more bias in the group's labels. Wide grey lines: all of it, half of it. In the control, the others' labels are turned too, which undoes it.


# %%
def interval(values):
    """Mean over folds with its corrected 95 % interval."""
    return intervals.corrected_resampled_t(values, 1 / settings.folds)


LINES = {"with": "with the column", "without": "without it", "control": "control: both groups"}
numbers, (fig, axes) = {}, plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True)
for ax, name in zip(axes, cases, strict=True):
    for i, (kind, label) in enumerate(LINES.items()):
        x, y = 100 * grown[name, kind].mean(axis=0)[:, 0], 100 * grown[name, kind][:, :, 1]
        points = {at: interval(y[:, k]) for k, at in enumerate(x)}
        plots.curve(ax, points, label, i)
        numbers |= {f"{name}, {label}, at {at:.1f}": point for at, point in points.items()}
    for part, word in ((1, "  all"), (0.5, "  half")):
        ax.plot([0, x[-1]], [0, part * x[-1]], color="#cccccc", linewidth=7, zorder=0)
        ax.text(x[-1], part * x[-1], word, va="center")
    ax.set(title=name, xlabel="gap that the group's turned labels make (points)")
axes[0].set_ylabel("gap that the model adds (points)")
axes[0].legend()
plots.show(fig, "Gap that models add, against the one that the turned labels make.", numbers)

# %% [markdown]
# ## Verdict
#
# One number a fold: the slope of the line through zero that fits its doses best. Both cards speak of logistic regression on two tables.


# %%
def passed_on(name, kind):
    """Part of the labels' gap that the model adds, with its interval."""
    x, y = grown[name, kind][:, :, 0], grown[name, kind][:, :, 1]  # (fold, dose)
    return interval((x * y).sum(axis=1) / (x * x).sum(axis=1))


given, control, dropped = (
    {name: passed_on(name, kind) for name in cases} for kind in ("with", "control", "without")
)
verdict = claim.judge({"given": given, "control": control}, run.profile)
of_remedy = remedy.judge({"dropped": dropped}, run.profile)
display(verdict)
of_remedy

# %% [markdown]
# Beside your prediction. (A test stays undecided when the interval is wide, or the value close to the margin. More repeats hardly narrow an interval, for they cut the same rows again; more rows would. And compare lifts with the pilot's 0.34: an interval speaks of its own table, not of other years.)

# %%
answers = {f"part that gets through without the column, {name}": dropped[name] for name in cases}
answers["ml-label-bias-dropped"] = of_remedy.word
results.beside(predicted, answers)

# %% [markdown]
# ## Why does some get through without the column?
#
# Because other columns tell about the group. Such a column is a **[proxy](../glossary.md#proxy)**. How much do they tell? Ask a model to predict *the group* from them.
#
# **Exercise 1_fair.2 What the other columns tell.** Write `told(X, group, train, test)`: train a new model on the training rows to predict `group`, and give the mean predicted probability of *being in the group* among the test rows' members minus that among the others. 0: they tell it nothing; 1: everything.

# %% exercise="1_fair.2"
told = ...


### BEGIN SOLUTION
def told(X, group, train, test):
    p = new_model().fit(X[train], group[train]).predict_proba(X[test])[:, 1]
    return p[group[test]].mean() - p[~group[test]].mean()


### END SOLUTION

# %% check="1_fair.2"
exercises.check("1_fair.2", told)

# %% [markdown]
# The same for both tables (in five folds, each row is asked about once). Which table has more of each?

# %%
rows, cut = {}, model_selection.StratifiedKFold(settings.folds, shuffle=True, random_state=run.seed)
for name, (X, group, good) in cases.items():
    p = model_selection.cross_val_predict(new_model(), X, group, cv=cut, method="predict_proba")
    rows[name] = [-gap(p[:, 1], group), dropped[name].effect]
pd.DataFrame(rows, ["told by the other columns", "part of the bias that got through"]).round(2)

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# If one table has more of both, that fits the idea of proxies, though two tables make no rule. The two rows need not be equal: one model was made to find the group, the other to predict something else.
#
# </details>
#
# <details><summary>So should one delete the column?</summary>
#
# It is a start, not a proof. What remains depends on the other columns and the model, so *measure* it, and for that somebody has to keep the column. Whether a gap that was there before is just, no model says: people must argue and decide.
#
# </details>

# %% [markdown]
# ## What this adds to lesson 1
#
# - A model learns the labels, with whatever is wrong in them. High accuracy does not prove it fair: the test labels come from the same hands.
# - A deleted column lives on in its proxies. Measure how much: predict the column from the others.
# - "Fair" needs a definition, chosen by people. Ours is one of many.
# - It holds for two tables, labels turned at random, and logistic regression.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% [markdown]
# Your verdicts and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict, of_remedy], exercises, predicted, answers)
