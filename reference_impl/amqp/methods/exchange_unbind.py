"""exchange.unbind (40.40)

Versions   All; an extension of RabbitMQ.
Behaviour  Removes such a route; whatever does not exist is no error.
Deviations None known.
Source     docs: e2e; rabbit_channel:binding_action_with_checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.fields import Table

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "exchange.unbind"


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
    core.vhost.unbind(core.connection, source, "exchange", destination, routing_key, arguments)
    channel.reply("exchange.unbind-ok", no_wait=no_wait)
