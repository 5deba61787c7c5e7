"""Replace a lost or stolen key under two approvals."""

from ape_tanlian.script import as_script
from tanlian.commands.membership import replace_key as command

cli = as_script(command)
