# %% [markdown]
# # Lab 4 · Does synthetic data keep people's privacy?
#
# **The claim.** With synthetic data, research can go on while people's privacy is kept.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Applications in Real-World Scenarios / Generative AI" and "Applications in Real-World Scenarios / Healthcare".*
#
# This lab needs [lesson 4](../4_generative_model.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** A hospital may not hand out its patients' records. It could hand out *invented* patients in their place. Then two questions are open, and they are not the same: is what one learns from the invented ones **useful**? And do they keep the real ones **private**?

# %%
import numpy as np
import pandas as pd
from scipy import stats
from sklearn import linear_model, model_selection, pipeline, preprocessing, svm
from sklearn.metrics import pairwise_distances
from tqdm import tqdm

from course_utils.claims import dependent, intervals, ledger
from course_utils.data import pictures, tables
from course_utils.exercises.lab_4_privacy import exercises
from course_utils.models import diffusion, generators, membership
from course_utils.report import results
from course_utils.run import start
from course_utils.show import membership_figures, plots, text_view

run = start("4_privacy")
plots.use_style()
settings = run.settings(halvings=30, noise=[0.3, 0.6, 1, 2, 4], made=600, sampling_steps=16,
                        levels=[400, 500, 600], records=2000)

# %% [markdown]
# ## Invented patients
#
# Lesson 1's 569 patients with their 30 columns, and a classic generator: a **[Gaussian copula](../glossary.md#gaussian-copula)**. It keeps the distribution of every column and how strongly each two columns go together, and draws new patients from that, the ill and the healthy separately.


# %%
def copula(members, n, rng):
    """n invented patients that follow the columns of these and how they go together."""
    ranks = stats.rankdata(members, axis=0) / (len(members) + 1)  # (n_members, n_columns), 0 to 1
    correlation = np.corrcoef(stats.norm.ppf(ranks), rowvar=False)
    drawn = stats.norm.cdf(rng.multivariate_normal(np.zeros(members.shape[1]), correlation, n))
    columns = zip(members.T, drawn.T, strict=True)
    return np.stack([np.quantile(column, p) for column, p in columns], axis=1)


table = tables.load_breast_cancer()
X, y = np.asarray(table.X, dtype=float), np.asarray(table.y)

# %% [markdown]
# ## You are the attacker
#
# You hold somebody's record and ask: did the generator learn from this person? If yes, it is a *member*; if no, an *other*. (Whoever is in a cancer clinic's data was in that clinic.) This is **[membership inference](../glossary.md#membership-inference)**.
#
# An attack gives each record a score, higher for whom it takes for a member. The simplest looks only at what was generated: if something very near to the record was generated, the person was probably a member (Chen and others 2020).
#
# **Exercise 4_privacy.1 Write the attack.** Write `near_attack(generated, records)`: tables of numbers, (n, columns) and (m, columns). It returns a score for each record, (m,), the higher the nearer the *nearest* generated row is. `pairwise_distances(a, b)` gives the distance of each row of a to each of b.

# %% exercise="4_privacy.1"
near_attack = ...
### BEGIN SOLUTION
def near_attack(generated, records):
    return -pairwise_distances(records, generated).min(axis=1)
### END SOLUTION

# %% check="4_privacy.1"
exercises.check("4_privacy.1", near_attack)

# %% [markdown]
# ## How good is an attack?
#
# The [AUC](../glossary.md#auc) says in how many pairs of a member and an other the member has the higher score; 50 % is guessing.
#
# ## Is the attacker awake?
#
# An attack that finds nobody may have met a private generator, or it may be blind. So each of our attacks gets a **thief** of its own, whom it must catch. The thief of patients hands out the members themselves, each number blurred by noise of 0.3 standard deviations of its column.

# %% [markdown]
# ## The claim, as it will be judged
#
# Not more than five [points](../glossary.md#percentage-point) worse than as many real data, *and* every attack right about fewer than 60 % of the pairs; thieves caught in more than 90 %. Three attacks: on the patients, and, further down, two on generated digits. Write your own guesses in place of ours.

