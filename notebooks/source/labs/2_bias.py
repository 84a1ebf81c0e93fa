# %% [markdown]
# # Lab 2 · Does a network serve badly those of whom it has seen little?
#
# **The claim.** A neural network serves badly those of whom its training data show little: bias in the data becomes bias in its accuracy.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Ethical Challenges and Bias".*
#
# This lab needs [lesson 2](../2_deep_cnn.ipynb) and runs on its own. Allow 40 minutes.
#
# **Why this matters.** In 2018 Joy Buolamwini and Timnit Gebru tested three companies' programs that look at a face and say woman or man. At most 0.8 % of the answers were wrong for lighter-skinned men, up to 34.7 % for darker-skinned women (*Gender Shades*, FAT\* 2018). Two well-known collections of faces were mostly lighter-skinned. Was that why? Nobody outside can see what the programs had learned from. So we take pictures away ourselves, and know exactly what is missing.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import pictures as images
from course_utils.exercises.lab_2_bias import exercises, thinned
from course_utils.models import convolutional, costs, training
from course_utils.report import results
from course_utils.run import start
from course_utils.show import group_figures, plots

run = start("2_bias")
costs.use_one_core()
plots.use_style()
settings = run.settings(n_train=300, n_test=100, share=0.02, seeds=10, steps=600, batch=128)

# %% [markdown]
# ## Letters from another region
#
# Our groups are digits: they can be taken away without harm. American postcodes begin with 0 in Massachusetts and with 9 in California. What if a machine learns from one region's envelopes and is sold to the other?
#
# We take 4,000 MNIST digits, centred, and average 2 × 2 pixels: pictures of 14 × 14 train faster. Each [seed](../glossary.md#seed) splits them anew: 300 of each class to learn from, 100 to test on.

# %%
pictures = images.load_mnist()
labels = pictures.labels
X = F.avg_pool2d(torch.as_tensor(pictures.pixels), 2)  # (4000, 1, 14, 14)
Y = torch.as_tensor(labels)


def split(seed):
    """Row numbers to train on and to test on, equally many of each class."""
    rng, n = np.random.default_rng(seed), settings.n_train
    mixed = np.array([rng.permutation(np.flatnonzero(labels == k)) for k in range(10)])
    return mixed[:, :n].ravel(), mixed[:, n : n + settings.n_test].ravel()


# %% [markdown]
# **Exercise 2_bias.1 Make them rare.** Write `thin(labels, rare, share, rng)`. `labels` is an array of class numbers, `rare` a list of classes. Return the *row numbers* to keep: all rows of the other classes, and of *each* rare class a `share` of its rows, drawn at random. (`np.isin`, `np.flatnonzero`, `rng.choice(rows, n, replace=False)`, `round` and `np.concatenate` help.)

# %% exercise="2_bias.1"
thin = ...


### BEGIN SOLUTION
def thin(labels, rare, share, rng):
    kept = [np.flatnonzero(~np.isin(labels, rare))]
    for k in rare:
        rows = np.flatnonzero(labels == k)
        kept.append(rng.choice(rows, round(share * len(rows)), replace=False))
    return np.concatenate(kept)


### END SOLUTION

# %% check="2_bias.1"
exercises.check("2_bias.1", thin)

# %% [markdown]
# Thin 4 and 9 to 2 %. (`thinned` is the lab's own `thin`.) This is *all* that the network will ever see of fours and nines:

# %%
train, test = split(run.seed)
rare = [4, 9]
rows = train[thinned(labels[train], rare, settings.share, np.random.default_rng(run.seed))]
few = rows[np.isin(labels[rows], rare)]
plots.show(plots.gallery(X[few].numpy(), columns=6), "All training pictures of 4 and 9.")
print("pictures of each class:", *np.bincount(labels[rows]))

