"""CRC32C."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.kafka.record import crc
from reference_impl.kafka.record.crc import crc32c, crc32c_by_table
from tests.reference_impl.strategies import quick


@pytest.mark.parametrize(
    ("octets", "checksum"),
    [  # RFC 3720 B.4, and the check value of the Castagnoli catalogue
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_vectors(octets: bytes, checksum: int) -> None:
    assert crc32c_by_table(octets) == crc32c(octets) == crc32c(memoryview(octets)) == checksum


@quick
@given(octets=st.binary(max_size=300))
def test_library_and_table_agree(octets: bytes) -> None:
    assert crc32c(octets) == crc32c_by_table(octets)


def test_the_library_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    library = ModuleType("google_crc32c")
    library.value = len  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google_crc32c", library)
    assert crc._find_library() is len
    monkeypatch.setitem(sys.modules, "google_crc32c", None)
    assert crc._find_library() is None
