"""Where the broker meets the world: sockets, the system clock, threads, signals."""
