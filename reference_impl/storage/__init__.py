"""Durable storage, the same for every protocol: a journal of opaque records.

journal     the interface, and what a caller may rely on
durable     a crash-safe file in a directory that one process owns
"""
