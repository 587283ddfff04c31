"""What a session asks of its connection."""

from __future__ import annotations

from reference_impl.kafka.session import KafkaSession
from tests.reference_impl.kafka.client import new_broker


def test_a_connection_is_read_again_once_its_client_takes_answers() -> None:
    asked: list[bool] = []
    session = KafkaSession(new_broker(), lambda: asked.append(session.reading))
    session.set_transport_full(True)
    assert not session.reading
    session.set_transport_full(False)
    assert asked == [True]
