# %% [markdown]
# # Lab 4 · Does synthetic data keep people's privacy?
#
# **The claim.** With synthetic data, research can go on while people's privacy is kept.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Applications in Real-World Scenarios / Generative AI" and "Applications in Real-World Scenarios / Healthcare".*
#
# This lab needs [lesson 4](../4_generative_model.ipynb): diffusion model, held-out pictures, the thief. It runs on its own: it trains small generators anew, with the lesson's code from `course_utils.models.diffusion`.

# %% [markdown]
# **Why this matters.** A hospital may not hand out its patients' records. It could hand out *invented* patients in their place. Two questions decide whether that is a good idea, and they are not the same: is what one learns from the invented ones **useful**? And do they keep the real ones **private**?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import display
from scipy import stats
from sklearn import linear_model, model_selection, svm
from sklearn.metrics import pairwise_distances, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.claims import intervals, ledger, resampling
from course_utils.data import tables
from course_utils.data.chosen import chosen_pictures
from course_utils.exercises.lab_4_privacy import exercises
from course_utils.models import diffusion
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# The settings, all in one place; each comes back where it is used.

# %%
run = start("4_privacy")
plots.use_style()
settings = run.settings(
    side=8,  # pixels that pictures of your own get
    tables=10,  # ways to halve the table of patients
    trainings=2,  # of the generator of digits
    steps=1_000,  # of each of its trainings
    sampling_steps=20,
)

# %% [markdown]
# ## Invented patients
#
# Lesson 1's patients, and a classic generator: a **[Gaussian copula](../glossary.md#gaussian-copula)**. It keeps the distribution of every column and, for each two columns, how strongly they go together, and draws new patients from that, the ill and the healthy separately. Half of the patients are *members*: the generator learns from them. The *others* are never shown to it.


# %%
def copula_patients(members, n, rng):
    """n invented patients that follow the columns of these and how they go together."""
    ranks = stats.rankdata(members, axis=0) / (len(members) + 1)  # (n_members, n_columns), 0 to 1
    correlation = np.corrcoef(stats.norm.ppf(ranks), rowvar=False)
    drawn = stats.norm.cdf(rng.multivariate_normal(np.zeros(members.shape[1]), correlation, n))
    columns = zip(members.T, drawn.T, strict=True)
    return np.stack([np.quantile(column, p) for column, p in columns], axis=1)


table = tables.load_breast_cancer()
X, y = np.asarray(table.X, dtype=float), np.asarray(table.y)
print(f"{len(y)} patients, {X.shape[1]} columns")

# %% [markdown]
# ## Playing the attacker
#
# You hold somebody's record and want to know: was this person among the members? (Whoever was in a hospital's data was in that hospital.) This is **[membership inference](../glossary.md#membership-inference)**. An attack gives each record a score, higher for whom it takes for a member. Its success is the **[AUC](../glossary.md#auc)**: of all pairs of one member and one other, the share in which the member has the higher score. 50 % is guessing.
#
# **Exercise 4_privacy.1 An attack by hand.** An attack gives three members the scores 0.9, 0.4 and 0.7, and two others 0.3 and 0.6. What is its AUC, in %? (One decimal.)

# %% exercise="4_privacy.1"
answer_1 = ...
### BEGIN SOLUTION
answer_1 = 100 * 5 / 6
### END SOLUTION

# %% check="4_privacy.1"
exercises.check("4_privacy.1", answer_1)

# %% [markdown]
# In code, for any number of pairs:


# %%
def auc(members, others):
    """Share of pairs in % in which the member has the higher score."""
    truth = np.repeat([1, 0], [len(members), len(others)])
    return 100 * roc_auc_score(truth, np.concatenate([members, others]))

# %% [markdown]
# The simplest attack looks only at what was generated: if something very near to the record was generated, the person was probably a member (Chen and others 2020).
#
# **Exercise 4_privacy.2 Write the attack.** Write `near_attack(generated, records)`: one score for each record, the higher the nearer the *nearest* generated row is. Both are tables of numbers.

# %% exercise="4_privacy.2"
near_attack = ...
### BEGIN SOLUTION
def near_attack(generated, records):
    return -pairwise_distances(records, generated).min(axis=1)
### END SOLUTION

# %% check="4_privacy.2"
exercises.check("4_privacy.2", near_attack)

# %% [markdown]
# The lab's own works for pictures, too:


