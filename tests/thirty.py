"""A made-up class of thirty: the reference run's results, varied as machines, seeds and students vary.

from thirty import make_class

make_class(folder, ["1_classic_ml", "1_labels"])
"""

import json
import math
from dataclasses import asdict

import numpy as np
from exercise_cases import exercises_of

from course_utils import ROOT
from course_utils.claims import ledger
from course_utils.claims.estimates import Estimate
from course_utils.report import folder as reports
from course_utils.report import results
from course_utils.report.class_tables import own_guesses, titles_of

REFERENCE = ROOT / "docs" / "reference"
STUDENTS = [
    *("adeyemi", "akua", "asli", "björn", "camille", "chidi", "dora", "elif", "emeka", "fatima", "goran"),
    *("hana", "ivo", "jelena", "jonas", "katya", "leila", "li_wei", "marta", "mehdi", "nadia", "olga"),
    *("paulo", "quynh", "ravi", "sofía", "tomás", "uta", "vera", "yusuf"),
]
WORDS = ("supported", "not supported", "inconclusive")


def make_class(folder, names, students=STUDENTS, seed=0):
    """Write a class's results of these notebooks into a folder; gives it."""
    rng = np.random.default_rng(seed)
    references = {name: json.loads((REFERENCE / f"{name}.json").read_text("utf-8")) for name in names}
    for number, student in enumerate(students):
        conditions = _conditions(number, rng)
        ability = rng.uniform(0.3, 1.0)
        for name, reference in references.items():
            if number != 11 and rng.random() < 0.07:
                continue  # not handed in
            content = _varied(reference, conditions, ability, rng)
            _write(_place(folder, student, number, name), content)
    _write_odd_ones(folder, students, references, rng)
    return folder


def _conditions(number, rng):
    """Device, seed and system of a student; most have the reference run's."""
    system = (
        ("Darwin", "arm64")
        if number % 5 == 3
        else ("Windows", "AMD64")
        if number % 5 == 1
        else ("Linux", "x86_64")
    )
    return {
        "device": "cuda" if number in (4, 17, 22) else "cpu",
        "seed": int(rng.integers(1, 100)) if number in (2, 9, 13, 20, 26) else 0,
        "python": "3.12.4" if number % 7 == 6 else "3.11.7",
        "system": system,
    }


def _varied(reference, conditions, ability, rng):
    """A student's file: the reference's with effects of another machine or seed, guesses and exercises."""
    content = json.loads(json.dumps(reference))
    content["version"] = results.VERSION
    content["run"] |= {"device": conditions["device"], "seed": conditions["seed"]}
    system, machine = conditions["system"]
    content["environment"] |= {"python": conditions["python"], "system": system, "machine": machine}
    content["times"]["finished"] = f"2026-11-{rng.integers(10, 27)}T{rng.integers(8, 23):02}:15:00Z"
    moved = {}
    for judged in content["verdicts"]:
        spread = 0.6 if conditions["seed"] else 0.25 if conditions["device"] == "cuda" else 0.05
        for outcome in judged["outcomes"]:
            ends = outcome["effect"], outcome["low"], outcome["high"], outcome["n"]
            moved[ends] = asdict(_moved(Estimate(*ends), rng.normal(0, spread)))
            outcome |= moved[ends]
        _judge(judged)
    _answer(content, reference, moved, rng)
    content["predictions"] = _guesses(content, rng)
    content["exercises"], content["mistakes"] = _exercises(content["notebook"], ability, rng)
    return content


def _moved(estimate, by):
    """An estimate moved by so many half-widths; a ratio far from zero on a scale of logarithms."""
    if estimate.low > 0 and estimate.high > 3 * estimate.low:
        factor = math.exp(by * math.log(estimate.high / estimate.low) / 2)
        return Estimate(estimate.effect * factor, estimate.low * factor, estimate.high * factor, estimate.n)
    step = by * (estimate.high - estimate.low) / 2
    return Estimate(estimate.effect + step, estimate.low + step, estimate.high + step, estimate.n)


def _judge(judged):
    """Put the words right that the ledger gives to what was measured."""
    claim = ledger.get(judged["claim"])
    measured = {}
    for each in judged["outcomes"]:
        estimate = Estimate(each["effect"], each["low"], each["high"], each["n"])
        measured.setdefault(each["test"], {})[each["group"]] = estimate
    given = {test: of if claim.test(test).per else of[""] for test, of in measured.items()}
    verdict = claim.judge(given)
    judged["verdict"] = verdict.word
    for each, outcome in zip(judged["outcomes"], verdict.outcomes, strict=True):
        each["outcome"] = outcome.word


