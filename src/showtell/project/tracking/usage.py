"""What a running job takes from its machine, under the names MLflow's system page expects."""

from collections.abc import Iterator

import psutil


class Usage:
    """Samples one process, its children and the machine. Runs in the watch, not in the job."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        psutil.cpu_percent()  # the first call starts the clock

    def sample(self) -> dict[str, float]:
        """One reading; empty when the process has gone."""
        try:
            process = psutil.Process(self._pid)
            family = [process, *process.children(recursive=True)]
            resident = sum(member.memory_info().rss for member in family)
        except psutil.Error:
            return {}
        memory = psutil.virtual_memory()
        return {
            "system/cpu_utilization_percentage": psutil.cpu_percent(),
            "system/system_memory_usage_percentage": memory.percent,
            "system/job_memory_usage_megabytes": resident / 1e6,
            "system/job_processes": float(len(family)),
            **dict(_gpus()),
        }


def _gpus() -> Iterator[tuple[str, float]]:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return
    for index in range(pynvml.nvmlDeviceGetCount()):
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        used = pynvml.nvmlDeviceGetMemoryInfo(handle).used
        yield f"system/gpu_{index}_memory_usage_megabytes", used / 1e6
        busy = pynvml.nvmlDeviceGetUtilizationRates(handle).gpu
        yield f"system/gpu_{index}_utilization_percentage", float(busy)
