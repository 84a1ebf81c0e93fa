"""Text in a notebook: tokens marked by their surprise, folded answers, text that follows sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import isnan
from typing import Any

from IPython.display import display

from course_utils import CourseError

MOST_BITS = 12.0
"""Surprise from which a mark is no longer stronger."""
ORANGE = "213,94,0"
"""That of the figures, as red, green and blue."""
AS_IT_IS = "mathjax_ignore tex2jax_ignore"
"""Class of the text, in which MathJax 3 and 2 must not take a $ or a \\begin for a formula."""


def surprise(tokens: Sequence[str], bits: Sequence[float]) -> None:
    """Show a text with each token marked by its surprise, and the ten most surprising ones as a table.

    The more bits, the stronger the colour and the thicker the line below, so that no mark is told by its
    colour alone. A mouse over a token shows its bits.

    Parameters
    ----------
    tokens : sequence of str
        The text, cut into tokens.
    bits : sequence of float, same length
        Surprise of each token.

    Raises
    ------
    CourseError
        The lengths differ, or a token's bits are not a number.
    """
    if len(tokens) != len(bits):
        raise CourseError(f"each token needs its bits: got {len(tokens)} tokens and {len(bits)} numbers")
    pairs = [(token, float(each) + 0.0) for token, each in zip(tokens, bits, strict=True)]  # not '-0.0'
    if wrong := [token for token, each in pairs if isnan(each)]:
        raise CourseError(f"the bits of {wrong[0]!r} are not a number: look at the model's scores")
    marked = "".join(_mark(token, each) for token, each in pairs)
    top = sorted(pairs, key=lambda pair: -pair[1])[:10]
    rows = "".join(f"<tr><td><code>{escape(repr(t))}</code></td><td>{b:.1f}</td></tr>" for t, b in top)
    table = f"<table><thead><tr><th>token</th><th>bits</th></tr></thead><tbody>{rows}</tbody></table>"
    plain = "".join(tokens) + "\n" + "\n".join(f"{b:5.1f} bits {t!r}" for t, b in top)
    box = "font-family:monospace;white-space:pre-wrap;line-height:1.9;max-width:48em"
    html = f"<p class='{AS_IT_IS}' style='{box}'>{marked}</p>"
    html += f"<details><summary>The ten most surprising tokens</summary>{table}</details>"
    display({"text/html": html, "text/plain": plain}, raw=True)


def _mark(token: str, bits: float) -> str:
    """One token as HTML."""
    share = min(max(bits, 0) / MOST_BITS, 1)
    style = f"background:rgba({ORANGE},{0.6 * share:.2f});border-bottom:{4 * share:.1f}px solid rgb({ORANGE})"
    return f"<span style='{style}' title='{bits:.1f} bits'>{escape(token)}</span>"


def boxes(texts: Mapping[str, str]) -> None:
    """Show texts below each other, each under its title."""
    box = "font-family:monospace;white-space:pre-wrap;max-width:48em;margin:.2em 0 1em;padding-left:1em"
    box += f";border-left:3px solid rgb({ORANGE})"
    html = "".join(
        f"<b>{escape(title)}</b><p class='{AS_IT_IS}' style='{box}'>{escape(text)}</p>"
        for title, text in texts.items()
    )
    plain = "\n\n".join(f"{title}\n{text}" for title, text in texts.items())
    display({"text/html": html, "text/plain": plain}, raw=True)


def folded(summary: str, text: str) -> None:
    """Show a question, with its answer folded underneath until somebody opens it.

    Parameters
    ----------
    summary : str
        What stands there while it is closed, such as the question.
    text : str
        The answer in plain words; an empty line begins a new paragraph.

    Raises
    ------
    CourseError
        One of the two is empty.
    """
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    if not summary.strip() or not paragraphs:
        raise CourseError(f"a folded answer needs a question and a text, got {summary!r} and {text!r}")
    inside = "".join(f"<p style='max-width:48em'>{escape(part)}</p>" for part in paragraphs)
    html = f"<details class='{AS_IT_IS}'><summary>{escape(summary)}</summary>{inside}</details>"
    display({"text/html": html, "text/plain": "\n\n".join([summary, *paragraphs])}, raw=True)


def sliders(write: Callable[..., str], **choices: tuple[Sequence[Any], Any]) -> None:
    """A text that follows sliders; shows nothing where no widget can be shown.

    Samples of the same belong beside it, because a printed or published notebook has no kernel that could
    answer.

    Parameters
    ----------
    write : callable
        Gives the text for one value of each slider, as keyword arguments.
    **choices : (sequence, value)
        What each slider steps through, and where it starts.
    """
    import ipywidgets

    output = ipywidgets.Output()
    controls = {
        name: ipywidgets.SelectionSlider(
            options=list(values),
            value=start,
            description=name.replace("_", "-"),
            continuous_update=False,
            style={"description_width": "7em"},
            layout={"width": "80%"},
        )
        for name, (values, start) in choices.items()
    }

    def rewrite(change: object = None) -> None:
        values = {name: control.value for name, control in controls.items()}
        title = ", ".join(f"{name.replace('_', '-')} {value}" for name, value in values.items())
        with output:
            output.clear_output(wait=True)
            boxes({title: write(**values)})

    for control in controls.values():
        control.observe(rewrite, names="value")
    display(ipywidgets.VBox([*controls.values(), output]))
    rewrite()
