# %% [markdown]
# # Lab 4 · Does augmentation help?
#
# **The claims.** Augmentation makes a training set larger, and that helps the model. Images that a generative model makes can do the same.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing".*
#
# This lab needs [lesson 4](../4_generative_model.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** Behind each label stands a person who looked: at an X-ray, a doctor. **[Augmentation](../glossary.md#augmentation)** promises more labelled pictures for nothing. By hand, you change each a little, so that it stays what it is. The new way: a generator makes some. Both make the training set larger. But does a classifier learn anything from pictures that were made from the pictures it had?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import svm

from course_utils.claims import ledger, resampling
from course_utils.data import pictures
from course_utils.exercises.lab_4_augment import exercises
from course_utils.models import augmenting, costs, diffusion, generators
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("4_augment")
costs.use_one_core()
plots.use_style()
settings = run.settings(draws=8, steps=augmenting.STEPS, sampling_steps=15)

# %% [markdown]
# ## A hundred labelled pictures
#
# MNIST again, 4,000 digits. Pretend that only ten of each kind have a label. Which ten, is chance, so we draw eight times. `augmenting.parts` gives three lists of row numbers for a draw: the `few`, 800 `others` that we mostly leave alone, and 2,000 to `test` on. The hundred of the first draw:

# %%
digits = pictures.load_mnist()
X, y = digits.pixels, digits.labels  # (4000, 1, 28, 28) from 0 to 1, and (4000,)
draws = [augmenting.parts(y, draw) for draw in range(settings.draws)]
few, others, test = draws[0]
assert len(set(few) | set(others) | set(test)) == len(few) + len(others) + len(test)  # apart
plots.show(plots.gallery(X[few], width=0.5), "A hundred digits, ten of each kind, a kind a row.")

# %% [markdown]
# The [classifier](../glossary.md#classifier) is a [support vector machine](../glossary.md#support-vector-machine), `svm.SVC(C=10)`. `augmenting.answers` trains it on some pictures and returns what it says to others. How many are right, on average over the draws? (±: standard deviation between draws. Guessing: 10 %.)


# %%
def right(draw, added, truths):
    """100 for each test picture that is read rightly after learning from few and added, else 0."""
    few, _, test = draws[draw]
    both, labels = np.concatenate([X[few], added]), np.append(y[few], truths)
    return 100.0 * (augmenting.answers(both, labels, X[test]) == y[test])


alone = [right(draw, X[:0], y[:0]) for draw in range(settings.draws)]
scores = np.mean(alone, axis=1)
print(f"right: {scores.mean():.1f} ± {scores.std(ddof=1):.1f} %")

# %% [markdown]
# ## Is it the number?
#
# The cheapest way to a larger training set: take each picture nine times. 900 instead of 100. Do you expect a gain?

# %%
copied = [right(draw, np.tile(X[few], (8, 1, 1, 1)), np.tile(y[few], 8))
          for draw, (few, others, test) in enumerate(draws)]
changed = sum(np.sum(a != b) for a, b in zip(alone, copied, strict=True))
text_view.folded("What do eight copies of each bring?", (
    f"Of {sum(map(len, alone)):,} answers, {changed} changed between right and wrong. Copies say "
    "nothing new. What helps must be something else than the number."))

# %% [markdown]
# ## By hand: move it
#
# Move a digit by one pixel and it stays what it is. Where ink leaves the picture it is gone, and what comes in is empty (0).
#
# **Exercise 4_augment.1 Move.** Write `moved(pictures, down, right)` for pictures (n, C, H, W). `down` and `right` are −1, 0 or 1: with `down=1` each moves one row down, with `right=-1` one column to the left. The shape stays. (`np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))` puts an empty rim around each; then cut a window out.)

# %% exercise="4_augment.1"
moved = ...


### BEGIN SOLUTION
def moved(pictures, down, right):
    height, width = pictures.shape[2:]
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))
    top, left = 1 - down, 1 - right
    return padded[:, :, top : top + height, left : left + width]


### END SOLUTION

# %% [markdown]
# Check it:

# %% check="4_augment.1"
exercises.check("4_augment.1", moved)

# %% [markdown]
# Eight directions, eight moved copies of each. One digit and its eight, with the difference to the digit below (orange: ink came, blue: ink went):


# %%
def eight(pictures):
    """Each picture moved by one pixel in eight directions, (8 n, C, H, W)."""
    height, width = pictures.shape[2:]
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))
    corners = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    return np.concatenate([padded[:, :, i : i + height, j : j + width] for i, j in corners])


