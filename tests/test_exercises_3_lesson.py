"""The exercises of lesson 3: every wrong answer that is known meets its own hint."""

import copy

import numpy as np
import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises import lesson_3
from course_utils.models import language

DATA = {"3.6": {"batch_loss": language.next_token_loss}}


@pytest.mark.parametrize(("exercise", "context"), cases(lesson_3.exercises, DATA))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lesson_3.exercises, "3")


check = checking(lesson_3.exercises, data=DATA)


def bits_per_byte(p, text):
    return sum(-np.log2(each) for each in p) / len(text.encode("utf-8"))


def library_head(queries, keys, values):
    attend = torch.nn.functional.scaled_dot_product_attention
    return attend(queries[None], keys[None], values[None], is_causal=True)[0]


def greedy(p, top_p):
    kept, total = np.zeros(len(p)), 0
    for i in sorted(range(len(p)), key=lambda i: -p[i]):
        if total < top_p:
            kept[i] = p[i]
        total += p[i]
    return kept / kept.sum()


def prefixes(model, tokens):
    """Asks about the text without its last token, in place of one with another last token."""
    return not torch.allclose(model(tokens)[:, :-1], model(tokens[:, :-1]), atol=1e-4)


def loop(model, batches, rate):
    learner = copy.deepcopy(model)
    adam = torch.optim.AdamW(list(learner.parameters()), rate)
    for rows in batches:
        adam.zero_grad()
        language.next_token_loss(learner, rows).backward()
        adam.step()
    return learner


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("3.1", "hub"),  # hu 11, ug 9, ub 6, pu 4; then hu-b 6, hu-g 5, p-u 4, u-g 4
        ("3.1", " HUB "),
        ("3.2", bits_per_byte),
        ("3.2", lambda p, text: np.float32(bits_per_byte(p, text))),
        ("3.3", library_head),
        ("3.4", prefixes),
        ("3.5", greedy),
        ("3.6", loop),
    ],
)
def test_answers_that_were_worked_out_in_another_way_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "line"),
    [
        ("3.1", ("hu", "b"), "Expected a string, such as 'ug'."),
        ("3.2", lambda p, text: -np.log2(p), "these are 4 values, not one number"),
        ("3.2", lambda p: 1, "takes 1 positional argument but 2 were given"),
        ("3.3", lambda q, k, v: (v, v), "yours gave tuple"),
        ("3.3", lambda q, k, v: q @ k.T, "yours gave (7, 7)"),
        ("3.3", lambda q, k, v: v * torch.nan, "row 0 is not finite"),
        ("3.4", lambda model, tokens: model(tokens), "give True or False, yours gave Tensor"),
        ("3.5", lambda p, top_p: p[:2], "For a nudge"),
        ("3.6", lambda model, batches, rate: None, "yours gave NoneType"),
    ],
)
def test_other_answers_are_told_what_was_expected(check, exercise_id, answer, line):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert line in said
