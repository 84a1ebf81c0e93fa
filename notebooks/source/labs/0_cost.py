# %% [markdown]
# # Lab 0 · What does it cost?
#
# **Four claims.** A deep network takes long to train and is quick to use. A language model answers without a noticeable wait. Making a picture takes far more computing power than looking at one. And the need for power rises from classic machine learning to deep learning, and again to language models and generative AI.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Comparing Speed and Efficiency" and "Key Differences / Computing Power".*
#
# You need [lessons 1](../1_classic_ml.ipynb) [to 4](../4_generative_model.ipynb): models come from each. Allow 45 minutes.

# %% [markdown]
# **Why this matters.** Somebody pays for every training and for every answer, in money and in electricity. Whoever compares two offers needs one yardstick for both.

# %%
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from course_utils.claims import intervals, ledger, resampling
from course_utils.claims.estimates import Estimate, span
from course_utils.data import docstrings
from course_utils.exercises.lab_0_cost import exercises
from course_utils.models import bill, costs, diffusion, language, priced
from course_utils.models.transformer import as_llama
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

# %% [markdown]
# How *good* a model gets is hardly asked here, so all trainings are short. All compute on **one core of the processor**, even where there is a graphics card: only then do CPU seconds mean the same for all.

# %%
run = start("0_cost")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    rows=256,  # pictures, or pieces of text, that a model learns from
    passes=8,  # that a network makes over them; lesson 2's makes as many
    repeats=5,  # trainings of the CNN and of the best classic model
    prompts=100,  # beginnings that the language model is asked to continue
)

# %% [markdown]
# ## The yardstick
#
# Four numbers for each model, always measured the same way:
#
# - **parameters**: the numbers that training sets;
# - **[operations](../glossary.md#operations)**: multiplications, additions and comparisons, counted, for one training and for one use;
# - **CPU seconds** of one training;
# - **CPU milliseconds** of one use, when many are asked for at once.
#
# One use is a class for a picture, a token of text, or a new picture. Seconds depend on the machine, operations do not. The module `bill` measures all four: it trains a model, uses it, and counts; the rules of counting stand in the module `costs`.

# %% [markdown]
# ## Twelve models from four lessons
#
# | group | technology | models | training set |
# |---|---|---|---|
# | 1 | classic | logistic regression, SVM, random forest, boosted trees (20 rounds) | 256 digits of 28 × 28 pixels |
# | 2 | deep | MLP, lesson 2's CNN, and one twice as wide | the same |
# | 3 | LLM | a small Llama, pre-trained and then fine-tuned | 256 pieces of 64 tokens, then 51 |
# | 3 | generative | [VAE](../glossary.md#vae), lesson 4's diffusion model, and a smaller one | the 256 digits |
#
# A VAE presses a picture into 16 numbers, and unfolds 16 random numbers into a new picture in one go.

# %%
data = priced.load(run.seed)

# %% [markdown]
# ## What do you expect?
#
# The four cards, with what would count as evidence. For *far more* the course says ten times, for *slow to train* five times, for *without a wait* a tenth of a second. For the last claim the course compares **pairs** of models from two groups: a pair is *in order* when the model of the later group took more CPU seconds of training. (The article puts language models and generative AI level, so they are one group.)

# %%
claims = [ledger.get("dl-slow-train-fast-use"), ledger.get("llm-real-time"),
          ledger.get("gen-power"), ledger.get("cmp-compute")]
display(*claims)

# %% [markdown]
# **Your prediction**, in place of our guesses: how many times the CPU seconds of a classic model does the CNN train? How many times faster than you read does a small language model write? How many times the operations of looking at a picture does it take to make one? And what share of the pairs is in order?

# %%
predicted = {
    "training, CNN over classic (×)": 10,
    "writing over reading (×)": 5,
    "operations, making over looking (×)": 50,
    "pairs in order (%)": 95,
}

# %% [markdown]
# ## The bill
#
# Each network makes eight passes over its training set. `priced.train` trains all twelve models, and gives their costs by technology, and the models.

# %%
bills = {}
bills["as it is"], models = priced.train(data, settings.rows, settings.passes, run.seed)
by = {cost.model: cost for several in bills["as it is"].values() for cost in several}
costs.cost_table(by.values())

# %% [markdown]
# How much data a model gets is a choice, too. So we train all again, on half the rows and on twice as many. For networks, twice the set means twice the steps. (Whoever trains for a fixed number of steps pays the same for any set.) It takes most of a minute.

# %%
for size, times in {"halved": 0.5, "doubled": 2}.items():
    n = int(times * settings.rows)
    bills[size], _ = priced.train(data, n, settings.passes, run.seed)

