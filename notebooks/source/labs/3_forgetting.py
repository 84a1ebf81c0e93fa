# %% [markdown]
# # Lab 3 · Does fine-tuning make a language model forget?
#
# **The claim.** Fine-tuning does not make a language model forget what it knew before.
#
# *Source: neither article. "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024) says what [fine-tuning](../glossary.md#fine-tuning) gives, not what it takes. The question is the course's own.*
#
# This lab needs [lesson 3](../3_small_llm.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** Who learns Italian after Spanish may find that the Spanish words do not come any more. A company that fine-tunes a model on its contracts still wants ordinary letters from it. With networks this is an old worry: *catastrophic forgetting* (McCloskey and Cohen 1989).

# %%
import copy

import numpy as np
import pandas as pd
import torch

from course_utils.claims import dependent, ledger
from course_utils.data import docstrings, documents
from course_utils.exercises.lab_3_forgetting import exercises
from course_utils.models import finetuning, language, writing
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, surprise_figures, text_view

# %% [markdown]
# ## A model that knows something
#
# `language.shipped` loads lesson 3's model after half an hour of training. The *general* text is the documentation of numpy, scipy and pandas: it has read that, except the held-out pages. The *task* is scikit-learn's, new to it.
#
# For testing we take the first 255 [tokens](../glossary.md#token) of held-out pages of both.

# %%
run = start("3_forgetting")
plots.use_style()
settings = run.settings(
    budgets={"30 pages": [30, 2], "300 pages": [300, 1]},  # pages of the task, and most passes
    seeds=3, test_pages={"general": 80, "task": 40}, general_pages=500, words=10)
model, tokenizer = language.shipped()
general, task = docstrings.load()
held_out = {"general": general.test, "task": task.test}
pages = {name: documents.drawn(part, settings.test_pages[name], run.seed)
         for name, part in held_out.items()}
test = {name: [row[:256] for row in language.encode(tokenizer, [page.text for page in part])]
        for name, part in pages.items()}


def bits(model):
    """The bits of each token of each test page: for both texts a list of arrays."""
    return {name: language.token_bits(model, rows, 255) for name, rows in test.items()}


before = bits(model)
for name, part in pages.items():
    print(f"{name}: {len(part)} pages of {len({page.file for page in part})} files, "
          f"{np.concatenate(before[name]).mean():.2f} bits per token")

# %% [markdown]
# ## How is forgetting measured?
#
# Ask the model for the same general pages before and after fine-tuning. If they surprise it more, it has lost something. By hand, with two pages: 100 and 300 bits before, 110 and 310 after. In all 400 became 420, so 5 % are lost. (The mean of the pages' 10 % and 3.3 % would count a short page as much as a long one.)

# %% [markdown]
# **Exercise 3_forgetting.1 Percent lost.** Write `percent_lost(after, before)`: two arrays with the bits of the same pages, shape (n_pages,). It returns how many percent more bits the pages cost in all.

# %% exercise="3_forgetting.1"
percent_lost = ...
### BEGIN SOLUTION
def percent_lost(after, before):
    return 100 * (after.sum() / before.sum() - 1)
### END SOLUTION

# %% check="3_forgetting.1"
exercises.check("3_forgetting.1", percent_lost)

# %% [markdown]
# ## The claims, as they will be judged
#
# The old remedy against forgetting is to **rehearse**: while it learns the new, the model goes on reading some of the old. That is the second claim.
#
# A pilot (other pages, other seeds; outcome at the verdict) promised ± 0.8 points. But our 80 pages come from 11 files, and pages of one file resemble each other: expect about ± 2.
#
# Read the cards, and write yours in place of our guesses. (The cards say bits per byte, the pages above were counted in bits per token: same pages, same percent.)

