# %% [markdown]
# # Lesson 3 · Small LLM
#
# **The claim.** Fine-tuning makes a language model better at one particular task.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Large Language Models (LLMs): Understanding Human Language" and "How AI Systems Handle Data".*

# %% [markdown]
# **Why this matters.** Your phone suggests the next word. A chatbot writes an e-mail, one word after the other. Behind both stands a *[language model](glossary.md#language-model)*: it has read a great deal of text and guesses what comes next. (Lesson 2's [convolution](glossary.md#convolution) had knowledge about pictures built in. Nothing here knows a word before it reads.) Reading the whole internet costs millions. So, says the article, one takes a model that has read everything and lets it read a *little* more of what one needs: contracts, recipes, program code. That is **[fine-tuning](glossary.md#fine-tuning)**. What is it worth? In this lesson you build a language model from nothing, on your own machine, and find out.

# %% [markdown]
# ## What you will learn
#
# When you have finished, you can say
#
# 1. what a **[token](glossary.md#token)** is, and how a text is cut into them;
# 2. how to measure how well a model knows a language: **[bits per byte](glossary.md#bits-per-byte)**;
# 3. what **[attention](glossary.md#attention)** computes, by hand, and why a language model must not look ahead;
# 4. how a language model **writes**, and what [temperature](glossary.md#temperature) and [top-p](glossary.md#top-p) change;
# 5. what **fine-tuning** gives, what it costs, and against what to compare it;
# 6. what a small model has learned of **grammar, context and meaning**, and how to test that.
#
# You need Python and lesson 2's ideas: network, [batch](glossary.md#batch), [loss](glossary.md#loss), training loop. **transformers** is the library for language models, **tokenizers** cuts text into tokens.

# %%
import copy
import shutil
from collections import Counter
from functools import partial
from itertools import pairwise, product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm.auto import tqdm

from course_utils import run as runtime
from course_utils.claims import cards, intervals, ledger, resampling
from course_utils.claims.estimates import Estimate
from course_utils.data import docstrings
from course_utils.data.chosen import chosen_text
from course_utils.exercises.lesson_3 import exercises
from course_utils.report import results
from course_utils.show import plots

# %% [markdown]
# The next cell says what to expect, as in every lesson. (Training may use all of your processor's cores here.)

# %%
run = runtime.start("3_small_llm", expected={
    "cpu (2 cores)": "3 to 6 min, 1.3 GB", "cuda": "not measured yet",
})
plots.use_style()

# %% [markdown]
# ## The claim, as it will be judged
#
# (*[LLM](glossary.md#llm)* is short for *large language model*. Ours is a tiny one.) Better than what? The [ledger](glossary.md#ledger) asks for two comparisons. The fine-tuned model must be better than the model *before* fine-tuning. And it must be better than a model that has learned the task *[from scratch](glossary.md#from-scratch)*, with as many steps on the same texts; otherwise all the reading before was for nothing. The "task" is to predict one *kind of text*. The article also speaks of translating or answering questions; that is not tested here.

# %%
claim = ledger.get("llm-finetune")
claim

# %% [markdown]
# (A *[budget](glossary.md#budget)* is how many steps a model may learn the task; what went before is not counted. There is a short one and a long one.)

# %% [markdown]
# ## Predict
#
# Our model first reads the documentation of three Python libraries: numpy, scipy and pandas. Then it is fine-tuned on the documentation of a fourth, scikit-learn. Measured is how many *bits per byte* it needs for pages of scikit-learn that it has never seen; what that is you will see below. Fewer is better.
#
# Write down what you expect, in place of our guesses: how many percent fewer bits does the fine-tuned model need, with the long budget,
#
# - than a model from scratch, and than the model before fine-tuning?
# - And the [verdict](glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "saved against from scratch (%)": 20,
    "saved against pre-trained only (%)": 20,
    "verdict": "supported",
}

# %% [markdown]
# ## Settings
#
# All sizes in one place; each comes back where it is used.

# %%
settings = {
    "n_tokens": run.pick(smoke=512, laptop=2048, full=4096),  # size of the vocabulary
    "width": run.pick(smoke=32, laptop=128, full=256),  # numbers that stand for one token
    "depth": run.pick(smoke=2, laptop=3, full=8),  # layers
    "context": run.pick(smoke=32, laptop=128, full=512),  # tokens that the model sees at most
    "batch_size": run.pick(smoke=4, laptop=8, full=16),  # windows of text in one step
    "pretrain_steps": run.pick(smoke=8, laptop=560, full=8_000),
    "muon_rate": 0.02,  # how far a step moves the matrices, at most
    "adamw_rate": 0.02,  # and all other weights
    "weight_decay": 0.1,
    "budgets": run.pick(smoke={"short": 2, "long": 4}, laptop={"short": 20, "long": 80},
                        full={"short": 100, "long": 400}),  # steps of learning the task
    "finetune_rate": run.pick(smoke=0.25, laptop=0.25, full=0.02),  # of the rates, for fine-tuning
    "seeds": run.pick(smoke=2, laptop=3, full=3),  # trainings of each kind
    "train_documents": run.pick(smoke=40, laptop=None, full=None),  # None: all
    "held_out_documents": run.pick(smoke=20, laptop=80, full=None),  # of each held-out part
    "functions": run.pick(smoke=8, laptop=150, full=400),  # in the test of meaning
    "cut_width": run.pick(smoke=32, laptop=64, full=128),  # a smaller model compares ways to cut
    "cut_documents": run.pick(smoke=40, laptop=500, full=4_000),  # that it learns from
    "cut_steps": run.pick(smoke=4, laptop=60, full=600),
    "prompts": run.pick(smoke=10, laptop=100, full=100),  # to time the answers to
    "answer": 20,  # tokens that are timed in each answer
}

# %% [markdown]
# ## Data
#
# Every function of a good Python library carries its documentation with it, the **[docstring](glossary.md#docstring)**: English prose, written by people. The libraries that this course has installed carry several megabytes of it. `docstrings.load` reads it out of the source files, without running them. The first time takes some seconds. `datasets/docstrings.md` says whose texts these are, and what a model trained on them must not be used for.

# %%
general, scikit = docstrings.load()
print(general.report)

# %% [markdown]
# Three parts of the *general* text (numpy, scipy and pandas), and three of the *task*. (With `COURSE_TEXT=path` the task is *your own* text; the README says how.)

# %%
task = chosen_text(general)
def some_of(documents, limit):
    """At most so many documents, drawn at random."""
    drawn = np.random.default_rng(run.seed).permutation(len(documents))[:limit]
    return [documents[i] for i in drawn]


limits = {"train": settings["train_documents"], "validation": settings["held_out_documents"],
          "test": settings["held_out_documents"]}
parts = {f"{name}, {part}": some_of(getattr(texts, part), limit)
         for name, texts in {"general": general, "task": task}.items()
         for part, limit in limits.items()}
table = {name: [len(documents), sum(len(d.text.encode()) for d in documents) / 1000]
         for name, documents in parts.items()}
pd.DataFrame(table, ["documents", "kilobytes"]).T.round().astype(int)

# %% [markdown]
# One document of the task, its beginning:

# %%
example = parts["task, validation"][0]
print(example.file, example.name, "\n\n" + example.text[:600])

# %% [markdown]
# ### Is anything on both sides?
#
# Documentation is full of repetitions; whole paragraphs are copied from page to page. If a test page stood in the training text, its score would be worth nothing. So near-copies were left out, all documents of one source file are in the same part, and paragraphs of the [held-out](glossary.md#held-out) parts that share 13 words in a row with a training text were cut out. We check it: what is the longest passage that a test document shares with any text the models learn from?

# %%
from course_utils.data.overlap import longest_shared_passage

learned = [d.text for name, documents in parts.items() if "train" in name for d in documents]
shared = longest_shared_passage([d.text for d in parts["task, test"]], learned)
print(f"{len(shared.split())} words: {shared!r}")

# %% [markdown]
# Is that harmless? Read it: phrases that everybody writes, such as import lines, will always be shared. A sentence that explains something should not be.

# %% [markdown]
# ## Tokens
#
# A computer stores text as **bytes**: numbers from 0 to 255; a plain English letter is one byte. One could predict text byte by byte. But most language models read larger pieces, **tokens**. How does one find good pieces? With *[byte-pair encoding](glossary.md#byte-pair-encoding)* (Sennrich and others 2016): begin with single characters, find the two neighbours that stand together most often, make them one piece, and again.


# %%
def most_frequent_pair(words):
    """The two neighbouring pieces that stand together most often; words: {pieces: how often}."""
    pairs = Counter()
    for pieces, count in words.items():
        for pair in pairwise(pieces):
            pairs[pair] += count
    return max(pairs, key=pairs.get)


def merge(pieces, pair):
    """The pieces of a word with this pair made one, wherever it stands."""
    merged = []
    for piece in pieces:
        if merged and (merged[-1], piece) == pair:
            merged[-1] += piece
        else:
            merged.append(piece)
    return tuple(merged)

