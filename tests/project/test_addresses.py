"""No password and no token is written where an address is."""

import json
import logging
import subprocess
import sys

import pytest

from showtell.commands.doctor import line, tracking
from showtell.project.addresses import MaskedFormatter, masked, refuse_secrets
from showtell.project.errors import UserError
from showtell.project.foreign.dvc import remember_remote
from showtell.project.provenance import job_key, write_provenance
from showtell.project.tracking import Tracking
from showtell.project.tracking.run import describe
from showtell.project.tracking.view import View

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@host/db",
        f"http://me:{SECRET}@127.0.0.1:5000/",
        f"https://{SECRET}@host:5000",
        f"http://me:a{SECRET}@b@host",
        f"postgresql+psycopg2://me:{SECRET}@host/db",
        f"https://host/api?token={SECRET}",
        f"https://host/a.pt?x=1&X-Amz-Signature={SECRET}&y=2",
        f"https://host/a?AWSAccessKeyId={SECRET}",
        f"ssh://me:{SECRET}@host/path",
        f"mysql://host/db?user=a&password={SECRET}",
    ],
)
def test_what_is_secret_in_an_address_is_masked(address):
    said = masked(f"the store at '{address}' does not answer; see {address}.")
    assert SECRET not in said
    assert "***" in said
    assert "does not answer" in said


@pytest.mark.parametrize(
    "plain",
    ["sqlite:///a.db", "s3://bucket/a@b/c", "ssh://me@host/path", "http://host:1/?page=2", "a@b.c"],
)
def test_what_is_not_secret_stays(plain):
    assert masked(f"see {plain}.") == f"see {plain}."


def test_log_lines_and_their_tracebacks_are_masked():
    try:
        raise ValueError(f"no answer from http://me:{SECRET}@host")
    except ValueError:
        record = logging.LogRecord("x", 30, "", 0, "lost", (), sys.exc_info())
    said = MaskedFormatter().format(record)
    assert SECRET not in said
    assert "http://***@host" in said


def test_a_store_that_is_away_is_named_without_its_password(tmp_path, caplog, monkeypatch):
    uri = f"http://me:{SECRET}@127.0.0.1:9"

    def away(view: View) -> None:
        raise ConnectionError(f"API request to {uri}/api failed")

    monkeypatch.setattr(View, "turn", away)
    view = View(tmp_path, Tracking(tmp_path, uri))
    view.follow()
    assert "http://***@127.0.0.1:9 is away" in caplog.text
    assert SECRET not in caplog.text
    with pytest.raises(UserError) as refused:
        view.rebuild()
    assert SECRET not in str(refused.value)


def test_doctor_names_no_password(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:{SECRET}@127.0.0.1:9")
    found = masked(line("tracking", tracking(tmp_path, "mini")))
    assert SECRET not in found
    assert "does not answer" in found


def test_a_job_that_fails_in_any_way_writes_no_password():
    code = (
        "import sys, showtell.__main__ as m\n"
        f"def fail(options): raise RuntimeError('http://me:{SECRET}@host')\n"
        "m._page = fail\n"
        "sys.exit(m.main(['page']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "RuntimeError" in done.stderr
    assert SECRET not in done.stderr


JOB = {
    "encoder": {"source": f"https://me:{SECRET}@host/weights"},
    "fingerprint": "0",
    "modules": [],
}


def test_a_job_with_a_password_has_none_in_its_provenance_nor_in_its_run(tmp_path):
    path = tmp_path / "provenance.json"
    write_provenance(
        path, job_name="fetch_encoder", job=JOB, inputs=[], outputs=[], started=0.0,
        wall_time_s=0.0, extra={"invocation": f"postgresql://a:{SECRET}@host/db", "n": [1, True]},
    )  # fmt: skip
    text = path.read_text()
    assert SECRET not in text
    record = json.loads(text)
    assert record["job"]["encoder"]["source"] == "https://***@host/weights"
    assert record["n"] == [1, True]
    # The run of a job that is shown live is the one that is rebuilt from this file.
    assert job_key(record["job"]) == job_key(JOB) == record["job_key"]
    live, rebuilt = (
        describe(tmp_path, "fetch_encoder", job, tmp_path / "results/mini/models/a", None)
        for job in (JOB, record["job"])
    )
    assert live == rebuilt
    assert SECRET not in str(live)


def test_a_parameter_with_a_password_is_refused_by_its_path():
    with pytest.raises(UserError, match=r"encoder\.source is https://\*\*\*@host") as refused:
        refuse_secrets(JOB)
    assert SECRET not in str(refused.value)
    refuse_secrets({"encoder": {"source": "https://host/weights"}, "batch": 3})


def test_the_address_of_a_remote_is_for_its_owner_alone(tmp_path):
    (tmp_path / ".dvc").mkdir()
    remember_remote(tmp_path, "shared", f"https://me:{SECRET}@host/path")
    assert (tmp_path / ".dvc/config.local").stat().st_mode & 0o077 == 0
