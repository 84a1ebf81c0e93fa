# %% [markdown]
# # Lesson 3 · Small LLM
#
# **What is fine-tuning a language model worth?**

# %% [markdown]
# Behind a chatbot stands a *[language model](glossary.md#language-model)*: it has read a great deal and guesses what comes next. (An *[LLM](glossary.md#llm)* is a large one; ours is tiny.) Reading the whole internet costs millions. So one takes a model that has done so, and lets it read a *little* more of what one needs: contracts, recipes, code. That is **[fine-tuning](glossary.md#fine-tuning)**. You will build such a model in about 60 lines (its heart is yours), watch it learn, and find out what fine-tuning is worth.

# %% [markdown] slide="What is fine-tuning worth?"
# A language model has read a great deal, and guesses what comes next. Reading the whole internet costs millions.
#
# So one takes a model that has done so, and lets it read a **little** more of what one needs: contracts, recipes, code.
#
# **Write down:** compared with what would you judge whether that helped?

# %% [markdown]
# When you have finished, you can say
#
# 1. what a **[token](glossary.md#token)** is, and what **[bits per byte](glossary.md#bits-per-byte)** measure;
# 2. what each part of a **[transformer](glossary.md#transformer)** does, and why it must not look ahead;
# 3. how a language model **writes**, and what [temperature](glossary.md#temperature) and [top-p](glossary.md#top-p) change;
# 4. what **fine-tuning** gives, and against what to compare it;
# 5. what stands between such a model and a chatbot.
#
# You need lesson 2's ideas: network, [batch](glossary.md#batch), [loss](glossary.md#loss), training loop. Take two and a half hours, in four sittings.

# %%
import copy

import numpy as np
import pandas as pd
import torch
from torch import nn

from course_utils.claims import ledger, resampling
from course_utils.data import chosen, docstrings, documents
from course_utils.exercises.lesson_3 import exercises
from course_utils.models import finetuning, language, training, writing
from course_utils.models.ngrams import KneserNey
from course_utils.report import results
from course_utils.run import choose_precision, start
from course_utils.show import attention_figures, language_figures, plots, text_view
from course_utils.show.language_curves import learning, long_learning, savings
from course_utils.show.transformer_figures import block

run = start("3_small_llm")
plots.use_style()

# %% [markdown]
# ## A chatbot?
#
# We have let a model read for half an hour. `writing.write` lets it continue a text, the *[prompt](glossary.md#prompt)*. Let us ask it something.

# %% [markdown] slide="We ask a small model a question"
# “How do I compute the mean of an array?” **What will it write? Say it before you look.**

# %% slide="later"
shipped, tokenizer = language.shipped()
QUESTION = "How do I compute the mean of an array?"
text_view.boxes({"what it writes": writing.write(shipped, tokenizer, QUESTION, seed=run.seed)})

# %% [markdown]
# It does not answer. It *goes on*. At the end you will know why, and what is missing. First: what has it read?

# %% [markdown]
# ## Data
#
# A good Python function carries its documentation, the **[docstring](glossary.md#docstring)**: English by people. Those of numpy, scipy and pandas are the *general* text (a longer training read eleven libraries more). scikit-learn's is the *task*: our model has not read it.
#
# There is a train part, a [validation](glossary.md#validation) part, and a test part for the experiment alone. So that a good score is not mere memory, all pages of a source file are in the same part, near-copies were left out, and so was every held-out paragraph that shares 13 words in a row with a training text.

