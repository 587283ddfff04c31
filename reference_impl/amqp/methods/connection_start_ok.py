"""connection.start-ok (10.11)

Versions   ANONYMOUS is offered from 4.0 on.
Behaviour  Takes the client's properties and the SASL response; authenticates at once, as every
           mechanism served needs one step only. Credentials that are wrong end the connection:
           with 403 for a client that announced the capability authentication_failure_close,
           silently for others. A mechanism that was not offered, or a response that is none of
           its mechanism, ends it silently for all.
Deviations The silent end comes after 0.05 s rather than 3 s.
Source     XML connection.start-ok; rabbit_reader:handle_method0, auth_fail;
           rabbit_auth_mechanism_plain, _amqplain, _anonymous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.access import User
from reference_impl.amqp.core.broker import Broker
from reference_impl.amqp.fields import Field, Table
from reference_impl.amqp.limits import CHANNEL_MAX, FRAME_MAX, HEARTBEAT_S
from reference_impl.amqp.wire.tables import decode_table, encode_text
from reference_impl.errors import AccessRefused, CommandInvalid, SyntaxRefused

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
    """Return the user. Raises AccessRefused with a text that does not tell what was wrong."""
    if mechanism == "ANONYMOUS":
        guest = broker.users.get("guest")
        name, password = ("guest", guest.password) if guest else ("", "")
    else:
        name, password = _plain(response) if mechanism == "PLAIN" else _amqplain(response)
    user = broker.users.get(name)
    if user is None or user.password != password:
        raise AccessRefused(
            f"Login was refused using authentication mechanism {mechanism}. "
            "For details see the broker logfile."
        )
    return user


def _plain(response: str) -> tuple[str, str]:
    """NUL user NUL password, and nothing after it."""
    parts = response.split("\0")
    if len(parts) != 3 or parts[0]:
        raise SyntaxRefused("the response is not NUL user NUL password")
    return parts[1], parts[2]


def _amqplain(response: str) -> tuple[str, str]:
    """A field table with the strings LOGIN and PASSWORD."""
    table = decode_table(encode_text(response))
    login, password = table.get("LOGIN"), table.get("PASSWORD")
    if login is None or password is None or {login.type, password.type} != {"longstr"}:
        raise SyntaxRefused("the response is not a table with LOGIN and PASSWORD")
    return login.value, password.value
