"""The workbench of each role: one module a role, whose `SECTIONS` the frame finds by itself."""
