"""Numbers of an experiment with their intervals: the same wherever they are shown."""

from showtell.results.reading import Results
from showtell.studies import statistics
from showtell.studies.statistics import Estimate


def interval(
    results: Results, method: str, phase: str, policy: str, metric: str, task: str | None = None
) -> Estimate:
    """IQM of one metric with its interval: the same bytes wherever it is shown."""
    scores = results.scores(method, phase, policy, metric, task)
    purpose = ("iqm", *sorted(scores), method, phase, policy, metric)
    return statistics.iqm(scores, results.comparison.generator(*purpose))
