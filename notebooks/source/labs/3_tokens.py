# %% [markdown]
# # Lab 3 · Does cutting text into tokens help?
#
# **The claim.** A model learns how language is built more easily when the text is cut into tokens first. *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing".*
#
# You need [lesson 3](../3_small_llm.ipynb): bytes, [byte-pair encoding](../glossary.md#byte-pair-encoding), [bits per byte](../glossary.md#bits-per-byte). The lab takes about 45 minutes.

# %% [markdown]
# **Why this matters.** You pay a chatbot by the token, and it has room for so many tokens and no more. One that reads letters fills its room quickly. One that reads whole words cannot count the r in "strawberry", because it never sees an r. How a text is cut is the first decision of every language model, and the last that anybody looks at.

# %%
import numpy as np
import pandas as pd

from course_utils.claims import ledger, resampling
from course_utils.data import docstrings, documents
from course_utils.exercises.lab_3_tokens import exercises
from course_utils.models import language
from course_utils.models.costs import count_operations
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("3_tokens")
plots.use_style()

# %% [markdown]
# The lab needs nothing of the lesson's: it trains nine models of its own, smaller ones.

# %%
settings = run.settings(
    train_documents=500,
    held_out_documents=80,  # of the validation part
    n_tokens=2048,  # size of the byte-pair vocabulary
    width=64,  # numbers that stand for one token
    depth=2,  # layers
    context=128,  # tokens that a model sees at most
    steps=60,  # with byte pairs; the others get as much arithmetic
    seeds=3,  # trainings of each kind
)

# %% [markdown]
# ## Three ways to cut
#
# Into **bytes**. Into **characters**: every character that occurs in the training text is a token (the 256 bytes stay in the vocabulary for any others). And into **byte pairs**, as in the lesson. The text is the documentation of numpy, scipy and pandas.

# %%
general = docstrings.load()[0]
train = [d.text for d in documents.drawn(general.train, settings.train_documents, run.seed)]
test = [d.text for d in documents.drawn(general.validation, settings.held_out_documents, run.seed)]
cutters = {"bytes": language.train_tokenizer(train, 257),
           "characters": language.character_tokenizer(train),
           "byte pairs": language.train_tokenizer(train, settings.n_tokens)}
cut = {way: language.encode(cutter, train) for way, cutter in cutters.items()}

# %% [markdown]
# What does a window of 128 tokens hold, and how large is each vocabulary?

# %%
n_train = sum(len(text.encode()) for text in train)
held = {way: n_train / sum(len(row) - 1 for row in rows) for way, rows in cut.items()}
pd.DataFrame({"vocabulary": {way: len(cutter) for way, cutter in cutters.items()},
              "bytes per token": pd.Series(held).round(2),
              "bytes in a window": (settings.context * pd.Series(held)).round()})

# %% [markdown]
# **Exercise 1. Cutting a new word.** A tokenizer keeps its *merges*, the pairs in the order in which it learned them. To cut a word it has never seen, it begins with single letters and applies each merge, first learned first, wherever the pair stands. Write a function `cut_word(word, merges)`: a string and a list of pairs, such as `[("h", "u"), ("hu", "b")]`. It returns the list of pieces.

# %% exercise="3_tokens.1"
cut_word = ...
### BEGIN SOLUTION
def cut_word(word, merges):
    pieces = list(word)
    for pair in merges:
        joined = []
        for piece in pieces:
            if joined and (joined[-1], piece) == pair:
                joined[-1] += piece
            else:
                joined.append(piece)
        pieces = joined
    return pieces
### END SOLUTION

# %% check="3_tokens.1"
exercises.check("3_tokens.1", cut_word)

# %% [markdown]
# ## What is a fair race?
#
# With equal *steps* the byte pairs would read more text. With equal *text* the bytes would get more steps. We give everybody equal *arithmetic*: we count the [operations](../glossary.md#operations) of a step, forward and backward, and each gets as many steps as the same total allows. A window of byte pairs holds more text, so it sees more at once and reads more. That is the point of the claim.

# %%
def make_model(way, seed):
    """An untrained small Llama for one way to cut."""
    size = (settings.width, settings.depth, seed, settings.context)
    return language.make_llama(len(cutters[way]), *size).to(run.device)


def step_operations(way):
    """Floating-point operations of one step of training."""
    batch = language.windows(cut[way], settings.context)[:8].to(run.device)  # (8, T + 1)
    model = make_model(way, 0)
    return count_operations(lambda: language.next_token_loss(model, batch).backward())

