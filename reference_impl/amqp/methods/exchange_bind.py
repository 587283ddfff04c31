"""exchange.bind (40.30)

Versions   All; an extension of RabbitMQ.
Behaviour  Routes messages of the source on to the destination exchange.
Deviations None known.
Source     docs: e2e; rabbit_channel:binding_action_with_checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.fields import Table

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "exchange.bind"


def handle(
    channel: ChannelSession,
    ticket: int,
    destination: str,
    source: str,
    routing_key: str,
    no_wait: bool,
    arguments: Table,
) -> None:
    core = channel.channel
    core.vhost.bind(core.connection, source, "exchange", destination, routing_key, arguments)
    channel.reply("exchange.bind-ok", no_wait=no_wait)
