# %% [markdown]
# # Lab 3 · Do larger models on more text do better?
#
# **The claim.** Larger language models that are trained on more text do better.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Large Language Models (LLMs): Understanding Human Language". It says that such models are large; that size makes them better is our reading.*
#
# This lab needs [lesson 3](../3_small_llm.ipynb): the transformer, [bits per byte](../glossary.md#bits-per-byte), the [n-gram](../glossary.md#n-gram) model, pre-training. Allow 45 minutes.

# %% [markdown]
# **Why this matters.** Companies build power stations for the next model, because it is to have more weights and read more text. Before somebody pays for that, they train small ones, draw a line through the points, and read off what a large one would bring. You do the same, on your laptop, and then you check whether the line told the truth.

# %%
import json
from functools import partial

import numpy as np
import pandas as pd

from course_utils import ROOT
from course_utils.claims import dependent, ledger
from course_utils.data import docstrings
from course_utils.exercises.lab_3_scale import crossing_at, doublings, exercises, exponent_of
from course_utils.models import costs, language
from course_utils.models.ngrams import KneserNey
from course_utils.models.transformer import Size, Transformer
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, scaling_figures, text_view

# %% [markdown]
# ## Data
#
# The lesson's general text: pages to learn from, and pages of *other files* to be measured on. Every model is measured file by file.

# %%
run = start("3_scale")
costs.use_one_core()
plots.use_style()
general = docstrings.load()[0]
texts, pages = [page.text for page in general.train], [page.text for page in general.validation]


def by_file(numbers):
    """A number for each held-out page, added up for each file."""
    return pd.Series(numbers).groupby([page.file for page in general.validation]).sum()


n_bytes = by_file([len(text.encode()) for text in pages])
files, n_train = list(n_bytes.index), sum(len(text.encode()) for text in texts)
print(f"to learn from: {n_train / 1e6:.1f} MB")
print(f"held out: {n_bytes.sum() / 1e6:.2f} MB in {len(files)} files")

# %% [markdown]
# ## The claim, as it will be judged

# %%
claim = ledger.get("llm-scales")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses: how many percent of the bits does twice the size save, and how many twice the text?

# %%
predicted = {
    "saved by twice the weights (%)": 7,
    "saved by twice the text (%)": 7,
    "llm-scales": "supported",
}

# %% [markdown]
# ## Trainings that were done before
#
# Four sizes of the lesson's [transformer](../glossary.md#transformer) have read as much text each. The largest and a small one have also read more or less; all from three first weights ([seeds](../glossary.md#seed)). That takes ten minutes of computing, so it was done beforehand, by `python benchmarks/scaling.py`. It wrote the table that we read here: a row is a training, and behind it stand the bits that it needs for each held-out file.

# %%
points = pd.read_csv(ROOT / "benchmarks" / "scaling.csv")
points["bits per byte"] = points[files].sum(axis=1) / n_bytes.sum()
points.groupby(["parameters", "steps"])["bits per byte"].agg(["mean", "std", "count"]).round(3)

# %% [markdown]
# Should you believe a table that somebody else has made? Train one of its rows again. `language.learn` is the lesson's loop, `language.token_bits` gives the surprise of each token.

# %%
settings = run.settings(
    n_tokens=2048,  # size of the vocabulary
    context=128,  # tokens that a model sees at most
    batch_size=8,  # windows in one step
    steps=576,
    width=64,  # numbers that stand for one token
    depth=2,  # layers
    resamples=500,  # of the bootstrap
    draws=3,  # of pages for the n-gram model
)
tokenizer = language.train_tokenizer(texts, settings.n_tokens)
encoded = language.encode(tokenizer, texts)
model = Transformer(Size(settings.n_tokens, settings.width, settings.depth), run.seed)
how = {"steps": settings.steps, "seed": run.seed, "context": settings.context}
how |= {"batch_size": settings.batch_size, "device": run.device}
history = language.learn(model.to(run.device), encoded, **how)


def bits_of(model, tokenizer, context):
    """Bits that a model needs for each held-out file."""
    rows = language.encode(tokenizer, pages)
    return by_file(language.page_bits(model, rows, context))

# %% [markdown]
# Does it fall on the recorded points? (Another processor may round otherwise; in the laptop [profile](../glossary.md#profile) we allow 3 %.)

# %%
here = bits_of(model, tokenizer, settings.context).sum() / n_bytes.sum()
same = points.query("width == @settings.width and steps == @settings.steps")["bits per byte"]
print(f"recorded {same.mean():.3f} ± {same.std():.3f}, here {here:.3f} bits per byte")
assert run.profile != "laptop" or abs(here / same.mean() - 1) < 0.03

# %% [markdown]
# ## A straight line
#
# If each doubling saves the same share, the points lie on a line in a figure with two logarithmic axes. That is a **[power law](../glossary.md#power-law)** (Kaplan and others 2020): *y = a · xᵇ*. The slope *b* is its exponent. An exponent of −0.1 means: twice as much of it leaves 2⁻⁰·¹ = 93 % of the bits, so it saves 7 %.
#
# <details><summary>And how much do <em>ten</em> times as many weights save?</summary>
#
# 10⁻⁰·¹ = 79 % of the bits are left, so they save 21 %. Savings do not add up: what is left is multiplied.
#
# </details>

