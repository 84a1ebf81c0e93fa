# %% [markdown]
# # Lab 4 · Why did it make this picture?
#
# **The claim.** It is hard to say why a generative model made one result and not another.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), section "Interpretability and Transparency".*
#
# This lab needs [lesson 4](../4_generative_model.ipynb) and runs on its own. Allow 45 minutes.
#
# **Why this matters.** A generator has made a poster, and a painter says: this comes from my pictures, pay me. Is she right? Whose pictures are in it, and how much of each? Programs that answer such questions exist. They print a ranking, and it looks convincing. You will build two, and then do what no court does: take the pictures away and train again.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from course_utils.claims import ledger
from course_utils.exercises.lab_4_why import exercises
from course_utils.models import costs, tracing
from course_utils.report import results
from course_utils.run import start
from course_utils.show import plots, text_view

run = start("4_why")
costs.use_one_core()
plots.use_style()
settings = run.settings(steps=tracing.STEPS, traced=0, left_out=20)

# %% [markdown]
# ## Two hundred sevens
#
# A generator that knows ten digits makes a 7 because it was asked for a 7. To get behind that answer, ours knows sevens only: 200 of MNIST, by many hands. Some have a bar, some a serif, some lean. Sixty of them:

# %%
sevens = tracing.training_pictures()  # (200, 1, 28, 28) from 0 to 1
plots.show(plots.gallery(sevens[:60], columns=15, width=0.6),
           "Sixty handwritten sevens, as people wrote them.")

# %% [markdown]
# The model is a small version of the lesson's: guess the clean picture behind the noise, 400 steps. Then it makes forty pictures, each always from its own noise. The forty that we ask about come with the course, so that everybody asks about the same.

# %%
model, history = tracing.train(sevens, seed=0, steps=settings.steps, label="on all 200")
made = tracing.made_pictures()  # (40, 1, 28, 28)
away = np.abs(tracing.make(model) - made).mean()
plots.show(plots.gallery(made, list(map(str, range(40))), width=0.8),
           "Forty sevens that the model has made, numbered.")
print(f"those made just now differ from them by {away:.3f} a pixel (1: black against white)")

# %% [markdown]
# Most came out well, some did not; we ask about all. Which training pictures are behind number 0?
#
# ## First way: what looks like it
#
# The lesson's distance *d*: 1 minus the cosine, while the made picture may move by a pixel. As a number for how much each training picture is behind it take exp(−10 *d*): 1 for a copy, and less and less with distance. The eight highest:

# %%
nearness = tracing.look_alike(made, sevens)  # (40, 200)
number = settings.traced
first = np.argsort(-nearness[number])[: settings.left_out]
fig = plots.gallery([made[number], *sevens[first[:8]]], ["made", *map(str, first[:8])], columns=9)
plots.show(fig, "A made seven and the eight training pictures nearest to it.")

# %% [markdown]
# Convincing, isn't it? But do they look alike because one made the other, or because sevens look alike?
#
# <details><summary>Answer</summary>
#
# You cannot tell from this. A seven that was never shown to the model has near neighbours among these 200, too.
#
# </details>
#
# ## Second way: who pulled?
#
# A model is what its training steps made of it. A step on a training picture moves each weight against the picture's [gradient](../glossary.md#gradient-descent). Does that step also help with the *made* picture?
#
# By hand, with two weights. The made picture's gradient is (2, −1): its loss falls when the first weight gets smaller and the second larger. A training picture has (1, 1), so a step on it makes both smaller. The first helps, by 1 · 2; the second hinders, by 1 · (−1). Together 2 − 1 = 1, above 0: it helps. This sum of products is the picture's **pull** (TracIn, Pruthi and others 2020, sums it over training).
#
# **Exercise 4_why.1 The pull.** Write `pull(gradients, gradient)`: `gradients` (n, weights) has a row for each training picture, `gradient` (weights,) is the made one's. Return n numbers.

# %% exercise="4_why.1"
pull = ...


### BEGIN SOLUTION
def pull(gradients, gradient):
    return gradients @ gradient


### END SOLUTION

# %% [markdown]
# Check it:

# %% check="4_why.1"
exercises.check("4_why.1", pull)

# %% [markdown]
# The model has 168,000 weights. `tracing.gradients` takes each picture with 36 noises at six levels, the same for all, and gives its gradient. The eight with the strongest pull on number 0:

