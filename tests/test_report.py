"""The report page and the comparison of several runs, as text; how they look is tested in a browser."""

import dataclasses
import itertools
import re
from xml.etree import ElementTree

import pytest

from course_utils import CourseError, cli
from course_utils.claims import estimates, ledger
from course_utils.claims.estimates import Outcome
from course_utils.report import compare, comparison, drawings, folder, tables
from course_utils.report import page as report
from course_utils.report.article import CELLS, DATA_TESTS


@pytest.fixture
def page(tmp_path, four_lessons):
    """The page of a folder of results, made with these options."""

    def make(**options):
        return report.html(folder.read(four_lessons(tmp_path / "results", **options)))

    return make


def test_each_tested_claim_has_its_card_and_the_rest_is_listed(page):
    html = page()
    for claim in ledger.load_ledger().values():
        kind = "<article" if claim.status == "tested" else "<details"
        assert re.search(f'{kind} [^>]*id="{claim.id}"', html), claim.id
    assert html.count("<article") == sum(c.status == "tested" for c in ledger.load_ledger().values())


def test_headline_claims_come_first_in_their_lesson(page):
    cards = re.findall(r'<article class="(card[^"]*)" id="([^"]+)"', page())
    for number in range(1, 5):
        of_lesson = [kind for kind, claim in cards if ledger.get(claim).lesson == number]
        assert of_lesson == ["card headline"] + ["card"] * (len(of_lesson) - 1)


def test_the_summary_counts_the_verdicts(page):
    html = page(lift=2)
    cards = html.split('<h3 class="tone">', 1)[1]
    supported = cards.count("</span> supported</span>")
    tested = sum(claim.status == "tested" for claim in ledger.load_ledger().values())
    assert 0 < supported < tested
    assert f"<b>{tested} claims tested:</b>" in html
    assert f'<b>{supported}</b> <span aria-hidden="true">✔</span> supported' in html


def test_a_handful_of_steps_has_no_verdict_on_the_page(page):
    html = page(profile="smoke")
    assert "too small to judge</span>" in html
    assert "course run 1 --profile smoke" in html
    assert not re.search(r">.</span> (not supported|supported|inconclusive)<", html)


def test_the_page_needs_nothing_from_elsewhere(page):
    html = page()
    links = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "<script" not in html and "@import" not in html and not re.search(r"url\((?!#)", html)


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
    html = report.html(folder.read(tmp_path))
    for number in range(1, 5):
        assert f"To measure it: <code>course run {number}</code>" in html
    assert "No claim has been tested yet." in html and "No predictions have been saved yet." in html


def test_predictions_stand_beside_what_was_measured(tmp_path, four_lessons):
    course = folder.read(four_lessons(tmp_path, lift=2))
    estimate = course.verdicts["1_classic_ml"][0].outcomes[0].estimate
    assert tables.predictions(course, "1_classic_ml") == [
        ("effect", "3", estimate.text(), "↑ too high"),
        ("verdict", "supported", "✔ supported", "✔ right"),
        ("own", "x < y", "", ""),
    ]


def test_what_the_page_says_names_claims_and_tests_that_there_are():
    for cells in CELLS.values():
        assert set(cells) == set(comparison.TECHNOLOGIES)
        for cell in cells.values():
            assert all(ledger.get(claim) for claim in cell.claims)
    for _, tests in DATA_TESTS.values():
        assert [ledger.get(claim).test(test).id for claim, test, _ in tests]


def test_every_tested_claim_on_a_technology_stands_in_the_comparison_or_on_its_card(page):
    html = page()
    listed = {claim for cells in CELLS.values() for cell in cells.values() for claim in cell.claims}
    assert all(f'href="#{claim}"' in html for claim in listed)


def test_a_cell_says_when_nothing_was_measured(tmp_path, four_lessons):
    (four_lessons(tmp_path) / "4_generative_model.json").unlink()
    html = report.html(folder.read(tmp_path))
    assert "not judged here: gen-power" in html
    assert "Nothing was measured here." in html
    assert "not judged</span> <code>cmp-compute</code>" in html
    assert "To measure the missing ones: <code>course run 4</code>" in html


