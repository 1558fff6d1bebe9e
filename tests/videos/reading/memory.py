"""The most memory that this process has had."""

import resource
import sys
from pathlib import Path


def peak_bytes() -> int:
    """Since the program began: Linux's `ru_maxrss` also counts what its parent had before."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return 1024 * int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)
