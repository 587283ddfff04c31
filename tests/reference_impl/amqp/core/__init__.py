"""Tests of the data structures under AMQP semantics."""
