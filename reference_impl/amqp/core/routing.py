"""Which bindings match a message: one matcher for each exchange type.

A matcher answers with destinations (queues or exchanges), each at most once. Destinations are
opaque here. Bindings of one destination are counted, so that removing one of two equal routes
leaves the other.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Protocol

from reference_impl.amqp.fields import Field, Table
from reference_impl.errors import PreconditionFailed


class Matcher(Protocol):
    """The bindings of one exchange."""

    routes_by_key_alone: bool
    """Whether the result depends on nothing but the routing key."""

    def add(self, destination: Any, key: str, arguments: Table) -> None: ...

    def remove(self, destination: Any, key: str, arguments: Table) -> None: ...

    def match(self, key: str, headers: Table | None) -> Iterable[Any]: ...


class Counted:
    """A set whose members are added and removed several times."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[Hashable, int] = {}

    def add(self, member: Hashable) -> None:
        self._counts[member] = self._counts.get(member, 0) + 1

    def remove(self, member: Hashable) -> None:
        if self._counts[member] == 1:
            del self._counts[member]
        else:
            self._counts[member] -= 1

    def __iter__(self) -> Any:
        return iter(self._counts)

    def __bool__(self) -> bool:
        return bool(self._counts)


class Direct:
    """Routing key equal to the binding key, octet by octet."""

    routes_by_key_alone = True

    def __init__(self) -> None:
        self._by_key: dict[str, Counted] = {}

    def add(self, destination: Any, key: str, arguments: Table) -> None:
        self._by_key.setdefault(key, Counted()).add(destination)

    def remove(self, destination: Any, key: str, arguments: Table) -> None:
        members = self._by_key[key]
        members.remove(destination)
        if not members:
            del self._by_key[key]

    def match(self, key: str, headers: Table | None) -> Iterable[Any]:
        return self._by_key.get(key, ())


class Fanout:
    """Every destination, whatever the key."""

    routes_by_key_alone = True

    def __init__(self) -> None:
        self._members = Counted()

    def add(self, destination: Any, key: str, arguments: Table) -> None:
        self._members.add(destination)

    def remove(self, destination: Any, key: str, arguments: Table) -> None:
        self._members.remove(destination)

    def match(self, key: str, headers: Table | None) -> Iterable[Any]:
        return self._members


def split_words(key: str) -> list[str]:
    """Words of a topic key: split at dots, so that "a." has two; the empty key has none.

    rabbit_db_topic_exchange:split_topic_key_binary.
    """
    return key.split(".") if key else []


class _Node:
    """One word of the topic trie: the words that may follow, and the bindings that end here."""

    __slots__ = ("destinations", "next")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.destinations = Counted()


class Topic:
    """`*` stands for exactly one word, `#` for zero or more (spec 3.1.3.3)."""

    routes_by_key_alone = True

    def __init__(self, hash_limit: int | None = None) -> None:
        self._root = _Node()
        self._hash_limit = hash_limit

    def check_key(self, key: str) -> None:
        """Raise PreconditionFailed for a binding key with too many `#` words."""
        count = split_words(key).count("#")
        if self._hash_limit is not None and count > self._hash_limit:
            raise PreconditionFailed(
                f"invalid topic binding key '{key}': {count} '#' wildcards, "
                f"at most {self._hash_limit} are allowed"
            )

    def add(self, destination: Any, key: str, arguments: Table) -> None:
        node = self._root
        for word in split_words(key):
            node = node.next.setdefault(word, _Node())
        node.destinations.add(destination)

    def remove(self, destination: Any, key: str, arguments: Table) -> None:
        path = [(self._root, "")]
        for word in split_words(key):
            path.append((path[-1][0].next[word], word))
        path[-1][0].destinations.remove(destination)
        for (parent, _), (node, word) in zip(path[-2::-1], path[:0:-1], strict=True):
            if node.next or node.destinations:
                break
            del parent.next[word]

    def match(self, key: str, headers: Table | None) -> Iterable[Any]:
        """All destinations reached by consuming every word; states are kept as a set, so that
        patterns with several `#` cost words x nodes and not more."""
        states = _with_hashes({self._root: None})
        for word in split_words(key):
            following: dict[_Node, None] = {}
            for node, looping in states.items():
                if looping:
                    following[node] = looping
                for step in (word, "*"):
                    if step in node.next and step != "#":
                        following.setdefault(node.next[step])
            states = _with_hashes(following)
        found: dict[Any, None] = {}
        for node in states:
            found.update(dict.fromkeys(node.destinations))
        return found


