# %% [markdown]
# # Lab 4 · Does generated content make a stereotype stronger?
#
# **The claim.** Generated content can make an existing stereotype stronger.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Ethical Challenges and Bias".*
#
# This lab needs [lesson 4](../4_generative_model.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** Ask a picture generator for "a boss", and it may show you mostly men, as its training pictures did. That would be bad enough. But does it show *more* men than they did? Then every picture that it adds to the world makes the next generator's training pictures more one-sided still. We rebuild this with a skew that we know.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import pictures as images
from course_utils.exercises.lab_4_stereotype import exercises
from course_utils.models import diffusion, generators, judges
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots

run = start("4_stereotype")
plots.use_style()
settings = run.settings(
    share=80, steps=100, sampling_steps=15, judge_steps=300,
    made=60, strengths=[1, 3], made_beside=24, beside=[1.5, 2, 5, 7.5])

# %% [markdown]
# ## Two invented professions
#
# Two digits stand for two kinds of people, A and B for two professions. Of A's pictures 80 % show the one digit, of B's 80 % the other. So in all pictures both digits are equally frequent: the skew is only *within* a profession. Here the network is told the profession, not the digit.
#
# Five pairs of digits, a generator for each: then a verdict is not about 3 and 8 alone. The pictures are those that the lesson's generators have learned from, 200 of each digit. The other 2,000 are kept for a [judge](../glossary.md#judge).

# %%
PAIRS = [(3, 8), (4, 9), (1, 7), (5, 6), (0, 2)]  # frequent in A, frequent in B
pictures = images.load_mnist()
pixels, labels = pictures.pixels, pictures.labels  # (4000, 1, 28, 28) from 0 to 1, and (4000,)
train, *others = generators.divide(labels)
others = np.concatenate(others)


def skewed(pair):
    """Row numbers of a pair's pictures, and for each its profession, 0 for A and 1 for B."""
    first, second = (train[labels[train] == digit] for digit in pair)
    n = round(settings.share / 100 * len(first))
    a, b = np.append(first[:n], second[n:]), np.append(second[:n], first[n:])
    return np.append(a, b), np.repeat([0, 1], [len(a), len(b)])


rows, profession = skewed(PAIRS[0])
of_a = labels[rows[profession == 0]]
of_frequent = 100 * np.mean(of_a == PAIRS[0][0])
print(f"A: {len(of_a)} pictures, {of_frequent:.0f} % of them a {PAIRS[0][0]}")

# %% [markdown]
# Twenty of A's, drawn at random:

# %%
some = np.random.default_rng(run.seed).choice(rows[profession == 0], 20, replace=False)
plots.show(plots.gallery(pixels[some]), "Twenty training pictures of profession A.")

# %% [markdown]
# ## The dial
#
# Large generators are used with strong **[guidance](../glossary.md#guidance)** (7.5 is the default of a well-known one). You know it from the lesson: with *u* the guess without the class and *c* the guess with it, the network's answer becomes *u* + *w* (*c* − *u*).
#
# What might that do to a skew? A rule of thumb, with odds: not told the profession, the two digits are as likely, 1 : 1. Told "A", the odds are 4 : 1; so "A" *multiplies the odds by 4*. Guidance *w* does that *w* times: 4*ʷ* : 1. With *w* = 2 that is 16 : 1, a share of 16 / 17 = 94 %.
#
# **Exercise 4_stereotype.1 The rule of thumb.** Write `by_rule(share, w)`: share is that of the frequent digit in training, in %, between 50 and 100. It returns the share in % that the rule expects at guidance *w*.

# %% exercise="4_stereotype.1"
by_rule = ...
### BEGIN SOLUTION
def by_rule(share, w):
    odds = (share / (100 - share)) ** w
    return 100 * odds / (odds + 1)
### END SOLUTION

# %% check="4_stereotype.1"
exercises.check("4_stereotype.1", by_rule)

# %% [markdown]
# The rule is about odds; the dial turns guesses of *pictures*, again and again on the way from noise to a digit. So it may be wrong.
#
# Our generators are the lesson's. They draw well already; so we do what a company would do, and [fine-tune](../glossary.md#fine-tuning) them: their ten words for the digits are taken away, and in a hundred steps of 64 pictures they learn the words A and B. For one picture in ten the word is withheld: that is how a network learns *u*. (In a pilot on other digits, small networks from scratch drew nothing readable in so little time; these did after 60 steps.)


