# %% [markdown]
# # Lab 2 · Can we see why a network decides as it does?
#
# **The claim.** What happens inside a deep network is hard to explain.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Deep Learning: The Next Level of AI" and "Interpretability and Transparency".*
#
# This lab needs [lesson 2](../2_deep_cnn.ipynb): its CNN, its moved digits, its folds. Allow 40 minutes.
#
# **Why this matters.** A network calls a spot on your skin harmless, and colours the part of the photo that it "looked at". The picture convinces the doctor. Should it? Then somebody must have tested such pictures. Here you do.

# %%
import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from course_utils.claims import ledger, resampling
from course_utils.data import canvases
from course_utils.data import pictures as images
from course_utils.exercises.lab_2_black_box import exercises
from course_utils.models import convolutional, costs, networks
from course_utils.report import results
from course_utils.run import start
from course_utils.show import patch_figures, plots, text_view

# %% [markdown]
# ## Five networks to look into
#
# Lesson 2's digits at random places of a 40 × 40 canvas, and its [CNN](../glossary.md#cnn), trained once in each [fold](../glossary.md#fold).

# %%
run = start("2_black_box")
costs.use_one_core()
plots.use_style()
settings = run.settings(canvas=40, steps=300, folds=5, judged=200, most=8)  # pictures a network
digits = images.load_mnist()
pixels, labels = digits.pixels, digits.labels
folds = canvases.folds(labels, settings.folds, run.seed)  # (train, validation, test) of each
seeds = [run.seed + i for i in range(settings.folds)]
seen = [canvases.place(pixels, settings.canvas, seed) for seed in seeds]  # (4000, 1, 40, 40) each

# %% [markdown]
# Training takes half a minute:


# %%
def batch_loss(model, images, labels):
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


def new_cnn(seed):
    """Lesson 2's network, untrained."""
    torch.manual_seed(seed)
    return convolutional.CNN(len(digits.classes))


cnns, right = [], []
for i, (train, _, test) in enumerate(tqdm(folds, desc="training")):
    cnn = networks.NetworkClassifier(new_cnn(seeds[i]), batch_loss, settings.steps,
                                     weight_decay=0.1, seed=seeds[i], device=run.device)
    cnns.append(cnn.fit(seen[i][train], labels[train]))
    right.append(100 * cnn.score(seen[i][test], labels[test]))
print(f"right: {np.mean(right):.1f} % (from {min(right):.1f} to {max(right):.1f}); guessing: 10 %")

# %% [markdown]
# ## Hide a patch by hand
#
# Cut the canvas into **patches** of 4 × 4 pixels, about as wide as a stroke of the pen. Cover one with black, and ask the network again. If it changes its mind, it needed that patch.
#
# How close is it to changing its mind? The network gives each class a score and answers with the highest. The answer's **lead** is its score minus the best other score. At a lead of 0 the answer changes. (Why not the probability? Near 1 it hardly moves: 99.99 % or 99.9 %. The lead still does.)


# %%
PATCH = 4  # pixels


