"""How long the kit waits for a broker."""

ANSWER_WITHIN_S = 5.0
"""How long any request may take. RabbitMQ 3.10 to 4.3 answered within 0.4 s at the slowest on a
loaded two-core machine, and Kafka 3.9 and 4.3 too; ten times that, and a margin."""
