import itertools
import re

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.claims import ledger as claims
from course_utils.claims.estimates import Estimate, Test
from course_utils.claims.ledger import get, load_ledger

LEDGER = """
[documents.A]
title = "An article"

[[claims]]
id = "one"
lesson = 1
headline = true
status = "tested"
text = "Water is <b>wet</b>."
sources = [{ document = "A", section = "Rain" }, { document = "A", section = "Rivers" }]
how = "Touch it."

[[claims.tests]]
id = "wetness"
metric = "wetness & more"
unit = "points"
direction = "above"
margin = -1.0

[[claims.tests]]
id = "dryness"
metric = "dryness"
unit = "%"
direction = "below"
margin = 2.5
per = "river"
timed = true

[[claims]]
id = "two"
lesson = 1
headline = false
status = "planned"
text = "Fire is hot."
sources = [{ document = "A", section = "Sun" }]
how = "Later."
"""

HEADLINES = {
    "ml-lightweight": {
        "flights": ("below", 1.0, "points", "", False),
        "houses": ("below", 2.0, "%", "", False),
        "cpu_seconds": ("above", 5.0, "×", "table", True),
    },
    "dl-features": {
        "cnn_against_raw": ("above", 5.0, "points", "", False),
        "cnn_against_handmade": ("above", -1.0, "points", "", False),
    },
    "llm-finetune": {
        "against_pretrained": ("above", 5.0, "%", "budget", False),
        "against_more_reading": ("above", 5.0, "%", "budget", False),
    },
    "gen-new-and-real": {
        "class_agreement": ("above", -3.0, "points", "", False),
        "kernel_distance": ("below", 0.0, "thousandths", "", False),
        "near_copies": ("below", 3.0, "%", "", False),
        "control_copies": ("above", 30.0, "%", "", False),
        "altered_copies": ("above", 80.0, "%", "alteration", False),
        "spiked": ("above", 3.0, "%", "", False),
    },
}


@pytest.fixture
def ledger(tmp_path):
    """Loads a ledger from text."""

    def load(text=LEDGER, encoding="utf-8"):
        path = tmp_path / "ledger.toml"
        path.write_text(text, encoding=encoding)
        return load_ledger(path)

    return load


def rule(direction, margin):
    return Test("t", "metric", "points", direction, margin)


def interval(low, high):
    return Estimate((low + high) / 2, low, high, n=10)


@pytest.mark.parametrize(
    ("direction", "margin", "low", "high", "word"),
    [
        ("above", 5, 5.1, 7, "holds"),
        ("above", 5, 3, 4.9, "fails"),
        ("above", 5, 4, 6, "undecided"),
        ("above", 5, 5, 6, "undecided"),
        ("above", 5, 4, 5, "undecided"),
        ("above", -1, -0.9, 0.2, "holds"),
        ("above", -1, -3, -1.1, "fails"),
        ("above", -1, -1.5, 0.5, "undecided"),
        ("above", -1, -1, 1, "undecided"),
        ("below", 3, 1, 2.9, "holds"),
        ("below", 3, 3.1, 4, "fails"),
        ("below", 3, 2, 4, "undecided"),
        ("below", 3, 2, 3, "undecided"),
        ("below", 3, 3, 4, "undecided"),
        ("within", 2, -1.9, 1.9, "holds"),
        ("within", 2, 2.1, 3, "fails"),
        ("within", 2, -3, -2.1, "fails"),
        ("within", 2, 1, 3, "undecided"),
        ("within", 2, -3, -1, "undecided"),
        ("within", 2, -3, 3, "undecided"),
        ("within", 2, -2, 1, "undecided"),
        ("within", 2, -1, 2, "undecided"),
        ("within", 2, 2, 3, "undecided"),
        ("within", 2, -3, -2, "undecided"),
    ],
)
def test_judge_needs_the_whole_interval_on_one_side(direction, margin, low, high, word):
    assert rule(direction, margin).judge(interval(low, high)) == word


def test_a_claim_of_neither_article_says_so():
    assert get("llm-finetune-keeps").cited.startswith("neither article")


def test_one_of_many_rows_fails_only_beyond_bonferroni():
    below = interval(-3, -1.2)  # n = 10: at 1 - 0.05 / 6 the ends are further out by 3.36 / 2.26
    assert rule("above", -1).judge(below) == "fails"
    assert rule("above", -1).judge(below, n_rows=6) == "undecided"
    assert rule("above", -0.5).judge(below, n_rows=6) == "fails"
    assert rule("above", -3.1).judge(below, n_rows=6) == "holds"  # that all hold needs no correction
    assert below.widened(6) == pytest.approx((-3.44, -0.76), abs=0.01)
    ratio = Estimate(4, 2, 8, n=10)
    assert ratio.widened(6, logarithmic=True) == pytest.approx((4 / 2**1.487, 4 * 2**1.487), rel=1e-3)


