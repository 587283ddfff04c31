"""Tests of the server: sockets, clocks, processes."""
