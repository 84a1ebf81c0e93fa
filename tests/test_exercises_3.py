"""The exercises of lesson 3 and of its labs: every wrong answer that is known meets its own hint."""

import numpy as np
import pytest
from exercise_cases import exercises_of

from course_utils import exercises
from course_utils.exercises import (
    lab_3_forgetting,
    lab_3_grammar,
    lab_3_scale,
    lab_3_tokens,
    lesson_3,
)

BOOKS = {
    "3": lesson_3,
    "3_forgetting": lab_3_forgetting,
    "3_grammar": lab_3_grammar,
    "3_tokens": lab_3_tokens,
    "3_scale": lab_3_scale,
}
ALL = [each for book in BOOKS.values() for each in exercises_of(book.exercises).values()]
every_exercise = pytest.mark.parametrize("exercise", ALL, ids=lambda each: each.id)


def named(exercise_id):
    return exercises_of(BOOKS[exercise_id.split(".")[0]].exercises)[exercise_id]


def solution(exercise_id):
    return named(exercise_id).solution()


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""

    def checked(exercise_id, answer):
        book = exercises.workbook(named(exercise_id))
        book.check(exercise_id, answer)
        return book.statuses[exercise_id], capsys.readouterr().out

    return checked


@every_exercise
def test_the_solution_and_each_mistake_are_told_apart(exercise, check):
    assert check(exercise.id, exercise.solution())[0] == "correct"
    assert len(exercise.mistakes) >= 2 and len(exercise.hints) >= 2
    for mistake in exercise.mistakes:
        status, said = check(exercise.id, mistake.answer())
        assert status == "not yet"
        assert said.splitlines()[1:] == [f"  {mistake.hint}"]
    assert len({mistake.hint for mistake in exercise.mistakes}) == len(exercise.mistakes)


@every_exercise
def test_three_dots_are_not_attempted(exercise, check):
    assert check(exercise.id, ...) == (
        "not attempted",
        f"… {exercise.id} {exercise.title}: not attempted\n",
    )


@pytest.mark.parametrize(("name", "book"), BOOKS.items())
def test_exercises_are_numbered(name, book):
    ids = list(exercises_of(book.exercises))
    assert ids == [f"{name}.{i}" for i in range(1, len(ids) + 1)]


def bits_per_byte(p, text):
    return sum(-np.log2(each) for each in p) / len(text.encode("utf-8"))


def saved(ours, theirs):
    return (theirs.sum() - ours.sum()) * 100 / theirs.sum()


def turned(effect, low, high):
    return np.array([-effect, *sorted((-low, -high))])


def shuffled(task, general, share):
    n = round(len(task) * share / (1 - share))
    return np.random.default_rng(0).permutation(np.vstack([general[:n], task])).tolist()


def right(bits):
    shares = [1 / list(row).count(min(row)) if row[0] == min(row) else 0 for row in bits]
    return 100 * sum(shares) / len(shares)


def slope(x, y):
    u, v = np.log10(x), np.log10(y)
    return np.cov(u, v)[0, 1] / np.var(u, ddof=1)


def cut(word, merges):
    pieces = " ".join(word)
    for a, b in merges:
        pieces = f" {pieces} ".replace(" ", "  ").replace(f" {a}  {b} ", f" {a}{b} ")
        pieces = " ".join(pieces.split())
    return pieces.split()


def cut_once(word, merges):
    pieces = list(word)
    for a, b in merges:
        for i in range(len(pieces) - 1):
            if (pieces[i], pieces[i + 1]) == (a, b):
                pieces[i : i + 2] = [a + b]
                break
    return pieces


