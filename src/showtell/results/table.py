"""A small table that is the same bytes whenever it holds the same values."""

import csv
import io
import math
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from showtell.project.errors import UserError
from showtell.project.files import write_text

Value = str | int | float | None


_NO_NUMBERS = {"nan", "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"}
_TRUTH = {"True": 1.0, "False": 0.0}


@dataclass(frozen=True)
class Table:
    """Columns and rows of text; an empty cell is a number that does not exist."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: Path | None = field(default=None, compare=False, repr=False)  # the file it is from

    @classmethod
    def of(cls, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> "Table":
        """Build a table from values; floats are written with `repr`, so they read back equal."""
        return cls(tuple(columns), tuple(tuple(_cell(value) for value in row) for row in rows))

    @classmethod
    def read(cls, path: Path, key: Sequence[str] = ()) -> "Table":
        """Read a CSV file, and refuse what no job of ours writes; a `key` tells rows apart."""
        try:
            with path.open(newline="", encoding="utf-8") as stream:
                columns, *rows = list(csv.reader(stream)) or [[]]
        except UnicodeDecodeError:
            raise _damaged(path, "is not text in UTF-8") from None
        except csv.Error as error:
            raise _damaged(path, f"is not a CSV table ({error})") from None
        if not columns or any(len(row) != len(columns) for row in rows):
            raise _damaged(path, "is not a whole CSV table (a row is cut off)")
        if len(set(columns)) < len(columns):
            raise _damaged(path, "has two columns of one name")
        table = cls(tuple(columns), tuple(tuple(row) for row in rows), path)
        times = Counter(table.rows)
        if table.columns in times:
            raise _damaged(path, "has a second header among its rows")
        if times and min(times.values()) > 1:
            raise _damaged(path, "has every row twice or more")
        for name in columns:
            table._finite(name)
        if key and len(set(found := table.pick(key))) < len(found):
            twice = next(row for row, count in Counter(found).items() if count > 1)
            raise _damaged(path, f"has two rows of {' '.join(twice)} ({' '.join(key)})")
        return table

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
        at = self._at(name)
        return [row[at] for row in self.rows]

    def numbers(self, name: str) -> list[float]:
        """One column as floats; an empty cell is NaN."""
        return [self._number(name, cell) for cell in self.column(name)]

    def where(self, **equal: str | int | float) -> "Table":
        """The rows in which these columns have these values."""
        wanted = {self._at(name): _cell(value) for name, value in equal.items()}
        return Table(
            self.columns,
            tuple(row for row in self.rows if all(row[at] == v for at, v in wanted.items())),
            self.source,
        )

    def pick(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """The rows, with these columns in this order."""
        return list(zip(*(self.column(name) for name in names), strict=True))

    def distinct(self, name: str) -> list[str]:
        """The values of a column, each once, in the order they appear."""
        return list(dict.fromkeys(self.column(name)))

    def damaged(self, what: str) -> UserError:
        """The error about the file that this table was read from."""
        return _damaged(self.source, what)

    def _at(self, name: str) -> int:
        if name not in self.columns:
            raise self.damaged(f"has no column {name!r}")
        return self.columns.index(name)

    def _number(self, name: str, cell: str) -> float:
        if not cell or cell in _TRUTH:
            return _TRUTH.get(cell, math.nan)
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.damaged(f"has {cell!r} in column {name!r}, where a finite number should be")
        return number

    def _finite(self, name: str) -> None:
        if odd := next((cell for cell in self.column(name) if cell.lower() in _NO_NUMBERS), None):
            raise self.damaged(f"has {odd!r} in column {name!r}, where a finite number should be")


def _damaged(path: Path | None, what: str) -> UserError:
    if path is None:
        return UserError(f"a table {what}.")
    return UserError(
        f"{path} {what}: it is damaged, or was changed by hand. Delete it and run again; a table "
        f"that git keeps comes back with: git checkout -- {shlex.quote(str(path))}"
    )


def _cell(value: Value) -> str:
    if value is None or value != value:  # NaN differs from itself
        return ""
    # NumPy's floats would print as np.float64(…).
    return repr(float(value)) if isinstance(value, float) else str(value)
