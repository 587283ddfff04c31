"""Which names a topic may have, by definition.

Source: org.apache.kafka.common.internals.Topic.
"""

from __future__ import annotations

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
LONGEST = 249


def is_legal(name: str) -> bool:
    """Whether a topic may be called so."""
    return (
        0 < len(name) <= LONGEST
        and name not in (".", "..")
        and all(letter in LETTERS for letter in name)
    )
