"""A machine that runs out of something says so in one sentence, and nothing half-written counts."""

import errno
import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from safetensors import SafetensorError

from showtell.project import shortages
from showtell.project.errors import UserError
from showtell.project.files import replacing, write_text
from showtell.project.segments import read_arrays, write_arrays

LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
from showtell.__main__ import main
import showtell.__main__ as command
def tables(options):
    {what}
command._tables = tables
sys.exit(main(["tables", "--scale", "smoke"]))
"""
WRITES = {
    "text": "from showtell.project.files import write_text; write_text(Path('out'), 'x' * 9999)",
    "safetensors": "from showtell.project.segments import write_arrays\n"
    "    write_arrays(Path('out'), {'a': np.zeros(9999)})",
    "parquet": "import pyarrow as pa\n    from showtell.videos.reading.index import write_table\n"
    "    write_table(Path('out'), pa.table({'a': np.random.default_rng(0).random(9999)}))",
    "video": "from showtell.project.files import replacing\n"
    "    from showtell.media.video import write_video\n"
    "    noise = np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3), np.uint8)\n"
    "    with replacing(Path('out')) as t: write_video(t, noise, 10)",
    "a stream": "open('out', 'wb', buffering=0).write(bytes(4096)); "
    "open('out', 'ab', buffering=0).write(b'x')",
}


@pytest.mark.parametrize("kind", WRITES)
def test_a_full_disk_is_named_in_one_sentence(tmp_path, kind):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.format(what=WRITES[kind])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "could not be written: " in done.stderr
    assert "File too large" in done.stderr
    assert "carries on" in done.stderr
    if kind != "a stream":
        assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_where_the_disk_is_full(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "before")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    said = r"table\.csv could not be written: No space left"
    with pytest.raises(UserError, match=said), replacing(path) as temporary:
        temporary.write_text("half")
        raise full
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]
    assert path.read_text() == "before"


def test_arrays_on_a_full_disk_leave_those_before(tmp_path, monkeypatch):
    import safetensors.numpy as library

    path = tmp_path / "state.safetensors"
    write_arrays(path, {"a": np.zeros(3)})

    def full(*args):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(library, "save_file", full)
    with pytest.raises(UserError, match="No space left"):
        write_arrays(path, {"a": np.ones(3)})
    assert (read_arrays(path)["a"] == 0).all()


def test_what_a_killed_writer_left_is_removed_by_the_next_one_s_and_no_living_one_s(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host, path = platform.node(), tmp_path / "table.csv"
    stays = {f".table.{host}-{os.getppid()}.part.csv", ".table.elsewhere-1.part.csv", "table.csv"}
    for name in (*stays, f".table.{host}-{dead.pid}.part.csv"):
        (tmp_path / name).touch()
    write_text(path, "whole")
    assert {file.name for file in tmp_path.iterdir()} == stays


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "memory ran out"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory ran out"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 B"), "memory"),
        (ImportError("a.so: failed to map segment from shared object"), "memory ran out"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "memory ran out"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (OSError(errno.EROFS, "Read-only file system", "results/a"), "results/a could not be"),
    ],
)
def test_each_shortage_has_a_sentence(error, said):
    assert said in (shortages.sentence(error) or "")


@pytest.mark.parametrize(
    "error", [ValueError("no space"), OSError(errno.ENOENT, "no"), KeyError("a")]
)
def test_other_errors_keep_their_traceback(error):
    assert shortages.sentence(error) is None
