"""The journal in a file: what is committed is found again, whatever happens in between."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.errors import (
    DirectoryInUse,
    DirectoryNotUsable,
    JournalDamaged,
    StorageError,
)
from reference_impl.storage.durable import MAGIC, DurableJournal
from tests.reference_impl.strategies import quick

HEAD_SIZE = 8


@contextmanager
def opened(directory: Path, **options: bool) -> Iterator[DurableJournal]:
    """A journal that is closed at the end."""
    journal = DurableJournal(directory, **options)
    try:
        yield journal
    finally:
        journal.close()


def write(directory: Path, *records: bytes) -> None:
    with opened(directory) as journal:
        for record in records:
            journal.append(record)
        journal.commit()


def read(directory: Path) -> list[bytes]:
    with opened(directory) as journal:
        return list(journal.records())


def encoded(record: bytes) -> bytes:
    head = len(record).to_bytes(4, "big") + zlib.crc32(record).to_bytes(4, "big")
    return head + record


def file_of(directory: Path, *records: bytes) -> Path:
    """Make a directory whose journal holds these records."""
    directory.mkdir(exist_ok=True)
    path = directory / "journal"
    path.write_bytes(MAGIC + b"".join(map(encoded, records)))
    return path


def descriptors() -> int:
    """How many files this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


# -- round trips ------------------------------------------------------------------------------


def test_new_journal_is_empty(tmp_path: Path) -> None:
    with opened(tmp_path / "deep" / "er") as journal:
        assert list(journal.records()) == []
        assert journal.torn_bytes == 0
        assert journal.size == len(MAGIC)


def test_committed_records_are_found_in_order(tmp_path: Path) -> None:
    records = [b"a", b"\0" * 9, bytes(range(256)) * 300, b"a"]
    write(tmp_path, *records)
    assert read(tmp_path) == records
    write(tmp_path, b"more")
    assert read(tmp_path) == [*records, b"more"]
    assert (tmp_path / "journal").read_bytes() == MAGIC + b"".join(
        map(encoded, [*records, b"more"])
    )


def test_nothing_is_durable_before_commit(tmp_path: Path) -> None:
    journal = DurableJournal(tmp_path)
    journal.append(b"committed")
    journal.commit()
    journal.append(b"remembered only")
    journal.abandon()
    assert read(tmp_path) == [b"committed"]


def test_size_counts_what_is_pending(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append(b"12345")
        assert journal.size == len(MAGIC) + HEAD_SIZE + 5
        journal.commit()
        assert journal.size == len(MAGIC) + HEAD_SIZE + 5 == (tmp_path / "journal").stat().st_size


def test_records_are_yielded_once(tmp_path: Path) -> None:
    write(tmp_path, b"a")
    with opened(tmp_path) as journal:
        assert list(journal.records()) == [b"a"]
        assert list(journal.records()) == []


def test_empty_commits_write_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.commit()
        assert (tmp_path / "journal").read_bytes() == MAGIC


def test_fsync_is_done_before_commit_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda file: synced.append(os.fstat(file).st_size))
    with opened(tmp_path, fsync=True) as journal:
        journal.append(b"123")
        journal.commit()
        assert synced == [len(MAGIC) + HEAD_SIZE + 3]
    with opened(tmp_path) as journal:
        journal.append(b"123")
    assert len(synced) == 1


