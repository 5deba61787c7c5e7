"""End an organisation's suspension."""

from ape_tanlian.script import as_script
from tanlian.commands.membership import reinstate as command

cli = as_script(command)
