"""AMQP 0-9-1 semantics as RabbitMQ implements them, without bytes, sockets, time or chance.

    broker      virtual hosts, users, alarms, the clock and the timers
    vhost       exchanges and queues of one virtual host, and the bindings between them
    exchanges   exchange types, equivalence, alternate exchanges, routing through the graph
    routing     the matchers: direct, fanout, topic, headers
    queues      a classic queue: order, expiry, limits, priorities, consumers
    ready       the ready messages of a queue in delivery order
    delivery    consumers: round robin, priorities, prefetch, single active consumer
    channel     what one channel may do and what it holds unacknowledged
    transactions, dead_letter, direct_reply, arguments, access, timers, message

Everything here is synchronous and deterministic: an operation returns when all its effects have
happened, and what a client would observe is handed to the channel's `sink`.
"""