def longest_first(word, merges):
    for piece in sorted((a + b for a, b in merges), key=len, reverse=True):
        if word.startswith(piece):
            return [piece, *longest_first(word[len(piece) :], merges)]
    return [word[0], *longest_first(word[1:], merges)] if word else []


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("3.1", "hub"),  # hu 11, ug 9, ub 6, pu 4; then hu-b 6, hu-g 5, p-u 4, u-g 4
        ("3.1", " HUB "),
        ("3.2", bits_per_byte),
        ("3.2", lambda p, text: np.float32(bits_per_byte(p, text))),
        ("3.5", saved),
        ("3.5", lambda ours, theirs: saved(ours.mean(axis=0), theirs.mean(axis=0))),
        ("3_forgetting.1", turned),
        ("3_forgetting.2", "Inconclusive "),  # one from 1.1 to 2.8, one from 2.2 to 5.6, and 5 lies in it
        ("3_forgetting.3", shuffled),
        ("3_grammar.1", 60),  # halfway from 20 to 100
        ("3_grammar.2", right),
        ("3_scale.1", 20.57),  # 10 to the power of -0.1 is 0.7943
        ("3_scale.1", np.array(20.6)),
        ("3_scale.2", slope),
        ("3_tokens.1", cut),
        ("3_tokens.2", 1.408),  # 45 is 2 to the power of 5.492, which are for 3.9 bytes; A needs 1.632
        ("3_tokens.2", np.array(1.41)),
    ],
)
def test_answers_that_were_worked_out_in_another_way_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "hint"),
    [
        ("3.1", "hu", "That is the first merge"),
        ("3.1", "ug", "Before the first merge it would come next, with 9"),
        ("3.1", "Hug", "hu and g stand together 5 times"),
        ("3.1", "pu", "4 times only"),
        ("3.1", "ub", "no u alone before the b"),
        ("3.2", lambda p, text: bits_per_byte(p, "x" * len(p)), "bits per token"),
        ("3.2", lambda p, text: bits_per_byte(p, "x" * len(text)), "bits per character"),
        ("3.2", lambda p, text: bits_per_byte(p, text) * np.log(2), "Those are nats"),
        ("3.2", lambda p, text: bits_per_byte(p, "x"), "bits of the whole text"),
        ("3.2", lambda p, text: bits_per_byte([p.mean()] * len(p), text), "mean of the probabilities first"),
        ("3.2", lambda p, text: -bits_per_byte(p, text), "Surprise is minus the logarithm"),
        ("3.5", lambda ours, theirs: np.mean(100 - 100 * ours / theirs), "mean of the documents' savings"),
        ("3.5", lambda ours, theirs: -saved(theirs, ours), "You divided by our bits"),
        ("3.5", lambda ours, theirs: -saved(ours, theirs), "The wrong way round"),
        ("3.5", lambda ours, theirs: saved(ours, theirs) / 100, "That is a share"),
        ("3.5", lambda ours, theirs: 100 - saved(ours, theirs), "That is what is left"),
        ("3.5", lambda ours, theirs: (theirs - ours).sum(), "Those are bits"),
        ("3_forgetting.1", lambda e, low, high: (-e, -low, -high), "they change places"),
        ("3_forgetting.1", lambda *three: three, "Nothing has changed"),
        ("3_forgetting.1", lambda e, low, high: (-e, low, high), "The interval stayed behind"),
        ("3_forgetting.1", lambda *three: tuple(map(abs, three)), "Change the sign, do not drop it"),
        ("3_forgetting.2", "supported", "its upper end is 5.6"),
        ("3_forgetting.2", "not supported", "5 lies inside"),
        (
            "3_forgetting.3",
            lambda task, general, share: np.vstack([task, general[: round(share * len(task))]]),
            "a third of all, not half",
        ),
        (
            "3_forgetting.3",
            lambda task, general, share: np.vstack(
                [task[: len(task) - round(share * len(task))], general[: round(share * len(task))]]
            ),
            "Keep all of the task's",
        ),
        ("3_forgetting.3", lambda task, general, share: np.vstack([task, general]), "all general windows"),
        (
            "3_forgetting.3",
            lambda task, general, s: shuffled(task, general, 1 - s),
            "wrong way round",
        ),
        ("3_grammar.1", 50, "Whoever guesses begins at 20"),
        ("3_grammar.1", 20, "That is guessing"),
        ("3_grammar.1", 40, "added to 0"),
        ("3_grammar.1", 62.5, "the margin for four lines"),
        ("3_grammar.1", 0.6, "write 60 % as 60"),
        ("3_grammar.2", lambda bits: 100 * np.mean(np.argmin(bits, 1) == 0), "calls it right"),
        (
            "3_grammar.2",
            lambda b: 100 * np.mean(b[:, 0] < np.min(b[:, 1:], 1)),
            "counts for nothing",
        ),
        ("3_grammar.2", lambda bits: 100 * np.mean(np.argmax(bits, 1) == 0), "most surprising line"),
        ("3_grammar.2", lambda bits: right(bits) / 100, "That is a share"),
        ("3_grammar.2", lambda bits: 100 * np.mean(bits == bits.min(1)[:, None]), "in every column"),
        ("3_scale.1", 6.7, "what a doubling saves"),
        ("3_scale.1", 79.4, "So much is left"),
        ("3_scale.1", 10, "The exponent is no percentage"),
        ("3_scale.1", 33.5, "savings do not add up"),
        ("3_scale.1", 0.2057, "That is a share"),
        ("3_scale.2", lambda x, y: np.polyfit(x, y, 1)[0], "through the points themselves"),
        ("3_scale.2", lambda x, y: np.polyfit(np.log(x), y, 1)[0], "logarithm of x alone"),
        ("3_scale.2", lambda x, y: np.polyfit(x, np.log(y), 1)[0], "logarithm of y alone"),
        ("3_scale.2", lambda x, y: slope(y, x), "You swapped the two"),
        ("3_scale.2", lambda x, y: np.polyfit(np.log(x), np.log(y), 1)[1], "where the line begins"),
        ("3_tokens.1", lambda word, merges: list(word), "nothing is merged yet"),
        ("3_tokens.1", lambda word, merges: cut(word, merges[:1]), "the first merge only"),
        ("3_tokens.1", lambda word, merges: cut(word, merges[::-1]), "began with the last merge"),
        ("3_tokens.1", cut_once, "not only at the first place"),
        ("3_tokens.1", longest_first, "the longest known piece from the left"),
        ("3_tokens.2", 1.632, "That is model A"),  # 3.1 is 2 to the power of 1.632
        ("3_tokens.2", 5.49, "Those are B's bits per token"),
        ("3_tokens.2", 11.54, "Perplexity is no number of bits"),  # 45 / 3.9
        ("3_tokens.2", 0.976, "took the natural logarithm"),  # 3.807 / 3.9
        ("3_tokens.2", 0.4185, "divided A's bits by B's bytes"),  # 1.632 / 3.9
    ],
)
def test_mistakes_that_were_made_in_another_way_meet_their_hint(check, exercise_id, answer, hint):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert hint in said