def test_lessons_that_do_not_compare_leave_their_claim_open(tmp_path, four_lessons):
    path = four_lessons(tmp_path) / "1_classic_ml.json"
    path.write_text(path.read_text("utf-8").replace('"seed": 0', '"seed": 7'), encoding="utf-8")
    html = report.html(folder.read(tmp_path))
    assert "The lessons ran under different conditions (seed), so they do not compare." in html
    assert 'seed <span title="they differ">≠</span>' in html


def test_the_page_does_not_tell_where_it_was_made(tmp_path, four_lessons):
    path = four_lessons(tmp_path / "secret") / "1_classic_ml.json"
    path.write_text("{", encoding="utf-8")
    assert "secret" not in report.html(folder.read(tmp_path / "secret"))


def test_no_document_of_the_ledger_is_without_a_title():
    documents = ledger.documents()
    used = {document for claim in ledger.load_ledger().values() for document, _ in claim.sources}
    assert used <= set(documents) and all(document["title"] for document in documents.values())


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, None, "0"),
        (0.0021, None, "0.00210"),
        (0.5, 2, "0.50"),
        (4.331, None, "4.33"),
        (60.0, None, "60"),
        (31, 2, "31"),
        (9.96, 2, "10"),
        (855_936, None, "855,936"),
        (855_936, 2, "860,000"),
        (999_999.5, None, "1.00 million"),
        (2.941e12, None, "2.94 trillion"),
        (-12.34, None, "-12.3"),
        (5e-6, None, "5.00 × 10⁻⁶"),
        (3e17, 2, "3.0 × 10¹⁷"),
    ],
)
def test_numbers_are_short(value, digits, text):
    assert estimates.number(value, digits) == text


def test_a_span_of_one_value_is_the_value():
    assert estimates.span([2.0, 2.0], "s") == "2.0 s"
    assert estimates.span([0.5, 31], "CPU s") == "0.50 to 31 CPU s"


def outcome(direction, margin, low, effect, high, unit="points"):
    test = estimates.Test("t", "what", unit, direction, margin)
    return Outcome(test, "one", estimates.Estimate(effect, low, high, 9), "holds")


def test_the_lower_end_of_a_wide_multiple_is_not_told_as_nothing():
    assert estimates.effect(outcome("above", 1, 0.012, 7, 4000, "×")) == "7.0 [0.012, 4,000] ×, n = 9"
    assert estimates.effect(outcome("above", 1, 6, 7, 8, "×")) == "7.00 [6.00, 8.00] ×, n = 9"
    assert estimates.effect(outcome("above", 1, 6, 7, 8)) == "+7.00 [6.00, 8.00] points, n = 9"


def drawn(*arguments, others=()):
    """Places in an interval's drawing: ends of the shade, margins, ends of the interval, dot, labels."""
    one = outcome(*arguments)
    svg = ElementTree.fromstring(drawings.interval_svg(one, drawings.Axis([one, *others])))
    shade, dot = (next(e for e in svg if e.get("class") == kind) for kind in ("needed", "effect"))
    left = float(shade.get("x"))
    margins = [float(e.get("d").split()[0][1:]) for e in svg if e.get("class") == "margin"]
    bar = next(e.get("d") for e in svg if e.get("class") == "interval")
    low, high = (float(end) for end in re.match(r"M(\S+) \d+H([\d.]+)", bar).groups())
    labels = {e.text: float(e.get("x")) for e in svg if e.tag == "text"}
    return (left, left + float(shade.get("width"))), margins, (low, high), float(dot.get("cx")), labels


def test_an_interval_is_drawn_against_its_margin():
    shaded, (margin,), (low, high), dot, labels = drawn("above", -1, 0, 1, 3)
    assert shaded == pytest.approx((margin, drawings.WIDTH), abs=0.2)
    assert 0 < margin < low < dot < high < drawings.WIDTH
    assert (dot - low) / (high - low) == pytest.approx(1 / 3, abs=0.01)
    assert labels["−1"] == margin and labels["0"] == low and labels["3"] == high