def test_renamed_file_is_synced_with_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a loss of power brings the old file back, without what was committed since."""
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(stat.S_ISDIR(os.fstat(file).st_mode))
    )
    with opened(tmp_path, fsync=True) as journal:
        synced.clear()
        journal.rewrite([b"a"])
        assert synced == [False, True]


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.rewrite([b"a"])
        for name in ("journal", "lock"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


# -- torn tails -------------------------------------------------------------------------------

TORN = (b"a", b"bb" * 20, b"the last one, which is torn")


def test_torn_tail_of_any_length_is_cut_and_counted(tmp_path: Path) -> None:
    path = file_of(tmp_path, *TORN)
    whole = path.read_bytes()
    kept = len(MAGIC) + sum(HEAD_SIZE + len(record) for record in TORN[:-1])
    for size in range(kept, len(whole)):
        path.write_bytes(whole[:size])
        with opened(tmp_path) as journal:
            assert list(journal.records()) == list(TORN[:-1])
            assert journal.torn_bytes == size - kept
            assert journal.size == kept
            journal.append(b"new")
        assert read(tmp_path) == [*TORN[:-1], b"new"]


def test_file_cut_anywhere_keeps_every_whole_record(tmp_path: Path) -> None:
    path = file_of(tmp_path, *TORN)
    whole = path.read_bytes()
    ends = [len(MAGIC)]
    for record in TORN:
        ends.append(ends[-1] + HEAD_SIZE + len(record))
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        expected = [record for record, end in zip(TORN, ends[1:], strict=True) if end <= size]
        assert read(tmp_path) == expected


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 5_000, b"\xff" * 50, b"garbage" * 9])
def test_tail_that_is_no_record_is_cut(tmp_path: Path, tail: bytes) -> None:
    """A file system may leave zeros or old blocks behind after a loss of power."""
    path = file_of(tmp_path, b"a")
    path.write_bytes(path.read_bytes() + tail)
    with opened(tmp_path) as journal:
        assert list(journal.records()) == [b"a"]
        assert journal.torn_bytes == len(tail)
    with opened(tmp_path) as journal:
        assert journal.torn_bytes == 0


def test_last_record_with_a_wrong_checksum_is_torn(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"a", b"last")
    octets = bytearray(path.read_bytes())
    octets[-1] ^= 1
    path.write_bytes(octets)
    with opened(tmp_path) as journal:
        assert list(journal.records()) == [b"a"]
        assert journal.torn_bytes == HEAD_SIZE + 4


# -- damage -----------------------------------------------------------------------------------


def test_any_changed_octet_before_the_last_record_is_damage(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"first", b"second", b"last")
    whole = path.read_bytes()
    for position in range(len(MAGIC), len(whole) - HEAD_SIZE - 4):
        octets = bytearray(whole)
        octets[position] ^= 0x41
        path.write_bytes(octets)
        with pytest.raises(JournalDamaged, match=r"is damaged at octet \d+, with valid") as error:
            DurableJournal(tmp_path)
        assert str(path) in str(error.value)
        assert path.read_bytes() == octets, "a damaged journal is left as it is"


@pytest.mark.parametrize("content", [b"not a journal", b"\0", MAGIC[:-1] + b"2", b"\0" * 100])
def test_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal").write_bytes(content)
    with pytest.raises(JournalDamaged, match="does not begin as a journal"):
        DurableJournal(tmp_path)
    assert (tmp_path / "journal").read_bytes() == content


def test_refused_directory_can_be_opened_once_it_is_repaired(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"a", b"b")
    whole = path.read_bytes()
    path.write_bytes(whole[:10] + b"?" + whole[11:])
    files = descriptors()
    with pytest.raises(JournalDamaged):
        DurableJournal(tmp_path)
    assert descriptors() == files, "a descriptor is left open"
    path.write_bytes(whole)
    assert read(tmp_path) == [b"a", b"b"]


# -- the directory ----------------------------------------------------------------------------


def test_directory_belongs_to_one_journal(tmp_path: Path) -> None:
    text = "is in use by another broker; stop it or choose"
    with opened(tmp_path), pytest.raises(DirectoryInUse, match=text):
        DurableJournal(tmp_path)
    assert read(tmp_path) == []


@pytest.mark.slow
def test_lock_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from reference_impl.storage.durable import DurableJournal\n"
        "journal = DurableJournal(pathlib.Path(sys.argv[1]))\n"
        "journal.append(b'kept'); journal.commit(); journal.append(b'lost')\n"
        "print('ready', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        with pytest.raises(DirectoryInUse):
            DurableJournal(tmp_path)
        process.send_signal(signal.SIGKILL)
    assert read(tmp_path) == [b"kept"]


def _file_in_the_way(path: Path) -> None:
    path.write_bytes(b"")


def _parent_is_a_file(path: Path) -> None:
    path.parent.write_bytes(b"")


def _journal_is_a_directory(path: Path) -> None:
    (path / "journal").mkdir(parents=True)


def _lock_is_a_directory(path: Path) -> None:
    (path / "lock").mkdir(parents=True)


def _rewrite_is_a_directory(path: Path) -> None:
    (path / "journal.new").mkdir(parents=True)


@pytest.mark.parametrize(
    "prepare",
    [
        _file_in_the_way,
        _parent_is_a_file,
        _journal_is_a_directory,
        _lock_is_a_directory,
        _rewrite_is_a_directory,
    ],
)
def test_unusable_paths_are_named(tmp_path: Path, prepare: object) -> None:
    path = tmp_path / "parent" / "data"
    if prepare is not _parent_is_a_file:
        path.parent.mkdir()
    assert callable(prepare)
    prepare(path)
    files = descriptors()
    with pytest.raises(DirectoryNotUsable) as error:
        DurableJournal(path)
    assert str(path) in str(error.value)
    assert str(error.value).count("\n") == 0
    assert descriptors() == files, "a descriptor is left open"


def test_directory_without_permission_is_not_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated, as the tests may run as a user to whom permissions do not apply."""

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(DirectoryNotUsable, match="Permission denied; choose a directory"):
        DurableJournal(tmp_path)


# -- rewriting --------------------------------------------------------------------------------


