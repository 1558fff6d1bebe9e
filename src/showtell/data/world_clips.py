"""Clips of the worlds that agents live in, each with the sentences that are true of it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt

from showtell.data.captions import OTHER_NAMES, Outcome, caption, nouns, outcome, prompt
from showtell.data.samples import Narrated, Request
from showtell.media.cartoons import SCENES, cartoon
from showtell.nets.encoder import Clips
from showtell.project.errors import UserError
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import Snapshots, View, view_of
from showtell.study.registry import build, part
from showtell.study.settings import DatasetSettings, Samples
from showtell.worlds.exploration import behaviour
from showtell.worlds.words import Words
from showtell.worlds.world import Measurable, World

Captions = tuple[str, ...]
Task = Mapping[str, Any]  # of params.yaml: world and view
_DRAWN_AT_ONCE = 50  # episodes
_TRIES = 4  # episodes for a clip, in the mean
_NOTE = (
    "A stand-in trained on clips of this very simulator, captioned by rule from what happened in "
    "it: it has seen the simulator, which the public S3D has not, so it tests the machinery and "
    "the learning, not the transfer from human videos to robots."
)


class WorldClipsSettings(DatasetSettings):
    """How many clips are made of which tasks, and how they look."""

    samples: ClassVar[Samples] = "clips"

    kind: Literal["world_clips"]
    tasks: dict[str, PositiveInt]  # a task of params.yaml -> clips
    other_views: float = Field(ge=0, lt=1)  # share of the clips that another camera saw
    hands: NonNegativeInt  # cartoons of a hand, of each task that it knows
    held_out: float = Field(gt=0, lt=1)  # share of the clips
    nouns: bool  # whether the name of the thing alone is a caption too, after the sentence
    # Share of a robot's clips that succeed, at least: some scripts rarely do when they are slow and
    # shaken. Episodes that fail are played again, four for a clip at most.
    successes: float = Field(default=0.0, ge=0, lt=1)

    def task_names(self) -> Collection[str]:
        """The tasks whose worlds are played."""
        return sorted(self.tasks)


class Recorded(NamedTuple):
    """An episode: what moved, and what may be said of it."""

    snapshots: Snapshots
    captions: Captions


class WorldClips:
    """Plays episodes of every kind, draws their frames, and captions the outcome of each."""

    def __init__(self, settings: WorldClipsSettings) -> None:
        self._settings = settings
        names = ", ".join(settings.task_names())
        self.note = f"{_NOTE} Its tasks: {names}." if names else _NOTE

    def make(self, generator: np.random.Generator, request: Request) -> tuple[Narrated, Narrated]:
        """(training, held out): different episodes, in random order."""
        # A branch each: the clips of one task do not depend on which others there are.
        parts = [
            self._of_task(request, name, count, branch)
            for (name, count), branch in zip(
                self._settings.tasks.items(),
                generator.spawn(len(self._settings.tasks)),
                strict=True,
            )
        ]
        parts += [
            self._of_hand(request, task, generator) for task in SCENES if self._settings.hands
        ]
        clips = np.concatenate([part.clips for part in parts])
        captions = [bag for part in parts for bag in part.captions]
        asked = [sentence for part in parts for sentence in part.asked]
        things = [thing for part in parts for thing in part.things]
        order = generator.permutation(len(clips))
        cut = max(1, round(self._settings.held_out * len(clips)))
        return tuple(  # type: ignore[return-value]
            Narrated(
                clips[rows],
                [captions[row] for row in rows],
                [asked[row] for row in rows],
                [things[row] for row in rows],
            )
            for rows in (order[cut:], order[:cut])
        )

    def _of_task(
        self, request: Request, name: str, count: int, generator: np.random.Generator
    ) -> Narrated:
        """Episodes of one task; while some are drawn, the next are played."""
        task = request.tasks[name]
        world = _world(task)
        episodes: list[Recorded] = []
        drawn: list[Future[Clips]] = []
        with (
            RenderPool(world.scene, world.scene_settings()) as pool,
            ThreadPoolExecutor(1) as artist,
        ):
            played = self._played(world, generator, _length(request), count)
            while some := list(islice(played, _DRAWN_AT_ONCE)):
                views = [self._view(request, task, world, generator) for _ in some]
                drawn.append(artist.submit(_draw, pool, some, views))
                episodes += some
            clips = np.concatenate([future.result() for future in drawn])
        words = _words(world)
        captions = [(*episode.captions, *self._nouns(words)) for episode in episodes]
        return Narrated(clips, captions, [prompt(words)] * count, [words.thing] * count)

    def _played(
        self, world: World, generator: np.random.Generator, frames: int, count: int
    ) -> Iterator[Recorded]:
        """So many episodes, of which a share succeeds."""
        failures, spare = count - round(self._settings.successes * count), (_TRIES - 1) * count
        while count:
            episode = record(world, generator, frames)
            if prompt(_words(world)) not in episode.captions:
                if not failures and spare:
                    spare -= 1
                    continue
                failures = max(0, failures - 1)
            count -= 1
            yield episode

    def _nouns(self, words: Words) -> Captions:
        """What else is said of an episode with this thing."""
        return nouns(words) if self._settings.nouns else ()

    def _view(
        self, request: Request, task: Task, world: World, generator: np.random.Generator
    ) -> View:
        """The task's own view, or now and then another camera's."""
        view = view_of(task["camera"], request.width, request.height)._replace(quality="fast")
        others = world.other_views
        if not others or generator.random() >= self._settings.other_views:
            return view
        return view._replace(**others[int(generator.integers(len(others)))])

    def _of_hand(self, request: Request, task: str, generator: np.random.Generator) -> Narrated:
        """Cartoons in which all of the work is done, some of it, or none."""
        settings = self._settings
        size = _length(request), request.width, request.height
        came = [list(_HANDS)[n] for n in generator.integers(len(_HANDS), size=settings.hands)]
        clips = [cartoon(task, generator, *size, _HANDS[each](generator)) for each in came]
        words = HAND_WORDS[task]
        captions: list[Captions] = [
            (caption(words, each, actor="hand"), *self._nouns(words)) for each in came
        ]
        asked = [prompt(words, actor="hand")] * settings.hands
        # The robot's name for it, so that hands and robots meet in a batch.
        things = [next((n for n, of in OTHER_NAMES.items() if words.thing in of), words.thing)]
        return Narrated(np.stack(clips), captions, asked, things * settings.hands)


# The words for each cartoon.
HAND_WORDS: Mapping[str, Words] = {
    "button-press": Words("red button", "pushing"),
    "drawer-open": Words("green drawer", "opening"),
    "door-open": Words("door", "opening"),  # of wood
    "coffee-push": Words("white cup", "pushing"),
    "faucet-open": Words("red faucet", "turning"),
}
# The share of the work that a hand does, by what comes of it.
_HANDS: Mapping[Outcome, Callable[[np.random.Generator], float]] = {
    Outcome.DONE: lambda draws: 1.0,
    Outcome.BEGUN: lambda draws: draws.uniform(0.3, 0.6),
    Outcome.NEAR: lambda draws: 0.0,
}


def _length(request: Request) -> int:
    """The frames of a clip."""
    assert request.frames is not None
    return request.frames


def _draw(pool: RenderPool, episodes: list[Recorded], views: list[View]) -> Clips:
    """The clips of some episodes of one world, each from its own view: (N, T, H, W, 3)."""
    frames = len(episodes[0].snapshots)
    clips = np.empty((len(episodes), frames, views[0].height, views[0].width, 3), np.uint8)
    for view in dict.fromkeys(views):
        rows = [row for row, of in enumerate(views) if of == view]
        moments = np.concatenate([episodes[row].snapshots for row in rows])
        clips[rows] = pool.draw(moments, view).reshape(-1, *clips.shape[1:])
    return clips


def record(world: World, generator: np.random.Generator, frames: int) -> Recorded:
    """One episode of some behaviour."""
    world.reset(seed=int(generator.integers(2**31)))
    assert isinstance(world, Measurable)
    first, success, moments = world.progress(), False, []
    for action in islice(behaviour(world, generator), world.horizon):
        *_, info = world.step(action)
        success = success or bool(info["success"])
        moments.append(world.snapshot())
    kept = np.linspace(0, world.horizon - 1, frames).round().astype(int)
    captions = (caption(_words(world), outcome(success, first, world.progress())),)
    return Recorded(np.stack(moments)[kept], captions)


def _world(task: Task) -> World:
    """The task's world, with a layout of its own in every episode."""
    settings = part("worlds", task["world"]["kind"]).settings
    values = dict(task["world"])
    if "layouts" in settings.model_fields:
        values["layouts"] = "resampled"
    world: World = build("worlds", settings.model_validate(values))
    if world.words is None or not isinstance(world, Measurable):
        raise UserError(
            f"clips of {task['world']} cannot be captioned: the world has no words for this task "
            "or does not measure its progress; leave the task out of the dataset."
        )
    return world


def _words(world: World) -> Words:
    assert world.words is not None
    return world.words


PARTS = {"world_clips": (WorldClipsSettings, "WorldClips")}