@pytest.mark.parametrize(
    ("exercise_id", "answer", "line"),
    [
        ("3.1", "hu b", "Expected a string, such as 'ug'. You gave 'hu b'. For a nudge"),
        ("3.1", ("hu", "b"), "Expected a string, such as 'ug'. For a nudge"),
        ("3.1", None, "Expected a string, such as 'ug'. For a nudge"),
        ("3.2", 0.67, "TypeError: 'float' object is not callable"),
        ("3.2", lambda p: 1, "takes 1 positional argument but 2 were given"),
        ("3.2", lambda p, text: -np.log2(p), "TypeError: these are 4 values, not one number"),
        ("3.2", lambda p, text: None, "TypeError: float() argument"),
        ("3.2", lambda p, text: float("nan"), "For a nudge"),
        ("3.5", lambda ours, theirs: ours, "not one number"),
        ("3.5", "a lot", "TypeError: 'str' object is not callable"),
        ("3_forgetting.1", lambda *three: -three[0], "return three numbers"),
        ("3_forgetting.2", "maybe", "Expected one of the three words. You gave 'maybe'. For a nudge"),
        ("3_forgetting.3", lambda task, general, share: 3, "expected (n, 5), yours gave ()"),
        ("3_forgetting.3", lambda task, general, share: task, "For a nudge"),
        ("3_grammar.2", lambda bits: bits[:, 0], "TypeError: these are 5 values, not one number"),
        ("3_scale.2", lambda x, y: np.polyfit(x, y, 1), "TypeError: these are 2 values, not one number"),
        ("3_tokens.1", lambda word, merges: ["hub"], "the pieces must make the word again"),
        ("3_tokens.1", lambda word, merges: [word], "For a nudge"),
        ("3_tokens.2", "B", "ValueError: could not convert string to float: 'B'"),
        ("3_tokens.2", 0.7, "You gave 0.7. For a nudge"),
    ],
)
def test_it_answers_whatever_it_gets(check, exercise_id, answer, line):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert line in said


def test_bits_per_byte_is_right_for_numbers_worked_out_by_hand():
    p = np.array([0.5, 0.25, 0.125, 0.25])  # 1 + 2 + 3 + 2 bits
    assert solution("3.2")(p, "Hello, world") == pytest.approx(8 / 12)
    assert solution("3.2")(p[:2], "Ä") == pytest.approx(3 / 2)  # two bytes


def test_an_answer_cannot_spoil_what_it_is_checked_with(check):
    """Whoever writes over what a function is given gets the same answer the next time."""

    def spoils(p, text):
        p[:] = -np.log2(p)
        return p.sum() / len(text.encode())

    assert check("3.2", spoils)[0] == "correct"
    assert check("3.2", spoils)[0] == "correct"
    assert check("3.2", bits_per_byte)[0] == "correct"


