"""S3D-G, detail by detail: each of them decides whether published weights mean what they meant."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from showtell.nets.modules.s3dg import (
    INCEPTION,
    S3DG,
    Inception,
    NeighbourPool,
    SamePool,
    SelfGating,
    average,
    folded,
    space_to_depth,
)
from showtell.project.errors import UserError
from tests.nets.s3d_models import small_network

STAGES = {  # channels, frames, and rows at 224 and at 250 pixels
    "conv1": (64, 17, 113, 126),  # one more than what goes on: the first is dropped
    "maxpool_2a": (64, 16, 56, 63),
    "conv_2b": (64, 16, 56, 63),
    "conv_2c": (192, 16, 56, 63),
    "gating": (192, 16, 56, 63),
    "maxpool_3a": (192, 16, 28, 32),
    "mixed_3b": (256, 16, 28, 32),
    "mixed_3c": (480, 16, 28, 32),
    "maxpool_4a": (480, 8, 14, 16),
    "mixed_4b": (512, 8, 14, 16),
    "mixed_4c": (512, 8, 14, 16),
    "mixed_4d": (512, 8, 14, 16),
    "mixed_4e": (528, 8, 14, 16),
    "mixed_4f": (832, 8, 14, 16),
    "maxpool_5a": (832, 4, 7, 8),
    "mixed_5b": (832, 4, 7, 8),
    "mixed_5c": (1024, 4, 7, 8),
}


@pytest.fixture(scope="module")
def published() -> S3DG:
    with torch.device("meta"):
        return S3DG().eval()


def count(tensors) -> int:
    return sum(tensor.numel() for tensor in tensors)


def test_the_published_network_has_every_tensor_and_parameter(published):
    assert len(published.state_dict()) == 537
    assert count(published.parameters()) == 31_211_336
    assert count(published.text_module.parameters()) == 21_540_536
    assert count(published.buffers()) == 21_164


def test_tensors_have_their_published_names_and_shapes(published):
    shapes = {name: tuple(tensor.shape) for name, tensor in published.state_dict().items()}
    statistics = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    plain = {"conv1.weight", *(f"bn1.{name}" for name in statistics)}
    separable = plain | {"conv2.weight", *(f"bn2.{name}" for name in statistics)}
    expected = {f"{layer}.{name}" for layer in ("conv1", "conv_2b") for name in plain}
    expected |= {f"conv_2c.{name}" for name in separable}
    for block in INCEPTION:
        branches = ("conv_b0", "conv_b1_a", "conv_b2_a", "conv_b3_b")
        expected |= {f"{block}.{branch}.{name}" for branch in branches for name in plain}
        branches = ("conv_b1_b", "conv_b2_b")
        expected |= {f"{block}.{branch}.{name}" for branch in branches for name in separable}
        gates = [f"{block}.gating_b{number}.fc" for number in range(4)]
        expected |= {f"{gate}.{name}" for gate in gates for name in ("weight", "bias")}
    expected |= {f"{layer}.{name}" for layer in ("gating.fc", "fc") for name in ("weight", "bias")}
    layers = ("text_module.fc1", "text_module.fc2")
    expected |= {f"{layer}.{name}" for layer in layers for name in ("weight", "bias")}
    assert set(shapes) == expected | {"text_module.word_embd.weight"}
    assert shapes["conv1.conv1.weight"] == (64, 24, 2, 4, 4)
    assert shapes["conv_2b.conv1.weight"] == (64, 64, 1, 1, 1)
    assert shapes["conv_2c.conv1.weight"] == (192, 64, 1, 3, 3)  # within a picture first
    assert shapes["conv_2c.conv2.weight"] == (192, 192, 3, 1, 1)  # then over time
    assert shapes["mixed_4f.conv_b2_b.conv1.weight"] == (128, 32, 1, 3, 3)
    assert shapes["mixed_5c.conv_b3_b.conv1.weight"] == (128, 832, 1, 1, 1)
    assert shapes["fc.weight"] == (512, 1024)
    assert shapes["text_module.word_embd.weight"] == (66_250, 300)
    assert shapes["text_module.fc1.weight"] == (2048, 300)
    assert shapes["text_module.fc2.weight"] == (512, 2048)


@pytest.mark.parametrize(("size", "column"), [(224, 2), (250, 3)])
def test_every_stage_has_its_published_size(published, size, column):
    seen = {}
    hooks = [
        published.get_submodule(name).register_forward_hook(
            lambda _, __, out, name=name: seen.__setitem__(name, tuple(out.shape[1:]))
        )
        for name in STAGES
    ]
    result = published(torch.empty(2, 3, 32, size, size, device="meta"))
    for hook in hooks:
        hook.remove()
    assert list(seen) == list(STAGES)  # in this order
    assert seen == {name: (s[0], s[1], s[column], s[column]) for name, s in STAGES.items()}
    assert result.mixed_5c.shape == (2, 1024)
    assert result.embedding.shape == (2, 512)


@pytest.mark.parametrize("shape", [(16, 64, 64), (26, 250, 130), (2, 2, 2)])
def test_a_narrow_network_reads_clips_of_any_even_size(shape):
    narrow = small_network()
    with torch.inference_mode():
        seen = narrow(torch.rand(2, 3, *shape))
    assert seen.embedding.shape == (2, 32)
    assert seen.mixed_5c.shape == (2, 128)  # an eighth of the published channels
    assert torch.isfinite(seen.embedding).all()
    assert list(narrow.state_dict()) == list(S3DG(3, width=0.1).state_dict())


@pytest.mark.parametrize("shape", [(15, 64, 64), (16, 63, 64), (16, 64, 63), (0, 64, 64)])
def test_odd_clips_are_refused_with_the_nearest_even_ones(shape):
    with pytest.raises(UserError, match=r"an even number of frames, rows and columns.*nearest is"):
        small_network()(torch.zeros(1, 3, *shape))


def test_space_to_depth_has_colours_fastest_then_columns_rows_and_time():
    clip = torch.arange(2 * 3 * 4 * 6 * 8).reshape(2, 3, 4, 6, 8)
    deep = space_to_depth(clip)
    assert deep.shape == (2, 24, 2, 3, 4)
    for dt, dh, dw, colour in np.ndindex(2, 2, 2, 3):
        channel = ((dt * 2 + dh) * 2 + dw) * 3 + colour
        assert torch.equal(deep[:, channel], clip[:, colour, dt::2, dh::2, dw::2])


def test_the_first_index_is_dropped_after_the_first_convolution():
    network = small_network()
    network.conv1.bn1 = nn.BatchNorm3d(8).eval()  # scales by 1 / sqrt(1 + eps), and no more
    with torch.no_grad():
        network.conv1.conv1.weight.zero_()
        network.conv1.conv1.weight[0, 5, 0, 1, 1] = 1.0  # the tap that then reads its own place
        network.conv1.conv1.weight[1, 5, 1, 3, 3] = 1.0  # the farthest one
    given = {}
    network.maxpool_2a.register_forward_pre_hook(lambda _, given_: given.update(x=given_[0]))
    clip = torch.rand(1, 3, 8, 12, 10)
    with torch.inference_mode():
        network(clip)
    here = space_to_depth(clip)[0, 5] / np.sqrt(1 + 1e-5)
    torch.testing.assert_close(given["x"][0, 0], here)
    far = functional.pad(here, (0, 2, 0, 2, 0, 1))[1:, 2:, 2:]
    torch.testing.assert_close(given["x"][0, 1], far)


def test_pools_pad_with_zeros_behind_and_round_up():
    pool = SamePool((1, 3, 3), (1, 2, 2))
    even = torch.tensor([-5.0, -4.0, -3.0, -2.0]).expand(1, 1, 1, 4, 4)
    # Windows of each row: (-5 -4 -3), (-3 -2 and a zero). The last row's windows have zeros, too.
    assert pool(even).tolist() == [[[[[-3.0, 0.0], [0.0, 0.0]]]]]
    odd = torch.tensor([-5.0, -4.0, -3.0, -2.0, -1.0]).expand(1, 1, 1, 5, 5)
    expected = [[-3.0, -1.0, 0.0], [-3.0, -1.0, 0.0], [0.0, 0.0, 0.0]]
    assert pool(odd)[0, 0, 0].tolist() == expected


@pytest.mark.parametrize("sides", [(16, 28, 28), (16, 32, 31), (5, 7, 9)])
def test_the_pool_over_time_pads_all_three_sides_behind(sides):
    x = torch.randn(2, 3, *sides) - 3  # mostly negative: zeros in the padding show
    pooled = SamePool((3, 3, 3), (2, 2, 2))(x)
    assert pooled.shape[2:] == tuple(-(-side // 2) for side in sides)
    ends = [slice(None)] * 3
    for place in np.ndindex(*pooled.shape[2:]):
        ends = [slice(2 * p, 2 * p + 3) for p in place]
        window = x[:, :, ends[0], ends[1], ends[2]].amax(dim=(2, 3, 4))
        if any(2 * p + 3 > side for p, side in zip(place, sides, strict=True)):
            window = window.clamp(min=0)
        assert torch.equal(pooled[(slice(None), slice(None), *place)], window)


def test_the_last_pool_has_no_padding():
    x = torch.full((1, 1, 3, 4, 5), -1.0)
    pooled = SamePool((2, 2, 2), (2, 2, 2))(x)
    assert pooled.shape == (1, 1, 2, 2, 3)
    assert (pooled == -1).all()


@pytest.mark.parametrize("sides", [(4, 7, 5), (1, 2, 1), (2, 1, 3)])
def test_the_pool_of_a_block_gives_the_same_bits_with_and_without_gradients(sides):
    pool, x = NeighbourPool(), torch.randn(2, 3, *sides)
    expected = functional.max_pool3d(x, 3, stride=1, padding=1)
    assert torch.equal(pool(x), expected)
    with torch.no_grad():
        assert torch.equal(pool(x), expected)
        assert torch.equal(pool(x.to(memory_format=torch.channels_last_3d)), expected)


def test_a_gate_scales_by_the_sigmoid_of_a_linear_map_of_the_means():
    gate, x = SelfGating(2), torch.randn(1, 2, 3, 4, 5)
    gate.fc.weight = nn.Parameter(torch.tensor([[0.0, 2.0], [1.0, 0.0]]))
    gate.fc.bias = nn.Parameter(torch.tensor([0.5, -1.0]))
    first, second = x[0].mean(dim=(1, 2, 3))
    gated = gate(x)[0]
    torch.testing.assert_close(gated[0], x[0, 0] * torch.sigmoid(2 * second + 0.5))
    torch.testing.assert_close(gated[1], x[0, 1] * torch.sigmoid(first - 1))


@pytest.mark.parametrize("branch", range(4))
def test_each_branch_of_a_block_ends_in_its_own_gate(branch):
    channels = [2, 3, 4, 5, 6, 7]
    ends = np.cumsum([0, 2, 4, 6, 7])
    block = Inception(8, channels).eval()
    for number in range(4):
        gate = block.get_submodule(f"gating_b{number}")
        nn.init.zeros_(gate.fc.weight)
        nn.init.constant_(gate.fc.bias, -1000.0 if number == branch else 1000.0)
    out = block(torch.rand(1, 8, 2, 4, 4))[0]
    silent = torch.zeros(19, dtype=torch.bool)
    silent[ends[branch] : ends[branch + 1]] = True
    assert (out[silent] == 0).all()
    assert (out[~silent].amax(dim=(1, 2, 3)) > 0).any()


def test_the_whole_is_gated_after_its_second_convolution():
    network = small_network()
    nn.init.constant_(network.gating.fc.bias, -1000.0)  # closed: nothing behind it sees the clip
    with torch.inference_mode():
        black, white = network(torch.zeros(1, 3, 4, 16, 16)), network(torch.ones(1, 3, 4, 16, 16))
    assert torch.equal(black.embedding, white.embedding)


def test_the_embedding_is_a_linear_map_of_the_mean_of_the_last_block():
    network, last = small_network(), {}
    network.mixed_5c.register_forward_hook(lambda _, __, out: last.update(x=out))
    with torch.inference_mode():
        seen = network(torch.rand(2, 3, 8, 32, 32))
        torch.testing.assert_close(seen.mixed_5c, last["x"].mean(dim=(2, 3, 4)))
        torch.testing.assert_close(seen.embedding, network.fc(seen.mixed_5c))


def test_padding_takes_part_in_the_maximum_over_words():
    text = small_network().text_module
    hidden = torch.tensor([[3.0, -1.0], [1.0, 2.0], [2.0, 4.0]])  # of no word, word 1, word 2
    for layer in (text.fc1, text.fc2):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        text.word_embd.weight[:3, :2] = hidden
        text.fc1.weight[:2, :2] = torch.eye(2)
        text.fc2.weight[:2, :2] = torch.eye(2)
    one = torch.zeros(1, 16, dtype=torch.long)
    one[0, 0] = 1
    assert text(one)[0, :2].tolist() == [3.0, 2.0]  # 3 is the padding's
    assert text(torch.full((1, 16), 1))[0, :2].tolist() == [1.0, 2.0]  # full: no padding
    assert text(torch.zeros(1, 16, dtype=torch.long))[0, :2].tolist() == [3.0, 0.0]  # ReLU first
    both = torch.tensor([[1, 2] + [0] * 14, [2, 1] + [0] * 14])
    assert text(both)[:, :2].tolist() == [[3.0, 4.0]] * 2  # in any order


def test_the_row_of_no_word_is_a_vector_like_any_other_and_learns():
    text = small_network().text_module
    assert text.word_embd.weight[0].norm() > 0
    text(torch.zeros(1, 16, dtype=torch.long)).sum().backward()
    assert text.word_embd.weight.grad[0].norm() > 0


def test_the_network_for_inference_sees_the_same_and_leaves_the_original_alone():
    network = small_network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    quick = folded(network)
    clips = torch.rand(2, 3, 8, 32, 32)
    with torch.inference_mode():
        exact, quick_seen = network(clips), quick(clips)
    assert exact.embedding.std(dim=0).mean() > 1e-3  # it tells the two clips apart
    torch.testing.assert_close(quick_seen.embedding, exact.embedding, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(quick_seen.mixed_5c, exact.mixed_5c, atol=1e-5, rtol=1e-5)
    assert not any(isinstance(module, nn.BatchNorm3d) for module in quick.modules())
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_a_new_network_of_the_published_size_takes_all_clips_for_one():
    """RoboCLIP's ablation with random weights pays a constant; its ledger says so."""
    torch.manual_seed(0)
    with torch.inference_mode():
        clips = torch.rand(2, 3, 16, 64, 64)
        clips[1] = 0
        one, other = S3DG(4).eval()(clips).embedding
    assert (one - other).norm() < 1e-6 * one.norm()