def patches_of(canvas):
    """The patches that hold ink, a row (top, left) each."""
    corners = PATCH * np.argwhere(np.ones([side // PATCH for side in canvas.shape[1:]]))
    return np.array([(y, x) for y, x in corners if canvas[:, y:y + PATCH, x:x + PATCH].any()])


def cover(canvas, patches):
    """A copy of the canvas with these patches black."""
    covered = canvas.copy()
    for top, left in patches:
        covered[:, top:top + PATCH, left:left + PATCH] = 0
    return covered


# %% [markdown]
# And the lead of one answer, for many canvases at once:


# %%
def lead(model, canvases, answer):
    """Score of the answer minus the best other score, for each of (n, 1, H, W)."""
    with torch.no_grad():
        scores = model(torch.as_tensor(np.asarray(canvases), device=run.device)).cpu().numpy()
    others = np.delete(scores, answer, axis=1)
    return scores[:, answer] - others.max(axis=1)


# %% [markdown]
# Take a 9 that the first network has not trained on. An eraser could open its loop, and you would read a 4. Would the network? We look for a 9 where it does, for some patch.

# %% given="2_black_box.1"
model = cnns[0].model
for row in folds[0][1][labels[folds[0][1]] == 9]:  # the nines of the validation part
    nine, patches = seen[0][row], patches_of(seen[0][row])
    one_covered = [cover(nine, [patch]) for patch in patches]
    leads, says = lead(model, one_covered, answer=9), cnns[0].predict(one_covered)
    if lead(model, [nine], answer=9)[0] > 0 and 4 in says:
        break
exercises.given("2_black_box.1", leads=leads)

# %% [markdown]
# Here it is, its patches numbered. When you run the cell, a slider appears below, which covers one patch at a time. (A printed page cannot show it.)


# %%
def hidden(number):
    """The 9 with one patch covered, and what the network says."""
    title = f"says {says[number]}; lead of the 9: {leads[number]:.1f}"
    covered = [one_covered[number]], [patches[[number]]], PATCH, [title]
    return patch_figures.framed(*covered, columns=1, width=4)


title = f"all visible; lead of the 9: {lead(model, [nine], answer=9)[0]:.1f}"
plots.show(patch_figures.numbered(nine, patches, PATCH, title),
           "A handwritten 9 on its canvas, with a number on each patch that holds ink.")
plots.slider(hidden, range(len(patches)), "patch", start=0)

# %% [markdown]
# **Exercise 2_black_box.1 One patch by hand.** Guess first, from the picture. Then find, with the slider, a patch that changes the answer. Give its number.

# %% exercise="2_black_box.1"
answer_2_black_box_1 = ...
### BEGIN SOLUTION
answer_2_black_box_1 = int(np.argmin(leads))
### END SOLUTION

# %% check="2_black_box.1"
exercises.check("2_black_box.1", answer_2_black_box_1)

# %% [markdown]
# ## Every patch in turn: occlusion
#
# You have just invented **[occlusion](../glossary.md#occlusion)**: cover each patch alone, and mark it by how far the lead falls.
#
# **Exercise 2_black_box.2 Occlusion.** Write `occlusion(ask, canvas, patches)`. `ask(canvas)` gives the lead for *one* canvas. Return one mark for each row of `patches`: the lead of the whole canvas minus the lead with this patch covered. `cover` from above covers a *list* of patches.

# %% exercise="2_black_box.2"
occlusion = ...
### BEGIN SOLUTION
def occlusion(ask, canvas, patches):
    return [ask(canvas) - ask(cover(canvas, [patch])) for patch in patches]
### END SOLUTION

# %% check="2_black_box.2"
exercises.check("2_black_box.2", occlusion)

# %% [markdown]
# The lab goes on with a version that asks about all covered canvases at once, which is quicker. Orange patches below speak for the answer. Blue ones speak against it: without them the network would be surer.


# %%
def marks(model, canvas, answer, patches):
    """How far the answer's lead falls with each patch covered, (n,)."""
    alone = [cover(canvas, [patch]) for patch in patches]
    leads = lead(model, [canvas, *alone], answer)
    return leads[0] - leads[1:]


def heat_map(canvas, answer):
    """The marks as a picture, (H, W)."""
    picture, where = np.zeros(canvas.shape[1:]), patches_of(canvas)
    for (y, x), mark in zip(where, marks(model, canvas, answer, where), strict=True):
        picture[y:y + PATCH, x:x + PATCH] = mark
    return picture


# %%
six = np.array([nine, *seen[0][folds[0][1][:5]]])
answers = cnns[0].predict(six)
maps = [heat_map(canvas, answer) for canvas, answer in zip(six, answers, strict=True)]
fig = plots.gallery([*six, *maps], [f"says {k}" for k in answers], 6, [False] * 6 + [True] * 6)
plots.show(fig, "Six digits, and below each its patches coloured by their occlusion marks.")

# %% [markdown]
# Pretty. But is it more than a picture of where the ink is? That is the simplest rival: it asks no network at all, and simply names the patches with the most ink.
#
# **Exercise 2_black_box.3 The inkiest patches.** Write `inkiest(canvas, patches, n)`: the n rows of `patches` with the most ink, in any order. Ink is the sum of a patch's pixels. (`np.argsort(ink)` gives the numbers of the patches from the least to the most ink.)

# %% exercise="2_black_box.3"
inkiest = ...
### BEGIN SOLUTION
def inkiest(canvas, patches, n):
    ink = [canvas[:, y:y + PATCH, x:x + PATCH].sum() for y, x in patches]
    return patches[np.argsort(ink)[-n:]]
### END SOLUTION

# %% [markdown]
# Check it:

# %% check="2_black_box.3"
exercises.check("2_black_box.3", inkiest)

# %% [markdown]
# ## The claim, as it will be judged
#
# "Hard to explain" is vague. We test a first part of it: can we tell on which *parts* of a picture an answer rests? Cover the four most marked patches **together**. Does the answer change? And for the four inkiest, or four random ones with ink? If occlusion adds less than 10 points to the stronger rival, explaining is hard; if more, this part is not.
#
# It could fail. A network may have spare parts: each patch alone matters little, so the marks are noise, and what happens when four go at once, no mark has seen.

# %%
claim = ledger.get("dl-black-box")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses: of 100 answers, how many change? And the word: `"supported"` (hard), `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "answers that change: inkiest (%)": 40,
    "answers that change: occlusion (%)": 50,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# Two more contestants are shown, not judged: marks from *another* trained network, and from one with *random weights*, which has learned nothing. If the latter did as well, the marks could not be about what was learned (Adebayo and others 2018).


# %%
def strengths(i, canvas, answer, patches, rng):
    """What each contestant thinks of each patch; the more, the sooner it is covered."""
    ink = [canvas[:, y:y + PATCH, x:x + PATCH].sum() for y, x in patches]
    return {
        "occlusion": marks(cnns[i].model, canvas, answer, patches),
        "another network": marks(cnns[i - 1].model, canvas, answer, patches),
        "random weights": marks(new_cnn(100 + i).to(run.device).eval(), canvas, answer, patches),
        "inkiest": np.array(ink),
        "random": rng.random(len(patches)),
    }


# %% [markdown]
# How many pictures does it take? On 1,000 other digits (four networks, 320 pictures), covering the four inkiest patches changed 49 % of the answers; that is why there are four. Occlusion: 75 %. One picture's difference varies by 55 points (standard deviation), so 1,000 pictures give an interval of about ± 4 points, enough for a [margin](../glossary.md#margin) of 10. Each network is asked about test pictures that it has never seen:


# %%
def covered_for(i, canvas, rng):
    """For each contestant: has the answer changed with its first 1, 2, 3, … patches covered?"""
    patches, answer = patches_of(canvas), cnns[i].predict([canvas])[0]
    changed = {}
    for name, strength in strengths(i, canvas, answer, patches, rng).items():
        order = patches[np.argsort(-strength)]
        less = [cover(canvas, order[:n]) for n in range(1, settings.most + 1)]
        changed[name] = lead(cnns[i].model, less, answer) < 0
    return changed


rows = []
for i in tqdm(range(settings.folds), desc="asking", unit="network"):
    rng = np.random.default_rng(seeds[i])
    for row in rng.permutation(folds[i][2])[: settings.judged]:
        rows.append(covered_for(i, seen[i][row], rng))
names = list(rows[0])
changed = 100.0 * np.array([[row[name] for name in names] for row in rows])
changed = changed.reshape(settings.folds, -1, len(names), settings.most)  # 0 or 100 each

# %% [markdown]
# Each line: the more patches are covered, the more answers change. The dotted upright line is where the verdict is read, four patches.


# %%
def interval(values):
    """Mean over networks and pictures (network, picture), with both drawn anew."""
    return resampling.two_level_bootstrap(list(values), run.seed)


fig, ax = plots.plt.subplots()
shares = {}
for k, name in enumerate(names):
    points = {n + 1: interval(changed[:, :, k, n]) for n in range(settings.most)}
    plots.curve(ax, points, name, k)
    shares[name] = points[4]
ax.axvline(4, color=plots.GREY, linestyle=":")
ax.set(xlabel="patches covered", ylabel="answers that change (%)", ylim=(0, 100))
ax.legend()
plots.show(fig, "Share of answers that change, against patches covered, a line a contestant.", shares)

# %% [markdown]
# ## Verdict
#
# At four patches, picture by picture, minus the stronger of the two rivals. The [interval](../glossary.md#interval) is lesson 2's: networks and pictures are drawn anew.

# %%
rival = max(["inkiest", "random"], key=lambda name: shares[name].effect)
at_four = {name: changed[:, :, k, 3] for k, name in enumerate(names)}  # (network, picture)
added = interval(at_four["occlusion"] - at_four[rival])
verdict = claim.judge({"added": added}, run.profile)
verdict

# %% [markdown]
# Beside your prediction:

# %%
measured = dict(zip(predicted, [shares["inkiest"], shares["occlusion"], verdict.word], strict=True))
results.beside(predicted, measured)

# %% [markdown]
# ## What does it look like?
#
# The six digits again: above with their four most marked patches covered, below with the four inkiest. What would *you* say?

# %%
chosen = []
for canvas, answer in zip(six, answers, strict=True):
    patches = patches_of(canvas)
    chosen.append(patches[np.argsort(-marks(cnns[0].model, canvas, answer, patches))[:4]])
ink = [[c[:, y:y + 4, x:x + 4].sum() for y, x in patches_of(c)] for c in six]
chosen += [patches_of(c)[np.argsort(one)[-4:]] for c, one in zip(six, ink, strict=True)]
covered = [cover(canvas, four) for canvas, four in zip([*six, *six], chosen, strict=True)]
titles = [f"said {a}, now {b}" for a, b in zip([*answers, *answers], cnns[0].predict(covered))]
plots.show(patch_figures.framed(covered, chosen, PATCH, titles),
           "Six digits with four patches covered: above the most marked, below the inkiest.")

# %%
numbers = {name: f"{share.effect:.0f} %" for name, share in shares.items()}
text_view.folded(
    "What do the other two contestants tell?",
    f"With random weights the marks change {numbers['random weights']} of the answers, random patches "
    f"{numbers['random']}, the inkiest {numbers['inkiest']}, occlusion {numbers['occlusion']}. What "
    "random weights have above random patches is no knowledge: such a network still sees ink.\n\n"
    f"Marks of another trained network change {numbers['another network']}. The nearer this is to "
    f"{numbers['occlusion']}, the more the marks tell about digits, and the less about *this* network.")

# %% [markdown]
# ## Where is not why
#
# Suppose occlusion passed with flying colours. What would you know about the network, and what not?
#
# <details><summary>Compare your answer</summary>
#
# *Where* it looked: without these patches the answer would be another. Not *why*: that an open loop makes a 4 was your thought. No mark contains it.
#
# And a fair critic would say: the marks were made by covering, and tested by covering, in the same network. It would be odd if they were worse than ink. The surprise could only have been spare parts.
#
# A black patch is also not "nothing". It is a gap, and gaps mean something: that is how a 9 becomes a 4. Gaps with straight edges are pictures that the network has never seen.
#
# </details>

# %% [markdown]
# ## What this lab adds to lesson 2
#
# - A heat map of "where the network looked" is a claim. Test it: cover what it marks, and count changed answers.
# - The test needs rivals: ink, dice, random weights.
# - Passing says *where*, not *why*. "Hard to explain" has more parts than this one.
# - It holds for occlusion, a CNN of 65,000 [weights](../glossary.md#weight), and small grey digits. In a photo with a thousand patches that stand in for each other, covering one may change nothing.
#
# Back to [lesson 2](../2_deep_cnn.ipynb).

# %% [markdown]
# Your verdict and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, measured)
