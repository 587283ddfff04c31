"""exchange.declare (40.10)

Versions   An unknown type is 503 for the connection up to 3.12 and 406 for the channel later. The
           types x-local-random (4.0) and x-modulus-hash (4.3) came later.
Behaviour  Creates an exchange, or checks that an equivalent one exists; passive only checks that
           one of that name exists.
Deviations x-local-random takes turns; x-modulus-hash has a hash of its own.
Source     XML exchange.declare; rabbit_channel:handle_method, rabbit_exchange.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.fields import Table

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "exchange.declare"


def handle(
    channel: ChannelSession,
    ticket: int,
    exchange: str,
    type_: str,
    passive: bool,
    durable: bool,
    auto_delete: bool,
    internal: bool,
    no_wait: bool,
    arguments: Table,
) -> None:
    core = channel.channel
    if passive:
        core.vhost.check_exchange_exists(core.connection, exchange)
    else:
        core.vhost.declare_exchange(
            core.connection,
            exchange,
            type_,
            durable=durable,
            auto_delete=auto_delete,
            internal=internal,
            arguments=arguments,
        )
    channel.reply("exchange.declare-ok", no_wait=no_wait)
