"""Name every reading in which two copies differ."""

from ape_tanlian.script import as_script
from tanlian.commands.locate import locate as command

cli = as_script(command)