# %% [markdown]
# **Exercise 3_scale.1 The exponent.** Write `exponent(x, y)`: two arrays, (n,), of positive numbers. It returns the exponent of the power law that fits them best, by least squares on the logarithms. (`np.polyfit(u, v, 1)` fits a line.)

# %% exercise="3_scale.1"
exponent = ...


### BEGIN SOLUTION
def exponent(x, y):
    return np.polyfit(np.log(x), np.log(y), 1)[0]


### END SOLUTION

# %% check="3_scale.1"
exercises.check("3_scale.1", exponent)

# %% [markdown]
# ## Experiment
#
# Chance enters twice: by the first weights, and by which files happen to be held out. So the [bootstrap](../glossary.md#bootstrap) draws both anew: trainings among those of equal size and text, and whole *files*, because pages of one file resemble each other. (With so few seeds an interval comes out somewhat too narrow.)
#
# How large must this be? The course's first edition, with four sizes and three seeds, had intervals of ± 0.6 points (size) and ± 0.3 (text); what it saved lay 2 and 9 points above the margin. Files add to that, but all models are measured on the same ones, so most of it cancels.
#
# `dependent.redrawn` gives the bits per byte by x, first of the tables as they are, then of each draw. (`exponent_of` is our `exponent`.)

# %%
n_tokens = sum(len(row) - 1 for row in encoded)
a_step = settings.batch_size * settings.context * n_train / n_tokens / 1e6  # MB of text
points["MB"], points["millions"] = points["steps"] * a_step, points["parameters"] / 1e6
by_size = points[points["steps"] == 576]
largest, small = (points[points["width"] == width] for width in (128, 64))
redrawn = partial(dependent.redrawn, sizes=n_bytes, seed=run.seed, n_resamples=settings.resamples)


def doubling(x, table):
    """What twice the x saves, in % of the bits."""
    slopes = [exponent_of(levels.index, levels) for (levels,) in redrawn(x, table)]
    saved = 100 * (1 - 2 ** np.array(slopes))
    return ledger.Estimate(saved[0], *np.quantile(saved[1:], [0.025, 0.975]), len(files))


doubled = {"parameters": doubling("millions", by_size), "tokens": doubling("MB", largest)}

# %% [markdown]
# ## Verdict

# %%
verdict = claim.judge(doubled, run.profile)
answers = dict(zip(predicted, (*doubled.values(), verdict.word), strict=True))
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# ## When does it beat counting?
#
# The lesson's [n-gram](../glossary.md#n-gram) model only counts. It gets as much text as each of the models: pages drawn at random, several times.


# %%
def counted(megabytes, seed):
    """Bits for each held-out file, by an n-gram model that has read so much text."""
    order = np.random.default_rng(seed).permutation(len(texts))
    read = np.cumsum([len(texts[i].encode()) for i in order]) / 1e6
    ngram = KneserNey(4, settings.n_tokens)
    ngram.fit([encoded[i] for i in order[: np.searchsorted(read, megabytes) + 1]])
    return by_file([ngram.bits(row)[1:].sum() for row in language.encode(tokenizer, pages)])


amounts = sorted({*largest["MB"], *small["MB"]})
draws = [(each, seed) for each in amounts for seed in range(settings.draws)]
counts = pd.DataFrame([counted(*each) for each in draws])
counts["MB"] = [each for each, _ in draws]

# %% [markdown]
# Left: size, when all have read the same. Right: text. (Dotted: counting. A cross: your training.) **Where does the large model overtake the counting? Does the small one? Do the points bend away from the line?**

# %%
curves = {"0.86 million": largest, "0.23 million": small, "n-gram": counts}
(sizes,) = next(redrawn("millions", by_size))
lines = dict(zip(curves, next(redrawn("MB", *curves.values())), strict=True))
mine = (sum(each.numel() for each in model.parameters()) / 1e6, settings.steps * a_step, here)
fig, table = scaling_figures.size_and_text(sizes, lines, "n-gram", by_size["MB"].max(), mine)
plots.show(fig, "Bits per byte against weights and text read, beside an n-gram model.", table)

# %% [markdown]
# **Exercise 3_scale.2 Where curves cross.** Write `crossing(x, ours, theirs)`: three arrays, (n,). `x` rises; `ours` lies above `theirs` at first and below in the end. It returns the x at which they cross, on straight lines from point to point in a figure with a *logarithmic* x axis. (`np.interp(0, u, v)` reads off v where u is 0; u must rise.)

# %% exercise="3_scale.2"
crossing = ...


### BEGIN SOLUTION
def crossing(x, ours, theirs):
    return np.exp(np.interp(0, theirs - ours, np.log(x)))


### END SOLUTION

# %% check="3_scale.2"
exercises.check("3_scale.2", crossing)

# %% [markdown]
# The same in each draw. (`crossing_at` is our `crossing`; where two curves do not cross, it gives no number. So we also draw a line through the points of each, and look where the *lines* cross.)

