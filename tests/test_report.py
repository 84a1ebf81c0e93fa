"""The report page and the comparison of several runs, as text; how they look is tested in a browser."""

import re
from xml.etree import ElementTree

import pytest

from course_utils import CourseError, claims, cli, comparison, measured, report, report_figures
from course_utils.report_text import CELLS, DATA_TESTS, PREDICTIONS


@pytest.fixture
def page(tmp_path, four_lessons):
    """The page of a folder of results, made with these options."""

    def make(**options):
        return report.html(measured.read(four_lessons(tmp_path / "results", **options)))

    return make


def test_each_tested_claim_has_its_card_and_the_rest_is_listed(page):
    html = page()
    for claim in claims.load_ledger().values():
        assert (f'id="{claim.id}"' in html) == (claim.status == "tested")
        assert claim.id in html
    assert html.count("<article") == sum(c.status == "tested" for c in claims.load_ledger().values())


def test_the_summary_counts_the_verdicts(page):
    html = page(lift=2)
    supported = html.count("</span> supported</span>")
    assert f'<li><b>{supported}</b> <span aria-hidden="true">✔</span> supported</li>' in html


def test_a_handful_of_steps_has_no_verdict_on_the_page(page):
    html = page(profile="smoke")
    assert "too small to judge</span>" in html
    assert not re.search(r"</span> (not supported|supported|inconclusive)<", html)


def test_the_page_needs_nothing_from_elsewhere(page):
    html = page()
    links = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "<script" not in html and "@import" not in html and "url(" not in html


def test_every_link_on_the_page_has_its_target(page):
    html = page()
    for target in re.findall(r'href="#([^"]+)"', html):
        assert html.count(f'id="{target}"') == 1


def test_text_from_a_file_cannot_become_markup(page):
    html = page(data="<script>alert(1)</script>")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "x &lt; y" in html  # a prediction


def test_an_empty_folder_gives_a_page_that_says_what_to_run(tmp_path):
    html = report.html(measured.read(tmp_path))
    for number in range(1, 5):
        assert f"Run it: course run {number}" in html
    assert "No claim has been tested yet." in html and "No predictions have been saved yet." in html


def test_predictions_stand_beside_what_was_measured(tmp_path, four_lessons):
    course = measured.read(four_lessons(tmp_path, lift=2))
    record = course.records["1_classic_ml"]
    record["predictions"] = {"gap": 0.5, "verdict": "supported", "own": "x < y"}
    rows = report._predictions(course, "1_classic_ml")
    estimate = course.verdicts["1_classic_ml"][0].outcomes[0].estimate.text("points")
    assert rows == [
        ("accuracy, best classic model minus network", "0.5 points", f"one {estimate}; two {estimate}"),
        ("verdict on ml-lightweight", "supported", "✔ supported"),
        ("own", "x < y", ""),
    ]


def test_what_the_page_says_names_claims_and_tests_that_there_are():
    for cells in CELLS.values():
        assert set(cells) == set(comparison.TECHNOLOGIES)
        for cell in cells.values():
            assert all(claims.get(claim).status == "tested" for claim in cell.claims)
    for _, tests in DATA_TESTS.values():
        assert [claims.get(claim).test(test).id for claim, test, _ in tests]
    for lesson, known in PREDICTIONS.items():
        for label, _, claim, test in known.values():
            assert claims.get(claim).lesson == int(lesson[0]) and label
            assert not test or claims.get(claim).test(test)


def test_no_document_of_the_ledger_is_without_a_title():
    documents = claims.documents()
    used = {document for claim in claims.load_ledger().values() for document, _ in claim.sources}
    assert used <= set(documents) and all(document["title"] for document in documents.values())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0021, "0.0021"),
        (0.5, "0.5"),
        (4.33, "4.33"),
        (31, "31"),
        (855_936, "855,936"),
        (2.94e12, "2.94 × 10¹²"),
        (5e-6, "5.00 × 10⁻⁶"),
    ],
)
def test_numbers_are_short(value, text):
    assert report.number(value) == text


def test_a_span_of_one_value_is_the_value():
    assert report.span([2.0, 2.0], "s") == "2.00 s"
    assert report.span([0.5, 31], "CPU s") == "0.5 to 31 CPU s"


def drawn(direction, margin, low, effect, high, unit="points"):
    """Places in an interval's drawing: left and right of the shade, margins, left and right end, dot."""
    test = claims.Test("t", "what", unit, direction, margin)
    svg = ElementTree.fromstring(report_figures.interval_svg(test, claims.Estimate(effect, low, high, 9)))
    place = {
        kind: [e for e in svg if e.get("class") == kind]
        for kind in ("needed", "margin", "interval", "effect")
    }
    (shade,), (dot,) = place["needed"], place["effect"]
    left = float(shade.get("x"))
    shaded = left, left + float(shade.get("width"))
    margins = [float(line.get("x1")) for line in place["margin"]]
    ends = float(place["interval"][0].get("x1")), float(place["interval"][0].get("x2"))
    return shaded, margins, ends, float(dot.get("cx"))


