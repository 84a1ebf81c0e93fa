# %% [markdown]
# # Lesson 3 · Small LLM
#
# **What is fine-tuning a language model worth?**

# %% [markdown]
# Your phone suggests the next word. A chatbot writes an e-mail, one word after the other. Behind both stands a *[language model](glossary.md#language-model)*: it has read a great deal of text and guesses what comes next. (An *[LLM](glossary.md#llm)* is a large one; ours is tiny.) Reading the whole internet costs millions. So one takes a model that has read everything and lets it read a *little* more of what one needs: contracts, recipes, program code. That is **[fine-tuning](glossary.md#fine-tuning)**. You will build a language model from nothing and find out what it is worth.

# %% [markdown]
# When you have finished, you can say
#
# 1. what a **[token](glossary.md#token)** is, and how a text is cut into tokens;
# 2. how to measure how well a model knows a text, in **[bits per byte](glossary.md#bits-per-byte)**;
# 3. what **[attention](glossary.md#attention)** computes, and why a language model must not look ahead;
# 4. how a language model **writes**, and what [temperature](glossary.md#temperature) and [top-p](glossary.md#top-p) change;
# 5. what **fine-tuning** gives, and against what to compare it.
#
# You need Python and lesson 2's ideas: network, [batch](glossary.md#batch), [loss](glossary.md#loss), training loop. Take about two and a half hours, in three sittings.

# %%
import copy
from collections import Counter
from itertools import pairwise, product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from scipy.special import softmax

from course_utils.claims import ledger, resampling
from course_utils.data import chosen, docstrings, documents, overlap
from course_utils.exercises.lesson_3 import exercises
from course_utils.models import language, training
from course_utils.models.ngrams import KneserNey
from course_utils.report import results
from course_utils.run import choose_precision, start
from course_utils.show import plots, text_view

run = start("3_small_llm")
wanted = language.wanted(run.profile)  # a published model in place of ours, or "" (see the README)
plots.use_style()

# %% [markdown]
# ## Data
#
# Every function of a good Python library carries its documentation with it, the **[docstring](glossary.md#docstring)**: English prose, written by people. `docstrings.load` reads those of four libraries that this course has installed, without running them. numpy, scipy and pandas are the *general* text that our model reads first. scikit-learn's is the *task*. (With `COURSE_TEXT=path` the task is *your own* text; the README says how.)
#
# A train part is to learn from, a [validation](glossary.md#validation) part to look at in between, and the test part is opened in the experiment alone. All sizes of the lesson stand here; each comes back where it is used.

# %%
settings = run.settings(
    train_documents=5000,  # at most
    held_out_documents=80,  # of each validation and test part
    n_tokens=2048,  # size of the vocabulary
    width=128,  # numbers that stand for one token
    depth=3,  # layers
    context=128,  # tokens that the model sees at most
    pretrain_steps=400,  # of reading the general text
    budgets={"short": 20, "long": 80},  # steps of learning the task
    seeds=3,  # trainings of each kind
    finetune_share=0.25,  # of the learning rates, when fine-tuning
)

# %% [markdown]
# We draw pages of each part. One check comes with it. Documentation repeats itself, and if a test page stood in the training text, its score would be worth nothing. So near-copies were left out, all pages of one source file are in the same part, and paragraphs that share 13 words in a row with a training text were cut out. What is the longest passage that a test page still shares with a text to learn from?

# %%
general = docstrings.load()[0]
sources = {"general": general, "task": chosen.chosen_text(general)}
limits = {"train": settings.train_documents, "validation": settings.held_out_documents,
          "test": settings.held_out_documents}
parts = {f"{name}, {part}": documents.drawn(getattr(texts, part), limit, run.seed)
         for name, texts in sources.items() for part, limit in limits.items()}  # of documents
n_bytes = {name: np.array([len(d.text.encode()) for d in pages]) for name, pages in parts.items()}
learned = [d.text for name, pages in parts.items() if "train" in name for d in pages]
shared = overlap.longest_shared_passage([d.text for d in parts["task, test"]], learned)
text_view.folded("Is what they share harmless?", f"{len(shared)} characters: {shared!r}. "
                 "Phrases that everybody writes, such as import lines, will always be shared. A "
                 "sentence that explains something should not be.")
