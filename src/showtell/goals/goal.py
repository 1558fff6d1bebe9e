"""The face of a goal: what was shown or told, as one target that rewards compare with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from showtell.nets.encoder import Encoder, read_error
from showtell.project.files import replacing

if TYPE_CHECKING:
    from torch import Tensor

    from showtell.demos.demo import Demo

Vector = NDArray[np.float32]  # (D,), of length 1 where the encoder's are


@dataclass(frozen=True)
class Target:
    """Where an agent should get to, in an encoder's space."""

    goal: Vector
    baseline: Vector | None  # the setting without the goal, if a paper names one
    shown: Mapping[str, Any]  # what it was made from, as plain data

    def save(self, path: Path) -> None:
        """Write the target as safetensors, atomically."""
        from safetensors.numpy import save_file

        tensors = {"goal": self.goal}
        if self.baseline is not None:
            tensors["baseline"] = self.baseline
        with replacing(path) as temporary:
            save_file(
                tensors, temporary, metadata={"shown": json.dumps(self.shown, sort_keys=True)}
            )

    @classmethod
    def load(cls, path: Path) -> "Target":
        """Read what `save` wrote."""
        from safetensors import SafetensorError, safe_open

        cure = "delete it and make it again with: make reproduce"
        try:
            with safe_open(path, framework="numpy") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                shown = json.loads(file.metadata()["shown"])
            return cls(tensors["goal"], tensors.get("baseline"), shown)
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise read_error(path, "a target embedding", cure, error) from None


class Goal(Protocol):
    """Something that was shown or told."""

    def embed(
        self, encoder: Encoder, prompts: Mapping[str, Any] | None, demo: "Demo | None" = None
    ) -> Target:
        """Its target; `prompts` are the sentences of the task, `demo` what is shown, if any."""
        ...


def mean(vectors: "Tensor", encoder: Encoder) -> Vector:
    """The average of some of an encoder's vectors, of length 1 where they are: (N, D) -> (D,)."""
    average = vectors.numpy().astype(np.float64).mean(axis=0)
    if encoder.normalised:
        average /= np.linalg.norm(average)
    return np.asarray(average, dtype=np.float32)