# %%
def teach(number):
    """A ready generator that learns the professions of this pair in place of the digits."""
    ready = generators.load(f"2000-{number % 3 + 1}", pixels[train]).state_dict()
    ready.pop("network.class_embedding.weight")  # the ten words
    model = diffusion.UNet(pixels.shape[1:], 2, run.seed + number)
    model.load_state_dict(ready, strict=False)
    rows, profession = skewed(PAIRS[number])
    diffusion.train(model.to(run.device), pixels[rows], profession, steps=settings.steps,
                    withheld=0.1, seed=run.seed + number, device=run.device, label=f"pair {number}")
    return model.eval()


models = [teach(number) for number in (0, 1, 2)]

# %% [markdown]
# The other two:

# %%
models += [teach(number) for number in (3, 4)]

# %% [markdown]
# Twenty pictures of A with guidance 1, that is without any:


# %%
def make(number, name, w, n):
    """n pictures of profession A or B, (n, 1, 28, 28), from the same noise for each w."""
    asked = np.full(n, "AB".index(name))
    return diffusion.sample(models[number], asked, run.seed + number, settings.sampling_steps, w)


plots.show(plots.gallery(make(0, "A", 1, 20)), "Twenty made pictures of A, guidance 1.")

# %% [markdown]
# With guidance 7.5. The same place, the same noise:

# %%
plots.show(plots.gallery(make(0, "A", 7.5, 20)), "Twenty made pictures of A, guidance 7.5.")

# %% [markdown]
# <details><summary>What should you look for?</summary>
#
# Two things: are the pictures clearer and more alike? And at which places has the digit changed, in which direction? Twenty pictures can suggest it. Whether it is more than chance, only counting can tell.
#
# </details>
#
# **A good place to stop.** You have built generators with a known skew and the dial that we suspect.

# %% [markdown]
# ## A judge that errs
#
# Nobody wants to count thousands of pictures by eye, so the lesson's judge does. It learns from pictures that no generator has seen. It can say all ten digits: what it calls neither of the pair is not counted, but reported. How often is it wrong? Ask it about the generators' training pictures, which are new to it.

# %%
judge = judges.make_judge(1, 10, settings.judge_steps, run.seed, run.device)
judge.fit(pixels[others], labels[others])
said, truth = judge.predict(pixels[train]), labels[train]
print(f"right about {100 * np.mean(said == truth):.1f} % of {len(train):,} pictures")


def called(digit, shown, pair):
    """Of real pictures that show one digit and are called one of the pair: % called `digit`."""
    calls = said[(truth == shown) & np.isin(said, pair)]
    return 100 * np.mean(calls == digit)


table = {f"{i} and {j}": {"first called first (%)": called(i, i, (i, j)),
                          "second called first (%)": called(i, j, (i, j))} for i, j in PAIRS}
pd.DataFrame(table).T.round(1)

# %% [markdown]
# Do such errors make a skew look stronger or weaker? Say that 98 % of the frequent digit are called so, and 6 % of the rare one, too. Of 80 frequent and 20 rare ones, 0.98 · 80 + 0.06 · 20 = 79.6 are called frequent. Here the many suffer more errors, which pull towards the middle. Knowing the two rates, one can calculate back (if it errs alike on made pictures).
#
# **Exercise 4_stereotype.2 Correct the judge.** Write `corrected(called, right, wrong)`, all in %: the share that is called frequent; how many of the frequent and how many of the rare ones are called frequent. It returns the true share. For 79.6, 98 and 6 that is 80.

# %% exercise="4_stereotype.2"
corrected = ...
### BEGIN SOLUTION
def corrected(called, right, wrong):
    return 100 * (called - wrong) / (right - wrong)
### END SOLUTION

# %% check="4_stereotype.2"
exercises.check("4_stereotype.2", corrected)

# %% [markdown]
# ## The claim, as it will be judged
#
# At guidance 3: the corrected share, minus that in training, at least five [points](../glossary.md#percentage-point) for both professions. Five trainings give five numbers a profession; the [interval](../glossary.md#interval) is lesson 1's t interval, which holds what trainings, digits and pictures have by chance. Without guidance is reported beside.

# %%
claim = ledger.get("gen-stereotype")
predicted = {"frequent digit, A, guidance 1 (%)": 80, "frequent digit, A, guidance 3 (%)": 90,
             "verdict": "supported"}
claim

# %% [markdown]
# ## Experiment
#
# First the two strengths that the verdict is about: 60 pictures for each of five generators. If the generators' shares spread by 4 points, five tell 10 points from 5.


