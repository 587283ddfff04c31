"""How the kit talks to a broker: clients that people use, and raw frames for what they refuse.

    transcript      what went over the wire, for both protocols
    registry        one entry a protocol: how it is reached, probed and tested
    tester          what the runner asks of a client of any protocol
    raw             a socket on which a test says exactly what it wants to say
    amqp/client     normal operations, on pika's asynchronous classes driven step by step
    amqp/raw        frames as bytes, made and broken with pika's own encoders
    kafka/raw       requests in any version, made and broken with kafka-python's codec
    kafka/tester    topics and partitions; beside it groups, transactions, administration

The kit shares no protocol code with the reference: each side checks the other.
"""
