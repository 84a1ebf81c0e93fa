# %% [markdown]
# # Lab 2 · Can we see why a network decides as it does?
#
# **The claim.** What happens inside a deep network is hard to explain.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Deep Learning: The Next Level of AI" and "Interpretability and Transparency".*
#
# This lab needs [lesson 2](../2_deep_cnn.ipynb): its CNN, its moved digits, its folds. Allow 45 minutes. (Cells that load, train or draw can be skimmed.)
#
# **Why this matters.** A network calls a spot on your skin harmless, and colours the part of the photo that it "looked at". The picture convinces the doctor. Should it? Only if somebody has tested such pictures. Here you do.

# %%
import numpy as np
import torch
from tqdm import tqdm

from course_utils.claims import ledger, resampling
from course_utils.data import canvases, pictures
from course_utils.exercises.lab_2_black_box import exercises
from course_utils.models import convolutional, costs, networks
from course_utils.report import results
from course_utils.run import start
from course_utils.show import patch_figures, plots, text_view

run = start("2_black_box")
costs.use_one_core()
plots.use_style()
settings = run.settings(canvas=40, steps=300, folds=5, judged=200, most=8)

# %% [markdown]
# ## Five networks to look into
#
# Lesson 2's digits at random places of a 40 × 40 canvas, and its [CNN](../glossary.md#cnn), trained once in each [fold](../glossary.md#fold). About a minute, more on a busy machine:


# %%
def batch_loss(model, images, labels):
    return torch.nn.functional.cross_entropy(model(images), labels)


def new_cnn(seed):
    """Lesson 2's network, untrained."""
    torch.manual_seed(seed)
    return convolutional.CNN(n_classes=10).to(run.device).eval()


digits = pictures.load_mnist()
folds = canvases.folds(digits.labels, settings.folds, run.seed)  # (train, validation, test) each
seen, cnns, right = [], [], []
for seed, (train, _, test) in enumerate(tqdm(folds, desc="training"), start=run.seed):
    seen.append(canvases.place(digits.pixels, settings.canvas, seed))  # (4000, 1, 40, 40)
    cnn = networks.NetworkClassifier(new_cnn(seed), batch_loss, settings.steps,
                                     weight_decay=0.1, seed=seed, device=run.device)
    cnns.append(cnn.fit(seen[-1][train], digits.labels[train]))
    right.append(100 * cnn.score(seen[-1][test], digits.labels[test]))
print(f"right: {np.mean(right):.1f} % (from {min(right):.1f} to {max(right):.1f}); guessing: 10 %")

# %% [markdown]
# ## Hide a patch by hand
#
# Cut the canvas into **patches** of 4 × 4 pixels, about as wide as a stroke of the pen. Cover one with black, and ask the network again. Does it change its mind?


# %%
PATCH = 4  # pixels


def patches_of(canvas):
    """The patches that hold ink, a row (top, left) each."""
    steps = range(0, settings.canvas, PATCH)
    return np.array([(top, left) for top in steps for left in steps
                     if canvas[:, top:top + PATCH, left:left + PATCH].any()])


def cover(canvas, patches):
    """A copy of the canvas with these patches black."""
    covered = canvas.copy()
    for top, left in patches:
        covered[:, top:top + PATCH, left:left + PATCH] = 0
    return covered


# %% [markdown]
# How close is a network to changing its mind? It gives each class a score and answers with the highest. The answer's **lead** is its score minus the best other score. Below 0 the answer changes. (Why not the probability? From a lead of 7 on it is over 99 %, and hardly moves.)


# %%
def lead(model, canvases, answer):
    """Score of the answer minus the best other score, for each of (n, 1, H, W)."""
    with torch.no_grad():
        scores = model(torch.as_tensor(np.asarray(canvases), device=run.device)).cpu().numpy()
    return scores[:, answer] - np.delete(scores, answer, axis=1).max(axis=1)


