"""Residual networks, held to torchvision's ResNet-50."""

import pytest
import torch
from torchvision.models import resnet18, resnet50

from showtell.nets.modules.resnet import ResNet


@pytest.mark.parametrize(
    ("theirs", "layers", "block"),
    [(resnet50, (3, 4, 6, 3), "bottleneck"), (resnet18, (2, 2, 2, 2), "basic")],
)
def test_it_is_torchvisions_network_at_64_channels(theirs, layers, block):
    torch.manual_seed(0)
    reference = theirs(num_classes=32).eval()
    ours = ResNet(layers, block, width=64, norm="batch", outputs=32).eval()
    ours.load_state_dict(reference.state_dict(), strict=True)
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(pictures), reference(pictures))


def test_blocks_begin_as_the_identity():
    """The last normalisation of each block has weight 0, as in the published HOLD-C."""
    network = ResNet((1, 1, 1, 1), "basic", width=8, norm="group", outputs=4)
    last = [module.weight for name, module in network.named_modules() if name.endswith(".bn2")]
    assert len(last) == 4
    assert all((weight == 0).all() for weight in last)


@pytest.mark.parametrize(("scale", "seen"), [(0.0, False), (1.0, True)])
def test_blocks_that_begin_as_shortcuts_skip_most_pixels(scale, seen):
    torch.manual_seed(0)
    network = ResNet((1, 1, 1, 1), "basic", 8, "batch", outputs=4, branch_scale=scale).eval()
    picture = torch.zeros(1, 3, 64, 64)
    changed = picture.clone()
    changed[..., 18:22, 18:22] = 1  # between the spots of the lattice
    with torch.no_grad():
        different = (network(picture) - network(changed)).abs().max() > 1e-6
    assert bool(different) == seen


def test_with_group_norm_a_picture_does_not_depend_on_its_batch():
    torch.manual_seed(0)
    network = ResNet((1, 1, 1, 1), "basic", width=8, norm="group", outputs=4).train()
    pictures = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(
            network(pictures)[:1], network(pictures[:1]), rtol=1e-4, atol=1e-5
        )
