"""Meta-World's tasks, run lean: their own rules and rewards, a fifth of their time a step.

Three things cost Meta-World most of a step: numpy functions called on single numbers (`fast`
replaces them), looking bodies up by name, and a whole `mj_forward` after the physics where
positions alone are asked for. Here views are kept for the second; `mj_kinematics` replaces the
third. From the same state, a step leads to the same bits as Meta-World's. Over an episode the two
drift apart by the solver's tolerance (1e-9), because that `mj_forward` also moved the solver's
starting guess.
"""

import copy
import math
from contextlib import nullcontext
from functools import cache, cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.worlds.metaworld.spread import Wide
from showtell.worlds.simulator.models import bare_model, mujoco

fast: Any = None
if find_spec("showtell.worlds.metaworld.fast"):  # all of that file is performance
    from showtell.worlds.metaworld import fast

with fast.light_imports() if fast else nullcontext():
    from metaworld.env_dict import ALL_V3_ENVIRONMENTS

Array = NDArray[np.float64]


def build(
    task: str, reward: str, hide_goal: bool, wide: Wide | None = None, *, scalar: bool = True
) -> Any:
    """One task by its name without the version, e.g. `drawer-close`; see `_Lean` for its use.

    Layouts are drawn from the published boxes, or from those of `wide`. Without the `scalar`
    functions of `fast` it gives the same bits, more slowly.
    """
    env = _lean(task, scalar=scalar)(reward_function_version=reward)
    env._set_task_called = True
    env._wide = wide
    if not hide_goal:
        env._partially_observable = False
        del env.sawyer_observation_space  # Meta-World caches it
    env._low, env._high = env.sawyer_observation_space.low, env.sawyer_observation_space.high
    return env


