"""What the runner asks of a client of any protocol."""

from __future__ import annotations

import abc

from conformance.drivers.transcript import Line, Transcript


class Tester(abc.ABC):
    """What one test holds in its hands; its traffic becomes evidence."""

    transcript: Transcript
    examples: int
    """Examples of a property so far."""

    @abc.abstractmethod
    def begin_example(self) -> None:
        """Begin the next example of a property: only its traffic belongs to the transcript."""

    @abc.abstractmethod
    def close(self) -> None:
        """Delete what the test created and close everything, also after its time is over."""

    @abc.abstractmethod
    def is_operation(self, line: Line) -> bool:
        """Whether what was sent is something that the test did, rather than how a client begins."""

    def publishable(self, line: Line) -> Line:
        """The line as it may stand in a report: without secrets."""
        return line
