from collections import Counter, defaultdict
from math import log2

import numpy as np
import pytest

from course_utils import ROOT, CourseError
from course_utils.models.ngrams import FALLBACK_DISCOUNTS, KneserNey, discounts

ORDERS = range(1, 6)


def zipf_documents(seed, n_documents, n_tokens, longest=60):
    """Documents with rare and frequent tokens and all lengths, 0 too."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, n_tokens + 1)
    lengths = rng.integers(0, longest, size=n_documents)
    return [rng.choice(n_tokens, size=length, p=share / share.sum()) for length in lengths]


class SlowKneserNey:
    """The formula with dictionaries, one token at a time; shares no line with the package."""

    def __init__(self, documents, order, n_tokens):
        self.order, self.n_tokens = order, n_tokens
        self.occurrences, before = Counter(), defaultdict(set)
        for document in (list(map(int, document)) for document in documents):
            for begin in range(len(document)):
                for k in range(1, order + 1):
                    if begin + k <= len(document):
                        gram = tuple(document[begin : begin + k])
                        self.occurrences[gram] += 1
                        if begin > 0:
                            before[gram].add(document[begin - 1])
        self.befores = {gram: len(tokens) for gram, tokens in before.items()}

    def taken(self, counts, k):
        of_counts = Counter(count for gram, count in counts.items() if len(gram) == k)
        n1, n2, n3, n4 = (of_counts[i] for i in (1, 2, 3, 4))
        if 0 in (n1, n2, n3, n4):
            return FALLBACK_DISCOUNTS
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        return found if min(found) > 0 else FALLBACK_DISCOUNTS

    def p(self, token, context, counts=None):
        counts = self.occurrences if counts is None else counts
        context = tuple(map(int, context))
        shorter = self.p(token, context[1:], self.befores) if context else 1 / self.n_tokens
        after = {w: counts.get((*context, w), 0) for w in range(self.n_tokens)}
        total = sum(after.values())
        if total == 0:
            return shorter
        d = dict(enumerate((0, *self.taken(counts, len(context) + 1))))
        weight = sum(d[min(count, 3)] for count in after.values()) / total
        return (after[token] - d[min(after[token], 3)]) / total + weight * shorter

    def bits(self, document, context):
        return [-log2(self.p(t, document[max(i - context, 0) : i])) for i, t in enumerate(document)]


def test_a_bigram_model_by_hand():
    # Vocabulary 0, 1, 2, 3 and the documents 0 1 0 2 and 0 1 1. Counts of counts of 3 and 4 are zero
    # everywhere, so the discounts are 0.5, 1 and 1.5.
    model = KneserNey(2, 4).fit([np.array([0, 1, 0, 2]), np.array([0, 1, 1])])
    # Single tokens below the bigrams count the different tokens before them:
    #   0 after {1}: 1,  1 after {0, 1}: 2,  2 after {0}: 1,  3 never: 0;  together 4
    # Taken: 0.5 + 1 + 0.5 = 2, and 2 / 4 = 1/2 of p goes to the uniform 1/4: 1/8 for each token.
    #   p1(0) = 0.5/4 + 1/8 = 2/8,  p1(1) = 1/4 + 1/8 = 3/8,  p1(2) = 2/8,  p1(3) = 1/8
    # Bigrams count their occurrences: 01 twice, 10, 02, 11 once.
    # After 0: 3 occurrences, taken 1 (from 01) + 0.5 (from 02), weight 1.5/3 = 1/2
    #   p(1 | 0) = (2 - 1)/3 + 3/16,  p(2 | 0) = 0.5/3 + 2/16,  p(0 | 0) = 2/16,  p(3 | 0) = 1/16
    after_0 = [2 / 16, 1 / 3 + 3 / 16, 1 / 6 + 2 / 16, 1 / 16]
    assert model.probabilities([0]) == pytest.approx(after_0)
    # After 1: 2 occurrences, 0.5 taken from each of 10 and 11, weight 1/2
    after_1 = [1 / 4 + 2 / 16, 1 / 4 + 3 / 16, 2 / 16, 1 / 16]
    assert model.probabilities([1]) == pytest.approx(after_1)
    # After 2 nothing ever came: the single tokens, by what came before them.
    assert model.probabilities([2]) == pytest.approx([2 / 8, 3 / 8, 2 / 8, 1 / 8])
    # After nothing single tokens are the longest in use, and count their occurrences 3, 3, 1, 0 of 7.
    # Taken: 1.5 + 1.5 + 0.5 = 3.5, so half of p goes to the uniform 1/4.
    alone = [1.5 / 7 + 1 / 8, 1.5 / 7 + 1 / 8, 0.5 / 7 + 1 / 8, 1 / 8]
    assert model.probabilities([]) == pytest.approx(alone)
    expected = -np.log2([alone[0], after_0[1], after_1[3]])
    assert model.bits(np.array([0, 1, 3])) == pytest.approx(expected)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("n_tokens", "begin"), [(3, []), (12, []), (12, [11])])
def test_agrees_with_the_formula_in_dictionaries(order, n_tokens, begin):
    documents = zipf_documents(order, 40, n_tokens - len(begin))
    documents = [np.array([*begin, *document], dtype=int) for document in documents]
    model, slow = KneserNey(order, n_tokens).fit(documents), SlowKneserNey(documents, order, n_tokens)
    for document in zipf_documents(99, 6, n_tokens, longest=30):  # the begin symbol may come anywhere
        for context in range(order):
            expected = slow.bits(document, context)
            assert model.bits(document, context) == pytest.approx(expected, rel=0, abs=1e-9)


def test_the_agreement_covers_both_ways_to_discount():
    """The data of the test above have tables with estimated discounts and tables that fall back."""
    documents = zipf_documents(3, 40, 12)
    slow = SlowKneserNey(documents, 3, 12)
    estimated = [slow.taken(slow.occurrences, k) != FALLBACK_DISCOUNTS for k in (1, 2, 3)]
    estimated += [slow.taken(slow.befores, k) != FALLBACK_DISCOUNTS for k in (1, 2)]
    assert {True, False} == set(estimated)


@pytest.mark.parametrize("order", ORDERS)
def test_probabilities_sum_to_one(order):
    documents = zipf_documents(0, 30, 9)
    model = KneserNey(order, 10).fit(documents)  # token 9 was never seen
    contexts = [document[:length] for document in documents[:10] for length in range(8)]
    for context in [*contexts, [9], [9, 0], [0, 9], [9, 9, 9, 9, 9], [0, 0, 0, 0, 9, 0, 0]]:
        p = model.probabilities(context)
        assert p.shape == (10,) and p.dtype == np.float64
        assert p.min() > 0
        assert p.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_bits_and_probabilities_agree_at_each_position(order):
    model = KneserNey(order, 9).fit(zipf_documents(0, 30, 9))
    document = zipf_documents(5, 1, 9, longest=200)[0]
    for context in (None, 0, 1, 2, 7):
        bits = model.bits(document, context)
        assert bits.shape == document.shape
        for i, token in enumerate(document):
            before = document[:i] if context is None else document[max(i - context, 0) : i]
            assert bits[i] == pytest.approx(-np.log2(model.probabilities(before)[token]), abs=1e-9)


def test_a_limited_context_is_the_model_of_that_order():
    documents, document = zipf_documents(0, 60, 9), zipf_documents(8, 1, 9, longest=300)[0]
    longest = KneserNey(4, 9).fit(documents)
    for context in range(3):
        complete = KneserNey(context + 1, 9).fit(documents)
        np.testing.assert_allclose(longest.bits(document, context), complete.bits(document), atol=1e-12)
    np.testing.assert_array_equal(longest.bits(document, 3), longest.bits(document))
    np.testing.assert_array_equal(longest.bits(document, 1000), longest.bits(document))
    assert not np.allclose(longest.bits(document, 2), longest.bits(document))


def test_contexts_are_counted_not_occurrences():
    """Kneser and Ney's case: 2 is frequent but only after 1, 3 is rarer and comes after many tokens."""
    documents = [[1, 2]] * 50 + [[before, 3] for before in range(4, 20)]
    model = KneserNey(2, 21).fit([np.array(document) for document in documents])
    alone, after_unseen = model.probabilities([]), model.probabilities([20])
    assert alone[2] > alone[3]
    assert after_unseen[3] > 5 * after_unseen[2]


