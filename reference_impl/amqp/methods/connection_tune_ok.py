"""connection.tune-ok (10.31)

Versions   The least frame-max is 4096 up to 4.0 and 8192 from 4.1.
Behaviour  Takes the client's choice; a value above the proposed one, below the minimum, or 0 where
           a limit was proposed ends the connection without a word.
Deviations It ends after 0.05 s rather than 3 s.
Source     XML tune-ok; rabbit_reader:validate_negotiated_integer_value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.limits import CHANNEL_MAX, FRAME_MAX
from reference_impl.errors import NotAllowed

if TYPE_CHECKING:
    from reference_impl.amqp.session import AmqpSession

METHOD = "connection.tune-ok"


def handle(session: AmqpSession, channel_max: int, frame_max: int, heartbeat: int) -> None:
    _check("frame_max", frame_max, session.dialect.frame_min_size, FRAME_MAX)
    _check("channel_max", channel_max, 1, CHANNEL_MAX)
    session.frame_max = frame_max
    session.channel_max = channel_max
    session.heartbeat_ms = heartbeat * 1000
    session.state = "opening"


def _check(name: str, value: int, minimum: int, maximum: int) -> None:
    if 0 < value < minimum:
        raise NotAllowed(
            f"negotiated {name} = {value} is lower than the minimum allowed value ({minimum})"
        )
    if value == 0 or value > maximum:
        detail = " (no limit)" if value == 0 else ""
        raise NotAllowed(
            f"negotiated {name} = {value}{detail} is higher than the maximum allowed value "
            f"({maximum})"
        )
