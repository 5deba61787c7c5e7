"""End a pause."""

from ape_tanlian.script import as_script
from tanlian.commands.session import resume as command

cli = as_script(command)
