# %% [markdown]
# # Lab 3 · Does fine-tuning make a language model forget?
#
# **The claim.** Fine-tuning does not make a language model forget what it knew before. The claim is ours: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024) speaks of what [fine-tuning](../glossary.md#fine-tuning) gives, and not of what it takes.
#
# You need [lesson 3](../3_small_llm.ipynb): tokens, [bits per byte](../glossary.md#bits-per-byte), pre-training, fine-tuning. The lab takes about 45 minutes.

# %% [markdown]
# **Why this matters.** Somebody who learns Italian after Spanish may find that the Spanish words do not come any more. A company that fine-tunes a model on its contracts wants it to write ordinary letters, too. With networks this is an old worry; it is called *catastrophic forgetting* (McCloskey and Cohen 1989).

# %%
import copy

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course_utils.claims import ledger, resampling
from course_utils.data import docstrings, documents
from course_utils.exercises.lab_3_forgetting import exercises
from course_utils.models import language
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("3_forgetting")
plots.use_style()

# %% [markdown]
# The lab trains a model of its own, a little smaller than the lesson's, so that it gives the same numbers whether you have run the lesson or not.

# %%
settings = run.settings(
    train_documents=5000,  # at most
    held_out_documents=80,  # of each part that is not trained on
    n_tokens=2048,  # size of the vocabulary
    width=96,  # numbers that stand for one token
    depth=2,  # layers
    context=128,  # tokens that the model sees at most
    pretrain_steps=500,
    budgets={"short": 20, "long": 80},  # steps of learning the task
    seeds=3,  # fine-tunings with each budget
    finetune_share=0.25,  # of the learning rates
)

# %% [markdown]
# ## A model that knows something
#
# As in the lesson: the documentation of numpy, scipy and pandas is the *general* text, that of scikit-learn the *task*. The tokenizer learns from the general training text.

# %%
sources = dict(zip(("general", "task"), docstrings.load(), strict=True))
limits = {"train": settings.train_documents, "test": settings.held_out_documents}
parts = {f"{name}, {part}": documents.drawn(getattr(source, part), limit, run.seed)
         for name, source in sources.items() for part, limit in limits.items()}
texts = {name: [document.text for document in part] for name, part in parts.items()}
n_bytes = {name: np.array([len(text.encode()) for text in part]) for name, part in texts.items()}
tokenizer = language.train_tokenizer(texts["general, train"], settings.n_tokens)
encoded = {name: language.encode(tokenizer, part) for name, part in texts.items()}
pd.DataFrame({name: [len(n), n.sum() / 1000] for name, n in n_bytes.items()},
             ["documents", "kilobytes"]).T.round().astype(int)

# %% [markdown]
# `language.learn` does what you have written out in the lesson: windows of text, the loss of the next token, Muon and AdamW, so many steps. It takes half a minute.

# %%
common = {"context": settings.context, "device": run.device}
model = language.make_llama(settings.n_tokens, settings.width, settings.depth, run.seed,
                            settings.context).to(run.device)
language.learn(model, encoded["general, train"], steps=settings.pretrain_steps, seed=run.seed,
               label="pre-training", **common)
print(f"{sum(p.numel() for p in model.parameters()):,} parameters")

# %% [markdown]
# How many bits does a model need for each page of a part?

# %%
def document_bits(model, name):
    """Bits of each document of a part, (n_documents,)."""
    bits = language.token_bits(model, encoded[name], settings.context, settings.context)
    return np.array([each.sum() for each in bits])


before = {name: document_bits(model, name) for name in ("general, test", "task, test")}
for name, bits in before.items():
    print(f"{name}: {bits.sum() / n_bytes[name].sum():.2f} bits per byte before fine-tuning")

# %% [markdown]
# ## The claim's card
#
# We ask the fine-tuned model and the one before for held-out pages of the *general* text, a kind of text that both have read. Forgetting is what the fine-tuned one needs more. The claim holds if the loss stays below 5 %.

# %%
claim = ledger.get("llm-finetune-keeps")
claim

# %% [markdown]
# What do you expect? How many percent more bits for the general text after the long budget, and which word?

# %%
predicted = {"lost after the long budget (%)": 3, "verdict": "supported"}

# %% [markdown]
# ## Experiment
#
# Two budgets, three seeds each, on the pages of scikit-learn.

# %%
after = {}  # (budget, part): bits (n_seeds, n_documents)
for budget, steps in settings.budgets.items():
    rows = {name: [] for name in before}
    for seed in range(run.seed, run.seed + settings.seeds):
        tuned = copy.deepcopy(model)
        language.learn(tuned, encoded["task, train"], steps=steps, seed=seed,
                       share=settings.finetune_share, **common)
        for name, bits in rows.items():
            bits.append(document_bits(tuned, name))
    after |= {(budget, name): np.array(bits) for name, bits in rows.items()}

