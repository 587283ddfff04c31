"""Mutants of the way through several exchanges, and of the keys that a message is routed by."""

from tests.mutants.mutant import Mutant

ROUTE = "amqp.core.exchanges:Exchange.route"
BIND = "amqp.core.vhost:VirtualHost.bind"
UNBIND = "amqp.core.vhost:VirtualHost.unbind"
PUBLISH = "amqp.core.channel:Channel.publish"
ENQUEUE = "amqp.core.channel:Channel.enqueue"
CONTENT = "amqp.core.message:Content.__init__"
HEADER_KEYS = "amqp.core.message:Content._header_keys"
HIDE_BCC = "amqp.core.message:Content._hide_bcc"

NO_DESTINATION = "if not destinations and exchange.alternate_exchange is not None:"
FOLLOW = "destinations = [] if alternate is None else [alternate]"
OF_EXCHANGE = "destinations = exchange._destinations(message.routing_keys, headers)"
EXTRA_KEYS = 'self.extra_keys = self._header_keys("CC") + self.bcc_keys'
TEXTS = 'return tuple(item.value for item in field.value if item.type == "longstr")'

ALTERNATE = [
    Mutant(
        "alternate-gets-everything",
        ROUTE,
        NO_DESTINATION,
        "if exchange.alternate_exchange is not None:",
        kills=("amqp.routing.alternate-takes-unroutable", "amqp.routing.graph"),
    ),
    Mutant(
        "alternate-only-without-bindings",
        ROUTE,
        NO_DESTINATION,
        NO_DESTINATION.replace("not destinations", "not exchange.bindings"),
        kills=("amqp.routing.alternate-takes-unroutable", "amqp.routing.graph"),
    ),
    Mutant(
        "alternate-followed-once",
        ROUTE,
        NO_DESTINATION,
        NO_DESTINATION.replace(":", " and len(seen) < 2:"),
        kills=("amqp.routing.alternate-chain", "amqp.routing.alternate-cycle"),
    ),
    Mutant(
        "alternate-of-the-first-exchange-only",
        ROUTE,
        NO_DESTINATION,
        NO_DESTINATION.replace(":", " and exchange is self:"),
        kills=("amqp.routing.alternate-inside-the-graph", "amqp.routing.alternate-chain"),
    ),
    Mutant(
        "alternate-routed-and-returned",
        ENQUEUE,
        "accepted = True",
        "if mandatory and message.exchange and not (\n"
        "        self.vhost.exchanges[message.exchange]._destinations(message.routing_keys, None)\n"
        "    ):\n"
        "        self.sink.return_message(message)\n"
        "    accepted = True",
        kills=("amqp.routing.alternate-counts-as-routed",),
    ),
    Mutant(
        "alternate-prevents-the-return",
        ENQUEUE,
        "if mandatory:",
        "source = self.vhost.exchanges[message.exchange]\n"
        "        if mandatory and source.alternate_exchange not in self.vhost.exchanges:",
        kills=("amqp.routing.alternate-unrouted-returned", "amqp.routing.alternate-cycle"),
    ),
    Mutant(
        "alternate-that-is-missing-is-an-error",
        ROUTE,
        FOLLOW,
        "destinations = [alternate or self.vhost.exchange(exchange.alternate_exchange)]",
        kills=("amqp.routing.alternate-missing",),
    ),
    Mutant(
        "alternate-must-exist-at-once",
        "amqp.core.exchanges:Exchange.__init__",
        "None if alternate is None else",
        "None if alternate is None or alternate.value not in vhost.exchanges else",
        kills=("amqp.routing.alternate-declared-later",),
    ),
    Mutant(
        "alternate-if-no-queue-was-reached",
        ROUTE,
        "return list(queues)",
        "other = self.vhost.exchanges.get(self.alternate_exchange or '')\n"
        "    return list(queues) if queues or not other or other in seen else other.route(message)",
        kills=("amqp.routing.alternate-per-exchange",),
    ),
    Mutant(
        "alternate-shows-its-own-name",
        ROUTE,
        FOLLOW,
        FOLLOW + "\n            message.exchange, message.encoded = alternate.name, None",
        kills=("amqp.routing.alternate-keeps-address",),
    ),
    Mutant(
        "alternate-is-not-compared",
        "amqp.core.exchanges:Exchange.check_equivalent",
        '("alternate-exchange",)',
        "()",
        kills=("amqp.routing.alternate-redeclared",),
    ),
]

