"""Behaviour cloning: a policy's network learns the actions of a demonstration, without a reward."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt

from showtell.learners.networks import Dense, Layer, arrays_of
from showtell.learners.policies import Network, Policy
from showtell.project.errors import UserError
from showtell.project.settings import Frozen

if TYPE_CHECKING:
    from torch import Tensor


class CloningSettings(Frozen):
    """How long a network imitates."""

    steps: PositiveInt  # of Adam
    batch: PositiveInt  # states of one step, drawn with replacement
    learning_rate: PositiveFloat


class Cloned(NamedTuple):
    """A cloned policy, and how far its actions are from the demonstration's."""

    policy: Policy
    loss: float  # mean squared error over all states


def cloned(
    policy: Policy,
    observations: NDArray[np.float32],  # (N, D)
    actions: NDArray[np.float32],  # (N, A): the action in each of these states
    settings: CloningSettings,
    seed: int,
) -> Cloned:
    """The policy whose mean action is fitted to `actions` by the mean squared error.

    Its spread stays as it is.
    """
    import torch

    from showtell.nets.modules.adam import FusedAdam

    layers = _dense(policy.network)
    torch.set_num_threads(1)  # sums in one order on any machine
    names = [name for layer in layers for name in arrays_of(layer)]
    arrays = {name: torch.from_numpy(np.array(policy.weights[name])) for name in names}
    parameters = {name: torch.nn.Parameter(array) for name, array in arrays.items()}
    states = torch.from_numpy(np.ascontiguousarray(policy.prepared(observations)))
    wanted = torch.from_numpy(np.ascontiguousarray(actions))
    draws, adam = (
        np.random.default_rng(seed),
        FusedAdam(parameters.values(), settings.learning_rate),
    )

    def loss(rows: "Tensor | slice") -> "Tensor":
        mean = _mean(policy.network, layers, parameters, states[rows])
        return torch.nn.functional.mse_loss(mean, wanted[rows])

    for _ in range(settings.steps):
        rows = torch.from_numpy(draws.integers(0, len(states), settings.batch))
        adam.zero_grad()
        loss(rows).backward()  # type: ignore[no-untyped-call]
        adam.step()
    with torch.no_grad():
        left = float(loss(slice(None)))
    fitted = {name: array.detach().numpy() for name, array in parameters.items()}
    return Cloned(Policy(policy.network, policy.weights | fitted), left)


def _dense(network: Network) -> tuple[Dense, ...]:
    """The layers, if all of them are dense and their output is an action in a box."""
    layers = tuple(layer for layer in network.layers if isinstance(layer, Dense))
    if network.head == "argmax" or len(layers) < len(network.layers):
        raise UserError(
            f"a {network.learner} policy with a head {network.head!r} and layers "
            f"{', '.join(layer.kind for layer in network.layers)} cannot be cloned; cloning needs "
            "dense layers and actions in a box: set the study's demo to null."
        )
    return layers


def _mean(
    network: Network,
    layers: tuple[Layer, ...],
    parameters: "Mapping[str, Tensor]",
    states: "Tensor",
) -> "Tensor":
    """The mean action, as `Policy.act` computes it, before it is clipped to the box."""
    import torch

    values = states
    for layer in layers:
        weight, bias = (parameters[name] for name in arrays_of(layer))
        values = torch.nn.functional.linear(values, weight, bias)
        if layer.activation != "none":
            values = torch.relu(values) if layer.activation == "relu" else torch.tanh(values)
    if network.head == "gaussian":
        return values
    low, high = torch.tensor(network.low), torch.tensor(network.high)
    return low + 0.5 * (torch.tanh(values) + 1) * (high - low)
