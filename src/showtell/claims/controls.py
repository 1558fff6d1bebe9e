"""Controls of an experiment: a claim gets a verdict only if they hold."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

from showtell.claims.evidence import methods_matching, size
from showtell.claims.tests import Entry, Policy
from showtell.results.alignment_fit import Fit, fits
from showtell.results.controls import LABELS, Rates, controls
from showtell.results.reading import METRICS, Results
from showtell.results.table import Table

EASY = 0.5  # of episodes: a task that needs no reward says little about one
_NO_REWARD = ("replay", "still", "noise", "untrained")
MOST_SEEDS = 0.8  # of the seeds of a control have to do so: 4 of 5


class Reaches(Entry):
    """Most seeds of a method reach a value: the learner can solve the task, a baseline works."""

    kind: Literal["reaches"]
    text: str  # what it shows, in a sentence
    method: str
    metric: str
    policy: Policy
    value: float
    phase: str = "train"


class Beats(Entry):
    """A method is better than another by so much, on average."""

    kind: Literal["beats"]
    text: str
    method: str
    versus: str
    metric: str
    policy: Policy
    by: PositiveFloat
    phase: str = "train"


class BeatsControl(Entry):
    """A method succeeds more often than what needs no learning: replay, noise, cloning."""

    kind: Literal["beats_control"]
    text: str
    method: str  # or a pattern: the best of the methods that match
    metric: Literal["success"]
    policy: Policy
    phase: str = "train"
    control: str  # of the controls study: replay
    by: float  # by so much; 0: as good


class Ranks(Entry):
    """Of two goals one ranks rollouts better: its success AUC is higher by so much."""

    kind: Literal["ranks"]
    text: str
    study: str
    method: str
    over: str  # the other goal, as the study calls it: wrong
    by: PositiveFloat


class Separates(Entry):
    """The reward of a task's own goal scores successes above failures: its AUC is so high."""

    kind: Literal["separates"]
    text: str
    study: str
    method: str
    value: float = Field(gt=0.5, le=1)


class Learned(Entry):
    """A network's reward separates success from failure on most tasks that it has learned from.

    These are the study's tasks, others than the experiment's. Where the control fails, the
    network says nothing about tasks that it has not seen: it does not know those that it has.
    """

    kind: Literal["learned"]
    text: str
    study: str
    method: str
    value: float = Field(gt=0.5, le=1)


class Lower(Entry):
    """In a study one method has a lower number than another, by so much."""

    kind: Literal["lower"]
    text: str
    study: str
    column: str
    rows: dict[str, str] = Field(default={})  # which of its rows: {against: success}
    method: str
    versus: str
    by: PositiveFloat


class PublishedWeights(Entry):
    """The claim is about an encoder that was not trained here, on pictures of these worlds."""

    kind: Literal["published_weights"]
    text: str
    encoder: str


Control = Annotated[
    Reaches | Beats | BeatsControl | Ranks | Separates | Learned | Lower | PublishedWeights,
    Field(discriminator="kind"),
]


class Checked(BaseModel):
    """A control after its check on one task."""

    model_config = ConfigDict(frozen=True)

    id: str
    method: str | None  # whose control it is
    task: str
    holds: bool | None  # None: it does not run at this scale
    text: str  # what was found


class Found(NamedTuple):
    """Whether a control holds on a task, and the number that says so."""

    holds: bool | None
    text: str


def check(named: Mapping[str, Control], results: Results) -> list[Checked]:
    """Every control on every task."""
    return [
        Checked(
            id=name,
            method=getattr(control, "method", None),
            task=task,
            holds=found.holds,
            text=found.text,
        )
        for name, control in named.items()
        for task, found in _each(control, results)
    ]


def easy(results: Results) -> str:
    """Which tasks succeed without any reward, in a sentence; empty if none does."""
    found = [
        f"{LABELS[control]} on {task} ({size(rates.success, 'success')})"
        for control, of_task in controls(results).items()
        for task, rates in of_task.items()
        if control in _NO_REWARD
        and task in results.comparison.tasks
        and isinstance(rates, Rates)
        and rates.success >= EASY
    ]
    return f"Without any reward succeed: {', '.join(found)}." if found else ""


def _each(control: Control, results: Results) -> Iterator[tuple[str, Found]]:
    plan = results.comparison
    tasks = plan.tasks
    if isinstance(control, Ranks | Separates | Lower) and control.study in plan.studies:
        tasks = plan.study_tasks(control.study)
    studied = {task for study in plan.studies for task in plan.study_tasks(study)}
    if isinstance(control, PublishedWeights):
        tasks = tuple(dict.fromkeys((*tasks, *sorted(studied))))
    for task in tasks:
        match control:
            case Reaches():
                yield task, _reaches(control, results, task)
            case Beats():
                yield task, _beats(control, results, task)
            case BeatsControl():
                yield task, _beats_control(control, results, task)
            case Ranks():
                yield task, _ranks(control, results, task)
            case Separates():
                yield task, _separates(control, results, task)
            case Learned():
                yield task, _learned(control, results)
            case Lower():
                yield task, _lower(control, results, task)
            case PublishedWeights():
                here = control.encoder in plan.trained_here
                where = "was trained here" if here else "is the published one"
                yield task, Found(not here, f"the network “{control.encoder}” {where}")


def _reaches(control: Reaches, results: Results, task: str) -> Found:
    scores = _scores(results, control.method, control, task)
    if isinstance(scores, str):
        return Found(None, scores)
    reached = sum(score >= control.value - 1e-9 for score in scores)
    holds = reached >= MOST_SEEDS * len(scores) - 1e-9
    return Found(
        holds,
        f"{reached} of {len(scores)} seeds of “{control.method}” reach "
        f"{size(control.value, control.metric)}",
    )


