import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course_utils import ROOT, CourseError
from course_utils import run as runtime
from course_utils.claims.estimates import Estimate
from course_utils.report import results
from course_utils.report.results import Cost

ESTIMATE = Estimate(1.5, 0.5, 2.5, 9)
COST = Cost("forest", "wine", 1200, 3.5e6, 140.0, 0.25, 0.01)


@pytest.fixture
def run(tmp_path):
    return runtime.Run("1_lesson", "laptop", "cpu", 7, tmp_path / "out")


def test_what_is_saved_is_loaded(run, judged):
    answers = {"verdict": "supported", "gap": Estimate(1.5, 0.5, 2.5, 9)}
    path = results.save(run, [judged(0.5)], [COST], {"verdict": "supported"}, answers, {"1.1": "correct"})
    assert path == run.out / "1_lesson.json"
    record = results.load(path)
    assert record["lesson"] == "1_lesson"
    assert record["run"] == {"profile": "laptop", "device": "cpu", "seed": 7}
    assert record["predictions"] == {"verdict": "supported"}
    assert results.answers(record) == answers
    assert record["exercises"] == {"1.1": "correct"}
    assert record["costs"] == [
        {
            "model": "forest",
            "data": "wine",
            "parameters": 1200,
            "train_operations": 3.5e6,
            "predict_operations": 140.0,
        }
    ]
    assert record["times"]["costs"] == [{"train_cpu_s": 0.25, "predict_cpu_ms": 0.01}]
    (verdict,) = record["verdicts"]
    assert (verdict["claim"], verdict["verdict"]) == ("ml-lightweight", "supported")
    assert verdict["outcomes"][0] == {
        "test": "accuracy",
        "group": "cancer",
        "effect": 0.5,
        "low": 0.0,
        "high": 1.0,
        "n": 25,
        "outcome": "holds",
    }
    assert list(run.out.iterdir()) == [path]


def test_a_record_without_extras_is_complete(run):
    record = results.load(results.save(run, []))
    assert (record["verdicts"], record["costs"], record["predictions"], record["exercises"]) == (
        [],
        [],
        {},
        {},
    )


def test_what_a_clock_measured_stands_under_times(run, judged):
    record = results.load(results.save(run, [judged()]))
    plain = [outcome["test"] for outcome in record["verdicts"][0]["outcomes"]]
    timed = [outcome["test"] for outcome in record["times"]["verdicts"][0]["outcomes"]]
    assert plain == ["accuracy", "accuracy", "operations", "operations"]
    assert timed == ["cpu_seconds", "cpu_seconds"]
    assert record["times"]["wall_s"] >= 0
    assert record["times"]["peak_memory_mb"] > 10


def test_two_saves_differ_only_in_times(run, tmp_path, monkeypatch, judged):
    first = results.load(results.save(run, [judged()], [COST]))
    monkeypatch.setattr(results, "peak_memory_mb", lambda: 123.0)
    slower = Cost("forest", "wine", 1200, 3.5e6, 140.0, train_cpu_s=0.5, predict_cpu_ms=0.02)
    later = runtime.Run("1_lesson", "laptop", "cpu", 7, tmp_path / "again", started=run.started - 60)
    second = results.load(results.save(later, [judged()], [slower]))
    assert first.pop("times") != second.pop("times")
    assert first == second
    assert results.comparable(first) == results.comparable(second)


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
    monkeypatch.setattr(results, "ROOT", tmp_path)
    assert results.environment()["lock"] == ""


def test_verdict_outcomes_come_in_order_timed_or_not(run, judged):
    rows = results.verdict_outcomes(results.load(results.save(run, [judged(), judged(effect=-3.0)])))
    assert [row["verdict"] for row in rows] == ["supported"] * 6 + ["not supported"] * 6
    assert [(row["test"], row["group"]) for row in rows[:6]] == [
        ("accuracy", "cancer"),
        ("accuracy", "wine"),
        ("operations", "cancer"),
        ("operations", "wine"),
        ("cpu_seconds", "cancer"),
        ("cpu_seconds", "wine"),
    ]
    assert Estimate(*(rows[4][key] for key in ("effect", "low", "high", "n"))).effect == 12


