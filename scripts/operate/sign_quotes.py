"""Sign the quotes of a CSV file for a relayer."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import sign_quotes as command

cli = as_script(command)
