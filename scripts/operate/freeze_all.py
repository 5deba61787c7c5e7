"""Freeze whatever an organisation holds."""

from ape_tanlian.script import as_script
from tanlian.commands.freezing import freeze_all as command

cli = as_script(command)
