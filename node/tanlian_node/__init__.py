"""The chain side: embedded chain, Besu network, keys, certificates, permissions."""
