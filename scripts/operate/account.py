"""Add and remove the keys of an organisation."""

from ape_tanlian.script import as_script
from tanlian.commands.account import account as command

cli = as_script(command)