def test_verdicts_and_costs_may_come_one_by_one(run, judged):
    at_once = results.load(results.save(run, [judged()], [COST]))
    one_by_one = results.load(results.save(run, (v for v in [judged()]), (c for c in [COST])))
    assert one_by_one["times"]["verdicts"] == at_once["times"]["verdicts"]
    assert one_by_one["times"]["costs"] == at_once["times"]["costs"]
    assert results.verdict_outcomes(one_by_one) == results.verdict_outcomes(at_once)


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


@pytest.mark.parametrize("version", [1, 3, None])
def test_another_version_is_refused(run, version):
    path = results.save(run, [])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": version}))
    with pytest.raises(
        CourseError, match=rf"has version {version}, this course reads version 2: run 'course run"
    ):
        results.load(path)


@pytest.mark.parametrize("key", [*results.KEYS[2:], "times"])
def test_a_record_that_lacks_something_is_refused(run, key):
    path = results.save(run, [])
    record = json.loads(path.read_text())
    del record[key]
    path.write_text(json.dumps(record))
    with pytest.raises(CourseError, match=f"lacks {key}: run 'course run 1_lesson'"):
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


def test_costs_are_read_from_a_table_of_means():
    index = pd.MultiIndex.from_tuples([("wine", "forest"), ("cancer", "MLP")])
    columns = {
        "accuracy": [97.0, 98.0],
        "predict_cpu_ms": [0.01, 0.02],
        "train_cpu_s": [0.25, 2.0],
        "parameters": [1200.0, 5000.6],
        "train_operations": [3.5e6, 1e9],
        "predict_operations": [140.0, 1e4],
    }
    first, second = results.costs(pd.DataFrame(columns, index=index))
    assert first == COST
    assert (second.model, second.data, second.train_cpu_s) == ("MLP", "cancer", 2.0)
    assert type(second.parameters) is int


def test_the_costs_fields_are_those_that_are_recorded():
    assert {"model", "data", *results.COST_FIELDS} == set(Cost.__dataclass_fields__)


def test_predictions_of_any_kind_are_kept(run):
    """A student may leave the predict cell as it is, or predict with numpy."""
    predictions = {
        "a": ...,
        "b": np.float64(0.5),
        "c": np.int64(3),
        "d": float("nan"),
        "e": "supported",
        "f": None,
    }
    record = results.load(results.save(run, [], predictions=predictions))
    assert record["predictions"] == {
        **{"a": "Ellipsis", "b": 0.5, "c": 3, "d": "nan"},
        **{"e": "supported", "f": None},
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
        (..., ESTIMATE, ("Ellipsis", "+1.5", "")),
        ("supported", "supported", ("supported", "✔ supported", "✔ right")),
        ("supported", "inconclusive", ("supported", "? inconclusive", "✘ wrong")),
        ("supported", "too small to judge", ("supported", "too small to judge", "")),
        ("x < y", "", ("x < y", "", "")),
    ],
)
def test_a_guess_stands_beside_its_answer(guess, answer, told):
    measured = told[1].replace("+1.5", ESTIMATE.text())
    assert results.fared(guess, answer) == (told[0], measured, told[2])


def test_predictions_beside_answers_make_a_table():
    answers = {"verdict": "supported", "gap": ESTIMATE}
    table = results.beside({"gap": 9, "verdict": "supported", "own": "?"}, answers)
    assert list(table.index) == ["gap", "verdict", "own"]
    assert list(table.columns) == ["predicted", "measured", "the guess was"]
    assert list(table["the guess was"]) == ["↑ too high", "✔ right", ""]


def test_a_cost_table_has_units_and_three_digits():
    table = pd.DataFrame([{**vars(COST), "parameters": 1234.0}], [("wine", "forest")])
    (row,) = results.cost_table(table, use="token").to_dict("records")
    assert row == {
        "parameters": "1,234",
        "training (million operations)": "3.50",
        "training (CPU s)": "0.250",
        "one token (operations)": "140",
        "one token (CPU ms)": "0.0100",
    }
