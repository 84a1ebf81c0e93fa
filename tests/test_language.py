import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from course_utils import ROOT, CourseError
from course_utils.models import language, training
from course_utils.models.transformer import Size, Transformer, as_llama
from course_utils.run import choose_precision

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PARAGRAPHS = [part for part in TEXT.split("\n\n") if len(part) > 60]


@pytest.fixture(scope="module")
def tokenizer():
    return language.train_tokenizer(PARAGRAPHS, 320)


@pytest.fixture(scope="module")
def model():
    """A model that says something else at each place: its layers do add something."""
    model = Transformer(Size(320, 32, 2), seed=1)
    torch.manual_seed(0)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(0.1 * torch.randn_like(weights))
    return model.eval()


@pytest.mark.parametrize("text", ["plain", "  two  spaces\n\n\ttab", "Grüße, 世界 🙂", "", "\x00\ufeff"])
def test_tokens_turn_back_into_any_text(tokenizer, text):
    (document,) = language.encode(tokenizer, [text])
    assert document[0] == tokenizer.bos_token_id == 0
    assert tokenizer.decode(document[1:].tolist()) == text


def test_a_vocabulary_has_the_size_asked_for_and_merges_what_is_frequent(tokenizer):
    assert len(tokenizer) == 320
    pieces = {tokenizer.decode([k]) for k in range(257, 320)}
    assert " the" in pieces or " le" in pieces
    lengths = [len(document) - 1 for document in language.encode(tokenizer, PARAGRAPHS)]
    assert sum(lengths) < 0.8 * sum(len(text.encode()) for text in PARAGRAPHS)


def test_with_257_tokens_every_byte_is_one():
    tokenizer = language.train_tokenizer(PARAGRAPHS, 257)
    (document,) = language.encode(tokenizer, ["aé"])
    assert len(document) == 1 + 3


def test_a_smaller_vocabulary_is_refused():
    with pytest.raises(CourseError, match="needs 257 tokens or more, got 256"):
        language.train_tokenizer(PARAGRAPHS, 256)


def test_frequent_words_are_tokens_and_others_are_cut_into_bytes():
    tokenizer = language.word_tokenizer(["the cat and the dog", "and the cow"], 259)
    assert len(tokenizer) == 257 + 2  # " the", which stands there twice, and the first of the others
    (known,) = language.encode(tokenizer, [" the cat"])
    assert len(known) == 1 + 1 + len(" cat")
    (unknown,) = language.encode(tokenizer, ["aß"])
    assert len(unknown) == 1 + 3
    assert tokenizer.decode(known[1:].tolist()) == " the cat"
    assert tokenizer.decode(unknown[1:].tolist()) == "aß"


def test_windows_overlap_by_one_token_and_drop_the_rest():
    rows = language.windows([np.array([0, 1, 2, 3]), np.array([0, 5, 6, 7, 8])], context=3)
    assert rows.tolist() == [[0, 1, 2, 3], [3, 0, 5, 6]]
    assert rows.dtype == torch.int64


def test_too_little_text_for_a_window_is_refused():
    with pytest.raises(CourseError, match="needs 5 tokens, got 4: bring more text"):
        language.windows([np.array([0, 1, 2, 3])], context=4)


def test_an_untrained_model_gives_every_token_about_the_same_probability():
    model = Transformer(Size(300, 64, 3)).eval()
    bits = language.token_bits(model, [np.arange(100)], context=50)[0]
    assert np.allclose(bits, math.log2(300), atol=1.0) and bits.mean() == pytest.approx(
        math.log2(300), abs=0.1
    )


def by_hand(model, document, context):
    """Bits of each token from exactly the `context` tokens before it, one at a time."""
    found = []
    for i in range(1, len(document)):
        before = torch.from_numpy(document[max(0, i - context) : i])[None]
        with torch.no_grad():
            scores = model(before)[0, -1].double()
        found.append(-torch.log_softmax(scores, 0)[document[i]].item() / math.log(2))
    return np.array(found)