size = {name: f"{len(n)} pages, {n.sum() / 1000:,.0f} kB" for name, n in n_bytes.items()}
pd.Series(size, name="size").to_frame()

# %% [markdown]
# And here is the simplest language model of all: which words follow "the" in the general text, and how often? The first keyboards that made suggestions worked like this.

# %%
words = " ".join(d.text for d in parts["general, train"]).split()
after_the = Counter(b for a, b in pairwise(words) if a == "the" and b.isalpha()).most_common(8)
suggested = pd.Series(dict(after_the)) / words.count("the") * 100
ax = suggested[::-1].plot.barh(color=plots.COLOURS[0], figsize=(7.5, 2.8))
ax.set(xlabel="of all words that follow 'the' (%)", ylabel="next word")
plots.show(ax.figure, "The words that follow 'the' most often.", suggested.round(2).to_frame("%"))

# %% [markdown]
# ## Tokens
#
# A computer stores text as **bytes**: numbers from 0 to 255; a plain English letter is one byte. Most language models read larger pieces, **tokens**. How does one find good pieces? With *[byte-pair encoding](glossary.md#byte-pair-encoding)* (Sennrich and others 2016): begin with single characters, find the two neighbours that stand together most often, make them one piece, and again.

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
# Six merges, learned from the words of two hundred pages. (A space belongs to the word that follows it; we write it as `_`.) Then the library, which does the same with bytes, so that no character is ever unknown to it: 256 bytes, a token that marks the beginning of a document, and six merges.

# %%
some = " ".join(d.text for d in parts["general, train"][:200]).split()
some = ["_" + word for word in some if word.isalpha() and word.isascii()]
cut = {tuple(word): count for word, count in Counter(some).items()}
by_hand = []
for _ in range(6):
    pair = most_frequent_pair(cut)
    by_hand.append("".join(pair))
    cut = {merge(pieces, pair): count for pieces, count in cut.items()}
six = language.train_tokenizer([word.replace("_", " ") for word in some], 257 + 6)
of_library = [six.decode([k]).replace(" ", "_") for k in range(257, 263)]
print("by hand:", *by_hand, "\nlibrary:", *of_library)
assert sorted(of_library) == sorted(by_hand)  # equally frequent pairs may change places

# %% [markdown]
# **3.1 Merge by hand.** Three words, with how often they occur: `hug` 5 times, `pug` 4 times, `hub` 6 times. Cut into letters (leave the mark `_` for the space away). Which piece does byte-pair encoding make *second*? Use pencil and paper, and answer with a string in place of the `...`. (`exercises.hint("3.1")` in a new cell gives a nudge.)

# %% exercise="3.1"
answer_3_1 = ...
### BEGIN SOLUTION
answer_3_1 = "hub"
### END SOLUTION

# %% check="3.1"
exercises.check("3.1", answer_3_1)

# %% [markdown]
# The real tokenizer learns from the *training part of the general text* alone: one that has seen the test pages knows something about them. `language.encode` then turns every page into a row of token numbers, with a *begin* token in front, so that the first real token has something before it as well.

# %%
tokenizer = language.train_tokenizer([d.text for d in parts["general, train"]], settings.n_tokens)


def encode_all(tokenizer):
    """Token numbers of the documents of each part, by its name."""
    return {name: language.encode(tokenizer, [d.text for d in pages])
            for name, pages in parts.items()}


encoded, n_tokens = encode_all(tokenizer), len(tokenizer)
n_real = sum(len(page) - 1 for page in encoded["general, train"])  # without the begin token
bytes_per_token = n_bytes["general, train"].sum() / n_real
line = "Compute the mean squared error of an array-like of shape (n_samples,)."
print(" | ".join(tokenizer.decode([k]) for k in tokenizer(line)["input_ids"]))
print(f"a token stands for {bytes_per_token:.2f} bytes on average")

