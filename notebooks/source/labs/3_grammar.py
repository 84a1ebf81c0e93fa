# %% [markdown]
# # Lab 3 · Does a language model learn grammar, context and meaning?
#
# **The claim.** From nothing but raw text, a language model learns grammar, context and meaning. *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "How AI Systems Handle Data".*
#
# You need [lesson 3](../3_small_llm.ipynb): [surprise](../glossary.md#surprise), [n-gram](../glossary.md#n-gram) models, pre-training. The lab takes about 45 minutes.

# %% [markdown]
# **Why this matters.** Nobody tells a language model what a verb is. If it knows all the same, text alone has taught it. But "it knows grammar" is quickly said. For each of the three words we need a test that a model can fail, and a rival that has *no* grammar, sees *no* context, or understands *nothing*.

# %%
import re
from collections import Counter, defaultdict

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course_utils.claims import ledger, resampling
from course_utils.data import docstrings, documents
from course_utils.exercises.lab_3_grammar import exercises
from course_utils.models import language
from course_utils.models.ngrams import KneserNey, discounts
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("3_grammar")
plots.use_style()

# %% [markdown]
# The lab trains a model of its own, a little smaller than the lesson's, so that it gives the same numbers whether you have run the lesson or not.

# %%
settings = run.settings(
    train_documents=5000,  # at most
    held_out_documents=400,  # at most, validation and test part together
    n_tokens=2048,  # size of the vocabulary
    width=96,  # numbers that stand for one token
    depth=2,  # layers
    context=128,  # tokens that the model sees at most
    pretrain_steps=600,
    functions=150,  # in the test of meaning
)

# %% [markdown]
# ## A model and its rival
#
# As in the lesson, the model reads the documentation of numpy, scipy and pandas. `language.learn` does what you have written out there: windows of text, the loss of the next token, so many steps. It takes half a minute.

# %%
general, scikit = docstrings.load()
train = [d.text for d in documents.drawn(general.train, settings.train_documents, run.seed)]
held_out = [d.text for d in documents.drawn((*general.validation, *general.test),
                                            settings.held_out_documents, run.seed)]
tokenizer = language.train_tokenizer(train, settings.n_tokens)
encoded = language.encode(tokenizer, train)
context = settings.context
model = language.make_llama(settings.n_tokens, settings.width, settings.depth, run.seed, context)
model = model.to(run.device)
language.learn(model, encoded, steps=settings.pretrain_steps, seed=run.seed, context=context,
               device=run.device, label="pre-training")
ngram = KneserNey(4, settings.n_tokens).fit(encoded)

# %% [markdown]
# The rival is the lesson's n-gram model. What does it do? It counts runs of tokens. For the longest runs it takes how often they occur. For the shorter ones, to which it falls back, it takes after how many *different* tokens they occur ("Francisco" is frequent, yet it comes after one word only, and so is a poor guess after any other).

# %%
def count_runs(documents, longest):
    """How often each run of tokens occurs, and how many different tokens stand before it."""
    times, before = Counter(), defaultdict(set)
    for tokens in documents:
        for end in range(1, len(tokens) + 1):
            for begin in range(max(0, end - longest), end):
                times[tuple(tokens[begin:end])] += 1
                if begin > 0:
                    before[tuple(tokens[begin:end])].add(tokens[begin - 1])
    return times, Counter({tokens: len(others) for tokens, others in before.items()})

# %% [markdown]
# From every count it takes a little, the *discount*. What it took goes to the shorter run, so that nothing is impossible (Kneser and Ney 1995; Chen and Goodman 1999). On two short texts of five different tokens, this slow version and the library's quick one agree:

# %%
def probability(token, before, counts, befores, n_tokens):
    """How probable a token is after the tokens before it, a tuple."""
    shorter = probability(token, before[1:], befores, befores, n_tokens) if before else 1 / n_tokens
    after = {run[-1]: count for run, count in counts.items() if run[:-1] == before}
    if not after:
        return shorter
    same_length = [count for run, count in counts.items() if len(run) == len(before) + 1]
    taken = discounts(np.array(same_length))  # from a count of 0, 1, 2, and 3 or more
    total, count = sum(after.values()), after.get(token, 0)
    left = sum(taken[min(each, 3)] for each in after.values()) / total
    return (count - taken[min(count, 3)]) / total + left * shorter


