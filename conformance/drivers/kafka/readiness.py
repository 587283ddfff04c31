"""Whether a broker lets a Kafka client in, which Kafka it claims to be, and what it serves."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Any

from kafka.protocol.metadata import ApiVersionsRequest, MetadataRequest

from conformance.drivers.kafka.endpoint import KafkaEndpoint
from conformance.drivers.kafka.messages import new_decoder
from conformance.drivers.kafka.raw import RawKafka
from conformance.drivers.transcript import Transcript
from conformance.errors import (
    BrokenPromise,
    ConnectionClosed,
    HandshakeBroken,
    NoAnswer,
    TargetError,
    TargetHung,
)
from conformance.targets.model import Identity, Target

ALIVE_WITHIN_S = 10.0
"""How long ApiVersions and Metadata may take together; the slowest seen took 0.6 s, from a node
that was just starting."""

PRODUCE, FETCH, LIST_OFFSETS, CREATE_TOPICS, INIT_PRODUCER_ID = 0, 1, 2, 19, 22
END_TXN, DESCRIBE_LOG_DIRS = 26, 35

MARKS = (
    ("4.3", DESCRIBE_LOG_DIRS, 5),
    ("4.2", LIST_OFFSETS, 11),
    ("4.1", PRODUCE, 13),
    ("4.0", LIST_OFFSETS, 10),
    ("3.9", FETCH, 17),
)
"""The version that first served an API in a version. A broker does not say which Kafka it is; what
it serves is what clients go by, and what it claims (kafka-python: BROKER_API_VERSIONS)."""

Ranges = Mapping[int, tuple[int, int]]
"""Least and largest version of each API."""


def api_versions(raw: RawKafka) -> Ranges:
    """Ask which APIs the broker serves, in the version that every broker has."""
    response = raw.call(ApiVersionsRequest(), 0)
    if response.error_code != 0:
        raise ConnectionClosed(response.error_code, "ApiVersions v0 is refused")
    return {one.api_key: (one.min_version, one.max_version) for one in response.api_keys}


def knock(name: str, endpoint: KafkaEndpoint) -> None:
    """Ask for the versions once, and for the brokers. Raises TargetError."""
    raw = _connect(name, endpoint)
    try:
        _ask(name, raw)
    finally:
        raw.close()


check_answers = knock


def probe(target: Target) -> Identity:
    """Say which Kafka the broker claims to be, and fill in `target.capabilities.probed`.

    Raises TargetError if the broker cannot be reached or does not answer.
    """
    raw = _connect(target.name, target.kafka)
    try:
        served = _ask(target.name, raw)
    finally:
        raw.close()
    probed = target.capabilities.probed
    probed["idempotence"] = INIT_PRODUCER_ID in served
    probed["topic-settings"] = CREATE_TOPICS in served
    probed["transactions"] = END_TXN in served
    return Identity("Kafka", target.version or claimed_version(served))


def claimed_version(served: Ranges) -> str:
    """The newest Kafka whose mark is there; empty for one that is older than all of them."""
    for version, api_key, newest in MARKS:
        if served.get(api_key, (0, -1))[1] >= newest:
            return version
    return ""


def _connect(name: str, endpoint: KafkaEndpoint) -> RawKafka:
    try:
        socket.getaddrinfo(endpoint.host, endpoint.port)
    except socket.gaierror as error:
        raise TargetError(
            f"target {name}: the host name {endpoint.host!r} cannot be resolved; check the address"
        ) from error
    try:
        raw = RawKafka(endpoint, Transcript(new_decoder), 0, ALIVE_WITHIN_S)
    except ConnectionClosed as error:
        raise TargetError(
            f"target {name}: nothing listens at {endpoint.address} ({error.__cause__}); start the "
            "broker, or check host and port"
        ) from error
    raw.deadline_s = time.monotonic() + ALIVE_WITHIN_S
    return raw


def _ask(name: str, raw: RawKafka) -> Ranges:
    address = raw.endpoint.address
    try:
        served = api_versions(raw)
        metadata: Any = raw.call(MetadataRequest(topics=[]), 1)
    except NoAnswer as error:
        raise TargetHung(
            f"target {name}: {address} accepts connections but does not give {error.what} within "
            f"{ALIVE_WITHIN_S:g} s; is it hung, or no Kafka broker?"
        ) from error
    except ConnectionClosed as error:
        raise TargetError(
            f"target {name}: {address} closes the connection of a Kafka client; is it a Kafka "
            "broker, without TLS and SASL?"
        ) from error
    except BrokenPromise as error:
        raise HandshakeBroken(
            f"target {name}: what {address} says to a Kafka client cannot be understood: {error}"
        ) from error
    if not metadata.brokers:
        raise TargetError(f"target {name}: {address} tells of no broker that clients could use")
    return served
