"""The course as a web site, from the stored notebooks: ``python -m course_utils.authoring.site``.

Nothing is executed. The pages' sources are laid out in ``build/site-source``, and Sphinx makes ``build/site``
of them; ``docs/site`` has its settings, templates and style.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2
import nbformat

from course_utils import ROOT, CourseError, files
from course_utils.authoring import address, readme, runner
from course_utils.claims import cards, ledger
from course_utils.report import folder, page
from course_utils.run import notebooks

SETTINGS, BUILD = ROOT / "docs" / "site", ROOT / "build"
DOCUMENTS = ("docs/teaching.md", "docs/hub.md", "CONTRIBUTING.md", "CHANGELOG.md")
"""Pages beside the lessons, where they are there."""


# --- the pages' sources ---


def prepare(source: Path, names: Sequence[str] = ()) -> None:
    """Lay the sources of all pages out in a folder, of which nothing else is kept.

    Parameters
    ----------
    source : Path
        The folder.
    names : sequence of str
        Lessons and labs that get a page; all when empty.
    """
    shutil.rmtree(source, ignore_errors=True)
    chosen = [name for name in folder.in_order() if not names or name in names]
    texts = {path: ROOT / path for path in _documents()}
    paths = {**texts, **{place_of(name): runner.path_of(name) for name in chosen}}
    for path, original in texts.items():
        files.write_text(source / path, linked(original.read_text(encoding="utf-8"), path, paths))
    for name in chosen:
        files.write_text(source / place_of(name), _notebook(name, chosen, paths))
    _write_own_pages(source, chosen, list(texts))


def _documents() -> list[str]:
    """Texts of the course that become pages as they are."""
    sheets = sorted(path.name for path in (ROOT / "datasets").glob("*.md"))
    there = [path for path in DOCUMENTS if (ROOT / path).exists()]
    return ["notebooks/glossary.md", *(f"datasets/{name}" for name in sheets), *there]


def place_of(name: str) -> str:
    """Where the notebook of a lesson or lab lies in the course, and so in the site."""
    return runner.path_of(name).relative_to(ROOT).as_posix()


def linked(text: str, path: str, pages: Iterable[str]) -> str:
    """A page's Markdown without what a site of its own cannot show.

    Links to files of the course that are no pages become words, and so do pictures from elsewhere, which a
    reader's browser would have to ask for. An anchor that repeats its heading's goes.
    """

    def mended(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if "://" in target:
            return words if picture else found[0]
        place = (ROOT / path).parent / target.partition("#")[0]
        is_page = not target.partition("#")[0] or place.resolve() in known
        return words if place.exists() and not is_page else found[0]

    known = {(ROOT / each).resolve() for each in pages}
    text = re.sub(r'^(#+ )<a id="[^"]*"></a>', r"\1", text, flags=re.MULTILINE)
    if not re.search(r"^## ", text, re.MULTILINE):  # the glossary's terms stand at the third level
        text = re.sub(r"^### ", "## ", text, flags=re.MULTILINE)
    return re.sub(r"(!?)\[([^\[\]]*)\]\(([^()\s]+)\)", mended, text)


def _notebook(name: str, chosen: Sequence[str], pages: Iterable[str]) -> str:
    """A stored notebook with its links mended, and a lesson's labs beneath it in the navigation.

    Where it can be opened takes the place of the cell that installs the course there.
    """
    notebook = nbformat.read(runner.path_of(name), as_version=4)
    title, *cells = address.without_setup(notebook)
    opened = nbformat.v4.new_markdown_cell(f"Open this page as a notebook: {address.links(place_of(name))}")
    notebook.cells = [title, opened, *cells]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source, place_of(name), pages)
    labs = [f"{folder.title(lab)} <labs/{lab}>" for lab in chosen if _is_lab_of(lab, name)]
    if labs:
        tree = "\n".join(["```{toctree}", ":hidden:", "", *labs, "```"])
        notebook.cells.append(nbformat.v4.new_markdown_cell(tree))
    return nbformat.writes(notebook)


def _is_lab_of(lab: str, lesson: str) -> bool:
    known = notebooks()
    return known[lab].lab and not known[lesson].lab and lab[0] == lesson[0]


def _write_own_pages(source: Path, chosen: Sequence[str], documents: Sequence[str]) -> None:
    """The front page, what came out, how to start, the list of data sheets, and the report."""
    course = folder.read(readme.REFERENCE, current=False)
    told = {name: _told(name, course) for name in chosen}
    for name, each in told.items():
        each["labs"] = [lab for lab in told.values() if _is_lab_of(lab["name"], name)]
        if not notebooks()[name].lab:
            picture = source / "docs" / f"{name}.png"
            picture.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "docs" / picture.name, picture)
    data = {
        "lessons": [each for name, each in told.items() if not notebooks()[name].lab],
        "across": [each for name, each in told.items() if name[0] == "0"],
        "pages": [path.removesuffix(".md") for path in documents if path in DOCUMENTS],
        "sheets": [path.removesuffix(".md") for path in documents if path.startswith("datasets/")],
    }
    loader = jinja2.FileSystemLoader(SETTINGS, encoding="utf-8")
    templates = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    for name in ("index.md", "results.md", "data.md"):
        files.write_text(source / name, templates.get_template(f"{name}.jinja").render(data))
    files.write_text(source / "start.md", linked(start(), "README.md", [*documents, *map(place_of, chosen)]))
    home = '<header>\n<p class="eyebrow"><a href="index.html">Put to the Test</a></p>'
    files.write_text(source / "extra" / "report.html", page.html(course).replace("<header>", home, 1))


def _told(name: str, course: folder.Course) -> dict[str, Any]:
    """What the front page and the results say of a lesson or lab."""
    verdicts = sorted(course.verdicts.get(name, []), key=lambda verdict: not verdict.claim.headline)
    headline = [claim for claim in ledger.load_ledger().values() if claim.notebook == name and claim.headline]
    return {
        "name": name,
        "title": folder.title(name),
        "question": notebooks()[name].question,
        "path": place_of(name),
        "doc": place_of(name).removesuffix(".ipynb"),
        "alt": "" if notebooks()[name].lab else _picture_in_words(name),
        "claim": headline[0].text if headline else "",
        "takes": f"Runs in {notebooks()[name].takes} on two cores. " if notebooks()[name].takes else "",
        "verdicts": [
            {"sign": cards.SYMBOLS[v.word], "word": v.word, "text": v.claim.text, "id": v.claim.id}
            for v in verdicts
        ],
    }


def _picture_in_words(lesson: str) -> str:
    """The alt text of the figure that stands for a lesson in the README."""
    notebook = nbformat.read(runner.path_of(lesson), as_version=4)
    (cell,) = [c for c in notebook.cells if "readme-picture" in c.metadata.get("tags", [])]
    return next(iter(alt_texts([cell])))


def start() -> str:
    """How to start, as the README has it.

    Raises
    ------
    CourseError
        The README has no such part.
    """
    text = readme.README.read_text(encoding="utf-8")
    if not (found := re.search(r"(?ms)^## Start\n(.*?)(?=^## )", text)):
        raise CourseError("the README has no part '## Start', which the site shows as 'Run it yourself'")
    return f"# Run it yourself\n{found[1]}"


# --- what Sphinx calls while it builds ---


def alt_texts(cells: Iterable[nbformat.NotebookNode]) -> list[str]:
    """The alt text of every picture among the outputs of these cells, in their order."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [
        output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})
    ]


