"""The report page and the comparison of several runs, as text; how they look is tested in a browser."""

import dataclasses
import itertools
import json
import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest

from course_utils import CourseError, cli
from course_utils import run as runtime
from course_utils.claims import estimates, ledger
from course_utils.claims.estimates import Outcome
from course_utils.models.costs import TECHNOLOGIES
from course_utils.report import compare, drawings, folder, tables
from course_utils.report import page as report


@pytest.fixture
def page(tmp_path, whole_run):
    """The page of a folder of results, made with these options."""

    def make(**options):
        return report.html(folder.read(whole_run(tmp_path / "results", **options)))

    return make


def test_each_tested_claim_has_its_card_and_the_rest_is_listed(page):
    html = page()
    for claim in ledger.load_ledger().values():
        kind = "<article" if claim.status == "tested" else "<details"
        assert re.search(f'{kind} [^>]*id="{claim.id}"', html), claim.id
    assert html.count("<article") == sum(c.status == "tested" for c in ledger.load_ledger().values())


def test_headline_claims_come_first_in_their_notebook(page):
    cards = re.findall(r'<article class="(card[^"]*)" id="([^"]+)"', page())
    for name in runtime.notebooks():
        of_notebook = [kind for kind, claim in cards if ledger.get(claim).notebook == name]
        assert "card headline" not in of_notebook[1:] and of_notebook
        assert (of_notebook[0] == "card headline") == (not runtime.notebooks()[name].lab)


def test_every_lesson_and_lab_is_listed_by_its_question_with_its_verdicts(tmp_path, whole_run):
    course = folder.read(whole_run(tmp_path, lift=2))
    glance = report.html(course).split('<table class="glance"', 1)[1].split("</table>", 1)[0]
    rows = dict(zip(folder.in_order(), re.findall(r"<tr class.*?</tr>", glance, re.DOTALL), strict=True))
    for name, row in rows.items():
        assert runtime.notebooks()[name].question in row.replace("&#39;", "'")
        verdicts = sorted(course.verdicts[name], key=lambda verdict: not verdict.claim.headline)
        assert re.findall(r'</span> ([a-z ]+)</span> <a href="#([^"]+)"', row) == [
            (verdict.word, verdict.claim.id) for verdict in verdicts
        ]
        assert "course run" not in row


def test_what_was_not_run_says_how_to_run_it(tmp_path, whole_run):
    out = whole_run(tmp_path)
    for name in ("2_depth", "0_cost", "3_small_llm"):
        (out / f"{name}.json").unlink()
    html = report.html(folder.read(out))
    for word in ("2_depth", "0_cost", "3"):
        assert f"not run: <code>course run {word}</code>" in html
    assert "To run all that is missing: <code>course run 3 2_depth 0_cost</code>" in html
    assert "what models cost is measured in lab 0" in html.lower() and 'class="plot"' not in html


def test_the_summary_counts_the_verdicts(tmp_path, whole_run):
    course = folder.read(whole_run(tmp_path, lift=2))
    html = report.html(course)
    cards = html.split('<h3 class="tone">', 1)[1]
    supported = cards.count("</span> supported</span>")
    tested = sum(claim.status == "tested" for claim in ledger.load_ledger().values())
    assert supported == [verdict.word for verdict in course.all_verdicts()].count("supported") > 0
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
    for word in ("1", "2_depth", "0_cost"):
        assert f"not run: <code>course run {word}</code>" in html
    assert "No claim has been tested yet." in html and "No predictions have been saved yet." in html


def test_predictions_stand_beside_what_was_measured(tmp_path, whole_run):
    course = folder.read(whole_run(tmp_path, lift=2))
    estimate = course.verdicts["1_classic_ml"][0].outcomes[0].estimate
    assert tables.predictions(course, "1_classic_ml") == [
        ("effect", "3", estimate.text(), "↑ too high"),
        ("verdict", "supported", "✔ supported", "✔ right"),
        ("own", "x < y", "", ""),
    ]


def test_every_tested_claim_stands_in_the_comparison_of_the_article():
    cells = [row[technology] for row in tables.article()["rows"] for technology in TECHNOLOGIES]
    listed = {claim for cell in cells for claim in cell["claims"]}
    tested = {claim.id for claim in ledger.load_ledger().values() if claim.status == "tested"}
    assert tested - listed == set(), "put it into a cell of report/article.toml"
    assert listed <= set(ledger.load_ledger())


def test_what_the_page_says_names_tests_and_figures_that_there_are(tmp_path, whole_run):
    course = folder.read(whole_run(tmp_path))
    for panel in tables.article()["data"]:
        assert panel["technology"] in TECHNOLOGIES
        assert [ledger.get(claim).test(test).id for claim, test, _ in panel["lines"]]
    for technology in TECHNOLOGIES:
        names = {name for row in tables.article()["rows"] for _, name in row.get("shown", [])}
        assert names <= set(tables.figures(course, technology))


