"""A mutated reference in a process of its own, which the suite reaches by its URL only.

`python -m tests.mutants.served NAME` plants a mutant and serves like `python -m reference_impl`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from reference_impl.server.serve import main as serve
from tests.mutants.catalogue import all_mutants
from tests.mutants.mutant import Mutant, planted

STOP_WITHIN_S = 5.0


@contextmanager
def served(mutant: Mutant) -> Iterator[str]:
    """Serve the mutated reference during the block; yields its amqp:// URL."""
    command = [sys.executable, "-m", __name__, mutant.name]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            yield str(json.loads(process.stdout.readline())["amqp"])
        finally:
            process.terminate()
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def main(name: str) -> int:
    """Plant the mutant of this name and serve until the end. Returns the exit code."""
    (mutant,) = [mutant for mutant in all_mutants() if mutant.name == name]
    with planted(mutant):
        return serve([] if mutant.version is None else ["--rabbitmq", mutant.version])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
