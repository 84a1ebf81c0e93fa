"""Slides: what the marks of the sources make, and the page in headless Chromium without a network."""

import importlib.util
import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from course_utils import CourseError
from course_utils.authoring import build, runner, slides, teaching
from course_utils.run import notebooks

LESSONS = {source.stem: source for source in build.sources() if source.parent == build.SOURCES}
every_lesson = pytest.mark.parametrize("name", LESSONS)


@every_lesson
def test_a_lesson_has_about_fifteen_slides_that_ask_show_and_end_with_labs(name):
    made = slides.of_lesson(LESSONS[name])
    assert 14 <= len(made) <= 19
    assert len({slide.title for slide in made}) == len(made)
    assert len([slide for slide in made if slide.figures]) >= 4
    titles = [slide.title for slide in made]
    assert titles.index("The claim, and what it needs") < titles.index("Verdict") < len(made) - 1
    text = "".join("".join(slide.texts) for slide in made)
    assert text.count("?") >= 10 and "Predict, then vote" in text
    assert titles[-1] == "Where to go on"
    labs = [entry.question for entry in notebooks().values() if entry.lab and entry.name[0] == name[0]]
    assert sum(lab in "".join(made[-1].texts) for lab in labs) >= 4


@every_lesson
def test_every_figure_has_its_alt_text_and_no_solution_is_shown(name):
    html = "".join("".join(slide.figures + slide.texts) for slide in slides.of_lesson(LESSONS[name]))
    figures = re.findall(r"<img [^>]*>", html)
    assert all(len(re.search('alt="([^"]*)"', figure)[1]) > 30 for figure in figures)
    for cell in build.solved_edition(LESSONS[name]).cells:
        if "BEGIN SOLUTION" in cell.source:
            solution = cell.source.split("### BEGIN SOLUTION\n")[1].split("\n### END SOLUTION")[0]
            assert solution not in html


@every_lesson
def test_the_notes_tell_minutes_and_stumbling_blocks_of_every_section_up_to_the_last_slides(name):
    notes = teaching.read(name, build.solved_edition(LESSONS[name]))
    made = slides.of_lesson(LESSONS[name])
    told = "".join("".join(slide.notes) for slide in made)
    first = [section.heading for section in notes.sections].index("Verdict")
    for section in notes.sections[:first]:
        assert f": {section.minutes} min in the notebook" in told
    assert told.count("Stumbles:") >= 3


SMALL = """# %% [markdown]
# # Small

# %% [markdown] slide="First"
# A *question*?

# %% [markdown]
# ## Data

# %% {options}
print(1)

# %% [markdown] {last}
"""

