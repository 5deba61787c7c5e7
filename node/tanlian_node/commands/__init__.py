"""One module per noun; each names its click commands in `COMMANDS` (see tanlian_node/cli.py)."""
