"""Take roles from an organisation."""

from ape_tanlian.script import as_script
from tanlian.commands.membership import revoke as command

cli = as_script(command)
