"""connection.close (10.50)

Versions   All.
Behaviour  Requeues what every channel holds and deletes the exclusive queues, then answers
           close-ok; also when it crosses a close of our own.
Deviations None known.
Source     XML connection.close; rabbit_reader:maybe_close, close_connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.session import AmqpSession

METHOD = "connection.close"


def handle(
    session: AmqpSession, reply_code: int, reply_text: str, class_id: int, method_id: int
) -> None:
    session.finish_close()
