# %% [markdown]
# # Lab 3 · Does cutting text into tokens help?
#
# **The claim.** A model learns how language is built more easily when the text is cut into tokens first.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "The Role of Data Preprocessing".*
#
# This lab needs [lesson 3](../3_small_llm.ipynb): bytes, [byte-pair encoding](../glossary.md#byte-pair-encoding), [bits per byte](../glossary.md#bits-per-byte), the transformer. Allow 45 minutes.

# %% [markdown]
# **Why this matters.** You pay a chatbot by the token, and it has room for so many tokens and no more. One that reads letters fills its room quickly. Where "strawberry" is one token, the model never sees its r's, and counting them is hard. How to cut a text is the first decision about every language model.

# %%
import numpy as np
import pandas as pd
from tqdm import tqdm

from course_utils.claims import ledger, resampling
from course_utils.data import docstrings, documents
from course_utils.exercises.lab_3_tokens import exercises
from course_utils.models import costs, language
from course_utils.models.ngrams import KneserNey
from course_utils.models.transformer import Size, Transformer
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# ## Data
#
# Documentation of numpy, scipy and pandas, as in the lesson: pages to learn from, and pages from *other files* to be measured on.

# %%
run = start("3_tokens")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    pages=1000,  # to learn from
    n_tokens=2048,  # size of the larger vocabularies
    width=64,  # numbers that stand for one token
    depth=2,  # layers
    context=128,  # tokens that a model sees at most
    steps=120,  # with byte pairs; the others get as much arithmetic
    seeds=3,  # trainings of each kind
)
general = docstrings.load()[0]
train = [page.text for page in documents.drawn(general.train, settings.pages, run.seed)]
test = [page.text for page in general.validation]
files = np.array([page.file for page in general.validation])
n_bytes = pd.Series([len(text.encode()) for text in test]).groupby(files).sum().to_numpy()
print(f"held out: {len(test)} pages from {len(n_bytes)} files, {n_bytes.sum() / 1e3:.0f} kB")

# %% [markdown]
# ## Three ways to cut
#
# - **Bytes**: every byte is a token. This is the baseline, text that is not cut at all.
# - **Whole words**: the most frequent words are tokens, each with the space before it. A word that is not among them falls apart into bytes.
# - **Byte pairs**, as in the lesson: the most frequent neighbours become one token, again and again.
#
# `language` has a function for each; the last number is the size of the vocabulary.

# %%
cutters = {
    "bytes": language.train_tokenizer(train, 257),  # 256 bytes and the begin token
    "whole words": language.word_tokenizer(train, settings.n_tokens),
    "byte pairs": language.train_tokenizer(train, settings.n_tokens),
}

# %% [markdown]
# The same sentence, three times; a bar stands between two tokens. Put in a sentence of your own. **How does each cut a word that it has never seen?**

# %%
sentence = "How many r are in strawberry? Compute the eigenvalues of a covariance matrix."


def pieces(cutter, text):
    """The text with a bar between its tokens."""
    return "|".join(cutter.decode([token]) for token in language.encode(cutter, [text])[0][1:])


text_view.boxes({way: pieces(cutter, sentence) for way, cutter in cutters.items()})

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# Whole words know a word or do not, and spell out what they do not know. Byte pairs know *parts*: they cut a new word into the pieces that the documentation has made frequent. Where a piece is one token, the model gets a number and no letters; that is why counting its r's is hard.
#
# </details>

# %% [markdown]
# How much text does a window of 128 tokens hold?

# %%
cut = {way: language.encode(cutter, train) for way, cutter in cutters.items()}
n_train = sum(len(text.encode()) for text in train)
n_cut = {way: sum(len(row) - 1 for row in rows) for way, rows in cut.items()}
per_token = n_train / pd.Series(n_cut)
pd.DataFrame({
    "vocabulary": {way: len(cutter) for way, cutter in cutters.items()},
    "bytes per token": per_token.round(2),
    "bytes in a window": (settings.context * per_token).round().astype(int),
})

# %% [markdown]
# **Exercise 3_tokens.1 Cutting a new word.** A byte-pair tokenizer keeps its *merges*, the pairs in the order in which it learned them. To cut a word, it begins with single letters. It takes the merge that was learned first and applies it wherever its pair stands, from left to right; then the second, and so on.
#
# Write `cut_word(word, merges)`: a string and a list of pairs, such as `[("h", "u"), ("hu", "b")]`. It returns the list of pieces. (`exercises.hint("3_tokens.1")` gives a nudge.)

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
# With equal *steps* byte pairs would read more text. With equal *text* bytes would get more steps. We give everybody equal *arithmetic*: we count the [operations](../glossary.md#operations) of a step, forward and backward, and each gets as many steps as the same total allows. (`costs.count_operations` counts them while a function runs.)


