# %% [markdown]
# # Lab 3 · Does a language model learn grammar, context and meaning?
#
# **The claim.** From nothing but raw text, a language model learns grammar, context and semantics, that is, meaning.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "How AI Systems Handle Data".*
#
# This lab needs [lesson 3](../3_small_llm.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** Nobody tells a language model what a verb is. But your phone suggests "are" after "they". Is that grammar, or has it only counted which word follows which? For each big word we need a test that a model can fail, and a rival that knows nothing.

# %%
import numpy as np
import pandas as pd

from course_utils.claims import dependent, ledger, resampling
from course_utils.data import docstrings, documents
from course_utils.exercises.lab_3_grammar import exercises
from course_utils.models import language, probes
from course_utils.models.ngrams import KneserNey
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, surprise_figures, text_view

# %% [markdown]
# ## A model and its rival
#
# The **network** is lesson 3's model after half an hour of training. The **4-gram** model counts: it predicts a [token](../glossary.md#token) from the three before it ([n-gram](../glossary.md#n-gram)). It has read the documentation of numpy, scipy and pandas; the network has read that and eleven more packages. So the 4-gram has read less: three packages, not fourteen. `held_out` are pages that neither has read.

# %%
run = start("3_grammar")
plots.use_style()
settings = run.settings(train_pages=5000, held_out_pages=400, places=4, functions=250)
model, tokenizer = language.shipped()
general, scikit = docstrings.load()
read = [page.text for page in general.train[: settings.train_pages]]
ngram = KneserNey(4, len(tokenizer)).fit(language.encode(tokenizer, read))
held_out = (*general.validation, *general.test)[: settings.held_out_pages]
n_files = len({page.file for page in held_out})
weights = sum(each.numel() for each in model.parameters())
print(f"{weights / 1e6:.1f} million weights; {len(held_out)} pages held out, of {n_files} files")

# %% [markdown]
# ## A sentence, token by token
#
# The [surprise](../glossary.md#surprise) of a token is −log₂ of the probability that the model gave it, in bits. These two sentences differ in one token (orange). Where does the network notice? (`probes.by_token` gives tokens and bits.)

# %%
pair = ("The shape of the output arrays is given.", "The shape of the output arrays are given.")
bars = [probes.by_token(model, tokenizer, sentence) for sentence in pair]
plots.show(*surprise_figures.sentences(bars))

# %% [markdown]
# <details><summary>Where should it notice?</summary>
#
# At the verb: the noun that counts is the shape, five words back, while "arrays", just before the verb, pulls the other way. If "are" costs fewer bits than "is", the network has fallen for the nearer noun.
#
# </details>

# %% [markdown]
# Add up the bits, and you know which of two sentences a model finds more probable. Two sentences that differ in one thing are a **minimal pair**: a question to somebody who cannot answer questions. **Make up one of your own** and run the cell again. Swap words about as frequent: a rare word costs bits anywhere.

# %%
pairs = [
    ("This function returns a matrix.", "This function returns an matrix."),
    ("If the file does not exist, stop.", "If the file do not exist, stop."),
    ("The sum of two odd numbers is even.", "The sum of two odd numbers is odd."),
    ("The mean of the values is a number.", "The mean of the values is a banana.")]


def surprises(texts):
    """Bits of each text for the two models, each (n,)."""
    rows = language.encode(tokenizer, texts)
    return {"network": language.page_bits(model, rows, 255),
            "4-gram": np.array([ngram.bits(row)[1:].sum() for row in rows])}


good, bad = (surprises([pair[side] for pair in pairs]) for side in (0, 1))
pd.DataFrame({f"{name}: bits less for the right one": bad[name] - good[name] for name in good},
             [wrong for _, wrong in pairs]).round(1)

# %% [markdown]
# A minus means that the model likes the wrong one better.

# %% [markdown]
# **Exercise 3_grammar.1 From bits to odds.** A right sentence costs 41 bits, the wrong one 46. How many times as probable is the right one, for this model? Put one number in place of the `...`.