def test_documents_are_not_joined():
    apart = KneserNey(3, 6).fit([np.array([0, 1, 2]), np.array([3, 4, 5])])
    joined = KneserNey(3, 6).fit([np.array([0, 1, 2, 3, 4, 5])])
    np.testing.assert_array_equal(apart.probabilities([2]), apart.probabilities([5]))  # nothing follows
    assert joined.probabilities([2]).argmax() == 3
    # single documents longer than the order, and shorter: neither end meets another's beginning
    short = KneserNey(3, 6).fit([np.array([2]), np.array([3]), np.array([2])])
    np.testing.assert_array_equal(short.probabilities([2]), short.probabilities([4]))


def test_the_order_of_documents_and_empty_ones_do_not_matter():
    documents, probe = zipf_documents(2, 20, 7), zipf_documents(3, 1, 7)[0]
    bits = KneserNey(3, 7).fit(documents).bits(probe)
    again = KneserNey(3, 7).fit([np.array([]), *documents[::-1], np.array([], dtype=int)]).bits(probe)
    np.testing.assert_array_equal(bits, again)


def test_a_token_that_only_begins_documents_is_predicted_at_their_beginning_only():
    model = KneserNey(3, 4).fit([np.array([3, 0, 1]), np.array([3, 1, 0, 0])] * 5)
    assert model.probabilities([])[3] > 0.2  # 10 of 35 tokens
    assert model.probabilities([2])[3] == model.probabilities([2])[2]  # as one never seen
    assert model.probabilities([3, 2])[3] == model.probabilities([3, 2])[2]
    assert model.probabilities([3])[[0, 1]] == pytest.approx(0.5, abs=0.1)
    # in the middle of a text it tells nothing: 3 0 and 3 1 have no token before them
    assert model.probabilities([2, 3]) == pytest.approx(model.probabilities([2, 2]))