# %%
settings = run.settings(
    pages=4000,  # general ones to learn from, at most
    width=128, depth=4,  # numbers that stand for one token, and layers
    steps=600,  # of reading the general text
    budgets={"30 pages": 30, "300 pages": 300, "all pages": 100_000},  # of the task, at most
    seeds=5,  # trainings with each budget
    test_pages=100_000,  # at most
)
general = docstrings.load()[0]
task = chosen.chosen_text(general)
limits = {"train": settings.pages, "validation": settings.pages // 50, "test": settings.test_pages}
parts = {f"general, {part}": documents.drawn(getattr(general, part), limit, run.seed)
         for part, limit in limits.items()}
parts |= {f"task, {part}": getattr(task, part)[:limit] for part, limit in limits.items()}
pages = {name: [document.text for document in part] for name, part in parts.items()}
n_bytes = {name: np.array([len(page.encode()) for page in part]) for name, part in pages.items()}
print(pages["general, validation"][0][:400])
pd.DataFrame({name: [len(n), n.sum() / 1000] for name, n in n_bytes.items()},
             ["pages", "kilobytes"]).T.round().astype(int)

# %% [markdown]
# ## Tokens
#
# A computer stores text as **bytes**; a plain English letter is one. Language models read larger pieces, **tokens**. *[Byte-pair encoding](glossary.md#byte-pair-encoding)* finds good ones: begin with single bytes, find the two neighbours that stand together most often, make them one piece, and again. (A [lab](labs/3_tokens.ipynb) writes it out.) Our tokenizer went on up to 4,096 tokens. Each has a number.

# %% [markdown] slide="Text becomes tokens"
# Begin with single bytes, join the two neighbours that stand together most often, and again.
#
# **3.1** `hug` 5 times, `pug` 4 times, `hub` 6 times: which piece comes second?

# %% slide="+"
line = "Compute the mean squared error of an array-like of shape (n_samples,)."
print(" | ".join(f"{tokenizer.decode([k])} {k}" for k in tokenizer(line)["input_ids"]))

# %% [markdown]
# **3.1 Merge by hand.** Three words, with how often they occur: `hug` 5 times, `pug` 4 times, `hub` 6 times. Cut into letters. Which piece does byte-pair encoding make *second*? Answer with a string in place of the `...`. (`exercises.hint("3.1")` gives a nudge.)

# %% exercise="3.1"
answer_3_1 = ...
### BEGIN SOLUTION
answer_3_1 = "hub"
### END SOLUTION

# %% check="3.1"
exercises.check("3.1", answer_3_1)

# %% [markdown]
# ## How well does a model know a text?
#
# A language model gives *every* possible next token a probability. Then we look which one really came. If that had the probability *p*, the model's **[surprise](glossary.md#surprise)** is −log₂ *p*, in **bits**. Sure and right: 0 bits. One in two: 1 bit. One in a thousand: 10 bits. Here is the surprise of our model, token by token, on a page that it has never seen. Where is it large?

# %% [markdown] slide="How surprised is the model?" ask=2
# A token that had the probability *p* costs −log₂ *p* bits. **Where will it be large?** All bits of a text divided by its bytes: **bits per byte** (3.2).

# %% slide="later"
encoded = {name: language.encode(tokenizer, part) for name, part in pages.items()}
page = encoded["general, validation"][0][:120]  # a begin token, and 119 of the page
bits = language.token_bits(shipped, [page], finetuning.CONTEXT)[0]
text_view.surprise([tokenizer.decode([k]) for k in page[1:]], bits)

# %% [markdown]
# <details><summary>Compare</summary>At beginnings, and in rare names. In set phrases, inside common words, and in the rest of a name that returns, it is small.</details>
#
# The surprise over a text, divided by its number of bytes: **bits per byte**. To so many bits a byte could this model compress the text. Guessing among all 256 bytes needs 8; fewer is better. It compares models that cut differently.
#
# **3.2 Write the measure.** A function `bits_per_byte(probabilities, text)`: a model gave the tokens that really came these probabilities, (n,); the text is a string, and `len(text.encode())` counts its bytes.

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
# An **[n-gram](glossary.md#n-gram) model** counts runs of *n* tokens. What it has never seen gets a small probability too, or its surprise would be infinite (*[smoothing](glossary.md#smoothing)*, after Kneser and Ney). How much does it help to look further back?

# %%
def count(n):
    """An n-gram model that has read the general text."""
    return KneserNey(n, len(tokenizer)).fit(encoded["general, train"])


def level(bits, name):
    """Bits per byte of a part; bits: (n_pages,)."""
    return bits.sum() / n_bytes[name].sum()


checked = "general, validation"
counted = {f"{n}-gram": np.array([model.bits(page)[1:].sum() for page in encoded[checked]])
           for n, model in ((n, count(n)) for n in (1, 2, 4))}
pd.Series({name: level(bits, checked) for name, bits in counted.items()}).round(2)

# %% [markdown]
# The last is the [baseline](glossary.md#baseline).
#
# **A good place to stop.** You have cut text into tokens, written the measure, and let a model count.

# %% [markdown]
# ## A transformer, part by part
#
# The network behind chatbots is a **transformer** (Vaswani and others 2017); ours is a small *[Llama](glossary.md#llama)* (Touvron and others 2023). Here is all of it: (B, T) is B texts of T tokens, C the numbers that stand for a token. It begins with the **[embedding](glossary.md#embedding)**: a table with a list of C numbers for each token, learned like all [weights](glossary.md#weight). A text becomes one list below the other.

# %% [markdown] slide="A transformer, all of it"
# A list of numbers for each token. In each block
#
# - tokens look at those before them (**attention**)
# - each thinks for itself (**MLP**)
# - and both only **add** to the list
#
# Find in the figure: where could a token see its future?

# %% slide="+" shows="1"
plots.show(*block(shipped.size))
tokens = torch.tensor(tokenizer("Return the mean of the array")["input_ids"])  # (T,)
lists = shipped.embed_tokens(tokens).detach()  # (T, C)
plots.show(*language_figures.embedding([tokenizer.decode([k]) for k in tokens], lists))

# %% [markdown]
# **Norm.** Some lists are large, some small. The *[RMS norm](glossary.md#rms-norm)* brings each list to the same size (the root of its mean square becomes 1), and then weighs each number.

# %%
class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):  # (..., C)
        size = (x.pow(2).mean(dim=-1, keepdim=True) + 1e-6).sqrt()  # (..., 1)
        return self.weight * x / size


