"""How a reward's scores of trained agents' episodes go with success."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from showtell.results.alignment_fit import auc
from showtell.results.reading import Comparison
from showtell.results.table import Table


class AgentsFit(NamedTuple):
    """One reward on one task: agents of other rewards, and those that trained on it."""

    agents: int  # of other rewards
    success: float  # share of their episodes
    auc: float  # how probably a success of theirs scores above a failure; NaN without both
    cosine_auc: float  # the same by the cosine; NaN where the reward has none
    own_agents: int
    own_success: float  # NaN without such agents
    own_auc: float


def agents_fit(table: Table, plan: Comparison, method: str) -> AgentsFit:
    """The fit of one method's reward, from an agents study's table of one task."""
    rewards = {name: entry.reward for name, entry in plan.methods.items()}
    own = {name for name, reward in rewards.items() if reward == rewards[method]}
    rows = table.where(method=method)
    found = {number: _of(rows, number, own) for number in (False, True)}
    return AgentsFit(*found[False], *found[True][:3])


def _of(rows: Table, of_own: bool, own: Collection[str]) -> tuple[int, float, float, float]:
    """(agents, success, AUC, AUC by the cosine) of the agents that trained on a reward or not."""
    picked = np.array([agent in own for agent in rows.column("agent")], dtype=bool) == of_own
    agents = set(zip(rows.column("agent"), rows.column("seed"), strict=True))
    count = sum((agent in own) == of_own for agent, _ in agents)
    success = np.array(rows.numbers("success"))[picked] > 0.5

    def area(column: str) -> float:
        values = np.array(rows.numbers(column))[picked]
        return float("nan") if np.isnan(values).any() else auc(values, success)

    share = float(success.mean()) if count else float("nan")
    return count, share, area("score"), area("similarity")
