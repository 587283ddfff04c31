"""Mutants of dead-lettering: the history of deaths, cycles."""

from tests.mutants.mutant import Mutant

LETTERS = "amqp.core.dead_letter:DeadLetters"
PUBLISH = f"{LETTERS}._publish"
RECORD = f"{LETTERS}._record"
CONTENT = f"{LETTERS}._content_with"
CYCLE = "amqp.core.dead_letter:is_cycle"

MUTANTS = [
    # -- history --------------------------------------------------------------------------------
    Mutant(
        "dead-count-stays-1",
        RECORD,
        "times=same[0].times + 1",
        "times=1",
        kills=(
            "amqp.dead-letter.x-death-count",
            "amqp.dead-letter.retry-flow",
            "amqp.dead-letter.delayed-retry",
        ),
    ),
    Mutant(
        "dead-counts-by-queue",
        RECORD,
        "(d.queue, d.reason) == (queue.name, reason)",
        "d.queue == queue.name",
        kills=("amqp.dead-letter.x-death-count",),
    ),
    Mutant(
        "dead-counts-by-reason",
        RECORD,
        "(d.queue, d.reason) == (queue.name, reason)",
        "d.reason == reason",
        kills=("amqp.dead-letter.x-death-count", "amqp.dead-letter.x-death-order-of-all"),
    ),
    Mutant(
        "dead-an-entry-for-each-death",
        RECORD,
        "[d for d in earlier if d not in same]",
        "list(earlier)",
        kills=("amqp.dead-letter.x-death-count",),
    ),
    Mutant(
        "dead-forgets-other-deaths",
        RECORD,
        "return newest, *others",
        "return (newest,)",
        kills=("amqp.dead-letter.x-death-count", "amqp.dead-letter.x-death-order-of-all"),
    ),
    Mutant(
        "dead-latest-entry-last",
        RECORD,
        "return newest, *others",
        "return *others, newest",
        kills=("amqp.dead-letter.x-death-order", "amqp.dead-letter.x-death-order-of-all"),
    ),
    Mutant(
        "dead-entry-counted-in-its-place",
        RECORD,
        "return newest, *others",
        "return tuple(newest if d in same else d for d in earlier) if same else (newest, *earlier)",
        kills=("amqp.dead-letter.x-death-order",),
    ),
    Mutant(
        "dead-older-entries-turn-around",
        RECORD,
        "if dialect.turns_earlier_deaths_around:",
        "if not dialect.turns_earlier_deaths_around:",
        kills=("amqp.dead-letter.x-death-order-of-all",),
    ),
    Mutant(
        "dead-entry-tells-of-the-latest",
        RECORD,
        "times=same[0].times + 1",
        "times=same[0].times + 1, exchange=message.exchange, routing_keys=message.routing_keys",
        kills=("amqp.dead-letter.x-death-tells-of-the-first",),
    ),
    Mutant(
        "dead-entry-loses-expiration",
        RECORD,
        "times=same[0].times + 1",
        "times=same[0].times + 1, original_expiration=None",
        kills=("amqp.dead-letter.x-death-tells-of-the-first",),
    ),
    Mutant(
        "dead-time-of-the-latest",
        RECORD,
        "times=same[0].times + 1",
        "times=same[0].times + 1, time_s=self._vhost.clock.now_ms() // 1000",
        kills=("amqp.dead-letter.time-of-the-first",),
    ),
    Mutant(
        "dead-first-death-moves-on",
        CONTENT,
        "if message.deaths is None and not continued:",
        "if not continued:",
        kills=("amqp.dead-letter.first-death-headers",),
    ),
    Mutant(
        "dead-first-death-of-dead-letter-exchange",
        CONTENT,
        'headers["x-first-death-exchange"] = longstr(message.exchange)',
        'headers["x-first-death-exchange"] = longstr(deaths[0].routing_keys[0])',
        kills=("amqp.dead-letter.first-death-headers",),
    ),
    Mutant(
        "dead-last-death-stays-the-first",
        CONTENT,
        "if self._vhost.dialect.last_death_headers:",
        "if self._vhost.dialect.last_death_headers and message.deaths is None:",
        kills=("amqp.dead-letter.last-death-headers",),
    ),
    Mutant(
        "dead-last-death-of-first-exchange",
        CONTENT,
        'headers["x-last-death-exchange"] = longstr(message.exchange)',
        'headers["x-last-death-exchange"] = longstr(newest.exchange)',
        kills=("amqp.dead-letter.last-death-headers",),
    ),
    Mutant(
        "dead-published-history-dropped",
        RECORD,
        "if not earlier and dialect.honours_published_x_death:",
        "if False:",
        kills=("amqp.dead-letter.republished-goes-on",),
        version="3.10",
    ),
    Mutant(
        "dead-published-history-believed",
        RECORD,
        "if not earlier and dialect.honours_published_x_death:",
        "if not earlier:",
        kills=("amqp.dead-letter.republished-begins-anew",),
    ),
    Mutant(
        "dead-published-first-death-stays",
        CONTENT,
        'self._vhost.dialect.honours_published_x_death and "x-death" in headers',
        '"x-first-death-queue" in headers',
        kills=("amqp.dead-letter.republished-begins-anew",),
    ),
    # -- cycles ---------------------------------------------------------------------------------
    Mutant(
        "cycle-of-overflows-unnoticed",
        PUBLISH,
        'if reason == "rejected" or',
        'if reason != "expired" or',
        kills=("amqp.dead-letter.automatic-cycle-drops", "amqp.dead-letter.cycles-in-networks"),
    ),
    Mutant(
        "cycle-only-into-the-same-queue",
        CYCLE,
        "if death.queue == target:",
        "if death.queue == target and position == 0:",
        kills=("amqp.dead-letter.automatic-cycle-drops",),
    ),
    Mutant(
        "cycle-never-seen",
        CYCLE,
        "if death.queue == target:",
        "if death.queue == target and death.times > 2:",
        kills=("amqp.dead-letter.automatic-cycle-drops",),
    ),
    Mutant(
        "cycle-with-rejections-dropped",
        CYCLE,
        'all(d.reason != "rejected" for d in deaths[: position + 1])',
        "True",
        kills=("amqp.dead-letter.rejection-breaks-cycle",),
    ),
    Mutant(
        "cycle-rejections-dropped-too",
        PUBLISH,
        'if reason == "rejected" or not is_cycle(target.name, deaths):',
        "if all(d.queue != target.name for d in deaths):",
        kills=("amqp.dead-letter.rejection-breaks-cycle", "amqp.dead-letter.retry-flow"),
    ),
    Mutant(
        "cycle-rejection-where-it-began-ignored",
        CYCLE,
        "deaths[: position + 1]",
        "deaths[:position]",
        kills=("amqp.dead-letter.rejection-breaks-cycle",),
    ),
    Mutant(
        "cycle-only-its-ends-count",
        CYCLE,
        "deaths[: position + 1]",
        "(deaths[0], death)",
        kills=("amqp.dead-letter.rejection-breaks-longer-cycle",),
    ),
    Mutant(
        "cycle-any-rejection-ever-counts",
        CYCLE,
        "deaths[: position + 1]",
        "deaths",
        kills=("amqp.dead-letter.old-rejection-does-not-count",),
    ),
    Mutant(
        "cycle-in-one-queue-drops-all-copies",
        PUBLISH,
        "not is_cycle(target.name, deaths)",
        "not any(is_cycle(t.name, deaths) for t in exchange.route(dead))",
        kills=("amqp.dead-letter.cycles-in-networks",),
    ),
]