short = [[0, 1, 2, 1, 2, 3, 1, 2], [0, 2, 1, 2, 2, 1]]
slow = [probability(3, tuple(short[0][k - 2 : k]), *count_runs(short, 3), 5) for k in (2, 5, 8)]
quick = [KneserNey(3, 5).fit(list(map(np.array, short))).probabilities(short[0][k - 2 : k])[3]
         for k in (2, 5, 8)]
assert np.allclose(slow, quick)

# %% [markdown]
# ## The claim's card
#
# Three tests, and the claim needs them all. The margins of grammar and meaning lie halfway between guessing and always being right: 75 for one in two, 62.5 for one in four.

# %%
claim = ledger.get("llm-grammar-context")
claim

# %% [markdown]
# **Exercise 1. A margin.** Somebody offers *five* lines in place of four. Where does the margin lie then, in percent?

# %% exercise="3_grammar.1"
answer_1 = ...
### BEGIN SOLUTION
answer_1 = (20 + 100) / 2
### END SOLUTION

# %% check="3_grammar.1"
exercises.check("3_grammar.1", answer_1)

# %% [markdown]
# What do you expect of a model of half a million weights?

# %%
predicted = {"real sentences preferred (%)": 90, "right lines picked (%)": 40,
             "verdict": "not supported"}

# %% [markdown]
# ## Grammar
#
# Take a sentence and swap two neighbouring words. Which of the two does the model find more probable? Whoever guesses is right in 50 of 100. We take at most three sentences from each held-out page. Sentences of one page resemble each other, so the interval draws pages.

# %%
def sentences(text):
    """Sentences of 6 to 30 plain words, at most three."""
    found = [s.strip() for s in " ".join(text.split()).split(". ")]
    plain = [s for s in found if all(w.strip(",;()'").isalpha() for w in s.split())]
    return [s for s in plain if 6 <= len(s.split()) <= 30][:3]


def swapped(sentence, rng):
    """The sentence with two neighbouring words changed over; the first stays where it is."""
    words = sentence.split()
    at = rng.choice([i for i in range(1, len(words) - 1) if words[i] != words[i + 1]])
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)

# %% [markdown]
# How often does each of the two prefer the real sentence?

# %%
rng = np.random.default_rng(run.seed)
pages = [found for text in held_out if (found := sentences(text))]
real = language.encode(tokenizer, [s for page in pages for s in page])
wrong = language.encode(tokenizer, [swapped(s, rng) for page in pages for s in page])
bits_of = {"network": lambda rows: [b.sum() for b in language.token_bits(model, rows, context)],
           "n-gram": lambda rows: [ngram.bits(row)[1:].sum() for row in rows]}
of_page, grammar = np.repeat(np.arange(len(pages)), list(map(len, pages))), {}
for name, bits in bits_of.items():
    right = np.bincount(of_page, np.array(bits(real)) < np.array(bits(wrong)))  # (n_pages,)
    sizes = np.bincount(of_page)
    grammar[name] = resampling.ratio_of_totals(100 * right[None], sizes[None], seed=run.seed)
print(f"{len(real)} sentences of {len(pages)} pages; {swapped(pages[0][0], rng)!r}")
pd.Series({name: e.text("%") for name, e in grammar.items()}, name="preferred").to_frame()

# %% [markdown]
# <details><summary>A table of counts prefers real sentences, too. What does that say about the test?</summary>That one can pass it without any grammar: swapped words make runs of tokens that are rare. Only what the network has on top of the table could be grammar, and even that may be longer runs of words.</details>
#
# ## Context
#
# How much does it help to see more of the text before? We compare the network with *itself* on the same pages: once with all the text before (as far as a window reaches), once with only the three tokens that an n-gram model sees. The picture asks something else: by how many bits does the network beat the n-gram model, on the same tokens, when so many tokens stand before them in the page?

# %%
rows = language.encode(tokenizer, held_out)
all_before = [bits.sum() for bits in language.token_bits(model, rows, context, context)]
few_before = [bits.sum() for bits in language.token_bits(model, rows, 3, step=1)]
gain = resampling.percent_saved([all_before], [few_before], seed=run.seed)
starts = np.array([row[: context + 1] for row in rows if len(row) > context])  # (n_pages, T + 1)
ahead = (np.array([ngram.bits(row)[1:] for row in starts])
         - np.array(language.token_bits(model, starts, context)))  # (n_pages, T)
edges = 2 ** np.arange(int(np.log2(context)))  # 1, 2, 4, ...
lead = {f"{a} to {2 * a - 1}" if a > 1 else "1":
        resampling.bootstrap(ahead[:, a - 1 : 2 * a - 1].mean(axis=1), seed=run.seed)
        for a in edges}
