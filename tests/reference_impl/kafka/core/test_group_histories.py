"""Any history of a group: what holds of each generation, and that nobody waits for ever."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.kafka.errors import ErrorCode
from tests.reference_impl.kafka.core.group_clients import (
    REBALANCE_MS,
    SESSION_MS,
    Client,
    GroupWorld,
    subscription,
)
from tests.reference_impl.strategies import few, often

INSTANCES = (None, None, None, "i", "i", "j")
"""Clients by number; two of them claim to be the same static member."""

WISHES = (
    (("range", subscription("t")), ("sticky", b"")),
    (("sticky", b"x"), ("range", subscription("t", "u"))),
    (("range", subscription("u")),),
)

_who = st.integers(0, len(INSTANCES) - 1)
_join = st.tuples(st.just("join"), _who, st.integers(0, len(WISHES) - 1))
_sync = st.tuples(st.just("sync"), _who)
_heartbeat = st.tuples(st.just("heartbeat"), _who)
OFTEN = (_join, _sync, _heartbeat)
SELDOM = (
    st.tuples(st.just("join_at_once"), _who),
    st.tuples(st.just("ask_for_id"), _who),
    st.tuples(st.just("gather")),
    st.tuples(st.just("leave"), _who),
    st.tuples(st.just("crash"), _who),
    st.tuples(st.just("commit"), _who, st.integers(0, 9)),
    st.tuples(st.just("expel"), st.sampled_from(("i", "j"))),
    st.tuples(st.just("wait"), st.sampled_from((1, SESSION_MS // 3, SESSION_MS, REBALANCE_MS))),
)
STEPS = often(OFTEN, SELDOM, 3)

LONGEST_DELAY_MS = 3000
"""Of the initial rebalance, which is extended once when somebody joins meanwhile."""

QUIET_MS = 300_000 + 3 * (REBALANCE_MS + SESSION_MS)
"""After this without a word from anybody, all sessions, joins and syncs have ended."""


class History:
    """The steps on a world, and what is known from the answers alone."""

    def __init__(self, version: str, delay_ms: int) -> None:
        settings = {"group.initial.rebalance.delay.ms": str(delay_ms)}
        self.world = GroupWorld(version, settings)
        self.clients = [self._new(number) for number in range(len(INSTANCES))]
        self.generations: dict[int, tuple[Any, ...]] = {}
        self.decided: dict[int, dict[str, bytes]] = {}
        self.last_generation = 0
        self.committed = -1

    def _new(self, number: int) -> Client:
        return Client(self.world, f"c{number}", INSTANCES[number], WISHES[0])

    # -- steps ------------------------------------------------------------------------------

    def join(self, number: int, wish: int) -> None:
        client = self.clients[number]
        client.protocols = WISHES[wish]
        client.join(can_skip_assignment=bool(number % 2))

    def join_at_once(self, number: int) -> None:
        self.clients[number].join(known_id_required=False)

    def ask_for_id(self, number: int) -> None:
        client = self.clients[number]
        if client.instance_id is None:
            client.id = ""
            client.ask_for_id()

    def sync(self, number: int) -> None:
        client = self.clients[number]
        assignments = {}
        if client.leads:
            assert client.joined is not None
            told = {one.member_id for one in client.joined.members}
            assignments = {one: f"{client.generation} {one}".encode() for one in sorted(told)}
            if self.world.state == "CompletingRebalance":
                self.decided.setdefault(client.generation, assignments)
        client.sync(assignments)

    def gather(self) -> None:
        """All members do what they are asked for, which leads to a stable group as a rule."""
        for client in self.clients:
            if client.heartbeat() is ErrorCode.REBALANCE_IN_PROGRESS:
                client.join()
        for number in sorted(range(len(self.clients)), key=lambda one: self.clients[one].leads):
            self.sync(number)

    def heartbeat(self, number: int) -> None:
        self.clients[number].heartbeat()

    def leave(self, number: int) -> None:
        self.clients[number].leave()

    def crash(self, number: int) -> None:
        self.clients[number] = self._new(number)

    def expel(self, instance_id: str) -> None:
        self.world.groups.leave("g", [("", instance_id)])

    def commit(self, number: int, offset: int) -> None:
        client = self.clients[number]
        group = self.world.groups.find("g")
        is_member = (
            group is not None
            and client.id in group.members
            and client.generation == group.generation
            and self.world.state != "CompletingRebalance"
        )
        anonymous = client.generation < 0 and self.world.state in ("none", "Empty")
        code = self.world.commit(client.identity, offset)
        assert (code is ErrorCode.NONE) == (is_member or anonymous), code
        if code is ErrorCode.NONE:
            self.committed = offset

    def wait(self, ms: int) -> None:
        self.world.advance(ms)

    # -- what must hold ---------------------------------------------------------------------

    def check(self) -> None:
        assert self.world.committed() == self.committed
        group = self.world.groups.find("g")
        if group is None:
            return
        assert group.generation >= self.last_generation
        self.last_generation = group.generation
        if not len(group.members):  # an id that was given out may keep it from being empty
            assert group.state.value in ("Empty", "PreparingRebalance")
        assert len(group.members) == 0 or group.state.value != "Empty"
        assert (group.members.leader is None) == (not len(group.members))
        for client in self.clients:
            if client.code is ErrorCode.NONE:
                self._check_joined(client)
            if client.synced_code is ErrorCode.NONE:
                self._check_assigned(client)
        if group.state.value == "Stable":
            assert all(not member.is_waiting for member in group.members)

    def _check_joined(self, client: Client) -> None:
        """All members of a generation are told the same."""
        joined = client.joined
        assert joined is not None and 1 <= joined.generation <= self.last_generation
        told = (joined.protocol_type, joined.protocol_name)
        assert self.generations.setdefault(joined.generation, told) == told
        assert any(name == joined.protocol_name for name, _ in client.joined_with)
        if joined.members:
            ids = [one.member_id for one in joined.members]
            assert joined.leader == joined.member_id and joined.leader in ids
            assert len(ids) == len(set(ids))

    def _check_assigned(self, client: Client) -> None:
        """What the leader decided for this member, or nothing where it did not know it."""
        generation, _, member_id = client.assignment.decode().partition(" ")
        if generation:
            assert self.decided[int(generation)][member_id] == client.assignment

    def check_end(self) -> None:
        """Everybody has been answered; who goes on ends in one generation with all others."""
        self.world.advance(QUIET_MS)
        group = self.world.groups.find("g")
        assert group is None or not len(group.members)
        for client in self.clients:
            asked = client.id or client.joined is not None
            assert not asked or client.joined is not None
        self.clients = [self._new(number) for number in (0, 1, 2, 3, 5)]
        for _ in range(4):
            for client in self.clients:
                if client.code is None or client.heartbeat() is not ErrorCode.NONE:
                    client.join()
        self.world.advance(2 * LONGEST_DELAY_MS)
        for client in sorted(self.clients, key=lambda one: one.leads):
            client.sync({one.id: one.name.encode() for one in self.clients})
        assert self.world.state == "Stable"
        assert {client.generation for client in self.clients} == {self.world.group.generation}
        assert {client.joined and client.joined.leader for client in self.clients} == {
            self.world.group.members.leader
        }
        assert [client.assignment for client in self.clients] == [
            client.name.encode() for client in self.clients
        ]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.9", "4.3"])
@settings(few, max_examples=100)
@given(steps=st.lists(STEPS, max_size=40), delay_ms=st.sampled_from((0, LONGEST_DELAY_MS)))
def test_any_history(version: str, steps: list[tuple[Any, ...]], delay_ms: int) -> None:
    history = History(version, delay_ms)
    for name, *arguments in steps:
        getattr(history, name)(*arguments)
        history.check()
    history.check_end()
