"""Tests of the handlers of client methods."""
