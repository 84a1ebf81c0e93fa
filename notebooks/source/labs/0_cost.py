# %% [markdown]
# # Lab 0 · What does it cost?
#
# **Four claims.** A deep network takes long to train and is quick to use. A language model answers without a noticeable wait. Generating takes far more computing power. And the need for power rises from classic machine learning to deep learning, and again to language models and generative AI.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Comparing Speed and Efficiency" and "Key Differences / Computing Power".*
#
# You need [lessons 1](../1_classic_ml.ipynb) [to 4](../4_generative_model.ipynb): one model family comes from each. Allow 45 minutes.

# %% [markdown]
# **Why this matters.** Somebody pays for every training and for every answer, in money and in electricity. Whoever compares two offers needs one yardstick for both.

# %%
from functools import partial

import numpy as np
import pandas as pd
import torch
from IPython.display import display
from sklearn import ensemble, linear_model, model_selection, svm
from torch import nn

from course_utils.claims import intervals, ledger, resampling
from course_utils.claims.estimates import Estimate
from course_utils.data import docstrings, pictures
from course_utils.exercises.lab_0_cost import exercises
from course_utils.models import bill, costs, diffusion, language, networks, vae
from course_utils.models.transformer import Size, Transformer, as_llama
from course_utils.report import drawings, results
from course_utils.run import start
from course_utils.show import plots

# %% [markdown]
# All models here are small, smaller than in the lessons, and trained briefly. Costs do not depend on how *good* a model gets, so nothing is said about that. And all compute on **one core of the processor**, even where there is a graphics card: only then do CPU seconds mean the same for all.

# %%
run = start("0_cost")
costs.use_one_core()
plots.use_style()
settings = run.settings(
    folds=5,  # trainings of each model that sorts pictures
    network_steps=300,  # steps of MLP and CNN, 64 pictures each
    picture_steps=300,  # steps of the diffusion model; the VAE takes as many
    text_steps=250,  # steps of pre-training; fine-tuning takes a fifth
    width=64,  # numbers that stand for a token in the language model
    prompts=100,  # beginnings that it is asked to continue
    tokens=12,  # that it writes for each
)

# %% [markdown]
# ## The yardstick
#
# Four numbers for each model, always measured the same way:
#
# - **parameters**: the numbers that training sets;
# - **[operations](../glossary.md#operations)**: multiplications and additions, counted, for one training and for one use;
# - **CPU seconds** of one training;
# - **CPU milliseconds** of one use, when many are asked for at once.
#
# One use is a class for a picture, a token of text, or a new picture. Seconds depend on the machine, operations do not. The module `bill` measures all four: it trains a model, uses it, and counts (for torch with torch's own counter, for scikit-learn's models by the rules that lesson 1 explains).
#
# Who counts operations? For a layer with *a* numbers going in and *b* coming out, it is easy: each of the *b* is a sum of *a* products, so *a* multiplications and *a* additions.

# %% [markdown]
# **Exercise 0_cost.1** Write `operations(layers)`: how many operations does an [MLP](../glossary.md#mlp) take for one picture? `layers` are the sizes of all its layers, from the input to the output: `[64, 128, 10]` for the one below.

# %% exercise="0_cost.1"
operations = ...
### BEGIN SOLUTION
def operations(layers):
    return sum(2 * layers[k] * layers[k + 1] for k in range(len(layers) - 1))
### END SOLUTION

# %% check="0_cost.1"
exercises.check("0_cost.1", operations)

# %% [markdown]
# ## What do you expect?
#
# The four cards, with what would count as evidence. For *far more* the course says ten times, for *slow to train* five times, for *without a wait* a tenth of a second.

# %%
claims = [ledger.get("dl-slow-train-fast-use"), ledger.get("llm-real-time"),
          ledger.get("gen-power"), ledger.get("cmp-compute")]
display(*claims)

# %% [markdown]
# **Your prediction**, in place of our guesses: how many times the CPU seconds of a classic model does the CNN train? How many times faster than you read does a small language model write? How many times the operations of looking at a picture does it take to make one? And the last claim's word?

# %%
predicted = {
    "training, CNN over classic (×)": 10,
    "writing over reading (×)": 5,
    "operations, making over looking (×)": 50,
    "does the need for power rise?": "supported",
}

# %% [markdown]
# ## Models that sort pictures
#
# The 8 × 8 digits of lesson 2, each a row of 64 numbers. Three classic models from lesson 1 and 2, and two networks.

# %%
digits = pictures.load_digits()
X, y = digits.pixels.reshape(len(digits.labels), -1), digits.labels

# %%
def class_loss(network, rows, labels):
    return nn.functional.cross_entropy(network(rows), labels)


