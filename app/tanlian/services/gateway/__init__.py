"""The way of a reading from its device to the chain: checked, kept, put into trees, anchored."""