@pytest.fixture(scope="module")
def documents(tokenizer):
    return [*language.encode(tokenizer, [PARAGRAPHS[0], PARAGRAPHS[3], "a", ""])]


@pytest.mark.parametrize("context", [1, 3, 7])
def test_with_a_step_of_one_each_token_sees_exactly_its_context(model, documents, context):
    found = language.token_bits(model, documents, context, step=1)
    for bits, document in zip(found, documents, strict=True):
        assert bits.shape == (len(document) - 1,)
        assert np.allclose(bits, by_hand(model, document, context), atol=1e-4)


def test_a_short_document_is_read_as_a_whole(model, documents):
    short = [document[:40] for document in documents]
    for bits, document in zip(language.token_bits(model, short, context=64), short, strict=True):
        assert np.allclose(bits, by_hand(model, document, 64), atol=1e-4)


def test_a_long_document_is_read_in_windows_that_move_on_by_the_step(model, documents):
    document = documents[0][:50]
    (bits,) = language.token_bits(model, [document], context=16, step=5)
    exact = {context: by_hand(model, document, context) for context in range(1, 17)}
    assert np.allclose(bits[:16], exact[16][:16], atol=1e-4)
    for start in range(16, 49, 5):  # the first of five tokens sees 12 before it, the last 16
        for k, i in enumerate(range(start, min(start + 5, 49))):
            last = min(start + 5, 49)
            assert np.isclose(bits[i], exact[16 - (last - 1 - i)][i], atol=1e-4), (start, k)


def test_by_default_a_window_moves_on_by_half_its_context(model, documents):
    default, half = (language.token_bits(model, documents, 16, step) for step in (None, 8))
    assert all(np.array_equal(a, b) for a, b in zip(default, half, strict=True))


def test_few_scores_at_once_change_nothing(model, documents, monkeypatch):
    many = language.token_bits(model, documents, context=16)
    monkeypatch.setattr(language, "TOKENS_AT_ONCE", 1)
    one = language.token_bits(model, documents, context=16)
    assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(many, one, strict=True))


@pytest.mark.parametrize(("context", "step"), [(0, None), (8, 9), (8, 0)])
def test_a_step_beyond_the_context_is_refused(model, documents, context, step):
    with pytest.raises(CourseError, match="expected 1 <= step <= context"):
        language.token_bits(model, documents, context, step)


# --- pre-trained models


@pytest.fixture
def saved(tmp_path, model, tokenizer):
    folder = tmp_path / "a model"
    as_llama(model).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_saved_model_comes_back_bit_for_bit(saved, model, tokenizer):
    found, its_tokenizer = language.load_pretrained(str(saved))
    assert not found.training
    for ours, theirs in zip(found.parameters(), as_llama(model).parameters(), strict=True):
        assert torch.equal(ours, theirs)
    text = "Lesson 3: tokens, ünd so weiter"
    assert np.array_equal(language.encode(its_tokenizer, [text])[0], language.encode(tokenizer, [text])[0])
    assert its_tokenizer.bos_token == language.BEGIN


def test_it_writes_what_the_original_writes(saved, model):
    start = torch.tensor([[0, 70, 80]])
    found, _ = language.load_pretrained(str(saved))
    texts = [each.generate(start, max_new_tokens=8, do_sample=False) for each in (found, as_llama(model))]
    assert torch.equal(*texts) and texts[0].shape == (1, 11)


def test_weights_of_16_bits_become_32(saved, model):
    path = saved / "model.safetensors"
    save_file({name: t.bfloat16() for name, t in load_file(path).items()}, path, metadata={"format": "pt"})
    found, _ = language.load_pretrained(str(saved))
    assert {weights.dtype for weights in found.parameters()} == {torch.float32}
    assert torch.allclose(found.lm_head.weight, model.embed_tokens.weight, atol=0.01)


