"""Declare a buyer in default."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import declare_default as command

cli = as_script(command)
