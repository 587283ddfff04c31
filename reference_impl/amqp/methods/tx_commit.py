"""tx.commit (90.20)

Versions   Up to 3.12 queues are looked up at commit, later at publish.
Behaviour  Makes publishes and settlements since the last commit or rollback happen.
Deviations None known.
Source     XML tx.commit; docs: semantics; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "tx.commit"


def handle(channel: ChannelSession) -> None:
    channel.channel.require_transaction().commit()
    channel.reply("tx.commit-ok")
