"""How often each rule of verdicts is wrong, and how often it finds an effect, by simulation.

`python -m tests.claims.error_rates` measures the table of docs/verdicts.md again.
Each simulated world draws scores of the seeds and is judged by the code that judges real results.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from showtell.claims.tests import Above, AtLeast, NoBetter, NoWorse, Times
from showtell.claims.verdicts import judge
from tests.claims.test_verdicts import OneClaim
from tests.results.trainings import results_of

DOCUMENT = Path(__file__).parents[2] / "docs/verdicts.md"
WORLDS = 1000
EPISODES = 50
RATE = {"metric": "success", "policy": "deterministic"}
TASKS = ("drawer", "door", "button")
Draw = Callable[[np.random.Generator, int], list[float]]


class World(NamedTuple):
    """Scores of each method on each task, and what the rule should say of them."""

    rule: str
    truth: str
    forbidden: str | None  # the verdict that would be false; None: both are right, or neither
    right: str | None  # the verdict that would be true
    test: Any
    methods: dict[str, tuple[Draw, tuple[str, ...]]]


def spread(mean: float) -> Draw:
    """Seeds that differ as trained agents do: a standard deviation of 0.1 to 0.2."""

    def draw(random: np.random.Generator, count: int) -> list[float]:
        chances = random.beta(6 * mean, 6 * (1 - mean), count)
        return list(random.binomial(EPISODES, chances) / EPISODES)

    return draw


def two_sided(learns: float) -> Draw:
    """Seeds that either learn (97 %) or do not (3 %)."""

    def draw(random: np.random.Generator, count: int) -> list[float]:
        chances = np.where(random.random(count) < learns, 0.97, 0.03)
        return list(random.binomial(EPISODES, chances) / EPISODES)

    return draw


def worlds() -> Iterator[World]:
    """Every rule at no effect, at the effect that just matters, and at the paper's."""
    for name, make in (("seeds that spread", spread), ("seeds that learn or do not", two_sided)):
        yield from _above(name, make)
    yield from _rare()
    yield from _every()
    yield from _times()
    yield from _margins()
    yield from _values()


def _above(name: str, make: Callable[[float], Draw]) -> Iterator[World]:
    test = Above(kind="above", method="text", versus="zero", by=0.1, **RATE)
    rule = f"better, one task ({name})"
    for truth, one, other, forbidden, right in (
        ("no effect", 0.4, 0.4, "reproduced", "not reproduced"),
        ("10 points, which just matter", 0.5, 0.4, "not reproduced", "reproduced"),
        ("50 points", 0.8, 0.3, "not reproduced", "reproduced"),
    ):
        yield World(
            rule, truth, forbidden, right, test,
            {"text": (make(one), TASKS[:1]), "zero": (make(other), TASKS[:1])},
        )  # fmt: skip


def _rare() -> Iterator[World]:
    """Both methods have one mean, but one of them fails with one seed in five."""
    test = Above(kind="above", method="text", versus="zero", by=0.1, **RATE)
    yield World(
        "better, one task (one seed in five fails)", "one mean, other seeds", None, None, test,
        {"text": (two_sided(0.8), TASKS[:1]), "zero": (spread(0.78), TASKS[:1])},
    )  # fmt: skip


def _every() -> Iterator[World]:
    for share in ("every", "most"):
        test = Above(
            kind="above", method="text", versus=("gail", "airl"), by=0.1, each_task=True,
            share=share, **RATE,
        )  # fmt: skip
        for truth, one, other, forbidden, right in (
            ("no effect", 0.4, 0.4, "reproduced", "not reproduced"),
            ("10 points, which just matter", 0.5, 0.4, "not reproduced", "reproduced"),
            ("50 points", 0.85, 0.35, "not reproduced", "reproduced"),
        ):
            methods = {"text": one, "gail": other, "airl": other}
            yield World(
                f"better, {share} of 6 parts", truth, forbidden, right, test,
                {name: (spread(mean), TASKS) for name, mean in methods.items()},
            )  # fmt: skip