some = torch.tensor([[0.3, -0.1, 0.2, 0.4], [6.0, -9.0, 3.0, 1.0]])
plots.show(*language_figures.rms_norm(some, RMSNorm(4)(some).detach()))

# %% [markdown]
# **[Attention](glossary.md#attention)** lets a token look at itself and those before it. Three learned matrices make of its list
#
# - a **query**: what am I looking for?
# - a **key**: what do I have to offer?
# - a **value**: what do I pass on, if somebody looks at me?
#
# Where the query of one token fits the key of another (their product, the *score*, is large), it takes more of that token's value: *[softmax](glossary.md#softmax)* turns each row of scores into weights that add up to 1. And **nobody looks ahead**: who could see the next token would not have to guess it. So all later places get the score −∞ before softmax, the *[causal mask](glossary.md#causal-mask)*.
#
# **3.3 Write a head.** A function `head(queries, keys, values)` on torch tensors, each (T, d): the scores `queries @ keys.T`, divided by the root of d (or long lists would give large scores); the mask; softmax over each row; and what each token takes over, (T, d). `torch.ones(T, T).triu(1)` is 1 at the places ahead, `scores.masked_fill(mask, value)` wants a mask of `bool`.

# %% [markdown] slide="Nobody looks ahead" ask=3
# - **query**: what am I looking for?
# - **key**: what do I have to offer?
# - **value**: what do I pass on?
#
# Scores for all pairs of tokens; later places get −∞; softmax; take over the values.
#
# **3.3** In pairs: write `head(queries, keys, values)`. What would the loss be without the mask, and what would the model be worth?

# %% exercise="3.3"
head = ...
### BEGIN SOLUTION
def head(queries, keys, values):
    T, d = queries.shape
    scores = queries @ keys.T / d**0.5
    ahead = torch.ones(T, T).triu(1).bool()
    return scores.masked_fill(ahead, -torch.inf).softmax(dim=-1) @ values
### END SOLUTION

# %% check="3.3"
exercises.check("3.3", head)

# %% [markdown]
# **Places.** "Dog bites man" is not "man bites dog", but a sum of values has no order. So queries and keys are *turned*: pairs of their numbers are the hand of a clock, which turns on from place to place, some fast, some slowly (*[rotary positions](glossary.md#rotary-positions)*, Su and others 2021). Turning both equally changes nothing: a score depends on the two lists and on their distance, not on the place. (Below, the same query and key at many places.)

# %%
def rotate(x):
    """Turn pairs of numbers by an angle that grows with the place: (..., T, d)."""
    T, d = x.shape[-2:]
    speeds = 10_000.0 ** (-torch.arange(0, d, 2) / d)  # (d/2,), radians from place to place
    angles = torch.arange(T)[:, None] * speeds  # (T, d/2)
    cos, sin = angles.cos().to(x), angles.sin().to(x)
    a, b = x.chunk(2, dim=-1)  # each (..., T, d/2)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


plots.show(*attention_figures.rotations(rotate))

# %% [markdown]
# **Several heads.** One head looks for one kind of thing. So queries, keys and values are cut into *heads* of 32 numbers each, which look side by side; a last matrix mixes what they found. It is your `head`, for all texts and heads at once (`.mT` swaps the last two axes).

# %%
def heads(x):
    return x.unflatten(-1, (-1, 32)).transpose(1, 2)  # (B, T, C) to (B, H, T, 32)


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q_proj, self.k_proj = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.v_proj, self.o_proj = (nn.Linear(width, width, bias=False) for _ in range(2))

    def weights(self, x):
        q, k = rotate(heads(self.q_proj(x))), rotate(heads(self.k_proj(x)))
        scores = q @ k.mT / 32**0.5  # (B, H, T, T)
        ahead = torch.ones_like(scores, dtype=torch.bool).triu(1)
        return scores.masked_fill(ahead, -torch.inf).softmax(dim=-1)

    def forward(self, x):
        mixed = self.weights(x) @ heads(self.v_proj(x))  # (B, H, T, 32)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))  # (B, T, C)

