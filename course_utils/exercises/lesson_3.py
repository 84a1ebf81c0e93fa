"""The exercises of lesson 3, a small LLM."""

from __future__ import annotations

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_choice, workbook
from course_utils.exercises.lesson_3_answers import (
    above,
    keep_nucleus,
    make_fine_tune,
    make_head,
    make_looks_ahead,
    same_bits,
    same_head,
    same_loop,
    same_nucleus,
    same_test,
    sorted_nucleus,
)

exercises = workbook(
    Exercise(
        "3.1",
        "The second merge",
        solution=always("hub"),
        mistakes=(
            Mistake(
                always("hu"), "That is the first merge: h and u stand together 11 times. And the second?"
            ),
            Mistake(
                always("ug"),
                "Before the first merge it would come next, with 9. But in hug the u is now a part of hu. "
                "Count again.",
            ),
            Mistake(
                always("hug"), "Close: hu and g stand together 5 times. Another pair does so more often."
            ),
            Mistake(always("pu"), "p and u stand together 4 times only."),
            Mistake(
                always("ub"), "In hub the u has become a part of hu, so there is no u alone before the b."
            ),
        ),
        hints=(
            "First merge: which two letters stand together most often? Mind how often each word occurs.",
            "It is h and u, 5 + 6 times. Write the three words anew, with hu as one piece.",
            "hu g (5 times), p u g (4), hu b (6). Which two neighbours are together most often?",
        ),
        same=same_choice,
        expects="a string, such as 'ug'",
    ),
    Exercise(
        "3.2",
        "Bits per byte",
        solution=lambda: lambda p, text: -np.log2(p).sum() / len(text.encode()),
        mistakes=(
            Mistake(
                lambda: lambda p, text: -np.log2(p).sum() / len(p),
                "Those are bits per token. Divide by the bytes of the text.",
            ),
            Mistake(
                lambda: lambda p, text: -np.log2(p).sum() / len(text),
                "Those are bits per character. An ï or an Ä has two bytes: len(text.encode()) counts bytes.",
            ),
            Mistake(
                lambda: lambda p, text: -np.log(p).sum() / len(text.encode()),
                "Those are nats: np.log is the natural logarithm. Bits want np.log2.",
            ),
            Mistake(
                lambda: lambda p, text: -np.log2(p).sum(),
                "Those are the bits of the whole text. The question asks for bits per byte.",
            ),
            Mistake(
                lambda: lambda p, text: -np.log2(p.mean()) * len(p) / len(text.encode()),
                "You took the mean of the probabilities first. Each token has a surprise of its own: first "
                "the logarithm, then add up.",
            ),
            Mistake(
                lambda: lambda p, text: np.log2(p).sum() / len(text.encode()),
                "Nearly: the logarithm of a probability is negative. Surprise is minus the logarithm.",
            ),
        ),
        hints=(
            "How many bits does a token cost that got the probability 0.5? And one that got 0.25?",
            "The probabilities 0.5, 0.25, 0.125 and 0.25 cost 1, 2, 3 and 2 bits. 'Hello, world' has 12 "
            "bytes.",
            "-np.log2(probabilities).sum() is the whole text. Divide by len(text.encode()).",
        ),
        same=same_bits,
        expects="a function of (probabilities, text) that gives a number of bits per byte",
    ),
    Exercise(
        "3.3",
        "A head of attention",
        solution=make_head,
        mistakes=(
            Mistake(
                lambda: make_head(masked=False),
                "Every token sees all, the next too. Fill the scores ahead with -torch.inf before softmax.",
            ),
            Mistake(
                lambda: make_head(ahead=False),
                "The mask is turned round: tokens see what comes after them. Rows look, columns are seen.",
            ),
            Mistake(
                lambda: make_head(late=True),
                "You set weights to 0 after softmax: rows no longer add up to 1. Mask the scores instead.",
            ),
            Mistake(
                lambda: make_head(scaled=False),
                "Almost: the scores have to be divided by the root of d, d ** 0.5.",
            ),
            Mistake(
                lambda: make_head(rows=False, masked=False),
                "Your softmax goes down the columns. It belongs to each row: softmax(dim=-1). And the mask?",
            ),
            Mistake(
                lambda: make_head(rows=False),
                "Your softmax goes down the columns. Each row has to add up to 1: softmax(dim=-1).",
            ),
        ),
        hints=(
            "Four lines: shape, scores, mask, and softmax times values.",
            "ahead = torch.ones(T, T).triu(1).bool() is True at the places that a row must not see.",
            "scores.masked_fill(ahead, -torch.inf).softmax(dim=-1) @ values",
        ),
        same=same_head,
        expects="a function of (queries, keys, values), tensors (T, d), that gives a tensor (T, d)",
    ),
    Exercise(
        "3.4",
        "Does it look ahead?",
        solution=make_looks_ahead,
        mistakes=(
            Mistake(
                lambda: make_looks_ahead(before=False),
                "The scores at the last place may change: they have seen that token. Compare those before.",
            ),
            Mistake(
                lambda: make_looks_ahead(all_equal=True),
                "You want all scores to have changed. One that has is enough to catch him.",
            ),
            Mistake(
                lambda: make_looks_ahead(flipped=True),
                "The wrong way round: True means that the model does look ahead.",
            ),
            Mistake(
                lambda: make_looks_ahead(same_last=True),
                "The last token is the same in both texts, so nothing can change. Put another number there.",
            ),
        ),
        hints=(
            "Copy the tokens (tokens.clone()), change the last of the copy, and ask the model about both.",
            "model(tokens)[:, :-1] are the scores at all places but the last.",
            "return not torch.allclose(before, after, atol=1e-4)",
        ),
        same=same_test,
        expects="a function of (model, tokens) that gives True or False",
    ),
    Exercise(
        "3.5",
        "The nucleus",
        solution=lambda: keep_nucleus,
        mistakes=(
            Mistake(
                lambda: lambda p, top_p: keep_nucleus(p, top_p, scaled=False),
                "You keep the right ones. The last step is missing: they have to add up to 1.",
            ),
            Mistake(
                lambda: lambda p, top_p: keep_nucleus(p, top_p, one_less=True),
                "One too few: those that stay must have *at least* top_p together.",
            ),
            Mistake(
                lambda: sorted_nucleus,
                "The probabilities are right, but in another order: place i must still belong to token i.",
            ),
            Mistake(
                lambda: above,
                "You compare each token with top_p. It is their *sum* that has to reach it: np.cumsum.",
            ),
            Mistake(
                lambda: lambda p, top_p: keep_nucleus(p, 1 - top_p),
                "The wrong way round: top_p is what stays, not what goes.",
            ),
        ),
        hints=(
            "order = np.argsort(-probabilities) has the numbers of the tokens, the likeliest first.",
            "np.cumsum(probabilities[order]) < top_p is True while it does not suffice; one more stays.",
            "kept = np.zeros_like(probabilities), kept[order[:n]] = probabilities[order[:n]], then the sum",
        ),
        same=same_nucleus,
        expects="a function of (probabilities, top_p) that gives probabilities",
    ),
    Exercise(
        "3.6",
        "Fine-tuning, written out",
        solution=make_fine_tune(),
        mistakes=(
            Mistake(
                make_fine_tune(cleared=False),
                "The gradients of all batches add up: optimizer.zero_grad() belongs into each step.",
            ),
            Mistake(
                make_fine_tune(steps=False),
                "Nothing has been learned: optimizer.step() changes the weights.",
            ),
            Mistake(
                make_fine_tune(once=True),
                "Only the first batch was learned. Is your return inside the for loop?",
            ),
            Mistake(
                make_fine_tune(anew=True),
                "A new optimizer in each step forgets what it has averaged. Make one, before the loop.",
            ),
        ),
        hints=(
            "One optimizer for model.parameters(), and then lesson 2's loop.",
            "In the loop four lines: the loss, zero_grad, backward, step.",
            "loss = batch_loss(model, batch); optimizer.zero_grad(); loss.backward(); optimizer.step()",
        ),
        same=same_loop,
        expects="a function of (model, batches, rate) that gives a model",
    ),
)
