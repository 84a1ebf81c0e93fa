"""A class's folder is read whatever lies in it; what differs is told with what goes with it."""

import dataclasses
import itertools
import json
import os
import re

import numpy as np
import pytest
from thirty import STUDENTS, make_class

from course_utils import CourseError, cli
from course_utils.claims.estimates import FAILS, HOLDS, UNDECIDED, Estimate, Outcome, Test
from course_utils.report import class_drawings, class_page, class_tables, classroom, differences, folder
from course_utils.report.classroom import DAMAGED, JUDGED, MISSING, OTHER_LEDGER, SMOKE

NAMES = ["1_classic_ml", "1_rare", "1_fair"]


@pytest.fixture(scope="module")
def thirty(tmp_path_factory):
    """The folder of a class of thirty."""
    return make_class(tmp_path_factory.mktemp("class") / "made", NAMES)


@pytest.fixture(scope="module")
def view(thirty):
    return class_page.View(classroom.read(thirty))


@pytest.fixture
def hand_in(tmp_path, record):
    """Puts a good results file of a notebook at a path of the class's folder; gives that folder."""

    def put(path, notebook="1_classic_ml", **changes):
        content = json.loads(record(notebook))
        finished = changes.pop("finished", "2026-11-01T10:00:00Z")
        content["times"] = {"finished": finished, "wall_s": 9, "cpu_s": 9, "peak_memory_mb": 99}
        content["run"] |= changes
        if changes.get("profile") == "smoke":
            content["verdicts"] = []
        place = tmp_path / "class" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content), encoding="utf-8")
        return tmp_path / "class"

    return put


def several(make, tmp_path, **runs):
    """A class: by a name's beginning, how many students, and what `whole_run` is told of them."""
    for name, (count, settings) in runs.items():
        made = make(tmp_path / name, **settings)
        for number in range(count):
            place = tmp_path / "class" / f"{name}{number}"
            place.mkdir(parents=True)
            for notebook in ("1_forecast", "2_depth"):
                content = json.loads((made / f"{notebook}.json").read_text("utf-8"))
                content["times"]["wall_s"] = number
                (place / f"{notebook}.json").write_text(json.dumps(content), encoding="utf-8")
    return classroom.read(tmp_path / "class")


def tally_of(room, claim):
    return next(tally for tally in differences.tallies(room) if tally.claim.id == claim)


def test_a_class_of_thirty_is_sorted_out(view):
    room = view.room
    assert len(room.students) == 30 and room.names == NAMES
    counts = {state: len(room.of(state, "1_classic_ml")) for state in class_page.STATES}
    assert sum(counts.values()) == 30
    assert (counts[SMOKE], counts[OTHER_LEDGER], counts[DAMAGED]) == (1, 1, 1) and counts[MISSING] >= 1
    assert (room.of(SMOKE, "1_classic_ml"), room.of(OTHER_LEDGER, "1_classic_ml")) == (["björn"], ["ivo"])
    assert [room.states[name]["katya"] for name in NAMES] == [MISSING] * 3
    told = "\n".join(room.notices)
    assert "Left out: 1_classic_ml of adeyemi. The file is cut short or damaged (" in told
    assert "Handed in more than once: 1_classic_ml of dora. The one that finished last counts." in told
    assert len(room.notices) == 4


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("ana/1_classic_ml.json", "ana"),
        ("ana/results/laptop/1_classic_ml.json", "ana"),
        ("ana/1_classic_ml/2026-11-02/my results (2).json", "ana"),
        ("Ana Núñez_123_assignsubmission_file_/1_classic_ml (1).json", "Ana Núñez_123"),
        ("ana (2)/1_classic_ml.json", "ana"),
        ("ana_attempt_2026-11-02-10-00-00/1_classic_ml.json", "ana"),
        ("nunezana_LATE_123_456_1_classic_ml-1.json", "nunezana_123"),
        ("ana_1_classic_ml.json", "ana"),
        ("ana_7_1_classic_ml.json", "ana_7"),
        ("1_classic_ml_ana_attempt_2026-11-02-10-00-00_1_classic_ml.json", "1_classic_ml_ana"),
        ("Ana Núñez_123_assignsubmission_file_1_classic_ml.json", "Ana Núñez_123"),
        ("77-88 - Ana Núñez - Nov 2, 2026 1000 AM/1_classic_ml.json", "Ana Núñez"),
        ("submitted/ana/1_classic_ml/1_classic_ml.json", "ana"),
    ],
)
def test_results_are_found_where_a_collector_or_a_platform_leaves_them(hand_in, path, student):
    room = classroom.read(hand_in(path))
    assert room.students == [student] and list(room.judged["1_classic_ml"]) == [student]
    assert room.notices == []


