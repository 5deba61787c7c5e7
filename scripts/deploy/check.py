"""Check code, wiring, seals and the founding regulator of a deployment."""

from ape_tanlian.script import as_script
from tanlian.commands.deployment import check as command

cli = as_script(command)
