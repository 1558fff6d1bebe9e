"""The labels of all raters of one task and kind as one Parquet file.

docs/labelling.md describes its columns.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from showtell.labels.study import Key, journals
from showtell.project.bounds import ODD
from showtell.project.errors import UserError
from showtell.project.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "labels.parquet"


def schema() -> "pa.Schema":
    """The columns: `training` and `other` are hidden ids, which items.json resolves."""
    import pyarrow as pa

    return pa.schema(
        [
            ("item", pa.string()),
            ("training", pa.string()),  # of two videos, that on the left
            ("seed", pa.int32()),
            ("frame", pa.int32()),  # null: the whole video
            ("other", pa.string()),  # null: one video
            ("other_seed", pa.int32()),
            ("rater", pa.string()),
            ("label", pa.string()),
            ("time", pa.timestamp("ms", "UTC")),
        ]
    )


def write_labels(folder: Path) -> int:
    """Write what the journals of a folder add up to; returns the number of labels."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    key = Key.read(folder)
    rows = rows_of(key, folder)
    about = {
        name: value.encode() for name, value in {**key.name, "criterion": key.criterion}.items()
    }
    table = pa.Table.from_pylist(rows, schema=schema().with_metadata(about))
    with replacing(folder / FILE) as temporary:
        pq.write_table(table, temporary)
    return len(rows)


def rows_of(key: Key, folder: Path) -> list[dict[str, Any]]:
    """One row a rater and item, in the order of their names."""
    rows = []
    for rater, clicks in journals(folder).items():
        for name, click in sorted(clicks.labels.items()):
            if name not in key.items:
                raise UserError(
                    f"{folder / rater}.jsonl has a label of {name!r}, which items.json beside it "
                    "does not know; restore both files from git together."
                )
            item = key.items[name]
            video = key.videos[item.video]
            other = None if item.other is None else key.videos[item.other]
            rows.append(
                {
                    "item": name,
                    "training": video.training,
                    "seed": video.seed,
                    "frame": item.frame,
                    "other": other and other.training,
                    "other_seed": other and other.seed,
                    "rater": rater,
                    "label": click.label,
                    "time": click.time,
                }
            )
    return rows


def read_labels(path: Path) -> list[dict[str, Any]]:
    """The rows of one file of labels."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, FileNotFoundError, *ODD) as error:
        raise UserError(
            f"{path} is no table of labels ({error}); `make label` writes it."
        ) from None
    if lacking := [name for name in schema().names if name not in table.column_names]:
        raise UserError(
            f"{path} has no column {lacking[0]!r}; `make label` writes it again from the journals."
        )
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
