"""A started broker, with the accounts that the operating system keeps of its processes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from conformance.errors import UsageError
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.model import Target
from conformance.targets.resolve import resolve
from conformance.targets.served import ServedReferenceTarget

MIB = 1024 * 1024


@dataclass
class Subject:
    """One side of a comparison."""

    name: str
    target: Target
    start_s: float

    def _processes(self) -> list[psutil.Process]:
        root = psutil.Process(self.target.pid)  # type: ignore[attr-defined]
        return [root, *root.children(recursive=True)]

    def cpu_s(self) -> float:
        """Processor time of the broker's processes so far, user and system."""
        total = 0.0
        for process in self._processes():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    def memory_mib(self) -> float:
        """Resident memory of the broker's processes."""
        resident: int = sum(process.memory_info().rss for process in self._processes())
        return resident / MIB


def start(name: str) -> Subject:
    """Start the broker of a target text. Raises UsageError for one whose processes are not ours.

    The reference runs as a process of its own, so that its work can be told from the client's.
    """
    target = resolve(name)
    if isinstance(target, EmbeddedTarget):
        target = ServedReferenceTarget(name.partition(":")[2] or None, durable=False)
    if not hasattr(type(target), "pid"):
        raise UsageError(
            f"cannot measure {name}: the kit must have started the broker to account for its "
            "processes; use reference, process:rabbitmq or rabbitmq:VERSION"
        )
    started_s = time.perf_counter()
    target.start()
    return Subject(name, target, time.perf_counter() - started_s)