# %% [markdown]
# In a picture: the dot is the training on 256 rows, the line goes from half of them to twice as many. Before you look: do the four technologies lie apart?

# %%
seconds = {}  # of each model, from half the rows to twice as many
for cost in [c for size in bills for several in bills[size].values() for c in several]:
    seconds.setdefault(f"{cost.technology}: {cost.model}", []).append(cost.train_cpu_s)
spans = {name: Estimate(s[0], min(s), max(s), 3) for name, s in seconds.items()}
figure, ax = plt.subplots(figsize=(9, 5))
plots.forest(ax, spans)
ax.set(xscale="log", xlabel="CPU seconds of one training")
plots.show(figure, "CPU seconds of one training for each of twelve models, with a line from "
           "half the training set to twice as much, on a logarithmic axis.", spans)
text_view.folded("Compare your answer", "; ".join(
    f"{technology}: {span([cost.train_cpu_s for cost in several], 's')}"
    for technology, several in bills["as it is"].items()) + ".")

# %% [markdown]
# **Exercise 0_cost.1** Write `in_order(lower, upper)`: what share, in %, of all pairs of a number from the list `lower` and one from the list `upper` has the larger number in `upper`? For `[1, 5]` and `[3, 9]` it is 75.

# %% exercise="0_cost.1"
in_order = ...
### BEGIN SOLUTION
def in_order(lower, upper):
    pairs = [low < high for low in lower for high in upper]
    return 100 * sum(pairs) / len(pairs)
### END SOLUTION

# %% check="0_cost.1"
exercises.check("0_cost.1", in_order)

# %% [markdown]
# ## Does the need for power rise?
#
# `bill.in_order` does that for the pairs of all three groups. We chose the models, so there is no population that they were drawn from, and no interval in the usual sense. But a finding should not hang on one model, or on how much data one technology got. So we count again with each model left out, and with each technology's training set halved and doubled: nine bills, each with thirteen counts.

# %%
groups = ["classic"], ["deep"], ["LLM", "generative"]


def share(several):  # of pairs in order, in %
    return bill.in_order([[cost.train_cpu_s for cost in several if cost.technology in group]
                          for group in groups])


def shares(**changed):  # with all models, then with each left out
    several = [cost for technology in costs.TECHNOLOGIES
               for cost in bills[changed.get(technology, "as it is")][technology]]
    return [share(several), *(share([c for c in several if c is not out]) for out in several)]


variants = {"as it is": shares()} | {f"{technology}, {size}": shares(**{technology: size})
            for technology in costs.TECHNOLOGIES for size in ("halved", "doubled")}

# %% [markdown]
# One line a bill: the large dot has all twelve models, each small one leaves one out, and the line goes from the smallest to the largest share.

# %%
every = np.concatenate(list(variants.values()))
rising = Estimate(variants["as it is"][0], every.min(), every.max(), len(by))
rising_verdict = claims[3].judge({"ordered": rising}, run.profile)
ranges = {name: Estimate(s[0], min(s), max(s), len(s)) for name, s in variants.items()}
figure, ax = plt.subplots(figsize=(9, 5))
ax.set(xlabel="pairs in order (%)", xlim=(min(65, every.min() - 3), 101))
plots.forest(ax, ranges, margin=90, dots=variants)
ax.axvline(70, color=plots.GREY, linestyle=":")
plots.show(figure, "Share of pairs in order in nine bills, a small dot for each model left out; "
           "dashed the 90 percent that support needs, dotted the 70 below which it fails.", ranges)
without = dict(zip(by, variants["as it is"][1:], strict=True))
most = max(without, key=without.get)
text_view.folded("Which model disturbs the order most?", f"The {most}: without it, "
                 f"{without[most]:.0f} % of the pairs are in order, with it {rising.effect:.0f} %.")
rising_verdict

# %% [markdown]
# And all of them are models of seconds. Boosting with 100 rounds in place of 20 takes five times as long. Llama 2 with its 7 billion parameters has read 2 trillion tokens (Touvron and others 2023): about 8 × 10²² operations; find ours in the bill. Whoever chooses *how large* each model is chooses the answer: mistrust every such table, this one too.

# %% [markdown]
# ## Three more verdicts
#
# **A deep network: slow to train, quick to use?** We hold the CNN against the classic model that is right most often.

# %%
flat, asked = priced.rows_for("classic", data.pixels), data.pixels[-1000:]
right = {name: models[name].score(flat[-1000:], data.labels[-1000:])
         for name in priced.classic(run.seed)}
best = max(right, key=right.get)
print("best classic model:", best)

