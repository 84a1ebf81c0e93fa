"""The four technologies side by side: which model belongs to which, and what each of them costs.

A model's technology is not its lesson: lessons 1 and 2 measure classic models and neural networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course_utils import CourseError
from course_utils.claims import intervals, ledger
from course_utils.claims.estimates import Verdict
from course_utils.report import results

TECHNOLOGIES = {
    "classic": "Classic machine learning",
    "deep": "Deep learning",
    "LLM": "Large language models",
    "generative": "Generative AI",
}
"""Short and full names, in the order of the first article and of the lessons."""

TECHNOLOGY = {
    "1_classic_ml": {
        **dict.fromkeys(("logistic regression", "random forest", "gradient boosting"), "classic"),
        "MLP": "deep",
    },
    "2_deep_cnn": {
        **dict.fromkeys(("logistic regression", "SVM", "random forest"), "classic"),
        **dict.fromkeys(("MLP, 3 layers", "MLP, 10 layers", "MLP, wide", "CNN"), "deep"),
    },
    "3_small_llm": dict.fromkeys(("Llama, pre-trained", "Llama, fine-tuned (long budget)"), "LLM"),
    "4_generative_model": dict.fromkeys(("diffusion", "VAE", "GAN"), "generative"),
}

STEPS = (("deep", "classic"), ("LLM", "deep"), ("generative", "deep"))
"""Each step of the order that claim `cmp-compute` states: more costly, less costly."""

QUANTITIES = {"operations": "train_operations", "cpu_seconds": "train_cpu_s", "memory": "parameters"}
"""What each test of `cmp-compute` compares."""


@dataclass(frozen=True)
class ModelCost(results.Cost):
    """What one model of a lesson cost, with the lesson and the model's technology."""

    lesson: str
    technology: str


def model_costs(records: Mapping[str, Mapping[str, Any]]) -> list[ModelCost]:
    """Every model that the lessons measured.

    Parameters
    ----------
    records : mapping
        Results as `results.load` gives them, by lesson.

    Raises
    ------
    CourseError
        A model that is not listed in `TECHNOLOGY`.
    """
    return [
        ModelCost(**cost, **clock, lesson=lesson, technology=_technology(lesson, cost["model"]))
        for lesson, record in records.items()
        for cost, clock in zip(record["costs"], record["times"]["costs"], strict=True)
    ]


def _technology(lesson: str, model: str) -> str:
    known = TECHNOLOGY.get(lesson, {})
    if model not in known:
        raise CourseError(
            f"lesson '{lesson}' measured a model '{model}' of unknown technology "
            f"(known: {', '.join(known)}): add it to course_utils.report.comparison.TECHNOLOGY"
        )
    return known[model]


def obstacle(records: Mapping[str, Mapping[str, Any]]) -> str:
    """Why claim `cmp-compute` cannot be judged with these records; ``""`` when it can."""
    if missing := [lesson for lesson in TECHNOLOGY if lesson not in records]:
        numbers = " ".join(lesson[0] for lesson in missing)
        return f"It needs the results of every lesson. To measure the missing ones: course run {numbers}"
    if found := differing(records):
        return f"The lessons ran under different conditions ({', '.join(found)}), so they do not compare."
    by = _by_technology(records)
    if few := [TECHNOLOGIES[name] for name, models in by.items() if len(models) < 2]:
        return f"It takes two models or more of each technology; too few are of: {', '.join(few)}."
    if any(getattr(c, field) <= 0 for models in by.values() for c in models for field in QUANTITIES.values()):
        return "A model has a cost of zero, and nothing can be said to be a multiple of it."
    return ""


def _by_technology(records: Mapping[str, Mapping[str, Any]]) -> dict[str, list[ModelCost]]:
    costs = model_costs(records)
    return {name: [cost for cost in costs if cost.technology == name] for name in TECHNOLOGIES}


def judge(records: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """The verdict on claim `cmp-compute`: does the cost rise from step to step?

    Raises
    ------
    CourseError
        The records cannot be set side by side, for the reason that `obstacle` gives.
    """
    if reason := obstacle(records):
        raise CourseError(f"claim 'cmp-compute' cannot be judged. {reason}")
    by = _by_technology(records)
    measured = {
        test: {
            f"{above} over {below}": intervals.ratio_of_groups(
                *([getattr(c, field) for c in by[name]] for name in (above, below))
            )
            for above, below in STEPS
        }
        for test, field in QUANTITIES.items()
    }
    (profile,) = {record["run"]["profile"] for record in records.values()}
    return ledger.get("cmp-compute").judge(measured, profile)


def conditions(record: Mapping[str, Any]) -> dict[str, str]:
    """What must be the same for two lessons' figures to be set side by side, by its name."""
    run, environment = record["run"], record["environment"]
    return {
        "profile": run["profile"],
        "device": run["device"],
        "seed": str(run["seed"]),
        "lock": environment["lock"][:12],
        "Python": environment["python"],
        "system": f"{environment['system']} {environment['machine']}",
    }


def differing(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The conditions in which these records differ: by condition, its value by name of the record."""
    all_of = {name: conditions(record) for name, record in records.items()}
    names = next(iter(all_of.values()), {})
    values = {condition: {name: each[condition] for name, each in all_of.items()} for condition in names}
    return {condition: found for condition, found in values.items() if len(set(found.values())) > 1}
