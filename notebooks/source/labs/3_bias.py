# %% [markdown]
# # Lab 3 · Does a language model pick up the bias of its text?
#
# **The claim.** A language model that has read biased text writes biased text.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Ethical Challenges and Bias".*
#
# This lab needs [lesson 3](../3_small_llm.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** Turkish has one word, *o*, for he and she. In 2017 a translation program turned *o bir doktor* into "he is a doctor" and *o bir hemşire* into "she is a nurse" (Caliskan, Bryson and Narayanan, *Science*). It had read so; what exactly its text said, nobody outside could know. So we write the [bias](../glossary.md#bias) into a text ourselves, in known doses, and see what arrives.

# %%
import copy

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from course_utils.claims import intervals, ledger
from course_utils.data import docstrings, people
from course_utils.exercises.lab_3_bias import exercises
from course_utils.models import costs, language, probes, training, writing
from course_utils.report import results
from course_utils.run import choose_precision, start
from course_utils.show import plots, text_view

run = start("3_bias")
costs.use_one_core()
plots.use_style()
settings = run.settings(sentences=200, tried=12, seeds=4, steps=30, batch=16)

# %% [markdown]
# ## Sentences with a known skew
#
# We need many sentences about people, alike but for one word. The first lines in the documentation of numpy, scipy and pandas say what a function does: "plot a histogram". We let people do it. `people.tasks` keeps lines of four to eight plain words that begin with a verb; `people.beginnings` puts them into three frames, the person before the pronoun. What we test on comes from other source files, scikit-learn's among them.

# %%
general, scikit = docstrings.load()
held_out = [*general.validation, *general.test, *scikit.validation, *scikit.test]
to_learn, to_try = people.tasks(general.train), people.tasks(held_out)
to_try = np.random.default_rng(run.seed).permutation(sorted({*to_try} - {*to_learn}))
to_try = to_try[: settings.tried]
print(*people.beginnings("doctor", to_try[:3]), sep="\n")

# %% [markdown]
# Now the skew. A *dose* of 75 % means: in 75 of 100 sentences the doctor is "she", in the others "he". (People go by other pronouns too. We count these two because their number can be set; no dose is the right one.)

# %% [markdown]
# **Exercise 3_bias.1 A dose.** Write `pronouns(n, dose, rng)`: a list or array of `n` words. Of them `round(n * dose / 100)` are `"she"`, no more and no fewer, the others `"he"`, in random order. `rng.permutation(…)` mixes.

# %% exercise="3_bias.1"
pronouns = ...


### BEGIN SOLUTION
def pronouns(n, dose, rng):
    n_she = round(n * dose / 100)
    return rng.permutation(["she"] * n_she + ["he"] * (n - n_she))


### END SOLUTION

# %% check="3_bias.1"
exercises.check("3_bias.1", pronouns)

# %% [markdown]
# A toss of a coin for each would give 71 or 80 % as well. A known dose should be exact. `people.biased` writes such a text, of tasks drawn at random:


# %%
def biased_text(who, dose, rng):
    """Sentences about `who`, called she in this share of them (%)."""
    return people.biased(who, dose, to_learn, settings.sentences, rng)


print(*biased_text("doctor", 75, np.random.default_rng(run.seed))[:4], sep="\n")

# %% [markdown]
# ## What does a model prefer?
#
# A [language model](../glossary.md#language-model) gives every next [token](../glossary.md#token) a probability. So we give it the beginning of a sentence, and compare two: $p(\text{she})$ and $p(\text{he})$. The *share of she* is $100 \cdot p(\text{she}) / (p(\text{she}) + p(\text{he}))$ percent. All other tokens are left out.
#
# The lesson measures [surprise](../glossary.md#surprise) in bits: $-\log_2 p$. Take the bits of the whole beginning, once with "she" behind it and once with "he". The beginning costs the same both times.

# %% [markdown]
# **Exercise 3_bias.2 From bits to a share.** Write `share_of_she(bits_she, bits_he)`: two arrays (n,), the bits of n beginnings with "she" and with "he" behind them. Return the n shares of she, in %.

# %% exercise="3_bias.2"
share_of_she = ...


### BEGIN SOLUTION
def share_of_she(bits_she, bits_he):
    return 100 / (1 + 2 ** (bits_she - bits_he))


### END SOLUTION

# %% check="3_bias.2"
exercises.check("3_bias.2", share_of_she)

# %% [markdown]
# The course's [pre-trained](../glossary.md#pre-training) model has read programmers' documentation, in which people are rare. How does it speak of doctors, before it has read anything of ours? Half, 50 %, is the [baseline](../glossary.md#baseline): no preference. `probes.share_of_she` computes the shares for all beginnings:

# %%
shipped, tokenizer = language.shipped()
shipped.to(run.device)
PEOPLE = ["doctor", "nurse", "teacher", "engineer", "cook", "pilot", "farmer", "lawyer"]
starts = [start for who in PEOPLE for start in people.beginnings(who, to_try)]


def asked(model):
    """The share of she (%) after each beginning, (people, tasks)."""
    return probes.share_of_she(model, tokenizer, starts).reshape(len(PEOPLE), -1)


