import itertools

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

from course_utils import CourseError
from course_utils.models.costs import count_operations
from course_utils.models.muon import Muon, muon_adamw, orthogonalize
from course_utils.models.transformer import Size, Transformer

pytestmark = pytest.mark.usefixtures("torch_as_before")

SHAPES = [(6, 6), (4, 9), (9, 4), (6, 6), (4, 9), (1, 5)]


def llama(**settings):
    """A language model on a vocabulary of 11."""
    sizes = {"hidden_size": 8, "intermediate_size": 12, "num_attention_heads": 2, "num_hidden_layers": 2}
    config = LlamaConfig(vocab_size=11, max_position_embeddings=16, **(sizes | settings))
    torch.manual_seed(0)
    return LlamaForCausalLM(config)


def matrices():
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def move(weights, optimizer, steps=6):
    """How far some steps of different sizes move each matrix."""
    generator = torch.Generator().manual_seed(1)
    before = [tensor.detach().clone() for tensor in weights]
    for step in range(steps):
        for tensor in weights:
            tensor.grad = torch.randn(tensor.shape, generator=generator) * 10.0**-step
        optimizer.step()
    return [(tensor - first).detach() for tensor, first in zip(weights, before, strict=True)]


def moved(kind, **settings):
    return move(weights := matrices(), kind(weights, lr=0.02, weight_decay=0.3, **settings))


def farthest(ours, theirs):
    """Largest difference of two movements, relative to the movement."""
    return max(((a - b).norm() / b.norm()).item() for a, b in zip(ours, theirs, strict=True))


# --- Muon ---


@pytest.mark.parametrize("momentum", [0.95, 0.5])
def test_it_is_torchs_muon_in_float32(monkeypatch, momentum):
    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "bfloat16", torch.Tensor.float)  # where torch's turns to bfloat16
        reference = moved(torch.optim.Muon, adjust_lr_fn="match_rms_adamw", momentum=momentum)
    assert farthest(moved(Muon, momentum=momentum), reference) < 1e-5


def test_it_agrees_with_torchs_muon_as_far_as_bfloat16_goes():
    reference = moved(torch.optim.Muon, adjust_lr_fn="match_rms_adamw")
    assert 1e-4 < farthest(moved(Muon), reference) < 0.02


def test_its_defaults_are_torchs():
    theirs, ours = torch.optim.Muon(matrices()).defaults, Muon(matrices(), lr=1.0).defaults
    assert {name: theirs[name] for name in ours} == ours | {"lr": 1e-3}


@pytest.mark.parametrize("shape", [(30, 30), (20, 50), (50, 20)])
def test_orthogonalize_keeps_directions_and_makes_them_equally_strong(shape):
    stack = torch.randn(3, *shape) * torch.tensor([1e-4, 1.0, 1e4])[:, None, None]
    found = orthogonalize(stack)
    assert found.shape == stack.shape
    for matrix, result in zip(stack, found, strict=True):
        u, strength, vt = torch.linalg.svd(matrix, full_matrices=False)
        inside = u.T @ result @ vt.T  # diagonal when the directions are the same
        values = inside.diagonal()
        assert (inside - values.diag()).abs().max() < 1e-3
        strong = strength > 0.01 * matrix.norm()
        assert strong.sum() > 15
        assert 0.6 < values[strong].min() <= values[strong].max() < 1.3


def test_one_iteration_by_hand(monkeypatch):
    monkeypatch.setattr("course_utils.models.muon.ITERATIONS", 1)
    values = torch.tensor([3.0, 4.0])
    scaled = values / 5
    expected = 3.4445 * scaled - 4.7750 * scaled**3 + 2.0315 * scaled**5
    assert torch.allclose(orthogonalize(values.diag()[None])[0], expected.diag(), atol=1e-6)


def test_a_tall_matrix_costs_no_more_than_a_wide_one():
    tall, wide = torch.randn(2, 80, 20), torch.randn(2, 20, 80)
    operations = 2 * 2 * 5 * (2 * 20 * 20 * 80 + 20**3)  # two matrices, five rounds, three products
    assert count_operations(lambda: orthogonalize(wide)) == operations
    assert count_operations(lambda: orthogonalize(tall)) == operations


def test_matrices_do_not_mix():
    stack = torch.randn(4, 5, 7)
    one_by_one = torch.cat([orthogonalize(stack[i : i + 1]) for i in range(4)])
    assert torch.allclose(orthogonalize(stack), one_by_one, atol=1e-5)


def test_no_gradient_moves_nothing_and_zeros_only_let_weights_decay():
    without, zeros = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(2, 3))
    zeros.grad = torch.zeros(2, 3)
    optimizer = Muon([without, zeros], lr=0.1, weight_decay=0.5)
    optimizer.step()
    assert torch.equal(without, torch.ones(2, 3))
    assert torch.allclose(zeros, torch.full((2, 3), 0.95))
    assert list(optimizer.state) == [zeros]