def test_cutting_is_right_for_words_worked_out_by_hand():
    merges = [("h", "u"), ("hu", "b"), ("u", "g")]
    assert solution("3_tokens.1")("hubhug", merges) == ["hub", "hu", "g"]  # h u is merged before u g
    assert solution("3_tokens.1")("bug", merges) == ["b", "ug"]


def test_the_mixture_is_right_for_a_count_worked_out_by_hand():
    task, general = np.zeros((6, 3)), np.ones((60, 3))
    assert solution("3_forgetting.3")(task, general, 0.75).mean() == 0.75  # 6 and 18


def test_window_attention_is_right_for_numbers_worked_out_by_hand():
    attention = solution("3.3")
    # without any preference each takes the mean of itself and the two before
    mixed = attention(np.zeros((4, 1)), np.zeros((4, 1)), np.array([[1.0], [3], [8], [10]]))
    assert mixed.ravel().tolist() == pytest.approx([1, 2, 4, 7])
    # the second token's scores are 2 ln 3 and 0, halved because d is 4: weights 3/4 and 1/4
    queries, keys = np.zeros((2, 4)), np.zeros((2, 4))
    queries[1, 0], keys[0, 0] = 1, 2 * np.log(3)
    mixed = attention(queries, keys, np.array([[4.0], [8.0]]))
    assert mixed.ravel().tolist() == pytest.approx([4, 5])


def masked(mask, scale=2, zero_after=False):
    """An attention with a mask of 0 and 1, (7, 7): 1 is what a row may see."""

    def mix(queries, keys, values):
        scores = queries @ keys.T / scale
        e = np.exp(scores) if zero_after else np.exp(scores) * mask
        weights = e / e.sum(axis=1)[:, None]
        return (weights * mask if zero_after else weights) @ values

    return mix


ONES = np.ones((7, 7))
WINDOW = np.tril(ONES) - np.tril(ONES, k=-3)  # itself and two before
SHUT_FIRST = WINDOW * (np.arange(7)[:, None] > 0)


def with_added_mask(queries, keys, values):
    forbidden = np.where(WINDOW == 1, 0, -np.inf)
    scores = queries @ keys.T / np.sqrt(queries.shape[-1]) + forbidden
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) @ values


def row_by_row(queries, keys, values):
    rows = []
    for i, query in enumerate(queries):
        first = max(0, i - 2)
        e = [np.exp(sum(query * key) / len(query) ** 0.5) for key in keys[first : i + 1]]
        seen = zip(e, values[first : i + 1], strict=True)
        rows.append([float(number) for number in sum(w * value for w, value in seen) / sum(e)])
    return rows


def in_float32(*data):
    return masked(WINDOW.astype(np.float32))(*(each.astype(np.float32) for each in data))


def into_the_values(queries, keys, values):
    values[:] = with_added_mask(queries, keys, values)
    queries[:] = keys[:] = 0
    return values


@pytest.mark.parametrize("answer", [masked(WINDOW), with_added_mask, row_by_row, in_float32, into_the_values])
def test_exercise_3_3_accepts_whatever_mixes_the_same(check, answer):
    assert check("3.3", answer) == ("correct", "✔ 3.3 Attention with a window: correct\n")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (masked(np.triu(ONES, k=-2)), "the mask is missing for the places after them"),
        (masked(np.triu(ONES, k=-2) * np.tril(ONES, k=2)), "The window is there, on both sides"),
        (masked(np.tril(ONES)), "What is missing is the window"),
        (masked(ONES), "everybody sees everything"),
        (masked(WINDOW.T), "The mask is turned round"),
        (masked(WINDOW, zero_after=True), "You set weights to 0 after softmax"),
        (masked(np.tril(ONES) - np.tril(ONES, k=-4)), "One too many"),
        (masked(np.tril(ONES) - np.tril(ONES, k=-2)), "One too few"),
        (masked(WINDOW, scale=1), "divided by the square root of d"),
        (masked(WINDOW, scale=7**0.5), "For a nudge, run exercises.hint('3.3')"),  # root of the tokens
        (masked(WINDOW, scale=4), "For a nudge"),  # d itself
    ],
)
def test_exercise_3_3_knows_each_mistake(check, answer, hint):
    status, said = check("3.3", answer)
    assert status == "not yet"
    assert hint in said