# %% [markdown]
# ## A remedy: mistakes that cost more
#
# Suppose that nobody can fetch more pictures. Then let each picture count with the weight of its class, 1 / (number of its training pictures): six fours together count as much as 300 ones. The loss of a batch becomes a weighted mean, $\sum_i w_i \ell_i \,/ \sum_i w_i$, where $\ell_i$ is the [cross-entropy](../glossary.md#cross-entropy) of picture $i$ and $w_i$ the weight of *its* class.
#
# **Exercise 2_bias.2 The weighted loss.** Write `weighted_loss(scores, labels, weights)`: scores (B, 10) before softmax, labels (B,), weights (10,), one a class. Return one number, a tensor of shape (). Do without `weight=`; `scores.log_softmax(dim=1)` gives logarithms of probabilities.

# %% exercise="2_bias.2"
weighted_loss = ...


### BEGIN SOLUTION
def weighted_loss(scores, labels, weights):
    losses = -scores.log_softmax(dim=1)[torch.arange(len(labels)), labels]  # (B,)
    of_each = weights[labels]  # (B,)
    return (of_each * losses).sum() / of_each.sum()


### END SOLUTION

# %% check="2_bias.2"
exercises.check("2_bias.2", weighted_loss)

# %% [markdown]
# ## The claims, as they will be judged
#
# We measure [recall](../glossary.md#recall): of all fours, the share that is called 4. Four networks for a pair of classes, all with as many steps:
#
# - **all pictures**;
# - **even**: *all ten* classes thinned to the same total as "rare". This control tells "few of these" from "few";
# - **rare**: the pair thinned to 2 %;
# - **weighted**: the same pictures as "rare", and the weights.

# %%
claim, remedy = ledger.get("dl-data-bias"), ledger.get("dl-data-bias-weighted")
display(claim)
remedy

# %% [markdown]
# **Your prediction**, in place of our guesses: the recall of a class with six pictures (in %), without and with weights. And the remedy's [verdict](../glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`.

# %%
predicted = {
    "recall of the rare classes, rare (%)": 80,
    "recall of the rare classes, weighted (%)": 90,
    "dl-data-bias-weighted": "supported",
}

# %% [markdown]
# ## Experiment
#
# The network is the [CNN](../glossary.md#cnn) that you wrote, with 8 maps in its first layer; `training.fit` is the lesson's loop with AdamW. PyTorch has your weighted loss: `F.cross_entropy(…, weight=weights)`.