@pytest.mark.parametrize("shape", [(40, 40), (20, 80), (80, 20)])
def test_a_step_is_as_large_as_one_of_adamw(shape):
    """AdamW's steps have a root mean square of 0.2 to 0.4 times the rate, say Liu et al."""
    weights = nn.Parameter(torch.zeros(shape))
    weights.grad = 1e-3 * torch.randn(shape)
    Muon([weights], lr=0.5).step()
    assert weights.square().mean().sqrt().item() / 0.5 == pytest.approx(0.2, rel=0.2)


def test_the_average_by_hand():
    weights = nn.Parameter(torch.zeros(1, 2))
    optimizer = Muon([weights], lr=0.1, momentum=0.9)
    for gradient in ([1.0, 0.0], [0.0, 1.0]):
        weights.grad = torch.tensor([gradient])
        average = optimizer._average(weights, 0.9)
    assert torch.allclose(optimizer.state[weights]["momentum_buffer"], torch.tensor([[0.09, 0.1]]))
    assert torch.allclose(average, torch.tensor([[0.9 * 0.09, 0.1 + 0.9 * 0.1]]))


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), ()])
def test_muon_refuses_what_is_no_matrix(shape):
    with pytest.raises(
        CourseError, match=r"Muon needs matrices, got weights of shape \(.*give them to AdamW"
    ):
        Muon([nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(shape))], lr=0.1)


# --- Muon and AdamW ---


def held(model, optimizer):
    """Names of the weights in each group of an optimiser."""
    names = {weights: name for name, weights in model.named_parameters()}
    return [{names[weights] for weights in group["params"]} for group in optimizer.param_groups]


def both(model, **settings):
    return muon_adamw(model, **({"muon_rate": 0.02, "adamw_rate": 0.003, "weight_decay": 0.1} | settings))


LAYERS = {
    f"model.layers.{layer}.{name}_proj.weight"
    for layer in range(2)
    for name in ["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up", "mlp.down"]
}
NORMS = {
    "model.norm.weight",
    *(f"model.layers.{i}.{name}_layernorm.weight" for i in range(2) for name in ("input", "post_attention")),
}


@pytest.mark.parametrize("tied", [True, False])
def test_a_llama_is_divided_into_hidden_matrices_outer_ones_and_norms(tied):
    model = llama(tie_word_embeddings=tied)
    muon, adamw = both(model)
    outer = {"model.embed_tokens.weight"} | (set() if tied else {"lm_head.weight"})
    assert held(model, muon) == [LAYERS]
    assert held(model, adamw) == [outer, NORMS]


def test_rates_decay_and_betas_arrive():
    muon, adamw = both(llama(), betas=(0.8, 0.9))
    assert [(group["lr"], group["weight_decay"]) for group in muon.param_groups] == [(0.02, 0.1)]
    expected = [(0.003, 0.1, (0.8, 0.9)), (0.003, 0.0, (0.8, 0.9))]
    assert [(g["lr"], g["weight_decay"], g["betas"]) for g in adamw.param_groups] == expected
    assert (type(muon), type(adamw)) == (Muon, torch.optim.AdamW)
    assert both(llama())[1].defaults["betas"] == (0.9, 0.95)


def test_biases_kernels_and_frozen_weights():
    model = nn.Sequential(
        nn.Conv1d(2, 3, 3), nn.Linear(4, 5), nn.Linear(5, 5), nn.LayerNorm(5), nn.Linear(5, 2)
    )
    model[2].requires_grad_(False)
    muon, adamw = both(model)
    assert held(model, muon) == [{"1.weight"}]
    assert held(model, adamw) == [
        {"0.weight", "4.weight"},
        {"0.bias", "1.bias", "3.weight", "3.bias", "4.bias"},
    ]


def test_a_model_without_hidden_matrices_is_refused():
    with pytest.raises(CourseError, match="no matrix between its embeddings and its output: use AdamW alone"):
        both(nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 5)))


def test_both_together_learn_a_text_by_heart():
    model = llama()
    tokens = torch.randint(11, (4, 16))  # (B, T)
    optimizers = both(model, adamw_rate=0.03)
    losses = []
    for _ in range(40):
        scores = model(tokens[:, :-1]).logits  # (B, T - 1, V)
        loss = cross_entropy(scores.flatten(0, 1), tokens[:, 1:].flatten())
        model.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
    assert all(late < early for early, late in itertools.pairwise(losses[::10]))
    assert losses[-1] < 0.7 * losses[0]


def test_a_model_that_reads_its_output_off_the_embeddings_has_no_output_layer():
    model = Transformer(Size(11, 32, 2))
    muon, adamw = both(model)
    hidden = {name for name, weights in model.named_parameters() if weights.ndim == 2} - {
        "embed_tokens.weight"
    }
    assert held(model, muon) == [hidden] and "layers.1.mlp.down_proj.weight" in hidden
    assert held(model, adamw)[0] == {"embed_tokens.weight"}
