"""Histories of Kafka.

subject      a Kafka broker: one client that carries out, one that looks
records      partitions of many kinds, batches, and what is in them
log          producing, fetching, looking up and deleting
idempotence  producers that number their batches
groups       members of classic groups; group_subject carries their operations out
"""
