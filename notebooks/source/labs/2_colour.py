# %% [markdown]
# # Lab 2 · Can a network colour a black-and-white photo?
#
# **The claim.** A deep network can give a black-and-white photo believable colours.
#
# *Source: "Deep Learning vs. Machine Learning: What's the Difference?" (a university's IT blog), section "Examples of Deep Learning".*
#
# This lab needs [lesson 2](../2_deep_cnn.ipynb): convolution, stride, training loop, folds. Allow 45 minutes.
#
# **Why this matters.** In the album is a photo of your great-grandmother, in grey. An app paints her dress blue. Did it know, or guess?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from skimage import color
from torch import nn
from tqdm import tqdm

from course_utils.claims import intervals, ledger, resampling
from course_utils.data import photos
from course_utils.exercises.lab_2_colour import exercises
from course_utils.models import colouring, costs, training
from course_utils.report import results
from course_utils.run import start
from course_utils.show import network_figures, plots

run = start("2_colour")
costs.use_one_core()
plots.use_style()
settings = run.settings(strips=4, squares=1600, steps=200, seeds=3)

# %% [markdown]
# ## Seven photographs, and what colour is
#
# Seven colour photographs lie inside installed packages. (Palace: danielbuechele, flower: vultilion, both CC BY 2.0, made smaller; the others are free of copyright.) We take the colours away, so we know what was there.
#
# **Lab** takes brightness and colour apart. *L* is the lightness, from 0 (black) to 100 (white): a black-and-white photo keeps it. *a* goes from green (below 0) to red, *b* from blue (below 0) to yellow. So *L* is given, and *a* and *b* have to be guessed at each pixel.
#
# `color.rgb2lab` takes colours apart, our `photos.in_colour` puts them together.

# %%
photographs = photos.load().pixels  # name: (height, width, 3), the longer side 192 pixels
lab = {name: color.rgb2lab(pixels).astype(np.float32) for name, pixels in photographs.items()}
L, a, b = lab["flower"].transpose(2, 0, 1)  # (height, width) each
shown = {name: photos.in_colour(photo[..., 0], photo[..., 1:]) for name, photo in lab.items()}
shown["flower: L"] = L / 100
shown["a alone"] = photos.in_colour(0 * L + 70, np.dstack([a, 0 * b]))
shown["b alone"] = photos.in_colour(0 * L + 70, np.dstack([0 * a, b]))
plots.show(plots.gallery(list(shown.values()), list(shown), columns=5, width=1.8),
           "Seven photographs; the flower's lightness, its a (green to red), b (blue to yellow).")

# %% [markdown]
# ## How far off is a guess?
#
# At each pixel, the **distance** between the guessed colour (*a*, *b*) and the true one (*a'*, *b'*) is √((*a* − *a'*)² + (*b* − *b'*)²). Below about 2, most eyes see no difference; from strong orange to blue it is over 100. The error of a picture is the mean over its pixels.
#
# The [baseline](../glossary.md#baseline) looks at nothing: it paints every pixel in the *mean colour* of the training pictures. How much of its error does a guess **save**? 0 % is no better, 100 % perfect, below 0 worse.
#
# **Exercise 2_colour.1 What a guess saves.** Write `saved(guess, mean, true)`. `guess` and `true` have shape (height, width, 2), `mean` is one colour, (2,). Return by how much the mean distance of the guess is smaller than the mean colour's, in % of the latter. (`np.linalg.norm(x, axis=-1)` gives the length at each pixel.)

# %% exercise="2_colour.1"
saved = ...


### BEGIN SOLUTION
def saved(guess, mean, true):
    ours = np.linalg.norm(guess - true, axis=-1).mean()
    theirs = np.linalg.norm(mean - true, axis=-1).mean()
    return 100 - 100 * ours / theirs


### END SOLUTION

# %% check="2_colour.1"
exercises.check("2_colour.1", saved)

# %% [markdown]
# ## A network from a picture to a picture
#
# A petal and a cloud can be equally light. Their surroundings tell them apart, and a [CNN](../glossary.md#cnn) sees those. The lesson's gave one answer a picture; here every pixel needs one. So there is no linear layer: the network is **fully convolutional**: no size of picture is built in.
#
# Two strides of 2 quarter height and width (ours are cut to multiples of 4) to save work; at the end they are stretched back. That blurs colours a little, which eyes hardly notice. The fourth window has gaps (**dilation** 2: every other pixel), so that it sees further: 31 × 31 pixels.