# %%
def learn(rows, seed, weights=None, validate=None):
    """A network trained on these rows, and what `validate` found, from step 0."""
    torch.manual_seed(seed)
    model = convolutional.CNN(10, width=8)
    found = [{"step": 0} | validate(model)] if validate else []
    how = {"steps": settings.steps, "batch_size": settings.batch, "weight_decay": 0.1}
    how |= {"seed": seed, "validate": validate, "validate_every": max(1, settings.steps // 30)}

    def loss(model, x, y):
        return F.cross_entropy(model(x), y, weight=weights)

    return model, found + training.fit(model, loss, (X[rows], Y[rows]), **how).validations


def class_weights(rows):
    """One over the number of training pictures of each class."""
    return torch.as_tensor(1 / np.bincount(labels[rows]), dtype=torch.float32)


@torch.no_grad()
def calls(model, rows):
    """What the network takes each picture for."""
    return model.eval()(X[rows]).argmax(dim=1).numpy()


# %% [markdown]
# Five pairs hold all ten classes. Ten seeds take them in turn, two seeds a pair; each splits anew and trains four networks. Training is long, 600 steps of 128: in two shorter runs the network had hardly met the rare pictures (`claim.how` has what they found).
#
# A pilot (1,000 other digits, six of the rare classes beside 75, each pair once) cost the pair 48 points. The remedy was 17 points short of one half, with a standard deviation of 4. At that spread, ten seeds decide whatever lies more than 6 points from a [margin](../glossary.md#margin).


# %%
PAIRS = np.random.default_rng(run.seed).permutation(10).reshape(5, 2)


def tries(seed):
    """What a seed tries: name, rare pair, rows to learn from, weights of the classes."""
    rng, (train, _) = np.random.default_rng([seed, 1]), split(seed)
    pair = PAIRS[seed % 5]
    kept = train[thinned(labels[train], pair, settings.share, rng)]
    even = train[thinned(labels[train], range(10), len(kept) / len(train), rng)]
    yield from [("all pictures", pair, train, None), ("even", pair, even, None)]
    yield from [("rare", pair, kept, None), ("weighted", pair, kept, class_weights(kept))]


def ask(seed, name, pair, rows, weights):
    """Train once; what it calls each test picture, and whether that is about the rare pair."""
    (_, test), (model, _) = split(seed), learn(rows, seed, weights)
    table = pd.DataFrame({"try": name, "seed": seed, "truth": labels[test]})
    table["call"] = calls(model, test)
    table["right"] = 100 * (table["truth"] == table["call"])  # in %
    table["is_rare"] = table["truth"].isin(pair)
    table["called_other"] = ~table["call"].isin(pair)
    return table


# %% [markdown]
# The first half of the seeds (about 40 seconds):

# %%
seeds, half = range(run.seed, run.seed + settings.seeds), settings.seeds // 2
tables = [ask(seed, *each) for seed in tqdm(seeds[:half]) for each in tries(seed)]

# %% [markdown]
# Then the other half, which takes as long:

# %%
tables += [ask(seed, *each) for seed in tqdm(seeds[half:]) for each in tries(seed)]

# %% [markdown]
# The recall of each class in the seeds in which it is rare, mean and standard deviation of two. Dotted: guessing, the [baseline](../glossary.md#baseline).

# %%
asked = pd.concat(tables, ignore_index=True)
of_rare = asked[asked["is_rare"]]
recall = of_rare.groupby(["try", "truth", "seed"])["right"].mean().unstack("seed")  # (40, seeds)
fig, ax = plt.subplots(figsize=(9, 3.8))
group_figures.bars(ax, recall, baseline=10)
ax.set(xlabel="class", ylabel="recall while it is rare (%)")
fig.legend(loc="outside lower center", ncols=4)
alt = "Recall of each class in four tries, mean and standard deviation of two seeds."
plots.show(fig, alt, recall.mean(axis=1).unstack("try").round(1))

# %% [markdown]
# ## Verdict
#
# One number a seed, the mean of its two classes. Seeds draw from the same 4,000 digits, so the [interval](../glossary.md#interval) is lesson 1's corrected one. Both cards speak of small networks and six pictures of a digit.


# %%
def interval(values):
    """Mean over seeds with its corrected 95 % interval."""
    return intervals.corrected_resampled_t(values, 1 / (1 + settings.n_train / settings.n_test))


seed_means = recall.groupby("try").mean().T  # (seeds, 4)
full, even, rare_pair, weighted = seed_means.to_numpy().T  # in alphabetical order
won, lost = weighted - rare_pair, full - rare_pair
verdict = claim.judge({"served_worse": interval(even - rare_pair)}, run.profile)
of_remedy = remedy.judge({"won_back": interval(won - lost / 2)}, run.profile)
display(verdict, of_remedy)
answers = {
    f"recall of the rare classes, {name} (%)": interval(seed_means[name])
    for name in ("rare", "weighted")
}
answers["dl-data-bias-weighted"] = of_remedy.word
results.beside(predicted, answers)

# %% [markdown]
# ## What is a rare digit taken for, and who pays?
#
# Left, a [confusion matrix](../glossary.md#confusion-matrix): each row is a class *while it is rare*, each column what it is called. Would you mix up the same ones? A class that others are taken for gets letters that are not its own, and loses [precision](../glossary.md#precision): of all that are called 1, fewer are one. Right, the price: the precision of the eight classes that are *not* rare, with its interval.

# %%
of_others = asked[asked["called_other"]].groupby(["try", "call", "seed"])["right"].mean()
price = {name: interval(its.groupby("seed").mean()) for name, its in of_others.groupby("try")}
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.4), width_ratios=[1.2, 1])
shown = of_rare[of_rare["try"] == "rare"]
percent = 100 * pd.crosstab(shown["truth"], shown["call"], normalize="index")
group_figures.called(axes[0], percent.reindex(columns=range(10), fill_value=0))
axes[0].set(xlabel="is called", ylabel="class while it is rare", title="% of its pictures")
plots.forest(axes[1], price)
axes[1].set(xlabel="%", title="precision of the others")
alt = "What rare classes are called, without weights; precision of the others in four tries."
plots.show(fig, alt, price)