# %% [markdown]
# Six merges, learned from the words of two hundred documents. (A space belongs to the word that follows it; we write it as `_`.)

# %%
some = " ".join(document.text for document in general.train[:200]).split()
words = Counter("_" + word for word in some if word.isalpha() and word.isascii())
words = {tuple(word): count for word, count in words.items()}
by_hand = []
for _ in range(6):
    pair = most_frequent_pair(words)
    by_hand.append("".join(pair))
    words = {merge(pieces, pair): count for pieces, count in words.items()}
print("pieces that were made:", ", ".join(by_hand))

# %% [markdown]
# The library does the same, quicker and with bytes, so that no character is ever unknown to it. Let it learn from the same words, and compare the first pieces. (`language.train_tokenizer` wraps the library; 257 + 6: the 256 bytes, a token that marks the beginning of a document, and six merges.)

# %%
from course_utils.models import language

same_words = []
for pieces, count in words.items():
    same_words += ["".join(pieces).replace("_", " ")] * count
six_merges = language.train_tokenizer(same_words, 257 + 6)
of_library = [six_merges.decode([k]).replace(" ", "_") for k in range(257, 263)]
print("library:              ", ", ".join(of_library))
assert of_library == by_hand

# %% [markdown]
# Now the real one. It learns from the *training part of the general text* alone: a tokenizer that has seen the test pages knows something about them.

# %%
train_texts = [d.text for d in parts["general, train"]]
tokenizer = language.train_tokenizer(train_texts, settings["n_tokens"])
line = "Compute the mean squared error of an array-like of shape (n_samples,)."
pieces = [tokenizer.decode([k]) for k in tokenizer(line)["input_ids"]]
print(" | ".join(pieces))

# %% [markdown]
# Every document becomes a row of token numbers. `language.encode` puts a *begin* token in front, so that the first real token has something before it as well.

# %%
def encode_all(tokenizer):
    """Token numbers of the documents of each part, by its name."""
    return {name: language.encode(tokenizer, [d.text for d in documents])
            for name, documents in parts.items()}


encoded = encode_all(tokenizer)
n_bytes = {name: np.array([len(d.text.encode()) for d in documents])
           for name, documents in parts.items()}
n_real = sum(len(document) - 1 for document in encoded["general, train"])  # without the begin token
bytes_per_token = sum(n_bytes["general, train"]) / n_real
print(f"a token stands for {bytes_per_token:.2f} bytes on average")

# %% [markdown]
# ## How well does a model know a text?
#
# A language model gives *every* possible next token a probability. Then we look at which token really came. If the model had given it the probability *p*, its **[surprise](glossary.md#surprise)** is −log₂ *p*, in **bits**. Sure and right: 0 bits. One in two: 1 bit. One in a thousand: 10 bits.
#
# We add up the surprise over a document. A model with larger tokens needs fewer of them, so to be fair we divide by something that does not depend on how we cut: the number of bytes. **Bits per byte**: to how many bits could this model compress a byte of this text? A byte is 8 bits, so without any knowledge it is 8.

# %% [markdown]
# ### A model that you can count yourself
#
# The simplest model looks one token back: a **bigram** table. How often did token *j* follow token *i*?

# %%
n_tokens = len(tokenizer)
followed = np.zeros((n_tokens, n_tokens))
for document in encoded["general, train"]:
    np.add.at(followed, (document[:-1], document[1:]), 1)
print(f"{np.mean(followed > 0):.1%} of all pairs have been seen at least once")

# %% [markdown]
# A pair that was never seen would get the probability 0, and its surprise would be infinite. So we pretend to have seen every pair a little, 0.05 times (that is called *[smoothing](glossary.md#smoothing)*), and divide by the row's sum.


# %%
bigram = (followed + 0.05) / (followed + 0.05).sum(axis=1, keepdims=True)


def bigram_bits(document):
    """Surprise of each token but the first, in bits: (n + 1,) to (n,)."""
    return -np.log2(bigram[document[:-1], document[1:]])


checked = "task, validation"
total = sum(bigram_bits(document).sum() for document in encoded[checked])
print(f"bigram table: {total / n_bytes[checked].sum():.2f} bits per byte")

# %% [markdown]
# The classic of the trade counts longer runs: an **[n-gram](glossary.md#n-gram) model** counts *n* tokens in a row, the *n* − 1 before and the one that follows. Where it has never seen these *n* − 1, it falls back on fewer; there it prefers tokens that follow *many different* ones (*Kneser-Ney smoothing*; `ngrams.py` explains the formula). For decades such models stood behind speech recognition and spelling correction. How much does it help to look further back? And to have read the *task's* training part, too?


# %%
from course_utils.models.ngrams import KneserNey


def ngram_bits(model, name):
    """Bits of each document of a part, (n_documents,); the begin token is given, not predicted."""
    return np.array([model.bits(document)[1:].sum() for document in encoded[name]])


learn_from = {"general": encoded["general, train"],
              "general and task": encoded["general, train"] + encoded["task, train"]}


def ngram_level(n, documents):
    """Bits per byte of the part that we check on, for n-grams that have read these documents."""
    model = KneserNey(n, n_tokens).fit(documents)
    return ngram_bits(model, checked).sum() / n_bytes[checked].sum()


table = {f"{n}-gram": {name: ngram_level(n, documents) for name, documents in learn_from.items()}
         for n in (1, 2, 3, 4)}
pd.DataFrame(table).T.round(3).rename_axis("bits per byte, task, validation")

# %% [markdown]
# Remember both columns: they are the [baselines](glossary.md#baseline) beside which a neural network has to be seen. From here on we take the 4-gram model, which looks three tokens back.

# %%
NGRAM = 4
ngram = KneserNey(NGRAM, n_tokens).fit(encoded["general, train"])

# %% [markdown]
# ## Attention, by hand
#
# An n-gram model sees only a few tokens. How can a network look back at hundreds? With **attention** (Vaswani and others 2017). Every token gets three short lists of numbers, computed from what is known about it:
#
# - a **query**: what am I looking for?
# - a **key**: what do I have to offer?
# - a **value**: what do I pass on, if somebody looks at me?
#
# Where the query of one token fits the key of another (their product is large), it looks there: it takes more of that token's value. One rule makes it a language model: **nobody looks ahead**. A token that could see the next one would not have to guess it. So all later places get the score −∞: the *[causal mask](glossary.md#causal-mask)*. Lesson 2's [softmax](glossary.md#softmax) then turns scores into [weights](glossary.md#weight), *eˢ* divided by the sum of all *eˢ* in the row, and *e* to the −∞ is 0. (In shapes, T is the number of tokens, d that of the numbers for each, B that of the texts in a batch.)


# %%
def attention(queries, keys, values):
    """What each token takes over from itself and those before: (T, d), and the weights (T, T)."""
    scores = queries @ keys.T / np.sqrt(queries.shape[1])  # (T, T); the root keeps them small
    scores[np.triu_indices(len(scores), k=1)] = -np.inf  # nobody looks ahead
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)  # each row adds up to 1
    return weights @ values, weights

# %% [markdown]
# Four tokens. A network learns to compute the three lists; here they are random, so the weights mean nothing. Only their shape matters:

# %%
four = ["Return", " the", " mean", " of"]
queries, keys, values = np.random.default_rng(1).normal(size=(3, 4, 8)).astype(np.float32)
mixed, weights = attention(queries, keys, values)
fig, ax = plt.subplots(figsize=(4.6, 3.8))
shown = np.where(np.tri(4, dtype=bool), weights, np.nan)  # the mask stays white
image = ax.imshow(shown, cmap="cividis", vmin=0, vmax=1)
ax.set_xticks(range(4), four)
ax.set_yticks(range(4), four)
ax.set(xlabel="looks at", ylabel="token")
ax.grid(False)
fig.colorbar(image, label="attention weight")
plots.show(fig, "Attention weights: each of four tokens looks at itself and those before it.",
           pd.DataFrame(weights, four, four).round(2))

# %% [markdown]
# White is the mask. The first token can only look at itself. The library's attention, which our model will use, gives the same:

# %%
tensors = [torch.from_numpy(each)[None] for each in (queries, keys, values)]  # (1, T, d)
library_mixed = nn.functional.scaled_dot_product_attention(*tensors, is_causal=True)[0].numpy()
print(f"largest difference: {np.abs(library_mixed - mixed).max():.1e}")
assert np.allclose(library_mixed, mixed, atol=1e-5)

