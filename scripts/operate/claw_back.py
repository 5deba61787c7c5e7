"""Take back allowances that an organisation was not entitled to."""

from ape_tanlian.script import as_script
from tanlian.commands.allocation import claw_back as command

cli = as_script(command)
