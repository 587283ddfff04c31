"""connection.close-ok (10.51)

Versions   All.
Behaviour  The client has seen our close: the transport can go.
Deviations None known.
Source     XML connection.close-ok; rabbit_reader:handle_method0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.session import AmqpSession

METHOD = "connection.close-ok"


def handle(session: AmqpSession) -> None:
    session.receive_eof()