class _Lean:
    """What is changed in every task; stands before the task's own class."""

    model: Any
    data: Any
    fullpath: str
    frame_skip: int
    hand_init_pos: Array
    _wide: Wide | None = None
    _low: Array
    _high: Array

    def _initialize_simulation(self) -> tuple[Any, Any]:
        model = copy.copy(bare_model(self.fullpath))
        return model, mujoco.MjData(model)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._original = self.model.body_pos.copy(), self.model.site_pos.copy()
        self._reached: dict[bytes, Array] = {}
        self._draws: np.random.Generator | np.random.RandomState | None = None

    def advance(self, action: NDArray[np.floating[Any]]) -> tuple[Array, float, bool]:
        """One step: the observation, the true reward, and whether the task is done."""
        self.set_xyz_action(action[:3])
        self.do_simulation((action[3], -action[3]), self.frame_skip)
        mujoco.mj_kinematics(self.model, self.data)
        observation = self._get_obs()
        np.maximum(observation, self._low, out=observation)
        np.minimum(observation, self._high, out=observation)
        reward, info = self.evaluate_state(observation, action)  # type: ignore[attr-defined]
        return observation, float(reward), bool(info["success"])

    def freeze(self, seed: int) -> None:
        """From now on, begin every episode with the layout of an environment built with `seed`.

        RoboCLIP's fork draws once; Meta-World 3's constructor draws twice and keeps the second.
        """
        self.begin(np.random.RandomState(seed))

    def begin(self, draws: np.random.Generator | np.random.RandomState | None = None) -> Array:
        """Begin an episode: in a layout drawn from `draws`, or in the frozen one."""
        if draws is not None:
            # As in a new environment, whatever the last episode's layout was.
            self.model.body_pos[:], self.model.site_pos[:] = self._original
            if self._wide is not None:
                self.hand_init_pos = draws.uniform(self._wide.hand_low, self._wide.hand_high)
                self._reached.clear()  # states of another start
        self._draws = draws
        observation = self._restart()
        self._draws = None
        return observation

    def _restart(self) -> Array:
        """Meta-World's `reset`, less its first of two `reset_model`, whose outcome it drops."""
        mujoco.mj_resetData(self.model, self.data)
        observation: Array = self.reset_model()  # type: ignore[attr-defined]
        self._prev_obs = observation[:18].copy()
        observation[18:36] = self._prev_obs
        return observation

    def _reset_hand(self, steps: int = 50) -> None:
        """Bring the hand to its start. From a state met before, only the last step is simulated."""
        known = self.model.body_pos.tobytes() + self._state().tobytes()
        if known not in self._reached:
            super()._reset_hand(steps - 1)  # type: ignore[misc]
            self._reached[known] = self._state()
        mujoco.mj_setState(self.model, self.data, self._reached[known], _INTEGRATION)
        super()._reset_hand(1)  # type: ignore[misc]

    def _state(self) -> Array:
        state = np.empty(mujoco.mj_stateSize(self.model, _INTEGRATION))
        mujoco.mj_getState(self.model, self.data, state, _INTEGRATION)
        return state

    def _get_state_rand_vec(self) -> Array:
        if self._draws is not None:
            space: Any = self._wide or self._random_reset_space  # type: ignore[attr-defined]
            count = len(space.low)
            self._last_rand_vec: Array = self._draws.uniform(space.low, space.high, count)
        return self._last_rand_vec

    def set_xyz_action(self, action: NDArray[np.floating[Any]]) -> None:
        """Move the mocap body that pulls the hand; in the action's own precision."""
        move = np.minimum(np.maximum(action, _LEAST), _MOST)
        move *= self.action_scale  # type: ignore[attr-defined]
        position = self._mocap
        position += move
        np.maximum(position, self.mocap_low, out=position)  # type: ignore[attr-defined]
        np.minimum(position, self.mocap_high, out=position)  # type: ignore[attr-defined]

    def do_simulation(self, ctrl: Any, n_frames: int) -> None:
        """Physics alone: gymnasium also computes contact forces that nothing here reads."""
        self._ctrl[0], self._ctrl[1] = ctrl
        mujoco.mj_step(self.model, self.data, n_frames)

    def touching_object(self, object_geom_id: int) -> bool:
        """Never: it feeds `grasp_success` alone, which nothing here reads, at 0.3 ms a step."""
        return False

    @cached_property
    def _mocap(self) -> Array:
        return self.data.mocap_pos[0]  # type: ignore[no-any-return]

    @cached_property
    def _ctrl(self) -> Array:
        return self.data.ctrl  # type: ignore[no-any-return]

    @cached_property
    def _bodies(self) -> dict[str, Array]:
        return {self.model.body(i).name: self.data.xpos[i] for i in range(self.model.nbody)}

    @cached_property
    def _sites(self) -> dict[str, Array]:
        return {self.model.site(i).name: self.data.site_xpos[i] for i in range(self.model.nsite)}

    def get_body_com(self, body_name: str) -> Array:
        """Where a body is: a view that moves with it."""
        return self._bodies[body_name]

    def _get_site_pos(self, site_name: str) -> Array:
        return self._sites[site_name].copy()

    @property
    def tcp_center(self) -> Array:
        """Midway between the two fingers."""
        fingers = self._sites["rightEndEffector"] + self._sites["leftEndEffector"]
        return fingers / 2.0

    def _get_curr_obs_combined_no_goal(self) -> Array:
        observation = np.zeros(18)
        self._observe(observation)
        return observation

    def _get_obs(self) -> Array:
        observation = np.zeros(39)
        observation[18:36] = self._prev_obs
        self._observe(observation)
        # A view: what the caller clips, it would clip again where it comes back as the past.
        self._prev_obs = observation[:18]
        if not self._partially_observable:  # type: ignore[attr-defined]
            observation[36:] = self._get_pos_goal()  # type: ignore[attr-defined]
        return observation

    def _observe(self, observation: Array) -> None:
        """Fill in the hand, the opening of its fingers, and each thing's place and rotation."""
        bodies = self._bodies
        observation[:3] = bodies["hand"]
        gap = bodies["rightclaw"] - bodies["leftclaw"]
        observation[3] = min(math.sqrt(gap.dot(gap)) / 0.1, 1.0)
        places: Array = self._get_pos_objects()  # type: ignore[attr-defined]
        rotations: Array = self._get_quat_objects()  # type: ignore[attr-defined]
        for n in range(len(places) // 3):
            observation[4 + 7 * n : 7 + 7 * n] = places[3 * n : 3 * n + 3]
            observation[7 + 7 * n : 11 + 7 * n] = rotations[4 * n : 4 * n + 4]


_LEAST, _MOST = np.full(3, -1, np.float32), np.full(3, 1, np.float32)
_INTEGRATION = int(mujoco.mjtState.mjSTATE_INTEGRATION)


@cache
def _lean(task: str, *, scalar: bool) -> Any:
    """The class of one task."""
    published: Any = ALL_V3_ENVIRONMENTS[f"{task}-v3"]
    base = fast.accelerated(published) if fast and scalar else published
    return type(published.__name__, (_Lean, base), {})
