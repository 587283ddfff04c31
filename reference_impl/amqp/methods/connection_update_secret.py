"""connection.update-secret (10.70)

Versions   All; 4.3 checks access to the virtual host again.
Behaviour  Takes a new secret. As in RabbitMQ's internal backend there is nothing to renew, so it is
           always accepted.
Deviations None known.
Source     rabbit_reader:handle_method0; rabbit_auth_backend_internal:update_state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.session import AmqpSession

METHOD = "connection.update-secret"


def handle(session: AmqpSession, new_secret: str, reason: str) -> None:
    session.send_method(0, "connection.update-secret-ok")
