import subprocess
import sys

import torch

from showtell.nets.modules.adam import FusedAdam


def descend(make, steps: int = 20):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    optimizer = make(net.parameters())
    inputs = torch.randn(steps, 8, 4)
    for number in range(steps):
        optimizer.zero_grad()
        net(inputs[number]).square().mean().backward()
        optimizer.step()
    return [parameter.detach().clone() for parameter in net.parameters()], optimizer


def test_it_gives_the_numbers_of_torchs_own():
    ours, _ = descend(lambda p: FusedAdam(p, lr=1e-2))
    theirs, _ = descend(lambda p: torch.optim.Adam(p, lr=1e-2, fused=True))
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_restored_optimizer_goes_on_exactly():
    def interrupted(parameters):
        parameters = list(parameters)
        first = FusedAdam(parameters, lr=1e-2)

        class Replaced:
            def __init__(self):
                self.inner, self.count = first, 0

            def zero_grad(self):
                self.inner.zero_grad()

            def step(self):
                self.inner.step()
                self.count += 1
                if self.count == 7:
                    saved = {k: [t.clone() for t in v] for k, v in self.inner.state_dict().items()}
                    self.inner = FusedAdam(parameters, lr=1e-2)
                    self.inner.load_state_dict(saved)

        return Replaced()

    whole, _ = descend(lambda p: FusedAdam(p, lr=1e-2))
    resumed, _ = descend(interrupted)
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


def test_a_parameter_without_a_gradient_stays_and_its_time_stands_still():
    still, moving = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
    optimizer = FusedAdam([still, moving], lr=0.1, eps=1e-5)
    alone = torch.nn.Parameter(torch.ones(3))
    other = FusedAdam([alone], lr=0.1, eps=1e-5)
    for number in range(6):
        optimizer.zero_grad(), other.zero_grad()
        loss = moving.square().sum() + (still.square().sum() if number > 2 else 0)
        loss.backward()
        optimizer.step()
        assert (still.detach() == 1).all() == (number <= 2)
    for _ in range(3):
        other.zero_grad()
        alone.square().sum().backward()
        other.step()
    assert torch.equal(still, alone)


def test_it_does_not_import_the_compiler():
    script = (
        "import sys, torch; from showtell.nets.modules.adam import FusedAdam\n"
        "p = torch.nn.Parameter(torch.ones(3)); o = FusedAdam([p], lr=0.1)\n"
        "p.sum().backward(); torch.nn.utils.clip_grad_norm_([p], 0.5)\n"
        "o.step(); o.zero_grad(); o.state_dict()\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