before = pd.Series(asked(shipped).mean(axis=1), pd.Index(PEOPLE, name="occupation"))
print(f"below 50 %: {(before < 50).sum()} of {len(before)} occupations;", end=" ")
print(f"from the lowest to the highest it is {before.max() - before.min():.1f} points")
before.round(1).to_frame("share of she (%), mean of sentences")

# %% [markdown]
# ## The claims, as they will be judged
#
# The model is [fine-tuned](../glossary.md#fine-tuning) on texts about doctors with doses of 0, 25, 50, 75 and 100 %. Then we ask about doctors, in new sentences, and about six occupations that no text names. A straight line through the five shares has a *slope*, in [points](../glossary.md#percentage-point) of share for each point of dose. At 1 the share rises, from end to end, as much as the text's.

# %%
claim, spreading = ledger.get("llm-bias"), ledger.get("llm-bias-spreads")
display(claim)
spreading

# %% [markdown]
# **Your prediction**, in place of our guesses: both slopes, and the second [verdict](../glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`.

# %%
predicted = {
    "slope, doctors (points per point)": 0.8,
    "slope, others (points per point)": 0.2,
    "llm-bias-spreads": "supported",
}

# %% [markdown]
# ## Experiment
#
# `learn` copies the shipped model and lets `training.fit`, the course's loop, fine-tune the copy. One sentence is one row; shorter ones are filled up with the token 0.


# %%
def learn(sentences, steps, seed):
    """A copy of the shipped model that has read these sentences."""
    rows = [torch.from_numpy(row) for row in language.encode(tokenizer, sentences)]
    data = (pad_sequence(rows, batch_first=True),)  # (n, T + 1)
    model = copy.deepcopy(shipped)
    how = {"steps": steps, "batch_size": settings.batch, "learning_rate": 1e-3}
    how |= {"seed": seed, "device": run.device, "precision": choose_precision(run.device)}
    training.fit(model, language.next_token_loss, data, **how)
    return model


# %% [markdown]
# Is what it learned about doctors, or about everybody? A second kind of text is a control. It speaks of doctors *and* nurses, 200 sentences each, and nurses get the opposite dose: 100 % for doctors is 0 % for nurses. So "she" is as frequent as "he" in every such text:
#
# - Who learns *how frequent each word is* gets a slope of 0 for both.
# - Who learns *who is called what* gets +1 for doctors and −1 for nurses, 2 apart.
#
# Twice the text gets twice the steps, so that each sentence is read as often. The verdicts judge the texts about doctors alone.


# %%
def about_doctors(dose, rng):
    return biased_text("doctor", dose, rng)


def opposed(dose, rng):
    return biased_text("doctor", dose, rng) + biased_text("nurse", 100 - dose, rng)


