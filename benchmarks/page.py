"""The generated part of benchmarks/README.md: sentences around the tables, conditions, the machine."""

from __future__ import annotations

import table_text
from figures import KINDS, Figure, Measurement

NOTHING = "Not measured yet: run `make benchmarks`."
TITLES = {
    "lessons": "What does each lesson cost?",
    "import": "How quickly does it start?",
    "fit": "What does `training.fit` cost on top of a bare loop?",
    "language": "How well does a small language model predict after a short training?",
    "quality": "How long until a model is good?",
    "generating": "How good is a generator after equal CPU seconds?",
}
LESSONS = """\
From a `course run` in the laptop profile on the CPU that finished on {days}. CPU seconds and peak memory are
what the system had counted for the lesson's own process when it saved its results.

{by_lesson}

Where the time goes: seconds by the clock of the code cells below each heading. A lesson's imports stand
below its first heading.

{by_section}"""
IMPORT = """\
Seconds by the clock until a fresh Python has done it, {repeats} times in turn, when its files had been read
once. The package and its command should answer at once, so they should not load torch, whose own import
stands below for scale.

{table}"""
FIT = """\
The loop that lesson 2 teaches against its twin `training.fit`, which adds checks, history and
checkpoints: same weights, batches and seeds, by the clock on one core, {repeats} times in turn. A ratio of
1 means that the extras cost nothing.

{table}"""
LANGUAGE = """\
To how many bits could the model compress a byte of text that it has not seen? (Without any knowledge: 8.)
It is `language_model.py`, lesson 3's recipe on single characters, in so many seconds by the clock. For
comparison, what the program xz needs for the same bytes when it has read all of the training text. For a
text of your own: `python benchmarks/run.py language --text FILE --seconds N`.

{table}"""
QUALITY = """\
How long does a model train until it is, for the first time, as good as the row says? CPU seconds of
training on one core; looking, every few steps, is not counted. Median over trainings from different first
weights; one that never gets there counts as slower than all others.

Lesson 2's CNN on 4,000 MNIST digits of 28 × 28 pixels, moved by up to two pixels at each step; 1,000 others
are looked at. Beside it the network of PyTorch's own
[MNIST example](https://github.com/pytorch/examples/tree/main/mnist), by that example's recipe of 14 epochs,
from the same 4,000 pictures in the same run.

{cnn}"""
GENERATING = """\
Lesson 4's diffusion model, and that of the Hugging Face diffusion models class ([unit 2, class-conditioned
MNIST](https://github.com/huggingface/diffusion-models-class/tree/main/unit2)), built anew from its recipe:
28 × 28 pixels without patches, attention, a guess of the noise, Adam, 128 pictures a step, no average of the
weights. Both learn from lesson 4's 2,000 MNIST digits on one core, ours in bfloat16 where the processor has
it; theirs gets as many CPU seconds as ours took. A judge that was trained on other pictures says whether
each of 500 pictures shows what was asked for, and how far they are from 1,000 held-out ones (kernel distance
in its features, thousandths; goal: half of theirs). The real row is 500 training pictures. Sampling is not
counted: 25 steps of DDIM for both, in place of the 1,000 of DDPM of their notebook, which trains for 4,690
steps on a graphics card.

{table}"""


def text(measured: dict[str, Measurement]) -> str:
    """All parts that were measured, those that were not, and the machine."""
    if not measured:
        return NOTHING
    blocks = [block(name, measured[name]) for name in KINDS if name in measured]
    if missing := [name for name in KINDS if name not in measured]:
        blocks.append(f"Not measured yet: `python benchmarks/run.py {' '.join(missing)}`.")
    return "\n\n".join([*blocks, machines(measured)])


def block(name: str, part: Measurement) -> str:
    """Title, tables and conditions of one part."""
    when = (
        f"*Measured {part.date} in {part.minutes:.1f} minutes; load at the start {part.load_at_start:.2f}.*"
    )
    return f"## {TITLES[name]}\n\n{body(name, part.figures)}\n\n{when}"


def body(name: str, figures: list[Figure]) -> str:
    """What a part's tables mean, and the tables."""
    if name == "lessons":
        days = " and ".join(sorted({lesson.finished for lesson in figures}))
        by_lesson, by_section = table_text.lessons(figures), table_text.sections(figures)
        return LESSONS.format(days=days, by_lesson=by_lesson, by_section=by_section)
    if name == "import":
        return IMPORT.format(repeats=len(figures[0].seconds), table=table_text.starts(figures))
    if name == "fit":
        return FIT.format(repeats=len(figures[0].bare_ms), table=table_text.loops(figures))
    if name == "language":
        return LANGUAGE.format(table=table_text.language(figures))
    if name == "generating":
        return GENERATING.format(table=table_text.generated(figures))
    of = {model: [f for f in figures if f.model == model] for model in ("CNN", "example")}
    cnn = table_text.levels(of["CNN"], (95, 97, 98, 98.5), "unseen digits right", of["example"])
    return QUALITY.format(cnn=cnn)


def machines(measured: dict[str, Measurement]) -> str:
    """The machine; where parts were measured on different ones, each with its parts."""
    parts_of: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, part in measured.items():
        parts_of.setdefault(tuple(part.machine.items()), []).append(name)
    lists = ["\n".join(f"- {what}: {value}" for what, value in machine) for machine in parts_of]
    if len(lists) > 1:
        lists = [f"{', '.join(n)}:\n\n{one}" for n, one in zip(parts_of.values(), lists, strict=True)]
    return "\n\n".join(["## The machine", *lists])