# %%
claims = [ledger.get("llm-finetune-keeps"), ledger.get("llm-finetune-rehearse")]
display(*claims)
predicted = {
    "lost after 30 pages (%)": 2.0, "lost after 300 pages (%)": 4.0,
    "verdict: it keeps what it knew": "supported", "verdict: rehearsal keeps it": "supported"}

# %% [markdown]
# ## One fine-tuning, watched
#
# `drawn` takes so many pages of the task: of 30 pages, 24 as [windows](../3_small_llm.ipynb) of 257 tokens to learn from, 6 for [validation](../glossary.md#validation) (of 300, 240 and ten). `fine_tune` does what the lesson does, at its low [rates](../glossary.md#learning-rate): `finetuning.adapt` is the lesson's loop. After each pass it looks at the validation pages (the first of `parts`); the best weights stay.

# %%
to_learn = language.encode(tokenizer, [page.text for page in task.train])


def drawn(budget, seed):
    """Windows to learn from (n, 257), and validation pages."""
    part = finetuning.draw(to_learn, settings.budgets[budget][0], seed)
    return language.windows(part.train, finetuning.CONTEXT), part.validation[:10]


def fine_tune(windows, passes, seed, parts):
    """A fine-tuned copy of the model, and the history of its training."""
    tuned, share = copy.deepcopy(model), finetuning.SETTINGS["fine-tuned"]["share"]
    history = finetuning.adapt(tuned, windows, parts, share=share, passes=passes, seed=seed,
                               device=run.device)
    return tuned, history

# %% [markdown]
# One training on 30 pages, with a look at 20 general pages as well. Left: does it learn? Right: what happens to the general pages meanwhile? Its validation pages may share a file with pages that it learns from, which flatters; the test pages do not.

# %%
windows, validation = drawn("30 pages", run.seed)
some = language.encode(tokenizer, [page.text for page in general.validation[:20]])
parts = {"task": validation, "general": some}
few_passes = settings.budgets["30 pages"][1]
tuned, history = fine_tune(windows, few_passes, run.seed, parts)
curve = [{"step": 0, **finetuning.look(model, parts)}, *history.validations]
losses = np.array(history.losses) / np.log(2)  # in bits
shown = surprise_figures.learned_and_lost(losses, pd.DataFrame(curve).set_index("step"), "task")
plots.show(*shown)
text_view.folded("Does it forget while it learns?", shown[1])

# %% [markdown]
# ## Experiment
#
# Two budgets, three [seeds](../glossary.md#seed) each, every seed with other pages. First all of the small budget (the watched training is one of them) and one of the large. The budgets differ in passes, too: at most two over 30 pages, one over 300.

# %%
def measure(budget, seed):
    """A model fine-tuned on pages of this budget and seed; `after` keeps its bits."""
    windows, validation = drawn(budget, seed)
    passes = settings.budgets[budget][1]
    tuned, _ = fine_tune(windows, passes, seed, {"task": validation})
    after[budget, seed] = bits(tuned)
    return tuned


seeds = range(run.seed, run.seed + settings.seeds)
after = {("30 pages", run.seed): bits(tuned)}
for seed in seeds[1:]:
    measure("30 pages", seed)
tuned = measure("300 pages", run.seed)

# %% [markdown]
# Then the other seeds of the large one. (Each of the two cells takes about half a minute.)

# %%
for seed in seeds[1:]:
    tuned = measure("300 pages", seed)

# %% [markdown]
# `lost` is your exercise with an interval: `dependent.percent_more` adds up the bits of each file, and draws files and seeds anew ([bootstrap](../glossary.md#bootstrap); its n counts files).

# %%
def lost(name, ours, theirs):
    """Percent more bits for ours than for theirs, two lists with the bits of each seed's model."""
    totals = [[[page.sum() for page in found[name]] for found in each] for each in (ours, theirs)]
    return dependent.percent_more(*totals, [page.file for page in pages[name]], run.seed)


same = [before] * len(seeds)
losses = {f"{name}, {budget}": lost(name, [after[budget, seed] for seed in seeds], same)
          for name in test for budget in settings.budgets}
