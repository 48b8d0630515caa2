"""What processes use: CPU by process, memory, and what else the machine was doing."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil

from bench.failures import BenchError


@dataclass(frozen=True)
class Used:
    """CPU seconds by process, and cores that others kept busy meanwhile."""

    cpu: dict[str, float]
    elapsed: float
    other_cores: float


class Meter:
    """Reads the clocks of named processes, and of the whole machine, from `start` to `read`."""

    def __init__(self, pids: Mapping[str, int], ours: Iterable[int] = ()) -> None:
        """Measure `pids`; `ours` are further processes that others' load does not include."""
        self._pids = dict(pids)
        self._ours = {*self._pids.values(), *ours}

    def start(self) -> None:
        """Note where the clocks stand."""
        self._began = time.monotonic()
        self._cpu = {name: cpu_of(pid) for name, pid in self._pids.items()}
        self._all_ours = sum(map(cpu_of, self._ours))
        self._machine = _busy()

    def read(self) -> Used:
        """What was used since."""
        elapsed = time.monotonic() - self._began
        ours = sum(map(cpu_of, self._ours)) - self._all_ours
        others = max(_busy() - self._machine - ours, 0.0)
        cpu = {name: cpu_of(pid) - self._cpu[name] for name, pid in self._pids.items()}
        return Used(cpu=cpu, elapsed=elapsed, other_cores=others / elapsed)


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of all its children, those that ended included."""
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        ended = times.children_user + times.children_system
        return float(
            times.user + times.system + ended + sum(cpu_of(one.pid) for one in process.children())
        )
    except psutil.NoSuchProcess:
        return 0.0


def anonymous_bytes(pid: int) -> int:
    """Memory that is a process's own: `RssAnon` of its status."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    raise BenchError(f"process {pid} has no memory")


def check_listens(name: str, pid: int, port: int) -> None:
    """Make sure that this very process is who listens on a port of the loopback.

    Raises:
        BenchError: it is not: what answers there is another server.
    """
    connections = psutil.Process(pid).net_connections(kind="tcp")
    ports = {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}
    if port not in ports:
        raise BenchError(f"port {port} is not held by our {name} (process {pid}): stopped.")


def _busy() -> float:
    """CPU seconds of the whole machine that were not idle."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)
