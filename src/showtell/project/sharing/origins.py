"""On what processors and with what versions results were made, said where two of them would mix.

Files of one lock and one kind of processor are equal byte for byte; of others they may differ in
the last bits. Each job's provenance says where it ran.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from showtell.project.machine import machine
from showtell.project.provenance import records, versions

_CURE = "`make agree A=… B=…` compares the verdicts of two folders"


def elsewhere(root: Path, replicate: str) -> str | None:
    """How the results of a replicate were made otherwise than this machine would; None: alike."""
    found = [record for _, record in records(root / "results" / replicate)]
    here, ours = _processor({"machine": machine()}), versions()
    processors = Counter(name for record in found if (name := _processor(record)) != here)
    packages: Counter[str] = Counter()
    for record in found:
        packages.update(
            f"{package} {version} (here {ours.get(package, 'none')})"
            for package, version in (record.get("versions") or {}).items()
            if ours.get(package) != version
        )
    said = []
    if processors:
        said.append(f"on another processor: {_counted(processors)}; here {here}")
    if packages:
        said.append(f"with other versions: {_counted(packages)}")
    if not said:
        return None
    return (
        f"of {len(found)} jobs some ran {'; some '.join(said)}. Their files stay as they were "
        f"shared; what is made here from now on may differ from them in the last bits. {_CURE}."
    )


def mixture(root: Path, replicate: str) -> str | None:
    """The processors and the versions of a replicate; None where there is one of each."""
    found = [record for _, record in records(root / "results" / replicate)]
    processors = Counter(map(_processor, found))
    packages = Counter(
        f"{package} {version}"
        for record in found
        for package, version in (record.get("versions") or {}).items()
    )
    names = Counter(name.split()[0] for name in packages)
    differing = Counter({n: c for n, c in packages.items() if names[n.split()[0]] > 1})
    said = []
    if len(processors) > 1:
        said.append(f"on {len(processors)} kinds of processor: {_counted(processors)}")
    if differing:
        said.append(f"with several versions: {_counted(differing)}")
    if not said:
        return None
    return (
        f"the {len(found)} jobs of {replicate} ran {' and '.join(said)}. Each result's provenance "
        f"says which; {_CURE}."
    )


def _processor(record: Mapping[str, Any]) -> str:
    of = record.get("machine") or {}
    names = [str(of.get("processor") or "of an unknown kind")]
    names += sorted({str(gpu.get("name")) for gpu in of.get("gpus") or ()})
    return " with ".join(names)


def _counted(names: Counter[str]) -> str:
    shown = [f"{name} ({_jobs(count)})" for name, count in names.most_common(4)]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(shown) + more


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
