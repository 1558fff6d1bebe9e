"""Demonstrations by the scripts of the simulated tasks: seeded, and successful or refused."""

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from showtell.demos.demo import Demo, Request
from showtell.project.errors import UserError
from showtell.project.seeds import generator, seed
from showtell.rendering.pool import RenderPool
from showtell.study.settings import DemoSettings
from showtell.worlds.script import script_of, shaken
from showtell.worlds.world import LAYOUTS, World

# A world that always starts alike would give the same demonstration each time: from the second
# on, the script's hand drifts a little.
_VARIETY = 0.1


class ScriptedSettings(DemoSettings):
    """How many demonstrations, and how finely they are filmed."""

    states: ClassVar[bool] = True
    scripted: ClassVar[bool] = True

    kind: Literal["scripted"]
    count: PositiveInt  # demonstrations of each task, each of another layout
    attempts: PositiveInt  # at each demonstration, before the task is called too hard

    def available(self) -> int:
        """Demonstrations of each task."""
        return self.count


class _Episode(NamedTuple):
    """One attempt."""

    observations: NDArray[np.float32]  # (T + 1, D)
    actions: NDArray[np.float32]
    true_rewards: NDArray[np.float32]
    successes: NDArray[np.bool_]
    snapshots: NDArray[np.float64]  # (T + 1, S)


class Scripted:
    """Plays scripts; keeps only episodes that succeed by their world's rule."""

    def __init__(self, settings: ScriptedSettings) -> None:
        self._settings = settings

    def demonstrate(self, request: Request) -> Demo:
        """As many successful episodes as are asked for, drawn as the task is seen."""
        world = request.make_world()
        episodes, attempts = self._successes(world, request)
        columns = {
            name: np.stack([getattr(e, name) for e in episodes]) for name in _Episode._fields
        }
        snapshots = columns["snapshots"]
        length = snapshots.shape[1]
        steps = np.linspace(0, length - 1, request.frames or length).round().astype(int)
        shown = snapshots[:, steps].reshape(-1, snapshots.shape[2])
        with RenderPool(world.scene, world.scene_settings()) as pool:
            frames = pool.draw(shown, request.view)
        about = {
            "made_by": "the script of the task, in its own world",
            "attempts": attempts,
            "success_definition": world.success_definition,
            "steps_drawn": steps.tolist(),
            "true_returns": [float(e.true_rewards.sum(dtype=np.float64)) for e in episodes],
        }
        shape = (len(episodes), len(steps), *frames.shape[1:])
        return Demo(frames=frames.reshape(shape), about=about, **columns)

    def _successes(self, world: World, request: Request) -> tuple[list[_Episode], int]:
        """The successful episodes, and how many were played for them."""
        count, most = self._settings.count, self._settings.count * self._settings.attempts
        kept: list[_Episode] = []
        for attempt in range(most):
            episode = _play(world, request, attempt, alike=kept)
            if _succeeded(episode, world):
                kept.append(episode)
            if len(kept) == count:
                return kept, attempt + 1
        raise UserError(
            f"the script of {request.task} succeeded in {len(kept)} of {most} attempts, but "
            f"{count} demonstrations are asked for ({world.success_definition}); raise `attempts` "
            "of its demo, or the task's horizon, in params.yaml."
        )


def _succeeded(episode: _Episode, world: World) -> bool:
    # Meta-World's script swings the door past its goal: by its state at the end, it never opens it.
    steps = episode.successes
    return bool(steps.any() if world.success_rule == "any" else steps[-1])


def _play(world: World, request: Request, attempt: int, alike: list[_Episode]) -> _Episode:
    """One episode from another layout than any before."""
    address: tuple[Any, ...] = (*request.address, "attempt", attempt)
    observation, _ = world.reset(
        seed=seed(request.root, *address), options={"layout": LAYOUTS.demonstration + attempt}
    )
    observations, snapshots = [observation], [world.snapshot()]
    again = any(np.array_equal(snapshots[0], episode.snapshots[0]) for episode in alike)
    act = script_of(world)
    if again:
        act = shaken(act, generator(request.root, *address, "noise"), _VARIETY)
    actions, rewards, successes = [], [], []
    for _ in range(world.horizon):
        action = act()
        observation, _, terminated, truncated, info = world.step(action)
        observations.append(observation)
        actions.append(action)
        rewards.append(info["true_reward"])
        successes.append(info["success"])
        snapshots.append(world.snapshot())
        if terminated or truncated:
            break
    return _Episode(
        np.stack(observations).astype(np.float32),
        np.stack(actions).astype(np.float32),
        np.array(rewards, dtype=np.float32),
        np.array(successes, dtype=np.bool_),
        np.stack(snapshots),
    )


PARTS = {"scripted": (ScriptedSettings, "Scripted")}
