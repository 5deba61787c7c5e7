"""Grant roles to an organisation."""

from ape_tanlian.script import as_script
from tanlian.commands.membership import grant as command

cli = as_script(command)
