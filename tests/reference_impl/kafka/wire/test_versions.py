"""Which versions are served, and which headers they have."""

from __future__ import annotations

import pytest

from reference_impl.kafka.wire.schema import find_message
from reference_impl.kafka.wire.versions import (
    ADVERTISED,
    API_KEYS,
    API_NAMES,
    KAFKA_VERSIONS,
    SERVED,
    request_header_version,
    response_header_version,
)


@pytest.mark.parametrize("kafka", KAFKA_VERSIONS)
def test_all_that_is_served_can_be_read_and_written(kafka: str) -> None:
    assert SERVED[kafka].keys() == API_NAMES.keys()
    for key, versions in SERVED[kafka].items():
        for kind in ("Request", "Response"):
            schema = find_message(API_NAMES[key] + kind)
            assert set(versions) <= set(schema.versions), schema.name
            assert schema.flexible == find_message(API_NAMES[key] + "Request").flexible


def test_every_version_of_a_schema_is_of_one_of_them() -> None:
    """All but InitProducerId 6, which Kafka 4.3 hides as unstable."""
    extra = {
        (name, version)
        for key, name in API_NAMES.items()
        for version in find_message(f"{name}Request").versions
        if not any(version in SERVED[kafka][key] for kafka in KAFKA_VERSIONS)
    }
    assert extra == {("InitProducerId", 6)}


def test_produce_is_advertised_from_zero() -> None:
    assert ADVERTISED["4.3"][0] == range(14) and SERVED["4.3"][0] == range(3, 14)
    assert {key: ADVERTISED["4.3"][key] for key in SERVED["4.3"] if key} == {
        key: versions for key, versions in SERVED["4.3"].items() if key
    }
    assert ADVERTISED["3.9"] == SERVED["3.9"]


def test_headers() -> None:
    fetch, handshake, versions = (
        API_KEYS[name] for name in ("Fetch", "SaslHandshake", "ApiVersions")
    )
    assert [request_header_version(fetch, version) for version in (0, 11, 12, 99)] == [1, 1, 2, 2]
    assert [response_header_version(fetch, version) for version in (11, 12)] == [0, 1]
    assert [request_header_version(handshake, version) for version in (0, 1, 9)] == [1, 1, 1]
    assert [request_header_version(versions, version) for version in (2, 3, 99)] == [1, 2, 2]
    assert {response_header_version(versions, version) for version in range(6)} == {0}
    with pytest.raises(KeyError):
        request_header_version(99, 0)
