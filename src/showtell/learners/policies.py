"""Policies in files: weights as safetensors, how to act with them as JSON.

`policy.json` describes a network and what its output means, so that a policy acts anywhere NumPy
runs, without torch, Stable-Baselines3 or a pickle.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, ValidationError, model_validator

from showtell.learners.checkpoints import CHECKPOINTS, Checkpoint, Weights
from showtell.learners.networks import Dense, Layer, arrays_of, through
from showtell.project.bounds import ODD, check_safetensors
from showtell.project.errors import UserError
from showtell.project.files import read_json, replacing, write_json
from showtell.project.settings import Frozen
from showtell.rendering.scene import View

LOG_STD = "log_std"  # the array with a Gaussian's spread, one number for each of the action's
GOALS = "goals"  # the array with the goals' pictures, (K, H, W, 3) uint8
_LOG_STD_RANGE = (-20.0, 2.0)  # SAC's, of the squashed Gaussian


class Scaling(Frozen):
    """Observations are moved and divided, number by number, before the first layer."""

    middle: tuple[float, ...]
    half: tuple[float, ...]


class Pictures(Frozen):
    """The policy observes pictures (N, C, H, W), in [0, 1], and not the world's numbers."""

    view: View  # that they are drawn with
    width: PositiveInt  # that they are resized to
    height: PositiveInt
    goals: int = Field(ge=0)  # pictures in the array `goals`; the active one is appended


class Network(Frozen):
    """The content of `policy.json`."""

    learner: str
    layers: tuple[Layer, ...] = Field(min_length=1)
    # argmax: an action's number is the index of the largest output. gaussian: the outputs are an
    # action's mean; its spread is the array `log_std`, and what leaves the box is clipped to it.
    # squashed_gaussian: the tanh of a Gaussian, spread over the box; `spread` beside the last
    # layer gives its log std.
    head: Literal["argmax", "gaussian", "squashed_gaussian"]
    spread: Dense | None = None
    exploration: float = Field(ge=0, le=1)  # argmax: chance of a random action, when stochastic
    observations: int  # numbers in an observation
    actions: int  # choices, for argmax; numbers in an action otherwise
    low: tuple[float, ...] = ()  # the box, for actions in one
    high: tuple[float, ...] = ()
    scaling: Scaling | None = None
    pictures: Pictures | None = None
    # The reward's goals, where the policy observes which is active: numbers after the world's.
    stages: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _box_fits(self) -> Self:
        sides = 0 if self.head == "argmax" else self.actions
        if {len(self.low), len(self.high)} != {sides}:
            raise ValueError(f"a {self.head} head of {self.actions} actions needs {sides} bounds")
        if (self.spread is not None) != (self.head == "squashed_gaussian"):
            raise ValueError(
                "a squashed_gaussian head needs a layer `spread`, the others have none"
            )
        return self

    @property
    def arrays(self) -> list[str]:
        """The arrays it needs."""
        layers = [*self.layers, *([self.spread] if self.spread else [])]
        names = [name for layer in layers for name in arrays_of(layer)]
        names += [LOG_STD] if self.head == "gaussian" else []
        return [*names, *([GOALS] if self.pictures and self.pictures.goals else [])]


