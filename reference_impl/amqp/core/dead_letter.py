"""Dead-lettering: what is recorded of a death, and where the message goes then.

Source: rabbit_dead_letter.erl and mc.erl (4.x), rabbit_dead_letter.erl (3.10), docs: dlx.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import TYPE_CHECKING, Any, NamedTuple

from reference_impl.amqp.core.message import Content, Message
from reference_impl.amqp.fields import INTEGER_TYPES, Field, Properties, Table, longstr

if TYPE_CHECKING:
    from reference_impl.amqp.core.queues import Queue
    from reference_impl.amqp.core.vhost import VirtualHost

MAX_DEATHS = 2**63 - 2
"""So that one more still is a signed integer of 64 bits."""


class Death(NamedTuple):
    """All deaths of a message in one queue for one reason; the rest is that of the first."""

    queue: str
    reason: str
    times: int
    time_s: int
    exchange: str
    routing_keys: tuple[str, ...]
    original_expiration: str | None

    def to_table(self) -> Table:
        table = (
            {}
            if self.original_expiration is None
            else {"original-expiration": longstr(self.original_expiration)}
        )
        table.update(
            {
                "count": Field("long", self.times),
                "reason": longstr(self.reason),
                "queue": longstr(self.queue),
                "time": Field("timestamp", self.time_s),
                "exchange": longstr(self.exchange),
                "routing-keys": Field("array", [longstr(key) for key in self.routing_keys]),
            }
        )
        return table


class DeadLetters:
    """Dead messages of one virtual host on their way to their dead-letter exchanges.

    Messages wait in line rather than being published from inside the queue that buries them, so
    that chains of queues of any length cost no stack; `publish_all` empties the line.
    """

    def __init__(self, vhost: VirtualHost) -> None:
        self._vhost = vhost
        self._line: deque[tuple[Queue, Message, str, int]] = deque()
        self._publishing = False

    def add(self, queue: Queue, message: Message, reason: str, delivery_count: int) -> None:
        """Dead-letter `message`, which died in `queue` of "rejected", "expired" or "maxlen".

        `delivery_count` goes along where versions keep it."""
        self._line.append((queue, message, reason, delivery_count))
        if not self._publishing:
            self._publish_all()

    def _publish_all(self) -> None:
        self._publishing = True
        try:
            while self._line:
                self._publish(*self._line.popleft())
        finally:
            self._publishing = False

    def _publish(self, queue: Queue, message: Message, reason: str, delivery_count: int) -> None:
        """Route one dead message; a missing exchange or an unroutable key drops it."""
        exchange = self._vhost.exchanges.get(queue.dead_letter_exchange or "")
        if queue.dead_letter_exchange is None or exchange is None:
            return
        deaths = self._record(queue, message, reason)
        key = queue.dead_letter_routing_key
        dead = Message(
            exchange.name,
            message.routing_keys if key is None else (key,),
            self._content_with(message, deaths, key is not None),
            message.body,
            deaths=deaths,
            delivery_count=delivery_count if self._vhost.dialect.dead_letters_keep_count else 0,
        )
        for target in exchange.route(dead):
            if reason == "rejected" or not is_cycle(target.name, deaths):
                target.publish(dead)

    def _record(self, queue: Queue, message: Message, reason: str) -> tuple[Death, ...]:
        """Return the deaths of the message, most recent first, this one included."""
        dialect = self._vhost.dialect
        earlier: tuple[Death, ...] = message.deaths or ()
        if not earlier and dialect.honours_published_x_death:
            earlier = deaths_in(message.content.properties.headers)
        same = [d for d in earlier if (d.queue, d.reason) == (queue.name, reason)]
        if same:
            newest = same[0]._replace(times=same[0].times + 1)
        else:
            newest = Death(
                queue.name,
                reason,
                1,
                self._vhost.clock.now_ms() // 1000,
                message.exchange,
                _without(message.routing_keys, message.content.bcc_keys),
                message.content.properties.expiration,
            )
        others = [d for d in earlier if d not in same]
        if dialect.turns_earlier_deaths_around:
            others.reverse()
        return newest, *others

    def _content_with(self, message: Message, deaths: tuple[Death, ...], has_key: bool) -> Content:
        """Return the properties with x-death and its companions, and without expiration."""
        properties: Properties = message.content.properties
        headers = dict(properties.headers or {})
        newest = deaths[0]
        continued = self._vhost.dialect.honours_published_x_death and "x-death" in headers
        if message.deaths is None and not continued:
            headers["x-first-death-reason"] = longstr(newest.reason)
            headers["x-first-death-queue"] = longstr(newest.queue)
            headers["x-first-death-exchange"] = longstr(message.exchange)
        if self._vhost.dialect.last_death_headers:
            headers["x-last-death-reason"] = longstr(newest.reason)
            headers["x-last-death-queue"] = longstr(newest.queue)
            headers["x-last-death-exchange"] = longstr(message.exchange)
        headers["x-death"] = Field("array", [Field("table", d.to_table()) for d in deaths])
        if has_key and self._vhost.dialect.cc_dropped_with_dead_letter_key:
            headers.pop("CC", None)
        content = Content(properties.replace(headers=headers, expiration=None))
        content.bcc_keys = message.content.bcc_keys  # still hidden from the next death
        return content


def _without(keys: tuple[str, ...], hidden: tuple[str, ...]) -> tuple[str, ...]:
    """Return `keys` without one occurrence of each of `hidden` (mc:record_death)."""
    shown = list(keys)
    for key in hidden:
        if key in shown:
            shown.remove(key)
    return tuple(shown)


def is_cycle(target: str, deaths: tuple[Death, ...]) -> bool:
    """Whether `target` was left before and nobody rejected the message since: then it is dropped.

    `deaths` is most recent first (mc:is_cycle_v2).
    """
    for position, death in enumerate(deaths):
        if death.queue == target:
            return all(d.reason != "rejected" for d in deaths[: position + 1])
    return False


def deaths_in(headers: Table | None) -> tuple[Death, ...]:
    """Read the deaths out of an x-death header; whatever is not of its form is left out."""
    field = (headers or {}).get("x-death")
    if field is None or field.type != "array":
        return ()
    deaths = [_death_in(item.value) for item in field.value if item.type == "table"]
    return tuple(death for death in deaths if death is not None)


def _death_in(table: Table) -> Death | None:
    """Read one death; a value of another type than ours counts as missing, as a publisher may have
    written the header. Without queue and reason it is none."""

    def value(name: str, types: Container[str], default: Any) -> Any:
        field = table.get(name)
        return field.value if field is not None and field.type in types else default

    text = ("longstr",)
    queue, reason = value("queue", text, None), value("reason", text, None)
    if queue is None or reason is None:
        return None
    return Death(
        queue,
        reason,
        min(value("count", INTEGER_TYPES, 1), MAX_DEATHS),
        value("time", ("timestamp",), 0),
        value("exchange", text, ""),
        tuple(key.value for key in value("routing-keys", ("array",), ()) if key.type in text),
        value("original-expiration", text, None),
    )
