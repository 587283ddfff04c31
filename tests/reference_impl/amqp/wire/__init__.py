"""Tests of the AMQP codecs, cross-checked with pamqp."""