fig, ax = plots.plt.subplots(figsize=(7.5, 2.6))
plots.forest(ax, losses, margin=claims[0].tests[0].margin, direction="below",
             judged=len(settings.budgets))
ax.axvline(0, color=plots.GREY, linestyle=":")
ax.set(xlabel="bits lost by fine-tuning (%); dashed: margin for the general pages")
plots.show(fig, "Bits lost by fine-tuning on general and on task pages, for two budgets.", losses)

# %% [markdown]
# ## Verdict
#
# For this model, these texts and these rates. (In the pilot, 30 pages had cost 6.5 %.)

# %%
kept = {budget: losses[f"general, {budget}"] for budget in settings.budgets}
verdict = claims[0].judge({"lost": kept}, run.profile)
answers = dict(zip(predicted, [*kept.values(), verdict.word], strict=False))
display(verdict, results.beside({asked: predicted[asked] for asked in answers}, answers))
said = {"holds": "less than 5 % lost", "fails": "more than 5 % lost", "undecided": "open"}
print(*(f"{each.group}: {said[each.word]}" for each in verdict.outcomes), sep="; ")

# %% [markdown]
# ## Which words did it forget?
#
# For each whole word of the general test pages that occurs eight times or more: by how much did its mean surprise change? (The last model: 300 pages, last seed.)

# %%
tokens = [tokenizer.decode([token]) for row in test["general"] for token in row[1:]]
last = after["300 pages", seeds[-1]]
at_first, at_last = (np.concatenate(found["general"]) for found in (before, last))
table = pd.Series(at_last - at_first).groupby(tokens).agg(["mean", "size"]).query("size >= 8")
change = table["mean"][table.index.str.fullmatch(" [A-Za-z]{3,}")].sort_values(ascending=False)
ends = pd.concat([change.head(settings.words), change.tail(settings.words)])
plots.show(*surprise_figures.changes(ends.to_dict()))
habit = ("numpy writes `int, optional`, scikit-learn `int, default=3`: it unlearned a habit of "
         "writing.") if change.index[0] == " optional" else ""
text_view.folded(
    "Did all words get harder?",
    f"{100 * (change > 0).mean():.0f} % of these {len(change)} words surprise it more than before. "
    f"The bars are the extremes of one training. {habit}")

# %% [markdown]
# The same beginning of a general page, continued before and after; `writing.write` draws the tokens as the lesson does (temperature 0.7).

# %%
prompt = "Return the DataFrame with missing values filled.\n\nParameters\n----------\n"
text_view.boxes({
    name: writing.write(each, tokenizer, prompt, n_tokens=50, seed=run.seed)
    for name, each in (("before", model), ("after 300 pages", tuned))})

# %% [markdown]
# <details><summary>What would forgetting look like here?</summary>
#
# The words of pandas (Series, axis) would give way to those of scikit-learn ("array-like of shape (n_samples,"). One sample proves nothing; change the seed or the prompt and look at more.
#
# </details>

# %% [markdown]
# ## Can one do something about it?
#
# To rehearse, we put old windows among the new ones.
#
# **Exercise 3_forgetting.2 A mixture.** Write `mixed(task, general, share)`: two tensors of windows, (n, T + 1) and (m, T + 1). It returns all windows of the task, then the first k general ones, k such that the general ones make up `share` of all (rounded). `torch.cat([a, b])` joins.

# %% exercise="3_forgetting.2"
mixed = ...
### BEGIN SOLUTION
def mixed(task, general, share):
    n_general = round(share / (1 - share) * len(task))
    return torch.cat([task, general[:n_general]])
### END SOLUTION

# %% check="3_forgetting.2"
exercises.check("3_forgetting.2", mixed)

# %% [markdown]
# For the experiment we need `old` windows, from general pages that the model has read.

