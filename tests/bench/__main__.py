"""`make bench`: every measurement in one run on one machine, ours beside the reference's."""

import importlib
import json
import os
import pkgutil
import platform
import sys
from datetime import date
from pathlib import Path

import tests.bench

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# Performance

Measured by `make bench` on {date}: {cores} cores, {machine}, Python {python}.
Every row's two numbers were measured side by side in that one run; medians. Timings are never
asserted in tests.

"""


def main(only: list[str]) -> None:
    sections = []
    names = sorted(module.name for module in pkgutil.iter_modules(tests.bench.__path__))
    for name in names:
        if name == "__main__" or (only and name not in only):
            continue
        module = importlib.import_module(f"tests.bench.{name}")
        if not hasattr(module, "measure"):
            continue
        print(f"measuring {name} …", file=sys.stderr)
        rows = module.measure()
        print(json.dumps(rows, indent=1), file=sys.stderr)
        if not rows:  # this machine has not what they are measured on
            continue
        sections.append(_section(module.__doc__ or name, rows))
    text = HEAD.format(
        date=date.today().isoformat(),
        cores=os.cpu_count(),
        machine=_processor(),
        python=platform.python_version(),
    ) + "\n".join(sections)
    if only:
        print(text)
    else:
        (ROOT / "docs/performance.md").write_text(text)
        print("docs/performance.md is rewritten")


def _section(title: str, rows: list[dict[str, object]]) -> str:
    lines = [f"## {title.splitlines()[0].rstrip('.')}", ""]
    lines += ["| what | ours | reference or bar | ratio |", "|---|---|---|---|"]
    for row in rows:
        cells = [str(row.get(key, "")) for key in ("name", "ours", "reference", "ratio")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main(sys.argv[1:])
