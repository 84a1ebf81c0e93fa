"""Slides of a lesson, one self-contained page each, from the cells of its source that are marked for them.

``python -m course_utils.authoring.slides [NAME …]`` writes ``build/slides/NAME.html``. Texts come from the
source, figures, tables and cards from the stored notebook, speaker notes from the teaching notes. reveal.js
(https://revealjs.com, MIT) is taken from the files of the installed package sphinx-revealjs.
"""

from __future__ import annotations

import base64
import importlib.util
import re
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

import jinja2
import nbformat
from markdown_it import MarkdownIt
from nbformat import NotebookNode

from course_utils import ROOT, CourseError, __version__
from course_utils.authoring import build, runner, teaching
from course_utils.authoring.teaching import Notes
from course_utils.claims import cards
from course_utils.files import write_text
from course_utils.run import notebooks
from course_utils.show import text_view

JOINS, LATER = "+", "later"
"""Marks of a cell that goes onto the slide before: at once, or when the speaker presses a key."""
MARKDOWN = MarkdownIt("commonmark").enable("table")
NARROW, LONG, MANY = 1.6, 170, 5
"""A figure stands beside the text of its slide if its width is less than so many times its height, or the
text has more than so many letters; a table of more than so many rows, its head included, is set smaller."""


@dataclass
class Slide:
    """One slide.

    Attributes
    ----------
    title : str
        Its heading.
    section : str
        The notebook's heading that it belongs to.
    texts, figures : list of str
        HTML, in order.
    narrow : bool
        Whether there is a figure that is nearly as high as wide.
    notes : list of str
        HTML of what the speaker sees.
    """

    title: str
    section: str
    texts: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    narrow: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def beside(self) -> bool:
        """Whether figures stand beside the texts, not below."""
        letters = len(re.sub("<[^>]*>", "", "".join(self.texts)).strip())
        return bool(self.figures) and letters > 0 and (self.narrow or letters > LONG)


def of_lesson(source: Path) -> list[Slide]:
    """The slides of a source file, without the title's.

    Raises
    ------
    CourseError
        A mark does not fit: the message names the cell and says what was expected.
    """
    name = source.stem
    stored = {cell.id: cell for cell in nbformat.read(runner.path_of(name), as_version=4).cells}
    notes = teaching.read(name, build.solved_edition(source, guarded=False))
    slides: list[Slide] = []
    begun = [""]  # sections since the slide before
    for cell in build.with_slides(source).cells:
        mark = cell.metadata.get("slide")
        if mark is None or cell.cell_type == "code":
            begun += [] if mark else teaching.headings_in(cell)
        if mark is None:
            continue
        if mark not in (JOINS, LATER):
            section = mark if mark in begun else (begun or [slides[-1].section])[-1]
            slides.append(Slide(mark, section))
            slides[-1].notes += [_of_section(notes, heading) for heading in begun if notes]
            begun = []
        elif not slides:
            raise _unfit(name, cell, f'slide="A title" before the first slide="{mark}"')
        _add(slides[-1], name, cell, stored, later=mark == LATER)
        if asked := cell.metadata.get("ask"):
            _ask(slides[-1], name, cell, notes, asked)
    return slides


def _unfit(name: str, cell: NotebookNode, expected: str) -> CourseError:
    first = cell.source.partition("\n")[0][:60]
    return CourseError(f"slides of {name}, cell '{first}': expected {expected}")


def _add(
    slide: Slide, name: str, cell: NotebookNode, stored: dict[str, NotebookNode], *, later: bool
) -> None:
    """Put what a cell has for the slides onto one."""
    mark = ' class="fragment"' if later else ""
    if cell.cell_type == "markdown":
        if cell.source:
            slide.texts.append(f"<div{mark}>{MARKDOWN.render(cell.source)}</div>")
        return
    shows = str(cell.metadata.get("shows", ""))
    if shows == "code":
        slide.texts.append(f'<pre tabindex="0"{mark}><code>{escape(_code(cell.source))}</code></pre>')
        return
    things = _things(stored[cell.id].outputs)
    numbers = [int(number) for number in re.findall(r"\d+", shows)] or range(1, len(things) + 1)
    if not things or max(numbers) > len(things):
        raise _unfit(name, cell, f"a cell with the output {shows or '1'}; it has {len(things)}")
    for number in numbers:
        html, shape = things[number - 1]
        (slide.figures if shape else slide.texts).append(f"<div{mark}>{html}</div>")
        slide.narrow |= bool(shape) and shape[0] < NARROW * shape[1]


def _code(source: str) -> str:
    """A cell's code without its solution."""
    return re.sub(r"\n### BEGIN SOLUTION.*?### END SOLUTION", "", source, flags=re.DOTALL).strip()


