"""Where the time goes inside the reference, stage by stage: `python -m tests.stages`."""

Row = tuple[str, float, float]
"""A stage, its µs a message, and those of the floor."""
