"""Close a session and release every lock."""

from ape_tanlian.script import as_script
from tanlian.commands.session import close as command

cli = as_script(command)
