"""Whether the parts of every experiment fit each other, before anything runs.

All misfits are refused in one message: where, which task and method, why, and the nearest cure.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from showtell.project.errors import UserError, nearest
from showtell.study.goal_checks import of_demo, of_goals
from showtell.study.needs import Demonstrations
from showtell.study.parameters import Experiment, Method, Parameters, Task, swept
from showtell.study.settings import Picture, StudySettings


class Misfit(NamedTuple):
    """A task and a method that cannot go together, and why."""

    paper: str
    experiment: str
    task: str | None
    method: str | None
    why: str

    def __str__(self) -> str:
        at = [f"papers.{self.paper}.experiments.{self.experiment}"]
        at += [f"task {self.task}"] if self.task else []
        at += [f"method {self.method}"] if self.method else []
        return f"{', '.join(at)}: {self.why}"


def refuse_misfits(parameters: Parameters, source: str) -> None:
    """Raise one error with every mistake, or none."""
    found = [*unknown_names(parameters)]
    if not found:  # parts can be compared only where all of them exist
        found = [*whole_sections(parameters)]
        for (paper, name), misfits in misfits_of(parameters).items():
            experiment = parameters.papers[paper].experiments[name]
            refused = [
                str(misfit)
                for misfit in misfits
                if experiment.incompatible == "refuse" or misfit.task is None
            ]
            found += dict.fromkeys(refused)
    if found:
        raise UserError("\n".join(f"{source}: {line}" for line in found))


def unknown_names(parameters: Parameters) -> Iterator[str]:
    """A sentence for every name that is not defined."""
    for where, name, known in _references(parameters):
        if name not in known:
            yield f"{where}: {name!r} is not defined; {nearest(name, known)}"


def _references(parameters: Parameters) -> Iterator[tuple[str, str, Any]]:
    """(where, name, what it may be) for every mention of one entry by another."""
    p = parameters
    for name, demo in p.demos.items():
        yield f"demos.{name}.encoder", demo.encoder, p.encoders
    for name, goal in p.goals.items():
        if goal.encoder is not None:
            yield f"goals.{name}.encoder", goal.encoder, p.encoders
        if (shown := goal.demonstrations()) is not None:
            yield f"goals.{name}.demo", shown[0], p.demos
            if shown[1] is not None:
                yield f"goals.{name}.task", shown[1], p.tasks
    for name, recipe in p.training.items():
        yield f"training.{name}", name, p.encoders
        for task in recipe.dataset.task_names():
            yield f"training.{name}.dataset.tasks", task, p.tasks
        if (videos := recipe.dataset.videos_name()) is not None:
            yield f"training.{name}.dataset.videos", videos, p.videos
    for name, reward in p.rewards.items():
        for comparison in reward.needs().comparisons:
            yield f"rewards.{name}.goal", comparison.goal, p.goals
        for demonstrations in reward.needs().demonstrations:
            yield f"rewards.{name}.demo", demonstrations.demo, p.demos
    for name, entry in p.tasks.items():
        if entry.learner is not None:
            yield f"tasks.{name}.learner", entry.learner, p.learners
    for paper, papers in p.papers.items():
        for name, experiment in papers.experiments.items():
            yield from _references_of(p, experiment, f"papers.{paper}.experiments.{name}")


def _references_of(
    p: Parameters, experiment: Experiment, at: str
) -> Iterator[tuple[str, str, Any]]:
    for task in experiment.tasks:
        yield f"{at}.tasks", task, p.tasks
    if experiment.train.learner is not None:
        yield f"{at}.train.learner", experiment.train.learner, p.learners
    for name, method in experiment.methods.items():
        yield f"{at}.methods.{name}.reward", method.reward, p.rewards
        if method.learner is not None:
            yield f"{at}.methods.{name}.learner", method.learner, p.learners
    for phase, finetune in experiment.finetune.items():
        yield f"{at}.finetune.{phase}.learner", finetune.learner, p.learners
        yield f"{at}.finetune.{phase}.reward", finetune.reward, p.rewards
        for own in finetune.methods or ():
            yield f"{at}.finetune.{phase}.methods", own, experiment.methods
    for study, settings in experiment.studies.items():
        for of in settings.methods:
            yield f"{at}.studies.{study}.methods", of, experiment.methods
        for of in settings.trained_agents():
            yield f"{at}.studies.{study}.agents", of, experiment.methods
        for task in settings.tasks or ():
            yield f"{at}.studies.{study}.tasks", task, p.tasks
        for demonstrations in settings.needs().demonstrations:
            yield f"{at}.studies.{study}.demo", demonstrations.demo, p.demos
        for task in settings.goal_tasks(experiment.tasks[0]):
            yield f"{at}.studies.{study}.goals_of", task, p.tasks
        for control, reward in settings.control_rewards().items():
            yield f"{at}.studies.{study}.controls.{control}", reward, p.rewards
    for figure, name, known in _figures_of(experiment):
        yield f"{at}.figures.{figure}", name, known


def _figures_of(experiment: Experiment) -> Iterator[tuple[str, str, Any]]:
    """(figure, what it draws, what the experiment has) for every mention by a figure."""
    for name, figure in experiment.figures.items():
        for study in figure.needs().studies:
            yield name, study, experiment.studies
        for phase in figure.needs().phases:
            yield name, phase, experiment.finetune


def whole_sections(parameters: Parameters) -> Iterator[str]:
    """Mistakes within the sections, whatever the experiments use of them."""
    for name, recipe in parameters.training.items():
        encoder = parameters.encoders[name]
        if encoder.kind != recipe.encoder_kind:
            yield (
                f"training.{name}: a recipe of kind {recipe.kind!r} trains {recipe.encoder_kind}, "
                f"but encoders.{name} is of kind {encoder.kind!r}; give the recipe's kind for it."
            )
        if recipe.samples != recipe.dataset.samples:
            yield (
                f"training.{name}: a recipe of kind {recipe.kind!r} learns from {recipe.samples}, "
                f"but its dataset of kind {recipe.dataset.kind!r} has {recipe.dataset.samples}; "
                "name a dataset of another kind."
            )
        if encoder.fetched is not None:
            yield (
                f"training.{name}: encoders.{name} is fetched ({encoder.fetched}), not trained; "
                f"set encoders.{name}.pretrained to null."
            )
        if encoder.picture == "native" and recipe.samples != "videos":
            yield (
                f"encoders.{name}.picture: a network that is trained here needs one size; give "
                "picture: {width: …, height: …}."
            )


def misfits_of(parameters: Parameters) -> dict[tuple[str, str], list[Misfit]]:
    """(paper, experiment) -> all pairs of its tasks and methods that cannot go together."""
    return {
        (paper, name): [
            Misfit(paper, name, *found) for found in _of_experiment(parameters, experiment)
        ]
        for paper, entry in parameters.papers.items()
        for name, experiment in entry.experiments.items()
    }


Found = tuple[str | None, str | None, str]


def _of_experiment(p: Parameters, experiment: Experiment) -> Iterator[Found]:
    for task in experiment.tasks:
        for name, method in experiment.methods.items():
            for why in _of_cell(p, experiment, task, method):
                yield task, name, why
            for phase, finetune in experiment.finetune.items():
                if finetune.methods is None or name in finetune.methods:
                    for why in _of_finetuning(p, experiment, task, method, phase):
                        yield task, name, why
    for figure, settings in experiment.figures.items():
        for name, kind in settings.needs().studies.items():
            if (found := experiment.studies[name].kind) != kind:
                why = f"it draws a study of kind {kind!r}, but {name!r} is of kind {found!r}"
                yield None, None, f"figures.{figure}: {why}; name a study of that kind."
    for name, study in experiment.studies.items():
        for task in study.tasks or experiment.tasks:
            lack = study.problem(p.tasks[task].world.offers())
            if lack is not None:
                yield None, None, f"studies.{name} on task {task}: {lack}"
            for why in _of_acting(p, experiment, task, study):
                yield None, None, f"studies.{name} on task {task}: {why}"
            for why in _of_agents(p, experiment, task, study):
                yield None, None, f"studies.{name} on task {task}: {why}"
            for measured in study.methods:
                reward = p.rewards[experiment.methods[measured].reward]
                if (lack := study.problem_with(reward)) is not None:
                    yield None, measured, f"studies.{name}: {lack}"
                for of in study.goal_tasks(task):
                    for why in of_goals(p, of, reward):
                        yield None, measured, f"studies.{name} compares with {of}: {why}"
            for control, rewarded in study.control_rewards().items():
                if control in study.methods:
                    why = "has the name of a method; give the control another name."
                    yield None, None, f"studies.{name}.controls.{control} {why}"
                for why in of_goals(p, task, p.rewards[rewarded]):
                    yield None, None, f"studies.{name}.controls.{control}: {why}"


def learner_of_studies(experiment: Experiment, task: Task) -> str | None:
    """The learner whose policies studies play: the experiment's, the task's or a method's."""
    of_methods = (method.learner for method in experiment.methods.values())
    named = (experiment.train.learner, task.learner, *of_methods)
    return next((name for name in named if name is not None), None)


