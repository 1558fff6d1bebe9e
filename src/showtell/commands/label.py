"""Labels by people: the page on this machine, the page as a file, and what raters agree on."""

import os
import sys
import webbrowser
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from showtell.commands.columns import aligned
from showtell.labels.agreement import agreements
from showtell.labels.items import Item, Video, items_of, shuffled, videos_of
from showtell.labels.journal import Journal
from showtell.labels.kinds import kind_of
from showtell.labels.offline import LARGEST_MB, merge, read_sent, write_offline
from showtell.labels.server import LabelServer
from showtell.labels.study import Key, journals, key_of, rater_name
from showtell.labels.table import FILE, write_labels
from showtell.project.errors import UserError, nearest
from showtell.project.files import read_json
from showtell.results.by_labels import success_by_labels
from showtell.study.layout import Layout
from showtell.study.yaml_files import read_yaml

DATA = ("../papers/{paper}/criteria.yaml",)
_PAPERS = Path(__file__).parents[1] / "papers"


@dataclass(frozen=True)
class Labelling:
    """What one call of the command is about."""

    root: Path  # of the repository
    replicate: str
    seed: int  # the root of the seed tree
    known: Collection[str]  # tasks of params.yaml
    kind: str
    rater: str
    count: int  # at most so many items
    each: int  # frames of one video

    @property
    def layout(self) -> Layout:
        """Where the results of this replicate lie."""
        return Layout(self.root / "results" / self.replicate)

    def serve(
        self,
        task: str | None,
        port: int,
        *,
        browse: bool,
        ready: Callable[[LabelServer], None] | None = None,
    ) -> int:
        """Show the page until Ctrl-C; every click is in the journal before the next item comes."""
        name, key, items = self._study(task)
        folder, rater = self.layout.labels(name, self.kind), rater_name(self.rater)
        mine = shuffled(items, self.seed, name, self.kind, rater)
        with Journal(folder / f"{rater}.jsonl") as journal:
            server = LabelServer(key, mine, journal, rater, self.layout.results, port)
            done = sum(item.id in journal.clicks.labels for item in mine)
            _say(f"{name}, {self.kind}: {done} of {len(mine)} items have a label by {rater}.")
            _say(f"The page, for this machine alone: {server.address}")
            if browse and not _open(server.address):
                _say("No browser was found here: open the address by hand. Ctrl-C ends.")
            try:
                if ready is not None:
                    ready(server)
                server.serve_forever(poll_interval=0.2)
            except KeyboardInterrupt:
                pass
            finally:
                server.server_close()
        self._export(folder)
        return 0

    def offline(self, task: str | None) -> int:
        """Write the page with its videos as one file."""
        name, key, items = self._study(task)
        rater = rater_name(self.rater) if self.rater else ""
        path = self.layout.labels(name, self.kind) / "offline.html"
        size = write_offline(path, key, items, rater, self.layout.results, LARGEST_MB)
        _say(f"{path}: {len(items)} items, {size / 1e6:.1f} MB.")
        _say(f"Send it. When labels come back: make label {_options(self.replicate)} READ=FILE")
        return 0

    def read(self, path: Path) -> int:
        """Add the labels of a file that a rater sent back."""
        sent = read_sent(path)
        task, kind = sent.study.get("task", ""), sent.study.get("kind", "")
        if (
            sent.study.get("replicate") != self.replicate
            or (task, kind) not in self.layout.labelled()
        ):
            raise UserError(
                f"{path} has labels of another study ({sent.study}); results/{self.replicate} has "
                f"{', '.join(map('/'.join, self.layout.labelled())) or 'none'}. SCALE= names the "
                "folder of results."
            )
        folder = self.layout.labels(task, kind)
        merged = merge(sent, path, folder)
        _say(
            f"{merged.rater}: {merged.new} labels are new, {merged.changed} changed, "
            f"{merged.same} were here already; {merged.twice} stood twice in the file, the last "
            f"one counts; {merged.unknown} were of unknown items and are left out."
        )
        self._export(folder)
        return 0

    def agreement(self, task: str | None) -> int:
        """Print Cohen's kappa of each two raters, and success by labels."""
        found = [(name, kind) for name, kind in self.layout.labelled() if task in (None, name)]
        if not found:
            raise UserError(
                f"results/{self.replicate} has no labels{f' of {task}' if task else ''}; "
                f"`make label SCALE={self.replicate} TASK=…` collects them."
            )
        for name, kind in found:
            folder = self.layout.labels(name, kind)
            self._export(folder)
            given = {
                rater: {item: click.label or "" for item, click in clicks.labels.items()}
                for rater, clicks in journals(folder).items()
            }
            for rater, labels in sorted(given.items()):
                counts = [
                    f"{sum(v == one for v in labels.values())} {one}"
                    for one in kind_of(kind).labels
                ]
                _say(f"  {rater}: {len(labels)} labels ({', '.join(counts)})")
            head = ("rater", "rater", "items", "agree", "kappa")
            rows = [
                (
                    a.one,
                    a.two,
                    str(a.items),
                    str(a.agree),
                    "–" if a.kappa != a.kappa else f"{a.kappa:.2f}",
                )
                for a in agreements(given)
            ]
            if rows:
                _say("\n".join(f"  {line}" for line in aligned([head, *rows])))
            if kind == "buckets" and any(given.values()):
                table = success_by_labels(self.layout, name)
                table.write(folder / "success.csv")
                _say("\n".join(f"  {line}" for line in aligned([table.columns, *table.rows])))
        return 0

    def _study(self, task: str | None) -> tuple[str, Key, list[Item]]:
        """The task, its key and its items, from the finished evaluations."""
        kind_of(self.kind)
        name = self._task(task)
        videos = videos_of(self.layout, name)
        if not videos:
            raise UserError(
                f"results/{self.replicate} has no finished evaluation of {name}, so there is no "
                f"video to label; `make reproduce {_options(self.replicate)}` makes them if this "
                "scale runs the task." + self._finished()
            )
        items = items_of(self.kind, videos, self.seed, name, self.count, self.each)
        where = (self.replicate, name, self.kind)
        key = key_of(where, _criterion(name, videos), items, videos, self.layout.results)
        return name, key.write(self.layout.labels(name, self.kind)), items

    def _task(self, task: str | None) -> str:
        if task is None:
            raise UserError(f"which task? Give it with TASK=….{self._finished()}")
        if task not in self.known and task not in self._evaluated():
            raise UserError(
                f"there is no task {task!r}; {nearest(task, {*self.known, *self._evaluated()})}"
            )
        return task

    def _evaluated(self) -> list[str]:
        return sorted({place.run.task for place, _ in self.layout.evaluations("*")})

    def _finished(self) -> str:
        names = ", ".join(self._evaluated())
        return f" Tasks with a finished evaluation there: {names}." if names else ""

    def _export(self, folder: Path) -> None:
        count = write_labels(folder)
        _say(f"{(folder / FILE).relative_to(self.root)}: {count} labels")


def criteria() -> dict[str, str]:
    """Task -> what a rater looks for: the papers' own criteria, beside their ledgers."""
    return {
        task: criterion
        for path in sorted(_PAPERS.glob("*/criteria.yaml"))
        for task, criterion in read_yaml(path).items()
    }


def _criterion(task: str, videos: list[Video]) -> str:
    """The paper's, or the definition of success that an evaluation recorded."""
    metrics = read_json(videos[0].path.with_name("metrics.json"))
    return criteria().get(task) or str(metrics["success_definition"])


def _options(replicate: str) -> str:
    from showtell.project.replicate import Replicate

    named = Replicate.parse(replicate)
    return f"SCALE={named.scale}" + ("" if named.seed is None else f" SEED={named.seed}")


def _open(address: str) -> bool:
    """Open a browser with windows; one that runs in this terminal would take the keys."""
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not display and sys.platform.startswith("linux"):
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
