"""A connection to a broker in the same thread: plain values in, decoded answers out."""

from __future__ import annotations

import struct
from typing import Any

from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.session import KafkaSession
from reference_impl.kafka.wire.codec import decode, encode
from reference_impl.kafka.wire.versions import (
    API_KEYS,
    request_header_version,
    response_header_version,
)


class RawClient:
    """Sends requests without waiting; `answers` gives what has come back so far."""

    def __init__(self, broker: KafkaBroker, client_id: str = "raw") -> None:
        self._client_id = client_id.encode()
        self._session = KafkaSession(broker, lambda: None)
        self._asked: list[tuple[str, int]] = []

    def send(self, api: str, version: int, **body: Any) -> None:
        """Send a request."""
        key = API_KEYS[api]
        header = struct.pack(">hhih", key, version, 0, len(self._client_id)) + self._client_id
        if request_header_version(key, version) == 2:
            header += b"\0"
        octets = header + encode(f"{api}Request", version, body)
        self._asked.append((api, version))
        self._session.receive_data(struct.pack(">i", len(octets)) + octets)

    def answers(self) -> list[dict[str, Any]]:
        """The answers since the last call."""
        octets = self._session.data_to_send()
        found = []
        while octets:
            (size,) = struct.unpack_from(">i", octets)
            api, version = self._asked.pop(0)
            start = 8 + response_header_version(API_KEYS[api], version)
            body, end = decode(f"{api}Response", version, octets, start)
            assert end == 4 + size
            found.append(body)
            octets = octets[end:]
        return found

    def ask(self, api: str, version: int, **body: Any) -> dict[str, Any]:
        """Send a request that is answered at once."""
        self.send(api, version, **body)
        (answer,) = self.answers()
        return answer

    def gone(self) -> None:
        """Close the connection."""
        self._session.receive_eof()
