"""Evidence that stands without the system: bundles, and the checker that needs nothing else."""
