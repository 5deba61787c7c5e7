"""What is written into the log of people's acts has words on the page that shows it."""

import ast
from pathlib import Path

from tanlian.web.words import ACTS

APP = Path(__file__).resolve().parents[2] / "app" / "tanlian"


def logged(tree: ast.AST) -> set[str]:
    """The words that calls of `record` name as the act: their third argument."""
    found = set()
    for node in ast.walk(tree):
        is_record = isinstance(node, ast.Call) and (
            (isinstance(node.func, ast.Attribute) and node.func.attr == "record")
            or (isinstance(node.func, ast.Name) and node.func.id == "record")
        )
        if is_record and len(node.args) >= 4 and not isinstance(node.args[2], ast.JoinedStr):
            found |= {
                part.value
                for part in ast.walk(node.args[2])
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    return found


def test_log__every_act_that_is_written__has_words() -> None:
    written = set()
    for path in APP.rglob("*.py"):
        written |= logged(ast.parse(path.read_text()))
    assert {"payee added", "document opened", "act lapsed", "approved", "refused"} <= written
    assert written - set(ACTS) == set()