# %% [markdown]
# **Exercise 2_colour.2 Write it.** `make_network()` returns an `nn.Sequential`: four times `colouring.block(n_in, n_out, **settings)` (3 × 3 convolution, batch norm, ReLU), then `nn.Conv2d(64, ?, 1)`, then `nn.Upsample(scale_factor=4, mode="bilinear")`, which stretches.
#
# | block | channels | settings |
# |---|---|---|
# | first | ? → 16 | `stride=2, padding=1` |
# | second | 16 → 32 | `stride=2, padding=1` |
# | third | 32 → 64 | `padding=1` |
# | fourth | 64 → 64 | `padding=2, dilation=2` |

# %% exercise="2_colour.2"
make_network = ...


### BEGIN SOLUTION
def make_network():
    return nn.Sequential(
        colouring.block(1, 16, stride=2, padding=1),
        colouring.block(16, 32, stride=2, padding=1),
        colouring.block(32, 64, padding=1),
        colouring.block(64, 64, padding=2, dilation=2),
        nn.Conv2d(64, 2, 1), nn.Upsample(scale_factor=4, mode="bilinear"),
    )


### END SOLUTION

# %% check="2_colour.2"
exercises.check("2_colour.2", make_network)

# %% [markdown]
# The lab's own copy is `colouring.make_network`. It learns from random squares of 40 × 40 pixels, half of them mirrored; `colouring.squares` cuts them and gives *L*/50 − 1, *a*/50 and *b*/50, all from about −1 to 1. The [loss](../glossary.md#loss) is the mean squared error of *a* and *b*; `training.fit` is the lesson's loop.


# %%
def batch_loss(model, grey, ab):
    """Mean squared error of a batch."""
    return nn.functional.mse_loss(model(grey), ab)


def train(parts, seed, **more):
    """A network that has learned from parts (h, w, 3), and the history of its losses."""
    torch.manual_seed(seed)
    model, data = colouring.make_network(), colouring.squares(parts, settings.squares, 40, seed)
    return model, training.fit(model, batch_loss, data, steps=settings.steps, batch_size=16,
                               weight_decay=0.1, seed=seed, **more)


# %% [markdown]
# A practice run, on four *other* pictures (galaxies, a motorcycle, the back of an eye, stained tissue), on which all settings were chosen. Each is cut into four upright strips: three to train, the last to [validate](../glossary.md#validation). Baseline: the mean colour. (The last strips may be easier to paint.)


# %%
def strips(photo):
    """A photograph in upright strips."""
    return np.array_split(photo, settings.strips, axis=1)


four = [strips(color.rgb2lab(each)) for each in photos.load(pilot=True).pixels.values()]
seen = [strip.astype(np.float32) for photo in four for strip in photo[:-1]]
torch.manual_seed(run.seed)  # so that the loss at step 0 is that of the network that is trained
grey, ab = (each.float() for each in colouring.squares([photo[-1] for photo in four], 100, 40, 0))
losses = {0: batch_loss(colouring.make_network().eval(), grey, ab).item()}
_, history = train(seen, run.seed, validate_every=5,
                   validate=lambda model: {"loss": batch_loss(model, grey, ab)})
losses |= {each["step"]: each["loss"] for each in history.validations}
mean = torch.tensor(colouring.by_grey_level(seen)[0]).reshape(2, 1, 1) / 50
plots.show(*network_figures.losses(history.losses, pd.Series(losses),
                                   ((mean - ab) ** 2).mean().item(), "of a/50 and b/50, squared"))

# %% [markdown]
# ## The claims, as they will be judged
#
# *Where* you test decides what you find out. So there are two claims:
#
# - **Unseen parts** of photographs whose other parts it saw in colour. It may know this cat's fur.
# - **New photographs**, of which it saw nothing, like your great-grandmother's.
#
# The first leans on 92 blocks of about 48 × 48 pixels, the second on seven photographs, each left out once. If what is saved has a standard deviation of *s* points between these, its [interval](../glossary.md#interval) reaches about 1.4 *s* to either side. It decides only if the result is farther than that from the [margin](../glossary.md#margin), 10 %. (Between the four practice pictures, *s* was 46: 64 points to either side.)
#
# We ask for the *true* colours. Whether a wrong one is believable, only people could judge.

