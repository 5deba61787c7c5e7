"""The reporting year of the demonstration: monitored, reported, verified, accepted, paid for."""
