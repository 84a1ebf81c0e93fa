import math

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from course_utils import CourseError
from course_utils.models import transformer
from course_utils.models.transformer import Size, Transformer, as_llama, from_llama, rotate

pytestmark = pytest.mark.usefixtures("torch_as_before")

SIZE = Size(n_tokens=50, width=64, depth=2)
TOKENS = torch.arange(24).square().remainder(50).reshape(2, 12)  # (B, T)


def shaken(model, seed=0):
    """A model whose layers all do something: what they add is zero at first."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(0.1 * torch.randn_like(weights))
    return model.eval()


@pytest.fixture
def model():
    return shaken(Transformer(SIZE))


def test_every_part_keeps_the_shape_that_it_says(model):
    x = model.embed_tokens(TOKENS)
    block = model.layers[0]
    assert x.shape == (2, 12, 64)
    for part in (block, block.self_attn, block.mlp, block.input_layernorm):
        assert part(x).shape == x.shape
    assert block.self_attn.weights(x).shape == (2, 2, 12, 12)  # two heads of 32
    assert model(TOKENS).shape == (2, 12, 50)


@pytest.mark.parametrize("width", [0, 48, -32])
def test_a_width_that_no_head_fits_is_refused(width):
    with pytest.raises(CourseError, match=f"width must be a multiple of 32, got {width}"):
        Size(300, width, 1)


def test_it_has_the_weights_that_its_size_says(model):
    assert SIZE.inner == 168  # 8/3 of the width
    layer = 4 * 64 * 64 + 3 * 64 * SIZE.inner + 2 * 64
    assert sum(weights.numel() for weights in model.parameters()) == 50 * 64 + 2 * layer + 64


def test_at_first_no_layer_adds_anything_and_nothing_is_known():
    model = Transformer(SIZE, seed=3)
    x = model.embed_tokens(TOKENS)
    assert torch.equal(model.layers[0](x), x)
    surprise = -model(TOKENS).log_softmax(dim=-1)
    assert abs(surprise.mean() - math.log(50)) < 0.1


def test_the_seed_alone_fixes_the_weights():
    one, same, other = (Transformer(SIZE, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["embed_tokens.weight"], other["embed_tokens.weight"])
    gates = [one[f"layers.{i}.mlp.gate_proj.weight"] for i in range(2)]
    assert not torch.equal(*gates) and abs(gates[0].std() - 64**-0.5) < 0.01


# --- the same as transformers' Llama


def test_a_llama_with_our_weights_gives_our_scores(model):
    llama = as_llama(model)
    assert not llama.training and llama.lm_head.weight is llama.model.embed_tokens.weight
    with torch.no_grad():
        theirs, ours = llama(input_ids=TOKENS).logits, model(TOKENS)
    assert ours.std() > 0.5
    assert torch.allclose(theirs, ours, atol=1e-5)
    llama.model.norm.weight.data += 1  # a copy
    assert not torch.equal(llama.model.norm.weight, model.norm.weight)


def test_our_code_with_a_llamas_weights_gives_its_scores():
    torch.manual_seed(1)
    llama = shaken(LlamaForCausalLM(LlamaConfig(**transformer._config(SIZE))), seed=2)
    ours = from_llama(llama)
    assert not ours.training and ours.size == SIZE
    with torch.no_grad():
        assert torch.allclose(ours(TOKENS), llama(input_ids=TOKENS).logits, atol=1e-5)


def test_there_and_back_changes_no_weight(model):
    back = from_llama(as_llama(model)).state_dict()
    assert list(back) == list(model.state_dict())
    assert all(torch.equal(back[name], weights) for name, weights in model.state_dict().items())


def test_the_gradients_are_those_of_the_llama(model):
    llama = as_llama(model)
    for scores in (model(TOKENS), llama(input_ids=TOKENS).logits):
        scores.logsumexp(dim=-1).mean().backward()
    theirs = dict(llama.model.named_parameters())
    for name, weights in model.named_parameters():
        assert torch.allclose(weights.grad, theirs[name].grad, atol=1e-5), name


def test_it_writes_what_the_llama_writes(model):
    row = TOKENS[:1, :4]
    written = as_llama(model).generate(row, max_new_tokens=8, do_sample=False, eos_token_id=None)
    for _ in range(8):
        row = torch.cat([row, model(row)[:, -1:].argmax(dim=-1)], dim=1)
    assert torch.equal(written, row)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_key_value_heads", 1),
        ("intermediate_size", 128),
        ("head_dim", 16),
        ("hidden_act", "gelu"),
        ("attention_bias", True),
        ("mlp_bias", True),
        ("tie_word_embeddings", False),
        ("rms_norm_eps", 1e-5),
        ("rope_parameters", {"rope_type": "default", "rope_theta": 100_000.0}),
    ],
)
def test_a_llama_that_our_code_cannot_run_is_refused(name, value):
    config = LlamaConfig(**transformer._config(SIZE) | {name: value})
    with pytest.raises(CourseError, match=f"our transformer has {name} .* at this size, the model "):
        from_llama(LlamaForCausalLM(config))


def test_other_heads_are_refused():
    config = transformer._config(SIZE) | {"num_attention_heads": 4, "num_key_value_heads": 4}
    with pytest.raises(CourseError, match="has num_attention_heads 2 at this size, the model 4"):
        from_llama(LlamaForCausalLM(LlamaConfig(**config)))


# --- what each part is for


def test_no_token_sees_one_that_comes_later(model):
    changed = TOKENS.clone()
    changed[:, 7] += 1
    with torch.no_grad():
        before, after = model(TOKENS), model(changed.remainder(50))
    same = (before == after).all(dim=-1)
    assert same[:, :7].all() and not same[:, 7:].any()


def test_attention_is_shared_out_among_a_token_and_those_before_it(model):
    weights = model.layers[1].self_attn.weights(model.embed_tokens(TOKENS))
    assert torch.allclose(weights.sum(dim=-1), torch.ones(2, 2, 12))
    assert (weights.triu(1) == 0).all() and (weights.tril() > 0).sum() == 2 * 2 * 12 * 13 / 2


def test_turned_vectors_agree_by_how_far_apart_they_are():
    torch.manual_seed(0)
    query, key = (rotate(torch.randn(1, 32).expand(10, 32)) for _ in range(2))  # the same at ten places
    products = query @ key.T  # (10, 10)
    for apart in range(-9, 10):
        diagonal = products.diagonal(apart)
        assert torch.allclose(diagonal, diagonal[0].expand_as(diagonal), atol=1e-4)
    assert products[0].std() > 0.1


def test_turning_keeps_lengths_and_the_first_place():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 7, 32)
    turned = rotate(x)
    assert torch.equal(turned[..., 0, :], x[..., 0, :])
    assert torch.allclose(turned.norm(dim=-1), x.norm(dim=-1), atol=1e-5)
    pair = rotate(torch.tensor([[1.0, 0.0]] * 3))  # one pair turns by one radian a place
    angles = torch.arange(3.0)
    assert torch.allclose(pair, torch.stack([angles.cos(), angles.sin()], dim=-1))


def test_the_norm_gives_every_list_the_same_size():
    x = torch.tensor([[3.0, 4.0], [300.0, 400.0]])
    assert torch.allclose(transformer.RMSNorm(2)(x), x / x.pow(2).mean(dim=-1, keepdim=True).sqrt())
