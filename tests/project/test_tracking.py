"""Runs in MLflow: live through outages, resumed without repeats, rebuilt from files."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.project.files import write_json, write_text
from showtell.project.provenance import write_provenance
from showtell.project.tracking import Tracking, new_invocation
from showtell.project.tracking.live import FILE, live_run, under_way
from showtell.project.tracking.run import describe
from showtell.project.tracking.store import Store, ensure_store
from showtell.project.tracking.view import View

FOLDER = "results/smoke/vlm_rm/cartpole/cartpole/text-alpha0.5/seed{seed}/train"
STEPS = range(0, 1000, 100)


def job(seed=0, **changes):
    learner = {"kind": "dqn", "steps": 1000, "hidden": [16, 16]}
    address = ["vlm_rm", "cartpole", "cartpole", "text-alpha0.5", seed, "train"]
    return {"fingerprint": "f00d", "root": 0, "learner": learner, "address": address} | changes


def value(step, seed=0):
    return {"true_return": 0.5 * step + seed, "learned_return": -step / 7}


def train(tracking, seed=0, steps=STEPS, **changes):
    """The live half of a training, then its files."""
    with live(tracking, seed, **changes) as sink:
        for step in steps:
            sink(step, value(step, seed))
    finish(seed, **changes)


def live(tracking, seed=0, **changes):
    folder = Path(FOLDER.format(seed=seed))
    return live_run(job(seed, **changes), folder, steps=1000, tracking=tracking)


def view(tracking):
    return View(tracking.root / "results", tracking)


def rebuild(tracking):
    """What `showtell track` does."""
    return view(tracking).rebuild()


def finish(seed=0, scale_by=1.0, **changes):
    """The files a training leaves."""
    folder = Path(FOLDER.format(seed=seed))
    rows = ["step,true_return,learned_return"]
    rows += [
        f"{step},{scale_by * value(step, seed)['true_return']!r},{value(step)['learned_return']!r}"
        for step in STEPS
    ]
    write_text(folder / "progress.csv", "\n".join(rows) + "\n")
    write_json(folder / "metrics.json", {"return": {"mean": 3.5}, "word": "no number"})
    write_text(folder / "policy.safetensors", f"weights {seed}")
    names = ("progress.csv", "metrics.json", "policy.safetensors")
    write_provenance(
        folder / "provenance.json",
        job_name="train",
        job=job(seed, **changes),
        inputs=[],
        outputs=[folder / name for name in names],
        started=1_795_000_000.0,
        wall_time_s=100.0,
        extra={"invocation": "an invocation"},
    )
    write_json(folder / "evaluation" / "metrics.json", {"deterministic": {"success": 0.75}})


def shown(uri, *, live=False):
    """All that a store shows, by results path: tags, parameters, every point."""
    client = ensure_store(uri)
    found = {}
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id]):
            tags = dict(run.data.tags)
            points = sorted(
                (key, metric.step, metric.value, 0 if live else metric.timestamp)
                for key in run.data.metrics
                if not key.startswith("system/")
                for metric in client.get_metric_history(run.info.run_id, key)
            )
            parent = tags.pop("mlflow.parentRunId", None)
            place = tags.get("results.path", tags.get("invocation"))
            assert (experiment.name, place) not in found, "one run a job"
            found[experiment.name, place] = (
                tags, dict(run.data.params), points, parent is not None,
                run.info.status, 0 if live else run.info.end_time,
            )  # fmt: skip
    return found


@pytest.fixture
def tracking(tmp_path, monkeypatch):
    """A repository without git, with a fresh database."""
    monkeypatch.chdir(tmp_path)
    return Tracking(tmp_path, f"sqlite:///{tmp_path}/mlflow.db", "an invocation")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A fresh database costs seconds of migrations; tests copy this one."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    ensure_store(f"sqlite:///{path}")
    return path


@pytest.fixture
def ready(tracking, empty_store):
    """A repository whose database exists."""
    (tracking.root / "mlflow.db").write_bytes(empty_store.read_bytes())
    return tracking


def test_a_live_run_shows_points_tags_and_parent(ready):
    watch = view(ready)
    with live(ready) as sink:
        sink(0, value(0))
        sink(50, {})  # no values: how far it is
        assert under_way(Path(FOLDER.format(seed=0))) == (50, 1000)
        watch.turn()
        assert shown(ready.uri)["vlm_rm", FOLDER.format(seed=0)][4] == "RUNNING"
        sink(100, value(100))
    watch.turn()
    tags, params, points, has_parent, status, _ = shown(ready.uri, live=True)[
        "vlm_rm", FOLDER.format(seed=0)
    ]
    assert [(key, step) for key, step, *_ in points] == [
        ("learned_return", 0), ("learned_return", 100), ("true_return", 0), ("true_return", 100),
    ]  # fmt: skip
    assert (tags["task"], tags["method"], tags["seed"]) == ("cartpole", "text-alpha0.5", "0")
    assert tags["git.commit"] == tags["git.dirty"] == "unknown"
    assert params["learner.steps"] == "1000"
    assert params["learner.hidden"] == "[16,16]"
    assert has_parent
    assert status == "FINISHED"


def test_system_metrics_are_shown_of_a_living_job(ready):
    with live(ready):
        view(ready).turn()
    client = ensure_store(ready.uri)
    experiment = client.get_experiment_by_name("vlm_rm").experiment_id
    run = client.search_runs([experiment], "tags.`job.name` = 'train'")[0]
    assert run.data.metrics["system/job_memory_usage_megabytes"] > 10


def test_a_killed_job_is_marked_and_resumes_as_the_same_run_without_repeats(ready):
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.project.test_tracking import *\n"
        f"tracking = Tracking(Path.cwd(), {ready.uri!r})\n"
        "with live(tracking) as sink:\n"
        "    for step in (0, 100, 200): sink(step, value(step))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    here = {"PYTHONPATH": f"{root}{os.pathsep}{root / 'src'}"}
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | here, check=False)
    assert done.returncode == -signal.SIGKILL
    with (Path(FOLDER.format(seed=0)) / FILE).open("a") as file:
        file.write('{"step": 300, "of"')  # cut by the kill
    watch = view(ready)
    watch.turn()
    place = ("vlm_rm", FOLDER.format(seed=0))
    assert shown(ready.uri)[place][4] == "KILLED"
    # The checkpoint was at step 100: the resumed job meets 100 and 200 again.
    train(ready, steps=(100, 200, 300))
    watch.turn()
    runs = shown(ready.uri, live=True)
    assert runs[place][4] == "FINISHED"
    steps = [step for key, step, *_ in runs[place][2] if key == "true_return"]
    assert steps == [0, 100, 200, 300]


def test_a_failed_turn_is_repeated_without_duplicates(ready):
    class Broken(Store):
        def finish(self, *arguments):
            raise ConnectionError("gone after the points arrived")

    watch = view(ready)
    watch._store = Broken(ready.uri)
    train(ready)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            watch.turn()
    view(ready).turn()  # another watch, which knows nothing of the first one's success
    points = shown(ready.uri, live=True)["vlm_rm", FOLDER.format(seed=0)][2]
    assert len(points) == 2 * len(STEPS)


def test_a_training_that_ends_between_two_turns_is_completed_from_its_files(ready):
    watch, folder = view(ready), Path(FOLDER.format(seed=0))
    with live(ready) as sink:
        sink(0, value(0))
        watch.turn()
    (folder / FILE).unlink()  # it has ended; its files are being written
    watch.turn()
    assert shown(ready.uri)["vlm_rm", FOLDER.format(seed=0)][4] == "RUNNING"
    finish()
    watch.turn()
    _, _, points, has_parent, status, _ = shown(ready.uri)["vlm_rm", FOLDER.format(seed=0)]
    assert [step for key, step, *_ in points if key == "true_return"] == list(STEPS)
    assert has_parent
    assert status == "FINISHED"


def test_a_killed_job_and_another_after_it_in_the_folder_are_two_runs(ready):
    watch = view(ready)
    with live(ready, fingerprint="old code") as sink:
        sink(700, value(700))
        watch.turn()
    file = Path(FOLDER.format(seed=0)) / FILE
    lines = file.read_text().splitlines()[:-1]  # killed: without its end
    file.write_text("\n".join(lines) + "\n")
    with live(ready) as sink:
        assert under_way(Path(FOLDER.format(seed=0))) is None
        sink(0, value(0))
        assert under_way(Path(FOLDER.format(seed=0))) == (0, 1000)
        watch.turn()
    client = ensure_store(ready.uri)
    experiment = client.get_experiment_by_name("vlm_rm").experiment_id
    runs = client.search_runs([experiment], "tags.`job.name` = 'train'")
    found = {run.data.metrics["true_return"]: run.info.status for run in runs}
    assert found == {350.0: "KILLED", 0.0: "RUNNING"}


def test_one_jobs_unacceptable_line_does_not_hold_up_the_others(ready):
    train(ready, seed=0)
    bad = Path(FOLDER.format(seed=0)) / FILE
    bad.write_text(bad.read_text().replace("learner.kind", "learner(kind)"))  # no store takes it
    with live(ready, 2) as sink:
        sink(0, {"loss (huber), mean": 0.5})
    view(ready).turn()
    shown_here = shown(ready.uri, live=True)
    assert shown_here["vlm_rm", FOLDER.format(seed=2)][2] == [("loss _huber__ mean", 0, 0.5, 0)]


def test_nothing_a_sink_meets_can_stop_a_training(tracking, caplog):
    folder = Path(FOLDER.format(seed=0))
    folder.mkdir(parents=True)
    (folder / ".resume").write_text("a file where a folder should be")
    with live(tracking) as sink:
        sink(0, value(0))
        sink(1, value(1))
    assert caplog.text.count("not shown live") == 1
    with live(tracking, 1) as sink:
        sink(0, {"bad": None})
    with pytest.raises(ZeroDivisionError), live(tracking, 2):
        raise ZeroDivisionError("the training's own errors pass through")


def test_a_hanging_server_costs_a_training_nothing_and_ends_no_watch(tracking, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never answers
        hanging = Tracking(tracking.root, f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.perf_counter()
        with live(hanging) as sink:
            for step in range(1000):
                sink(step, value(step))
        assert time.perf_counter() - started < 0.5
        watch = view(hanging)
        watch.follow()
        assert watch._failures == 1
        watch.close()


def test_rebuilding_twice_changes_nothing_and_from_nothing_gives_the_same(ready):
    for seed in (0, 1):
        finish(seed)
    assert rebuild(ready) == {"unchanged": 0, "written": 2}
    first = shown(ready.uri)
    assert rebuild(ready) == {"unchanged": 2, "written": 0}
    assert shown(ready.uri) == first
    again = Tracking(ready.root, f"sqlite:///{ready.root}/again.db")
    rebuild(again)
    assert shown(again.uri) == first
    tags, _, points, has_parent, _, ended = first["vlm_rm", FOLDER.format(seed=1)]
    assert has_parent
    assert ended == 1_795_000_100_000
    assert len([p for p in points if p[0] == "true_return"]) == len(STEPS)
    assert ("evaluation/deterministic/success", 900, 0.75, ended) in points
    assert ("final/return/mean", 900, 3.5, ended) in points
    assert tags["file.policy.safetensors"].endswith("seed1/train/policy.safetensors")


def test_rebuilding_completes_a_live_run_and_corrects_a_wrong_one(ready):
    train(ready, seed=0, steps=STEPS[:4])  # its later points were never reported
    train(ready, seed=1)
    finish(1, scale_by=2.0)  # the files say otherwise
    assert rebuild(ready)["written"] == 2
    runs = shown(ready.uri, live=True)
    for seed, factor in ((0, 1.0), (1, 2.0)):
        points = runs["vlm_rm", FOLDER.format(seed=seed)][2]
        curve = [(step, v) for key, step, v, _ in points if key == "true_return"]
        assert curve == [(step, factor * value(step, seed)["true_return"]) for step in STEPS]


def test_only_the_changed_job_is_written_again_and_its_past_is_labelled(ready):
    for seed in (0, 1):
        finish(seed)
    rebuild(ready)
    finish(1, fingerprint="new code")
    assert rebuild(ready) == {"unchanged": 1, "written": 1}
    client = ensure_store(ready.uri)
    experiment = client.get_experiment_by_name("vlm_rm").experiment_id
    old = client.search_runs([experiment], "tags.superseded = 'true'")
    assert [run.data.tags["seed"] for run in old] == ["1"]


def test_a_cold_start_by_several_processes_makes_one_database(tmp_path):
    code = (
        "import sys; from showtell.project.tracking.store import Store\n"
        "Store(sys.argv[1])._experiment('vlm_rm')"
    )
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    racers = [subprocess.Popen([sys.executable, "-c", code, uri]) for _ in range(3)]
    assert [racer.wait(300) for racer in racers] == [0, 0, 0]
    names = [experiment.name for experiment in ensure_store(uri).search_experiments()]
    assert sorted(names) == ["Default", "vlm_rm"]


def test_rebuilding_into_a_store_that_is_away_says_so_and_loses_nothing(tracking):
    finish()
    with socket.create_server(("127.0.0.1", 0)) as free:
        away = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UserError, match=f"{away} does not answer"):
        rebuild(Tracking(tracking.root, away))


@pytest.mark.parametrize("where", [".", "out", "/elsewhere/out"])
def test_results_written_outside_the_tree_are_runs_too(tmp_path, where):
    run = describe(tmp_path, "train", job(), tmp_path / where, None, ("abc", False))
    assert run.tags["scale"] == ""
    assert run.name.endswith("train")


def test_a_run_is_tagged_with_its_scale_and_its_replicate(tmp_path):
    folder = tmp_path / "results/mini-seed1/p/e"
    run = describe(tmp_path, "train", {"root": 1}, folder, None, (None, None))
    assert (run.tags["scale"], run.tags["replicate"]) == ("mini", "mini-seed1")


def test_a_server_killed_in_mid_training_costs_no_time_and_no_point(tracking, empty_store):
    (tracking.root / "mlflow.db").write_bytes(empty_store.read_bytes())
    server = _Server(tracking.root)
    remote = Tracking(tracking.root, server.uri, new_invocation())
    slowest = 0.0
    place = ("vlm_rm", FOLDER.format(seed=0))
    with server, _watch(remote), live(remote) as sink:
        for step in STEPS:
            if step == 300:
                _until(lambda: place in shown(tracking.uri, live=True), "the run is not shown")
                server.kill()
            if step == 700:
                server.start()
            before = time.perf_counter()
            sink(step, value(step))
            slowest = max(slowest, time.perf_counter() - before)
            time.sleep(0.05)
    assert slowest < 0.1
    finish()
    with server:
        rebuild(remote)
    runs = shown(tracking.uri, live=True)
    curve = [(step, v) for key, step, v, _ in runs[place][2] if key == "true_return"]
    assert curve == [(step, value(step)["true_return"]) for step in STEPS]
    assert runs[place][4] == "FINISHED"


@contextmanager
def _watch(tracking):
    """Another process that follows the live files, as `showtell watch` does."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from showtell.project.tracking import Tracking\n"
        "from showtell.project.tracking.view import View\n"
        "view = View(Path('results'), Tracking(Path.cwd(), *sys.argv[1:]))\n"
        "while True: view.follow(); time.sleep(0.1)\n"
    )
    command = [sys.executable, "-c", code, tracking.uri, tracking.invocation]
    process = subprocess.Popen(command, cwd=tracking.root)
    try:
        yield
        assert process.poll() is None, "an outage ended the watch"
    finally:
        process.kill()
        process.wait()


class _Server:
    """A real `mlflow server` on a free port, in a process group of its own."""

    def __init__(self, root: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._root = root
        self._process = None
        self.uri = f"http://127.0.0.1:{self._port}"

    def start(self):
        if self._process is not None:
            return
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
        self._process = subprocess.Popen(
            [*command, "--backend-store-uri", f"sqlite:///{self._root}/mlflow.db",
             "--host", "127.0.0.1", "--port", str(self._port)],
            env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        _until(self._answers, "mlflow server does not start")

    def kill(self):
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True

    def __enter__(self):
        self.start()

    def __exit__(self, *error):
        self.kill()


def _until(condition, complaint, seconds=240.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.1)
