# %% [markdown]
# # Lab 3 · Do larger models on more text do better?
#
# **The claim.** Larger language models that are trained on more text do better. *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Large Language Models (LLMs): Understanding Human Language". It says that such models are large; that size makes them better is our reading.*
#
# You need [lesson 3](../3_small_llm.ipynb): [bits per byte](../glossary.md#bits-per-byte), [parameters](../glossary.md#parameter), pre-training. The lab takes about 45 minutes.

# %% [markdown]
# **Why this matters.** Companies build power stations for the next model, because it is to have more weights and read more text. Before somebody pays for that, they train small ones, draw a line through the points, and read off what a large one would bring. You do the same, on your laptop.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course_utils import ROOT
from course_utils.claims import intervals, ledger
from course_utils.data import docstrings
from course_utils.exercises.lab_3_scale import exercises
from course_utils.models import language
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("3_scale")
plots.use_style()

# %% [markdown]
# ## Trainings that were done before
#
# Four sizes that read as much text each, and the largest with less and less text, three [seeds](../glossary.md#seed) each. On two cores that takes a quarter of an hour, so it was done beforehand, by the command `python benchmarks/scaling.py`. It wrote the table that we read here. Run it yourself if you have the time. (The largest is the lesson's own size, on the lesson's general text.)

# %%
points = pd.read_csv(ROOT / "benchmarks" / "scaling.csv")
points.groupby(["parameters", "tokens"])["bits_per_byte"].agg(["mean", "count"]).round(3)

# %% [markdown]
# Should you believe a table that somebody else has made? We train one of its rows again: the smallest model, on all of the text. (In the laptop [profile](../glossary.md#profile), with seed 0, 1 or 2; another machine may round otherwise, so we allow 3 %.)

# %%
settings = run.settings(
    n_tokens=2048,  # size of the vocabulary
    context=128,  # tokens that a model sees at most
    batch_size=8,  # windows in one step
    steps=560,
    width=32,  # numbers that stand for one token
    depth=2,  # layers
)

# %% [markdown]
# `language.learn` does what you have written out in the lesson.

# %%
general = docstrings.load()[0]
train, held_out = ([d.text for d in part] for part in (general.train, general.validation))
tokenizer = language.train_tokenizer(train, settings.n_tokens)
model = language.make_llama(settings.n_tokens, settings.width, settings.depth, run.seed,
                            settings.context).to(run.device)
language.learn(model, language.encode(tokenizer, train), steps=settings.steps, seed=run.seed,
               context=settings.context, batch_size=settings.batch_size, device=run.device)

# %% [markdown]
# And on the pages that nobody has learned from:

# %%
bits = language.token_bits(model, language.encode(tokenizer, held_out), settings.context)
here = sum(each.sum() for each in bits) / sum(len(text.encode()) for text in held_out)
tokens = settings.steps * settings.batch_size * settings.context
same = points.query("width == @settings.width and tokens == @tokens and seed == @run.seed")
for recorded in same["bits_per_byte"]:
    print(f"recorded {recorded:.3f}, here {here:.3f} bits per byte")
    assert run.profile != "laptop" or abs(here / recorded - 1) < 0.03

# %% [markdown]
# ## A straight line
#
# If each doubling saves the same share, the points lie on a line in a figure with two logarithmic axes. That is a **[power law](../glossary.md#power-law)** (Kaplan and others 2020): *y = a · xᵇ*. The slope *b* is its exponent. An exponent of −0.1 means: twice as much of it leaves 2⁻⁰·¹ = 93 % of the bits, so it saves 7 %.

# %% [markdown]
# **Exercise 1. Ten times as large.** With the exponent −0.1, how many percent of the bits do *ten* times as many parameters save?

# %% exercise="3_scale.1"
answer_1 = ...
### BEGIN SOLUTION
answer_1 = 100 * (1 - 10**-0.1)
### END SOLUTION

# %% check="3_scale.1"
exercises.check("3_scale.1", answer_1)

# %% [markdown]
# ## The claim's card

# %%
claim = ledger.get("llm-scales")
claim

# %% [markdown]
# What do you expect, in percent of the bits, from twice as many parameters?

# %%
predicted = {"saved by twice the parameters (%)": 7, "verdict": "supported"}

