"""Text in a notebook: boxes, folded answers, tokens with their surprise, text that follows sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.display import display

from course_utils import CourseError

if TYPE_CHECKING:
    from ipywidgets import SelectionSlider

ORANGE = "213,94,0"
"""That of the figures, as red, green and blue."""
AS_IT_IS = "mathjax_ignore tex2jax_ignore"
"""Class of the text, in which MathJax 3 and 2 must not take a $ or a \\begin for a formula."""


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


def surprise(tokens: Sequence[str], bits: Sequence[float], most: float = 12.0) -> None:
    """Show a text with the surprise of each token: the darker, the more, and rounded to bits above it.

    Parameters
    ----------
    tokens : sequence of str
        What each token adds to the text; a line break is shown as ⏎, too.
    bits : sequence of float
        How surprised a model was by each.
    most : float
        Bits from which on all are equally dark.

    Raises
    ------
    CourseError
        Not as many bits as tokens, or none.
    """
    if len(tokens) != len(bits) or not tokens:
        raise CourseError(
            f"surprise needs a number of bits for each token, got {len(tokens)} tokens and {len(bits)} "
            "numbers: a model does not predict the begin token"
        )
    scale = {"sure": 0, "1 in 2": 1, "1 in 32": 5, "1 in 1,024": 10}
    legend = " · ".join(_ruby(words, each, most) for words, each in scale.items())
    text = "".join(_ruby(token, float(each), most) for token, each in zip(tokens, bits, strict=True))
    words = f"{len(tokens)} tokens, {sum(bits):.0f} bits, {sum(bits) / len(tokens):.1f} a token"
    box = "font-family:monospace;white-space:pre-wrap;max-width:48em;line-height:2.1;padding-left:1em"
    html = (
        f"<div class='{AS_IT_IS}'><div style='{box}'>{text}</div>"
        f"<p style='line-height:2.1'>{words}. Above a token is its surprise in bits: {legend}</p></div>"
    )
    plain = "".join(f"{token}[{each:.0f}]" for token, each in zip(tokens, bits, strict=True))
    display({"text/html": html, "text/plain": f"{plain}\n{words}; in brackets the bits of each"}, raw=True)


def _ruby(token: str, bits: float, most: float) -> str:
    """A token on its ground with its bits above; line breaks, and what is indented, follow behind it."""
    words, breaks, indent = token, token.count("\n"), 0
    if breaks:
        words = token.rstrip(" ")
        indent = len(token) - len(words)
    ground = f"background:rgba({ORANGE},{0.65 * min(max(bits, 0) / most, 1):.2f});border-radius:2px"
    says = f"{bits:.1f} bits, as likely as 1 in {2 ** min(bits, 40):,.0f}"
    shown = escape(words.replace("\n", "⏎"))
    number = f"<rt style='font-size:60%;opacity:.75'>{bits:.0f}</rt>"
    return (
        f"<ruby title='{says}' style='{ground}'>{shown}{number}</ruby>" + "<br/>" * breaks + "\u00a0" * indent
    )


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

    def rewrite(**chosen: Any) -> None:
        title = ", ".join(f"{_hyphenated(name)} {value}" for name, value in chosen.items())
        boxes({title: write(**chosen)})

    controls = {name: slider(_hyphenated(name), *choice) for name, choice in choices.items()}
    ipywidgets.interact(rewrite, **controls)


def playground(write: Callable[..., str], prompt: str, **choices: tuple[Sequence[Any], Any]) -> None:
    """A field for a prompt, with sliders, and the text that a model writes; it writes anew at each change.

    What it writes first stands above as a box, which stays where no widget can be shown.

    Parameters
    ----------
    write : callable
        Gives the text for a prompt and one value of each slider, as ``write(prompt, temperature=0.7)``.
    prompt : str
        The first one.
    **choices : (sequence, value)
        What each slider steps through, and where it starts.
    """
    import ipywidgets

    field = ipywidgets.Text(
        value=prompt,
        description="prompt",
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "80%"},
    )
    controls = {name: slider(_hyphenated(name), *choice) for name, choice in choices.items()}
    written = ipywidgets.Output()

    def rewrite() -> None:
        chosen = {name: control.value for name, control in controls.items()}
        title = ", ".join(
            [f"“{field.value}”", *(f"{_hyphenated(name)} {value}" for name, value in chosen.items())]
        )
        boxes({title: write(field.value, **chosen)})

    def again(change: Any) -> None:
        with written:
            written.clear_output(wait=True)
            rewrite()

    rewrite()
    for control in (field, *controls.values()):
        control.observe(again, "value")
    hint = ipywidgets.Label("Type a prompt and press Enter, or move a slider:")
    display(ipywidgets.VBox([hint, field, *controls.values(), written]))


def _hyphenated(name: str) -> str:
    return name.replace("_", "-")


def slider(label: str, values: Sequence[Any], start: Any) -> SelectionSlider:
    """A slider that steps through these values, and tells one only when the hand lets go."""
    import ipywidgets

    return ipywidgets.SelectionSlider(
        options=list(values),
        value=start,
        description=label,
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "80%"},
    )
