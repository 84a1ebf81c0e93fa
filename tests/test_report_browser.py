"""The report as a reader meets it: opened in headless Chromium, looked over by axe-core."""

import itertools
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from thirty import make_class

from course_utils.claims import estimates
from course_utils.report import class_page, classroom, compare, folder
from course_utils.report import page as report

PHONE, DESK = 360, 1280


@pytest.fixture
def address(tmp_path, whole_run):
    """Writes one of the course's pages and gives its address; "full" has every lesson and lab."""

    def make(kind):
        path = tmp_path / f"{kind}.html"
        if kind == "class":
            room = classroom.read(make_class(tmp_path / "class", ["1_classic_ml", "1_rare", "1_fair"]))
            class_page.write(class_page.View(room), path)
            return path.as_uri()
        full = whole_run(tmp_path / "laptop", lift=2)
        if kind == "compare":
            other = whole_run(tmp_path / "other", lift=-2, seed=1)
            (other / "2_depth.json").unlink()
            compare.write(compare.read([full, other]), path)
        else:
            if kind == "some":  # a damaged lesson, a lab of other conditions, labs that were not run
                for name in ("2_depth", "0_cost", "4_privacy"):
                    (full / f"{name}.json").unlink()
                (full / "3_small_llm.json").write_text("{")
                lab = full / "1_labels.json"
                lab.write_text(lab.read_text("utf-8").replace('"seed": 0', '"seed": 1'), encoding="utf-8")
            report.write(folder.read(tmp_path / "nothing" if kind == "nothing" else full), path)
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
@pytest.mark.parametrize("kind", ["full", "some", "nothing", "compare", "class"])
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


@pytest.mark.parametrize("kind", ["full", "class"])
def test_headings_step_down_one_level_at_a_time(address, visit, kind):
    page = visit(address(kind))
    levels = [
        int(tag[1])
        for tag in page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(e => e.tagName)")
    ]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_picture_has_a_text(address, visit):
    page = visit(address("full"))
    assert page.locator("img").count() == 0
    texts = page.locator("svg").evaluate_all("all => all.map(e => [e.role, e.ariaLabel.length])")
    assert len(texts) > 50 and all(role == "img" and length > 30 for role, length in texts)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figure_stands_out_from_what_is_behind_it(address, visit, scheme):
    """Text of the page's colour; each mark, too, differs from the card by a contrast of three or more."""
    page = visit(address("full"), scheme=scheme)
    fill = "e => getComputedStyle(e).fill"
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert set(page.locator(".plot text").evaluate_all(f"all => all.map({fill})")) == {ink}
    card = page.locator(".plot").evaluate("e => getComputedStyle(e).backgroundColor")
    marks = set(page.locator(".plot [id^=PathCollection] use").evaluate_all(f"all => all.map({fill})"))
    marks -= {"none", "rgba(0, 0, 0, 0)"}
    tones = [mark for mark in marks if contrast(mark, ink) > 1.2]
    assert len(tones) >= 4 and all(contrast(tone, card) >= 3 for tone in tones)


def contrast(one, other):
    """Contrast of two colours, as WCAG 2.2 defines it."""
    light = []
    for colour in (one, other):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    return max(light) / min(light)


def test_every_link_lands(address, visit):
    page = visit(address("full"))
    hashes = set(page.locator("a").evaluate_all("all => all.map(e => e.hash)"))
    assert len(hashes) > 25
    assert [target for target in hashes if page.locator(f"[id='{target[1:]}']").count() != 1] == []


def test_the_keyboard_reaches_the_skip_link_the_cards_and_the_wide_tables(address, visit):
    page = visit(address("full"), PHONE)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    reached = set()
    for _ in range(250):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.hash")
        )
    assert {"Figure of costs", "What each model costs", "Conditions", "#gen-power"} <= reached
    page.locator("a[href='#dl-features']").first.press("Enter")
    assert page.locator("#dl-features").is_visible()


def test_on_a_phone_the_comparison_is_read_cell_by_cell(address, visit):
    page = visit(address("full"), PHONE)
    cell = page.locator(".compare td.deep").first
    assert cell.bounding_box()["width"] > 0.8 * (PHONE - 40)
    assert cell.locator(".technology").inner_text() == "■ Deep learning"
    desk = visit(address("full"))
    assert not desk.locator(".compare .technology").first.is_visible()


def test_on_a_phone_a_prediction_is_read_line_by_line(address, visit):
    page = visit(address("full"), PHONE)
    cells = page.locator(".predictions tbody tr").first.locator("th, td:not(.empty)")
    assert all(cell.bounding_box()["width"] > 0.8 * (PHONE - 40) for cell in cells.all())
    assert cells.nth(1).inner_text() == "Predicted 3"


def test_a_question_on_the_list_leads_to_its_verdict(address, visit):
    for width in (PHONE, DESK):
        page = visit(address("some"), width)
        rows = page.locator(".glance tbody tr")
        assert rows.count() == len(folder.in_order())
        lab = rows.filter(has_text="Does synthetic data keep")
        assert lab.locator("td").inner_text() == "not run: course run 4_privacy"
        assert "cannot be read: course run 3" in rows.filter(has_text="fine-tuning a language").inner_text()
        rows.filter(has_text="Do GANs and VAEs").locator("a").click()
        assert page.evaluate("location.hash") == "#gen-gan-vae"
        assert "Lab 4" in page.locator("h3:above(#gen-gan-vae)").first.inner_text()


def test_a_classs_drawings_have_texts_and_its_links_land(address, visit):
    page = visit(address("class"))
    texts = page.locator("svg[role=img]").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert len(texts) >= 6 and all("The table below has the numbers." in text for text in texts)
    assert page.locator("svg:not([role=img]):not([aria-hidden=true])").count() == 0
    hashes = set(page.locator("a").evaluate_all("all => all.map(e => e.hash)"))
    assert [target for target in hashes if page.locator(f"[id='{target[1:]}']").count() != 1] == []


def test_each_table_of_a_class_opens_by_the_keyboard(address, visit):
    page = visit(address("class"), PHONE)
    for summary in page.locator("summary").all():
        summary.press("Enter")
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert Axe().run(page).response["violations"] == []


@pytest.mark.parametrize("kind", ["full", "compare", "class"])
def test_it_prints(address, visit, kind):
    """On white, whatever the scheme; nothing sticks out of an A4 page, and what is folded away is there."""
    page = visit(address(kind), width=690, scheme="dark")  # what is left of an A4 page between its margins
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and len(pdf) > 50_000
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--page')") == "#fff"
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    if kind == "full":
        assert page.locator("#cmp-transparency p").last.is_visible()
        assert page.locator(".card").first.evaluate("e => getComputedStyle(e).breakInside") == "avoid"


def test_the_page_shows_what_was_measured(tmp_path, address, visit):
    page = visit(address("full"))
    course = folder.read(tmp_path / "laptop")
    for verdict in course.all_verdicts():
        card = page.locator(f"#{verdict.claim.id}")
        assert verdict.word in card.locator(".word").inner_text()
        assert card.locator("svg").count() == len(verdict.outcomes)
        for outcome in verdict.outcomes:
            assert estimates.effect(outcome) in card.inner_text().replace("\u00a0", " ")
