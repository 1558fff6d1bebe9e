"""A small table that is the same bytes whenever it holds the same values."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from showtell.project.errors import UserError
from showtell.project.files import write_text

Value = str | int | float | None


class Table(NamedTuple):
    """Columns and rows of text; an empty cell is a number that does not exist."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> "Table":
        """Build a table from values; floats are written with `repr`, so they read back equal."""
        return cls(tuple(columns), tuple(tuple(_cell(value) for value in row) for row in rows))

    @classmethod
    def read(cls, path: Path) -> "Table":
        """Read a CSV file."""
        with path.open(newline="") as stream:
            columns, *rows = list(csv.reader(stream)) or [[]]
        if not columns or any(len(row) != len(columns) for row in rows):
            raise UserError(
                f"{path} is not a whole CSV table (a row is cut off); delete it and run again."
            )
        return cls(tuple(columns), tuple(tuple(row) for row in rows))

    @property
    def text(self) -> str:
        """The table as CSV."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return stream.getvalue()

    def write(self, path: Path) -> None:
        """Write the table as CSV, atomically."""
        write_text(path, self.text)

    def column(self, name: str) -> list[str]:
        """One column as it is written."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]

    def numbers(self, name: str) -> list[float]:
        """One column as floats; an empty cell is NaN."""
        return [float(cell) if cell else float("nan") for cell in self.column(name)]

    def where(self, **equal: str | int | float) -> "Table":
        """The rows in which these columns have these values."""
        wanted = {self.columns.index(name): _cell(value) for name, value in equal.items()}
        return Table(
            self.columns,
            tuple(row for row in self.rows if all(row[at] == v for at, v in wanted.items())),
        )

    def pick(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """The rows, with these columns in this order."""
        return list(zip(*(self.column(name) for name in names), strict=True))

    def distinct(self, name: str) -> list[str]:
        """The values of a column, each once, in the order they appear."""
        return list(dict.fromkeys(self.column(name)))


def _cell(value: Value) -> str:
    if value is None or value != value:  # NaN differs from itself
        return ""
    # NumPy's floats would print as np.float64(…).
    return repr(float(value)) if isinstance(value, float) else str(value)
