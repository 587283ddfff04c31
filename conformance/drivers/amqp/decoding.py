"""AMQP frames as text, for transcripts. Decoding is pika's, with a dump where pika gives up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pika import frame, spec

from conformance.drivers.transcript import Decoder

_HEADER_SIZE = 8
_SHOWN_OCTETS = 64


def new_decoder() -> Decoder:
    """A decoder for transcripts; AMQP's frames can be read without those before them."""
    return lambda _connection, _direction, octets: decode_frames(octets)


def decode_frames(octets: bytes) -> Iterator[tuple[str, bytes]]:
    """Split octets into frames; yields (text, octets) for each whole one."""
    position = 0
    if octets[:4] == b"AMQP" and len(octets) >= _HEADER_SIZE:
        yield f"protocol header {octets[:_HEADER_SIZE]!r}", octets[:_HEADER_SIZE]
        position = _HEADER_SIZE
    while len(octets) - position >= 8:
        end = position + 8 + int.from_bytes(octets[position + 3 : position + 7], "big")
        if end > len(octets):
            return
        whole = octets[position:end]
        yield describe_frame(whole), whole
        position = end


def describe_frame(octets: bytes) -> str:
    """One frame in words, such as "1 queue.declare queue=q durable=True"."""
    channel = int.from_bytes(octets[1:3], "big")
    try:
        _, decoded = frame.decode_frame(octets)
    except Exception as error:  # whatever pika stumbles over
        return f"{channel} type {octets[0]} not decodable ({type(error).__name__})"
    if decoded is None:
        return f"{channel} type {octets[0]}, {len(octets)} octets"
    if isinstance(decoded, frame.Method):
        return f"{channel} {describe_method(decoded.method)}"
    if isinstance(decoded, frame.Header):
        return f"{channel} header size={decoded.body_size}{_properties(decoded.properties)}"
    if isinstance(decoded, frame.Body):
        body = decoded.fragment
        more = f"... ({len(body)} octets)" if len(body) > _SHOWN_OCTETS else ""
        return f"{channel} body {body[:_SHOWN_OCTETS]!r}{more}"
    return f"{channel} heartbeat"


def describe_method(method: Any) -> str:
    """A method with its fields; those that are empty or false are left out."""
    words = "".join(f"-{c.lower()}" if c.isupper() else c for c in type(method).__name__)
    class_name = method.NAME.split(".")[0].lower()
    fields = [
        f"{name}={value!r}"
        for name, value in sorted(vars(method).items())
        if value not in (None, "", False, {}, b"") and name != "ticket"
    ]
    return " ".join([f"{class_name}.{words.lstrip('-')}", *fields])


def _properties(properties: spec.BasicProperties) -> str:
    present = {k: v for k, v in vars(properties).items() if v is not None}
    return "".join(f" {name}={value!r}" for name, value in sorted(present.items()))