# %%
claim = ledger.get("gen-synthetic-privacy")
predicted = {"learned from invented patients (points)": -2, "attack on the patients (%)": 60,
             "attack on the digits, with the model (%)": 55, "verdict": "supported"}
claim

# %% [markdown]
# ## Experiment: patients
#
# Halve the table at random: one half are the members, the other half the others. A classifier learns from the invented patients, another from the members themselves, and both are tested on the others. For comparison, more thieves, with more noise.


# %%
def gain(made, said, members, others):
    """Points of accuracy gained by learning from these rows in place of the members."""
    model = pipeline.make_pipeline(
        preprocessing.StandardScaler(), linear_model.LogisticRegression())
    by_made, by_real = (100 * model.fit(*rows).score(X[others], y[others])
                        for rows in ((made, said), (X[members], y[members])))
    return by_made - by_real


# %% [markdown]
# One halving. `nearness` is your attack, in standard deviations of each column.


# %%
def halve(seed):
    """For each way to hand out data: points gained, and the attack's scores of all patients."""
    members, others = model_selection.train_test_split(
        np.arange(len(y)), test_size=0.5, stratify=y, random_state=seed)
    rng, counts, real = np.random.default_rng(seed), np.bincount(y[members]), X[members]
    invented = [copula(real[y[members] == k], counts[k], rng) for k in (0, 1)]
    handed_out = {"copula": (np.concatenate(invented), np.repeat([0, 1], counts))}
    spread = real.std(axis=0)
    for noise in settings.noise:
        blurred = real + noise * spread * rng.normal(size=real.shape)
        handed_out[f"members, noise {noise}"] = blurred, y[members]
    nearness = {name: -pairwise_distances(X / spread, made / spread).min(axis=1)
                for name, (made, _) in handed_out.items()}
    gains = {name: gain(*made, members, others) for name, made in handed_out.items()}
    return gains, nearness, np.isin(np.arange(len(y)), members)


halves = [halve(run.seed + i) for i in tqdm(range(settings.halvings))]

# %% [markdown]
# The halvings overlap: they are thirty looks at the *same* 569 patients and no thirty experiments. The points gained get lesson 1's corrected [interval](../glossary.md#interval). For the AUC, `membership.over_trainings` draws patients and halvings anew; a patient drawn twice counts twice in every halving.

# %%
gains, nearness, member = zip(*halves, strict=True)
useful_by = {name: intervals.corrected_resampled_t([each[name] for each in gains], 0.5)
             for name in gains[0]}
told_by = {name: membership.over_trainings([each[name] for each in nearness], member, seed=run.seed)
           for name in gains[0]}

# %% [markdown]
# Up is useful, left is private; dotted are real data and guessing. The shaded corner is what the claim asks for.

# %%
points = {name: (told_by[name], useful_by[name]) for name in told_by}
margins = claim.test("private").margin, claim.test("useful").margin
fig, numbers = membership_figures.plane(points, margins)
plots.show(fig, "Usefulness against the attack's success: copula, blurred members.", numbers)

# %% [markdown]
# **A good place to stop.** You have attacked a generator of patients.

# %% [markdown]
# ## Invented digits
#
# Now pictures: MNIST digits, and the lesson's generators, which come with the course. Three have learned from the same 2,000 digits, the members, from different first weights; 2,000 others they have not seen. In 6,000 steps of 64 pictures each member was seen 192 times. Three more have learned from only 20, 100 or 500 of the members.

# %%
images = pictures.load_mnist()
pixels, labels = images.pixels, images.labels  # (4000, 1, 28, 28) from 0 to 1, and (4000,)
plan = generators.plan(labels)  # by name: the rows that it has learned from, and its seed
models = {name: generators.load(name, pixels[rows]) for name, (rows, _) in plan.items()}
train = plan["2000-1"][0]
others = np.setdiff1d(np.arange(len(labels)), train)
asked = np.arange(settings.made) % 10  # as many of each digit


def make(name):
    """Pictures by this generator, (made, 1, 28, 28); its name's end is its seed."""
    return diffusion.sample(models[name].to(run.device), asked, run.seed + int(name[-1]),
                            settings.sampling_steps)


