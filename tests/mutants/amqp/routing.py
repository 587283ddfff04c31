"""Mutants of the exchange types. Those of the way through several exchanges: routing_graph.py."""

from tests.mutants.mutant import Mutant

NAMED_TARGETS = "amqp.core.exchanges:named_targets"
DESTINATIONS = "amqp.core.exchanges:Exchange._destinations"
ROUTE = "amqp.core.exchanges:Exchange.route"
DIRECT = "amqp.core.routing:Direct.match"
FANOUT = "amqp.core.routing:Fanout.match"
TOPIC = "amqp.core.routing:Topic.match"
WORDS = "amqp.core.routing:split_words"
HEADERS = "amqp.core.routing:Headers._matches"
EQUAL = "amqp.core.routing:Headers._equal"
MODE = "amqp.core.routing:Headers.check_arguments"

FOUND = "found.update(dict.fromkeys(self.matcher.match(key, headers)))"
BY_KEY = "return self._by_key.get(key, ())"
STEPS = 'for step in (word, "*"):'
VERDICT = 'return any(results) if mode.startswith("any") else all(results)'
COUNTS = 'if (name != "x-match" if with_x else not name.startswith("x-"))'
SAME = "return _comparable(wanted) == _comparable(found)"


def a_copy_for_each_binding(name: str, condition: str, kills: str) -> Mutant:
    """The queues of the first exchange get a copy for each binding that fulfils the condition."""
    return Mutant(
        name,
        ROUTE,
        "return list(queues)",
        "return [q for q in queues for b in self.bindings.values()"
        f" if b.destination is q and {condition}] or list(queues)",
        kills=(kills,),
    )


DEFAULT_DIRECT_FANOUT = [
    Mutant(
        "default-exchange-ignores-case",
        NAMED_TARGETS,
        "queues.get(name) or",
        "queues.get(name) or vhost.queues.get(name.lower()) or",
        kills=("amqp.routing.default-exchange-by-queue-name",),
    ),
    Mutant(
        "default-exchange-trims-keys",
        NAMED_TARGETS,
        "queues.get(name) or",
        'queues.get(name) or vhost.queues.get(name.rstrip(".")) or',
        kills=("amqp.routing.default-exchange-by-queue-name",),
    ),
    Mutant(
        "default-exchange-returns-nothing",
        "amqp.core.channel:Channel.enqueue",
        "if mandatory:",
        "if mandatory and message.exchange:",
        kills=("amqp.routing.default-exchange-unroutable",),
    ),
    Mutant(
        "direct-ignores-case",
        DIRECT,
        BY_KEY,
        "return self._by_key.get(key) or self._by_key.get(key.lower(), ())",
        kills=("amqp.routing.direct-exact-match",),
    ),
    Mutant(
        "direct-trims-keys",
        DIRECT,
        BY_KEY,
        "return self._by_key.get(key.strip(), ())",
        kills=("amqp.routing.direct-exact-match",),
    ),
    Mutant(
        "direct-empty-binding-key-takes-all",
        DIRECT,
        BY_KEY,
        'return [*self._by_key.get(key, ()), *self._by_key.get("", ())]',
        kills=("amqp.routing.direct-exact-match",),
    ),
    Mutant(
        "direct-first-queue-only",
        DIRECT,
        BY_KEY,
        "return list(self._by_key.get(key, ()))[:1]",
        kills=("amqp.routing.direct-shared-key", "amqp.routing.direct-logs-example"),
    ),
    Mutant(
        "direct-hash-takes-all",
        DIRECT,
        BY_KEY,
        'return [*self._by_key.get(key, ()), *self._by_key.get("#", ())]',
        kills=("amqp.routing.direct-wildcards-are-literal",),
    ),
    Mutant(
        "fanout-heeds-the-key",
        DESTINATIONS,
        FOUND,
        "found.update((b.destination, None) for b in self.bindings.values()"
        " if b.destination in set(self.matcher.match(key, headers))"
        ' and (self.type_name != "fanout" or b.key in ("", key)))',
        kills=("amqp.routing.fanout-every-queue",),
    ),
    Mutant(
        "fanout-last-queue-only",
        FANOUT,
        "return self._members",
        "return list(self._members)[-1:]",
        kills=("amqp.routing.fanout-every-queue",),
    ),
    Mutant(
        "fanout-rejecting-takes-all-copies",
        "amqp.core.queues:Queue.reject",
        'self._bury(entry, "rejected")',
        'self._bury(entry, "rejected")\n'
        "        for queue in self.vhost.queues.values():\n"
        "            for copy in [e for e in queue.ready if e.message is entry.message]:\n"
        "                queue.ready._entries.remove(copy)",
        kills=("amqp.routing.fanout-subscribers-independent",),
    ),
    Mutant(
        "purge-empties-every-queue",
        "amqp.core.queues:Queue.purge",
        "self.ready.clear()",
        "for queue in self.vhost.queues.values():\n        queue.ready.clear()",
        kills=("amqp.routing.fanout-subscribers-independent",),
    ),
    Mutant(
        "binding-copies-what-its-neighbours-hold",
        "amqp.core.vhost:VirtualHost.bind",
        "if exchange.bind(binding):",
        "for other in list(exchange.bindings.values()):\n"
        "        for entry in list(getattr(other.destination, 'ready', ())):\n"
        "            target.publish(entry.message)\n"
        "    if exchange.bind(binding):",
        kills=("amqp.routing.binding-not-retroactive",),
    ),
    a_copy_for_each_binding(
        "direct-copy-for-each-binding",
        "b.key in message.routing_keys",
        "amqp.routing.direct-one-copy-a-queue",
    ),
    a_copy_for_each_binding(
        "fanout-copy-for-each-binding",
        'self.type_name == "fanout"',
        "amqp.routing.fanout-one-copy-a-queue",
    ),
]

