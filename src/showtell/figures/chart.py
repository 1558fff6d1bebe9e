"""The interface of a figure: a table of what is drawn, and the drawing of that table.

A kind of figure is named in `PARTS` of a module in `figures/`, or of `papers/<paper>/figures.py`.
"""

from typing import TYPE_CHECKING, Any, Protocol

from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.study import registry

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Chart(Protocol):
    """One figure. It is drawn from its table alone: the CSV holds everything that is visible."""

    def table(self, results: Results) -> Table:
        """What is drawn; without rows where there is nothing to draw yet."""
        ...

    def draw(self, table: Table) -> "Figure":
        """The picture of a table."""
        ...


def chart(values: dict[str, Any]) -> Chart:
    """The figure that these settings describe; a job also has its name among them."""
    settings = {key: value for key, value in values.items() if key != "name"}
    part = registry.part("figures", settings["kind"])
    made: Chart = registry.build("figures", part.settings.model_validate(settings))
    return made
