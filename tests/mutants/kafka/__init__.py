"""Mutants of the Kafka side, by topic."""
