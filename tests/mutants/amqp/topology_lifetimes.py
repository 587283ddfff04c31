"""Mutants of topology: exclusive and auto-delete queues, deleting and purging."""

from tests.mutants.mutant import Mutant

QUEUE = "amqp.core.vhost:VirtualHost.queue"
HANDLE_QUEUE_DELETE = "amqp.methods.queue_delete:handle"
HANDLE_QUEUE_PURGE = "amqp.methods.queue_purge:handle"
CONNECTION_CLOSE = "amqp.core.connection:Connection.close"
QUEUE__ABANDONED = "amqp.core.queues:Queue._abandoned"
QUEUE_REMOVE_CONSUMER = "amqp.core.queues:Queue.remove_consumer"
QUEUE_PURGE = "amqp.core.queues:Queue.purge"
FORGET_QUEUE = "amqp.core.vhost:VirtualHost.forget_queue"

MUTANTS = [
    Mutant(
        "topology-foreign-get-allowed",
        QUEUE,
        "self._check_owner(queue, connection)",
        "pass",
        kills=(
            "amqp.topology.queue-exclusive-locked",
            "amqp.topology.queue-exclusive-locked-passive",
        ),
    ),
    Mutant(
        "topology-foreign-bind-allowed",
        "amqp.core.vhost:VirtualHost.bind",
        "self._check_owner(target, connection)",
        "pass",
        kills=("amqp.topology.queue-exclusive-locked",),
    ),
    Mutant(
        "topology-foreign-unbind-allowed",
        "amqp.core.vhost:VirtualHost.unbind",
        "self._check_owner(target, connection)",
        "pass",
        kills=("amqp.topology.queue-exclusive-locked",),
    ),
    Mutant(
        "topology-foreign-delete-allowed",
        HANDLE_QUEUE_DELETE,
        "core.vhost.queue(name, core.connection)",
        "core.vhost.queues[name]",
        kills=("amqp.topology.queue-exclusive-locked",),
    ),
    Mutant(
        "topology-foreign-purge-refused-too-late",
        HANDLE_QUEUE_PURGE,
        "core.vhost.queue(name, core.connection).purge()",
        (
            "(name in core.vhost.queues and core.vhost.queues[name].purge()) + 0 * "
            "len(core.vhost.queue(name, core.connection).ready)"
        ),
        kills=("amqp.topology.queue-exclusive-locked",),
    ),
    Mutant(
        "topology-foreign-passive-declare-allowed",
        "amqp.core.vhost:VirtualHost.find_queue",
        "queue = self.queue(name, connection)",
        "queue = self.queues.get(name) or self.queue(name, connection)",
        kills=("amqp.topology.queue-exclusive-locked-passive",),
    ),
    Mutant(
        "topology-owner-is-one-channel",
        QUEUE,
        "self._check_owner(queue, connection)",
        "self._check_owner(queue, connection if len(connection.channels) == 1 else None)",
        kills=("amqp.topology.queue-exclusive-owner",),
    ),
    Mutant(
        "topology-server-named-queue-leaks",
        CONNECTION_CLOSE,
        "if q.owner is self",
        "if q.owner is self and not q.name.startswith('amq.')",
        kills=("amqp.topology.queue-exclusive-server-named",),
    ),
    Mutant(
        "topology-strangers-cannot-publish",
        "amqp.core.channel:Channel.enqueue",
        "if not queue.publish(message):",
        "if queue.owner in (None, self.connection) and not queue.publish(message):",
        kills=("amqp.topology.queue-exclusive-published-by-others",),
    ),
    Mutant(
        "topology-queue-with-messages-outlives-close",
        CONNECTION_CLOSE,
        "if q.owner is self",
        "if q.owner is self and not q.ready",
        kills=("amqp.topology.queue-exclusive-ends-with-close",),
    ),
    Mutant(
        "topology-exclusive-queue-outlives-close",
        CONNECTION_CLOSE,
        "if q.owner is self",
        "if False",
        kills=(
            "amqp.topology.queue-exclusive-ends-with-close",
            "amqp.topology.queue-exclusive-gone-at-close-ok",
            "amqp.topology.queue-exclusive-ends-with-socket",
        ),
    ),
    Mutant(
        "topology-exclusive-queue-outlives-socket",
        "amqp.session:AmqpSession.receive_eof",
        "self._end()",
        (
            "[channel.end() for channel in self.channels.values()]; self.connection = None; "
            "self._end()"
        ),
        kills=("amqp.topology.queue-exclusive-ends-with-socket",),
    ),
    Mutant(
        "topology-exclusive-queue-goes-with-channel",
        "amqp.core.channel:Channel.close",
        "self.consumers.clear()",
        (
            "self.consumers.clear()\n    for queue in list(self.vhost.queues.values()):\n      "
            "  if queue.owner is self.connection and queue.name == self.last_declared_queue: "
            "self.vhost.delete_queue(queue)"
        ),
        kills=("amqp.topology.queue-exclusive-outlives-channel",),
    ),
    Mutant(
        "topology-exclusive-means-auto-delete",
        QUEUE__ABANDONED,
        "if self.auto_delete and",
        "if (self.auto_delete or self.owner) and",
        kills=("amqp.topology.queue-exclusive-outlives-consumers",),
    ),
    Mutant(
        "topology-connection-takes-all-queues",
        CONNECTION_CLOSE,
        "if q.owner is self",
        "if q.owner is self or not q.consumers",
        kills=("amqp.topology.queue-lasting-outlives-connection",),
    ),
    Mutant(
        "topology-auto-delete-one-too-early",
        QUEUE__ABANDONED,
        "if len(self.consumers) > 0:",
        "if len(self.consumers) > 1:",
        kills=("amqp.topology.queue-auto-delete-cancel", "amqp.topology.queue-auto-delete-channel"),
    ),
    Mutant(
        "topology-cancel-does-not-auto-delete",
        QUEUE_REMOVE_CONSUMER,
        "if not self._abandoned():",
        "if self.consumers:",
        kills=(
            "amqp.topology.queue-auto-delete-cancel",
            "amqp.topology.queue-auto-delete-cancel-ok",
        ),
    ),
    Mutant(
        "topology-closed-channel-does-not-auto-delete",
        "amqp.core.queues:Queue.channel_closed",
        "if consumers and self._abandoned():",
        "if consumers and not held and self._abandoned():",
        kills=("amqp.topology.queue-auto-delete-channel",),
    ),
    Mutant(
        "topology-lost-connection-leaves-consumers",
        "amqp.session:AmqpSession._end_channels",
        "channel.end()",
        "channel.channel.consumers.clear(); channel.end()",
        kills=("amqp.topology.queue-auto-delete-connection",),
    ),
    Mutant(
        "topology-purge-auto-deletes",
        QUEUE_PURGE,
        "self.ready.clear()",
        (
            "self.ready.clear(); self.auto_delete and not self.deleted and "
            "self.vhost.delete_queue(self)"
        ),
        kills=("amqp.topology.queue-auto-delete-unused",),
    ),
    Mutant(
        "topology-get-counts-as-consumer",
        "amqp.core.queues:Queue.get",
        "    self.drop_expired()\n    return entry",
        (
            "    self.drop_expired()\n    if self.auto_delete and not "
            "self.ready: self.vhost.delete_queue(self)\n    return entry"
        ),
        kills=("amqp.topology.queue-auto-delete-get",),
    ),
    Mutant(
        "topology-every-unused-queue-goes",
        QUEUE__ABANDONED,
        "if self.auto_delete and",
        "if",
        kills=(
            "amqp.topology.queue-lasting-without-consumers",
            "amqp.topology.queue-exclusive-outlives-consumers",
        ),
    ),
    Mutant(
        "topology-delete-only-purges",
        HANDLE_QUEUE_DELETE,
        "core.vhost.delete_queue(found)",
        "found.purge()",
        kills=("amqp.topology.queue-delete",),
    ),
    Mutant(
        "topology-delete-counts-unacknowledged",
        "amqp.core.vhost:VirtualHost.delete_queue",
        "count = len(queue.ready)",
        "count = len(queue.ready) + sum(q is queue for q, _ in self.held_entries())",
        kills=("amqp.topology.queue-delete-count",),
    ),
    Mutant(
        "topology-delete-counts-nothing",
        HANDLE_QUEUE_DELETE,
        ", count, no_wait",
        ", 0, no_wait",
        kills=("amqp.topology.queue-delete-count", "amqp.topology.queue-delete-if-unused-free"),
    ),
    Mutant(
        "topology-delete-missing-queue-refused",
        HANDLE_QUEUE_DELETE,
        "if name in core.vhost.queues:",
        "if True:",
        kills=("amqp.topology.queue-delete-missing",),
    ),
    Mutant(
        "topology-one-consumer-is-no-use",
        HANDLE_QUEUE_DELETE,
        "len(found.consumers) > 0",
        "len(found.consumers) > 1",
        kills=("amqp.topology.queue-delete-if-unused",),
    ),
    Mutant(
        "topology-refused-delete-cancels",
        HANDLE_QUEUE_DELETE,
        'raise PreconditionFailed(f"{found} in use")',
        '[found.consumers.remove(c) for c in found.consumers]; raise PreconditionFailed("in use")',
        kills=("amqp.topology.queue-delete-if-unused",),
    ),
    Mutant(
        "topology-once-used-is-in-use",
        HANDLE_QUEUE_DELETE,
        "len(found.consumers) > 0",
        "found._had_consumers",
        kills=("amqp.topology.queue-delete-if-unused-free",),
    ),
    Mutant(
        "topology-one-message-is-empty",
        HANDLE_QUEUE_DELETE,
        "if if_empty and found.ready:",
        "if if_empty and len(found.ready) > 1:",
        kills=("amqp.topology.queue-delete-if-empty",),
    ),
    Mutant(
        "topology-refused-delete-purges",
        HANDLE_QUEUE_DELETE,
        'raise PreconditionFailed(f"{found} not empty")',
        'found.purge(); raise PreconditionFailed("not empty")',
        kills=("amqp.topology.queue-delete-if-empty",),
    ),
    Mutant(
        "topology-consumed-is-not-empty",
        HANDLE_QUEUE_DELETE,
        "if if_empty and found.ready:",
        "if if_empty and (found.ready or len(found.consumers)):",
        kills=("amqp.topology.queue-delete-if-empty-free",),
    ),
    Mutant(
        "topology-unacknowledged-is-not-empty",
        HANDLE_QUEUE_DELETE,
        "if if_empty and found.ready:",
        "if if_empty and (found.ready or any(q is found for q, _ in core.vhost.held_entries())):",
        kills=("amqp.topology.queue-delete-if-empty-unacknowledged",),
    ),
    Mutant(
        "topology-delete-dead-letters",
        "amqp.core.queues:Queue.close",
        "self.purge()",
        "self.reject(list(self.ready))",
        kills=("amqp.topology.queue-delete-not-dead-lettered",),
    ),
    Mutant(
        "topology-bindings-outlive-their-queue",
        FORGET_QUEUE,
        "self._unbind_everywhere(queue, recovering)",
        (
            "queue.publish = lambda message: queue.name not in self.queues or "
            "self.queues[queue.name].publish(message)"
        ),
        kills=("amqp.topology.queue-delete-unbinds", "amqp.topology.queue-delete-unroutable"),
    ),
    Mutant(
        "topology-deleted-queue-swallows-messages",
        FORGET_QUEUE,
        "self._unbind_everywhere(queue, recovering)",
        "pass",
        kills=("amqp.topology.queue-delete-unroutable",),
    ),
    Mutant(
        "topology-purge-takes-unacknowledged",
        HANDLE_QUEUE_PURGE,
        "count = ",
        "[c.unacked.clear() for c in core.connection.channels.values()]; count = ",
        kills=("amqp.topology.queue-purge",),
    ),
    Mutant(
        "topology-purge-counts-nothing",
        QUEUE_PURGE,
        "count = len(self.ready)",
        "count = 0",
        kills=("amqp.topology.queue-purge",),
    ),
    Mutant(
        "topology-purge-missing-queue-ignored",
        HANDLE_QUEUE_PURGE,
        "core.vhost.queue(name, core.connection).purge()",
        "core.vhost.queue(name, core.connection).purge() if name in core.vhost.queues else 0",
        kills=("amqp.topology.queue-purge-missing",),
    ),
    Mutant(
        "topology-auto-deleted-queue-keeps-its-name",
        QUEUE_REMOVE_CONSUMER,
        "if not self._abandoned():",
        "if self.consumers:",
        kills=("amqp.topology.queue-auto-delete-name-free",),
        version="4.0",
    ),
]
