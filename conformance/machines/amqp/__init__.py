"""Histories of AMQP.

subject     a RabbitMQ: connections, channels, queues
topology    exchanges, queues, bindings: operations and Hypothesis machine
delivery    publishing, consuming, settling: operations and Hypothesis machine
"""
