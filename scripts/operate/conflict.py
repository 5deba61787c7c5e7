"""State and lift conflicts of interest between verifiers and emitters."""

from ape_tanlian.script import as_script
from tanlian.commands.verbs import groups

cli = as_script(groups()["conflict"])