# %% [markdown]
# ## Who would have noticed?
#
# The buyer gets as many of each digit. But before the sale, the maker tested on envelopes of its own region, where the same digits are rare.

# %% [markdown]
# **Exercise 2_bias.3 One number for all.** A network finds 55 % of each of two rare classes and 97 % of each of the other eight. The maker's test has 20 pictures of each rare class and 1,000 of each other one. What [accuracy](../glossary.md#accuracy) does the maker report, in %?

# %% exercise="2_bias.3"
answer = ...
### BEGIN SOLUTION
answer = (2 * 20 * 55 + 8 * 1000 * 97) / (2 * 20 + 8 * 1000)
### END SOLUTION

# %% check="2_bias.3"
exercises.check("2_bias.3", answer)

# %% [markdown]
# <details><summary>And what does the buyer find?</summary>
#
# The mean of the recalls, (2 · 55 + 8 · 97) / 10 = 88.6 %, which is called *balanced accuracy*; and nearly every second of the two digits goes astray. The maker's one number told neither. Report each group on its own, and test on enough of each.
#
# </details>

# %% [markdown]
# ## Why do weights not do more, or less?
#
# Look into two trainings with 4 and 9 rare. How many fours and nines are recognised among the twelve that the network learns from, and how many of the test?


# %%
def watched(model):
    """Recall (%) of the rare pair, on the pictures learned from and on others."""
    both = {"learned from": few, "of the test": test[np.isin(labels[test], rare)]}
    return {name: 100 * np.mean(calls(model, of) == labels[of]) for name, of in both.items()}


fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, weights in zip(axes, [None, class_weights(rows)], strict=True):
    curve = pd.DataFrame(learn(rows, run.seed, weights, watched)[1]).set_index("step")
    for i, which in enumerate(curve):
        ax.plot(curve[which], label=f"pictures {which}", **plots.line_style(i) | {"markersize": 4})
    ax.set(title="no weights" if weights is None else "weights", xlabel="step", ylim=(-3, 103))
axes[0].set_ylabel("recall of 4 and 9 (%)")
axes[0].legend()
plots.show(fig, "Recall of the rare pair on training and test pictures while two networks learn.")

# %% [markdown]
# <details><summary>What do the curves say, and what would help?</summary>
#
# Where the upper line is at 100 %, the twelve are known by heart: their loss is nearly 0, and any weight times 0 is 0. So weights can hasten that, and shift the border between classes, but they bring no new fours. (Byrd and Lipton, 2019, saw the effect of weights fade in larger networks as training goes on.) The gap between the two lines is [overfitting](../glossary.md#overfitting) to a group. What helps is pictures of those who are missing; next best, [augmentation](../glossary.md#augmentation) of the few. Measure what each brings, group by group.
#
# </details>

# %% [markdown]
# ## What this adds to lesson 2
#
# - A small group hardly counts in accuracy. Recall for each group shows who is served.
# - Weights change what a mistake costs, not what the network has seen. Look at both sides: recall of the rare, precision of the others.
# - Here *we* took the pictures away, and a group is a digit. With people, somebody must first ask who is missing.
#
# Back to [lesson 2](../2_deep_cnn.ipynb). Your verdicts and exercises, kept for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict, of_remedy], exercises, predicted, answers)