# %% [markdown]
# ## How well does a model know a text?
#
# A language model gives *every* possible next token a probability. Then we look at which token really came. If the model had given it the probability *p*, its **[surprise](glossary.md#surprise)** is −log₂ *p*, in **bits**. Sure and right: 0 bits. One in two: 1 bit. One in a thousand: 10 bits.
#
# We add up the surprise over a text and divide by something that does not depend on how we cut: the number of bytes. **Bits per byte**: to how many bits could this model compress a byte of this text? A byte is 8 bits, so without any knowledge it is 8. Fewer is better.
#
# **3.2 Write the measure.** A function `bits_per_byte(probabilities, text)`: a model gave the tokens that really came these probabilities, (n,); the text is a string, and `len(text.encode())` counts its bytes. How many bits per byte does the model need?

# %% exercise="3.2"
bits_per_byte = ...
### BEGIN SOLUTION
def bits_per_byte(probabilities, text):
    return -np.log2(probabilities).sum() / len(text.encode())
### END SOLUTION

# %% check="3.2"
exercises.check("3.2", bits_per_byte)

# %% [markdown]
# ### Baseline: a model that counts
#
# The picture at the beginning looked one word back. The classic of the trade counts longer runs, of tokens: an **[n-gram](glossary.md#n-gram) model** counts *n* in a row (with *n* = 2 it is called a bigram). A run that was never seen would get the probability 0, and its surprise would be infinite. So it keeps a little back for what it has not seen ([smoothing](glossary.md#smoothing)): there it falls back on fewer tokens, and prefers those that follow *many different* ones (*Kneser-Ney*; the lab on grammar writes it out). How much does it help to look further back? And to have read the *task's* training part, too?

# %%
def ngram_bits(model, name):
    """Bits of each document of a part, (n_documents,); the begin token is given, not predicted."""
    return np.array([model.bits(page)[1:].sum() for page in encoded[name]])


def counted(n):
    """Two n-gram models, by what they have read."""
    both = encoded["general, train"] + encoded["task, train"]
    return {"general": KneserNey(n, n_tokens).fit(encoded["general, train"]),
            "general and task": KneserNey(n, n_tokens).fit(both)}


checked = "task, validation"
ngrams = {f"n = {n}": counted(n) for n in (1, 2, 4)}
levels = {n: {read: ngram_bits(model, checked).sum() / n_bytes[checked].sum()
              for read, model in models.items()} for n, models in ngrams.items()}
pd.DataFrame(levels).T.round(2).rename_axis("bits per byte")

# %% [markdown]
# Remember both columns: they are the [baselines](glossary.md#baseline) beside which a neural network has to be seen. From here on we take *n* = 4, which looks three tokens back.
#
# **A good place to stop.** You have cut text into tokens, written the measure, and let a model count. Next comes a network that can look further back.

# %% [markdown]
# ## Attention, by hand
#
# How can a network look back at hundreds of tokens? With **attention** (Vaswani and others 2017). Every token has a list of numbers that says what is known about it. A matrix, which is learned, makes three shorter lists of it:
#
# - a **query**: what am I looking for?
# - a **key**: what do I have to offer?
# - a **value**: what do I pass on, if somebody looks at me?
#
# Where the query of one token fits the key of another (their product is large), it looks there: it takes more of that token's value. One rule makes it a language model: **nobody looks ahead**. A token that could see the next one would not have to guess it. So all later places get the score −∞: the *[causal mask](glossary.md#causal-mask)*. Lesson 2's [softmax](glossary.md#softmax) turns scores into [weights](glossary.md#weight), *eˢ* divided by the sum of all *eˢ* in the row, and *e* to the −∞ is 0. (T is the number of tokens, d that of the numbers for each.)

# %%
def attention(queries, keys, values):
    """What each token takes over from itself and those before: (T, d), and the weights (T, T)."""
    scores = queries @ keys.T / np.sqrt(queries.shape[1])  # (T, T); the root keeps them small
    scores[np.triu_indices(len(scores), k=1)] = -np.inf  # nobody looks ahead
    weights = softmax(scores, axis=1)  # each row adds up to 1
    return weights @ values, weights

# %% [markdown]
# Four tokens. The lists are random here, so only the *shape* means something: white is the mask, and the first token can only look at itself. The library's attention, which our model will use, gives the same.

