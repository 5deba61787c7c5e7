"""Register sources, plans, devices and gateways."""

from ape_tanlian.script import as_script
from tanlian.commands.monitoring import monitoring as command

cli = as_script(command)
