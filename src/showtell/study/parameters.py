"""The parameters of a study: types of all sections of params.yaml, frozen and checked."""

from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from showtell.project.errors import nearest
from showtell.project.settings import Frozen
from showtell.study.registry import union
from showtell.study.settings import Picture, PixelValues

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
Scale = Literal["smoke", "mini", "desk", "paper"]

if TYPE_CHECKING:  # at run time, the union of the settings of every part of a kind
    from showtell.study.settings import (
        DemoSettings,
        EncoderSettings,
        FigureSettings,
        GoalSettings,
        LearnerSettings,
        RewardSettings,
        StudySettings,
        TrainingSettings,
        VideosSettings,
        WorldSettings,
    )

    Encoder: TypeAlias = EncoderSettings
    Training: TypeAlias = TrainingSettings
    Videos: TypeAlias = VideosSettings
    World: TypeAlias = WorldSettings
    Demo: TypeAlias = DemoSettings
    Goal: TypeAlias = GoalSettings
    Reward: TypeAlias = RewardSettings
    Learner: TypeAlias = LearnerSettings
    Figure: TypeAlias = FigureSettings
    Study: TypeAlias = StudySettings
else:
    Encoder, World, Goal = union("nets"), union("worlds"), union("goals")
    Demo, Learner, Reward = union("demos"), union("learners"), union("rewards")
    Study, Training, Figure = union("studies"), union("training"), union("figures")
    Videos = union("videos")


class Camera(Frozen):
    """From where a task is drawn, and how well."""

    native: Picture  # the size of its videos, and of pictures for encoders that read any size
    name: str = "default"
    quality: Literal["published", "faithful", "fast"] = "faithful"
    mirrored: bool = False


class Prompts(Frozen):
    """The sentences for one task."""

    goal: str | list[str]
    baseline: str | list[str] | None = None  # the setting without the goal
    wrong: str | list[str] | None = None  # something else, in words of the same kind: a control

    @model_validator(mode="after")
    def _wrong_differs(self) -> "Prompts":
        if self.wrong is not None and self.wrong == self.goal:
            raise ValueError(f"wrong and goal are the same sentence: {self.goal!r}; change one.")
        return self


class Task(Frozen):
    """A world, its camera, its prompts and its usual learner."""

    world: World
    camera: Camera  # from where the task is drawn
    prompts: Prompts | None = None
    # Of the frames that a video network reads on this task; null: what the encoder says.
    pixel_values: PixelValues | None = None
    learner: Name | None = None  # unless an experiment or a method names another


class Method(Frozen):
    """One way to reward the agent; a sweep makes one method of each value."""

    reward: Name
    sweep: dict[str, list[Any]] = Field(default={})  # a setting of the reward -> its values
    learner: Name | None = None  # instead of the experiment's
    # paper/experiment: on the tasks that both have, that experiment's trainings of this method
    trainings_of: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    picture: Picture | None = None  # instead of the encoder's, where a paper needs two sizes
    label: str | None = (
        None  # in figures and the report; {alpha} is what a sweep set; null: its name
    )


# The last policy of a training, or the one with the best learned return, or the best true return.
Checkpoint: TypeAlias = Literal["last", "best-learned", "best-true"]


class Phase(Frozen):
    """The first training of a method."""

    learner: Name | None = None  # null: the learner of each task


class FineTune(Frozen):
    """A training that goes on from a trained policy, with another reward."""

    learner: Name
    reward: Name
    checkpoint: Checkpoint = "last"  # which policy of the first training it starts from
    methods: list[Name] | None = (
        None  # these methods only; a swept method stands for all its values
    )


class Evaluation(Frozen):
    """How a policy is evaluated."""

    episodes: PositiveInt
    actions: list[Literal["deterministic", "stochastic"]] = Field(min_length=1)
    # Which policies of a training: last, best-learned, best-true.
    checkpoints: list[Checkpoint] = Field(default=["last"], min_length=1)


