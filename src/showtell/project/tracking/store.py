"""The MLflow store: opened once, written in batches, found again by job key."""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from showtell.project.tracking.run import Run

SQLITE = "sqlite:///"
_BATCH = 1000  # metrics in one request: MLflow's own limit
_PARAMS_BATCH = 100


class Point(NamedTuple):
    """One value of one metric."""

    key: str
    value: float
    step: int
    at_ms: int


def ensure_store(uri: str) -> Any:
    """Open a store and return MLflow's client for it; a new database is created exactly once.

    Several processes that open a fresh SQLite store at once die in its migrations, hence the lock.
    """
    _quiet()
    from mlflow import MlflowClient

    if not uri.startswith(SQLITE):
        return MlflowClient(uri)
    database = Path(uri.removeprefix(SQLITE))
    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(database.with_name(f".{database.name}.lock")):
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
    return client


class Store:
    """Runs by experiment and identity. Every write is safe to repeat."""

    def __init__(self, uri: str) -> None:
        self._client = ensure_store(uri)
        self._experiments: dict[str, str] = {}
        self._invocations: dict[tuple[str, str], str] = {}

    def find(self, experiment: str) -> dict[str, Any]:
        """All job runs of an experiment, by identity, the newest last."""
        found = {}
        for run in self._search(experiment, ""):
            identity = run.data.tags.get("job.identity")
            if identity is not None:
                found[identity] = run
        return found

    def open(self, run: Run, at_ms: int) -> str:
        """The id of this job's run: the one it had before it was killed, or a new one."""
        condition = f"tags.`job.identity` = '{run.identity}'"
        known = next(self._search(run.experiment, condition), None)
        if known is None:
            return self.create(run, at_ms)
        run_id = str(known.info.run_id)
        self._client.update_run(run_id, status="RUNNING")
        return run_id

    def run(self, run_id: str) -> Any:
        """What a run shows now."""
        return self._client.get_run(run_id)

    def create(self, run: Run, at_ms: int) -> str:
        """A new run, with its tags and parameters."""
        from mlflow.entities import Param

        tags = run.tags | {"job.identity": run.identity}
        if run.invocation:
            tags["mlflow.parentRunId"] = self.parent(run.experiment, run.invocation, at_ms)
        created = self._client.create_run(
            self._experiment(run.experiment), start_time=at_ms, tags=tags, run_name=run.name
        )
        run_id = str(created.info.run_id)
        params = [Param(key, value) for key, value in run.params.items()]
        for batch in _batches(params, _PARAMS_BATCH):
            self._client.log_batch(run_id, params=batch)
        return run_id

    def parent(self, experiment: str, invocation: str, began_ms: int, ended_ms: int = 0) -> str:
        """The run that groups one invocation's jobs; with `ended_ms`, closed at that time."""
        place = (experiment, invocation)
        if place not in self._invocations:
            run = next(self._search(experiment, f"tags.invocation = '{invocation}'"), None)
            if run is None:
                run = self._client.create_run(
                    self._experiment(experiment),
                    start_time=began_ms,
                    tags={"invocation": invocation},
                    run_name=f"invocation {invocation}",
                )
            self._invocations[place] = str(run.info.run_id)
            if ended_ms and run.info.end_time != ended_ms:
                self.finish(run.info.run_id, "FINISHED", ended_ms)
        return self._invocations[place]

    def points(self, run_id: str, keys: Iterable[str]) -> dict[tuple[str, int], float]:
        """The values a run already shows, by metric and step."""
        return {
            (key, metric.step): metric.value
            for key in keys
            for metric in self._client.get_metric_history(run_id, key)
        }

    def log(self, run_id: str, points: Iterable[Point], tags: Mapping[str, str]) -> None:
        """Add points and set tags. MLflow drops a point that is repeated with the same time."""
        from mlflow.entities import Metric, RunTag

        metrics = [Metric(p.key, p.value, p.at_ms, p.step) for p in points]
        for batch in _batches(metrics, _BATCH):
            self._client.log_batch(run_id, metrics=batch)
        # Tags last: a digest among them says that everything before it arrived.
        for tag_batch in _batches([RunTag(k, v) for k, v in tags.items()], _PARAMS_BATCH):
            self._client.log_batch(run_id, tags=tag_batch)

    def finish(self, run_id: str, status: str, at_ms: int) -> None:
        """Close a run."""
        self._client.set_terminated(run_id, status, end_time=at_ms)

    def delete(self, run_id: str) -> None:
        """Move a run to MLflow's bin."""
        self._client.delete_run(run_id)

    def close_invocations(self, at_ms: int) -> None:
        """Close the parents opened here, if they are still open."""
        for run_id in self._invocations.values():
            if self.run(run_id).info.status == "RUNNING":
                self.finish(run_id, "FINISHED", at_ms)

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            from mlflow.exceptions import MlflowException

            experiment = self._client.get_experiment_by_name(name)
            if experiment is None:
                try:
                    self._experiments[name] = self._client.create_experiment(name)
                except MlflowException:  # another process was faster
                    self._experiments[name] = self._client.get_experiment_by_name(
                        name
                    ).experiment_id
                return self._experiments[name]
            if experiment.lifecycle_stage == "deleted":
                self._client.restore_experiment(experiment.experiment_id)
            self._experiments[name] = experiment.experiment_id
        return self._experiments[name]

    def _search(self, experiment: str, condition: str) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment(experiment)],
                filter_string=condition,
                max_results=1000,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _quiet() -> None:
    """Bounded waits and no chatter. MLflow reads these only from the environment."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    for name in ("mlflow", "alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
