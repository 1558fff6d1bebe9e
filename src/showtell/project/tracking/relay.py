"""The relay: one process that forwards every job's spool to the store, until no job is left.

It is the only part of a live run that meets the store. An outage costs it patience, not points:
spools stay until everything in them has arrived, and sending a line twice changes nothing.
"""

import argparse
import fcntl
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from showtell.project.tracking import Tracking
from showtell.project.tracking.run import Run, allowed
from showtell.project.tracking.store import Point, Store, without_password
from showtell.project.tracking.usage import Usage

_LOG = logging.getLogger(__name__)
_TICK_S = 1.0
_LINGER_S = 15.0  # after the last job: the next one's start-up fits in, no second import of mlflow
_PATIENCE_S = 20.0  # with a dead store and no job left
_LONGEST_PAUSE_S = 15.0  # between attempts while jobs run
_USAGE_EVERY_S = 10.0


class Feed:
    """One spool, and what of it the store has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run: Run | None = None
        self.run_id: str | None = None
        self.ended: str | None = None
        self.pending: list[Point] = []
        self._shown: dict[str, set[int]] = {}
        self._began_ms = self._last_ms = 0
        self._offset = 0
        self._usage: Usage | None = None
        self._usage_due = 0.0

    def read(self) -> None:
        """Take in the lines written since the last time, whole ones only."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                self._offset += len(raw)
                try:
                    line = json.loads(raw)
                except ValueError:  # cut by a kill, then glued to the next line
                    continue
                self._take(line)

    def _take(self, line: dict[str, Any]) -> None:
        self._last_ms = line["at"]
        if "run" in line:  # also when a killed job resumes
            self.run = Run(**line["run"])
            self._began_ms = self._began_ms or line["at"]
            self.ended = None
            self._usage = Usage(line["pid"])
        elif "end" in line:
            self.ended = line["end"]
        else:
            step, at_ms = line["step"], line["at"]
            self.pending += [Point(allowed(k), v, step, at_ms) for k, v in line["values"].items()]

    def sample(self) -> None:
        """Add a reading of the machine, now and then, while the job lives."""
        if self._usage is None or self.ended or time.monotonic() < self._usage_due:
            return
        self._usage_due = time.monotonic() + _USAGE_EVERY_S
        now_ms = int(time.time() * 1000)
        second = (now_ms - self._began_ms) // 1000
        self.pending += [Point(k, v, second, now_ms) for k, v in self._usage.sample().items()]

    def send(self, store: Store) -> None:
        """Bring the store up to date; safe to repeat after a failure half-way."""
        if self.run is None:
            return
        if self.run_id is None:
            self.run_id = store.open(self.run, self._began_ms)
        fresh_keys = {point.key for point in self.pending} - self._shown.keys()
        if fresh_keys:  # a resumed job repeats steps that its killed self has shown
            shown: dict[str, set[int]] = {key: set() for key in fresh_keys}
            for key, step in store.points(self.run_id, fresh_keys):
                shown[key].add(step)
            self._shown |= shown
        fresh = [point for point in self.pending if point.step not in self._shown[point.key]]
        if fresh:
            store.log(self.run_id, fresh, {})
        for point in self.pending:
            self._shown[point.key].add(point.step)
        self.pending = []

    def finish(self, store: Store) -> None:
        """Close the run of a job that ended, or was killed without a word; drop its spool."""
        with self.path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # resumed in this very moment
                return
            self.read()
            if self.run is not None:
                self.send(store)
                assert self.run_id is not None
                store.finish(self.run_id, self.ended or "KILLED", self._last_ms)
            self.path.unlink()

    @property
    def alive(self) -> bool:
        """Whether somebody writes this spool."""
        with self.path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


class Relay:
    """All spools of one store."""

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking
        self._feeds: dict[Path, Feed] = {}
        self._store: Store | None = None

    def turn(self) -> bool:
        """Forward what there is; whether jobs are still alive. Raises while the store is away."""
        for path in sorted(self._tracking.folder.glob("*.jsonl")):
            self._feeds.setdefault(path, Feed(path))
        if not self._feeds:
            return False
        for feed in self._feeds.values():
            feed.read()
            feed.sample()
        self._store = self._store or Store(self._tracking.uri)
        for path, feed in list(self._feeds.items()):
            alive = feed.alive
            try:
                feed.send(self._store)
                if not alive:
                    feed.finish(self._store)
            except Exception as error:
                if getattr(error, "error_code", None) != "INVALID_PARAMETER_VALUE":
                    raise
                # One job's bad line must not hold up the others: no patience mends it.
                _LOG.warning("%s is not shown: %s", path.name, error)
                path.rename(path.with_suffix(".rejected"))
            if not path.exists():
                del self._feeds[path]
        return bool(self._feeds)

    def close(self) -> None:
        """Close the invocations that were opened here."""
        if self._store is not None:
            self._store.close_invocations(int(time.time() * 1000))

    def anyone_alive(self) -> bool:
        """Whether a job still writes, asked without the store."""
        return any(path.exists() and feed.alive for path, feed in self._feeds.items())


def serve(tracking: Tracking) -> None:
    """Forward until the jobs have ended, or somebody asks for the store."""
    relay = Relay(tracking)
    last_busy = time.monotonic()
    failures, next_try = 0, 0.0
    while True:
        asked_to_stop = _stop_file(tracking).exists()
        if time.monotonic() >= next_try and not (asked_to_stop and failures):
            try:
                busy = relay.turn()
            except Exception as error:  # MLflow raises many kinds; none may end the relay
                failures += 1
                if failures == 1:
                    _LOG.warning("%s is away: %s", without_password(tracking.uri), error)
                next_try = time.monotonic() + min(2.0**failures, _LONGEST_PAUSE_S)
                busy = relay.anyone_alive()
            else:
                if failures:
                    _LOG.warning("%s is back.", without_password(tracking.uri))
                failures, next_try = 0, 0.0
            last_busy = time.monotonic() if busy else last_busy
        if asked_to_stop:
            break
        time.sleep(_TICK_S)
        expired = time.monotonic() - last_busy > (_PATIENCE_S if failures else _LINGER_S)
        # A job that came while this one slept found the lock taken and counts on it.
        if expired and (failures or not any(tracking.folder.glob("*.jsonl"))):
            break
    if not failures:
        relay.close()


def take_over(tracking: Tracking, patience_s: float) -> Any:
    """The relay's lock, for whoever writes to the store next; a running relay is asked to stop."""
    tracking.folder.mkdir(parents=True, exist_ok=True)
    lock = (tracking.folder / "relay.lock").open("a")
    deadline = time.monotonic() + patience_s
    try:
        while True:
            _stop_file(tracking).touch()
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError:
                if time.monotonic() > deadline:
                    lock.close()
                    raise
                time.sleep(0.05)
    finally:
        _stop_file(tracking).unlink(missing_ok=True)


def _stop_file(tracking: Tracking) -> Path:
    return tracking.folder / "relay.stop"


def main() -> None:
    """Serve one repository's spools; a second relay for the same store leaves at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    tracking = Tracking.from_environment(parser.parse_args().root)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s")
    with (tracking.folder / "relay.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        os.nice(10)  # whoever trains comes first
        serve(tracking)


if __name__ == "__main__":
    main()
