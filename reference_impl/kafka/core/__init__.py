"""Kafka's semantics without I/O.

broker.py         everything together: what the APIs work on
topics.py         topics, their names and partitions
configs.py        settings of topics and of the broker, with their rules
log.py            the log of one partition: appending, reading, deleting
producers.py      what a log knows of each producer: sequences, epochs, open transactions
transaction.py    one transactional id: its state, its producer id and epoch
transactions.py   the coordinator: fencing, partitions, commit and abort
appending.py      what a broker checks and changes before a produced batch is appended
waiting.py        requests that are answered later
store.py          what a durable store is told
"""