def _of_acting(
    p: Parameters, experiment: Experiment, task: str, study: StudySettings
) -> Iterator[str]:
    """Whether a study can play the policies and the demonstrations that it needs."""
    for needed in study.needs().demonstrations:
        yield from of_demo(p, needed.demo, task, needed.count)
        if needed.states and not p.demos[needed.demo].states:
            yield f"demos.{needed.demo} has no actions; name a demo of the kind 'scripted'."
    if not study.acts:
        return
    learner = learner_of_studies(experiment, p.tasks[task])
    actions = p.tasks[task].world.offers().actions
    if learner is None:
        yield f"no learner is named; name one in tasks.{task}.learner."
    elif actions not in p.learners[learner].actions:
        yield (
            f"the learner {learner!r} has no {actions} actions, which the world takes; name "
            f"another one in tasks.{task}.learner."
        )
    elif (lack := study.problem_of(p.learners[learner])) is not None:
        yield f"the learner {learner!r}: {lack}"


def _of_agents(
    p: Parameters, experiment: Experiment, task: str, study: StudySettings
) -> Iterator[str]:
    """Whether the experiment trains the agents that a study plays."""
    agents = study.trained_agents()
    if agents and not experiment.seeds:
        yield "it plays trained agents, but seeds is 0; give the experiment seeds."
    elif agents and task not in experiment.tasks:
        yield (
            "it plays trained agents, but the experiment does not train on this task; "
            f"{nearest(task, experiment.tasks)}"
        )
    for agent in agents:
        method = experiment.methods[agent]
        learner = method.learner or experiment.train.learner or p.tasks[task].learner
        if learner is not None and p.learners[learner].follows_goals:
            yield (
                f"the agents of {agent!r} observe which goal of their reward is active "
                f"(learners.{learner}), and this study plays them without it; name other agents."
            )


