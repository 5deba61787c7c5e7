"""Views by task; each is form, service, redirect."""