def _answer(content, reference, moved, rng):
    """Answers that are measured move along; those that are words are those of the verdicts."""
    words = [judged["verdict"] for judged in reference["verdicts"]]
    found = [judged["verdict"] for judged in content["verdicts"]]
    for question, answer in content["answers"].items():
        if isinstance(answer, dict):
            ends = answer["effect"], answer["low"], answer["high"], answer["n"]
            own = asdict(_moved(Estimate(*ends), rng.normal(0, 0.1)))
            content["answers"][question] = moved.get(ends, own)
        elif answer in words:
            place = words.index(answer)
            words[place] = ""
            content["answers"][question] = found[place]


def _guesses(content, rng):
    """Numbers around what comes out, rarely far from it; the notebook's own guess; words; nothing."""
    own, guesses = own_guesses(content["notebook"]), {}
    for question, answer in content["answers"].items():
        if rng.random() < 0.06:
            guesses[question] = results.NO_GUESS
        elif question in own and rng.random() < 0.3:
            guesses[question] = own[question]
        elif isinstance(answer, dict):
            size = max(abs(answer["effect"]), answer["high"] - answer["low"], 0.1)
            guess = answer["effect"] + rng.normal(0, size) if rng.random() < 0.9 else 10 * size
            guesses[question] = abs(float(f"{guess:.1g}")) if answer["low"] >= 0 else float(f"{guess:.1g}")
        else:
            guesses[question] = str(rng.choice(WORDS, p=[0.6, 0.25, 0.15]))
    return guesses


def _exercises(name, ability, rng):
    """Statuses by ability, the later the less; a typical mistake for most that are not right."""
    statuses, mistakes = {}, {}
    module = __import__(f"course_utils.exercises.{_module(name)}", fromlist=["exercises"])
    for place, (exercise, each) in enumerate(exercises_of(module.exercises).items()):
        draw = rng.random()
        right = ability - 0.07 * place
        statuses[exercise] = (
            "correct" if draw < right else "not yet" if draw < right + 0.35 else "not attempted"
        )
        if statuses[exercise] == "not yet":
            hints = [mistake.hint for mistake in each.mistakes] + ["", "It stopped with an error."]
            weights = np.array([2.0**-i for i in range(len(hints))])
            mistakes[exercise] = str(rng.choice(hints, p=weights / weights.sum()))
    return statuses, mistakes


def _module(name):
    assert titles_of(name)
    return f"lab_{name}" if reports.notebooks()[name].lab else f"lesson_{name[0]}"


def _place(folder, student, number, name):
    """Where a collector or a platform leaves a file."""
    if number % 3 == 0:
        return folder / student / f"{name}.json"
    if number % 3 == 1:
        return folder / student / "results" / "laptop" / f"{name}.json"
    return folder / f"{student}_{100 + number}_assignsubmission_file_" / f"{name} ({number}).json"


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def _write_odd_ones(folder, students, references, rng):
    """One who hands in nothing, one damaged file, a smoke run, two attempts, an old file, another ledger."""
    first = next(iter(references))
    for number, odd in (
        (0, "damaged"),
        (3, "smoke"),
        (6, "attempts"),
        (9, "old"),
        (12, "ledger"),
        (15, "nothing"),
    ):
        if number >= len(students):
            return
        path = _place(folder, students[number], number, first)
        content = _varied(references[first], _conditions(0, rng), 0.8, rng)
        if odd == "damaged":
            _write(path, content)
            path.write_text(path.read_text("utf-8")[:1500], encoding="utf-8")
        if odd == "smoke":
            content["run"]["profile"] = "smoke"
            for judged in content["verdicts"]:
                judged["verdict"] = "too small to judge"
            _write(path, content)
        if odd == "attempts":
            _write(path, content)
            content["times"]["finished"] = "2026-11-27T08:00:00Z"
            _write(path.parent / "results" / path.name, content)
        if odd == "old":
            del content["mistakes"]
            _write(path, content | {"version": 3})
        if odd == "ledger":
            judged = content["verdicts"][0]
            judged["verdict"] = next(word for word in WORDS if word != judged["verdict"])
            _write(path, content)
        if odd == "nothing":
            for each in (folder / students[number]).glob("*.json"):
                each.unlink()
