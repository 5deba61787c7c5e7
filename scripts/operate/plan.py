"""Set cap, target and environmental capacity of a region."""

from ape_tanlian.script import as_script
from tanlian.commands.allocation import plan as command

cli = as_script(command)
