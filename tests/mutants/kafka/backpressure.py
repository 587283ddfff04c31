"""Mutants of throttling, and of connections that are read slowly."""

from tests.mutants.mutant import Mutant

MUTANTS = [
    Mutant(
        "backpressure-fetches-are-throttled",
        "kafka.session:KafkaSession._send",
        "encode_response(api_key, version, correlation_id, body)",
        "encode_response(api_key, version, correlation_id, "
        "{**body, 'throttle_time_ms': 100 if api_key == 1 else 0})",
        kills=("kafka.backpressure.no-throttling",),
    ),
    Mutant(
        "backpressure-slow-readers-are-forgotten",
        "kafka.session:KafkaSession.set_transport_full",
        "self._on_output()",
        "pass",
        kills=("kafka.backpressure.slow-reader",),
    ),
]
