"""Trade against the book in stage two."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import market_order as command

cli = as_script(command)
