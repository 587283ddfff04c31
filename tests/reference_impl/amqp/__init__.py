"""Tests of the AMQP side of the reference."""
