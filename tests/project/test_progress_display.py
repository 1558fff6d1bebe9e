import io
import json
import logging

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_showtell import LogHandler


@pytest.fixture
def display(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    return LogHandler(None, None), out


def say(handler: LogHandler, event: LogEvent | None, message: str = "", **values: object) -> None:
    record = logging.makeLogRecord(
        {"msg": message, "levelno": logging.INFO, "event": event} | values
    )
    handler.emit(record)


def job(handler: LogHandler, tmp_path, number: int = 1, rule: str = "train") -> None:
    log = tmp_path / "train.log"
    log.write_text("a line\nshowtell: the cause, and its cure\n")
    say(
        handler,
        LogEvent.JOB_INFO,
        jobid=number,
        rule_name=rule,
        wildcards={"replicate": "mini", "paper": "vlm_rm", "method": "text-alpha0.5", "seed": "2"},
        output=[str(tmp_path / "policy.safetensors")],
        log=[str(log)],
    )


def test_a_finished_job_is_one_line(display, tmp_path):
    handler, out = display
    say(handler, LogEvent.RUN_INFO, stats={"train": 6, "evaluate": 2, "total": 8})
    job(handler, tmp_path)
    say(handler, LogEvent.JOB_FINISHED, job_id=1)
    (line,) = out.getvalue().splitlines()
    assert line.startswith("[1/8] train text-alpha0.5 seed2: 0 s; about ")


def test_the_time_left_is_that_of_each_rules_own_jobs(display, tmp_path, monkeypatch):
    handler, out = display
    clock = [handler._began]
    monkeypatch.setattr("snakemake_logger_plugin_showtell.time.monotonic", lambda: clock[0])
    say(handler, LogEvent.RUN_INFO, stats={"teach": 1, "train": 10, "evaluate": 10, "total": 21})
    for number, (rule, seconds) in enumerate([("teach", 1000), ("train", 60), ("evaluate", 6)]):
        job(handler, tmp_path, number, rule)
        handler._running[number].started = clock[0]
        clock[0] += seconds
        say(handler, LogEvent.JOB_FINISHED, job_id=number)
    taught, trained, judged = out.getvalue().splitlines()
    assert "left" not in taught  # it says nothing of the jobs to come
    assert "left" not in trained
    assert judged.endswith("about 10 min left")  # 9 x 60 s + 9 x 6 s


def test_a_failed_job_shows_the_end_of_its_log(display, tmp_path):
    handler, out = display
    job(handler, tmp_path)
    say(handler, LogEvent.JOB_ERROR, jobid=1)
    assert "FAILED train text-alpha0.5 seed2" in out.getvalue()
    assert "showtell: the cause, and its cure" in out.getvalue()


def test_a_running_training_tells_how_far_it_is(display, tmp_path):
    handler, _ = display
    job(handler, tmp_path)
    (tmp_path / ".resume").mkdir()
    live = tmp_path / ".resume/live.jsonl"
    live.write_text('{"run": {}, "at": 0}\n')
    assert handler._running[1].share() is None
    with live.open("a") as file:
        file.write(json.dumps({"step": 30, "of": 120, "values": {"loss": 1.0}}) + "\n")
        file.write('{"step": 60, "of": 12')  # being written
    assert handler._running[1].share() == 0.25


def test_chatter_is_not_shown_but_the_outcome_is(display):
    handler, out = display
    say(handler, None, "Building DAG of jobs...")
    say(handler, LogEvent.SHELLCMD, "python -m showtell …")
    assert out.getvalue() == ""
    say(handler, None, "Nothing to be done (all requested files are present and up to date).")
    assert "Nothing to be done" in out.getvalue()
