"""Histories of Kafka.

subject              a Kafka broker: one client that carries out, one that looks
records              partitions of many kinds, batches, and what is in them
log                  producing, fetching, looking up and deleting
idempotence          producers that number their batches
transaction_subject  transactional ids, partitions and groups that take part in transactions
transactions         transactions with zombies: what is drawn
group_subject        members of classic groups: joining, syncing, leaving, committing
groups               classic groups: what is drawn
"""
