"""How the kit talks to a broker: clients that people use, and raw frames for what they refuse.

    transcript      what went over the wire, for both protocols
    amqp/client     normal operations, on pika's asynchronous classes driven step by step
    amqp/raw        frames as bytes, made and broken with pika's own encoders

The kit shares no protocol code with the reference: each side checks the other.
"""
