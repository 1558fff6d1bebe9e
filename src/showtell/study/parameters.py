"""The parameters of a study: read once, checked completely, frozen."""

import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from showtell.project.errors import UserError, nearest
from showtell.study.registry import parts
from showtell.study.validation_messages import sentence

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
SCALES = ("smoke", "mini", "desk", "paper")


class Frozen(BaseModel):
    """A record that takes exactly its fields and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _settings(kind: str) -> Any:
    """The union of the settings of every part of one kind, told apart by `kind`."""
    known = tuple(part.settings for part in parts(kind).values())
    if len(known) == 1:
        return known[0]
    return Annotated[Union[known], Field(discriminator="kind")]  # noqa: UP007 (built at run time)


if TYPE_CHECKING:  # at run time, whatever parts there are
    Encoder: TypeAlias = Any
    World: TypeAlias = Any
    Demo: TypeAlias = Any
    Goal: TypeAlias = Any
    Learner: TypeAlias = Any
    Reward: TypeAlias = Any
    StudySettings: TypeAlias = Any
    Figure: TypeAlias = Any
else:
    Encoder, World, Goal = _settings("nets"), _settings("worlds"), _settings("goals")
    Demo, Learner, Reward = _settings("demos"), _settings("learners"), _settings("rewards")
    StudySettings, Figure = _settings("studies"), _settings("figures")


class View(Frozen):
    """How a task's moments are drawn for its rewards."""

    width: PositiveInt
    height: PositiveInt
    camera: str = "default"
    quality: Literal["published", "faithful", "fast"] = "faithful"
    mirrored: bool = False


class Prompts(Frozen):
    """The sentences a paper gives for one task."""

    goal: str | list[str]
    baseline: str | list[str] | None = None


class Task(Frozen):
    """A world, how it is drawn, and what it is told."""

    world: World
    view: View
    prompts: Prompts | None = None


class Method(Frozen):
    """One way to reward the agent; a sweep makes one method of each value."""

    reward: Reward
    label: str | None = (
        None  # in figures and the report; {alpha} is what a sweep set; null: its name
    )
    sweep: dict[str, list[Any]] = {}
    learner: Name | None = None  # in pretraining, instead of the experiment's
    # paper/experiment: on the tasks that both have, that experiment's trainings of this method
    trainings_of: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    skip: bool = False  # a scale may leave a method out

    @model_validator(mode="after")
    def _sweeps_exist(self) -> "Method":
        for key in self.sweep:
            if key not in type(self.reward).model_fields:
                fields = type(self.reward).model_fields
                raise ValueError(f"sweep over {key!r}: {nearest(key, fields)}")
        return self

    @model_validator(mode="after")
    def _label_has_what_the_sweep_sets(self) -> "Method":
        for _, key, _, _ in Formatter().parse(self.label or ""):
            if key is not None and key not in self.sweep:
                raise ValueError(f"label {self.label!r}: no sweep over {key!r}")
        return self


# A training's last policy, or the one with the best learned return, or the best true return.
Choice: TypeAlias = Literal["final", "learned", "oracle"]


class Phase(Frozen):
    """Who learns, in one phase."""

    learner: Name
    choice: Choice = "final"  # which of its policies goes on to fine-tuning


class FineTune(Phase):
    """A phase after pretraining: the same policy, another reward."""

    reward: Reward
    of: list[Name] | None = None  # these methods only; a swept method stands for all its values
    skip: bool = False


class Evaluation(Frozen):
    """How a policy is judged."""

    episodes: PositiveInt
    policies: list[Literal["deterministic", "stochastic"]] = Field(min_length=1)
    choices: list[Choice] = Field(default=["final"], min_length=1)  # which of a training's policies


class Study(Frozen):
    """A measurement of rewards themselves, without training."""

    of: list[str] = Field(min_length=1)  # methods; a swept method stands for all its values
    tasks: list[Name] | None = None  # where it is measured; null: on the experiment's own tasks
    study: StudySettings


