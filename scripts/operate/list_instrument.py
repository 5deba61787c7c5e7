"""Let the market hold and trade an instrument."""

from ape_tanlian.script import as_script
from tanlian.commands.session import list_instrument as command

cli = as_script(command)
