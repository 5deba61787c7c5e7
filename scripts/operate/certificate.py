"""Keep the fingerprint of an organisation's certificate."""

from ape_tanlian.script import as_script
from tanlian.commands.account import certificate as command

cli = as_script(command)
