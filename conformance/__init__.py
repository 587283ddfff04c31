"""brokertck: a conformance kit for message brokers."""

__version__ = "0.1.0"