# %% [markdown]
# `resampling.percent_saved` says how many percent the fine-tuned model *saves*, with an interval that draws documents and seeds anew. The ledger asks how many it *loses*.

# %% [markdown]
# **Exercise 1. From saved to lost.** Write a function `to_lost(effect, low, high)`: from a saving in percent and the two ends of its interval it makes the loss and the two ends of *its* interval, the lower one first.

# %% exercise="3_forgetting.1"
to_lost = ...
### BEGIN SOLUTION
def to_lost(effect, low, high):
    return -effect, -high, -low
### END SOLUTION

# %% check="3_forgetting.1"
exercises.check("3_forgetting.1", to_lost)

# %% [markdown]
# Both in one picture: on the task it should gain (lose less than nothing); on the general text the whole interval has to lie left of the margin.

# %%
def lost(bits, name):
    """How many percent more bits than before, with its interval."""
    rival = np.tile(before[name], (len(bits), 1))
    saved = resampling.percent_saved(bits, rival, seed=run.seed)
    return ledger.Estimate(*(-end for end in (saved.effect, saved.high, saved.low)), saved.n)


losses = {f"{name}, {budget}": lost(bits, name) for (budget, name), bits in after.items()}
fig, ax = plt.subplots(figsize=(7.5, 3))
plots.forest(ax, losses)
ax.axvline(claim.test("lost").margin, color=plots.GREY, linestyle="--")
ax.set(xlabel="bits lost by fine-tuning (%); dashed: margin on the general text")
plots.show(fig, "Bits lost by fine-tuning on two kinds of text, with two budgets.", losses)

# %% [markdown]
# ## Verdict
#
# For a network of this size that has read this much:

# %%
forgot = {budget: losses[f"general, test, {budget}"] for budget in settings.budgets}
verdict = claim.judge({"lost": forgot}, run.profile)
answers = {"lost after the long budget (%)": forgot["long"], "verdict": verdict.word}
display(verdict)
results.beside(predicted, answers)

# %% [markdown]
# **Exercise 2. You are the judge.** Another class measured a loss of 1.9 % [1.1, 2.8] with the short budget and of 3.8 % [2.2, 5.6] with the long one; the margin is 5 %, and below it is needed. Their word for the claim: `"supported"`, `"not supported"` or `"inconclusive"`?

# %% exercise="3_forgetting.2"
answer_2 = ...
### BEGIN SOLUTION
answer_2 = "inconclusive"
### END SOLUTION

# %% check="3_forgetting.2"
exercises.check("3_forgetting.2", answer_2)

# %% [markdown]
# ## Can one do something about it?
#
# The old remedy is to *rehearse*: while it learns the new, the model goes on reading some of the old.

# %% [markdown]
# **Exercise 3. A mixture.** Write a function `mixed(task, general, share)`: two arrays of windows, (n, T + 1) and (m, T + 1). It returns *all* windows of the task and behind them the first so many general ones that these make up `share` of the whole (rounded).

# %% exercise="3_forgetting.3"
mixed = ...
### BEGIN SOLUTION
def mixed(task, general, share):
    n_general = round(share / (1 - share) * len(task))
    return np.concatenate([task, general[:n_general]])
### END SOLUTION

# %% check="3_forgetting.3"
exercises.check("3_forgetting.3", mixed)

# %% [markdown]
# Here the mixture is made of whole pages, half and half, with the long budget and one seed. It has read half as much of the task as the model above, so it may gain less there.

# %%
rehearsed = copy.deepcopy(model)
half = encoded["general, train"][: len(encoded["task, train"])]
language.learn(rehearsed, encoded["task, train"] + half, steps=settings.budgets["long"],
               seed=run.seed, share=settings.finetune_share, **common)
rows = {name: [losses[f"{name}, long"].text("%"),
               lost(document_bits(rehearsed, name)[None], name).text("%")] for name in before}
pd.DataFrame(rows, ["the task alone", "half and half"]).T.rename_axis("lost")

# %% [markdown]
# Read both rows before you open the answer.

# %%
alone, both = (float(lost(bits[:1], "general, test").effect) for bits in
               (after["long", "general, test"], document_bits(rehearsed, "general, test")[None]))
text_view.folded("Did rehearsing help?", f"With the same seed, fine-tuning on the task alone loses "
                 f"{alone:.1f} % on the general text, and half and half {both:.1f} %. A minus "
                 "means that it has even got better there: it goes on reading general text. "
                 "Compare the row of the task, too: one may pay for the old with some of the new.")

# %% [markdown]
# The verdict and your exercises go into a results file, from which the course makes its page.

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)

# %% [markdown]
# ## What this adds
#
# Lesson 3 asked what fine-tuning gives. This lab asked what it takes, on the same kind of text and with the same measure. Whoever reports a gain on a task should report both rows of the picture. And our two kinds of text resemble each other: both are documentation. Between a novel and contracts there may be more to lose.
#
# Back to [lesson 3](../3_small_llm.ipynb).
