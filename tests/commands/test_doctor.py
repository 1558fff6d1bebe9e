"""Every check of the doctor: silent on what is well, and a command for what is not."""

import http.server
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from showtell.commands import doctor
from showtell.project.files import sha256, write_json, write_text
from showtell.project.sharing.dvc import remote
from showtell.rendering.probe import GOLDEN, compare

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """An empty repository."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def test_all_checks_print_a_line_within_ten_seconds(root, capsys):
    shutil.copy(REPOSITORY / "requirements.lock", root)
    started = time.perf_counter()
    status = doctor.doctor(root, "smoke")
    assert time.perf_counter() - started < 10
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1].rstrip(":") for line in lines] == list(doctor.CHECKS)
    assert status == int(any(line.startswith("fix") for line in lines))


def test_packages_are_held_against_the_lock(root):
    lock = root / "requirements.lock"
    assert doctor.packages(root, "mini").cure == "git checkout requirements.lock"
    hashed = " \\\n    --hash=sha256:00\n    # via\n"
    elsewhere = "pywin32==1 ; sys_platform == 'win32'"
    write_text(lock, f"numpy=={version('numpy')}{hashed}{elsewhere}{hashed}")
    assert doctor.packages(root, "mini").cure is None
    write_text(lock, f"numpy==1.0{hashed}no-such-package==3{hashed}")
    finding = doctor.packages(root, "mini")
    assert f"numpy==1.0 (installed: {version('numpy')})" in finding.found
    assert "no-such-package==3 (installed: no)" in finding.found
    assert finding.cure


def test_the_picture_drawn_here_is_the_golden_one():
    command = [sys.executable, "-m", "showtell.rendering.probe", "egl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no EGL on this machine; `make gl` installs it")
    assert '"same": true' in done.stdout


def test_another_picture_is_told_from_another_driver():
    golden = np.asarray(Image.open(GOLDEN).convert("RGB"))
    assert golden.std() > 20, "a picture of something"
    rounding = np.clip(
        golden.astype(int) + np.random.default_rng(0).integers(-2, 3, golden.shape), 0, 255
    )
    assert compare(rounding.astype(np.uint8), golden)["same"]
    assert not compare(golden[::-1], golden)["same"], "upside down"
    assert not compare(golden[..., ::-1], golden)["same"], "blue for red"
    assert not compare((golden * 0.9).astype(np.uint8), golden)["same"], "another light"
    assert not compare(np.zeros_like(golden), golden)["same"], "nothing drawn"


def test_a_backend_that_cannot_draw_is_reported_not_raised(root, monkeypatch):
    broken = root / "broken" / "showtell" / "rendering"
    broken.mkdir(parents=True)
    for folder in (broken.parent, broken):
        (folder / "__init__.py").write_text("")
    (broken / "probe.py").write_text("raise SystemExit('libEGL is missing')")
    monkeypatch.setenv("PYTHONPATH", str(root / "broken"))
    finding = doctor.opengl(root, "mini")
    assert "egl: libEGL is missing" in finding.found
    assert finding.cure is not None
    assert "libegl1" in finding.cure


@pytest.mark.parametrize(("load", "word"), [(9999.0, "less"), (0.0, "libegl1")])
def test_a_slow_driver_is_broken_only_on_an_idle_machine(root, monkeypatch, load, word):
    def late(*arguments, **options):
        raise subprocess.TimeoutExpired("probe", 6)

    monkeypatch.setattr(doctor.subprocess, "run", late)
    monkeypatch.setattr(doctor.os, "getloadavg", lambda: (load, load, load))
    finding = doctor.opengl(root, "mini")
    assert "nothing drawn" in finding.found
    assert finding.cure is not None
    assert word in finding.cure


def test_weights_are_hashed_against_their_provenance(root):
    assert "none yet" in doctor.weights(root, "mini").found
    file = root / "results/mini/models/clip/model.safetensors"
    write_text(file, "weights")
    place = file.relative_to(root).as_posix()
    write_json(file.with_name("provenance.json"), {"outputs": {place: sha256(file)}})
    assert doctor.weights(root, "mini") == ("1 files checked", None)
    write_text(file, "other weights")
    assert doctor.weights(root, "mini").cure == f"rm {place} && make reproduce SCALE=mini"


def test_an_abandoned_lock_of_snakemake_is_found(root):
    assert doctor.workflow(root, "mini").cure is None
    write_text(root / ".snakemake/locks/0.output.lock", "results/mini/report.html\n")
    assert doctor.workflow(root, "mini").cure == "snakemake --unlock --config scale=mini"


def test_the_place_to_share_is_tried(root):
    assert doctor.sharing(root, "mini").cure is None
    (root / ".dvc").mkdir()
    remote(root, str(root / "remote"), "mini")
    assert doctor.sharing(root, "mini") == (str(root / "remote"), None)


def test_the_store_is_tried(root, monkeypatch):
    assert "made by the first run" in doctor.tracking(root, "mini").found
    (root / "mlflow.db").write_bytes(b"no database")
    assert "cannot be read" in doctor.tracking(root, "mini").found
    (root / "mlflow.db").unlink()
    with sqlite3.connect(root / "mlflow.db") as database:
        database.execute("CREATE TABLE runs (run_uuid TEXT)")
    assert doctor.tracking(root, "mini").found.endswith("mlflow.db, 0 runs")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{port}")
    finding = doctor.tracking(root, "mini")
    assert "does not answer" in finding.found
    assert "secret" not in finding.found
    with http.server.HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        assert doctor.tracking(root, "mini").cure is None
        server.shutdown()


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *arguments):
        """Quiet."""
