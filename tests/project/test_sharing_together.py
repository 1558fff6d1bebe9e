"""Two people on one remote: nothing of one run is mixed with another's without a word."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.project.files import write_json
from showtell.project.foreign.dvc import known_md5, md5, object_path, outs
from showtell.project.sharing import origins, pull, share
from tests.project.test_sharing import POLICY, Clone, published, remote_of, surroundings

__all__ = ["published", "surroundings"]  # fixtures
_CALL = "import sys; from pathlib import Path; from showtell.project.sharing import {verb};"
_CALL += "sys.exit({verb}(Path(sys.argv[1]), 'mini', sys.argv[2]))"
# Root without the rights that let it read and write what belongs to others.
_AS_ANYONE = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner,-chown"]


def person(published, folder: Path) -> Clone:
    """Another working copy of the author's, with its own cache."""
    author, _ = published
    shutil.copytree(author.root, folder, symlinks=True)
    return Clone(folder)


def begin(verb: str, clone: Clone, remote: Path, *before: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*before, sys.executable, "-c", _CALL.format(verb=verb), str(clone.root), str(remote)],
        cwd=clone.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def rerun(clone: Clone, steps: int) -> None:
    params = clone.root / "params.yaml"
    params.write_text(params.read_text().replace("steps: 5", f"steps: {steps}"))
    clone.run("snakemake", "--cores", "2", "--quiet", "all", "--", "all")


def test_two_who_share_at_once_both_can_be_pulled_and_a_stale_lock_gets_its_own(
    published, tmp_path
):
    _, shared = published
    remote = tmp_path / "remote"
    people = [person(published, tmp_path / name) for name in ("first", "second")]
    rerun(people[1], 7)
    ends = [begin("share", clone, remote) for clone in people]
    said = [end.communicate()[1] for end in ends]
    assert [end.returncode for end in ends] == [0, 0], said
    for clone in people:
        clone.git("add", "-A")
        subprocess.run(["git", "commit", "-q", "-m", "Share"], cwd=clone.root, check=False)
    policies = [known_md5(clone.root)[POLICY] for clone in people]
    assert policies[0] != policies[1]
    # A third person knows the first lock, pulls, and pulls again when the second is there.
    third = tmp_path / "third"
    subprocess.run(["git", "clone", "-q", people[0].root, third], check=True)
    reader = Clone(third)
    pull(third, "mini", str(remote))
    assert md5(third / POLICY) == policies[0]
    pull(third, "mini", str(remote))
    assert md5(third / POLICY) == policies[0], "a stale lock gets the results that belong to it"
    reader.git("pull", "-q", "--no-rebase", "-X", "theirs", str(people[1].root), "main")
    pull(third, "mini", str(remote))
    assert md5(third / POLICY) == policies[1]
    assert reader.would_run() == set()
    assert shared.exists()


def test_a_half_pushed_remote_is_named_and_none_of_it_is_used(published, tmp_path):
    author, remote = published
    shutil.copytree(remote, tmp_path / "remote")
    subprocess.run(["git", "clone", "-q", author.root, tmp_path / "reader"], check=True)
    reader = Clone(tmp_path / "reader")
    # DVC pushes a folder's files first and its list last.
    listing = next(out for out in outs(reader.root) if out.path == "results/mini/vlm_rm")
    objects = remote_of(reader) / "files/md5"
    object_path(objects, listing.md5).unlink()
    object_path(objects, known_md5(author.root)[POLICY]).unlink()
    with pytest.raises(UserError, match="results/mini/vlm_rm/") as refused:
        pull(reader.root, "mini", str(remote_of(reader)))
    assert "make share" in str(refused.value)
    assert not (reader.root / POLICY).exists()
    private = person(published, tmp_path / "author")
    share(private.root, "mini", str(remote_of(reader)))
    pull(reader.root, "mini", None)
    assert reader.would_run() == set()


def test_a_reader_without_write_permission_can_pull_what_umask_077_shared(published, tmp_path):
    author, _ = published
    private, remote = person(published, tmp_path / "author"), tmp_path / "remote"
    remote.mkdir(mode=0o2775)
    remote.chmod(0o2775)
    before = os.umask(0o077)
    try:
        done = begin("share", private, remote)
        said = done.communicate()[1]
    finally:
        os.umask(before)
    assert done.returncode == 0, said
    for path in remote.rglob("*"):
        mode = path.stat().st_mode & 0o7777
        assert mode == (0o2775 if path.is_dir() else 0o444), path
    subprocess.run(["git", "clone", "-q", author.root, tmp_path / "reader"], check=True)
    reader = Clone(tmp_path / "reader")
    if os.getuid() == 0:  # the remote is another person's, and root is made an ordinary reader
        if shutil.which("setpriv") is None:
            pytest.skip("root can write everywhere, and util-linux's setpriv is not here")
        for path in (remote, *remote.rglob("*")):
            os.chown(path, 65534, os.getgid())
        as_reader = _AS_ANYONE
    else:
        as_reader = []
    for path in (remote, *(one for one in remote.rglob("*") if one.is_dir())):
        path.chmod(0o2555)
    forbidden = subprocess.run([*as_reader, "touch", remote / "x"], check=False, stderr=-3)
    assert forbidden.returncode != 0, "this reader cannot write"
    done = begin("pull", reader, remote, *as_reader)
    said = done.communicate()[1]
    assert done.returncode == 0, said
    assert md5(reader.root / POLICY) == md5(author.root / POLICY)


HERE = {"machine": {"processor": "A"}, "versions": {"torch": "2.9", "numpy": "2.0"}}
RESULTS = "results/mini/hold"


@pytest.fixture
def on_a(monkeypatch):
    """This machine has a processor A, torch 2.9 and numpy 2.0."""
    monkeypatch.setattr(origins, "machine", lambda: HERE["machine"])
    monkeypatch.setattr(origins, "versions", lambda: HERE["versions"])


def test_results_of_another_processor_or_lock_are_named_where_they_would_mix(tmp_path, on_a):
    write_json(tmp_path / RESULTS / "a/provenance.json", HERE)
    assert origins.elsewhere(tmp_path, "mini") is None
    assert origins.mixture(tmp_path, "mini") is None
    other = {"machine": {"processor": "B"}, "versions": HERE["versions"]}
    write_json(tmp_path / RESULTS / "b/provenance.json", other)
    assert "on another processor: B (1 job); here A" in str(origins.elsewhere(tmp_path, "mini"))
    assert "2 kinds of processor: A (1 job), B (1 job)" in str(origins.mixture(tmp_path, "mini"))
    older = HERE | {"versions": {"torch": "2.8", "numpy": "2.0"}}
    write_json(tmp_path / RESULTS / "c/provenance.json", older)
    said = str(origins.elsewhere(tmp_path, "mini"))
    assert "torch 2.8 (here 2.9) (1 job)" in said
    assert "numpy" not in said
    assert "torch 2.9 (2 jobs), torch 2.8 (1 job)" in str(origins.mixture(tmp_path, "mini"))


def test_a_card_is_part_of_the_processor(tmp_path, on_a):
    card = {"machine": {"processor": "A", "gpus": [{"name": "H100"}, {"name": "H100"}]}}
    write_json(tmp_path / RESULTS / "a/provenance.json", HERE | card)
    assert "A with H100 (1 job); here A" in str(origins.elsewhere(tmp_path, "mini"))
