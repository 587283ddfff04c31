"""Tests of the reference broker: what the conformance suites cannot see from outside."""
