"""The face of a study: rewards are measured at states that are set, without any agent."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from showtell.nets.encoder import Clips, Encoder
from showtell.rendering.scene import Frames, Snapshots, View
from showtell.rewards.reward import Episodes, Reward

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float64]
Value = str | int | float | None

_FRAME_BYTES = 256 << 20  # frames held at once; more states are drawn and scored in parts


class States(Protocol):
    """A world whose states can be set and judged at will."""

    def landscape(self, variable: str, values: Array) -> Snapshots:
        """Snapshots at rest where one variable runs through `values`."""
        ...

    def uniform(self, generator: np.random.Generator, n: int) -> Snapshots:
        """States drawn uniformly from all that the world allows."""
        ...

    def true_rewards(self, snapshots: Snapshots) -> Array:
        """The true reward of each moment."""
        ...

    def successes(self, snapshots: Snapshots) -> NDArray[np.bool_]:
        """Whether each moment counts as a success."""
        ...


@dataclass(frozen=True)
class Subject:
    """The rewards that are measured, and where."""

    world: States
    rewards: Mapping[str, Reward]  # method -> its reward
    alphas: Mapping[str, float | None]  # method -> its regularisation, if it has one
    draw: Callable[[Snapshots, View], Frames]
    # Task whose sentence or demo is meant -> method -> the reward that compares with it.
    told: Mapping[str, Mapping[str, Reward]] = field(default_factory=dict)
    _drawn: dict[tuple[View, bytes], Frames] = field(default_factory=dict)

    def watched(self, reward: Reward, episodes: Episodes, snapshots: Snapshots) -> Episodes:
        """The episodes with the frames that a reward reads; the same frames are drawn once."""
        view = reward.reads.view
        if view is None:
            return episodes
        steps = reward.reads.steps(snapshots.shape[1])
        key = (view, steps.tobytes())
        if key not in self._drawn:
            moments = snapshots[:, steps]
            flat = self.draw(moments.reshape(-1, moments.shape[-1]), view)
            self._drawn[key] = flat.reshape(*moments.shape[:2], *flat.shape[1:])
        return replace(episodes, frames=self._drawn[key])

    def scores(self, snapshots: Snapshots) -> dict[str, Array]:
        """Method -> the reward of each of these moments, (N,)."""
        parts = [
            {method: self._score(reward, part) for method, reward in self.rewards.items()}
            for part in self._parts(snapshots)
        ]
        return {method: np.concatenate([part[method] for part in parts]) for method in self.rewards}

    def _parts(self, snapshots: Snapshots) -> Iterator[dict[View | None, Episodes]]:
        """The moments as episodes of one step, with frames of each view that is asked for."""
        views = {reward.reads.view for reward in self.rewards.values()}
        pixels = sum(view.height * view.width for view in views if view is not None)
        size = max(1, _FRAME_BYTES // (3 * pixels)) if pixels else len(snapshots)
        for first in range(0, len(snapshots), size):
            moments = snapshots[first : first + size]
            yield {view: self._episodes(moments, view) for view in views}

    def _episodes(self, moments: Snapshots, view: View | None) -> Episodes:
        return Episodes(
            observations=moments[:, None].astype(np.float32),
            actions=np.zeros((len(moments), 1), dtype=np.float32),
            true_rewards=self.world.true_rewards(moments)[:, None].astype(np.float32),
            successes=self.world.successes(moments)[:, None],
            frames=None if view is None else self.draw(moments, view)[:, None],
        )

    def _score(self, reward: Reward, part: Mapping[View | None, Episodes]) -> Array:
        return reward.score(part[reward.reads.view])[:, 0].astype(np.float64)


class Measured(NamedTuple):
    """A table of numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]

    @property
    def csv(self) -> str:
        """The table as CSV: floats read back equal, an empty cell is a number that is not."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return stream.getvalue()


class Study(Protocol):
    """A measurement."""

    def measure(self, subject: Subject, root: int, address: tuple[str | int, ...]) -> Measured:
        """The table; randomness hangs at `address` in the seed tree."""
        ...


class Once:
    """An encoder that encodes the same pictures once, however many rewards ask for them."""

    def __init__(self, encoder: Encoder) -> None:
        self.dimensions = encoder.dimensions
        self._encoder = encoder
        # Pictures are held with their vectors, so that their memory is not another's meanwhile.
        self._known: dict[str, tuple[Frames, Tensor]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def image(self, frames: Frames) -> "Tensor":
        """One vector a frame; remembered until other frames come."""
        return self._once("image", frames)

    def video(self, clips: Clips) -> "Tensor":
        """One vector a clip; remembered until other clips come."""
        return self._once("video", clips)

    def text(self, sentences: list[str]) -> "Tensor":
        """One vector a sentence."""
        return self._encoder.text(sentences)

    def _once(self, kind: str, pictures: Frames) -> "Tensor":
        known, vectors = self._known.get(kind, (None, None))
        if vectors is None or not _same(pictures, known):
            vectors = getattr(self._encoder, kind)(pictures)
            self._known[kind] = pictures, vectors
        return vectors


def _same(one: Frames, other: Frames | None) -> bool:
    """Whether two arrays are views of the same bytes: no pixel is read."""
    return other is not None and one.__array_interface__ == other.__array_interface__


def _cell(value: Value) -> str:
    if value is None or value != value:  # NaN differs from itself
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)