TOPICS = [
    Mutant(
        "topic-star-is-literal",
        TOPIC,
        STEPS,
        "for step in (word,):",
        kills=("amqp.routing.topic-wildcards", "amqp.routing.topic-orders-example"),
    ),
    Mutant(
        "topic-hash-needs-a-word",
        TOPIC,
        "states = _with_hashes({self._root: None})",
        "states = {self._root: None}",
        kills=("amqp.routing.topic-wildcards", "amqp.routing.topic-hash-matches-empty-key"),
    ),
    Mutant(
        "topic-hash-at-the-end-needs-a-word",
        TOPIC,
        "for node in states:",
        "for node in [\n"
        "        n for n in states if not any(key and p.next.get('#') is n for p in states)\n"
        "    ]:",
        kills=("amqp.routing.topic-hash-zero-words", "amqp.routing.topic-wildcards"),
    ),
    Mutant(
        "topic-star-spans-words",
        TOPIC,
        "following.setdefault(node.next[step])",
        'following.setdefault(node.next[step], step == "*" or None)',
        kills=("amqp.routing.topic-star-one-word", "amqp.routing.topic-wildcards"),
    ),
    Mutant(
        "topic-star-at-the-end-matches-no-word",
        TOPIC,
        "for node in states:",
        'for node in [*states, *(n.next["*"] for n in states if "*" in n.next)]:',
        kills=("amqp.routing.topic-star-one-word", "amqp.routing.topic-empty-words"),
    ),
    Mutant(
        "topic-drops-empty-words",
        WORDS,
        'return key.split(".") if key else []',
        'return [word for word in key.split(".") if word]',
        kills=("amqp.routing.topic-empty-words",),
    ),
    Mutant(
        "topic-drops-the-last-empty-word",
        WORDS,
        'return key.split(".") if key else []',
        'return key.removesuffix(".").split(".") if key else []',
        kills=("amqp.routing.topic-empty-words",),
    ),
    Mutant(
        "topic-empty-key-is-one-word",
        WORDS,
        'return key.split(".") if key else []',
        'return key.split(".")',
        kills=("amqp.routing.topic-empty-words",),
    ),
    Mutant(
        "topic-star-completes-a-word",
        TOPIC,
        STEPS,
        'for step in (word, "*", *(s for s in node.next if s != word and s[1:]'
        ' and s.endswith("*") and word.startswith(s[:-1]))):',
        kills=("amqp.routing.topic-wildcard-inside-word",),
    ),
    Mutant(
        "topic-star-in-the-key-matches-any-word",
        TOPIC,
        STEPS,
        'for step in list(node.next) if word == "*" else (word, "*"):',
        kills=("amqp.routing.topic-wildcard-in-key",),
    ),
    Mutant(
        "topic-empty-binding-key-matches-all",
        TOPIC,
        "for node in states:",
        "for node in [*states, self._root]:",
        kills=("amqp.routing.topic-empty-binding-key",),
    ),
    Mutant(
        "topic-empty-key-leaks-to-other-exchanges",
        DESTINATIONS,
        FOUND,
        "found.update(dict.fromkeys([*self.matcher.match(key, headers),"
        " *(b.destination for x in self.vhost.exchanges.values()"
        ' if not key and x.type_name == self.type_name == "topic"'
        " for b in x.bindings.values() if not b.key)]))",
        kills=("amqp.routing.topic-empty-binding-key",),
    ),
    a_copy_for_each_binding(
        "topic-copy-for-each-binding",
        'self.type_name == "topic"',
        "amqp.routing.topic-one-copy-a-queue",
    ),
    Mutant(
        "topic-unbind-takes-longer-patterns-too",
        "amqp.core.routing:Topic.remove",
        "if node.next or node.destinations:",
        "if node.destinations:",
        kills=("amqp.routing.topic-unbind-one-of-several",),
    ),
    Mutant(
        "topic-accepts-one-hash-more",
        "amqp.core.routing:Topic.check_key",
        "count > self._hash_limit",
        "count > self._hash_limit + 1",
        kills=("amqp.routing.topic-hash-limit",),
    ),
    Mutant(
        "topic-forgets-words-after-the-hundredth",
        WORDS,
        'return key.split(".") if key else []',
        'return key.split(".")[:100] if key else []',
        kills=("amqp.routing.topic-long-keys",),
    ),
]

