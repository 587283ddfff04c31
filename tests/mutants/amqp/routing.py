"""Mutants of routing."""

from tests.mutants.mutant import Mutant

TOPIC = "amqp.core.routing:Topic.match"

MUTANTS = [
    Mutant(
        "topic-star-is-literal",
        TOPIC,
        'for step in (word, "*"):',
        "for step in (word,):",
        kills=("amqp.routing.topic-wildcards",),
    ),
    Mutant(
        "topic-hash-needs-a-word",
        TOPIC,
        "states = _with_hashes({self._root: None})",
        "states = {self._root: None}",
        kills=("amqp.routing.topic-wildcards", "amqp.routing.topic-hash-matches-empty-key"),
    ),
]
