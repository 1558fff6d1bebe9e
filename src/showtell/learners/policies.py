"""Policies in files: weights as safetensors, how to act with them as JSON.

`policy.json` describes a multilayer perceptron and what its output means, so that a policy acts
anywhere NumPy runs, without torch, Stable-Baselines3 or a pickle.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from showtell.learners.choices import CHOICES, Choice, Weights
from showtell.project.errors import UserError
from showtell.project.files import read_json, replacing, write_json

LOG_STD = "log_std"  # the array with a Gaussian's spread, one number for each of the action's


class Network(BaseModel):
    """The content of `policy.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learner: str
    layers: list[str] = Field(min_length=1)  # prefixes of `.weight` and `.bias`, in order
    activation: Literal["relu", "tanh"]  # between layers
    # argmax: an action's number is the index of the largest output. gaussian: the outputs are an
    # action's mean; its spread is the array `log_std`, and what leaves the box is clipped to it.
    head: Literal["argmax", "gaussian"]
    exploration: float = Field(ge=0, le=1)  # argmax: chance of a random action, when stochastic
    observations: int  # numbers in an observation
    actions: int  # choices, for argmax; numbers in an action, for gaussian
    low: tuple[float, ...] = ()  # the box, for gaussian
    high: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _box_fits(self) -> Self:
        sides = self.actions if self.head == "gaussian" else 0
        if {len(self.low), len(self.high)} != {sides}:
            raise ValueError(f"a {self.head} head of {self.actions} actions needs {sides} bounds")
        return self

    @property
    def arrays(self) -> list[str]:
        """The arrays it needs."""
        names = [f"{layer}.{kind}" for layer in self.layers for kind in ("weight", "bias")]
        return [*names, LOG_STD] if self.head == "gaussian" else names


class Policy:
    """Acts on batches of observations."""

    def __init__(self, network: Network, weights: Weights) -> None:
        self.network = network
        self._layers = [
            (weights[f"{layer}.weight"].T.copy(), weights[f"{layer}.bias"])
            for layer in network.layers
        ]
        self._spread = np.exp(weights[LOG_STD]) if network.head == "gaussian" else np.zeros(0)

    def act(
        self,
        observations: NDArray[np.float32],
        generators: list[np.random.Generator] | None = None,
    ) -> NDArray[Any]:
        """The actions for (N, D) observations; stochastic where each row has a generator."""
        outputs = self._outputs(observations)
        if self.network.head == "gaussian":
            return self._around(outputs, generators or [])
        actions: NDArray[np.int64] = outputs.argmax(axis=1)
        for row, generator in enumerate(generators or []):
            if generator.random() < self.network.exploration:
                actions[row] = generator.integers(self.network.actions)
        return actions

    def _around(
        self, means: NDArray[np.float32], generators: list[np.random.Generator]
    ) -> NDArray[np.float32]:
        for row, generator in enumerate(generators):
            noise = generator.standard_normal(self.network.actions, dtype=np.float32)
            means[row] += self._spread * noise
        low, high = (np.array(side, np.float32) for side in (self.network.low, self.network.high))
        return np.clip(means, low, high)

    def _outputs(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        values = observations
        for number, (weight, bias) in enumerate(self._layers):
            if number:
                values = np.maximum(values, 0) if self._relu else np.tanh(values)
            # einsum sums in one fixed order; a threaded BLAS product may depend on the machine's
            # number of cores, and one flipped action is another episode.
            values = np.einsum("nd,dk->nk", values, weight) + bias
        return values

    @property
    def _relu(self) -> bool:
        return self.network.activation == "relu"


def save(weights: Path, network: Path, arrays: Any, description: dict[str, Any]) -> None:
    """Write both files, each whole or not at all."""
    from safetensors.numpy import save as to_bytes

    content = to_bytes({name: np.array(array, order="C") for name, array in arrays.items()})
    with replacing(weights) as temporary:
        temporary.write_bytes(content)  # safetensors' own save_file makes files private (0600)
    write_json(network, Network.model_validate(description).model_dump(mode="json"))


def load(weights: Path, network: Path, choice: Choice = "final") -> Policy:
    """Read both files, and of the policies in them one."""
    try:
        description = Network.model_validate(read_json(network))
    except (ValidationError, ValueError) as error:
        raise UserError(
            f"{network} does not describe a policy ({error}); delete it and run the training again."
        ) from None
    arrays = load_weights(weights, choice)
    missing = [name for name in description.arrays if name not in arrays]
    if missing:
        raise UserError(
            f"{weights} has no {missing[0]!r}, which {network.name} beside it names; the two are "
            "of different trainings: delete both and run the training again."
        )
    return Policy(description, arrays)


def together(final: Weights, others: Mapping[str, Weights]) -> Weights:
    """The arrays of one file: the final policy's by their names, others' as `<choice>/<name>`."""
    prefixed = {
        f"{choice}/{name}": array
        for choice, weights in others.items()
        for name, array in weights.items()
    }
    return final | prefixed


def load_weights(path: Path, choice: Choice = "final") -> Weights:
    """The arrays of one of a training's policies."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays: Weights = load_file(path)
    except SafetensorError as error:
        raise UserError(
            f"{path} is not a whole safetensors file ({error}); delete it, or pull it again."
        ) from None
    others = tuple(f"{other}/" for other in CHOICES if other != "final")
    if choice == "final":
        return {name: a for name, a in arrays.items() if not name.startswith(others)}
    prefix = f"{choice}/"
    chosen = {name[len(prefix) :]: a for name, a in arrays.items() if name.startswith(prefix)}
    if not chosen:
        raise UserError(
            f"{path} holds no {choice!r} policy, only the final one; choose final, or delete the "
            "file and run the training again."
        )
    return chosen


def sizes(observation: spaces.Space[Any], action: spaces.Space[Any]) -> dict[str, int]:
    """How many numbers a world shows, and how many actions it offers."""
    return {
        "observations": int(np.prod(observation.shape or (0,))),
        "actions": int(getattr(action, "n", np.prod(action.shape or (0,)))),
    }


def check_fits(network: Network, observation: spaces.Space[Any], action: spaces.Space[Any]) -> None:
    """Refuse a policy that was trained for another world."""
    found = sizes(observation, action)
    trained = {name: getattr(network, name) for name in found}
    if trained != found:
        raise UserError(
            f"the policy was trained for a world with {trained}, but this one has {found}; "
            "evaluate it in the world it was trained in."
        )