def test_an_interval_is_drawn_against_its_margin():
    shaded, (margin,), (low, high), dot = drawn("above", -1, 0, 1, 3)
    assert shaded == pytest.approx((margin, report_figures.WIDTH), abs=0.2)
    assert 0 < margin < low < dot < high < report_figures.WIDTH
    assert (dot - low) / (high - low) == pytest.approx(1 / 3, abs=0.01)


def test_the_needed_side_is_shaded():
    shaded, (margin,), *_ = drawn("below", 3, 4, 5, 6)
    assert shaded == pytest.approx((0, margin), abs=0.2)
    shaded, margins, *_ = drawn("within", 2, -1, 0, 1)
    assert shaded == pytest.approx(margins, abs=0.2) and len(margins) == 2


def test_ratios_have_a_logarithmic_axis():
    *_, (low, high), dot = drawn("above", 1, 10, 100, 1000, unit="×")
    assert dot == pytest.approx((low + high) / 2, abs=0.2)


def test_an_interval_without_width_can_be_drawn():
    _, _, (low, high), dot = drawn("above", 5, 5, 5, 5)
    assert low == high == dot


def test_the_same_figure_gives_the_same_bytes(tmp_path, four_lessons):
    costs = comparison.model_costs(measured.read(four_lessons(tmp_path)).records)
    first, second = (report_figures.as_svg(report_figures.cost_figure(costs)) for _ in range(2))
    assert first == second


def test_a_page_that_cannot_be_written_is_said(blocked, tmp_path):
    with pytest.raises(CourseError):
        report.write(tmp_path, blocked / "report.html")


def test_the_command_writes_the_page_and_says_where(tmp_path, four_lessons, capsys):
    out = tmp_path / "my report.html"
    assert cli.main(["report", "--results", str(four_lessons(tmp_path / "r")), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert out.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_folder_that_is_not_there_is_refused(tmp_path, capsys):
    out = tmp_path / "report.html"
    assert cli.main(["report", "--results", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert "there is no folder" in capsys.readouterr().err and not out.exists()


def test_two_runs_are_compared_and_differences_marked(tmp_path, four_lessons, capsys):
    same = four_lessons(tmp_path / "ana", lift=2), four_lessons(tmp_path / "ben", lift=2, device="cuda")
    other = four_lessons(tmp_path / "eve", lift=-2)
    out = tmp_path / "compare.html"
    assert cli.main(["report", "--compare", *map(str, (*same, other)), "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert re.search(r"ml-lightweight +≠ +supported +supported +not supported", table)
    html = out.read_text("utf-8")
    assert all(f'<th scope="col">{name}</th>' in html for name in ("ana", "ben", "eve"))
    assert "≠ differ" in html and "≠ device" in html
    assert cli.main(["report", "--compare", *map(str, same), "--out", str(out)]) == 0
    assert "≠" not in capsys.readouterr().out and "≠ differ" not in out.read_text("utf-8")


def test_single_files_can_be_compared_and_what_is_missing_is_said(tmp_path, four_lessons, capsys):
    ana, ben = four_lessons(tmp_path / "ana", lift=2), four_lessons(tmp_path / "ben", seed=1)
    out = tmp_path / "compare.html"
    files = [str(ana / "1_classic_ml.json"), str(ben)]
    assert cli.main(["report", "--compare", *files, "--out", str(out)]) == 0
    html = out.read_text("utf-8")
    assert "not run" in html and "different settings of 'seed'".replace("'", "&#39;") in html


def test_runs_of_one_name_stay_apart(tmp_path, four_lessons, capsys):
    runs = [str(four_lessons(tmp_path / name / "laptop")) for name in ("ana", "ben")]
    assert cli.main(["report", "--compare", *runs, "--out", str(tmp_path / "c.html")]) == 0
    assert "ben/laptop" in capsys.readouterr().out


def test_comparing_needs_two_runs_that_can_be_read(tmp_path, four_lessons, capsys):
    good, empty, bad = four_lessons(tmp_path / "ana"), tmp_path / "empty", tmp_path / "bad.json"
    empty.mkdir()
    bad.write_text("{")
    out = tmp_path / "c.html"
    for runs, problem in (
        ([good], "two or more"),
        ([good, empty], "holds no results"),
        ([good, bad], "cut short or damaged"),
        ([good, tmp_path / "none"], "there is no results file"),
    ):
        assert cli.main(["report", "--compare", *map(str, runs), "--out", str(out)]) == 2
        assert problem in capsys.readouterr().err
    assert not out.exists()
