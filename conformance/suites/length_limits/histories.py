"""Random lives of a bounded queue: the same steps on the broker and on the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypothesis import strategies as st

from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_limits import BoundedQueue, Limits

Action = Literal["publish", "get", "ack", "requeue", "requeue all"]
Step = tuple[Action, int]
"""An action and a number: the size of what is published, or which held message is settled."""

SIZES = st.sampled_from([0, 0, 1, 3, 8])
PUBLISH: st.SearchStrategy[Step] = st.tuples(st.just("publish"), SIZES)
GET: st.SearchStrategy[Step] = st.just(("get", 0))
ACK: st.SearchStrategy[Step] = st.tuples(st.just("ack"), st.integers(0, 4))
REQUEUE: st.SearchStrategy[Step] = st.tuples(
    st.sampled_from(["requeue", "requeue all"]), st.integers(0, 4)
)

PUBLISHES = st.lists(PUBLISH, min_size=4, max_size=10)
"""Publishing only."""


def in_turn(*phases: st.SearchStrategy[list[Step]]) -> st.SearchStrategy[list[Step]]:
    """A history of several phases."""
    return st.tuples(*phases).map(lambda parts: [step for part in parts for step in part])


FILL = st.lists(PUBLISH, min_size=2, max_size=5)
TAKE = st.lists(GET, min_size=1, max_size=4)

HISTORIES = in_turn(FILL, TAKE, FILL, st.lists(PUBLISH | GET | ACK, max_size=5))
"""Publishing and consuming: filling what may be full again while some messages are held."""

REQUEUEING = in_turn(
    FILL,
    TAKE,
    FILL,
    st.lists(REQUEUE, min_size=1, max_size=2),
    st.lists(PUBLISH | GET | ACK | REQUEUE, max_size=5),
)
"""The same, and requeueing into what may be full by then."""

LENGTHS = st.integers(0, 4)
OCTETS = st.integers(0, 16)
MESSAGE_LIMITS = st.builds(Limits, length=LENGTHS)
OCTET_LIMITS = st.builds(Limits, octets=OCTETS)
BOTH_LIMITS = st.builds(Limits, length=LENGTHS, octets=OCTETS)


@dataclass
class Seen:
    """What a client sees of a history."""

    outcomes: list[str] = field(default_factory=list)
    """Of the publishes, in order; empty if the channel has no confirms."""
    taken: list[str | None] = field(default_factory=list)
    """What each basic.get returned."""
    left: list[str] = field(default_factory=list)
    """What was ready at the end, in order."""
    dead: list[str] = field(default_factory=list)
    """What was dead-lettered, in order."""


def body_of(number: int, size: int) -> str:
    """A body that nothing else has: two digits, and `size` octets more."""
    return f"{number % 100:02d}" + "x" * size


def predict(limits: Limits, steps: list[Step], *, confirms: bool) -> Seen:
    """What must be seen."""
    model, seen = BoundedQueue(limits), Seen()
    for number, (action, which) in enumerate(steps):
        if action == "publish":
            outcome = model.publish(body_of(number, which))
            if confirms:
                seen.outcomes.append(outcome)
        elif action == "get":
            seen.taken.append(model.get())
        elif model.held:
            index = which % len(model.held)
            if action == "ack":
                model.ack(index)
            else:
                model.requeue(index, multiple=action == "requeue all")
    seen.left = [body for _, body in model.ready]
    seen.dead = model.dead
    return seen


def observe(amqp: AmqpTester, limits: Limits, steps: list[Step], *, confirms: bool) -> Seen:
    """What the broker shows. All steps go through one channel, so that they keep their order."""
    queue, graveyard = amqp.mortal_queue(limits.arguments())
    channel = amqp.channel()
    if confirms:
        channel.select_confirms()
    seen = Seen()
    held: list[int] = []
    published = 0
    for number, (action, which) in enumerate(steps):
        if action == "publish":
            channel.publish("", queue, body_of(number, which))
            published += 1
        elif action == "get":
            message = channel.get(queue)
            seen.taken.append(None if message is None else message.text)
            if message is not None:
                held.append(message.tag)
        elif held:
            index = which % len(held)
            if action == "ack":
                channel.ack(held.pop(index))
            else:
                channel.nack(held[index], multiple=action == "requeue all")
                del held[0 if action == "requeue all" else index : index + 1]
    if confirms:
        outcomes = channel.wait_confirms(published)
        seen.outcomes = [outcomes[n] for n in range(1, published + 1)]
    seen.left = [message.text for message in channel.drain(queue)]
    seen.dead = amqp.bodies(graveyard)
    return seen
