"""Change an order."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import amend as command

cli = as_script(command)