fig, ax = plt.subplots(figsize=(7.5, 3.4))
plots.forest(ax, lead)
ax.axvline(0, color=plots.GREY, linestyle="--")
ax.set(xlabel="bits per token that the network saves against the 4-gram", ylabel="tokens before")
plots.show(fig, "Lead of the network over the n-gram model against the context.", lead)
print("saved by all the text before:", gain.text("%"))

# %% [markdown]
# <details><summary>What would the picture look like for a model that uses no more than three tokens?</summary>Its lead would stay as it is from "4 to 7" on. Where the intervals move to the right further down, the network uses words from far away, which the table cannot see.</details>
#
# ## Meaning
#
# A function's documentation begins with a line that says what it does. Below stands its program code. Does the model know which line belongs to which code? For functions of scikit-learn, which it has never read, we put one line at a time before the beginning of the code: the right one, then each of three from other functions. After which is the code least surprising?
#
# **Exercise 2. Who is right?** Write a function `percent_right(bits)`: bits, (n, 4), are the surprises of n codes after four lines; the right line is in column 0. How many percent are right? A tie is shared: where the right line ties with one other, that is half a point.

# %% exercise="3_grammar.2"
percent_right = ...
### BEGIN SOLUTION
def percent_right(bits):
    best = bits == bits.min(axis=1, keepdims=True)
    return 100 * np.mean(best[:, 0] / best.sum(axis=1))
### END SOLUTION

# %% check="3_grammar.2"
exercises.check("3_grammar.2", percent_right)

# %% [markdown]
# The same tokens of code are scored each time, and each sees as much of a line. As a rival stands a person's quick trick: take the line with the most *words in common* with the code.

# %%
def code_bits(lines, code):
    """Mean surprise of a token of the code after each of the lines, in bits: (n_lines,)."""
    code = language.encode(tokenizer, [code])[0][1:][: context // 2]
    heads = language.encode(tokenizer, [f"{line}\n\n" for line in lines])
    rows = [np.concatenate([head[: context // 2], code]) for head in heads]
    return [bits[-len(code) :].mean() for bits in language.token_bits(model, rows, context)]

# %% [markdown]
# Now all functions, each with its four lines:

# %%
with_code = [d for d in (*scikit.train, *scikit.validation, *scikit.test) if d.code]
chosen = documents.drawn(with_code, settings.functions, run.seed)
lines = np.array([d.text.split("\n\n")[0].replace("\n", " ")[:100] for d in chosen])
everyone, surprises, in_common = np.arange(len(chosen)), [], []
for i, function in enumerate(chosen):
    four = lines[[i, *rng.choice(np.delete(everyone, i), 3, replace=False)]]
    surprises.append(code_bits(four, function.code[:400]))
    of_code, *of_lines = (set(re.findall("[a-z]{3,}", text.lower()))
                          for text in (function.code[:400], *four))
    in_common.append([-len(words & of_code) for words in of_lines])
meaning = {}
for name, scores in {"network": np.array(surprises), "common words": np.array(in_common)}.items():
    best = scores == scores.min(axis=1, keepdims=True)
    meaning[name] = resampling.bootstrap(100 * best[:, 0] / best.sum(axis=1), seed=run.seed)
pd.Series({name: e.text("%") for name, e in meaning.items()}, name="right line").to_frame()

# %% [markdown]
# ## Verdict
#
# For a model of this size that has read this much:

# %%
verdict = claim.judge({"grammar": grammar["network"], "context": gain,
                       "meaning": meaning["network"]}, run.profile)
answers = {"real sentences preferred (%)": grammar["network"],
           "right lines picked (%)": meaning["network"], "verdict": verdict.word}
display(verdict)
results.beside(predicted, answers)

# %% [markdown]
# Compare the two rivals of the last test once more.

# %%
text_view.folded("If the network picks the right line more often than a guess, does it understand?",
                 f"It is right in {meaning['network'].text('%')}; counting common words in "
                 f"{meaning['common words'].text('%')}. Whoever picks the right line may only have "
                 "noticed a word that stands in both. And a model that is no better than a guess "
                 "has not learned it here: it is small, and has read hardly any code.")

# %% [markdown]
# The verdict and your exercises go into a results file, from which the course makes its page.

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)

# %% [markdown]
# ## What this adds
#
# Lesson 3 measured how well a model predicts. This lab asked what it has to know for that, and each answer stands beside a rival that knows nothing. "It passed the test" is worth as much as the rival that failed it.
#
# Back to [lesson 3](../3_small_llm.ipynb).
