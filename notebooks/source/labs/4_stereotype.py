# %% [markdown]
# # Lab 4 · Does generated content make a stereotype stronger?
#
# **The claim.** Generated content can make an existing stereotype stronger.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Ethical Challenges and Bias".*
#
# This lab needs [lesson 4](../4_generative_model.ipynb): diffusion model, sampling, judge. It runs on its own: it trains small generators anew, with the lesson's code from `course_utils.models.diffusion`.

# %% [markdown]
# **Why this matters.** Ask a picture generator for "a boss", and it may show you mostly men, as its training pictures did. That would be bad enough. But does it show *more* men than they did? Then every picture that it adds to the world makes the next generator's training pictures more one-sided still. We rebuild this with a skew that we know.

# %%
import numpy as np
import pandas as pd
import torch
from sklearn import model_selection, svm

from course_utils.claims import ledger, resampling
from course_utils.data.chosen import chosen_pictures
from course_utils.exercises.lab_4_stereotype import exercises
from course_utils.models import diffusion
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# The settings, all in one place; each comes back where it is used.

# %%
run = start("4_stereotype")
plots.use_style()
settings = run.settings(
    side=8,  # pixels that pictures of your own get
    steps=500,  # of each training
    trainings=3,  # from different first weights
    made=200,  # pictures of each profession that a model is asked for
    sampling_steps=20,
)

# %% [markdown]
# ## Two invented professions
#
# Two digits stand for two kinds of people, two professions A and B for what one asks for. Of A's pictures four in five show the one digit, of B's four in five the other. The network is told the profession and never the digit. (All from the digits of the lesson; a fifth of them is kept for the [judge](../glossary.md#judge).)

# %%
pictures = chosen_pictures(run, settings.side)
pixels, labels = pictures.pixels, pictures.labels  # (n, C, H, W) from 0 to 1, and (n,)
train, spare = model_selection.train_test_split(
    np.arange(len(labels)), test_size=0.3, stratify=labels, random_state=run.seed + 1)
