"""Questions to the tables, one module a subject; plain values come back."""
