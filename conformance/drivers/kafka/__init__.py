"""Drivers for the Kafka protocol."""