# %% [markdown]
# An eraser can open the loop of a 9, and you read a 4. Does the network? The next cell looks for a 9, not used in training, where some patch does it.

# %% given="2_black_box.1"
model, validation = cnns[0].model, folds[0][1]
for row in validation[digits.labels[validation] == 9]:
    nine, patches = seen[0][row], patches_of(seen[0][row])
    one_covered = [cover(nine, [patch]) for patch in patches]
    says = cnns[0].predict(one_covered)
    if 4 in says and cnns[0].predict([nine])[0] == 9:
        break
whole, leads = lead(model, [nine], answer=9)[0], lead(model, one_covered, answer=9)
exercises.given("2_black_box.1", leads=leads)

# %% [markdown]
# Here it is, its patches numbered. When you run the cell, a slider appears below, which covers one patch at a time. (No slider? `hidden(3)` in a new cell draws the 9 with patch 3 covered.)


# %%
def hidden(number):
    """The 9 with one patch covered, and what the network says."""
    title = f"says {says[number]}; lead of the 9: {leads[number]:.1f}"
    return patch_figures.framed([one_covered[number]], [patches[[number]]], PATCH, [title], 1, 4)


plots.show(patch_figures.numbered(nine, patches, PATCH, f"says 9; lead of the 9: {whole:.1f}"),
           "A handwritten 9 on its canvas, with a number on each patch that holds ink.")
plots.slider(hidden, range(len(patches)), "patch", start=0)

# %% [markdown]
# **Exercise 2_black_box.1 One patch by hand.** Guess first, from the picture. Then find, with the slider, a patch that changes the answer. Give its number.

# %% exercise="2_black_box.1"
answer_2_black_box_1 = ...
### BEGIN SOLUTION
answer_2_black_box_1 = int(np.argmin(leads))
### END SOLUTION

# %% [markdown]
# Check it:

# %% check="2_black_box.1"
exercises.check("2_black_box.1", answer_2_black_box_1)

# %% [markdown]
# ## Every patch in turn: occlusion
#
# You have just invented **[occlusion](../glossary.md#occlusion)**: cover each patch alone, and give it a **mark**: how far the lead falls. (If it grows, the mark is below 0.)
#
# Here are the marks of six digits, the first your 9. The darker the orange, the further the lead falls; each picture has its own scale. Blue patches speak against the answer: without them its lead grows.


# %%
def marks(model, canvas, answer, patches):
    """How far the answer's lead falls with each patch covered, (n,)."""
    one_covered = [cover(canvas, [patch]) for patch in patches]
    leads = lead(model, [canvas, *one_covered], answer)
    return leads[0] - leads[1:]


# %%
six = np.array([nine, *seen[0][validation[:5]]])
answers, maps = cnns[0].predict(six), []
for canvas, answer in zip(six, answers, strict=True):
    inked = patches_of(canvas)
    maps.append(patch_figures.heat(canvas, inked, marks(model, canvas, answer, inked), PATCH))
fig = plots.gallery([*six, *maps], [f"says {k}" for k in answers], 6, [False] * 6 + [True] * 6)
plots.show(fig, "Six digits, and below each its patches coloured by their occlusion marks.")

# %% [markdown]
# ## Pretty. But is it true?
#
# A heat map says: *these* patches matter. So cover the most marked ones, *together*, and see whether the answer changes. No mark has seen that: each was made with one covered.
#
# **Exercise 2_black_box.2 The test.** Write `changes(ask, canvas, patches, strength, n)`. `strength` is an array, a number for each row of `patches`, such as its mark. Cover the n strongest patches, all at once. `ask(canvas)` gives the answer's lead on one canvas, here the covered one. Return `True` if it is less than 0, else `False`. (`np.argsort(strength)` gives the numbers of the rows, the weakest first.)

