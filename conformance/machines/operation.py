"""One operation of a history: plain data that can be drawn, printed, stored and carried out again.

Names in it are symbols such as "q1"; each subject has its own real names for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Operation:
    """`name` is a method `do_NAME` of the subject, `arguments` are its keyword arguments."""

    name: str
    arguments: Mapping[str, Any]

    def __str__(self) -> str:
        """Such as "A1: declare queue queue=q1 durable"; what is empty or false is left out."""
        words = [self.name.replace("_", " ")]
        for name, value in self.arguments.items():
            if name == "on" or value is False or value is None or value == {}:
                continue
            shown = value if isinstance(value, str) and value else repr(value)
            words.append(name if value is True else f"{name}={shown}")
        on = self.arguments.get("on")
        return f"{on}: {' '.join(words)}" if on else " ".join(words)

    def to_json(self) -> dict[str, Any]:
        """Return {"operation": NAME, ARGUMENT: VALUE, ...}."""
        return {"operation": self.name, **self.arguments}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Operation:
        """The inverse of `to_json`. Raises KeyError."""
        arguments = dict(content)
        return cls(arguments.pop("operation"), arguments)