# %%
def count(number, name, w, n):
    """Corrected share of the frequent digit, and share that is called one of the pair, in %."""
    pair = PAIRS[number]
    frequent, rare = pair if name == "A" else pair[::-1]
    calls = judge.predict(make(number, name, w, n))
    known = np.isin(calls, pair)
    right, wrong = (called(frequent, shown, pair) for shown in (frequent, rare))
    share = 100 * np.mean(calls[known] == frequent) if known.any() else 50
    return 100 * (share - wrong) / (right - wrong), 100 * known.mean()


def count_all(strengths, n):
    """For each profession and strength, both shares of each training, (2, 5)."""
    keys = [(name, w) for w in strengths for name in "AB"]
    return {key: np.array([count(number, *key, n) for number in range(5)]).T for key in tqdm(keys)}


counted = count_all(settings.strengths, settings.made)

# %% [markdown]
# The rest of the curve, with fewer pictures a point:

# %%
counted |= count_all(settings.beside, settings.made_beside)

# %% [markdown]
# Left, the frequent digit. Right, what people hope for from the dial: pictures that show what was asked for, here one of the pair, as the judge sees it. (Corrected, and with a t interval, a share may come out above 100 %.)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4), width_ratios=[1.3, 1])
strengths = sorted({w for _, w in counted})
found = {key: [intervals.t_interval(each) for each in both] for key, both in counted.items()}
for i, name in enumerate("AB"):
    for ax, which in zip(axes, (0, 1), strict=True):
        plots.curve(ax, {w: found[name, w][which] for w in strengths}, name, i)
fine = np.linspace(1, max(strengths), 100)
odds = (settings.share / (100 - settings.share)) ** fine
axes[0].plot(fine, 100 * odds / (odds + 1), color=plots.GREY, label="rule of thumb")
axes[0].axhline(settings.share, color=plots.GREY, linestyle=":", label="in training")
axes[0].set(xlabel="guidance", ylabel="pictures with the frequent digit (%)")
axes[1].set(xlabel="guidance", ylabel="recognised as one of the pair (%)")
for ax in axes:
    ax.set_xticks(strengths, strengths)
axes[0].legend()
numbers = {f"{name}, guidance {w}: {what}": found[name, w][which]
           for name, w in sorted(found) for which, what in enumerate(("frequent", "recognised"))}
alt = "Share of the frequent digit, and of recognised pictures, against guidance."
plots.show(fig, alt, numbers)

# %% [markdown]
# ## Verdict

# %%
stronger = {(name, w): intervals.t_interval(counted[name, w][0] - settings.share)
            for name in "AB" for w in settings.strengths}
verdict = claim.judge({"stronger": {name: stronger[name, 3] for name in "AB"}}, run.profile)
answers = dict(zip(predicted, [found["A", 1][0], found["A", 3][0], verdict.word], strict=True))
display(verdict)
results.beside(predicted, answers)

# %% [markdown]
# It holds for five small generators of digits that were fine-tuned for a moment. **And without guidance?**

# %%
def word(estimate):
    return ("more than" if estimate.low > 0 else "less than" if estimate.high < 0
            else "not told apart from")


for name in "AB":
    plain, gap = stronger[name, 1], stronger[name, 3].effect - stronger[name, 1].effect
    print(f"{name}, guidance 1: {plain.text('points')}: {word(plain)} what training showed; "
          f"guidance 3 against 1: {gap:+.1f} points")
rule = 100 / (1 + (100 / settings.share - 1) ** 3)
print(f"guidance 3: the rule expects {rule:.1f} %, measured", *(
    f"{found[name, 3][0].effect:.1f} % ({name})" for name in "AB"))

# %% [markdown]
# <details><summary>What does the difference between the two say?</summary>
#
# Guidance 1 is the generator alone: what it does to the skew, it has learned (or, after few steps, not yet; or pictures that count as neither digit hide some). Guidance 3 asks the *same* networks from the same noise; what differs then is the dial. The rule of thumb need not fit: the dial acts on every step of the way, not on the odds of what comes out.
#
# </details>

# %% [markdown]
# ## Why would guidance do that?
#
# It goes in the direction that makes the prompt easier to recognise. A rare picture of A looks like a frequent one of B, so it is pushed away. The dial that is to make pictures fit their prompt is the dial that makes them more typical than the truth.
#
# **Try**: set `share=60` at the top and run again. What does the rule say, and what do you find?
#
# ## What this adds to lesson 4
#
# The lesson asked whether pictures are real and new. Every single picture can pass both tests, and their *mix* still be another than in the world. Compare what you ask for with what you get, as shares and with an interval, and let the judge be judged, too.
#
# Back to [lesson 4](../4_generative_model.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
