"""Mutants of workflows."""

from tests.mutants.mutant import Mutant

MUTANTS = [
    Mutant(
        "failed-requests-are-asked-again",
        "amqp.methods.basic_nack:handle",
        "REQUEUE if requeue else DISCARD",
        "REQUEUE",
        kills=("amqp.workflows.synchronous-chain", "amqp.workflows.event-driven-order"),
    ),
    Mutant(
        "fanout-forgets-the-fourth-queue",
        "amqp.core.channel:Channel.enqueue",
        "if not queue.publish(message):",
        "if not (queue in queues[3:4] or queue.publish(message)):",
        kills=("amqp.workflows.event-driven-order",),
    ),
]