# %%
claim, claim_new = ledger.get("dl-colour"), ledger.get("dl-colour-new")
display(claim)
claim_new

# %% [markdown]
# **Your prediction**, in place of our guesses:

# %%
predicted = {
    "saved on unseen parts (%)": 20,
    "saved on new photographs (%)": 20,
    "dl-colour": "supported",
    "dl-colour-new": "supported",
}

# %% [markdown]
# ## Experiment
#
# A rival without a network: for each grey level, the mean colour of all training pixels as light as that (`colouring.by_grey_level`). Network, grey levels and mean colour learn from the same parts; each then turns a lightness into *a* and *b*.


# %%
def learn(parts, seed):
    """Three functions from lightness to colours (h, w, 2)."""
    (model, _), (mean, table) = train(parts, seed), colouring.by_grey_level(parts)
    return {"network": lambda L: colouring.paint(model, L),
            "grey level": lambda L: table[L.round().astype(int)],
            "mean colour": lambda L: 0 * L[..., None] + mean}


# %% [markdown]
# **Unseen parts.** Four [folds](../glossary.md#fold): one strip of every photograph is painted by those that learned from all other strips. Three [seeds](../glossary.md#seed), half a minute:


# %%
def paint_parts(seed):
    """Colours of each photograph, strip by strip: {photograph: {guesser: (h, w, 2)}}."""
    found = {name: {} for name in lab}
    for k in range(settings.strips):
        seen = [s for photo in lab.values() for i, s in enumerate(strips(photo)) if i != k]
        for who, guess in learn(seen, seed).items():
            for name, photo in lab.items():  # paint all of it, keep the strip not seen
                found[name].setdefault(who, []).append(strips(guess(photo[..., 0]))[k])
    return {n: {who: np.hstack(s) for who, s in each.items()} for n, each in found.items()}


seeds = [int(seed) for seed in np.random.SeedSequence(run.seed).generate_state(settings.seeds)]
of_parts = [paint_parts(seed) for seed in tqdm(seeds, "unseen parts")]

# %% [markdown]
# **New photographs.** Each is painted by those that learned from the six others:


# %%
def paint_new(name, seed):
    """Colours of one photograph: {guesser: (h, w, 2)}."""
    learned = learn([photo for other, photo in lab.items() if other != name], seed)
    return {who: guess(lab[name][..., 0]) for who, guess in learned.items()}


of_new = [{name: paint_new(name, seed) for name in lab} for seed in tqdm(seeds, "new photographs")]

# %% [markdown]
# The network's input, its colours for unseen parts and for a new photograph, and the truth. (Seams: each strip has its own network.)

# %%
rows = [photos.in_colour(photo[..., 0], ab) for name, photo in lab.items() for ab in
        ([0, 0], of_parts[0][name]["network"], of_new[0][name]["network"], photo[..., 1:])]
fig = plots.gallery(rows, ["black and white", "in unseen parts", "as new", "true"], 4)
fig.set_size_inches(8, 11)
plots.show(fig, "Seven photographs: grey, painted in unseen parts, painted as new, and true.")

# %% [markdown]
# ## Verdict
#
# Unseen parts: a [bootstrap](../glossary.md#bootstrap) draws seeds and blocks anew. New photographs: seven ratios, and lesson 1's interval for folds (each tests a seventh).


# %%
def errors(found, who):
    """Distance from the true colour at each pixel, (h, w), one array a photograph."""
    return [np.linalg.norm(found[name][who] - lab[name][..., 1:], axis=-1) for name in lab]


def in_blocks(who):
    """Mean error of each block, (seed, block)."""
    return [np.concatenate([colouring.blocks(e) for e in errors(each, who)]) for each in of_parts]


def by_photo(many, who):
    """Mean error of each photograph, (photograph,)."""
    return np.mean([[e.mean() for e in errors(each, who)] for each in many], axis=0)


# %% [markdown]
# The network is judged; the grey levels stand beside it. Dots are single photographs. Which does the network spoil?

# %%
found, dots, base = {}, {}, "mean colour"
for who in ("network", "grey level"):
    parts, new = f"{who}, unseen parts", f"{who}, new photographs"
    found[parts] = resampling.percent_saved(in_blocks(who), in_blocks(base), run.seed)
    ours, theirs = by_photo(of_new, who), by_photo(of_new, base)
    found[new] = intervals.paired_percent_saved(ours, theirs, 1 / len(lab))
    dots[parts] = 100 - 100 * by_photo(of_parts, who) / by_photo(of_parts, base)
    dots[new] = 100 - 100 * ours / theirs
