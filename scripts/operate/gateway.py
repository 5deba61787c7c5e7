"""Take readings from devices, keep them, anchor them."""

from ape_tanlian.script import as_script
from tanlian.commands.gateway import gateway as command

cli = as_script(command)
