"""The four technologies side by side, and the claim about all of them."""

import json

import pytest
from scipy import stats

from course_utils import CourseError
from course_utils.authoring import readme
from course_utils.claims import ledger
from course_utils.report import comparison, results
from course_utils.report import folder as measured


@pytest.fixture
def records(tmp_path, four_lessons):
    return measured.read(four_lessons(tmp_path)).records


def test_costs_are_sorted_by_technology_and_not_by_lesson(records):
    costs = comparison.model_costs(records)
    of_lesson_1 = {cost.model: cost.technology for cost in costs if cost.lesson == "1_classic_ml"}
    assert of_lesson_1["MLP"] == "deep" and of_lesson_1["random forest"] == "classic"
    assert {cost.technology for cost in costs} == set(comparison.TECHNOLOGIES)


@pytest.mark.parametrize("lesson", comparison.TECHNOLOGY)
def test_every_model_of_the_recorded_lessons_has_its_technology(lesson):
    models = {cost["model"] for cost in results.load(readme.REFERENCE / f"{lesson}.json")["costs"]}
    assert models == set(comparison.TECHNOLOGY[lesson])


def test_a_model_of_unknown_technology_is_refused(records):
    records["2_deep_cnn"]["costs"][0]["model"] = "oracle"
    with pytest.raises(CourseError, match=r"'oracle' of unknown technology .*add it to"):
        comparison.model_costs(records)


def test_the_order_is_judged_step_by_step(records):
    verdict = comparison.judge(records)
    assert verdict.claim.id == "cmp-compute"
    groups = ["deep over classic", "LLM over deep", "generative over deep"]
    assert [o.group for o in verdict.outcomes] == groups * 3
    first = verdict.outcomes[0]
    by = {
        name: [c.train_operations for c in comparison.model_costs(records) if c.technology == name]
        for name in ("deep", "classic")
    }
    assert first.estimate.effect == pytest.approx(stats.gmean(by["deep"]) / stats.gmean(by["classic"]))


def test_cheaper_networks_would_refute_the_claim(records):
    for lesson, record in records.items():
        for cost in record["costs"]:
            deep = comparison.TECHNOLOGY[lesson][cost["model"]] == "deep"
            cost["train_operations"] = 1.0 if deep else 1e9 + cost["train_operations"]
    verdict = comparison.judge(records)
    assert verdict.word == ledger.NOT_SUPPORTED
    assert verdict.outcomes[0].word == "fails"


def test_nothing_is_judged_while_a_lesson_is_missing(records):
    del records["1_classic_ml"], records["3_small_llm"]
    assert comparison.obstacle(records).endswith("missing ones: course run 1 3")
    with pytest.raises(CourseError, match=r"cannot be judged\. It needs the results of every lesson"):
        comparison.judge(records)


def test_lessons_of_different_conditions_are_not_set_side_by_side(records):
    assert comparison.differing(records) == {} and comparison.obstacle(records) == ""
    records["1_classic_ml"]["environment"]["lock"] = "another"
    records["2_deep_cnn"]["run"]["seed"] = 5
    assert "different conditions (seed, lock)" in comparison.obstacle(records)
    found = comparison.differing(records)
    assert list(found) == ["seed", "lock"] and found["lock"]["1_classic_ml"] == "another"


def test_one_model_is_not_a_technology(records):
    """As when a language model of one's own was fine-tuned: nobody knows what it had cost before."""
    for part in (records["3_small_llm"], records["3_small_llm"]["times"]):
        del part["costs"][1]
    assert comparison.obstacle(records).endswith("too few are of: Large language models.")


def test_nothing_is_a_multiple_of_a_cost_of_zero(records):
    records["1_classic_ml"]["times"]["costs"][0]["train_cpu_s"] = 0.0
    assert "a cost of zero" in comparison.obstacle(records)


def test_handfuls_of_steps_are_too_small_to_judge(tmp_path, four_lessons):
    records = measured.read(four_lessons(tmp_path, profile="smoke")).records
    assert comparison.judge(records).word == ledger.TOO_SMALL


