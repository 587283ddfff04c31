"""Whether a broker lets an AMQP client in, and the ways in which it does not."""

from __future__ import annotations

import secrets
import socket
import time

from conformance.drivers.amqp.client import Client, Connection
from conformance.drivers.amqp.decoding import new_decoder
from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.transcript import Transcript
from conformance.errors import (
    BrokenPromise,
    ConnectionClosed,
    HandshakeBroken,
    NoAnswer,
    TargetError,
    TargetHung,
)

ALIVE_WITHIN_S = 10.0
"""How long a handshake, a channel and a queue may take together when the kit asks whether a broker
is alive; the slowest answer seen took 0.4 s."""

METHOD_FRAME = 1
"""The first octet of everything that an AMQP broker says to a new client."""

SHOWN_OCTETS = 24


def open_once(name: str, endpoint: Endpoint) -> Connection:
    """Open a connection to a broker that should be up; the caller closes its client.

    Raises TargetHung for a broker that does not answer, HandshakeBroken for one that says what no
    client understands, TargetError for everything else, each with a sentence that says what is
    wrong.
    """
    address = endpoint.address
    _check_something_listens(name, endpoint, address)
    transcript = Transcript(new_decoder)
    client = Client(endpoint, transcript)
    client.deadline_s = time.monotonic() + ALIVE_WITHIN_S
    try:
        connection = client.connect()
    except BrokenPromise as error:
        client.close()
        raise _not_opened(name, endpoint, transcript, error) from error
    client.deadline_s = float("inf")
    return connection


def _not_opened(
    name: str, endpoint: Endpoint, transcript: Transcript, error: BrokenPromise
) -> TargetError:
    """Why the handshake was not completed."""
    address = endpoint.address
    lines = transcript.lines()
    heard = b"".join(line.octets for line in lines if line.direction == "<")
    if heard and heard[0] != METHOD_FRAME:
        return TargetError(
            f"target {name}: what listens at {address} does not speak AMQP 0-9-1 (it says "
            f"{heard[:SHOWN_OCTETS]!r}); check the port"
        )
    if isinstance(error, NoAnswer):
        return (HandshakeBroken if heard else TargetHung)(
            f"target {name}: {address} accepts connections but does not complete the AMQP "
            f"handshake within {ALIVE_WITHIN_S:g} s; is it hung, or no AMQP broker?"
        )
    if isinstance(error, ConnectionClosed):
        # Before RabbitMQ 3.0 and by the specification a wrong password ends in silence.
        hung_up_on_login = error.code == 0 and bool(lines) and _START_OK in lines[-1].text
        why = _why_closed(name, endpoint, error, bool(heard), hung_up_on_login)
        refused_tune_ok = any(_TUNE_OK_REFUSED in line.text for line in lines)
        broken = bool(heard) and error.code == 0 and not hung_up_on_login
        return (HandshakeBroken if broken or refused_tune_ok else TargetError)(why)
    return HandshakeBroken(f"target {name}: {address} breaks the AMQP handshake: {error}")


_START_OK = "connection.start-ok"
_TUNE_OK_REFUSED = "class_id=10 method_id=31"
"""Of the connection.close that refuses connection.tune-ok, in a transcript."""


def check_answers(name: str, endpoint: Endpoint) -> None:
    """Log in, open a channel and declare a queue: what no broker can be tested without.

    A refusal is an answer. Raises TargetError if the broker cannot be reached or says nothing.
    """
    client = open_once(name, endpoint).client
    client.deadline_s = time.monotonic() + ALIVE_WITHIN_S
    queue = f"tck-alive-{secrets.token_hex(4)}"
    try:
        client.connections[0].channel().declare_queue(queue, exclusive=True)
    except NoAnswer as error:
        address = endpoint.address
        raise TargetHung(
            f"target {name}: {address} lets a client in, but does not answer with {error.what} "
            f"within {ALIVE_WITHIN_S:g} s; is it hung?"
        ) from error
    except BrokenPromise:
        pass
    finally:
        client.close()


def _check_something_listens(name: str, endpoint: Endpoint, address: str) -> None:
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout=5).close()
    except socket.gaierror as error:
        raise TargetError(
            f"target {name}: the host name {endpoint.host!r} cannot be resolved; check the address"
        ) from error
    except OSError as error:
        raise TargetError(
            f"target {name}: nothing listens at {address} ({error.strerror or error}); start the "
            "broker, or check host and port"
        ) from error


def _why_closed(
    name: str,
    endpoint: Endpoint,
    error: ConnectionClosed,
    said_something: bool,
    hung_up_on_login: bool,
) -> str:
    address = endpoint.address
    if error.code == 403 or hung_up_on_login:
        return (
            f"target {name}: {address} refuses user {endpoint.username!r} with this password; put "
            "the right ones into the URL: amqp://USER:PASSWORD@HOST:PORT/VHOST"
        )
    if error.code == 530:
        return f"target {name}: {address} refuses the virtual host: {error.text}"
    if said_something:
        return f"target {name}: {address} ends the AMQP handshake: {error.code} {error.text}"
    return (
        f"target {name}: {address} closes the connection without a word; is it an AMQP 0-9-1 "
        "broker, without TLS?"
    )


def knock(name: str, endpoint: Endpoint) -> None:
    """Log in once. Raises TargetError if the broker lets nobody in."""
    open_once(name, endpoint).client.close()
