"""A folder of results is read once and judged once; what is wrong with one file costs only that file."""

import json

import pytest

from course_utils import CourseError
from course_utils import run as runtime
from course_utils.claims import estimates
from course_utils.models.costs import TECHNOLOGIES
from course_utils.report import folder, results


def change(path, edit):
    path.write_text(edit(path.read_text("utf-8")), encoding="utf-8")


def test_results_are_read_back_as_they_were_judged(tmp_path, whole_run):
    course = folder.read(whole_run(tmp_path, lift=2))
    assert (course.notices, course.problems, course.missing) == ([], {}, [])
    assert list(course.records) == folder.in_order() and set(folder.in_order()) == set(runtime.notebooks())
    for name, record in course.records.items():
        stored = [(judged.claim, judged.verdict) for judged in record.verdicts]
        assert [(v.claim.id, v.word) for v in course.verdicts[name]] == stored != []
    assert {cost.technology for cost in course.costs} == set(TECHNOLOGIES)


def test_the_labs_of_a_lesson_stand_behind_it_and_those_on_all_lessons_last():
    names = folder.in_order()
    assert names[0] == "1_classic_ml" and names[-1] == "0_cost"
    assert names[names.index("2_deep_cnn") - 1].startswith("1_")
    assert folder.title("2_depth") == "Lab 2 · Can a network be too deep to train?"


def test_what_is_missing_is_known_and_how_to_get_it(tmp_path, whole_run):
    whole_run(tmp_path)
    for name in ("3_small_llm", "2_depth"):
        (tmp_path / f"{name}.json").unlink()
    course = folder.read(tmp_path)
    assert course.missing == ["2_depth", "3_small_llm"] and course.notices == []
    assert folder.command(course.missing) == "course run 3 2_depth"


def test_all_labs_have_one_word(tmp_path):
    assert folder.command(folder.read(tmp_path).missing) == "course run 1 2 3 4 labs"
    assert folder.command([]) == "course run"


def test_a_command_asks_for_the_profile_of_the_others(tmp_path, whole_run):
    records = folder.read(whole_run(tmp_path, profile="smoke")).records
    assert folder.command(["2_depth"], records) == "course run 2_depth --profile smoke"


def test_without_the_lab_on_costs_there_are_none(tmp_path, whole_run):
    (whole_run(tmp_path) / "0_cost.json").unlink()
    assert folder.read(tmp_path).costs == []


def test_other_files_in_the_folder_are_left_alone(tmp_path, whole_run):
    whole_run(tmp_path)
    (tmp_path / "notes.json").write_text('{"mine": 1}')
    (tmp_path / "1_classic_ml-Copy1.json").write_text("{")
    course = folder.read(tmp_path)
    assert (course.notices, course.problems) == ([], {}) and len(course.records) == len(course.names)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: json.dumps(json.loads(text) | {"verdicts": 5}),
        lambda text: text.replace("ml-lightweight", "ml-unknown"),
        lambda text: text.replace('"test": "flights"', '"test": "beauty"', 1),
        lambda text: text.replace('"test": "houses"', '"test": "flights"'),
        lambda text: text.replace('"low": ', '"low": 9e', 1),
        lambda text: "[" * 5000,
    ],
)
def test_damaged_results_are_left_out_and_the_others_read(tmp_path, whole_run, damage):
    change(whole_run(tmp_path) / "1_classic_ml.json", damage)
    course = folder.read(tmp_path)
    assert list(course.problems) == ["1_classic_ml"] and len(course.records) == len(course.names) - 1
    (notice,) = course.notices
    assert notice.startswith("1_classic_ml is left out: ") and notice.endswith("measure it: course run 1")


def test_results_of_another_notebook_under_a_notebooks_name_are_left_out(tmp_path, whole_run):
    out = whole_run(tmp_path)
    (out / "2_depth.json").replace(out / "1_classic_ml.json")
    course = folder.read(out)
    assert course.problems == {"1_classic_ml": "'1_classic_ml.json' holds the results of '2_depth'"}
    assert course.missing == ["2_depth"]


@pytest.mark.parametrize("name", ["1_classic_ml", "2_depth"])
def test_a_verdict_that_was_edited_is_refused(tmp_path, whole_run, name):
    path = whole_run(tmp_path, lift=0.5) / f"{name}.json"
    change(path, lambda text: text.replace('"verdict": "inconclusive"', '"verdict": "supported"', 1))
    course = folder.read(tmp_path)
    assert "where the ledger gives 'inconclusive'" in course.problems[name]
    assert name not in course.verdicts and len(course.records) == len(course.names) - 1


def test_a_file_of_ones_own_is_read_by_its_path(tmp_path, whole_run):
    record, (verdict, *_) = folder.read_file(whole_run(tmp_path, lift=2) / "2_depth.json")
    assert (record.notebook, verdict.claim.id, verdict.word) == ("2_depth", "dl-depth", estimates.SUPPORTED)
    with pytest.raises(CourseError, match=r"^there is no results file 'none\.json'$"):
        folder.read_file(tmp_path / "none.json")


def test_results_of_another_lock_are_shown_with_a_notice(tmp_path, whole_run):
    change(
        whole_run(tmp_path) / "2_deep_cnn.json",
        lambda text: text.replace(results.environment().lock, "0" * 64),
    )
    course = folder.read(tmp_path)
    assert "2_deep_cnn" in course.records
    stale, mixed = course.notices
    assert "another requirements.lock" in stale and stale.endswith("course run 2")
    assert "settings of 'lock'" in mixed and "000000000000 in 2_deep_cnn" in mixed
    assert [*folder.read(tmp_path, current=False).notices] == [mixed]


def test_conditions_in_which_notebooks_differ(tmp_path, whole_run):
    path = whole_run(tmp_path) / "2_depth.json"
    change(path, lambda text: text.replace('"seed": 0', '"seed": 7'))
    records = folder.read(tmp_path).records
    found = folder.differing(records)
    assert list(found) == ["seed"] and found["seed"]["2_depth"] == "7" and found["seed"]["0_cost"] == "0"
