"""The parameters of a study: read once, checked completely, frozen."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from showtell.project.errors import UserError, nearest
from showtell.project.registry import parts

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
SCALES = ("smoke", "mini", "desk", "paper")


class Frozen(BaseModel):
    """A record that takes exactly its fields and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _settings(kind: str) -> Any:
    """The union of the settings of every part of one kind, told apart by `name`."""
    known = tuple(part.settings for part in parts(kind).values())
    if len(known) == 1:
        return known[0]
    return Annotated[Union[known], Field(discriminator="name")]  # noqa: UP007 (built at run time)


if TYPE_CHECKING:  # at run time, whatever parts there are
    Encoder: TypeAlias = Any
    World: TypeAlias = Any
    Goal: TypeAlias = Any
    Learner: TypeAlias = Any
    Reward: TypeAlias = Any
    StudySettings: TypeAlias = Any
else:
    Encoder, World, Goal = _settings("nets"), _settings("worlds"), _settings("goals")
    Learner, Reward = _settings("learners"), _settings("rewards")
    StudySettings = _settings("studies")


class View(Frozen):
    """How a task's moments are drawn for its rewards."""

    width: PositiveInt
    height: PositiveInt
    camera: str = "default"
    quality: Literal["faithful", "fast"] = "faithful"
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
    sweep: dict[str, list[Any]] = {}

    @model_validator(mode="after")
    def _sweeps_exist(self) -> "Method":
        for key in self.sweep:
            if key not in type(self.reward).model_fields:
                fields = type(self.reward).model_fields
                raise ValueError(f"sweep over {key!r}: {nearest(key, fields)}")
        return self


class Phase(Frozen):
    """Who learns, in one phase."""

    learner: Name


class FineTune(Phase):
    """The phase after pretraining: the same policy, another reward."""

    reward: Reward


class Evaluation(Frozen):
    """How a policy is judged."""

    episodes: PositiveInt
    policies: list[Literal["deterministic", "stochastic"]] = Field(min_length=1)


class Study(Frozen):
    """A measurement of rewards themselves, without training."""

    of: list[str] = Field(min_length=1)  # methods; a swept method stands for all its values
    study: StudySettings


class Experiment(Frozen):
    """Tasks × methods × seeds, under one protocol."""

    tasks: list[Name] = Field(min_length=1)
    methods: dict[Name, Method] = Field(min_length=1)
    seeds: PositiveInt
    pretrain: Phase
    finetune: FineTune | None = None
    evaluate: Evaluation
    studies: dict[Name, Study] = {}
    figures: list[Name] = []
    skip: bool = False  # a scale may leave an experiment out


class Paper(Frozen):
    """One paper's experiments."""

    title: str
    experiments: dict[Name, Experiment]


class Parameters(Frozen):
    """Everything that is studied."""

    seed: int
    encoders: dict[Name, Encoder]
    tasks: dict[Name, Task]
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
    def _rewards_have_their_prompts(self) -> "Parameters":
        for paper_name, paper in self.papers.items():
            for name, experiment in paper.experiments.items():
                for method_name, method in experiment.methods.items():
                    if getattr(method.reward, "goal", None) is None:
                        continue
                    for task in experiment.tasks:
                        if self.tasks[task].prompts is None:
                            raise ValueError(
                                f"papers.{paper_name}.experiments.{name}.methods.{method_name}: "
                                f"its reward is told in words, but tasks.{task} has no prompts; "
                                f"add tasks.{task}.prompts.goal."
                            )
        return self


def _references(parameters: Parameters) -> list[tuple[str, str, Any]]:
    """(where, name, what it may be) for every mention of one entry by another."""
    found: list[tuple[str, str, Any]] = [
        (f"goals.{name}.encoder", goal.encoder, parameters.encoders)
        for name, goal in parameters.goals.items()
    ]
    for paper_name, paper in parameters.papers.items():
        for name, experiment in paper.experiments.items():
            at = f"papers.{paper_name}.experiments.{name}"
            found += [(f"{at}.tasks", task, parameters.tasks) for task in experiment.tasks]
            found.append(
                (f"{at}.pretrain.learner", experiment.pretrain.learner, parameters.learners)
            )
            rewards = {f"methods.{m}.reward": v.reward for m, v in experiment.methods.items()}
            if experiment.finetune is not None:
                found.append(
                    (f"{at}.finetune.learner", experiment.finetune.learner, parameters.learners)
                )
                rewards["finetune.reward"] = experiment.finetune.reward
            for where, reward in rewards.items():
                goal = getattr(reward, "goal", None)
                if goal is not None:
                    found.append((f"{at}.{where}.goal", goal, parameters.goals))
            for study_name, study in experiment.studies.items():
                found += [
                    (f"{at}.studies.{study_name}.of", method, experiment.methods)
                    for method in study.of
                ]
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

    A mapping that says another `name` than the one below it is a different thing: it replaces it.
    """
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    if over.get("name", base.get("name")) != base.get("name"):
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
            "\n".join(_sentence(issue, values, source) for issue in error.errors())
        ) from None


def _sentence(issue: Any, values: Any, source: str) -> str:
    """One pydantic error as a sentence: file, key path, what was found, what is allowed."""
    # Tags of discriminated unions appear in `loc` but are no keys of the file.
    path = _real_path(issue["loc"], values)
    where = ": ".join(filter(None, (source, ".".join(map(str, path)))))
    if issue["type"] == "extra_forbidden":
        known = _fields_at(path[:-1], values)
        return f"{where}: unknown key; {nearest(str(path[-1]), known)}"
    if issue["type"] == "union_tag_invalid":
        found = issue["ctx"]["tag"]
        tags = [tag.strip().strip("'") for tag in issue["ctx"]["expected_tags"].split(",")]
        return f"{where}: name is {found!r}; {nearest(found, tags)}"
    if issue["type"] == "missing":
        return f"{where}: this key is missing."
    if issue["type"] == "value_error":
        return f"{where}: {issue['ctx']['error']}"
    return f"{where}: found {issue['input']!r}; {issue['msg'].lower()}."


def _real_path(loc: tuple[int | str, ...], values: Any) -> list[int | str]:
    path: list[int | str] = []
    at = values
    for index, key in enumerate(loc):
        inside = (isinstance(at, dict) and key in at) or (
            isinstance(at, list) and isinstance(key, int) and key < len(at)
        )
        if inside:
            at = at[key]
            path.append(key)
        elif index == len(loc) - 1 and not (isinstance(at, dict) and at.get("name") == key):
            path.append(key)
    return path


def _fields_at(path: list[int | str], values: Any) -> set[str]:
    """The keys that may stand at this path: the types are walked beside the values."""
    expected: Any = Parameters
    for key in path:
        model = _model(expected, values)
        if model is not None:
            expected = model.model_fields[str(key)].annotation
        else:  # a mapping or a list: its values' type comes last
            expected = get_args(expected)[-1]
        values = values[key]
    model = _model(expected, values)
    return set(model.model_fields) if model is not None else set()


def _model(expected: Any, value: Any) -> type[BaseModel] | None:
    """The model that a value is meant to be: of several, the one of its `name`."""
    if isinstance(expected, type) and issubclass(expected, BaseModel):
        return expected
    if get_origin(expected) in (dict, list):
        return None
    options = [_model(option, value) for option in get_args(expected)]
    models = [option for option in options if option is not None]
    name = value.get("name") if isinstance(value, dict) else None
    named = [m for m in models if "name" in m.model_fields]
    for model in named:
        if name in get_args(model.model_fields["name"].annotation):
            return model
    return models[0] if models else None
