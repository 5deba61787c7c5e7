"""Move units or money into the trading account."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import deposit as command

cli = as_script(command)
