"""Allocate allowances to one organisation or to all of a file."""

from ape_tanlian.script import as_script
from tanlian.commands.allocation import allocate as command

cli = as_script(command)