class Experiment(Frozen):
    """Tasks × methods × seeds, under one protocol."""

    tasks: list[Name] = Field(min_length=1)
    methods: dict[Name, Method] = Field(min_length=1)
    seeds: PositiveInt
    pretrain: Phase
    finetunes: dict[Name, FineTune] = {}  # by the name of the phase; each starts after pretraining
    evaluate: Evaluation
    studies: dict[Name, Study] = {}
    figures: dict[Name, Figure] = {}  # by name; one whose phases a scale leaves out is not drawn
    skip: bool = False  # a scale may leave an experiment out

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
    """One paper's experiments."""

    title: str
    experiments: dict[Name, Experiment]


class Parameters(Frozen):
    """Everything that is studied."""

    seed: int
    encoders: dict[Name, Encoder]
    tasks: dict[Name, Task]
    demos: dict[Name, Demo] = {}
    goals: dict[Name, Goal]
    learners: dict[Name, Learner]
    papers: dict[Name, Paper]

    @model_validator(mode="after")
    def _names_are_known(self) -> "Parameters":
        for where, name, known in _references(self):
            if name not in known:
                raise ValueError(f"{where}: {name!r} is not defined; {nearest(name, known)}")
        return self

    @model_validator(mode="after")
    def _figures_draw_studies_of_their_kind(self) -> "Parameters":
        for paper_name, paper in self.papers.items():
            for name, experiment in paper.experiments.items():
                for figure, settings in experiment.figures.items():
                    for study, kind in settings.needs().studies.items():
                        found = experiment.studies[study].study.kind
                        if found != kind:
                            raise ValueError(
                                f"papers.{paper_name}.experiments.{name}.figures.{figure}: "
                                f"it draws a study of kind {kind!r}, but the study {study!r} is "
                                f"of kind {found!r}."
                            )
        return self

    @model_validator(mode="after")
    def _rewards_have_their_prompts(self) -> "Parameters":
        for paper_name, paper in self.papers.items():
            for name, experiment in paper.experiments.items():
                for method_name, method in experiment.methods.items():
                    goal = getattr(method.reward, "goal", None)
                    if goal is None or hasattr(self.goals[goal], "demo"):
                        continue  # nothing to compare with, or shown rather than told
                    for task in experiment.tasks:
                        if self.tasks[task].prompts is None:
                            raise ValueError(
                                f"papers.{paper_name}.experiments.{name}.methods.{method_name}: "
                                f"its reward is told in words, but tasks.{task} has no prompts; "
                                f"add tasks.{task}.prompts.goal."
                            )
        return self

    @model_validator(mode="after")
    def _stand_ins_see_what_they_learned_from(self) -> "Parameters":
        for paper_name, paper in self.papers.items():
            for name, experiment in paper.experiments.items():
                for method_name, method in experiment.methods.items():
                    goal = getattr(method.reward, "goal", None)
                    if goal is None or experiment.skip or method.skip:
                        continue
                    encoder = self.goals[goal].encoder
                    size = _trained_size(self.encoders[encoder])
                    for task in experiment.tasks:
                        view = self.tasks[task].view
                        if size is not None and (view.width, view.height) != size:
                            raise ValueError(
                                f"papers.{paper_name}.experiments.{name}.methods.{method_name}: "
                                f"encoders.{encoder} learns from pictures of {size[0]}x{size[1]}, "
                                f"but tasks.{task}.view is {view.width}x{view.height}; "
                                "give both one size."
                            )
        return self


def _trained_size(encoder: Any) -> tuple[int, int] | None:
    """Width and height of the pictures that a stand-in is trained on here."""
    dataset = getattr(getattr(encoder, "train", None), "dataset", None)
    return None if dataset is None else (dataset.width, dataset.height)


