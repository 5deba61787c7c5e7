"""Take back what is left of an order."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import cancel as command

cli = as_script(command)
