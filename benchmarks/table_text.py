"""Markdown tables from the figures of `make benchmarks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from statistics import median

from figures import Generated, LanguageScore, LessonCost, LoopTime, StartTime, Trained
from tabulate import tabulate


def table(rows: list[dict[str, str]], n_words: int = 1) -> str:
    """Rows as a Markdown table; the first columns hold words, the others numbers."""
    align = ["left"] * n_words + ["right"] * (len(rows[0]) - n_words)
    return tabulate(rows, headers="keys", tablefmt="pipe", colalign=align, disable_numparse=True)


def short(number: float) -> str:
    """Three digits, without exponents."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}" if abs(number) >= 1 else f"{number:.3f}"


def spread(numbers: Sequence[float], show: Callable[[float], str] = short) -> str:
    """Median, and the smallest and largest."""
    return f"{show(median(numbers))} ({show(min(numbers))} to {show(max(numbers))})"


def lessons(figures: list[LessonCost]) -> str:
    """One row a lesson, and one for all."""
    rows = []
    for lesson in figures:
        seconds = sum(lesson.sections.values())
        rows.append(lesson_row(lesson.lesson, seconds, lesson.cpu_s, f"{lesson.peak_memory_mb:,.0f}"))
    seconds = sum(sum(lesson.sections.values()) for lesson in figures)
    most = max(lesson.peak_memory_mb for lesson in figures)
    return table([
        *rows, lesson_row("together", seconds, sum(f.cpu_s for f in figures), f"{most:,.0f} at most"),
    ])  # fmt: skip


def lesson_row(name: str, seconds: float, cpu_s: float, memory: str) -> dict[str, str]:
    """A lesson; CPU seconds over seconds by the clock are the cores that were at work."""
    return {
        "lesson": name, "minutes": f"{seconds / 60:.1f}", "CPU seconds": f"{cpu_s:,.0f}",
        "cores at work": f"{cpu_s / seconds:.1f}", "peak memory (MB)": memory,
    }  # fmt: skip


def sections(figures: list[LessonCost]) -> str:
    """The sections that take a hundredth of their lesson or more, and the others together."""
    rows = []
    for lesson in figures:
        whole = sum(lesson.sections.values())
        large = {name: spent for name, spent in lesson.sections.items() if spent >= whole / 100}
        if n_small := len(lesson.sections) - len(large):
            large[f"{n_small} more, each below 1 %"] = whole - sum(large.values())
        rows += [
            {
                "lesson": lesson.lesson, "section": name, "seconds": f"{spent:.1f}",
                "share of the lesson": f"{100 * spent / whole:.0f} %",
            }
            for name, spent in large.items()
        ]  # fmt: skip
    return table(rows, n_words=2)


def starts(figures: list[StartTime]) -> str:
    """One row a program; the first of them is the bare Python."""
    bare = median(figures[0].seconds)
    return table([
        {
            "what": f"`{figure.what}`", "seconds: median (range)": spread(figure.seconds),
            "times bare Python": f"{median(figure.seconds) / bare:.1f}",
            "loads torch": "yes" if figure.loads_torch else "no",
        }
        for figure in figures
    ])  # fmt: skip


def loops(figures: list[LoopTime]) -> str:
    """`fit` over the bare loop, repeat by repeat, without and with checkpoints."""
    rows = []
    for figure in figures:
        for saves, times in (("none", figure.fit_ms), ("every 100 steps", figure.fit_saving_ms)):
            pairs = list(zip(times, figure.bare_ms, strict=True))
            ratios = [ours / bare for ours, bare in pairs]
            rows.append({
                "model": f"{figure.model}: {figure.parameters:,} parameters, {figure.steps:,} steps",
                "checkpoints": saves,
                "bare loop (ms a step)": short(median(figure.bare_ms)),
                "`fit` adds (ms a step)": short(median([ours - bare for ours, bare in pairs])),
                "`fit` / bare loop: median (range)": spread(ratios, "{:.2f}".format),
            })  # fmt: skip
    return table(rows, n_words=2)


def language(figures: list[LanguageScore]) -> str:
    """One row a text."""
    return table([
        {
            "text": figure.text, "seconds": f"{figure.seconds:.0f}",
            "bits per byte": f"{figure.bits_per_byte:.3f}", "xz": f"{figure.xz_bits_per_byte:.3f}",
            "model / xz": f"{figure.bits_per_byte / figure.xz_bits_per_byte:.2f}",
            "characters a second": f"{figure.characters_a_second:,.0f}", "steps": f"{figure.steps:,}",
            "parameters": f"{figure.parameters:,}", "peak memory (MB)": f"{figure.peak_memory_mb:,.0f}",
        }
        for figure in figures
    ])  # fmt: skip


def reached(training: Trained, level: float) -> tuple[float, float]:
    """CPU seconds and steps at the first look that found this quality (%); infinite when none did."""
    return next(((cpu_s, step) for step, cpu_s, quality in training.looks if quality >= level), (inf, inf))


def levels(trainings: list[Trained], wanted: Sequence[float], what: str, example: Sequence[Trained]) -> str:
    """One row a level of quality, and one for the end; beside it how long an example takes."""
    never = f"not reached in {trainings[0].steps:,} steps"
    rows = []
    for level in wanted:
        cpu_s, steps = zip(*[reached(training, level) for training in trainings], strict=True)
        row = {
            what: f"{level} %",
            "trainings that got there": f"{sum(s < inf for s in steps)} of {len(steps)}",
        }
        for unit, numbers, show in (("CPU seconds", cpu_s, short), ("steps", steps, "{:,.0f}".format)):
            known = min(numbers) < inf
            row[f"{unit}: median (range)"] = spread(numbers, partial(_or, never, show)) if known else never
        theirs = median([reached(training, level)[0] for training in example])
        longest = median([training.looks[-1][1] for training in example])  # all of its recipe
        sign = "" if theirs < inf else "> "
        row["the example"] = f"{sign}{short(min(theirs, longest))}"
        ours = median(cpu_s)
        row["times ours"] = f"{sign}{min(theirs, longest) / ours:.1f}" if ours < inf else ""
        rows.append(row)
    whole = [training.looks[-1] for training in trainings]
    ends = spread([quality for *_, quality in whole], "{:.1f}".format)
    cells = [f"at the end: {ends} %", f"{len(whole)} of {len(whole)}", spread([s for _, s, _ in whole])]
    cells.append(f"{trainings[0].steps:,}")
    cells.append(f"{spread([each.looks[-1][2] for each in example], '{:.1f}'.format)} %")
    rows.append(dict(zip(rows[0], cells, strict=False)))
    return table(rows)


def generated(figures: list[Generated]) -> str:
    """One row a training, and one for real pictures."""
    return table([
        {
            "pictures": f.model, "parameters": f"{f.parameters:,}" if f.steps else "",
            "CPU seconds": f"{f.cpu_s:.0f}" if f.steps else "", "steps": f"{f.steps:,}" if f.steps else "",
            "as asked for (%)": f"{f.agreement:.1f}",
            "kernel distance (thousandths)": f"{f.distance:.1f}".replace("-", "−"),
            "sampling (CPU ms a picture)": short(f.sampling_ms) if f.steps else "",
        }
        for f in figures
    ])  # fmt: skip


def _or(never: str, show: Callable[[float], str], number: float) -> str:
    """The number, or these words when it is infinite."""
    return never if number == inf else show(number)
