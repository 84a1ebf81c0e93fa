# %% [markdown]
# # Lab 0 · What does it cost?
#
# **Four claims.** A deep network takes long to train and is quick to use. A language model answers without a noticeable wait. Generating takes far more computing power. And the need for power rises from classic machine learning to deep learning, and again to language models and generative AI.
#
# *Source: "Machine Learning, Deep Learning, LLMs and GenAI Compared" (TechnoLynx, 2024), sections "Comparing Speed and Efficiency" and "Key Differences / Computing Power".*
#
# You need [lessons 1](../1_classic_ml.ipynb) [to 4](../4_generative_model.ipynb): one model family comes from each. Allow 45 minutes.
#
# **Why this matters.** Somebody pays for every training and for every answer, in money and in electricity. Whoever compares two offers needs one yardstick for both.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from torch import nn
from tqdm.auto import tqdm

from course_utils.claims import intervals, ledger, resampling
from course_utils.data import docstrings, pictures
from course_utils.exercises.lab_0_cost import exercises
from course_utils.models import costs, diffusion, language, networks, training
from course_utils.report import drawings, results
from course_utils.run import start
from course_utils.show import plots, text_view

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
    words=12,  # tokens that it writes for each
    timed_s=0.5,  # how long a quick prediction is repeated
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
# One use is a class for a picture, a token of text, or a new picture. Seconds depend on the machine, operations do not.

# %%
def measure(model, technology, data, train, use, n_uses, size):
    """Train a model, then use it; `size` counts it once it is trained."""
    with costs.CostMeter() as meter:
        train()
    use_s = costs.cpu_seconds(use, at_least_s=settings.timed_s) / n_uses
    counted = size()
    return costs.Cost(model, data, technology, counted.parameters, counted.train_operations,
                      counted.predict_operations, meter.cpu_s, 1000 * use_s)

# %% [markdown]
# Who counts operations? For a layer with *a* numbers going in and *b* coming out, it is easy: each of the *b* is a sum of *a* products, so *a* multiplications and *a* additions.
#
# **Exercise 0_cost.1** Write `operations(layers)`: how many operations does an [MLP](../glossary.md#mlp) take for one picture? `layers` are the sizes of all its layers, from the input to the output.

# %%
layers = [64, 128, 128, 10]  # the MLP that we will train

# %% exercise="0_cost.1"
operations = ...
### BEGIN SOLUTION
def operations(layers):
    return sum(2 * a * b for a, b in zip(layers[:-1], layers[1:]))
### END SOLUTION

# %% check="0_cost.1"
exercises.check("0_cost.1", operations, layers=layers)

# %% [markdown]
# ## What do you expect?
#
# The four cards, with what would count as evidence. For *far more* the course says ten times, for *slow to train* five times, for *without a wait* a tenth of a second.

# %%
slow_fast, at_once = ledger.get("dl-slow-train-fast-use"), ledger.get("llm-real-time")
power, rising = ledger.get("gen-power"), ledger.get("cmp-compute")
display(slow_fast, at_once, power, rising)

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


def network(model, seed):
    """A network that is trained for the same number of steps as the others."""
    return networks.NetworkClassifier(
        model, lambda net, rows, labels: nn.functional.cross_entropy(net(rows), labels),
        steps=settings.network_steps, learning_rate=0.005, seed=seed)


def mlp():
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(),
                         nn.Linear(128, 10))


def cnn():
    return nn.Sequential(nn.Unflatten(1, (1, 8, 8)),  # (B, 64) to (B, 1, 8, 8)
                         nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
                         nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Flatten(),
                         nn.Linear(512, 10))

# %% [markdown]
# Each is trained on four fifths of the pictures, five times, and asked about the rest.

