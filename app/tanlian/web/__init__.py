"""Pages and API: forms in, services called, pages out. Nothing here speaks to the chain itself."""
