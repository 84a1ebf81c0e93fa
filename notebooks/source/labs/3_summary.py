# %% [markdown]
# # Lab 3 · Can a language model summarise code?
#
# **The claim.** Language models can write, summarise, translate, answer questions and produce code.
#
# *Sources: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Large Language Models" and "Applications"; "Deep Learning vs. Machine Learning" (a university's IT blog), section "What Are Large Language Models?".*
#
# This lab needs [lesson 3](../3_small_llm.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** Programs sum up meetings, mails and other programs, and mostly it reads well. Is it also right? Programmers have written down right answers: a function of a well-kept library begins with one line that says what it does. We take the line away, show the model the code, and compare. Translation, answers and writing code are not tested.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from course_utils.claims import dependent, ledger
from course_utils.data import docstrings
from course_utils.exercises.lab_3_summary import exercises
from course_utils.models import costs, language, probes, summaries, training
from course_utils.models.ngrams import KneserNey
from course_utils.report import results
from course_utils.run import choose_precision, start
from course_utils.show import plots, text_view

run = start("3_summary")
costs.use_one_core()
plots.use_style()
settings = run.settings(functions=10_000, most_code=32, steps=300, batch=16, rate=0.05)

# %% [markdown]
# ## Functions and their lines
#
# `summaries.functions` keeps functions whose line has 3 to 20 words, of numpy, scipy, pandas and scikit-learn. The three parts (to learn from, for validation, to test on) share no source file. Line and code of one to be tested:

# %%
general, scikit = docstrings.load()
train = summaries.functions((*general.train, *scikit.train))[: settings.functions]
validation = summaries.functions((*general.validation, *scikit.validation))[: settings.functions]
test = summaries.functions((*general.test, *scikit.test))[: settings.functions]
truth, files = [summaries.line(page) for page in test], [page.file for page in test]
print(f"functions to learn from: {len(train)}, for validation: {len(validation)}")
print(f"to test on: {len(test)}, from {len(set(files))} files. One of them:\n")
print(f"{truth[0]}\n\n{test[0].code[:400]}")

# %% [markdown]
# ## How near is one line to another?
#
# "Compute the mean of an array." and "Compute an array's mean." say the same. No simple count sees meaning. ROUGE-L (Lin 2004) counts words in common *in the same order*: the longest row of words that one gets from both texts by striking words out. Here it is *compute an array*, 3 words, and a table finds it, field by field:
#
# | |compute|an|array|s|mean|
# |---|---|---|---|---|---|
# |**compute**|1|1|1|1|1|
# |**the**|1|1|1|1|1|
# |**mean**|1|1|1|1|2|
# |**of**|1|1|1|1|2|
# |**an**|1|2|2|2|2|
# |**array**|1|2|3|3|3|
#
# A field says how many words the texts have in common up to there. If its two words are *equal*, it is one more than the field *diagonally* above to the left. If not, one of the two words must be struck out: which fields remain? Outside the table stands 0. A loop goes through all fields, from the top; you write what one field holds.

# %% [markdown]
# **Exercise 3_summary.1 One field.** Write `field(equal, diagonal, above, left)`: `equal` is True or False, the others are whole numbers. Return the field's number, in one or two lines.

# %% exercise="3_summary.1"
field = ...


### BEGIN SOLUTION
def field(equal, diagonal, above, left):
    return diagonal + 1 if equal else max(above, left)


### END SOLUTION

# %% check="3_summary.1"
exercises.check("3_summary.1", field)

# %% [markdown]
# ROUGE-L is twice the common words over the words of both texts: here 2 · 3 / (6 + 5) = 55 %. Equal texts have 100 %. `summaries.rouge` computes it.
#
# ## Two rivals that understand nothing
#
# `def train_test_split(*arrays, test_size)` has the line "Split arrays into random train and test subsets.": half of it stands in the names. So the first rival, our [baseline](../glossary.md#baseline), "writes" the words of the function's and its arguments' names. The second is the lesson's [n-gram](../glossary.md#n-gram) model, which sees four tokens before the next.

# %%
def scored(made):
    return np.array([summaries.rouge(a, b) for a, b in zip(made, truth, strict=True)])


names = [" ".join(summaries.name_words(page)) for page in test]
of_names = scored(names)
print(f"right: {truth[0]}\nnames: {names[0]}")
print(f"ROUGE-L {of_names[0]:.0f} %, mean of all {np.mean(of_names):.1f} %")

# %% [markdown]
# ## A prompt, and a loss for the answer alone
#
# A [language model](../glossary.md#language-model) only continues text. To make it do a task, one writes a [prompt](../glossary.md#prompt) after which the answer is the natural continuation. Ours:
#
# ```
#  train test split arrays test size none train size none … <|begin|>
#  Split arrays into random train and test subsets. <|begin|>
# ```
#
# In the texts that the course's [pre-trained](../glossary.md#pre-training) model has read, `<|begin|>` stands before each page, and a page begins with its line. It has read prose, not code. So we give it the code as words, at most 32 [tokens](../glossary.md#token), and [fine-tune](../glossary.md#fine-tuning) it on pairs. It should learn to write lines, not code: only the tokens of the answer count in the [loss](../glossary.md#loss).