# %%
of_training = tracing.gradients(model, sevens)  # (200, weights)
of_made = tracing.gradients(model, made)  # (40, weights)
pulls = of_made @ of_training.T  # (40, 200): what your function gives, for all forty
second = np.argsort(-pulls[number])[: settings.left_out]
fig = plots.gallery([made[number], *sevens[second[:8]]], ["made", *map(str, second[:8])], columns=9)
plots.show(fig, "A made seven and the eight training pictures that pull most.")

# %% [markdown]
# Do both ways name the same pictures?

# %%
both = len(set(first) & set(second))
text_view.folded(
    "How many do the two lists of twenty share?",
    f"{both}, and by chance {settings.left_out**2 / len(sevens):.0f} (20 · 20 / 200). "
    "Where they differ, they cannot both be the twenty that matter most. Both show eight "
    "convincing pictures.")

# %% [markdown]
# **A good place to stop.** You have two rankings and no way to say which is right.
#
# ## Take them away
#
# The proof: leave the twenty out and train again, from the same first weights. To compare, leave out twenty at random. If the twenty are the cause, a model without them should know picture 0 less well. How well a model knows a picture is its loss on it.

# %%
chance = np.random.default_rng(0).permutation(len(sevens))[: settings.left_out]
without = {"look alike": first, "pull": second, "random": chance}
again, loss = {}, {"all 200": tracing.losses(model, made)}
for name, rows in without.items():
    other, _ = tracing.train(np.delete(sevens, rows, axis=0), 0, settings.steps, f"without {name}")
    again[name], loss[name] = tracing.make(other), tracing.losses(other, made)

# %% [markdown]
# Number 0, and from the same noise what the three other models make of it:

# %%
fig = plots.gallery([made[number], *(each[number] for each in again.values())],
                    ["all 200", *(f"without\n{name}" for name in again)], width=1.5)
plots.show(fig, "The made seven, and what comes from the same noise without twenty pictures.")
more = {name: 100 * (loss[name][number] / loss["all 200"][number] - 1) for name in without}
text_view.folded(
    "What do you read off?",
    f"Its loss changes by {more['look alike']:+.0f} % without those that look alike, by "
    f"{more['pull']:+.0f} % without those that pull, by {more['random']:+.0f} % without random "
    "ones. And what comes from its noise changes in any case. But this is one picture and one "
    "training each. To judge a way of tracing takes many of both.")

# %% [markdown]
# ## How it is measured
#
# We trained on 40 random **halves**: 100 of the 200, others each time. Each half keeps some of the pictures that a ranking calls important, and lacks others. A way of tracing predicts: *the more influence a half keeps, the lower its loss on the made picture*. The prediction for a half is the sum of the numbers of the pictures that it kept. If prediction and minus the loss put the 40 halves into the same order, their **rank correlation** is 1; without any connection it is 0; opposite order: −1. (Park and others 2023 call the mean over pictures the linear datamodelling score.)
#
# **Exercise 4_why.2 Was it predicted?** Write `agreement(influence, kept, losses)`. `influence` (200,): the numbers of one way for one made picture. `kept` (40, 200): True where a half kept the picture. `losses` (40,): its loss on the made one. Return the rank correlation of predictions and −losses (`stats.spearmanr(a, b).statistic`).

# %% exercise="4_why.2"
agreement = ...


### BEGIN SOLUTION
def agreement(influence, kept, losses):
    return stats.spearmanr(kept @ influence, -losses).statistic


### END SOLUTION

# %% [markdown]
# Check it:

# %% check="4_why.2"
exercises.check("4_why.2", agreement)

# %% [markdown]
# ## The claim, as it will be judged
#
# A third way is judged, too. Pulls have much in common: nearly all sevens pull towards "a seven". `tracing.corrected` takes out of each pull what the other pictures also bring (TRAK, Park and others 2023, in a simple form).

# %%
claim = ledger.get("gen-why")
claim

# %% [markdown]
# A pilot with eight halves of other sevens gave about 0.6 for looking alike and 0.4 for the pulls. Forty halves should give an interval of about ± 0.1: enough to decide, unless the truth lies near the limit of 0.5. Write down what you expect:

# %%
predicted = {
    "look alike (rank correlation)": 0.3,
    "pull (rank correlation)": 0.5,
    "corrected pull (rank correlation)": 0.6,
    "verdict": "supported",
}

# %% [markdown]
# ## Experiment
#
# Eighty trainings, two on each half from different first weights, took about ten minutes of a processor. So they are recorded (`make trace`). You repeat one and compare:

# %%
recorded = tracing.record()  # (40, 2, 40): half, training, made picture
kept = tracing.halves(len(sevens), len(recorded))  # (40, 200)
repeated, _ = tracing.train(sevens[kept[0]], 1, settings.steps, "the first half")
here = tracing.losses(repeated, made)
print(f"mean loss on the forty: here {here.mean():.4f}, recorded {recorded[0, 0].mean():.4f}")

# %% [markdown]
# ## Verdict
#
# For each way: predictions for 40 halves and forty pictures, against the mean loss of the two trainings. The [interval](../glossary.md#interval) draws halves and pictures anew.

# %%
ways = {"look alike": nearness, "pull": pulls,
        "corrected pull": tracing.corrected(of_training, of_made)}
losses = recorded.mean(axis=1)  # (40, 40)
measured = {way: tracing.agreement(kept @ numbers.T, -losses, run.seed)
            for way, numbers in ways.items()}
verdict = claim.judge({"predicted": measured}, run.profile)
answers = dict(zip(predicted, [*measured.values(), verdict.word], strict=True))
display(verdict, results.beside(predicted, answers))

# %% [markdown]
# ## Chance has a say
#
# Could anything predict it? Train on a half again, from other first weights, and the loss is another. So compare the two trainings on each half with each other.
#
# And a second view, which is not judged: the *picture* itself. From the same noise, how far is what a model makes from what the first model made?


# %%
def compare(quantity):
    """Each way against the mean of two trainings, and these two against each other."""
    of_half = tracing.record(quantity)
    rows = {way: tracing.agreement(kept @ numbers.T, -of_half.mean(axis=1), run.seed)
            for way, numbers in ways.items()}
    return rows | {"trained again": tracing.agreement(of_half[:, 0], of_half[:, 1], run.seed)}


views = {"its loss": compare("loss"), "what comes from its noise": compare("distance")}
fig, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
for ax, (title, rows) in zip(axes, views.items(), strict=True):
    ax.set(xlabel="rank correlation", title=title, xlim=(-0.3, 1))
    plots.forest(ax, rows, margin=0.5, direction="below", judged=3)
plots.show(fig, "How well each way predicts, beside a second training; dashed: the limit.",
           {f"{title}: {way}": e for title, rows in views.items() for way, e in rows.items()})

# %% [markdown]
# Which way is best, and how near does it come to what is possible? And why is the right side so different?

# %%
twice, noise = (rows["trained again"] for rows in views.values())
best = max(measured, key=lambda way: measured[way].effect)
most = np.sqrt(2 * max(twice.effect, 0) / (1 + max(twice.effect, 0)))
text_view.folded(
    "Compare your answer",
    f"The best way is '{best}' with {measured[best].text()}. Two trainings on the same half agree "
    f"to {twice.text()}. The mean of two is less shaken by chance than one, so a perfect way could "
    f"reach about {most:.2f}; the rest is chance: first weights, order, noise. For the picture "
    f"from the same noise, two trainings agree to {noise.text()}: so much of which picture comes "
    "out is settled by the training pictures at all.")

# %% [markdown]
# The same for one picture, a dot a half. On the left the best way; on the right the second training.

# %%
fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.6))
one, other = recorded[:, :, number].T
guess = kept @ ways[best][number]
shown = [(f"prediction by '{best}'", guess, "mean loss of both", losses[:, number]),
         ("loss of the first", one, "loss of the second", other)]
for ax, (x_name, x, y_name, y) in zip(axes, shown, strict=True):
    ax.plot(x, y, "o", color=plots.COLOURS[0])
    ax.set(xlabel=x_name, ylabel=f"{y_name}, picture 0")
plots.show(fig, "Loss on one made picture by half: against the prediction, and two trainings.")

# %% [markdown]
# ## What this adds to the lesson
#
# - "Which pictures are behind it?" has an answer that can be tested: leave them out and train again.
# - Whoever shows you eight similar pictures has shown that they are similar. Ask how well the ranking predicts.
# - Part of the answer to "why this and not that?" is no picture at all: the noise that a picture begins with, and chance in training.
# - The verdict holds for a small model, 200 pictures of one digit and three simple ways. Large models have more pictures, each with less to say.
#
# Back to [lesson 4](../4_generative_model.ipynb).

# %% tags=["nbval-check-output"]
results.finish(run, [verdict], exercises, predicted, answers)