# %%
def new_model(way, seed):
    """The lesson's transformer, untrained, for one way to cut."""
    size = Size(len(cutters[way]), settings.width, settings.depth)
    return Transformer(size, seed).to(run.device)


def one_step(way):
    """Operations of one step on 8 windows."""
    model = new_model(way, 0)
    rows = language.windows(cut[way], settings.context)[:8].to(run.device)  # (8, T + 1)
    return costs.count_operations(lambda: language.next_token_loss(model, rows).backward())


# %% [markdown]
# A cheaper step gives more steps:

# %%
operations = pd.Series({way: one_step(way) for way in cutters})
steps = (operations["byte pairs"] * settings.steps / operations).round().astype(int)
text_read = steps * 8 * settings.context * per_token  # in bytes
weights = {way: sum(each.numel() for each in new_model(way, 0).parameters()) for way in cutters}
pd.DataFrame({"weights": weights, "operations a step (millions)": operations / 1e6,
              "steps": steps, "text read (kB)": text_read / 1e3}).round().astype(int)

# %% [markdown]
# <details><summary>Why is a step with bytes cheaper, though its windows have as many tokens?</summary>
#
# At each place the model scores its whole vocabulary. With 2,048 tokens that is about half of all the work in a model as small as this; with 257 it is little.
#
# </details>
#
# ## The claim, as it will be judged

# %%
claim = ledger.get("llm-tokenisation")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses: how many percent of the bits do byte pairs save against bytes, after a quarter of the arithmetic, and after all of it? (Does the lead shrink?)

# %%
predicted = {
    "saved after a quarter (%)": 20,
    "saved after all (%)": 10,
    "llm-tokenisation": "supported",
}

# %% [markdown]
# ## Experiment
#
# Each way is trained from three first weights (*seeds*), for a quarter of the arithmetic and for all of it. `language.learn` is the lesson's loop; `language.token_bits` gives the surprise of each token. We add it up over the pages of a file.


# %%
def by_file(model, way, context=settings.context):
    """Bits that a model needs for each held-out file: an array (n_files,)."""
    bits = language.page_bits(model, language.encode(cutters[way], test), context)
    return pd.Series(bits).groupby(files).sum().to_numpy()


def trained(way, seed, share):
    """A model that has used this share of the arithmetic."""
    model = new_model(way, seed)
    language.learn(model, cut[way], steps=max(1, round(share * steps[way])), seed=seed,
                   context=settings.context, device=run.device)
    return model


# %% [markdown]
# How large must this be? The course's first edition did it with 60 steps, three seeds and 80 pages, and its interval was ± 3 points wide. Whole files differ more than pages do, but here are 148 pages. So we expect about ± 3 points again: enough, unless the truth lies that near to the margin of 5 %.

# %%
seeds, shares = range(run.seed, run.seed + settings.seeds), (0.25, 1)
models, bits = {}, {}


def race(way):
    """Train and measure one way to cut, with each seed and share."""
    for share in tqdm(shares, way, unit="share"):
        models[way, share] = [trained(way, seed, share) for seed in seeds]
        bits[way, share] = [by_file(model, way) for model in models[way, share]]  # (seed, file)


race("bytes")
race("byte pairs")

# %% [markdown]
# ## Verdict
#
# Bits saved by byte pairs against bytes, after all of the arithmetic. Pages of one file resemble each other, so the [bootstrap](../glossary.md#bootstrap) draws whole *files* anew, and the seeds.

# %%
saved = {share: resampling.percent_saved(bits["byte pairs", share], bits["bytes", share], run.seed)
         for share in shares}
verdict = claim.judge({"saved": saved[1]}, run.profile)
answers = dict(zip(predicted, (*saved.values(), verdict.word), strict=True))
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# ## Why?
#
# Whole words join the race, out of competition. And so does counting: the lesson's [n-gram](../glossary.md#n-gram) model, of four tokens, on each way to cut. It counts *all* of the training pages.

# %%
race("whole words")
counted = {}
for way, cutter in cutters.items():
    ngram = KneserNey(4, len(cutter)).fit(cut[way])
    found = [ngram.bits(row)[1:].sum() for row in language.encode(cutter, test)]
    counted[way] = sum(found) / n_bytes.sum()