def _references(parameters: Parameters) -> list[tuple[str, str, Any]]:
    """(where, name, what it may be) for every mention of one entry by another."""
    found: list[tuple[str, str, Any]] = [
        (f"goals.{name}.encoder", goal.encoder, parameters.encoders)
        for name, goal in parameters.goals.items()
    ]
    for name, goal in parameters.goals.items():
        if hasattr(goal, "demo"):
            found.append((f"goals.{name}.demo", goal.demo, parameters.demos))
            if goal.task is not None:
                found.append((f"goals.{name}.task", goal.task, parameters.tasks))
    for name, encoder in parameters.encoders.items():
        dataset = getattr(getattr(encoder, "train", None), "dataset", None)
        for task in getattr(dataset, "tasks", ()):
            at = f"encoders.{name}.train.dataset.tasks"
            found.append((at, task, parameters.tasks))
    for paper_name, paper in parameters.papers.items():
        for name, experiment in paper.experiments.items():
            at = f"papers.{paper_name}.experiments.{name}"
            found += [(f"{at}.tasks", task, parameters.tasks) for task in experiment.tasks]
            found.append(
                (f"{at}.pretrain.learner", experiment.pretrain.learner, parameters.learners)
            )
            rewards = {f"methods.{m}.reward": v.reward for m, v in experiment.methods.items()}
            found += [
                (f"{at}.methods.{m}.learner", v.learner, parameters.learners)
                for m, v in experiment.methods.items()
                if v.learner is not None
            ]
            for phase, finetune in experiment.finetunes.items():
                where = f"finetunes.{phase}"
                found.append((f"{at}.{where}.learner", finetune.learner, parameters.learners))
                found += [(f"{at}.{where}.of", m, experiment.methods) for m in finetune.of or []]
                rewards[f"{where}.reward"] = finetune.reward
            for where, reward in rewards.items():
                for key, known in (("goal", parameters.goals), ("demo", parameters.demos)):
                    if getattr(reward, key, None) is not None:
                        found.append((f"{at}.{where}.{key}", getattr(reward, key), known))
            for study_name, study in experiment.studies.items():
                found += [
                    (f"{at}.studies.{study_name}.of", method, experiment.methods)
                    for method in study.of
                ]
                found += [
                    (f"{at}.studies.{study_name}.tasks", task, parameters.tasks)
                    for task in study.tasks or ()
                ]
                found += [
                    (f"{at}.studies.{study_name}.study.told", task, parameters.tasks)
                    for task in getattr(study.study, "told", None) or ()
                ]
            for figure_name, figure in experiment.figures.items():
                where = f"{at}.figures.{figure_name}"
                found += [(where, study, experiment.studies) for study in figure.needs().studies]
                found += [(where, phase, experiment.finetunes) for phase in figure.needs().phases]
    return found


def load(root: Path, scale: str) -> Parameters:
    """The parameters at one scale: params.yaml, overlaid by workflow/scales/<scale>.yaml."""
    base = read_yaml(root / "params.yaml")
    return _checked(merge(base, overlay(root, scale)), f"params.yaml + {overlay_path(scale)}")


def overlay_path(scale: str) -> Path:
    """Where a scale's overlay is, relative to the repository."""
    return Path("workflow/scales") / f"{scale}.yaml"


def overlay(root: Path, scale: str) -> dict[str, Any]:
    """What a scale changes; every key must exist in params.yaml."""
    if scale not in SCALES:
        raise UserError(f"there is no scale {scale!r}; {nearest(scale, SCALES)} Try SCALE=mini.")
    return read_yaml(root / overlay_path(scale))


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping, or an error with the line that is wrong."""
    try:
        value = yaml.load(path.read_text(), Loader=_Loader)
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing; restore it with: git checkout -- {path.name}"
        ) from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    return value or {}


class _Loader(yaml.SafeLoader):
    """YAML that reads 1e-4 as a number and refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def merge(base: Any, over: Any) -> Any:
    """Mappings are merged key by key; anything else is replaced.

    A mapping that says another `kind` than the one below it is a different thing: it replaces it.
    """
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    if over.get("kind", base.get("kind")) != base.get("kind"):
        return over
    return base | {key: merge(base.get(key), value) for key, value in over.items()}


def changes(base: Any, over: Any, at: str = "") -> list[dict[str, Any]]:
    """What an overlay changes, leaf by leaf: `{key, paper, here}`."""
    if isinstance(base, dict) and isinstance(over, dict):
        return [
            row
            for key, value in over.items()
            for row in changes(base.get(key), value, f"{at}.{key}" if at else str(key))
        ]
    return [] if base == over else [{"key": at, "paper": base, "here": over}]


def _checked(values: dict[str, Any], source: str) -> Parameters:
    try:
        return Parameters.model_validate(values)
    except ValidationError as error:
        raise UserError(
            "\n".join(sentence(issue, values, source, Parameters) for issue in error.errors())
        ) from None
