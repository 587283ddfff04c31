"""Record batches: what producers send, logs keep and consumers get."""