def test_the_needed_side_is_shaded():
    shaded, (margin,), *_ = drawn("below", 3, 4, 5, 6)
    assert shaded == pytest.approx((0, margin), abs=0.2)
    shaded, margins, *_ = drawn("within", 2, -1, 0, 1)
    assert shaded == pytest.approx(margins, abs=0.2) and len(margins) == 2


def test_ratios_have_a_logarithmic_axis():
    *_, (low, high), dot, labels = drawn("above", 1, 10, 100, 1000, "×")
    assert dot == pytest.approx((low + high) / 2, abs=0.2)
    assert labels["100"] - labels["10"] == pytest.approx(labels["1,000"] - labels["100"], abs=0.2)
    *_, labels = drawn("above", 1, 1e-8, 2, 1e9, "×")
    assert {"1", "10⁻⁴", "10⁴"} <= set(labels)


def test_a_ratio_of_zero_has_a_plain_axis():
    *_, (low, high), dot, _ = drawn("above", 1, 0, 1, 2, "×")
    assert dot == pytest.approx((low + high) / 2, abs=0.2)


def test_outcomes_of_one_test_share_their_axis():
    one, two = ("above", 1, 2, 3, 4), ("above", 1, 5, 6, 70)
    _, margin, _, _, labels = drawn(*one, others=[outcome(*two)])
    _, other_margin, _, _, other_labels = drawn(*two, others=[outcome(*one)])
    assert margin == other_margin and labels == other_labels


def test_labels_do_not_touch():
    *_, labels = drawn("above", 0.4, 0.3, 0.5, 90)
    places = sorted(labels.values())
    assert all(b - a >= drawings.LABEL_GAP for a, b in itertools.pairwise(places))


def test_an_interval_without_width_can_be_drawn():
    _, _, (low, high), dot, _ = drawn("above", 5, 5, 5, 5)
    assert low == high == dot


def test_a_drawing_can_be_read_out():
    one = outcome("above", 5, 6, 7, 8)
    svg = ElementTree.fromstring(drawings.interval_svg(one, drawings.Axis([one])))
    text = "one: +7.00 [6.00, 8.00] points, n = 9; needed: all of it above 5 points; holds"
    assert (svg.get("role"), svg.get("aria-label")) == ("img", text)


def test_a_group_with_markup_in_its_name_is_drawn_as_text():
    one = Outcome(outcome("above", 5, 6, 7, 8).test, '"><b>', estimates.Estimate(7, 6, 8, 9), "holds")
    assert "<b>" not in drawings.interval_svg(one, drawings.Axis([one]))


def test_the_figure_of_costs_has_a_number_a_model_and_the_pages_colours(tmp_path, four_lessons):
    costs = comparison.model_costs(folder.read(four_lessons(tmp_path)).records)
    svg = drawings.inline(drawings.cost_figure(costs), 'a "figure"')
    assert svg.startswith('<svg class="plot" viewBox=') and "&#34;figure&#34;" in svg
    texts = re.findall(r"<text [^>]*>(\d+)</text>", svg)
    assert texts[: len(costs)] == [str(number) for number in range(1, len(costs) + 1)]
    assert all(f"var(--{name})" in svg for name in ("classic", "deep", "llm", "generative", "ink"))


def test_a_model_that_cost_nothing_is_left_out_of_the_figure(tmp_path, four_lessons):
    costs = comparison.model_costs(folder.read(four_lessons(tmp_path)).records)
    free = [dataclasses.replace(costs[0], predict_cpu_ms=0.0), *costs[1:]]
    svg = drawings.inline(drawings.cost_figure(free), "figure")
    assert ">1</text>" not in svg and ">2</text>" in svg


def test_the_same_figure_gives_the_same_bytes(tmp_path, four_lessons):
    costs = comparison.model_costs(folder.read(four_lessons(tmp_path)).records)
    first, second = (drawings.inline(drawings.cost_figure(costs), "") for _ in range(2))
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


def test_results_and_comparison_exclude_each_other(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["report", "--results", str(tmp_path), "--compare", "a", "b"])
    assert "not allowed with" in capsys.readouterr().err


