"""What is found about one claim: a part for each method it speaks of, in numbers and words."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from showtell.claims.tests import Setting
from showtell.results.reading import Method, Results
from showtell.studies.statistics import Estimate


class Part(BaseModel):
    """The test on one method, one baseline and one task, or on all tasks together."""

    model_config = ConfigDict(frozen=True)

    method: str
    value: float
    low: float | None = None
    high: float | None = None
    seeds: int | None = None  # behind this number; a fixed model has none
    p_holds: float = 1.0  # how probable a result at least so good is if the part is false
    p_fails: float = 1.0  # and one at least so bad if it is true
    holds: bool | None = None  # after correction for the number of parts; None: undecided
    untestable: str | None = None  # why it cannot be tested here
    text: str  # the finding, for a reader


class Evidence(NamedTuple):
    """All findings for one claim."""

    parts: list[Part]
    waiting: tuple[str, ...] = ()  # methods still without results
    absent: tuple[str, ...] = ()  # baselines that do not run at this scale
    line: float | None = None  # the value that the parts are held against
    band: tuple[float, float] | None = None  # or the range that they should lie in
    note: str = ""


def methods_matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a pattern such as `text*` stands for."""
    return [name for name in names if fnmatchcase(name, pattern)]


def method_with(setting: Setting, pattern: str, methods: Mapping[str, Method]) -> Method | None:
    """The matched method whose reward has these settings."""
    for name in methods_matching(pattern, methods):
        if all(methods[name].reward.get(key) == value for key, value in setting.items()):
            return methods[name]
    return None


def setting_words(setting: Setting) -> str:
    """Settings in words, where no method of that label is known."""
    return ", ".join(f"{key} = {value:g}" for key, value in setting.items())


def words(metric: str) -> str:
    """A metric's name as words."""
    known = {"epic": "EPIC distance", "auc": "AUC"}
    return known.get(metric, metric.replace("_", " "))


def part_of(method: str, estimate: Estimate, text: str, **judged: Any) -> Part:
    """A part about an estimate."""
    value, low, high, seeds = estimate
    return Part(
        method=method, value=value, low=low, high=high, seeds=seeds or None, text=text, **judged
    )


def certain(holds: bool) -> dict[str, float]:
    """The p-values of a part that has no chance in it."""
    return {"p_holds": 0.0 if holds else 1.0, "p_fails": 1.0 if holds else 0.0}


def size(value: float, metric: str, sign: str = "") -> str:
    """A number as a reader wants it; rates are percentages, their differences points."""
    if not metric.startswith("success"):
        return f"{value:{sign}.2f}"
    unit = " points" if sign else " %"
    return f"{100 * value:{sign}.0f}{unit}"


def format_estimate(estimate: Estimate, metric: str, sign: str = "") -> str:
    """A number with its range or interval."""
    value, low, high, _ = estimate
    if low is None or high is None:
        return f"{size(value, metric, sign)} (one seed)"
    ends = (size(end, metric, sign).split(" ")[0] for end in (low, high))
    return f"{size(value, metric, sign)} [{', '.join(ends)}]"


def task_suffix(task: str, results: Results) -> str:
    """Which task, where there are several."""
    return f" ({task})" if len(results.comparison.tasks) > 1 else ""
