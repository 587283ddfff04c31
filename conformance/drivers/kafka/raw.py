"""A socket on which a test says exactly what it wants to say to a Kafka broker."""

from __future__ import annotations

import time
from typing import Any

from kafka.protocol.api_message import ApiMessage
from kafka.protocol.metadata import ApiVersionsRequest

from conformance.drivers.kafka.endpoint import KafkaEndpoint
from conformance.drivers.kafka.messages import (
    CLIENT_ID,
    SIZE,
    api_name,
    decode,
    encode,
)
from conformance.drivers.raw import RawSocket
from conformance.drivers.transcript import Transcript
from conformance.drivers.waiting import ANSWER_WITHIN_S
from conformance.errors import ConnectionClosed, Mismatch, NoAnswer

MAX_RESPONSE_OCTETS = 64 << 20
"""More than any response that a test asks for."""

BARRIER_VERSION = 0


class RawKafka(RawSocket):
    """One connection: requests in any version, frames as octets."""

    def __init__(
        self,
        endpoint: KafkaEndpoint,
        transcript: Transcript,
        number: int,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        super().__init__((endpoint.host, endpoint.port), transcript, number, answer_within_s)
        self.endpoint = endpoint
        self._correlation_id = 0

    # -- sending ----------------------------------------------------------------------------

    def next_correlation_id(self) -> int:
        """A correlation id that was not used on this connection."""
        self._correlation_id += 1
        return self._correlation_id

    def send_request(
        self, request: ApiMessage, version: int, client_id: str | None = CLIENT_ID
    ) -> int:
        """Send a request and return its correlation id."""
        correlation_id = self.next_correlation_id()
        self.send(encode(request, version, correlation_id, client_id))
        return correlation_id

    # -- receiving --------------------------------------------------------------------------

    def read_frame(self, within_s: float | None = None, what: str = "a response") -> bytes | None:
        """Return the next frame without its size, or None at the end of the stream.

        Raises NoAnswer if neither comes in time.
        """
        within_s = self.answer_within_s if within_s is None else within_s
        limit_s = time.monotonic() + within_s
        while True:
            if len(self.buffer) >= SIZE.size:
                (size,) = SIZE.unpack_from(self.buffer)
                if not 0 <= size <= MAX_RESPONSE_OCTETS:
                    raise Mismatch("a frame of a size that can be", str(size))
                end = SIZE.size + size
                if len(self.buffer) >= end:
                    octets, self.buffer = self.buffer[SIZE.size : end], self.buffer[end:]
                    return octets
            try:
                if not self.receive(limit_s):
                    return None
            except TimeoutError:
                raise NoAnswer(what, within_s) from None

    def read_response(
        self, api_key: int, version: int, correlation_id: int, within_s: float | None = None
    ) -> Any:
        """Return the next response, which must be the one to this request, decoded."""
        what = f"a response to {api_name(api_key)} v{version}"
        octets = self.read_frame(within_s, what)
        if octets is None:
            raise ConnectionClosed(0, "end of stream", f" instead of {what}")
        observed = int.from_bytes(octets[: SIZE.size], "big", signed=True)
        if observed != correlation_id:
            raise Mismatch(str(correlation_id), str(observed), "correlation id of the response")
        return decode(api_key, version, octets)

    def call(self, request: ApiMessage, version: int, within_s: float | None = None) -> Any:
        """Send a request and return its response."""
        correlation_id = self.send_request(request, version)
        return self.read_response(request.API_KEY, version, correlation_id, within_s)

    def barrier(self) -> None:
        """Return when the broker has answered all that was sent before on this connection; no
        other answer may come meanwhile."""
        self.call(ApiVersionsRequest(), BARRIER_VERSION)

    def expect_eof(self, within_s: float | None = None) -> None:
        """The broker must close the connection without another word."""
        octets = self.read_frame(within_s, "the end of the connection")
        if octets is not None:
            raise Mismatch("the end of the connection", f"a response: {octets.hex()}")