# %%
four, lists = ["Return", " the", " mean", " of"], np.random.default_rng(1).normal(size=(3, 4, 8))
mixed, weights = attention(*lists)  # (T, d) and (T, T)
fig, ax = plt.subplots(figsize=(4.4, 3.2))
image = ax.imshow(np.where(np.tri(4) > 0, weights, np.nan), cmap="cividis", vmin=0, vmax=1)
ax.set(xlabel="looks at", ylabel="token", xticks=range(4), yticks=range(4))
ax.set(xticklabels=four, yticklabels=four)
ax.grid(False)
fig.colorbar(image, label="attention weight")
plots.show(fig, "Attention weights: each of four tokens looks at itself and those before it.",
           pd.DataFrame(weights, four, four).round(2))
tensors = torch.from_numpy(lists)[:, None]  # three times (1, T, d)
of_library = torch.nn.functional.scaled_dot_product_attention(*tensors, is_causal=True)[0]
assert np.allclose(of_library.numpy(), mixed, atol=1e-5)

# %% [markdown]
# **3.3 Too good to be true.** A colleague adds a mask of *zeros* to the scores, and reports a loss near 0. What does a mask of zeros forbid? Write it right, and a little different, so that you cannot copy ours: a function `window_attention(queries, keys, values)` on numpy arrays, with the same scores as `attention`, that returns only what each token takes over, (T, d), not the weights. A token may look at itself, the one before it, and the one before that, at nothing else. (This *sliding window* is in real models, too.)

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
# <details><summary>What does a mask of zeros forbid?</summary>Nothing: adding 0 changes no score. Every token sees the next one, which it is to guess. The loss becomes wonderful, and the model cannot write at all, because when it writes there is no next token to look at.</details>

# %% [markdown]
# ## The model
#
# A **[Llama](glossary.md#llama)** (Touvron and others 2023), from top to bottom; (B, T) are B texts of T tokens.
#
# ```
# token numbers      (B, T)
#   │  embedding: each token's list of numbers
# lists              (B, T, width)
#   │  layer 1:  + attention(norm(lists))
#   │            + MLP(norm(lists))
#   │  layers 2 and 3, likewise
#   │  norm; compare with the embedding table
# scores             (B, T, n_tokens)
# ```
#
# The *[embedding](glossary.md#embedding)* is a table with a list for every token. In a *[layer](glossary.md#layer)*, tokens look at each other by attention, which works several times side by side; each such *head* has its own matrices for queries, keys and values, and turns queries and keys by an angle that grows with the place, so that their product knows how far apart two tokens are. The *[MLP](glossary.md#mlp)* is lesson 1's network with a *gate*: one half decides how much of the other half passes. As in lesson 2's [residual blocks](glossary.md#residual-block), each part only *adds* (`+`) to what is there. A *norm* brings lists to a common size. The comparison with the embedding table is this course's choice; the original Llama learns a second table for it. GPT-3 is much the same, with 175 billion [parameters](glossary.md#parameter) (Brown and others 2020).
#
# `language.token_bits` gives the surprise of every token of every page; a long page is read window by window.

# %%
def make_model(seed):
    """An untrained Llama: (B, T) token numbers to (B, T, n_tokens) scores."""
    model = language.make_llama(n_tokens, settings.width, settings.depth, seed, settings.context)
    return model.to(run.device)


def document_bits(model, name):
    """Bits that a model needs for each document of a part, (n_documents,)."""
    bits = language.token_bits(model.eval(), encoded[name], settings.context, settings.context)
    return np.array([each.sum() for each in bits])


untrained = make_model(run.seed)
level = document_bits(untrained, checked).sum() / n_bytes[checked].sum()
equal = np.log2(n_tokens) / bytes_per_token
print(f"{sum(p.numel() for p in untrained.parameters()):,} parameters")
print(f"untrained: {level:.2f} bits per byte; all tokens equally likely: about {equal:.2f}")

# %% [markdown]
# <details><summary>Why not 8, when it has learned nothing?</summary>Because the <i>tokenizer</i> has: it has counted which pieces are frequent. There are only 2,048 things that can come next, and most of them are longer than a byte.</details>
#
# Does it keep the rule? We change the *last* of ten tokens. The scores at all places before must stay as they were; only the last may change.

