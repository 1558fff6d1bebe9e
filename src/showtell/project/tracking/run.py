"""What MLflow shows of a job, as plain data: the same live and when rebuilt from files."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from showtell.project.addresses import masked_values
from showtell.project.files import canonical_json
from showtell.project.git import git_state
from showtell.project.provenance import job_key
from showtell.project.replicate import Replicate

_ADDRESS = ("paper", "experiment", "task", "method", "seed", "phase")
_CODE = ("fingerprint", "modules")
_MODELS = ("models", "demos", "goals")  # shown together: networks and what is made with them
_LONGEST_NAME, _LONGEST_VALUE = 250, 6000  # of an MLflow parameter


@dataclass(frozen=True)
class Run:
    """One job in one folder of results."""

    experiment: str  # the paper, or "models"
    name: str
    identity: str  # the same job in the same folder is the same run
    invocation: str | None
    tags: dict[str, str]
    params: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `Run(**value)` is the way back."""
        return asdict(self)


def describe(
    root: Path,
    job_name: str,
    job: Mapping[str, Any],
    results_path: Path,
    invocation: str | None,
    git: tuple[str | None, bool | None] | None = None,
) -> Run:
    """The run of a job whose results are at `results/<replicate>/<paper or models>/…`."""
    job = masked_values(job)
    path = _relative(root, results_path)
    inside = path.parts[:1] == ("results",) and len(path.parts) > 2
    replicate, group, *rest = path.parts[1:] if inside else ("", "other", *path.parts)
    key = job_key(job)
    commit, dirty = git or git_state(root)
    experiment = "models" if group in _MODELS else group
    tags = {
        "job.key": key,
        "job.name": job_name,
        "results.path": path.as_posix(),
        "scale": Replicate.parse(replicate).scale,
        "replicate": replicate,
        "git.commit": commit or "unknown",
        "git.dirty": {True: "true", False: "false", None: "unknown"}[dirty],
        # The same digest for the same settings, whatever the code was.
        "params.digest": job_key({k: v for k, v in job.items() if k not in _CODE}),
        **_address(experiment, job),
    }
    return Run(
        experiment=experiment,
        name="/".join([*rest, job_name] if rest else [group, job_name]),
        identity=hashlib.sha256(f"{key} {path.as_posix()}".encode()).hexdigest()[:24],
        invocation=invocation,
        tags=tags,
        params=dict(_flat({k: v for k, v in job.items() if k not in ("address", *_CODE)})),
    )


def allowed(name: str) -> str:
    """A name that MLflow takes for a metric or a parameter."""
    return re.sub(r"[^\w.\- :/]", "_", name)[:_LONGEST_NAME]


def _relative(root: Path, path: Path) -> Path:
    return path.relative_to(root) if path.is_absolute() and path.is_relative_to(root) else path


def _address(experiment: str, job: Mapping[str, Any]) -> dict[str, str]:
    """The wildcards of the rule, as tags: what a person filters by."""
    address = job.get("address") or []
    if experiment == "models" or not isinstance(address, list):
        return {}
    return {name: str(value) for name, value in zip(_ADDRESS, address, strict=False)}


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as MLflow parameters: `learner.steps`, lists as JSON."""
    if isinstance(value, Mapping) and (value or not prefix):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        text = value if isinstance(value, str) else canonical_json(value)
        yield allowed(prefix), text[:_LONGEST_VALUE]
