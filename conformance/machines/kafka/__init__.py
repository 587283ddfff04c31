"""Histories of Kafka.

subject              a Kafka broker: one client that carries out, one that looks
transaction_subject  transactional ids, partitions and groups that take part in transactions
transactions         transactions with zombies: what is drawn
"""
