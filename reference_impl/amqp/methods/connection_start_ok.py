"""connection.start-ok (10.11)

Versions   ANONYMOUS is offered from 4.0 on.
Behaviour  Takes the client's properties and the SASL response; authenticates at once, as every
           mechanism served needs one step only. A mechanism that was not offered, or credentials
           that are wrong, end the connection: with 403 for a client that announced the capability
           authentication_failure_close, silently for others.
Deviations None known.
Source     XML connection.start-ok; rabbit_reader:handle_method0, auth_fail;
           rabbit_auth_mechanism_plain, _amqplain, _anonymous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.access import User
from reference_impl.amqp.core.broker import Broker
from reference_impl.amqp.fields import Field, Table
from reference_impl.amqp.limits import CHANNEL_MAX, FRAME_MAX, HEARTBEAT_S
from reference_impl.amqp.wire.tables import Malformed, decode_table, encode_text
from reference_impl.errors import AccessRefused, CommandInvalid

if TYPE_CHECKING:
    from reference_impl.amqp.session import AmqpSession

METHOD = "connection.start-ok"


def handle(
    session: AmqpSession, client_properties: Table, mechanism: str, response: str, locale: str
) -> None:
    capabilities = client_properties.get("capabilities", Field("table", {}))
    if capabilities.type == "table":
        session.capabilities = frozenset(
            name for name, value in capabilities.value.items() if value == Field("bool", True)
        )
    if mechanism not in session.dialect.mechanisms.split():
        raise CommandInvalid(f"unknown authentication mechanism '{mechanism}'")
    session.state = "securing"
    session.mechanism = mechanism
    session.user = authenticate(session.broker, mechanism, response)
    session.state = "tuning"
    session.send_method(0, "connection.tune", CHANNEL_MAX, FRAME_MAX, HEARTBEAT_S)


def authenticate(broker: Broker, mechanism: str, response: str) -> User:
    """Return the user, or raise AccessRefused with a text that does not tell what was wrong."""
    if mechanism == "ANONYMOUS":
        credentials = ("guest", broker.users["guest"].password) if "guest" in broker.users else None
    else:
        credentials = _plain(response) if mechanism == "PLAIN" else _amqplain(response)
    if credentials is not None:
        user = broker.users.get(credentials[0])
        if user is not None and user.password == credentials[1]:
            return user
    raise AccessRefused(
        f"Login was refused using authentication mechanism {mechanism}. "
        "For details see the broker logfile."
    )


def _plain(response: str) -> tuple[str, str] | None:
    """NUL user NUL password, and nothing after it."""
    parts = response.split("\0")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "" else None


def _amqplain(response: str) -> tuple[str, str] | None:
    """A field table with the strings LOGIN and PASSWORD."""
    try:
        table = decode_table(encode_text(response))
    except Malformed:
        return None
    login, password = table.get("LOGIN"), table.get("PASSWORD")
    if login is None or password is None or {login.type, password.type} != {"longstr"}:
        return None
    return login.value, password.value
