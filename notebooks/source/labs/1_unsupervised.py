# %% [markdown]
# # Lab 1 · Can a model sort songs that nobody has labelled?
#
# **The claim.** A model that people do not supervise makes mistakes.
#
# *Source: "Deep Learning vs. Machine Learning: What's the Difference?" (a university's IT blog), section "What is Machine Learning?".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): pipelines, folds by group, intervals, verdicts. It runs on its own. Allow 45 minutes.
#
# **Why this matters.** Your music app has millions of songs, and nobody sits there writing "rock" on each. In lesson 1 every row had a *[label](../glossary.md#label)*, the right answer; learning from labels is called *supervised*. Here a model sees songs alone. Does it find the genres? And if not: does it find nothing?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import cluster, decomposition, ensemble, linear_model, metrics, model_selection
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import tables
from course_utils.exercises.lab_1_unsupervised import exercises
from course_utils.models import costs
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("1_unsupervised")
costs.use_one_core()
plots.use_style()
settings = run.settings(folds=5, repeats=4, most_groups=10, starts=3, rounds=60)

# %% [markdown]
# ## Songs
#
# 6,000 songs of six genres, described by ten numbers that Spotify computed from their sound: how danceable, how loud, how acoustic … A song that stands in the table several times is kept once. Songs of artists whose name begins with A or B were our pilot, and are left out from here on.

# %%
sound = ["danceability", "energy", "loudness", "speechiness", "acousticness",
         "instrumentalness", "liveness", "valence", "tempo", "duration_ms"]
songs = tables.load_songs().drop_duplicates(["artists", "track_name"])
songs = songs.assign(artist=songs["artists"].str.split(";").str[0])  # the first one named
songs = songs[~songs["artist"].str.upper().str[0].isin(["A", "B"])].sample(
    frac=1, random_state=run.seed)  # in random order: the table goes by genre
X, genres = songs[sound].to_numpy(), songs["track_genre"].to_numpy()
points = StandardScaler().fit_transform(X[:300, :2])  # (song, column), for the first exercise
exercises.given("1_unsupervised.1", points=points, centres=points[:3])
songs["track_genre"].value_counts().to_frame("songs").T

# %% [markdown]
# ## Groups without labels, by hand
#
# **[k-means](../glossary.md#k-means)** puts k points, the *centres*, somewhere among the songs and repeats two steps: (1) each song goes to the nearest centre; (2) each centre moves to the mean of its songs. When nothing moves any more, the songs of each centre are a group.
#
# We begin with 300 songs and two columns, brought to one scale: `points`, of shape (song, column). The first three songs are the centres.
#
# **Exercise 1_unsupervised.1 One round.** Write `move(points, centres)`: give the centres after one round of both steps, an array as large as `centres`. (`points[:, None] - centres` has the differences of each song and each centre, shape (song, centre, column); `np.linalg.norm(…, axis=2)` makes distances of them, `argmin` finds the smallest.)

# %% exercise="1_unsupervised.1"
move = ...


### BEGIN SOLUTION
def move(points, centres):
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)  # (song,)
    return np.array([points[nearest == k].mean(axis=0) for k in range(len(centres))])


### END SOLUTION

# %% check="1_unsupervised.1"
exercises.check("1_unsupervised.1", move)

# %% [markdown]
# The same, repeated, from the library. Crosses are the centres.

# %%
fig, axes = plt.subplots(1, 4, figsize=(11, 3), sharex=True, sharey=True)
for ax, rounds in zip(axes, (1, 2, 4, settings.rounds), strict=True):
    model = cluster.KMeans(3, init=points[:3], n_init=1, max_iter=rounds, tol=0).fit(points)
    for k in range(3):
        ax.plot(*points[model.labels_ == k].T, plots.MARKERS[k], color=plots.COLOURS[k], ms=3)
    ax.plot(*model.cluster_centers_.T, "kX", markersize=10)
    ax.set(title=f"rounds: {model.n_iter_}", xlabel="danceability (scaled)")
axes[0].set_ylabel("energy (scaled)")
plots.show(fig, "300 songs in three groups after more and more rounds; the centres settle.")

# %% [markdown]
# k-means lives by distances, and a distance adds up columns in *different units*: milliseconds, decibels, shares from 0 to 1. How much of all squared distances comes from each column, raw?

# %%
share = 100 * X.var(axis=0) / X.var(axis=0).sum()
text_view.folded(
    "Compare your answer",
    f"{share.max():.5f} % come from {sound[share.argmax()]}. Raw, the groups are groups of this "
    "one column. Scaled, each column gives 10 %: a decision too, and no label confirms it.",
)

# %% [markdown]
# ## How many groups?
#
# Somebody has to say k. Without labels one can ask how well groups are *separated*: for each song, a = its mean distance to its own group, b = that to the nearest other group; (b − a) / max(a, b) is near 1 in a clear group, and 0 on a border. The mean over songs is the **[silhouette](../glossary.md#silhouette)**. (We know that there are six genres. The model does not.)


