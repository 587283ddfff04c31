"""Where a message goes, worked out by definition. Source: AMQP 0-9-1 spec 3.1.3."""

from __future__ import annotations


def topic_matches(pattern: str, key: str) -> bool:
    """Whether a topic binding key matches a routing key, straight from the definition."""
    return _words_match(_words(pattern), _words(key))


def _words(key: str) -> list[str]:
    """Words are what stands between dots; an empty key has no words at all."""
    return key.split(".") if key else []


def _words_match(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_words_match(pattern[1:], words[skip:]) for skip in range(len(words) + 1))
    if not words:
        return False
    return pattern[0] in ("*", words[0]) and _words_match(pattern[1:], words[1:])