def test_rewrite_replaces_everything(tmp_path: Path) -> None:
    write(tmp_path, *[b"old"] * 100)
    with opened(tmp_path) as journal:
        journal.append(b"pending")
        journal.rewrite(record for record in (b"x", b"y" * 10))
        assert journal.size == (tmp_path / "journal").stat().st_size
        journal.append(b"z")
        journal.commit()
        assert not (tmp_path / "journal.new").exists()
    assert read(tmp_path) == [b"x", b"y" * 10, b"z"]


def test_rewrite_in_several_pieces(tmp_path: Path) -> None:
    records = [bytes((number,)) * 300_000 for number in range(9)]
    with opened(tmp_path) as journal:
        journal.rewrite(records)
        assert journal.size == len(MAGIC) + sum(HEAD_SIZE + len(record) for record in records)
    assert read(tmp_path) == records


@pytest.mark.parametrize("size", [0, 3, len(MAGIC), len(MAGIC) + 5, len(MAGIC) + 30])
def test_unfinished_rewrite_is_forgotten(tmp_path: Path, size: int) -> None:
    """As after a crash between the start of a rewrite and its rename."""
    write(tmp_path, b"old")
    new = MAGIC + b"".join(map(encoded, (b"new", b"newer" * 9)))
    (tmp_path / "journal.new").write_bytes(new[:size])
    assert read(tmp_path) == [b"old"]
    assert not (tmp_path / "journal.new").exists()


def test_failed_rewrite_keeps_the_old_content(tmp_path: Path) -> None:
    journal = DurableJournal(tmp_path)
    journal.append(b"old")
    journal.commit()

    def records() -> Iterator[bytes]:
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left on device; the old content is still"):
        journal.rewrite(records())
    journal.append(b"after")
    journal.commit()
    journal.abandon()
    assert read(tmp_path) == [b"old", b"after"]


def test_rewrite_that_cannot_begin_is_a_storage_error(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append(b"old")
        (tmp_path / "journal.new").mkdir()
        with pytest.raises(StorageError, match="the old content is still in place"):
            journal.rewrite([b"new"])
        (tmp_path / "journal.new").rmdir()
    assert read(tmp_path) == [b"old"]


# -- writing that fails -----------------------------------------------------------------------


@contextmanager
def file_size_limited(size: int) -> Iterator[None]:
    """Writing beyond `size` octets of any file fails with EFBIG, after a part was written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_failed_write_keeps_what_was_committed(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append(b"kept")
        journal.commit()
        size = (tmp_path / "journal").stat().st_size
        journal.append(b"lost" * 100)
        text = r"what was confirmed before is safe$"
        with file_size_limited(size + 20), pytest.raises(StorageError, match=text):
            journal.commit()
        assert (tmp_path / "journal").stat().st_size == size
        journal.append(b"later")
        journal.commit()
    assert read(tmp_path) == [b"kept", b"later"]


def test_full_device_is_a_storage_error(tmp_path: Path) -> None:
    journal = DurableJournal(tmp_path)
    journal.append(b"kept")
    journal.commit()
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._file)
    os.close(full)
    journal.append(b"lost")
    with pytest.raises(StorageError, match="No space left on device"):
        journal.commit()
    journal.abandon()
    assert read(tmp_path) == [b"kept"]


# -- any history ------------------------------------------------------------------------------

STEPS = st.one_of(
    st.binary(min_size=1, max_size=20),
    st.sampled_from(("commit", "commit", "crash", "close", "rewrite", "crash in rewrite")),
    st.integers(1, 40),
)


@quick
@given(st.lists(STEPS, max_size=30))
def test_what_was_committed_survives_any_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[object]
) -> None:
    """An integer is a crash that leaves that many octets of what was pending in the file."""
    directory = tmp_path_factory.mktemp("journal")
    journal = DurableJournal(directory)
    durable: list[bytes] = []
    pending: list[bytes] = []
    for step in steps:
        if isinstance(step, bytes):
            journal.append(step)
            pending.append(step)
            continue
        if step in ("commit", "close", "rewrite"):
            durable, pending = durable + pending, []
        if step == "commit":
            journal.commit()
        elif step == "rewrite":
            durable = durable[::2]
            journal.rewrite(durable)
        else:
            if step == "close":
                journal.close()
            else:
                journal.abandon()
            octets = b"".join(map(encoded, pending))
            torn = octets[: min(step, len(octets) - 1)] if isinstance(step, int) and octets else b""
            with (directory / "journal").open("ab") as file:
                file.write(torn)
            if step == "crash in rewrite":
                (directory / "journal.new").write_bytes(MAGIC + encoded(b"unfinished"))
            journal = DurableJournal(directory)
            found = list(journal.records())
            more = len(found) - len(durable)
            assert found == durable + pending[:more]
            assert journal.torn_bytes == len(torn) - sum(
                HEAD_SIZE + len(record) for record in pending[:more]
            )
            durable, pending = found, []
        assert journal.size == len(MAGIC) + sum(HEAD_SIZE + len(r) for r in durable + pending)
    journal.close()
    assert read(directory) == durable + pending