# %%
def nearness(generated, records):
    """Minus the distance of each record to the nearest generated row, (n,)."""
    flat = [each.reshape(len(each), -1) for each in (records, generated)]
    return -pairwise_distances(*flat).min(axis=1)

# %% [markdown]
# One experiment with the patients. A classifier learns from the members, another from as many invented patients, and both are tested on the others. And the attack tries to tell members and others apart. A "thief", who hands out the members themselves with a little noise, shows whether the attack catches anybody at all.


# %%
def halves(seed):
    """Points gained by learning from invented patients; success of the attack, and on a thief."""
    members, others = model_selection.train_test_split(
        np.arange(len(y)), test_size=0.5, stratify=y, random_state=seed)
    rng, counts = np.random.default_rng(seed), np.bincount(y[members])
    invented = [copula_patients(X[members][y[members] == k], counts[k], rng) for k in (0, 1)]
    invented, said = np.concatenate(invented), np.repeat([0, 1], counts)
    model = make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=500))
    by_invented = 100 * model.fit(invented, said).score(X[others], y[others])
    by_real = 100 * model.fit(X[members], y[members]).score(X[others], y[others])
    scaled = StandardScaler().fit(invented).transform(X)
    stolen = scaled[members] + rng.normal(0, 0.1, X[members].shape)
    found = [auc(*(nearness(made, scaled[rows]) for rows in (members, others)))
             for made in (StandardScaler().fit_transform(invented), stolen)]
    return by_invented - by_real, *found


gains, caught, thieves = np.array([halves(run.seed + i) for i in range(settings.tables)]).T

# %% [markdown]
# The ten ways to halve the same table overlap, so they are not ten independent experiments. The [interval](../glossary.md#interval) is widened for that, as in lesson 1.

# %%
useful = {"patients": intervals.corrected_resampled_t(gains, test_share=0.5)}
private = {"patients, from the table": intervals.corrected_resampled_t(caught, test_share=0.5)}
text_view.folded("Does this attack find anybody at all?", (
    f"On the thief it is right about {thieves.mean():.0f} % of the pairs, on the invented patients "
    f"about {caught.mean():.1f} %."))

# %% [markdown]
# **A good place to stop.** You have attacked a generator of patients.

# %% [markdown]
# ## Invented digits
#
# The same with pictures: the lesson's diffusion model, trained twice. Half a minute.

# %%
pictures = chosen_pictures(run, settings.side)
pixels, labels = pictures.pixels, pictures.labels  # (n, C, H, W) from 0 to 1, and (n,)
n_classes, greys = len(pictures.classes), 16 if pictures.source.name == "digits" else 255
train, held_out = model_selection.train_test_split(
    np.arange(len(labels)), test_size=0.5, stratify=labels, random_state=run.seed + 1)


def trained(rows, seed):
    """A generator that has learned from these rows, and as many pictures as are held out."""
    model = diffusion.make_unet(pixels.shape[1:], n_classes, seed).to(run.device)
    diffusion.train(model, pixels[rows], labels[rows], steps=settings.steps, seed=seed,
                    device=run.device, label=f"{len(rows)} pictures, seed {seed}")
    asked = labels[held_out]
    return model, diffusion.sample(model, asked, seed, settings.sampling_steps, greys=greys)


seeds = [run.seed + i for i in range(1, settings.trainings + 1)]
generators = [trained(train, seed) for seed in seeds]

# %% [markdown]
# Another attacker has the model itself. They add noise to the record, let the network guess the clean picture, and look how good the guess is: what was learned by heart should be guessed better. (Eight levels of noise, the same noise for all; the network is told the class.)


# %%
def loss_attack(model, rows):
    """Minus the error of the model's guesses for these pictures, (n,)."""
    generator = torch.Generator().manual_seed(run.seed)
    clean = torch.from_numpy(2 * pixels[rows] - 1).to(run.device)
    classes = torch.from_numpy(labels[rows]).to(run.device)
    error = np.zeros(len(rows))
    for t in range(100, 900, 100):
        noise = torch.randn(clean.shape[1:], generator=generator).to(run.device)
        noisy = diffusion.A[t] ** 0.5 * clean + (1 - diffusion.A[t]) ** 0.5 * noise
        guess = diffusion.guess_clean(model, noisy, t, classes)
        error += ((guess - clean) ** 2).mean(dim=(1, 2, 3)).cpu().numpy()
    return -error


