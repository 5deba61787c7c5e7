"""Announce a session."""

from ape_tanlian.script import as_script
from tanlian.commands.session import open_session as command

cli = as_script(command)