# %%
ten = torch.from_numpy(encoded[checked][0][None, :10]).to(run.device)  # (1, 10)
changed = ten.clone()
changed[0, -1] = (changed[0, -1] + 1) % n_tokens
before, after = (untrained(input_ids=each).logits[0] for each in (ten, changed))  # (10, n_tokens)
same = [torch.allclose(a, b, atol=1e-4) for a, b in zip(before, after, strict=True)]
assert same == 9 * [True] + [False]

# %% [markdown]
# ## Pre-training
#
# In *[pre-training](glossary.md#pre-training)* the model reads the general text: all pages in a row, cut into **windows** of 128 tokens and one. In each it predicts every token from those before it. The loss is lesson 2's [cross-entropy](glossary.md#cross-entropy), which is nothing but the mean surprise, only with the natural logarithm, in *[nats](glossary.md#nat)* (1 nat = 1.44 bits). `training.fit` is lesson 2's training loop with [checkpoints](glossary.md#checkpoint). The [optimizer](glossary.md#optimizer) for the matrices inside the layers is **[Muon](glossary.md#muon)** (Jordan and others 2024), a relative of AdamW that looks at a matrix as a whole; the rest stays with AdamW.

# %%
def batch_loss(model, windows):
    """Mean surprise of all tokens of a batch, in nats: windows (B, T + 1)."""
    scores = model(input_ids=windows[:, :-1], use_cache=False).logits  # (B, T, n_tokens)
    return torch.nn.functional.cross_entropy(scores.flatten(0, 1), windows[:, 1:].flatten())


windows = {n: language.windows(encoded[f"{n}, train"], settings.context) for n in sources}

# %% [markdown]
# How does it write while it learns? To write, ask for the scores of the next token, *draw* one with the probabilities that they stand for, put it behind the text, and ask again. `generate` does that, and remembers keys and values of the tokens before (the *[KV cache](glossary.md#kv-cache)*). (Why not always take the likeliest? The model soon goes in circles.)

# %%
PROMPT = "Compute the mean of"
stages = []  # what the model wrote, one text a look


def write(model, prompt, n_new=60, **how):
    """The prompt and what the model draws after it, up to the end of the document."""
    torch.manual_seed(run.seed)
    tokens = torch.from_numpy(language.encode(tokenizer, [prompt])[0])[None].to(run.device)
    how = {"top_k": 0} | how  # the library would draw among the 50 likeliest tokens only
    written = model.generate(tokens, max_new_tokens=n_new, do_sample=True, **how)[0, 1:].tolist()
    return tokenizer.decode(written).split(tokenizer.bos_token)[0]


def look(model):
    """Bits per byte on the general validation part; and a sample is kept."""
    stages.append(write(model, PROMPT, temperature=0.7))
    bits = document_bits(model, "general, validation").sum()
    return {"bits per byte": bits / n_bytes["general, validation"].sum()}

# %% [markdown]
# Now it reads; on two cores that takes less than a minute. (If you interrupt it and run the lesson again, it goes on from its last checkpoint and ends at the same weights.) Then the same [prompt](glossary.md#prompt), continued at several moments. One sample says little: a good model may draw badly.

# %%
checkpoints = run.out / "checkpoints" / run.lesson
common = {"batch_size": 8, "device": run.device, "precision": choose_precision(run.device)}
pretrained, steps = make_model(run.seed), settings.pretrain_steps
history = training.fit(pretrained, batch_loss, (windows["general"],), steps=steps, seed=run.seed,
                       optimizers=language.recipe(), validate=look, validate_every=steps // 4,
                       checkpoint=checkpoints / "pretrained.safetensors",
                       label="pre-training", **common)
looks = pd.DataFrame(history.validations)
last = looks.tail(len(stages)).to_numpy()  # after an interruption the first looks have no sample
text_view.boxes({f"after {step:.0f} steps, {level:.2f} bits per byte": sample
                 for (step, level), sample in zip(last, stages, strict=True)})

# %% [markdown]
# The loss at each step, in bits per byte, and the n-gram's line. Compare the line with the squares only: both are measured on the same text. (The training curve is other text, and jumps because each step sees other windows.) Does the network pass the n-gram model? And how much has each of them read?