network = partial(networks.NetworkClassifier, batch_loss=class_loss,
                  steps=settings.network_steps, learning_rate=0.005)


def untrained(seed):  # by name and technology
    torch.manual_seed(seed)
    mlp = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    cnn = nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))
    return {
        ("logistic regression", "classic"): linear_model.LogisticRegression(max_iter=2000),
        ("SVM", "classic"): svm.SVC(),
        ("random forest", "classic"): ensemble.RandomForestClassifier(random_state=seed),
        ("MLP", "deep"): network(mlp, seed=seed),
        ("CNN", "deep"): network(cnn, seed=seed),
    }

# %% [markdown]
# Each is trained on four fifths of the pictures, five times, and asked about the rest.

# %%
splitter = model_selection.StratifiedKFold(settings.folds, shuffle=True, random_state=run.seed)
folds = list(splitter.split(X, y))
runs, sorters, right = {}, {}, {}  # by name, for each fold: costs, models, accuracy in %
for fold, (train, test) in enumerate(folds):
    for (name, technology), model in untrained(run.seed + fold).items():
        cost = bill.measure_classifier(
            name, technology, "digits", model, X[train], y[train], X[test])
        runs.setdefault(name, []).append(cost)
        sorters.setdefault(name, []).append(model)
        right.setdefault(name, []).append(100 * model.score(X[test], y[test]))

# %% [markdown]
# ## A language model
#
# A small Llama as in lesson 3 reads the documentation of numpy, scipy and pandas, and goes on with that of scikit-learn: fine-tuning. Both stages are trainings of the same model. To *use* it means to write a token; `as_llama` hands the weights to a library whose `generate` remembers what it has written (the KV cache). `bill.measure_network` trains with lesson 2's loop, `training.fit`, and then uses the network; its operations are counted on *one* row and multiplied.

# %%
texts = [[document.text for document in part.train[:1000]] for part in docstrings.load()]
tokenizer = language.train_tokenizer(texts[0], 1024)
general, task = (language.windows(language.encode(tokenizer, text), 64) for text in texts)
llama = as_llama(Transformer(Size(1024, settings.width, depth=2), run.seed))


def write(page, n_tokens=settings.tokens):  # what follows on the first half of a page
    how = {"max_new_tokens": n_tokens, "min_new_tokens": n_tokens, "do_sample": False}
    return llama.generate(page[None, :32], **how)[0, 32:]


for name, pages, share in (("Llama, pre-trained", general, 1), ("Llama, fine-tuned", task, 5)):
    runs[name] = [bill.measure_network(
        name, "LLM", "docstrings", llama, language.next_token_loss, (pages,),
        use=partial(write, pages[0]), n_uses=settings.tokens,
        use_once=partial(llama, input_ids=pages[:1, :1]), steps=settings.text_steps // share,
        batch_size=8, learning_rate=0.003 / share, seed=run.seed)]

# %% [markdown]
# ## Models that make pictures
#
# The diffusion model of lesson 4 (the module `diffusion` holds its code), and a [VAE](../glossary.md#vae), which presses a picture into 16 numbers and unfolds 16 random numbers into a picture in one go.

# %%
unet, net = diffusion.make_unet((1, 8, 8), 10, run.seed), vae.VAE(n_pixels=64)
clean = torch.from_numpy(2 * digits.pixels - 1)  # (n, 1, 8, 8) from −1 to 1


def make(n):  # pictures (n, 1, 8, 8) of the digits 0, 1, 2 …
    return diffusion.sample(unet, np.arange(n) % 10, seed=run.seed)


measure = partial(bill.measure_network, technology="generative", data="digits", n_uses=100,
                  steps=settings.picture_steps, batch_size=32, learning_rate=0.005, seed=run.seed)
runs["diffusion"] = [measure(
    "diffusion", network=unet, batch_loss=diffusion.batch_loss, rows=(clean, torch.from_numpy(y)),
    use=lambda: make(100), use_once=lambda: make(1))]
runs["VAE"] = [measure(
    "VAE", network=net, batch_loss=vae.batch_loss, rows=(torch.from_numpy(X),),
    use=lambda: vae.sample(net, 100, run.seed), use_once=lambda: vae.sample(net, 1, run.seed))]

# %% [markdown]
# ## The bill
#
# One row a model; for those trained several times, the mean. Before you look: which of the five that sort pictures answers fastest?

# %%
by = {name: bill.mean(several) for name, several in runs.items()}
plots.show(drawings.cost_figure(list(by.values())), "Each model as a numbered mark: operations of "
           "one training against CPU time of one use, both axes logarithmic.")
costs.cost_table(by.values())

# %% [markdown]
# <details><summary>Compare your answer</summary>
#
# The last column says it: logistic regression. It multiplies the picture with one table of weights and is done. The CNN is quick, but beside the other four it is not the quick one.
#
# </details>
#
# ## Four verdicts