EXCHANGE_BINDINGS = [
    Mutant(
        "e2e-passes-everything-on",
        ROUTE,
        OF_EXCHANGE,
        OF_EXCHANGE + " + [\n"
        "            b.destination for b in exchange.bindings.values()\n"
        "            if isinstance(b.destination, Exchange)\n"
        "        ]",
        kills=("amqp.routing.e2e-by-source-type", "amqp.routing.graph"),
    ),
    Mutant(
        "e2e-both-directions",
        BIND,
        "if exchange.bind(binding):",
        "if isinstance(target, Exchange):\n"
        "        target.bind(Binding(exchange, key, arguments))\n"
        "    if exchange.bind(binding):",
        kills=("amqp.routing.e2e-direction",),
    ),
    Mutant(
        "e2e-copy-for-each-way",
        ROUTE,
        "return list(queues)",
        "return [\n"
        "        q for x in seen for q in x._destinations(message.routing_keys, headers)\n"
        "        if q in queues\n"
        "    ]",
        kills=("amqp.routing.e2e-one-copy-a-queue", "amqp.routing.graph"),
    ),
    Mutant(
        "e2e-circle-loses-the-message",
        ROUTE,
        "elif destination not in seen:",
        "elif destination in seen:\n                return []\n            else:",
        kills=("amqp.routing.e2e-cycle", "amqp.routing.graph"),
    ),
    Mutant(
        "e2e-missing-source-is-ignored",
        BIND,
        "if exchange is None:",
        'if exchange is None and kind == "exchange":\n        return\n    if exchange is None:',
        kills=("amqp.routing.e2e-missing-source",),
    ),
    Mutant(
        "e2e-missing-destination-is-ignored",
        BIND,
        "if target is None:",
        'if target is None and kind == "exchange":\n        return\n    if target is None:',
        kills=("amqp.routing.e2e-missing-destination",),
    ),
    Mutant(
        "e2e-destination-may-be-a-queue",
        BIND,
        ".get(destination)",
        ".get(destination) or self.queues.get(destination)",
        kills=("amqp.routing.e2e-destination-is-no-queue",),
    ),
    Mutant(
        "e2e-unbind-takes-all-bindings",
        UNBIND,
        "if exchange.unbind(binding):",
        "if [\n"
        "        exchange.unbind(b) for b in list(exchange.bindings.values())\n"
        '        if b == binding or (kind == "exchange" and b.destination is target)\n'
        "    ]:",
        kills=("amqp.routing.e2e-unbind",),
    ),
    Mutant(
        "e2e-unbind-of-another-key-unbinds",
        UNBIND,
        "if binding.identity not in exchange.bindings:\n        return\n",
        "if binding.identity not in exchange.bindings:\n"
        "        for known in list(exchange.bindings.values()):\n"
        '            if kind == "exchange" and known.destination is target:\n'
        "                exchange.unbind(known)\n"
        "        self.routes.clear()\n"
        "        return\n",
        kills=("amqp.routing.e2e-unbind-missing",),
    ),
    Mutant(
        "e2e-binds-are-counted",
        "amqp.core.exchanges:Exchange.bind",
        "if binding.identity in self.bindings:",
        "if binding.identity in self.bindings:\n        self.matcher.add(*binding)",
        kills=("amqp.routing.e2e-unbind",),
    ),
    Mutant(
        "e2e-unbinding-nothing-is-an-error",
        UNBIND,
        "if exchange is None or target is None:",
        'if target is None and kind == "exchange":\n'
        "        raise NotFound(f\"no exchange '{destination}'\")\n"
        "    if exchange is None or target is None:",
        kills=("amqp.routing.e2e-unbind-missing",),
    ),
    Mutant(
        "e2e-default-exchange-as-destination",
        "amqp.core.vhost:VirtualHost.binding_ends",
        '_check_not_default(source, *([destination] if kind == "exchange" else []))',
        "_check_not_default(source)",
        kills=("amqp.routing.e2e-default-exchange",),
    ),
    Mutant(
        "e2e-default-exchange-as-source",
        "amqp.core.vhost:VirtualHost.binding_ends",
        '_check_not_default(source, *([destination] if kind == "exchange" else []))',
        'if kind == "exchange":\n        _check_not_default(destination)',
        kills=("amqp.routing.e2e-default-exchange",),
    ),
    Mutant(
        "e2e-shows-the-last-exchange",
        ROUTE,
        "seen.add(destination)",
        "seen.add(destination)\n"
        "                message.exchange, message.encoded = destination.name, None",
        kills=("amqp.routing.e2e-keeps-address",),
    ),
]

