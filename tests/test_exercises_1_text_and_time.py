"""The exercises of labs 1_words, 1_forecast and 1_markets."""

import re

import numpy as np
import pandas as pd
import pytest
from exercise_cases import assert_told_apart, assert_well_made, checked, exercises_of

from course_utils.exercises import lab_1_forecast, lab_1_markets, lab_1_words

BOOKS = {"1_words": lab_1_words, "1_forecast": lab_1_forecast, "1_markets": lab_1_markets}
EXERCISES = {id: each for book in BOOKS.values() for id, each in exercises_of(book.exercises).items()}


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_each_mistake_meets_its_own_hint(exercise_id, capsys):
    assert_told_apart(EXERCISES[exercise_id], {}, capsys)


@pytest.mark.parametrize("name", BOOKS)
def test_exercises_are_well_made(name):
    assert_well_made(BOOKS[name].exercises, name)


def test_a_rule_in_a_loop(capsys):
    def rule(text, words, otherwise):
        best, most, level = otherwise, 0, True
        said = re.findall(r"\w+", text.lower())
        for library in words:
            n = sum(word in said for word in words[library])
            if n > most:
                best, most, level = library, n, False
            elif n == most:
                level = True
        return otherwise if level else best

    assert checked(EXERCISES["1_words.1"], rule, {}, capsys)[0] == "correct"


def test_names_taken_out_one_after_the_other(capsys):
    def without(text, names):
        for name in names:
            text = re.sub(rf"(?i)\b{name}\b", " ", text)
        return text

    assert checked(EXERCISES["1_words.2"], without, {}, capsys)[0] == "correct"


def test_a_naive_forecast_with_numpys_ceil(capsys):
    def naive(births, horizon):
        return births.shift(7 * int(np.ceil(horizon / 7))).to_numpy()

    assert checked(EXERCISES["1_forecast.1"], naive, {}, capsys)[0] == "correct"


def test_the_past_as_a_list(capsys):
    def past(days, year, horizon):
        first = np.datetime64(f"{year}-01-01")
        return [(first - day.to_datetime64()) >= np.timedelta64(horizon, "D") for day in days]

    assert checked(EXERCISES["1_forecast.2"], past, {}, capsys)[0] == "correct"


def test_the_error_of_last_week_in_a_loop(capsys):
    def naive_error(logs):
        return {name: np.nanmean(np.abs(np.diff(logs[name]))) for name in logs}

    assert checked(EXERCISES["1_markets.1"], naive_error, {}, capsys)[0] == "correct"


def test_as_good_as_one_over_the_mean_of_all_correlations(capsys):
    def as_good_as(changes):
        return 1 / changes.corr().to_numpy().mean()

    assert checked(EXERCISES["1_markets.2"], as_good_as, {}, capsys)[0] == "correct"


def test_words_ahead_are_those_the_other_library_says_least():
    text = pd.Series(["tea cup drink"] * 6 + ["coffee bean drink"] * 5 + ["coffee cup drink"] * 5)
    library = pd.Series(["tea"] * 6 + ["coffee"] * 10)
    assert lab_1_words.words_ahead(text, library, 2) == {"tea": ["tea", "cup"], "coffee": ["coffee", "bean"]}