def try_seed(seed):
    """Seven trainings; after each, the shares of all occupations."""
    for text, doses in {about_doctors: DOSES, opposed: [0, 100]}.items():
        for dose in doses:
            sentences = text(dose, np.random.default_rng([seed, dose]))
            model = learn(sentences, settings.steps * len(sentences) // settings.sentences, seed)
            kept[text.__name__, dose] = model
            for who, share in zip(PEOPLE, asked(model), strict=True):
                yield text.__name__, seed, dose, who, share.mean(), 100 * np.mean(share > 50)


DOSES, kept = [0, 25, 50, 75, 100], {}  # the models of the last seed

# %% [markdown]
# A pilot (another seed, the shipped model early in its training) gave doctors a slope of 1.04. So four seeds decide unless slopes have a standard deviation above 0.3. Two CPU-minutes allow thirty steps; the pilot's loss was still falling then.
#
# Each seed draws other tasks and another order. The first two:

# %%
seeds = range(run.seed, run.seed + settings.seeds)
found = [row for seed in tqdm(seeds[::2]) for row in try_seed(seed)]

# %% [markdown]
# And two more:

# %%
found += [row for seed in tqdm(seeds[1::2]) for row in try_seed(seed)]
shares = pd.DataFrame(found, columns=["text", "seed", "dose", "who", "share", "cold"])
shares["group"] = shares["who"].where(shares["who"].isin(["doctor", "nurse"]), "others")

# %% [markdown]
# The model's share against the text's, with 95 % [intervals](../glossary.md#interval) over seeds. Dotted: the text itself (falling, for the nurses of the opposed texts). Where a curve lies below it, perhaps what the model had read before still pulls towards "he" (the beginnings stay the same).


# %%
def of_seeds(text, group):
    """The share in each seed, (doses, seeds)."""
    rows = shares[(shares["text"] == text) & (shares["group"] == group)]
    return rows.groupby(["dose", "seed"])["share"].mean().unstack()


fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
for ax, text in zip(axes, ["about_doctors", "opposed"], strict=True):
    for i, group in enumerate(["doctor", "others", "nurse"]):
        rows = of_seeds(text, group).iterrows()
        plots.curve(ax, {dose: intervals.t_interval(each) for dose, each in rows}, group, i)
    ax.plot([0, 100], [0, 100], color=plots.GREY, linestyle=":")
    ax.set(title=text.replace("_", " "), xlabel="dose: doctors called she in the text (%)")
axes[1].plot([0, 100], [100, 0], color=plots.GREY, linestyle=":")
axes[0].set(ylabel="share of she in the model (%)", ylim=(-5, 105))
axes[0].legend()
table = shares.pivot_table(index=["text", "dose"], columns="group", values="share").round(1)
table = table.add_prefix("share of she (%), ").rename_axis(["text", "dose (%)"])
alt = "Share of she in the model against the dose in its text, for two kinds of text."
plots.show(fig, alt, table)

# %% [markdown]
# ## Verdict
#
# One slope a seed. Where a curve is bent, one line says too little, so the slope from 25 to 75 % stands first.


# %%
def slope(text, group, less=None, doses=DOSES):
    """Slope of a line through the shares (less another group's), with its interval over seeds."""
    rows = of_seeds(text, group) - (of_seeds(text, less) if less else 0)
    rows = rows[rows.index.isin(doses)]
    return intervals.t_interval(np.polyfit(rows.index, rows, 1)[0])


of_doctors, of_others = slope("about_doctors", "doctor"), slope("about_doctors", "others")
print("doctors, 25 to 75 %:", slope("about_doctors", "doctor", doses=[25, 50, 75]).text())
verdict = claim.judge({"follows": of_doctors}, run.profile)
spread = spreading.judge({"spreads": of_others}, run.profile)
display(verdict, spread)
answers = {"slope, doctors (points per point)": of_doctors}
answers |= {"slope, others (points per point)": of_others, "llm-bias-spreads": spread.word}
results.beside(predicted, answers)

# %% [markdown]
# ## What does the control show?
#
# Slopes in points of share per point of dose, with intervals over seeds. What is learned about doctors alone shows in *doctor minus others*: we call it little where the whole interval lies below 0.1.

# %%
own = slope("about_doctors", "doctor", less="others")
apart = slope("opposed", "doctor", less="nurse")
slopes = {"texts about doctors: doctor minus others": own}
slopes |= {f"opposed texts: {who}": slope("opposed", who) for who in ("doctor", "nurse", "others")}
slopes["opposed texts: doctor minus nurse (2 in the text)"] = apart
for what, each in slopes.items():
    print(f"{what}: {each.text()}")


def which(each, limit, below, above):
    """One of two words where the whole interval lies on one side of the limit."""
    return below if each.high < limit else above if each.low > limit else "undecided"


about = which(own, 0.1, "about everybody", "more about doctors than about others")
print("Learned from the texts about doctors:", about)
skill = which(apart, 1, "how frequent each word is", "who is called what")
print("Learned from the opposed texts, mostly:", skill)

# %% [markdown]
# <details><summary>Why can a text about doctors reach others? And what is different in the opposed texts?</summary>
#
# It never says who is *not* meant: what fits doctors may fit everybody. In the opposed texts two things differ: "she" is as frequent at both doses, *and* another occupation is treated otherwise. Which of the two makes the difference for the others, we cannot tell.
#
# </details>
#
# ## From a probability to what is written
#
# A model that says "she" with 75 % need not *write* it in 75 of 100 sentences. That depends on the [temperature](../glossary.md#temperature): at 0.5, 75 and 25 % become 90 and 10 %; at 0 it always takes the likeliest. The texts about doctors again, means over seeds:

# %%
rows = shares[(shares["text"] == "about_doctors") & (shares["group"] != "nurse")]
written = rows.groupby(["group", "dose"])[["share", "cold"]].mean().round(1)
written.columns = ["share of she (%)", "she likelier than he (%)"]
display(written.rename_axis(["occupation", "dose (%)"]))
balanced = written.loc[("others", 50)]
text_view.folded(
    "A user sees only what is written. What does the right column say?",
    "At temperature 0, each sentence above 50 % gets she, each below he. So the others get she in "
    f"{written.loc[('others', 75)].iloc[1]:.0f} % at a dose of 75 %, in "
    f"{written.loc[('others', 25)].iloc[1]:.0f} % at 25 %. After a balanced text, 50 %, their "
    f"share is {balanced.iloc[0]:.0f} % (before: {before.iloc[2:].mean():.0f} %), and she is "
    f"written in {balanced.iloc[1]:.0f} %.",
)

# %% [markdown]
# Five models of the last seed go on with the same words, at temperature 0.01, which is as good as 0:

# %%
how = {"prompt": "To bake bread, the cook says that", "n_tokens": 5, "temperature": 0.01}
for dose in DOSES:
    print(f"{dose:3} %:", writing.write(kept["about_doctors", dose], tokenizer, **how))

# %% [markdown]
# ## What this adds
#
# Lesson 3 fine-tunes a model until it predicts its text better. Here it took on what the text says about people as well, with no rule and no intent. We could say how much, because we knew the dose; for text from the web, somebody must count. Count for each occupation, and test what is *written* for each: a total can look balanced.
#
# All this holds for one model of 2.6 million weights, two pronouns, and the same three frames in text and test. Back to [lesson 3](../3_small_llm.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict, spread], exercises, predicted, answers)
