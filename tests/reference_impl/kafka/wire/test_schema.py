"""The notation of messages."""

from __future__ import annotations

import pytest

from reference_impl.kafka.wire.schema import MESSAGE_NAMES, find_message, parse_message

TEXT = """\
Sample 1-5 flexible 4+
  name    string? 2+ = null ignorable
  title   string?3+ rigid
  items   []
    id      uuid 2-3
    sizes   [int32]?
  extra   {} 4+ tag 1
    flag    bool = true
  count   int32 = -2
  limit   int64 = 0x7fffffff
  payload  records?
"""


def test_what_the_notation_says() -> None:
    sample = parse_message(TEXT.splitlines())
    name, title, items, extra, count, limit, payload = sample.fields
    assert (sample.name, sample.versions, sample.flexible) == ("Sample", range(1, 6), range(4, 6))
    assert (name.type, name.versions, name.nullable) == ("string", range(2, 6), range(2, 6))
    assert (name.default, name.is_ignorable, name.is_rigid, name.tag) == (None, True, False, None)
    assert (title.versions, title.nullable, title.default) == (range(1, 6), range(3, 6), "")
    assert (title.is_rigid, title.is_ignorable) == (True, False)
    assert (items.type, items.is_array, items.default) == ("struct", True, [])
    identifier, sizes = items.fields
    assert (identifier.versions, identifier.default) == (range(2, 4), bytes(16))
    assert (sizes.type, sizes.is_array, sizes.nullable) == ("int32", True, range(1, 6))
    assert (extra.tag, extra.is_array, extra.default) == (1, False, {"flag": True})
    assert extra.fields[0].versions == range(4, 6)
    assert (count.default, limit.default, payload.default) == (-2, 0x7FFFFFFF, None)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["Sample 0 stiff 0+"], "what is 'stiff'"),
        (["Sample 0", "    a  int8"], "indented too far"),
        (["Sample 0", "  a  int8 = 1 2"], "what is"),
        (["Sample 0", "  a  int8 soft"], "what is 'soft'"),
        (["Sample 0", "  a  []"], "a struct has fields"),
        (["Sample 0", "  a  int8", "    b  int8"], "a struct has fields"),
        (["Sample 0 flexible 0+", "  a  {}? tag 0", "    b  int8"], "yet another way"),
    ],
)
def test_slips_in_the_notation_are_found(lines: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_message(lines)


def test_every_text_can_be_read() -> None:
    assert len(MESSAGE_NAMES) == len(set(MESSAGE_NAMES)) == 78
    for name in MESSAGE_NAMES:
        message = find_message(name)
        assert message.name == name
        for field in message.fields:
            assert field.versions
            assert field.tag is None or set(field.versions) <= set(message.flexible)
