"""The tables of docs/paper-scale.md: what every experiment and network costs, from params.yaml."""

import re
from pathlib import Path

from showtell.commands.costs import Cost, of_network, of_training, together
from showtell.study.grid import Grid
from showtell.study.loading import load
from showtell.study.specifications import Specifications

_BLOCK = re.compile(r"(<!-- costs: (?P<what>\w+) -->\n).*?(<!-- /costs -->)", re.DOTALL)
_HEAD = {
    "experiments": (
        "experiment", "trainings", "steps", "pictures drawn", "EFLOP of networks",
        "hours of an H100", "hours of a core", "memory of a training; on the GPU",
        "disk of a training while it runs",
    ),
    "networks": ("network", "steps", "EFLOP", "hours of an H100"),
}  # fmt: skip


def with_costs(document: str, root: Path) -> str:
    """A document with every `<!-- costs: experiments|networks -->` written anew."""
    grid = Grid(load(root, "paper"))
    rows = {"experiments": _experiments, "networks": _networks}

    def table(match: re.Match[str]) -> str:
        lines = [_HEAD[match["what"]], *rows[match["what"]](grid)]
        text = ["| " + " | ".join(line) + " |" for line in lines]
        rule = "|" + "---|" * len(lines[0])
        return match[1] + "\n".join([text[0], rule, *text[1:]]) + "\n" + match[3]

    return _BLOCK.sub(table, document)


def _experiments(grid: Grid) -> list[tuple[str, ...]]:
    specifications, rows, everything = Specifications(grid), [], []
    for paper, name, experiment in grid.experiments():
        costs = [
            of_training(specifications.settings_of_training(cell, phase))
            for cell in grid.cells(paper, name)
            if grid.home(cell) == cell
            for phase in grid.phases(experiment, cell.method)
        ]
        rows.append((f"{paper} {name}", str(len(costs)), *_row(together(costs))))
        everything += costs
    return [*rows, ("together", str(len(everything)), *_row(together(everything)))]


def _networks(grid: Grid) -> list[tuple[str, ...]]:
    parameters = grid.parameters
    rows: list[tuple[str, ...]] = []
    for name, recipe in parameters.training.items():
        cost = of_network(
            recipe.model_dump(mode="json"), parameters.encoders[name].model_dump(mode="json")
        )
        hours = _hours(cost.gpu_low_s, cost.gpu_high_s)
        rows.append((name, f"{cost.steps:,.0f}", f"{cost.gpu_flop / 1e18:.2g}", hours))
    return rows


def _row(cost: Cost) -> tuple[str, ...]:
    on_gpu = f"; {cost.gpu_memory / 1e9:.1f} GB" if cost.gpu_memory else ""
    return (
        f"{cost.steps / 1e6:,.0f} M",
        f"{cost.frames / 1e6:,.0f} M",
        f"{cost.gpu_flop / 1e18:.3g}",
        _hours(cost.gpu_low_s, cost.gpu_high_s) if cost.gpu_flop else "none",
        _hours(*cost.core_range()),
        f"{cost.memory / 1e9:.1f} GB{on_gpu}",
        f"{cost.disk / 1e9:.1f} GB",
    )


def _hours(low_s: float, high_s: float) -> str:
    low, high = (f"{hours:,.{1 if hours < 10 else 0}f}" for hours in (low_s / 3600, high_s / 3600))
    if high == "0.0":
        return "below 0.1"
    return low if low == high else f"{low} to {high}"
