# %% [markdown]
# # Lab 4 · Does augmentation help?
#
# **The claim.** Augmentation makes a training set larger, and that helps the model.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing".*
#
# This lab needs [lesson 4](../4_generative_model.ipynb): diffusion model, held-out pictures. It runs on its own: it trains small generators anew, with the lesson's code from `course_utils.models.diffusion`.

# %% [markdown]
# **Why this matters.** Labelled pictures are dear: behind each stands a person who looked. **[Augmentation](../glossary.md#augmentation)** promises more of them for nothing. The classic way changes each picture a little, in a way that leaves it what it is. The new way lets a generator make pictures. Both make the training set larger. But does a [classifier](../glossary.md#classifier) learn anything from pictures that were made from the pictures it had?

# %%
import numpy as np
import pandas as pd
from sklearn import model_selection, svm

from course_utils.claims import ledger, resampling
from course_utils.data.chosen import chosen_pictures
from course_utils.exercises.lab_4_augment import exercises
from course_utils.models import diffusion
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# The settings, all in one place; each comes back where it is used.

# %%
run = start("4_augment")
plots.use_style()
settings = run.settings(
    side=8,  # pixels that pictures of your own get
    few=8,  # labelled pictures of each class
    fewer=2,  # and of each class in a second experiment
    draws=4,  # different few pictures
    more=300,  # pictures that a generator makes of them
    steps=400,  # of the generator's training
    sampling_steps=20,
)

# %% [markdown]
# ## A few pictures, and the rest to test on
#
# The digits of the lesson. Pretend that only eight of each class have a label. Which eight, is chance, so we draw several times and show the first draw here.


# %%
pictures = chosen_pictures(run, settings.side)
pixels, labels = pictures.pixels, pictures.labels  # (n, C, H, W) from 0 to 1, and (n,)
n_classes, greys = len(pictures.classes), 16 if pictures.source.name == "digits" else 255
train, held_out = model_selection.train_test_split(
    np.arange(len(labels)), test_size=0.3, stratify=labels, random_state=run.seed + 1)


def draw_few(per_class, seed):
    """Row numbers of so many training pictures of each class, in random order."""
    mixed = np.random.default_rng(seed).permutation(train)
    return np.concatenate([mixed[labels[mixed] == k][:per_class] for k in range(n_classes)])


few = draw_few(settings.few, run.seed)
print(f"{len(few)} labelled pictures, {len(held_out)} held out")

# %% [markdown]
# ## The classic way: move it
#
# Move a digit by one pixel and it stays what it is. Where ink leaves the picture it is gone, and what comes in is empty (0).
#
# **Exercise 4_augment.1 Move.** Write `moved(pictures)`. It gets pictures (n, C, H, W) and returns 8 n: each moved by one pixel in the eight directions. Same shape otherwise. (`np.pad` makes an empty rim that you can cut from.)

# %% exercise="4_augment.1"
moved = ...
### BEGIN SOLUTION
def moved(pictures):
    height, width = pictures.shape[2:]
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))
    corners = [(i, j) for i in (0, 1, 2) for j in (0, 1, 2) if (i, j) != (1, 1)]
    return np.concatenate([padded[:, :, i : i + height, j : j + width] for i, j in corners])
### END SOLUTION

# %% check="4_augment.1"
exercises.check("4_augment.1", moved)

# %% [markdown]
# The lesson's own, with one digit and its eight:


# %%
def move(pictures):
    """Each picture moved by one pixel in eight directions, empty where it was, (8 n, C, H, W)."""
    height, width = pictures.shape[2:]
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return np.concatenate([padded[:, :, i : i + height, j : j + width]
                           for i in range(3) for j in range(3) if (i, j) != (1, 1)])


plots.show(plots.gallery([pixels[few[0]], *move(pixels[few[:1]])]),
           "One digit, and the same moved by a pixel in eight directions.")

# %% [markdown]
# ## The new way: have it made
#
# A diffusion model that has learned from *these same few* makes 300 more. (If it had learned from others, it would bring in labels that we do not have.)


# %%
def generate(rows, seed):
    """Pictures that a model makes which was trained on these rows, and their classes."""
    model = diffusion.make_unet(pixels.shape[1:], n_classes, seed).to(run.device)
    diffusion.train(model, pixels[rows], labels[rows], steps=settings.steps, seed=seed,
                    device=run.device, label=f"generator {seed}")
    asked = np.resize(labels[rows], settings.more)  # their classes, again and again
    return diffusion.sample(model, asked, seed, settings.sampling_steps, greys=greys), asked