# %%
def crossings(table):
    """Where a model crosses the counting, and where their lines do, in MB, in each draw."""
    rival, found = counts[counts["MB"].isin(table["MB"])], []
    for pair in redrawn("MB", table, rival):
        ours, theirs = (levels.groupby(level=0).mean() for levels in pair)
        a, b = (np.polyfit(np.log(each.index), np.log(each), 1) for each in (ours, theirs))
        lines_cross = np.exp((b[1] - a[1]) / (a[0] - b[0]))
        found.append((crossing_at(ours.index, ours.to_numpy(), theirs.to_numpy()), lines_cross))
    return pd.DataFrame(found, columns=["curves", "lines"])


told = ["On a straight line each doubling would save the same share."]
for name, table in (("large", largest), ("small", small)):
    where = crossings(table)
    share, (low, high) = where["curves"].notna().mean(), where["lines"].quantile([0.025, 0.975])
    told.append(f"From {table['MB'].min():.1f} to {table['MB'].max():.1f} MB the {name} model "
                f"crosses the counting in {100 * share:.0f} % of the draws. Straight lines through "
                f"the points cross at {where['lines'][0]:.1f} MB [{low:.1f}, {high:.1f}].")
for name, levels in ({"twice the weights": sizes} | lines).items():
    saved = ", ".join(f"{each:.1f}" for each in doublings(levels))
    told.append(f"Saved by each doubling, {name}: {saved} %.")
text_view.folded("Compare your answer", "\n\n".join(told))

# %% [markdown]
# ## Did the line tell the truth?
#
# The model that the lesson loads, trained for half an hour, is larger than the largest here, and has read far more. So do what people do who plan large models: draw the line through the small trainings, and read off. **Will it promise too much or too little?**

# %% [markdown]
# (Two things are not alike: the shipped model has a larger vocabulary and has read other packages as well. The curve was measured underway, on the first 80 of our pages, before its learning rate had fallen to 0; the cross at its end is measured here.)

# %%
shipped, its_tokenizer = language.load_pretrained(language.SHIPPED)
found = json.loads((language.SHIPPED / "training.json").read_text(encoding="utf-8"))
recipe = found["recipe"]
its_bits = bits_of(shipped, its_tokenizer, recipe["context"])
its_tokens = sum(len(row) - 1 for row in language.encode(its_tokenizer, texts))
its_step = recipe["batch_size"] * recipe["context"] * n_train / its_tokens / 1e6  # MB
rows = [row for row in found["curve"] if row["step"]]
its_curve = pd.Series({row["step"] * its_step: row["general"] for row in rows})
its_curve.iloc[-1] = its_bits.sum() / n_bytes.sum()

# %% [markdown]
# The line, and in each resample both the line and the shipped model on the same files:

# %%
x = np.geomspace(amounts[0], its_curve.index[-1], 20)
pairs = redrawn("MB", largest, pd.DataFrame([its_bits]).assign(MB=x[-1]))
drawn = [(scaling_figures.on_line(levels, x), own.iloc[0]) for levels, own in pairs]
band = np.quantile([line for line, _ in drawn[1:]], [0.025, 0.975], axis=0)
fig = scaling_figures.beyond(lines, (x, band), its_curve)
plots.show(fig, "The line through the small trainings, drawn on to the text of the shipped model.",
           its_curve.round(3).rename("the shipped model").to_frame())

# %%
more = np.array([own - line[-1] for line, own in drawn])  # bits per byte
low, high = np.quantile(more[1:], [0.025, 0.975])
word = "too much" if low > 0 else "too little" if high < 0 else "about what came"
text_view.folded(
    "Compare your answer",
    f"After {x[-1]:.0f} MB the line promises {drawn[0][0][-1]:.2f} bits per byte. The shipped "
    f"model needs {drawn[0][1]:.2f}, that is {more[0]:+.2f} [{low:+.2f}, {high:+.2f}]. The line "
    f"promised {word}.\n\n"
    "It was drawn through trainings that differ by a factor of 8 in text, and then drawn on by a "
    f"factor of {x[-1] / amounts[-1]:.0f}. The interval knows of seeds and files; it does not know "
    "whether the line is straight out there, nor that the long training was a larger model. And a "
    "text has a part that nobody can guess, so every such line bends in the end. People who plan "
    "large models fit curves with a floor, to several sizes at once.\n\n"
    "And counting? On the general test pages the shipped model needs "
    f"{found['bits per byte']['general']:.2f} bits per byte; an n-gram model of four tokens that "
    f"has read all the same text needs {found['rivals']['4-gram']['general']:.2f}.",
)

# %% [markdown]
# ## What this adds to lesson 3
#
# - Before you pay for a large training, do small ones and draw the line. Then say how far you draw it on.
# - "Better than what?" A network that has read little may lose to counting; the crossing says how much is enough, *for this model and this text*.
# - Size and text are two questions: each has a doubling, and a number, of its own.
# - All this is about [pre-training](../glossary.md#pre-training) of up to 0.86 million weights. Whether *fine-tuning* gains as much with a larger model, it does not say.
#
# Back to [lesson 3](../3_small_llm.ipynb). Your verdict and exercises, kept for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
