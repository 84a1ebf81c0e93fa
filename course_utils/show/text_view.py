"""Text in a notebook: boxes, folded answers, text that follows sliders."""

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
