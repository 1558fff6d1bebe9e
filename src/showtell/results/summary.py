"""An experiment in one table: every method's numbers with their intervals."""

from collections.abc import Iterable, Iterator

from showtell.results.estimates import interval
from showtell.results.reading import METRICS, Method, Results
from showtell.results.table import Table, Value

ALL = "all"  # the task of a row over all tasks
COLUMNS = (
    *("task", "method", "phase", "policy", "metric"),
    *("n_seeds", "expected_seeds", "iqm", "low", "high"),
)


def summarise(results: Results) -> Table:
    """One row a task × method × phase × policy × metric of which anything exists."""
    return Table.of(COLUMNS, _rows(results))


def _rows(results: Results) -> Iterator[tuple[Value, ...]]:
    plan = results.comparison
    tasks = (*plan.tasks, ALL) if len(plan.tasks) > 1 else plan.tasks
    for task in tasks:
        for method in _in_order(plan.methods.values()):
            for phase in plan.phases_of(method):
                for policy in plan.policies:
                    for metric in METRICS:
                        one = None if task == ALL else task
                        scores = results.scores(method, phase, policy, metric, one)
                        if len(scores) < (len(plan.tasks) if task == ALL else 1):
                            continue  # the numbers of some tasks are not those of all
                        value, low, high, n = interval(results, method, phase, policy, metric, one)
                        yield task, method, phase, policy, metric, n, plan.seeds, value, low, high


def _in_order(methods: Iterable[Method]) -> list[str]:
    """Swept methods as their sweep has them, then the others by name."""
    key = lambda method: (not method.variant, "" if method.variant else method.name)
    return [method.name for method in sorted(methods, key=key)]
