"""Kafka's semantics without I/O.

broker.py         everything together: what the APIs work on
topics.py         topics, their names and partitions
configs.py        settings of topics and of the broker, with their rules
log.py            the log of one partition: appending, reading, deleting
producers.py      what a log knows of each producer: sequences, epochs, open transactions
transaction.py    one transactional id: its state, its producer id and epoch
transactions.py   the coordinator: fencing, partitions, commit and abort
appending.py      what a broker checks and changes before a produced batch is appended
coordinator.py    all groups of the broker
groups.py         a group of consumers: joining, generations, assignments, sessions
roster.py         the members of a group, its leader, what they have in common
members.py        one member, what it asks for and what it is told; settings of groups
subscriptions.py  what the broker understands of consumers' own metadata
offsets.py        offsets that groups committed, and those that wait for a transaction
waiting.py        requests that are answered later
store.py          what a durable store is told
"""
