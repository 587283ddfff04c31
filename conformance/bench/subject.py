"""A started broker, with the accounts that the operating system keeps of its processes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from conformance.errors import TargetError, UsageError
from conformance.targets.embedded import EmbeddedTarget, emulation
from conformance.targets.external import ExternalTarget
from conformance.targets.model import Target
from conformance.targets.resolve import resolve
from conformance.targets.served import ServedReferenceTarget

MIB = 1024 * 1024
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@dataclass
class Subject:
    """One side of a comparison."""

    name: str
    target: Target
    start_s: float | None
    """None for a broker that ran already."""

    def _processes(self) -> list[psutil.Process]:
        root = psutil.Process(pid_of(self.target))
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
    Raises UsageError for a broker whose processes cannot be found.
    """
    target = measurable(name)
    started_s = time.perf_counter()
    try:
        target.start()
    except BaseException:
        target.stop()
        raise
    ran_already = isinstance(target, ExternalTarget)
    return Subject(name, target, None if ran_already else time.perf_counter() - started_s)


def measurable(name: str) -> Target:
    """The target of a text, not started. Raises UsageError for one that cannot be measured."""
    target = resolve(name)
    if isinstance(target, EmbeddedTarget):
        target = ServedReferenceTarget(emulation(name.partition(":")[2]), durable=False)
    target.check()
    if isinstance(target, ExternalTarget) and listener(target) is None:
        raise UsageError(
            f"cannot measure {target.name}: no process of this machine that may be looked at "
            "listens there; use an address of a broker that runs here, reference, or a target that "
            "the kit starts"
        )
    return target


def pid_of(target: Target) -> int:
    """The first process of a started broker. Raises TargetError if it is gone."""
    if isinstance(target, ExternalTarget):
        found = listener(target)
        if found is None:
            raise TargetError(f"target {target.name} does not listen any more")
        return found
    pid: int = target.pid  # type: ignore[attr-defined]
    return pid


def listener(target: ExternalTarget) -> int | None:
    """The process of this machine that listens where a target is, if it can be seen.

    Docker's proxy stands for a broker in a container, whose processes it is not.
    """
    for address in target.addresses:
        if address.host not in _THIS_MACHINE:
            continue
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr.port == address.port and connection.pid is not None:
                name = psutil.Process(connection.pid).name()
                return None if name == "docker-proxy" else connection.pid
    return None