# %% exercise="3_grammar.1"
answer_1 = ...
### BEGIN SOLUTION
answer_1 = 2 ** (46 - 41)
### END SOLUTION

# %% check="3_grammar.1"
exercises.check("3_grammar.1", answer_1)

# %% [markdown]
# ## Four tests, as they will be judged
#
# 1. **Order.** A sentence against itself with two neighbouring words swapped.
# 2. **Agreement.** *The shape of the arrays is*, or *are*? A model that sees three tokens sees only "of the arrays".
# 3. **Context.** A token predicted from the last 255, against the last three alone.
# 4. **Meaning.** The code of a function: which of four lines says what it does?
#
# Where one of two or of four is to be chosen, the margin lies halfway between guessing and always being right.
#
# A pilot on other packages gave ± 2 to ± 8 points, so we take all held-out pages, four places in each long one, and 250 functions. Its outcomes were known to us.
#
# Read the four cards, and write down what you expect of a model of 2.6 million weights. (A chatbot on a phone has a thousand times as many.)

# %%
claims = [ledger.get("llm-grammar"), ledger.get("llm-grammar-agreement"),
          ledger.get("llm-context"), ledger.get("llm-meaning")]
display(*claims)

predicted = {"order: right (%)": 95, "agreement: right (%)": 80, "context saves (%)": 20,
             "meaning: right (%)": 50, "verdict on meaning": "not supported"}

# %% [markdown]
# ## 1. Order
#
# `probes.sentences` takes at most three sentences of plain words from a page; `probes.swapped` changes two neighbours over. (Some swaps stay right, so 100 % is out of reach.) Sentences of one source file resemble each other. So `dependent.bootstrap_groups` draws whole files anew for the interval ([bootstrap](../glossary.md#bootstrap)); its n counts files.

# %%
rng = np.random.default_rng(run.seed)
real = [(page.file, text) for page in held_out for text in probes.sentences(page.text)]
of_file, texts = zip(*real, strict=True)
swapped = [probes.swapped(text, rng) for text in texts]
print(f"{len(texts)} sentences, such as: {swapped[0]}")
real_bits, wrong_bits = surprises(texts), surprises(swapped)
right = {name: 100.0 * (real_bits[name] < wrong_bits[name]) for name in real_bits}
right["lead"] = right["network"] - right["4-gram"]
order = {name: dependent.bootstrap_groups(each, of_file) for name, each in right.items()}
table = {name: e.text() for name, e in order.items()}
display(pd.Series(table, name="right (%; the lead in points)").to_frame())
text_view.folded(
    "How can a table of counts tell? It has no grammar.",
    "Swapped words make runs of tokens that nobody writes, and runs are what it counted. "
    f"It is right in {order['4-gram'].effect:.0f} %. The next test is made so that three tokens "
    "cannot pass it.")

# %% [markdown]
# ## 2. Agreement
#
# `probes.of_the` makes *The A of the B* from every two of 20 nouns (array, value, function …): once both have the same number (shape, array), once not (shape, arrays): 1,520 sentences. Which costs fewer bits, the sentence that goes on with "is" or the one with "are"? Right is the verb that agrees with the first noun (`plural`). Half of them need "is": whoever guesses, or always says the same, is right in 50 %.

# %%
found = pd.DataFrame(probes.of_the(probes.NOUNS), columns=["text", "first", "plural", "misled"])
found["second"] = found["text"].str.split().str[-1].str.removesuffix("s")
one, many = (surprises([f"{text} {verb}" for text in found["text"]]) for verb in ("is", "are"))
for name in one:
    found[name] = 100.0 * ((many[name] < one[name]) == found["plural"])
found["lead"] = found["network"] - found["4-gram"]