big, small = list(plan)[:3], list(plan)[3:]
made = {name: make(name) for name in tqdm(big)}

# %% [markdown]
# The generator that has learned from 20 digits, each seen 6,000 times, is the thief. First row: what it makes; second row: what one of the large ones makes.

# %%
made |= {name: make(name) for name in tqdm(small)}
both = [picture for name in ("20-1", "2000-1") for picture in made[name][:10]]
plots.show(plots.gallery(both), "Ten digits by the thief, and ten by a generator that saw 2,000.")

# %% [markdown]
# Two attackers. One has only the pictures, and uses your attack. For the other somebody has published **the model itself**. They add noise to the record, let the network guess the clean picture, and look how wrong the guess is: what was learned by heart is guessed better. (`guess_errors` does that at three levels of noise, with the same noise for all. A pilot chose the levels: 300 of another 600 digits for a generator, one of 192 looks at each. It told 62 % of the pairs, ± 4.5 points. Our 2,000 and 2,000 are good for about ± 2.)


# %%
def from_pictures(name, rows):
    """Scores of these digits, (n,)."""
    generated, records = (each.reshape(len(each), -1) for each in (made[name], pixels[rows]))
    return -pairwise_distances(records, generated).min(axis=1)


def with_model(name, rows):
    return -membership.guess_errors(models[name], pixels[rows], labels[rows], settings.levels)


attacks = {"from the pictures": from_pictures, "with the model": with_model}


def attack(name):
    """By attack, the scores of members and others; who of them is a member; and their rows."""
    members = plan[name][0][-settings.records :]
    rows = np.append(members, others[: settings.records])
    scores = {each: score(name, rows) for each, score in attacks.items()}
    return scores, np.isin(rows, members), rows


attacked = {name: attack(name) for name in tqdm(big)}

# %% [markdown]
# The same for the smaller trainings. The others are always those that none of them has seen.

# %%
attacked |= {name: attack(name) for name in tqdm(small)}

# %% [markdown]
# **Useful?** A support vector machine learns from made digits, another from as many members; both are tested on the others, picture by picture. The interval draws trainings and pictures anew.


# %%
def right(learned, truths):
    """100 where a classifier that learned from these is right about one of the others, else 0."""
    flat = [each.reshape(len(each), -1) for each in (learned, pixels[others])]
    return 100.0 * (svm.SVC(C=10).fit(flat[0], truths).predict(flat[1]) == labels[others])


differences = []  # of each training
for k, name in enumerate(big):  # train is in random order
    real = np.roll(train, -k * settings.made)[: settings.made]
    differences.append(right(made[name], asked) - right(pixels[real], labels[real]))
which = np.repeat(big, len(others)), np.tile(others, len(big))  # training and picture of each
useful = {"patients": useful_by["copula"],
          "digits": dependent.bootstrap_crossed(np.concatenate(differences), *which, run.seed)}

# %% [markdown]
# ## Verdict
#
# The AUC of the large generators is a mean over three; members, others and trainings are drawn anew. (The thief is one training, so that its interval knows nothing of others.)


# %%
def told(names, statistic=membership.auc):
    """By attack on digits: what it finds at these generators, mean and interval."""
    return {f"digits, {each}": membership.over_trainings(
        [attacked[name][0][each] for name in names], attacked[names[0]][1], statistic, run.seed)
        for each in attacks}


private = {"patients, from the table": told_by["copula"]} | told(big)
thieves = {"patients, from the table": told_by["members, noise 0.3"]} | told(["20-1"])
verdict = claim.judge({"useful": useful, "private": private, "thief": thieves}, run.profile)
answers = dict(zip(predicted, [useful["patients"], *list(private.values())[::2], verdict.word],
                   strict=True))
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# The word is about these two generators and these simple attacks.
#
# ## Who is found?
#
# The AUC is a mean, and a mean can hide the exposed few. Suppose that an attack is sure of three members in a hundred, and right, and guesses about the rest: its AUC is 51.5 %, and three people are exposed. So count: set the threshold so high that only 1 % of the *others* are accused falsely, and see which share of the members lies above it (Carlini and others 2022). Guessing finds about 1 %.
#
# **Exercise 4_privacy.2 Who is found?** Write `found(members, others)`: two arrays of scores. It returns the share of members, in %, whose score is above the 99th percentile of the others' (`np.quantile`).