# %% [markdown]
# **Exercise 3_summary.2 Mask the prompt.** Write `answer_loss(scores, targets, counts)`: scores (B, T, n_tokens) before softmax, the tokens that should come (B, T), and which of them count, (B, T) of True and False. Return the mean [cross-entropy](../glossary.md#cross-entropy) of those that count, a tensor of shape (). `F.cross_entropy(scores, targets)` takes (n, n_tokens) and (n,).

# %% exercise="3_summary.2"
answer_loss = ...


### BEGIN SOLUTION
def answer_loss(scores, targets, counts):
    return F.cross_entropy(scores[counts], targets[counts])


### END SOLUTION

# %% check="3_summary.2"
exercises.check("3_summary.2", answer_loss)

# %% [markdown]
# ## The claim, as it will be judged
#
# - **Writing** (two rows): the model's mean ROUGE-L, divided by that of each rival, must be above 1.1.
# - **Choosing** (one row): four lines, the right one and three from the *same file*. The model must take the right one at least 5 [points](../glossary.md#percentage-point) more often than *name overlap*, which takes the line with most words of the names; where m lines tie, it counts 1/m. Only files with at least four different lines can ask.
#
# A row *holds* when its 95 % [interval](../glossary.md#interval) lies above the limit. Of three rows, one misses by chance more often than a single one would, so a row *fails* only when a wider interval (98.3 %) lies below it. Else it is *undecided*.

# %%
claim = ledger.get("llm-tasks")
claim

# %% [markdown]
# **Your prediction**, in place of our guesses: ROUGE-L and right choices of the fine-tuned model (guessing: 25 %), and the [verdict](../glossary.md#verdict), `"supported"`, `"not supported"` or `"inconclusive"`.

# %%
predicted = {"ROUGE-L (%)": 30, "right of four (%)": 60, "llm-tasks": "supported"}

# %% [markdown]
# ## Experiment
#
# First the prompt alone. `summaries.write` lets a model go on, always with the likeliest token, until `<|begin|>`:

# %%
model, tokenizer = language.shipped()
model.to(run.device)
lines = {"names": names}
lines["prompted only"] = summaries.write(model, tokenizer, test, settings.most_code)
text_view.boxes({"right": truth[0], "the shipped model": lines["prompted only"][0]})

# %% [markdown]
# Then fine-tuning, with the lesson's optimiser. Six times `training.fit` looks at validation functions; it keeps the weights that were best there.
#
# A pilot on the validation functions chose rate, steps and length of code. There the interval of the ratio reached 0.18 to each side, that of the choices 9 points. So about 1.28, or a lead of 14 points, is needed to hold.


# %%
def batch_loss(model, tokens, is_line):
    scores, counts = language.next_scores(model, tokens[:, :-1]), is_line[:, 1:]
    return F.cross_entropy(scores[counts], tokens[:, 1:][counts])


@torch.no_grad()
def watched(model):
    return {"loss": batch_loss(model, *(part.to(run.device) for part in aside)).item()}


