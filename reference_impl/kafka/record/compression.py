"""Payloads of batches, compressed and not; by cramjam where it is installed, gzip always.

Snappy comes in the framing of Xerial's Java library, as Kafka's clients write it.

Source: CompressionType; SnappyOutputStream of snappy-java.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

from reference_impl.kafka.errors import Malformed
from reference_impl.kafka.record.batches import COMPRESSIONS, HEADER_SIZE, BatchHeader

cramjam: Any
try:
    import cramjam
except ImportError:
    cramjam = None

MAX_DECOMPRESSED = 256 * 1024 * 1024
"""Octets; more than this is taken for a bomb."""

_XERIAL = b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1)
_XERIAL_BLOCK = 32 * 1024

_LZ4_FRAME = b"\x04\x22\x4d\x18\x60\x40\x82"
"""Magic; version 1 with independent blocks; blocks of up to 64 KiB; checksum of these two."""

_LZ4_BLOCK = 64 * 1024
_LZ4_SIZE = struct.Struct("<I")
_LZ4_STORED = 1 << 31
"""Says that a block is not compressed."""


class Undecodable(Malformed):
    """Octets that are not compressed as they claim, or with something that is not installed."""


def decompress(header: BatchHeader, octets: bytes | memoryview) -> bytes | memoryview:
    """Return the records of a batch of which `octets` are all. Raises Undecodable."""
    payload = memoryview(octets)[HEADER_SIZE:]
    if header.compression == 0:
        return payload
    if header.compression >= len(COMPRESSIONS):
        raise Undecodable(f"compression {header.compression}")
    name = COMPRESSIONS[header.compression]
    try:
        return _DECOMPRESS[name](payload)
    except Undecodable:
        raise
    except Exception as error:
        raise Undecodable(f"{name}: {error}") from None


def compress(compression: int, payload: bytes) -> bytes:
    """Return a payload compressed with COMPRESSIONS[compression]. Raises Undecodable when that is
    not installed."""
    name = COMPRESSIONS[compression]
    if name == "none":
        return payload
    if name == "gzip":
        compressor = zlib.compressobj(wbits=31)
        return compressor.compress(payload) + compressor.flush()
    library = _library()
    if name == "snappy":
        blocks = [_XERIAL]
        for start in range(0, len(payload), _XERIAL_BLOCK):
            block = bytes(library.snappy.compress_raw(payload[start : start + _XERIAL_BLOCK]))
            blocks += (struct.pack(">i", len(block)), block)
        return b"".join(blocks)
    if name == "lz4":
        return _lz4_frame(payload)
    return bytes(library.zstd.compress(payload))


def _lz4_frame(payload: bytes) -> bytes:
    """A frame of blocks that stand alone: Kafka reads no others (Lz4BlockInputStream), and the
    library would link them."""
    parts = [_LZ4_FRAME]
    for start in range(0, len(payload), _LZ4_BLOCK):
        plain = payload[start : start + _LZ4_BLOCK]
        block = bytes(_library().lz4.compress_block(plain, store_size=False))
        if len(block) < len(plain):
            parts += (_LZ4_SIZE.pack(len(block)), block)
        else:
            parts += (_LZ4_SIZE.pack(len(plain) | _LZ4_STORED), plain)
    return b"".join((*parts, _LZ4_SIZE.pack(0)))


def _library() -> Any:
    if cramjam is None:
        raise Undecodable("snappy, lz4 and zstd need cramjam; install brokertck[speed]")
    return cramjam


def _gunzip(payload: memoryview) -> bytes:
    decompressor = zlib.decompressobj(wbits=31)
    found = decompressor.decompress(payload, MAX_DECOMPRESSED)
    if not decompressor.eof:
        raise Undecodable("gzip: incomplete, or too large")
    return found


def _unsnappy(payload: memoryview) -> bytes:
    library = _library()
    if bytes(payload[:8]) != _XERIAL[:8]:
        return bytes(library.snappy.decompress_raw(payload))
    found, position = bytearray(), len(_XERIAL)
    while position < len(payload):
        (size,) = struct.unpack_from(">i", payload, position)
        position += 4
        if not 0 <= size <= len(payload) - position:
            raise Undecodable(f"snappy: a block of {size} octets")
        found += bytes(library.snappy.decompress_raw(payload[position : position + size]))
        if len(found) > MAX_DECOMPRESSED:
            raise Undecodable("snappy: too large")
        position += size
    return bytes(found)


def _unlz4(payload: memoryview) -> bytes:
    return bytes(_library().lz4.decompress(payload))


def _unzstd(payload: memoryview) -> bytes:
    return bytes(_library().zstd.decompress(payload))


_DECOMPRESS = {"gzip": _gunzip, "snappy": _unsnappy, "lz4": _unlz4, "zstd": _unzstd}
