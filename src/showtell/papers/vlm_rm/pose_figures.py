"""Table 1 beside ours, and Figures 5 and 6: how many steps of an episode show the pose."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from showtell.claims.ledger import find_ledger
from showtell.figures.marks import dot, success_rows
from showtell.figures.style import INK, SOFT, STYLE_COLUMNS, panels, style, styles, styles_in
from showtell.learners.checkpoints import policy_name
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.study.layout import Run
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SCORES = {"best-learned": "learned_return", "best-true": "true_return"}


class ChosenSeedsSettings(FigureSettings):
    """Which checkpoints are compared across seeds."""

    kind: Literal["chosen_seeds"]
    checkpoint: Literal["best-learned", "best-true"]  # by this return, within and across seeds


class ChosenSeeds:
    """The success of the one checkpoint with the highest return of all seeds, as in Table 1."""

    def __init__(self, settings: ChosenSeedsSettings) -> None:
        self._settings = settings

    def table(self, results: Results) -> Table:
        """One row a task and method; `mean` is over all seeds' own best checkpoints."""
        plan, checkpoint = results.comparison, self._settings.checkpoint
        policy = policy_name("stochastic", checkpoint)
        published = _published(plan.paper, plan.experiment)
        style_of = styles(plan.methods.values())
        rows: list[tuple[Value, ...]] = []
        for task in plan.tasks:
            for method in plan.methods:
                returns = {
                    run.seed: max(table.numbers(_SCORES[checkpoint]))
                    for run, table in sorted(results.progress.items())
                    if (run.task, run.method, run.phase) == (task, method, "train")
                }
                scored = {
                    seed: _success(results, Run(task, method, seed, "train"), policy)
                    for seed in returns
                }
                known = {seed: score for seed, score in scored.items() if score is not None}
                if not known:
                    continue
                best = max(known, key=lambda seed: returns[seed])
                mean = float(np.mean(list(known.values())))
                said = published.get(task) if method.startswith("text") else None
                named = (task, method, *style_of[method])
                rows.append((*named, best, returns[best], known[best], mean, len(known), said))
        columns = ("seed", "return", "success", "mean", "seeds", "published")
        return Table.of(("task", "method", *STYLE_COLUMNS, *columns), rows)

    def draw(self, table: Table) -> "Figure":
        """A row a task and method: the chosen checkpoint, the mean, and the published value."""
        with style():
            rows = list(table.pick(("task", "label", "colour", "success", "mean", "published")))
            figure, (axis,) = panels(1, 0.9 + 0.26 * len(rows))
            for height, (_, _, colour, success, mean, published) in enumerate(rows):
                axis.plot([float(mean)], [height], **dot(colour, False), clip_on=False)
                axis.plot([float(success)], [height], **dot(colour, True), clip_on=False)
                if published:
                    ends = [height - 0.32, height + 0.32]
                    axis.plot([float(published)] * 2, ends, color=INK, linewidth=1.4)
            success_rows(
                axis, [f"{task.removeprefix('humanoid-')}, {label}" for task, label, *_ in rows]
            )
            axis.set_xlabel("episodes with the pose in half of the steps")
            axis.plot([], [], **dot(INK, True), label="chosen seed")
            axis.plot([], [], **dot(INK, False), label="mean of all seeds")
            axis.plot([], [], color=INK, linewidth=1.4, label="published")
            figure.legend(loc="outside upper left", ncols=3, handletextpad=0.3, columnspacing=1.0)
            return figure


class SuccessfulStepsSettings(FigureSettings):
    """Whose episodes are counted."""

    kind: Literal["successful_steps"]
    checkpoint: Literal["last", "best-learned", "best-true"]  # of each training


# From what evaluations keep of an episode; the paper's rater used 0, 25, 50, 75 and 100.
BUCKETS = ("none", "under half", "half or more", "all")


class SuccessfulSteps:
    """Histograms of the steps that show the pose, over the episodes of all seeds."""

    def __init__(self, settings: SuccessfulStepsSettings) -> None:
        self._settings = settings

    def table(self, results: Results) -> Table:
        """Share of the episodes in each bucket; one row a task, method and bucket."""
        plan, style_of = results.comparison, styles(results.comparison.methods.values())
        policy = policy_name("stochastic", self._settings.checkpoint)
        rows: list[tuple[Value, ...]] = []
        for task in plan.tasks:
            for method in plan.methods:
                found = [
                    scores[policy]
                    for run, scores in sorted(results.scores_of.items())
                    if (run.task, run.method, run.phase) == (task, method, "train")
                ]
                if found:
                    # Each of the three is true wherever the next one is.
                    ever, half, whole = (
                        float(np.mean([scores[name] for scores in found]))
                        for name in ("success_any", "success", "success_always")
                    )
                    shares = (1 - ever, ever - half, half - whole, whole)
                    named = (task, method, *style_of[method])
                    rows += [(*named, *pair) for pair in zip(BUCKETS, shares, strict=True)]
        return Table.of(("task", "method", *STYLE_COLUMNS, "steps", "share"), rows)

    def draw(self, table: Table) -> "Figure":
        """A panel a task, the methods side by side in every bucket."""
        with style():
            tasks, methods = table.distinct("task"), styles_in(table)
            figure, axes = panels(len(tasks), 0.5 + 1.35 * len(tasks))
            width = 0.8 / len(methods)
            for axis, task in zip(axes, tasks, strict=True):
                for place, (method, entry) in enumerate(methods.items()):
                    shares = table.where(task=task, method=method).numbers("share")
                    at = np.arange(len(shares)) + (place - (len(methods) - 1) / 2) * width
                    axis.bar(at, shares, width * 0.9, color=entry.colour, label=entry.label)
                axis.set_ylim(0, 1)
                axis.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
                axis.set_xticks(range(len(BUCKETS)), BUCKETS)
                axis.grid(axis="x", visible=False)
                axis.set_title(task.removeprefix("humanoid-"))
            axes[-1].set_xlabel("steps of an episode that show the pose", color=SOFT)
            handles, labels = axes[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside upper left", ncols=3)
            return figure


def _success(results: Results, run: Run, policy: str) -> float | None:
    scores = results.scores_of.get(run, {}).get(policy)
    return None if scores is None else scores["success"]


def _published(paper: str, experiment: str) -> dict[str, float]:
    """Task -> the success that the paper reports for it."""
    ledger = find_ledger(paper)
    entries = () if ledger is None else ledger.published
    return {e.task: e.value for e in entries if e.experiment == experiment and e.task is not None}


PARTS = {
    "chosen_seeds": (ChosenSeedsSettings, "ChosenSeeds"),
    "successful_steps": (SuccessfulStepsSettings, "SuccessfulSteps"),
}