def auc_interval(pairs):
    """Mean AUC over trainings, with an interval that draws members and others anew."""
    rng = np.random.default_rng(run.seed)
    drawn = [np.mean([auc(rng.choice(members, len(members)), rng.choice(others, len(others)))
                      for members, others in pairs]) for _ in range(200)]
    return resampling.percentile_interval(drawn)

# %% [markdown]
# Both attacks on both trainings. Members are the pictures in `train`.

# %%
parts = train, held_out
private["digits, from the pictures"] = auc_interval(
    [tuple(nearness(made, pixels[rows]) for rows in parts) for _, made in generators])
private["digits, with the model"] = auc_interval(
    [tuple(loss_attack(model, rows) for rows in parts) for model, _ in generators])

# %% [markdown]
# Useful? A support vector machine learns from generated digits, another from as many real ones; both are tested on the held-out ones.


# %%
def right_after(made, truths):
    """100 where a classifier that learned from these is right about a held-out picture, else 0."""
    flat = [each.reshape(len(each), -1) for each in (made, pixels[held_out])]
    return 100.0 * (svm.SVC(C=10).fit(flat[0], truths).predict(flat[1]) == labels[held_out])


by_real = right_after(pixels[train], labels[train])
useful["digits"] = resampling.two_level_bootstrap(
    [right_after(made, labels[held_out]) - by_real for _, made in generators], seed=run.seed)

# %% [markdown]
# ## The claim, as it will be judged
#
# Not more than five [points](../glossary.md#percentage-point) worse than real data, *and* no attack right about more than 60 % of the pairs. Both are judgements, fixed in the [ledger](../glossary.md#ledger) before the first run. Write down what you expect before you run on.

# %%
claim = ledger.get("gen-synthetic-privacy")
predicted = {"learned from invented patients (points)": -2, "attack on the patients (%)": 60,
             "verdict": "supported"}
claim

# %% [markdown]
# ## Verdict

# %%
verdict = claim.judge({"useful": useful, "private": private}, run.profile)
display(verdict)
answers = {"learned from invented patients (points)": useful["patients"],
           "attack on the patients (%)": private["patients, from the table"],
           "verdict": verdict.word}
text_view.folded("Which half decided the word, useful or private?", " ".join(
    f"{each.test.id}, {each.group}: {each.word}." for each in verdict.outcomes))
results.beside(predicted, answers)

# %% [markdown]
# The verdict holds for these two generators and these two simple attacks.
#
# ## A thief among the digits
#
# Do the two attacks on digits find anybody? The same model, trained on two pictures of each class:

# %%
few = np.concatenate([train[labels[train] == k][:2] for k in range(n_classes)])
thief, stolen = trained(few, run.seed)
rows = {"from the pictures": [nearness(stolen, pixels[each]) for each in (few, held_out)],
        "with the model": [loss_attack(thief, each) for each in (few, held_out)]}
table = {name: {"thief": auc(*scores), "the models above": private[f"digits, {name}"].effect}
         for name, scores in rows.items()}

# %%
table = pd.DataFrame(table).T.round(1).rename_axis("pairs told apart (%)")
fig, ax = plt.subplots(figsize=(7.5, 2.4))
plots.forest(ax, private)
caught = table["thief"].rename(lambda name: f"digits, {name}")  # on the lines of the digits
ax.plot(caught, [list(private).index(name) for name in caught.index], "rD", label="thief")
ax.axvline(50, color="grey", linestyle=":", label="guessing")
ax.axvline(claim.test("private").margin, color="grey", linestyle="--", label="margin")
ax.set(xlabel="pairs told apart (%)")
ax.legend()
plots.show(fig, "Three attacks with their intervals, guessing and the margin, and two thieves.",
           table)

# %% [markdown]
# So an attack that finds nobody here is not blind: it finds those whom a model has learned by heart. "Synthetic" alone is no guarantee. How private a generator is depends on how many people it has learned from, how often it saw each, who has the model, and how good the attack is; better ones exist (Carlini and others 2023). And the AUC is a mean: a single person can be exposed while it stands near 50 %. *[Differential privacy](../glossary.md#differential-privacy)* (limit what one record can change in the training, and add noise) gives a guarantee that can be proved, and it usually costs quality.

# %% [markdown]
# ## What this adds to the lesson
#
# The lesson asked whether a picture *is* a copy. A generator can copy nobody and still tell who was in its training. New, useful and private are three questions.
#
# Back to [lesson 4](../4_generative_model.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