# %% [markdown]
# Bits per byte against arithmetic. At 0 nothing is learned, and all tokens are equally likely. (Bands: bootstrap over seeds and files. Dotted: counting byte pairs, by a model that has read all training pages.) **Who leads before any training? Who catches up?**

# %%
def per_byte(bits):
    """Bits per byte with an interval: a list of arrays (n_files,), one a seed."""
    return resampling.ratio_of_totals(bits, [n_bytes] * len(bits), run.seed)


total = operations["byte pairs"] * settings.steps / 1e9
curves = {}
for way, cutter in cutters.items():
    rows = language.encode(cutter, test)
    untaught = [np.log2(len(cutter)) * (len(row) - 1) for row in rows]
    levels = {0.0: per_byte([pd.Series(untaught).groupby(files).sum().to_numpy()])}
    curves[way] = levels | {share * total: per_byte(bits[way, share]) for share in shares}

fig, ax = plots.curves(curves, counted["byte pairs"])
ax.set_xticks([*curves["bytes"]], [f"{x:,.0f}" for x in curves["bytes"]])
ax.set(xlabel="arithmetic (billions of operations)", ylabel="bits per byte", ylim=(0, None))
table = pd.DataFrame({way: {f"{x:,.0f}": each.text() for x, each in points.items()}
                      for way, points in curves.items()})
plots.show(fig, "Bits per byte against arithmetic, for three ways to cut a text.", table)

# %% [markdown]
# Two presents are in the lead of byte pairs. Their tokenizer has counted the text before the race began. And their window of 128 tokens holds more text. How much is the second worth? We let the trained byte-pair models look back over as much *text* as bytes do:

# %%
short = round(settings.context / per_token["byte pairs"])
narrow = [by_file(model, "byte pairs", short) for model in models["byte pairs", 1]]
fair = resampling.percent_saved(narrow, bits["bytes", 1], run.seed)
start_lead = curves["bytes"][0].effect - curves["byte pairs"][0].effect
end_lead = curves["bytes"][total].effect - curves["byte pairs"][total].effect
text_view.folded(
    "Compare your answer",
    f"Before any training byte pairs lead by {start_lead:.2f} bits per byte: a present of the "
    f"counting. After all of it they lead by {end_lead:.2f}. In percent they saved "
    f"{saved[0.25].text('%')} after a quarter and {saved[1].text('%')} in the end.\n\n"
    f"With windows of {short} tokens, about as much text as {settings.context} bytes, they save "
    f"{fair.text('%')}. The rest of the {saved[1].effect:.1f} % is what seeing more text is worth: "
    f"{saved[1].effect - fair.effect:+.1f} points.\n\n"
    f"And counting? The n-gram of four tokens needs {counted['bytes']:.2f} bits per byte with "
    f"bytes, {counted['whole words']:.2f} with whole words, {counted['byte pairs']:.2f} with byte "
    f"pairs; the best network {min(points[total].effect for points in curves.values()):.2f}. "
    "Cutting is not only for networks, and seconds of training are little.",
)

# %% [markdown]
# **Exercise 3_tokens.2 Which model is better?** *[Perplexity](../glossary.md#perplexity)* is 2 to the power of the mean surprise in bits **per token**: among how many equally likely tokens the model seems to choose. Two models were tested on the same text. Model A reads single bytes, and its perplexity is 3.1. Model B reads tokens of 3.9 bytes on average, and its perplexity is 45. How many bits per byte does the *better* of the two need?

# %% exercise="3_tokens.2"
answer_2 = ...
### BEGIN SOLUTION
answer_2 = min(np.log2(3.1), np.log2(45) / 3.9)
### END SOLUTION

# %% check="3_tokens.2"
exercises.check("3_tokens.2", answer_2)

# %% [markdown]
# ## What this adds to lesson 3
#
# - Tokens are a model of their own, made by counting, and they bring a part of the result.
# - A race between models needs a rule: equal steps, text or arithmetic. Ask which one was used.
# - Numbers *per token* cannot be compared when two models cut differently. Bits per byte can.
# - All this is about models of 0.1 to 0.2 million weights after seconds of training. Large models that read bytes exist; given far more arithmetic, they come close (Xue and others 2022, "ByT5").
#
# Back to [lesson 3](../3_small_llm.ipynb). Your verdict and exercises, kept for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