@pytest.mark.parametrize(
    "path",
    [
        "ana/course/docs/reference/1_classic_ml.json",
        "ana/.ipynb_checkpoints/1_classic_ml.json",
        "ana/__MACOSX/1_classic_ml.json",
        "ana/._1_classic_ml.json",
    ],
)
def test_the_reference_run_and_hidden_copies_are_nobodys_results(hand_in, path):
    room = classroom.read(hand_in(path))
    assert (room.students, room.names, room.notices) == (["ana"], [], [])


def test_other_files_are_left_alone_and_a_student_without_results_is_counted(hand_in):
    path = hand_in("ana/1_classic_ml.json")
    (path / "ana" / "package.json").write_text('{"name": "mine"}')
    (path / "ben").mkdir()
    (path / "grades.csv").write_text("ana,1")
    room = classroom.read(path)
    assert (room.students, room.notices) == (["ana", "ben"], [])
    assert room.of(MISSING, "1_classic_ml") == ["ben"]


def test_of_two_attempts_the_one_that_finished_last_counts(hand_in):
    hand_in("ana/new/1_classic_ml.json", seed=1, finished="2026-11-03T10:00:00Z")
    room = classroom.read(hand_in("ana/z/1_classic_ml.json", seed=2))
    assert room.judged["1_classic_ml"]["ana"].record.run.seed == 1
    assert room.notices == [
        "Handed in more than once: 1_classic_ml of ana. The one that finished last counts."
    ]


def test_a_copy_of_the_same_file_is_no_second_attempt(hand_in):
    hand_in("ana/1_classic_ml.json")
    assert classroom.read(hand_in("ana/results/1_classic_ml.json")).notices == []


def test_a_later_smoke_run_does_not_take_the_place_of_a_verdict(hand_in):
    hand_in("ana/1_classic_ml.json")
    room = classroom.read(
        hand_in("ana/s/1_classic_ml.json", profile="smoke", finished="2026-12-01T00:00:00Z")
    )
    assert room.states["1_classic_ml"] == {"ana": JUDGED} and room.notices == []


def test_a_smoke_run_is_no_verdict_and_no_prediction(hand_in):
    path = hand_in("ana/1_classic_ml.json", profile="smoke")
    view = class_page.View(classroom.read(path))
    assert (view.tallies, view.predictions) == ([], {"1_classic_ml": []})
    assert "The exercise that most" not in class_page.printed(view)  # none is handed in
    assert view.room.notices == [
        "Smoke runs: 1_classic_ml of ana. Their exercises count, and nothing else of them."
    ]


