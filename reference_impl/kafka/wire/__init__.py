"""Octets of Kafka's requests, responses and record batches to plain values and back."""