# %%
def grouped(k):
    """An untrained pipeline that scales the columns and makes k groups."""
    means = cluster.KMeans(k, n_init=settings.starts, random_state=run.seed)
    return make_pipeline(StandardScaler(), means)


def silhouettes(X):
    """Silhouette by number of groups, of 1,000 of the songs (to save time)."""
    some = np.random.default_rng(run.seed).permutation(len(X))[:1000]
    scaled, ks = StandardScaler().fit_transform(X)[some], range(2, settings.most_groups + 1)
    return {k: metrics.silhouette_score(scaled, grouped(k).fit_predict(X)[some]) for k in ks}


found = pd.Series(silhouettes(X))
ax = found.plot(style="o-", xlabel="number of groups", ylabel="silhouette", ylim=(0, 0.5))
plots.show(ax.figure, "Silhouette against groups.", found.to_frame("silhouette").round(3))
text_view.folded(
    "Which would you choose?",
    f"The highest is {found.max():.2f}, at {found.idxmax()} groups. Mind how high that is: below "
    "0.25, it is usually said, there are hardly any separate groups. k-means divides all the same.",
)

# %% [markdown]
# Ten columns do not fit on paper. [Principal components](../glossary.md#principal-component) are the directions in which the songs differ most; here are the first two, coloured by groups and by genre. Do six groups look like the six genres?

# %%
flat = decomposition.PCA(2).fit_transform(StandardScaler().fit_transform(X))[:1500]  # (song, 2)
panels = {f"{k} groups": grouped(k).fit_predict(X) for k in (2, 4, 6)}
panels["the six genres"], _ = pd.factorize(genres, sort=True)
fig, axes = plt.subplots(1, 4, figsize=(11, 3.2), sharex=True, sharey=True)
for ax, (title, who) in zip(axes, panels.items(), strict=True):
    for k in np.unique(who):
        ax.plot(*flat[who[:1500] == k].T, plots.MARKERS[k], color=plots.COLOURS[k], ms=2, alpha=0.6)
    ax.set(title=title, xlabel="1st component")
axes[0].set_ylabel("2nd component")
plots.show(fig, "1,500 songs on two principal components, by groups and by genres.")
exercises.given("1_unsupervised.2", groups=panels["6 groups"], genres=genres)

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# Each song belongs to its *nearest* centre. So groups share out the cloud like countries on a map: each has its own piece, and no two overlap (on paper they seem to, because eight of ten directions are missing). Genres need not keep to such borders. Look how many colours share the middle.
#
# </details>
#
# ## Give the groups names
#
# A group is a number. To count mistakes, a person must name it, and for that we now look at labels, of training songs. The best name is the genre that most of its songs have. (So two groups may get the same name.)
#
# **Exercise 1_unsupervised.2 Names.** Write `names(groups, genres)`: a dictionary that gives each group (a number) the genre that is most frequent in it.

# %% exercise="1_unsupervised.2"
names = ...


### BEGIN SOLUTION
def names(groups, genres):
    return {k: pd.Series(genres[groups == k]).mode()[0] for k in np.unique(groups)}


### END SOLUTION

# %% check="1_unsupervised.2"
exercises.check("1_unsupervised.2", names)

# %% [markdown]
# ## The claim, as it will be judged
#
# "Makes mistakes" alone is no test: every model does. The [ledger](../glossary.md#ledger) asks whether supervision *prevents* mistakes: a model that learned from labels must name at least 10 [percentage points](../glossary.md#percentage-point) more songs rightly, against six groups (a hint from people), and against as many as the silhouette chooses. Who is ahead is hardly in doubt; whether by 10 points, is.

# %%
claim = ledger.get("ml-oversight")
claim

# %% [markdown]
# Predict: how many songs in a hundred does each name rightly? (The [baseline](../glossary.md#baseline), always the most frequent genre, is right for about 20.) And is the verdict `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "six groups (%)": 50,
    "supervised (%)": 50,
    "verdict": "inconclusive",
}

# %% [markdown]
# ## Experiment
#
# [Folds](../glossary.md#fold) by artist, as lesson 1 had them by day: songs of one artist resemble each other. Groups are made, and named, on the training songs.


# %%
def without_labels(X, y, train, test, k):
    """Rightly named test rows in %, of k groups that were made without labels."""
    model = grouped(k).fit(X[train])
    best = pd.crosstab(model[-1].labels_, y[train]).idxmax(axis=1)
    return 100 * np.mean(best[model.predict(X[test])].to_numpy() == y[test])


# %% [markdown]
# The supervised rival is the better of two, as inner validation artists say:


# %%
def with_labels(X, y, owners, train, test):
    """Rightly named test rows in %, of logistic regression or gradient boosting."""
    models = [make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=500)),
              ensemble.HistGradientBoostingClassifier(max_iter=settings.rounds)]
    inner = model_selection.GroupShuffleSplit(1, test_size=0.2, random_state=run.seed)
    learn, check = (train[part] for part in next(inner.split(train, groups=owners[train])))
    best = max(models, key=lambda model: model.fit(X[learn], y[learn]).score(X[check], y[check]))
    return 100 * best.fit(X[train], y[train]).score(X[test], y[test])