# %%
name = "general, validation"
ngram_level = ngram_bits(ngrams["n = 4"]["general"], name).sum() / n_bytes[name].sum()
per_step = pd.Series(history.losses) / np.log(2) / bytes_per_token
fig, ax = plt.subplots(figsize=(7.5, 3.4))
ax.plot(per_step, color=plots.COLOURS[5], alpha=0.4, label="training text, each step")
ax.plot(per_step.rolling(20, center=True).mean(), color=plots.COLOURS[0],
        label="training text, mean of 20 steps")
ax.plot(looks["step"], looks["bits per byte"], "s", color=plots.COLOURS[1], label="validation part")
ax.axhline(ngram_level, color=plots.GREY, linestyle=":", label="4-gram, validation part")
ax.set(xlabel="step", ylabel="bits per byte")
ax.legend()
plots.show(fig, "Bits per byte while the model learns, beside those of the n-gram model.",
           per_step.rename("bits per byte").iloc[::20].round(3).to_frame())
reached, seen = looks["bits per byte"].iloc[-1], steps * 8 / len(windows["general"])
text_view.folded("Does the network pass the n-gram model?", f"It needs {reached:.2f}, the "
                 f"n-gram model {ngram_level:.2f}; fewer is better. The network has read "
                 f"{seen:.0%} of the general text, the n-gram model all of it. Counting is cheap, "
                 "and documentation repeats its phrases.")

# %% [markdown]
# ## How a model writes
#
# **Temperature** divides the scores before softmax. Below 1 the likely becomes likelier, above 1 everything comes closer together. **Top-p** (*nucleus sampling*, Holtzman and others 2020) keeps only the likeliest tokens, just as many as have together at least the probability *p*, and drops the long tail.
#
# **3.4 Temperature.** Write a function `heated(probabilities, temperature)`: from the probabilities of the next token, (n,), it makes those at another temperature. Remember that softmax turns scores into probabilities, so that up to a constant the logarithm turns them back.

# %% exercise="3.4"
heated = ...
### BEGIN SOLUTION
def heated(probabilities, temperature):
    p = np.exp(np.log(probabilities) / temperature)
    return p / p.sum()
### END SOLUTION

# %% check="3.4"
exercises.check("3.4", heated)

# %% [markdown]
# Three ways to draw, and then your own hand: when you run the cell, two sliders appear, which a printed page cannot show. Where does it begin to rave? (With `COURSE_MODEL` or in the full [profile](glossary.md#profile) a published model takes the place of ours from here on.)

# %%
if wanted:
    pretrained, tokenizer = language.load_pretrained(wanted)
    pretrained, n_tokens = pretrained.to(run.device), pretrained.config.vocab_size
    encoded = encode_all(tokenizer)
    windows["task"] = language.windows(encoded["task, train"], settings.context)
    ngrams["n = 4"] = counted(4)
ways = {"temperature 0.3": {"temperature": 0.3},
        "temperature 0.8, top-p 0.9": {"temperature": 0.8, "top_p": 0.9},
        "temperature 1.5": {"temperature": 1.5}}
text_view.boxes({way: write(pretrained, PROMPT, **how) for way, how in ways.items()})
text_view.sliders(lambda **how: write(pretrained, PROMPT, **how),
                  temperature=((0.1, 0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 1.5, 2.0), 0.7),
                  top_p=((0.1, 0.3, 0.5, 0.7, 0.9, 1.0), 0.9))

# %% [markdown]
# <details><summary>Where does it begin to rave?</summary>There is no sharp border. At a low temperature the model repeats safe phrases, at a high one words fall apart into pieces that do not belong together. A small top-p tames a high temperature: the long tail is gone.</details>
#
# **A good place to stop.** You have trained a language model and let it write. When you come back, run the notebook from the top: it takes a few minutes.

