"""Success by the labels of people, where a study has some."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from showtell.figures.style import MethodStyle
from showtell.labels.table import FILE
from showtell.results.by_labels import success_by_labels
from showtell.results.reading import Comparison
from showtell.study.layout import Layout


@dataclass(frozen=True)
class Labelled:
    """The recorded videos of one method that people rated: shares of them."""

    style: MethodStyle
    task: str
    phase: str
    videos: int
    raters: int
    labels: float  # the raters say that it succeeds, the mean over raters
    criteria: float  # the world's own rule says so
    agree: float


def labelled(
    plan: Comparison, styles: Mapping[str, MethodStyle], layout: Layout
) -> Iterator[Labelled]:
    """A row a task and method of one experiment; none where nothing is labelled."""
    columns = ("task", "method", "phase", "videos", "raters")
    shares = ("success_labels", "success_criteria", "agree")
    for task in plan.tasks:
        if not (layout.labels(task, "buckets") / FILE).exists():
            continue
        rows = success_by_labels(layout, task).where(paper=plan.paper, experiment=plan.experiment)
        for of, method, phase, videos, raters, *numbers in rows.pick((*columns, *shares)):
            if method in styles:
                counts = int(videos), int(raters)
                yield Labelled(styles[method], of, phase, *counts, *map(float, numbers))