# %% [markdown]
# **A deep network: slow to train, quick to use?** The CNN against the classic model that is right most often, fold by fold. And the wait for *one* answer, by the clock: 100 pictures one after the other, the first ten to warm up. What annoys people is the slow answers, so we take the slowest in a hundred.

# %%
classic = ["logistic regression", "SVM", "random forest"]
best = max(classic, key=lambda name: np.mean(right[name]))
seconds = [[cost.train_cpu_s for cost in runs[name]] for name in ("CNN", best)]
ratio = intervals.paired_ratio(*seconds, test_share=1 / settings.folds)
slowest = [np.percentile(bill.waits_ms(model.predict, X[test[:110], None], warm_up=10), 99)
           for model, (_, test) in zip(sorters["CNN"], folds, strict=True)]
tests = {"slow_train": ratio, "fast_use": intervals.t_interval(slowest)}
slow_fast_verdict = claims[0].judge(tests, run.profile)
slow_fast_verdict

# %% [markdown]
# **A language model: an answer without a wait?** Each prompt is half a page. We take the wait for the first token, and how many words come in a second, divided by the 238 words a minute that people read (Brysbaert 2019). Again the slowest in a hundred, with an interval over the prompts; three more prompts warm up.

# %%
prompts = general[: settings.prompts + 3]
first_ms = bill.waits_ms(partial(write, n_tokens=1), prompts, warm_up=3)
answer_ms = bill.waits_ms(write, prompts, warm_up=3)
n_words = [len(tokenizer.decode(write(page)).split()) for page in prompts[3:]]
speeds = n_words / (answer_ms / 1000) / (238 / 60)  # times the speed of reading
slow = {"first_token": (first_ms, 99), "reading_speed": (speeds, 1)}  # and the percentile
tests = {test: resampling.bootstrap(values, partial(np.percentile, q=q), seed=run.seed)
         for test, (values, q) in slow.items()}
at_once_verdict = claims[1].judge(tests, run.profile)
at_once_verdict

# %% [markdown]
# **Does generating take far more?** Pictures that the diffusion model makes, against pictures that the CNN looks at, 100 each. The ratio of times is measured three times in turn; operations are counted and have no spread.

# %%
counted = by["diffusion"].predict_operations / by["CNN"].predict_operations
look = partial(sorters["CNN"][0].predict, X[:100])
tests = {"operations": Estimate(counted, counted, counted, 1),
         "time": bill.time_ratio(partial(make, 100), look)}
power_verdict = claims[2].judge(tests, run.profile)
power_verdict

# %% [markdown]
# <details><summary>Does that hold for every way of making pictures?</summary>
#
# No. The diffusion model looks at its picture 20 times before it is done; the VAE looks once. Find its row in the bill: a picture of the VAE takes *fewer* operations than a look of the CNN. So the verdict is about diffusion.
#
# </details>
#
# **Does the need for power rise?** Each step of the order is a ratio of geometric means over the models above, with Welch's interval for two groups, on logarithms. It must lie above 1 in operations, CPU seconds and parameters.

# %%
table = pd.DataFrame(by.values()).set_index("technology")


def steps_up(field):
    order = [("deep", "classic"), ("LLM", "deep"), ("generative", "deep")]
    return {f"{above} over {below}": intervals.ratio_of_groups(
        table.loc[above, field], table.loc[below, field]) for above, below in order}


fields = {"operations": "train_operations", "cpu_seconds": "train_cpu_s", "memory": "parameters"}
tests = {test: steps_up(field) for test, field in fields.items()}
rising_verdict = claims[3].judge(tests, run.profile)
exercises.given("0_cost.2", train_cpu_s=by["CNN"].train_cpu_s,
                predict_cpu_ms=by["CNN"].predict_cpu_ms)
rising_verdict

# %% [markdown]
# Two or three models a technology are few, and we chose them. So the intervals are wide, and they speak of models as small as these, trained for seconds. The models that people talk about are far larger, and they compute on graphics cards. Whoever chooses *how large* each model is, chooses the answer: mistrust every such table, this one too.

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
# The lessons asked how *good* a model is. Now you can put a price beside it, in units that do not depend on who sells it. The report page shows this bill beside the first article's table. Your predictions beside what came out:

# %%
answers = dict(zip(predicted, [
    ratio, at_once_verdict.outcomes[1].estimate, power_verdict.outcomes[0].estimate,
    rising_verdict.word], strict=True))
results.beside(predicted, answers)

# %% tags=["nbval-check-output"]
results.finish(run, [slow_fast_verdict, at_once_verdict, power_verdict, rising_verdict], exercises,
               predicted, answers, costs=by.values())
