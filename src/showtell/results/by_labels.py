"""Success by the labels of people, beside success of the same episodes by the world's own rule."""

from pathlib import Path

from showtell.labels.items import video_id
from showtell.labels.kinds import SUCCESS_PERCENT
from showtell.labels.study import Key
from showtell.labels.table import FILE, read_labels
from showtell.project.errors import UserError
from showtell.results.table import Table
from showtell.study.layout import Layout

COLUMNS = (
    "paper", "experiment", "task", "method", "phase",
    "videos", "raters", "success_labels", "success_criteria", "agree",
)  # fmt: skip


def success_by_labels(layout: Layout, task: str) -> Table:
    """A row a method: shares of its videos; labels are the mean over raters of each video.

    Both columns are about the one recorded episode of each training, never about the others.
    Labels of a video that was made again are left out.
    """
    folder = layout.labels(task, "buckets")
    key = Key.read(folder)
    given: dict[str, dict[str, bool]] = {}  # video -> rater -> success
    for row in read_labels(folder / FILE):
        video = key.items[row["item"]].video
        given.setdefault(video, {})[row["rater"]] = int(row["label"]) >= SUCCESS_PERCENT
    found: dict[tuple[str, ...], list[tuple[dict[str, bool], bool]]] = {}
    for video, by_rater in sorted(given.items()):
        path = layout.results / key.videos[video].path
        if not path.exists() or video_id(path, layout.results) != video:
            continue
        place = layout.parse(path)
        method = (place.paper, place.experiment, task, place.run.method, place.run.phase)
        found.setdefault(method, []).append((by_rater, _recorded_success(path.parent)))
    return Table.of(COLUMNS, ((*method, *_shares(of)) for method, of in sorted(found.items())))


def _shares(of: list[tuple[dict[str, bool], bool]]) -> tuple[int | float, ...]:
    """Videos, raters, success by labels and by the rule, and how often the two agree."""
    raters = {rater for by_rater, _ in of for rater in by_rater}
    labels = [sum(by_rater.values()) / len(by_rater) for by_rater, _ in of]
    rule = [float(success) for _, success in of]
    agree = [
        sum(label == success for label in by_rater.values()) / len(by_rater)
        for by_rater, success in of
    ]
    return len(of), len(raters), *(sum(part) / len(of) for part in (labels, rule, agree))


def _recorded_success(folder: Path) -> bool:
    """Whether the episode of the video succeeded: the first one of the recorded policy."""
    table = Table.read(folder / "episodes.csv")
    policies = table.distinct("policy")
    recorded = next((name for name in policies if name.startswith("deterministic")), policies[0])
    rows = table.where(policy=recorded, episode=0)
    if not rows.rows:
        raise UserError(f"{folder / 'episodes.csv'} has no episode 0; evaluate this policy again.")
    return bool(rows.numbers("success")[0])
