"""Place one quote."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import quote as command

cli = as_script(command)
