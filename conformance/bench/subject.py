"""A started broker, with the accounts that the operating system keeps of its processes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from conformance.errors import UsageError
from conformance.targets.embedded import EmbeddedTarget, emulation
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
    """Start the broker of a target text and measure how long it takes.

    The reference runs as a process of its own, so that its work can be told from the client's.
    Raises UsageError for a broker whose processes are not ours.
    """
    target = measurable(name)
    started_s = time.perf_counter()
    try:
        target.start()
    except BaseException:
        target.stop()
        raise
    return Subject(name, target, time.perf_counter() - started_s)


def measurable(name: str) -> Target:
    """The target of a text, not started. Raises UsageError for one that cannot be measured."""
    target = resolve(name)
    if isinstance(target, EmbeddedTarget):
        target = ServedReferenceTarget(emulation(name.partition(":")[2]), durable=False)
    if not hasattr(type(target), "pid"):
        raise UsageError(
            f"cannot measure {target.name}: the kit must have started the broker to account for "
            "its processes; use reference, process:rabbitmq or rabbitmq:VERSION"
        )
    target.check()
    return target