# %% exercise="2_black_box.2"
changes = ...
### BEGIN SOLUTION
def changes(ask, canvas, patches, strength, n):
    strongest = patches[np.argsort(strength)[-n:]]
    return ask(cover(canvas, strongest)) < 0
### END SOLUTION

# %% check="2_black_box.2"
exercises.check("2_black_box.2", changes)

# %% [markdown]
# ## The claim, as it will be judged
#
# A test needs a rival. Perhaps covering much ink is all it takes. So the simplest "explanation" asks no network at all: the **inkiest** patches (the highest sum of pixels). A second rival throws dice among the patches with ink.
#
# "Hard to explain" is vague. We test a first part of it: can we tell on which *parts* of a picture an answer rests? Cover the four most marked patches, and count the answers that change, in %. Less than 10 points above the stronger rival: explaining is hard. More: this part is not. (The 10 is ours.)
#
# How could marks fail? Several strokes may each be enough for the answer. Then covering any one changes little, and its mark says little.

# %%
claim = ledger.get("dl-black-box")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses: of 100 answers, how many change? And the word: `"supported"` (hard), `"not supported"` or `"inconclusive"`?

# %%
predicted = {"answers that change: inkiest (%)": 40,
             "answers that change: occlusion (%)": 50,
             "verdict": "supported"}

# %% [markdown]
# ## Experiment
#
# Two more contestants are shown, not judged: marks made with *another* trained network, and with one of *random weights*, which has learned nothing. If the latter did as well, marks would not be about what was learned (Adebayo and others 2018).


# %%
def ordered(i, canvas, answer, rng):
    """For each contestant, the patches of a picture of fold i, the strongest first."""
    patches, another, untrained = patches_of(canvas), cnns[i - 1].model, new_cnn(100 + i)
    strengths = {
        "occlusion": marks(cnns[i].model, canvas, answer, patches),
        "another network": marks(another, canvas, answer, patches),
        "random weights": marks(untrained, canvas, answer, patches),
        "inkiest": np.array([canvas[:, y:y + PATCH, x:x + PATCH].sum() for y, x in patches]),
        "random": rng.random(len(patches)),
    }
    return {name: patches[np.argsort(-strength)] for name, strength in strengths.items()}


# %% [markdown]
# How many pictures does it take? In a pilot on other digits (four networks, 320 pictures), the four inkiest patches changed 49 % of the answers, occlusion's 75 %. So the outcome is no secret; the margin of 10 is older than the pilot. (Three patches of 5 × 5 pixels: 61 and 75 %. The gap depends on such choices, so they come first.)
#
# One picture's difference varied by 55 points there (standard deviation). 1,000 pictures leave ± 3.4 points, and networks that differ add to that: enough for a [margin](../glossary.md#margin) of 10. Each network gets 200 test pictures; its answers count, right or wrong. `changed_by` is your test, for 1 to 8 patches:


# %%
def changed_by(i, canvas, rng):
    """For each contestant: has the answer changed with its first 1, 2, 3, … patches covered?"""
    answer, changed = cnns[i].predict([canvas])[0], {}
    for name, order in ordered(i, canvas, answer, rng).items():
        fewer = [cover(canvas, order[:n]) for n in range(1, settings.most + 1)]
        changed[name] = lead(cnns[i].model, fewer, answer) < 0
    return changed


tried = []
for i in tqdm(range(settings.folds), desc="asking"):
    rng = np.random.default_rng([run.seed, i])
    rows = rng.permutation(folds[i][2])[: settings.judged]
    tried.append([changed_by(i, seen[i][row], rng) for row in rows])

# %% [markdown]
# How many answers change with 1, 2, 3, … patches covered? Bands are 95 % intervals. The verdict is read at the dotted line, four patches.


# %%
def interval(values):
    """Mean over networks and pictures (network, picture), with both drawn anew."""
    return resampling.two_level_bootstrap(list(values), run.seed)


