"""Arguments of a chosen wire type, where pika chooses one by itself."""

import struct
from dataclasses import dataclass
from typing import Any

from conformance.drivers.amqp.raw import any_frame, method_frame

METHOD_FRAME = 1
EMPTY_TABLE = b"\0\0\0\0"

INTEGERS = {"b": ">b", "B": ">B", "s": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q", "L": ">q"}
"""The type letters of integers (RabbitMQ's, see docs: amqp-0-9-1-errata) and their layouts."""


@dataclass(frozen=True)
class Typed:
    """A value with the letter of its type and its octets."""

    letter: str
    octets: bytes

    @classmethod
    def integer(cls, letter: str, value: int) -> "Typed":
        return cls(letter, struct.pack(INTEGERS[letter], value))

    @classmethod
    def text(cls, value: str) -> "Typed":
        return cls("S", struct.pack(">I", len(value)) + value.encode())


NO_INTEGERS = {
    "text": Typed.text("5"),
    "boolean": Typed("t", b"\1"),
    "float": Typed("f", struct.pack(">f", 5.0)),
    "double": Typed("d", struct.pack(">d", 5.0)),
    "table": Typed("F", EMPTY_TABLE),
    "array": Typed("A", EMPTY_TABLE),
    "void": Typed("V", b""),
}
"""Values that look like the integer 5, or like nothing."""


def with_arguments(channel: int, method: Any, arguments: dict[str, Typed]) -> bytes:
    """The frame of a method whose last field is its table of arguments, made of typed values."""
    table = b"".join(
        bytes((len(name),)) + name.encode() + value.letter.encode() + value.octets
        for name, value in arguments.items()
    )
    payload = bytes(method_frame(channel, method))[7:-1]
    assert payload.endswith(EMPTY_TABLE)
    head = payload[: -len(EMPTY_TABLE)]
    return any_frame(METHOD_FRAME, channel, head + struct.pack(">I", len(table)) + table)
