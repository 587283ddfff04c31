"""Mutants of logins, permissions and virtual hosts."""

from tests.mutants.mutant import Mutant

START_OK = "amqp.methods.connection_start_ok:handle"
AUTHENTICATE = "amqp.methods.connection_start_ok:authenticate"
VHOST = "amqp.core.vhost:VirtualHost"
CHECK = "amqp.core.access:check_access"


def _unchecked(name: str, place: str, before: str, *kills: str) -> Mutant:
    """A mutant without one of the checks."""
    return Mutant(name, place, before, "pass", kills=(*kills,))


MUTANTS = [
    Mutant(
        "plain-needs-capabilities",
        START_OK,
        "session.user = authenticate(",
        "if mechanism == 'PLAIN' and not session.capabilities:\n"
        "        raise AccessRefused('no capabilities')\n"
        "    session.user = authenticate(",
        kills=("amqp.access.plain",),
    ),
    Mutant(
        "amqplain-with-two-fields-only",
        "amqp.methods.connection_start_ok:_amqplain",
        "if login is None or",
        "if len(table) != 2 or login is None or",
        kills=("amqp.access.amqplain",),
    ),
    Mutant(
        "anonymous-is-nobody",
        AUTHENTICATE,
        'if guest else ("", "")',
        'if guest and response else ("", "")',
        kills=("amqp.access.anonymous",),
    ),
    Mutant(
        "refused-login-names-the-user",
        AUTHENTICATE,
        'f"Login was refused',
        'f"Login of {name} was refused',
        kills=("amqp.access.refused-login-is-told",),
    ),
    Mutant(
        "refused-login-tells-unknown-users",
        AUTHENTICATE,
        "if user is None or user.password != password:",
        "if user is None:\n"
        "        raise AccessRefused('there is no such user')\n"
        "    if user.password != password:",
        kills=("amqp.access.refused-login-is-told",),
    ),
    Mutant(
        "empty-password-logs-in",
        AUTHENTICATE,
        "if user is None or user.password != password:",
        "if user is None or (password and user.password != password):",
        kills=("amqp.access.refused-login-is-told", "amqp.access.malformed-response"),
    ),
    Mutant(
        "refused-login-told-to-all",
        "amqp.session:AmqpSession.refuse",
        'told = refused and "authentication_failure_close" in self.capabilities',
        "told = refused",
        kills=("amqp.access.refused-login-is-silent",),
    ),
    Mutant(
        "false-capability-counts",
        START_OK,
        'if value == Field("bool", True)',
        "",
        kills=("amqp.access.refused-login-is-silent",),
    ),
    Mutant(
        "unknown-mechanism-is-plain",
        START_OK,
        "raise CommandInvalid(f\"unknown authentication mechanism '{mechanism}'\")",
        "mechanism = 'PLAIN'",
        kills=("amqp.access.mechanism-not-offered",),
    ),
    Mutant(
        "plain-ignores-what-follows",
        "amqp.methods.connection_start_ok:_plain",
        "if len(parts) != 3 or parts[0]:",
        "if len(parts) < 3:",
        kills=("amqp.access.malformed-response",),
    ),
    _unchecked(
        "exchange-declare-unchecked",
        f"{VHOST}.declare_exchange",
        'connection.check_access("exchange", name, "configure")',
        "amqp.access.configure",
    ),
    _unchecked(
        "exchange-delete-unchecked",
        f"{VHOST}.delete_exchange",
        'connection.check_access("exchange", name, "configure")',
        "amqp.access.configure",
    ),
    _unchecked(
        "queue-delete-unchecked",
        "amqp.methods.queue_delete:handle",
        'core.connection.check_access("queue", name, "configure")',
        "amqp.access.configure",
    ),
    Mutant(
        "existing-queue-declared-unchecked",
        f"{VHOST}.declare_queue",
        'connection.check_access("queue", name, "configure")',
        'if name not in self.queues:\n        connection.check_access("queue", name, "configure")',
        kills=("amqp.access.configure",),
    ),
    _unchecked(
        "publish-unchecked",
        "amqp.core.channel:Channel.publish",
        'self.connection.check_access("exchange", exchange_name, "write")',
        "amqp.access.write",
        "amqp.access.default-exchange",
        "amqp.access.refused-publish-has-no-effect",
    ),
    Mutant(
        "publish-to-default-exchange-unchecked",
        "amqp.core.channel:Channel.publish",
        'self.connection.check_access("exchange", exchange_name, "write")',
        'exchange_name and self.connection.check_access("exchange", exchange_name, "write")',
        kills=("amqp.access.default-exchange",),
    ),
    Mutant(
        "default-exchange-has-no-name",
        CHECK,
        'name or ("amq.default" if kind == "exchange" else name)',
        "name",
        kills=("amqp.access.default-exchange",),
    ),
    _unchecked(
        "purge-unchecked",
        "amqp.methods.queue_purge:handle",
        'core.connection.check_access("queue", name, "read")',
        "amqp.access.read",
    ),
    Mutant(
        "purge-needs-write",
        "amqp.methods.queue_purge:handle",
        'core.connection.check_access("queue", name, "read")',
        'core.connection.check_access("queue", name, "write")',
        kills=("amqp.access.read",),
    ),
    Mutant(
        "bindings-need-write-twice",
        f"{VHOST}.binding_ends",
        'connection.check_access("exchange", source, "read")',
        'connection.check_access("exchange", source, "write")',
        kills=("amqp.access.queue-bindings", "amqp.access.exchange-bindings"),
    ),
    Mutant(
        "exchange-destination-unchecked",
        f"{VHOST}.binding_ends",
        'connection.check_access(kind, destination, "write")',
        'if kind == "queue":\n        connection.check_access(kind, destination, "write")',
        kills=("amqp.access.exchange-bindings",),
    ),
    Mutant(
        "unbind-unchecked",
        f"{VHOST}.unbind",
        "source, destination = self.binding_ends(connection, source, kind, destination, key)",
        "pass",
        kills=("amqp.access.queue-bindings",),
    ),
    _unchecked(
        "alternate-exchange-unchecked",
        f"{VHOST}.declare_exchange",
        'connection.check_access("exchange", alternate, "write")',
        "amqp.access.alternate-exchange",
    ),
    _unchecked(
        "alternate-exchange-without-read",
        f"{VHOST}.declare_exchange",
        'connection.check_access("exchange", name, "read")',
        "amqp.access.alternate-exchange",
    ),
    _unchecked(
        "dead-letter-exchange-unchecked",
        f"{VHOST}.declare_queue",
        'connection.check_access("exchange", dead_letter_exchange, "write")',
        "amqp.access.dead-letter-exchange",
    ),
    _unchecked(
        "dead-letter-exchange-without-read",
        f"{VHOST}.declare_queue",
        'connection.check_access("queue", name, "read")',
        "amqp.access.dead-letter-exchange",
    ),
    Mutant(
        "configure-includes-read",
        CHECK,
        "if permissions is None or not permissions.allow(operation, checked):",
        "if permissions is None or not (\n"
        "        permissions.allow(operation, checked)\n"
        "        or (operation == 'read' and permissions.allow('configure', checked))\n"
        "    ):",
        kills=("amqp.access.matrix", "amqp.access.read"),
    ),
    Mutant(
        "passive-declare-always-checked",
        f"{VHOST}._check_any_access",
        "if not self.dialect.passive_declare_needs_permission:",
        "if False:",
        kills=("amqp.access.passive-declare-is-free",),
        version="4.0",
    ),
    Mutant(
        "passive-declare-never-checked",
        f"{VHOST}._check_any_access",
        "if not self.dialect.passive_declare_needs_permission:",
        "if True:",
        kills=("amqp.access.passive-declare-needs-any",),
    ),
    Mutant(
        "passive-declare-needs-read-or-configure",
        f"{VHOST}._check_any_access",
        'for operation in ("read", "write"):',
        'for operation in ("read",):',
        kills=("amqp.access.passive-declare-needs-any",),
    ),
    Mutant(
        "empty-pattern-allows-all",
        "amqp.core.access:Permissions.allow",
        'pattern = getattr(self, operation) or "^$"',
        "pattern = getattr(self, operation)",
        kills=("amqp.access.empty-patterns",),
    ),
    Mutant(
        "refusal-closes-the-connection",
        "amqp.session:AmqpSession.refuse_on_channel",
        "if not isinstance(refusal, ChannelRefusal):",
        "if not isinstance(refusal, ChannelRefusal) or refusal.code == 403:",
        kills=("amqp.access.refusal-closes-the-channel-only",),
    ),
    Mutant(
        "refused-queue-stays-declared",
        f"{VHOST}.declare_queue",
        'connection.check_access("queue", name, "configure")',
        "if name not in self.queues:\n"
        "        self.add_queue(Queue(self, name, durable=True, auto_delete=False, owner=None,\n"
        "                             arguments={}))\n"
        '    connection.check_access("queue", name, "configure")',
        kills=("amqp.access.refusal-closes-the-channel-only",),
    ),
    Mutant(
        "virtual-hosts-share-exchanges",
        "amqp.core.broker:Broker.add_vhost",
        "self.vhosts[name] = vhost",
        "vhost.exchanges = next(iter(self.vhosts.values()), vhost).exchanges\n"
        "    self.vhosts[name] = vhost",
        kills=("amqp.access.vhosts-are-apart",),
    ),
    Mutant(
        "virtual-hosts-share-queues",
        "amqp.core.broker:Broker.add_vhost",
        "self.vhosts[name] = vhost",
        "vhost.queues = next(iter(self.vhosts.values()), vhost).queues\n"
        "    self.vhosts[name] = vhost",
        kills=("amqp.access.vhosts-are-apart",),
    ),
]