BINDINGS = [
    Mutant(
        "unbind-takes-all-of-a-queue",
        "amqp.core.routing:Headers.remove",
        "self._bindings.remove((destination, key, arguments))",
        "self._bindings = [b for b in self._bindings if b[0] is not destination]",
        kills=("amqp.routing.unbind-one-of-several",),
    ),
    Mutant(
        "unbind-ignores-the-key",
        "amqp.core.exchanges:Exchange.unbind",
        "known = self.bindings.pop(binding.identity, None)",
        "found = [i for i, b in self.bindings.items() if b.destination is binding.destination]\n"
        "    known = self.bindings.pop(found[0], None) if found else None",
        kills=("amqp.routing.unbind-one-of-several", "amqp.routing.topic-unbind-one-of-several"),
    ),
    Mutant(
        "unbind-leaves-known-routes",
        "amqp.core.vhost:VirtualHost.unbind",
        "self.routes.clear()",
        "pass",
        kills=("amqp.routing.unbind-one-of-several", "amqp.routing.topic-unbind-one-of-several"),
    ),
    Mutant(
        "bind-leaves-known-routes",
        "amqp.core.vhost:VirtualHost.bind",
        "self.routes.clear()",
        "pass",
        kills=("amqp.routing.unbind-one-of-several", "amqp.routing.binding-not-retroactive"),
    ),
    Mutant(
        "bind-checks-too-late",
        "amqp.core.vhost:VirtualHost.bind",
        "exchange.check_binding(target, key, arguments)\n",
        "exchange.bind(Binding(target, key, arguments))\n"
        "    exchange.check_binding(target, key, arguments)\n",
        kills=("amqp.routing.topic-hash-limit", "amqp.routing.headers-match-mode-unknown"),
    ),
]

