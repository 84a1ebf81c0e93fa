# %% [markdown]
# # Lab 2 · Can a network learn from pictures without labels?
#
# **The claim.** Deep learning can also learn from data without labels.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "How AI Systems Handle Data".*
#
# This lab needs [lesson 2](../2_deep_cnn.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** Your phone holds thousands of photos, and hardly one says what it shows. Pictures cost nothing; [labels](../glossary.md#label) cost somebody's evening. What can a network learn before the first label?

# %%
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn import model_selection
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import pictures
from course_utils.exercises.lab_2_unlabelled import exercises
from course_utils.models import costs, puzzles
from course_utils.report import results
from course_utils.run import start
from course_utils.show import curve_figures, map_figures, plots, text_view

# %% [markdown]
# ## Many pictures, few labels
#
# MNIST again: 4,000 digits, centred. (1,000 others were our pilot, which chose the settings.) Six [folds](../glossary.md#fold) each hide a sixth for testing. Of the other 3,333 pictures we pretend to know the label of five a class, 50 in all.

# %%
run = start("2_unlabelled")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    folds=6, puzzle_steps=200, steps=100, draws={1: 1, 5: 2, 20: 1}, copies=30)
digits = pictures.load_mnist()
X, y = torch.tensor(digits.pixels), torch.tensor(digits.labels, dtype=torch.int64)
cutter = model_selection.StratifiedKFold(settings.folds, shuffle=True, random_state=run.seed)
folds = list(cutter.split(X, y))
train, test = folds[0]
some = np.random.default_rng(run.seed).permutation(train)[:30]
titles = [f"label: {y[row]}" if i in (3, 17) else "?" for i, row in enumerate(some)]
plots.show(plots.gallery(X[some].numpy(), titles), "30 digits; above two of them is a label.")

# %% [markdown]
# ## Labels alone
#
# `puzzles.few` draws the rows of five pictures a class. `puzzles.learn` trains lesson 2's [CNN](../glossary.md#cnn) on them: 100 steps with [AdamW](../glossary.md#optimizer) on [cross-entropy](../glossary.md#cross-entropy). The [baseline](../glossary.md#baseline), guessing, is right in 10 %.

# %%
rows = puzzles.few(train, digits.labels, per_class=5, draw=0, seed=run.seed)
net = puzzles.network(10, run.seed)
puzzles.learn(net, X[rows], y[rows], puzzles.as_it_is, settings.steps, run.seed)
print(f"the 50 labelled pictures: {puzzles.accuracy(net, X[rows], y[rows]):.0f} % right")
print(f"hidden pictures: {puzzles.accuracy(net, X[test], y[test]):.0f} % right")

# %% [markdown]
# What separates the two accuracies is [overfitting](../glossary.md#overfitting).
#
# ## A puzzle that needs no label
#
# Turn a 7 a little, make it smaller, shift it: still a 7. You can say "still the same" of a sign that you cannot even read. `puzzles.change` makes such copies: turned by up to 30°, zoomed by up to 30 %, shifted by up to 4 of 28 pixels, each time anew.

# %%
torch.manual_seed(run.seed)
mixed, shown = torch.randperm(8), X[some[:8]]
copies = torch.cat([puzzles.change(shown), puzzles.change(shown[mixed])]).numpy()
fig = plots.gallery(copies, "12345678ABCDEFGH", columns=8)
plots.show(fig, "Changed copies of eight digits; below, of the same in another order.")
pairs = [f"{i + 1}{'ABCDEFGH'[mixed.tolist().index(i)]}" for i in range(8)]
text_view.folded("Each copy above has a partner below. Which?", ", ".join(pairs))

# %% [markdown]
# That is the whole puzzle: **find the partner**, among the copies of 128 pictures. It makes its own right answers; nobody labels anything. To solve it, a network has to see what a change leaves alone: loops, corners, crossings.
#
# In a [batch](../glossary.md#batch) stand the first copies of n pictures, then their second copies in the same order: 2n rows, counted from 0.
#
# **Exercise 2_unlabelled.1 The right answers.** Write `partners(n)`: for each of the 2n copies the row of its partner, as a torch tensor. For n = 3, the partner of copy 0 is 3, that of 1 is 4, and that of 3 is 0 again. (`torch.arange(a, b)` counts from a to b − 1; `torch.cat([…, …])` joins.)