# %% [markdown]
# ## The model
#
# A **[Llama](glossary.md#llama)** (Touvron and others 2023) is built like this:
#
# 1. **[Embedding](glossary.md#embedding).** Each token number is looked up in a table that has a list of numbers for every token.
# 2. **[Layers](glossary.md#layer)**, one after the other, each with two halves. *Attention*: tokens look at each other, several times side by side; each such *head* computes its own queries, keys and values from the lists, with matrices that are learned. Then a small *[MLP](glossary.md#mlp)* (lesson 1's network) works on each token's list by itself. As in lesson 2's [residual blocks](glossary.md#residual-block), each half only *adds* to what is there. Before each half, and once more at the end, a *norm* brings the lists to a common size.
# 3. **Scores.** Each token's list is compared with every list in the embedding table: the better the fit, the higher the score of that token as the next one.
#
# GPT-3, from which ChatGPT grew, is built in much the same way, with 175 billion [parameters](glossary.md#parameter) (Brown and others 2020).
#
# Which token stands where? In each head, queries and keys are turned by an angle that grows with the place, so that their product depends on how far apart two tokens are (*rotary position embedding*). The library does that.


# %%
def make_model(seed):
    """An untrained Llama: (B, T) token numbers to (B, T, n_tokens) scores."""
    width, depth, context = (settings[key] for key in ("width", "depth", "context"))
    return language.make_llama(n_tokens, width, depth, seed, context).to(run.device)


untrained = make_model(run.seed)
sizes = {"embedding table": untrained.model.embed_tokens.weight.numel(),
         "all layers": sum(p.numel() for p in untrained.model.layers.parameters()),
         "last norm": untrained.model.norm.weight.numel(),
         "everything": sum(p.numel() for p in untrained.parameters())}
pd.Series(sizes, name="parameters").to_frame()

# %% [markdown]
# Does it keep the rule? We change the *last* of ten tokens. The scores at all places before must stay as they were; only the last may change.

# %%
ten = torch.from_numpy(encoded["task, validation"][0][None, :10]).to(run.device)  # (1, 10)
changed = ten.clone()
changed[0, -1] = (changed[0, -1] + 1) % n_tokens
before, after = (untrained(input_ids=each).logits[0] for each in (ten, changed))  # (10, n_tokens)
assert torch.allclose(before[:-1], after[:-1], atol=1e-4)
assert not torch.allclose(before[-1], after[-1], atol=1e-4)
print("what was said before the last token does not depend on it")

# %% [markdown]
# `language.token_bits` gives the surprise of every token of every document, as `bigram_bits` did (a long document is read window by window). From it, the bits per byte of a whole part:


# %%
def document_bits(model, name):
    """Bits that a model needs for each document of a part, (n_documents,)."""
    context = settings["context"]
    bits = language.token_bits(model.eval(), encoded[name], context, step=context)
    return np.array([each.sum() for each in bits])


def bits_per_byte(model, name):
    """Bits per byte of a whole part."""
    return document_bits(model, name).sum() / n_bytes[name].sum()


print(f"untrained: {bits_per_byte(untrained, checked):.2f} bits per byte")
print(f"all tokens equally likely: about {np.log2(n_tokens) / bytes_per_token:.2f} bits per byte")

# %% [markdown]
# Why not 8, when it has learned nothing? Because the *tokenizer* has: it knows which pieces are frequent, and so there are only 2,048 things that can come next, most of them longer than a byte.

# %% [markdown]
# ## Pre-training
#
# In *[pre-training](glossary.md#pre-training)* the model reads the general text: all documents in a row, cut into **windows** of 128 tokens and one. In each the model predicts every token from those before it: 128 little exercises a window. The loss is lesson 2's [cross-entropy](glossary.md#cross-entropy), which is nothing but the mean surprise; only in *[nats](glossary.md#nat)*, with the natural logarithm (1 nat = 1.44 bits).


# %%
def batch_loss(model, windows):
    """Mean surprise of all tokens of a batch, in nats: windows (B, T + 1)."""
    scores = model(input_ids=windows[:, :-1], use_cache=False).logits  # (B, T, n_tokens)
    return nn.functional.cross_entropy(scores.flatten(0, 1), windows[:, 1:].flatten())


windows = {name: language.windows(encoded[f"{name}, train"], settings["context"])
           for name in ("general", "task")}
print({name: tuple(each.shape) for name, each in windows.items()})

# %% [markdown]
# The training loop is lesson 2's, with its warm-up and cool-down; we use `training.fit`, the same loop with [checkpoints](glossary.md#checkpoint). One thing is new: the matrices inside the layers get another [optimizer](glossary.md#optimizer), **[Muon](glossary.md#muon)** (Jordan and others 2024), the rest stays with AdamW. You may think of it as an AdamW for matrices: it also makes all steps about equally large, but looks at a matrix as a whole instead of at single weights. (The rates were tried out on the [validation](glossary.md#validation) parts.)

# %%
from course_utils.models import muon, training

checkpoints = run.out / "checkpoints" / run.lesson
rates = {"muon_rate": settings["muon_rate"], "adamw_rate": settings["adamw_rate"]}


def recipe(share=1.0):
    """Makes the optimizers, with this share of the highest rates."""
    scaled = {name: share * rate for name, rate in rates.items()}
    return partial(muon.muon_adamw, **scaled, weight_decay=settings["weight_decay"])

# %% [markdown]
# Some processors and graphics cards multiply numbers of 16 bits (*bfloat16*) much quicker than of 32. They are coarser, so `runtime.choose_precision` takes them only where the hardware has them and a check on a small network shows no harm.

# %%
precision = runtime.choose_precision(run.device)
common = {"batch_size": settings["batch_size"], "device": run.device, "precision": precision}
print(f"this run computes with {precision}")

# %% [markdown]
# Where 16 bits are used, we look for ourselves: a few steps in both precisions, from the same weights and in the same order.

# %%
def few_losses(precision):
    """Losses of a few steps, in nats per token."""
    few = common | {"precision": precision, "steps": min(20, settings["pretrain_steps"])}
    learned = training.fit(make_model(run.seed), batch_loss, (windows["general"],), seed=run.seed,
                           optimizers=recipe(), **few)
    return np.array(learned.losses)


if precision != "float32":
    difference = np.abs(few_losses(precision) - few_losses("float32")).max()
    print(f"largest difference of the loss: {difference:.3f} nats")
    assert difference < 0.1

# %% [markdown]
# How does it write while it learns? We let it continue the same words at several moments. Writing is simple: ask for the scores of the next token, take the best, put it behind the text, and ask again.


