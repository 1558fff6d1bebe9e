"""The command that makes a file of a page again, to be pasted into a shell."""

import shlex
from pathlib import Path

from showtell.report.plan import Plan


def command(plan: Plan, results: Path, target: Path | None = None) -> str:
    """`make reproduce` for one file below `results/<replicate>`, or for all of them."""
    words = [f"SCALE={plan.scale}"]
    if results.name != plan.scale:  # another root seed than that of params.yaml
        words.append(f"SEED={plan.root}")
    if plan.study:
        words.append(f"STUDY={plan.study}")
    if target is not None:
        words.append(f"TARGETS=results/{results.name}/{target.relative_to(results).as_posix()}")
    return " ".join(["make", "reproduce", *map(shlex.quote, words)])