def test_one_file_of_two_students_is_said(hand_in):
    hand_in("ana/1_classic_ml.json")
    room = classroom.read(hand_in("ben/1_classic_ml.json"))
    (notice,) = room.notices
    assert notice.endswith("counted for each of them: 1_classic_ml of ana and ben.")
    assert len(room.judged["1_classic_ml"]) == 2


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[:900], "The file is cut short or damaged"),
        (lambda text: "", "The file is cut short or damaged"),
        (lambda text: "\udcff", "The file is no text in UTF-8."),
        (lambda text: text.replace('"version": 4', '"version": 9'), "The file has version 9"),
        (lambda text: text.replace('"n": 25', '"n": {}', 1), "The file is damaged ("),
        (
            lambda text: text.replace("1_classic_ml", "9_none"),
            "of a notebook that this course does not have.",
        ),
        (
            lambda text: text.replace("ml-lightweight", "ml-unknown"),
            "Today's ledger of claims gives other words",
        ),
        (
            lambda text: re.sub('"verdict": "[^"]+"', '"verdict": "not supported"', text),
            "Today's ledger of claims gives other words",
        ),
    ],
)
def test_a_damaged_file_is_named_and_costs_only_itself(hand_in, damage, said):
    path = hand_in("ana/1_classic_ml.json")
    (path / "ben").mkdir()
    text = damage((path / "ana" / "1_classic_ml.json").read_text("utf-8"))
    (path / "ben" / "1_classic_ml.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    room = classroom.read(path)
    (notice,) = room.notices
    assert notice.startswith("Left out: 1_classic_ml of ben") and said in notice
    assert list(room.judged["1_classic_ml"]) == ["ana"]


def test_a_file_that_cannot_be_opened_is_named(hand_in):
    path = hand_in("ana/1_rare.json", "1_rare")
    try:
        (path / "ana" / "1_classic_ml.json").symlink_to(path / "nowhere")
    except OSError:
        pytest.skip("this system makes no links")
    (notice,) = classroom.read(path).notices
    assert notice.startswith("Left out: 1_classic_ml of ana. The file cannot be opened (")
    assert str(path) not in notice


def test_a_folder_that_cannot_be_opened_is_said(hand_in, monkeypatch):
    path = hand_in("ana/1_classic_ml.json")
    (path / "ben").mkdir()
    scandir = os.scandir

    def closed(folder):
        if str(folder).endswith("ben"):
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", closed)
    room = classroom.read(path)
    (notice,) = room.notices
    assert notice.startswith("Left out: a file of ben. The file cannot be opened (")
    assert list(room.judged["1_classic_ml"]) == ["ana"]


def test_a_good_file_counts_beside_a_damaged_one(hand_in):
    path = hand_in("ana/1_classic_ml.json")
    (path / "ana" / "1_classic_ml (1).json").write_text("{", encoding="utf-8")
    room = classroom.read(path)
    assert room.states["1_classic_ml"] == {"ana": JUDGED} and "Left out" in room.notices[0]


def test_what_is_no_class_is_refused(tmp_path, hand_in):
    with pytest.raises(CourseError, match="there is no folder"):
        classroom.read(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CourseError, match=r"no student in .*a folder for each student$"):
        classroom.read(tmp_path / "empty")
    hand_in("1_rare.json", "1_rare")
    hand_in("1_classic_ml.json")
    with pytest.raises(CourseError, match="this one holds 2 results of one student itself"):
        classroom.read(tmp_path / "class")


def test_a_file_beside_the_students_folders_is_said(hand_in):
    hand_in("ana/1_classic_ml.json")
    assert classroom.read(hand_in("1_classic_ml.json")).notices == [
        "Left out: 1 file beside the students' folders, of no student."
    ]


def test_without_names_none_is_anywhere(thirty, capsys, tmp_path):
    out = tmp_path / "class.html"
    assert cli.main(["report", "--class", str(thirty), "--no-names", "--out", str(out)]) == 0
    said = "".join(capsys.readouterr())
    for text in (said.replace(str(out), ""), out.read_text("utf-8")):
        text = text.casefold()
        assert [name for name in STUDENTS if re.search(rf"\b{name}(_\d+)?\b", text)] == []
        assert "student 30" in text or text.startswith("30 students")


def test_numbers_do_not_follow_the_alphabet_and_stay_the_same(thirty, view):
    rooms = [classroom.read(thirty, names=False) for _ in range(2)]
    assert rooms[0].students == [f"student {number}" for number in range(1, 31)]
    assert (
        class_page.html(class_page.View(rooms[0])).splitlines()[:-8]
        == class_page.html(class_page.View(rooms[1])).splitlines()[:-8]
    )
    by_name = [hand_in.record for hand_in in view.room.judged["1_rare"].values()]
    by_number = [hand_in.record for hand_in in rooms[0].judged["1_rare"].values()]
    assert by_name != by_number and len(by_name) == len(by_number)
    assert all(record in by_name for record in by_number)


def test_numbers_cannot_be_worked_out_from_a_list_of_the_class(hand_in):
    """They depend on what was handed in, too."""
    orders = set()
    for seed in range(6):
        for student in "abcde":
            path = hand_in(f"{student}/1_classic_ml.json", seed=100 * seed + ord(student))
        judged = classroom.read(path, names=False).judged["1_classic_ml"]
        orders.add(tuple(hand_in.record.run.seed - 100 * seed for hand_in in judged.values()))
    assert len(orders) > 3


TESTS = [
    Test("t", "what", "points", "above", 1.0),
    Test("t", "what", "points", "below", 1.0),
    Test("t", "what", "points", "within", 3.0),
    Test("t", "what", "×", "below", 5.0),
    Test("t", "what", "points", "above", 1.0, fails_at=-1.0),
]


@pytest.mark.parametrize("test", TESTS, ids=lambda test: f"{test.direction} {test.unit} {test.fails_at}")
@pytest.mark.parametrize("n_rows", [1, 4])
def test_so_far_an_interval_has_to_move_for_another_word(test, n_rows):
    """Moved by a little more in one of the two directions it has that word; by a little less in neither."""
    rng = np.random.default_rng(0)
    seen = set()
    for effect in rng.uniform(0.5, 9, 40):
        estimate = Estimate(effect, effect - 0.4, effect + 0.4, 20)
        for wanted in (HOLDS, FAILS, UNDECIDED):
            outcome = Outcome(test, "", estimate, test.judge(estimate, n_rows))
            if outcome.word == wanted:
                continue
            distance = differences.shift(outcome, wanted, n_rows)
            seen.add((outcome.word, wanted))
            assert wanted not in {word_at(outcome, way * (distance - 1e-6), n_rows) for way in (-1, 1)}
            assert wanted in {word_at(outcome, way * (distance + 1e-6), n_rows) for way in (-1, 1)}
    assert len(seen) >= 4


def word_at(outcome, by, n_rows):
    """The word of an outcome whose interval is moved by so many half-widths."""
    estimate, logarithmic = outcome.estimate, outcome.test.unit == "×"
    ends = np.array([estimate.effect, estimate.low, estimate.high])
    ends = np.log(ends) if logarithmic else ends
    ends = ends + by * (ends[2] - ends[1]) / 2
    return outcome.test.judge(Estimate(*(np.exp(ends) if logarithmic else ends), estimate.n), n_rows)


def test_an_interval_without_width_or_with_too_much_comes_to_no_other_word():
    point = Outcome(TESTS[0], "", Estimate(5, 5, 5, 9), HOLDS)
    wide = Outcome(TESTS[2], "", Estimate(0, -9, 9, 9), UNDECIDED)
    assert differences.shift(point, FAILS, 1) == differences.shift(wide, HOLDS, 1) == float("inf")


@pytest.mark.parametrize(
    ("lift", "word", "distance"),
    [(0.9, "supported", 0.1), (1.3, "inconclusive", 0.3), (0.9, "not supported", None)],
)
def test_how_far_a_verdict_is_from_another_word(tmp_path, whole_run, lift, word, distance):
    course = folder.read(whole_run(tmp_path, lift=lift))
    verdict = next(each for each in course.all_verdicts() if each.claim.id == "ml-forecast")
    far = differences.away(verdict, word)
    assert far == pytest.approx(distance) if distance else far > 1.9
    assert differences.away(verdict, verdict.word) == 0


def test_a_failed_control_keeps_a_verdict_from_being_not_supported(tmp_path, whole_run):
    course = folder.read(whole_run(tmp_path, lift=-2))
    verdict = next(v for v in course.all_verdicts() if any(o.test.control for o in v.outcomes))
    assert verdict.word == "inconclusive"
    assert differences.away(verdict, "not supported") == pytest.approx(
        3
    )  # a control has to hold: from −2 to 1


def test_another_seed_is_told_where_it_goes_with_the_word(tmp_path, whole_run):
    usual, other = {"lift": 2}, {"lift": -2, "seed": 7}
    room = several(whole_run, tmp_path, ana=(6, usual), ben=(2, other))
    tally = tally_of(room, "dl-depth")
    assert tally.words == {"supported": 6, "not supported": 2}
    margin, seed = tally.reasons
    assert margin.startswith("2 × not supported where 6 have supported. Not close to the margin: ")
    assert "would have to move by 3 times their half-widths to say supported." in margin
    assert seed == "Another seed: 2 of these 2 (7; most have 0), and none of the 6 others."


def test_of_one_student_it_is_said_that_it_may_be_chance(tmp_path, whole_run):
    usual, other = {"lift": 2}, {"lift": 0.9, "device": "cuda"}
    room = several(whole_run, tmp_path, ana=(5, usual), ben=(1, other))
    close, device = tally_of(room, "dl-depth").reasons
    assert close == (
        "1 × inconclusive where 5 have supported. Close to the margin: moved by 0.1 times its "
        "half-width, the interval would say supported, too."
    )
    assert device == (
        "Another device: this one (cuda; most have cpu), and none of the 5 others. With so few, it may be "
        "chance."
    )


def test_where_nothing_goes_with_it_that_is_said(tmp_path, whole_run):
    room = several(whole_run, tmp_path, ana=(4, {"lift": 2}), ben=(2, {"lift": -2}))
    assert tally_of(room, "dl-depth").reasons[1].startswith("Conditions: neither profile, device, seed")


def test_another_number_of_folds_is_told(hand_in):
    """Somebody changed a setting: the file does not keep it, but n does."""
    for number in range(6):
        path = hand_in(f"ana{number}/1_classic_ml.json")
    file = path / "ana5" / "1_classic_ml.json"
    content = json.loads(file.read_text("utf-8"))
    (judged,) = content["verdicts"]
    for outcome in judged["outcomes"]:
        outcome |= {"n": 5, "effect": 9.0, "low": 8.9, "high": 9.1}
    judged["verdict"] = "not supported"
    file.write_text(json.dumps(content), encoding="utf-8")
    tally = tally_of(classroom.read(path), "ml-lightweight")
    assert tally.reasons[1].startswith("Another n: this one (5; most have 25), and none of the 5 others.")


def test_what_many_others_have_too_is_no_reason(tmp_path, whole_run):
    other = {"lift": -2, "device": "cuda"}
    room = several(
        whole_run, tmp_path, ana=(3, {"lift": 2}), eve=(2, {"lift": 2, "device": "cuda"}), ben=(1, other)
    )
    assert tally_of(room, "dl-depth").reasons[1].startswith("Conditions: neither")


def test_a_file_of_another_ledger_is_told_with_its_word(view):
    tally = tally_of(view.room, "ml-lightweight")
    assert not tally.differ
    assert tally.reasons == ["Another ledger: files that were left out say 1 × supported."]


def test_only_tests_whose_outcomes_differ_are_drawn(view):
    assert view.differing
    for tally in view.differing:
        assert tally.rows and sum(tally.words.values()) == len(tally.verdicts)
        for row in tally.rows:
            assert len({outcome.word for outcome in row.outcomes.values()}) > 1


def test_a_strip_has_a_line_a_student_and_says_what_it_shows(view):
    row = view.differing[0].rows[0]
    axis = class_drawings.Axis(row.outcomes.values())
    svg = class_drawings.strip_svg(row.outcomes, axis, row.label)
    assert svg.count('class="thin"') == svg.count("<title>") == len(row.outcomes)
    marks = sorted(float(at) for at in re.findall(r'c?x="([\d.]+)" cy', svg))
    assert marks == [float(at) for at in re.findall(r'cx="([\d.]+)"', svg)]  # sorted by effect
    assert f"the intervals of {len(row.outcomes)} students" in svg


def test_a_students_name_with_markup_is_text(hand_in):
    path = hand_in("<b>ana/1_classic_ml.json")
    html = class_page.html(class_page.View(classroom.read(path)))
    assert "<b>ana" not in html and "&lt;b&gt;ana" in html


def predicted(*guesses, effects=(10.0,), own=None):
    names = [f"s{number}" for number in range(len(guesses))]
    answers = [Estimate(effect, effect - 1, effect + 1, 9) for effect in effects]
    return class_tables.Prediction("how much", dict(zip(names, guesses, strict=True)), 0, answers, {}, own)


def test_predictions_are_counted_beside_what_each_student_measured(tmp_path, whole_run):
    room = several(whole_run, tmp_path, ana=(2, {"lift": 2}), ben=(1, {"lift": -2}))
    number, word = class_tables.predictions(room, "1_forecast")
    assert (number.question, word.question) == ("effect", "verdict")
    assert number.of_numbers and not word.of_numbers
    assert word.guesses == {"ana0": "supported", "ana1": "supported", "ben0": "supported"}
    assert word.fared == {"✔ right": 2, "✘ wrong": 1}
    assert word.answers.count("not supported") == 1 and number.fared.total() == 3


def test_dots_text_and_odd_words_are_no_guesses_that_are_shown(hand_in):
    path = hand_in("ana/1_classic_ml.json")
    file = path / "ana" / "1_classic_ml.json"
    content = json.loads(file.read_text("utf-8"))
    content["answers"] = {
        "a": {"effect": 1, "low": 0, "high": 2, "n": 9},
        "b": "inconclusive",
        "c": "inconclusive",
    }
    content["predictions"] = {"a": "I, Ana, say 3", "b": "Ana says no", "c": "…"}
    file.write_text(json.dumps(content), encoding="utf-8")
    view = class_page.View(classroom.read(path))
    found = {each.question: each for each in view.predictions["1_classic_ml"]}
    assert (found["a"].guesses, found["a"].silent) == ({}, 1)
    assert found["b"].guesses == {"ana": "another word"} and found["c"].guesses == {}
    assert "Ana says" not in class_page.html(view) and "I, Ana" not in class_page.html(view)


def test_the_notebooks_own_guess_is_known_and_counted(view):
    assert class_tables.own_guesses("1_rare")["verdict"] == "supported"
    assert class_tables.own_guesses("1_classic_ml") == {}  # it leaves them open
    assert len(class_tables.own_guesses("1_reading")) == 4  # asked for in two steps
    verdict = next(each for each in view.predictions["1_rare"] if each.question == "verdict")
    assert verdict.kept > 5
    assert f"{verdict.kept} left the notebook's own guess (supported)." in class_page.fared(verdict)


def test_a_class_that_kept_the_notebooks_guess_was_not_surprised():
    ways = dict.fromkeys(["s0", "s1", "s2", "s3"], "↑ too high")
    kept = dataclasses.replace(predicted(5, 5, 5, 5, own=5), ways=ways)
    assert kept.surprise == 0 and dataclasses.replace(kept, own=None).surprise == 1


@pytest.mark.parametrize("guesses", [(1, 2, 3), (5,), (-2, -1, 0.5), (0.001, 10, 1000), (7, 7, 7), (0, 0)])
def test_a_histogram_counts_every_guess_once(guesses):
    bins = class_drawings.Histogram(predicted(*guesses))
    assert bins.counts.sum() == len(guesses) and (np.diff(bins.edges) > 0).all()
    assert sum(row[1] for row in bins.table()) == len(guesses)
    assert sum(row[2] for row in bins.table()) == 1


def test_a_guess_far_out_is_counted_at_the_end_and_said():
    bins = class_drawings.Histogram(predicted(*range(1, 30), -1e6, effects=[10.0] * 30))
    assert bins.edges[0] > -100 and bins.n_below == 1 and bins.counts.sum() == 30


def test_multiples_have_a_logarithmic_axis():
    assert class_drawings.Histogram(predicted(1, 10, 100)).logarithmic
    bins = class_drawings.Histogram(predicted(0.1, 0.2, 100, effects=[1.0]))
    assert bins.x(10) - bins.x(1) == pytest.approx(bins.x(1) - bins.x(0.1), abs=0.2)
    assert not class_drawings.Histogram(predicted(0, 10, 100)).logarithmic


def test_a_histogram_says_what_it_shows():
    asked = predicted(1, 2, 3, 4, effects=(2.0, 2.5))
    svg = class_drawings.histogram_svg(asked, class_drawings.Histogram(asked))
    assert (
        "how much: 4 guesses from 1 to 4, the middle one 2.5, half of them from 1.75 to 3.25; "
        "measured: 2 to 2.5" in svg
    )
    assert svg.count('class="measured"') == 2 and svg.count('class="guesses"') >= 3


def test_exercises_are_counted_by_status_and_mistake(view):
    standings = {each.id: each for each in view.exercises["1_classic_ml"]}
    assert list(standings) == [f"1.{number}" for number in range(1, 6)]
    loop = standings["1.4"]
    assert loop.title == "Write the loop"
    assert sum(map(len, loop.mistakes.values())) == loop.statuses["not yet"] > 5
    sizes = [
        len(who)
        for hint, who in loop.mistakes.items()
        if hint not in (class_tables.NO_TYPICAL, class_tables.NOT_KEPT)
    ]
    assert sizes == sorted(sizes, reverse=True)
    handed_in = [state for state in view.room.states["1_classic_ml"].values() if state in (JUDGED, SMOKE)]
    assert loop.statuses.total() == len(handed_in)


def test_a_file_of_the_older_format_does_not_say_which_mistake(hand_in):
    path = hand_in("ana/1_classic_ml.json")
    file = path / "ana" / "1_classic_ml.json"
    content = json.loads(file.read_text("utf-8")) | {
        "version": 3,
        "exercises": {"1.1": "not yet", "9.9": "correct"},
    }
    del content["mistakes"]
    file.write_text(json.dumps(content), encoding="utf-8")
    first, *_, unknown = class_tables.exercises(classroom.read(path), "1_classic_ml")
    assert first.mistakes == {class_tables.NOT_KEPT: ["ana"]}
    assert (unknown.id, unknown.title, unknown.statuses["correct"]) == ("9.9", "", 1)


def test_every_notebook_has_titles_for_its_exercises():
    for name in folder.in_order():
        assert len(class_tables.titles_of(name)) >= 2


def test_the_command_prints_a_summary_and_writes_the_page(thirty, view, tmp_path, capsys):
    out = tmp_path / "c.html"
    assert cli.main(["report", "--class", str(thirty), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("30 students, 3 notebooks\n") and said.endswith(f"{out}\n")
    for tally in view.tallies:
        line = next(line for line in said.splitlines() if line.startswith(f"{tally.claim.id} "))
        assert re.findall(r" (\d+)", line)[1:4] == [str(tally.words[word]) for word in differences.WORDS]
        assert line.endswith("≠ differ") == tally.differ
    assert all(reason in said for tally in view.tallies for reason in tally.reasons)
    html = out.read_text("utf-8")
    assert "<h1>A class of 30 students</h1>" in html and "katya" in html
    assert html.count('class="strip interval-drawing"') == sum(len(tally.rows) for tally in view.differing)


def test_the_page_lies_beside_the_others(thirty, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_RESULTS", str(tmp_path / "results" / "laptop"))
    assert cli.main(["report", "--class", str(thirty)]) == 0
    assert (tmp_path / "results" / "class.html").exists()


def test_a_class_that_handed_in_nothing_gets_a_page(tmp_path, capsys):
    for name in ("ana", "ben"):
        (tmp_path / "class" / name).mkdir(parents=True)
    out = tmp_path / "c.html"
    assert cli.main(["report", "--class", str(tmp_path / "class"), "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith("2 students, 0 notebooks\n")
    assert "No claim has been judged in what was handed in." in out.read_text("utf-8")


def test_names_are_left_out_of_a_class_only(tmp_path, capsys):
    assert cli.main(["report", "--no-names"]) == 2
    assert "--no-names goes with --class" in capsys.readouterr().err
    assert cli.main(["report", "--class", str(tmp_path / "none")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_the_page_loads_nothing_and_has_each_id_once(view):
    html = class_page.html(view)
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', html) == []
    ids = re.findall(r' id="([^"]+)"', html)
    assert [name for name, of in itertools.groupby(sorted(ids)) if len(list(of)) > 1] == []