# %% [markdown]
# **Exercise 2. The exponent.** Write a function `exponent(x, y)`: two arrays, (n,), of positive numbers. It returns the exponent of the power law that fits them best, by least squares on the logarithms. (`np.polyfit(u, v, 1)` fits a line.)

# %% exercise="3_scale.2"
exponent = ...
### BEGIN SOLUTION
def exponent(x, y):
    return np.polyfit(np.log(x), np.log(y), 1)[0]
### END SOLUTION

# %% check="3_scale.2"
exercises.check("3_scale.2", exponent)

# %% [markdown]
# ## Experiment
#
# `intervals.power_law` does the same and adds the interval. Once for size, with as much text; once for text, with as many parameters:

# %%
by_size = points[points["tokens"] == points["tokens"].max()]
by_text = points[points["parameters"] == points["parameters"].max()]
laws = {"parameters": intervals.power_law(by_size["parameters"], by_size["bits_per_byte"]),
        "tokens": intervals.power_law(by_text["tokens"], by_text["bits_per_byte"])}
pd.Series({f"of {x}": law.text() for x, law in laws.items()}, name="exponent").to_frame()

# %% [markdown]
# Look whether the points bend away from the line: at its ends to one side, in its middle to the other.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
for ax, (x, table) in zip(axes, {"parameters": by_size, "tokens": by_text}.items(), strict=True):
    ax.plot(table[x], table["bits_per_byte"], "o", color=plots.COLOURS[0], alpha=0.6)
    middle = np.exp(np.log(table[[x, "bits_per_byte"]]).mean())
    ends = np.array([table[x].min(), table[x].max()])
    ax.plot(ends, middle["bits_per_byte"] * (ends / middle[x]) ** laws[x].effect, color=plots.GREY)
    ax.set(xscale="log", yscale="log", xlabel={"tokens": "tokens read"}.get(x, x))
    ax.set_xticks(sorted(set(table[x])), [f"{tick / 1000:.0f}k" for tick in sorted(set(table[x]))])
    ax.set_yticks([2.0, 2.25, 2.5, 2.75], ["2", "2.25", "2.5", "2.75"])
    ax.minorticks_off()
axes[0].set(ylabel="bits per byte")
plots.show(fig, "Bits per byte against parameters and against tokens read, with fitted power laws.",
           pd.DataFrame({x: vars(law) for x, law in laws.items()}).T.round(4))

# %% [markdown]
# ## Verdict
#
# What does a doubling save? For models of these sizes that have read so much:

# %%
def saved_by_doubling(law):
    """Bits saved by twice as much, in %."""
    effect, low, high = (100 * (1 - 2**each) for each in (law.effect, law.high, law.low))
    return ledger.Estimate(effect, low, high, law.n)

# %%
doubled = {x: saved_by_doubling(law) for x, law in laws.items()}
verdict = claim.judge(doubled, run.profile)
answers = {"saved by twice the parameters (%)": doubled["parameters"], "verdict": verdict.word}
display(verdict)
results.beside(predicted, answers)

# %% [markdown]
# What does the line say about a model of a billion parameters? One may calculate it. Should one?

# %%
largest = points["parameters"].max()
share = (1e9 / largest) ** laws["parameters"].effect
tried = largest / points["parameters"].min()
text_view.folded("What about a billion parameters?",
                 f"The line says {100 * share:.0f} % of the bits of the largest model here, which "
                 f"has {largest / 1e6:.1f} million. But the sizes tried differ by a factor of "
                 f"{tried:.0f}; the next factor of {1e9 / largest:,.0f} is out of their sight. A "
                 "straight line is the simplest guess, not a law of nature. Where points bend, the "
                 "number in the verdict is an average over the sizes tried, and the next doubling "
                 "may save less.")

# %% [markdown]
# The verdict and your exercises go into a results file, from which the course makes its page.

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)

# %% [markdown]
# ## What this adds
#
# Lesson 3 trained one network, of one size, with as much text as a minute allows. This lab says what to expect from a larger one that reads more, and how far such an expectation reaches. All of it holds for pre-training alone: whether *fine-tuning* gains as much with a larger model, it does not say.
#
# Back to [lesson 3](../3_small_llm.ipynb).
