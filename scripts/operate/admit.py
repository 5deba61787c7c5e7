"""Admit an organisation."""

from ape_tanlian.script import as_script
from tanlian.commands.membership import admit as command

cli = as_script(command)