def test_tokens_seen_equally_often_are_equally_likely():
    for documents in ([np.arange(8)], [np.arange(8)] * 7):
        model = KneserNey(1, 8).fit(documents)
        assert model.bits(np.array([5, 0, 7])) == pytest.approx([3, 3, 3])  # 8 tokens: log2 8 = 3 bits


def test_a_token_never_seen_costs_more_than_the_uniform_baseline_and_not_everything():
    bits = KneserNey(1, 16).fit([np.zeros(1000, dtype=int)]).bits(np.array([0, 15]))
    # 0.0015 of p is taken (fallback 1.5 of 1000) and spread over 16 tokens
    assert bits == pytest.approx(-np.log2([1 - 0.0015 * 15 / 16, 0.0015 / 16]))


def test_a_vocabulary_of_one_costs_no_bits():
    bits = KneserNey(5, 1).fit([np.zeros(50, dtype=int)]).bits(np.zeros(20, dtype=int))
    assert bits == pytest.approx(np.zeros(20), abs=1e-12)
    assert not np.signbit(bits).any()


def test_longer_contexts_help_on_english():
    sheets = [path.read_bytes() for path in sorted((ROOT / "datasets").glob("*.md"))]
    sheets = [np.frombuffer(sheet, dtype=np.uint8) for sheet in sheets]
    held_out, training = sheets[:2], sheets[2:]
    model = KneserNey(4, 256).fit(training)
    bits = [np.concatenate([model.bits(text, context) for text in held_out]).mean() for context in range(4)]
    assert 8 > bits[0] > bits[1] + 0.5 > bits[2] + 0.7  # a byte of which nothing is known costs 8 bits
    assert bits[3] < bits[2]


def test_discounts_are_the_published_formula():
    # 8 counts of 1, 4 of 2, 2 of 3, 1 of 4, 3 larger, 5 zeros: Y = 8 / (8 + 2 * 4) = 1/2
    counts = np.repeat([0, 1, 2, 3, 4, 5, 900], [5, 8, 4, 2, 1, 1, 2])
    # D1 = 1 - 2 Y 4/8 = 1/2,  D2 = 2 - 3 Y 2/4 = 5/4,  D3 = 3 - 4 Y 1/2 = 2
    assert discounts(counts) == pytest.approx([0, 1 / 2, 5 / 4, 2])


@pytest.mark.parametrize(
    "times",  # how many counts are 1, 2, 3 and 4
    [(0, 0, 0, 0), (0, 4, 2, 1), (8, 0, 2, 1), (8, 4, 0, 1), (8, 4, 2, 0), (8, 1, 9, 1), (8, 4, 1, 9)],
)
def test_without_an_estimate_the_discounts_fall_back(times):
    counts = np.repeat([1, 2, 3, 4, 10], [*times, 5])
    assert discounts(counts) == pytest.approx([0, *FALLBACK_DISCOUNTS])