def test_results_are_read_back_as_they_were_judged(tmp_path, four_lessons):
    course = measured.read(four_lessons(tmp_path, lift=2))
    assert course.notices == []
    for lesson, record in course.records.items():
        stored = [(v["claim"], v["verdict"]) for v in record["verdicts"]]
        assert [(v.claim.id, v.word) for v in course.verdicts[lesson]] == stored != []
    assert [v.claim.id for v in course.verdicts[""]] == ["cmp-compute"]


def test_a_missing_lesson_is_named_with_what_to_run(tmp_path, four_lessons):
    (four_lessons(tmp_path) / "3_small_llm.json").unlink()
    course = measured.read(tmp_path)
    assert course.notices == ["Lesson 3_small_llm has no results yet. To measure it: course run 3"]
    assert list(course.records) == ["1_classic_ml", "2_deep_cnn", "4_generative_model"]
    assert "" not in course.verdicts


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: json.dumps(json.loads(text) | {"verdicts": 5}),
        lambda text: json.dumps(json.loads(text) | {"costs": [{"model": "MLP"}]}),
        lambda text: json.dumps(json.loads(text) | {"run": {}}),
        lambda text: json.dumps(json.loads(text) | {"environment": None}),
        lambda text: text.replace('"effect": ', '"effect": "many", "was": ', 1),
        lambda text: text.replace("ml-more-labels", "ml-unknown"),
        lambda text: json.dumps(json.loads(text) | {"predictions": 5}),
        lambda text: text.replace('"answers": {', '"answers": {"own": "perhaps", '),
        lambda text: text.replace('"wall_s": ', '"wall_s": "long", "was": '),
        lambda text: text.replace('"train_cpu_s": ', '"train_cpu_s": -', 1),
        lambda text: text.replace('"parameters": ', '"parameters": NaN, "was": ', 1),
        lambda text: text.replace('"finished": ', '"finished": 5, "was": '),
        lambda text: text.replace('"packages": {', '"packages": 5, "was": {'),
    ],
)
def test_damaged_results_are_left_out_and_the_others_read(tmp_path, four_lessons, damage):
    path = four_lessons(tmp_path) / "1_classic_ml.json"
    path.write_text(damage(path.read_text("utf-8")), encoding="utf-8")
    course = measured.read(tmp_path)
    assert "1_classic_ml" not in course.records and len(course.records) == 3
    assert course.notices[0].startswith("Lesson 1_classic_ml is left out: ")
    assert "course run 1" in course.notices[0]


def test_results_of_another_lesson_under_a_lessons_name_are_left_out(tmp_path, four_lessons):
    folder = four_lessons(tmp_path)
    (folder / "2_deep_cnn.json").replace(folder / "1_classic_ml.json")
    course = measured.read(folder)
    assert list(course.records) == ["3_small_llm", "4_generative_model"]
    assert "'1_classic_ml.json' holds the results of lesson '2_deep_cnn'" in course.notices[0]


def test_results_of_another_ledger_are_left_out(tmp_path, four_lessons):
    path = four_lessons(tmp_path) / "1_classic_ml.json"
    record = json.loads(path.read_text("utf-8"))
    record["verdicts"][0]["verdict"] = "supported"
    path.write_text(json.dumps(record), encoding="utf-8")
    (notice,) = measured.read(tmp_path).notices
    assert "written with another ledger" in notice and "course run 1" in notice


def test_results_of_another_lock_are_shown_with_a_notice(tmp_path, four_lessons):
    path = four_lessons(tmp_path) / "2_deep_cnn.json"
    lock = results.environment()["lock"]
    path.write_text(path.read_text("utf-8").replace(lock, "0" * 64), encoding="utf-8")
    course = measured.read(tmp_path)
    assert "2_deep_cnn" in course.records
    stale, mixed = course.notices
    assert "another requirements.lock" in stale and "course run 2" in stale
    assert "different settings of 'lock'" in mixed and "cmp-compute is not judged" in mixed