def _things(outputs: Sequence[NotebookNode]) -> list[tuple[str, tuple[int, int] | None]]:
    """What a cell shows, as HTML, a figure with its width and height and without the words below it."""
    found: list[tuple[str, tuple[int, int] | None]] = []
    for output in outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            if output.name == "stdout":
                found.append((f"<pre>{escape(output.text.strip())}</pre>", None))
        elif "image/png" in data:
            alt = escape(output.metadata["image/png"]["alt"], quote=True)
            png = data["image/png"].replace("\n", "")
            shape = struct.unpack(">II", base64.b64decode(png[:64])[16:24])
            found.append((f'<img src="data:image/png;base64,{png}" alt="{alt}">', shape))
        elif "text/html" in data and not (found and found[-1][1] and "<details" in data["text/html"]):
            found.append((_fitted(data["text/html"]), None))
    return found


def _fitted(html: str) -> str:
    """A table, card or text of a notebook as a slide has room for it."""
    html = re.sub(r"(?s)<style.*?</style>", "", html.replace(cards.LEGEND, "").replace(cards.CONTROLS, ""))
    kinds = ["small"] if html.count("<tr") > MANY else []
    if html.startswith("<div style='border-left"):
        kinds.append("card")
    elif text_view.AS_IT_IS in html:
        kinds.append("boxes" if html.startswith("<b>") else "tokens")
    return f'<div class="{" ".join(kinds)}">{html}</div>'


# --- what the speaker sees ---


def _of_section(notes: Notes, heading: str) -> str:
    (minutes,) = {each.minutes for each in notes.sections if each.heading == heading}
    lines = [f"**{heading or 'Beginning'}**: {minutes} min in the notebook"]
    lines += [
        f"*Stumbles:* {each.what} *What helps:* {each.help}"
        for each in notes.stumbles
        if each.where == heading
    ]
    return "".join(map(_paragraph, lines))


def _ask(slide: Slide, name: str, cell: NotebookNode, notes: Notes | None, number: int) -> None:
    """Put a question of the teaching notes, and what to listen for, among a slide's notes.

    Where the cell has no text, the question is the slide's text, too.
    """
    if notes is None:
        return
    if not 1 <= number <= len(notes.questions):
        raise _unfit(
            name, cell, f"ask={number} to be one of the {len(notes.questions)} questions of its notes"
        )
    question = notes.questions[number - 1]
    if not cell.source.strip():
        slide.texts.append(f'<p class="ask">{MARKDOWN.renderInline(question.ask)}</p>')
    slide.notes.append(_paragraph(f"**Ask:** {question.ask}"))
    slide.notes.append(_paragraph(f"**Listen for:** {question.listen}"))


def _paragraph(text: str) -> str:
    return f"<p>{MARKDOWN.renderInline(text)}</p>"


# --- the page ---


def page(source: Path) -> str:
    """The slides of a lesson as one HTML page that needs nothing else."""
    name = source.stem
    notes = teaching.read(name, build.solved_edition(source, guarded=False))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("slides.html").render(
        number=name[0],
        question=notebooks()[name].question,
        slides=of_lesson(source),
        minutes={each.heading: each.minutes for each in notes.sections} if notes else {},
        total=notes.minutes if notes else None,
        version=__version__,
        reveal_css=reveal("dist/reveal.css"),
        reveal_js=[reveal("dist/reveal.js"), reveal("plugin/notes/notes.js")],
    )


@cache
def reveal(file: str) -> str:
    """A file of reveal.js, to be put into a page.

    Raises
    ------
    CourseError
        The package that brings it is not installed.
    """
    package = importlib.util.find_spec("sphinx_revealjs")  # Sphinx itself is not imported
    if package is None:
        raise CourseError("slides need reveal.js: run 'make slides', or pip install sphinx-revealjs")
    text = Path(package.submodule_search_locations[0], "_static", "revealjs", file).read_text("utf-8")
    return re.sub(r"</(?=script)", r"<\\/", text)  # or else the page's own script would end here


def write(folder: Path, sources: Sequence[Path]) -> list[Path]:
    """Write ``<folder>/<lesson>.html`` of each; where they are."""
    pages = {folder / f"{source.stem}.html": page(source) for source in sources}
    for path, text in pages.items():
        write_text(path, text)
    return list(pages)


def main(wanted: Sequence[str]) -> int:
    """Write the slides of these lessons, by name or number; without any, of all."""
    chosen = [source for source in build.sources() if source.stem in runner.select(wanted)]
    for path in write(ROOT / "build" / "slides", chosen):
        print(f"{path} · {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CourseError as error:
        sys.exit(f"authoring: {error}")
