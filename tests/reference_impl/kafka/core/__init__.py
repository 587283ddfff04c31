"""Tests of Kafka's semantics, without bytes on a wire."""
