"""Let frozen units of an organisation go."""

from ape_tanlian.script import as_script
from tanlian.commands.freezing import unfreeze as command

cli = as_script(command)
