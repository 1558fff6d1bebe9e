"""What a claim asks of the results: one kind of test a class, with what it is held against."""

from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

# How a policy acts, and which of a training's it is, if not the final one.
Policy = Literal[
    "deterministic",
    "stochastic",
    "deterministic (best-learned)",
    "stochastic (best-learned)",
    "deterministic (best-true)",
    "stochastic (best-true)",
]
Share = Literal["every", "most", "any"]
Setting = dict[str, float]  # values of a reward's settings that tell one method: {alpha: 0}


class Entry(BaseModel):
    """Something that is written in a ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Measured(Entry):
    """Where a number of ours stands: the row of summary.csv that answers a published value."""

    method: str  # may be a pattern: text*
    metric: str
    policy: Policy
    phase: str = "train"
    task: str | None = None  # on this task alone; null: on all tasks


class OfPolicies(Measured):
    """A number that a test compares, over all tasks together or on each of them."""

    each_task: bool = False
    share: Share = "every"  # of the methods, and of the tasks where each counts

    @model_validator(mode="after")
    def _one_task_or_each(self) -> "OfPolicies":
        if self.task is not None and self.each_task:
            raise ValueError("a test on one task has no each_task; leave one of the two out.")
        return self


class Against(OfPolicies):
    """A number beside another: that of other methods, of another phase, or both."""

    versus: str | tuple[str, ...] | None = None  # patterns; null: the same method
    versus_phase: str | None = None  # null: the same phase

    @model_validator(mode="after")
    def _another(self) -> "Against":
        if self.versus is None and self.versus_phase is None:
            raise ValueError("give versus, versus_phase or both; else it is held against itself.")
        return self

    @property
    def others(self) -> tuple[str, ...]:
        """The patterns of the methods that it is held against."""
        if self.versus is None:
            return ()
        return (self.versus,) if isinstance(self.versus, str) else self.versus

    @property
    def other_phase(self) -> str:
        """The phase of the number that it is held against."""
        return self.versus_phase or self.phase


class Above(Against):
    """One method is better than another: the difference of their means is above zero."""

    kind: Literal["above"]
    by: PositiveFloat  # the smallest difference that matters


class AboveOn(OfPolicies):
    """A method is better on one task than on another, whose worlds differ in pictures alone."""

    kind: Literal["above_on"]
    task: str
    versus_task: str
    by: PositiveFloat  # the smallest difference that matters


class Times(Against):
    """One mean is so many times another."""

    kind: Literal["times"]
    times: PositiveFloat


class NoBetter(Against):
    """One method is not better than another: the difference of their means is below a margin.

    Where both are at the floor, that says something only beside a third one that is better.
    """

    kind: Literal["no_better"]
    by: PositiveFloat
    beside: str | None = None  # the third: it has another reward, and the learner is the same


class NoWorse(Against):
    """One method is as good as another: the difference of their means is above minus a margin."""

    kind: Literal["no_worse"]
    by: PositiveFloat


class AtLeast(OfPolicies):
    """A method reaches a value on most of its seeds."""

    kind: Literal["at_least"]
    value: float


class AtMost(OfPolicies):
    """A method stays below a value on most of its seeds."""

    kind: Literal["at_most"]
    value: float


class Early(Entry):
    """A phase begins better than another: the mean over the first part of its steps is higher."""

    kind: Literal["early"]
    by: PositiveFloat  # the smallest difference that matters
    method: str
    phase: str
    versus_phase: str
    column: Literal["success", "true_return"]  # of progress.csv
    part: float = Field(gt=0, le=1)  # of the steps of the phase
    each_task: bool = False
    share: Share = "every"


class Sooner(Entry):
    """A method reaches a level of the true return sooner than another, by a factor in steps."""

    kind: Literal["sooner"]
    method: str
    versus: str
    column: Literal["success", "true_return"]  # of progress.csv
    level: float | None = None  # null: a share of the best that the method itself reaches
    of_best: float = Field(default=0.9, gt=0, le=1)  # the share
    times: float = Field(ge=1)  # the other takes more than so many times its steps
    share: Share = "every"  # of the methods and tasks


class Within(Entry):
    """A method reaches a level of the true return within so many steps, on most of its seeds."""

    kind: Literal["within"]
    method: str
    column: Literal["success", "true_return"]  # of progress.csv
    level: float
    steps: PositiveInt
    tasks: tuple[str, ...] | None = None  # null: each of the experiment's
    share: Share = "every"  # of the methods and tasks


class Diagonal(Entry):
    """Each task's own sentence fits its rollouts best, of all the sentences."""

    kind: Literal["diagonal"]
    study: str
    study_kind: ClassVar[str] = "alignment"
    method: str
    column: Literal["correlation", "similarity"]
    share: Share = "every"


