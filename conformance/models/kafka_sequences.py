"""What a partition does with the batches of idempotent producers, by definition.

Source: KIP-98, KIP-360; ProducerAppendInfo, ProducerStateEntry.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MODULUS = 2**31
REMEMBERED = 5
NONE, OUT_OF_ORDER, OLD_EPOCH = "NONE", "OUT_OF_ORDER_SEQUENCE_NUMBER", "INVALID_PRODUCER_EPOCH"


@dataclass
class _Producer:
    epoch: int
    batches: list[tuple[int, int, int]] = field(default_factory=list)
    """First and last sequence number and first offset of the latest batches."""


class SequenceModel:
    """One partition and all who write to it."""

    def __init__(self) -> None:
        self.end = 0
        self._producers: dict[int, _Producer] = {}

    def append(self, producer: int, epoch: int, sequence: int, count: int) -> tuple[str, int]:
        """Return the error, and the offset that the producer is told (-1 with an error)."""
        last = (sequence + count - 1) % MODULUS
        known = self._producers.get(producer)
        if known is not None:
            for first, final, offset in known.batches if epoch == known.epoch else ():
                if (first, final) == (sequence, last):
                    return NONE, offset
            if epoch < known.epoch:
                return OLD_EPOCH, -1
            wanted = 0 if epoch > known.epoch else (known.batches[-1][1] + 1) % MODULUS
            if sequence != wanted:
                return OUT_OF_ORDER, -1
        if known is None or epoch > known.epoch:
            known = self._producers[producer] = _Producer(epoch)
        known.batches = [*known.batches, (sequence, last, self.end)][-REMEMBERED:]
        self.end += count
        return NONE, self.end - count
