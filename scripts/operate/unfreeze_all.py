"""End the freeze of all of an organisation's holdings."""

from ape_tanlian.script import as_script
from tanlian.commands.freezing import unfreeze_all as command

cli = as_script(command)