# %% exercise="4_privacy.2"
found = ...
### BEGIN SOLUTION
def found(members, others):
    return 100 * np.mean(members > np.quantile(others, 0.99))
### END SOLUTION

# %% check="4_privacy.2"
exercises.check("4_privacy.2", found)

# %% [markdown]
# The figure shows this for *every* number of false alarms: how many members are found (upwards) when so many others are accused falsely (to the right)? Guessing is dotted, 1 % the thin line. The table is for the large generators and the copula.

# %%
sizes = {"20": ["20-1"], "100": ["100-1"], "500": ["500-1"], "2,000 (mean of 3)": big}
curves = {each: {size: [membership.curve(attacked[name][0][each], attacked[name][1])
                        for name in names] for size, names in sizes.items()} for each in attacks}
fig, numbers = membership_figures.who_is_found(curves), membership.summary(curves)
plots.show(fig, "Members found against false alarms, for four sizes of training.", numbers)
exposed = told(big, membership.found_at) | {"patients, from the table": membership.over_trainings(
    [each["copula"] for each in nearness], member, membership.found_at, run.seed)}
text_view.folded("What makes a generator tell?", "With the model, pairs told apart: " + "; ".join(
    f"{auc} % with {size} pictures" for size, auc in numbers["with the model: AUC"].items())
    + ". Network and steps are the same. But the fewer the pictures, the oftener each was seen, "
    "6,000 times down to 192: this experiment cannot tell the two causes apart.")
pd.DataFrame({name: {"AUC": private[name].text("%"), "thief's AUC": thieves[name].text("%"),
    "found at 1 % false alarms": exposed[name].text("%")} for name in private}).T

# %% [markdown]
# ## Another attack
#
# Whom does the attack with the model accuse first (first row)? And whom if it allows for how *hard* a picture is (second row)? For that it needs a second model which has seen none of these records: we take the one trained on 500 digits, and leave those out. The new score is the logarithm of the second model's error over the first one's. We thought of it after the verdict, so it is shown and not judged.

# %%
_, known, rows = attacked["2000-1"]
kept = ~np.isin(rows, plan["500-1"][0])  # the second model has not seen these
rows, known, second = rows[kept], known[kept], with_model("500-1", rows[kept])
alone = [attacked[name][0]["with the model"][kept] for name in big]
allowed = [np.log(second / each) for each in alone]
better, hits = (membership.over_trainings(allowed, known, each, run.seed)
                for each in (membership.auc, membership.found_at))
first, then = (np.argsort(-scores[0])[:100] for scores in (alone, allowed))
shown = np.append(first[:10], then[:10])
titles = ["a member" if known[i] else "an other" for i in shown]
plots.show(plots.gallery(pixels[rows[shown]], titles), "The digits that two attacks accuse first.")
ones = labels[rows[[first, then]]] == 1
text_view.folded("What has changed?", (
    "Any model guesses a simple stroke well: to look at the error alone takes easy for known. Of "
    f"the first hundred, {ones[0].sum()} were ones, now {ones[1].sum()}. {better.text('%')}, of "
    f"the pairs are told apart (upper end {'below' if better.high < margins[0] else 'above'} the "
    f"claim's margin), {hits.effect:.1f} % of the members found at 1 % false alarms."))

# %% [markdown]
# So an attack that finds little is no proof of privacy: the next one may find more. *[Differential privacy](../glossary.md#differential-privacy)* bounds every attack: it limits what one record can change in the training, and adds noise. It usually costs quality, as noise can for the patients.
#
# ## What this adds to lesson 4
#
# The lesson asked whether a picture *is* a copy. A generator can copy nobody and still tell who was in its training. New, useful and private are three questions; "synthetic" answers none of them.
#
# Back to [lesson 4](../4_generative_model.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
