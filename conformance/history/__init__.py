"""Histories: what clients did and saw, and checkers that say what is wrong with it.

A history is protocol-neutral: messages are sent to and received from *channels of communication*
(a queue, a topic partition), each under a unique value.

    record      operations as invoke / ok / fail / unknown, in memory and as JSON lines
    checkers    lost, duplicated, phantom, reordered, unflagged redelivery
"""

from conformance.history.checkers import CHECKERS, Anomaly, check
from conformance.history.record import History, Operation, read_history, write_history

__all__ = [
    "CHECKERS",
    "Anomaly",
    "History",
    "Operation",
    "check",
    "read_history",
    "write_history",
]