# %% [markdown]
# Sentences with the same first noun are alike, and so are those with the same second noun. So the interval draws both anew (`bootstrap_crossed`; its n counts nouns). The figure leaves out the 4-gram with the other number: it sees the second noun alone, so there it reaches 100 % minus what it reaches with the same number.

# %%
agreement = {
    f"{name}, {'other' if misled else 'same'} number":
    dependent.bootstrap_crossed(part[name], part["first"], part["second"])
    for misled, part in found.groupby("misled") for name in (*one, "lead")}
rows = ("network, same number", "4-gram, same number", "network, other number")
shown = {row: agreement[row] for row in rows}
fig, ax = plots.plt.subplots(figsize=(7.5, 2.2))
plots.forest(ax, shown)
ax.axvline(50, color=plots.GREY, linestyle=":")
ax.set(xlabel="verbs that agree with the first noun (%); dotted: guessing", xlim=(-3, 103))
plots.show(fig, "Verbs that agree with the first noun, by model and noun between.", shown)
text_view.folded(
    "Below or above 50 %: what does it say when the noun between has the other number?",
    "A model that follows the nearer noun lands near 0 %, one that keeps the first in mind near "
    "100 %. (A dot at 100 without a bar: no error among these.)")

# %% [markdown]
# ## 3. Context
#
# Take a place far inside a page. Predict the token there from the last k tokens alone, for k = 1, 3, 7, … 255: always the same token, so only k differs. We do so at four places of each page that is long enough.

# %%
rows = language.encode(tokenizer, [page.text for page in held_out])
places = [(i, place) for i, row in enumerate(rows) if len(row) > 256 + settings.places
          for place in rng.choice(np.arange(256, len(row)), settings.places, replace=False)]
bits = {}
for k in (1, 3, 7, 15, 31, 63, 127, 255):
    stretches = [rows[i][place - k : place + 1] for i, place in places]
    bits[k] = np.array([each[-1] for each in language.token_bits(model, stretches, k)])
counted = np.array([ngram.bits(rows[i])[place] for i, place in places])
print(f"{len(places)} places")

# %% [markdown]
# The picture takes the differences place by place: the bits that k tokens save against three.

# %%
files = [held_out[i].file for i, _ in places]
lead = {k: dependent.bootstrap_groups(bits[3] - bits[k], files) for k in bits}
of_counts = dependent.bootstrap_groups(bits[3] - counted, files)
plots.show(*surprise_figures.context(lead, of_counts, 3))
by_file = pd.DataFrame(bits | {"4-gram": counted}).groupby(files).sum()
saved = {rival: resampling.percent_saved([by_file[255]], [by_file[rival]], seed=run.seed)
         for rival in (3, "4-gram")}
farthest = dependent.bootstrap_groups(bits[127] - bits[255], files)
text_view.folded(
    "Which tokens help most, the near ones or the far ones?",
    f"From 3 to 15 it saves {lead[15].effect:.2f} bits a token, from 127 to 255 another "
    f"{farthest.text('bits')}. All 255 together save {saved[3].text('%')} against three. Names "
    "come back in documentation: a word of the first line often stands in the last.")
text_view.folded(
    "Both see three tokens there: is it a fair race?",
    f"The 4-gram saves {of_counts.text('bits')} a token (a minus: it needs more). With three "
    "tokens the network is on unfamiliar ground; the 4-gram was made for it.")

# %% [markdown]
# ## 4. Meaning
#
# A function's page begins with a line that says what it does. For functions of scikit-learn, no page of which either model has read, we put four lines before the code, one at a time: the right one, and three of other functions. After which is the code least surprising?

# %% [markdown]
# **Exercise 3_grammar.2 Who is right?** `bits`, (n, 4), has the surprises of n codes after four lines; the right line is in column 0. Write `percent_right(bits)`: one number, the mean in %. If the right line ties for the fewest bits with m − 1 others, it counts 1/m. It may begin so:
#
# ```python
# def percent_right(bits):
#     best = bits == bits.min(axis=1, keepdims=True)  # (n, 4), True: the fewest bits of its row
# ```

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
# `code_bits` scores the same tokens of code after each line. The rival is a person's quick trick: take the line with the most *words in common* with the code (`probes.in_common`).

