import pytest

from course_utils.models.transformer import Size, Transformer
from course_utils.show import transformer_figures as figures

pytestmark = pytest.mark.usefixtures("course_style")


def written(fig):
    return [text.get_text() for text in fig.axes[0].texts if text.get_text()]


@pytest.mark.parametrize("size", [Size(300, 64, 2), Size(1024, 96, 6)])
def test_the_diagram_counts_the_weights_of_the_model(size):
    _, alt, table = figures.block(size)
    model = Transformer(size)

    def of(*names):
        return sum(p.numel() for name, p in model.named_parameters() if any(n in name for n in names))

    assert table["weights"].to_dict() == {
        "embedding, used twice": of("embed"),
        "attention": of("self_attn"),
        "gated MLP": of("mlp"),
        "norms": of("norm"),
        "all": of(""),
    }
    assert f"{size.depth} blocks" in alt and f"(B, T, {size.n_tokens:,})" in alt


def test_shapes_are_written_where_they_change():
    words = written(figures.block(Size(1024, 96, 2))[0])
    assert words.count("(B, T)") == 1 and words.count("(B, T, 1,024)") == 1
    assert words.count("(B, T, 96)") == 5  # once on the main line, twice beside each part of a block
    assert "residual stream (B, T, 96)" in words and words.count("+") == 2
    assert "queries, keys, values (B, 3, T, 32)" in words
    assert "(B, T, 96) → (B, T, 256) → (B, T, 96)" in words


@pytest.mark.parametrize(
    ("depth", "names"),
    [
        (1, ["block 1"]),
        (4, ["block 1", "block 2", "block 3", "block 4"]),
        (9, ["block 1", "block 2", "⋮", "block 9"]),
    ],
)
def test_many_blocks_are_shortened(depth, names):
    words = written(figures.block(Size(300, 32, depth))[0])
    assert [word for word in words if word.startswith(("block", "⋮"))] == names
