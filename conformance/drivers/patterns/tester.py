"""What a test of a pattern holds in its hands: objects of the library, and its world."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.drivers.patterns.library import Library, SpecRefused
from conformance.drivers.patterns.programs import LibraryFailed
from conformance.drivers.patterns.world import ManualTime, World
from conformance.drivers.tester import Tester
from conformance.drivers.transcript import Line, Transcript
from conformance.drivers.waiting import ANSWER_WITHIN_S
from conformance.errors import KitError, Mismatch, NoAnswer
from conformance.requirements.model import Outcome
from conformance.targets.model import Target

KIT = Path(__file__).parents[2]


class PatternTester(Tester):
    """One for each test; each example of a property has a world of its own.

    All calls are made by one thread, which is given up when a call does not return.
    """

    def __init__(
        self,
        target: Target,
        prefix: str,
        outcomes: tuple[Outcome, ...] = (),
        deadline_s: float = float("inf"),
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self.library: Library = target.endpoint("patterns").library
        self.transcript = Transcript(lambda: _decode)
        self.examples = 0
        self.answer_within_s = answer_within_s
        self.name_prefix = prefix
        self._deadline_s = deadline_s
        self._count = 0
        self._caller: _Caller | None = None
        self.world = World()

    def __repr__(self) -> str:
        return f"<user of {self.library.name}>"

    @property
    def clock(self) -> ManualTime:
        return self.world.clock

    def make(self, contract: str, spec: Mapping[str, Any]) -> Any:
        """Return an object of a contract, each call of which goes into the transcript.

        Raises Mismatch where the library refuses the spec.
        """
        try:
            return self._make(contract, spec)
        except SpecRefused as error:
            raise Mismatch(f"a {contract} of {spec}", f"refused: {error}") from error

    def refusal(self, contract: str, spec: Mapping[str, Any]) -> str:
        """Return why the library refuses a spec. Raises Mismatch if it takes it."""
        try:
            self._make(contract, spec)
        except SpecRefused as error:
            return str(error)
        raise Mismatch(f"no {contract} of {spec}", "one was made")

    def _make(self, contract: str, spec: Mapping[str, Any]) -> Any:
        self._count += 1
        shown = f"new {contract} {json.dumps(spec)}"
        made = self._do(shown, lambda: self.library.make(contract, spec, self.world))
        self._note("<", f"object {self._count}")
        return _Recorded(self, made, self._count)

    def call(self, made: Any, number: int, name: str, arguments: tuple[Any, ...]) -> Any:
        """Call an object and return what it returns, as JSON would tell it."""
        shown = ", ".join(map(json.dumps, arguments))
        result = self._do(f"{number}.{name}({shown})", lambda: getattr(made, name)(*arguments))
        told = json.dumps(result)
        self._note("<", told)
        return json.loads(told)

    def _do(self, shown: str, call: Callable[[], Any]) -> Any:
        """Let the thread call; whatever the library raises is its own broken promise."""
        self._note(">", f"at {self.clock.now_ns} ns: {shown}")
        within_s = min(self.answer_within_s, self._deadline_s - time.monotonic())
        self._caller = self._caller or _Caller()
        try:
            result = self._caller.call(call, within_s)
        except queue.Empty:
            self._caller = None
            raise NoAnswer(f"{shown} to return", within_s) from None
        except SpecRefused as error:
            self._note("<", f"refused: {error}")
            raise
        except Exception as error:
            if _is_ours(error):
                raise
            self._note("<", f"raised {error!r}")
            raise Mismatch("a result", f"{type(error).__name__}: {error}", shown) from error
        return result

    def _note(self, direction: str, text: str) -> None:
        self.transcript.record(1, direction, text.encode() + b"\n")

    def begin_example(self) -> None:
        self.examples += 1
        self.transcript.clear()
        self._leave()
        self.world = World()

    def close(self) -> None:
        self._leave()
        if self._caller is not None:
            self._caller.end()

    def _leave(self) -> None:
        """Close the world, on the thread that made what is in it."""
        if self._caller is not None:
            with contextlib.suppress(queue.Empty):
                self._caller.call(self.world.close, self.answer_within_s)
        else:
            self.world.close()

    def is_operation(self, line: Line) -> bool:
        return True


class _Recorded:
    """An object under test."""

    def __init__(self, tester: PatternTester, made: Any, number: int) -> None:
        self._tester = tester
        self._made = made
        self._number = number

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments: self._tester.call(self._made, self._number, name, arguments)


class _Caller:
    """One thread that calls what it is given, so that a call that hangs can be left behind."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name="library under test").start()

    def call(self, function: Callable[[], Any], within_s: float) -> Any:
        """Return what it returns. Raises what it raises, and queue.Empty when it takes longer."""
        self._calls.put(function)
        result, error = self._results.get(timeout=max(0.0, within_s))
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        self._calls.put(None)

    def _run(self) -> None:
        while (function := self._calls.get()) is not None:
            try:
                self._results.put((function(), None))
            except BaseException as error:
                self._results.put((None, error))


def _is_ours(error: Exception) -> bool:
    """Whether the kit or an adapter failed, rather than the library."""
    if isinstance(error, KitError | LibraryFailed):
        return isinstance(error, KitError)
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).is_relative_to(KIT)


def _decode(connection: int, direction: str, octets: bytes) -> Iterator[tuple[str, bytes]]:
    for line in octets.splitlines(keepends=True):
        yield line.decode().rstrip("\n"), line