# %%
@torch.no_grad()
def write_greedily(model, tokens, n_new):
    """Tokens (1, T) and the n_new likeliest ones after them, one by one."""
    for _ in range(n_new):
        scores = model(input_ids=tokens, use_cache=False).logits[:, -1]  # (1, n_tokens)
        tokens = torch.cat([tokens, scores.argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


def to_tokens(prompt, tokenizer):
    """Token numbers of a prompt after the begin token, (1, T)."""
    return torch.from_numpy(language.encode(tokenizer, [prompt])[0])[None].to(run.device)

# %% [markdown]
# Always taking the best soon goes in circles. So we *draw* the next token with the probabilities that the model gives (more on that below). The library does it; unless told otherwise it draws among the 50 likeliest tokens only. Where the model begins a new document, we cut off the rest.


# %%
def write(model, prompt, cutter=None, n_new=60, **how):
    """The prompt and what the model draws after it, as text; `cutter` is its tokenizer."""
    torch.manual_seed(run.seed)
    cutter = cutter or tokenizer
    tokens = to_tokens(prompt, cutter)
    written = model.generate(tokens, max_new_tokens=n_new, do_sample=True, **how)[0, 1:].tolist()
    if cutter.bos_token_id in written:
        written = written[: written.index(cutter.bos_token_id)]
    return cutter.decode(written)


PROMPT = "Compute the mean of"
stages = []  # what the model wrote, one text a look


def look(model):
    """Bits per byte on the validation part; and a sample is kept."""
    stages.append(write(model, PROMPT, temperature=0.7))
    return {"bits per byte": bits_per_byte(model, "general, validation")}

# %% [markdown]
# Now it reads. On two cores this takes about a minute. (Interrupt the notebook's kernel in the middle, if you like, and run the lesson again: the training goes on from its last checkpoint and ends at the same weights.)

# %%
pretrained = make_model(run.seed)
steps = settings["pretrain_steps"]
history = training.fit(pretrained, batch_loss, (windows["general"],), steps=steps, seed=run.seed,
                       optimizers=recipe(), validate=look, validate_every=steps // 4,
                       checkpoint=checkpoints / "pretrained.safetensors",
                       label="pre-training", **common)

# %% [markdown]
# The same [prompt](glossary.md#prompt), four times. (After an interruption only those since then: samples are not in a checkpoint. And one sample says little: a good model may draw badly, and a bad one well.)

# %%
from course_utils.show import text_view

looks = pd.DataFrame(history.validations).tail(len(stages))  # stages may lack the first
titles = [f"after {step} steps, {level:.2f} bits per byte"
          for step, level in zip(looks["step"], looks["bits per byte"], strict=True)]
text_view.boxes(dict(zip(titles, stages, strict=True)))

# %% [markdown]
# The loss at each step, in bits per byte, and the n-gram's line. (Single steps jump because each sees other text; the dark line is their running mean. The validation part is other text, so its squares may lie higher or lower than the line. Compare the n-gram's line with the squares only: both are measured on the same text.)

# %%
name = "general, validation"
ngram_level = ngram_bits(ngram, name).sum() / n_bytes[name].sum()
per_step = pd.Series(history.losses) / np.log(2) / bytes_per_token
looks = pd.DataFrame(history.validations)
fig, ax = plt.subplots(figsize=(7.5, 3.6))
ax.plot(per_step, color=plots.COLOURS[5], alpha=0.4, label="training text, each step")
smoothed = per_step.rolling(20, center=True).mean()
ax.plot(smoothed, color=plots.COLOURS[0], label="training text, mean of 20")
ax.plot(looks["step"], looks["bits per byte"], "s", color=plots.COLOURS[1], label="validation part")
ax.axhline(ngram_level, color=plots.GREY, linestyle=":", label=f"{NGRAM}-gram, validation part")
ax.set(xlabel="step", ylabel="bits per byte")
ax.legend()
plots.show(fig, "Bits per byte while the model learns, beside those of the n-gram model.",
           per_step.rename("bits per byte").iloc[::20].round(3).to_frame())

# %% [markdown]
# Does the network pass the n-gram model? And how much has each of them read?

# %%
reached = looks["bits per byte"].iloc[-1]
seen = settings["pretrain_steps"] * settings["batch_size"] / len(windows["general"])
print(f"network {reached:.2f}, n-gram {ngram_level:.2f} bits per byte: the network is "
      f"{'ahead' if reached < ngram_level else 'not ahead'}.")
print(f"The network has read {seen:.0%} of the general text, in {history.cpu_s:.0f} CPU seconds; "
      "the n-gram model all of it, in a few.")

# %% [markdown]
# Counting is cheap, and documentation repeats its phrases. Keep this in mind for the verdicts: the claim compares *networks* with each other. Whether a network of this size is the best tool for this text is another question, and the n-gram models' rows in the table of the experiment answer it.
#
# We save our network the way the library does, as *[safetensors](glossary.md#safetensors)*: plain numbers, no program code. `language.load_pretrained` reads such a folder, and in the full [profile](glossary.md#profile) (or with `COURSE_MODEL=folder`) a published model takes the place of ours.

# %%
folder = run.out / "models" / run.lesson
pretrained.save_pretrained(folder)
tokenizer.save_pretrained(folder)
again, _ = language.load_pretrained(str(folder))
pairs = zip(again.parameters(), pretrained.parameters(), strict=True)
same = [torch.equal(theirs, ours.cpu()) for theirs, ours in pairs]
print(f"{sum(same)} of {len(same)} tensors came back bit for bit")
assert all(same)

# %%
wanted = language.wanted(run.profile)  # "" in the laptop profile: we keep our own
if wanted:
    pretrained, tokenizer = language.load_pretrained(wanted)
    pretrained, n_tokens = pretrained.to(run.device), pretrained.config.vocab_size
    encoded = encode_all(tokenizer)
    windows["task"] = language.windows(encoded["task, train"], settings["context"])
    ngram = KneserNey(NGRAM, n_tokens).fit(encoded["general, train"])  # counts these tokens
print(f"pre-trained model: {Path(wanted).name if wanted else 'the one trained here'}")

# %% [markdown]
# ## How a model writes
#
# First: does the library write what our loop writes? It should, when both always take the likeliest token. And it is quicker: it remembers the keys and values of the tokens before (the *[KV cache](glossary.md#kv-cache)*) instead of computing them again for every new token.

# %%
start, n_new = to_tokens(PROMPT, tokenizer), 60
with runtime.CostMeter() as our_cost:
    ours = write_greedily(pretrained, start, n_new)
with runtime.CostMeter() as library_cost:
    theirs = pretrained.generate(start, max_new_tokens=n_new, do_sample=False)
print(tokenizer.decode(ours[0, 1:]))
print(f"\nthe library takes {library_cost.wall_s / our_cost.wall_s:.1f} times as long as our loop")
assert torch.equal(ours, theirs)

# %% [markdown]
# **Temperature** divides the scores before softmax. Below 1 the likely becomes likelier, above 1 everything comes closer together. **Top-p** (*nucleus sampling*, Holtzman and others 2020) keeps only the likeliest tokens, just as many as have together at least the probability *p*, and drops the long tail.


# %%
def next_probabilities(scores, temperature=1.0, top_p=1.0):
    """Probability of each next token: (n_tokens,) scores to (n_tokens,)."""
    p = torch.softmax(scores / temperature, dim=0)
    order = p.argsort(descending=True)
    likelier = p[order].cumsum(dim=0) - p[order]  # what those before it have together
    dropped = order[likelier >= top_p]
    p[dropped] = 0
    return p / p.sum()

# %% [markdown]
# The eight likeliest tokens after "Compute the mean of", for three ways to draw:

# %%
with torch.no_grad():
    scores = pretrained(input_ids=start).logits[0, -1].float().cpu()  # (n_tokens,)
likeliest = scores.argsort(descending=True)[:8]
ways = {"temperature 0.5": {"temperature": 0.5}, "temperature 1": {},
        "temperature 1, top-p 0.5": {"top_p": 0.5}}
columns = {way: next_probabilities(scores, **how)[likeliest] for way, how in ways.items()}
table = pd.DataFrame(columns, [repr(tokenizer.decode([k])) for k in likeliest.tolist()])
fig, ax = plt.subplots(figsize=(7.5, 3.6))
table.plot.barh(ax=ax, color=plots.COLOURS, width=0.8)
ax.invert_yaxis()
ax.set(xlabel="probability", ylabel="next token")
ax.legend(loc="lower right")
plots.show(fig, "Probabilities of eight tokens with three ways to draw.", table.round(3))

# %% [markdown]
# What comes out of it:

# %%
ways = {"temperature 0.3": {"temperature": 0.3},
        "temperature 0.8, top-p 0.9": {"temperature": 0.8, "top_p": 0.9},
        "temperature 1.5": {"temperature": 1.5}}
text_view.boxes({way: write(pretrained, PROMPT, **how) for way, how in ways.items()})

# %% [markdown]
# And with your own hand. When you run this cell, two sliders appear; a printed page cannot show them. Where does it begin to rave?

# %%
text_view.sliders(partial(write, pretrained, PROMPT),
                  temperature=((0.1, 0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 1.5, 2.0), 0.7),
                  top_p=((0.1, 0.3, 0.5, 0.7, 0.9, 1.0), 0.9))

# %% [markdown]
# What surprises the model? A page of the validation part. No mark: hardly a bit; the strongest mark: 12 bits or more. Does a word cost less when it has been there before? (Large models learn to copy from the page. Has ours?)

# %%
page = encoded["general, validation"][5][:150]
bits = language.token_bits(pretrained, [page], settings["context"])[0]
text_view.surprise([tokenizer.decode([k]) for k in page[1:]], bits)

# %% [markdown]
# ## Experiment
#
# The contestants, all on the same held-out pages:
#
# - two **n-gram** models (baselines): one has read the general text, the other the training part of the task as well;
# - **pre-trained only**: our model as it is;
# - **from scratch**: an untrained model that learns the task alone;
# - **fine-tuned**: the pre-trained model learns the task, the same steps on the same windows in the same order.
#
# The last two are trained with two budgets, three times each: another [seed](glossary.md#seed), so another order of the windows (and for the model from scratch other initial weights). Both got good rates: of a few that we tried on the validation part, a model that already knows something does best with a quarter of them (with more it also forgets more), an untrained one with the full rates. How much of the task's training text does a budget read?

# %%
for budget, steps in settings["budgets"].items():
    share = steps * settings["batch_size"] / len(windows["task"])
    print(f"{budget} budget: {steps} steps, {share:.0%} of the task's training text")

# %% [markdown]
# "From scratch" has the same time *on the task*; what pre-training took is not counted, because in practice somebody else has paid for it. (With as many steps in all, it might well win. Try it: note the row "fine-tuned, long" below, set the long budget to 640, that is 560 + 80, run again, and compare the new row "from scratch, long" with the one you noted.)
#
# `new_like` builds an untrained model of the same shape, so that a published model gets a rival of its own size.

# %%
seeds = [int(seed) for seed in np.random.SeedSequence(run.seed).generate_state(settings["seeds"])]


def new_like(model, seed):
    """An untrained Llama with the config of another."""
    return language.make_llama_like(model.config, seed).to(run.device)


def learn_task(kind, steps, seed):
    """A model that has learned the task for so many steps, and its history."""
    if kind == "fine-tuned":
        model, share = copy.deepcopy(pretrained), settings["finetune_rate"]
    else:
        model, share = new_like(pretrained, seed), 1.0
    checkpoint = checkpoints / f"{kind.replace(' ', '_')}_{steps}_{seed}.safetensors"
    learned = training.fit(model, batch_loss, (windows["task"],), steps=steps, seed=seed,
                           optimizers=recipe(share), checkpoint=checkpoint, **common)
    return model, learned

# %% [markdown]
# For each seed we keep the bits of every test document: of the task, and for the fine-tuned model of the general text as well.


# %%
trained = {}  # (kind, budget): the model of the last seed, and its history
measured = {}  # (kind, budget): {part: bits (n_seeds, n_documents)}


def train_and_measure(kind, budget):
    """Fill in the two tables for one kind of model and one budget."""
    bits = {"task, test": []}
    if kind == "fine-tuned":
        bits["general, test"] = []
    for seed in seeds:
        trained[kind, budget] = learn_task(kind, settings["budgets"][budget], seed)
        for name, rows in bits.items():
            rows.append(document_bits(trained[kind, budget][0], name))
    measured[kind, budget] = {name: np.array(rows) for name, rows in bits.items()}

# %% [markdown]
# Now all of it: two budgets, two kinds, three seeds. About a minute and a half on two cores, in two cells.

# %%
for kind in ("from scratch", "fine-tuned"):
    train_and_measure(kind, "short")

# %% [markdown]
# The long budget:

# %%
for kind in tqdm(("from scratch", "fine-tuned"), desc="long budget", unit="kind"):
    train_and_measure(kind, "long")

# %% [markdown]
# The others need no further training; the n-gram models only count. They are the same for every seed and every budget:

# %%
def ngram_task():
    """The n-gram model that has read the task's training part as well."""
    return KneserNey(NGRAM, n_tokens).fit(encoded["general, train"] + encoded["task, train"])


alone = {"n-gram": partial(ngram_bits, ngram),
         "n-gram, task too": partial(ngram_bits, ngram_task()),
         "pre-trained only": partial(document_bits, pretrained)}
for kind, bits_of in alone.items():
    bits = {name: bits_of(name) for name in ("task, test", "general, test")}
    for budget in settings["budgets"]:
        measured[kind, budget] = {name: np.tile(b, (len(seeds), 1)) for name, b in bits.items()}
alone = list(alone)  # the names; the models are not needed any more

# %% [markdown]
# Bits per byte on the test part of the task. The [interval](glossary.md#interval) draws anew what came by chance: which documents are in the test part, and which seeds the trainings had (a *[bootstrap](glossary.md#bootstrap)*, as in lesson 2; documents and seeds are both drawn anew, and all models are compared on the same draw). With three seeds it is somewhat too narrow; and we pre-trained only once, so how another pre-training would have turned out, it does not know.

# %%
def per_byte(kind, budget, name="task, test"):
    """Bits per byte with its 95 % interval."""
    bits = measured[kind, budget][name]
    return resampling.ratio_of_totals(bits, np.tile(n_bytes[name], (len(bits), 1)), seed=run.seed)


levels = {kind: per_byte(kind, "long") for kind in alone}
for kind in ("from scratch", "fine-tuned"):
    for budget in settings["budgets"]:
        levels[f"{kind}, {budget}"] = per_byte(kind, budget)
pd.Series({name: each.text() for name, each in levels.items()}, name="bits per byte").to_frame()

# %% [markdown]
# And as a picture. On the right what the claim is about: how much less the fine-tuned model needs than its two rivals. All of an interval has to lie in the shaded part.

# %% tags=["readme-picture"]
def saved(rival, budget, name="task, test"):
    """Bits that the fine-tuned model saves against a rival, in %, paired by document and seed."""
    ours, theirs = (measured[kind, budget][name] for kind in ("fine-tuned", rival))
    return resampling.percent_saved(ours, theirs, seed=run.seed)


savings = {f"against {rival},\n{budget} budget": saved(rival, budget)
           for rival in ("from scratch", "pre-trained only") for budget in settings["budgets"]}
fig, axes = plt.subplots(1, 2, figsize=(10.5, 4))
plots.forest(axes[0], levels)
axes[0].set(title="documents never seen", xlabel="bits per byte (fewer is better)")
plots.forest(axes[1], savings, margin=claim.test("against_scratch").margin)
axes[1].set(title="saved by fine-tuning", xlabel="bits saved (%)")
alt = "Left: bits per byte of n-gram models and networks. Right: bits saved by fine-tuning, margin."
plots.show(fig, alt, levels | savings)

# %% [markdown]
# ## Verdict
#
# The ledger gets the four savings of the right panel: against each of the two rivals, with each of the two budgets. The claim needs all of them.

# %%
tests = {"against_scratch": "from scratch", "against_pretrained": "pre-trained only"}
estimates = {test: {budget: saved(rival, budget) for budget in settings["budgets"]}
             for test, rival in tests.items()}
verdict = claim.judge(estimates, run.profile)
verdict

# %% [markdown]
# Beside what you predicted (long budget):

# %%
answers = {f"saved against {rival} (%)": saved(rival, "long") for rival in tests.values()}
answers["verdict"] = verdict.word
results.beside(predicted, answers)

# %% [markdown]
# ### Why this verdict?
#
# And the two baselines? Subtract in the table above: is the fine-tuned network better or worse than the n-gram model that has read the same two kinds of text? (It has read all of both; the network only the shares printed above.) This is no part of the verdict, and yet the first thing that somebody should ask who has to choose.
#
# How much hangs on the kind of interval? Documents of one source file resemble each other, so one might say that the *files* came by chance, not the documents. Does a word change?

# %%
files = np.unique([d.file for d in parts["task, test"]], return_inverse=True)[1]


def by_file(bits):
    """Bits added up within each source file: (n_seeds, n_documents) to (n_seeds, n_files)."""
    return np.array([np.bincount(files, weights=row) for row in bits])


def word_by_file(test, budget):
    """What a test of the claim says when files are drawn instead of documents."""
    ours, theirs = (measured[kind, budget]["task, test"] for kind in ("fine-tuned", tests[test]))
    found = resampling.percent_saved(by_file(ours), by_file(theirs), seed=run.seed)
    return f"{found.text('%')}: {claim.test(test).judge(found.effect, (found.low, found.high))}"


if files.max() > 0:  # one file alone cannot be drawn anew
    for test, budget in product(tests, settings["budgets"]):
        print(f"{test}, {budget}: {word_by_file(test, budget)}")

# %% [markdown]
# ### What did it learn?
#
# The same beginning, continued by three models (with the same seed and temperature):

# %%
prompt = "Parameters\n----------\nX : "
learners = {"pre-trained only": pretrained,
            "from scratch, long budget": trained["from scratch", "long"][0],
            "fine-tuned, long budget": trained["fine-tuned", "long"][0]}
text_view.boxes({name: write(model, prompt, temperature=0.5) for name, model in learners.items()})

# %% [markdown]
# And which *words* did fine-tuning help with? A word here is everything between two spaces. We add up, over the test part, how many bits each word of the text has saved.


# %%
def word_bits(model, name):
    """Bits that a model needs for each word of a part, added up by word."""
    total = Counter()
    of_documents = language.token_bits(model, encoded[name], context, step=context)
    for document, bits in zip(encoded[name], of_documents, strict=True):
        word, cost = "", 0.0
        for number, b in zip(document[1:], bits, strict=True):
            piece = tokenizer.decode([number])
            if piece[:1].isspace() and word:  # a new word begins
                total[word] += cost
                word, cost = "", 0.0
            word, cost = word + piece.strip(), cost + b
        total[word] += cost
    return total


context = settings["context"]
before = word_bits(learners["pre-trained only"], "task, test")
after = word_bits(learners["fine-tuned, long budget"], "task, test")
gain = pd.Series({word: before[word] - after[word] for word in before if word})
best = gain.nlargest(12)
print(f"the twelve best of {len(gain)} words: {best.sum() / gain.sum():.0%} of all that was saved")
best.round().astype(int).rename("bits saved").to_frame()

# %% [markdown]
# Are these words that belong to scikit-learn, or words of everyday English? And is it a few words, or many a little? The table and the line above it say what fine-tuning has taught.

# %% [markdown]
# ## What does it cost?
#
# A model that learns something new may *forget* what it knew. The article speaks of what fine-tuning gives, not of what it takes; the test and its [margin](glossary.md#margin) are ours:

# %%
keeps = ledger.get("llm-finetune-keeps")
keeps

# %% [markdown]
# We ask the fine-tuned model and the pre-trained one for held-out pages of the general text, a kind of text that both have read:

# %%
lost = {}
for budget in settings["budgets"]:
    gain = saved("pre-trained only", budget, name="general, test")  # negative when it forgets
    lost[budget] = Estimate(-gain.effect, -gain.high, -gain.low, gain.n)
keeps_verdict = keeps.judge({"lost": lost}, run.profile)
keeps_verdict

# %% [markdown]
# ## More claims
#
# Four more claims, shorter. The first and the third of them ask the pre-trained model.

# %% [markdown]
# ### From nothing but text: grammar, context, meaning?

# %%
understands = ledger.get("llm-grammar-context")
understands

# %% [markdown]
# (The margins lie halfway between guessing and always being right: 75 for one in two, 62.5 for one in four.)
#
# **Grammar.** Take a sentence and swap two neighbouring words. Which of the two does the model find more probable? Whoever guesses is right in 50 of 100. We take the sentences of the general held-out parts, at most three from a document.


# %%
def sentences(document_text):
    """Sentences of 6 to 30 plain words, at most three."""
    flat = " ".join(document_text.split())
    found = [s.strip() for s in flat.split(". ")]
    plain = [s for s in found if all(w.strip(",;()'").isalpha() for w in s.split())]
    return [s for s in plain if 6 <= len(s.split()) <= 30][:3]


def swapped(sentence, rng):
    """The sentence with two neighbouring words changed over; the first stays where it is."""
    words = sentence.split()
    at = rng.choice([i for i in range(1, len(words) - 1) if words[i] != words[i + 1]])
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


rng = np.random.default_rng(run.seed)
held_out = parts["general, validation"] + parts["general, test"]
real = [s for document in held_out for s in sentences(document.text)]
wrong = [swapped(sentence, rng) for sentence in real]
print(f"{len(real)} pairs, for example\n  {real[0]}\n  {wrong[0]}")

# %% [markdown]
# The n-gram model is asked as well.


# %%
def total_bits(model, texts):
    """Surprise of each text, in bits."""
    tokens = language.encode(tokenizer, texts)
    if isinstance(model, KneserNey):
        return np.array([model.bits(each)[1:].sum() for each in tokens])
    return np.array([bits.sum() for bits in language.token_bits(model, tokens, context)])


prefers = {name: 100.0 * (total_bits(model, real) < total_bits(model, wrong))
           for name, model in {"network": pretrained, "n-gram": ngram}.items()}
grammar = {name: resampling.bootstrap(each, seed=run.seed) for name, each in prefers.items()}
rows = {name: each.text("%") for name, each in grammar.items()}
pd.Series(rows, name="real sentence preferred").to_frame()

# %% [markdown]
# **Context.** How much does it help to see more of the text before? Windows of 128 tokens and one begin anywhere in a text; their second token is predicted from one token, their last from 128. So the mean surprise at each place says how well the model does with so much context. The n-gram model cannot use more than three; what its curve does beyond is chance.

# %%
name = "general, test"
rows_of_tokens = language.windows(encoded[name], context).numpy()  # (n_windows, T + 1)
of_network = language.token_bits(pretrained, rows_of_tokens, context)  # (n_windows, T)
of_ngram = [ngram.bits(row)[1:] for row in rows_of_tokens]
by_place = {"network": np.mean(of_network, axis=0), f"{NGRAM}-gram": np.mean(of_ngram, axis=0)}
edges = 2 ** np.arange(int(np.log2(context)))  # 1, 2, 4, ...
fig, ax = plt.subplots(figsize=(7.5, 3.6))
curves = {}
for i, (model, bits) in enumerate(by_place.items()):
    curves[model] = [bits[low - 1 : 2 * low - 1].mean() for low in edges]
    ax.plot(edges, curves[model], label=model, **plots.line_style(i))
ax.set(xscale="log", xlabel="tokens of context: so many, up to twice as many")
ax.set_ylabel("surprise (bits per token)")
ax.set_xticks(edges, edges)
ax.minorticks_off()
ax.legend()
plots.show(fig, "Surprise against the context that a model sees, for network and n-gram model.",
           pd.DataFrame(curves, edges).round(2))

# %% [markdown]
# For the verdict we compare the network with *itself*, in the same documents: once with all the text before (as far as a window reaches), once with only the three tokens before that an n-gram model sees. It asks whether the network uses what lies further back, not whether it is the better model.

# %%
all_before = document_bits(pretrained, name)
few_before = np.array([bits.sum() for bits in
                       language.token_bits(pretrained, encoded[name], NGRAM - 1, step=1)])
context_gain = resampling.percent_saved(all_before[None], few_before[None], seed=run.seed)
print("saved by all the text before:", context_gain.text("%"))

# %% [markdown]
# **Meaning.** A function's documentation begins with a line that says what it does. Below stands its program code. Does the model know which line belongs to which code? For functions of scikit-learn, which it has never read, we put one line at a time before the beginning of the code: the right one, then each of three from other functions. After which line is the code least surprising? Guessing is right in 25 of 100.

# %%
with_code = [d for d in (*scikit.train, *scikit.validation, *scikit.test) if d.code]
chosen = np.random.default_rng(run.seed).permutation(len(with_code))[: settings["functions"]]
functions = [with_code[i] for i in chosen]
summaries = [d.text.split("\n\n")[0].replace("\n", " ")[:100] for d in functions]
codes = [d.code[:200] for d in functions]
print(summaries[0] + "\n\n" + codes[0])

# %% [markdown]
# The right line is the first of the four. As a rival stands a person's quick trick: take the line that has the most *words in common* with the code (a tie is shared).

# %%
rng = np.random.default_rng(run.seed)
fours = [[i, *rng.choice(np.delete(np.arange(len(functions)), i), 3, replace=False)]
         for i in range(len(functions))]


def code_bits(summary, code):
    """Mean surprise of a token of the code after the summary line, in bits."""
    tokens = language.encode(tokenizer, [f"{summary}\n\n{code}"])[0][: context + 1]
    n_summary = len(language.encode(tokenizer, [f"{summary}\n\n"])[0])
    bits = language.token_bits(pretrained, [tokens], context)[0]  # (n - 1,): the first is given
    return bits[n_summary - 1 :].mean()


right = []
for i, four in enumerate(tqdm(fours, desc="functions")):
    bits = [code_bits(summaries[j], codes[i]) for j in four]
    right.append(100.0 * (np.argmin(bits) == 0))

# %% [markdown]
# And the trick with the common words:


# %%
def words_of(text):
    """The different words of a text, in small letters, of three letters at least."""
    letters = "".join(c.lower() if c.isalpha() else " " for c in text)
    return {word for word in letters.split() if len(word) > 2}


def by_words(four, code):
    """Chance to be right when the line with the most words in common is taken."""
    common = np.array([len(words_of(summaries[j]) & words_of(code)) for j in four])
    best = common == common.max()
    return best[0] / best.sum()


by_word = 100 * np.array([by_words(four, codes[i]) for i, four in enumerate(fours)])
meaning = {name: resampling.bootstrap(each, seed=run.seed)
           for name, each in {"network": right, "common words": by_word}.items()}
rows = {name: each.text("%") for name, each in meaning.items()}
pd.Series(rows, name="right line picked").to_frame()

# %% [markdown]
# Three tests, three answers. The claim as a whole needs all of them.

# %%
understands_verdict = understands.judge({
    "grammar": grammar["network"], "context": context_gain, "meaning": meaning["network"],
}, run.profile)
understands_verdict

# %% [markdown]
# Three warnings. A table of counts prefers real sentences, too: look at its row above before you believe in "grammar". A model that picks the right line more often than by chance may only have noticed a word that stands in both; compare the row of common words. And a model that is no better than chance has not learned it *here*: ours is small, and it has read documentation and hardly any code.

# %% [markdown]
# ### Does cutting into tokens help?

# %%
cutting = ledger.get("llm-tokenisation")
cutting

# %% [markdown]
# Three ways to cut: into bytes, into characters (every character that occurs in the training text is a token; the 256 bytes stay in the vocabulary for any others), and into our byte-pair tokens. The same small model learns from each, with *equal arithmetic*: we count the [operations](glossary.md#operations) of a step and give everybody as many steps as the same total allows. A window has 128 tokens, so the one with larger tokens sees more text at once, and reads more of it. That is the point of the claim.

# %%
to_cut = [d.text for d in parts["general, train"][: settings["cut_documents"]]]
cutters = {"bytes": language.train_tokenizer(to_cut, 257),
           "characters": language.character_tokenizer(to_cut),
           "byte pairs": language.train_tokenizer(to_cut, settings["n_tokens"])}
cut_windows = {way: language.windows(language.encode(cutter, to_cut), context)
               for way, cutter in cutters.items()}


def small_model(way, seed):
    """An untrained smaller Llama for one way to cut."""
    model = language.make_llama(len(cutters[way]), settings["cut_width"], 2, seed, context)
    return model.to(run.device)


def step_operations(way):
    """Floating-point operations of one step."""
    batch = cut_windows[way][: settings["batch_size"]].to(run.device)
    return runtime.count_operations(lambda: batch_loss(small_model(way, 0), batch).backward())


operations = {way: step_operations(way) for way in cutters}
total = operations["byte pairs"] * settings["cut_steps"]
cut_steps = {way: round(total / each) for way, each in operations.items()}
pd.DataFrame({"vocabulary": {way: len(c) for way, c in cutters.items()}, "steps": cut_steps})

# %% [markdown]
# Nine small trainings, about half a minute:

# %%
name = "general, validation"
cut_texts = [d.text for d in parts[name]]
cut_bits, cut_losses = {way: [] for way in cutters}, {}
for way, cutter in tqdm(cutters.items(), desc="ways to cut"):
    documents = language.encode(cutter, cut_texts)
    for seed in seeds:
        model = small_model(way, seed)
        cut_losses[way] = training.fit(model, batch_loss, (cut_windows[way],), steps=cut_steps[way],
                                       seed=seed, optimizers=recipe(), **common).losses
        bits = language.token_bits(model, documents, context)
        cut_bits[way].append([each.sum() for each in bits])

# %%
gains = {way: resampling.percent_saved(cut_bits["byte pairs"], cut_bits[way], seed=run.seed)
         for way in ("bytes", "characters")}
cutting_verdict = cutting.judge({"saved": gains}, run.profile)
cutting_verdict

# %% [markdown]
# How many bits per byte is that? And how many would it be without any training, with all tokens equally likely?

# %%
weights = np.tile(n_bytes[name], (len(seeds), 1))
rows = {}
for way, cutter in cutters.items():
    n_cut = sum(len(document) - 1 for document in language.encode(cutter, cut_texts))
    untaught = n_cut * np.log2(len(cutter)) / n_bytes[name].sum()
    taught = resampling.ratio_of_totals(cut_bits[way], weights, seed=run.seed)
    rows[way] = [taught.text(), f"{untaught:.2f}"]
pd.DataFrame(rows, ["bits per byte", "without training"]).T

# %% [markdown]
# The second column is worth a thought. A tokenizer has counted before the model begins, and that is not in the count of operations: with byte pairs a model starts far ahead. How much of the lead is what the *model* learned more easily, and how much a present from the counting? Whether the others catch up with longer training, this test does not say.

# %% [markdown]
# ### Does it answer at once?

# %%
at_once = ledger.get("llm-real-time")
at_once

# %% [markdown]
# We give the model the beginning of a held-out page and wait: for the first token, and for 20 tokens with the KV cache. A hundred pages, one after the other; three more to warm up. One processor core does it: a single token is too little work to be divided. What annoys people is the slow answers, so we look at the slowest in a hundred. (People read about 238 words a minute, says a study of studies, Brysbaert 2019. A text with long or strange words, or with lines of dashes, has few words for its tokens and looks slow.)

# %%
pages = (encoded["general, validation"] + encoded["general, test"])[: settings["prompts"] + 3]
waits, speeds, token_ms = [], [], []
runtime.use_one_core()
for page in tqdm(pages, desc="answers", unit="page"):
    start = torch.from_numpy(page[None, : context // 2]).to(run.device)
    with runtime.CostMeter() as first:
        pretrained.generate(start, max_new_tokens=1, do_sample=False)
    with runtime.CostMeter() as answer:
        written = pretrained.generate(start, max_new_tokens=settings["answer"], do_sample=False)
    n_words = len(tokenizer.decode(written[0, start.shape[1] :]).split())
    waits.append(1000 * first.wall_s)  # ms
    speeds.append(n_words / answer.wall_s / (238 / 60))  # times the speed of reading
    token_ms.append(1000 * (answer.cpu_s - first.cpu_s) / (settings["answer"] - 1))
waits, speeds = np.array(waits[3:]), np.array(speeds[3:])

# %% [markdown]
# The slowest in a hundred, with an interval over the pages:

# %%
at_once_verdict = at_once.judge({
    "first_token": resampling.bootstrap(waits, partial(np.percentile, q=99), seed=run.seed),
    "reading_speed": resampling.bootstrap(speeds, partial(np.percentile, q=1), seed=run.seed),
}, run.profile)
at_once_verdict

# %% [markdown]
# The middle values, and what they mean:

# %%
print(f"first token after {np.median(waits):.0f} ms")
print(f"{np.median(speeds):.0f} times as fast as people read")

# %% [markdown]
# This holds for a model of about a million weights on your machine. One with a hundred thousand times as many needs a hundred thousand times the arithmetic for each token, and gets it from graphics cards. "Answers at once" means nothing without saying which model, and on which machine.

# %% [markdown]
# ### Do larger models on more text do better?

# %%
scales = ledger.get("llm-scales")
scales

# %% [markdown]
# That takes many trainings: four sizes with as much text each, and the largest with less and less text, three seeds each. On two cores they take a quarter of an hour, so they were done beforehand, on the laptop profile's text and with its settings, by the command `python benchmarks/scaling.py`. It wrote the table that we read here. Run it yourself if you have the time.

# %%
from course_utils import ROOT

points = pd.read_csv(ROOT / "benchmarks" / "scaling.csv")
points.groupby(["parameters", "tokens"])["bits_per_byte"].agg(["mean", "count"]).round(3)

# %% [markdown]
# Should you believe a table that somebody else has made? One of its trainings is the very one that you have done above (in the laptop profile, with seed 0, 1 or 2). Another machine may round otherwise, so we allow 3 %. (On all validation pages, not only the drawn ones above; so it is another number than before.)

# %%
largest, most = points["parameters"].max(), points["tokens"].max()
same = points.query("parameters == @largest and tokens == @most and seed == @run.seed")
recorded = same["bits_per_byte"]
if run.profile == "laptop" and len(recorded) and not wanted:
    documents = language.encode(tokenizer, [d.text for d in general.validation])  # all of them
    bits = sum(each.sum() for each in language.token_bits(pretrained, documents, context))
    here = bits / sum(len(d.text.encode()) for d in general.validation)
    print(f"recorded {recorded.item():.3f}, here {here:.3f} bits per byte")
    assert abs(here / recorded.item() - 1) < 0.03

# %% [markdown]
# If each doubling saves the same share, the points lie on a line in a figure with two logarithmic axes: a **[power law](glossary.md#power-law)** (Kaplan and others 2020). The slope of that line is its exponent; we fit it by least squares, with its interval.

# %%
by_size = points[points["tokens"] == points["tokens"].max()]
by_text = points[points["parameters"] == points["parameters"].max()]
laws = {"parameters": intervals.power_law(by_size["parameters"], by_size["bits_per_byte"]),
        "tokens": intervals.power_law(by_text["tokens"], by_text["bits_per_byte"])}
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
for ax, (x, table) in zip(axes, {"parameters": by_size, "tokens": by_text}.items(), strict=True):
    ax.plot(table[x], table["bits_per_byte"], "o", color=plots.COLOURS[0], alpha=0.6)
    middle = np.exp(np.log(table[[x, "bits_per_byte"]]).mean())
    ends = np.array([table[x].min(), table[x].max()])
    law = middle["bits_per_byte"] * (ends / middle[x]) ** laws[x].effect
    ax.plot(ends, law, color=plots.GREY)
    ax.set(xscale="log", yscale="log", xlabel={"tokens": "tokens read"}.get(x, x))
    x_ticks, y_ticks = sorted(set(table[x])), [2.0, 2.25, 2.5, 2.75]
    ax.set_xticks(x_ticks, [f"{tick / 1000:.0f}k" for tick in x_ticks])
    ax.set_yticks(y_ticks, y_ticks)
    ax.minorticks_off()
axes[0].set(ylabel="bits per byte")
plots.show(fig, "Bits per byte against parameters and against tokens read, with fitted power laws.",
           pd.DataFrame({x: vars(law) for x, law in laws.items()}).T.round(4))

# %% [markdown]
# An exponent of −0.1 means: twice as much of it leaves 2⁻⁰·¹ = 93 % of the bits, so it saves 7 %.

# %%
def saved_by_doubling(law):
    """Bits saved by twice as much, in %."""
    effect, low, high = (100 * (1 - 2**exponent) for exponent in (law.effect, law.high, law.low))
    return Estimate(effect, low, high, law.n)


scales_verdict = scales.judge({x: saved_by_doubling(law) for x, law in laws.items()}, run.profile)
scales_verdict

# %% [markdown]
# Four sizes over a factor of about ten say nothing about the next factor of a hundred thousand. And look whether the points bend away from the line, at its ends to one side and in its middle to the other: a straight line is the simplest guess, not a law of nature. Where they bend, the number in the verdict is an average over the sizes tried, its interval takes the straight line for granted, and the next doubling may save less.

# %% [markdown]
# ## Exercises
#
# Replace the `...`, run the cell, run the check. It tells you whether the answer is right, and if not, which mistake it looks like. `exercises.hint("3.1")` in a new cell gives a nudge.

# %% [markdown]
# **3.1 Bits per byte.** A text of 12 bytes was cut into four tokens. A model gave the four tokens that really came the probabilities below. How many bits per byte does it need?

# %% exercise="3.1"
given = np.array([0.5, 0.25, 0.125, 0.25])
answer_3_1 = ...
### BEGIN SOLUTION
answer_3_1 = -np.log2(given).sum() / 12
### END SOLUTION

# %% check="3.1"
exercises.check("3.1", answer_3_1, given=given)

# %% [markdown]
# **3.2 Merge by hand.** Three words, with how often they occur: `hug` 5 times, `pug` 4 times, `hub` 6 times. Cut into letters (leave the mark `_` for the space away). Which piece does byte-pair encoding make *second*? Try it with pencil and paper. Answer with a string.

# %% exercise="3.2"
answer_3_2 = ...
### BEGIN SOLUTION
answer_3_2 = "hub"
### END SOLUTION

# %% check="3.2"
exercises.check("3.2", answer_3_2)

# %% [markdown]
# **3.3 Too good to be true.** A colleague has trained the small model on bytes, as we did above, and reports a wonderful loss. Here is how their training goes, and what the model writes. (`mask` is added to the attention scores.)

# %%
def colleagues_loss(model, windows):
    """The colleague's loss of a batch, in nats per token."""
    length = windows.shape[1] - 1
    mask = torch.zeros(len(windows), 1, length, length, device=windows.device)
    scores = model(input_ids=windows[:, :-1], attention_mask=mask, use_cache=False).logits
    return nn.functional.cross_entropy(scores.flatten(0, 1), windows[:, 1:].flatten())


colleague = small_model("bytes", seeds[-1])
learned = training.fit(colleague, colleagues_loss, (cut_windows["bytes"],), seed=seeds[-1],
                       steps=cut_steps["bytes"], optimizers=recipe(), **common)
for who, losses in {"the colleague": learned.losses, "we": cut_losses["bytes"]}.items():
    print(f"{who}: {np.mean(losses[-5:]) / np.log(2):.2f} bits per byte at the end of training")
text_view.boxes({"the colleague's model writes": write(colleague, PROMPT, cutters["bytes"])})

# %% [markdown]
# What does a mask of zeros forbid? Now write it right, and a little different, so that you cannot copy ours: a function `window_attention(queries, keys, values)` on numpy arrays, with the same scores as `attention`, that returns only what each token takes over, (T, d), not the weights. A token may look at itself, the one before it, and the one before that, at nothing else. (This is called a *sliding window*, and real models have it.)

# %% exercise="3.3"
window_attention = ...
### BEGIN SOLUTION
def window_attention(queries, keys, values):
    scores = queries @ keys.T / np.sqrt(queries.shape[1])
    place = np.arange(len(scores))
    behind = place[:, None] - place  # places back, negative: ahead
    scores[(behind < 0) | (behind > 2)] = -np.inf
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ values
### END SOLUTION

# %% check="3.3"
exercises.check("3.3", window_attention)

# %% [markdown]
# **3.4 Which model is better?** *[Perplexity](glossary.md#perplexity)* is 2 to the power of the mean surprise in bits **per token**: among how many equally likely tokens the model seems to choose. Two models were tested on the same text. Model A reads single bytes, and its perplexity is 3.1. Model B reads tokens of 3.9 bytes on average, and its perplexity is 45. How many bits per byte does the *better* of the two need?

# %% exercise="3.4"
answer_3_4 = ...
### BEGIN SOLUTION
answer_3_4 = min(np.log2(3.1), np.log2(45) / 3.9)
### END SOLUTION

# %% check="3.4"
exercises.check("3.4", answer_3_4)

# %% [markdown]
# **3.5 You are the judge.** Another class, another text. With the only budget they tried, fine-tuning saved (the margin is the ledger's 5 %): against from scratch 23 % [22, 24], against pre-trained only 7.4 % [4.8, 10.1]. An n-gram model was better than all three networks. What is the word for the claim `llm-finetune`: `"supported"`, `"not supported"` or `"inconclusive"`?

# %% exercise="3.5"
answer_3_5 = ...
### BEGIN SOLUTION
answer_3_5 = "inconclusive"
### END SOLUTION

# %% check="3.5"
exercises.check("3.5", answer_3_5)

# %% [markdown]
# **3.6 Temperature.** Write a function `heated(probabilities, temperature)`: from the probabilities of the next token, (n,), it makes those at another temperature. Remember that softmax turns scores into probabilities, so that up to a constant the logarithm turns them back.

# %% exercise="3.6"
heated = ...
### BEGIN SOLUTION
def heated(probabilities, temperature):
    p = np.exp(np.log(probabilities) / temperature)
    return p / p.sum()
### END SOLUTION

# %% check="3.6"
exercises.check("3.6", heated)

# %% [markdown]
# ## Recap
#
# 1. A **token** is a piece of text with a number. Byte-pair encoding makes the pieces: it merges what often stands together.
# 2. **Bits per byte**: the surprise over a text, divided by its bytes. It compares models that cut differently; perplexity per token does not.
# 3. **Attention** mixes the values of those tokens whose keys fit a query. The causal mask forbids looking ahead; without it the loss is wonderful and worth nothing.
# 4. A model **writes** by drawing one token after the other. A low temperature or top-p makes it safe and dull, a high temperature wild.
# 5. **Fine-tuning** is judged against two rivals, the model before and one from scratch with the same task budget; and it has a price, which you have measured.
# 6. A test of **grammar, context or meaning** needs a rival that has none: a guess, a table of counts, common words.
#
# What was measured, in one table:

# %%
rows = {f"saved {label}".replace("\n", " "): each.text("%") for label, each in savings.items()}
rows |= {f"lost on general text, {budget} budget": each.text("%") for budget, each in lost.items()}
rows |= {f"real sentence preferred, {name}": each.text("%") for name, each in grammar.items()}
rows["saved by all the text before"] = context_gain.text("%")
rows |= {f"right line picked, {name}": each.text("%") for name, each in meaning.items()}
rows |= {f"saved by byte pairs, against {way}": each.text("%") for way, each in gains.items()}
pd.Series(rows, name="measured [95 % interval]").to_frame()

# %% [markdown]
# What follows for the claim?

# %%
best_count, tuned = (levels[name].effect for name in ("n-gram, task too", "fine-tuned, long"))
forgot = lost["long"].effect
print(f"Claim: {verdict.word}. With the long budget the fine-tuned network needs "
      f"{saved('pre-trained only', 'long').effect:.0f} % fewer bits\nthan before "
      f"and {saved('from scratch', 'long').effect:.0f} % fewer than one from scratch;\n"
      f"for the general text it needs {abs(forgot):.0f} % {'more' if forgot > 0 else 'fewer'}.\n"
      f"A table of counts that has read all of both training parts needs {best_count:.2f}\n"
      f"bits per byte, the network {tuned:.2f}. All of this holds for a network of this size,\n"
      "which has read this much.")

# %% [markdown]
# Your verdicts:

# %% tags=["nbval-check-output"]
verdicts = [
    verdict, keeps_verdict, understands_verdict, cutting_verdict, at_once_verdict, scales_verdict,
]
for each in verdicts:
    print(f"{cards.SYMBOLS[each.word]} {each.claim.id:<22} {each.word}")

# %% [markdown]
# What training and use cost, for the comparison of all lessons. "One token" is one new token after half a window of text, with the KV cache, timed on the pre-trained model. The fine-tuned row counts fine-tuning alone; what pre-training cost comes on top.

# %%
def step_costs(model):
    """Floating-point operations of one step of training, and of one token more."""
    batch = windows["task"][: settings["batch_size"]].to(run.device)
    step = runtime.count_operations(lambda: batch_loss(copy.deepcopy(model), batch).backward())
    new = batch[:1, :1]
    with torch.no_grad():
        cache = model(input_ids=batch[:1, : context // 2], use_cache=True).past_key_values
        token = runtime.count_operations(lambda: model(input_ids=new, past_key_values=cache))
    return step, token


tuned_steps = settings["budgets"]["long"]
models = {"Llama, fine-tuned (long budget)": (*trained["fine-tuned", "long"], tuned_steps)}
if not wanted:  # what somebody else's model has cost, we do not know
    models["Llama, pre-trained"] = (pretrained, history, settings["pretrain_steps"])
rows = {}
for name, (model, learned, steps) in models.items():
    step, token = step_costs(model)
    rows[task.source.name, name] = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "train_operations": step * steps, "predict_operations": token,
        "train_cpu_s": learned.cpu_s, "predict_cpu_ms": np.median(token_ms)}
costs = pd.DataFrame(rows).T
results.cost_table(costs, use="token")

# %% [markdown]
# And your exercises. Everything goes into a typed results file, from which the course makes its final comparison; the checkpoints have done their work.

# %%
exercises.summary()
path = results.save(run, verdicts, results.costs(costs), predicted, answers, exercises.statuses)
shutil.rmtree(checkpoints, ignore_errors=True)
print(f"saved {path.name}")

# %% [markdown]
# **Next.** A language model writes one token after the other. A picture has no first and last pixel. Lesson 4 lets digits appear out of noise, and asks whether they are real, and whether they are new.
