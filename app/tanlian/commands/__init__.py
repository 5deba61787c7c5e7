"""Sub-commands of `tanlian`, one module a noun; thin over services."""
