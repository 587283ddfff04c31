"""Where the time goes inside the reference, stage by stage: `python -m tests.stages`."""
