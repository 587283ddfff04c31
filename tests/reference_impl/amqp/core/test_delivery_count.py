"""Whether a dead letter counts as delivered before in its new queue (found by `compare`)."""

from __future__ import annotations

import pytest

from reference_impl.amqp.core.channel import DISCARD, REJECT, REQUEUE, RETURN, Channel
from reference_impl.amqp.core.connection import Connection
from reference_impl.amqp.core.message import Content
from reference_impl.amqp.fields import Field, Properties, longstr
from tests.reference_impl.amqp.core.test_vhost import Sink
from tests.reference_impl.amqp.scripted import new_broker


class Buried:
    """A queue "q" with room for one message, whose dead letters go to "dead"."""

    def __init__(self, version: str) -> None:
        broker = new_broker(version)
        self.connection = Connection(broker.vhosts["/"], broker.users["guest"], frozenset())
        self.channel = self.new_channel(1)
        fate = {
            "x-dead-letter-exchange": longstr(""),
            "x-dead-letter-routing-key": longstr("dead"),
            "x-max-length": Field("signedint", 1),
        }
        for name, arguments in (("dead", {}), ("q", fate)):
            self.channel.vhost.declare_queue(
                self.connection,
                name,
                durable=True,
                exclusive=False,
                auto_delete=False,
                arguments=arguments,
            )

    def new_channel(self, number: int) -> Channel:
        return Channel(self.connection, number, Sink())

    def publish(self) -> None:
        self.channel.publish("", "q", False, Content(Properties()), b"m", None)

    def take(self, channel: Channel) -> int:
        taken = channel.get("q", True)
        assert taken is not None
        return taken[0]

    def redelivered(self) -> bool:
        """What the only message in "dead" says."""
        taken = self.channel.get("dead", False)
        assert taken is not None
        return taken[1].redelivered


@pytest.mark.parametrize(("version", "flagged"), [("3.10", False), ("4.0", False), ("4.3", True)])
def test_rejected(version: str, flagged: bool) -> None:
    buried = Buried(version)
    buried.publish()
    buried.channel.settle(buried.take(buried.channel), False, REJECT)
    assert buried.redelivered() is flagged


@pytest.mark.parametrize("version", ["4.0", "4.3"])
def test_discarded_by_nack(version: str) -> None:
    buried = Buried(version)
    buried.publish()
    buried.channel.settle(buried.take(buried.channel), False, DISCARD)
    assert buried.redelivered() is False


@pytest.mark.parametrize(
    ("version", "outcome", "flagged"),
    [
        ("4.0", RETURN, False),
        ("4.3", RETURN, True),
        ("4.0", REQUEUE, False),
        ("4.3", REQUEUE, False),
    ],
)
def test_dropped_after_a_requeue(version: str, outcome: str, flagged: bool) -> None:
    buried = Buried(version)
    buried.publish()
    buried.channel.settle(buried.take(buried.channel), False, outcome)
    buried.publish()
    assert buried.redelivered() is flagged


def test_refusals_before_confirms_were_selected_are_not_told() -> None:
    channel = Buried("4.3").channel
    channel.rejected.append(1)
    channel.select_confirms()
    assert channel.take_confirms() == ([], [])


@pytest.mark.parametrize(("version", "flagged"), [("4.0", False), ("4.3", True)])
def test_dropped_after_its_channel_ended(version: str, flagged: bool) -> None:
    buried = Buried(version)
    other = buried.new_channel(2)
    buried.publish()
    buried.take(other)
    other.close()
    buried.publish()
    assert buried.redelivered() is flagged
