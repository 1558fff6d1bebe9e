"""Trainings that an experiment takes from another one: made once, read by both.

`trainings_of: roboclip/language` at a method says: on the tasks that both experiments have, this
method's trainings and evaluations are those of roboclip/language; on other tasks they are its own.
"""

from collections.abc import Iterator

from showtell.project.errors import UserError, nearest
from showtell.study.grid import TRAIN, Cell, Grid
from showtell.study.parameters import Experiment, Method
from showtell.study.settings import LearnerSettings


def check(grid: Grid) -> None:
    """Refuse every method whose trainings another experiment does not make alike."""
    problems = [
        f"papers.{paper}.experiments.{name}.methods.{method_name}.trainings_of: {problem}"
        for paper, name, experiment in grid.experiments()
        for method_name, method in experiment.methods.items()
        if method.trainings_of is not None
        for problem in _problems(grid, paper, name, method_name, method)
    ]
    if problems:
        raise UserError("\n".join(problems))


def _problems(grid: Grid, paper: str, name: str, method: str, entry: Method) -> Iterator[str]:
    where = entry.trainings_of or ""
    known = {f"{p}/{n}": (p, n, e) for p, n, e in grid.experiments()}
    if where not in known:
        yield f"no experiment {where!r} is run at this scale; {nearest(where, known)}"
        return
    here, (other_paper, other, there) = grid.experiment(paper, name), known[where]
    known_methods = grid.variants(there)
    full = list(grid.variants(here, [method]))
    lacking = [one for one in full if one not in known_methods]
    shared = [task for task in here.tasks if task in there.tasks]
    if lacking:
        yield f"{where} has no method {lacking[0]!r}; {nearest(lacking[0], known_methods)}"
    elif not shared:
        yield f"{where} has none of its tasks; name an experiment that has one of {here.tasks}."
    elif method in there.methods and (origin := there.methods[method].trainings_of) is not None:
        yield f"{where} takes them from elsewhere itself; name {origin!r}."
    elif there.seeds < here.seeds:
        yield f"{where} has {there.seeds} seeds, {here.seeds} are needed; use as many at most."
    else:
        yield from _protocol(where, here, there)
        for one in full:
            cells = [
                Cell(p, n, shared[0], one, 0) for p, n in ((paper, name), (other_paper, other))
            ]
            yield from _training(grid, where, here, there, *cells)


def _protocol(where: str, here: Experiment, there: Experiment) -> Iterator[str]:
    mine, theirs = here.evaluate, there.evaluate
    if mine.episodes != theirs.episodes:
        yield f"{where} evaluates {theirs.episodes} episodes, here {mine.episodes}; use one number."
    for key in ("actions", "checkpoints"):
        if absent := [one for one in getattr(mine, key) if one not in getattr(theirs, key)]:
            yield f"{where} evaluates no {absent[0]!r}; add it to its evaluate.{key}."


def _training(
    grid: Grid, where: str, here: Experiment, there: Experiment, mine: Cell, theirs: Cell
) -> Iterator[str]:
    for phase in grid.phases(here, mine.method):
        if phase not in grid.phases(there, mine.method):
            yield f"{where} does not train {mine.method!r} in the phase {phase!r}; add it there."
        elif grid.reward(mine, phase) != grid.reward(theirs, phase):
            yield f"the reward of {mine.method!r} in the phase {phase!r} is another in {where}."
        elif grid.learner(mine, phase) != grid.learner(theirs, phase):
            yield (
                f"{where} trains {mine.method!r} in the phase {phase!r} with the learner "
                f"{grid.learner_name(theirs, phase)!r}, here it is "
                f"{grid.learner_name(mine, phase)!r} "
                f"({_differences(grid.learner(mine, phase), grid.learner(theirs, phase))}); use "
                "one learner."
            )
        elif phase != TRAIN and _start(here, phase) != _start(there, phase):
            yield f"fine-tuning starts from {_start(there, phase)!r} in {where}; use one."


def _start(experiment: Experiment, phase: str) -> str:
    return experiment.finetune[phase].checkpoint


def _differences(mine: LearnerSettings, theirs: LearnerSettings) -> str:
    """The settings in which two learners differ."""
    here, there = mine.model_dump(), theirs.model_dump()
    keys = [key for key in {**here, **there} if here.get(key) != there.get(key)]
    return ", ".join(f"{key}: {here.get(key)} here, {there.get(key)} there" for key in keys[:3])