def _of_cell(p: Parameters, experiment: Experiment, task: str, method: Method) -> Iterator[str]:
    reward = p.rewards[method.reward]
    learner = method.learner or experiment.train.learner or p.tasks[task].learner
    if learner is None:
        yield (
            f"no learner is set; name a learner in tasks.{task}.learner, in the experiment's "
            "train.learner or in the method."
        )
    else:
        yield from _of_learner(p, task, learner, reward)
    if reward.needs().dense_rewards and not p.tasks[task].world.offers().dense_rewards:
        yield (
            f"its reward ({reward.kind}) reads a dense reward of the world, and "
            f"{p.tasks[task].world.kind} has none; use it on one of DVD's tasks."
        )
    for one, _ in swept(reward, method.sweep).values():
        yield from of_goals(p, task, one)
        yield from _of_frames(p, task, one, method)


def _of_learner(p: Parameters, task: str, learner: str, reward: Any) -> Iterator[str]:
    settings, actions = p.learners[learner], p.tasks[task].world.offers().actions
    if actions not in settings.actions:
        fitting = [name for name, one in p.learners.items() if actions in one.actions]
        cure = f"for example {fitting[0]!r}" if fitting else "none is defined"
        yield (
            f"the learner {learner!r} ({settings.kind}) learns {' or '.join(settings.actions)} "
            f"actions, but the world of {task} takes {actions} actions; name a learner for "
            f"those: {cure}."
        )
    if reward.needs().log_probs and not settings.log_probs:
        yield (
            f"its reward ({reward.kind}) needs the log-probabilities of the policy's actions, "
            f"which the learner {learner!r} ({settings.kind}) does not have; name a ppo."
        )
    for demonstrations in reward.needs().demonstrations:
        yield from _of_demonstrations(p, task, demonstrations)


def _of_demonstrations(p: Parameters, task: str, needed: Demonstrations) -> Iterator[str]:
    demo = p.demos[needed.demo]
    yield from of_demo(p, needed.demo, task, needed.count)
    if needed.states and not demo.states:
        acted = [name for name, one in p.demos.items() if one.states]
        yield (
            f"its reward reads states of demos.{needed.demo}, a demo of kind {demo.kind!r} that "
            f"is video alone; name a demo with states{f': {acted[0]!r}' if acted else ''}."
        )


def _of_frames(p: Parameters, task: str, reward: Any, method: Method) -> Iterator[str]:
    """Whether an encoder's pictures are those that it was trained on."""
    for name in reward.needs().goals:
        encoder = p.goals[name].encoder
        if encoder is None:
            continue
        own, picture = method.picture, p.encoders[encoder].picture
        recipe = p.training.get(encoder)
        trained = recipe is not None and recipe.samples != "videos" and picture != "native"
        if own is not None and trained and own != picture:
            assert isinstance(picture, Picture)
            yield (
                f"encoders.{encoder} learns from pictures of {picture.width}x{picture.height}, "
                f"but the method's picture is {own.width}x{own.height}; give both one size."
            )


def _of_finetuning(
    p: Parameters, experiment: Experiment, task: str, method: Method, phase: str
) -> Iterator[str]:
    finetune = experiment.finetune[phase]
    first = method.learner or experiment.train.learner or p.tasks[task].learner
    reward, at = p.rewards[finetune.reward], f"finetune.{phase}: "
    yield from (at + why for why in _of_learner(p, task, finetune.learner, reward))
    yield from (at + why for why in of_goals(p, task, reward))
    if first is None:
        return
    before, after = p.learners[first], p.learners[finetune.learner]
    if before.policy_shape() != after.policy_shape():
        yield (
            f"{at}the learner {finetune.learner!r} goes on from the policy of {first!r}, but "
            f"their networks differ: {after.policy_shape()} against {before.policy_shape()}; "
            f"give learners.{finetune.learner} the same `hidden`."
        )
    if after.clones and not reward.needs().demonstrations:
        yield (
            f"{at}the learner {finetune.learner!r} clones a demonstration, but its reward "
            f"({reward.kind}) has none; name a reward with a demo, or set cloning to null."
        )
