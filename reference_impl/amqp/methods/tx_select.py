"""tx.select (90.10)

Versions   All.
Behaviour  Makes the channel transactional; not together with confirms.
Deviations None known.
Source     XML tx.select; docs: semantics; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "tx.select"


def handle(channel: ChannelSession) -> None:
    channel.channel.select_transactions()
    channel.reply("tx.select-ok")