class Experiment(Frozen):
    """Tasks × methods × seeds, under one protocol."""

    tasks: list[Name] = Field(min_length=1)
    left_out: list[Name] = Field(default=[])  # tasks that the scale's `run:` does not name
    methods: dict[Name, Method] = Field(min_length=1)
    seeds: NonNegativeInt  # of each training; 0: no agent is trained, studies alone are made
    train: Phase = Phase()  # the first training of each method
    finetune: dict[Name, FineTune] = Field(default={})  # by the name of the phase
    evaluate: Evaluation  # how the trained policies are evaluated
    studies: dict[Name, Study] = Field(default={})
    figures: dict[Name, Figure] = Field(default={})
    # What happens to a task and a method that cannot go together: the study is refused, or the
    # pair is left out and the report lists it as n/a with the reason.
    incompatible: Literal["refuse", "skip"] = "refuse"

    @model_validator(mode="after")
    def _labels_differ(self) -> "Experiment":
        names: dict[str, str] = {}
        for name, method in self.methods.items():
            other = names.setdefault(method.label or name, name)
            if other != name:
                raise ValueError(
                    f"methods {other!r} and {name!r} have one label; give each its own."
                )
        return self


class Paper(Frozen):
    """The experiments of one paper, or of a study of one's own."""

    title: str
    experiments: dict[Name, Experiment]


class Parameters(Frozen):
    """Everything that is studied."""

    seed: int
    videos: dict[Name, Videos] = Field(default={})  # videos of people by name
    encoders: dict[Name, Encoder]
    training: dict[Name, Training] = Field(
        default={}
    )  # encoder -> how it is trained here; others are fetched
    tasks: dict[Name, Task]
    demos: dict[Name, Demo] = Field(default={})
    goals: dict[Name, Goal]
    rewards: dict[Name, Reward]
    learners: dict[Name, Learner]
    papers: dict[Name, Paper]

    @model_validator(mode="after")
    def _sweeps_are_valid(self) -> "Parameters":
        """Every value of a sweep is a value of the reward's setting."""
        for paper, entry in self.papers.items():
            for experiment, protocol in entry.experiments.items():
                for name, method in protocol.methods.items():
                    at = f"papers.{paper}.experiments.{experiment}.methods.{name}"
                    if method.reward in self.rewards:
                        _check_sweep(at, method, self.rewards[method.reward])
                    _check_label(at, method)
        return self


def swept(reward: Any, sweep: dict[str, list[Any]]) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Suffix of a method's name -> (its reward, what the sweep set): "-alpha0.5"."""
    found: dict[str, tuple[Any, dict[str, Any]]] = {"": (reward, {})}
    for key, values in sweep.items():
        found = {
            f"{suffix}-{key}{value}": (
                type(one).model_validate(one.model_dump() | {key: value}),
                variant | {key: value},
            )
            for suffix, (one, variant) in found.items()
            for value in values
        }
    return found


def _check_sweep(at: str, method: Method, reward: Any) -> None:
    fields = type(reward).model_fields
    for key, values in method.sweep.items():
        if key not in fields:
            raise ValueError(f"{at}.sweep: {method.reward} has no {key!r}; {nearest(key, fields)}")
        if len({str(value) for value in values}) < len(values) or not values:
            raise ValueError(f"{at}.sweep.{key}: give different values, at least one: {values}.")
        for value in values:
            try:
                type(reward).model_validate(reward.model_dump() | {key: value})
            except ValueError as error:
                words = str(error).splitlines()[2].strip().split(" [type=")[0]
                raise ValueError(f"{at}.sweep.{key}: found {value!r}; {words}") from None


def _check_label(at: str, method: Method) -> None:
    """A label has no braces but those of what the sweep sets."""
    for _, key, _, _ in Formatter().parse(method.label or ""):
        if key is not None and key not in method.sweep:
            raise ValueError(f"{at}.label: {method.label!r}: no sweep over {key!r}")
