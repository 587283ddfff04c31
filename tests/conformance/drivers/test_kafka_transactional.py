"""What a consumer of committed records makes of a fetch, with planted lists of aborted ones."""

from types import SimpleNamespace

from conformance.drivers.kafka.batches import CONTROL, TRANSACTIONAL, Sent, build, edit, split
from conformance.drivers.kafka.partition import Answer
from conformance.drivers.kafka.transactional import aborted_of, committed_of, data_of


def answer(octets: bytes, aborted: list[tuple[int, int]] | None) -> Answer:
    listed = None
    if aborted is not None:
        listed = [SimpleNamespace(producer_id=one, first_offset=first) for one, first in aborted]
    part = SimpleNamespace(aborted_transactions=listed)
    whole = SimpleNamespace(responses=[SimpleNamespace(partitions=[part])])
    return Answer(0, 0, 0, 0, split(octets), len(octets), whole)


def batch(offset: int, producer: int, value: bytes, *, control: bool = False) -> bytes:
    """One record; producer -1 writes outside of transactions."""
    attributes = 0 if producer < 0 else TRANSACTIONAL
    if control:
        attributes |= CONTROL
    octets = build([Sent(value, b"\0\0\0\0")], producer_id=producer, producer_epoch=0)
    return edit(octets, base_offset=offset, attributes=attributes)


FETCHED = b"".join(
    (
        batch(0, 1, b"aborted"),
        batch(1, -1, b"plain"),
        batch(2, 2, b"committed"),
        batch(3, 1, b"\0\0\0\0\0\0", control=True),
        batch(4, 1, b"later"),
    )
)


def test_an_aborted_transaction_is_hidden_up_to_its_marker() -> None:
    found = [one.value for one in committed_of(answer(FETCHED, [(1, 0)]))]
    assert found == [b"plain", b"committed", b"later"]


def test_what_is_not_listed_is_delivered() -> None:
    found = [one.value for one in committed_of(answer(FETCHED, []))]
    assert found == [b"aborted", b"plain", b"committed", b"later"]


def test_markers_are_no_data() -> None:
    found = [one.value for one in data_of(answer(FETCHED, None), 1)]
    assert found == [b"plain", b"committed", b"later"]
    assert aborted_of(answer(FETCHED, None)) == []
