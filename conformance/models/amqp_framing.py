"""Which order of frames on one channel makes messages (AMQP 0-9-1 spec 4.2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Publish:
    """A method that is followed by a content."""


@dataclass(frozen=True)
class Header:
    """A content header that announces a body of `size` octets."""

    size: int


@dataclass(frozen=True)
class Body:
    """A part of a body."""

    octets: bytes


@dataclass(frozen=True)
class Other:
    """A method that stands alone."""


Frame = Publish | Header | Body | Other


def messages_of(frames: Sequence[Frame]) -> list[bytes] | None:
    """Return the bodies of the complete messages, or None if a frame is out of place."""
    messages: list[bytes] = []
    expected: type[Publish | Header | Body] = Publish
    body, size = b"", 0
    for frame in frames:
        if isinstance(frame, Other) and expected is Publish:
            continue
        if not isinstance(frame, expected):
            return None
        if isinstance(frame, Publish):
            expected = Header
            continue
        if isinstance(frame, Header):
            body, size = b"", frame.size
        elif isinstance(frame, Body):
            body += frame.octets
        expected = Body
        if len(body) == size:
            messages.append(body)
            expected = Publish
    return messages
