"""One connection of a Kafka client: octets in, octets out, one request at a time.

A request that waits (a long poll, a join) keeps the ones behind it waiting, so that answers leave
in the order of the requests, as in Kafka, which mutes the connection (SocketServer).

Receiving never raises: what cannot be understood closes the connection without a word, as in Kafka.

Source: SocketServer.Processor, RequestHeader.parse, RequestContext.parseRequest; KIP-511.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from reference_impl.kafka.apis import HANDLERS, Request
from reference_impl.kafka.apis.api_versions import API_KEY as API_VERSIONS
from reference_impl.kafka.apis.api_versions import unsupported
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.waiting import Body, Later
from reference_impl.kafka.errors import ErrorCode, Malformed
from reference_impl.kafka.login import Login, Phase
from reference_impl.kafka.wire.codec import decode
from reference_impl.kafka.wire.frames import decode_request_header, encode_response
from reference_impl.kafka.wire.versions import API_NAMES, SERVED

MAX_WAITING_OCTETS = 1024 * 1024
"""Octets behind a request that waits, after which nothing more is read."""

_SIZE = struct.Struct(">i")


class KafkaSession:
    """Implements the server's Session (server/listener.py)."""

    def __init__(
        self, broker: KafkaBroker, on_output: Callable[[], None], host: str = "127.0.0.1"
    ) -> None:
        self._broker = broker
        self._on_output = on_output
        self._served = SERVED[broker.dialect.version]
        self._input = bytearray()
        self._output: list[bytes] = []
        self._pending: Later | None = None
        self._full = False
        self._gone = False
        self.host = host
        self.closed = False
        self._login = None if broker.users is None else Login(broker.users)
        self._max_octets = broker.settings.number("socket.request.max.bytes")
        self._max_login_octets = broker.settings.number("sasl.server.max.receive.size")

    # -- what the server calls --------------------------------------------------------------

    @property
    def reading(self) -> bool:
        busy = self._pending is not None and len(self._input) > MAX_WAITING_OCTETS
        return not (busy or self._full)

    @property
    def deadline_ms(self) -> int | None:
        return None

    def handle_deadline(self) -> None:
        """There is none."""

    def set_transport_full(self, full: bool) -> None:
        self._full = full
        if not full:
            self._work()
            self._on_output()  # also without output, so that the connection is read again

    def receive_data(self, data: bytes) -> None:
        if self.closed:
            return
        self._input += data
        self._work()

    def receive_eof(self) -> None:
        self._gone = True
        self.close()
        if self._pending is not None:
            self._pending.abandon()
            self._pending = None

    def data_to_send(self) -> bytes:
        pieces, self._output = self._output, []
        return b"".join(pieces)

    def close(self) -> None:
        """Close after what was answered so far, without another word."""
        self.closed = True
        self._input.clear()
        if not self._gone:
            self._on_output()

    @property
    def _largest(self) -> int:
        """Octets that the next request may have."""
        return self._max_octets if self._login is None else self._max_login_octets

    # -- requests ---------------------------------------------------------------------------

    def _work(self) -> None:
        """Handle what has arrived whole, until one has to wait."""
        position = 0
        buffer = self._input
        while not self.closed and self._pending is None and not self._full:
            if len(buffer) - position < _SIZE.size:
                break
            (size,) = _SIZE.unpack_from(buffer, position)
            if not 0 <= size <= self._largest:
                self.close()
                return
            end = position + _SIZE.size + size
            if end > len(buffer):
                break
            octets = bytes(memoryview(buffer)[position + _SIZE.size : end])
            position = end
            self._handle(octets)
        if position and not self.closed:
            del buffer[:position]

    def _handle(self, octets: bytes) -> None:
        if self._login is not None and self._login.phase == Phase.RAW_TOKEN:
            self._take_raw_token(self._login, octets)
            return
        try:
            header, position = decode_request_header(octets)
            api_key, version = header["request_api_key"], header["request_api_version"]
            if self._login is not None and not self._login.allows(api_key):
                self.close()
                return
            correlation_id = header["correlation_id"]
            handler = HANDLERS.get(api_key)
            if handler is None or version not in self._served.get(api_key, ()):
                self._refuse_version(api_key, correlation_id)
                return
            body, _ = decode(f"{API_NAMES[api_key]}Request", version, octets, position)
        except Malformed:
            self.close()
            return
        request = Request(self._broker, self, api_key, version, header.get("client_id") or "", body)
        if self._login is not None:
            self._let_in(self._login, request, correlation_id)
            return
        answer = handler(request)
        if isinstance(answer, Later):
            self._wait_for(answer, api_key, version, correlation_id)
        elif answer is not None:
            self._send(api_key, version, correlation_id, answer)

    # -- login ------------------------------------------------------------------------------

    def _let_in(self, login: Login, request: Request, correlation_id: int) -> None:
        """Handle a request of a client that has not logged in."""
        if request.api_key == API_VERSIONS and login.phase == Phase.START:
            answer: Any = HANDLERS[API_VERSIONS](request)
            if answer["error_code"] == ErrorCode.NONE:
                login.versions_told()
        else:
            answer = login.answer(request.api_key, request.version, request.body)
        if answer is not None:
            self._send(request.api_key, request.version, correlation_id, answer)
        self._login_moved(login)

    def _take_raw_token(self, login: Login, octets: bytes) -> None:
        if login.accepts_raw(octets):
            self._output.append(_SIZE.pack(0))
            self._on_output()
        self._login_moved(login)

    def _login_moved(self, login: Login) -> None:
        if login.phase == Phase.DONE:
            self._login = None
        elif login.phase == Phase.FAILED:
            self.close()

    def _refuse_version(self, api_key: int, correlation_id: int) -> None:
        """Only ApiVersions is answered, in version 0; any other ends the connection."""
        if api_key == API_VERSIONS:
            body = unsupported(self._broker.dialect.version)
            self._send(api_key, 0, correlation_id, body)
        else:
            self.close()

    def _wait_for(self, later: Later, api_key: int, version: int, correlation_id: int) -> None:
        def answered(body: Body) -> None:
            waited = self._pending is not None
            self._pending = None
            self._send(api_key, version, correlation_id, body)
            if waited:
                self._work()

        if later.body is None:
            self._pending = later
        later.when_answered(answered)

    def _send(self, api_key: int, version: int, correlation_id: int, body: Any) -> None:
        if self.closed:
            return
        self._output += encode_response(api_key, version, correlation_id, body)
        self._on_output()