def test_bfloat16_is_averaged_without_losing_small_terms():
    x = torch.full(
        (2, 3, 16, 63, 63), 1.0, dtype=torch.bfloat16
    )  # added one by one it stops at 256
    x[1] = 0.25
    means = average(x.to(memory_format=torch.channels_last_3d))
    assert means.dtype == torch.bfloat16
    assert means.tolist() == [[1.0] * 3, [0.25] * 3]


# What the published implementation computes for the weights, the clip and the words below.
GOLDEN = {
    "embedding": [1.72344100, -1.10647607, 0.59424180, 0.43891734, -0.82773435, -0.36586183],
    "mixed_5c": [0.0, 0.48839816, 0.09598383, 0.03079566, 0.30345428, 0.0],
    "text": [-0.81633580, 0.07172130, 0.07343079, 0.07267854, -0.16466162, -0.02740282],
}


@torch.no_grad()
def fill_by_formula(network: S3DG) -> None:
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        place = torch.arange(tensor.numel(), dtype=torch.float64).reshape(tensor.shape)
        wave = torch.sin(place * 0.7 + place * place * 1e-3 + len(name))
        if name.endswith("running_var"):
            wave = 0.28 * (1 + 0.5 * wave)
        elif name.endswith(("bn1.weight", "bn2.weight")):
            wave = 1 + 0.5 * wave
        elif tensor.ndim > 1:
            wave = wave * (2 / tensor[0].numel()) ** 0.5
        else:
            wave = 0.1 * wave
        tensor.copy_(wave)


def test_the_published_network_gives_the_vectors_of_the_published_implementation():
    network = S3DG(rows=20).eval()
    fill_by_formula(network)
    clip = torch.sin(torch.arange(3 * 4 * 32 * 48) * 0.37).reshape(1, 3, 4, 32, 48) * 0.5 + 0.5
    words = torch.tensor([[4, 8, 19] + [0] * 13])
    with torch.inference_mode():
        seen, read = network(clip), network.text_module(words)
    for name, vector in {**seen._asdict(), "text": read}.items():
        torch.testing.assert_close(vector[0, :6], torch.tensor(GOLDEN[name]), atol=1e-5, rtol=0)