def keep_alt_texts(app: Any, doctree: Any) -> None:
    """Give each picture of a notebook its alt text, which myst-nb leaves out."""
    path = Path(doctree["source"])
    if path.suffix == ".ipynb":
        pictures = [node for node in doctree.findall() if node.tagname == "image"]
        alts = alt_texts(nbformat.read(path, as_version=4).cells)
        for picture, alt in zip(pictures, alts, strict=True):
            picture["alt"] = alt


def mend_page(app: Any, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mend what shuts readers out: keys scroll a table that is wider than the page, headings have a level."""
    for part, pattern, better in MENDED:
        if part in context:
            context[part] = re.sub(pattern, better, context[part])


MENDED = (
    ("body", r'<div class="(output text_html|table-wrapper[^"]*)"', r'<div class="\1" tabindex="0"'),
    ("furo_navigation_tree", r'role="heading"', 'role="heading" aria-level="2"'),
)
"""Parts of a page, patterns in it and what they become."""


# --- building ---


def build(target: Path, names: Sequence[str] = (), jobs: str = "auto") -> None:
    """Build the site into a folder.

    Raises
    ------
    CourseError
        Sphinx is missing, or warns: the log says of what.
    """
    try:
        from sphinx.cmd.build import main as sphinx
    except ModuleNotFoundError as error:
        raise CourseError("the site needs Sphinx: run 'make site', or pip install -e \".[site]\"") from error
    source = target.with_name(f"{target.name}-source")
    prepare(source, names)
    shutil.rmtree(target, ignore_errors=True)
    extra = ["-D", f"html_extra_path={source / 'extra'}", "-c", SETTINGS, "-d", source / "doctrees"]
    options = ["-q", "-W", "--keep-going", "-j", jobs, *extra]
    if sphinx([str(each) for each in (*options, source, target)]) != 0:
        raise CourseError(f"the site in '{target}' is not complete: mend what Sphinx warns of above")


def main() -> int:
    """Build the whole site into ``build/site``."""
    build(BUILD / "site")
    print(f"the site lies in {BUILD / 'site'}; to look at it: python -m http.server -d build/site")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CourseError as error:
        sys.exit(f"site: {error}")
