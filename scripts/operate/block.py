"""Trade a large quantity with a named organisation."""

from ape_tanlian.script import as_script
from tanlian.commands.block import block as command

cli = as_script(command)
