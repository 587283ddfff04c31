"""A mutated reference in a process of its own, which the suite reaches by its URL only."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.targets.embedded import emulation
from conformance.targets.served import VERSION_OPTIONS
from reference_impl.server.serve import main as serve
from tests.mutants.mutant import Mutant, MutantBroken, planted


@contextmanager
def served(mutant: Mutant) -> Iterator[str]:
    """Serve the mutated reference during the block; yields its URL for the protocol that the
    mutant breaks.

    The process is forked, which takes milliseconds; the caller runs no threads meanwhile.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve(mutant, writing)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            ready = said.readline()
            if not ready:
                raise MutantBroken("the mutated broker does not start")
            (protocol,) = {identifier.partition(".")[0] for identifier in mutant.kills}
            address = str(json.loads(ready)[protocol])
            yield address if "//" in address else f"{protocol}://{address}"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(mutant: Mutant, writing: int) -> None:
    """In the child: plant, say where it listens as `python -m reference_impl` does, and serve."""
    os.dup2(writing, sys.stdout.fileno())
    try:
        with planted(mutant):
            versions = emulation(mutant.version or "").versions
            serve([x for p, v in versions.items() for x in (VERSION_OPTIONS[p], v)])
    finally:
        os._exit(1)
