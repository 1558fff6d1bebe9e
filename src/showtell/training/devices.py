"""Where a training on videos computes: on one processor, on a GPU, or in several processes at once.

Several processes, as torch's launcher starts them, each take their share of a step's videos. The
first one averages the gradients, steps the optimizer and gives its weights to the others, so that
it alone holds what a checkpoint needs. Batch normalisation stays each process's own, as in the
code of HOLD [c]; the running averages that are kept are those of the first. No GPU, no launcher:
the bits are those of a training that knows nothing of this.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from showtell.project.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_LONGEST = timedelta(hours=6)  # that the others wait while the first process measures
_gpus = 0  # that this job was given


def use_gpus(count: int) -> None:
    """Train on so many GPUs from here on; without one, or where torch sees none, on the CPU."""
    global _gpus
    _gpus = count


def launch(processes: int, arguments: Sequence[str]) -> NoReturn:
    """Become torch's launcher, which runs `python -m showtell` in so many processes."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    os.execv(sys.executable, [sys.executable, *torchrun, "-m", "showtell", *arguments])


@contextmanager
def joined(environment: Mapping[str, str]) -> Iterator["Place"]:
    """Meet the other processes of the launcher that set this environment, if there are any."""
    if int(environment.get("WORLD_SIZE", "1")) == 1:
        yield here()
        return
    import torch
    from torch import distributed

    cuda = _gpus > 0 and torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(environment["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if cuda else "gloo", timeout=_LONGEST)
    try:
        yield here()
    finally:
        distributed.destroy_process_group()


@dataclass(frozen=True)
class Place:
    """One process of a training: on which device it computes, and which of them it is."""

    device: "torch.device"
    rank: int = 0
    processes: int = 1

    @property
    def first(self) -> bool:
        """It alone steps the optimizer, measures, and writes files."""
        return self.rank == 0

    @property
    def branch(self) -> tuple[int, ...]:
        """Of the seed tree, below a step; a process that is alone draws from the step itself."""
        return () if self.processes == 1 else (self.rank,)

    def share(self, batch: int) -> int:
        """How many of a step's videos it draws."""
        if batch % self.processes:
            raise UserError(
                f"a step's {batch} videos cannot be divided among {self.processes} processes; "
                "give the rule train_encoder a number of GPUs that divides the training's batch."
            )
        return batch // self.processes

    def forward(self) -> AbstractContextManager[Any]:
        """Networks within it compute in bfloat16 on a GPU that can, else in float32."""
        import torch

        if self.device.type != "cuda" or not torch.cuda.is_bf16_supported():
            return nullcontext()
        return torch.autocast("cuda", torch.bfloat16)

    def begin(self, model: "nn.Module", done: int) -> int:
        """Take over the first process's weights, and the number of steps that it has behind it."""
        if self.processes == 1:
            return done
        import torch

        steps = torch.tensor([done], device=self.device)
        _broadcast(steps)
        _together([*model.parameters(), *model.buffers()], _broadcast)
        return int(steps)

    def average(self, model: "nn.Module") -> None:
        """Make the first process's gradients the mean of all."""
        if self.processes == 1:
            return
        import torch

        parameters = [one for one in model.parameters() if one.requires_grad]
        for one in parameters:
            if one.grad is None:
                one.grad = torch.zeros_like(one)
        gradients = [one.grad for one in parameters if one.grad is not None]
        _together(gradients, self._mean)

    def step(self, optimizer: "torch.optim.Optimizer", model: "nn.Module") -> None:
        """One step of the optimizer, after which all processes have its weights."""
        if self.first:
            optimizer.step()
        if self.processes > 1:
            _together(list(model.parameters()), _broadcast)

    def mean(self, loss: "Tensor") -> float:
        """Of the losses of all processes, in the first one."""
        loss = loss.detach()
        if self.processes > 1:
            loss = loss.clone()
            self._mean(loss)
        return float(loss.item())

    def _mean(self, values: "Tensor") -> None:
        from torch import distributed

        distributed.reduce(values, 0)
        values /= self.processes


def here() -> Place:
    """The place of this process."""
    import torch
    from torch import distributed

    several = distributed.is_available() and distributed.is_initialized()
    rank, count = (distributed.get_rank(), distributed.get_world_size()) if several else (0, 1)
    cuda = _gpus > 0 and torch.cuda.is_available()
    device = torch.device("cuda", torch.cuda.current_device()) if cuda else torch.device("cpu")
    return Place(device, rank, count)


def _broadcast(values: "Tensor") -> None:
    from torch import distributed

    distributed.broadcast(values, 0)


def _together(tensors: "Sequence[Tensor]", change: "Callable[[Tensor], None]") -> None:
    """Change many tensors as one: a message for each of them would take longer."""
    import torch

    kinds = {one.dtype for one in tensors}
    with torch.no_grad():
        for kind in sorted(kinds, key=str):
            some = [one for one in tensors if one.dtype == kind]
            flat = torch.cat([one.reshape(-1) for one in some])
            change(flat)
            for one, part in zip(
                some, torch.split(flat, [one.numel() for one in some]), strict=True
            ):
                one.copy_(part.view(one.shape))