NOTES = """
minutes = 3
sections = [{heading = "", minutes = 1}, {heading = "Data", minutes = 2}]
stumbles = [{where = "Data", what = "The `1`.", help = "Count."}]
questions = [{ask = "Is `1` large?", listen = "Compared with what."}]
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The slides of a small lesson whose code cell has these marks and outputs."""
    monkeypatch.setattr(runner, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(runner, "path_of", lambda name: tmp_path / f"{name}.ipynb")

    def make(options, *outputs, last='slide="later"\n# An answer.'):
        source = tmp_path / "9_small.py"
        text = SMALL.replace("{options}", options).replace("{last}", last)
        source.write_text(text, encoding="utf-8")
        notebook = build.solved_edition(source)
        assert [cell.source for cell in notebook.cells] == ["# Small", "## Data", "print(1)"]
        assert all("slide" not in cell.metadata for cell in notebook.cells)
        notebook.cells[2].outputs = list(outputs)
        nbformat.write(notebook, tmp_path / "9_small.ipynb")
        return slides.of_lesson(source)

    return make


PRINTED = nbformat.v4.new_output("stream", text="1 < 2\n")
TABLE = nbformat.v4.new_output("display_data", data={"text/html": "<style>x</style><table></table>"})


def test_texts_and_outputs_become_slides(small):
    first, second = small('slide="Second"', PRINTED, TABLE)
    assert first.texts == ["<div><p>A <em>question</em>?</p>\n</div>"]
    assert second.section == "Data"
    assert second.texts[:2] == [
        "<div><pre>1 &lt; 2</pre></div>",
        '<div><div class=""><table></table></div></div>',
    ]
    assert second.texts[2].startswith('<div class="fragment">')
    (only, _) = small('slide="Second" shows="2"', PRINTED, TABLE)[1].texts
    assert "<table>" in only
    assert "print(1)" in small('slide="+" shows="code"', PRINTED)[0].texts[1]


def test_marks_that_do_not_fit_are_named(small):
    with pytest.raises(
        CourseError, match=r"slides of 9_small, cell 'print\(1\)': expected .* output 3; it has 1"
    ):
        small('slide="Second" shows="3"', PRINTED)
    with pytest.raises(CourseError, match="a cell with the output 1; it has 0"):
        small('slide="Second"')


def test_the_speaker_gets_minutes_stumbling_blocks_and_questions_of_the_notes(small, tmp_path):
    (tmp_path / "teaching").mkdir()
    (tmp_path / "teaching" / "9_small.toml").write_text(NOTES, encoding="utf-8")
    first, second = small('slide="Second" ask=1', PRINTED)
    assert first.notes == ["<p><strong>Beginning</strong>: 1 min in the notebook</p>"]
    section, ask, listen = second.notes
    assert "2 min" in section and "The <code>1</code>." in section and "Count." in section
    assert "Is <code>1</code> large?" in ask and "Compared with what." in listen
    assert "large" not in "".join(second.texts)  # the cell has something of its own to show
    shown = small('slide="Second"', PRINTED, last='slide="+" ask=1')[1].texts
    assert shown[1] == '<p class="ask">Is <code>1</code> large?</p>'
    with pytest.raises(CourseError, match="ask=2 to be one of the 1 questions"):
        small('slide="Second" ask=2', PRINTED)


def test_without_reveal_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    slides.reveal.cache_clear()
    with pytest.raises(CourseError, match="make slides"):
        slides.reveal("dist/reveal.js")
    slides.reveal.cache_clear()


# --- in a browser ---


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if importlib.util.find_spec("sphinx_revealjs") is None:
        pytest.skip("reveal.js is missing: 'make test' installs it")
    folder = tmp_path_factory.mktemp("slides")
    slides.write(folder, list(LESSONS.values()))
    return folder


@pytest.fixture
def visit(browser, folder):
    """Opens a lesson's slides; afterwards, nothing was asked of anybody and no error was logged."""
    opened, asked, errors = [], [], []

    def visit(name, query=""):
        page = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True).new_page()
        opened.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((folder / f"{name}.html").as_uri() + query)
        page.wait_for_function("Reveal.isReady()")
        return page

    yield visit
    for page in opened:
        page.context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:", "blob:"))] == []
    assert errors == []


FITS = """() => {
  const slide = document.querySelector("section.present"), page = slide.getBoundingClientRect();
  const bottom = slide.querySelector("footer").getBoundingClientRect().top + 1;
  return [...slide.querySelectorAll("h1, h2, .texts *, .figures *")].filter(each => {
    const box = each.getBoundingClientRect();
    return box.height && (box.bottom > bottom || box.right > page.right || box.left < page.left);
  }).map(each => each.outerHTML.slice(0, 80));
}"""


@every_lesson
def test_the_keyboard_leads_through_all_slides_and_nothing_is_cut_off(visit, name):
    page = visit(name)
    titles = []
    for _ in range(60):
        if not page.evaluate("Reveal.availableFragments().next"):
            titles.append(page.locator("section.present :is(h1, h2)").inner_text())
            assert page.evaluate(FITS) == [], titles[-1]
            small = page.evaluate(
                "[...document.querySelectorAll('section.present .texts :not(rt)')].filter(e =>"
                " e.innerText?.trim() && parseFloat(getComputedStyle(e).fontSize) < 18).map(e => e.outerHTML)"
            )
            assert small == [], titles[-1]
        if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
            break
        page.keyboard.press("Space")
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    expected = [notebooks()[name].question, *(slide.title for slide in slides.of_lesson(LESSONS[name]))]
    assert titles == expected and page.evaluate("Reveal.getTotalSlides()") == len(expected)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash != ''")  # so a slide can be opened again


@every_lesson
def test_axe_finds_no_barrier_on_any_slide(visit, name):
    """All slides at once, as they are printed."""
    page = visit(name, "?view=print")
    page.wait_for_selector(".pdf-page")
    found = Axe().run(page).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in grave] == []
    heights = page.locator(".figures img").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) > 150
    assert page.locator(".pdf-page").count() == 1 + len(slides.of_lesson(LESSONS[name]))


def test_the_speaker_sees_notes_in_a_window_of_their_own(visit):
    page = visit("1_classic_ml")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    popup.value.wait_for_selector(".speaker-controls-notes")
    popup.value.wait_for_function("document.body.innerText.includes('let everybody write an answer down')")