class Policy:
    """Acts on batches of observations."""

    def __init__(self, network: Network, weights: Weights) -> None:
        self.network = network
        self.weights = weights
        self._low, self._high = (np.array(s, np.float32) for s in (network.low, network.high))

    def act(
        self,
        observations: NDArray[Any],
        generators: list[np.random.Generator] | None = None,
    ) -> NDArray[Any]:
        """The actions for (N, D) observations; stochastic where each row has a generator."""
        *trunk, last = self.network.layers
        latent = through(trunk, self.weights, self.prepared(observations))
        outputs = through([last], self.weights, latent)
        if self.network.head == "gaussian":
            spread = np.exp(self.weights[LOG_STD])
            return np.clip(self._around(outputs, spread, generators), self._low, self._high)
        if self.network.spread is not None:
            log_std = through([self.network.spread], self.weights, latent)
            spread = np.exp(np.clip(log_std, *_LOG_STD_RANGE))
            squashed = np.tanh(self._around(outputs, spread, generators))
            return self._low + 0.5 * (squashed + 1) * (self._high - self._low)
        actions: NDArray[np.int64] = outputs.argmax(axis=1)
        for row, generator in enumerate(generators or []):
            if generator.random() < self.network.exploration:
                actions[row] = generator.integers(self.network.actions)
        return actions

    def _around(
        self,
        means: NDArray[np.float32],
        spread: NDArray[np.float32],
        generators: list[np.random.Generator] | None,
    ) -> NDArray[np.float32]:
        spreads = np.broadcast_to(spread, means.shape)
        for row, generator in enumerate(generators or []):
            noise = generator.standard_normal(self.network.actions, dtype=np.float32)
            means[row] += spreads[row] * noise
        return means

    def prepared(self, observations: NDArray[Any]) -> NDArray[np.float32]:
        """The observations as the first layer reads them."""
        values: NDArray[np.float32] = observations.astype(np.float32, copy=False)
        if self.network.pictures is not None:
            return values / np.float32(255)
        if (scaling := self.network.scaling) is not None:
            middle, half = np.array([scaling.middle, scaling.half], dtype=np.float32)
            return np.asarray((values - middle) / half)
        return values


def save(weights: Path, network: Path, arrays: Any, description: dict[str, Any]) -> None:
    """Write both files, each whole or not at all."""
    from safetensors.numpy import save as to_bytes

    content = to_bytes({name: np.array(array, order="C") for name, array in arrays.items()})
    with replacing(weights) as temporary:
        temporary.write_bytes(content)  # safetensors' own save_file makes files private (0600)
    write_json(network, Network.model_validate(description).model_dump(mode="json"))


def load(weights: Path, network: Path, checkpoint: Checkpoint = "last") -> Policy:
    """Read both files, and of the policies in them one."""
    try:
        description = Network.model_validate(read_json(network))
    except (ValidationError, ValueError) as error:
        raise UserError(
            f"{network} does not describe a policy ({error}); delete it and run the training again."
        ) from None
    arrays = load_weights(weights, checkpoint)
    missing = [name for name in description.arrays if name not in arrays]
    if missing:
        raise UserError(
            f"{weights} has no {missing[0]!r}, which {network.name} beside it names; the two are "
            "of different trainings: delete both and run the training again."
        )
    return Policy(description, arrays)


def together(last: Weights, others: Mapping[str, Weights]) -> Weights:
    """The arrays of one file: `<name>` of the last policy, `<checkpoint>/<name>` of others."""
    prefixed = {
        f"{checkpoint}/{name}": array
        for checkpoint, weights in others.items()
        for name, array in weights.items()
    }
    return last | prefixed


def load_weights(path: Path, checkpoint: Checkpoint = "last") -> Weights:
    """The arrays of one of a training's policies."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        check_safetensors(path, "Delete it, or pull it again.")
        arrays: Weights = load_file(path)
    except (SafetensorError, *ODD) as error:
        raise UserError(
            f"{path} is not a whole safetensors file ({error}); delete it, or pull it again."
        ) from None
    others = tuple(f"{other}/" for other in CHECKPOINTS if other != "last")
    if checkpoint == "last":
        return {name: a for name, a in arrays.items() if not name.startswith(others)}
    prefix = f"{checkpoint}/"
    chosen = {name[len(prefix) :]: a for name, a in arrays.items() if name.startswith(prefix)}
    if not chosen:
        raise UserError(
            f"{path} holds no {checkpoint!r} policy, only the last one; choose last, or delete the "
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
    found["observations"] += network.stages - 1
    if network.pictures is not None:  # these are drawn, whatever the world's numbers are
        del found["observations"]
    trained = {name: getattr(network, name) for name in found}
    if trained != found:
        raise UserError(
            f"the policy was trained for a world with {trained}, but this one has {found}; "
            "evaluate it in the world it was trained in."
        )
