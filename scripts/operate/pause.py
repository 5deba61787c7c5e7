"""Stop new orders and trades, never withdrawals."""

from ape_tanlian.script import as_script
from tanlian.commands.session import pause as command

cli = as_script(command)
