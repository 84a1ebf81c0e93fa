"""The report as a reader meets it: opened in headless Chromium, looked over by axe-core."""

import itertools

import pytest
from axe_playwright_python.sync_playwright import Axe

from course_utils import measured, report, side_by_side

PHONE, DESK = 360, 1280


@pytest.fixture
def address(tmp_path, four_lessons):
    """Writes one of the course's pages and gives its address."""

    def make(kind):
        full = four_lessons(tmp_path / "laptop", lift=2)
        path = tmp_path / f"{kind}.html"
        if kind == "compare":
            other = four_lessons(tmp_path / "other", lift=-2, seed=1)
            side_by_side.write(side_by_side.read([full, other]), path)
        else:
            report.write(full if kind == "full" else tmp_path / "nothing", path)
        return path.as_uri()

    return make


@pytest.fixture
def visit(browser):
    """Opens an address; afterwards, nothing was asked of anybody and no error was logged."""
    opened, asked, errors = [], [], []

    def visit(url, width=DESK, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        opened.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        return page

    yield visit
    for page in opened:
        page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("kind", ["full", "nothing", "compare"])
def test_axe_finds_no_barrier_and_nothing_sticks_out(address, visit, kind, width, scheme):
    page = visit(address(kind), width, scheme)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_schemes_differ_and_text_can_be_read_in_both(address, visit):
    url = address("full")
    pages = [visit(url, scheme=scheme) for scheme in ("light", "dark")]
    backgrounds = [page.evaluate("getComputedStyle(document.body).backgroundColor") for page in pages]
    assert backgrounds[0] != backgrounds[1]


def test_headings_step_down_one_level_at_a_time(address, visit):
    page = visit(address("full"))
    levels = [
        int(tag[1])
        for tag in page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(e => e.tagName)")
    ]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_picture_has_a_text(address, visit):
    page = visit(address("full"))
    texts = page.locator("img").evaluate_all("all => all.map(e => [e.alt, e.naturalWidth])")
    assert len(texts) == 2 and all(len(alt) > 30 and width > 0 for alt, width in texts)
    assert page.locator("svg:not([aria-hidden])").count() == 0  # the numbers stand beside the drawing


def test_the_keyboard_reaches_the_skip_link_the_cards_and_the_wide_tables(address, visit):
    page = visit(address("full"), PHONE)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    reached = set()
    for _ in range(100):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.hash")
        )
    assert {"All verdicts", "What each model costs", "Conditions", "#gen-power"} <= reached
    page.locator("a[href='#dl-features']").first.press("Enter")
    assert page.locator("#dl-features").is_visible()


def test_on_a_phone_the_comparison_is_read_cell_by_cell(address, visit):
    page = visit(address("full"), PHONE)
    cell = page.locator(".compare td.deep").first
    assert cell.bounding_box()["width"] > 0.8 * (PHONE - 40)
    assert "Deep learning" in cell.evaluate("e => getComputedStyle(e, '::before').content")


def test_it_prints(address, visit):
    pdf = visit(address("full")).pdf(format="A4")
    assert pdf.startswith(b"%PDF") and len(pdf) > 50_000


def test_the_page_shows_what_was_measured(tmp_path, address, visit):
    page = visit(address("full"))
    course = measured.read(tmp_path / "laptop")
    for verdict in course.all_verdicts():
        card = page.locator(f"#{verdict.claim.id}")
        assert verdict.word in card.locator(".word").inner_text()
        assert card.locator("svg").count() == len(verdict.outcomes)
