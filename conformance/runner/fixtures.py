"""What the shipped tests ask for."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import pytest

from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements.marker import MARKER
from conformance.runner.session import RunSession


@pytest.fixture
def amqp(request: pytest.FixtureRequest) -> Iterator[AmqpTester]:
    """A client of the AMQP broker under test."""
    session: RunSession = request.config.stash[RunSession.KEY]
    marker = request.node.get_closest_marker(MARKER)
    requirement = session.requirements[marker.args[0]]
    number = zlib.crc32(request.node.nodeid.encode())
    tester = AmqpTester(
        session.target,
        f"tck-{session.options.nonce}-{number:08x}-",
        requirement.outcomes_for(session.dialect_version),
        time.monotonic() + session.options.test_limit_s,
        session.options.answer_within_s,
    )
    request.node.stash[RunSession.TESTER] = tester
    yield tester
    tester.close()