def percent_changed(name, n):
    """100 where the answer has changed with n patches covered, else 0: (network, picture)."""
    return 100 * np.array([[picture[name][n - 1] for picture in network] for network in tried])


fig, ax = plots.plt.subplots()
shares = {}
for k, name in enumerate(tried[0][0]):
    points = {n: interval(percent_changed(name, n)) for n in range(1, settings.most + 1)}
    plots.curve(ax, points, name, k)
    shares[name] = points[4]
ax.axvline(4, color=plots.GREY, linestyle=":")
ax.set(xlabel="patches covered", ylabel="answers that change (%)", ylim=(0, 100))
ax.legend()
plots.show(fig, "Answers that change against patches covered, a line a contestant.", shares)

# %% [markdown]
# ## Verdict
#
# At four patches, picture by picture, minus the stronger of the two rivals. The [interval](../glossary.md#interval) is lesson 2's: networks and pictures are drawn anew. All of it below 10: supported. All above: not supported. Else: inconclusive. The word is about the part that was tested, not about all that "explain" may mean.

# %%
rival = max(["inkiest", "random"], key=lambda name: shares[name].effect)
added = interval(percent_changed("occlusion", 4) - percent_changed(rival, 4))
verdict = claim.judge({"added": added}, run.profile)
measured = dict(zip(predicted, [shares["inkiest"], shares["occlusion"], verdict.word], strict=True))
display(verdict, results.beside(predicted, measured))

# %% [markdown]
# ## What does it look like?
#
# The six digits with four patches covered: above the most marked, below the inkiest. What would *you* say? And, back at the curves: what do the two contestants tell that were not judged?

# %%
chosen = [ordered(0, canvas, answer, rng)[name][:4] for name in ("occlusion", "inkiest")
          for canvas, answer in zip(six, answers, strict=True)]
covered = [cover(*pair) for pair in zip([*six, *six], chosen, strict=True)]
now = zip([*answers, *answers], cnns[0].predict(covered), strict=True)
titles = [f"said {before}, now {after}" for before, after in now]
plots.show(patch_figures.framed(covered, chosen, PATCH, titles),
           "Six digits with four patches covered: above the most marked, below the inkiest.")
share = {name: f"{estimate.effect:.1f} %" for name, estimate in shares.items()}
text_view.folded(
    "What do the two contestants tell that were not judged?",
    f"Answers that change: random weights {share['random weights']}, random patches "
    f"{share['random']}. The closer these two, the more occlusion needs what was learned.\n\n"
    f"Another network {share['another network']}, occlusion {share['occlusion']}. The closer these "
    "two, the more marks tell about digits, and the less about this one network.")

# %% [markdown]
# ## Where is not why
#
# Suppose occlusion passed with flying colours. What would you know about the network, and what not?
#
# <details><summary>Compare your answer</summary>
#
# *Where*: on which patches an answer rests. Not *why*: that an open loop makes a 4 was your thought. No mark contains it.
#
# And a fair critic would say: the marks were made by covering, and tested by covering, in the same network. That is a kind test.
#
# A black patch is also not "nothing". It is a gap, and gaps mean something: a 9 with an open loop looks like a 4. So an answer may change because of what the gap adds. And gaps with straight edges are pictures that the network has never seen.
#
# </details>

# %% [markdown]
# ## What this lab adds to lesson 2
#
# - A heat map of "where the network looked" is a claim. Test it: cover what it marks, and count changed answers.
# - The test needs rivals: ink, dice, random weights.
# - Passing says *where*, not *why*. "Hard to explain" has more parts than this one.
# - It holds for occlusion, a CNN of 61,000 [weights](../glossary.md#weight), and small grey digits. In a photo with a thousand patches that stand in for each other, covering one may change nothing.
#
# Back to [lesson 2](../2_deep_cnn.ipynb).

# %% [markdown]
# Your verdict and your exercises, kept in a results file for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, measured)
