"""Servers that tests start on this machine and end: a bucket, SSH, PostgreSQL."""

import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.cluster.slurm import free_port, program

_READY_S = 60.0
_PASSWORD = "s3cr3t"


def moto() -> str | None:
    """moto's server: that of MOTO_SERVER, or one that is installed."""
    return os.environ.get("MOTO_SERVER") or shutil.which("moto_server")


def postgres() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them off the PATH."""
    found = [Path(path).parent for path in sorted(glob("/usr/lib/postgresql/*/bin/initdb"))]  # noqa: PTH207
    return found[-1] if found else None


@contextmanager
def bucket(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """An empty S3 bucket; yields the environment that lets a client find it."""
    from botocore.session import get_session

    port = free_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": _PASSWORD,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = moto()
    assert server is not None
    with _running([server, "-H", "127.0.0.1", "-p", str(port)], folder / "moto.log"):
        client = get_session().create_client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="someone",
            aws_secret_access_key=_PASSWORD,
            region_name="us-east-1",
        )
        _wait(lambda: client.create_bucket(Bucket=name), folder / "moto.log")
        yield environment


@contextmanager
def ssh(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """An SSH server for this user; yields `user@host:port` and the environment of a client."""
    port, user = free_port(), pwd.getpwuid(os.getuid()).pw_name
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    key = home / ".ssh" / "id_ed25519"
    for path in (key, folder / "host_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd gives up its rights
    options = {
        "Port": port, "ListenAddress": "127.0.0.1", "HostKey": folder / "host_key",
        "AuthorizedKeysFile": key.with_suffix(".pub"), "PidFile": folder / "sshd.pid",
        "StrictModes": "no", "UsePAM": "no", "PasswordAuthentication": "no",
        "PermitRootLogin": "yes", "Subsystem": "sftp internal-sftp",
    }  # fmt: skip
    (folder / "sshd_config").write_text("".join(f"{k} {v}\n" for k, v in options.items()))
    command = [str(program("sshd")), "-D", "-e", "-f", str(folder / "sshd_config")]
    with _running(command, folder / "sshd.log"):
        _wait(lambda: "listening" in (folder / "sshd.log").read_text(), folder / "sshd.log")
        yield f"{user}@127.0.0.1:{port}", {"HOME": str(home)}


@contextmanager
def database() -> Iterator[str]:
    """An empty PostgreSQL database with a password; yields its address."""
    with TemporaryDirectory(prefix="postgres-") as name:  # pytest's folders are one user's alone
        folder = Path(name)
        folder.chmod(0o755)
        with _database(folder) as address:
            yield address


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    programs, port = postgres(), free_port()
    assert programs is not None
    # PostgreSQL refuses to run as root.
    as_user: dict[str, Any] = {"user": "postgres"} if os.getuid() == 0 else {}
    data, password = folder / "data", folder / "password"
    password.write_text(_PASSWORD)
    data.mkdir(mode=0o700)
    if as_user:
        for path in (data, password):
            shutil.chown(path, "postgres")
    made = [str(programs / "initdb"), "-D", str(data), "-U", "someone", "-A", "scram-sha-256"]
    subprocess.run(
        [*made, f"--pwfile={password}", "--no-sync"],
        check=True, capture_output=True, cwd="/", **as_user,
    )  # fmt: skip
    # Sockets have short names; this server has none.
    settings = [
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
    ]
    command = [str(programs / "postgres"), "-D", str(data)]
    command += [word for setting in settings for word in ("-c", setting)]
    with _running(command, folder / "postgres.log", cwd="/", **as_user):
        _wait(lambda: "ready to accept" in (folder / "postgres.log").read_text(), data)
        yield f"postgresql://someone:{_PASSWORD}@127.0.0.1:{port}/postgres"


@contextmanager
def _running(command: Sequence[str], log: Path, **options: Any) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(ready: Callable[[], Any], log: Path) -> None:
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            if ready():
                return
        except Exception as error:  # of a client whose server does not listen yet
            sys.stderr.write(f"{type(error).__name__}\n")
        if time.monotonic() > deadline:
            raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")
        time.sleep(0.2)
