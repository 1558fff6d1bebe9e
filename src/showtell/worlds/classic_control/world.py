"""CartPole and MountainCar as VLM-RM runs them: no early end, every published oddity a switch.

The dynamics are gymnasium 1.4's CartPole-v1 and MountainCarContinuous-v0, written out: VLM-RM's
subclasses pass `render_mode` by position, which since gymnasium 1.0 silently switches CartPole's
reward and MountainCar's goal velocity, and a plain float step is several times faster.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from showtell.project.errors import UserError, nearest
from showtell.study.needs import Offers
from showtell.worlds.world import (
    FixedHorizonSettings,
    Look,
    Observation,
    Snapshots,
    SuccessRule,
    World,
)

Values = Sequence[float] | NDArray[np.floating[Any]]


class CartPoleSettings(FixedHorizonSettings):
    """How CartPole is run."""

    kind: Literal["cartpole"]
    wrap_state: bool  # after each step: angle into [-pi, pi], position into +-2.4, speeds kept
    ends_when_fallen: bool
    fallen_reward: float  # the paper says negative, its code gives 0
    falling_reward: (
        float  # of an episode's first fallen step: gymnasium's is that of an upright one
    )

    def offers(self) -> Offers:
        """What this world gives to rewards, studies and demos."""
        return Offers(
            actions="discrete",
            script=False,
            uniform_states=True,
            true_rewards_of_states=True,
            variables=CartPole.state,
        )


class MountainCarSettings(FixedHorizonSettings):
    """How MountainCar is run."""

    kind: Literal["mountain_car"]
    textured: bool
    goal: Literal["absorbing", "wall"]  # the paper's frozen goal, or its code's mere wall
    success_survives_reset: bool  # the published flag is never reset: a bug, kept as a switch

    def offers(self) -> Offers:
        """What this world gives to rewards, studies and demos."""
        return Offers(
            actions="box",
            script=False,
            uniform_states=True,
            true_rewards_of_states=True,
            variables=MountainCar.state,
        )


class ClassicControl(World):
    """What the two share: a state of a few numbers, a clock, and maps of the state space."""

    state: ClassVar[tuple[str, ...]]  # the columns of a snapshot

    def __init__(self, settings: FixedHorizonSettings, low: list[float], high: list[float]) -> None:
        super().__init__(settings)
        if settings.observe_time:
            low, high = [*low, 0.0], [*high, 1.0]
        self.observation_space = spaces.Box(
            np.array(low, dtype=np.float32), np.array(high, dtype=np.float32), dtype=np.float32
        )
        self._state: tuple[float, ...] = ()

    def snapshot(self) -> NDArray[np.float64]:
        """The physical state; `state` names its columns."""
        return np.array(self._state, dtype=np.float64)

    def landscape(self, variable: str, values: Values) -> Snapshots:
        """Snapshots at rest where one variable runs through `values`."""
        if variable not in self.state:
            raise UserError(
                f"{type(self).__name__} has no variable {variable!r} to draw a landscape over; "
                f"{nearest(variable, self.state)}"
            )
        column = np.asarray(values, dtype=np.float64)
        snapshots = np.zeros((len(column), len(self.state)))
        snapshots[:, self.state.index(variable)] = column
        return snapshots


class CartPole(ClassicControl):
    """A pole on a cart; a fall does not end the episode; actions: push left (0), right (1)."""

    success_definition = (
        "The pole stayed within 12 degrees of upright and the cart within 2.4 m of the centre "
        "at every step of the episode."
    )
    success_rule: ClassVar[SuccessRule] = "always"
    scene: ClassVar[str] = "showtell.worlds.classic_control.scene:CartPoleScene"
    state: ClassVar[tuple[str, ...]] = (
        "cart_position",
        "cart_velocity",
        "pole_angle",
        "pole_velocity",
    )

    TRACK = 2.4  # m, to either side
    UPRIGHT = 12 * 2 * math.pi / 360  # rad, gymnasium's threshold
    # No picture shows a speed and no reward here reads one; these bound `uniform` only.
    SPEEDS = (3.0, 3.5)  # m/s, rad/s

    def __init__(self, settings: CartPoleSettings) -> None:
        self._settings = settings
        # Without early termination and without wrapping, nothing bounds position and angle.
        far = [self.TRACK, math.pi] if settings.wrap_state else [math.inf, math.inf]
        high = [far[0], math.inf, far[1], math.inf]
        super().__init__(settings, low=[-bound for bound in high], high=high)
        self.action_space = spaces.Discrete(2)
        self._has_fallen = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start near the upright centre, as gymnasium does."""
        super().reset(seed=seed)
        self._state = tuple(self.np_random.uniform(-0.05, 0.05, size=4).tolist())
        self._time, self._has_fallen = 0, False
        return self._with_time(self._state), {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """20 ms of physics; the true reward is 1 upright, and as the settings say fallen."""
        x, x_dot, theta, theta_dot = self._push(10.0 if action == 1 else -10.0)
        if self._settings.wrap_state:
            theta = (theta + math.pi) % (2 * math.pi) - math.pi
            x = min(max(x, -self.TRACK), self.TRACK)
        self._state = (x, x_dot, theta, theta_dot)
        self._time += 1
        # `>=` for the position: a cart that was clipped to the end of the track has left it.
        fallen = abs(x) >= self.TRACK or abs(theta) > self.UPRIGHT
        reward = 1.0
        if fallen:
            settings = self._settings
            reward = settings.fallen_reward if self._has_fallen else settings.falling_reward
        self._has_fallen = self._has_fallen or fallen
        ends = self._over(ended=fallen and self._settings.ends_when_fallen)
        info = {"success": not fallen, "true_reward": reward}
        return self._with_time(self._state), reward, *ends, info

    def _push(self, force: float) -> tuple[float, float, float, float]:
        """The Euler step of gymnasium step; masses 1.0 and 0.1 kg, half-length 0.5 m."""
        x, x_dot, theta, theta_dot = self._state
        cos, sin = math.cos(theta), math.sin(theta)
        push = (force + 0.05 * theta_dot * theta_dot * sin) / 1.1
        theta_acc = (9.8 * sin - cos * push) / (0.5 * (4.0 / 3.0 - 0.1 * cos * cos / 1.1))
        x_acc = push - 0.05 * theta_acc * cos / 1.1
        return (
            x + 0.02 * x_dot,
            x_dot + 0.02 * x_acc,
            theta + 0.02 * theta_dot,
            theta_dot + 0.02 * theta_acc,
        )

    def uniform(self, generator: np.random.Generator, n: int) -> Snapshots:
        """States drawn uniformly from everything wrapping allows, speeds within `SPEEDS`."""
        high = np.array([self.TRACK, self.SPEEDS[0], math.pi, self.SPEEDS[1]])
        return generator.uniform(-high, high, size=(n, 4))

    def successes(self, snapshots: Snapshots) -> NDArray[np.bool_]:
        """Whether each moment counts as upright."""
        upright = np.abs(snapshots[:, 2]) <= self.UPRIGHT
        return np.asarray(upright & (np.abs(snapshots[:, 0]) < self.TRACK))

    def true_rewards(self, snapshots: Snapshots) -> NDArray[np.float64]:
        """The reward of each moment, once the pole has fallen before."""
        return np.where(self.successes(snapshots), 1.0, self._settings.fallen_reward)


class MountainCar(ClassicControl):
    """A weak car in a valley that must swing up to a flag; the action is its throttle."""

    success_definition = "The car reached the flag (position 0.45) at some step of the episode."
    success_rule: ClassVar[SuccessRule] = "any"
    scene: ClassVar[str] = "showtell.worlds.classic_control.scene:MountainCarScene"
    looks: ClassVar[tuple[Look, ...]] = (Look(""), Look("plain,", {"textured": False}))
    state: ClassVar[tuple[str, ...]] = ("car_position", "car_velocity")

    LEFT, GOAL, RIGHT = -1.2, 0.45, 0.6
    SPEED = 0.07

    def __init__(self, settings: MountainCarSettings) -> None:
        self._settings = settings
        super().__init__(settings, low=[self.LEFT, -self.SPEED], high=[self.RIGHT, self.SPEED])
        self.action_space = spaces.Box(-1.0, 1.0, shape=(1,), dtype=np.float32)
        self._succeeded = False

    def scene_settings(self) -> dict[str, Any]:
        """Whether the mountain has a texture."""
        return {"textured": self._settings.textured}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start at rest near the bottom, as gymnasium does."""
        super().reset(seed=seed)
        self._state = (float(self.np_random.uniform(-0.6, -0.4)), 0.0)
        self._time = 0
        if not self._settings.success_survives_reset:
            self._succeeded = False
        return self._with_time(self._state), {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One step; the true reward is gymnasium's: 100 at the goal, less 0.1 throttle squared."""
        throttle = float(action[0])
        if self._settings.goal == "absorbing" and self._state[0] >= self.GOAL:
            reward = 100.0  # nothing that is done after reaching the goal changes the return
        else:
            self._state = self._drive(throttle)
            reward = (100.0 if self._state[0] >= self.GOAL else 0.0) - 0.1 * throttle * throttle
        self._time += 1
        at_goal = self._state[0] >= self.GOAL
        self._succeeded = self._succeeded or at_goal
        success = self._succeeded if self._settings.success_survives_reset else at_goal
        info = {"success": success, "true_reward": reward}
        return self._with_time(self._state), reward, *self._over(), info

    def _drive(self, throttle: float) -> tuple[float, float]:
        """The step of gymnasium, in float64 where that rounds the state to float32."""
        position, velocity = self._state
        force = min(max(throttle, -1.0), 1.0)
        velocity += force * 0.0015 - 0.0025 * math.cos(3 * position)
        velocity = min(max(velocity, -self.SPEED), self.SPEED)
        position = max(position + velocity, self.LEFT)
        if position == self.LEFT and velocity < 0:
            velocity = 0.0
        if position >= self.GOAL:
            # The published wall keeps the speed, so the car later rolls back down.
            return self.GOAL, 0.0 if self._settings.goal == "absorbing" else velocity
        return position, velocity

    def uniform(self, generator: np.random.Generator, n: int) -> Snapshots:
        """States drawn uniformly from the whole drawn track, beyond the goal too.

        An episode reaches only the goal's nearer edge; a uniform draw would never hit it.
        """
        low, high = [self.LEFT, -self.SPEED], [self.RIGHT, self.SPEED]
        return generator.uniform(low, high, size=(n, 2))

    def successes(self, snapshots: Snapshots) -> NDArray[np.bool_]:
        """Whether each moment is at the goal."""
        return np.asarray(snapshots[:, 0] >= self.GOAL)

    def true_rewards(self, snapshots: Snapshots) -> NDArray[np.float64]:
        """The reward of each moment, for a car that coasts."""
        return np.where(self.successes(snapshots), 100.0, 0.0)


PARTS = {
    "cartpole": (CartPoleSettings, "CartPole"),
    "mountain_car": (MountainCarSettings, "MountainCar"),
}
