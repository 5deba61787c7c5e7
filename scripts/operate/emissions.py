"""Report, verify and accept emissions."""

from ape_tanlian.script import as_script
from tanlian.commands.emissions import emissions as command

cli = as_script(command)
