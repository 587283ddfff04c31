"""Mutants of topology: exchanges, declared, deleted, auto-deleted."""

from tests.mutants.mutant import Mutant

INIT = "amqp.core.vhost:VirtualHost.__init__"
CHECK_TYPE = "amqp.core.exchanges:check_type"
DECLARE_EXCHANGE = "amqp.core.vhost:VirtualHost.declare_exchange"
EXCHANGE_CHECK_EQUIVALENT = "amqp.core.exchanges:Exchange.check_equivalent"
HANDLE_EXCHANGE_DECLARE = "amqp.methods.exchange_declare:handle"
DELETE_EXCHANGE = "amqp.core.vhost:VirtualHost.delete_exchange"
BINDING_ENDS = "amqp.core.vhost:VirtualHost.binding_ends"
UNBIND = "amqp.core.vhost:VirtualHost.unbind"
UNBIND_EVERYWHERE = "amqp.core.vhost:VirtualHost._unbind_everywhere"
AUTO_DELETE = "amqp.core.vhost:VirtualHost._auto_delete"

MUTANTS = [
    Mutant(
        "topology-predeclared-match-missing",
        INIT,
        "in PREDECLARED:",
        "in PREDECLARED[:-2]:",
        kills=("amqp.topology.exchange-predeclared", "amqp.topology.exchange-predeclared-routes"),
    ),
    Mutant(
        "topology-predeclared-transient",
        INIT,
        "durable=True,",
        "durable=False,",
        kills=("amqp.topology.exchange-predeclared",),
    ),
    Mutant(
        "topology-no-headers-exchanges",
        CHECK_TYPE,
        "in SPECIFIED_TYPES",
        "in SPECIFIED_TYPES[:3]",
        kills=("amqp.topology.exchange-types",),
    ),
    Mutant(
        "topology-unknown-type-wrong-error",
        CHECK_TYPE,
        "raise PreconditionFailed(text)",
        "raise CommandInvalid(text)",
        kills=("amqp.topology.exchange-type-unknown",),
    ),
    Mutant(
        "topology-redeclared-exchange-is-new",
        DECLARE_EXCHANGE,
        "exchange = self.exchanges.get(name)",
        "exchange = None",
        kills=("amqp.topology.exchange-redeclare-same",),
    ),
    Mutant(
        "topology-exchange-type-not-compared",
        EXCHANGE_CHECK_EQUIVALENT,
        'args.check_field(self, "type", self.type_name, type_name)',
        "pass",
        kills=("amqp.topology.exchange-redeclare-other-type",),
    ),
    Mutant(
        "topology-exchange-durable-not-compared",
        EXCHANGE_CHECK_EQUIVALENT,
        'args.check_field(self, "durable", self.durable, durable)',
        "pass",
        kills=("amqp.topology.exchange-redeclare-other-durable",),
    ),
    Mutant(
        "topology-exchange-auto-delete-overwritten",
        EXCHANGE_CHECK_EQUIVALENT,
        'args.check_field(self, "auto_delete", self.auto_delete, auto_delete)',
        "self.auto_delete = auto_delete",
        kills=("amqp.topology.exchange-redeclare-other-auto-delete",),
    ),
    Mutant(
        "topology-exchange-internal-compared-one-way",
        EXCHANGE_CHECK_EQUIVALENT,
        "self.internal, internal)",
        "self.internal, internal or self.internal)",
        kills=("amqp.topology.exchange-redeclare-other-internal",),
    ),
    Mutant(
        "topology-exchange-refused-and-changed",
        EXCHANGE_CHECK_EQUIVALENT,
        'args.check_field(self, "durable", self.durable, durable)',
        (
            'was, self.durable = self.durable, durable; args.check_field(self, "durable", was, '
            "durable)"
        ),
        kills=("amqp.topology.exchange-redeclare-other-durable",),
    ),
    Mutant(
        "topology-alternate-exchange-not-compared",
        EXCHANGE_CHECK_EQUIVALENT,
        '("alternate-exchange",)',
        "()",
        kills=("amqp.topology.exchange-redeclare-other-alternate",),
    ),
    Mutant(
        "topology-exchange-compares-all-arguments",
        EXCHANGE_CHECK_EQUIVALENT,
        '("alternate-exchange",)',
        '(*self.arguments, "alternate-exchange")',
        kills=("amqp.topology.exchange-unknown-arguments",),
    ),
    Mutant(
        "topology-alternate-exchange-of-any-type",
        "amqp.core.arguments:text_argument",
        'if field.type != "longstr":',
        'if field.type == "table":',
        kills=("amqp.topology.exchange-alternate-not-text",),
    ),
    Mutant(
        "topology-passive-exchange-compares",
        HANDLE_EXCHANGE_DECLARE,
        "core.vhost.check_exchange_exists(core.connection, exchange)",
        "core.vhost.exchange(exchange).check_equivalent(type_, durable, auto_delete, internal, {})",
        kills=("amqp.topology.exchange-passive-existing",),
    ),
    Mutant(
        "topology-passive-exchange-creates",
        HANDLE_EXCHANGE_DECLARE,
        "if passive:",
        "if passive and exchange in core.vhost.exchanges:",
        kills=("amqp.topology.exchange-passive-missing",),
    ),
    Mutant(
        "topology-local-random-gives-two",
        "amqp.core.balancing:LocalRandom.match",
        "[:1]",
        "[:2]",
        kills=("amqp.topology.exchange-type-local-random",),
    ),
    Mutant(
        "topology-local-random-takes-keys",
        "amqp.core.balancing:LocalRandom.check_binding",
        "if key:",
        "if False:",
        kills=("amqp.topology.exchange-type-local-random-key",),
    ),
    Mutant(
        "topology-modulus-hash-is-random",
        "amqp.core.balancing:ModulusHash.match",
        "zlib.crc32(octets)",
        "id(octets)",
        kills=("amqp.topology.exchange-type-modulus-hash",),
    ),
    Mutant(
        "topology-bound-exchange-cannot-be-deleted",
        DELETE_EXCHANGE,
        "if if_unused and exchange.bindings:",
        "if exchange.bindings:",
        kills=("amqp.topology.exchange-delete",),
    ),
    Mutant(
        "topology-delete-missing-exchange-refused",
        DELETE_EXCHANGE,
        "return",
        "raise NotFound(name)",
        kills=("amqp.topology.exchange-delete-missing",),
    ),
    Mutant(
        "topology-one-binding-is-no-use",
        DELETE_EXCHANGE,
        "if if_unused and exchange.bindings:",
        "if if_unused and len(exchange.bindings) > 1:",
        kills=("amqp.topology.exchange-delete-if-unused",),
    ),
    Mutant(
        "topology-refused-delete-unbinds",
        DELETE_EXCHANGE,
        'raise PreconditionFailed(f"{exchange} in use")',
        (
            "[exchange.unbind(b) for b in list(exchange.bindings.values())]; "
            'self.routes.clear(); raise PreconditionFailed("in use")'
        ),
        kills=("amqp.topology.exchange-delete-if-unused",),
    ),
    Mutant(
        "topology-only-queues-use-an-exchange",
        DELETE_EXCHANGE,
        "if if_unused and exchange.bindings:",
        (
            "if if_unused and any(isinstance(b.destination, Queue) for b in "
            "exchange.bindings.values()):"
        ),
        kills=("amqp.topology.exchange-delete-if-unused-by-exchange",),
    ),
    Mutant(
        "topology-destination-is-in-use",
        DELETE_EXCHANGE,
        "if if_unused and exchange.bindings:",
        (
            "if if_unused and [b for x in self.exchanges.values() for b in x.bindings.values() "
            "if exchange in (x, b.destination)]:"
        ),
        kills=("amqp.topology.exchange-delete-if-unused-free",),
    ),
    Mutant(
        "topology-bindings-outlive-their-exchange",
        "amqp.core.vhost:VirtualHost.add_exchange",
        "self.exchanges[exchange.name] = exchange",
        (
            'old = self.__dict__.setdefault("former", {}).setdefault(exchange.name, exchange); '
            "exchange.bindings, exchange.matcher = old.bindings, old.matcher; "
            "self.exchanges[exchange.name] = exchange"
        ),
        kills=("amqp.topology.exchange-delete-unbinds-source",),
    ),
    Mutant(
        "topology-bindings-outlive-their-destination",
        "amqp.core.vhost:VirtualHost.forget_exchange",
        "self._unbind_everywhere(exchange, recovering)",
        "exchange.alternate_exchange = exchange.name\n"
        "    exchange.matcher = type(exchange.matcher)(self.dialect)",
        kills=("amqp.topology.exchange-delete-unbinds-destination",),
    ),
    Mutant(
        "topology-bound-predeclared-can-be-deleted",
        DELETE_EXCHANGE,
        'if name.startswith("amq."):',
        'if name.startswith("amq.") and not if_unused:',
        kills=("amqp.topology.exchange-delete-predeclared",),
    ),
    Mutant(
        "topology-unknown-reserved-name-deleted",
        DELETE_EXCHANGE,
        'if name.startswith("amq."):',
        'if name in self.exchanges and name.startswith("amq."):',
        kills=("amqp.topology.exchange-delete-reserved-name",),
    ),
    Mutant(
        "topology-default-exchange-declared",
        DECLARE_EXCHANGE,
        "_check_not_default(name)",
        "pass",
        kills=("amqp.topology.default-exchange-declare",),
    ),
    Mutant(
        "topology-default-exchange-deleted",
        DELETE_EXCHANGE,
        "_check_not_default(name)",
        "if not name: return",
        kills=("amqp.topology.default-exchange-delete",),
    ),
    Mutant(
        "topology-default-exchange-bound",
        BINDING_ENDS,
        '_check_not_default(source, *([destination] if kind == "exchange" else []))',
        "_check_not_default(source)",
        kills=("amqp.topology.default-exchange-bind", "amqp.topology.default-exchange-unbind"),
    ),
    Mutant(
        "topology-default-exchange-bind-not-found",
        BINDING_ENDS,
        '_check_not_default(source, *([destination] if kind == "exchange" else []))',
        'if not source: raise NotFound("no exchange")',
        kills=("amqp.topology.default-exchange-bind", "amqp.topology.default-exchange-unbind"),
    ),
    Mutant(
        "topology-bound-internal-exchange-published-to",
        "amqp.core.channel:Channel.publish",
        "if exchange.internal:",
        "if exchange.internal and not exchange.bindings:",
        kills=("amqp.topology.exchange-internal-publish",),
    ),
    Mutant(
        "topology-internal-exchange-does-not-route",
        "amqp.core.exchanges:Exchange.route",
        "elif destination not in seen:",
        "elif destination not in seen and not destination.internal:",
        kills=("amqp.topology.exchange-internal-routes",),
    ),
    Mutant(
        "topology-unbind-keeps-auto-delete-exchange",
        UNBIND,
        "self._auto_delete(exchange)",
        "pass",
        kills=(
            "amqp.topology.exchange-auto-delete-unbind",
            "amqp.topology.exchange-auto-delete-unbind-exchange",
        ),
    ),
    Mutant(
        "topology-first-unbind-deletes-exchange",
        UNBIND,
        "self._auto_delete(exchange)",
        "exchange.auto_delete and self._remove_exchange(exchange)",
        kills=(
            "amqp.topology.exchange-auto-delete-unbind",
            "amqp.topology.exchange-auto-delete-unbind-exchange",
        ),
    ),
    Mutant(
        "topology-queue-end-keeps-auto-delete-exchange",
        UNBIND_EVERYWHERE,
        "if known and not recovering:",
        "if known and not isinstance(destination, Queue):",
        kills=(
            "amqp.topology.exchange-auto-delete-queue-deleted",
            "amqp.topology.exchange-auto-delete-queue-gone",
        ),
    ),
    Mutant(
        "topology-destination-end-keeps-auto-delete-exchange",
        UNBIND_EVERYWHERE,
        "if known and not recovering:",
        "if known and isinstance(destination, Queue):",
        kills=(
            "amqp.topology.exchange-auto-delete-destination-deleted",
            "amqp.topology.exchange-auto-delete-cascade",
        ),
    ),
    Mutant(
        "topology-first-queue-deletes-exchange",
        UNBIND_EVERYWHERE,
        "self._auto_delete(exchange)",
        "exchange.auto_delete and self._remove_exchange(exchange)",
        kills=(
            "amqp.topology.exchange-auto-delete-queue-deleted",
            "amqp.topology.exchange-auto-delete-destination-deleted",
        ),
    ),
    Mutant(
        "topology-destination-deletes-itself",
        UNBIND,
        "self._auto_delete(exchange)",
        "self._auto_delete(exchange); isinstance(target, Queue) or self._auto_delete(target)",
        kills=(
            "amqp.topology.exchange-auto-delete-never-source",
            "amqp.topology.exchange-auto-delete-unbind-exchange",
        ),
    ),
    Mutant(
        "topology-auto-deletion-does-not-cascade",
        AUTO_DELETE,
        "self._remove_exchange(exchange)",
        "del self.exchanges[exchange.name]",
        kills=("amqp.topology.exchange-auto-delete-cascade",),
    ),
    Mutant(
        "topology-every-unbound-exchange-goes",
        AUTO_DELETE,
        "exchange.auto_delete and",
        "not exchange.durable and",
        kills=("amqp.topology.exchange-lasting-without-bindings", "amqp.topology.operations"),
    ),
    Mutant(
        "topology-unknown-type-only-closes-channel",
        CHECK_TYPE,
        "if dialect.unknown_exchange_type_closes_connection:",
        "if False:",
        kills=("amqp.topology.exchange-type-unknown",),
        version="3.10",
    ),
]