# %%
MAKERS = {
    ("logistic regression", "classic"): lambda seed: LogisticRegression(max_iter=2000),
    ("SVM", "classic"): lambda seed: SVC(gamma="scale"),
    ("random forest", "classic"): lambda seed: RandomForestClassifier(100, random_state=seed),
    ("MLP", "deep"): lambda seed: network(mlp(), seed),
    ("CNN", "deep"): lambda seed: network(cnn(), seed),
}
folds = list(StratifiedKFold(settings.folds, shuffle=True, random_state=run.seed).split(X, y))
sorters, runs, right = {}, {}, {}  # by name: the last one trained, its costs and accuracy each time
for (name, technology), make in tqdm(MAKERS.items(), desc="models"):
    for fold, (train, test) in enumerate(folds):
        model = sorters[name] = make(run.seed + fold)
        cost = measure(name, technology, "digits", lambda: model.fit(X[train], y[train]),
                       lambda: model.predict(X[test]), len(test),
                       lambda: costs.size(model, X[train]))
        runs.setdefault(name, []).append(cost)
        right.setdefault(name, []).append(100 * model.score(X[test], y[test]))

# %% [markdown]
# ## A language model
#
# A small Llama as in lesson 3 reads the documentation of numpy, scipy and pandas, and goes on with that of scikit-learn: fine-tuning. To *use* it means to write a token, with the memory of what it has written (the KV cache).

# %%
general, task = docstrings.load()
texts = {name: [document.text for document in source.train[:1000]]
         for name, source in {"general": general, "task": task}.items()}
tokenizer = language.train_tokenizer(texts["general"], 1024)
pages = {name: language.windows(language.encode(tokenizer, part), 64)
         for name, part in texts.items()}  # (n, 65) tokens
llama = language.make_llama(1024, settings.width, depth=2, seed=run.seed)


def token_loss(model, rows):
    """Mean loss of the next token."""
    scores = model(input_ids=rows[:, :-1], use_cache=False).logits  # (B, T, n_tokens)
    return nn.functional.cross_entropy(scores.flatten(0, 1), rows[:, 1:].flatten())


def write(page, n_tokens):
    """The tokens that the model continues the first half of a page with."""
    return llama.generate(page[None, :32], max_new_tokens=n_tokens, do_sample=False)


def counted(model, loss, one_use, steps, batch_size):
    """Parameters and operations of a torch model: one step is counted, all are alike."""
    step = costs.count_operations(lambda: loss().backward())
    model.zero_grad()
    parameters = sum(weights.numel() for weights in model.parameters())
    return costs.Size(parameters, step * steps * batch_size, costs.count_operations(one_use))