# %% exercise="2_unlabelled.1"
partners = ...
### BEGIN SOLUTION
def partners(n):
    return torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
### END SOLUTION

# %% [markdown]
# Check it:

# %% check="2_unlabelled.1"
exercises.check("2_unlabelled.1", partners)

# %% [markdown]
# ## How alike are two copies?
#
# In place of ten scores the network now gives 32 numbers a copy. These are its arrow, a row of `z`, scaled to length 1. The **similarity** of two copies is the sum of the products of their numbers. By hand, with arrows of two numbers: (1, 0) and (0.6, 0.8) give 1 · 0.6 + 0 · 0.8 = 0.6; an arrow with itself gives 1, the most there is. `z @ z.T` has the similarities of all pairs, shape (2n, 2n): row i has those of copy i with all copies, and on the diagonal that with itself.
#
# <details><summary>The diagonal is 1. Why is that bad for a puzzle?</summary>
#
# Every copy would choose itself. The diagonal has to go.
#
# </details>
#
# Each row is now a question with many possible answers, like the ten digits before, and cross-entropy scores it. The similarities are divided by a **temperature** of 0.2: scores between −1 and 1 could never make the [softmax](../glossary.md#softmax) sure.
#
# **Exercise 2_unlabelled.2 The loss.** Write `puzzle_loss(z)` for `z` of shape (2n, 32): scale the arrows (`F.normalize(z, dim=1)`), take all similarities, divide by 0.2, take the diagonal out (`scores.fill_diagonal_(-1e9)`), and return `F.cross_entropy(scores, …)` with `partners(len(z) // 2)`.

