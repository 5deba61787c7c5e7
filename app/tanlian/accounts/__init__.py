"""People: who may sign in, for which organisation, and what they do with its key.

Nothing here is on the chain and nothing here can be rebuilt from it; it is backed up instead.
"""
