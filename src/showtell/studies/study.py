"""The interface of a study: what is measured without any training."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from showtell.learners.policies import Policy
from showtell.media.frames import resize_picture
from showtell.nets.distance import Distance
from showtell.nets.encoder import Clips, Encoder
from showtell.project.archives import check_arrays
from showtell.project.files import replacing
from showtell.rendering.scene import Frames, Snapshots, View
from showtell.rewards.reading import ReadFrames, frames_for, parts
from showtell.rewards.reward import Comparing, Episodes, Reads, Reward
from showtell.worlds.world import DrawableStates, SettableStates, World

if TYPE_CHECKING:
    from torch import Tensor

    from showtell.demos.demo import Demo
    from showtell.labels.frames import Labelled

Array = NDArray[np.float64]
Value = str | int | float | None


def _missing() -> Any:
    raise ValueError("the study plays policies, but its subject has none")


class TrainedAgent(NamedTuple):
    """An agent of the experiment, after its first training."""

    method: str
    seed: int
    policy: Policy


@dataclass(frozen=True)
class StudyInputs:
    """The rewards that are measured, and where; for some studies also what is played."""

    world: DrawableStates
    rewards: Mapping[str, Reward]  # method -> its reward
    variants: Mapping[str, Mapping[str, Value]]  # method -> what a sweep set of its reward
    draw: Callable[[Snapshots, View], Frames]
    # Task whose sentence or demo is meant -> method -> the reward that compares with it.
    rewards_of: Mapping[str, Mapping[str, Reward]] = field(default_factory=dict)
    demos: Mapping[str, "Demo"] = field(default_factory=dict)  # of the task
    make_world: Callable[[], World] = _missing  # another one like `world`
    untrained: Callable[[], Policy] = _missing  # the policy that a training begins with
    labelled: "Labelled | None" = None  # frames that people labelled, where the study asks
    # (method, task whose sentence is meant) -> the share of its content words its encoder knows.
    known_words: Mapping[tuple[str, str], float] = field(default_factory=dict)
    # Method -> the size of the network behind its reward; none for rewards without one.
    parameters: Mapping[str, int] = field(default_factory=dict)
    trained: Sequence[TrainedAgent] = ()  # where the study asks
    _drawn: dict[Reads, ReadFrames] = field(default_factory=dict)

    @property
    def swept(self) -> tuple[str, ...]:
        """The settings that differ between methods of a sweep: columns of a table."""
        return tuple(dict.fromkeys(key for of in self.variants.values() for key in of))

    def named(self, method: str) -> tuple[Value, ...]:
        """The cells that say which method a row is about: its name, and what a sweep set."""
        return method, *(self.variants.get(method, {}).get(key) for key in self.swept)

    def watched(
        self,
        reward: Reward,
        episodes: Episodes,
        snapshots: Snapshots,
        starts: Snapshots | None = None,
    ) -> Episodes:
        """The episodes with the frames that a reward reads; the same frames are drawn once."""
        if reward.reads not in self._drawn:
            self._drawn[reward.reads] = frames_for(reward.reads, snapshots, self.draw, starts)
        return replace(episodes, **self._drawn[reward.reads]._asdict())

    def scores(self, snapshots: Snapshots) -> dict[str, Array]:
        """Method -> the reward of each of these moments, (N,)."""
        views = {reward.reads.view for reward in self.rewards.values()}
        scored = []
        for of in parts(len(snapshots), 1, *map(Reads, views)):
            drawn = {view: self._episodes(snapshots[of], view) for view in views}
            scored.append({name: _score(reward, drawn) for name, reward in self.rewards.items()})
        return {
            method: np.concatenate([part[method] for part in scored]) for method in self.rewards
        }

    def scores_of_pictures(self, pictures: Sequence[Frames]) -> dict[str, Array]:
        """Method -> the reward of each picture, (N,), at the size that the reward reads."""
        drawn: dict[View | None, Episodes] = {}
        for reward in self.rewards.values():
            view = reward.reads.view
            if view is None:
                raise ValueError("a reward of states has no value for a picture")
            if view not in drawn:
                frames = [resize_picture(one, view.width, view.height) for one in pictures]
                drawn[view] = _of_pictures(np.stack(frames))
        return {name: _score(reward, drawn) for name, reward in self.rewards.items()}

    def true_rewards(self, moments: Snapshots) -> Array:
        """The true reward of each moment, (N,); NaN where the world knows none of a state alone."""
        if isinstance(self.world, SettableStates):
            return self.world.true_rewards(moments)
        return np.full(len(moments), np.nan)

    def _episodes(self, moments: Snapshots, view: View | None) -> Episodes:
        return Episodes(
            observations=moments[:, None].astype(np.float32),
            actions=np.zeros((len(moments), 1), dtype=np.float32),
            true_rewards=self.true_rewards(moments)[:, None].astype(np.float32),
            successes=self.world.successes(moments)[:, None],
            frames=None if view is None else self.draw(moments, view)[:, None],
        )


class Measured(NamedTuple):
    """A table of numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    # What a figure shows of it: name -> frames in order of time, (N, H, W, 3).
    strips: Mapping[str, Frames] = {}

    @property
    def csv(self) -> str:
        """The table as CSV: floats read back equal, an empty cell is a number that is not."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return stream.getvalue()


def write_strips(path: Path, strips: Mapping[str, Frames]) -> None:
    """Write the frames of a study, for most studies none."""
    with replacing(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **dict[str, Any](strips))


def read_strips(path: Path) -> dict[str, Frames]:
    """Read what `write_strips` wrote."""
    check_arrays(path, "a whole file of strips", "delete it and run `make reproduce` again")
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


class Study(Protocol):
    """A measurement."""

    def measure(self, subject: StudyInputs, root: int, address: tuple[str | int, ...]) -> Measured:
        """The table; its random draws use the branch `address` of the seed tree."""
        ...


class CachedEncoder:
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


def cached(network: Encoder | Distance) -> Encoder | Distance:
    """The network, which encodes the same pictures once; a distance compares them every time."""
    return network if isinstance(network, Distance) else CachedEncoder(network)


def whole_scores(reward: Reward, seen: Episodes) -> tuple[Array, Array]:
    """The score of each episode, and its cosine with the goal, NaN where the reward has none."""
    scores = reward.score(seen).sum(axis=1, dtype=np.float64)
    if not isinstance(reward, Comparing):
        return scores, np.full(len(scores), np.nan)
    return scores, np.asarray(reward.similarity(seen), dtype=np.float64)


def _of_pictures(frames: Frames) -> Episodes:
    """Episodes of one step, of which nothing but the picture is known."""
    nothing = np.zeros((len(frames), 1), dtype=np.float32)
    return Episodes(nothing[:, None], nothing, nothing, nothing.astype(bool), frames[:, None])


def _score(reward: Reward, drawn: Mapping[View | None, Episodes]) -> Array:
    return reward.score(drawn[reward.reads.view])[:, 0].astype(np.float64)


def _same(one: Frames, other: Frames | None) -> bool:
    """Whether two arrays are views of the same bytes: no pixel is read."""
    return other is not None and one.__array_interface__ == other.__array_interface__


def _cell(value: Value) -> str:
    if value is None or value != value:  # NaN differs from itself
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)