def raises(*data):
    raise IndexError("index 7 is out of bounds")


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # 0 / 0 in the row that sees nothing
@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (None, "TypeError: 'NoneType' object is not callable"),
        (np.zeros((7, 4)), "TypeError: 'numpy.ndarray' object is not callable"),
        (lambda queries, keys: queries, "takes 2 positional arguments but 3 were given"),
        (lambda *data: None, "should give (7, 4), yours gave ()"),
        (lambda *data: with_added_mask(*data).T, "should give (7, 4), yours gave (4, 7)"),
        (lambda *data: WINDOW, "should give (7, 4), yours gave (7, 7)"),
        (lambda *data: (with_added_mask(*data), WINDOW), "and nothing else; yours gave 2 things"),
        (lambda *data: [[1.0], [1.0, 2.0]], "ValueError: setting an array element with a sequence"),
        (lambda *data: "mixed", "ValueError: could not convert string to float"),
        (raises, "IndexError: index 7 is out of bounds"),
        (masked(SHUT_FIRST), "ValueError: row 0 is not finite: did the mask leave that token nothing"),
        (masked(SHUT_FIRST[::-1, ::-1]), "ValueError: row 6 is not finite"),
    ],
)
def test_exercise_3_3_answers_whatever_it_gets(check, answer, line):
    status, said = check("3.3", answer)
    assert status == "not yet"
    assert "Expected a function of (queries, keys, values), each (T, d), that gives (T, d)" in said
    assert line in said


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [(0.5, [16 / 17, 1 / 17]), (1, [0.8, 0.2]), (2, [2 / 3, 1 / 3])],  # squares 0.64 and 0.04; roots 2 : 1
)
def test_exercise_3_4_is_right_for_numbers_worked_out_by_hand(temperature, expected):
    assert solution("3.4")(np.array([0.8, 0.2]), temperature).tolist() == pytest.approx(expected)


def as_softmax(p, temperature):
    scores = np.log(p) / temperature
    e = np.exp(scores - scores.max())
    return e / e.sum()


def one_by_one(p, temperature):
    raised = [each ** (1 / temperature) for each in p]
    return [each / sum(raised) for each in raised]


def heated_in_place(p, temperature):
    p **= 1 / temperature
    p /= p.sum()
    return p


def heated_in_float32(p, temperature):
    return as_softmax(p.astype(np.float32), np.float32(temperature))


@pytest.mark.parametrize("answer", [as_softmax, one_by_one, heated_in_place, heated_in_float32])
def test_exercise_3_4_accepts_whatever_gives_the_same(check, answer):
    assert check("3.4", answer) == ("correct", "✔ 3.4 Another temperature: correct\n")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda p, t: [each / t for each in p], "add up to something else than 1"),
        (lambda p, t: p, "changes nothing"),
        (lambda p, t: p ** (1 / t), "the last step of softmax is missing"),
        (lambda p, t: as_softmax(p, 1 / t), "The wrong way round"),
        (lambda p, t: as_softmax(np.exp(p), t), "First turn them back into scores, with np.log"),
        (lambda p, t: np.log(p) / t, "For a nudge, run exercises.hint('3.4')"),
        (lambda p, t: as_softmax(p, min(t, 1)), "For a nudge"),  # right up to a temperature of 1
        (lambda p, t: as_softmax(p, max(t, 1)), "For a nudge"),
    ],
)
def test_exercise_3_4_knows_each_mistake(check, answer, hint):
    status, said = check("3.4", answer)
    assert status == "not yet"
    assert hint in said


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (0.5, "TypeError: 'float' object is not callable"),
        (lambda p: p, "takes 1 positional argument but 2 were given"),
        (lambda p, t: p.softmax(), "AttributeError"),
        (lambda p, t: [[1], [1, 2]], "ValueError"),
        (lambda p, t: "hot", "For a nudge"),
        (lambda p, t: None, "For a nudge"),
        (lambda p, t: 1.0, "For a nudge"),
        (lambda p, t: as_softmax(p, t)[:, None], "For a nudge"),
        (lambda p, t: as_softmax(p, t)[:3], "For a nudge"),
        (lambda p, t: p * np.nan, "For a nudge"),
    ],
)
def test_exercise_3_4_answers_whatever_it_gets(check, answer, line):
    status, said = check("3.4", answer)
    assert status == "not yet"
    assert "Expected a function of (probabilities, temperature) that gives probabilities" in said
    assert line in said
