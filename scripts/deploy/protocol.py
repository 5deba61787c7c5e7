"""Deploy what is not deployed yet (`ape run deploy protocol`)."""

from ape_tanlian.script import as_script
from tanlian.commands.deployment import deploy as command

cli = as_script(command)
