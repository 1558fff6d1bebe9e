"""A Slurm cluster of one node, started from Debian's packages as the user who runs the test."""

import getpass
import os
import platform
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel")
_SYSTEM = f"/usr/sbin{os.pathsep}/usr/local/sbin"  # not on every user's PATH
_READY_S = 30.0
# More CPUs, memory and cards than there may be: what is tested is what the profile asks for.
_CONFIGURATION = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
MinJobAge=300
SchedulerParameters=sched_interval=2
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000000 Gres=gpu:8 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """The programs that are not installed here."""
    return [name for name in PROGRAMS if program(name) is None]


def program(name: str) -> str | None:
    """Where a program is, also where only root looks."""
    return shutil.which(name) or shutil.which(name, path=_SYSTEM)


@dataclass(frozen=True)
class Cluster:
    """A running cluster."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What lets Slurm's commands find it."""
        return self.environment_of(os.environ)

    def environment_of(self, other: Mapping[str, str]) -> dict[str, str]:
        """The same for a process that has another environment."""
        path = f"{self.folder / 'bin'}{os.pathsep}{other['PATH']}"
        return {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def ask(self, *command: str) -> str:
        """What a Slurm command prints."""
        return subprocess.run(
            command, env=os.environ | self.environment, capture_output=True, text=True, check=True
        ).stdout

    def jobs(self) -> dict[str, str]:
        """Running and waiting jobs: number -> the rule that the comment names."""
        rows = self.ask("squeue", "--noheader", "--format=%i|%k|%T").splitlines()
        return {
            number: comment
            for number, comment, state in (row.split("|") for row in rows)
            if state in ("RUNNING", "PENDING")
        }


@contextmanager
def cluster(folder: Path, cpus: int) -> Iterator[Cluster]:
    """Start munged, slurmctld and slurmd; end them, and every job, at the end."""
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    # Snakemake's plugin takes SLURM_CONF away from the `srun` in its jobs: this one knows.
    srun = folder / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {program("srun")} "$@"\n')
    srun.chmod(0o755)
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    (folder / "slurm.conf").write_text(
        _CONFIGURATION.format(
            folder=folder,
            host=platform.node(),
            user=getpass.getuser(),
            controller_port=free_port(),
            node_port=free_port(),
            cpus=cpus,
        )
    )
    for number in range(8):  # Slurm asks for a file of each card, and not what is in it
        (folder / f"gpu{number}").touch()
    (folder / "gres.conf").write_text(f"AutoDetect=off\nName=gpu File={folder}/gpu[0-7]\n")
    munge = {
        "key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log",
        "seed-file": "seed",
    }  # fmt: skip
    files = [f"--{option}={folder}/munge.{suffix}" for option, suffix in munge.items()]
    one = Cluster(folder)
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_start(one, "munged", "--foreground", "--force", *files))
        _wait(lambda: (folder / "munge.socket").exists(), one)
        started.append(_start(one, "slurmctld", "-D", "-i"))
        started.append(_start(one, "slurmd", "-D", "-N", platform.node()))
        _wait(lambda: "idle" in one.ask("sinfo", "--noheader", "--format=%T"), one)
        yield one
    finally:
        if len(started) > 1:
            subprocess.run(
                ["scancel", "--user", getpass.getuser()],
                env=os.environ | one.environment, check=False, capture_output=True,
            )  # fmt: skip
            time.sleep(1)
        for process in reversed(started):
            process.terminate()
        for process in reversed(started):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _start(one: Cluster, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
    found = program(name)
    assert found is not None
    with (one.folder / f"{name}.output").open("wb") as output:
        return subprocess.Popen(
            [found, *arguments],
            env=os.environ | one.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _wait(ready, one: Cluster) -> None:
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            if ready():
                return
        except subprocess.CalledProcessError:
            pass
        if time.monotonic() > deadline:
            logs = [p.read_text(errors="replace")[-1500:] for p in one.folder.glob("*.output")]
            raise AssertionError("the cluster did not start:\n" + "\n".join(logs))
        time.sleep(0.2)


def free_port() -> int:
    """A TCP port that nothing uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
