"""Mutants of topology: declaring queues, and their arguments."""

from tests.mutants.mutant import Mutant

HANDLE_QUEUE_DECLARE = "amqp.methods.queue_declare:handle"
DECLARE_QUEUE = "amqp.core.vhost:VirtualHost.declare_queue"
CHECK_ARGUMENTS = "amqp.core.arguments:check_arguments"
BARE = "amqp.core.arguments:_bare"
INTEGER = "amqp.core.arguments:_integer"
CHECK_QUEUE_DECLARATION = "amqp.core.arguments:check_queue_declaration"

MUTANTS = [
    Mutant(
        "topology-declare-counts-from-one",
        HANDLE_QUEUE_DECLARE,
        "len(found.consumers)",
        "max(1, len(found.consumers))",
        kills=("amqp.topology.queue-declare",),
    ),
    Mutant(
        "topology-transient-queue-refused",
        DECLARE_QUEUE,
        "durable = durable and not exclusive",
        (
            'if not durable and not exclusive: raise PreconditionFailed("transient")\n    '
            "durable = durable and not exclusive"
        ),
        kills=("amqp.topology.queue-transient",),
    ),
    Mutant(
        "topology-invented-names-repeat",
        DECLARE_QUEUE,
        '"amq.gen-" + self.new_id()',
        '"amq.gen-" + str(len(self.connections))',
        kills=("amqp.topology.queue-server-named",),
    ),
    Mutant(
        "topology-invented-names-not-reserved",
        DECLARE_QUEUE,
        '"amq.gen-" + self.new_id()',
        '"gen-" + self.new_id()',
        kills=("amqp.topology.queue-server-named-prefix",),
    ),
    Mutant(
        "topology-redeclare-purges",
        DECLARE_QUEUE,
        "queue.touch()",
        "queue.purge()",
        kills=("amqp.topology.queue-redeclare-same",),
    ),
    Mutant(
        "topology-message-count-with-unacknowledged",
        HANDLE_QUEUE_DECLARE,
        "len(found.ready)",
        "len(found.ready) + sum(q is found for q, _ in vhost.held_entries())",
        kills=("amqp.topology.queue-redeclare-message-count",),
    ),
    Mutant(
        "topology-passive-message-count-missing",
        HANDLE_QUEUE_DECLARE,
        "len(found.ready)",
        "0 if passive else len(found.ready)",
        kills=("amqp.topology.queue-redeclare-message-count",),
    ),
    Mutant(
        "topology-consumer-count-of-one-channel",
        HANDLE_QUEUE_DECLARE,
        "len(found.consumers)",
        "len({c.channel for c in found.consumers})",
        kills=("amqp.topology.queue-redeclare-consumer-count",),
    ),
    Mutant(
        "topology-closed-channel-leaves-its-consumers",
        "amqp.core.queues:Queue.channel_closed",
        "self.consumers.remove(consumer)",
        "pass",
        kills=("amqp.topology.queue-redeclare-consumer-count",),
    ),
    Mutant(
        "topology-waiting-consumers-not-counted",
        HANDLE_QUEUE_DECLARE,
        "len(found.consumers)",
        "len([c for c in found.consumers if found.consumers.active in (None, c)])",
        kills=("amqp.topology.queue-consumer-count-inactive",),
    ),
    Mutant(
        "topology-queue-durable-not-compared",
        DECLARE_QUEUE,
        'args.check_field(queue, "durable", queue.durable, durable)',
        "pass",
        kills=("amqp.topology.queue-redeclare-other-durable",),
    ),
    Mutant(
        "topology-queue-auto-delete-not-compared",
        DECLARE_QUEUE,
        'args.check_field(queue, "auto_delete", queue.auto_delete, auto_delete)',
        "pass",
        kills=("amqp.topology.queue-redeclare-other-auto-delete",),
    ),
    Mutant(
        "topology-queue-refused-and-changed",
        DECLARE_QUEUE,
        'args.check_field(queue, "auto_delete", queue.auto_delete, auto_delete)',
        (
            "was, queue.auto_delete = queue.auto_delete, auto_delete; args.check_field(queue, "
            '"auto_delete", was, auto_delete)'
        ),
        kills=("amqp.topology.queue-redeclare-other-auto-delete",),
    ),
    Mutant(
        "topology-exclusive-compared-one-way",
        DECLARE_QUEUE,
        "self._check_owner(queue, owner)",
        "queue.owner is None or self._check_owner(queue, connection)",
        kills=("amqp.topology.queue-redeclare-other-exclusive",),
    ),
    Mutant(
        "topology-exclusive-compared-as-argument",
        DECLARE_QUEUE,
        "self._check_owner(queue, owner)",
        'args.check_field(queue, "exclusive", queue.owner is not None, exclusive)',
        kills=(
            "amqp.topology.queue-redeclare-other-exclusive",
            "amqp.topology.queue-exclusive-locked",
        ),
    ),
    Mutant(
        "topology-exclusive-queue-durable",
        DECLARE_QUEUE,
        "durable = durable and not exclusive",
        "pass",
        kills=("amqp.topology.queue-exclusive-durable",),
    ),
    Mutant(
        "topology-passive-queue-compares",
        HANDLE_QUEUE_DECLARE,
        "found = vhost.find_queue(core.connection, queue)",
        (
            "found = vhost.find_queue(core.connection, queue)\n        if auto_delete: "
            "vhost.declare_queue(core.connection, queue, durable=durable, exclusive=exclusive, "
            "auto_delete=True, arguments={})"
        ),
        kills=("amqp.topology.queue-passive-existing",),
    ),
    Mutant(
        "topology-passive-queue-creates",
        HANDLE_QUEUE_DECLARE,
        "if passive:",
        "if passive and queue in vhost.queues:",
        kills=("amqp.topology.queue-passive-missing",),
    ),
    Mutant(
        "topology-omitted-argument-not-compared",
        CHECK_ARGUMENTS,
        "if old == new or",
        "if old == new or new is None or",
        kills=("amqp.topology.queue-redeclare-other-arguments",),
    ),
    Mutant(
        "topology-added-argument-not-compared",
        CHECK_ARGUMENTS,
        "if old == new or",
        "if old == new or old is None or",
        kills=("amqp.topology.queue-redeclare-other-arguments",),
    ),
    Mutant(
        "topology-expiry-not-compared",
        DECLARE_QUEUE,
        "args.CLASSIC_QUEUE_COMPARED",
        'set(args.CLASSIC_QUEUE_COMPARED) - {"x-expires"}',
        kills=("amqp.topology.queue-redeclare-other-arguments",),
    ),
    Mutant(
        "topology-single-active-not-compared",
        DECLARE_QUEUE,
        "args.CLASSIC_QUEUE_COMPARED",
        'set(args.CLASSIC_QUEUE_COMPARED) - {"x-single-active-consumer"}',
        kills=("amqp.topology.queue-redeclare-other-arguments",),
    ),
    Mutant(
        "topology-queue-compares-all-arguments",
        DECLARE_QUEUE,
        "args.CLASSIC_QUEUE_COMPARED",
        "(*args.CLASSIC_QUEUE_COMPARED, *queue.arguments)",
        kills=("amqp.topology.queue-unknown-arguments",),
    ),
    Mutant(
        "topology-argument-width-compared",
        BARE,
        "return type(value), value",
        "return field.type, value",
        kills=("amqp.topology.queue-argument-width",),
    ),
    Mutant(
        "topology-argument-class-not-compared",
        BARE,
        "return type(value), value",
        "return str, str(value if not isinstance(value, bytes) else value.decode())",
        kills=("amqp.topology.queue-argument-class",),
    ),
    Mutant(
        "topology-boolean-equals-one",
        BARE,
        "return type(value), value",
        (
            'return (float, 5.0) if field.type == "bool" else (float, value) if '
            "isinstance(value, int | float) else (type(value), value)"
        ),
        kills=("amqp.topology.queue-argument-class",),
    ),
    Mutant(
        "topology-short-is-no-integer",
        INTEGER,
        "in INTEGER_TYPES:",
        'in INTEGER_TYPES - {"short"}:',
        kills=("amqp.topology.queue-argument-any-width",),
    ),
    Mutant(
        "topology-double-is-an-integer",
        INTEGER,
        "in INTEGER_TYPES:",
        'in INTEGER_TYPES | {"double"}:',
        kills=("amqp.topology.queue-argument-not-integer",),
    ),
    Mutant(
        "topology-stream-argument-accepted",
        CHECK_QUEUE_DECLARATION,
        "dialect.foreign_queue_arguments)",
        "dialect.foreign_queue_arguments[1:])",
        kills=("amqp.topology.queue-argument-foreign",),
    ),
    Mutant(
        "topology-unknown-queue-type-accepted",
        "amqp.core.arguments:_check_queue_type",
        'if queue_type.value not in ("classic", *dialect.omitted_queue_types):',
        'if queue_type.value == "Classic":',
        kills=("amqp.topology.queue-type-unknown",),
    ),
    Mutant(
        "topology-classic-differs-from-nothing",
        "amqp.core.arguments:_both_classic",
        "return all(",
        "return not all(",
        kills=("amqp.topology.queue-type-classic",),
        version="3.10",
    ),
    Mutant(
        "topology-lazy-refused",
        CHECK_QUEUE_DECLARATION,
        "dialect.foreign_queue_arguments)",
        '(*dialect.foreign_queue_arguments, "x-queue-mode"))',
        kills=("amqp.topology.queue-mode",),
    ),
    Mutant(
        "topology-queue-version-1-everywhere",
        CHECK_QUEUE_DECLARATION,
        "not in dialect.queue_versions",
        "not in (1, 2)",
        kills=("amqp.topology.queue-version-1",),
    ),
    Mutant(
        "topology-queue-version-1-refused",
        CHECK_QUEUE_DECLARATION,
        "not in dialect.queue_versions",
        "not in (2,)",
        kills=("amqp.topology.queue-version-1",),
        version="4.0",
    ),
]
