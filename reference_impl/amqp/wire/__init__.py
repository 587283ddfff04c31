"""Octets of AMQP frames to plain values and back."""
