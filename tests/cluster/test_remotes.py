"""Results shared through a bucket and through SSH, with real servers and the real DVC."""

import re
import subprocess
from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.project.foreign.dvc import object_path
from showtell.project.sharing import pull, share
from tests.cluster.services import bucket, moto, ssh
from tests.cluster.slurm import program
from tests.project.test_sharing import POLICY, Clone, known_md5_of

pytestmark = pytest.mark.cluster
NO_BUCKET = "no moto_server: `make cluster-packages`, or set MOTO_SERVER"
NO_SSH = "no sshd: apt-get install openssh-server"


@pytest.fixture
def reader(published, tmp_path) -> Clone:
    author, _ = published
    subprocess.run(["git", "clone", "-q", author.root, tmp_path / "reader"], check=True)
    return Clone(tmp_path / "reader")


@pytest.mark.skipif(moto() is None, reason=NO_BUCKET)
def test_results_go_through_a_bucket_and_a_half_pushed_one_is_named(
    published,
    reader,
    tmp_path,
    monkeypatch,
    capsys,
):
    author, folder = published
    with bucket(tmp_path, "team") as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        share(author.root, "mini", "s3://team/study")
        pull(reader.root, "mini", "s3://team/study")
        assert "every one checked" in capsys.readouterr().out
        assert reader.would_run() == set()
        # A push that was cut off: one object is not there, and no copy of it here.
        lost = object_path(Path("study/files/md5"), known_md5_of_folder(reader, folder)[POLICY])
        _delete(environment, "team", str(lost))
        second = Clone(tmp_path / "second")
        subprocess.run(["git", "clone", "-q", author.root, second.root], check=True)
        with pytest.raises(UserError, match="results/mini/vlm_rm/") as refused:
            pull(second.root, "mini", "s3://team/study")
        assert not (second.root / POLICY).exists()
        # The cure is the one that is named: DVC pushes nothing below a list that is there.
        (listing,) = re.findall(r"delete (\S+) there first", str(refused.value))
        _delete(environment, "team", f"study/{listing}")
        share(author.root, "mini", "s3://team/study")
        pull(second.root, "mini", "s3://team/study")
        assert second.would_run() == set()


@pytest.mark.skipif(program("sshd") is None, reason=NO_SSH)
def test_results_go_through_ssh(published, reader, tmp_path, monkeypatch, capsys):
    author, _ = published
    with ssh(tmp_path) as (address, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        remote = f"ssh://{address}{tmp_path}/remote"
        share(author.root, "mini", remote)
        pull(reader.root, "mini", remote)
        assert "every one checked" in capsys.readouterr().out
        assert reader.would_run() == set()


def known_md5_of_folder(reader: Clone, folder: Path) -> dict[str, str]:
    """The hashes of everything shared, from the lists in the folder that the author shared with."""
    copy = reader.root.parent / "remote"
    copy.symlink_to(folder)
    return known_md5_of(reader)


def _delete(environment: dict[str, str], name: str, key: str) -> None:
    from botocore.session import get_session

    client = get_session().create_client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"])
    assert any(key == one["Key"] for one in client.list_objects_v2(Bucket=name)["Contents"])
    client.delete_object(Bucket=name, Key=key)
