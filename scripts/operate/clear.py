"""Match stage one to its end."""

from ape_tanlian.script import as_script
from tanlian.commands.session import clear as command

cli = as_script(command)
