"""What a cluster is asked for: jobs, memory, time limits and GPU-hours, rule by rule."""

from collections import defaultdict
from pathlib import Path

from showtell.commands.columns import aligned
from showtell.project.errors import UserError, nearest
from showtell.project.foreign import snakemake
from showtell.project.foreign.snakemake import Booked

_PROFILES = Path("workflow/profiles")


def booking(root: Path, replicate: str, profile: str, study: Path | None = None) -> str:
    """A table of the jobs that would be submitted with a profile, and what they ask for."""
    jobs = _jobs(root, replicate, profile, study)
    if not jobs:
        return f"results/{replicate}: nothing to do; every result is up to date."
    of_rule: dict[str, list[Booked]] = defaultdict(list)
    for job in jobs:
        of_rule[job.rule].append(job)
    rows: list[tuple[str, ...]] = [
        ("rule", "jobs", "with GPU", "threads", "memory", "time limit", "GPU-hours at most")
    ]
    rows += [_row(rule, of) for rule, of in of_rule.items()]
    gpu_hours, core_hours = _gpu_hours(jobs), sum(job.threads * job.runtime for job in jobs) / 60
    return "\n".join(
        [
            f"results/{replicate}: {len(jobs)} jobs to submit with the profile {profile!r}.",
            "",
            *aligned(rows),
            "",
            f"At most {gpu_hours:,.0f} GPU-hours and {core_hours:,.0f} core-hours, if every job "
            "ran to its limit. Limits are no forecasts: `make plan` without PROFILE estimates "
            "times from records.",
        ]
    )


def _jobs(root: Path, replicate: str, profile: str, study: Path | None) -> list[Booked]:
    folder = _PROFILES / profile
    if not (root / folder).is_dir():
        known = sorted(path.name for path in (root / _PROFILES).iterdir())
        raise UserError(f"{_PROFILES} has no profile {profile!r}; {nearest(profile, known)}")
    settings = [f"study={study}"] if study else []
    done = snakemake.dry_run(root, replicate, *settings, "--workflow-profile", str(folder))
    if done.returncode != 0:
        raise UserError(snakemake.refusal(done.stdout + done.stderr))
    return snakemake.booked(done.stdout + done.stderr)


def _row(rule: str, jobs: list[Booked]) -> tuple[str, ...]:
    with_gpu = sum(job.gpu > 0 for job in jobs)
    return (
        rule,
        str(len(jobs)),
        str(with_gpu or "-"),
        _range([job.threads for job in jobs], "{}"),
        _range([job.mem_mb / 1000 for job in jobs], "{:g}", " GB"),
        _range([job.runtime / 60 for job in jobs], "{:g}", " h"),
        f"{_gpu_hours(jobs):,.0f}" if with_gpu else "-",
    )


def _gpu_hours(jobs: list[Booked]) -> float:
    return sum(job.gpu * job.runtime for job in jobs) / 60


def _range(values: list[int] | list[float], shown: str, unit: str = "") -> str:
    least, most = shown.format(min(values)), shown.format(max(values))
    return f"{least}{unit}" if least == most else f"{least} to {most}{unit}"
