"""Where a message goes, worked out by definition.

Sources: AMQP 0-9-1 spec 3.1.3; https://www.rabbitmq.com/docs: exchanges, ae, e2e, sender-selected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# -- topic ----------------------------------------------------------------------------------


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


# -- headers --------------------------------------------------------------------------------


def headers_match(arguments: Mapping[str, Any], headers: Mapping[str, Any] | None) -> bool:
    """Whether the arguments of a binding match the headers of a message.

    The argument x-match says how: all (which is also what its absence means) or any; arguments
    whose names begin with "x-" count only if it ends in "-with-x".
    """
    mode = arguments.get("x-match", "all")
    verdicts = [
        name in (headers or {}) and (value is None or _same(value, (headers or {})[name]))
        for name, value in arguments.items()
        if name != "x-match" and (mode.endswith("-with-x") or not name.startswith("x-"))
    ]
    return any(verdicts) if mode.startswith("any") else all(verdicts)


def _same(one: Any, other: Any) -> bool:
    """Same kind and same value: neither "1" nor True is 1."""
    return type(one) is type(other) and bool(one == other)


# -- the whole way --------------------------------------------------------------------------


@dataclass(frozen=True)
class Binding:
    """A way from an exchange to a queue or to another exchange."""

    source: str
    destination: str
    key: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Exchanges (name to type), the alternate exchanges of some of them, queues and bindings."""

    exchanges: Mapping[str, str]
    queues: Sequence[str]
    bindings: Sequence[Binding]
    alternates: Mapping[str, str] = field(default_factory=dict)

    def reached(
        self, exchange: str, keys: Sequence[str], headers: Mapping[str, Any] | None = None
    ) -> set[str]:
        """Return the queues that get a copy of a message published to `exchange`.

        `keys` are its routing key and those in CC and BCC. The exchange "" is the default one.
        """
        if exchange == "":
            return set(self.queues) & set(keys)
        seen: set[str] = set()
        following = {exchange}
        while following:
            seen |= following
            following = {
                destination
                for name in following & set(self.exchanges)
                for destination in self._next(name, keys, headers)
            } - seen
        return seen & set(self.queues)

    def _next(
        self, exchange: str, keys: Sequence[str], headers: Mapping[str, Any] | None
    ) -> set[str]:
        """What an exchange hands a message to: the alternate exchange only if nothing matches."""
        found = {
            binding.destination
            for binding in self.bindings
            if binding.source == exchange
            and binding_matches(self.exchanges[exchange], binding, keys, headers)
        }
        alternate = self.alternates.get(exchange)
        return found or ({alternate} if alternate is not None else set())


def binding_matches(
    type_: str, binding: Binding, keys: Sequence[str], headers: Mapping[str, Any] | None
) -> bool:
    """Whether a message passes through a binding of an exchange of this type."""
    if type_ == "fanout":
        return True
    if type_ == "headers":
        return headers_match(binding.arguments, headers)
    if type_ == "topic":
        return any(topic_matches(binding.key, key) for key in keys)
    return binding.key in keys
