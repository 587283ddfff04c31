"""Dead-lettering through any graph of queues comes to an end and loses its way nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.amqp.core.channel import DISCARD
from reference_impl.amqp.core.dead_letter import DeadLetters
from tests.reference_impl.amqp.core.client import CoreClient
from tests.reference_impl.strategies import quick

NAMES = ("a", "b", "c")
QUEUES = st.fixed_dictionaries(
    {"following": st.sampled_from((*NAMES, "nowhere"))},
    optional={
        "x_message_ttl": st.sampled_from((0, 1)),
        "x_max_length": st.integers(0, 2),
        "x_overflow": st.sampled_from(("drop-head", "reject-publish", "reject-publish-dlx")),
    },
)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.10", "4.3"])
def test_every_graph_of_dying_queues_comes_to_rest(version: str) -> None:
    @quick
    @given(queues=st.tuples(QUEUES, QUEUES, QUEUES), published=st.lists(st.sampled_from(NAMES)))
    def holds(queues: tuple[dict[str, int | str], ...], published: list[str]) -> None:
        client = CoreClient(version=version)
        for name, settings in zip(NAMES, queues, strict=True):
            arguments = {k: v for k, v in settings.items() if k != "following"}
            client.declare(
                name,
                x_dead_letter_exchange="",
                x_dead_letter_routing_key=settings["following"],
                **arguments,
            )
        moves = 0
        publish = DeadLetters._publish

        def counted(*arguments: object) -> None:
            nonlocal moves
            moves += 1
            assert moves <= 10 * len(published) * len(NAMES), "it goes around"
            publish(*arguments)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DeadLetters, "_publish", counted)
            for number, name in enumerate(published):
                client.publish(name, b"%d" % number)
            for _ in range(10):
                client.pass_time(1)
        left = [body for name in NAMES for body in client.ready(name)]
        assert len(left) == len(set(left)), "a message was copied"
        for name, settings in zip(NAMES, queues, strict=True):
            if "x_message_ttl" in settings:
                assert client.ready(name) == []

    holds()


def test_a_client_may_reject_around_a_circle_as_long_as_it_likes() -> None:
    client = CoreClient()
    for name, following in (("a", "b"), ("b", "a")):
        client.declare(name, x_dead_letter_exchange="", x_dead_letter_routing_key=following)
    client.publish("a", b"m")
    for turn in range(100):
        taken = client.channel.get("ab"[turn % 2], True)
        assert taken is not None
        client.channel.settle(taken[0], False, DISCARD)
    (entry,) = client.vhost.queues["a"].ready
    assert [(d.queue, d.times) for d in entry.message.deaths or ()] == [("b", 50), ("a", 50)]