SENDER_SELECTED = [
    Mutant(
        "cc-is-ignored",
        CONTENT,
        EXTRA_KEYS,
        "self.extra_keys = self.bcc_keys",
        kills=("amqp.routing.cc-adds-keys", "amqp.routing.cc-everywhere"),
    ),
    Mutant(
        "cc-counts-the-first-key-only",
        CONTENT,
        EXTRA_KEYS,
        'self.extra_keys = self._header_keys("CC")[:1] + self.bcc_keys',
        kills=("amqp.routing.cc-adds-keys",),
    ),
    Mutant(
        "cc-replaces-the-key",
        PUBLISH,
        "keys = routing_key, *content.extra_keys",
        "keys = content.extra_keys or (routing_key,)",
        kills=("amqp.routing.cc-adds-keys", "amqp.routing.cc-primary-key-shown"),
    ),
    Mutant(
        "bcc-is-ignored-beside-cc",
        CONTENT,
        EXTRA_KEYS,
        'self.extra_keys = self._header_keys("CC") or self.bcc_keys',
        kills=("amqp.routing.cc-adds-keys", "amqp.routing.cc-everywhere"),
    ),
    Mutant(
        "bcc-is-ignored",
        CONTENT,
        EXTRA_KEYS,
        'self.extra_keys = self._header_keys("CC")',
        kills=("amqp.routing.bcc-adds-keys", "amqp.routing.graph"),
    ),
    Mutant(
        "cc-is-hidden-too",
        HIDE_BCC,
        'if "BCC" in headers:\n'
        '        shown = {name: field for name, field in headers.items() if name != "BCC"}',
        'if headers.keys() & {"CC", "BCC"}:\n'
        "        shown = {n: field for n, field in headers.items() if not n.endswith('CC')}",
        kills=("amqp.routing.cc-header-kept",),
    ),
    Mutant(
        "bcc-is-delivered",
        HIDE_BCC,
        "self.altered = True",
        "self.altered = False",
        kills=("amqp.routing.bcc-header-removed",),
    ),
    Mutant(
        "bcc-takes-all-headers-along",
        HIDE_BCC,
        "replace(headers=shown)",
        "replace(headers={})",
        kills=("amqp.routing.bcc-header-removed",),
    ),
    Mutant(
        "bcc-is-matched-by-headers-exchanges",
        ROUTE,
        "headers = message.content.properties.headers",
        "headers = dict(message.content.properties.headers or {})\n"
        "    if message.content.bcc_keys:\n"
        '        headers["BCC"] = next(iter(headers.values()))',
        kills=("amqp.routing.bcc-invisible-to-routing",),
    ),
    Mutant(
        "cc-copy-for-each-key-at-the-default-exchange",
        "amqp.core.exchanges:named_targets",
        "return list(found)",
        "return [vhost.queues.get(name) for name in names if name in vhost.queues]",
        kills=("amqp.routing.cc-one-copy-a-queue",),
    ),
    Mutant(
        "cc-copy-for-each-key",
        ROUTE,
        "return list(queues)",
        "return [\n"
        "        q for q in queues for b in self.bindings.values()\n"
        "        if b.destination is q and b.key in message.routing_keys\n"
        "    ] or list(queues)",
        kills=("amqp.routing.cc-one-copy-a-queue",),
    ),
    Mutant(
        "cc-counts-at-the-first-exchange-only",
        ROUTE,
        "(message.routing_keys, headers)",
        "(message.routing_keys[: None if exchange is self else 1], headers)",
        kills=("amqp.routing.cc-everywhere",),
    ),
    Mutant(
        "cc-counts-for-direct-exchanges-only",
        ROUTE,
        "(message.routing_keys, headers)",
        '(message.routing_keys[: None if exchange.type_name == "direct" else 1], headers)',
        kills=("amqp.routing.cc-everywhere",),
    ),
    Mutant(
        "cc-not-for-the-default-exchange",
        ROUTE,
        "named_targets(self.vhost, message.routing_keys)",
        "named_targets(self.vhost, message.routing_keys[:1])",
        kills=("amqp.routing.cc-default-exchange", "amqp.routing.graph"),
    ),
    Mutant(
        "cc-does-not-count-for-mandatory",
        ENQUEUE,
        "accepted = True",
        "if mandatory and not self.vhost.exchanges[message.exchange]._destinations(\n"
        "        message.routing_keys[:1], None\n"
        "    ):\n"
        "        self.sink.return_message(message)\n"
        "    accepted = True",
        kills=("amqp.routing.cc-counts-as-routed",),
    ),
    Mutant(
        "bcc-may-be-anything",
        HEADER_KEYS,
        "if field is None:",
        'if field is None or (name == "BCC" and field.type != "array"):',
        kills=("amqp.routing.cc-not-a-list",),
    ),
    Mutant(
        "cc-may-be-one-text",
        HEADER_KEYS,
        "if field is None:",
        'if field is not None and field.type == "longstr":\n'
        "        return (field.value,)\n"
        "    if field is None:",
        kills=("amqp.routing.cc-not-a-list",),
    ),
    Mutant(
        "cc-takes-octets-for-text",
        HEADER_KEYS,
        TEXTS,
        "return tuple(i.value if i.type == 'longstr' else i.value.decode() for i in field.value"
        " if i.type in ('longstr', 'binary'))",
        kills=("amqp.routing.cc-other-values-ignored",),
    ),
    Mutant(
        "cc-wants-texts-only",
        HEADER_KEYS,
        'if field.type != "array":',
        'if field.type != "array" or any(item.type != "longstr" for item in field.value):',
        kills=("amqp.routing.cc-other-values-ignored",),
    ),
    Mutant(
        "cc-in-any-spelling",
        HEADER_KEYS,
        "(self.properties.headers or {}).get(name)",
        "{n.upper(): f for n, f in (self.properties.headers or {}).items()}.get(name)",
        kills=("amqp.routing.cc-names-case-sensitive",),
    ),
    Mutant(
        "cc-key-shown-by-get",
        "amqp.channel_session:ChannelSession.send_get_ok",
        "message.routing_keys[0]",
        "message.routing_keys[-1]",
        kills=("amqp.routing.cc-primary-key-shown",),
    ),
    Mutant(
        "bcc-key-shown-by-deliver",
        "amqp.channel_session:encode_message",
        "message.routing_keys[0]",
        "message.routing_keys[-1]",
        kills=("amqp.routing.cc-primary-key-shown",),
    ),
]

MUTANTS = ALTERNATE + EXCHANGE_BINDINGS + SENDER_SELECTED
