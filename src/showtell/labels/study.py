"""One task and kind of label: its items, which training each is from, and where labels lie."""

import re
from collections.abc import Sequence
from pathlib import Path

from showtell.labels.items import Item, Video
from showtell.labels.journal import Clicks, read_clicks
from showtell.project.errors import UserError
from showtell.project.files import read_json, write_json
from showtell.project.settings import Frozen

_RATER = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
KEY = "items.json"


class Shown(Frozen):
    """A video that was shown: which training it is from, by its hidden id."""

    training: str
    seed: int
    path: str  # below results/<replicate>


class Key(Frozen):
    """What the ids in the labels stand for; raters need not read it."""

    replicate: str
    task: str
    kind: str
    criterion: str
    items: dict[str, Item]
    videos: dict[str, Shown]
    trainings: dict[str, str]  # hidden id -> its folder below results/<replicate>

    @property
    def name(self) -> dict[str, str]:
        """What a file of labels must agree with, to be of this study."""
        return {"replicate": self.replicate, "task": self.task, "kind": self.kind}

    @classmethod
    def read(cls, folder: Path) -> "Key":
        """The key beside the labels of a folder."""
        path = folder / KEY
        if not path.exists():
            raise UserError(
                f"{path} does not exist, so labels cannot be read; `make label` writes it."
            )
        try:
            return cls.model_validate(read_json(path))
        except ValueError as error:
            raise UserError(
                f"{path} is not what `make label` writes ({error}); restore it from git."
            ) from None

    def write(self, folder: Path) -> "Key":
        """Write it beside the labels, together with items and videos of earlier calls."""
        merged = self
        if (folder / KEY).exists():
            old = Key.read(folder)
            merged = self.model_copy(
                update={
                    "items": old.items | self.items,
                    "videos": old.videos | self.videos,
                    "trainings": old.trainings | self.trainings,
                }
            )
        write_json(folder / KEY, merged.model_dump(mode="json"))
        return merged


def key_of(
    name: tuple[str, str, str],
    criterion: str,
    items: Sequence[Item],
    videos: Sequence[Video],
    results: Path,
) -> Key:
    """The key of these items; `name` is replicate, task and kind."""
    replicate, task, kind = name
    return Key(
        replicate=replicate,
        task=task,
        kind=kind,
        criterion=criterion,
        items={item.id: item for item in items},
        videos={
            video.id: Shown(
                training=video.training,
                seed=video.place.run.seed,
                path=video.path.relative_to(results).as_posix(),
            )
            for video in videos
        },
        trainings={
            video.training: video.path.parents[1].relative_to(results).as_posix()
            for video in videos
        },
    )


def journals(folder: Path) -> dict[str, Clicks]:
    """Rater -> what the clicks of one folder add up to."""
    return {path.stem: read_clicks(path) for path in sorted(folder.glob("*.jsonl"))}


def rater_name(name: str) -> str:
    """A name that can be the name of a file."""
    if _RATER.fullmatch(name) is None:
        plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:32] or "rater1"
        raise UserError(
            f"RATER={name}: a rater's name is 1 to 32 small letters, digits, - and _; "
            f"for example RATER={plain}."
        )
    return name