def test_each_claim_of_the_comparison_is_linked_from_its_cell(page):
    html = page()
    for row, shown in zip(tables.article()["rows"], html_rows(html), strict=True):
        for technology, cell in zip(TECHNOLOGIES, shown, strict=True):
            assert re.findall('href="#([^"]+)"', cell) == row[technology]["claims"]


def html_rows(html):
    """The cells of each row of the article's comparison."""
    table = html.split('<table class="compare"', 1)[1].split("</table>", 1)[0].split("<tbody", 1)[1]
    return [
        re.findall('<td role="cell".*?</td>', row, re.DOTALL)
        for row in re.findall(r'<tr role="row">.*?</tr>', table, re.DOTALL)
    ]


def test_the_cells_show_what_the_models_of_lab_0_cost(tmp_path, whole_run):
    course = folder.read(whole_run(tmp_path))
    rows = {row["title"]: row["cells"] for row in tables.comparison(course)}
    assert dict(rows["Speed of use"]["LLM"]["measured"])["One token"] == "0.20 CPU ms"
    assert dict(rows["What it is for"]["deep"]["measured"]) == {"Models": "MLP; CNN"}
    assert set(dict(rows["Speed of training"]["generative"]["measured"])) == {
        "One training",
        "The whole lesson",
    }


def test_a_cell_says_when_nothing_was_measured(tmp_path, whole_run):
    whole_run(tmp_path)
    for name in ("4_generative_model", "0_cost"):
        (tmp_path / f"{name}.json").unlink()
    course = folder.read(tmp_path)
    cells = [row["cells"]["generative"] for row in tables.comparison(course)]
    assert [cell["measured"] for cell in cells] == [[]] * len(cells)
    assert "not judged here: gen-power" in report.html(course)


def test_a_claim_that_its_notebook_left_out_is_told(tmp_path, whole_run):
    path = whole_run(tmp_path) / "2_depth.json"
    record = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(record | {"verdicts": []}), encoding="utf-8")
    html = report.html(folder.read(tmp_path))
    assert "<code>dl-depth</code> was not judged in the last run of 2_depth." in html
    assert "no claim judged: <code>course run 2_depth</code>" in html


def test_notebooks_that_do_not_compare_are_marked(tmp_path, whole_run):
    path = whole_run(tmp_path) / "1_classic_ml.json"
    path.write_text(path.read_text("utf-8").replace('"seed": 0', '"seed": 7'), encoding="utf-8")
    html = report.html(folder.read(tmp_path))
    assert "Different settings of &#39;seed&#39;: 7 in 1_classic_ml; 0 in " in html
    assert '<span title="they differ">≠</span> seed' in html
    assert "The same in all: profile laptop, device cpu, lock" in html


def test_the_page_does_not_tell_where_it_was_made(tmp_path, whole_run):
    path = whole_run(tmp_path / "secret") / "1_classic_ml.json"
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


def test_the_figure_of_costs_has_a_number_a_model_and_the_pages_colours(tmp_path, whole_run):
    costs = folder.read(whole_run(tmp_path)).costs
    svg = drawings.inline(drawings.cost_figure(costs), 'a "figure"')
    assert svg.startswith('<svg class="plot" viewBox=') and "&#34;figure&#34;" in svg
    texts = re.findall(r"<text [^>]*>(\d+)</text>", svg)
    assert texts[: len(costs)] == [str(number) for number in range(1, len(costs) + 1)]
    assert all(f"var(--{name})" in svg for name in ("classic", "deep", "llm", "generative", "ink"))


def test_a_model_that_cost_nothing_is_left_out_of_the_figure(tmp_path, whole_run):
    costs = folder.read(whole_run(tmp_path)).costs
    free = [dataclasses.replace(costs[0], predict_cpu_ms=0.0), *costs[1:]]
    svg = drawings.inline(drawings.cost_figure(free), "figure")
    assert ">1</text>" not in svg and ">2</text>" in svg


def test_the_same_figure_gives_the_same_bytes(tmp_path, whole_run):
    costs = folder.read(whole_run(tmp_path)).costs
    before = dict(plt.rcParams)
    first, second = (drawings.inline(drawings.cost_figure(costs), "") for _ in range(2))
    assert dict(plt.rcParams) == before  # the style of whoever asks for it stays
    assert first == second


def test_a_page_that_cannot_be_written_is_said(blocked, tmp_path):
    with pytest.raises(CourseError):
        report.write(folder.read(tmp_path), blocked / "report.html")


