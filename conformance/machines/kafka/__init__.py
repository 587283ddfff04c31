"""Histories of Kafka.

subject     a Kafka broker: one client that carries out, one that looks
"""
