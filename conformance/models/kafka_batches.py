"""Which headers a broker lets a producer write, by definition.

Source: LogValidator.validateBatch, UnifiedLog.analyzeAndValidateRecords.
"""

from __future__ import annotations


def is_consistent(record_count: int, last_offset_delta: int, records: int) -> bool:
    """Whether a header that speaks of `record_count` records fits the `records` in its batch."""
    return record_count == records > 0 and last_offset_delta == record_count - 1
