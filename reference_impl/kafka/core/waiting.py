"""Answers that come later: what a client gets when something has happened or time has passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Body = Mapping[str, Any]


class Later:
    """An answer that is not there yet. Exactly one of `answer` and `abandon` ends it.

    `on_abandon` is called when nobody waits any more, because the client has gone.
    """

    def __init__(self, on_abandon: Callable[[], None] | None = None) -> None:
        self.body: Body | None = None
        self.ended = False
        self._on_abandon = on_abandon
        self._on_answer: Callable[[Body], None] | None = None

    def answer(self, body: Body) -> None:
        """Give the answer; one that was given, or that nobody waits for, stays as it is."""
        if self.ended:
            return
        self.ended = True
        self.body = body
        if self._on_answer is not None:
            self._on_answer(body)

    def when_answered(self, callback: Callable[[Body], None]) -> None:
        """Call back with the answer; at once if it is there."""
        if self.body is not None:
            callback(self.body)
        else:
            self._on_answer = callback

    def abandon(self) -> None:
        """The client has gone."""
        if self.ended:
            return
        self.ended = True
        if self._on_abandon is not None:
            self._on_abandon()
