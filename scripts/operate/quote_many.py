"""Place the quotes of a CSV file."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import quote_many as command

cli = as_script(command)