@pytest.mark.parametrize("direction", ["above", "below", "within"])
def test_judge_agrees_with_looking_at_every_point(direction):
    right = {"above": lambda x, m: x > m, "below": lambda x, m: x < m, "within": lambda x, m: abs(x) < m}
    wrong = {"above": lambda x, m: x < m, "below": lambda x, m: x > m, "within": lambda x, m: abs(x) > m}
    seen = set()
    for low, high in itertools.combinations_with_replacement(range(-4, 5), 2):
        for margin in (1, 2, 3) if direction == "within" else (-2, 0, 2):
            points = np.linspace(low, high, 8 * (high - low) + 1)
            expected = "undecided"
            if all(right[direction](points, margin)):
                expected = "holds"
            elif all(wrong[direction](points, margin)):
                expected = "fails"
            assert rule(direction, margin).judge(interval(low, high)) == expected
            seen.add(expected)
    assert seen == {"holds", "fails", "undecided"}


@pytest.mark.parametrize("values", [(np.nan, 0, 1), (0, -np.inf, 1), (0, 0, np.inf)])
def test_an_estimate_refuses_what_is_no_number(values):
    with pytest.raises(CourseError, match="look for an empty fold or a division by zero"):
        Estimate(*values, n=5)


def test_an_interval_upside_down_is_refused():
    with pytest.raises(CourseError, match="give the lower end first"):
        Estimate(1, 2, 0, n=5)


@pytest.mark.parametrize(
    ("estimate", "unit", "text"),
    [
        (Estimate(0.42, -0.31, 1.15, 25), "points", "+0.42 [−0.31, 1.15] points, n = 25"),
        (Estimate(-0.42, -1.15, 0.31, 25), "points", "−0.42 [−1.15, 0.31] points, n = 25"),
        (Estimate(12.34, 8.76, 19.99, 9), "×", "12.34 [8.76, 19.99] ×, n = 9"),
        (Estimate(21.04, 18.04, 25.04, 9), "%", "21.0 [18.0, 25.0] %, n = 9"),
        (Estimate(50.4, 20.4, 123.4, 9), "", "50 [20, 123], n = 9"),
    ],
)
def test_an_estimate_shows_the_digits_that_matter(estimate, unit, text):
    assert estimate.text(unit) == text


@pytest.mark.parametrize(
    ("direction", "fails_at", "low", "high", "word"),
    [
        ("above", 70, 91, 100, "holds"),
        ("above", 70, 60, 69, "fails"),
        ("above", 70, 75, 85, "undecided"),
        ("above", 70, 60, 70, "undecided"),
        ("below", 95, 80, 89, "holds"),
        ("below", 95, 91, 94, "undecided"),
        ("below", 95, 96, 99, "fails"),
        ("within", 95, -99, -96, "fails"),
        ("within", 95, 91, 94, "undecided"),
    ],
)
def test_failing_can_have_a_margin_of_its_own(direction, fails_at, low, high, word):
    assert Test("t", "m", "%", direction, 90, fails_at=fails_at).judge(interval(low, high)) == word


def test_an_interval_of_another_kind_is_named(ledger):
    own = 'metric = "wetness & more"\ninterval = "range over all wells"\nfails_at = -2.0'
    claim = ledger(LEDGER.replace('metric = "wetness & more"', own))["one"]
    rule = "all of it above −1 points; it fails if all is below −2 points"
    assert f"wetness & more: range over all wells {rule}" in str(claim)
    assert f"range over all wells: {rule}" in claim._repr_html_()
    html = claim.judge({"wetness": WET, "dryness": {"Nile": MUCH}})._repr_html_()
    assert "measured [range over all wells or 95 % interval]" in html


@pytest.mark.parametrize(
    ("control", "dryness", "word"),
    [
        (interval(-0.5, 1), interval(0, 1), "supported"),
        (interval(-0.5, 1), interval(3, 4), "not supported"),
        (interval(-3, -2), interval(0, 1), "inconclusive"),
        (interval(-3, -2), interval(3, 4), "inconclusive"),
        (interval(-2, 1), interval(3, 4), "inconclusive"),
    ],
)
def test_where_a_control_does_not_hold_nothing_is_said(ledger, control, dryness, word):
    own = 'metric = "wetness & more"\ncontrol = true'
    claim = ledger(LEDGER.replace('metric = "wetness & more"', own))["one"]
    verdict = claim.judge({"wetness": control, "dryness": {"Nile": dryness}})
    assert verdict.word == word
    assert "Where a control does not hold" in verdict._repr_html_()


