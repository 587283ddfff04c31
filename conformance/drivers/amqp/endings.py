"""How a connection ended, read out of the errors of pika."""

from __future__ import annotations

import re

from pika import exceptions

from conformance.errors import ConnectionClosed

_CLOSE_IN_TEXT = re.compile(r"ConnectionClosedByBroker: \((\d+)\) (.*)")
"""Of an error before open-ok pika keeps only the text."""


def connection_closed(error: BaseException) -> ConnectionClosed:
    """Read code and text out of the errors in which pika wraps how a connection ended."""
    seen: BaseException | None = error
    for candidate in (error, *getattr(error, "exceptions", ())):
        seen = candidate
        while isinstance(seen, BaseException):
            if isinstance(seen, exceptions.ConnectionClosed):
                return ConnectionClosed(seen.reply_code, seen.reply_text)
            seen = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
    quoted = _CLOSE_IN_TEXT.search(str(error))
    if quoted is not None:
        return ConnectionClosed(int(quoted[1]), quoted[2].strip("'\""))
    return ConnectionClosed(0, str(error) or type(error).__name__)
