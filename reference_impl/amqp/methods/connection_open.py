"""connection.open (10.40)

Versions   All.
Behaviour  Opens the connection to a virtual host that exists and that the user has permissions in;
           anything else is 530, not the 402 of the specification.
Deviations Connection limits are not implemented.
Source     XML connection.open; rabbit_reader:handle_method0; rabbit_access_control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.connection import Connection
from reference_impl.errors import NotAllowed

if TYPE_CHECKING:
    from reference_impl.amqp.session import AmqpSession

METHOD = "connection.open"


def handle(session: AmqpSession, virtual_host: str, reserved_1: str, reserved_2: bool) -> None:
    user = session.user
    assert user is not None
    vhost = session.broker.vhosts.get(virtual_host)
    if vhost is None:
        raise NotAllowed(f"vhost {virtual_host} not found")
    if virtual_host not in user.permissions:
        raise NotAllowed(f"access to vhost '{virtual_host}' refused for user '{user.name}'")
    session.start_running(Connection(vhost, user, session.capabilities))
    session.send_method(0, "connection.open-ok", "")