# %% [markdown]
# Both are trained on five sets that share no picture. And we take the wait for *one* answer, by the clock: 100 pictures one after the other, ten more before them to warm up. What annoys people is the slow answers, so we take the slowest in a hundred.

# %%
spent, slowest = [], []
for rows in np.arange(settings.repeats * settings.rows).reshape(settings.repeats, -1):
    cnn = priced.deep(len(rows), settings.passes, run.seed)["CNN"]
    cnn.fit(data.pixels[rows], data.labels[rows])
    fit_classic = partial(models[best].fit, flat[rows], data.labels[rows])
    spent.append([cnn.history_.cpu_s, costs.cpu_seconds(fit_classic)])
    waits = bill.waits_ms(cnn.predict, asked[:110, None], warm_up=10)
    slowest.append(np.percentile(waits, 99))
ratio = intervals.paired_ratio(*np.transpose(spent))
slow_fast_verdict = claims[0].judge(
    {"slow_train": ratio, "fast_use": intervals.t_interval(slowest)}, run.profile)
slow_fast_verdict

# %% [markdown]
# **A language model: an answer without a wait?** We take lesson 3's model that was trained further and comes with the course. `as_llama` hands its weights to a library whose `generate` remembers what it has written (the KV cache). Each prompt is 32 tokens of documentation. We take the wait for the first token, and the words that come in a second over the 238 words a minute that people read (Brysbaert 2019); a word counts as many tokens as in the documentation. Again the slowest in a hundred, with an interval over the prompts; three more warm up.

# %%
shipped, tokenizer = language.shipped()
texts = [page.text for page in docstrings.load()[1].test]
tokens = language.encode(tokenizer, texts)
tokens_a_word = sum(map(len, tokens)) / sum(len(text.split()) for text in texts)
prompts = language.windows(tokens, priced.PIECE)[: settings.prompts + 3]
write = partial(priced.write, as_llama(shipped))
first_ms = bill.waits_ms(partial(write, n_tokens=1), prompts, warm_up=3)
n_words = priced.WRITTEN / tokens_a_word
speeds = n_words / (bill.waits_ms(write, prompts, warm_up=3) / 1000) / (238 / 60)
slow = {"first_token": (first_ms, 99), "reading_speed": (speeds, 1)}  # and the percentile
tests = {test: resampling.bootstrap(values, partial(np.percentile, q=q), seed=run.seed)
         for test, (values, q) in slow.items()}
at_once_verdict = claims[1].judge(tests, run.profile)
at_once_verdict

# %% [markdown]
# **Does making a picture take far more than looking at one?** Fifty pictures that the diffusion model makes, against fifty that the CNN looks at. The ratio of times is measured three times in turn; operations are counted and have no spread. The verdict is about diffusion, which looks at its picture 25 times before it is done; beside it stands the VAE, which makes one in one go.

# %%
counted = {name: by[name].predict_operations / by["CNN"].predict_operations
           for name in ("diffusion", "VAE")}
time = bill.time_ratio(partial(diffusion.sample, models["diffusion"], np.arange(50) % 10, run.seed),
                       partial(models["CNN"].predict, asked[:50]))
tests = {"operations": Estimate(*[counted["diffusion"]] * 3, 1), "time": time}
power_verdict = claims[2].judge(tests, run.profile)
print(f"beside it, a VAE: {counted['VAE']:.2g} × the operations of a look of the CNN")
exercises.given("0_cost.2", train_cpu_s=by["CNN"].train_cpu_s,
                predict_cpu_ms=by["CNN"].predict_cpu_ms)
power_verdict

# %% [markdown]
# **Exercise 0_cost.2** A training is paid once, a use every time. After how many pictures has *using* the CNN cost as much CPU time as one training of it? `by["CNN"].train_cpu_s` and `by["CNN"].predict_cpu_ms` are in the bill.

# %% exercise="0_cost.2"
n_pictures = ...
### BEGIN SOLUTION
n_pictures = 1000 * by["CNN"].train_cpu_s / by["CNN"].predict_cpu_ms
### END SOLUTION

# %% check="0_cost.2"
exercises.check("0_cost.2", n_pictures)

# %% [markdown]
# ## What this lab adds
#
# The lessons asked how *good* a model is. Now you can put a price beside it, in units that fit every offer. The report page shows this bill beside the first article's table. Your predictions beside what came out:

# %%
came_out = dict(zip(predicted, [ratio, at_once_verdict.outcomes[1].estimate,
                                power_verdict.outcomes[0].estimate, rising], strict=True))
results.beside(predicted, came_out)

# %% tags=["nbval-check-output"]
results.finish(run, [slow_fast_verdict, at_once_verdict, power_verdict, rising_verdict], exercises,
               predicted, came_out, costs=by.values())