def _times() -> Iterator[World]:
    test = Times(kind="times", method="text", versus="gail", times=2, **RATE)
    for truth, one, other, forbidden, right in (
        ("as good (1 times)", 0.3, 0.3, "reproduced", "not reproduced"),
        ("just 2 times", 0.6, 0.3, "not reproduced", "reproduced"),
        ("3 times", 0.9, 0.3, "not reproduced", "reproduced"),
    ):
        yield World(
            "2 times, three tasks together", truth, forbidden, right, test,
            {"text": (spread(one), TASKS), "gail": (spread(other), TASKS)},
        )  # fmt: skip


def _margins() -> Iterator[World]:
    useless = NoBetter(kind="no_better", method="clip", versus="zero", by=0.1, **RATE)
    as_good = NoWorse(kind="no_worse", method="text", versus="fish", by=0.1, **RATE)
    for truth, one, other, forbidden, right in (
        ("no effect", 0.3, 0.3, "not reproduced", "reproduced"),
        ("10 points better", 0.4, 0.3, None, None),
        ("50 points better", 0.8, 0.3, "reproduced", "not reproduced"),
    ):
        yield World(
            "useless: less than 10 points better", truth, forbidden, right, useless,
            {"clip": (spread(one), TASKS), "zero": (spread(other), TASKS)},
        )  # fmt: skip
    for truth, one, other, forbidden, right in (
        ("no effect", 0.6, 0.6, "not reproduced", "reproduced"),
        ("10 points worse", 0.5, 0.6, None, None),
        ("50 points worse", 0.2, 0.7, "reproduced", "not reproduced"),
    ):
        yield World(
            "as good: less than 10 points worse", truth, forbidden, right, as_good,
            {"text": (spread(one), TASKS), "fish": (spread(other), TASKS)},
        )  # fmt: skip


def _values() -> Iterator[World]:
    half = AtLeast(kind="at_least", method="text", value=0.5, each_task=True, **RATE)
    for truth, chance, forbidden, right in (
        ("half of the seeds do", 0.5, None, None),
        ("97 % of the seeds do", 0.97, "not reproduced", "reproduced"),
        ("5 % of the seeds do", 0.05, "reproduced", "not reproduced"),
    ):
        yield World(
            "reaches 50 %, every of 3 tasks", truth, forbidden, right, half,
            {"text": (two_sided(chance), TASKS)},
        )  # fmt: skip


class Rates(NamedTuple):
    """Shares of the worlds."""

    reproduced: float
    refuted: float

    def of(self, outcome: str) -> float:
        """The share of one verdict."""
        return self.reproduced if outcome == "reproduced" else self.refuted


def measure(world: World, seeds: int, count: int) -> Rates:
    """The share of worlds of each decisive verdict."""
    random = np.random.default_rng([seeds, *world.rule.encode(), *world.truth.encode()])
    ledger = OneClaim(world.test, experiment="language")
    found = []
    for _ in range(count):
        scores = {
            method: {"train": {task: draw(random, seeds) for task in tasks}}
            for method, (draw, tasks) in world.methods.items()
        }
        found.append(judge(ledger, results_of(scores))[0].outcome)
    return Rates(*(found.count(name) / count for name in ("reproduced", "not reproduced")))


def table(count: int = WORLDS) -> str:
    """The table as Markdown."""
    lines = [
        "| rule | truth | seeds | reproduced | not reproduced | false verdict |",
        "|---|---|---|---|---|---|",
    ]
    for world in worlds():
        for seeds in (5, 10):
            rates = measure(world, seeds, count)
            false = (
                max(rates) if world.right is None
                else rates.of(world.forbidden) if world.forbidden else None
            )  # fmt: skip
            shown = [f"{100 * rate:.1f} %" for rate in rates]
            shown.append("" if false is None else f"{100 * false:.1f} %")
            lines.append(f"| {world.rule} | {world.truth} | {seeds} | {' | '.join(shown)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure again, and write the table between its marks."""
    text = DOCUMENT.read_text()
    marks = r"(<!-- rates -->\n).*?(<!-- /rates -->)"
    text = re.sub(marks, lambda m: f"{m[1]}{table()}\n{m[2]}", text, flags=re.DOTALL)
    DOCUMENT.write_text(text)
    sys.stdout.write(f"{DOCUMENT.name}: measured in {WORLDS} worlds a row\n")


if __name__ == "__main__":
    main()
