"""Pay what the margin did not cover."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import pay as command

cli = as_script(command)
