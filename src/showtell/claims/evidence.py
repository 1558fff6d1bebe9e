"""What is found about one claim: a part for each method it speaks of, in numbers and words."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from showtell.claims.tests import Setting
from showtell.results.reading import Method, Results
from showtell.studies.statistics import Estimate


class Part(BaseModel):
    """The test on one method (and, for studies, one task)."""

    model_config = ConfigDict(frozen=True)

    method: str
    value: float
    low: float | None = None
    high: float | None = None
    seeds: int | None = None  # behind this number; a fixed model has none
    holds: bool | None  # None: undecided
    text: str  # the finding, for a reader


class Evidence(NamedTuple):
    """All findings for one claim."""

    parts: list[Part]
    waiting: tuple[str, ...] = ()  # methods still without results
    line: float | None = None  # the value that the parts are held against
    band: tuple[float, float] | None = None  # or the range that they should lie in
    note: str = ""


def interval_vs(estimate: Estimate, line: float, strict: bool) -> bool | None:
    """Whether a whole interval lies above a line (True), below it (False), or neither."""
    if estimate.low is None or estimate.high is None or not estimate.decides:
        return None
    if estimate.low > line or (estimate.low == line and not strict):
        return True
    if estimate.high < line or (estimate.high == line and strict):
        return False
    return None


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
    return "EPIC distance" if metric == "epic" else metric.replace("_", " ")


def part_of(method: str, estimate: Estimate, holds: bool | None, text: str) -> Part:
    """A part about an estimate."""
    value, low, high, seeds = estimate
    return Part(
        method=method, value=value, low=low, high=high, seeds=seeds or None, holds=holds, text=text
    )


def format_estimate(estimate: Estimate, metric: str, sign: str = "") -> str:
    """A number as a reader wants it; rates are percentages, their differences points."""
    rate = metric.startswith("success")
    scale, digits = (100, 0) if rate else (1, 2)
    unit = "" if not rate else " points" if sign else " %"
    value, low, high = (
        None if end is None else f"{scale * end:{sign}.{digits}f}" for end in estimate[:3]
    )
    return f"{value}{unit} (no interval)" if low is None else f"{value}{unit} [{low}, {high}]"


def task_suffix(task: str, results: Results) -> str:
    """Which task, where there are several."""
    return f" ({task})" if len(results.comparison.tasks) > 1 else ""
