import dataclasses
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import ROOT, CourseError
from course_utils import run as runtime
from course_utils.claims.estimates import Estimate
from course_utils.exercises import Exercise, Mistake, always, workbook
from course_utils.models.costs import Cost
from course_utils.report import results
from course_utils.report.record import Conditions, Measured, Record

ESTIMATE = Estimate(1.5, 0.5, 2.5, 9)
COST = Cost(
    model="forest",
    technology="classic",
    data="wine",
    parameters=1200,
    train_operations=3.5e6,
    predict_operations=140.0,
    train_cpu_s=0.25,
    predict_cpu_ms=0.01,
)


@pytest.fixture
def run(tmp_path):
    return runtime.Run("1_lesson", "laptop", "cpu", 7, tmp_path / "out")


def test_what_is_saved_is_loaded(run, judged):
    answers = {"verdict": "supported", "gap": Estimate(1.5, 0.5, 2.5, 9)}
    statuses, mistakes = {"1.1": "correct", "1.2": "not yet"}, {"1.2": "That is the median."}
    predictions = {"verdict": "supported"}
    path = results.save(run, [judged(0.5)], [COST], predictions, answers, statuses, mistakes)
    assert path == run.out / "1_lesson.json"
    record = results.load(path)
    assert record.notebook == "1_lesson"
    assert record.run == Conditions("laptop", "cpu", 7)
    assert record.predictions == {"verdict": "supported"}
    assert record.answers == answers
    assert (record.exercises, record.mistakes) == (statuses, mistakes)
    assert record.costs == [COST]
    (verdict,) = record.verdicts
    assert (verdict.claim, verdict.verdict) == ("ml-lightweight", "inconclusive")
    assert verdict.outcomes[0] == Measured("flights", "", 0.5, 0.0, 1.0, 25, "undecided", timed=False)
    assert list(run.out.iterdir()) == [path]


def test_a_record_without_extras_is_complete(run):
    record = results.load(results.save(run, []))
    assert (record.verdicts, record.costs, record.predictions, record.exercises) == ([], [], {}, {})


def test_an_outcome_says_whether_a_clock_has_measured_it(run, judged):
    record = results.load(results.save(run, [judged()]))
    timed = {outcome.test: outcome.timed for outcome in record.verdicts[0].outcomes}
    assert timed == {"flights": False, "houses": False, "cpu_seconds": True}
    assert record.times.wall_s >= 0
    assert record.times.peak_memory_mb > 10


def test_runs_that_differ_only_in_what_a_clock_measured_are_the_same(run, tmp_path, monkeypatch, judged):
    first = results.load(results.save(run, [judged(ratio=12.0)], [COST], answers={"ratio": ESTIMATE}))
    monkeypatch.setattr(results, "peak_memory_mb", lambda: 123.0)
    slower = dataclasses.replace(COST, train_cpu_s=0.5, predict_cpu_ms=0.02)
    measured = {**vars(judged())}
    outcomes = [
        dataclasses.replace(o, estimate=Estimate(13, 11, 14, 25)) if o.test.timed else o
        for o in measured["outcomes"]
    ]
    verdict = dataclasses.replace(judged(), outcomes=tuple(outcomes))
    later = runtime.Run("1_lesson", "laptop", "cpu", 7, tmp_path / "again", started=run.started - 60)
    second = results.load(results.save(later, [verdict], [slower], answers={"ratio": Estimate(3, 2, 4, 9)}))
    assert first.times != second.times and first.verdicts != second.verdicts
    assert results.comparable(first) == results.comparable(second)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: dataclasses.replace(record.costs[0], parameters=1201),
        lambda record: dataclasses.replace(record.costs[0], train_operations=1.0),
    ],
)
def test_other_costs_are_not_comparable_unless_a_clock_has_measured_them(run, change):
    record = results.load(results.save(run, [], [COST]))
    assert results.comparable(record) != results.comparable(
        dataclasses.replace(record, costs=[change(record)])
    )


@pytest.mark.parametrize("change", [{"seed": 8}, {"profile": "smoke"}, {"lesson": "2_lesson"}])
def test_other_conditions_are_not_comparable(run, change, judged):
    settings = {"lesson": "1_lesson", "profile": "laptop", "device": "cpu", "seed": 7, "out": run.out}
    first = results.load(results.save(run, [judged()]))
    second = results.load(results.save(runtime.Run(**(settings | change)), [judged()]))
    assert results.comparable(first) != results.comparable(second)


def test_another_measurement_is_not_comparable(run, judged):
    first, second = (results.load(results.save(run, [judged(effect)])) for effect in (0.4, 0.5))
    assert results.comparable(first) != results.comparable(second)


def test_the_record_names_no_folder(run, judged):
    text = results.save(run, [judged()]).read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert str(run.out) not in text
    environment = json.loads(text)["environment"]
    assert list(environment) == ["course_utils", "python", "system", "machine", "lock", "packages"]
    assert list(environment["packages"]) == list(results.PACKAGES)
    assert len(environment["lock"]) == 64


