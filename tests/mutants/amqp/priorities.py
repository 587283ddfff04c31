"""Mutants of priority queues."""

from tests.mutants.mutant import Mutant

LEVEL = "amqp.core.ready:ByPriority._level"
RANK = "amqp.core.ready:ByPriority._priority"
PUSH = "amqp.core.ready:ByPriority.push"
RESTORE = "amqp.core.ready:ByPriority.restore"
INIT = "amqp.core.queues:Queue.__init__"

MUTANTS = [
    Mutant(
        "priority-lowest-first",
        "amqp.core.ready:ByPriority.pop",
        "in self._levels.values():",
        "in reversed(self._levels.values()):",
        kills=(
            "amqp.priorities.order",
            "amqp.priorities.delivered-not-overtaken",
            "amqp.priorities.drop-head-drops-highest",
        ),
    ),
    Mutant(
        "priority-first-seen-first",
        LEVEL,
        "dict(sorted({**self._levels, priority: level}.items(), reverse=True))",
        "{**self._levels, priority: level}",
        kills=("amqp.priorities.order", "amqp.priorities.delivered-not-overtaken"),
    ),
    Mutant(
        "priority-missing-is-4",
        RANK,
        "entry.message.content.priority or 0",
        "4 if entry.message.content.priority is None else entry.message.content.priority",
        kills=("amqp.priorities.missing-is-lowest",),
    ),
    Mutant(
        "priority-missing-below-0",
        RANK,
        "entry.message.content.priority or 0",
        "-1 if entry.message.content.priority is None else entry.message.content.priority",
        kills=("amqp.priorities.missing-is-lowest",),
    ),
    Mutant(
        "priority-without-maximum",
        RANK,
        "min(entry.message.content.priority or 0, self._max_priority)",
        "entry.message.content.priority or 0",
        kills=("amqp.priorities.above-maximum-is-maximum",),
    ),
    Mutant(
        "priority-255-refused",
        "amqp.core.arguments:_priority",
        "field.value > MAX_PRIORITY",
        "field.value >= MAX_PRIORITY",
        kills=("amqp.priorities.maximum-values",),
    ),
    Mutant(
        "priority-0-is-0",
        INIT,
        "max(max_priority, vhost.dialect.least_max_priority)",
        "max_priority",
        kills=("amqp.priorities.zero-counts-as-one",),
    ),
    Mutant(
        "priority-in-every-queue",
        INIT,
        "= Fifo()",
        "= ByPriority(9)",
        kills=("amqp.priorities.ignored-without-maximum",),
    ),
    Mutant(
        "priority-requeued-to-the-end",
        RESTORE,
        ".restore(entry)",
        ".push(entry)",
        kills=("amqp.priorities.requeue-to-its-place",),
    ),
    Mutant(
        "priority-requeued-to-the-front",
        RESTORE,
        "self._level(entry).restore(entry)",
        "next((v for v in self._levels.values() if v), self._level(entry)).restore(entry)",
        kills=("amqp.priorities.requeue-to-its-place",),
    ),
    Mutant(
        "priority-lowest-dropped",
        "amqp.core.queues:Queue._drop_overflow",
        "self._bury(self.ready.pop(), ",
        "levels = getattr(self.ready, '_levels', {0: self.ready})\n"
        "        self._bury([v for v in levels.values() if v][-1].pop(), ",
        kills=("amqp.priorities.drop-head-drops-highest",),
    ),
    Mutant(
        "priority-each-expires-for-itself",
        "amqp.core.queues:Queue.drop_expired",
        "    while (entry := self.ready.head()) is not None:\n",
        "    now_ms = self.vhost.clock.now_ms()\n"
        "    for level in getattr(self.ready, '_levels', {}).values():\n"
        "        while level and (level.head().expires_at_ms or now_ms + 1) <= now_ms:\n"
        "            self._bury(level.pop(), 'expired')\n"
        "    while (entry := self.ready.head()) is not None:\n",
        kills=("amqp.priorities.expired-waits-for-higher",),
    ),
    Mutant(
        "priority-overtaking-is-redelivery",
        PUSH,
        "self._level(entry).push(entry)",
        "self._level(entry).push(entry)\n    entry.redelivered = list(self)[-1] is not entry",
        kills=("amqp.priorities.first-delivery-not-redelivered",),
    ),
    Mutant(
        "priority-being-overtaken-is-redelivery",
        PUSH,
        "self._level(entry).push(entry)",
        "self._level(entry).push(entry)\n"
        "    for other in list(self)[list(self).index(entry) + 1 :]:\n"
        "        other.redelivered = True",
        kills=("amqp.priorities.first-delivery-not-redelivered",),
    ),
    Mutant(
        "priority-counts-longest-level",
        "amqp.core.ready:ByPriority.__len__",
        "sum(map(len, self._levels.values()))",
        "max(map(len, self._levels.values()), default=0)",
        kills=("amqp.priorities.all-levels-count",),
    ),
    Mutant(
        "priority-purges-the-first-level",
        "amqp.core.ready:ByPriority.clear",
        "self._levels.clear()",
        "self._levels.pop(next(iter(self._levels), 0), None)",
        kills=("amqp.priorities.all-levels-count",),
    ),
]
