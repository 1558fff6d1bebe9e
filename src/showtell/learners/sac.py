"""SAC, as VLM-RM and HOLD train continuous actions: Stable-Baselines3's, on labelled episodes.

Stable-Baselines3 counts `train_freq` in steps of each environment. VLM-RM reads "100 updates every
100 environment steps", but with 32 environments its code makes 100 updates per 3,200 transitions.
"""

from functools import partial
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from showtell.learners.learner import Sink, Trained, TrainingInputs, Untrained
from showtell.learners.off_policy import OffPolicySettings
from showtell.learners.scaling import FirstRolloutScale
from showtell.learners.sight import Size
from showtell.project.checkpoints import Resume
from showtell.project.settings import Frozen
from showtell.study.needs import Actions


class OrnsteinUhlenbeck(Frozen):
    """Noise that wanders, added to the policy's actions; it starts at 0 with every episode."""

    kind: Literal["ornstein_uhlenbeck"]
    sigma: PositiveFloat
    theta: PositiveFloat
    dt: PositiveFloat


class Shift(Frozen):
    """Pictures of a batch are shifted at random by up to `pixels`, as DrQ and HOLD do."""

    pixels: PositiveInt  # the largest shift
    drawn: Literal["per_sample", "per_batch"]  # one shift for each sample, or one for the batch
    border: Literal["zeros", "edge"]


class PictureSettings(Frozen):
    """The policy observes pictures, drawn with the view that the reward reads or the task's."""

    # Stable-Baselines3 takes the shortest side for the channels, of which there are up to 6.
    width: int = Field(ge=8)
    height: int = Field(ge=8)
    encoder: Literal["published", "small"]  # HOLD's two 5 x 5 convolutions, or three of 3 x 3
    sharing: Literal["separate", "shared"]  # separate: one for the actor and for each critic
    shift: Shift | None


class SacSettings(OffPolicySettings):
    """All settings of SAC; what is not here is Stable-Baselines3's default."""

    actions: ClassVar[frozenset[Actions]] = frozenset({"box"})

    kind: Literal["sac"]
    # Of the entropy's weight: fixed, or learned from 1 or from the number after "auto_".
    entropy: PositiveFloat | Annotated[str, Field(pattern=r"^auto(_[0-9]*\.?[0-9]+)?$")]
    target_entropy: float | Literal["auto"]  # auto: minus the number of action dimensions
    action_noise: OrnsteinUhlenbeck | None
    observation_scaling: Literal["none", "bounds"]  # bounds: the world's, to [-1, 1]
    # The world's numbers are followed by the active one of the reward's goals, where there are
    # several: without it, states that look alike have different rewards.
    observe_stage: bool
    reward_centre: float  # the critics learn from reward_scale (reward - reward_centre)
    # first_rollout: the highest reward of the first rollout becomes 0, its deviation 1.
    reward_scale: NonNegativeFloat | Literal["first_rollout"]
    pictures: PictureSettings | None

    @model_validator(mode="after")
    def _stage_is_observed_once(self) -> Self:
        if self.observe_stage and self.pictures is not None:
            raise ValueError(
                "with pictures the policy observes the active goal's picture already; set "
                "observe_stage to false."
            )
        return self

    @model_validator(mode="after")
    def _one_centre(self) -> Self:
        if self.reward_scale == "first_rollout" and self.reward_centre != 0:
            raise ValueError(
                f"reward_centre is {self.reward_centre:g}, but with reward_scale: first_rollout "
                "the first rollout decides it; set reward_centre to 0."
            )
        return self

    @property
    def follows_goals(self) -> bool:
        """A policy that observes the active stage, or its goal's picture."""
        return self.observe_stage or self.pictures is not None

    @property
    def sees(self) -> bool:
        """Whether its policy observes pictures in place of the world's numbers."""
        return self.pictures is not None

    def policy_shape(self) -> tuple[object, ...]:
        """Two trainings with the same hidden layers and pictures have the same networks."""
        seen = self.pictures and self.pictures.model_dump(exclude={"shift"})
        return "squashed_gaussian", self.hidden, seen, self.observe_stage


class Sac:
    """Learns a squashed Gaussian over actions, and two estimates of their value."""

    def __init__(self, settings: SacSettings) -> None:
        self._settings = settings
        self.draws = settings.pictures is not None

    def train(self, assignment: TrainingInputs, resume: Resume, sink: Sink) -> Trained:
        """Train to the end, from the last checkpoint in `resume` if there is one."""
        from showtell.learners.sb3.off_policy import pace_of, pay, pay_scaled
        from showtell.learners.sb3.private import updates
        from showtell.learners.sb3.rollouts import weights_of
        from showtell.learners.sb3.sac import algorithm, description
        from showtell.learners.sb3.training import train

        settings = self._settings
        centre, number = settings.reward_centre, settings.reward_scale
        model, log = train(
            partial(algorithm, settings),
            pay if number == "first_rollout" else partial(pay_scaled, centre, number),
            assignment,
            pace_of(settings),
            resume,
            sink,
            scale=FirstRolloutScale() if number == "first_rollout" else None,
            observed=self._observed,
        )
        return Trained(
            weights=weights_of(model),
            best=log.best,
            network={"learner": settings.kind, **description(model, settings)},
            episodes=log.episodes,
            log_every=settings.log_every,
            updates=updates(model),
        )

    def untrained(self, assignment: TrainingInputs) -> Untrained:
        """The policy that `train` starts from."""
        from showtell.learners.sb3.off_policy import pace_of
        from showtell.learners.sb3.rollouts import weights_of
        from showtell.learners.sb3.sac import algorithm, description
        from showtell.learners.sb3.training import untrained

        settings = self._settings
        make = partial(algorithm, settings)
        model = untrained(make, assignment, pace_of(settings), self._observed)
        network = {"learner": settings.kind, **description(model, settings)}
        return Untrained(weights_of(model), network)

    @property
    def _observed(self) -> Size | Literal["stage"] | None:
        pictures = self._settings.pictures
        if self._settings.observe_stage:
            return "stage"
        return None if pictures is None else Size(pictures.width, pictures.height)


PARTS = {"sac": (SacSettings, "Sac")}
