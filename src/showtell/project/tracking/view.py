"""The store, kept like the files: live files are followed, finished results fill it in."""

import logging
import time
from pathlib import Path

from filelock import Timeout

from showtell.project.addresses import masked
from showtell.project.errors import UserError
from showtell.project.tracking import OFF, Tracking
from showtell.project.tracking.alone import alone
from showtell.project.tracking.feed import Feed
from showtell.project.tracking.live import FILE
from showtell.project.tracking.replay import fill_in, replay_of, show
from showtell.project.tracking.store import Store

_LOG = logging.getLogger(__name__)
_TICK_S = 2.0
_REST = 20  # looking for live files takes at most a twentieth of a core
_LONGEST_PAUSE_S = 15.0  # between attempts while the store is away
_WAIT_S = 60.0  # for another process to finish its turn


class View:
    """What one store shows of the results under one folder."""

    def __init__(self, results: Path, tracking: Tracking) -> None:
        self._results, self._tracking = results, tracking
        self._feeds: dict[Path, Feed] = {}
        self._rejected: set[Path] = set()
        self._store: Store | None = None
        self._failures, self._due = 0, 0.0

    def follow(self) -> None:
        """Show what trainings have reported since the last time. Never raises, seldom waits."""
        if self._tracking.uri == OFF or time.monotonic() < self._due:
            return
        began = time.monotonic()
        try:
            with alone(self._tracking.root, self._tracking.uri, wait_s=0):
                self.turn()
        except Timeout:  # another process writes: next time
            pass
        except Exception as error:  # MLflow raises many kinds; none may end the watch
            self._failures += 1
            if self._failures == 1:
                _LOG.warning("%s is away: %s", masked(self._tracking.uri), masked(str(error)))
        else:
            self._failures = 0
        spent = time.monotonic() - began
        pause = min(2.0**self._failures, _LONGEST_PAUSE_S) if self._failures else _REST * spent
        self._due = time.monotonic() + max(_TICK_S, pause)

    def turn(self) -> None:
        """Forward what there is. Raises while the store is away."""
        for path in sorted(self._results.glob(f"**/{FILE}")):
            if path not in self._rejected:
                self._feeds.setdefault(path, Feed(path))
        for path, feed in list(self._feeds.items()):
            there = feed.read()
            feed.sample()
            self._store = self._store or Store(self._tracking.uri)
            try:
                if there:
                    feed.send(self._store)
                elif self._complete(feed, self._store):
                    del self._feeds[path]
            except Exception as error:
                if getattr(error, "error_code", None) != "INVALID_PARAMETER_VALUE":
                    raise
                # One job's bad line must not hold up the others: no repetition mends it.
                _LOG.warning("%s is not shown: %s", path, error)
                self._rejected.add(path)
                del self._feeds[path]

    def rebuild(self) -> dict[str, int]:
        """Make the store say what the files say; counts of what was done."""
        if self._tracking.uri == OFF:
            return {"unchanged": 0, "written": 0}
        address = masked(self._tracking.uri)
        try:
            with alone(self._tracking.root, self._tracking.uri, wait_s=_WAIT_S):
                self.turn()  # killed trainings, and those under way
                self._store = self._store or Store(self._tracking.uri)
                return fill_in(self._results, self._tracking.root, self._store)
        except Timeout:
            raise UserError(
                f"another process keeps writing to {address}; "
                "wait for it, then run `showtell track` again."
            ) from None
        except (UserError, KeyboardInterrupt):
            raise
        except ModuleNotFoundError as error:
            raise UserError(
                f"the MLflow store at {address} needs the Python package {error.name}, its "
                "database's driver; install it (for PostgreSQL: pip install psycopg2-binary), then "
                "run `showtell track`. No result is lost: the store is a view of the files."
            ) from error
        except Exception as error:
            raise UserError(
                f"the MLflow store at {address} does not answer "
                f"({type(error).__name__}); start it or unset MLFLOW_TRACKING_URI, then run "
                "`showtell track`. No result is lost: the store is a view of the files."
            ) from error

    def close(self) -> None:
        """Show the last of it, and close the invocations that were opened here."""
        self._due = 0.0
        self.follow()
        try:
            if self._store is not None and not self._failures:
                self._store.close_invocations(int(time.time() * 1000))
        except Exception as error:  # as above
            _LOG.warning("%s is away: %s", masked(self._tracking.uri), masked(str(error)))

    def _complete(self, feed: Feed, store: Store) -> bool:
        """Show the files of a training that has ended and removed its live file, once they are."""
        provenance = feed.path.parents[1] / "provenance.json"
        if feed.run is None:
            return True
        if not provenance.exists():
            return False
        replay = replay_of(provenance, self._tracking.root)
        if replay.run.identity == feed.run.identity:
            show(store, replay, store.run(feed.run_id or store.open(replay.run, replay.began_ms)))
        return True