# %% [markdown]
# **[MLP](glossary.md#mlp).** Then each token thinks for itself: lesson 2's MLP with a *gate*: what one matrix gives is multiplied by what another gives (`silu` is a smooth ReLU). **A block** is attention and MLP, and each only *adds* to what is there (a [residual block](glossary.md#residual-block)): a list keeps what it was, and every layer writes something more into it.

# %%
class GatedMLP(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        return self.down_proj(nn.functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(width), RMSNorm(width)
        self.self_attn, self.mlp = Attention(width), GatedMLP(width, round(width / 3) * 8)

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))

# %% [markdown]
# **The whole.** Embed, one block after the other, a norm. Which token comes next? Compare each token's final list with the table: the scores are products with every token's list. The weights have the names that the library transformers gives them, and begin as small random numbers.

# %%
class Transformer(nn.Module):
    def __init__(self, n_tokens, width, depth):
        super().__init__()
        self.embed_tokens = nn.Embedding(n_tokens, width)
        self.layers = nn.ModuleList(Block(width) for _ in range(depth))
        self.norm = RMSNorm(width)
        for weights in self.parameters():
            if weights.ndim == 2:
                nn.init.normal_(weights, std=0.02)

    def forward(self, tokens):  # (B, T)
        x = self.embed_tokens(tokens)  # (B, T, C)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x) @ self.embed_tokens.weight.T  # (B, T, n_tokens)

# %% [markdown]
# Is it right? We put the weights of the longer training into *your* code, and into transformers' `LlamaForCausalLM`. Both must give the same scores. Then see where a head of its second layer looks, from two words. What has it learned to look for?

# %% [markdown] slide="Where does a head look?"
# From two words, back to those before. **What has this head learned to look for?**

# %% slide="+" shows="2"
pretrained = Transformer(len(tokenizer), shipped.size.width, shipped.size.depth)
pretrained.load_state_dict(shipped.state_dict())
llama = language.as_llama(shipped)
ours, theirs = (model(tokens[None]) for model in (pretrained, llama))
assert torch.allclose(ours, theirs.logits, atol=1e-4, rtol=1e-5)
print(f"{sum(p.numel() for p in pretrained.parameters()):,} weights; largest difference "
      f"{(ours - theirs.logits).abs().max():.0e}, of scores up to {ours.abs().max():.0f}")

sentence = torch.tensor(tokenizer("The mean of the array is returned, and the array is sorted.")
                        ["input_ids"])
first, second = pretrained.layers[:2]
lists = second.input_layernorm(first(pretrained.embed_tokens(sentence)[None]))  # (1, T, C)
weights = second.self_attn.weights(lists)[0, 3].detach().numpy()  # of the fourth head, (T, T)
names = [tokenizer.decode([k]) for k in sentence]
plots.show(*attention_figures.one_head(weights, names, (6, 11)))

# %% [markdown]
# <details><summary>Compare</summary>For nouns, most at the nearest; yet what is returned is the *mean*. Nobody told it what a noun is.</details>
#
# **3.4 Does it look ahead?** A colleague reports a loss near 0. Write the test that catches a missing mask: `looks_ahead(model, tokens)`, tokens (1, T), gives `True` if any score at the places *before* the last changes when you change the *last* token (on a copy, to another number), else `False`. Allow for rounding: `torch.allclose(…, atol=1e-4)`.

# %% exercise="3.4"
looks_ahead = ...
### BEGIN SOLUTION
def looks_ahead(model, tokens):
    changed = tokens.clone()
    changed[0, -1] = 1 if tokens[0, -1] != 1 else 2
    before, after = model(tokens)[:, :-1], model(changed)[:, :-1]
    return not torch.allclose(before, after, atol=1e-4)
### END SOLUTION

# %% check="3.4"
exercises.check("3.4", looks_ahead)

# %% [markdown]
# <details><summary>Why is a loss near 0 no good news here?</summary>Whoever sees the next token needs no skill to guess it. When the model has to write, there is no next token to look at, and it cannot do anything.</details>

# %% [markdown]
# **A good place to stop.** You have built a transformer, the same as the library's.

# %% [markdown]
# ## One minute of learning
#
# In *[pre-training](glossary.md#pre-training)* the model reads pages in a row, cut into **windows** of 129 tokens, so that each of 128 has a next to predict. Ours, half as large as the shipped one, gets through a part of the pages; the n-gram model has read all. The loss is lesson 2's [cross-entropy](glossary.md#cross-entropy): nothing but the mean surprise, with the natural logarithm, in *[nats](glossary.md#nat)* (1 nat = 1.44 bits). `training.fit` is lesson 2's loop. For the matrices the [optimizer](glossary.md#optimizer) is **[Muon](glossary.md#muon)** (Jordan and others 2024) in place of AdamW.