fig, ax = plt.subplots(figsize=(7.5, 3.5))
plots.forest(ax, found, margin=10, dots=dots)
ax.axvline(0, color=plots.GREY, linestyle=":")
ax.set_xlabel("error saved over the mean colour (%)")
plots.show(fig, "Error saved by network and grey levels, unseen parts and new photographs.", found)
new = pd.Series(dots["network, new photographs"], list(lab)).sort_values()
print("the network saves on new photographs (%):", new.round().astype(int).to_dict())
print(f"they vary by s = {new.std():.0f} points")
over = resampling.percent_saved(in_blocks("network"), in_blocks("grey level"), run.seed)
print("the network saves over the grey levels, on unseen parts:", over.text("%"))

# %% [markdown]
# The verdicts, and your prediction. (A wide interval across the margin says "too few photographs", not "no".)

# %%
measured = found["network, unseen parts"], found["network, new photographs"]
verdict = claim.judge({"saved": measured[0]}, run.profile)
verdict_new = claim_new.judge({"saved": measured[1]}, run.profile)
answers = dict(zip(predicted, (*measured, verdict.word, verdict_new.word), strict=True))
display(verdict, verdict_new, results.beside(predicted, answers))

# %% [markdown]
# ## Why brown and grey?
#
# A grey door may be red or green; *L* does not say. Paint it red, and you are right half of the time and far off otherwise. Which *one* colour makes the squared error smallest on average? The mean of all that are possible. Where training leaves several colours open, the network draws near to their mean; where it misleads, it errs boldly. How far from the mean colour are its colours, and the true ones?

# %%
images = {"true": [photo[..., 1:] for photo in lab.values()]}
for what, many in {"unseen parts": of_parts, "new photographs": of_new}.items():
    images[f"network, {what}"] = [each[name]["network"] for each in many for name in lab]
mean, _ = colouring.by_grey_level(list(lab.values()))
for who, painted in images.items():
    distance = np.mean([np.linalg.norm(ab - mean, axis=-1).mean() for ab in painted])
    print(f"mean distance from the mean colour, {who}: {distance:.1f}")
red, green = np.array([55, 35]), np.array([-50, 35])
doors = [photos.in_colour(np.full((40, 40), 50), ab) for ab in (red, green, (red + green) / 2)]
plots.show(plots.gallery(doors, ["a red door", "a green door", "the mean"], columns=3, width=1.4),
           "A red square, a green square, and their mean colour, a dull brown.")

# %% [markdown]
# Brown is then the best answer to what the loss asks. Ask something else: cut the plane of *a* and *b* into some hundred fields and let the network give each a probability ([softmax](../glossary.md#softmax)). It then says "red or green", and you paint *one*: vivid, sometimes wrong (Zhang, Isola and Efros 2016).

# %% [markdown]
# ## Your turn
#
# A photo of yours, for a network that has seen all seven: put its path between the quotes. It is turned upright, made smaller, and stays on your machine.

# %%
path = ""  # such as "holiday.jpg"
pixels = photos.own(path) if path else photos.load(pilot=True).pixels["motorcycle"]
L = color.rgb2lab(pixels).astype(np.float32)[..., 0]
painted = photos.in_colour(L, colouring.paint(train(list(lab.values()), run.seed)[0], L))
three = {"in grey": L / 100, "painted": painted, "as it was": pixels.transpose(2, 0, 1) / 255}
plots.show(plots.gallery(list(three.values()), list(three), width=2.6),
           "A photograph in black and white, painted by the network, and as it was.")

# %% [markdown]
# ## What this adds to lesson 2
#
# - Without a linear layer, a network gives an answer for every pixel.
# - *Where* you test is a part of the claim: an unseen part is not a new photograph.
# - Count what you want to speak about. Seven photographs are seven, however many pixels they have.
# - The squared error answers with a mean. Of several possible colours, that is dull.
# - It holds for seven photographs and 60,706 weights. Colourisers on the web have seen millions; a dress's colour they only guess, too.
#
# Back to [lesson 2](../2_deep_cnn.ipynb). Your verdicts and exercises, kept for the course's report:

# %% tags=["nbval-check-output"]
results.finish(run, [verdict, verdict_new], exercises, predicted, answers)