shown = [X[few[20]], *eight(X[few[20:21]])]
fig = plots.gallery([*shown, *(each - shown[0] for each in shown)], columns=9,
                    signed=[False] * 9 + [True] * 9)
plots.show(fig, "One digit and the same moved in eight directions; below, what changed.")

# %% [markdown]
# ## The new way: have it made
#
# A diffusion model learns from *these same hundred* and makes 800 more. (Had it learned from others, it would bring in pictures that we pretend not to have.) It is a small version of the lesson's network. About half a minute.

# %%
made, asked = augmenting.generate(X[few], y[few], seed=0, steps=settings.steps, device=run.device)
plots.show(plots.gallery(made[:100:5], [f"asked: {each}" for each in asked[:100:5]]),
           "Twenty digits made by the generator, with the class that it was asked for.")

# %% [markdown]
# Which of these would you give to a classifier? Count those that you would not, before you open the answer.

# %%
judged = augmenting.answers(X[others], y[others], made)
text_view.folded(
    "How many of the 800 does a judge read as what was asked?",
    f"{100 * np.mean(judged == asked):.0f} %, says a support vector machine that has learned from "
    "the 800 others. The rest carry a label that does not fit what they show.")

# %% [markdown]
# **A good place to stop.** You have three ways to make a training set larger.
#
# ## What is measured
#
# The *gain*: how many [points](../glossary.md#percentage-point) more of the test pictures are read rightly with the added pictures than without.
#
# **Exercise 4_augment.2 The gain.** Write `gain(few, few_labels, more, more_labels, test, test_labels)` in points, with `svm.SVC(C=10)`. All pictures are rows of numbers. (`model.score(test, test_labels)` gives the share of right answers.)

# %% exercise="4_augment.2"
gain = ...


### BEGIN SOLUTION
def gain(few, few_labels, more, more_labels, test, test_labels):
    without = svm.SVC(C=10).fit(few, few_labels).score(test, test_labels)
    both = svm.SVC(C=10).fit(np.concatenate([few, more]), np.append(few_labels, more_labels))
    return 100 * (both.score(test, test_labels) - without)


### END SOLUTION

# %% [markdown]
# Check it:

# %% check="4_augment.2"
exercises.check("4_augment.2", gain)

# %% [markdown]
# ## The claims, as they will be judged
#
# Both add 800 pictures. Each has its own word; its whole interval must lie above one point.

# %%
claims = [ledger.get("gen-augment"), ledger.get("gen-augment-made")]
display(*claims)

# %% [markdown]
# In a pilot on 1,000 other digits, gains differed by about one point between draws. Eight draws then give an [interval](../glossary.md#interval) of about ± 1 point. (The pilot has seen the gain by moving; not the generator's in eight draws.) Write down what you expect:

# %%
predicted = {
    "gain by moving (points)": 3.0,
    "gain by generating (points)": 3.0,
    "verdict on moving": "supported",
    "verdict on generating": "supported",
}

# %% [markdown]
# ## Experiment
#
# Moving takes seconds. As a ceiling, beside it: 800 *real* digits with labels, the `others`. Eight generators take five minutes of a processor. So they were trained beforehand (`make augment`), and the record has what the classifier then said to the test pictures of each draw. You have trained the first of the eight yourself: does it give the same?

# %%
added = {"as many real ones": lambda few, others: (X[others], y[others]),
         "moved by hand": lambda few, others: (eight(X[few]), np.tile(y[few], 8))}
found = {kind: [right(draw, *more(few, others)) for draw, (few, others, test) in enumerate(draws)]
         for kind, more in added.items()}
record = augmenting.record().query("draw < @settings.draws")
for kind, rows in record.groupby("added"):
    found[kind] = [100.0 * (said == y[test]) for said, (few, others, test)
                   in zip(rows["said"], draws, strict=True)]
here, there = right(0, made, asked), found["made"][0]
print(f"right with the made pictures: here {here.mean():.1f} %, recorded {there.mean():.1f} %")

# %% [markdown]
# ## Verdict
#
# The interval draws anew the draws, and the test pictures in each.

# %%
gains = {kind: [a - b for a, b in zip(values, alone, strict=True)]
         for kind, values in ({"eight copies": copied} | found).items()}
measured = {kind: resampling.two_level_bootstrap(each, run.seed) for kind, each in gains.items()}
by_hand, by_generator = measured["moved by hand"], measured["made"]
verdicts = [claims[0].judge({"gain": by_hand}, run.profile),
            claims[1].judge({"gain": by_generator}, run.profile)]