def _beats(control: Beats, results: Results, task: str) -> Found:
    one = _scores(results, control.method, control, task)
    other = _scores(results, control.versus, control, task)
    if isinstance(one, str):
        return Found(None, one)
    if isinstance(other, str):
        return Found(None, other)
    gap = float(np.mean(one) - np.mean(other))
    words = (
        f"“{control.method}” {size(float(np.mean(one)), control.metric)}, "
        f"“{control.versus}” {size(float(np.mean(other)), control.metric)}"
    )
    return Found(gap >= control.by - 1e-9, words)


def _beats_control(control: BeatsControl, results: Results, task: str) -> Found:
    names = methods_matching(control.method, results.comparison.methods) or [control.method]
    scores = {name: _scores(results, name, control, task) for name in names}
    means = {name: float(np.mean(s)) for name, s in scores.items() if not isinstance(s, str)}
    if not means:
        return Found(None, str(scores[names[0]]))
    rates = controls(results).get(control.control, {}).get(task)
    if not isinstance(rates, Rates):
        return Found(None, f"{LABELS[control.control]} was not measured: {rates or 'no controls'}")
    best = max(means, key=lambda name: means[name])
    mean = means[best]
    words = (
        f"“{best}” {size(mean, 'success')}, {LABELS[control.control]} "
        f"{size(rates.success, 'success')}"
    )
    return Found(mean >= rates.success + control.by - 1e-9, words)


def _ranks(control: Ranks, results: Results, task: str) -> Found:
    table = results.study_tables(control.study).get(task)
    if table is None:
        return Found(None, f"the study {control.study!r} does not run on it")
    by_text = {fit.text: fit.auc for fit in fits(table.where(method=control.method))}
    if task not in by_text or control.over not in by_text:
        return Found(None, f"the study has no goal “{control.over}”")
    own, other = by_text[task], by_text[control.over]
    return Found(
        own - other >= control.by - 1e-9,
        f"AUC {own:.2f} with its own goal, {other:.2f} with “{control.over}”",
    )


def _separates(control: Separates, results: Results, task: str) -> Found:
    table = results.study_tables(control.study).get(task)
    if table is None:
        return Found(None, f"the study {control.study!r} does not run on it")
    fit = _own_fit(table, control.method, task)
    if fit is None:
        return Found(None, "the study has no goal of its own")
    noise = "" if fit.noise_auc != fit.noise_auc else f", {fit.noise_auc:.2f} by the script's noise"
    return Found(fit.auc >= control.value, f"AUC {fit.auc:.2f} with its own goal{noise}")


def _learned(control: Learned, results: Results) -> Found:
    plan = results.comparison
    if control.study not in plan.studies:
        return Found(None, f"the study {control.study!r} does not run at this scale")
    tables, tasks = results.study_tables(control.study), plan.study_tasks(control.study)
    own = {
        task: _own_fit(tables[task], control.method, task) if task in tables else None
        for task in tasks
    }
    aucs = {task: None if fit is None else fit.auc for task, fit in own.items()}
    if missing := [task for task, auc in aucs.items() if auc is None]:
        return Found(None, f"the study {control.study!r} has no numbers of {', '.join(missing)}")
    known = {task: auc for task, auc in aucs.items() if auc is not None}
    others = [f"{task} {auc:.2f}" for task, auc in known.items() if not auc >= control.value]
    learned = len(known) - len(others)
    rest = f"; the others: {', '.join(others)}" if others else ""
    return Found(
        2 * learned > len(known),
        f"AUC of {control.value:.2f} or more with its own goal on {learned} of the {len(known)} "
        f"tasks that the network has learned from{rest}",
    )


def _own_fit(table: Table, method: str, task: str) -> Fit | None:
    """How well the reward of a task's own goal orders rollouts."""
    return next((fit for fit in fits(table.where(method=method)) if fit.text == task), None)


def _lower(control: Lower, results: Results, task: str) -> Found:
    table = results.study_tables(control.study).get(task)
    if table is None:
        return Found(None, f"the study {control.study!r} does not run on it")
    alone = table.where(versus="", **control.rows)
    found = []
    for method in (control.method, control.versus):
        rows = alone.where(method=method)
        if not rows.rows:
            return Found(None, f"the study does not measure “{method}” at this scale")
        found.append(rows.numbers(control.column)[0])
    one, other = found
    words = f"“{control.method}” {one:.2f}, “{control.versus}” {other:.2f}"
    if other != other:  # a constant reward, which says nothing of any state
        return Found(one == one, f"“{control.method}” {one:.2f}, “{control.versus}” is constant")
    return Found(other - one >= control.by - 1e-9, words)


def _scores(
    results: Results, method: str, control: Reaches | Beats | BeatsControl, task: str
) -> list[float] | str:
    """The scores of a method on a task, or why there are none."""
    assert control.metric in METRICS
    plan = results.comparison
    if method not in plan.methods or task not in plan.tasks_of(method):
        return f"“{method}” does not run at this scale"
    if control.phase not in plan.phases_of(method) or control.policy not in plan.policies:
        return f"“{method}” has no {control.policy} policy after {control.phase} at this scale"
    found = results.scores(method, control.phase, control.policy, control.metric, task).get(
        task, []
    )
    if not plan.seeds:
        return "no agent is trained at this scale"
    if len(found) < plan.seeds:
        return f"{len(found)} of {plan.seeds} seeds of “{method}” are evaluated so far"
    return found
