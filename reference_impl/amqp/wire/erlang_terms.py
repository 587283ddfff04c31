"""How RabbitMQ shows octets and errors in reply texts: Erlang's pretty printer (`~tp`).

Only what occurs in texts of frame errors: binaries of up to 16 octets, and tuples of a tag and
numbers. The printer breaks lines at column 80, also in texts that nobody prints.

Source: rabbit_reader:frame_error; io_lib_pretty of Erlang/OTP 25, compared with it on random input.
"""

from __future__ import annotations

TUPLE_ENDS_BEFORE = 79
"""Column that a tuple must not reach, or its elements go on lines of their own."""

NUMBERS_END_BEFORE = 78
"""Column that the numbers of a binary must not reach, or the next one begins a line."""

SHOWN_OCTETS = 16

_ESCAPES = {
    0x08: "\\b",
    0x09: "\\t",
    0x0A: "\\n",
    0x0B: "\\v",
    0x0C: "\\f",
    0x0D: "\\r",
    0x1B: "\\e",
    0x22: '\\"',
    0x5C: "\\\\",
}


def describe_payload(kind: int, payload: bytes) -> str:
    """Return "type KIND, all octets = <<...>>", with at most 16 of them."""
    lead = "all" if len(payload) <= SHOWN_OCTETS else f"first {SHOWN_OCTETS}"
    text = f"type {kind}, {lead} octets = "
    return text + binary(payload[:SHOWN_OCTETS], len(text))


def binary(octets: bytes, column: int) -> str:
    """Return octets as a term that begins at `column`: as a string if all of it can be printed."""
    return _string(octets) or _numbers(octets, column)


def write_octets(octets: bytes) -> str:
    """Return octets as numbers on one line (`~w`)."""
    return f"<<{','.join(map(str, octets))}>>"


def tagged(tag: str, *numbers: int, after: str) -> str:
    """Return the tuple {tag,number,...} as it is printed after the text `after`."""
    flat = f"{{{tag},{','.join(map(str, numbers))}}}"
    column = len(after) - (after.rfind("\n") + 1)
    if column + len(flat) < TUPLE_ENDS_BEFORE:
        return flat
    return flat.replace(",", ",\n" + " " * (column + 1))


def _string(octets: bytes) -> str | None:
    try:
        text, mark = octets.decode(), "/utf8"
    except UnicodeDecodeError:
        text, mark = octets.decode("latin-1"), ""
    if not text or not all(_printable(ord(character)) for character in text):
        return None
    escaped = "".join(_ESCAPES.get(ord(character), character) for character in text)
    return f'<<"{escaped}"{"" if text.isascii() else mark}>>'


def _printable(code: int) -> bool:
    return 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xFF or code in _ESCAPES


def _numbers(octets: bytes, column: int) -> str:
    lines = [""]
    room = NUMBERS_END_BEFORE - column - 1
    for index, octet in enumerate(octets):
        word = f"{octet}," if index < len(octets) - 1 else str(octet)
        if lines[-1] and len(lines[-1]) + len(word) > room:
            lines.append("")
        lines[-1] += word
    return "<<" + ("\n" + " " * (column + 2)).join(lines) + ">>"
