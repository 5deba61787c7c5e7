"""Bring signed quotes to the market."""

from ape_tanlian.script import as_script
from tanlian.commands.trade import relay as command

cli = as_script(command)