data, aside = (
    summaries.pairs(tokenizer, part, settings.most_code) for part in (train, validation[::2])
)
looks = [{"step": 0} | watched(model)]
how = {"steps": settings.steps, "batch_size": settings.batch, "seed": run.seed}
how |= {"optimizers": language.recipe(settings.rate, run.device), "device": run.device}
how |= {"precision": choose_precision(run.device)}
how |= {"validate": watched, "validate_every": max(1, settings.steps // 6), "patience": 6}
history = training.fit(model, batch_loss, data, **how)
print(f"from step {len(train) // settings.batch} on it meets functions a second time")
lines["fine-tuned"] = summaries.write(model, tokenizer, test, settings.most_code)

# %% [markdown]
# Where the curves lie apart from the start, perhaps it is because pre-training has read most lines to learn from (those of numpy, scipy and pandas). From the second pass on, functions return: where training then falls and validation does not, the model learns by heart.

# %%
found = pd.DataFrame([*looks, *history.validations]).set_index("step")["loss"]
smooth = pd.Series(history.losses).rolling(20, min_periods=1).mean()
fig, ax = plt.subplots(figsize=(8, 3.4))
ax.plot(smooth, color=plots.GREY, label="training, mean of 20 steps")
ax.plot(found, label="validation", **plots.line_style(0))
ax.axvline(history.best_step, color=plots.GREY, linestyle=":", label="weights kept")
ax.set(xlabel="step", ylabel="loss of the line (nats a token)")
ax.legend()
alt = "Loss of the line's tokens on training and validation functions during fine-tuning."
plots.show(fig, alt, found.rename("validation loss (nats a token)").round(2).to_frame())

# %% [markdown]
# The n-gram model reads the same pairs, and the pages of numpy, scipy and pandas. Then read before you count: three functions, and what each writer makes of them.

# %%
pages = language.encode(tokenizer, [page.text for page in general.train])
ngram = KneserNey(5, len(tokenizer)).fit([*data[0].numpy(), *pages])
lines["n-gram"] = summaries.count_and_write(ngram, tokenizer, test, settings.most_code)
for i in np.random.default_rng(run.seed).choice(len(test), 3, replace=False):
    shown = {f"{test[i].name}: right": truth[i]}
    text_view.boxes(shown | {writer: made[i] or "(nothing)" for writer, made in lines.items()})

# %% [markdown]
# ROUGE-L of each writer, mean over functions. Functions of a file resemble each other, so the interval draws whole files anew.

# %%
rouge = {writer: scored(made) for writer, made in lines.items()}
means = {
    writer: dependent.bootstrap_groups(each, files, run.seed) for writer, each in rouge.items()
}
fig, ax = plt.subplots(figsize=(8, 3))
plots.forest(ax, means)
ax.set(xlabel="ROUGE-L (%)")
plots.show(fig, "Mean ROUGE-L of four ways to write a line, with intervals over files.", means)

# %% [markdown]
# ## Four lines, one code
#
# A line may be right in other words. So let the model *choose*. Short and common lines cost few bits after any code, so it takes the line for which the code *saves* most bits of [surprise](../glossary.md#surprise): bits with no code before it, minus bits after the code.


# %%
asked = summaries.questions(test, np.random.default_rng(run.seed))  # (n, 4), the right one first
blank = [replace(page, code="") for page in test]
bits, bits_alone = (
    summaries.line_bits(model, tokenizer, pages, asked, settings.most_code)
    for pages in (test, blank)
)
words = [set(summaries.words(line)) for line in truth]
shared = [[len(words[i] & set(names[row[0]].split())) for i in row] for row in asked]
picked = {
    "fine-tuned": probes.share_right(bits - bits_alone),
    "name overlap": probes.share_right(-np.array(shared)),
}
of_file = [files[i] for i in asked[:, 0]]
share = {who: dependent.bootstrap_groups(each, of_file, run.seed) for who, each in picked.items()}
told = {who: each.text("%") for who, each in share.items()} | {"guessing": "25 %"}
print(f"asked: {len(asked)} of {len(test)} functions, of {len(set(of_file))} files")
pd.Series(told, name="right one of four taken").to_frame()

# %% [markdown]
# ## Verdict
#
# The intervals draw files, not seeds: there is one fine-tuning, of a model of 2.6 million weights.


# %%
def times(ours, theirs):
    return ours.mean() / theirs.mean()


ratios, ours = {}, rouge["fine-tuned"]
for rival in ("names", "n-gram"):
    ratios[rival] = dependent.bootstrap_statistic(times, files, ours, rouge[rival], seed=run.seed)
lead = picked["fine-tuned"] - picked["name overlap"]
chosen = dependent.bootstrap_groups(lead, of_file, run.seed)
verdict = claim.judge({"written": ratios, "chosen": chosen}, run.profile)
answers = {"ROUGE-L (%)": means["fine-tuned"], "right of four (%)": share["fine-tuned"]}
answers["llm-tasks"] = verdict.word
display(verdict)
results.beside(predicted, answers)

# %% [markdown]
# What would decide a row that is undecided? More files, not more functions of the same ones: four times as many make intervals about half as wide. If the middles stayed:

# %%
for what, each, limit in [("ratio to names", ratios["names"], 1.1), ("lead, choosing", chosen, 5)]:
    low, high = (each.effect + each.low) / 2, (each.effect + each.high) / 2
    word = "holds" if low > limit else "below the limit" if high < limit else "still undecided"
    print(f"{what}: {low:.2f} to {high:.2f}, needed above {limit}: {word}")

# %% [markdown]
# ## Does it read the code, or only the name?
#
# Call every function `f` and let the fine-tuned model write once more. Then give it no code at all: it always writes the same line.

# %%
hidden = [replace(p, code=p.code.replace(summaries.own_name(p), "f", 1)) for p in test]
nameless = summaries.write(model, tokenizer, hidden, settings.most_code)
without = scored(nameless)
lost = dependent.bootstrap_groups(ours - without, files, run.seed)
alone = summaries.write(model, tokenizer, blank[:1], settings.most_code)[0]
of_alone = scored([alone] * len(test)).mean()
text_view.boxes({"its name": lines["fine-tuned"][0], "called f": nameless[0], "no code": alone})
text_view.folded(
    "How much of its ROUGE-L does the model lose without the name?",
    f"{lost.text('points')}: {ours.mean():.1f} % with the name, {without.mean():.1f} % without. "
    f"With no code at all it has {of_alone:.1f} %: that is for knowing what lines look like. What "
    f"lies between, {without.mean() - of_alone:.1f} points, comes from arguments and body.",
)

# %% [markdown]
# ## What this adds
#
# Lesson 3 fine-tunes on every token. A *task* is a prompt, a loss for the answer alone, and a score; and a score means something only beside a rival that understands nothing. ROUGE-L has limits: a wrong line may share most words with the right one ("minimum" for "maximum").

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)

# %% [markdown]
# A function of your own: `summaries.write(model, tokenizer, [replace(test[0], code="def …")], 32)`. Back to [lesson 3](../3_small_llm.ipynb).
