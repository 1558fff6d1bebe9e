"""The base classes of the parts' settings: what each kind of part says about itself."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, PositiveInt

from showtell.project.settings import Frozen
from showtell.study.needs import Actions, FigureNeeds, Needs, Offers, Reading


class Picture(Frozen):
    """The size of the pictures that an encoder or a reward reads."""

    width: PositiveInt
    height: PositiveInt


class PartSettings(Frozen):
    """Settings of a part that is found by its kind."""

    kind: str


class WorldSettings(PartSettings):
    """Settings of a world."""

    def offers(self) -> Offers:
        """What the world gives to rewards, studies and demos."""
        raise NotImplementedError


PixelValues = Literal["0-1", "0-255"]


class EncoderSettings(PartSettings):
    """Settings of a frozen network; it owns the size of its pictures and their number."""

    reads: ClassVar[frozenset[Reading]]
    unit: ClassVar[bool]  # its vectors have length 1
    measures: ClassVar[bool] = False  # it measures distances to a picture, and embeds none

    # `native`: as large as the task's camera draws them; the network then fits them itself.
    picture: Picture | Literal["native"]

    @property
    def fetched(self) -> str | None:
        """The name of its published weights; None where it must be trained here."""
        return None

    @property
    def clip_frames(self) -> int | None:
        """The number of frames of a clip; None for networks of single pictures."""
        return None

    def reading(self, values: PixelValues | None) -> Self:
        """The same network on a task whose pixels have another range; null: as it is.

        Raises a ValueError where it cannot read them. Most networks have a range of their own.
        """
        return self


class VideosSettings(PartSettings):
    """Settings of videos of people: where they come from, and how they are kept."""

    drawn: ClassVar[bool] = False  # by code, as an archive that is then read as others are
    note: ClassVar[str]  # what a reader of results must know about networks trained on them

    short_side: PositiveInt  # of the pictures that are kept, in pixels
    quality: int = Field(ge=1, le=100)  # of their JPEG compression
    videos_a_shard: PositiveInt  # videos of one tar file

    @property
    def source(self) -> Path | None:
        """The folder of their files, from the repository's root; None: they are drawn."""
        return None

    @property
    def held_out(self) -> float:
        """The share of the videos that is held out, where no label file says which."""
        return 0.0


Samples = Literal["frames", "clips", "videos"]


class DatasetSettings(PartSettings):
    """Settings of a dataset that a network is trained on here."""

    samples: ClassVar[Samples] = "frames"  # captioned frames or clips, or the frames of videos

    def task_names(self) -> Collection[str]:
        """The tasks of params.yaml whose worlds the dataset draws."""
        return ()

    def world_kinds(self) -> Collection[str] | None:
        """Kinds of worlds that it draws besides; None: any picture at all."""
        return ()

    def videos_name(self) -> str | None:
        """The entry of `videos` that it reads."""
        return None


class TrainingSettings(PartSettings):
    """Settings of the training of a network."""

    encoder_kind: ClassVar[str]  # of the encoders that it trains
    samples: ClassVar[Samples] = "frames"  # that it learns from
    dataset: DatasetSettings


class DemoSettings(PartSettings):
    """Settings of demonstrations."""

    states: ClassVar[bool] = False  # observations and actions are recorded beside the video
    scripted: ClassVar[bool] = False  # made by the script of the task's world
    encoder: str  # the encoder that watches them: it owns the pictures' size and number
    # Of each demonstration; null: those of the encoder's clips, or 1 where it reads pictures;
    # all: every frame from the start on.
    frames: PositiveInt | Literal["all"] | None = None

    def tasks(self) -> Collection[str] | None:
        """The tasks that are demonstrated; None: any that the world has a script for."""
        return None

    def available(self) -> int:
        """How many demonstrations of a task there are."""
        return 1


class GoalSettings(PartSettings):
    """Settings of a goal."""

    source: ClassVar[Literal["prompts", "demo", "rendered"]]
    timed: ClassVar[bool] = False  # it has a stage for each moment of a demonstration
    moments: ClassVar[bool] = False  # it reads single frames of a demonstration

    encoder: str | None

    @property
    def several(self) -> bool:
        """Whether it can have several stages, of which one is active at a time."""
        return False

    def demonstrations(self) -> tuple[str, str | None, int] | None:
        """(demo, its task or None for the agent's own, how many), if the goal is a demo."""
        return None

    def prompt(self) -> Literal["goal", "wrong"] | None:
        """Which of the task's prompts it embeds; None where it is no prompt."""
        return None

    def reads(self) -> frozenset[Reading]:
        """What the goal gives to its encoder."""
        raise NotImplementedError


class RewardSettings(PartSettings):
    """Settings of a reward."""

    measures: ClassVar[bool] = False  # it is a distance to a goal

    def needs(self) -> Needs:
        """What the reward needs in order to score episodes."""
        return Needs()

    def terms_of(self) -> "tuple[RewardSettings, ...]":
        """The rewards that this one adds up."""
        return ()

    def looked_up(self) -> Any:
        """The table over the state that stands for pictures while training; None without one."""
        return None


class LearnerSettings(PartSettings):
    """Settings of a learner."""

    actions: ClassVar[frozenset[Actions]]
    log_probs: ClassVar[bool] = False  # it gives rewards the log-probabilities of its actions

    @property
    def clones(self) -> bool:
        """Whether it imitates a demonstration's actions beside the reward."""
        return False

    @property
    def follows_goals(self) -> bool:
        """Whether its policy observes which of the reward's goals is active."""
        return False

    @property
    def sees(self) -> bool:
        """Whether its policy observes pictures in place of the world's numbers."""
        return False

    steps: PositiveInt  # of all environments together

    def policy_shape(self) -> tuple[object, ...]:
        """What must be equal for one training to go on from another's policy."""
        return ()


class FigureSettings(PartSettings):
    """Settings of a figure."""

    def needs(self) -> FigureNeeds:
        """What of its experiment it draws, besides the first trainings."""
        return FigureNeeds({}, ())


class StudySettings(PartSettings):
    """Settings of a measurement without training."""

    acts: ClassVar[bool] = False  # it plays a policy of the experiment's learner

    @property
    def reads_labels(self) -> bool:
        """Whether it reads the labels that people gave to frames of its task."""
        return False

    methods: list[str] = Field(min_length=1)  # a swept method stands for all its values
    tasks: list[str] | None = None  # where it is measured; null: on the experiment's own tasks

    def needs(self) -> Needs:
        """What it needs besides its rewards."""
        return Needs()

    def problem(self, offers: Offers) -> str | None:
        """What a world lacks for this measurement."""
        return None

    def problem_of(self, learner: LearnerSettings) -> str | None:
        """What the learner whose policies it plays lacks for this measurement."""
        return None

    def problem_with(self, reward: RewardSettings) -> str | None:
        """What a reward lacks for this measurement."""
        return None

    def goal_tasks(self, task: str) -> list[str]:
        """The tasks whose goals are compared on one task's states."""
        return [task]

    def trained_agents(self) -> list[str]:
        """The methods whose trained agents it plays; their trainings come first."""
        return []

    def control_rewards(self) -> Mapping[str, str]:
        """Rewards that are measured beside the methods: name in the table -> entry of `rewards`.

        They compare with goals of the task itself alone.
        """
        return {}