# %% [markdown]
# Fewer operations a step, more steps:

# %%
operations = {way: step_operations(way) for way in cutters}
total = operations["byte pairs"] * settings.steps
steps = {way: round(total / each) for way, each in operations.items()}
pd.DataFrame({"operations a step (millions)": pd.Series(operations) / 1e6, "steps": steps}).round()

# %% [markdown]
# <details><summary>Why is a step with byte pairs the most expensive, though its windows have as many tokens?</summary>Each place of a window is compared with the whole vocabulary, and that of the byte pairs is the largest. In a small model this comparison is most of the work.</details>
#
# ## The claim's card

# %%
claim = ledger.get("llm-tokenisation")
claim

# %% [markdown]
# What do you expect, in percent of the bits?

# %%
predicted = {"saved by byte pairs against bytes (%)": 20, "verdict": "supported"}

# %% [markdown]
# ## Experiment
#
# Nine small trainings (`language.learn` does what you have written out in the lesson), each measured on pages that nobody has learned from:

# %%
n_bytes = np.array([len(text.encode()) for text in test])
bits = {way: [] for way in cutters}  # (n_seeds, n_documents)
for way, cutter in cutters.items():
    rows = language.encode(cutter, test)
    for seed in range(run.seed, run.seed + settings.seeds):
        model = make_model(way, seed)
        language.learn(model, cut[way], steps=steps[way], seed=seed, context=settings.context,
                       device=run.device)
        found = language.token_bits(model, rows, settings.context)
        bits[way].append([each.sum() for each in found])

# %% [markdown]
# ## Verdict
#
# For models of this size after this much arithmetic:

# %%
gains = {way: resampling.percent_saved(bits["byte pairs"], bits[way], seed=run.seed)
         for way in ("bytes", "characters")}
verdict = claim.judge({"saved": gains}, run.profile)
answers = {"saved by byte pairs against bytes (%)": gains["bytes"], "verdict": verdict.word}
display(verdict)
results.beside(predicted, answers)

# %% [markdown]
# ## Why?
#
# How many bits per byte is that? And how many would it be without *any* training, with all tokens equally likely?

# %%
sizes, rows = np.tile(n_bytes, (settings.seeds, 1)), {}
for way, cutter in cutters.items():
    n_cut = sum(len(row) - 1 for row in language.encode(cutter, test))
    untaught = n_cut * np.log2(len(cutter)) / n_bytes.sum()
    taught = resampling.ratio_of_totals(bits[way], sizes, seed=run.seed)
    rows[way] = [untaught, taught.effect]
table = pd.DataFrame(rows, ["without training", "trained"]).T
ax = table.plot.bar(color=plots.COLOURS, rot=0, figsize=(7.5, 3.4), ylabel="bits per byte")
alt = "Bits per byte of three ways to cut, before and after training."
plots.show(ax.figure, alt, table.round(3))

# %% [markdown]
# A tokenizer has counted before the model begins, and that is not in the count of operations.

# %%
lead = table.loc["bytes"] - table.loc["byte pairs"]
text_view.folded("How much of the lead is a present from the counting?",
                 f"Without any training byte pairs are ahead of bytes by "
                 f"{lead['without training']:.2f} bits per byte, after it by "
                 f"{lead['trained']:.2f}. The first number is the present. Whether the others "
                 "catch up with longer training, this test does not say.")

# %% [markdown]
# **Exercise 2. Which model is better?** *[Perplexity](../glossary.md#perplexity)* is 2 to the power of the mean surprise in bits **per token**: among how many equally likely tokens the model seems to choose. Two models were tested on the same text. Model A reads single bytes, and its perplexity is 3.1. Model B reads tokens of 3.9 bytes on average, and its perplexity is 45. How many bits per byte does the *better* of the two need?

# %% exercise="3_tokens.2"
answer_2 = ...
### BEGIN SOLUTION
answer_2 = min(np.log2(3.1), np.log2(45) / 3.9)
### END SOLUTION

# %% check="3_tokens.2"
exercises.check("3_tokens.2", answer_2)

# %% [markdown]
# The verdict and your exercises go into a results file, from which the course makes its page.

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)

# %% [markdown]
# ## What this adds
#
# Lesson 3 took the tokens for granted. They are a model of their own, made by counting, and they bring a part of the result. And numbers *per token* cannot be compared when two models cut differently; bits per byte can.
#
# Back to [lesson 3](../3_small_llm.ipynb).
