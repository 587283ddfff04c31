"""What the shipped tests ask for: a client of each protocol."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance.drivers.amqp.tester import AmqpTester
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.patterns.tester import PatternTester
from conformance.drivers.registry import DRIVERS
from conformance.drivers.tester import Tester
from conformance.requirements.marker import MARKER
from conformance.runner.session import RunSession


@contextmanager
def _tester(request: pytest.FixtureRequest, protocol: str) -> Iterator[Tester]:
    session: RunSession = request.config.stash[RunSession.KEY]
    marker = request.node.get_closest_marker(MARKER)
    requirement = session.requirements[marker.args[0]]
    number = zlib.crc32(request.node.nodeid.encode())
    tester = DRIVERS[protocol].tester(
        session.target,
        f"tck-{session.options.nonce}-{number:08x}-",
        requirement.outcomes_for(session.dialect_version(protocol)),
        time.monotonic() + session.options.test_limit_s,
        session.options.answer_within_s,
    )
    request.node.stash[RunSession.TESTER] = tester
    yield tester
    tester.close()


@pytest.fixture
def amqp(request: pytest.FixtureRequest) -> Iterator[AmqpTester]:
    """A client of the AMQP broker under test."""
    with _tester(request, "amqp") as tester:
        assert isinstance(tester, AmqpTester)
        yield tester


@pytest.fixture
def kafka(request: pytest.FixtureRequest) -> Iterator[KafkaTester]:
    """A client of the Kafka broker under test."""
    with _tester(request, "kafka") as tester:
        assert isinstance(tester, KafkaTester)
        yield tester


@pytest.fixture
def patterns(request: pytest.FixtureRequest) -> Iterator[PatternTester]:
    """A user of the library under test."""
    with _tester(request, "patterns") as tester:
        assert isinstance(tester, PatternTester)
        yield tester