def test_the_command_writes_the_page_and_says_where(tmp_path, whole_run, capsys):
    out = tmp_path / "my report.html"
    assert cli.main(["report", "--results", str(whole_run(tmp_path / "r")), "--out", str(out)]) == 0
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


def test_two_runs_are_compared_and_differences_marked(tmp_path, whole_run, capsys):
    same = whole_run(tmp_path / "ana", lift=2), whole_run(tmp_path / "ben", lift=2, device="cuda")
    other = whole_run(tmp_path / "eve", lift=-2)
    out = tmp_path / "compare.html"
    assert cli.main(["report", "--compare", *map(str, (*same, other)), "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert re.search(
        r"1_classic_ml +ml-lightweight +≠ differ +✔ supported +✔ supported +✘ not supported", table
    )
    assert re.search(r"1_classic_ml +device +≠ differ +cpu +cuda +cpu", table)
    assert re.search(r"ml-lightweight +flights: AUC, MLP minus best classic model +all .*✔ .*✔ .*✘ ", table)
    assert re.search(r"2_depth +dl-depth +≠ differ +✔ supported +✔ supported +✘ not supported", table)
    assert re.search(r"minutes +0\.0 +0\.0 +0\.0", table) and table.endswith(f"{out}\n")
    html = out.read_text("utf-8")
    assert all(f'<th scope="col">{name}</th>' in html for name in ("ana", "ben", "eve"))
    differs = re.findall('<tr class="differs"><th scope="row">(.*?)</th><th scope="row">(.*?)</th>', html)
    assert ("2_depth", "device") in differs and ("2_depth", "dl-depth") in differs
    assert ("2_depth", "seed") not in differs and ("2_depth", "minutes") not in differs
    same_device = str(same[0]), str(whole_run(tmp_path / "carl", lift=2))
    assert cli.main(["report", "--compare", *same_device, "--out", str(out)]) == 0
    assert "≠ differ" not in capsys.readouterr().out and "≠ differ" not in out.read_text("utf-8")


def test_a_run_that_is_too_small_to_judge_does_not_differ(tmp_path, whole_run, capsys):
    full, smoke = whole_run(tmp_path / "full", lift=2), whole_run(tmp_path / "smoke", profile="smoke")
    runs = compare.read([full, smoke])
    assert set(runs.tables()["Verdicts"]["verdicts"]) == {"– one run"}
    names = ", ".join(folder.in_order())
    assert runs.notices == [f"Different settings of 'profile' in {names}: full has laptop, smoke has smoke."]
    assert set(compare.read([smoke, smoke]).tables()["Verdicts"]["verdicts"]) == {"… too small"}


def test_single_files_can_be_compared_and_what_is_missing_is_said(tmp_path, whole_run, capsys):
    ana, ben = whole_run(tmp_path / "ana", lift=2), whole_run(tmp_path / "ben", seed=1)
    (ben / "4_generative_model.json").unlink()
    out = tmp_path / "compare.html"
    files = [str(ana / "1_classic_ml.json"), str(ben)]
    assert cli.main(["report", "--compare", *files, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"dl-features +– one run +not run ", printed)
    assert "4_generative_model" not in printed
    assert "Different settings of 'seed' in 1_classic_ml: 1_classic_ml has 0, ben has 1." in printed
    html = out.read_text("utf-8")
    assert "not run" in html and "&#39;seed&#39; in 1_classic_ml" in html


def test_names_and_values_with_markup_are_shown_as_text(tmp_path, whole_run):
    runs = [whole_run(tmp_path / name) for name in ("<i>ana", "ben")]
    path = compare.write(compare.read(runs), tmp_path / "c.html")
    assert "<i>" not in path.read_text("utf-8") and "&lt;i&gt;ana" in path.read_text("utf-8")


def test_runs_of_one_name_stay_apart(tmp_path, whole_run, capsys):
    runs = [str(whole_run(tmp_path / name / "laptop")) for name in ("ana", "ben")]
    assert cli.main(["report", "--compare", *runs, "--out", str(tmp_path / "c.html")]) == 0
    assert "ben/laptop" in capsys.readouterr().out


def test_comparing_needs_two_runs_that_can_be_read(tmp_path, whole_run, capsys):
    good, empty, bad = whole_run(tmp_path / "ana"), tmp_path / "empty", tmp_path / "bad.json"
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
        ([good, torn], "1_classic_ml is left out"),
        ([good, tmp_path / "none"], "there is no results file"),
    ):
        assert cli.main(["report", "--compare", *map(str, runs), "--out", str(out)]) == 2
        assert problem in capsys.readouterr().err
    assert not out.exists()