def test_two_runs_are_compared_and_differences_marked(tmp_path, four_lessons, capsys):
    same = four_lessons(tmp_path / "ana", lift=2), four_lessons(tmp_path / "ben", lift=2, device="cuda")
    other = four_lessons(tmp_path / "eve", lift=-2)
    out = tmp_path / "compare.html"
    assert cli.main(["report", "--compare", *map(str, (*same, other)), "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert re.search(r"1 +ml-lightweight +≠ differ +✔ supported +✔ supported +✘ not supported", table)
    assert re.search(r"1_classic_ml +device +≠ differ +cpu +cuda +cpu", table)
    assert re.search(r"ml-lightweight +accuracy, best classic model minus MLP \(one\) +✔ .*✔ .*✘ ", table)
    assert re.search(r"minutes +0\.0 +0\.0 +0\.0", table) and table.endswith(f"{out}\n")
    html = out.read_text("utf-8")
    assert all(f'<th scope="col">{name}</th>' in html for name in ("ana", "ben", "eve"))
    assert '<tr class="differs"><td>≠ differ</td><th scope="row">device</th>' in html
    assert "<td>≠ differ</td>" in html
    same_device = str(same[0]), str(four_lessons(tmp_path / "carl", lift=2))
    assert cli.main(["report", "--compare", *same_device, "--out", str(out)]) == 0
    assert "≠ differ" not in capsys.readouterr().out and "≠ differ" not in out.read_text("utf-8")


def test_a_run_that_is_too_small_to_judge_does_not_differ(tmp_path, four_lessons, capsys):
    full, smoke = four_lessons(tmp_path / "full", lift=2), four_lessons(tmp_path / "smoke", profile="smoke")
    runs = compare.read([full, smoke])
    assert {row.agreement for row in runs.claims()} == {"– one run"}
    assert "Different settings of 'profile' in lesson 1, 2, 3, 4: full has laptop, smoke has smoke." in (
        runs.notices
    )
    assert {row.agreement for row in compare.read([smoke, smoke]).claims()} == {"… too small"}


def test_single_files_can_be_compared_and_what_is_missing_is_said(tmp_path, four_lessons, capsys):
    ana, ben = four_lessons(tmp_path / "ana", lift=2), four_lessons(tmp_path / "ben", seed=1)
    (ben / "4_generative_model.json").unlink()
    out = tmp_path / "compare.html"
    files = [str(ana / "1_classic_ml.json"), str(ben)]
    assert cli.main(["report", "--compare", *files, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"dl-features +– one run +not run ", printed)
    assert "ben: Lesson 4_generative_model has no results yet" in printed
    assert "Different settings of 'seed' in lesson 1: 1_classic_ml has 0, ben has 1." in printed
    html = out.read_text("utf-8")
    assert "not run" in html and "&#39;seed&#39; in lesson 1" in html


def test_names_and_values_with_markup_are_shown_as_text(tmp_path, four_lessons):
    runs = [four_lessons(tmp_path / name) for name in ("<i>ana", "ben")]
    path = compare.write(compare.read(runs), tmp_path / "c.html")
    assert "<i>" not in path.read_text("utf-8") and "&lt;i&gt;ana" in path.read_text("utf-8")


def test_runs_of_one_name_stay_apart(tmp_path, four_lessons, capsys):
    runs = [str(four_lessons(tmp_path / name / "laptop")) for name in ("ana", "ben")]
    assert cli.main(["report", "--compare", *runs, "--out", str(tmp_path / "c.html")]) == 0
    assert "ben/laptop" in capsys.readouterr().out


def test_comparing_needs_two_runs_that_can_be_read(tmp_path, four_lessons, capsys):
    good, empty, bad = four_lessons(tmp_path / "ana"), tmp_path / "empty", tmp_path / "bad.json"
    empty.mkdir()
    bad.write_text("{")
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "1_classic_ml.json").write_text("{")
    out = tmp_path / "c.html"
    for runs, problem in (
        ([good], "two or more"),
        ([good, empty], "holds no results"),
        ([good, bad], "cut short or damaged"),
        ([good, torn], "Lesson 1_classic_ml is left out"),
        ([good, tmp_path / "none"], "there is no results file"),
    ):
        assert cli.main(["report", "--compare", *map(str, runs), "--out", str(out)]) == 2
        assert problem in capsys.readouterr().err
    assert not out.exists()