# %% [markdown]
# ## The claim
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024).* It says that fine-tuning makes a model better at one task. Better than what? The [ledger](glossary.md#ledger) asks for two comparisons. The fine-tuned model must be better than the model *before* fine-tuning. And it must be better than a model that has learned the task *[from scratch](glossary.md#from-scratch)*, with as many steps on the same pages; otherwise all the reading before was for nothing. A *[budget](glossary.md#budget)* is how many steps a model may learn the task; there is a short one and a long one. (The "task" is to predict one *kind of text*; translating or answering questions is not tested here.)

# %%
claim = ledger.get("llm-finetune")
claim

# %% [markdown]
# **Predict.** Write down what you expect, in place of our guesses: with the long budget, how many percent fewer bits does the fine-tuned model need on pages of scikit-learn that it has never seen, than a model from scratch, and than the model before? And the [verdict](glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {
    "saved against from scratch (%)": 20,
    "saved against pre-trained only (%)": 20,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# Both kinds learn the same windows in the same order, three times each: another [seed](glossary.md#seed), so another order (and from scratch other first weights). Both have good learning rates, found on the validation part: a model that already knows something does best with a quarter of them. What pre-training took is not counted: in practice somebody else has paid for it.

# %%
def learn_task(kind, steps, seed):
    """A model that has learned the task for so many steps."""
    model, share = copy.deepcopy(pretrained), settings.finetune_share
    if kind == "from scratch":
        model, share = language.make_llama_like(pretrained.config, seed).to(run.device), 1.0
    training.fit(model, batch_loss, (windows["task"],), steps=steps, seed=seed,
                 checkpoint=checkpoints / f"{kind} {steps} {seed}.safetensors",
                 optimizers=language.recipe(share), **common)
    return model


def experiment(budget):
    """Train both kinds with this budget, once a seed, and measure them on the test part."""
    for kind in ("from scratch", "fine-tuned"):
        rows = []
        for seed in range(run.seed, run.seed + settings.seeds):
            model = learn_task(kind, settings.budgets[budget], seed)
            rows.append(document_bits(model, "task, test"))
        trained[kind, budget], measured[kind, budget] = model, np.array(rows)

# %% [markdown]
# First the short budget. We keep the last model of each kind, and the bits of every page of the test part with every seed.

# %%
trained, measured = {}, {}  # (kind, budget): a model, and bits (n_seeds, n_documents)
experiment("short")

# %% [markdown]
# The long budget. And three others that need no further training: the model before, and two n-gram models as baselines. They are the same for every seed and every budget.

# %%
experiment("long")
test = "task, test"
alone = {"n-gram": ngram_bits(ngrams["n = 4"]["general"], test),
         "n-gram, task too": ngram_bits(ngrams["n = 4"]["general and task"], test),
         "pre-trained only": document_bits(pretrained, test)}
for kind, budget in product(alone, settings.budgets):
    measured[kind, budget] = np.tile(alone[kind], (settings.seeds, 1))

# %% [markdown]
# **3.5 Bits saved.** Now hold two of these tables against each other. Write a function `saved_percent(ours, theirs)`: two arrays of bits, (n_seeds, n_documents). How many percent fewer bits does *ours* need, for all documents and seeds together?

# %% exercise="3.5"
saved_percent = ...
### BEGIN SOLUTION
def saved_percent(ours, theirs):
    return 100 * (1 - ours.sum() / theirs.sum())
### END SOLUTION

# %% check="3.5"
exercises.check("3.5", saved_percent)

# %% [markdown]
# `resampling.percent_saved` does the same and adds the [interval](glossary.md#interval): it draws anew what came by chance, documents and seeds (a *[bootstrap](glossary.md#bootstrap)*, as in lesson 2). With three seeds it is somewhat too narrow. On the right what the claim is about: all of an interval has to lie in the shaded part, beyond the [margin](glossary.md#margin).

# %% tags=["readme-picture"]
def saved(rival, budget):
    """Bits that the fine-tuned model saves against a rival, in %, paired by document and seed."""
    ours, theirs = (measured[kind, budget] for kind in ("fine-tuned", rival))
    return resampling.percent_saved(ours, theirs, seed=run.seed)


sizes = np.tile(n_bytes[test], (settings.seeds, 1))
levels = {kind if kind in alone else f"{kind}, {budget}":
          resampling.ratio_of_totals(bits, sizes, seed=run.seed)
          for (kind, budget), bits in sorted(measured.items())}
rivals = {"against_scratch": "from scratch", "against_pretrained": "pre-trained only"}
savings = {f"against {rival},\n{budget} budget": saved(rival, budget)
           for rival, budget in product(rivals.values(), settings.budgets)}
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
# The ledger gets the four savings of the right panel; the claim needs all of them. Its word holds for a network of this size that has read this much. Below it, what you predicted.

# %%
verdict = claim.judge({test_id: {budget: saved(rival, budget) for budget in settings.budgets}
                       for test_id, rival in rivals.items()}, run.profile)
answers = {f"saved against {rival} (%)": saved(rival, "long") for rival in rivals.values()}
answers["verdict"] = verdict.word
display(verdict)
results.beside(predicted, answers)

# %% [markdown]
# ### Why?
#
# The same beginning, continued by three models with the same seed and temperature. And which network or table would you *choose*, if you only wanted few bits?

# %%
learners = {"pre-trained only": pretrained,
            "from scratch, long budget": trained["from scratch", "long"],
            "fine-tuned, long budget": trained["fine-tuned", "long"]}
text_view.boxes({name: write(model, "Parameters\n----------\nX : ", temperature=0.5)
                 for name, model in learners.items()})
table, tuned = levels["n-gram, task too"], levels["fine-tuned, long"]
text_view.folded("Which would you choose, if you only wanted few bits?",
                 f"The table of counts that has read all of both training parts needs "
                 f"{table.effect:.2f} bits a byte, the fine-tuned network {tuned.effect:.2f}. That "
                 "is no part of the verdict, which compares networks, and yet the first "
                 "thing to ask for somebody who has to choose. The network has read only a part.")

# %% [markdown]
# ## Your turn
#
# The same question on your own text, in plain torch. Put a file of yours in place of Python's manual (`Path("my.txt").read_text()`); 100 kB or more is good. How many bits does it save, and what does it write? (For the whole experiment: `COURSE_TEXT=my.txt course run 3`.)

# %%
from pydoc_data.topics import topics

own_text = "\n\n".join(topics.values())
tokens = torch.tensor(tokenizer(own_text)["input_ids"]).unfold(0, 129, 128)  # (n_windows, 129)
mine, held_out = copy.deepcopy(pretrained).cpu().train(), tokens[-16:]
optimizer, losses = torch.optim.AdamW(mine.parameters(), lr=0.001), []
before = batch_loss(mine, held_out).item()
for step in range(min(60, settings.pretrain_steps)):
    loss = batch_loss(mine, tokens[torch.randint(len(tokens) - 16, (8,))])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
after = batch_loss(mine.eval(), held_out).item()
print(f"saved: {100 * (1 - after / before):.0f} % of the bits")
print(write(mine.to(run.device), "The for statement", temperature=0.6))
ax = pd.Series(losses, name="loss").plot(figsize=(7.5, 2.6), xlabel="step", ylabel="nats per token")
plots.show(ax.figure, "The loss at each step of fine-tuning on the text of your own.")

# %% [markdown]
# ## Recap
#
# 1. A **token** is a piece of text with a number. Byte-pair encoding makes the pieces: it merges what often stands together.
# 2. **Bits per byte**: the surprise over a text, divided by its bytes. It compares models that cut differently.
# 3. **Attention** mixes the values of those tokens whose keys fit a query. The causal mask forbids looking ahead; without it the loss is wonderful and worth nothing.
# 4. A model **writes** by drawing one token after the other. A low temperature or a small top-p makes it safe and dull, a high temperature wild.
# 5. **Fine-tuning** is judged against two rivals, the model before and one from scratch with the same budget for the task. Beside both stands a table of counts.
#
# Everything goes into a typed results file, from which the course makes its page.

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)

# %% [markdown]
# **Labs**, each 45 minutes, when you like:
#
# - [Does fine-tuning make a language model forget?](labs/3_forgetting.ipynb)
# - [Does a language model learn grammar, context and meaning?](labs/3_grammar.ipynb)
# - [Does cutting text into tokens help?](labs/3_tokens.ipynb)
# - [Do larger models on more text do better?](labs/3_scale.ipynb)
#
# **Next.** A language model writes one token after the other. A picture has no first and last pixel. Lesson 4 lets digits appear out of noise, and asks whether they are real, and whether they are new.
