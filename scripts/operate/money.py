"""Issue, redeem and pay out settlement money."""

from ape_tanlian.script import as_script
from tanlian.commands.money import money as command

cli = as_script(command)
