"""What the chain does not hold, copied into a folder while everything runs, and brought back."""