def test_without_a_lock_the_environment_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "resource", tmp_path.joinpath)
    assert results.environment().lock == ""


def test_verdicts_and_costs_may_come_one_by_one(run, judged):
    at_once = results.load(results.save(run, [judged()], [COST]))
    one_by_one = results.load(results.save(run, (v for v in [judged()]), (c for c in [COST])))
    assert (one_by_one.verdicts, one_by_one.costs) == (at_once.verdicts, at_once.costs)


def test_line_ends_of_the_lock_do_not_matter(tmp_path):
    """git may check text out with Windows' line ends."""
    unix, windows = tmp_path / "unix", tmp_path / "windows"
    unix.write_bytes(b"a==1\nb==2\n")
    windows.write_bytes(b"a==1\r\nb==2\r\n")
    assert (
        results.lock_hash(unix) == results.lock_hash(windows) == hashlib.sha256(b"a==1\nb==2\n").hexdigest()
    )


def test_a_missing_file_is_named_with_the_way_to_get_it(tmp_path):
    with pytest.raises(CourseError, match=r"there is no results file .*: run 'course run 1_lesson'"):
        results.load(tmp_path / "1_lesson.json")


def test_a_file_that_is_cut_short_is_refused_wherever_it_is_cut(run, judged):
    path = results.save(run, [judged()], [COST])
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(
            CourseError, match=r"is cut short or damaged .*: run 'course run 1_lesson' to write it"
        ):
            results.load(path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "1_lesson.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CourseError, match="is cut short or damaged"):
        results.load(path)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(CourseError, match="is cut short or damaged"):
        results.load(tmp_path)


@pytest.mark.parametrize("content", ["[]", "3", "{}", '{"format": "other", "version": 1}'])
def test_another_format_is_refused(tmp_path, content):
    path = tmp_path / "1_lesson.json"
    path.write_text(content)
    with pytest.raises(CourseError, match=r"is not a results file of this course: run 'course run 1_lesson'"):
        results.load(path)


@pytest.mark.parametrize("version", [2, 5, None])
def test_another_version_is_refused(run, version):
    path = results.save(run, [])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": version}))
    with pytest.raises(
        CourseError, match=rf"has version {version}, this course reads versions 3 and 4: run 'course run"
    ):
        results.load(path)


def test_a_file_of_version_3_is_read_as_one_that_does_not_tell_of_mistakes(run, judged):
    path = results.save(run, [judged()], exercises={"1.1": "not yet"})
    content = json.loads(path.read_text("utf-8")) | {"version": 3}
    del content["mistakes"]
    path.write_text(json.dumps(content), encoding="utf-8")
    record = results.load(path)
    assert (record.exercises, record.mistakes) == ({"1.1": "not yet"}, {})


def test_what_every_notebook_ends_with_saves_what_the_workbook_knows(run, judged, capsys):
    mistake = Mistake(always(4), "Count again.")
    book = workbook(Exercise("1.1", "Count", always(3), (mistake,), ("One, two",)))
    book.check("1.1", 4)
    results.finish(run, [judged()], book)
    assert capsys.readouterr().out.endswith("✘ 1.1 Count: not yet\nsaved 1_lesson.json\n")
    record = results.load(run.out / "1_lesson.json")
    assert (record.exercises, record.mistakes) == ({"1.1": "not yet"}, {"1.1": "Count again."})


@pytest.mark.parametrize("key", [field.name for field in dataclasses.fields(Record)])
def test_a_record_that_lacks_something_is_refused(run, key):
    path = results.save(run, [])
    record = json.loads(path.read_text())
    del record[key]
    path.write_text(json.dumps(record))
    with pytest.raises(CourseError, match=f"it lacks '{key}'.*run 'course run 1_lesson'"):
        results.load(path)


@pytest.mark.parametrize(
    ("where", "value", "problem"),
    [
        (["extra"], 1, "it has an unknown 'extra'"),
        (["notebook"], 5, "'notebook' should be str, came '5'"),
        (["run", "seed"], "0", "'seed' should be int, came '0'"),
        (["run", "seed"], True, "'seed' should be int, came 'True'"),
        (["run", "seed"], 0.5, "'seed' should be int"),
        (["verdicts"], {}, "'verdicts' should be list"),
        (["verdicts", 0, "outcomes", 0, "effect"], "many", "'effect' should be float, came 'many'"),
        (["verdicts", 0, "outcomes", 0, "low"], float("nan"), "'low' should be float, came 'nan'"),
        (["costs", 0], {"model": "MLP"}, "'costs' lacks 'data'"),
        (["costs", 0, "train_cpu_s"], -1.0, "a cost or a time is negative"),
        (["times", "wall_s"], -0.1, "a cost or a time is negative"),
        (["predictions"], 5, "'predictions' should be dict"),
        (["predictions", "x"], [1], "'predictions' of 'x' should be"),
        (["answers", "x"], "perhaps", "'perhaps' is no verdict's word"),
        (["answers", "x"], {"effect": 1}, "lacks 'high'"),
        (["environment"], None, "'environment' should be Environment, came 'None'"),
        (["environment", "packages"], 5, "'packages' should be dict"),
    ],
)
def test_a_wrong_value_is_refused_and_named(run, judged, where, value, problem):
    path = results.save(run, [judged()], [COST])
    content = json.loads(path.read_text("utf-8"))
    place = content
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(CourseError, match=problem):
        results.load(path)


def test_a_folder_that_cannot_be_made_is_named(blocked):
    run = runtime.Run("1_lesson", "laptop", "cpu", 0, blocked)
    with pytest.raises(CourseError, match="choose a folder that you may write to"):
        results.save(run, [])


def test_a_file_that_cannot_be_replaced_stays_whole(run, monkeypatch, judged):
    path = results.save(run, [judged()])
    before = path.read_bytes()

    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(CourseError, match=r"Permission denied.*choose a folder that you may write to"):
        results.save(run, [])
    assert path.read_bytes() == before
    assert list(run.out.iterdir()) == [path]


def test_predictions_of_any_kind_are_kept(run):
    """A student may leave the predict cell as it is, or predict with numpy."""
    predictions = {
        "a": ...,
        "b": np.float64(0.5),
        "c": np.int64(3),
        "d": float("nan"),
        "e": "supported",
        "f": None,
        "g": np.array([1, 2]),
    }
    record = results.load(results.save(run, [], predictions=predictions))
    assert record.predictions == {
        **{"a": "…", "b": 0.5, "c": 3, "d": "nan"},
        **{"e": "supported", "f": None, "g": "[1 2]"},
    }


@pytest.mark.parametrize(
    ("guess", "answer", "told"),
    [
        (0.4, ESTIMATE, ("0.4", "+1.5", "↓ too low")),
        (-3, ESTIMATE, ("−3", "+1.5", "↓ too low")),
        (0.5, ESTIMATE, ("0.5", "+1.5", "✔ in the interval")),
        (np.int64(2), ESTIMATE, ("2", "+1.5", "✔ in the interval")),
        (2.6, ESTIMATE, ("2.6", "+1.5", "↑ too high")),
        (float("nan"), ESTIMATE, ("nan", "+1.5", "")),
        (True, ESTIMATE, ("True", "+1.5", "")),
        ("a lot", ESTIMATE, ("a lot", "+1.5", "")),
        (..., ESTIMATE, ("…", "+1.5", "")),
        (..., "supported", ("…", "✔ supported", "")),
        (" Supported ", "supported", (" Supported ", "✔ supported", "✔ right")),
        ("Not supported", "supported", ("Not supported", "✔ supported", "✘ wrong")),
        (np.array([1.0, 2.0]), ESTIMATE, ("[1. 2.]", "+1.5", "")),
        (np.array([1.0, 2.0]), "supported", ("[1. 2.]", "✔ supported", "✘ wrong")),
        (np.array([2.0]), ESTIMATE, ("2", "+1.5", "✔ in the interval")),
        (torch.tensor(0.25), ESTIMATE, ("0.25", "+1.5", "↓ too low")),
        (torch.tensor([1.0, 2.0]), ESTIMATE, ("[1. 2.]", "+1.5", "")),
        ("supported", "supported", ("supported", "✔ supported", "✔ right")),
        (" Supported", "supported", (" Supported", "✔ supported", "✔ right")),
        ("supported", "inconclusive", ("supported", "? inconclusive", "✘ wrong")),
        ("supported", "too small to judge", ("supported", "too small to judge", "")),
        ("x < y", "", ("x < y", "", "")),
    ],
)
def test_a_guess_stands_beside_its_answer(guess, answer, told):
    measured = told[1].replace("+1.5", ESTIMATE.text())
    assert results.fared(guess, answer) == (told[0], measured, told[2])


def test_three_dots_in_place_of_all_predictions_are_no_guess(run):
    answers = {"verdict": "supported", "gap": ESTIMATE}
    table = results.beside(..., answers)
    assert list(table["predicted"]) == ["…", "…"] and list(table["the guess was"]) == ["", ""]
    record = results.load(results.save(run, [], predictions=..., answers=answers))
    assert record.predictions == {"verdict": "…", "gap": "…"}


@pytest.mark.parametrize("predicted", [3, "supported", ["supported", 2], np.array([1, 2])])
def test_predictions_that_are_no_dict_are_refused_with_what_to_do(run, predicted):
    for use in (lambda: results.beside(predicted, {}), lambda: results.save(run, [], predictions=predicted)):
        with pytest.raises(CourseError, match=r"predicted must be a dict.*run it again"):
            use()


def test_predictions_beside_answers_make_a_table():
    answers = {"verdict": "supported", "gap": ESTIMATE}
    table = results.beside({"gap": 9, "verdict": "supported", "own": "?"}, answers)
    assert list(table.index) == ["gap", "verdict", "own"]
    assert list(table.columns) == ["predicted", "measured", "the guess was"]
    assert list(table["the guess was"]) == ["↑ too high", "✔ right", ""]
