"""The store: after any history and at any point, a restart brings back what is durable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.amqp.core.channel import ACK, DISCARD, REQUEUE
from reference_impl.amqp.fields import Field, Table, longstr
from reference_impl.amqp.wire.tables import MAX_NESTING, decode_table, encode_table
from reference_impl.errors import JournalDamaged
from tests.reference_impl.amqp.durable_world import World, redelivered
from tests.reference_impl.strategies import few, often, quick

QUEUES = ("q", "r")
OWN_EXCHANGES = ("d", "e")
EXCHANGES = (*OWN_EXCHANGES, "d", "amq.topic")
QUEUE_ARGUMENTS: tuple[Table, ...] = (
    {},
    {},
    {"x-message-ttl": Field("long", 20)},
    {"x-max-length": Field("byte", 2), "x-dead-letter-exchange": longstr("d")},
    {"x-dead-letter-exchange": longstr(""), "x-dead-letter-routing-key": longstr("r")},
    {"x-max-priority": Field("unsignedbyte", 3)},
    {"x-max-length": Field("byte", 2), "x-overflow": longstr("reject-publish")},
)
BINDING_ARGUMENTS: tuple[Table, ...] = (
    {},
    {"x-match": longstr("any"), "h": Field("double", 1.5)},
    {"deep": Field("table", {"list": Field("array", [Field("void", None), Field("byte", 1)])})},
)
HEADERS: tuple[Table | None, ...] = (
    None,
    {"h": Field("double", 1.5)},
    {"CC": Field("array", [longstr("r"), longstr("\udcff")])},
    {"BCC": Field("array", [longstr("q")])},
)

_names = st.sampled_from(QUEUES)
_own = st.sampled_from(OWN_EXCHANGES)
_bindings = (
    st.sampled_from(EXCHANGES),
    st.sampled_from((("queue", "q"), ("queue", "r"), ("exchange", "e"))),
    st.sampled_from(("", "#")),
    st.sampled_from(BINDING_ARGUMENTS),
)
_channels = st.integers(0, 1)
_outcomes = st.sampled_from((ACK, REQUEUE, DISCARD))

_declare_queue = st.tuples(
    st.just("declare_queue"),
    _names,
    st.sampled_from((True, True, True, False)),
    st.sampled_from((False, False, True)),
    st.sampled_from(QUEUE_ARGUMENTS),
)
_delete_queue = st.tuples(st.just("delete_queue"), _names)
_declare_exchange = st.tuples(
    st.just("declare_exchange"),
    _own,
    st.sampled_from(("fanout", "topic", "headers")),
    st.sampled_from((True, True, False)),
    st.booleans(),
)
_bind = st.tuples(st.just("bind"), *_bindings)
_plain_publish = st.tuples(st.just("publish"), st.just(""), _names, _channels, st.just({}))
_publish = st.tuples(
    st.just("publish"),
    st.sampled_from(("", "", *EXCHANGES)),
    _names,
    _channels,
    st.fixed_dictionaries(
        {"headers": st.sampled_from(HEADERS)},
        optional={
            "delivery_mode": st.sampled_from((None, 1, 2)),
            "priority": st.integers(0, 4),
            "expiration": st.sampled_from(("0", "10", "50")),
            "message_id": st.just("id"),
        },
    ),
)
_kill = st.tuples(st.just("kill"))
OFTEN = (_declare_queue, _delete_queue, _declare_exchange, _bind, _plain_publish, _kill)

SELDOM = (
    _publish,
    st.tuples(st.just("purge"), _names),
    st.tuples(st.just("delete_exchange"), _own),
    st.tuples(st.just("unbind"), *_bindings),
    st.tuples(st.just("consume"), _names, st.booleans()),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("get"), _names, _channels, st.sampled_from((True, True, False))),
    st.tuples(st.just("settle"), st.integers(0, 3), st.booleans(), _outcomes, _channels),
    st.tuples(st.just("commit_transaction")),
    st.tuples(st.just("roll_back")),
    st.tuples(st.just("close_channel")),
    st.tuples(st.just("create_vhost"), st.sampled_from(("v", "w"))),
    st.tuples(st.just("pass_time"), st.sampled_from((1, 10, 30))),
    st.tuples(st.just("rewrite")),
    st.tuples(st.just("stop")),
)
STEPS = often(OFTEN, SELDOM, 3)
"""What happens to a broker; what lays traps for recovery happens often."""


def carry_out(world: World, step: tuple[Any, ...]) -> None:
    kind, *values = step
    if kind in ("kill", "stop"):
        restart(world, clean=kind == "stop")
    elif kind == "publish":
        exchange, key, channel, properties = values
        world.do("publish", exchange, key, channel, **properties)
    elif kind in ("bind", "unbind"):
        source, destination, key, arguments = values
        world.do(kind, source, *destination, key, arguments)
    else:
        world.do(kind, *values)


def restart(world: World, *, clean: bool) -> None:
    """Restart, and compare what is there with what was there and should last."""
    expired = world.has_expired_messages()
    if clean or expired:
        world.disconnect()
    if expired:
        world.forget_transient()
    before, flags = world.picture(), redelivered(world)
    if clean:
        world.start_again()
    else:
        world.kill()
    assert world.picture() == before
    now = redelivered(world)
    exact = clean and world.version == "3.10"
    assert now == (flags if exact else dict.fromkeys(now, True))


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.10", "4.3"])
def test_durable_state_survives_any_history(version: str) -> None:
    @quick
    @given(st.lists(STEPS, min_size=25, max_size=40))
    def holds(steps: list[tuple[Any, ...]]) -> None:
        world = World(version)
        for name in QUEUES:
            world.do("declare_queue", name)
        for step in steps:
            carry_out(world, step)
        restart(world, clean=False)
        restart(world, clean=True)

    holds()


@pytest.mark.slow
@few
@given(st.lists(STEPS, min_size=8, max_size=12))
def test_rewrite_at_any_point_changes_nothing(steps: list[tuple[Any, ...]]) -> None:
    plain, rewritten = World(), World()
    for step in [("declare_queue", "q"), *steps]:
        for world in (plain, rewritten):
            carry_out(world, step)
        before = rewritten.picture()
        rewritten.rewrite()
        assert rewritten.picture() == before
        assert rewritten.picture() == plain.picture()
    restart(rewritten, clean=False)
    assert rewritten.journal.size <= plain.journal.size + 5_000


# -- what random histories hardly meet -----------------------------------------------------------


def test_messages_of_a_deleted_queue_do_not_come_back_in_another() -> None:
    world = World()
    world.do("declare_queue", "old")
    world.do("publish", "", "old")
    world.do("delete_queue", "old")
    world.kill()
    world.do("declare_queue", "new")
    world.kill()
    assert world.bodies("new") == []


def test_auto_delete_exchange_that_went_with_its_queue_stays_away() -> None:
    world = World()
    world.do("declare_queue", "q")
    world.do("declare_exchange", "e", "fanout", True, True)
    world.do("bind", "e", "queue", "q")
    world.do("delete_queue", "q")
    assert "e" not in world.vhost.exchanges
    world.kill()
    assert "e" not in world.vhost.exchanges


def test_chain_of_auto_delete_exchanges_stays_away() -> None:
    world = World()
    for name in ("d", "e", "f"):
        world.do("declare_exchange", name, "fanout", True, name != "f")
    world.do("bind", "d", "exchange", "e")
    world.do("bind", "e", "exchange", "f")
    world.do("delete_exchange", "f")
    assert not {"d", "e", "f"} & set(world.vhost.exchanges)
    world.kill()
    assert not {"d", "e", "f"} & set(world.vhost.exchanges)


def test_exchange_with_a_binding_that_does_not_last_lasts() -> None:
    """It was not deleted with its durable queue, because a transient one was bound to it too."""
    world = World()
    world.do("declare_exchange", "e", "fanout", True, True)
    world.do("declare_queue", "q")
    world.do("declare_queue", "transient", False)
    for name in ("q", "transient"):
        world.do("bind", "e", "queue", name)
    world.do("delete_queue", "q")
    world.do("declare_queue", "r")
    world.do("bind", "e", "queue", "r")
    before = world.picture()
    world.kill()
    assert world.picture() == before
    assert "e" in world.vhost.exchanges


def test_arguments_of_any_depth_that_the_wire_takes_survive() -> None:
    field = Field("array", [])
    for _ in range(MAX_NESTING - 1):
        field = Field("array", [field])
    arguments = decode_table(encode_table({"deep": field}))
    world = World()
    world.do("declare_queue", "q", True, False, arguments)
    world.kill()
    assert encode_table(world.vhost.queues["q"].arguments) == encode_table(arguments)


def test_names_and_bodies_of_any_octets_survive() -> None:
    world = World()
    name = "q\u00e9\U0001f600" * 20
    world.do("declare_queue", name)
    world.do("declare_exchange", "e" * 255, "topic")
    world.do("bind", "e" * 255, "queue", name, "#")
    world.do(
        "publish", "e" * 255, "\u00e9" * 100, headers={"h": longstr("\udcff")}, timestamp=2**63
    )
    before = world.picture()
    world.kill()
    assert world.picture() == before
    assert len(world.bodies(name)) == 1


def test_bindings_of_predeclared_exchanges_survive() -> None:
    world = World()
    world.do("declare_queue", "q")
    world.do("bind", "amq.topic", "queue", "q", "#")
    for end in (world.kill, world.rewrite, world.kill):
        end()
        world.do("publish", "amq.topic", "key")
    assert world.bodies("q") == [b"1", b"2", b"3"]


def test_what_expired_behind_a_transient_message_is_gone_when_it_is_gone() -> None:
    world = World()
    world.do("declare_queue", "r")
    world.do("declare_queue", "q", True, False, QUEUE_ARGUMENTS[4])
    world.do("publish", "", "q", delivery_mode=1)
    world.do("publish", "", "q", expiration="0")
    assert world.bodies("q") == [b"1", b"2"]
    world.kill()
    assert world.bodies("q") == []
    assert world.bodies("r") == [b"2"], "dead-lettered by the restart"


def test_rewrite_leaves_out_what_is_held_of_a_deleted_queue() -> None:
    world = World()
    world.do("declare_queue", "q")
    world.do("publish", "", "q")
    world.do("get", "q")
    world.do("delete_queue", "q")
    world.rewrite()
    world.do("settle", 0, False, ACK)
    world.kill()
    assert world.vhost.queues == {}


def test_virtual_hosts_created_while_running_survive_with_what_is_in_them() -> None:
    world = World()
    world.do("create_vhost", "v")
    world.vhost = world.broker.vhosts["v"]
    world.do("declare_queue", "q")
    before = world.picture()
    for end in (world.kill, world.rewrite, world.kill):
        end()
    assert world.picture() == before
    assert "v" in world.broker.users["guest"].permissions


def test_virtual_host_that_is_missing_this_time_disturbs_nobody() -> None:
    world = World(vhosts=("/", "v"))
    other = world.broker.vhosts["v"]
    world.do("declare_queue", "q")
    world.vhost, mine = other, world.vhost
    world.do("declare_queue", "q")
    world.do("declare_exchange", "e")
    world.do("bind", "e", "queue", "q")
    world.do("publish", "", "q")
    world.do("delete_exchange", "e")
    world.vhost = mine
    world.vhosts = ("/",)
    world.kill()
    world.do("declare_queue", "r")
    world.do("publish", "", "r")
    world.kill()
    assert set(world.picture()) == {"/"}
    assert world.bodies("r") == [b"2"]
    world.vhosts = ("/", "v")
    world.kill()
    assert [queue.name for queue in world.broker.vhosts["v"].queues.values()] == ["q"]


def test_positions_are_not_used_twice() -> None:
    """A message that was removed does not take one with it that came later to its place."""
    world = World()
    world.do("declare_queue", "q")
    for _ in range(3):
        world.do("publish", "", "q")
        world.kill()
        world.do("get", "q", 0, False)
        world.do("publish", "", "q")
        world.kill()
    assert len(world.bodies("q")) == 3


def test_flags_of_a_clean_stop_are_exact_up_to_3_13() -> None:
    world = World("3.10")
    world.do("declare_queue", "q")
    for _ in range(3):
        world.do("publish", "", "q")
    world.do("get", "q")
    world.disconnect()
    world.start_again()
    assert redelivered(world) == {b"1": True, b"2": False, b"3": False}
    world.do("get", "q", 0, False)
    world.disconnect()
    world.start_again()
    assert redelivered(world) == {b"2": False, b"3": False}
    world.kill()
    assert redelivered(world) == {b"2": True, b"3": True}


def test_small_journals_are_not_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.do("declare_queue", "q")
    for _ in range(50):
        world.do("publish", "", "q")
        world.do("get", "q", 0, False)
    assert world.journal.rewrites == 0
    monkeypatch.setattr("reference_impl.amqp.durable.REWRITE_AT_BYTES", 1_000)
    sizes = []
    for _ in range(500):
        world.do("publish", "", "q")
        world.do("get", "q", 0, False)
        sizes.append(world.journal.size)
    assert 1 <= world.journal.rewrites < 50
    assert max(sizes[100:]) < 20_000


def test_removals_wake_the_broker_so_that_they_are_committed() -> None:
    """An acknowledgement has no answer; nobody else would ask for a commit."""
    woken: list[int] = []
    world = World()
    world.do("declare_queue", "q")
    world.do("publish", "", "q")
    world.broker.wake = lambda: woken.append(1)
    world.get("q")
    assert woken == []
    world.settle(0, False, ACK)
    assert woken


@pytest.mark.parametrize(
    "record",
    [
        b"Z",
        b"M",
        b"M" + b"\0" * 40,
        b"m",
        b"D1234",
        b"Q",
        b"Q\x05vhostV",
        b"X" + encode_table({"vhost": longstr("/"), "name": longstr("e")}),
        b"q" + encode_table({"vhost": longstr("/"), "name": longstr("missing")}),
        b"\xff\xff\xff",
    ],
)
def test_record_that_makes_no_sense_is_damage(record: bytes) -> None:
    world = World()
    world.do("declare_queue", "q")
    world.journal.durable.append(record)
    with pytest.raises(JournalDamaged, match=r"^record 2 of the journal is whole but makes no"):
        world.kill()


def test_transient_exchanges_of_4_3_are_not_there_for_an_older_version() -> None:
    world = World("4.3")
    world.do("declare_exchange", "e", "fanout", False)
    world.do("declare_queue", "q")
    world.do("bind", "e", "queue", "q")
    world.version = "4.0"
    for _ in range(2):
        world.kill()
        assert "e" not in world.vhost.exchanges
        world.do("declare_exchange", "e", "topic", True)
        world.do("delete_exchange", "e")
    assert set(world.vhost.queues) == {"q"}