class LandscapePeak(Entry):
    """The reward is largest at the goal: the argmax of a curve lies within a distance of it."""

    kind: Literal["landscape_peak"]
    study: str
    study_kind: ClassVar[str] = "landscape"
    method: str
    at: float
    within: float
    unit: str
    task: str | None = None  # on this task alone; null: on each
    share: Share = "every"


class Rises(Entry):
    """A reward curve rises between two places: its rank correlation with the variable is high."""

    kind: Literal["rises"]
    study: str
    study_kind: ClassVar[str] = "landscape"
    method: str
    low: float  # of the variable
    high: float
    value: float
    below: bool = False  # the correlation stays below the value: the curve does not rise
    task: str | None = None  # on this task alone; null: on each
    share: Share = "every"


class SameShape(Entry):
    """Two reward curves have one shape: their rank correlation reaches a value."""

    kind: Literal["same_shape"]
    study: str
    study_kind: ClassVar[str] = "landscape"
    method: str
    reference: Setting  # which of the matched methods the others are compared with
    value: float
    share: Share = "every"


class Order(Entry):
    """A study's number is lower for one method than for another, over the same states."""

    kind: Literal["order"]
    study: str
    column: str
    rows: dict[str, str] = {}  # which of its rows: {against: success}
    method: str  # pattern of the methods that should have the lower number
    than: Setting  # which of the matched methods they should be lower than
    task: str | None = None  # on this task alone; null: on each
    share: Share = "every"


class BySize(Entry):
    """Base of tests that compare networks of several sizes, by the column `parameters`."""

    study: str
    column: str
    rows: dict[str, str] = {}  # which of its rows: {against: success}
    method: str  # pattern of the methods that are compared
    task: str | None = None  # on this task alone; null: on each


class WithSize(BySize):
    """A study's number falls, or rises, from each network to the next larger one."""

    kind: Literal["with_size"]
    rises: bool = False
    # The Pearson correlation with the logarithm of the size, in that direction; null: any shape.
    linear: float | None = Field(default=None, gt=0, le=1)
    share: Share = "every"  # of the steps from one network to the next, and of the correlation


class LowersEach(BySize):
    """In each network, one of the methods at least has a lower number than the reference."""

    kind: Literal["lowers_each"]
    than: Setting  # which of the methods of a network is its reference
    share: Share = "every"  # of the networks


class LowersSmallMore(BySize):
    """The number is lowered by more in each smaller network than in the largest one."""

    kind: Literal["lowers_small_more"]
    than: Setting
    share: Share = "most"  # of the smaller networks


class Predicts(Entry):
    """The lower a study's number, the higher the success: a rank correlation over methods."""

    kind: Literal["predicts"]
    study: str
    column: str
    rows: dict[str, str] = {}
    method: str  # pattern
    metric: str
    policy: Policy
    phase: str = "train"
    share: Share = "every"


class Separates(Entry):
    """A distance tells successes from other rollouts better than another one does, or as well."""

    kind: Literal["separates"]
    study: str
    study_kind: ClassVar[str] = "distances"
    method: str  # may be a pattern
    versus: str | tuple[str, ...]  # patterns of the methods with the smaller area
    scenes: tuple[str, ...]  # of the study
    against: Literal["all", "miss", "stalled"]  # the other rollouts
    margin: NonNegativeFloat = 0.0  # an area that is so much smaller counts as large as the other
    share: Share = "every"


Test = Annotated[
    Above
    | AboveOn
    | Times
    | NoBetter
    | NoWorse
    | AtLeast
    | AtMost
    | Early
    | Sooner
    | Within
    | Diagonal
    | LandscapePeak
    | Rises
    | SameShape
    | Order
    | WithSize
    | LowersEach
    | LowersSmallMore
    | Predicts
    | Separates,
    Field(discriminator="kind"),
]
