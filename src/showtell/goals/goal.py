"""The interface of a goal, and the target that it becomes: one or several stages in a file."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from showtell.nets.distance import Distance, Stage, Vector
from showtell.nets.encoder import Encoder, read_error
from showtell.project.bounds import ODD, BoundError, check_safetensors, loads
from showtell.project.errors import UserError
from showtell.project.files import replacing
from showtell.rendering.scene import Frames, Snapshots, View

if TYPE_CHECKING:
    from torch import Tensor

    from showtell.demos.demo import Demo
    from showtell.worlds.world import World


@dataclass(frozen=True)
class Target:
    """What an agent shall reach: stages in their order, as embeddings, pictures or both."""

    stages: tuple[Stage, ...]
    baseline: Vector | None  # VLM-RM's embedding of the setting without the goal, if there is one
    source: Mapping[str, Any]  # what it was made from, as plain data

    @classmethod
    def of(
        cls, goal: Vector, baseline: Vector | None = None, source: Mapping[str, Any] | None = None
    ) -> "Target":
        """The target of a single embedding."""
        return cls((Stage(embedding=goal),), baseline, source or {})

    @property
    def goal(self) -> Vector:
        """The embedding of a target that has one stage."""
        if len(self.stages) != 1:
            raise UserError(
                f"this goal has {len(self.stages)} stages, and the reward compares with a single "
                "embedding, as 'clip', 'roboclip' and 'last_frame' do; set `stages: last` of the "
                "goal, or use the reward 'distance', which takes several stages."
            )
        (stage,) = self.stages
        if stage.embedding is None:
            raise UserError(
                "this goal is a picture without an embedding, and the reward compares embeddings; "
                "set `encoder` of the goal, or use the reward 'distance' with `distance: pixels`."
            )
        return stage.embedding

    def save(self, path: Path) -> None:
        """Write the target as safetensors, atomically."""
        from safetensors.numpy import save

        tensors: dict[str, np.ndarray[Any, Any]] = {}
        for number, stage in enumerate(self.stages):
            if stage.embedding is not None:
                tensors[f"stage{number}.embedding"] = stage.embedding
            if stage.picture is not None:
                tensors[f"stage{number}.picture"] = np.ascontiguousarray(stage.picture)
        if self.baseline is not None:
            tensors["baseline"] = self.baseline
        # One entry: safetensors writes several in an order that differs from run to run.
        about = json.dumps({"stages": len(self.stages), "source": self.source}, sort_keys=True)
        with replacing(path) as temporary:
            temporary.write_bytes(save(tensors, metadata={"target": about}))

    @classmethod
    def load(cls, path: Path) -> "Target":
        """Read what `save` wrote."""
        from safetensors import SafetensorError, safe_open

        expected = "a target with stages"
        cure = "delete it and make it again with: make reproduce"
        try:
            check_safetensors(path, cure)
            with safe_open(path, framework="numpy") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                metadata = file.metadata()
            if "goal" in tensors:
                expected += " but a single embedding in the format of an earlier version"
            about = loads(metadata["target"])
            stages = tuple(
                Stage(tensors.get(f"stage{n}.embedding"), tensors.get(f"stage{n}.picture"))
                for n in range(about["stages"])
            )
            return cls(stages, tensors.get("baseline"), about["source"])
        except BoundError:
            raise
        except (SafetensorError, OSError, KeyError, TypeError, ValueError, *ODD) as error:
            raise read_error(path, expected, cure, error) from None


class Drawing(NamedTuple):
    """A world, and how its moments are drawn: what a rendered goal is made from."""

    world: "World"
    draw: Callable[[Snapshots, View], Frames]
    view: View


class Goal(Protocol):
    """A sentence, a video or an image that says what an agent shall reach."""

    def embed(
        self,
        encoder: Encoder | Distance | None,
        prompts: Mapping[str, Any] | None,
        demo: "Demo | None" = None,
        drawing: Drawing | None = None,
    ) -> Target:
        """Its target, from the task's sentences, from a demo, or from the task's world.

        `encoder` is None for goals that are pictures only.
        """
        ...


def embedding_encoder(encoder: Encoder | Distance | None, kind: str) -> Encoder:
    """The encoder of a goal that is an embedding; a network of distances has none."""
    if encoder is None or isinstance(encoder, Distance):
        raise UserError(
            f"a goal of the kind {kind!r} is an embedding, but its `encoder` is a network that "
            "measures distances between pictures; name an encoder such as CLIP or S3D."
        )
    return encoder


def mean(vectors: "Tensor", *, normalise: bool) -> Vector:
    """The average of some vectors, scaled to length 1 if asked: (N, D) -> (D,)."""
    average = vectors.numpy().astype(np.float64).mean(axis=0)
    if normalise:
        average /= np.linalg.norm(average)
    return np.asarray(average, dtype=np.float32)
