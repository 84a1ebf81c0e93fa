# %% [markdown]
# # Lab 1 · Can a model sort songs that nobody has labelled?
#
# **The claim.** A model that people do not supervise makes mistakes.
#
# *Source: "Deep Learning vs. Machine Learning: What's the Difference?" (a university's IT blog), section "What is Machine Learning?".*
#
# This lab needs [lesson 1](../1_classic_ml.ipynb): pipelines, folds by group, intervals, verdicts. Allow 45 minutes. (Cells that load or draw can be skimmed.)
#
# **Why this matters.** Your music app has millions of songs, and nobody writes "rock" on each. In lesson 1 every row had a *[label](../glossary.md#label)*, the right answer; learning from labels is called *supervised*. (The word may also mean to watch over. We test the technical sense.) Here a model sees only songs. Does it find the genres? And if not: does it find nothing?

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
# Songs of six genres, described by ten numbers that Spotify computed from their sound: how danceable, how loud, how acoustic … Of 6,000 rows, those below are kept: each song once (under the genre that comes first in the alphabet; rock loses most), and no artists whose name begins with A or B. These were our pilot: a small trial that says how many songs it takes.

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
songs["track_genre"].value_counts().to_frame("songs").T.assign(together=len(songs))

# %% [markdown]
# ## Groups without labels, by hand
#
# **[k-means](../glossary.md#k-means)** puts k points, the *centres*, somewhere among the songs and repeats two steps: (1) each song goes to the nearest centre; (2) each centre moves to the mean of its songs. When nothing moves any more, the songs of each centre are a group.
#
# We begin with 300 songs and two columns, brought to one scale: `points`, of shape (song, column). The first three songs are the centres.
#
# **Exercise 1_unsupervised.1 One round.** Write `move(points, centres)`: give the centres after one round of both steps, an array as large as `centres`. (`points[:, None] - centres` has the differences of each song and each centre, shape (song, centre, column); `np.linalg.norm(…, axis=2)` makes distances of them, `argmin(axis=1)` finds each song's smallest.)

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
# The same from the library, after more rounds. Black crosses are the centres, colours show the nearest; in panel 1, grey ones are where they began, black ones what your `move` gives.

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 4), sharex=True, sharey=True)
for ax, rounds in zip(axes, (1, 3, settings.rounds), strict=True):
    model = cluster.KMeans(3, init=points[:3], n_init=1, max_iter=rounds, tol=0).fit(points)
    for k in range(3):
        ax.plot(*points[model.labels_ == k].T, plots.MARKERS[k], color=plots.COLOURS[k], ms=3)
    if rounds == 1:
        ax.plot(*points[:3].T, "X", color="#999999", markeredgecolor="w", markersize=18)
    ax.plot(*model.cluster_centers_.T, "kX", markersize=9)
    ax.set(title=f"rounds: {model.n_iter_}", xlabel="danceability (scaled)")
axes[0].set_ylabel("energy (scaled)")
plots.show(fig, "300 songs in three groups after more and more rounds; the centres settle.")

# %% [markdown]
# Why scaled? A distance adds up columns in different units. Raw, the milliseconds of `duration_ms` would drown all the rest. Scaled, each column counts the same: a decision too, and no label confirms it.
#
# ## How many groups?
#
# Somebody has to say k. (That there are six genres, only we know.) One can ask how well groups are *separated*: the **[silhouette](../glossary.md#silhouette)** compares how far songs are from their own group and from the nearest other one. It is 1 at best; 0 means that songs lie on borders. Which k would you choose?


# %%
def grouped(k):
    """An untrained pipeline that scales the columns and makes k groups."""
    means = cluster.KMeans(k, n_init=settings.starts, random_state=run.seed)  # best of 3
    return make_pipeline(StandardScaler(), means)


def silhouettes(X):
    """Silhouette by number of groups, of 1,000 of the songs (to save time)."""
    some = np.random.default_rng(run.seed).permutation(len(X))[:1000]
    scaled, ks = StandardScaler().fit_transform(X)[some], range(2, settings.most_groups + 1)
    return {k: metrics.silhouette_score(scaled, grouped(k).fit_predict(X)[some]) for k in ks}


found = pd.Series(silhouettes(X))
ax = found.plot(style="o-", xlabel="number of groups", ylabel="silhouette", ylim=(0, 1))
ax.set_xticks(found.index)
plots.show(ax.figure, "Mean silhouette of the songs, by number of groups.",
           found.to_frame("silhouette").round(3))

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# The highest point is the usual choice. But look how far it is from 1: k-means divides songs even where nothing separates them.
#
# </details>
#
# Ten columns do not fit on paper. [Principal components](../glossary.md#principal-component) are the directions in which the songs differ most; here are the first two. Do six groups look like the six genres?

# %%
pca, scaled = decomposition.PCA(2), StandardScaler().fit_transform(X)
flat, groups = pca.fit_transform(scaled), grouped(6).fit_predict(X)  # (song, 2), (song,)
fig, axes = plt.subplots(1, 2, figsize=(11, 5.5), sharex=True, sharey=True)
first, second = 100 * pca.explained_variance_ratio_
shown = np.array([f"group {k}" for k in groups])
views = ((shown, plt.cm.viridis(np.linspace(0, 0.95, 6)), "o" * 6),
         (genres, plots.COLOURS, plots.MARKERS))
