"""Whether a queue can be declared with an argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester


def check_accepted(amqp: AmqpTester, arguments: Mapping[str, Any]) -> None:
    """The queue can be declared, and declared again in the same way."""
    queue = amqp.queue_name()
    channel = amqp.channel()
    for _ in range(2):
        channel.declare_queue(queue, exclusive=True, arguments=arguments)
    channel.delete_queue(queue)


def check_refused(amqp: AmqpTester, arguments: Mapping[str, Any]) -> None:
    """The declaration closes its channel with 406 and leaves no queue behind."""
    queue = amqp.queue_name()
    with expect.channel_error(406):
        amqp.channel().declare_queue(queue, exclusive=True, arguments=arguments)
    with expect.channel_error(404):
        amqp.channel().declare_queue(queue, passive=True)


def check_argument(amqp: AmqpTester, name: str, value: Any, *, valid: bool) -> None:
    """A queue with this argument is accepted exactly if the value is valid."""
    (check_accepted if valid else check_refused)(amqp, {name: value})


NO_INTEGERS = ("1", "", True, None, [1], {"ms": 1})
"""Values of other types, for arguments that must be integers."""
