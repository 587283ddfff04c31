"""tx.rollback (90.30)

Versions   All.
Behaviour  Forgets the publishes; settled deliveries are unacknowledged again.
Deviations None known.
Source     XML tx.rollback; docs: semantics; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "tx.rollback"


def handle(channel: ChannelSession) -> None:
    channel.channel.require_transaction().rollback()
    channel.reply("tx.rollback-ok")