# %% [markdown]
# Twenty folds. (In the pilot, five folds of 140 songs gave a gap of 19 points, with a standard deviation of 10 from fold to fold. Folds here have five times as many songs, so 20 of them decide about a margin of 10 points with ease.) The baseline is simply *one* group with a name. Half a minute:

# %%
rows, artists = [], songs["artist"].to_numpy()
for repeat in tqdm(range(settings.repeats), unit="repeat"):
    cut = model_selection.GroupKFold(settings.folds, shuffle=True, random_state=run.seed + repeat)
    for fold in cut.split(X, genres, artists):
        best_k = pd.Series(silhouettes(X[fold[0]])).idxmax()
        rows.append({
            "most frequent genre": without_labels(X, genres, *fold, 1),
            "six groups": without_labels(X, genres, *fold, 6),
            "silhouette's choice": without_labels(X, genres, *fold, best_k),
            "supervised": with_labels(X, genres, artists, *fold),
        })
scores = pd.DataFrame(rows)

# %% [markdown]
# Rightly named songs, with 95 % [intervals](../glossary.md#interval):


# %%
def interval(values):
    """Mean over folds with its corrected 95 % interval."""
    return intervals.corrected_resampled_t(values, 1 / settings.folds)


right = {name: interval(scores[name]) for name in scores}
fig, ax = plt.subplots(figsize=(7.5, 2.6))
plots.forest(ax, right)
ax.set(xlabel="songs named rightly (%)", xlim=(0, 100))
plots.show(fig, "Songs named rightly by guessing, by groups and by a supervised model.", right)

# %% [markdown]
# ## Verdict
#
# Mind when you read the second row: k groups have k names at most. Two groups can be right for two genres at most, and the two largest make up 44 % of these songs.

# %%
gaps = {name: interval(scores["supervised"] - scores[name]) for name in scores.columns[1:3]}
verdict = claim.judge({"gap": gaps}, run.profile)
answers = {f"{name} (%)": right[name] for name in ("six groups", "supervised")}
answers["verdict"] = verdict.word
display(verdict)
results.beside(predicted, answers)

# %% [markdown]
# ## What did the groups find?
#
# A group that is no genre need not be nothing. (Music apps use such groups: songs that sound alike.) Each row of the picture is one of the six groups: how far its songs lie above (orange) or below (violet) the mean of all songs. What would *you* call each group?
#
# And look at the group in which there is most speech. k-means never saw whether a song's words are marked as *explicit*. Are they more often, in that group, than elsewhere *in the same genre*?

# %%
groups, scaled = panels["6 groups"], StandardScaler().fit_transform(X)
centres = pd.DataFrame(scaled, columns=sound).groupby(groups).mean()  # (group, column)
fig, ax = plt.subplots(figsize=(9, 3.6))
picture = ax.imshow(centres, cmap="PuOr_r", vmin=-3, vmax=3, aspect="auto")
ax.set_xticks(range(len(sound)), sound, rotation=30, ha="right")
ax.set_yticks(range(6), [f"group {k}, {sum(groups == k)} songs" for k in range(6)])
ax.grid(False)
fig.colorbar(picture, label="above the mean of all\n(standard deviations)")
plots.show(fig, "Mean of ten columns in each of six groups.", centres.round(1))
talk = groups == centres["speechiness"].idxmax()
explicit = 100 * songs.groupby(["track_genre", talk])["explicit"].mean().unstack()
more = sum(explicit[True] > explicit[False])
most = ", ".join(f"group {k} {column}" for k, column in centres.idxmax(axis=1).items())
text_view.folded(
    "Compare your answers",
    f"What stands out most: {most}. Explicit words are more frequent in the group with most speech "
    f"than elsewhere in {more} of {len(explicit)} genres.",
)

# %% [markdown]
# And sometimes the groups *are* the labels. Wine of three grapes, 13 chemical measurements, three groups (a known example, so not judged):

# %%
wine = tables.load_wine()
W, grape, alone = wine.X.to_numpy(), wine.y, np.arange(len(wine.y))
cut = model_selection.StratifiedKFold(settings.folds, shuffle=True, random_state=run.seed)
for name, how in {"three groups": lambda *fold: without_labels(W, grape, *fold, 3),
                  "supervised": lambda *fold: with_labels(W, grape, alone, *fold)}.items():
    print(f"{name}: {interval([how(*fold) for fold in cut.split(W, grape)]).text('%')}")

# %% [markdown]
# <details><summary>What makes the difference between wine and songs?</summary>
#
# Whether the labels follow what the columns measure. A grape shapes the chemistry of its wine, and little else does. A genre is also history, clothes and an audience, and none of these is a column.
#
# </details>

# %% [markdown]
# ## What this adds to lesson 1
#
# - Groups without labels answer "what is alike in these columns?". Labels ask *your* question. Mistakes appear where the two differ.
# - People are in it either way: they choose columns, scale and k, and give the names. "Unsupervised" means without labels, not without people.
# - The supervised model makes mistakes too: look at its row.
# - It holds for these songs, ten columns, six genres as Spotify assigns them, and k-means.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% [markdown]
# Your verdict and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
