import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from course_utils import CourseError
from course_utils.models import transformer
from course_utils.models.transformer import Size, Transformer, as_llama, from_llama


@pytest.fixture(scope="module")
def model():
    """A model whose layers do add something."""
    model = Transformer(Size(50, 64, 3), seed=1)
    torch.manual_seed(0)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(0.1 * torch.randn_like(weights))
    return model.eval()


TOKENS = torch.arange(40).reshape(2, 20)


def test_a_model_has_the_parameters_that_its_shape_says():
    n_tokens, width, depth = 300, 64, 3
    model = Transformer(Size(n_tokens, width, depth))
    hidden = model.size.inner
    layer = 4 * width * width + 3 * width * hidden + 2 * width
    assert sum(p.numel() for p in model.parameters()) == n_tokens * width + depth * layer + width
    assert hidden == 168


def test_the_seed_fixes_the_weights():
    one, same, other = (Transformer(Size(300, 32, 1), seed) for seed in (1, 1, 2))
    pairs = [
        [torch.equal(a, b) for a, b in zip(one.parameters(), each.parameters(), strict=True)]
        for each in (same, other)
    ]
    assert all(pairs[0]) and not all(pairs[1])


@pytest.mark.parametrize("width", [0, 48, -32])
def test_a_width_that_no_head_fits_is_refused(width):
    with pytest.raises(CourseError, match=f"width must be a multiple of 32, got {width}"):
        Size(300, width, 1)


def test_transformers_llama_gives_the_same_scores(model):
    llama = as_llama(model)
    with torch.no_grad():
        assert torch.allclose(llama(TOKENS).logits, model(TOKENS), atol=1e-5)
    llama.model.norm.weight.data += 1  # a copy
    assert not torch.equal(llama.model.norm.weight, model.norm.weight)


def test_it_comes_back_from_there_as_it_was(model):
    again = from_llama(as_llama(model))
    assert again.size == model.size
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.parameters(), strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_attention_heads": 4}, "has num_attention_heads 2 at this size, the model 4"),
        ({"tie_word_embeddings": False}, "has tie_word_embeddings True at this size, the model False"),
        ({"intermediate_size": 96}, "has intermediate_size 168 at this size, the model 96"),
    ],
)
def test_a_llama_that_our_code_cannot_run_is_refused(change, message):
    ours = transformer._config(Size(50, 64, 1))
    llama = LlamaForCausalLM(LlamaConfig(**(ours | change)))
    with pytest.raises(CourseError, match=message):
        from_llama(llama)


def test_no_token_sees_those_after_it(model):
    changed = TOKENS.clone()
    changed[:, 12] = 49
    with torch.no_grad():
        before, after = model(TOKENS), model(changed)
    assert torch.allclose(before[:, :12], after[:, :12], atol=1e-5)
    assert not torch.isclose(before[:, 12:], after[:, 12:]).all(dim=-1).any()


def test_attention_looks_at_itself_and_back_and_adds_up_to_one(model):
    weights = model.layers[0].self_attn.weights(torch.randn(2, 20, 64))
    assert weights.shape == (2, 2, 20, 20)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 2, 20)) and not weights.triu(1).any()


def test_a_turned_product_depends_on_how_far_apart_two_places_are():
    q, k = (torch.randn(32).expand(9, 32) for _ in range(2))  # the same at all places
    scores = transformer.rotate(q) @ transformer.rotate(k).T
    assert torch.allclose(scores[2:, 2:], scores[:-2, :-2], atol=1e-4)
    assert not torch.allclose(scores[1:], scores[:-1], atol=0.1)


def test_each_layer_begins_as_if_it_were_not_there():
    model = Transformer(Size(50, 64, 3))
    bare = model.norm(model.embed_tokens(TOKENS)) @ model.embed_tokens.weight.T
    assert torch.equal(model(TOKENS), bare)
