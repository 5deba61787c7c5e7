"""Compare calculated, measured and declared emissions."""

from ape_tanlian.script import as_script
from tanlian.commands.calibre import calibre as command

cli = as_script(command)