made, asked = generate(few, run.seed)
plots.show(plots.gallery(made[:: settings.more // 10][:10]), "Ten digits made by the generator.")

# %% [markdown]
# Would you give these to a classifier?
#
# <details><summary>Answer</summary>Most of them, probably: they look like digits. But looking right is not what a classifier needs. It needs to see what the few pictures do <i>not</i> show.</details>
#
# **A good place to stop.** You have two ways to make a training set larger.

# %% [markdown]
# ## The experiment
#
# The classifier is a support vector machine. What is measured is the *gain*: how many [points](../glossary.md#percentage-point) more of the held-out pictures it gets right with the added pictures than without.
#
# **Exercise 4_augment.2 The gain.** Write `gain(few, few_labels, more, more_labels, test, test_labels)` in points. Use `svm.SVC(C=10)`. All pictures are rows of numbers.

# %% exercise="4_augment.2"
gain = ...
### BEGIN SOLUTION
def gain(few, few_labels, more, more_labels, test, test_labels):
    without = svm.SVC(C=10).fit(few, few_labels).score(test, test_labels)
    both = svm.SVC(C=10).fit(np.concatenate([few, more]), np.append(few_labels, more_labels))
    return 100 * (both.score(test, test_labels) - without)
### END SOLUTION

# %% check="4_augment.2"
exercises.check("4_augment.2", gain)

# %% [markdown]
# The lab needs the same picture by picture, for the interval:


# %%
def right(learn_from, truths):
    """100 where a classifier that learned from these is right about a held-out picture, else 0."""
    rows = [each.reshape(len(each), -1) for each in (learn_from, pixels[held_out])]
    return 100.0 * (svm.SVC(C=10).fit(rows[0], truths).predict(rows[1]) == labels[held_out])


def gains(per_class):
    """What the few alone give, and what each kind of augmentation adds, one array a draw."""
    found = {"alone": [], "moved": [], "generated": []}
    for seed in range(run.seed, run.seed + settings.draws):
        rows = draw_few(per_class, seed)
        (made, asked), few, truths = generate(rows, seed), pixels[rows], labels[rows]
        found["alone"].append(right(few, truths))
        by_moving = right(np.concatenate([few, move(few)]), np.tile(truths, 9))
        by_making = right(np.concatenate([few, made]), np.append(truths, asked))
        found["moved"].append(by_moving - found["alone"][-1])
        found["generated"].append(by_making - found["alone"][-1])
    return found

# %% [markdown]
# ## The claim, as it will be judged
#
# At least one point must be gained, by *each* kind of augmentation. One kind that does not help makes the word "not supported", however much the other brings; so read the rows, and not the word alone.

# %%
claim = ledger.get("gen-augment")
claim

# %% [markdown]
# Write down what you expect, in points and as a [verdict](../glossary.md#verdict), before you run on.

# %%
predicted = {"gain by moving (points)": 3, "gain by generating (points)": 3, "verdict": "supported"}

# %% [markdown]
# Four draws of eight pictures a class, each with a generator of its own. About half a minute.

# %%
found = {settings.few: gains(settings.few)}

# %% [markdown]
# ## Verdict
#
# The [interval](../glossary.md#interval) draws anew the four draws and the held-out pictures in each.

# %%
def by_draw(values):
    """Mean and interval, by drawing the draws and their pictures anew."""
    return resampling.two_level_bootstrap(values, seed=run.seed)


measured = {kind: by_draw(found[settings.few][kind]) for kind in ("moved", "generated")}
verdict = claim.judge({"gain": measured}, run.profile)
verdict

# %% [markdown]
# Beside what you predicted:

# %%
answers = {"gain by moving (points)": measured["moved"],
           "gain by generating (points)": measured["generated"], "verdict": verdict.word}
results.beside(predicted, answers)

# %% [markdown]
# It holds for a support vector machine on so many digits of 8 × 8 pixels.
#
# ## With even fewer pictures
#
# The same with two of each class, to see whether it hangs on their number. Half a minute.

# %%
found[settings.fewer] = gains(settings.fewer)
units = {"alone": "%", "moved": "points", "generated": "points"}
rows = {f"{n * n_classes} pictures": {kind: by_draw(each[kind]).text(unit)
                                     for kind, unit in units.items()} for n, each in found.items()}
text_view.folded("What did each way bring?", " ".join(
    f"With {n * n_classes} pictures: moving {np.mean(each['moved']):+.1f} points, generating "
    f"{np.mean(each['generated']):+.1f}." for n, each in found.items()))
pd.DataFrame(rows).T

# %% [markdown]
# **Why might the two differ?** Whoever moves a digit by a pixel brings in something that the few pictures do not contain: that places do not matter. A person who knows digits has put it there. A generator that was trained on the same few has seen no other digit; what it adds can come only from these and from how the network is built.
#
# ## What this adds to the lesson
#
# Real and new is not yet *useful*. Pictures can look right, be no copies, and teach a classifier little, because they carry no knowledge that was not there before.
#
# Back to [lesson 4](../4_generative_model.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
