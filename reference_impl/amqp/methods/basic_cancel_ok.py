"""basic.cancel-ok (60.31)

Versions   Up to 4.2 a client must not send it. 4.3 takes it as the answer to the basic.cancel that
           it sends when a consumer times out.
Behaviour  Stops the consumer. If there is none the channel process crashes, which closes the
           connection.
Deviations None known.
Source     rabbit_channel:handle_method, cancel_consumer; observed on 3.10.8, 4.0.5 and 4.3.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.errors import CommandInvalid, InternalError

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.cancel-ok"


def handle(channel: ChannelSession, consumer_tag: str) -> None:
    core = channel.channel
    if not core.vhost.dialect.takes_cancel_ok:
        raise CommandInvalid("unimplemented method")
    if consumer_tag not in core.consumers:
        raise InternalError("")
    core.cancel(consumer_tag)
