"""The vocabulary of each pattern: a Protocol class whose calls take and return JSON values.

Times are integer nanoseconds of the world's clock.
"""
