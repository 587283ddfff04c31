"""Mutants of durability."""

from tests.mutants.mutant import Mutant

MUTANTS = [
    Mutant(
        "restart-loses-bindings",
        "amqp.durable:DurableStore._read_entity",
        "source.bind(binding)",
        "pass",
        kills=("amqp.durability.entities-survive-restart",),
    ),
    Mutant(
        "restart-ignores-unbind",
        "amqp.durable:DurableStore._read_entity",
        "source.unbind(binding)",
        "pass",
        kills=("amqp.durability.entities-survive-restart",),
    ),
    Mutant(
        "restart-keeps-transient-exchanges",
        "amqp.core.exchanges:Exchange.__init__",
        "durable or vhost.dialect.keeps_transient_exchanges",
        "True",
        kills=("amqp.durability.transient-exchange-vanishes",),
        version="4.0",
    ),
    Mutant(
        "exclusive-durable-queue-is-stored",
        "amqp.core.vhost:VirtualHost.declare_queue",
        "durable = durable and not exclusive",
        "durable = True",
        kills=("amqp.durability.exclusive-queue-vanishes",),
        more=(
            (
                "amqp.core.connection:Connection.close",
                "self.vhost.delete_queue(queue)",
                "self.vhost.forget_queue(queue)",
            ),
        ),
    ),
    Mutant(
        "transient-messages-are-stored",
        "amqp.core.queues:Queue.publish",
        "self.ready.push(entry)\n    if self.durable and message.content.persistent:",
        "self.ready.push(entry)\n    if self.durable:",
        kills=("amqp.durability.persistent-messages-survive-restart",),
    ),
    Mutant(
        "persistent-messages-are-not-stored",
        "amqp.core.queues:Queue.publish",
        "self.ready.push(entry)\n    if self.durable and message.content.persistent:",
        "self.ready.push(entry)\n    if False:",
        kills=(
            "amqp.durability.persistent-messages-survive-restart",
            "amqp.durability.queue-keeps-until-consumed",
        ),
    ),
    Mutant(
        "restart-reverses-the-queue",
        "amqp.core.ready:Fifo.restore",
        "entries.insert(index, entry)",
        "entries.append(entry)",
        kills=("amqp.durability.persistent-messages-survive-restart",),
    ),
    Mutant(
        "restart-forgets-unacknowledged",
        "amqp.core.channel:Channel.deliver",
        "consumer.unacked += 1",
        "consumer.unacked += 1; queue.settled(entry)",
        kills=("amqp.durability.unacknowledged-come-back",),
    ),
    Mutant(
        "restart-clears-redelivered",
        "amqp.durable:DurableStore._recover",
        "entry.redelivered = not exact or (number, entry.position) in delivered",
        "entry.redelivered = False",
        kills=("amqp.durability.unacknowledged-come-back",),
    ),
    Mutant(
        "acknowledged-stays-stored",
        "amqp.core.queues:Queue.settled",
        "if entry.stored:",
        "if entry.stored and entry.redelivered:",
        kills=("amqp.durability.acknowledged-stay-away",),
    ),
    Mutant(
        "restart-drops-arguments",
        "amqp.durable:DurableStore._read_queue",
        'arguments=table["arguments"].value',
        "arguments={}",
        kills=("amqp.durability.arguments-stay-effective",),
    ),
    Mutant(
        "restart-renews-ttl",
        "amqp.durable:_read_message",
        "None if expires_at_ms < 0 else expires_at_ms",
        "None",
        kills=("amqp.durability.ttl-keeps-running",),
    ),
    Mutant(
        "stop-gives-the-wrong-code",
        "server.runner:BrokerServer.stop",
        "ConnectionForced(",
        "type('Wrong', (ConnectionForced,), {'code': 541})(",
        kills=("amqp.durability.clients-are-told",),
    ),
]
