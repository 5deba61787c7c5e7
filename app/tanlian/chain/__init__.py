"""Contracts as Python: calls, transactions, events, errors."""
