"""A client of a broker's core and of its sessions, without sockets."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import count
from typing import Any

from reference_impl.clock import ManualClock
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.session import KafkaSession
from reference_impl.kafka.versions import DEFAULT_VERSION, dialect_for
from reference_impl.kafka.wire.codec import decode, encode
from reference_impl.kafka.wire.versions import (
    API_KEYS,
    SERVED,
    request_header_version,
    response_header_version,
)

NO_ID = bytes(16)


def new_broker(
    version: str = DEFAULT_VERSION,
    settings: Mapping[str, str] | None = None,
    clock: ManualClock | None = None,
    users: Mapping[str, str] | None = None,
) -> KafkaBroker:
    """A broker with a clock that stands still and ids that count from 1."""
    numbers = count(1)
    return KafkaBroker(
        dialect_for(version),
        clock or ManualClock(),
        lambda: next(numbers).to_bytes(16, "big"),
        lambda: None,
        settings=settings,
        users=users,
    )


class Client:
    """One connection. Bodies are dicts as reference_impl.kafka.wire.codec has them."""

    def __init__(self, broker: KafkaBroker) -> None:
        self.broker = broker
        self.session = KafkaSession(broker, lambda: None)
        self._correlation_ids = count(1)

    @property
    def closed(self) -> bool:
        return self.session.closed

    def send(self, api: str, body: Mapping[str, Any], version: int | None = None) -> int:
        """Send a request, by default in its last version; return that version."""
        key = API_KEYS[api]
        if version is None:
            version = SERVED[self.broker.dialect.version][key].stop - 1
        header = encode(
            "RequestHeader",
            request_header_version(key, version),
            {
                "request_api_key": key,
                "request_api_version": version,
                "correlation_id": next(self._correlation_ids),
                "client_id": "test",
            },
        )
        self.send_octets(header + encode(f"{api}Request", version, body))
        return version

    def send_octets(self, octets: bytes) -> None:
        """Send a frame."""
        self.session.receive_data(struct.pack(">i", len(octets)) + octets)

    def receive(self, api: str, version: int) -> dict[str, Any] | None:
        """Return the one answer that waits, or None."""
        octets = self.session.data_to_send()
        if not octets:
            return None
        (size,) = struct.unpack_from(">i", octets)
        assert size + 4 == len(octets), "one answer"
        key = API_KEYS[api]
        _, position = decode("ResponseHeader", response_header_version(key, version), octets, 4)
        body, end = decode(f"{api}Response", version, octets, position)
        assert end == len(octets)
        return body

    def call(self, api: str, body: Mapping[str, Any], version: int | None = None) -> dict[str, Any]:
        """Send a request and return its answer, which must be there at once."""
        used = self.send(api, body, version)
        answer = self.receive(api, used)
        assert answer is not None, "no answer"
        return answer

    # -- what tests do often ----------------------------------------------------------------

    def create(
        self,
        name: str,
        partitions: int = 1,
        replication_factor: int = -1,
        configs: Mapping[str, str | None] | None = None,
        assignments: Mapping[int, list[int]] | None = None,
        *,
        validate_only: bool = False,
    ) -> dict[str, Any]:
        """Create a topic; return its result."""
        body = {
            "topics": [
                new_topic(name, partitions, replication_factor, configs, assignments),
            ],
            "validate_only": validate_only,
        }
        result: dict[str, Any] = self.call("CreateTopics", body)["topics"][0]
        return result

    def configs(self, name: str, resource_type: int = 2) -> dict[str, dict[str, Any]]:
        """Return the settings of a topic, or of the broker (4), by name."""
        body = {
            "resources": [
                {"resource_type": resource_type, "resource_name": name, "configuration_keys": None}
            ],
            "include_synonyms": True,
        }
        (result,) = self.call("DescribeConfigs", body)["results"]
        assert result["error_code"] == 0, result
        return {one["name"]: one for one in result["configs"]}

    def alter(
        self,
        name: str,
        *changes: tuple[str, int, str | None],
        resource_type: int = 2,
        validate_only: bool = False,
    ) -> tuple[int, str | None]:
        """Change settings by (name, operation, value); return code and text."""
        body = {
            "resources": [
                {
                    "resource_type": resource_type,
                    "resource_name": name,
                    "configs": [
                        {"name": key, "config_operation": operation, "value": value}
                        for key, operation, value in changes
                    ],
                }
            ],
            "validate_only": validate_only,
        }
        (result,) = self.call("IncrementalAlterConfigs", body)["responses"]
        return result["error_code"], result["error_message"]


def new_topic(
    name: str,
    partitions: int = 1,
    replication_factor: int = -1,
    configs: Mapping[str, str | None] | None = None,
    assignments: Mapping[int, list[int]] | None = None,
) -> dict[str, Any]:
    """A topic of a CreateTopics request."""
    return {
        "name": name,
        "num_partitions": partitions,
        "replication_factor": replication_factor,
        "assignments": [
            {"partition_index": index, "broker_ids": nodes}
            for index, nodes in (assignments or {}).items()
        ],
        "configs": [{"name": key, "value": value} for key, value in (configs or {}).items()],
    }
