"""What all trainings of stand-ins share: a recipe, its steps, the same bits every time."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from showtell.project.checkpoints import Resume
from showtell.study.registry import union
from showtell.study.settings import DatasetSettings, TrainingSettings
from showtell.training.devices import Place

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

_CHECKPOINT_EVERY = 100  # steps: half a minute of an S3D of the mini scale

if TYPE_CHECKING:
    Dataset: TypeAlias = DatasetSettings
else:
    Dataset = union("data")

Progress = Callable[[int, Mapping[str, float]], None]  # a step (from 1), and its loss


class Trained(NamedTuple):
    """A trained network and the record of its training."""

    encoder: Any  # an encoder or a distance, which can be saved
    losses: list[float]  # one a step
    metrics: dict[str, float]  # on held-out data


class Recipe(TrainingSettings):
    """How a network is trained here."""

    dataset: Dataset
    steps: PositiveInt
    batch: PositiveInt  # frames a step; every caption is read at every step
    learning_rate: PositiveFloat  # its peak: it rises over `warmup`, then falls as a cosine
    warmup: Annotated[float, Field(ge=0, lt=1)]  # share of the steps
    weight_decay: NonNegativeFloat  # of matrices; biases and scales are left alone

    def stage(self, step: int) -> tuple[int, int]:
        """Which step it is of its stage, and how many steps the stage has; here there is one."""
        return step, self.steps


def schedule(step: int, recipe: Recipe) -> float:
    """The share of the peak learning rate: a line up, a cosine down, in each stage."""
    step, steps = recipe.stage(step)
    warmup = recipe.warmup * steps
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup + 1)))


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """One thread (sums in another order are other bits), and torch's generator put back after."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


@dataclass
class TrainingState:
    """All that changes while a network is trained, and the losses of the steps behind it."""

    model: "nn.Module"
    optimizer: "Optimizer"
    draws: np.random.Generator
    losses: list[float] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)  # weights of an earlier step, if any
    place: Place | None = None  # of several; None: this process is alone

    def steps(self, recipe: Recipe, resume: Resume | None, progress: Progress) -> Iterator[int]:
        """The steps to take, from the last checkpoint on; add the loss of each to `losses`."""
        if resume is not None and (state := resume.load()) is not None:
            self._restore(state)
        if self.place is not None:
            done = self.place.begin(self.model, len(self.losses))
            self.losses += [math.nan] * (done - len(self.losses))  # only the first has them
        for step in range(len(self.losses) + 1, recipe.steps + 1):
            for group in self.optimizer.param_groups:
                group["lr"] = recipe.learning_rate * schedule(step, recipe)
            yield step
            progress(step, {"loss": self.losses[-1]})
            if resume is not None and step % _CHECKPOINT_EVERY == 0:
                resume.save(step, self._state())

    def _state(self) -> dict[str, Any]:
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        return {
            "model": weights_of(self.model),
            "optimizer": [
                {name: value.cpu().numpy() for name, value in self.optimizer.state[p].items()}
                for p in parameters
            ],
            "draws": self.draws.bit_generator.state,
            "losses": self.losses,
            "kept": self.kept,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        import torch

        self.model.load_state_dict(
            {name: torch.from_numpy(value) for name, value in state["model"].items()}
        )
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        for parameter, saved in zip(parameters, state["optimizer"], strict=True):
            self.optimizer.state[parameter] = {
                name: _laid_out(torch.from_numpy(value), parameter) for name, value in saved.items()
            }
        self.draws.bit_generator.state = state["draws"]
        self.losses[:] = state["losses"]
        self.kept = state["kept"]


def weights_of(model: "nn.Module") -> dict[str, np.ndarray[Any, Any]]:
    """Its tensors, as arrays that follow its training on a CPU."""
    return {name: value.cpu().numpy() for name, value in model.state_dict().items()}


def _laid_out(value: "Tensor", parameter: "Tensor") -> "Tensor":
    """In memory as the parameter is, where it is as large: fused kernels go by the bytes."""
    import torch

    if value.shape != parameter.shape:
        return value.to(parameter.device)
    return torch.empty_like(parameter, requires_grad=False).copy_(value)
