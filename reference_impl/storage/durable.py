"""A journal in a file of checksummed records, in a directory that one process owns.

    DIRECTORY/lock          held with flock while a process uses the directory
    DIRECTORY/journal       magic, then records: length (4), CRC-32 of the record (4), record
    DIRECTORY/journal.new   a rewrite that was not finished; removed when the journal is opened

Length and checksum are big-endian. A record that does not check out is a torn tail if nothing
valid follows it, and is cut off; if something valid does follow, the file was damaged later and
`JournalDamaged` says where, because cutting there would lose confirmed records.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from reference_impl.errors import (
    DirectoryInUse,
    DirectoryNotUsable,
    JournalDamaged,
    StorageError,
)

MAGIC = b"BTCKJ001"
_HEAD = struct.Struct(">II")
_BATCH_BYTES = 1 << 20
"""A rewrite is written in pieces of this size, to bound its memory."""


class DurableJournal:
    """See the module text. Raises DirectoryInUse, DirectoryNotUsable or JournalDamaged."""

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        self._directory = Path(directory)
        self._fsync = fsync
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self.torn_bytes = 0
        self._lock = self._take_lock()
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, self._lock)
            self._file = self._open()
            undo.callback(os.close, self._file)
            self._content = self._read()
            undo.pop_all()

    # -- opening ----------------------------------------------------------------------------

    def _take_lock(self) -> int:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise DirectoryNotUsable(
                f"cannot use {self._directory} as data directory: {error.strerror}; "
                "choose a directory that this user may write to"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise DirectoryInUse(
                f"{self._directory} is in use by another broker; stop it or choose another "
                "directory"
            ) from error
        return lock

    def _open(self) -> int:
        path = self._directory / "journal.new"
        try:
            path.unlink(missing_ok=True)
            path = self._directory / "journal"
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DirectoryNotUsable(
                f"cannot open {path}: {error.strerror}; check its owner and its permissions"
            ) from error

    def _read(self) -> bytes:
        """Return the valid records with their heads; cut a torn tail off the file."""
        content = b""
        while piece := os.read(self._file, 1 << 24):
            content += piece
        if not content.startswith(MAGIC):
            if not MAGIC.startswith(content):
                raise JournalDamaged(
                    f"{self._directory / 'journal'} does not begin as a journal; move it away or "
                    "choose another directory"
                )
            content = MAGIC
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, MAGIC, 0)
            self._sync_directory()
        end = self._valid_end(content)
        if end < len(content):
            self._check_nothing_follows(content, end)
            self.torn_bytes = len(content) - end
            os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)
        self._committed = end
        return content[len(MAGIC) : end]

    def _sync_directory(self) -> None:
        """Make the names of new files survive the loss of power, if that was asked for."""
        if not self._fsync:
            return
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    @staticmethod
    def _valid_end(content: bytes) -> int:
        position = len(MAGIC)
        while (end := _record_end(content, position)) is not None:
            position = end
        return position

    def _check_nothing_follows(self, content: bytes, position: int) -> None:
        for start in range(position + 1, len(content) - _HEAD.size):
            if _record_end(content, start) is not None:
                raise JournalDamaged(
                    f"{self._directory / 'journal'} is damaged at octet {position}, with valid "
                    f"records from octet {start} on; restore it from a copy, or move it away to "
                    "start empty"
                )

    # -- use --------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        return self._committed + self._pending_bytes

    def records(self) -> Iterator[bytes]:
        content, self._content = self._content, b""
        position = 0
        while position < len(content):
            length, _ = _HEAD.unpack_from(content, position)
            start = position + _HEAD.size
            position = start + length
            yield content[start:position]

    def append(self, record: bytes) -> None:
        self._pending.append(_HEAD.pack(len(record), zlib.crc32(record)))
        self._pending.append(record)
        self._pending_bytes += _HEAD.size + len(record)

    def commit(self) -> None:
        if not self._pending:
            return
        octets = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        try:
            _write_all(self._file, octets)
            if self._fsync:
                os.fdatasync(self._file)
        except OSError as error:
            # What was written of this batch was confirmed to nobody; take it back.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._committed)
                os.lseek(self._file, self._committed, os.SEEK_SET)
            raise StorageError(
                f"cannot write to {self._directory / 'journal'}: {error.strerror}; what was "
                "confirmed before is safe"
            ) from error
        self._committed += len(octets)

    def rewrite(self, records: Iterable[bytes]) -> None:
        """Replace everything by `records`, which may be generated while they are written."""
        self.commit()
        path = self._directory / "journal.new"
        with contextlib.ExitStack() as undo:
            try:
                new = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                undo.callback(os.close, new)
                size = _write_records(new, records)
                os.fsync(new)
                path.rename(self._directory / "journal")
            except OSError as error:
                raise StorageError(
                    f"cannot rewrite {self._directory / 'journal'}: {error.strerror}; the old "
                    "content is still in place"
                ) from error
            undo.pop_all()
        os.close(self._file)
        self._file = new
        self._committed = size
        self._sync_directory()

    def close(self) -> None:
        """Commit and give the directory back."""
        try:
            self.commit()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Give the directory back and write nothing more, as if the process had died."""
        os.close(self._file)
        os.close(self._lock)


def _record_end(content: bytes, position: int) -> int | None:
    """Return where the record at `position` ends, or None if there is no valid one."""
    start = position + _HEAD.size
    if start > len(content):
        return None
    length, checksum = _HEAD.unpack_from(content, position)
    end: int = start + length
    if length == 0 or end > len(content) or zlib.crc32(content[start:end]) != checksum:
        return None
    return end


def _write_records(file: int, records: Iterable[bytes]) -> int:
    """Write a whole journal in pieces; return its size."""
    size = 0
    batch = [MAGIC]
    batch_bytes = len(MAGIC)
    for record in records:
        batch += (_HEAD.pack(len(record), zlib.crc32(record)), record)
        batch_bytes += _HEAD.size + len(record)
        if batch_bytes > _BATCH_BYTES:
            size += batch_bytes
            _write_all(file, b"".join(batch))
            batch, batch_bytes = [], 0
    _write_all(file, b"".join(batch))
    return size + batch_bytes


def _write_all(file: int, octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(file, view) :]