words = [each.word for each in verdicts]
answers = dict(zip(predicted, [by_hand, by_generator, *words], strict=True))
display(*verdicts, results.beside(predicted, answers))

# %% [markdown]
# All kinds in one picture, a dot for each draw. Dashed: the point that is needed.

# %%
kinds = ["as many real ones", "moved by hand", "eight copies", "made", "made, wrong ones left out"]
fig, ax = plt.subplots(figsize=(8, 3.6))
plots.forest(ax, {kind: measured[kind] for kind in kinds}, margin=1,
             dots={kind: np.mean(gains[kind], axis=1) for kind in kinds})
ax.set(xlabel="gain (points)")
plots.show(fig, "Gain of each way to make the training set larger, with intervals and draws.",
           {kind: measured[kind] for kind in kinds})

# %% [markdown]
# The last row leaves out the made pictures that the judge of above reads as something else. (It is no way for daily life: the judge has seen 800 more labels.)
#
# ## Why
#
# Look at the last two rows. What do wrong labels explain, and what is left?

# %%
agreed = record.query("added == 'made'")["agreement"]
rest = measured["made, wrong ones left out"]
text_view.folded(
    "Compare your answer",
    f"{100 - agreed.mean():.0f} ± {agreed.std():.0f} % of the made pictures are read as another "
    f"digit. Without these the gain is {rest.text('points')}; with them it is "
    f"{by_generator.text('points')}. (The judge's choice carries something of its 800 labels into "
    "the hundred.) Who moves a digit brings in something that a hundred "
    "pictures do not say: that places do not matter. A person who knows digits has put it there. "
    "A generator that has seen the same hundred knows nothing else about digits; the most that it "
    "can add is how its network mixes them, and its errors come along.")

# %% [markdown]
# Or were our generators trained too briefly? One that comes with the course has learned from a hundred digits, too, ten times as long, in a larger network. What do its pictures bring, tested on 2,000 other digits?

# %%
train, *held_out = generators.divide(y)
rows, unseen = augmenting.first_of_each(y, train, 10), np.concatenate(held_out)
asked = np.tile(y[rows], 8)
longer = diffusion.sample(generators.load("100-1", X[rows]), asked, 0, settings.sampling_steps)
said = [augmenting.answers(np.concatenate([X[rows], more]), np.append(y[rows], truths), X[unseen])
        for more, truths in ((X[:0], y[:0]), (longer, asked))]
without, added = (100 * np.mean(each == y[unseen]) for each in said)
print(f"without {without:.1f} %, with its pictures {added:.1f} %: {added - without:+.1f} points")

# %% [markdown]
# ## What is it worth?
#
# How many labels would you have to pay for, to gain as much? Add 10, 20, 40 … real ones instead:

# %%
paid = {0: 0.0}
for n in (1, 2, 4, 8, 16):
    of_each = [augmenting.first_of_each(y, others, n) for few, others, test in draws]
    scores = [right(draw, X[rows], y[rows]).mean() for draw, rows in enumerate(of_each)]
    paid[10 * n] = np.mean(scores) - np.mean(alone)
fig, ax = plt.subplots()
ax.plot(paid.keys(), paid.values(), **plots.line_style(0), label="real ones with a label")
for i, (kind, each) in enumerate({"moved by hand": by_hand, "made": by_generator}.items(), start=1):
    ax.axhline(each.effect, color=plots.COLOURS[i], linestyle="--", label=f"800 {kind}")
ax.set(xlabel="labels paid for, besides the hundred", ylabel="gain (points)")
ax.legend()
plots.show(fig, "Gain by real labelled pictures; lines at what moving and making bring.",
           pd.DataFrame({"gain (points)": paid}).round(1))

# %% [markdown]
# Where the curve meets a line, read off below: so many labels is that kind of augmentation worth.
#
# <details><summary>And if a line lies below zero?</summary>
#
# Then they are worth no label; whether they harm, their interval above says.
#
# </details>
#
# ## What this adds to the lesson
#
# - Real and new is not yet *useful*: pictures can look right and teach a classifier little.
# - Number alone need not bring anything. Knowledge does: yours, or that of other pictures.
# - The verdicts hold for a support vector machine, a hundred digits, and generators that learned from these alone. A large one that has seen millions of *other* pictures brings their knowledge along: another experiment.
#
# **On your own pictures**, ask first: which change leaves them what they are? Then use `eight`.
#
# Back to [lesson 4](../4_generative_model.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)
