"""Export a case as one file, and check such a file."""

from ape_tanlian.script import as_script
from tanlian.commands.evidence import evidence as command

cli = as_script(command)
