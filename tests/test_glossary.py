"""The glossary: sorted, and linked where a lesson uses a term for the first time."""

import re
import unicodedata
from urllib.parse import quote

import jupytext
import pytest

from course_utils.authoring import build, runner

GLOSSARY = runner.NOTEBOOKS / "glossary.md"
ENTRY = re.compile(r'^### (?:<a id="(.+)"></a>)?(.+)\n\n(.+?) \*Lesson (\d)\.\*$', re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)?glossary\.md#([^)]+)\)")
ENTRIES = ENTRY.findall(GLOSSARY.read_text("utf-8"))
TERMS = {term: (text, int(lesson)) for _, term, text, lesson in ENTRIES}
LESSONS = [source for source in build.sources() if source.parent == build.SOURCES]
every_lesson = pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)
every_notebook = pytest.mark.parametrize("source", build.sources(), ids=lambda path: path.stem)


def anchor(term):
    """The name that GitHub gives to a heading."""
    return term.lower().replace(" ", "-")


def jupyterlab_name(term):
    """The name that JupyterLab's preview gives to a heading."""
    return term.replace(" ", "-")


def uses(term):
    """Finds a term and its plural as words of their own."""
    return re.compile(rf"(?<![\w`-]){re.escape(term)}s?(?![\w`])", re.IGNORECASE)


def prose(source):
    """A lesson's text behind its title, with code, formulas and headings blanked out."""
    cells = jupytext.read(source, fmt="py:percent").cells
    cells = [cell for cell in cells if "slide" not in cell.metadata]  # those of the slides alone
    text = "\n\n".join([cell.source for cell in cells if cell.cell_type == "markdown"][1:])
    hidden = r"(?ms)\[[^\]]+\]\(labs/[^)]+\)|"  # a lab's question is no use of a term
    hidden += r"^```.*?^```|^#[^\n]*$|`[^`\n]+`|(?<=\]\()[^)]+(?=\))|\*\*\d\.\d [^*]+\*\*"
    return re.sub(hidden, lambda found: " " * len(found[0]), text), text


def first_uses(source):
    """Where each term stands first in a lesson: term to (start, end) in its text.

    A term inside a longer one is no use of it: "feature" in "feature map".
    """
    masked, text = prose(source)
    found = {}
    for term in sorted(TERMS, key=len, reverse=True):
        if match := uses(term).search(masked):
            found[term] = match.span()
        masked = uses(term).sub(lambda match: "_" * len(match[0]), masked)
    return found, text


def test_every_heading_is_an_entry_in_plain_words():
    text = GLOSSARY.read_text("utf-8")
    assert len(TERMS) == text.count("\n### ") > 60
    numbers = {int(source.stem[0]) for source in build.sources()}
    assert all(20 < len(words) < 240 and lesson in numbers for words, lesson in TERMS.values())


def test_entries_are_sorted_and_have_anchors_of_their_own():
    plain = [unicodedata.normalize("NFD", term.lower()) for term in TERMS]
    assert plain == sorted(plain)
    assert len({anchor(term) for term in TERMS}) == len(TERMS)


def test_a_heading_that_jupyterlab_names_otherwise_than_github_has_the_links_name_too():
    """JupyterLab keeps capitals, and looks for a letter such as é in the form that it has in an address."""
    needed = {term: quote(anchor(term)) for term in TERMS if quote(anchor(term)) != jupyterlab_name(term)}
    assert {term: name for name, term, *_ in ENTRIES if name} == needed
    assert {"GAN", "U-Net"} <= set(needed)


@every_lesson
def test_a_lesson_links_its_own_terms_where_it_uses_them_first(source):
    found, text = first_uses(source)
    missing = []
    for term, (start, end) in found.items():
        link = f"[{text[start:end]}](glossary.md#{anchor(term)})"
        if TERMS[term][1] == int(source.stem[0]) and text[start - 1 : start - 1 + len(link)] != link:
            missing.append((term, text[max(start - 40, 0) : end + 40]))
    assert missing == []


@every_notebook
def test_each_link_has_an_entry_and_stands_once(source):
    linked = [target for _, target in LINK.findall(prose(source)[1])]
    assert set(linked) <= {anchor(term) for term in TERMS}
    assert len(linked) == len(set(linked))


def test_each_term_is_linked_from_its_lesson_or_one_of_the_labs():
    linked = {
        (int(source.stem[0]), target)
        for source in build.sources()
        for _, target in LINK.findall(prose(source)[1])
    }
    missing = [
        term
        for term, (_, lesson) in TERMS.items()
        if not {(lesson, anchor(term)), (0, anchor(term))} & linked
    ]
    assert missing == []