pair = (3, 8) if len(pictures.classes) > 8 else (0, 1)  # easy to take for each other
ones, others = (train[labels[train] == digit] for digit in pair)
n_common = min(len(ones), len(others)) * 4 // 5
n_rare = max(n_common // 4, 1)

# %% [markdown]
# Now the skew: for each frequent digit four, for each rare one one.

# %%
rows = {"A": [*ones[:n_common], *others[:n_rare]],
        "B": [*others[n_rare : n_rare + n_common], *ones[n_common : n_common + n_rare]]}
skewed = np.concatenate(list(rows.values()))
professions = np.repeat([0, 1], [len(each) for each in rows.values()])  # 0 is A, 1 is B
frequent = {"A": pair[0], "B": pair[1]}
shown = {name: 100 * np.mean(labels[each] == frequent[name]) for name, each in rows.items()}
print(f"{len(skewed)} pictures; the frequent digit: "
      + ", ".join(f"{share:.1f} % of {name}'s" for name, share in shown.items()))

# %% [markdown]
# Twelve of A's, as they come:

# %%
some = np.random.default_rng(run.seed).permutation(rows["A"])[:12]
plots.show(plots.gallery(pixels[some], columns=12), "Twelve training pictures of profession A.")

# %% [markdown]
# ## Guidance
#
# Large picture generators follow the *[prompt](../glossary.md#prompt)*, what one asks for, with a dial: **[guidance](../glossary.md#guidance)** (Ho and Salimans 2022). In training the class is withheld for one picture in ten, so that the network learns to guess with and without it. In sampling it is asked twice. *u* is the guess without the class, *c* the guess with it. With guidance *w* the guess goes from *u* in the direction of *c*, *w* times as far as *c* lies. With *w* = 1 it ends at *c*, and nothing is strengthened.
#
# **Exercise 4_stereotype.1 Guidance by hand.** Write `guided(u, c, w)`. It must work for numbers and for arrays.

# %% exercise="4_stereotype.1"
guided = ...
### BEGIN SOLUTION
def guided(u, c, w):
    return u + w * (c - u)
### END SOLUTION

# %% check="4_stereotype.1"
exercises.check("4_stereotype.1", guided)

# %% [markdown]
# Now the models. `withheld` is the one in ten. About half a minute.

# %%
models = []
for seed in range(run.seed + 1, run.seed + 1 + settings.trainings):
    model = diffusion.make_unet(pixels.shape[1:], 2, seed).to(run.device)
    diffusion.train(model, pixels[skewed], professions, steps=settings.steps, withheld=0.1,
                    seed=seed, device=run.device, label=f"training {seed - run.seed}")
    models.append(model)

# %% [markdown]
# `diffusion.sample` is the lesson's loop with this dial. The first lines check that it computes what you have just written.

# %%
noisy = torch.zeros(1, *pixels.shape[1:], device=run.device)
asked = torch.tensor([0], device=run.device)  # A; 2 is "not told"
u, c = (diffusion.guess_clean(models[0], noisy, 500, told) for told in (asked + 2, asked))
by_dial = diffusion.guess_clean(models[0], noisy, 500, asked, guidance=3.0)
assert torch.allclose(by_dial, u + 3 * (c - u), atol=1e-5)


def sample(model, profession, w, n, seed=0):
    """So many pictures of a profession, (n, C, H, W)."""
    return diffusion.sample(model, ["AB".index(profession)] * n, seed, settings.sampling_steps, w)

# %% [markdown]
# Ten pictures of A with three strengths, from the same noise:

# %%
made = [picture for w in (1, 3, 6) for picture in sample(models[0], "A", w, 10)]
titles = [f"w = {w}" for w in (1, 3, 6) for _ in range(10)]
plots.show(plots.gallery(made, titles), "Ten pictures of A with guidance 1, 3 and 6.")

# %% [markdown]
# What do you see from row to row?
#
# <details><summary>Answer</summary>Look for two things: do the pictures become cleaner and more alike, and does the rare digit become rarer? Ten pictures can suggest it. Whether it is more than chance, only counting can tell.</details>
#
# **A good place to stop.** You have built a generator with a known skew and the dial that we suspect.

# %% [markdown]
# ## Counting
#
# Nobody wants to count hundreds of pictures by eye, so a judge does: a support vector machine that knows the two digits from real pictures that no generator has seen.
#
# **Exercise 4_stereotype.2 The experiment.** Write `share_frequent(make, judge, profession, frequent)`: the share, in percent, of a profession's pictures that show its frequent digit. `make("A")` gives pictures of A; `judge(pictures)` says which digit each shows; `frequent["A"]` is A's frequent digit.

# %% exercise="4_stereotype.2"
share_frequent = ...
### BEGIN SOLUTION
def share_frequent(make, judge, profession, frequent):
    return 100 * np.mean(judge(make(profession)) == frequent[profession])
### END SOLUTION

# %% check="4_stereotype.2"
exercises.check("4_stereotype.2", share_frequent)

# %% [markdown]
# The judge, and how far to trust it, half of the pictures kept for it teaching, half testing:

# %%
known = spare[np.isin(labels[spare], pair)]
teach, test = model_selection.train_test_split(
    known, test_size=0.5, stratify=labels[known], random_state=run.seed)
judge = svm.SVC(C=10).fit(pixels[teach].reshape(len(teach), -1), labels[teach])
right = 100 * judge.score(pixels[test].reshape(len(test), -1), labels[test])
print(f"right about {right:.1f} % of {len(test)} real pictures that it has not seen")

# %% [markdown]
# ## The claim, as it will be judged
#
# At guidance 3, because large generators are used with strong guidance. "Stronger" means at least five [points](../glossary.md#percentage-point) more of the frequent digit than in training, for both professions. That is a judgement, fixed in the [ledger](../glossary.md#ledger) before the first run.

# %%
claim = ledger.get("gen-stereotype")
claim

# %% [markdown]
# Write down what you expect before you run on: the share of the frequent digit in A's pictures with guidance 3, and the [verdict](../glossary.md#verdict).

# %%
predicted = {"frequent digit, A, guidance 3 (%)": 85, "verdict": "supported"}

# %% [markdown]
# Now the count, for each model, profession and strength. The table has means over the three models.


# %%
def frequent_digit(model, profession, w):
    """100 for each made picture with the profession's frequent digit, else 0, (n,)."""
    made = sample(model, profession, w, settings.made, seed=run.seed)
    return 100.0 * (judge.predict(made.reshape(len(made), -1)) == frequent[profession])


counted = {(name, w): [frequent_digit(model, name, w) for model in models]
           for w in (1, 3) for name in "AB"}
found = {key: resampling.two_level_bootstrap(each, seed=run.seed) for key, each in counted.items()}
table = {"in training": {name: f"{shown[name]:.1f} %" for name in "AB"}}
table |= {f"guidance {w}": {name: found[name, w].text("%") for name in "AB"} for w in (1, 3)}
pd.DataFrame(table).rename_axis("frequent digit")

# %% [markdown]
# ## Verdict
#
# What is judged is the difference to what was shown in training, with an [interval](../glossary.md#interval) that draws trainings and pictures anew. (Where all pictures show the frequent digit, drawing anew changes nothing, and the interval has no width. That is a weakness of the [bootstrap](../glossary.md#bootstrap), and no certainty.)

# %%
stronger = {name: resampling.two_level_bootstrap(
    [each - shown[name] for each in counted[name, 3]], seed=run.seed) for name in "AB"}
verdict = claim.judge({"stronger": stronger}, run.profile)
verdict

# %% [markdown]
# Beside what you predicted:

# %%
answers = {"frequent digit, A, guidance 3 (%)": found["A", 3], "verdict": verdict.word}
text_view.folded("And without guidance?", "The frequent digit, against training: " + ", ".join(
    f"{name} {found[name, 1].effect - shown[name]:+.1f} points" for name in "AB") + ". The same "
    "models, with the dial at 1: the difference to the verdict's rows is what guidance does.")
results.beside(predicted, answers)

# %% [markdown]
# The verdict holds for two digits of 8 × 8 pixels, small models and one strength of guidance.
#
# ## Why can guidance do that?
#
# It goes in the direction that makes the prompt easier to recognise. A rare picture of A looks like a frequent one of B, so it is pushed away. The dial that makes pictures fit their prompt is the dial that makes them more typical than the truth. Whoever turns it up for the one gets the other too.

# %% [markdown]
# ## What this adds to the lesson
#
# The lesson asked whether pictures are real and new. A generator can pass both tests and still show another *mix* than the world it has learned from: every single picture is real enough, and the group is not. Compare what you ask for with what you get, as shares and with an interval.
#
# Back to [lesson 4](../4_generative_model.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
