"""The study that answers a question: its entries, and the tables to be made, without training."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from showtell.nets.lerobot_models import has_probability
from showtell.probe.question import Model, Question, frames_of, sentence_of
from showtell.project.errors import UserError
from showtell.study.goal_checks import of_goals
from showtell.study.layout import Layout
from showtell.study.parameters import Parameters
from showtell.study.settings import RewardSettings

OWN, ELSEWHERE, STUDY = "own", "elsewhere", "rollouts"
TASK = "probe"
_EPISODES, _EPISODES_ELSEWHERE = 24, 10
_OTHERS = 2  # tasks whose rollouts the goal is held against
_ROLLOUTS = {
    "script": 6, "noisy": 6, "stalled": 6, "drifting": 4, "random": 4,
    "little_noise": 0.15, "much_noise": 1.5,
}  # fmt: skip
_MOMENTS = 16
_ALPHA = 0.5  # where a baseline is given


@dataclass(frozen=True)
class Plan:
    """A study file, and what it measures."""

    name: str
    study: Mapping[str, Any]  # as YAML
    methods: Mapping[str, str]  # a method's name -> what it is, for people
    tasks: Mapping[str, str]  # a task of the study -> what it is: a sentence, or a task
    elsewhere: tuple[str, ...]  # tasks of other goals whose rollouts are scored too
    without_goal: tuple[str, ...] = ()  # methods that score the same whatever the goal is

    def targets(self, layout: Layout) -> list[Path]:
        """The tables of the measurements."""
        own = [layout.study(self.name, OWN, TASK, STUDY)]
        return own + [layout.study(self.name, ELSEWHERE, task, STUDY) for task in self.elsewhere]


def plan(question: Question, p: Parameters, layout: Layout) -> Plan:
    """Methods are all rewards of this kind of goal whose network is at hand, and a model given."""
    made = _of_goal(question, p, layout)
    return made if question.model is None else _beside(made, question, question.model, p)


def _of_goal(question: Question, p: Parameters, layout: Layout) -> Plan:
    known = p.tasks[question.task]
    if question.how == "text":
        return _of_text(question, p, layout)
    demos = {TASK: {"kind": "file", "frames": "all", "files": {TASK: question.goal}}}
    tasks = {TASK: {"from": question.task}}
    build = _of_video if question.how == "video" else _of_image
    assert known.world.offers().script
    return build(question, p, layout, demos, tasks)


def _beside(made: Plan, question: Question, model: Model, p: Parameters) -> Plan:
    """The same rollouts, scored by a model of the user's own too."""
    name, own = f"{TASK}-model", sentence_of(p, question.task)
    classifies = has_probability(Path(model.folder))
    horizon = getattr(p.tasks[question.task].world, "horizon", _MOMENTS)
    reward = {
        "kind": "lerobot", "folder": model.folder, "sha256": dict(model.sha256),
        "sentence": question.goal if question.how == "text" else own,
        "output": "probability" if classifies else "reward",
        "frames": frames_of(model.type), "stride": max(1, horizon // _MOMENTS),
    }  # fmt: skip
    study = deepcopy(dict(made.study))
    study["rewards"] = {**study.get("rewards", {}), name: reward}
    for experiment in study["experiments"].values():
        experiment["methods"] = {**experiment["methods"], name: {"reward": name}}
        experiment["studies"][STUDY]["methods"] = list(experiment["methods"])
    what = "probability of success" if classifies else "reward"
    return replace(
        made,
        study=study,
        methods={**made.methods, name: f"{what} by {model.folder} (LeRobot, {model.type})"},
        without_goal=(name,),
    )


def _of_text(question: Question, p: Parameters, layout: Layout) -> Plan:
    rewards = _rewards(p, layout, question.task, _has_sentence)
    names = {name: p.goals[_goal(reward)].encoder or "" for name, reward in rewards.items()}
    prompts = {"goal": question.goal}
    own: dict[str, Any] = {}
    if question.baseline is not None:
        prompts["baseline"] = question.baseline
        own = dict(_regularised(question, rewards))
    tasks: dict[str, Any] = {TASK: {"from": question.task, "prompts": prompts}}
    shown = {TASK: question.goal}
    for number, words in enumerate(paraphrases(question.goal), start=1):
        tasks[f"{TASK}-{number}"] = {"from": question.task, "prompts": {"goal": words}}
        shown[f"{TASK}-{number}"] = words
    others = list(_others(question.task, p, next(iter(names.values()))))
    wrong = p.tasks[question.task].prompts
    lacks_wrong = wrong is None or wrong.wrong is None
    controls = {} if lacks_wrong else dict(_controls(p, rewards))
    methods = {name: {"reward": name} for name in (*rewards, *own)}
    return Plan(
        question.name,
        {
            "name": question.name,
            "title": f"“{question.goal}” for {question.task}",
            "tasks": tasks,
            "rewards": own,
            "experiments": {
                OWN: _experiment([TASK], methods, _EPISODES, [*shown, *others], controls)
            }
            | _elsewhere(others, methods, [TASK]),
        },
        {name: f"similarity to the sentence by {encoder}" for name, encoder in names.items()}
        | dict.fromkeys(own, f"the same with the baseline, α = {_ALPHA:g}"),
        shown | {task: f"the sentence of {task}" for task in others},
        tuple(others),
    )


def _of_video(
    question: Question, p: Parameters, layout: Layout, demos: dict[str, Any], tasks: Any
) -> Plan:
    rewards = _rewards(p, layout, question.task, _has_video)
    encoder = next(iter(p.goals[_goal(reward)].encoder for reward in rewards.values()))
    for name in [n for n, r in rewards.items() if p.goals[_goal(r)].encoder != encoder]:
        del rewards[name]
    own = {f"{TASK}-{name}": {"from": name, "goal": TASK} for name in rewards}
    others = list(_others(question.task, p, encoder))
    return Plan(
        question.name,
        {
            "name": question.name,
            "title": f"{question.goal} for {question.task}",
            "tasks": tasks,
            "demos": {TASK: demos[TASK] | {"encoder": encoder, "frames": None}},
            "goals": {
                TASK: {
                    "kind": "video", "encoder": encoder, "demo": TASK, "task": TASK,
                    "demos": 1, "combine": "sum",
                }
            },
            "rewards": own,
            "experiments": {
                OWN: _experiment(
                    [TASK], {n: {"reward": n} for n in (*own, *rewards)}, _EPISODES, "own", {}
                )
            }
            | _elsewhere(others, {n: {"reward": n} for n in own}, "own"),
        },
        {
            f"{TASK}-{name}": f"your video, {reward.compare}, by {encoder}"
            for name, reward in rewards.items()
        }
        | {name: f"the script's video, {reward.compare}" for name, reward in rewards.items()},
        {TASK: question.goal},
        tuple(others),
    )  # fmt: skip


def _of_image(
    question: Question, p: Parameters, layout: Layout, demos: dict[str, Any], tasks: Any
) -> Plan:
    rewards = _rewards(p, layout, question.task, _has_picture)
    goals: dict[str, Any] = {}
    own: dict[str, Any] = {}
    shown = {}
    for name, reward in rewards.items():
        encoder = p.goals[_goal(reward)].encoder
        goals[f"{TASK}-{encoder or 'pixels'}"] = {
            "kind": "demo_pictures", "encoder": encoder, "demo": TASK, "task": TASK,
            "number": 1, "stages": "last",
        }  # fmt: skip
        own[f"{TASK}-{name}"] = {"from": name, "goal": f"{TASK}-{encoder or 'pixels'}"}
        shown[f"{TASK}-{name}"] = "pixels" if encoder is None else encoder
    size = next(e for reward in rewards.values() if (e := p.goals[_goal(reward)].encoder))
    study = {
        "kind": "distances", "methods": list(own), "rollouts": _ROLLOUTS, "moments": _MOMENTS,
        "scenes": ["same", "light"], "light_gains": [0.75, 0.85, 1.0], "light_shift": [2, -2],
    }  # fmt: skip
    return Plan(
        question.name,
        {
            "name": question.name,
            "title": f"{question.goal} for {question.task}",
            "tasks": tasks,
            "demos": {TASK: demos[TASK] | {"encoder": size}},
            "goals": goals,
            "rewards": own,
            "experiments": {
                OWN: _base([TASK], {n: {"reward": n} for n in own}) | {"studies": {STUDY: study}}
            },
        },
        shown,
        {TASK: question.goal},
        (),
    )  # fmt: skip


def _regularised(
    question: Question, rewards: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rewards that can take out what goal and baseline share, with some strength."""
    found = [name for name, reward in rewards.items() if hasattr(reward, "alpha")]
    if not found:
        raise UserError(
            f"--baseline changes rewards that have a strength α, and those measured on "
            f"{question.task} ({', '.join(rewards)}) have none; leave it out."
        )
    for name in found:
        yield f"{TASK}-{name}", {"from": name, "alpha": _ALPHA}


def paraphrases(sentence: str) -> Iterator[str]:
    """The same in other words: what is added says nothing of the goal."""
    known = sentence.lower()
    words = known.split()
    if "robot" not in words:
        yield f"robot {sentence}"
    else:
        yield " ".join(
            word for word in sentence.split() if word.lower() not in ("robot", "a", "the")
        )
    yield f"a video of {sentence}"
    yield f"{sentence} successfully"


def _elsewhere(tasks: list[str], methods: Any, goals_of: Any) -> dict[str, Any]:
    if not tasks:
        return {}
    return {ELSEWHERE: _experiment(tasks, methods, _EPISODES_ELSEWHERE, goals_of, {})}


def _experiment(
    tasks: list[str], methods: Any, episodes: int, goals_of: Any, controls: Any
) -> dict[str, Any]:
    study = {
        "kind": "alignment", "methods": list(methods), "episodes": episodes, "goals_of": goals_of,
    }  # fmt: skip
    if controls:
        study["controls"] = controls
    return _base(tasks, methods) | {"studies": {STUDY: study}}


def _base(tasks: list[str], methods: Any) -> dict[str, Any]:
    evaluate = {"episodes": 1, "actions": ["deterministic"]}
    return {"tasks": tasks, "seeds": 1, "methods": methods, "evaluate": evaluate}


def _has_sentence(reward: Any, goal: Any) -> bool:
    return bool(goal.kind == "text" and goal.sentence == "goal")


def _has_video(reward: Any, goal: Any) -> bool:
    return bool(reward.kind == "roboclip" and goal.kind == "video" and goal.demos == 1)


def _has_picture(reward: Any, goal: Any) -> bool:
    return bool(reward.kind == "distance" and goal.kind == "rendered" and goal.stages == "all")


def _goal(reward: RewardSettings) -> str:
    return reward.needs().goals[0]


def _rewards(p: Parameters, layout: Layout, task: str, wanted: Any) -> dict[str, Any]:
    """Rewards of one wanted goal, each network once a kind; those at hand, else the first."""
    fitting = {
        name: reward
        for name, reward in p.rewards.items()
        if len(reward.needs().comparisons) == 1
        and wanted(reward, p.goals[_goal(reward)])
        and not list(of_goals(p, task, reward))
    }
    # What is trained or made here, or is there already; published weights only where all are.
    here = {n: r for n, r in fitting.items() if _here(p, p.goals[_goal(r)].encoder, layout)}
    fitting = here or fitting
    once = {
        (p.goals[_goal(reward)].encoder, getattr(reward, "compare", None)): name
        for name, reward in reversed(fitting.items())
    }
    fitting = {name: reward for name, reward in fitting.items() if name in once.values()}
    if not fitting:
        raise UserError(f"no network of this scale knows the world of {task}; try --scale desk.")
    at_hand = {
        name: reward
        for name, reward in fitting.items()
        if _exists(p.goals[_goal(reward)].encoder, layout)
    }
    learned = [
        name for name, reward in fitting.items() if _learns(p, p.goals[_goal(reward)].encoder)
    ]
    if any(name in at_hand for name in learned) or not learned:
        return at_hand or dict([next(iter(fitting.items()))])
    return {learned[0]: fitting[learned[0]]} | at_hand


def _learns(p: Parameters, encoder: str | None) -> bool:
    """Whether a network is trained here, and not left as it began."""
    return encoder in p.training and getattr(p.training[encoder], "steps", 1) > 0


def _here(p: Parameters, encoder: str | None, layout: Layout) -> bool:
    if encoder is None or encoder in p.training or _exists(encoder, layout):
        return True
    return getattr(p.encoders[encoder], "pretrained", None) == "random"


def _exists(encoder: str | None, layout: Layout) -> bool:
    return encoder is None or (layout.encoder(encoder) / "model.safetensors").exists()


def _controls(p: Parameters, rewards: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Rewards like the first whose goal is another sentence of the task."""
    first = next(iter(rewards.values()))
    like = first.model_dump(exclude={"goal"})
    encoder = p.goals[_goal(first)].encoder
    for name, reward in p.rewards.items():
        if reward.kind != first.kind or reward.model_dump(exclude={"goal"}) != like:
            continue
        goal: Any = p.goals[_goal(reward)]
        if goal.kind == "text" and goal.encoder == encoder and goal.sentence != "goal":
            yield goal.sentence, name


def _others(task: str, p: Parameters, encoder: str | None) -> Iterator[str]:
    """Some tasks of the same kind of world, which a network that was trained here has seen."""
    own = p.tasks[task]
    seen = p.training[encoder].dataset.task_names() if encoder in p.training else p.tasks
    alike = [
        name
        for name, entry in p.tasks.items()
        if name != task
        and name in seen
        and entry.world.kind == own.world.kind
        and entry.world.offers().script
        and entry.prompts is not None
        and entry.prompts != own.prompts
        and entry.camera == own.camera
    ]
    yield from alike[:_OTHERS]
