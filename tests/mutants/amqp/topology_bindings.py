"""Mutants of topology: names, bindings, the last declared queue, no-wait."""

from tests.mutants.mutant import Mutant

DECLARE_QUEUE = "amqp.core.vhost:VirtualHost.declare_queue"
STRIPPED = "amqp.core.vhost:stripped"
BIND = "amqp.core.vhost:VirtualHost.bind"
BINDING_IDENTITY = "amqp.core.exchanges:Binding.identity"
UNBIND = "amqp.core.vhost:VirtualHost.unbind"
HANDLE_QUEUE_DECLARE = "amqp.methods.queue_declare:handle"
CHANNEL_LAST_DECLARED = "amqp.core.channel:Channel.last_declared"
HANDLE_QUEUE_BIND = "amqp.methods.queue_bind:handle"
HANDLE_QUEUE_PURGE = "amqp.methods.queue_purge:handle"

MUTANTS = [
    Mutant(
        "topology-new-reserved-exchange-accepted",
        "amqp.core.vhost:VirtualHost.declare_exchange",
        'check_new_name("exchange", name)',
        "pass",
        kills=("amqp.topology.exchange-name-reserved",),
    ),
    Mutant(
        "topology-new-reserved-queue-accepted",
        DECLARE_QUEUE,
        'check_new_name("queue", name)',
        'name in self.queues and check_new_name("queue", name)',
        kills=("amqp.topology.queue-name-reserved",),
    ),
    Mutant(
        "topology-existing-reserved-queue-accepted",
        DECLARE_QUEUE,
        'check_new_name("queue", name)',
        'name in self.queues or check_new_name("queue", name)',
        kills=("amqp.topology.queue-name-reserved-existing",),
    ),
    Mutant(
        "topology-only-some-names-reserved",
        "amqp.core.vhost:check_new_name",
        'if name.startswith("amq."):',
        'if name.startswith(("amq.gen", "amq.rabbitmq")):',
        kills=("amqp.topology.exchange-name-reserved", "amqp.topology.queue-name-reserved"),
    ),
    Mutant(
        "topology-carriage-returns-stay",
        STRIPPED,
        '.replace("\\r", "")',
        "",
        kills=("amqp.topology.exchange-name-line-ends", "amqp.topology.queue-name-line-ends"),
    ),
    Mutant(
        "topology-names-cut-to-128",
        STRIPPED,
        '.replace("\\n", "")',
        '.replace("\\n", "")[:128]',
        kills=("amqp.topology.exchange-name-any-text", "amqp.topology.queue-name-any-text"),
    ),
    Mutant(
        "topology-queue-bind-finds-exchange",
        BIND,
        '(self.queues if kind == "queue" else self.exchanges)',
        "{**self.queues, **self.exchanges}",
        kills=("amqp.topology.names-of-both-kinds",),
    ),
    Mutant(
        "topology-names-fold-case",
        STRIPPED,
        '.replace("\\n", "")',
        '.replace("\\n", "").casefold()',
        kills=("amqp.topology.names-case",),
    ),
    Mutant(
        "topology-long-reply-text-not-cut",
        "amqp.replies:reply_text",
        "if len(octets) <= MAX_TEXT_OCTETS:",
        "if len(octets) > 0:",
        kills=("amqp.topology.name-long-missing",),
        version="3.10",
    ),
    Mutant(
        "topology-equal-bindings-counted",
        "amqp.core.exchanges:Exchange.bind",
        "if binding.identity in self.bindings:",
        "if False:",
        kills=("amqp.topology.binding-duplicates",),
    ),
    Mutant(
        "topology-binding-arguments-not-distinct",
        BINDING_IDENTITY,
        "ordered = sorted(self.arguments.items())",
        "ordered = []",
        kills=("amqp.topology.binding-distinct",),
    ),
    Mutant(
        "topology-binding-keys-not-distinct",
        BINDING_IDENTITY,
        ", self.key, tuple",
        ', "", tuple',
        kills=("amqp.topology.binding-distinct",),
    ),
    Mutant(
        "topology-binding-arguments-ordered",
        BINDING_IDENTITY,
        "sorted(self.arguments.items())",
        "list(self.arguments.items())",
        kills=("amqp.topology.binding-argument-order",),
    ),
    Mutant(
        "topology-bind-unknown-queue-ignored",
        BIND,
        "raise NotFound(f\"no {kind} '{destination}' in vhost '{self.name}'\")",
        "return",
        kills=("amqp.topology.binding-unknown-queue", "amqp.topology.operations"),
    ),
    Mutant(
        "topology-bind-unknown-exchange-ignored",
        BIND,
        "raise NotFound(f\"no exchange '{source}' in vhost '{self.name}'\")",
        "return",
        kills=("amqp.topology.binding-unknown-exchange",),
    ),
    Mutant(
        "topology-unbind-missing-queue-refused",
        UNBIND,
        "if exchange is None or target is None:",
        "if target is None: raise NotFound(destination)\n    if exchange is None:",
        kills=("amqp.topology.unbind-missing",),
    ),
    Mutant(
        "topology-unbind-missing-exchange-refused",
        UNBIND,
        "if exchange is None or target is None:",
        "if exchange is None: raise NotFound(source)\n    if target is None:",
        kills=("amqp.topology.unbind-missing",),
    ),
    Mutant(
        "topology-unbind-leaves-cached-route",
        UNBIND,
        "self.routes.clear()",
        "pass",
        kills=("amqp.topology.unbind-effective",),
    ),
    Mutant(
        "topology-bind-leaves-cached-route",
        BIND,
        "self.routes.clear()",
        "pass",
        kills=("amqp.topology.effects-visible",),
    ),
    Mutant(
        "topology-late-subscriber-gets-last-message",
        BIND,
        "self.routes.clear()",
        (
            "self.routes.clear(); [target.publish(e.message) for b in "
            "list(exchange.bindings.values()) if b.destination is not target and "
            "isinstance(b.destination, Queue) for e in list(b.destination.ready)[-1:]]"
        ),
        kills=("amqp.topology.binding-not-retroactive",),
    ),
    Mutant(
        "topology-durable-queue-needs-durable-exchange",
        BIND,
        "if target is None:",
        "if target is None or (target.durable and not exchange.durable):",
        kills=("amqp.topology.binding-durable-to-transient",),
    ),
    Mutant(
        "topology-arguments-matter-to-direct",
        "amqp.core.exchanges:Exchange._destinations",
        "self.matcher.match(key, headers)",
        (
            "d for d in self.matcher.match(key, headers) if not any(b.destination is d and "
            '"x-match" in b.arguments for b in self.bindings.values())'
        ),
        kills=("amqp.topology.binding-arguments-ignored",),
    ),
    Mutant(
        "topology-reply-address-not-special",
        "amqp.core.vhost:VirtualHost.binding_ends",
        "if not self.dialect.binds_reply_queue and",
        "if False and",
        kills=("amqp.topology.binding-reply-address",),
    ),
    Mutant(
        "topology-passive-declare-not-remembered",
        HANDLE_QUEUE_DECLARE,
        "core.last_declared_queue = name",
        "core.last_declared_queue = core.last_declared_queue if passive else name",
        kills=(
            "amqp.topology.last-declared-get",
            "amqp.topology.last-declared-consume",
            "amqp.topology.last-declared-bind",
            "amqp.topology.last-declared-unbind",
            "amqp.topology.last-declared-purge",
            "amqp.topology.last-declared-delete",
        ),
    ),
    Mutant(
        "topology-first-declare-remembered",
        HANDLE_QUEUE_DECLARE,
        "core.last_declared_queue = name",
        "core.last_declared_queue = core.last_declared_queue or name",
        kills=(
            "amqp.topology.last-declared-get",
            "amqp.topology.last-declared-consume",
            "amqp.topology.last-declared-bind",
            "amqp.topology.last-declared-unbind",
            "amqp.topology.last-declared-purge",
            "amqp.topology.last-declared-delete",
            "amqp.topology.last-declared-server-named",
            "amqp.topology.last-declared-key",
        ),
    ),
    Mutant(
        "topology-asked-name-remembered",
        HANDLE_QUEUE_DECLARE,
        "core.last_declared_queue = name",
        "core.last_declared_queue = queue or core.last_declared_queue",
        kills=("amqp.topology.last-declared-server-named",),
    ),
    Mutant(
        "topology-last-declared-of-any-channel",
        CHANNEL_LAST_DECLARED,
        "if not self.last_declared_queue:",
        (
            "for channel in self.connection.channels.values():\n        if "
            "channel.last_declared_queue: return channel.last_declared_queue\n    else:"
        ),
        kills=("amqp.topology.last-declared-none",),
    ),
    Mutant(
        "topology-nothing-declared-is-not-allowed",
        CHANNEL_LAST_DECLARED,
        "raise NotFound(",
        "raise NotAllowed(",
        kills=("amqp.topology.last-declared-none",),
    ),
    Mutant(
        "topology-bind-without-key-uses-empty-key",
        HANDLE_QUEUE_BIND,
        "routing_key = core.last_declared()",
        'routing_key = ""',
        kills=("amqp.topology.last-declared-key",),
    ),
    Mutant(
        "topology-unbind-without-key-uses-empty-key",
        "amqp.methods.queue_unbind:handle",
        "routing_key = core.last_declared()",
        'routing_key = ""',
        kills=("amqp.topology.last-declared-key",),
    ),
    Mutant(
        "topology-named-queue-gets-its-key",
        HANDLE_QUEUE_BIND,
        "if not queue and not routing_key:\n        routing_key = core.last_declared()",
        "if not routing_key:\n        routing_key = queue or core.last_declared()",
        kills=("amqp.topology.last-declared-key-of-named-queue",),
    ),
    Mutant(
        "topology-purge-answers-no-wait",
        HANDLE_QUEUE_PURGE,
        ", no_wait=no_wait",
        "",
        kills=("amqp.topology.no-wait-silent",),
    ),
    Mutant(
        "topology-exchange-unbind-answers-no-wait",
        "amqp.methods.exchange_unbind:handle",
        ", no_wait=no_wait",
        "",
        kills=("amqp.topology.no-wait-silent",),
    ),
    Mutant(
        "topology-no-wait-delete-ignored",
        "amqp.methods.exchange_delete:handle",
        "core.vhost.delete_exchange(",
        "no_wait or core.vhost.delete_exchange(",
        kills=("amqp.topology.no-wait-effect",),
    ),
    Mutant(
        "topology-no-wait-purge-never-fails",
        HANDLE_QUEUE_PURGE,
        "name = queue or core.last_declared()",
        (
            "name = queue or core.last_declared()\n    if no_wait and name not in "
            "core.vhost.queues: return"
        ),
        kills=("amqp.topology.no-wait-errors",),
    ),
    Mutant(
        "topology-no-wait-passive-declare-never-fails",
        "amqp.methods.exchange_declare:handle",
        "if passive:",
        "if passive and no_wait: return\n    if passive:",
        kills=("amqp.topology.no-wait-errors",),
    ),
]