def test_rule_says_what_the_interval_must_do():
    assert rule("above", -1.0).rule == "all of it above −1 points"
    assert rule("below", 2.5).rule == "all of it below 2.5 points"
    assert rule("above", 1.0).rule == "all of it above 1 point"
    assert rule("within", 2.0).rule == "all of it within ± 2 points"
    assert Test("t", "m", "", "above", 0.0).rule == "all of it above 0"


WET, UNSURE, DRY = interval(-0.5, 1), interval(-2, 1), interval(-3, -2)
LITTLE, MUCH = interval(0, 1), interval(3, 4)


@pytest.mark.parametrize(
    ("wetness", "rivers", "word"),
    [
        (WET, {"Nile": LITTLE, "Rhine": LITTLE}, "supported"),
        (WET, {"Nile": LITTLE, "Rhine": MUCH}, "not supported"),
        (DRY, {"Nile": LITTLE}, "not supported"),
        (UNSURE, {"Nile": LITTLE}, "inconclusive"),
        (WET, {"Nile": LITTLE, "Rhine": interval(2, 3)}, "inconclusive"),
        (UNSURE, {"Nile": MUCH}, "not supported"),
    ],
)
def test_verdict_follows_from_every_test_in_every_group(ledger, wetness, rivers, word):
    verdict = ledger()["one"].judge({"wetness": wetness, "dryness": rivers})
    assert verdict.word == word
    assert [outcome.group for outcome in verdict.outcomes] == ["", *rivers]


@pytest.mark.parametrize("wetness", [WET, UNSURE, DRY])
def test_smoke_profile_gives_no_verdict(ledger, wetness):
    verdict = ledger()["one"].judge({"wetness": wetness, "dryness": {"Nile": LITTLE}}, profile="smoke")
    assert verdict.word == "too small to judge"
    assert str(verdict).startswith("… one: too small to judge")


@pytest.mark.parametrize(
    "measured",
    [
        {},
        {"wetness": WET},
        {"wetness": WET, "dryness": {"Nile": LITTLE}, "saltiness": WET},
        {"Wetness": WET, "dryness": {"Nile": LITTLE}},
    ],
)
def test_other_tests_than_the_ledgers_are_refused(ledger, measured):
    with pytest.raises(CourseError, match=r"judged by \['dryness', 'wetness'\].*measure exactly"):
        ledger()["one"].judge(measured)


@pytest.mark.parametrize("dryness", [LITTLE, {}, 0.5, None, {"Nile": 0.5}])
def test_a_test_with_groups_needs_an_estimate_for_each(ledger, dryness):
    with pytest.raises(
        CourseError, match="'dryness' of claim 'one' expects a mapping from river to Estimate"
    ):
        ledger()["one"].judge({"wetness": WET, "dryness": dryness})


@pytest.mark.parametrize("wetness", [{"Nile": WET}, {}, 0.5])
def test_a_test_without_groups_needs_one_estimate(ledger, wetness):
    with pytest.raises(CourseError, match="'wetness' of claim 'one' expects one Estimate"):
        ledger()["one"].judge({"wetness": wetness, "dryness": {"Nile": LITTLE}})


def test_a_claim_without_a_test_is_not_judged(ledger):
    with pytest.raises(CourseError, match=r"status: planned\): write one into claims.toml before you run"):
        ledger()["two"].judge({})


def test_a_claims_test_is_found_by_its_id(ledger):
    assert ledger()["one"].test("dryness").unit == "%"
    with pytest.raises(CourseError, match=r"'one' has no test 'colour': it has wetness, dryness"):
        ledger()["one"].test("colour")


def test_a_verdict_as_text_names_every_outcome(ledger):
    verdict = ledger()["one"].judge({"wetness": WET, "dryness": {"Nile": MUCH}})
    assert str(verdict).splitlines() == [
        "✘ one: not supported",
        "  ✔ wetness & more: +0.25 [−0.50, 1.00] points, n = 10 · needed: all of it above −1 points · holds",
        "  ✘ dryness (Nile): 3.50 [3.00, 4.00] %, n = 10 · needed: all of it below 2.5 % · fails",
    ]
    assert repr(verdict) == str(verdict)


def cells(html):
    """Texts of a table's cells, row by row as they come, still escaped."""
    return re.findall(r"<td[^>]*>(.*?)</td>", html)


