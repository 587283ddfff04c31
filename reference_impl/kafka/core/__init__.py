"""Kafka's semantics without I/O.

broker.py         everything together: what the APIs work on
topics.py         topics, their names and partitions
administration.py what administrators may ask for
settings.py       what a setting is: type, default, rule
configs.py        settings of topics
broker_settings.py  settings of the broker, in layers
log.py            the log of one partition: appending, reading, deleting
segments.py       where a log would be cut
retention.py      what is deleted for its age or for the size of the log
compaction.py     what compaction leaves of a log
upkeep.py         when that happens
fetch_sessions.py what clients fetch again and again
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
