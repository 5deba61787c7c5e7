"""Contract views with the places in the tables that must say the same, one module an area."""
