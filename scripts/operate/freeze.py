"""Freeze units of an organisation."""

from ape_tanlian.script import as_script
from tanlian.commands.freezing import freeze as command

cli = as_script(command)
