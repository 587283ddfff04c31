"""Every error of the kit, as one tree, and whom each one blames.

    KitError                    the user is told in one sentence what to do; no traceback
    +-- UsageError              exit 2: an argument, a descriptor or the environment is wrong
    |   +-- EngineMissing       there is no engine that could run a container
    +-- TargetError             exit 3: the broker under test cannot be started or reached
        +-- TargetHung          it accepts connections but does not answer
        +-- HandshakeBroken     it speaks AMQP, but no client gets past the handshake

    BrokenPromise               the broker under test did something wrong: verdict *failed*
    +-- Mismatch                something observed is not what is required
    |   +-- Overdue             it did not become so in the time given
    +-- ChannelClosed           the broker closed a channel, and the test did not expect it
    +-- ConnectionClosed        the same for a connection
    +-- NoAnswer                the broker owed an answer and did not give it in time

Anything else that comes out of a test is a fault of the kit: verdict *harness error*.
"""

from __future__ import annotations


class KitError(Exception):
    """A situation that the user can mend; the text says what is wrong and what to do."""


class UsageError(KitError):
    """Arguments, descriptor or environment are unusable (exit code 2)."""


class EngineMissing(UsageError):
    """A target is a container, and no container engine answers (exit code 2)."""


class TargetError(KitError):
    """The broker under test cannot be started or reached (exit code 3)."""


class TargetHung(TargetError):
    """The broker under test accepts connections but does not answer (exit code 3)."""


class HandshakeBroken(TargetError):
    """The broker under test speaks AMQP, but breaks the handshake with an ordinary client."""


class BrokenPromise(AssertionError):
    """The broker under test broke a promise."""


class Mismatch(BrokenPromise):
    """What was observed is not what is required."""

    def __init__(self, expected: str, observed: str, about: str = "") -> None:
        self.expected = expected
        self.observed = observed
        self.about = about
        lead = f"{about}: " if about else ""
        super().__init__(f"{lead}expected {expected}, observed {observed}")


class Overdue(Mismatch):
    """A state that was to come about within a given time did not."""


class ChannelClosed(BrokenPromise):
    """The broker closed a channel with `code` and `text`."""

    def __init__(self, code: int, text: str, during: str = "") -> None:
        self.code = code
        self.text = text
        super().__init__(f"the broker closed the channel{during}: {code} {text}")


class ConnectionClosed(BrokenPromise):
    """The broker closed a connection; code 0 means that it closed the socket without a word."""

    def __init__(self, code: int, text: str, during: str = "") -> None:
        self.code = code
        self.text = text
        super().__init__(f"the broker closed the connection{during}: {code} {text}")


class NoAnswer(BrokenPromise):
    """The broker owed an answer and did not give it in time."""

    def __init__(self, what: str, within_s: float) -> None:
        self.what = what
        self.within_s = within_s
        super().__init__(f"expected {what} within {within_s:g} s, observed nothing")
