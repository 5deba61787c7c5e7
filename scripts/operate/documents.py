"""Seal, open, grant and hand on encrypted documents."""

from ape_tanlian.script import as_script
from tanlian.commands.documents import documents as command

cli = as_script(command)
