"""What the chain says, as tables to ask: made from events alone, and rebuilt from them any time."""