# %%
stages = {"Llama, pre-trained": ("general", settings.text_steps, 0.003),
          "Llama, fine-tuned": ("task", settings.text_steps // 5, 0.001)}
for name, (part, steps, rate) in stages.items():
    rows = pages[part]
    runs[name] = [measure(
        name, "LLM", "docstrings",
        lambda: training.fit(llama, token_loss, (rows,), steps=steps, batch_size=8,
                             learning_rate=rate, seed=run.seed, label=name),
        lambda: write(rows[0], settings.words + 1), settings.words + 1,
        lambda: counted(llama, lambda: token_loss(llama, rows[:1]),
                        lambda: llama(input_ids=rows[:1, :1]), steps, 8))]

# %% [markdown]
# ## Models that make pictures
#
# The diffusion model of lesson 4 (`models.diffusion` is its tested twin), and a [VAE](../glossary.md#vae), which unfolds 16 random numbers into a picture in one go.

# %%
class VAE(nn.Module):
    """Presses a picture into the mean and spread of 16 numbers, and unfolds 16 numbers again."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32))
        self.decoder = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 64), nn.Sigmoid())


def vae_loss(model, rows):
    """How badly the pictures come back, and how unlike noise the 16 numbers lie."""
    mean, log_var = model.encoder(rows).chunk(2, dim=1)  # (B, 16) each
    back = model.decoder(mean + (log_var / 2).exp() * torch.randn_like(mean))
    unlike = 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum()
    return (nn.functional.binary_cross_entropy(back, rows, reduction="sum") + unlike) / len(rows)


# %%
rows, steps, noise = torch.from_numpy(X), settings.picture_steps, torch.randn(100, 16)
vae = VAE()
runs["VAE"] = [measure(
    "VAE", "generative", "digits",
    lambda: training.fit(vae, vae_loss, (rows,), steps=steps, batch_size=32, seed=run.seed),
    torch.no_grad()(lambda: vae.decoder(noise)), 100,
    lambda: counted(vae, lambda: vae_loss(vae, rows[:1]), lambda: vae.decoder(noise[:1]), steps, 32))]

unet, asked = diffusion.make_unet((1, 8, 8), n_classes=10, seed=run.seed), np.arange(100) % 10
one = torch.from_numpy(digits.pixels[:1]), torch.from_numpy(y[:1])
runs["diffusion"] = [measure(
    "diffusion", "generative", "digits",
    lambda: diffusion.train(unet, digits.pixels, y, steps=steps, seed=run.seed, label="diffusion"),
    lambda: diffusion.sample(unet, asked, seed=run.seed), 100,
    lambda: counted(unet, lambda: diffusion.batch_loss(unet, *one),
                    lambda: diffusion.sample(unet, asked[:1], seed=run.seed), steps, 32))]

# %% [markdown]
# ## The bill
#
# One row a model; for those trained several times, the mean.

# %%
def mean_cost(several):
    """The cost of a model, averaged over its trainings."""
    first = several[0]
    numbers = {name: np.mean([getattr(cost, name) for cost in several])
               for name in vars(first) if name not in ("model", "data", "technology")}
    numbers["parameters"] = round(numbers["parameters"])
    return costs.Cost(first.model, first.data, first.technology, **numbers)


bill = [mean_cost(several) for several in runs.values()]
table = costs.cost_table(bill)
plots.show(drawings.cost_figure(bill), "Each model as a numbered mark: operations of one training "
           "against CPU time of one use, both axes logarithmic.", table)
table

# %% [markdown]
# ## Four verdicts
#
# **A deep network: slow to train, quick to use?** The CNN against the classic model that is right most often, fold by fold. And the wait for *one* answer, by the clock: 100 pictures one after the other, the first ten to warm up. What annoys people is the slow answers, so we take the slowest in a hundred.

# %%
classic = [name for name, technology in MAKERS if technology == "classic"]
best = max(classic, key=lambda name: np.mean(right[name]))
ratio = intervals.paired_ratio(*[[cost.train_cpu_s for cost in runs[name]] for name in ("CNN", best)],
                               test_share=1 / settings.folds)
waits = []
for _, test in folds:
    ms = []
    for row in X[test[:110]]:
        with costs.CostMeter() as meter:
            sorters["CNN"].predict(row[None])
        ms.append(1000 * meter.wall_s)
    waits.append(np.percentile(ms[10:], 99))
slow_fast_verdict = slow_fast.judge(
    {"slow_train": ratio, "fast_use": intervals.t_interval(waits)}, run.profile)
print(f"CNN {np.mean(right['CNN']):.1f} % right, {best} {np.mean(right[best]):.1f} %")
slow_fast_verdict

# %%
quickest = min(bill, key=lambda cost: cost.predict_cpu_ms if cost.model in sorters else np.inf)
text_view.folded(
    "Quick enough for your patience. But which of the five answers fastest?",
    f"The {quickest.model}: {quickest.predict_cpu_ms:.2g} CPU ms a picture, the CNN takes "
    f"{np.mean([cost.predict_cpu_ms for cost in runs['CNN']]):.2g}. Judged against each other, "
    "'quick to use' is another matter. And one training was counted, not the search for settings.")

# %% [markdown]
# **A language model: an answer without a wait?** Each prompt is half a page. We take the wait for the first token, and how many words come in a second, divided by the 238 words a minute that people read (Brysbaert 2019). Again the slowest in a hundred, with an interval over the prompts; three more prompts warm up.

# %%
first_ms, speeds = [], []
for page in tqdm(pages["general"][: settings.prompts + 3], desc="answers"):
    with costs.CostMeter() as first:
        write(page, 1)
    with costs.CostMeter() as answer:
        written = write(page, settings.words)
    n_words = len(tokenizer.decode(written[0, 32:]).split())
    first_ms.append(1000 * first.wall_s)
    speeds.append(n_words / answer.wall_s / (238 / 60))
worst = {"first_token": (first_ms, 99), "reading_speed": (speeds, 1)}
at_once_verdict = at_once.judge({
    test: resampling.bootstrap(np.array(values[3:]), lambda v, q=q: np.percentile(v, q), seed=run.seed)
    for test, (values, q) in worst.items()}, run.profile)
at_once_verdict

# %% [markdown]
# **Does generating take far more?** A picture that the diffusion model makes, against one that the CNN looks at. The ratio of times is measured three times in turn; operations are counted and have no spread.

# %%
by = {cost.model: cost for cost in bill}
per = by["diffusion"].predict_operations / by["CNN"].predict_operations
make_s, look_s = [], []
for seed in range(3):
    make_s.append(costs.cpu_seconds(lambda: diffusion.sample(unet, asked, seed)) / len(asked))
    look_s.append(costs.cpu_seconds(lambda: sorters["CNN"].predict(X), settings.timed_s) / len(X))
power_verdict = power.judge({"operations": ledger.Estimate(per, per, per, 1),
                             "time": intervals.paired_ratio(make_s, look_s)}, run.profile)
power_verdict

# %%
vae_per = by["VAE"].predict_operations / by["CNN"].predict_operations
text_view.folded(
    "Does that hold for every way of making pictures?",
    f"No. The diffusion model looks at its picture 20 times before it is done. The VAE looks once, and "
    f"takes {vae_per:.2g} times the operations of the CNN that only sorts. The verdict is about diffusion.")

# %% [markdown]
# **Does the need for power rise?** Each step of the order is a ratio of geometric means over the models above, with Welch's interval for two groups, on logarithms. It must lie above 1 in operations, CPU seconds and parameters.

# %%
STEPS = [("deep", "classic"), ("LLM", "deep"), ("generative", "deep")]
FIELDS = {"operations": "train_operations", "cpu_seconds": "train_cpu_s", "memory": "parameters"}


def of(technology, field):
    return [getattr(cost, field) for cost in bill if cost.technology == technology]


rising_verdict = rising.judge({
    test: {f"{above} over {below}": intervals.ratio_of_groups(of(above, field), of(below, field))
           for above, below in STEPS}
    for test, field in FIELDS.items()}, run.profile)
rising_verdict

# %% [markdown]
# Two or three models a technology are few, and we chose them. So the intervals are wide, and they speak of models like these: 64 to 512 numbers wide, trained for a minute at most. The models that people talk about are a million times larger, and they compute on graphics cards. Whoever chooses *how large* each model is, chooses the answer: mistrust every such table, this one too.
#
# **Exercise 0_cost.2** A training is paid once, a use every time. After how many pictures has *using* the CNN cost as much CPU time as one training of it?

# %%
train_cpu_s, predict_cpu_ms = by["CNN"].train_cpu_s, by["CNN"].predict_cpu_ms

# %% exercise="0_cost.2"
n_pictures = ...
### BEGIN SOLUTION
n_pictures = 1000 * train_cpu_s / predict_cpu_ms
### END SOLUTION

# %% check="0_cost.2"
exercises.check("0_cost.2", n_pictures, train_cpu_s=train_cpu_s, predict_cpu_ms=predict_cpu_ms)

# %% [markdown]
# ## What this lab adds
#
# Your predictions beside what came out:

# %%
verdicts = [slow_fast_verdict, at_once_verdict, power_verdict, rising_verdict]
answers = {
    "training, CNN over classic (×)": ratio,
    "writing over reading (×)": at_once_verdict.outcomes[1].estimate,
    "operations, making over looking (×)": power_verdict.outcomes[0].estimate,
    "does the need for power rise?": rising_verdict.word,
}
results.beside(predicted, answers)

# %% [markdown]
# The lessons asked how *good* a model is. Now you can put a price beside it, in units that do not depend on who sells it. The report page shows this bill beside the first article's table.

# %% tags=["nbval-check-output"]
results.finish(run, verdicts, exercises, predicted, answers, costs=bill)