# %% [markdown] slide="One minute of learning"
# The same beginning, “Return the”, while the model reads.

# %% slide="+"
def batch_loss(model, windows):
    """Mean surprise of a batch, in nats: windows (B, T + 1)."""
    scores = model(windows[:, :-1])  # (B, T, n_tokens)
    return nn.functional.cross_entropy(scores.flatten(0, 1), windows[:, 1:].flatten())


def look(model):
    samples[len(samples)] = writing.write(model, tokenizer, "Return the", n_tokens=40)
    bits = finetuning.page_bits(model, encoded[checked])
    return {"bits per byte": level(bits, checked)}


torch.manual_seed(run.seed)
model, samples = Transformer(len(tokenizer), settings.width, settings.depth), {}
windows, first_look = language.windows(encoded["general, train"], 128), look(model)
history = training.fit(model, batch_loss, (windows,), steps=settings.steps, batch_size=8,
                       seed=run.seed, optimizers=language.recipe(0.5, run.device),
                       device=run.device, precision=choose_precision(run.device), validate=look,
                       validate_every=settings.steps // 4, label="reading")
looks = pd.DataFrame([{"step": 0} | first_look, *history.validations])
text_view.boxes({f"after {looks['step'].iloc[k]:.0f} steps": samples[k] for k in (0, 1, 4)})

# %% [markdown]
# ## What half an hour buys
#
# First your minute. It begins near 4: 12 bits for one of 4,096 tokens, about three bytes each. (Does it beat counting? Compare the squares with the line.) Then the same code, 2.6 million weights, half an hour on one core, fourteen packages in place of three: the [model card](../datasets/pretrained.md) says all. Beside it, two rivals that have read just as much: an n-gram model, and `xz`, a program that compresses by finding repeats. The time axis is not even.

# %% [markdown] slide="What half an hour buys"
# Bits per byte, fewer is better. **By how much would ten times the time help again?**

# %% slide="+" shows="2"
bytes_per_token = n_bytes["general, train"].sum() / sum(map(len, encoded["general, train"]))
rivals = {"4-gram": level(counted["4-gram"], checked)}
plots.show(*learning(history.losses, looks, rivals, bytes_per_token))
long = language.training_record()
levels = {name: found["general, validation"] for name, found in long["rivals"].items()}
cpu_s = looks["step"] / looks["step"].max() * history.cpu_s
live = dict(zip(cpu_s, looks["bits per byte"], strict=True))
plots.show(*long_learning(long["curve"], live, levels))
text_view.boxes({"a minute": writing.write(model, tokenizer, "Return the", seed=1),
                 "half an hour": writing.write(pretrained, tokenizer, "Return the", seed=1)})

# %% [markdown]
# ## How a model writes
#
# Ask for the scores of the next token; turn them into probabilities; *draw* one; put it behind the text; ask again. (A *[KV cache](glossary.md#kv-cache)* would save computing all again. Why not always take the likeliest? The model soon goes in circles.) **Temperature** divides the scores before softmax: below 1 the likely becomes likelier, above 1 everything comes closer together. **Top-p** (*nucleus sampling*, Holtzman and others 2020) drops the long tail of unlikely tokens.
#
# **3.5 Write the rule.** A function `nucleus(probabilities, top_p)`: an array (n,) of probabilities. Keep the fewest likeliest that *together* have at least `top_p`; set all others to 0; bring the sum to 1 again. (0.5, 0.3, 0.15, 0.05 with 0.7 give 0.625, 0.375, 0, 0.) `np.argsort` and `np.cumsum` help.

# %% exercise="3.5"
nucleus = ...
### BEGIN SOLUTION
def nucleus(probabilities, top_p):
    order = np.argsort(-probabilities)
    n_kept = (np.cumsum(probabilities[order]) < top_p).sum() + 1
    kept = np.zeros_like(probabilities)
    kept[order[:n_kept]] = probabilities[order[:n_kept]]
    return kept / kept.sum()
### END SOLUTION

# %% check="3.5"
exercises.check("3.5", nucleus)

# %% [markdown]
# The loop with your rule (ours, until yours is right). Three settings of the knobs; then your own hand, if you run this yourself: type a beginning, and turn. Where does it begin to rave?

# %% [markdown] slide="Temperature and top-p"
# **What changes from cold to hot?** (3.5: top-p cuts off the long tail.)

# %% slide="+" shows="1"
PROMPT = "Return the"


def continued(prompt=PROMPT, temperature=0.7, top_p=0.9):
    tokens = [tokenizer.bos_token_id, *tokenizer(prompt)["input_ids"]]
    random = np.random.default_rng(run.seed)
    rule = nucleus if exercises.statuses["3.5"] == "correct" else writing.nucleus
    for _ in range(60):
        scores = pretrained(torch.tensor([tokens]))[0, -1].detach().double()  # (n_tokens,)
        p = rule((scores / temperature).softmax(dim=-1).numpy(), top_p)
        tokens.append(random.choice(len(p), p=p))
    return tokenizer.decode(tokens[1:])


text_view.boxes({"temperature 0.3": continued(temperature=0.3, top_p=1.0),
                 "temperature 0.8, top-p 0.9": continued(temperature=0.8),
                 "temperature 1.5": continued(temperature=1.5, top_p=1.0)})
text_view.playground(continued, PROMPT, temperature=((0.1, 0.3, 0.5, 0.7, 1.0, 1.3, 2.0), 0.7),
                     top_p=((0.1, 0.3, 0.5, 0.7, 0.9, 1.0), 0.9))

# %% [markdown]
# <details><summary>Where does it begin to rave?</summary>Cold, it repeats safe phrases; hot, words fall apart. A small top-p tames a high temperature: the long tail is gone.</details>
#
# **A good place to stop.** You have trained a language model, seen what half an hour buys, and let it write. (When you come back, run all from the top.)
#
# ## The claim
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024).* It says that fine-tuning makes a model better at one task. Better than what? The [ledger](glossary.md#ledger) compares it with the model *before*, and with that model after as many more steps of *general* text. The first could be foreseen; the second says whether more steps alone would help. (Our task is to guess scikit-learn's next token; strictly, this is *continued pre-training*.)
#
# And a question that the article does not ask: is the *half hour* before worth anything, or would the task's pages do, *[from scratch](glossary.md#from-scratch)*? People fine-tune because text is scarce. So a *[budget](glossary.md#budget)* is a number of pages: 30, 300 or all; judged are the last two, as fixed beforehand; the first shows where it begins. A fifth of them is for validation, and training stops when that gets no better. The [arm](glossary.md#arm) *more general text* goes on with what the model has read before; *from scratch* keeps size and tokenizer.

# %% [markdown] slide="The claim, and what it needs"

# %% slide="+" shows="1"
claims = ledger.get("llm-finetune"), ledger.get("llm-finetune-scratch")
display(*claims)

# %% [markdown] slide="+"
# **Predict, then vote:** how many % of the bits does it save with 300 pages? Supported, not supported or inconclusive?

# %% [markdown]
# **Predict**, in place of our guesses: with 300 pages, how many percent fewer bits does the fine-tuned model need on pages of scikit-learn that it has never seen, than the model before, and than one from scratch? And both [verdicts](glossary.md#verdict): `"supported"`, `"not supported"` or `"inconclusive"`?

# %%
predicted = {"saved against the model before (%)": 20, "saved against from scratch (%)": 20,
             "verdict, fine-tuning helps": "supported",
             "verdict, the reading before helps": "supported"}

# %% [markdown]
# ## Experiment
#
# **3.6 Write the loop.** A function `fine_tune(model, batches, rate)`: for each batch of windows, one step of `torch.optim.AdamW` with this learning rate on the loss that `batch_loss(model, batch)` gives. It returns the model.

# %% exercise="3.6"
fine_tune = ...
### BEGIN SOLUTION
def fine_tune(model, batches, rate):
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for batch in batches:
        loss = batch_loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
### END SOLUTION

# %% check="3.6"
exercises.given("3.6", batch_loss=batch_loss)
exercises.check("3.6", fine_tune)

# %% [markdown]
# `finetuning.adapt` is this loop with Muon, and with validation after each pass over the pages: when one brings nothing better, it stops and keeps the best weights. *Fine-tuned* and *from scratch* have the rate and the passes that suit them (tried with another seed, on validation pages); *more general text* has those of *fine-tuned*. The whole experiment, three budgets and five [seeds](glossary.md#seed), each a new draw of pages, takes over an hour. We did it beforehand (`make finetune`) and recorded the bits of each test page. You train one seed with the smallest budget; does the record say the same? (Other processors round differently. With your own text, all is trained now.)

# %%
experiment = finetuning.Experiment(
    shipped.to(run.device), pages=encoded["task, train"], test=encoded["task, test"],
    general=encoded["general, train"], device=run.device)
smallest = dict(list(settings.budgets.items())[:1])
live = experiment.run(smallest, [0], ["pre-trained only", "fine-tuned", "from scratch"])
test = "task, test"
print((live.groupby("arm", sort=False)["bits"].sum() / n_bytes[test].sum()).round(3))
if run.profile == "laptop" and task.source.name == "docstrings":
    table = finetuning.record()
    first = table[(table["seed"] == 0) & table["budget"].isin(smallest)]
    yours, ours = (part.groupby("arm")["bits"].sum() for part in (live, first))
    print("largest difference between your trainings and the record: "
          f"{100 * (yours / ours - 1).abs().max():.2f} % of the bits")
else:
    table = experiment.run(settings.budgets, range(settings.seeds))

# %% [markdown]
# The [interval](glossary.md#interval) draws anew what came by chance, on two levels: seeds, and source *files*, because pages of a file resemble each other (a two-level *[bootstrap](glossary.md#bootstrap)*). So we add up the bits of each file. (Bars may overlap because files differ; the verdict compares two arms file by file, which says more. Grey, and not judged: an n-gram model that has counted the general text and the task's pages.)

# %% [markdown] slide="What was measured" ask=4
# Fewer bits are better. A budget is a number of pages to learn from.
#
# **Compare orange with each rival in turn.** What does each comparison tell?

# %% tags=["readme-picture"] slide="+"
files = pd.factorize(np.array([document.file for document in parts[test]]))[0]
file_bytes = np.tile(np.bincount(files, n_bytes[test]), (settings.seeds, 1))


def file_bits(arm, budget):
    """Bits of each file with each seed: (n_seeds, n_files)."""
    rows = table[(table["arm"] == arm) & (table["budget"] == budget)].pivot(
        index="seed", columns="page", values="bits")
    return np.array([np.bincount(files, row) for row in rows.to_numpy()])


levels = {budget: {arm: resampling.ratio_of_totals(file_bits(arm, budget), file_bytes, run.seed)
                   for arm in finetuning.ARMS} for budget in settings.budgets}
plots.show(*savings(levels, 5, judged=finetuning.JUDGED))

# %% [markdown]
# ## Verdict
#
# Each number is how many percent of the rival's bits fine-tuning saves; the [margin](glossary.md#margin) is 5 %; n counts source files.

# %% [markdown] slide="Verdict"

# %% slide="+" shows="1"
RIVALS = {"against_pretrained": "pre-trained only", "against_more_reading": "more general text",
          "against_scratch": "from scratch"}
saved = {test_id: {budget: resampling.percent_saved(file_bits("fine-tuned", budget),
                                                    file_bits(rival, budget), run.seed)
                   for budget in list(settings.budgets)[1:]} for test_id, rival in RIVALS.items()}
scratch = {"against_scratch": saved.pop("against_scratch")}
verdicts = [claims[0].judge(saved, run.profile), claims[1].judge(scratch, run.profile)]
first, middle = list(settings.budgets)[:2]
answers = dict(zip(predicted, [saved["against_pretrained"][middle],
                               scratch["against_scratch"][middle],
                               *(verdict.word for verdict in verdicts)], strict=True))
display(*verdicts, results.beside(predicted, answers))
few = resampling.percent_saved(file_bits("fine-tuned", first),
                               file_bits("pre-trained only", first), run.seed)
print(f"not judged, {first}: {few.text('%')} saved against the model before")

# %% [markdown] slide="What does the word mean, and what not?" ask=6
# It holds for 2.6 million weights, half an hour of reading, and a task much like what was read.
#
# - If it was *supported*: which rival was harder to beat, and what does that one tell?
# - If it was *not supported*: which row failed? Did more steps do the work, and not the task's pages?
# - If it was *inconclusive*: what would decide, more pages, more files or more seeds?

# %% [markdown]
# Why might so few pages save so little? There is not much to learn from, and a fifth is kept for validation. Where *more general text* hurts, it is the weaker rival: perhaps its rate, rising anew, shakes what had settled.
#
# This holds for a network of 2.6 million weights that has read for half an hour, and a task much like what it has read. Another kind of text could overturn it.
#
# ## What does it look like?
#
# The same beginning, before and after. And what has it cost? The last column is the *general* text: fine-tuning can make a model [forget](labs/3_forgetting.ipynb). (A [lab](labs/3_summary.ipynb) gives it a task with a score: summing up code.)

# %% [markdown] slide="The same beginning, before and after"

# %% slide="+" shows="1"
tuned = experiment.train("fine-tuned", settings.budgets["300 pages"], 0)[0]
both = {"before": shipped, "fine-tuned": tuned}
START = "Parameters\n----------\nX :"
text_view.boxes({name: writing.write(each, tokenizer, START, temperature=0.5)
                 for name, each in both.items()})
pd.DataFrame({part: {name: level(finetuning.page_bits(each, encoded[part]), part)
                     for name, each in both.items()}
              for part in ("task, validation", checked)}).round(2)

# %% [markdown]
# ## From here to a chatbot
#
# Ask the fine-tuned model what we asked at the beginning (`writing.write(tuned, tokenizer, QUESTION)`, in a new cell). It still goes on. A model becomes a chatbot by more of what you have just done:
#
# - **Instruction tuning.** Fine-tuning on thousands of questions *with answers*, written by people (Ouyang and others 2022, *InstructGPT*). To go on after a question is then to answer it. (Large models often need no training for a task: examples in the prompt will do.)
# - **Preferences.** People say which of two answers is better, and the model learns to write such (Rafailov and others 2023, *DPO*).
# - **Size.** A thousand to a million times the weights and the text. The code hardly changes; but to fine-tune such a model one often trains only small matrices beside its weights (*LoRA*, Hu and others 2021).
#
# Nothing in this makes it *know* what is true: it writes what is likely, and invents functions that do not exist (**hallucination**; Ji and others 2023, a survey). It can repeat, word for word, what it has read, even what was private (**memorised text**; Carlini and others 2021). Whether one may train on other people's texts is before the courts (**copyright**; New York Times v. OpenAI, 2023); the licences of ours allow it. And it writes as its text does, prejudice included ([a lab](labs/3_bias.ipynb)).
#
# ## Your turn
#
# Make it write like *your* text, with your loop of 3.6 (ours, until yours is right). Put a file of yours in place of Python's manual (`open("my.txt").read()`); 100 kB or more is good. How many bits does it save on your last 2,000 tokens (roughly), in how many seconds? (The whole experiment: `COURSE_TEXT=my.txt course run 3`, an hour or more.)

# %% [markdown] slide="From here to a chatbot" ask=1
# - **Instruction tuning**: thousands of questions *with answers*
# - **Preferences**: which of two answers do people like better?
# - **Size**: a thousand to a million times the weights and the text
#
# None of this makes it *know* what is true: it writes what is likely.
#
# **Discuss:** where would you trust such a model, and what would you measure first?

# %%
import time
from pydoc_data.topics import topics

own_text = "\n\n".join(topics.values())
own = torch.tensor(tokenizer(own_text)["input_ids"]).unfold(0, 129, 128)  # (n_windows, 129)
torch.manual_seed(run.seed)
batches = [own[torch.randint(len(own) - 16, (8,))] for _ in range(settings.steps // 10)]
loop = fine_tune if exercises.statuses["3.6"] == "correct" else finetuning.fine_tune
began = time.process_time()
mine = loop(copy.deepcopy(pretrained), batches, 0.001)
cpu_s = time.process_time() - began
before, after = (batch_loss(each, own[-16:]).item() for each in (pretrained, mine))
print(f"saved: {100 * (1 - after / before):.0f} % of the bits, in {cpu_s:.0f} CPU seconds")
print(writing.write(mine, tokenizer, "The for statement", n_tokens=80, temperature=0.5))

# %% [markdown] slide="Where to go on" ask=5
# **Your turn:** let it read a text of yours, with your own loop of 3.6. How many bits does that save?
#
# **Labs**, 45 minutes each, by their question:
#
# - Does fine-tuning make a language model forget?
# - Does a language model learn grammar, context and meaning?
# - Does cutting text into tokens help?
# - Do larger models on more text do better?
# - Can a language model summarise code?
# - Does a language model pick up the bias of its text?

# %% [markdown]
# ## Recap
#
# 1. A **token** is a piece of text with a number. **Bits per byte**: the surprise over a text, divided by its bytes.
# 2. A **transformer** embeds tokens; in each block they look at those before (attention), and each thinks for itself (MLP); both only add. Without the causal mask the loss is worth nothing.
# 3. A model **writes** by drawing token after token. A low temperature or a small top-p makes it dull, a high temperature wild.
# 4. **Fine-tuning** is judged against the model before, other reading, and the task's pages alone.
# 5. A **chatbot** takes instructions, preferences and size.

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)

# %% [markdown]
# **Labs**, each 45 minutes, when you like:
#
# - [Does fine-tuning make a language model forget?](labs/3_forgetting.ipynb)
# - [Does a language model learn grammar, context and meaning?](labs/3_grammar.ipynb)
# - [Does cutting text into tokens help?](labs/3_tokens.ipynb)
# - [Do larger models on more text do better?](labs/3_scale.ipynb)
# - [Can a language model summarise code?](labs/3_summary.ipynb)
# - [Does a language model pick up the bias of its text?](labs/3_bias.ipynb)
#
# **Next.** Lesson 4 lets digits appear out of noise, and asks whether they are real, and whether they are new.
