from harness.projected import postgres, tables

__all__ = ["postgres", "tables"]
