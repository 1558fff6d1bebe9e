"""What kind of machine this is, without saying which one."""

import os
import platform
from functools import cache
from pathlib import Path
from typing import Any


@cache
def machine() -> dict[str, Any]:
    """Processor, memory and GPUs; no host name, no user, no path."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "gpus": gpus(),
    }


def batch_job() -> str | None:
    """The number of the Slurm job that this process is a part of: `sacct -j NUMBER`."""
    return os.environ.get("SLURM_JOB_ID")


@cache
def gpus() -> list[dict[str, Any]]:
    """Name, memory and driver of each NVIDIA GPU; empty where there is none."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        driver = _text(pynvml.nvmlSystemGetDriverVersion())
        handles = [
            pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())
        ]
        return [
            {
                "name": _text(pynvml.nvmlDeviceGetName(handle)),
                "memory_gib": round(pynvml.nvmlDeviceGetMemoryInfo(handle).total / 2**30),
                "driver": driver,
            }
            for handle in handles
        ]
    finally:
        pynvml.nvmlShutdown()


def _processor() -> str:
    """The model's name: `platform.processor()` is empty on Linux."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _memory_gib() -> int:
    import psutil

    total: int = psutil.virtual_memory().total
    return round(total / 2**30)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