# %%
def code_bits(lines, code):
    """Surprise of the first 120 tokens of code after each of the lines, (n_lines,)."""
    code = language.encode(tokenizer, [code])[0][1:][:120]
    heads = language.encode(tokenizer, [f"{line}\n\n" for line in lines])
    rows = [np.concatenate([head, code]) for head in heads]
    return [bits[-len(code) :].sum() for bits in language.token_bits(model, rows, 255)]

# %% [markdown]
# Now all functions, each with its four lines. (`probes.summaries`: a line that many functions share, such as "Fit the model.", is used once.)

# %%
every = documents.drawn([*scikit.train, *scikit.validation, *scikit.test], 5000, run.seed)
page_of = probes.summaries(every)
lines, pages = np.array(list(page_of)), list(page_of.values())[: settings.functions]
scores = {"network": [], "common words": []}
for i, page in enumerate(pages):
    four = lines[[i, *rng.choice(np.delete(np.arange(len(lines)), i), 3, replace=False)]]
    scores["network"].append(code_bits(four, page.code))
    scores["common words"].append([-n for n in probes.in_common(four, page.code)])
files = [page.file for page in pages]
right = {name: probes.share_right(np.array(each)) for name, each in scores.items()}
right["lead"] = right["network"] - right["common words"]
meaning = {name: dependent.bootstrap_groups(each, files) for name, each in right.items()}
table = {name: e.text() for name, e in meaning.items()}
if callable(percent_right):
    table["network, by your function"] = np.round(percent_right(np.array(scores["network"])), 1)
display(pd.Series(table, name="right line (%; the lead in points)").to_frame())
text_view.folded(
    "If the network picks the right line more often than a guess, does it understand?",
    "Guessing gives 25 %. But whoever picks the right line may only have noticed that a word of it "
    f"comes back in the code: that alone gives {meaning['common words'].effect:.0f} %.")

# %% [markdown]
# ## Verdict
#
# For this model, at this size, after this much reading:

# %%
measured = [order["network"], agreement["network, other number"], saved[3], meaning["network"]]
verdicts = [claim.judge({claim.tests[0].id: each}, run.profile)
            for claim, each in zip(claims, measured, strict=True)]
answers = dict(zip(predicted, [*measured, verdicts[3].word], strict=True))
display(*verdicts, results.beside(predicted, answers))

# %% [markdown]
# "Supported" says that a margin was passed, not how. So beside each word belongs the rival. (A lead is network minus rival; for the context, the bits saved. It is beaten when the whole interval is above 0.)

# %%
leads = [order["lead"], agreement["lead, other number"], saved["4-gram"], meaning["lead"]]
rivals = {"Order": "4-gram", "Agreement": "4-gram", "Context": "4-gram", "Meaning": "common words"}
for (test, rival), verdict, ahead in zip(rivals.items(), verdicts, leads, strict=True):
    print(f"{test}: {verdict.word}. {rival} {'' if ahead.low > 0 else 'not '}beaten: "
          f"lead {ahead.text('%' if test == 'Context' else 'points')}")
print("    What it gets right beyond this trick could be meaning." if meaning["lead"].low > 0 else
      "    It does not beat this trick, so this test is no evidence of meaning.")

# %% [markdown]
# ## What this adds to lesson 3
#
# - A minimal pair asks a model what it cannot be asked in words. You can ask yours much, if both words are about as frequent.
# - "It passed the test" is worth as much as the rival that failed it. What counting reaches as well is no sign of grammar; to use context may be to copy a name from above.
# - The verdicts are about this model. A larger one that has read more may do what this one cannot; then the same tests would say so.
#
# Back to [lesson 3](../3_small_llm.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)