def _with_hashes(states: dict[_Node, Any]) -> dict[_Node, Any]:
    """Add the `#` children reachable without consuming a word; they may consume any number."""
    pending = list(states)
    while pending:
        child = pending.pop().next.get("#")
        if child is not None and not states.get(child):
            states[child] = True
            pending.append(child)
    return states


_MATCH_MODES = ("all", "any", "all-with-x", "any-with-x")


class Headers:
    """Binding arguments against message headers (spec 3.1.3.4; rabbit_exchange_type_headers)."""

    routes_by_key_alone = False

    def __init__(
        self, compare_numbers_loosely: bool = False, scale_timestamps: bool = False
    ) -> None:
        self._bindings: list[tuple[Any, str, Table]] = []
        self._loose = compare_numbers_loosely
        self._scale_timestamps = scale_timestamps

    @staticmethod
    def check_arguments(arguments: Table) -> None:
        """Raise PreconditionFailed for an x-match that is not one of the four modes."""
        field = arguments.get("x-match")
        if field is None:
            return
        if field.type != "longstr":
            raise PreconditionFailed(
                f"Invalid x-match field type {field.type} (value {erlang_term(field)}); "
                "expected longstr"
            )
        if field.value not in _MATCH_MODES:
            raise PreconditionFailed(
                f"Invalid x-match field value {erlang_term(field)}; "
                "expected all, any, all-with-x, or any-with-x"
            )

    def add(self, destination: Any, key: str, arguments: Table) -> None:
        self._bindings.append((destination, key, arguments))

    def remove(self, destination: Any, key: str, arguments: Table) -> None:
        self._bindings.remove((destination, key, arguments))

    def match(self, key: str, headers: Table | None) -> Iterable[Any]:
        headers = headers or {}
        return dict.fromkeys(
            destination
            for destination, _, arguments in self._bindings
            if self._matches(arguments, headers)
        )

    def _matches(self, arguments: Table, headers: Table) -> bool:
        mode = arguments["x-match"].value if "x-match" in arguments else "all"
        with_x = mode.endswith("-with-x")
        results = (
            self._equal(wanted, headers.get(name))
            for name, wanted in arguments.items()
            if (name != "x-match" if with_x else not name.startswith("x-"))
        )
        return any(results) if mode.startswith("any") else all(results)

    def _equal(self, wanted: Field, found: Field | None) -> bool:
        """Void asks for presence only; otherwise values are compared, not their widths."""
        if found is None:
            return False
        if wanted.type == "void":
            return True
        if self._scale_timestamps and found.type == "timestamp":
            found = Field("timestamp", found.value * 1000)
        if self._loose and _is_number(wanted) and _is_number(found):
            return bool(wanted.value == found.value)
        return _comparable(wanted) == _comparable(found)


def _is_number(field: Field) -> bool:
    return isinstance(field.value, int | float) and not isinstance(field.value, bool)


def _comparable(field: Field) -> str:
    """Equal for values that are the same Erlang term: strings and octets are one kind, integers
    of all widths another; inside tables and arrays types and order count."""
    value = field.value
    if field.type == "longstr":
        value = value.encode("utf-8", "surrogateescape")
    elif field.type == "table":
        value = list(value.items())
    return repr(value)


def erlang_term(field: Field) -> str:
    """A value as RabbitMQ's error texts print it (~tp)."""
    if field.type == "void":
        return "undefined"
    if field.type in ("longstr", "binary"):
        text = field.value if field.type == "longstr" else field.value.decode("utf-8", "replace")
        return f'<<"{text}">>' if text else "<<>>"
    if isinstance(field.value, bool):
        return str(field.value).lower()
    return str(field.value)