def test_an_untied_output_layer_is_not_forgotten(tmp_path, tokenizer):
    config = LlamaConfig(
        vocab_size=320, hidden_size=32, num_hidden_layers=1, num_attention_heads=1, intermediate_size=32,
        bos_token_id=0, tie_word_embeddings=False,
    )  # fmt: skip
    untied = LlamaForCausalLM(config)
    untied.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    found, _ = language.load_pretrained(str(tmp_path))
    assert torch.equal(found.lm_head.weight, untied.lm_head.weight)
    path = tmp_path / "model.safetensors"
    save_file({n: t for n, t in load_file(path).items() if n != "lm_head.weight"}, path)
    with pytest.raises(CourseError, match=r"has not the weights of config.json: lm_head.weight"):
        language.load_pretrained(str(tmp_path))


def damage(folder, file):
    path = folder / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("file", language.MODEL_FILES)
def test_a_file_that_is_missing_or_cut_short_is_refused(saved, file):
    damage(saved, file)
    with pytest.raises(CourseError, match=r"cannot load the model 'a model'.*as save_pretrained writes them"):
        language.load_pretrained(str(saved))
    (saved / file).unlink()
    with pytest.raises(CourseError, match=r"cannot load the model 'a model'.*as save_pretrained writes them"):
        language.load_pretrained(str(saved))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "config.json says model_type 'gpt2'"),
        ({"hidden_size": 64}, "size mismatch"),
        ({"num_hidden_layers": 1}, r"model.safetensors has not the weights of config.json: model.layers.1"),
        ({"num_hidden_layers": 3}, r"model.safetensors has not the weights of config.json: model.layers.2"),
    ],
)
def test_another_model_than_the_config_says_is_refused(saved, change, message):
    config = saved / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    with pytest.raises(CourseError, match=message):
        language.load_pretrained(str(saved))


def test_without_a_wish_it_is_the_shipped_model(monkeypatch):
    monkeypatch.delenv("COURSE_MODEL", raising=False)
    assert language.wanted() == str(language.SHIPPED.resolve())


def test_a_model_named_by_a_relative_path_is_found_from_everywhere(saved, monkeypatch, tmp_path):
    monkeypatch.chdir(saved.parent)
    monkeypatch.setenv("COURSE_MODEL", saved.name)
    found = language.wanted()
    assert found == str(saved.resolve())
    monkeypatch.chdir(tmp_path.root)
    language.load_pretrained(found)


def test_a_model_that_is_not_there_is_told_before_anything_is_trained(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MODEL", "gpt9")
    with pytest.raises(CourseError, match=r"'gpt9', and there is no such folder.*give its whole path"):
        language.wanted()
    (tmp_path / "config.json").touch()
    monkeypatch.setenv("COURSE_MODEL", str(tmp_path))
    with pytest.raises(CourseError, match=r"which lacks tokenizer\.json, model\.safetensors: expected"):
        language.wanted()


def test_learning_is_fit_with_the_lessons_recipe(model, tokenizer):
    documents = language.encode(tokenizer, [TEXT])
    ours, theirs = (Transformer(model.size, seed=3) for _ in range(2))
    learned = language.learn(ours, documents, steps=3, seed=1, context=8, share=0.5, batch_size=2)
    rows = language.windows(documents, 8)
    history = training.fit(
        theirs, language.next_token_loss, (rows,), steps=3, batch_size=2, seed=1,
        optimizers=language.recipe(0.5), precision=choose_precision("cpu"),
    )  # fmt: skip
    assert learned.losses == history.losses
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    nats = np.log(2) * np.concatenate(language.token_bits(theirs, list(rows.numpy()[:2]), 8)).mean()
    with torch.no_grad():
        assert language.next_token_loss(theirs, rows[:2]).item() == pytest.approx(nats, rel=1e-5)


def test_the_recipe_takes_a_share_of_the_rates_and_the_precision_of_the_device(model, monkeypatch):
    matrices, others = language.recipe(0.5)(model)
    assert matrices.param_groups[0]["lr"] == others.param_groups[0]["lr"] == 0.01
    assert matrices.dtype == getattr(torch, choose_precision("cpu"))
    for precision in ("float32", "bfloat16"):
        monkeypatch.setattr(language, "choose_precision", lambda device, found=precision: found)
        assert language.recipe()(model)[0].dtype == getattr(torch, precision)
