"""AMQP 0-9-1 as RabbitMQ speaks it: frames, classes, methods and their fields, as data.

Source: the AMQP 0-9-1 XML with RabbitMQ's extensions (amqp-rabbitmq-0.9.1.json): exchange.bind and
unbind, basic.nack, basic.recover-async, connection.blocked, unblocked and update-secret, the
confirm class, access.request.
"""

from __future__ import annotations

from typing import NamedTuple

FRAME_METHOD = 1
FRAME_HEADER = 2
FRAME_BODY = 3
FRAME_HEARTBEAT = 8
FRAME_END = 0xCE

FRAME_OVERHEAD = 8
"""Octets of a frame beside its payload: type, channel, size and end marker (spec 4.2.3)."""

METHOD_HEAD_SIZE = 4
"""Least payload of a method frame: class and method id."""

CONTENT_HEAD_SIZE = 12
"""Least payload of a content header frame: class id, weight and body size."""

CLASS_BASIC = 60

REPLY_NO_ROUTE = (312, "NO_ROUTE")


class MethodSpec(NamedTuple):
    """One method: who may send it ("client", "server" or "both") and its fields in wire order."""

    name: str
    class_id: int
    method_id: int
    sender: str
    has_content: bool
    fields: tuple[tuple[str, str], ...]

    @property
    def key(self) -> bytes:
        """Class and method id: the first four octets of the payload."""
        return (self.class_id << 16 | self.method_id).to_bytes(4, "big")


_TEXT = """
connection 10
  s 10 start           version_major:octet version_minor:octet server_properties:table
                       mechanisms:longstr locales:longstr
  c 11 start-ok        client_properties:table mechanism:shortstr response:longstr locale:shortstr
  s 20 secure          challenge:longstr
  c 21 secure-ok       response:longstr
  s 30 tune            channel_max:short frame_max:long heartbeat:short
  c 31 tune-ok         channel_max:short frame_max:long heartbeat:short
  c 40 open            virtual_host:shortstr reserved_1:shortstr reserved_2:bit
  s 41 open-ok         reserved_1:shortstr
  b 50 close           reply_code:short reply_text:shortstr class_id:short method_id:short
  b 51 close-ok
  s 60 blocked         reason:shortstr
  s 61 unblocked
  c 70 update-secret   new_secret:longstr reason:shortstr
  s 71 update-secret-ok
channel 20
  c 10 open            reserved_1:shortstr
  s 11 open-ok         reserved_1:longstr
  b 20 flow            active:bit
  b 21 flow-ok         active:bit
  b 40 close           reply_code:short reply_text:shortstr class_id:short method_id:short
  b 41 close-ok
access 30
  c 10 request         realm:shortstr exclusive:bit passive:bit active:bit write:bit read:bit
  s 11 request-ok      ticket:short
exchange 40
  c 10 declare         ticket:short exchange:shortstr type:shortstr passive:bit durable:bit
                       auto_delete:bit internal:bit no_wait:bit arguments:table
  s 11 declare-ok
  c 20 delete          ticket:short exchange:shortstr if_unused:bit no_wait:bit
  s 21 delete-ok
  c 30 bind            ticket:short destination:shortstr source:shortstr routing_key:shortstr
                       no_wait:bit arguments:table
  s 31 bind-ok
  c 40 unbind          ticket:short destination:shortstr source:shortstr routing_key:shortstr
                       no_wait:bit arguments:table
  s 51 unbind-ok
queue 50
  c 10 declare         ticket:short queue:shortstr passive:bit durable:bit exclusive:bit
                       auto_delete:bit no_wait:bit arguments:table
  s 11 declare-ok      queue:shortstr message_count:long consumer_count:long
  c 20 bind            ticket:short queue:shortstr exchange:shortstr routing_key:shortstr
                       no_wait:bit arguments:table
  s 21 bind-ok
  c 30 purge           ticket:short queue:shortstr no_wait:bit
  s 31 purge-ok        message_count:long
  c 40 delete          ticket:short queue:shortstr if_unused:bit if_empty:bit no_wait:bit
  s 41 delete-ok       message_count:long
  c 50 unbind          ticket:short queue:shortstr exchange:shortstr routing_key:shortstr
                       arguments:table
  s 51 unbind-ok
basic 60
  c 10 qos             prefetch_size:long prefetch_count:short global_:bit
  s 11 qos-ok
  c 20 consume         ticket:short queue:shortstr consumer_tag:shortstr no_local:bit no_ack:bit
                       exclusive:bit no_wait:bit arguments:table
  s 21 consume-ok      consumer_tag:shortstr
  b 30 cancel          consumer_tag:shortstr no_wait:bit
  b 31 cancel-ok       consumer_tag:shortstr
  c 40 publish +       ticket:short exchange:shortstr routing_key:shortstr mandatory:bit
                       immediate:bit
  s 50 return +        reply_code:short reply_text:shortstr exchange:shortstr routing_key:shortstr
  s 60 deliver +       consumer_tag:shortstr delivery_tag:longlong redelivered:bit
                       exchange:shortstr routing_key:shortstr
  c 70 get             ticket:short queue:shortstr no_ack:bit
  s 71 get-ok +        delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr
                       message_count:long
  s 72 get-empty       cluster_id:shortstr
  b 80 ack             delivery_tag:longlong multiple:bit
  c 90 reject          delivery_tag:longlong requeue:bit
  c 100 recover-async  requeue:bit
  c 110 recover        requeue:bit
  s 111 recover-ok
  b 120 nack           delivery_tag:longlong multiple:bit requeue:bit
confirm 85
  c 10 select          no_wait:bit
  s 11 select-ok
tx 90
  c 10 select
  s 11 select-ok
  c 20 commit
  s 21 commit-ok
  c 30 rollback
  s 31 rollback-ok
"""
"""Class lines stand at the margin; a method line gives sender (client, server, both), method id,
name, '+' for content, and its fields; a line that starts with a field continues the one above."""

_SENDERS = {"c": "client", "s": "server", "b": "both"}


def _parse(text: str) -> dict[str, MethodSpec]:
    specs: dict[str, MethodSpec] = {}
    class_name, class_id = "", 0
    for line in text.replace("\n                       ", " ").splitlines():
        words = line.split()
        if not words:
            continue
        if not line.startswith(" "):
            class_name, class_id = words[0], int(words[1])
            continue
        sender, method_id, name, *rest = words
        has_content = rest[:1] == ["+"]
        fields = tuple(
            (field, kind) for field, kind in (word.split(":") for word in rest[has_content:])
        )
        full_name = f"{class_name}.{name}"
        specs[full_name] = MethodSpec(
            full_name, class_id, int(method_id), _SENDERS[sender], has_content, fields
        )
    return specs


METHODS: dict[str, MethodSpec] = _parse(_TEXT)
"""Every method by its full name, such as "queue.declare-ok"."""

METHODS_BY_KEY: dict[bytes, MethodSpec] = {spec.key: spec for spec in METHODS.values()}