for ax, (who, colours, markers) in zip(axes, views, strict=True):
    for k, name in enumerate(np.unique(who)):
        some = flat[:1000][who[:1000] == name]
        ax.plot(*some.T, markers[k], color=colours[k], ms=4, alpha=0.6, label=name)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, markerscale=2)
    ax.set_xlabel(f"1st component ({first:.0f} % of the variance)")
axes[0].set_ylabel(f"2nd component ({second:.0f} %)")
plots.show(fig, "1,000 songs on two principal components, by six groups and by six genres.")
exercises.given("1_unsupervised.2", groups=groups, genres=genres)

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# Each song belongs to its *nearest* centre. So groups share out the cloud like countries on a map (on paper they seem to overlap, because eight of ten directions are missing). Genres need not keep to such borders.
#
# </details>
#
# ## Give the groups names
#
# A group is a number. To count mistakes, a person must name it, and for that we now look at labels. The best name is its most frequent genre. (Two groups may get the same name. There are no ties.)
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
# "Makes mistakes" alone is no test: every model does. The [ledger](../glossary.md#ledger) asks whether supervision *prevents* mistakes: a model that learned from labels must name over 10 [percentage points](../glossary.md#percentage-point) more songs rightly, against six groups (a hint from people), and against as many as the silhouette chooses. Who is ahead is hardly in doubt; whether by 10 points, is.

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
# The supervised rival is the better of two models, tried on a fifth of the *training* artists:


# %%
def with_labels(X, y, owners, train, test):
    """Rightly named test rows in %, of logistic regression or gradient boosting."""
    models = [make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=500)),
              ensemble.HistGradientBoostingClassifier(max_iter=settings.rounds)]
    inner = model_selection.GroupShuffleSplit(1, test_size=0.2, random_state=run.seed)
    known = {"X": X[train], "y": y[train], "groups": owners[train]}
    tried = [model_selection.cross_val_score(model, **known, cv=inner)[0] for model in models]
    return 100 * models[np.argmax(tried)].fit(X[train], y[train]).score(X[test], y[test])


# %% [markdown]
# (In the pilot, five folds of 140 songs put supervision 19 points ahead, with a standard deviation of 10 from fold to fold. Folds here have five times as many songs, which should do for a margin of 10.) Twenty folds, half a minute; the baseline is *one* group with a name:

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
            "groups chosen": best_k,
        })
scores = pd.DataFrame(rows)
chosen = scores.pop("groups chosen").value_counts().items()
print("groups chosen:", ", ".join(f"{k} ({n} of {len(scores)} folds)" for k, n in chosen))

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
# Mind in the silhouette's row: k groups have k names at most. The line "groups chosen" says which k, in how many folds. With two groups at most about 44 % can be right (the two largest genres), with three 62 %: so two nearly decide it beforehand.

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
# A group that is no genre need not be nothing. Each row of the picture is one of the six groups: how far its songs lie above (orange) or below (violet) the mean of all songs. What stands out most in each, and what would *you* call it?

# %%
centres = pd.DataFrame(scaled, columns=sound).groupby(groups).mean()  # (group, column)
fig, ax = plt.subplots(figsize=(9, 3.6))
picture = ax.imshow(centres, cmap="PuOr_r", vmin=-3, vmax=3, aspect="auto")
ax.set_xticks(range(len(sound)), sound, rotation=30, ha="right")
ax.set_yticks(range(6), [f"group {k}, {sum(groups == k)} songs" for k in range(6)])
ax.grid(False)
fig.colorbar(picture, label="above the mean of all\n(standard deviations)")
plots.show(fig, "Mean of ten columns in each of six groups.", centres.round(1))
most = centres.abs().idxmax(axis=1).items()
text_view.folded(
    "Compare your answer",
    ", ".join(f"group {k} {column} {centres.loc[k, column]:+.1f}" for k, column in most)
    + " standard deviations. A name may start from there; no label says which is right.",
)

# %% [markdown]
# And sometimes the groups almost *are* the labels. Wine of three grapes, 13 chemical measurements (a known example, so not judged). Rightly named wines in %, in each of five folds:

# %%
wine = tables.load_wine()
W, grape, alone = wine.X.to_numpy(), wine.y, np.arange(len(wine.y))
cut = model_selection.StratifiedKFold(settings.folds, shuffle=True, random_state=run.seed)
pairs = [(without_labels(W, grape, *fold, 3), with_labels(W, grape, alone, *fold))
         for fold in cut.split(W, grape)]
pd.DataFrame(pairs, columns=["three groups", "supervised"]).round().astype(int).T  # a column a fold

# %% [markdown]
# <details><summary>What makes the difference between wine and songs?</summary>
#
# In wine, the grapes are also the greatest differences, so groups find them. In songs, part of the genre is in the columns (what the supervised model finds), but not where songs differ most. The rest, such as history or audience, may be in no column.
#
# </details>

# %% [markdown]
# ## What this adds to lesson 1
#
# - Groups without labels answer "what is alike in these columns?". Labels ask *your* question. Mistakes appear where the two differ.
# - People are in it either way: they choose columns, scale and k, and give the names. "Unsupervised" means without labels, not without people.
# - The supervised model makes mistakes too: see its row in the figure.
# - It holds for these songs, ten columns, six genres as Spotify assigns them, and k-means.
#
# Back to [lesson 1](../1_classic_ml.ipynb).

# %% [markdown]
# Your verdict and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
