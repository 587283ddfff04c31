"""The mutants of the AMQP side, one file a topic."""
