"""The interface of a world: a gymnasium environment that can be redrawn from a flat array."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import gymnasium
import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from showtell.project.seeds import seed
from showtell.study.settings import WorldSettings
from showtell.worlds.words import Words

Array = NDArray[np.float64]
Observation = NDArray[np.float32]
Snapshots = NDArray[np.float64]  # (N, D), each row enough to redraw one moment
Action = NDArray[np.float32]  # (A,), within the world's box
Script = Callable[[], Action]  # the next action: ask once before every step of an episode

# An episode succeeds if it does so at any step, at its last, at half of them or at every one.
SuccessRule = Literal["any", "final", "half", "always"]


class FixedHorizonSettings(WorldSettings):
    """The clock of a world whose episodes have a fixed number of steps."""

    horizon: PositiveInt  # steps of an episode
    end: Literal["terminal", "truncated"]  # what the horizon is reported as
    observe_time: bool  # append t / horizon to the observation


class Layouts(NamedTuple):
    """Where the numbers of fixed layouts begin, by use: no range meets another."""

    training: int  # one for each environment: RoboCLIP has 8, 0 to 7
    evaluation: int  # one for each episode: RoboCLIP's are 10 to 17
    demonstration: int  # one for each attempt


LAYOUTS = Layouts(training=0, evaluation=10, demonstration=1000)


class Look(NamedTuple):
    """One way to draw a task in the gallery: changes of its world's settings and of its view."""

    label: str
    world: Mapping[str, Any] = MappingProxyType({})
    view: Mapping[str, Any] = MappingProxyType({})


class Change(NamedTuple):
    """What differs where a task is seen in another scene than its own."""

    world: Mapping[str, Any] = MappingProxyType({})  # of its settings: other episodes
    scene: Mapping[str, Any] = MappingProxyType({})  # of the scene's: other pictures alone
    view: Mapping[str, Any] = MappingProxyType({})


class World(gymnasium.Env[Observation, Any]):
    """An environment whose every step says `info["success"]` and `info["true_reward"]`.

    `step` returns the true reward too; a learner with another reward replaces it. Where a world
    has numbered layouts, `reset(options={"layout": k})` chooses one; the others ignore it.
    """

    success_definition: str  # one sentence, printed beside every success rate
    success_rule: ClassVar[SuccessRule]
    scene: ClassVar[str]  # "module:Class" of the Scene that draws this world
    looks: ClassVar[tuple[Look, ...]] = (Look(""),)  # in the gallery
    # Views besides the task's own in which datasets of clips show this world.
    other_views: ClassVar[tuple[Mapping[str, Any], ...]] = ()
    words: Words | None = None  # how people speak of the task
    horizon: int

    def __init__(self, settings: FixedHorizonSettings) -> None:
        self.horizon = settings.horizon
        self._end = settings.end
        self._observe_time = settings.observe_time
        self._time = 0  # steps since the last reset

    @abstractmethod
    def snapshot(self) -> Array:
        """A flat array that is enough to redraw this moment."""

    def scene_settings(self) -> dict[str, Any]:
        """What the scene needs to be built: plain JSON values."""
        return {}

    def example(self) -> Array | None:
        """The snapshot of a success that no script has to reach, if the world knows one."""
        return None

    def _over(self, *, ended: bool = False) -> tuple[bool, bool]:
        """(terminated, truncated) by the clock, or terminated because the task `ended`."""
        over = self._time >= self.horizon
        terminated = ended or (over and self._end == "terminal")
        return terminated, over and not terminated

    def _with_time(self, *observed: Sequence[float] | Array) -> Observation:
        """The observation: these vectors, and the time where the settings ask for it."""
        if self._observe_time:
            observed = (*observed, (self._time / self.horizon,))
        return np.concatenate(observed, dtype=np.float32, casting="same_kind")


@runtime_checkable
class Scripted(Protocol):
    """A world with a script that succeeds from nearly every start."""

    has_script: bool  # with these settings

    def script(self) -> Script:
        """The script of one episode; made after the world's reset."""
        ...


class Progress(NamedTuple):
    """The distance from the hand to the thing, and from the thing to its goal."""

    reach: float  # m
    left: float  # in the units of the world's own success rule


@runtime_checkable
class Measurable(Protocol):
    """A world that measures how far its task is done."""

    def progress(self) -> Progress:
        """The distances of the present moment."""
        ...


@runtime_checkable
class Reachable(Protocol):
    """A world whose action is a move of the hand (x, y, z) and a grip."""

    def hand_and_thing(self) -> tuple[Array, Array]:
        """Where the hand and the thing to be moved are, (3,) each."""
        ...


@runtime_checkable
class DrawableStates(Protocol):
    """A world whose states can be drawn at random, and that knows whether each is a success."""

    def uniform(self, generator: np.random.Generator, n: int) -> Snapshots:
        """States drawn uniformly from all that the world allows."""
        ...

    def successes(self, snapshots: Snapshots) -> NDArray[np.bool_]:
        """Whether each moment counts as a success."""
        ...


@runtime_checkable
class SettableStates(DrawableStates, Protocol):
    """A world whose states can be drawn or set at will, with the true reward of each."""

    def landscape(self, variable: str, values: Array) -> Snapshots:
        """Snapshots at rest where one variable runs through `values`."""
        ...

    def true_rewards(self, snapshots: Snapshots) -> Array:
        """The true reward of each moment."""
        ...


@runtime_checkable
class ShowsGoals(Protocol):
    """A world that finds the moments which its goal images show."""

    def goal_snapshots(self, seed: int = 0) -> Snapshots:
        """One moment for each stage of the task."""
        ...


@runtime_checkable
class Parted(Protocol):
    """A world whose snapshots keep the arm's joints apart from the things'."""

    arm: slice  # of a snapshot
    things: slice

    def succeeded(self, snapshot: Array) -> bool:
        """Whether a moment counts as success."""
        ...


@runtime_checkable
class Changeable(Protocol):
    """A world that can be seen in other scenes than the task's own."""

    changes: ClassVar[Mapping[str, Change]]  # by name

    def changed(self, settings: Mapping[str, Any]) -> World:
        """The same task with some settings changed."""
        ...


class SeededEpisodes(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Seeds every episode by its number, so that a resumed run meets the same episodes.

    Each `info`, a reset's too, carries the snapshot taken *before* a vectorised environment can
    reset, so no frame of the next episode ever stands for the last step of this one.
    """

    def __init__(self, world: World, root: int, *address: str | int, layout: int = 0) -> None:
        """`address` is this environment's branch of the seed tree; `layout`, of every episode."""
        super().__init__(world)
        self.world = world
        self.next_episode = 0
        self.layout = layout
        self.start: NDArray[np.float64] = np.empty(0)  # the snapshot after the last reset
        self._root = root
        self._address = address

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start the next episode; a seed given from outside is ignored."""
        episode_seed = _episode_seed(self._root, self._address, self.next_episode)
        self.next_episode += 1
        layout = {"layout": self.layout} | (options or {})
        observation, info = self.env.reset(seed=episode_seed, options=layout)
        self.start = info["snapshot"] = self.world.snapshot()
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step, with the snapshot of where it led."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info["snapshot"] = self.world.snapshot()
        return observation, reward, terminated, truncated, info


def _episode_seed(root: int, address: tuple[str | int, ...], episode: int) -> int:
    return seed(root, *address, "episode", episode)
