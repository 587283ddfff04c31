"""Unmodified programs with other people's clients, and what they print on RabbitMQ 4.3.6."""
