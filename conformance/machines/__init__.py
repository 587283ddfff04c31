"""Stateful machines: any history of operations, carried out on two brokers side by side.

registry    the machines by name
operation   one operation as plain data, with symbols instead of names
subject     one broker: carries operations out and says what is observed
machine     what the machines that draw operations share
amqp        subjects and machines of AMQP
kafka       subjects and machines of Kafka
pair        two subjects; every observation of one must be that of the other
search      Hypothesis draws histories, shrinks those that differ
explained   differences that are known, with reason and link
report      what is said and written of a comparison
"""
