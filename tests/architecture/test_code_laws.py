"""Laws about the sources themselves; each failure says what to do instead."""

import ast
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REASON = re.compile(r'^\s*(?:assert .*|raise )"([^"]*)"', re.MULTILINE)


def sources(*patterns: str) -> list[Path]:
    found = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    assert found, f"no file matches {patterns}: the law below would hold for nothing"
    return found


def offenders(paths: list[Path], is_wrong: Callable[[ast.AST], bool]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if is_wrong(node)
    ]


def is_float(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in {"float", "Decimal"}
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def swallows_everything(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    broad = node.type is None or (
        isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
    )
    return broad and not any(raises_or_records(inner) for inner in ast.walk(node))


def raises_or_records(node: ast.AST) -> bool:
    """Raised again, or written to the log with its trace, as at the edge of a server."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "exception"
    return isinstance(node, ast.Raise)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_domain__float__absent() -> None:
    """Money and carbon are integers; divide with // at one stated place, or use Fraction."""
    assert offenders(sources("app/tanlian/domain/**/*.py"), is_float) == []


def test_python__broad_except__absent() -> None:
    """Catch what can happen by name, or raise again: a broad catch hides what nobody expected."""
    paths = sources("app/**/*.py", "node/**/*.py", "scripts/**/*.py")
    assert offenders(paths, swallows_everything) == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc", "manager"])
def test_python__nameless_module__absent(name: str) -> None:
    """A module is a noun of the field; put the function beside what it serves."""
    assert not [p for p in sources("app/**/*.py", "node/**/*.py") if p.stem == name]


def test_python__source_root__has_no_package_file() -> None:
    """Generic names at a source root would be importable from everywhere."""
    assert not [r for r in ("app", "node", "scripts") if (ROOT / r / "__init__.py").exists()]


def test_contracts__reason__speaks_for_its_file() -> None:
    """A revert reason is '<contract or module>: <lower-case reason>' of at most 60 characters.

    A module that serves one contract may speak for it.
    """
    wrong = []
    contracts = {snake(path.stem) for path in sources("contracts/*.vy")}
    for path in sources("contracts/*.vy", "contracts/modules/*.vy"):
        speakers = (
            {snake(path.stem)} if path.parent.name == "contracts" else contracts | {path.stem}
        )
        for line in path.read_text().splitlines():
            for reason in re.findall(r'(?:,|raise|UNREACHABLE)\s*"([^"]+)"\s*\)?\s*$', line):
                if "assert" not in line and "raise" not in line:
                    continue
                if reason.split(": ")[0] not in speakers or len(reason) > 60:
                    wrong.append(f"{path.name}: {reason}")
    assert wrong == []


def test_contracts__size__under_the_limit() -> None:
    """EIP-170: what is larger cannot be deployed on either engine."""
    from tanlian_contracts import artifact, names

    sizes = {name: artifact(name)["runtime_bytes"] for name in names()}
    assert {n: s for n, s in sizes.items() if s > 24_576} == {}


def test_repository__private_traces__absent() -> None:
    """No host of a package index in what is fetched by name, and no path of one machine."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    pattern = re.compile(rb"/" + rb"work/(main|shared)|/root/|registry\.npmjs|files\.pythonhosted")
    law = Path(__file__).relative_to(ROOT).as_posix()
    found = [n for n in tracked if n != law and pattern.search((ROOT / n).read_bytes())]
    assert found == []
