"""ViViT's shapes, size and first values."""

import pytest
import torch

from showtell.nets.modules.vivit import ViViT

NARROW = {
    "size": 16, "frames": 3, "patch": 8, "hidden": 16, "spatial_layers": 2, "temporal_layers": 2,
    "heads": 2, "mlp": 32, "stochastic_depth": 0.0,
}  # fmt: skip
LARGE = {
    "size": 256, "frames": 4, "patch": 16, "hidden": 1024, "spatial_layers": 24,
    "temporal_layers": 4, "heads": 16, "mlp": 4096, "stochastic_depth": 0.3,
}  # fmt: skip


def narrow(**changes):
    torch.manual_seed(0)
    network = ViViT(**(NARROW | changes))
    with torch.no_grad():  # else it predicts 0, whatever it reads
        torch.nn.init.normal_(network.head.weight)
    return network


def test_vivit_l_has_the_parameters_of_its_arithmetic():
    with torch.device("meta"):
        network = ViViT(**LARGE)
    hidden, mlp = 1024, 4096
    layer = 4 * hidden * (hidden + 1) + hidden * mlp + mlp + mlp * hidden + hidden + 4 * hidden
    patches = 3 * 16 * 16 * hidden + hidden
    tokens = (1 + 257 + 1 + 5) * hidden  # two class tokens, and positions of 256 patches, 4 frames
    expected = 28 * layer + patches + tokens + 2 * 2 * hidden + hidden + 1
    assert sum(parameter.numel() for parameter in network.parameters()) == expected
    assert expected == pytest.approx(353.8e6, rel=1e-3)


def test_it_gives_a_number_a_sequence_and_at_first_0():
    frames = torch.randn(5, 3, 3, 16, 16)
    torch.manual_seed(0)
    with torch.no_grad():
        assert ViViT(**NARROW)(frames).tolist() == [0] * 5
        found = narrow()(frames)
    assert found.shape == (5,)
    assert len(set(found.tolist())) == 5


def test_a_frame_is_read_at_its_place_in_the_sequence():
    frames = torch.randn(1, 3, 3, 16, 16)
    network = narrow().eval()
    with torch.no_grad():
        swapped = network(frames[:, [1, 0, 2]])
        assert (network(frames) - swapped).abs() > 1e-3
        network.temporal.positions.zero_()
        torch.testing.assert_close(network(frames), network(frames[:, [1, 0, 2]]))


def test_later_layers_are_skipped_in_training_alone():
    """Of two layers the first is never skipped, and the second with the full chance."""
    network = narrow(stochastic_depth=0.5)
    assert [layer.left_out for layer in network.spatial.layers] == [0, 0.5]
    assert ViViT(**(NARROW | {"temporal_layers": 1})).temporal.layers[0].left_out == 0
    frames = torch.randn(1, 3, 3, 16, 16).expand(64, -1, -1, -1, -1)
    with torch.no_grad():
        assert len({round(float(value), 4) for value in network.train()(frames)}) > 2
        evaluated = network.eval()(frames)
    torch.testing.assert_close(evaluated, evaluated[:1].expand(64))


def test_a_branch_that_is_kept_is_not_scaled_up():
    layer = narrow(stochastic_depth=0.5).train().spatial.layers[1]
    torch.manual_seed(0)
    kept = layer._kept(torch.ones(1000, 1, 1))
    assert set(kept.flatten().tolist()) == {0.0, 1.0}
    assert kept.mean() == pytest.approx(0.5, abs=0.06)


def test_sizes_that_leave_a_remainder_are_refused():
    with pytest.raises(ValueError, match="remainder"):
        ViViT(**(NARROW | {"patch": 5}))
