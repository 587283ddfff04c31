"""Libraries of other languages: a program that answers each JSON line with a JSON line.

    {"do": "hello"}                                     -> {"result": {"name", "version", "offers"}}
    {"do": "world", "seed": 7}                          -> {"result": null}
    {"do": "make", "object": 1, "contract": "rate-limiter", "spec": {...}}
                                                        -> {"result": null} or {"refused": "why"}
    {"do": "call", "object": 1, "name": "try_acquire", "arguments": [1]}
                                                        -> {"result": true}
    {"do": "advance", "ns": 1000}                       -> {"result": null}

`world` forgets every object and sets the clock to 0; `advance` may be negative. Every answer may
carry `now_ns`, the program's clock after the call, and `slept_ns`, the sleeps that the call asked
for; {"error": "text"} says that the library itself failed.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from conformance.drivers.patterns.library import Library, SpecRefused
from conformance.drivers.patterns.world import World
from conformance.errors import TargetError

ENDS_WITHIN_S = 5.0
"""How long a program may take to end once its input is closed."""


class LibraryFailed(Exception):
    """The library raised an error that its contract does not know."""


class Program:
    """A running program. One call at a time; one that does not return costs it its life, and the
    next call meets a new one."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._process = self._started()
        self._asked = False

    def _started(self) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                shlex.split(self._command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        except (OSError, ValueError) as error:
            raise TargetError(
                f"the program {self._command!r} cannot be started ({error}); give a command that "
                "speaks JSON lines (docs/guides/joining-a-library.md)"
            ) from error

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request and return the answer. Raises TargetError, SpecRefused,
        LibraryFailed."""
        if self._asked:
            self._process.kill()
            self._process.wait()
            self._process = self._started()
        self._asked = True
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
        except (OSError, ValueError) as error:
            raise TargetError(
                f"the program {self._command!r} gave no JSON line to {request}: "
                f"{self._how_it_ended(process) or error}"
            ) from error
        self._asked = False
        if "refused" in answer:
            raise SpecRefused(answer["refused"])
        if "error" in answer:
            raise LibraryFailed(answer["error"])
        return answer

    def _how_it_ended(self, process: subprocess.Popen[str]) -> str:
        """Empty for a program that still runs: what it wrote is no JSON then."""
        try:
            return f"it ended with exit code {process.wait(ENDS_WITHIN_S)}"
        except subprocess.TimeoutExpired:
            return ""

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class RemoteObject:
    """An object of the program; every call of its contract is one request."""

    def __init__(self, program: Program, number: int, world: World) -> None:
        self._program = program
        self._number = number
        self._world = world

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            answer = self._program.ask(
                do="call", object=self._number, name=name, arguments=list(arguments)
            )
            clock = self._world.clock
            clock.slept_ns += answer.get("slept_ns", [])
            clock.now_ns = answer.get("now_ns", clock.now_ns)
            return answer["result"]

        return call


def open_program(command: str) -> Library:
    """Start the program and ask what it offers. Raises TargetError."""
    program = Program(command)
    numbers: dict[World, int] = {}

    def make(contract: str, spec: Mapping[str, Any], world: World) -> RemoteObject:
        if world not in numbers:
            numbers.clear()
            numbers[world] = 0
            program.ask(do="world", seed=world.random.getrandbits(32))
            program.ask(do="advance", ns=world.clock.now_ns)
            world.clock.moved = lambda ns: program.ask(do="advance", ns=ns)
        numbers[world] += 1
        program.ask(do="make", object=numbers[world], contract=contract, spec=dict(spec))
        return RemoteObject(program, numbers[world], world)

    try:
        hello = program.ask(do="hello")["result"]
        offers = {contract: tuple(features) for contract, features in hello["offers"].items()}
        return Library(
            hello["name"], offers, make, fixed_version=str(hello["version"]), stop=program.close
        )
    except (LibraryFailed, SpecRefused, KeyError, TypeError, AttributeError) as error:
        program.close()
        raise TargetError(
            f"the program {command!r} does not say what it offers ({error!r}); see "
            "docs/guides/joining-a-library.md"
        ) from error
    except TargetError:
        program.close()
        raise