# %% exercise="2_unlabelled.2"
puzzle_loss = ...
### BEGIN SOLUTION
def puzzle_loss(z):
    z = F.normalize(z, dim=1)
    scores = (z @ z.T / 0.2).fill_diagonal_(-1e9)  # (2n, 2n)
    return F.cross_entropy(scores, partners(len(z) // 2))
### END SOLUTION

# %% [markdown]
# Check it:

# %% check="2_unlabelled.2"
exercises.check("2_unlabelled.2", puzzle_loss)

# %% [markdown]
# ## Pre-training
#
# The network learns the puzzle ([pre-training](../glossary.md#pre-training)) with the loss below, on the 3,333 pictures, 128 in a batch. `pre_train` gets `X` and never `y`. 128 hidden pictures are a puzzle for [validation](../glossary.md#validation). (The method is SimCLR, by Chen and others, 2020. `roll(n)` moves the counting by n places: the partners again.) Watch the curves (dotted: guessing among 255 copies): does it learn the puzzle, or its pictures by heart?


# %%
def simclr(net, x):
    """Loss of the puzzle for pictures x (n, 1, 28, 28)."""
    z = F.normalize(net(torch.cat([puzzles.change(x), puzzles.change(x)])), dim=1)
    scores = (z @ z.T / 0.2).fill_diagonal_(-1e9)  # (2n, 2n)
    return F.cross_entropy(scores, torch.arange(len(z)).roll(len(x)))


first, history = puzzles.pre_train(X[train], simclr, settings.puzzle_steps, run.seed, X[test[::5]])
losses = pd.DataFrame(history.validations).set_index("step").round(2)
fig, ax = plots.plt.subplots()
ax.plot(history.losses, color=plots.COLOURS[0], alpha=0.6, label="training")
ax.plot(losses, "o--", color=plots.COLOURS[1], label="hidden pictures")
ax.axhline(np.log(255), color=plots.GREY, linestyle=":", label="guessing")
ax.set(xlabel="step", ylabel="loss of the puzzle (nats)", ylim=(0, None))
ax.legend()
plots.show(fig, "Loss of the puzzle, in training and on hidden pictures.", losses)
text_view.folded(
    "The puzzle, or by heart?",
    f"At the end it is {np.mean(history.losses[-20:]):.2f} in training, {losses['loss'].iloc[-1]} "
    "on hidden pictures. By heart would be: the first falls, the second does not.")

# %% [markdown]
# ## A map without labels
#
# The head that made the arrows has done its work and goes. Below it are lesson 2's 64 [features](../glossary.md#feature). **t-SNE** draws a map on which pictures with similar features stand near each other (large distances mean little). Each hidden picture is drawn as its true digit, which no model has seen; on the left, the same from raw pixels.

# %%
shown = test[:667]
with torch.no_grad():
    learned = F.normalize(first.features(X[shown]), dim=1).numpy()
views = {"by raw pixels": X[shown].flatten(1).numpy(), "by features, without labels": learned}
fig = map_figures.maps(views, digits.labels[shown], run.seed)
near = [map_figures.same_neighbour(points, digits.labels[shown]) for points in views.values()]
plots.show(fig, "Two maps of hidden digits: by raw pixels, by features learned without labels.")
text_view.folded(
    "Which digits have found each other? Where do two mix?",
    f"The nearest neighbour is the same digit for {near[0]:.0f} % by pixels and {near[1]:.0f} % by "
    "features; by chance for 10 %. Where two mix, the puzzle gave no "
    "reason to part them: it knows pictures, not names.")

# %% [markdown]
# ## The claims, as they will be judged
#
# Five labels a class: a **pre-trained** network learns from them, and one **from scratch**, each in as many labelled steps.
#
# But is it fair? With `change`, *you* told the network that a turned 7 is a 7. The labelled pictures can say that, too, if they are changed at each step: [augmentation](../glossary.md#augmentation). So both run twice: on labelled pictures **as they are**, and on **changed copies**.
#
# The last rival is classic: [principal components](../glossary.md#principal-component) of the same pictures without labels and a changed copy of each, then an [SVM](../glossary.md#support-vector-machine) on the labelled ones with 30 changed copies of each. It was the best of twelve classic models in the pilot. It meets the pre-trained network that sees labelled pictures as they are.

# %%
claims = [ledger.get("dl-unlabelled"), ledger.get("dl-unlabelled-copies"),
          ledger.get("dl-unlabelled-classic")]
display(*claims)

# %% [markdown]
# In the pilot, differences had a standard deviation of 4 to 5 [points](../glossary.md#percentage-point) between draws of labels. So six folds with two draws each: an [interval](../glossary.md#interval) of about ± 3 points. (The pilot has seen an outcome.) Predict:

# %%
predicted = {
    "pre-training adds, as they are (points)": 5.0,
    "pre-training adds, changed copies (points)": 5.0,
    "ahead of the classic model by (points)": 5.0,
    "verdict on the article's claim": "supported",
}

# %% [markdown]
# ## Experiment
#
# Five more networks learn the puzzle, one a fold:

# %%
nets = [first, *(puzzles.pre_train(X[rows], simclr, settings.puzzle_steps, run.seed + i)[0]
                 for i, (rows, _) in enumerate(tqdm(folds[1:], "puzzle"), start=1))]

# %% [markdown]
# Then the labels. For each fold, number of labels and draw, `compare` trains a network of each kind. (All weights may move; a pre-trained network gets a new last layer.)


# %%
def compare(how, end):
    """Accuracy on hidden pictures, from scratch and pre-trained, into `table`."""
    for i, per_class, draw in tqdm(draws, "labels" + end):
        (train, test), seed = folds[i], run.seed + i
        rows = puzzles.few(train, digits.labels, per_class, draw, seed)
        for kind, net in (("from scratch", puzzles.network(10, seed)),
                          ("pre-trained", puzzles.with_new_head(nets[i], 10, seed))):
            puzzles.learn(net, X[rows], y[rows], how, settings.steps, seed)
            right = puzzles.accuracy(net, X[test], y[test])
            table.append((per_class, kind + end, i, right))


draws = [(i, n, draw) for i in range(len(folds)) for n in settings.draws
         for draw in range(settings.draws[n])]
table = []
compare(puzzles.as_it_is, "")

# %% [markdown]
# The same with changed copies:

# %%
compare(puzzles.change, ", changed copies")

# %% [markdown]
# And the classic model on the same rows:

# %%
for i, (train, test) in enumerate(tqdm(folds, "classic")):
    model = puzzles.Classic(X[train], settings.copies, run.seed + i)
    for per_class, draw in [(n, draw) for j, n, draw in draws if j == i]:
        rows = puzzles.few(train, digits.labels, per_class, draw, run.seed + i)
        right = model.accuracy((X[rows], y[rows]), (X[test], y[test]))
        table.append((per_class, "classic, changed copies", i, right))

# %% [markdown]
# ## Verdict
#
# Each fold gives one number, the mean of its draws; the t interval is over folds. (Folds share pictures without labels, so it may be a little too narrow.)

# %%
of_fold = pd.DataFrame(table, columns=["labels", "kind", "fold", "right"]).pivot_table(
    "right", "fold", ["labels", "kind"])
five, more = of_fold[5], ", changed copies"
pairs = [("pre-trained", "from scratch"), ("pre-trained" + more, "from scratch" + more),
         ("pre-trained", "classic" + more)]
gains = [intervals.t_interval(five[ours] - five[theirs]) for ours, theirs in pairs]
verdicts = [claim.judge({claim.tests[0].id: gain}, run.profile)
            for claim, gain in zip(claims, gains, strict=True)]
answers = dict(zip(predicted, [*gains, verdicts[0].word], strict=True))
display(*verdicts, results.beside(predicted, answers))

# %% [markdown]
# With fewer or more labels? (Bands: 95 % intervals over folds.)

# %%
curves = {kind: {n: intervals.t_interval(of_fold[n][kind]) for n in settings.draws}
          for kind in five}
panels = {"as they are": {kind: curves[kind] for kind in ("from scratch", "pre-trained")},
          "with changed copies": {kind.removesuffix(more): curves[kind] for kind in (
              "from scratch" + more, "pre-trained" + more, "classic" + more)}}
fig = curve_figures.beside(panels, 10, "labelled pictures a class", "right on hidden pictures (%)")
plots.show(fig, "Accuracy by number of labels, as they are and with changed copies.", pd.DataFrame(
    {kind: {n: e.text("%") for n, e in points.items()} for kind, points in curves.items()}))

# %% [markdown]
# ## Why
#
# Five labels a class; ±: standard deviation between folds. Which brings more, the puzzle or the changed copies? Do the two add up?

# %%
cell = {kind: f"{five[kind].mean():.1f} ± {five[kind].std():.1f} %" for kind in five}
kinds = ["from scratch", "pre-trained"]
display(pd.DataFrame({"as they are": [cell[kind] for kind in kinds],
                      "with changed copies": [cell[kind + more] for kind in kinds]}, kinds))
by_copies = intervals.t_interval(five["from scratch" + more] - five["from scratch"])
text_view.folded(
    "Compare your answer",
    f"Pre-training alone adds {gains[0].text('points')}; changed copies alone add "
    f"{by_copies.text('points')}; pre-training on top of changed copies {gains[1].text('points')}. "
    "If puzzle and copies told the network different things, they would add up. What both can "
    "tell is the same: what leaves a digit a digit. A person wrote that down, in `change`.")

# %% [markdown]
# Lesson 2 had three doors for knowledge: feature, architecture, data. The puzzle is one more, and behind it stands a person, too. (What a network picks up from millions of pictures, this lab cannot tell.)
#
# ## What this lab adds to lesson 2
#
# - A puzzle that makes its own answers trains a network without labels. You wrote its answers and its loss.
# - Look at features before there is any label: on a map, and by nearest neighbours.
# - Give the rival the same knowledge. Otherwise you may measure the augmentation and call it pre-training.
# - The verdicts hold for digits, this puzzle and a small network. The third compares whole models: a lead may come from the network, not from the pictures.
#
# **On your own pictures**, change `change`: what leaves *them* what they are? Mirroring is harmless to a cat, but turns b into d.
#
# Back to [lesson 2](../2_deep_cnn.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)