HEADER_MATCHING = [
    Mutant(
        "headers-all-is-any",
        HEADERS,
        VERDICT,
        "return any(results)",
        kills=(
            "amqp.routing.headers-all",
            "amqp.routing.headers-all-by-default",
            "amqp.routing.headers-example",
        ),
    ),
    Mutant(
        "headers-any-is-all",
        HEADERS,
        VERDICT,
        "return all(results)",
        kills=("amqp.routing.headers-any", "amqp.routing.headers-example"),
    ),
    Mutant(
        "headers-any-by-default",
        HEADERS,
        'else "all"',
        'else "any"',
        kills=("amqp.routing.headers-all-by-default",),
    ),
    Mutant(
        "headers-void-matches-void-only",
        EQUAL,
        'if wanted.type == "void":\n        return True',
        'if wanted.type == "void":\n        return found.type == "void"',
        kills=("amqp.routing.headers-presence",),
    ),
    Mutant(
        "headers-void-matches-absence",
        EQUAL,
        "if found is None:\n        return False",
        'if found is None:\n        return wanted.type == "void"',
        kills=("amqp.routing.headers-presence", "amqp.routing.headers-message-without-headers"),
    ),
    Mutant(
        "headers-x-arguments-count",
        HEADERS,
        COUNTS,
        'if name != "x-match"',
        kills=("amqp.routing.headers-x-arguments-ignored",),
    ),
    Mutant(
        "headers-x-without-a-dash-is-ignored",
        HEADERS,
        'startswith("x-")',
        'startswith("x")',
        kills=("amqp.routing.headers-x-arguments-ignored",),
    ),
    Mutant(
        "headers-with-x-leaves-x-out",
        HEADERS,
        'with_x = mode.endswith("-with-x")',
        "with_x = False",
        kills=("amqp.routing.headers-all-with-x", "amqp.routing.headers-any-with-x"),
    ),
    Mutant(
        "headers-any-with-x-is-all-with-x",
        HEADERS,
        'mode.startswith("any")',
        'mode == "any"',
        kills=("amqp.routing.headers-any-with-x",),
    ),
    Mutant(
        "headers-with-x-compares-the-mode",
        HEADERS,
        COUNTS,
        'if (True if with_x else not name.startswith("x-"))',
        kills=("amqp.routing.headers-all-with-x", "amqp.routing.headers-any-with-x"),
    ),
    Mutant(
        "headers-any-mode-is-accepted",
        MODE,
        "if field.value not in _MATCH_MODES:",
        "if field.value.lower() not in (*_MATCH_MODES, ''):",
        kills=("amqp.routing.headers-match-mode-unknown",),
    ),
    Mutant(
        "headers-mode-may-be-no-text",
        MODE,
        "if field is None:",
        'if field is None or field.type not in ("longstr", "signedint"):',
        kills=("amqp.routing.headers-match-mode-not-text",),
    ),
    Mutant(
        "headers-all-of-nothing-wants-headers",
        HEADERS,
        VERDICT,
        VERDICT + " and bool(headers)",
        kills=("amqp.routing.headers-all-of-nothing",),
    ),
    Mutant(
        "headers-any-of-nothing-is-all-of-nothing",
        HEADERS,
        VERDICT,
        'return (any(results) or not arguments.keys() - {"x-match"})'
        ' if mode.startswith("any") else all(results)',
        kills=("amqp.routing.headers-any-of-nothing",),
    ),
    Mutant(
        "headers-missing-headers-match-all",
        "amqp.core.routing:Headers.match",
        "headers = headers or {}\n",
        "if not headers:\n        return dict.fromkeys(d for d, _, _ in self._bindings)\n",
        kills=("amqp.routing.headers-message-without-headers",),
    ),
    Mutant(
        "headers-heeds-the-key",
        "amqp.core.routing:Headers.match",
        "for destination, _, arguments in self._bindings",
        'for destination, bound, arguments in self._bindings if bound in ("", key)',
        kills=("amqp.routing.headers-key-ignored",),
    ),
    a_copy_for_each_binding(
        "headers-copy-for-each-binding",
        'self.type_name == "headers" and self.matcher._matches(b.arguments, headers or {})',
        "amqp.routing.headers-one-copy-a-queue",
    ),
    Mutant(
        "headers-compare-wire-types",
        EQUAL,
        SAME,
        SAME + " and wanted.type == found.type",
        kills=("amqp.routing.headers-integer-width-ignored",),
    ),
    Mutant(
        "headers-compare-as-text",
        EQUAL,
        SAME,
        "return str(wanted.value) == str(found.value)",
        kills=("amqp.routing.headers-kind-counts",),
    ),
    Mutant(
        "headers-true-is-one",
        EQUAL,
        SAME,
        "return bool(wanted.value == found.value)",
        kills=("amqp.routing.headers-kind-counts",),
    ),
    Mutant(
        "headers-all-tables-are-equal",
        EQUAL,
        SAME,
        SAME + ' or wanted.type == found.type == "table"',
        kills=("amqp.routing.headers-every-type",),
    ),
    Mutant(
        "headers-texts-ignore-case",
        EQUAL,
        SAME,
        "return _comparable(wanted).lower() == _comparable(found).lower()",
        kills=("amqp.routing.headers-every-type",),
    ),
    Mutant(
        "headers-numbers-compare-loosely",
        EQUAL,
        "if self._loose and",
        "if",
        kills=("amqp.routing.headers-integer-is-no-float",),
    ),
    Mutant(
        "headers-timestamps-in-other-units",
        EQUAL,
        "if self._scale_timestamps and",
        "if",
        kills=("amqp.routing.headers-timestamp",),
        version="3.10",
    ),
]

MUTANTS = DEFAULT_DIRECT_FANOUT + TOPICS + BINDINGS + HEADER_MATCHING
