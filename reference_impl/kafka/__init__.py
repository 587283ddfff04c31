"""Kafka: semantics, wire format and connections."""