# %%
old_pages = documents.drawn(general.train, settings.general_pages, run.seed)
old = language.windows(
    language.encode(tokenizer, [page.text for page in old_pages]), finetuning.CONTEXT)

# %% [markdown]
# Now 30 pages again, half and half, in *as many steps*. So it reads each page of the task once instead of twice. But whoever learns less may forget less, old pages or not. So there is a **rival**: the task pages once, and no old ones, in half the steps. And a **control**: old pages only, as many steps. What it loses, the task did not cause. (One seed, for want of time.)

# %%
rehearsed, once = [], []
for seed in seeds:
    windows, validation = drawn("30 pages", seed)
    for arm, rows in ((rehearsed, torch.cat([windows, old[: len(windows)]])), (once, windows)):
        arm.append(bits(fine_tune(rows, few_passes // 2, seed, {"task": validation})[0]))
control = [bits(fine_tune(old[: 2 * len(windows)], few_passes // 2, seed, {"task": validation})[0])]

# %% [markdown]
# Each training has learned something (to the left) and lost something (upwards). The star is the model before; best would be far to the left of it, and no higher.

# %%
arms = {"twice": [after["30 pages", seed] for seed in seeds], "once": once,
        "once, and old pages\n(rehearsal)": rehearsed,
        "old pages only\n(control, one seed)": control}
fig, ax = plots.plt.subplots(figsize=(9, 3.6))
ax.plot(0, 0, "*", color=plots.GREY, markersize=12, label="not at all (before)")
numbers = {}
for i, (arm, found) in enumerate(arms.items()):
    y, x = (lost(name, found, same[: len(found)]) for name in ("general", "task"))
    numbers |= {f"general, {arm}": y, f"task, {arm}": x}
    ends = [[[each.effect - each.low], [each.high - each.effect]] for each in (y, x)]
    ax.errorbar(x.effect, y.effect, *ends, label=arm, **plots.line_style(i))
ax.axhline(claims[1].test("lost").margin, color=plots.GREY, linestyle="--")
ax.set(xlabel="bits lost on task pages (%); a minus is a gain", ylabel="lost on general pages (%)")
ax.legend(title="task pages read (dashed: margin)", loc="upper left", bbox_to_anchor=(1, 1))
plots.show(fig, "Bits lost on task and on general pages by four ways to go on.", numbers)

# %% [markdown]
# All meet the same test pages, so their differences are surer than these bars say. The verdict takes the cost from the differences, file by file.

# %%
kept, cost = lost("general", rehearsed, same), lost("task", rehearsed, arms["twice"])
verdicts = [verdict, claims[1].judge({"lost": kept, "cost": cost}, run.profile)]
answers["verdict: rehearsal keeps it"] = verdicts[1].word
display(verdicts[1], results.beside(predicted, answers))
beyond = {name: lost(name, rehearsed, once) for name in test}
begin = "The" if beyond["general"].high < 0 else "Nothing shows that the"
text_view.folded(
    "Is it the old pages, or only that it reads less of the task?",
    f"Rehearsal against the rival: {beyond['general'].text('%')} on general pages, "
    f"{beyond['task'].text('%')} on task pages (minus: fewer bits). {begin} old pages "
    "helped to keep the general text. The control, without the task, lost "
    f"{numbers['general, ' + list(arms)[-1]].text('%')} on general pages.")

# %% [markdown]
# ## What this adds to lesson 3
#
# - Whoever reports a gain on a task should report what it cost elsewhere: one more line of code.
# - A remedy needs a rival that costs nothing. Here it is: read less.
# - To rehearse needs the old text. A model that you download comes without it.
# - Our two texts are both documentation of Python. Between novels and contracts there may be more to lose, and with higher rates or more passes as well.
#
# **On your own text**: below `docstrings.load()`, write `task = own_text.load(Path("FOLDER"), general)`, with `own_text` from `course_utils.data` and `Path` from `pathlib`.
#
# Back to [lesson 3](../3_small_llm.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers)