def test_a_second_fit_forgets_the_first_and_leaves_the_documents_alone():
    first, second = zipf_documents(0, 10, 5), zipf_documents(1, 10, 5)
    copies = [document.copy() for document in second]
    model = KneserNey(3, 5).fit(first)
    assert model.fit(second) is model
    for document, copy in zip(second, copies, strict=True):
        np.testing.assert_array_equal(document, copy)
    fresh = KneserNey(3, 5).fit(second)
    np.testing.assert_array_equal(model.bits(first[0]), fresh.bits(first[0]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint64])
def test_small_integer_types_do_not_overflow(dtype):
    documents = zipf_documents(4, 20, 200)
    wide = KneserNey(5, 200).fit(documents).bits(documents[1])
    narrow = KneserNey(5, 200).fit([document.astype(dtype) for document in documents])
    np.testing.assert_array_equal(narrow.bits(documents[1].astype(dtype)), wide)
    np.testing.assert_array_equal(
        narrow.probabilities(documents[1][:4].astype(dtype)),
        KneserNey(5, 200).fit(documents).probabilities(documents[1][:4]),
    )


def test_the_largest_vocabulary_still_tells_its_n_grams_apart():
    n_tokens = 6208  # 6208^5 is the largest fifth power below 2^63
    top = n_tokens - 1
    model = KneserNey(5, n_tokens).fit([np.array([top, top, top, top, top, 0, 1])] * 2)
    p = model.probabilities([top] * 4)
    assert p.sum() == pytest.approx(1)
    assert p[top] > 0.2 and p[0] > 0.2 and p[1] < 0.1
    with pytest.raises(CourseError, match="take a lower order or a smaller vocabulary"):
        KneserNey(5, n_tokens + 1)


def test_empty_and_short_documents_are_scored():
    model = KneserNey(4, 5).fit(zipf_documents(0, 10, 5))
    assert model.bits(np.array([])).shape == (0,)
    assert model.bits(np.array([], dtype=int), context=2).shape == (0,)
    assert model.bits(np.array([2])) == pytest.approx(-np.log2(model.probabilities([])[2]))


@pytest.mark.parametrize("order", [0, 6, -1, 2.0, "3", None])
def test_an_order_outside_1_to_5_is_refused(order):
    with pytest.raises(CourseError, match=f"order must be a whole number from 1 to 5, got {order}"):
        KneserNey(order, 10)


@pytest.mark.parametrize("n_tokens", [0, -3, 2.5, None])
def test_a_vocabulary_needs_a_token(n_tokens):
    with pytest.raises(CourseError, match=f"n_tokens must be .* at least 1, got {n_tokens}"):
        KneserNey(2, n_tokens)


@pytest.mark.parametrize("documents", [[], [np.array([])], [np.array([], dtype=int)] * 3])
def test_documents_without_a_token_are_refused(documents):
    with pytest.raises(CourseError, match="expected documents with at least one token"):
        KneserNey(2, 10).fit(documents)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([0, 10], "between 0 and 9, got 0 to 10"),
        ([-1, 3], "between 0 and 9, got -1 to 3"),
        ([0.0, 1.0], r"whole numbers, got shape \(2,\) of float64"),
        ([True, False], r"whole numbers, got shape \(2,\) of bool"),
        ([[0, 1]], r"a row of whole numbers, got shape \(1, 2\)"),
        (3, r"a row of whole numbers, got shape \(\)"),
    ],
)
def test_anything_but_token_numbers_is_refused(tokens, message):
    tokens, model = np.array(tokens), KneserNey(2, 10).fit([np.arange(10)])
    for use in (model.bits, model.probabilities, lambda array: model.fit([np.arange(3), array])):
        with pytest.raises(CourseError, match=message):
            use(tokens)


@pytest.mark.parametrize("context", [-1, 1.0, "2"])
def test_a_context_that_is_no_number_of_tokens_is_refused(context):
    with pytest.raises(CourseError, match=f"context must be a whole number .* got {context}"):
        KneserNey(2, 10).fit([np.arange(10)]).bits(np.arange(3), context)


@pytest.mark.parametrize("use", [lambda model: model.bits([1]), lambda model: model.probabilities([1])])
def test_nothing_is_answered_before_fit(use):
    with pytest.raises(CourseError, match=r"call fit\(documents\) first"):
        use(KneserNey(2, 10))


def test_a_page_costs_what_its_tokens_cost_behind_the_first():
    model = KneserNey(2, 5).fit([np.array([0, 1, 2, 1, 2])])
    pages = [np.array([0, 1, 2]), np.array([0, 4])]
    by_token = [model.bits(page) for page in pages]
    assert model.page_bits(pages) == pytest.approx([by_token[0][1] + by_token[0][2], by_token[1][1]])
