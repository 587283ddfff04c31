"""The journal: records in the order in which they were appended, opaque to the storage.

What a caller may rely on:

* `append` only remembers; nothing is durable before `commit` returns.
* After `commit`, every record appended before survives the death of the process. With `fsync` it
  survives the loss of power too.
* `records` yields what was durable, in order, once, before the first `append`.
* `rewrite` replaces the whole content at once: after a crash one finds all of the old content or
  all of the new, never a mixture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol


class Journal(Protocol):
    """An append-only sequence of records (bytes of any length >= 1)."""

    torn_bytes: int
    """How many octets of an incomplete last record were cut off when the journal was opened."""

    @property
    def size(self) -> int:
        """Octets in the journal, records not yet committed included."""
        ...

    def records(self) -> Iterator[bytes]:
        """Yield what was durable when the journal was opened; once, before the first `append`."""
        ...

    def append(self, record: bytes) -> None:
        """Remember a record for the next `commit`."""
        ...

    def commit(self) -> None:
        """Make everything appended durable. Raises StorageError if that fails."""
        ...

    def rewrite(self, records: Iterable[bytes]) -> None:
        """Replace the whole content. Raises StorageError, with the old content in place."""
        ...

    def close(self) -> None:
        """Commit, and give the storage back."""
        ...

    def abandon(self) -> None:
        """Give the storage back without writing anything more."""
        ...