def test_a_verdict_as_html_shows_all_and_escapes_text(ledger):
    html = ledger()["one"].judge({"wetness": WET, "dryness": {"<i>Nile": MUCH}})._repr_html_()
    assert "✘ Not supported" in html
    assert "Water is &lt;b&gt;wet&lt;/b&gt;." in html
    assert cells(html) == [
        *("✔ holds", "wetness &amp; more", "+0.25 [−0.50, 1.00] points, n = 10", "all of it above −1 points"),
        *("✘ fails", "dryness (&lt;i&gt;Nile)", "3.50 [3.00, 4.00] %, n = 10", "all of it below 2.5 %"),
    ]


def test_a_claim_shows_what_is_measured_and_needed(ledger):
    claim = ledger()["one"]
    assert str(claim).splitlines() == [
        "one: Water is <b>wet</b>.",
        "  source: A: Rain; A: Rivers",
        "  needed: wetness & more: 95 % interval all of it above −1 points",
        "  needed: dryness, for each river: 95 % interval all of it below 2.5 %",
    ]
    assert repr(claim) == str(claim)
    html = claim._repr_html_()
    assert "Water is &lt;b&gt;wet" in html
    assert "A: Rain; A: Rivers" in html
    assert cells(html) == [
        *("wetness &amp; more", "95 % interval: all of it above −1 points"),
        *("dryness, for each river", "95 % interval: all of it below 2.5 %"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[documents.A]", "[documents.A", "cannot read the ledger ledger.toml"),
        ('id = "two"', 'id = "one"', "claim 'one' stands twice in ledger.toml: keep one"),
        (
            'status = "planned"',
            'status = "done"',
            "status is 'done', expected one of tested, planned, untest",
        ),
        ('direction = "above"', 'direction = "over"', "direction is 'over', expected one of above, below"),
        ('"A", section = "Sun"', '"C", section = "Sun"', "'two': document is 'C', expected one of A"),
        ('how = "Later."', "", "claim 'two' in the ledger has a wrong or missing field.*how"),
        ('how = "Later."', 'how = "Later."\nwhen = 1', "claim 'two'.*wrong or missing field.*when"),
        ('sources = [{ document = "A", section = "Sun" }]', "", "claim 'two'.*missing field.*sources"),
        (', section = "Sun"', "", "claim 'two'.*missing field.*section"),
        ('metric = "dryness"', "", "claim 'one'.*missing field.*metric"),
        ('status = "planned"', 'status = "tested"', "'two' is marked tested but has no test: write down its"),
        ('id = "two"', "", r"claim '\?' in the ledger has a wrong or missing field"),
        ('[documents.A]\ntitle = "An article"', "", "document"),
    ],
)
def test_a_bad_ledger_is_refused(ledger, old, new, message):
    assert LEDGER.count(old) >= 1
    with pytest.raises(CourseError, match=message):
        ledger(LEDGER.replace(old, new))


def test_a_ledger_that_is_not_utf8_is_refused(ledger):
    with pytest.raises(CourseError, match=r"cannot read the ledger ledger.toml"):
        ledger(LEDGER.replace("Rain", "Crème"), encoding="latin-1")


def test_a_missing_ledger_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"cannot read the ledger nowhere.toml.*No such file"):
        load_ledger(tmp_path / "nowhere.toml")


def test_an_unknown_claim_gets_the_list_of_ids():
    with pytest.raises(
        CourseError, match=r"unknown claim 'ml-heavy': the ledger has ml-lightweight, .*gen-why"
    ):
        get("ml-heavy")


@pytest.mark.parametrize("claim_id", HEADLINES)
def test_the_headline_margins_stand_as_they_were_fixed(claim_id):
    found = {
        test.id: (test.direction, test.margin, test.unit, test.per, test.timed)
        for test in get(claim_id).tests
    }
    assert found == HEADLINES[claim_id]


def test_every_lesson_has_one_headline():
    headlines = [(claim.lesson, claim.id) for claim in load_ledger().values() if claim.headline]
    assert headlines == list(enumerate(HEADLINES, start=1))


def test_the_ledger_is_complete():
    ledger = load_ledger()
    counts = [sum(claim.lesson == lesson for claim in ledger.values()) for lesson in range(5)]
    assert all(count >= least for count, least in zip(counts, [2, 9, 9, 8, 7], strict=True))
    for claim in ledger.values():
        assert claim.text and claim.how and claim.cited, claim.id
        assert bool(claim.needs) == (claim.status == "untestable"), claim.id
        assert len({test.id for test in claim.tests}) == len(claim.tests), claim.id
        assert all(test.metric and test.unit for test in claim.tests), claim.id
    assert list(claims.load_ledger()) == list(ledger)


def test_a_minus_is_set_only_in_numbers():
    assert Estimate(-1.0, -2.0, 0.5, 3).text("nats-per-row") == "−1.00 [−2.00, 0.50] nats-per-row, n = 3"
