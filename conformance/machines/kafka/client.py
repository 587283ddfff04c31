"""A client of a group in a comparison: it knows who it was told to be, and does not wait."""

from __future__ import annotations

from typing import Any

from conformance.drivers.kafka.codes import name_of
from conformance.drivers.kafka.groups import JOIN_GROUP, Group, Member
from conformance.errors import ConnectionClosed, NoAnswer

MOMENT_S = 0.001
"""How long to look for an answer that may not have come; a pair looks again while sides differ."""


class Client(Member):
    """Asks to join and to sync on a connection of its own. Until it is answered, nothing else can
    be asked there; everything that is answered at once goes over the tester's main connection."""

    def __init__(self, group: Group, instance_id: str | None) -> None:
        super().__init__(group, instance_id=instance_id)
        self.previous_id = ""
        """What it was called before."""
        self.is_waiting = False
        self.has_joined = False
        """Whether it has joined a generation since it synced last."""

    @property
    def asked_api(self) -> int:
        """What was asked last, by the key of its API."""
        return self._asked[0]

    def ask(self, request: Any, version: int | None = None) -> None:
        """Send a join or a sync."""
        self._ask(request, version)
        self.is_waiting = True

    def arrived(self) -> Any:
        """The answer if it has come, "connection closed" if it never will, otherwise None."""
        try:
            answer = self.raw.read_response(*self._asked, within_s=MOMENT_S)
        except NoAnswer:
            return None
        except ConnectionClosed:
            self.reconnect()
            return "connection closed"
        self.is_waiting = False
        if self.asked_api == JOIN_GROUP:
            self._take_joined(answer)
        elif name_of(answer.error_code) == "NONE":
            self.has_joined = False
        return answer

    def _take_joined(self, answer: Any) -> None:
        error = name_of(answer.error_code)
        if error == "NONE":
            self.call_itself(answer.member_id)
            self.generation = answer.generation_id
            self.protocol_name = answer.protocol_name
            self.has_joined = not answer.skip_assignment
        elif error == "MEMBER_ID_REQUIRED":
            self.call_itself(answer.member_id)
        elif error == "UNKNOWN_MEMBER_ID":
            self.forget()

    def call_itself(self, member_id: str) -> None:
        """Be somebody else from now on."""
        if self.id and member_id != self.id:
            self.previous_id = self.id
        self.id = member_id

    def forget(self) -> None:
        """Be nobody, as a client that has just started."""
        self.call_itself("")
        self.generation = -1
        self.protocol_name = None
        self.has_joined = False

    def reconnect(self) -> None:
        """Lose the connection, and with it what was asked on it."""
        self.raw.close()
        self.raw = self.group.tester.raw()
        self.is_waiting = False
