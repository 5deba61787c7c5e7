"""Take what is not locked back into the registry account."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import withdraw as command

cli = as_script(command)
