"""Virtual hosts: apart from each other, and closed to strangers."""

from weakref import WeakKeyDictionary

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.access.users import NOBODY
from conformance.targets.model import Target

OTHER = "tck-other"
_created: WeakKeyDictionary[Target, Endpoint] = WeakKeyDictionary()


def _other_vhost(amqp: AmqpTester) -> str:
    """The name of a second virtual host, which is created when first needed."""
    if _created.get(amqp.target) != amqp.endpoint:
        amqp.target.create_vhost(OTHER)
        _created[amqp.target] = amqp.endpoint
    return OTHER


@requirement("amqp.access.vhosts-are-apart")
@holds_for(
    cost=4,
    steps=st.lists(
        st.tuples(st.booleans(), st.sampled_from(["default", "fanout", "unbind", "purge"])),
        min_size=2,
        max_size=8,
    ),
)
def test_equal_names_in_two_virtual_hosts_are_different_things(
    amqp: AmqpTester, steps: list[tuple[bool, str]]
) -> None:
    queue, exchange = amqp.queue_name(), amqp.exchange_name()
    channels = [amqp.admin, amqp.connect(virtual_host=_other_vhost(amqp)).channel()]
    for channel in channels:
        channel.declare_exchange(exchange, "fanout")
        channel.declare_queue(queue, exclusive=True)
        channel.bind(queue, exchange)
    expected: list[list[str]] = [[], []]
    bound = [True, True]
    for number, (other, step) in enumerate(steps):
        body = f"message {number}"
        if step == "purge":
            expect.equal(channels[other].purge(queue), len(expected[other]), "purged messages")
            expected[other].clear()
        elif step == "unbind":
            channels[other].unbind(queue, exchange)
            bound[other] = False
        else:
            channels[other].publish("" if step == "default" else exchange, queue, body)
            if step == "default" or bound[other]:
                expected[other].append(body)
    _expect_messages(channels, queue, expected)
    channels[1].delete_exchange(exchange)
    channels[0].declare_exchange(exchange, passive=True)


def _expect_messages(channels: list[Channel], queue: str, expected: list[list[str]]) -> None:
    for name, channel, bodies in zip(("one", "the other"), channels, expected, strict=True):
        received = [message.text for message in channel.drain(queue)]
        expect.equal(received, bodies, f"messages in {name} virtual host")


@requirement("amqp.access.vhost-needs-permission")
def test_a_virtual_host_is_closed_to_users_without_permissions(amqp: AmqpTester) -> None:
    other = _other_vhost(amqp)
    NOBODY.connect(amqp)
    with expect.connection_error(530):
        amqp.connect(username=NOBODY.name, password=NOBODY.password, virtual_host=other)
    amqp.connect(virtual_host=other)
